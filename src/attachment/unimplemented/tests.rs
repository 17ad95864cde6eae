//! That nothing which came after v1.1.0 is passed over in silence.
use super::*;
use crate::{
    attachment::SnapshotObject,
    manifest,
    meta::{Channel, Release, When},
    schema::{Installation, KINDS, Schema},
};
use serde_json::json;
use std::collections::BTreeSet;

/// What came after v1.1.0 and is not in the table: the kinds, the field, and what becomes of it.
const ELSE: &[(&[&str], &str, &str)] = &[
    (
        &["BackendTLSPolicy"],
        "spec.validation.subjectAltNames",
        "has effect: the data plane gets them (`EffectiveBackendTls::subject_alt_names`)",
    ),
    (
        &["Gateway"],
        "spec.allowedListeners.namespaces.selector",
        "means something with `from: Selector` alone, which is in the table",
    ),
    (
        &["Gateway"],
        "spec.tls",
        "has effect: listeners ask clients for certificates (`EffectiveTls::client_validation`), and backends are shown one \
         (`EffectiveGateway::client_certificate`)",
    ),
    (
        &["Gateway"],
        "spec.backendTLS",
        "has effect: as `spec.tls.backend`",
    ),
    (
        &["Gateway", "GatewayClass"],
        "status",
        "only stored: what controllers wrote before",
    ),
    (
        &["HTTPRoute", "GRPCRoute"],
        "spec.rules[].filters[].requestMirror",
        "has effect: the data plane gets the share (`EffectiveMirror::share`)",
    ),
    (
        &["HTTPRoute", "GRPCRoute"],
        "spec.rules[].backendRefs[].filters[].requestMirror",
        "has effect: as of a rule",
    ),
    (
        &["HTTPRoute", "GRPCRoute"],
        "spec.rules[].sessionPersistence",
        "has effect: the data plane gets it, and its accessors read both forms",
    ),
    (
        &["HTTPRoute"],
        "spec.rules[].filters[].requestRedirect.statusCode",
        "has effect: the data plane answers with it",
    ),
    (
        &["HTTPRoute"],
        "spec.rules[].backendRefs[].filters[].requestRedirect.statusCode",
        "has effect: as of a rule",
    ),
    (
        &["HTTPRoute"],
        "spec.rules[].filters[].type",
        "the member of the type is in the table",
    ),
    (
        &["HTTPRoute"],
        "spec.rules[].backendRefs[].filters[].type",
        "the member of the type is in the table",
    ),
    (
        ROUTES,
        "spec.rules[].name",
        "only stored: for people, and for policies of implementations that name a rule",
    ),
];

/// Whether a field is another one, or inside it.
fn is_inside(field: &str, outer: &str) -> bool {
    let rest = field.strip_prefix(outer);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

fn is_in(when: When, release: Release) -> bool {
    Channel::ALL
        .into_iter()
        .any(|channel| when.contains(release, channel))
}

/// The fields of a kind that hold no others and that v1.1.0 does not have, or of which it does not have a value, be it a text, a number
/// or a truth value; `before` is the same part of the kind in v1.1.0, where that has it.
fn later(
    schema: &Schema,
    before: Option<&Schema>,
    path: &str,
    (when, served): (When, When),
    found: &mut Vec<String>,
) {
    let is_later = |when: When| {
        let served = when.and(served);
        let mut all = Release::ALL.iter();
        !is_in(when, Release::V1_1_0) && all.any(|release| is_in(served, *release))
    };
    for (name, field) in &schema.properties {
        let path = match path {
            "" => name.clone(),
            path => format!("{path}.{name}"),
        };
        let when = when.and(field.when());
        let before = before.and_then(|before| before.properties.get(name));
        let later_value = before.is_some_and(|before| {
            let mut values = field.enumeration.iter();
            !before.enumeration.is_empty() && values.any(|v| !before.enumeration.contains(v))
        });
        let holds_others = !field.properties.is_empty()
            || field
                .items
                .as_ref()
                .is_some_and(|items| !items.properties.is_empty());
        if !holds_others && is_later(when) || later_value {
            found.push(path.clone());
        }
        later(field, before, &path, (when, served), found);
    }
    if let Some(items) = &schema.items {
        let before = before.and_then(|before| before.items.as_deref());
        later(items, before, &format!("{path}[]"), (when, served), found);
    }
}

/// Each kind, field and value that came after v1.1.0 is reported, or has an effect, or is known to be only stored: what a
/// release to come brings cannot be silent.
#[test]
fn everything_of_a_later_release_is_reported_or_accounted_for() {
    let mut silent = Vec::new();
    let mut used = BTreeSet::new();
    for kind in KINDS {
        let name = GroupKind {
            group: kind.group.to_owned(),
            kind: kind.kind.to_owned(),
        };
        if is_unimplemented_kind(&name) {
            used.insert((kind.kind, ""));
            continue;
        }
        let known = manifest::decode(&json!({
            "apiVersion": kind.api_version, "kind": kind.kind, "metadata": {"name": "x"},
            "spec": {"gatewayClassName": "x", "controllerName": "x", "listeners": [], "from": [], "to": [],
                "targetRef": {"group": "", "kind": "x", "name": "x"}, "targetRefs": [],
                "tls": {"hostname": "x"}, "validation": {"hostname": "x"}, "hostnames": [], "rules": []},
        }));
        let known = known.map(SnapshotObject::from);
        assert!(
            known.is_ok_and(|object| !matches!(object, SnapshotObject::Other(_))),
            "{} {} is neither implemented nor in the table",
            kind.kind,
            kind.version
        );
        let mut fields = Vec::new();
        let served = kind.history.when_served();
        // This channel has what the other one has.
        let before = kind.installation(Release::V1_1_0, Channel::Experimental);
        let before = before.map(Installation::schema);
        later(
            kind.every(),
            before,
            "",
            (When::ALWAYS, served),
            &mut fields,
        );
        for path in fields {
            let others = ELSE.iter().filter(|(kinds, ..)| kinds.contains(&kind.kind));
            let rows = others.map(|(_, row, _)| *row);
            let rows = rows.chain(parts(kind.group, kind.kind).map(|part| part.path));
            let mut rows = rows.filter(|row| is_inside(&path, row)).peekable();
            if rows.peek().is_none() {
                silent.push(format!("{} {}: {path}", kind.kind, kind.version));
            }
            used.extend(rows.map(|row| (kind.kind, row)));
        }
    }
    assert_eq!(silent, Vec::<String>::new());
    // No row is left behind when its field is gone.
    let rows = PARTS.iter().map(|part| (part.kinds, part.path));
    for (kinds, path) in rows.chain(ELSE.iter().map(|(kinds, path, _)| (*kinds, *path))) {
        for kind in kinds {
            assert!(
                used.contains(&(*kind, path)) || has_field(kind, path),
                "no release has {kind} {path}"
            );
        }
    }
}

/// Whether a version of a kind has a field, whatever the release.
fn has_field(kind: &str, path: &str) -> bool {
    let mut versions = KINDS.iter().filter(|known| known.kind == kind);
    versions.any(|known| {
        let mut place = Some(known.every());
        for step in path.split('.') {
            let (name, is_list) = match step.strip_suffix("[]") {
                Some(name) => (name, true),
                None => (step, false),
            };
            let field = place.and_then(|place| place.properties.get(name));
            place = match is_list {
                true => field.and_then(|field| field.items.as_deref()),
                false => field,
            };
        }
        !path.is_empty() && place.is_some()
    })
}

fn found(api_version: &str, kind: &str, spec: serde_json::Value) -> Vec<String> {
    let value =
        json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": "x"}, "spec": spec});
    let group = api_version.split('/').next().unwrap_or_default();
    let object = ObjectRef {
        group: group.to_owned(),
        kind: kind.to_owned(),
        namespace: "shop".to_owned(),
        name: "x".to_owned(),
    };
    let found = not_implemented(&value, &object);
    found.iter().map(ToString::to_string).collect()
}

/// Every place at which a field stands is named, and nothing where the field asks for nothing.
#[test]
fn each_field_that_is_not_implemented_is_named_with_its_place() {
    let gateway = |spec| found("gateway.networking.k8s.io/v1", "Gateway", spec);
    assert_eq!(
        gateway(json!({
            "allowedListeners": {"namespaces": {"from": "Same"}}, "defaultScope": "None",
            "listeners": [{"name": "a"}, {"name": "b", "filters": {"requests": []}}],
        })),
        [
            "Gateway shop/x: spec.allowedListeners.namespaces.from: not implemented: no ListenerSet adds listeners to the Gateway",
            "Gateway shop/x: spec.listeners[1].filters: not implemented: the listener passes requests on as they come",
        ]
    );
    assert!(gateway(json!({"allowedListeners": {"namespaces": {"from": "None"}}})).is_empty());
    // What means something to an implementation alone, in every release.
    let with_options =
        |options: serde_json::Value| json!({"listeners": [{"tls": {"options": options}}]});
    let own = "spec.listeners[0].tls.options: not implemented: an option means something to an implementation alone, and has no effect here";
    assert_eq!(
        gateway(with_options(json!({"example.com/a": "b"}))),
        [format!("Gateway shop/x: {own}")]
    );
    assert!(gateway(with_options(json!({}))).is_empty());
    assert!(gateway(json!({"listeners": {"a": 1}, "addresses": [7, null]})).is_empty());
    let cors = json!([{"type": "CORS", "cors": {}}]);
    let route =
        json!({"rules": [{}, {"retry": {}, "filters": cors, "backendRefs": [{"filters": cors}]}]});
    let paths: Vec<String> = found("gateway.networking.k8s.io/v1", "HTTPRoute", route.clone())
        .iter()
        .filter_map(|text| text.split(": ").nth(1).map(str::to_owned))
        .collect();
    assert_eq!(
        paths,
        [
            "spec.rules[1].filters[0].cors",
            "spec.rules[1].backendRefs[0].filters[0].cors",
            "spec.rules[1].retry",
        ]
    );
    // A kind of another group is not the one of the table.
    assert!(found("example.com/v1", "HTTPRoute", route).is_empty());
}

#[test]
fn a_kind_that_is_not_implemented_is_named_as_a_whole() {
    assert_eq!(
        found(
            "gateway.networking.k8s.io/v1",
            "ListenerSet",
            json!({"listeners": []})
        ),
        [
            "ListenerSet shop/x: not implemented: none of its listeners is served, and no route is attached to it"
        ]
    );
    assert_eq!(
        found("gateway.networking.x-k8s.io/v1alpha1", "XMesh", json!({})).len(),
        1
    );
}

/// A reference to a kind that is not implemented is named, whether or not the object that it names is there.
#[test]
fn each_reference_to_a_kind_that_is_not_implemented_is_named_with_its_place() {
    let paths = |kind: &str, spec| -> Vec<String> {
        found("gateway.networking.k8s.io/v1", kind, spec)
            .iter()
            .filter_map(|text| text.split(": ").nth(1).map(str::to_owned))
            .collect()
    };
    let x = |kind: &str| json!({"group": "gateway.networking.x-k8s.io", "kind": kind, "name": "a"});
    let mirror = json!([{"type": "RequestMirror", "requestMirror": {"backendRef": x("XBackend")}}]);
    let mut backend = x("XBackend");
    backend["filters"] = mirror.clone();
    for kind in ROUTES {
        let spec = json!({
            "parentRefs": [{"name": "gw"}, {"kind": "ListenerSet", "name": "a"}, x("XListenerSet"), x("XMesh"),
                {"group": "example.com", "kind": "ListenerSet", "name": "a"}],
            "rules": [{"backendRefs": [{"name": "a", "port": 1}, backend], "filters": mirror}],
        });
        let with_filters = ["HTTPRoute", "GRPCRoute"].contains(kind);
        let mut expected = vec![
            "spec.parentRefs[1]",
            "spec.parentRefs[2]",
            "spec.parentRefs[3]",
            "spec.rules[0].backendRefs[1]",
        ];
        if with_filters {
            expected.push("spec.rules[0].filters[0].requestMirror.backendRef");
            expected.push("spec.rules[0].backendRefs[1].filters[0].requestMirror.backendRef");
        }
        assert_eq!(paths(kind, spec), expected, "{kind}");
    }
    let bundle =
        json!([{"group": "certificates.k8s.io", "kind": "ClusterTrustBundle", "name": "a"}]);
    let validation = json!({"caCertificateRefs": bundle});
    assert_eq!(
        paths(
            "BackendTLSPolicy",
            json!({"targetRefs": [x("XBackend")], "validation": validation})
        ),
        ["spec.targetRefs[0]", "spec.validation.caCertificateRefs[0]"]
    );
    let frontend = json!({
        "default": {"validation": validation},
        "perPort": [{"port": 443, "tls": {"validation": validation}}],
    });
    assert_eq!(
        paths("Gateway", json!({"tls": {"frontend": frontend}})),
        [
            "spec.tls.frontend.default.validation.caCertificateRefs[0]",
            "spec.tls.frontend.perPort[0].tls.validation.caCertificateRefs[0]"
        ]
    );
}
