//! Session persistence with a Service that keeps clients at a pod by their address (GEP-1619, "Session Affinity in K8S
//! Services").

use super::*;

const RULE: &str = "SessionPersistence/no-client-ip-affinity";

fn service(name: &str, affinity: Option<&str>) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": name},
        "spec": {"sessionAffinity": affinity, "ports": [{"port": 80}]},
    })
}

fn rule(session: bool, backends: &[&str]) -> Value {
    let refs: Vec<Value> = backends
        .iter()
        .map(|name| json!({"name": name, "port": 80}))
        .collect();
    let path = format!("/{session}/{}", backends.join("/"));
    let mut rule = json!({"matches": [{"path": {"value": path}}], "backendRefs": refs});
    if session {
        rule["sessionPersistence"] = json!({"sessionName": "SID"});
    }
    rule
}

fn found(objects: &[&Value]) -> Vec<(String, String)> {
    let all = judged(objects).into_iter().flatten();
    all.filter(|(rule, ..)| *rule == RULE)
        .map(|(_, path, message)| (path, message))
        .collect()
}

#[test]
fn a_rule_that_keeps_sessions_at_a_service_with_client_ip_affinity_is_named() {
    let gateway = gateway(&json!([{"name": "web", "port": 80, "protocol": "HTTP"}]));
    let (affine, none, unset) = (
        service("affine", Some("ClientIP")),
        service("none", Some("None")),
        service("unset", None),
    );
    let subject = route(&json!({"parentRefs": [{"name": "gw"}], "rules": [
        rule(true, &["none", "unset"]),
        rule(true, &["none", "affine"]),
        rule(false, &["affine"]),
    ]}));
    let found = found(&[&gateway, &affine, &none, &unset, &subject]);
    let [(path, message)] = found.as_slice() else {
        panic!("{found:?}")
    };
    assert_eq!(path, "spec.rules[1].sessionPersistence");
    let begin = "Service `default/affine` has `sessionAffinity: ClientIP`: ";
    assert!(message.starts_with(begin), "{message}");
}

#[test]
fn a_policy_for_such_a_service_is_named_and_not_the_routes_that_lead_there() {
    let gateway = gateway(&json!([{"name": "web", "port": 80, "protocol": "HTTP"}]));
    let policy = |session: Value| {
        json!({
            "apiVersion": "gateway.networking.k8s.io/v1alpha2", "kind": "BackendLBPolicy",
            "metadata": {"name": "sticky"},
            "spec": {
                "targetRefs": [
                    {"group": "", "kind": "Service", "name": "unset"},
                    {"group": "", "kind": "Service", "name": "affine"},
                ],
                "sessionPersistence": session,
            },
        })
    };
    let services = [service("affine", Some("ClientIP")), service("unset", None)];
    let subject = route(
        &json!({"parentRefs": [{"name": "gw"}], "rules": [rule(false, &["affine", "unset"])]}),
    );
    let with = policy(json!({"sessionName": "SID"}));
    let named = found(&[&gateway, &services[0], &services[1], &subject, &with]);
    let paths: Vec<_> = named.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(paths, ["spec.targetRefs[1]"]);
    // Of two policies for one Service the one that is accepted is named, and not the other.
    let mut other = with.clone();
    other["metadata"]["name"] = "zzz".into();
    let both = found(&[
        &gateway,
        &services[0],
        &services[1],
        &subject,
        &other,
        &with,
    ]);
    assert_eq!(both, named);
    let without = policy(Value::Null);
    assert_eq!(
        found(&[&gateway, &services[0], &services[1], &subject, &without]),
        []
    );
}
