//! Clients: requests as the simulator takes them, sent over sockets.

use bytes::Bytes;
use gwapi::sim::{Protocol, Request as Asked};
use http::{HeaderMap, Request, Response, Version, header::HOST};
use http_body_util::{BodyExt, Full};
use hyper::{
    body::Incoming,
    client::conn::{http1, http2},
    upgrade::Upgraded,
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject},
};
use std::{net::SocketAddr, sync::Arc};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::{certificates::Identity, ways::server_name};

/// A response, all of it.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) content: String,
}

/// How a client speaks TLS.
pub(crate) struct Tls<'t> {
    /// The authorities that it trusts, PEM.
    pub(crate) trusts: &'t str,
    pub(crate) identity: Option<&'t Identity>,
}

/// Sends requests over one connection.
pub(crate) enum Client {
    Http1(http1::SendRequest<Full<Bytes>>),
    Http2(http2::SendRequest<Full<Bytes>>),
}

impl Client {
    /// Connects as a request asks for it. None if the handshake fails.
    pub(crate) async fn connect(
        asked: &Asked,
        address: SocketAddr,
        tls: Option<&Tls<'_>>,
    ) -> Option<Self> {
        let stream = TcpStream::connect(address).await.unwrap();
        let Some(server_name) = server_name(asked) else {
            return Self::over(asked, stream).await;
        };
        let protocols: &[&[u8]] = match asked.protocol {
            Protocol::Http2 => &[b"h2"],
            _ => &[b"http/1.1"],
        };
        let stream = handshake(stream, server_name, protocols, tls?).await?;
        Self::over(asked, stream).await
    }

    pub(crate) async fn over(
        asked: &Asked,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    ) -> Option<Self> {
        let stream = TokioIo::new(stream);
        Some(match asked.protocol {
            Protocol::Http2 => {
                let made = http2::handshake(TokioExecutor::new(), stream).await;
                let (client, connection) = made.ok()?;
                tokio::spawn(connection);
                Self::Http2(client)
            }
            _ => {
                let (client, connection) = http1::handshake(stream).await.ok()?;
                tokio::spawn(connection.with_upgrades());
                Self::Http1(client)
            }
        })
    }

    pub(crate) async fn send(
        &mut self,
        asked: &Asked,
        content: &'static str,
    ) -> Option<Response<Incoming>> {
        let mut head = asked.head();
        if asked.protocol == Protocol::Http2 {
            let mut target = asked.uri.clone().into_parts();
            if let Some(host) = head.headers.remove(HOST) {
                target.authority = Some(host.as_bytes().try_into().unwrap());
            }
            head.uri = target.try_into().unwrap();
            head.version = Version::HTTP_2;
        }
        let request = Request::from_parts(head, Full::from(content));
        match self {
            Self::Http1(client) => client.send_request(request).await.ok(),
            Self::Http2(client) => client.send_request(request).await.ok(),
        }
    }
}

/// Speaks TLS. None if the handshake fails, of which a client of TLS 1.3 hears when it first reads.
pub(crate) async fn handshake(
    stream: TcpStream,
    server_name: &str,
    protocols: &[&[u8]],
    tls: &Tls<'_>,
) -> Option<TlsStream<TcpStream>> {
    let mut authorities = RootCertStore::empty();
    for trusted in CertificateDer::pem_slice_iter(tls.trusts.as_bytes()) {
        authorities.add(trusted.unwrap()).unwrap();
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(authorities);
    let mut config = match tls.identity {
        None => builder.with_no_client_auth(),
        Some(identity) => {
            let chain = CertificateDer::pem_slice_iter(identity.chain.as_bytes());
            let key = PrivateKeyDer::from_pem_slice(identity.key.as_bytes()).unwrap();
            builder
                .with_client_auth_cert(chain.collect::<Result<_, _>>().unwrap(), key)
                .unwrap()
        }
    };
    config.alpn_protocols = protocols.iter().map(|one| one.to_vec()).collect();
    let name = ServerName::try_from(server_name.to_owned()).unwrap();
    let connector = TlsConnector::from(Arc::new(config));
    connector.connect(name, stream).await.ok()
}

/// Reads a response to its end.
pub(crate) async fn read(response: Response<Incoming>) -> Answered {
    let (head, content) = response.into_parts();
    let content = content.collect().await.unwrap();
    let mut headers = head.headers;
    if let Some(trailers) = content.trailers() {
        headers.extend(trailers.clone());
    }
    Answered {
        status: head.status.as_u16(),
        headers,
        content: String::from_utf8(content.to_bytes().to_vec()).unwrap(),
    }
}

/// The connection after it was switched to another protocol.
pub(crate) async fn switched(response: Response<Incoming>) -> TokioIo<Upgraded> {
    TokioIo::new(hyper::upgrade::on(response).await.unwrap())
}
