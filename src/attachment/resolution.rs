//! What comes out of resolving a set of objects.

use super::{
    Attachment, Effective, RouteId,
    effective::{EffectiveGateway, IdleListener},
};
use crate::{
    meta::{NamespacedName, ObjectRef},
    v1::{GatewayClassStatus, GatewayStatus, RouteStatus},
    v1alpha2::PolicyStatus,
};
use serde::Serialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// The status of every object and the configuration in force.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Resolution {
    /// What every Gateway and Service does with traffic.
    pub effective: Effective,
    /// The status that each object ought to have, as far as it is ours to write: without the entries of
    /// other controllers, and without times. [`next`](super::next) makes of it what to write.
    pub statuses: BTreeMap<ObjectRef, Status>,
    /// For each route and parentRef, in the order of the spec, whether it is attached and why, listener by listener.
    pub attachments: BTreeMap<RouteId, Vec<Attachment>>,
    /// For each policy, what became of it at each of its targets, in the order of the spec. Its status names
    /// Gateways alone, and so says nothing of a policy for which no Gateway has traffic.
    pub policies: BTreeMap<ObjectRef, Vec<PolicyTarget>>,
    /// The policies that go before others for a target and whose status has no room for more ancestors, and the Gateways
    /// with traffic to that target for which there is none. No route of these can refer to the targets of the policy (PolicyStatus `ancestors`).
    pub without_room: BTreeMap<ObjectRef, BTreeSet<NamespacedName>>,
}

/// The status of an object of any kind.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Status {
    /// Of a GatewayClass.
    GatewayClass(GatewayClassStatus),
    /// Of a Gateway.
    Gateway(GatewayStatus),
    /// Of a route of any kind.
    Route(RouteStatus),
    /// Of a policy of any kind.
    Policy(PolicyStatus),
}

/// A policy at one of its targets, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PolicyTarget {
    /// The target.
    pub target: ObjectRef,
    /// The part of it that is meant: a port of a Service, by name.
    pub section: Option<String>,
    /// Whether the policy is valid, the target is there, and no other policy goes before this one.
    pub accepted: bool,
    /// The reason, as the condition `Accepted` has it.
    pub reason: &'static str,
    /// Why, in one sentence; for a policy that is accepted and applies to no traffic, why not.
    pub why: String,
    /// The Gateways with traffic to the target that is of the kind which the policy is for.
    /// Policies for the same part of a backend share them.
    pub gateways: Arc<BTreeSet<NamespacedName>>,
    /// Whether a mesh has such traffic. Its status has no place for that.
    pub mesh: bool,
    /// Whether accepted routes refer to the target at all, or to the part of it that is meant, be it with traffic that the policy is
    /// not for.
    pub has_traffic: bool,
    /// Where the whole of a backend is meant: its ports that have a policy of their own, which goes before this one, and such
    /// traffic; each by its name, with that policy.
    pub yields_to: BTreeMap<String, ObjectRef>,
}

impl PolicyTarget {
    /// Whether the policy is accepted, and no accepted route refers to its target.
    #[must_use]
    pub fn is_unused(&self) -> bool {
        self.accepted && !self.has_traffic
    }

    /// Whether the policy applies to some traffic.
    #[must_use]
    pub fn applies(&self) -> bool {
        self.accepted && (self.mesh || !self.gateways.is_empty())
    }
}

/// A listener of a Gateway.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ListenerId {
    /// The Gateway.
    pub gateway: NamespacedName,
    /// The name of the listener.
    pub name: String,
}

/// What a change has changed: by what has a status, by what is in force, and by the parts of the latter.
///
/// Backends are Services and ServiceImports: one whose endpoints have moved is among [`services`](Self::services) or
/// [`imports`](Self::imports), and no route is changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Changes {
    /// The objects whose wanted status is another than before, or that have gone.
    pub statuses: BTreeSet<ObjectRef>,
    /// The Gateways whose effective configuration is another than before, or that have gone.
    pub gateways: BTreeSet<NamespacedName>,
    /// Of these the listeners that are in force with another configuration than before, among it their routes, or that
    /// are in force no longer, or idle for another reason.
    pub listeners: BTreeSet<ListenerId>,
    /// The routes that do something else than before with requests, or that are attached elsewhere.
    pub routes: BTreeSet<RouteId>,
    /// The Services whose effective configuration is another than before, or that have gone.
    pub services: BTreeSet<NamespacedName>,
    /// As [`services`](Self::services), the ServiceImports.
    pub imports: BTreeSet<NamespacedName>,
}

impl Changes {
    /// The Services, or the ServiceImports.
    pub(super) fn services_mut(&mut self, imports: bool) -> &mut BTreeSet<NamespacedName> {
        if imports {
            &mut self.imports
        } else {
            &mut self.services
        }
    }

    /// Notes listeners of a Gateway.
    pub(super) fn add_listeners<'l>(
        &mut self,
        gateway: &NamespacedName,
        names: impl IntoIterator<Item = &'l str>,
    ) {
        self.listeners
            .extend(names.into_iter().map(|name| ListenerId {
                gateway: gateway.clone(),
                name: name.to_owned(),
            }));
    }

    /// Notes the listeners of a Gateway that are idle now and were not, were and are not, or are for another reason.
    pub(super) fn add_idle(
        &mut self,
        gateway: &NamespacedName,
        before: &[IdleListener],
        after: &[IdleListener],
    ) {
        for (list, other) in [(before, after), (after, before)] {
            let differ = list.iter().filter(|idle| !other.contains(idle));
            self.add_listeners(gateway, differ.map(|idle| idle.name.as_str()));
        }
    }

    /// Notes a Gateway that is not what it was, and those of its listeners that are not.
    pub(super) fn gateway(
        &mut self,
        name: &NamespacedName,
        before: Option<&EffectiveGateway>,
        after: Option<&EffectiveGateway>,
    ) {
        let listeners = |gateway: Option<&EffectiveGateway>| -> BTreeMap<String, _> {
            let all = gateway.into_iter().flat_map(|gateway| &gateway.listeners);
            all.map(|listener| (listener.name.clone(), listener.clone()))
                .collect()
        };
        let (before, after) = (listeners(before), listeners(after));
        let names = before.keys().chain(after.keys());
        let differ = names.filter(|name| before.get(*name) != after.get(*name));
        self.add_listeners(name, differ.map(String::as_str));
        self.gateways.insert(name.clone());
    }

    /// Adds what another change has changed: afterwards these are the changes of both, for whoever takes note of several at
    /// once.
    ///
    /// ```
    /// use gwapi::attachment::Changes;
    /// use gwapi::meta::NamespacedName;
    ///
    /// let mut changes = Changes::default();
    /// let mut others = Changes::default();
    /// others.services.insert(NamespacedName::new("shop", "cart"));
    /// changes.merge(others.clone());
    /// assert_eq!(changes, others);
    /// ```
    pub fn merge(&mut self, other: Self) {
        let Self {
            mut statuses,
            mut gateways,
            mut listeners,
            mut routes,
            mut services,
            mut imports,
        } = other;
        self.statuses.append(&mut statuses);
        self.gateways.append(&mut gateways);
        self.listeners.append(&mut listeners);
        self.routes.append(&mut routes);
        self.services.append(&mut services);
        self.imports.append(&mut imports);
    }

    /// Whether nothing has changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let Self {
            statuses, routes, ..
        } = self;
        statuses.is_empty() && routes.is_empty() && !self.concerns_traffic()
    }

    /// Whether [`effective`](Resolution::effective) is another than before, so that a data plane has to be told. A change of
    /// statuses alone is none of its business.
    #[must_use]
    pub fn concerns_traffic(&self) -> bool {
        let Self {
            statuses: _,
            // Those of them that concern traffic are parts of the others.
            listeners: _,
            routes: _,
            gateways,
            services,
            imports,
        } = self;
        !(gateways.is_empty() && services.is_empty() && imports.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Statuses are the API server's; all else is the data plane's.
    #[test]
    fn a_change_concerns_traffic_unless_it_is_one_of_statuses_alone() {
        let name = || BTreeSet::from([NamespacedName::new("shop", "a")]);
        let statuses = Changes {
            statuses: [ObjectRef::gateway_api(
                "Gateway",
                &NamespacedName::new("shop", "a"),
            )]
            .into(),
            ..Changes::default()
        };
        assert!(!statuses.concerns_traffic() && !statuses.is_empty());
        assert!(!Changes::default().concerns_traffic() && Changes::default().is_empty());
        let of_traffic = [
            Changes {
                gateways: name(),
                ..Changes::default()
            },
            Changes {
                services: name(),
                ..Changes::default()
            },
            Changes {
                imports: name(),
                ..Changes::default()
            },
        ];
        for changes in of_traffic {
            assert!(
                changes.concerns_traffic() && !changes.is_empty(),
                "{changes:?}"
            );
        }
    }
}
