//! ListenerSet: listeners that are added to a Gateway from outside (GEP-1713).

use super::{
    AllowedRoutes, Listener, ListenerFilters, ListenerTlsConfig, ProtocolType, RouteGroupKind,
};
use crate::meta::{self, Condition, PortNumber, constraint, resource, was, when};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

resource! {
    /// Adds listeners to a Gateway that allows it: by other people than the Gateway's own, and beyond its limit.
    Namespaced ListenerSet = "ListenerSet", ListenerSetList = "ListenerSetList", "listenersets", "v1";
    spec: ListenerSetSpec;
    status: ListenerSetStatus
}

/// What a ListenerSet asks for (`spec`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ListenerSetSpec {
    /// The listeners, at least one, each with a name of its own.
    #[schemars(
        length(min = 1, max = 64),
        extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"])
    )]
    pub listeners: Vec<ListenerEntry>,
    /// The Gateway to which the listeners are added.
    pub parent_ref: ParentGatewayReference,
}

/// Names the Gateway to which a ListenerSet adds its listeners (`spec.parentRef`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ParentGatewayReference {
    /// The API group; the Gateway API's own unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<constraint::Group>", extend("default" = meta::GROUP))]
    pub group: Option<String>,
    /// The kind; Gateway unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<constraint::KindName>", extend("default" = "Gateway"))]
    pub kind: Option<String>,
    /// The name.
    #[schemars(with = "constraint::ObjectName")]
    pub name: String,
    /// The namespace; the ListenerSet's own unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<constraint::Namespace>")]
    pub namespace: Option<String>,
}

impl ParentGatewayReference {
    /// The parent with every default applied, for a ListenerSet in `own_namespace`.
    #[must_use]
    pub fn resolve(&self, own_namespace: &str) -> meta::ObjectRef {
        meta::ObjectRef {
            group: self.group.as_deref().unwrap_or(meta::GROUP).to_owned(),
            kind: self.kind.as_deref().unwrap_or("Gateway").to_owned(),
            namespace: self
                .namespace
                .as_deref()
                .unwrap_or(own_namespace)
                .to_owned(),
            name: self.name.clone(),
        }
    }
}

/// A listener that is added to a Gateway (`spec.listeners[]`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend(
    "required" = ["name", "port", "protocol"],
    "x-gwapi-was" = was! { "1.4..1.4": { "required": ["name", "protocol"] } },
))]
pub struct ListenerEntry {
    /// Which routes may attach; routes of the ListenerSet's own namespace unless set.
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
    /// The name, unique within the ListenerSet; routes attach to it by `sectionName`.
    #[schemars(with = "constraint::SectionName")]
    pub name: String,
    /// The port. In releases v1.4.0 and v1.4.1 it may be left out, or 0, and the controller chooses one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(
        with = "Option<constraint::Port>",
        extend("x-gwapi-was" = was! { "1.4..1.4": { "minimum": 0, "default": 0 } })
    )]
    pub port: Option<PortNumber>,
    /// The protocol that the listener speaks.
    pub protocol: ProtocolType,
    /// TLS, for the protocols HTTPS and TLS only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<ListenerTlsConfig>,
}

impl ListenerEntry {
    /// The port; nothing where the controller is to choose one.
    #[must_use]
    pub fn port(&self) -> Option<PortNumber> {
        self.port.filter(|port| *port != 0)
    }
}

impl From<Listener> for ListenerEntry {
    fn from(listener: Listener) -> Self {
        Self {
            allowed_routes: listener.allowed_routes,
            filters: listener.filters,
            hostname: listener.hostname,
            name: listener.name,
            port: Some(listener.port),
            protocol: listener.protocol,
            tls: listener.tls,
        }
    }
}

/// The observed state of a ListenerSet (`status`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("default" = { "conditions": super::status::undecided(&["Accepted", "Programmed"]) }))]
pub struct ListenerSetStatus {
    /// What the controller found.
    #[serde(
        default,
        deserialize_with = "crate::meta::wire::list",
        skip_serializing_if = "Vec::is_empty"
    )]
    #[schemars(
        with = "Vec<constraint::Condition>",
        length(max = 8),
        extend(
            "x-kubernetes-list-type" = "map",
            "x-kubernetes-list-map-keys" = ["type"],
            "default" = super::status::undecided(&["Accepted", "Programmed"]),
        )
    )]
    pub conditions: Vec<Condition>,
    /// One entry a listener of the spec, by its name.
    #[serde(
        default,
        deserialize_with = "crate::meta::wire::list",
        skip_serializing_if = "Vec::is_empty"
    )]
    #[schemars(
        length(max = 64),
        extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"])
    )]
    pub listeners: Vec<ListenerEntryStatus>,
}

/// The observed state of one listener of a ListenerSet (`status.listeners[]`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ListenerEntryStatus {
    /// How many routes are attached.
    #[schemars(with = "constraint::Count")]
    pub attached_routes: i32,
    /// What the controller found: conditions of the [types that listeners have](crate::meta::condition::listener).
    #[schemars(
        with = "Vec<constraint::Condition>",
        length(max = 8),
        extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"])
    )]
    pub conditions: Vec<Condition>,
    /// The name of the listener.
    #[schemars(with = "constraint::SectionName")]
    pub name: String,
    /// The port of the listener, in the form of releases v1.3.0 to v1.4.1.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(
        with = "Option<constraint::Port>",
        extend("x-gwapi-when" = when!("E1.3..1.4"), "x-gwapi-required" = when!("E1.3..1.4"))
    )]
    pub port: Option<PortNumber>,
    /// The kinds of routes that the listener takes: those that it allows and the controller supports.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 8), extend("x-gwapi-required" = when!("..1.4")))]
    pub supported_kinds: Option<Vec<RouteGroupKind>>,
}
