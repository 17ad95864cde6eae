//! Connections over another configuration that demands something else of them, or has their listener no longer: none of them
//! takes a request to a backend, however little the client helps to end it.

use crate::{
    backends,
    certificates::{Authority, Identity},
    clients::{Client, Tls, handshake},
    world::{Backends, World, effective, gateway, get, port, script, service},
};
use gwapi::{attachment::effective::Effective, meta::Transport, sim::Protocol};
use serde_json::Value;
use std::{net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{sleep, timeout},
};
use tokio_rustls::client::TlsStream;

const ASKS: &str =
    "frontendValidation: {caCertificateRefs: [{group: '', kind: ConfigMap, name: clients}]}";

/// A Gateway that serves `secret.example.com` over TLS, and what else is in its `tls`.
fn secret(tls: &str) -> String {
    let listener = format!(
        "{{name: secret, port: 443, protocol: HTTPS, hostname: secret.example.com, tls: {{certificateRefs: [{{name: own}}], {tls}}}}}"
    );
    format!(
        "{}{ROUTE}{}",
        gateway(&listener),
        service("one", "10.0.0.1")
    )
}

const ROUTE: &str = "---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: main, namespace: shop}
spec: {parentRefs: [{name: edge}], rules: [{backendRefs: [{name: one, port: 80}]}]}
";

/// A proxy whose listener demands no certificates, until it does.
struct Place {
    world: World,
    servers: Authority,
    clients: Authority,
    others: [Value; 2],
    address: SocketAddr,
}

impl Place {
    async fn new() -> Self {
        let (servers, clients) = (Authority::new("servers"), Authority::new("clients"));
        let own = servers.server(&["secret.example.com"]).secret("own");
        let others = [own, clients.config_map("clients")];
        let (script, got) = script();
        let one = backends::http("10.0.0.1", script.clone(), None).await;
        let open = effective(&secret(""), &others);
        let world = World::new(open, Backends::from([("10.0.0.1", one)]), (script, got)).await;
        let address = world.proxy.address(&port(Transport::Tcp, 443)).unwrap();
        Self {
            world,
            servers,
            clients,
            others,
            address,
        }
    }

    fn tls<'t>(&'t self, identity: Option<&'t Identity>) -> Tls<'t> {
        Tls {
            trusts: self.servers.pem(),
            identity,
        }
    }

    /// What demands certificates, and what is gone.
    fn changes(&self) -> [Effective; 2] {
        [effective(&secret(ASKS), &self.others), Effective::default()]
    }

    /// Whether a client gets to a backend over a connection that it has.
    async fn is_served(&mut self, stream: TcpStream, identity: Option<&Identity>) -> bool {
        let tls = self.tls(identity);
        let Some(stream) = handshake(stream, "secret.example.com", &[b"http/1.1"], &tls).await
        else {
            return false;
        };
        let asked = get("https://secret.example.com/");
        let Some(mut client) = Client::over(&asked, stream).await else {
            return false;
        };
        let Some(response) = client.send(&asked, "").await else {
            return false;
        };
        let served = response.status() == 200;
        let got = !self.world.is_quiet();
        assert_eq!(served, got, "{}", response.status());
        served
    }
}

/// A client connects, says nothing until the configuration is another one, and then begins its handshake.
#[tokio::test]
async fn a_client_that_connected_before_shows_a_certificate_like_everyone() {
    for at in [0, 1] {
        let mut place = Place::new().await;
        let [first, second, third] = [0, 1, 2].map(|_| TcpStream::connect(place.address));
        let (first, second, third) = (
            first.await.unwrap(),
            second.await.unwrap(),
            third.await.unwrap(),
        );
        // All are taken.
        sleep(Duration::from_millis(50)).await;
        assert!(place.is_served(first, None).await);
        let next = place.changes()[at].clone();
        place.world.update(next).await;
        assert!(!place.is_served(second, None).await);
        let right = place.clients.client();
        // Whoever has one is let in, if there is a listener.
        assert_eq!(place.is_served(third, Some(&right)).await, at == 0);
    }
}

/// A client that has begun HTTP, and asks again at once: its connection need not be closed yet.
#[tokio::test]
async fn a_connection_of_before_takes_no_request_of_today_to_a_backend() {
    for protocol in [Protocol::Http1, Protocol::Http2] {
        for at in [0, 1] {
            let mut place = Place::new().await;
            let mut asked = get("https://secret.example.com/");
            asked.protocol = protocol.clone();
            let tls = Tls {
                trusts: place.servers.pem(),
                identity: None,
            };
            let mut client = Client::connect(&asked, place.address, Some(&tls))
                .await
                .unwrap();
            assert_eq!(client.send(&asked, "").await.unwrap().status(), 200);
            assert!(!place.world.is_quiet());
            let next = place.changes()[at].clone();
            place.world.update(next).await;
            for _ in 0..3 {
                if let Some(response) = client.send(&asked, "").await {
                    assert_eq!(response.status(), 421);
                }
                assert!(place.world.is_quiet());
                sleep(Duration::from_millis(20)).await;
            }
        }
    }
}

/// HTTP/2 in frames of which each is sent by hand (RFC 9113): whoever writes them does as it likes.
struct Frames {
    stream: TlsStream<TcpStream>,
    last: u8,
}

impl Frames {
    async fn new(stream: TlsStream<TcpStream>) -> Self {
        let mut frames = Self { stream, last: 0 };
        frames
            .stream
            .write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
            .await
            .unwrap();
        frames.write(4, 0, 0, b"").await.unwrap();
        frames
    }

    async fn write(&mut self, kind: u8, flags: u8, id: u8, payload: &[u8]) -> std::io::Result<()> {
        let length = u8::try_from(payload.len()).unwrap();
        let head = [0, 0, length, kind, flags, 0, 0, 0, id];
        self.stream.write_all(&[&head, payload].concat()).await
    }

    /// Sends a GET, and reads until its response begins, in the form of HPACK; none if there is none. No PING is answered.
    async fn get(&mut self) -> Option<Vec<u8>> {
        self.last = if self.last == 0 { 1 } else { self.last + 2 };
        let host = b"secret.example.com";
        // GET, https and / are in the table of HPACK, and so is the name :authority.
        let mut block = vec![0x82, 0x87, 0x84, 0x41, u8::try_from(host.len()).unwrap()];
        block.extend(host);
        let last = self.last;
        self.write(1, 0x5, last, &block).await.ok()?;
        loop {
            let mut head = [0; 9];
            self.stream.read_exact(&mut head).await.ok()?;
            let length = usize::from(head[1]) << 8 | usize::from(head[2]);
            let mut payload = vec![0; length];
            self.stream.read_exact(&mut payload).await.ok()?;
            match (head[3], head[8] == last) {
                (1, true) => return Some(payload),
                // The stream is refused.
                (3, true) => return None,
                (4, _) if head[4] & 1 == 0 => self.write(4, 1, 0, b"").await.ok()?,
                _ => {}
            }
        }
    }
}

/// A client of HTTP/2 that never answers the PING by which a server finds out that the client knows of the end.
#[tokio::test]
async fn a_client_that_answers_no_ping_is_served_no_more_and_does_not_hold_its_connection() {
    // `:status: 200` in the table of HPACK.
    const OK: u8 = 0x88;
    for at in [0, 1] {
        let mut place = Place::new().await;
        let stream = TcpStream::connect(place.address).await.unwrap();
        let tls = place.tls(None);
        let stream = handshake(stream, "secret.example.com", &[b"h2"], &tls).await;
        let mut client = Frames::new(stream.unwrap()).await;
        assert_eq!(client.get().await.unwrap()[0], OK);
        assert!(!place.world.is_quiet());
        let next = place.changes()[at].clone();
        place.world.update(next).await;
        let ends = timeout(Duration::from_secs(10), async {
            while let Some(response) = client.get().await {
                assert_ne!(response[0], OK);
                sleep(Duration::from_millis(100)).await;
            }
        });
        ends.await.expect("the connection does not end");
        assert!(place.world.is_quiet(), "a backend got a request");
    }
}

/// What runs when the configuration changes ends as it began, also where it takes longer than what is left to the connection.
#[tokio::test]
async fn a_request_that_runs_ends_as_it_began() {
    let mut place = Place::new().await;
    for protocol in [Protocol::Http1, Protocol::Http2] {
        let mut asked = get("https://secret.example.com/");
        asked.protocol = protocol;
        let open = effective(&secret(""), &place.others);
        place.world.update(open).await;
        let address = place.address;
        let tls = Tls {
            trusts: place.servers.pem(),
            identity: None,
        };
        let mut client = Client::connect(&asked, address, Some(&tls)).await.unwrap();
        asked.backend.delay = "2500ms".parse().unwrap();
        place.world.behave(&asked);
        let asks = place.changes()[0].clone();
        let world = &mut place.world;
        let (response, _) = tokio::join!(client.send(&asked, ""), async {
            sleep(Duration::from_millis(100)).await;
            world.update(asks).await
        });
        assert_eq!(response.unwrap().status(), 200);
    }
}
