//! Faults of what statuses name and say.

use super::{FaultRow, parts::*};
use crate::faults::{Fault, is};
use serde_json::{Value, json};

/// The entries of a status: of listeners, or of parents.
fn parts(object: &mut Value, part: &str, change: impl Fn(&mut Value)) {
    if let Some(status) = object.get_mut("status") {
        entries(status, part).for_each(change);
    }
}

fn has(entry: &Value, kind: &str, status: &str) -> bool {
    let mut conditions = entry["conditions"].as_array().into_iter().flatten();
    conditions.any(|own| own["type"] == kind && own["status"] == status)
}

/// The faults, in the same form.
pub(super) fn statuses() -> Vec<FaultRow> {
    use Fault::{Statuses, Told};
    vec![
        (
            "routes of a listener without a certificate are not counted",
            Statuses(|object| {
                parts(object, "/listeners", |one| {
                    if has(one, "ResolvedRefs", "False") {
                        one["attachedRoutes"] = 0.into();
                    }
                });
            }),
            &["attached-routes-of-a-listener-without-certificate"],
        ),
        (
            "routes that are refused are counted",
            Statuses(|object| {
                parts(object, "/listeners", |one| {
                    if one["attachedRoutes"] == 0 {
                        one["attachedRoutes"] = 1.into();
                    }
                });
            }),
            &[
                "kind-is-not-allowed",
                "attached-routes-on-port-8080",
                "invalid-certificates",
                "namespace-is-not-allowed",
                "no-listener-of-that-name",
                "no-listener-of-that-port",
                "secret-grant-that-almost-fits",
                "static-addresses",
            ],
        ),
        (
            "listeners that are gone stay in statuses",
            Statuses(|object| {
                let listeners = object["spec"]["listeners"].as_array();
                let alone = listeners.is_some_and(|all| all.len() == 1 && all[0]["port"] == 80);
                let status = object.pointer_mut("/status/listeners");
                if alone && let Some(own) = status.and_then(Value::as_array_mut) {
                    own.push(json!({"name": "https", "attachedRoutes": 0, "conditions": []}));
                }
            }),
            &[
                "listener-that-is-removed",
                "gateway-says-its-generation",
                "namespace-is-not-allowed",
                "no-listener-of-that-name",
                "no-listener-of-that-port",
                "static-addresses",
                "listeners-come-and-go",
                "unknown-route-kind",
            ],
        ),
        (
            "a listener stands twice in statuses",
            Statuses(|object| {
                let own = object.pointer_mut("/status/listeners");
                if let Some(own) = own.and_then(Value::as_array_mut)
                    && own.len() == 2
                {
                    own.push(own[0].clone());
                }
            }),
            &[
                "listener-that-is-added",
                "attached-routes-are-counted",
                "attached-routes-of-a-listener-without-certificate",
                "attached-routes-on-port-8080",
                "gateway-says-its-generation",
                "invalid-route-kinds",
                "listener-that-is-removed",
                "listeners-come-and-go",
            ],
        ),
        (
            "kinds of a listener are of no known group",
            Statuses(|object| {
                parts(object, "/listeners", |one| {
                    entries(one, "/supportedKinds").for_each(|kind| {
                        kind["group"] = "example.com".into();
                    });
                });
            }),
            &[
                "invalid-route-kinds",
                "attached-routes-of-a-listener-without-certificate",
                "invalid-certificates",
                "listener-that-is-added",
                "listener-that-is-removed",
                "static-addresses",
                "attached-routes-on-port-8080",
            ],
        ),
        (
            "what is not accepted has no word on its references",
            Statuses(|object| {
                parts(object, "/parents", |one| {
                    if has(one, "Accepted", "False") {
                        let own = one["conditions"].as_array_mut().unwrap();
                        own.retain(|own| own["type"] != "ResolvedRefs");
                    }
                });
            }),
            &[
                "kind-is-not-allowed",
                "namespace-is-not-allowed",
                "no-listener-of-that-port",
            ],
        ),
        (
            "the last rule alone makes the status",
            Told(|objects| {
                for object in objects.iter_mut().filter(|object| is(object, "HTTPRoute")) {
                    if let Some(rules) = object["spec"]["rules"].as_array_mut() {
                        rules.drain(..rules.len().saturating_sub(1));
                    }
                }
            }),
            &["one-refused-rule-is-told"],
        ),
        (
            "a conflict is one of all listeners",
            Statuses(|object| {
                parts(object, "/listeners", |one| {
                    entries(one, "/conditions")
                        .filter(|own| own["type"] == "Conflicted")
                        .for_each(|own| own["status"] = "True".into());
                });
            }),
            &["listeners-that-conflict"],
        ),
        (
            "references are always resolved",
            Statuses(|object| {
                conditions(object, |own| {
                    if own["type"] == "ResolvedRefs" {
                        own["status"] = "True".into();
                        own["reason"] = "ResolvedRefs".into();
                    }
                });
            }),
            &[
                "backend-is-not-there",
                "attached-routes-of-a-listener-without-certificate",
                "backend-is-not-permitted",
                "backend-of-a-kind-that-is-not-known",
                "backend-of-a-tlsroute-is-not-permitted",
                "invalid-certificates",
                "invalid-route-kinds",
                "mirror-that-is-not-there",
                "secret-grant-that-almost-fits",
                "secret-without-grant",
                "almost-fitting-grants-permit-nothing",
                "one-refused-rule-is-told",
                "unknown-route-kind",
            ],
        ),
        (
            "one reason for all references",
            Statuses(|object| {
                conditions(object, |own| {
                    if own["type"] == "ResolvedRefs" && own["status"] == "False" {
                        own["reason"] = "BackendNotFound".into();
                    }
                });
            }),
            &[
                "backend-of-a-kind-that-is-not-known",
                "backend-is-not-permitted",
                "backend-of-a-tlsroute-is-not-permitted",
                "invalid-certificates",
                "invalid-route-kinds",
                "secret-grant-that-almost-fits",
                "secret-without-grant",
                "almost-fitting-grants-permit-nothing",
                "one-refused-rule-is-told",
                "unknown-route-kind",
            ],
        ),
        (
            "what is accepted has another reason",
            Statuses(|object| {
                conditions(object, |own| {
                    if own["type"] == "Accepted" && own["status"] == "True" {
                        own["reason"] = "Valid".into();
                    }
                });
            }),
            &[
                "route-is-accepted",
                "class-says-its-generation",
                "gateway-says-its-generation",
                "mesh-route-is-accepted",
                "route-says-its-generation",
                "static-addresses",
            ],
        ),
        (
            "conditions stand twice",
            Statuses(|object| {
                let own = object.pointer_mut("/status/conditions");
                if let Some(own) = own.and_then(Value::as_array_mut) {
                    own.extend(own.clone());
                }
            }),
            &[
                "class-says-its-generation",
                "attached-routes-are-counted",
                "attached-routes-of-a-listener-without-certificate",
                "attached-routes-on-port-8080",
                "gateway-says-its-generation",
                "invalid-certificates",
                "invalid-route-kinds",
                "kind-is-not-allowed",
                "listener-that-is-added",
                "listener-that-is-removed",
                "listeners-that-conflict",
                "namespace-is-not-allowed",
                "no-listener-of-that-name",
                "no-listener-of-that-port",
                "secret-grant-for-all",
                "secret-grant-for-one",
                "secret-grant-that-almost-fits",
                "secret-without-grant",
                "static-addresses",
                "listeners-come-and-go",
                "unknown-route-kind",
            ],
        ),
        (
            "statuses name no controller",
            Statuses(|object| {
                parts(object, "/parents", |one| {
                    if one["parentRef"]["kind"] == "Service" {
                        one["controllerName"] = "".into();
                    }
                });
            }),
            &["mesh-route-is-accepted"],
        ),
        (
            "statuses name another controller than the class",
            Statuses(|object| {
                parts(object, "/parents", |one| {
                    one["controllerName"] = "example.com/another".into();
                });
            }),
            &[
                "route-is-accepted",
                "attached-routes-of-a-listener-without-certificate",
                "backend-is-not-permitted",
                "backend-is-not-there",
                "backend-of-a-kind-that-is-not-known",
                "backend-of-a-tlsroute-is-not-permitted",
                "each-parent-has-an-entry",
                "kind-is-not-allowed",
                "mirror-that-is-not-there",
                "namespace-is-not-allowed",
                "no-hostname-in-common",
                "no-listener-of-that-name",
                "no-listener-of-that-port",
                "route-says-its-generation",
                "almost-fitting-grants-permit-nothing",
                "no-listener-of-that-destination-port",
                "one-refused-rule-is-told",
            ],
        ),
        (
            "parents are of the namespace of the route",
            Statuses(|object| {
                let own = object["metadata"]["namespace"].clone();
                parts(object, "/parents", |one| {
                    one["parentRef"]["namespace"] = own.clone();
                });
            }),
            &["namespace-is-not-allowed"],
        ),
        (
            "parents are all Gateways",
            Statuses(|object| {
                parts(object, "/parents", |one| {
                    remove(&mut one["parentRef"], "kind");
                    remove(&mut one["parentRef"], "group");
                });
            }),
            &["mesh-route-is-accepted"],
        ),
        (
            "a parent has two entries",
            Statuses(|object| {
                let own = object.pointer_mut("/status/parents");
                if let Some(own) = own.and_then(Value::as_array_mut)
                    && own.len() == 2
                {
                    own.push(own[0].clone());
                }
            }),
            &["each-parent-has-an-entry", "no-listener-of-that-port"],
        ),
    ]
}
