//! Conversion of objects as JSON.

use super::{
    ConversionError, ConversionProblem, ConversionProblemKind, kinds,
    moves::{Moves, is_within},
    policy_forms, stream_route,
};
use crate::{
    meta::{ObjectRef, kept_name},
    schema::{self, KindVersion},
    v1, v1alpha2,
    validation::{self, Finding, ValidationOptions},
};
use k8s_openapi::Resource;
use serde_json::{Map, Value};

/// Converts an object to another version of its kind.
///
/// `to` is an API version, group and version: `gateway.networking.k8s.io/v1`. A list of one kind as the
/// API returns it (`HTTPRouteList`) is converted with all its items. Members that the version of the
/// object does not know are carried; those that it knows and the other version never had, in any release, are errors.
///
/// # Errors
///
/// The value is no object of the Gateway API, its kind does not have the version, or something in it
/// cannot be carried; every such field is named. For a list, the error of its first item that has one.
///
/// ```
/// use gwapi::conversion::convert_value;
/// use serde_json::json;
///
/// let policy = json!({
///     "apiVersion": "gateway.networking.k8s.io/v1alpha2",
///     "kind": "BackendTLSPolicy",
///     "metadata": { "name": "tls", "namespace": "shop" },
///     "spec": {
///         "targetRef": { "group": "", "kind": "Service", "name": "cart" },
///         "tls": { "wellKnownCACerts": "System", "hostname": "cart.example.com" },
///     },
/// });
/// let new = convert_value(&policy, "gateway.networking.k8s.io/v1alpha3")?;
/// assert_eq!(new["spec"]["targetRefs"][0]["name"], "cart");
/// assert_eq!(new["spec"]["validation"]["wellKnownCACertificates"], "System");
/// assert_eq!(convert_value(&new, "gateway.networking.k8s.io/v1alpha2")?, policy);
/// # Ok::<(), gwapi::conversion::ConversionError>(())
/// ```
pub fn convert_value(object: &Value, to: &str) -> Result<Value, ConversionError> {
    convert(object, to, &mut Moves::default())
}

/// The same, with what moves; of an object, not of the items of a list.
pub(super) fn convert(
    object: &Value,
    to: &str,
    moves: &mut Moves,
) -> Result<Value, ConversionError> {
    let converted = carry(object, to, moves)?;
    let problems = without_form(object, &converted);
    match problems.is_empty() {
        true => Ok(converted),
        false => Err(ConversionError::new(identify(object), to, problems)),
    }
}

/// The same, with what the wanted version does not have carried along: as an API server does, which changes nothing but the
/// version where the form is the same.
pub(super) fn carry(object: &Value, to: &str, moves: &mut Moves) -> Result<Value, ConversionError> {
    let fail =
        |kind| ConversionError::new(identify(object), to, vec![ConversionProblem::new("", kind)]);
    let text = |key: &'static str| {
        object
            .get(key)
            .and_then(Value::as_str)
            .ok_or_else(|| fail(ConversionProblemKind::NotAnObject(key)))
    };
    let (api_version, kind) = (text("apiVersion")?, text("kind")?);
    let unknown = || fail(ConversionProblemKind::unknown_kind(api_version, kind));
    let (from, is_list) = kinds::find(api_version, kind).ok_or_else(unknown)?;
    if kinds::find(to, kind).is_none() {
        return Err(fail(ConversionProblemKind::NoSuchVersion {
            kind: kind.to_owned(),
            versions: kinds::versions(from.kind).map(str::to_owned).collect(),
        }));
    }
    let mut object = object.as_object().cloned().ok_or_else(unknown)?;
    if is_list {
        for item in object
            .get_mut("items")
            .and_then(Value::as_array_mut)
            .into_iter()
            .flatten()
        {
            *item = convert_value(&named(item.take(), from), to)?;
        }
    } else {
        change(&mut object, from, to, moves)
            .map_err(|problems| ConversionError::new(identify_map(&object), to, problems))?;
    }
    object.insert("apiVersion".to_owned(), to.into());
    Ok(Value::Object(object))
}

/// The item of a list of one kind with the type fields that it may leave out there.
pub(super) fn named(mut item: Value, kind: &KindVersion) -> Value {
    if let Some(item) = item.as_object_mut() {
        item.entry("apiVersion")
            .or_insert_with(|| kind.api_version.into());
        item.entry("kind").or_insert_with(|| kind.kind.into());
    }
    item
}

/// The one version of a policy that has another form than the later ones.
const OLD: &str = v1alpha2::BackendTlsPolicy::API_VERSION;

/// The fields that the version of an object has and that of the converted one never had, in any release.
fn without_form(object: &Value, converted: &Value) -> Vec<ConversionProblem> {
    let version = |object: &Value| {
        let text = |key: &str| object.get(key).and_then(Value::as_str).unwrap_or_default();
        schema::find(text("apiVersion"), text("kind"))
    };
    let (Some(from), Some(to)) = (version(object), version(converted)) else {
        return Vec::new();
    };
    let is_old = from.api_version == OLD || to.api_version == OLD;
    // Where the form changes, `change` has looked at it.
    if from.api_version == to.api_version || from.kind == v1::BackendTlsPolicy::KIND && is_old {
        return Vec::new();
    }
    let mut lacking = schema::fields_never_there(converted, to);
    lacking.retain(|field| field.path().starts_with("spec."));
    if lacking.is_empty() {
        return Vec::new();
    }
    let unknown = schema::fields_never_there(object, from);
    // Of more nobody knows which are known.
    if unknown.len() >= schema::MOST_UNKNOWN {
        return Vec::new();
    }
    lacking.retain(|field| {
        let mut unknown = unknown.iter();
        !unknown.any(|unknown| is_within(field.path(), unknown.path()))
    });
    let problem = |field: &schema::UnknownField| {
        let kind = ConversionProblemKind::no_such_field("object", from, to);
        ConversionProblem::new(field.path(), kind)
    };
    lacking.iter().map(problem).collect()
}

fn change(
    object: &mut Map<String, Value>,
    from: &'static KindVersion,
    to: &str,
    moves: &mut Moves,
) -> Result<(), Vec<ConversionProblem>> {
    let kind = from.kind;
    match (kind, from.api_version, to) {
        _ if from.api_version == to => Ok(()),
        (v1::BackendTlsPolicy::KIND, OLD, _) => {
            let own = object
                .get("metadata")
                .and_then(|metadata| metadata.get("namespace"))
                .and_then(Value::as_str)
                .map(str::to_owned);
            policy_forms::forth(object, own.as_deref(), moves)
        }
        (v1::BackendTlsPolicy::KIND, _, OLD) => policy_forms::back(object, from, moves),
        (v1::TlsRoute::KIND | v1::TcpRoute::KIND | v1::UdpRoute::KIND, OLD, _) => {
            stream_route::narrow(object, kind == v1::TlsRoute::KIND)
        }
        // All others differ in nothing but their name.
        _ => Ok(()),
    }
}

/// The value at a path such as `spec.from[0].kind`.
pub(in crate::conversion) fn at<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    path.split('.').try_fold(value, |value, step| {
        let mut parts = step.split('[');
        let member = value.get(parts.next().unwrap_or_default())?;
        parts.try_fold(member, |list, index| {
            let index: usize = index.strip_suffix(']')?.parse().ok()?;
            list.get(index)
        })
    })
}

/// The object that a value is, as far as it says so.
pub(in crate::conversion) fn identify(object: &Value) -> ObjectRef {
    object.as_object().map_or_else(
        || ObjectRef {
            group: String::new(),
            kind: String::new(),
            namespace: String::new(),
            name: String::new(),
        },
        identify_map,
    )
}

fn identify_map(object: &Map<String, Value>) -> ObjectRef {
    let text = |value: Option<&Value>| {
        value
            .and_then(Value::as_str)
            .map(kept_name)
            .unwrap_or_default()
    };
    let metadata = |key: &str| text(object.get("metadata").and_then(|m| m.get(key)));
    let api_version = text(object.get("apiVersion"));
    ObjectRef {
        group: api_version
            .split_once('/')
            .map(|(group, _)| group.to_owned())
            .unwrap_or_default(),
        kind: text(object.get("kind")),
        namespace: metadata("namespace"),
        name: metadata("name"),
    }
}

/// What is wrong with the type of an object that is not in a group of the Gateway API, and seems to be meant for it.
pub(in crate::conversion) fn misnamed(
    object: &Value,
    options: &ValidationOptions,
) -> Option<Finding> {
    let text = |key: &str| object.get(key).and_then(Value::as_str).unwrap_or_default();
    let (api_version, kind) = (text("apiVersion"), text("kind"));
    if schema::is_own_group(api_version) {
        return None;
    }
    validation::misnamed::own(api_version, kind, options)
}

/// Whether a value is an object, or a list of objects, of one of the Gateway API's groups.
pub(super) fn is_own(object: &Value) -> bool {
    object
        .get("apiVersion")
        .and_then(Value::as_str)
        .is_some_and(schema::is_own_group)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::v1alpha3;
    use serde_json::json;

    const V1ALPHA2: &str = "gateway.networking.k8s.io/v1alpha2";
    const V1ALPHA3: &str = "gateway.networking.k8s.io/v1alpha3";

    fn error(object: &Value, to: &str) -> String {
        convert_value(object, to).unwrap_err().to_string()
    }

    #[test]
    fn what_cannot_be_carried_names_the_object_and_every_field() {
        let policy = json!({
            "apiVersion": V1ALPHA2, "kind": "BackendTLSPolicy",
            "metadata": {"name": "tls", "namespace": "shop"},
            "spec": {
                "targetRef": {"group": "", "kind": "Service", "name": "a", "namespace": "other"},
                "tls": {"caCertificateRefs": [], "hostname": "a.example"},
            },
        });
        assert_eq!(
            error(&policy, V1ALPHA3),
            "cannot convert BackendTLSPolicy shop/tls to `gateway.networking.k8s.io/v1alpha3`: \
             spec.tls.caCertificateRefs: `caCertificateRefs` is not a field of the object's version, and would \
             become one of the wanted version: write the object in the wanted version, or do without the field; \
             spec.targetRef.namespace: the target is in namespace `other` and the policy in `shop`: move the \
             policy to `other`"
        );
    }

    #[test]
    fn several_targets_cannot_go_back() {
        for count in [0, 2, 3] {
            let target = json!({"group": "", "kind": "Service", "name": "a"});
            let policy = json!({
                "apiVersion": V1ALPHA3, "kind": "BackendTLSPolicy",
                "metadata": {"name": "tls", "namespace": "shop"},
                "spec": {"targetRefs": vec![target; count], "validation": {"hostname": "a.example"}},
            });
            let message = format!("spec.targetRefs: there are {count} targets");
            assert!(error(&policy, V1ALPHA2).contains(&message));
            let typed: v1alpha3::BackendTlsPolicy = serde_json::from_value(policy).unwrap();
            let typed = v1alpha2::BackendTlsPolicy::try_from(typed).unwrap_err();
            assert!(typed.to_string().contains(&message), "{typed}");
        }
    }

    #[test]
    fn a_namespace_in_an_object_that_names_none_is_an_error() {
        let policy = json!({
            "apiVersion": V1ALPHA2, "kind": "BackendTLSPolicy", "metadata": {"name": "tls"},
            "spec": {"targetRef": {"group": "", "kind": "Service", "name": "a", "namespace": "shop"},
                "tls": {"hostname": "a.example"}},
        });
        assert!(error(&policy, V1ALPHA3).contains("set `metadata.namespace`"));
    }

    #[test]
    fn values_of_the_wrong_type_are_named_as_the_object_has_them() {
        for (spec, from, to, path) in [
            (json!(3), V1ALPHA2, V1ALPHA3, "spec: expected an object"),
            (
                json!({"tls": []}),
                V1ALPHA2,
                V1ALPHA3,
                "spec.tls: expected an object",
            ),
            (
                json!({"targetRef": []}),
                V1ALPHA2,
                V1ALPHA3,
                "spec.targetRef: expected an object",
            ),
            (
                json!({"targetRef": {"namespace": 3}}),
                V1ALPHA2,
                V1ALPHA3,
                "spec.targetRef.namespace: expected a text",
            ),
            (
                json!({"validation": 1}),
                V1ALPHA3,
                V1ALPHA2,
                "spec.validation: expected an object",
            ),
            (
                json!({"targetRefs": {}}),
                V1ALPHA3,
                V1ALPHA2,
                "spec.targetRefs: expected a list",
            ),
            (
                json!({"targetRefs": [1]}),
                V1ALPHA3,
                V1ALPHA2,
                "spec.targetRefs[0]: expected an object",
            ),
        ] {
            let policy = json!({"apiVersion": from, "kind": "BackendTLSPolicy", "spec": spec});
            let error = error(&policy, to);
            assert!(error.ends_with(&format!(": {path}")), "{error}");
        }
    }

    #[test]
    fn kinds_and_versions_that_are_not_known_are_errors() {
        for (object, to, message) in [
            (
                json!([]),
                "x/v1",
                "cannot convert to `x/v1`: not a Kubernetes object: `apiVersion` is missing",
            ),
            (
                json!({"apiVersion": "v1"}),
                "x/v1",
                "cannot convert to `x/v1`: not a Kubernetes object: `kind` is missing",
            ),
            (
                json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}}),
                "v1",
                "cannot convert Service a to `v1`: `Service` of `v1` is not a kind that can be converted",
            ),
            (
                json!({"apiVersion": V1ALPHA2, "kind": "HTTPRoute", "metadata": {"name": "a"}}),
                "gateway.networking.k8s.io/v1",
                "cannot convert HTTPRoute a to `gateway.networking.k8s.io/v1`: `HTTPRoute` of \
                 `gateway.networking.k8s.io/v1alpha2` is not a kind that can be converted: write it in \
                 `gateway.networking.k8s.io/v1` or `gateway.networking.k8s.io/v1beta1`",
            ),
            (
                json!({"apiVersion": V1ALPHA2, "kind": "GRPCRoute", "metadata": {"name": "a", "namespace": "b"}}),
                "gateway.networking.k8s.io/v1beta1",
                "cannot convert GRPCRoute b/a to `gateway.networking.k8s.io/v1beta1`: GRPCRoute has no such \
                 version: expected `gateway.networking.k8s.io/v1` or `gateway.networking.k8s.io/v1alpha2`",
            ),
        ] {
            assert_eq!(error(&object, to), message);
        }
    }

    #[test]
    fn fields_that_the_wanted_version_never_had_are_named() {
        let v1 = "gateway.networking.k8s.io/v1";
        let mirror = json!({"type": "RequestMirror", "requestMirror": {"backendRef": {"name": "m"}, "percent": 3}});
        let mut route = json!({
            "apiVersion": v1, "kind": "GRPCRoute", "metadata": {"name": "a"},
            "spec": {
                "useDefaultGateways": "All", "nobodyKnows": 1,
                "rules": [{"name": "one", "filters": [mirror], "sessionPersistence": {"cookie": {"name": "c"}}}],
            },
        });
        let problems = convert_value(&route, V1ALPHA2).unwrap_err();
        let mut problems: Vec<_> = problems
            .problems()
            .iter()
            .map(ToString::to_string)
            .collect();
        problems.sort();
        let paths = [
            "spec.rules[0].filters[0].requestMirror.percent",
            "spec.rules[0].name",
            "spec.rules[0].sessionPersistence.cookie",
            "spec.useDefaultGateways",
        ];
        let why = "`v1alpha2` has no such field: keep the object in `v1`, or do without the field";
        assert_eq!(problems, paths.map(|path| format!("{path}: {why}")));
        // What neither version knows is carried.
        route["spec"] =
            json!({"nobodyKnows": 1, "rules": [{"sessionPersistence": {"type": "Cookie"}}]});
        let old = convert_value(&route, V1ALPHA2).unwrap();
        assert_eq!(old["spec"], route["spec"]);
        assert_eq!(convert_value(&old, v1).unwrap(), route);
    }

    #[test]
    fn a_list_of_one_kind_is_converted_with_its_items() {
        let list = json!({
            "apiVersion": V1ALPHA2, "kind": "GRPCRouteList", "metadata": {"resourceVersion": "7"},
            "items": [
                {"metadata": {"name": "a"}, "spec": {}},
                {"apiVersion": V1ALPHA2, "kind": "GRPCRoute", "metadata": {"name": "b"}},
            ],
        });
        let v1 = "gateway.networking.k8s.io/v1";
        assert_eq!(
            convert_value(&list, v1).unwrap(),
            json!({
                "apiVersion": v1, "kind": "GRPCRouteList", "metadata": {"resourceVersion": "7"},
                "items": [
                    {"apiVersion": v1, "kind": "GRPCRoute", "metadata": {"name": "a"}, "spec": {}},
                    {"apiVersion": v1, "kind": "GRPCRoute", "metadata": {"name": "b"}},
                ],
            })
        );
    }
}
