//! The routes of one listener, or of one port of a Service, compiled.

use super::{CompiledRule, MatchError, grpc_entries, http_entries};
use crate::{
    attachment::{
        RouteId, RouteKind,
        effective::{
            AttachedRoute, EffectiveHostname, EffectiveListener, EffectiveService, GrpcRouteRules,
            HttpRouteRules,
        },
    },
    meta::NamespacedName,
    routing::{self, Entry, Router},
    v1::PathMatchType,
};
use std::sync::Arc;

/// What a request is led to: a rule, and the match by which it got there.
#[derive(Clone, Debug)]
pub struct Target {
    rule: Arc<CompiledRule>,
    match_index: usize,
    prefix: Option<Arc<str>>,
}

impl Target {
    /// The rule.
    #[must_use]
    pub fn rule(&self) -> &CompiledRule {
        &self.rule
    }

    /// The place of the match in the rule's `matches`.
    #[must_use]
    pub fn match_index(&self) -> usize {
        self.match_index
    }

    /// The prefix that matched, where the match is of type `PathPrefix`: what `ReplacePrefixMatch` replaces.
    #[must_use]
    pub fn prefix(&self) -> Option<&str> {
        self.prefix.as_deref()
    }
}

/// The compiled routes of a listener or a Service port. HTTPRoutes and GRPCRoutes stand in one table.
///
/// The default is a table without routes: every request is answered with 404.
#[derive(Clone, Debug, Default)]
pub struct Table {
    router: Router<Target>,
    problems: Vec<(RouteKind, MatchError)>,
    /// How many GRPCRoutes are attached.
    grpc_routes: usize,
}

impl Table {
    /// The table of a listener of protocol HTTP or HTTPS.
    #[must_use]
    pub fn for_listener(listener: &EffectiveListener, options: routing::RouterOptions) -> Self {
        Self::new(
            listener
                .http
                .iter()
                .map(|AttachedRoute { route, hostnames }| (route, hostnames)),
            listener
                .grpc
                .iter()
                .map(|AttachedRoute { route, hostnames }| (route, hostnames)),
            options,
        )
    }

    /// The table of a port of a Service, as a client of this namespace sees it (GEP-1426). Hostnames of
    /// mesh routes are ignored: the Service has been chosen already.
    #[must_use]
    pub fn for_service(
        service: &EffectiveService,
        port: u16,
        client_namespace: &str,
        options: routing::RouterOptions,
    ) -> Self {
        let every: Arc<[EffectiveHostname]> = Arc::new([EffectiveHostname::default()]);
        Self::new(
            service
                .http_routes(port, client_namespace)
                .map(|route| (route, &every)),
            service
                .grpc_routes(port, client_namespace)
                .map(|route| (route, &every)),
            options,
        )
    }

    /// A table without routes: they are [inserted](Self::insert_http) one by one.
    #[must_use]
    pub fn with_options(options: routing::RouterOptions) -> Self {
        Self::new(std::iter::empty(), std::iter::empty(), options)
    }

    /// The table of a port of which no listener serves the host that was asked for: no rule matches. Whether a GRPCRoute is
    /// attached to a listener of the port decides on the form of the answer.
    pub(crate) fn of_nobody(has_grpc_routes: bool) -> Self {
        Self {
            grpc_routes: usize::from(has_grpc_routes),
            ..Self::default()
        }
    }

    fn new<'a>(
        http: impl Iterator<Item = (&'a Arc<HttpRouteRules>, &'a Arc<[EffectiveHostname]>)>,
        grpc: impl Iterator<Item = (&'a Arc<GrpcRouteRules>, &'a Arc<[EffectiveHostname]>)>,
        options: routing::RouterOptions,
    ) -> Self {
        let mut table = Self {
            router: Router::new(options),
            problems: Vec::new(),
            grpc_routes: 0,
        };
        for (route, hostnames) in http {
            let made = http_targets(route, hostnames);
            table.insert(RouteKind::Http, &route.reference, made);
        }
        for (route, hostnames) in grpc {
            let made = grpc_targets(route, hostnames);
            table.insert(RouteKind::Grpc, &route.reference, made);
        }
        table
    }

    /// The compiled matcher.
    #[must_use]
    pub fn router(&self) -> &Router<Target> {
        &self.router
    }

    /// Matches that could not be compiled, with the kind of their route; the others are in force.
    #[must_use]
    pub fn problems(&self) -> &[(RouteKind, MatchError)] {
        &self.problems
    }

    /// Whether no route is attached.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.router.is_empty()
    }

    /// Whether a GRPCRoute is attached.
    #[must_use]
    pub fn has_grpc_routes(&self) -> bool {
        self.grpc_routes > 0
    }

    /// Replaces an HTTPRoute by its new form, or adds it. The rest is shared with what readers hold.
    pub fn insert_http(&mut self, attached: &AttachedRoute<HttpRouteRules>) {
        let made = http_targets(&attached.route, &attached.hostnames);
        self.insert(RouteKind::Http, &attached.route.reference, made);
    }

    /// Replaces a GRPCRoute by its new form, or adds it, as [`insert_http`](Self::insert_http) does.
    pub fn insert_grpc(&mut self, attached: &AttachedRoute<GrpcRouteRules>) {
        let made = grpc_targets(&attached.route, &attached.hostnames);
        self.insert(RouteKind::Grpc, &attached.route.reference, made);
    }

    /// Drops a route. True if it was there.
    pub fn remove(&mut self, route: &RouteId) -> bool {
        self.problems
            .retain(|(kind, problem)| (*kind, problem.route()) != (route.kind, &route.name));
        let removed = self.router.remove(&key(route.kind, &route.name));
        if removed && route.kind == RouteKind::Grpc {
            self.grpc_routes = self.grpc_routes.saturating_sub(1);
        }
        removed
    }

    fn insert(
        &mut self,
        kind: RouteKind,
        name: &NamespacedName,
        (entries, errors): (Vec<Entry<Target>>, Vec<MatchError>),
    ) {
        self.problems
            .retain(|(of, problem)| (*of, problem.route()) != (kind, name));
        self.problems
            .extend(errors.into_iter().map(|error| (kind, error)));
        let replaced = self.router.insert(key(kind, name), entries);
        if !replaced && kind == RouteKind::Grpc {
            self.grpc_routes += 1;
        }
    }
}

/// What the router calls a route: the kinds have names of their own.
fn key(kind: RouteKind, name: &NamespacedName) -> String {
    format!("{}/{name}", kind.as_str())
}

fn http_targets(
    route: &HttpRouteRules,
    hostnames: &[EffectiveHostname],
) -> (Vec<Entry<Target>>, Vec<MatchError>) {
    http_entries(route, hostnames, |rule| {
        let rule = Arc::new(CompiledRule::http(&route.reference, rule));
        move |match_index, matching| {
            let by_prefix = matching.path_type() == PathMatchType::PathPrefix;
            Target {
                rule: rule.clone(),
                match_index,
                prefix: by_prefix.then(|| matching.path_value().into()),
            }
        }
    })
}

fn grpc_targets(
    route: &GrpcRouteRules,
    hostnames: &[EffectiveHostname],
) -> (Vec<Entry<Target>>, Vec<MatchError>) {
    grpc_entries(route, hostnames, |rule| {
        let rule = Arc::new(CompiledRule::grpc(&route.reference, rule));
        move |match_index, _| Target {
            rule: rule.clone(),
            match_index,
            prefix: None,
        }
    })
}
