//! What a controller tells a resolver, and what it asks.

use crate::world;
use gwapi::{
    attachment::{
        AddressPool, Assumptions, Changes, InstalledCrd, ListenerId, Options, Resolver,
        SnapshotObject, Status, admit,
    },
    manifest::{self, ReadOptions},
    meta::{Channel, FeatureName, NamespacedName, ObjectRef, Release},
    proxy::{DataPlane, DataPlaneOptions},
    v1::{Gateway, HttpRoute},
};
use k8s_openapi::{
    ByteString,
    api::core::v1::{ConfigMap, Secret, Service},
    apimachinery::pkg::apis::meta::v1::Time,
    jiff::Timestamp,
};
use serde_json::json;
use std::{collections::BTreeSet, sync::Arc};

pub(crate) const SET: &str = include_str!("../fixtures/controller/set.yaml");

pub(crate) fn objects(text: &str) -> impl Iterator<Item = SnapshotObject> {
    let (objects, errors) = manifest::read(text.as_bytes(), &ReadOptions::default()).decode();
    assert!(errors.is_empty(), "{errors:?}");
    objects.into_iter().map(|decoded| decoded.object.into())
}

pub(crate) fn resolver(texts: &[&str], options: Options) -> Resolver {
    let mut resolver = Resolver::new(options);
    for text in texts {
        resolver.extend(objects(text));
    }
    resolver.update();
    resolver
}

pub(crate) fn careful() -> Options {
    Options::new(world::CONTROLLER)
}

pub(crate) fn edge() -> NamespacedName {
    NamespacedName::new("shop", "edge")
}

/// A controller that names no more than itself promises no mesh, no TCPRoute, no feature of another channel, and invents no address.
#[test]
fn defaults_of_a_controller_are_the_careful_ones() {
    let others = "
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: mesh, namespace: shop }
spec: { parentRefs: [{ group: '', kind: Service, name: cart }] }
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: stream, namespace: shop }
spec: { gatewayClassName: ours, listeners: [{ name: tcp, port: 9000, protocol: TCP }] }
";
    let options = careful();
    assert_eq!(options.channel, Channel::Standard);
    assert_eq!(options.addresses, AddressPool::External);
    assert_eq!(options.assume, Assumptions::default());
    let resolver = resolver(&[SET, others], options);
    let statuses = &resolver.resolution().statuses;
    let of = |kind: &str, namespace: &str, name: &str| {
        &statuses[&ObjectRef::gateway_api(kind, &NamespacedName::new(namespace, name))]
    };
    let Status::GatewayClass(class) = of("GatewayClass", "", "ours") else {
        unreachable!()
    };
    assert!(
        class.supported_features.is_empty(),
        "the standard channel does not have the field"
    );
    let Status::Gateway(gateway) = of("Gateway", "shop", "edge") else {
        unreachable!()
    };
    assert_eq!(gateway.addresses, []);
    let kinds = gateway.listeners[0].supported_kinds.as_ref().unwrap();
    assert_eq!(
        kinds
            .iter()
            .map(|kind| kind.kind.as_str())
            .collect::<Vec<_>>(),
        ["HTTPRoute"]
    );
    let Status::Route(mesh) = of("HTTPRoute", "shop", "mesh") else {
        unreachable!()
    };
    assert_eq!(mesh.parents, []);
    let Status::Gateway(stream) = of("Gateway", "shop", "stream") else {
        unreachable!()
    };
    let refused = stream.listeners[0]
        .conditions
        .iter()
        .find(|c| c.type_ == "Accepted")
        .unwrap();
    assert_eq!(refused.reason, "UnsupportedProtocol");
    let mut tcp = careful();
    tcp.declined.clear();
    let resolver = crate::controller::resolver(&[SET, others], tcp);
    let reference = ObjectRef::gateway_api("Gateway", &NamespacedName::new("shop", "stream"));
    let Status::Gateway(stream) = &resolver.resolution().statuses[&reference] else {
        unreachable!()
    };
    assert_eq!(
        stream.listeners[0].supported_kinds.as_ref().unwrap()[0].kind,
        "TCPRoute"
    );
    // What is named is claimed, and nothing else.
    let named = careful().with_features([FeatureName::Gateway, FeatureName::Mesh]);
    let claimed = FeatureName::KNOWN
        .iter()
        .filter(|name| named.supports(&(**name).into()));
    assert_eq!(claimed.copied().collect::<Vec<_>>(), ["Gateway", "Mesh"]);
}

/// The status of another controller's policy, class or Gateway is not ours to write, whatever newer servers put into it.
#[test]
fn objects_of_others_are_left_alone() {
    let foreign = "
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: theirs }
spec: { controllerName: example.com/theirs }
status: { supportedFeatures: [{ name: HTTPRoute }] }
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge, namespace: shop }
spec: { gatewayClassName: theirs, addresses: [{ type: IPAddress }], listeners: [{ name: web, port: 80, protocol: HTTP }] }
status: { listeners: [{ name: web, attachedRoutes: 0, conditions: [] }] }
---
apiVersion: gateway.networking.k8s.io/v1alpha3
kind: BackendTLSPolicy
metadata: { name: p, namespace: shop }
spec:
  targetRefs: [{ group: '', kind: Service, name: cart }]
  validation: { hostname: x.example, caCertificateRefs: [{ group: '', kind: ConfigMap, name: ca }] }
";
    let without_class = SET.replacen("example.com/ours", "example.com/theirs", 1);
    let now = Time(Timestamp::UNIX_EPOCH);
    for options in [careful(), Options::for_simulator(world::CONTROLLER)] {
        let mut resolver = resolver(&[&without_class, foreign], options);
        assert_eq!(resolver.due(&now), []);
        assert!(!resolver.needs(&ObjectRef::core(
            "ConfigMap",
            &NamespacedName::new("shop", "ca")
        )));
        assert!(!resolver.needs(&ObjectRef::core(
            "Service",
            &NamespacedName::new("shop", "cart")
        )));
    }
}

fn with_version(mut route: HttpRoute, version: &str) -> HttpRoute {
    route.metadata.resource_version = Some(version.to_owned());
    route
}

/// What is absent from a finished list goes; what has the same resourceVersion is not looked at.
#[test]
fn a_finished_list_replaces_all_objects_of_its_kind() {
    let mut resolver = resolver(&[SET], careful());
    let route = |name: &str, version: &str| {
        let mut route = HttpRoute {
            metadata: world::metadata("shop", name),
            ..Default::default()
        };
        route.spec.parent_refs = vec![world::parent("shop", "edge")];
        with_version(route, version)
    };
    let attached = |resolver: &mut Resolver| {
        let changes = resolver.update();
        let names: Vec<String> = resolver
            .resolution()
            .attachments
            .keys()
            .map(|id| id.name.name.clone())
            .collect();
        (names.join(" "), changes.routes.len())
    };
    resolver.replace_all::<HttpRoute>([route("a", "1"), route("b", "1")]);
    assert_eq!(attached(&mut resolver), ("a b".to_owned(), 3));
    // Behind `Arc`s, as a store has them, in whatever order and twice.
    resolver.replace_all::<HttpRoute>([
        Arc::new(route("b", "1")),
        Arc::new(route("a", "1")),
        Arc::new(route("a", "1")),
    ]);
    assert!(resolver.update().is_empty());
    let mut moved = route("a", "1");
    moved.spec.parent_refs.clear();
    resolver.replace_all::<HttpRoute>([moved.clone(), route("b", "1")]);
    assert!(
        resolver.update().is_empty(),
        "the same resourceVersion is the same object"
    );
    resolver.replace_all::<HttpRoute>([with_version(moved, "2"), route("c", "1")]);
    assert_eq!(attached(&mut resolver), ("a c".to_owned(), 3));
    // A name that was given to a new object may have a resourceVersion that was seen before.
    let mut anew = route("c", "1");
    anew.metadata.uid = Some("other".into());
    anew.spec.parent_refs.clear();
    resolver.replace_all::<HttpRoute>([anew]);
    assert_eq!(attached(&mut resolver), ("c".to_owned(), 2));
    resolver.replace_all::<HttpRoute>([route("d", "1"), route("c", "1"), route("b", "1")]);
    assert_eq!(attached(&mut resolver), ("b c d".to_owned(), 3));
    resolver.replace_all::<HttpRoute>([route("d", "1"), route("b", "1"), route("a", "1")]);
    assert_eq!(attached(&mut resolver), ("a b d".to_owned(), 2));
    // What cannot be read is left out, until a list has nothing of it.
    let unreadable = ObjectRef::gateway_api("HTTPRoute", &NamespacedName::new("shop", "bad"));
    resolver.leave_out(&unreadable);
    resolver.replace_all::<HttpRoute>([route("c", "1")]);
    assert!(!resolver.snapshot().is_left_out(&unreadable));
    resolver.update();
    resolver.replace_all::<HttpRoute>(Vec::<HttpRoute>::new());
    assert_eq!(attached(&mut resolver), (String::new(), 1));
    assert_eq!(resolver.snapshot().gateways().len(), 1, "other kinds stay");
    resolver.replace_all::<gwapi::v1beta1::Gateway>(Vec::<gwapi::v1beta1::Gateway>::new());
    assert!(
        resolver.snapshot().gateways().is_empty(),
        "a kind is one, whatever the version of the list"
    );
}

/// Which Secrets, ConfigMaps and Services are of interest: those that something of ours refers to, there or not.
#[test]
fn needed_is_what_something_of_ours_refers_to() {
    let more = "
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: secure, namespace: shop }
spec:
  gatewayClassName: ours
  listeners: [{ name: tls, port: 443, protocol: HTTPS, tls: { certificateRefs: [{ name: cert }] } }]
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: foreign, namespace: shop }
spec:
  gatewayClassName: theirs
  listeners: [{ name: tls, port: 443, protocol: HTTPS, tls: { certificateRefs: [{ name: foreign }] } }]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: foreign, namespace: shop }
spec:
  parentRefs: [{ name: foreign }]
  rules: [{ backendRefs: [{ name: foreign, port: 80 }] }]
---
apiVersion: gateway.networking.k8s.io/v1alpha3
kind: BackendTLSPolicy
metadata: { name: ours, namespace: shop }
spec:
  targetRefs: [{ group: '', kind: Service, name: cart }]
  validation: { hostname: x.example, caCertificateRefs: [{ group: '', kind: ConfigMap, name: ca }] }
---
apiVersion: gateway.networking.k8s.io/v1alpha3
kind: BackendTLSPolicy
metadata: { name: foreign, namespace: shop }
spec:
  targetRefs: [{ group: '', kind: Service, name: foreign }]
  validation: { hostname: x.example, caCertificateRefs: [{ group: '', kind: ConfigMap, name: foreign }] }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
addressType: IPv4
metadata: { name: cart-1, namespace: shop, labels: { kubernetes.io/service-name: cart } }
endpoints: []
";
    let resolver = resolver(&[SET, more], careful());
    let place = |name: &str| NamespacedName::new("shop", name);
    assert_eq!(resolver.needed::<Secret>(), BTreeSet::from([place("cert")]));
    assert_eq!(
        resolver.needed::<ConfigMap>(),
        BTreeSet::from([place("ca")])
    );
    assert_eq!(
        resolver.needed::<Service>(),
        BTreeSet::from([place("cart")])
    );
    assert_eq!(resolver.needed::<Gateway>(), BTreeSet::from([edge()]));
    assert!(!resolver.needs(&ObjectRef::core("Secret", &place("foreign"))));
    assert!(!resolver.needs(&ObjectRef::core("Secret", &place("nobody"))));
    let dependents = |reference: &ObjectRef| {
        let all = resolver.dependents(reference).into_iter();
        all.map(|one| format!("{} {}", one.kind, one.name))
            .collect::<Vec<_>>()
    };
    let of_api = |kind: &str, name: &str| ObjectRef::gateway_api(kind, &place(name));
    let class = ObjectRef::gateway_api("GatewayClass", &NamespacedName::new("", "ours"));
    assert_eq!(dependents(&class), ["Gateway edge", "Gateway secure"]);
    assert_eq!(dependents(&of_api("Gateway", "edge")), ["HTTPRoute cart"]);
    let core = |kind: &str, name: &str| ObjectRef::core(kind, &place(name));
    assert_eq!(dependents(&core("Secret", "cert")), ["Gateway secure"]);
    assert_eq!(
        dependents(&core("Service", "cart")),
        ["BackendTLSPolicy ours", "HTTPRoute cart"]
    );
    assert_eq!(
        dependents(&of_api("BackendTLSPolicy", "ours")),
        ["HTTPRoute cart"]
    );
    assert_eq!(
        dependents(&core("ConfigMap", "ca")),
        ["BackendTLSPolicy ours"]
    );
    let slice = ObjectRef::at("discovery.k8s.io", "EndpointSlice", &place("cart-1"));
    assert_eq!(dependents(&slice), ["Service cart"]);
    let namespace = ObjectRef::core("Namespace", &NamespacedName::new("", "shop"));
    assert_eq!(
        dependents(&namespace),
        ["HTTPRoute cart", "HTTPRoute foreign"]
    );
    assert!(dependents(&core("Secret", "nobody")).is_empty());
}

/// GatewayClass condition `SupportedVersion`, and statuses in the form that the installed CRDs have.
#[test]
fn the_installed_crds_decide_about_versions_and_forms() {
    let mut resolver = resolver(&[SET], careful());
    let crd = |plural: &str, version: &str, channel: &str| InstalledCrd {
        name: format!("{plural}.{}", gwapi::meta::GROUP),
        group: gwapi::meta::GROUP.to_owned(),
        bundle_version: Some(version.to_owned()),
        channel: Some(channel.to_owned()),
        ..Default::default()
    };
    let class = ObjectRef::gateway_api("GatewayClass", &NamespacedName::new("", "ours"));
    let features = |resolver: &Resolver| {
        let Status::GatewayClass(status) = &resolver.resolution().statuses[&class] else {
            unreachable!()
        };
        let supported = status
            .conditions
            .iter()
            .find(|c| c.type_ == "SupportedVersion");
        let supported = supported.map_or("", |c| c.status.as_str()).to_owned();
        (
            serde_json::to_value(&status.supported_features)
                .unwrap()
                .to_string(),
            supported,
        )
    };
    let changes = resolver.set_installed([crd("gatewayclasses", "v1.1.0", "experimental")]);
    assert_eq!(changes.statuses, BTreeSet::from([class.clone()]));
    let texts = r#"["Gateway","HTTPRoute","ReferenceGrant"]"#;
    assert_eq!(features(&resolver), (texts.to_owned(), "True".to_owned()));
    // A later server refuses texts.
    resolver.set_installed([
        crd("gatewayclasses", "v1.6.1", "experimental"),
        crd("httproutes", "v1.6.1", "experimental"),
    ]);
    assert_eq!(resolver.options().release, Release::V1_6_1);
    assert!(features(&resolver).0.starts_with(r#"[{"name":"Gateway"}"#));
    let unchanged = resolver.set_installed([
        crd("gatewayclasses", "v1.6.1", "experimental"),
        crd("httproutes", "v1.6.1", "experimental"),
    ]);
    assert_eq!(unchanged, Changes::default());
    // What comes after all that is known is most like the newest of it.
    resolver.set_installed([crd("gatewayclasses", "v9.0.0", "experimental")]);
    assert_eq!(resolver.snapshot().installed_crds().len(), 1);
    assert_eq!(
        (resolver.options().release, features(&resolver).1.as_str()),
        (Release::newest(), "False")
    );
    // Of what was before all of it nobody knows the form.
    resolver.set_installed([crd("gatewayclasses", "v0.8.1", "experimental")]);
    assert_eq!(resolver.options().release, Release::newest());
    resolver.set_installed([crd("gatewayclasses", "v1.1.99", "standard")]);
    assert_eq!(
        (resolver.options().release, resolver.options().channel),
        (Release::V1_1_1, Channel::Standard)
    );
    assert_eq!(features(&resolver), ("[]".to_owned(), String::new()));
}

/// A change is told by listener and route: one route at one of two listeners is no change of the other listener.
#[test]
fn changes_name_listeners_and_routes() {
    let two = SET
        .replace(
            "[{ name: web, port: 80, protocol: HTTP }]",
            "[{ name: web, port: 80, protocol: HTTP }, { name: alt, port: 81, protocol: HTTP }]",
        )
        .replace("{ name: edge }]", "{ name: edge, sectionName: alt }]");
    let mut resolver = resolver(&[&two], careful());
    resolver.extend(objects(
        &two.replace("name: cart, port: 80", "name: other, port: 80"),
    ));
    let mut changes = resolver.update();
    let alt = ListenerId {
        gateway: edge(),
        name: "alt".into(),
    };
    assert_eq!(changes.listeners, BTreeSet::from([alt.clone()]));
    assert_eq!(changes.routes.len(), 1);
    let slice = "
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
addressType: IPv4
metadata: { name: cart-1, namespace: shop, labels: { kubernetes.io/service-name: cart } }
endpoints: [{ addresses: [10.1.0.1] }]
ports: [{ port: 80 }]
";
    resolver.extend(objects(slice));
    let moved = resolver.update();
    assert!(moved.listeners.is_empty() && moved.routes.is_empty());
    assert_eq!(
        moved.services,
        BTreeSet::from([NamespacedName::new("shop", "cart")])
    );
    changes.merge(moved.clone());
    assert_eq!(
        (changes.services, changes.listeners),
        (moved.services, BTreeSet::from([alt]))
    );
}

/// The content of a Secret shows in no `Debug`, neither as text nor as bytes, be it typed, decoded, raw, or still to be read.
#[test]
fn no_debug_shows_what_is_in_a_secret() {
    let mut resolver = Resolver::new(Options::for_simulator(world::CONTROLLER));
    resolver.insert(world::class("ours", world::CONTROLLER));
    resolver.insert(world::tls_gateway("shop", "edge", "cert"));
    let secret = world::secret("shop", "cert");
    let mut value = serde_json::to_value(&secret).unwrap();
    // `kubectl apply` keeps all of it in an annotation.
    let applied = value.to_string();
    value["metadata"]["annotations"] =
        json!({ "kubectl.kubernetes.io/last-applied-configuration": applied });
    value["stringData"] = json!({ "tls.key": world::KEY });
    let decoded = manifest::decode(&value).unwrap();
    let manifest::Object::Secret(annotated) = decoded.clone() else {
        unreachable!()
    };
    let object = SnapshotObject::from((*annotated).clone());
    // As text, in a list that is taken apart and in one that is not, in a version that nobody knows, and while it is read.
    let mut later = value.clone();
    later["apiVersion"] = "v9".into();
    let list = json!({ "apiVersion": "v1", "kind": "List", "items": [value, later] });
    let text = serde_json::to_string(&list).unwrap();
    let read = manifest::read(text.as_bytes(), &ReadOptions::default());
    let mut stream = manifest::stream(text.as_bytes(), &ReadOptions::default());
    let first = stream.next();
    let whole = json!({ "apiVersion": "v1", "kind": "SecretList", "metadata": { "name": "cert" }, "items": [value] });
    let unlike = manifest::decode(&whole);
    let in_list = manifest::decode(&list);
    let as_list = ReadOptions::default().with_whole_lists();
    let as_list = manifest::read(text.as_bytes(), &as_list);
    let admitted = admit::admit([&value], Release::V1_1_0, Channel::Standard);
    assert_eq!(admitted.snapshot.secrets().len(), 1);
    let shown_of_manifests = [
        format!("{decoded:?}"),
        format!("{read:?}"),
        format!("{first:?}"),
        format!("{unlike:?} cert"),
        format!("{in_list:?}"),
        format!("{as_list:?}"),
        format!("{:?}", read.clone().decode()),
        format!("{stream:?} cert"),
        format!("{admitted:?}"),
        format!("{:?} cert", read.entries[1].decode()),
    ];
    resolver.insert(*annotated);
    resolver.update();
    let gateway = resolver
        .resolution()
        .effective
        .gateways
        .values()
        .next()
        .unwrap();
    assert_eq!(
        gateway.listeners[0]
            .tls
            .as_ref()
            .unwrap()
            .certificates
            .len(),
        1,
        "the key is in use"
    );
    let shown = [
        format!("{resolver:?}"),
        format!("{:?}", resolver.snapshot()),
        format!("{:?}", resolver.resolution()),
        format!("{object:?}"),
        format!(
            "{:?}",
            DataPlane::new(
                resolver.resolution().effective.clone(),
                DataPlaneOptions::default()
            )
        ),
    ];
    let shown = shown.into_iter().chain(shown_of_manifests);
    let shown: Vec<String> = shown.collect();
    for pem in [world::KEY, world::CERTIFICATE] {
        let body = pem.lines().nth(1).unwrap();
        // As JSON has it.
        let base64 = serde_json::to_value(ByteString(pem.into())).unwrap();
        let base64 = base64.as_str().unwrap()[..60].to_owned();
        let bytes: Vec<String> = body.bytes().take(12).map(|byte| byte.to_string()).collect();
        for text in &shown {
            assert!(text.contains("cert"), "{text}");
            assert!(!text.contains(body) && !text.contains("PRIVATE KEY"));
            assert!(!text.contains(&base64) && !text.contains(&bytes.join(", ")));
        }
    }
}

/// What was put into a snapshot it contains, of whatever kind, until it is taken out.
#[test]
fn a_snapshot_contains_objects_of_every_kind() {
    use proptest::{
        strategy::{Strategy, ValueTree},
        test_runner::TestRunner,
    };
    let mut runner = TestRunner::deterministic();
    let mut kinds = BTreeSet::new();
    for _ in 0..400 {
        let object = world::objects().new_tree(&mut runner).unwrap().current();
        let reference = object.reference();
        let mut snapshot = gwapi::attachment::Snapshot::default();
        assert!(!snapshot.contains(&reference));
        snapshot.insert(object);
        assert!(snapshot.contains(&reference), "{reference}");
        assert!(snapshot.remove(&reference).is_some() && !snapshot.contains(&reference));
        kinds.insert(reference.kind);
    }
    assert_eq!(kinds.len(), 18, "{kinds:?}");
}
