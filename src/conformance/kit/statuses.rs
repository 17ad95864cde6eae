//! Statuses against what is expected of them.

use super::{
    cluster::{Cluster, key_of},
    scenario::{ExpectedStatus, ListenerExpected},
};
use crate::meta::GROUP;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What of the statuses of objects is not as expected, a sentence each.
pub(super) fn problems(
    expected: &[ExpectedStatus],
    objects: &[Value],
    cluster: &Cluster<'_>,
) -> Vec<String> {
    let mut problems = Vec::new();
    for wanted in expected {
        let mut found = Vec::new();
        let object = objects.iter().find(|object| is_named(object, &wanted.of));
        match object.and_then(|object| object.get("status")) {
            Some(status) => {
                let check = StatusCheck {
                    generation: cluster.generation(&wanted.of),
                    object: cluster.object(&wanted.of),
                    controller: cluster.controller(),
                };
                check.object(wanted, status, &mut found);
            }
            None if wanted.parent_count == Some(0) => {}
            None => found.push("it has no status".to_owned()),
        }
        let named = found
            .into_iter()
            .map(|problem| format!("{}: {problem}", wanted.of));
        problems.extend(named);
    }
    problems
}

fn is_named(object: &Value, name: &str) -> bool {
    let text = |pointer: &str| {
        object
            .pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    key_of(name).is_some_and(|(kind, namespace, name)| {
        let own = (
            text("/kind"),
            text("/metadata/namespace"),
            text("/metadata/name"),
        );
        own == (kind.as_str(), namespace.as_str(), name.as_str())
    })
}

fn list<'v>(value: &'v Value, field: &str) -> &'v [Value] {
    let list = value.get(field).and_then(Value::as_array);
    list.map(Vec::as_slice).unwrap_or_default()
}

fn text<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// The status of an object: its generation, the object as it was applied, and the controller of the GatewayClass.
struct StatusCheck<'c> {
    generation: Option<i64>,
    object: Option<&'c Value>,
    controller: Option<&'c str>,
}

impl StatusCheck<'_> {
    fn object(&self, wanted: &ExpectedStatus, status: &Value, problems: &mut Vec<String>) {
        self.conditions("", &wanted.conditions, list(status, "conditions"), problems);
        self.listeners(wanted, list(status, "listeners"), problems);
        let parents = list(status, "parents");
        self.parents(wanted, parents, problems);
        if let Some(count) = wanted.parent_count
            && count != parents.len()
        {
            problems.push(format!("it names {} parents, not {count}", parents.len()));
        }
        addresses(&wanted.addresses, list(status, "addresses"), problems);
    }

    /// The list at a field of what was applied.
    fn applied(&self, pointer: &str) -> &[Value] {
        let list = self.object.and_then(|object| object.pointer(pointer));
        list.and_then(Value::as_array)
            .map(Vec::as_slice)
            .unwrap_or_default()
    }

    /// A listener has one entry, and no entry is of a listener that is not there.
    fn listeners(&self, wanted: &ExpectedStatus, found: &[Value], problems: &mut Vec<String>) {
        let mut seen = BTreeSet::new();
        for entry in found {
            let name = text(entry, "/name");
            if !seen.insert(name) {
                problems.push(format!("it names the listener `{name}` twice"));
            }
            let mut own = self.applied("/spec/listeners").iter();
            if !own.any(|listener| text(listener, "/name") == name) {
                problems.push(format!(
                    "it names the listener `{name}`, which is not there"
                ));
            }
        }
        for (name, listener) in &wanted.listeners {
            let mut all = found.iter();
            match all.find(|one| text(one, "/name") == name) {
                Some(found) => self.listener(name, listener, found, problems),
                None => problems.push(format!("it says nothing of listener `{name}`")),
            }
        }
    }

    /// A parent has one entry of the controller, and no entry of it is for something that is no parent.
    fn parents(&self, wanted: &ExpectedStatus, found: &[Value], problems: &mut Vec<String>) {
        let references = self.applied("/spec/parentRefs");
        let route = self.object.unwrap_or(&Value::Null);
        let namespace = text(route, "/metadata/namespace");
        let is_of = |entry: &Value, reference: &Value| {
            let of = entry.get("parentRef").unwrap_or(&Value::Null);
            ParentMeant::of(of, namespace) == ParentMeant::of(reference, namespace)
        };
        for entry in found.iter().filter(|entry| self.is_own(entry)) {
            if !references.iter().any(|reference| is_of(entry, reference)) {
                let name = text(entry, "/parentRef/name");
                problems.push(format!("it names the parent `{name}`, which is none"));
            }
        }
        for (parent, conditions) in &wanted.parents {
            let mut named = references.iter();
            let Some(reference) = named.find(|reference| called(reference) == *parent) else {
                problems.push(format!("the route has no parent `{parent}`"));
                continue;
            };
            let own = found.iter().filter(|entry| is_of(entry, reference));
            let own: Vec<&Value> = own.filter(|entry| self.is_own(entry)).collect();
            match own.as_slice() {
                [entry] => {
                    let context = format!("at `{parent}`, ");
                    self.conditions(&context, conditions, list(entry, "conditions"), problems);
                }
                [] => problems.push(format!("it says nothing of the parent `{parent}`")),
                _ => problems.push(format!("it names the parent `{parent}` several times")),
            }
        }
    }

    /// Whether an entry is the controller's. What has Services for parents has no GatewayClass that names one: any that is one
    /// will do.
    fn is_own(&self, entry: &Value) -> bool {
        let controller = text(entry, "/controllerName");
        match text(entry, "/parentRef/kind") {
            "" | "Gateway" => Some(controller) == self.controller,
            _ => controller
                .split_once('/')
                .is_some_and(|(domain, path)| !domain.is_empty() && !path.is_empty()),
        }
    }

    fn listener(
        &self,
        name: &str,
        wanted: &ListenerExpected,
        found: &Value,
        problems: &mut Vec<String>,
    ) {
        let context = format!("listener `{name}`, ");
        if let Some(count) = wanted.attached_routes {
            let attached = found.get("attachedRoutes").and_then(Value::as_i64);
            if attached != Some(count) {
                problems.push(format!(
                    "{context}attachedRoutes is {attached:?}, not {count}"
                ));
            }
        }
        if let Some(kinds) = &wanted.supported_kinds {
            let own = list(found, "supportedKinds").iter();
            let own: BTreeSet<String> = own.map(kind_of).collect();
            let wanted: BTreeSet<String> = kinds.iter().cloned().collect();
            if own != wanted {
                problems.push(format!(
                    "{context}supportedKinds are {own:?}, not {wanted:?}"
                ));
            }
        }
        self.conditions(
            &context,
            &wanted.conditions,
            list(found, "conditions"),
            problems,
        );
    }

    fn conditions(
        &self,
        context: &str,
        wanted: &BTreeMap<String, String>,
        found: &[Value],
        problems: &mut Vec<String>,
    ) {
        let mut seen = BTreeSet::new();
        for condition in found {
            let kind = text(condition, "/type");
            if !seen.insert(kind) {
                problems.push(format!("{context}condition {kind} is there twice"));
            }
            let observed = condition.get("observedGeneration").and_then(Value::as_i64);
            if observed != self.generation {
                problems.push(format!(
                    "{context}condition {kind} is of generation {observed:?}, not {:?}",
                    self.generation
                ));
            }
        }
        for (kind, wanted) in wanted {
            let condition = found.iter().find(|one| text(one, "/type") == kind);
            let (status, reason) = match wanted.split_once(' ') {
                Some((status, reason)) => (status, Some(reason)),
                None => (wanted.as_str(), None),
            };
            let Some(condition) = condition else {
                if !matches!(status, "absent" | "not") {
                    problems.push(format!("{context}condition {kind} is not there"));
                }
                continue;
            };
            let own = (text(condition, "/status"), text(condition, "/reason"));
            let is_as_wanted = match (status, reason) {
                ("not", Some(other)) => own.0 != other,
                ("any", Some(reason)) => own.1 == reason,
                (status, reason) => own.0 == status && reason.is_none_or(|reason| reason == own.1),
            };
            if !is_as_wanted {
                problems.push(format!(
                    "{context}condition {kind} is {} {}, not {wanted}",
                    own.0, own.1
                ));
            }
        }
    }
}

/// The addresses of a Gateway. It may have others beside those that are expected.
fn addresses(wanted: &[String], found: &[Value], problems: &mut Vec<String>) {
    let kind = |address: &Value| match text(address, "/type") {
        "" => "IPAddress".to_owned(),
        kind => kind.to_owned(),
    };
    let named = found.iter();
    let named = named.map(|address| format!("{} {}", kind(address), text(address, "/value")));
    let named: Vec<String> = named.collect();
    for one in wanted {
        let is_so = match one.split_once(' ') {
            Some(("not", value)) => found.iter().all(|own| text(own, "/value") != value),
            Some(_) => named.contains(one),
            // Clients can connect to no other kinds of address.
            None => found
                .iter()
                .any(|own| matches!(kind(own).as_str(), "IPAddress" | "Hostname")),
        };
        if !is_so {
            problems.push(format!("its addresses are {named:?}: expected `{one}`"));
        }
    }
}

/// A kind of a listener: the kind alone where it is of the API's group.
fn kind_of(entry: &Value) -> String {
    // The group `""`, which is that of Services, is another one than none.
    let group = entry.get("group").and_then(Value::as_str).unwrap_or(GROUP);
    let kind = text(entry, "/kind");
    match group {
        GROUP => kind.to_owned(),
        group => format!("{group}/{kind}"),
    }
}

/// What scenarios call a parent: `name`, `name/section`, or `name:port`.
fn called(reference: &Value) -> String {
    let mut name = text(reference, "/name").to_owned();
    let section = text(reference, "/sectionName");
    if !section.is_empty() {
        name = format!("{name}/{section}");
    }
    match reference.get("port").and_then(Value::as_u64) {
        Some(port) => format!("{name}:{port}"),
        None => name,
    }
}

/// What a reference to a parent means, with what it leaves out.
#[derive(PartialEq)]
struct ParentMeant<'v> {
    group: &'v str,
    kind: &'v str,
    namespace: &'v str,
    name: &'v str,
    section: &'v str,
    port: Option<u64>,
}

impl<'v> ParentMeant<'v> {
    fn of(reference: &'v Value, own_namespace: &'v str) -> Self {
        let or = |field: &str, default: &'v str| {
            let value = reference.get(field).and_then(Value::as_str);
            value.unwrap_or(default)
        };
        Self {
            group: or("group", GROUP),
            kind: or("kind", "Gateway"),
            namespace: or("namespace", own_namespace),
            name: or("name", ""),
            section: or("sectionName", ""),
            port: reference.get("port").and_then(Value::as_u64),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_kind_of_another_group_is_another_kind() {
        for (entry, name) in [
            (json!({"kind": "HTTPRoute"}), "HTTPRoute"),
            (json!({"kind": "HTTPRoute", "group": GROUP}), "HTTPRoute"),
            (json!({"kind": "HTTPRoute", "group": ""}), "/HTTPRoute"),
            (json!({"kind": "A", "group": "b.example"}), "b.example/A"),
        ] {
            assert_eq!(kind_of(&entry), name);
        }
    }
}
