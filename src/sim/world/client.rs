//! Clients of a world.

use crate::{
    certificate::CertificateChain,
    meta::NamespacedName,
    sim::{Answer, Client, ClientMemory, Protocol, Request},
};
use http::{HeaderValue, Method, header::CONTENT_TYPE};
use k8s_openapi::jiff::Timestamp;
use std::{net::IpAddr, time::SystemTime};

/// A client: where it is, what it speaks, which certificates it shows, and what it keeps.
///
/// TLS, TCP and UDP follow from the URL: `https://…` and `tls://…` begin with TLS, and `tcp://…` and `udp://…` speak something
/// of which no more is known.
#[derive(Clone, Debug)]
pub struct WorldClient {
    /// Its name in the trace.
    pub name: String,
    /// Where it is.
    pub place: ClientPlace,
    /// What it speaks.
    pub speaks: Speaks,
    /// The server name that it sends in TLS, where that is not the host of the URL.
    pub sni: Option<String>,
    /// The certificates that it shows.
    pub certificates: Option<CertificateChain>,
    /// What it keeps between its requests.
    pub memory: ClientMemory,
}

/// Where a client is, and how it finds whom it asks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ClientPlace {
    /// Outside: it reaches the Gateway that answers for the port and host of the URL.
    #[default]
    Outside,
    /// Outside, and it reaches this Gateway.
    AtGateway(NamespacedName),
    /// Outside, and it connects to this address, of a Gateway.
    AtAddress(IpAddr),
    /// A pod: it reaches Services by their names, or by the address in the URL.
    Pod(Client),
}

/// What a client speaks where it speaks HTTP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Speaks {
    /// HTTP/1.1.
    #[default]
    Http1,
    /// HTTP/2.
    Http2,
    /// gRPC: HTTP/2, each request a `POST` of `application/grpc`.
    Grpc,
    /// WebSocket: HTTP/1.1 with an upgrade.
    WebSocket,
}

impl WorldClient {
    /// Someone outside.
    #[must_use]
    pub fn outside(name: impl Into<String>) -> Self {
        Self::at(name, ClientPlace::Outside)
    }

    /// A pod of a namespace, with labels as in `shop/app=cart`.
    ///
    /// # Errors
    ///
    /// A text that names no namespace.
    pub fn pod(name: impl Into<String>, place: &str) -> Result<Self, crate::sim::ClientError> {
        Ok(Self::at(name, ClientPlace::Pod(place.parse()?)))
    }

    /// A client at a place.
    #[must_use]
    pub fn at(name: impl Into<String>, place: ClientPlace) -> Self {
        Self {
            name: name.into(),
            place,
            speaks: Speaks::default(),
            sni: None,
            certificates: None,
            memory: ClientMemory::default(),
        }
    }

    /// Makes a request that of this client.
    pub(super) fn prepare(&self, request: &mut Request, now: SystemTime, at: Option<Timestamp>) {
        match &self.place {
            ClientPlace::Outside => {}
            ClientPlace::AtGateway(gateway) => request.gateway = Some(gateway.clone()),
            ClientPlace::AtAddress(address) => request.address = Some(*address),
            ClientPlace::Pod(pod) => request.client = Some(pod.clone()),
        }
        request.protocol = match self.speaks {
            Speaks::Http1 => Protocol::Http1,
            Speaks::Http2 | Speaks::Grpc => Protocol::Http2,
            Speaks::WebSocket => Protocol::WebSocket,
        };
        if self.speaks == Speaks::Grpc {
            request.method = Method::POST;
            let grpc = HeaderValue::from_static("application/grpc");
            _ = request.headers.try_insert(CONTENT_TYPE, grpc);
        }
        if self.sni.is_some() {
            request.sni.clone_from(&self.sni);
        }
        if let (Some(shown), Some(at)) = (&self.certificates, at) {
            request.client_certificate = Some((shown.clone(), at));
        }
        self.memory.prepare(request, now);
    }

    /// Keeps what an answer brings. Returns, as sentences, what the client does not take.
    pub(super) fn learn(
        &mut self,
        request: &Request,
        answer: &Answer,
        now: SystemTime,
    ) -> Vec<String> {
        let dropped = self.memory.learn(request, answer, now);
        dropped.iter().map(ToString::to_string).collect()
    }
}
