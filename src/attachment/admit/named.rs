//! What an object calls itself, whether or not it can be read.

use crate::meta::{GroupVersionKind, ObjectRef, kept_name};
use serde_json::Value;

pub(super) fn api_version(value: &Value) -> &str {
    value
        .get("apiVersion")
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// What an object calls itself, its namespace `default` where it names none; names that are longer than any may
/// be are cut.
pub(super) fn reference(value: &Value) -> ObjectRef {
    let text = |pointer: &str| {
        let text = value.pointer(pointer).and_then(Value::as_str);
        kept_name(text.unwrap_or_default())
    };
    let kind = text("/kind");
    let namespace = text("/metadata/namespace");
    let cluster_wide = matches!(kind.as_str(), "GatewayClass" | "Namespace");
    ObjectRef {
        group: GroupVersionKind::from_api_version(&text("/apiVersion"), "").group,
        namespace: match namespace.as_str() {
            _ if cluster_wide => String::new(),
            "" if !kind.is_empty() => "default".to_owned(),
            _ => namespace,
        },
        kind,
        name: text("/metadata/name"),
    }
}
