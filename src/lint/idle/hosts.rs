//! Hostnames of a route that no listener serves, beside others that one does.

use crate::{
    attachment::{
        Attachment, Resolver, RouteId, RouteKind, Snapshot, Standing, effective::EffectiveHostname,
    },
    lint::{
        found::FindingsByObject,
        near::{is_near_host, near_host, not_served},
    },
    meta::{Hostname, ObjectRef},
    rules::set as rules,
};

/// Looks at each route that a Gateway accepts. Where no hostname of a route is served, it is rejected, which its status says.
pub(super) fn check(resolver: &Resolver, found: &mut FindingsByObject) {
    let snapshot = resolver.snapshot();
    for (route, attachments) in &resolver.resolution().attachments {
        let written = written(snapshot, route);
        // One alone is served, or the route is rejected.
        if written.len() < 2 {
            continue;
        }
        let Some(served) = served(attachments) else {
            continue;
        };
        for (index, text) in written.iter().enumerate() {
            let Ok(own) = text.parse::<Hostname>() else {
                continue;
            };
            let is_served = served.iter().any(|host| {
                let host = host.hostname.as_ref();
                host.is_none_or(|host| host.intersection(&own).is_some())
            });
            if is_served {
                continue;
            }
            let path = format!("spec.hostnames[{index}]");
            let message = not_served(text);
            let (object, rule) = (route.reference(), &rules::HOSTNAME_SERVED);
            if let Some(listener) = not_asked(resolver, route, attachments, &own) {
                let help = format!("attach the route to {listener}, too");
                found.push_with_help(&object, rule, path, message, help);
                continue;
            }
            match near(resolver, route, attachments, text) {
                Some((listener, near)) => {
                    let help = near_host(text, near, &format!("listener `{listener}`"));
                    found.push_with_help(&object, rule, path, message, help);
                }
                None => found.push(&object, rule, path, message),
            }
        }
    }
}

/// What a route has in common with the listeners that accept it. Nothing if no Gateway accepts it, or not all of its parents are
/// known: a Service takes requests for every host, and of a Gateway of another controller nothing is known. Nor where another
/// route excludes it from a listener, which is told.
fn served(attachments: &[Attachment]) -> Option<Vec<&EffectiveHostname>> {
    let mut served = Vec::new();
    for attachment in attachments {
        if !attachment.ours || !attachment.parent.is_gateway() {
            return None;
        }
        for at in &attachment.listeners {
            match &at.standing {
                Standing::InForce { hostnames } | Standing::Idle { hostnames } => {
                    served.extend(hostnames.iter());
                }
                Standing::Rejected { .. } | Standing::Failing { .. } => {}
                _ => return None,
            }
        }
    }
    (!served.is_empty()).then_some(served)
}

/// A listener of these parents that would accept the route for a hostname, and that its parentRefs do not select.
fn not_asked(
    resolver: &Resolver,
    route: &RouteId,
    attachments: &[Attachment],
    own: &Hostname,
) -> Option<String> {
    let mut gateways: Vec<ObjectRef> = attachments
        .iter()
        .map(|attachment| attachment.parent.resolve(&route.name.namespace))
        .collect();
    gateways.dedup();
    gateways.into_iter().find_map(|gateway| {
        let accepting = resolver.accepting_listeners(route, &gateway);
        let (name, _) = accepting.into_iter().find(|(_, hostnames)| {
            let mut hostnames = hostnames.iter();
            hostnames.any(|host| host.own.as_ref() == Some(own))
        })?;
        Some(format!("listener `{name}` of {gateway}"))
    })
}

/// A listener of these parents within whose hostname a hostname nearly is, and that; not one that would reject the route for
/// another cause.
fn near<'s>(
    resolver: &'s Resolver,
    route: &RouteId,
    attachments: &[Attachment],
    text: &str,
) -> Option<(&'s str, &'s str)> {
    attachments.iter().find_map(|attachment| {
        let reference = attachment.parent.resolve(&route.name.namespace);
        let gateways = resolver.snapshot().gateways();
        let gateway = gateways.get(&reference.namespaced_name())?;
        let takes = |listener: &str| {
            let mut fits = resolver.fits(route, &reference, Some(listener)).into_iter();
            fits.any(|(_, found)| found.is_none_or(|found| !found.kind && !found.namespace))
        };
        let mut listeners = gateway.spec.listeners.iter().filter_map(|listener| {
            let served = listener.hostname.as_deref()?;
            Some((listener.name.as_str(), served))
        });
        listeners.find(|(listener, served)| is_near_host(text, served) && takes(listener))
    })
}

/// The hostnames of a route as it writes them.
fn written<'s>(snapshot: &'s Snapshot, route: &RouteId) -> &'s [String] {
    let name = &route.name;
    let hostnames = match route.kind {
        RouteKind::Http => snapshot.http_routes().get(name).map(|r| &r.spec.hostnames),
        RouteKind::Tls => snapshot.tls_routes().get(name).map(|r| &r.spec.hostnames),
        RouteKind::Grpc => {
            let route = snapshot.grpc_routes().get(name);
            route.and_then(|route| Some(&route.spec.as_ref()?.hostnames))
        }
        RouteKind::Tcp | RouteKind::Udp => None,
    };
    hostnames.map_or(&[], Vec::as_slice)
}
