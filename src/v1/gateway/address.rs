//! The addresses of a Gateway: those that it asks for, and those that it has.

use crate::meta::{constraint, open_enum, when};
use schemars::{JsonSchema, Schema};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::net::IpAddr;

/// An address that a Gateway asks for (`spec.addresses[]`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(transform = ip_addresses_have_the_form_of_one)]
pub struct GatewaySpecAddress {
    /// From where the address should be reached; as the controller sees fit unless set (GEP-5093).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-gwapi-when" = when!("E1.7")))]
    pub routability: Option<AddressRoutability>,
    /// What kind of address; `IPAddress` unless set.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = "IPAddress"))]
    pub r#type: Option<AddressType>,
    /// The address: `192.0.2.1`, `2001:db8::1`, `gw.example.com`, or whatever the type means. Unless set, the controller
    /// chooses one of the type; releases before v1.3.0 ask for a value.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(
        with = "Option<constraint::WantedAddress>",
        extend("x-gwapi-required" = when!("..1.2"))
    )]
    pub value: Option<String>,
}

impl GatewaySpecAddress {
    /// The type of address in effect: `IPAddress` unless set.
    #[must_use]
    pub fn address_type(&self) -> AddressType {
        self.r#type.clone().unwrap_or(AddressType::IpAddress)
    }

    /// The address that is asked for; nothing where the controller is to choose one.
    #[must_use]
    pub fn value(&self) -> Option<&str> {
        self.value.as_deref().filter(|value| !value.is_empty())
    }
}

open_enum! {
    /// From where an address is reached. Controllers may add values of their own, prefixed with a domain; the empty text
    /// leaves it to the controller.
    pub enum AddressRoutability, schema = Routability {
        /// From within the cluster: the address is the cluster IP of a Service.
        Cluster = "Cluster",
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

/// An address at which a Gateway is reached (`status.addresses[]`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(transform = ip_addresses_have_the_form_of_one)]
pub struct GatewayStatusAddress {
    /// From where the address is reached; as the controller sees fit unless set (GEP-5093).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-gwapi-when" = when!("E1.7")))]
    pub routability: Option<AddressRoutability>,
    /// What kind of address; `IPAddress` unless set.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = "IPAddress"))]
    pub r#type: Option<AddressType>,
    /// The address: `192.0.2.1`, `2001:db8::1`, `gw.example.com`, or whatever the type means.
    #[schemars(with = "constraint::AddressValue")]
    pub value: String,
}

impl GatewayStatusAddress {
    /// The type of address in effect. Unless set, it is that of the value: `IPAddress` for an IP address, `Hostname` for all else. A
    /// server that fills it in says `IPAddress`, and refuses any other value then.
    ///
    /// ```
    /// use gwapi::v1::{AddressType, GatewayStatusAddress};
    ///
    /// let address = |value: &str| GatewayStatusAddress { value: value.into(), ..Default::default() };
    /// assert_eq!(address("192.0.2.1").address_type(), AddressType::IpAddress);
    /// assert_eq!(address("lb.example.com").address_type(), AddressType::Hostname);
    /// ```
    #[must_use]
    pub fn address_type(&self) -> AddressType {
        match &self.r#type {
            Some(kind) => kind.clone(),
            None if self.value.parse::<IpAddr>().is_ok() => AddressType::IpAddress,
            None => AddressType::Hostname,
        }
    }
}

/// Adds to the schema of an address that one of type `IPAddress` is an IPv4 or an IPv6 address.
fn ip_addresses_have_the_form_of_one(schema: &mut Schema) {
    schema.insert(
        "oneOf".to_owned(),
        json!([
            {
                "properties": {
                    "type": { "enum": ["IPAddress"] },
                    "value": { "anyOf": [{ "format": "ipv4" }, { "format": "ipv6" }] },
                },
            },
            { "properties": { "type": { "not": { "enum": ["IPAddress"] } } } },
        ]),
    );
}
