//! Ports that are bound, and their sockets, which outlive a change of the configuration where the next one binds the same.

use crate::{connection, datagrams, mesh, mesh::MeshKey, proxy::Shared};
use gwapi::{meta::Transport, proxy::BindKey};
use std::{io, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream, UdpSocket},
    sync::oneshot,
    task::JoinHandle,
};

/// Whose connections and datagrams are taken.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    /// Those of clients of a Gateway.
    Gateway(BindKey),
    /// Those of pods, to a Service.
    Mesh(MeshKey),
}

impl Source {
    fn transport(&self) -> Transport {
        match self {
            Self::Gateway(key) => key.transport,
            Self::Mesh(key) => key.transport,
        }
    }
}

/// A socket that takes connections or datagrams.
enum Socket {
    Tcp(TcpListener),
    Udp(UdpSocket),
}

impl Socket {
    async fn bind(transport: Transport, at: SocketAddr) -> io::Result<Self> {
        Ok(match transport {
            Transport::Tcp => Self::Tcp(TcpListener::bind(at).await?),
            Transport::Udp => Self::Udp(UdpSocket::bind(at).await?),
        })
    }

    fn address(&self) -> io::Result<SocketAddr> {
        match self {
            Self::Tcp(listener) => listener.local_addr(),
            Self::Udp(socket) => socket.local_addr(),
        }
    }
}

/// The socket of a port that was given up, which another port can take over. Dropped, it is closed.
pub(crate) struct Freed {
    asked: SocketAddr,
    socket: Socket,
}

impl Freed {
    /// Whether a port that is to be bound there can have the socket. At port 0 each one gets a port of its own.
    fn fits(&self, transport: Transport, at: SocketAddr) -> bool {
        let same = match &self.socket {
            Socket::Tcp(_) => transport == Transport::Tcp,
            Socket::Udp(_) => transport == Transport::Udp,
        };
        same && self.asked == at && at.port() != 0
    }
}

/// Takes from the sockets that were given up the one for a port that is to be bound there.
pub(crate) fn taken_over(
    freed: &mut Vec<Freed>,
    transport: Transport,
    at: SocketAddr,
) -> Option<Freed> {
    let place = freed.iter().position(|freed| freed.fits(transport, at))?;
    Some(freed.swap_remove(place))
}

/// A port that is bound. It takes connections, or datagrams, until it is dropped.
pub(crate) struct Port {
    asked: SocketAddr,
    pub(crate) address: SocketAddr,
    /// Dropped when the port is to take nothing more.
    stop: oneshot::Sender<()>,
    task: JoinHandle<Option<Socket>>,
}

impl Port {
    /// Takes what comes to an address, at a socket that was given up if there is one.
    pub(crate) async fn open(
        shared: &Arc<Shared>,
        source: Source,
        at: SocketAddr,
        freed: Option<Freed>,
    ) -> io::Result<Self> {
        let socket = match freed {
            Some(freed) => freed.socket,
            None => Socket::bind(source.transport(), at).await?,
        };
        let address = socket.address()?;
        let (stop, stopped) = oneshot::channel();
        let shared = shared.clone();
        let task = tokio::spawn(async move {
            match socket {
                Socket::Tcp(listener) => {
                    accept(&shared, &source, &listener, stopped).await;
                    Some(Socket::Tcp(listener))
                }
                Socket::Udp(socket) => {
                    let socket = datagrams::carry(&shared, &source, socket, stopped).await;
                    socket.map(Socket::Udp)
                }
            }
        });
        Ok(Self {
            asked: at,
            address,
            stop,
            task,
        })
    }

    /// Whether it was bound there, and not at a port of the system's choice.
    pub(crate) fn is_at(&self, at: SocketAddr) -> bool {
        self.asked == at && at.port() != 0
    }

    /// Takes nothing more. Returns the socket once nobody else has it.
    pub(crate) async fn give_up(self) -> Option<Freed> {
        drop(self.stop);
        let socket = self.task.await.ok()??;
        Some(Freed {
            asked: self.asked,
            socket,
        })
    }
}

/// Takes connections until it is stopped. Those that were taken outlive the port.
async fn accept(
    shared: &Arc<Shared>,
    source: &Source,
    listener: &TcpListener,
    mut stopped: oneshot::Receiver<()>,
) {
    loop {
        let accepted = tokio::select! {
            // Whoever waits for the socket to be given up takes over the clients that wait, too.
            biased;
            _ = &mut stopped => return,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, _)) = accepted else {
            // Mostly there are too many open files.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        _ = stream.set_nodelay(true);
        serve(shared, source, stream);
    }
}

/// Serves a client, in a task of its own: a connection that ends in disorder concerns nobody else.
fn serve(shared: &Arc<Shared>, source: &Source, client: TcpStream) {
    let shared = shared.clone();
    match source {
        Source::Gateway(key) => {
            if let Some(accepted) = shared.configuration().plane.accept(key) {
                tokio::spawn(async move { _ = connection::serve(&shared, accepted, client).await });
            }
        }
        Source::Mesh(key) => {
            let key = key.clone();
            tokio::spawn(async move { _ = mesh::serve(&shared, &key, client).await });
        }
    }
}
