//! What a later release may send is decoded, kept and written back.

use crate::{law, support};
use gwapi::{
    manifest::{self, Object, ReadOptions},
    meta::{Channel, Release},
    v1::{HttpRouteFilter, PathMatchType},
    validation::{self, ValidationOptions},
};
use serde_json::json;

#[test]
fn a_filter_of_an_unknown_type_and_an_unknown_value_are_written_back_unchanged() {
    let route = json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute",
        "metadata": {"name": "later", "namespace": "shop"},
        "spec": {"rules": [{
            "matches": [{"path": {"type": "Glob", "value": "/a/*"}, "method": "QUERY"}],
            "filters": [
                {"type": "Compression", "compression": {"of": ["*"], "level": 5, "nothing": null}},
                {"type": "URLRewrite", "urlRewrite": {"path": {"type": "ReplaceRegex", "replaceRegex": {"with": "$1"}}}},
                {"type": "RequestMirror", "requestMirror": {"backendRef": {"name": "a"}}, "requestRedirect": {"port": 1}},
            ],
            "sessionPersistence": {"type": "QueryParam"},
        }]},
    });
    law::holds_exactly(&route);
    let Object::HttpRoute(typed) = manifest::decode(&route).unwrap() else {
        panic!("not a route")
    };
    let rule = &typed.spec.rules()[0];
    assert!(matches!(&rule.filters[0], HttpRouteFilter::Unrecognized(_)));
    assert_eq!(rule.filters[0].type_name(), "Compression");
    let path = rule.matches[0].path.as_ref().unwrap();
    assert_eq!(path.path_type(), PathMatchType::Unknown("Glob".into()));
}

#[test]
fn unknown_fields_are_decoded_and_named_by_strict_reading_with_the_nearest_known_name() {
    let text = r#"{"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute",
        "metadata": {"name": "later"},
        "spec": {"rules": [{"backendRef": [{"name": "a"}], "retry": {"attempts": 3},
            "filters": [{"type": "RequestRedirect", "requestRedirect": {"statuscode": 301}}]}]}}"#;
    let read = manifest::read(text.as_bytes(), &ReadOptions::default());
    let entry = &read.entries[0];
    assert!(entry.decode().is_ok());
    let named: Vec<_> = entry
        .strict(Channel::Experimental)
        .iter()
        .map(|e| format!("{} {}: {}", e.line(), e.path(), e.message()))
        .collect();
    assert_eq!(
        named,
        [
            "3 spec.rules[0].backendRef: unknown field `backendRef`, did you mean `backendRefs`",
            "3 spec.rules[0].retry: unknown field `retry`, which is there since v1.2.0 in the experimental channel, \
             v1.7.0 in the standard channel",
            "4 spec.rules[0].filters[0].requestRedirect.statuscode: unknown field `statuscode`, \
             did you mean `statusCode`",
        ]
    );
}

#[test]
fn nulls_and_empty_optional_lists_come_back_absent() {
    let route = json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute",
        "metadata": {"name": "a"},
        "spec": {"parentRefs": null, "hostnames": [], "rules": [{"matches": [], "timeouts": null}]},
    });
    let written = serde_json::to_value(manifest::decode(&route).unwrap()).unwrap();
    assert_eq!(written["spec"], json!({"rules": [{}]}));
    assert_eq!(law::holds(&route), Ok(true));
}

/// An API server puts the default in the place of an absent list alone, so an empty one means something else.
#[test]
fn an_empty_list_of_rules_is_kept_apart_from_an_absent_one() {
    for spec in [json!({"rules": []}), json!({})] {
        law::holds_exactly(&json!({
            "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute",
            "metadata": {"name": "a"}, "spec": spec,
        }));
    }
}

#[test]
fn a_time_is_written_in_whole_seconds_utc() {
    let class = json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "GatewayClass",
        "metadata": {"name": "a", "creationTimestamp": "2024-05-09T12:00:00.5+02:00"},
        "spec": {"controllerName": "example.com/a"},
    });
    let written = serde_json::to_value(manifest::decode(&class).unwrap()).unwrap();
    assert_eq!(
        written["metadata"]["creationTimestamp"],
        "2024-05-09T10:00:00Z"
    );
}

#[test]
fn a_whole_number_with_a_fraction_of_zero_comes_back_without_it() {
    for port in [json!(80.0), json!(-0.0), json!(-3.0)] {
        let gateway = json!({
            "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "metadata": {"name": "a"},
            "spec": {"gatewayClassName": "a", "listeners": [{"name": "a", "port": port, "protocol": "HTTP"}]},
        });
        assert_eq!(law::holds(&gateway), Ok(true), "{port}");
        let written = serde_json::to_value(manifest::decode(&gateway).unwrap()).unwrap();
        let port = port.as_f64().unwrap();
        assert_eq!(written["spec"]["listeners"][0]["port"], json!(port as i64));
    }
}

/// `docs/library.md`: "A newer API server breaks nothing either".
#[test]
fn what_a_server_of_any_release_sends_is_decoded_and_written_back() {
    let (mut valid, mut with_status) = (0, 0);
    for release in Release::ALL {
        for channel in Channel::ALL {
            let mut options = ValidationOptions::of(*release, channel);
            options.with_status = true;
            for index in 0..100 {
                let object = support::object_of(19, index * 3, *release, channel);
                // A server sends whole seconds in UTC.
                let text = object.to_string().replace("00:00:00.5+01:00", "00:00:00Z");
                let object = serde_json::from_str(&text).unwrap();
                if validation::validate_value(&object, &options).is_accepted() {
                    valid += 1;
                    with_status += usize::from(object.get("status").is_some());
                    assert_eq!(
                        law::holds(&object),
                        Ok(true),
                        "{release} {channel}\n{object:#}"
                    );
                }
            }
        }
    }
    println!("{valid} objects, {with_status} with a status");
    assert!(valid > 1_500 && with_status > 200, "{valid} {with_status}");
}

/// What v1.1.0 demands and later releases leave out: each of these would stop a watch if it could not be decoded.
#[test]
fn what_later_releases_leave_out_or_write_in_another_form_is_kept() {
    const V1: &str = "gateway.networking.k8s.io/v1";
    let gateway = |spec: serde_json::Value, status: serde_json::Value| {
        let mut object = json!({
            "apiVersion": V1, "kind": "Gateway", "metadata": {"name": "a", "namespace": "b"},
            "spec": {"gatewayClassName": "c", "listeners": [{"name": "l", "port": 80, "protocol": "HTTP"}]},
            "status": status,
        });
        for (name, value) in spec.as_object().unwrap() {
            object["spec"][name] = value.clone();
        }
        object
    };
    let listener = json!({"name": "l", "attachedRoutes": 0, "conditions": []});
    let mut with_kinds = listener.clone();
    with_kinds["supportedKinds"] = json!([]);
    for object in [
        json!({
            "apiVersion": V1, "kind": "GatewayClass", "metadata": {"name": "a"},
            "spec": {"controllerName": "example.com/a"},
            "status": {"supportedFeatures": [{"name": "Gateway"}, {"name": "HTTPRoute"}]},
        }),
        json!({
            "apiVersion": V1, "kind": "GatewayClass", "metadata": {"name": "a"},
            "spec": {"controllerName": "example.com/a"},
            "status": {"supportedFeatures": ["Gateway", "HTTPRoute"]},
        }),
        gateway(json!({"addresses": [{"type": "IPAddress"}]}), json!({})),
        gateway(json!({}), json!({"listeners": [listener]})),
        gateway(json!({}), json!({"listeners": [with_kinds]})),
        gateway(
            json!({"addresses": [{}], "tls": {"backend": {}}}),
            json!({"attachedListenerSets": 1}),
        ),
    ] {
        law::holds_exactly(&object);
    }
}
