//! What a release refuses and another one allows, for every keyword of the schemas.

use super::*;

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
