//! Listeners of one port over TLS: no request evades what the listener of its host demands of clients.

use super::*;
use crate::certificate::CertificateChain;

macro_rules! certificate {
    ($name:literal) => {
        include_str!(concat!("../../../tests/fixtures/certificates/", $name))
    };
}

/// A Secret with a certificate for servers.
fn secret(name: &str, chain: &str, key: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls",
        "metadata": {"name": name, "namespace": "shop"},
        "stringData": {"tls.crt": chain, "tls.key": key},
    })
}

/// A Gateway of which `*.example.com` lets everyone in and `secret.example.com` those with a certificate.
fn objects(with_authority: bool) -> Vec<Value> {
    let own = json!([{"name": "own"}]);
    let mut objects = vec![
        gateway(json!([
            {"name": "wild", "port": 443, "protocol": "HTTPS", "hostname": "*.example.com",
                "tls": {"certificateRefs": own}},
            {"name": "secret", "port": 443, "protocol": "HTTPS", "hostname": "secret.example.com",
                "tls": {"certificateRefs": own, "frontendValidation":
                    {"caCertificateRefs": [{"group": "", "kind": "ConfigMap", "name": "clients"}]}}},
        ])),
        secret("own", certificate!("p256.crt"), certificate!("p256.key")),
        service("web", 80),
        route(json!({"rules": [{"backendRefs": [{"name": "web", "port": 80}]}]})),
    ];
    if with_authority {
        objects.push(json!({
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": "clients", "namespace": "shop"},
            "data": {"ca.crt": certificate!("client-ca.crt")},
        }));
    }
    objects
}

/// A request with this server name and this `Host`.
fn asked(server_name: &str, host: &str, shown: Option<&str>) -> Request {
    let mut request = get(&format!("https://{server_name}/"));
    request.headers.insert("host", host.parse().unwrap());
    request.client_certificate = shown.map(|chain| {
        let chain = CertificateChain::read(chain.as_bytes()).unwrap();
        (chain, "2026-11-27T00:00:00Z".parse().unwrap())
    });
    request
}

/// Gateway `spec.listeners[].hostname`: a request whose host belongs to another listener than the server name gets 421, and one
/// whose host belongs to none 404.
#[test]
fn a_request_for_the_host_of_another_listener_is_misdirected() {
    let mut simulator = simulator(&objects(true));
    let mut status = |server_name, host| {
        let request = asked(server_name, host, None);
        let answer = simulator.request(&request, &mut |_| 0).unwrap();
        (answer.status, answer.why.join("\n"))
    };
    // The attack: the server name of the listener that lets everyone in, and the host of the other one.
    for host in [
        "secret.example.com",
        "SECRET.example.com.:443",
        "secret.example.com:8443",
    ] {
        let (got, why) = status("open.example.com", host);
        assert_eq!(got, Some(421), "{host}");
        assert!(
            why.contains("the host belongs to listener `secret`"),
            "{why}"
        );
    }
    // Hosts of one listener share its connections.
    assert_eq!(status("open.example.com", "a.example.com").0, Some(200));
    assert_eq!(status("open.example.com", "other.example").0, Some(404));
}

/// Absolute form overrides `Host`, here as well.
#[test]
fn a_target_in_absolute_form_is_misdirected_by_its_own_host() {
    let mut simulator = simulator(&objects(true));
    let mut request = asked("secret.example.com", "open.example.com", None);
    request.sni = Some("open.example.com".into());
    request.absolute_form = true;
    let answer = simulator.request(&request, &mut |_| 0).unwrap();
    assert_eq!(answer.status, Some(421), "{:?}", answer.why);
}

/// Gateway `tls.frontendValidation` (GEP-91): a client without a certificate that an authority vouches for is refused.
#[cfg(feature = "tls")]
#[test]
fn a_listener_that_demands_certificates_refuses_clients_without_a_valid_one() {
    let mut simulator = simulator(&objects(true));
    for (shown, reason) in [
        (Some(certificate!("client.crt")), None),
        (None, Some("there is none")),
        (
            Some(certificate!("other.crt")),
            Some("by no authority that the listener trusts"),
        ),
        (
            Some(certificate!("client-expired.crt")),
            Some("has expired"),
        ),
        (
            Some(certificate!("client-server.crt")),
            Some("is not one for clients"),
        ),
    ] {
        let request = asked("secret.example.com", "secret.example.com", shown);
        let answer = simulator.request(&request, &mut |_| 0).unwrap();
        let why = answer.why.join("\n");
        match reason {
            None => assert_eq!(answer.status, Some(200), "{why}"),
            Some(reason) => {
                assert_eq!(answer.refusal, Some(Refusal::TlsHandshake), "{why}");
                assert!(why.contains(reason), "{why}");
            }
        }
    }
}

/// Without its authorities the listener is not in force. Its hosts are nobody's then: the listener that lets everyone in must
/// not answer for them.
#[test]
fn a_listener_whose_authorities_are_gone_refuses_everyone_and_leaves_its_hosts_to_nobody() {
    let mut simulator = simulator(&objects(false));
    let mut ask = |server_name| {
        let request = asked(server_name, "secret.example.com", None);
        simulator.request(&request, &mut |_| 0).unwrap()
    };
    let refused = ask("secret.example.com");
    assert_eq!(
        refused.refusal,
        Some(Refusal::TlsHandshake),
        "{:?}",
        refused.why
    );
    assert_eq!(ask("open.example.com").status, Some(421));
}
