//! Backends of an HTTPRoute's rules.

use super::HttpRouteFilter;
use crate::{
    meta::{PortNumber, constraint},
    v1::{BackendReference, backend::backend_reference},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

backend_reference! {
    /// Names a backend of an HTTPRoute rule, its share of the requests and the filters for them alone
    /// (HTTPRoute `spec.rules[].backendRefs[]`).
    pub struct HttpBackendRef {
        /// Filters for the requests to this backend, applied after the rule's own.
        #[serde(default, deserialize_with = "crate::meta::wire::list", skip_serializing_if = "Vec::is_empty")]
        #[schemars(length(max = 16))]
        pub filters: Vec<HttpRouteFilter>,
        [shared]
        /// The share of requests, in proportion to the sum of all weights of the rule; 1 unless set.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Option<constraint::Weight>", extend("default" = 1))]
        pub weight: Option<i32>,
    }
    weight: |this| this.weight.unwrap_or(1)
}
