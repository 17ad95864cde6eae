//! Where a request goes first: a listener of a Gateway, or a port of a Service.

use super::{Request, RequestError};
use crate::{
    attachment::effective::{
        BackendEndpoints, Effective, EffectiveGateway, EffectiveListener, EffectiveService,
        Endpoint, most_specific,
    },
    meta::{Authority, NamespacedName, Transport},
    v1::{ProtocolType, TlsModeType},
};
use std::{collections::BTreeSet, net::IpAddr, sync::Arc};

/// Who takes a request.
pub(super) enum Destination<'e> {
    /// A listener.
    Listener {
        gateway: &'e EffectiveGateway,
        listener: &'e Arc<EffectiveListener>,
    },
    /// A port of a Service, asked from a namespace.
    Service {
        service: &'e Arc<EffectiveService>,
        port: u16,
        client_namespace: String,
    },
    /// An endpoint that is asked by its own address: no route governs that (GEP-1426).
    Endpoint {
        endpoint: Endpoint<'e>,
        endpoints: &'e BackendEndpoints,
    },
    /// A Gateway of which no listener serves the host, and why: HTTP is spoken, so that an answer can be
    /// given.
    Unserved {
        gateway: &'e NamespacedName,
        port: u16,
        why: String,
    },
    /// Nobody, and why; with the Gateway where one was asked.
    Nobody {
        gateway: Option<&'e NamespacedName>,
        why: String,
    },
}

impl<'e> Destination<'e> {
    /// The Gateway that is asked, if one is.
    pub(super) fn gateway(&self) -> Option<&'e NamespacedName> {
        match self {
            Self::Listener { gateway, .. } => Some(&gateway.name),
            Self::Unserved { gateway, .. } => Some(gateway),
            Self::Nobody { gateway, .. } => *gateway,
            Self::Service { .. } | Self::Endpoint { .. } => None,
        }
    }
}

/// Finds who takes a request, and says how.
pub(super) fn find<'e>(
    effective: &'e Effective,
    request: &Request,
    why: &mut Vec<String>,
) -> Result<Destination<'e>, RequestError> {
    let port = request.destination_port()?;
    if let Some(name) = &request.gateway {
        if let Some(gateway) = effective.gateways.get(name) {
            return Ok(at_gateway(gateway, request, port, why));
        }
        if let Some((name, _)) = effective.idle.get_key_value(name) {
            return Ok(Destination::Nobody {
                gateway: Some(name),
                why: format!("no listener of Gateway {name} is in force"),
            });
        }
        return Err(RequestError::NoSuchGateway {
            gateway: name.clone(),
            known: effective.gateways.keys().cloned().collect(),
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
        if service.port(port).is_none() {
            return Ok(Destination::Nobody {
                gateway: None,
                why: format!("{reference} has no port {port}"),
            });
        }
        return Ok(Destination::Service {
            service,
            port,
            client_namespace,
        });
    }
    if let Some((endpoint, endpoints)) = named_endpoint(effective, request, port) {
        return Ok(Destination::Endpoint {
            endpoint,
            endpoints,
        });
    }
    if let Some(namespace) = own_namespace {
        return Ok(Destination::Nobody {
            gateway: None,
            why: format!(
                "`{}` names no Service for a client in namespace `{namespace}`",
                request.host()
            ),
        });
    }
    any_gateway(effective, request, port, why)
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
    let host = request.host();
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

/// The endpoint whose own address and port a client of the mesh asks for.
fn named_endpoint<'e>(
    effective: &'e Effective,
    request: &Request,
    port: u16,
) -> Option<(Endpoint<'e>, &'e BackendEndpoints)> {
    let address = request
        .address
        .or_else(|| request.host().parse().ok())?
        .to_string();
    request.client.as_ref()?;
    let ports = effective
        .services
        .values()
        .chain(effective.imports.values())
        .flat_map(|service| &service.ports);
    ports
        .filter_map(|service_port| service_port.target.as_deref().ok())
        .find_map(|endpoints| {
            let asked =
                |endpoint: &Endpoint<'_>| endpoint.address == address && endpoint.port == port;
            Some((endpoints.endpoints.iter().find(asked)?, endpoints))
        })
}

/// The listener of a Gateway that takes a request.
fn at_gateway<'e>(
    gateway: &'e EffectiveGateway,
    request: &Request,
    port: u16,
    why: &mut Vec<String>,
) -> Destination<'e> {
    let on_port = || {
        gateway
            .listeners
            .iter()
            .filter(move |listener| listener.port == port)
    };
    if on_port().next().is_none() {
        let ports: BTreeSet<u16> = gateway.listeners.iter().map(|l| l.port).collect();
        let ports: Vec<String> = ports.iter().map(ToString::to_string).collect();
        let ports = if ports.is_empty() {
            "none".to_owned()
        } else {
            ports.join(", ")
        };
        return Destination::Nobody {
            gateway: Some(&gateway.name),
            why: format!(
                "Gateway {} has no listener in force on port {port}; its ports are: {ports}",
                gateway.name
            ),
        };
    }
    let host = listener_host(request);
    let speaks = |listener: &EffectiveListener| speaks(listener, request.scheme());
    let understood = gateway.listeners_at(transport(request.scheme()), port);
    let understood = understood.filter(|listener| speaks(listener));
    let listener = most_specific(understood, host.as_deref());
    let host = match &host {
        Some(host) => format!("`{host}`"),
        None => "a request that names no host".to_owned(),
    };
    match listener {
        Some(listener) => {
            let reason = match &listener.hostname {
                None => "it serves every host".to_owned(),
                Some(hostname) => {
                    format!("its hostname `{hostname}` is the most specific that covers {host}")
                }
            };
            why.push(format!(
                "listener `{}` of Gateway {} takes the request on port {port}: {reason}",
                listener.name, gateway.name
            ));
            Destination::Listener { gateway, listener }
        }
        None => {
            let there = on_port()
                .map(|l| {
                    let hostname = l.hostname.as_ref().map_or("*", |name| name.as_str());
                    format!("`{}` ({} for `{hostname}`)", l.name, l.protocol)
                })
                .collect::<Vec<_>>()
                .join(", ");
            let why = format!(
                "no listener of Gateway {} on port {port} takes {} for {host}; there are {there}",
                gateway.name,
                request.scheme()
            );
            // Without TLS there is nobody to refuse the connection before the Host header is read.
            let cleartext = on_port().any(|listener| speaks(listener));
            if cleartext && request.scheme() == "http" {
                Destination::Unserved {
                    gateway: &gateway.name,
                    port,
                    why,
                }
            } else {
                Destination::Nobody {
                    gateway: Some(&gateway.name),
                    why,
                }
            }
        }
    }
}

/// The one Gateway with a listener for the request's port and host, or with its address.
fn any_gateway<'e>(
    effective: &'e Effective,
    request: &Request,
    port: u16,
    why: &mut Vec<String>,
) -> Result<Destination<'e>, RequestError> {
    let address = request
        .address
        .map_or_else(|| request.host(), |address| address.to_string());
    let addressed: Vec<_> = effective
        .gateways
        .values()
        .filter(|gateway| {
            let here = |a: &crate::v1::GatewayStatusAddress| a.value.eq_ignore_ascii_case(&address);
            gateway.addresses.iter().any(here)
                && gateway
                    .listeners
                    .iter()
                    .any(|listener| listener.port == port)
        })
        .collect();
    let candidates = if addressed.is_empty() {
        let host = listener_host(request);
        let answers = |listener: &Arc<EffectiveListener>| {
            speaks(listener, request.scheme()) && listener.serves(host.as_deref())
        };
        let transport = transport(request.scheme());
        effective
            .gateways
            .values()
            .filter(|gateway| gateway.listeners_at(transport, port).any(answers))
            .collect()
    } else {
        addressed
    };
    match candidates.as_slice() {
        [gateway] => Ok(at_gateway(gateway, request, port, why)),
        [] => match on_port(effective, request, port).as_slice() {
            // The one Gateway of the port answers for hosts, even those that it does not serve.
            [gateway] => Ok(at_gateway(gateway, request, port, why)),
            _ => Ok(Destination::Nobody {
                gateway: None,
                why: nobody(request, port),
            }),
        },
        several => Err(RequestError::SeveralGateways {
            host: request.host(),
            port,
            gateways: several.iter().map(|gateway| gateway.name.clone()).collect(),
        }),
    }
}

/// The Gateways with a listener on the port that understands the client.
fn on_port<'e>(
    effective: &'e Effective,
    request: &Request,
    port: u16,
) -> Vec<&'e EffectiveGateway> {
    let gateways = effective.gateways.values().map(|gateway| &**gateway);
    let answers = |listener: &Arc<EffectiveListener>| {
        listener.port == port && speaks(listener, request.scheme())
    };
    gateways
        .filter(|gateway| gateway.listeners.iter().any(answers))
        .collect()
}

fn nobody(request: &Request, port: u16) -> String {
    format!(
        "no Service of the set is called `{}`, and no listener in force on port {port} takes {} for it",
        request.host(),
        request.scheme()
    )
}

/// What a listener chooses by: the SNI of a TLS client, else the Host header.
pub(super) fn listener_host(request: &Request) -> Option<String> {
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
        _ => super::http::named_host(request)?,
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
fn speaks(listener: &EffectiveListener, scheme: &str) -> bool {
    let terminates = listener
        .tls
        .as_ref()
        .is_none_or(|tls| tls.mode != TlsModeType::Passthrough);
    understands(&listener.protocol, terminates, scheme)
}

/// Whether a client of this scheme is understood where this protocol is spoken, and TLS ends there or not.
pub(super) fn understands(protocol: &ProtocolType, terminates: bool, scheme: &str) -> bool {
    match scheme {
        "http" => *protocol == ProtocolType::Http,
        "https" => *protocol == ProtocolType::Tls || *protocol == ProtocolType::Https && terminates,
        "tls" => matches!(
            protocol,
            ProtocolType::Tls | ProtocolType::Https | ProtocolType::Tcp
        ),
        "tcp" => *protocol == ProtocolType::Tcp,
        "udp" => *protocol == ProtocolType::Udp,
        _ => false,
    }
}
