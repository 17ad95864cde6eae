//! A rule of a route, compiled: what a request under it goes through.

use crate::{
    attachment::effective::{EffectiveBackend, EffectiveFilter, GrpcRule, HttpRule, Timeouts},
    backend::WeightedChoice,
    filters::{HeaderModifier, Redirect, Rewrite},
    meta::NamespacedName,
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
            RouteName { kind: RouteKind::Http, name: name.clone() },
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
            RouteName { kind: RouteKind::Grpc, name: name.clone() },
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
        Self {
            route,
            index,
            filters: Filters::new(filters),
            choice: WeightedChoice::new(backends.iter().map(|backend| backend.weight)),
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
        Self { filters: Filters::new(&effective.filters), effective: effective.clone() }
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

/// The filters of one level, a rule or a backend, compiled.
#[derive(Debug, Default)]
pub struct Filters {
    pub(super) request_headers: Vec<HeaderModifier>,
    pub(super) response_headers: Vec<HeaderModifier>,
    pub(super) redirect: Option<Redirect>,
    pub(super) rewrite: Option<Rewrite>,
    mirrors: Vec<EffectiveBackend>,
    problem: Option<String>,
}

impl Filters {
    fn new(filters: &[EffectiveFilter]) -> Self {
        let mut compiled = Self::default();
        for filter in filters {
            if let Err(problem) = compiled.add(filter) {
                compiled.problem.get_or_insert(problem);
            }
        }
        compiled
    }

    fn add(&mut self, filter: &EffectiveFilter) -> Result<(), String> {
        let say = |kind: &str, error: &dyn fmt::Display| {
            format!("the filter `{kind}` cannot be applied: {error}")
        };
        match filter {
            EffectiveFilter::RequestHeaderModifier(headers) => self.request_headers.push(
                HeaderModifier::compile(headers)
                    .map_err(|error| say("RequestHeaderModifier", &error))?,
            ),
            EffectiveFilter::ResponseHeaderModifier(headers) => self.response_headers.push(
                HeaderModifier::compile(headers)
                    .map_err(|error| say("ResponseHeaderModifier", &error))?,
            ),
            EffectiveFilter::RequestRedirect(redirect) => {
                let redirect =
                    Redirect::compile(redirect).map_err(|error| say("RequestRedirect", &error))?;
                self.redirect.get_or_insert(redirect);
            }
            EffectiveFilter::UrlRewrite(rewrite) => {
                let rewrite =
                    Rewrite::compile(rewrite).map_err(|error| say("URLRewrite", &error))?;
                self.rewrite.get_or_insert(rewrite);
            }
            EffectiveFilter::RequestMirror(backend) => self.mirrors.push((**backend).clone()),
            EffectiveFilter::Unsupported { kind, why } => return Err(say(kind, why)),
        }
        Ok(())
    }

    /// Where copies of requests go, in the order of the spec, those included that lead nowhere.
    #[must_use]
    pub fn mirrors(&self) -> &[EffectiveBackend] {
        &self.mirrors
    }

    /// The redirect that answers in the place of any backend.
    #[must_use]
    pub fn redirect(&self) -> Option<&Redirect> {
        self.redirect.as_ref()
    }

    /// Why the filters cannot be applied, if so. Such a filter must not be skipped: requests that it
    /// concerns are answered with 500 (HTTPRoute `spec.rules[].filters`).
    #[must_use]
    pub fn problem(&self) -> Option<&str> {
        self.problem.as_deref()
    }
}
