//! Manifests made to do harm, each at so many times its size.

mod documents;
mod files;
mod refused;
mod sets;
mod turns;

pub(crate) use documents::*;
pub(crate) use files::*;
pub(crate) use refused::*;
pub(crate) use sets::*;
pub(crate) use turns::*;

use serde_json::{Value, json};
use std::fmt::Write as _;

/// Objects, one a line.
pub(crate) fn lines(objects: impl IntoIterator<Item = Value>) -> String {
    objects.into_iter().fold(String::new(), |mut text, object| {
        writeln!(text, "{object}").unwrap();
        text
    })
}

/// An object of the Gateway API in version `v1`.
pub(crate) fn gateway_api(kind: &str, name: &str, spec: Value) -> Value {
    let api_version = match kind {
        "BackendTLSPolicy" => "gateway.networking.k8s.io/v1alpha3",
        "ReferenceGrant" => "gateway.networking.k8s.io/v1beta1",
        _ => "gateway.networking.k8s.io/v1",
    };
    json!({
        "apiVersion": api_version, "kind": kind, "spec": spec,
        "metadata": {"name": name, "namespace": "default", "creationTimestamp": "2024-05-09T12:00:00Z"},
    })
}

fn gateway(name: &str, listeners: Vec<Value>) -> Value {
    let spec = json!({"gatewayClassName": "c", "listeners": listeners});
    gateway_api("Gateway", name, spec)
}

fn http_gateway(name: &str) -> Value {
    gateway(
        name,
        vec![json!({"name": "http", "port": 80, "protocol": "HTTP"})],
    )
}

fn service(name: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Service", "spec": {"ports": [{"port": 80}]},
        "metadata": {"name": name, "namespace": "default"},
    })
}

fn route(name: &str, spec: Value) -> Value {
    gateway_api("HTTPRoute", name, spec)
}
