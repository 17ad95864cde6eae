//! Rules that no API server can check: they warn.

pub(super) mod effect;

use super::{Check, PatternReporter, Reporter, Rule, value::Folded};
use crate::{
    meta::{PatternLimits, PatternStore, RoutePatterns},
    schema::{Defaulted, Elements, Path, field},
};
use serde_json::Value;
use std::{collections::BTreeMap, net::IpAddr};

/// The longest regular expression that is read, in bytes: four for each character that a field may have. The schema
/// refuses longer ones.
const LONGEST: usize = 4 * 4096;

/// The groups and kinds of parents in a mesh.
const MESH_PARENTS: &[(&str, &str)] =
    &[("", "Service"), ("multicluster.x-k8s.io", "ServiceImport")];

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
        help: "name each header once in `set`, `add` and `remove` together; names are case-insensitive",
        check: Check::Each(one_action_a_header),
        ..Rule::SEMANTIC
    },
    Rule {
        id: "RegularExpression/compiles",
        places: &["HttpRouteSpec.rules", "GrpcRouteSpec.rules"],
        message: "not a regular expression, or too large a one",
        help: "write a regular expression as RE2 takes it, within the limits; which dialect counts is up to the implementation, and gwapi goes by the `regex` crate",
        check: Check::Patterns(expressions_compile),
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
        id: "GRPCRouteRule/has-answer",
        places: &["GrpcRouteRule"],
        message: "the rule has no backend: its calls fail with `UNAVAILABLE`",
        help: "add `backendRefs`, or a filter that answers",
        check: Check::Value(|rule| {
            !rule.list("backendRefs").is_empty()
                || rule
                    .list("filters")
                    .iter()
                    .any(|f| f.text("type") == Some("ExtensionRef"))
        }),
        ..Rule::SEMANTIC
    },
    Rule {
        id: "GatewayTLSConfig/passthrough-ignores-certificates",
        places: &["ListenerTlsConfig"],
        message: "the certificate is ignored, since `mode` is Passthrough",
        help: "remove it, or set `mode: Terminate`",
        check: Check::Each(|tls, at, report| {
            if tls.text("mode") != Some("Passthrough") {
                return;
            }
            for field in ["certificateRefs", "frontendValidation"] {
                if tls.has(field) && (field != "certificateRefs" || !tls.list(field).is_empty()) {
                    report(
                        &at.field(field),
                        format!("`{field}` is ignored, since `mode` is Passthrough"),
                    );
                }
            }
        }),
        ..Rule::SEMANTIC
    },
    Rule {
        id: "HTTPPathModifier/no-substitution",
        places: &["HttpPathModifier"],
        message: "the new path is taken as it stands: `$1` or `\\1` in it is not replaced",
        help: "write the path that is meant; the API has no references to parts of a regular expression",
        check: Check::Value(|modifier| {
            ["replaceFullPath", "replacePrefixMatch"]
                .into_iter()
                .filter_map(|field| modifier.text(field))
                .all(|path| !refers_to_group(path))
        }),
        ..Rule::SEMANTIC
    },
    Rule {
        id: "HTTPRequestRedirectFilter/leads-elsewhere",
        places: &["HttpRequestRedirectFilter"],
        message: "the redirect changes nothing: clients are sent in circles",
        help: "set one of `scheme`, `hostname`, `port` and `path`",
        check: Check::Value(|redirect| {
            let status = redirect.value().get("statusCode").and_then(Value::as_i64);
            // After 303 a client asks with GET, and may find another rule.
            status == Some(303)
                || ["scheme", "hostname", "port", "path"]
                    .into_iter()
                    .any(|field| redirect.has(field))
        }),
        ..Rule::SEMANTIC
    },
    Rule {
        id: "Hostname/not-an-address",
        places: &[
            "HttpRouteSpec.hostnames",
            "GrpcRouteSpec.hostnames",
            "TlsRouteSpec.hostnames",
            "TlsRouteSpecV1Alpha2.hostnames",
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
        id: "Route/hostnames-not-for-a-service",
        places: &[
            "HttpRouteSpec",
            "GrpcRouteSpec",
            "TlsRouteSpec",
            "TlsRouteSpecV1Alpha2",
        ],
        message: "`hostnames` are ignored where the parent is a Service: the route gets requests to every host",
        help: "remove `hostnames`; for a Gateway that has the route as well, write a route of its own",
        check: Check::Each(|spec, at, report| {
            if spec.list("hostnames").is_empty() {
                return;
            }
            // GEP-1294, "`hostnames` field".
            let parents = spec.list("parentRefs");
            let service = parents.iter().find_map(|parent| {
                let kind = (parent.text("group")?, parent.text("kind")?);
                MESH_PARENTS
                    .contains(&kind)
                    .then(|| (kind.1, parent.text("name").unwrap_or_default()))
            });
            if let Some((kind, name)) = service {
                report(
                    &at.field("hostnames"),
                    format!(
                        "`hostnames` are ignored at {kind} `{name}`: the route takes requests to every host there"
                    ),
                );
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

/// Whether a path has what would refer to a group of a regular expression: `$1`, `${name}`, `\\1`.
fn refers_to_group(path: &str) -> bool {
    path.match_indices(['$', '\\']).any(|(at, sign)| {
        let next = path.get(at + 1..).and_then(|rest| rest.chars().next());
        next.is_some_and(|next| next.is_ascii_digit() || (sign == "$" && next == '{'))
    })
}

/// The names in a list of headers, with their indexes.
fn names(headers: Elements<'_>) -> impl Iterator<Item = (usize, &str)> {
    headers.iter().enumerate().filter_map(|(index, header)| {
        let name = header.value().as_str().or_else(|| header.text("name"))?;
        Some((index, name))
    })
}

fn one_action_a_header(filter: Defaulted<'_>, at: &Path<'_>, report: &mut Reporter<'_>) {
    let mut seen: BTreeMap<Folded<'_>, (&str, &str)> = BTreeMap::new();
    for action in ["set", "add", "remove"] {
        for (index, name) in names(filter.list(action)) {
            let (earlier, by) = *seen.entry(Folded(name)).or_insert((name, action));
            // Twice in one list in the same letters is an error of the schema.
            if by != action || earlier != name {
                let so = if by == action {
                    "this entry is passed over".to_owned()
                } else {
                    format!("`{action}` is applied after it")
                };
                report(
                    &at.field(action).index(index),
                    format!("`{name}` is the header that `{by}` names already: {so}"),
                );
            }
        }
    }
}

/// Reports each regular expression that no route could use, as the route's status would.
fn expressions_compile(
    rules: Defaulted<'_>,
    at: &Path<'_>,
    limits: &PatternLimits,
    report: &mut PatternReporter<'_>,
) {
    let mut texts = Vec::new();
    visit_expressions(rules, at, &mut |text, _| texts.push(text));
    if texts.is_empty() {
        return;
    }
    let patterns = RoutePatterns::of(texts, limits, &PatternStore::default());
    visit_expressions(rules, at, &mut |text, at| {
        if let Some(Err(error)) = patterns.get(text) {
            report(at, error);
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
