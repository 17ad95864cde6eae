//! The object graph: which route attaches to which listener or Service and why, and what follows.
//!
//! A [`Snapshot`] is a set of objects: Gateway API kinds in all their versions, Services,
//! EndpointSlices, Secrets, ConfigMaps, Namespaces. [`resolve`] is a pure function from a snapshot and
//! [`Options`] to a [`Resolution`]: the status that each object ought to have, for each route and parent
//! one sentence that says why it is attached or not, and the [`Effective`] configuration, in a form that no
//! longer needs the objects it came from: what the routing engine compiles, and what a proxy serves.
//!
//! A controller keeps a [`Resolver`], which holds a snapshot and its resolution. It looks again only at what
//! a change touches, and says what has changed. What only others know it is told: addresses, what the data plane does, which CRDs
//! are installed, objects of an implementation's own kinds ([`Extension`]). [`Resolver::due`] says which statuses have to be written,
//! each as a whole and as a patch; [`status::next`] is what makes of a wanted status the one to write.
//!
//! # A controller
//!
//! What follows is the whole of it, but for watching and sending, for which there is a [guide](controllers). Nothing is written before every first list is there, or else
//! routes would be told that their backends do not exist.
//!
//! ```
//! use gwapi::{
//!     attachment::{Options, Resolver},
//!     meta::FeatureName,
//!     v1::{Gateway, GatewayClass, GatewayStatusAddress, HttpRoute},
//! };
//! use k8s_openapi::{api::core::v1::{Secret, Service}, apimachinery::pkg::apis::meta::v1::Time, jiff::Timestamp};
//!
//! # let (classes, gateways, routes, services): (Vec<GatewayClass>, Vec<Gateway>, Vec<HttpRoute>, Vec<Service>) = Default::default();
//! # let one = GatewayClass::default();
//! let core = [FeatureName::Gateway, FeatureName::HttpRoute, FeatureName::ReferenceGrant];
//! let mut resolver = Resolver::new(Options::new("example.com/controller").with_features(core));
//!
//! // A list is complete, the first one or one after an interruption.
//! resolver.replace_all::<GatewayClass>(classes);
//! resolver.replace_all::<Gateway>(gateways);
//! resolver.replace_all::<HttpRoute>(routes);
//! resolver.replace_all::<Service>(services);
//! // An object comes or changes; one that is gone is taken out by `remove`.
//! resolver.insert(one);
//!
//! // Once for all that has come.
//! let changes = resolver.update();
//! let tables = resolver.resolution().effective.clone();
//! if changes.concerns_traffic() {
//!     // To the data plane: what has not changed is shared with the tables from before.
//! }
//! // What the data plane reports: here that it listens at every port.
//! let address = GatewayStatusAddress { value: "192.0.2.1".into(), ..Default::default() };
//! resolver.set_ports(&tables, &[address], |_, _, _| None);
//! resolver.update();
//! for secret in resolver.needed::<Secret>() {
//!     // To be watched.
//!     # drop(secret);
//! }
//! // Whoever leads writes. A write that is refused is due again; the object in the answer is inserted as one from a watch.
//! for write in resolver.due(&Time(Timestamp::UNIX_EPOCH)) {
//!     let (version, plural, patch) = (write.version, write.plural, write.merge_patch());
//!     # let _ = (version, plural, patch);
//! }
//! ```
//!
//! # Where the specification leaves a choice
//!
//! * All conflicting listeners are rejected; the others stay in force (`ListenersNotValid`). Which conflict follows
//!   from port, protocol and hostname alone:
//!
//!   | on one port | HTTP | HTTPS or TLS | TCP | UDP | any other |
//!   | --- | --- | --- | --- | --- | --- |
//!   | **HTTP** | if the hostname is the same | yes | yes | no | yes |
//!   | **HTTPS or TLS** | yes | if the hostname is the same | yes | no | yes |
//!   | **TCP** | yes | yes | yes | no | yes |
//!   | **UDP** | no | no | no | yes | yes |
//!   | **any other** | yes | yes | yes | yes | yes |
//!
//! * `ListenersNotValid` is a condition of its own where `Accepted` has another reason.
//! * Of the Gateways that ask for one address the oldest has it, then the first by name; the others are not
//!   programmed (`AddressNotUsable`). A Gateway that is not programmed takes no traffic. No two Gateways are merged onto one address.
//! * Parameters are in a ConfigMap, a Secret, or an object of an implementation's own kind.
//! * A GatewayClass is accepted whatever the release of the installed CRDs; `SupportedVersion` says whether it is a
//!   known one.
//! * An HTTPRoute and a GRPCRoute exclude each other at one listener and not at another. A route that some
//!   listener accepts is accepted, and its message names the others.
//! * Of several TCPRoutes or UDPRoutes at a listener, or at a port of a Service, the oldest is accepted, then the
//!   first by name; a TLSRoute is rejected where others take all of its hostnames. The first rule of such a route
//!   takes everything, the others are dropped.
//! * A TCPRoute or UDPRoute is not accepted if none of its backends is there for it: each is missing, in a namespace that
//!   does not allow it, of another kind or protocol (GEP-1364: no rule can be made of it). One whose backends only have a
//!   BackendTLSPolicy that is not valid is accepted, and its connections are refused: there the policy is wrong, and can
//!   say so in its status because the route uses its target.
//! * Rules that are not valid are dropped one by one (`PartiallyInvalid`, "Dropped Rule"). A route of which
//!   no rule is left is not accepted.
//! * Up to v1.4, `attachedRoutes` counts by parentRef and `allowedRoutes` alone, as the API says there: hostnames, and
//!   whether listener or route are accepted, play no part. Since v1.5.0 only those with `Accepted` True count
//!   ([`Behaviour::attached_routes`](crate::meta::Behaviour::attached_routes)).
//! * A listener with some certificate that can be used stays in force with that; `ResolvedRefs` is False and
//!   names the others. The same goes for the authorities of client certificates.
//! * A listener with a label selector that cannot be applied (`allowedRoutes.namespaces`) is rejected, since no
//!   route can be attached to it.
//! * A BackendTLSPolicy is for connections that a Gateway opens by itself (GEP-1897): not for a mesh, nor for TLS
//!   that is passed through, nor for UDP.
//! * Policies conflict for the same target and section: of those that are valid, the oldest applies, then the first
//!   by name. One for a port goes before one for the whole Service.
//! * A BackendTLSPolicy that is not valid makes its backend fail if there is no valid one for the same target and
//!   section: cleartext is no substitute for TLS.
//! * The ancestors of a policy are the Gateways with traffic that it is for, and nothing else.
//! * A policy that has as many ancestors as its status can hold cannot be implemented at further Gateways: their
//!   routes cannot refer to its targets ([`POLICY_FULL`](effective::POLICY_FULL)). Gateways that have an entry
//!   keep it; then come older ones.
//! * Clients without a valid certificate are let in where the mode is `AllowInsecureFallback`: the Gateway's condition
//!   `InsecureFrontendValidationMode` says so. It is not there otherwise.
//! * What releases decide differently is in [`Behaviour`](crate::meta::Behaviour), with an option by name for each; what is not
//!   implemented is told by [`not_implemented`].
//! * Filters, backends and parameters of an implementation's own kinds are what its [`Extension`] says; without one, such a filter
//!   or backend is not supported, and parameters have to be there.
//! * What else is left open is an option by name: [`HttpGrpcConflict`], [`MeshReferences`],
//!   [`Assumptions`], [`AddressPool`], [`ProgrammedWhen`].

pub mod admit;
mod assembly;
mod backend;
mod condition_body;
pub mod controllers;
pub mod effective;
mod extensions;
mod gateway;
mod map;
mod objects;
mod options;
mod reports;
mod resolution;
mod resolver;
mod route;
mod standing;
pub mod status;
mod unimplemented;
mod values;

#[cfg(test)]
pub(crate) use assembly::claims::PORTS_JUDGED as MESH_PORTS_JUDGED;
#[cfg(feature = "lint")]
pub(crate) use assembly::claims::order as mesh_order;
#[cfg(test)]
pub(crate) use backend::PORTS_LOOKED_AT;
#[cfg(test)]
pub(crate) use backend::policy_status::traffic::USES_LOOKED_AT;
pub use effective::Effective;
pub use extensions::{Extension, ExtensionRole, ExtensionVerdict, Extensions};
pub(crate) use gateway::{class::ParametersKind, conflict::Family, validity::ListenerLack};
#[cfg(test)]
pub(crate) use objects::grants::GRANTS_READ;
#[cfg(feature = "lint")]
pub(crate) use objects::{certificates::secret_remedy, slice::import_of};
pub(crate) use objects::{
    certificates::{is_config_map, is_secret},
    grants::Pair as GrantPair,
    object::{BACKEND_KINDS, class_reference},
};
pub use objects::{
    installed::{FeaturesForm, InstalledCrd},
    object::{
        ByPlace, MULTICLUSTER_GROUP, ServiceImport, ServiceImportPort, ServiceImportSpec,
        SnapshotObject,
    },
    route_id::{RouteId, RouteKind},
    rule_label::RuleLabel,
    slice::service_of,
    snapshot::Snapshot,
};
pub use options::{
    AddressPool, Assumptions, Controllers, DEFAULT_CONTROLLER, HttpGrpcConflict, MeshReferences,
    Options, ProgrammedWhen,
};
pub use reports::DataPlaneReport;
pub use resolution::{Changes, ListenerId, PolicyTarget, Resolution, Status};
pub use resolver::{
    DueWrite, FinalizerWrite, KindVisitor, ReferenceProblem, ReferenceProblemKind, Relisted,
    Resolver, WatchedKind, resolve,
};
#[cfg(test)]
pub(crate) use route::SELECTORS_ASKED;
pub(crate) use route::{NAME_LABEL, Obstacles, PARENT_KINDS};
pub use standing::{
    AtListener, Attachment, CONFLICTED, LostPort, PortWinner, RouteConflict, Standing, WonBy,
};
pub use status::{
    MAX_CONDITIONS, MAX_PARENTS, Next, Omitted, StatusEvent, StatusPart, StatusWrite, next,
};
pub(crate) use unimplemented::is_unimplemented_parent;
pub use unimplemented::{NotImplemented, not_implemented};
