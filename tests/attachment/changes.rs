//! What a change of one object has to reach, one kind of change after the other.

use crate::world;
use gwapi::{
    attachment::{
        Controllers, Options, Resolver, RouteId, RouteKind, Snapshot, SnapshotObject, Status,
        resolve,
    },
    manifest::{self, ReadOptions},
    meta::{NamespacedName, ObjectRef, Release},
};
use k8s_openapi::api::core::v1::ConfigMap;
use serde_json::json;

/// A resolver that has seen these manifests, resolved.
fn resolver(text: &str, options: Options) -> Resolver {
    let mut resolver = Resolver::new(options);
    insert(&mut resolver, text);
    resolver
}

/// Puts the objects of manifests in their places, and compares with resolving all objects at once.
fn insert(resolver: &mut Resolver, text: &str) {
    let (objects, errors) = manifest::read(text.as_bytes(), &ReadOptions::default()).decode();
    assert!(errors.is_empty(), "{errors:?}");
    for decoded in objects {
        resolver.insert(SnapshotObject::from(decoded.object));
    }
    resolver.update();
    check(resolver);
}

fn check(resolver: &Resolver) {
    let full = resolve(resolver.snapshot(), resolver.options());
    assert_eq!(*resolver.resolution(), full);
}

fn options() -> Options {
    Options::for_simulator(world::CONTROLLER)
}

const CLASS: &str = "
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: ours }
spec: { controllerName: example.com/ours }
---
";

/// RouteNamespaces `selector`: the labels of a Namespace decide for routes of every kind.
#[test]
fn a_namespace_with_other_labels_reaches_routes_of_every_kind() {
    let selector = "allowedRoutes: { namespaces: { from: Selector, selector: { matchLabels: { on: \"yes\" } } } }";
    let mut text = format!(
        "{CLASS}
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {{ name: g, namespace: a }}
spec:
  gatewayClassName: ours
  listeners:
    - {{ name: http, port: 80, protocol: HTTP, {selector} }}
    - {{ name: tls, port: 443, protocol: TLS, tls: {{ mode: Passthrough }}, {selector} }}
    - {{ name: tcp, port: 9000, protocol: TCP, {selector} }}
    - {{ name: udp, port: 9000, protocol: UDP, {selector} }}
---
apiVersion: v1
kind: Service
metadata: {{ name: s, namespace: b }}
spec: {{ ports: [{{ name: web, port: 80 }}, {{ name: dns, port: 53, protocol: UDP }}] }}
"
    );
    for kind in RouteKind::ALL {
        let version = match kind {
            RouteKind::Http | RouteKind::Grpc => "v1",
            _ => "v1alpha2",
        };
        let port = if kind == RouteKind::Udp { 53 } else { 80 };
        text.push_str(&format!(
            "---
apiVersion: gateway.networking.k8s.io/{version}
kind: {kind}
metadata: {{ name: r-{}, namespace: b }}
spec: {{ parentRefs: [{{ name: g, namespace: a }}], rules: [{{ backendRefs: [{{ name: s, port: {port} }}] }}] }}
",
            kind.as_str().to_lowercase()
        ));
    }
    let options = Options {
        http_grpc_conflict: gwapi::attachment::HttpGrpcConflict::BothAccepted,
        ..options()
    };
    let mut resolver = resolver(&text, options);
    let attached = |resolver: &Resolver| {
        RouteKind::ALL.map(|kind| {
            let name = format!("r-{}", kind.as_str().to_lowercase());
            let id = RouteId::new(kind, NamespacedName::new("b", name));
            resolver.resolution().attachments[&id][0].attached
        })
    };
    assert_eq!(attached(&resolver), [false; 5]);
    let on = "apiVersion: v1\nkind: Namespace\nmetadata: { name: b, labels: { on: \"yes\" } }\n";
    insert(&mut resolver, on);
    assert_eq!(attached(&resolver), [true; 5]);
    insert(&mut resolver, &on.replace("yes", "no"));
    assert_eq!(attached(&resolver), [false; 5]);
}

/// `tls.frontendValidation`: the listener serves once the authorities are there, and no longer without them.
#[test]
fn authorities_for_clients_reach_their_listener() {
    let data: String = world::CERTIFICATE
        .lines()
        .map(|line| format!("    {line}\n"))
        .collect();
    let secret = |key: &str| -> String {
        let lines = key.lines().map(|line| format!("    {line}\n"));
        lines.collect()
    };
    let text = format!(
        "{CLASS}
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {{ name: g, namespace: a }}
spec:
  gatewayClassName: ours
  listeners:
    - name: https
      port: 443
      protocol: HTTPS
      tls:
        certificateRefs: [{{ name: cert }}]
        frontendValidation: {{ caCertificateRefs: [{{ group: \"\", kind: ConfigMap, name: roots }}] }}
---
apiVersion: v1
kind: Secret
metadata: {{ name: cert, namespace: a }}
type: kubernetes.io/tls
stringData:
  tls.crt: |
{data}  tls.key: |
{}",
        secret(world::KEY)
    );
    let mut resolver = resolver(&text, options());
    let serves = |resolver: &Resolver| !resolver.resolution().effective.gateways.is_empty();
    assert!(!serves(&resolver));
    let roots = format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{ name: roots, namespace: a }}\ndata:\n  ca.crt: |\n{data}"
    );
    insert(&mut resolver, &roots);
    assert!(serves(&resolver));
    insert(&mut resolver, &roots.replace("ca.crt", "other"));
    assert!(!serves(&resolver));
    insert(&mut resolver, &roots);
    resolver.set_now("2023-01-01T00:00:00Z".parse().unwrap());
    resolver.update();
    check(&resolver);
    assert!(!serves(&resolver), "not valid yet");
    resolver.set_now("2025-01-01T00:00:00Z".parse().unwrap());
    resolver.update();
    check(&resolver);
    assert!(serves(&resolver));
}

/// A certificate that is renewed, or that a key follows later, reaches the listener.
#[test]
fn a_secret_reaches_its_listener_each_time_it_changes() {
    let snapshot: Snapshot = [
        SnapshotObject::from(world::class("ours", world::CONTROLLER)),
        SnapshotObject::from(world::tls_gateway("a", "g", "cert")),
    ]
    .into_iter()
    .collect();
    let mut resolver = Resolver::with_snapshot(snapshot, options());
    resolver.update();
    let serves = |resolver: &Resolver| !resolver.resolution().effective.gateways.is_empty();
    let mut secret = world::secret("a", "cert");
    for (change, wanted) in [
        ("good", true),
        ("bad", false),
        ("good", true),
        ("gone", false),
    ] {
        secret.type_ = (change != "bad").then(|| "kubernetes.io/tls".to_owned());
        let object = SnapshotObject::from(secret.clone());
        if change == "gone" {
            resolver.remove(&object.reference());
        } else {
            resolver.insert(object);
        }
        resolver.update();
        check(&resolver);
        assert_eq!(serves(&resolver), wanted, "{change}");
    }
}

/// Gateway `spec.tls`: authorities for the clients of its listeners, and the certificate that it shows to backends.
#[test]
fn what_a_gateway_names_in_its_own_tls_reaches_it_each_time_it_comes_or_goes() {
    let roots = SnapshotObject::from(ConfigMap {
        metadata: world::metadata("a", "roots"),
        data: Some([("ca.crt".to_owned(), world::CERTIFICATE.to_owned())].into()),
        ..Default::default()
    });
    let shown = SnapshotObject::from(world::secret("a", "shown"));
    let authorities = json!([{"group": "", "kind": "ConfigMap", "name": "roots"}]);
    let validation = json!({"validation": {"caCertificateRefs": authorities}});
    let resolved = |resolver: &Resolver| {
        let mut statuses = resolver.resolution().statuses.values();
        let of_gateway = statuses.find_map(|status| match status {
            Status::Gateway(status) => Some(status),
            _ => None,
        });
        let status = of_gateway.unwrap();
        let of_listeners = status.listeners.iter().flat_map(|at| &at.conditions);
        let mut all = status.conditions.iter().chain(of_listeners);
        all.all(|condition| condition.type_ != "ResolvedRefs" || condition.status == "True")
    };
    for (tls, object) in [
        (json!({"frontend": {"default": validation}}), &roots),
        (
            json!({"frontend": {"default": {}, "perPort": [{"port": 443, "tls": validation}]}}),
            &roots,
        ),
        (
            json!({"backend": {"clientCertificateRef": {"name": "shown"}}}),
            &shown,
        ),
    ] {
        let mut gateway = world::tls_gateway("a", "g", "cert");
        gateway.spec.tls = Some(serde_json::from_value(tls.clone()).unwrap());
        let snapshot: Snapshot = [
            SnapshotObject::from(world::class("ours", world::CONTROLLER)),
            SnapshotObject::from(world::secret("a", "cert")),
            SnapshotObject::from(gateway),
        ]
        .into_iter()
        .collect();
        let options = options().with_release(Release::V1_5_0);
        let mut resolver = Resolver::with_snapshot(snapshot, options);
        resolver.update();
        assert!(!resolved(&resolver), "{tls}");
        for there in [true, false, true] {
            match there {
                true => resolver.insert(object.clone()),
                false => resolver.remove(&object.reference()),
            }
            resolver.update();
            check(&resolver);
            assert_eq!(resolved(&resolver), there, "{tls}");
        }
    }
}

/// A Gateway whose one route sends to a Service with a BackendTLSPolicy. The policy stands last, without a status.
fn backend_with_policy() -> String {
    format!(
        "{CLASS}
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {{ name: g, namespace: a }}
spec: {{ gatewayClassName: ours, listeners: [{{ name: http, port: 80, protocol: HTTP }}] }}
---
apiVersion: v1
kind: Service
metadata: {{ name: s, namespace: a }}
spec: {{ ports: [{{ port: 80 }}] }}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {{ name: r, namespace: a, creationTimestamp: \"2024-01-01T00:00:00Z\" }}
spec: {{ parentRefs: [{{ name: g }}], rules: [{{ backendRefs: [{{ name: s, port: 80 }}] }}] }}
---
apiVersion: gateway.networking.k8s.io/v1alpha3
kind: BackendTLSPolicy
metadata: {{ name: p, namespace: a }}
spec: {{ targetRefs: [{{ group: \"\", kind: Service, name: s }}], validation: {{ wellKnownCACertificates: System, hostname: s.example }} }}
"
    )
}

/// Whose entries in the status of a policy are ours follows from the classes that are there, and with it the
/// room for more.
#[test]
fn a_class_that_comes_reaches_policies_that_no_gateway_of_it_uses() {
    let mut text = backend_with_policy() + "status:\n  ancestors:\n";
    for number in 0..16 {
        text.push_str(&format!(
            "    - {{ ancestorRef: {{ name: other-{number} }}, controllerName: example.com/second, conditions: [] }}\n"
        ));
    }
    let options = Options {
        controllers: Controllers::Any,
        ..options()
    };
    let mut resolver = resolver(&text, options);
    assert_eq!(resolver.resolution().without_room.len(), 1);
    let second = CLASS
        .replace("name: ours", "name: second")
        .replace("com/ours", "com/second");
    insert(&mut resolver, &second);
    assert!(resolver.resolution().without_room.is_empty());
}

/// PolicyStatus `ancestors`: a Gateway that was one and has no traffic to the target any more loses its entry.
#[test]
fn a_policy_has_no_ancestor_that_sends_nothing_to_its_target() {
    let other = "
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: idle, namespace: a }
spec: { gatewayClassName: ours, listeners: [{ name: http, port: 80, protocol: HTTP }] }
";
    let mut text = backend_with_policy() + "status:\n  ancestors:\n";
    for name in ["idle", "g"] {
        text.push_str(&format!(
            "    - {{ ancestorRef: {{ group: gateway.networking.k8s.io, kind: Gateway, namespace: a, name: {name} }}, \
             controllerName: {}, conditions: [] }}\n",
            world::CONTROLLER
        ));
    }
    let resolver = resolver(&(text + other), options());
    let policy = ObjectRef::gateway_api("BackendTLSPolicy", &NamespacedName::new("a", "p"));
    let Some(Status::Policy(status)) = resolver.resolution().statuses.get(&policy) else {
        panic!("the policy has no status")
    };
    let ancestors = status.ancestors.iter();
    let names: Vec<_> = ancestors
        .map(|ancestor| &ancestor.ancestor_ref.name)
        .collect();
    assert_eq!(names, ["g"]);
}

/// The contest between an HTTPRoute and a GRPCRoute decides which Gateways are ancestors, however it ends.
#[test]
fn a_conflict_that_begins_or_ends_reaches_the_policies_of_its_routes() {
    let text = backend_with_policy();
    let mut resolver = resolver(&text, options());
    let gateways = |resolver: &Resolver| {
        let mut policies = resolver.resolution().policies.values();
        policies.next().unwrap()[0].gateways.len()
    };
    assert_eq!(gateways(&resolver), 1);
    let older = "
apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: { name: older, namespace: a, creationTimestamp: \"2023-01-01T00:00:00Z\" }
spec: { parentRefs: [{ name: g }] }
";
    insert(&mut resolver, older);
    assert_eq!(gateways(&resolver), 0);
    insert(&mut resolver, &older.replace("name: g }", "name: h }"));
    assert_eq!(gateways(&resolver), 1);
}

/// Which listeners pass TLS through decides whether a policy is for the connections of a TLSRoute.
#[test]
fn a_listener_that_terminates_tls_no_longer_reaches_the_policies_of_its_routes() {
    let gateway = |mode: &str| {
        format!(
            "
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {{ name: g, namespace: a }}
spec:
  gatewayClassName: ours
  listeners: [{{ name: tls, port: 443, protocol: TLS, tls: {{ mode: {mode}, options: {{ example.com/certificate: mine }} }} }}]
"
        )
    };
    let text = format!(
        "{CLASS}{}---
apiVersion: v1
kind: Service
metadata: {{ name: s, namespace: a }}
spec: {{ ports: [{{ port: 80 }}] }}
---
apiVersion: gateway.networking.k8s.io/v1alpha2
kind: TLSRoute
metadata: {{ name: r, namespace: a }}
spec: {{ parentRefs: [{{ name: g }}], rules: [{{ backendRefs: [{{ name: s, port: 80 }}] }}] }}
---
apiVersion: gateway.networking.k8s.io/v1alpha3
kind: BackendTLSPolicy
metadata: {{ name: p, namespace: a }}
spec: {{ targetRefs: [{{ group: \"\", kind: Service, name: s }}], validation: {{ caCertificateRefs: [{{ group: \"\", kind: ConfigMap, name: nowhere }}], hostname: s.example }} }}
",
        gateway("Terminate")
    );
    let mut resolver = resolver(&text, options());
    let fails = |resolver: &Resolver| {
        let gateway = resolver.resolution().effective.gateways.values().next();
        let routes = &gateway.unwrap().listeners[0].tls_routes;
        let fails = routes.first().unwrap().route.rules[0].backends[0]
            .target
            .is_err();
        let mut policies = resolver.resolution().policies.values();
        let concerned = !policies.next().unwrap()[0].gateways.is_empty();
        assert_eq!(fails, concerned);
        fails
    };
    assert!(fails(&resolver));
    insert(&mut resolver, &gateway("Passthrough"));
    assert!(!fails(&resolver));
    insert(&mut resolver, &gateway("Terminate"));
    assert!(fails(&resolver));
}

const SERVICE: &str = "
apiVersion: v1
kind: Service
metadata: { name: s, namespace: a }
spec: { ports: [{ port: 80 }] }
---
";

/// The status of a route at its first parent, as `Type Status (Reason): message` lines.
fn conditions(resolver: &Resolver, kind: RouteKind, name: &str) -> String {
    let id = RouteId::new(kind, NamespacedName::new("a", name));
    let statuses = &resolver.resolution().statuses;
    let Some(Status::Route(status)) = statuses.get(&id.reference()) else {
        panic!("{name} has no status");
    };
    let conditions = status.parents.iter().flat_map(|parent| &parent.conditions);
    let line = |c: &gwapi::meta::Condition| {
        format!("{} {} ({}): {}\n", c.type_, c.status, c.reason, c.message)
    };
    conditions.map(line).collect()
}

/// BackendTLSPolicy `validation.caCertificateRefs`: the policy is valid once the authorities are there, and its backend
/// can be reached; and no longer without them.
#[test]
fn authorities_of_a_policy_reach_it_and_the_routes_to_its_target() {
    let text = format!(
        "{CLASS}{SERVICE}
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {{ name: g, namespace: a }}
spec: {{ gatewayClassName: ours, listeners: [{{ name: http, port: 80, protocol: HTTP }}] }}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {{ name: r, namespace: a }}
spec: {{ parentRefs: [{{ name: g }}], rules: [{{ backendRefs: [{{ name: s, port: 80 }}] }}] }}
---
apiVersion: gateway.networking.k8s.io/v1alpha3
kind: BackendTLSPolicy
metadata: {{ name: p, namespace: a }}
spec: {{ targetRefs: [{{ group: \"\", kind: Service, name: s }}], validation: {{ caCertificateRefs: [{{ group: \"\", kind: ConfigMap, name: roots }}], hostname: s.example }} }}
"
    );
    let mut resolver = resolver(&text, options());
    let accepted = |resolver: &Resolver| {
        let mut policies = resolver.resolution().policies.values().flatten();
        let of_policy = policies.next().unwrap().accepted;
        let of_route = conditions(resolver, RouteKind::Http, "r").contains("ResolvedRefs True");
        assert_eq!(of_policy, of_route);
        of_policy
    };
    assert!(!accepted(&resolver));
    let data: String = world::CERTIFICATE
        .lines()
        .map(|line| format!("    {line}\n"))
        .collect();
    let roots = format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{ name: roots, namespace: a }}\ndata:\n  ca.crt: |\n{data}"
    );
    insert(&mut resolver, &roots);
    assert!(accepted(&resolver));
    insert(&mut resolver, &roots.replace("ca.crt", "other"));
    assert!(!accepted(&resolver));
    insert(&mut resolver, &roots);
    assert!(accepted(&resolver));
    resolver.remove(&core("ConfigMap", "roots"));
    resolver.update();
    check(&resolver);
    assert!(!accepted(&resolver));
}

fn core(kind: &str, name: &str) -> ObjectRef {
    ObjectRef {
        group: String::new(),
        kind: kind.into(),
        namespace: "a".into(),
        name: name.into(),
    }
}

/// GatewayConditionReason `AddressNotUsable`: a Gateway takes traffic once the address that it asks for is free, and no
/// longer when an older Gateway asks for it.
#[test]
fn an_address_that_changes_hands_reaches_the_routes_of_both_gateways() {
    let gateway = |name: &str, year: u16| {
        format!(
            "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\n\
             metadata: {{ name: {name}, namespace: a, creationTimestamp: \"{year}-01-01T00:00:00Z\" }}\n\
             spec: {{ gatewayClassName: ours, addresses: [{{ value: 192.0.2.1 }}], listeners: [{{ name: http, port: 80, protocol: HTTP }}] }}\n---\n\
             apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {{ name: at-{name}, namespace: a }}\n\
             spec: {{ parentRefs: [{{ name: {name} }}], rules: [{{ backendRefs: [{{ name: s, port: 80 }}] }}] }}\n---\n"
        )
    };
    let mut resolver = resolver(
        &format!("{CLASS}{SERVICE}{}", gateway("young", 2024)),
        options(),
    );
    let serving = |resolver: &Resolver| -> Vec<String> {
        let resolution = resolver.resolution();
        let gateways = resolution.effective.gateways.keys();
        let names: Vec<String> = gateways.map(|name| name.name.clone()).collect();
        for name in ["old", "young"] {
            let serves = names.iter().any(|serving| serving == name);
            let idle = resolution
                .effective
                .idle
                .keys()
                .any(|idle| idle.name == name);
            let id = RouteId::new(
                RouteKind::Http,
                NamespacedName::new("a", format!("at-{name}")),
            );
            if let Some(attachments) = resolution.attachments.get(&id) {
                assert_eq!(
                    attachments[0].in_force().count(),
                    usize::from(serves),
                    "{name}"
                );
                let says = conditions(resolver, RouteKind::Http, &format!("at-{name}"));
                assert!(!idle || says.contains("no effect"), "{says}");
            }
            assert!(!(serves && idle), "{name}");
        }
        names
    };
    assert_eq!(serving(&resolver), ["young"]);
    insert(&mut resolver, &gateway("old", 2023));
    assert_eq!(serving(&resolver), ["old"]);
    insert(&mut resolver, &gateway("old", 2025));
    assert_eq!(serving(&resolver), ["young"]);
    insert(&mut resolver, &gateway("old", 2022));
    let place = NamespacedName::new("a", "old");
    resolver.remove(&ObjectRef::gateway_api("Gateway", &place));
    resolver.update();
    check(&resolver);
    assert_eq!(serving(&resolver), ["young"]);
}

/// Of an object that was given and is left out nobody says that it does not exist.
#[test]
fn what_is_left_out_reaches_whoever_refers_to_it() {
    let text = format!(
        "{CLASS}
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {{ name: g, namespace: a }}
spec:
  gatewayClassName: ours
  infrastructure: {{ parametersRef: {{ group: \"\", kind: ConfigMap, name: tuning }} }}
  listeners: [{{ name: https, port: 443, protocol: HTTPS, tls: {{ certificateRefs: [{{ name: cert }}] }} }}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {{ name: r, namespace: a }}
spec: {{ parentRefs: [{{ name: g }}, {{ name: lost }}], rules: [{{ backendRefs: [{{ name: s, port: 80 }}] }}] }}
---
apiVersion: gateway.networking.k8s.io/v1alpha3
kind: BackendTLSPolicy
metadata: {{ name: p, namespace: a }}
spec: {{ targetRefs: [{{ group: \"\", kind: Service, name: s }}], validation: {{ caCertificateRefs: [{{ group: \"\", kind: ConfigMap, name: roots }}], hostname: s.example }} }}
"
    );
    let mut resolver = resolver(&text, options());
    let lost = ObjectRef::gateway_api("Gateway", &NamespacedName::new("a", "lost"));
    let everything = |resolver: &Resolver| format!("{:#?}", resolver.resolution());
    for object in [
        lost,
        core("Service", "s"),
        core("Secret", "cert"),
        core("ConfigMap", "tuning"),
        core("ConfigMap", "roots"),
    ] {
        let (missing, left_out) = (
            format!("{object} does not exist"),
            format!("{object} was given, but is left out"),
        );
        let before = everything(&resolver);
        assert!(before.contains(&missing), "{missing}\n{before}");
        assert!(!before.contains(&left_out));
        resolver.leave_out(&object);
        resolver.update();
        check(&resolver);
        let after = everything(&resolver);
        assert!(!after.contains(&missing), "{missing}\n{after}");
        assert!(after.contains(&left_out), "{left_out}\n{after}");
        resolver.remove(&object);
        resolver.update();
        check(&resolver);
        assert_eq!(everything(&resolver), before);
    }
}
