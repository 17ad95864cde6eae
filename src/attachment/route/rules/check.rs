//! Values that a rule may hold and that cannot be put in force.

use super::Invalid;
use crate::{
    attachment::{effective::Timeouts, values::read_duration},
    meta::RoutePatterns,
    v1::{
        GrpcMethodMatchType, GrpcRouteMatch, HeaderMatchType, HttpRouteMatch, HttpRouteTimeouts,
        PathMatchType, QueryParamMatchType,
    },
};

/// The regular expressions of a match, in the order in which a route's are counted: headers, method, path, query
/// parameters.
pub(super) fn http_expressions(one: &HttpRouteMatch) -> impl Iterator<Item = &str> {
    let headers = one.headers.iter();
    let headers =
        headers.filter(|header| header.match_type() == HeaderMatchType::RegularExpression);
    let path = (one.path_type() == PathMatchType::RegularExpression).then(|| one.path_value());
    let query = one
        .query_params
        .iter()
        .filter(|parameter| parameter.match_type() == QueryParamMatchType::RegularExpression);
    headers
        .map(|header| header.value.as_str())
        .chain(path)
        .chain(query.map(|parameter| parameter.value.as_str()))
}

/// As [`http_expressions`], of a GRPCRoute.
pub(super) fn grpc_expressions(one: &GrpcRouteMatch) -> impl Iterator<Item = &str> {
    let headers = one.headers.iter();
    let headers =
        headers.filter(|header| header.match_type() == HeaderMatchType::RegularExpression);
    let method = one.method.as_ref();
    let method =
        method.filter(|method| method.match_type() == GrpcMethodMatchType::RegularExpression);
    let parts = method.map(|method| [&method.service, &method.method]);
    headers
        .map(|header| header.value.as_str())
        .chain(parts.into_iter().flatten().flatten().map(String::as_str))
}

/// Notes what is wrong with a regular expression of the route.
fn regular_expression(text: &str, patterns: &RoutePatterns, faults: &mut Vec<Invalid>) {
    if let Some(Err(error)) = patterns.get(text) {
        faults.push(Invalid::value(error.to_string()));
    }
}

/// Notes a type that is not known.
fn unknown(what: &str, kind: &str, faults: &mut Vec<Invalid>) {
    faults.push(Invalid::value(format!("{what} `{kind}` is not known")));
}

/// Checks the types and expressions of a match, and notes all that is wrong.
pub(super) fn http_match(
    one: &HttpRouteMatch,
    patterns: &RoutePatterns,
    faults: &mut Vec<Invalid>,
) {
    match one.path_type() {
        PathMatchType::Exact | PathMatchType::PathPrefix => {}
        PathMatchType::RegularExpression => {
            regular_expression(one.path_value(), patterns, faults);
        }
        PathMatchType::Unknown(kind) => unknown("path match type", &kind, faults),
    }
    for header in &one.headers {
        header_match(&header.match_type(), &header.value, patterns, faults);
    }
    for parameter in &one.query_params {
        match parameter.match_type() {
            QueryParamMatchType::Exact => {}
            QueryParamMatchType::RegularExpression => {
                regular_expression(&parameter.value, patterns, faults);
            }
            QueryParamMatchType::Unknown(kind) => {
                unknown("query parameter match type", &kind, faults);
            }
        }
    }
    if let Some(method) = one.method.as_ref().filter(|method| !method.is_known()) {
        unknown("method", method.as_str(), faults);
    }
}

fn header_match(
    kind: &HeaderMatchType,
    value: &str,
    patterns: &RoutePatterns,
    faults: &mut Vec<Invalid>,
) {
    match kind {
        HeaderMatchType::Exact => {}
        HeaderMatchType::RegularExpression => regular_expression(value, patterns, faults),
        HeaderMatchType::Unknown(kind) => unknown("header match type", kind, faults),
    }
}

/// As [`http_match`], of a GRPCRoute.
pub(super) fn grpc_match(
    one: &GrpcRouteMatch,
    patterns: &RoutePatterns,
    faults: &mut Vec<Invalid>,
) {
    if let Some(method) = &one.method {
        match method.match_type() {
            GrpcMethodMatchType::Exact => {}
            GrpcMethodMatchType::RegularExpression => {
                for text in [&method.service, &method.method].into_iter().flatten() {
                    regular_expression(text, patterns, faults);
                }
            }
            GrpcMethodMatchType::Unknown(kind) => unknown("method match type", &kind, faults),
        }
    }
    for header in &one.headers {
        header_match(&header.match_type(), &header.value, patterns, faults);
    }
}

/// Reads the timeouts of a rule.
pub(super) fn timeouts(timeouts: &HttpRouteTimeouts) -> Result<Timeouts, Invalid> {
    let read = |field, text| read_duration(field, text).map_err(Invalid::value);
    let request = read("timeouts.request", timeouts.request.as_ref())?;
    let backend_request = read("timeouts.backendRequest", timeouts.backend_request.as_ref())?;
    if let (Some(whole), Some(attempt)) = (request, backend_request)
        && !whole.is_zero()
        && attempt > whole
    {
        return Err(Invalid::value(format!(
            "`timeouts.backendRequest` {attempt} is longer than `timeouts.request` {whole}"
        )));
    }
    Ok(Timeouts {
        request,
        backend_request,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(request: &str, backend_request: &str) -> Result<Timeouts, String> {
        timeouts(&HttpRouteTimeouts {
            request: Some(request.into()),
            backend_request: Some(backend_request.into()),
        })
        .map_err(|invalid| invalid.text)
    }

    /// GEP-1742: zero turns a timeout off, so that no attempt is longer.
    #[test]
    fn a_request_without_limit_is_longer_than_any_attempt() {
        assert!(read("0s", "1h").is_ok());
        assert!(read("1h", "0s").is_ok());
        assert!(read("1s", "1000ms").is_ok());
        assert_eq!(
            read("1s", "1001ms").unwrap_err(),
            "`timeouts.backendRequest` 1s1ms is longer than `timeouts.request` 1s"
        );
        assert!(
            read("1s", "1 s")
                .unwrap_err()
                .starts_with("`timeouts.backendRequest`")
        );
    }
}
