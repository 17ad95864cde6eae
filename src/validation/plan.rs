//! A schema and the rules on it, laid out for the walk over an object; made once.

use crate::{
    rules::{self, Check, Rule},
    same::same,
    schema::{self, Defaulted, Installation, Schema, TextPattern, ValueType},
};
use serde_json::Value;
use std::{
    fmt,
    sync::{LazyLock, OnceLock},
};

/// What is asked of one value, and of what is below it: what each walk needs lies here, the rest in the
/// schema.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) schema: &'static Schema,
    pub(super) value_type: Option<ValueType>,
    /// Whether the value matters: a server drops `status` on creation, and minds only its fields.
    pub(super) judged: bool,
    /// Whether it is a text of which nothing is asked but length, pattern and format.
    pub(super) is_plain_text: bool,
    /// Whether only some values are allowed.
    pub(super) has_choices: bool,
    /// Whether the value must fit one of several forms.
    pub(super) has_forms: bool,
    pub(super) has_format: bool,
    /// The least number of characters or elements.
    pub(super) least: u64,
    /// The greatest number of characters or elements.
    pub(super) most: u64,
    pub(super) pattern: Option<&'static TextPattern>,
    /// The rules that sit on the value.
    pub(super) rules: Box<[Placed]>,
    /// The names of the declared fields of an object, sorted.
    names: Box<[&'static str]>,
    /// What is asked of these fields.
    nodes: Box<[Node]>,
    /// The fields to look at if they are absent.
    pub(super) awaited: Seen,
    /// The elements of a list.
    pub(super) items: Option<Box<Node>>,
    /// The values of a map.
    pub(super) values: Option<Box<Node>>,
}

/// A rule, with its predicate at hand where it is one of the value alone, as most are.
#[derive(Clone, Copy)]
pub(super) struct Placed {
    pub(super) predicate: Option<fn(Defaulted<'_>) -> bool>,
    pub(super) rule: &'static Rule,
}

impl Placed {
    fn new(rule: &'static Rule) -> Self {
        let predicate = match rule.check {
            Check::Value(holds) => Some(holds),
            Check::Update(_) | Check::Set | Check::Each(_) | Check::Patterns(_) => None,
        };
        Self { predicate, rule }
    }
}

impl fmt::Debug for Placed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.rule.fmt(f)
    }
}

/// Which of the fields of an object are there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Seen(u64);

impl Seen {
    /// How many fields a type can have. A test shows that none has more.
    const MOST: usize = 64;

    pub(super) fn add(&mut self, index: usize) {
        debug_assert!(index < Self::MOST);
        self.0 |= 1 << (index % Self::MOST);
    }

    fn remove(&mut self, index: usize) {
        self.0 &= !(1 << (index % Self::MOST));
    }

    pub(super) fn has(self, index: usize) -> bool {
        self.0 >> (index % Self::MOST) & 1 == 1
    }

    /// What of this is not in `other`.
    pub(super) fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }
}

impl Node {
    fn new(schema: &'static Schema, rules: &mut [Vec<&'static Rule>]) -> Self {
        let own = rules.get_mut(schema.id()).map(std::mem::take);
        let own = own.unwrap_or_default().into_iter();
        let own: Box<[Placed]> = own.map(Placed::new).collect();
        let names: Box<[&str]> = schema.properties.keys().map(String::as_str).collect();
        let properties = schema.properties.values();
        let nodes: Box<[Self]> = properties.map(|below| Self::new(below, rules)).collect();
        let mut awaited = Seen::default();
        for (index, (name, node)) in names.iter().zip(&nodes).enumerate() {
            let required = schema.required.iter().any(|required| required == name);
            if required && node.schema.default.is_none() || node.compound_default().is_some() {
                awaited.add(index);
            }
        }
        let mut below = |schema: Option<&'static Schema>| {
            schema.map(|schema| Box::new(Self::new(schema, rules)))
        };
        let has_choices = !schema.enumeration.is_empty();
        let has_forms = !schema.one_of.is_empty();
        let is_text = schema.value_type == Some(ValueType::String);
        let (least, most) = match schema.value_type {
            Some(ValueType::Array) => (schema.min_items, schema.max_items),
            Some(ValueType::Object) => (schema.min_properties, schema.max_properties),
            _ => (schema.min_length, schema.max_length),
        };
        Self {
            schema,
            value_type: schema.value_type,
            judged: true,
            is_plain_text: is_text && own.is_empty() && !has_choices && !has_forms,
            has_choices,
            has_forms,
            has_format: schema.format.is_some(),
            least: least.unwrap_or(0),
            most: most.unwrap_or(u64::MAX),
            pattern: schema.pattern.as_ref(),
            rules: own,
            names,
            nodes,
            awaited,
            items: below(schema.items.as_deref()),
            values: below(schema.additional_properties.as_deref()),
        }
    }

    /// What a schema asks, and no rule.
    pub(super) fn without_rules(schema: &'static Schema) -> Self {
        Self::new(schema, &mut [])
    }

    /// Whether fields are declared by name.
    pub(super) fn has_fields(&self) -> bool {
        !self.names.is_empty()
    }

    /// Whether a value here can be an object: a server knows no field of a text or a list.
    pub(super) fn may_have_fields(&self) -> bool {
        self.schema.may_have_fields()
    }

    /// The declared fields.
    pub(super) fn fields(&self) -> impl Iterator<Item = (&'static str, &Self)> {
        self.names.iter().copied().zip(&self.nodes)
    }

    /// The declared field of a name, looked for from `next` on: objects are sorted as declarations are.
    pub(super) fn field(&self, name: &str, next: usize) -> Option<(usize, &Self)> {
        let is_it = |own: &&str| same(own.as_bytes(), name.as_bytes());
        let after = self.names.get(next..).unwrap_or_default();
        let index = match after.iter().position(is_it) {
            Some(index) => next + index,
            None => self.names.iter().take(next).position(is_it)?,
        };
        Some((index, self.nodes.get(index)?))
    }

    /// The default, if it has fields or elements of its own to look at. A plain one always fits.
    pub(super) fn compound_default(&self) -> Option<&'static Value> {
        let default = self.schema.default.as_ref();
        default.filter(|value| value.is_object() || value.is_array())
    }
}

fn plan(installation: &'static Installation, with_status: bool) -> Node {
    let mut by_node = Vec::new();
    installation.schema().visit(&mut |node, places| {
        if by_node.len() <= node.id() {
            by_node.resize(node.id() + 1, Vec::new());
        }
        if let Some(rules) = by_node.get_mut(node.id()) {
            rules.extend(rules::on(
                places,
                installation.release,
                installation.channel,
            ));
        }
    });
    let mut root = Node::new(installation.schema(), &mut by_node);
    if !with_status {
        for (index, (name, node)) in root.names.iter().zip(&mut root.nodes).enumerate() {
            if *name == "status" {
                node.judged = false;
                root.awaited.remove(index);
            }
        }
    }
    root
}

/// The plan of an installation, with or without `status`; made at first use.
pub(super) fn of(installation: &'static Installation, with_status: bool) -> Option<&'static Node> {
    type Made = [OnceLock<Node>; 2];
    static PLANS: LazyLock<Vec<Made>> = LazyLock::new(|| {
        let made = std::iter::repeat_with(Made::default);
        made.take(schema::most_installations()).collect()
    });
    let [without, with] = PLANS.get(installation.index())?;
    let made = if with_status { with } else { without };
    Some(made.get_or_init(|| plan(installation, with_status)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meta::PatternLimits;
    use crate::{
        schema::{KindVersion, Path},
        validation::{report::Findings, structure},
    };

    fn each(node: &Node, see: &mut dyn FnMut(&Node)) {
        see(node);
        let fields = node.fields().map(|(_, node)| node);
        for below in fields
            .chain(node.items.as_deref())
            .chain(node.values.as_deref())
        {
            each(below, see);
        }
    }

    fn each_of_all(see: &mut dyn FnMut(&Node)) {
        for installation in schema::KINDS.iter().flat_map(KindVersion::installations) {
            each(of(installation, true).unwrap(), see);
        }
    }

    #[test]
    fn no_type_has_more_fields_than_are_kept_track_of() {
        each_of_all(&mut |node| assert!(node.names.len() <= Seen::MOST));
    }

    #[test]
    fn every_plain_default_fits_where_it_stands() {
        let mut judged = 0;
        each_of_all(&mut |node| {
            if let Some(default) = &node.schema.default {
                let mut findings = Findings::default();
                let fields = structure::check(
                    default,
                    None,
                    node,
                    &Path::ROOT,
                    &PatternLimits::default(),
                    &mut findings,
                );
                assert_eq!(fields, structure::Fields::Declared);
                let plain = !(default.is_object() || default.is_array());
                assert!(!plain || findings == Findings::default(), "{default}");
                judged += usize::from(plain);
            }
        });
        assert!(judged > 100, "{judged}");
    }
}
