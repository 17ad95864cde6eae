//! XMesh: a mesh, and who runs it (GEP-3949).

use crate::{
    meta::{Condition, constraint, resource},
    v1::{ParametersReference, SupportedFeature},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

resource! {
    /// A mesh of the cluster, and the controller that runs it.
    Cluster experiment XMesh = "XMesh", XMeshList = "XMeshList", "xmeshes", "v1alpha1";
    spec: MeshSpec;
    status: MeshStatus
}

/// What a mesh is (`spec`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MeshSpec {
    /// The controller that runs the mesh: a domain and a path. It cannot be changed.
    #[schemars(with = "constraint::ControllerName")]
    pub controller_name: String,
    /// A line for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<constraint::Description>")]
    pub description: Option<String>,
    /// An object with parameters for the controller.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameters_ref: Option<ParametersReference>,
}

/// The observed state of a mesh (`status`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("default" = { "conditions": crate::v1::undecided(&["Accepted"]) }))]
pub struct MeshStatus {
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
            "default" = crate::v1::undecided(&["Accepted", "Programmed"]),
        )
    )]
    pub conditions: Vec<Condition>,
    /// The features that the mesh supports, in ascending order of their names.
    #[serde(
        default,
        deserialize_with = "crate::meta::wire::list",
        skip_serializing_if = "Vec::is_empty"
    )]
    #[schemars(
        length(max = 64),
        extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"])
    )]
    pub supported_features: Vec<SupportedFeature>,
}
