//! A connection of a client.

use crate::{
    Error, exchange,
    proxy::Shared,
    rewind::Rewind,
    tls::{self, ServerConfigs},
};
use gwapi::proxy::{Accepted, Authenticated, ClientHello, Hello, HttpSession, Stream};
use hyper::service::service_fn;
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use rustls::server::Acceptor;
use std::{convert::Infallible, io, pin::pin, sync::Arc};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy_bidirectional},
    net::TcpStream,
};
use tokio_rustls::TlsAcceptor;

/// The first message of a client may be so long, in all its records.
const LONGEST_HELLO: usize = 1 << 16;

/// The alert `unrecognized_name` (RFC 6066, section 3), fatal, in a record of its own.
const UNRECOGNIZED_NAME: [u8; 7] = [21, 3, 3, 0, 2, 2, 112];

/// Serves a client to the end of its connection. The settings for TLS are those of the configuration that has accepted it.
pub(crate) async fn serve(
    shared: &Arc<Shared>,
    tls: &ServerConfigs,
    accepted: Accepted,
    client: TcpStream,
) -> Result<(), Error> {
    match accepted {
        Accepted::Session(session) => requests(shared, session, client).await,
        Accepted::Stream(stream) => relay(shared, &stream, client).await,
        Accepted::Hello(hello) => handshake(shared, tls, &hello, client).await,
    }
}

/// Reads what a client says first in TLS, and goes on as it asks.
async fn handshake(
    shared: &Arc<Shared>,
    tls: &ServerConfigs,
    hello: &Hello,
    mut client: TcpStream,
) -> Result<(), Error> {
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
        ClientHello::Passthrough(stream) => relay(shared, &stream, client).await,
        ClientHello::Refuse(why) => {
            client.write_all(&UNRECOGNIZED_NAME).await?;
            Err(why.to_string().into())
        }
        ClientHello::Terminate(settings) => {
            let config = tls.of(&settings)?;
            let client = TlsAcceptor::from(config).accept(client).await?;
            // The verifier of the handshake has asked the same settings.
            match settings.trusted() {
                Authenticated::Session(session) => requests(shared, session, client).await,
                Authenticated::Stream(stream) => relay(shared, &stream, client).await,
            }
        }
    }
}

/// Serves requests until the client goes, or a new configuration ends the connection.
pub(crate) async fn requests(
    shared: &Arc<Shared>,
    session: HttpSession,
    client: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
) -> Result<(), Error> {
    let mut changes = shared.changes();
    let service = service_fn(|request| {
        let (shared, session) = (shared.clone(), session.clone());
        async move { Ok::<_, Infallible>(exchange::answer(&shared, &session, request).await) }
    });
    let server = auto::Builder::new(TokioExecutor::new());
    let mut connection = pin!(server.serve_connection_with_upgrades(TokioIo::new(client), service));
    loop {
        tokio::select! {
            done = connection.as_mut() => return done,
            changed = changes.changed() => {
                let ends = changed.is_err()
                    || changes.borrow_and_update().plane.continued(&session).is_none();
                if ends {
                    connection.as_mut().graceful_shutdown();
                    return connection.await;
                }
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
    let connected = shared.draws(|draws| stream.connect(draws));
    let connected = connected.map_err(|why| why.to_string())?;
    let connected_to = connected.backend.clone();
    let mut backend = TcpStream::connect(shared.dial(connected.endpoint.get())?).await?;
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
