//! Faults of routes of two kinds that have a host in common, and of what statuses say of conflicts and of others.

use super::{FaultRow, parts::*};
use crate::faults::{Fault, is};
use serde_json::{Value, json};

/// Gives HTTPRoutes and GRPCRoutes of one host another age; where there is one kind alone nothing is changed.
fn ages(objects: &mut [Value], age: impl Fn(&Value) -> Option<&'static str>) {
    if !are_both(objects) {
        return;
    }
    for object in objects {
        if let Some(age) = age(object) {
            object["metadata"]["creationTimestamp"] = age.into();
        }
    }
}

/// A second more than the others of that age, for routes of a kind.
fn later_if(object: &Value, kind: &str) -> Option<&'static str> {
    let is_first = object["metadata"]["creationTimestamp"] == "2024-01-01T00:00:00Z";
    (is_first && is(object, kind)).then_some("2024-01-01T00:00:01Z")
}

fn are_both(objects: &[Value]) -> bool {
    let mut kinds = ["HTTPRoute", "GRPCRoute"].into_iter();
    kinds.all(|kind| objects.iter().any(|object| is(object, kind)))
}

/// Writes an entry of a route for a parent for which it has none.
fn with_entry(route: &mut Value, parent: &str) {
    let named = texts(route, "/spec/parentRefs", "name").contains(&parent);
    let entries = route.pointer_mut("/status/parents");
    if let Some(entries) = entries.and_then(Value::as_array_mut)
        && named
    {
        let mut entry = entries[0].clone();
        entry["parentRef"]["name"] = parent.into();
        entries.push(entry);
    }
}

/// The faults, in the same form.
pub(super) fn kinds() -> Vec<FaultRow> {
    use Fault::{Served, Statuses, Together, Told};
    vec![
        (
            "an HTTPRoute and a GRPCRoute of one host are both accepted",
            Statuses(|object| {
                if is(object, "HTTPRoute") || is(object, "GRPCRoute") {
                    conditions(object, |own| {
                        if own["reason"] == "Conflicted" {
                            own["status"] = "True".into();
                            own["reason"] = "Accepted".into();
                        }
                    });
                }
            }),
            &[
                "one-kind-of-route-for-a-host",
                "kinds-of-routes-meet-at-a-listener",
            ],
        ),
        (
            "of an HTTPRoute and a GRPCRoute of one host the younger is accepted",
            Told(|objects| {
                ages(
                    objects,
                    |object| match object["metadata"]["creationTimestamp"].as_str()? {
                        "2024-01-01T00:00:00Z" => Some("2024-02-02T00:00:00Z"),
                        _ => Some("2024-01-01T00:00:00Z"),
                    },
                );
            }),
            &[
                "one-kind-of-route-for-a-host",
                "kinds-of-routes-meet-at-a-listener",
            ],
        ),
        (
            "HTTPRoutes go before GRPCRoutes of their hosts",
            Told(|objects| {
                ages(objects, |object| {
                    is(object, "HTTPRoute").then_some("2023-01-01T00:00:00Z")
                });
            }),
            &[
                "one-kind-of-route-for-a-host",
                "kinds-of-routes-meet-at-a-listener",
            ],
        ),
        (
            "GRPCRoutes go before HTTPRoutes of their hosts",
            Told(|objects| {
                ages(objects, |object| {
                    is(object, "GRPCRoute").then_some("2023-01-01T00:00:00Z")
                });
            }),
            &[
                "one-kind-of-route-for-a-host",
                "kinds-of-routes-meet-at-a-listener",
            ],
        ),
        (
            "of an HTTPRoute and a GRPCRoute of one age the HTTPRoute is accepted",
            Told(|objects| {
                ages(objects, |object| later_if(object, "GRPCRoute"));
            }),
            &["one-kind-of-route-for-a-host"],
        ),
        (
            "of an HTTPRoute and a GRPCRoute of one age the GRPCRoute is accepted",
            Told(|objects| {
                ages(objects, |object| later_if(object, "HTTPRoute"));
            }),
            &["one-kind-of-route-for-a-host"],
        ),
        (
            "a wildcard and its names are no hosts that two kinds have in common",
            Told(|objects| {
                if !are_both(objects) {
                    return;
                }
                for object in objects {
                    for name in entries(object, "/spec/hostnames") {
                        if let Some(domain) = name.as_str().unwrap().strip_prefix("*.") {
                            *name = format!("any.{domain}").into();
                        }
                    }
                }
            }),
            &["one-kind-of-route-for-a-host"],
        ),
        (
            "a route without hostnames has none in common with one of another kind",
            Told(|objects| {
                if !are_both(objects) {
                    return;
                }
                let routes = objects.iter_mut();
                for route in routes.filter(|own| is(own, "HTTPRoute") || is(own, "GRPCRoute")) {
                    if route["spec"]["hostnames"].is_null() {
                        let name = route["metadata"]["name"].as_str().unwrap();
                        route["spec"]["hostnames"] = json!([format!("{name}.four.test")]);
                    }
                }
            }),
            &["kinds-of-routes-meet-at-a-listener"],
        ),
        (
            "routes of two kinds have hosts in common across listeners",
            Together(|objects| {
                let older = |object: &Value| {
                    let own = &object["metadata"];
                    let text = |field: &str| own[field].as_str().unwrap_or_default().to_owned();
                    (text("creationTimestamp"), text("name"))
                };
                let has = |object: &Value, host: &Value| {
                    let hosts = object["spec"]["hostnames"].as_array();
                    hosts.is_some_and(|hosts| hosts.contains(host))
                };
                let all = objects.clone();
                for route in objects.iter_mut() {
                    let other = match route["kind"].as_str() {
                        Some("HTTPRoute") => "GRPCRoute",
                        Some("GRPCRoute") => "HTTPRoute",
                        _ => continue,
                    };
                    let hosts = route["spec"]["hostnames"].as_array().cloned();
                    let hosts = hosts.unwrap_or_default();
                    let own = older(route);
                    let mut others = all.iter().filter(|one| is(one, other));
                    let meets = |one: &Value| hosts.iter().any(|host| has(one, host));
                    if others.any(|one| older(one) < own && meets(one)) {
                        refuse(route);
                    }
                }
            }),
            &["kinds-of-routes-meet-at-a-listener"],
        ),
        (
            "a route that one of another kind excludes is in force all the same",
            Served(|objects| {
                if !are_both(objects) {
                    return;
                }
                // As an HTTPRoute a GRPCRoute excludes nothing.
                for route in objects.iter_mut().filter(|own| is(own, "GRPCRoute")) {
                    route["kind"] = "HTTPRoute".into();
                    for rule in entries(route, "/spec/rules") {
                        for one in entries(rule, "/matches") {
                            let service = one["method"]["service"].as_str().unwrap();
                            let path = format!("/{service}");
                            *one = json!({"path": {"type": "PathPrefix", "value": path}});
                        }
                    }
                }
            }),
            &["rejected-kind-takes-nothing"],
        ),
        (
            "a Gateway does not tell of conflicts",
            Statuses(|object| {
                if is(object, "Gateway") {
                    conditions(object, |own| {
                        if own["type"] == "Accepted" && own["reason"] == "ListenersNotValid" {
                            own["reason"] = "Accepted".into();
                        }
                    });
                }
            }),
            &["gateway-tells-of-a-conflict"],
        ),
        (
            "routes have entries for Gateways of others",
            Statuses(|object| with_entry(object, "foreign")),
            &["each-parent-has-an-entry"],
        ),
        (
            "routes have entries for Gateways that are not there",
            Statuses(|object| with_entry(object, "missing")),
            &["each-parent-has-an-entry"],
        ),
    ]
}
