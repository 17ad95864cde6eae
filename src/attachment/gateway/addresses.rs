//! The addresses that a Gateway asks for, and those that it has.

use crate::{
    attachment::Options,
    meta::FeatureName,
    v1::{AddressType, GatewaySpecAddress, GatewayStatusAddress},
};
use std::net::IpAddr;

/// What a Gateway asks for in `spec.addresses`.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::attachment) enum Requested {
    /// Nothing: it gets an address.
    None,
    /// These addresses.
    Static {
        usable: Vec<GatewayStatusAddress>,
        /// One text for each address that cannot be had.
        unusable: Vec<String>,
        /// The types of those without a value: any address of the type will do.
        any: Vec<AddressType>,
    },
    /// An address of a kind that is not supported.
    Unsupported(String),
}

/// The addresses of one Gateway.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::attachment) struct Addresses {
    /// Where it is reached.
    pub(in crate::attachment) bound: Vec<GatewayStatusAddress>,
    /// Whether others say where that is.
    pub(in crate::attachment) reported: bool,
    /// What it asks for and another Gateway has: one text each.
    pub(in crate::attachment) taken: Vec<String>,
    /// The types of addresses that it asks for without a value, and for which the pool has none left.
    pub(in crate::attachment) unassigned: Vec<AddressType>,
    /// What is still to be given by others, where addresses come from outside. That keeps no traffic from the Gateway.
    pub(in crate::attachment) awaited: Option<String>,
}

/// Looks at the addresses that a Gateway asks for.
pub(in crate::attachment) fn examine(
    addresses: &[GatewaySpecAddress],
    options: &Options,
) -> Requested {
    if addresses.is_empty() {
        return Requested::None;
    }
    if !options.supports(&FeatureName::GatewayStaticAddresses) {
        return Requested::Unsupported("static addresses are not supported".to_owned());
    }
    let (mut usable, mut unusable, mut any) = (Vec::new(), Vec::new(), Vec::new());
    for (index, address) in addresses.iter().enumerate() {
        let kind = address.address_type();
        let value = address.value().unwrap_or_default();
        if !matches!(kind, AddressType::IpAddress | AddressType::Hostname) {
            let which = match value {
                "" => format!("`spec.addresses[{index}]`"),
                value => format!("address `{value}`"),
            };
            return Requested::Unsupported(format!(
                "{which} is of type `{kind}`: expected IPAddress or Hostname"
            ));
        }
        if value.is_empty() {
            any.push(kind);
        } else if kind == AddressType::IpAddress && value.parse::<IpAddr>().is_err() {
            unusable.push(format!("address `{value}` is not an IP address"));
        } else if options
            .unusable_addresses
            .contains(&(kind.clone(), value.to_owned()))
        {
            unusable.push(format!("address `{value}` cannot be bound"));
        } else {
            usable.push(GatewayStatusAddress {
                r#type: Some(kind),
                value: value.to_owned(),
                ..Default::default()
            });
        }
    }
    Requested::Static {
        usable,
        unusable,
        any,
    }
}
