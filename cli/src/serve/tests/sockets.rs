//! What a program with sockets of its own is told.

use super::{ask, class, configured};
use serde_json::{Value, json};

/// A certificate or a key.
fn text(name: &str) -> String {
    let folder = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../tests/fixtures/certificates/"
    );
    std::fs::read_to_string(format!("{folder}{name}")).unwrap()
}

/// A Gateway with a listener of each kind, and the certificate of one of them.
fn objects() -> Value {
    json!([
        class(),
        {"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls", "metadata": {"name": "own", "namespace": "shop"},
         "stringData": {"tls.crt": text("p256.crt"), "tls.key": text("p256.key")}},
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "clients", "namespace": "shop"},
         "data": {"ca.crt": text("client-ca.crt")}},
        {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "metadata": {"name": "front", "namespace": "shop"},
         "spec": {"gatewayClassName": "ours", "listeners": [
            {"name": "http", "port": 80, "protocol": "HTTP"},
            {"name": "https", "port": 443, "protocol": "HTTPS", "hostname": "a.example", "tls": {"certificateRefs": [{"name": "own"}]}},
            {"name": "passes", "port": 443, "protocol": "TLS", "hostname": "b.example", "tls": {"mode": "Passthrough"}},
            {"name": "secret", "port": 8443, "protocol": "HTTPS", "tls": {
                "certificateRefs": [{"name": "own"}],
                "frontendValidation": {"caCertificateRefs": [{"group": "", "kind": "ConfigMap", "name": "clients"}]}}},
            {"name": "tcp", "port": 5000, "protocol": "TCP"},
            {"name": "udp", "port": 53, "protocol": "UDP"},
         ]}},
    ])
}

#[test]
fn a_program_with_sockets_is_told_what_to_listen_on_and_how_connections_begin() {
    let mut server = configured();
    let applied = ask(&mut server, &json!({"op": "apply", "objects": objects()}));
    assert_eq!(applied["errors"], json!([]));
    assert_eq!(applied["ignored"], json!([]));
    let reply = ask(&mut server, &json!({"op": "binds"}));
    let binds: Vec<_> = reply["binds"].as_array().unwrap().iter().collect();
    let gateway = json!({"group": "gateway.networking.k8s.io", "kind": "Gateway", "namespace": "shop", "name": "front"});
    let expected = [("TCP", 80), ("TCP", 443), ("TCP", 5000), ("TCP", 8443), ("UDP", 53)].map(|(transport, port)| {
        json!({"gateway": gateway, "transport": transport, "port": port, "addresses": ["192.0.2.7"]})
    });
    assert_eq!(binds, expected.iter().collect::<Vec<_>>());

    let mut accepted = |mut connection: Value| {
        connection["gateway"] = "shop/front".into();
        let line = json!({"op": "accept", "accept": connection});
        ask(&mut server, &line)["accepted"].clone()
    };
    for (connection, taken) in [
        (json!({"port": 80}), "http"),
        (json!({"port": 443}), "tls"),
        (json!({"port": 5000}), "stream"),
        (json!({"port": 53, "transport": "UDP"}), "stream"),
        (json!({"port": 53}), "nobody"),
        (
            json!({"port": 443, "clientHello": {"serverName": "b.example"}}),
            "passthrough",
        ),
        (
            json!({"port": 443, "clientHello": {"serverName": "c.example"}}),
            "refuse",
        ),
        (json!({"port": 443, "clientHello": {}}), "refuse"),
    ] {
        assert_eq!(accepted(connection.clone())["as"], taken, "{connection}");
    }
    let ends = accepted(json!({"port": 443, "clientHello": {"serverName": "a.example"}}));
    assert_eq!(ends["as"], "terminate");
    assert_eq!(ends["inside"], "http");
    assert_eq!(ends["protocols"], json!(["h2", "http/1.1"]));
    assert_eq!(ends["clientCertificates"], "none");
    for (member, label) in [
        ("certificate", "-----BEGIN CERTIFICATE-----"),
        ("privateKey", "-----BEGIN "),
    ] {
        let text = ends[member].as_str().unwrap();
        assert!(text.starts_with(label), "{member}");
    }
}

/// Gateway `tls.frontendValidation` (GEP-91): the program asks the client for a certificate, and the request says whether it is
/// valid.
#[test]
fn the_certificate_of_a_client_goes_along_with_its_requests() {
    let mut server = configured();
    ask(&mut server, &json!({"op": "apply", "objects": objects()}));
    let hello =
        json!({"gateway": "shop/front", "port": 8443, "clientHello": {"serverName": "a.example"}});
    let taken = ask(&mut server, &json!({"op": "accept", "accept": hello}));
    assert_eq!(taken["accepted"]["clientCertificates"], "required");
    for (certificate, outcome) in [
        (None, "refused"),
        (Some("client.crt"), "answered"),
        (Some("other.crt"), "refused"),
        (Some("client-expired.crt"), "refused"),
    ] {
        let mut request = json!({"url": "https://a.example:8443/", "gateway": "shop/front"});
        if let Some(certificate) = certificate {
            request["clientCertificate"] = text(certificate).into();
        }
        let reply = ask(&mut server, &json!({"op": "request", "request": request}));
        assert_eq!(
            reply["answer"]["outcome"], outcome,
            "{certificate:?} {reply}"
        );
    }
    let request = json!({"url": "https://a.example:8443/", "clientCertificate": "none"});
    let reply = ask(&mut server, &json!({"op": "request", "request": request}));
    let message = reply["error"]["message"].as_str().unwrap();
    assert!(message.starts_with("`clientCertificate`: "), "{message}");
}

#[test]
fn a_connection_that_is_not_named_as_it_has_to_be_is_an_error() {
    let mut server = configured();
    ask(&mut server, &json!({"op": "apply", "objects": objects()}));
    for (connection, said) in [
        (
            json!({"gateway": "front", "port": 80}),
            "expected `NAMESPACE/NAME`",
        ),
        (
            json!({"gateway": "shop/front", "port": 80, "transport": "SCTP"}),
            "expected `TCP` or `UDP`, not `SCTP`",
        ),
        (
            json!({"gateway": "shop/front", "port": 80, "clientHello": {}}),
            "no TLS is expected on the port",
        ),
        (
            json!({"gateway": "shop/front", "port": 443, "clientHello": {"servername": "a"}}),
            "did you mean `serverName`?",
        ),
    ] {
        let reply = ask(&mut server, &json!({"op": "accept", "accept": connection}));
        let message = reply["error"]["message"].as_str().unwrap();
        assert!(message.contains(said), "{message}");
    }
}
