//! The routes of one listener, or of one port of a Service, compiled.

use crate::proxy::{
    CompiledRule, DataPlaneOptions, Endpoints, MatchError, grpc_entries, http_entries,
};
use crate::{
    attachment::{
        RouteId, RouteKind,
        effective::{
            AttachedRoute, Difference, EffectiveHostname, EffectiveListener, EffectiveService,
            GrpcRouteRules, HttpRouteRules, RouteList, RouteRules,
        },
    },
    backend::session::{RuleSessions, SessionOptions, SessionParent},
    meta::{NamespacedName, NoEndpoints},
    routing::{Entry, Router},
    v1::PathMatchType,
};
use std::{collections::BTreeMap, sync::Arc};

/// What a request is led to: a rule, and the match by which it got there.
///
/// Each request that a rule takes holds a clone of it, which is one counter.
#[derive(Clone, Debug)]
pub struct Target {
    inner: Arc<OfMatch>,
}

/// What is known of a match.
#[derive(Debug)]
struct OfMatch {
    rule: Arc<CompiledRule>,
    match_index: usize,
    prefix: Option<Box<str>>,
}

impl Target {
    fn new(rule: &Arc<CompiledRule>, match_index: usize, prefix: Option<&str>) -> Self {
        let inner = OfMatch {
            rule: rule.clone(),
            match_index,
            prefix: prefix.map(Into::into),
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// The rule.
    #[must_use]
    pub fn rule(&self) -> &CompiledRule {
        &self.inner.rule
    }

    /// The place of the match in the rule's `matches`.
    #[must_use]
    pub fn match_index(&self) -> usize {
        self.inner.match_index
    }

    /// The prefix that matched, where the match is of type `PathPrefix`: what `ReplacePrefixMatch` replaces.
    #[must_use]
    pub fn prefix(&self) -> Option<&str> {
        self.inner.prefix.as_deref()
    }
}

/// The compiled routes of a listener or a Service port. HTTPRoutes and GRPCRoutes stand in one table.
#[derive(Clone, Debug)]
pub struct Table {
    site: Site,
    router: Router<Target>,
    /// Those of each route that has some.
    problems: BTreeMap<(RouteKind, NamespacedName), Vec<MatchError>>,
    /// How many GRPCRoutes are attached.
    grpc_routes: usize,
}

impl Table {
    /// The table of a listener of protocol HTTP or HTTPS of this Gateway.
    #[must_use]
    pub fn for_listener(
        gateway: &NamespacedName,
        listener: &EffectiveListener,
        endpoints: &Endpoints,
        options: impl Into<DataPlaneOptions>,
    ) -> Self {
        let parent = SessionParent::Listener {
            gateway: gateway.clone(),
            listener: listener.name.clone(),
        };
        Self::new(
            parent,
            listener
                .http
                .iter()
                .map(|AttachedRoute { route, hostnames }| (route, hostnames)),
            listener
                .grpc
                .iter()
                .map(|AttachedRoute { route, hostnames }| (route, hostnames)),
            endpoints,
            options.into(),
        )
    }

    /// The table of a port of a Service, as a client of this namespace sees it (GEP-1426). Hostnames of
    /// mesh routes are ignored: the Service has been chosen already.
    #[must_use]
    pub fn for_service(
        service: &EffectiveService,
        port: u16,
        client_namespace: &str,
        endpoints: &Endpoints,
        options: impl Into<DataPlaneOptions>,
    ) -> Self {
        let every: Arc<[EffectiveHostname]> = Arc::new([EffectiveHostname::default()]);
        let parent = SessionParent::Service {
            service: service.reference(),
            port,
        };
        Self::new(
            parent,
            service
                .http_routes(port, client_namespace)
                .map(|route| (route, &every)),
            service
                .grpc_routes(port, client_namespace)
                .map(|route| (route, &every)),
            endpoints,
            options.into(),
        )
    }

    /// A table without routes for a listener or a Service port: they are [inserted](Self::insert_http) one by one.
    #[must_use]
    pub fn without_routes(
        parent: SessionParent,
        endpoints: &Endpoints,
        options: impl Into<DataPlaneOptions>,
    ) -> Self {
        let (http, grpc) = (std::iter::empty(), std::iter::empty());
        Self::new(parent, http, grpc, endpoints, options.into())
    }

    /// A table without routes which is asked what matches, and serves nobody.
    pub(crate) fn of_no_parent(options: impl Into<DataPlaneOptions>) -> Self {
        let parent = SessionParent::Listener {
            gateway: NamespacedName::default(),
            listener: String::new(),
        };
        Self::without_routes(parent, &Endpoints::default(), options)
    }

    fn new<'a>(
        parent: SessionParent,
        http: impl Iterator<Item = (&'a Arc<HttpRouteRules>, &'a Arc<[EffectiveHostname]>)>,
        grpc: impl Iterator<Item = (&'a Arc<GrpcRouteRules>, &'a Arc<[EffectiveHostname]>)>,
        endpoints: &Endpoints,
        options: DataPlaneOptions,
    ) -> Self {
        let mut table = Self {
            site: Site {
                parent,
                sessions: options.sessions,
                no_endpoints: options.no_endpoints,
                endpoints: endpoints.clone(),
            },
            router: Router::new(options.routing),
            problems: BTreeMap::new(),
            grpc_routes: 0,
        };
        for (route, hostnames) in http {
            let made = table.site.http_targets(route, hostnames);
            table.insert(RouteKind::Http, &route.reference, made);
        }
        for (route, hostnames) in grpc {
            let made = table.site.grpc_targets(route, hostnames);
            table.insert(RouteKind::Grpc, &route.reference, made);
        }
        table
    }

    /// The compiled matcher.
    #[must_use]
    pub fn router(&self) -> &Router<Target> {
        &self.router
    }

    /// Matches that could not be compiled, with the kind of their route; the others match.
    pub fn problems(&self) -> impl Iterator<Item = (RouteKind, &MatchError)> {
        let each = self.problems.iter();
        each.flat_map(|((kind, _), errors)| errors.iter().map(|error| (*kind, error)))
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
        let made = self.site.http_targets(&attached.route, &attached.hostnames);
        self.insert(RouteKind::Http, &attached.route.reference, made);
    }

    /// Replaces a GRPCRoute by its new form, or adds it, as [`insert_http`](Self::insert_http) does.
    pub fn insert_grpc(&mut self, attached: &AttachedRoute<GrpcRouteRules>) {
        let made = self.site.grpc_targets(&attached.route, &attached.hostnames);
        self.insert(RouteKind::Grpc, &attached.route.reference, made);
    }

    /// The table of a listener that takes the place of the one of this table: routes that are the same allocation as before
    /// keep what was compiled of them. None where so much has changed that a new table costs less.
    pub(in crate::proxy) fn followed(
        &self,
        before: &EffectiveListener,
        after: &EffectiveListener,
    ) -> Option<Self> {
        let http = Moved::between(&before.http, &after.http);
        let grpc = Moved::between(&before.grpc, &after.grpc);
        let (moved, all) = (http.len() + grpc.len(), after.http.len() + after.grpc.len());
        if moved > MOST_MOVED + all / 8 {
            return None;
        }
        let mut table = self.clone();
        for gone in http.gone {
            table.remove(&RouteId::new(RouteKind::Http, gone.route.reference.clone()));
        }
        for gone in grpc.gone {
            table.remove(&RouteId::new(RouteKind::Grpc, gone.route.reference.clone()));
        }
        for new in http.new {
            table.insert_http(new);
        }
        for new in grpc.new {
            table.insert_grpc(new);
        }
        Some(table)
    }

    /// Drops a route. True if it was there.
    pub fn remove(&mut self, route: &RouteId) -> bool {
        self.problems.remove(&(route.kind, route.name.clone()));
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
        match errors.is_empty() {
            true if self.problems.is_empty() => {}
            true => drop(self.problems.remove(&(kind, name.clone()))),
            false => drop(self.problems.insert((kind, name.clone()), errors)),
        }
        let replaced = self.router.insert(key(kind, name), entries);
        if !replaced && kind == RouteKind::Grpc {
            self.grpc_routes += 1;
        }
    }
}

/// So many routes of a table may move before it is made anew, beside an eighth of them all.
pub(in crate::proxy) const MOST_MOVED: usize = 16;

/// What is attached anew, or otherwise than before, and what is gone.
struct Moved<'r, R> {
    new: Vec<&'r AttachedRoute<R>>,
    gone: Vec<&'r AttachedRoute<R>>,
}

impl<'r, R: RouteRules> Moved<'r, R> {
    /// What the two share is not looked into.
    fn between(
        before: &'r RouteList<AttachedRoute<R>>,
        after: &'r RouteList<AttachedRoute<R>>,
    ) -> Self {
        let (mut new, mut gone) = (Vec::new(), Vec::new());
        for Difference { before, after } in after.changes(before, AttachedRoute::is_same_as) {
            match after {
                Some(attached) => new.push(attached),
                None => gone.extend(before),
            }
        }
        Self { new, gone }
    }

    fn len(&self) -> usize {
        self.new.len() + self.gone.len()
    }
}

/// What the router calls a route: the kinds have names of their own.
fn key(kind: RouteKind, name: &NamespacedName) -> String {
    format!("{}/{name}", kind.as_str())
}

/// Where a table is: to what the sessions of its rules are bound, how they are kept, and where its backends have their
/// endpoints, or what is answered where these have none.
#[derive(Clone, Debug)]
struct Site {
    parent: SessionParent,
    sessions: SessionOptions,
    no_endpoints: NoEndpoints,
    endpoints: Endpoints,
}

impl Site {
    fn http_targets(
        &self,
        route: &HttpRouteRules,
        hostnames: &[EffectiveHostname],
    ) -> (Vec<Entry<Target>>, Vec<MatchError>) {
        http_entries(route, hostnames, |rule| {
            let sessions = RuleSessions::http(&self.parent, route, rule, self.sessions);
            let rule = Arc::new(CompiledRule::http(
                &route.reference,
                rule,
                sessions,
                self.no_endpoints,
                &self.endpoints,
            ));
            move |match_index, matching| {
                let by_prefix = matching.path_type() == PathMatchType::PathPrefix;
                Target::new(&rule, match_index, by_prefix.then(|| matching.path_value()))
            }
        })
    }

    fn grpc_targets(
        &self,
        route: &GrpcRouteRules,
        hostnames: &[EffectiveHostname],
    ) -> (Vec<Entry<Target>>, Vec<MatchError>) {
        grpc_entries(route, hostnames, |rule| {
            let sessions = RuleSessions::grpc(&self.parent, route, rule, self.sessions);
            let rule = Arc::new(CompiledRule::grpc(
                &route.reference,
                rule,
                sessions,
                self.no_endpoints,
                &self.endpoints,
            ));
            move |match_index, _| Target::new(&rule, match_index, None)
        })
    }
}
