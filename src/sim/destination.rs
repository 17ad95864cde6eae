//! Where a request goes first: a listener of a Gateway, or a port of a Service.

use super::{
    ListenerName, Refusal, Request, RequestError,
    head::{has_unreadable_host, host_in_words, named_host, settled},
};
use crate::{
    attachment::effective::{
        Effective, EffectiveGateway, EffectiveListener, EffectiveService, Endpoint,
    },
    meta::{Authority, NamespacedName, ObjectRef, Transport},
    proxy::{
        Accepted, Authenticated, Bind, BindKey, ClientHello, DataPlane, HttpSession, JudgedRequest,
        MeshPort, ServiceKey, Stream, Why,
    },
    v1::{ProtocolType, TlsModeType},
};
use std::{collections::BTreeSet, fmt, net::IpAddr, sync::Arc};

/// Who takes a request.
pub(super) enum Destination<'e> {
    /// A Gateway, and the listener that takes the request, if one does.
    Gateway {
        gateway: &'e EffectiveGateway,
        listener: Option<&'e Arc<EffectiveListener>>,
        taken: Taken,
        /// Why no listener serves the host, where HTTP is spoken, so that an answer can be given.
        unserved: Option<String>,
    },
    /// A port of a Service, asked from a namespace.
    Service {
        service: &'e Arc<EffectiveService>,
        port: MeshPort,
    },
    /// An endpoint that is asked by its own address: no route governs that (GEP-1426).
    Endpoint {
        service: &'e Arc<EffectiveService>,
        endpoint: Endpoint<'e>,
    },
    /// Nobody, and why; with the Gateway or the Service where one was asked.
    Nobody {
        gateway: Option<&'e NamespacedName>,
        service: Option<&'e Arc<EffectiveService>>,
        refusal: Refusal,
        why: String,
    },
}

/// What a client that a Gateway takes speaks.
pub(super) enum Taken {
    Session(HttpSession),
    Stream(Stream),
}

impl<'e> Destination<'e> {
    /// The Gateway that is asked, if one is.
    pub(super) fn gateway(&self) -> Option<&'e NamespacedName> {
        match self {
            Self::Gateway { gateway, .. } => Some(&gateway.name),
            Self::Nobody { gateway, .. } => *gateway,
            Self::Service { .. } | Self::Endpoint { .. } => None,
        }
    }

    /// The listener that takes the request, if one does.
    pub(super) fn listener_name(&self) -> Option<ListenerName> {
        let Self::Gateway {
            gateway,
            listener: Some(listener),
            ..
        } = self
        else {
            return None;
        };
        Some(ListenerName {
            gateway: ObjectRef::gateway_api("Gateway", &gateway.name),
            name: listener.name.clone(),
        })
    }

    /// Nobody, where no Gateway and no Service is asked.
    fn nowhere(why: String) -> Self {
        Self::Nobody {
            gateway: None,
            service: None,
            refusal: Refusal::NoListener,
            why,
        }
    }

    /// Nobody at this Gateway.
    fn none_of(gateway: &'e NamespacedName, refusal: Refusal, why: String) -> Self {
        Self::Nobody {
            gateway: Some(gateway),
            service: None,
            refusal,
            why,
        }
    }
}

/// Finds who takes a request, and says how.
pub(super) fn find<'e>(
    plane: &'e DataPlane,
    request: &Request,
    why: &mut Vec<String>,
) -> Result<Destination<'e>, RequestError> {
    let effective: &Effective = plane.effective();
    let port = request.destination_port()?;
    if let Some(name) = &request.gateway {
        if let Some(gateway) = effective.gateways.get(name) {
            return Ok(at_gateway(plane, gateway, request, port, why));
        }
        if let Some((name, _)) = effective.idle.get_key_value(name) {
            let why = format!("no listener of Gateway {name} is serving");
            return Ok(Destination::none_of(name, Refusal::NoListener, why));
        }
        return Err(RequestError::NoSuchGateway {
            gateway: name.clone(),
            known: effective
                .gateways
                .keys()
                .chain(effective.idle.keys())
                .cloned()
                .collect::<BTreeSet<_>>()
                .into_iter()
                .collect(),
        });
    }
    let own_namespace = request
        .client
        .as_ref()
        .map(|client| client.namespace.as_str());
    if let Some(service) = named_service(effective, request, own_namespace) {
        let client_namespace = own_namespace.unwrap_or(&service.name.namespace).to_owned();
        let reference = service.reference();
        why.push(format!(
            "`{}` names {reference}, asked from namespace `{client_namespace}`",
            request.host()
        ));
        let over = transport(request.scheme());
        let key = ServiceKey {
            name: service.name.clone(),
            import: service.import,
        };
        let Some(found) = plane.service(&key, over, port, &client_namespace) else {
            let why = match service.port(port) {
                Some(other) => format!(
                    "port {port} of {reference} takes {}, and the client speaks {}",
                    other.protocol,
                    request.scheme()
                ),
                None => {
                    let ports = service.ports.iter().map(|port| port.port);
                    format!("{reference} has no port {port}: it has {}", numbers(ports))
                }
            };
            return Ok(Destination::Nobody {
                gateway: None,
                service: Some(service),
                refusal: Refusal::NoListener,
                why,
            });
        };
        return Ok(Destination::Service {
            service,
            port: found,
        });
    }
    if let Some((service, endpoint)) = named_endpoint(effective, request, port) {
        return Ok(Destination::Endpoint { service, endpoint });
    }
    if let Some(namespace) = own_namespace {
        return Ok(Destination::nowhere(format!(
            "`{}` names no Service for a client in namespace `{namespace}`",
            request.host()
        )));
    }
    any_gateway(plane, request, port, why)
}

/// The Service that the address or the URL's host names: `name` (from its own namespace), `name.ns`,
/// `name.ns.svc`, `name.ns.svc.cluster.local` or a cluster IP; or the ServiceImport:
/// `name.ns.svc.clusterset.local` or its address in the cluster set.
fn named_service<'e>(
    effective: &'e Effective,
    request: &Request,
    own_namespace: Option<&str>,
) -> Option<&'e Arc<EffectiveService>> {
    let address = request
        .address
        .or_else(|| request.host().parse::<IpAddr>().ok());
    if let Some(address) = address {
        let bears = |service: &&Arc<EffectiveService>| service.cluster_ips.contains(&address);
        let services = effective.services.values();
        return services.chain(effective.imports.values()).find(bears);
    }
    service_by_name(effective, &request.host(), own_namespace)
}

/// The Service or ServiceImport of a host, asked from a namespace.
pub(crate) fn service_called<'e>(
    effective: &'e Effective,
    host: &str,
    client: &str,
) -> Option<&'e Arc<EffectiveService>> {
    service_by_name(effective, host, Some(client))
}

/// See [`named_service`].
fn service_by_name<'e>(
    effective: &'e Effective,
    host: &str,
    own_namespace: Option<&str>,
) -> Option<&'e Arc<EffectiveService>> {
    let labels: Vec<&str> = host.split('.').collect();
    if let [name, namespace, "svc", "clusterset", "local"] = labels.as_slice() {
        let name = NamespacedName::new(*namespace, *name);
        return effective.imports.get(&name);
    }
    let (name, namespace) = match (labels.as_slice(), own_namespace) {
        ([name], Some(own)) => (*name, own),
        ([name, namespace], _)
        | ([name, namespace, "svc"], _)
        | ([name, namespace, "svc", "cluster", "local"], _) => (*name, *namespace),
        _ => return None,
    };
    effective
        .services
        .get(&NamespacedName::new(namespace, name))
}

/// The endpoint whose own address and port a client of the mesh asks for, and a Service that has it.
fn named_endpoint<'e>(
    effective: &'e Effective,
    request: &Request,
    port: u16,
) -> Option<(&'e Arc<EffectiveService>, Endpoint<'e>)> {
    let address = request
        .address
        .or_else(|| request.host().parse().ok())?
        .to_string();
    request.client.as_ref()?;
    let services = effective.services.values();
    let mut services = services.chain(effective.imports.values());
    services.find_map(|service| {
        let ports = service.ports.iter();
        let mut ports = ports.filter(|service_port| service_port.target.is_ok());
        ports.find_map(|service_port| {
            let asked =
                |endpoint: &Endpoint<'_>| endpoint.address == address && endpoint.port == port;
            Some((service, service_port.endpoints.iter().find(asked)?))
        })
    })
}

/// The listener of a Gateway that takes a request.
fn at_gateway<'e>(
    plane: &'e DataPlane,
    gateway: &'e EffectiveGateway,
    request: &Request,
    port: u16,
    why: &mut Vec<String>,
) -> Destination<'e> {
    let name = &gateway.name;
    let scheme = request.scheme();
    let key = BindKey {
        gateway: name.clone(),
        transport: transport(scheme),
        port,
    };
    let refused = || {
        let (refusal, reason) = not_understood(gateway, request, port);
        Destination::none_of(name, refusal, reason)
    };
    let Some(bind) = plane.bind(&key) else {
        return refused();
    };
    let host = listener_host(request);
    let over_tls = matches!(scheme, "https" | "tls");
    let (taken, listener) = match (bind.accept(), scheme) {
        (Accepted::Session(session), "http") => {
            let head = settled(request);
            let judged = JudgedRequest::new(&head).ok();
            let host = judged.as_ref().and_then(JudgedRequest::host);
            let owner = session.find(host).ok();
            let owner = owner.and_then(|(listener, _)| Some(listener?.name.clone()));
            (Taken::Session(session), owner)
        }
        (Accepted::Stream(stream), _) => {
            let first = bind.listeners().next();
            (
                Taken::Stream(stream),
                first.map(|listener| listener.name.clone()),
            )
        }
        (Accepted::Hello(hello), _) if over_tls => {
            match handshake(&hello.client_hello(host.as_deref()), request, why) {
                Ok(Some((taken, listener))) => (taken, Some(listener)),
                Ok(None) => {
                    let reason = unserved(gateway, bind, request, host.as_deref());
                    return Destination::none_of(name, Refusal::TlsHandshake, reason);
                }
                Err(reason) => {
                    return Destination::none_of(name, Refusal::TlsHandshake, reason.to_string());
                }
            }
        }
        _ => return refused(),
    };
    let mut listeners = gateway.listeners_at(key.transport, port);
    let listener = listeners.find(|found| Some(&found.name) == listener.as_ref());
    let unserved = match listener {
        Some(listener) => {
            why.insert(0, taken_text(gateway, listener, scheme, host.as_deref()));
            None
        }
        None => Some(unserved(gateway, bind, request, host.as_deref())),
    };
    // Of a host that cannot be read the answer says so.
    if over_tls || !has_unreadable_host(request) {
        why.extend(unserved.clone());
    }
    Destination::Gateway {
        gateway,
        listener,
        taken,
        unserved,
    }
}

/// What follows a client's first message of TLS, and the listener. Nothing where no listener is for the server name.
fn handshake(
    hello: &ClientHello,
    request: &Request,
    why: &mut Vec<String>,
) -> Result<Option<(Taken, String)>, Why> {
    let settings = match hello {
        ClientHello::Refuse(Why::NoServerName) => return Ok(None),
        ClientHello::Refuse(why) => return Err(why.clone()),
        ClientHello::Passthrough(stream) => {
            let listener = stream.listener().map(|key| key.name.clone());
            return Ok(Some((
                Taken::Stream(stream.clone()),
                listener.unwrap_or_default(),
            )));
        }
        ClientHello::Terminate(settings) => settings,
    };
    let shown = request.client_certificate.as_ref();
    let authenticated = match (shown, settings.needs_certificate()) {
        (Some((chain, now)), true) => settings.authenticated(Some(chain), *now)?,
        (None, true) => return Err(Why::NoClientCertificate),
        (_, false) => settings.trusted(),
    };
    match (settings.needs_certificate(), shown) {
        (true, _) => why.push("the certificate of the client is valid".to_owned()),
        (false, Some(_)) => why.push(
            "the listener demands no certificate of its clients: that of the client is not looked at"
                .to_owned(),
        ),
        (false, None) => {}
    }
    let taken = match authenticated {
        Authenticated::Session(session) => Taken::Session(session),
        Authenticated::Stream(stream) => Taken::Stream(stream),
    };
    Ok(Some((taken, settings.listener().name.clone())))
}

/// That no listener of a port is for a host.
fn unserved(
    gateway: &EffectiveGateway,
    bind: &Bind,
    request: &Request,
    host: Option<&str>,
) -> String {
    let (name, port) = (&gateway.name, bind.key().port);
    let hosts = bind.listeners().filter_map(|listener| {
        let hostname = listener.hostname.as_ref()?;
        Some(format!("`{}` serves `{hostname}`", listener.name))
    });
    let hosts = list(hosts);
    let over_tls = matches!(request.scheme(), "https" | "tls");
    let whom = match (host, over_tls) {
        (Some(host), true) => format!("the server name `{host}`"),
        (_, false) => host_in_words(request),
        (None, true) => "a client that sends no server name".to_owned(),
    };
    format!("no listener of Gateway {name} on port {port} serves {whom}: {hosts}")
}

/// Why a listener takes a request.
fn taken_text(
    gateway: &EffectiveGateway,
    listener: &EffectiveListener,
    scheme: &str,
    host: Option<&str>,
) -> String {
    let EffectiveListener { name, port, .. } = listener;
    let is_stream = matches!(listener.protocol, ProtocolType::Tcp | ProtocolType::Udp);
    let what = match scheme {
        "udp" => "datagrams",
        _ if is_stream => "connections",
        "tls" => "the connection",
        _ => "the request",
    };
    let reason = match (&listener.hostname, host, scheme) {
        _ if is_stream => String::new(),
        (Some(hostname), Some(host), _) if hostname.as_str() == host => {
            format!(": its hostname is `{host}`")
        }
        (Some(hostname), Some(host), _) => {
            format!(": its hostname `{hostname}` is the most specific that covers `{host}`")
        }
        (_, _, "tls") => ": it has no hostname, so that it takes every server name".to_owned(),
        _ => ": it serves every host".to_owned(),
    };
    format!(
        "listener `{name}` of Gateway {} takes {what} on port {port}{reason}",
        gateway.name
    )
}

/// Why no listener of a Gateway understands a request on a port.
fn not_understood(gateway: &EffectiveGateway, request: &Request, port: u16) -> (Refusal, String) {
    let name = &gateway.name;
    let scheme = request.scheme();
    let listeners = || gateway.listeners.iter();
    let Some(listener) = gateway.listeners_at(transport(scheme), port).next() else {
        let other = listeners().find(|listener| listener.port == port);
        let reason = match other {
            Some(other) => format!(
                "Gateway {name} has no listener on port {port} that takes {scheme}: listener `{}` there is for protocol {}",
                other.name, other.protocol,
            ),
            None => format!(
                "Gateway {name} does not serve port {port}: it serves {}",
                numbers(listeners().map(|listener| listener.port))
            ),
        };
        return (Refusal::NoListener, reason);
    };
    let there = format!(
        "listener `{}` of Gateway {name} on port {port}",
        listener.name
    );
    let client_speaks_tls = matches!(scheme, "https" | "tls");
    match listener.protocol {
        ProtocolType::Http if client_speaks_tls => (
            Refusal::TlsHandshake,
            format!("{there} {}", Unheard::SpeaksCleartext),
        ),
        ProtocolType::Https | ProtocolType::Tls if !client_speaks_tls => (
            Refusal::TlsExpected,
            format!("{there} expects TLS, and the client sends {scheme} in cleartext"),
        ),
        _ => (
            Refusal::OtherProtocol,
            format!(
                "{there} is for protocol {}, and the client speaks {scheme}",
                listener.protocol
            ),
        ),
    }
}

/// Numbers of ports for people, each once and in order.
fn numbers(ports: impl Iterator<Item = u16>) -> String {
    let ports: BTreeSet<u16> = ports.collect();
    match ports.is_empty() {
        true => "none".to_owned(),
        false => list(ports.iter().map(ToString::to_string)),
    }
}

/// The first of many texts, and how many more there are.
fn list(mut texts: impl Iterator<Item = String>) -> String {
    const SHOWN: usize = 8;
    let mut shown: Vec<String> = texts.by_ref().take(SHOWN).collect();
    match texts.count() {
        0 => {}
        more => shown.push(format!("and {more} more")),
    }
    shown.join(", ")
}

/// The one Gateway with a listener for the request's port and host, or with its address.
fn any_gateway<'e>(
    plane: &'e DataPlane,
    request: &Request,
    port: u16,
    why: &mut Vec<String>,
) -> Result<Destination<'e>, RequestError> {
    let effective: &Effective = plane.effective();
    let address = request
        .address
        .map_or_else(|| request.host(), |address| address.to_string());
    let scheme = request.scheme();
    let with = |answers: &dyn Fn(&EffectiveListener) -> bool| -> Vec<&'e EffectiveGateway> {
        let gateways = effective.gateways.values().map(|gateway| &**gateway);
        gateways
            .filter(|gateway| {
                let mut listeners = gateway.listeners_at(transport(scheme), port);
                listeners.any(|listener| answers(listener))
            })
            .collect()
    };
    let mut candidates: Vec<&EffectiveGateway> = effective
        .gateways
        .values()
        .map(|gateway| &**gateway)
        .filter(|gateway| {
            let here = |a: &crate::v1::GatewayStatusAddress| a.value.eq_ignore_ascii_case(&address);
            gateway.addresses.iter().any(here)
                && gateway
                    .listeners
                    .iter()
                    .any(|listener| listener.port == port)
        })
        .collect();
    if candidates.is_empty() {
        let host = listener_host(request);
        candidates = with(&|listener| speaks(listener, scheme) && listener.serves(host.as_deref()));
    }
    match candidates.as_slice() {
        [gateway] => return Ok(at_gateway(plane, gateway, request, port, why)),
        [] => {}
        several => {
            return Err(RequestError::SeveralGateways {
                host: request.host(),
                port,
                gateways: several.iter().map(|gateway| gateway.name.clone()).collect(),
            });
        }
    }
    // The one Gateway of the port answers for hosts, even those that it does not serve; and it refuses those who
    // speak something else.
    let understanding = with(&|listener| speaks(listener, scheme));
    let there = match understanding.is_empty() {
        true => with(&|_| true),
        false => understanding,
    };
    if let [gateway] = there.as_slice() {
        return Ok(at_gateway(plane, gateway, request, port, why));
    }
    Ok(Destination::nowhere(nobody(request, port, &there)))
}

/// Why no Gateway takes a request, of several that have a listener on its port, or none.
fn nobody(request: &Request, port: u16, there: &[&EffectiveGateway]) -> String {
    let host = request.host();
    let no_service = match host.split('.').count() {
        1 | 2 => format!(", and no Service is called `{host}`"),
        _ => String::new(),
    };
    if there.is_empty() {
        return format!("no Gateway serves port {port}{no_service}");
    }
    let names = list(there.iter().map(|gateway| gateway.name.to_string()));
    format!(
        "no listener on port {port} takes {} for `{host}`{no_service}; these Gateways have one on that port: {names}",
        request.scheme()
    )
}

/// What a listener chooses by: the SNI of a TLS client, else the Host header.
pub(crate) fn listener_host(request: &Request) -> Option<String> {
    let host = match request.scheme() {
        "tcp" | "udp" => return None,
        "https" | "tls" => {
            let name = match &request.sni {
                Some(sni) => sni.parse::<Authority>().ok()?,
                None => request.authority().ok()?,
            };
            // An address is never sent as SNI (RFC 6066, section 3).
            if name.address().is_some() {
                return None;
            }
            name
        }
        _ => named_host(request)?,
    };
    Some(host.host().to_owned())
}

/// What carries the requests of a scheme.
fn transport(scheme: &str) -> Transport {
    match scheme {
        "udp" => Transport::Udp,
        _ => Transport::Tcp,
    }
}

/// Whether a listener understands a client of this scheme.
pub(crate) fn speaks(listener: &EffectiveListener, scheme: &str) -> bool {
    let terminates = listener
        .tls
        .as_ref()
        .is_none_or(|tls| tls.mode != TlsModeType::Passthrough);
    understands(&listener.protocol, terminates, scheme)
}

/// Why nobody at a listener answers an HTTP client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unheard {
    /// The client begins in cleartext.
    ExpectsTls,
    /// The client begins with TLS.
    SpeaksCleartext,
    /// Connections for this host are for routes of this kind, and there is none.
    NoRoute(&'static str, String),
}

impl Unheard {
    /// What would be right where a redirect leads to the listener of this name.
    pub(crate) fn help(&self, listener: &str) -> String {
        match self {
            Self::ExpectsTls => {
                "let the redirect lead to `scheme: https`, or to another port".to_owned()
            }
            Self::SpeaksCleartext => {
                "let the redirect lead to `scheme: http`, or to another port".to_owned()
            }
            Self::NoRoute(kind, host) => format!(
                "attach a {kind} for `{host}` to listener `{listener}`, or let the redirect lead to another port"
            ),
        }
    }
}

impl fmt::Display for Unheard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ExpectsTls => f.write_str("expects TLS, and the client sends HTTP in cleartext"),
            Self::SpeaksCleartext => {
                f.write_str("speaks cleartext HTTP, and the client begins with TLS")
            }
            Self::NoRoute(kind, host) => write!(f, "has no {kind} for `{host}`"),
        }
    }
}

/// Why nobody at a listener answers a client of this scheme, `http` or `https`, that asks for this host, if so.
pub(crate) fn unheard(listener: &EffectiveListener, scheme: &str, host: &str) -> Option<Unheard> {
    let over_tls = scheme == "https";
    let no_route = |kind| Some(Unheard::NoRoute(kind, host.to_owned()));
    match &listener.protocol {
        ProtocolType::Https | ProtocolType::Tls if !over_tls => Some(Unheard::ExpectsTls),
        ProtocolType::Http if over_tls => Some(Unheard::SpeaksCleartext),
        ProtocolType::Tls => {
            let mut routes = listener.tls_routes.iter();
            let is_for_host = routes.any(|attached| {
                let mut names = attached.hostnames.iter();
                names.any(|name| name.hostname.as_ref().is_none_or(|name| name.matches(host)))
            });
            if is_for_host {
                None
            } else {
                no_route("TLSRoute")
            }
        }
        ProtocolType::Tcp if listener.tcp.is_empty() => no_route("TCPRoute"),
        _ => None,
    }
}

/// Whether a client of this scheme is understood where this protocol is spoken, and TLS ends there or not.
pub(crate) fn understands(protocol: &ProtocolType, terminates: bool, scheme: &str) -> bool {
    match scheme {
        // What is sent over a connection is all the same to a TCP listener.
        "http" | "https" | "tls" | "tcp" if *protocol == ProtocolType::Tcp => true,
        "http" => *protocol == ProtocolType::Http,
        "https" => *protocol == ProtocolType::Tls || *protocol == ProtocolType::Https && terminates,
        "tls" => matches!(protocol, ProtocolType::Tls | ProtocolType::Https),
        "udp" => *protocol == ProtocolType::Udp,
        _ => false,
    }
}
