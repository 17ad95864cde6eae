//! A connection of a client.

use crate::{Error, exchange, mesh::MeshKey, proxy::Shared, rewind::Rewind, tls};
use gwapi::proxy::{Accepted, Authenticated, ClientHello, Hello, HttpSession, Stream};
use hyper::service::service_fn;
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use k8s_openapi::jiff::Timestamp;
use rustls::server::Acceptor;
use std::{borrow::Cow, convert::Infallible, io, pin::pin, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy_bidirectional},
    net::TcpStream,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

/// The first message of a client may be so long, in all its records.
const LONGEST_HELLO: usize = 1 << 16;

/// The alert `unrecognized_name` (RFC 6066, section 3), fatal, in a record of its own.
const UNRECOGNIZED_NAME: [u8; 7] = [21, 3, 3, 0, 2, 2, 112];

/// A client has so long for its handshake.
const LONGEST_HANDSHAKE: Duration = Duration::from_secs(10);

/// A connection that comes to an end has so long to do so after its last exchange, for what is yet to be written.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Serves a client to the end of its connection.
pub(crate) async fn serve(
    shared: &Arc<Shared>,
    accepted: Accepted,
    client: TcpStream,
) -> Result<(), Error> {
    match accepted {
        Accepted::Session(session) => requests(shared, Caller::Client(session), client).await,
        Accepted::Stream(stream) => relay(shared, &stream, client).await,
        Accepted::Hello(hello) => match handshake(shared, &hello, client).await? {
            Greeted::Through(stream, client) => relay(shared, &stream, client).await,
            Greeted::Inside(inside, client) => match inside {
                Authenticated::Session(session) => {
                    requests(shared, Caller::Client(session), client).await
                }
                Authenticated::Stream(stream) => relay(shared, &stream, client).await,
            },
        },
    }
}

/// A client that has begun with TLS.
enum Greeted {
    /// TLS goes on to a backend.
    Through(Stream, Rewind<TcpStream>),
    /// TLS ends here, and this is inside.
    Inside(Authenticated, Box<TlsStream<Rewind<TcpStream>>>),
}

/// Reads what a client says first in TLS, and goes on as it asks, all in time.
async fn handshake(
    shared: &Arc<Shared>,
    hello: &Hello,
    client: TcpStream,
) -> Result<Greeted, Error> {
    let greeted = tokio::time::timeout(LONGEST_HANDSHAKE, greet(shared, hello, client));
    greeted.await?
}

async fn greet(
    shared: &Arc<Shared>,
    hello: &Hello,
    mut client: TcpStream,
) -> Result<Greeted, Error> {
    let mut read = Vec::new();
    let mut acceptor = Acceptor::default();
    let accepted = loop {
        let begin = read.len();
        if begin > LONGEST_HELLO || client.read_buf(&mut read).await? == 0 {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
        let mut new = read.get(begin..).unwrap_or_default();
        while !new.is_empty() {
            acceptor.read_tls(&mut new)?;
        }
        match acceptor.accept() {
            Ok(Some(accepted)) => break accepted,
            Ok(None) => {}
            Err((error, mut alert)) => {
                let mut bytes = Vec::new();
                alert.write_all(&mut bytes)?;
                client.write_all(&bytes).await?;
                return Err(error.into());
            }
        }
    };
    let said = hello.client_hello(accepted.client_hello().server_name());
    let mut client = Rewind::new(read, client);
    match said {
        ClientHello::Passthrough(stream) => Ok(Greeted::Through(stream, client)),
        ClientHello::Refuse(why) => {
            client.write_all(&UNRECOGNIZED_NAME).await?;
            Err(why.to_string().into())
        }
        ClientHello::Terminate(settings) => {
            let config = shared
                .configuration()
                .tls
                .of(&settings, &shared.network.now)?;
            let client = TlsAcceptor::from(config).accept(client).await?;
            // The verifier of the handshake asks the same, but its settings may be older than these.
            let shown = client.get_ref().1.peer_certificates().map(tls::chain);
            let inside = settings
                .authenticated(shown.as_ref(), Timestamp::try_from((shared.network.now)())?)
                .map_err(|why| why.to_string())?;
            Ok(Greeted::Inside(inside, Box::new(client)))
        }
    }
}

/// Who sends requests over a connection.
pub(crate) enum Caller {
    /// A client of a Gateway.
    Client(HttpSession),
    /// A pod, to a port of a Service.
    Pod(MeshKey),
}

impl Caller {
    /// The connection for the next request. None if it is over.
    pub(crate) fn session(&self, shared: &Shared) -> Option<Cow<'_, HttpSession>> {
        match self {
            // Which configuration is in force is for the session to find.
            Self::Client(session) => Some(Cow::Borrowed(session)),
            Self::Pod(key) => key.find(shared).ok()?.requests().map(Cow::Owned),
        }
    }

    /// Whether a connection can go on in the configuration in force.
    fn goes_on(&self, shared: &Shared) -> bool {
        match self {
            Self::Client(session) => shared.configuration().plane.continued(session).is_some(),
            Self::Pod(_) => self.session(shared).is_some(),
        }
    }
}

/// Serves requests until the client goes, or a new configuration ends the connection.
pub(crate) async fn requests(
    shared: &Arc<Shared>,
    caller: Caller,
    client: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
) -> Result<(), Error> {
    let mut changes = shared.changes();
    let caller = Arc::new(caller);
    // Each exchange holds one until its response has ended.
    let running = Arc::new(());
    let service = service_fn(|request| {
        let (shared, caller) = (shared.clone(), caller.clone());
        let running = Arc::downgrade(&running);
        async move { Ok::<_, Infallible>(exchange::answer(&shared, &caller, running, request).await) }
    });
    let server = auto::Builder::new(TokioExecutor::new());
    let mut connection = pin!(server.serve_connection_with_upgrades(TokioIo::new(client), service));
    // There may have been another configuration before the changes were watched.
    while caller.goes_on(shared) {
        tokio::select! {
            done = connection.as_mut() => return done,
            changed = changes.changed() => if changed.is_err() { break },
        }
    }
    connection.as_mut().graceful_shutdown();
    // HTTP/2 tells the client first, and waits for its answer. A client that gives none must not hold the connection.
    let mut were_running = true;
    loop {
        tokio::select! {
            done = connection.as_mut() => return done,
            () = tokio::time::sleep(LAST_WORDS) => {
                let are_running = Arc::strong_count(&running) > 1;
                if !were_running && !are_running {
                    return Ok(());
                }
                were_running = are_running;
            }
        }
    }
}

/// Takes bytes to a backend, and back.
pub(crate) async fn relay(
    shared: &Arc<Shared>,
    stream: &Stream,
    mut client: impl AsyncRead + AsyncWrite + Unpin,
) -> Result<(), Error> {
    let mut failed = Vec::new();
    let (connected, mut backend) = loop {
        let connected = shared.draws(|draws| stream.connect_elsewhere(&failed, draws));
        let connected = connected.map_err(|why| why.to_string())?;
        match TcpStream::connect(shared.dial(connected.endpoint.get())?).await {
            Ok(backend) => break (connected, backend),
            Err(_) => failed.push(connected),
        }
    };
    let connected_to = connected.backend.clone();
    _ = backend.set_nodelay(true);
    match connected.tls() {
        None => copy_bidirectional(&mut client, &mut backend).await?,
        Some(asked) => {
            let config = shared.upstream.config(asked, &[])?;
            let connected = tls::connect(config, asked, backend).await;
            let mut backend =
                connected.map_err(|failure| format!("{} {failure}", connected_to.reference()))?;
            copy_bidirectional(&mut client, &mut backend).await?
        }
    };
    Ok(())
}
