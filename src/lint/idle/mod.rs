//! What is accepted and about nothing in a set of objects, and what fails every request though nothing is wrong with it.

mod endpoints;
mod hosts;
mod slices;
mod unused;

use super::{
    LintOptions,
    budget::Budget,
    found::FindingsByObject,
    near::{Met, Near},
};
use crate::attachment::Resolver;

/// Looks at hostnames, endpoints, EndpointSlices, policies, grants and selectors. That selectors were passed over, if any were.
pub(super) fn check(
    resolver: &Resolver,
    near: &Near<'_>,
    options: &LintOptions,
    found: &mut FindingsByObject,
) -> Option<Met> {
    hosts::check(resolver, found);
    endpoints::check(resolver, found);
    slices::check(near, found);
    let budget = Budget::of(options.max_namespaces);
    unused::check(resolver, &budget, found);
    let cut_short = budget.cut_short();
    (cut_short > 0).then_some(Met {
        bound: "max_namespaces",
        most: options.max_namespaces,
        cut_short,
    })
}
