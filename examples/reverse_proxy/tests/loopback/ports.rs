//! Sockets of ports: they go on where the next configuration binds the same, and what cannot be bound is tried again.

use crate::{
    backends,
    clients::{Client, read},
    world::{Backends, effective, gateway, get, network, of_datagrams, script, service},
};
use gwapi::{
    meta::{NamespacedName, Release, Transport},
    proxy::{BindKey, DataPlaneOptions},
};
use reverse_proxy::{
    Network, Proxy,
    follow::{Heard, follow},
    manifests::Manifests,
};
use std::{fs, io, net::SocketAddr, time::Duration};
use tokio::{
    net::{TcpStream, UdpSocket},
    sync::mpsc::unbounded_channel,
    time::timeout,
};

/// A number that neither TCP nor UDP uses.
pub(crate) fn free() -> u16 {
    loop {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        if std::net::UdpSocket::bind(address).is_ok() {
            return address.port();
        }
    }
}

fn at(number: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], number))
}

/// As [`network`], with ports at their own numbers.
fn at_own_numbers(backends: Backends) -> Network {
    Network {
        bind: |key| at(key.port),
        ..network(backends)
    }
}

fn key(gateway: &str, transport: Transport, port: u16) -> BindKey {
    BindKey {
        gateway: NamespacedName::new("shop", gateway),
        transport,
        port,
    }
}

/// A Gateway of this name that serves HTTP and datagrams at one number.
fn yaml(name: &str, number: u16) -> String {
    let listeners = format!(
        "{{name: web, port: {number}, protocol: HTTP}}, {{name: datagrams, port: {number}, protocol: UDP}}"
    );
    let own = gateway(&listeners).replace("name: edge", &format!("name: {name}"));
    format!(
        "{own}---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {{name: main, namespace: shop}}
spec: {{parentRefs: [{{name: {name}}}], rules: [{{backendRefs: [{{name: one, port: 80}}]}}]}}
---
apiVersion: gateway.networking.k8s.io/v1alpha2
kind: UDPRoute
metadata: {{name: datagrams, namespace: shop}}
spec: {{parentRefs: [{{name: {name}}}], rules: [{{backendRefs: [{{name: two, port: 80}}]}}]}}
{}{}",
        service("one", "10.0.0.1"),
        of_datagrams(&service("two", "10.0.0.2")),
    )
}

/// Another Gateway takes over the ports of one that goes: nothing is closed meanwhile, and clients that wait are served.
#[tokio::test]
async fn a_port_goes_on_under_another_gateway() {
    let number = free();
    let (script, _got) = script();
    let mut found = Backends::new();
    found.insert("10.0.0.1", backends::http("10.0.0.1", script, None).await);
    found.insert("10.0.0.2", backends::udp("10.0.0.2").await);
    let mut proxy = Proxy::new(at_own_numbers(found), DataPlaneOptions::default());
    let client = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let mut waiting: Option<std::net::TcpStream> = None;
    for round in 0..10 {
        let name = ["edge", "other"][round % 2];
        let (diff, errors) = proxy.update(effective(&yaml(name, number), &[])).await;
        assert!(errors.is_empty(), "round {round}: {errors:?}");
        assert_eq!(diff.bind.len(), 2, "round {round}");
        for transport in [Transport::Tcp, Transport::Udp] {
            let bound = proxy.address(&key(name, transport, number));
            assert_eq!(bound, Some(at(number)), "round {round}");
        }
        let asked = get("http://a.example.com/");
        let new = TcpStream::connect(at(number)).await.unwrap();
        let waited = waiting.take().map(|stream| {
            stream.set_nonblocking(true).unwrap();
            TcpStream::from_std(stream).unwrap()
        });
        for stream in waited.into_iter().chain([new]) {
            let mut client = Client::over(&asked, stream).await.unwrap();
            let response = client.send(&asked, "").await;
            let response = response.unwrap_or_else(|| panic!("round {round}: no response"));
            assert_eq!(read(response).await.content, "10.0.0.1", "round {round}");
        }
        // The socket towards the endpoint is open when the configuration changes.
        client.send_to(b"?", at(number)).await.unwrap();
        let mut back = [0; 100];
        let received = timeout(Duration::from_secs(5), client.recv(&mut back)).await;
        let length = received.expect("no datagram comes back").unwrap();
        assert_eq!(back[..length], *b"10.0.0.2?", "round {round}");
        // It is connected, and nobody has accepted it yet.
        waiting = Some(std::net::TcpStream::connect(at(number)).unwrap());
    }
}

/// What is in the way of a port may go without any change of the configuration.
#[tokio::test]
async fn a_port_that_cannot_be_bound_is_tried_again() {
    let number = free();
    let in_the_way = std::net::TcpListener::bind(at(number)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("all.yaml"), yaml("edge", number)).unwrap();
    let manifests = Manifests::new(folder.path(), Release::default());
    let (heard, mut said) = unbounded_channel();
    let running = tokio::spawn(async move {
        let mut proxy = Proxy::new(at_own_numbers(Backends::new()), DataPlaneOptions::default());
        let every = Duration::from_millis(20);
        follow(manifests, &mut proxy, every, move |proxy, change| {
            _ = heard.send((change, proxy.address(&key("edge", Transport::Tcp, number))));
        })
        .await
    });
    let (first, address) = said.recv().await.unwrap();
    let Heard::Changed(_, errors) = first else {
        panic!("{first:?}")
    };
    let failed: Vec<_> = errors
        .iter()
        .map(|(key, error)| (key.clone(), error.kind()))
        .collect();
    let tcp = key("edge", Transport::Tcp, number);
    assert_eq!(failed, [(tcp.clone(), io::ErrorKind::AddrInUse)]);
    assert_eq!(address, None);
    drop(in_the_way);
    let next = timeout(Duration::from_secs(5), said.recv()).await;
    let (next, address) = next.expect("it is not tried again").unwrap();
    assert!(
        matches!(&next, Heard::Bound(keys) if *keys == [tcp]),
        "{next:?}"
    );
    assert_eq!(address, Some(at(number)));
    running.abort();
}
