//! Values that a rule may hold and that cannot be put in force.

use super::Invalid;
use crate::{
    attachment::{effective::Timeouts, values::read_duration},
    v1::{
        GrpcMethodMatchType, GrpcRouteMatch, HeaderMatchType, HttpRouteMatch, HttpRouteTimeouts,
        PathMatchType, QueryParamMatchType,
    },
};

/// Whether the text is a regular expression of the `regex` crate.
fn regular_expression(text: &str) -> Result<(), Invalid> {
    regex::Regex::new(text)
        .map(|_| ())
        .map_err(|_| Invalid::value(format!("`{text}` is not a regular expression")))
}

/// Checks the types and expressions of a match.
pub(super) fn http_match(one: &HttpRouteMatch) -> Result<(), Invalid> {
    match one.path_type() {
        PathMatchType::Exact | PathMatchType::PathPrefix => {}
        PathMatchType::RegularExpression => regular_expression(one.path_value())?,
        PathMatchType::Unknown(kind) => {
            return Err(Invalid::value(format!(
                "path match type `{kind}` is not known"
            )));
        }
    }
    for header in &one.headers {
        header_match(&header.match_type(), &header.value)?;
    }
    for parameter in &one.query_params {
        match parameter.match_type() {
            QueryParamMatchType::Exact => {}
            QueryParamMatchType::RegularExpression => regular_expression(&parameter.value)?,
            QueryParamMatchType::Unknown(kind) => {
                return Err(Invalid::value(format!(
                    "query parameter match type `{kind}` is not known"
                )));
            }
        }
    }
    match &one.method {
        Some(method) if !method.is_known() => {
            Err(Invalid::value(format!("method `{method}` is not known")))
        }
        _ => Ok(()),
    }
}

fn header_match(kind: &HeaderMatchType, value: &str) -> Result<(), Invalid> {
    match kind {
        HeaderMatchType::Exact => Ok(()),
        HeaderMatchType::RegularExpression => regular_expression(value),
        HeaderMatchType::Unknown(kind) => Err(Invalid::value(format!(
            "header match type `{kind}` is not known"
        ))),
    }
}

/// Checks the types and expressions of a match.
pub(super) fn grpc_match(one: &GrpcRouteMatch) -> Result<(), Invalid> {
    if let Some(method) = &one.method {
        match method.match_type() {
            GrpcMethodMatchType::Exact => {}
            GrpcMethodMatchType::RegularExpression => {
                for text in [&method.service, &method.method].into_iter().flatten() {
                    regular_expression(text)?;
                }
            }
            GrpcMethodMatchType::Unknown(kind) => {
                return Err(Invalid::value(format!(
                    "method match type `{kind}` is not known"
                )));
            }
        }
    }
    one.headers
        .iter()
        .try_for_each(|header| header_match(&header.match_type(), &header.value))
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
