//! The addresses at which Gateways are reached: those that they ask for, and those that they are given.

use super::{GatewayState, addresses::Requested};
use crate::{
    attachment::{AddressPool, Snapshot, WonBy},
    meta::{NamespacedName, Seniority},
    v1::{AddressType, GatewayStatusAddress},
};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    net::IpAddr,
};

/// The addresses of one Gateway.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::attachment) struct Addresses {
    /// Where it is reached.
    pub(in crate::attachment) bound: Vec<GatewayStatusAddress>,
    /// What it asks for and another Gateway has: one text each.
    pub(in crate::attachment) taken: Vec<String>,
}

/// An address, whatever its spelling.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Address {
    Ip(IpAddr),
    Other(AddressType, String),
}

impl Address {
    fn of(address: &GatewayStatusAddress) -> Self {
        match address.value.parse() {
            Ok(ip) => Self::Ip(ip),
            Err(_) => Self::Other(address.address_type(), address.value.to_ascii_lowercase()),
        }
    }
}

/// The addresses of every Gateway. The oldest Gateway that asks for an address gets it; others that ask for the
/// same one do not, since no two Gateways are merged. Those that ask for none are given one of the pool, older
/// ones first, and keep one that their present status names.
pub(in crate::attachment) fn assign<'a>(
    gateways: impl Iterator<Item = &'a GatewayState>,
    snapshot: &Snapshot,
    pool: &AddressPool,
) -> BTreeMap<NamespacedName, Addresses> {
    let mut in_order: Vec<(Seniority, &GatewayState)> = gateways
        .map(|gateway| (Seniority::new(gateway.age, gateway.name.clone()), gateway))
        .collect();
    in_order.sort_by(|one, other| one.0.cmp(&other.0));
    let mut assigned: BTreeMap<NamespacedName, Addresses> = BTreeMap::new();
    let mut owners: HashMap<Address, &Seniority> = HashMap::new();
    let mut waiting: Vec<&GatewayState> = Vec::new();
    for (seniority, gateway) in &in_order {
        match &gateway.requested {
            Requested::None => waiting.push(gateway),
            // A Gateway that is not accepted binds nothing.
            Requested::Static { usable, .. } if gateway.accepted.holds() => {
                let own = assigned.entry(gateway.name.clone()).or_default();
                for address in usable {
                    let owner = *owners.entry(Address::of(address)).or_insert(seniority);
                    if owner == seniority {
                        own.bound.push(address.clone());
                        continue;
                    }
                    own.taken.push(format!(
                        "address `{}` belongs to Gateway {}: {}",
                        address.value,
                        owner.name,
                        WonBy::seniority(owner, seniority).between(&owner.name, &seniority.name)
                    ));
                }
            }
            Requested::Static { .. } | Requested::Unsupported(_) => {}
        }
    }
    let mut taken: BTreeSet<Address> = owners.into_keys().collect();
    let members = Members::of(pool);
    let mut give = |gateway: &GatewayState, address: GatewayStatusAddress| {
        let own = assigned.entry(gateway.name.clone()).or_default();
        own.bound.push(address);
    };
    waiting.retain(|gateway| {
        let present = snapshot
            .gateways()
            .get(&gateway.name)
            .and_then(|gateway| gateway.status.as_ref());
        let kept = present
            .iter()
            .flat_map(|status| &status.addresses)
            .find(|address| members.contain(address) && !taken.contains(&Address::of(address)));
        let Some(address) = kept.cloned() else {
            return true;
        };
        taken.insert(Address::of(&address));
        give(gateway, address);
        false
    });
    let mut free = (0..)
        .map_while(|index| pool.get(index))
        .filter(|address| !taken.contains(&Address::of(address)));
    for gateway in waiting {
        let Some(address) = free.next() else { break };
        give(gateway, address);
    }
    assigned
}

/// Which addresses belong to a pool.
enum Members {
    Generated,
    Listed(BTreeSet<(AddressType, String)>),
}

impl Members {
    fn of(pool: &AddressPool) -> Self {
        match pool {
            AddressPool::Generated => Self::Generated,
            AddressPool::Listed(addresses) => Self::Listed(
                addresses
                    .iter()
                    .map(|address| (address.address_type(), address.value.clone()))
                    .collect(),
            ),
        }
    }

    fn contain(&self, address: &GatewayStatusAddress) -> bool {
        match self {
            // Whoever wrote the status knew the real one.
            Self::Generated => match address.address_type() {
                AddressType::IpAddress => address.value.parse::<IpAddr>().is_ok(),
                AddressType::Hostname => !address.value.is_empty(),
                _ => false,
            },
            Self::Listed(listed) => {
                listed.contains(&(address.address_type(), address.value.clone()))
            }
        }
    }
}
