//! References that do not lead where they should, each with its field.

use super::state::Resolver;
use crate::{
    attachment::{
        RouteId, RouteKind,
        backend::{
            BackendKey,
            policy::{Policy, PolicyId, PolicyKind, references::Referred},
            policy_status::results::TargetResult,
        },
        effective::BackendProblem,
        gateway::{
            class,
            listener::ListenerState,
            references::{self, Role},
            tls::References,
            validity::ListenerLack,
        },
        objects::{certificates, object::BACKEND_KINDS},
        route::{
            self, ParentState, ParentTarget, RouteState,
            rules::{Builder, Context},
        },
    },
    meta::{GROUP, NamespacedName, ObjectRef, condition},
    rules::set::HAS_PARENT,
    schema::Path,
    v1::{BackendReference, Listener, ParentReference, TlsModeType},
};
use std::collections::BTreeSet;

/// A reference that does not lead where it should: what [`Resolver::reference_problems`] returns.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReferenceProblem {
    /// The field, as an API server writes it: `spec.rules[0].backendRefs[1]`.
    pub path: String,
    /// What is wrong.
    pub kind: ReferenceProblemKind,
    /// The object that is named, with every default applied; nothing where a reference is missing.
    pub to: Option<ObjectRef>,
    /// What is wrong, as a sentence for people.
    pub why: String,
    /// The policy that is at fault, where it is one of the object that is named.
    pub policy: Option<ObjectRef>,
}

/// What is wrong with a reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ReferenceProblemKind {
    /// A route names no parent.
    NoParent,
    /// The parent of a route does not exist.
    ParentNotFound,
    /// The parent has no such listener, or no such port.
    ListenerNotFound,
    /// The listeners that are meant serve none of the route's hostnames.
    NoCommonHostname,
    /// The parent does not take the route, for any other reason.
    NotAttached,
    /// The backend does not exist.
    BackendNotFound,
    /// The backend has no such port.
    PortNotFound,
    /// No port of the backend is named, and it needs one.
    PortMissing,
    /// The backend speaks a protocol that there is over TLS alone, and no BackendTLSPolicy is for it.
    NoBackendTlsPolicy,
    /// The backend cannot be used: it is there and not fit for the route, or its kind is not known.
    BackendUnusable,
    /// A filter of an implementation's own (`ExtensionRef`), of which none is known here.
    FilterUnsupported,
    /// A reference to another namespace that no ReferenceGrant there allows.
    NotPermitted,
    /// The certificate of a listener does not exist.
    CertificateNotFound,
    /// The certificate of a listener cannot be used.
    CertificateUnusable,
    /// No certificate of a listener is for its hostname: clients will refuse them.
    CertificateForOthers,
    /// The CA certificate of a listener or policy does not exist.
    AuthorityNotFound,
    /// The CA certificate of a listener or policy cannot be used.
    AuthorityUnusable,
    /// The target of a policy does not exist.
    TargetNotFound,
    /// The policy has no effect on its target.
    TargetUnusable,
    /// The GatewayClass that a Gateway asks for is not accepted.
    ClassNotAccepted,
    /// The object with the parameters of a GatewayClass or Gateway does not exist.
    ParametersNotFound,
    /// A GatewayClass or Gateway names something as its parameters that cannot hold any, or not where it is.
    ParametersUnusable,
    /// The CRDs that are installed are of a release that is not known.
    ReleaseUnknown,
    /// The group does not have the kind, which another group has.
    WrongGroup,
    /// The parent of a route is of a kind that cannot be one.
    NoParentKind,
    /// A listener conflicts with another of its Gateway, and both are rejected.
    ListenersConflict,
    /// A listener asks for a protocol that is not known.
    ProtocolUnsupported,
    /// A listener allows kinds of routes that it cannot take.
    RouteKindsUnsupported,
    /// A listener has a value that no API server refuses and that it cannot have: an IP address for its hostname, or namespaces
    /// from which no route can come.
    ListenerInvalid,
    /// A Gateway asks for an address that it cannot have.
    AddressUnusable,
}

use ReferenceProblemKind as Kind;

impl ReferenceProblemKind {
    /// Whether the reference is right as it is written, and what is missing is another object: who looks at one object alone
    /// cannot say that it is not there.
    #[must_use]
    pub const fn is_of_missing_object(self) -> bool {
        matches!(
            self,
            Self::ParentNotFound
                | Self::BackendNotFound
                | Self::NoBackendTlsPolicy
                | Self::NotPermitted
                | Self::CertificateNotFound
                | Self::AuthorityNotFound
                | Self::TargetNotFound
                | Self::ParametersNotFound
        )
    }
}

fn problem(
    path: impl ToString,
    kind: Kind,
    to: Option<ObjectRef>,
    why: impl Into<String>,
) -> ReferenceProblem {
    ReferenceProblem {
        path: path.to_string(),
        kind,
        to,
        why: why.into(),
        policy: None,
    }
}

impl Resolver {
    /// The references of an object that do not lead where they should, as of the last
    /// [`update`](Self::update), in the order of the object's fields. The conditions of its status say the same
    /// in one sentence each.
    ///
    /// A kind of backend or filter that is not known counts as a problem, although it may be an implementation's
    /// own: here its requests are answered with 500.
    #[must_use]
    pub fn reference_problems(&self, object: &ObjectRef) -> Vec<ReferenceProblem> {
        let mut problems = Vec::new();
        if object.group != GROUP {
            return problems;
        }
        let place = object.namespaced_name();
        let policy = |kind| PolicyId {
            kind,
            name: place.clone(),
        };
        match object.kind.as_str() {
            "GatewayClass" => self.class_problems(&place, &mut problems),
            "Gateway" => self.gateway_problems(&place, &mut problems),
            "BackendTLSPolicy" => self.policy_problems(&policy(PolicyKind::Tls), &mut problems),
            "BackendLBPolicy" => self.policy_problems(&policy(PolicyKind::Lb), &mut problems),
            kind => {
                if let Some(kind) = RouteKind::from_kind(kind) {
                    self.route_problems(&RouteId::new(kind, place), &mut problems);
                }
            }
        }
        problems
    }

    fn class_problems(&self, name: &NamespacedName, problems: &mut Vec<ReferenceProblem>) {
        let Some(class) = self.classes.get(name) else {
            return;
        };
        if class.accepted.reason == condition::gateway_class::reason::INVALID_PARAMETERS {
            let parameters = self.snapshot.gateway_classes().get(name);
            let parameters = parameters.and_then(|class| class.spec.parameters_ref.as_ref());
            let kind = parameters.map_or(Kind::ParametersNotFound, |reference| {
                parameters_kind(&reference.resolve())
            });
            let why = class.accepted.message.clone();
            problems.push(problem("spec.parametersRef", kind, None, why));
        }
        if !class.supported_version.holds() {
            let why = class.supported_version.message.clone();
            problems.push(problem("", Kind::ReleaseUnknown, None, why));
        }
    }

    fn gateway_problems(&self, name: &NamespacedName, problems: &mut Vec<ReferenceProblem>) {
        let (Some(state), Some(gateway)) =
            (self.gateways.get(name), self.snapshot.gateways().get(name))
        else {
            return;
        };
        let with = References {
            namespace: &name.namespace,
            snapshot: &self.snapshot,
            grants: &self.grants,
            certificates: &self.certificates,
            now: self.options.now,
        };
        references::visit(gateway, |at, role, to| match role {
            Role::Class => {
                // Of one that is not there nothing is known.
                if state.accepted.reason == condition::gateway::reason::PENDING
                    && self.snapshot.contains(&to)
                {
                    let why = state.accepted.message.clone();
                    problems.push(problem(at, Kind::ClassNotAccepted, Some(to), why));
                }
            }
            Role::Parameters => {
                if state.accepted.reason == condition::gateway::reason::INVALID_PARAMETERS {
                    let why = state.accepted.message.clone();
                    problems.push(problem(at, parameters_kind(&to), None, why));
                }
            }
            Role::Certificate(listener) => {
                if state.listeners.get(listener).is_some_and(terminates) {
                    let wrong = with.certificate(to.clone()).err();
                    let kinds = (Kind::CertificateNotFound, Kind::CertificateUnusable);
                    self.secured(certificates::is_secret, to, wrong, at, kinds, problems);
                }
            }
            Role::Client => {
                let wrong = with.certificate(to.clone()).err();
                let kinds = (Kind::CertificateNotFound, Kind::CertificateUnusable);
                self.secured(certificates::is_secret, to, wrong, at, kinds, problems);
            }
            Role::SharedAuthority => {
                let wrong = with.authorities(&to).err();
                let kinds = (Kind::AuthorityNotFound, Kind::AuthorityUnusable);
                self.secured(certificates::is_config_map, to, wrong, at, kinds, problems);
            }
            Role::Authority(listener) => {
                if state.listeners.get(listener).is_some_and(terminates) {
                    let wrong = with.authorities(&to).err();
                    let kinds = (Kind::AuthorityNotFound, Kind::AuthorityUnusable);
                    self.secured(certificates::is_config_map, to, wrong, at, kinds, problems);
                }
            }
        });
        if let Some(why) = state.address_problem() {
            problems.push(problem("spec.addresses", Kind::AddressUnusable, None, why));
        }
        let written = gateway.spec.listeners.iter();
        for (index, (listener, written)) in state.listeners.iter().zip(written).enumerate() {
            problems.extend(listener_problem(index, listener, written));
            // Clients come to no other.
            if let (true, Some(tls)) = (listener.in_force(), &listener.tls)
                && let Some(hostname) = &listener.hostname
                && tls.is_for_others(hostname)
            {
                let why = tls.covers_not(hostname);
                let at = format!("spec.listeners[{index}].tls.certificateRefs");
                problems.push(problem(at, Kind::CertificateForOthers, None, why));
            }
        }
    }

    /// A reference to a certificate, which is in an object of the kind that can hold one: not permitted, not there, or not
    /// usable.
    fn secured(
        &self,
        can_hold: fn(&ObjectRef) -> bool,
        to: ObjectRef,
        wrong: Option<(&'static str, String)>,
        at: &Path<'_>,
        (missing, unusable): (Kind, Kind),
        problems: &mut Vec<ReferenceProblem>,
    ) {
        let Some((reason, why)) = wrong else { return };
        let (path, kind) = if reason == condition::listener::reason::REF_NOT_PERMITTED {
            (at.field("namespace").to_string(), Kind::NotPermitted)
        } else if can_hold(&to) && !self.snapshot.contains(&to) {
            (at.to_string(), missing)
        } else {
            (at.to_string(), unusable)
        };
        problems.push(problem(path, kind, Some(to), why));
    }

    fn policy_problems(&self, id: &PolicyId, problems: &mut Vec<ReferenceProblem>) {
        let Some(policy) = Policy::get(&self.snapshot, id) else {
            return;
        };
        let results = self.policies.get(id).map(|state| state.results.as_slice());
        let results = results.unwrap_or_default();
        policy.visit_references(|at, referred| match referred {
            Referred::Target(index, target) => {
                let Some(why) = results.get(index).and_then(TargetResult::problem) else {
                    return;
                };
                // Only a Service can be missing: nothing else can be the target.
                let missing = BackendKey::of(&target.reference).is_some()
                    && !self.snapshot.contains(&target.reference);
                let kind = if missing {
                    Kind::TargetNotFound
                } else {
                    Kind::TargetUnusable
                };
                problems.push(problem(at, kind, Some(target.reference.clone()), why));
            }
            Referred::Authority(to) => {
                let reason = condition::listener::reason::INVALID_CERTIFICATE_REF;
                let wrong = certificates::authorities(&self.snapshot, to, self.options.now).err();
                let wrong = wrong.map(|why| (reason, why));
                let kinds = (Kind::AuthorityNotFound, Kind::AuthorityUnusable);
                self.secured(
                    certificates::is_config_map,
                    to.clone(),
                    wrong,
                    at,
                    kinds,
                    problems,
                );
            }
        });
    }

    fn route_problems(&self, id: &RouteId, problems: &mut Vec<ReferenceProblem>) {
        let Some(state) = self.routes.get(id) else {
            return;
        };
        let root = Path::ROOT;
        let spec = root.field("spec");
        if state.parents.is_empty() {
            problems.push(problem(spec, Kind::NoParent, None, HAS_PARENT.message));
        }
        let refs = spec.field("parentRefs");
        let said = self.resolution.attachments.get(id);
        for (index, parent) in state.parents.iter().enumerate() {
            let said = said.and_then(|said| said.get(index));
            let at = refs.index(index);
            match said {
                Some(said) if !said.attached => {
                    problems.extend(self.parent_problem(id, parent, &at, said.why.clone()));
                }
                Some(said) => {
                    // It loses at some of the listeners, or ports of a Service, that the parentRef selects.
                    let to = said.parent.resolve(&id.name.namespace);
                    let lost = self.lost_at(id, index);
                    problems.extend(lost.map(|why| problem(at, Kind::NotAttached, Some(to), why)));
                }
                None => {}
            }
        }
        let mut builders: Vec<(Builder<'_>, Builder<'_>)> = self
            .senders(id, state)
            .into_iter()
            .map(|(needs_grant, originates)| {
                let context = Context {
                    options: &self.options,
                    snapshot: &self.snapshot,
                    grants: &self.grants,
                    backends: &self.backends,
                    patterns: &self.patterns,
                    needs_grant,
                    originates,
                    without_room: None,
                };
                let granted = Context {
                    needs_grant: false,
                    ..context
                };
                (Builder::new(context, id), Builder::new(granted, id))
            })
            .collect();
        route::visit_backends(&self.snapshot, id, |at, reference| {
            let to = reference.resolve(&id.name.namespace);
            let mut wrong = Vec::new();
            let mut add = |problem: BackendProblem| {
                if !wrong.contains(&problem) {
                    wrong.push(problem);
                }
            };
            for (builder, granted) in &mut builders {
                let Err(problem) = builder.follow(&to, reference.port()) else {
                    continue;
                };
                // Who adds the grant learns at once what else is wrong.
                let not_permitted = matches!(problem, BackendProblem::RefNotPermitted { .. });
                add(problem);
                if not_permitted && let Err(problem) = granted.follow(&to, reference.port()) {
                    add(problem);
                }
            }
            for problem in &wrong {
                let ports = || self.ports_of(reference, &id.name.namespace);
                problems.extend(backend_problem(at, to.clone(), problem, ports));
            }
        });
        route::visit_extensions(&self.snapshot, id, |at, reference| {
            let to = reference.resolve(&id.name.namespace);
            let found =
                route::rules::extension_problem(reference, &id.name.namespace, &self.options);
            let found = found
                .map(|found| problem(at, Kind::FilterUnsupported, Some(to), found.to_string()));
            problems.extend(found);
        });
    }

    /// What the parents of a route differ in when they follow its references, each once: whether a reference to another
    /// namespace needs a ReferenceGrant, and whether BackendTLSPolicies apply (see [`Context`]).
    fn senders(&self, id: &RouteId, state: &RouteState) -> BTreeSet<(bool, bool)> {
        let gateway = (true, true);
        let of = |parent: &ParentState| match &parent.target {
            ParentTarget::Gateway {
                name, listeners, ..
            } => (true, !self.only_passes_through(name, listeners)),
            _ if in_mesh(id, parent) => (!route::mesh_needs_no_grant(&self.options), false),
            _ => gateway,
        };
        let mut found: BTreeSet<_> = state.parents.iter().map(of).collect();
        if found.is_empty() {
            found.insert(gateway);
        }
        found
    }

    fn parent_problem(
        &self,
        id: &RouteId,
        parent: &ParentState,
        at: &Path<'_>,
        why: String,
    ) -> Option<ReferenceProblem> {
        use condition::route::reason;
        let reference: &ParentReference = &parent.reference;
        let to = reference.resolve(&id.name.namespace);
        let field = if reference.section_name.is_some() {
            "sectionName"
        } else {
            "port"
        };
        let names_part = reference.section_name.is_some() || reference.port.is_some();
        let no_match = parent.accepted.reason == reason::NO_MATCHING_PARENT;
        let (path, kind) = match &parent.target {
            ParentTarget::Nothing if !reference.is_gateway() && !in_mesh(id, parent) => {
                if is_misplaced(&to, route::PARENT_KINDS) {
                    (at.field("group").to_string(), Kind::WrongGroup)
                } else {
                    (at.field("kind").to_string(), Kind::NoParentKind)
                }
            }
            ParentTarget::Nothing if !self.snapshot.contains(&to) => {
                (at.to_string(), Kind::ParentNotFound)
            }
            // A port that is there and carries nothing for the route is not missing.
            ParentTarget::Nothing if no_match && names_part => {
                let kind = match self.has_port(reference, &to) {
                    true => Kind::NotAttached,
                    false => Kind::ListenerNotFound,
                };
                (at.field(field).to_string(), kind)
            }
            ParentTarget::Gateway { listeners, .. }
                if no_match && names_part && listeners.is_empty() =>
            {
                (at.field(field).to_string(), Kind::ListenerNotFound)
            }
            _ if parent.accepted.reason == reason::NO_MATCHING_LISTENER_HOSTNAME => {
                ("spec.hostnames".to_owned(), Kind::NoCommonHostname)
            }
            _ => (at.to_string(), Kind::NotAttached),
        };
        Some(problem(path, kind, Some(to), why))
    }

    /// Whether a Service or ServiceImport has a port that a parentRef names.
    fn has_port(&self, reference: &ParentReference, to: &ObjectRef) -> bool {
        let key = BackendKey::of(to);
        let state = key.and_then(|key| self.backends.get(&key));
        state.is_some_and(|state| route::ports_meant(reference, state).next().is_some())
    }

    /// The ports that a backend has, as many as a sentence has room for.
    fn ports_of(&self, reference: &dyn BackendReference, namespace: &str) -> String {
        const SHOWN: usize = 8;
        let key = BackendKey::of(&reference.resolve(namespace));
        let state = key.and_then(|key| self.backends.get(&key));
        let ports = state.map_or(&[][..], |state| &state.ports);
        let mut shown: Vec<_> = ports
            .iter()
            .take(SHOWN)
            .map(|p| p.port.to_string())
            .collect();
        if ports.len() > SHOWN {
            shown.push(format!("{} more", ports.len() - SHOWN));
        }
        if shown.is_empty() {
            "it has none".to_owned()
        } else {
            format!("it has {}", shown.join(", "))
        }
    }
}

/// What is wrong with the parameters that a GatewayClass or Gateway names, where something is.
fn parameters_kind(reference: &ObjectRef) -> Kind {
    match class::unusable_parameters(reference) {
        Some(_) => Kind::ParametersUnusable,
        None => Kind::ParametersNotFound,
    }
}

/// Why a listener is rejected, or a kind of route that it allows is, if it is for what the Gateway itself says there. What is
/// wrong with one field alone validation says, but for what no API server refuses.
fn listener_problem(
    index: usize,
    listener: &ListenerState,
    written: &Listener,
) -> Option<ReferenceProblem> {
    use condition::listener::reason;
    let at = format!("spec.listeners[{index}]");
    let (at, kind, finding) = if listener.conflicted.holds() {
        (at, Kind::ListenersConflict, &listener.conflicted)
    } else if listener.accepted.reason == reason::UNSUPPORTED_PROTOCOL {
        let at = format!("{at}.protocol");
        (at, Kind::ProtocolUnsupported, &listener.accepted)
    } else if listener.accepted.reason == reason::INVALID
        && let Some(field) = ListenerLack::of(written).and_then(|lack| lack.untold_field())
    {
        let at = format!("{at}.{field}");
        (at, Kind::ListenerInvalid, &listener.accepted)
    } else if listener.resolved.reason == reason::INVALID_ROUTE_KINDS {
        let at = format!("{at}.allowedRoutes.kinds");
        (at, Kind::RouteKindsUnsupported, &listener.resolved)
    } else {
        return None;
    };
    Some(problem(at, kind, None, finding.message.clone()))
}

/// Whether the listener ends TLS: it presents certificates, and may ask clients for theirs.
fn terminates(listener: &ListenerState) -> bool {
    let tls = listener.tls.as_ref();
    tls.is_some_and(|tls| tls.mode != TlsModeType::Passthrough)
}

fn backend_problem(
    at: &Path<'_>,
    to: ObjectRef,
    wrong: &BackendProblem,
    ports: impl FnOnce() -> String,
) -> Option<ReferenceProblem> {
    let mut why = wrong.to_string();
    let (path, kind) = match wrong {
        BackendProblem::NotFound { .. } => (at.to_string(), Kind::BackendNotFound),
        // That a Service needs a port is a rule on the reference alone: an API server refuses the route.
        BackendProblem::PortNotFound { port: None, .. } if to.group.is_empty() => return None,
        BackendProblem::PortNotFound { port: None, .. } => {
            why = format!("{why}; {}", ports());
            (at.field("port").to_string(), Kind::PortMissing)
        }
        BackendProblem::NoTlsPolicy { possible: true, .. } => {
            (at.to_string(), Kind::NoBackendTlsPolicy)
        }
        BackendProblem::InvalidKind { .. } if is_misplaced(&to, BACKEND_KINDS) => {
            (at.field("group").to_string(), Kind::WrongGroup)
        }
        BackendProblem::PortNotFound { .. } => {
            why = format!("{why}; {}", ports());
            (at.field("port").to_string(), Kind::PortNotFound)
        }
        BackendProblem::RefNotPermitted { .. } => {
            (at.field("namespace").to_string(), Kind::NotPermitted)
        }
        _ => (at.to_string(), Kind::BackendUnusable),
    };
    let mut found = problem(path, kind, Some(to), why);
    if let BackendProblem::InvalidTlsPolicy { policy, .. }
    | BackendProblem::PolicyFull { policy, .. } = wrong
    {
        found.policy = Some(policy.clone());
    }
    Some(found)
}

/// Whether the kind of a reference is one of these, but in another group.
fn is_misplaced(to: &ObjectRef, kinds: &[(&str, &str)]) -> bool {
    kinds.iter().any(|(_, kind)| *kind == to.kind)
}

/// Whether a parent is a Service or ServiceImport.
fn in_mesh(id: &RouteId, parent: &ParentState) -> bool {
    BackendKey::of(&parent.reference.resolve(&id.name.namespace)).is_some()
}
