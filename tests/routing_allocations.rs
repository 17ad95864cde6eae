//! `find` does not allocate, nor does deciding where nothing is mirrored or rewritten. A program of its own: the pool of an oversized pattern may grow when threads use it at
//! the same time, as tests of one program do.
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests"
)]

mod support;

use gwapi::routing::{
    Entry, GrpcMatch, HeaderMatch, HostPattern, HttpMatch, Match, PathMatch, Pattern, QueryMatch,
    Rank, RepeatedHeader, Router, RouterOptions, ValueMatch,
};
use std::time::{Duration, SystemTime};

use gwapi::{
    attachment::{self, Snapshot, effective::Effective},
    backend::session::{SessionKey, SessionKeys},
    manifest,
    meta::NamespacedName,
    proxy::{
        Accepted, Attempted, Begun, Connection, DataPlane, Draws, Endpoints, Issuing, Recalling,
        Scheme, Table,
    },
};

use support::routing::{self as cases, Random};

fn regex(source: &str) -> Pattern {
    Pattern::new(source).unwrap()
}

#[test]
fn finding_never_allocates_whatever_the_match_looks_at() {
    let host = HostPattern::parse("*.example.com").unwrap();
    let header = |value| HeaderMatch {
        name: "x-env".parse().unwrap(),
        value,
    };
    let query = |value| QueryMatch {
        name: "long name".into(),
        value,
    };
    let mut matches: Vec<Match> = vec![
        HttpMatch::path(PathMatch::exact("/exact")).into(),
        HttpMatch::path(PathMatch::prefix("/prefix")).into(),
        HttpMatch::path(PathMatch::RegularExpression(regex("/users/[0-9]+"))).into(),
        // Too large for a table.
        HttpMatch::path(PathMatch::RegularExpression(regex(
            r"/\w{1,40}/(a|b)*c[ab]{14}",
        )))
        .into(),
        GrpcMatch {
            service: Some(ValueMatch::RegularExpression(regex("pkg\\..*"))),
            ..GrpcMatch::default()
        }
        .into(),
    ];
    for at in 0..100 {
        let value = ValueMatch::exact(&format!("v {at}"));
        matches.push(
            HttpMatch {
                headers: vec![header(value.clone())],
                ..HttpMatch::default()
            }
            .into(),
        );
        matches.push(
            HttpMatch {
                query: vec![query(value)],
                ..HttpMatch::default()
            }
            .into(),
        );
    }
    let pattern = ValueMatch::RegularExpression(regex(r"\w+ x{200}"));
    matches.push(
        HttpMatch {
            query: vec![query(pattern)],
            ..HttpMatch::default()
        }
        .into(),
    );
    // So many in one place that they are asked as one set.
    for at in 0..30 {
        let pattern = regex(&format!("/sets/[0-9]+/n{at}/.*"));
        matches.push(HttpMatch::path(PathMatch::RegularExpression(pattern)).into());
    }
    let mut router = Router::default();
    let entries = matches.into_iter().enumerate().map(|(at, matching)| {
        Entry::new(matching, Rank::new("default/route", at as u32, 0), at).on(host.clone())
    });
    router.insert("route", entries.collect::<Vec<_>>());
    let long = format!("/?a=1&b=2&long+name=w%20{}", "x".repeat(200));
    for (target, expected) in [
        ("/exact", Some(0)),
        ("/prefix/x?y", Some(1)),
        ("/users/123", Some(2)),
        ("/abc/abacaaaaaaaaaaaaaa", Some(3)),
        ("/pkg.Svc/Get", Some(4)),
        ("/?a=%31&long%20name=v+50", Some(106)),
        (&long, Some(205)),
        ("/sets/1/n3/x", Some(209)),
        ("/sets/1/n29/x", Some(235)),
        ("/none?long+name=none", None),
    ] {
        let request = http::Request::get(target)
            .header("host", "A.Example.com:80")
            .header("accept", "*/*")
            .body(())
            .unwrap();
        // A thread's first use of a large pattern makes its working memory.
        assert_eq!(router.find(&request).copied(), expected, "{target}");
        let counted = allocation_counter::measure(|| {
            assert_eq!(router.find(&request).copied(), expected);
        });
        assert_eq!(counted.count_total, 0, "{target}");
    }
    let request = http::Request::get("/")
        .header("host", "a.example.com")
        .header("x-env", "v 7")
        .body(())
        .unwrap();
    let counted = allocation_counter::measure(|| assert_eq!(router.find(&request), Some(&19)));
    assert_eq!(counted.count_total, 0);
}

#[test]
fn finding_never_allocates_where_a_header_has_several_lines() {
    let entry = |value, rule| {
        let mut matching = HttpMatch::default();
        matching.headers.push(HeaderMatch {
            name: "x-env".parse().unwrap(),
            value,
        });
        Entry::new(matching, Rank::new("default/route", rule, 0), rule)
    };
    let patterns = [r"a,( ?x+,)*b", r"c, ?(\w{1,30})"];
    let patterns = patterns.map(|source| ValueMatch::RegularExpression(regex(source)));
    let texts = (0..100).map(|at| ValueMatch::exact(&format!("v{at},w, x")));
    let texts = texts.chain([ValueMatch::exact("v,w")]);
    let entries: Vec<_> = patterns.into_iter().chain(texts).zip(0..).collect();
    let long = "x".repeat(5000);
    for (count, options) in [
        (1, RepeatedHeader::Combined),
        (103, RepeatedHeader::Combined),
        (103, RepeatedHeader::AnyLine),
    ] {
        let options = RouterOptions::default().with_repeated_header(options);
        let entries = entries.iter().rev().take(count).cloned();
        let entries: Vec<_> = entries.map(|(value, rule)| entry(value, rule)).collect();
        let router = Router::from_routes(options, [("route", entries)]);
        for (lines, combined) in [
            (&["v", "w"][..], Some(102)),
            (&["v7", "w, x"], Some(9)),
            (&["a", &long, "b"], Some(0)),
            (&["c", "é"], Some(1)),
            (&["none", "of", "them"], None),
        ] {
            let mut request = http::Request::get("/");
            for line in lines {
                let value = http::HeaderValue::from_bytes(line.as_bytes()).unwrap();
                request = request.header("x-env", value);
            }
            let request = request.body(()).unwrap();
            let found = router.find(&request).copied();
            if count > 1 && options.repeated_header() == RepeatedHeader::Combined {
                assert_eq!(found, combined, "{lines:.40?}");
            }
            let counted = allocation_counter::measure(|| {
                assert_eq!(router.find(&request).copied(), found);
            });
            assert_eq!(counted.count_total, 0, "{lines:.40?}");
        }
    }
}

/// Of one name a single value is asked, of another several, of all others the same one.
#[test]
fn finding_by_the_names_of_headers_never_allocates() {
    let header = |name: &str, value: &str| HeaderMatch {
        name: name.parse().unwrap(),
        value: ValueMatch::exact(value),
    };
    let entry = |rule: u32| {
        let (name, value) = match rule {
            0 => ("x-lone".to_owned(), "a,b".to_owned()),
            1..=3 => ("x-several".to_owned(), format!("a,{rule}")),
            _ => (format!("x-{rule}"), "1".to_owned()),
        };
        let mut matching = HttpMatch::default();
        matching.headers.push(header(&name, &value));
        Entry::new(matching, Rank::new("default/route", rule, 0), rule)
    };
    for repeated in [RepeatedHeader::Combined, RepeatedHeader::AnyLine] {
        let options = RouterOptions::default().with_repeated_header(repeated);
        let router = Router::from_routes(options, [("route", (0..200).map(entry))]);
        let combined = |rule| (repeated == RepeatedHeader::Combined).then_some(rule);
        for (name, lines, expected) in [
            ("x-lone", &["a,b"][..], Some(0)),
            ("X-Lone", &["a", "b"], combined(0)),
            ("x-lone", &["a"], None),
            (
                "x-lone",
                &["a,b", "c"],
                if combined(0).is_some() { None } else { Some(0) },
            ),
            ("x-several", &["a", "3"], combined(3)),
            ("x-several", &["a,2"], Some(2)),
            ("x-77", &["1"], Some(77)),
            ("x-77", &["2"], None),
        ] {
            let mut request = http::Request::get("/").header("accept", "*/*");
            for line in lines {
                request = request.header(name, *line);
            }
            let request = request.body(()).unwrap();
            let counted = allocation_counter::measure(|| {
                assert_eq!(
                    router.find(&request).copied(),
                    expected,
                    "{name}: {lines:?}"
                );
            });
            assert_eq!(counted.count_total, 0, "{name}: {lines:?}");
            let lines: Vec<_> = lines.iter().map(|line| (name, line.as_bytes())).collect();
            let view = gwapi::routing::View {
                headers: &lines,
                ..gwapi::routing::View::default()
            };
            assert_eq!(router.find(&view).copied(), expected, "{name}: {lines:?}");
            let foreign = gwapi::routing::WithHeaders {
                method: "GET",
                host: b"",
                path: "/",
                query: None,
                headers: &AsSent(&lines),
            };
            let counted = allocation_counter::measure(|| {
                assert_eq!(
                    router.find(&foreign).copied(),
                    expected,
                    "{name}: {lines:?}"
                );
            });
            assert_eq!(counted.count_total, 0, "{name}: {lines:?}");
        }
    }
}

/// Headers in a form of their own.
struct AsSent<'a>(&'a [(&'a str, &'a [u8])]);

impl gwapi::routing::HeaderLines for AsSent<'_> {
    fn lines<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        let lines = self.0.iter();
        lines
            .filter(move |(sent, _)| sent.eq_ignore_ascii_case(name))
            .map(|(_, value)| *value)
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| *name)
    }
}

/// The exception that the documentation of `Router` names.
#[test]
fn a_query_is_indexed_on_the_heap_once_if_it_has_more_than_1024_parameters() {
    let entries = (0..200).map(|rule| {
        let mut matching = HttpMatch::default();
        matching.query.push(QueryMatch {
            name: format!("name{rule}").into(),
            value: ValueMatch::exact("1"),
        });
        Entry::new(matching, Rank::new("default/route", rule, 0), rule)
    });
    let router = Router::from_routes(RouterOptions::default(), [("route", entries)]);
    for (parameters, allocations) in [(10, 0), (1_024, 0), (1_025, 1), (5_000, 1)] {
        let sent = (0..parameters).map(|at| format!("name{}=1", at + 1));
        let query = sent.collect::<Vec<_>>().join("&");
        let view = gwapi::routing::View {
            query: Some(&query),
            ..gwapi::routing::View::default()
        };
        let counted = allocation_counter::measure(|| {
            assert_eq!(router.find(&view), Some(&1));
        });
        assert_eq!(counted.count_total, allocations, "{parameters}");
    }
}

#[test]
fn finding_never_allocates_on_generated_routes_and_requests() {
    for seed in 0..40 {
        let c = &mut Random(seed << 40);
        let routes = cases::Style::new(c).routes(c);
        let router = Router::from_routes(cases::options(c), routes.clone());
        for _ in 0..50 {
            let request = cases::request(&routes, c);
            request.with(|view| {
                let expected = router.find(view);
                let counted =
                    allocation_counter::measure(|| assert_eq!(router.find(view), expected));
                assert_eq!(counted.count_total, 0, "seed {seed}: {request:?}");
            });
        }
    }
}

/// What a Gateway of these listeners with this HTTPRoute amounts to, in front of Services that have three endpoints each.
fn effective(listeners: &serde_json::Value, rules: &serde_json::Value) -> Effective {
    let service = |name: &str| {
        [
            serde_json::json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": "shop"},
                "spec": {"clusterIP": "10.0.0.1", "ports": [{"port": 80}]}}),
            serde_json::json!({"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
                "metadata": {"name": name, "namespace": "shop", "labels": {"kubernetes.io/service-name": name}},
                "ports": [{"port": 8080}],
                "endpoints": [{"addresses": ["10.1.0.1"]}, {"addresses": ["10.1.0.2"]}, {"addresses": ["10.1.0.3"]}]}),
        ]
    };
    let gateway = serde_json::json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway",
        "metadata": {"name": "edge", "namespace": "shop"},
        "spec": {"gatewayClassName": "any", "listeners": listeners}});
    let route = serde_json::json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute",
        "metadata": {"name": "route", "namespace": "shop"},
        "spec": {"parentRefs": [{"name": "edge"}], "rules": rules}});
    let objects = service("a").into_iter().chain(service("b"));
    let snapshot: Snapshot = objects
        .chain([gateway, route])
        .map(|object| manifest::decode(&object).unwrap())
        .collect();
    attachment::resolve(&snapshot, &attachment::Options::for_manifests()).effective
}

/// The table of the listener of a Gateway with this HTTPRoute.
fn table(rules: &serde_json::Value) -> Table {
    let listeners = serde_json::json!([{"name": "http", "port": 80, "protocol": "HTTP"}]);
    let effective = effective(&listeners, rules);
    let gateway = effective.gateways.get(&NamespacedName::new("shop", "edge"));
    let gateway = gateway.unwrap();
    let listener = gateway.listeners.first().unwrap();
    let endpoints = Endpoints::new(&effective);
    Table::for_listener(
        &gateway.name,
        listener,
        &endpoints,
        RouterOptions::default(),
    )
}

/// The cookie with the token that the first response for `/session` sets.
fn token(table: &Table, connection: Connection, keys: &SessionKeys) -> http::HeaderValue {
    let request = http::Request::get("/session").header("host", "shop.example");
    let request = request.body(()).unwrap().into_parts().0;
    let recalling = Some(Recalling {
        keys,
        now: SystemTime::UNIX_EPOCH,
    });
    let Begun::Exchange(mut exchange) = table.begin(request, connection, recalling) else {
        panic!("answered")
    };
    let Attempted::Attempt(attempt) = exchange.attempt(&mut Draws(&mut |_| 0), Duration::ZERO)
    else {
        panic!("answered")
    };
    let mut response = http::Response::new(()).into_parts().0;
    let nonce = &mut || [7; 12];
    let issuing = Some(Issuing { keys, nonce });
    exchange.respond(&attempt, &mut response, issuing).unwrap();
    let cookie = response.headers["set-cookie"].to_str().unwrap();
    cookie.split(';').next().unwrap().parse().unwrap()
}

fn asked(host: &str, path: &str) -> http::request::Parts {
    let request = http::Request::get(path).header("host", host);
    request.body(()).unwrap().into_parts().0
}

/// Of 64 listeners and their tables, too.
#[test]
fn deciding_at_one_of_many_listeners_never_allocates() {
    let listener = |n: usize| {
        serde_json::json!({"name": format!("l{n}"), "port": 80, "protocol": "HTTP",
        "hostname": format!("{}zone-{n}.example.com", ["*.", ""][n % 2])})
    };
    let listeners: Vec<_> = (0..64).map(listener).collect();
    let rules = serde_json::json!([{"backendRefs": [{"name": "a", "port": 80}]}]);
    let effective = effective(&listeners.into(), &rules);
    let plane = DataPlane::new(effective, RouterOptions::default());
    let Accepted::Session(session) = plane.binds().next().unwrap().accept() else {
        panic!("no session")
    };
    for host in [
        "a.zone-40.example.com",
        "A.Zone-40.example.com:80",
        "zone-41.example.com",
    ] {
        let decide = |head| {
            let received = session.begin(head, None);
            let Begun::Exchange(mut exchange) = received.begun else {
                panic!("{host} is answered")
            };
            let mut first = |_| 0;
            let attempted = exchange.attempt(&mut Draws(&mut first), Duration::ZERO);
            (received.listener, exchange, attempted)
        };
        decide(asked(host, "/"));
        let (head, mut ended) = (asked(host, "/"), None);
        let counted = allocation_counter::measure(|| ended = Some(decide(head)));
        let (listener, _, attempted) = ended.unwrap();
        assert!(matches!(attempted, Attempted::Attempt(_)));
        assert_eq!(
            listener.unwrap().name,
            if host.starts_with('z') { "l41" } else { "l40" }
        );
        assert_eq!(counted.count_total, 0, "{host}");
    }
}

/// The location, the map of the headers, and what makes the location cheap to clone.
#[test]
fn a_redirect_takes_at_most_four_allocations() {
    let redirect = |filter: serde_json::Value| {
        serde_json::json!({
        "matches": [{"path": {"value": format!("/{}", filter["name"].as_str().unwrap())}}],
        "filters": [{"type": "RequestRedirect", "requestRedirect": filter["redirect"]}]})
    };
    let table = table(&serde_json::json!([
        redirect(serde_json::json!({"name": "scheme", "redirect": {"scheme": "https"}})),
        redirect(
            serde_json::json!({"name": "prefix", "redirect": {"scheme": "https",
            "path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/new"}}})
        ),
        redirect(
            serde_json::json!({"name": "full", "redirect": {"hostname": "other.example", "port": 8443,
            "path": {"type": "ReplaceFullPath", "replaceFullPath": "/all"}}})
        ),
    ]));
    let connection = Connection {
        scheme: Scheme::Http,
        port: 80,
    };
    for (path, expected) in [
        ("/scheme/a?b=c", "https://shop.example/scheme/a?b=c"),
        ("/prefix/a?b=c", "https://shop.example/new/a?b=c"),
        ("/full/a?b=c", "http://other.example:8443/all?b=c"),
    ] {
        let head = asked("Shop.example:80", path);
        let mut response = None;
        let counted = allocation_counter::measure(|| {
            let Begun::Exchange(mut exchange) = table.begin(head, connection, None) else {
                panic!("no rule")
            };
            let mut first = |_| 0;
            if let Attempted::Answer(answer) =
                exchange.attempt(&mut Draws(&mut first), Duration::ZERO)
            {
                response = Some(answer.into_response());
            }
        });
        let response = response.unwrap();
        assert_eq!(response.headers()["location"], expected);
        assert!(counted.count_total <= 4, "{path}: {}", counted.count_total);
    }
}

/// Names and values are made when the rule is compiled, and the map of the request has room.
#[test]
fn filters_that_set_headers_never_allocate() {
    let set = |name: &str| serde_json::json!({"name": name, "value": "v"});
    let names = ["x-one", "x-two", "x-three"];
    let table = table(&serde_json::json!([{
        "filters": [{"type": "RequestHeaderModifier", "requestHeaderModifier": {"set": names.map(set)}}],
        "backendRefs": [{"name": "a", "port": 80}]}]));
    let connection = Connection {
        scheme: Scheme::Http,
        port: 80,
    };
    let decide = |head| {
        let Begun::Exchange(mut exchange) = table.begin(head, connection, None) else {
            panic!("no rule")
        };
        let mut first = |_| 0;
        let attempted = exchange.attempt(&mut Draws(&mut first), Duration::ZERO);
        (exchange, attempted)
    };
    decide(asked("shop.example", "/"));
    let (head, mut ended) = (asked("shop.example", "/"), None);
    let counted = allocation_counter::measure(|| ended = Some(decide(head)));
    assert_eq!(ended.unwrap().0.head().headers.len(), 4);
    assert_eq!(counted.count_total, 0);
}

#[test]
fn deciding_never_allocates_where_nothing_is_mirrored_or_rewritten() {
    let table = table(&serde_json::json!([
        {"matches": [{"path": {"value": "/plain"}}], "backendRefs": [{"name": "a", "port": 80}]},
        {"matches": [{"path": {"value": "/split"}}],
            "backendRefs": [{"name": "a", "port": 80, "weight": 9}, {"name": "b", "port": 80}]},
        {"matches": [{"path": {"value": "/socket"}, "headers": [{"name": "upgrade", "value": "websocket"}]}],
            "backendRefs": [{"name": "a", "port": 80}]},
        {"matches": [{"path": {"value": "/remove"}}],
            "filters": [{"type": "RequestHeaderModifier", "requestHeaderModifier": {"remove": ["x-gone"]}}],
            "backendRefs": [{"name": "a", "port": 80}]},
        {"matches": [{"path": {"value": "/session"}}], "sessionPersistence": {"sessionName": "SID"},
            "backendRefs": [{"name": "a", "port": 80}]},
    ]));
    let keys = SessionKeys::new(SessionKey::from([7; 16]));
    let recalling = Some(Recalling {
        keys: &keys,
        now: SystemTime::UNIX_EPOCH,
    });
    let connection = Connection {
        scheme: Scheme::Http,
        port: 80,
    };
    // The cookie of a client that has asked for `/session` before.
    let token = token(&table, connection, &keys);
    for (path, cookie) in [
        ("/plain", None),
        ("/split", None),
        ("/socket", None),
        ("/remove", None),
        ("/session", None),
        ("/session", Some(&token)),
    ] {
        for (name, value) in [
            ("connection", "keep-alive"),
            ("connection", "Upgrade, x-own"),
            ("te", "trailers"),
            ("te", "gzip"),
            ("content-type", "application/grpc"),
        ] {
            let mut request = http::Request::get(path)
                .header("host", "shop.example:80")
                .header("keep-alive", "timeout=5")
                .header("upgrade", "websocket")
                .header("x-own", "1")
                .header("x-gone", "1")
                .header(name, value)
                .body(())
                .unwrap()
                .into_parts()
                .0;
            if let Some(cookie) = cookie {
                request.headers.insert("cookie", cookie.clone());
            }
            let decide = |request: http::request::Parts| {
                let Begun::Exchange(mut exchange) = table.begin(request, connection, recalling)
                else {
                    panic!("answered")
                };
                let mut last = |below: u64| below - 1;
                let attempted = exchange.attempt(&mut Draws(&mut last), Duration::ZERO);
                let Attempted::Attempt(attempt) = attempted else {
                    panic!("answered")
                };
                (exchange, attempt)
            };
            // The first request to a backend prepares the choice among its endpoints.
            decide(request.clone());
            let mut ended = None;
            let counted = allocation_counter::measure(|| ended = Some(decide(request)));
            let (exchange, attempt) = ended.unwrap();
            assert_eq!(attempt.by_session, cookie.is_some(), "{path} {name}");
            assert_eq!(exchange.session().is_some(), path == "/session", "{path}");
            assert_eq!(counted.count_total, 0, "{path} {cookie:?} {name}: {value}");
        }
    }
}

/// What is allocated when one of so many routes changes: by the resolver, and for the tables that follow.
fn allocated_by_one_change(routes: usize) -> [allocation_counter::AllocationInfo; 2] {
    let gateway = serde_json::json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway",
        "metadata": {"name": "edge", "namespace": "shop"},
        "spec": {"gatewayClassName": "any", "listeners": [{"name": "http", "port": 80, "protocol": "HTTP"}]}});
    let service = |at: usize| {
        serde_json::json!({"apiVersion": "v1", "kind": "Service",
        "metadata": {"name": format!("s{at}"), "namespace": "shop"}, "spec": {"ports": [{"port": 80}]}})
    };
    let route = |at: usize, domain: &str| {
        let route = serde_json::json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute",
            "metadata": {"name": format!("r{at}"), "namespace": "shop"},
            "spec": {"parentRefs": [{"name": "edge"}], "hostnames": [format!("h{at}.{domain}")],
                "rules": [{"backendRefs": [{"name": format!("s{at}"), "port": 80}]}]}});
        manifest::decode(&route).unwrap()
    };
    let others = (0..routes).map(|at| manifest::decode(&service(at)).unwrap());
    let all = (0..routes).map(|at| route(at, "example"));
    let snapshot: Snapshot = all
        .chain(others)
        .chain([manifest::decode(&gateway).unwrap()])
        .collect();
    let options = attachment::Options::for_manifests().with_release(gwapi::meta::Release::V1_7_0);
    let mut resolver = attachment::Resolver::with_snapshot(snapshot, options);
    resolver.update();
    let plane = DataPlane::new(
        resolver.resolution().effective.clone(),
        RouterOptions::default(),
    );
    let find = |plane: &DataPlane, host: String| {
        let Accepted::Session(session) = plane.binds().next().unwrap().accept() else {
            return false;
        };
        matches!(
            session.begin(asked(&host, "/"), None).begun,
            Begun::Exchange(_)
        )
    };
    let middle = routes / 2;
    assert!(find(&plane, format!("h{middle}.example")));
    let changed = route(middle, "other");
    let resolved = allocation_counter::measure(|| {
        resolver.insert(changed);
        resolver.update();
    });
    let mut next = None;
    let followed = allocation_counter::measure(|| {
        next = Some(plane.next(resolver.resolution().effective.clone()).0);
    });
    let next = next.unwrap();
    assert!(find(&next, format!("h{middle}.other")) && !find(&next, format!("h{middle}.example")));
    assert!(find(&next, format!("h{}.example", middle + 1)));
    [resolved, followed]
}

/// The lists of routes and of Services share what does not change, and so do the tables: a list of pointers to the routes alone
/// would be 48 000 bytes more. What is copied of a hash table is a leaf, whose size differs by the seed of the hashes.
#[test]
fn a_change_of_one_route_copies_no_list_of_all_routes() {
    let few = allocated_by_one_change(2_000);
    let many = allocated_by_one_change(8_000);
    for (few, many) in few.into_iter().zip(many) {
        assert!(many.count_total <= few.count_total + 32, "{few:?} {many:?}");
        assert!(
            many.bytes_total <= few.bytes_total + 32_768,
            "{few:?} {many:?}"
        );
    }
}
