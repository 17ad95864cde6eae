//! Connections and datagrams that go on as they are.

use crate::{
    backends,
    certificates::Authority,
    clients::{Client, Tls, handshake, read},
    world::{
        Backends, World, effective, gateway, get, network, of_datagrams, port, script, service,
    },
};
use gwapi::{
    meta::Transport,
    proxy::DataPlaneOptions,
    sim::{Outcome, Refusal, Request},
};
use reverse_proxy::{Limits, Network, Proxy};
use std::{net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpStream, UdpSocket},
    time::{sleep, timeout},
};

async fn world() -> (World, Authority) {
    let servers = Authority::new("servers");
    let (script, got) = script();
    let mut found = Backends::new();
    found.insert("10.0.0.1", backends::tcp("10.0.0.1").await);
    found.insert("10.0.0.2", backends::udp("10.0.0.2").await);
    let sealed = servers.server(&["sealed.example.com"]);
    let sealed = backends::http("10.0.0.3", script.clone(), Some(&sealed)).await;
    found.insert("10.0.0.3", sealed);
    let yaml = include_str!("../fixtures/streams.yaml");
    let world = World::new(effective(yaml, &[]), found, (script, got)).await;
    (world, servers)
}

/// The endpoint that the simulator names.
fn endpoint(world: &mut World, asked: &Request) -> String {
    let said = world.simulated(asked);
    assert_eq!(said.outcome, Outcome::Forwarded, "{said:?}");
    said.endpoint.unwrap().address
}

/// TLS passthrough: the backend's own certificate is what the client sees.
#[tokio::test]
async fn tls_that_passes_through_ends_at_the_backend() {
    let (mut world, servers) = world().await;
    let tls = Tls {
        trusts: servers.pem(),
        identity: None,
    };
    let asked = get("https://sealed.example.com/");
    let address = world.address(&asked);
    let mut client = Client::connect(&asked, address, Some(&tls)).await.unwrap();
    let answered = read(client.send(&asked, "").await.unwrap()).await;
    assert_eq!(answered.content, endpoint(&mut world, &asked));
    assert_eq!(world.taken(), 1);

    let other = get("https://other.example.com/");
    let said = world.simulated(&other);
    assert_eq!(said.outcome, Outcome::Refused, "{said:?}");
    let stream = TcpStream::connect(address).await.unwrap();
    let refused = handshake(stream, "other.example.com", &[], &tls).await;
    assert!(refused.is_none());
    assert_eq!(world.taken(), 1, "another one was connected to a backend");
}

#[tokio::test]
async fn connections_and_datagrams_reach_the_endpoint_that_the_simulator_names() {
    let (mut world, _) = world().await;
    let asked = get("tcp://edge:5000");
    let mut stream = TcpStream::connect(world.address(&asked)).await.unwrap();
    stream.write_all(b"ping").await.unwrap();
    let mut back = String::new();
    stream.read_to_string(&mut back).await.unwrap();
    assert_eq!(back, format!("{}ping", endpoint(&mut world, &asked)));

    let asked = get("udp://edge:5000");
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    socket.connect(world.address(&asked)).await.unwrap();
    for datagram in ["one", "two"] {
        socket.send(datagram.as_bytes()).await.unwrap();
        let mut back = [0; 100];
        let length = timeout(Duration::from_secs(5), socket.recv(&mut back))
            .await
            .unwrap()
            .unwrap();
        let back = std::str::from_utf8(&back[..length]).unwrap();
        assert_eq!(back, format!("{}{datagram}", endpoint(&mut world, &asked)));
    }
}

/// A first message that is no TLS is answered with an alert, and none comes through.
#[tokio::test]
async fn what_is_no_tls_is_refused() {
    let (mut world, _) = world().await;
    let asked = get("http://sealed.example.com:443/");
    let said = world.simulated(&asked);
    assert_eq!(said.refusal, Some(Refusal::TlsExpected), "{said:?}");
    let mut stream = TcpStream::connect(world.address(&asked)).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    let mut back = Vec::new();
    _ = stream.read_to_end(&mut back).await;
    // A record of TLS with an alert, if anything.
    assert!(back.is_empty() || back[0] == 21, "{back:?}");
    assert_eq!(world.taken(), 0, "a backend was connected to");
}

/// A UDPRoute to this backend, if there is one at all.
fn datagrams(backend: Option<&str>) -> String {
    let route = backend.map(|backend| {
        format!(
            "---
apiVersion: gateway.networking.k8s.io/v1alpha2
kind: UDPRoute
metadata: {{name: datagrams, namespace: shop}}
spec: {{parentRefs: [{{name: edge}}], rules: [{{backendRefs: [{{name: {backend}, port: 80}}]}}]}}
"
        )
    });
    let services = service("one", "10.0.0.1") + &service("two", "10.0.0.2");
    format!(
        "{}{}{}",
        gateway("{name: datagrams, port: 53, protocol: UDP}"),
        route.unwrap_or_default(),
        of_datagrams(&services),
    )
}

/// Who sends a datagram to a backend next, and what.
async fn next(backend: &UdpSocket) -> Option<(SocketAddr, Vec<u8>)> {
    let mut datagram = vec![0; 100];
    let received = timeout(Duration::from_millis(500), backend.recv_from(&mut datagram)).await;
    let (length, by) = received.ok()?.unwrap();
    datagram.truncate(length);
    Some((by, datagram))
}

/// What a client sends counts as much as what it gets; and an endpoint to which no route leads any more gets nothing.
#[tokio::test]
async fn a_flow_of_datagrams_lasts_as_long_as_one_side_sends_and_a_route_leads_there() {
    let one = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let two = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let mut found = Backends::new();
    found.insert("10.0.0.1", one.local_addr().unwrap());
    found.insert("10.0.0.2", two.local_addr().unwrap());
    let network = Network {
        limits: Limits {
            idle_datagrams: Duration::from_secs(1),
            ..Limits::default()
        },
        ..network(found)
    };
    let mut proxy = Proxy::new(network, DataPlaneOptions::default());
    let to = |backend| effective(&datagrams(backend), &[]);
    proxy.update(to(Some("one"))).await;
    let client = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = proxy.address(&port(Transport::Udp, 53)).unwrap();
    client.connect(address).await.unwrap();

    // The endpoint never answers.
    client.send(b"first").await.unwrap();
    let (first, _) = next(&one).await.unwrap();
    for _ in 0..7 {
        sleep(Duration::from_millis(200)).await;
        client.send(b"more").await.unwrap();
        assert_eq!(next(&one).await, Some((first, b"more".to_vec())));
    }
    // The client never asks.
    for _ in 0..7 {
        sleep(Duration::from_millis(200)).await;
        one.send_to(b"news", first).await.unwrap();
        let mut back = [0; 100];
        let length = timeout(Duration::from_secs(5), client.recv(&mut back)).await;
        assert_eq!(length.expect("the flow has ended").unwrap(), 4);
    }
    sleep(Duration::from_millis(2_000)).await;
    client.send(b"late").await.unwrap();
    let (later, _) = next(&one).await.unwrap();
    assert_ne!(later, first, "nothing ends");

    // A change that leaves the route alone leaves the flow alone.
    let other = datagrams(Some("one"))
        + "---
apiVersion: v1
kind: Service
metadata: {name: three, namespace: shop}
spec: {ports: [{port: 80}]}
";
    proxy.update(effective(&other, &[])).await;
    client.send(b"on").await.unwrap();
    assert_eq!(next(&one).await, Some((later, b"on".to_vec())));

    proxy.update(to(Some("two"))).await;
    client.send(b"moved").await.unwrap();
    assert_eq!(next(&two).await.unwrap().1, b"moved");
    proxy.update(to(None)).await;
    client.send(b"nowhere").await.unwrap();
    assert_eq!(next(&two).await, None);
    assert_eq!(next(&one).await, None);
}

/// Nothing was sent to an endpoint that cannot be connected to: another one of the backend gets the connection.
#[tokio::test]
async fn a_connection_goes_to_an_endpoint_that_takes_it() {
    let yaml = include_str!("../fixtures/streams.yaml");
    let both = yaml.replace("[10.0.0.1]}]", "[10.0.0.1]}, {addresses: [10.0.0.4]}]");
    for there in ["10.0.0.1", "10.0.0.4"] {
        let (script, got) = script();
        let found = Backends::from([(there, backends::tcp(there).await)]);
        let mut world = World::new(effective(&both, &[]), found, (script, got)).await;
        let asked = get("tcp://edge:5000");
        assert_eq!(endpoint(&mut world, &asked), there);
        let mut stream = TcpStream::connect(world.address(&asked)).await.unwrap();
        stream.write_all(b"ping").await.unwrap();
        let mut back = String::new();
        stream.read_to_string(&mut back).await.unwrap();
        assert_eq!(back, format!("{there}ping"));
    }
}
