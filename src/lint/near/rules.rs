//! What is wrong with rules of routes, and what would be right.

use super::{MOST_NAMED, Near, judged::JudgedRoute};
use crate::{
    attachment::{RouteId, RouteKind, RuleLabel},
    filters,
    lint::{found::is_without_condition, further::further_rule},
    meta::{GROUP, ObjectRef},
    rules::Severity,
    validation::{Finding, ValidationOptions, validate_value},
};
use serde::Serialize;
use serde_json::{Value, json};
use std::sync::Arc;

impl Near<'_> {
    /// What to do about rules of a route that cannot be applied, each with its place. They are named by what validation
    /// says of them.
    pub(super) fn correct_rules(&self, route: &RouteId, rules: &[usize]) -> Vec<(usize, String)> {
        let Some(last) = rules.len().checked_sub(1) else {
            return Vec::new();
        };
        let judged = self.judged(route);
        let shown = rules.iter().take(last.min(MOST_NAMED - 1) + 1);
        let each = shown.map(|rule| (*rule, self.correct_rule(route, *rule, &judged.findings)));
        each.collect()
    }

    /// Whether validation has a finding of its own on every rule for which a route is rejected: what is wrong with them need
    /// not be told again at the parents.
    pub(in crate::lint) fn rules_tell(&self, route: &RouteId) -> bool {
        let rules = self.resolver.invalid_rules(route);
        if rules.is_empty() {
            return false;
        }
        let judged = self.judged(route);
        rules.iter().all(|rule| judged.rules.contains(rule))
    }

    /// Whether validation has a finding of its own on a rule that is invalid.
    pub(in crate::lint) fn rule_is_told(&self, route: &RouteId, rule: usize) -> bool {
        self.judged(route).rules.contains(&rule) || self.missing_filter(route, rule).is_some()
    }

    /// What to do about one rule. One that is only not implemented here has nothing to correct.
    fn correct_rule(&self, route: &RouteId, rule: usize, findings: &[Finding]) -> String {
        let label = self.resolver.snapshot().rule_label(route, rule);
        if let Some(filter) = self.missing_filter(route, rule) {
            return format!(
                "nothing is wrong with the filter `{filter}` of {}: it is not implemented here; leave it out to see the rest of the rule",
                field(label, "")
            );
        }
        // The first of a text says it for all that have the same: one pattern may stand in many matches.
        let wrong = wrong_in(rule, findings).find_map(|finding| {
            let below = finding
                .path()
                .strip_prefix(&*path(rule))
                .unwrap_or_default();
            Some(format!("{}: {}", field(label, below), finding.help()?))
        });
        wrong.unwrap_or_else(|| format!("correct {}", field(label, "")))
    }

    /// The filter of a rule that is known and not implemented, if it has one.
    fn missing_filter(&self, route: &RouteId, rule: usize) -> Option<&'static str> {
        if route.kind != RouteKind::Http {
            return None;
        }
        let written = self.resolver.snapshot().http_routes().get(&route.name)?;
        let rule = written.spec.rules.as_ref()?.get(rule)?;
        let of_backends = rule.backend_refs.iter().flat_map(|one| &one.filters);
        rule.filters
            .iter()
            .chain(of_backends)
            .find_map(filters::missing)
    }

    /// What validation says of a route as the API server of this release would get it. The last one is kept: a route has as
    /// many problems as it has parents.
    fn judged(&self, route: &RouteId) -> Arc<JudgedRoute> {
        let mut last = self.judged.borrow_mut();
        if let Some(judged) = last.as_ref().filter(|judged| judged.route == *route) {
            return Arc::clone(judged);
        }
        #[cfg(test)]
        super::JUDGED.add(1);
        let resolving = self.resolver.options();
        let mut options = ValidationOptions::of(resolving.release, resolving.channel);
        options.patterns = resolving.patterns;
        let snapshot = self.resolver.snapshot();
        let object = match route.kind {
            RouteKind::Http => snapshot.http_routes().get(&route.name).map(spec_of),
            RouteKind::Grpc => snapshot.grpc_routes().get(&route.name).map(spec_of),
            RouteKind::Tls | RouteKind::Tcp | RouteKind::Udp => None,
        };
        let findings = object.map_or_else(Vec::new, |object| {
            validate_value(&object, &options).into_findings()
        });
        let wrong = findings.iter().filter(|finding| makes_invalid(finding));
        let judged = Arc::new(JudgedRoute {
            route: route.clone(),
            rules: wrong
                .filter_map(|finding| rule_of(finding.path()))
                .collect(),
            findings,
        });
        *last = Some(Arc::clone(&judged));
        judged
    }

    /// What to do about the rules of a route that cannot be applied; each with its place.
    pub(super) fn dropped_rules(&self, object: &ObjectRef) -> Vec<(usize, String)> {
        let kind = RouteKind::from_kind(&object.kind).filter(|_| object.group == GROUP);
        let Some(kind) = kind else {
            return Vec::new();
        };
        let id = RouteId::new(kind, object.namespaced_name());
        let dropped = self.resolver.left_out(&id);
        let attachments = self.resolver.resolution().attachments.get(&id);
        let mut parents = 0..attachments.map_or(0, Vec::len);
        // A parent that rejects the route for another cause says nothing of its rules.
        if self.resolver.is_invalid(&id)
            && !parents.any(|parent| self.resolver.is_rejected_for_rules(&id, parent))
        {
            return Vec::new();
        }
        let rules: Vec<usize> = dropped.iter().map(|(rule, _)| *rule).collect();
        let first = (0..).find(|rule| !rules.contains(rule));
        match (kind, first) {
            // The rules of these kinds have no matches: the first one takes every connection.
            (RouteKind::Tls | RouteKind::Tcp | RouteKind::Udp, Some(first)) => {
                let label = |rule| self.resolver.snapshot().rule_label(&id, rule);
                let rules = rules.into_iter().take(MOST_NAMED);
                rules
                    .map(|rule| (rule, further_rule(label(rule), label(first))))
                    .collect()
            }
            _ => self.correct_rules(&id, self.resolver.invalid_rules(&id)),
        }
    }
}

/// The field of a rule.
fn path(rule: usize) -> String {
    format!("spec.rules[{rule}]")
}

/// A field in a rule as it is shown: ``spec.rules[0].filters[1]` (`canary`)``.
fn field(label: RuleLabel<'_>, below: &str) -> String {
    label.after(&format!("`{}{below}`", path(label.index)))
}

/// Whether a finding is one that makes a rule invalid: what a server refuses, or what it takes and cannot be applied.
fn makes_invalid(finding: &Finding) -> bool {
    finding.severity() == Severity::Error || !is_without_condition(finding)
}

/// The rule that a field is in.
fn rule_of(path: &str) -> Option<usize> {
    let (index, _) = path.strip_prefix("spec.rules[")?.split_once(']')?;
    index.parse().ok()
}

/// What makes a rule invalid, what a server refuses first.
fn wrong_in(rule: usize, findings: &[Finding]) -> impl Iterator<Item = &Finding> {
    let is_in = |finding: &&Finding| rule_of(finding.path()) == Some(rule);
    let mut wrong: Vec<&Finding> = findings
        .iter()
        .filter(is_in)
        .filter(|finding| makes_invalid(finding))
        .collect();
    wrong.sort_by_key(|finding| finding.severity() != Severity::Error);
    wrong.into_iter()
}

/// A route as JSON, with what a server asks of any object and nothing else beside its spec.
fn spec_of<K: Serialize>(route: &Arc<K>) -> Value {
    let mut object = serde_json::to_value(&**route).unwrap_or_default();
    if let Some(fields) = object.as_object_mut() {
        fields.insert("metadata".to_owned(), json!({ "name": "route" }));
        fields.remove("status");
    }
    object
}
