//! What is accepted and about nothing in a set of objects, and what fails every request though nothing is wrong with it.

mod endpoints;
mod hosts;
mod unused;

use super::found::Found;
use crate::attachment::Resolver;

/// Looks at hostnames, endpoints, policies, grants and selectors.
pub(super) fn check(resolver: &Resolver, found: &mut Found) {
    hosts::check(resolver, found);
    endpoints::check(resolver, found);
    unused::check(resolver, found);
}
