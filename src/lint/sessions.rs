//! Sessions that two sides want to keep, each in its own way (GEP-1619, "Session Affinity in K8S Services"), and those of which clients
//! drop the cookie.

use super::FindingsByObject;
use crate::{
    attachment::{
        PolicyTarget, Resolver, RouteId, RouteKind, Snapshot,
        effective::{CookiePrefix, EffectiveBackend, SessionSettings, SessionTransport},
    },
    meta::{NamespacedName, ObjectRef},
    rules::set as rules,
    v1::{ProtocolType, SessionPersistence},
};
use std::collections::BTreeSet;

/// What is told of a Service that keeps clients at a pod by their address, where session persistence is to do that.
pub(super) fn message(service: &NamespacedName) -> String {
    format!(
        "Service `{service}` has `sessionAffinity: ClientIP`: a data plane that sends requests to the address of the Service \
         cannot keep sessions of its own there, and must reject the route"
    )
}

/// Whether a Service keeps clients at a pod by their address.
pub(super) fn has_affinity(snapshot: &Snapshot, service: &ObjectRef) -> bool {
    let services = snapshot.services();
    let found = services.get(&service.namespaced_name());
    let is_service = service.group.is_empty() && service.kind == "Service";
    is_service
        && found.is_some_and(|service| {
            let spec = service.spec.as_ref();
            spec.and_then(|spec| spec.session_affinity.as_deref()) == Some("ClientIP")
        })
}

/// The targets of BackendLBPolicies that get requests from rules alone which have sessions of their own (GEP-1619: the
/// configuration of a route goes before that of a policy), each with its place.
pub(super) fn overridden(resolver: &Resolver) -> Vec<(&ObjectRef, usize, &PolicyTarget)> {
    let policies = &resolver.resolution().policies;
    let of_sessions = policies
        .iter()
        .filter(|(policy, _)| policy.kind == "BackendLBPolicy");
    let mut of_sessions = of_sessions.peekable();
    if of_sessions.peek().is_none() {
        return Vec::new();
    }
    let http = resolver.http_rules().flat_map(|rules| &rules.rules);
    let http = http.map(|rule| (rule.session_persistence.is_some(), &rule.backends));
    let grpc = resolver.grpc_rules().flat_map(|rules| &rules.rules);
    let grpc = grpc.map(|rule| (rule.session_persistence.is_some(), &rule.backends));
    // The backends of rules that have sessions of their own, and those of rules that have none.
    let (mut with, mut without) = (BTreeSet::new(), BTreeSet::new());
    for (has_own, backends) in http.chain(grpc) {
        let set = if has_own { &mut with } else { &mut without };
        set.extend(backends.iter().map(|backend| &backend.reference));
    }
    let targets = of_sessions.flat_map(|(policy, targets)| {
        let targets = targets.iter().enumerate();
        targets.map(move |(index, target)| (policy, index, target))
    });
    targets
        .filter(|(_, _, target)| {
            let to = &target.target;
            target.applies() && with.contains(to) && !without.contains(to)
        })
        .collect()
}

/// What is said of a target of a policy that every rule overrides, and what to do about it.
pub(super) fn overridden_texts(to: &ObjectRef) -> (String, String) {
    (
        format!(
            "every rule that refers to {to} has a `sessionPersistence` of its own, which overrides the policy"
        ),
        format!("remove `sessionPersistence` from the rules, or {to} from the policy"),
    )
}

pub(super) fn check(resolver: &Resolver, found: &mut FindingsByObject) {
    without_tls(resolver, found);
    let snapshot = resolver.snapshot();
    let affine = |backend: &EffectiveBackend| has_affinity(snapshot, &backend.reference);
    let mut of_rule = |route: &RouteId,
                       index: usize,
                       own: Option<&SessionPersistence>,
                       backends: &[EffectiveBackend]| {
        // What a policy asks for is told of the policy.
        if own.is_none() {
            return;
        }
        let services: BTreeSet<NamespacedName> = backends
            .iter()
            .filter(|backend| affine(backend))
            .map(|backend| backend.reference.namespaced_name())
            .collect();
        for service in services {
            let path = format!("spec.rules[{index}].sessionPersistence");
            found.push(
                &route.reference(),
                &rules::ONE_KIND_OF_SESSION,
                path,
                message(&service),
            );
        }
    };
    for name in snapshot.http_routes().keys() {
        let id = RouteId::new(RouteKind::Http, name.clone());
        for rule in resolver
            .http_rules_of(&id)
            .into_iter()
            .flat_map(|rules| &rules.rules)
        {
            let own = rule.session_persistence.as_ref();
            of_rule(&id, rule.index, own, &rule.backends);
        }
    }
    for name in snapshot.grpc_routes().keys() {
        let id = RouteId::new(RouteKind::Grpc, name.clone());
        for rule in resolver
            .grpc_rules_of(&id)
            .into_iter()
            .flat_map(|rules| &rules.rules)
        {
            let own = rule.session_persistence.as_ref();
            of_rule(&id, rule.index, own, &rule.backends);
        }
    }
    for (name, policy) in snapshot.backend_lb_policies() {
        if policy.spec.session_persistence.is_none() {
            continue;
        }
        let policy = ObjectRef::gateway_api("BackendLBPolicy", name);
        let targets = resolver.resolution().policies.get(&policy);
        for (index, target) in targets.into_iter().flatten().enumerate() {
            if target.accepted && has_affinity(snapshot, &target.target) {
                let path = format!("spec.targetRefs[{index}]");
                let message = message(&target.target.namespaced_name());
                found.push(&policy, &rules::ONE_KIND_OF_SESSION, path, message);
            }
        }
    }
}

/// Reports cookies that clients take over TLS alone, because of their names, where a listener serves the route in cleartext.
fn without_tls(resolver: &Resolver, found: &mut FindingsByObject) {
    let gateways = &resolver.resolution().effective.gateways;
    for gateway in gateways.values() {
        let listeners = gateway.listeners.iter();
        for listener in listeners.filter(|listener| listener.protocol == ProtocolType::Http) {
            let at = format!("listener `{}` of Gateway {}", listener.name, gateway.name);
            for attached in &listener.http {
                let route = ObjectRef::gateway_api("HTTPRoute", &attached.route.reference);
                for rule in &attached.route.rules {
                    let own = rule.session_persistence.as_ref();
                    say_dropped((&route, rule.index), own, &at, found);
                }
            }
            for attached in &listener.grpc {
                let route = ObjectRef::gateway_api("GRPCRoute", &attached.route.reference);
                for rule in &attached.route.rules {
                    let own = rule.session_persistence.as_ref();
                    say_dropped((&route, rule.index), own, &at, found);
                }
            }
        }
    }
}

fn say_dropped(
    (route, rule): (&ObjectRef, usize),
    session: Option<&SessionPersistence>,
    at: &str,
    found: &mut FindingsByObject,
) {
    let settings = session.and_then(|session| SessionSettings::read(session).ok());
    let Some(SessionTransport::Cookie(cookie)) = settings.map(|settings| settings.transport) else {
        return;
    };
    let name = cookie.name.unwrap_or_default();
    if CookiePrefix::of(&name).is_some() {
        let path = format!("spec.rules[{rule}].sessionPersistence");
        let message = format!(
            "{at} speaks cleartext HTTP, over which clients drop a cookie named `{name}`: no session is kept there"
        );
        found.push(route, &rules::COOKIE_FITS_LISTENER, path, message);
    }
}
