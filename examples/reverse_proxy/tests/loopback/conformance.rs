//! The conformance kit over sockets: this proxy as its subject, with backends on loopback.

use crate::{
    backends::{self, Got, Script},
    certificates::Authority,
    clients::{Client, read},
    world::{Backends, network, script},
};
use gwapi::{
    attachment::{Options, Snapshot, resolve},
    conformance::{
        Ask, Ended, Kit, Need, Observed, Reached, SeenRequest, Setup, SubjectError, TestSubject,
    },
    manifest,
    meta::{NamespacedName, Transport},
    proxy::BindKey,
    proxy::DataPlaneOptions,
    sim::Request,
};
use http::{Response, StatusCode, Version, header::UPGRADE};
use reverse_proxy::{Network, Proxy};
use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};
use tokio::{
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
    running: Option<Running>,
}

/// A proxy with its backends.
struct Running {
    proxy: Proxy,
    script: Script,
    got: UnboundedReceiver<Got>,
}

impl Running {
    async fn new(setup: &Setup) -> Self {
        let (script, got) = script();
        let identity = Authority::new("backends").server(&["backend.example"]);
        let mut found = Backends::new();
        for endpoint in &setup.endpoints {
            let place: &'static str = endpoint.place().leak();
            let address = backends::any(place, script.clone(), &identity).await;
            found.insert(place, address);
        }
        let network = Network {
            draw,
            ..network(found)
        };
        Self {
            proxy: Proxy::new(network, DataPlaneOptions::for_release(setup.release)),
            script,
            got,
        }
    }

    async fn update(&mut self, setup: &Setup) -> Result<(), SubjectError> {
        let mut snapshot = Snapshot::default();
        for object in &setup.objects {
            snapshot.insert(manifest::decode(object).map_err(SubjectError::new)?);
        }
        let options = Options::for_manifests().with_release(setup.release);
        let effective = resolve(&snapshot, &options).effective;
        let (_, errors) = self.proxy.update(effective).await;
        match errors.is_empty() {
            true => Ok(()),
            false => Err(SubjectError::new(format!("{errors:?}"))),
        }
    }

    async fn send(&mut self, asked: &Request) -> Observed {
        *self.script.behaviour.lock().unwrap() = asked.backend.clone();
        while self.got.try_recv().is_ok() {}
        let gateway = asked.gateway.clone();
        let key = BindKey {
            gateway: gateway.unwrap_or_else(|| NamespacedName::new("shop", "edge")),
            transport: Transport::Tcp,
            port: asked.uri.port_u16().unwrap_or(80),
        };
        let ended = match self.proxy.address(&key) {
            None => Ended::Refused,
            Some(address) => {
                let client = Client::connect(asked, address, None).await;
                let response = match client {
                    None => None,
                    Some(mut client) => client.send(asked, "").await,
                };
                match response {
                    None => Ended::Refused,
                    Some(response) => {
                        let answered = read(response).await;
                        let mut head = Response::new(());
                        *head.status_mut() = StatusCode::from_u16(answered.status).unwrap();
                        *head.headers_mut() = answered.headers;
                        Ended::Response(head.into_parts().0)
                    }
                }
            }
        };
        // Copies for mirrors may come after the response.
        sleep(Duration::from_millis(50)).await;
        let mut reached = Vec::new();
        while let Ok(got) = self.got.try_recv() {
            reached.push(seen(got));
        }
        Observed { ended, reached }
    }
}

fn seen(got: Got) -> Reached {
    let head = got.head;
    let authority = head.uri.authority().map(ToString::to_string);
    let in_header = head.headers.get("host");
    let host = authority.or(in_header.map(|host| host.to_str().unwrap().to_owned()));
    let protocol = match head.version {
        Version::HTTP_2 => "h2c",
        _ if head.headers.contains_key(UPGRADE) => "websocket",
        _ => "http/1.1",
    };
    Reached {
        endpoint: got.endpoint.to_owned(),
        request: Some(SeenRequest {
            method: head.method.to_string(),
            host: host.unwrap_or_default(),
            path: head.uri.path_and_query().unwrap().to_string(),
            protocol: protocol.to_owned(),
            headers: head.headers,
        }),
    }
}

/// What is not asked here: statuses are a controller's, this machine's clock cannot be moved, and TLS, streams and the mesh have
/// tests of their own beside this one.
const LACKS: &[Need] = &[
    Need::BackendTls,
    Need::ClientCertificates,
    Need::Clock,
    Need::Connections,
    Need::Mesh,
    Need::Statuses,
];

impl TestSubject for OverSockets {
    fn name(&self) -> String {
        "the reverse proxy over sockets".to_owned()
    }

    fn configure(&mut self, setup: &Setup) -> Result<(), SubjectError> {
        let running = match self.running.take().filter(|_| !setup.begins) {
            Some(running) => running,
            None => self.runtime.block_on(Running::new(setup)),
        };
        let running = self.running.insert(running);
        self.runtime.block_on(running.update(setup))
    }

    fn send(&mut self, ask: &Ask) -> Result<Observed, SubjectError> {
        DRAWN.store(ask.draw, Ordering::SeqCst);
        let running = self
            .running
            .as_mut()
            .ok_or_else(|| SubjectError::new("nothing runs"))?;
        let sent = async { timeout(Duration::from_secs(20), running.send(&ask.request)).await };
        self.runtime.block_on(sent).map_err(SubjectError::new)
    }

    fn lacks(&self) -> &[Need] {
        LACKS
    }

    fn draws_as_told(&self) -> bool {
        true
    }
}

#[test]
fn the_proxy_passes_the_conformance_kit_over_sockets() {
    let mut subject = OverSockets {
        runtime: Runtime::new().unwrap(),
        running: None,
    };
    let results = Kit::default().run(&mut subject);
    assert!(results.is_clean(), "{results}");
    println!("{results}");
    assert!(results.passed() > 70, "{results}");
}
