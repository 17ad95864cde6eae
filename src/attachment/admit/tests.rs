//! What is given and not in force is named, with the reason.

use super::*;
use crate::meta::ObjectRef;
use serde_json::json;

fn object(api_version: &str, kind: &str, name: &str, spec: Value) -> Value {
    json!({
        "apiVersion": api_version,
        "kind": kind,
        "metadata": {"name": name, "namespace": "shop"},
        "spec": spec,
    })
}

fn own(version: &str, kind: &str, name: &str, spec: Value) -> Value {
    let group = crate::meta::GROUP;
    object(&format!("{group}/{version}"), kind, name, spec)
}

fn route(name: &str, backend: &str) -> Value {
    let spec = json!({"rules": [{"backendRefs": [{"name": backend, "port": 80}]}]});
    own("v1", "HTTPRoute", name, spec)
}

/// The reason for which an object alone is not in force.
fn reason(value: &Value) -> Option<IgnoredReason> {
    match judge(value, Release::default(), Channel::Experimental) {
        Judged::Ignored(ignored) => Some(ignored.reason),
        Judged::Admitted { .. } | Judged::Foreign(_) => None,
    }
}

#[test]
fn what_is_not_in_force_has_its_reason() {
    use IgnoredReason as R;
    let grant = json!({
        "from": [{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "namespace": "a"}],
        "to": [{"group": "", "kind": "Service"}],
    });
    let mut unknown_field = route("a", "b");
    unknown_field["spec"]["hostname"] = json!(["a.example"]);
    let mut redirect = route("a", "b");
    redirect["spec"]["rules"][0]["filters"] =
        json!([{"type": "RequestRedirect", "requestRedirect": {"scheme": "https"}}]);
    let mut both = redirect.clone();
    both["spec"]["hostname"] = json!(["a.example"]);
    let mut generated = route("a", "b");
    generated["metadata"] = json!({"generateName": "a-", "namespace": "shop"});
    for (value, wanted) in [
        (route("a", "b"), None),
        (own("v1", "HttpRoute", "a", json!({})), Some(R::UnknownKind)),
        (
            own("v1", "ListenerSet", "a", json!({})),
            Some(R::UnknownKind),
        ),
        (
            own("v1beta2", "HTTPRoute", "a", json!({})),
            Some(R::UnknownVersion),
        ),
        (
            own("v1", "ReferenceGrant", "a", grant),
            Some(R::UnknownVersion),
        ),
        (
            object("networking.x-k8s.io/v1alpha1", "HTTPRoute", "a", json!({})),
            Some(R::UnknownGroup),
        ),
        (
            object("gateway.networking.k8s.oi/v1", "HTTPRoute", "a", json!({})),
            Some(R::UnknownGroup),
        ),
        (
            object(
                "gateway.networking.x-k8s.io/v1alpha1",
                "XListenerSet",
                "a",
                json!({}),
            ),
            Some(R::UnknownKind),
        ),
        (unknown_field, Some(R::UnknownField)),
        (redirect, Some(R::Refused)),
        (both, Some(R::Refused)),
        (generated, Some(R::Refused)),
        (
            object("v1", "Service", "a", json!({"ports": 7})),
            Some(R::Unreadable),
        ),
        (
            object("v1", "Service", "a", json!({"ports": [{"port": 80}]})),
            None,
        ),
        (object("apps/v1", "Deployment", "a", json!({"x": 1})), None),
        (json!({"kind": "HTTPRoute"}), Some(R::Refused)),
        (json!([]), Some(R::Refused)),
    ] {
        assert_eq!(reason(&value), wanted, "{value}");
    }
}

/// A kind without a schema here has the help that others have for the same mistake.
#[test]
fn a_value_that_yaml_reads_as_a_boolean_is_to_be_quoted_whatever_the_kind() {
    let mut service = object("v1", "Service", "svc", json!({"ports": [{"port": 80}]}));
    service["metadata"]["namespace"] = json!(false);
    let mut own = route("r", "svc");
    own["metadata"]["namespace"] = json!(false);
    let helps = [&service, &own].map(|value| {
        match judge(value, Release::default(), Channel::Experimental) {
            Judged::Ignored(ignored) => {
                let of_finding = ignored.findings.first().and_then(|finding| finding.help());
                of_finding.or(ignored.help.as_deref()).map(str::to_owned)
            }
            Judged::Admitted { .. } | Judged::Foreign(_) => None,
        }
    });
    assert!(helps[0].is_some(), "{helps:?}");
    assert_eq!(helps[0], helps[1]);
    // It is of no namespace that is known.
    for (value, named) in [(&service, "Service svc"), (&own, "HTTPRoute r")] {
        let Judged::Ignored(ignored) = judge(value, Release::default(), Channel::Experimental)
        else {
            panic!("in force: {value}");
        };
        assert_eq!(ignored.object.to_string(), named);
    }
}

#[test]
fn every_field_for_which_an_object_is_refused_is_named() {
    let mut value = route("a", "b");
    value["spec"]["hostname"] = json!(["a.example"]);
    value["spec"]["rules"][0]["matchs"] = json!([]);
    let Judged::Ignored(ignored) = judge(&value, Release::default(), Channel::Experimental) else {
        panic!("in force: {value}");
    };
    assert_eq!(ignored.object.to_string(), "HTTPRoute shop/a");
    assert_eq!(
        ignored.message,
        "the API server would refuse it: it has 2 unknown fields"
    );
    let named: Vec<_> = ignored
        .findings
        .iter()
        .map(|finding| (finding.path(), finding.help()))
        .collect();
    assert_eq!(
        named,
        [
            ("spec.hostname", Some("did you mean `hostnames`?")),
            ("spec.rules[0].matchs", Some("did you mean `matches`?")),
        ]
    );
}

#[test]
fn the_channel_decides_and_what_is_experimental_is_named() {
    let mut timeouts = route("a", "b");
    timeouts["spec"]["rules"][0]["timeouts"] = json!({"request": "1s"});
    let tcp = own(
        "v1alpha2",
        "TCPRoute",
        "t",
        json!({"rules": [{"backendRefs": [{"name": "b", "port": 1}]}]}),
    );
    let values = [timeouts, tcp, route("c", "b")];
    let experimental = admit(&values, Release::default(), Channel::Experimental);
    assert!(experimental.ignored.is_empty());
    let named: Vec<_> = experimental
        .experimental
        .iter()
        .map(|part| (part.object.to_string(), part.path.as_str()))
        .collect();
    assert_eq!(
        named,
        [
            ("HTTPRoute shop/a".to_owned(), "spec.rules[0].timeouts"),
            ("TCPRoute shop/t".to_owned(), ""),
        ]
    );
    let standard = admit(&values, Release::default(), Channel::Standard);
    assert!(standard.experimental.is_empty());
    let reasons: Vec<_> = standard
        .ignored
        .iter()
        .map(|i| (i.index, i.reason))
        .collect();
    assert_eq!(
        reasons,
        [
            (0, IgnoredReason::UnknownField),
            (1, IgnoredReason::UnknownKind)
        ]
    );
    assert_eq!(standard.snapshot.http_routes().len(), 1);
}

#[test]
fn of_two_objects_of_one_name_the_last_one_that_a_server_takes_is_in_force() {
    let mut refused = route("a", "third");
    refused["spec"]["rules"][0]["oops"] = json!(1);
    let mut beta = route("a", "second");
    beta["apiVersion"] = json!("gateway.networking.k8s.io/v1beta1");
    let values = [
        route("a", "first"),
        route("b", "first"),
        beta.clone(),
        beta,
        refused,
    ];
    let admitted = admit(&values, Release::default(), Channel::Standard);
    let named: Vec<_> = admitted
        .ignored
        .iter()
        .map(|i| (i.index, i.reason, i.replaced_by))
        .collect();
    assert_eq!(
        named,
        [
            (0, IgnoredReason::Replaced, Some(2)),
            (4, IgnoredReason::UnknownField, None),
        ]
    );
    let (_, in_force) = admitted
        .snapshot
        .http_routes()
        .iter()
        .find(|(place, _)| place.name == "a")
        .unwrap();
    let backend = &in_force.spec.rules()[0].backend_refs[0];
    assert_eq!(backend.name, "second");
    let reference = &admitted.ignored[0].object;
    assert!(admitted.versions[reference].ends_with("/v1beta1"));
}

/// A server drops `status` from what is applied: a status that a controller of a later release wrote refuses nothing.
#[test]
fn a_status_refuses_nothing() {
    let mut value = route("a", "b");
    value["status"] = json!({"parents": 7, "later": true});
    value["spec"]["rules"][0]["oops"] = json!(1);
    let Judged::Ignored(ignored) = judge(&value, Release::default(), Channel::Standard) else {
        panic!("in force");
    };
    assert_eq!(ignored.findings.len(), 1);
    value["spec"]["rules"][0] = json!({});
    value["status"] = json!({"parents": [], "later": true});
    assert_eq!(reason(&value), None);
    value["status"] = json!({"parents": 7});
    let admitted = admit([&value], Release::default(), Channel::Standard);
    assert_eq!(admitted.snapshot.http_routes().len(), 1);
    assert_eq!(
        admitted.ignored[0].message,
        "its `status` cannot be read; the rest of it counts"
    );
}

#[test]
fn what_is_most_likely_meant_is_read_all_the_same() {
    let meant = |value: &Value| match judge(value, Release::default(), Channel::Experimental) {
        Judged::Ignored(ignored) => ignored.meant.map(|object| object.reference().to_string()),
        _ => None,
    };
    for value in [
        own("v1", "HttpRoute", "a", json!({})),
        own("v1beta2", "HTTPRoute", "a", json!({})),
        object("networking.k8s.io/v1", "HTTPRoute", "a", json!({})),
    ] {
        assert_eq!(
            meant(&value).as_deref(),
            Some("HTTPRoute shop/a"),
            "{value}"
        );
    }
    for (version, kind) in [("v1", "ReferenceGrant"), ("v1beta1", "ReferenceGrants")] {
        let grant = own(version, kind, "g", json!({"from": [], "to": []}));
        assert_eq!(meant(&grant).as_deref(), Some("ReferenceGrant shop/g"));
    }
    for (version, kind) in [("v1", "service"), ("core/v1", "Service")] {
        let service = object(version, kind, "s", json!({}));
        assert_eq!(meant(&service).as_deref(), Some("Service shop/s"));
    }
    let nothing = own("v1", "ListenerSet", "a", json!({}));
    assert_eq!(meant(&nothing), None);
}

/// Deployments and the like are no findings; that they are there still counts for `parametersRef`.
#[test]
fn objects_that_have_nothing_to_do_with_the_gateway_api_are_counted() {
    let values = [
        object("apps/v1", "Deployment", "a", json!({})),
        object("example.com/v1", "Settings", "s", json!({})),
        object("v1", "Service", "b", json!({"ports": [{"port": 80}]})),
    ];
    let admitted = admit(&values, Release::default(), Channel::Standard);
    assert_eq!((admitted.foreign, admitted.ignored.len()), (2, 0));
    let settings = ObjectRef {
        group: "example.com".into(),
        kind: "Settings".into(),
        namespace: "shop".into(),
        name: "s".into(),
    };
    assert!(admitted.snapshot.contains(&settings));
}

/// Who reads hostile input keeps the first objects that are not in force, and the number of the others.
#[test]
fn of_what_is_not_in_force_no_more_is_kept_than_is_wanted() {
    let mut admission = Admission::default().with_most_ignored(2);
    for n in 0..5 {
        let value = object(
            "gateway.networking.k8s.io/v1",
            "HttpRoute",
            "a",
            json!({"n": n}),
        );
        admission.add(Judgement::of(&value, Release::default(), Channel::Standard));
    }
    admission.add_ignored(10);
    for backend in ["first", "second", "second"] {
        admission.add(Judgement::of(
            &route("a", backend),
            Release::default(),
            Channel::Standard,
        ));
    }
    let admitted = admission.finish();
    let kept: Vec<_> = admitted.ignored.iter().map(|i| i.index).collect();
    assert_eq!((kept, admitted.ignored_more), (vec![0, 1], 14));
    assert_eq!(admitted.snapshot.http_routes().len(), 1);
    // The places of what comes after are those among all objects.
    let mut admission = Admission::default();
    admission.add_ignored(10);
    admission.add(Judgement::of(
        &route("a", "first"),
        Release::default(),
        Channel::Standard,
    ));
    admission.add(Judgement::of(
        &route("a", "second"),
        Release::default(),
        Channel::Standard,
    ));
    let replaced = &admission.finish().ignored[0];
    assert_eq!((replaced.index, replaced.replaced_by), (10, Some(11)));
}
