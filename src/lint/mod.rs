//! What is wrong with a set of objects although each of them is valid: references to nothing, rules that no
//! request reaches, redirects in circles.
//!
//! [`lint`] looks at what [`attachment`](crate::attachment) has resolved and asks it and
//! [`routing`](crate::routing): it has no opinion of its own on what a ReferenceGrant allows, which listener takes a
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
mod certificates;
mod covered;
mod found;
mod further;
mod idle;
mod judge;
mod loops;
mod lost;
pub mod near;
mod options;
mod patterns;
mod reach;
mod references;
mod sample;
mod sessions;
mod walk;

pub use found::{invalid_rule, is_without_condition};
pub use judge::{Member, judge_set, judge_together};
pub use options::{LintOptions, Linted};

use crate::{
    attachment::{Resolver, admit::Ignored},
    meta::ObjectRef,
    validation::Report,
};
use budget::Budget;
use found::FindingsByObject;
use near::{Met, Near};

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
    let mut found = FindingsByObject::default();
    let mut met = Vec::new();
    let near = Near::new(resolver, ignored)
        .with_limits(options.near)
        .with_routing(options.routing);
    references::check(resolver, &near, !options.references, &mut found);
    if options.references {
        met.extend(idle::check(resolver, &near, options, &mut found));
    }
    met.extend(near.met());
    met.extend(match_rules(resolver, options, &mut found));
    Linted {
        reports: found.into_reports(),
        met,
    }
}

/// The part of [`lint`] that a status has no condition for: matches, rules and routes that no request reaches, redirects that
/// lead to nobody or in circles, what is accepted and about nothing (hostnames, endpoints, policies, grants, selectors), sessions that
/// two sides keep, and hosts of routes for which a listener has no certificate.
#[must_use]
pub fn beside_conditions(resolver: &Resolver, options: &LintOptions) -> Linted<ObjectRef> {
    let mut found = FindingsByObject::default();
    let near = Near::new(resolver, &[]).with_limits(options.near);
    let mut met: Vec<Met> = Vec::new();
    met.extend(idle::check(resolver, &near, options, &mut found));
    met.extend(near.met());
    met.extend(match_rules(resolver, options, &mut found));
    let reports = found.into_reports().into_iter();
    let reports = reports.filter_map(|(object, report)| {
        let findings = report.into_findings().into_iter();
        let told: Vec<_> = findings
            .filter(|finding| !found::has_condition(&object, finding))
            .collect();
        (!told.is_empty()).then(|| (object, Report::from(told)))
    });
    Linted {
        reports: reports.collect(),
        met,
    }
}

/// Looks at tables of matches and at sessions. Returns the bounds that were met.
fn match_rules(
    resolver: &Resolver,
    options: &LintOptions,
    found: &mut FindingsByObject,
) -> Vec<Met> {
    let budget = || Budget::of(options.max_matches);
    let (reach, loops) = (budget(), budget());
    let mut met = reach::check(resolver, options, &reach, found);
    let hops = loops::check(resolver, options, &loops, found);
    sessions::check(resolver, found);
    certificates::check(resolver, found);
    let tables = reach.cut_short().saturating_add(loops.cut_short());
    for (bound, most, cut_short) in [
        ("max_hops", options.max_hops, hops),
        ("max_matches", options.max_matches, tables),
    ] {
        if cut_short > 0 {
            met.push(Met {
                bound,
                most,
                cut_short,
            });
        }
    }
    met
}

#[cfg(test)]
mod tests;
