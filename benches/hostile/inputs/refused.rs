//! Objects that an API server refuses, or stores in another form.

use super::{gateway, gateway_api, http_gateway, lines, route, service};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// A ReferenceGrant that an API server refuses for its length, and a route that needs another one.
pub(crate) fn refused_grant(times: usize) -> String {
    let count = times * 1_000;
    let from = (0..count).map(|n| {
        json!({"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "namespace": format!("n{n}")})
    });
    let to = (0..count).map(|n| json!({"group": "", "kind": "Service", "name": format!("s{n}")}));
    let spec = json!({"from": from.collect::<Vec<_>>(), "to": to.collect::<Vec<_>>()});
    let mut grant = gateway_api("ReferenceGrant", "g", spec);
    grant["metadata"]["namespace"] = json!("far");
    let backend = json!({"name": "s", "namespace": "far", "port": 80});
    let spec = json!({"parentRefs": [{"name": "g"}], "rules": [{"backendRefs": [backend]}]});
    lines([grant, http_gateway("g"), route("r", spec)])
}

/// A Gateway with more listeners than it may have, and routes for all of them.
pub(crate) fn refused_gateway(times: usize) -> String {
    let listeners = (0..times * 1_000).map(|n| {
        json!({"name": format!("l{n}"), "port": 80, "protocol": "HTTP", "hostname": format!("h{n}.example.com")})
    });
    let routes = (0..times * 300).map(|n| {
        let spec =
            json!({"parentRefs": [{"name": "g"}], "hostnames": [format!("h{n}.example.com")]});
        route(&format!("r{n}"), spec)
    });
    lines(
        [gateway("g", listeners.collect())]
            .into_iter()
            .chain(routes),
    )
}

/// A route with more parents, hosts and matches than it may have.
pub(crate) fn refused_route(times: usize) -> String {
    let count = times * 500;
    let parents = vec![json!({"name": "g", "sectionName": "http"}); count];
    let hostnames: Vec<String> = (0..count).map(|n| format!("h{n}.example.com")).collect();
    let matches = (0..count).map(|n| json!({"path": {"value": format!("/{n}")}}));
    let rule =
        json!({"matches": matches.collect::<Vec<_>>(), "backendRefs": [{"name": "s", "port": 80}]});
    let spec = json!({"parentRefs": parents, "hostnames": hostnames, "rules": [rule]});
    lines([http_gateway("g"), service("s"), route("r", spec)])
}

/// Rules without matches, more than a route may have.
pub(crate) fn empty_rules(times: usize) -> String {
    let spec = json!({"parentRefs": [{"name": "g"}], "rules": vec![json!({}); times * 2_000]});
    lines([route("r", spec)])
}

/// Fields that the schema does not have.
pub(crate) fn unknown_fields(times: usize) -> String {
    let mut object = route("r", json!({}));
    for n in 0..times * 20_000 {
        object["spec"][format!("hostname{n}")] = json!(n);
    }
    lines([object])
}

/// Many findings in one document.
pub(crate) fn many_findings(times: usize) -> String {
    let backends: Vec<Value> = (0..times * 10_000)
        .map(|n| json!({"name": "_", "port": n, "weight": "x", "wieght": 1}))
        .collect();
    lines([route("r", json!({"rules": [{"backendRefs": backends}]}))])
}

/// Keys that are given twice.
pub(crate) fn duplicate_keys(times: usize) -> String {
    let mut text = "kind: A\napiVersion: a/v1\nmetadata: {name: a}\nspec:\n".to_owned();
    for n in 0..times * 20_000 {
        writeln!(text, "  k{}: 1", n / 2).unwrap();
    }
    text
}

/// Objects of an old version, to be converted.
pub(crate) fn old_versions(times: usize) -> String {
    (0..times * 1_000).fold(String::new(), |mut text, n| {
        write!(
            text,
            "---\napiVersion: gateway.networking.k8s.io/v1beta1\nkind: HTTPRoute\nmetadata:\n  name: r{n}\n  \
             ownerReferences:\n  - {{apiVersion: v1, kind: A, name: a, uid: b}}\nspec:\n  hostnames: [a.example.com]\n"
        )
        .unwrap();
        text
    })
}

/// The same in one List that stands in one line.
pub(crate) fn old_versions_in_one_line(times: usize) -> String {
    let item = |n: usize| {
        format!(
            "{{apiVersion: gateway.networking.k8s.io/v1beta1, kind: HTTPRoute, metadata: {{name: r{n}, namespace: default}}, \
             spec: {{hostnames: [a.example.com]}}}}"
        )
    };
    let items: Vec<_> = (0..times * 1_000).map(item).collect();
    format!(
        "apiVersion: v1\nkind: List\nitems: [{}]\n",
        items.join(", ")
    )
}
