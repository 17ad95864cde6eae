//! What of the API attachment does not implement: one table of kinds and fields, and one walk over an object.
//!
//! A row stands for everything below its field. A field or kind that a release brings needs a row here, or one in the
//! tests that says what becomes of it.

use crate::{
    meta::{EXPERIMENTS_GROUP, GROUP, GroupKind, ObjectRef},
    schema::Path,
};
use serde_json::Value;
use std::fmt;

/// A part of an object that an API server takes and that is not implemented here.
///
/// Shown as a sentence: `HTTPRoute shop/cart: spec.rules[0].retry: not implemented: no request is sent again`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NotImplemented {
    /// The object.
    pub object: ObjectRef,
    /// The field, as an API server writes it; empty for the object as a whole.
    pub path: String,
    /// What does not happen, as a clause for people.
    pub why: &'static str,
}

impl fmt::Display for NotImplemented {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.object)?;
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        write!(f, "not implemented: {}", self.why)
    }
}

/// A kind, or a field of some kinds, that is not implemented.
#[derive(Debug)]
struct UnimplementedPart {
    kinds: &'static [&'static str],
    /// The field; elements of lists are written `[]`. Empty for the kind as a whole.
    path: &'static str,
    why: &'static str,
    /// The value with which the field asks for nothing.
    harmless: Option<&'static str>,
}

const fn part(
    kinds: &'static [&'static str],
    path: &'static str,
    why: &'static str,
) -> UnimplementedPart {
    UnimplementedPart {
        kinds,
        path,
        why,
        harmless: None,
    }
}

impl UnimplementedPart {
    const fn unless(self, value: &'static str) -> Self {
        Self {
            harmless: Some(value),
            ..self
        }
    }
}

const ROUTES: &[&str] = &["HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute"];

const CORS: &str = "gwapi does not implement CORS and treats the rule as invalid; your implementation may accept it";
const EXTERNAL_AUTH: &str = "gwapi does not implement external authorization and treats the rule as invalid; your \
     implementation may accept it";

const OPTIONS: &str =
    "an option means something to an implementation alone, and has no effect here";
/// A map without entries.
const NO_OPTION: &str = "{}";

static PARTS: &[UnimplementedPart] = &[
    part(
        &["ListenerSet", "XListenerSet"],
        "",
        "none of its listeners is served, and no route is attached to it",
    ),
    part(&["XMesh"], "", "no mesh is taken from it"),
    part(
        &["XBackend"],
        "",
        "it is no backend: requests to it are answered with 500",
    ),
    part(
        &["XBackendTrafficPolicy"],
        "",
        "neither its retry budget nor its session persistence has an effect",
    ),
    part(&["XTelemetryPolicy"], "", "nothing is traced"),
    part(
        &["Gateway"],
        "spec.addresses[].routability",
        "the address is assigned without regard to it",
    ),
    part(
        &["Gateway"],
        "spec.allowedListeners.namespaces.from",
        "no ListenerSet adds listeners to the Gateway",
    )
    .unless("None"),
    part(
        &["Gateway"],
        "spec.defaultScope",
        "no route is attached unless it names the Gateway",
    )
    .unless("None"),
    part(
        &["Gateway"],
        "spec.listeners[].filters",
        "the listener passes requests on as they come",
    ),
    part(&["Gateway"], "spec.listeners[].tls.options", OPTIONS).unless(NO_OPTION),
    part(&["BackendTLSPolicy"], "spec.options", OPTIONS).unless(NO_OPTION),
    part(
        ROUTES,
        "spec.useDefaultGateways",
        "the route is attached to no Gateway that it does not name",
    )
    .unless("None"),
    part(&["HTTPRoute"], "spec.rules[].filters[].cors", CORS),
    part(
        &["HTTPRoute"],
        "spec.rules[].filters[].externalAuth",
        EXTERNAL_AUTH,
    ),
    part(
        &["HTTPRoute"],
        "spec.rules[].backendRefs[].filters[].cors",
        CORS,
    ),
    part(
        &["HTTPRoute"],
        "spec.rules[].backendRefs[].filters[].externalAuth",
        EXTERNAL_AUTH,
    ),
    part(
        &["HTTPRoute"],
        "spec.rules[].retry",
        "no request is sent again",
    ),
];

/// A reference of some kinds of objects that may lead to a kind which is not implemented.
#[derive(Debug)]
struct Reference {
    kinds: &'static [&'static str],
    /// The field, as in [`UnimplementedPart`].
    path: &'static str,
    /// The group that is meant where none is written.
    group: &'static str,
    why: &'static str,
}

const fn reference(
    kinds: &'static [&'static str],
    path: &'static str,
    group: &'static str,
    why: &'static str,
) -> Reference {
    Reference {
        kinds,
        path,
        group,
        why,
    }
}

const NO_COPY: &str = "no request is copied to it";
const NO_AUTHORITY: &str =
    "its certificates are not read, and the reference counts as one that cannot be resolved";

static REFERENCES: &[Reference] = &[
    reference(
        ROUTES,
        "spec.parentRefs[]",
        GROUP,
        "the route is not attached to this parent",
    ),
    reference(
        ROUTES,
        "spec.rules[].backendRefs[]",
        "",
        "it is no backend: its share of the traffic is answered with an error",
    ),
    reference(
        &["HTTPRoute", "GRPCRoute"],
        "spec.rules[].filters[].requestMirror.backendRef",
        "",
        NO_COPY,
    ),
    reference(
        &["HTTPRoute", "GRPCRoute"],
        "spec.rules[].backendRefs[].filters[].requestMirror.backendRef",
        "",
        NO_COPY,
    ),
    reference(
        &["BackendTLSPolicy", "BackendLBPolicy"],
        "spec.targetRefs[]",
        "",
        "the policy has no effect on this target",
    ),
    reference(
        &["BackendTLSPolicy"],
        "spec.validation.caCertificateRefs[]",
        "",
        NO_AUTHORITY,
    ),
    reference(
        &["Gateway"],
        "spec.listeners[].tls.frontendValidation.caCertificateRefs[]",
        "",
        NO_AUTHORITY,
    ),
    reference(
        &["Gateway"],
        "spec.tls.frontend.default.validation.caCertificateRefs[]",
        "",
        NO_AUTHORITY,
    ),
    reference(
        &["Gateway"],
        "spec.tls.frontend.perPort[].tls.validation.caCertificateRefs[]",
        "",
        NO_AUTHORITY,
    ),
];

/// Whether a kind is that of Kubernetes for bundles of authorities, which the Gateway API names since v1.7.0.
pub(super) fn is_trust_bundle(kind: &GroupKind) -> bool {
    kind.group == "certificates.k8s.io" && kind.kind == "ClusterTrustBundle"
}

/// Whether a kind of the Gateway API is not implemented as a whole.
pub(super) fn is_unimplemented_kind(kind: &GroupKind) -> bool {
    parts(&kind.group, &kind.kind).any(|part| part.path.is_empty())
}

/// Whether a kind that is not implemented can be the parent of a route: that of such a route is right, and means something elsewhere.
pub(crate) fn is_unimplemented_parent(kind: &GroupKind) -> bool {
    is_unimplemented_kind(kind) && kind.kind.ends_with("ListenerSet")
}

fn parts(group: &str, kind: &str) -> impl Iterator<Item = &'static UnimplementedPart> {
    let known = group == GROUP || group == EXPERIMENTS_GROUP;
    PARTS
        .iter()
        .filter(move |part| known && part.kinds.contains(&kind))
}

/// What of an object of the Gateway API, as JSON, attachment does not implement, in the order of the tables: fields, and references
/// to kinds that are not implemented. `object` is what it
/// is called.
///
/// Nothing that is listed here is in force, and the object is otherwise. A controller that resolves typed objects asks
/// with the object's JSON.
///
/// ```
/// use gwapi::attachment::{SnapshotObject, not_implemented};
/// use gwapi::v1::{HttpRoute, HttpRouteRetry, HttpRouteRule, HttpRouteSpec};
///
/// let rule = HttpRouteRule { retry: Some(HttpRouteRetry::default()), ..Default::default() };
/// let spec = HttpRouteSpec { rules: Some(vec![rule]), ..Default::default() };
/// let route = HttpRoute::new("cart", spec);
/// let json = serde_json::to_value(&route).unwrap();
/// let found = not_implemented(&json, &SnapshotObject::from(route).reference());
/// assert_eq!(found[0].path, "spec.rules[0].retry");
/// ```
#[must_use]
pub fn not_implemented(value: &Value, object: &ObjectRef) -> Vec<NotImplemented> {
    let mut found = Vec::new();
    for part in parts(&object.group, &object.kind) {
        follow(value, part.path, &Path::ROOT, &mut |at, value| {
            let asks_for_nothing = match value {
                Value::Null => true,
                Value::String(text) => part.harmless == Some(text.as_str()),
                Value::Object(map) => map.is_empty() && part.harmless == Some(NO_OPTION),
                _ => false,
            };
            if !asks_for_nothing {
                found.push(NotImplemented {
                    object: object.clone(),
                    path: at.to_string(),
                    why: part.why,
                });
            }
        });
    }
    let known = object.group == GROUP || object.group == EXPERIMENTS_GROUP;
    let references = REFERENCES
        .iter()
        .filter(|row| known && row.kinds.contains(&object.kind.as_str()));
    for row in references {
        follow(value, row.path, &Path::ROOT, &mut |at, value| {
            let text = |name: &str| value.get(name).and_then(Value::as_str);
            let Some(kind) = text("kind") else { return };
            let kind = GroupKind {
                group: text("group").unwrap_or(row.group).to_owned(),
                kind: kind.to_owned(),
            };
            if is_unimplemented_kind(&kind) || is_trust_bundle(&kind) {
                found.push(NotImplemented {
                    object: object.clone(),
                    path: at.to_string(),
                    why: row.why,
                });
            }
        });
    }
    found
}

/// Calls `visit` with every value that a field of the table stands for. The path is what is left of the field's.
fn follow(value: &Value, path: &str, at: &Path<'_>, visit: &mut impl FnMut(&Path<'_>, &Value)) {
    if path.is_empty() {
        visit(at, value);
        return;
    }
    let (step, rest) = path.split_once('.').unwrap_or((path, ""));
    let (name, is_list) = match step.strip_suffix("[]") {
        Some(name) => (name, true),
        None => (step, false),
    };
    let at = at.field(name);
    let Some(value) = value.get(name) else { return };
    if !is_list {
        follow(value, rest, &at, visit);
        return;
    }
    for (index, element) in value.as_array().into_iter().flatten().enumerate() {
        follow(element, rest, &at.index(index), visit);
    }
}

#[cfg(test)]
mod tests;
