//! The proxy as a whole: ports that are bound, and the configuration by which it serves them.

use crate::{
    connection,
    datagrams::{self, Source},
    mesh::{self, MeshKey},
    tls::ServerConfigs,
    upstream::Upstream,
};
use gwapi::{
    attachment::effective::{Effective, Endpoint},
    backend::session::{SessionKey, SessionKeys},
    meta::Transport,
    proxy::{BindKey, DataPlane, DataPlaneOptions, Diff, Draws},
};
use std::{collections::HashMap, io, net::SocketAddr, sync::Arc};
use tokio::{
    net::{TcpListener, UdpSocket},
    sync::watch,
    task::JoinHandle,
};

/// Tells the host and the port at which an endpoint is reached.
pub type Dial = dyn Fn(Endpoint<'_>) -> (String, u16) + Send + Sync;

/// Where the network of the configuration is on that of this machine, and by what chances backends are chosen.
pub struct Network {
    /// Where a port of a Gateway is bound.
    pub bind: fn(&BindKey) -> SocketAddr,
    /// Where an endpoint is connected to: host and port.
    pub dial: Box<Dial>,
    /// A number below the given one.
    pub draw: fn(u64) -> u64,
}

impl Network {
    /// Ports are bound at their own number at a local address, and endpoints are reached where they say.
    #[must_use]
    pub fn local() -> Self {
        Self {
            bind: |key| SocketAddr::from(([127, 0, 0, 1], key.port)),
            dial: Box::new(|endpoint| (endpoint.address.to_owned(), endpoint.port)),
            draw: |below| fastrand::u64(..below),
        }
    }
}

/// What all connections share.
pub(crate) struct Shared {
    pub(crate) network: Network,
    pub(crate) upstream: Upstream,
    /// The keys of session tokens. All replicas of a proxy would read the same ones from a Secret. None where the system has
    /// no randomness for one.
    pub(crate) keys: Option<SessionKeys>,
    /// Where all requests go, if nothing is to be decided.
    pub(crate) hard_coded: Option<(String, u16)>,
    configuration: watch::Sender<Configuration>,
}

/// A configuration.
#[derive(Clone)]
pub(crate) struct Configuration {
    pub(crate) plane: DataPlane,
    /// For handshakes with clients. A connection takes the settings of the moment in which its handshake begins.
    pub(crate) tls: Arc<ServerConfigs>,
}

impl Configuration {
    fn new(plane: DataPlane) -> Self {
        Self {
            plane,
            tls: Arc::default(),
        }
    }
}

impl Shared {
    /// The configuration that applies at present.
    pub(crate) fn configuration(&self) -> Configuration {
        self.configuration.borrow().clone()
    }

    /// Tells when another configuration comes.
    pub(crate) fn changes(&self) -> watch::Receiver<Configuration> {
        self.configuration.subscribe()
    }

    /// Where an endpoint is connected to.
    pub(crate) fn dial(&self, endpoint: Option<Endpoint<'_>>) -> io::Result<(String, u16)> {
        let gone = || io::Error::from(io::ErrorKind::AddrNotAvailable);
        Ok((self.network.dial)(endpoint.ok_or_else(gone)?))
    }

    /// Draws what the data plane leaves to chance.
    pub(crate) fn draws<R>(&self, choose: impl FnOnce(&mut Draws<'_>) -> R) -> R {
        let mut draw = self.network.draw;
        choose(&mut Draws(&mut draw))
    }
}

/// A port that is bound.
struct Port {
    address: SocketAddr,
    /// Takes connections, or datagrams, until it is dropped.
    task: JoinHandle<()>,
}

impl Drop for Port {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A running proxy. It takes connections until it is dropped.
pub struct Proxy {
    shared: Arc<Shared>,
    ports: HashMap<BindKey, Port>,
    mesh: HashMap<MeshKey, Port>,
}

impl Proxy {
    /// A proxy without a configuration: nothing is bound. Where releases differ it answers as these options say.
    #[must_use]
    pub fn new(network: Network, options: impl Into<DataPlaneOptions>) -> Self {
        Self::made(network, options.into(), None)
    }

    /// A proxy whose requests all go to one host and port, whatever the configuration says of them: what the decisions cost is
    /// measured against it (`benches/decisions.rs`).
    #[must_use]
    pub fn hard_coded(network: Network, address: (String, u16)) -> Self {
        Self::made(network, DataPlaneOptions::default(), Some(address))
    }

    fn made(
        network: Network,
        options: DataPlaneOptions,
        hard_coded: Option<(String, u16)>,
    ) -> Self {
        Self {
            shared: Arc::new(Shared {
                network,
                upstream: Upstream::new(),
                hard_coded,
                keys: try_random_bytes()
                    .map(|bytes: [u8; 16]| SessionKeys::new(SessionKey::from(bytes))),
                configuration: watch::Sender::new(Configuration::new(DataPlane::new(
                    Effective::default(),
                    options,
                ))),
            }),
            ports: HashMap::new(),
            mesh: HashMap::new(),
        }
    }

    /// Serves by another configuration, and says what that changed, and which ports could not be bound. Requests that are
    /// on their way end as they began.
    pub async fn update(
        &mut self,
        effective: impl Into<Arc<Effective>>,
    ) -> (Diff, Vec<(BindKey, io::Error)>) {
        let (next, diff) = self.shared.configuration().plane.next(effective);
        let configuration = Configuration::new(next.clone());
        self.shared.configuration.send_replace(configuration);
        for key in &diff.unbind {
            self.ports.remove(key);
        }
        self.shared.upstream.forget_closed();
        let mut errors = Vec::new();
        // Ports that could not be bound before are tried again.
        for bind in next.binds() {
            if self.ports.contains_key(bind.key()) {
                continue;
            }
            match self.bind(bind.key()).await {
                Ok(port) => _ = self.ports.insert(bind.key().clone(), port),
                Err(error) => errors.push((bind.key().clone(), error)),
            }
        }
        (diff, errors)
    }

    /// Where a port of a Gateway is bound.
    #[must_use]
    pub fn address(&self, key: &BindKey) -> Option<SocketAddr> {
        self.ports.get(key).map(|port| port.address)
    }

    /// Takes at an address what pods of a namespace send to a port of a Service, until the proxy is dropped. Returns where that
    /// is.
    ///
    /// # Errors
    ///
    /// When the address cannot be bound.
    pub async fn bind_mesh(&mut self, key: MeshKey, at: SocketAddr) -> io::Result<SocketAddr> {
        let shared = self.shared.clone();
        let own = key.clone();
        let port = match key.transport {
            Transport::Tcp => {
                let listener = TcpListener::bind(at).await?;
                Port {
                    address: listener.local_addr()?,
                    task: tokio::spawn(mesh::accept(shared, own, listener)),
                }
            }
            Transport::Udp => {
                let socket = UdpSocket::bind(at).await?;
                Port {
                    address: socket.local_addr()?,
                    task: tokio::spawn(mesh::carry(shared, own, socket)),
                }
            }
        };
        let address = port.address;
        self.mesh.insert(key, port);
        Ok(address)
    }

    async fn bind(&self, key: &BindKey) -> io::Result<Port> {
        let at = (self.shared.network.bind)(key);
        let shared = self.shared.clone();
        let key = key.clone();
        Ok(match key.transport {
            Transport::Tcp => {
                let listener = TcpListener::bind(at).await?;
                Port {
                    address: listener.local_addr()?,
                    task: tokio::spawn(accept(shared, key, listener)),
                }
            }
            Transport::Udp => {
                let socket = UdpSocket::bind(at).await?;
                Port {
                    address: socket.local_addr()?,
                    task: tokio::spawn(datagrams::carry(shared, Source::Gateway(key), socket)),
                }
            }
        })
    }
}

/// Takes connections. Those that were taken outlive the port.
async fn accept(shared: Arc<Shared>, key: BindKey, listener: TcpListener) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Mostly there are too many open files.
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            continue;
        };
        _ = stream.set_nodelay(true);
        if let Some(accepted) = shared.configuration().plane.accept(&key) {
            let shared = shared.clone();
            tokio::spawn(async move {
                // A connection that ends in disorder concerns nobody else.
                _ = connection::serve(&shared, accepted, stream).await;
            });
        }
    }
}

/// Bytes of the system's randomness.
fn try_random_bytes<const N: usize>() -> Option<[u8; N]> {
    let mut bytes = [0; N];
    let random = crate::tls::provider().secure_random;
    random.fill(&mut bytes).ok().map(|()| bytes)
}

/// As [`try_random_bytes`], for a nonce: without randomness always the same, which shows no more than that two tokens are equal.
pub(crate) fn random_bytes<const N: usize>() -> [u8; N] {
    try_random_bytes().unwrap_or([0; N])
}
