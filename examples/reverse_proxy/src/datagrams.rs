//! Datagrams: each client has a socket of its own to the endpoint that was chosen for it.

use crate::{Error, mesh::MeshKey, proxy::Shared};
use gwapi::proxy::{Accepted, BindKey, Stream};
use std::{collections::HashMap, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{net::UdpSocket, time::timeout};

/// How long a client keeps its socket while neither side sends anything.
const IDLE: Duration = Duration::from_secs(60);

/// The longest datagram.
const LONGEST: usize = 1 << 16;

/// Whose datagrams these are.
pub(crate) enum Source {
    /// Those of clients of a Gateway.
    Gateway(BindKey),
    /// Those of pods, to a Service.
    Mesh(MeshKey),
}

impl Source {
    /// Where the configuration in force leads them.
    fn stream(&self, shared: &Shared) -> Result<Stream, Error> {
        match self {
            Self::Gateway(key) => match shared.configuration().plane.accept(key) {
                Some(Accepted::Stream(stream)) => Ok(stream),
                _ => Err("no datagrams are taken here".into()),
            },
            Self::Mesh(key) => Ok(key.find(shared)?.stream(false)),
        }
    }
}

/// Carries datagrams to backends, and what these answer back.
pub(crate) async fn carry(shared: Arc<Shared>, source: Source, socket: UdpSocket) {
    let socket = Arc::new(socket);
    let mut ways: HashMap<SocketAddr, std::sync::Weak<UdpSocket>> = HashMap::new();
    let mut datagram = vec![0; LONGEST];
    loop {
        let Ok((length, client)) = socket.recv_from(&mut datagram).await else {
            continue;
        };
        let sent = datagram.get(..length).unwrap_or_default();
        let way = match ways.get(&client).and_then(std::sync::Weak::upgrade) {
            Some(way) => way,
            None => {
                ways.retain(|_, way| way.strong_count() > 0);
                // Datagrams that lead nowhere are dropped.
                let Ok(way) = connect(&shared, &source).await else {
                    continue;
                };
                let way = Arc::new(way);
                ways.insert(client, Arc::downgrade(&way));
                tokio::spawn(answer(socket.clone(), way.clone(), client));
                way
            }
        };
        _ = way.send(sent).await;
    }
}

/// A socket to the endpoint that is chosen for a client.
async fn connect(shared: &Shared, source: &Source) -> Result<UdpSocket, Error> {
    let stream = source.stream(shared)?;
    let connected = shared.draws(|draws| stream.connect(draws));
    let connected = connected.map_err(|why| why.to_string())?;
    let (host, port) = shared.dial(connected.endpoint.get())?;
    let socket = match host.contains(':') {
        true => UdpSocket::bind("[::]:0").await?,
        false => UdpSocket::bind("0.0.0.0:0").await?,
    };
    socket.connect((host, port)).await?;
    Ok(socket)
}

/// Takes what an endpoint answers to its client.
async fn answer(socket: Arc<UdpSocket>, way: Arc<UdpSocket>, client: SocketAddr) {
    let mut datagram = vec![0; LONGEST];
    while let Ok(Ok(length)) = timeout(IDLE, way.recv(&mut datagram)).await {
        let sent = datagram.get(..length).unwrap_or_default();
        if socket.send_to(sent, client).await.is_err() {
            return;
        }
    }
}
