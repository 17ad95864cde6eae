//! Rules for HTTPRoute and GRPCRoute rules and matches.

use super::{Check, Rule, gateway::HOSTNAME, go_duration, value::exactly_one};
use crate::{meta::when, schema::Defaulted};
use regex::Regex;
use std::sync::LazyLock;

macro_rules! prefix_replaced_by {
    ($filter:literal) => {
        concat!(
            "f, has(f.",
            $filter,
            ") && has(f.",
            $filter,
            ".path) && has(f.",
            $filter,
            ".path.replacePrefixMatch) && f.",
            $filter,
            ".path.type == 'ReplacePrefixMatch'"
        )
    };
}
macro_rules! one_prefix_match {
    () => {
        "size(self.matches) == 1 && has(self.matches[0].path) && self.matches[0].path.type == 'PathPrefix'"
    };
}
macro_rules! of_literal_path {
    ($condition:literal) => {
        concat!("!(self.type in ['Exact', 'PathPrefix']) || ", $condition)
    };
}

/// The matches of all rules together, each by its place: servers cannot add up a list.
macro_rules! all_matches {
    ($($index:literal)+) => {
        concat!(
            $(
                "(size(self) > ", $index, " && has(self[", $index, "].matches) ? size(self[", $index,
                "].matches) : 0) + ",
            )+
            "0 <= 128"
        )
    };
}

const NAMES_DISTINCT: Rule = Rule {
    cel: Some("self.all(a, !has(a.name) || self.exists_one(b, has(b.name) && a.name == b.name))"),
    message: "the rules of a route must have different names",
    help: "give each rule a name of its own, or none",
    check: Check::Value(|rules| {
        let rules = rules.elements();
        let mut names = rules.iter().filter_map(|rule| rule.plain("name"));
        names.all(|name| exactly_one(rules, |rule| rule.plain("name") == Some(name)))
    }),
    ..Rule::BASE
};

const PREFIX_HELP: &str = "leave one match, of type PathPrefix, in the rule";

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "HTTPRouteRule/redirect-without-backends",
        places: &["HttpRouteRule"],
        cel: Some(
            "!has(self.backendRefs) || size(self.backendRefs) == 0 || !has(self.filters) || !self.filters.exists(f, has(f.requestRedirect))",
        ),
        message: "a rule that redirects must have no backends",
        help: "remove `backendRefs`, or the `RequestRedirect` filter",
        check: Check::Value(|rule| {
            rule.list("backendRefs").is_empty()
                || !rule
                    .list("filters")
                    .iter()
                    .any(|f| f.has("requestRedirect"))
        }),
        ..Rule::BASE
    },
    Rule {
        id: "HTTPRouteRule/redirect-prefix-needs-prefix-match",
        places: &["HttpRouteRule"],
        cel: Some(concat!(
            "!has(self.filters) || !self.filters.exists_one(",
            prefix_replaced_by!("requestRedirect"),
            ") || ",
            one_prefix_match!()
        )),
        message: "a redirect that replaces the matched prefix needs exactly one match, by prefix",
        help: PREFIX_HELP,
        check: Check::Value(|rule| prefix_rule(rule, "requestRedirect")),
        ..Rule::BASE
    },
    Rule {
        id: "HTTPRouteRule/rewrite-prefix-needs-prefix-match",
        places: &["HttpRouteRule"],
        cel: Some(concat!(
            "!has(self.filters) || !self.filters.exists_one(",
            prefix_replaced_by!("urlRewrite"),
            ") || ",
            one_prefix_match!()
        )),
        message: "a rewrite that replaces the matched prefix needs exactly one match, by prefix",
        help: PREFIX_HELP,
        check: Check::Value(|rule| prefix_rule(rule, "urlRewrite")),
        ..Rule::BASE
    },
    Rule {
        id: "HTTPRouteRule/backend-redirect-prefix-needs-prefix-match",
        places: &["HttpRouteRule"],
        cel: Some(concat!(
            "!has(self.backendRefs) || !self.backendRefs.exists_one(b, has(b.filters) && b.filters.exists_one(",
            prefix_replaced_by!("requestRedirect"),
            ")) || ",
            one_prefix_match!()
        )),
        message: "a backend's redirect that replaces the matched prefix needs exactly one match in the rule, by prefix",
        help: PREFIX_HELP,
        check: Check::Value(|rule| backend_prefix_rule(rule, "requestRedirect")),
        ..Rule::BASE
    },
    Rule {
        id: "HTTPRouteRule/backend-rewrite-prefix-needs-prefix-match",
        places: &["HttpRouteRule"],
        cel: Some(concat!(
            "!has(self.backendRefs) || !self.backendRefs.exists_one(b, has(b.filters) && b.filters.exists_one(",
            prefix_replaced_by!("urlRewrite"),
            ")) || ",
            one_prefix_match!()
        )),
        message: "a backend's rewrite that replaces the matched prefix needs exactly one match in the rule, by prefix",
        help: PREFIX_HELP,
        check: Check::Value(|rule| backend_prefix_rule(rule, "urlRewrite")),
        ..Rule::BASE
    },
    Rule {
        id: "HTTPRouteTimeouts/backend-within-request",
        places: &["HttpRouteTimeouts"],
        cel: Some(
            "!has(self.request) || !has(self.backendRequest) || duration(self.request) == duration('0s') || duration(self.backendRequest) <= duration(self.request)",
        ),
        message: "the timeout of one attempt must not be longer than that of the request",
        help: "lower `backendRequest` to at most `request`, or set `request` to `0s` for no limit",
        check: Check::Value(backend_within_request),
        ..Rule::BASE
    },
    Rule {
        id: "HTTPPathMatch/absolute",
        places: &["HttpPathMatch"],
        cel: Some(of_literal_path!("self.value.startsWith('/')")),
        message: "a path must start with `/`",
        help: "put a `/` in front",
        check: Check::Value(|path| literal_path(path, |p| p.starts_with('/'))),
        ..Rule::BASE
    },
    Rule {
        id: "HTTPPathMatch/no-empty-segment",
        places: &["HttpPathMatch"],
        cel: Some(of_literal_path!("!self.value.contains('//')")),
        message: "a path must not contain `//`",
        help: "write each `/` once",
        check: Check::Value(|path| {
            literal_path(path, |p| !p.as_bytes().windows(2).any(|two| two == b"//"))
        }),
        ..Rule::BASE
    },
    Rule {
        id: "HTTPPathMatch/no-dot-segment",
        places: &["HttpPathMatch"],
        cel: Some(of_literal_path!(
            "!(self.value.contains('/./') || self.value.endsWith('/.'))"
        )),
        message: "a path must not have `.` as a segment",
        help: "leave the segment out: it stands for the path before it",
        check: Check::Value(|path| literal_path(path, |p| !has_segment(p, "."))),
        ..Rule::BASE
    },
    Rule {
        id: "HTTPPathMatch/no-parent-segment",
        places: &["HttpPathMatch"],
        cel: Some(of_literal_path!(
            "!(self.value.contains('/../') || self.value.endsWith('/..'))"
        )),
        message: "a path must not have `..` as a segment",
        help: "write the path that is meant",
        check: Check::Value(|path| literal_path(path, |p| !has_segment(p, ".."))),
        ..Rule::BASE
    },
    Rule {
        id: "HTTPPathMatch/no-encoded-slash",
        places: &["HttpPathMatch"],
        cel: Some(of_literal_path!(
            "!(self.value.contains('%2f') || self.value.contains('%2F'))"
        )),
        message: "a path must not contain an encoded slash",
        help: "write `/`, or match with a regular expression",
        check: Check::Value(|path| {
            let is_slash = |three: &[u8]| three == b"%2f" || three == b"%2F";
            literal_path(path, |p| !p.as_bytes().windows(3).any(is_slash))
        }),
        ..Rule::BASE
    },
    Rule {
        id: "HTTPPathMatch/no-fragment",
        places: &["HttpPathMatch"],
        cel: Some(of_literal_path!("!self.value.contains('#')")),
        message: "a path must not contain `#`",
        help: "remove the fragment: clients do not send it",
        check: Check::Value(|path| literal_path(path, |p| !p.bytes().any(|b| b == b'#'))),
        ..Rule::BASE
    },
    Rule {
        id: "HTTPPathMatch/characters",
        places: &["HttpPathMatch"],
        cel: Some(of_literal_path!(
            r"self.value.matches('^([A-Za-z0-9/._~!$&\'()*+,;=:@-]|%[0-9A-Fa-f][0-9A-Fa-f])+$')"
        )),
        message: "a path may hold only the characters of a URL path",
        help: "percent-encode the others",
        check: Check::Value(|path| literal_path(path, is_path_text)),
        ..Rule::BASE
    },
    Rule {
        id: "GRPCMethodMatch/names-service-or-method",
        places: &["GrpcMethodMatch"],
        cel: Some("!has(self.type) || has(self.service) || has(self.method)"),
        message: "a method match must name a service, a method, or both",
        help: "set `service` or `method`, or leave out the whole match to match every call",
        check: Check::Value(|m| !m.has("type") || m.has("service") || m.has("method")),
        ..Rule::BASE
    },
    Rule {
        id: "GRPCMethodMatch/service-characters",
        places: &["GrpcMethodMatch"],
        cel: Some(
            r"!has(self.service) || has(self.type) && self.type != 'Exact' || self.service.matches('(?i)^[.]?[a-z_][a-z_0-9]*([.][a-z_][a-z_0-9]*)*$')",
        ),
        message: "a service must be a name of letters, digits and `_`, with `.` between its parts",
        help: "write the fully qualified name of the service: `shop.v1.Cart`",
        check: Check::Value(|m| exact_text(m, "service").is_none_or(|text| SERVICE.is_match(text))),
        ..Rule::BASE
    },
    Rule {
        id: "GRPCMethodMatch/method-characters",
        places: &["GrpcMethodMatch"],
        cel: Some(
            r"!has(self.method) || has(self.type) && self.type != 'Exact' || self.method.matches('^[A-Za-z_][A-Za-z_0-9]*$')",
        ),
        message: "a method must be a name of letters, digits and `_`",
        help: "write the name of the method alone: `AddItem`",
        check: Check::Value(|m| exact_text(m, "method").is_none_or(is_method)),
        ..Rule::BASE
    },
    Rule {
        id: "RouteRules/names-distinct",
        places: &["HttpRouteSpec.rules", "GrpcRouteSpec.rules"],
        when: when!("E1.2 S1.7"),
        ..NAMES_DISTINCT
    },
    Rule {
        id: "RouteRules/names-distinct-of-streams",
        places: &[
            "TcpRouteSpecV1Alpha2.rules",
            "TlsRouteSpecV1Alpha2.rules",
            "UdpRouteSpecV1Alpha2.rules",
        ],
        when: when!("E1.2"),
        ..NAMES_DISTINCT
    },
    Rule {
        id: "RouteRules/names-distinct-of-tls",
        places: &["TlsRouteSpec.rules"],
        when: when!("E1.4..1.4"),
        ..NAMES_DISTINCT
    },
    Rule {
        id: "RouteRules/matches-bounded",
        places: &["HttpRouteSpec.rules", "GrpcRouteSpec.rules"],
        when: when!("1.2"),
        cel: Some(all_matches!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15)),
        message: "the rules of a route may have 128 matches together",
        help: "divide the route into several",
        check: Check::Value(|rules| {
            let matches = rules
                .elements()
                .iter()
                .map(|rule| rule.list("matches").len());
            matches.sum::<usize>() <= 128
        }),
        ..Rule::BASE
    },
    Rule {
        id: "TLSRoute/hostnames-are-names",
        places: &["TlsRouteSpec.hostnames"],
        when: when!("1.5"),
        cel: Some(
            "!self.exists(h, h.matches('^((25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])[.]){3}(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])$'))",
        ),
        message: "a hostname must not be an IP address: clients send no address as SNI",
        help: "write the DNS name that clients use",
        check: Check::Value(|hostnames| {
            let address = |h: Defaulted<'_>| {
                h.value()
                    .as_str()
                    .is_some_and(|h| h.parse::<std::net::Ipv4Addr>().is_ok())
            };
            !hostnames.elements().iter().any(address)
        }),
        ..Rule::BASE
    },
    Rule {
        id: "TLSRoute/hostnames-are-dns-names",
        places: &["TlsRouteSpec.hostnames"],
        when: when!("1.5"),
        cel: Some(
            "self.all(h, h.matches('^([*][.])?[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$'))",
        ),
        message: "a hostname must be a DNS name in lower case, with `*` for its first label at most",
        help: "write letters, digits, `-` and `.`: `tls.example.com` or `*.example.com`",
        check: Check::Value(|hostnames| {
            let mut texts = hostnames
                .elements()
                .iter()
                .filter_map(|h| h.value().as_str());
            texts.all(|text| HOSTNAME.is_match(text))
        }),
        ..Rule::BASE
    },
];

/// Whether a filter replaces the prefix that the rule matched.
fn replaces_prefix(filter: Defaulted<'_>, member: &str) -> bool {
    filter
        .get(member)
        .and_then(|filter| filter.get("path"))
        .is_some_and(|path| {
            path.has("replacePrefixMatch") && path.text("type") == Some("ReplacePrefixMatch")
        })
}

fn has_one_prefix_match(rule: Defaulted<'_>) -> bool {
    let matches = rule.list("matches");
    let path = matches.get(0).and_then(|first| first.get("path"));
    matches.len() == 1 && path.is_some_and(|path| path.text("type") == Some("PathPrefix"))
}

fn prefix_rule(rule: Defaulted<'_>, member: &str) -> bool {
    has_one_prefix_match(rule) || !exactly_one(rule.list("filters"), |f| replaces_prefix(f, member))
}

fn backend_prefix_rule(rule: Defaulted<'_>, member: &str) -> bool {
    has_one_prefix_match(rule)
        || !exactly_one(rule.list("backendRefs"), |backend| {
            exactly_one(backend.list("filters"), |f| replaces_prefix(f, member))
        })
}

fn backend_within_request(timeouts: Defaulted<'_>) -> bool {
    let (Some(request), Some(backend)) =
        (timeouts.text("request"), timeouts.text("backendRequest"))
    else {
        return true;
    };
    match (go_duration::parse(request), go_duration::parse(backend)) {
        (Some(0), _) => true,
        (Some(request), Some(backend)) => backend <= request,
        // A text that is no duration cannot be compared, and a server refuses the pair.
        _ => false,
    }
}

/// Whether the path of a match by text (`Exact` or `PathPrefix`) is as it must be; a path of another type passes.
fn literal_path(path: Defaulted<'_>, fits: impl Fn(&str) -> bool) -> bool {
    path.text("value").is_none_or(fits)
        || !matches!(path.text("type"), Some("Exact" | "PathPrefix"))
}

/// Whether a path has a segment: a text between two `/`, or after the last one.
fn has_segment(path: &str, segment: &str) -> bool {
    let mut parts = path.as_bytes().split(|byte| *byte == b'/');
    parts.next();
    parts.any(|part| part == segment.as_bytes())
}

/// Whether a text has only the characters of a URL path, `%` with two digits among them.
fn is_path_text(path: &str) -> bool {
    let mut bytes = path.bytes();
    while let Some(byte) = bytes.next() {
        let fits = match byte {
            b'%' => {
                let mut digit = || bytes.next().is_some_and(|b| b.is_ascii_hexdigit());
                digit() && digit()
            }
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'/' | b'.' | b'_' | b'~' | b'-' => true,
            b'!' | b'$' | b'&'..=b',' | b';' | b'=' | b':' | b'@' => true,
            _ => false,
        };
        if !fits {
            return false;
        }
    }
    !path.is_empty()
}

/// A field of a method match that is compared exactly.
fn exact_text<'a>(method: Defaulted<'a>, field: &str) -> Option<&'a str> {
    matches!(method.text("type"), None | Some("Exact"))
        .then(|| method.text(field))
        .flatten()
}

/// Letters without regard to case: as in a server's regular expressions this lets `ſ` and `K` pass.
#[expect(
    clippy::unwrap_used,
    reason = "a constant expression, compiled by the tests"
)]
static SERVICE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?i)^\.?[a-z_][a-z_0-9]*(\.[a-z_][a-z_0-9]*)*$").unwrap());

fn is_method(text: &str) -> bool {
    !text.starts_with(|c: char| c.is_ascii_digit())
        && !text.is_empty()
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_holds_url_characters_only() {
        for good in ["/", "/a-b/c.d~e", "/%20/%fF", "/a;b=c,d@e"] {
            assert!(is_path_text(good), "{good}");
        }
        for bad in ["", "/a b", "/%2", "/%zz", "/ä", "/a?b", "/a#b", "/[x]"] {
            assert!(!is_path_text(bad), "{bad}");
        }
    }

    #[test]
    fn a_service_is_a_dotted_name() {
        for good in ["a", ".a", "_a.B2", "shop.v1.Cart"] {
            assert!(SERVICE.is_match(good), "{good}");
        }
        for bad in ["", "1a", "a..b", "a.", "a-b"] {
            assert!(!SERVICE.is_match(bad), "{bad}");
        }
    }
}
