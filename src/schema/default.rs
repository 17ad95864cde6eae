//! Defaults, applied as an API server applies them.

use super::{Schema, find};
use crate::meta::Kind;
use serde_json::Value;

/// Fills in the defaults of a schema, and drops what a server drops on the way.
///
/// A field that is absent, or `null`, takes its default; a `null` without a default is dropped, since no
/// field of the API can be null. Defaults apply inside what is there and inside defaults themselves.
/// A `null` element of a list stays, to be refused. Running it again changes nothing.
pub fn apply_defaults(value: &mut Value, schema: &Schema) {
    match value {
        Value::Object(fields) => {
            for (name, property) in &schema.properties {
                match (fields.get_mut(name), &property.default) {
                    (Some(field), _) if !field.is_null() => apply_defaults(field, property),
                    (_, Some(default)) => {
                        let mut field = default.clone();
                        apply_defaults(&mut field, property);
                        fields.insert(name.clone(), field);
                    }
                    (Some(_), None) => drop(fields.remove(name)),
                    (None, None) => {}
                }
            }
            if let Some(values) = &schema.additional_properties {
                fields.retain(|name, value| {
                    schema.properties.contains_key(name)
                        || !value.is_null()
                        || values.default.is_some()
                });
                for (name, value) in fields.iter_mut() {
                    if !schema.properties.contains_key(name) {
                        if let (true, Some(default)) = (value.is_null(), &values.default) {
                            *value = default.clone();
                        }
                        apply_defaults(value, values);
                    }
                }
            }
        }
        Value::Array(elements) => {
            if let Some(items) = &schema.items {
                for element in elements {
                    if let (true, Some(default)) = (element.is_null(), &items.default) {
                        *element = default.clone();
                    }
                    apply_defaults(element, items);
                }
            }
        }
        _ => {}
    }
}

/// Applies API defaults to typed objects.
pub trait ApplyDefaults: Kind {
    /// Fills in the value of each field that an API server would fill in on creation.
    ///
    /// ```
    /// use gwapi::{schema::ApplyDefaults, v1::{HttpRoute, HttpRouteSpec}};
    ///
    /// let mut route = HttpRoute::new("all", HttpRouteSpec::default());
    /// route.apply_defaults();
    /// assert_eq!(route.spec.rules()[0].matches[0].path_value(), "/");
    /// ```
    fn apply_defaults(&mut self);
}

impl<K: Kind> ApplyDefaults for K {
    fn apply_defaults(&mut self) {
        let schema = find(K::API_VERSION, K::KIND).and_then(super::KindVersion::widest);
        if let Some(schema) = schema
            && let Ok(mut value) = serde_json::to_value(&*self)
        {
            apply_defaults(&mut value, schema);
            // What was written by this type, and completed by its own schema, can be read by it.
            if let Ok(completed) = serde_json::from_value(value) {
                *self = completed;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        meta::{Channel, Release},
        v1::*,
    };
    use serde_json::json;

    fn defaulted(kind: &str, spec: Value) -> Value {
        let api_version = "gateway.networking.k8s.io/v1";
        let schema = find(api_version, kind)
            .unwrap()
            .installation(Release::V1_1_0, Channel::Standard)
            .unwrap()
            .schema();
        let mut object =
            json!({"apiVersion": api_version, "kind": kind, "metadata": {}, "spec": spec});
        apply_defaults(&mut object, schema);
        let once = object.clone();
        apply_defaults(&mut object, schema);
        assert_eq!(object, once, "a second run changes nothing");
        object["spec"].take()
    }

    #[test]
    fn defaults_apply_inside_defaults_and_in_place_of_null() {
        assert_eq!(
            defaulted(
                "HTTPRoute",
                json!({"rules": [{"matches": [{"path": null}], "backendRefs": [{"name": "a"}]}]})
            ),
            json!({"rules": [{
                "matches": [{"path": {"type": "PathPrefix", "value": "/"}}],
                "backendRefs": [{"group": "", "kind": "Service", "name": "a", "weight": 1}],
            }]})
        );
        assert_eq!(
            defaulted(
                "Gateway",
                json!({"listeners": [{"name": "a", "tls": {}, "hostname": null}]})
            ),
            json!({"listeners": [{
                "name": "a",
                "tls": {"mode": "Terminate"},
                "allowedRoutes": {"namespaces": {"from": "Same"}},
            }]})
        );
    }

    #[test]
    fn a_null_element_stays_to_be_refused() {
        assert_eq!(
            defaulted("HTTPRoute", json!({"hostnames": [null], "rules": []})),
            json!({"hostnames": [null], "rules": []})
        );
    }

    #[test]
    fn typed_objects_take_defaults_of_spec_and_status() {
        let mut gateway = Gateway::new(
            "g",
            GatewaySpec {
                listeners: vec![Listener::default()],
                ..Default::default()
            },
        );
        gateway.apply_defaults();
        assert_eq!(
            gateway.spec.listeners[0].routes_from(),
            FromNamespaces::Same
        );
        assert!(gateway.spec.listeners[0].allowed_routes.is_some());
        assert_eq!(gateway.status.unwrap().conditions.len(), 2);
    }
}
