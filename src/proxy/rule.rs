//! A rule of a route, compiled: what a request under it goes through.

use super::Why;
use crate::{
    attachment::{
        RouteId, RouteKind, RuleLabel,
        effective::{
            BackendEndpoints, BackendProblem, EffectiveBackend, EffectiveFilters, GrpcRule,
            HttpRule, RuleProblem, Timeouts,
        },
    },
    backend::WeightedChoice,
    meta::{NamespacedName, ObjectRef},
};
use std::sync::Arc;

/// A rule, ready to be asked.
#[derive(Debug)]
pub struct CompiledRule {
    route: RouteId,
    index: usize,
    name: Option<Arc<str>>,
    filters: EffectiveFilters,
    backends: Vec<Backend>,
    choice: WeightedChoice,
    timeouts: Timeouts,
    problem: Option<Why>,
}

impl CompiledRule {
    /// A rule of an HTTPRoute.
    #[must_use]
    pub fn http(name: &NamespacedName, rule: &HttpRule) -> Self {
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
        )
    }

    /// A rule of a GRPCRoute.
    #[must_use]
    pub fn grpc(name: &NamespacedName, rule: &GrpcRule) -> Self {
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
        )
    }

    fn new(
        route: RouteId,
        (index, name): (usize, Option<Arc<str>>),
        filters: &EffectiveFilters,
        backends: &[EffectiveBackend],
        timeouts: Timeouts,
        problem: Option<&RuleProblem>,
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
            choice,
            backends: backends.iter().map(Backend::new).collect(),
            timeouts,
            problem,
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

    /// The backends, in the order of the spec.
    #[must_use]
    pub fn backends(&self) -> &[Backend] {
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

    /// Why every request under the rule is answered with an error, if so.
    #[must_use]
    pub fn problem(&self) -> Option<&Why> {
        self.problem.as_ref()
    }
}

/// A backend of a rule.
#[derive(Debug)]
pub struct Backend {
    effective: EffectiveBackend,
    reference: Arc<ObjectRef>,
    problem: Option<Arc<BackendProblem>>,
}

impl Backend {
    fn new(effective: &EffectiveBackend) -> Self {
        Self {
            effective: effective.clone(),
            reference: Arc::new(effective.reference.clone()),
            problem: effective.problem().cloned().map(Arc::new),
        }
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

    /// Where requests go.
    ///
    /// # Errors
    ///
    /// Why they fail.
    pub fn target(&self) -> Result<&Arc<BackendEndpoints>, Arc<BackendProblem>> {
        match (&self.effective.target, &self.problem) {
            (Ok(endpoints), _) => Ok(endpoints),
            (Err(_), Some(problem)) => Err(problem.clone()),
            (Err(problem), None) => Err(Arc::new(problem.clone())),
        }
    }

    /// What is done to the requests to this backend alone, after the rule's filters.
    #[must_use]
    pub fn filters(&self) -> &EffectiveFilters {
        &self.effective.filters
    }
}
