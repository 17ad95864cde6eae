//! HTTPRoute: which HTTP requests go where.

use super::{HttpBackendRef, HttpPathMatch, HttpRouteFilter, HttpRouteMatch, PathMatchType};
use crate::{
    meta::{constraint, resource, was, when},
    v1::{GatewayDefaultScope, ParentReference, RouteStatus, SessionPersistence},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

resource! {
    /// Routes HTTP requests: by host, path, headers, query and method to weighted backends, with filters.
    Namespaced HttpRoute = "HTTPRoute", HttpRouteList = "HTTPRouteList", "httproutes", "v1";
    spec: HttpRouteSpec;
    status: RouteStatus
}

/// What an HTTPRoute asks for (`spec`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HttpRouteSpec {
    /// The hosts whose requests the route takes; all that the listener serves unless set.
    #[serde(
        default,
        deserialize_with = "crate::meta::wire::list",
        skip_serializing_if = "Vec::is_empty"
    )]
    #[schemars(with = "Vec<constraint::Hostname>", length(max = 16))]
    pub hostnames: Vec<String>,
    /// The parents to which the route wants to attach.
    #[serde(
        default,
        deserialize_with = "crate::meta::wire::list",
        skip_serializing_if = "Vec::is_empty"
    )]
    #[schemars(length(max = 32))]
    pub parent_refs: Vec<ParentReference>,
    /// What to do with which requests; unless set, one rule that matches everything and has no backend.
    ///
    /// An empty list is not the same as none: an API server puts the default in the place of an absent list only, and a
    /// route with an empty list takes no request. See [`rules`](Self::rules).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(min = 1, max = 16),
        extend(
            "default" = [{ "matches": [{ "path": { "type": "PathPrefix", "value": "/" } }] }],
            "x-gwapi-was" = was! { "..1.4": { "minItems": null } },
        )
    )]
    pub rules: Option<Vec<HttpRouteRule>>,
    /// Whether the route attaches to Gateways that it does not name (GEP-3793); to none unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-gwapi-when" = when!("E1.4")))]
    pub use_default_gateways: Option<GatewayDefaultScope>,
}

impl HttpRouteSpec {
    /// The rules: where the list is absent, one that matches every request and has no backend.
    #[must_use]
    pub fn rules(&self) -> Cow<'_, [HttpRouteRule]> {
        match &self.rules {
            Some(rules) => Cow::Borrowed(rules),
            None => Cow::Owned(vec![HttpRouteRule {
                matches: vec![HttpRouteMatch {
                    path: Some(HttpPathMatch {
                        r#type: Some(PathMatchType::PathPrefix),
                        value: Some("/".to_owned()),
                    }),
                    ..Default::default()
                }],
                ..Default::default()
            }]),
        }
    }
}

/// Requests that match, the filters that they pass and the backends that they reach (`spec.rules[]`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HttpRouteRule {
    /// Where requests go, in proportion to the weights. Without a backend, and without a redirect that
    /// answers in its place, requests are answered with 500.
    #[serde(
        default,
        deserialize_with = "crate::meta::wire::list",
        skip_serializing_if = "Vec::is_empty"
    )]
    #[schemars(length(max = 16))]
    pub backend_refs: Vec<HttpBackendRef>,
    /// What is done to requests and responses.
    #[serde(
        default,
        deserialize_with = "crate::meta::wire::list",
        skip_serializing_if = "Vec::is_empty"
    )]
    #[schemars(length(max = 16))]
    pub filters: Vec<HttpRouteFilter>,
    /// The matches: the rule applies to a request that matches any of them. Unless set, it applies to every request.
    #[serde(
        default,
        deserialize_with = "crate::meta::wire::list",
        skip_serializing_if = "Vec::is_empty"
    )]
    #[schemars(
        length(max = 64),
        extend(
            "default" = [{ "path": { "type": "PathPrefix", "value": "/" } }],
            "x-gwapi-was" = was! { "..1.1": { "maxItems": 8 } },
        )
    )]
    pub matches: Vec<HttpRouteMatch>,
    /// The name of the rule, unique within the route (GEP-995).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<constraint::SectionName>", extend("x-gwapi-when" = when!("E1.2 S1.4")))]
    pub name: Option<String>,
    /// Whether requests that fail are sent again (GEP-1731); not unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-gwapi-when" = when!("E1.2 S1.7")))]
    pub retry: Option<HttpRouteRetry>,
    /// Whether the requests of one client session go to the same endpoint (GEP-1619).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-gwapi-when" = when!("E1.1")))]
    pub session_persistence: Option<SessionPersistence>,
    /// How long a request may take (GEP-1742).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-gwapi-when" = when!("E.. S1.2")))]
    pub timeouts: Option<HttpRouteTimeouts>,
}

/// How long a request may take (`spec.rules[].timeouts`, GEP-1742). Zero means no limit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HttpRouteTimeouts {
    /// The limit for one attempt at a backend, at most that of the request; a GEP-2257 duration.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<constraint::Duration>")]
    pub backend_request: Option<String>,
    /// The limit for the whole answer to the client, retries included; a GEP-2257 duration.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<constraint::Duration>")]
    pub request: Option<String>,
}

/// When and how often a request that failed is sent again (`spec.rules[].retry`, GEP-1731).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HttpRouteRetry {
    /// How often at most; 0 is never. Since v1.7.0 it is once unless set, before that the controller chooses.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(
        with = "Option<constraint::RetryAttempts>",
        extend("default" = 1, "x-gwapi-was" = was! {
            "..1.5": { "default": null, "minimum": null },
            "1.6..1.6": { "default": null, "minimum": 1 },
        })
    )]
    pub attempts: Option<i64>,
    /// How long to wait before a request is sent again; a GEP-2257 duration.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<constraint::Duration>")]
    pub backoff: Option<String>,
    /// The status codes of backends after which a request is sent again, beside failed connections.
    #[serde(
        default,
        deserialize_with = "crate::meta::wire::list",
        skip_serializing_if = "Vec::is_empty"
    )]
    #[schemars(
        with = "Vec<constraint::RetryStatusCode>",
        extend(
            "x-kubernetes-list-type" = "set",
            "x-gwapi-was" = was! { "..1.5": { "x-kubernetes-list-type": null } },
        )
    )]
    pub codes: Vec<i64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_rule_stands_for_an_absent_list_and_not_for_an_empty_one() {
        for (text, rules) in [
            ("{}", 1),
            (r#"{"rules":[]}"#, 0),
            (r#"{"rules":[{},{}]}"#, 2),
        ] {
            let spec: HttpRouteSpec = serde_json::from_str(text).unwrap();
            assert_eq!(spec.rules().len(), rules, "{text}");
            assert_eq!(serde_json::to_string(&spec).unwrap(), text);
        }
        let spec: HttpRouteSpec = serde_json::from_str(r#"{"rules":null}"#).unwrap();
        assert_eq!(spec.rules()[0].matches[0].path_value(), "/");
    }
}
