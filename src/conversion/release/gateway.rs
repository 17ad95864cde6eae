//! TLS of a Gateway: `backendTLS` and the listeners' `frontendValidation` before v1.4.0, `spec.tls` since.

use super::fields::{Note, Remarks, has_only, set, take};
use crate::{
    conversion::ConversionProblemKind as Problem,
    schema::{self, Path, Schema},
};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

const OLD_BACKEND: &str = "backendTLS";
const OLD_FRONTEND: &str = "frontendValidation";
const TLS: &str = "tls";

pub(super) fn reshape(
    spec: &mut Map<String, Value>,
    schema: &Schema,
    at: &Path<'_>,
    found: &mut Remarks,
) {
    let tls_of_listeners = schema
        .properties
        .get("listeners")
        .and_then(|listeners| listeners.items.as_ref())
        .and_then(|listener| listener.properties.get(TLS));
    let old_frontend =
        tls_of_listeners.is_some_and(|tls| tls.properties.contains_key(OLD_FRONTEND));
    let has_tls = schema.properties.contains_key(TLS);
    if has_only(schema, TLS, OLD_BACKEND) {
        backend(spec, at, found);
    } else if has_only(schema, OLD_BACKEND, TLS) {
        backend_back(spec, at, found);
    }
    if has_tls && !old_frontend {
        frontend(spec, at, found);
    } else if !has_tls && old_frontend {
        frontend_back(spec, at, found);
    }
}

/// The member as an object, made where it is absent; a problem where it is anything else.
fn object<'v>(
    parent: &'v mut Map<String, Value>,
    name: &str,
    at: &Path<'_>,
    found: &mut Remarks,
) -> Option<&'v mut Map<String, Value>> {
    if set(parent, name).is_none() {
        parent.insert(name.to_owned(), json!({}));
    }
    let member = parent.get_mut(name).and_then(Value::as_object_mut);
    if member.is_none() {
        found.problem(at.field(name), Problem::Type("an object"));
    }
    member
}

fn backend(spec: &mut Map<String, Value>, at: &Path<'_>, found: &mut Remarks) {
    let Some(old) = set(spec, OLD_BACKEND).cloned() else {
        return;
    };
    let Some(tls) = object(spec, TLS, at, found) else {
        return;
    };
    match set(tls, "backend") {
        Some(new) if *new != old => {
            let problem = Problem::BothForms("spec.tls.backend".to_owned());
            found.problem(at.field(OLD_BACKEND), problem);
            return;
        }
        Some(_) => {}
        None => {
            tls.insert("backend".to_owned(), old);
            let tls = at.field(TLS);
            found.moves.add(at.field(OLD_BACKEND), tls.field("backend"));
        }
    }
    spec.remove(OLD_BACKEND);
}

fn backend_back(spec: &mut Map<String, Value>, at: &Path<'_>, found: &mut Remarks) {
    let Some(Value::Object(tls)) = spec.get_mut(TLS) else {
        return;
    };
    let Some(new) = take(tls, "backend") else {
        return;
    };
    remove_empty(spec, TLS);
    match set(spec, OLD_BACKEND) {
        Some(old) if *old != new => {
            let problem = Problem::BothForms(format!("spec.{OLD_BACKEND}"));
            found.problem(at.field(TLS).field("backend"), problem);
        }
        _ => {
            spec.insert(OLD_BACKEND.to_owned(), new);
            let tls = at.field(TLS);
            found.moves.add(tls.field("backend"), at.field(OLD_BACKEND));
        }
    }
}

fn remove_empty(parent: &mut Map<String, Value>, name: &str) {
    if parent
        .get(name)
        .and_then(Value::as_object)
        .is_some_and(Map::is_empty)
    {
        parent.remove(name);
    }
}

/// An HTTPS listener, as far as the check of client certificates goes.
struct Https {
    index: usize,
    name: String,
    validation: Option<Value>,
}

fn listeners(spec: &Map<String, Value>) -> impl Iterator<Item = (usize, &Map<String, Value>)> {
    let list = spec.get("listeners").and_then(Value::as_array);
    let all = list.into_iter().flatten().enumerate();
    all.filter_map(|(index, listener)| Some((index, listener.as_object()?)))
}

fn text<'v>(fields: &'v Map<String, Value>, name: &str) -> &'v str {
    set(fields, name)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

fn port(fields: &Map<String, Value>) -> Option<u64> {
    fields.get("port").and_then(Value::as_u64)
}

fn validation(listener: &Map<String, Value>) -> Option<&Value> {
    set(listener.get(TLS)?.as_object()?, OLD_FRONTEND)
}

/// The HTTPS listeners by port, in the order of their ports.
fn https(spec: &Map<String, Value>) -> BTreeMap<u64, Vec<Https>> {
    let mut ports: BTreeMap<u64, Vec<Https>> = BTreeMap::new();
    for (index, listener) in listeners(spec) {
        if let (Some(port), "HTTPS") = (port(listener), text(listener, "protocol")) {
            ports.entry(port).or_default().push(Https {
                index,
                name: text(listener, "name").to_owned(),
                validation: validation(listener).cloned(),
            });
        }
    }
    ports
}

/// The settings of listeners as settings of ports.
fn frontend(spec: &mut Map<String, Value>, at: &Path<'_>, found: &mut Remarks) {
    let list = at.field("listeners");
    let before = found.problems.len();
    for (index, listener) in listeners(spec) {
        let protocol = text(listener, "protocol");
        if protocol != "HTTPS" && validation(listener).is_some() {
            let listener = list.index(index);
            let tls = listener.field(TLS);
            let problem = Problem::NotHttps(protocol.to_owned());
            found.problem(tls.field(OLD_FRONTEND), problem);
        }
    }
    let mut settings = Vec::new();
    for (port, listeners) in https(spec) {
        let Some(first) = listeners.iter().find(|l| l.validation.is_some()) else {
            continue;
        };
        if let Some(other) = listeners.iter().find(|l| l.validation != first.validation) {
            let listener = list.index(first.index);
            let tls = listener.field(TLS);
            found.problem(
                tls.field(OLD_FRONTEND),
                Problem::OneSettingForPort {
                    port,
                    listeners: [first.name.clone(), other.name.clone()],
                },
            );
        }
        settings.push((port, first.index, first.validation.clone()));
    }
    if settings.is_empty() || found.problems.len() > before {
        return;
    }
    let tls_at = at.field(TLS);
    let Some(tls) = object(spec, TLS, at, found) else {
        return;
    };
    let Some(frontend) = object(tls, "frontend", &tls_at, found) else {
        return;
    };
    frontend.entry("default").or_insert_with(|| json!({}));
    let entries = frontend
        .entry("perPort")
        .and_modify(|entries| {
            if entries.is_null() {
                *entries = json!([]);
            }
        })
        .or_insert_with(|| json!([]));
    let frontend_at = tls_at.field("frontend");
    let ports_at = frontend_at.field("perPort");
    let Some(entries) = entries.as_array_mut() else {
        found.problem(ports_at, Problem::Type("a list"));
        return;
    };
    for (port, index, validation) in settings {
        let new = json!({ "port": port, "tls": { "validation": validation } });
        match entries
            .iter()
            .find(|entry| entry.get("port") == new.get("port"))
        {
            Some(known) if *known != new => {
                let listener = list.index(index);
                let tls = listener.field(TLS);
                let problem = Problem::BothForms("spec.tls.frontend.perPort".to_owned());
                found.problem(tls.field(OLD_FRONTEND), problem);
                return;
            }
            Some(_) => {}
            None => {
                let listener = list.index(index);
                let old = listener.field(TLS);
                let entry = ports_at.index(entries.len());
                let new_tls = entry.field(TLS);
                let to = new_tls.field("validation");
                found.moves.add(old.field(OLD_FRONTEND), to);
                entries.push(new);
            }
        }
    }
    for listener in spec
        .get_mut("listeners")
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
    {
        if let Some(tls) = listener.get_mut(TLS).and_then(Value::as_object_mut) {
            take(tls, OLD_FRONTEND);
        }
    }
}

/// Before v1.4.0 there was one way to deal with clients whose certificates are not valid.
fn refuse_mode(validation: Option<&Value>, at: &Path<'_>, found: &mut Remarks) {
    let mode = validation.and_then(|validation| validation.get("mode"));
    if mode.is_some_and(|mode| !mode.is_null()) {
        let problem = Problem::NoForm {
            message: "the wanted release has no `mode`: it refuses clients whose certificates are not valid, as \
                      `AllowValidOnly` does"
                .to_owned(),
            help: format!(
                "do without it if that is meant, or keep the Gateway in a release that has it ({})",
                schema::field_in_words(
                    "gateway.networking.k8s.io/v1",
                    "Gateway",
                    &["spec", "tls", "frontend", "default", "validation", "mode"]
                )
            ),
        };
        found.problem(at.field("validation").field("mode"), problem);
    }
}

/// Whether ListenerSets may add listeners to the Gateway.
fn admits_listener_sets(spec: &Map<String, Value>) -> bool {
    spec.get("allowedListeners")
        .and_then(|allowed| allowed.get("namespaces"))
        .and_then(|namespaces| namespaces.get("from"))
        .is_some_and(|from| !from.is_null() && from != "None")
}

/// The settings of ports as settings of listeners. What is not understood stays, and has no form.
fn frontend_back(spec: &mut Map<String, Value>, at: &Path<'_>, found: &mut Remarks) {
    let Some(frontend) = spec
        .get(TLS)
        .and_then(|tls| tls.get("frontend"))
        .and_then(Value::as_object)
    else {
        return;
    };
    let before = found.problems.len();
    let default = frontend
        .get("default")
        .and_then(|default| default.get("validation"))
        .filter(|validation| !validation.is_null())
        .cloned();
    // By port, where it stands and what it is.
    let mut settings: BTreeMap<u64, (String, Option<Value>)> = BTreeMap::new();
    let ports = https(spec);
    let tls_at = at.field(TLS);
    let frontend_at = tls_at.field("frontend");
    let list = frontend_at.field("perPort");
    let entries = frontend.get("perPort").and_then(Value::as_array);
    for (index, entry) in entries.into_iter().flatten().enumerate() {
        let validation = entry
            .get("tls")
            .and_then(|tls| tls.get("validation"))
            .filter(|validation| !validation.is_null());
        let Some(port) = entry.as_object().and_then(port) else {
            return;
        };
        if !ports.contains_key(&port) {
            found.problem(list.index(index), Problem::NoListener(Some(port)));
        }
        let tls = list.index(index);
        let tls = tls.field(TLS);
        refuse_mode(validation, &tls, found);
        let from = tls.field("validation").to_string();
        settings.insert(port, (from, validation.cloned()));
    }
    refuse_mode(default.as_ref(), &frontend_at.field("default"), found);
    if default.is_some() && ports.is_empty() {
        found.problem(frontend_at.field("default"), Problem::NoListener(None));
    }
    if found.problems.len() > before {
        return;
    }
    let default_at = frontend_at.field("default");
    let default = (default_at.field("validation").to_string(), default);
    let mut moved = BTreeSet::new();
    let mut first_moved = None;
    for (port, listeners) in &ports {
        let (from, validation) = settings.get(port).unwrap_or(&default);
        let Some(validation) = validation else {
            continue;
        };
        for listener in listeners {
            first_moved.get_or_insert(listener.index);
            if moved.insert(from) {
                let listeners = at.field("listeners");
                let listener = listeners.index(listener.index);
                let tls = listener.field(TLS);
                found.moves.add(from, tls.field(OLD_FRONTEND));
            }
            let listener = spec
                .get_mut("listeners")
                .and_then(|list| list.get_mut(listener.index))
                .and_then(Value::as_object_mut);
            let Some(listener) = listener else { continue };
            let tls = listener.entry(TLS).or_insert_with(|| json!({}));
            if let Some(tls) = tls.as_object_mut() {
                tls.insert(OLD_FRONTEND.to_owned(), validation.clone());
            }
        }
    }
    if let Some(index) = first_moved.filter(|_| admits_listener_sets(spec)) {
        let list = at.field("listeners");
        let listener = list.index(index);
        let tls = listener.field(TLS);
        found.notes.push(Note {
            path: tls.field(OLD_FRONTEND).to_string(),
            rule: "client-check-of-listener-sets",
            message: "the check of client certificates is a setting of each listener in the wanted release: listeners of ListenerSets \
                      that had it from this Gateway accept clients without a certificate there",
            help: "set `tls.frontendValidation` at the HTTPS listeners of the XListenerSets, too",
        });
    }
    let known = |name: &str| name == "default" || name == "perPort";
    if let Some(Value::Object(tls)) = spec.get_mut(TLS)
        && let Some(Value::Object(frontend)) = tls.get_mut("frontend")
    {
        frontend.retain(|name, _| !known(name));
        remove_empty(tls, "frontend");
        remove_empty(spec, TLS);
    }
}
