//! The typed tree of a structural schema.

use crate::meta::{Channel, Release, When};
use regex::Regex;
use serde_json::Value;
use std::{collections::BTreeMap, sync::Arc};

/// The JSON type of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ValueType {
    /// An object: `properties` names its fields, or `additionalProperties` allows any.
    Object,
    /// A list.
    Array,
    /// A text.
    String,
    /// A whole number.
    Integer,
    /// A truth value.
    Boolean,
}

impl ValueType {
    /// The name as a schema writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Object => "object",
            Self::Array => "array",
            Self::String => "string",
            Self::Integer => "integer",
            Self::Boolean => "boolean",
        }
    }
}

/// How the elements of a list belong together (`x-kubernetes-list-type`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListType {
    /// One whole (`atomic`).
    Atomic,
    /// Values of which each may stand once (`set`).
    Set,
    /// Objects that these fields tell apart (`map` with `x-kubernetes-list-map-keys`).
    Map(Vec<String>),
}

/// A regular expression that a text must match somewhere.
#[derive(Clone, Debug)]
pub struct TextPattern {
    pub(super) text: String,
    pub(super) regex: Arc<Regex>,
}

impl TextPattern {
    /// The expression's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the text matches.
    #[must_use]
    pub fn is_match(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }
}

/// One node of a structural schema: what an API server demands of one value.
///
/// The fields are the keywords of an OpenAPI v3 schema as CRDs have them. In the conditions inside
/// `oneOf`, `anyOf` and `not`, the type is left out.
#[derive(Clone, Debug, Default)]
pub struct Schema {
    pub(super) id: usize,
    pub(super) type_name: Option<String>,
    /// The names of the fields that have a default. `None` in schemas that are built by hand.
    pub(super) defaulted: Option<Vec<String>>,
    /// The releases that have the field, unless all have that have the object around it.
    pub(super) when: Option<When>,
    /// What has replaced the field, where it has ended.
    pub(super) instead: Option<String>,
    /// The values that only some releases allow.
    pub(super) values: BTreeMap<String, When>,
    /// Whether other releases ask something else of the value.
    pub(super) varies: bool,
    /// What the releases asked of the value itself, in a tree of all of them.
    pub(super) was: Option<Box<Was>>,
    /// The fields that only some releases demand, and these releases.
    pub(super) demanded: Vec<(String, When)>,
    /// What the value is for, for people.
    pub description: Option<String>,
    /// The type; absent in conditions only.
    pub value_type: Option<ValueType>,
    /// A further form of the type: `int32`, `int64`, `date-time`, `ipv4`, `ipv6`.
    pub format: Option<String>,
    /// What stands in for a value that is missing.
    pub default: Option<Value>,
    /// The only values allowed, if any are listed.
    pub enumeration: Vec<Value>,
    /// What a text must match.
    pub pattern: Option<TextPattern>,
    /// The least number of characters of a text.
    pub min_length: Option<u64>,
    /// The greatest number of characters of a text.
    pub max_length: Option<u64>,
    /// The least number.
    pub minimum: Option<i64>,
    /// The greatest number.
    pub maximum: Option<i64>,
    /// The least number of elements of a list.
    pub min_items: Option<u64>,
    /// The greatest number of elements of a list.
    pub max_items: Option<u64>,
    /// The greatest number of entries of a map.
    pub max_properties: Option<u64>,
    /// The least number of entries of an object.
    pub min_properties: Option<u64>,
    /// The fields of an object.
    pub properties: BTreeMap<String, Schema>,
    /// The names of the fields that must be there.
    pub required: Vec<String>,
    /// The values of a map.
    pub additional_properties: Option<Box<Schema>>,
    /// The elements of a list.
    pub items: Option<Box<Schema>>,
    /// How the elements of a list belong together, where it is declared.
    pub list_type: Option<ListType>,
    /// Whether a map is one whole (`x-kubernetes-map-type: atomic`).
    pub atomic_map: bool,
    /// Conditions of which exactly one must be met.
    pub one_of: Vec<Schema>,
    /// Conditions of which at least one must be met.
    pub any_of: Vec<Schema>,
    /// A condition that must not be met.
    pub not: Option<Box<Schema>>,
}

impl Schema {
    /// Whether a value here can be an object: a server knows no field of a text, a number or a list.
    pub(crate) fn may_have_fields(&self) -> bool {
        matches!(self.value_type, Some(ValueType::Object) | None)
    }

    /// The number of this node within its tree, from 0 at the root: an index for whoever keeps
    /// something about each node.
    #[must_use]
    pub fn id(&self) -> usize {
        self.id
    }

    /// The name of the type that this node describes, such as `HttpRouteRule`; absent for plain texts,
    /// numbers, lists and maps.
    #[must_use]
    pub fn type_name(&self) -> Option<&str> {
        self.type_name.as_deref()
    }

    /// The releases that have the field, of those that have the object around it.
    #[must_use]
    pub fn when(&self) -> When {
        self.when.unwrap_or(When::ALWAYS)
    }

    /// What has replaced the field in later releases, where it has ended: a field's path, or a few words.
    #[must_use]
    pub fn instead(&self) -> Option<&str> {
        self.instead.as_deref()
    }

    /// The releases that allow a value, of those that have the field: for values that some releases allow and others do
    /// not.
    #[must_use]
    pub fn when_allowed(&self, value: &str) -> Option<When> {
        self.values.get(value).copied()
    }

    /// The values that some releases allow and others do not.
    pub(crate) fn values_of_some_releases(&self) -> impl Iterator<Item = &str> {
        let values = self.values.iter().filter(|(_, when)| !when.is_nowhere());
        values.map(|(value, _)| value.as_str())
    }

    /// What the releases asked of the value itself, where that differs; in a tree of all releases.
    pub(crate) fn was(&self) -> Option<&Was> {
        self.was.as_deref()
    }

    /// The fields that only some releases demand, and these releases.
    pub(crate) fn demanded(&self) -> &[(String, When)] {
        &self.demanded
    }

    /// Whether what is asked of the value, or whether it has to be there, differs from release to release.
    pub(crate) fn varies(&self) -> bool {
        self.varies || self.when.is_some() || !self.values.is_empty()
    }

    /// Whether another node asks the same of a value itself, whatever it asks of what is in it.
    pub(crate) fn asks_the_same(&self, other: &Self) -> bool {
        let sizes = |node: &Self| {
            [
                node.min_length,
                node.max_length,
                node.min_items,
                node.max_items,
                node.min_properties,
                node.max_properties,
            ]
        };
        let pattern = |node: &Self| node.pattern.as_ref().map(|it| it.as_str().to_owned());
        self.value_type == other.value_type
            && self.format == other.format
            && self.enumeration == other.enumeration
            && (self.minimum, self.maximum) == (other.minimum, other.maximum)
            && sizes(self) == sizes(other)
            && pattern(self) == pattern(other)
    }

    /// Calls `visit` for this node and every node below it that describes a value, with the place that
    /// rules are attached to: the type's name, or `Type.field` for a field.
    pub fn visit<'a>(&'a self, visit: &mut impl FnMut(&'a Schema, &[String])) {
        self.visit_at((&[], When::ALWAYS), &mut |node, places, _| {
            visit(node, places);
        });
    }

    /// As [`visit`](Self::visit), each node with the releases that have it, of those that have this one.
    pub(crate) fn visit_with_releases<'a>(
        &'a self,
        visit: &mut impl FnMut(&'a Schema, &[String], When),
    ) {
        self.visit_at((&[], When::ALWAYS), visit);
    }

    fn visit_at<'a>(
        &'a self,
        (field, around): (&[String], When),
        visit: &mut impl FnMut(&'a Schema, &[String], When),
    ) {
        let when = around.and(self.when());
        let mut places = field.to_vec();
        places.extend(self.type_name.clone());
        visit(self, &places, when);
        for (name, property) in &self.properties {
            let place: Vec<String> = self
                .type_name
                .iter()
                .map(|own| format!("{own}.{name}"))
                .collect();
            property.visit_at((&place, when), visit);
        }
        for below in self.items.iter().chain(&self.additional_properties) {
            below.visit_at((&[], when), visit);
        }
    }

    /// Completes a tree that was read. Numbers the nodes from `next` on and returns the number after the last one.
    pub(super) fn number(&mut self, next: usize) -> usize {
        self.id = next;
        let with_default = |(_, property): &(&String, &Schema)| property.default.is_some();
        let defaulted = self.properties.iter().filter(with_default);
        self.defaulted = Some(defaulted.map(|(name, _)| name.clone()).collect());
        let mut next = next + 1;
        for below in self
            .properties
            .values_mut()
            .chain(self.items.as_deref_mut())
            .chain(self.additional_properties.as_deref_mut())
        {
            next = below.number(next);
        }
        next
    }
}

/// What the releases ask of a value itself where that differs: one node for all that ask the same. The nodes have nothing of
/// what is in the value but the names of its fields.
#[derive(Clone, Debug)]
pub(crate) struct Was {
    marks: Vec<When>,
    forms: Vec<FormerNode>,
}

/// What some releases ask, and which of the marks they have.
#[derive(Clone, Debug)]
struct FormerNode {
    marked: u32,
    schema: Schema,
}

impl Was {
    /// Of these marks; `form` makes the node of releases that have some of them.
    pub(super) fn of(
        marks: Vec<When>,
        mut form: impl FnMut(&dyn Fn(usize) -> bool) -> Schema,
    ) -> Self {
        let places = Release::ALL
            .iter()
            .flat_map(|release| Channel::ALL.map(|channel| (*release, channel)));
        let mut forms: Vec<FormerNode> = Vec::new();
        for place in places {
            let marked = marked(&marks, place);
            if forms.iter().all(|form| form.marked != marked) {
                let schema = form(&|index| marked >> index & 1 == 1);
                forms.push(FormerNode { marked, schema });
            }
        }
        Self { marks, forms }
    }

    /// All that is asked in some release.
    pub(crate) fn forms(&self) -> impl Iterator<Item = &Schema> {
        self.forms.iter().map(|form| &form.schema)
    }

    /// Which of [`forms`](Self::forms) a release and channel have.
    pub(crate) fn index(&self, place: (Release, Channel)) -> Option<usize> {
        let marked = marked(&self.marks, place);
        self.forms.iter().position(|form| form.marked == marked)
    }
}

/// Which of the marks a release and channel have, a bit for each.
fn marked(marks: &[When], (release, channel): (Release, Channel)) -> u32 {
    let bits = marks.iter().enumerate();
    bits.filter(|(_, when)| when.contains(release, channel))
        .fold(0, |bits, (index, _)| bits | 1 << (index % 32))
}
