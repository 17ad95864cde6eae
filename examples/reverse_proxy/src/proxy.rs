//! The proxy as a whole: ports that are bound, and the configuration by which it serves them.

use crate::{
    mesh::MeshKey,
    mirrors::{DroppedCopies, Mirrors},
    ports::{Freed, Port, Source, taken_over},
    tls::ServerConfigs,
    upstream::Upstream,
};
use gwapi::{
    attachment::effective::{Effective, Endpoint},
    backend::session::{SessionKey, SessionKeys},
    proxy::{BindKey, DataPlane, DataPlaneOptions, Diff, Draws},
};
use std::{
    collections::HashMap,
    io,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, SystemTime},
};
use tokio::sync::watch;

/// Tells the host and the port at which an endpoint is reached.
pub type Dial = dyn Fn(Endpoint<'_>) -> (String, u16) + Send + Sync;

/// Tells the time of day.
pub type Clock = dyn Fn() -> SystemTime + Send + Sync;

/// Where the network of the configuration is on that of this machine, by what chances backends are chosen, and what time it is.
pub struct Network {
    /// Where a port of a Gateway is bound.
    pub bind: fn(&BindKey) -> SocketAddr,
    /// Where an endpoint is connected to: host and port.
    pub dial: Box<Dial>,
    /// A number below the given one.
    pub draw: fn(u64) -> u64,
    /// The time by which sessions and certificates are judged. What has to be done within some time is measured by the clock of
    /// this machine.
    pub now: Arc<Clock>,
    /// What others may cost the proxy.
    pub limits: Limits,
}

/// Limits for work that no client waits for: copies for mirrors, and flows of datagrams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// A mirror has so long to answer once all of its copy is there.
    pub mirror: Duration,
    /// So many copies of requests are on their way to mirrors at most. Those beyond are dropped.
    pub mirrors: usize,
    /// A client of datagrams keeps its endpoint for so long while neither side sends anything.
    pub idle_datagrams: Duration,
    /// So many clients of datagrams have an endpoint at a port at most. Those beyond are not served.
    pub datagrams: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            mirror: Duration::from_secs(15),
            mirrors: 1024,
            idle_datagrams: Duration::from_secs(60),
            datagrams: 4096,
        }
    }
}

impl Network {
    /// Ports are bound at their own number at a local address, and endpoints are reached where they say.
    #[must_use]
    pub fn local() -> Self {
        Self {
            bind: |key| SocketAddr::from(([127, 0, 0, 1], key.port)),
            dial: Box::new(|endpoint| (endpoint.address.to_owned(), endpoint.port)),
            draw: |below| fastrand::u64(..below),
            now: Arc::new(SystemTime::now),
            limits: Limits::default(),
        }
    }
}

/// What all connections share.
pub(crate) struct Shared {
    pub(crate) network: Network,
    pub(crate) upstream: Upstream,
    pub(crate) mirrors: Mirrors,
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
                mirrors: Mirrors::new(&network.limits),
                upstream: Upstream::new(network.now.clone()),
                network,
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
        let mut freed = Vec::new();
        for key in &diff.unbind {
            if let Some(port) = self.ports.remove(key) {
                freed.extend(port.give_up().await);
            }
        }
        let configuration = Configuration::new(next);
        self.shared.configuration.send_replace(configuration);
        self.shared.upstream.forget_closed();
        // Ports that could not be bound before are tried again.
        let (_, errors) = self.bind_missing(freed).await;
        (diff, errors)
    }

    /// Binds the ports of the configuration that could not be bound before. Returns those that now are, and those that still
    /// cannot be.
    pub async fn bind_again(&mut self) -> (Vec<BindKey>, Vec<(BindKey, io::Error)>) {
        self.bind_missing(Vec::new()).await
    }

    /// Binds the ports of the configuration that are not bound, at sockets that were given up where these fit.
    async fn bind_missing(
        &mut self,
        mut freed: Vec<Freed>,
    ) -> (Vec<BindKey>, Vec<(BindKey, io::Error)>) {
        let plane = self.shared.configuration().plane;
        let mut wanted = Vec::new();
        for bind in plane.binds() {
            let key = bind.key();
            if !self.ports.contains_key(key) {
                let at = (self.shared.network.bind)(key);
                wanted.push((key, at, taken_over(&mut freed, key.transport, at)));
            }
        }
        // Whatever is left is closed before anything is bound: it may be in the way.
        drop(freed);
        let (mut bound, mut errors) = (Vec::new(), Vec::new());
        for (key, at, freed) in wanted {
            match Port::open(&self.shared, Source::Gateway(key.clone()), at, freed).await {
                Ok(port) => {
                    self.ports.insert(key.clone(), port);
                    bound.push(key.clone());
                }
                Err(error) => errors.push((key.clone(), error)),
            }
        }
        (bound, errors)
    }

    /// The copies of requests that mirrors did not get, or did not answer, since this was last asked for.
    #[must_use]
    pub fn take_dropped_copies(&self) -> DroppedCopies {
        self.shared.mirrors.take_dropped()
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
        // Where it is bound elsewhere, it is so until the new address is.
        let before = match self.mesh.get(&key).is_some_and(|port| port.is_at(at)) {
            true => self.mesh.remove(&key),
            false => None,
        };
        let own = match before {
            Some(before) => before.give_up().await,
            None => None,
        };
        let port = Port::open(&self.shared, Source::Mesh(key.clone()), at, own).await?;
        let address = port.address;
        self.mesh.insert(key, port);
        Ok(address)
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
