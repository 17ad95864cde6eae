//! What an API server refuses in a Service, Namespace, Secret or ConfigMap, as far as facts of the Gateway API follow from it: their
//! names and labels, the ports, type and addresses of a Service, the keys of certificates. What some server takes is not refused here.

use crate::{
    meta::{is_dns_subdomain, is_label_key, is_label_value, is_port_number},
    validation::{
        Finding,
        report::{Findings, shown},
    },
};
use serde_json::{Map, Value};
use std::{collections::HashSet, net::IpAddr};

pub(super) const LABEL_HELP: &str = "write lower-case letters, digits and `-`, at most 63 characters, a letter or digit at both ends";
const NAME_HELP: &str = "write lower-case letters, digits, `-` and `.`, at most 253 characters, a letter or digit at both ends";
const KEY_HELP: &str = "write letters, digits, `-`, `_` and `.`, at most 253 characters";

/// Judges an object of one of these kinds of the core group, `v1`.
pub(super) fn check(object: &Value, kind: &str, findings: &mut Findings) {
    let is_name = match kind {
        // Of Services, servers from v1.34 on may take a name that begins with a digit.
        "Service" | "Namespace" => is_dns_label,
        _ => is_dns_subdomain,
    };
    metadata(object, is_name, findings);
    match kind {
        "Service" => service(object, findings),
        "Secret" => {
            keys(object, &["data", "stringData"], findings);
            tls_secret(object, findings);
        }
        "ConfigMap" => keys(object, &["data", "binaryData"], findings),
        _ => {}
    }
}

pub(super) fn is_dns_label(text: &str) -> bool {
    text.len() <= 63 && !text.contains('.') && is_dns_subdomain(text)
}

fn error(findings: &mut Findings, rule: &'static str, at: String, message: String, help: &str) {
    findings.push(Finding::error(rule, at, message).with_help(help.to_owned()));
}

/// The fields of an object; none where it is absent, null or something else, which has a finding of its own.
fn fields<'v>(value: &'v Value, field: &str) -> impl Iterator<Item = (&'v String, &'v Value)> {
    let object = value.get(field).and_then(Value::as_object);
    object.into_iter().flat_map(Map::iter)
}

/// A text; empty where it is absent or null.
fn text<'v>(value: &'v Value, field: &str) -> &'v str {
    value.get(field).and_then(Value::as_str).unwrap_or_default()
}

fn metadata(object: &Value, is_name: fn(&str) -> bool, findings: &mut Findings) {
    let Some(metadata) = object.get("metadata") else {
        return;
    };
    let name = text(metadata, "name");
    if !name.is_empty() && !is_name(name) {
        let message = format!("{} is not a name", shown(&name.into()));
        let help = match is_name("a.b") {
            true => NAME_HELP,
            false => LABEL_HELP,
        };
        let at = "metadata.name".to_owned();
        error(findings, "metadata/name", at, message, help);
    }
    let namespace = text(metadata, "namespace");
    if !namespace.is_empty() && !is_dns_label(namespace) {
        let message = format!(
            "{} is not the name of a namespace",
            shown(&namespace.into())
        );
        let at = "metadata.namespace".to_owned();
        error(findings, "metadata/namespace", at, message, LABEL_HELP);
    }
    for (key, value) in fields(metadata, "labels") {
        let message = if !is_label_key(key) {
            format!("{} is not a label", shown(&key.as_str().into()))
        } else if value.as_str().is_some_and(|value| !is_label_value(value)) {
            format!("{} is not a value for the label `{key}`", shown(value))
        } else {
            continue;
        };
        let help =
            "write at most 63 letters, digits, `-`, `_` and `.`, a letter or digit at both ends";
        let at = "metadata.labels".to_owned();
        error(findings, "metadata/labels", at, message, help);
    }
}

/// The keys of a Secret or ConfigMap, which are names of files.
fn keys(object: &Value, places: &[&str], findings: &mut Findings) {
    for place in places {
        for (key, _) in fields(object, place) {
            let of_file = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
            let is_key = !key.is_empty()
                && key.len() <= 253
                && key.bytes().all(of_file)
                && key != "."
                && !key.starts_with("..");
            if !is_key && !findings.is_full() {
                let message = format!("{} is not a key", shown(&key.as_str().into()));
                let at = (*place).to_owned();
                error(findings, "schema/format", at, message, KEY_HELP);
            }
        }
    }
}

/// A Secret of this type has a certificate and its key; what they hold is looked at where they are used.
fn tls_secret(object: &Value, findings: &mut Findings) {
    if text(object, "type") != "kubernetes.io/tls" {
        return;
    }
    for key in ["tls.crt", "tls.key"] {
        let has = |place| fields(object, place).any(|(name, _)| name == key);
        if !has("data") && !has("stringData") {
            let message =
                format!("a Secret of type `kubernetes.io/tls` must have `data[\"{key}\"]`");
            let at = format!("data[{key}]");
            let help =
                "give the Secret a certificate under `tls.crt` and its private key under `tls.key`";
            error(findings, "schema/required", at, message, help);
        }
    }
}

fn service(object: &Value, findings: &mut Findings) {
    let nothing = Value::Null;
    let spec = match object.get("spec") {
        None | Some(Value::Null) => &nothing,
        Some(spec @ Value::Object(_)) => spec,
        // Its type is told where it is read.
        Some(_) => return,
    };
    let kind = text(spec, "type");
    one_of(
        spec,
        ("type", "spec.type"),
        &["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"],
        findings,
    );
    one_of(
        spec,
        ("sessionAffinity", "spec.sessionAffinity"),
        &["None", "ClientIP"],
        findings,
    );
    addresses(spec, findings);
    if kind == "ExternalName" {
        let name = text(spec, "externalName");
        let at = "spec.externalName".to_owned();
        if name.is_empty() {
            let message = "a Service of type ExternalName must have `externalName`".to_owned();
            let help = "write the DNS name that the Service stands for";
            error(findings, "schema/required", at, message, help);
        } else if !is_dns_subdomain(name.strip_suffix('.').unwrap_or(name)) {
            let message = format!("{} is not a DNS name", shown(&name.into()));
            error(findings, "schema/format", at, message, NAME_HELP);
        }
    }
    let ports = match spec.get("ports") {
        None | Some(Value::Null) => &[],
        Some(Value::Array(ports)) => ports.as_slice(),
        Some(_) => return,
    };
    let is_headless = text(spec, "clusterIP") == "None";
    if ports.is_empty() && !is_headless && kind != "ExternalName" {
        let message = "a Service must have a port, unless it is headless or of type ExternalName";
        let at = "spec.ports".to_owned();
        let help = "write a port, as `ports: [{port: 80}]`";
        error(findings, "schema/required", at, message.to_owned(), help);
    }
    let (mut names, mut numbers) = (HashSet::new(), HashSet::new());
    for (index, port) in ports.iter().enumerate() {
        if findings.is_full() {
            return;
        }
        let mut check = JudgedPort {
            port,
            index,
            findings,
        };
        check.name(ports.len() > 1, &mut names);
        check.number(&mut numbers);
        check.others();
    }
}

/// A text that is one of these, or left to the server.
fn one_of(value: &Value, (field, at): (&str, &str), allowed: &[&str], findings: &mut Findings) {
    let given = text(value, field);
    if !given.is_empty() && !allowed.contains(&given) {
        let (last, others) = allowed.split_last().unwrap_or((&"", &[]));
        let message = format!("{} is not a `{field}`", shown(&given.into()));
        let help = format!("write {} or {last}", others.join(", "));
        error(findings, "schema/enum", at.to_owned(), message, &help);
    }
}

/// The addresses of a Service: IP addresses, or `None` for a headless one.
fn addresses(spec: &Value, findings: &mut Findings) {
    let one = |value: &Value, at: String, findings: &mut Findings| {
        let text = value.as_str().unwrap_or_default();
        if !text.is_empty() && text != "None" && !is_address(text) {
            let message = format!("{} is not an IP address", shown(value));
            let help =
                "write an IP address, `None` for a headless Service, or leave it to the server";
            error(findings, "schema/format", at, message, help);
        }
    };
    if let Some(address) = spec.get("clusterIP") {
        one(address, "spec.clusterIP".to_owned(), findings);
    }
    let more = spec.get("clusterIPs").and_then(Value::as_array);
    for (index, address) in more.into_iter().flatten().enumerate() {
        if !findings.is_full() {
            one(address, format!("spec.clusterIPs[{index}]"), findings);
        }
    }
}

/// Whether a server takes a text for an IP address; older ones read `010.0.0.1`, too.
fn is_address(text: &str) -> bool {
    let of_part = |part: &str| {
        let digits = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        let number = part.trim_start_matches('0');
        digits && (number.is_empty() || number.parse::<u8>().is_ok())
    };
    text.parse::<IpAddr>().is_ok() || text.split('.').count() == 4 && text.split('.').all(of_part)
}

/// A port of a Service.
struct JudgedPort<'v, 'f> {
    port: &'v Value,
    index: usize,
    findings: &'f mut Findings,
}

impl<'v> JudgedPort<'v, '_> {
    fn error(&mut self, rule: &'static str, field: &str, message: String, help: &str) {
        let at = match field {
            "" => format!("spec.ports[{}]", self.index),
            field => format!("spec.ports[{}].{field}", self.index),
        };
        error(self.findings, rule, at, message, help);
    }

    fn name(&mut self, is_required: bool, names: &mut HashSet<&'v str>) {
        let name = text(self.port, "name");
        if name.is_empty() {
            let is_text = self.port.get("name").is_none_or(|name| !name.is_number());
            if is_required && is_text {
                let message = "each of several ports of a Service must have a name";
                let help = "give each port a `name` of its own";
                self.error("schema/required", "name", message.to_owned(), help);
            }
        } else if !is_dns_label(name) {
            let message = format!("{} is not the name of a port", shown(&name.into()));
            self.error("schema/format", "name", message, LABEL_HELP);
        } else if !names.insert(name) {
            let message = format!("another port has the name {}, too", shown(&name.into()));
            let help = "give each port a `name` of its own";
            self.error("schema/duplicate", "name", message, help);
        }
    }

    fn number(&mut self, numbers: &mut HashSet<(i64, &'v str)>) {
        let protocol = match text(self.port, "protocol") {
            "" => "TCP",
            protocol => protocol,
        };
        if !PROTOCOLS.contains(&protocol) {
            let message = format!("{} is not a protocol", shown(&protocol.into()));
            self.error("schema/enum", "protocol", message, PROTOCOL_HELP);
        }
        let port = match self.port.get("port") {
            None | Some(Value::Null) => 0,
            Some(port) => match port.as_i64() {
                Some(port) => port,
                None => return,
            },
        };
        if !is_port(port) {
            let message = format!("{port} is not a port");
            self.error("schema/format", "port", message, PORT_HELP);
        } else if !numbers.insert((port, protocol)) {
            let message = format!("another port has the number {port} for {protocol}, too");
            let help = "remove one of the two ports";
            self.error("schema/duplicate", "", message, help);
        }
    }

    fn others(&mut self) {
        match self.port.get("targetPort") {
            Some(Value::Number(number)) => {
                let number = number.as_i64().unwrap_or(-1);
                if number != 0 && !is_port(number) {
                    let message = format!("{number} is not a port");
                    self.error("schema/format", "targetPort", message, PORT_HELP);
                }
            }
            Some(Value::String(name)) if !name.is_empty() && !is_port_name(name) => {
                let message = format!("{} is not the name of a port", shown(&name.as_str().into()));
                let help = "write the name of a port of the pods: at most 15 lower-case letters, digits and `-`";
                self.error("schema/format", "targetPort", message, help);
            }
            _ => {}
        }
        if let Some(Value::String(protocol)) = self.port.get("appProtocol")
            // Kubernetes calls this a qualified name.
            && !is_label_key(protocol)
        {
            let message = format!(
                "{} is not the name of a protocol",
                shown(&protocol.as_str().into())
            );
            self.error("schema/format", "appProtocol", message, APP_PROTOCOL_HELP);
        }
    }
}

/// The protocols of ports.
pub(super) const PROTOCOLS: [&str; 3] = ["TCP", "UDP", "SCTP"];

pub(super) const PROTOCOL_HELP: &str = "write TCP, UDP or SCTP";

pub(super) const APP_PROTOCOL_HELP: &str = "write a name of letters, digits, `-`, `_` and `.`, with a DNS name and `/` in front if need be, as `kubernetes.io/h2c`";

pub(super) const PORT_HELP: &str = "write a number from 1 to 65535";

pub(super) fn is_port(number: i64) -> bool {
    i32::try_from(number).is_ok_and(is_port_number)
}

/// Whether a text can name a port of a pod (RFC 6335, section 5.1).
fn is_port_name(text: &str) -> bool {
    text.len() <= 15
        && text.bytes().any(|byte| byte.is_ascii_lowercase())
        && !text.contains("--")
        && !text.contains('.')
        && is_dns_subdomain(text)
}

#[cfg(test)]
mod tests {
    use crate::validation::{ValidationOptions, validate_value};
    use serde_json::{Value, json};

    fn found(object: &Value) -> Vec<(String, &'static str)> {
        let report = validate_value(object, &ValidationOptions::default());
        let errors = report.errors();
        errors
            .map(|one| (one.path().to_owned(), one.rule()))
            .collect()
    }

    fn service(spec: &Value) -> Value {
        json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a", "namespace": "ns"}, "spec": spec})
    }

    fn of_kind(kind: &str, name: &str) -> Value {
        json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": name}, "spec": {"ports": [{"port": 1}]}})
    }

    /// ValidateService: what a server refuses of the ports, the type and the addresses is named with its field.
    #[test]
    fn a_service_that_a_server_refuses_is_named_with_the_field() {
        for (spec, path, rule) in [
            (json!({}), "spec.ports", "schema/required"),
            (json!({"ports": []}), "spec.ports", "schema/required"),
            (
                json!({"ports": [{"port": 80}, {"port": 81, "name": "b"}]}),
                "spec.ports[0].name",
                "schema/required",
            ),
            (
                json!({"ports": [{"port": 80, "name": "b"}, {"port": 81, "name": "b"}]}),
                "spec.ports[1].name",
                "schema/duplicate",
            ),
            (
                json!({"ports": [{"port": 80, "name": "B"}]}),
                "spec.ports[0].name",
                "schema/format",
            ),
            (
                json!({"ports": [{"port": 80000}]}),
                "spec.ports[0].port",
                "schema/format",
            ),
            (
                json!({"ports": [{"port": 0}]}),
                "spec.ports[0].port",
                "schema/format",
            ),
            (
                json!({"ports": [{"port": 80, "name": "a"}, {"port": 80, "name": "b"}]}),
                "spec.ports[1]",
                "schema/duplicate",
            ),
            (
                json!({"ports": [{"port": 80, "protocol": "TCCP"}]}),
                "spec.ports[0].protocol",
                "schema/enum",
            ),
            (
                json!({"ports": [{"port": 80, "targetPort": 70000}]}),
                "spec.ports[0].targetPort",
                "schema/format",
            ),
            (
                json!({"ports": [{"port": 80, "targetPort": "a_b"}]}),
                "spec.ports[0].targetPort",
                "schema/format",
            ),
            (
                json!({"ports": [{"port": 80, "targetPort": "80"}]}),
                "spec.ports[0].targetPort",
                "schema/format",
            ),
            (
                json!({"ports": [{"port": 80, "appProtocol": "a/b/c"}]}),
                "spec.ports[0].appProtocol",
                "schema/format",
            ),
            (
                json!({"ports": [{"port": 80}], "type": "ClusterIPP"}),
                "spec.type",
                "schema/enum",
            ),
            (
                json!({"ports": [{"port": 80}], "sessionAffinity": "Client"}),
                "spec.sessionAffinity",
                "schema/enum",
            ),
            (
                json!({"ports": [{"port": 80}], "clusterIP": "hello"}),
                "spec.clusterIP",
                "schema/format",
            ),
            (
                json!({"ports": [{"port": 80}], "clusterIPs": ["10.0.0.1", "10.0.0"]}),
                "spec.clusterIPs[1]",
                "schema/format",
            ),
            (
                json!({"type": "ExternalName"}),
                "spec.externalName",
                "schema/required",
            ),
            (
                json!({"type": "ExternalName", "externalName": "a_b"}),
                "spec.externalName",
                "schema/format",
            ),
        ] {
            assert_eq!(found(&service(&spec)), [(path.to_owned(), rule)], "{spec}");
        }
    }

    #[test]
    fn what_a_server_takes_in_a_service_has_no_finding() {
        for spec in [
            json!({"ports": [{"port": 80}]}),
            json!({"ports": [{"port": 80, "name": null, "protocol": "", "targetPort": 0, "appProtocol": null}], "type": "", "clusterIP": ""}),
            json!({"ports": [{"port": 53, "name": "a"}, {"port": 53, "name": "b", "protocol": "UDP"}]}),
            json!({"ports": [{"port": 80, "targetPort": "web-1", "appProtocol": "kubernetes.io/h2c"}]}),
            json!({"clusterIP": "None"}),
            json!({"ports": [{"port": 80}], "clusterIP": "2001:db8::1", "clusterIPs": ["2001:db8::1", "10.0.0.1"]}),
            json!({"ports": [{"port": 80}], "clusterIP": "010.000.0.1"}),
            json!({"type": "ExternalName", "externalName": "a.example."}),
            json!({"ports": [{"port": 80}], "type": "LoadBalancer", "sessionAffinity": "ClientIP"}),
        ] {
            assert_eq!(found(&service(&spec)), [], "{spec}");
        }
        assert_eq!(found(&of_kind("Service", "1a")), []);
    }

    /// NameIsDNSLabel and NameIsDNSSubdomain; labels of a Namespace are what selectors look at.
    #[test]
    fn names_and_labels_are_those_that_a_server_takes() {
        for (kind, name, fits) in [
            ("Service", "Bad_Name", false),
            ("Service", "a.b", false),
            ("Namespace", "Ns9", false),
            ("Namespace", "a.b", false),
            ("Secret", "a_b", false),
            ("ConfigMap", "A", false),
            ("Service", "a-b", true),
            ("Namespace", "9ns", true),
            ("Secret", "a.b", true),
            ("ConfigMap", "kube-root-ca.crt", true),
        ] {
            let wanted = (!fits).then(|| ("metadata.name".to_owned(), "metadata/name"));
            let wanted: Vec<_> = wanted.into_iter().collect();
            assert_eq!(found(&of_kind(kind, name)), wanted, "{kind} {name}");
        }
        let labelled = |labels: Value| json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a", "labels": labels}});
        assert_eq!(
            found(&labelled(json!({"team": "a", "x.example/y": ""}))),
            []
        );
        for labels in [json!({"team": "a b"}), json!({"te am": "a"})] {
            let wanted = ("metadata.labels".to_owned(), "metadata/labels");
            assert_eq!(found(&labelled(labels)), [wanted]);
        }
        let mut elsewhere = of_kind("Service", "a");
        elsewhere["metadata"]["namespace"] = json!("Ns");
        let wanted = ("metadata.namespace".to_owned(), "metadata/namespace");
        assert_eq!(found(&elsewhere), [wanted]);
    }

    /// ValidateSecret: a Secret of type `kubernetes.io/tls` has both of its keys, whatever is in them.
    #[test]
    fn a_tls_secret_has_a_certificate_and_a_key() {
        let secret = |kind: &str, data: Value, texts: Value| json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}, "type": kind, "data": data, "stringData": texts});
        let missing = |key: &str| (format!("data[{key}]"), "schema/required");
        let tls = "kubernetes.io/tls";
        let both = json!({"tls.crt": "", "tls.key": ""});
        assert_eq!(found(&secret(tls, both, json!({}))), []);
        let one = json!({"tls.crt": "AAAA"});
        assert_eq!(
            found(&secret(tls, one.clone(), json!({}))),
            [missing("tls.key")]
        );
        assert_eq!(
            found(&secret(tls, one.clone(), json!({"tls.key": "a"}))),
            []
        );
        assert_eq!(
            found(&secret(tls, Value::Null, Value::Null)),
            [missing("tls.crt"), missing("tls.key")]
        );
        assert_eq!(found(&secret("Opaque", one, json!({}))), []);
        let map = |key: &str| json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {key: "x"}});
        for key in ["ca.crt", "_A-1", ".hidden"] {
            assert_eq!(found(&map(key)), [], "{key}");
        }
        for key in ["", ".", "..", "..a", "a b", "a/b"] {
            assert_eq!(
                found(&map(key)),
                [("data".to_owned(), "schema/format")],
                "{key}"
            );
        }
    }
}
