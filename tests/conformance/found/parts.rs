//! The parts of objects and answers that faults falsify.

use crate::faults::is;
use gwapi::conformance::{Ended, Observed};
use http::StatusCode;
use serde_json::Value;

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

pub(super) fn conditions(object: &mut Value, change: impl Fn(&mut Value)) {
    let Some(status) = object.get_mut("status") else {
        return;
    };
    entries(status, "/conditions").for_each(&change);
    for part in ["/listeners", "/parents"] {
        for one in entries(status, part) {
            entries(one, "/conditions").for_each(&change);
        }
    }
}
