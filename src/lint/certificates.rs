//! Hosts that routes serve at a listener and that none of its certificates is for.

use super::found::FindingsByObject;
use crate::{
    attachment::{
        Resolver, RouteId, RouteKind,
        effective::{EffectiveHostname, EffectiveListener},
    },
    certificate::CertificateNames,
    meta::{Hostname, NamespacedName, ObjectRef},
    rules::set as rules,
};
use std::collections::BTreeSet;

/// What to do about a host that no certificate of a listener is for.
pub(super) const NAME_CERTIFICATE: &str =
    "name a certificate that has the hostname among its subject alternative names";

/// How many hosts of a listener are named.
const SHOWN: usize = 8;

/// What comes of it that no certificate is for a host.
pub(super) fn refused(why: &str) -> String {
    format!("{why}, so that clients refuse the connection")
}

/// Looks at the hosts of all routes at listeners that end TLS. Where none of the certificates is for the hostname of the listener
/// itself, that is told as what is wrong with its references.
pub(super) fn check(resolver: &Resolver, found: &mut FindingsByObject) {
    for (name, gateway) in &resolver.resolution().effective.gateways {
        let Some(written) = resolver.snapshot().gateways().get(name) else {
            continue;
        };
        for listener in &gateway.listeners {
            let hosts = without_certificate(listener);
            let mut listeners = written.spec.listeners.iter();
            let index = listeners.position(|written| written.name == listener.name);
            let (Some(index), Some(why)) = (index, told(listener, &hosts)) else {
                continue;
            };
            found.push_with_help(
                &ObjectRef::gateway_api("Gateway", name),
                &rules::CERTIFICATE_COVERS_HOSTNAME,
                format!("spec.listeners[{index}].tls.certificateRefs"),
                refused(&why),
                NAME_CERTIFICATE.to_owned(),
            );
        }
    }
}

/// That no certificate of a listener is for these hosts, each with a route that serves it there.
fn told(listener: &EffectiveListener, hosts: &[(&Hostname, RouteId)]) -> Option<String> {
    let tls = listener.tls.as_ref()?;
    let ((first, route), others) = hosts.split_first()?;
    let mut parts = vec![format!("{}, a host of {route}", tls.covers_not(first))];
    let others = others.iter().take(SHOWN - 1);
    parts.extend(others.map(|(host, route)| format!("nor for `{host}`, a host of {route}")));
    match hosts.len().saturating_sub(SHOWN) {
        0 => {}
        1 => parts.push("nor for one more host of a route".to_owned()),
        more => parts.push(format!("nor for {more} more hosts of routes")),
    }
    Some(parts.join(", "))
}

/// The hosts for which routes apply at a listener and which no certificate is for, each once, with the first route that names it.
fn without_certificate(listener: &EffectiveListener) -> Vec<(&Hostname, RouteId)> {
    let Some(tls) = &listener.tls else {
        return Vec::new();
    };
    let own = listener.hostname.as_ref();
    if own.is_some_and(|own| tls.is_for_others(own)) {
        return Vec::new();
    }
    let mut names = CertificateNames::default();
    let mut certificates = tls.certificates.iter().peekable();
    let is_known = certificates.peek().is_some();
    if !certificates.all(|certificate| certificate.pair.add_names(&mut names)) || !is_known {
        return Vec::new();
    }
    let http = listener.http.iter().map(|attached| {
        let route = (RouteKind::Http, &attached.route.reference);
        (route, &attached.hostnames)
    });
    let grpc = listener.grpc.iter().map(|attached| {
        let route = (RouteKind::Grpc, &attached.route.reference);
        (route, &attached.hostnames)
    });
    let connections = listener.tls_routes.iter().map(|attached| {
        let route = (RouteKind::Tls, &attached.route.reference);
        (route, &attached.hostnames)
    });
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    let all = http.chain(grpc).chain(connections);
    let hosts = all.flat_map(|(route, hostnames)| {
        let hosts = hostnames.iter();
        hosts
            .filter_map(move |EffectiveHostname { hostname, .. }| Some((route, hostname.as_ref()?)))
    });
    for ((kind, route), host) in hosts {
        // What the listener serves has been asked.
        if Some(host) != own && !names.meet(host) && seen.insert(host.as_str()) {
            let route: &NamespacedName = route;
            found.push((host, RouteId::new(kind, route.clone())));
        }
    }
    found
}
