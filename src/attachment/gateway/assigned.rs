//! Which Gateway gets which address: one that it asks for, or one of the pool.

use super::{
    GatewayState,
    addresses::{Addresses, Requested},
};
use crate::{
    attachment::{AddressPool, Snapshot, WonBy},
    meta::{NamespacedName, Seniority},
    v1::{AddressType, GatewayStatusAddress},
};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    net::IpAddr,
};

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
/// same one do not, since no two Gateways are merged. Those that ask for none, or for one of a type without
/// a value, are given one of the pool, older ones first, and keep one that their present status names.
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
    // What each is still to be given: an address of this type, or any.
    let mut waiting: Vec<(&GatewayState, Option<&AddressType>)> = Vec::new();
    for (seniority, gateway) in &in_order {
        match &gateway.requested {
            Requested::None => waiting.push((*gateway, None)),
            // A Gateway that is not accepted binds nothing.
            Requested::Static { usable, any, .. } if gateway.accepted.holds() => {
                waiting.extend(any.iter().map(|kind| (*gateway, Some(kind))));
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
    let members = PoolMembers::of(pool);
    let mut give = |gateway: &GatewayState, address: GatewayStatusAddress| {
        let own = assigned.entry(gateway.name.clone()).or_default();
        own.bound.push(address);
    };
    waiting.retain(|(gateway, kind)| {
        let present = snapshot
            .gateways()
            .get(&gateway.name)
            .and_then(|gateway| gateway.status.as_ref());
        let kept = present
            .iter()
            .flat_map(|status| &status.addresses)
            .find(|address| {
                fits(address, *kind)
                    && members.contain(address)
                    && !taken.contains(&Address::of(address))
            });
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
    // Addresses of a type that nobody wanted yet.
    let mut passed: Vec<GatewayStatusAddress> = Vec::new();
    for (gateway, kind) in waiting {
        let address = match passed.iter().position(|address| fits(address, kind)) {
            Some(index) => Some(passed.remove(index)),
            None => loop {
                match free.next() {
                    Some(address) if fits(&address, kind) => break Some(address),
                    Some(address) if passed.len() < MOST_PASSED => passed.push(address),
                    _ => break None,
                }
            },
        };
        let own = assigned.entry(gateway.name.clone()).or_default();
        match (address, kind) {
            (Some(address), _) => own.bound.push(address),
            (None, Some(kind)) => own.unassigned.push(kind.clone()),
            (None, None) => {}
        }
    }
    assigned
}

/// How many addresses of the pool are kept for others while one of another type is looked for.
const MOST_PASSED: usize = 1_024;

/// Whether an address is of the type that is asked for, if one is.
fn fits(address: &GatewayStatusAddress, kind: Option<&AddressType>) -> bool {
    kind.is_none_or(|kind| address.address_type() == *kind)
}

/// Which addresses belong to a pool.
enum PoolMembers {
    Generated,
    Listed(BTreeSet<(AddressType, String)>),
}

impl PoolMembers {
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
