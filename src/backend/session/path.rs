//! The `Path` of a cookie, as the matches of a rule imply it.

use crate::{
    attachment::effective::is_path_byte,
    meta::{Pattern, RoutePatterns},
    v1::{GrpcMethodMatchType, GrpcRouteMatch, HttpRouteMatch, PathMatchType},
};

/// The path for which clients send a cookie: every path.
pub(super) const ROOT: &str = "/";

/// The cookie path of a match of an HTTPRoute (GEP-1619, "Path"): the exact path, the prefix, or the longest path below
/// which everything lies that a regular expression can match. `patterns` are those of the route.
pub(super) fn of_http(matching: &HttpRouteMatch, patterns: &RoutePatterns) -> String {
    let value = matching.path_value();
    match matching.path_type() {
        // A client would not send a cookie of path `/a/` for `/a`, which the prefix `/a/` matches.
        PathMatchType::PathPrefix => for_cookie(value.trim_end_matches('/')),
        PathMatchType::Exact => for_cookie(value),
        PathMatchType::RegularExpression => match pattern(value, patterns) {
            Some(pattern) => of_pattern(&pattern),
            None => ROOT.to_owned(),
        },
        PathMatchType::Unknown(_) => ROOT.to_owned(),
    }
}

/// The cookie path of a match of a GRPCRoute: a call's path is `/SERVICE/METHOD`.
pub(super) fn of_grpc(matching: &GrpcRouteMatch, patterns: &RoutePatterns) -> String {
    let Some(method) = &matching.method else {
        return ROOT.to_owned();
    };
    let is_pattern = method.match_type() == GrpcMethodMatchType::RegularExpression;
    let exact = |text: Option<&String>| {
        let text = text.filter(|text| !text.is_empty())?;
        if !is_pattern {
            return Some(text.clone());
        }
        let pattern = pattern(text, patterns)?;
        let only = std::str::from_utf8(pattern.prefix()).ok()?;
        pattern.takes_only(only).then(|| only.to_owned())
    };
    match (
        exact(method.service.as_ref()),
        exact(method.method.as_ref()),
    ) {
        (Some(service), Some(method)) => for_cookie(&format!("/{service}/{method}")),
        (Some(service), None) => for_cookie(&format!("/{service}")),
        (None, _) => ROOT.to_owned(),
    }
}

/// A pattern, compiled already if the route has it.
fn pattern(text: &str, patterns: &RoutePatterns) -> Option<Pattern> {
    match patterns.get(text) {
        Some(known) => known.ok().cloned(),
        None => Pattern::new(text).ok(),
    }
}

fn of_pattern(pattern: &Pattern) -> String {
    // Everything that matches begins with this, but a client sends a cookie only for the path and what lies below it:
    // of `/a/fo[ox]` that is `/a`, and of `/a/b(/.*)?` it is `/a/b`.
    let begin = String::from_utf8_lossy(pattern.prefix());
    if !begin.ends_with('/') && pattern.stays_below(&begin) {
        return for_cookie(&begin);
    }
    let folder = begin.rfind('/').and_then(|slash| begin.get(..slash));
    for_cookie(folder.unwrap_or_default())
}

/// A path, up to the first part that a cookie cannot have: a `;` would begin another attribute.
fn for_cookie(path: &str) -> String {
    if !path.starts_with('/') {
        return ROOT.to_owned();
    }
    let end = path.bytes().position(|byte| !is_path_byte(byte));
    let path = match end.and_then(|end| path.get(..end)) {
        None => path,
        Some(begin) => begin
            .rfind('/')
            .and_then(|slash| begin.get(..slash))
            .unwrap_or_default(),
    };
    if path.is_empty() { ROOT } else { path }.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn http(path: Value) -> String {
        let matching: HttpRouteMatch = serde_json::from_value(json!({ "path": path })).unwrap();
        of_http(&matching, &RoutePatterns::default())
    }

    /// GEP-1619, "Path": all paths `/`; the path that was matched; of a regular expression the longest prefix that is none.
    #[test]
    fn the_cookie_path_is_that_of_the_match() {
        for (kind, value, path) in [
            ("PathPrefix", "/", "/"),
            ("PathPrefix", "/a", "/a"),
            ("PathPrefix", "/a/b/", "/a/b"),
            ("Exact", "/a", "/a"),
            ("Exact", "/a/", "/a/"),
            ("Exact", "/", "/"),
            ("RegularExpression", "/p1/p2/[^/]*/p3", "/p1/p2"),
            ("RegularExpression", "/p1/p2", "/p1/p2"),
            ("RegularExpression", r"/p1/a\.b", "/p1/a.b"),
            ("RegularExpression", "/p1/fo[ox]", "/p1"),
            ("RegularExpression", "/p1/p2.*", "/p1"),
            ("RegularExpression", "/p1/p2(/.*)?", "/p1/p2"),
            ("RegularExpression", "/p1/p2/.*", "/p1/p2"),
            ("RegularExpression", "^/p1/p2/$", "/p1/p2"),
            ("RegularExpression", "/(a|b)", "/"),
            ("RegularExpression", ".*", "/"),
            ("RegularExpression", "(?i)/p1/p2", "/"),
            ("RegularExpression", "(", "/"),
            ("Glob", "/a", "/"),
        ] {
            assert_eq!(
                http(json!({"type": kind, "value": value})),
                path,
                "{kind} {value}"
            );
        }
        assert_eq!(http(json!(null)), "/");
    }

    /// RFC 6265, section 5.1.4: what a client sends the cookie for. All that matches must be among it.
    #[test]
    fn clients_send_the_cookie_for_whatever_matches() {
        let sent = |path: &str, cookie: &str| {
            path.strip_prefix(cookie).is_some_and(|rest| {
                rest.is_empty() || cookie.ends_with('/') || rest.starts_with('/')
            })
        };
        for (kind, value, matching) in [
            ("PathPrefix", "/a/", vec!["/a", "/a/", "/a/b"]),
            ("Exact", "/a/", vec!["/a/"]),
            ("RegularExpression", "/a/fo[ox]", vec!["/a/foo", "/a/fox"]),
            ("RegularExpression", "/a/b(/.*)?", vec!["/a/b", "/a/b/c"]),
            (
                "RegularExpression",
                "/a/b/?.*",
                vec!["/a/b", "/a/bc", "/a/b/c"],
            ),
            ("RegularExpression", "/a/(?:b|c)", vec!["/a/b", "/a/c"]),
        ] {
            let cookie = http(json!({"type": kind, "value": value}));
            for path in matching {
                assert!(sent(path, &cookie), "{path} of {value}: {cookie}");
            }
        }
    }

    /// The patterns of the API allow `;` in paths.
    #[test]
    fn a_path_cannot_add_attributes_to_the_cookie() {
        for (kind, value, path) in [
            ("Exact", "/a;Secure", "/"),
            ("Exact", "/a/b;Domain=example.com/c", "/a"),
            ("PathPrefix", "/a/;x", "/a"),
            ("RegularExpression", r"/a/b\r\nSet-Cookie: x=y", "/a"),
            ("RegularExpression", "/a/ä/b", "/a"),
        ] {
            assert_eq!(
                http(json!({"type": kind, "value": value})),
                path,
                "{kind} {value}"
            );
        }
    }

    #[test]
    fn the_path_of_a_call_is_its_service_and_method() {
        for (method, path) in [
            (json!(null), "/"),
            (json!({"method": "Get"}), "/"),
            (json!({"service": "shop.Cart"}), "/shop.Cart"),
            (
                json!({"service": "shop.Cart", "method": "Get"}),
                "/shop.Cart/Get",
            ),
            (
                json!({"type": "RegularExpression", "service": "shop[.]Cart"}),
                "/shop.Cart",
            ),
            (
                json!({"type": "RegularExpression", "service": "shop[.]Cart", "method": "Get.*"}),
                "/shop.Cart",
            ),
            (
                json!({"type": "RegularExpression", "service": "shop.*", "method": "Get"}),
                "/",
            ),
        ] {
            let matching: GrpcRouteMatch =
                serde_json::from_value(json!({ "method": method })).unwrap();
            assert_eq!(
                of_grpc(&matching, &RoutePatterns::default()),
                path,
                "{method}"
            );
        }
    }
}
