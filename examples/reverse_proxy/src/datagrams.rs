//! Datagrams: each client has a socket of its own to the endpoint that was chosen for it.

use crate::{Error, ports::Source, proxy::Shared};
use gwapi::proxy::{Accepted, Connected, Stream};
use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    net::UdpSocket,
    sync::oneshot,
    task::{AbortHandle, JoinSet},
    time::{Instant, timeout_at},
};

/// The longest datagram.
const LONGEST: usize = 1 << 16;

impl Source {
    /// Where the configuration in force leads datagrams.
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

/// A client's way to its endpoint, and back.
struct Flow {
    connected: Connected,
    to_endpoint: Arc<UdpSocket>,
    last: Arc<LastSent>,
    answers: AbortHandle,
}

impl Drop for Flow {
    fn drop(&mut self) {
        self.answers.abort();
    }
}

/// When one of the two sides has last sent anything.
struct LastSent(Mutex<Instant>);

impl LastSent {
    fn now() -> Self {
        Self(Mutex::new(Instant::now()))
    }

    fn touch(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    fn at(&self) -> Instant {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Carries datagrams to backends, and what these answer back, until it is stopped. Returns the socket once nobody else has it.
pub(crate) async fn carry(
    shared: &Arc<Shared>,
    source: &Source,
    socket: UdpSocket,
    mut stopped: oneshot::Receiver<()>,
) -> Option<UdpSocket> {
    let socket = Arc::new(socket);
    let mut flows: HashMap<SocketAddr, Flow> = HashMap::new();
    let mut answers = JoinSet::new();
    let mut changes = shared.changes();
    let mut datagram = vec![0; LONGEST];
    loop {
        let received = tokio::select! {
            // What comes after a change goes where that leads.
            biased;
            _ = &mut stopped => break,
            changed = changes.changed() => match changed {
                Ok(()) => {
                    leave_what_is_gone(&mut flows, source.stream(shared).ok().as_ref());
                    continue;
                }
                Err(_) => break,
            },
            // The socket of a flow that is over is closed, though no client comes.
            Some(ended) = answers.join_next(), if !answers.is_empty() => {
                if let Ok(client) = ended
                    && flows.get(&client).is_some_and(|flow: &Flow| flow.answers.is_finished())
                {
                    flows.remove(&client);
                }
                continue;
            }
            received = socket.recv_from(&mut datagram) => received,
        };
        let Ok((length, client)) = received else {
            continue;
        };
        let sent = datagram.get(..length).unwrap_or_default();
        if flows
            .get(&client)
            .is_none_or(|flow| flow.answers.is_finished())
        {
            // Anybody can send with an address that is none: no more than so many are carried at once.
            if flows.len() >= shared.network.limits.datagrams {
                continue;
            }
            // Datagrams that lead nowhere are dropped.
            let connected = tokio::select! {
                biased;
                _ = &mut stopped => break,
                connected = connect(shared, source) => connected,
            };
            let Ok((connected, to_endpoint)) = connected else {
                continue;
            };
            let (to_endpoint, last) = (Arc::new(to_endpoint), Arc::new(LastSent::now()));
            let idle = shared.network.limits.idle_datagrams;
            let back = (socket.clone(), client);
            let answers = answers.spawn(answer(back, to_endpoint.clone(), last.clone(), idle));
            let flow = Flow {
                connected,
                to_endpoint,
                last,
                answers,
            };
            flows.insert(client, flow);
        }
        if let Some(flow) = flows.get(&client) {
            flow.last.touch();
            _ = flow.to_endpoint.send(sent).await;
        }
    }
    drop(flows);
    answers.shutdown().await;
    Arc::into_inner(socket)
}

/// Ends the flows whose endpoint the configuration in force does not lead to any more: the client's next datagram is led
/// anew.
fn leave_what_is_gone(flows: &mut HashMap<SocketAddr, Flow>, stream: Option<&Stream>) {
    flows.retain(|_, flow| stream.is_some_and(|stream| stream.leads_to(&flow.connected)));
}

/// A socket to the endpoint that is chosen for a client.
async fn connect(shared: &Shared, source: &Source) -> Result<(Connected, UdpSocket), Error> {
    let stream = source.stream(shared)?;
    let connected = shared.draws(|draws| stream.connect(draws));
    let connected = connected.map_err(|why| why.to_string())?;
    let (host, port) = shared.dial(connected.endpoint.get())?;
    let socket = match host.contains(':') {
        true => UdpSocket::bind("[::]:0").await?,
        false => UdpSocket::bind("0.0.0.0:0").await?,
    };
    socket.connect((host, port)).await?;
    Ok((connected, socket))
}

/// Takes what an endpoint answers to its client, until neither side has sent anything for a while. Returns the client.
async fn answer(
    (socket, client): (Arc<UdpSocket>, SocketAddr),
    from_endpoint: Arc<UdpSocket>,
    last: Arc<LastSent>,
    idle: Duration,
) -> SocketAddr {
    let mut datagram = vec![0; LONGEST];
    loop {
        let end = last.at() + idle;
        match timeout_at(end, from_endpoint.recv(&mut datagram)).await {
            Ok(Ok(length)) => {
                last.touch();
                let sent = datagram.get(..length).unwrap_or_default();
                if socket.send_to(sent, client).await.is_err() {
                    return client;
                }
            }
            // Nobody is there any more.
            Ok(Err(_)) => return client,
            // The client may have sent something meanwhile.
            Err(_) if last.at() + idle > end => {}
            Err(_) => return client,
        }
    }
}
