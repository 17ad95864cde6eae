//! What was seen against what is expected.

use super::{
    cluster::Cluster,
    frames,
    location::leads_to,
    scenario::{Expected, ExpectedCookie, ExpectedRequest, FieldLines},
    subject::{Ask, Ended, Observed, Reached, SeenRequest},
};
use http::{
    HeaderMap,
    header::{LOCATION, SET_COOKIE},
    response,
};
use std::collections::BTreeMap;

/// What of an answer is not as expected, a sentence each. A request of HTTP has a response, whatever else is expected of it.
pub(super) fn problems(
    expected: &Expected,
    ask: &Ask,
    seen: &Observed,
    cluster: &Cluster<'_>,
) -> Vec<String> {
    let mut problems = Vec::new();
    reached(expected, seen, cluster, &mut problems);
    if seen.is_switched() && !ask.frames.is_empty() && !frames::came_back(&seen.echoed) {
        problems.push("what the client sends after the upgrade does not come back".to_owned());
    }
    match &seen.ended {
        Ended::Unseen { matched } => {
            if *matched != expected.backend.is_some() {
                problems.push(match matched {
                    true => "a route takes the request, and none should".to_owned(),
                    false => "no route takes the request".to_owned(),
                });
            }
        }
        Ended::Refused => {
            if !expected.refused {
                problems.push("the client is refused before it gets a response".to_owned());
            }
        }
        Ended::Passed => {
            if expected.refused {
                problems.push("the connection goes through to a backend".to_owned());
            } else if ask.is_http() || expected.status.is_some() {
                problems.push(
                    "the connection goes through to a backend, and no response comes".to_owned(),
                );
            }
        }
        Ended::Response(head) => {
            if expected.refused {
                problems.push(format!(
                    "the client gets a response, {}, and should get none",
                    head.status.as_u16()
                ));
            } else {
                response_problems(expected, ask, head, &mut problems);
            }
        }
    }
    problems
}

/// The status code that a client gets.
fn status(expected: &Expected, backend_status: u16) -> u16 {
    match (expected.status, &expected.backend, &expected.location) {
        (Some(status), ..) => status,
        (None, _, Some(_)) => 302,
        (None, Some(_), None) => backend_status,
        (None, None, None) => 200,
    }
}

fn response_problems(
    expected: &Expected,
    ask: &Ask,
    head: &response::Parts,
    problems: &mut Vec<String>,
) {
    if let Some(wanted) = expected.grpc_status {
        let found = call_status(head);
        if found != [wanted.to_string()] {
            problems.push(format!("the status of the call is {found:?}, not {wanted}"));
        }
    }
    // The status of a call may come as one of HTTP.
    let is_asked = expected.grpc_status.is_none() || expected.status.is_some();
    let wanted = status(expected, ask.request.backend.status.as_u16());
    let found = head.status.as_u16();
    if is_asked && found != wanted && !(is_timeout(found) && is_timeout(wanted)) {
        problems.push(format!("the status is {found}, not {wanted}"));
    }
    if let Some(wanted) = &expected.location {
        let lines = lines(&head.headers, LOCATION.as_str());
        let is_there = match lines.as_slice() {
            [location] => leads_to(&ask.request.uri, location, wanted),
            _ => false,
        };
        if !is_there {
            problems.push(format!("the location is {lines:?}, not `{wanted}`"));
        }
    }
    for (name, wanted) in &expected.cookies {
        cookie(name, wanted, &head.headers, problems);
    }
    for name in &expected.has {
        if !head.headers.contains_key(name) {
            problems.push(format!("the response has no header `{name}`"));
        }
    }
    headers("the response", &expected.response, &head.headers, problems);
}

/// Whether a status is one that says that something took too long: which of them it is the specification leaves open.
fn is_timeout(status: u16) -> bool {
    matches!(status, 408 | 504)
}

/// The status of a call as its client sees it. A response of HTTP alone that is not 200 has one as well
/// (<https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md>).
fn call_status(head: &response::Parts) -> Vec<String> {
    let own = lines(&head.headers, "grpc-status");
    if !own.is_empty() {
        return own;
    }
    let status = match head.status.as_u16() {
        400 => "13",
        401 => "16",
        403 => "7",
        404 => "12",
        429 | 502..=504 => "14",
        _ => "2",
    };
    vec![status.to_owned()]
}

/// By how many seconds the lifetime of a cookie may be off: what is sent late, or rounded.
const COOKIE_SLACK: u64 = 60;

fn cookie(name: &str, wanted: &ExpectedCookie, headers: &HeaderMap, problems: &mut Vec<String>) {
    let lines = lines(headers, SET_COOKIE.as_str());
    let mut cookies = lines.iter().map(|line| line.split(';').map(str::trim));
    let own = cookies.find_map(|mut parts| {
        let (own, _) = parts.next()?.split_once('=')?;
        (own == name).then_some(parts)
    });
    let Some(attributes) = own else {
        problems.push(format!("the response sets no cookie `{name}`"));
        return;
    };
    let attributes: BTreeMap<String, &str> = attributes
        .map(|attribute| attribute.split_once('=').unwrap_or((attribute, "")))
        .map(|(attribute, value)| (attribute.to_ascii_lowercase(), value))
        .collect();
    let of = |attribute: &str| attributes.get(&attribute.to_ascii_lowercase());
    for attribute in &wanted.with {
        let (own, value) = match attribute.split_once('=') {
            Some((own, value)) => (own, Some(value)),
            None => (attribute.as_str(), None),
        };
        match (of(own), value) {
            (None, _) => problems.push(format!("the cookie `{name}` has no {attribute}")),
            (Some(found), Some(value)) if !found.eq_ignore_ascii_case(value) => {
                problems.push(format!(
                    "the cookie `{name}` has {own}={found}, not {value}"
                ));
            }
            (Some(_), _) => {}
        }
    }
    for attribute in wanted
        .without
        .iter()
        .filter(|attribute| of(attribute).is_some())
    {
        problems.push(format!("the cookie `{name}` has {attribute}"));
    }
    let Some(lasts) = wanted.lasts else {
        return;
    };
    let wanted = std::time::Duration::from(lasts).as_secs();
    // A cookie with `Expires` alone says when and not how long: the clock of the subject is not known.
    match of("max-age").map(|text| text.parse::<u64>()) {
        Some(Ok(seconds)) if seconds.abs_diff(wanted) <= COOKIE_SLACK => {}
        None if of("expires").is_some() => {}
        None => problems.push(format!(
            "the cookie `{name}` has no Max-Age, and should last for {wanted} seconds"
        )),
        Some(_) => {
            let found = of("max-age").map_or("", |text| text);
            problems.push(format!(
                "the cookie `{name}` has Max-Age={found}, not {wanted}"
            ));
        }
    }
}

/// Who was reached, and with what.
fn reached(
    expected: &Expected,
    seen: &Observed,
    cluster: &Cluster<'_>,
    problems: &mut Vec<String>,
) {
    let mut left: Vec<(&Reached, String)> = seen
        .reached
        .iter()
        .map(|reached| (reached, cluster.service(&reached.endpoint)))
        .collect();
    let mut take = |service: &str| {
        let place = left.iter().position(|(_, of)| of == service)?;
        Some(left.remove(place).0)
    };
    if let Some(backend) = &expected.backend {
        match (take(backend), &expected.request) {
            (None, _) => problems.push(format!("{backend} gets nothing")),
            (Some(reached), Some(wanted)) => {
                request(
                    &format!("{backend} gets"),
                    wanted,
                    reached.request.as_ref(),
                    problems,
                );
            }
            (Some(_), None) => {}
        }
    }
    if !matches!(seen.ended, Ended::Unseen { .. }) {
        for mirror in &expected.mirrors {
            match (take(mirror), &expected.copy) {
                (None, _) => problems.push(format!("{mirror} gets no copy")),
                (Some(reached), Some(wanted)) => {
                    let context = format!("{mirror} gets a copy with");
                    request(&context, wanted, reached.request.as_ref(), problems);
                }
                (Some(_), None) => {}
            }
        }
    }
    for (_, service) in left {
        problems.push(format!("{service} is reached, and should not be"));
    }
}

fn request(
    context: &str,
    wanted: &ExpectedRequest,
    seen: Option<&SeenRequest>,
    problems: &mut Vec<String>,
) {
    let Some(seen) = seen else {
        problems.push(format!("{context} no request"));
        return;
    };
    let fields = [
        ("method", &wanted.method, &seen.method),
        ("host", &wanted.host, &seen.host),
        ("path", &wanted.path, &seen.path),
        ("protocol", &wanted.protocol, &seen.protocol),
    ];
    for (field, wanted, seen) in fields {
        if let Some(wanted) = wanted
            && wanted != seen
        {
            problems.push(format!("{context} the {field} `{seen}`, not `{wanted}`"));
        }
    }
    headers(context, &wanted.headers, &seen.headers, problems);
}

fn headers(
    context: &str,
    wanted: &BTreeMap<String, FieldLines>,
    seen: &HeaderMap,
    problems: &mut Vec<String>,
) {
    for (name, wanted) in wanted {
        // Several lines and one line with commas are the same.
        let joined = |lines: &[String]| -> Vec<String> {
            let parts = lines.iter().flat_map(|line| line.split(','));
            parts.map(|part| part.trim().to_owned()).collect()
        };
        let (found, wanted) = (joined(&lines(seen, name)), joined(wanted.lines()));
        if found != wanted {
            problems.push(match wanted.is_empty() {
                true => {
                    format!("{context} the header `{name}`: {found:?}, and it should not be there")
                }
                false => format!("{context} the header `{name}`: {found:?}, not {wanted:?}"),
            });
        }
    }
}

fn lines(headers: &HeaderMap, name: &str) -> Vec<String> {
    let all = headers.get_all(name).iter();
    all.map(|line| String::from_utf8_lossy(line.as_bytes()).into_owned())
        .collect()
}
