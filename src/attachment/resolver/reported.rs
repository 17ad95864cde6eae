//! What a data plane says of what it was given.

use super::state::Resolver;
use crate::{
    attachment::{
        Changes, DataPlaneReport, Effective,
        effective::{EffectiveGateway, EffectiveListener},
    },
    meta::{
        NamespacedName, Transport,
        condition::{gateway, listener},
    },
    v1::GatewayStatusAddress,
};
use std::collections::BTreeSet;

impl Resolver {
    /// Notes what the data plane says of a Gateway, on which its condition `Programmed` and those of its listeners depend. `told` is
    /// the Gateway as the data plane was given it, from [`Effective::gateways`]. Takes effect with the next
    /// [`update`](Self::update).
    ///
    /// A report counts until the next one, or until the data plane is asked for something else than it was told: another port, hostname
    /// or certificate, say, another address of the pool, or a listener whose Secret has come. Then the Gateway is pending again, and a
    /// late report on what it was is passed over, as is one on an earlier Gateway of its name. Routes and endpoints do not matter to
    /// it, nor do addresses that come from outside, nor an edit of the Gateway that asks the data plane for nothing new.
    pub fn set_programmed(&mut self, told: &EffectiveGateway, report: DataPlaneReport) {
        if self.is_asked_for(told) && self.reports.set(&told.name, report) {
            self.dirty.reported.insert(told.name.clone());
        }
    }

    /// Notes what the data plane says of a listener, as [`set_programmed`](Self::set_programmed) does of a Gateway: where it cannot
    /// bind the port of one listener, say, and serves the others. A listener is `Programmed` if its Gateway is and nothing else
    /// is reported of the listener itself.
    pub fn set_listener_programmed(
        &mut self,
        told: &EffectiveGateway,
        listener: &str,
        report: DataPlaneReport,
    ) {
        if self.is_asked_for(told) && self.reports.set_listener(&told.name, listener, report) {
            self.dirty.reported.insert(told.name.clone());
        }
    }

    /// Notes what has become of all ports in a data plane that listens at them itself: [`set_programmed`](Self::set_programmed),
    /// [`set_listener_programmed`](Self::set_listener_programmed) and [`set_addresses`](Self::set_addresses) for each Gateway.
    /// `told` is what the data plane was given, `refused` says why it does not listen at a port of a Gateway. A Gateway is programmed
    /// and has the `addresses` if it listens at some port of it; a listener, if it does at its own.
    ///
    /// To be called once the data plane has taken over what it was told, and when it has tried a port again. Further calls change
    /// nothing; a Gateway that is no longer the one that was told keeps what it has.
    ///
    /// ```
    /// use gwapi::attachment::{Options, Resolver};
    ///
    /// let mut resolver = Resolver::new(Options::new("example.com/controller"));
    /// resolver.update();
    /// let told = resolver.resolution().effective.clone();
    /// // Here the data plane takes it over.
    /// resolver.set_ports(&told, &[], |gateway, _, port| {
    ///     (port < 1024).then(|| format!("Gateway {gateway}: port {port} is for root"))
    /// });
    /// resolver.update();
    /// ```
    pub fn set_ports(
        &mut self,
        told: &Effective,
        addresses: &[GatewayStatusAddress],
        refused: impl Fn(&NamespacedName, Transport, u16) -> Option<String>,
    ) {
        let idle = self.gateways.keys();
        let in_force = &self.resolution.effective.gateways;
        let idle = idle.filter(|name| {
            // One that is newer than what the data plane was told keeps what it has.
            !told.gateways.contains_key(name) && !in_force.contains_key(name)
        });
        for name in idle.cloned().collect::<Vec<_>>() {
            self.set_addresses(&name, []);
        }
        for (name, gateway) in &told.gateways {
            if !self.is_asked_for(gateway) {
                continue;
            }
            let mut is_new = false;
            let why = |listener: &EffectiveListener| {
                refused(name, listener.protocol.transport(), listener.port)
            };
            let mut all = BTreeSet::new();
            let mut listens = gateway.listeners.is_empty();
            for listener in &gateway.listeners {
                let why = why(listener);
                listens |= why.is_none();
                all.extend(why.clone());
                let report = report(why, listener::reason::PENDING);
                is_new |= self.reports.set_listener(name, &listener.name, report);
            }
            let all: Vec<String> = all.into_iter().collect();
            let why = (!listens).then(|| all.join("; "));
            is_new |= self
                .reports
                .set(name, report(why, gateway::reason::NO_RESOURCES));
            if is_new {
                self.dirty.reported.insert(name.clone());
            }
            let addresses = if listens { addresses } else { &[] };
            self.set_addresses(name, addresses.iter().cloned());
        }
    }

    /// Whether the data plane is asked for a Gateway as it was told of it.
    fn is_asked_for(&self, told: &EffectiveGateway) -> bool {
        let gateways = &self.resolution.effective.gateways;
        let present = gateways.get(&told.name);
        !self.dirty.anew.contains(&told.name)
            && present.is_some_and(|present| told.is_same_but_for_routes(present))
    }

    /// Adds the Gateways that have come in the place of others to what has changed: whatever they ask for, what was reported of
    /// the others says nothing of them.
    pub(super) fn tell_of_new(&self, anew: BTreeSet<NamespacedName>, changes: &mut Changes) {
        let gateways = &self.resolution.effective.gateways;
        let there = anew.into_iter().filter(|name| gateways.contains_key(name));
        changes.gateways.extend(there);
    }
}

fn report(why: Option<String>, reason: &'static str) -> DataPlaneReport {
    match why {
        None => DataPlaneReport::Programmed,
        Some(why) => DataPlaneReport::Failed { reason, why },
    }
}
