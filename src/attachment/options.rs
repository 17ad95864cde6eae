//! What a resolution needs to know beside the objects.

use super::{RouteKind, extensions::Extensions, objects::forms::status_field};
use crate::{
    meta::{Behaviour, Channel, FeatureName, HostnameRank, PatternLimits, Release},
    v1::{AddressType, GatewayStatusAddress},
};
use k8s_openapi::jiff::Timestamp;
use std::{collections::BTreeSet, net::Ipv4Addr};

/// The controller name that [`Options::for_manifests`] acts under where no GatewayClass says another.
pub const DEFAULT_CONTROLLER: &str = "gwapi.example/simulator";

/// How a set of objects is resolved: who we are, what we support, and where the specification leaves
/// a choice.
///
/// A controller begins with [`new`](Self::new), whose defaults promise as little as possible, and names what it has:
///
/// ```
/// use gwapi::{attachment::Options, meta::{Channel, FeatureName}};
///
/// let options = Options::new("example.com/controller").with_features([
///     FeatureName::Gateway,
///     FeatureName::HttpRoute,
///     FeatureName::HttpRouteMethodMatching,
///     FeatureName::ReferenceGrant,
/// ]);
/// assert!(!options.supports(&FeatureName::Mesh));
/// assert_eq!(options.channel, Channel::Standard);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Which GatewayClasses are ours.
    pub controllers: Controllers,
    /// The controller name in statuses of routes whose parent is a Service (mesh).
    pub mesh_controller: String,
    /// The features that are supported; all of them where it is `None`. What is not supported is reported as the
    /// specification asks: kinds of routes are left out of `supportedKinds`, rules that need it are
    /// dropped with `UnsupportedValue`, backends get `UnsupportedProtocol`.
    pub features: Option<BTreeSet<FeatureName>>,
    /// The kinds of routes that are not taken, whatever the features are: no listener supports them, and their statuses have no
    /// entry of ours. TCPRoute has no feature by which one could say so. They are watched all the same: entries from a time when
    /// they were taken have to go.
    pub declined: BTreeSet<RouteKind>,
    /// The channel of the CRDs that statuses are written to: in the standard channel a GatewayClass has no
    /// `status.supportedFeatures`.
    pub channel: Channel,
    /// The release of those CRDs: statuses have the form that it has, and what came later is not there.
    pub release: Release,
    /// What the releases of the API decide differently; [`with_release`](Self::with_release) sets it to what the
    /// release says.
    pub behaviour: Behaviour,
    /// Where the addresses of Gateways come from.
    pub addresses: AddressPool,
    /// When the condition `Programmed` of a Gateway and its listeners becomes `True`.
    pub programmed: ProgrammedWhen,
    /// Addresses that a Gateway may ask for and that cannot be bound (`AddressNotUsable`).
    pub unusable_addresses: BTreeSet<(AddressType, String)>,
    /// What is taken for granted of objects that are not there.
    pub assume: Assumptions,
    /// What happens where an HTTPRoute and a GRPCRoute want the same hostname at one listener.
    pub http_grpc_conflict: HttpGrpcConflict,
    /// Which of several TLSRoutes takes the connections for a hostname at a listener, and so which of them get none. Has to
    /// be what the data plane has in its [`RouterOptions`](crate::routing::RouterOptions).
    pub hostname_rank: HostnameRank,
    /// Whether a mesh route needs a ReferenceGrant for a backend in another namespace.
    pub mesh_references: MeshReferences,
    /// How large the regular expressions of routes may be. A rule with one that exceeds a limit is dropped with
    /// `UnsupportedValue`.
    pub patterns: PatternLimits,
    /// What an implementation knows beyond the API: filters, backends and parameters of its own kinds. None unless set.
    pub extensions: Extensions,
    /// The time at which certificates have to be valid: one that has expired, or is not valid yet, cannot be
    /// used. Without a time their validity is not judged: the library has no clock.
    pub now: Option<Timestamp>,
}

/// Which GatewayClasses are ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Controllers {
    /// Every class, whatever controller it names.
    Any,
    /// The classes that name one of these controllers.
    Named(BTreeSet<String>),
}

impl Controllers {
    /// Whether a class with this `controllerName` is ours.
    #[must_use]
    pub fn include(&self, controller: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Named(names) => names.contains(controller),
        }
    }
}

/// Where the addresses of Gateways come from.
///
/// With a pool, a Gateway that asks for no address keeps the one that its present status names, or else the one that the resolver has
/// given it before. Others get the lowest
/// free one, older Gateways first. A Gateway that asks for an address has that, unless it cannot be had.
///
/// Addresses that [`Resolver::set_addresses`](super::Resolver::set_addresses) gives a Gateway override all of this.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AddressPool {
    /// There is no pool: a Gateway has the addresses that
    /// [`Resolver::set_addresses`](super::Resolver::set_addresses) gives it, and no others. Until then it is not programmed
    /// (`AddressNotAssigned`), though it is in force: a load balancer mostly has to see the data plane before it gets an
    /// address.
    External,
    /// Addresses from 198.18.0.1 on, the range for tests of RFC 2544. A present status may name any other.
    Generated,
    /// One of these for each Gateway; Gateways beyond them get none (`AddressNotAssigned`).
    Listed(Vec<GatewayStatusAddress>),
}

impl AddressPool {
    /// The address at this place, if the pool is that large.
    #[must_use]
    pub(crate) fn get(&self, index: usize) -> Option<GatewayStatusAddress> {
        match self {
            Self::External => None,
            Self::Generated => {
                let offset = u32::try_from(index).ok()?.checked_add(1)?;
                let first = u32::from(Ipv4Addr::new(198, 18, 0, 0));
                (offset < 1 << 17).then(|| GatewayStatusAddress {
                    r#type: Some(AddressType::IpAddress),
                    value: Ipv4Addr::from(first + offset).to_string(),
                    ..Default::default()
                })
            }
            Self::Listed(addresses) => addresses.get(index).cloned(),
        }
    }
}

/// When the condition `Programmed` of a Gateway and its listeners becomes `True`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProgrammedWhen {
    /// Once the data plane says so, by [`Resolver::set_programmed`](super::Resolver::set_programmed).
    #[default]
    Reported,
    /// As soon as the Gateway is accepted and has its addresses: there is no data plane beside the resolver that could lag
    /// behind, as in a simulator.
    InForce,
}

/// What is taken for granted of objects that are not there.
///
/// Nothing by default: a controller sees the whole cluster. A set of manifests leaves things out that a
/// cluster has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Assumptions {
    /// A GatewayClass that is only named counts as there and as ours.
    pub classes: bool,
    /// A Namespace that is only named counts as there, labelled `kubernetes.io/metadata.name` alone.
    pub namespaces: bool,
    /// A Service without EndpointSlices or Endpoints counts as having one ready endpoint a port.
    pub endpoints: bool,
    /// A `parametersRef` to a kind of an implementation's own leads to something valid.
    pub parameters: bool,
}

/// What happens where an HTTPRoute and a GRPCRoute want the same hostname at one listener.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum HttpGrpcConflict {
    /// The older route is accepted, then the first by `namespace/name`; the other is rejected there
    /// (GRPCRoute `spec.hostnames`).
    #[default]
    OldestWins,
    /// Both are accepted; which one takes a request is for the routing engine to say.
    BothAccepted,
}

/// Whether a mesh route needs a ReferenceGrant for a backend in another namespace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum MeshReferences {
    /// It needs none: a mesh route exposes nothing that its clients could not reach before (GEP-1426).
    #[default]
    NeedNoGrant,
    /// It needs one, as a route with a Gateway as parent does.
    NeedGrant,
}

impl Options {
    /// The options of a controller with this name. They promise as little as possible: the core features of HTTPRoute
    /// alone (`Gateway`, `HTTPRoute`, `ReferenceGrant`), no mesh, no TCPRoute, CRDs of the standard channel, no address and
    /// no `Programmed` that nobody has reported.
    pub fn new(controller: impl Into<String>) -> Self {
        let controller = controller.into();
        Self {
            controllers: Controllers::Named(BTreeSet::from([controller.clone()])),
            mesh_controller: controller,
            features: Some(BTreeSet::from([
                FeatureName::Gateway,
                FeatureName::HttpRoute,
                FeatureName::ReferenceGrant,
            ])),
            declined: BTreeSet::from([RouteKind::Tcp]),
            channel: Channel::Standard,
            release: Release::default(),
            behaviour: Behaviour::of(Release::default()),
            addresses: AddressPool::External,
            programmed: ProgrammedWhen::Reported,
            unusable_addresses: BTreeSet::new(),
            assume: Assumptions::default(),
            http_grpc_conflict: HttpGrpcConflict::default(),
            hostname_rank: HostnameRank::default(),
            mesh_references: MeshReferences::default(),
            patterns: PatternLimits::default(),
            extensions: Extensions::default(),
            now: None,
        }
    }

    /// The options of a controller with this name whose data plane is a simulator: every feature and every kind of route
    /// is supported, the CRDs are those of the experimental channel, addresses are generated, and what is in force is
    /// programmed.
    pub fn for_simulator(controller: impl Into<String>) -> Self {
        Self {
            features: None,
            declined: BTreeSet::new(),
            channel: Channel::Experimental,
            addresses: AddressPool::Generated,
            programmed: ProgrammedWhen::InForce,
            ..Self::new(controller)
        }
    }

    /// The options for a set of manifests outside of a cluster: every GatewayClass is ours, and what such
    /// a set leaves out is assumed.
    #[must_use]
    pub fn for_manifests() -> Self {
        Self {
            controllers: Controllers::Any,
            assume: Assumptions {
                classes: true,
                namespaces: true,
                endpoints: true,
                parameters: true,
            },
            ..Self::for_simulator(DEFAULT_CONTROLLER)
        }
    }

    /// The same for the CRDs of a release: v1.1.0 unless this is called.
    #[must_use]
    pub fn with_release(self, release: Release) -> Self {
        Self {
            release,
            behaviour: Behaviour::of(release),
            ..self
        }
    }

    /// The same with these features, and no others.
    #[must_use]
    pub fn with_features(self, features: impl IntoIterator<Item = FeatureName>) -> Self {
        Self {
            features: Some(features.into_iter().collect()),
            ..self
        }
    }

    /// Whether routes of a kind are taken: none that is declined, nor one whose feature is not supported.
    #[must_use]
    pub fn takes(&self, kind: RouteKind) -> bool {
        let feature = kind.feature();
        !self.declined.contains(&kind) && feature.is_none_or(|feature| self.supports(&feature))
    }

    /// Whether an address in the status of a Gateway can say from where it is reached: a server drops that where its definition does
    /// not have it.
    pub(crate) fn has_routability(&self) -> bool {
        let crds = (self.release, self.channel);
        status_field("Gateway", &["addresses", "routability"], crds).is_some()
    }

    /// Whether a feature is supported.
    #[must_use]
    pub fn supports(&self, feature: &FeatureName) -> bool {
        self.features
            .as_ref()
            .is_none_or(|features| features.contains(feature))
    }
}
