//! The conformance kit over sockets: this proxy as its subject, with backends on loopback.

use crate::{
    backends::{self, Got, Script},
    certificates::{Authority, Identity},
    clients::{Client, Tls, read, switched},
    ways::{served, socket, transport},
    world::{Backends, network, script},
};
use gwapi::{
    attachment::effective::Effective,
    conformance::{
        Ask, Ended, Kit, Observed, Reached, SeenRequest, Setup, SimulatorSubject, SubjectError,
        TestSubject, catalogue,
    },
    meta::Transport,
    proxy::DataPlaneOptions,
    sim::{Answer, Protocol, Request, Simulator},
};
use http::{Response, StatusCode, Version, header::UPGRADE};
use hyper::body::Incoming;
use reverse_proxy::{Network, Proxy};
use serde_json::Value;
use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    runtime::Runtime,
    sync::mpsc::UnboundedReceiver,
    time::{sleep, timeout},
};

/// What is drawn.
static DRAWN: AtomicU64 = AtomicU64::new(0);

fn draw(below: u64) -> u64 {
    DRAWN
        .load(Ordering::SeqCst)
        .checked_rem(below)
        .unwrap_or_default()
}

/// The proxy over sockets.
struct OverSockets {
    runtime: Runtime,
    /// The controller: it resolves the objects, writes their statuses, and tells the proxy what is in force.
    controller: SimulatorSubject,
    running: Option<Running>,
}

/// A proxy with its backends.
struct Running {
    proxy: Proxy,
    /// The names and addresses of the cluster: they lead clients to the proxy.
    cluster: Simulator,
    endpoints: Backends,
    /// What of TLS passes through to endpoints is trusted by this authority, PEM.
    trusted: String,
    /// By how many milliseconds the clock of the proxy is ahead of that of this machine.
    ahead: Arc<AtomicU64>,
    script: Script,
    got: UnboundedReceiver<Got>,
}

impl Running {
    async fn new(setup: &Setup) -> Self {
        let (script, got) = script();
        let authority = Authority::new("backends");
        let trusted = authority.pem().to_owned();
        let tls = backends::anybody(authority);
        let mut endpoints = Backends::new();
        for endpoint in &setup.endpoints {
            let place: &'static str = endpoint.place().leak();
            let address = backends::any(place, script.clone(), tls.clone()).await;
            endpoints.insert(place, address);
        }
        let ahead = Arc::new(AtomicU64::new(0));
        let clock = ahead.clone();
        let network = Network {
            draw,
            now: Arc::new(move || {
                SystemTime::now() + Duration::from_millis(clock.load(Ordering::SeqCst))
            }),
            ..network(endpoints.clone())
        };
        let options = DataPlaneOptions::for_release(setup.release);
        Self {
            proxy: Proxy::new(network, options),
            cluster: Simulator::new(Effective::default(), options),
            endpoints,
            trusted,
            ahead,
            script,
            got,
        }
    }

    async fn update(&mut self, effective: &Effective) -> Result<(), SubjectError> {
        self.cluster.update(effective.clone());
        let (_, errors) = self.proxy.update(effective.clone()).await;
        match errors.is_empty() {
            true => Ok(()),
            false => Err(SubjectError::new(format!("{errors:?}"))),
        }
    }

    async fn send(&mut self, ask: &Ask) -> Result<Observed, SubjectError> {
        let asked = &ask.request;
        *self.script.behaviour.lock().unwrap() = asked.backend.clone();
        while self.got.try_recv().is_ok() {}
        let said = self.cluster.request(asked, &mut |_| 0);
        let said = said.map_err(SubjectError::new)?;
        let is_http = matches!(asked.uri.scheme_str(), Some("http" | "https"));
        let identity = ask.identity.as_ref().map(|issued| Identity {
            chain: issued.certificate.clone(),
            key: issued.key.clone(),
        });
        // What is below HTTP may end TLS at an endpoint.
        let trusts = match is_http {
            true => ask.trusted.clone(),
            false => format!("{}{}", ask.trusted, self.trusted),
        };
        let tls = Tls {
            trusts: &trusts,
            identity: identity.as_ref(),
        };
        let (mut by, mut echoed) = (None, Vec::new());
        let ended = match self.address(asked, &said).await {
            None => Ended::Refused,
            Some(address) if is_http => {
                let (ended, back) = answered(ask, address, &tls).await;
                echoed = back;
                ended
            }
            Some(address) => {
                by = served(address, asked, &tls).await;
                match by {
                    None => Ended::Refused,
                    Some(_) => Ended::Passed,
                }
            }
        };
        // Copies for mirrors may come after the response.
        sleep(Duration::from_millis(50)).await;
        let mut reached = Vec::new();
        while let Ok(got) = self.got.try_recv() {
            reached.push(Reached {
                endpoint: got.endpoint.to_owned(),
                request: is_http.then(|| seen(got)),
            });
        }
        // Of a datagram nobody hears but the client.
        let by = by.filter(|_| transport(asked) == Transport::Udp);
        reached.extend(by.map(|endpoint| Reached {
            endpoint,
            request: None,
        }));
        Ok(Observed::new(ended, reached).with_echo(echoed))
    }

    /// Where a client connects to. What a pod sends to another pod's own address goes there, past the proxy.
    async fn address(&mut self, asked: &Request, said: &Answer) -> Option<SocketAddr> {
        match (&said.gateway, &said.service, &said.endpoint) {
            (None, None, Some(endpoint)) => {
                let place = format!("{}:{}", endpoint.address, endpoint.port);
                self.endpoints.get(&*place).copied()
            }
            _ => socket(&mut self.proxy, asked, said).await,
        }
    }
}

/// What a client of HTTP gets: the response, and after a switch to WebSocket what comes back of what it sends.
async fn answered(ask: &Ask, address: SocketAddr, tls: &Tls<'_>) -> (Ended, Vec<u8>) {
    let asked = &ask.request;
    let refused = (Ended::Refused, Vec::new());
    let Some(mut client) = Client::connect(asked, address, Some(tls)).await else {
        return refused;
    };
    let Some(response) = client.send(asked, "").await else {
        return refused;
    };
    let is_http2 = response.version() == Version::HTTP_2;
    assert_eq!(is_http2, asked.protocol == Protocol::Http2, "{asked:?}");
    let mut head = Response::new(());
    *head.status_mut() = response.status();
    let mut echoed = Vec::new();
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        *head.headers_mut() = response.headers().clone();
        echoed = back(response, &ask.frames).await;
    } else {
        *head.headers_mut() = read(response).await.headers;
    }
    (Ended::Response(head.into_parts().0), echoed)
}

/// What comes back of bytes over a connection that was switched.
async fn back(response: Response<Incoming>, bytes: &[u8]) -> Vec<u8> {
    let mut stream = switched(response).await;
    stream.write_all(bytes).await.unwrap();
    let mut echoed = vec![0; bytes.len()];
    let whole = stream.read_exact(&mut echoed);
    match timeout(Duration::from_secs(5), whole).await {
        Ok(Ok(_)) => echoed,
        _ => Vec::new(),
    }
}

fn seen(got: Got) -> SeenRequest {
    let head = got.head;
    let authority = head.uri.authority().map(ToString::to_string);
    let in_header = head.headers.get("host");
    let host = authority.or(in_header.map(|host| host.to_str().unwrap().to_owned()));
    let protocol = match head.version {
        Version::HTTP_2 => "h2c",
        _ if head.headers.contains_key(UPGRADE) => "websocket",
        _ => "http/1.1",
    };
    SeenRequest {
        method: head.method.to_string(),
        host: host.unwrap_or_default(),
        path: head.uri.path_and_query().unwrap().to_string(),
        protocol: protocol.to_owned(),
        headers: head.headers,
    }
}

impl TestSubject for OverSockets {
    fn name(&self) -> String {
        "the reverse proxy over sockets".to_owned()
    }

    fn configure(&mut self, setup: &Setup) -> Result<(), SubjectError> {
        self.controller.configure(setup)?;
        let running = match self.running.take().filter(|_| !setup.begins) {
            Some(running) => running,
            None => self.runtime.block_on(Running::new(setup)),
        };
        let running = self.running.insert(running);
        let effective = self.controller.effective();
        self.runtime.block_on(running.update(effective))
    }

    fn send(&mut self, ask: &Ask) -> Result<Observed, SubjectError> {
        DRAWN.store(ask.draw, Ordering::SeqCst);
        let running = self
            .running
            .as_mut()
            .ok_or_else(|| SubjectError::new("nothing runs"))?;
        let sent = async { timeout(Duration::from_secs(20), running.send(ask)).await };
        let sent = self.runtime.block_on(sent);
        sent.map_err(SubjectError::new)?
    }

    fn statuses(&mut self) -> Vec<Value> {
        self.controller.statuses()
    }

    fn advance(&mut self, by: Duration) {
        self.controller.advance(by);
        if let Some(running) = &self.running {
            let by = u64::try_from(by.as_millis()).unwrap();
            running.ahead.fetch_add(by, Ordering::SeqCst);
        }
    }

    fn draws_as_told(&self) -> bool {
        true
    }
}

#[test]
fn the_proxy_passes_the_conformance_kit_over_sockets() {
    let mut subject = OverSockets {
        runtime: Runtime::new().unwrap(),
        controller: SimulatorSubject::default(),
        running: None,
    };
    let results = Kit::default().run(&mut subject);
    println!("{results}");
    assert!(results.is_clean(), "{results}");
    assert_eq!(results.passed(), catalogue().len(), "{results}");
}
