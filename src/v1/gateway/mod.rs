//! GatewayClass, Gateway and ListenerSet.

mod address;
mod class;
mod listener;
mod listener_set;
mod spec;
mod status;

pub use address::{AddressRoutability, AddressType, GatewaySpecAddress, GatewayStatusAddress};
pub use class::{
    GATEWAYS_EXIST_FINALIZER, GatewayClass, GatewayClassList, GatewayClassSpec, GatewayClassStatus,
    ParametersReference,
};
pub use listener::{
    AllowedRoutes, FromNamespaces, FrontendTlsValidation, FrontendValidationModeType, Listener,
    ListenerFilter, ListenerFilters, ListenerNamespaces, ListenerTlsConfig, ProtocolType,
    RouteGroupKind, RouteNamespaces, TlsModeType,
};
pub use listener_set::{
    ListenerEntry, ListenerEntryStatus, ListenerSet, ListenerSetList, ListenerSetSpec,
    ListenerSetStatus, ParentGatewayReference,
};
pub use spec::{
    AllowedListeners, FrontendTlsConfig, Gateway, GatewayBackendTls, GatewayInfrastructure,
    GatewayList, GatewaySpec, GatewayTlsConfig, LocalParametersReference, TlsConfig, TlsPortConfig,
};
pub(crate) use status::undecided;
pub use status::{GatewayStatus, ListenerStatus};
