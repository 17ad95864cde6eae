//! Objects of those kinds of Kubernetes that attachment looks at: fields that the kind does not have, and values that an API
//! server refuses.

mod core_kinds;
mod endpoints;

use super::{
    Finding, ValidationOptions,
    report::{Findings, is_status},
};
use crate::{
    manifest::{self, UnreadField},
    meta::{GroupVersionKind, MULTICLUSTER_GROUP},
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::Deserialize;
use serde_json::Value;

/// What there is to say of an object of these kinds beside what its type alone forbids.
pub(super) fn check(object: &Value, options: &ValidationOptions) -> Findings {
    let mut findings = Findings::default();
    for finding in unknown_fields(object, options) {
        findings.push(finding);
    }
    let text = |field| object.get(field).and_then(Value::as_str);
    match (text("apiVersion"), text("kind")) {
        (Some("discovery.k8s.io/v1"), Some("EndpointSlice")) => {
            endpoints::slice(object, &mut findings);
        }
        (Some("v1"), Some("Endpoints")) => endpoints::endpoints(object, &mut findings),
        (Some("v1"), Some(kind @ ("Service" | "Namespace" | "Secret" | "ConfigMap"))) => {
            core_kinds::check(object, kind, &mut findings);
        }
        _ => {}
    }
    findings
}

/// The fields of an object that its kind does not have, if it is one of these kinds. It is a warning, and no error as for the
/// Gateway API's own kinds: which fields a kind has is known for one version of Kubernetes, and a newer one may have more.
fn unknown_fields(object: &Value, options: &ValidationOptions) -> Vec<Finding> {
    let text = |field| object.get(field).and_then(Value::as_str);
    let (Some(api_version), Some(kind)) = (text("apiVersion"), text("kind")) else {
        return Vec::new();
    };
    let gvk = GroupVersionKind::from_api_version(api_version, kind);
    let unread = if (gvk.group.as_str(), kind) == (MULTICLUSTER_GROUP, "ServiceImport") {
        manifest::unread_of_custom::<ServiceImport>(object)
    } else {
        manifest::unread(object)
    };
    unread
        .iter()
        .filter(|field| options.with_status || !is_status(&field.path))
        .map(|field| finding(field, kind))
        .collect()
}

const REMOVE: &str = "remove it, unless it is a field of a newer release of Kubernetes";

fn finding(field: &UnreadField, kind: &str) -> Finding {
    let finding = Finding::warning(
        "schema/unknown-field",
        field.path.clone(),
        format!(
            "kind {kind} has no field `{}` here, and it has no effect",
            field.name
        ),
    );
    finding.with_help(match field.nearest {
        Some(near) => format!("did you mean `{near}`?"),
        None => REMOVE.to_owned(),
    })
}

/// All fields of a ServiceImport (Multi-Cluster Services API). What is in them counts elsewhere.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "only which fields there are counts")]
struct ServiceImport {
    api_version: Option<String>,
    kind: Option<String>,
    metadata: Option<ObjectMeta>,
    spec: Option<ServiceImportSpec>,
    status: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "only which fields there are counts")]
struct ServiceImportSpec {
    internal_traffic_policy: Option<Value>,
    ip_families: Option<Value>,
    ips: Option<Value>,
    ports: Option<Vec<ServiceImportPort>>,
    session_affinity: Option<Value>,
    session_affinity_config: Option<Value>,
    traffic_distribution: Option<Value>,
    r#type: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "only which fields there are counts")]
struct ServiceImportPort {
    app_protocol: Option<Value>,
    name: Option<Value>,
    port: Option<Value>,
    protocol: Option<Value>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn unknown(object: &Value) -> Vec<(String, Option<String>)> {
        let findings = unknown_fields(object, &ValidationOptions::default());
        let parts =
            |finding: &Finding| (finding.path().to_owned(), finding.help().map(str::to_owned));
        findings.iter().map(parts).collect()
    }

    /// A server that validates fields strictly names each one.
    #[test]
    fn a_field_that_a_kind_of_kubernetes_does_not_have_is_named_with_the_one_that_is_meant() {
        for (api_version, kind, rest, path, near) in [
            (
                "v1",
                "Service",
                json!({"spec": {"prots": []}}),
                "spec.prots",
                Some("ports"),
            ),
            (
                "v1",
                "Service",
                json!({"spec": {"ports": [{"prt": 1}]}}),
                "spec.ports[0].prt",
                Some("port"),
            ),
            (
                "v1",
                "Namespace",
                json!({"metadata": {"labls": {}}}),
                "metadata.labls",
                Some("labels"),
            ),
            ("v1", "Secret", json!({"dta": {}}), "dta", Some("data")),
            ("v1", "ConfigMap", json!({"dat": {}}), "dat", Some("data")),
            (
                "v1",
                "Endpoints",
                json!({"subset": []}),
                "subset",
                Some("subsets"),
            ),
            ("v1", "Endpoints", json!({"whatever": []}), "whatever", None),
            (
                "discovery.k8s.io/v1",
                "EndpointSlice",
                json!({"addressType": "IPv4", "endpionts": []}),
                "endpionts",
                Some("endpoints"),
            ),
            (
                "multicluster.x-k8s.io/v1alpha1",
                "ServiceImport",
                json!({"spec": {"prots": 3}}),
                "spec.prots",
                Some("ports"),
            ),
        ] {
            let mut object = rest;
            object["apiVersion"] = json!(api_version);
            object["kind"] = json!(kind);
            object["metadata"]["name"] = json!("a");
            let help = near.map_or(REMOVE.to_owned(), |near| format!("did you mean `{near}`?"));
            assert_eq!(
                unknown(&object),
                [(path.to_owned(), Some(help))],
                "{object}"
            );
        }
    }

    /// Attachment reads a part of these kinds; what it does not read is no unknown field.
    #[test]
    fn fields_that_attachment_does_not_read_are_known() {
        for object in [
            json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a", "managedFields": [], "uid": "x"},
                   "spec": {"selector": {"a": "b"}, "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 3}}, "trafficDistribution": "PreferClose"},
                   "status": {"loadBalancer": {"ingress": []}, "later": 1}}),
            json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}, "type": "Opaque", "stringData": {"a": "b"}, "immutable": true}),
            json!({"apiVersion": "multicluster.x-k8s.io/v1alpha1", "kind": "ServiceImport", "metadata": {"name": "a"},
                   "spec": {"type": "ClusterSetIP", "ips": [], "ports": [{"name": "a", "port": 1, "protocol": "TCP", "appProtocol": "h2c"}],
                            "sessionAffinity": "None", "sessionAffinityConfig": {"clientIP": {}}, "ipFamilies": ["IPv4"]},
                   "status": {"clusters": [{"cluster": "a"}]}}),
            json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a", "labls": {}}, "oops": 1}),
        ] {
            assert_eq!(unknown(&object), [], "{object}");
        }
    }
}
