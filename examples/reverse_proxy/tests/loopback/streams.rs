//! Connections and datagrams that go on as they are.

use crate::{
    backends,
    certificates::Authority,
    clients::{Client, Tls, handshake, read},
    world::{Backends, World, effective, get, script},
};
use gwapi::sim::{Outcome, Refusal, Request};
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpStream, UdpSocket},
    time::timeout,
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
        authority: &servers,
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
