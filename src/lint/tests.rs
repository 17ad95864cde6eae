use super::*;
use crate::{meta::Channel, rules::Severity, validation};
use serde_json::{Value, json};

fn route(spec: &Value) -> Value {
    json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute",
        "metadata": {"name": "a"}, "spec": spec,
    })
}

fn gateway(listeners: &Value) -> Value {
    json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway",
        "metadata": {"name": "gw"},
        "spec": {"gatewayClassName": "c", "listeners": listeners},
    })
}

/// The warnings of each object of a set, as rule, path and message.
fn judged(objects: &[&Value]) -> Vec<Vec<(&'static str, String, String)>> {
    judge_set(
        objects,
        &validation::ValidationOptions::new(Channel::Experimental),
    )
    .map(|report| {
        report
            .findings()
            .iter()
            .filter(|f| f.severity() == Severity::Warning)
            .map(|f| (f.rule(), f.path().to_owned(), f.message().to_owned()))
            .collect()
    })
    .collect()
}

fn rules(objects: &[&Value]) -> Vec<(&'static str, String)> {
    let all = judged(objects).into_iter().flatten();
    all.map(|(rule, path, _)| (rule, path)).collect()
}

#[test]
fn references_of_a_set_are_followed() {
    let gateway = gateway(&json!([
        {"name": "web", "port": 80, "protocol": "HTTP", "hostname": "*.example.com"},
    ]));
    let service = json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "s", "namespace": "other"},
        "spec": {"ports": [{"port": 8080}]},
    });
    let mut grant = json!({
        "apiVersion": "gateway.networking.k8s.io/v1beta1", "kind": "ReferenceGrant",
        "metadata": {"name": "g", "namespace": "other"},
        "spec": {
            "from": [{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "namespace": "default"}],
            "to": [{"group": "", "kind": "Service"}],
        },
    });
    let subject = route(&json!({
        "hostnames": ["example.com"],
        "parentRefs": [{"name": "gw"}, {"name": "gw", "sectionName": "tls"}, {"name": "none"}],
        "rules": [{"backendRefs": [
            {"name": "s", "namespace": "other", "port": 80},
            {"name": "t", "port": 80},
        ]}],
    }));
    let judged = |grant: &Value| rules(&[&gateway, &service, grant, &subject]);
    let mut expected = vec![
        ("Route/hostnames-meet-listener", "spec.hostnames".to_owned()),
        (
            "ParentReference/listener-exists",
            "spec.parentRefs[1].sectionName".to_owned(),
        ),
        (
            "ParentReference/parent-exists",
            "spec.parentRefs[2]".to_owned(),
        ),
        (
            "BackendReference/port-exists",
            "spec.rules[0].backendRefs[0].port".to_owned(),
        ),
        (
            "BackendReference/backend-exists",
            "spec.rules[0].backendRefs[1]".to_owned(),
        ),
    ];
    assert_eq!(judged(&grant), expected);
    grant["metadata"]["namespace"] = json!("default");
    expected.insert(
        3,
        (
            "Reference/granted",
            "spec.rules[0].backendRefs[0].namespace".to_owned(),
        ),
    );
    assert_eq!(judged(&grant), expected);
    // A lone object is not a set.
    assert_eq!(rules(&[&subject]), []);
}

#[test]
fn a_set_is_judged_in_time_however_many_references_and_grants_it_has() {
    let objects: Vec<Value> = (0..20_000)
        .flat_map(|n| {
            let grant = json!({
                "apiVersion": "gateway.networking.k8s.io/v1beta1", "kind": "ReferenceGrant",
                "metadata": {"name": format!("g{n}"), "namespace": "far"},
                "spec": {
                    "from": [{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "namespace": "near"}],
                    "to": [{"group": "", "kind": "Service", "name": format!("s{n}")}],
                },
            });
            let mut from = route(&json!({"rules": [{"backendRefs": [
                {"name": format!("s{n}"), "namespace": "far", "port": 80}, {"name": "t", "namespace": "far", "port": 80},
            ]}]}));
            from["metadata"] = json!({"name": format!("r{n}"), "namespace": "near"});
            [grant, from]
        })
        .collect();
    let objects: Vec<_> = objects.iter().collect();
    let begin = std::time::Instant::now();
    let options = validation::ValidationOptions::new(Channel::Standard);
    let reports: Vec<Report> = judge_set(&objects, &options).collect();
    assert!(
        begin.elapsed() < std::time::Duration::from_secs(60),
        "{:?}",
        begin.elapsed()
    );
    let refused = reports
        .iter()
        .flat_map(Report::findings)
        .filter(|f| f.rule() == "Reference/granted");
    assert_eq!(refused.count(), 20_000);
}

/// In a mesh a route needs no ReferenceGrant (GEP-1426), and lint asks attachment (`needs_grant`).
#[test]
fn a_mesh_route_needs_no_grant() {
    let service = |name: &str, namespace: &str| {
        json!({
            "apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": namespace},
            "spec": {"clusterIP": "10.0.0.1", "ports": [{"port": 80}]},
        })
    };
    let mut mesh = route(&json!({
        "parentRefs": [{"group": "", "kind": "Service", "name": "cart", "port": 80}],
        "rules": [{"backendRefs": [{"name": "other", "namespace": "elsewhere", "port": 80}]}],
    }));
    mesh["metadata"]["namespace"] = json!("shop");
    let (cart, other) = (service("cart", "shop"), service("other", "elsewhere"));
    assert_eq!(rules(&[&cart, &other, &mesh]), []);
}

/// GatewayTLSConfig `mode`: `certificateRefs` "is ignored in this mode" (Passthrough).
#[test]
fn what_passthrough_ignores_is_not_looked_for() {
    let other = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "other"}, "type": "Opaque"});
    let listener = |mode: &str| {
        gateway(&json!([{"name": "t", "port": 443, "protocol": "TLS",
            "tls": {"mode": mode, "certificateRefs": [{"name": "missing"}]}}]))
    };
    let ignored = "GatewayTLSConfig/passthrough-ignores-certificates";
    let refs = "spec.listeners[0].tls.certificateRefs".to_owned();
    assert_eq!(
        rules(&[&listener("Passthrough"), &other]),
        [(ignored, refs)]
    );
    let path = "spec.listeners[0].tls.certificateRefs[0]".to_owned();
    let missing = ("SecretObjectReference/certificate-exists", path);
    assert_eq!(rules(&[&listener("Terminate"), &other]), [missing]);
    let through = gateway(
        &json!([{"name": "t", "port": 443, "protocol": "TLS", "tls": {
            "mode": "Passthrough",
            "frontendValidation": {"caCertificateRefs": [{"group": "", "kind": "ConfigMap", "name": "missing"}]},
        }}]),
    );
    let validation = "spec.listeners[0].tls.frontendValidation".to_owned();
    assert_eq!(rules(&[&through, &other]), [(ignored, validation)]);
}

/// Whatever a route answers with 500 for a reference, validation names: HTTPRoute `backendRefs` and `filters[].type`.
#[test]
fn every_backend_and_filter_that_attachment_refuses_is_named() {
    let gateway = gateway(&json!([{"name": "web", "port": 80, "protocol": "HTTP"}]));
    let import = json!({
        "apiVersion": "multicluster.x-k8s.io/v1alpha1", "kind": "ServiceImport", "metadata": {"name": "si"},
        "spec": {"type": "ClusterSetIP", "ips": ["10.1.2.3"], "ports": [{"port": 80}]},
    });
    let extension = json!([{"type": "ExtensionRef", "extensionRef": {"group": "x.io", "kind": "Limit", "name": "l"}}]);
    let subject = |kind: &str| {
        let at = |path: &str| {
            json!([if kind == "HTTPRoute" {
                json!({"path": {"value": format!("/{path}")}})
            } else {
                json!({"method": {"service": path}})
            }])
        };
        let good = json!({"group": "multicluster.x-k8s.io", "kind": "ServiceImport", "name": "si", "port": 80});
        let mut filtered = good.clone();
        filtered["filters"] = extension.clone();
        json!({
            "apiVersion": "gateway.networking.k8s.io/v1", "kind": kind, "metadata": {"name": "a"},
            "spec": {"parentRefs": [{"name": "gw"}], "rules": [
                {"matches": at("a"), "backendRefs": [good]},
                {"matches": at("b"), "backendRefs": [{"group": "multicluster.x-k8s.io", "kind": "ServiceImport", "name": "si"}]},
                {"matches": at("c"), "backendRefs": [{"group": "x.io", "kind": "Foo", "name": "f"}]},
                {"matches": at("d"), "backendRefs": [filtered]},
                {"matches": at("e"), "backendRefs": [good], "filters": extension},
            ]},
        })
    };
    for kind in ["HTTPRoute", "GRPCRoute"] {
        let found = judged(&[&gateway, &import, &subject(kind)]);
        let of = |rule: &'static str, path: &str, message: &str| {
            (rule, format!("spec.{path}"), message.to_owned())
        };
        let usable = "BackendReference/backend-usable";
        let filter = "LocalObjectReference/filter-supported";
        let why = "the filter `ExtensionRef` cannot be applied: Limit.x.io `l` is not a filter that is supported";
        assert_eq!(
            found[2],
            [
                of(
                    usable,
                    "rules[1].backendRefs[0]",
                    "no port of ServiceImport default/si is named"
                ),
                of(
                    usable,
                    "rules[2].backendRefs[0]",
                    "kind Foo.x.io cannot be a backend: expected Service or ServiceImport"
                ),
                of(
                    filter,
                    "rules[3].backendRefs[0].filters[0].extensionRef",
                    why
                ),
                of(filter, "rules[4].filters[0].extensionRef", why),
            ]
        );
    }
}

/// A listener without a hostname serves every host.
#[test]
fn a_listener_without_hostname_meets_every_route() {
    let gateway = gateway(&json!([{"name": "web", "port": 80, "protocol": "HTTP"}]));
    let subject = route(&json!({
        "hostnames": ["example.com"], "parentRefs": [{"name": "gw"}],
        "rules": [{"filters": [{"type": "RequestRedirect", "requestRedirect": {"hostname": "elsewhere.org"}}]}],
    }));
    assert_eq!(rules(&[&gateway, &subject]), []);
}

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
    // On hosts of their own both are reached.
    intruder["spec"]["hostnames"] = json!(["other.test", "shop.test"]);
    assert_eq!(rules(&[&gateway, &owner, &intruder]), []);
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

#[test]
fn findings_of_an_older_version_name_the_fields_of_that_version() {
    let policy = json!({
        "apiVersion": "gateway.networking.k8s.io/v1alpha2", "kind": "BackendTLSPolicy", "metadata": {"name": "p"},
        "spec": {
            "targetRef": {"group": "", "kind": "Service", "name": "s"},
            "tls": {"hostname": "a.b", "caCertRefs": [{"group": "", "kind": "ConfigMap", "name": "ca"}]},
        },
    });
    let other = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "n"}});
    let found: Vec<_> = rules(&[&policy, &other])
        .into_iter()
        .filter(|(rule, _)| rule.ends_with("exists"))
        .collect();
    assert_eq!(
        found,
        [
            (
                "PolicyTargetReference/target-exists",
                "spec.targetRef".to_owned()
            ),
            (
                "CACertificateReference/certificate-exists",
                "spec.tls.caCertRefs[0]".to_owned()
            ),
        ]
    );
}

/// Of a Service with many ports each reference looks at those of its number only.
#[test]
fn references_to_a_service_of_many_ports_cost_no_more_than_to_one_of_few() {
    let work = |ports: usize| {
        let ports: Vec<_> = (1..=ports)
            .map(|n| json!({"port": n, "name": format!("p{n}")}))
            .collect();
        let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"}, "spec": {"ports": ports}});
        let backends: Vec<_> = (1..=16).map(|n| json!({"name": "s", "port": n})).collect();
        let subject = route(&json!({"rules": [{"backendRefs": backends}]}));
        crate::attachment::ports_looked_at();
        let found = rules(&[&service, &subject]);
        assert!(
            found.iter().all(|(rule, _)| *rule == "Route/has-parent"),
            "{found:?}"
        );
        crate::attachment::ports_looked_at()
    };
    let (few, many) = (work(16), work(4_096));
    assert!(few > 0 && many == few, "{few} {many}");
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
    assert_eq!(found(&json!(["a.test", "b.test"])), []);
    assert_eq!(found(&json!([])), []);
}

/// Routes of a Service compete where they have the same clients and the same port (GEP-1426).
#[test]
fn in_a_mesh_routes_compete_for_the_same_clients_and_port() {
    let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s", "namespace": "shop"},
        "spec": {"clusterIP": "10.0.0.1", "ports": [{"port": 80}, {"port": 81}]}});
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

fn policy(name: &str, created: &str, targets: &Value, validation: &Value) -> Value {
    json!({
        "apiVersion": "gateway.networking.k8s.io/v1alpha3", "kind": "BackendTLSPolicy",
        "metadata": {"name": name, "creationTimestamp": created},
        "spec": {"targetRefs": targets, "validation": validation},
    })
}

/// GEP-713, "Conflict Resolution": the older of two valid policies wins. One that is not valid does not compete, so that
/// its age is not named; and a target that no policy can have is not said to be missing.
#[test]
fn a_policy_without_effect_is_told_why() {
    let gateway = gateway(&json!([{"name": "web", "port": 80, "protocol": "HTTP"}]));
    let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"}, "spec": {"ports": [{"port": 80}]}});
    let used = route(
        &json!({"parentRefs": [{"name": "gw"}], "rules": [{"backendRefs": [{"name": "s", "port": 80}]}]}),
    );
    let to_service = json!([{"group": "", "kind": "Service", "name": "s"}]);
    let to_route =
        json!([{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "name": "a"}]);
    let system = json!({"wellKnownCACertificates": "System", "hostname": "s.example"});
    let missing = json!({"caCertificateRefs": [{"group": "", "kind": "ConfigMap", "name": "none"}], "hostname": "s.example"});
    let (old, new) = ("2024-01-01T00:00:00Z", "2024-02-01T00:00:00Z");
    let why = |first: &Value, second: &Value| {
        let found = judged(&[&gateway, &service, &used, first, second]).remove(3);
        let at_target = |(_, path, _): &&(&str, String, String)| path == "spec.targetRefs[0]";
        let said = found.iter().find(at_target);
        said.map(|(rule, _, message)| (*rule, message.clone()))
    };
    let other = policy("b", new, &to_service, &system);
    let says = |text: &str| Some(("PolicyTargetReference/in-force", text.to_owned()));
    assert_eq!(
        why(&policy("a", old, &to_service, &missing), &other),
        says(
            "BackendTLSPolicy default/b applies to Service default/s instead: this policy is not valid"
        )
    );
    assert_eq!(why(&policy("a", old, &to_service, &system), &other), None);
    assert_eq!(
        why(&policy("a", old, &to_route, &system), &other),
        says(
            "kind HTTPRoute.gateway.networking.k8s.io cannot be the target of a BackendTLSPolicy: expected Service or ServiceImport"
        )
    );
}

/// SecretObjectReference: an object of another kind is not missing, it is of no use; and a Secret that an API server cannot
/// read is named itself, not only by those that refer to it.
#[test]
fn an_object_that_cannot_hold_a_certificate_is_told_from_one_that_is_missing() {
    let listener = |reference: &Value| {
        gateway(&json!([
            {"name": "tls", "port": 443, "protocol": "HTTPS", "tls": {"certificateRefs": [reference]}},
        ]))
    };
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "type": "kubernetes.io/tls",
        "data": {"tls.crt": "", "tls.key": "!!"},
    });
    let found = |reference: &Value| judged(&[&listener(reference), &secret]).remove(0);
    let map = found(&json!({"group": "", "kind": "ConfigMap", "name": "s"}));
    let rules: Vec<_> = map.iter().map(|(rule, _, _)| *rule).collect();
    assert_eq!(rules, ["SecretObjectReference/certificate-usable"]);
    assert!(map[0].2.contains("expected Secret"), "{map:?}");
    let missing = found(&json!({"name": "none"}));
    assert_eq!(missing[0].0, "SecretObjectReference/certificate-exists");

    let gateway = listener(&json!({"name": "s"}));
    let options = validation::ValidationOptions::new(Channel::Experimental);
    let objects = [&gateway, &secret];
    let reports: Vec<_> = judge_set(&objects, &options).collect();
    let of_secret: Vec<_> = reports[1]
        .findings()
        .iter()
        .map(|f| (f.rule(), f.path()))
        .collect();
    assert_eq!(of_secret, [("manifest/unreadable", "data[tls.key]")]);
    assert!(!reports[1].is_accepted());
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

/// Whether a regular expression is too large is one verdict, by the limits that were asked for: what validation warns
/// of makes the parent reject the route.
#[test]
fn a_set_is_resolved_by_the_limits_of_the_options() {
    let subject = route(&json!({"parentRefs": [{"name": "gw"}], "rules": [{
        "matches": [{"path": {"type": "RegularExpression", "value": "/[a-z]{50}"}}],
        "filters": [{"type": "RequestRedirect", "requestRedirect": {"hostname": "b.org"}}],
    }]}));
    let other = gateway(&json!([{"name": "web", "port": 80, "protocol": "HTTP"}]));
    let found = |options: &validation::ValidationOptions| -> Vec<&'static str> {
        let objects = [&subject, &other];
        let report = judge_set(&objects, options).next().unwrap();
        report.findings().iter().map(Finding::rule).collect()
    };
    let mut options = validation::ValidationOptions::new(Channel::Standard);
    assert_eq!(found(&options), [""; 0]);
    options.patterns.pattern = 1_000;
    assert_eq!(
        found(&options),
        ["RegularExpression/compiles", "ParentReference/accepted"]
    );
}
