//! Whose traffic to a backend policies are for. All policies for one part of a backend have the same answer, so that it
//! is found once.

use crate::{
    attachment::{
        Options, Snapshot,
        backend::{
            BackendKey, BackendState, PortState,
            policy::PolicyKind,
            usage::{BackendUsage, Sender, Traffic, Use},
        },
        gateway::GatewayState,
        map::Map,
    },
    meta::{NamespacedName, ObjectRef, Seniority},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// What results are made from.
#[derive(Clone, Copy)]
pub(in crate::attachment) struct ResultInputs<'a> {
    pub(in crate::attachment) snapshot: &'a Snapshot,
    pub(in crate::attachment) options: &'a Options,
    pub(in crate::attachment) backends: &'a Map<BackendKey, BackendState>,
    pub(in crate::attachment) usage: &'a BackendUsage,
    pub(in crate::attachment) gateways: &'a BTreeMap<NamespacedName, GatewayState>,
}

/// Who has traffic to a part of a backend that a kind of policy is for.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::attachment) struct Senders {
    pub(super) gateways: Arc<BTreeSet<NamespacedName>>,
    /// The same Gateways, older ones first.
    pub(super) by_seniority: Vec<Seniority>,
    pub(super) mesh: bool,
}

/// A part of a backend that a policy can be for.
#[derive(Clone, Debug, Default)]
pub(super) struct BackendPart {
    pub(super) senders: Arc<Senders>,
    /// Whether it has a port for UDP, and whether it has no other.
    pub(super) has_udp: bool,
    pub(super) is_udp: bool,
    /// Whether it is a port that does not exist.
    pub(super) is_absent: bool,
    /// Why there is no traffic that such a policy is for, where there is none.
    pub(super) unused: Option<Arc<str>>,
    /// Whether any route uses it, be it for other traffic.
    pub(super) used: bool,
    /// The ports with such traffic that have a policy of their own, and that policy.
    pub(super) yields_to: BTreeMap<String, ObjectRef>,
}

/// The traffic to a backend, as a kind of policy sees it.
pub(super) struct TrafficParts {
    whole: BackendPart,
    /// The ports that have a name.
    ports: BTreeMap<String, BackendPart>,
    /// What counts as the traffic to a port that does not exist: who names it is told wherever the backend is used.
    absent: BackendPart,
}

impl TrafficParts {
    /// The part that a section names; without one, the whole.
    pub(super) fn part(&self, section: Option<&str>) -> &BackendPart {
        match section {
            None => &self.whole,
            Some(section) => self.ports.get(section).unwrap_or(&self.absent),
        }
    }
}

/// What was found out about the traffic to backends.
pub(in crate::attachment) struct Traffics<'a> {
    world: ResultInputs<'a>,
    of: Map<(PolicyKind, BackendKey), Arc<TrafficParts>>,
}

impl<'a> Traffics<'a> {
    pub(in crate::attachment) fn new(world: ResultInputs<'a>) -> Self {
        Self {
            world,
            of: Map::default(),
        }
    }

    pub(super) fn world(&self) -> ResultInputs<'a> {
        self.world
    }

    /// The traffic to the target of a policy of this kind.
    pub(super) fn to(&mut self, kind: PolicyKind, target: &ObjectRef) -> Arc<TrafficParts> {
        let Some(key) = BackendKey::of(target) else {
            return Arc::new(TrafficParts::of(
                kind,
                target,
                None,
                std::iter::empty(),
                self.world,
            ));
        };
        let world = self.world;
        let find = |(kind, key): &(PolicyKind, BackendKey)| {
            let uses = world.usage.of_backend(key);
            TrafficParts::of(*kind, target, world.backends.get(key), uses, world)
        };
        let key = (kind, key);
        if let Some(present) = self.of.get(&key) {
            return present.clone();
        }
        let found = Arc::new(find(&key));
        self.of.insert(key, found.clone());
        found
    }
}

/// A part, while uses are sorted into parts.
#[derive(Default)]
struct Collected<'a> {
    gateways: BTreeSet<&'a NamespacedName>,
    mesh: bool,
    ports: usize,
    udp_ports: usize,
    /// Whether any route uses it.
    used: bool,
    /// What traffic there is that the policy is not for.
    of_other_kinds: BTreeSet<&'static str>,
    yields_to: BTreeMap<&'a str, &'a ObjectRef>,
}

impl<'a> Collected<'a> {
    fn count(&mut self, port: &PortState) {
        self.ports += 1;
        self.udp_ports += usize::from(is_udp(port));
    }

    fn is_udp(&self) -> bool {
        self.ports > 0 && self.ports == self.udp_ports
    }

    /// Whether a policy of this kind for this part is for a use.
    fn fits(&self, kind: PolicyKind, one: &Use) -> bool {
        match (kind, one.traffic) {
            (PolicyKind::Lb, traffic) => traffic == Traffic::Http,
            (PolicyKind::Tls, Traffic::Http | Traffic::Stream) => one.sender != Sender::Mesh,
            (PolicyKind::Tls, Traffic::Passthrough) => false,
            // A policy that asks for nothing but UDP is told at the Gateways with that traffic.
            (PolicyKind::Tls, Traffic::Datagram) => one.sender != Sender::Mesh && self.is_udp(),
        }
    }

    /// Adds a use: as one that a policy of this kind is for, or as traffic of another kind.
    fn add(&mut self, kind: PolicyKind, one: &'a Use) {
        self.used = true;
        if !self.fits(kind, one) {
            self.of_other_kinds.insert(of_other_kind(kind, one));
            return;
        }
        match &one.sender {
            Sender::Gateway(name) => _ = self.gateways.insert(name),
            Sender::Mesh => self.mesh = true,
        }
    }

    /// Adds a use of a port that has a policy of its own.
    fn add_to_own(&mut self, kind: PolicyKind, one: &Use, own: (&'a str, &'a ObjectRef)) {
        self.used = true;
        if self.fits(kind, one) {
            self.yields_to.insert(own.0, own.1);
        } else {
            self.of_other_kinds.insert(of_other_kind(kind, one));
        }
    }

    /// The part of this name; without one, the whole of a backend.
    fn into_part(
        self,
        (kind, target, section): (PolicyKind, &ObjectRef, Option<&str>),
        world: ResultInputs<'_>,
    ) -> BackendPart {
        let is_empty = self.gateways.is_empty() && !self.mesh;
        let unused = is_empty.then(|| self.unused(kind, target, section).into());
        let aged = self.gateways.iter().filter_map(|name| {
            let gateway = world.gateways.get(*name)?;
            Some(Seniority::new(gateway.age, (*name).clone()))
        });
        let mut by_seniority: Vec<Seniority> = aged.collect();
        by_seniority.sort();
        BackendPart {
            has_udp: self.udp_ports > 0,
            is_udp: self.is_udp(),
            is_absent: false,
            unused,
            used: self.used,
            yields_to: {
                let yields_to = self.yields_to.into_iter();
                yields_to
                    .map(|(port, policy)| (port.to_owned(), policy.clone()))
                    .collect()
            },
            senders: Arc::new(Senders {
                gateways: Arc::new(self.gateways.into_iter().cloned().collect()),
                by_seniority,
                mesh: self.mesh,
            }),
        }
    }

    /// Why no Gateway and no mesh has traffic to this part that a policy of this kind is for.
    fn unused(&self, kind: PolicyKind, target: &ObjectRef, section: Option<&str>) -> String {
        let (backend, name) = (&target.kind, kind.as_str());
        let target = describe(target, section);
        if !self.used {
            return format!("no accepted route refers to {target}");
        }
        let of_other_kinds: Vec<&str> = self.of_other_kinds.iter().copied().collect();
        let of_other_kinds = of_other_kinds.join(", ");
        let yields_to = self.yields_to.iter();
        let yields_to: Vec<String> = yields_to
            .map(|(port, policy)| format!("port `{port}` has {policy}"))
            .collect();
        match (yields_to.as_slice(), of_other_kinds.as_str()) {
            ([], "") => format!("routes refer to no port that {target} has"),
            ([], kinds) => format!(
                "routes send {target} nothing but {kinds}, to which a {name} does not apply"
            ),
            (ports, kinds) => {
                let go = if ports.len() == 1 { "goes" } else { "go" };
                let else_ = match kinds {
                    "" => "routes send traffic to no other port".to_owned(),
                    kinds => format!(
                        "else routes send it nothing but {kinds}, to which a {name} does not apply"
                    ),
                };
                format!(
                    "{}, which {go} before one for the whole {backend}; {else_}",
                    ports.join(" and ")
                )
            }
        }
    }
}

fn is_udp(port: &PortState) -> bool {
    port.protocol == "UDP"
}

impl TrafficParts {
    fn of<'u>(
        kind: PolicyKind,
        target: &ObjectRef,
        state: Option<&BackendState>,
        uses: impl Iterator<Item = &'u Use>,
        world: ResultInputs<'_>,
    ) -> Self {
        let (mut whole, mut absent) = (Collected::default(), Collected::default());
        let mut by_name: BTreeMap<&str, Collected<'_>> = BTreeMap::new();
        let mut by_number: Map<u16, Vec<&PortState>> = Map::default();
        for port in state.iter().flat_map(|state| &state.ports) {
            whole.count(port);
            if let Some(name) = &port.name {
                by_name.entry(name).or_default().count(port);
            }
            by_number.entry(port.port).or_default().push(port);
        }
        for one in uses {
            #[cfg(test)]
            USES_LOOKED_AT.add(1);
            whole.used = true;
            absent.used = true;
            let Some(state) = state else {
                // Where there is no such target, whoever names it is concerned.
                whole.add(kind, one);
                absent.add(kind, one);
                continue;
            };
            let datagram = one.traffic == Traffic::Datagram;
            let of_number = one.port.and_then(|port| by_number.get(&port));
            let ports = of_number.into_iter().flatten();
            for port in ports.filter(|port| is_udp(port) == datagram) {
                absent.add(kind, one);
                let name = port.name.as_deref();
                let own = name.filter(|_| kind == PolicyKind::Tls);
                match own.and_then(|name| Some((name, state.policies.own_tls(name)?))) {
                    Some(own) => whole.add_to_own(kind, one, own),
                    None => whole.add(kind, one),
                }
                if let Some(part) = name.and_then(|name| by_name.get_mut(name)) {
                    part.add(kind, one);
                }
            }
        }
        let by_name = by_name.into_iter();
        Self {
            whole: whole.into_part((kind, target, None), world),
            absent: BackendPart {
                is_absent: true,
                ..absent.into_part((kind, target, None), world)
            },
            ports: by_name
                .map(|(name, collected)| {
                    let found = collected.into_part((kind, target, Some(name)), world);
                    (name.to_owned(), found)
                })
                .collect(),
        }
    }
}

/// A part of a backend, as a sentence names it.
pub(super) fn describe(backend: &ObjectRef, section: Option<&str>) -> String {
    match section {
        Some(section) => format!("port `{section}` of {backend}"),
        None => backend.to_string(),
    }
}

/// What traffic is that a policy of this kind is not for.
fn of_other_kind(kind: PolicyKind, one: &Use) -> &'static str {
    match (kind, &one.sender, one.traffic) {
        (_, _, Traffic::Datagram) => "UDP",
        (PolicyKind::Lb, ..) => "connections that are neither HTTP nor gRPC",
        (PolicyKind::Tls, Sender::Mesh, _) => "mesh traffic",
        (PolicyKind::Tls, Sender::Gateway(_), _) => "TLS that is passed through",
    }
}

#[cfg(test)]
crate::counter::counter!(
    /// How many uses of backends are looked at for policies.
    pub(crate) USES_LOOKED_AT
);
