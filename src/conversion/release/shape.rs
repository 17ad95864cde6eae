//! A walk over an object along the schema that a release has of it, to what may be in a form of another release.

use super::{backend, fields::Remarks, gateway, session, supported_feature};
use crate::schema::{Path, Schema};
use serde_json::Value;

/// Brings what the schema describes into the form that it asks for. What is in that form already is left alone.
pub(super) fn reshape(object: &mut Value, schema: &Schema, found: &mut Remarks) {
    node(object, schema, &Path::ROOT, found);
}

fn node(value: &mut Value, schema: &Schema, at: &Path<'_>, found: &mut Remarks) {
    match value {
        Value::Object(fields) => {
            match schema.type_name() {
                Some("SessionPersistence") => session::reshape(fields, schema, at, found),
                Some("GatewaySpec") => gateway::reshape(fields, schema, at, found),
                Some("BackendPort") => backend::port(fields, schema, at, found),
                Some("BackendStatus") => backend::status(fields, schema, at, found),
                Some("GatewayClassStatus") => supported_feature::reshape(fields, schema),
                _ => {}
            }
            for (name, value) in fields {
                if let Some(property) = schema.properties.get(name) {
                    node(value, property, &at.field(name), found);
                }
            }
        }
        Value::Array(elements) => {
            if let Some(items) = &schema.items {
                for (index, element) in elements.iter_mut().enumerate() {
                    node(element, items, &at.index(index), found);
                }
            }
        }
        _ => {}
    }
}
