//! From the typed tree to the schema of a CRD.

use crate::{
    rules,
    schema::{Installation, ListType, Schema},
};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    JSON, JSONSchemaProps, JSONSchemaPropsOrArray, JSONSchemaPropsOrBool, ValidationRule,
};
use std::collections::HashMap;

/// The structural schema of one version of a kind as a release and channel install it, with the rules'
/// CEL expressions.
#[must_use]
pub fn structural_schema(installation: &Installation) -> JSONSchemaProps {
    let schema = installation.schema();
    let mut validations = HashMap::new();
    schema.visit(&mut |node, places| {
        let rules: Vec<_> = rules::on(places, installation.release, installation.channel)
            .filter_map(|rule| {
                Some(ValidationRule {
                    rule: rule.cel?.to_owned(),
                    message: Some(rule.message.to_owned()),
                    ..ValidationRule::default()
                })
            })
            .collect();
        if !rules.is_empty() {
            validations.insert(node.id(), rules);
        }
    });
    props(schema, &mut validations)
}

fn props(
    schema: &Schema,
    validations: &mut HashMap<usize, Vec<ValidationRule>>,
) -> JSONSchemaProps {
    let length = |bound: Option<u64>| bound.and_then(|n| i64::try_from(n).ok());
    #[expect(
        clippy::cast_precision_loss,
        reason = "bounds of the API are below 2^53"
    )]
    let number = |bound: Option<i64>| bound.map(|n| n as f64);
    let (list_type, map_keys) = match &schema.list_type {
        None => (None, None),
        Some(ListType::Atomic) => (Some("atomic"), None),
        Some(ListType::Set) => (Some("set"), None),
        Some(ListType::Map(keys)) => (Some("map"), Some(keys.clone())),
    };
    JSONSchemaProps {
        description: schema.description.clone(),
        type_: schema.value_type.map(|t| t.as_str().to_owned()),
        format: schema.format.clone(),
        default: schema.default.clone().map(JSON),
        enum_: some(schema.enumeration.iter().cloned().map(JSON).collect()),
        pattern: schema.pattern.as_ref().map(|p| p.as_str().to_owned()),
        min_length: length(schema.min_length),
        max_length: length(schema.max_length),
        minimum: number(schema.minimum),
        maximum: number(schema.maximum),
        min_items: length(schema.min_items),
        max_items: length(schema.max_items),
        min_properties: length(schema.min_properties),
        max_properties: length(schema.max_properties),
        required: some(schema.required.clone()),
        properties: (!schema.properties.is_empty()).then(|| {
            schema
                .properties
                .iter()
                .map(|(name, property)| (name.clone(), props(property, validations)))
                .collect()
        }),
        additional_properties: schema
            .additional_properties
            .as_ref()
            .map(|values| JSONSchemaPropsOrBool::Schema(Box::new(props(values, validations)))),
        items: schema
            .items
            .as_ref()
            .map(|items| JSONSchemaPropsOrArray::Schema(Box::new(props(items, validations)))),
        one_of: some(conditions(&schema.one_of)),
        any_of: some(conditions(&schema.any_of)),
        not: schema.not.as_deref().map(|not| Box::new(condition(not))),
        x_kubernetes_list_type: list_type.map(str::to_owned),
        x_kubernetes_list_map_keys: map_keys,
        x_kubernetes_map_type: schema.atomic_map.then(|| "atomic".to_owned()),
        x_kubernetes_validations: validations.remove(&schema.id()),
        ..JSONSchemaProps::default()
    }
}

/// A condition inside `oneOf`, `anyOf` or `not`: it carries no rules.
fn condition(schema: &Schema) -> JSONSchemaProps {
    props(schema, &mut HashMap::new())
}

fn conditions(schemas: &[Schema]) -> Vec<JSONSchemaProps> {
    schemas.iter().map(condition).collect()
}

fn some<T>(list: Vec<T>) -> Option<Vec<T>> {
    (!list.is_empty()).then_some(list)
}
