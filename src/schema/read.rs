//! From the types' JSON schemas to the typed tree.

use super::node::{ListType, Schema, TextPattern, ValueType};
use crate::meta::{Channel, Kind, Release};
use regex::Regex;
use serde_json::{Map, Value};
use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

/// Where the reader notes the name of the type that a reference named.
const TYPE: &str = "x-gwapi-type";
/// On a field: the release since which it is in the experimental channel.
const EXPERIMENTAL: &str = "x-gwapi-experimental";
/// On a field: the release since which it is in the standard channel too.
const STANDARD: &str = "x-gwapi-standard";

/// The tree of the kind `K` in one release and channel.
pub(super) fn root<K: Kind>(release: Release, channel: Channel) -> Schema {
    let schema = schemars::SchemaGenerator::default().into_root_schema_for::<K>();
    let mut tree = Reader::new(schema.as_value(), release, channel).root(K::KIND);
    tree.number(0);
    tree
}

struct Reader<'a> {
    schema: &'a Value,
    definitions: Option<&'a Map<String, Value>>,
    release: Release,
    channel: Channel,
    /// What could not be read; empty for every declaration of the crate, as the tests show.
    problems: Vec<String>,
}

impl<'a> Reader<'a> {
    fn new(schema: &'a Value, release: Release, channel: Channel) -> Self {
        Self {
            schema,
            definitions: schema.get("$defs").and_then(Value::as_object),
            release,
            channel,
            problems: Vec::new(),
        }
    }

    fn root(&mut self, kind: &str) -> Schema {
        let mut root = self.node(self.schema);
        root.type_name = Some(kind.to_owned());
        root
    }

    /// The keywords of a schema with references, `allOf` of one, and nullability resolved: what stands
    /// beside a reference wins over what it leads to.
    fn flatten(&mut self, schema: &Value) -> Map<String, Value> {
        let Some(own) = schema.as_object() else {
            self.problems.push(format!("not a schema: {schema}"));
            return Map::new();
        };
        let mut own = own.clone();
        let mut base = Map::new();
        if let Some(reference) = own.remove("$ref") {
            let name = reference
                .as_str()
                .and_then(|text| text.strip_prefix("#/$defs/"))
                .unwrap_or_default();
            match self.definitions.and_then(|all| all.get(name)) {
                Some(target) => {
                    base = self.flatten(target);
                    base.insert(TYPE.to_owned(), name.into());
                }
                None => self.problems.push(format!("no definition for {reference}")),
            }
        }
        if let Some(Value::Array(all)) = own.remove("allOf") {
            for one in &all {
                let mut below = self.flatten(one);
                base.append(&mut below);
            }
        }
        let is_null = |member: &Value| member.get("type").is_some_and(|t| t == "null");
        if let Some(Value::Array(members)) = own.get("anyOf")
            && let [only] = members
                .iter()
                .filter(|member| !is_null(member))
                .collect::<Vec<_>>()
                .as_slice()
        {
            let only = (*only).clone();
            own.remove("anyOf");
            base = self.flatten(&only);
        }
        if let Some(Value::Array(types)) = own.get_mut("type") {
            types.retain(|t| t != "null");
            if let [only] = types.as_slice() {
                let only = only.clone();
                own.insert("type".to_owned(), only);
            }
        }
        if let Some(Value::Array(values)) = own.get_mut("enum") {
            values.retain(|value| !value.is_null());
        }
        base.append(&mut own);
        base
    }

    fn node(&mut self, schema: &Value) -> Schema {
        let keywords = self.flatten(schema);
        let mut node = Schema::default();
        let mut list_type = None;
        let mut map_keys = Vec::new();
        for (key, value) in keywords {
            match key.as_str() {
                "$schema" | "$defs" | "title" | EXPERIMENTAL | STANDARD => {}
                TYPE => node.type_name = value.as_str().map(str::to_owned),
                "description" => node.description = value.as_str().map(str::to_owned),
                "type" => {
                    node.value_type = match value.as_str() {
                        Some("object") => Some(ValueType::Object),
                        Some("array") => Some(ValueType::Array),
                        Some("string") => Some(ValueType::String),
                        Some("integer") => Some(ValueType::Integer),
                        Some("boolean") => Some(ValueType::Boolean),
                        _ => {
                            self.problems.push(format!("type {value}"));
                            None
                        }
                    };
                }
                "format" => node.format = value.as_str().map(str::to_owned),
                "default" => node.default = Some(value),
                "enum" => {
                    if let Value::Array(values) = value {
                        node.enumeration = values;
                    }
                }
                "pattern" => node.pattern = value.as_str().and_then(|text| self.pattern(text)),
                "minLength" => node.min_length = value.as_u64(),
                "maxLength" => node.max_length = value.as_u64(),
                "minimum" => node.minimum = value.as_i64(),
                "maximum" => node.maximum = value.as_i64(),
                "minItems" => node.min_items = value.as_u64(),
                "maxItems" => node.max_items = value.as_u64(),
                "maxProperties" => node.max_properties = value.as_u64(),
                "required" => node.required = texts(&value),
                "properties" => {
                    for (name, property) in value.as_object().into_iter().flatten() {
                        if self.has(property) {
                            node.properties.insert(name.clone(), self.node(property));
                        }
                    }
                }
                "additionalProperties" => {
                    node.additional_properties = Some(Box::new(self.node(&value)));
                }
                "items" => node.items = Some(Box::new(self.node(&value))),
                "x-kubernetes-list-type" => list_type = value.as_str().map(str::to_owned),
                "x-kubernetes-list-map-keys" => map_keys = texts(&value),
                "x-kubernetes-map-type" => node.atomic_map = value == "atomic",
                "oneOf" => node.one_of = self.nodes(&value),
                "anyOf" => node.any_of = self.nodes(&value),
                "not" => node.not = Some(Box::new(self.node(&value))),
                _ => self.problems.push(format!("keyword {key}")),
            }
        }
        node.list_type = match list_type.as_deref() {
            Some("set") => Some(ListType::Set),
            Some("map") => Some(ListType::Map(map_keys)),
            Some(_) => Some(ListType::Atomic),
            None => None,
        };
        // A field that the channel lacks cannot be demanded.
        let properties = &node.properties;
        if node.value_type == Some(ValueType::Object) {
            node.required.retain(|name| properties.contains_key(name));
        }
        node
    }

    fn nodes(&mut self, schemas: &Value) -> Vec<Schema> {
        schemas
            .as_array()
            .into_iter()
            .flatten()
            .map(|schema| self.node(schema))
            .collect()
    }

    /// Whether the field is there in this release and channel, by its marks.
    fn has(&mut self, field: &Value) -> bool {
        let mut since = |mark: &str| {
            let text = field.get(mark)?.as_str()?;
            let release = text.parse::<Release>();
            if release.is_err() {
                self.problems.push(format!("{mark} {text}"));
            }
            release.ok()
        };
        let experimental = since(EXPERIMENTAL);
        let standard = since(STANDARD);
        let in_standard = match (experimental, standard) {
            (None, None) => true,
            (_, standard) => standard.is_some_and(|release| release <= self.release),
        };
        match self.channel {
            Channel::Standard => in_standard,
            Channel::Experimental => {
                in_standard || experimental.is_some_and(|release| release <= self.release)
            }
        }
    }

    /// The compiled pattern; the same text is compiled once in the program.
    fn pattern(&mut self, text: &str) -> Option<TextPattern> {
        static COMPILED: LazyLock<Mutex<HashMap<String, Arc<Regex>>>> =
            LazyLock::new(Mutex::default);
        let mut compiled = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
        let regex = match compiled.get(text) {
            Some(regex) => Arc::clone(regex),
            None => match Regex::new(text) {
                Ok(regex) => {
                    let regex = Arc::new(regex);
                    compiled.insert(text.to_owned(), Arc::clone(&regex));
                    regex
                }
                Err(error) => {
                    self.problems.push(format!("pattern {text}: {error}"));
                    return None;
                }
            },
        };
        Some(TextPattern {
            text: text.to_owned(),
            regex,
        })
    }
}

fn texts(list: &Value) -> Vec<String> {
    list.as_array()
        .into_iter()
        .flatten()
        .filter_map(|text| text.as_str().map(str::to_owned))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{v1, v1alpha2, v1alpha3, v1beta1};
    use serde_json::json;

    fn problems<K: Kind>() -> Vec<String> {
        let schema = schemars::SchemaGenerator::default().into_root_schema_for::<K>();
        let mut reader = Reader::new(schema.as_value(), Release::V1_1, Channel::Experimental);
        reader.root(K::KIND);
        reader.problems
    }

    #[test]
    fn every_declaration_is_understood() {
        for problems in [
            problems::<v1::GatewayClass>(),
            problems::<v1::Gateway>(),
            problems::<v1::HttpRoute>(),
            problems::<v1::GrpcRoute>(),
            problems::<v1beta1::ReferenceGrant>(),
            problems::<v1alpha2::TcpRoute>(),
            problems::<v1alpha2::TlsRoute>(),
            problems::<v1alpha2::UdpRoute>(),
            problems::<v1alpha2::BackendLbPolicy>(),
            problems::<v1alpha2::BackendTlsPolicy>(),
            problems::<v1alpha3::BackendTlsPolicy>(),
        ] {
            assert_eq!(problems, Vec::<String>::new());
        }
    }

    #[test]
    fn a_field_is_in_a_channel_from_the_release_of_its_mark_on() {
        let schema = json!({
            "type": "object",
            "required": ["old", "trial", "graduated"],
            "properties": {
                "old": { "type": "string" },
                "trial": { "type": "string", "x-gwapi-experimental": "v1.1.0" },
                "graduated": {
                    "type": "string",
                    "x-gwapi-experimental": "v1.0.0", "x-gwapi-standard": "v1.1.0"
                },
            }
        });
        let fields = |release, channel| {
            let mut reader = Reader::new(&schema, release, channel);
            let root = reader.root("Thing");
            assert_eq!(reader.problems, Vec::<String>::new());
            assert_eq!(root.required.len(), root.properties.len());
            root.properties.into_keys().collect::<Vec<_>>().join(" ")
        };
        assert_eq!(fields(Release::V1_0, Channel::Standard), "old");
        assert_eq!(
            fields(Release::V1_0, Channel::Experimental),
            "graduated old"
        );
        assert_eq!(fields(Release::V1_1, Channel::Standard), "graduated old");
        assert_eq!(
            fields(Release::V1_1, Channel::Experimental),
            "graduated old trial"
        );
    }
}
