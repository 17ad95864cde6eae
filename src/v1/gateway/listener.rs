//! Listeners of a Gateway: port, protocol, hostname, TLS, and which routes may attach.

use crate::{
    meta::{self, GroupKind, PortNumber, Transport, constraint, open_enum, union, was, when},
    v1::{HttpExternalAuthFilter, LocalObjectReference, ObjectReference, SecretObjectReference},
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A port on which a Gateway takes traffic, and what it does there (`spec.listeners[]`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Listener {
    /// Which routes may attach; routes of the Gateway's own namespace unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = { "namespaces": { "from": "Same" } }))]
    pub allowed_routes: Option<AllowedRoutes>,
    /// What is done to every request of the listener, before a route is chosen (GEP-5224); for HTTP and HTTPS only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-gwapi-when" = when!("E1.7")))]
    pub filters: Option<ListenerFilters>,
    /// The hosts that the listener serves, by SNI for TLS and by the Host header for HTTP; all unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<constraint::Hostname>")]
    pub hostname: Option<String>,
    /// The name, unique within the Gateway; routes attach to it by `sectionName`.
    #[schemars(with = "constraint::SectionName")]
    pub name: String,
    /// The port. Several listeners may share one if their protocols are compatible and their hostnames
    /// differ.
    #[schemars(with = "constraint::Port")]
    pub port: PortNumber,
    /// The protocol that the listener speaks.
    pub protocol: ProtocolType,
    /// TLS, for the protocols HTTPS and TLS only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<ListenerTlsConfig>,
}

impl Listener {
    /// From which namespaces routes may attach: the Gateway's own by default.
    #[must_use]
    pub fn routes_from(&self) -> FromNamespaces {
        self.allowed_routes
            .as_ref()
            .and_then(|allowed| allowed.namespaces.as_ref())
            .and_then(|namespaces| namespaces.from.clone())
            .unwrap_or(FromNamespaces::Same)
    }

    /// What becomes of TLS at this listener: `Terminate` by default, nothing without `tls`.
    #[must_use]
    pub fn tls_mode(&self) -> Option<TlsModeType> {
        self.tls.as_ref().map(ListenerTlsConfig::mode)
    }
}

open_enum! {
    /// What a listener speaks. Controllers may add protocols of their own, prefixed with a domain.
    pub enum ProtocolType, schema = Protocol {
        /// Cleartext HTTP.
        Http = "HTTP",
        /// HTTP over TLS.
        Https = "HTTPS",
        /// TLS, routed by SNI.
        Tls = "TLS",
        /// TCP streams.
        Tcp = "TCP",
        /// UDP datagrams.
        Udp = "UDP",
    }
}

impl ProtocolType {
    /// What carries the protocol: UDP for itself, TCP for every other, those of implementations included.
    #[must_use]
    pub fn transport(&self) -> Transport {
        match self {
            Self::Udp => Transport::Udp,
            _ => Transport::Tcp,
        }
    }
}

/// How a listener deals with TLS (`spec.listeners[].tls`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ListenerTlsConfig {
    /// The certificates that the listener presents, for `Terminate`.
    #[serde(
        default,
        deserialize_with = "crate::meta::wire::list",
        skip_serializing_if = "Vec::is_empty"
    )]
    #[schemars(length(max = 64))]
    pub certificate_refs: Vec<SecretObjectReference>,
    /// How certificates of clients are checked, in the form of releases v1.1.0 to v1.3.0; `tls.frontend` of the Gateway has
    /// replaced it (GEP-91). Clients need none unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend(
        "x-gwapi-when" = when!("E1.1..1.3"),
        "x-gwapi-instead" = "spec.tls.frontend",
    ))]
    pub frontend_validation: Option<FrontendTlsValidation>,
    /// What becomes of TLS; `Terminate` unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = "Terminate"))]
    pub mode: Option<TlsModeType>,
    /// Settings that mean something to the controller, keys prefixed with a domain.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(
        with = "Option<BTreeMap<String, constraint::AnnotationValue>>",
        extend("maxProperties" = 16)
    )]
    pub options: Option<BTreeMap<String, String>>,
}

impl ListenerTlsConfig {
    /// What becomes of TLS: `Terminate` by default.
    #[must_use]
    pub fn mode(&self) -> TlsModeType {
        self.mode.clone().unwrap_or(TlsModeType::Terminate)
    }
}

open_enum! {
    /// What becomes of TLS at a listener.
    pub enum TlsModeType, schema = closed {
        /// The listener ends the TLS session with its own certificate.
        Terminate = "Terminate",
        /// The TLS session goes on to the backend; only SNI is looked at.
        Passthrough = "Passthrough",
    }
}

/// What is done to every request of a listener (`spec.listeners[].filters`, GEP-5224).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ListenerFilters {
    /// To requests, in this order, before a route is chosen.
    #[serde(
        default,
        deserialize_with = "crate::meta::wire::list",
        skip_serializing_if = "Vec::is_empty"
    )]
    #[schemars(length(max = 16))]
    pub requests: Vec<ListenerFilter>,
}

union! {
    /// What is done to a request at a listener, before a route is chosen (`filters.requests[]`, GEP-5224).
    pub enum ListenerFilter {
        /// Asks a further server whether the request may pass.
        ExternalAuth(HttpExternalAuthFilter) = "ExternalAuth", "externalAuth";
        /// A filter of the implementation's own, in an object of the listener's namespace.
        ExtensionRef(LocalObjectReference) = "ExtensionRef", "extensionRef";
    }
}

/// How the certificates of clients are checked: `validation` in a Gateway's `spec.tls.frontend`, and a listener's
/// `frontendValidation` before (GEP-91).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FrontendTlsValidation {
    /// Objects with the certificates of the authorities that a client's certificate must lead to:
    /// ConfigMaps with a key `ca.crt`, or whatever else the controller supports.
    #[serde(
        default,
        deserialize_with = "crate::meta::wire::list",
        skip_serializing_if = "Vec::is_empty"
    )]
    #[schemars(
        length(min = 1, max = 16),
        extend(
            "x-gwapi-required" = when!("1.4"),
            "x-gwapi-was" = was! { "..1.5": { "maxItems": 8 } },
        )
    )]
    pub ca_certificate_refs: Vec<ObjectReference>,
    /// What becomes of a client without a certificate that is valid; it is refused unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = "AllowValidOnly", "x-gwapi-when" = when!("1.4")))]
    pub mode: Option<FrontendValidationModeType>,
}

impl FrontendTlsValidation {
    /// What becomes of a client without a certificate that is valid: by default it is refused.
    #[must_use]
    pub fn mode(&self) -> FrontendValidationModeType {
        self.mode
            .clone()
            .unwrap_or(FrontendValidationModeType::AllowValidOnly)
    }
}

open_enum! {
    /// What becomes of a client without a certificate that is valid.
    pub enum FrontendValidationModeType, schema = closed {
        /// It is refused.
        AllowValidOnly = "AllowValidOnly",
        /// It is let in all the same: whoever answers it has to look at the certificate.
        AllowInsecureFallback = "AllowInsecureFallback",
    }
}

/// Which routes may attach to a listener (`spec.listeners[].allowedRoutes`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AllowedRoutes {
    /// Of which kinds; those that the protocol suggests unless set.
    #[serde(
        default,
        deserialize_with = "crate::meta::wire::list",
        skip_serializing_if = "Vec::is_empty"
    )]
    #[schemars(length(max = 8))]
    pub kinds: Vec<RouteGroupKind>,
    /// From which namespaces; the Gateway's own unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = { "from": "Same" }))]
    pub namespaces: Option<RouteNamespaces>,
}

/// From which namespaces routes may attach.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RouteNamespaces {
    /// The choice; `Same` unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = "Same", "enum" = ["All", "Selector", "Same"]))]
    pub from: Option<FromNamespaces>,
    /// The labels of the namespaces, for `Selector` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<constraint::LabelSelector>")]
    pub selector: Option<LabelSelector>,
}

/// From which namespaces ListenerSets may add listeners to a Gateway.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ListenerNamespaces {
    /// The choice; `None` unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend(
        "default" = "None",
        "enum" = ["All", "Selector", "Same", "None"],
    ))]
    pub from: Option<FromNamespaces>,
    /// The labels of the namespaces, for `Selector` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<constraint::LabelSelector>")]
    pub selector: Option<LabelSelector>,
}

open_enum! {
    /// Where routes, or listeners of ListenerSets, may come from.
    pub enum FromNamespaces, schema = closed {
        /// Any namespace.
        All = "All",
        /// Namespaces whose labels the selector matches.
        Selector = "Selector",
        /// The Gateway's own namespace.
        Same = "Same",
        /// Nowhere: for ListenerSets only.
        None = "None",
    }
}

/// A kind of routes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RouteGroupKind {
    /// The API group; the Gateway API's own unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<constraint::Group>", extend("default" = meta::GROUP))]
    pub group: Option<String>,
    /// The kind.
    #[schemars(with = "constraint::KindName")]
    pub kind: String,
}

impl RouteGroupKind {
    /// A kind of the Gateway API's own group, the group written out.
    #[must_use]
    pub fn gateway_api(kind: impl Into<String>) -> Self {
        Self {
            group: Some(meta::GROUP.to_owned()),
            kind: kind.into(),
        }
    }

    /// The API group in effect: the Gateway API's own unless set.
    #[must_use]
    pub fn group(&self) -> &str {
        self.group.as_deref().unwrap_or(meta::GROUP)
    }

    /// Group and kind, default applied.
    #[must_use]
    pub fn group_kind(&self) -> GroupKind {
        GroupKind::new(self.group(), &self.kind)
    }
}
