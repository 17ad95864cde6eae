//! `gwapi status` as people meet it.

use crate::support::gwapi;

/// The text for these objects, and the exit code.
fn status(objects: &str, arguments: &[&str]) -> (String, Option<i32>) {
    let output = gwapi(&[&["status", "-f", "-"], arguments].concat(), objects);
    (
        String::from_utf8(output.stdout).unwrap(),
        output.status.code(),
    )
}

const BROKEN_CERTIFICATE: &str = "
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: front, namespace: edge }
spec:
  gatewayClassName: any
  listeners: [{ name: https, port: 443, protocol: HTTPS, tls: { certificateRefs: [{ name: nowhere }] } }]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: cart, namespace: edge }
spec: { parentRefs: [{ name: front }], rules: [{ filters: [{ type: RequestRedirect, requestRedirect: { hostname: a.example } }] }] }
";

#[test]
fn a_cause_is_told_and_counted_once_an_object() {
    let (text, code) = status(BROKEN_CERTIFICATE, &[]);
    assert_eq!(code, Some(1));
    assert_eq!(
        text,
        "\
Gateway edge/front, at 198.18.0.1
  Accepted False (ListenersNotValid): no listener is valid: listener `https`: Secret edge/nowhere does not exist
  Programmed False (Invalid): for the same reason
  listener https: 1 route; takes HTTPRoute, GRPCRoute
    Accepted True, Conflicted False
    ResolvedRefs False (InvalidCertificateRef): Secret edge/nowhere does not exist
    Programmed False (Invalid): for the same reason
HTTPRoute edge/cart
  attached to Gateway edge/front: without effect at listeners that are not in force: listener `https`: Secret edge/nowhere does not exist
    ResolvedRefs True

2 objects, 2 things to look at
"
    );
}

#[test]
fn the_list_of_a_program_holds_every_object_in_the_version_in_which_it_was_given() {
    let objects = BROKEN_CERTIFICATE.replace(
        "networking.k8s.io/v1\nkind: HTTPRoute",
        "networking.k8s.io/v1beta1\nkind: HTTPRoute",
    );
    let (json, code) = status(&objects, &["-o", "json"]);
    assert_eq!(code, Some(1));
    let list: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        (&list["apiVersion"], &list["kind"]),
        (&"v1".into(), &"List".into())
    );
    let item = |at: usize| {
        let item = &list["items"][at];
        let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        let name = text(&item["metadata"]["name"]);
        (text(&item["apiVersion"]), text(&item["kind"]), name)
    };
    let of = |group: &str, kind: &str, name: &str| {
        (
            format!("gateway.networking.k8s.io/{group}"),
            kind.to_owned(),
            name.to_owned(),
        )
    };
    assert_eq!(item(0), of("v1", "Gateway", "front"));
    assert_eq!(item(1), of("v1beta1", "HTTPRoute", "cart"));
    let (yaml, _) = status(&objects, &["-o", "yaml"]);
    assert!(
        yaml.starts_with("apiVersion: v1\nkind: List\nitems:\n"),
        "{yaml}"
    );
}

#[test]
fn a_gateway_for_which_a_policy_has_no_room_is_named_at_both() {
    let mut objects = String::from(
        "
apiVersion: v1
kind: Service
metadata: { name: web, namespace: edge }
spec: { ports: [{ port: 80 }] }
---
apiVersion: gateway.networking.k8s.io/v1alpha3
kind: BackendTLSPolicy
metadata: { name: secure, namespace: edge }
spec: { targetRefs: [{ group: '', kind: Service, name: web }], validation: { wellKnownCACertificates: System, hostname: web.example } }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: web, namespace: edge }
spec:
  rules: [{ backendRefs: [{ name: web, port: 80 }] }]
  parentRefs:
",
    );
    for number in 10..27 {
        objects.push_str(&format!("    - {{ name: g{number} }}\n"));
    }
    for number in 10..27 {
        objects.push_str(&format!(
            "---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {{ name: g{number}, namespace: edge }}
spec: {{ gatewayClassName: any, listeners: [{{ name: http, port: 80, protocol: HTTP }}] }}
"
        ));
    }
    let (text, code) = status(&objects, &[]);
    assert_eq!(code, Some(1));
    let why = "a policy has at most 16 ancestors, and at others no route can refer to its targets";
    for said in [
        format!("  no room for this Gateway in BackendTLSPolicy edge/secure: {why}\n"),
        format!("  no room for Gateway edge/g26: {why}\n"),
        "    ResolvedRefs False (PolicyAncestorsFull): no route of Gateway edge/g26 can refer to Service edge/web: its BackendTLSPolicy edge/secure has no room for this Gateway among 16 ancestors\n".to_owned(),
    ] {
        assert_eq!(text.matches(&said).count(), 1, "{said}\n{text}");
    }
}
