//! Rules that no API server can check: they warn.

use super::{
    Check, Report, Rule,
    value::{elements, has, list, text},
};
use crate::schema::Path;
use regex::RegexBuilder;
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    net::IpAddr,
};

/// The most memory that a compiled regular expression may take, in bytes.
const EXPRESSION_LIMIT: usize = 1 << 20;
/// The longest regular expression that is tried, in bytes: four for each character that a field may have.
const LONGEST: usize = 4 * 4096;
/// How many different regular expressions of one object are tried.
const EXPRESSIONS: usize = 200;

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "HeaderMatches/names-differ-in-more-than-case",
        places: &["HttpRouteMatch.headers", "GrpcRouteMatch.headers"],
        message: "a header of this name stands earlier in the list, in other letters: this entry is passed over",
        help: "remove one of the two: the case of a header's name does not matter",
        check: Check::Each(|headers, at, report| {
            let mut seen: HashMap<String, &str> = HashMap::new();
            for (index, name) in names(headers) {
                match seen.get(&name.to_ascii_lowercase()) {
                    // The same letters are an error of the schema.
                    Some(earlier) if *earlier != name => report(
                        &at.index(index),
                        format!(
                            "`{name}` and `{earlier}` are the same header: this entry is passed over"
                        ),
                    ),
                    Some(_) => {}
                    None => {
                        seen.insert(name.to_ascii_lowercase(), name);
                    }
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
        message: "the regular expression does not compile",
        help: "mend the expression; its dialect is up to the implementation, this is that of RE2 and of the `regex` crate",
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
            let backends = elements(backends);
            backends.is_empty()
                || backends
                    .iter()
                    .any(|backend| backend.get("weight").and_then(Value::as_i64) != Some(0))
        }),
        ..Rule::SEMANTIC
    },
    Rule {
        id: "HTTPRouteRule/has-answer",
        places: &["HttpRouteRule"],
        message: "the rule has no backend and no redirect: its requests are answered with 500",
        help: "add `backendRefs`, or a filter that answers",
        check: Check::Value(|rule| {
            !list(rule, "backendRefs").is_empty()
                || list(rule, "filters")
                    .iter()
                    .any(|f| matches!(text(f, "type"), Some("RequestRedirect" | "ExtensionRef")))
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
                .any(|field| has(redirect, field))
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
            for (index, hostname) in elements(hostnames).iter().enumerate() {
                if let Some(address) = hostname.as_str().filter(|h| h.parse::<IpAddr>().is_ok()) {
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
            !matches!(text(listener, "protocol"), Some("HTTPS" | "TLS")) || has(listener, "tls")
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
fn names(headers: &Value) -> impl Iterator<Item = (usize, &str)> {
    elements(headers)
        .iter()
        .enumerate()
        .filter_map(|(index, header)| {
            Some((index, header.as_str().or_else(|| text(header, "name"))?))
        })
}

fn one_action_a_header(filter: &Value, at: &Path<'_>, report: &mut Report<'_>) {
    let mut seen: HashMap<String, (&str, &str)> = HashMap::new();
    for action in ["set", "add", "remove"] {
        let Some(headers) = filter.get(action) else {
            continue;
        };
        for (index, name) in names(headers) {
            match seen.get(&name.to_ascii_lowercase()) {
                // Twice in one list in the same letters is an error of the schema.
                Some((earlier, by)) if *by != action || *earlier != name => report(
                    &at.field(action).index(index),
                    format!("`{name}` is the header that `{by}` names already"),
                ),
                Some(_) => {}
                None => {
                    seen.insert(name.to_ascii_lowercase(), (name, action));
                }
            }
        }
    }
}

fn expressions_compile(rules: &Value, at: &Path<'_>, report: &mut Report<'_>) {
    let mut verdicts: HashMap<&str, Option<String>> = HashMap::new();
    for (index, rule) in elements(rules).iter().enumerate() {
        let rule_at = at.index(index);
        let matches_at = rule_at.field("matches");
        for (index, one) in list(rule, "matches").iter().enumerate() {
            let match_at = matches_at.index(index);
            for_each_expression(one, &match_at, &mut |expression, at| {
                // What the schema refuses as too long is not tried, nor what a larger object adds.
                let full = verdicts.len() >= EXPRESSIONS && !verdicts.contains_key(expression);
                if full || expression.len() > LONGEST {
                    return;
                }
                let verdict = verdicts
                    .entry(expression)
                    .or_insert_with(|| why_not(expression));
                if let Some(why) = verdict {
                    report(at, why.clone());
                }
            });
        }
    }
}

/// Visits each regular expression of a match.
fn for_each_expression<'v>(
    one: &'v Value,
    at: &Path<'_>,
    visit: &mut dyn FnMut(&'v str, &Path<'_>),
) {
    let mut of = |holder: &'v Value, fields: &[&str], at: &Path<'_>| {
        if text(holder, "type") == Some("RegularExpression") {
            for field in fields {
                if let Some(expression) = text(holder, field) {
                    visit(expression, &at.field(field));
                }
            }
        }
    };
    if let Some(path) = one.get("path") {
        of(path, &["value"], &at.field("path"));
    }
    if let Some(method) = one.get("method") {
        of(method, &["service", "method"], &at.field("method"));
    }
    for member in ["headers", "queryParams"] {
        let member_at = at.field(member);
        for (index, entry) in list(one, member).iter().enumerate() {
            of(entry, &["value"], &member_at.index(index));
        }
    }
}

/// Why a regular expression does not compile; nothing if it does.
fn why_not(expression: &str) -> Option<String> {
    let error = RegexBuilder::new(expression)
        .size_limit(EXPRESSION_LIMIT)
        .build()
        .err()?;
    let why = match error {
        regex::Error::CompiledTooBig(_) => "it grows too large".to_owned(),
        // The last line of the parser's drawing says what is wrong.
        error => error
            .to_string()
            .lines()
            .last()
            .unwrap_or_default()
            .trim_start_matches("error: ")
            .to_owned(),
    };
    Some(format!("the regular expression does not compile: {why}"))
}

/// Reports each match that takes nothing, since an earlier one of the route is the same.
fn no_dead_match(rules: &Value, at: &Path<'_>, report: &mut Report<'_>) {
    let mut seen: HashMap<String, (usize, usize)> = HashMap::new();
    for (rule_index, rule) in elements(rules).iter().enumerate() {
        let rule_at = at.index(rule_index);
        let matches_at = rule_at.field("matches");
        for (index, one) in list(rule, "matches").iter().enumerate() {
            let (earlier_rule, earlier) = *seen.entry(meaning(one)).or_insert((rule_index, index));
            if (earlier_rule, earlier) != (rule_index, index) {
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

/// What a match takes, as a text that is equal for matches that take the same requests.
fn meaning(one: &Value) -> String {
    let mut path = one.get("path").cloned().unwrap_or_default();
    // `/a` and `/a/` are the same prefix.
    if text(&path, "type") == Some("PathPrefix")
        && let Some(shorter) = text(&path, "value").and_then(|v| v.strip_suffix('/'))
    {
        path = serde_json::json!({ "type": "PathPrefix", "value": shorter });
    }
    // Of entries with the same name the first counts, in any order.
    let by_name = |member: &str, fold: bool| {
        let mut first: BTreeMap<String, &Value> = BTreeMap::new();
        for entry in list(one, member) {
            let name = text(entry, "name").unwrap_or_default();
            let name = if fold {
                name.to_ascii_lowercase()
            } else {
                name.to_owned()
            };
            first.entry(name).or_insert(entry);
        }
        let parts: BTreeSet<String> = first
            .into_iter()
            .map(|(name, entry)| {
                format!(
                    "{name:?} {:?} {:?}",
                    text(entry, "type"),
                    text(entry, "value")
                )
            })
            .collect();
        parts
    };
    format!(
        "{path} {:?} {:?} {:?}",
        one.get("method"),
        by_name("headers", true),
        by_name("queryParams", false)
    )
}
