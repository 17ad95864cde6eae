//! XTelemetryPolicy: what is recorded of requests (GEP-4768).

use crate::{
    meta::{constraint, open_enum, resource},
    v1::{
        BackendObjectReference, Fraction, HttpHeader, LocalObjectReference, PolicyAncestorStatus,
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

resource! {
    /// Configures what is recorded of requests: traces, and where they are sent.
    Namespaced experiment XTelemetryPolicy = "XTelemetryPolicy", XTelemetryPolicyList = "XTelemetryPolicyList", "xtelemetrypolicies", "v1alpha1";
    spec: TelemetryPolicySpec;
    status: TelemetryPolicyStatus
}

/// What an XTelemetryPolicy asks for (`spec`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TelemetryPolicySpec {
    /// The objects for which the policy is: Gateways of its own namespace, or what else is supported.
    #[schemars(length(min = 1, max = 16))]
    pub target_refs: Vec<LocalObjectReference>,
    /// Traces; must be set, since it is all that there is so far.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tracing: Option<TracingConfig>,
}

/// How requests are traced (`spec.tracing`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TracingConfig {
    /// What spans say beside what they always do.
    #[serde(
        default,
        deserialize_with = "crate::meta::wire::list",
        skip_serializing_if = "Vec::is_empty"
    )]
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub attributes: Vec<Attribute>,
    /// Whether requests are traced; as the implementation does unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = "ImplementationDefault"))]
    pub mode: Option<TracingMode>,
    /// Whether a request is traced because whoever sent it traces it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_based_sampling: Option<ParentBasedSampling>,
    /// Where spans are sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<TracingProvider>,
    /// Which part of the requests is traced.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sampling_rate: Option<Fraction>,
    /// The name of the service in spans.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<constraint::ServiceName>")]
    pub service_name: Option<String>,
    /// The name of spans.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<constraint::SpanName>")]
    pub span_name: Option<String>,
}

open_enum! {
    /// Whether requests are traced.
    pub enum TracingMode, schema = closed {
        /// They are.
        Enabled = "Enabled",
        /// They are not.
        Disabled = "Disabled",
        /// As the implementation does.
        ImplementationDefault = "ImplementationDefault",
    }
}

/// Where spans are sent (`spec.tracing.provider`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TracingProvider {
    /// The collector.
    pub backend_ref: BackendObjectReference,
    /// Headers of the requests to the collector.
    #[serde(
        default,
        deserialize_with = "crate::meta::wire::list",
        skip_serializing_if = "Vec::is_empty"
    )]
    #[schemars(
        length(max = 16),
        extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"])
    )]
    pub headers: Vec<HttpHeader>,
}

/// Whether a request is traced because whoever sent it traces it (`spec.tracing.parentBasedSampling`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ParentBasedSampling {
    /// Whether it is; as the implementation does unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = "ImplementationDefault"))]
    pub mode: Option<ParentBasedSamplingMode>,
    /// Which part of such requests is traced.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sampling_rate: Option<Fraction>,
}

open_enum! {
    /// Whether a request is traced because whoever sent it traces it.
    pub enum ParentBasedSamplingMode, schema = closed {
        /// It is.
        Enabled = "Enabled",
        /// It is not.
        Disabled = "Disabled",
        /// As the implementation does.
        ImplementationDefault = "ImplementationDefault",
    }
}

/// What a span says (`spec.tracing.attributes[]`): the member that `sourceType` names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Attribute {
    /// An attribute of the request, for `Attribute`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<constraint::AttributeKey>")]
    pub attribute_key: Option<String>,
    /// A header of the request, for `Header`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<constraint::HeaderName>")]
    pub header_name: Option<String>,
    /// A text, for `Literal`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<constraint::LiteralValue>")]
    pub literal_value: Option<String>,
    /// The name in the span.
    #[schemars(with = "constraint::AttributeName")]
    pub name: String,
    /// Where the value comes from.
    pub source_type: AttributeSourceType,
}

open_enum! {
    /// Where what a span says comes from.
    pub enum AttributeSourceType, schema = closed {
        /// A header of the request.
        Header = "Header",
        /// The policy itself.
        Literal = "Literal",
        /// An attribute of the request that the implementation knows.
        Attribute = "Attribute",
    }
}

/// The observed state of an XTelemetryPolicy: one entry an ancestor and controller (`status`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TelemetryPolicyStatus {
    /// What each controller says of the policy at each ancestor.
    #[schemars(length(max = 16))]
    pub ancestors: Vec<PolicyAncestorStatus>,
}
