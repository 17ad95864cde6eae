//! What the decisions of `gwapi` cost a proxy: the processor time of a request on loopback, through the proxy and through the same
//! proxy with its one endpoint hard-coded.
//!
//! `cargo bench --bench decisions`. The two are measured in turns. Each runs on a thread of its own, whose time alone counts: not
//! that of clients and of the backend. The machine may have other things to do.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a benchmark"
)]

use gwapi::{
    attachment::{Options, Snapshot, effective::Effective, resolve},
    manifest,
    meta::{NamespacedName, Transport},
    proxy::{BindKey, DataPlaneOptions},
};
use nix::time::{ClockId, clock_gettime};
use reverse_proxy::{Network, Proxy};
use serde_json::json;
use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::mpsc::{Receiver, channel},
    thread::spawn,
    time::Duration,
};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

const CLIENTS: usize = 4;
/// Of each client in each turn.
const REQUESTS: usize = 1_000;
const TURNS: usize = 40;

const REQUEST: &[u8] = b"GET /cart/items?page=2 HTTP/1.1\r\nhost: shop.example.com\r\naccept: */*\r\nuser-agent: bench\r\n\r\n";
const RESPONSE: &[u8] =
    b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 5\r\n\r\nhello";

/// A Gateway, a Service of one endpoint with this address, and routes: one for the requests, others beside it.
fn effective(backend: SocketAddr) -> Effective {
    let route = |name: &str, path: &str| {
        json!({
            "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute",
            "metadata": {"name": name, "namespace": "shop"},
            "spec": {"parentRefs": [{"name": "edge"}], "hostnames": ["shop.example.com"], "rules": [{
                "matches": [{"path": {"value": path}}], "backendRefs": [{"name": "app", "port": 80}]}]},
        })
    };
    let mut objects = vec![
        json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway",
            "metadata": {"name": "edge", "namespace": "shop"},
            "spec": {"gatewayClassName": "any", "listeners": [{"name": "web", "port": 80, "protocol": "HTTP"}]}}),
        json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "app", "namespace": "shop"},
            "spec": {"ports": [{"port": 80}]}}),
        json!({"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
            "metadata": {"name": "app", "namespace": "shop", "labels": {"kubernetes.io/service-name": "app"}},
            "ports": [{"port": backend.port()}], "endpoints": [{"addresses": ["127.0.0.1"]}]}),
        route("cart", "/cart"),
    ];
    objects.extend((0..20).map(|n| route(&format!("other-{n}"), &format!("/other-{n}"))));
    let snapshot: Snapshot = objects
        .iter()
        .map(|object| manifest::decode(object).unwrap())
        .collect();
    resolve(&snapshot, &Options::for_manifests()).effective
}

/// A backend that answers all requests alike.
fn backend() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    spawn(move || {
        for client in listener.incoming() {
            let mut client = client.unwrap();
            client.set_nodelay(true).unwrap();
            spawn(move || {
                while read(&mut client, |read| read.ends_with(b"\r\n\r\n")) {
                    client.write_all(RESPONSE).unwrap();
                }
            });
        }
    });
    address
}

/// Reads until all is there. False at the end of the connection.
fn read(from: &mut TcpStream, all: impl Fn(&[u8]) -> bool) -> bool {
    let (mut bytes, mut filled) = ([0; 1_024], 0);
    while filled == 0 || !all(bytes.get(..filled).unwrap()) {
        match from.read(bytes.get_mut(filled..).unwrap()) {
            Ok(0) | Err(_) => return false,
            Ok(more) => filled += more,
        }
    }
    true
}

/// A proxy on a thread of its own.
struct Running {
    clients: Vec<TcpStream>,
    ask: UnboundedSender<()>,
    time: Receiver<Duration>,
}

impl Running {
    fn new(backend: SocketAddr, hard_coded: bool) -> Self {
        let (ask, mut asked) = unbounded_channel();
        let (tell, time) = channel();
        let (bound, address) = channel();
        spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async move {
                let network = Network {
                    bind: |_| SocketAddr::from(([127, 0, 0, 1], 0)),
                    ..Network::local()
                };
                let one = ("127.0.0.1".to_owned(), backend.port());
                let mut proxy = match hard_coded {
                    true => Proxy::hard_coded(network, one),
                    false => Proxy::new(network, DataPlaneOptions::default()),
                };
                proxy.update(effective(backend)).await;
                let key = BindKey {
                    gateway: NamespacedName::new("shop", "edge"),
                    transport: Transport::Tcp,
                    port: 80,
                };
                bound.send(proxy.address(&key).unwrap()).unwrap();
                while asked.recv().await.is_some() {
                    let time = clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).unwrap();
                    tell.send(time.into()).unwrap();
                }
            });
        });
        let address: SocketAddr = address.recv().unwrap();
        let connect = |_| {
            let client = TcpStream::connect(address).unwrap();
            client.set_nodelay(true).unwrap();
            client
        };
        Self {
            clients: (0..CLIENTS).map(connect).collect(),
            ask,
            time,
        }
    }

    /// How long its thread has worked.
    fn worked(&self) -> Duration {
        self.ask.send(()).unwrap();
        self.time.recv().unwrap()
    }

    /// The time that it works for a request.
    fn turn(&mut self) -> Duration {
        let before = self.worked();
        std::thread::scope(|scope| {
            for client in &mut self.clients {
                scope.spawn(|| {
                    for _ in 0..REQUESTS {
                        client.write_all(REQUEST).unwrap();
                        assert!(read(client, |read| read.ends_with(b"hello")));
                    }
                });
            }
        });
        let requests = u32::try_from(CLIENTS * REQUESTS).expect("they are few");
        (self.worked() - before) / requests
    }
}

fn main() {
    let backend = backend();
    let mut deciding = Running::new(backend, false);
    let mut hard_coded = Running::new(backend, true);
    let mut times: [Vec<Duration>; 2] = Default::default();
    for turn in 0..=TURNS {
        let pair = match turn % 2 {
            0 => [deciding.turn(), hard_coded.turn()],
            _ => {
                let second = hard_coded.turn();
                [deciding.turn(), second]
            }
        };
        // In the first turn connections are made.
        if turn > 0 {
            for (times, time) in times.iter_mut().zip(pair) {
                times.push(time);
            }
        }
    }
    let mut ratios: Vec<f64> = times[0]
        .iter()
        .zip(&times[1])
        .map(|(decides, hard_coded)| decides.as_secs_f64() / hard_coded.as_secs_f64())
        .collect();
    ratios.sort_by(f64::total_cmp);
    for times in &mut times {
        times.sort();
    }
    let [decides, hard_coded] = times;
    let middle = TURNS / 2;
    println!(
        "processor time of the proxy for a request, of {TURNS} turns of {} requests each",
        CLIENTS * REQUESTS
    );
    for (name, times) in [("decides by gwapi", &decides), ("hard-coded", &hard_coded)] {
        println!(
            "{name:>16}: median {:?}, least {:?}",
            times[middle], times[0]
        );
    }
    println!(
        "      difference: median {:+.1} %, of the least {:+.1} %",
        (ratios[middle] - 1.0) * 100.0,
        (decides[0].as_secs_f64() / hard_coded[0].as_secs_f64() - 1.0) * 100.0
    );
}
