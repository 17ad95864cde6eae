//! `status.supportedFeatures` of a GatewayClass: texts to v1.1.1, objects with a name since v1.2.0.

use crate::schema::{Schema, ValueType};
use serde_json::{Map, Value, json};

const FEATURES: &str = "supportedFeatures";

pub(super) fn reshape(status: &mut Map<String, Value>, schema: &Schema) {
    let wanted = schema
        .properties
        .get(FEATURES)
        .and_then(|list| list.items.as_ref())
        .and_then(|item| item.value_type);
    let features = status.get_mut(FEATURES).and_then(Value::as_array_mut);
    for feature in features.into_iter().flatten() {
        let new = match (&*feature, wanted) {
            (Value::String(name), Some(ValueType::Object)) => json!({ "name": name }),
            (Value::Object(object), Some(ValueType::String)) if object.len() == 1 => {
                match object.get("name") {
                    Some(name @ Value::String(_)) => name.clone(),
                    _ => continue,
                }
            }
            _ => continue,
        };
        *feature = new;
    }
}
