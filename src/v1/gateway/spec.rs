//! Gateway: a point where traffic enters, with its listeners and addresses.

use super::{
    FrontendTlsValidation, GatewaySpecAddress, GatewayStatus, Listener, ListenerNamespaces,
};
use crate::{
    meta::{self, PortNumber, constraint, resource, was, when},
    v1::{GatewayDefaultScope, SecretObjectReference},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

resource! {
    /// A point where traffic is taken in and handed to Services: listeners bound to addresses.
    Namespaced Gateway = "Gateway", GatewayList = "GatewayList", "gateways", "v1";
    spec: GatewaySpec;
    status: GatewayStatus
}

/// What a Gateway asks for (`spec`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GatewaySpec {
    /// The addresses at which the Gateway should be reached; the controller chooses unless set.
    #[serde(
        default,
        deserialize_with = "crate::meta::wire::list",
        skip_serializing_if = "Vec::is_empty"
    )]
    #[schemars(length(max = 16))]
    pub addresses: Vec<GatewaySpecAddress>,
    /// From which namespaces ListenerSets may add listeners to the Gateway (GEP-1713); from none unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-gwapi-when" = when!("E1.3 S1.5")))]
    pub allowed_listeners: Option<AllowedListeners>,
    /// How the Gateway speaks TLS with backends, in the form of releases v1.2.0 to v1.3.0; `tls.backend` has replaced it.
    #[serde(rename = "backendTLS", skip_serializing_if = "Option::is_none")]
    #[schemars(extend(
        "x-gwapi-when" = when!("E1.2..1.3"),
        "x-gwapi-instead" = "spec.tls.backend",
    ))]
    pub backend_tls: Option<GatewayBackendTls>,
    /// Which routes attach to the Gateway though they do not name it (GEP-3793); none unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-gwapi-when" = when!("E1.4")))]
    pub default_scope: Option<GatewayDefaultScope>,
    /// The name of the GatewayClass.
    #[schemars(with = "constraint::ObjectName")]
    pub gateway_class_name: String,
    /// What the controller should set on the infrastructure that it makes for this Gateway (GEP-1867).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-gwapi-when" = when!("E.. S1.2")))]
    pub infrastructure: Option<GatewayInfrastructure>,
    /// The listeners, at least one, each with a name of its own.
    #[schemars(
        length(min = 1, max = 64),
        extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"])
    )]
    pub listeners: Vec<Listener>,
    /// How the Gateway as a whole speaks TLS: with clients (GEP-91) and with backends (GEP-3155).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-gwapi-when" = when!("E1.4 S1.5")))]
    pub tls: Option<GatewayTlsConfig>,
}

impl GatewaySpec {
    /// The certificate that the Gateway shows to backends as their client, if it has one: from `tls.backend`, or from
    /// `backendTLS` as earlier releases had it.
    #[must_use]
    pub fn client_certificate_ref(&self) -> Option<&SecretObjectReference> {
        let newest = self.tls.as_ref().and_then(|tls| tls.backend.as_ref());
        newest
            .or(self.backend_tls.as_ref())?
            .client_certificate_ref
            .as_ref()
    }

    /// The object with parameters for the Gateway (`infrastructure.parametersRef`), if one is named.
    #[must_use]
    pub fn parameters_ref(&self) -> Option<&LocalParametersReference> {
        self.infrastructure.as_ref()?.parameters_ref.as_ref()
    }
}

/// From which namespaces ListenerSets may add listeners to a Gateway (`spec.allowedListeners`, GEP-1713).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AllowedListeners {
    /// The namespaces; none unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = { "from": "None" }))]
    pub namespaces: Option<ListenerNamespaces>,
}

/// How a Gateway as a whole speaks TLS (`spec.tls`). What a single listener does is in its [`ListenerTlsConfig`].
///
/// [`ListenerTlsConfig`]: super::ListenerTlsConfig
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GatewayTlsConfig {
    /// With backends: as their client (GEP-3155).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backend: Option<GatewayBackendTls>,
    /// With clients: which certificates they must show (GEP-91).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frontend: Option<FrontendTlsConfig>,
}

impl GatewayTlsConfig {
    /// How the certificates of clients are checked at a port: what is set for the port overrides the default.
    #[must_use]
    pub fn client_validation(&self, port: PortNumber) -> Option<&FrontendTlsValidation> {
        let frontend = self.frontend.as_ref()?;
        let own = frontend.per_port.iter().find(|own| own.port == port);
        own.map_or(&frontend.default, |own| &own.tls)
            .validation
            .as_ref()
    }
}

/// How a Gateway speaks TLS with backends (`spec.tls.backend`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GatewayBackendTls {
    /// The certificate that the Gateway shows as a client, where a backend asks for one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_certificate_ref: Option<SecretObjectReference>,
}

/// How a Gateway checks the certificates of clients (`spec.tls.frontend`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FrontendTlsConfig {
    /// At every HTTPS listener whose port has no entry of its own.
    pub default: TlsConfig,
    /// At the HTTPS listeners of single ports.
    #[serde(
        default,
        deserialize_with = "crate::meta::wire::list",
        skip_serializing_if = "Vec::is_empty"
    )]
    #[schemars(
        length(max = 64),
        extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["port"])
    )]
    pub per_port: Vec<TlsPortConfig>,
}

/// How certificates of clients are checked, at all ports or at one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TlsConfig {
    /// The check; clients need no certificate unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validation: Option<FrontendTlsValidation>,
}

/// How certificates of clients are checked at one port (`spec.tls.frontend.perPort[]`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TlsPortConfig {
    /// The port of the listeners.
    #[schemars(with = "constraint::Port")]
    pub port: PortNumber,
    /// How certificates are checked there.
    pub tls: TlsConfig,
}

/// What a controller should set on the infrastructure of one Gateway (`spec.infrastructure`, GEP-1867).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GatewayInfrastructure {
    /// Annotations for every object that the controller makes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(
        with = "Option<BTreeMap<String, constraint::AnnotationValue>>",
        extend("maxProperties" = 16, "x-gwapi-was" = was! { "..1.5": { "maxProperties": 8 } })
    )]
    pub annotations: Option<BTreeMap<String, String>>,
    /// Labels for every object that the controller makes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(
        with = "Option<BTreeMap<String, constraint::LabelValue>>",
        extend("maxProperties" = 8)
    )]
    pub labels: Option<BTreeMap<String, String>>,
    /// An object with parameters for this Gateway, in its own namespace; merged with those of the class.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-gwapi-when" = when!("E1.1 S1.2")))]
    pub parameters_ref: Option<LocalParametersReference>,
}

/// Names an object with parameters in the Gateway's own namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LocalParametersReference {
    /// The API group; empty for the core group.
    #[schemars(with = "constraint::Group")]
    pub group: String,
    /// The kind.
    #[schemars(with = "constraint::KindName")]
    pub kind: String,
    /// The name.
    #[schemars(with = "constraint::ObjectName")]
    pub name: String,
}

impl LocalParametersReference {
    /// The object, as referred to from a Gateway in `own_namespace`.
    #[must_use]
    pub fn resolve(&self, own_namespace: &str) -> meta::ObjectRef {
        meta::ObjectRef {
            group: self.group.clone(),
            kind: self.kind.clone(),
            namespace: own_namespace.to_owned(),
            name: self.name.clone(),
        }
    }
}
