//! A rule of a route, compiled: what a request under it goes through.

use crate::{
    attachment::{
        RouteId, RouteKind,
        effective::{EffectiveBackend, EffectiveFilter, GrpcRule, HttpRule, Timeouts},
    },
    backend::WeightedChoice,
    filters,
    meta::NamespacedName,
    v1::HttpRouteFilter,
};

/// A rule with its filters and its weights made ready.
#[derive(Debug)]
pub struct Rule {
    route: RouteId,
    index: usize,
    filters: LevelFilters,
    backends: Vec<Backend>,
    choice: WeightedChoice,
    timeouts: Timeouts,
    problem: Option<String>,
}

impl Rule {
    /// A rule of an HTTPRoute.
    #[must_use]
    pub fn http(name: &NamespacedName, rule: &HttpRule) -> Self {
        Self::new(
            RouteId {
                kind: RouteKind::Http,
                name: name.clone(),
            },
            rule.index,
            &rule.filters,
            &rule.backends,
            rule.timeouts,
            rule.problem.as_ref().map(ToString::to_string),
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
            rule.index,
            &rule.filters,
            &rule.backends,
            Timeouts::default(),
            rule.problem.as_ref().map(ToString::to_string),
        )
    }

    fn new(
        route: RouteId,
        index: usize,
        filters: &[EffectiveFilter],
        backends: &[EffectiveBackend],
        timeouts: Timeouts,
        problem: Option<String>,
    ) -> Self {
        let (choice, unusable) = match WeightedChoice::new(backends.iter().map(|b| b.weight)) {
            Ok(choice) => (choice, None),
            Err(error) => (WeightedChoice::default(), Some(error.to_string())),
        };
        let problem = problem.or(unusable);
        Self {
            route,
            index,
            filters: LevelFilters::new(filters),
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

    /// What is done to requests under the rule, whatever their backend.
    #[must_use]
    pub fn filters(&self) -> &LevelFilters {
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
    pub fn problem(&self) -> Option<&str> {
        self.problem.as_deref().or_else(|| self.filters.problem())
    }
}

/// A backend with its own filters made ready.
#[derive(Debug)]
pub struct Backend {
    effective: EffectiveBackend,
    filters: LevelFilters,
}

impl Backend {
    fn new(effective: &EffectiveBackend) -> Self {
        Self {
            filters: LevelFilters::new(&effective.filters),
            effective: effective.clone(),
        }
    }

    /// The backend as attachment resolved it.
    #[must_use]
    pub fn effective(&self) -> &EffectiveBackend {
        &self.effective
    }

    /// What is done to the requests to this backend alone, after the rule's filters.
    #[must_use]
    pub fn filters(&self) -> &LevelFilters {
        &self.filters
    }
}

/// The filters of one level, a rule or a backend: compiled, and the references of its mirrors followed.
#[derive(Debug, Default)]
pub struct LevelFilters {
    compiled: filters::Filters,
    mirrors: Vec<EffectiveBackend>,
    problem: Option<String>,
}

impl LevelFilters {
    fn new(effective: &[EffectiveFilter]) -> Self {
        let mut this = Self::default();
        let mut own = Vec::new();
        for filter in effective {
            match filter.clone() {
                EffectiveFilter::RequestHeaderModifier(headers) => {
                    own.push(HttpRouteFilter::RequestHeaderModifier(headers));
                }
                EffectiveFilter::ResponseHeaderModifier(headers) => {
                    own.push(HttpRouteFilter::ResponseHeaderModifier(headers));
                }
                EffectiveFilter::RequestRedirect(redirect) => {
                    own.push(HttpRouteFilter::RequestRedirect(redirect));
                }
                EffectiveFilter::UrlRewrite(rewrite) => {
                    own.push(HttpRouteFilter::UrlRewrite(rewrite));
                }
                EffectiveFilter::RequestMirror(backend) => this.mirrors.push(*backend),
                EffectiveFilter::Unsupported { kind, why } => {
                    this.problem
                        .get_or_insert(format!("the filter `{kind}` cannot be applied: {why}"));
                }
            }
        }
        match filters::Filters::compile_http(&own) {
            Ok(compiled) => this.compiled = compiled,
            Err(error) => {
                this.problem
                    .get_or_insert(format!("the filters cannot be applied: {error}"));
            }
        }
        this
    }

    /// What is done to requests and responses.
    #[must_use]
    pub fn compiled(&self) -> &filters::Filters {
        &self.compiled
    }

    /// Where copies of requests go, in the order of the spec, those included that lead nowhere.
    #[must_use]
    pub fn mirrors(&self) -> &[EffectiveBackend] {
        &self.mirrors
    }

    /// Why the filters cannot be applied, if so. Such a filter must not be skipped: requests that it
    /// concerns are answered with 500 (HTTPRoute `spec.rules[].filters`).
    #[must_use]
    pub fn problem(&self) -> Option<&str> {
        self.problem.as_deref()
    }
}
