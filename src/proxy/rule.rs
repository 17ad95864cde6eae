//! A rule of a route, compiled: what a request under it goes through.

use crate::{
    attachment::effective::{EffectiveBackend, EffectiveFilter, GrpcRule, HttpRule, Timeouts},
    backend::WeightedChoice,
    filters,
    meta::NamespacedName,
    v1::HttpRouteFilter,
};
use std::fmt;

/// The kinds of routes that hold rules for requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RouteKind {
    /// HTTPRoute.
    Http,
    /// GRPCRoute.
    Grpc,
}

impl RouteKind {
    /// The kind as the API writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "HTTPRoute",
            Self::Grpc => "GRPCRoute",
        }
    }
}

/// A route: its kind and its place.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RouteName {
    /// The kind.
    pub kind: RouteKind,
    /// The namespace and name.
    pub name: NamespacedName,
}

impl fmt::Display for RouteName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind.as_str(), self.name)
    }
}

/// A rule with its filters and its weights made ready.
#[derive(Debug)]
pub struct Rule {
    route: RouteName,
    index: usize,
    filters: Filters,
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
            RouteName {
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
            RouteName {
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
        route: RouteName,
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
            filters: Filters::new(filters),
            choice,
            backends: backends.iter().map(Backend::new).collect(),
            timeouts,
            problem,
        }
    }

    /// The route.
    #[must_use]
    pub fn route(&self) -> &RouteName {
        &self.route
    }

    /// The place of the rule in the route's `spec.rules`.
    #[must_use]
    pub fn index(&self) -> usize {
        self.index
    }

    /// What is done to requests under the rule, whatever their backend.
    #[must_use]
    pub fn filters(&self) -> &Filters {
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
    filters: Filters,
}

impl Backend {
    fn new(effective: &EffectiveBackend) -> Self {
        Self {
            filters: Filters::new(&effective.filters),
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
    pub fn filters(&self) -> &Filters {
        &self.filters
    }
}

/// The filters of one level, a rule or a backend: compiled, and the references of its mirrors followed.
#[derive(Debug, Default)]
pub struct Filters {
    compiled: filters::Filters,
    mirrors: Vec<EffectiveBackend>,
    problem: Option<String>,
}

impl Filters {
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
