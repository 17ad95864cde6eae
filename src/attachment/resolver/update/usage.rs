//! Counting which routes use which backends, once conflicts between routes are decided.

use super::Update;
use crate::{
    attachment::{
        RouteId, RouteKind, Standing,
        backend::{
            BackendKey,
            usage::{Sender, Traffic, Use},
        },
        route::ParentTarget,
    },
    meta::NamespacedName,
};
use std::collections::BTreeSet;

impl Update<'_> {
    /// Counts the uses of backends again, for routes that were looked at or whose conflicts have another end.
    /// Marks the policies for which that makes a difference.
    pub(super) fn usage(&mut self) {
        let examined = std::mem::take(&mut self.examined);
        let statuses = std::mem::take(&mut self.route_statuses);
        let mut routes: Vec<&RouteId> = examined.iter().chain(&statuses).collect();
        routes.sort();
        routes.dedup();
        // Many routes may use one backend, and many policies be for it.
        let mut backends: BTreeSet<BackendKey> = BTreeSet::new();
        for id in routes {
            let uses = self.uses_of(id);
            let resolver = &mut *self.resolver;
            backends.extend(resolver.usage.set(id, uses));
            if self.changed_gateways.is_empty() {
                continue;
            }
            // Who has an entry in the status of a policy depends on the age and controller of a Gateway.
            for (key, one) in resolver.usage.of_route(id) {
                if let Sender::Gateway(name) = &one.sender
                    && self.changed_gateways.contains(name)
                    && !backends.contains(key)
                {
                    backends.insert(key.clone());
                }
            }
        }
        for key in &backends {
            let policies = self.resolver.depends.policies_for(key);
            self.dirty.policies.extend(policies);
        }
        self.route_statuses = statuses;
    }

    /// What a route uses at the parents that accept it.
    fn uses_of(&self, id: &RouteId) -> Vec<(BackendKey, Use)> {
        let mut uses = Vec::new();
        let Some(state) = self.resolver.routes.get(id) else {
            return uses;
        };
        for parent in &state.parents {
            if !self.accepted(id, parent).holds() {
                continue;
            }
            match &parent.target {
                ParentTarget::Gateway {
                    name, listeners, ..
                } => {
                    let sender = Sender::Gateway(name.clone());
                    let here = self.at_gateway(id, parent, name);
                    let accepted = listeners.iter().filter(|listener| {
                        let standing = here.standing(listener);
                        matches!(standing, Standing::InForce { .. } | Standing::Idle { .. })
                    });
                    for traffic in self.traffic(id, name, accepted.map(|one| one.index)) {
                        let built = state.at_listener(name, traffic == Traffic::Passthrough);
                        add(&mut uses, &built.uses, &sender, traffic);
                    }
                }
                ParentTarget::Service { .. } => {
                    let traffic = match id.kind {
                        RouteKind::Http | RouteKind::Grpc => Traffic::Http,
                        RouteKind::Tls => Traffic::Passthrough,
                        RouteKind::Tcp => Traffic::Stream,
                        RouteKind::Udp => Traffic::Datagram,
                    };
                    add(&mut uses, &state.at_services().uses, &Sender::Mesh, traffic);
                }
                ParentTarget::Nothing => {}
            }
        }
        uses
    }

    /// What a Gateway knows of the traffic of a route that comes by some of its listeners.
    fn traffic(
        &self,
        id: &RouteId,
        gateway: &NamespacedName,
        listeners: impl Iterator<Item = usize>,
    ) -> Vec<Traffic> {
        match id.kind {
            RouteKind::Http | RouteKind::Grpc => vec![Traffic::Http],
            RouteKind::Tcp => vec![Traffic::Stream],
            RouteKind::Udp => vec![Traffic::Datagram],
            RouteKind::Tls => {
                let (through, ended) = self.resolver.listeners_by_tls(gateway, listeners);
                let through = through.then_some(Traffic::Passthrough);
                let ended = ended.then_some(Traffic::Stream);
                through.into_iter().chain(ended).collect()
            }
        }
    }
}

fn add(
    uses: &mut Vec<(BackendKey, Use)>,
    of: &[(BackendKey, Option<u16>)],
    sender: &Sender,
    traffic: Traffic,
) {
    uses.extend(of.iter().map(|(key, port)| {
        let one = Use {
            sender: sender.clone(),
            traffic,
            port: *port,
        };
        (key.clone(), one)
    }));
}
