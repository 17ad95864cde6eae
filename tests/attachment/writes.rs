//! What a controller writes beside statuses, and what it is told of its writes.

use crate::world;
use gwapi::{
    attachment::{
        DataPlaneReport, InstalledCrd, Options, Resolver, Status, StatusPart, StatusWrite,
        effective::EffectiveGateway,
    },
    manifest::{self, ReadOptions},
    meta::{Condition, GROUP, NamespacedName, ObjectRef},
    v1::{GATEWAYS_EXIST_FINALIZER, GatewayClass, GatewayStatusAddress, HttpRoute},
    v1alpha2, v1alpha3,
};
use k8s_openapi::{
    apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition,
    apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time},
    jiff::Timestamp,
};
use serde_json::json;

const SET: &str = include_str!("../fixtures/controller/set.yaml");

fn now() -> Time {
    Time(Timestamp::UNIX_EPOCH)
}

/// The write of the only object of a kind.
fn write_of<'w>(due: &'w [StatusWrite], kind: &str) -> &'w StatusWrite {
    let mut writes = due.iter().filter(|write| write.reference.kind == kind);
    let write = writes.next().unwrap();
    assert!(writes.next().is_none());
    write
}

fn resolver() -> Resolver {
    let mut resolver = Resolver::new(Options::new(world::CONTROLLER));
    let (objects, errors) = manifest::read(SET.as_bytes(), &ReadOptions::default()).decode();
    assert!(errors.is_empty(), "{errors:?}");
    resolver.extend(objects.into_iter().map(|decoded| decoded.object));
    resolver.update();
    resolver
}

fn route() -> ObjectRef {
    ObjectRef::gateway_api("HTTPRoute", &NamespacedName::new("shop", "cart"))
}

fn class(resolver: &Resolver) -> GatewayClass {
    let name = NamespacedName::new("", "ours");
    resolver.snapshot().gateway_classes()[&name]
        .as_ref()
        .clone()
}

fn answer(version: &str) -> ObjectMeta {
    ObjectMeta {
        resource_version: Some(version.to_owned()),
        ..Default::default()
    }
}

/// A version that a server has replaced is not written to again; one that the server left as it was is.
#[test]
fn nothing_is_due_at_an_object_of_which_a_later_version_is_to_come() {
    let mut resolver = resolver();
    let shown = |resolver: &mut Resolver, version: &str| {
        let name = route().namespaced_name();
        let mut route: HttpRoute = resolver.snapshot().http_routes()[&name].as_ref().clone();
        route.metadata.resource_version = Some(version.to_owned());
        resolver.insert(route);
        resolver.update();
    };
    let is_due = |resolver: &mut Resolver| {
        let due = resolver.due(&now());
        due.iter().any(|write| write.reference == route())
    };
    shown(&mut resolver, "7");
    assert!(is_due(&mut resolver));
    // The server did not change the object: what it has is what was seen.
    resolver.note_written(&route(), Some("7"), &answer("7"));
    assert!(is_due(&mut resolver));
    resolver.note_written(&route(), Some("7"), &answer("9"));
    assert!(!is_due(&mut resolver));
    // Whatever else happens meanwhile.
    let options = Options::new(world::CONTROLLER).with_release(gwapi::meta::Release::V1_6_1);
    resolver.set_options(options);
    assert!(!is_due(&mut resolver));
    // It comes without what was written.
    shown(&mut resolver, "8");
    assert!(is_due(&mut resolver));
    shown(&mut resolver, "7");
    assert!(is_due(&mut resolver), "nothing is kept of what has come");
}

/// GatewayClass: the finalizer is there while a Gateway uses the class.
#[test]
fn a_class_in_use_gets_its_finalizer_and_loses_it_with_the_last_gateway() {
    let mut resolver = resolver();
    let mut ours = class(&resolver);
    ours.metadata.resource_version = Some("3".to_owned());
    ours.metadata.finalizers = Some(vec!["example.com/other".to_owned()]);
    resolver.insert(ours.clone());
    resolver.insert(world::class("theirs", "example.com/theirs"));
    resolver.update();
    let due = resolver.due_finalizers();
    assert_eq!(due.len(), 1);
    let both = json!(["example.com/other", GATEWAYS_EXIST_FINALIZER]);
    let patch = json!({ "metadata": { "resourceVersion": "3", "finalizers": both } });
    assert_eq!(due[0].merge_patch(), patch);
    let resource = due[0].api_resource();
    assert_eq!(
        (
            resource.api_version.as_str(),
            resource.kind.as_str(),
            resource.plural.as_str()
        ),
        (
            "gateway.networking.k8s.io/v1",
            "GatewayClass",
            "gatewayclasses"
        )
    );
    resolver.note_written(&due[0].reference, Some("3"), &answer("4"));
    assert_eq!(resolver.due_finalizers(), []);
    ours.metadata.resource_version = Some("4".to_owned());
    ours.metadata.finalizers = serde_json::from_value(both).unwrap();
    resolver.insert(ours);
    resolver.update();
    assert_eq!(resolver.due_finalizers(), []);
    let edge = NamespacedName::new("shop", "edge");
    resolver.remove(&ObjectRef::gateway_api("Gateway", &edge));
    resolver.update();
    assert_eq!(
        resolver.due_finalizers()[0].finalizers,
        ["example.com/other"]
    );
}

/// What turns is told once, with the part of the status that it is of; what stays the same is not.
#[test]
fn a_write_tells_which_conditions_turn() {
    let mut resolver = resolver();
    let due = resolver.due(&now());
    let of_gateway = write_of(&due, "Gateway");
    let turned: Vec<_> = of_gateway
        .turned()
        .into_iter()
        .map(|(part, condition)| (part, condition.type_.as_str()))
        .collect();
    let listener = || StatusPart::Listener("web".to_owned());
    assert_eq!(
        turned,
        [
            (StatusPart::Object, "Accepted"),
            (StatusPart::Object, "Programmed"),
            (listener(), "Accepted"),
            (listener(), "Conflicted"),
            (listener(), "ResolvedRefs"),
            (listener(), "Programmed"),
        ]
    );
    let reference = of_gateway.object_reference();
    assert_eq!(
        (reference.kind.as_deref(), reference.namespace.as_deref()),
        (Some("Gateway"), Some("shop"))
    );
    let Status::Gateway(status) = of_gateway.status.clone() else {
        unreachable!()
    };
    let edge = NamespacedName::new("shop", "edge");
    let mut gateway = resolver.snapshot().gateways()[&edge].as_ref().clone();
    gateway.status = Some(status);
    resolver.insert(gateway);
    resolver.set_addresses(
        &edge,
        [GatewayStatusAddress {
            value: "192.0.2.1".into(),
            ..Default::default()
        }],
    );
    resolver.update();
    let due = resolver.due(&now());
    let of_gateway = write_of(&due, "Gateway");
    // `False (AddressNotAssigned)` and `False (Pending)` have become `Unknown (Pending)`.
    let turned: Vec<_> = of_gateway
        .turned()
        .into_iter()
        .map(|(part, condition)| (part, condition.status.as_str()))
        .collect();
    assert_eq!(
        turned,
        [(StatusPart::Object, "Unknown"), (listener(), "Unknown")]
    );
}

fn programmed(resolver: &Resolver) -> [String; 2] {
    let edge = NamespacedName::new("shop", "edge");
    let reference = ObjectRef::gateway_api("Gateway", &edge);
    let Status::Gateway(status) = &resolver.resolution().statuses[&reference] else {
        unreachable!()
    };
    let of = |conditions: &[Condition]| {
        let found = conditions.iter().find(|c| c.type_ == "Programmed").unwrap();
        format!("{} ({})", found.status, found.reason)
    };
    [of(&status.conditions), of(&status.listeners[0].conditions)]
}

/// ListenerConditionType `Programmed`: of one listener the data plane can say something else than of its Gateway.
#[test]
fn a_listener_is_programmed_unless_something_else_is_reported_of_it() {
    let mut resolver = resolver();
    let edge = NamespacedName::new("shop", "edge");
    resolver.set_addresses(
        &edge,
        [GatewayStatusAddress {
            value: "192.0.2.1".into(),
            ..Default::default()
        }],
    );
    resolver.update();
    let mut after = |report: &dyn Fn(&mut Resolver, &EffectiveGateway)| {
        let told = resolver
            .resolution()
            .effective
            .gateways
            .get(&edge)
            .unwrap()
            .clone();
        report(&mut resolver, &told);
        assert!(
            !resolver.update().concerns_traffic()
                || programmed(&resolver)[0].starts_with("Unknown")
        );
        programmed(&resolver)
    };
    let failed = || DataPlaneReport::Failed {
        reason: "Pending",
        why: "the port is not free".into(),
    };
    let soon = || DataPlaneReport::Pending("soon".into());
    let of_listener = after(&|it, told| it.set_listener_programmed(told, "web", soon()));
    assert_eq!(
        of_listener,
        ["Unknown (Pending)", "Unknown (Pending)"],
        "the Gateway comes first"
    );
    let of_listener = after(&|it, told| it.set_listener_programmed(told, "web", failed()));
    assert_eq!(
        of_listener,
        ["Unknown (Pending)", "False (Pending)"],
        "what has failed is told at once"
    );
    let both = after(&|it, told| it.set_programmed(told, DataPlaneReport::Programmed));
    assert_eq!(both, ["True (Programmed)", "False (Pending)"]);
    let again =
        after(&|it, told| it.set_listener_programmed(told, "web", DataPlaneReport::Programmed));
    assert_eq!(again, ["True (Programmed)", "True (Programmed)"]);
    after(&|it, told| it.set_listener_programmed(told, "web", failed()));
    // The Gateway asks for something else: what was said of its listener is about another one.
    let second = SET
        .replace("name: edge, namespace: shop, generation: 1", "name: edge, namespace: shop, generation: 2")
        .replace("port: 80, protocol: HTTP }] }\n---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute", "port: 81, protocol: HTTP }] }\n---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute");
    let (objects, _) = manifest::read(second.as_bytes(), &ReadOptions::default()).decode();
    resolver.extend(objects.into_iter().map(|decoded| decoded.object));
    resolver.update();
    let told = resolver
        .resolution()
        .effective
        .gateways
        .get(&edge)
        .unwrap()
        .clone();
    resolver.set_programmed(&told, DataPlaneReport::Programmed);
    resolver.update();
    assert_eq!(
        programmed(&resolver),
        ["True (Programmed)", "True (Programmed)"]
    );
}

/// A status is written in a version that the installed definition serves, whatever the release of the other definitions is.
#[test]
fn what_is_installed_decides_what_is_watched_and_written() {
    let mut resolver = resolver();
    let policy = "
apiVersion: gateway.networking.k8s.io/v1alpha3
kind: BackendTLSPolicy
metadata: { name: tls, namespace: shop }
spec:
  targetRefs: [{ group: '', kind: Service, name: cart }]
  validation: { hostname: cart.example, wellKnownCACertificates: System }
";
    let (objects, _) = manifest::read(policy.as_bytes(), &ReadOptions::default()).decode();
    resolver.extend(objects.into_iter().map(|decoded| decoded.object));
    let crd = |plural: &str, served: &[&str]| InstalledCrd {
        name: format!("{plural}.{GROUP}"),
        group: GROUP.to_owned(),
        bundle_version: Some("v1.6.1".to_owned()),
        channel: Some("standard".to_owned()),
        served: served.iter().map(|&version| version.to_owned()).collect(),
        ..Default::default()
    };
    let written = |resolver: &mut Resolver| {
        resolver.update();
        let due = resolver.due(&now());
        let of_policy = due
            .into_iter()
            .find(|write| write.reference.kind == "BackendTLSPolicy");
        of_policy.unwrap().version
    };
    resolver.set_installed([
        crd("gatewayclasses", &["v1"]),
        crd("backendtlspolicies", &[]),
    ]);
    assert_eq!(written(&mut resolver), "v1");
    resolver.set_installed([
        crd("gatewayclasses", &["v1"]),
        crd("backendtlspolicies", &["v1alpha3"]),
    ]);
    assert_eq!(written(&mut resolver), "v1alpha3");
    assert!(resolver.serves::<v1alpha3::BackendTlsPolicy>());
    assert!(!resolver.serves::<gwapi::v1::BackendTlsPolicy>());
    assert!(!resolver.serves::<v1alpha2::TcpRoute>());
}

/// A definition is read the same way from a manifest and from a watch: its served versions, and nothing of its schemas.
#[test]
fn a_definition_tells_the_versions_that_it_serves() {
    let text = "
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: tlsroutes.gateway.networking.k8s.io }
spec:
  group: gateway.networking.k8s.io
  names: { kind: TLSRoute, plural: tlsroutes }
  scope: Namespaced
  versions:
  - { name: v1, served: true, storage: true }
  - { name: v1alpha3, served: false, storage: false }
  - { name: v1alpha2, served: true, storage: false }
";
    let (objects, errors) = manifest::read(text.as_bytes(), &ReadOptions::default()).decode();
    assert!(errors.is_empty(), "{errors:?}");
    let mut resolver = Resolver::new(Options::new(world::CONTROLLER));
    resolver.extend(objects.into_iter().map(|decoded| decoded.object));
    let name = NamespacedName::new("", "tlsroutes.gateway.networking.k8s.io");
    let read = resolver.snapshot().installed_crds()[&name].as_ref().clone();
    assert_eq!(read.served, ["v1", "v1alpha2"]);
    let definition = json!({
        "metadata": { "name": name.name },
        "spec": {
            "group": GROUP, "names": { "kind": "TLSRoute", "plural": "tlsroutes" }, "scope": "Namespaced",
            "versions": [
                { "name": "v1", "served": true, "storage": true },
                { "name": "v1alpha3", "served": false, "storage": false },
                { "name": "v1alpha2", "served": true, "storage": false },
            ],
        },
    });
    let definition: CustomResourceDefinition = serde_json::from_value(definition).unwrap();
    assert_eq!(InstalledCrd::from(definition.clone()), read);
    resolver.replace_all::<CustomResourceDefinition>([definition]);
    assert_eq!(resolver.snapshot().installed_crds().len(), 1);
    resolver.replace_all::<CustomResourceDefinition>(Vec::<CustomResourceDefinition>::new());
    assert!(resolver.snapshot().installed_crds().is_empty());
}

/// GatewayStatusAddress `type` has a default, which a server sets: an address without a type settles nevertheless.
#[test]
fn an_address_is_written_as_a_server_has_it() {
    let mut resolver = resolver();
    let edge = NamespacedName::new("shop", "edge");
    let address = GatewayStatusAddress {
        value: "192.0.2.1".into(),
        ..Default::default()
    };
    resolver.set_addresses(&edge, [address]);
    resolver.update();
    let due = resolver.due(&now());
    let of_gateway = due.iter().find(|write| write.reference.kind == "Gateway");
    let Status::Gateway(status) = of_gateway.unwrap().status.clone() else {
        unreachable!()
    };
    let written = serde_json::to_value(&status.addresses).unwrap();
    assert_eq!(
        written,
        json!([{ "type": "IPAddress", "value": "192.0.2.1" }])
    );
    let mut gateway = resolver.snapshot().gateways()[&edge].as_ref().clone();
    gateway.status = Some(status);
    resolver.insert(gateway);
    resolver.update();
    let due = resolver.due(&now());
    assert!(due.iter().all(|write| write.reference.kind != "Gateway"));
}

/// BackendTLSPolicy `status.ancestors`: the Gateways of another controller are its own to write about, until a Gateway of ours uses
/// the policy, too.
#[test]
fn a_policy_that_only_gateways_of_another_controller_use_gets_nothing_written() {
    const THEIRS: &str = "
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: theirs }
spec: { controllerName: example.com/theirs }
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: g, namespace: shop, generation: 1 }
spec: { gatewayClassName: theirs, listeners: [{ name: l, port: 80, protocol: HTTP }] }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: r, namespace: shop, generation: 1 }
spec: { parentRefs: [{ name: g }], rules: [{ backendRefs: [{ name: svc, port: 80 }] }] }
---
apiVersion: v1
kind: Service
metadata: { name: svc, namespace: shop }
spec: { clusterIP: 10.0.0.2, ports: [{ port: 80 }] }
---
apiVersion: gateway.networking.k8s.io/v1alpha3
kind: BackendTLSPolicy
metadata: { name: p, namespace: shop, generation: 1 }
spec:
  targetRefs: [{ group: '', kind: Service, name: svc }]
  validation: { hostname: x.example, caCertificateRefs: [{ group: '', kind: ConfigMap, name: ca }] }
status:
  ancestors: [{ ancestorRef: { name: g }, controllerName: example.com/theirs, conditions: [] }]
";
    let add = |resolver: &mut Resolver, text: &str| {
        let (objects, errors) = manifest::read(text.as_bytes(), &ReadOptions::default()).decode();
        assert!(errors.is_empty(), "{errors:?}");
        resolver.extend(objects.into_iter().map(|decoded| decoded.object));
        resolver.update();
    };
    let kinds = |resolver: &mut Resolver| {
        let due = resolver.due(&now()).into_iter();
        let of_theirs = due.filter(|write| ["g", "r", "p"].contains(&&*write.reference.name));
        of_theirs
            .map(|write| write.reference.kind)
            .collect::<Vec<_>>()
    };
    let mut resolver = Resolver::new(Options::for_simulator(world::CONTROLLER));
    add(&mut resolver, SET);
    add(&mut resolver, THEIRS);
    assert_eq!(kinds(&mut resolver), [""; 0]);
    let ca = NamespacedName::new("shop", "ca");
    assert!(!resolver.needs(&ObjectRef::core("ConfigMap", &ca)));
    let ours = "
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: cart, namespace: shop, generation: 2 }
spec: { parentRefs: [{ name: edge }], rules: [{ backendRefs: [{ name: svc, port: 80 }] }] }
";
    add(&mut resolver, ours);
    assert_eq!(kinds(&mut resolver), ["BackendTLSPolicy"]);
    let due = resolver.due(&now());
    let written = json!(write_of(&due, "BackendTLSPolicy").status)["ancestors"].clone();
    let whose = |entry: &serde_json::Value| {
        let name = entry["ancestorRef"]["name"].as_str().unwrap().to_owned();
        (name, entry["controllerName"].as_str().unwrap().to_owned())
    };
    let mut whose: Vec<_> = written.as_array().unwrap().iter().map(whose).collect();
    whose.sort();
    let entry = |name: &str, controller: &str| (name.to_owned(), controller.to_owned());
    assert_eq!(
        whose,
        [
            entry("edge", world::CONTROLLER),
            entry("g", "example.com/theirs")
        ]
    );
    assert!(resolver.needs(&ObjectRef::core("ConfigMap", &ca)));
}
