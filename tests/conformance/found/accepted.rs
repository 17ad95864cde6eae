//! Faults of routes that should be accepted, and of their references.

use super::{FaultRow, parts::*};
use crate::faults::{Fault, is};
use serde_json::{Value, json};

/// Refuses HTTPRoutes with a filter of one of these types.
fn refuse_with(object: &mut Value, types: &[&str]) {
    let has = filters_of(object).iter().any(|own| types.contains(own));
    if is(object, "HTTPRoute") && has {
        refuse(object);
    }
}

/// Refuses HTTPRoutes with a rule for which this holds.
fn refuse_rules(object: &mut Value, is_refused: impl Fn(&Value) -> bool) {
    let rules = object["spec"]["rules"].as_array();
    let has = rules.is_some_and(|rules| rules.iter().any(is_refused));
    if is(object, "HTTPRoute") && has {
        refuse(object);
    }
}

fn any_match(rule: &Value, field: &str) -> bool {
    let matches = rule["matches"].as_array().into_iter().flatten();
    matches.into_iter().any(|one| !one[field].is_null())
}

/// Says of a listener that it is not programmed.
fn unprogrammed(listener: &mut Value) {
    entries(listener, "/conditions")
        .filter(|own| own["type"] == "Programmed")
        .for_each(|own| own["status"] = "False".into());
}

/// Says of a route that its references are not resolved.
fn unresolve(route: &mut Value) {
    conditions(route, |own| {
        if own["type"] == "ResolvedRefs" {
            own["status"] = "False".into();
        }
    });
}

/// Whether a rule of a route has a backend for which this holds.
fn has_backend(route: &Value, is_one: impl Fn(&Value) -> bool) -> bool {
    let rules = route["spec"]["rules"].as_array().into_iter().flatten();
    let mut backends = rules.flat_map(|rule| rule["backendRefs"].as_array().into_iter().flatten());
    backends.any(is_one)
}

/// The faults, in the same form.
pub(super) fn accepted() -> Vec<FaultRow> {
    use Fault::{Statuses, Together};
    vec![
        (
            "routes that have a backend and nothing else are not accepted",
            Statuses(|object| {
                let backend = json!([{"backendRefs": [{"name": "red", "port": 80}]}]);
                let spec = &object["spec"];
                let is_plain = spec["rules"] == backend && spec["hostnames"].is_null();
                let parent = json!({"name": "edge"});
                if is_plain && spec["parentRefs"][0] == parent && is(object, "HTTPRoute") {
                    refuse(object);
                }
            }),
            &[
                "route-is-accepted",
                "each-parent-has-an-entry",
                "route-says-its-generation",
            ],
        ),
        (
            "routes that redirect are not accepted",
            Statuses(|object| refuse_with(object, &["RequestRedirect"])),
            &[
                "redirect-of-the-path-is-accepted",
                "redirect-of-the-port-is-accepted",
                "redirect-of-the-scheme-is-accepted",
                "routes-of-core-are-accepted",
            ],
        ),
        (
            "routes that rewrite are not accepted",
            Statuses(|object| refuse_with(object, &["URLRewrite"])),
            &[
                "rewrite-of-the-path-is-accepted",
                "rewrite-of-the-host-is-accepted",
            ],
        ),
        (
            "routes that change responses are not accepted",
            Statuses(|object| refuse_with(object, &["ResponseHeaderModifier"])),
            &["modifier-of-responses-is-accepted"],
        ),
        (
            "routes with mirrors are not accepted",
            Statuses(|object| refuse_with(object, &["RequestMirror"])),
            &[
                "mirror-is-accepted",
                "mirror-that-is-not-there",
                "several-mirrors-are-accepted",
            ],
        ),
        (
            "routes with filters of backends are not accepted",
            Statuses(|object| {
                if is(object, "HTTPRoute") && has_backend(object, |own| !own["filters"].is_null()) {
                    refuse(object);
                }
            }),
            &["modifier-of-a-backend-is-accepted"],
        ),
        (
            "routes with timeouts are not accepted",
            Statuses(|object| refuse_rules(object, |rule| !rule["timeouts"].is_null())),
            &[
                "timeout-of-requests-is-accepted",
                "timeout-of-backends-is-accepted",
            ],
        ),
        (
            "routes that match by a method are not accepted",
            Statuses(|object| refuse_rules(object, |rule| any_match(rule, "method"))),
            &["match-of-a-method-is-accepted"],
        ),
        (
            "routes that match by query parameters are not accepted",
            Statuses(|object| refuse_rules(object, |rule| any_match(rule, "queryParams"))),
            &["match-of-a-parameter-is-accepted"],
        ),
        (
            "routes that match by headers are not accepted",
            Statuses(|object| refuse_rules(object, |rule| any_match(rule, "headers"))),
            &[
                "routes-of-core-are-accepted",
                "match-of-a-method-is-accepted",
                "match-of-a-parameter-is-accepted",
            ],
        ),
        (
            "routes with hostnames are not accepted",
            Statuses(|object| {
                if is(object, "HTTPRoute") && !object["spec"]["hostnames"].is_null() {
                    refuse(object);
                }
            }),
            &[
                "hostname-in-common-is-accepted",
                "routes-of-core-are-accepted",
                "kinds-of-routes-meet-at-a-listener",
                "one-kind-of-route-for-a-host",
            ],
        ),
        (
            "routes that name a port of a Gateway are not accepted",
            Statuses(|object| {
                if !object["spec"]["parentRefs"][0]["port"].is_null() {
                    refuse(object);
                }
            }),
            &["port-of-the-parent-is-accepted"],
        ),
        (
            "routes of another namespace are not accepted",
            Statuses(|object| {
                let of = &object["spec"]["parentRefs"][0]["namespace"];
                if !of.is_null() && *of != object["metadata"]["namespace"] {
                    refuse(object);
                }
            }),
            &["allowed-namespace-is-accepted"],
        ),
        (
            "listeners with TLS are not programmed",
            Statuses(|object| {
                let listeners = object["spec"]["listeners"].clone();
                let listeners = listeners.as_array().into_iter().flatten();
                for listener in listeners.filter(|own| !own["tls"].is_null()) {
                    of_status(object, "/listeners", |one| {
                        if one["name"] == listener["name"] {
                            unprogrammed(one);
                        }
                    });
                }
            }),
            &[
                "route-of-an-https-listener-is-accepted",
                "listeners-come-and-go",
                "secret-grant-for-all",
                "secret-grant-for-one",
                "tls-route-is-accepted",
            ],
        ),
        (
            "listeners with several routes are not programmed",
            Statuses(|object| {
                of_status(object, "/listeners", |one| {
                    if one["attachedRoutes"].as_i64() > Some(1) {
                        unprogrammed(one);
                    }
                });
            }),
            &[
                "routes-of-core-are-accepted",
                "attached-routes-are-counted",
                "grpc-route-is-accepted",
                "hostname-in-common-is-accepted",
                "port-of-the-parent-is-accepted",
            ],
        ),
        (
            "listeners of routes whose references are not resolved are not programmed",
            Together(|objects| {
                let routes = objects.iter().filter(|object| is(object, "HTTPRoute"));
                let parents = routes.flat_map(|route| {
                    let parents = route["status"]["parents"].as_array();
                    parents.into_iter().flatten()
                });
                let unresolved = parents.filter(|entry| {
                    let conditions = entry["conditions"].as_array();
                    let mut conditions = conditions.into_iter().flatten();
                    conditions.any(|own| own["type"] == "ResolvedRefs" && own["status"] == "False")
                });
                let names = unresolved.map(|entry| entry["parentRef"]["name"].clone());
                let names: Vec<Value> = names.collect();
                let gateways = objects.iter_mut().filter(|object| is(object, "Gateway"));
                for gateway in gateways.filter(|own| names.contains(&own["metadata"]["name"])) {
                    of_status(gateway, "/listeners", unprogrammed);
                }
            }),
            &[
                "backend-is-not-there",
                "almost-fitting-grants-permit-nothing",
                "backend-is-not-permitted",
                "backend-of-a-kind-that-is-not-known",
                "one-refused-rule-is-told",
            ],
        ),
        (
            "backends in other namespaces are never resolved",
            Statuses(|object| {
                if has_backend(object, |own| !own["namespace"].is_null()) {
                    unresolve(object);
                }
            }),
            &["permitted-backend-is-resolved"],
        ),
        (
            "backends whose port names a protocol are not resolved",
            Statuses(|object| {
                let is_one = |own: &Value| ["two", "ws"].iter().any(|name| own["name"] == *name);
                if has_backend(object, is_one) {
                    unresolve(object);
                }
            }),
            &["h2c-backend-is-resolved", "websocket-backend-is-resolved"],
        ),
    ]
}
