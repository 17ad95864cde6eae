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

/// Removes what describes the connection on which a message came: the headers that `Connection` names,
/// `Connection` itself, and the others of [`CONNECTION_HEADERS`].
///
/// Two things stay. `TE: trailers` does, since gRPC needs it from end to end. And headers that belong to the message
/// stay although `Connection` names them: `Host`, `Content-Length`, `Authorization`, `Cookie` and `Set-Cookie`, which a
/// client could otherwise take away from the backend's view.
///
/// Returns the protocol that the sender wants to upgrade to, if it asked as RFC 9110 demands (an `Upgrade` that
/// `Connection` names), so that a proxy that supports it can ask in its turn.
pub fn strip_hop_by_hop(headers: &mut HeaderMap) -> Option<HeaderValue> {
    let named: Vec<HeaderName> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|token| HeaderName::from_bytes(token.trim().as_bytes()).ok())
        .collect();
    let upgrade = named
        .contains(&header::UPGRADE)
        .then(|| headers.get(header::UPGRADE).cloned())
        .flatten();
    let trailers = headers.get_all(header::TE).iter().any(|value| {
        value.to_str().is_ok_and(|value| {
            value
                .split(',')
                .any(|coding| coding.trim().eq_ignore_ascii_case("trailers"))
        })
    });
    const KEPT: [HeaderName; 5] = [
        header::HOST,
        header::CONTENT_LENGTH,
        header::AUTHORIZATION,
        header::COOKIE,
        header::SET_COOKIE,
    ];
    for name in named.iter().filter(|name| !KEPT.contains(name)) {
        headers.remove(name);
    }
    for &name in CONNECTION_HEADERS {
        headers.remove(name);
    }
    if trailers {
        headers.insert(header::TE, HeaderValue::from_static("trailers"));
    }
    upgrade
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

    #[test]
    fn an_upgrade_is_reported_only_where_connection_names_it() {
        let mut asked = map(&[("connection", "Upgrade"), ("upgrade", "websocket")]);
        assert_eq!(
            strip_hop_by_hop(&mut asked),
            Some(HeaderValue::from_static("websocket"))
        );
        assert!(asked.is_empty());
        let mut smuggled = map(&[("upgrade", "h2c")]);
        assert_eq!(strip_hop_by_hop(&mut smuggled), None);
        assert!(smuggled.is_empty());
    }
}
