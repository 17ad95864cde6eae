//! Which Gateway gets which address: one that it asks for, or one of the pool.

use super::{
    GatewayState,
    addresses::{Addresses, Requested},
};
use crate::{
    attachment::{AddressPool, Snapshot, WonBy, condition_body::join},
    meta::{NamespacedName, Seniority},
    v1::{AddressType, GatewayStatusAddress},
};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    net::IpAddr,
    vec,
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

/// The addresses that come from outside, by Gateway.
pub(in crate::attachment) type GivenAddresses = BTreeMap<NamespacedName, Vec<GatewayStatusAddress>>;

/// What a Gateway was given last, by its name: the `uid` that it had, and its addresses.
pub(in crate::attachment) type LastAddresses =
    BTreeMap<NamespacedName, (String, Vec<GatewayStatusAddress>)>;

/// Where the addresses that a Gateway has had are looked up.
type Memory<'m, 'a> = &'m dyn Fn(&GatewayState) -> Option<&'a [GatewayStatusAddress]>;

/// Remembers what Gateways have been given of a pool. One without a `uid` cannot be told from another one of its name.
pub(in crate::attachment) fn remember<'a>(
    gateways: impl Iterator<Item = &'a GatewayState>,
    last: &mut LastAddresses,
) {
    for gateway in gateways {
        let Addresses {
            bound, reported, ..
        } = &gateway.addresses;
        let Some(uid) = gateway
            .uid
            .as_ref()
            .filter(|_| !reported && !bound.is_empty())
        else {
            continue;
        };
        let known = last.get(&gateway.name);
        if !known.is_some_and(|known| known.0 == *uid && known.1 == *bound) {
            last.insert(gateway.name.clone(), (uid.clone(), bound.clone()));
        }
    }
}

/// The addresses of every Gateway. The oldest Gateway that asks for an address gets it; others that ask for the
/// same one do not, since no two Gateways are merged. Those that ask for none, or for one of a type without
/// a value, are given one of the pool, older ones first, and keep one that their present status names, or else that they were given
/// `last`. `given` are the addresses that come from outside; a Gateway that has such addresses has no others, and without a pool these
/// are all that there are.
pub(in crate::attachment) fn assign<'a>(
    gateways: impl Iterator<Item = &'a GatewayState>,
    snapshot: &'a Snapshot,
    pool: &AddressPool,
    given: &GivenAddresses,
    last: &'a LastAddresses,
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
        let from_outside = match (given.get(&gateway.name), pool) {
            (Some(given), _) => Some(given.as_slice()),
            (None, AddressPool::External) => Some([].as_slice()),
            (None, _) => None,
        };
        if let Some(addresses) = from_outside {
            let own = assigned.entry(gateway.name.clone()).or_default();
            own.bound.extend_from_slice(addresses);
            own.reported = true;
            own.awaited = awaited(&gateway.requested, addresses);
            for address in addresses {
                owners.entry(Address::of(address)).or_insert(seniority);
            }
        }
        match &gateway.requested {
            Requested::None if from_outside.is_some() => {}
            Requested::None => waiting.push((*gateway, None)),
            // A Gateway that is not accepted binds nothing.
            Requested::Static { usable, any, .. } if gateway.accepted.holds() => {
                if from_outside.is_none() {
                    waiting.extend(any.iter().map(|kind| (*gateway, Some(kind))));
                }
                let own = assigned.entry(gateway.name.clone()).or_default();
                for address in usable {
                    let owner = *owners.entry(Address::of(address)).or_insert(seniority);
                    if owner == seniority {
                        if from_outside.is_none() {
                            own.bound.push(address.clone());
                        }
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
    let in_status = |gateway: &GatewayState| {
        let gateway = snapshot.gateways().get(&gateway.name);
        let status = gateway.and_then(|gateway| gateway.status.as_ref());
        status.map(|status| status.addresses.as_slice())
    };
    let given_last = |gateway: &GatewayState| {
        let (uid, addresses) = last.get(&gateway.name)?;
        (gateway.uid.as_ref() == Some(uid)).then_some(addresses.as_slice())
    };
    let memories: [Memory<'_, 'a>; 2] = [&in_status, &given_last];
    for remembered in memories {
        waiting.retain(|(gateway, kind)| {
            let remembered = remembered(gateway).unwrap_or_default();
            let kept = remembered.iter().find(|address| {
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
    }
    let mut free = FreeAddresses::of(pool, taken);
    for (gateway, kind) in waiting {
        let address = free.next(kind);
        let own = assigned.entry(gateway.name.clone()).or_default();
        match (address, kind) {
            (Some(address), _) => own.bound.push(address),
            (None, Some(kind)) => own.unassigned.push(kind.clone()),
            (None, None) => {}
        }
    }
    assigned
}

/// The addresses of a pool that no Gateway has. Each is looked at twice at most: among all, and among those of its type.
struct FreeAddresses<'p> {
    pool: &'p AddressPool,
    taken: BTreeSet<Address>,
    next: usize,
    of_type: BTreeMap<AddressType, vec::IntoIter<usize>>,
}

impl<'p> FreeAddresses<'p> {
    fn of(pool: &'p AddressPool, taken: BTreeSet<Address>) -> Self {
        let mut of_type: BTreeMap<AddressType, Vec<usize>> = BTreeMap::new();
        if let AddressPool::Listed(addresses) = pool {
            for (index, address) in addresses.iter().enumerate() {
                of_type
                    .entry(address.address_type())
                    .or_default()
                    .push(index);
            }
        }
        let of_type = of_type.into_iter();
        Self {
            pool,
            taken,
            next: 0,
            of_type: of_type
                .map(|(kind, places)| (kind, places.into_iter()))
                .collect(),
        }
    }

    /// The next one, of a type if one is asked for. It is taken then.
    fn next(&mut self, kind: Option<&AddressType>) -> Option<GatewayStatusAddress> {
        loop {
            let place = match (kind, self.pool) {
                (Some(kind), AddressPool::Listed(_)) => self.of_type.get_mut(kind)?.next()?,
                (Some(kind), AddressPool::Generated) if *kind != AddressType::IpAddress => {
                    return None;
                }
                _ => {
                    self.next += 1;
                    self.next - 1
                }
            };
            let address = self.pool.get(place)?;
            if self.taken.insert(Address::of(&address)) {
                return Some(address);
            }
        }
    }
}

/// What a Gateway with these addresses still has to be given, if anything.
fn awaited(requested: &Requested, has: &[GatewayStatusAddress]) -> Option<String> {
    let Requested::Static { usable, any, .. } = requested else {
        return has
            .is_empty()
            .then(|| "no address has been assigned yet".to_owned());
    };
    let mut left: Vec<&GatewayStatusAddress> = has.iter().collect();
    let mut missing = Vec::new();
    for address in usable {
        let wanted = Address::of(address);
        match left.iter().position(|has| Address::of(has) == wanted) {
            Some(at) => _ = left.swap_remove(at),
            None => missing.push(format!("address `{}`", address.value)),
        }
    }
    for kind in any {
        match left.iter().position(|has| fits(has, Some(kind))) {
            Some(at) => _ = left.swap_remove(at),
            None => missing.push(format!("an address of type `{kind}`")),
        }
    }
    let missing = join(&missing);
    (!missing.is_empty()).then(|| format!("not assigned yet: {missing}"))
}

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
            AddressPool::External => Self::Listed(BTreeSet::new()),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn address(kind: &str, value: String) -> GatewayStatusAddress {
        GatewayStatusAddress {
            r#type: Some(AddressType::from(kind.to_owned())),
            value,
            ..Default::default()
        }
    }

    /// However many addresses of another type stand before it, one of the type that is asked for is found, and none of the
    /// others is lost.
    #[test]
    fn an_address_of_a_type_is_found_behind_any_number_of_others() {
        let mut listed: Vec<_> = (0..5_000)
            .map(|n| address("IPAddress", format!("10.0.{}.{}", n / 250, n % 250)))
            .collect();
        listed.push(address("Hostname", "a.example".to_owned()));
        listed.push(address("Hostname", "a.example".to_owned()));
        let pool = AddressPool::Listed(listed.clone());
        let mut free = FreeAddresses::of(&pool, BTreeSet::from([Address::of(&listed[1])]));
        let hostname = AddressType::Hostname;
        assert_eq!(free.next(Some(&hostname)), Some(listed[5_000].clone()));
        assert_eq!(free.next(Some(&hostname)), None);
        assert_eq!(free.next(None), Some(listed[0].clone()));
        assert_eq!(
            free.next(Some(&AddressType::IpAddress)),
            Some(listed[2].clone())
        );
        let rest = std::iter::from_fn(|| free.next(None));
        assert_eq!(rest.collect::<Vec<_>>(), listed[3..5_000]);

        let mut free = FreeAddresses::of(&AddressPool::Generated, BTreeSet::new());
        assert_eq!(free.next(Some(&hostname)), None);
        let first = free.next(Some(&AddressType::IpAddress)).unwrap();
        assert_eq!(first.value, "198.18.0.1");
        assert_eq!(free.next(None).unwrap().value, "198.18.0.2");
    }
}
