//! The laws of conversion as properties.

use super::{convert_value, versions};
use crate::{
    meta::{Condition, ConditionStatus},
    schema::KINDS,
    v1::{self, LocalObjectReference},
    v1alpha2::{self, PolicyAncestorStatus, PolicyStatus, PolicyTargetReferenceWithSectionName},
    v1alpha3, v1beta1,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use proptest::{collection::vec, option, prelude::*};
use serde_json::{Map, Value, json};

const V1ALPHA2: &str = "gateway.networking.k8s.io/v1alpha2";
const V1ALPHA3: &str = "gateway.networking.k8s.io/v1alpha3";

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("shop".to_owned()),
        Just("other".to_owned()),
        "[a-z]{0,6}"
    ]
}

fn metadata() -> impl Strategy<Value = ObjectMeta> {
    (
        option::of(name()),
        option::of(name()),
        option::of("[a-z0-9]{4}"),
    )
        .prop_map(|(name, namespace, uid)| ObjectMeta {
            name,
            namespace,
            uid,
            ..Default::default()
        })
}

fn certificates() -> impl Strategy<Value = Vec<LocalObjectReference>> {
    vec(
        (name(), name(), name()).prop_map(|(group, kind, name)| LocalObjectReference {
            group,
            kind,
            name,
        }),
        0..4,
    )
}

fn status() -> impl Strategy<Value = Option<PolicyStatus>> {
    let ancestor = (name(), name()).prop_map(|(parent, controller)| PolicyAncestorStatus {
        ancestor_ref: v1::ParentReference {
            name: parent,
            ..Default::default()
        },
        controller_name: controller,
        conditions: vec![Condition {
            type_: "Accepted".into(),
            status: ConditionStatus::True.as_str().into(),
            reason: "Accepted".into(),
            ..condition()
        }],
    });
    option::of(vec(ancestor, 0..3).prop_map(|ancestors| PolicyStatus { ancestors }))
}

fn condition() -> Condition {
    serde_json::from_value(json!({
        "type": "x", "status": "True", "reason": "x", "message": "m",
        "lastTransitionTime": "2024-01-01T00:00:00Z",
    }))
    .unwrap()
}

prop_compose! {
    fn old_policy()(
        metadata in metadata(),
        group in name(), kind in name(), name_ in name(),
        namespace in option::of(name()), section_name in option::of(name()),
        ca_cert_refs in certificates(),
        well_known in option::of(prop_oneof![Just("System"), Just("Later")]),
        hostname in name(), status in status(),
    ) -> v1alpha2::BackendTlsPolicy {
        v1alpha2::BackendTlsPolicy {
            metadata,
            spec: v1alpha2::BackendTlsPolicySpec {
                target_ref: PolicyTargetReferenceWithSectionName {
                    group, kind, name: name_, namespace, section_name,
                },
                tls: v1alpha2::BackendTlsPolicyConfig {
                    ca_cert_refs,
                    well_known_ca_certs: well_known.map(Into::into),
                    hostname,
                },
            },
            status,
        }
    }
}

prop_compose! {
    fn new_policy()(
        old in old_policy(),
        targets in vec((name(), name(), name(), option::of(name())), 0..4),
    ) -> v1alpha3::BackendTlsPolicy {
        let target = |(group, kind, name, section_name)| v1alpha3::LocalPolicyTargetReferenceWithSectionName {
            group, kind, name, section_name,
        };
        v1alpha3::BackendTlsPolicy {
            metadata: old.metadata,
            spec: v1alpha3::BackendTlsPolicySpec {
                target_refs: targets.into_iter().map(target).collect(),
                validation: v1alpha3::BackendTlsPolicyValidation {
                    ca_certificate_refs: old.spec.tls.ca_cert_refs,
                    well_known_ca_certificates: old.spec.tls.well_known_ca_certs,
                    hostname: old.spec.tls.hostname,
                    ..Default::default()
                },
                ..Default::default()
            },
            status: old.status,
        }
    }
}

/// Names of members that matter in one version or the other, and some that matter in none.
fn member() -> impl Strategy<Value = String> {
    proptest::sample::select(vec![
        "targetRef",
        "targetRefs",
        "tls",
        "validation",
        "caCertRefs",
        "caCertificateRefs",
        "wellKnownCACerts",
        "wellKnownCACertificates",
        "hostname",
        "namespace",
        "group",
        "kind",
        "name",
        "sectionName",
        "future",
        "x",
    ])
    .prop_map(str::to_owned)
}

/// Any JSON, objects with such members among it.
fn tree() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        name().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 5, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(Value::from),
            vec((member(), inner), 0..5)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// A policy of `v1alpha2` in JSON, mostly well formed, with anything that does not belong there.
fn wild_policy() -> impl Strategy<Value = Value> {
    let extra = || vec((member(), tree()), 0..3);
    (
        option::of(name()),
        option::weighted(0.9, (option::of(name()), extra())),
        option::weighted(0.9, extra()),
        extra(),
        option::of(tree()),
    )
        .prop_map(|(own, target, tls, extra, odd)| {
            let object = |members: Vec<(String, Value)>| -> Map<String, Value> {
                members.into_iter().collect()
            };
            let mut spec = object(extra);
            if let Some((namespace, extra)) = target {
                let mut target = object(extra);
                target.insert("name".into(), "a".into());
                if let Some(namespace) = namespace {
                    target.insert("namespace".into(), namespace.into());
                }
                spec.insert("targetRef".into(), target.into());
            }
            if let Some(extra) = tls {
                spec.insert("tls".into(), object(extra).into());
            }
            let mut policy = json!({
                "apiVersion": V1ALPHA2, "kind": "BackendTLSPolicy",
                "metadata": {"name": "a", "future": {"tls": 1}}, "spec": spec,
            });
            if let Some(own) = own {
                policy["metadata"]["namespace"] = own.into();
            }
            if let Some(odd) = odd {
                policy["odd"] = odd;
            }
            policy
        })
}

/// The same policy with the one thing gone that comes back in another form: a namespace that says nothing.
fn normal(mut policy: Value) -> Value {
    let own = policy["metadata"]["namespace"].clone();
    if let Some(target) = policy
        .pointer_mut("/spec/targetRef")
        .and_then(Value::as_object_mut)
        && target
            .get("namespace")
            .is_some_and(|namespace| namespace.is_null() || *namespace == own)
    {
        target.remove("namespace");
    }
    policy
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    /// v1alpha2 to v1alpha3 and back is the identity for all that can be carried; the one loss, a target
    /// in another namespace, is an error; and typed objects and JSON agree.
    #[test]
    fn a_policy_of_v1alpha2_comes_back_as_it_was_or_not_at_all(old in old_policy()) {
        let json = serde_json::to_value(&old).unwrap();
        let typed = v1alpha3::BackendTlsPolicy::try_from(old.clone());
        let value = convert_value(&json, V1ALPHA3);
        let target = old.spec.target_ref.namespace.as_ref();
        let carried = target.is_none() || target == old.metadata.namespace.as_ref();
        prop_assert_eq!(typed.is_ok(), carried);
        match (typed, value) {
            (Ok(typed), Ok(value)) => {
                prop_assert_eq!(serde_json::to_value(&typed).unwrap(), value.clone());
                let mut expected = old;
                expected.spec.target_ref.namespace = None;
                prop_assert_eq!(v1alpha2::BackendTlsPolicy::try_from(typed).unwrap(), expected);
                prop_assert_eq!(convert_value(&value, V1ALPHA2).unwrap(), normal(json));
            }
            (Err(typed), Err(value)) => {
                prop_assert_eq!(&typed, &value);
                prop_assert_eq!(typed.problems()[0].path(), "spec.targetRef.namespace");
            }
            (typed, value) => prop_assert!(false, "{typed:?} {value:?}"),
        }
    }

    /// v1alpha3 to v1alpha2 and back is the identity for one target; any other number is an error.
    #[test]
    fn a_policy_of_v1alpha3_comes_back_as_it_was_or_not_at_all(new in new_policy()) {
        let json = serde_json::to_value(&new).unwrap();
        let typed = v1alpha2::BackendTlsPolicy::try_from(new.clone());
        let value = convert_value(&json, V1ALPHA2);
        prop_assert_eq!(typed.is_ok(), new.spec.target_refs.len() == 1);
        match (typed, value) {
            (Ok(typed), Ok(value)) => {
                prop_assert_eq!(serde_json::to_value(&typed).unwrap(), value.clone());
                prop_assert_eq!(v1alpha3::BackendTlsPolicy::try_from(typed).unwrap(), new);
                prop_assert_eq!(convert_value(&value, V1ALPHA3).unwrap(), json);
            }
            (Err(typed), Err(value)) => prop_assert_eq!(typed, value),
            (typed, value) => prop_assert!(false, "{typed:?} {value:?}"),
        }
    }

    /// Whatever stands in the JSON: it comes back, or the conversion is an error. Nothing is lost silently.
    #[test]
    fn no_member_of_a_policy_is_lost_in_silence(old in wild_policy()) {
        if let Ok(new) = convert_value(&old, V1ALPHA3) {
            prop_assert_eq!(convert_value(&new, V1ALPHA2).unwrap(), normal(old));
        }
    }

    /// The same from any JSON as `spec`, from both versions.
    #[test]
    fn no_member_of_any_spec_is_lost_in_silence(spec in tree(), there in any::<bool>()) {
        let (from, to) = if there { (V1ALPHA2, V1ALPHA3) } else { (V1ALPHA3, V1ALPHA2) };
        let policy = json!({"apiVersion": from, "kind": "BackendTLSPolicy", "spec": spec});
        if let Ok(converted) = convert_value(&policy, to) {
            prop_assert_eq!(convert_value(&converted, from).unwrap(), normal(policy));
        }
    }

    /// Of all other kinds nothing but `apiVersion` changes, and between all versions there is a way back.
    #[test]
    fn the_other_kinds_are_carried_whole(
        kind in proptest::sample::select(KINDS.iter().filter(|k| k.kind != "BackendTLSPolicy").collect::<Vec<_>>()),
        members in vec((prop_oneof![Just("spec".to_owned()), Just("status".to_owned()), member()], tree()), 0..5),
    ) {
        let mut object: Map<String, Value> =
            members.into_iter().filter(|(name, _)| name != "kind").collect();
        object.insert("apiVersion".into(), kind.api_version.into());
        object.insert("kind".into(), kind.kind.into());
        let object = Value::Object(object);
        for to in versions(kind.kind) {
            // Routes of streams have several rules in `v1alpha2` only.
            let narrows = ["TLSRoute", "TCPRoute", "UDPRoute"].contains(&kind.kind);
            let Ok(mut converted) = convert_value(&object, to) else {
                prop_assert!(narrows && kind.version == "v1alpha2");
                continue;
            };
            match convert_value(&converted, kind.api_version) {
                Ok(back) => prop_assert_eq!(back, object.clone()),
                Err(_) => prop_assert!(narrows && to.ends_with("v1alpha2")),
            }
            prop_assert_eq!(converted["apiVersion"].as_str(), Some(to));
            converted["apiVersion"] = kind.api_version.into();
            prop_assert_eq!(&converted, &object);
        }
    }
}

#[test]
fn typed_objects_of_repeated_versions_convert_both_ways() {
    macro_rules! both_ways {
        ($($old:ty, $new:ty, $spec:tt;)+) => {$(
            let old: $old = serde_json::from_value(
                json!({"metadata": {"name": "a", "namespace": "b"}, "spec": $spec}),
            )
            .unwrap();
            let new = <$new>::from(old.clone());
            let api_version = <$new as k8s_openapi::Resource>::API_VERSION;
            assert_eq!(
                serde_json::to_value(&new).unwrap(),
                convert_value(&serde_json::to_value(&old).unwrap(), api_version).unwrap()
            );
            assert_eq!(<$old>::from(new), old);
        )+};
    }
    both_ways! {
        v1beta1::GatewayClass, v1::GatewayClass, {"controllerName": "a.example/b"};
        v1beta1::Gateway, v1::Gateway, {"gatewayClassName": "c", "listeners": []};
        v1beta1::HttpRoute, v1::HttpRoute, {"hostnames": ["a.example"]};
        v1alpha2::GrpcRoute, v1::GrpcRoute, {"hostnames": ["a.example"]};
        v1alpha2::ReferenceGrant, v1beta1::ReferenceGrant, {"from": [], "to": []};
        v1beta1::ReferenceGrant, v1::ReferenceGrant, {"from": [], "to": []};
        v1alpha3::TlsRoute, v1::TlsRoute, {"hostnames": ["a.example"], "rules": []};
    }
}
