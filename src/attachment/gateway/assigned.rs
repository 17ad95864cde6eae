//! The addresses that are given to Gateways which ask for none.

use super::{GatewayState, addresses::Requested};
use crate::{
    attachment::{AddressPool, Snapshot},
    meta::{NamespacedName, Seniority},
    v1::{AddressType, GatewayStatusAddress},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

/// Gives every Gateway that asks for no address one of its own, older Gateways first. One that its
/// present status names is kept.
pub(in crate::attachment) fn assign<'a>(
    gateways: impl Iterator<Item = &'a GatewayState>,
    snapshot: &Snapshot,
    pool: &AddressPool,
) -> BTreeMap<NamespacedName, GatewayStatusAddress> {
    let mut waiting: Vec<&GatewayState> = Vec::new();
    let mut taken: BTreeSet<String> = BTreeSet::new();
    for gateway in gateways {
        match &gateway.requested {
            Requested::None => waiting.push(gateway),
            Requested::Static { usable, .. } => {
                taken.extend(usable.iter().map(|address| address.value.clone()));
            }
            Requested::Unsupported(_) => {}
        }
    }
    waiting.sort_by_cached_key(|gateway| Seniority::new(gateway.age, gateway.name.clone()));
    let members = Members::of(pool);
    let mut assigned = BTreeMap::new();
    waiting.retain(|gateway| {
        let present = snapshot
            .gateways()
            .get(&gateway.name)
            .and_then(|gateway| gateway.status.as_ref());
        let kept = present
            .iter()
            .flat_map(|status| &status.addresses)
            .find(|address| members.contain(address) && !taken.contains(&address.value));
        let Some(address) = kept.cloned() else {
            return true;
        };
        taken.insert(address.value.clone());
        assigned.insert(gateway.name.clone(), address);
        false
    });
    let mut free = (0..)
        .map_while(|index| pool.get(index))
        .filter(|address| !taken.contains(&address.value));
    for gateway in waiting {
        let Some(address) = free.next() else { break };
        assigned.insert(gateway.name.clone(), address);
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
