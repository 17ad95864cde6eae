//! `gwapi request --backend-cert`: the certificates of a backend, verified as its policy says.

use super::support::run;
use serde_json::Value;

fn fixture(name: &str) -> String {
    format!(
        "{}/../tests/fixtures/certificates/{name}",
        env!("CARGO_MANIFEST_DIR")
    )
}

/// A backend of which a policy expects TLS with this hostname, by the authority of a file.
fn sealed(hostname: &str, authority: &str) -> String {
    let authority = std::fs::read_to_string(fixture(authority)).unwrap();
    let authority: String = authority
        .lines()
        .map(|line| format!("    {line}\n"))
        .collect();
    format!(
        "
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {{name: edge, namespace: shop}}
spec: {{gatewayClassName: any, listeners: [{{name: web, port: 80, protocol: HTTP}}]}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {{name: web, namespace: shop}}
spec: {{parentRefs: [{{name: edge}}], rules: [{{backendRefs: [{{name: web, port: 443}}]}}]}}
---
apiVersion: v1
kind: Service
metadata: {{name: web, namespace: shop}}
spec: {{ports: [{{port: 443}}]}}
---
apiVersion: gateway.networking.k8s.io/v1alpha3
kind: BackendTLSPolicy
metadata: {{name: web, namespace: shop}}
spec:
  targetRefs: [{{group: \"\", kind: Service, name: web}}]
  validation: {{hostname: {hostname}, caCertificateRefs: [{{group: \"\", kind: ConfigMap, name: trusted}}]}}
---
apiVersion: v1
kind: ConfigMap
metadata: {{name: trusted, namespace: shop}}
data:
  ca.crt: |
{authority}"
    )
}

/// BackendTLSPolicy `spec.validation`.
#[test]
fn the_certificate_of_a_backend_is_verified_as_its_policy_says() {
    let shown = fixture("p256.crt");
    let asked = [
        "request",
        "-f",
        "-",
        "--at",
        "2026-11-27T00:00:00Z",
        "--backend-cert",
        &shown,
        "http://a.example/",
    ];
    for (hostname, authority, why) in [
        ("a.example.com", "p256.crt", None),
        ("x.b.example.com", "p256.crt", None),
        (
            "c.example.com",
            "p256.crt",
            Some(
                "its certificate is for `a.example.com` and `*.b.example.com`, and has to be for `c.example.com`",
            ),
        ),
        (
            "a.example.com",
            "other.crt",
            Some("its certificate is by no authority that is trusted"),
        ),
    ] {
        let objects = sealed(hostname, authority);
        let (code, text) = run(&[&asked[..], &["-o", "json"]].concat(), &objects);
        let answer: Value = serde_json::from_str(&text).unwrap();
        let status = if why.is_some() { 502 } else { 200 };
        assert_eq!(answer["status"], status, "{text}");
        assert_eq!(code, Some(i32::from(why.is_some())), "{text}");
        assert_eq!(answer["backendTls"]["verified"], why.is_none(), "{text}");
        let (_, text) = run(&asked, &objects);
        match why {
            Some(why) => assert!(text.contains(why), "{text}"),
            None => {
                let assumed = "the backend has the private key of its certificate";
                assert!(text.contains(assumed), "{text}");
            }
        }
    }
    // What is no certificate is an error, and so is one where nothing is known of TLS.
    let objects = sealed("a.example.com", "p256.crt");
    for (file, url) in [
        ("p256.key", "http://a.example/"),
        ("none.crt", "http://a.example/"),
        ("p256.crt", "udp://a.example:53"),
    ] {
        let file = fixture(file);
        let (code, _) = run(
            &["request", "-f", "-", "--backend-cert", &file, url],
            &objects,
        );
        assert_eq!(code, Some(2), "{file} {url}");
    }
}
