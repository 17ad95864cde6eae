//! The API's constrained texts, each declared once: length, pattern, format.
//!
//! These types carry a schema and nothing else. A field of a wire struct with such a text is a
//! `String` and names its constraint in its schema attribute; CRDs and validation read it from there.

use super::was;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use std::borrow::Cow;

/// A DNS subdomain with an optional leading wildcard label.
pub const HOSTNAME_PATTERN: &str =
    r"^(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$";
/// A DNS subdomain.
pub const SUBDOMAIN_PATTERN: &str =
    r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$";
/// An RFC 7230 token.
pub const HEADER_NAME_PATTERN: &str = r"^[A-Za-z0-9!#$%&'*+\-.^_\x60|~]+$";
/// A duration of GEP-2257.
pub const DURATION_PATTERN: &str = r"^([0-9]{1,5}(h|m|s|ms)){1,4}$";

macro_rules! constraints {
    ($( $(#[doc = $doc:literal])+ $name:ident = $schema:tt; )+) => {$(
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug)]
        pub enum $name {}

        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    )+};
}

constraints! {
    /// Any text.
    Text = { "type": "string" };
    /// An API group; empty for the core group.
    Group = {
        "type": "string",
        "maxLength": 253,
        "pattern": r"^$|^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
    };
    /// A kind.
    KindName = {
        "type": "string", "minLength": 1, "maxLength": 63,
        "pattern": "^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$"
    };
    /// The name of an object.
    ObjectName = { "type": "string", "minLength": 1, "maxLength": 253 };
    /// A namespace.
    Namespace = {
        "type": "string", "minLength": 1, "maxLength": 63,
        "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
    };
    /// A listener's or a Service port's name.
    SectionName = {
        "type": "string", "minLength": 1, "maxLength": 253, "pattern": SUBDOMAIN_PATTERN
    };
    /// A hostname, a wildcard allowed.
    Hostname = {
        "type": "string", "minLength": 1, "maxLength": 253, "pattern": HOSTNAME_PATTERN
    };
    /// A hostname without wildcard.
    PreciseHostname = {
        "type": "string", "minLength": 1, "maxLength": 253, "pattern": SUBDOMAIN_PATTERN
    };
    /// A port.
    Port = { "type": "integer", "format": "int32", "minimum": 1, "maximum": 65535 };
    /// The weight of a backend.
    Weight = { "type": "integer", "format": "int32", "minimum": 0, "maximum": 1_000_000 };
    /// A count of objects.
    Count = { "type": "integer", "format": "int32" };
    /// The status code of a redirect.
    RedirectStatusCode = {
        "type": "integer", "enum": [301, 302, 303, 307, 308],
        "x-gwapi-was": was! { "..1.4": { "enum": [301, 302] } }
    };
    /// The status code of an answer after which a request is tried again.
    RetryStatusCode = { "type": "integer", "minimum": 400, "maximum": 599 };
    /// How often a request is tried again.
    RetryAttempts = { "type": "integer", "minimum": 0 };
    /// A part of a hundred.
    Percent = { "type": "integer", "format": "int32", "minimum": 0, "maximum": 100 };
    /// What is above the line of a fraction.
    Numerator = { "type": "integer", "format": "int32", "minimum": 0 };
    /// What is below the line of a fraction.
    Denominator = { "type": "integer", "format": "int32", "minimum": 1 };
    /// The part of a hundred requests that may be sent again.
    BudgetPercent = { "type": "integer", "minimum": 0, "maximum": 100 };
    /// A number of requests.
    RequestCount = { "type": "integer", "minimum": 1, "maximum": 1_000_000 };
    /// The name of a port.
    PortName = { "type": "string", "maxLength": 63 };
    /// The name of a service in traces.
    ServiceName = {
        "type": "string", "minLength": 1, "maxLength": 253, "pattern": "^[a-zA-Z0-9_.:/-]+$"
    };
    /// The name of spans.
    SpanName = {
        "type": "string", "minLength": 1, "maxLength": 256,
        "pattern": "^[a-zA-Z0-9_.:/-]+( [a-zA-Z0-9_.:/-]+)*$"
    };
    /// The name of what a span says.
    AttributeName = {
        "type": "string", "minLength": 1, "maxLength": 256, "pattern": "^[a-zA-Z0-9_.:/-]+$"
    };
    /// The name of an attribute of a request.
    AttributeKey = {
        "type": "string", "minLength": 1, "maxLength": 256, "pattern": "^[a-z0-9_.-]+$"
    };
    /// A text in a span.
    LiteralValue = { "type": "string", "minLength": 1, "maxLength": 1024 };
    /// For how many seconds an answer may be kept.
    MaxAge = { "type": "integer", "format": "int32", "minimum": 1 };
    /// A size in bytes.
    BodySize = {
        "type": "integer", "format": "int32", "minimum": 0,
        "x-gwapi-was": was! { "..1.6": { "format": null, "minimum": null } }
    };
    /// A controller's name: a domain and a path.
    ControllerName = {
        "type": "string", "minLength": 1, "maxLength": 253,
        "pattern": r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/[A-Za-z0-9\/\-._~%!$&'()*+,;=:]+$"
    };
    /// The protocol of a listener.
    Protocol = {
        "type": "string", "minLength": 1, "maxLength": 255,
        "pattern": r"^[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?$|[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/[A-Za-z0-9]+$",
        "x-gwapi-was": was! { "..1.1": {
            "pattern": r"^[a-zA-Z0-9]([-a-zSA-Z0-9]*[a-zA-Z0-9])?$|[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/[A-Za-z0-9]+$"
        } }
    };
    /// The type of an address.
    AddressKind = {
        "type": "string", "minLength": 1, "maxLength": 253,
        "pattern": r"^Hostname|IPAddress|NamedAddress|[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/[A-Za-z0-9\/\-._~%!$&'()*+,;=:]+$"
    };
    /// An address that is asked for.
    WantedAddress = {
        "type": "string", "maxLength": 253,
        "x-gwapi-was": was! { "..1.2": { "minLength": 1 } }
    };
    /// A URI with its scheme.
    AbsoluteUri = {
        "type": "string", "minLength": 1, "maxLength": 253,
        "pattern": r"^(([^:/?#]+):)(//([^/?#]*))([^?#]*)(\?([^#]*))?(#(.*))?"
    };
    /// Authorities that need no reference.
    WellKnownCaCertificates = {
        "type": "string", "minLength": 1, "maxLength": 253,
        "pattern": r"^(System|([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9]))$",
        "x-gwapi-was": was! { "..1.4": {
            "enum": ["System"], "minLength": null, "maxLength": null, "pattern": null
        } }
    };
    /// From where an address is reached.
    Routability = { "type": "string", "maxLength": 253 };
    /// The value of an address.
    AddressValue = { "type": "string", "minLength": 1, "maxLength": 253 };
    /// The name of a header or of a query parameter.
    HeaderName = {
        "type": "string", "minLength": 1, "maxLength": 256, "pattern": HEADER_NAME_PATTERN
    };
    /// The value of a header of a gRPC call.
    HeaderValue = { "type": "string", "minLength": 1, "maxLength": 4096 };
    /// The value of a header.
    HttpHeaderValue = {
        "type": "string", "minLength": 1, "maxLength": 4096,
        "pattern": r"^[!-~]+([\t ]?[!-~]+)*$",
        "x-gwapi-was": was! { "..1.4": { "pattern": null }, "S..": { "pattern": null } }
    };
    /// The name of a header, or `*` for all.
    CorsHeaderName = {
        "type": "string", "minLength": 1, "maxLength": 256, "pattern": HEADER_NAME_PATTERN
    };
    /// The origin of a page, or `*` for all.
    CorsOrigin = {
        "type": "string", "minLength": 1, "maxLength": 253,
        "pattern": r"(^\*$)|(^(http(s)?):\/\/(((\*\.)?([a-zA-Z0-9\-]+\.)*[a-zA-Z0-9-]+|\*)(:([0-9]{1,5}))?)$)",
        "x-gwapi-was": was! {
            "..1.3": { "pattern": r"^(([^:/?#]+):)(//([^/?#]*))([^?#]*)(\?([^#]*))?(#(.*))?" },
            "1.4..1.4": { "pattern": r"(^\*$)|(^([a-zA-Z][a-zA-Z0-9+\-.]+):\/\/([^:/?#]+)(:([0-9]{1,5}))?$)" }
        }
    };
    /// A path that is put before another.
    PathPrefix = {
        "type": "string", "maxLength": 1024,
        "pattern": r"^(?:[-A-Za-z0-9/._~!$&'()*+,;=:@]|[%][0-9a-fA-F]{2})+$"
    };
    /// The name of a cookie.
    CookieName = {
        "type": "string", "minLength": 1, "maxLength": 256, "pattern": HEADER_NAME_PATTERN
    };
    /// The value of a query parameter.
    QueryParamValue = { "type": "string", "minLength": 1, "maxLength": 1024 };
    /// A path, a service or a method: up to 1024 characters.
    Path = { "type": "string", "maxLength": 1024 };
    /// The name of a session's cookie or header.
    SessionName = { "type": "string", "maxLength": 128 };
    /// A duration of GEP-2257.
    Duration = { "type": "string", "pattern": DURATION_PATTERN };
    /// A short text for people.
    Description = { "type": "string", "maxLength": 64 };
    /// The value of a label.
    LabelValue = {
        "type": "string", "minLength": 0, "maxLength": 63,
        "pattern": r"^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$",
        "x-gwapi-was": was! { "..1.1": { "maxLength": 4096, "pattern": null } }
    };
    /// The value of an annotation or a TLS option.
    AnnotationValue = { "type": "string", "minLength": 0, "maxLength": 4096 };
    /// One condition of a status.
    Condition = {
        "type": "object",
        "description": "One aspect of the observed state.",
        "required": ["lastTransitionTime", "message", "reason", "status", "type"],
        "properties": {
            "type": {
                "description": "What the condition is about.",
                "type": "string", "maxLength": 316,
                "pattern": r"^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$"
            },
            "status": {
                "description": "Whether it holds.",
                "type": "string", "enum": ["True", "False", "Unknown"]
            },
            "reason": {
                "description": "Why, as one word for programs.",
                "type": "string", "minLength": 1, "maxLength": 1024,
                "pattern": "^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$"
            },
            "message": {
                "description": "Why, as text for people.",
                "type": "string", "maxLength": 32768
            },
            "lastTransitionTime": {
                "description": "When the status last changed.",
                "type": "string", "format": "date-time"
            },
            "observedGeneration": {
                "description": "The generation of the object from which the condition was made.",
                "type": "integer", "format": "int64", "minimum": 0
            }
        }
    };
    /// A selector over labels.
    LabelSelector = {
        "type": "object",
        "x-kubernetes-map-type": "atomic",
        "properties": {
            "matchLabels": {
                "description": "Labels that must be there with these values.",
                "type": "object", "additionalProperties": { "type": "string" }
            },
            "matchExpressions": {
                "description": "Requirements that must all hold.",
                "type": "array",
                "x-kubernetes-list-type": "atomic",
                "x-gwapi-was": was! { "..1.0": { "x-kubernetes-list-type": null } },
                "items": {
                    "type": "object",
                    "description": "One requirement on one label.",
                    "required": ["key", "operator"],
                    "properties": {
                        "key": { "description": "The label's key.", "type": "string" },
                        "operator": {
                            "description": "In, NotIn, Exists or DoesNotExist.", "type": "string"
                        },
                        "values": {
                            "description": "The values that In and NotIn compare with.",
                            "type": "array",
                            "x-kubernetes-list-type": "atomic",
                            "x-gwapi-was": was! { "..1.0": { "x-kubernetes-list-type": null } },
                            "items": { "type": "string" }
                        }
                    }
                }
            }
        }
    };
}
