//! From the types' JSON schemas to the typed tree.

use super::node::{ListType, Schema, TextPattern, ValueType, Was};
use crate::meta::{Channel, Kind, Release, When};
use regex::Regex;
use serde_json::{Map, Value};
use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

/// Where the reader notes the name of the type that a reference named.
const TYPE: &str = "x-gwapi-type";
/// On a field: the releases that have it.
const WHEN: &str = "x-gwapi-when";
/// On a field: the releases that demand it, in the place of what the type says.
const REQUIRED: &str = "x-gwapi-required";
/// Beside `enum`: the values that only some releases have.
const VALUES: &str = "x-gwapi-values";
/// On a field that has ended: what has replaced it.
const INSTEAD: &str = "x-gwapi-instead";
/// On anything: what keywords were in other releases than the newest, as pairs of a mark and these keywords; `null`
/// for a keyword that was absent.
const WAS: &str = "x-gwapi-was";
/// Where the reader notes that there was such a history.
const VARIES: &str = "x-gwapi-varies";
/// Where the reader keeps such a history, where it reads what all releases have.
const HISTORY: &str = "x-gwapi-history";

/// Since this release a list of which nothing is said is one whole (`x-kubernetes-list-type: atomic`).
const ATOMIC_LISTS: When = When::new("1.4");

/// What the type of the kind `K` declares.
pub(super) fn declaration<K: Kind>() -> schemars::Schema {
    schemars::SchemaGenerator::default().into_root_schema_for::<K>()
}

/// The tree of a declaration in one release and channel; without one all that any has, in its newest form.
pub(super) fn tree(
    declaration: &schemars::Schema,
    kind: &str,
    place: Option<(Release, Channel)>,
) -> Schema {
    let mut tree = SchemaReader::new(declaration.as_value(), place).root(kind);
    tree.number(0);
    tree
}

struct SchemaReader<'a> {
    schema: &'a Value,
    definitions: Option<&'a Map<String, Value>>,
    /// The release and channel of which is read; all of them without one.
    place: Option<(Release, Channel)>,
    /// What could not be read; empty for every declaration of the crate, as the tests show.
    problems: Vec<String>,
}

impl<'a> SchemaReader<'a> {
    fn new(schema: &'a Value, place: Option<(Release, Channel)>) -> Self {
        Self {
            schema,
            definitions: schema.get("$defs").and_then(Value::as_object),
            place,
            problems: Vec::new(),
        }
    }

    /// Whether what is marked so is in the release and channel of which is read.
    fn is_in(&self, when: When) -> bool {
        self.place
            .is_none_or(|(release, channel)| when.contains(release, channel))
    }

    fn mark(&mut self, mark: &Value) -> When {
        let read = mark.as_str().map(str::parse::<When>);
        match read {
            Some(Ok(when)) => when,
            _ => {
                self.problems.push(format!("mark {mark}"));
                When::NEVER
            }
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
        self.go_back(&mut base);
        base
    }

    /// Puts the keywords of the release and channel of which is read in the place of the newest ones.
    fn go_back(&mut self, keywords: &mut Map<String, Value>) {
        let Some(history) = keywords.remove(WAS) else {
            return;
        };
        keywords.insert(VARIES.to_owned(), true.into());
        if self.place.is_none() {
            let known = keywords.remove(HISTORY);
            let entries = [known, Some(history)].into_iter().flatten();
            let entries = entries.filter_map(|entries| match entries {
                Value::Array(entries) => Some(entries),
                _ => None,
            });
            let all: Vec<Value> = entries.flatten().collect();
            keywords.insert(HISTORY.to_owned(), all.into());
            return;
        }
        for (when, was) in self.entries(&history) {
            if self.is_in(when) {
                go_back(keywords, was);
            }
        }
    }

    /// The entries of a history: since when until when which keywords were others.
    fn entries<'h>(&mut self, history: &'h Value) -> Vec<(When, &'h Map<String, Value>)> {
        let mut entries = Vec::new();
        for entry in history.as_array().into_iter().flatten() {
            let (Some(mark), Some(Value::Object(was))) = (entry.get(0), entry.get(1)) else {
                self.problems.push(format!("{WAS} {entry}"));
                continue;
            };
            entries.push((self.mark(mark), was));
        }
        entries
    }

    /// What a node of these keywords asked of a value in all releases; of what is in the value nothing.
    fn was(&mut self, keywords: &Map<String, Value>, history: &Value) -> Was {
        let mut own = keywords.clone();
        own.retain(|keyword, _| OWN.contains(&keyword.as_str()));
        // The entries of a map are counted, and so are fields.
        if let Some(values) = own.get_mut("additionalProperties") {
            *values = Value::Object(Map::new());
        }
        if let Some(Value::Object(properties)) = own.get_mut("properties") {
            for property in properties.values_mut() {
                *property = Value::Object(Map::new());
            }
        }
        let entries = self.entries(history);
        Was::of(
            entries.iter().map(|(when, _)| *when).collect(),
            |is_in: &dyn Fn(usize) -> bool| {
                let mut keywords = own.clone();
                for (index, (_, was)) in entries.iter().enumerate() {
                    if is_in(index) {
                        go_back(&mut keywords, was);
                    }
                }
                keywords.retain(|keyword, _| OWN.contains(&keyword.as_str()));
                self.node(&Value::Object(keywords))
            },
        )
    }

    fn node(&mut self, schema: &Value) -> Schema {
        let mut keywords = self.flatten(schema);
        let mut node = Schema::default();
        if let Some(history) = keywords.remove(HISTORY) {
            node.was = Some(Box::new(self.was(&keywords, &history)));
        }
        let mut list_type = None;
        let mut map_keys = Vec::new();
        let mut demands = Vec::new();
        for (key, value) in keywords {
            match key.as_str() {
                "$schema" | "$defs" | "title" => {}
                REQUIRED | VARIES => node.varies = true,
                WHEN => node.when = Some(self.mark(&value)),
                INSTEAD => node.instead = value.as_str().map(str::to_owned),
                VALUES => {
                    for (name, mark) in value.as_object().into_iter().flatten() {
                        let when = self.mark(mark);
                        node.values.insert(name.clone(), when);
                    }
                }
                TYPE => node.type_name = value.as_str().map(str::to_owned),
                "description" => node.description = value.as_str().map(without_links),
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
                "minProperties" => node.min_properties = value.as_u64(),
                "maxProperties" => node.max_properties = value.as_u64(),
                "required" => node.required = texts(&value),
                "properties" => {
                    for (name, property) in value.as_object().into_iter().flatten() {
                        if self.has(property, WHEN).unwrap_or(true) {
                            node.properties.insert(name.clone(), self.node(property));
                            if let Some(required) = self.has(property, REQUIRED) {
                                demands.push((name.clone(), required));
                            }
                            if let Some(mark) = property.get(REQUIRED) {
                                let when = self.mark(mark);
                                node.demanded.push((name.clone(), when));
                            }
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
            None if node.value_type == Some(ValueType::Array) && self.is_in(ATOMIC_LISTS) => {
                Some(ListType::Atomic)
            }
            None => None,
        };
        let values = std::mem::take(&mut node.values);
        node.enumeration.retain(|value| {
            let when = value.as_str().and_then(|value| values.get(value));
            when.is_none_or(|when| self.is_in(*when))
        });
        node.values = values;
        for (name, required) in demands {
            node.required.retain(|demanded| *demanded != name);
            if required {
                node.required.push(name);
            }
        }
        // A field that the release or channel lacks cannot be demanded.
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

    /// What the mark of a field says of the release and channel of which is read, if the field has one.
    fn has(&mut self, field: &Value, mark: &str) -> Option<bool> {
        let when = self.mark(field.get(mark)?);
        Some(self.is_in(when))
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

/// The keywords that ask something of a value itself, whatever is in it.
const OWN: [&str; 15] = [
    "type",
    "format",
    "enum",
    "pattern",
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
    "minItems",
    "maxItems",
    "minProperties",
    "maxProperties",
    "properties",
    "additionalProperties",
    "required",
];

/// Puts the keywords of another release in the place of the newest ones; null for one that was absent.
fn go_back(keywords: &mut Map<String, Value>, was: &Map<String, Value>) {
    for (keyword, value) in was {
        match value {
            Value::Null => drop(keywords.remove(keyword)),
            value => drop(keywords.insert(keyword.clone(), value.clone())),
        }
    }
}

fn texts(list: &Value) -> Vec<String> {
    list.as_array()
        .into_iter()
        .flatten()
        .filter_map(|text| text.as_str().map(str::to_owned))
        .collect()
}

/// A description as those read it who do not write Rust: of a link to an item of this crate its text is kept.
fn without_links(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, link)) = rest.split_once('[') {
        plain.push_str(before);
        let parts = link.split_once("](").and_then(|(words, behind)| {
            let (target, after) = behind.split_once(')')?;
            (target.contains("::") && !words.contains('[')).then_some((words, after))
        });
        match parts {
            Some((words, after)) => {
                plain.push_str(words);
                rest = after;
            }
            None => {
                plain.push('[');
                rest = link;
            }
        }
    }
    plain + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_has_no_links_into_the_crate() {
        for (text, plain) in [
            ("See [`rules`](Self::rules).", "See `rules`."),
            (
                "[types](crate::meta) and [more](super::more)",
                "types and more",
            ),
            (
                "[RFC](https://example.com/a) [x] a[0](b)",
                "[RFC](https://example.com/a) [x] a[0](b)",
            ),
            ("[a [b](c::d)", "[a b"),
            ("[", "["),
        ] {
            assert_eq!(without_links(text), plain);
        }
    }
    use crate::schema::KINDS;
    use serde_json::json;

    #[test]
    fn every_declaration_is_understood() {
        for kind in KINDS {
            let schema = kind.declaration();
            for place in [
                None,
                Some((Release::V1_0_0, Channel::Standard)),
                Some((Release::V1_7_0, Channel::Experimental)),
            ] {
                let mut reader = SchemaReader::new(schema.as_value(), place);
                reader.root(kind.kind);
                assert_eq!(
                    reader.problems,
                    Vec::<String>::new(),
                    "{}",
                    kind.api_version
                );
            }
        }
    }

    #[test]
    fn what_a_declaration_says_of_releases_is_read() {
        let schema = json!({
            "type": "object",
            "required": ["old", "trial", "graduated", "relaxed"],
            "properties": {
                "old": {
                    "type": "string",
                    "enum": ["a", "b"],
                    "x-gwapi-values": { "b": "E1.2 S1.4" }
                },
                "trial": { "type": "string", "x-gwapi-when": "E1.1..1.4" },
                "graduated": { "type": "string", "x-gwapi-when": "E.. S1.1" },
                "relaxed": {
                    "type": "array", "items": { "type": "string" }, "maxItems": 64,
                    "x-gwapi-required": "..1.2",
                    "x-gwapi-was": [["..1.1", { "maxItems": 8 }], ["1.0..1.0", { "maxItems": null }]]
                },
            }
        });
        let read = |release, channel| {
            let mut reader = SchemaReader::new(&schema, Some((release, channel)));
            let root = reader.root("Thing");
            assert_eq!(reader.problems, Vec::<String>::new());
            root
        };
        let fields = |release, channel| {
            let root = read(release, channel);
            root.properties.into_keys().collect::<Vec<_>>().join(" ")
        };
        assert_eq!(fields(Release::V1_0_0, Channel::Standard), "old relaxed");
        assert_eq!(
            fields(Release::V1_0_0, Channel::Experimental),
            "graduated old relaxed"
        );
        assert_eq!(
            fields(Release::V1_1_0, Channel::Standard),
            "graduated old relaxed"
        );
        assert_eq!(
            fields(Release::V1_4_1, Channel::Experimental),
            "graduated old relaxed trial"
        );
        assert_eq!(
            fields(Release::V1_7_0, Channel::Experimental),
            "graduated old relaxed"
        );
        let list = |release| read(release, Channel::Standard).properties["relaxed"].clone();
        assert_eq!(list(Release::V1_0_0).max_items, None);
        assert_eq!(list(Release::V1_1_1).max_items, Some(8));
        assert_eq!(list(Release::V1_2_0).max_items, Some(64));
        assert_eq!(list(Release::V1_3_0).list_type, None);
        assert_eq!(list(Release::V1_4_0).list_type, Some(ListType::Atomic));
        let required = |release| read(release, Channel::Standard).required.join(" ");
        assert_eq!(required(Release::V1_2_1), "old graduated relaxed");
        assert_eq!(required(Release::V1_3_0), "old graduated");
        let values = |release| {
            read(release, Channel::Standard).properties["old"]
                .enumeration
                .len()
        };
        assert_eq!((values(Release::V1_3_0), values(Release::V1_4_0)), (1, 2));
        let all = SchemaReader::new(&schema, None).root("Thing");
        assert_eq!(all.properties.len(), 4);
        assert_eq!(all.properties["trial"].when(), When::new("E1.1..1.4"));
        assert_eq!(
            all.properties["old"].when_allowed("b"),
            Some(When::new("E1.2 S1.4"))
        );
        assert_eq!(all.properties["relaxed"].max_items, Some(64));
    }

    /// Calls `see` for each node of a tree and the same one of another tree, where that has it.
    fn beside<'s>(
        one: &'s Schema,
        other: &'s Schema,
        see: &mut impl FnMut(&'s Schema, &'s Schema),
    ) {
        see(one, other);
        for (name, property) in &one.properties {
            if let Some(same) = other.properties.get(name) {
                beside(property, same, see);
            }
        }
        for (below, same) in [
            (&one.items, &other.items),
            (&one.additional_properties, &other.additional_properties),
        ] {
            if let (Some(below), Some(same)) = (below, same) {
                beside(below, same, see);
            }
        }
    }

    #[test]
    fn what_a_release_asked_of_a_value_is_what_its_schema_asks() {
        let (mut others, mut fields) = (0, 0);
        for kind in KINDS {
            for installation in kind.installations() {
                let place = (installation.release, installation.channel);
                beside(kind.every(), installation.schema(), &mut |every, there| {
                    let form = every
                        .was()
                        .map(|was| was.forms().nth(was.index(place).unwrap()));
                    let asks = form.map_or(every, Option::unwrap);
                    // Values that only some releases have carry marks of their own.
                    if every.values.is_empty() {
                        assert!(
                            asks.asks_the_same(there),
                            "{} {place:?}: {asks:?} and {there:?}",
                            kind.kind
                        );
                    }
                    others += usize::from(!every.asks_the_same(there));
                    for (name, when) in every.demanded() {
                        fields += 1;
                        let is_there = there.properties.contains_key(name);
                        let demands = there.required.contains(name);
                        let (release, channel) = place;
                        assert_eq!(
                            demands,
                            is_there && when.contains(release, channel),
                            "{name}"
                        );
                    }
                });
            }
        }
        assert!(others > 100 && fields > 100, "{others} {fields}");
    }
}
