//! What a set leaves out and counts as there: kinds that the user names, and Secrets and ConfigMaps that something of the set makes.

use crate::{
    input::{Entry, Input},
    output::{Line, Page, Tone},
};
use clap::Args;
use gwapi::{
    meta::{GROUP, GroupVersionKind, MULTICLUSTER_GROUP, ObjectRef},
    schema::{self, nearest_name},
    sim::world::{Usage, WorldAuthority},
};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, SystemTime},
};

/// What counts as there although it is not in the set; every verb that judges a set takes it.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct PresentArgs {
    /// Kinds, with commas between them, whose objects count as present: Secret,Service
    #[arg(long, value_name = "KIND", value_delimiter = ',')]
    assume_present: Vec<String>,
}

/// The kinds beside those of the Gateway API that it refers to.
const OTHER_KINDS: [&str; 5] = [
    "ConfigMap",
    "Namespace",
    "Secret",
    "Service",
    "ServiceImport",
];

/// The kinds of which an object can be made up.
const MADE_UP: [&str; 5] = [
    "ConfigMap",
    "ReferenceGrant",
    "Secret",
    "Service",
    "ServiceImport",
];

/// How many kinds of references are told apart.
const MOST_KINDS: usize = 1_000;

/// What objects of a set say of others that may not be in it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Referred {
    /// Whether kinds were named that count as there.
    is_asked: bool,
    /// The objects that are there, or were given and are left out.
    there: BTreeSet<ObjectRef>,
    /// What is referred to, and what it has to have.
    to: BTreeMap<ObjectRef, Wanted>,
    /// References to other namespaces: the kind and namespace of who refers, and the object.
    across: BTreeSet<(String, String, ObjectRef)>,
    /// Objects that something makes.
    made: BTreeSet<ObjectRef>,
    /// Those of which nobody knows in which namespace they are made: kind and name.
    made_anywhere: BTreeSet<(String, String)>,
    /// The kinds of those of which nobody knows by which name they are made.
    made_somehow: BTreeSet<&'static str>,
    /// The kinds that references name.
    kinds: BTreeSet<String>,
}

/// What an object has to have, so that the references to it are right.
#[derive(Clone, Debug, Default)]
struct Wanted {
    /// Ports, each with its protocol.
    ports: BTreeSet<(u64, &'static str)>,
    /// The names of ports.
    names: BTreeSet<String>,
    /// The hosts of a certificate.
    hosts: BTreeSet<String>,
}

/// Who refers to something.
#[derive(Clone, Copy)]
struct From<'e> {
    kind: &'e str,
    namespace: &'e str,
    /// The hostname of the listener.
    host: Option<&'e str>,
}

impl PresentArgs {
    /// What nothing is known of yet.
    pub(crate) fn nothing(&self) -> Referred {
        Referred {
            is_asked: !self.assume_present.is_empty(),
            ..Referred::default()
        }
    }

    /// The kinds that count as there, as the API writes them.
    ///
    /// # Errors
    ///
    /// A kind that nobody knows and to which nothing of the set refers.
    pub(crate) fn kinds(&self, referred: &Referred) -> Result<BTreeSet<String>, String> {
        let known = schema::KINDS.iter().map(|known| known.kind);
        let known: BTreeSet<&str> = known
            .chain(OTHER_KINDS)
            .chain(referred.kinds.iter().map(String::as_str))
            .collect();
        let kind = |written: &String| {
            let written = written.trim();
            let is_it = |kind: &&&str| kind.eq_ignore_ascii_case(written);
            if let Some(kind) = known.iter().find(is_it) {
                return Ok((*kind).to_owned());
            }
            Err(match nearest_name(written, known.iter().copied()) {
                Some(near) => format!(
                    "`--assume-present {written}`: there is no such kind, and nothing refers to one; did you mean `{near}`?"
                ),
                None => format!(
                    "`--assume-present {written}`: there is no such kind, and nothing refers to one"
                ),
            })
        };
        self.assume_present.iter().map(kind).collect()
    }

    /// The same for a verb that needs the objects themselves.
    ///
    /// # Errors
    ///
    /// Also a kind of whose objects more has to be known than that they are there.
    pub(crate) fn kinds_made_up(&self, referred: &Referred) -> Result<BTreeSet<String>, String> {
        let kinds = self.kinds(referred)?;
        match kinds.iter().find(|kind| !MADE_UP.contains(&kind.as_str())) {
            None => Ok(kinds),
            Some(kind) => Err(format!(
                "`--assume-present {kind}`: what such an object holds is not known, and the answer depends on it; objects of these \
                 kinds can count as there: {}",
                MADE_UP.join(", ")
            )),
        }
    }
}

impl Referred {
    /// Looks at an object.
    pub(crate) fn see(&mut self, entry: &Entry) {
        let kind = entry.kind();
        let namespace = namespace(entry);
        let group = GroupVersionKind::from_api_version(entry.api_version(), kind).group;
        if MADE_UP.contains(&kind) {
            self.there.insert(ObjectRef {
                group: group.clone(),
                kind: kind.to_owned(),
                namespace: namespace.to_owned(),
                name: entry.name().to_owned(),
            });
        }
        if let Some((field, name)) = made_by(entry, &group) {
            if entry.open.is_at(field) {
                self.made_somehow.insert("Secret");
            } else if entry.is_placed {
                self.make("Secret", namespace, name);
            } else {
                self.make_anywhere("Secret", name);
            }
        }
        // Of others, nothing that is made is looked for.
        let refers =
            self.is_asked || ["Gateway", "ListenerSet", "BackendTLSPolicy"].contains(&kind);
        if refers && group == GROUP {
            let from = From {
                kind,
                namespace,
                host: None,
            };
            let is_issued = kind == "Gateway" && asks_for_certificates(entry);
            self.walk(&entry.value, from, is_issued);
        }
    }

    /// Adds what kustomizations make.
    pub(crate) fn add_generated(&mut self, input: &Input) {
        for object in input.generated() {
            match object.namespace.as_str() {
                "" => self.make_anywhere(&object.kind, &object.name),
                namespace => self.make(&object.kind, namespace, &object.name),
            }
        }
        for (kind, name) in input.generated_anywhere() {
            self.make_anywhere(kind, name);
        }
    }

    fn make(&mut self, kind: &str, namespace: &str, name: &str) {
        self.made.insert(core(kind, namespace, name));
    }

    fn make_anywhere(&mut self, kind: &str, name: &str) {
        self.made_anywhere
            .insert((kind.to_owned(), name.to_owned()));
    }

    /// Whether something makes an object, or may make it: in a namespace or by a name of which nobody knows.
    pub(crate) fn is_made(&self, kind: &str, namespace: &str, name: &str) -> bool {
        self.made_somehow.contains(kind)
            || self.made.contains(&core(kind, namespace, name))
            || self
                .made_anywhere
                .contains(&(kind.to_owned(), name.to_owned()))
    }

    /// Looks for references below a field.
    fn walk(&mut self, value: &Value, from: From<'_>, is_issued: bool) {
        match value {
            Value::Array(items) => items
                .iter()
                .for_each(|item| self.walk(item, from, is_issued)),
            Value::Object(members) => {
                let text = |field: &str| members.get(field).and_then(Value::as_str);
                if let Some(kind) = text("kind").filter(|_| self.kinds.len() < MOST_KINDS)
                    && members.contains_key("name")
                {
                    self.kinds.insert(kind.to_owned());
                }
                // A listener.
                let host = text("hostname").filter(|_| members.contains_key("protocol"));
                let from = From {
                    host: host.or(from.host),
                    ..from
                };
                for (field, member) in members {
                    let of_kind = match field.as_str() {
                        "backendRefs" | "backendRef" => Some(("", "Service")),
                        "parentRefs" => Some((GROUP, "Gateway")),
                        "certificateRefs" | "clientCertificateRef" => Some(("", "Secret")),
                        "caCertificateRefs" | "caCertRefs" | "parametersRef" | "targetRefs"
                        | "targetRef" => Some(("", "")),
                        _ => None,
                    };
                    if let Some(default) = of_kind {
                        let references = match member {
                            Value::Array(items) => items.as_slice(),
                            one => std::slice::from_ref(one),
                        };
                        for reference in references {
                            self.note(reference, default, from, is_issued);
                        }
                    }
                    self.walk(member, from, is_issued);
                }
            }
            _ => {}
        }
    }

    fn note(
        &mut self,
        reference: &Value,
        (group, kind): (&str, &str),
        from: From<'_>,
        is_issued: bool,
    ) {
        let text = |field: &str| reference.get(field).and_then(Value::as_str);
        let Some(name) = text("name") else {
            return;
        };
        let to = ObjectRef {
            group: text("group").unwrap_or(group).to_owned(),
            kind: text("kind").unwrap_or(kind).to_owned(),
            namespace: text("namespace").unwrap_or(from.namespace).to_owned(),
            name: name.to_owned(),
        };
        if !MADE_UP.contains(&to.kind.as_str()) {
            return;
        }
        if is_issued && to.kind == "Secret" {
            self.made.insert(to.clone());
        }
        // A GatewayClass is in no namespace, and needs no grant.
        if to.namespace != from.namespace && from.kind != "GatewayClass" {
            let (kind, namespace) = (from.kind.to_owned(), from.namespace.to_owned());
            self.across.insert((kind, namespace, to.clone()));
        }
        let wanted = self.to.entry(to).or_default();
        let protocol = match from.kind {
            "UDPRoute" => "UDP",
            _ => "TCP",
        };
        let port = reference.get("port").and_then(Value::as_u64);
        wanted.ports.extend(port.map(|port| (port, protocol)));
        wanted.names.extend(text("sectionName").map(str::to_owned));
        wanted.hosts.extend(from.host.map(str::to_owned));
    }

    /// What counts as there and is not: objects that are made, and those of these kinds.
    pub(crate) fn absent(&self, kinds: &BTreeSet<String>) -> Vec<Value> {
        let mut absent = Vec::new();
        let counts = |to: &ObjectRef| {
            kinds.contains(&to.kind) || self.is_made(&to.kind, &to.namespace, &to.name)
        };
        let authority = self
            .to
            .keys()
            .any(|to| ["Secret", "ConfigMap"].contains(&to.kind.as_str()) && counts(to));
        let authority = authority.then(|| {
            // By clocks that do not quite agree, too.
            let from = SystemTime::now().checked_sub(Duration::from_secs(24 * 60 * 60));
            WorldAuthority::new(0, "assumed", from.unwrap_or(SystemTime::UNIX_EPOCH)).ok()
        });
        let authority = authority.flatten();
        for (to, wanted) in &self.to {
            if counts(to) && !self.there.contains(to) {
                absent.extend(made_up(to, wanted, authority.as_ref()));
            }
        }
        if kinds.contains("ReferenceGrant") {
            let grants = self.across.iter().enumerate();
            absent.extend(grants.map(|(number, (kind, namespace, to))| {
                json!({
                    "apiVersion": format!("{GROUP}/v1beta1"),
                    "kind": "ReferenceGrant",
                    "metadata": {"name": format!("assumed-{number}"), "namespace": to.namespace},
                    "spec": {
                        "from": [{"group": GROUP, "kind": kind, "namespace": namespace}],
                        "to": [{"group": to.group, "kind": to.kind, "name": to.name}],
                    },
                })
            }));
        }
        absent
    }
}

/// An object that has what is wanted of it; nothing where no such object can be made up.
fn made_up(to: &ObjectRef, wanted: &Wanted, authority: Option<&WorldAuthority>) -> Option<Value> {
    let ObjectRef {
        group,
        kind,
        namespace,
        name,
    } = to;
    let version = match (group.as_str(), kind.as_str()) {
        ("", "Secret") => {
            let hosts: Vec<&str> = wanted.hosts.iter().map(String::as_str).collect();
            let hosts = if hosts.is_empty() {
                vec!["assumed"]
            } else {
                hosts
            };
            let certificate = authority?.issue(&hosts, Usage::Server).ok()?;
            return serde_json::to_value(certificate.secret(namespace, name)).ok();
        }
        ("", "ConfigMap") => {
            return serde_json::to_value(authority?.config_map(namespace, name)).ok();
        }
        ("", "Service") => "v1",
        (MULTICLUSTER_GROUP, "ServiceImport") => "multicluster.x-k8s.io/v1alpha1",
        _ => return None,
    };
    let mut ports = wanted.ports.clone();
    // One that nobody names by its number.
    for port in 80_u64.. {
        if ports.len() >= wanted.names.len().max(1) {
            break;
        }
        ports.insert((port, "TCP"));
    }
    let mut names = wanted.names.iter();
    let ports = ports.iter().map(|(port, protocol)| {
        let name = names.next().cloned();
        let name = name.unwrap_or_else(|| format!("p{port}-{}", protocol.to_ascii_lowercase()));
        json!({"name": name, "port": port, "protocol": protocol})
    });
    let mut object = json!({
        "apiVersion": version,
        "kind": kind,
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"ports": ports.collect::<Vec<_>>()},
    });
    if kind == "ServiceImport"
        && let Some(spec) = object.get_mut("spec").and_then(Value::as_object_mut)
    {
        spec.insert("type".to_owned(), "ClusterSetIP".into());
    }
    Some(object)
}

/// The name of the Secret that a controller makes for an object, and the field that says it.
fn made_by<'e>(entry: &'e Entry, group: &str) -> Option<(&'static str, &'e str)> {
    let text = |field: &'static str| Some((field, entry.at(field)?.as_str()?));
    let name = || Some(("metadata.name", entry.name()));
    match (group, entry.kind()) {
        ("cert-manager.io", "Certificate") => text("spec.secretName"),
        ("external-secrets.io", "ExternalSecret") => text("spec.target.name").or_else(name),
        ("bitnami.com", "SealedSecret") => text("spec.template.metadata.name").or_else(name),
        _ => None,
    }
}

/// Whether cert-manager makes the Secrets of the listeners of a Gateway.
fn asks_for_certificates(entry: &Entry) -> bool {
    let annotations = entry.value.pointer("/metadata/annotations");
    let mut names = ["cert-manager.io/issuer", "cert-manager.io/cluster-issuer"].iter();
    names.any(|name| annotations.is_some_and(|all| all.get(name).is_some()))
}

fn core(kind: &str, namespace: &str, name: &str) -> ObjectRef {
    ObjectRef {
        group: String::new(),
        kind: kind.to_owned(),
        namespace: namespace.to_owned(),
        name: name.to_owned(),
    }
}

/// The namespace of an object, `default` where it names none.
pub(crate) fn namespace(entry: &Entry) -> &str {
    match entry.namespace() {
        "" => "default",
        namespace => namespace,
    }
}

/// How many objects that count as there are named to people; the others are counted.
const MOST_NAMED: usize = 8;

/// Says in one line what counts as there although it is not in the set.
pub(super) fn show(present: &[ObjectRef], page: &mut Page) {
    if present.is_empty() {
        return;
    }
    let mut shown: Vec<String> = present
        .iter()
        .take(MOST_NAMED)
        .map(ToString::to_string)
        .collect();
    if present.len() > MOST_NAMED {
        shown.push(format!("{} more", present.len() - MOST_NAMED));
    }
    let line = format!("not in the set, and counted as there: {}", shown.join(", "));
    page.gap();
    page.line(0, &Line::of(Tone::Faint, line));
}
