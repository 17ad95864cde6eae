//! What the simulator does with hosts, invalid rules, Services, delays and protocols.

use super::{
    Answer, Outcome, Refusal, Request, Simulator,
    answering::asked::EXPLAINED,
    destination::{listener_host, understands},
};
use crate::{
    attachment::{
        Options, Resolution, Snapshot,
        effective::{
            AttachedRoute, ConnectionRouteRules, EffectiveGateway, EffectiveHostname,
            EffectiveListener, RouteList,
        },
        resolve,
    },
    manifest,
    meta::NamespacedName,
    routing,
    v1::ProtocolType,
};
use http::HeaderValue;
use serde_json::{Value, json};
use std::sync::Arc;

mod isolation;
mod sessions;
mod streams;
mod texts;

fn gateway(listeners: Value) -> Value {
    json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway",
        "metadata": {"name": "edge", "namespace": "shop"},
        "spec": {"gatewayClassName": "any", "listeners": listeners},
    })
}

fn http_gateway() -> Value {
    gateway(json!([{"name": "http", "port": 80, "protocol": "HTTP"}]))
}

fn service(name: &str, port: i32) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": "shop"},
        "spec": {"clusterIP": "10.0.0.1", "ports": [{"port": port}]},
    })
}

fn route(spec: Value) -> Value {
    let mut route = json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute",
        "metadata": {"name": "route", "namespace": "shop"}, "spec": {"parentRefs": [{"name": "edge"}]},
    });
    route["spec"]
        .as_object_mut()
        .unwrap()
        .extend(spec.as_object().unwrap().clone());
    route
}

fn resolution(objects: &[Value]) -> Resolution {
    let decoded = objects
        .iter()
        .map(|object| manifest::decode(object).unwrap());
    let snapshot: Snapshot = decoded.collect();
    resolve(&snapshot, &Options::for_manifests())
}

fn simulator(objects: &[Value]) -> Simulator {
    Simulator::new(
        resolution(objects).effective,
        routing::RouterOptions::default(),
    )
}

fn ask(objects: &[Value], request: &Request) -> Answer {
    simulator(objects).request(request, &mut |_| 0).unwrap()
}

fn get(url: &str) -> Request {
    Request::get(url).unwrap()
}

/// HTTPRoute `filters[].type`: unknown values make the rule invalid, and a filter must not be skipped.
#[test]
fn a_rule_with_an_unknown_filter_fails_and_its_requests_do_not_reach_a_wider_rule() {
    let objects = [
        http_gateway(),
        service("open", 80),
        route(json!({"rules": [
            {
                "matches": [{"path": {"value": "/admin"}}],
                "filters": [{"type": "BasicAuth"}],
                "backendRefs": [{"name": "open", "port": 80}],
            },
            {"backendRefs": [{"name": "open", "port": 80}]},
        ]})),
    ];
    let answer = ask(&objects, &get("http://shop.example/admin/users"));
    assert_eq!(answer.status, Some(500));
    assert_eq!(answer.route.as_ref().map(|route| route.rule), Some(0));
    let why = answer.why.join("\n");
    assert!(
        why.contains("the rule is invalid: filters[0].type: `BasicAuth` is not a known type"),
        "{why}"
    );
    assert_eq!(
        ask(&objects, &get("http://shop.example/")).status,
        Some(200)
    );
}

/// RFC 9112, section 3.2: bytes that are not ASCII are no host, and nothing is put in their place.
#[test]
fn a_host_header_that_is_not_ascii_is_answered_with_400() {
    let objects = [
        http_gateway(),
        service("web", 80),
        route(json!({"rules": [{"backendRefs": [{"name": "web", "port": 80}]}]})),
    ];
    let mut request = get("http://shop.example/");
    let host = HeaderValue::from_bytes("caf\u{e9}.example".as_bytes()).unwrap();
    request.headers.insert("host", host);
    let answer = ask(&objects, &request);
    assert_eq!((answer.status, answer.route), (Some(400), None));
    assert!(answer.why.join("\n").contains("is not allowed in a host"));
}

#[test]
fn a_service_may_be_named_with_a_dot_at_the_end() {
    let objects = [service("web", 80)];
    for host in [
        "web.shop",
        "web.shop.svc.cluster.local",
        "WEB.shop.svc.cluster.local.",
    ] {
        let answer = ask(&objects, &get(&format!("http://{host}/")));
        assert_eq!(answer.outcome, Outcome::Forwarded, "{:?}", answer.why);
        assert_eq!(answer.backend.unwrap().reference.name, "web");
    }
}

/// RFC 6066, section 3: literal addresses are not permitted as a server name.
#[test]
fn an_address_is_no_server_name() {
    let host = |url: &str| listener_host(&get(url));
    assert_eq!(host("https://10.0.0.1/"), None);
    assert_eq!(host("tls://[2001:db8::1]:8443"), None);
    assert_eq!(host("https://Shop.Example./"), Some("shop.example".into()));
    assert_eq!(host("http://10.0.0.1/"), Some("10.0.0.1".into()));
    let mut request = get("https://shop.example/");
    request.sni = Some("10.0.0.1".into());
    assert_eq!(listener_host(&request), None);
    request.sni = Some("Other.example".into());
    assert_eq!(listener_host(&request), Some("other.example".into()));
    assert!(!understands(&ProtocolType::Http, true, "https"));
}

/// GEP-1742: a timeout is exceeded by what takes longer.
#[test]
fn an_answer_that_takes_as_long_as_the_limit_is_in_time() {
    let objects = [
        http_gateway(),
        service("web", 80),
        route(json!({"rules": [{
            "timeouts": {"request": "2s", "backendRequest": "1s"},
            "backendRefs": [{"name": "web", "port": 80}],
        }]})),
    ];
    let mut request = get("http://shop.example/");
    for (delay, status) in [("1s", 200), ("1s1ms", 504)] {
        request.backend.delay = delay.parse().unwrap();
        assert_eq!(ask(&objects, &request).status, Some(status), "{delay}");
    }
}

/// gRPC is HTTP/2; over TLS that is `h2`, and `h2c` in cleartext.
#[test]
fn grpc_to_a_backend_is_http2_over_tls_where_the_backend_asks_for_tls() {
    let policy = json!({
        "apiVersion": "gateway.networking.k8s.io/v1alpha3", "kind": "BackendTLSPolicy",
        "metadata": {"name": "tls", "namespace": "shop"},
        "spec": {
            "targetRefs": [{"group": "", "kind": "Service", "name": "secure"}],
            "validation": {"hostname": "secure.example", "wellKnownCACertificates": "System"},
        },
    });
    let rule = |path: &str, name: &str| json!({"matches": [{"path": {"value": path}}], "backendRefs": [{"name": name, "port": 80}]});
    let objects = [
        http_gateway(),
        service("plain", 80),
        service("secure", 80),
        policy,
        route(json!({"rules": [rule("/plain", "plain"), rule("/secure", "secure")]})),
    ];
    for (path, scheme, protocol) in [("plain", "http", "h2c"), ("secure", "https", "h2")] {
        let mut request = get(&format!("http://shop.example/{path}"));
        request
            .headers
            .insert("content-type", HeaderValue::from_static("application/grpc"));
        let sent = ask(&objects, &request).forwarded.unwrap();
        assert_eq!((sent.scheme, sent.protocol), (scheme, protocol));
    }
}

/// A TLSRoute takes connections by their server name, also where the listener itself ends TLS.
#[test]
fn a_tls_route_takes_connections_at_a_listener_that_terminates() {
    let resolution = resolution(&[gateway(json!([{
        "name": "tls", "port": 443, "protocol": "TLS", "tls": {"mode": "Passthrough"}}]))]);
    let name = NamespacedName::new("shop", "edge");
    let gateway: &EffectiveGateway = resolution.effective.gateways.get(&name).unwrap();
    let mut listener = EffectiveListener {
        tls: None,
        ..(*gateway.listeners[0]).clone()
    };
    let rules = ConnectionRouteRules {
        reference: NamespacedName::new("shop", "by-name"),
        age: crate::meta::Age::UNKNOWN,
        hostnames: Vec::new(),
        rules: Vec::new(),
        dropped: Vec::new(),
    };
    let attached = AttachedRoute {
        route: Arc::new(rules),
        hostnames: Arc::new([EffectiveHostname::default()]),
    };
    listener.tls_routes = [attached.clone()].into_iter().collect();
    listener.tcp = [attached].into_iter().collect();
    let taken = |listener: &EffectiveListener| {
        let mut effective = resolution.effective.clone();
        let gateway = EffectiveGateway {
            listeners: vec![Arc::new(listener.clone())],
            ..gateway.clone()
        };
        effective.gateways.insert(name.clone(), Arc::new(gateway));
        let mut simulator = Simulator::new(effective, routing::RouterOptions::default());
        let request = get("tls://a.example:443");
        let answer = simulator.request(&request, &mut |_| 0).unwrap();
        answer.why.join("\n")
    };
    assert!(taken(&listener).contains("TLSRoute shop/by-name"));
    listener.tls_routes = RouteList::default();
    assert!(taken(&listener).contains("TCPRoute shop/by-name"));
}

#[test]
fn a_service_that_changed_is_asked_with_its_new_routes() {
    let mesh = |backend: &str| {
        let mut route = route(json!({"rules": [{"backendRefs": [{"name": backend, "port": 80}]}]}));
        route["spec"]["parentRefs"] = json!([{"group": "", "kind": "Service", "name": "web"}]);
        [
            service("web", 80),
            service("one", 80),
            service("two", 80),
            route,
        ]
    };
    let mut simulator = simulator(&mesh("one"));
    let request = get("http://web.shop/");
    let asked = |simulator: &mut Simulator| {
        let answer = simulator.request(&request, &mut |_| 0).unwrap();
        answer.backend.unwrap().reference.name
    };
    assert_eq!(asked(&mut simulator), "one");
    simulator.update(resolution(&mesh("two")).effective);
    assert_eq!(asked(&mut simulator), "two");
}
