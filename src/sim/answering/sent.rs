//! Requests as they are sent on, put into an answer.

use crate::{
    attachment::effective::EffectiveBackendPort,
    proxy::{EndpointProtocol, Mirrored},
    sim::{BackendName, EndpointName, Forwarded, Mirror, Protocol, Request},
};
use http::{header::HOST, request};

/// A copy of a request.
pub(super) fn copied(copy: Mirrored) -> Option<Mirror> {
    Some(Mirror {
        backend: BackendName::of(copy.backend.effective()),
        endpoint: EndpointName::chosen(&copy.endpoint)?,
        forwarded: as_sent(copy.request, copy.endpoint.port(), copy.protocol),
    })
}

/// The request as a backend with these endpoints gets it.
pub(super) fn as_sent(
    parts: request::Parts,
    backend: &EffectiveBackendPort,
    protocol: EndpointProtocol,
) -> Forwarded {
    let scheme = match backend.tls {
        Some(_) => "https",
        None => "http",
    };
    as_spoken(parts, scheme, protocol.as_str())
}

/// A request that is spoken like this.
fn as_spoken(mut parts: request::Parts, scheme: &'static str, protocol: &'static str) -> Forwarded {
    let host = parts.headers.remove(HOST);
    Forwarded {
        method: parts.method.to_string(),
        scheme,
        host: host
            .map(|host| String::from_utf8_lossy(host.as_bytes()).into_owned())
            .unwrap_or_default(),
        path: parts
            .uri
            .path_and_query()
            .map_or("/", |path| path.as_str())
            .to_owned(),
        protocol,
        headers: parts.headers,
    }
}

/// A request that is passed on as it was sent, over TLS or not.
pub(super) fn passed_on(request: &Request, over_tls: bool) -> Forwarded {
    let (scheme, http2) = match over_tls {
        true => ("https", "h2"),
        false => ("http", "h2c"),
    };
    let protocol = match request.protocol {
        Protocol::Http1 => "http/1.1",
        Protocol::Http2 => http2,
        Protocol::WebSocket => "websocket",
    };
    as_spoken(request.head(), scheme, protocol)
}
