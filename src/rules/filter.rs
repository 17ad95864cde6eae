//! Rules for filters of HTTPRoute and GRPCRoute.

use super::{Check, Rule};
use crate::{meta::when, schema::Defaulted};
use serde_json::Value;

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
const ANY_REQUEST_FILTER: &[&str] = &["HttpRouteFilter", "GrpcRouteFilter", "ListenerFilter"];

macro_rules! member_fits {
    ($id:literal, $places:expr, $member:literal, $type:literal $(, $when:literal)?) => {
        Rule {
            id: $id,
            places: $places,
            $( when: when!($when), )?
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
    ($id:literal, $places:expr, $type:literal $(, $when:literal)?) => {
        Rule {
            id: $id,
            places: $places,
            $( when: when!($when), )?
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

/// `*` stands for all, so that nothing may stand beside it.
macro_rules! any_alone {
    ($id:literal, $place:literal, $when:literal) => {
        Rule {
            id: $id,
            places: &[$place],
            when: when!($when),
            cel: Some("!('*' in self) || size(self) < 2"),
            message: "`*` stands for all, and must be the only entry",
            help: "remove `*`, or the other entries",
            check: Check::Value(|list| {
                let list = list.elements();
                list.len() < 2 || !list.iter().any(|entry| *entry.value() == "*")
            }),
            ..Rule::BASE
        }
    };
}

macro_rules! protocol_fits {
    ($id:literal, $member:literal, $protocol:literal) => {
        Rule {
            id: $id,
            places: &["HttpExternalAuthFilter"],
            cel: Some(concat!(
                "has(self.",
                $member,
                ") == (self.protocol == '",
                $protocol,
                "')"
            )),
            message: concat!(
                "`",
                $member,
                "` must be set if `protocol` is ",
                $protocol,
                ", and only then"
            ),
            help: concat!("set `", $member, "` with `protocol: ", $protocol, "` only"),
            check: Check::Value(|filter| {
                filter
                    .text("protocol")
                    .is_none_or(|protocol| filter.has($member) == (protocol == $protocol))
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
        ANY_REQUEST_FILTER,
        "extensionRef",
        "ExtensionRef"
    ),
    member_fits!(
        "RouteFilter/cors-fits-type",
        HTTP_FILTER,
        "cors",
        "CORS",
        "E1.3 S1.5"
    ),
    member_fits!(
        "RouteFilter/external-auth-fits-type",
        &["HttpRouteFilter", "ListenerFilter"],
        "externalAuth",
        "ExternalAuth",
        "E1.4"
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
    once!("RouteFilters/cors-once", HTTP_FILTERS, "CORS", "1.5.1"),
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
    Rule {
        id: "HTTPRequestMirrorFilter/percent-or-fraction",
        places: &["HttpRequestMirrorFilter"],
        when: when!("E1.2 S1.3"),
        cel: Some("!has(self.percent) || !has(self.fraction)"),
        message: "`percent` and `fraction` exclude each other",
        help: "keep one of the two",
        check: Check::Value(|mirror| !mirror.has("percent") || !mirror.has("fraction")),
        ..Rule::BASE
    },
    Rule {
        id: "Fraction/at-most-one",
        places: &["Fraction"],
        cel: Some("self.numerator <= self.denominator"),
        message: "a fraction must not be more than the whole",
        help: "lower `numerator` to at most `denominator`, which is 100 unless set",
        check: Check::Value(|fraction| {
            let whole = |field| fraction.plain(field).and_then(Value::as_i64);
            match (whole("numerator"), whole("denominator")) {
                (Some(numerator), Some(denominator)) => numerator <= denominator,
                // A server's rules cannot compare what is written with a fraction of its own, and refuse it.
                (None, _) => !fraction.has("numerator"),
                (_, None) => false,
            }
        }),
        ..Rule::BASE
    },
    any_alone!(
        "HTTPCORSFilter/any-method-alone",
        "HttpCorsFilter.allowMethods",
        ".."
    ),
    any_alone!(
        "HTTPCORSFilter/any-origin-alone",
        "HttpCorsFilter.allowOrigins",
        "1.4"
    ),
    any_alone!(
        "HTTPCORSFilter/any-header-alone",
        "HttpCorsFilter.allowHeaders",
        "1.5"
    ),
    protocol_fits!("HTTPExternalAuthFilter/grpc-fits-protocol", "grpc", "GRPC"),
    protocol_fits!("HTTPExternalAuthFilter/http-fits-protocol", "http", "HTTP"),
];

fn count(filters: Defaulted<'_>, kind: &str) -> usize {
    filters
        .elements()
        .iter()
        .filter(|filter| filter.text("type") == Some(kind))
        .count()
}
