//! What the `appProtocol` of a Service port says.

/// What a backend speaks, as the `appProtocol` of its Service port says (GEP-1911).
///
/// The names are those of the Kubernetes Standard Application Protocols (KEP-3726), compared as they stand, and those of the
/// IANA registry of services, in any case (RFC 6335, section 5.1), with a few that are none and that everyone uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AppProtocol {
    /// It says nothing: the text is empty, or names no more than TCP.
    Unsaid,
    /// HTTP/1.1 in cleartext.
    Http,
    /// HTTP/2 in cleartext with prior knowledge (`kubernetes.io/h2c`), or gRPC.
    Http2,
    /// WebSocket in cleartext (`kubernetes.io/ws`).
    WebSocket,
    /// HTTP over TLS.
    HttpOverTls,
    /// HTTP/2 over TLS (`h2`).
    Http2OverTls,
    /// WebSocket over TLS (`kubernetes.io/wss`).
    WebSocketOverTls,
    /// TLS, with whatever is inside.
    Tls,
    /// Something that is not known here.
    Unknown,
}

impl AppProtocol {
    /// Reads a text.
    #[must_use]
    pub fn of(text: &str) -> Self {
        const NAMES: &[(&str, AppProtocol)] = &[
            ("", AppProtocol::Unsaid),
            ("tcp", AppProtocol::Unsaid),
            ("http", AppProtocol::Http),
            ("http1", AppProtocol::Http),
            ("http/1.1", AppProtocol::Http),
            ("http-alt", AppProtocol::Http),
            ("www", AppProtocol::Http),
            ("www-http", AppProtocol::Http),
            ("grpc-web", AppProtocol::Http),
            ("http2", AppProtocol::Http2),
            ("h2c", AppProtocol::Http2),
            ("grpc", AppProtocol::Http2),
            ("ws", AppProtocol::WebSocket),
            ("https", AppProtocol::HttpOverTls),
            ("h2", AppProtocol::Http2OverTls),
            ("wss", AppProtocol::WebSocketOverTls),
            ("tls", AppProtocol::Tls),
            ("ssl", AppProtocol::Tls),
        ];
        match text {
            "kubernetes.io/h2c" => return Self::Http2,
            "kubernetes.io/ws" => return Self::WebSocket,
            "kubernetes.io/wss" => return Self::WebSocketOverTls,
            _ => {}
        }
        let mut names = NAMES.iter();
        names
            .find(|(name, _)| name.eq_ignore_ascii_case(text))
            .map_or(Self::Unknown, |(_, protocol)| *protocol)
    }

    /// Whether it is spoken over TLS alone. A data plane needs a BackendTLSPolicy then, which says whom to trust.
    #[must_use]
    pub fn needs_tls(self) -> bool {
        matches!(
            self,
            Self::HttpOverTls | Self::Http2OverTls | Self::WebSocketOverTls | Self::Tls
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn standard_protocols_are_compared_as_they_stand_and_iana_names_in_any_case() {
        for (text, protocol) in [
            ("kubernetes.io/h2c", AppProtocol::Http2),
            ("kubernetes.io/ws", AppProtocol::WebSocket),
            ("kubernetes.io/wss", AppProtocol::WebSocketOverTls),
            ("kubernetes.io/H2C", AppProtocol::Unknown),
            ("kubernetes.io/http", AppProtocol::Unknown),
            ("gateway.networking.k8s.io/http", AppProtocol::Unknown),
            ("mycompany.com/foo", AppProtocol::Unknown),
            ("HTTPS", AppProtocol::HttpOverTls),
            ("Http-Alt", AppProtocol::Http),
            ("redis", AppProtocol::Unknown),
            ("", AppProtocol::Unsaid),
        ] {
            assert_eq!(AppProtocol::of(text), protocol, "{text}");
        }
        assert!(AppProtocol::of("wss").needs_tls());
        assert!(!AppProtocol::of("ws").needs_tls());
    }
}
