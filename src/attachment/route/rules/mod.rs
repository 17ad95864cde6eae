//! Rules of routes: references followed, what is not valid left out.

mod check;
mod grpc;
mod http;

use crate::{
    attachment::{
        Options,
        backend::{self, BackendKey, BackendState, Carrier},
        effective::{
            BackendEndpoints, BackendProblem, ConnectionRouteRules, ConnectionRule,
            EffectiveBackend, GrpcRouteRules, HttpRouteRules,
        },
        finding::{Finding, join},
        objects::{
            grants::Grants,
            route_id::{RouteId, RouteKind},
        },
    },
    meta::{
        Age, GroupKind, Hostname, NamespacedName, ObjectReference, PatternStore, RoutePatterns,
        SupportedFeature, condition::route,
    },
    v1::{BackendRef, BackendReference, SessionPersistence},
};
use route::reason;
use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

/// The rules of a route of any kind.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::attachment) enum Rules {
    Http(Arc<HttpRouteRules>),
    Grpc(Arc<GrpcRouteRules>),
    Connection(Arc<ConnectionRouteRules>),
}

/// The rules of a route, and what is to be said about them.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::attachment) struct Built {
    pub(in crate::attachment) rules: Rules,
    /// The condition `ResolvedRefs`.
    pub(in crate::attachment) resolved: Finding,
    /// Why the route as a whole cannot be accepted: none of its rules is valid.
    pub(in crate::attachment) invalid: Option<Finding>,
    /// The condition `PartiallyInvalid`, where some rules were dropped.
    pub(in crate::attachment) partially_invalid: Option<Finding>,
    /// The backends that are named and may be referred to, with the port.
    pub(in crate::attachment) uses: BTreeSet<(BackendKey, Option<u16>)>,
}

/// What is wrong with a rule so that it is dropped.
pub(in crate::attachment) struct Invalid {
    reason: &'static str,
    text: String,
}

impl Invalid {
    fn value(text: impl Into<String>) -> Self {
        Self {
            reason: reason::UNSUPPORTED_VALUE,
            text: text.into(),
        }
    }

    fn filters(text: impl Into<String>) -> Self {
        Self {
            reason: reason::INCOMPATIBLE_FILTERS,
            text: text.into(),
        }
    }
}

/// What a route is made from, beside its own fields.
#[derive(Clone, Copy)]
pub(in crate::attachment) struct Context<'a> {
    pub(in crate::attachment) options: &'a Options,
    pub(in crate::attachment) grants: &'a Grants,
    pub(in crate::attachment) backends: &'a HashMap<BackendKey, BackendState>,
    pub(in crate::attachment) patterns: &'a PatternStore,
    /// Whether a reference to another namespace needs a ReferenceGrant.
    pub(in crate::attachment) needs_grant: bool,
    /// Whether the data plane opens connections to backends by itself, so that BackendTLSPolicies apply: not in
    /// a mesh, nor where TLS is passed through.
    pub(in crate::attachment) originates: bool,
    /// Set when building rules for a Gateway that some policy cannot list as an ancestor: that Gateway and
    /// those policies.
    pub(in crate::attachment) without_room:
        Option<(&'a NamespacedName, &'a BTreeSet<ObjectReference>)>,
}

/// The fields that all kinds of routes have in common.
#[derive(Clone, Copy)]
pub(in crate::attachment) struct Common<'a> {
    pub(in crate::attachment) id: &'a RouteId,
    pub(in crate::attachment) age: Age,
    pub(in crate::attachment) hostnames: &'a [Hostname],
}

/// Collects the rules of one route.
pub(in crate::attachment) struct Builder<'a> {
    context: Context<'a>,
    kind: RouteKind,
    namespace: &'a str,
    problems: Vec<BackendProblem>,
    dropped: Vec<(usize, Invalid)>,
    uses: BTreeSet<(BackendKey, Option<u16>)>,
}

impl<'a> Builder<'a> {
    pub(in crate::attachment) fn new(context: Context<'a>, id: &'a RouteId) -> Self {
        Self {
            context,
            kind: id.kind,
            namespace: &id.name.namespace,
            problems: Vec::new(),
            dropped: Vec::new(),
            uses: BTreeSet::new(),
        }
    }

    fn supports(&self, feature: SupportedFeature) -> bool {
        self.context.options.supports(&feature)
    }

    /// Judges the regular expressions of the route.
    fn patterns<'t>(&self, expressions: impl Iterator<Item = &'t str>) -> RoutePatterns {
        RoutePatterns::of(
            expressions,
            &self.context.options.patterns,
            self.context.patterns,
        )
    }

    fn carrier(&self) -> Carrier {
        match self.kind {
            RouteKind::Http => Carrier::Http,
            RouteKind::Grpc => Carrier::Grpc,
            RouteKind::Tls | RouteKind::Tcp => Carrier::Stream,
            RouteKind::Udp => Carrier::Datagram,
        }
    }

    /// Follows the reference to a backend, and notes what is wrong with it.
    fn backend(
        &mut self,
        reference: &impl BackendReference,
        session: Option<&SessionPersistence>,
    ) -> EffectiveBackend {
        let object = reference.resolve(self.namespace);
        let found = self.follow(&object, reference.port());
        if let Err(problem) = &found {
            self.problems.push(problem.clone());
        }
        let own_session = session.cloned();
        let (target, session_persistence) = match found {
            Ok((target, policy)) => (Ok(target), own_session.or(policy)),
            Err(problem) => (Err(problem), own_session),
        };
        EffectiveBackend {
            reference: object,
            port: reference.port().and_then(|port| u16::try_from(port).ok()),
            weight: u32::try_from(reference.weight()).unwrap_or_default(),
            filters: Vec::new(),
            target,
            session_persistence,
        }
    }

    pub(in crate::attachment) fn follow(
        &mut self,
        object: &ObjectReference,
        port: Option<i32>,
    ) -> Result<(Arc<BackendEndpoints>, Option<SessionPersistence>), BackendProblem> {
        let Some(key) = BackendKey::of(object) else {
            return Err(BackendProblem::InvalidKind {
                reference: object.clone(),
            });
        };
        let granted = self.supports(SupportedFeature::ReferenceGrant)
            && self
                .context
                .grants
                .permit(self.kind.as_str(), self.namespace, object);
        let local = object.namespace == self.namespace;
        if self.context.needs_grant && !local && !granted {
            return Err(BackendProblem::RefNotPermitted {
                from: GroupKind::gateway_api(self.kind.as_str()),
                from_namespace: self.namespace.to_owned(),
                reference: object.clone(),
            });
        }
        let state = self.context.backends.get(&key);
        let number = port.and_then(|port| u16::try_from(port).ok());
        self.uses.insert((key, number));
        let state = state.ok_or_else(|| BackendProblem::NotFound {
            reference: object.clone(),
        })?;
        let port = backend::port(state, object, port, self.carrier(), self.context.options)?;
        // Sessions are a matter of requests.
        let requests = matches!(self.kind, RouteKind::Http | RouteKind::Grpc);
        let sessions = state.policies.sessions().filter(|_| requests);
        if let Some((gateway, full)) = self.context.without_room {
            let tls = state.policies.tls_for(port.name.as_deref());
            let tls = tls.map(|(policy, _)| policy);
            let tls = tls.filter(|_| self.context.originates && port.protocol == "TCP");
            let sessions = sessions.map(|(policy, _)| policy);
            let mut policies = tls.into_iter().chain(sessions);
            if let Some(policy) = policies.find(|policy| full.contains(*policy)) {
                return Err(BackendProblem::PolicyFull {
                    reference: object.clone(),
                    policy: policy.clone(),
                    gateway: gateway.clone(),
                });
            }
        }
        let session = sessions.and_then(|(_, session)| session).cloned();
        Ok((port.target(self.context.originates)?, session))
    }

    fn drop_rule(&mut self, index: usize, invalid: Invalid) {
        self.dropped.push((index, invalid));
    }

    /// Puts together what was found. `left` is how many rules are in force.
    fn finish(self, rules: Rules, left: usize) -> Built {
        let texts: Vec<String> = self
            .dropped
            .iter()
            .map(|(index, invalid)| format!("rule {index}: {}", invalid.text))
            .collect();
        let (mut invalid, mut partially_invalid) = (None, None);
        if let Some((_, first)) = self.dropped.first() {
            if left == 0 {
                invalid = Some(Finding::new(false, first.reason, join(&texts)));
            } else {
                let message = format!("Dropped Rule: {}", join(&texts));
                partially_invalid = Some(Finding::new(true, first.reason, message));
            }
        }
        let resolved = match self.problems.first() {
            None => Finding::new(true, reason::RESOLVED_REFS, "all references are good"),
            Some(first) => {
                let mut seen = BTreeSet::new();
                let texts: Vec<String> = self
                    .problems
                    .iter()
                    .map(ToString::to_string)
                    .filter(|text| seen.insert(text.clone()))
                    .collect();
                Finding::new(false, first.reason(), join(&texts))
            }
        };
        Built {
            rules,
            resolved,
            invalid,
            partially_invalid,
            uses: self.uses,
        }
    }
}

/// The rules of a TLSRoute, TCPRoute or UDPRoute.
pub(in crate::attachment) fn connections<'r>(
    context: Context<'_>,
    common: Common<'_>,
    rules: impl Iterator<Item = &'r [BackendRef]>,
) -> Built {
    let mut builder = Builder::new(context, common.id);
    let rules: Vec<ConnectionRule> = rules
        .enumerate()
        .map(|(index, backends)| ConnectionRule {
            index,
            backends: backends
                .iter()
                .map(|reference| builder.backend(reference, None))
                .collect(),
        })
        .collect();
    let left = rules.len();
    let rules = Rules::Connection(Arc::new(ConnectionRouteRules {
        reference: common.id.name.clone(),
        age: common.age,
        hostnames: common.hostnames.to_vec(),
        rules,
    }));
    builder.finish(rules, left)
}

pub(in crate::attachment) use grpc::build as grpc;
pub(in crate::attachment) use http::build as http;
