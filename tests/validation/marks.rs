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
    for untrue in ["remove", "no release has", "no known release"] {
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

/// What of a keyword a schema asks, as JSON: null where it asks nothing.
fn asked(schema: &Schema, keyword: &str) -> Value {
    match keyword {
        "enum" => json!(schema.enumeration),
        "pattern" => json!(schema.pattern.as_ref().map(schema::TextPattern::as_str)),
        "minLength" => json!(schema.min_length),
        "maxLength" => json!(schema.max_length),
        "minimum" => json!(schema.minimum),
        "maximum" => json!(schema.maximum),
        "minItems" => json!(schema.min_items),
        "maxItems" => json!(schema.max_items),
        "minProperties" => json!(schema.min_properties),
        "maxProperties" => json!(schema.max_properties),
        "required" => json!(schema.required),
        "list" => json!(schema.list_type.as_ref().map(|list| format!("{list:?}"))),
        _ => panic!("{keyword}"),
    }
}

/// Each keyword, and the rule of the finding.
const KEYWORDS: &[(&str, &str)] = &[
    ("enum", "schema/enum"),
    ("pattern", "schema/pattern"),
    ("minLength", "schema/min-length"),
    ("maxLength", "schema/max-length"),
    ("minimum", "schema/minimum"),
    ("maximum", "schema/maximum"),
    ("minItems", "schema/min-items"),
    ("maxItems", "schema/max-items"),
    ("minProperties", "schema/min-properties"),
    ("maxProperties", "schema/max-properties"),
    ("required", "schema/required"),
    ("list", "schema/duplicate"),
];

/// Texts of which some patterns allow some.
const TEXTS: &[&str] = &[
    "",
    "a",
    "System",
    "example.com/x",
    "HTTPS",
    "*",
    "a b",
    " a",
    "1.2.3.4",
    "https://a.test",
    "http://*.a.test",
    "a.b",
    "https://a.test:*",
    "A",
    "a/b",
    "ftp://a.test",
    "a\u{7f}",
    "example.com/",
    "-a",
    "a-b",
    "a/b/c",
];

/// Whether a schema has nothing in a keyword against a value.
fn allows(schema: &Schema, keyword: &str, value: &Value) -> bool {
    let count = match value {
        Value::String(text) => text.chars().count(),
        Value::Array(list) => list.len(),
        Value::Object(fields) => fields.len(),
        _ => 0,
    } as u64;
    match keyword {
        "enum" => schema.enumeration.is_empty() || schema.enumeration.contains(value),
        "pattern" => {
            let text = value.as_str().unwrap_or_default();
            schema
                .pattern
                .as_ref()
                .is_none_or(|pattern| pattern.is_match(text))
        }
        "minLength" => count >= schema.min_length.unwrap_or(0),
        "maxLength" => count <= schema.max_length.unwrap_or(u64::MAX),
        "minItems" => count >= schema.min_items.unwrap_or(0),
        "maxItems" => count <= schema.max_items.unwrap_or(u64::MAX),
        "minProperties" => count >= schema.min_properties.unwrap_or(0),
        "maxProperties" => count <= schema.max_properties.unwrap_or(u64::MAX),
        "minimum" => value.as_i64().unwrap() >= schema.minimum.unwrap_or(i64::MIN),
        "maximum" => value.as_i64().unwrap() <= schema.maximum.unwrap_or(i64::MAX),
        "required" => {
            let has = |name: &String| {
                value.get(name).is_some() || schema.properties[name].default.is_some()
            };
            schema.required.iter().all(has)
        }
        "list" => !matches!(schema.list_type, Some(ListType::Set | ListType::Map(_))),
        _ => panic!("{keyword}"),
    }
}

/// Values that are on one side or the other of what the forms of a node ask in a keyword.
fn witnesses(forms: &[&Schema], keyword: &str) -> Vec<Value> {
    let element = |schema: &Schema, index: u64| match schema.items.as_deref() {
        Some(items) => match items.value_type {
            Some(ValueType::String) => match items.enumeration.get(index as usize) {
                Some(value) => value.clone(),
                None => json!(format!("a{index}")),
            },
            Some(ValueType::Integer) => json!(500 + index),
            _ => json!({"name": format!("a{index}"), "group": "", "kind": "Service"}),
        },
        None => Value::Null,
    };
    let list =
        |length: u64| -> Value { (0..length).map(|index| element(forms[0], index)).collect() };
    let map = |length: u64| -> Value {
        (0..length)
            .map(|index| (format!("a{index}"), json!("a")))
            .collect::<serde_json::Map<_, _>>()
            .into()
    };
    let bounds = |of: fn(&Schema) -> Option<u64>| -> Vec<u64> {
        let bounds = forms.iter().filter_map(|schema| of(schema));
        bounds
            .flat_map(|bound| [bound.saturating_sub(1), bound, bound + 1])
            .collect()
    };
    let numbers = |of: fn(&Schema) -> Option<i64>| -> Vec<Value> {
        let bounds = forms.iter().filter_map(|schema| of(schema));
        bounds
            .flat_map(|bound| [bound - 1, bound, bound + 1])
            .map(Value::from)
            .collect()
    };
    let of = |bounds: Vec<u64>, make: &dyn Fn(u64) -> Value| bounds.into_iter().map(make).collect();
    let text = |length: u64| json!("a".repeat(length as usize));
    match keyword {
        "enum" => {
            let listed = forms.iter().flat_map(|schema| schema.enumeration.clone());
            match forms[0].value_type {
                Some(ValueType::String) => {
                    listed.chain(TEXTS.iter().map(|text| json!(text))).collect()
                }
                Some(ValueType::Boolean) => vec![json!(false), json!(true)],
                _ => listed.collect(),
            }
        }
        "pattern" => TEXTS.iter().map(|text| json!(text)).collect(),
        "minLength" => of(bounds(|schema| schema.min_length), &text),
        "maxLength" => of(bounds(|schema| schema.max_length), &text),
        "minimum" => numbers(|schema| schema.minimum),
        "maximum" => numbers(|schema| schema.maximum),
        "minItems" => of(bounds(|schema| schema.min_items), &list),
        "maxItems" => of(bounds(|schema| schema.max_items), &list),
        "minProperties" => of(bounds(|schema| schema.min_properties), &map),
        "maxProperties" => of(bounds(|schema| schema.max_properties), &map),
        "required" => vec![json!({})],
        "list" => vec![json!([element(forms[0], 0), element(forms[0], 0)])],
        _ => panic!("{keyword}"),
    }
}

/// The node of a way in another tree, `listed` lists further down.
fn node<'s>(tree: &'s Schema, way: &Way<'_>, listed: usize) -> Option<&'s Schema> {
    let mut at = tree;
    for (name, ..) in &way.steps {
        while let Some(items) = at.items.as_deref() {
            at = items;
        }
        at = at.properties.get(*name)?;
    }
    (0..listed).try_fold(at, |at, _| at.items.as_deref())
}

/// These places in words; nothing where there are none, or several intervals in a channel.
fn words(found: &BTreeSet<(Release, Channel)>) -> Option<String> {
    let mut mark = String::new();
    for channel in Channel::ALL {
        let of: Vec<Release> = found
            .iter()
            .filter(|(_, c)| *c == channel)
            .map(|(r, _)| *r)
            .collect();
        let (Some(first), Some(last)) = (of.first(), of.last()) else {
            continue;
        };
        let between = distinct()
            .filter(|release| first <= release && release <= last)
            .count();
        if between != of.len() {
            return None;
        }
        let number = |release: &Release| release.as_str().trim_start_matches('v').to_owned();
        let next = distinct().find(|release| release > last);
        let last_of_its_form = match next {
            Some(next) => {
                let before = Release::ALL
                    .iter()
                    .rfind(|release| **release < next)
                    .unwrap();
                format!("..{}", number(before))
            }
            None => "..".to_owned(),
        };
        let letter = match channel {
            Channel::Standard => 'S',
            Channel::Experimental => 'E',
        };
        mark += &format!(" {letter}{}{last_of_its_form}", number(first));
    }
    let mark: When = mark.trim().parse().ok()?;
    Some(mark.in_words().to_string())
}

/// Fields of which a release refuses more than one schema says, by a rule or by another field: the kind, the path, and what is
/// said.
const MORE: &[(&str, &str, &str)] = &[(
    "Gateway",
    "spec.addresses[0] required",
    "; what is written is allowed since v1.4.0",
)];

/// Fields with a keyword that differs, and of which no value is refused for it in one release and allowed in another: the list is one
/// whole in one of them, two patterns mean the same, another keyword or type forbids the same, or the field itself is not there.
const UNTOLD: &[&str] = &[
    " list",
    "spec.listeners[0].protocol pattern",
    "spec.validation.wellKnownCACertificates maxLength",
    "spec.validation.wellKnownCACertificates minLength",
    "spec.validation.wellKnownCACertificates pattern",
    "status.supportedFeatures[0] required",
    "status.supportedFeatures[0] enum",
    "XBackend v1alpha1 spec.port required",
    "XBackend v1alpha1 spec.port minProperties",
];

/// Every keyword of every field that differs between two releases: what one of them refuses is named with the releases that allow
/// it.
#[test]
fn whatever_a_release_refuses_and_another_one_allows_is_named_with_its_releases() {
    let mut said: BTreeMap<&str, usize> = BTreeMap::new();
    let (mut differing, mut wrong) = (BTreeSet::new(), BTreeSet::new());
    let mut shown = BTreeSet::new();
    for kind in schema::KINDS {
        let served: Vec<_> = kind.installations().iter().filter(|it| it.served).collect();
        let mut seen = BTreeSet::new();
        let mut way = Way { steps: Vec::new() };
        each(kind.every(), When::ALWAYS, &mut way, &mut |way| {
            let deepest = lists(way.steps[way.steps.len() - 1].1);
            for listed in 0..=deepest {
                let nodes: Vec<_> = served
                    .iter()
                    .filter_map(|it| Some((*it, node(it.schema(), way, listed)?)))
                    .collect();
                let forms: Vec<&Schema> = nodes.iter().map(|(_, node)| *node).collect();
                for (keyword, rule) in KEYWORDS {
                    let all: BTreeSet<String> = forms
                        .iter()
                        .map(|schema| asked(schema, keyword).to_string())
                        .collect();
                    if all.len() < 2
                        || forms[0].value_type == Some(ValueType::Object) && *keyword == "list"
                    {
                        continue;
                    }
                    let path = way.path(way.steps.len()) + &"[0]".repeat(listed);
                    let name = format!("{} {} {path} {keyword}", kind.kind, kind.version);
                    // One place of a type is as good as another.
                    let (last, ..) = way.steps[way.steps.len() - 1];
                    let owner = way
                        .steps
                        .iter()
                        .rev()
                        .nth(1)
                        .and_then(|(_, schema, _)| innermost(schema).type_name());
                    if !seen.insert((owner, last.to_owned(), listed, *keyword)) {
                        continue;
                    }
                    differing.insert(name.clone());
                    let values: BTreeSet<String> = witnesses(&forms, keyword)
                        .iter()
                        .map(Value::to_string)
                        .collect();
                    for value in values {
                        let value: Value = serde_json::from_str(&value).unwrap();
                        let leaf = (0..listed).fold(value.clone(), |value, _| json!([value]));
                        let object = way.object(kind, leaf);
                        let mut judged = BTreeSet::new();
                        for (it, schema) in &nodes {
                            if allows(schema, keyword, &value)
                                || !judged.insert((asked(schema, keyword).to_string(), it.channel))
                            {
                                continue;
                            }
                            let what = format!("{} {} {name} {value:.80}", it.release, it.channel);
                            let found = findings(&object, it.release, it.channel);
                            for refused in found.iter().filter(|finding| {
                                let at = finding.path();
                                finding.rule() == *rule
                                    && match *keyword {
                                        "required" => {
                                            at.rsplit_once('.').is_some_and(|(at, _)| at == path)
                                        }
                                        "list" => at == format!("{path}[1]"),
                                        _ => at == path,
                                    }
                            }) {
                                let field = refused.path().rsplit('.').next().unwrap_or_default();
                                let allowing: BTreeSet<_> = nodes
                                    .iter()
                                    .filter(|(_, schema)| match *keyword {
                                        "required" => {
                                            schema.properties.contains_key(field)
                                                && !schema.required.iter().any(|name| name == field)
                                        }
                                        _ => {
                                            has_type(schema, &value)
                                                && KEYWORDS.iter().all(|(keyword, _)| {
                                                    !fits(keyword, &value)
                                                        || allows(schema, keyword, &value)
                                                })
                                        }
                                    })
                                    .map(|(it, _)| (it.release, it.channel))
                                    .collect();
                                let help = refused.help().unwrap();
                                let Some(words) = words(&allowing) else {
                                    continue;
                                };
                                *said.entry(keyword).or_default() += 1;
                                shown.insert(name.clone());
                                let expected = format!("; what is written is allowed {words}");
                                if !help.ends_with(&expected) {
                                    wrong.insert(
                                        format!("{what}: {help}: expected {words}")
                                            .chars()
                                            .take(400)
                                            .collect::<String>(),
                                    );
                                }
                            }
                        }
                    }
                }
            }
        });
    }
    let silent = differing
        .difference(&shown)
        .filter(|name| !UNTOLD.iter().any(|part| name.contains(part)));
    let silent: Vec<_> = silent.collect();
    println!("{said:?}");
    assert_eq!(
        silent,
        Vec::<&String>::new(),
        "no value tells the forms apart"
    );
    wrong.retain(|text| {
        !MORE
            .iter()
            .any(|(kind, path, said)| [kind, path, said].iter().all(|part| text.contains(**part)))
    });
    assert!(wrong.is_empty(), "{} {wrong:#?}", wrong.len());
    assert!(said.len() >= 8, "{said:?}");
}

fn has_type(schema: &Schema, value: &Value) -> bool {
    match schema.value_type {
        Some(ValueType::Object) => value.is_object(),
        Some(ValueType::Array) => value.is_array(),
        Some(ValueType::String) => value.is_string(),
        Some(ValueType::Integer) => value.is_i64(),
        Some(ValueType::Boolean) => value.is_boolean(),
        None => true,
    }
}

/// Whether a keyword says something of values of this type.
fn fits(keyword: &str, value: &Value) -> bool {
    match keyword {
        "pattern" | "minLength" | "maxLength" => value.is_string(),
        "minimum" | "maximum" => value.is_i64(),
        "minItems" | "maxItems" => value.is_array(),
        "minProperties" | "maxProperties" => value.is_object(),
        "required" => value.is_object(),
        "list" => value
            .as_array()
            .is_some_and(|list| list.len() == 2 && list[0] == list[1]),
        _ => true,
    }
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
