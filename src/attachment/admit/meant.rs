//! The object that somebody most likely meant to give.

use crate::{attachment::SnapshotObject, manifest, validation::misnamed};
use serde_json::Value;

/// Reads an object that is left out as the kind that is most likely meant, in the version that is known of it.
/// Nothing where it cannot be read so.
pub(super) fn read(value: &Value) -> Option<SnapshotObject> {
    let text = |field: &str| value.get(field).and_then(Value::as_str);
    let (api_version, kind) = (text("apiVersion")?, text("kind")?);
    let name = value.pointer("/metadata/name").and_then(Value::as_str)?;
    // A long one is no name, and would be copied.
    if name.len() > 253 || api_version.len() > 253 || kind.len() > 253 {
        return None;
    }
    let (right, known) = misnamed::meant(api_version, kind)?;
    let mut object = serde_json::Map::new();
    object.insert("apiVersion".to_owned(), right.into());
    object.insert("kind".to_owned(), known.into());
    for part in ["metadata", "spec"] {
        if let Some(part_value) = value.get(part) {
            object.insert(part.to_owned(), part_value.clone());
        }
    }
    manifest::decode(&Value::Object(object))
        .ok()
        .map(SnapshotObject::from)
}
