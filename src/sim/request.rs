//! A request as a client makes it.

use super::{BackendBehaviour, EndpointTls};
use crate::{
    certificate::CertificateChain,
    meta::{Authority, AuthorityError, NamespacedName},
    schema::nearest_name,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use k8s_openapi::jiff::Timestamp;
use std::{collections::BTreeMap, net::IpAddr, str::FromStr};

/// A request, the client that makes it, and what the backend would say.
#[derive(Clone, Debug)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// What is asked for: an absolute `http` or `https` URL; or `tls://SNI:PORT`, `tcp://HOST:PORT` or
    /// `udp://HOST:PORT` for a connection of which nothing more is known. Host and port must be an [`Authority`]; user
    /// info is not one, since no client sends it in a request.
    pub uri: Uri,
    /// The headers. A `Host` among them is sent instead of the URL's host and port; the client connects to the URL's host
    /// all the same. It is sent as it is, valid or not.
    pub headers: HeaderMap,
    /// The Gateway to connect to, whatever the URL's host is.
    pub gateway: Option<NamespacedName>,
    /// The pod of the mesh that makes the request.
    pub client: Option<Client>,
    /// The address to connect to: a Gateway's, or a Service's cluster IP.
    pub address: Option<IpAddr>,
    /// The port to connect to, where it is not the URL's.
    pub port: Option<u16>,
    /// The SNI that the client sends, where it is not the URL's host.
    pub sni: Option<String>,
    /// The certificates that the client shows, and the time at which it does.
    pub client_certificate: Option<(CertificateChain, Timestamp)>,
    /// What the client speaks.
    pub protocol: Protocol,
    /// Whether the whole URL is the target of the request, as a client of a proxy sends it (RFC 9112, section 3.2.2); else
    /// its path is.
    pub absolute_form: bool,
    /// What the backend would say.
    pub backend: BackendBehaviour,
    /// What the endpoints of these Services do in TLS, whether a BackendTLSPolicy asks for it or not; of others
    /// [`BackendBehaviour::tls`] counts where one does.
    pub backend_tls: BTreeMap<NamespacedName, EndpointTls>,
}

impl Request {
    /// How many header lines a request may have, and how many the answer of its backend.
    ///
    /// Servers refuse far fewer. What filters add beyond that fits into a [`HeaderMap`] all the same: one may be full from
    /// about 6 500 names on, depending on the names.
    pub const MOST_HEADERS: usize = 5_000;

    /// Header lines as a request has them, or the answer of a backend; lines of one name in their order.
    ///
    /// # Errors
    ///
    /// [`RequestError::TooManyHeaders`] where there are more than [`MOST_HEADERS`](Self::MOST_HEADERS).
    pub fn header_lines(
        lines: impl IntoIterator<Item = (HeaderName, HeaderValue)>,
    ) -> Result<HeaderMap, RequestError> {
        let mut headers = HeaderMap::new();
        for (at, (name, value)) in lines.into_iter().enumerate() {
            if at >= Self::MOST_HEADERS {
                return Err(RequestError::TooManyHeaders);
            }
            headers
                .try_append(name, value)
                .map_err(|_| RequestError::TooManyHeaders)?;
        }
        Ok(headers)
    }

    /// Refuses a request with more header lines than may be, or whose backend answers with more.
    pub(super) fn check_headers(&self) -> Result<(), RequestError> {
        let few = |headers: &HeaderMap| headers.len() <= Self::MOST_HEADERS;
        match few(&self.headers) && few(&self.backend.headers) {
            true => Ok(()),
            false => Err(RequestError::TooManyHeaders),
        }
    }

    /// A request without headers, by a client outside.
    #[must_use]
    pub fn new(method: Method, uri: Uri) -> Self {
        Self {
            method,
            uri,
            headers: HeaderMap::new(),
            gateway: None,
            client: None,
            address: None,
            port: None,
            sni: None,
            client_certificate: None,
            protocol: Protocol::default(),
            absolute_form: false,
            backend: BackendBehaviour::default(),
            backend_tls: BTreeMap::new(),
        }
    }

    /// A GET of a URL.
    ///
    /// # Errors
    ///
    /// When the text is no absolute URL, or its host or port is none.
    pub fn get(url: &str) -> Result<Self, RequestError> {
        let scheme = url.split_once("://").map(|(scheme, _)| scheme);
        if scheme.is_none_or(|scheme| scheme.contains(['/', '?'])) {
            // Without a scheme the parser reads a host as something else, or speaks of the format.
            let whole = format!("http://{url}");
            let problem = match Self::get(&whole) {
                Ok(_) => format!("a URL needs a scheme, as in `{whole}`"),
                Err(_) => "expected `http://host/path`".to_owned(),
            };
            return Err(RequestError::url(url, &problem));
        }
        // Whatever is no host is called that, before the parser of URLs speaks of characters.
        let rest = url.split_once("://").map_or("", |(_, rest)| rest);
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        authority
            .parse::<Authority>()
            .map_err(|error| RequestError::url(url, &error.to_string()))?;
        let uri: Uri = url.parse().map_err(|error: http::uri::InvalidUri| {
            let problem = unwritable(rest).unwrap_or_else(|| error.to_string());
            RequestError::url(url, &problem)
        })?;
        let request = Self::new(Method::GET, uri);
        request.destination_port()?;
        Ok(request)
    }

    /// The scheme, in lower case.
    pub(crate) fn scheme(&self) -> &str {
        self.uri.scheme_str().unwrap_or_default()
    }

    /// The host and port of the URL.
    pub(super) fn authority(&self) -> Result<Authority, RequestError> {
        let url = || self.uri.to_string();
        let text = self
            .uri
            .authority()
            .ok_or_else(|| RequestError::url(&url(), "expected `http://host/path`"))?;
        text.as_str()
            .parse()
            .map_err(|error: AuthorityError| RequestError::url(&url(), &error.to_string()))
    }

    /// The host of the URL, as it is compared, without brackets around an IPv6 address; empty if it is none.
    pub(crate) fn host(&self) -> String {
        let Ok(authority) = self.authority() else {
            return String::new();
        };
        let host = authority.host();
        host.strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'))
            .unwrap_or(host)
            .to_owned()
    }

    /// The port to which the client connects.
    pub(crate) fn destination_port(&self) -> Result<u16, RequestError> {
        let url = || self.uri.to_string();
        let in_url = self.authority()?.port();
        match (self.port.or(in_url), self.scheme()) {
            (Some(port), "http" | "https" | "tls" | "tcp" | "udp") if port > 0 => Ok(port),
            (None, "http") => Ok(80),
            (None, "https" | "tls") => Ok(443),
            (None, "tcp" | "udp") => Err(RequestError::url(&url(), "the port is missing")),
            (Some(0), _) => Err(RequestError::url(&url(), "0 is not a port")),
            _ => Err(RequestError::url(
                &url(),
                "expected the scheme http, https, tls, tcp or udp",
            )),
        }
    }
}

/// What a client speaks over its connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP/1.1.
    #[default]
    Http1,
    /// HTTP/2: over TLS, or in cleartext with prior knowledge.
    Http2,
    /// HTTP/1.1 with an upgrade to WebSocket.
    WebSocket,
}

impl FromStr for Protocol {
    type Err = RequestError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "http/1.1" => Ok(Self::Http1),
            "h2" | "h2c" => Ok(Self::Http2),
            "websocket" => Ok(Self::WebSocket),
            _ => Err(RequestError::Protocol {
                text: text.to_owned(),
            }),
        }
    }
}

/// A pod of the mesh: its namespace and labels.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Client {
    /// The namespace. Consumer routes of that namespace apply (GEP-1426).
    pub namespace: String,
    /// The labels. Nothing in this release of the API asks for them.
    pub labels: BTreeMap<String, String>,
}

/// A text that names no client.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is not a client: expected a namespace, or namespace and labels as in `shop/app=cart,tier=web`"
)]
pub struct ClientError {
    text: String,
}

impl FromStr for Client {
    type Err = ClientError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refuse = || ClientError {
            text: text.to_owned(),
        };
        let (namespace, labels) = text.split_once('/').unwrap_or((text, ""));
        if !crate::meta::is_dns_subdomain(namespace) {
            return Err(refuse());
        }
        let labels = labels
            .split(',')
            .filter(|label| !label.is_empty())
            .map(|label| {
                let (key, value) = label.split_once('=').ok_or_else(refuse)?;
                Ok((key.to_owned(), value.to_owned()))
            })
            .collect::<Result<_, _>>()?;
        Ok(Self {
            namespace: namespace.to_owned(),
            labels,
        })
    }
}

/// Why a request could not even be tried.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// The URL is not one that can be asked for.
    #[error("`{url}` cannot be asked for: {problem}")]
    Url {
        /// The URL.
        url: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The request has more header lines than [`Request::MOST_HEADERS`], or the answer of its backend has.
    #[error(
        "there are more than {} header lines, and no more can be sent",
        Request::MOST_HEADERS
    )]
    TooManyHeaders,
    /// The protocol is not known.
    #[error("`{text}` is not a protocol: expected `http/1.1`, `h2`, `h2c` or `websocket`")]
    Protocol {
        /// The text.
        text: String,
    },
    /// There is no Gateway of that name.
    #[error("there is no Gateway `{gateway}`{}", among(.gateway, .known))]
    NoSuchGateway {
        /// The name that was asked for.
        gateway: NamespacedName,
        /// The Gateways that are there.
        known: Vec<NamespacedName>,
    },
    /// Several Gateways answer.
    #[error("several Gateways answer for `{host}` on port {port}: {}; name one of them", list(.gateways))]
    SeveralGateways {
        /// The host that was asked for.
        host: String,
        /// The port that was asked for.
        port: u16,
        /// The Gateways.
        gateways: Vec<NamespacedName>,
    },
}

impl RequestError {
    pub(super) fn url(url: &str, problem: &str) -> Self {
        Self::Url {
            url: url.to_owned(),
            problem: problem.to_owned(),
        }
    }
}

fn list(names: &[NamespacedName]) -> String {
    names
        .iter()
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ")
}

/// Which Gateway may be meant by a name that none has: one of nearly the same name, one of the same name in another
/// namespace, or the only one of the namespace.
fn among(wanted: &NamespacedName, known: &[NamespacedName]) -> String {
    let here = || {
        let here = known.iter();
        here.filter(|known| known.namespace == wanted.namespace)
    };
    let near = nearest_name(&wanted.name, here().map(|known| known.name.as_str()));
    let near = near.and_then(|name| here().find(|known| known.name == name));
    let elsewhere = || known.iter().find(|known| known.name == wanted.name);
    let only = || here().next().filter(|_| here().count() == 1);
    match near.or_else(elsewhere).or_else(only) {
        Some(meant) => format!(": did you mean `{meant}`?"),
        None if known.is_empty() => String::new(),
        None => format!("; there are {}", list(known)),
    }
}

/// That a URL has a character which none may have, and how it is written there.
fn unwritable(rest: &str) -> Option<String> {
    let outside = |c: &char| format!("/{c}").parse::<Uri>().is_err();
    let found = rest.chars().find(outside)?;
    let mut bytes = [0; 4];
    let bytes = found.encode_utf8(&mut bytes).bytes();
    let written: String = bytes.map(|byte| format!("%{byte:02X}")).collect();
    Some(format!("write {found:?} as `{written}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_a_namespace_and_perhaps_labels() {
        let client: Client = "shop/app=cart,tier=web".parse().unwrap();
        assert_eq!(client.namespace, "shop");
        assert_eq!(client.labels.get("tier").map(String::as_str), Some("web"));
        assert!("shop".parse::<Client>().unwrap().labels.is_empty());
        for bad in ["", "Shop", "shop/app", "/app=cart"] {
            assert!(bad.parse::<Client>().is_err(), "{bad}");
        }
    }

    #[test]
    fn header_lines_beyond_the_bound_are_refused() {
        let lines = |many: usize| {
            (0..many).map(|n| {
                let name: HeaderName = format!("x-{n}").parse().unwrap();
                (name, HeaderValue::from_static("v"))
            })
        };
        let most = Request::MOST_HEADERS;
        assert_eq!(Request::header_lines(lines(most)).unwrap().len(), most);
        // The last of these is more than any map can hold.
        for many in [most + 1, 24_577] {
            assert_eq!(
                Request::header_lines(lines(many)),
                Err(RequestError::TooManyHeaders),
                "{many}"
            );
        }
    }

    #[test]
    fn the_port_follows_the_scheme_unless_it_is_named() {
        let port = |url: &str| Request::get(url).and_then(|request| request.destination_port());
        assert_eq!(port("http://a"), Ok(80));
        assert_eq!(port("https://a/"), Ok(443));
        assert_eq!(port("http://a:8080/x"), Ok(8080));
        assert_eq!(port("udp://a:53"), Ok(53));
        for bad in ["tcp://a", "ftp://a", "/path", "http://a:0/", "a b"] {
            assert!(port(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_url_without_a_scheme_is_told_what_it_needs() {
        let problem = |url: &str| Request::get(url).unwrap_err().to_string();
        for (url, whole) in [
            ("a.example/", "http://a.example/"),
            ("a.example:8080", "http://a.example:8080"),
            ("a.example", "http://a.example"),
        ] {
            let wanted =
                format!("`{url}` cannot be asked for: a URL needs a scheme, as in `{whole}`");
            assert_eq!(problem(url), wanted);
        }
        for url in ["/path", "", "a b"] {
            let wanted = format!("`{url}` cannot be asked for: expected `http://host/path`");
            assert_eq!(problem(url), wanted);
        }
        for url in ["http://a b/", "http://sh\u{f6}p.example/"] {
            let problem = problem(url);
            assert!(problem.contains("not allowed in a host"), "{problem}");
        }
    }

    #[test]
    fn a_character_that_no_url_may_have_is_told_as_it_is_written() {
        for (url, written) in [
            ("http://a.example/a b", "write ' ' as `%20`"),
            ("http://a.example/?q=<", "write '<' as `%3C`"),
            ("http://a.example/\u{1}", r"write '\u{1}' as `%01`"),
        ] {
            let problem = Request::get(url).unwrap_err().to_string();
            assert!(problem.ends_with(written), "{problem}");
        }
    }

    #[test]
    fn host_and_port_of_a_url_must_be_ones() {
        for (url, problem) in [
            (
                "http://a:65536/",
                "`a:65536` is not a host: the port must be",
            ),
            ("http://a:x/", ""),
            ("http://user@a/", "`user@a` is not a host: user info"),
            ("http://user:secret@a:80/", "user info"),
            ("https://[::x]/", ""),
            ("tcp://a:99999", "`a:99999` is not a host: the port must be"),
        ] {
            let error = Request::get(url).unwrap_err().to_string();
            assert!(error.contains(problem), "{error}");
        }
        let host = |url: &str| Request::get(url).map(|request| request.host());
        assert_eq!(host("http://A.example.:80/"), Ok("a.example".to_owned()));
        assert_eq!(host("http://[::1]/"), Ok("::1".to_owned()));
    }
}
