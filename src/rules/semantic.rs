//! Rules that no API server can check: they warn.

use super::{Check, Report, Rule, value::Folded};
use crate::{
    meta::{PatternLimits, PatternStore, RoutePatterns},
    schema::{Defaulted, Elements, Path, field},
};
use serde_json::Value;
use std::{cmp::Ordering, collections::BTreeMap, net::IpAddr};

/// The longest regular expression that is read, in bytes: four for each character that a field may have. The schema
/// refuses longer ones.
const LONGEST: usize = 4 * 4096;

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "HeaderMatches/names-differ-in-more-than-case",
        places: &["HttpRouteMatch.headers", "GrpcRouteMatch.headers"],
        message: "a header of this name stands earlier in the list, in other letters: this entry is passed over",
        help: "remove one of the two: the case of a header's name does not matter",
        check: Check::Each(|headers, at, report| {
            if headers.elements().len() < 2 {
                return;
            }
            let mut seen: BTreeMap<Folded<'_>, &str> = BTreeMap::new();
            for (index, name) in names(headers.elements()) {
                let earlier = *seen.entry(Folded(name)).or_insert(name);
                // The same letters are an error of the schema.
                if earlier != name {
                    report(
                        &at.index(index),
                        format!(
                            "`{name}` and `{earlier}` are the same header: this entry is passed over"
                        ),
                    );
                }
            }
        }),
        ..Rule::SEMANTIC
    },
    Rule {
        id: "HTTPHeaderFilter/one-action-a-header",
        places: &["HttpHeaderFilter"],
        message: "several actions name the same header",
        help: "name each header once in `set`, `add` and `remove` together, its case of no matter",
        check: Check::Each(one_action_a_header),
        ..Rule::SEMANTIC
    },
    Rule {
        id: "RegularExpression/compiles",
        places: &["HttpRouteSpec.rules", "GrpcRouteSpec.rules"],
        message: "not a regular expression, or too large a one",
        help: "correct the expression, or make it smaller; its dialect is up to the implementation, this is that of the `regex` crate, which has neither look-around nor backreferences, as RE2",
        check: Check::Each(expressions_compile),
        ..Rule::SEMANTIC
    },
    Rule {
        id: "RouteRule/weights-not-all-zero",
        places: &[
            "HttpRouteRule.backendRefs",
            "GrpcRouteRule.backendRefs",
            "TcpRouteRule.backendRefs",
            "TlsRouteRule.backendRefs",
            "UdpRouteRule.backendRefs",
        ],
        message: "all weights are 0: no backend receives anything",
        help: "give a backend a weight above 0, or leave out `weight` for 1",
        check: Check::Value(|backends| {
            let backends = backends.elements();
            backends.is_empty()
                || backends
                    .iter()
                    .any(|backend| backend.plain("weight").and_then(Value::as_i64) != Some(0))
        }),
        ..Rule::SEMANTIC
    },
    Rule {
        id: "HTTPRouteRule/has-answer",
        places: &["HttpRouteRule"],
        message: "the rule has no backend and no redirect: its requests are answered with 500",
        help: "add `backendRefs`, or a filter that answers",
        check: Check::Value(|rule| {
            !rule.list("backendRefs").is_empty()
                || rule
                    .list("filters")
                    .iter()
                    .any(|f| matches!(f.text("type"), Some("RequestRedirect" | "ExtensionRef")))
        }),
        ..Rule::SEMANTIC
    },
    Rule {
        id: "HTTPRequestRedirectFilter/leads-elsewhere",
        places: &["HttpRequestRedirectFilter"],
        message: "the redirect changes nothing: clients are sent in circles",
        help: "set one of `scheme`, `hostname`, `port` and `path`",
        check: Check::Value(|redirect| {
            ["scheme", "hostname", "port", "path"]
                .into_iter()
                .any(|field| redirect.has(field))
        }),
        ..Rule::SEMANTIC
    },
    Rule {
        id: "RouteRules/no-dead-match",
        places: &["HttpRouteSpec.rules", "GrpcRouteSpec.rules"],
        message: "an earlier match of the route takes the same requests: this one is never reached",
        help: "remove the match, or make it more specific",
        check: Check::Each(no_dead_match),
        ..Rule::SEMANTIC
    },
    Rule {
        id: "Hostname/not-an-address",
        places: &[
            "HttpRouteSpec.hostnames",
            "GrpcRouteSpec.hostnames",
            "TlsRouteSpec.hostnames",
        ],
        message: "an IP address is not a hostname",
        help: "write a DNS name; leave `hostnames` out to take requests to any host",
        check: Check::Each(|hostnames, at, report| {
            for (index, hostname) in hostnames.elements().iter().enumerate() {
                if let Some(address) = hostname
                    .value()
                    .as_str()
                    .filter(|h| h.parse::<IpAddr>().is_ok())
                {
                    report(
                        &at.index(index),
                        format!(
                            "`{address}` is an IP address, and the specification allows none here"
                        ),
                    );
                }
            }
        }),
        ..Rule::SEMANTIC
    },
    Rule {
        id: "Listener/tls-needed",
        places: &["Listener"],
        message: "a listener for HTTPS or TLS needs `tls`",
        help: "set `tls` with a certificate, or with `mode: Passthrough` for protocol TLS",
        check: Check::Value(|listener| {
            !matches!(listener.text("protocol"), Some("HTTPS" | "TLS")) || listener.has("tls")
        }),
        ..Rule::SEMANTIC
    },
];

/// The rules on references between the objects of a set, which
/// [`validate_set`](crate::validation::validate_set) judges.
pub mod set {
    use super::{Check, Rule};

    const OF_SET: Rule = Rule {
        check: Check::Set,
        ..Rule::SEMANTIC
    };

    /// A parentRef names nothing in the set.
    pub const PARENT_EXISTS: Rule = Rule {
        id: "ParentReference/parent-exists",
        message: "the parent is not in the set",
        help: "name a Gateway (or, for a mesh, a Service) that there is, with its namespace if it is another",
        ..OF_SET
    };
    /// A parentRef names a listener that the Gateway does not have.
    pub const LISTENER_EXISTS: Rule = Rule {
        id: "ParentReference/listener-exists",
        message: "the Gateway has no such listener",
        help: "name a listener of the Gateway by `sectionName`, or one of their ports by `port`",
        ..OF_SET
    };
    /// The hostnames of a route and of the listeners that it names have none in common.
    pub const HOSTNAMES_MEET: Rule = Rule {
        id: "Route/hostnames-meet-listener",
        message: "no hostname of the route is one that the listener serves",
        help: "use a hostname that the listener covers, or widen the listener's",
        ..OF_SET
    };
    /// A reference to a Service names nothing in the set.
    pub const BACKEND_EXISTS: Rule = Rule {
        id: "BackendReference/backend-exists",
        message: "the backend is not in the set",
        help: "name a Service that there is, with its namespace if it is another",
        ..OF_SET
    };
    /// A reference names a port that the Service does not have.
    pub const BACKEND_PORT_EXISTS: Rule = Rule {
        id: "BackendReference/port-exists",
        message: "the Service has no such port",
        help: "name one of the Service's own ports, not that of its pods",
        ..OF_SET
    };
    /// A reference to another namespace without a ReferenceGrant there.
    pub const GRANTED: Rule = Rule {
        id: "Reference/granted",
        message: "no ReferenceGrant of that namespace allows the reference",
        help: "add a ReferenceGrant in the namespace that is referred to",
        ..OF_SET
    };
    /// A listener names a certificate that is not in the set.
    pub const CERTIFICATE_EXISTS: Rule = Rule {
        id: "SecretObjectReference/certificate-exists",
        message: "the certificate is not in the set",
        help: "name a Secret that there is, with its namespace if it is another",
        ..OF_SET
    };
    /// A policy, or a listener that asks clients for certificates, names a CA certificate that is not in the
    /// set.
    pub const CA_CERTIFICATE_EXISTS: Rule = Rule {
        id: "CACertificateReference/certificate-exists",
        message: "the CA certificate is not in the set",
        help: "name a ConfigMap that there is, with the certificate under `ca.crt`",
        ..OF_SET
    };
    /// A policy names a target that is not in the set.
    pub const TARGET_EXISTS: Rule = Rule {
        id: "PolicyTargetReference/target-exists",
        message: "the target is not in the set",
        help: "name an object of the policy's own namespace",
        ..OF_SET
    };

    pub(in crate::rules) const RULES: &[Rule] = &[
        PARENT_EXISTS,
        LISTENER_EXISTS,
        HOSTNAMES_MEET,
        BACKEND_EXISTS,
        BACKEND_PORT_EXISTS,
        GRANTED,
        CERTIFICATE_EXISTS,
        CA_CERTIFICATE_EXISTS,
        TARGET_EXISTS,
    ];
}

/// The names in a list of headers, with their indexes.
fn names(headers: Elements<'_>) -> impl Iterator<Item = (usize, &str)> {
    headers.iter().enumerate().filter_map(|(index, header)| {
        let name = header.value().as_str().or_else(|| header.text("name"))?;
        Some((index, name))
    })
}

fn one_action_a_header(filter: Defaulted<'_>, at: &Path<'_>, report: &mut Report<'_>) {
    let mut seen: BTreeMap<Folded<'_>, (&str, &str)> = BTreeMap::new();
    for action in ["set", "add", "remove"] {
        for (index, name) in names(filter.list(action)) {
            let (earlier, by) = *seen.entry(Folded(name)).or_insert((name, action));
            // Twice in one list in the same letters is an error of the schema.
            if by != action || earlier != name {
                report(
                    &at.field(action).index(index),
                    format!("`{name}` is the header that `{by}` names already"),
                );
            }
        }
    }
}

/// Reports each regular expression that no route could use, as the route's status would.
fn expressions_compile(rules: Defaulted<'_>, at: &Path<'_>, report: &mut Report<'_>) {
    let mut texts = Vec::new();
    visit_expressions(rules, at, &mut |text, _| texts.push(text));
    if texts.is_empty() {
        return;
    }
    let (limits, store) = (PatternLimits::default(), PatternStore::default());
    let patterns = RoutePatterns::of(texts, &limits, &store);
    visit_expressions(rules, at, &mut |text, at| {
        if let Some(Err(error)) = patterns.get(text) {
            report(at, error.to_string());
        }
    });
}

/// Visits each regular expression of a route's rules, in the order in which they are counted.
fn visit_expressions<'v>(
    rules: Defaulted<'v>,
    at: &Path<'_>,
    visit: &mut dyn FnMut(&'v str, &Path<'_>),
) {
    for (index, rule) in elements(rules.value()) {
        let rule_at = at.index(index);
        let matches_at = rule_at.field("matches");
        for (index, one) in plain(rule, "matches").into_iter().flat_map(elements) {
            let match_at = matches_at.index(index);
            for_each_expression(one, &match_at, &mut |text, at| {
                if text.len() <= LONGEST {
                    visit(text, at);
                }
            });
        }
    }
}

/// A field of an object as it stands.
fn plain<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    field(value.as_object()?, name)
}

/// The elements of a list as they stand, with their indexes.
fn elements(list: &Value) -> impl Iterator<Item = (usize, &Value)> {
    list.as_array().into_iter().flatten().enumerate()
}

/// Visits each regular expression of a match: headers, method, path, query parameters.
fn for_each_expression<'v>(
    one: &'v Value,
    at: &Path<'_>,
    visit: &mut dyn FnMut(&'v str, &Path<'_>),
) {
    let mut of = |holder: &'v Value, fields: &[(&str, Option<&'static str>)], at: &Path<'_>| {
        if plain(holder, "type").is_some_and(|kind| kind == "RegularExpression") {
            for (field, default) in fields {
                let written = plain(holder, field).and_then(Value::as_str);
                if let Some(expression) = written.or(*default) {
                    visit(expression, &at.field(field));
                }
            }
        }
    };
    let value = [("value", None)];
    for (member, fields) in [
        ("headers", &value[..]),
        ("method", &[("service", None), ("method", None)]),
        ("path", &[("value", Some("/"))]),
        ("queryParams", &value),
    ] {
        let member_at = at.field(member);
        match plain(one, member) {
            None => {}
            Some(list @ Value::Array(_)) => {
                for (index, entry) in elements(list) {
                    of(entry, fields, &member_at.index(index));
                }
            }
            Some(holder) => of(holder, fields, &member_at),
        }
    }
}

/// Reports each match that takes nothing, since an earlier one of the route is the same.
#[expect(
    clippy::mutable_key_type,
    reason = "a regular expression has interior mutability (its cache), but `Ord` does not look at it"
)]
fn no_dead_match(rules: Defaulted<'_>, at: &Path<'_>, report: &mut Report<'_>) {
    let mut seen: BTreeMap<Meaning<'_>, (usize, usize)> = BTreeMap::new();
    for (rule_index, rule) in rules.elements().iter().enumerate() {
        let rule_at = at.index(rule_index);
        let matches_at = rule_at.field("matches");
        for (index, one) in rule.list("matches").iter().enumerate() {
            let here = (rule_index, index);
            let (earlier_rule, earlier) = *seen.entry(Meaning::of(one)).or_insert(here);
            if (earlier_rule, earlier) != here {
                report(
                    &matches_at.index(index),
                    format!(
                        "never reached: `rules[{earlier_rule}].matches[{earlier}]` takes the same requests and comes first"
                    ),
                );
            }
        }
    }
}

/// What a match takes: equal for matches that take the same requests.
#[derive(Clone, Copy)]
struct Meaning<'v> {
    path: Option<[Option<&'v str>; 2]>,
    /// Whatever else the match has: looked at where paths are equal.
    rest: Defaulted<'v>,
}

impl<'v> Meaning<'v> {
    fn of(one: Defaulted<'v>) -> Self {
        let path = one.get("path").map(|path| {
            let (kind, value) = (path.text("type"), path.text("value"));
            // `/a` and `/a/` are the same prefix.
            let shorter = value
                .filter(|_| kind == Some("PathPrefix"))
                .and_then(|value| value.strip_suffix('/'));
            [kind, shorter.or(value)]
        });
        Self { path, rest: one }
    }

    /// The method of an HTTPRoute; type, service and method of a GRPCRoute.
    fn method(self) -> [Option<&'v str>; 4] {
        let method = self.rest.get("method");
        let part = |field| method.and_then(|method| method.text(field));
        [
            method.and_then(|method| method.value().as_str()),
            part("type"),
            part("service"),
            part("method"),
        ]
    }

    fn headers(self) -> Vec<(Folded<'v>, [Option<&'v str>; 2])> {
        by_name(self.rest.list("headers"), Folded)
    }

    fn query(self) -> Vec<(&'v str, [Option<&'v str>; 2])> {
        by_name(self.rest.list("queryParams"), |name| name)
    }
}

impl Ord for Meaning<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.path
            .cmp(&other.path)
            .then_with(|| self.method().cmp(&other.method()))
            .then_with(|| self.headers().cmp(&other.headers()))
            .then_with(|| self.query().cmp(&other.query()))
    }
}

impl PartialOrd for Meaning<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Meaning<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Meaning<'_> {}

/// The entries of a list of headers or query parameters by their names: of several with one name the
/// first counts, and their order does not matter.
fn by_name<'v, N: Ord>(
    entries: Elements<'v>,
    name: impl Fn(&'v str) -> N,
) -> Vec<(N, [Option<&'v str>; 2])> {
    let mut named: Vec<_> = entries
        .iter()
        .map(|entry| {
            let text = entry.text("name").unwrap_or_default();
            (name(text), [entry.text("type"), entry.text("value")])
        })
        .collect();
    named.sort_by(|(a, _), (b, _)| a.cmp(b));
    named.dedup_by(|(later, _), (earlier, _)| later == earlier);
    named
}
