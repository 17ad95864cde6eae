//! Faults of listeners and TLS, of calls, of routes in a mesh, and of cookies.

use super::{FaultRow, parts::*};
use crate::faults::{Fault, is};
use gwapi::conformance::{Ended, Observed};
use serde_json::{Value, json};

/// All matches of HTTPRoutes.
fn matches(objects: &mut [Value], change: impl Fn(&mut Value)) {
    for object in objects.iter_mut().filter(|object| is(object, "HTTPRoute")) {
        for rule in entries(object, "/spec/rules") {
            entries(rule, "/matches").for_each(&change);
        }
    }
}

fn redirects(objects: &mut [Value], change: impl Fn(&mut Value)) {
    filters(objects, |filters| {
        for filter in filters {
            if let Some(redirect) = filter.get_mut("requestRedirect") {
                change(redirect);
            }
        }
    });
}

fn mirrors_to_nothing(filters: &Value) -> bool {
    let mut all = filters.as_array().into_iter().flatten();
    all.any(|filter| filter["requestMirror"]["backendRef"]["name"] == "missing")
}

fn calls(objects: &mut [Value], change: impl Fn(&mut Value)) {
    let routes = objects.iter_mut();
    routes
        .filter(|object| is(object, "GRPCRoute"))
        .for_each(change);
}

fn meshed(objects: &mut [Value], change: impl Fn(&mut Value)) {
    let routes = objects.iter_mut();
    let routes = routes.filter(|object| object["spec"]["parentRefs"][0]["kind"] == "Service");
    routes.for_each(change);
}

fn sessions(objects: &mut [Value], change: impl Fn(&mut Value)) {
    rules(objects, |rule| {
        if let Some(own) = rule.get_mut("sessionPersistence") {
            change(own);
        }
    });
}

fn call_status(seen: &mut Observed, from: &str, to: &'static str) {
    if let Ended::Response(head) = &mut seen.ended
        && let Some(status) = head.headers.get_mut("grpc-status")
        && *status == from
    {
        *status = http::HeaderValue::from_static(to);
    }
}

/// The faults, in the same form.
pub(super) fn reach() -> Vec<FaultRow> {
    let mut all = of_objects();
    all.extend(of_answers());
    all
}

fn of_objects() -> Vec<FaultRow> {
    use Fault::{Objects, Served};
    vec![
        (
            "certificates may be of any kind",
            Objects(|objects| {
                for object in objects {
                    for listener in entries(object, "/spec/listeners") {
                        entries(listener, "/tls/certificateRefs").for_each(|reference| {
                            remove(reference, "group");
                            remove(reference, "kind");
                        });
                    }
                }
            }),
            &["invalid-certificates"],
        ),
        (
            "nobody listens on port 8080",
            Served(|objects| {
                for object in objects {
                    if let Some(own) = object.pointer_mut("/spec/listeners") {
                        own.as_array_mut()
                            .unwrap()
                            .retain(|one| one["port"] != 8080);
                    }
                }
            }),
            &[
                "two-listeners-on-port-8080",
                "destination-port-leads-to-the-listener",
                "grpc-on-port-8080",
                "port-of-the-parent-names-the-listener",
                "redirect-keeps-the-port-of-the-listener",
                "tls-on-port-8080",
                "redirect-port-follows-scheme-and-listener",
            ],
        ),
        (
            "every listener takes every namespace",
            Objects(|objects| {
                for object in objects {
                    entries(object, "/spec/listeners").for_each(|listener| {
                        listener["allowedRoutes"]["namespaces"] = json!({"from": "All"});
                    });
                }
            }),
            &[
                "namespace-is-not-allowed",
                "attached-routes-are-counted",
                "route-of-another-namespace",
            ],
        ),
        (
            "the port of a parent does not matter",
            Served(|objects| {
                for object in objects {
                    entries(object, "/spec/parentRefs")
                        .filter(|parent| parent["kind"] != "Service")
                        .for_each(|parent| remove(parent, "port"));
                }
            }),
            &[
                "port-of-the-parent-names-http-or-https",
                "destination-port-leads-to-the-listener",
                "port-of-the-parent-names-the-listener",
            ],
        ),
        (
            "the port of a headless Service does not matter",
            Objects(|objects| {
                rules(objects, |rule| {
                    entries(rule, "/backendRefs")
                        .filter(|backend| backend["name"] == "headless")
                        .for_each(|backend| backend["port"] = 80.into());
                });
            }),
            &["service-types"],
        ),
        (
            "a mirror that is not there makes its rule fail",
            Objects(|objects| {
                rules(objects, |rule| {
                    if mirrors_to_nothing(&rule["filters"]) {
                        rule["backendRefs"] = json!([{"name": "missing", "port": 80}]);
                    }
                });
            }),
            &[
                "mirror-that-is-not-there",
                "mesh-every-mirror-gets-a-copy",
                "mesh-mirror-gets-a-copy",
                "missing-mirror-hides-no-other",
            ],
        ),
        (
            "a mirror that is not there hides the others",
            Served(|objects| {
                filters(objects, |filters| {
                    if mirrors_to_nothing(&Value::Array(filters.clone())) {
                        filters.retain(|filter| filter["type"] != "RequestMirror");
                    }
                });
            }),
            &[
                "missing-mirror-hides-no-other",
                "mesh-every-mirror-gets-a-copy",
            ],
        ),
        (
            "methods are not matched",
            Objects(|objects| matches(objects, |one| remove(one, "method"))),
            &[
                "method-is-the-very-text",
                "mesh-method-is-the-very-text",
                "method-goes-before-headers",
                "method-is-one-condition-of-a-match",
                "method-goes-before-age",
            ],
        ),
        (
            "query parameters are not matched",
            Objects(|objects| matches(objects, |one| remove(one, "queryParams"))),
            &[
                "query-must-have-the-value",
                "mesh-query-must-have-the-value",
                "query-is-one-condition-of-a-match",
                "more-parameters-go-first",
                "query-goes-before-age",
            ],
        ),
        (
            "redirects keep the path",
            Objects(|objects| redirects(objects, |own| remove(own, "path"))),
            &["redirect-path", "mesh-redirect-path"],
        ),
        (
            "redirects have no port of their own",
            Objects(|objects| redirects(objects, |own| remove(own, "port"))),
            &[
                "redirect-port",
                "mesh-redirect-port",
                "redirect-keeps-the-port-of-the-listener",
                "redirect-port-at-an-https-listener",
                "redirect-port-follows-scheme-and-listener",
            ],
        ),
        (
            "the method of a call does not matter beside its service",
            Objects(|objects| {
                calls(objects, |route| {
                    for rule in entries(route, "/spec/rules") {
                        for one in entries(rule, "/matches") {
                            if let Some(method) = one.get_mut("method")
                                && !method["service"].is_null()
                            {
                                remove(method, "method");
                            }
                        }
                    }
                });
            }),
            &[
                "grpc-method-goes-before-service",
                "grpc-method-is-the-very-text",
                "grpc-method-goes-before-headers",
                "grpc-method-goes-before-age",
            ],
        ),
        (
            "names of headers in a GRPCRoute's matches are texts",
            Objects(|objects| {
                calls(objects, |route| {
                    for rule in entries(route, "/spec/rules") {
                        for one in entries(rule, "/matches") {
                            // A call has names in lower case alone.
                            if let Some(name) = one.pointer_mut("/headers/0/name")
                                && name.as_str().unwrap().contains(char::is_uppercase)
                            {
                                *name = "x-never-sent".into();
                            }
                        }
                    }
                });
            }),
            &["grpc-headers-must-match"],
        ),
        (
            "of the matches of a GRPCRoute's rule the first alone counts",
            Objects(|objects| {
                calls(objects, |route| {
                    for rule in entries(route, "/spec/rules") {
                        if let Some(matches) = rule["matches"].as_array_mut() {
                            matches.truncate(1);
                        }
                    }
                });
            }),
            &["grpc-matches-of-a-rule-are-alternatives"],
        ),
        (
            "hostnames of GRPCRoutes do not matter",
            Served(|objects| {
                calls(objects, |route| {
                    remove(route.get_mut("spec").unwrap(), "hostnames");
                });
            }),
            &[
                "grpc-hostnames-of-routes",
                "grpc-host-goes-before-service",
                "grpc-host-goes-before-age",
                "rejected-kind-takes-nothing",
            ],
        ),
        (
            "GRPCRoutes have no age",
            Objects(|objects| {
                calls(objects, |route| {
                    remove(route.get_mut("metadata").unwrap(), "creationTimestamp");
                });
            }),
            &[
                "grpc-older-route-goes-first",
                "one-kind-of-route-for-a-host",
                "kinds-of-routes-meet-at-a-listener",
                "rejected-kind-takes-nothing",
            ],
        ),
        (
            "of GRPCRoutes the last name goes first",
            Objects(|objects| {
                calls(objects, |route| {
                    if route["metadata"]["name"] == "a" {
                        route["metadata"]["creationTimestamp"] = "2024-03-03T00:00:00Z".into();
                    }
                });
            }),
            &["grpc-first-name-goes-first"],
        ),
        (
            "of GRPCRoutes the last rule goes first",
            Objects(|objects| {
                calls(objects, |route| {
                    route["spec"]["rules"].as_array_mut().unwrap().reverse();
                });
            }),
            &["grpc-first-rule-goes-first"],
        ),
        (
            "exact paths are prefixes in a mesh",
            Objects(|objects| {
                meshed(objects, |route| {
                    for rule in entries(route, "/spec/rules") {
                        for one in entries(rule, "/matches") {
                            if let Some(path) = one.get_mut("path") {
                                path["type"] = "PathPrefix".into();
                            }
                        }
                    }
                });
            }),
            &["mesh-exact-paths-split-a-service"],
        ),
        (
            "headers are not matched in a mesh",
            Objects(|objects| {
                meshed(objects, |route| {
                    for rule in entries(route, "/spec/rules") {
                        entries(rule, "/matches").for_each(|one| remove(one, "headers"));
                    }
                });
            }),
            &["mesh-headers-must-match"],
        ),
        (
            "a parent without a port is port 80 of its Service",
            Served(|objects| {
                meshed(objects, |route| {
                    entries(route, "/spec/parentRefs")
                        .filter(|parent| parent.get("port").is_none())
                        .for_each(|parent| parent["port"] = 80.into());
                });
            }),
            &["parent-without-port-is-every-port"],
        ),
        (
            "sessions do not end when they are idle",
            Objects(|objects| sessions(objects, |own| remove(own, "idleTimeout"))),
            &["session-ends-when-it-is-idle"],
        ),
        (
            "cookies have no time of their own",
            Objects(|objects| sessions(objects, |own| remove(own, "cookieConfig"))),
            &["permanent-cookie-ends-with-its-session"],
        ),
        (
            "cookies are all permanent",
            Objects(|objects| {
                sessions(objects, |own| {
                    own["cookieConfig"] = json!({"lifetimeType": "Permanent"});
                });
            }),
            &["session-cookie-ends-with-the-client"],
        ),
    ]
}

fn of_answers() -> Vec<FaultRow> {
    use Fault::{Answered, Asked};
    vec![
        (
            "every server name is taken for the first",
            Asked(|ask| {
                if matches!(ask.request.uri.scheme_str(), Some("https" | "tls")) {
                    ask.request.sni = Some("a.example".to_owned());
                }
            }),
            &[
                "https-listener-terminates",
                "https-host-without-route-is-404",
                "https-wildcard-listener",
                "tls-isolated-listener",
                "tls-most-specific-name-goes-first",
                "tls-on-port-8080",
                "tls-passes-through-by-server-name",
                "port-of-the-parent-names-http-or-https",
            ],
        ),
        (
            "datagrams are lost",
            Answered(|ask, seen| {
                if ask.request.uri.scheme_str() == Some("udp") {
                    seen.reached.clear();
                }
            }),
            &["udp-reaches-its-backend"],
        ),
        (
            "errors of backends are answered with 500",
            Answered(|_, seen| status(seen, 503, 500)),
            &["status-of-the-backend-reaches-the-client"],
        ),
        (
            "calls that nobody takes are unavailable",
            Answered(|ask, seen| {
                if ask.request.headers.contains_key("te") {
                    call_status(seen, "12", "14");
                    status(seen, 404, 503);
                }
            }),
            &[
                "grpc-hostnames-of-listeners",
                "grpc-headers-must-match",
                "grpc-hostnames-of-routes",
                "grpc-isolated-listener",
                "grpc-method-is-the-very-text",
                "grpc-on-port-8080",
                "mesh-grpc-takes-calls",
                "grpc-matches-of-a-rule-are-alternatives",
                "rejected-kind-takes-nothing",
            ],
        ),
        (
            "redirects never come",
            Answered(|_, seen| {
                if let Ended::Response(head) = &seen.ended
                    && head.status.is_redirection()
                {
                    seen.ended = Ended::Passed;
                }
            }),
            &[
                "redirect-host-and-status",
                "mesh-redirect-path",
                "mesh-redirect-port",
                "mesh-redirect-scheme",
                "redirect-from-https",
                "redirect-keeps-the-port-of-the-listener",
                "redirect-path",
                "redirect-port",
                "redirect-scheme",
                "redirect-port-at-an-https-listener",
                "redirect-port-follows-scheme-and-listener",
            ],
        ),
        (
            "cluster IPs are not known",
            Asked(|ask| ask.request.address = None),
            &["mesh-cluster-ip-is-the-service", "mesh-grpc-cluster-ip"],
        ),
        (
            "the address of an endpoint is that of its Service",
            Asked(|ask| {
                if ask.request.uri.host() == Some("10.7.4.1") {
                    ask.request.uri = "http://red.shop/".parse().unwrap();
                }
            }),
            &["endpoint-address-is-no-service", "mesh-response-headers"],
        ),
        (
            "permanent cookies outlive their sessions",
            Answered(|_, seen| {
                if let Ended::Response(head) = &mut seen.ended
                    && let Some(cookie) = head.headers.get_mut("set-cookie")
                {
                    let text = cookie.to_str().unwrap();
                    *cookie = text
                        .replace("Max-Age=3600", "Max-Age=7200")
                        .parse()
                        .unwrap();
                }
            }),
            &["permanent-cookie-ends-with-its-session"],
        ),
        (
            "cookies of sessions are for every site",
            Answered(|_, seen| {
                if let Ended::Response(head) = &mut seen.ended
                    && let Some(cookie) = head.headers.get_mut("set-cookie")
                {
                    let text = cookie.to_str().unwrap();
                    *cookie = text
                        .replace("SameSite=Strict", "SameSite=None")
                        .parse()
                        .unwrap();
                }
            }),
            &["session-cookie-is-kept-from-others"],
        ),
        (
            "cookies have no attributes",
            Answered(|_, seen| {
                if let Ended::Response(head) = &mut seen.ended
                    && let Some(cookie) = head.headers.get_mut("set-cookie")
                {
                    let text = cookie.to_str().unwrap();
                    *cookie = text.split(';').next().unwrap().parse().unwrap();
                }
            }),
            &[
                "session-cookie-is-kept-from-others",
                "permanent-cookie-ends-with-its-session",
            ],
        ),
    ]
}
