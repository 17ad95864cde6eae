//! What pods of a namespace send to a port of a Service: the part of a sidecar, to which the network of the pod leads what it
//! sends out.

use crate::{
    Error,
    connection::{self, Caller},
    proxy::Shared,
    rewind::Rewind,
};
use gwapi::{
    meta::Transport,
    proxy::{MeshPort, ServiceKey},
};
use std::{io, sync::Arc};
use tokio::{io::AsyncReadExt, net::TcpStream};

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

/// Serves a client to the end of its connection. What it speaks shows in its first byte, which is waited for only where it
/// matters: at other ports the backend may be the one to speak first.
pub(crate) async fn serve(
    shared: &Arc<Shared>,
    key: &MeshKey,
    mut client: TcpStream,
) -> Result<(), Error> {
    let port = key.find(shared)?;
    if !port.depends_on_protocol() {
        return connection::relay(shared, &port.stream(false), client).await;
    }
    let mut first = Vec::with_capacity(1);
    if client.read_buf(&mut first).await? == 0 {
        return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
    }
    let over_tls = first.first() == Some(&HANDSHAKE);
    let client = Rewind::new(first, client);
    // There may be another configuration by now.
    let port = key.find(shared)?;
    match port.requests().is_some() && !over_tls {
        true => connection::requests(shared, Caller::Pod(key.clone()), client).await,
        false => connection::relay(shared, &port.stream(over_tls), client).await,
    }
}
