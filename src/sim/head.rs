//! The head of a request as it arrives, and the host that it names.

use super::{Protocol, Request};
use crate::{meta::Authority, proxy::settle};
use http::{
    HeaderValue, Uri, Version,
    header::{CONNECTION, HOST, UPGRADE},
    request,
};

impl Request {
    /// The request as it arrives: a path, or the whole URL in absolute form, and in the `Host` header what the client wrote
    /// there, else the URL's host and port. A client that speaks WebSocket asks to be upgraded (RFC 6455, section 4.1).
    #[must_use]
    pub fn head(&self) -> request::Parts {
        let path = self.uri.path_and_query().map_or("/", |path| path.as_str());
        let (mut parts, ()) = http::Request::new(()).into_parts();
        parts.method = self.method.clone();
        parts.version = match self.protocol {
            Protocol::Http2 => Version::HTTP_2,
            Protocol::Http1 | Protocol::WebSocket => Version::HTTP_11,
        };
        parts.uri = match self.absolute_form {
            true => self.uri.clone(),
            false => path.parse().unwrap_or_else(|_| Uri::from_static("/")),
        };
        // There is room for more: the simulator refuses a request whose headers leave none.
        parts.headers = self.headers.clone();
        if self.protocol == Protocol::WebSocket && !parts.headers.contains_key(UPGRADE) {
            let asked = [(CONNECTION, "Upgrade"), (UPGRADE, "websocket")];
            for (name, value) in asked {
                _ = parts
                    .headers
                    .try_append(name, HeaderValue::from_static(value));
            }
        }
        if !parts.headers.contains_key(HOST)
            && let Some(authority) = self.uri.authority()
            && let Ok(host) = HeaderValue::from_str(authority.as_str())
        {
            _ = parts.headers.try_insert(HOST, host);
        }
        parts
    }
}

/// The request as matches see it.
pub(super) fn settled(request: &Request) -> request::Parts {
    let mut parts = request.head();
    // A request that names no host as HTTP demands stays as it is, and is answered with 400.
    let _ = settle(&mut parts);
    parts
}

/// The host that the client names: in its `Host` header, else in the URL. None where that is not a host.
pub(crate) fn named_host(request: &Request) -> Option<Authority> {
    match request.headers.get(HOST) {
        Some(sent) => Authority::from_bytes(sent.as_bytes()).ok(),
        None => request.authority().ok(),
    }
}

/// Whether the `Host` header of a request is no host, which is answered with 400.
pub(super) fn has_unreadable_host(request: &Request) -> bool {
    let sent = request.headers.get(HOST);
    sent.is_some_and(|sent| !sent.is_empty()) && named_host(request).is_none()
}

/// For whom a request is, as part of a sentence: the host that it names, or that it names none.
pub(super) fn host_in_words(request: &Request) -> String {
    let sent = request.headers.get(HOST).map(HeaderValue::as_bytes);
    match (named_host(request), sent.unwrap_or_default()) {
        (Some(host), _) => format!("the host `{}`", host.host()),
        (None, []) => "a request that names no host".to_owned(),
        (None, sent) => format!(
            "a request whose host `{}` cannot be read",
            String::from_utf8_lossy(sent)
        ),
    }
}
