//! Backends on loopback that say what they got.

use bytes::Bytes;
use gwapi::sim::BackendBehaviour;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, request};
use http_body_util::{BodyExt, Collected, Full, combinators::UnsyncBoxBody};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::{ClientHello, ResolvesServerCert},
    sign::{CertifiedKey, SingleCertAndKey},
};
use std::{
    convert::Infallible,
    io::{BufRead, BufReader, Write},
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
        mpsc::{Sender, channel},
    },
    thread::{JoinHandle, spawn},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy, split},
    net::{TcpListener, UdpSocket},
    sync::mpsc::UnboundedSender,
};
use tokio_rustls::TlsAcceptor;

use crate::certificates::{Authority, Identity};

/// A request as an endpoint got it.
pub(crate) struct Got {
    pub(crate) endpoint: &'static str,
    pub(crate) head: request::Parts,
    pub(crate) content: Bytes,
}

/// What backends answer next, and where they say what they got.
#[derive(Clone)]
pub(crate) struct Script {
    pub(crate) behaviour: Arc<Mutex<BackendBehaviour>>,
    pub(crate) got: UnboundedSender<Got>,
    /// What follows the content of responses.
    pub(crate) trailers: Arc<Mutex<Option<HeaderMap>>>,
    /// How many connections all of them have taken.
    pub(crate) taken: Arc<AtomicUsize>,
}

/// An endpoint that speaks HTTP/1.1 and HTTP/2, perhaps over TLS. Returns where it listens.
pub(crate) async fn http(
    endpoint: &'static str,
    script: Script,
    tls: Option<&Identity>,
) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let acceptor = tls.map(|identity| TlsAcceptor::from(server(identity)));
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            script.taken.fetch_add(1, Ordering::SeqCst);
            let (script, acceptor) = (script.clone(), acceptor.clone());
            tokio::spawn(async move {
                match acceptor {
                    None => serve(endpoint, script, stream).await,
                    Some(acceptor) => {
                        if let Ok(stream) = acceptor.accept(stream).await {
                            serve(endpoint, script, stream).await;
                        }
                    }
                }
            });
        }
    });
    address
}

/// As [`http`], at a port of TCP and UDP: over TLS if the client begins with it, and it answers datagrams as [`udp`] does.
pub(crate) async fn any(
    endpoint: &'static str,
    script: Script,
    tls: Arc<ServerConfig>,
) -> SocketAddr {
    let (listener, socket) = loop {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        if let Ok(socket) = UdpSocket::bind(address).await {
            break (listener, socket);
        }
    };
    let address = listener.local_addr().unwrap();
    let acceptor = TlsAcceptor::from(tls);
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let (script, acceptor) = (script.clone(), acceptor.clone());
            tokio::spawn(async move {
                let mut first = [0];
                match stream.peek(&mut first).await {
                    Ok(1) if first == [22] => {
                        if let Ok(stream) = acceptor.accept(stream).await {
                            serve(endpoint, script, stream).await;
                        }
                    }
                    _ => serve(endpoint, script, stream).await,
                }
            });
        }
    });
    tokio::spawn(echo(endpoint, socket));
    address
}

/// A server with this certificate.
pub(crate) fn server(identity: &Identity) -> Arc<ServerConfig> {
    showing(Arc::new(SingleCertAndKey::from(certified(identity))))
}

/// A server that is whoever a client takes it for, by this authority.
pub(crate) fn anybody(by: Authority) -> Arc<ServerConfig> {
    showing(Arc::new(Anybody(by)))
}

#[derive(Debug)]
struct Anybody(Authority);

impl ResolvesServerCert for Anybody {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let identity = self.0.server(&[hello.server_name()?]);
        Some(Arc::new(certified(&identity)))
    }
}

fn certified(identity: &Identity) -> CertifiedKey {
    let chain = CertificateDer::pem_slice_iter(identity.chain.as_bytes());
    let key = PrivateKeyDer::from_pem_slice(identity.key.as_bytes()).unwrap();
    let provider = rustls::crypto::ring::default_provider();
    CertifiedKey::from_der(chain.collect::<Result<_, _>>().unwrap(), key, &provider).unwrap()
}

fn showing(certificates: Arc<dyn ResolvesServerCert>) -> Arc<ServerConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(certificates);
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Arc::new(config)
}

async fn serve(
    endpoint: &'static str,
    script: Script,
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
) {
    let service = service_fn(move |request| answer(endpoint, script.clone(), request));
    let server = auto::Builder::new(TokioExecutor::new());
    _ = server
        .serve_connection_with_upgrades(TokioIo::new(stream), service)
        .await;
}

async fn answer(
    endpoint: &'static str,
    script: Script,
    mut request: Request<Incoming>,
) -> Result<Response<UnsyncBoxBody<Bytes, Infallible>>, Infallible> {
    let behaviour = script.behaviour.lock().unwrap().clone();
    let switches = behaviour.status == StatusCode::SWITCHING_PROTOCOLS;
    if switches {
        let upgrade = hyper::upgrade::on(&mut request);
        tokio::spawn(async move {
            let (mut read, mut write) = split(TokioIo::new(upgrade.await.unwrap()));
            copy(&mut read, &mut write).await.unwrap();
        });
    }
    let (head, content) = request.into_parts();
    let content = match switches {
        true => Bytes::new(),
        false => content
            .collect()
            .await
            .map(Collected::to_bytes)
            .unwrap_or_default(),
    };
    _ = script.got.send(Got {
        endpoint,
        head,
        content,
    });
    tokio::time::sleep(behaviour.delay.into()).await;
    let trailers = script.trailers.lock().unwrap().clone().map(Ok);
    let content = Full::new(Bytes::from(endpoint)).with_trailers(std::future::ready(trailers));
    let mut response = Response::new(content.boxed_unsync());
    *response.status_mut() = behaviour.status;
    *response.headers_mut() = behaviour.headers;
    if switches {
        *response.body_mut() = Full::default().boxed_unsync();
        let headers: &mut HeaderMap = response.headers_mut();
        headers.insert("connection", HeaderValue::from_static("upgrade"));
        headers.insert("upgrade", HeaderValue::from_static("websocket"));
    }
    Ok(response)
}

/// An endpoint that takes one connection and keeps it, until it leaves: then it cannot be connected to either.
pub(crate) struct Leaving {
    pub(crate) address: SocketAddr,
    leave: Sender<()>,
    thread: JoinHandle<()>,
}

impl Leaving {
    /// An endpoint that answers so many requests with its name.
    pub(crate) fn new(endpoint: &'static str, requests: usize) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (leave, told) = channel();
        let thread = spawn(move || {
            let (stream, _) = listener.accept().unwrap();
            let mut lines = BufReader::new(&stream).lines();
            for _ in 0..requests {
                while !lines.next().unwrap().unwrap().is_empty() {}
                let length = endpoint.len();
                let answer =
                    format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{endpoint}");
                (&stream).write_all(answer.as_bytes()).unwrap();
            }
            told.recv().unwrap();
        });
        Self {
            address,
            leave,
            thread,
        }
    }

    /// Ends the connection, and returns when that is done. Nothing else of this thread runs meanwhile.
    pub(crate) fn leave(self) {
        self.leave.send(()).unwrap();
        self.thread.join().unwrap();
    }
}

/// An endpoint that says its name, and then what it gets.
pub(crate) async fn tcp(endpoint: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                let mut first = [0; 4];
                stream.read_exact(&mut first).await.unwrap();
                stream.write_all(endpoint.as_bytes()).await.unwrap();
                stream.write_all(&first).await.unwrap();
            });
        }
    });
    address
}

/// An endpoint that speaks first: it says its name, and nothing else.
pub(crate) async fn greeting(endpoint: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.write_all(endpoint.as_bytes()).await.unwrap();
        }
    });
    address
}

/// An endpoint that answers each datagram with its name and the datagram.
pub(crate) async fn udp(endpoint: &'static str) -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    tokio::spawn(echo(endpoint, socket));
    address
}

async fn echo(endpoint: &'static str, socket: UdpSocket) {
    let mut datagram = [0; 1500];
    loop {
        let (length, client) = socket.recv_from(&mut datagram).await.unwrap();
        let answer = [endpoint.as_bytes(), &datagram[..length]].concat();
        socket.send_to(&answer, client).await.unwrap();
    }
}
