//! The observed state of a Gateway and its listeners.

use super::{GatewayStatusAddress, RouteGroupKind};
use crate::meta::{Condition, constraint, when};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// The observed state of a Gateway (`status`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("default" = { "conditions": undecided(&["Accepted", "Programmed"]) }))]
pub struct GatewayStatus {
    /// The addresses at which the Gateway is reached.
    #[serde(
        default,
        deserialize_with = "crate::meta::wire::list",
        skip_serializing_if = "Vec::is_empty"
    )]
    #[schemars(length(max = 16))]
    pub addresses: Vec<GatewayStatusAddress>,
    /// How many ListenerSets are attached: accepted, with a listener of which something can be used (GEP-1713).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<constraint::Count>", extend("x-gwapi-when" = when!("1.5")))]
    pub attached_listener_sets: Option<i32>,
    /// What the controller found: conditions of the [types that Gateways have](crate::meta::condition::gateway).
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
            "default" = undecided(&["Accepted", "Programmed"]),
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
    pub listeners: Vec<ListenerStatus>,
}

/// Conditions of these types as they are before a controller has seen the object.
pub(crate) fn undecided(types: &[&str]) -> serde_json::Value {
    let condition = |kind: &str| {
        json!({
            "type": kind,
            "status": "Unknown",
            "reason": "Pending",
            "message": "Waiting for controller",
            "lastTransitionTime": "1970-01-01T00:00:00Z",
        })
    };
    types.iter().copied().map(condition).collect()
}

/// The observed state of one listener (`status.listeners[]`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ListenerStatus {
    /// How many routes are attached, whether or not their references are resolved.
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
    /// The kinds of routes that the listener takes: those that it allows and the controller supports.
    ///
    /// Releases before v1.5.0 ask for the list, so that an empty one is written; see [`supported_kinds`](Self::supported_kinds).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 8), extend("x-gwapi-required" = when!("..1.4")))]
    pub supported_kinds: Option<Vec<RouteGroupKind>>,
}

impl ListenerStatus {
    /// The kinds of routes that the listener takes; none where the list is absent.
    #[must_use]
    pub fn supported_kinds(&self) -> &[RouteGroupKind] {
        self.supported_kinds.as_deref().unwrap_or_default()
    }
}
