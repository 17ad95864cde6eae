//! How a request gets to the proxy, and who is at the other end of what is below HTTP.

use crate::{
    clients::{Client, Tls, handshake, read},
    world::get,
};
use gwapi::{
    meta::{NamespacedName, ObjectRef, Transport},
    proxy::{BindKey, ServiceKey},
    sim::{Answer, Request},
};
use reverse_proxy::{MeshKey, Proxy};
use std::{net::SocketAddr, time::Duration};
use tokio::{
    net::{TcpStream, UdpSocket},
    time::timeout,
};

/// Whether a client begins with TLS.
pub(crate) fn is_tls(asked: &Request) -> bool {
    matches!(asked.uri.scheme_str(), Some("https" | "tls"))
}

/// The server name that a client sends, if it begins with TLS.
pub(crate) fn server_name(asked: &Request) -> Option<&str> {
    let name = asked.sni.as_deref().or(asked.uri.host());
    name.filter(|_| is_tls(asked))
}

/// The port to which a client connects.
pub(crate) fn number(asked: &Request) -> u16 {
    let default = if is_tls(asked) { 443 } else { 80 };
    asked.port.or(asked.uri.port_u16()).unwrap_or(default)
}

/// What carries a request.
pub(crate) fn transport(asked: &Request) -> Transport {
    match asked.uri.scheme_str() {
        Some("udp") => Transport::Udp,
        _ => Transport::Tcp,
    }
}

/// The socket of the proxy to which a request goes, for the Gateway or the Service that the simulator names. None if the proxy has
/// none.
pub(crate) async fn socket(
    proxy: &mut Proxy,
    asked: &Request,
    said: &Answer,
) -> Option<SocketAddr> {
    let named = |object: &ObjectRef| NamespacedName::new(&*object.namespace, &*object.name);
    let (transport, port) = (transport(asked), number(asked));
    if let Some(gateway) = &said.gateway {
        let key = BindKey {
            gateway: named(gateway),
            transport,
            port,
        };
        return proxy.address(&key);
    }
    let service = said.service.as_ref()?;
    let client = asked.client.as_ref();
    let key = MeshKey {
        service: ServiceKey {
            name: named(service),
            import: service.kind == "ServiceImport",
        },
        transport,
        port,
        client_namespace: client
            .map_or(&service.namespace, |client| &client.namespace)
            .clone(),
    };
    let here = SocketAddr::from(([127, 0, 0, 1], 0));
    Some(proxy.bind_mesh(key, here).await.unwrap())
}

/// Who is at the other end of a connection, or answers a datagram. None if nobody does.
pub(crate) async fn served(address: SocketAddr, asked: &Request, tls: &Tls<'_>) -> Option<String> {
    match transport(asked) {
        Transport::Udp => datagram(address).await,
        Transport::Tcp => bytes(address, asked, tls).await,
    }
}

/// Who answers a datagram.
async fn datagram(address: SocketAddr) -> Option<String> {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    socket.connect(address).await.unwrap();
    socket.send(b"?").await.unwrap();
    let mut back = [0; 100];
    let received = timeout(Duration::from_millis(500), socket.recv(&mut back)).await;
    let length = received.ok()?.ok()?;
    let text = std::str::from_utf8(&back[..length]).unwrap();
    text.strip_suffix('?').map(str::to_owned)
}

/// Who is at the other end of a stream: the endpoints here speak HTTP, inside of TLS if the client begins with that.
async fn bytes(address: SocketAddr, asked: &Request, tls: &Tls<'_>) -> Option<String> {
    let inside = get("http://inside.example/");
    let stream = TcpStream::connect(address).await.unwrap();
    let client = match server_name(asked) {
        None => Client::over(&inside, stream).await,
        Some(name) => {
            let stream = handshake(stream, name, &[b"http/1.1"], tls).await?;
            Client::over(&inside, stream).await
        }
    };
    let response = client?.send(&inside, "").await?;
    Some(read(response).await.content)
}
