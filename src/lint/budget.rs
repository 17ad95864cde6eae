//! How much of a set may be looked at: of its routing tables, and of its Namespaces.

use crate::attachment::effective::{
    AttachedRoute, EffectiveListener, EffectiveService, GrpcRouteRules, HttpRouteRules, RouteList,
    ServiceRoute,
};
use std::cell::Cell;

/// How many matches may be looked at, unless another bound is given.
pub(super) const MAX_MATCHES: usize = 500_000;

/// How many matches may still be looked at, at all listeners and Services together, or how many Namespaces by selectors.
///
/// A route of a few kilobytes may be attached to thousands of listeners, each of which has a table of all its matches, one
/// for each of its hostnames. Thousands of selectors may each be compared with thousands of Namespaces.
#[derive(Debug)]
pub(super) struct Budget {
    left: Cell<usize>,
    cut_short: Cell<usize>,
}

impl Budget {
    pub(super) fn of(most: usize) -> Self {
        Self {
            left: Cell::new(most),
            cut_short: Cell::new(0),
        }
    }

    /// Whether a table of so many matches, or so many Namespaces, may be looked at, too. What may not is counted.
    pub(super) fn take(&self, many: usize) -> bool {
        match self.left.get().checked_sub(many) {
            Some(left) => {
                self.left.set(left);
                #[cfg(test)]
                LOOKED_AT.add(many);
                true
            }
            None => {
                self.cut_short.set(self.cut_short.get().saturating_add(1));
                false
            }
        }
    }

    /// How many tables, or selectors, were passed over.
    pub(super) fn cut_short(&self) -> usize {
        self.cut_short.get()
    }
}

/// How many matches the table of a listener has.
pub(super) fn at_listener(listener: &EffectiveListener) -> usize {
    fn of<R>(routes: &RouteList<AttachedRoute<R>>, matches: impl Fn(&R) -> usize) -> usize {
        let of_each = routes
            .iter()
            .map(|attached| times(matches(&attached.route), attached.hostnames.len()));
        of_each.fold(0, usize::saturating_add)
    }
    of(&listener.http, http).saturating_add(of(&listener.grpc, grpc))
}

/// How many matches the routes of a Service have.
pub(super) fn at_service(service: &EffectiveService) -> usize {
    fn of<R>(routes: &RouteList<ServiceRoute<R>>, matches: impl Fn(&R) -> usize) -> usize {
        let of_each = routes.iter().map(|route| matches(&route.route));
        of_each.fold(0, usize::saturating_add)
    }
    of(&service.http, http).saturating_add(of(&service.grpc, grpc))
}

/// How many matches an HTTPRoute has for so many hostnames.
pub(super) fn of_http(route: &HttpRouteRules, hostnames: usize) -> usize {
    times(http(route), hostnames)
}

fn times(matches: usize, hostnames: usize) -> usize {
    matches.saturating_mul(hostnames.max(1))
}

fn http(route: &HttpRouteRules) -> usize {
    all(route.rules.iter().map(|rule| rule.matches.len()))
}

fn grpc(route: &GrpcRouteRules) -> usize {
    all(route.rules.iter().map(|rule| rule.matches.len()))
}

/// How many matches rules have. One without matches has one: it takes everything.
fn all(of_each: impl Iterator<Item = usize>) -> usize {
    of_each.map(|matches| matches.max(1)).sum()
}

#[cfg(test)]
crate::counter::counter!(
    /// How many matches and Namespaces are looked at.
    pub(in crate::lint) LOOKED_AT
);
