//! What answers say: each outcome in words that fit what was asked.

use super::*;

fn named(kind: &str, version: &str, name: &str, spec: Value) -> Value {
    let mut object = json!({
        "apiVersion": format!("gateway.networking.k8s.io/{version}"), "kind": kind,
        "metadata": {"name": name, "namespace": "shop"}, "spec": {"parentRefs": [{"name": "edge"}]},
    });
    object["spec"]
        .as_object_mut()
        .unwrap()
        .extend(spec.as_object().unwrap().clone());
    object
}

fn says(answer: &Answer, text: &str) -> bool {
    answer.why.iter().any(|sentence| sentence.contains(text))
}

/// GEP-1016, "Matcher Types": methods match as if a URI had been matched. So a request that is no gRPC call is taken,
/// and the answer says that it is none.
#[test]
fn a_request_that_a_grpc_route_takes_and_that_is_no_call_is_called_that() {
    let rules = json!({"rules": [{"backendRefs": [{"name": "calls", "port": 80}]}]});
    let objects = [
        http_gateway(),
        service("calls", 80),
        named("GRPCRoute", "v1", "calls", rules),
    ];
    let mut request = get("http://a.example/pkg.Svc/Get");
    let answer = ask(&objects, &request);
    assert_eq!(
        (answer.outcome, answer.status),
        (Outcome::Forwarded, Some(200))
    );
    let lacks = "the request is not a gRPC call, since its method is not POST and it has no `content-type: application/grpc`";
    assert!(says(&answer, lacks), "{:#?}", answer.why);
    request.method = http::Method::POST;
    let answer = ask(&objects, &request);
    assert!(
        says(&answer, "since it has no `content-type: application/grpc`"),
        "{:#?}",
        answer.why
    );
    let grpc = HeaderValue::from_static("application/grpc");
    request.headers.insert("content-type", grpc);
    let answer = ask(&objects, &request);
    assert!(!says(&answer, "gRPC call"), "{:#?}", answer.why);
    request.method = http::Method::GET;
    let answer = ask(&objects, &request);
    assert!(
        says(&answer, "since its method is not POST:"),
        "{:#?}",
        answer.why
    );
    // The answer of a real server is not known.
    let last = answer.why.last().unwrap();
    let assumed = ": a real gRPC server would refuse it; the 200 is assumed";
    assert!(last.ends_with(assumed), "{:#?}", answer.why);
}

#[test]
fn why_there_is_a_404_is_said_of_the_listener_the_routes_or_the_rules() {
    let gateway = gateway(json!([
        {"name": "all", "port": 80, "protocol": "HTTP"},
        {"name": "some", "port": 81, "protocol": "HTTP", "hostname": "*.shop.example"},
    ]));
    let spec = json!({
        "parentRefs": [{"name": "edge", "sectionName": "all"}], "hostnames": ["a.example"],
        "rules": [{"matches": [{"path": {"value": "/cart"}}]}],
    });
    let with_route = [gateway.clone(), route(spec)];
    let without = [gateway];
    let why = |objects: &[Value], url: &str| {
        let answer = ask(objects, &get(url));
        assert_eq!(answer.status, Some(404));
        let said = answer.why.iter().find(|why| why.starts_with("answered"));
        said.unwrap().clone()
    };
    assert_eq!(
        why(&with_route, "http://a.example/"),
        "answered with 404: no rule matches the request"
    );
    assert_eq!(
        why(&with_route, "http://b.example/"),
        "answered with 404: the listener has no accepted route for the host `b.example`"
    );
    assert_eq!(
        why(&without, "http://b.example/"),
        "answered with 404: the listener has no accepted route"
    );
    assert_eq!(
        why(&with_route, "http://b.example:81/"),
        "answered with 404: no listener serves the host"
    );
    let mut unreadable = get("http://a.example:81/");
    let host = HeaderValue::from_static("a.example:abc");
    unreadable.headers.insert("host", host);
    let answer = ask(&with_route, &unreadable);
    // That no host can be read of it is the cause, whatever listeners serve.
    let [why] = answer.why.as_slice() else {
        panic!("{:#?}", answer.why);
    };
    assert!(
        why.starts_with("answered with 400: `a.example:abc` is not a host"),
        "{why}"
    );
    let answer = ask(&with_route, &get("http://b.example:81/"));
    let serves = "no listener of Gateway shop/edge on port 81 serves the host `b.example`: `some` serves `*.shop.example`";
    assert!(says(&answer, serves), "{:#?}", answer.why);
}

#[test]
fn what_a_refused_client_sees_depends_on_what_it_and_the_listener_speak() {
    let passthrough = json!({"mode": "Passthrough"});
    let objects = [gateway(json!([
        {"name": "web", "port": 80, "protocol": "HTTP"},
        {"name": "tls", "port": 443, "protocol": "TLS", "hostname": "a.example", "tls": passthrough},
        {"name": "tcp", "port": 5000, "protocol": "TCP"},
        {"name": "udp", "port": 5353, "protocol": "UDP"},
    ]))];
    for (url, refusal, why) in [
        (
            "https://a.example:80/",
            Refusal::TlsHandshake,
            "listener `web` of Gateway shop/edge on port 80 speaks cleartext HTTP, and the client begins with TLS",
        ),
        (
            "http://a.example:443/",
            Refusal::TlsExpected,
            "listener `tls` of Gateway shop/edge on port 443 expects TLS, and the client sends http in cleartext",
        ),
        (
            "https://b.example/",
            Refusal::TlsHandshake,
            "no listener of Gateway shop/edge on port 443 serves the server name `b.example`: `tls` serves `a.example`",
        ),
        (
            "tls://10.0.0.1:443",
            Refusal::TlsHandshake,
            "serves a client that sends no server name",
        ),
        (
            "http://a.example:5000/",
            Refusal::Closed,
            "the listener has no accepted TCPRoute",
        ),
        (
            "tcp://a.example:5353",
            Refusal::NoListener,
            "no listener on port 5353 that takes tcp: listener `udp` there is for protocol UDP",
        ),
        (
            "tcp://a.example:5000",
            Refusal::Closed,
            "the listener has no accepted TCPRoute",
        ),
        (
            "tls://a.example:443",
            Refusal::Closed,
            "the listener has no accepted TLSRoute",
        ),
        (
            "udp://a.example:5353",
            Refusal::Dropped,
            "the listener has no accepted UDPRoute",
        ),
        (
            "http://a.example:9/",
            Refusal::NoListener,
            "Gateway shop/edge does not serve port 9: it serves 80, 443, 5000, 5353",
        ),
    ] {
        let mut request = get(url);
        request.gateway = Some(NamespacedName::new("shop", "edge"));
        let answer = ask(&objects, &request);
        assert_eq!(
            (answer.outcome, answer.refusal),
            (Outcome::Refused, Some(refusal)),
            "{url}"
        );
        assert!(says(&answer, why), "{url} {:#?}", answer.why);
    }
    // The one Gateway of the port is found without being named.
    let answer = ask(&objects, &get("https://a.example:80/"));
    assert_eq!(
        answer.refusal,
        Some(Refusal::TlsHandshake),
        "{:#?}",
        answer.why
    );
    let answer = ask(&objects, &get("http://a.example:9/"));
    assert!(says(
        &answer,
        "no Gateway serves port 9, and no Service is called `a.example`"
    ));
}

/// A port of TCP or UDP has no hosts, and what a UDP client sends is no connection.
#[test]
fn connections_and_datagrams_are_called_what_they_are() {
    let rule = json!({"rules": [{"backendRefs": [{"name": "web", "port": 80}, {"name": "nowhere", "port": 80}]}]});
    let udp = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "namespace": "shop"}, "spec": {
        "clusterIP": "10.0.0.1", "ports": [{"name": "t", "port": 80}, {"name": "u", "port": 80, "protocol": "UDP"}]}});
    let objects = [
        gateway(json!([
            {"name": "tcp", "port": 5000, "protocol": "TCP"},
            {"name": "udp", "port": 5000, "protocol": "UDP"},
        ])),
        udp,
        named("TCPRoute", "v1alpha2", "t", rule.clone()),
        named("UDPRoute", "v1alpha2", "u", rule),
    ];
    for (url, thing, things, kind) in [
        (
            "tcp://a.example:5000",
            "connection",
            "connections",
            "TCPRoute shop/t",
        ),
        (
            "udp://a.example:5000",
            "datagram",
            "datagrams",
            "UDPRoute shop/u",
        ),
    ] {
        let answer = ask(&objects, &get(url));
        let name = if thing == "datagram" { "udp" } else { "tcp" };
        assert_eq!(
            answer.why,
            [
                format!("listener `{name}` of Gateway shop/edge takes {things} on port 5000"),
                format!("{kind} takes the {thing}"),
                "of its 2 backends Service shop/web:80 was drawn, with weight 1 of 2".to_owned(),
            ]
        );
    }
}

#[test]
fn filters_sessions_and_tls_to_the_backend_are_told() {
    let policy = json!({
        "apiVersion": "gateway.networking.k8s.io/v1alpha3", "kind": "BackendTLSPolicy",
        "metadata": {"name": "tls", "namespace": "shop"},
        "spec": {
            "targetRefs": [{"group": "", "kind": "Service", "name": "web"}],
            "validation": {"hostname": "web.internal", "wellKnownCACertificates": "System"},
        },
    });
    let rule = |matches: Value, rewrite: Value| {
        json!({
            "matches": [{"path": matches}], "backendRefs": [{"name": "web", "port": 80}],
            "filters": [{"type": "URLRewrite", "urlRewrite": rewrite}],
        })
    };
    let replace =
        |path: &str| json!({"path": {"type": "ReplaceFullPath", "replaceFullPath": path}});
    let mut session = rule(
        json!({"value": "/session"}),
        json!({"hostname": "b.example"}),
    );
    session["sessionPersistence"] = json!({"sessionName": "SID"});
    let objects = [
        http_gateway(),
        service("web", 80),
        policy,
        route(json!({"rules": [
            rule(json!({"type": "RegularExpression", "value": "/old/(.*)"}), replace("/new/$1")),
            rule(json!({"value": "/plain"}), replace("/new")),
            session,
        ]})),
    ];
    let answer = ask(&objects, &get("http://a.example/old/x"));
    let literal = "URLRewrite changes the path from `/old/x` to the literal text `/new/$1`: capture groups of the match are not filled in";
    assert!(says(&answer, literal), "{:#?}", answer.why);
    let tls = "BackendTLSPolicy shop/tls applies: the connection to the backend is TLS, and the backend's certificate must be for `web.internal`";
    assert!(says(&answer, tls), "{:#?}", answer.why);
    let answer = ask(&objects, &get("http://a.example/plain"));
    assert!(
        answer
            .why
            .contains(&"URLRewrite changes the path from `/plain` to `/new`".to_owned())
    );
    let answer = ask(&objects, &get("http://a.example/session"));
    assert!(says(
        &answer,
        "a filter changes the host from `a.example` to `b.example`"
    ));
    assert!(says(
        &answer,
        "session persistence of the rule: the response brings the cookie `SID` with a new session: requests that send it back go to the same endpoint"
    ));
}

#[test]
fn a_redirect_back_to_a_gateway_that_does_not_answer_there_is_told() {
    let redirect = |redirect: Value| {
        route(
            json!({"rules": [{"filters": [{"type": "RequestRedirect", "requestRedirect": redirect}]}]}),
        )
    };
    let to_https = redirect(json!({"scheme": "https"}));
    let answer = ask(&[http_gateway(), to_https], &get("http://a.example/x"));
    assert_eq!(answer.outcome, Outcome::Redirected);
    let nobody = "nobody answers the client at https://a.example/x: Gateway shop/edge does not serve port 443: it serves 80";
    assert!(says(&answer, nobody), "{:#?}", answer.why);
    for led in [
        json!({"hostname": "b.example"}),
        json!({"path": {"type": "ReplaceFullPath", "replaceFullPath": "/y"}}),
    ] {
        let answer = ask(&[http_gateway(), redirect(led)], &get("http://a.example/x"));
        assert_eq!(answer.outcome, Outcome::Redirected);
        assert!(!says(&answer, "nobody answers"), "{:#?}", answer.why);
    }
}

/// Of two Gateways that ask for one address the older has it: nobody can connect to the other.
#[test]
fn a_gateway_without_an_address_takes_no_request() {
    let named = |name: &str| {
        let mut gateway = http_gateway();
        gateway["metadata"]["name"] = name.into();
        gateway["spec"]["addresses"] = json!([{"value": "203.0.113.3"}]);
        gateway
    };
    let objects = [named("first"), named("second")];
    let mut request = get("http://a.example/");
    let answer = ask(&objects, &request);
    assert_eq!(answer.gateway.unwrap().name, "first");
    request.gateway = Some(NamespacedName::new("shop", "second"));
    let answer = ask(&objects, &request);
    assert_eq!(answer.refusal, Some(Refusal::NoListener));
    let why = "listener `http` of Gateway shop/second is not serving: its Gateway: Programmed False (AddressNotUsable)";
    assert!(says(&answer, why), "{:#?}", answer.why);
}

/// A count draws and does not explain: only the first request is explained.
#[test]
fn a_count_explains_one_request_and_counts_what_requests_one_by_one_would() {
    let backends = json!([{"name": "a", "port": 80, "weight": 3}, {"name": "b", "port": 80}, {"name": "none", "port": 80}]);
    let objects = [
        gateway(json!([
            {"name": "http", "port": 80, "protocol": "HTTP"},
            {"name": "tcp", "port": 5000, "protocol": "TCP"},
        ])),
        service("a", 80),
        service("b", 80),
        route(
            json!({"parentRefs": [{"name": "edge", "sectionName": "http"}], "rules": [{"backendRefs": backends}]}),
        ),
        named(
            "TCPRoute",
            "v1alpha2",
            "t",
            json!({"rules": [{"backendRefs": backends}]}),
        ),
    ];
    let numbers = || {
        let mut state = 7_u64;
        move |below: u64| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 33) % below
        }
    };
    for url in [
        "http://a.example/",
        "tcp://a.example:5000",
        "http://a.example:9/",
        "http://a.shop/",
    ] {
        let mut simulator = simulator(&objects);
        let request = get(url);
        let mut draw = numbers();
        EXPLAINED.take();
        let split = simulator.split(&request, 500, &mut draw).unwrap();
        assert_eq!(EXPLAINED.take(), 1, "{url}");
        let mut draw = numbers();
        let mut counted: Vec<u64> = vec![0; split.split.len()];
        for _ in 0..500 {
            let answer = simulator.request(&request, &mut draw).unwrap();
            let row = split
                .split
                .iter()
                .position(|row| (&row.backend, row.status) == (&answer.backend, answer.status));
            counted[row.unwrap()] += 1;
        }
        let counts: Vec<u64> = split.split.iter().map(|row| row.count).collect();
        assert_eq!(counts, counted, "{url}");
        assert_eq!(counts.iter().sum::<u64>(), 500, "{url}");
        for few in 0..3 {
            let split = simulator.split(&request, few, &mut |_| 0).unwrap();
            let all: u64 = split.split.iter().map(|row| row.count).sum();
            assert_eq!((split.count, all), (few, few), "{url}");
        }
    }
}
