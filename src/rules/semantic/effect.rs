//! What an API server accepts and what has no effect, or can never have one: it warns.

use super::refers_to_group;
use crate::{
    filters::SentOtherwise,
    meta::{CORE_TARGETS, GROUP, when},
    rules::{Check, Reporter, Rule},
    schema::{Defaulted, KINDS, Path, nearest_name},
};
use serde_json::Value;
use std::collections::BTreeSet;

/// How many ports or characters a message names.
const MOST_SHOWN: usize = 8;

pub(in crate::rules) const RULES: &[Rule] = &[
    Rule {
        id: "HTTPRouteRule/redirect-is-all",
        places: &["HttpRouteRule"],
        message: "the rule redirects: what it says of requests to backends has no effect",
        help: "remove it, or move it into a rule that forwards requests",
        check: Check::Each(redirect_is_all),
        ..Rule::SEMANTIC
    },
    Rule {
        id: "HTTPRouteMatch/no-tunnel",
        places: &["HttpRouteMatch"],
        message: "the match is for CONNECT, which asks for a tunnel: a Gateway makes none, and answers with 501 whatever matches",
        help: "name another method, or remove the match",
        check: Check::Value(|matching| matching.text("method") != Some("CONNECT")),
        ..Rule::SEMANTIC
    },
    Rule {
        id: "HTTPPathMatch/text-without-wildcard",
        places: &["HttpPathMatch"],
        message: "the path is matched as it is written: `*` in it is a character like any other",
        help: "write the beginning alone, with `type: PathPrefix`, as `/v1` for whatever is below it; or write a regular expression, with `type: RegularExpression`",
        check: Check::Each(|path, at, report| {
            let is_text = matches!(path.text("type"), Some("Exact" | "PathPrefix"));
            let value = path.text("value").filter(|value| value.contains('*'));
            if let Some(value) = value.filter(|_| is_text) {
                report(
                    &at.field("value"),
                    format!(
                        "`{value}` is matched as it is written: `*` in it is a character like any other"
                    ),
                );
            }
        }),
        ..Rule::SEMANTIC
    },
    Rule {
        id: "HTTPHeaderFilter/has-action",
        places: &["HttpHeaderFilter"],
        message: "the filter names no header, and changes nothing",
        help: "name headers in `set`, `add` or `remove`, or remove the filter",
        check: Check::Value(|filter| {
            let mut lists = ["set", "add", "remove"].into_iter();
            lists.any(|list| !filter.list(list).is_empty())
        }),
        ..Rule::SEMANTIC
    },
    Rule {
        id: "HTTPURLRewriteFilter/changes-something",
        places: &["HttpUrlRewriteFilter"],
        message: "the filter names neither `hostname` nor `path`, and changes nothing",
        help: "set `hostname` or `path`, or remove the filter",
        check: Check::Value(|filter| filter.has("hostname") || filter.has("path")),
        ..Rule::SEMANTIC
    },
    Rule {
        id: "HTTPPathModifier/sent-as-written",
        places: &["HttpPathModifier"],
        message: "the new path is sent otherwise than it is written",
        help: "write the path as it is to be sent: with `/` at its begin, and percent-encoded; a path modifier leaves the query of the request as it is",
        check: Check::Each(path_sent_as_written),
        ..Rule::SEMANTIC
    },
    Rule {
        id: "HTTPRequestMirrorFilter/mirrors-something",
        places: &["HttpRequestMirrorFilter"],
        message: "the share of requests that the filter mirrors is 0: it mirrors none",
        help: "give `percent` or `fraction` a share above 0, leave both out to mirror every request, or remove the filter",
        check: Check::Value(|filter| {
            let is_zero = |number: Option<&Value>| number.and_then(Value::as_i64) == Some(0);
            let fraction = filter.get("fraction");
            let numerator = fraction.and_then(|fraction| fraction.plain("numerator"));
            !is_zero(filter.plain("percent")) && !is_zero(numerator)
        }),
        ..Rule::SEMANTIC
    },
    Rule {
        id: "FrontendTLSConfig/concerns-a-listener",
        places: &["GatewaySpec"],
        when: when!("E1.4 S1.5"),
        message: "the Gateway has no HTTPS listener for which it would ask clients for certificates: the setting has no effect",
        help: "name the port of an HTTPS listener, or remove the setting",
        check: Check::Each(frontend_concerns_a_listener),
        ..Rule::SEMANTIC
    },
    Rule {
        id: "ReferenceGrant/allows-something",
        places: &["ReferenceGrantSpec"],
        message: "an entry of the grant names no kind that there is, and allows nothing",
        help: "correct the group or the kind, or remove the entry",
        check: Check::Each(grant_allows_something),
        ..Rule::SEMANTIC
    },
];

/// Reports what of a rule is about requests that are forwarded, where it redirects them all.
fn redirect_is_all(rule: Defaulted<'_>, at: &Path<'_>, report: &mut Reporter<'_>) {
    let filters = rule.list("filters");
    let of_type = |filter: Defaulted<'_>, kind: &str| filter.text("type") == Some(kind);
    if !filters
        .iter()
        .any(|filter| of_type(filter, "RequestRedirect"))
    {
        return;
    }
    for field in ["timeouts", "retry", "sessionPersistence"] {
        if rule.has(field) {
            let why = format!("the rule redirects its requests: `{field}` has no effect");
            report(&at.field(field), why);
        }
    }
    let at = at.field("filters");
    for (index, filter) in filters.iter().enumerate() {
        // A copy for a mirror is made of the request as it is by then, and a redirect leads to the host that it names by then.
        let mut later = filters.iter().skip(index);
        let copied = later.any(|later| of_type(later, "RequestMirror"));
        if of_type(filter, "RequestHeaderModifier") && !copied && !names_host(filter) {
            let why =
                "the rule redirects its requests: the filter RequestHeaderModifier has no effect";
            report(&at.index(index), why.to_owned());
        }
    }
}

/// Whether a modifier changes the host, to which a redirect leads unless it names another.
fn names_host(filter: Defaulted<'_>) -> bool {
    let Some(modifier) = filter.get("requestHeaderModifier") else {
        return false;
    };
    let is_host = |header: Defaulted<'_>| {
        let name = header.text("name");
        name.is_some_and(|name| name.eq_ignore_ascii_case("host"))
    };
    ["set", "add"]
        .into_iter()
        .any(|list| modifier.list(list).iter().any(is_host))
}

/// Reports what of a new path is sent otherwise than it is written.
fn path_sent_as_written(modifier: Defaulted<'_>, at: &Path<'_>, report: &mut Reporter<'_>) {
    for field in ["replaceFullPath", "replacePrefixMatch"] {
        let Some(written) = modifier.text(field) else {
            continue;
        };
        let SentOtherwise { slash, mut encoded } = SentOtherwise::of(written);
        if refers_to_group(written) {
            // That these refer to nothing is told.
            encoded.retain(|(character, _)| !"\\{}".contains(*character));
        }
        let mut parts = Vec::new();
        if slash {
            parts.push("a `/` is put before it: a path begins with one".to_owned());
        }
        let shown = encoded.iter().take(MOST_SHOWN);
        let shown: Vec<String> = shown
            .map(|(character, sent)| format!("`{character}` is sent as `{sent}`"))
            .collect();
        if !shown.is_empty() {
            let more = encoded.len().checked_sub(MOST_SHOWN);
            let more = more.filter(|more| *more > 0);
            let more = more.map(|more| format!(", and {more} more characters"));
            let why = match encoded.iter().any(|(character, _)| *character == '?') {
                true => "a path modifier makes no query",
                false => "what cannot stand in a path is percent-encoded",
            };
            let shown = shown.join(", ");
            parts.push(format!("{shown}{}: {why}", more.unwrap_or_default()));
        }
        if !parts.is_empty() {
            report(&at.field(field), parts.join("; "));
        }
    }
}

/// Reports what a Gateway asks of the clients of HTTPS listeners that it does not have. ListenerSets may add listeners to some
/// Gateways, of which nobody knows.
fn frontend_concerns_a_listener(spec: Defaulted<'_>, at: &Path<'_>, report: &mut Reporter<'_>) {
    let tls = spec.get("tls");
    let Some(frontend) = tls.and_then(|tls| tls.get("frontend")) else {
        return;
    };
    let allowed = spec.get("allowedListeners");
    let allowed = allowed.and_then(|allowed| allowed.get("namespaces"));
    let from = allowed.and_then(|namespaces| namespaces.text("from"));
    if from.is_some_and(|from| from != "None") {
        return;
    }
    let listeners = spec.list("listeners");
    let ports: BTreeSet<i64> = listeners
        .iter()
        .filter(|listener| listener.text("protocol") == Some("HTTPS"))
        .filter_map(|listener| listener.plain("port")?.as_i64())
        .collect();
    let have = match ports.len() {
        0 => "the Gateway has no HTTPS listener".to_owned(),
        count => {
            let shown = ports.iter().take(MOST_SHOWN).map(ToString::to_string);
            let more = count.checked_sub(MOST_SHOWN).filter(|more| *more > 0);
            let shown: Vec<String> = shown
                .chain(more.map(|more| format!("{more} more")))
                .collect();
            format!("its HTTPS listeners have {}", shown.join(", "))
        }
    };
    let at = at.field("tls");
    let at = at.field("frontend");
    let entries = frontend.list("perPort");
    let mut own = BTreeSet::new();
    for (index, entry) in entries.iter().enumerate() {
        let Some(port) = entry.plain("port").and_then(Value::as_i64) else {
            continue;
        };
        own.insert(port);
        if !ports.contains(&port) {
            let why = format!("no HTTPS listener has port {port}: the entry has no effect; {have}");
            report(&at.field("perPort").index(index), why);
        }
    }
    let asks = frontend
        .get("default")
        .is_some_and(|default| default.has("validation"));
    if asks && ports.is_subset(&own) {
        let why = match ports.is_empty() {
            true => have,
            false => "`perPort` has an entry for the port of each HTTPS listener of the Gateway"
                .to_owned(),
        };
        report(
            &at.field("default"),
            format!("{why}: `default` has no effect"),
        );
    }
}

/// Reports each entry of a ReferenceGrant whose kind is not one of its group. Kinds of other groups are an
/// implementation's own.
fn grant_allows_something(spec: Defaulted<'_>, at: &Path<'_>, report: &mut Reporter<'_>) {
    let own: BTreeSet<&str> = KINDS
        .iter()
        .filter(|known| known.group == GROUP)
        .map(|known| known.kind)
        .collect();
    for side in ["from", "to"] {
        let field = at.field(side);
        for (index, entry) in spec.list(side).iter().enumerate() {
            let (Some(group), Some(kind)) = (entry.text("group"), entry.text("kind")) else {
                continue;
            };
            let wrong = if group == GROUP && !own.contains(kind) {
                let near = nearest_name(kind, own.iter().copied());
                Some((
                    "kind",
                    format!("group `{group}` has no kind `{kind}`{}", meant(near)),
                ))
            } else if group != GROUP && own.contains(kind) && !is_of_others(group) {
                let place = match group {
                    "" => "the core group".to_owned(),
                    group => format!("group `{group}`"),
                };
                let why = format!("{place} has no kind `{kind}`: it is in group `{GROUP}`");
                Some(("group", why))
            } else if CORE_TARGETS.contains(&kind) && side == "to" && is_of_kubernetes(group) {
                let why = format!(
                    "group `{group}` has no kind `{kind}`: it is in the core group, `group: \"\"`"
                );
                Some(("group", why))
            } else if group.is_empty() && side == "to" && !CORE_TARGETS.contains(&kind) {
                // An implementation may have backends of other core kinds.
                nearest_name(kind, CORE_TARGETS.iter().copied()).map(|near| {
                    let near = meant(Some(near));
                    ("kind", format!("the core group has no kind `{kind}`{near}"))
                })
            } else {
                None
            };
            if let Some((at, why)) = wrong {
                let why = format!("{why}: the entry allows nothing");
                report(&field.index(index).field(at), why);
            }
        }
    }
}

/// What is meant by a name, for the middle of a sentence.
fn meant(near: Option<&str>) -> String {
    near.map(|near| format!(" (did you mean `{near}`?)"))
        .unwrap_or_default()
}

/// Whether the kinds of a group are those of an implementation.
fn is_of_others(group: &str) -> bool {
    !group.is_empty() && !is_of_kubernetes(group)
}

/// Whether Kubernetes itself names the kinds of a group that is not the core group.
fn is_of_kubernetes(group: &str) -> bool {
    !group.is_empty() && (!group.contains('.') || group.ends_with(".k8s.io"))
}
