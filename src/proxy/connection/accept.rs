//! A connection that a client opens at a port, or a datagram that it sends there.

use super::{
    bind::{Bind, Opening},
    handshake::Hello,
    http_session::HttpSession,
    stream::Stream,
};
use std::sync::Arc;

/// A connection that a client has opened, or a datagram that it has sent.
#[derive(Clone, Debug)]
pub enum Accepted {
    /// The client has to begin with TLS.
    Hello(Hello),
    /// The client speaks HTTP in cleartext.
    Session(HttpSession),
    /// All that the client sends goes on to a backend.
    Stream(Stream),
}

impl Bind {
    /// Takes a connection, or a datagram, of a client.
    #[must_use]
    pub fn accept(self: &Arc<Self>) -> Accepted {
        match self.opening() {
            Opening::Tls => Accepted::Hello(Hello::new(self)),
            Opening::Request => Accepted::Session(HttpSession::cleartext(self)),
            Opening::Anything(listener) => Accepted::Stream(Stream::of_connections(self, listener)),
        }
    }
}
