//! Which release has what, as the types declare it, against what the releases themselves have.

use gwapi::{
    crd,
    meta::{Channel, Release, When},
    schema::{self, Schema},
};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

type Places = BTreeSet<(Release, Channel)>;

/// Of a type and its field, with `[]` for the elements of a list and `{}` for the values of a map: where it is, and where
/// each of its keywords has which value.
#[derive(Default)]
struct Facts {
    present: Places,
    keywords: BTreeMap<(String, String), Places>,
    having: BTreeMap<String, Places>,
}

type History = BTreeMap<(String, String), Facts>;

/// The name of a type without regard to how it is written. The specs of routes share their first fields.
fn plain(name: &str, field: &str) -> String {
    let name = name.replace("@v1alpha2", "V1Alpha2").to_lowercase();
    let shared = ["parentrefs", "usedefaultgateways"]
        .contains(&field.trim_end_matches("[]").to_lowercase().as_str());
    match name.as_str() {
        _ if shared && name.contains("routespec") => "commonroutespec".to_owned(),
        // Before the Gateway had a `tls` of its own, the listener's had this name.
        "gatewaytlsconfig" if field == "frontendValidation" => "listenertlsconfig".to_owned(),
        _ => name,
    }
}

fn note(
    schema: &Schema,
    written: &Value,
    owner: Option<(&str, &str)>,
    at: (Release, Channel),
    found: &mut History,
) {
    if let Some((name, field)) = owner {
        let facts = found
            .entry((plain(name, field), field.to_owned()))
            .or_default();
        facts.present.insert(at);
        for (keyword, value) in written.as_object().into_iter().flatten() {
            if [
                "properties",
                "items",
                "additionalProperties",
                "description",
                "x-kubernetes-validations",
            ]
            .contains(&keyword.as_str())
            {
                continue;
            }
            facts.having.entry(keyword.clone()).or_default().insert(at);
            let values: Vec<&Value> = match (keyword.as_str(), value) {
                ("enum" | "required", Value::Array(values)) => values.iter().collect(),
                _ => vec![value],
            };
            for value in values {
                let value = whole(value).to_string();
                facts
                    .keywords
                    .entry((keyword.clone(), value))
                    .or_default()
                    .insert(at);
            }
        }
    }
    let own = schema.type_name().map(str::to_owned);
    for (name, property) in &schema.properties {
        let below = &written["properties"][name];
        note(
            property,
            below,
            own.as_deref().map(|own| (own, name.as_str())),
            at,
            found,
        );
    }
    for (items, key, suffix) in [
        (&schema.items, "items", "[]"),
        (&schema.additional_properties, "additionalProperties", "{}"),
    ] {
        if let Some(items) = items {
            let field = owner.map(|(name, field)| (name, format!("{field}{suffix}")));
            note(
                items,
                &written[key],
                field.as_ref().map(|(name, field)| (*name, field.as_str())),
                at,
                found,
            );
        }
    }
}

/// Bounds are floating-point numbers in a definition.
fn whole(value: &Value) -> Value {
    match value.as_f64() {
        Some(number) if value.is_f64() && number.fract() == 0.0 => Value::from(number as i64),
        _ => value.clone(),
    }
}

fn history() -> History {
    let mut found = History::new();
    for release in Release::ALL {
        for channel in Channel::ALL {
            for (_, installation) in schema::installed(*release, channel) {
                let written = serde_json::to_value(crd::structural_schema(installation)).unwrap();
                note(
                    installation.schema(),
                    &written,
                    None,
                    (*release, channel),
                    &mut found,
                );
            }
        }
    }
    found
}

/// Every mark of every type, for people: `cargo test --test kinds marks -- --nocapture`.
#[test]
fn every_mark_names_releases_that_change_something() {
    fn walk(schema: &Schema, marks: &mut BTreeMap<String, When>) {
        for (name, property) in &schema.properties {
            if property.when() != When::ALWAYS {
                let own = schema.type_name().unwrap_or_default();
                marks.insert(format!("{own}.{name}"), property.when());
            }
            walk(property, marks);
        }
        for below in schema.items.iter().chain(&schema.additional_properties) {
            walk(below, marks);
        }
    }
    let mut marks = BTreeMap::new();
    for kind in schema::KINDS {
        walk(kind.every(), &mut marks);
    }
    assert!(marks.len() > 40, "{}", marks.len());
    for (field, when) in marks {
        println!("{field}: {when}, {}", when.in_words());
        let known = Channel::ALL
            .into_iter()
            .any(|channel| when.since(channel).is_some());
        assert!(known, "{field}: no release has it");
    }
}

#[test]
fn what_the_types_declare_is_what_the_releases_have() {
    let root = std::env::var_os("GWAPI_RELEASES").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/releases"),
        PathBuf::from,
    );
    let Ok(text) = fs::read(root.join("marks.json")) else {
        eprintln!(
            "skipped: no marks of the releases beside this repository; GWAPI_RELEASES names their folder"
        );
        return;
    };
    let reference: Vec<Value> = serde_json::from_slice(&text).unwrap();
    let ours = history();
    let mut differing = Vec::new();
    let mut compared = 0;
    for entry in &reference {
        let (name, field) = (
            entry["type"].as_str().unwrap(),
            entry["field"].as_str().unwrap(),
        );
        let Some(facts) = ours.get(&(plain(name, field), field.to_owned())) else {
            differing.push(format!("{name}.{field}: nothing is known of it"));
            continue;
        };
        if let Some(wanted) = entry.get("in") {
            compared += 1;
            compare(
                &format!("{name}.{field}"),
                &places(wanted),
                &facts.present,
                &mut differing,
            );
        }
        for (keyword, values) in entry["keywords"].as_object().into_iter().flatten() {
            if keyword == "x-kubernetes-validations" {
                continue;
            }
            for value in values.as_array().unwrap() {
                compared += 1;
                let at = format!("{name}.{field} {keyword} {}", value["value"]);
                let found = match &value["value"] {
                    Value::Null => {
                        let having = facts.having.get(keyword).cloned().unwrap_or_default();
                        facts.present.difference(&having).copied().collect()
                    }
                    one => {
                        let key = (keyword.clone(), one.to_string());
                        facts.keywords.get(&key).cloned().unwrap_or_default()
                    }
                };
                compare(&at, &places(value), &found, &mut differing);
            }
        }
    }
    println!("{compared} facts of {} fields compared", reference.len());
    assert!(compared > 150, "{compared}");
    assert_eq!(differing, Vec::<String>::new());
}

fn compare(what: &str, wanted: &Places, found: &Places, differing: &mut Vec<String>) {
    if wanted != found {
        differing.push(format!("{what}: the releases {wanted:?}, ours {found:?}"));
    }
}

/// Intervals such as `1.3.0..1.3.0,1.5.0..` of each channel.
fn places(value: &Value) -> Places {
    let mut places = Places::new();
    for channel in Channel::ALL {
        let text = value[channel.as_str()].as_str().unwrap_or_default();
        for span in text.split(',').filter(|span| !span.is_empty()) {
            let when: When = span.parse().unwrap();
            let releases = Release::ALL.iter().copied();
            places.extend(
                releases
                    .filter(|release| when.contains(*release, channel))
                    .map(|release| (release, channel)),
            );
        }
    }
    places
}
