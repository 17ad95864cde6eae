//! What is spoken to a backend.

use crate::{
    attachment::effective::{AppProtocol, EffectiveBackendPort},
    filters::tokens,
};
use http::HeaderValue;

/// What is spoken to a backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EndpointProtocol {
    /// HTTP/1.1, perhaps over TLS.
    Http1,
    /// HTTP/2 over TLS, by ALPN.
    Http2,
    /// HTTP/2 in cleartext, with prior knowledge.
    H2c,
    /// HTTP/1.1, perhaps over TLS, that is to be upgraded to WebSocket.
    WebSocket,
}

impl EndpointProtocol {
    /// What the Service port's `appProtocol` asks for (GEP-1911), else what the request needs: gRPC is HTTP/2.
    ///
    /// A BackendTLSPolicy decides on TLS alone, and `appProtocol` on the version of HTTP: what speaks HTTP/2 in cleartext
    /// (`kubernetes.io/h2c`) speaks it over TLS where a policy applies.
    pub(super) fn of(
        backend: &EffectiveBackendPort,
        calls: bool,
        upgrade: Option<&HeaderValue>,
    ) -> Self {
        let asked = backend.app_protocol.as_deref().map(AppProtocol::of);
        let http2 = match asked {
            Some(AppProtocol::Http2 | AppProtocol::Http2OverTls) => true,
            _ => calls,
        };
        match (http2, backend.tls.is_some()) {
            (true, true) => Self::Http2,
            (true, false) => Self::H2c,
            (false, _) if upgrade.is_some_and(is_websocket) => Self::WebSocket,
            (false, _) => Self::Http1,
        }
    }

    /// The text: `http/1.1`, `h2`, `h2c` or `websocket`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Http1 => "http/1.1",
            Self::Http2 => "h2",
            Self::H2c => "h2c",
            Self::WebSocket => "websocket",
        }
    }

    /// Whether it is HTTP/2, over TLS or in cleartext; all others are HTTP/1.1.
    #[must_use]
    pub const fn is_http2(self) -> bool {
        match self {
            Self::Http2 | Self::H2c => true,
            Self::Http1 | Self::WebSocket => false,
        }
    }

    /// Whether a connection that speaks it can be switched to another protocol. HTTP/2 has no `Upgrade` (RFC 9113, section
    /// 8.6).
    #[must_use]
    pub const fn switches(self) -> bool {
        !self.is_http2()
    }
}

/// Whether WebSocket is among the protocols of an `Upgrade` header (RFC 6455, section 4.2.1).
fn is_websocket(upgrade: &HeaderValue) -> bool {
    let mut names = tokens(upgrade.as_bytes());
    names.any(|name| name.eq_ignore_ascii_case(b"websocket"))
}
