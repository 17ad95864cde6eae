//! The endpoints behind a port of a backend. Ports of one Service share their addresses: a Service with many ports and many
//! endpoints takes memory for their sum, not for their product.

use crate::meta::ObjectRef;
use std::{iter, sync::Arc, vec};

/// An address at which a backend answers, whatever the port.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub struct BackendAddress {
    /// The address: an IP address, or a DNS name where the slice holds names.
    pub address: String,
    /// Whether it takes new requests (EndpointSlice `endpoints[].conditions.ready`).
    pub ready: bool,
    /// Whether it still answers requests, even if it takes no new ones (`conditions.serving`). As `ready` unless the slice
    /// says otherwise.
    pub serving: bool,
    /// Whether it is about to go (`conditions.terminating`).
    pub terminating: bool,
    /// What stands behind it, mostly a Pod.
    pub target_ref: Option<ObjectRef>,
}

/// One endpoint of a backend: an address and a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Endpoint<'e> {
    /// The port, of the endpoint itself.
    pub port: u16,
    /// The address: an IP address, or a DNS name where the slice holds names.
    pub address: &'e str,
    /// Whether it takes new requests (EndpointSlice `endpoints[].conditions.ready`).
    pub ready: bool,
    /// Whether it still answers requests, even if it takes no new ones (`conditions.serving`).
    pub serving: bool,
    /// Whether it is about to go (`conditions.terminating`).
    pub terminating: bool,
    /// What stands behind it, mostly a Pod.
    pub target_ref: Option<&'e ObjectRef>,
}

impl BackendAddress {
    /// An address that is ready, and serves, or neither.
    #[must_use]
    pub fn new(address: impl Into<String>, ready: bool) -> Self {
        Self {
            address: address.into(),
            ready,
            serving: ready,
            terminating: false,
            target_ref: None,
        }
    }

    /// This address at a port.
    #[must_use]
    pub fn at(&self, port: u16) -> Endpoint<'_> {
        Endpoint {
            port,
            address: &self.address,
            ready: self.ready,
            serving: self.serving,
            terminating: self.terminating,
            target_ref: self.target_ref.as_ref(),
        }
    }
}

/// Where an endpoint stands in an [`EndpointList`]: found again there without a search. It means nothing in another list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EndpointPlace {
    part: u32,
    address: u32,
}

/// The endpoints of a port of a backend, ready or not, in order of port and address, each once.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EndpointList {
    /// In order of the port.
    parts: Vec<PortAddresses>,
    /// Whether two parts have the same port, so that an endpoint could be in both.
    mixed: bool,
}

/// Addresses at the same port.
#[derive(Clone, Debug, PartialEq)]
struct PortAddresses {
    port: u16,
    /// In order, each once.
    addresses: Arc<[BackendAddress]>,
}

impl EndpointList {
    /// These addresses, all at this port.
    #[must_use]
    pub fn at_port(port: u16, addresses: Vec<BackendAddress>) -> Self {
        Self::of_parts(vec![(port, shared(addresses))])
    }

    /// These lists of addresses, each at its port. The lists are as [`shared`] makes them.
    pub(in crate::attachment) fn of_parts(parts: Vec<(u16, Arc<[BackendAddress]>)>) -> Self {
        let mut parts: Vec<PortAddresses> = parts
            .into_iter()
            .filter(|(_, addresses)| !addresses.is_empty())
            .map(|(port, addresses)| PortAddresses { port, addresses })
            .collect();
        parts.sort_by_key(|part| part.port);
        let mixed = parts
            .windows(2)
            .any(|pair| matches!(pair, [a, b] if a.port == b.port));
        Self { parts, mixed }
    }

    /// The endpoints. Does not allocate, unless the same port is in several slices that other ports of the Service do not
    /// share.
    #[must_use]
    pub fn iter(&self) -> EndpointIter<'_> {
        let all = All {
            parts: self.parts.iter(),
            part: None,
        };
        if !self.mixed {
            return EndpointIter(Inner::InOrder(all));
        }
        let mut sorted: Vec<_> = all.collect();
        sorted.sort_unstable();
        sorted.dedup();
        EndpointIter(Inner::Sorted(sorted.into_iter()))
    }

    /// The endpoints with their places, in the order of [`iter`](Self::iter), each once.
    #[must_use]
    pub fn places(&self) -> Vec<(EndpointPlace, Endpoint<'_>)> {
        let number = |n: usize| u32::try_from(n).ok();
        let mut places: Vec<_> = self
            .parts
            .iter()
            .enumerate()
            .flat_map(|(part, of_port)| {
                let addresses = of_port.addresses.iter().enumerate();
                addresses.filter_map(move |(address, found)| {
                    let place = EndpointPlace {
                        part: number(part)?,
                        address: number(address)?,
                    };
                    Some((place, found.at(of_port.port)))
                })
            })
            .collect();
        if self.mixed {
            places.sort_unstable_by_key(|(_, endpoint)| *endpoint);
            places.dedup_by_key(|(_, endpoint)| *endpoint);
        }
        places
    }

    /// The endpoint at a place of this list.
    #[must_use]
    pub fn at(&self, place: EndpointPlace) -> Option<Endpoint<'_>> {
        let part = self.parts.get(usize::try_from(place.part).ok()?)?;
        let address = usize::try_from(place.address).ok()?;
        Some(part.addresses.get(address)?.at(part.port))
    }

    /// What there is in place of an endpoint that takes requests, as a part of a sentence, where no endpoint is ready.
    #[must_use]
    pub fn lack(&self) -> &'static str {
        if self.is_empty() {
            "no endpoint"
        } else {
            "no endpoint that is ready"
        }
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }
}

impl<'e> IntoIterator for &'e EndpointList {
    type Item = Endpoint<'e>;
    type IntoIter = EndpointIter<'e>;

    fn into_iter(self) -> EndpointIter<'e> {
        self.iter()
    }
}

/// A list of addresses that can be shared: in order, each once.
pub(in crate::attachment) fn shared(mut addresses: Vec<BackendAddress>) -> Arc<[BackendAddress]> {
    addresses.sort_unstable();
    addresses.dedup();
    addresses.into()
}

/// Goes through [`EndpointList`].
#[derive(Clone, Debug)]
pub struct EndpointIter<'e>(Inner<'e>);

#[derive(Clone, Debug)]
enum Inner<'e> {
    InOrder(All<'e>),
    Sorted(vec::IntoIter<Endpoint<'e>>),
}

impl<'e> Iterator for EndpointIter<'e> {
    type Item = Endpoint<'e>;

    fn next(&mut self) -> Option<Endpoint<'e>> {
        match &mut self.0 {
            Inner::InOrder(all) => all.next(),
            Inner::Sorted(sorted) => sorted.next(),
        }
    }
}

impl iter::FusedIterator for EndpointIter<'_> {}

/// Part after part.
#[derive(Clone, Debug)]
struct All<'e> {
    parts: std::slice::Iter<'e, PortAddresses>,
    part: Option<(u16, std::slice::Iter<'e, BackendAddress>)>,
}

impl<'e> Iterator for All<'e> {
    type Item = Endpoint<'e>;

    fn next(&mut self) -> Option<Endpoint<'e>> {
        loop {
            if let Some((port, addresses)) = &mut self.part
                && let Some(found) = addresses.next()
            {
                return Some(found.at(*port));
            }
            let part = self.parts.next()?;
            self.part = Some((part.port, part.addresses.iter()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(names: &[&str]) -> Vec<BackendAddress> {
        let address = |name: &&str| BackendAddress::new(*name, true);
        names.iter().map(address).collect()
    }

    fn named(endpoints: &EndpointList) -> Vec<(u16, &str)> {
        endpoints.iter().map(|e| (e.port, e.address)).collect()
    }

    #[test]
    fn endpoints_come_in_order_each_once() {
        let one = EndpointList::at_port(80, addresses(&["b", "a", "b"]));
        assert_eq!(named(&one), [(80, "a"), (80, "b")]);
        let two = EndpointList::of_parts(vec![
            (81, shared(addresses(&["b"]))),
            (80, shared(addresses(&["c"]))),
        ]);
        assert_eq!(named(&two), [(80, "c"), (81, "b")]);
        let mixed = EndpointList::of_parts(vec![
            (80, shared(addresses(&["b", "c"]))),
            (80, shared(addresses(&["a", "b"]))),
        ]);
        assert_eq!(named(&mixed), [(80, "a"), (80, "b"), (80, "c")]);
        assert!(EndpointList::at_port(80, Vec::new()).is_empty());
        for list in [one, two, mixed] {
            let (places, endpoints): (Vec<_>, Vec<_>) = list.places().into_iter().unzip();
            assert_eq!(endpoints, list.iter().collect::<Vec<_>>());
            let found: Vec<_> = places.into_iter().filter_map(|p| list.at(p)).collect();
            assert_eq!(found, endpoints);
        }
    }
}
