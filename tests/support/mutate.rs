//! Breaks an object in one place.

use super::random::Random;
use gwapi::schema::{Installation, ListType, Path, Schema, ValueType};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// One place of an object: the steps to it, and what the schema says of it.
struct Spot<'a> {
    pointer: String,
    path: String,
    schema: &'a Schema,
}

impl Spot<'_> {
    /// Whether there are rules of which [`against_a_rule`] knows.
    fn has_rules(&self) -> bool {
        const TYPES: &[&str] = &[
            "HttpRouteRule",
            "HttpPathMatch",
            "HttpPathModifier",
            "HttpBackendRef",
            "GrpcBackendRef",
            "BackendRef",
            "BackendObjectReference",
            "Listener",
            "GrpcMethodMatch",
            "HttpRouteTimeouts",
            "SessionPersistence",
            "BackendTlsPolicyValidation",
        ];
        const ENDS: &[&str] = &[
            "path.value",
            "method.service",
            "method.method",
            "].filters",
            "spec.addresses",
            "spec.parentRefs",
        ];
        self.schema
            .type_name()
            .is_some_and(|name| TYPES.contains(&name))
            || ENDS.iter().any(|end| self.path.ends_with(end))
    }

    /// The path without the indexes.
    fn kind(&self) -> String {
        self.path.chars().filter(|c| !c.is_ascii_digit()).collect()
    }
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
    // Status is large, has few rules, and is dropped on creation.
    if random.chance(85) {
        spots.retain(|spot| !spot.path.starts_with("status"));
    }
    for _ in 0..20 {
        if spots.is_empty() || random.chance(3) {
            return metadata(random, object);
        }
        // Each kind of field is as likely as any other, however often it stands in the object.
        let ruled = random.chance(50) && spots.iter().any(Spot::has_rules);
        let kinds: BTreeSet<_> = spots
            .iter()
            .filter(|spot| !ruled || spot.has_rules())
            .map(Spot::kind)
            .collect();
        let kind = random.pick(&Vec::from_iter(kinds)).clone();
        let alike: Vec<_> = spots.iter().filter(|spot| spot.kind() == kind).collect();
        let spot = *random.pick(&alike);
        if let Some(value) = object.pointer_mut(&spot.pointer)
            && (random.chance(75) && against_a_rule(random, value, spot)
                || change(random, value, spot.schema))
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

/// Changes a value in a way that the rules on its type are about; false if there are none.
fn against_a_rule(random: &mut Random, value: &mut Value, spot: &Spot<'_>) -> bool {
    const PATHS: &[&str] = &[
        "a",
        "",
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
        "/ ",
        "/?",
        "/%",
        "/%zz",
        "/ä",
        "/a|b",
        "/{a}",
        "http://a/b",
    ];
    const NAMES: &[&str] = &[
        "", "a-b", ".", "1a", "a..b", "a.", ".a", "a b", "K", "ſ.ſ", "é", "A.B_1",
    ];
    let redirect =
        |path: &Value| json!({ "type": "RequestRedirect", "requestRedirect": { "path": path } });
    let rewrite = |path: &Value| json!({ "type": "URLRewrite", "urlRewrite": { "path": path } });
    let prefix = json!({ "type": "ReplacePrefixMatch", "replacePrefixMatch": "/x" });
    let full = json!({ "type": "ReplaceFullPath", "replaceFullPath": "/x" });
    let filter = |random: &mut Random| {
        let path = if random.chance(67) { &prefix } else { &full };
        if random.chance(50) {
            redirect(path)
        } else {
            rewrite(path)
        }
    };
    if spot.path.ends_with("path.value") {
        *value = json!(random.pick(PATHS));
        return true;
    }
    if spot.path.ends_with("method.service") || spot.path.ends_with("method.method") {
        *value = json!(random.pick(NAMES));
        return true;
    }
    if let Some(filters) = value.as_array_mut()
        && spot.path.ends_with("].filters")
    {
        let header =
            |kind: &str, member: &str| json!({ "type": kind, member: { "remove": ["a"] } });
        for _ in 0..random.between(1, 2) {
            filters.push(match random.below(5) {
                0 => header("RequestHeaderModifier", "requestHeaderModifier"),
                1 => header("ResponseHeaderModifier", "responseHeaderModifier"),
                _ if spot
                    .schema
                    .items
                    .as_ref()
                    .is_some_and(|i| i.properties.contains_key("urlRewrite")) =>
                {
                    filter(random)
                }
                _ => header("RequestHeaderModifier", "requestHeaderModifier"),
            });
        }
        return true;
    }
    if let Some(addresses) = value.as_array_mut()
        && spot.path == "spec.addresses"
    {
        let (kind, text) = *random.pick(&[
            ("Hostname", "a.b"),
            ("Hostname", "A_b"),
            ("IPAddress", "192.0.2.9"),
            ("IPAddress", "x"),
        ]);
        for _ in 0..random.between(1, 2) {
            addresses.push(json!({ "type": kind, "value": text }));
        }
        return true;
    }
    if let Some(parents) = value.as_array_mut()
        && spot.path == "spec.parentRefs"
    {
        for _ in 0..2 {
            let mut parent = json!({ "name": "twice" });
            if random.chance(40) {
                parent["sectionName"] = json!(random.pick(&["a", "b", ""]));
            }
            if random.chance(40) {
                parent["port"] = json!(random.pick(&[80, 81, 0]));
            }
            parents.push(parent);
        }
        return true;
    }
    let Some(fields) = value.as_object_mut() else {
        return false;
    };
    match spot.schema.type_name() {
        Some("HttpRouteRule") => {
            let choices = [
                json!([]),
                json!([{ "path": { "value": "/p" } }]),
                json!([{ "path": { "type": "Exact", "value": "/p" } }]),
                json!([{}, {}]),
                json!([{}]),
            ];
            fields.insert("matches".to_owned(), random.pick(&choices).clone());
            let backends: Vec<_> = (0..random.below(3))
                .map(|n| {
                    let mut backend = json!({ "name": format!("b{n}"), "port": 80 });
                    if random.chance(60) {
                        backend["filters"] = json!([filter(random)]);
                    }
                    backend
                })
                .collect();
            fields.insert("backendRefs".to_owned(), json!(backends));
            if random.chance(60) {
                fields.insert("filters".to_owned(), json!([filter(random)]));
            }
        }
        Some("HttpBackendRef" | "GrpcBackendRef" | "BackendRef" | "BackendObjectReference") => {
            fields.remove("port");
            fields.remove("kind");
            if random.chance(70) {
                fields.remove("group");
            }
        }
        Some("Listener") => {
            fields.insert(
                "protocol".to_owned(),
                json!(random.pick(&["HTTP", "HTTPS", "TLS", "TCP", "UDP"])),
            );
            if random.chance(50) {
                fields.insert(
                    "tls".to_owned(),
                    json!({ "mode": random.pick(&["Passthrough", "Terminate"]) }),
                );
            }
            if random.chance(50) {
                fields.insert("hostname".to_owned(), json!(random.pick(&["a.b", ""])));
            }
        }
        Some("HttpPathMatch") => {
            fields.insert(
                "type".to_owned(),
                json!(random.pick(&["Exact", "PathPrefix"])),
            );
            fields.insert("value".to_owned(), json!(random.pick(PATHS)));
        }
        Some("HttpPathModifier") => {
            if random.chance(50) {
                fields.remove("replaceFullPath");
            } else {
                fields.insert("replaceFullPath".to_owned(), json!(""));
            }
        }
        Some("GrpcMethodMatch") => {
            fields.remove("service");
            fields.remove("method");
        }
        Some("HttpRouteTimeouts") => {
            for name in ["request", "backendRequest"] {
                let duration =
                    random.pick(&["1s", "0s", "2s", "1500ms", "1h1h", "1.5s", "abc", ""]);
                fields.insert(name.to_owned(), json!(duration));
            }
        }
        Some("SessionPersistence") => {
            fields.remove("absoluteTimeout");
            let choices = [
                json!({}),
                json!({ "lifetimeType": "Permanent" }),
                json!(null),
            ];
            fields.insert("cookieConfig".to_owned(), random.pick(&choices).clone());
        }
        Some("BackendTlsPolicyValidation") => {
            if random.chance(50) {
                fields.remove("wellKnownCACertificates");
                fields.remove("caCertificateRefs");
            } else {
                fields.insert("wellKnownCACertificates".to_owned(), json!("System"));
                let refs = json!([{ "group": "", "kind": "ConfigMap", "name": "ca" }]);
                fields.insert("caCertificateRefs".to_owned(), refs);
            }
        }
        _ => return false,
    }
    true
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
