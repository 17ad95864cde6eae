//! Services and ServiceImports as backends: ports, endpoints, and the policies that are for them.

use super::{found::ServiceEndpoints, key::BackendKey, policy::winners::BackendPolicies};
use crate::{
    attachment::{
        Options, RouteKind, Snapshot,
        effective::{
            AppProtocol, BackendAddress, BackendPortKey, BackendProblem, EffectiveBackendPort,
            EndpointList,
        },
    },
    meta::{NamespacedName, ObjectRef, Transport},
};
use k8s_openapi::{
    api::{
        core::v1::{Service, ServicePort},
        discovery::v1::EndpointSlice,
    },
    apimachinery::pkg::util::intstr::IntOrString,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    sync::Arc,
};

/// A backend that is there.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::attachment) struct BackendState {
    pub(in crate::attachment) cluster_ips: Vec<IpAddr>,
    /// It has no address of its own (`clusterIP: None`).
    pub(in crate::attachment) headless: bool,
    /// It is a mere alias of a DNS name, which must not be a backend.
    pub(in crate::attachment) external_name: bool,
    pub(in crate::attachment) ports: Vec<PortState>,
    /// The places in `ports` of those that have a number: TCP and UDP may share one.
    by_number: BTreeMap<u16, Vec<usize>>,
    /// The policies that apply to it.
    pub(in crate::attachment) policies: BackendPolicies,
}

impl BackendState {
    /// Whether it has an address of its own, by which a mesh knows its traffic.
    pub(in crate::attachment) fn has_mesh_address(&self) -> bool {
        !self.headless && !self.external_name
    }

    /// Whether two differ in their endpoints at most, on which no rule and no status depends.
    pub(in crate::attachment) fn is_same_to_routes(&self, other: &Self) -> bool {
        let Self {
            cluster_ips,
            headless,
            external_name,
            ports,
            by_number,
            policies,
        } = self;
        let same_port = |(one, other): (&PortState, &PortState)| one.is_same_to_routes(other);
        *cluster_ips == other.cluster_ips
            && *headless == other.headless
            && *external_name == other.external_name
            && *by_number == other.by_number
            && *policies == other.policies
            && ports.len() == other.ports.len()
            && ports.iter().zip(&other.ports).all(same_port)
    }

    /// The ports with this number, in their order. A backend may have thousands of others.
    fn of_number(&self, port: Option<i32>) -> impl Iterator<Item = &PortState> {
        let number = port.and_then(|port| u16::try_from(port).ok());
        let places = number.and_then(|number| self.by_number.get(&number));
        places.into_iter().flatten().filter_map(|place| {
            #[cfg(test)]
            PORTS_LOOKED_AT.add(1);
            self.ports.get(*place)
        })
    }
}

#[cfg(test)]
crate::counter::counter!(
    /// How many ports references look at.
    pub(crate) PORTS_LOOKED_AT
);

/// A port of a backend.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::attachment) struct PortState {
    pub(in crate::attachment) name: Option<String>,
    pub(in crate::attachment) port: u16,
    pub(in crate::attachment) protocol: String,
    /// For whom no BackendTLSPolicy applies: meshes, and TLS that is passed through.
    pub(in crate::attachment) plain: Arc<EffectiveBackendPort>,
    /// For whom BackendTLSPolicies apply, where there is one for this port.
    by_tls: Option<Result<Arc<EffectiveBackendPort>, BackendProblem>>,
    /// Whoever the client is.
    pub(in crate::attachment) endpoints: Arc<EndpointList>,
}

impl PortState {
    fn is_same_to_routes(&self, other: &Self) -> bool {
        let Self {
            name,
            port,
            protocol,
            plain,
            by_tls,
            endpoints: _,
        } = self;
        *name == other.name
            && *port == other.port
            && *protocol == other.protocol
            && *plain == other.plain
            && *by_tls == other.by_tls
    }

    /// The port for a data plane that opens connections by itself (`originates`), so that a BackendTLSPolicy applies, or for
    /// one that does not.
    pub(in crate::attachment) fn target(
        &self,
        originates: bool,
    ) -> Result<Arc<EffectiveBackendPort>, BackendProblem> {
        match &self.by_tls {
            Some(target) if originates => target.clone(),
            _ => Ok(self.plain.clone()),
        }
    }
}

/// The port as the snapshot's objects write it.
struct RawPort<'a> {
    name: Option<&'a str>,
    port: i32,
    protocol: Option<&'a str>,
    app_protocol: Option<&'a str>,
    target_port: Option<&'a IntOrString>,
}

impl<'a> From<&'a ServicePort> for RawPort<'a> {
    fn from(port: &'a ServicePort) -> Self {
        Self {
            name: port.name.as_deref(),
            port: port.port,
            protocol: port.protocol.as_deref(),
            app_protocol: port.app_protocol.as_deref(),
            target_port: port.target_port.as_ref(),
        }
    }
}

/// Looks at a backend; nothing if it is not there. `slices` are the EndpointSlices that belong to it.
pub(in crate::attachment) fn examine(
    key: &BackendKey,
    slices: &BTreeSet<NamespacedName>,
    policies: BackendPolicies,
    snapshot: &Snapshot,
    options: &Options,
) -> Option<BackendState> {
    let slices: Vec<&EndpointSlice> = slices
        .iter()
        .filter_map(|name| snapshot.endpoint_slices().get(name))
        .map(AsRef::as_ref)
        .collect();
    let raw: Vec<RawPort<'_>>;
    let mut state = BackendState {
        cluster_ips: Vec::new(),
        headless: false,
        external_name: false,
        ports: Vec::new(),
        by_number: BTreeMap::new(),
        policies: BackendPolicies::default(),
    };
    let mut endpoints = None;
    if key.import {
        let import = snapshot.service_imports().get(&key.name)?;
        raw = import
            .spec
            .ports
            .iter()
            .map(|port| RawPort {
                name: port.name.as_deref(),
                port: port.port,
                protocol: port.protocol.as_deref(),
                app_protocol: port.app_protocol.as_deref(),
                target_port: None,
            })
            .collect();
        state.cluster_ips = addresses(import.spec.ips.iter());
        state.headless = import.spec.type_.as_deref() == Some("Headless");
    } else {
        let service = snapshot.services().get(&key.name)?;
        let spec = service.spec.as_ref();
        raw = spec
            .and_then(|spec| spec.ports.as_deref())
            .unwrap_or_default()
            .iter()
            .map(RawPort::from)
            .collect();
        state.cluster_ips = cluster_ips(service);
        state.headless = spec
            .and_then(|spec| spec.cluster_ip.as_deref())
            .is_some_and(|ip| ip == "None");
        state.external_name = spec
            .and_then(|spec| spec.type_.as_deref())
            .is_some_and(|kind| kind == "ExternalName");
        if slices.is_empty() {
            endpoints = snapshot.endpoints().get(&key.name);
        }
    }
    let nothing_known = slices.is_empty() && endpoints.is_none();
    let mut found = match endpoints {
        Some(endpoints) => ServiceEndpoints::of_endpoints(endpoints, &key.name.namespace),
        None => ServiceEndpoints::of_slices(&slices),
    };
    for port in raw {
        let Some(number) = u16::try_from(port.port).ok().filter(|p| *p > 0) else {
            continue;
        };
        let endpoints = if nothing_known && options.assume.endpoints {
            assumed(key, &port, number, &state.cluster_ips)
        } else {
            found.port(port.name, port.protocol)
        };
        let protocol = port.protocol.unwrap_or("TCP");
        let plain = EffectiveBackendPort {
            key: BackendPortKey {
                own: None,
                import: key.import,
                name: key.name.clone(),
                transport: match protocol {
                    "UDP" => Transport::Udp,
                    _ => Transport::Tcp,
                },
                port: number,
            },
            app_protocol: port.app_protocol.map(str::to_owned),
            tls: None,
        };
        let place = state.ports.len();
        state.by_number.entry(number).or_default().push(place);
        let policy = policies.tls_for(port.name).filter(|_| protocol == "TCP");
        let by_tls = policy.map(|(policy, tls)| match tls {
            Ok(tls) => Ok(Arc::new(EffectiveBackendPort {
                tls: Some(tls),
                ..plain.clone()
            })),
            Err(why) => Err(BackendProblem::InvalidTlsPolicy {
                policy: policy.clone(),
                why,
            }),
        });
        state.ports.push(PortState {
            name: port.name.map(str::to_owned),
            port: number,
            protocol: protocol.to_owned(),
            plain: Arc::new(plain),
            by_tls,
            endpoints: Arc::new(endpoints),
        });
    }
    state.policies = policies;
    Some(state)
}

fn cluster_ips(service: &Service) -> Vec<IpAddr> {
    let Some(spec) = &service.spec else {
        return Vec::new();
    };
    addresses(spec.cluster_ips.iter().flatten().chain(&spec.cluster_ip))
}

/// The addresses among these texts, each once.
fn addresses<'a>(texts: impl Iterator<Item = &'a String>) -> Vec<IpAddr> {
    let mut seen = BTreeSet::new();
    texts
        .filter_map(|ip| ip.parse().ok())
        .filter(|ip| seen.insert(*ip))
        .collect()
}

/// The one endpoint of a Service or ServiceImport of which a set of manifests says no more: under its own address
/// or name, at its target port where that is a number.
fn assumed(key: &BackendKey, port: &RawPort<'_>, number: u16, ips: &[IpAddr]) -> EndpointList {
    let NamespacedName { namespace, name } = &key.name;
    let target = match port.target_port {
        Some(IntOrString::Int(target)) => u16::try_from(*target).ok().filter(|t| *t > 0),
        _ => None,
    };
    let address = ips.first().map_or_else(
        || {
            let domain = if key.import { "clusterset" } else { "cluster" };
            format!("{name}.{namespace}.svc.{domain}.local")
        },
        ToString::to_string,
    );
    let address = BackendAddress::new(address, true);
    EndpointList::at_port(target.unwrap_or(number), vec![address])
}

/// What a route needs to carry a backend's traffic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::attachment) enum Carrier {
    Http,
    Grpc,
    Stream,
    Datagram,
}

impl Carrier {
    /// What a route of this kind carries.
    pub(in crate::attachment) fn of(kind: RouteKind) -> Self {
        match kind {
            RouteKind::Http => Self::Http,
            RouteKind::Grpc => Self::Grpc,
            RouteKind::Tls | RouteKind::Tcp => Self::Stream,
            RouteKind::Udp => Self::Datagram,
        }
    }

    /// The `protocol` of the ports of a Service that can be asked for it.
    pub(in crate::attachment) fn transport(self) -> &'static str {
        match self {
            Self::Datagram => "UDP",
            _ => "TCP",
        }
    }

    /// Whether an `appProtocol` can be carried. A route that cannot send what the backend speaks makes the backend invalid
    /// (HTTPRoute and GRPCRoute `backendRefs[]`), which goes for whatever is not known here. Below HTTP everything is bytes.
    fn carries(self, protocol: AppProtocol) -> bool {
        match self {
            Self::Stream | Self::Datagram => true,
            Self::Http => protocol != AppProtocol::Unknown,
            Self::Grpc => !matches!(
                protocol,
                AppProtocol::Unknown | AppProtocol::WebSocket | AppProtocol::WebSocketOverTls
            ),
        }
    }
}

/// The port of a backend for a route, or why it cannot be had.
pub(in crate::attachment) fn port<'a>(
    state: &'a BackendState,
    reference: &ObjectRef,
    port: Option<i32>,
    carrier: Carrier,
    (originates, options): (bool, &Options),
) -> Result<&'a PortState, BackendProblem> {
    use crate::meta::FeatureName;
    if state.external_name {
        return Err(BackendProblem::ExternalName {
            reference: reference.clone(),
        });
    }
    let missing = || BackendProblem::PortNotFound {
        reference: reference.clone(),
        port,
    };
    let of_number: Vec<&PortState> = state.of_number(port).collect();
    let first = of_number.first().ok_or_else(missing)?;
    let unsupported = |protocol: &str| BackendProblem::UnsupportedProtocol {
        reference: reference.clone(),
        port,
        protocol: protocol.to_owned(),
    };
    let found = of_number
        .iter()
        .find(|p| p.protocol == carrier.transport())
        .ok_or_else(|| unsupported(&first.protocol))?;
    if let Some(text) = found.plain.app_protocol.as_deref() {
        let protocol = AppProtocol::of(text);
        let refused = match (carrier, text) {
            (Carrier::Http, "kubernetes.io/h2c") => {
                !options.supports(&FeatureName::HttpRouteBackendProtocolH2c)
            }
            (Carrier::Http, "kubernetes.io/ws") => {
                !options.supports(&FeatureName::HttpRouteBackendProtocolWebSocket)
            }
            _ => !carrier.carries(protocol),
        };
        if refused {
            return Err(unsupported(text));
        }
        let http = matches!(carrier, Carrier::Http | Carrier::Grpc);
        let policy = originates && found.by_tls.is_some();
        if http && protocol.needs_tls() && !policy {
            return Err(BackendProblem::NoTlsPolicy {
                reference: reference.clone(),
                port,
                protocol: text.to_owned(),
                possible: originates,
            });
        }
    }
    Ok(found)
}
