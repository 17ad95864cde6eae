//! Rules of routes: references followed, and what becomes of rules that are invalid.

mod check;
mod grpc;
mod http;

use crate::{
    attachment::{
        ExtensionRole, ExtensionVerdict, Options, Snapshot,
        backend::{self, BackendKey, BackendState, Carrier},
        condition_body::{ConditionBody, join, join_rules},
        effective::{
            BackendPortKey, BackendProblem, ConnectionRouteRules, ConnectionRule, EffectiveBackend,
            EffectiveBackendPort, EffectiveFilters, EffectiveMirror, GrpcRouteRules,
            HttpRouteRules, NO_BACKEND, NO_WEIGHT, RuleProblem,
        },
        map::Map,
        objects::{
            grants::Grants,
            route_id::{RouteId, RouteKind},
            rule_label::{RuleLabel, rule_name},
        },
    },
    filters::CompileError,
    meta::{
        Age, FeatureName, GroupKind, Hostname, NamespacedName, ObjectRef, PatternStore,
        RoutePatterns, Transport, condition::route,
    },
    v1::{
        BackendRef, BackendReference, HttpRequestMirrorFilter, LocalObjectReference,
        SessionPersistence,
    },
};
use route::reason;
use std::{collections::BTreeSet, sync::Arc};

/// The rules of a route of any kind.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::attachment) enum Rules {
    Http(Arc<HttpRouteRules>),
    Grpc(Arc<GrpcRouteRules>),
    Connection(Arc<ConnectionRouteRules>),
}

impl Rules {
    /// Whether some rule has matches, by which requests come to it.
    fn has_matches(&self) -> bool {
        match self {
            Self::Http(rules) => !rules.rules.is_empty(),
            Self::Grpc(rules) => !rules.rules.is_empty(),
            Self::Connection(_) => false,
        }
    }

    /// The regular expressions of the matches; none for kinds without matches.
    fn patterns(&self) -> Option<&RoutePatterns> {
        match self {
            Self::Http(rules) => Some(&rules.patterns),
            Self::Grpc(rules) => Some(&rules.patterns),
            Self::Connection(_) => None,
        }
    }
}

/// The rules of a route, and what is to be said about them.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::attachment) struct Built {
    pub(in crate::attachment) rules: Rules,
    /// The regular expressions of the matches, if there are any. Here and not in the rules alone, since each listener asks
    /// every route for them: most routes then answer without a look at their rules.
    pub(in crate::attachment) patterns: Option<RoutePatterns>,
    /// The condition `ResolvedRefs`.
    pub(in crate::attachment) resolved: ConditionBody,
    /// Why the route as a whole cannot be accepted: none of its rules is valid.
    pub(in crate::attachment) invalid: Option<ConditionBody>,
    /// The condition `PartiallyInvalid`, where some rules are invalid and others are not.
    pub(in crate::attachment) partially_invalid: Option<ConditionBody>,
    /// The backends that valid rules name and may refer to, with the port.
    pub(in crate::attachment) uses: Vec<(BackendKey, Option<u16>)>,
    /// What is to be said of a route that is accepted all the same: it has no rules, or some of them forward nothing.
    pub(in crate::attachment) remark: Option<String>,
    /// The places of the rules that are invalid.
    pub(in crate::attachment) invalid_rules: Vec<usize>,
    /// Why each of them is.
    pub(in crate::attachment) invalid_because: Vec<String>,
    /// Of those the ones whose matches cannot be read or are never asked, and why.
    pub(in crate::attachment) left_out: Vec<(usize, String)>,
}

impl Built {
    /// Whether the route is rejected for its rules alone and keeps its place among the others: requests that match its rules are
    /// answered with an error, as those of an invalid rule beside a valid one are.
    pub(in crate::attachment) fn fails(&self) -> bool {
        self.invalid.is_some() && self.rules.has_matches()
    }

    /// What is wrong with the rules of a route that fails, where other routes get all of its requests.
    pub(in crate::attachment) fn invalid_and_excluded(
        &self,
        id: &RouteId,
        snapshot: &Snapshot,
    ) -> String {
        let rules = self.invalid_rules.iter().zip(&self.invalid_because);
        let texts = rules.map(|(rule, why)| {
            let fate = match self.left_out.iter().any(|(left, _)| left == rule) {
                true => RuleFate::LeftOut,
                false => RuleFate::Excluded,
            };
            describe(snapshot.rule_label(id, *rule), id.kind, fate, why)
        });
        join_rules(&texts.collect::<Vec<_>>())
    }
}

/// What is wrong with a rule so that it is not in force as it was written.
pub(in crate::attachment) struct Invalid {
    reason: &'static str,
    text: String,
}

/// What becomes of an invalid rule.
///
/// The specification calls both "dropped" (condition `PartiallyInvalid`). It also says that a filter must not be skipped
/// and that the requests in question get an error (HTTPRoute `spec.rules[].filters[].type`): if such a rule vanished, its
/// requests would reach a wider rule of the same host that has no such filter. So it is where all rules of a route are invalid,
/// and the route is rejected.
#[derive(Clone, Copy, PartialEq, Eq)]
enum RuleFate {
    /// Its matches are in force, and all their requests are answered with an error.
    Fails,
    /// Its matches cannot be read, so that nobody knows which requests are its own.
    LeftOut,
    /// It would fail, and all of its requests go to other routes.
    Excluded,
}

/// What becomes of an invalid rule, and why it is invalid.
fn describe(rule: RuleLabel<'_>, kind: RouteKind, fate: RuleFate, why: &str) -> String {
    let fate = match (fate, kind) {
        (RuleFate::LeftOut, RouteKind::Tls | RouteKind::Tcp) => "takes no connections",
        (RuleFate::LeftOut, RouteKind::Udp) => "takes no datagrams",
        (RuleFate::LeftOut, _) => "takes no requests",
        (RuleFate::Fails, RouteKind::Tls | RouteKind::Tcp) => "closes every connection",
        (RuleFate::Fails, RouteKind::Udp) => "drops every datagram",
        (RuleFate::Fails, RouteKind::Grpc) => "answers its calls with UNAVAILABLE",
        (RuleFate::Fails, _) => "answers its requests with 500",
        (RuleFate::Excluded, _) => "is invalid",
    };
    format!("{rule} {fate}: {why}")
}

impl Invalid {
    fn value(text: impl Into<String>) -> Self {
        Self {
            reason: reason::UNSUPPORTED_VALUE,
            text: text.into(),
        }
    }

    /// Both, in this order, under the reason of the first.
    fn and(self, other: Self) -> Self {
        let text = if other.text == self.text {
            self.text
        } else {
            join(&[self.text, other.text])
        };
        Self { text, ..self }
    }

    /// With what else is wrong, if anything is.
    fn and_maybe(self, other: Option<Self>) -> Self {
        match other {
            Some(other) => self.and(other),
            None => self,
        }
    }

    /// All that is wrong, if anything is.
    fn all(faults: Vec<Self>) -> Option<Self> {
        let reason = faults.first()?.reason;
        let mut seen = BTreeSet::new();
        let texts = faults.into_iter().map(|fault| fault.text);
        let texts: Vec<String> = texts.filter(|text| seen.insert(text.clone())).collect();
        let text = join(&texts);
        Some(Self { reason, text })
    }

    /// A result together with what is wrong beside it.
    fn beside<T>(result: Result<T, Self>, faults: Vec<Self>) -> Result<T, Self> {
        match (result, Self::all(faults)) {
            (Ok(value), None) => Ok(value),
            (Ok(_), Some(faults)) => Err(faults),
            (Err(first), faults) => Err(first.and_maybe(faults)),
        }
    }

    /// The filters that cannot be applied.
    fn filters(errors: &[CompileError]) -> Self {
        let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
        let combined = errors
            .first()
            .is_some_and(|error| error.kind().is_combination());
        Self {
            reason: if combined {
                reason::INCOMPATIBLE_FILTERS
            } else {
                reason::UNSUPPORTED_VALUE
            },
            text: join(&texts),
        }
    }
}

impl From<Invalid> for RuleProblem {
    fn from(invalid: Invalid) -> Self {
        Self::Invalid {
            reason: invalid.reason,
            why: invalid.text,
        }
    }
}

/// What is wrong with a filter of an implementation's own, if anything is.
pub(in crate::attachment) fn extension_problem(
    reference: &LocalObjectReference,
    namespace: &str,
    options: &Options,
) -> Option<BackendProblem> {
    let object = reference.resolve(namespace);
    let verdict = options.extensions.judge(ExtensionRole::Filter, &object);
    let LocalObjectReference { group, kind, name } = reference;
    let why = match verdict {
        ExtensionVerdict::Valid => return None,
        ExtensionVerdict::Unknown => {
            format!("{kind}.{group} `{name}` is not a filter that is supported")
        }
        ExtensionVerdict::Missing => format!("{kind}.{group} `{name}` does not exist"),
        ExtensionVerdict::Invalid(why) => format!("{kind}.{group} `{name}`: {why}"),
    };
    Some(BackendProblem::UnsupportedFilter {
        kind: "ExtensionRef".to_owned(),
        why,
    })
}

/// What a route is made from, beside its own fields.
#[derive(Clone, Copy)]
pub(in crate::attachment) struct Context<'a> {
    pub(in crate::attachment) options: &'a Options,
    pub(in crate::attachment) snapshot: &'a Snapshot,
    pub(in crate::attachment) grants: &'a Grants,
    pub(in crate::attachment) backends: &'a Map<BackendKey, BackendState>,
    pub(in crate::attachment) patterns: &'a PatternStore,
    /// Whether a reference to another namespace needs a ReferenceGrant.
    pub(in crate::attachment) needs_grant: bool,
    /// Whether the data plane opens connections to backends by itself, so that BackendTLSPolicies apply: not in
    /// a mesh, nor where TLS is passed through.
    pub(in crate::attachment) originates: bool,
    /// Set when building rules for a Gateway that some policy cannot list as an ancestor: that Gateway and
    /// those policies.
    pub(in crate::attachment) without_room: Option<(&'a NamespacedName, &'a BTreeSet<ObjectRef>)>,
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
    id: &'a RouteId,
    problems: Vec<BackendProblem>,
    invalid: Vec<(usize, RuleFate, Invalid)>,
    /// The rules that are valid and forward nothing, each with the reason.
    forwards_nothing: Vec<(usize, &'static str)>,
    /// The backends of the rule at hand that may be referred to.
    named: Vec<(BackendKey, Option<u16>)>,
    uses: Vec<(BackendKey, Option<u16>)>,
}

/// What the filters of a rule or of a backend refer to.
#[derive(Default)]
struct FilterReferences {
    mirrors: Vec<EffectiveMirror>,
    /// The type of a filter that leads to nothing, and why.
    unsupported: Option<(String, String)>,
}

impl<'a> Builder<'a> {
    pub(in crate::attachment) fn new(context: Context<'a>, id: &'a RouteId) -> Self {
        Self {
            context,
            id,
            problems: Vec::new(),
            invalid: Vec::new(),
            forwards_nothing: Vec::new(),
            named: Vec::new(),
            uses: Vec::new(),
        }
    }

    fn supports(&self, feature: FeatureName) -> bool {
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

    fn namespace(&self) -> &'a str {
        &self.id.name.namespace
    }

    /// A rule of the route as people refer to it.
    fn label(&self, index: usize) -> RuleLabel<'a> {
        self.context.snapshot.rule_label(self.id, index)
    }

    fn carrier(&self) -> Carrier {
        Carrier::of(self.id.kind)
    }

    /// Follows the reference to a backend, and notes what is wrong with it.
    fn backend(
        &mut self,
        reference: &impl BackendReference,
        session: Option<&SessionPersistence>,
    ) -> EffectiveBackend {
        let object = reference.resolve(self.namespace());
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
            filters: EffectiveFilters::default(),
            target,
            session_persistence,
        }
    }

    pub(in crate::attachment) fn follow(
        &mut self,
        object: &ObjectRef,
        port: Option<i32>,
    ) -> Result<(Arc<EffectiveBackendPort>, Option<SessionPersistence>), BackendProblem> {
        let key = BackendKey::of(object);
        let verdict = match key {
            Some(_) => ExtensionVerdict::Valid,
            None => {
                let extensions = &self.context.options.extensions;
                extensions.judge(ExtensionRole::Backend, object)
            }
        };
        if verdict == ExtensionVerdict::Unknown {
            return Err(BackendProblem::InvalidKind {
                reference: object.clone(),
            });
        }
        let granted = self.supports(FeatureName::ReferenceGrant)
            && self
                .context
                .grants
                .permit(self.id.kind.as_str(), self.namespace(), object);
        let local = object.namespace == self.namespace();
        if self.context.needs_grant && !local && !granted {
            return Err(BackendProblem::RefNotPermitted {
                from: GroupKind::gateway_api(self.id.kind.as_str()),
                from_namespace: self.namespace().to_owned(),
                reference: object.clone(),
            });
        }
        let Some(key) = key else {
            return Ok((self.own_backend(object, port, verdict)?, None));
        };
        let state = self.context.backends.get(&key);
        let number = port.and_then(|port| u16::try_from(port).ok());
        self.named.push((key, number));
        let state = state.ok_or_else(|| BackendProblem::NotFound {
            reference: object.clone(),
            left_out: self.context.snapshot.is_left_out(object),
        })?;
        let how = (self.context.originates, self.context.options);
        let port = backend::port(state, object, port, self.carrier(), how)?;
        // Sessions are a matter of requests.
        let requests = matches!(self.id.kind, RouteKind::Http | RouteKind::Grpc);
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

    /// A backend of an implementation's own kind, which it knows.
    fn own_backend(
        &self,
        object: &ObjectRef,
        port: Option<i32>,
        verdict: ExtensionVerdict,
    ) -> Result<Arc<EffectiveBackendPort>, BackendProblem> {
        let reference = object.clone();
        match verdict {
            ExtensionVerdict::Valid => Ok(Arc::new(EffectiveBackendPort {
                key: BackendPortKey {
                    own: Some(object.group_kind()),
                    import: false,
                    name: object.namespaced_name(),
                    transport: match self.carrier() {
                        Carrier::Datagram => Transport::Udp,
                        _ => Transport::Tcp,
                    },
                    port: port.and_then(|port| u16::try_from(port).ok()).unwrap_or(0),
                },
                app_protocol: None,
                tls: None,
            })),
            ExtensionVerdict::Unknown => Err(BackendProblem::InvalidKind { reference }),
            ExtensionVerdict::Missing => Err(BackendProblem::NotFound {
                reference,
                left_out: false,
            }),
            ExtensionVerdict::Invalid(why) => Err(BackendProblem::Invalid { reference, why }),
        }
    }

    /// Follows the mirror of a filter.
    fn mirror(&mut self, filter: &HttpRequestMirrorFilter, referred: &mut FilterReferences) {
        referred.mirrors.push(EffectiveMirror {
            backend: self.backend(&filter.backend_ref, None),
            share: filter.share(),
        });
    }

    /// Notes what is wrong with a filter of an implementation's own, if anything is.
    fn extension(&mut self, reference: &LocalObjectReference, referred: &mut FilterReferences) {
        let options = self.context.options;
        let Some(problem) = extension_problem(reference, self.namespace(), options) else {
            return;
        };
        if let BackendProblem::UnsupportedFilter { kind, why } = &problem {
            let unsupported = || (kind.clone(), why.clone());
            referred.unsupported.get_or_insert_with(unsupported);
        }
        self.problems.push(problem);
    }

    /// Notes what is wrong with a rule whose matches cannot be read.
    fn leave_out(&mut self, index: usize, invalid: Invalid) {
        self.named.clear();
        self.invalid.push((index, RuleFate::LeftOut, invalid));
    }

    /// Notes what is wrong with a rule whose requests are answered with an error, and says it.
    fn fail(&mut self, index: usize, invalid: Invalid) -> RuleProblem {
        self.named.clear();
        let problem = Invalid {
            reason: invalid.reason,
            text: invalid.text.clone(),
        };
        self.invalid.push((index, RuleFate::Fails, invalid));
        problem.into()
    }

    /// Notes that the rule at hand is valid: its backends are used.
    fn accept(&mut self) {
        self.uses.append(&mut self.named);
    }

    /// Notes that a valid rule forwards nothing, if none of its backends has a share and no filter answers in their place.
    fn note_empty(&mut self, index: usize, backends: &[EffectiveBackend], answers: bool) {
        if !answers && backends.iter().all(|backend| backend.weight == 0) {
            let why = match backends {
                [] => NO_BACKEND,
                _ => NO_WEIGHT,
            };
            self.forwards_nothing.push((index, why));
        }
    }

    fn describe(&self, (index, fate, invalid): &(usize, RuleFate, Invalid)) -> String {
        describe(self.label(*index), self.id.kind, *fate, &invalid.text)
    }

    /// Puts together what was found. `total` is how many rules the route has.
    fn finish(mut self, rules: Rules, total: usize) -> Built {
        self.uses.sort_unstable();
        self.uses.dedup();
        let (mut invalid, mut partially_invalid) = (None, None);
        if let Some((_, _, first)) = self.invalid.first() {
            let texts: Vec<String> = self.invalid.iter().map(|one| self.describe(one)).collect();
            if self.invalid.len() >= total {
                invalid = Some(ConditionBody::new(false, first.reason, join_rules(&texts)));
            } else {
                let message = format!("Dropped Rule: {}", join_rules(&texts));
                partially_invalid = Some(ConditionBody::new(true, first.reason, message));
            }
        }
        let resolved = match self.problems.first() {
            None => ConditionBody::new(true, reason::RESOLVED_REFS, "all references are resolved"),
            Some(first) => {
                let mut seen = BTreeSet::new();
                let texts: Vec<String> = self
                    .problems
                    .iter()
                    .map(ToString::to_string)
                    .filter(|text| seen.insert(text.clone()))
                    .collect();
                ConditionBody::new(false, first.reason(), join(&texts))
            }
        };
        let remark = match total {
            0 => Some("it has no rules, so that no request matches it".to_owned()),
            _ => {
                let empty = self.forwards_nothing.iter();
                let texts: Vec<String> = empty
                    .map(|(index, why)| {
                        describe(self.label(*index), self.id.kind, RuleFate::Fails, why)
                    })
                    .collect();
                (!texts.is_empty()).then(|| join_rules(&texts))
            }
        };
        let left_out = self.invalid.iter();
        let left_out = left_out.filter(|(_, fate, _)| *fate == RuleFate::LeftOut);
        let patterns = rules.patterns().filter(|patterns| !patterns.is_empty());
        Built {
            patterns: patterns.cloned(),
            rules,
            resolved,
            invalid,
            partially_invalid,
            uses: self.uses,
            remark,
            invalid_rules: self.invalid.iter().map(|(index, ..)| *index).collect(),
            invalid_because: self
                .invalid
                .iter()
                .map(|(_, _, invalid)| invalid.text.clone())
                .collect(),
            left_out: left_out
                .map(|(index, _, invalid)| (*index, invalid.text.clone()))
                .collect(),
        }
    }
}

/// The rules of a TLSRoute, TCPRoute or UDPRoute.
pub(in crate::attachment) fn connections<'r>(
    context: Context<'_>,
    common: Common<'_>,
    rules: impl Iterator<Item = (Option<&'r String>, &'r [BackendRef])>,
) -> Built {
    let kind = common.id.kind;
    let mut builder = Builder::new(context, common.id);
    let mut dropped = Vec::new();
    let mut first = None;
    let mut total = 0;
    for (index, (name, backends)) in rules.enumerate() {
        total += 1;
        let backends: Vec<_> = backends
            .iter()
            .map(|reference| builder.backend(reference, None))
            .collect();
        // Rules have no matches, so that the first one leaves nothing to others.
        if index == 0 {
            builder.accept();
            builder.note_empty(index, &backends, false);
            let name = rule_name(name);
            first = Some(ConnectionRule {
                index,
                name,
                backends,
            });
        } else {
            let text = format!(
                "{} takes every connection, since the rules of a {kind} have no matches",
                builder.label(0)
            );
            builder.leave_out(index, Invalid::value(text));
            dropped.push(index);
        }
    }
    let unreachable = match &first {
        Some(rule) if matches!(kind, RouteKind::Tcp | RouteKind::Udp) => unreachable(kind, rule),
        _ => None,
    };
    let rules = Rules::Connection(Arc::new(ConnectionRouteRules {
        reference: common.id.name.clone(),
        age: common.age,
        hostnames: common.hostnames.to_vec(),
        rules: first.into_iter().collect(),
        dropped,
    }));
    let built = builder.finish(rules, total);
    Built {
        invalid: built.invalid.or(unreachable),
        ..built
    }
}

/// Why a TCPRoute or UDPRoute of this one rule is not accepted: none of its backends is there for it, so that there is no
/// rule to make of it (GEP-1364, "Accepted"). A backend that is there, and only has a policy that is wrong, refuses its share of the
/// connections (TCPRoute `backendRefs`): the policy can say so because the route uses its target.
fn unreachable(kind: RouteKind, rule: &ConnectionRule) -> Option<ConditionBody> {
    let problems: Vec<&BackendProblem> = rule
        .backends
        .iter()
        .map_while(EffectiveBackend::problem)
        .filter(|problem| !problem.is_of_policy())
        .collect();
    let first = problems
        .first()
        .filter(|_| problems.len() == rule.backends.len())?;
    let texts: Vec<String> = problems.iter().map(ToString::to_string).collect();
    let text = format!("no backend of the {kind} can be reached: {}", join(&texts));
    Some(ConditionBody::new(false, first.reason(), text))
}

pub(in crate::attachment) use grpc::build as grpc;
pub(in crate::attachment) use http::build as http;
