//! What was given and is left out: validation says of it what statuses say.

use super::*;
use crate::{
    attachment::{
        Options,
        admit::{self, Judged},
    },
    lint::near::Near,
    meta::{GROUP, Release},
};

const CHANNEL: Channel = Channel::Experimental;

fn options() -> validation::ValidationOptions {
    validation::ValidationOptions::new(CHANNEL)
}

fn web() -> Value {
    gateway(&json!([{"name": "web", "port": 80, "protocol": "HTTP"}]))
}

fn to_service(name: &str) -> Value {
    route(
        &json!({"parentRefs": [{"name": "gw"}], "rules": [{"backendRefs": [{"name": name, "port": 80}]}]}),
    )
}

fn service(port: &Value) -> Value {
    json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"}, "spec": {"ports": [{"port": port}]}})
}

fn tls_policy(targets: &Value) -> Value {
    json!({
        "apiVersion": "gateway.networking.k8s.io/v1alpha3", "kind": "BackendTLSPolicy", "metadata": {"name": "p"},
        "spec": {"targetRefs": targets, "validation": {
            "hostname": "s.example", "caCertificateRefs": [{"group": "", "kind": "ConfigMap", "name": "ca"}],
        }},
    })
}

/// Each finding on one object of a set, as message and help.
fn said(objects: &[&Value], index: usize) -> Vec<(String, String)> {
    let report = judge_set(objects, &options()).nth(index).unwrap();
    let findings = report.into_findings().into_iter();
    findings
        .map(|f| {
            (
                f.message().to_owned(),
                f.help().unwrap_or_default().to_owned(),
            )
        })
        .collect()
}

/// What cannot be read was given all the same: whoever refers to it is told to correct it, and not that it is missing.
#[test]
fn what_cannot_be_read_is_said_to_be_left_out() {
    let (gateway, route, unreadable) = (web(), to_service("s"), service(&json!("x")));
    let of_route = said(&[&gateway, &unreadable, &route], 2);
    let wanted = (
        "Service default/s was given, but is left out".to_owned(),
        "correct Service default/s first, which is left out: it cannot be read".to_owned(),
    );
    assert_eq!(of_route, [wanted]);
    let missing = said(&[&gateway, &route], 1);
    assert_eq!(missing[0].0, "Service `default/s` is not in the set");

    let map =
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "ca"}, "data": ["x"]});
    let policy = tls_policy(&json!([{"group": "", "kind": "Service", "name": "s"}]));
    let good = service(&json!(80));
    let all = [&gateway, &good, &route, &policy, &map];
    let wanted = (
        "ConfigMap default/ca was given, but is left out".to_owned(),
        "correct ConfigMap default/ca first, which is left out: it cannot be read".to_owned(),
    );
    assert_eq!(said(&all, 3), std::slice::from_ref(&wanted));
    let [(why, help)] = &said(&all, 2)[..] else {
        panic!("{:?}", said(&all, 2));
    };
    assert!(why.ends_with(&wanted.0), "{why}");
    assert_eq!(*help, wanted.1);
}

/// An object whose status alone cannot be read is there: a server drops the status of what is applied.
#[test]
fn an_object_with_an_unreadable_status_takes_part() {
    let mut gateway = web();
    gateway["status"] = json!({"addresses": "none"});
    let good = service(&json!(80));
    assert_eq!(said(&[&gateway, &good, &to_service("s")], 2), []);
}

/// A class that is refused is no class: its Gateway is not accepted, and is told why.
#[test]
fn a_gateway_is_told_that_its_class_is_left_out() {
    let class = json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "GatewayClass", "metadata": {"name": "c"},
        "spec": {"controllerName": "none"}});
    let wanted = (
        "GatewayClass c was given, but is left out".to_owned(),
        "correct GatewayClass c first, which is left out: the API server would refuse it"
            .to_owned(),
    );
    assert_eq!(said(&[&web(), &class], 0), [wanted]);
}

/// A policy that a server refuses has no effect: the routes to its target are as they would be without it. What else is
/// wrong with it is said of the policy itself.
#[test]
fn a_refused_object_is_not_in_force_and_still_judged() {
    let target = json!({"group": "", "kind": "Service", "name": "s"});
    let (gateway, good, route) = (web(), service(&json!(80)), to_service("s"));
    let mut refused = tls_policy(&json!([target]));
    refused["spec"]["validation"]["hostname"] = json!("no_host");
    let all = [&gateway, &good, &route, &refused];
    assert_eq!(said(&all, 2), []);
    let of_policy = said(&all, 3);
    assert!(of_policy[0].0.contains("`no_host`"), "{of_policy:?}");
    let last = &of_policy.last().unwrap().0;
    assert_eq!(last, "ConfigMap `default/ca` is not in the set");

    let mut misspelt = to_service("none");
    misspelt["spec"]["hostname"] = json!("a.example");
    let of_route = said(&[&gateway, &misspelt], 1);
    assert_eq!(of_route.len(), 2, "{of_route:?}");
    assert_eq!(of_route[1].0, "Service `default/none` is not in the set");
}

/// Validation refuses what `status` leaves out, and nothing else: `kubectl apply` needs a name, of every kind.
#[test]
fn validation_and_admission_take_the_same_objects() {
    let good = to_service("s");
    let with = |pointer: &str, field: &str, value: &Value| {
        let mut object = good.clone();
        object.pointer_mut(pointer).unwrap()[field] = value.clone();
        object
    };
    let deployment = |metadata: &Value| json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata});
    let objects = [
        good.clone(),
        with("", "metadata", &json!({"generateName": "a-"})),
        with("", "metadata", &json!({"name": "A"})),
        with("", "kind", &json!("HttpRoute")),
        with("", "apiVersion", &json!("gateway.networking.k8s.oi/v1")),
        with("/spec", "hostname", &json!("a")),
        with("", "status", &json!({"parents": [{"controllerName": 1}]})),
        service(&json!(80)),
        service(&json!("x")),
        json!({"apiVersion": "v1", "kind": "Service", "spec": {}}),
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "data": {"a": "!"}}),
        deployment(&json!({"name": "d"})),
        deployment(&json!({"generateName": "d-"})),
        deployment(&json!("d")),
        json!("text"),
    ];
    let mut refused = 0;
    for object in &objects {
        let left_out = matches!(
            admit::judge(object, Release::default(), CHANNEL),
            Judged::Ignored(_)
        );
        let (_, report) = Member::judge(object, &options());
        assert_eq!(report.is_accepted(), !left_out, "{object}");
        refused += usize::from(left_out);
    }
    assert_eq!(refused, objects.len() - 4);
    let (_, report) = Member::judge(&objects[1], &options());
    let first = &report.findings()[0];
    assert_eq!(first.path(), "metadata.name");
    assert_eq!(first.help(), Some("give it a name"));
}

/// One cause has one help, whether validation says it or a status.
#[test]
fn validation_and_status_give_one_help() {
    let secure = |references: &Value| {
        gateway(
            &json!([{"name": "s", "port": 443, "protocol": "HTTPS", "tls": {"certificateRefs": references}}]),
        )
    };
    let mut authority = tls_policy(&json!([{"group": "", "kind": "Service", "name": "s"}]));
    authority["spec"]["validation"]["caCertificateRefs"] =
        json!([{"group": "", "kind": "Secret", "name": "s"}]);
    let secret =
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "type": "Opaque"});
    let map = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "s"}});
    let sets: [&[Value]; 6] = [
        &[
            secure(
                &json!([{"name": "s"}, {"group": "", "kind": "ConfigMap", "name": "s"}, {"name": "none"}]),
            ),
            secret.clone(),
            map,
        ],
        &[
            secure(&json!([{"name": "s", "namespace": "other"}])),
            secret.clone(),
        ],
        &[
            web(),
            to_service("none"),
            authority,
            service(&json!(80)),
            secret,
        ],
        &[web(), to_service("s"), service(&json!(8080))],
        &[web(), to_service("s"), service(&json!("x"))],
        &[to_service("s"), service(&json!(80))],
    ];
    let mut compared = 0;
    for set in sets {
        let objects: Vec<&Value> = set.iter().collect();
        let admitted = admit::admit(objects.iter().copied(), Release::default(), CHANNEL);
        let mut resolver = Resolver::with_snapshot(admitted.snapshot, Options::for_manifests());
        resolver.update();
        let near = Near::new(&resolver, &admitted.ignored);
        for (object, report) in objects.iter().zip(judge_set(&objects, &options())) {
            let text = |pointer| {
                object
                    .pointer(pointer)
                    .unwrap()
                    .as_str()
                    .unwrap()
                    .to_owned()
            };
            let reference = crate::meta::ObjectRef {
                group: GROUP.to_owned(),
                kind: text("/kind"),
                namespace: "default".to_owned(),
                name: text("/metadata/name"),
            };
            for hint in near.object(&reference).iter().filter(|hint| !hint.alone) {
                let mut findings = report.findings().iter();
                let same =
                    findings.any(|f| f.path() == hint.path && f.help() == Some(&*hint.message));
                assert!(same, "{hint:?} is not among {:?}", report.findings());
                compared += 1;
            }
        }
    }
    assert!(compared >= 9, "{compared}");
    let wrong_kind = said(&[&sets[0][0], &sets[0][1], &sets[0][2]], 0);
    let help = &wrong_kind[1].1;
    assert!(help.starts_with("name a Secret in "), "{help}");
}

/// Of an object that means nothing to others nothing has to be kept: it is not of the Gateway API, or has no name by which they
/// could refer to it.
#[test]
fn what_is_foreign_or_has_no_name_takes_no_part() {
    let options = options();
    let named = |value: &mut Value| value["metadata"] = json!({"name": "a"});
    let v1 = "gateway.networking.k8s.io/v1";
    for (mut object, takes_part) in [
        (json!({"kind": "A"}), true),
        (json!({"apiVersion": "v1", "kind": "Service"}), true),
        (
            json!({"apiVersion": "apps/v1", "kind": "Deployment"}),
            false,
        ),
        (
            json!({"apiVersion": v1, "kind": "HTTPRoute", "spec": 7}),
            true,
        ),
        (json!({"apiVersion": v1, "kind": "HTTPRoutes"}), true),
    ] {
        let member = Member::judge(&object, &options).0;
        assert!(!member.takes_part(), "{object}");
        named(&mut object);
        let member = Member::judge(&object, &options).0;
        assert_eq!(member.takes_part(), takes_part, "{object}");
    }
}
