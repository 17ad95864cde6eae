//! Faults of grants, tables, errors, weights and headers.

use super::{FaultRow, parts::*};
use crate::faults::{Fault, is};
use serde_json::{Value, json};

/// Puts two changes of one header, in `set` or in `add`, together as the first of them.
fn twice(objects: &mut [Value], join: impl Fn(&mut Value, &Value)) {
    let name = |entry: &Value| entry["name"].as_str().map(str::to_ascii_lowercase);
    modifiers(objects, |own| {
        for list in ["set", "add"] {
            if let Some([first, second]) = own
                .get_mut(list)
                .and_then(Value::as_array_mut)
                .map(Vec::as_mut_slice)
                && name(first) == name(second)
            {
                join(first, second);
            }
        }
    });
}

/// The faults, each with the scenarios that find it, the one that names its rule first.
pub(super) fn first() -> Vec<FaultRow> {
    use Fault::{Answered, GrantsKept, Objects, Stale, StatusesStale};
    vec![
        (
            "grants are not asked for",
            Objects(|objects| {
                let from: Vec<Value> = ["HTTPRoute", "GRPCRoute", "TLSRoute", "Gateway"].iter().map(|kind|
                json!({"group": "gateway.networking.k8s.io", "kind": kind, "namespace": "shop"})).collect();
                objects.push(json!({"apiVersion": "gateway.networking.k8s.io/v1beta1", "kind": "ReferenceGrant",
                "metadata": {"name": "any", "namespace": "other"},
                "spec": {"from": from, "to": [{"group": "", "kind": "Service"}, {"group": "", "kind": "Secret"}]}}));
            }),
            &[
                "backend-without-grant-is-500",
                "backend-is-not-permitted",
                "backend-of-a-tlsroute-is-not-permitted",
                "grant-by-name-allows-that-one",
                "grant-that-almost-fits",
                "grant-that-is-deleted",
                "grpc-grant-allows-a-backend",
                "only-the-refused-rule-fails",
                "secret-grant-that-almost-fits",
                "secret-without-grant",
                "tls-backend-needs-a-grant",
                "mirror-needs-a-grant",
                "almost-fitting-grants-permit-nothing",
                "one-refused-rule-is-told",
                "grpc-backend-is-not-permitted",
            ],
        ),
        (
            "grants allow nothing",
            Objects(|objects| objects.retain(|object| !is(object, "ReferenceGrant"))),
            &[
                "grant-allows-a-backend",
                "grant-by-name-allows-that-one",
                "grant-that-is-deleted",
                "grpc-grant-allows-a-backend",
                "secret-grant-for-all",
                "secret-grant-for-one",
                "tls-backend-needs-a-grant",
                "mirror-needs-a-grant",
                "only-the-refused-rule-fails",
                "permitted-backend-is-resolved",
            ],
        ),
        (
            "grants for one object are for all",
            Objects(|objects| {
                grants(objects, |grant| {
                    entries(grant, "/spec/to").for_each(|to| remove(to, "name"));
                });
            }),
            &[
                "grant-by-name-allows-that-one",
                "grant-that-almost-fits",
                "grpc-grant-allows-a-backend",
                "secret-grant-that-almost-fits",
                "backend-of-a-tlsroute-is-not-permitted",
                "almost-fitting-grants-permit-nothing",
                "one-refused-rule-is-told",
                "only-the-refused-rule-fails",
            ],
        ),
        (
            "grants are for every kind of route",
            Objects(|objects| {
                grants(objects, |grant| {
                    let from = grant["spec"]["from"].as_array_mut().unwrap();
                    let of_routes = from.clone().into_iter();
                    let of_routes =
                        of_routes.filter(|from| from["kind"].as_str().unwrap().ends_with("Route"));
                    for own in of_routes {
                        for kind in ["HTTPRoute", "GRPCRoute", "TLSRoute"] {
                            let mut other = own.clone();
                            other["kind"] = kind.into();
                            from.push(other);
                        }
                    }
                });
            }),
            &[
                "grpc-grant-allows-a-backend",
                "grant-that-almost-fits",
                "tls-backend-needs-a-grant",
                "grpc-backend-is-not-permitted",
            ],
        ),
        (
            "grants are for every namespace",
            Objects(|objects| {
                grants(objects, |grant| {
                    entries(grant, "/spec/from").for_each(|from| from["namespace"] = "shop".into());
                });
            }),
            &[
                "grant-that-almost-fits",
                "secret-grant-that-almost-fits",
                "backend-of-a-tlsroute-is-not-permitted",
                "almost-fitting-grants-permit-nothing",
            ],
        ),
        (
            "grants are for every group",
            Objects(|objects| {
                grants(objects, |grant| {
                    entries(grant, "/spec/from")
                        .for_each(|from| from["group"] = "gateway.networking.k8s.io".into());
                    entries(grant, "/spec/to").for_each(|to| to["group"] = "".into());
                });
            }),
            &[
                "grant-that-almost-fits",
                "secret-grant-that-almost-fits",
                "almost-fitting-grants-permit-nothing",
                "backend-of-a-tlsroute-is-not-permitted",
            ],
        ),
        (
            "deleted grants are kept",
            GrantsKept,
            &["grant-that-is-deleted"],
        ),
        (
            "tables are stale",
            Stale,
            &[
                "changed-route-counts-at-once",
                "deleted-route-takes-nothing",
                "grant-that-is-deleted",
                "session-outlives-weight-zero",
                "tls-backend-needs-a-grant",
                "listener-that-is-added",
                "listener-that-is-removed",
                "mirror-needs-a-grant",
                "udp-reaches-its-backend",
            ],
        ),
        (
            "statuses are stale",
            StatusesStale,
            &[
                "route-says-its-generation",
                "class-says-its-generation",
                "gateway-says-its-generation",
                "listener-that-is-added",
                "listener-that-is-removed",
                "listeners-come-and-go",
                "static-addresses",
            ],
        ),
        (
            "404 for 500",
            Answered(|_, seen| status(seen, 500, 404)),
            &[
                "missing-backend-is-500",
                "all-weights-zero-is-500",
                "backend-of-unknown-kind-is-500",
                "backend-without-grant-is-500",
                "grant-by-name-allows-that-one",
                "grant-that-almost-fits",
                "grant-that-is-deleted",
                "invalid-backend-keeps-its-share",
                "invalid-rule-hides-no-other",
                "only-the-refused-rule-fails",
                "rule-without-backends-is-500",
            ],
        ),
        (
            "500 for 404",
            Answered(|_, seen| status(seen, 404, 500)),
            &[
                "missing-backend-is-500",
                "changed-route-counts-at-once",
                "destination-port-leads-to-the-listener",
                "exact-path-is-the-very-text",
                "grpc-on-port-8080",
                "header-must-have-the-value",
                "host-header-names-the-host",
                "hostnames-meet-those-of-the-listener",
                "isolated-listener-keeps-its-requests",
                "matches-of-a-rule-are-alternatives",
                "method-is-the-very-text",
                "prefix-goes-by-elements",
                "query-must-have-the-value",
                "route-of-a-service-takes-its-requests",
                "route-of-another-kind",
                "route-of-another-namespace",
                "routes-of-a-host-are-one-table",
                "slash-at-the-end-of-a-prefix-says-nothing",
                "wildcard-stands-for-labels",
                "https-host-without-route-is-404",
                "mesh-method-is-the-very-text",
                "mesh-query-must-have-the-value",
                "mesh-redirect-path",
                "method-is-one-condition-of-a-match",
                "query-is-one-condition-of-a-match",
                "redirect-path",
                "two-listeners-on-port-8080",
                "hostnames-of-routes-end-no-isolation",
                "mesh-exact-paths-split-a-service",
                "more-parameters-go-first",
                "most-specific-listener-goes-first",
                "port-of-the-parent-names-http-or-https",
                "deleted-route-takes-nothing",
                "port-of-the-parent-names-the-listener",
            ],
        ),
        (
            "503 for 500",
            Answered(|_, seen| status(seen, 500, 503)),
            &[
                "missing-backend-is-500",
                "all-weights-zero-is-500",
                "backend-of-unknown-kind-is-500",
                "backend-without-grant-is-500",
                "grant-by-name-allows-that-one",
                "grant-that-almost-fits",
                "grant-that-is-deleted",
                "invalid-backend-keeps-its-share",
                "invalid-rule-hides-no-other",
                "only-the-refused-rule-fails",
                "rule-without-backends-is-500",
            ],
        ),
        (
            "an invalid backend gives its share to the others",
            Objects(|objects| {
                rules(objects, |rule| {
                    if let Some(backends) = rule["backendRefs"].as_array_mut()
                        && backends.len() > 1
                    {
                        backends.retain(|backend| backend["name"] != "missing");
                    }
                });
            }),
            &["invalid-backend-keeps-its-share"],
        ),
        (
            "invalid rules are dropped",
            Objects(|objects| {
                for object in objects {
                    let rules = object
                        .pointer_mut("/spec/rules")
                        .and_then(Value::as_array_mut);
                    if let Some(rules) = rules
                        && rules.len() > 1
                    {
                        rules.retain(|rule| rule["backendRefs"][0]["name"] != "missing");
                    }
                }
            }),
            &["invalid-rule-hides-no-other"],
        ),
        (
            "weights are off by one",
            Objects(|objects| weights(objects, |weight| weight + 1)),
            &[
                "shares-follow-weights",
                "all-weights-zero-is-500",
                "grpc-shares-follow-weights",
                "invalid-backend-keeps-its-share",
                "mesh-shares-follow-weights",
                "session-outlives-weight-zero",
                "tls-shares-follow-weights",
                "weight-is-one-by-default",
            ],
        ),
        (
            "the last weight is one too high",
            Objects(|objects| {
                rules(objects, |rule| {
                    if let Some(last) = entries(rule, "/backendRefs").last()
                        && let Some(weight) = last.get("weight").and_then(Value::as_u64)
                    {
                        last["weight"] = (weight + 1).into();
                    }
                });
            }),
            &[
                "shares-follow-weights",
                "all-weights-zero-is-500",
                "grpc-shares-follow-weights",
                "invalid-backend-keeps-its-share",
                "mesh-shares-follow-weights",
                "tls-shares-follow-weights",
                "weight-is-one-by-default",
            ],
        ),
        (
            "weight 0 is 1",
            Objects(|objects| weights(objects, |weight| weight.max(1))),
            &[
                "all-weights-zero-is-500",
                "session-outlives-weight-zero",
                "shares-follow-weights",
            ],
        ),
        (
            "weights do not count",
            Objects(|objects| weights(objects, |weight| weight.min(1))),
            &[
                "shares-follow-weights",
                "grpc-shares-follow-weights",
                "invalid-backend-keeps-its-share",
                "mesh-shares-follow-weights",
                "tls-shares-follow-weights",
                "weight-is-one-by-default",
            ],
        ),
        (
            "filters of backends go first",
            Objects(|objects| {
                rules(objects, |rule| {
                    let mut own = rule["filters"].take();
                    if let Some(backend) = rule.pointer_mut("/backendRefs/0")
                        && !own.is_null()
                        && !backend["filters"].is_null()
                    {
                        std::mem::swap(&mut own, &mut backend["filters"]);
                    }
                    rule["filters"] = own;
                    entries(rule, "/backendRefs")
                        .filter(|backend| backend["filters"].is_null())
                        .for_each(|backend| remove(backend, "filters"));
                    if rule["filters"].is_null() {
                        remove(rule, "filters");
                    }
                });
            }),
            &["rule-filters-go-before-backend-filters"],
        ),
        (
            "filters of backends are ignored",
            Objects(|objects| {
                rules(objects, |rule| {
                    entries(rule, "/backendRefs").for_each(|backend| remove(backend, "filters"));
                });
            }),
            &[
                "headers-of-one-backend",
                "rule-filters-go-before-backend-filters",
                "mesh-headers-of-one-backend",
            ],
        ),
        (
            "`add` replaces",
            Objects(|objects| {
                modifiers(objects, |own| join(own, "add", "set"));
            }),
            &[
                "request-headers-are-set-added-removed",
                "grpc-headers-are-modified",
                "headers-of-one-backend",
                "response-headers-are-set-added-removed",
                "rule-filters-go-before-backend-filters",
                "every-mirror-gets-a-copy",
                "mirror-gets-a-copy",
                "rewritten-host-with-headers",
                "rewritten-path-with-headers",
                "first-change-of-a-header-counts",
                "first-change-of-a-response-header-counts",
                "grpc-first-change-of-a-header-counts",
            ],
        ),
        (
            "`set` adds",
            Objects(|objects| {
                modifiers(objects, |own| join(own, "set", "add"));
            }),
            &[
                "request-headers-are-set-added-removed",
                "grpc-headers-are-modified",
                "response-headers-are-set-added-removed",
                "rule-filters-go-before-backend-filters",
                "every-mirror-gets-a-copy",
                "mirror-gets-a-copy",
                "rewritten-host-with-headers",
                "rewritten-path-with-headers",
                "headers-of-one-backend",
                "first-change-of-a-header-counts",
                "first-change-of-a-response-header-counts",
                "grpc-first-change-of-a-header-counts",
            ],
        ),
        (
            "`remove` removes nothing",
            Objects(|objects| modifiers(objects, |own| remove(own, "remove"))),
            &[
                "request-headers-are-set-added-removed",
                "grpc-headers-are-modified",
                "headers-of-one-backend",
                "response-headers-are-set-added-removed",
                "every-mirror-gets-a-copy",
                "mirror-gets-a-copy",
                "rewritten-host-with-headers",
                "rewritten-path-with-headers",
            ],
        ),
        (
            "of the headers of a list the first alone is changed",
            Objects(|objects| {
                modifiers(objects, |own| {
                    for list in ["set", "add", "remove"] {
                        if let Some(list) = own.get_mut(list).and_then(Value::as_array_mut) {
                            list.truncate(1);
                        }
                    }
                });
            }),
            &[
                "request-headers-are-set-added-removed",
                "grpc-headers-are-modified",
                "response-headers-are-set-added-removed",
                "headers-of-one-backend",
            ],
        ),
        (
            "of changes of one header the last counts",
            Objects(|objects| {
                twice(objects, |first, second| {
                    first["value"] = second["value"].clone();
                });
            }),
            &[
                "first-change-of-a-header-counts",
                "first-change-of-a-response-header-counts",
                "grpc-first-change-of-a-header-counts",
            ],
        ),
        (
            "of changes of one header each counts",
            Objects(|objects| {
                twice(objects, |first, second| {
                    let [one, other] = [&*first, second].map(|own| own["value"].as_str().unwrap());
                    first["value"] = format!("{one},{other}").into();
                });
            }),
            &[
                "first-change-of-a-header-counts",
                "first-change-of-a-response-header-counts",
                "grpc-first-change-of-a-header-counts",
            ],
        ),
        (
            "a rule that rewrites changes no headers",
            Objects(|objects| {
                rules(objects, |rule| {
                    if let Some(filters) = rule["filters"].as_array_mut()
                        && filters.iter().any(|filter| filter["type"] == "URLRewrite")
                    {
                        filters.retain(|filter| filter["type"] != "RequestHeaderModifier");
                    }
                });
            }),
            &["rewritten-path-with-headers", "rewritten-host-with-headers"],
        ),
        (
            "headers of responses stay as they are",
            Objects(|objects| without_filter(objects, "ResponseHeaderModifier")),
            &[
                "response-headers-are-set-added-removed",
                "consumer-route-is-for-its-namespace",
                "mesh-response-headers",
                "first-change-of-a-response-header-counts",
            ],
        ),
    ]
}
