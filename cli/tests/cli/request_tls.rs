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

/// A Gateway on port 80 whose route mirrors to `copy` and sends one half of the rest to `sealed`, of which a policy expects
/// TLS, and the other to `plain`, which has none.
fn mixed() -> String {
    let services = ["copy", "plain"].map(|name| {
        format!(
            "---
apiVersion: v1
kind: Service
metadata: {{name: {name}, namespace: shop}}
spec: {{ports: [{{port: 443}}]}}
"
        )
    });
    let one = "rules: [{backendRefs: [{name: web, port: 443}]}]";
    let both = "rules: [{filters: [{type: RequestMirror, requestMirror: {backendRef: {name: copy, port: 443}}}], \
                backendRefs: [{name: web, port: 443}, {name: plain, port: 443}]}]";
    let objects = sealed("a.example.com", "p256.crt");
    assert!(objects.contains(one));
    objects.replace(one, both) + &services.concat()
}

/// A request whose answer is for programs, at a time at which the certificates are valid.
const ASKED: [&str; 8] = [
    "request",
    "-f",
    "-",
    "--at",
    "2026-11-27T00:00:00Z",
    "http://a.example/",
    "-o",
    "json",
];

/// BackendTLSPolicy: the connection is TLS where a policy asks for it, and cleartext elsewhere: to a mirror, and to the other half
/// of a split.
#[test]
fn the_certificate_of_all_is_for_backends_with_a_policy_and_leaves_others_alone() {
    let (shown, objects) = (fixture("p256.crt"), mixed());
    let ask = |certificates: &[&str], count: &[&str]| {
        let options = certificates.iter().flat_map(|one| ["--backend-cert", one]);
        let options: Vec<&str> = options.collect();
        let (code, text) = run(&[&ASKED[..], &options, count].concat(), &objects);
        let answer: Value = serde_json::from_str(&text).unwrap_or_default();
        (code, answer)
    };
    let split = |answer: &Value| -> Vec<(String, u64)> {
        let rows = answer["split"].as_array().unwrap().iter();
        let mut rows: Vec<_> = rows
            .map(|row| {
                let name = row["backend"]["name"].as_str().unwrap().to_owned();
                (name, row["status"].as_u64().unwrap())
            })
            .collect();
        rows.sort();
        rows
    };
    let named = |service: &str| format!("shop/{service}={shown}");
    let other = fixture("other.crt");
    let good: &[(&str, u64)] = &[("plain", 200), ("web", 200)];
    for (certificates, wanted, copied) in [
        (vec![shown.clone()], good, true),
        (vec![named("web")], good, true),
        // That of the Service goes before that of all.
        (vec![other.clone(), named("web")], good, true),
        (vec![other], &[("plain", 200), ("web", 502)], true),
        // On purpose: a backend that speaks TLS, and nobody knows.
        (vec![named("plain")], &[("plain", 502), ("web", 200)], true),
        (vec![named("copy"), shown.clone()], good, false),
    ] {
        let certificates: Vec<&str> = certificates.iter().map(String::as_str).collect();
        let (_, many) = ask(&certificates, &["--count", "40"]);
        let wanted: Vec<_> = wanted
            .iter()
            .map(|(name, status)| ((*name).to_owned(), *status))
            .collect();
        assert_eq!(split(&many), wanted, "{certificates:?} {many:#}");
        let mirrors = many["mirrors"].as_array().unwrap().len();
        if many["status"] == 200 {
            assert_eq!(mirrors, usize::from(copied), "{certificates:?} {many:#}");
        }
    }
    // A Service that is not there, or given twice, is an error.
    for certificates in [
        vec![format!("shop/wbe={shown}")],
        vec![named("web"), named("web")],
        vec![shown.clone(), shown.clone()],
        vec!["shop/web=".to_owned()],
    ] {
        let certificates: Vec<&str> = certificates.iter().map(String::as_str).collect();
        assert_eq!(ask(&certificates, &[]).0, Some(2), "{certificates:?}");
    }
}

/// HTTPRoute `requestMirror`: a request that is not sent is not copied.
#[test]
fn a_mirror_gets_nothing_of_a_request_whose_backend_cannot_prove_who_it_is() {
    let (objects, other) = (mixed(), fixture("other.crt"));
    let shown = format!("shop/web={other}");
    for (seed, certificate) in (0..8).flat_map(|seed| [(seed, None), (seed, Some(&shown))]) {
        let seed = seed.to_string();
        let mut options = vec!["--seed", &seed];
        options.extend(
            certificate
                .iter()
                .flat_map(|shown| ["--backend-cert", shown]),
        );
        let (_, text) = run(&[&ASKED[..], &options].concat(), &objects);
        let answer: Value = serde_json::from_str(&text).unwrap();
        let fails = answer["status"] == 502;
        let expected = certificate.is_some() && answer["backend"]["name"] == "web";
        assert_eq!(fails, expected, "{answer:#}");
        let mirrors = answer["mirrors"].as_array().unwrap().len();
        assert_eq!(mirrors, usize::from(!fails), "{answer:#}");
    }
}
