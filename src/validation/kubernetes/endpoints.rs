//! What an API server refuses in EndpointSlices and Endpoints: their addresses and ports.

use super::core_kinds::{self, LABEL_HELP, PORT_HELP, is_dns_label, is_port};
use crate::{
    meta::{is_dns_subdomain, is_label_key, kept_name},
    validation::{Finding, report::Findings},
};
use serde_json::Value;
use std::{
    collections::HashSet,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

const TYPES: &str = "write IPv4, IPv6 or FQDN";

/// The addresses of an EndpointSlice are of its `addressType`. Its ports may have any number: a server looks at their names and
/// protocols alone.
pub(super) fn slice(object: &Value, findings: &mut Findings) {
    ports(object, "", findings);
    let kind = object.get("addressType").and_then(Value::as_str);
    let (what, fits): (&str, fn(&str) -> bool) = match kind {
        Some("IPv4") => ("an IPv4 address", |text| text.parse::<Ipv4Addr>().is_ok()),
        Some("IPv6") => ("an IPv6 address", |text| text.parse::<Ipv6Addr>().is_ok()),
        Some("FQDN") => ("a DNS name", is_dns_subdomain),
        Some(other) => {
            let message = format!(
                "an EndpointSlice has no `addressType` `{}`",
                kept_name(other)
            );
            let finding = Finding::error("schema/enum", "addressType".to_owned(), message);
            findings.push(finding.with_help(TYPES.to_owned()));
            return;
        }
        None => {
            let message = "`addressType` must be set".to_owned();
            let finding = Finding::error("schema/required", "addressType".to_owned(), message);
            findings.push(finding.with_help(TYPES.to_owned()));
            return;
        }
    };
    for (index, endpoint) in list(object, "endpoints").iter().enumerate() {
        let addresses = list(endpoint, "addresses");
        if addresses.is_empty() && endpoint.get("addresses").is_none_or(is_list) {
            let message = "an endpoint must have an address".to_owned();
            let at = format!("endpoints[{index}].addresses");
            let help = "write the address of the endpoint, or remove the endpoint";
            push(findings, "schema/required", at, message, help);
        }
        for (place, address) in addresses.iter().enumerate() {
            let path = || format!("endpoints[{index}].addresses[{place}]");
            check_address(address, what, fits, path, findings);
        }
    }
}

/// The addresses of Endpoints are IP addresses, and each subset has some.
pub(super) fn endpoints(object: &Value, findings: &mut Findings) {
    let fits = |text: &str| text.parse::<IpAddr>().is_ok();
    for (index, subset) in list(object, "subsets").iter().enumerate() {
        let at = format!("subsets[{index}]");
        let fields = ["addresses", "notReadyAddresses"];
        let is_empty =
            |field: &str| list(subset, field).is_empty() && subset.get(field).is_none_or(is_list);
        if subset.is_object() && fields.into_iter().all(is_empty) {
            let message = "a subset must have `addresses` or `notReadyAddresses`".to_owned();
            let help = "write the addresses of the endpoints, or remove the subset";
            push(findings, "schema/required", at.clone(), message, help);
        }
        for field in fields {
            for (place, address) in list(subset, field).iter().enumerate() {
                let Some(address) = address.get("ip") else {
                    continue;
                };
                let path = || format!("{at}.{field}[{place}].ip");
                check_address(address, "an IP address", fits, path, findings);
            }
        }
        ports(subset, &format!("{at}."), findings);
        for (place, port) in list(subset, "ports").iter().enumerate() {
            let number = match port.get("port") {
                None | Some(Value::Null) => Some(0),
                Some(number) => number.as_i64(),
            };
            if let Some(number) = number.filter(|number| !is_port(*number)) {
                let at = format!("{at}.ports[{place}].port");
                let message = format!("{number} is not a port");
                push(findings, "schema/format", at, message, PORT_HELP);
            }
        }
    }
}

/// The names and protocols of ports.
fn ports(owner: &Value, at: &str, findings: &mut Findings) {
    let ports = list(owner, "ports");
    let mut names = HashSet::new();
    for (index, port) in ports.iter().enumerate() {
        let text = |field| port.get(field).and_then(Value::as_str).unwrap_or_default();
        let path = |field: &str| format!("{at}ports[{index}].{field}");
        let name = text("name");
        let is_text = port
            .get("name")
            .is_none_or(|name| name.is_string() || name.is_null());
        if !name.is_empty() && !is_dns_label(name) {
            let message = format!("`{}` is not the name of a port", kept_name(name));
            push(findings, "schema/format", path("name"), message, LABEL_HELP);
        } else if is_text && !names.insert(name) {
            let message = match name {
                "" => "another port has no name, too".to_owned(),
                name => format!("another port has the name `{name}`, too"),
            };
            let help = "give each port a `name` of its own";
            push(findings, "schema/duplicate", path("name"), message, help);
        }
        let protocol = text("protocol");
        if !protocol.is_empty() && !core_kinds::PROTOCOLS.contains(&protocol) {
            let message = format!("`{}` is not a protocol", kept_name(protocol));
            let help = core_kinds::PROTOCOL_HELP;
            push(findings, "schema/enum", path("protocol"), message, help);
        }
        let app_protocol = text("appProtocol");
        if !app_protocol.is_empty() && !is_label_key(app_protocol) {
            let message = format!(
                "`{}` is not the name of a protocol",
                kept_name(app_protocol)
            );
            let help = core_kinds::APP_PROTOCOL_HELP;
            push(
                findings,
                "schema/format",
                path("appProtocol"),
                message,
                help,
            );
        }
    }
}

fn push(findings: &mut Findings, rule: &'static str, at: String, message: String, help: &str) {
    if !findings.is_full() {
        findings.push(Finding::error(rule, at, message).with_help(help.to_owned()));
    }
}

fn check_address(
    address: &Value,
    what: &str,
    fits: fn(&str) -> bool,
    path: impl FnOnce() -> String,
    findings: &mut Findings,
) {
    let Some(text) = address.as_str() else {
        return;
    };
    let name = kept_name(text);
    if !fits(text) {
        let message = format!("`{name}` is not {what}");
        push(
            findings,
            "schema/format",
            path(),
            message,
            &format!("write {what}"),
        );
    } else if let Some(special) = special(text) {
        let message = format!("`{name}` is {special}, which no endpoint may have");
        let help = "write an address that the endpoint has in the network of the cluster";
        push(findings, "schema/format", path(), message, help);
    }
}

/// What an IP address stands for, if that is not one endpoint in the network of the cluster.
fn special(text: &str) -> Option<&'static str> {
    let address = text.parse::<IpAddr>().ok()?.to_canonical();
    let (of_link, of_group) = match address {
        IpAddr::V4(address) => {
            let [first, second, third, _] = address.octets();
            (
                address.is_link_local(),
                (first, second, third) == (224, 0, 0),
            )
        }
        IpAddr::V6(address) => {
            let [first, ..] = address.segments();
            (address.is_unicast_link_local(), first & 0xff0f == 0xff02)
        }
    };
    if address.is_unspecified() {
        Some("the unspecified address")
    } else if address.is_loopback() {
        Some("a loopback address")
    } else if of_link || of_group {
        Some("a link-local address")
    } else {
        None
    }
}

/// Whether a value is a list, or null, which is none.
fn is_list(value: &Value) -> bool {
    value.is_array() || value.is_null()
}

fn list<'v>(value: &'v Value, field: &str) -> &'v [Value] {
    let list = value.get(field).and_then(Value::as_array);
    list.map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use crate::validation::{ValidationOptions, validate_value};
    use serde_json::{Value, json};

    fn found(object: &Value) -> Vec<(&'static str, String)> {
        let report = validate_value(object, &ValidationOptions::default());
        let errors = report.errors();
        errors
            .map(|one| (one.rule(), one.path().to_owned()))
            .collect()
    }

    fn slice(kind: &str, endpoint: &Value, ports: &Value) -> Value {
        json!({"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "metadata": {"name": "a"},
               "addressType": kind, "endpoints": [{"addresses": [if kind == "IPv6" { "2001:db8::1" } else { "10.0.0.1" }]}, endpoint],
               "ports": ports})
    }

    fn endpoints(subset: &Value) -> Value {
        json!({"apiVersion": "v1", "kind": "Endpoints", "metadata": {"name": "a"}, "subsets": [subset]})
    }

    /// A server takes no EndpointSlice with an address that is not of its `addressType`.
    #[test]
    fn endpoints_have_addresses_of_their_type() {
        let one = |kind: &str, address: &str| {
            found(&slice(kind, &json!({"addresses": [address]}), &json!([])))
        };
        let without = json!({"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "metadata": {"name": "a"}});
        assert_eq!(
            found(&without),
            [("schema/required", "addressType".to_owned())]
        );
        let wrong = [("schema/format", "endpoints[1].addresses[0]".to_owned())];
        assert_eq!(one("IPv4", "10.0.0.2"), []);
        assert_eq!(one("IPv6", "2001:db8::2"), []);
        assert_eq!(one("IPv4", "10.0.0.300"), wrong);
        assert_eq!(one("IPv4", "2001:db8::1"), wrong);
        assert_eq!(
            one("IPv5", "10.0.0.2"),
            [("schema/enum", "addressType".to_owned())]
        );
        assert_eq!(one("FQDN", "Not A Name"), wrong);
        let of = |ip: &str| {
            found(&endpoints(
                &json!({"addresses": [{"ip": ip}], "ports": [{"port": 80}]}),
            ))
        };
        assert_eq!(of("10.0.0.1"), []);
        let wrong = [("schema/format", "subsets[0].addresses[0].ip".to_owned())];
        for address in ["10.0.0", "127.0.0.1", "::1"] {
            assert_eq!(of(address), wrong, "{address}");
        }
    }

    /// ValidateNonSpecialIP: an endpoint is one place in the network of the cluster.
    #[test]
    fn no_endpoint_has_an_address_of_its_own_host_or_link() {
        for (kind, address, taken) in [
            ("IPv4", "0.0.0.0", false),
            ("IPv4", "127.0.0.1", false),
            ("IPv4", "127.9.9.9", false),
            ("IPv4", "169.254.0.1", false),
            ("IPv4", "224.0.0.7", false),
            ("IPv4", "224.0.1.7", true),
            ("IPv4", "169.253.0.1", true),
            ("IPv6", "::", false),
            ("IPv6", "::1", false),
            ("IPv6", "::ffff:127.0.0.1", false),
            ("IPv6", "fe80::1", false),
            ("IPv6", "febf::1", false),
            ("IPv6", "fec0::1", true),
            ("IPv6", "ff02::1", false),
            ("IPv6", "ff05::1", true),
            ("FQDN", "a.example", true),
        ] {
            let object = slice(kind, &json!({"addresses": [address]}), &json!([]));
            assert_eq!(found(&object).is_empty(), taken, "{address}");
        }
    }

    /// ValidateEndpointSlice, validateEndpointSubsets: nothing without an address.
    #[test]
    fn an_endpoint_has_an_address() {
        let wrong = [("schema/required", "endpoints[1].addresses".to_owned())];
        for endpoint in [
            json!({"addresses": []}),
            json!({"addresses": null}),
            json!({}),
        ] {
            assert_eq!(found(&slice("IPv4", &endpoint, &json!([]))), wrong);
        }
        let wrong = [("schema/required", "subsets[0]".to_owned())];
        assert_eq!(found(&endpoints(&json!({"ports": [{"port": 80}]}))), wrong);
        let not_ready = json!({"notReadyAddresses": [{"ip": "10.0.0.1"}]});
        assert_eq!(found(&endpoints(&not_ready)), []);
    }

    /// validatePorts: names that differ, known protocols; of Endpoints the number as well.
    #[test]
    fn ports_have_names_of_their_own_and_known_protocols() {
        let endpoint = json!({"addresses": ["10.0.0.2"]});
        let of_slice = |ports: Value| found(&slice("IPv4", &endpoint, &ports));
        let of_endpoints = |ports: Value| {
            found(&endpoints(
                &json!({"addresses": [{"ip": "10.0.0.1"}], "ports": ports}),
            ))
        };
        assert_eq!(
            of_slice(json!([{"port": 0}, {"port": 70_000, "name": "b", "protocol": "SCTP"}])),
            []
        );
        for (port, rule, field) in [
            (
                json!({"name": "b", "port": 80, "protocol": "FOO"}),
                "schema/enum",
                "protocol",
            ),
            (json!({"name": "B", "port": 80}), "schema/format", "name"),
            (json!({"name": "a", "port": 80}), "schema/duplicate", "name"),
            (
                json!({"name": "b", "port": 80, "appProtocol": "a b"}),
                "schema/format",
                "appProtocol",
            ),
        ] {
            let both = || json!([{"name": "a", "port": 81}, port]);
            assert_eq!(of_slice(both()), [(rule, format!("ports[1].{field}"))]);
            assert_eq!(
                of_endpoints(both()),
                [(rule, format!("subsets[0].ports[1].{field}"))]
            );
        }
        for number in [json!(0), json!(70_000), Value::Null] {
            let wrong = [("schema/format", "subsets[0].ports[0].port".to_owned())];
            assert_eq!(of_endpoints(json!([{"port": number}])), wrong);
        }
    }
}
