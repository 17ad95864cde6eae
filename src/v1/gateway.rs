//! Gateway: a point where traffic enters, with its listeners and addresses.

use super::{GatewayStatus, Listener};
use crate::meta::{self, constraint, open_enum, resource};
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
    pub addresses: Vec<GatewayAddress>,
    /// The name of the GatewayClass.
    #[schemars(with = "constraint::ObjectName")]
    pub gateway_class_name: String,
    /// What the controller should set on the infrastructure that it makes for this Gateway (GEP-1867).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-gwapi-experimental" = "v1.1.0"))]
    pub infrastructure: Option<GatewayInfrastructure>,
    /// The listeners, one to 64, each with a name of its own.
    #[schemars(
        length(min = 1, max = 64),
        extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"])
    )]
    pub listeners: Vec<Listener>,
}

impl GatewaySpec {
    /// The object with parameters for the Gateway (`infrastructure.parametersRef`), if one is named.
    #[must_use]
    pub fn parameters_ref(&self) -> Option<&LocalParametersReference> {
        self.infrastructure.as_ref()?.parameters_ref.as_ref()
    }
}

/// An address that a Gateway asks for (`spec.addresses[]`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(transform = super::gateway_status::ip_addresses_have_the_form_of_one)]
pub struct GatewayAddress {
    /// What kind of address; `IPAddress` unless set.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = "IPAddress"))]
    pub r#type: Option<AddressType>,
    /// The address: `192.0.2.1`, `2001:db8::1`, `gw.example.com`, or whatever the type means.
    #[schemars(with = "constraint::AddressValue")]
    pub value: String,
}

impl GatewayAddress {
    /// The type of address in effect: `IPAddress` unless set.
    #[must_use]
    pub fn address_type(&self) -> AddressType {
        self.r#type.clone().unwrap_or(AddressType::IpAddress)
    }
}

open_enum! {
    /// What kind of address a text is. Controllers may add types of their own, prefixed with a domain.
    pub enum AddressType, schema = AddressKind {
        /// An IPv4 or IPv6 address.
        IpAddress = "IPAddress",
        /// A DNS name.
        Hostname = "Hostname",
        /// Deprecated: a name that means something to the controller.
        NamedAddress = "NamedAddress",
    }
}

/// What a controller should set on the infrastructure of one Gateway (`spec.infrastructure`, GEP-1867).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GatewayInfrastructure {
    /// Annotations for every object that the controller makes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(
        with = "Option<BTreeMap<String, constraint::AnnotationValue>>",
        extend("maxProperties" = 8)
    )]
    pub annotations: Option<BTreeMap<String, String>>,
    /// Labels for every object that the controller makes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(
        with = "Option<BTreeMap<String, constraint::AnnotationValue>>",
        extend("maxProperties" = 8)
    )]
    pub labels: Option<BTreeMap<String, String>>,
    /// An object with parameters for this Gateway, in its own namespace; merged with those of the class.
    #[serde(skip_serializing_if = "Option::is_none")]
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
    pub fn resolve(&self, own_namespace: &str) -> meta::ObjectReference {
        meta::ObjectReference {
            group: self.group.clone(),
            kind: self.kind.clone(),
            namespace: own_namespace.to_owned(),
            name: self.name.clone(),
        }
    }
}
