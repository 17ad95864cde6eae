//! XBackend: a backend that is no Service (GEP-4894).

use crate::{
    meta::{Condition, PortNumber, constraint, open_enum, resource, was, when},
    v1::{BackendTlsPolicyValidation, ParentReference, SecretObjectReference, SessionPersistence},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

resource! {
    /// A backend that is no Service: a host outside of the cluster, or pods by their labels; with how to speak to it.
    Namespaced experiment XBackend = "XBackend", XBackendList = "XBackendList", "xbackends", "v1alpha1";
    spec: BackendSpec;
    status: BackendStatus
}

/// What a backend is (`spec`): the member that `type` names, its port, and how to speak to it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BackendSpec {
    /// Pods, for `EndpointSelector`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-gwapi-when" = when!("E1.7")))]
    pub endpoint_selector: Option<EndpointSelectorBackend>,
    /// A host outside of the cluster, for `ExternalHostname`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_hostname: Option<ExternalHostnameBackend>,
    /// The port.
    pub port: BackendPort,
    /// The protocol that the backend speaks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocol: Option<BackendProtocol>,
    /// Whether the requests of one client session go to the same endpoint; for `EndpointSelector` only (GEP-1619).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-gwapi-when" = when!("E1.7")))]
    pub session_persistence: Option<SessionPersistence>,
    /// How TLS is spoken with the backend; not unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend(
        "default" = { "mode": "None" },
        "x-gwapi-was" = was! { "..1.6": { "default": null } },
    ))]
    pub tls: Option<BackendTls>,
    /// What kind of backend it is.
    #[serde(rename = "type")]
    pub r#type: BackendType,
}

open_enum! {
    /// What kind of backend an XBackend is.
    pub enum BackendType, schema = closed {
        /// A host outside of the cluster, by its name in DNS.
        ExternalHostname = "ExternalHostname",
        /// Pods of the backend's namespace, by their labels.
        EndpointSelector = "EndpointSelector" when "E1.7",
    }
}

/// The port of a backend (`spec.port`). Release v1.7.0 calls it `number`, releases before `port`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend(
    "minProperties" = 1,
    "x-gwapi-was" = was! { "..1.6": { "minProperties": null } },
))]
pub struct BackendPort {
    /// A name, in the form before v1.7.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<constraint::PortName>", extend("x-gwapi-when" = when!("E1.6..1.6")))]
    pub name: Option<String>,
    /// The port.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<constraint::Port>", extend("x-gwapi-when" = when!("E1.7")))]
    pub number: Option<PortNumber>,
    /// The port, in the form before v1.7.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(
        with = "Option<constraint::Port>",
        extend(
            "x-gwapi-when" = when!("E1.6..1.6"),
            "x-gwapi-required" = when!("E1.6..1.6"),
            "x-gwapi-instead" = "number",
        )
    )]
    pub port: Option<PortNumber>,
}

impl BackendPort {
    /// The port, whichever way it is written.
    #[must_use]
    pub fn number(&self) -> Option<PortNumber> {
        self.number.or(self.port)
    }
}

/// A host outside of the cluster (`spec.externalHostname`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExternalHostnameBackend {
    /// Its name in DNS; none of the cluster's own.
    #[schemars(with = "constraint::PreciseHostname")]
    pub hostname: String,
}

/// Pods of the backend's namespace (`spec.endpointSelector`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EndpointSelectorBackend {
    /// Labels that a pod must have with these values; at least one.
    #[schemars(
        with = "BTreeMap<String, constraint::LabelValue>",
        extend("minProperties" = 1, "maxProperties" = 64)
    )]
    pub match_labels: BTreeMap<String, String>,
}

open_enum! {
    /// What a backend speaks.
    pub enum BackendProtocol, schema = closed {
        /// TCP streams.
        Tcp = "TCP",
        /// HTTP, its version left to the implementation.
        Http = "HTTP",
        /// HTTP/2 over TLS.
        Http2 = "HTTP2",
        /// HTTP/1.1.
        Http11 = "HTTP11",
        /// Cleartext HTTP/2.
        H2c = "H2C",
        /// The Model Context Protocol.
        Mcp = "MCP",
        /// gRPC.
        Grpc = "GRPC" when "E1.7",
        /// WebSocket over TLS.
        Wss = "WSS" when "E1.7",
    }
}

/// How TLS is spoken with a backend (`spec.tls`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BackendTls {
    /// The certificate that is shown to the backend, for `ClientAndServer`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_certificate_ref: Option<SecretObjectReference>,
    /// Who shows a certificate.
    pub mode: BackendTlsMode,
    /// How the backend's certificate is checked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validation: Option<BackendTlsPolicyValidation>,
}

open_enum! {
    /// Who shows a certificate to whom.
    pub enum BackendTlsMode, schema = closed {
        /// Nobody: TLS is not spoken.
        None = "None",
        /// The backend.
        ServerOnly = "ServerOnly",
        /// The backend, and the Gateway as its client.
        ClientAndServer = "ClientAndServer",
    }
}

/// The observed state of a backend (`status`). Release v1.7.0 has `ancestors`, releases before `parents`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BackendStatus {
    /// What each controller says of the backend at each ancestor.
    #[serde(
        default,
        deserialize_with = "crate::meta::wire::list",
        skip_serializing_if = "Vec::is_empty"
    )]
    #[schemars(length(max = 32), extend("x-gwapi-when" = when!("E1.7")))]
    pub ancestors: Vec<BackendAncestorStatus>,
    /// What each controller says of the backend at each parent, in the form before v1.7.0.
    #[serde(
        default,
        deserialize_with = "crate::meta::wire::list",
        skip_serializing_if = "Vec::is_empty"
    )]
    #[schemars(
        length(max = 32),
        extend("x-gwapi-when" = when!("E1.6..1.6"), "x-gwapi-instead" = "ancestors")
    )]
    pub parents: Vec<BackendParentStatus>,
}

/// What one controller says of a backend at one ancestor (`status.ancestors[]`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BackendAncestorStatus {
    /// The ancestor.
    pub ancestor_ref: ParentReference,
    /// What the controller found.
    #[serde(
        default,
        deserialize_with = "crate::meta::wire::list",
        skip_serializing_if = "Vec::is_empty"
    )]
    #[schemars(
        with = "Vec<constraint::Condition>",
        extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"])
    )]
    pub conditions: Vec<Condition>,
    /// The controller that wrote this entry: a domain and a path.
    #[schemars(with = "constraint::ControllerName")]
    pub controller_name: String,
}

/// What one controller says of a backend at one parent (`status.parents[]`), in the form before v1.7.0.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BackendParentStatus {
    /// What the controller found.
    #[serde(
        default,
        deserialize_with = "crate::meta::wire::list",
        skip_serializing_if = "Vec::is_empty"
    )]
    #[schemars(
        with = "Vec<constraint::Condition>",
        extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"])
    )]
    pub conditions: Vec<Condition>,
    /// The controller that wrote this entry: a domain and a path.
    #[schemars(with = "constraint::ControllerName")]
    pub controller_name: String,
    /// The parent.
    pub parent_ref: ParentReference,
}
