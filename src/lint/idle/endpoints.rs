//! Backends that are there and have no endpoint to which a request could go.

use crate::{
    attachment::{Resolver, RouteId, RouteKind, effective::EffectiveBackend},
    lint::{
        found::FindingsByObject,
        lost::{PortNames, other_names, port_names},
    },
    rules::set as rules,
};

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
        match other_names(resolver, backend, endpoints, names) {
            Some(help) => found.push_with_help(&route, rule, path, message, help),
            None => found.push(&route, rule, path, message),
        }
    }
}
