//! Requests out of a stream of choices: derived from a route set, then spelled otherwise or spoiled.

use gwapi::routing::{Entry, HostPattern, Match, PathMatch, ValueMatch, View};

use super::routes::{ELEMENTS, HEADERS, HOSTS, METHODS, PARAMS, VALUES, path, text_for};
use super::{Choices, Payload, Route};

/// A request with parts of its own.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: String,
    pub host: String,
    pub path: String,
    pub query: Option<String>,
    pub headers: Vec<(String, Vec<u8>)>,
}

impl Request {
    pub fn with<U>(&self, see: impl FnOnce(&View<'_>) -> U) -> U {
        let headers: Vec<(&str, &[u8])> = self
            .headers
            .iter()
            .map(|(k, v)| (k.as_str(), v.as_slice()))
            .collect();
        see(&View {
            method: &self.method,
            host: self.host.as_bytes(),
            path: &self.path,
            query: self.query.as_deref(),
            headers: &headers,
        })
    }

    /// The same request in the `http` crate's form, where that can hold it: the host in its header.
    pub fn http(&self) -> Option<http::Request<()>> {
        self.build("", &self.host)
    }

    /// The same request with its host in the target, which a `Host` header for another one does not change.
    pub fn absolute(&self) -> Option<http::Request<()>> {
        let request = self.build(&format!("http://{}", self.host), "decoy.example.com")?;
        // `http` takes anything after a colon for a port and off the host.
        let port = self.host.strip_prefix(request.uri().host()?)?;
        let digits = port.strip_prefix(':').unwrap_or(port);
        digits
            .bytes()
            .all(|b| b.is_ascii_digit())
            .then_some(request)
    }

    fn build(&self, origin: &str, host: &str) -> Option<http::Request<()>> {
        let target = match &self.query {
            Some(query) => format!("{origin}{}?{query}", self.path),
            None => format!("{origin}{}", self.path),
        };
        let mut builder = http::Request::builder()
            .method(self.method.as_str())
            .uri(target)
            .header("host", host);
        for (name, value) in self.headers.iter().filter(|(name, _)| name != "host") {
            builder = builder.header(name, value.as_slice());
        }
        let request = builder.body(()).ok()?;
        (request.uri().path() == self.path && request.uri().query() == self.query.as_deref())
            .then_some(request)
    }
}

/// A text that fits, spelled as a client might.
fn spelled(value: &ValueMatch, c: &mut impl Choices) -> String {
    match value {
        ValueMatch::Exact(text) => text.to_string(),
        ValueMatch::RegularExpression(pattern) => text_for(pattern, c),
    }
}

/// The same letters, some in capitals.
fn any_case(text: &str, c: &mut impl Choices) -> String {
    let every = 1 + c.below(3);
    let letters = text.char_indices().map(|(at, letter)| match at % every {
        0 => letter.to_ascii_uppercase(),
        _ => letter,
    });
    letters.collect()
}

fn form_encoded(text: &str, c: &mut impl Choices) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b' ' if !c.one_in(3) => out.push('+'),
            // Not what it means in a name, which ends there.
            b'=' if c.one_in(4) => out.push('='),
            b'a'..=b'z' | b'0'..=b'9' | b'A'..=b'Z' if !c.one_in(8) => out.push(char::from(byte)),
            _ if c.one_in(2) => out.push_str(&format!("%{byte:02x}")),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// A request that fits an entry of the set, or nearly so.
pub fn request(routes: &[Route], c: &mut impl Choices) -> Request {
    let entries: Vec<&Entry<Payload>> = routes.iter().flat_map(|(_, entries)| entries).collect();
    if entries.is_empty() {
        return Request {
            method: "GET".into(),
            host: String::new(),
            path: "/".into(),
            query: None,
            headers: vec![],
        };
    }
    let entry = entries[c.below(entries.len())];
    let mut host = match &entry.hostname {
        HostPattern::Any => c.of(HOSTS).to_owned(),
        HostPattern::Exact(name) => name.to_string(),
        HostPattern::Wildcard(suffix) => format!("{}.{suffix}", c.of(&["a", "b.a", "z", "x.y"])),
    };
    let (path, method, headers, query) = match &entry.matching {
        Match::Http(http) => {
            let path = match &http.path {
                PathMatch::Any => self::path(c),
                PathMatch::Exact(path) => path.to_string(),
                PathMatch::RegularExpression(pattern) => text_for(pattern, c),
                PathMatch::Prefix(prefix) => match c.below(3) {
                    0 => prefix.to_string(),
                    1 => format!("{}/{}", prefix.trim_end_matches('/'), c.of(ELEMENTS)),
                    _ => format!("{}{}", prefix.trim_end_matches('/'), self::path(c)),
                },
            };
            let method = http
                .method
                .as_ref()
                .map_or(c.of(METHODS), |method| method.as_str());
            (path, method.to_owned(), &http.headers, &http.query[..])
        }
        Match::Grpc(grpc) => {
            let service = grpc
                .service
                .as_ref()
                .map_or("pkg.Svc".to_owned(), |value| spelled(value, c));
            let method = grpc
                .method
                .as_ref()
                .map_or("Get".to_owned(), |value| spelled(value, c));
            (
                format!("/{service}/{method}"),
                "POST".to_owned(),
                &grpc.headers,
                &[][..],
            )
        }
    };
    let mut headers: Vec<(String, Vec<u8>)> = headers
        .iter()
        .map(|header| {
            (
                header.name.to_string(),
                spelled(&header.value, c).into_bytes(),
            )
        })
        .collect();
    let mut pairs: Vec<String> = query
        .iter()
        .map(|query| {
            let name = form_encoded(&query.name, c);
            format!("{name}={}", form_encoded(&spelled(&query.value, c), c))
        })
        .collect();
    // What other entries ask for beside: a request may carry many names that the table knows.
    for _ in 0..[0, 0, 2, 12][c.below(4)] {
        let Match::Http(other) = &entries[c.below(entries.len())].matching else {
            continue;
        };
        for header in &other.headers {
            let value = spelled(&header.value, c).into_bytes();
            headers.push((header.name.to_string(), value));
        }
        for query in &other.query {
            let value = form_encoded(&spelled(&query.value, c), c);
            pairs.push(format!("{}={value}", form_encoded(&query.name, c)));
        }
    }
    let (mut path, mut method) = (path, method);
    let times = [0, 0, 1, 1, 2, 4][c.below(6)];
    for _ in 0..times {
        match c.below(18) {
            0 => host = any_case(&host, c),
            1 => host.push_str(c.of(&[":80", ":", ":8080", ":x", "."])),
            2 => {
                host = c
                    .of(&[
                        "",
                        ".example.com",
                        "a..example.com",
                        "[::1]:80",
                        "::1",
                        "EXAMPLE.com.:80",
                        "example.com:1:2",
                    ])
                    .to_owned();
            }
            3 => host = format!("{}{host}", c.of(&["a.", "q.r.", "."])),
            4 => path.push('/'),
            5 => path = format!("{path}{}", self::path(c)),
            6 => {
                path = c
                    .of(&["", "*", "/", "//", "/..", "/a//b", "a/b"])
                    .to_owned();
            }
            7 => path = path.to_ascii_uppercase(),
            8 => {
                let end = path
                    .char_indices()
                    .map(|(at, _)| at)
                    .nth(c.below(path.len().max(1)))
                    .unwrap_or(0);
                path.truncate(end);
            }
            9 => method = c.of(METHODS).to_owned(),
            10 => {
                // A field line before or after those that fit, of the same name or another.
                let name = match headers.first() {
                    Some((name, _)) if c.one_in(2) => any_case(name, c),
                    _ => c.of(HEADERS).to_owned(),
                };
                let at = c.below(headers.len() + 1);
                headers.insert(at, (name, c.of(VALUES).as_bytes().to_vec()));
            }
            11 => headers.insert(
                0,
                (c.of(HEADERS).to_ascii_uppercase(), b"\xff\xfe".to_vec()),
            ),
            12 => drop(headers.pop()),
            13 => {
                // A parameter before or after those that fit, of the same name or another.
                let name = match query.first() {
                    Some(asked) if c.one_in(2) => form_encoded(&asked.name, c),
                    _ => form_encoded(c.of(PARAMS), c),
                };
                let at = c.below(pairs.len() + 1);
                pairs.insert(at, format!("{name}={}", form_encoded(c.of(VALUES), c)));
            }
            // So long that it gets an index.
            16 => {
                let at = c.below(pairs.len() + 1);
                let filler = c.of(&["z=1", "z=%20", "a", "=", "%7a+z"]);
                pairs.splice(at..at, (0..60).map(|_| filler.to_owned()));
            }
            // The parts of a value in lines of their own.
            15 => {
                let split = |(name, value): (String, Vec<u8>)| {
                    let parts = String::from_utf8_lossy(&value).into_owned();
                    let parts = parts.replace("; ", ",").replace(", ", ",");
                    let parts: Vec<_> = parts
                        .split(',')
                        .map(|part| part.as_bytes().to_vec())
                        .collect();
                    parts.into_iter().map(move |part| (name.clone(), part))
                };
                headers = headers.into_iter().flat_map(split).collect();
            }
            14 => pairs.insert(
                0,
                c.of(&[
                    "", "a", "=", "a=%", "a=%4", "b=%zz", "%61=1", "a=1&a=2", "a+b=1", "=1",
                ])
                .to_owned(),
            ),
            _ => drop(pairs.pop()),
        }
    }
    let query = (!pairs.is_empty() || c.one_in(8)).then(|| pairs.join("&"));
    Request {
        method,
        host,
        path,
        query,
        headers,
    }
}
