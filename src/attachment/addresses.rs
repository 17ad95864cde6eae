//! Addresses of Gateways: those that are asked for, and those that are given.

use super::{Options, Snapshot, gateway::GatewayState, options::AddressPool};
use crate::{
    meta::{NamespacedName, Seniority, SupportedFeature},
    v1::{AddressType, GatewayAddress, GatewayStatusAddress},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, Ipv4Addr},
};

/// What a Gateway asks for in `spec.addresses`.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Requested {
    /// Nothing: it gets an address.
    None,
    /// These addresses.
    Static {
        usable: Vec<GatewayStatusAddress>,
        /// One text for each address that cannot be had.
        unusable: Vec<String>,
    },
    /// An address of a kind that is not supported.
    Unsupported(String),
}

/// Looks at the addresses that a Gateway asks for.
pub(super) fn examine(addresses: &[GatewayAddress], options: &Options) -> Requested {
    if addresses.is_empty() {
        return Requested::None;
    }
    if !options.supports(&SupportedFeature::GatewayStaticAddresses) {
        return Requested::Unsupported("static addresses are not supported".to_owned());
    }
    let (mut usable, mut unusable) = (Vec::new(), Vec::new());
    for address in addresses {
        let kind = address.address_type();
        let value = &address.value;
        if !matches!(kind, AddressType::IpAddress | AddressType::Hostname) {
            return Requested::Unsupported(format!(
                "address `{value}` is of type `{kind}`: expected IPAddress or Hostname"
            ));
        }
        if kind == AddressType::IpAddress && value.parse::<IpAddr>().is_err() {
            unusable.push(format!("address `{value}` is not an IP address"));
        } else if options
            .unusable_addresses
            .contains(&(kind.clone(), value.clone()))
        {
            unusable.push(format!("address `{value}` cannot be bound"));
        } else {
            usable.push(GatewayStatusAddress {
                r#type: Some(kind),
                value: value.clone(),
            });
        }
    }
    Requested::Static { usable, unusable }
}

/// Gives every Gateway that asks for no address one of its own, older Gateways first. One that its
/// present status names is kept.
pub(super) fn assign<'a>(
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
            Self::Generated => {
                address.address_type() == AddressType::IpAddress
                    && address.value.parse::<Ipv4Addr>().is_ok_and(|ip| {
                        matches!(ip.octets(), [198, 18 | 19, _, _])
                            && ip != Ipv4Addr::new(198, 18, 0, 0)
                    })
            }
            Self::Listed(listed) => {
                listed.contains(&(address.address_type(), address.value.clone()))
            }
        }
    }
}
