//! Fixtures that together have every field of every kind and version.

use crate::law;
use gwapi::{
    manifest::{self, RawObject, ReadOptions},
    meta::{Channel, Kind},
    v1, v1alpha2, v1alpha3, v1beta1,
};
use k8s_openapi::Resource;
use serde_json::Value;
use std::{collections::BTreeSet, fs, path::Path};

/// All objects of `tests/fixtures/kinds`, each with its file.
pub(crate) fn all() -> Vec<(String, RawObject)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/kinds");
    let mut entries = Vec::new();
    for version in ["v1", "v1beta1", "v1alpha2", "v1alpha3"] {
        let mut files: Vec<_> = fs::read_dir(root.join(version))
            .unwrap()
            .map(|file| file.unwrap().path())
            .collect();
        files.sort();
        for file in files {
            let read = manifest::read(&fs::read(&file).unwrap(), &ReadOptions::default());
            assert_eq!(read.errors, [], "{}", file.display());
            let name = file.strip_prefix(&root).unwrap().display().to_string();
            for entry in read.entries {
                assert!(
                    entry.api_version().ends_with(&format!("/{version}")),
                    "{name}"
                );
                assert!(name.contains(&entry.kind().to_lowercase()), "{name}");
                entries.push((name.clone(), entry));
            }
        }
    }
    entries
}

#[test]
fn reading_and_writing_changes_nothing() {
    for (_, entry) in all() {
        law::holds_exactly(&entry.value);
        assert_eq!(entry.strict(Channel::Experimental), []);
    }
}

#[test]
fn objects_are_written_in_the_order_of_an_api_server() {
    for (name, entry) in all() {
        let object = manifest::decode(&entry.value).unwrap();
        let written = serde_json::to_string(&object).unwrap();
        // Its objects are maps, which are written by name, as this one is.
        assert_eq!(written, entry.value.to_string(), "{name}");
    }
}

#[test]
fn no_field_of_any_kind_is_without_a_fixture() {
    let entries = all();
    macro_rules! check {
        ($($kind:ty),+ $(,)?) => { $( covered::<$kind>(&entries); )+ };
    }
    check!(
        v1::GatewayClass,
        v1::Gateway,
        v1::HttpRoute,
        v1::GrpcRoute,
        v1beta1::GatewayClass,
        v1beta1::Gateway,
        v1beta1::HttpRoute,
        v1beta1::ReferenceGrant,
        v1alpha2::GrpcRoute,
        v1alpha2::ReferenceGrant,
        v1alpha2::TcpRoute,
        v1alpha2::TlsRoute,
        v1alpha2::UdpRoute,
        v1alpha2::BackendLbPolicy,
        v1alpha2::BackendTlsPolicy,
        v1alpha3::BackendTlsPolicy,
    );
}

fn covered<K: Kind>(entries: &[(String, RawObject)]) {
    let mut present = BTreeSet::new();
    for (_, entry) in entries {
        if entry.api_version() == K::API_VERSION && entry.kind() == K::KIND {
            members(&entry.value, "", &mut present);
        }
    }
    let schema = schemars::schema_for!(K);
    let mut fields = BTreeSet::new();
    properties(schema.as_value(), schema.as_value(), "", &mut fields);
    assert!(fields.len() > 5, "{}: {fields:?}", K::KIND);
    let missing: Vec<_> = fields.difference(&present).collect();
    assert!(
        missing.is_empty(),
        "{} {}: {missing:#?}",
        K::API_VERSION,
        <K as Resource>::KIND
    );
}

/// The paths of all members, without indexes.
fn members(value: &Value, path: &str, paths: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                let path = format!("{path}.{key}");
                members(value, &path, paths);
                paths.insert(path);
            }
        }
        Value::Array(items) => {
            for item in items {
                members(item, &format!("{path}[]"), paths);
            }
        }
        _ => {}
    }
}

/// The paths of all properties of a schema.
fn properties(schema: &Value, root: &Value, path: &str, paths: &mut BTreeSet<String>) {
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        let target = root.pointer(reference.trim_start_matches('#')).unwrap();
        properties(target, root, path, paths);
    }
    for combined in ["allOf", "anyOf", "oneOf"] {
        for part in schema
            .get(combined)
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            properties(part, root, path, paths);
        }
    }
    if let Some(items) = schema.get("items") {
        properties(items, root, &format!("{path}[]"), paths);
    }
    let own = schema.get("properties").and_then(Value::as_object);
    for (name, property) in own.into_iter().flatten() {
        let path = format!("{path}.{name}");
        properties(property, root, &path, paths);
        paths.insert(path);
    }
}
