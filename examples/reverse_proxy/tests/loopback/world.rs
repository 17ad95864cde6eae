//! A set of objects, the proxy and the simulator of it, and backends.

use crate::{
    backends::{self, Got, Script},
    clients::{Answered, Client, Tls, read},
    ways::{number, transport},
};
use gwapi::{
    attachment::{Options, Snapshot, effective::Effective, resolve},
    manifest::{self, ReadOptions},
    meta::{NamespacedName, Transport},
    proxy::{BindKey, DataPlaneOptions, Failure},
    routing::RouterOptions,
    sim::{
        self, Answer, BackendBehaviour, EndpointName, EndpointTls, Forwarded, Protocol, Request,
        Simulator,
    },
};
use http::{HeaderMap, Version, request, uri::Authority};
use k8s_openapi::jiff::Timestamp;
use reverse_proxy::{Network, Proxy};
use serde_json::Value;
use std::{
    collections::{HashMap, HashSet},
    fmt::Debug,
    net::SocketAddr,
    sync::{Arc, Mutex, atomic::Ordering},
    time::Duration,
};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// Everybody draws this.
fn draw(below: u64) -> u64 {
    5 % below
}

/// The proxy, the simulator, and what backends got.
pub(crate) struct World {
    pub(crate) proxy: Proxy,
    simulator: Simulator,
    /// The endpoints that can be connected to, in the proxy and in the simulator alike.
    there: HashSet<&'static str>,
    script: Script,
    got: UnboundedReceiver<Got>,
    /// What backends and mirrors got of the last request that was compared, by their endpoints.
    pub(crate) reached: Vec<Got>,
}

/// Backends, by the address of their endpoints, or by address and port.
pub(crate) type Backends = HashMap<&'static str, SocketAddr>;

/// What objects amount to.
pub(crate) fn effective(yaml: &str, others: &[Value]) -> Effective {
    let (objects, errors) = manifest::read(yaml.as_bytes(), &ReadOptions::default()).decode();
    assert_eq!(errors, []);
    let read = objects.into_iter().map(|decoded| decoded.object);
    let others = others.iter().map(|other| manifest::decode(other).unwrap());
    let snapshot: Snapshot = read.chain(others).collect();
    resolve(&snapshot, &Options::for_manifests()).effective
}

/// A Service `shop/{name}` at port 80, and its endpoint at this address.
pub(crate) fn service(name: &str, address: &str) -> String {
    format!(
        "---
apiVersion: v1
kind: Service
metadata: {{name: {name}, namespace: shop}}
spec: {{ports: [{{port: 80}}]}}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {{name: {name}, namespace: shop, labels: {{kubernetes.io/service-name: {name}}}}}
addressType: IPv4
ports: [{{port: 8080}}]
endpoints: [{{addresses: [{address}]}}]
"
    )
}

/// The same [Services](service), of datagrams.
pub(crate) fn of_datagrams(services: &str) -> String {
    let port = services.replace("{port: 80}", "{port: 80, protocol: UDP}");
    port.replace("{port: 8080}", "{port: 8080, protocol: UDP}")
}

/// The Gateway with these listeners.
pub(crate) fn gateway(listeners: &str) -> String {
    format!(
        "apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {{name: edge, namespace: shop}}
spec: {{gatewayClassName: example, listeners: [{listeners}]}}
"
    )
}

/// Where backends say what they got.
pub(crate) fn script() -> (Script, UnboundedReceiver<Got>) {
    let (got, receiver) = unbounded_channel();
    let script = Script {
        behaviour: Arc::new(Mutex::new(BackendBehaviour::default())),
        got,
        trailers: Arc::default(),
        taken: Arc::default(),
    };
    (script, receiver)
}

/// Ports are bound anywhere on loopback, and endpoints are reached there. What is in no list refuses connections.
pub(crate) fn network(backends: Backends) -> Network {
    Network {
        bind: |_| SocketAddr::from(([127, 0, 0, 1], 0)),
        dial: Box::new(move |endpoint| {
            let found = backends
                .get(&*with_port(endpoint.address, endpoint.port))
                .or_else(|| backends.get(endpoint.address));
            let port = found.map_or(1, SocketAddr::port);
            ("127.0.0.1".to_owned(), port)
        }),
        draw,
        ..Network::local()
    }
}

pub(crate) fn port(transport: Transport, port: u16) -> BindKey {
    BindKey {
        gateway: NamespacedName::new("shop", "edge"),
        transport,
        port,
    }
}

impl World {
    /// A world with backends in cleartext at these endpoints.
    pub(crate) async fn with(effective: Effective, endpoints: &[&'static str]) -> Self {
        let (script, got) = script();
        let mut found = Backends::new();
        for endpoint in endpoints {
            let address = backends::http(endpoint, script.clone(), None).await;
            found.insert(endpoint, address);
        }
        Self::new(effective, found, (script, got)).await
    }

    pub(crate) async fn new(
        effective: Effective,
        backends: Backends,
        (script, got): (Script, UnboundedReceiver<Got>),
    ) -> Self {
        let there = backends.keys().copied().collect();
        let mut proxy = Proxy::new(network(backends), DataPlaneOptions::default());
        let (_, errors) = proxy.update(effective.clone()).await;
        assert!(errors.is_empty(), "{errors:?}");
        Self {
            proxy,
            simulator: Simulator::new(effective, RouterOptions::default()),
            there,
            script,
            got,
            reached: Vec::new(),
        }
    }

    /// How many connections backends over HTTP have taken.
    pub(crate) fn taken(&self) -> usize {
        self.script.taken.load(Ordering::SeqCst)
    }

    /// Whether no backend got anything that was not compared.
    pub(crate) fn is_quiet(&mut self) -> bool {
        self.got.try_recv().is_err()
    }

    /// Changes the configuration of both.
    pub(crate) async fn update(&mut self, effective: Effective) -> gwapi::proxy::Diff {
        let (diff, errors) = self.proxy.update(effective.clone()).await;
        assert!(errors.is_empty(), "{errors:?}");
        self.simulator.update(effective);
        diff
    }

    /// Sets the clock of the simulator: the proxy has that of this machine.
    pub(crate) fn set_time(&mut self, now: Timestamp) {
        self.simulator.set_now(now.into());
    }

    /// Where the port of a request is bound.
    pub(crate) fn address(&self, asked: &Request) -> SocketAddr {
        let key = port(transport(asked), number(asked));
        self.proxy.address(&key).unwrap()
    }

    /// What the simulator says.
    pub(crate) fn simulated(&mut self, asked: &Request) -> Answer {
        let mut endpoints = SimulatedEndpoints {
            there: &self.there,
            behaviour: &asked.backend,
        };
        let answer = self
            .simulator
            .request_with(asked, &mut |below| draw(below), &mut endpoints);
        answer.unwrap()
    }

    /// Lets backends behave as a request says.
    pub(crate) fn behave(&self, asked: &Request) {
        *self.script.behaviour.lock().unwrap() = asked.backend.clone();
    }

    /// Asks both, and compares what they say and do. Returns what both said.
    pub(crate) async fn same(&mut self, asked: &Request, tls: Option<&Tls<'_>>) -> Answered {
        self.same_with(asked, tls, "").await
    }

    /// As [`same`](Self::same), with content.
    pub(crate) async fn same_with(
        &mut self,
        asked: &Request,
        tls: Option<&Tls<'_>>,
        content: &'static str,
    ) -> Answered {
        self.behave(asked);
        let mut client = Client::connect(asked, self.address(asked), tls)
            .await
            .expect("no connection");
        self.same_over(&mut client, asked, content).await
    }

    /// As [`same_with`](Self::same_with), over a connection that is there.
    pub(crate) async fn same_over(
        &mut self,
        client: &mut Client,
        asked: &Request,
        content: &'static str,
    ) -> Answered {
        let compared = self.compared(client, asked, content).await;
        compared.unwrap_or_else(|difference| panic!("{difference}"))
    }

    /// Asks both over a connection that is there. Returns what both said, or how they differ.
    pub(crate) async fn compared(
        &mut self,
        client: &mut Client,
        asked: &Request,
        content: &'static str,
    ) -> Result<Answered, String> {
        self.behave(asked);
        let said = self.simulated(asked);
        let context = format!("{asked:?}\n{said:#?}");
        let response = client.send(asked, content).await;
        let response = response.ok_or_else(|| format!("no response\n{context}"))?;
        let answered = read(response).await;
        let response = said.response.as_ref();
        let response = response.ok_or_else(|| format!("a response\n{context}"))?;
        let context = format!("{answered:?}\n{context}");
        same("status", &answered.status, &response.status, &context)?;
        let headers = [&answered.headers, &response.headers].map(end_to_end);
        same("headers", &headers[0], &headers[1], &context)?;
        self.compared_got(&said, content, &context).await?;
        Ok(answered)
    }

    /// Compares what backends and mirrors got.
    pub(crate) async fn same_got(&mut self, said: &Answer, content: &str, context: &str) {
        let compared = self.compared_got(said, content, context).await;
        compared.unwrap_or_else(|difference| panic!("{difference}"));
    }

    async fn compared_got(
        &mut self,
        said: &Answer,
        content: &str,
        context: &str,
    ) -> Result<(), String> {
        let mirrored = said.mirrors.iter();
        let mut expected: Vec<Sent> = mirrored
            .map(|mirror| Sent::of(self.name(&mirror.endpoint), &mirror.forwarded))
            .collect();
        if let Some(sent) = &said.forwarded {
            expected.push(Sent::of(self.name(said.endpoint.as_ref().unwrap()), sent));
        }
        self.reached.clear();
        for _ in &expected {
            let next = tokio::time::timeout(Duration::from_secs(5), self.got.recv()).await;
            let next = next.map_err(|_| format!("a backend got nothing: {context}"))?;
            let next = next.unwrap();
            same("content", &&*next.content, &content.as_bytes(), context)?;
            self.reached.push(next);
        }
        self.reached.sort_by_key(|got| got.endpoint);
        let mut got: Vec<Sent> = self.reached.iter().map(Sent::got).collect();
        expected.sort();
        got.sort();
        same("requests at backends", &got, &expected, context)?;
        match self.is_quiet() {
            true => Ok(()),
            false => Err(format!("somebody got more: {context}")),
        }
    }

    /// What an endpoint calls itself.
    pub(crate) fn name(&self, endpoint: &EndpointName) -> String {
        let port = endpoint.port;
        let full = with_port(&endpoint.address, port);
        match self.there.contains(&*full) {
            true => full,
            false => endpoint.address.clone(),
        }
    }

    /// Lets backends send trailers after the content of their responses.
    pub(crate) fn trail(&self, trailers: HeaderMap) {
        *self.script.trailers.lock().unwrap() = Some(trailers);
    }
}

fn with_port(address: &str, port: u16) -> String {
    format!("{address}:{port}")
}

fn same<T: PartialEq + Debug>(what: &str, got: &T, said: &T, context: &str) -> Result<(), String> {
    match got == said {
        true => Ok(()),
        false => Err(format!(
            "{what}: over sockets {got:?}\nin the simulator {said:?}\n{context}"
        )),
    }
}

/// The endpoints of the simulator: those that have no socket cannot be connected to.
struct SimulatedEndpoints<'s> {
    there: &'s HashSet<&'static str>,
    behaviour: &'s BackendBehaviour,
}

impl sim::Backends for SimulatedEndpoints<'_> {
    fn reply(&mut self, visit: &sim::Visit<'_>) -> Result<BackendBehaviour, Failure> {
        let endpoint = visit.endpoint.unwrap();
        let full = with_port(endpoint.address, endpoint.port);
        match self.there.contains(&*full) || self.there.contains(endpoint.address) {
            true => Ok(self.behaviour.clone()),
            false => Err(Failure::Connect),
        }
    }

    fn tls(&mut self, _: &sim::Visit<'_>) -> EndpointTls {
        self.behaviour.tls.clone()
    }
}

/// A request as an endpoint gets it, in a form that can be compared.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Sent {
    endpoint: String,
    method: String,
    host: String,
    path: String,
    http2: bool,
    headers: Vec<(String, String)>,
}

impl Sent {
    fn of(endpoint: String, sent: &Forwarded) -> Self {
        Self {
            endpoint,
            method: sent.method.clone(),
            host: sent.host.clone(),
            path: sent.path.clone(),
            http2: matches!(sent.protocol, "h2" | "h2c"),
            headers: end_to_end(&sent.headers),
        }
    }

    fn got(got: &Got) -> Self {
        let head: &request::Parts = &got.head;
        let authority = head.uri.authority().map(Authority::as_str);
        let in_header = head.headers.get("host");
        let host = authority.or(in_header.map(|host| host.to_str().unwrap()));
        let path = head.uri.path_and_query().unwrap().as_str();
        Self {
            endpoint: got.endpoint.to_owned(),
            method: head.method.to_string(),
            host: host.unwrap_or_default().to_owned(),
            path: path.to_owned(),
            http2: head.version == Version::HTTP_2,
            headers: end_to_end(&head.headers),
        }
    }
}

/// Headers but for those that servers and clients write of their own accord, and those of the connection.
fn end_to_end(headers: &HeaderMap) -> Vec<(String, String)> {
    let own = [
        "connection",
        "content-length",
        "date",
        "host",
        "transfer-encoding",
        "upgrade",
    ];
    let mut lines: Vec<_> = headers
        .iter()
        .filter(|(name, _)| !own.contains(&name.as_str()))
        .map(|(name, value)| {
            (
                name.to_string(),
                String::from_utf8_lossy(value.as_bytes()).into_owned(),
            )
        })
        .collect();
    lines.sort();
    lines
}

/// A GET of the Gateway.
pub(crate) fn get(url: &str) -> Request {
    let mut request = Request::get(url).unwrap();
    request.gateway = Some(NamespacedName::new("shop", "edge"));
    request
}

/// A call of gRPC.
pub(crate) fn call(url: &str) -> Request {
    let mut request = get(url);
    request.method = http::Method::POST;
    request.protocol = Protocol::Http2;
    let headers = &mut request.headers;
    headers.insert("content-type", "application/grpc".parse().unwrap());
    headers.insert("te", "trailers".parse().unwrap());
    request
}
