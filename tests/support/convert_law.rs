//! What must hold of converting any object: shared by the fuzz target `convert_object` and the test that replays its corpus.
#![allow(
    clippy::allow_attributes,
    clippy::panic,
    reason = "shared by tests and a fuzz target"
)]

use gwapi::{
    conversion::{Migration, convert_value, versions},
    manifest::{self, Limits, ReadOptions},
};
use serde_json::Value;

/// Reads objects, and converts each to all versions of its kind. Returns how many conversions there were.
///
/// - What is converted has the version that was asked for, keeps its name, and can be read if it could be before.
/// - Converting to an object's own version changes nothing.
/// - Converting it once more to the version that it has now changes nothing.
/// - Migrating twice is migrating once.
pub(crate) fn check(bytes: &[u8]) -> usize {
    let mut limits = Limits::default();
    limits.max_values = 20_000;
    let options = ReadOptions::default().with_limits(limits);
    let mut converted = 0;
    for entry in manifest::stream(bytes, &options).flatten() {
        let value = &entry.value;
        let readable = entry.decode().is_ok();
        for version in versions(entry.kind()) {
            let to = format!("{}/{version}", gwapi::meta::GROUP);
            let to = if version.contains('/') { version } else { &to };
            let Ok(new) = convert_value(value, to) else {
                continue;
            };
            converted += 1;
            assert_eq!(new.get("apiVersion"), Some(&Value::from(to)));
            assert_eq!(
                new.pointer("/metadata/name"),
                value.pointer("/metadata/name")
            );
            if entry.api_version() == to {
                assert_eq!(&new, value, "the same version is the same object");
            }
            if readable && let Err(error) = manifest::decode(&new) {
                panic!("converted and not readable: {error}\n{value}\n{new}");
            }
            match convert_value(&new, to) {
                Ok(again) => assert_eq!(again, new, "converted twice"),
                Err(error) => panic!("converted and not convertible: {error}\n{value}"),
            }
        }
        let migration = Migration::default();
        let once = migration.migrate(value.clone());
        let twice = migration.migrate(once.value.clone());
        assert_eq!(twice.value, once.value, "migrated twice");
        assert_eq!(twice.errors.len(), once.errors.len());
    }
    converted
}
