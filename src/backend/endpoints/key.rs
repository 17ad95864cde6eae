//! What an endpoint is called.

use crate::{attachment::effective::Endpoint, backend::fingerprint};
use std::fmt;

/// The name of an endpoint: a short number made of its address, its port, and the object that stands behind it.
///
/// It is the same in every set, process and replica, so that a session can name an endpoint, and tells no client anything.
/// An address that another Pod got has another key: "If Kubernetes reuses an IP address of previously shutdown pod, the new
/// pod may receive session persistent traffic meant for the old pod" (GEP-1619, "Security and Privacy Implications").
///
/// ```
/// use gwapi::{attachment::effective::BackendAddress, backend::EndpointKey};
///
/// let address = BackendAddress::new("10.0.0.1", true);
/// assert_eq!(EndpointKey::of(&address.at(8080)), EndpointKey::of(&address.at(8080)));
/// assert_ne!(EndpointKey::of(&address.at(8080)), EndpointKey::of(&address.at(8081)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EndpointKey(u64);

impl EndpointKey {
    /// The key of an endpoint, whatever state it is in.
    #[must_use]
    pub fn of(endpoint: &Endpoint<'_>) -> Self {
        let port = endpoint.port.to_le_bytes();
        let of_address = [endpoint.address.as_bytes(), &port];
        let of_target = endpoint.target_ref.into_iter().flat_map(|target| {
            [&target.group, &target.kind, &target.namespace, &target.name].map(String::as_bytes)
        });
        Self(fingerprint::of(of_address.into_iter().chain(of_target)))
    }

    /// The number.
    pub(in crate::backend) const fn number(self) -> u64 {
        self.0
    }

    /// The key of this number.
    pub(in crate::backend) const fn from_number(number: u64) -> Self {
        Self(number)
    }
}

impl fmt::Display for EndpointKey {
    /// Sixteen hexadecimal digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}
