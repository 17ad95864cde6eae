//! A data plane that follows on another one: what it keeps, and that it answers as one made anew.

use super::*;
use crate::{
    attachment::{Options, Resolver, Snapshot, effective::Effective, resolve},
    manifest,
};
use serde_json::Value;

fn object(value: &Value) -> manifest::Object {
    manifest::decode(value).unwrap()
}

fn slice(address: &str) -> Value {
    json!({
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
        "metadata": {"name": "web", "namespace": "shop", "labels": {"kubernetes.io/service-name": "web"}},
        "ports": [{"port": 8080}], "endpoints": [{"addresses": [address]}],
    })
}

/// A route of one path, and what else is in its metadata and its rule.
fn route_of(name: &str, metadata: &Value, filters: &Value) -> Value {
    let mut own = json!({"name": name, "namespace": "shop"});
    own.as_object_mut()
        .unwrap()
        .extend(metadata.as_object().unwrap().clone());
    json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": own,
        "spec": {
            "parentRefs": [{"name": "edge"}, {"group": "", "kind": "Service", "name": "web"}],
            "hostnames": ["a.example"],
            "rules": [{
                "matches": [{"path": {"value": format!("/{name}")}}, {"path": {"value": "/all"}}],
                "filters": filters,
                "backendRefs": [{"name": "web", "port": 80}],
            }],
        },
    })
}

/// A route of one service, for a host of its own: a listener has HTTPRoutes or GRPCRoutes for a host, and not both.
fn call_of(name: &str) -> Value {
    json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "GRPCRoute",
        "metadata": {"name": name, "namespace": "shop"},
        "spec": {"parentRefs": [{"name": "edge"}], "hostnames": ["calls.example"],
            "rules": [{"matches": [{"method": {"service": name}}], "backendRefs": [{"name": "web", "port": 80}]}]},
    })
}

/// A Gateway, a Service with an endpoint, and forty routes.
fn objects() -> Vec<Value> {
    let mut objects = vec![
        json!({
            "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway",
            "metadata": {"name": "edge", "namespace": "shop"},
            "spec": {"gatewayClassName": "any", "listeners": [
                {"name": "web", "port": 80, "protocol": "HTTP"}, {"name": "tcp", "port": 9000, "protocol": "TCP"},
            ]},
        }),
        json!({
            "apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "namespace": "shop"},
            "spec": {"clusterIP": "10.0.0.1", "ports": [{"port": 80}, {"name": "tls", "port": 443}]},
        }),
        slice("10.1.0.1"),
        json!({
            "apiVersion": "gateway.networking.k8s.io/v1alpha2", "kind": "TCPRoute",
            "metadata": {"name": "bytes", "namespace": "shop"},
            "spec": {"parentRefs": [{"name": "edge"}], "rules": [{"backendRefs": [{"name": "web", "port": 80}]}]},
        }),
    ];
    objects.extend((0..40).map(|n| route_of(&format!("r{n}"), &json!({}), &json!([]))));
    objects
}

fn resolver(objects: &[Value]) -> Resolver {
    let snapshot: Snapshot = objects.iter().map(object).collect();
    let mut resolver = Resolver::with_snapshot(snapshot, Options::for_manifests());
    resolver.update();
    resolver
}

fn plane(resolver: &Resolver) -> DataPlane {
    let effective = resolver.resolution().effective.clone();
    DataPlane::new(effective, routing::RouterOptions::default())
}

fn session(plane: &DataPlane) -> HttpSession {
    let key = BindKey {
        gateway: NamespacedName::new("shop", "edge"),
        transport: Transport::Tcp,
        port: 80,
    };
    match plane.accept(&key) {
        Some(Accepted::Session(session)) => session,
        other => panic!("{other:?}"),
    }
}

fn mesh(plane: &DataPlane) -> HttpSession {
    mesh_of(plane, 80, "shop").unwrap()
}

/// A port as a namespace sees it; none if no route governs it.
fn mesh_of(plane: &DataPlane, port: u16, namespace: &str) -> Option<HttpSession> {
    let key = ServiceKey {
        name: NamespacedName::new("shop", "web"),
        import: false,
    };
    let port = plane.service(&key, Transport::Tcp, port, namespace);
    port.unwrap().requests()
}

/// The rule that takes a request, and the endpoint to which it goes.
fn taken(session: &HttpSession, path: &str) -> Option<(Target, String)> {
    let host = match path.starts_with("/s") {
        true => "calls.example",
        false => "a.example",
    };
    let parts = Request::get(path).header("host", host);
    let parts = parts.body(()).unwrap().into_parts().0;
    let Begun::Exchange(mut exchange) = session.begin(parts, None).begun else {
        return None;
    };
    match exchange.attempt(&mut Draws(&mut |_| 0), Duration::ZERO) {
        Attempted::Attempt(attempt) => {
            let endpoint = attempt.endpoint.get().unwrap().address.to_owned();
            Some((exchange.target().clone(), endpoint))
        }
        Attempted::Answer(answer) => Some((exchange.target().clone(), answer.why.to_string())),
    }
}

/// A change of the objects.
type Step<'s> = Box<dyn Fn(&mut Resolver) + 's>;

fn same_rule(one: &Target, other: &Target) -> bool {
    std::ptr::eq(one.rule(), other.rule())
}

#[test]
fn a_moved_endpoint_touches_no_rule_and_no_table() {
    let mut resolver = resolver(&objects());
    let before = plane(&resolver);
    let (old, in_mesh) = (session(&before), mesh(&before));
    let (rule, endpoint) = taken(&old, "/r7").unwrap();
    assert_eq!(endpoint, "10.1.0.1");
    let (mesh_rule, _) = taken(&in_mesh, "/r7").unwrap();

    resolver.insert(object(&slice("10.1.0.2")));
    let changes = resolver.update();
    assert!(changes.gateways.is_empty() && changes.statuses.is_empty());
    assert_eq!(changes.services.len(), 1);
    let (after, diff) = before.next(resolver.resolution().effective.clone());
    assert!(diff.is_empty(), "{diff:?}");
    for (one, other) in before.binds().zip(after.binds()) {
        assert!(Arc::ptr_eq(one, other));
    }
    let (present, endpoint) = taken(&session(&after), "/r7").unwrap();
    assert!(same_rule(&rule, &present));
    assert_eq!(endpoint, "10.1.0.2");
    let (present, endpoint) = taken(&mesh(&after), "/r7").unwrap();
    assert!(same_rule(&mesh_rule, &present));
    assert_eq!(endpoint, "10.1.0.2");
    // Connections that were made before choose among the endpoints of today.
    assert_eq!(taken(&old, "/r7").unwrap().1, "10.1.0.2");
    // What the two hold is what resolving anew yields.
    let mut anew = objects();
    anew[2] = slice("10.1.0.2");
    let anew: Snapshot = anew.iter().map(object).collect();
    let anew = resolve(&anew, &Options::for_manifests());
    assert_eq!(**after.effective(), anew.effective);
}

#[test]
fn a_service_without_endpoints_or_that_is_gone_gets_no_requests() {
    let mut resolver = resolver(&objects());
    let before = plane(&resolver);
    let old = session(&before);
    assert_eq!(taken(&old, "/r7").unwrap().1, "10.1.0.1");
    let mut none = slice("any");
    none["endpoints"] = json!([]);
    resolver.insert(object(&none));
    resolver.update();
    let (next, _) = before.next(resolver.resolution().effective.clone());
    let empty = "Service shop/web has no endpoint that is ready at the port";
    assert_eq!(taken(&session(&next), "/r7").unwrap().1, empty);
    resolver.insert(object(&slice("10.1.0.3")));
    resolver.remove(&reference("web"));
    resolver.update();
    let (last, diff) = next.next(resolver.resolution().effective.clone());
    assert_eq!(diff.services.len(), 1);
    let gone = "Service shop/web does not exist";
    assert_eq!(taken(&session(&last), "/r7").unwrap().1, gone);
    // Connections that were made before go by what is in force.
    assert_eq!(taken(&old, "/r7").unwrap().1, gone);
}

/// Of a changed table only the routes that have changed are compiled, and it answers as one that is made anew.
#[test]
fn a_table_that_follows_on_another_one_answers_as_one_made_anew() {
    let mut resolver = resolver(&objects());
    let mut plane_now = plane(&resolver);
    let paths: Vec<String> = (0..45)
        .map(|n| format!("/r{n}"))
        .chain(["/all", "/s1/any", "/s2/any"].map(str::to_owned))
        .collect();
    let unchanged = taken(&session(&plane_now), "/r39").unwrap().0;
    let unchanged_in_mesh = taken(&mesh(&plane_now), "/r39").unwrap().0;
    let old = json!({"creationTimestamp": "2020-01-01T00:00:00Z"});
    let redirect = json!([{"type": "RequestRedirect", "requestRedirect": {"port": 8080}}]);
    let gone = |kind: &str, name: &str| ObjectRef {
        group: crate::meta::GROUP.to_owned(),
        kind: kind.to_owned(),
        ..reference(name)
    };
    // What a step changes, and the route that takes a path after it, if any does.
    let steps: Vec<(Step<'_>, &str, Option<&str>)> = vec![
        (
            Box::new(|r| r.insert(object(&route_of("r3", &json!({}), &redirect)))),
            "/r3",
            Some("HTTPRoute shop/r3"),
        ),
        (
            Box::new(|r| r.remove(&gone("HTTPRoute", "r0"))),
            "/r0",
            None,
        ),
        // What is older goes before others on `/all`.
        (
            Box::new(|r| r.insert(object(&route_of("r7", &old, &json!([]))))),
            "/all",
            Some("HTTPRoute shop/r7"),
        ),
        (
            Box::new(|r| r.insert(object(&route_of("r44", &json!({}), &json!([]))))),
            "/r44",
            Some("HTTPRoute shop/r44"),
        ),
        (
            Box::new(|r| r.insert(object(&call_of("s1")))),
            "/s1/any",
            Some("GRPCRoute shop/s1"),
        ),
        (
            Box::new(|r| {
                r.insert(object(&call_of("s2")));
                r.insert(object(&route_of("r7", &json!({}), &json!([]))));
                r.remove(&gone("HTTPRoute", "r44"));
            }),
            "/all",
            Some("HTTPRoute shop/r1"),
        ),
        (
            Box::new(|r| r.remove(&gone("GRPCRoute", "s1"))),
            "/s1/any",
            None,
        ),
        (
            Box::new(|r| r.insert(object(&route_of("r0", &old, &redirect)))),
            "/all",
            Some("HTTPRoute shop/r0"),
        ),
    ];
    for (at, (step, changed, route)) in steps.iter().enumerate() {
        step(&mut resolver);
        resolver.update();
        plane_now = plane_now.next(resolver.resolution().effective.clone()).0;
        let (followed, anew) = (session(&plane_now), session(&plane(&resolver)));
        let said = |session: &HttpSession, path: &str| {
            taken(session, path).map(|(target, end)| {
                let rule = target.rule();
                let prefix = target.prefix().map(str::to_owned);
                (rule.route().clone(), target.match_index(), prefix, end)
            })
        };
        for path in &paths {
            assert_eq!(said(&followed, path), said(&anew, path), "{at} {path}");
        }
        let by = said(&followed, changed).map(|(route, ..)| route.to_string());
        assert_eq!(by.as_deref(), *route, "{at} {changed}");
        let present = taken(&followed, "/r39").unwrap().0;
        assert!(same_rule(&unchanged, &present), "{at}");
        let present = taken(&mesh(&plane_now), "/r39").unwrap().0;
        assert!(same_rule(&unchanged_in_mesh, &present), "{at}");
    }
}

/// One change of many kinds, by numbers.
type Change = (u8, u8, u8);

fn changed(resolver: &mut Resolver, (what, which, how): Change) {
    let name = format!("r{}", which % 44);
    let gone = |kind: &str, name: &str| ObjectRef {
        group: crate::meta::GROUP.to_owned(),
        kind: kind.to_owned(),
        ..reference(name)
    };
    let hosts = [
        json!([]),
        json!(["a.example"]),
        json!(["*.example"]),
        json!(["b.example", "a.example"]),
    ];
    match what % 10 {
        0..=4 => {
            let year = json!({"creationTimestamp": format!("20{:02}-01-01T00:00:00Z", how % 7)});
            let age = [json!({}), year];
            let redirect = json!([{"type": "RequestRedirect", "requestRedirect": {"port": 8080}}]);
            let filters = [json!([]), redirect];
            let mut route = route_of(
                &name,
                &age[usize::from(how / 4 % 2)],
                &filters[usize::from(how / 8 % 2)],
            );
            route["spec"]["hostnames"] = hosts[usize::from(how % 4)].clone();
            let service = |port: &Value| {
                let mut parent =
                    json!({"group": "", "kind": "Service", "name": "web", "namespace": "shop"});
                if !port.is_null() {
                    parent["port"] = port.clone();
                }
                parent
            };
            route["spec"]["parentRefs"] = match (what % 10, which % 4) {
                (4, _) => json!([{"name": "edge", "sectionName": "sub"}]),
                (3, 0) => json!([service(&json!(80))]),
                (3, 1) => json!([service(&json!(443)), service(&json!(80))]),
                (3, 2) => json!([service(&json!(443))]),
                _ => json!([{"name": "edge"}, service(&Value::Null)]),
            };
            if what % 10 == 2 && which % 2 == 0 {
                // A consumer route.
                route["metadata"]["namespace"] = json!("app");
                route["spec"]["rules"][0]["backendRefs"] = json!([]);
            }
            resolver.insert(object(&route));
        }
        5 => {
            resolver.remove(&gone("HTTPRoute", &name));
            let namespace = "app".to_owned();
            resolver.remove(&ObjectRef {
                namespace,
                ..gone("HTTPRoute", &name)
            });
        }
        6 => resolver.insert(object(&call_of(&format!("s{}", which % 3)))),
        7 => resolver.remove(&gone("GRPCRoute", &format!("s{}", which % 3))),
        8 => resolver.insert(object(&slice(&format!("10.1.0.{}", how % 5)))),
        _ => {
            let mut gateway = objects().swap_remove(0);
            let hostname = ["*.example", "a.example", "*.other"][usize::from(how % 3)];
            let sub = json!({"name": "sub", "port": 80, "protocol": "HTTP", "hostname": hostname});
            if how % 4 > 0 {
                gateway["spec"]["listeners"]
                    .as_array_mut()
                    .unwrap()
                    .push(sub);
            }
            resolver.insert(object(&gateway));
        }
    }
}

/// What becomes of requests for several hosts and paths, at the Gateway and in the mesh.
fn answers(plane: &DataPlane) -> Vec<String> {
    let paths = (0..44).map(|n| format!("/r{n}"));
    let paths: Vec<String> = paths
        .chain(["/all".into(), "/s0/any".into(), "/s1/any".into()])
        .collect();
    let mut answers = Vec::new();
    for (session, hosts) in [
        (
            Some(session(plane)),
            &["a.example", "b.example", "x.other", "none"][..],
        ),
        (mesh_of(plane, 80, "shop"), &["web.shop"]),
        (mesh_of(plane, 443, "shop"), &["web.shop"]),
        (mesh_of(plane, 80, "app"), &["web.shop"]),
    ] {
        let Some(session) = session else {
            answers.push("no route".to_owned());
            continue;
        };
        for (host, path) in hosts
            .iter()
            .flat_map(|host| paths.iter().map(move |path| (host, path)))
        {
            let parts = Request::get(path)
                .header("host", *host)
                .body(())
                .unwrap()
                .into_parts()
                .0;
            let received = session.begin(parts, None);
            let listener = received.listener.map(|key| key.name.clone());
            let end = match received.begun {
                Begun::Answer(answer) => answer.why.to_string(),
                Begun::Exchange(mut exchange) => {
                    let end = match exchange.attempt(&mut Draws(&mut |_| 0), Duration::ZERO) {
                        Attempted::Answer(answer) => answer.why.to_string(),
                        Attempted::Attempt(attempt) => {
                            attempt.endpoint.get().unwrap().address.to_owned()
                        }
                    };
                    let target = exchange.target();
                    format!(
                        "{} {} {:?} {end}",
                        target.rule().route(),
                        target.match_index(),
                        target.prefix()
                    )
                }
            };
            answers.push(format!("{host}{path} {listener:?} {end}"));
        }
    }
    answers
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(24))]

    /// Whatever has changed, a data plane that follows on another one answers as one that is made anew, and so does one made of a
    /// configuration that shares nothing with the one before.
    #[test]
    fn after_any_changes_a_data_plane_answers_as_one_made_anew(
        changes in proptest::collection::vec(proptest::prelude::any::<Change>(), 1..14),
        together in 1_usize..4,
    ) {
        let mut resolver = resolver(&objects());
        let mut followed = plane(&resolver);
        answers(&followed);
        for changes in changes.chunks(together) {
            for change in changes {
                changed(&mut resolver, *change);
            }
            resolver.update();
            followed = followed.next(resolver.resolution().effective.clone()).0;
            let anew = resolve(resolver.snapshot(), resolver.options());
            proptest::prop_assert!(**followed.effective() == anew.effective);
            let anew = DataPlane::new(anew.effective, routing::RouterOptions::default());
            let (followed, anew) = (answers(&followed), answers(&anew));
            proptest::prop_assert_eq!(followed.len(), anew.len());
            for (followed, anew) in followed.iter().zip(&anew) {
                proptest::prop_assert_eq!(followed, anew);
            }
        }
    }
}

/// An exchange that has begun ends among the endpoints among which it began.
#[test]
fn endpoints_that_move_between_two_attempts_do_not_confuse_an_exchange() {
    let table = table(none(), vec![backend("a", 1, &[true, true])]);
    let Begun::Exchange(mut exchange) = table.begin(ask("/cart"), CONNECTION, None) else {
        panic!("no rule")
    };
    let mut attempt = || exchange.attempt(&mut Draws(&mut |_| 0), Duration::ZERO);
    let address = |attempted: &Attempted| match attempted {
        Attempted::Attempt(attempt) => attempt.endpoint.get().unwrap().address.to_owned(),
        Attempted::Answer(answer) => answer.why.to_string(),
    };
    let Attempted::Attempt(first) = attempt() else {
        panic!("no endpoint")
    };
    assert_eq!(first.endpoint.get().unwrap().address, "10.0.0.0");
    let moved = EndpointList::at_port(8080, vec![BackendAddress::new("10.9.9.9", true)]);
    let key = &first.endpoint.port().key;
    KNOWN.with(|known| known.set(key.clone(), moved));
    let next = exchange.failed(&first, Failure::Connect, Duration::ZERO);
    assert!(matches!(next, AfterFailure::Again), "{next:?}");
    let second = exchange.attempt(&mut Draws(&mut |_| 0), Duration::ZERO);
    assert_eq!(address(&second), "10.0.0.1");
    let Begun::Exchange(mut other) = table.begin(ask("/cart"), CONNECTION, None) else {
        panic!("no rule")
    };
    let attempted = other.attempt(&mut Draws(&mut |_| 0), Duration::ZERO);
    assert_eq!(address(&attempted), "10.9.9.9");
}

/// Connections in a mesh go by the configuration in force, too, and end where the Service no longer has what they were made for.
#[test]
fn connections_in_a_mesh_follow_the_configuration() {
    let in_mesh = |kind: &str, version: &str, name: &str, path: Option<&str>| {
        let mut rule = json!({"backendRefs": [{"name": "web", "port": 80}]});
        if let Some(path) = path {
            rule["matches"] = json!([{"path": {"value": path}}]);
        }
        json!({
            "apiVersion": format!("gateway.networking.k8s.io/{version}"), "kind": kind,
            "metadata": {"name": name, "namespace": "shop"},
            "spec": {"parentRefs": [{"group": "", "kind": "Service", "name": "web", "port": 80}], "rules": [rule]},
        })
    };
    let service = json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"clusterIP": "10.0.0.1", "ports": [{"port": 80}, {"name": "bytes", "port": 81}]},
    });
    let with = |others: &[Value]| {
        let mut endpoints = slice("10.1.0.1");
        endpoints["ports"] = json!([{"port": 8080}, {"name": "bytes", "port": 8081}]);
        let mut all = vec![service.clone(), endpoints];
        all.extend(others.iter().cloned());
        resolver(&all).resolution().effective.clone()
    };
    let [old, new] =
        [Some("/old"), Some("/new")].map(|path| in_mesh("HTTPRoute", "v1", "web", path));
    let before = DataPlane::new(
        with(std::slice::from_ref(&old)),
        routing::RouterOptions::default(),
    );
    let kept = mesh(&before);
    assert!(taken(&kept, "/old").is_some() && taken(&kept, "/new").is_none());
    let key = ServiceKey {
        name: NamespacedName::new("shop", "web"),
        import: false,
    };
    let bytes = before.service(&key, Transport::Tcp, 81, "shop").unwrap();
    let stream = bytes.stream(false);
    let connect = |stream: &Stream| stream.connect(&mut Draws(&mut |_| 0)).err();
    assert_eq!(connect(&stream), None);
    let connected = stream.connect(&mut Draws(&mut |_| 0)).unwrap();
    assert!(stream.leads_to(&connected));

    let (after, _) = before.next(with(std::slice::from_ref(&new)));
    assert!(taken(&kept, "/old").is_none() && taken(&kept, "/new").is_some());
    assert!(after.continued(&kept).is_some());
    assert_eq!(connect(&stream), None);

    // Without a route nobody sees requests there; and a TCPRoute takes what went to the Service; its first backend is none.
    let mut nowhere = in_mesh("TCPRoute", "v1alpha2", "bytes", None);
    nowhere["spec"]["parentRefs"][0]["port"] = json!(81);
    nowhere["spec"]["rules"][0]["backendRefs"] =
        json!([{"kind": "Nothing", "name": "web"}, {"name": "web", "port": 80}]);
    let (last, _) = after.next(with(&[nowhere]));
    assert!(last.continued(&kept).is_none());
    let parts = Request::get("/new").header("host", "web.shop");
    let parts = parts.body(()).unwrap().into_parts().0;
    let Begun::Answer(answer) = kept.begin(parts, None).begun else {
        panic!("a request is taken")
    };
    assert_eq!((answer.status.as_u16(), answer.why), (421, Why::Drained));
    let why = connect(&stream);
    assert!(matches!(why, Some(Why::Backend(_))), "{why:?}");
    assert!(!stream.leads_to(&connected));
    let (_none, _) = last.next(Effective::default());
    assert_eq!(connect(&stream), Some(Why::Drained));
    let elsewhere = stream.connect_elsewhere(&[connected], &mut Draws(&mut |_| 0));
    assert_eq!(elsewhere.err(), Some(Why::Drained));

    // Of a data plane that is dropped nothing has taken the place.
    let alone = DataPlane::new(with(&[old]), routing::RouterOptions::default());
    let kept = mesh(&alone);
    let stream = alone
        .service(&key, Transport::Tcp, 81, "shop")
        .unwrap()
        .stream(false);
    drop(alone);
    assert!(taken(&kept, "/old").is_some());
    assert_eq!(connect(&stream), None);
}

/// Where a port depends on what clients say first, and where nobody has to wait for that.
#[test]
fn a_port_depends_on_the_protocol_where_routes_look_at_it() {
    let governed = |kind: &str| {
        let version = if kind == "HTTPRoute" {
            "v1"
        } else {
            "v1alpha2"
        };
        let mut route = json!({
            "apiVersion": format!("gateway.networking.k8s.io/{version}"), "kind": kind,
            "metadata": {"name": "web", "namespace": "shop"},
            "spec": {
                "parentRefs": [{"group": "", "kind": "Service", "name": "web", "port": 80}],
                "rules": [{"backendRefs": [{"name": "web", "port": 80}]}],
            },
        });
        if kind == "TLSRoute" {
            route["spec"]["hostnames"] = json!(["a.example"]);
        }
        let mut all = objects();
        all.retain(|object| object["kind"] != "HTTPRoute");
        all.push(route);
        plane(&resolver(&all))
    };
    let key = ServiceKey {
        name: NamespacedName::new("shop", "web"),
        import: false,
    };
    for (kind, expected) in [("HTTPRoute", true), ("TLSRoute", true), ("TCPRoute", false)] {
        let plane = governed(kind);
        let depends = |port| {
            let port = plane.service(&key, Transport::Tcp, port, "shop").unwrap();
            port.depends_on_protocol()
        };
        assert_eq!((depends(80), depends(443)), (expected, false), "{kind}");
    }
}
