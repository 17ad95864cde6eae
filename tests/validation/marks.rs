//! What is said of a field, value, version or kind that a release does not have: where it is, for every mark of the schemas.

use crate::releases::distinct;
use gwapi::{
    meta::{Channel, Release, When},
    schema::{self, KindVersion, Schema, ValueType},
    validation::{self, Finding, ValidationOptions},
};
use serde_json::{Value, json};

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
    assert!(!help.contains("remove"), "{what}: {help}");
    if let Some(since) = when.since(channel).filter(|since| *since > release) {
        let named = help.contains(&format!("since {since}")) || help.contains(since.as_str());
        assert!(named, "{what}: {help}: expected since {since}");
    }
    if when.gone_since(channel).is_some_and(|gone| gone <= release) {
        let gone = when.gone_since(channel).unwrap();
        // A channel that still has it comes first.
        let named = help.contains(&format!("gone since {gone}")) || help.contains("it is in the");
        assert!(named, "{what}: {help}: expected gone since {gone}");
    }
    if when.since(channel).is_none() && when.since(other).is_some() {
        assert!(
            help.contains(&format!("{other} channel")) || help.contains("gone since"),
            "{what}: {help}: expected the {other} channel"
        );
    }
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
fn a_field_of_another_release_is_named_with_its_releases_and_never_called_one_to_remove() {
    let (mut fields, mut said) = (0, 0);
    for kind in schema::KINDS {
        let served = kind.history.when_served();
        let mut way = Way { steps: Vec::new() };
        each(kind.every(), served, &mut way, &mut |way| {
            let (_, schema, when) = *way.steps.last().unwrap();
            let object = way.object(kind, value(schema));
            fields += 1;
            for (release, channel) in places() {
                if when.contains(release, channel) || !served.contains(release, channel) {
                    continue;
                }
                // Of a field in a field that is not there, the outer one is named.
                let lacks = |step: &(&str, &Schema, When)| !step.2.contains(release, channel);
                let outer = way.steps.iter().position(lacks).unwrap();
                let path = way.path(outer + 1);
                let what = format!("{release} {channel} {} {path}", kind.kind);
                let found = findings(&object, release, channel);
                let unknown = found
                    .iter()
                    .find(|f| f.rule() == "schema/unknown-field" && f.path() == path);
                let Some(unknown) = unknown else {
                    panic!("{what}: {found:?}\n{object:#}");
                };
                check(
                    unknown.help().unwrap(),
                    way.steps[outer].2,
                    (release, channel),
                    &what,
                );
                said += 1;
            }
        });
    }
    println!("{fields} fields, {said} times said of one where it is");
    assert!(fields > 1_000 && said > 1_000, "{fields} {said}");
}

#[test]
fn a_value_of_another_release_is_named_with_its_releases() {
    let mut said = 0;
    for kind in schema::KINDS {
        let served = kind.history.when_served();
        let mut way = Way { steps: Vec::new() };
        each(kind.every(), served, &mut way, &mut |way| {
            let (_, schema, when) = *way.steps.last().unwrap();
            let mut listed = 0;
            let mut at = schema;
            while let Some(items) = at.items.as_deref() {
                (at, listed) = (items, listed + 1);
            }
            let texts = at.enumeration.iter().filter_map(Value::as_str);
            for (text, allowed) in texts.filter_map(|text| Some((text, at.when_allowed(text)?))) {
                let leaf = (0..listed).fold(json!(text), |value, _| json!([value]));
                let object = way.object(kind, leaf);
                let path = way.path(way.steps.len()) + &"[0]".repeat(listed);
                for (release, channel) in places() {
                    if !when.contains(release, channel) || allowed.contains(release, channel) {
                        continue;
                    }
                    let what = format!("{release} {channel} {} {path} {text}", kind.kind);
                    let found = findings(&object, release, channel);
                    let refused = found
                        .iter()
                        .find(|f| f.rule() == "schema/enum" && f.path() == path);
                    let Some(refused) = refused else {
                        panic!("{what}: {found:?}\n{object:#}");
                    };
                    check(refused.help().unwrap(), allowed, (release, channel), &what);
                    said += 1;
                }
            }
        });
    }
    println!("{said} times said of a value where it is");
    assert!(said > 20, "{said}");
}

#[test]
fn a_kind_or_version_of_another_release_is_named_with_its_releases() {
    let mut said = 0;
    for kind in schema::KINDS {
        let when = kind.history.when_served();
        let object = json!({
            "apiVersion": kind.api_version, "kind": kind.kind, "metadata": {"name": "a"}, "spec": {},
        });
        for (release, channel) in places() {
            let what = format!("{release} {channel} {} {}", kind.kind, kind.api_version);
            let found = findings(&object, release, channel);
            let unserved =
                |f: &&Finding| matches!(f.rule(), "version/not-served" | "kind/not-served");
            let unserved = found.iter().find(unserved);
            assert_eq!(
                unserved.is_none(),
                when.contains(release, channel),
                "{what}: {found:?}"
            );
            if let Some(unserved) = unserved {
                check(unserved.help().unwrap(), when, (release, channel), &what);
                said += 1;
            }
        }
    }
    assert!(said > 100, "{said}");
}
