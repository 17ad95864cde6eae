//! Gateways and listeners that are in force.

use super::{AttachedRoute, ConnectionRouteRules, GrpcRouteRules, HttpRouteRules, RouteList};
use crate::{
    certificate::{CaBundles, KeyPair},
    meta::{Hostname, NamespacedName, ObjectRef, Transport, authority},
    v1::{FrontendValidationModeType, GatewayStatusAddress, ProtocolType, TlsModeType},
};
use std::{collections::BTreeMap, sync::Arc};

/// A Gateway that is accepted, with those of its listeners that are valid.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct EffectiveGateway {
    /// The Gateway.
    pub name: NamespacedName,
    /// The `metadata.uid` that the Gateway has, by which it is told from an earlier one of its name.
    pub uid: Option<String>,
    /// The GatewayClass.
    pub class: String,
    /// The addresses at which it is reached.
    pub addresses: Vec<GatewayStatusAddress>,
    /// Whether others say where it is reached ([`AddressPool::External`](crate::attachment::AddressPool::External),
    /// [`Resolver::set_addresses`](crate::attachment::Resolver::set_addresses)). Otherwise the addresses are those at which a data
    /// plane is asked to listen.
    pub addresses_reported: bool,
    /// The listeners in force, in the order of the spec.
    pub listeners: Vec<Arc<EffectiveListener>>,
    /// What the Gateway shows to a backend as its client, where a BackendTLSPolicy makes the connection TLS (Gateway
    /// `spec.tls.backend`, GEP-3155). Nothing if it has no such certificate, or if that cannot be used.
    pub client_certificate: Option<Arc<Certificate>>,
}

impl EffectiveGateway {
    /// The listeners of a port. TCP and UDP share none.
    pub fn listeners_at(
        &self,
        transport: Transport,
        port: u16,
    ) -> impl Iterator<Item = &Arc<EffectiveListener>> {
        let here = move |listener: &&Arc<EffectiveListener>| {
            listener.port == port && listener.protocol.transport() == transport
        };
        self.listeners.iter().filter(here)
    }

    /// Whether a data plane that does what it is asked for by this configuration of the Gateway does what the `next` one asks
    /// for, routes aside: it is the same Gateway, with the same ports, protocols, hostnames, and certificates, and with the same
    /// addresses to listen at. What a data plane [reports](crate::attachment::Resolver::set_programmed) of this one is true of the
    /// next one then.
    #[must_use]
    pub fn is_same_but_for_routes(&self, next: &Self) -> bool {
        let Self {
            name,
            uid,
            class,
            addresses: _,
            addresses_reported: _,
            listeners,
            client_certificate,
        } = self;
        let mut pairs = listeners.iter().zip(&next.listeners);
        (name, uid, class) == (&next.name, &next.uid, &next.class)
            && *client_certificate == next.client_certificate
            && self.listens_as(next)
            && listeners.len() == next.listeners.len()
            && pairs
                .all(|(one, other)| Arc::ptr_eq(one, other) || one.is_same_but_for_routes(other))
    }

    /// Whether a data plane that listens at the addresses of this configuration listens where the `next` one asks it to. Addresses
    /// that others report ask for nothing.
    pub(crate) fn listens_as(&self, next: &Self) -> bool {
        let places = |of: &Self| -> Vec<_> {
            let addresses = of.addresses.iter();
            addresses
                .map(|address| GatewayStatusAddress {
                    r#type: Some(address.address_type()),
                    ..address.clone()
                })
                .collect()
        };
        next.addresses_reported || (!self.addresses_reported && places(self) == places(next))
    }

    /// The one listener that answers for a host on a port: of those that serve the host, the one with the
    /// most specific hostname (Gateway `spec.listeners`, "listener isolation"). `host` is the SNI or what the Host header
    /// says, with or without a port; `None` where the client sent none, which only a listener without a
    /// hostname serves.
    #[must_use]
    pub fn listener(
        &self,
        transport: Transport,
        port: u16,
        host: Option<&str>,
    ) -> Option<&Arc<EffectiveListener>> {
        let host = host.map(|host| {
            let split = authority::split(host.as_bytes()).ok();
            let host_alone = split.and_then(|split| std::str::from_utf8(split.host).ok());
            host_alone.unwrap_or(host)
        });
        most_specific(self.listeners_at(transport, port), host)
    }

    /// The more specific listener of the same port to which all hosts of a hostname belong, if there is one: requests for
    /// them never reach a route at `listener` (Gateway `spec.listeners`, "listener isolation").
    #[must_use]
    pub fn owner(
        &self,
        listener: &EffectiveListener,
        hostname: &Hostname,
    ) -> Option<&Arc<EffectiveListener>> {
        let mut yields_to = listener.yields_to.iter();
        if !yields_to.any(|other| other.covers(hostname)) {
            return None;
        }
        // A wildcard is below itself: the listener that has it has all that it stands for.
        let transport = listener.protocol.transport();
        let owner = self.listener(transport, listener.port, Some(hostname.as_str()))?;
        (owner.name != listener.name).then_some(owner)
    }
}

/// Of these listeners the one that answers for a host: see [`EffectiveGateway::listener`]. Of two that are equally
/// specific, which a port never has, the first.
fn most_specific<'l>(
    listeners: impl Iterator<Item = &'l Arc<EffectiveListener>>,
    host: Option<&str>,
) -> Option<&'l Arc<EffectiveListener>> {
    let specificity =
        |listener: &EffectiveListener| listener.hostname.as_ref().map(Hostname::specificity);
    listeners
        .filter(|listener| listener.serves(host))
        .reduce(
            |first, other| match specificity(other) > specificity(first) {
                true => other,
                false => first,
            },
        )
}

/// A listener that is in force, with the routes that are attached to it.
///
/// Requests for hosts of [`yields_to`](Self::yields_to) belong to other listeners of the same port,
/// even where no rule of those matches.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct EffectiveListener {
    /// The name of the listener, unique within the Gateway.
    pub name: String,
    /// The port.
    pub port: u16,
    /// What it speaks.
    pub protocol: ProtocolType,
    /// The hosts that it serves; all of them without one.
    pub hostname: Option<Hostname>,
    /// The more specific hostnames, within this one's, of other listeners in force on the same port:
    /// requests for them never reach this listener's routes (listener isolation).
    pub yields_to: Vec<Hostname>,
    /// TLS, for the protocols HTTPS and TLS.
    pub tls: Option<EffectiveTls>,
    /// The HTTPRoutes, oldest first, then by `namespace/name`.
    pub http: RouteList<AttachedRoute<HttpRouteRules>>,
    /// The GRPCRoutes, in the same order.
    pub grpc: RouteList<AttachedRoute<GrpcRouteRules>>,
    /// The TLSRoutes, in the same order.
    pub tls_routes: RouteList<AttachedRoute<ConnectionRouteRules>>,
    /// The TCPRoute that takes the connections, the oldest one; others are rejected. At a listener of protocol
    /// TLS it takes those that no TLSRoute takes.
    pub tcp: RouteList<AttachedRoute<ConnectionRouteRules>>,
    /// The UDPRoute that takes the datagrams, the oldest one; others are rejected.
    pub udp: RouteList<AttachedRoute<ConnectionRouteRules>>,
}

impl EffectiveListener {
    /// Whether the listener's hostname covers a host; without a host only a listener without a hostname
    /// does. Other listeners of the port may be more specific: see [`EffectiveGateway::listener`].
    #[must_use]
    pub fn serves(&self, host: Option<&str>) -> bool {
        match (&self.hostname, host) {
            (None, _) => true,
            (Some(hostname), Some(host)) => hostname.matches(host),
            (Some(_), None) => false,
        }
    }

    fn is_same_but_for_routes(&self, other: &Self) -> bool {
        let Self {
            name,
            port,
            protocol,
            hostname,
            yields_to,
            tls,
            http: _,
            grpc: _,
            tls_routes: _,
            tcp: _,
            udp: _,
        } = self;
        (name, port, protocol) == (&other.name, &other.port, &other.protocol)
            && (hostname, yields_to, tls) == (&other.hostname, &other.yields_to, &other.tls)
    }

    /// Whether another listener of the port is more specific for some of this one's hosts.
    #[must_use]
    pub fn is_isolated(&self) -> bool {
        !self.yields_to.is_empty()
    }
}

/// How a listener deals with TLS, its references followed.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct EffectiveTls {
    /// What becomes of TLS.
    pub mode: TlsModeType,
    /// The certificates to present: those to which the listener refers and that can be used. At least one for
    /// `Terminate`, unless `options` stand for it.
    pub certificates: Vec<Arc<Certificate>>,
    /// How certificates of clients are checked (GEP-91); clients need none without it.
    pub client_validation: Option<ClientValidation>,
    /// Settings that mean something to the implementation.
    pub options: BTreeMap<String, String>,
}

impl EffectiveTls {
    /// Whether TLS is between clients and backends.
    #[must_use]
    pub fn passes_through(&self) -> bool {
        self.mode == TlsModeType::Passthrough
    }

    /// Whether one of the certificates is for a host, or for any of the hosts that a wildcard stands for. `None`
    /// if that is not known: without certificates of its own, or without the feature `tls`.
    #[must_use]
    pub fn covers(&self, hostname: &Hostname) -> Option<bool> {
        let certificates = self.certificates.iter();
        certificates
            .filter_map(|certificate| certificate.pair.covers(hostname))
            .reduce(|one, other| one || other)
    }

    /// Whether it is known that no certificate is for a host.
    pub(crate) fn is_for_others(&self, hostname: &Hostname) -> bool {
        self.covers(hostname) == Some(false)
    }

    /// That no certificate of a listener is for a host, as a sentence.
    pub(crate) fn covers_not(&self, hostname: &Hostname) -> String {
        let mut certificates = self.certificates.iter();
        let has_common_name = certificates.any(|one| one.pair.has_common_name(hostname));
        let but = match has_common_name {
            true => " (a common name does not count)",
            false => "",
        };
        format!("no certificate of the listener is for `{hostname}`{but}")
    }
}

/// A certificate with its key, from a Secret of type `kubernetes.io/tls`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Certificate {
    /// The Secret.
    pub reference: ObjectRef,
    /// The certificate chain and the private key, which `Debug` does not show.
    pub pair: Arc<KeyPair>,
}

/// How a listener checks the certificates of clients (the listener's `tls.frontendValidation`, or the Gateway's
/// `spec.tls.frontend`, GEP-91).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClientValidation {
    /// The authorities that a client's certificate must lead to: the `ca.crt` of each reference that can be
    /// used, at least one.
    pub authorities: CaBundles,
    /// What becomes of a client without a certificate that is valid.
    pub mode: FrontendValidationModeType,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listener(name: &str, port: u16, hostname: Option<&str>) -> Arc<EffectiveListener> {
        Arc::new(EffectiveListener {
            name: name.into(),
            port,
            protocol: ProtocolType::Http,
            hostname: hostname.map(|text| text.parse().unwrap()),
            yields_to: Vec::new(),
            tls: None,
            http: RouteList::default(),
            grpc: RouteList::default(),
            tls_routes: RouteList::default(),
            tcp: RouteList::default(),
            udp: RouteList::default(),
        })
    }

    #[test]
    fn a_request_belongs_to_the_most_specific_listener_of_its_port() {
        let gateway = EffectiveGateway {
            name: NamespacedName::new("shop", "front"),
            uid: None,
            class: "example".into(),
            addresses: Vec::new(),
            addresses_reported: false,
            listeners: vec![
                listener("all", 80, None),
                listener("wide", 80, Some("*.example.com")),
                listener("narrow", 80, Some("*.eu.example.com")),
                listener("exact", 80, Some("a.eu.example.com")),
                listener("other-port", 8080, Some("b.example.com")),
                listener("dns-over-tcp", 53, None),
                Arc::new(EffectiveListener {
                    protocol: ProtocolType::Udp,
                    ..(*listener("dns", 53, None)).clone()
                }),
            ],
            client_certificate: None,
        };
        let of = |transport, port, host| {
            let listener = gateway.listener(transport, port, host);
            listener.map(|l| l.name.as_str())
        };
        let answer = |port, host| of(Transport::Tcp, port, host);
        assert_eq!(answer(80, Some("a.eu.example.com")), Some("exact"));
        assert_eq!(answer(80, Some("b.eu.example.com")), Some("narrow"));
        assert_eq!(answer(80, Some("b.example.com")), Some("wide"));
        assert_eq!(answer(80, Some("example.com")), Some("all"));
        assert_eq!(answer(80, None), Some("all"));
        assert_eq!(answer(8080, Some("a.example.com")), None);
        assert_eq!(answer(8080, None), None);
        // A Host header may have a port, and a name may end in a dot.
        assert_eq!(answer(80, Some("a.eu.example.com:8080")), Some("exact"));
        assert_eq!(answer(80, Some("A.eu.example.com.:80")), Some("exact"));
        assert_eq!(answer(80, Some("*.eu.example.com")), Some("narrow"));
        assert_eq!(answer(80, Some("[::1]:80")), Some("all"));
        // TCP and UDP share no port.
        assert_eq!(answer(53, Some("a.example.com")), Some("dns-over-tcp"));
        assert_eq!(of(Transport::Udp, 53, None), Some("dns"));
        assert_eq!(of(Transport::Udp, 80, None), None);
    }
}
