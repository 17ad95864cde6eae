//! References that lead to nothing, or to something that cannot be used.

use super::{FindingsByObject, Near};
use crate::{
    attachment::{ReferenceProblem, ReferenceProblemKind as Kind, Resolver, RouteId, RouteKind},
    meta::{GROUP, ObjectRef},
    rules::{Rule, set as rules},
};

/// With `alone`, only what follows from an object itself: of its neighbours nothing is known.
pub(super) fn check(
    resolver: &Resolver,
    near: &Near<'_>,
    alone: bool,
    found: &mut FindingsByObject,
) {
    for object in resolver.snapshot().references() {
        let problems = near.problems(&object);
        let is_problematic = !problems.is_empty();
        if problems.is_empty() {
            refused(resolver, near, &object, found);
        }
        for (problem, help) in problems {
            if alone && problem.kind.is_of_missing_object() {
                continue;
            }
            let rule = rule(problem.kind);
            let message = match rules_tell(resolver, near, &object, &problem) {
                // To correct the rules is not enough where other routes have its place.
                Some((route, parent)) => match resolver.lost_at(&route, parent) {
                    Some(lost) => format!("the route is rejected at {lost}"),
                    None => continue,
                },
                None => message(resolver, &problem),
            };
            match help {
                Some(help) => found.push_with_help(&object, rule, problem.path, message, help),
                None => found.push(&object, rule, problem.path, message),
            }
        }
        unapplied(resolver, near, &object, found);
        if alone {
            continue;
        }
        if is_problematic && let Some(namespace) = near.namespace_meant(&object) {
            let rule = &rules::NAMESPACE_NAMED;
            let message = format!(
                "the object names no namespace, so that it is read as being in `default`, and refers to objects of namespace `{namespace}`"
            );
            let help =
                format!("give it `namespace: {namespace}`, or apply it with `-n {namespace}`");
            found.push_with_help(&object, rule, "metadata".to_owned(), message, help);
        }
        unused(resolver, &object, found);
        if let Some(class) = near.class(&object) {
            let (path, rule) = ("spec.gatewayClassName".to_owned(), &rules::CLASS_EXISTS);
            let message = resolver.snapshot().absent(&class.wanted).of_set();
            found.push_with_help(&object, rule, path, message, class.help);
        }
    }
}

/// The route and the place of the parentRef, if a problem is that a parent rejects a route for its rules and validation has a
/// finding on each of these: the one cause is told once.
fn rules_tell(
    resolver: &Resolver,
    near: &Near<'_>,
    object: &ObjectRef,
    problem: &ReferenceProblem,
) -> Option<(RouteId, usize)> {
    let (Kind::NotAttached, Some(kind)) = (problem.kind, RouteKind::from_kind(&object.kind)) else {
        return None;
    };
    let parent = problem.path.strip_prefix("spec.parentRefs[");
    let parent = parent.and_then(|rest| rest.strip_suffix(']')?.parse().ok())?;
    let route = RouteId::new(kind, object.namespaced_name());
    let told = resolver.is_rejected_for_rules(&route, parent) && near.rules_tell(&route);
    told.then_some((route, parent))
}

/// The rules of a route that cannot be applied, while others can, and of which validation says nothing. Where none can, the parent
/// rejects the route, which is told there; further rules where there are no matches are told by what no connection reaches.
fn unapplied(
    resolver: &Resolver,
    near: &Near<'_>,
    object: &ObjectRef,
    found: &mut FindingsByObject,
) {
    let kind = RouteKind::from_kind(&object.kind).filter(|_| object.group == GROUP);
    let Some(kind @ (RouteKind::Http | RouteKind::Grpc)) = kind else {
        return;
    };
    let route = RouteId::new(kind, object.namespaced_name());
    if resolver.is_invalid(&route) {
        return;
    }
    for (rule, why) in resolver.why_invalid(&route) {
        if !near.rule_is_told(&route, rule) {
            let path = format!("spec.rules[{rule}]");
            let message = format!("the rule cannot be applied: {why}");
            found.push(object, &rules::RULE_APPLIES, path, message);
        }
    }
}

/// The targets of a policy that is accepted and applies to no traffic. Where all traffic is of another kind,
/// attachment has a problem of its own for the target.
fn unused(resolver: &Resolver, object: &ObjectRef, found: &mut FindingsByObject) {
    let targets = resolver.resolution().policies.get(object);
    for (index, target) in targets.into_iter().flatten().enumerate() {
        if target.is_unused() {
            let path = format!("spec.targetRefs[{index}]");
            found.push(object, &rules::POLICY_USED, path, target.why.clone());
        }
    }
}

/// The targets that refuse a policy of which no reference fails: something else in it is invalid.
fn refused(resolver: &Resolver, near: &Near<'_>, object: &ObjectRef, found: &mut FindingsByObject) {
    let help = near.why_invalid(object);
    let targets = resolver.resolution().policies.get(object);
    for (index, target) in targets.into_iter().flatten().enumerate() {
        if !target.accepted && !target.is_unused() {
            let path = format!("spec.targetRefs[{index}]");
            let (rule, why) = (&rules::TARGET_USABLE, target.why.clone());
            match &help {
                Some(help) => found.push_with_help(object, rule, path, why, help.clone()),
                None => found.push(object, rule, path, why),
            }
        }
    }
}

fn rule(kind: Kind) -> &'static Rule {
    match kind {
        Kind::NoParent => &rules::HAS_PARENT,
        Kind::ParentNotFound => &rules::PARENT_EXISTS,
        Kind::ListenerNotFound => &rules::LISTENER_EXISTS,
        Kind::NoCommonHostname => &rules::HOSTNAMES_MEET,
        Kind::NotAttached => &rules::PARENT_ACCEPTS,
        Kind::BackendNotFound => &rules::BACKEND_EXISTS,
        Kind::PortNotFound => &rules::BACKEND_PORT_EXISTS,
        Kind::PortMissing | Kind::NoBackendTlsPolicy | Kind::BackendUnusable => {
            &rules::BACKEND_USABLE
        }
        Kind::FilterUnsupported => &rules::FILTER_SUPPORTED,
        Kind::NotPermitted => &rules::GRANTED,
        Kind::CertificateNotFound => &rules::CERTIFICATE_EXISTS,
        Kind::CertificateUnusable => &rules::CERTIFICATE_USABLE,
        Kind::CertificateForOthers => &rules::CERTIFICATE_COVERS_HOSTNAME,
        Kind::AuthorityNotFound => &rules::CA_CERTIFICATE_EXISTS,
        Kind::AuthorityUnusable => &rules::CA_CERTIFICATE_USABLE,
        Kind::TargetNotFound => &rules::TARGET_EXISTS,
        Kind::TargetUnusable => &rules::TARGET_USABLE,
        Kind::ParametersNotFound | Kind::ParametersUnusable => &rules::PARAMETERS_EXIST,
        Kind::ClassNotAccepted => &rules::CLASS_ACCEPTED,
        Kind::WrongGroup => &rules::GROUP_HAS_KIND,
        Kind::NoParentKind => &rules::PARENT_KIND,
        Kind::ListenersConflict => &rules::LISTENERS_DISTINCT,
        Kind::ProtocolUnsupported => &rules::PROTOCOL_SUPPORTED,
        Kind::RouteKindsUnsupported => &rules::ROUTE_KINDS_SUPPORTED,
        Kind::ListenerInvalid => &rules::LISTENER_VALID,
        Kind::ReleaseUnknown => &rules::RELEASE_KNOWN,
        Kind::AddressUnusable => &rules::ADDRESS_USABLE,
    }
}

/// A set leaves things out, so that what is not there is said to be missing from the set.
fn message(resolver: &Resolver, problem: &ReferenceProblem) -> String {
    let missing = matches!(
        problem.kind,
        Kind::ParentNotFound
            | Kind::BackendNotFound
            | Kind::CertificateNotFound
            | Kind::AuthorityNotFound
            | Kind::TargetNotFound
            | Kind::ParametersNotFound
    );
    match &problem.to {
        Some(to) if missing => resolver.snapshot().absent(to).of_set(),
        _ => problem.why.clone(),
    }
}
