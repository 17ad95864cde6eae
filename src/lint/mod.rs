//! What is wrong with a set of objects although each of them is valid: references to nothing, rules that no
//! request reaches, redirects in circles.
//!
//! [`lint`] looks at what [`attachment`](crate::attachment) has resolved and asks it and
//! [`routing`]: it has no opinion of its own on what a ReferenceGrant allows, which listener takes a
//! route, or which of two matches wins. Its rules are those of [`rules::set`](crate::rules::set); all of them warn.
//!
//! ```
//! use gwapi::{
//!     attachment::{Options, Resolver},
//!     lint::{LintOptions, lint},
//!     v1::{Gateway, GatewaySpec, HttpRoute, HttpRouteSpec, ParentReference},
//! };
//!
//! let mut resolver = Resolver::new(Options::for_manifests());
//! resolver.insert(HttpRoute::new("cart", HttpRouteSpec {
//!     parent_refs: vec![ParentReference { name: "front".into(), ..Default::default() }],
//!     ..Default::default()
//! }));
//! resolver.update();
//! let reports = lint(&resolver, &LintOptions::default()).reports;
//! let (object, report) = reports.first_key_value().expect("a finding");
//! assert_eq!(object.to_string(), "HTTPRoute default/cart");
//! assert_eq!(report.findings()[0].message(), "Gateway `default/front` is not in the set");
//! ```

mod budget;
mod covered;
mod judge;
mod loops;
pub mod near;
mod patterns;
mod reach;
mod references;
mod sample;

pub use judge::{Member, judge_set, judge_together};

use crate::{
    attachment::{Resolver, admit::Ignored},
    meta::ObjectRef,
    routing,
    rules::{Rule, Severity},
    validation::{Finding, Findings, Report},
};
use budget::Budget;
use near::{Met, Near, NearLimits};
use std::collections::BTreeMap;

/// What [`lint`] takes for granted.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct LintOptions {
    /// Whether references are followed. Not for a lone object, of whose neighbours nothing is known.
    pub references: bool,
    /// How a data plane would decide what the specification leaves open.
    pub routing: routing::RouterOptions,
    /// How far to look for what a reference that fails was nearly meant to name.
    pub near: NearLimits,
    /// How many matches are looked at for what no request reaches, at all listeners and Services together and once for
    /// each hostname; and once more as many for redirects in circles. 500 000 by default: a table that does not fit into
    /// the rest is passed over, and [`Linted::met`] says how many were.
    pub max_matches: usize,
}

impl Default for LintOptions {
    fn default() -> Self {
        Self {
            references: true,
            routing: routing::RouterOptions::default(),
            near: NearLimits::default(),
            max_matches: 500_000,
        }
    }
}

/// What there is to say of a set of objects.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Linted<K> {
    /// A report for each object of which there is anything to say.
    pub reports: BTreeMap<K, Report>,
    /// The bounds of [`LintOptions`] that were met: findings may lack their help, or be missing.
    pub met: Vec<Met>,
}

/// Looks for what is wrong with a set of objects although each is valid, as of the resolver's last
/// [`update`](Resolver::update).
///
/// Field paths are those of the version that [`attachment::SnapshotObject`](crate::attachment::SnapshotObject) holds. Time and
/// memory are in proportion to the objects; a report keeps [`MOST_FINDINGS`](crate::validation::MOST_FINDINGS).
///
/// What [`validation`](crate::validation) says of a rule is not said again where the rule makes a parent reject its route.
#[must_use]
pub fn lint(resolver: &Resolver, options: &LintOptions) -> Linted<ObjectRef> {
    lint_beside(resolver, &[], options)
}

/// The same where some objects were given and are left out.
fn lint_beside(
    resolver: &Resolver,
    ignored: &[Ignored],
    options: &LintOptions,
) -> Linted<ObjectRef> {
    let mut found = Found::default();
    let mut met = Vec::new();
    if options.references {
        let near = Near::new(resolver, ignored)
            .with_limits(options.near)
            .with_routing(options.routing);
        references::check(resolver, &near, &mut found);
        met = near.met();
    }
    met.extend(match_rules(resolver, options, &mut found));
    Linted {
        reports: found.into_reports(),
        met,
    }
}

/// The part of [`lint`] that a status has no condition for: matches, rules and routes that no request reaches, and
/// redirects that lead to nobody or in circles.
#[must_use]
pub fn beside_conditions(resolver: &Resolver, options: &LintOptions) -> Linted<ObjectRef> {
    let mut found = Found::default();
    let met = match_rules(resolver, options, &mut found);
    Linted {
        reports: found.into_reports(),
        met: met.into_iter().collect(),
    }
}

/// Looks at tables of matches, within the bound. That tables were passed over, if any were.
fn match_rules(resolver: &Resolver, options: &LintOptions, found: &mut Found) -> Option<Met> {
    let budget = || Budget::of(options.max_matches);
    let (reach, loops) = (budget(), budget());
    reach::check(resolver, options, &reach, found);
    loops::check(resolver, options, &loops, found);
    let cut_short = reach.cut_short().saturating_add(loops.cut_short());
    (cut_short > 0).then_some(Met {
        bound: "max_matches",
        most: options.max_matches,
        cut_short,
    })
}

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
        "RouteNamespaces/selector-valid",
        "version/deprecated",
    ];
    finding.severity() == Severity::Warning && !TOLD.contains(&finding.rule())
}

/// The findings as they are made, by the object that they are about.
#[derive(Default)]
struct Found {
    by_object: BTreeMap<ObjectRef, Findings>,
}

impl Found {
    fn push(&mut self, object: &ObjectRef, rule: &Rule, path: String, message: String) {
        let finding = Finding::of(rule, path).with_message(message);
        self.add(object, finding);
    }

    fn push_with_help(
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

    fn into_reports(self) -> BTreeMap<ObjectRef, Report> {
        let reports = self.by_object.into_iter();
        reports
            .map(|(object, findings)| (object, Report::from(findings)))
            .collect()
    }
}

#[cfg(test)]
mod tests;
