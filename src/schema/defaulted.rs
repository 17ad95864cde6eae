//! Values with the API's defaults in them, seen without a copy.

use super::Schema;
use crate::same::same;
use serde_json::Value;

/// A value as an API server has it after it filled in the defaults, and dropped each `null`: what
/// [`apply_defaults`](super::apply_defaults) would make of it, without making it.
///
/// ```
/// use gwapi::{meta::{Channel, Release}, schema::{self, Defaulted}};
/// use serde_json::json;
///
/// let route = json!({ "spec": { "rules": [{ "backendRefs": [{ "name": "cart", "port": null }] }] } });
/// let kind = schema::find("gateway.networking.k8s.io/v1", "HTTPRoute").unwrap();
/// let schema = kind.installation(Release::V1_1_0, Channel::Standard).unwrap().schema();
/// let spec = Defaulted::new(&route, schema).get("spec").unwrap();
/// let rule = spec.list("rules").get(0).unwrap();
/// let backend = rule.list("backendRefs").get(0).unwrap();
/// assert_eq!(backend.text("kind"), Some("Service"));
/// assert!(backend.has("weight") && !backend.has("port"));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Defaulted<'a> {
    value: &'a Value,
    declared: Declared<'a>,
}

/// Where the schema of a value is found. It is resolved lazily: only an absent field needs it, for its default.
#[derive(Clone, Copy, Debug)]
enum Declared<'a> {
    By(&'a Schema),
    /// A field of what the schema declares.
    Field(&'a Schema, &'a str),
    /// An element of such a field.
    Element(&'a Schema, &'a str),
    /// Nothing: below a field that the schema does not have.
    Nowhere,
}

impl<'a> Declared<'a> {
    fn schema(self) -> Option<&'a Schema> {
        match self {
            Self::By(schema) => Some(schema),
            Self::Field(schema, name) => field(&schema.properties, name),
            Self::Element(schema, name) => field(&schema.properties, name)?.items.as_deref(),
            Self::Nowhere => None,
        }
    }

    #[inline]
    fn field(self, name: &'a str) -> Self {
        match self {
            Self::By(schema) => Self::Field(schema, name),
            _ => self
                .schema()
                .map_or(Self::Nowhere, |schema| Self::Field(schema, name)),
        }
    }

    #[inline]
    fn element(self) -> Self {
        match self {
            Self::Field(schema, name) => Self::Element(schema, name),
            _ => {
                let items = self.schema().and_then(|list| list.items.as_deref());
                items.map_or(Self::Nowhere, Self::By)
            }
        }
    }
}

impl<'a> Defaulted<'a> {
    /// A value, seen with the defaults of the schema that declares it.
    #[must_use]
    pub fn new(value: &'a Value, schema: &'a Schema) -> Self {
        Self {
            value,
            declared: Declared::By(schema),
        }
    }

    /// Another value of the same declaration, such as the one that this one replaces.
    #[must_use]
    pub fn beside(self, value: &'a Value) -> Self {
        Self { value, ..self }
    }

    /// The value itself, as it stands: what is below it lacks defaults.
    #[must_use]
    pub fn value(self) -> &'a Value {
        self.value
    }

    /// A field of an object: as it stands, or its default.
    #[must_use]
    #[inline]
    pub fn get(self, field: &'a str) -> Option<Self> {
        Some(Self {
            value: self.plain(field)?,
            declared: self.declared.field(field),
        })
    }

    /// The value of a field, without what is below it: what [`get`](Self::get) finds, for plain values.
    #[must_use]
    #[inline]
    pub fn plain(self, field: &str) -> Option<&'a Value> {
        match self::field(self.value.as_object()?, field) {
            Some(value) if !value.is_null() => Some(value),
            _ => self.default_of(field),
        }
    }

    fn default_of(self, field: &str) -> Option<&'a Value> {
        let schema = self.declared.schema()?;
        let names = schema.defaulted.as_ref();
        if names.is_some_and(|names| !names.iter().any(|name| *name == field)) {
            return None;
        }
        self::field(&schema.properties, field)?.default.as_ref()
    }

    /// The text of a field; nothing if it is absent or no text.
    #[must_use]
    #[inline]
    pub fn text(self, field: &str) -> Option<&'a str> {
        self.plain(field)?.as_str()
    }

    /// Whether a field is there.
    #[must_use]
    #[inline]
    pub fn has(self, field: &str) -> bool {
        self.plain(field).is_some()
    }

    /// The elements of a list; none for anything else.
    #[must_use]
    #[inline]
    pub fn elements(self) -> Elements<'a> {
        Elements {
            values: self.value.as_array().map_or(&[], Vec::as_slice),
            declared: self.declared.element(),
        }
    }

    /// The elements of a field that is a list; none if it is absent.
    #[must_use]
    #[inline]
    pub fn list(self, field: &'a str) -> Elements<'a> {
        self.get(field).map_or(Elements::NONE, Self::elements)
    }

    /// How many entries a map has.
    #[must_use]
    pub fn entries(self) -> usize {
        let values = self
            .declared
            .schema()
            .and_then(|map| map.additional_properties.as_deref());
        let null_stays = values.is_some_and(|values| values.default.is_some());
        self.value.as_object().map_or(0, |fields| {
            let kept = |value: &&Value| !value.is_null() || null_stays;
            fields.values().filter(kept).count()
        })
    }
}

/// Finds by name, in an object or a declaration. Types of the API have few fields, whose lengths mostly tell
/// them apart already.
#[inline]
pub(crate) fn field<'a, V>(
    fields: impl IntoIterator<Item = (&'a String, &'a V)>,
    name: &str,
) -> Option<&'a V> {
    let mut fields = fields.into_iter();
    fields
        .find(|(own, _)| same(own.as_bytes(), name.as_bytes()))
        .map(|(_, value)| value)
}

/// The elements of a list, each seen with its defaults.
#[derive(Clone, Copy, Debug)]
pub struct Elements<'a> {
    values: &'a [Value],
    /// What declares each.
    declared: Declared<'a>,
}

impl<'a> Elements<'a> {
    const NONE: Self = Self {
        values: &[],
        declared: Declared::Nowhere,
    };

    /// Whether there is none.
    #[must_use]
    #[inline]
    pub fn is_empty(self) -> bool {
        self.values.is_empty()
    }

    /// How many there are.
    #[must_use]
    #[inline]
    pub fn len(self) -> usize {
        self.values.len()
    }

    /// The element at an index, counted from 0.
    #[must_use]
    #[inline]
    pub fn get(self, index: usize) -> Option<Defaulted<'a>> {
        self.values.get(index).map(|value| self.element(value))
    }

    /// One after the other.
    #[inline]
    pub fn iter(
        self,
    ) -> impl ExactSizeIterator<Item = Defaulted<'a>> + DoubleEndedIterator + use<'a> {
        self.values.iter().map(move |value| self.element(value))
    }

    #[inline]
    fn element(self, value: &'a Value) -> Defaulted<'a> {
        let declared = self.declared;
        let default = match value {
            Value::Null => declared.schema().and_then(|schema| schema.default.as_ref()),
            _ => None,
        };
        let value = default.unwrap_or(value);
        Defaulted { value, declared }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        meta::{Channel, Release},
        schema::{apply_defaults, find, installed},
    };
    use serde_json::{Map, json};

    /// The value that is seen.
    fn completed(seen: Defaulted<'_>) -> Value {
        match seen.value() {
            Value::Object(fields) => {
                let schema = seen.declared.schema();
                let mut all: Map<String, Value> = schema
                    .iter()
                    .flat_map(|schema| schema.properties.keys())
                    .filter_map(|name| Some((name.clone(), completed(seen.get(name)?))))
                    .collect();
                let is_free = schema.is_none_or(|s| s.additional_properties.is_some());
                for (name, value) in fields {
                    if schema.is_none_or(|s| !s.properties.contains_key(name))
                        && !(is_free && value.is_null())
                    {
                        all.insert(name.clone(), value.clone());
                    }
                }
                all.into()
            }
            Value::Array(_) => seen.elements().iter().map(completed).collect(),
            plain => plain.clone(),
        }
    }

    #[test]
    fn what_is_seen_is_what_applying_the_defaults_makes() {
        let specs = [
            json!({}),
            json!(null),
            json!([1]),
            json!({"rules": [{"matches": [{"path": null}, {"path": {}}, {"method": null}],
                "backendRefs": [{"name": "a"}, null]}, {}, {"matches": []}]}),
            json!({"listeners": [{"name": "a", "tls": {"options": {"a": null, "b": "c"}}, "hostname": null}]}),
            json!({"addresses": [{"value": "1.2.3.4"}], "rules": null, "foreign": {"a": null}}),
            json!({"targetRefs": [{}], "sessionPersistence": {"cookieConfig": {}}}),
        ];
        let mut completions = 0;
        for (kind, installation) in installed(Release::V1_1_0, Channel::Experimental) {
            for spec in &specs {
                let object = json!({
                    "apiVersion": kind.api_version, "kind": kind.kind, "metadata": {}, "spec": spec
                });
                let mut applied = object.clone();
                apply_defaults(&mut applied, installation.schema());
                completions += usize::from(applied != object);
                let seen = Defaulted::new(&object, installation.schema());
                assert_eq!(completed(seen), applied, "{} {spec}", kind.kind);
            }
        }
        assert!(completions > 40, "{completions}");
    }

    #[test]
    fn entries_of_a_map_are_counted_without_what_is_dropped() {
        let tls = json!({"options": {"a": null, "b": "c"}});
        let schema = find("gateway.networking.k8s.io/v1", "Gateway")
            .and_then(|kind| kind.installation(Release::V1_1_0, Channel::Standard))
            .and_then(|i| i.schema().properties.get("spec"))
            .and_then(|spec| spec.properties.get("listeners")?.items.as_deref())
            .and_then(|listener| listener.properties.get("tls"))
            .unwrap();
        let options = Defaulted::new(&tls, schema).get("options").unwrap();
        assert_eq!(options.entries(), 1);
    }
}
