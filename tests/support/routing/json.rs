//! A case in the form of `tests/fixtures/routing-regressions.json`.

use gwapi::routing::{Entry, Match, PathMatch, RouterOptions, ValueMatch};
use serde_json::{Value, json};

use super::{Payload, Request, Route};

fn value_json(value: &ValueMatch) -> Value {
    match value {
        ValueMatch::Exact(text) => json!({"type": "Exact", "value": text}),
        ValueMatch::RegularExpression(pattern) => {
            json!({"type": "RegularExpression", "value": pattern.as_str()})
        }
    }
}

fn named_json(name: &str, value: &ValueMatch) -> Value {
    let mut out = value_json(value);
    out["name"] = name.into();
    out
}

/// A route set and a request.
pub fn to_json(options: &RouterOptions, routes: &[Route], request: &Request) -> Value {
    let entry = |entry: &Entry<Payload>| {
        let matching = match &entry.matching {
            Match::Http(http) => json!({
                "path": match &http.path {
                    PathMatch::Any => Value::Null,
                    PathMatch::Exact(path) => json!({"type": "Exact", "value": path}),
                    PathMatch::Prefix(path) => json!({"type": "PathPrefix", "value": path}),
                    PathMatch::RegularExpression(pattern) => json!({"type": "RegularExpression", "value": pattern.as_str()}),
                },
                "method": http.method.as_ref().map(http::Method::as_str),
                "headers": http.headers.iter().map(|h| named_json(h.name.as_str(), &h.value)).collect::<Vec<_>>(),
                "query": http.query.iter().map(|q| named_json(&q.name, &q.value)).collect::<Vec<_>>(),
            }),
            Match::Grpc(grpc) => json!({
                "grpc": {"service": grpc.service.as_ref().map(value_json), "method": grpc.method.as_ref().map(value_json)},
                "headers": grpc.headers.iter().map(|h| named_json(h.name.as_str(), &h.value)).collect::<Vec<_>>(),
            }),
        };
        json!({
            "hostname": entry.hostname.to_string(),
            "own": entry.own_hostname.as_ref().map(ToString::to_string),
            "created": entry.rank.age.second(),
            "rule": entry.rank.rule,
            "match": entry.rank.index,
            "matches": matching,
        })
    };
    json!({
        "options": {
            "regexRank": format!("{:?}", options.regex_rank()),
            "hostnameRank": format!("{:?}", options.hostname_rank()),
            "fallback": options.fallback(),
            "repeatedHeader": format!("{:?}", options.repeated_header()),
        },
        "routes": routes.iter().map(|(key, entries)| {
            json!({"name": &**key, "entries": entries.iter().map(entry).collect::<Vec<_>>()})
        }).collect::<Vec<_>>(),
        "request": {
            "method": request.method,
            "host": request.host,
            "path": request.path,
            "query": request.query,
            "headers": request.headers.iter()
                .map(|(name, value)| json!([name, String::from_utf8_lossy(value)])).collect::<Vec<_>>(),
        },
    })
}
