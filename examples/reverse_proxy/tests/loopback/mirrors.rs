//! Copies of requests for mirrors that read slowly, or never answer.

use crate::{
    backends,
    world::{Backends, effective, gateway, network, port, script, service},
};
use gwapi::{meta::Transport, proxy::DataPlaneOptions};
use reverse_proxy::{DroppedCopies, Limits, Network, Proxy};
use std::{net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::{sleep, timeout},
};

const ROUTE: &str = "---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: main, namespace: shop}
spec:
  parentRefs: [{name: edge}]
  rules:
    - filters: [{type: RequestMirror, requestMirror: {backendRef: {name: two, port: 80}}}]
      backendRefs: [{name: one, port: 80}]
";

/// A proxy whose requests go to a backend, and to a mirror that only takes connections.
struct Mirrored {
    proxy: Proxy,
    address: SocketAddr,
    mirror: TcpListener,
}

impl Mirrored {
    async fn new(limits: Limits) -> Self {
        let (script, _) = script();
        let mirror = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut found = Backends::new();
        found.insert("10.0.0.1", backends::http("10.0.0.1", script, None).await);
        found.insert("10.0.0.2", mirror.local_addr().unwrap());
        let network = Network {
            limits,
            ..network(found)
        };
        let mut proxy = Proxy::new(network, DataPlaneOptions::default());
        let listener = gateway("{name: web, port: 80, protocol: HTTP}");
        let services = service("one", "10.0.0.1") + &service("two", "10.0.0.2");
        let objects = format!("{listener}{ROUTE}{services}");
        let (_, errors) = proxy.update(effective(&objects, &[])).await;
        assert!(errors.is_empty(), "{errors:?}");
        let address = proxy.address(&port(Transport::Tcp, 80)).unwrap();
        Self {
            proxy,
            address,
            mirror,
        }
    }

    /// A client that begins a request whose length it does not say.
    async fn begin(&self) -> TcpStream {
        let mut client = TcpStream::connect(self.address).await.unwrap();
        let head = b"POST / HTTP/1.1\r\nhost: a.example.com\r\ntransfer-encoding: chunked\r\n\r\n";
        client.write_all(head).await.unwrap();
        client
    }

    async fn get(&self) {
        let mut client = TcpStream::connect(self.address).await.unwrap();
        let head = b"GET / HTTP/1.1\r\nhost: a.example.com\r\nconnection: close\r\n\r\n";
        client.write_all(head).await.unwrap();
        assert_eq!(status(&mut client).await, "HTTP/1.1 200");
    }
}

/// The first words of a response.
async fn status(client: &mut TcpStream) -> String {
    let mut first = [0; 12];
    let read = timeout(Duration::from_secs(10), client.read_exact(&mut first));
    read.await.expect("no response").unwrap();
    String::from_utf8_lossy(&first).into_owned()
}

/// All that a mirror gets.
async fn all(mut mirror: TcpStream) -> Vec<u8> {
    let mut got = Vec::new();
    let read = timeout(Duration::from_secs(10), mirror.read_to_end(&mut got));
    _ = read.await.expect("the connection stays open");
    got
}

/// The last chunk of a complete message (RFC 9112, section 7.1).
const END: &[u8] = b"\r\n0\r\n\r\n";
const CHUNK: usize = 1 << 16;

async fn send_chunks(client: &mut TcpStream, count: usize) {
    let mut chunk = format!("{CHUNK:x}\r\n").into_bytes();
    chunk.resize(chunk.len() + CHUNK, b'x');
    chunk.extend(b"\r\n");
    for _ in 0..count {
        client.write_all(&chunk).await.unwrap();
    }
}

/// A mirror must not take a part of a request for all of it, and holds up nobody.
#[tokio::test]
async fn a_copy_that_is_cut_is_no_complete_request() {
    let world = Mirrored::new(Limits::default()).await;
    let mut client = world.begin().await;
    let (slow, _) = world.mirror.accept().await.unwrap();
    send_chunks(&mut client, 1_000).await;
    client.write_all(b"0\r\n\r\n").await.unwrap();
    assert_eq!(status(&mut client).await, "HTTP/1.1 200");
    let got = all(slow).await;
    assert!(got.len() < 1_000 * CHUNK, "the mirror was not too slow");
    assert!(!got.ends_with(END), "the copy looks complete");
    let dropped = world.proxy.take_dropped_copies();
    let cut = DroppedCopies {
        cut: 1,
        ..DroppedCopies::default()
    };
    assert_eq!(dropped, cut);

    // A mirror that keeps up gets all of it.
    let mut client = world.begin().await;
    let (quick, _) = world.mirror.accept().await.unwrap();
    let reading = tokio::spawn(async move {
        let (mut got, mut quick) = (Vec::new(), quick);
        while !got.ends_with(END) {
            assert!(quick.read_buf(&mut got).await.unwrap() > 0, "it ends early");
        }
        let answer = b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
        quick.write_all(answer).await.unwrap();
        (got.len(), quick)
    });
    for _ in 0..20 {
        send_chunks(&mut client, 1).await;
        sleep(Duration::from_millis(2)).await;
    }
    client.write_all(b"0\r\n\r\n").await.unwrap();
    assert_eq!(status(&mut client).await, "HTTP/1.1 200");
    let read = timeout(Duration::from_secs(10), reading).await;
    let (read, _open) = read.unwrap().unwrap();
    assert!(read > 20 * CHUNK);
    assert!(world.proxy.take_dropped_copies().is_empty());

    // A client that goes in the middle leaves a request that is broken there, too.
    let mut client = world.begin().await;
    let (third, _) = world.mirror.accept().await.unwrap();
    send_chunks(&mut client, 1).await;
    drop(client);
    assert!(!all(third).await.ends_with(END), "the copy looks complete");
    // Nothing of that is the mirror's fault.
    sleep(Duration::from_millis(50)).await;
    assert!(world.proxy.take_dropped_copies().is_empty());
}

/// Whether the failure or the next piece is seen first: the copy is lost, and counted.
#[tokio::test]
async fn a_copy_whose_mirror_ends_the_connection_is_lost() {
    let world = Mirrored::new(Limits::default()).await;
    let mut client = world.begin().await;
    let (mirror, _) = world.mirror.accept().await.unwrap();
    send_chunks(&mut client, 1).await;
    drop(mirror);
    for _ in 0..5 {
        send_chunks(&mut client, 1).await;
        sleep(Duration::from_millis(20)).await;
    }
    client.write_all(b"0\r\n\r\n").await.unwrap();
    assert_eq!(status(&mut client).await, "HTTP/1.1 200");
    sleep(Duration::from_millis(50)).await;
    let lost = DroppedCopies {
        failed: 1,
        ..DroppedCopies::default()
    };
    assert_eq!(world.proxy.take_dropped_copies(), lost);
}

/// Mirrors that never answer cost no more than the limits allow.
#[tokio::test]
async fn mirrors_that_do_not_answer_are_given_up_and_not_too_many_are_waited_for() {
    let world = Mirrored::new(Limits {
        mirror: Duration::from_millis(1_500),
        mirrors: 2,
        ..Limits::default()
    })
    .await;
    for _ in 0..3 {
        world.get().await;
    }
    let mut silent = Vec::new();
    for _ in 0..2 {
        silent.push(world.mirror.accept().await.unwrap().0);
    }
    let early = world.proxy.take_dropped_copies();
    let third = DroppedCopies {
        too_many: 1,
        ..DroppedCopies::default()
    };
    assert_eq!(early, third);
    assert_eq!(
        early.to_string(),
        "copies of requests for mirrors: 1 not sent, since too many were on their way"
    );
    for mirror in silent {
        all(mirror).await;
    }
    sleep(Duration::from_millis(50)).await;
    assert_eq!(world.proxy.take_dropped_copies().late, 2);
    // There is room again.
    world.get().await;
    assert!(world.mirror.accept().await.is_ok());
    assert!(world.proxy.take_dropped_copies().is_empty());
}
