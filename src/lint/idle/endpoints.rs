//! Backends that are there and have no endpoint to which a request could go.

use crate::{
    attachment::{
        Resolver, RouteId, RouteKind,
        effective::{EffectiveBackend, EndpointList},
        service_of,
    },
    lint::found::FindingsByObject,
    meta::NamespacedName,
    rules::set as rules,
};
use std::collections::{BTreeMap, BTreeSet};

/// How many names of ports a help names.
const MOST_NAMED: usize = 8;

/// The names of the ports in the EndpointSlices of each Service.
type PortNames<'s> = BTreeMap<NamespacedName, BTreeSet<&'s str>>;

/// Looks at the backends of all routes.
pub(super) fn check(resolver: &Resolver, found: &mut FindingsByObject) {
    let mut names = None;
    for rules in resolver.http_rules() {
        let id = RouteId::new(RouteKind::Http, rules.reference.clone());
        for rule in &rules.rules {
            look(
                resolver,
                &id,
                (rule.index, &rule.backends),
                &mut names,
                found,
            );
        }
    }
    for rules in resolver.grpc_rules() {
        let id = RouteId::new(RouteKind::Grpc, rules.reference.clone());
        for rule in &rules.rules {
            look(
                resolver,
                &id,
                (rule.index, &rule.backends),
                &mut names,
                found,
            );
        }
    }
    for id in resolver.resolution().attachments.keys() {
        if let Some(backends) = resolver.connection_backends(id) {
            // One rule takes all connections.
            look(resolver, id, (0, backends), &mut names, found);
        }
    }
}

fn look<'r>(
    resolver: &'r Resolver,
    id: &RouteId,
    (rule, backends): (usize, &[EffectiveBackend]),
    names: &mut Option<PortNames<'r>>,
    found: &mut FindingsByObject,
) {
    for (index, backend) in backends.iter().enumerate() {
        let Ok(target) = &backend.target else {
            continue;
        };
        let effective = &resolver.resolution().effective;
        let Some(endpoints) = effective.endpoints(&target.key) else {
            continue;
        };
        if backend.weight == 0 || endpoints.iter().any(|endpoint| endpoint.ready) {
            continue;
        }
        let fails = match id.kind {
            RouteKind::Http => {
                let status = resolver.options().behaviour.no_endpoints.status();
                &*format!("its share of requests is answered with {status}")
            }
            RouteKind::Grpc => "its share of calls fails with `UNAVAILABLE`",
            RouteKind::Tls | RouteKind::Tcp => "its share of connections is closed",
            RouteKind::Udp => "its share of datagrams is dropped",
        };
        let port = backend.port.unwrap_or_default();
        let message = format!(
            "{} has {} at port {port}: {fails}",
            backend.reference,
            endpoints.lack()
        );
        let path = format!("spec.rules[{rule}].backendRefs[{index}]");
        let names = names.get_or_insert_with(|| port_names(resolver));
        let (route, rule) = (id.reference(), &rules::BACKEND_HAS_ENDPOINTS);
        match help(resolver, backend, endpoints, names) {
            Some(help) => found.push_with_help(&route, rule, path, message, help),
            None => found.push(&route, rule, path, message),
        }
    }
}

/// The name that the port ought to have in the EndpointSlices, and those that are there.
fn help(
    resolver: &Resolver,
    backend: &EffectiveBackend,
    endpoints: &EndpointList,
    names: &PortNames<'_>,
) -> Option<String> {
    if !endpoints.is_empty() || backend.reference.kind != "Service" {
        return None;
    }
    let place = backend.reference.namespaced_name();
    let there = names.get(&place)?;
    let service = resolver.snapshot().services().get(&place)?;
    let mut ports = service.spec.as_ref()?.ports.iter().flatten();
    let port = ports.find(|port| u16::try_from(port.port).ok() == backend.port)?;
    let name = port.name.as_deref().unwrap_or_default();
    if there.contains(name) || there.is_empty() {
        return None;
    }
    let shown: Vec<String> = there
        .iter()
        .take(MOST_NAMED)
        .map(|name| quoted(name))
        .collect();
    Some(format!(
        "the ports in the EndpointSlices of {} are named {}: name this one {}, as the Service does",
        backend.reference,
        shown.join(", "),
        quoted(name)
    ))
}

/// What to name the port of a backend without endpoints, where its EndpointSlices name theirs otherwise.
pub(in crate::lint) fn other_port_names(
    resolver: &Resolver,
    backend: &EffectiveBackend,
) -> Option<String> {
    let target = backend.target.as_ref().ok()?;
    let endpoints = resolver.resolution().effective.endpoints(&target.key)?;
    help(resolver, backend, endpoints, &port_names(resolver))
}

fn quoted(name: &str) -> String {
    match name {
        "" => "\"\"".to_owned(),
        name => format!("`{name}`"),
    }
}

fn port_names(resolver: &Resolver) -> PortNames<'_> {
    let mut names = PortNames::new();
    for slice in resolver.snapshot().endpoint_slices().values() {
        let Some(service) = service_of(slice) else {
            continue;
        };
        let of_service = names.entry(service).or_default();
        let ports = slice.ports.iter().flatten();
        of_service.extend(ports.map(|port| port.name.as_deref().unwrap_or_default()));
    }
    names
}
