//! The object that somebody most likely meant to give.

use crate::{
    attachment::SnapshotObject,
    manifest,
    meta::Release,
    schema::{self, KINDS},
};
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
    let known = KINDS
        .iter()
        .map(|known| known.kind)
        .find(|known| known.eq_ignore_ascii_case(kind))?;
    let right = match schema::find(api_version, known) {
        Some(found) => found.api_version,
        None => stored(known)?,
    };
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

/// The `apiVersion` in which the newest release that is known stores a kind.
fn stored(kind: &str) -> Option<&'static str> {
    let newest = *Release::ALL.last()?;
    KINDS
        .iter()
        .filter(|known| known.kind == kind)
        .find(|known| {
            known
                .installations()
                .iter()
                .any(|installation| installation.release == newest.crds() && installation.stored)
        })
        .map(|known| known.api_version)
}
