//! The addresses of a Gateway as its status can have them.

use super::limits::ADDRESSES;
use crate::{
    attachment::objects::forms::status_field,
    meta::{Channel, Release, is_dns_subdomain},
    schema::Schema,
    v1::{AddressType, GatewayStatusAddress},
};
use std::net::IpAddr;

/// Addresses as a server has them, and those that it would refuse, with which it would refuse the whole status. Each has its type: a
/// server sets one that is left out, and a status without it would be due for ever.
pub(super) fn writable(
    addresses: &[GatewayStatusAddress],
) -> (Vec<GatewayStatusAddress>, Vec<GatewayStatusAddress>) {
    let (mut taken, mut refused) = (Vec::new(), Vec::new());
    for address in addresses {
        let list = match taken.len() < ADDRESSES && is_allowed(address) {
            true => &mut taken,
            false => &mut refused,
        };
        list.push(GatewayStatusAddress {
            r#type: Some(address.address_type()),
            ..address.clone()
        });
    }
    (taken, refused)
}

/// Whether a Gateway can have an address. Releases agree on that.
fn is_allowed(address: &GatewayStatusAddress) -> bool {
    let kind = address.address_type();
    let value = address.value.as_str();
    let fits = match kind {
        AddressType::IpAddress => value.parse::<IpAddr>().is_ok(),
        AddressType::Hostname => is_dns_subdomain(value.strip_prefix("*.").unwrap_or(value)),
        _ => true,
    };
    let newest = (Release::newest(), Channel::Experimental);
    let schema = status_field("Gateway", &["addresses"], newest);
    let fields = schema.and_then(|schema| schema.items.as_deref());
    let allows = |field: &str, text: &str| {
        let schema = fields.and_then(|fields| fields.properties.get(field));
        schema.is_none_or(|schema| allows(schema, text))
    };
    fits && allows("type", kind.as_str()) && allows("value", value)
}

/// Whether a schema allows a text.
fn allows(schema: &Schema, text: &str) -> bool {
    let length = text.chars().count() as u64;
    let pattern = schema.pattern.as_ref();
    schema.min_length.is_none_or(|min| min <= length)
        && schema.max_length.is_none_or(|max| length <= max)
        && pattern.is_none_or(|pattern| pattern.is_match(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validation::{ValidationOptions, validate_value};
    use serde_json::json;

    /// What is taken and what is refused, as a server of any release judges it.
    #[test]
    fn an_address_is_taken_where_every_server_takes_it() {
        let long = "a".repeat(254);
        let addresses = [
            (None, "192.0.2.1"),
            (None, "2001:db8::1"),
            (None, "lb.example.com"),
            (None, "*.example.com"),
            (None, "LB.example.com"),
            (None, "a_b.example"),
            (None, "192.0.2.256"),
            (None, ""),
            (None, "-a.example"),
            (None, &long),
            (Some("IPAddress"), "lb.example.com"),
            (Some("Hostname"), "192.0.2.1"),
            (Some("NamedAddress"), "any thing"),
            (Some("example.com/pool"), "any thing"),
            (Some("example.com/pool"), ""),
            (Some("pool"), "a"),
            (Some(""), "a"),
        ];
        for (kind, value) in addresses {
            let address = GatewayStatusAddress {
                r#type: kind.map(AddressType::from),
                value: value.to_owned(),
                ..Default::default()
            };
            let (taken, refused) = writable(std::slice::from_ref(&address));
            let all = [taken.as_slice(), &refused].concat();
            for release in Release::ALL {
                let options = ValidationOptions {
                    with_status: true,
                    ..ValidationOptions::of(*release, Channel::Standard)
                };
                let gateway = json!({
                    "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "metadata": {"name": "edge"},
                    "spec": {"gatewayClassName": "any", "listeners": [{"name": "web", "port": 80, "protocol": "HTTP"}]},
                    "status": {"addresses": all},
                });
                let report = validate_value(&gateway, &options);
                assert_eq!(
                    report.is_accepted(),
                    refused.is_empty(),
                    "{release} {address:?} {report:?}"
                );
            }
        }
    }

    /// What has no room is told, too.
    #[test]
    fn of_too_many_addresses_the_first_are_taken() {
        let address = |n: usize| GatewayStatusAddress {
            value: format!("192.0.2.{n}"),
            ..Default::default()
        };
        let all: Vec<_> = (0..20).map(address).collect();
        let (taken, refused) = writable(&all);
        assert_eq!((taken.len(), refused.len()), (ADDRESSES, 4));
        assert_eq!(refused[0].value, "192.0.2.16");
    }
}
