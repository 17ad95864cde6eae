//! What is found, by the object that it is about.

use crate::{
    attachment::RouteKind,
    meta::ObjectRef,
    rules::{Rule, Severity, set::NO_DEAD_MATCH},
    validation::{Finding, Findings, Report},
};
use std::collections::BTreeMap;

/// Whether no condition of a status says what a finding of validation warns of: who shows a status has to say it beside the
/// conditions.
///
/// A rule that is valid and works otherwise than it looks has no condition, nor has a version that is deprecated; of the latter
/// this is false all the same, since the object works.
#[must_use]
pub fn is_without_condition(finding: &Finding) -> bool {
    const TOLD: &[&str] = &[
        "GRPCRouteRule/filters-can-be-applied",
        "HTTPRouteRule/filters-can-be-applied",
        "Listener/tls-needed",
        "RegularExpression/compiles",
        "RouteNamespaces/selector-needed",
        "RouteNamespaces/selector-valid",
        "version/deprecated",
    ];
    finding.severity() == Severity::Warning && !TOLD.contains(&finding.rule())
}

/// The rule of a route that is invalid for what a finding of validation warns of, if it is such a finding: a condition of a parent names the
/// rule, unless the parent rejects the route for another cause ([`Resolver::untold_rules`](crate::attachment::Resolver::untold_rules)).
#[must_use]
pub fn invalid_rule(finding: &Finding) -> Option<usize> {
    if finding.severity() != Severity::Warning || is_without_condition(finding) {
        return None;
    }
    let (index, _) = finding
        .path()
        .strip_prefix("spec.rules[")?
        .split_once(']')?;
    index.parse().ok()
}

/// Whether a condition of a status says what a finding of [`beside_conditions`](super::beside_conditions) warns of, so that it
/// is not one of them: the further rules of a TLSRoute, TCPRoute or UDPRoute are dropped, which `PartiallyInvalid` says.
pub(super) fn has_condition(object: &ObjectRef, finding: &Finding) -> bool {
    let without_matches = matches!(
        RouteKind::from_kind(&object.kind),
        Some(RouteKind::Tls | RouteKind::Tcp | RouteKind::Udp)
    );
    without_matches && finding.rule() == NO_DEAD_MATCH.id
}

/// The findings as they are made, by the object that they are about.
#[derive(Default)]
pub(super) struct FindingsByObject {
    by_object: BTreeMap<ObjectRef, Findings>,
}

impl FindingsByObject {
    pub(super) fn push(&mut self, object: &ObjectRef, rule: &Rule, path: String, message: String) {
        let finding = Finding::of(rule, path).with_message(message);
        self.add(object, finding);
    }

    pub(super) fn push_with_help(
        &mut self,
        object: &ObjectRef,
        rule: &Rule,
        path: String,
        message: String,
        help: String,
    ) {
        let finding = Finding::of(rule, path).with_message(message);
        self.add(object, finding.with_help(help));
    }

    fn add(&mut self, object: &ObjectRef, finding: Finding) {
        match self.by_object.get_mut(object) {
            Some(findings) => findings.push(finding),
            None => {
                let mut findings = Findings::default();
                findings.push(finding);
                self.by_object.insert(object.clone(), findings);
            }
        }
    }

    pub(super) fn into_reports(self) -> BTreeMap<ObjectRef, Report> {
        let reports = self.by_object.into_iter();
        reports
            .map(|(object, findings)| (object, Report::from(findings)))
            .collect()
    }
}
