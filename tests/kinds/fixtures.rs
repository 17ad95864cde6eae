//! Fixtures that together have every field of every kind and version.

use crate::law;
use gwapi::{
    manifest::{self, RawObject, ReadOptions},
    meta::{Channel, When},
    schema::{self, Schema},
};
use serde_json::Value;
use std::{collections::BTreeSet, fs, path::Path};

/// All objects of `tests/fixtures/kinds`, each with its file.
pub(crate) fn all() -> Vec<(String, RawObject)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/kinds");
    let mut entries = Vec::new();
    for folder in ["v1", "v1beta1", "v1alpha2", "v1alpha3", "x_v1alpha1"] {
        let version = folder.trim_start_matches("x_");
        let mut files: Vec<_> = fs::read_dir(root.join(folder))
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
        let kind = schema::find(entry.api_version(), entry.kind()).unwrap();
        assert_eq!(schema::fields_of_no_release(&entry.value, kind), []);
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
    for kind in schema::KINDS {
        let mut present = BTreeSet::new();
        for (_, entry) in &entries {
            if entry.api_version() == kind.api_version && entry.kind() == kind.kind {
                members(&entry.value, "", &mut present);
            }
        }
        let mut fields = BTreeSet::new();
        properties(kind.every(), kind.history.installed, "", &mut fields);
        assert!(fields.len() > 5, "{}: {fields:?}", kind.kind);
        let missing: Vec<_> = fields.difference(&present).collect();
        assert!(
            missing.is_empty(),
            "{} {}: {missing:#?}",
            kind.api_version,
            kind.kind
        );
    }
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

/// The paths of all fields that some of these releases have.
fn properties(schema: &Schema, when: When, path: &str, paths: &mut BTreeSet<String>) {
    for (name, property) in &schema.properties {
        let when = when.and(property.when());
        if Channel::ALL
            .into_iter()
            .all(|channel| when.is_never(channel))
        {
            continue;
        }
        let path = format!("{path}.{name}");
        properties(property, when, &path, paths);
        paths.insert(path);
    }
    if let Some(items) = &schema.items {
        properties(items, when, &format!("{path}[]"), paths);
    }
}
