//! What no request reaches, and redirects without end.

use super::*;

fn gateway_of(hostname: &Value) -> Value {
    gateway(&json!([{"name": "web", "port": 80, "protocol": "HTTP", "hostname": hostname}]))
}

/// Gateway `spec.listeners`, "listener isolation": each host of a route is judged by itself.
#[test]
fn a_host_that_belongs_to_a_listener_without_the_route_is_named_beside_hosts_that_are_served() {
    let gateway = gateway(&json!([
        {"name": "wide", "port": 80, "protocol": "HTTP", "hostname": "*.test"},
        {"name": "lab", "port": 80, "protocol": "HTTP", "hostname": "*.lab.test"},
    ]));
    let at = |parents: &Value| {
        let subject = route(&json!({
            "parentRefs": parents, "hostnames": ["a.lab.test", "b.test"],
            "rules": [{"filters": [{"type": "RequestRedirect", "requestRedirect": {"hostname": "b.org"}}]}],
        }));
        judged(&[&gateway, &subject]).remove(1)
    };
    let wide = json!({"name": "gw", "sectionName": "wide"});
    assert_eq!(
        at(&json!([wide])),
        [(
            "Route/reached",
            "spec.hostnames".to_owned(),
            "no request for `a.lab.test` reaches the route at listener `wide` of Gateway `default/gw`: that host belongs \
             to listener `lab`"
                .to_owned()
        )]
    );
    assert_eq!(at(&json!([wide, {"name": "gw", "sectionName": "lab"}])), []);
}

#[test]
fn the_second_route_for_the_same_requests_is_never_reached() {
    let gateway = gateway(&json!([{"name": "web", "port": 80, "protocol": "HTTP"}]));
    let redirect = json!([{"filters": [{"type": "RequestRedirect", "requestRedirect": {"hostname": "b.org"}}]}]);
    let spec =
        json!({"parentRefs": [{"name": "gw"}], "hostnames": ["shop.test"], "rules": redirect});
    let (mut owner, mut intruder) = (route(&spec), route(&spec));
    owner["metadata"]["name"] = json!("owner");
    intruder["metadata"]["name"] = json!("the-intruder");
    let found = judged(&[&gateway, &owner, &intruder]);
    assert_eq!((found[0].len(), found[1].len()), (0, 0));
    assert_eq!(
        found[2],
        [(
            "RouteRules/no-dead-match",
            "spec.rules[0]".to_owned(),
            "never reached: HTTPRoute default/owner takes the same requests and goes first: neither has a creationTimestamp, \
             and `default/owner` sorts before `default/the-intruder`; in a cluster the older one goes first"
                .to_owned()
        )]
    );
    // The route that names the more specific hostname goes first, whatever a listener makes of both.
    let narrow = gateway_of(&json!("*.shop.test"));
    let (mut wide, mut any) = (owner.clone(), intruder.clone());
    wide["spec"]["hostnames"] = json!(["*.test"]);
    any["spec"]["hostnames"] = json!([]);
    let found = judged(&[&narrow, &wide, &any]);
    assert_eq!(
        found[2][0].2,
        "never reached: HTTPRoute default/owner takes the same requests and goes first: its hostname `*.test` is more \
         specific than none"
    );
    // On hosts of their own both are reached, and only there.
    intruder["spec"]["hostnames"] = json!(["other.test", "shop.test"]);
    let found = judged(&[&gateway, &owner, &intruder]);
    assert_eq!((found[0].len(), found[1].len()), (0, 0));
    assert_eq!(
        found[2],
        [(
            "Route/reached",
            "spec.hostnames[1]".to_owned(),
            "no request for `shop.test` reaches the route at listener `web` of Gateway `default/gw`: HTTPRoute default/owner \
             takes all of them and goes first: neither has a creationTimestamp, and `default/owner` sorts before \
             `default/the-intruder`; in a cluster the older one goes first"
                .to_owned()
        )]
    );
    // The older one wins, whatever the names are.
    intruder["spec"]["hostnames"] = json!(["shop.test"]);
    intruder["metadata"]["creationTimestamp"] = json!("2024-01-01T00:00:00Z");
    let found = judged(&[&gateway, &owner, &intruder]);
    assert_eq!((found[1].len(), found[2].len()), (1, 0));
}

#[test]
fn a_catch_all_pattern_takes_what_stands_below_it_and_a_catch_all_prefix_does_not() {
    let gateway = gateway(&json!([{"name": "web", "port": 80, "protocol": "HTTP"}]));
    let set = |first: &Value, second: &Value| {
        let rule = |path: &Value| {
            json!({"matches": [{"path": path}],
                "filters": [{"type": "RequestRedirect", "requestRedirect": {"hostname": "b.org"}}]})
        };
        let subject =
            route(&json!({"parentRefs": [{"name": "gw"}], "rules": [rule(first), rule(second)]}));
        rules(&[&gateway, &subject])
    };
    let pattern = |value: &str| json!({"type": "RegularExpression", "value": value});
    let prefix = |value: &str| json!({"type": "PathPrefix", "value": value});
    assert_eq!(set(&pattern("/item/[0-9]+"), &prefix("/")), []);
    let dead = |rule: usize| {
        (
            "RouteRules/no-dead-match",
            format!("spec.rules[{rule}].matches[0]"),
        )
    };
    assert_eq!(set(&prefix("/shop"), &pattern("(?i)/(.*)")), [dead(0)]);
    assert_eq!(set(&prefix("/shop"), &prefix("/shop/")), [dead(1)]);
}

#[test]
fn a_redirect_that_comes_back_to_itself_is_a_loop() {
    let http = json!({"name": "http", "port": 80, "protocol": "HTTP"});
    let https = json!({"name": "https", "port": 443, "protocol": "HTTPS", "tls": {"options": {"example.com/x": "y"}}});
    let both = gateway(&json!([http, https]));
    let redirect = |parent: &Value, redirect: &Value| {
        let filters = json!([{"type": "RequestRedirect", "requestRedirect": redirect}]);
        route(
            &json!({"parentRefs": [parent], "hostnames": ["a.test"], "rules": [{"filters": filters}]}),
        )
    };
    let loops = |gateway: &Value, subject: &Value| judged(&[gateway, subject])[1].clone();
    let to_https = json!({"scheme": "https", "statusCode": 301});
    assert_eq!(
        loops(&both, &redirect(&json!({"name": "gw"}), &to_https)),
        [(
            "HTTPRequestRedirectFilter/no-loop",
            "spec.rules[0].filters[0].requestRedirect".to_owned(),
            "a client that asks for `https://a.test/` is sent there again, and so on without end"
                .to_owned()
        )]
    );
    assert_eq!(
        loops(
            &both,
            &redirect(&json!({"name": "gw", "sectionName": "http"}), &to_https)
        ),
        []
    );
    // Nobody listens for HTTPS: it may end before the Gateway.
    let found = loops(
        &gateway(&json!([http])),
        &redirect(&json!({"name": "gw"}), &to_https),
    );
    assert_eq!(found[0].0, "HTTPRequestRedirectFilter/leads-to-listener");
    assert_eq!(
        found[0].2,
        "clients are sent to `https://a.test/`, and no Gateway of the set listens on port 443"
    );
    // Another host may be anywhere, whatever its port is.
    let outside = json!({"hostname": "b.test", "port": 8443});
    assert_eq!(
        loops(&both, &redirect(&json!({"name": "gw"}), &outside)),
        []
    );
    // Where a host that nothing names leads is not known.
    let elsewhere = json!({"hostname": "b.test"});
    let mut any_host = redirect(&json!({"name": "gw", "sectionName": "http"}), &elsewhere);
    any_host["spec"]["hostnames"] = json!([]);
    assert_eq!(loops(&both, &any_host), []);
    any_host["spec"]["hostnames"] = json!(["*.test"]);
    assert_eq!(
        loops(&both, &any_host)[0].2,
        "a client that asks for `http://b.test/` is sent there again, and so on without end"
    );
    let deeper = json!({"path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/a"}});
    let found = loops(
        &both,
        &redirect(&json!({"name": "gw", "sectionName": "http"}), &deeper),
    );
    assert_eq!(
        found[0].2,
        "the rule redirects to itself without end: `http://a.test/`, `http://a.test/a/`, `http://a.test/a/a/`, and so on"
    );
}

#[test]
fn a_route_whose_hosts_belong_to_a_more_specific_listener_is_not_reached() {
    let gateway = gateway(&json!([
        {"name": "all", "port": 80, "protocol": "HTTP"},
        {"name": "one", "port": 80, "protocol": "HTTP", "hostname": "a.test"},
    ]));
    let rule = json!([{"filters": [{"type": "RequestRedirect", "requestRedirect": {"hostname": "b.org"}}]}]);
    let at = |section: &Value| {
        let mut parent = json!({"name": "gw"});
        if !section.is_null() {
            parent["sectionName"] = section.clone();
        }
        route(&json!({"parentRefs": [parent], "hostnames": ["a.test"], "rules": rule}))
    };
    let path = "spec.parentRefs".to_owned();
    assert_eq!(
        rules(&[&gateway, &at(&json!("all"))]),
        [("Route/reached", path)]
    );
    assert_eq!(rules(&[&gateway, &at(&json!("one"))]), []);
    assert_eq!(rules(&[&gateway, &at(&Value::Null)]), []);
}

/// Whose hosts they are is decided before routes compete, so that each of several routes is told the same.
#[test]
fn each_route_whose_hosts_belong_to_a_more_specific_listener_is_told_so() {
    let gateway = gateway(&json!([
        {"name": "all", "port": 80, "protocol": "HTTP"},
        {"name": "one", "port": 80, "protocol": "HTTP", "hostname": "a.test"},
    ]));
    let at = |name: &str| {
        let mut route = route(&json!({
            "parentRefs": [{"name": "gw", "sectionName": "all"}], "hostnames": ["a.test"],
            "rules": [{"filters": [{"type": "RequestRedirect", "requestRedirect": {"hostname": "b.org"}}]}],
        }));
        route["metadata"]["name"] = name.into();
        route
    };
    let found = judged(&[&gateway, &at("a"), &at("b"), &at("c")]);
    for of_route in &found[1..] {
        assert_eq!(of_route, &found[1]);
        assert_eq!(of_route.len(), 1);
        assert_eq!(of_route[0].0, "Route/reached");
    }
}

/// TCPRoute: a listener has one stream of connections, which the oldest route takes, by its first rule.
#[test]
fn what_stands_behind_the_first_tcp_route_or_rule_is_never_reached() {
    let gateway = gateway(&json!([{"name": "tcp", "port": 5432, "protocol": "TCP"}]));
    let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"}, "spec": {"ports": [{"port": 80}]}});
    let tcp = |name: &str, rules: usize| {
        let rule = json!({"backendRefs": [{"name": "s", "port": 80}]});
        json!({
            "apiVersion": "gateway.networking.k8s.io/v1alpha2", "kind": "TCPRoute", "metadata": {"name": name},
            "spec": {"parentRefs": [{"name": "gw"}], "rules": vec![rule; rules]},
        })
    };
    let found = judged(&[&gateway, &service, &tcp("a", 2), &tcp("b", 1)]);
    assert_eq!(
        found[2],
        [(
            "RouteRules/no-dead-match",
            "spec.rules[1]".to_owned(),
            "never reached: the first rule takes every connection".to_owned()
        )]
    );
    assert_eq!(
        found[3],
        [(
            "ParentReference/accepted",
            "spec.parentRefs[0]".to_owned(),
            "rejected at listener `tcp`: TCPRoute default/a takes every connection and goes first: neither has a creationTimestamp, and \
             `default/a` sorts before `default/b`; in a cluster the older one goes first"
                .to_owned()
        )]
    );
}

/// TLSRoute `hostnames`: of two routes for one name the older one takes its connections.
#[test]
fn the_second_tls_route_of_a_name_is_never_reached() {
    let gateway = gateway(&json!([
        {"name": "tls", "port": 443, "protocol": "TLS", "tls": {"mode": "Passthrough"}},
    ]));
    let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"}, "spec": {"ports": [{"port": 80}]}});
    let tls = |name: &str, hostnames: &Value| {
        json!({
            "apiVersion": "gateway.networking.k8s.io/v1alpha2", "kind": "TLSRoute", "metadata": {"name": name},
            "spec": {"parentRefs": [{"name": "gw"}], "hostnames": hostnames,
                "rules": [{"backendRefs": [{"name": "s", "port": 80}]}]},
        })
    };
    let found = |second: &Value| {
        let first = tls("a", &json!(["a.test", "*.wide.test"]));
        rules(&[&gateway, &service, &first, &tls("b", second)])
    };
    let dead = ("ParentReference/accepted", "spec.parentRefs[0]".to_owned());
    assert_eq!(found(&json!(["a.test"])), std::slice::from_ref(&dead));
    assert_eq!(found(&json!(["*.wide.test"])), [dead]);
    assert_eq!(found(&json!(["b.wide.test"])), []);
    let lost = ("Route/reached", "spec.hostnames[0]".to_owned());
    assert_eq!(found(&json!(["a.test", "b.test"])), [lost]);
    assert_eq!(found(&json!([])), []);
}

/// Routes of a Service compete where they have the same clients and the same port (GEP-1426).
#[test]
fn in_a_mesh_routes_compete_for_the_same_clients_and_port() {
    let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s", "namespace": "shop"},
        "spec": {"clusterIP": "10.0.0.1", "ports": [{"name": "a", "port": 80}, {"name": "b", "port": 81}]}});
    let mesh = |name: &str, namespace: &str, port: &Value| {
        let mut parent = json!({"group": "", "kind": "Service", "name": "s", "namespace": "shop"});
        if !port.is_null() {
            parent["port"] = port.clone();
        }
        let mut made = route(&json!({
            "parentRefs": [parent],
            "rules": [{"filters": [{"type": "RequestRedirect", "requestRedirect": {"hostname": "b.org"}}]}],
        }));
        made["metadata"] = json!({"name": name, "namespace": namespace});
        made
    };
    let second = |first: &Value, second: &Value| judged(&[&service, first, second])[2].clone();
    let all = Value::Null;
    let (at_80, at_81) = (json!(80), json!(81));
    let found = second(&mesh("a", "shop", &all), &mesh("b", "shop", &at_80));
    assert_eq!(found[0].0, "RouteRules/no-dead-match");
    // At port 81 the second one is reached.
    let found = second(&mesh("a", "shop", &at_80), &mesh("b", "shop", &all));
    assert_eq!(found[0].0, "Route/reached");
    assert!(
        found[0].2.contains("port 80 of Service `shop/s`"),
        "{found:?}"
    );
    assert_eq!(
        second(&mesh("a", "shop", &at_80), &mesh("b", "shop", &at_81)),
        []
    );
    assert_eq!(
        second(&mesh("a", "shop", &all), &mesh("b", "own", &all)),
        []
    );
}

/// HTTPPathMatch: an Exact path is matched as it stands, and of a prefix "a trailing `/` is ignored".
#[test]
fn an_exact_path_with_a_slash_at_its_end_is_another_path() {
    let gateway = gateway(&json!([{"name": "web", "port": 80, "protocol": "HTTP"}]));
    let of = |paths: [(&str, &str); 2]| {
        let rule = |(kind, value): (&str, &str)| {
            json!({
                "matches": [{"path": {"type": kind, "value": value}}],
                "filters": [{"type": "RequestRedirect", "requestRedirect": {"hostname": "b.org"}}],
            })
        };
        let subject = route(&json!({"parentRefs": [{"name": "gw"}], "rules": paths.map(rule)}));
        let found = rules(&[&gateway, &subject]);
        let paths: Vec<String> = found.into_iter().map(|(_, path)| path).collect();
        paths
    };
    for paths in [
        [("Exact", "/a"), ("Exact", "/a/")],
        [("Exact", "/a/"), ("Exact", "/a")],
        [("PathPrefix", "/a"), ("Exact", "/a/")],
        [("Exact", "/a"), ("PathPrefix", "/a/")],
    ] {
        assert_eq!(of(paths), [""; 0], "{paths:?}");
    }
    for paths in [
        [("Exact", "/a/"), ("Exact", "/a/")],
        [("PathPrefix", "/a"), ("PathPrefix", "/a/")],
        [("PathPrefix", "/a/"), ("PathPrefix", "/a")],
    ] {
        assert_eq!(of(paths), ["spec.rules[1].matches[0]"], "{paths:?}");
    }
}
