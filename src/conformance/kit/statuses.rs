//! Statuses against what is expected of them.

use super::{
    cluster::{Cluster, key_of},
    scenario::{ExpectedStatus, ListenerExpected},
};
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
                let generation = cluster.generation(&wanted.of);
                StatusCheck { generation }.object(wanted, status, &mut found);
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

/// The status of an object of this generation.
struct StatusCheck {
    generation: Option<i64>,
}

impl StatusCheck {
    fn object(&self, wanted: &ExpectedStatus, status: &Value, problems: &mut Vec<String>) {
        self.conditions("", &wanted.conditions, list(status, "conditions"), problems);
        for (name, listener) in &wanted.listeners {
            let mut all = list(status, "listeners").iter();
            match all.find(|one| text(one, "/name") == name) {
                Some(found) => self.listener(name, listener, found, problems),
                None => problems.push(format!("it says nothing of listener `{name}`")),
            }
        }
        let parents = list(status, "parents");
        for (parent, conditions) in &wanted.parents {
            match parents.iter().find(|found| is_parent(found, parent)) {
                Some(found) => {
                    let context = format!("at `{parent}`, ");
                    self.conditions(&context, conditions, list(found, "conditions"), problems);
                }
                None => problems.push(format!("it says nothing of the parent `{parent}`")),
            }
        }
        if let Some(count) = wanted.parent_count
            && count != parents.len()
        {
            problems.push(format!("it names {} parents, not {count}", parents.len()));
        }
        if let Some(addresses) = &wanted.addresses {
            let found = list(status, "addresses").iter();
            let found: Vec<&str> = found.map(|address| text(address, "/value")).collect();
            if found != *addresses {
                problems.push(format!("its addresses are {found:?}, not {addresses:?}"));
            }
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
            let own: BTreeSet<&str> = own.map(|kind| text(kind, "/kind")).collect();
            let wanted: BTreeSet<&str> = kinds.iter().map(String::as_str).collect();
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
        for (kind, wanted) in wanted {
            let condition = found.iter().find(|one| text(one, "/type") == kind);
            let (status, reason) = match wanted.split_once(' ') {
                Some((status, reason)) => (status, Some(reason)),
                None => (wanted.as_str(), None),
            };
            let Some(condition) = condition else {
                if status != "absent" {
                    problems.push(format!("{context}condition {kind} is not there"));
                }
                continue;
            };
            let own = (text(condition, "/status"), text(condition, "/reason"));
            if own.0 != status || reason.is_some_and(|reason| reason != own.1) {
                problems.push(format!(
                    "{context}condition {kind} is {} {}, not {wanted}",
                    own.0, own.1
                ));
            }
            let observed = condition.get("observedGeneration").and_then(Value::as_i64);
            if observed != self.generation {
                problems.push(format!(
                    "{context}condition {kind} is of generation {observed:?}, not {:?}",
                    self.generation
                ));
            }
        }
    }
}

/// Whether an entry of a route's status is for a parent: `name`, `name/section`, or `name:port`.
fn is_parent(entry: &Value, wanted: &str) -> bool {
    let reference = |field: &str| text(entry, &format!("/parentRef/{field}"));
    let port = entry.pointer("/parentRef/port").and_then(Value::as_u64);
    let mut own = reference("name").to_owned();
    if !reference("sectionName").is_empty() {
        own = format!("{own}/{}", reference("sectionName"));
    }
    if let Some(port) = port {
        own = format!("{own}:{port}");
    }
    own == wanted
}
