//! An object as its file and what is around it mean it: with its namespace, and with the placeholders that have no value.

use super::{
    kustomize::{Layout, NamespaceOf},
    open::{Open, Placeholders, Table},
    vars::Vars,
};
use gwapi::{
    manifest::{self, RawObject, ReadError, ReadOptions},
    meta::{Channel, EXPERIMENTS_GROUP, GROUP, GroupVersionKind, Release},
    rules::{self, Severity},
    schema::{self, Schema},
    validation::{Finding, Report, ValidationOptions, validate_value},
};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    io::Read,
    ops::Deref,
};

/// An object of the input.
#[derive(Debug)]
pub(crate) struct Entry {
    object: RawObject,
    /// Whether it is known in which namespace it is, if it is in one.
    pub(crate) is_placed: bool,
    /// Whether a kustomization puts it into a namespace of which nobody knows.
    pub(crate) is_put_somewhere: bool,
    /// What of it nobody knows.
    pub(crate) open: Open,
}

impl Deref for Entry {
    type Target = RawObject;

    fn deref(&self) -> &RawObject {
        &self.object
    }
}

/// What changes objects while they are read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Meaning {
    /// The namespace of objects that name none.
    pub(super) namespace: Option<String>,
    pub(super) vars: Vars,
    /// What becomes of placeholders without value.
    pub(super) placeholders: Placeholders,
    /// The namespace of all objects, whichever they name.
    pub(super) target_namespace: Option<String>,
    /// Whether objects stay as they are written.
    pub(super) is_literal: bool,
}

impl Meaning {
    /// The objects of a file, one after the other, as they are meant.
    pub(super) fn objects<'m>(
        &'m self,
        from: impl Read + 'm,
        options: &ReadOptions,
        layout: &'m Layout,
        open: &'m Table,
    ) -> Box<dyn Iterator<Item = Result<Entry, ReadError>> + 'm> {
        if self.placeholders == Placeholders::Kept {
            let stream = manifest::stream(from, options);
            return Box::new(stream.map(|next| next.map(Entry::literal)));
        }
        // What a cluster has stored is text.
        if layout.is_stored {
            let stream = manifest::stream(from, options);
            return Box::new(
                stream.map(|next| next.map(|object| self.meant(object, layout, open))),
            );
        }
        let stream = manifest::stream(self.vars.put_into(from, open), options);
        Box::new(stream.map(|next| next.map(|object| self.meant(object, layout, open))))
    }

    fn meant(&self, mut object: RawObject, layout: &Layout, table: &Table) -> Entry {
        let stands_for = self.placeholders == Placeholders::StoodFor;
        let open = Open::find(&mut object.value, table, stands_for);
        for duplicate in &mut object.duplicates {
            duplicate.path = table.written(&duplicate.path);
        }
        if self.is_literal {
            let mut entry = Entry::literal(object);
            entry.open = open;
            return entry;
        }
        let mut is_placed = true;
        let mut is_put_somewhere = false;
        if has_namespace(object.api_version(), object.kind()) {
            let is_named = !object.namespace().is_empty();
            let namespace = match (&self.target_namespace, &layout.namespace) {
                (Some(namespace), _) | (_, NamespaceOf::Given(namespace)) => Some(namespace),
                _ if is_named => None,
                _ => self.namespace.as_ref(),
            };
            is_placed = is_named && !open.is_at("metadata.namespace") || namespace.is_some();
            is_put_somewhere = !is_placed && layout.namespace == NamespaceOf::Unknown;
            if let Some(namespace) = namespace {
                put_into(&mut object.value, namespace);
            }
        }
        Entry {
            object,
            is_placed,
            is_put_somewhere,
            open,
        }
    }
}

impl Entry {
    /// An object as it is written.
    pub(super) fn literal(object: RawObject) -> Self {
        Self {
            object,
            is_placed: true,
            is_put_somewhere: false,
            open: Open::default(),
        }
    }

    /// The object.
    pub(crate) fn into_object(self) -> RawObject {
        self.object
    }

    /// The object as it is meant in a namespace.
    pub(crate) fn in_namespace(&self, namespace: &str) -> Value {
        let mut object = self.value.clone();
        put_into(&mut object, namespace);
        object
    }

    /// Whether this is an object: it says its type, or one half of it that could only be that of the Gateway API.
    pub(super) fn is_object(&self) -> bool {
        let (api_version, kind) = (self.api_version(), self.kind());
        let may_be_ours =
            || is_of_gateway_api(self) || schema::KINDS.iter().any(|known| known.kind == kind);
        // What Kustomize reads is never applied.
        let is_of_kustomize = api_version.starts_with("kustomize.config.k8s.io/");
        // Configurations of tools have a type and no name: those of kind, kubeadm, kubectl, Skaffold.
        let has_name = || !self.name().is_empty() || means_something(self);
        let is_patch = self.value.get("$patch").is_some();
        let is_typed = !api_version.is_empty() && !kind.is_empty();
        is_typed && !is_of_kustomize && has_name() && !is_patch || may_be_ours()
    }

    /// Whether a field of an object of the Gateway API holds an expression of a Helm template in the place of a value: where any text
    /// may stand, such as in annotations, it is text like any other.
    pub(super) fn is_template(&self) -> bool {
        if !is_of_gateway_api(self) || !has_expression(&self.value) {
            return false;
        }
        let newest = Release::ALL.last().copied().unwrap_or_default();
        let options = ValidationOptions::of(newest, Channel::Experimental);
        let report = validate_value(&self.value, &options);
        let mut findings = report.findings().iter();
        is_named_by_expression(&self.value)
            || findings.any(|finding| {
                finding.severity() == Severity::Error
                    && self.at(finding.path()).is_some_and(has_expression)
            })
    }

    /// What stands at a path as an API server writes it.
    pub(crate) fn at(&self, path: &str) -> Option<&Value> {
        let mut value = &self.value;
        for step in path.split(['.', '[']).filter(|step| !step.is_empty()) {
            value = match step.strip_suffix(']') {
                Some(index) => value.get(index.parse::<usize>().ok()?)?,
                None => value.get(step)?,
            };
        }
        Some(value)
    }

    /// The findings of a report on the object that hold whatever the values of its placeholders are.
    pub(crate) fn certain<'r>(
        &self,
        report: &'r Report,
        options: &ValidationOptions,
    ) -> Vec<&'r Finding> {
        let findings = report.findings().iter();
        let mut certain: Vec<&'r Finding> = findings
            .filter(|finding| !self.open.is_behind(finding.rule(), finding.path()))
            .collect();
        let may_depend = certain.iter().any(|finding| is_between_fields(finding));
        if self.open.is_empty() || !may_depend {
            return certain;
        }
        for variant in self.variants(options) {
            let of_variant = validate_value(&variant, options);
            certain.retain(|finding| {
                let mut others = of_variant.findings().iter();
                !is_between_fields(finding)
                    || others.any(|other| {
                        other.rule() == finding.rule() && other.path() == finding.path()
                    })
            });
        }
        certain
    }

    /// The object with each of the values that its placeholders can have, where their fields have a few values only. The same
    /// placeholder has the same value everywhere.
    fn variants(&self, options: &ValidationOptions) -> Vec<Value> {
        let kind = schema::find(self.api_version(), self.kind());
        let installation =
            kind.and_then(|kind| kind.installation(options.release, options.channel));
        let Some(installation) = installation else {
            return Vec::new();
        };
        let mut choices: BTreeMap<&str, Choice<'_>> = BTreeMap::new();
        for path in self.open.fields() {
            let node = node_at(installation.schema(), path);
            let values: &[Value] = node
                .map(|node| node.enumeration.as_slice())
                .unwrap_or_default();
            let text = self.at(path).and_then(Value::as_str);
            let Some(text) = text.filter(|_| !values.is_empty()) else {
                continue;
            };
            let choice = choices.entry(text).or_default();
            choice.pointers.push(pointer(path));
            for value in values {
                if !choice.values.contains(&value) {
                    choice.values.push(value);
                }
            }
        }
        if choices.is_empty() {
            return Vec::new();
        }
        let mut lengths = choices.values().map(|choice| choice.values.len());
        let all = lengths.try_fold(1_usize, usize::checked_mul);
        let all = all.filter(|all| *all <= MOST_VARIANTS);
        // Of too many, each value once.
        let lengths = choices.values().map(|choice| choice.values.len());
        let longest = lengths.max().unwrap_or_default();
        let variant = |number: usize| {
            let mut object = self.value.clone();
            let mut rest = number;
            for choice in choices.values() {
                let length = choice.values.len();
                let value = choice.values.get(rest % length);
                if all.is_some() {
                    rest /= length;
                }
                for pointer in &choice.pointers {
                    if let (Some(place), Some(value)) = (object.pointer_mut(pointer), value) {
                        *place = Value::clone(value);
                    }
                }
            }
            object
        };
        (0..all.unwrap_or(longest)).map(variant).collect()
    }

    /// The variables without value that matter: those that an object with a part in the Gateway API needs where it counts. What an
    /// object is may depend on one, too.
    pub(super) fn open_names(&self) -> BTreeSet<String> {
        // Of an object that others only refer to, its name counts.
        let counts = is_of_gateway_api(self) || self.kind() == "Service";
        let is_named = means_something(self);
        const NAMES: [&str; 5] = [
            "metadata.name",
            "metadata.namespace",
            "spec.secretName",
            "spec.target.name",
            "spec.template.metadata.name",
        ];
        self.open.names_of(|path| {
            ["apiVersion", "kind"].contains(&path)
                || counts && !path.starts_with("metadata.annotations")
                || is_named && NAMES.contains(&path)
        })
    }

    /// Whether this is an object of the Gateway API.
    pub(super) fn is_of_gateway_api(&self) -> bool {
        is_of_gateway_api(self)
    }
}

/// A placeholder in fields that have a few values only.
#[derive(Default)]
struct Choice<'s> {
    /// The fields, as JSON pointers.
    pointers: Vec<String>,
    values: Vec<&'s Value>,
}

/// With how many combinations of values an object is judged at most.
const MOST_VARIANTS: usize = 256;

/// Whether a finding is of a rule that looks at several fields, or into one: not of what the schema asks of each.
fn is_between_fields(finding: &Finding) -> bool {
    rules::all().any(|rule| rule.id == finding.rule())
}

/// What a schema asks of the field at a path as an API server writes it.
fn node_at<'s>(schema: &'s Schema, path: &str) -> Option<&'s Schema> {
    let mut node = schema;
    for step in path.split(['.', '[']).filter(|step| !step.is_empty()) {
        node = match step.ends_with(']') {
            true => node.items.as_deref()?,
            false => node.properties.get(step)?,
        };
    }
    Some(node)
}

/// A path as an API server writes it, as a JSON pointer.
fn pointer(path: &str) -> String {
    format!("/{}", path.replace(['.', '['], "/").replace(']', ""))
}

/// Gives an object a namespace.
fn put_into(object: &mut Value, namespace: &str) {
    let metadata = object.get_mut("metadata").and_then(Value::as_object_mut);
    if let Some(metadata) = metadata {
        let namespace = Value::String(namespace.to_owned());
        metadata.insert("namespace".to_owned(), namespace);
    }
}

/// How an expression of a Helm template begins.
const EXPRESSION: &str = "{{";

/// Whether an object, or one to which it refers, has such an expression for its name or namespace.
fn is_named_by_expression(value: &Value) -> bool {
    const NAMES: [&str; 4] = ["name", "namespace", "sectionName", "gatewayClassName"];
    match value {
        Value::Array(items) => items.iter().any(is_named_by_expression),
        Value::Object(members) => members.iter().any(|(field, member)| match member {
            Value::String(text) => NAMES.contains(&field.as_str()) && text.contains(EXPRESSION),
            member => field != "annotations" && is_named_by_expression(member),
        }),
        _ => false,
    }
}

fn has_expression(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains(EXPRESSION),
        Value::Array(items) => items.iter().any(has_expression),
        Value::Object(members) => members.values().any(has_expression),
        _ => false,
    }
}

/// The kinds beside those of the Gateway API that mean something to it, all of them in a namespace.
const OTHERS: [&str; 10] = [
    "Certificate",
    "ConfigMap",
    "EndpointSlice",
    "Endpoints",
    "ExternalSecret",
    "Pod",
    "SealedSecret",
    "Secret",
    "Service",
    "ServiceImport",
];

/// Whether an object has a part in the Gateway API, by its kind.
pub(super) fn means_something(object: &RawObject) -> bool {
    is_of_gateway_api(object) || OTHERS.contains(&object.kind()) || object.kind() == "Namespace"
}

fn is_of_gateway_api(object: &RawObject) -> bool {
    let group = GroupVersionKind::from_api_version(object.api_version(), object.kind()).group;
    [GROUP, EXPERIMENTS_GROUP].contains(&group.as_str())
}

/// Whether objects of a kind that means something here are in a namespace.
fn has_namespace(api_version: &str, kind: &str) -> bool {
    let known = schema::find(api_version, kind).or_else(|| {
        let group = GroupVersionKind::from_api_version(api_version, kind).group;
        let mut kinds = schema::KINDS.iter();
        kinds.find(|known| known.group == group && known.kind == kind)
    });
    known.map_or_else(|| OTHERS.contains(&kind), |known| known.namespaced)
}
