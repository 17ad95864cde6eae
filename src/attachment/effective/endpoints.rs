//! The endpoints behind a port of a backend. Ports of one Service share their addresses: a Service with many ports and many
//! endpoints takes memory for their sum, not for their product.

use crate::meta::ObjectRef;
use std::{iter, sync::Arc, vec};

/// An address at which a backend answers, whatever the port.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BackendAddress {
    /// The address: an IP address, or a DNS name where the slice holds names.
    pub address: String,
    /// Whether it takes new requests.
    pub ready: bool,
    /// What stands behind it, mostly a Pod.
    pub target_ref: Option<ObjectRef>,
}

/// One endpoint of a backend: an address and a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Endpoint<'e> {
    /// The port, of the endpoint itself.
    pub port: u16,
    /// The address: an IP address, or a DNS name where the slice holds names.
    pub address: &'e str,
    /// Whether it takes new requests.
    pub ready: bool,
    /// What stands behind it, mostly a Pod.
    pub target_ref: Option<&'e ObjectRef>,
}

/// The endpoints of a port of a backend, ready or not, in order of port and address, each once.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EndpointList {
    /// In order of the port.
    parts: Vec<Part>,
    /// Whether two parts have the same port, so that an endpoint could be in both.
    mixed: bool,
}

/// Addresses at the same port.
#[derive(Clone, Debug, PartialEq)]
struct Part {
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
        let mut parts: Vec<Part> = parts
            .into_iter()
            .filter(|(_, addresses)| !addresses.is_empty())
            .map(|(port, addresses)| Part { port, addresses })
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
    parts: std::slice::Iter<'e, Part>,
    part: Option<(u16, std::slice::Iter<'e, BackendAddress>)>,
}

impl<'e> Iterator for All<'e> {
    type Item = Endpoint<'e>;

    fn next(&mut self) -> Option<Endpoint<'e>> {
        loop {
            if let Some((port, addresses)) = &mut self.part
                && let Some(found) = addresses.next()
            {
                return Some(Endpoint {
                    port: *port,
                    address: &found.address,
                    ready: found.ready,
                    target_ref: found.target_ref.as_ref(),
                });
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
        let address = |name: &&str| BackendAddress {
            address: (*name).to_owned(),
            ready: true,
            target_ref: None,
        };
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
    }
}
