//! Messages as they are written to a connection: what a proxy adds of its own to what the rules made.

use super::{
    answer::LocalAnswer,
    attempt::{Attempt, Mirrored},
    exchange::Exchange,
    protocol::EndpointProtocol,
};
use http::{
    HeaderMap, HeaderValue, Uri, Version,
    header::{CONNECTION, HOST, UPGRADE},
    request, response,
    uri::{Authority, PathAndQuery, Scheme},
};

impl Exchange {
    /// Takes the request as it is written to the endpoint of an attempt. There is no further attempt then: what fails from
    /// here on is for [`give_up`](Self::give_up).
    ///
    /// Over HTTP/1.1 the target is a path, and a `Host` header is there (RFC 9112, section 3.2); over HTTP/2 the host is in the
    /// target, which becomes `:authority`, and nowhere else (RFC 9113, section 8.3.1). Where the client asks to switch to
    /// another protocol, and may, the headers that ask for it are there (RFC 9110, section 7.8).
    #[must_use]
    pub fn outgoing(&mut self, attempt: &Attempt) -> request::Parts {
        let over_tls = attempt.tls().is_some();
        let mut head = written(self.take_head(), attempt.protocol, over_tls);
        if let Some(protocols) = &attempt.upgrade {
            ask_to_switch(&mut head.headers, protocols.clone());
        }
        head
    }
}

impl Mirrored {
    /// The copy as it is written to the endpoint of the mirror; see [`Exchange::outgoing`].
    #[must_use]
    pub fn outgoing(self) -> request::Parts {
        let over_tls = self.endpoint.port().tls.is_some();
        written(self.request, self.protocol, over_tls)
    }
}

impl LocalAnswer {
    /// The answer as a response without content. [`into_response`](Self::into_response) copies nothing.
    #[must_use]
    pub fn response(&self) -> http::Response<()> {
        self.with_headers(self.headers.clone())
    }

    /// As [`response`](Self::response), for an answer of which nothing else is needed any more.
    #[must_use]
    pub fn into_response(mut self) -> http::Response<()> {
        let headers = std::mem::take(&mut self.headers);
        self.with_headers(headers)
    }

    fn with_headers(&self, headers: HeaderMap) -> http::Response<()> {
        let mut response = http::Response::new(());
        *response.status_mut() = self.status;
        *response.headers_mut() = headers;
        response
    }
}

/// Says on a response with status 101 to which protocol the connection is switched; see [`Exchange::respond`].
pub fn switch(response: &mut response::Parts, protocol: HeaderValue) {
    ask_to_switch(&mut response.headers, protocol);
}

/// A message has room for two more headers, or goes without them: then nothing is switched.
fn ask_to_switch(headers: &mut HeaderMap, protocols: HeaderValue) {
    let asks = HeaderValue::from_static("upgrade");
    if headers.try_insert(CONNECTION, asks).is_ok() {
        _ = headers.try_insert(UPGRADE, protocols);
    }
}

/// A request in the form of a version of HTTP.
fn written(mut head: request::Parts, protocol: EndpointProtocol, over_tls: bool) -> request::Parts {
    match protocol.is_http2() {
        true => {
            head.version = Version::HTTP_2;
            write_authority(&mut head, over_tls);
        }
        false => {
            head.version = Version::HTTP_11;
            write_host(&mut head);
        }
    }
    head
}

/// Puts the host into the target, and nowhere else.
fn write_authority(head: &mut request::Parts, over_tls: bool) {
    let mut target = std::mem::take(&mut head.uri).into_parts();
    let host = head.headers.remove(HOST);
    let host = host.and_then(|host| Authority::try_from(host.as_bytes()).ok());
    target.authority = host.or(target.authority);
    target.scheme = match (&target.authority, over_tls) {
        (None, _) => None,
        (Some(_), true) => Some(Scheme::HTTPS),
        (Some(_), false) => Some(Scheme::HTTP),
    };
    let path = target.path_and_query.take();
    target.path_and_query = Some(path.unwrap_or_else(|| PathAndQuery::from_static("/")));
    // A path alone, or all three parts, make a target.
    head.uri = Uri::from_parts(target).unwrap_or_default();
}

/// Puts the host into a header, and leaves a path of the target.
fn write_host(head: &mut request::Parts) {
    if !head.headers.contains_key(HOST) {
        let host = head.uri.authority();
        let host = host.and_then(|host| HeaderValue::from_str(host.as_str()).ok());
        // A request that names no host says so.
        let host = host.unwrap_or_else(|| HeaderValue::from_static(""));
        _ = head.headers.try_insert(HOST, host);
    }
    // Most targets are a path as they come.
    if head.uri.authority().is_some() || head.uri.path_and_query().is_none() {
        let target = std::mem::take(&mut head.uri).into_parts();
        let path = target.path_and_query;
        head.uri = path.map(Uri::from).unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(target: &str, host: Option<&str>, protocol: EndpointProtocol) -> (String, String) {
        let mut request = http::Request::get(target);
        if let Some(host) = host {
            request = request.header(HOST, host);
        }
        let head = request.body(()).unwrap().into_parts().0;
        let head = written(head, protocol, protocol == EndpointProtocol::Http2);
        let host = head.headers.get(HOST).map(|host| host.to_str().unwrap());
        (head.uri.to_string(), host.unwrap_or("none").to_owned())
    }

    /// RFC 9112, section 3.2, and RFC 9113, section 8.3.1.
    #[test]
    fn the_host_is_in_a_header_over_http1_and_in_the_target_over_http2() {
        let all = [
            ("/x?y=1", Some("a.example:80")),
            ("https://a.example:80/x?y=1", None),
            ("http://a.example:80/x?y=1", Some("a.example:80")),
        ];
        for (target, host) in all {
            let seen = |protocol| seen(target, host, protocol);
            let one = ("/x?y=1".to_owned(), "a.example:80".to_owned());
            assert_eq!(seen(EndpointProtocol::Http1), one, "{target}");
            assert_eq!(seen(EndpointProtocol::WebSocket), one, "{target}");
            let two = |scheme| (format!("{scheme}://a.example:80/x?y=1"), "none".to_owned());
            assert_eq!(seen(EndpointProtocol::H2c), two("http"), "{target}");
            assert_eq!(seen(EndpointProtocol::Http2), two("https"), "{target}");
        }
        let nobody = seen("/", None, EndpointProtocol::Http1);
        assert_eq!(nobody, ("/".to_owned(), String::new()));
        assert_eq!(seen("*", Some("a"), EndpointProtocol::Http1).0, "*");
    }
}
