//! Headers that describe one connection and end with it (RFC 9110, section 7.6.1).

use http::{HeaderMap, HeaderName, HeaderValue, header};

/// The headers that describe one connection, in lower case.
///
/// A proxy removes them from every message that it passes on, and writes those that its own connections need. So a
/// header modifier may remove them, which asks for nothing more; it cannot set or add them.
pub const CONNECTION_HEADERS: &[&str] = &[
    "connection",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Headers that belong to a message, and that no `Connection` can name away: a client could otherwise take from the
/// backend's view what the backend decides by.
const OF_THE_MESSAGE: [HeaderName; 5] = [
    header::HOST,
    header::CONTENT_LENGTH,
    header::AUTHORIZATION,
    header::COOKIE,
    header::SET_COOKIE,
];

/// Removes what describes the connection on which a message came: the headers that `Connection` names,
/// `Connection` itself, and the others of [`CONNECTION_HEADERS`].
///
/// Two things stay. `TE: trailers` does, since a proxy that passes trailers on can promise them in its turn (RFC 9110,
/// section 10.1.4), and gRPC needs it from end to end. And headers that belong to the message stay although `Connection`
/// names them: `Host`, `Content-Length`, `Authorization`, `Cookie` and `Set-Cookie`.
///
/// Returns the protocols that the sender wants to upgrade to, if it asked as RFC 9110, section 7.8, demands: an `Upgrade`
/// that `Connection` names. A proxy that can switch protocols asks for them in its turn. Another version of HTTP (`h2c`)
/// and TLS are never among them: what followed would be requests that no rule has seen.
///
/// Allocates only where `Connection` has several lines, or where some of several protocols are dropped.
pub fn strip_hop_by_hop(headers: &mut HeaderMap) -> Option<HeaderValue> {
    // Most messages of HTTP/2 have none of them. One look at all headers costs less than to ask for each of these.
    if !headers.keys().any(is_of_connection) {
        return None;
    }
    let mut upgrades = false;
    if headers.get_all(header::CONNECTION).iter().nth(1).is_some() {
        let lines = headers.get_all(header::CONNECTION).iter().cloned();
        for line in lines.collect::<Vec<_>>() {
            upgrades |= strip_named(headers, &line);
        }
        headers.remove(header::CONNECTION);
    } else if let Some(line) = headers.remove(header::CONNECTION) {
        upgrades = strip_named(headers, &line);
    }
    let upgrade = headers.remove(header::UPGRADE).filter(|_| upgrades);
    if headers.contains_key(header::TE) {
        keep_trailers(headers);
    }
    for name in CONNECTION_HEADERS {
        if *name != header::TE.as_str() {
            headers.remove(*name);
        }
    }
    upgrade.and_then(other_protocols)
}

/// Whether it is one of [`CONNECTION_HEADERS`].
fn is_of_connection(name: &HeaderName) -> bool {
    use header::{CONNECTION, TE, TRAILER, TRANSFER_ENCODING, UPGRADE};
    match *name {
        CONNECTION | TE | TRAILER | TRANSFER_ENCODING | UPGRADE => true,
        _ => matches!(name.as_str(), "keep-alive" | "proxy-connection"),
    }
}

/// Removes the headers that a line of `Connection` names. Whether it names `Upgrade`, which stays for now.
fn strip_named(headers: &mut HeaderMap, line: &HeaderValue) -> bool {
    let mut upgrades = false;
    for name in tokens(line.as_bytes()) {
        if name.eq_ignore_ascii_case(b"upgrade") {
            upgrades = true;
            continue;
        }
        let kept = OF_THE_MESSAGE.iter().chain([&header::TE]);
        let mut kept = kept.map(|kept| kept.as_str().as_bytes());
        if kept.any(|kept| name.eq_ignore_ascii_case(kept)) {
            continue;
        }
        if let Ok(name) = std::str::from_utf8(name) {
            headers.remove(name);
        }
    }
    upgrades
}

/// Leaves of `TE` what is true from end to end: `trailers`, or nothing.
fn keep_trailers(headers: &mut HeaderMap) {
    const TRAILERS: &str = "trailers";
    let mut lines = headers.get_all(header::TE).iter();
    let (first, more) = (lines.next(), lines.next());
    if more.is_none() && first.is_some_and(|only| only == TRAILERS) {
        return;
    }
    let promised = headers.get_all(header::TE).iter().any(|line| {
        tokens(line.as_bytes()).any(|coding| coding.eq_ignore_ascii_case(TRAILERS.as_bytes()))
    });
    if promised {
        let only = HeaderValue::from_static(TRAILERS);
        if headers.try_insert(header::TE, only.clone()).is_err() {
            // A map that is full refuses even where the name is there. What it holds can be changed.
            let lines = headers.iter_mut().filter(|(name, _)| **name == header::TE);
            lines.for_each(|(_, value)| value.clone_from(&only));
        }
    } else {
        headers.remove(header::TE);
    }
}

/// Of the protocols that an upgrade is wanted to, those that are not HTTP or TLS themselves.
fn other_protocols(protocols: HeaderValue) -> Option<HeaderValue> {
    let is_other = |protocol: &&[u8]| {
        let name = protocol
            .split(|byte| *byte == b'/')
            .next()
            .unwrap_or(protocol);
        !["h2c", "h2", "http", "tls"]
            .iter()
            .any(|refused| name.eq_ignore_ascii_case(refused.as_bytes()))
    };
    let all = || tokens(protocols.as_bytes());
    all().next()?;
    if all().all(|protocol| is_other(&protocol)) {
        return Some(protocols);
    }
    let kept = all().filter(is_other).collect::<Vec<_>>().join(&b", "[..]);
    HeaderValue::from_bytes(&kept)
        .ok()
        .filter(|kept| !kept.is_empty())
}

/// The elements of a list, without the white space around them (RFC 9110, section 5.6.1). Empty ones are passed over.
pub(crate) fn tokens(list: &[u8]) -> impl Iterator<Item = &[u8]> {
    list.split(|byte| *byte == b',')
        .map(<[u8]>::trim_ascii)
        .filter(|token| !token.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in pairs {
            map.append(*name, HeaderValue::from_static(value));
        }
        map
    }

    #[test]
    fn each_header_of_a_connection_is_known_as_one() {
        for name in CONNECTION_HEADERS {
            assert!(is_of_connection(&name.parse().unwrap()), "{name}");
            assert_eq!(strip_hop_by_hop(&mut map(&[(*name, "x")])), None);
        }
        for name in ["host", "x-connection", "keep-alives", "content-type"] {
            assert!(!is_of_connection(&name.parse().unwrap()), "{name}");
        }
    }

    #[test]
    fn headers_that_connection_names_end_with_the_connection() {
        let mut headers = map(&[
            ("connection", "close, X-Secret"),
            ("connection", "x-other"),
            ("x-secret", "1"),
            ("x-other", "1"),
            ("keep-alive", "timeout=5"),
            ("transfer-encoding", "chunked"),
            ("x-kept", "1"),
            ("host", "a.example"),
        ]);
        assert_eq!(strip_hop_by_hop(&mut headers), None);
        assert_eq!(headers, map(&[("x-kept", "1"), ("host", "a.example")]));
    }

    #[test]
    fn te_trailers_stays_and_so_does_what_belongs_to_the_message() {
        let mut headers = map(&[
            (
                "connection",
                "te, host, content-length, authorization, not a name",
            ),
            ("connection", "Cookie, set-cookie"),
            ("cookie", "session=1"),
            ("set-cookie", "session=2"),
            ("te", "gzip, trailers"),
            ("host", "a.example"),
            ("content-length", "3"),
            ("authorization", "Basic eA=="),
        ]);
        assert_eq!(strip_hop_by_hop(&mut headers), None);
        assert_eq!(
            headers,
            map(&[
                ("host", "a.example"),
                ("content-length", "3"),
                ("authorization", "Basic eA=="),
                ("cookie", "session=1"),
                ("set-cookie", "session=2"),
                ("te", "trailers"),
            ])
        );
    }

    /// A header map refuses to be written to when it is full, even where the name is there already.
    #[test]
    fn te_trailers_stays_in_a_map_that_is_full() {
        let mut full = map(&[("te", "gzip"), ("te", "trailers, x")]);
        let mut more = |n: u32| {
            let name: http::HeaderName = format!("x-{n}").parse().unwrap();
            full.try_append(name, HeaderValue::from_static("1")).is_ok()
        };
        assert!((0..).any(|n| !more(n)));
        let count = full.keys_len();
        strip_hop_by_hop(&mut full);
        assert_eq!(full.keys_len(), count);
        let te: Vec<_> = full.get_all(header::TE).iter().collect();
        assert!(!te.is_empty() && te.iter().all(|value| *value == "trailers"));
    }

    #[test]
    fn an_upgrade_is_reported_only_where_connection_names_it() {
        let mut asked = map(&[("connection", "Upgrade"), ("upgrade", "websocket")]);
        assert_eq!(
            strip_hop_by_hop(&mut asked),
            Some(HeaderValue::from_static("websocket"))
        );
        assert!(asked.is_empty());
        let mut unnamed = map(&[("upgrade", "websocket")]);
        assert_eq!(strip_hop_by_hop(&mut unnamed), None);
        assert!(unnamed.is_empty());
        let mut smuggled = map(&[("upgrade", "h2c")]);
        assert_eq!(strip_hop_by_hop(&mut smuggled), None);
        assert!(smuggled.is_empty());
    }

    /// RFC 9110, section 7.8: an upgrade is a matter of one connection. Behind another version of HTTP would be requests that
    /// no rule has seen.
    #[test]
    fn no_upgrade_to_http_or_tls_is_passed_on() {
        for (asked, passed) in [
            ("h2c", None),
            ("H2C", None),
            ("HTTP/2.0", None),
            ("TLS/1.0", None),
            ("h2c, TLS/1.2", None),
            ("", None),
            ("websocket, h2c", Some("websocket")),
            ("h2c,WebSocket,irc/6.9", Some("WebSocket, irc/6.9")),
            ("WebSocket", Some("WebSocket")),
            ("h2cc", Some("h2cc")),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(
                "connection",
                HeaderValue::from_static("upgrade, http2-settings"),
            );
            headers.insert("upgrade", HeaderValue::from_static(asked));
            headers.insert("http2-settings", HeaderValue::from_static("AAMAAABk"));
            let passed = passed.map(HeaderValue::from_static);
            assert_eq!(strip_hop_by_hop(&mut headers), passed, "{asked}");
            assert!(headers.is_empty());
        }
    }

    /// RFC 9110, section 10.1.4: of `TE` only `trailers` can be promised for others.
    #[test]
    fn te_is_trailers_or_nothing() {
        for (lines, left) in [
            (&["trailers"][..], Some("trailers")),
            (&["Trailers"], Some("trailers")),
            (&["gzip", "deflate, trailers"], Some("trailers")),
            (&["trailers", "trailers"], Some("trailers")),
            (&["gzip"], None),
            (&["trailersx"], None),
        ] {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append("te", HeaderValue::from_static(line));
            }
            assert_eq!(strip_hop_by_hop(&mut headers), None);
            let got: Vec<_> = headers.get_all("te").iter().collect();
            assert_eq!(got, Vec::from_iter(left), "{lines:?}");
        }
    }
}
