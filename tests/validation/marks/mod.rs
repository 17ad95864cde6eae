//! What is said of a field, value, version or kind that a release does not have: where it is, for every mark of the schemas.

use crate::releases::distinct;
use gwapi::{
    attachment::admit,
    conversion::{self, upgrade},
    meta::{Channel, Release, When},
    schema::{self, KindVersion, ListType, Schema, ValueType},
    validation::{self, Finding, ValidationOptions},
};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

mod keywords;
mod misplaced;

/// A way down from the root of an object to a field.
#[derive(Clone)]
struct Way<'s> {
    /// The names of the fields, each with its schema and the releases that have it and all above it.
    steps: Vec<(&'s str, &'s Schema, When)>,
}

impl Way<'_> {
    /// An object with this field, of which nothing else is there.
    fn object(&self, kind: &KindVersion, leaf: Value) -> Value {
        let mut value = leaf;
        for (index, (name, schema, _)) in self.steps.iter().enumerate().rev() {
            if index + 1 < self.steps.len() {
                value = (0..lists(schema)).fold(value, |value, _| json!([value]));
            }
            value = json!({ *name: value });
        }
        let mut object = value;
        object["apiVersion"] = json!(kind.api_version);
        object["kind"] = json!(kind.kind);
        object["metadata"] = json!({"name": "a"});
        object
    }

    /// The path of a field on the way, from the root.
    fn path(&self, length: usize) -> String {
        let mut path = String::new();
        for (index, (name, schema, _)) in self.steps.iter().take(length).enumerate() {
            if index > 0 {
                path.push('.');
            }
            path.push_str(name);
            if index + 1 < length {
                path.push_str(&"[0]".repeat(lists(schema)));
            }
        }
        path
    }
}

/// What the elements of lists are in the end.
fn innermost(schema: &Schema) -> &Schema {
    schema.items.as_deref().map_or(schema, innermost)
}

/// How many lists are between a field and its objects.
fn lists(schema: &Schema) -> usize {
    schema.items.as_deref().map_or(0, |items| 1 + lists(items))
}

/// Calls `visit` for the way to each field of a kind.
fn each<'s>(schema: &'s Schema, when: When, way: &mut Way<'s>, visit: &mut impl FnMut(&Way<'s>)) {
    let mut at = schema;
    while let Some(items) = at.items.as_deref() {
        at = items;
    }
    for (name, field) in &at.properties {
        if way.steps.is_empty() && !matches!(name.as_str(), "spec" | "status") {
            continue;
        }
        let when = when.and(field.when());
        way.steps.push((name, field, when));
        visit(way);
        each(field, when, way, visit);
        way.steps.pop();
    }
}

/// A value of about the right type.
fn value(schema: &Schema) -> Value {
    match schema.value_type {
        Some(ValueType::Object) | None => json!({}),
        Some(ValueType::Array) => json!([]),
        Some(ValueType::Integer) => json!(1),
        Some(ValueType::Boolean) => json!(true),
        Some(ValueType::String) => json!("a"),
    }
}

/// What has to be said of something that a release and channel lack, and others have.
fn check(help: &str, when: When, (release, channel): (Release, Channel), what: &str) {
    let other = match channel {
        Channel::Standard => Channel::Experimental,
        Channel::Experimental => Channel::Standard,
    };
    never_to_remove(help, what);
    if let Some(since) = when.since(channel).filter(|since| *since > release) {
        let named = help.contains(&format!("since {since}")) || help.contains(since.as_str());
        assert!(named, "{what}: {help}: expected since {since}");
    }
    if let Some(gone) = when.gone_since(channel).filter(|gone| *gone <= release) {
        assert!(
            help.contains(&format!("since {gone}")),
            "{what}: {help}: expected gone since {gone}"
        );
        // What is over is not said to begin.
        let since = when.since(channel).unwrap();
        assert!(
            !help.contains(&format!("and since {since} in the {channel} one")),
            "{what}: {help}"
        );
    }
    if when.since(channel).is_none() && when.since(other).is_some() {
        assert!(
            help.contains(&format!("{other} channel")) || help.contains("gone since"),
            "{what}: {help}: expected the {other} channel"
        );
    }
}

/// What some release has is nobody's to remove, and no text says that none has it.
fn never_to_remove(text: &str, what: &str) {
    for untrue in ["remove", "no release has", "no release known"] {
        assert!(!text.contains(untrue), "{what}: {text}");
    }
}

fn is_nowhere(when: When) -> bool {
    Channel::ALL
        .into_iter()
        .all(|channel| when.since(channel).is_none())
}

fn lasts_to(when: When, release: Release) -> bool {
    Release::ALL
        .iter()
        .filter(|later| **later >= release)
        .any(|later| {
            Channel::ALL
                .into_iter()
                .any(|channel| when.contains(*later, channel))
        })
}

/// The other versions of a kind, and those of the kind that has replaced it or that it has replaced.
fn relatives(of: &'static KindVersion) -> impl Iterator<Item = &'static KindVersion> {
    const REPLACED: [[&str; 2]; 2] = [
        ["XListenerSet", "ListenerSet"],
        ["BackendLBPolicy", "XBackendTrafficPolicy"],
    ];
    let same = move |known: &&KindVersion| {
        known.kind == of.kind
            || REPLACED
                .iter()
                .any(|kinds| kinds.contains(&known.kind) && kinds.contains(&of.kind))
    };
    schema::KINDS
        .iter()
        .filter(move |known| same(known) && !std::ptr::eq(*known, of))
}

/// The releases that serve a version of a kind with the first fields of a way.
fn has(kind: &'static KindVersion, way: &Way<'_>, length: usize) -> Option<When> {
    let (mut at, mut when) = (kind.every(), kind.history.when_served());
    for (name, ..) in way.steps.iter().take(length) {
        while let Some(items) = at.items.as_deref() {
            at = items;
        }
        at = at.properties.get(*name)?;
        when = when.and(at.when());
    }
    (!is_nowhere(when)).then_some(when)
}

/// What the verbs say of the object, that of `validate` aside.
fn of_other_verbs(object: &Value, release: Release, channel: Channel) -> Vec<String> {
    let mut texts = Vec::new();
    // `status` and `request`.
    if let admit::Judged::Ignored(ignored) = admit::judge(object, release, channel) {
        texts.push(ignored.message);
        texts.extend(ignored.help);
        let helps = ignored.findings.iter().filter_map(Finding::help);
        texts.extend(helps.map(str::to_owned));
    }
    // `upgrade-check`.
    let report = upgrade::check([object], upgrade::UpgradeOptions::to(release, channel));
    texts.extend(report.findings.into_iter().map(|finding| finding.help));
    texts.extend(report.steps.into_iter().map(|step| step.title));
    // `convert`.
    if let Err(error) = conversion::convert_to_release(object, release, channel) {
        texts.push(error.to_string());
    }
    texts
}

fn findings(object: &Value, release: Release, channel: Channel) -> Vec<Finding> {
    let mut options = ValidationOptions::of(release, channel);
    options.with_status = true;
    validation::validate_value(object, &options)
        .errors()
        .cloned()
        .collect()
}

fn places() -> impl Iterator<Item = (Release, Channel)> {
    distinct().flat_map(|release| Channel::ALL.map(|channel| (release, channel)))
}

#[test]
fn a_field_of_another_release_version_or_kind_is_named_with_its_releases_by_every_verb() {
    let (mut fields, mut said, mut of_others) = (0, 0, 0);
    for kind in schema::KINDS {
        let served = kind.history.when_served();
        let sources = std::iter::once(kind).chain(relatives(kind));
        for source in sources {
            let mut way = Way { steps: Vec::new() };
            each(
                source.every(),
                source.history.when_served(),
                &mut way,
                &mut |way| {
                    let length = way.steps.len();
                    let (name, schema, _) = way.steps[length - 1];
                    let own = has(kind, way, length);
                    let others: Vec<_> = relatives(kind)
                        .filter_map(|other| Some((other, has(other, way, length)?)))
                        .collect();
                    if own.is_none() && others.is_empty() {
                        return;
                    }
                    let object = way.object(kind, value(schema));
                    fields += 1;
                    for (release, channel) in places() {
                        let is_in = |when: Option<When>| {
                            when.is_some_and(|when| when.contains(release, channel))
                        };
                        // Of a field in a field that is not there, the outer one is named.
                        let around = length == 1 || is_in(has(kind, way, length - 1));
                        if is_in(own) || !served.contains(release, channel) || !around {
                            continue;
                        }
                        let path = way.path(length);
                        let what =
                            format!("{release} {channel} {} {} {path}", kind.kind, kind.version);
                        let found = findings(&object, release, channel);
                        let unknown = found
                            .iter()
                            .find(|f| f.rule() == "schema/unknown-field" && f.path() == path);
                        let Some(unknown) = unknown else {
                            panic!("{what}: {found:?}\n{object:#}");
                        };
                        let help = unknown.help().unwrap();
                        never_to_remove(help, &what);
                        said += 1;
                        if let Some(own) = own {
                            check(help, own, (release, channel), &what);
                        }
                        let lasts = |when: When| lasts_to(when, release);
                        if !own.is_some_and(lasts) && !help.contains("gone since") {
                            let lasting = others.iter().any(|(_, when)| lasts(*when));
                            for (other, when) in &others {
                                if lasting && !lasts(*when) {
                                    continue;
                                }
                                of_others += 1;
                                let name = match other.kind == kind.kind {
                                    true => format!("in `{}` {}", other.version, when.in_words()),
                                    false => format!("in {} {}", other.kind, when.in_words()),
                                };
                                assert!(help.contains(&name), "{what}: {help}: expected {name}");
                            }
                        }
                        if source.version == kind.version || own.is_none() {
                            for text in of_other_verbs(&object, release, channel) {
                                let of_it =
                                    text.contains(&path) || text.contains(&format!("`{name}`"));
                                if of_it || text.contains("no release") {
                                    never_to_remove(&text, &what);
                                }
                            }
                        }
                    }
                },
            );
        }
    }
    println!(
        "{fields} fields, {said} times said where it is, {of_others} times of another version or kind"
    );
    assert!(
        fields > 1_000 && said > 1_000 && of_others > 10,
        "{fields} {said} {of_others}"
    );
}

#[test]
fn a_kind_or_version_of_another_release_is_named_with_its_releases() {
    const GROUPS: [&str; 2] = ["gateway.networking.k8s.io", "gateway.networking.x-k8s.io"];
    const VERSIONS: [&str; 5] = ["v1", "v1alpha1", "v1alpha2", "v1alpha3", "v1beta1"];
    let (mut said, mut of_no_release) = (0, 0);
    let kinds: BTreeSet<&str> = schema::KINDS.iter().map(|kind| kind.kind).collect();
    for kind in kinds {
        let versions: Vec<_> = schema::KINDS
            .iter()
            .filter(|known| known.kind == kind)
            .collect();
        for (group, version) in GROUPS
            .iter()
            .flat_map(|group| VERSIONS.map(|version| (group, version)))
        {
            let api_version = format!("{group}/{version}");
            let own = versions
                .iter()
                .find(|known| known.api_version == api_version);
            let object = json!({
                "apiVersion": api_version, "kind": kind, "metadata": {"name": "a"}, "spec": {},
            });
            for (release, channel) in places() {
                let what = format!("{release} {channel} {kind} {api_version}");
                let is_served =
                    |known: &KindVersion| known.history.when_served().contains(release, channel);
                let found = findings(&object, release, channel);
                let unserved = found
                    .iter()
                    .find(|f| matches!(f.rule(), "version/not-served" | "kind/not-served"));
                let is_own = own.is_some_and(|own| is_served(own));
                assert_eq!(unserved.is_none(), is_own, "{what}: {found:?}");
                let Some(unserved) = unserved else { continue };
                let help = unserved.help().unwrap();
                never_to_remove(help, &what);
                assert!(!help.contains("did you mean"), "{what}: {help}");
                said += 1;
                of_no_release += usize::from(own.is_none());
                let served: Vec<_> = versions.iter().filter(|known| is_served(known)).collect();
                if served.is_empty() {
                    // Where the kind is at all, version by version, and what has replaced it.
                    for known in &versions {
                        let when = known.history.when_served();
                        check(help, when, (release, channel), &what);
                        let named = help.contains(&format!("`{}`", known.version))
                            || help.contains(&format!("`{}`", known.api_version))
                            || versions.len() == 1;
                        assert!(named, "{what}: {help}");
                    }
                    for (before, after) in [
                        ("XListenerSet", "ListenerSet"),
                        ("BackendLBPolicy", "XBackendTrafficPolicy"),
                    ] {
                        assert_eq!(
                            kind == before,
                            help.contains(after) && kind != after,
                            "{what}: {help}"
                        );
                    }
                } else {
                    for known in served {
                        let write = format!("`apiVersion: {}`", known.api_version);
                        let or = format!("or `{}`", known.api_version);
                        assert!(
                            help.contains(&write) || help.contains(&or),
                            "{what}: {help}"
                        );
                    }
                    if let Some(own) = own {
                        check(help, own.history.when_served(), (release, channel), &what);
                    }
                }
                for text in of_other_verbs(&object, release, channel) {
                    never_to_remove(&text, &what);
                    assert!(
                        !text.contains(&format!("did you mean `{kind}`")),
                        "{what}: {text}"
                    );
                }
            }
        }
    }
    assert!(said > 100 && of_no_release > 100, "{said} {of_no_release}");
}
