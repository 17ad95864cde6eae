//! Faults of what statuses name and say.

use super::{FaultRow, parts::*};
use crate::faults::{Fault, is};
use serde_json::{Value, json};

fn has(entry: &Value, kind: &str, status: &str) -> bool {
    let mut conditions = entry["conditions"].as_array().into_iter().flatten();
    conditions.any(|own| own["type"] == kind && own["status"] == status)
}

/// Counts each route that is refused for this reason at the listeners to which it refers: all of its Gateway where it names none that
/// is there.
fn count_refused(objects: &mut [Value], reason: &str) {
    let mut named = Vec::new();
    for route in objects.iter() {
        let parents = route.pointer("/status/parents").and_then(Value::as_array);
        for entry in parents.into_iter().flatten() {
            let mut conditions = entry["conditions"].as_array().into_iter().flatten();
            let is_refused =
                conditions.any(|own| own["type"] == "Accepted" && own["reason"] == reason);
            if is_refused {
                named.push(entry["parentRef"].clone());
            }
        }
    }
    for parent in named {
        let gateways = objects.iter_mut().filter(|object| is(object, "Gateway"));
        for gateway in gateways.filter(|own| own["metadata"]["name"] == parent["name"]) {
            let of_name = texts(gateway, "/spec/listeners", "name");
            let section = parent["sectionName"].as_str();
            let section = section.filter(|name| of_name.contains(name));
            of_status(gateway, "/listeners", |one| {
                if section.is_none_or(|name| one["name"] == name) {
                    let count = one["attachedRoutes"].as_i64().unwrap();
                    one["attachedRoutes"] = (count + 1).into();
                }
            });
        }
    }
}

/// Gives another reason for what is accepted.
fn accept_as(object: &mut Value, reason: &str) {
    conditions(object, |own| {
        if own["type"] == "Accepted" && own["status"] == "True" {
            own["reason"] = reason.into();
        }
    });
}

fn without_status(object: &mut Value, kind: &str) {
    if is(object, kind) {
        remove(object, "status");
    }
}

/// The listeners of a Gateway that another state of it has not.
fn only_here<'v>(gateway: &'v Value, other: &Value) -> Vec<&'v str> {
    let others = texts(other, "/spec/listeners", "name");
    let mut own = texts(gateway, "/spec/listeners", "name");
    own.retain(|name| !others.contains(name));
    own
}

/// The faults, in the same form.
pub(super) fn statuses() -> Vec<FaultRow> {
    let mut all = of_listeners();
    all.extend(of_conditions());
    all.extend(of_parents());
    all
}

fn of_listeners() -> Vec<FaultRow> {
    use Fault::{Changed, Statuses, Together};
    vec![
        (
            "routes of a listener without a certificate are not counted",
            Statuses(|object| {
                of_status(object, "/listeners", |one| {
                    if has(one, "ResolvedRefs", "False") {
                        one["attachedRoutes"] = 0.into();
                    }
                });
            }),
            &["attached-routes-of-a-listener-without-certificate"],
        ),
        (
            "routes that are refused are counted",
            Together(|objects| {
                count_refused(objects, "NotAllowedByListeners");
            }),
            &["kind-is-not-allowed", "namespace-is-not-allowed"],
        ),
        (
            "routes that no listener fits are counted",
            Together(|objects| count_refused(objects, "NoMatchingParent")),
            &[
                "no-listener-of-that-name",
                "no-listener-of-that-destination-port",
                "no-listener-of-that-port",
            ],
        ),
        (
            "listeners whose certificate is refused count a route",
            Statuses(|object| {
                of_status(object, "/listeners", |one| {
                    let mut conditions = one["conditions"].as_array().into_iter().flatten();
                    let reasons = ["InvalidCertificateRef", "RefNotPermitted"];
                    if conditions.any(|own| reasons.iter().any(|reason| own["reason"] == *reason)) {
                        let count = one["attachedRoutes"].as_i64().unwrap();
                        one["attachedRoutes"] = (count + 1).into();
                    }
                });
            }),
            &[
                "invalid-certificates",
                "attached-routes-of-a-listener-without-certificate",
                "secret-grant-that-almost-fits",
                "secret-without-grant",
            ],
        ),
        (
            "listeners that are gone stay in statuses",
            Changed(|before, object| {
                let gone = only_here(before, object);
                let own = object.pointer_mut("/status/listeners");
                if let Some(own) = own.and_then(Value::as_array_mut) {
                    own.extend(
                        gone.into_iter().map(
                            |name| json!({"name": name, "attachedRoutes": 0, "conditions": []}),
                        ),
                    );
                }
            }),
            &["listener-that-is-removed", "listeners-come-and-go"],
        ),
        (
            "a listener that is added stands twice in statuses",
            Changed(|before, object| {
                let now = object.clone();
                let added = only_here(&now, before);
                let own = object.pointer_mut("/status/listeners");
                if let Some(own) = own.and_then(Value::as_array_mut) {
                    let twice = own
                        .iter()
                        .filter(|one| added.iter().any(|name| one["name"] == *name));
                    let twice: Vec<Value> = twice.cloned().collect();
                    own.extend(twice);
                }
            }),
            &[
                "listener-that-is-added",
                "gateway-says-its-generation",
                "listeners-come-and-go",
            ],
        ),
        (
            "kinds of a listener are of no known group",
            Statuses(|object| {
                of_status(object, "/listeners", |one| {
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
                "listeners-come-and-go",
                "secret-grant-for-all",
                "secret-grant-for-one",
                "secret-grant-that-almost-fits",
                "secret-without-grant",
                "tls-route-is-accepted",
                "udp-route-is-accepted",
            ],
        ),
        (
            "a conflict is one of all listeners",
            Statuses(|object| {
                of_status(object, "/listeners", |one| {
                    entries(one, "/conditions")
                        .filter(|own| own["type"] == "Conflicted")
                        .for_each(|own| own["status"] = "True".into());
                });
            }),
            &["listeners-that-conflict"],
        ),
        (
            "Gateways have no address",
            Statuses(|object| {
                if let Some(status) = object.get_mut("status") {
                    remove(status, "addresses");
                }
            }),
            &["gateway-has-an-address", "static-addresses"],
        ),
        (
            "addresses of Gateways are of a kind to which nobody can connect",
            Statuses(|object| {
                of_status(object, "/addresses", |one| {
                    one["type"] = "test.example/odd".into();
                });
            }),
            &["gateway-has-an-address", "static-addresses"],
        ),
        (
            "addresses that cannot be bound are told",
            Statuses(|object| {
                let own = object.pointer_mut("/status/addresses");
                if let Some(own) = own.and_then(Value::as_array_mut) {
                    own.push(json!({"type": "IPAddress", "value": "192.0.2.66"}));
                }
            }),
            &["static-addresses"],
        ),
    ]
}

fn of_conditions() -> Vec<FaultRow> {
    use Fault::{Changed, Statuses, Told};
    vec![
        (
            "what is not accepted has no word on its references",
            Statuses(|object| {
                of_status(object, "/parents", |one| {
                    if has(one, "Accepted", "False") {
                        let own = one["conditions"].as_array_mut().unwrap();
                        own.retain(|own| own["type"] != "ResolvedRefs");
                    }
                });
            }),
            &[
                "kind-is-not-allowed",
                "namespace-is-not-allowed",
                "no-listener-of-that-destination-port",
                "no-listener-of-that-port",
                "udp-backend-is-not-there",
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
                "grpc-backend-is-not-permitted",
                "grpc-backend-is-not-there",
                "tls-backend-is-not-there",
                "udp-backend-is-not-there",
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
                "grpc-backend-is-not-permitted",
            ],
        ),
        (
            "a Gateway that is accepted has another reason",
            Statuses(|object| {
                if is(object, "Gateway") {
                    accept_as(object, "Valid");
                }
            }),
            &[
                "gateway-says-its-generation",
                "gateway-has-an-address",
                "kind-is-not-allowed",
                "static-addresses",
                "tls-route-is-accepted",
                "gateway-tells-of-a-conflict",
            ],
        ),
        (
            "a class that is accepted has another reason",
            Statuses(|object| {
                if is(object, "GatewayClass") {
                    accept_as(object, "Valid");
                }
            }),
            &["class-says-its-generation"],
        ),
        (
            "a route whose references are not resolved is accepted for another reason",
            Statuses(|object| {
                let parents = object["status"]["parents"].as_array();
                let mut parents = parents.into_iter().flatten();
                if parents.any(|entry| has(entry, "ResolvedRefs", "False")) {
                    accept_as(object, "ResolvedRefs");
                }
            }),
            &[
                "backend-is-not-there",
                "almost-fitting-grants-permit-nothing",
                "backend-is-not-permitted",
                "backend-of-a-kind-that-is-not-known",
                "backend-of-a-tlsroute-is-not-permitted",
                "grpc-backend-is-not-permitted",
                "grpc-backend-is-not-there",
                "one-refused-rule-is-told",
                "tls-backend-is-not-there",
            ],
        ),
        (
            "routes of Services are accepted for another reason",
            Statuses(|object| {
                if object["spec"]["parentRefs"][0]["kind"] == "Service" {
                    accept_as(object, "Valid");
                }
            }),
            &["mesh-route-is-accepted", "mesh-grpc-route-is-accepted"],
        ),
        (
            "a change leaves the conditions of before where they are",
            Changed(|_, object| {
                lists_of_conditions(object, |list| {
                    let mut before = list.clone();
                    before
                        .iter_mut()
                        .for_each(|own| own["observedGeneration"] = 1.into());
                    list.extend(before);
                });
            }),
            &[
                "class-says-its-generation",
                "gateway-says-its-generation",
                "listener-that-is-added",
                "listener-that-is-removed",
                "listeners-come-and-go",
                "route-says-its-generation",
                "static-addresses",
            ],
        ),
        (
            "a condition that nobody asks for says the generation of before",
            Changed(|_, object| {
                lists_of_conditions(object, |list| {
                    list.push(json!({"type": "example.com/Further", "status": "True",
                        "reason": "Further", "observedGeneration": 1}));
                });
            }),
            &[
                "class-says-its-generation",
                "gateway-says-its-generation",
                "listener-that-is-added",
                "listener-that-is-removed",
                "listeners-come-and-go",
                "route-says-its-generation",
                "static-addresses",
            ],
        ),
    ]
}

fn of_parents() -> Vec<FaultRow> {
    use Fault::Statuses;
    vec![
        (
            "a route is accepted though nobody listens on the port that it names",
            Statuses(|object| {
                of_status(object, "/parents", |one| {
                    if !one["parentRef"]["port"].is_null() {
                        entries(one, "/conditions")
                            .filter(|own| own["reason"] == "NoMatchingParent")
                            .for_each(|own| own["status"] = "True".into());
                    }
                });
            }),
            &[
                "no-listener-of-that-port",
                "no-listener-of-that-destination-port",
            ],
        ),
        (
            "a route is accepted though it has no hostname of a listener",
            Statuses(|object| {
                of_status(object, "/parents", |one| {
                    entries(one, "/conditions")
                        .filter(|own| own["reason"] == "NoMatchingListenerHostname")
                        .for_each(|own| own["status"] = "True".into());
                });
            }),
            &[
                "no-hostname-in-common",
                "grpc-no-hostname-in-common",
                "tls-no-hostname-in-common",
            ],
        ),
        (
            "GRPCRoutes have no status",
            Statuses(|object| without_status(object, "GRPCRoute")),
            &[
                "grpc-route-is-accepted",
                "grpc-backend-is-not-permitted",
                "grpc-backend-is-not-there",
                "grpc-no-hostname-in-common",
                "grpc-routes-of-several-listeners-are-accepted",
                "mesh-grpc-route-is-accepted",
                "kinds-of-routes-meet-at-a-listener",
                "one-kind-of-route-for-a-host",
            ],
        ),
        (
            "TLSRoutes have no status",
            Statuses(|object| without_status(object, "TLSRoute")),
            &[
                "tls-route-is-accepted",
                "backend-of-a-tlsroute-is-not-permitted",
                "tls-backend-is-not-there",
                "tls-no-hostname-in-common",
            ],
        ),
        (
            "UDPRoutes have no status",
            Statuses(|object| without_status(object, "UDPRoute")),
            &["udp-route-is-accepted", "udp-backend-is-not-there"],
        ),
        (
            "statuses name no controller",
            Statuses(|object| {
                of_status(object, "/parents", |one| {
                    if one["parentRef"]["kind"] == "Service" {
                        one["controllerName"] = "".into();
                    }
                });
            }),
            &["mesh-route-is-accepted", "mesh-grpc-route-is-accepted"],
        ),
        (
            "the entry of a second parent names another controller than the class",
            Statuses(|object| {
                let second = object.pointer_mut("/status/parents/1/controllerName");
                if let Some(second) = second {
                    *second = "example.com/another".into();
                }
            }),
            &[
                "each-parent-has-an-entry",
                "grpc-routes-of-several-listeners-are-accepted",
                "no-listener-of-that-port",
                "routes-of-several-listeners-are-accepted",
            ],
        ),
        (
            "the first parent alone has an entry",
            Statuses(|object| {
                let own = object.pointer_mut("/status/parents");
                if let Some(own) = own.and_then(Value::as_array_mut) {
                    own.truncate(1);
                }
            }),
            &[
                "each-parent-has-an-entry",
                "grpc-routes-of-several-listeners-are-accepted",
                "no-listener-of-that-port",
                "routes-of-several-listeners-are-accepted",
            ],
        ),
        (
            "parents are of the namespace of the route",
            Statuses(|object| {
                let own = object["metadata"]["namespace"].clone();
                of_status(object, "/parents", |one| {
                    one["parentRef"]["namespace"] = own.clone();
                });
            }),
            &["namespace-is-not-allowed", "allowed-namespace-is-accepted"],
        ),
        (
            "parents are all Gateways",
            Statuses(|object| {
                of_status(object, "/parents", |one| {
                    remove(&mut one["parentRef"], "kind");
                    remove(&mut one["parentRef"], "group");
                });
            }),
            &["mesh-route-is-accepted", "mesh-grpc-route-is-accepted"],
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
            &[
                "each-parent-has-an-entry",
                "grpc-routes-of-several-listeners-are-accepted",
                "no-listener-of-that-port",
                "routes-of-several-listeners-are-accepted",
            ],
        ),
    ]
}
