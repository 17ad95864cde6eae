//! Services put together with the mesh routes that have them as parents (GEP-1426).

use super::{
    RouteId, RouteKind,
    backend::BackendState,
    effective::{ClientScope, EffectiveService, EffectiveServicePort, ServiceRoute},
    route::{ParentTarget, RouteState},
    rules::Rules,
};
use crate::meta::NamespacedName;
use std::collections::{BTreeMap, BTreeSet};

/// The reason of a route that another kind of route keeps from a Service and port.
pub(super) const CONFLICTED: &str = "Conflicted";

/// A Service put together, and the routes that are out because routes of a kind that goes before theirs
/// govern every port which they ask for.
pub(super) struct Assembled {
    pub(super) effective: EffectiveService,
    pub(super) rejected: BTreeSet<RouteId>,
}

/// The order in which kinds of routes go before others at one port; UDP has ports of its own.
fn order(kind: RouteKind) -> u8 {
    match kind {
        RouteKind::Grpc => 0,
        RouteKind::Http => 1,
        RouteKind::Tls => 2,
        RouteKind::Tcp => 3,
        RouteKind::Udp => 4,
    }
}

/// Puts a Service together.
pub(super) fn service<'a>(
    name: &NamespacedName,
    state: &BackendState,
    routes: impl Iterator<Item = (&'a RouteId, &'a RouteState)>,
) -> Assembled {
    let mut members: Vec<(&RouteId, &RouteState, BTreeSet<Option<u16>>)> = Vec::new();
    for (id, route) in routes {
        let ports: BTreeSet<Option<u16>> = route
            .parents
            .iter()
            .filter(|parent| parent.accepted.holds())
            .filter_map(|parent| match &parent.target {
                ParentTarget::Service { name: n, port } if n == name => Some(*port),
                _ => None,
            })
            .collect();
        if !ports.is_empty() {
            members.push((id, route, ports));
        }
    }
    members.sort_by_key(|(id, route, _)| (route.created.is_none(), route.created, *id));
    let all: BTreeSet<u16> = state.ports.iter().map(|port| port.port).collect();
    let expand = |ports: &BTreeSet<Option<u16>>| -> BTreeSet<u16> {
        if ports.contains(&None) {
            all.clone()
        } else {
            ports.iter().flatten().copied().collect()
        }
    };
    // Which kind governs a port for the clients of a scope: the first in order.
    let mut winners: BTreeMap<(&str, u16), u8> = BTreeMap::new();
    for (id, _, ports) in &members {
        if id.kind == RouteKind::Udp {
            continue;
        }
        for port in expand(ports) {
            let winner = winners
                .entry((id.name.namespace.as_str(), port))
                .or_insert(order(id.kind));
            *winner = order(id.kind).min(*winner);
        }
    }
    let mut effective = EffectiveService {
        name: name.clone(),
        cluster_ips: state.cluster_ips.clone(),
        ports: state
            .ports
            .iter()
            .map(|port| EffectiveServicePort {
                name: port.name.clone(),
                port: port.port,
                protocol: port.protocol.clone(),
                target: port.target.clone(),
            })
            .collect(),
        http: Vec::new(),
        grpc: Vec::new(),
        tls_routes: Vec::new(),
        tcp: Vec::new(),
        udp: Vec::new(),
    };
    let mut rejected = BTreeSet::new();
    for (id, route, ports) in &members {
        let wanted = expand(ports);
        let held: BTreeSet<u16> = wanted
            .iter()
            .copied()
            .filter(|port| {
                id.kind == RouteKind::Udp
                    || winners.get(&(id.name.namespace.as_str(), *port)) == Some(&order(id.kind))
            })
            .collect();
        if held.is_empty() && !wanted.is_empty() {
            rejected.insert((*id).clone());
            continue;
        }
        let clients = if id.name.namespace == name.namespace {
            ClientScope::Everyone
        } else {
            ClientScope::Namespace(id.name.namespace.clone())
        };
        let ports: Vec<Option<u16>> = if ports.contains(&None) && held == wanted {
            vec![None]
        } else {
            held.into_iter().map(Some).collect()
        };
        for port in ports {
            push(&mut effective, id.kind, route, port, clients.clone());
        }
    }
    Assembled {
        effective,
        rejected,
    }
}

fn push(
    service: &mut EffectiveService,
    kind: RouteKind,
    route: &RouteState,
    port: Option<u16>,
    clients: ClientScope,
) {
    match &route.at_services().rules {
        Rules::Http(rules) => service.http.push(ServiceRoute {
            route: rules.clone(),
            port,
            clients,
        }),
        Rules::Grpc(rules) => service.grpc.push(ServiceRoute {
            route: rules.clone(),
            port,
            clients,
        }),
        Rules::Connection(rules) => {
            let routes = match kind {
                RouteKind::Tcp => &mut service.tcp,
                RouteKind::Udp => &mut service.udp,
                _ => &mut service.tls_routes,
            };
            routes.push(ServiceRoute {
                route: rules.clone(),
                port,
                clients,
            });
        }
    }
}
