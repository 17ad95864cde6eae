//! The data plane of a configuration, from objects: which certificate a client sees, and what a change asks for.

use super::*;
use crate::{
    attachment::{Options, Resolver, Snapshot, resolve},
    manifest,
    meta::Transport,
};
use serde_json::Value;

macro_rules! certificate {
    ($name:literal) => {
        include_str!(concat!("../../../tests/fixtures/certificates/", $name))
    };
}

fn secret(name: &str, chain: &str, key: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls",
        "metadata": {"name": name, "namespace": "shop"},
        "stringData": {"tls.crt": chain, "tls.key": key},
    })
}

/// A Gateway with these listeners, two certificates, and a Service.
pub(super) fn objects(listeners: Value) -> Vec<Value> {
    vec![
        json!({
            "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway",
            "metadata": {"name": "edge", "namespace": "shop"},
            "spec": {"gatewayClassName": "any", "listeners": listeners},
        }),
        secret("one", certificate!("p256.crt"), certificate!("p256.key")),
        secret(
            "other",
            certificate!("other.crt"),
            certificate!("other.key"),
        ),
        json!({
            "apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "namespace": "shop"},
            "spec": {"clusterIP": "10.0.0.1", "ports": [{"port": 80}]},
        }),
    ]
}

pub(super) fn effective(objects: &[Value]) -> crate::attachment::effective::Effective {
    let decoded = objects
        .iter()
        .map(|object| manifest::decode(object).unwrap());
    let snapshot: Snapshot = decoded.collect();
    resolve(&snapshot, &Options::for_manifests()).effective
}

pub(super) fn plane(objects: &[Value]) -> DataPlane {
    DataPlane::new(effective(objects), routing::RouterOptions::default())
}

pub(super) fn port(port: u16) -> BindKey {
    BindKey {
        gateway: NamespacedName::new("shop", "edge"),
        transport: Transport::Tcp,
        port,
    }
}

pub(super) fn listener(name: &str) -> ListenerKey {
    ListenerKey {
        gateway: NamespacedName::new("shop", "edge"),
        name: name.into(),
    }
}

pub(super) fn web(port: u16) -> Value {
    json!({"name": "web", "port": port, "protocol": "HTTP"})
}

pub(super) fn tls(hostname: &str, certificate: &str) -> Value {
    json!({"name": "tls", "port": 443, "protocol": "HTTPS", "hostname": hostname,
        "tls": {"certificateRefs": [{"name": certificate}]}})
}

/// Gateway `spec.listeners[].tls`: "The GatewayClass MUST use the longest matching SNI out of all available certificates".
#[cfg(feature = "tls")]
#[test]
fn a_client_sees_the_certificate_with_the_longest_name_that_fits() {
    let both = json!({"name": "tls", "port": 443, "protocol": "HTTPS",
        "tls": {"certificateRefs": [{"name": "one"}, {"name": "other"}]}});
    let plane = plane(&objects(json!([both])));
    let Some(Accepted::Hello(hello)) = plane.accept(&port(443)) else {
        panic!("no TLS")
    };
    // Certificate `one` is for a.example.com and *.b.example.com, `other` for other.example.com.
    for (server_name, sees) in [
        (Some("a.example.com"), "a.example.com"),
        (Some("A.Example.COM"), "a.example.com"),
        (Some("x.b.example.com"), "a.example.com"),
        (Some("other.example.com"), "other.example.com"),
        // The first where none fits.
        (Some("b.example.com"), "a.example.com"),
        (Some("x.y.b.example.com"), "a.example.com"),
        (None, "a.example.com"),
    ] {
        let ClientHello::Terminate(settings) = hello.client_hello(server_name) else {
            panic!("{server_name:?} is not taken")
        };
        let pair = &settings.certificate().unwrap().pair;
        assert_eq!(pair.names()[0], sees, "{server_name:?}");
    }
}

/// A port whose Gateway is to be reached elsewhere has to be bound there; where others only say where it is reached, not.
#[test]
fn a_port_is_bound_anew_where_its_gateway_gets_another_address() {
    let at = |address: &str| {
        let mut objects = objects(json!([web(80)]));
        objects[0]["spec"]["addresses"] = json!([{"value": address}]);
        objects
    };
    let first = plane(&at("192.0.2.1"));
    assert!(first.next(effective(&at("192.0.2.1"))).1.is_empty());
    let (next, diff) = first.next(effective(&at("192.0.2.2")));
    let rebound = Diff {
        rebind: vec![port(80)],
        ..Diff::default()
    };
    assert_eq!(diff, rebound);
    let bind = next.bind(&port(80)).unwrap();
    assert_eq!(bind.addresses()[0].value, "192.0.2.2");

    let decoded = objects(json!([web(80)]));
    let decoded = decoded
        .iter()
        .map(|object| manifest::decode(object).unwrap());
    let mut resolver = Resolver::with_snapshot(decoded.collect(), Options::for_manifests());
    let mut told = |value: &str| {
        let address = crate::v1::GatewayStatusAddress {
            value: value.to_owned(),
            ..Default::default()
        };
        resolver.set_addresses(&NamespacedName::new("shop", "edge"), [address]);
        resolver.effective().clone()
    };
    let plane = DataPlane::new(told("192.0.2.1"), routing::RouterOptions::default());
    assert!(plane.next(told("192.0.2.2")).1.is_empty());
}

#[test]
fn what_a_change_asks_of_who_drives_the_data_plane() {
    let before = objects(json!([web(80), tls("*.example.com", "one")]));
    let changed = |listeners: Value| plane(&before).next(effective(&objects(listeners))).1;
    assert!(changed(json!([web(80), tls("*.example.com", "one")])).is_empty());

    let moved = changed(json!([web(8080), tls("*.example.com", "one")]));
    assert_eq!(
        (moved.bind, moved.unbind),
        (vec![port(8080)], vec![port(80)])
    );
    assert_eq!(moved.drain, [listener("web")]);
    assert_eq!(moved.certificates, []);

    let renewed = changed(json!([web(80), tls("*.example.com", "other")]));
    assert_eq!(renewed.certificates, [listener("tls")]);
    assert_eq!((renewed.bind, renewed.drain), (vec![], vec![]));

    let narrowed = changed(json!([web(80), tls("a.example.com", "one")]));
    assert_eq!(narrowed.drain, [listener("tls")]);
    assert_eq!((narrowed.bind, narrowed.certificates), (vec![], vec![]));

    let mut without = before.clone();
    without.retain(|object| object["kind"] != "Service");
    let (_, diff) = plane(&before).next(effective(&without));
    let web = ServiceKey {
        name: NamespacedName::new("shop", "web"),
        import: false,
    };
    assert_eq!((diff.services, diff.backends), (vec![web], vec![]));

    let mut elsewhere = before.clone();
    let service = elsewhere
        .iter_mut()
        .find(|object| object["kind"] == "Service");
    service.unwrap()["spec"]["ports"] = json!([{"port": 9090}]);
    let (_, diff) = plane(&before).next(effective(&elsewhere));
    let gone: Vec<u16> = diff.backends.iter().map(|port| port.port).collect();
    assert_eq!((diff.services, gone), (vec![], vec![80]));
}

/// A rule and the endpoints of its backends are made ready once, not for each connection.
#[test]
fn connections_share_the_rule_and_the_service_that_takes_them() {
    let mut all = objects(json!([{"name": "tcp", "port": 9000, "protocol": "TCP"}]));
    all.push(json!({
        "apiVersion": "gateway.networking.k8s.io/v1alpha2", "kind": "TCPRoute",
        "metadata": {"name": "bytes", "namespace": "shop"},
        "spec": {"parentRefs": [{"name": "edge"}], "rules": [{"backendRefs": [{"name": "web", "port": 80}]}]},
    }));
    let plane = plane(&all);
    let rule = || match plane.accept(&port(9000)) {
        Some(Accepted::Stream(stream)) => stream.rule().cloned().unwrap(),
        other => panic!("{other:?}"),
    };
    assert!(Arc::ptr_eq(&rule(), &rule()));
    let key = ServiceKey {
        name: NamespacedName::new("shop", "web"),
        import: false,
    };
    let backend = |namespace: &str| {
        let port = plane.service(&key, Transport::Tcp, 80, namespace).unwrap();
        let connected = port.stream(false).connect(&mut Draws(&mut |_| 0));
        connected.unwrap().backend
    };
    assert!(Arc::ptr_eq(&backend("shop"), &backend("elsewhere")));
}

/// A listener that asks clients for certificates, and does not serve since its authorities are missing, keeps its hosts from
/// the other listeners of its port. Those of other ports have nothing to do with it.
#[cfg(feature = "tls")]
#[test]
fn hosts_are_withheld_at_the_port_of_their_listener_and_follow_its_hostname() {
    let all = |hostname: &str| {
        let mut secret = tls(hostname, "one");
        secret["name"] = "secret".into();
        secret["tls"]["frontendValidation"] =
            json!({"caCertificateRefs": [{"group": "", "kind": "ConfigMap", "name": "gone"}]});
        objects(json!([web(80), tls("*.example.com", "one"), secret]))
    };
    let status = |plane: &DataPlane, number: u16, host: &str| {
        let session = match plane.accept(&port(number)) {
            Some(Accepted::Session(session)) => session,
            Some(Accepted::Hello(hello)) => match hello.client_hello(Some("open.example.com")) {
                ClientHello::Terminate(settings) => match settings.trusted() {
                    Authenticated::Session(session) => session,
                    other => panic!("{other:?}"),
                },
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        };
        let parts = Request::get("/").header("host", host).body(()).unwrap();
        match session.begin(parts.into_parts().0, None).begun {
            Begun::Answer(answer) => answer.status.as_u16(),
            Begun::Exchange(_) => panic!("there is no route"),
        }
    };
    let snapshot: Snapshot = all("a.example.com")
        .iter()
        .map(|object| manifest::decode(object).unwrap())
        .collect();
    let mut resolver = Resolver::with_snapshot(snapshot, Options::for_manifests());
    resolver.update();
    let effective = resolver.resolution().effective.clone();
    let before = DataPlane::new(effective, routing::RouterOptions::default());
    let statuses = |plane: &DataPlane| {
        ["a.example.com", "b.example.com"]
            .map(|host| [443, 80].map(|number| status(plane, number, host)))
    };
    assert_eq!(statuses(&before), [[421, 404], [404, 404]]);
    // The listeners that serve are what they were.
    resolver.insert(manifest::decode(&all("b.example.com")[0]).unwrap());
    resolver.update();
    let (after, _) = before.next(resolver.resolution().effective.clone());
    assert_eq!(statuses(&after), [[404, 404], [421, 404]]);
}

/// What the documentation promises to the authors of proxies: the whole way fits on a page.
#[test]
fn the_whole_way_is_shown_in_sixty_lines() {
    let page = include_str!("../mod.rs");
    // Pictures come before it.
    let code = page.rsplit("//! ```").nth(1).unwrap();
    assert!(code.contains("exchange.respond("), "{code}");
    let shown = code.lines().filter(|line| !line.starts_with("//! #"));
    // The first one is the rest of the fence.
    let count = shown.skip(1).count();
    assert!((40..=60).contains(&count), "{count} lines");
}
