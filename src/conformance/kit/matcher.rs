//! Scenarios for what only finds a rule.

use super::{
    cluster::Setup,
    error::SubjectError,
    need::Need,
    subject::{Ask, Ended, Observed, Reached, TestSubject},
};
use crate::meta::{FeatureName, NamespacedName};
use serde_json::Value;

/// What finds the rule for a request, and does nothing else.
pub trait RouteMatcher {
    /// Its name in reports.
    fn name(&self) -> String;

    /// Whether it has a feature: scenarios of others are left out.
    fn supports(&self, feature: &FeatureName) -> bool {
        let _ = feature;
        true
    }

    /// Puts these objects in force, in place of all that were before.
    ///
    /// # Errors
    ///
    /// When that cannot be done.
    fn configure(&mut self, setup: &Setup) -> Result<(), SubjectError>;

    /// The rule that takes a request: the kind and name of its route, and its index in the route.
    ///
    /// # Errors
    ///
    /// When that cannot be asked.
    fn find(&mut self, ask: &Ask) -> Result<Option<(String, NamespacedName, usize)>, SubjectError>;
}

/// A matcher as a subject: the scenarios in which it matters which route takes a request are asked of it. A rule stands for its
/// first backend.
#[derive(Debug)]
pub struct MatcherSubject<M> {
    matcher: M,
    objects: Vec<Value>,
}

impl<M: RouteMatcher> MatcherSubject<M> {
    /// The subject of a matcher.
    pub fn new(matcher: M) -> Self {
        Self {
            matcher,
            objects: Vec::new(),
        }
    }
}

/// All that a matcher has not: it is asked for a backend, or for none.
const LACKS: &[Need] = &[
    Need::Statuses,
    Need::Responses,
    Need::ForwardedRequests,
    Need::BackendProtocols,
    Need::Mirrors,
    Need::Shares,
    Need::Endpoints,
    Need::Connections,
    Need::ClientCertificates,
    Need::BackendTls,
    Need::Mesh,
    Need::Clock,
    Need::Timeouts,
    Need::Upgrades,
];

impl<M: RouteMatcher> TestSubject for MatcherSubject<M> {
    fn name(&self) -> String {
        self.matcher.name()
    }

    fn supports(&self, feature: &FeatureName) -> bool {
        self.matcher.supports(feature)
    }

    fn configure(&mut self, setup: &Setup) -> Result<(), SubjectError> {
        self.objects.clone_from(&setup.objects);
        self.matcher.configure(setup)
    }

    fn send(&mut self, ask: &Ask) -> Result<Observed, SubjectError> {
        let found = self.matcher.find(ask)?;
        let reached = found.as_ref().and_then(|(kind, route, rule)| {
            let text = |object: &Value, pointer: &str| {
                let text = object.pointer(pointer).and_then(Value::as_str);
                text.unwrap_or_default().to_owned()
            };
            let route = self.objects.iter().find(|object| {
                text(object, "/kind") == *kind
                    && text(object, "/metadata/namespace") == route.namespace
                    && text(object, "/metadata/name") == route.name
            })?;
            let backend = route.pointer(&format!("/spec/rules/{rule}/backendRefs/0"))?;
            let namespace = match text(backend, "/namespace") {
                own if own.is_empty() => text(route, "/metadata/namespace"),
                other => other,
            };
            Some(Reached {
                endpoint: format!("{namespace}/{}", text(backend, "/name")),
                request: None,
            })
        });
        let ended = Ended::Unseen {
            matched: found.is_some(),
        };
        Ok(Observed::new(ended, reached.into_iter().collect()))
    }

    fn lacks(&self) -> &[Need] {
        LACKS
    }
}
