//! A rule of a route, compiled: what a request under it goes through.

use super::endpoints::EndpointsOfPort;
use crate::proxy::{Endpoints, Why};
use crate::{
    attachment::{
        RouteId, RouteKind, RuleLabel,
        effective::{
            BackendProblem, ConnectionRouteRules, EffectiveBackend, EffectiveBackendPort,
            EffectiveFilters, GrpcRule, HttpRule, RuleProblem, SessionSettingsError, Timeouts,
        },
    },
    backend::{EndpointSet, WeightedChoice, session::RuleSessions},
    meta::{NamespacedName, NoEndpoints, ObjectRef, condition::route::reason},
};
use std::sync::Arc;

/// A rule, ready to be asked.
#[derive(Debug)]
pub struct CompiledRule {
    route: RouteId,
    index: usize,
    name: Option<Arc<str>>,
    filters: EffectiveFilters,
    mirrors: Vec<Arc<Backend>>,
    backends: Vec<Arc<Backend>>,
    choice: WeightedChoice,
    timeouts: Timeouts,
    sessions: Option<RuleSessions>,
    problem: Option<Why>,
    no_endpoints: Option<NoEndpoints>,
}

/// The sessions of a rule, as [`RuleSessions::http`] and [`RuleSessions::grpc`] make them.
pub type MadeSessions = Result<Option<RuleSessions>, SessionSettingsError>;

impl CompiledRule {
    /// A rule of an HTTPRoute, with its sessions at the listener or Service port, and what is answered where a backend has no
    /// endpoint. Where the sessions cannot be in force, each request under the rule is answered with an error.
    #[must_use]
    pub fn http(
        name: &NamespacedName,
        rule: &HttpRule,
        sessions: MadeSessions,
        no_endpoints: NoEndpoints,
        endpoints: &Endpoints,
    ) -> Self {
        Self::new(
            RouteId {
                kind: RouteKind::Http,
                name: name.clone(),
            },
            (rule.index, rule.name.clone()),
            &rule.filters,
            &rule.backends,
            rule.timeouts,
            rule.problem.as_ref(),
            endpoints,
        )
        .answering(no_endpoints)
        .keeping(sessions)
    }

    /// A rule of a GRPCRoute, as [`http`](Self::http).
    #[must_use]
    pub fn grpc(
        name: &NamespacedName,
        rule: &GrpcRule,
        sessions: MadeSessions,
        no_endpoints: NoEndpoints,
        endpoints: &Endpoints,
    ) -> Self {
        Self::new(
            RouteId {
                kind: RouteKind::Grpc,
                name: name.clone(),
            },
            (rule.index, rule.name.clone()),
            &rule.filters,
            &rule.backends,
            Timeouts::default(),
            rule.problem.as_ref(),
            endpoints,
        )
        .answering(no_endpoints)
        .keeping(sessions)
    }

    /// The first rule of a TLSRoute, TCPRoute or UDPRoute: such rules have no matches, so that it takes every connection.
    #[must_use]
    pub fn connections(
        kind: RouteKind,
        route: &ConnectionRouteRules,
        endpoints: &Endpoints,
    ) -> Self {
        let id = RouteId {
            kind,
            name: route.reference.clone(),
        };
        let rule = route.rules.first();
        Self::new(
            id,
            rule.map(|rule| (rule.index, rule.name.clone()))
                .unwrap_or_default(),
            &EffectiveFilters::default(),
            rule.map(|rule| &*rule.backends).unwrap_or_default(),
            Timeouts::default(),
            None,
            endpoints,
        )
    }

    /// This rule, of requests.
    fn answering(self, no_endpoints: NoEndpoints) -> Self {
        Self {
            no_endpoints: Some(no_endpoints),
            ..self
        }
    }

    /// This rule with its sessions.
    fn keeping(mut self, made: MadeSessions) -> Self {
        match made {
            Ok(sessions) => self.sessions = sessions,
            Err(error) => {
                let problem = RuleProblem::Invalid {
                    reason: reason::UNSUPPORTED_VALUE,
                    why: error.to_string(),
                };
                self.problem
                    .get_or_insert_with(|| Why::Rule(Arc::new(problem)));
            }
        }
        self
    }

    fn new(
        route: RouteId,
        (index, name): (usize, Option<Arc<str>>),
        filters: &EffectiveFilters,
        backends: &[EffectiveBackend],
        timeouts: Timeouts,
        problem: Option<&RuleProblem>,
        endpoints: &Endpoints,
    ) -> Self {
        let (choice, unusable) = match WeightedChoice::new(backends.iter().map(|b| b.weight)) {
            Ok(choice) => (choice, None),
            Err(error) => (WeightedChoice::default(), Some(Why::Weights(error))),
        };
        let problem = problem
            .map(|problem| Why::Rule(Arc::new(problem.clone())))
            .or(unusable);
        Self {
            route,
            index,
            name,
            filters: filters.clone(),
            mirrors: mirrors(filters, endpoints),
            choice,
            backends: {
                let backends = backends.iter();
                backends
                    .map(|backend| Backend::shared(backend, endpoints))
                    .collect()
            },
            timeouts,
            sessions: None,
            problem,
            no_endpoints: None,
        }
    }

    /// The route.
    #[must_use]
    pub fn route(&self) -> &RouteId {
        &self.route
    }

    /// The place of the rule in the route's `spec.rules`.
    #[must_use]
    pub fn index(&self) -> usize {
        self.index
    }

    /// The rule as people refer to it: its place and its name.
    #[must_use]
    pub fn label(&self) -> RuleLabel<'_> {
        RuleLabel {
            index: self.index,
            name: self.name.as_deref(),
        }
    }

    /// What is done to requests under the rule, whatever their backend.
    #[must_use]
    pub fn filters(&self) -> &EffectiveFilters {
        &self.filters
    }

    /// Where the mirrors among these filters lead, in their order.
    #[must_use]
    pub fn mirrors(&self) -> &[Arc<Backend>] {
        &self.mirrors
    }

    /// The backends, in the order of the spec.
    #[must_use]
    pub fn backends(&self) -> &[Arc<Backend>] {
        &self.backends
    }

    /// The choice between the backends by weight.
    #[must_use]
    pub fn choice(&self) -> &WeightedChoice {
        &self.choice
    }

    /// How long a request may take.
    #[must_use]
    pub fn timeouts(&self) -> Timeouts {
        self.timeouts
    }

    /// The sessions of clients that the rule keeps, if it does (GEP-1619).
    #[must_use]
    pub fn sessions(&self) -> Option<&RuleSessions> {
        self.sessions.as_ref()
    }

    /// What is answered where a backend has no endpoint that is ready, unless the route is a GRPCRoute; none for a rule of
    /// connections, which are closed then.
    #[must_use]
    pub fn no_endpoints(&self) -> Option<NoEndpoints> {
        self.no_endpoints
    }

    /// Why every request under the rule is answered with an error, if so.
    #[must_use]
    pub fn problem(&self) -> Option<&Why> {
        self.problem.as_ref()
    }
}

/// Where mirrors lead.
fn mirrors(filters: &EffectiveFilters, endpoints: &Endpoints) -> Vec<Arc<Backend>> {
    let mirrors = filters.mirrors.iter();
    mirrors
        .map(|mirror| Backend::shared(&mirror.backend, endpoints))
        .collect()
}

/// A backend of a rule, or of a mirror.
#[derive(Debug)]
pub struct Backend {
    effective: EffectiveBackend,
    mirrors: Vec<Arc<Backend>>,
    reference: Arc<ObjectRef>,
    target: Result<(Arc<EffectiveBackendPort>, Arc<EndpointsOfPort>), Arc<BackendProblem>>,
}

impl Backend {
    pub(in crate::proxy) fn shared(
        effective: &EffectiveBackend,
        endpoints: &Endpoints,
    ) -> Arc<Self> {
        let target = match &effective.target {
            Ok(port) => Ok((port.clone(), endpoints.place(&port.key))),
            Err(problem) => Err(Arc::new(problem.clone())),
        };
        Arc::new(Self {
            effective: effective.clone(),
            mirrors: mirrors(&effective.filters, endpoints),
            reference: Arc::new(effective.reference.clone()),
            target,
        })
    }

    /// The backend as attachment resolved it.
    #[must_use]
    pub fn effective(&self) -> &EffectiveBackend {
        &self.effective
    }

    /// The object.
    #[must_use]
    pub fn reference(&self) -> &Arc<ObjectRef> {
        &self.reference
    }

    /// The endpoints to which requests go, as they are now. The first call after a change prepares the choice among them, and
    /// allocates; later ones do not.
    ///
    /// # Errors
    ///
    /// Why requests fail.
    pub fn endpoints(&self) -> Result<Arc<EndpointSet>, Arc<BackendProblem>> {
        self.reached().map(|(_, set)| set)
    }

    /// The port and its endpoints.
    pub(in crate::proxy) fn reached(
        &self,
    ) -> Result<(&Arc<EffectiveBackendPort>, Arc<EndpointSet>), Arc<BackendProblem>> {
        match self.port() {
            Ok((port, endpoints)) => Ok((port, endpoints.set())),
            Err(problem) => Err(problem.clone()),
        }
    }

    /// The port, and where its endpoints are found.
    pub(in crate::proxy) fn port(
        &self,
    ) -> Result<(&Arc<EffectiveBackendPort>, &EndpointsOfPort), &Arc<BackendProblem>> {
        let target = self.target.as_ref();
        target.map(|(port, endpoints)| (port, &**endpoints))
    }

    /// What is done to the requests to this backend alone, after the rule's filters.
    #[must_use]
    pub fn filters(&self) -> &EffectiveFilters {
        &self.effective.filters
    }

    /// Where the mirrors among these filters lead, in their order.
    #[must_use]
    pub fn mirrors(&self) -> &[Arc<Backend>] {
        &self.mirrors
    }
}
