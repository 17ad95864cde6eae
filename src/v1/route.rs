//! What all kinds of routes have in common.

use super::ParentReference;
use crate::meta::{Condition, constraint, open_enum, when};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The observed state of a route: one entry a parent and controller (`status`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RouteStatus {
    /// What each controller says of the route at each parent. Controllers write their own entries only.
    #[schemars(length(max = 32))]
    pub parents: Vec<RouteParentStatus>,
}

impl RouteStatus {
    /// The entry that a controller wrote for a parent.
    #[must_use]
    pub fn parent(&self, parent: &ParentReference, controller: &str) -> Option<&RouteParentStatus> {
        self.parents
            .iter()
            .find(|entry| entry.controller_name == controller && entry.parent_ref == *parent)
    }

    /// The entry of a controller for a parent, made where it is missing. No other entry is touched.
    pub fn parent_mut(
        &mut self,
        parent: &ParentReference,
        controller: &str,
    ) -> &mut RouteParentStatus {
        let own = |entry: &RouteParentStatus| {
            entry.controller_name == controller && entry.parent_ref == *parent
        };
        let index = self
            .parents
            .iter()
            .position(own)
            .unwrap_or(self.parents.len());
        if index == self.parents.len() {
            self.parents.push(RouteParentStatus {
                parent_ref: parent.clone(),
                controller_name: controller.to_owned(),
                ..Default::default()
            });
        }
        #[expect(
            clippy::indexing_slicing,
            reason = "the entry was found or pushed just above"
        )]
        &mut self.parents[index]
    }
}

/// What one controller says of a route at one parent (`status.parents[]`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RouteParentStatus {
    /// What the controller found: conditions of the [types that routes have](crate::meta::condition::route).
    #[serde(
        default,
        deserialize_with = "crate::meta::wire::list",
        skip_serializing_if = "Vec::is_empty"
    )]
    #[schemars(
        with = "Vec<constraint::Condition>",
        length(min = 1, max = 8),
        extend(
            "x-kubernetes-list-type" = "map",
            "x-kubernetes-list-map-keys" = ["type"],
            "x-gwapi-required" = when!("1.4"),
        )
    )]
    pub conditions: Vec<Condition>,
    /// The controller that wrote this entry: a domain and a path.
    #[schemars(with = "constraint::ControllerName")]
    pub controller_name: String,
    /// The parent, as the route's `spec.parentRefs` names it.
    pub parent_ref: ParentReference,
}

open_enum! {
    /// Which routes attach to Gateways that they do not name (`spec.defaultScope` of a Gateway,
    /// `spec.useDefaultGateways` of a route, GEP-3793).
    pub enum GatewayDefaultScope, schema = closed {
        /// All routes that ask for it.
        All = "All",
        /// None.
        None = "None",
    }
}
