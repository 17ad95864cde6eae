//! Breaks an object in one place.

use super::random::Random;
use gwapi::schema::{Installation, ListType, Path, Schema, ValueType};
use serde_json::{Value, json};

/// One place of an object: the steps to it, and what the schema says of it.
struct Spot<'a> {
    pointer: String,
    path: String,
    schema: &'a Schema,
}

/// Changes one place, most often for the worse, and returns its path as an API server writes it.
pub(crate) fn mutate(
    random: &mut Random,
    object: &mut Value,
    installation: &Installation,
) -> String {
    let mut spots = Vec::new();
    collect(object, installation.schema(), &Path::ROOT, "", &mut spots);
    // The object itself and its type fields are not of interest.
    spots.retain(|spot| {
        !matches!(spot.path.as_str(), "" | "apiVersion" | "kind")
            && !spot.path.starts_with("metadata")
    });
    for _ in 0..20 {
        if spots.is_empty() || random.chance(3) {
            return metadata(random, object);
        }
        let spot = random.pick(&spots);
        if let Some(value) = object.pointer_mut(&spot.pointer)
            && change(random, value, spot.schema)
        {
            return spot.path.clone();
        }
        // A field that is taken out, or one too many in the object around it.
        if let Some((around, field)) = spot.pointer.rsplit_once('/')
            && let Some(Value::Object(fields)) = object.pointer_mut(around)
            && random.chance(50)
        {
            fields.remove(field);
            return spot.path.clone();
        }
    }
    metadata(random, object)
}

fn metadata(random: &mut Random, object: &mut Value) -> String {
    let (field, value) = random
        .pick(&[
            ("name", json!("Upper")),
            ("name", json!("a_b")),
            ("name", json!("a".repeat(254))),
            ("name", json!("")),
            ("namespace", json!("a.b")),
            ("labels", json!({ "-": "x" })),
            ("labels", json!({ "a": "no spaces" })),
            ("annotations", json!({ "a/b/c": "" })),
            ("finalizers", json!(["a b"])),
            ("unheard", json!(1)),
        ])
        .clone();
    object["metadata"][field] = value;
    format!("metadata.{field}")
}

fn collect<'a>(
    value: &Value,
    schema: &'a Schema,
    at: &Path<'_>,
    pointer: &str,
    spots: &mut Vec<Spot<'a>>,
) {
    spots.push(Spot {
        pointer: pointer.to_owned(),
        path: at.to_string(),
        schema,
    });
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                let below = schema
                    .properties
                    .get(name)
                    .or(schema.additional_properties.as_deref());
                if let Some(below) = below {
                    let escaped = name.replace('~', "~0").replace('/', "~1");
                    collect(
                        field,
                        below,
                        &at.field(name),
                        &format!("{pointer}/{escaped}"),
                        spots,
                    );
                }
            }
        }
        Value::Array(elements) => {
            if let Some(items) = &schema.items {
                for (index, element) in elements.iter().enumerate() {
                    collect(
                        element,
                        items,
                        &at.index(index),
                        &format!("{pointer}/{index}"),
                        spots,
                    );
                }
            }
        }
        _ => {}
    }
}

/// Changes a value in place; false if this change does not suit it.
fn change(random: &mut Random, value: &mut Value, schema: &Schema) -> bool {
    if random.chance(12) {
        let other = random
            .pick(&[
                json!(null),
                json!(7),
                json!("text"),
                json!(true),
                json!([]),
                json!({}),
                json!(1.5),
            ])
            .clone();
        *value = other;
        return true;
    }
    match value {
        Value::String(text) => {
            *text = other_text(random, text, schema);
            true
        }
        Value::Number(_) => {
            *value = random
                .pick(&[
                    json!(0),
                    json!(-1),
                    json!(65536),
                    json!(1_000_001),
                    json!(80.0),
                    json!(4_294_967_296_i64),
                    json!(303),
                ])
                .clone();
            true
        }
        Value::Array(elements) => other_list(random, elements, schema),
        Value::Object(fields) => match random.below(4) {
            0 => {
                fields.insert("unheardOf".to_owned(), json!({}));
                true
            }
            // A field that excludes another, or that the channel lacks.
            1 => {
                let absent: Vec<_> = schema
                    .properties
                    .iter()
                    .filter(|(name, _)| !fields.contains_key(*name))
                    .collect();
                if absent.is_empty() {
                    return false;
                }
                let (name, property) = random.pick(&absent);
                fields.insert((*name).clone(), simple(property));
                true
            }
            2 if schema.type_name() == Some("HttpRouteRule") => {
                fields.insert(
                    "timeouts".to_owned(),
                    json!({ "request": "1s", "backendRequest": "2s" }),
                );
                true
            }
            _ if schema.value_type == Some(ValueType::Object)
                && schema.max_properties.is_some() =>
            {
                for n in 0..20 {
                    fields.insert(format!("k{n}"), json!("v"));
                }
                true
            }
            _ => false,
        },
        _ => false,
    }
}

fn other_text(random: &mut Random, text: &str, schema: &Schema) -> String {
    const TEXTS: &[&str] = &[
        "",
        "a",
        "A",
        "-",
        "UPPER",
        "under_score",
        "a b",
        "*.example.com",
        "*",
        "a.*.b",
        "http",
        "ä",
        "K",
        "ſ",
        "/",
        "//",
        "/a//b",
        "/./",
        "/a/./b",
        "/a/.",
        "/../",
        "/a/../b",
        "/a/..",
        "/%2f",
        "/%2F",
        "/#",
        "/a#b",
        "a/b",
        "/ ",
        "/?",
        "/%",
        "/%zz",
        "/ä",
        "..",
        "1s",
        "0s",
        "1h1m1s1ms",
        "1.5s",
        "-1s",
        "100000h",
        "1d",
        "99999h99999h",
        "10",
        "HTTP",
        "HTTPS",
        "TCP",
        "UDP",
        "TLS",
        "Terminate",
        "Passthrough",
        "Exact",
        "RegularExpression",
        "PathPrefix",
        "IPAddress",
        "Hostname",
        "NamedAddress",
        "1.2.3.4",
        "1.2.3",
        "::1",
        "Service",
        "Gateway",
        "RequestRedirect",
        "URLRewrite",
        "ReplacePrefixMatch",
        "Permanent",
        "Session",
        "System",
        "GET",
        "get",
        "RequestHeaderModifier",
        "ExtensionRef",
        "Selector",
        "True",
        "2024-02-30T00:00:00Z",
        "now",
        "a,b",
        "a:b",
    ];
    if !schema.enumeration.is_empty() && random.chance(60) {
        let choice = random.pick(&schema.enumeration);
        return choice.as_str().unwrap_or_default().to_owned();
    }
    match random.below(10) {
        0 => text.to_uppercase(),
        1 => format!("{text}-"),
        2 => {
            let most = usize::try_from(schema.max_length.unwrap_or(10)).unwrap_or(10);
            let letter = *random.pick(&["a", "é"]);
            letter.repeat(most + random.below(2))
        }
        _ => (*random.pick(TEXTS)).to_owned(),
    }
}

fn other_list(random: &mut Random, elements: &mut Vec<Value>, schema: &Schema) -> bool {
    match random.below(4) {
        0 => elements.clear(),
        1 => {
            let Some(first) = elements.first().cloned() else {
                return false;
            };
            elements.push(first);
        }
        2 => {
            let Some(last) = elements.last().cloned() else {
                return false;
            };
            let most = usize::try_from(schema.max_items.unwrap_or(3)).unwrap_or(3);
            let keys = match &schema.list_type {
                Some(ListType::Map(keys)) => keys.clone(),
                _ => Vec::new(),
            };
            for n in elements.len()..=most {
                let mut more = last.clone();
                for key in &keys {
                    more[key] = json!(format!("n{n}"));
                }
                elements.push(more);
            }
        }
        _ => elements.push(json!(null)),
    }
    true
}

/// The simplest value of a schema.
fn simple(schema: &Schema) -> Value {
    if let Some(first) = schema.enumeration.first() {
        return first.clone();
    }
    match schema.value_type {
        Some(ValueType::Object) => Value::Object(
            schema
                .required
                .iter()
                .filter_map(|name| Some((name.clone(), simple(schema.properties.get(name)?))))
                .collect(),
        ),
        Some(ValueType::Array) => json!([schema.items.as_deref().map_or(json!("a"), simple)]),
        Some(ValueType::Integer) => json!(schema.minimum.unwrap_or(1)),
        Some(ValueType::Boolean) => json!(true),
        Some(ValueType::String) | None => match schema.pattern.as_ref() {
            Some(pattern) => json!(
                ["a", "10s", "a.b/c"]
                    .into_iter()
                    .find(|t| pattern.is_match(t))
                    .unwrap_or("A")
            ),
            None => json!("a"),
        },
    }
}
