//! TLS with clients and with backends.

use crate::{
    backends,
    certificates::{Authority, Identity},
    clients::{Client, Tls, handshake, read},
    world::{Backends, World, call, effective, get, network, port, script},
};
use gwapi::{
    certificate::CertificateChain,
    meta::Transport,
    proxy::{Accepted, ClientHello, DataPlane, DataPlaneOptions},
    sim::{EndpointTls, Outcome, Protocol, Refusal, Request},
};
use http::{HeaderMap, HeaderValue, StatusCode};
use http_body_util::BodyExt;
use k8s_openapi::jiff::Timestamp;
use reverse_proxy::{Network, Proxy};
use rustls::pki_types::{CertificateDer, pem::PemObject};
use serde_json::json;
use std::{
    collections::BTreeSet,
    sync::Arc,
    time::{Duration, SystemTime},
};
use tokio::net::TcpStream;

/// The authorities of servers and of clients.
struct Authorities {
    servers: Authority,
    clients: Authority,
}

async fn world(with_authority: bool) -> (World, Authorities) {
    let servers = Authority::new("servers");
    let clients = Authority::new("clients");
    let own = servers.server(&["*.example.com"]);
    let mut others = vec![own.secret("own"), servers.config_map("servers")];
    if with_authority {
        others.push(clients.config_map("clients"));
    }
    let (script, got) = script();
    let mut found = Backends::new();
    found.insert(
        "10.0.0.1",
        backends::http("10.0.0.1", script.clone(), None).await,
    );
    let sealed = servers.server(&["sealed.shop"]);
    let sealed = backends::http("10.0.0.2", script.clone(), Some(&sealed)).await;
    found.insert("10.0.0.2", sealed);
    let yaml = include_str!("../fixtures/tls.yaml");
    let world = World::new(effective(yaml, &others), found, (script, got)).await;
    (world, Authorities { servers, clients })
}

fn shows(asked: &mut Request, identity: &Identity) {
    let chain = CertificateChain::read(identity.chain.as_bytes()).unwrap();
    asked.client_certificate = Some((chain, Timestamp::now()));
}

#[tokio::test]
async fn requests_over_tls_are_those_of_the_simulator() {
    let (mut world, authorities) = world(true).await;
    let tls = Tls {
        trusts: authorities.servers.pem(),
        identity: None,
    };
    for protocol in [Protocol::Http1, Protocol::Http2] {
        for path in ["", "sealed/x?y=1"] {
            let mut asked = get(&format!("https://open.example.com/{path}"));
            asked.protocol = protocol.clone();
            let answered = world.same(&asked, Some(&tls)).await;
            assert_eq!(answered.status, 200, "{asked:?}");
        }
    }
}

/// BackendTLSPolicy `validation.hostname`: an endpoint that cannot prove who it is gets nothing.
#[tokio::test]
async fn a_backend_that_is_another_one_gets_no_request() {
    let (mut world, authorities) = world(true).await;
    let asked = get("https://open.example.com/impostor");
    let tls = Tls {
        trusts: authorities.servers.pem(),
        identity: None,
    };
    let mut client = Client::connect(&asked, world.address(&asked), Some(&tls))
        .await
        .unwrap();
    let response = client.send(&asked, "").await.unwrap();
    assert_eq!(response.status(), StatusCode::BAD_GATEWAY);
    assert!(world.is_quiet());
}

/// BackendTLSPolicy `spec.validation`: a backend proves who it is, or gets nothing, in the proxy and in the simulator alike.
#[tokio::test]
async fn a_backend_proves_who_it_is_to_the_proxy_as_to_the_simulator() {
    let servers = Authority::new("servers");
    let other = Authority::new("servers");
    let yaml = include_str!("../fixtures/tls.yaml");
    let names = json!([
        {"type": "URI", "uri": "spiffe://shop/web"}, {"type": "Hostname", "hostname": "*.wild.shop"},
    ]);
    for (by, shown, instead, proves) in [
        (&servers, &["sealed.shop"][..], None, true),
        // A wildcard needs two labels after it.
        (&servers, &["*.shop"], None, false),
        (&servers, &["other.shop"], None, false),
        (&servers, &["spiffe://shop/web"], None, false),
        (&other, &["sealed.shop"], None, false),
        (&servers, &["spiffe://shop/web"], Some(&names), true),
        (&servers, &["a.wild.shop"], Some(&names), true),
        (&servers, &["a.b.wild.shop"], Some(&names), false),
        (&servers, &["sealed.shop"], Some(&names), false),
        (&other, &["spiffe://shop/web"], Some(&names), false),
    ] {
        let identity = by.server(shown);
        let mut others = vec![servers.config_map("servers")];
        if let Some(names) = instead {
            others.push(json!({
                "apiVersion": "gateway.networking.k8s.io/v1alpha3", "kind": "BackendTLSPolicy",
                "metadata": {"name": "sealed", "namespace": "shop"},
                "spec": {
                    "targetRefs": [{"group": "", "kind": "Service", "name": "sealed"}],
                    "validation": {
                        "hostname": "sealed.shop", "subjectAltNames": names,
                        "caCertificateRefs": [{"group": "", "kind": "ConfigMap", "name": "servers"}],
                    },
                },
            }));
        }
        let gateway = json!({
            "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway",
            "metadata": {"name": "edge", "namespace": "shop"},
            "spec": {"gatewayClassName": "example", "listeners": [{"name": "web", "port": 80, "protocol": "HTTP"}]},
        });
        others.push(gateway);
        let (script, got) = script();
        let sealed = backends::http("10.0.0.2", script.clone(), Some(&identity)).await;
        let found = Backends::from([("10.0.0.2", sealed)]);
        let mut world = World::new(effective(yaml, &others), found, (script, got)).await;
        world.set_time(Timestamp::now());
        for path in ["sealed", "sealed/x?y=1"] {
            let mut asked = get(&format!("http://any.example/{path}"));
            let chain = CertificateChain::read(identity.chain.as_bytes()).unwrap();
            asked.backend.tls = EndpointTls::Shows(chain);
            let answered = world.same(&asked, None).await;
            let status = if proves { 200 } else { 502 };
            assert_eq!(answered.status, status, "{shown:?} {instead:?}");
        }
    }
}

/// A listener of protocol TLS with mode `Terminate`: what is inside goes on as a stream, over TLS of the proxy's own where a
/// BackendTLSPolicy asks for it, and to nobody who cannot prove who it is.
#[tokio::test]
async fn what_is_inside_of_tls_goes_on_as_a_stream_and_over_tls_where_a_policy_asks_for_it() {
    let servers = Authority::new("servers");
    let own = servers.server(&["*.example.com"]);
    let yaml = include_str!("../fixtures/tls.yaml");
    let tls = Tls {
        trusts: servers.pem(),
        identity: None,
    };
    for (service, port, shown, endpoint) in [
        ("web", 80, None, Some("10.0.0.1")),
        ("sealed", 443, Some("sealed.shop"), Some("10.0.0.2")),
        ("sealed", 443, Some("other.shop"), None),
    ] {
        let listener = json!({
            "name": "ends", "port": 443, "protocol": "TLS", "hostname": "*.example.com",
            "tls": {"mode": "Terminate", "certificateRefs": [{"name": "own"}]},
        });
        let others = [
            servers.config_map("servers"),
            own.secret("own"),
            json!({
                "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway",
                "metadata": {"name": "edge", "namespace": "shop"},
                "spec": {"gatewayClassName": "example", "listeners": [listener]},
            }),
            json!({
                "apiVersion": "gateway.networking.k8s.io/v1alpha2", "kind": "TLSRoute",
                "metadata": {"name": "inside", "namespace": "shop"},
                "spec": {
                    "parentRefs": [{"name": "edge"}], "hostnames": ["a.example.com"],
                    "rules": [{"backendRefs": [{"name": service, "port": port}]}],
                },
            }),
        ];
        let (script, got) = script();
        let identity = shown.map(|name| servers.server(&[name]));
        let sealed = backends::http("10.0.0.2", script.clone(), identity.as_ref()).await;
        let web = backends::http("10.0.0.1", script.clone(), None).await;
        let found = Backends::from([("10.0.0.1", web), ("10.0.0.2", sealed)]);
        let mut world = World::new(effective(yaml, &others), found, (script, got)).await;
        world.set_time(Timestamp::now());

        let mut asked = get("tls://a.example.com/");
        if let Some(identity) = &identity {
            let chain = CertificateChain::read(identity.chain.as_bytes()).unwrap();
            asked.backend.tls = EndpointTls::Shows(chain);
        }
        let said = world.simulated(&asked);
        let forwarded = said.endpoint.filter(|_| said.outcome == Outcome::Forwarded);
        let forwarded = forwarded.map(|endpoint| endpoint.address);
        assert_eq!(forwarded.as_deref(), endpoint, "{service} {shown:?}");

        let stream = TcpStream::connect(world.address(&asked)).await.unwrap();
        let stream = handshake(stream, "a.example.com", &[b"http/1.1"], &tls)
            .await
            .unwrap();
        let inside = get("http://inside.example/");
        let mut client = Client::over(&inside, stream).await.unwrap();
        let content = match client.send(&inside, "").await {
            Some(response) => Some(read(response).await.content),
            None => None,
        };
        assert_eq!(content.as_deref(), endpoint, "{service} {shown:?}");
    }
}

/// gRPC over TLS, from the client to the backend, with what a call ends with.
#[tokio::test]
async fn calls_over_tls_come_through_with_their_trailers() {
    let (world, authorities) = world(true).await;
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from_static("0"));
    world.trail(trailers.clone());
    let tls = Tls {
        trusts: authorities.servers.pem(),
        identity: None,
    };
    for path in ["shop.Cart/Add", "sealed/Add"] {
        let asked = call(&format!("https://open.example.com/{path}"));
        let mut client = connects(&world, &asked, &tls).await.unwrap();
        let response = client.send(&asked, "").await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        let content = response.into_body().collect().await.unwrap();
        assert_eq!(content.trailers(), Some(&trailers), "{path}");
    }
}

/// Gateway `spec.listeners[].tls`: "the GatewayClass MUST use the longest matching SNI out of all available certificates".
#[tokio::test]
async fn clients_see_the_certificate_with_the_longest_name_that_fits() {
    let servers = Authority::new("servers");
    let [wild, exact, deep] = [
        &["*.example.com"][..],
        &["secret.example.com"],
        &["*.deep.example.com", "example.com"],
    ]
    .map(|names| servers.server(names));
    let listener = json!({
        "name": "web", "port": 443, "protocol": "HTTPS",
        "tls": {"certificateRefs": [{"name": "wild"}, {"name": "exact"}, {"name": "deep"}]},
    });
    let others = [
        wild.secret("wild"),
        exact.secret("exact"),
        deep.secret("deep"),
        json!({
            "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway",
            "metadata": {"name": "edge", "namespace": "shop"},
            "spec": {"gatewayClassName": "example", "listeners": [listener]},
        }),
    ];
    let effective = effective("", &others);
    let plane = DataPlane::new(effective.clone(), DataPlaneOptions::default());
    let world = World::new(effective, Backends::new(), script()).await;
    let tls = Tls {
        trusts: servers.pem(),
        identity: None,
    };
    for (name, identity) in [
        ("a.example.com", &wild),
        ("secret.example.com", &exact),
        ("SECRET.example.com", &exact),
        ("a.deep.example.com", &deep),
        ("deep.example.com", &wild),
        ("example.com", &deep),
    ] {
        let key = port(Transport::Tcp, 443);
        let Some(Accepted::Hello(hello)) = plane.accept(&key) else {
            panic!("no TLS is expected")
        };
        let ClientHello::Terminate(settings) = hello.client_hello(Some(name)) else {
            panic!("{name} is not served")
        };
        let chosen = settings.certificate().unwrap().pair.chain();
        assert_eq!(chosen, identity.chain.as_bytes(), "{name}");

        let stream = TcpStream::connect(world.proxy.address(&key).unwrap()).await;
        let stream = handshake(stream.unwrap(), name, &[], &tls).await;
        let stream = stream.expect("no handshake");
        let seen = stream.get_ref().1.peer_certificates().unwrap();
        let own = CertificateDer::from_pem_slice(chosen).unwrap();
        assert_eq!(seen, [own], "{name}");
    }
}

/// Gateway `spec.listeners[].hostname`: the server name of the listener that lets everyone in, and the host of the one that
/// demands certificates.
#[tokio::test]
async fn no_request_evades_the_certificates_that_its_listener_demands() {
    let (mut world, authorities) = world(true).await;
    let tls = Tls {
        trusts: authorities.servers.pem(),
        identity: None,
    };
    for protocol in [Protocol::Http1, Protocol::Http2] {
        let mut asked = get("https://open.example.com/");
        asked.protocol = protocol;
        let mut client = Client::connect(&asked, world.address(&asked), Some(&tls))
            .await
            .unwrap();
        for (host, status) in [
            ("open.example.com", 200),
            ("secret.example.com", 421),
            ("SECRET.example.com:8443", 421),
            ("b.example.com", 200),
            ("elsewhere.example", 404),
        ] {
            asked.headers.insert("host", HeaderValue::from_static(host));
            let answered = world.same_over(&mut client, &asked, "").await;
            assert_eq!(answered.status, status, "{host}");
        }
    }
}

/// Gateway `tls.frontendValidation` (GEP-91): with a certificate, without one, and with one of another authority, one
/// that has expired, and one that is for servers.
#[tokio::test]
async fn clients_show_a_certificate_that_the_listener_trusts_or_are_refused() {
    let (mut world, authorities) = world(true).await;
    let right = authorities.clients.client();
    let wrong = Authority::new("clients").client();
    let expired = authorities.clients.expired_client();
    let of_server = authorities.clients.server(&["x.example.com"]);
    for (identity, comes_through) in [
        (Some(&right), true),
        (None, false),
        (Some(&wrong), false),
        (Some(&expired), false),
        (Some(&of_server), false),
    ] {
        let mut asked = get("https://secret.example.com/");
        if let Some(identity) = identity {
            shows(&mut asked, identity);
        }
        let tls = Tls {
            trusts: authorities.servers.pem(),
            identity,
        };
        if comes_through {
            assert_eq!(world.same(&asked, Some(&tls)).await.status, 200);
            continue;
        }
        let said = world.simulated(&asked);
        assert_eq!(said.refusal, Some(Refusal::TlsHandshake), "{said:?}");
        // In TLS 1.3 the client learns of it when it first reads.
        if let Some(mut client) = Client::connect(&asked, world.address(&asked), Some(&tls)).await {
            assert!(client.send(&asked, "").await.is_none(), "{said:?}");
        }
    }
}

/// The clock of the network counts, for certificates of clients and of backends: these are valid until 2020.
#[tokio::test]
async fn the_clock_of_the_network_says_which_certificates_have_expired() {
    let (servers, clients) = (Authority::new("servers"), Authority::new("clients"));
    let others = [
        servers.server(&["*.example.com"]).secret("own"),
        servers.config_map("servers"),
        clients.config_map("clients"),
    ];
    let sealed = servers.expired_server(&["sealed.shop"]);
    let sealed = backends::http("10.0.0.2", script().0, Some(&sealed)).await;
    let identity = clients.expired_client();
    let tls = Tls {
        trusts: servers.pem(),
        identity: Some(&identity),
    };
    let (in_2019, in_2021) = (1_546_300_800, 1_609_459_200);
    for (now, host, status) in [
        (in_2019, "open.example.com", Some(200)),
        (in_2019, "secret.example.com", Some(200)),
        (in_2021, "open.example.com", Some(502)),
        (in_2021, "secret.example.com", None),
    ] {
        let network = Network {
            now: Arc::new(move || SystemTime::UNIX_EPOCH + Duration::from_secs(now)),
            ..network(Backends::from([("10.0.0.2", sealed)]))
        };
        let mut proxy = Proxy::new(network, DataPlaneOptions::default());
        let yaml = include_str!("../fixtures/tls.yaml");
        let (_, errors) = proxy.update(effective(yaml, &others)).await;
        assert!(errors.is_empty(), "{errors:?}");
        let asked = get(&format!("https://{host}/sealed"));
        let address = proxy.address(&port(Transport::Tcp, 443)).unwrap();
        let response = match Client::connect(&asked, address, Some(&tls)).await {
            Some(mut client) => client.send(&asked, "").await,
            None => None,
        };
        let got = response.map(|response| response.status().as_u16());
        assert_eq!(got, status, "{host} at {now}");
    }
}

/// A listener whose authorities are gone is not in force, and its hosts are nobody's.
#[tokio::test]
async fn without_its_authorities_a_listener_refuses_everyone() {
    let (mut world, authorities) = world(false).await;
    let tls = Tls {
        trusts: authorities.servers.pem(),
        identity: None,
    };
    let mut asked = get("https://secret.example.com/");
    let said = world.simulated(&asked);
    assert_eq!(said.refusal, Some(Refusal::TlsHandshake), "{said:?}");
    let refused = Client::connect(&asked, world.address(&asked), Some(&tls)).await;
    assert!(refused.is_none());
    asked.sni = Some("open.example.com".into());
    assert_eq!(world.same(&asked, Some(&tls)).await.status, 421);
}

/// Another certificate in the Secret of a listener that is otherwise the same: whoever connects then sees it.
#[tokio::test]
async fn a_certificate_that_is_replaced_is_shown_from_the_next_connection_on() {
    let (mut world, authorities) = world(true).await;
    let asked = get("https://open.example.com/");
    let later = Authority::new("later");
    let [before, after] = [&authorities.servers, &later].map(|authority| Tls {
        trusts: authority.pem(),
        identity: None,
    });
    assert_eq!(world.same(&asked, Some(&before)).await.status, 200);
    assert!(connects(&world, &asked, &after).await.is_none());
    let own = later.server(&["*.example.com"]).secret("own");
    let others = [
        own,
        authorities.servers.config_map("servers"),
        authorities.clients.config_map("clients"),
    ];
    let yaml = include_str!("../fixtures/tls.yaml");
    let diff = world.update(effective(yaml, &others)).await;
    let changed = diff.certificates.iter().map(|listener| &*listener.name);
    let changed: BTreeSet<&str> = changed.collect();
    assert_eq!(changed, ["secret", "wild"].into());
    assert!(diff.drain.is_empty(), "{diff:?}");
    assert_eq!(world.same(&asked, Some(&after)).await.status, 200);
    assert!(connects(&world, &asked, &before).await.is_none());
}

async fn connects(world: &World, asked: &Request, tls: &Tls<'_>) -> Option<Client> {
    Client::connect(asked, world.address(asked), Some(tls)).await
}
