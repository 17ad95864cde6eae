//! Routes as they are in force at a listener or a Service.

use super::{EffectiveBackend, EffectiveFilters, InSeniority, RuleProblem};
use crate::{
    attachment::objects::rule_label::RuleLabel,
    meta::{Age, Duration, Hostname, NamespacedName, RoutePatterns, Seniority},
    v1::{GrpcRouteMatch, HttpRouteMatch, SessionPersistence},
};
use std::sync::Arc;

/// A route at a listener to which it is attached.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct AttachedRoute<R> {
    /// The route's rules, shared between all its parents.
    pub route: Arc<R>,
    /// The hosts for which the route applies at this listener; never empty.
    pub hostnames: Arc<[EffectiveHostname]>,
}

impl<R: RouteRules> InSeniority for AttachedRoute<R> {
    fn seniority(&self) -> Seniority<&NamespacedName> {
        self.route.seniority()
    }
}

impl<R> AttachedRoute<R> {
    /// Whether it is the attachment of the same rules, by their allocation, for the same hosts: what was compiled of one counts
    /// for the other.
    pub(crate) fn is_same_as(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.route, &other.route)
            && (Arc::ptr_eq(&self.hostnames, &other.hostnames) || self.hostnames == other.hostnames)
    }
}

/// A hostname for which a route applies at a listener: what the listener's hostname and one of the
/// route's own have in common (HTTPRoute `spec.hostnames`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct EffectiveHostname {
    /// The hosts; every host without one.
    pub hostname: Option<Hostname>,
    /// The route's own hostname of which this is a part; `None` where the route names none and takes
    /// whatever the listener serves.
    pub own: Option<Hostname>,
}

/// The rules of an HTTPRoute that are in force.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct HttpRouteRules {
    /// The route.
    pub reference: NamespacedName,
    /// When the route was created; the older one wins a tie.
    pub age: Age,
    /// The route's own hostnames that can be read as one, in the order of the spec.
    pub hostnames: Vec<Hostname>,
    /// The rules, without those whose matches cannot be read. A rule that is invalid for another reason is here, with
    /// its [`problem`](HttpRule::problem).
    pub rules: Vec<HttpRule>,
    /// The regular expressions of the matches, so that a table need not read them again.
    pub patterns: RoutePatterns,
}

/// What the rules of all kinds of routes have in common.
pub trait RouteRules {
    /// The place of the route among others.
    fn seniority(&self) -> Seniority<&NamespacedName>;
}

macro_rules! route_rules {
    ($($kind:ident),+) => {$(
        impl RouteRules for $kind {
            fn seniority(&self) -> Seniority<&NamespacedName> {
                Seniority::new(self.age, &self.reference)
            }
        }
    )+};
}

route_rules!(HttpRouteRules, GrpcRouteRules, ConnectionRouteRules);

/// A rule of an HTTPRoute (`spec.rules[]`).
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct HttpRule {
    /// Its place in the route's `spec.rules`.
    pub index: usize,
    /// Its name, by which people and policies refer to it (GEP-995).
    pub name: Option<Arc<str>>,
    /// The matches, in the order of the spec; one of them must match. Never empty: a rule without matches
    /// has the default one. Types of matches are known ones, regular expressions are
    /// accepted ones.
    pub matches: Vec<HttpRouteMatch>,
    /// What is done to requests and responses.
    pub filters: EffectiveFilters,
    /// Where requests go. Without a backend, and without a redirect, the answer is 500.
    pub backends: Vec<EffectiveBackend>,
    /// How long a request may take.
    pub timeouts: Timeouts,
    /// The rule's own session persistence (GEP-1619). Each backend's holds what applies to it.
    pub session_persistence: Option<SessionPersistence>,
    /// Why every request under this rule is answered with 500.
    pub problem: Option<RuleProblem>,
}

/// How long a request may take (HTTPRoute `spec.rules[].timeouts`, GEP-1742). Zero and absent both mean
/// "no limit"; zero is kept apart since it overrides what an implementation sets by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timeouts {
    /// The limit for the whole answer.
    pub request: Option<Duration>,
    /// The limit for one attempt at a backend.
    pub backend_request: Option<Duration>,
}

/// The rules of a GRPCRoute that are in force.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct GrpcRouteRules {
    /// The route.
    pub reference: NamespacedName,
    /// When the route was created; the older one wins a tie.
    pub age: Age,
    /// The route's own hostnames that can be read as one, in the order of the spec.
    pub hostnames: Vec<Hostname>,
    /// The rules, without those whose matches cannot be read. A rule that is invalid for another reason is here, with
    /// its [`problem`](GrpcRule::problem).
    pub rules: Vec<GrpcRule>,
    /// The regular expressions of the matches, so that a table need not read them again.
    pub patterns: RoutePatterns,
}

/// A rule of a GRPCRoute (`spec.rules[]`).
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct GrpcRule {
    /// Its place in the route's `spec.rules`.
    pub index: usize,
    /// Its name, by which people and policies refer to it (GEP-995).
    pub name: Option<Arc<str>>,
    /// The matches, in the order of the spec; one of them must match. Never empty: a rule without matches
    /// has one that every call matches.
    pub matches: Vec<GrpcRouteMatch>,
    /// What is done to calls and answers.
    pub filters: EffectiveFilters,
    /// Where calls go. Without a backend they fail with `UNAVAILABLE`.
    pub backends: Vec<EffectiveBackend>,
    /// The rule's own session persistence (GEP-1619). Each backend's holds what applies to it.
    pub session_persistence: Option<SessionPersistence>,
    /// Why every call under this rule fails.
    pub problem: Option<RuleProblem>,
}

/// The rules of a TLSRoute, TCPRoute or UDPRoute that are in force.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ConnectionRouteRules {
    /// The route.
    pub reference: NamespacedName,
    /// When the route was created; the older one wins a tie.
    pub age: Age,
    /// The route's own hostnames that can be read as one, in the order of the spec; TLSRoute only.
    pub hostnames: Vec<Hostname>,
    /// The first rule. Rules have no matches, so that it takes every connection.
    pub rules: Vec<ConnectionRule>,
    /// The places in the route's `spec.rules` of the others, which are dropped.
    pub dropped: Vec<usize>,
}

/// A rule of a TLSRoute, TCPRoute or UDPRoute (`spec.rules[]`).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ConnectionRule {
    /// Its place in the route's `spec.rules`.
    pub index: usize,
    /// Its name, by which people and policies refer to it (GEP-995).
    pub name: Option<Arc<str>>,
    /// Where connections go. The share of a backend that is not valid is refused.
    pub backends: Vec<EffectiveBackend>,
}

macro_rules! labels {
    ($($rule:ident),+) => {$(
        impl $rule {
            /// The rule as people refer to it.
            #[must_use]
            pub fn label(&self) -> RuleLabel<'_> {
                RuleLabel {
                    index: self.index,
                    name: self.name.as_deref(),
                }
            }
        }
    )+};
}

labels!(HttpRule, GrpcRule, ConnectionRule);
