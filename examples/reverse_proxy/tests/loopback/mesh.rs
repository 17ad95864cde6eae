//! Ports of a Service as pods see them.

use crate::{
    backends,
    certificates::Authority,
    clients::{Client, Tls, handshake},
    world::{Backends, World, effective, script},
};
use gwapi::{
    meta::{NamespacedName, Transport},
    proxy::ServiceKey,
    sim::{Outcome, Protocol, Request},
};
use reverse_proxy::MeshKey;
use std::{net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpStream, UdpSocket},
    time::timeout,
};

/// A world, and where its proxy takes what pods of a namespace send to a port of the Service `web`.
async fn world(client: &str, transport: Transport, port: u16) -> (World, SocketAddr) {
    let (script, got) = script();
    let mut found = Backends::new();
    for endpoint in ["10.0.0.1", "10.0.0.2", "10.0.0.3"] {
        let address = backends::http(endpoint, script.clone(), None).await;
        found.insert(endpoint, address);
    }
    found.insert("10.0.0.4", backends::tcp("10.0.0.4").await);
    found.insert("10.0.0.5", backends::udp("10.0.0.5").await);
    let yaml = include_str!("../fixtures/mesh.yaml");
    let mut world = World::new(effective(yaml, &[]), found, (script, got)).await;
    let key = MeshKey {
        service: ServiceKey {
            name: NamespacedName::new("shop", "web"),
            import: false,
        },
        transport,
        port,
        client_namespace: client.to_owned(),
    };
    let here = SocketAddr::from(([127, 0, 0, 1], 0));
    let address = world.proxy.bind_mesh(key, here).await.unwrap();
    (world, address)
}

/// What a pod of a namespace asks.
fn by(client: &str, url: &str) -> Request {
    let mut asked = Request::get(url).unwrap();
    asked.client = Some(client.parse().unwrap());
    asked
}

/// GEP-1426: a route of the Service's own namespace is for all pods, one of another namespace for those of that namespace alone,
/// and goes before.
#[tokio::test]
async fn a_service_is_seen_as_the_namespace_of_the_pod_sees_it() {
    for (client, path, status, endpoint) in [
        ("shop", "canary/x?y=1", 200, "10.0.0.2"),
        ("shop", "web", 200, "10.0.0.1"),
        ("shop", "other", 404, ""),
        ("elsewhere", "canary", 200, "10.0.0.2"),
        ("away", "canary", 200, "10.0.0.3"),
        ("away", "other", 200, "10.0.0.3"),
    ] {
        let (mut world, address) = world(client, Transport::Tcp, 80).await;
        for protocol in [Protocol::Http1, Protocol::Http2] {
            let mut asked = by(client, &format!("http://web.shop/{path}"));
            asked.protocol = protocol;
            let mut pod = Client::connect(&asked, address, None).await.unwrap();
            let answered = world.same_over(&mut pod, &asked, "").await;
            assert_eq!(
                (answered.status, &*answered.content),
                (status, endpoint),
                "{asked:?}"
            );
        }
    }
}

/// A port that no route governs leads to the Service itself, whatever is spoken there.
#[tokio::test]
async fn a_port_without_a_route_leads_to_the_service_itself() {
    let (mut world, address) = world("shop", Transport::Tcp, 6000).await;
    let asked = by("shop", "http://web.shop:6000/any");
    let mut pod = Client::connect(&asked, address, None).await.unwrap();
    let answered = world.same_over(&mut pod, &asked, "").await;
    assert_eq!(answered.content, "10.0.0.1");
}

/// Where nothing depends on what the client says, nobody waits for it: in some protocols the server speaks first.
#[tokio::test]
async fn a_backend_may_speak_first() {
    let (script, got) = script();
    let mut found = Backends::new();
    found.insert("10.0.0.1", backends::greeting("10.0.0.1").await);
    found.insert("10.0.0.4", backends::greeting("10.0.0.4").await);
    let yaml = include_str!("../fixtures/mesh.yaml");
    let mut world = World::new(effective(yaml, &[]), found, (script, got)).await;
    // One port is governed by a TCPRoute, the other one by none.
    for (port, endpoint) in [(5000, "10.0.0.4"), (6000, "10.0.0.1")] {
        let key = MeshKey {
            service: ServiceKey {
                name: NamespacedName::new("shop", "web"),
                import: false,
            },
            transport: Transport::Tcp,
            port,
            client_namespace: "shop".to_owned(),
        };
        let here = SocketAddr::from(([127, 0, 0, 1], 0));
        let address = world.proxy.bind_mesh(key, here).await.unwrap();
        let mut stream = TcpStream::connect(address).await.unwrap();
        let mut said = String::new();
        let read = timeout(Duration::from_secs(5), stream.read_to_string(&mut said)).await;
        read.expect("the proxy waits for the client").unwrap();
        assert_eq!(said, endpoint, "port {port}");
    }
}

#[tokio::test]
async fn connections_and_datagrams_of_pods_reach_the_endpoint_that_the_simulator_names() {
    let endpoint = |world: &mut World, asked: &Request| {
        let said = world.simulated(asked);
        assert_eq!(said.outcome, Outcome::Forwarded, "{said:?}");
        said.endpoint.unwrap().address
    };
    let (mut over_tcp, address) = world("shop", Transport::Tcp, 5000).await;
    let named = endpoint(&mut over_tcp, &by("shop", "tcp://web.shop:5000"));
    assert_eq!(named, "10.0.0.4");
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"ping").await.unwrap();
    let mut back = String::new();
    stream.read_to_string(&mut back).await.unwrap();
    assert_eq!(back, format!("{named}ping"));

    let (mut over_udp, address) = world("shop", Transport::Udp, 53).await;
    let named = endpoint(&mut over_udp, &by("shop", "udp://web.shop:53"));
    assert_eq!(named, "10.0.0.5");
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    socket.connect(address).await.unwrap();
    socket.send(b"ping").await.unwrap();
    let mut back = [0; 100];
    let received = timeout(Duration::from_secs(5), socket.recv(&mut back)).await;
    let length = received.unwrap().unwrap();
    assert_eq!(back[..length], *format!("{named}ping").as_bytes());
}

/// GEP-1294: nobody in a mesh ends TLS, so that routes of requests have no say in what is inside.
#[tokio::test]
async fn tls_of_a_pod_passes_routes_of_requests_by() {
    let servers = Authority::new("servers");
    let own = servers.server(&["web.shop"]);
    let (script, got) = script();
    let sealed = backends::http("10.0.0.1", script.clone(), Some(&own)).await;
    let found = Backends::from([("10.0.0.1", sealed)]);
    let yaml = include_str!("../fixtures/mesh.yaml");
    let mut world = World::new(effective(yaml, &[]), found, (script, got)).await;
    let key = MeshKey {
        service: ServiceKey {
            name: NamespacedName::new("shop", "web"),
            import: false,
        },
        transport: Transport::Tcp,
        port: 80,
        client_namespace: "shop".to_owned(),
    };
    let here = SocketAddr::from(([127, 0, 0, 1], 0));
    let address = world.proxy.bind_mesh(key, here).await.unwrap();
    let said = world.simulated(&by("shop", "https://web.shop:80/canary"));
    assert_eq!(said.endpoint.unwrap().address, "10.0.0.1");
    let tls = Tls {
        trusts: servers.pem(),
        identity: None,
    };
    let stream = TcpStream::connect(address).await.unwrap();
    assert!(handshake(stream, "web.shop", &[], &tls).await.is_some());
}
