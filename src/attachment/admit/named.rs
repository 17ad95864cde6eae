//! What an object calls itself, whether or not it can be read.

use crate::{
    meta::{GroupVersionKind, ObjectRef, kept_name},
    schema::{self, KindVersion},
    validation::misnamed,
};
use serde_json::Value;

pub(super) fn api_version(value: &Value) -> &str {
    value
        .get("apiVersion")
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// What an object calls itself, its namespace `default` where it names none, and empty where what it names is no text; names that
/// are longer than any may be are cut.
pub(super) fn reference(value: &Value) -> ObjectRef {
    let text = |pointer: &str| {
        let text = value.pointer(pointer).and_then(Value::as_str);
        kept_name(text.unwrap_or_default())
    };
    let (api_version, kind) = (text("/apiVersion"), text("/kind"));
    let namespace = text("/metadata/namespace");
    let group = GroupVersionKind::from_api_version(&api_version, "").group;
    // A kind that is misspelt has the namespace of the one that is meant.
    let meant = misnamed::meant(&api_version, &kind);
    let (right, known_kind) = meant.unwrap_or((api_version.as_str(), kind.as_str()));
    let right = GroupVersionKind::from_api_version(right, "").group;
    let is_it = |known: &&KindVersion| known.group == right && known.kind == known_kind;
    let cluster_wide = match schema::KINDS.iter().find(is_it) {
        Some(known) => !known.namespaced,
        None => known_kind == "Namespace",
    };
    let named = value.pointer("/metadata/namespace");
    let is_unreadable = named.is_some_and(|named| !named.is_null() && !named.is_string());
    ObjectRef {
        group,
        namespace: match namespace.as_str() {
            _ if cluster_wide => String::new(),
            "" if !kind.is_empty() && !is_unreadable => "default".to_owned(),
            _ => namespace,
        },
        kind,
        name: text("/metadata/name"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_object_of_a_cluster_wide_kind_has_no_namespace() {
        for known in schema::KINDS {
            let value = json!({ "apiVersion": known.api_version, "kind": known.kind });
            let expected = if known.namespaced { "default" } else { "" };
            assert_eq!(reference(&value).namespace, expected, "{}", known.kind);
        }
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace"});
        assert_eq!(reference(&namespace).namespace, "");
        let misspelt = json!({"apiVersion": "v1", "kind": "namespace", "metadata": {"name": "c"}});
        assert_eq!(reference(&misspelt).namespace, "");
    }
}
