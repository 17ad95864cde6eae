//! Connections to endpoints over which requests are sent, kept for further requests.

use crate::{
    Error,
    body::Body,
    proxy::{Clock, Shared},
    tls,
};
use gwapi::{
    attachment::effective::EffectiveBackendTls,
    proxy::{ChosenEndpoint, EndpointProtocol, Failure},
};
use http::{Request, Response};
use hyper::{
    body::Incoming,
    client::conn::{http1, http2},
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::ClientConfig;
use std::{
    collections::HashMap,
    hash::{Hash, Hasher},
    sync::{Arc, Mutex, PoisonError},
};
use tokio::net::TcpStream;

/// So many connections of HTTP/1.1 wait for the next request to an endpoint.
const MOST_IDLE: usize = 32;

/// What a connection is for: it carries no other requests.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Way {
    address: (String, u16),
    tls: Option<Arc<EffectiveBackendTls>>,
    http2: bool,
}

impl Hash for Way {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (&self.address, self.http2).hash(state);
    }
}

impl Way {
    pub(crate) fn new(
        shared: &Shared,
        endpoint: &ChosenEndpoint,
        protocol: EndpointProtocol,
    ) -> Result<Self, Failure> {
        let address = shared.dial(endpoint.get());
        Ok(Self {
            address: address.map_err(|_| Failure::Connect)?,
            tls: endpoint.port().tls.clone(),
            http2: protocol.is_http2(),
        })
    }
}

impl Way {
    /// To a host and port, over HTTP/1.1 in cleartext.
    pub(crate) fn cleartext(address: (String, u16)) -> Self {
        Self {
            address,
            tls: None,
            http2: false,
        }
    }
}

/// A connection that takes a request.
pub(crate) enum Connection {
    Http1(http1::SendRequest<Body>),
    Http2(http2::SendRequest<Body>),
}

/// Protocols that are offered by ALPN.
type Protocols = &'static [&'static [u8]];

/// Settings of TLS, by what asks for it and what is spoken inside.
struct Settings {
    asked: Arc<EffectiveBackendTls>,
    protocols: Protocols,
    config: Arc<ClientConfig>,
}

/// The connections that are kept.
pub(crate) struct Upstream {
    idle: Mutex<HashMap<Way, Vec<http1::SendRequest<Body>>>>,
    shared: Mutex<HashMap<Way, http2::SendRequest<Body>>>,
    /// Settings of TLS.
    tls: Mutex<Vec<Settings>>,
    now: Arc<Clock>,
}

impl Upstream {
    /// None yet. Certificates of endpoints are judged by this clock.
    pub(crate) fn new(now: Arc<Clock>) -> Self {
        Self {
            idle: Mutex::default(),
            shared: Mutex::default(),
            tls: Mutex::default(),
            now,
        }
    }

    /// A connection that was kept, else one that is opened.
    pub(crate) async fn connect(&self, way: &Way) -> Result<Connection, Failure> {
        match self.kept(way) {
            Some(kept) => Ok(kept),
            None => self.open(way).await,
        }
    }

    fn kept(&self, way: &Way) -> Option<Connection> {
        if way.http2 {
            let shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
            let sender = shared.get(way).filter(|sender| !sender.is_closed())?;
            return Some(Connection::Http2(sender.clone()));
        }
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let senders = idle.get_mut(way)?;
        loop {
            let sender = senders.pop()?;
            if sender.is_ready() {
                return Some(Connection::Http1(sender));
            }
        }
    }

    /// Keeps a connection whose response has ended.
    pub(crate) fn keep(&self, way: Way, sender: http1::SendRequest<Body>) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let senders = idle.entry(way).or_default();
        if senders.len() < MOST_IDLE && !sender.is_closed() {
            senders.push(sender);
        }
    }

    /// Forgets the connections that have ended.
    pub(crate) fn forget_closed(&self) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|_, senders| {
            senders.retain(|sender| !sender.is_closed());
            !senders.is_empty()
        });
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        shared.retain(|_, sender| !sender.is_closed());
        let mut tls = self.tls.lock().unwrap_or_else(PoisonError::into_inner);
        tls.clear();
    }

    /// Opens a connection.
    pub(crate) async fn open(&self, way: &Way) -> Result<Connection, Failure> {
        let (host, port) = &way.address;
        let stream = TcpStream::connect((host.as_str(), *port)).await;
        let stream = stream.map_err(|_| Failure::Connect)?;
        _ = stream.set_nodelay(true);
        let Some(asked) = &way.tls else {
            return self.speak(way, stream).await;
        };
        let protocols: Protocols = match way.http2 {
            true => &[b"h2"],
            false => &[b"http/1.1"],
        };
        let config = self.config(asked, protocols).map_err(|_| Failure::Tls)?;
        let stream = tls::connect(config, asked, stream).await?;
        self.speak(way, stream).await
    }

    async fn speak(
        &self,
        way: &Way,
        stream: impl tls::Carrier + 'static,
    ) -> Result<Connection, Failure> {
        let stream = TokioIo::new(stream);
        if way.http2 {
            let made = http2::handshake(TokioExecutor::new(), stream).await;
            let (sender, connection) = made.map_err(|_| Failure::Reset)?;
            tokio::spawn(connection);
            let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
            shared.insert(way.clone(), sender.clone());
            return Ok(Connection::Http2(sender));
        }
        let made = http1::handshake(stream).await;
        let (sender, connection) = made.map_err(|_| Failure::Reset)?;
        tokio::spawn(connection.with_upgrades());
        Ok(Connection::Http1(sender))
    }

    /// Settings of TLS, each made once a configuration: they may take the certificates of the system, which are read from its
    /// files. No protocols are offered where it is not known what is spoken inside.
    pub(crate) fn config(
        &self,
        asked: &Arc<EffectiveBackendTls>,
        protocols: Protocols,
    ) -> Result<Arc<ClientConfig>, Error> {
        let mut made = self.tls.lock().unwrap_or_else(PoisonError::into_inner);
        let same = |made: &&Settings| made.protocols == protocols && made.asked == *asked;
        if let Some(made) = made.iter().find(same) {
            return Ok(made.config.clone());
        }
        let config = tls::client_config(asked, protocols, &self.now)?;
        made.push(Settings {
            asked: asked.clone(),
            protocols,
            config: config.clone(),
        });
        Ok(config)
    }
}

/// What comes of a request that is sent: a response, and the connection if it can be kept; or how it failed, and the request
/// if nothing of it was sent.
pub(crate) type Sent = Result<
    (Response<Incoming>, Option<http1::SendRequest<Body>>),
    (Failure, Option<Box<Request<Body>>>),
>;

impl Connection {
    pub(crate) async fn send(self, request: Request<Body>) -> Sent {
        let (sent, sender) = match self {
            Self::Http1(mut sender) => (sender.try_send_request(request).await, Some(sender)),
            Self::Http2(mut sender) => (sender.try_send_request(request).await, None),
        };
        match sent {
            Ok(response) => Ok((response, sender)),
            Err(mut error) => {
                let unsent = error.take_message().map(Box::new);
                let failure = match error.error().is_parse() {
                    true => Failure::Malformed,
                    false => Failure::Reset,
                };
                Err((failure, unsent))
            }
        }
    }
}
