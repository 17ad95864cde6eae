//! What pods of a namespace send to a port of a Service: the part of a sidecar, to which the network of the pod leads what it
//! sends out.

use crate::{
    Error,
    connection::{self, Caller},
    datagrams::{self, Source},
    proxy::Shared,
    rewind::Rewind,
};
use gwapi::{
    meta::Transport,
    proxy::{MeshPort, ServiceKey},
};
use std::{io, sync::Arc};
use tokio::{
    io::AsyncReadExt,
    net::{TcpListener, TcpStream},
};

/// The type of a record of TLS that carries a handshake, which a client begins with (RFC 8446, section 5.1).
const HANDSHAKE: u8 = 22;

/// A port of a Service, and whose requests to it are taken.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MeshKey {
    /// The Service.
    pub service: ServiceKey,
    /// What carries the traffic.
    pub transport: Transport,
    /// The number of the port.
    pub port: u16,
    /// The namespace of the pods: routes of a namespace are for its own pods alone, unless it is that of the Service (GEP-1426).
    pub client_namespace: String,
}

impl MeshKey {
    /// The port in the configuration in force.
    pub(crate) fn find(&self, shared: &Shared) -> Result<MeshPort, Error> {
        let plane = shared.configuration().plane;
        let found = plane.service(
            &self.service,
            self.transport,
            self.port,
            &self.client_namespace,
        );
        found.ok_or_else(|| "there is no such port".into())
    }
}

/// Takes connections. Those that were taken outlive the port.
pub(crate) async fn accept(shared: Arc<Shared>, key: MeshKey, listener: TcpListener) {
    loop {
        let Ok((client, _)) = listener.accept().await else {
            // Mostly there are too many open files.
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            continue;
        };
        _ = client.set_nodelay(true);
        let (shared, key) = (shared.clone(), key.clone());
        tokio::spawn(async move {
            // A connection that ends in disorder concerns nobody else.
            _ = serve(&shared, &key, client).await;
        });
    }
}

/// Serves a client to the end of its connection. What it speaks shows in its first byte.
async fn serve(shared: &Arc<Shared>, key: &MeshKey, mut client: TcpStream) -> Result<(), Error> {
    let mut first = Vec::with_capacity(1);
    if client.read_buf(&mut first).await? == 0 {
        return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
    }
    let over_tls = first.first() == Some(&HANDSHAKE);
    let client = Rewind::new(first, client);
    let port = key.find(shared)?;
    match port.requests().is_some() && !over_tls {
        true => connection::requests(shared, Caller::Pod(key.clone()), client).await,
        false => connection::relay(shared, &port.stream(over_tls), client).await,
    }
}

/// Carries datagrams.
pub(crate) async fn carry(shared: Arc<Shared>, key: MeshKey, socket: tokio::net::UdpSocket) {
    datagrams::carry(shared, Source::Mesh(key), socket).await;
}
