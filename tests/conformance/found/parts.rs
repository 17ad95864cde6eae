//! The parts of objects and answers that faults falsify.

use crate::faults::is;
use gwapi::conformance::{Ended, Observed};
use http::StatusCode;
use serde_json::{Value, json};

/// All rules of routes.
pub(super) fn rules(objects: &mut [Value], change: impl Fn(&mut Value)) {
    for object in objects {
        let rules = object
            .pointer_mut("/spec/rules")
            .and_then(Value::as_array_mut);
        rules.into_iter().flatten().for_each(&change);
    }
}

pub(super) fn entries<'v>(
    value: &'v mut Value,
    pointer: &str,
) -> impl Iterator<Item = &'v mut Value> {
    let list = value.pointer_mut(pointer).and_then(Value::as_array_mut);
    list.into_iter().flatten()
}

/// All filters, those of backends included.
pub(super) fn filters(objects: &mut [Value], change: impl Fn(&mut Vec<Value>)) {
    rules(objects, |rule| {
        if let Some(own) = rule["filters"].as_array_mut() {
            change(own);
        }
        for backend in entries(rule, "/backendRefs") {
            if let Some(own) = backend["filters"].as_array_mut() {
                change(own);
            }
        }
    });
}

/// All header modifiers.
pub(super) fn modifiers(objects: &mut [Value], change: impl Fn(&mut Value)) {
    filters(objects, |filters| {
        for filter in filters {
            for kind in ["requestHeaderModifier", "responseHeaderModifier"] {
                if let Some(modifier) = filter.get_mut(kind) {
                    change(modifier);
                }
            }
        }
    });
}

pub(super) fn without_filter(objects: &mut [Value], kind: &str) {
    filters(objects, |filters| {
        filters.retain(|filter| filter["type"] != kind);
    });
}

pub(super) fn remove(value: &mut Value, field: &str) {
    if let Some(members) = value.as_object_mut() {
        members.remove(field);
    }
}

/// Moves the entries of one list behind those of another.
pub(super) fn join(value: &mut Value, from: &str, to: &str) {
    let Some(Value::Array(moved)) = value.get(from).cloned() else {
        return;
    };
    remove(value, from);
    let members = value.as_object_mut().unwrap();
    let list = members
        .entry(to)
        .or_insert_with(|| Value::Array(Vec::new()));
    list.as_array_mut().unwrap().extend(moved);
}

pub(super) fn grants(objects: &mut [Value], change: impl Fn(&mut Value)) {
    objects
        .iter_mut()
        .filter(|object| is(object, "ReferenceGrant"))
        .for_each(change);
}

pub(super) fn status(seen: &mut Observed, from: u16, to: u16) {
    if let Ended::Response(head) = &mut seen.ended
        && head.status == from
    {
        head.status = StatusCode::from_u16(to).unwrap();
    }
}

pub(super) fn location(seen: &mut Observed, change: impl Fn(&str) -> String) {
    if let Ended::Response(head) = &mut seen.ended
        && let Some(location) = head.headers.get_mut("location")
    {
        *location = change(location.to_str().unwrap()).parse().unwrap();
    }
}

pub(super) fn weights(objects: &mut [Value], change: impl Fn(u64) -> u64) {
    rules(objects, |rule| {
        for backend in entries(rule, "/backendRefs") {
            if let Some(weight) = backend.get("weight").and_then(Value::as_u64) {
                backend["weight"] = change(weight).into();
            }
        }
    });
}

/// All conditions of a status.
pub(super) fn conditions(object: &mut Value, change: impl Fn(&mut Value)) {
    lists_of_conditions(object, |list| list.iter_mut().for_each(&change));
}

/// The conditions of an object, of each listener, and of each parent.
pub(super) fn lists_of_conditions(object: &mut Value, change: impl Fn(&mut Vec<Value>)) {
    let Some(status) = object.get_mut("status") else {
        return;
    };
    let own = status.get_mut("conditions").and_then(Value::as_array_mut);
    own.into_iter().for_each(&change);
    for part in ["/listeners", "/parents"] {
        for one in entries(status, part) {
            change(one["conditions"].as_array_mut().unwrap());
        }
    }
}

/// The entries of a status: of listeners, or of parents.
pub(super) fn of_status(object: &mut Value, part: &str, change: impl Fn(&mut Value)) {
    if let Some(status) = object.get_mut("status") {
        entries(status, part).for_each(change);
    }
}

/// The texts of a field in a list.
pub(super) fn texts<'v>(value: &'v Value, list: &str, field: &'v str) -> Vec<&'v str> {
    let list = value.pointer(list).and_then(Value::as_array);
    let texts = list.into_iter().flatten();
    texts.filter_map(|entry| entry[field].as_str()).collect()
}

/// The filters of a route's rules and backends, by their types.
pub(super) fn filters_of(route: &Value) -> Vec<&str> {
    let rules = route["spec"]["rules"].as_array().into_iter().flatten();
    let mut found = Vec::new();
    for rule in rules {
        found.extend(texts(rule, "/filters", "type"));
        for backend in rule["backendRefs"].as_array().into_iter().flatten() {
            found.extend(texts(backend, "/filters", "type"));
        }
    }
    found
}

/// Says of a route that it is not accepted, at every parent.
pub(super) fn refuse(route: &mut Value) {
    of_status(route, "/parents", |parent| {
        entries(parent, "/conditions")
            .filter(|own| own["type"] == "Accepted")
            .for_each(|own| own["status"] = "False".into());
    });
}

/// The routes of a mesh that are in another namespace than their Service.
pub(super) fn is_of_consumer(route: &Value) -> bool {
    let parent = &route["spec"]["parentRefs"][0];
    let namespace = &parent["namespace"];
    parent["kind"] == "Service"
        && !namespace.is_null()
        && *namespace != route["metadata"]["namespace"]
}

/// Lets the routes of consumers be routes of their Service's own namespace, where that is to be.
pub(super) fn to_producers(objects: &mut Vec<Value>, is_moved: impl Fn(&Value) -> bool) {
    let mut grants = Vec::new();
    let routes = objects.iter_mut();
    for route in routes.filter(|route| is_of_consumer(route) && is_moved(route)) {
        let own = route["metadata"]["namespace"].clone();
        let of_service = route["spec"]["parentRefs"][0]["namespace"].clone();
        for rule in entries(route, "/spec/rules") {
            entries(rule, "/backendRefs")
                .filter(|backend| backend["namespace"].is_null())
                .for_each(|backend| backend["namespace"] = own.clone());
        }
        let kind = route["kind"].clone();
        grants.push(json!({"apiVersion": "gateway.networking.k8s.io/v1beta1", "kind": "ReferenceGrant",
            "metadata": {"name": "of-consumers", "namespace": own},
            "spec": {"from": [{"group": "gateway.networking.k8s.io", "kind": kind, "namespace": of_service}],
                "to": [{"group": "", "kind": "Service"}]}}));
        route["metadata"]["namespace"] = of_service;
    }
    objects.extend(grants);
}
