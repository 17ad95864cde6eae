//! Faults of mirrors, redirects, sessions, protocols and statuses.

use super::{FaultRow, parts::*};
use crate::faults::Fault;
use gwapi::conformance::Ended;
use serde_json::json;

/// The faults of mirrors, redirects, sessions, protocols and statuses, in the same form.
pub(super) fn further() -> Vec<FaultRow> {
    use Fault::{Answered, Asked, Objects, Served, Sessions, Statuses};
    vec![
        (
            "mirrors get nothing",
            Served(|objects| without_filter(objects, "RequestMirror")),
            &[
                "mirror-gets-a-copy",
                "every-mirror-gets-a-copy",
                "mesh-every-mirror-gets-a-copy",
                "mesh-mirror-gets-a-copy",
                "mirror-needs-a-grant",
                "missing-mirror-hides-no-other",
            ],
        ),
        (
            "only the first mirror gets a copy",
            Objects(|objects| {
                filters(objects, |filters| {
                    let mut seen = false;
                    filters.retain(|filter| {
                        filter["type"] != "RequestMirror" || !std::mem::replace(&mut seen, true)
                    });
                });
            }),
            &[
                "every-mirror-gets-a-copy",
                "mesh-every-mirror-gets-a-copy",
                "missing-mirror-hides-no-other",
            ],
        ),
        (
            "copies are made before filters",
            Answered(|_, seen| {
                for reached in seen.reached.iter_mut().skip(1) {
                    reached.request.as_mut().unwrap().headers.remove("x-set");
                }
            }),
            &["mirror-gets-a-copy", "every-mirror-gets-a-copy"],
        ),
        (
            "the response of a mirror counts",
            Answered(|_, seen| {
                if seen.reached.len() > 1 {
                    status(seen, 200, 202);
                }
            }),
            &[
                "mirror-gets-a-copy",
                "every-mirror-gets-a-copy",
                "mesh-every-mirror-gets-a-copy",
                "mesh-mirror-gets-a-copy",
                "mirror-needs-a-grant",
                "missing-mirror-hides-no-other",
            ],
        ),
        (
            "redirects lose the query",
            Answered(|_, seen| location(seen, |to| to.split('?').next().unwrap().to_owned())),
            &[
                "redirect-host-and-status",
                "redirect-path",
                "redirect-scheme",
            ],
        ),
        (
            "redirects are always 302",
            Answered(|_, seen| status(seen, 301, 302)),
            &[
                "redirect-host-and-status",
                "redirect-path",
                "redirect-port",
                "redirect-scheme",
            ],
        ),
        (
            "redirects to another scheme keep the port",
            Answered(|ask, seen| {
                let scheme = ask.request.uri.scheme_str().unwrap();
                let own_port = if scheme == "https" { 443 } else { 80 };
                let port = ask.request.uri.port_u16().unwrap_or(own_port);
                location(seen, |to| {
                    let (other, rest) = to.split_once("://").unwrap();
                    let (host, path) = rest.split_once('/').unwrap();
                    match other == scheme || host.contains(':') {
                        true => to.to_owned(),
                        false => format!("{other}://{host}:{port}/{path}"),
                    }
                });
            }),
            &[
                "redirect-scheme",
                "mesh-redirect-scheme",
                "redirect-from-https",
                "redirect-port-at-an-https-listener",
                "redirect-port-follows-scheme-and-listener",
            ],
        ),
        (
            "redirects lose the port of the listener",
            Answered(|ask, seen| {
                if ask.request.uri.port_u16() == Some(8080) {
                    location(seen, |to| to.replace(":8080/", "/"));
                }
            }),
            &[
                "redirect-keeps-the-port-of-the-listener",
                "redirect-port-follows-scheme-and-listener",
            ],
        ),
        (
            "redirects change the scheme to http",
            Answered(|_, seen| location(seen, |to| to.replace("https://", "http://"))),
            &[
                "redirect-scheme",
                "redirect-from-https",
                "redirect-keeps-the-port-of-the-listener",
                "mesh-redirect-scheme",
                "redirect-port-at-an-https-listener",
                "redirect-port-follows-scheme-and-listener",
            ],
        ),
        (
            "rewrites lose the query",
            Answered(|ask, seen| {
                for one in &mut seen.reached {
                    if let Some(own) = &mut one.request {
                        let path = own.path.split('?').next().unwrap().to_owned();
                        if path != ask.request.uri.path() {
                            own.path = path;
                        }
                    }
                }
            }),
            &["rewrite-prefix", "rewrite-full-path", "mesh-rewrite-path"],
        ),
        (
            "rewriting a prefix to `/` doubles it",
            Answered(|ask, seen| {
                for one in &mut seen.reached {
                    if let Some(own) = &mut one.request
                        && ask.request.uri.path().starts_with("/strip/")
                    {
                        own.path.insert(0, '/');
                    }
                }
            }),
            &["rewrite-prefix"],
        ),
        (
            "hosts are not rewritten",
            Objects(|objects| {
                filters(objects, |filters| {
                    filters.retain(|filter| filter["urlRewrite"]["hostname"].is_null());
                });
            }),
            &[
                "rewrite-host",
                "mesh-rewrite-host",
                "rewritten-host-with-headers",
            ],
        ),
        (
            "paths are not rewritten",
            Objects(|objects| {
                filters(objects, |filters| {
                    filters.retain(|filter| filter["urlRewrite"]["path"].is_null());
                });
            }),
            &[
                "rewrite-full-path",
                "rewrite-prefix",
                "mesh-rewrite-path",
                "rewritten-path-with-headers",
            ],
        ),
        (
            "requests have no timeouts",
            Objects(|objects| {
                rules(objects, |rule| {
                    if let Some(own) = rule.get_mut("timeouts") {
                        remove(own, "request");
                    }
                });
            }),
            &[
                "request-timeout",
                "mesh-request-timeout",
                "each-of-two-timeouts-counts",
            ],
        ),
        (
            "backends have no timeouts",
            Objects(|objects| {
                rules(objects, |rule| {
                    if let Some(own) = rule.get_mut("timeouts") {
                        remove(own, "backendRequest");
                    }
                });
            }),
            &[
                "backend-timeout",
                "mesh-backend-timeout",
                "each-of-two-timeouts-counts",
            ],
        ),
        (
            "a limit for requests puts that of backends out of force",
            Objects(|objects| {
                rules(objects, |rule| {
                    if !rule["timeouts"]["request"].is_null() {
                        remove(&mut rule["timeouts"], "backendRequest");
                    }
                });
            }),
            &["each-of-two-timeouts-counts"],
        ),
        (
            "a limit for backends puts that of requests out of force",
            Objects(|objects| {
                rules(objects, |rule| {
                    if !rule["timeouts"]["backendRequest"].is_null() {
                        remove(&mut rule["timeouts"], "request");
                    }
                });
            }),
            &["each-of-two-timeouts-counts"],
        ),
        (
            "no limit for requests is none for backends either",
            Objects(|objects| {
                rules(objects, |rule| {
                    if rule["timeouts"]["request"] == "0s" {
                        remove(&mut rule["timeouts"], "backendRequest");
                    }
                });
            }),
            &["each-of-two-timeouts-counts"],
        ),
        (
            "no limit for backends is none for requests either",
            Objects(|objects| {
                rules(objects, |rule| {
                    if rule["timeouts"]["backendRequest"] == "0s" {
                        remove(&mut rule["timeouts"], "request");
                    }
                });
            }),
            &["each-of-two-timeouts-counts"],
        ),
        (
            "a timeout is 503",
            Answered(|_, seen| status(seen, 504, 503)),
            &[
                "request-timeout",
                "backend-timeout",
                "mesh-backend-timeout",
                "mesh-request-timeout",
                "each-of-two-timeouts-counts",
            ],
        ),
        (
            "sessions are shared between rules",
            Sessions(|same_host, same_path| same_host && !same_path),
            &["session-belongs-to-its-rule"],
        ),
        (
            "sessions are shared between routes",
            Sessions(|same_host, _| !same_host),
            &["session-belongs-to-its-route"],
        ),
        (
            "sessions never end",
            Sessions(|same_host, same_path| same_host && same_path),
            &["session-ends-with-its-time", "session-ends-when-it-is-idle"],
        ),
        (
            "sessions are not kept",
            Asked(|ask| {
                for name in ["cookie", "sid", "x-session"] {
                    ask.request.headers.remove(name);
                }
            }),
            &[
                "session-stays-at-its-endpoint",
                "session-belongs-to-its-rule",
                "session-belongs-to-its-route",
                "session-ends-with-its-time",
                "session-in-a-header",
                "session-outlives-weight-zero",
                "permanent-cookie-ends-with-its-session",
                "session-ends-when-it-is-idle",
            ],
        ),
        (
            "sessions are in cookies alone",
            Objects(|objects| {
                rules(objects, |rule| {
                    if let Some(own) = rule.get_mut("sessionPersistence") {
                        remove(own, "type");
                    }
                });
            }),
            &["session-in-a-header"],
        ),
        (
            "sessions end with weight 0",
            Objects(|objects| {
                rules(objects, |rule| {
                    if let Some(backends) = rule["backendRefs"].as_array_mut()
                        && backends.iter().any(|backend| backend["weight"] != 0)
                        && backends.iter().any(|backend| backend["name"] == "green")
                    {
                        backends.retain(|backend| backend["weight"] != 0);
                    }
                });
            }),
            &["session-outlives-weight-zero"],
        ),
        (
            "tokens of sessions are addresses",
            Asked(|ask| {
                let mut values = ask.request.headers.values();
                let names =
                    values.any(|value| value.to_str().is_ok_and(|text| text.ends_with(".2:8080")));
                if names {
                    ask.draw = 1;
                }
            }),
            &["forged-session-selects-nothing"],
        ),
        (
            "certificates of clients are not asked for",
            Objects(|objects| {
                for object in objects {
                    entries(object, "/spec/listeners").for_each(|listener| {
                        if let Some(tls) = listener.get_mut("tls") {
                            remove(tls, "frontendValidation");
                        }
                    });
                }
            }),
            &["client-certificate-is-asked-for"],
        ),
        (
            "every client in a mesh is a consumer",
            Served(|objects| to_producers(objects, |_| true)),
            &[
                "consumer-route-is-for-its-namespace",
                "mesh-grpc-consumer-route",
            ],
        ),
        (
            "no client in a mesh is a consumer",
            Served(|objects| objects.retain(|object| !is_of_consumer(object))),
            &[
                "consumer-route-is-for-its-namespace",
                "mesh-grpc-consumer-route",
            ],
        ),
        (
            "the port of a Service does not matter",
            Objects(|objects| {
                for object in objects {
                    entries(object, "/spec/parentRefs").for_each(|parent| {
                        if parent["kind"] == "Service" {
                            remove(parent, "port");
                        }
                    });
                }
            }),
            &["port-of-a-service"],
        ),
        (
            "errors of gRPC are those of HTTP",
            Answered(|_, seen| {
                if let Ended::Response(head) = &mut seen.ended {
                    head.headers.remove("grpc-status");
                }
            }),
            &[
                "grpc-error-is-a-status",
                "grpc-grant-allows-a-backend",
                "grpc-headers-must-match",
                "grpc-isolated-listener",
                "grpc-method-is-the-very-text",
                "mesh-grpc-takes-calls",
                "grpc-hostnames-of-listeners",
                "grpc-hostnames-of-routes",
                "grpc-matches-of-a-rule-are-alternatives",
                "rejected-kind-takes-nothing",
            ],
        ),
        (
            "every backend gets HTTP/1.1",
            Answered(|_, seen| {
                for one in &mut seen.reached {
                    if let Some(own) = &mut one.request
                        && own.protocol == "h2c"
                    {
                        own.protocol = "http/1.1".to_owned();
                    }
                }
            }),
            &["h2c-backend"],
        ),
        (
            "upgrades are not passed on",
            Answered(|_, seen| status(seen, 101, 200)),
            &["websocket-backend"],
        ),
        (
            "TLS without a route reaches some backend",
            Answered(|ask, seen| {
                if ask.request.uri.scheme_str() == Some("tls")
                    && matches!(seen.ended, Ended::Refused)
                {
                    seen.ended = Ended::Passed;
                }
            }),
            &[
                "tls-passes-through-by-server-name",
                "tls-backend-needs-a-grant",
                "tls-isolated-listener",
                "tls-most-specific-name-goes-first",
                "tls-on-port-8080",
            ],
        ),
        (
            "statuses say the generation of the beginning",
            Statuses(|object| conditions(object, |own| own["observedGeneration"] = 1.into())),
            &[
                "route-says-its-generation",
                "class-says-its-generation",
                "gateway-says-its-generation",
                "listener-that-is-added",
                "listener-that-is-removed",
                "static-addresses",
                "listeners-come-and-go",
            ],
        ),
        (
            "attached routes are off by one",
            Statuses(|object| {
                if let Some(status) = object.get_mut("status") {
                    entries(status, "/listeners").for_each(|one| {
                        one["attachedRoutes"] =
                            (one["attachedRoutes"].as_i64().unwrap() + 1).into();
                    });
                }
            }),
            &[
                "attached-routes-are-counted",
                "attached-routes-on-port-8080",
                "attached-routes-of-a-listener-without-certificate",
                "invalid-certificates",
                "kind-is-not-allowed",
                "listener-that-is-added",
                "listener-that-is-removed",
                "namespace-is-not-allowed",
                "no-listener-of-that-name",
                "no-listener-of-that-port",
                "secret-grant-that-almost-fits",
                "static-addresses",
                "grpc-route-is-accepted",
                "invalid-route-kinds",
                "listeners-come-and-go",
                "no-listener-of-that-destination-port",
                "route-is-accepted",
                "secret-grant-for-all",
                "secret-grant-for-one",
                "secret-without-grant",
                "tls-route-is-accepted",
                "udp-route-is-accepted",
                "unknown-route-kind",
            ],
        ),
        (
            "kinds that are not known are supported",
            Statuses(|object| {
                let listeners = object["spec"]["listeners"].clone();
                let listeners = listeners.as_array().into_iter().flatten();
                let unknown = listeners.filter(|listener| {
                    texts(listener, "/allowedRoutes/kinds", "kind").contains(&"InvalidRoute")
                });
                for listener in unknown {
                    of_status(object, "/listeners", |one| {
                        if one["name"] == listener["name"] {
                            let kinds = one["supportedKinds"].as_array_mut().unwrap();
                            kinds.push(json!({"kind": "InvalidRoute"}));
                        }
                    });
                }
            }),
            &["invalid-route-kinds", "unknown-route-kind"],
        ),
        (
            "listeners that conflict are accepted",
            Statuses(|object| {
                if let Some(status) = object.get_mut("status") {
                    entries(status, "/listeners").for_each(|one| {
                        if one["conditions"]
                            .as_array()
                            .unwrap()
                            .iter()
                            .any(|own| own["type"] == "Conflicted" && own["status"] == "True")
                        {
                            entries(one, "/conditions").for_each(|own| {
                                if own["type"] == "Accepted" {
                                    own["status"] = "True".into();
                                }
                            });
                        }
                    });
                }
            }),
            &["listeners-that-conflict"],
        ),
        (
            "one reason for all routes that are not accepted",
            Statuses(|object| {
                of_status(object, "/parents", |parent| {
                    entries(parent, "/conditions")
                        .filter(|own| own["type"] == "Accepted" && own["status"] == "False")
                        .for_each(|own| own["reason"] = "NotAllowedByListeners".into());
                });
            }),
            &[
                "no-listener-of-that-name",
                "each-parent-has-an-entry",
                "grpc-no-hostname-in-common",
                "no-hostname-in-common",
                "no-listener-of-that-destination-port",
                "no-listener-of-that-port",
                "tls-no-hostname-in-common",
            ],
        ),
    ]
}
