//! Rules for filters of HTTPRoute and GRPCRoute.

use super::{Check, Rule};
use crate::schema::Defaulted;

/// The filters of an HTTPRoute's rules and backends.
const HTTP_FILTERS: &[&str] = &["HttpRouteRule.filters", "HttpBackendRef.filters"];
/// The filters of rules and backends of both kinds.
const FILTERS: &[&str] = &[
    "HttpRouteRule.filters",
    "HttpBackendRef.filters",
    "GrpcRouteRule.filters",
    "GrpcBackendRef.filters",
];
const ANY_FILTER: &[&str] = &["HttpRouteFilter", "GrpcRouteFilter"];
const HTTP_FILTER: &[&str] = &["HttpRouteFilter"];

macro_rules! member_fits {
    ($id:literal, $places:expr, $member:literal, $type:literal) => {
        Rule {
            id: $id,
            places: $places,
            cel: Some(concat!(
                "has(self.",
                $member,
                ") == (self.type == '",
                $type,
                "')"
            )),
            message: concat!(
                "`",
                $member,
                "` must be set if `type` is ",
                $type,
                ", and only then"
            ),
            help: concat!(
                "set `",
                $member,
                "` with `type: ",
                $type,
                "`, and no member that belongs to another type"
            ),
            check: Check::Value(|value| {
                value
                    .text("type")
                    .is_none_or(|kind| value.has($member) == (kind == $type))
            }),
            ..Rule::BASE
        }
    };
}

macro_rules! once {
    ($id:literal, $places:expr, $type:literal) => {
        Rule {
            id: $id,
            places: $places,
            cel: Some(concat!("size(self.filter(f, f.type == '", $type, "')) < 2")),
            message: concat!("a list of filters may hold one of type ", $type),
            help: "merge the filters of this type into one",
            check: Check::Value(|filters| {
                filters.elements().len() < 2 || count(filters, $type) < 2
            }),
            ..Rule::BASE
        }
    };
}

pub(super) const RULES: &[Rule] = &[
    member_fits!(
        "RouteFilter/request-header-modifier-fits-type",
        ANY_FILTER,
        "requestHeaderModifier",
        "RequestHeaderModifier"
    ),
    member_fits!(
        "RouteFilter/response-header-modifier-fits-type",
        ANY_FILTER,
        "responseHeaderModifier",
        "ResponseHeaderModifier"
    ),
    member_fits!(
        "RouteFilter/request-mirror-fits-type",
        ANY_FILTER,
        "requestMirror",
        "RequestMirror"
    ),
    member_fits!(
        "RouteFilter/request-redirect-fits-type",
        HTTP_FILTER,
        "requestRedirect",
        "RequestRedirect"
    ),
    member_fits!(
        "RouteFilter/url-rewrite-fits-type",
        HTTP_FILTER,
        "urlRewrite",
        "URLRewrite"
    ),
    member_fits!(
        "RouteFilter/extension-ref-fits-type",
        ANY_FILTER,
        "extensionRef",
        "ExtensionRef"
    ),
    member_fits!(
        "HTTPPathModifier/replace-full-path-fits-type",
        &["HttpPathModifier"],
        "replaceFullPath",
        "ReplaceFullPath"
    ),
    member_fits!(
        "HTTPPathModifier/replace-prefix-match-fits-type",
        &["HttpPathModifier"],
        "replacePrefixMatch",
        "ReplacePrefixMatch"
    ),
    once!(
        "RouteFilters/request-header-modifier-once",
        FILTERS,
        "RequestHeaderModifier"
    ),
    once!(
        "RouteFilters/response-header-modifier-once",
        FILTERS,
        "ResponseHeaderModifier"
    ),
    once!(
        "RouteFilters/request-redirect-once",
        HTTP_FILTERS,
        "RequestRedirect"
    ),
    once!("RouteFilters/url-rewrite-once", HTTP_FILTERS, "URLRewrite"),
    Rule {
        id: "RouteFilters/redirect-or-rewrite",
        places: HTTP_FILTERS,
        cel: Some(
            "!self.exists(f, f.type == 'RequestRedirect') || !self.exists(f, f.type == 'URLRewrite')",
        ),
        message: "a redirect and a rewrite exclude each other",
        help: "keep one of the filters `RequestRedirect` and `URLRewrite`",
        check: Check::Value(|filters| {
            count(filters, "RequestRedirect") == 0 || count(filters, "URLRewrite") == 0
        }),
        ..Rule::BASE
    },
];

fn count(filters: Defaulted<'_>, kind: &str) -> usize {
    filters
        .elements()
        .iter()
        .filter(|filter| filter.text("type") == Some(kind))
        .count()
}
