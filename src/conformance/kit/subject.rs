//! Whom scenarios are asked of.

use super::{cluster::Setup, error::SubjectError, need::Need};
use crate::{
    meta::FeatureName,
    sim::{Request, world::IssuedCertificate},
};
use http::{HeaderMap, StatusCode, response};
use serde_json::Value;
use std::time::Duration;

/// A data plane, or a part of one, that scenarios are asked of: a proxy in the process or over sockets, or
/// [only a matcher](super::RouteMatcher).
pub trait TestSubject {
    /// Its name in reports.
    fn name(&self) -> String;

    /// Puts these objects in force, in place of all that were before.
    ///
    /// # Errors
    ///
    /// When that cannot be done: the scenario fails.
    fn configure(&mut self, setup: &Setup) -> Result<(), SubjectError>;

    /// Sends what a client asks, and says what client and backends saw of it.
    ///
    /// # Errors
    ///
    /// When it could not even be tried: the scenario fails. That a connection is refused is no error but [`Ended::Refused`].
    fn send(&mut self, ask: &Ask) -> Result<Observed, SubjectError>;

    /// Whether it has a feature: scenarios of others are left out.
    fn supports(&self, feature: &FeatureName) -> bool {
        let _ = feature;
        true
    }

    /// What scenarios may need and it does not have: those that need it are skipped, and reports say so.
    fn lacks(&self) -> &[Need] {
        &[]
    }

    /// Whether it draws what it is told ([`Ask::draw`]). Then shares are looked at exactly, else within what chance allows; what
    /// depends on a choice is asked again until it is the one that is expected, and a session is asked for several times.
    fn draws_as_told(&self) -> bool {
        false
    }

    /// The objects with their statuses, at least those that have one. Asked only of subjects that do not lack [`Need::Statuses`].
    fn statuses(&mut self) -> Vec<Value> {
        Vec::new()
    }

    /// Lets time pass. Asked only of subjects that do not lack [`Need::Clock`].
    fn advance(&mut self, by: Duration) {
        let _ = by;
    }

    /// Why the last request ended as it did, for people.
    fn why(&self) -> Vec<String> {
        Vec::new()
    }
}

/// What a client asks.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Ask {
    /// The request or connection, the client, and what backends do.
    pub request: Request,
    /// The number that is drawn wherever something is chosen: the rest of its division by how many there are to choose from.
    pub draw: u64,
    /// The certificate and key that the client shows.
    pub identity: Option<IssuedCertificate>,
    /// The authority that the client trusts, PEM.
    pub trusted: String,
    /// What the client sends once its connection is switched to WebSocket (101): a frame of text and one of bytes. Backends send
    /// everything back. Empty for a client that asks for no such switch.
    pub frames: Vec<u8>,
}

impl Ask {
    /// Whether a response is expected, and not a connection or a datagram that goes through.
    pub(super) fn is_http(&self) -> bool {
        let scheme = self.request.uri.scheme_str().unwrap_or_default();
        matches!(scheme, "http" | "https")
    }
}

/// What client and backends saw.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Observed {
    /// What the client got.
    pub ended: Ended,
    /// The endpoints that were reached, copies for mirrors included, in any order.
    pub reached: Vec<Reached>,
    /// What of [`Ask::frames`] came back to the client, as bytes. A subject that does not know it lacks [`Need::Upgrades`].
    pub echoed: Vec<u8>,
}

impl Observed {
    /// What the client got, and the endpoints that were reached.
    #[must_use]
    pub const fn new(ended: Ended, reached: Vec<Reached>) -> Self {
        Self {
            ended,
            reached,
            echoed: Vec::new(),
        }
    }

    /// The same, and what came back to the client after the switch to another protocol.
    #[must_use]
    pub fn with_echo(mut self, echoed: Vec<u8>) -> Self {
        self.echoed = echoed;
        self
    }

    /// Whether the connection of the client was switched to another protocol.
    pub(super) fn is_switched(&self) -> bool {
        let Ended::Response(head) = &self.ended else {
            return false;
        };
        head.status == StatusCode::SWITCHING_PROTOCOLS
    }
}

/// What a client got.
#[derive(Clone, Debug)]
pub enum Ended {
    /// A response; trailers are among its headers.
    Response(response::Parts),
    /// A connection that goes through to a backend, or the reply to a datagram.
    Passed,
    /// Nothing of HTTP: no connection, no TLS, or a connection that was closed.
    Refused,
    /// Nobody looked, but for whether a route takes the request: as of [a matcher](super::RouteMatcher).
    Unseen {
        /// Whether it does.
        matched: bool,
    },
}

/// An endpoint that was reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reached {
    /// Which: `address:port` as [`KitEndpoint`](super::KitEndpoint) has it, or `namespace/name` of its Service.
    pub endpoint: String,
    /// The request as it came there, where that is known.
    pub request: Option<SeenRequest>,
}

/// A request as a backend got it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SeenRequest {
    /// The method.
    pub method: String,
    /// The host, with a port where there is one.
    pub host: String,
    /// The path with the query.
    pub path: String,
    /// What was spoken: `http/1.1`, `h2`, `h2c` or `websocket`. A subject that does not know it lacks [`Need::BackendProtocols`].
    pub protocol: String,
    /// The headers.
    pub headers: HeaderMap,
}
