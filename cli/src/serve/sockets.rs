//! The `binds` and `accept` of `gwapi serve`: what a program with sockets of its own listens on, and how a connection begins.

use gwapi::{
    meta::{NamespacedName, ObjectRef, Transport},
    proxy::{Accepted, Authenticated, BindKey, ClientHello, DataPlane, Hello, TlsSettings},
};
use serde::{Deserialize, Serialize};

/// A port of a Gateway to listen on.
#[derive(Debug, Serialize)]
pub(super) struct Bound {
    gateway: ObjectRef,
    transport: &'static str,
    port: u16,
    addresses: Vec<String>,
}

/// The ports to listen on.
pub(super) fn binds(plane: &DataPlane) -> Vec<Bound> {
    let binds = plane.binds().map(|bind| {
        let key = bind.key();
        let gateway = plane.effective().gateways.get(&key.gateway);
        let addresses = gateway.map(|gateway| gateway.addresses.iter());
        Bound {
            gateway: ObjectRef {
                group: gwapi::meta::GROUP.to_owned(),
                kind: "Gateway".to_owned(),
                namespace: key.gateway.namespace.clone(),
                name: key.gateway.name.clone(),
            },
            transport: match key.transport {
                Transport::Tcp => "TCP",
                Transport::Udp => "UDP",
            },
            port: key.port,
            addresses: addresses
                .into_iter()
                .flatten()
                .map(|address| address.value.clone())
                .collect(),
        }
    });
    binds.collect()
}

/// A connection as it comes to a port.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Incoming {
    gateway: String,
    transport: Option<String>,
    port: u16,
    client_hello: Option<Said>,
}

/// What a client says first in TLS.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Said {
    server_name: Option<String>,
}

/// What becomes of a connection.
#[derive(Debug, Serialize)]
#[serde(tag = "as", rename_all = "camelCase")]
pub(super) enum Taken {
    /// Nobody listens there.
    Nobody,
    /// Requests in cleartext are read from it.
    Http,
    /// It goes on as it is.
    Stream,
    /// The client has to begin with TLS.
    Tls,
    /// TLS ends here.
    Terminate(Box<Terminated>),
    /// TLS goes on as it is.
    Passthrough,
    /// The handshake is refused.
    Refuse { why: String },
}

/// How a handshake goes on.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Terminated {
    inside: &'static str,
    certificate: Option<String>,
    private_key: Option<String>,
    protocols: Vec<String>,
    client_certificates: &'static str,
}

impl Incoming {
    /// What becomes of it.
    ///
    /// # Errors
    ///
    /// The port is not named as it has to be, or the client says something that nobody hears.
    pub(super) fn taken(&self, plane: &DataPlane) -> Result<Taken, String> {
        let gateway = &self.gateway;
        let (namespace, name) = gateway
            .split_once('/')
            .ok_or_else(|| format!("`gateway`: expected `NAMESPACE/NAME`, not `{gateway}`"))?;
        let transport = match self.transport.as_deref() {
            None | Some("TCP") => Transport::Tcp,
            Some("UDP") => Transport::Udp,
            Some(other) => {
                return Err(format!(
                    "`transport`: expected `TCP` or `UDP`, not `{other}`"
                ));
            }
        };
        let key = BindKey {
            gateway: NamespacedName::new(namespace, name),
            transport,
            port: self.port,
        };
        Ok(match (plane.accept(&key), &self.client_hello) {
            (None, _) => Taken::Nobody,
            (Some(Accepted::Hello(_)), None) => Taken::Tls,
            (Some(Accepted::Hello(hello)), Some(said)) => said.met(&hello),
            (Some(Accepted::Session(_)), None) => Taken::Http,
            (Some(Accepted::Stream(_)), None) => Taken::Stream,
            (Some(_), Some(_)) => {
                return Err("`clientHello`: no TLS is expected on the port".to_owned());
            }
        })
    }
}

impl Said {
    fn met(&self, hello: &Hello) -> Taken {
        match hello.client_hello(self.server_name.as_deref()) {
            ClientHello::Passthrough(_) => Taken::Passthrough,
            ClientHello::Refuse(why) => Taken::Refuse {
                why: why.to_string(),
            },
            ClientHello::Terminate(settings) => Taken::Terminate(Box::new((&settings).into())),
        }
    }
}

impl From<&TlsSettings> for Terminated {
    fn from(settings: &TlsSettings) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let pair = settings.certificate().map(|certificate| &certificate.pair);
        Self {
            inside: match settings.trusted() {
                Authenticated::Session(_) => "http",
                Authenticated::Stream(_) => "stream",
            },
            certificate: pair.map(|pair| text(pair.chain())),
            private_key: pair.map(|pair| text(pair.key().pem())),
            protocols: settings.protocols().iter().map(|one| text(one)).collect(),
            client_certificates: match settings.client_validation() {
                None => "none",
                Some(_) if settings.needs_certificate() => "required",
                Some(_) => "optional",
            },
        }
    }
}
