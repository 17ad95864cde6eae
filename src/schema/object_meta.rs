//! The schema of `metadata`, which every kind has and no CRD spells out.

use super::node::{Schema, ValueType};
use std::sync::LazyLock;

/// The schema of `metadata`: the fields that the Kubernetes API knows and their types.
#[must_use]
pub fn object_meta() -> &'static Schema {
    static OBJECT_META: LazyLock<Schema> = LazyLock::new(build);
    &OBJECT_META
}

fn leaf(value_type: ValueType) -> Schema {
    Schema {
        value_type: Some(value_type),
        ..Schema::default()
    }
}

fn text() -> Schema {
    leaf(ValueType::String)
}

fn time() -> Schema {
    Schema {
        format: Some("date-time".to_owned()),
        ..text()
    }
}

fn integer() -> Schema {
    leaf(ValueType::Integer)
}

fn boolean() -> Schema {
    leaf(ValueType::Boolean)
}

fn map() -> Schema {
    Schema {
        additional_properties: Some(Box::new(text())),
        ..leaf(ValueType::Object)
    }
}

fn list(items: Schema) -> Schema {
    Schema {
        items: Some(Box::new(items)),
        ..leaf(ValueType::Array)
    }
}

fn object<const N: usize>(fields: [(&str, Schema); N]) -> Schema {
    Schema {
        properties: fields
            .into_iter()
            .map(|(name, schema)| (name.to_owned(), schema))
            .collect(),
        ..leaf(ValueType::Object)
    }
}

fn build() -> Schema {
    let owner = object([
        ("apiVersion", text()),
        ("kind", text()),
        ("name", text()),
        ("uid", text()),
        ("controller", boolean()),
        ("blockOwnerDeletion", boolean()),
    ]);
    let managed = object([
        ("manager", text()),
        ("operation", text()),
        ("apiVersion", text()),
        ("time", time()),
        ("fieldsType", text()),
        // Free in form: a tree of field names.
        ("fieldsV1", leaf(ValueType::Object)),
        ("subresource", text()),
    ]);
    object([
        ("name", text()),
        ("generateName", text()),
        ("namespace", text()),
        ("selfLink", text()),
        ("uid", text()),
        ("resourceVersion", text()),
        ("generation", integer()),
        ("creationTimestamp", time()),
        ("deletionTimestamp", time()),
        ("deletionGracePeriodSeconds", integer()),
        ("labels", map()),
        ("annotations", map()),
        ("ownerReferences", list(owner)),
        ("finalizers", list(text())),
        ("managedFields", list(managed)),
    ])
}
