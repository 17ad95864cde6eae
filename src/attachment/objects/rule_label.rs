//! Rules as people refer to them.

use super::{
    route_id::{RouteId, RouteKind},
    snapshot::Snapshot,
};
use std::{fmt, sync::Arc};

/// A rule of a route as people refer to it: by its place and, where it has one, by its name (GEP-995). Shown as
/// ``rule 0 (`canary`)``.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RuleLabel<'a> {
    /// Its place in the route's `spec.rules`.
    pub index: usize,
    /// Its `name`.
    pub name: Option<&'a str>,
}

impl<'a> RuleLabel<'a> {
    /// The rule as an element of a field: ``rules[0] (`canary`)`` for the rule behind the field `rules[0]`.
    #[must_use]
    pub fn after(self, field: &str) -> String {
        match self.name {
            Some(name) => format!("{field} (`{name}`)"),
            None => field.to_owned(),
        }
    }

    /// The rule that is meant by a field of a route, such as `spec.rules[0].filters[1]`, if it has a name.
    pub(crate) fn named_by(snapshot: &'a Snapshot, route: &RouteId, field: &str) -> Option<Self> {
        let (index, _) = field.strip_prefix("spec.rules[")?.split_once(']')?;
        let label = snapshot.rule_label(route, index.parse().ok()?);
        Some(label).filter(|label| label.name.is_some())
    }
}

impl fmt::Display for RuleLabel<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rule {}", self.index)?;
        match self.name {
            Some(name) => write!(f, " (`{name}`)"),
            None => Ok(()),
        }
    }
}

/// The name of a rule, to be kept. An empty one, which no API server takes, is none.
pub(in crate::attachment) fn rule_name(written: Option<&String>) -> Option<Arc<str>> {
    let name = written.filter(|name| !name.is_empty())?;
    Some(Arc::from(name.as_str()))
}

impl Snapshot {
    /// A rule of a route by its place and its name. The route need not have it, or be there.
    #[must_use]
    pub fn rule_label(&self, route: &RouteId, index: usize) -> RuleLabel<'_> {
        let place = &route.name;
        let name = match route.kind {
            RouteKind::Http => self.http_routes().get(place).and_then(|route| {
                let rule = route.spec.rules.as_ref()?.get(index)?;
                rule.name.as_ref()
            }),
            RouteKind::Grpc => self.grpc_routes().get(place).and_then(|route| {
                let rule = route.spec.as_ref()?.rules.get(index)?;
                rule.name.as_ref()
            }),
            RouteKind::Tls => self.tls_routes().get(place).and_then(|route| {
                let rule = route.spec.rules.get(index)?;
                rule.name.as_ref()
            }),
            RouteKind::Tcp => self.tcp_routes().get(place).and_then(|route| {
                let rule = route.spec.rules.get(index)?;
                rule.name.as_ref()
            }),
            RouteKind::Udp => self.udp_routes().get(place).and_then(|route| {
                let rule = route.spec.rules.get(index)?;
                rule.name.as_ref()
            }),
        };
        RuleLabel {
            index,
            name: name.map(String::as_str).filter(|name| !name.is_empty()),
        }
    }

    /// A field of a route as people find it, with the name of the rule that it is in:
    /// ``spec.rules[0] (`canary`).filters[1]``. Any other field as it is.
    #[must_use]
    pub fn field_with_rule(&self, route: &RouteId, field: &str) -> String {
        match (
            RuleLabel::named_by(self, route, field),
            field.split_once(']'),
        ) {
            (Some(label), Some((rule, rest))) => label.after(&format!("{rule}]")) + rest,
            _ => field.to_owned(),
        }
    }
}
