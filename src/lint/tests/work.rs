//! How much work a set takes. Findings do not show that, so it is counted.

use super::*;
use crate::lint::{
    budget::LOOKED_AT,
    near::{NearLimits, PAIRS},
    reach::ROUTES as ROUTES_BY_LISTENER,
    walk::ROUTES as ROUTES_FOR_REDIRECTS,
};

/// Of each grant the set is read once, and each reference that fails looks at few, however many there are.
#[test]
fn the_work_on_a_set_is_in_proportion_to_its_references_and_grants() {
    let work = |many: usize| {
        let objects: Vec<Value> = (0..many)
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
        let options = validation::ValidationOptions::new(Channel::Standard);
        crate::attachment::GRANTS_READ.take();
        near::LOOKED_AT.take();
        let reports: Vec<Report> = judge_set(&objects, &options).collect();
        let refused = reports
            .iter()
            .flat_map(Report::findings)
            .filter(|f| f.rule() == "Reference/granted");
        assert_eq!(refused.count(), many);
        assert_eq!(crate::attachment::GRANTS_READ.take(), many);
        near::LOOKED_AT.take()
    };
    let most = NearLimits::default().max_objects;
    for many in [10, 3_000] {
        let looks = work(many);
        assert!((many..=most + 2 * many).contains(&looks), "{many}: {looks}");
    }
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
        crate::attachment::PORTS_LOOKED_AT.take();
        let found = rules(&[&service, &subject]);
        assert!(
            found.iter().all(|(rule, _)| *rule == "Route/has-parent"),
            "{found:?}"
        );
        crate::attachment::PORTS_LOOKED_AT.take()
    };
    let (few, many) = (work(16), work(4_096));
    assert!(few > 0 && many == few, "{few} {many}");
}

/// What validation says of a route is asked once, however many parents reject it for its rules.
#[test]
fn a_route_that_many_parents_reject_for_its_rules_is_judged_once() {
    let names: Vec<String> = (0..32).map(|n| format!("l{n}")).collect();
    let listeners: Vec<_> = (8_000..)
        .zip(&names)
        .map(|(port, name)| json!({"name": name, "port": port, "protocol": "HTTP"}))
        .collect();
    let parents: Vec<_> = names
        .iter()
        .map(|name| json!({"name": "gw", "sectionName": name}))
        .collect();
    let subject = route(&json!({"parentRefs": parents, "rules": [
        {"matches": [{"path": {"type": "RegularExpression", "value": "("}}]},
    ]}));
    near::JUDGED.take();
    let found = rules(&[&subject, &gateway(&json!(listeners))]);
    assert_eq!(near::JUDGED.take(), 1);
    let mut found = found.iter().map(|(rule, _)| *rule);
    assert!(!found.any(|rule| rule == "ParentReference/accepted"));
}

/// HTTPRoutes of one rule with this filter or backend, each for a host of its own.
fn routes_for_hosts(many: usize, host: &str, rule: impl Fn(usize) -> Value) -> Vec<Value> {
    (0..many)
        .map(|n| {
            let mut one = route(&json!({
                "parentRefs": [{"name": "gw"}],
                "hostnames": [host.replace('N', &n.to_string())],
                "rules": [rule(n)],
            }));
            one["metadata"]["name"] = json!(format!("r{n}"));
            one
        })
        .collect()
}

/// A client that is sent to another host is looked for in a table, and not among all routes of the listener.
#[test]
fn redirects_to_other_hosts_look_at_each_route_of_a_listener_twice_however_many_there_are() {
    let gateway = gateway(&json!([{"name": "web", "port": 80, "protocol": "HTTP"}]));
    for many in [100, 400] {
        let routes = routes_for_hosts(many, "hN.test", |n| {
            let next = format!("h{}.test", (n + 1) % many);
            json!({"filters": [{"type": "RequestRedirect", "requestRedirect": {"hostname": next}}]})
        });
        let objects: Vec<_> = routes.iter().chain([&gateway]).collect();
        ROUTES_FOR_REDIRECTS.take();
        judged(&objects);
        assert_eq!(ROUTES_FOR_REDIRECTS.take(), 2 * many);
    }
}

/// Whether the listener to which a host belongs has the route, too, is looked up.
#[test]
fn hosts_that_belong_to_another_listener_look_at_each_attached_route_once() {
    let gateway = gateway(&json!([
        {"name": "wide", "port": 80, "protocol": "HTTP", "hostname": "*.test"},
        {"name": "lab", "port": 80, "protocol": "HTTP", "hostname": "*.lab.test"},
    ]));
    let at = |section: &str, name: &str, n: usize| {
        let mut one = route(&json!({
            "parentRefs": [{"name": "gw", "sectionName": section}],
            "hostnames": [format!("{name}{n}.lab.test")],
        }));
        one["metadata"]["name"] = json!(format!("{name}{n}"));
        one
    };
    for many in [100, 400] {
        let wide = (0..many).map(|n| at("wide", "w", n));
        let routes: Vec<_> = wide.chain((0..many).map(|n| at("lab", "l", n))).collect();
        let objects: Vec<_> = routes.iter().chain([&gateway]).collect();
        ROUTES_BY_LISTENER.take();
        let found = judged(&objects);
        let lost = found.iter().flatten().filter(|f| f.0 == "Route/reached");
        assert_eq!(lost.count(), many);
        assert_eq!(ROUTES_BY_LISTENER.take(), 2 * many);
    }
}

/// One route may be in the tables of thousands of listeners. What is not looked at is counted, and nothing is said of a
/// match that may live there.
#[test]
fn no_more_matches_are_looked_at_than_allowed_and_tables_that_are_passed_over_are_counted() {
    let gateways = (0..4).map(|n| {
        let listener = |at| json!({"name": format!("l{at}"), "port": 80 + at, "protocol": "HTTP"});
        let listeners: Vec<_> = (0..8).map(listener).collect();
        let mut one = gateway(&json!(listeners));
        one["metadata"]["name"] = json!(format!("g{n}"));
        one
    });
    let parents: Vec<_> = (0..4).map(|n| json!({"name": format!("g{n}")})).collect();
    let paths: Vec<_> = (0..4)
        .map(|n| json!({"path": {"value": format!("/{n}")}}))
        .collect();
    let redirect =
        json!([{"type": "RequestRedirect", "requestRedirect": {"hostname": "else.test"}}]);
    let spec = json!({
        "parentRefs": parents, "hostnames": ["a.test", "b.test"],
        "rules": [{"matches": paths, "filters": redirect}],
    });
    let (first, mut second) = (route(&spec), route(&spec));
    second["metadata"]["name"] = json!("b");
    let objects: Vec<_> = gateways.chain([first, second]).collect();
    let judge = |max_matches| {
        let options = validation::ValidationOptions::new(Channel::Standard);
        let members = objects
            .iter()
            .map(|object| Member::judge(object, &options).0);
        let looking = LintOptions {
            max_matches,
            ..LintOptions::default()
        };
        LOOKED_AT.take();
        let Linted { reports, met } = judge_together(members, &options, looking);
        let dead = reports.values().flat_map(Report::findings);
        let dead = dead
            .filter(|f| f.rule() == "RouteRules/no-dead-match")
            .count();
        (dead, met, LOOKED_AT.take())
    };
    // 32 tables of 2 routes, each with 4 matches for 2 hostnames; for redirects the tables once more.
    let (dead, met, _) = judge(512);
    assert_eq!((dead, met.len()), (4, 1), "{met:?}");
    let (dead, met, looked_at) = judge(1_024);
    assert_eq!((dead, met), (4, vec![]));
    assert!((512..=512 + 1_024).contains(&looked_at), "{looked_at}");
    let (dead, met, looked_at) = judge(100);
    assert_eq!(dead, 0);
    assert_eq!((met[0].bound, met[0].most), ("max_matches", 100));
    // Of the tables 26 are passed over, and those that redirects lead to.
    assert!(met[0].cut_short >= 26, "{met:?}");
    assert!(looked_at <= 200, "{looked_at}");
}

/// Each of many selectors is compared with each of many Namespaces. Of one that is passed over nothing is said but that it is
/// counted.
#[test]
fn selectors_are_compared_with_no_more_namespaces_than_allowed_and_those_passed_over_are_counted() {
    let listeners: Vec<_> = (0..8)
        .map(|n| {
            // Of two listeners each has the same selector.
            let selector = json!({"matchLabels": {"team": format!("t{}", n / 2)}});
            json!({
                "name": format!("l{n}"), "port": 80 + n, "protocol": "HTTP",
                "allowedRoutes": {"namespaces": {"from": "Selector", "selector": selector}},
            })
        })
        .collect();
    let namespaces = (0..10).map(|n| {
        let metadata = json!({"name": format!("n{n}"), "labels": {"team": "none"}});
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})
    });
    let objects: Vec<_> = namespaces.chain([gateway(&json!(listeners))]).collect();
    let judge = |max_namespaces| {
        let options = validation::ValidationOptions::new(Channel::Standard);
        let members = objects
            .iter()
            .map(|object| Member::judge(object, &options).0);
        let looking = LintOptions {
            max_namespaces,
            ..LintOptions::default()
        };
        LOOKED_AT.take();
        let Linted { reports, met } = judge_together(members, &options, looking);
        let findings = reports.values().flat_map(Report::findings);
        let findings = findings.filter(|f| f.rule() == crate::rules::set::NAMESPACE_SELECTED.id);
        let met = met.iter().map(|met| (met.bound, met.most, met.cut_short));
        (findings.count(), met.collect::<Vec<_>>(), LOOKED_AT.take())
    };
    assert_eq!(judge(40), (8, vec![], 40));
    assert_eq!(judge(39), (6, vec![("max_namespaces", 39, 1)], 30));
    assert_eq!(judge(0), (0, vec![("max_namespaces", 0, 4)], 0));
}

/// A BackendTLSPolicy for Services, by name and port.
fn policy(name: &str, targets: &[(&str, Option<&str>)]) -> Value {
    let targets: Vec<_> = targets
        .iter()
        .map(|(name, port)| {
            let mut target = json!({"group": "", "kind": "Service", "name": name});
            if let Some(port) = port {
                target["sectionName"] = json!(port);
            }
            target
        })
        .collect();
    json!({
        "apiVersion": "gateway.networking.k8s.io/v1alpha3", "kind": "BackendTLSPolicy",
        "metadata": {"name": name},
        "spec": {
            "targetRefs": targets,
            "validation": {"hostname": "s.test", "wellKnownCACertificates": "System"},
        },
    })
}

fn service(name: &str, ports: usize) -> Value {
    let ports: Vec<_> = (1..=ports)
        .map(|n| json!({"name": format!("p{n}"), "port": n}))
        .collect();
    json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": {"ports": ports},
    })
}

/// Policies for one Service share what is known of the traffic to it, whichever of its ports they are for.
#[test]
fn policies_for_one_service_look_at_each_of_its_uses_once_however_many_there_are() {
    let many = 60;
    let gateways = (0..many).map(|n| {
        let mut one = gateway(&json!([{"name": "web", "port": 80, "protocol": "HTTP"}]));
        one["metadata"]["name"] = json!(format!("g{n}"));
        one
    });
    let routes = (0..many).map(|n| {
        let backends = [1, 2].map(|port| json!({"name": "s", "port": port}));
        let mut one = route(&json!({
            "parentRefs": [{"name": format!("g{n}")}], "rules": [{"backendRefs": backends}],
        }));
        one["metadata"]["name"] = json!(format!("r{n}"));
        one
    });
    let policies = (0..many).map(|n| {
        let port = [None, Some("p1"), Some("p2"), Some("p3")][n % 4];
        policy(&format!("b{n}"), &[("s", port)])
    });
    let objects: Vec<_> = gateways.chain(routes).chain(policies).collect();
    let service = service("s", 3);
    let objects: Vec<_> = objects.iter().chain([&service]).collect();
    crate::attachment::USES_LOOKED_AT.take();
    judged(&objects);
    assert_eq!(crate::attachment::USES_LOOKED_AT.take(), 2 * many);
}

/// A selector is asked once for all routes of a namespace.
#[test]
fn routes_of_one_namespace_ask_the_selector_of_a_listener_once() {
    let allowed = |label: &str| json!({"namespaces": {"from": "Selector", "selector": {"matchLabels": {"team": label}}}});
    let gateway = gateway(&json!([
        {"name": "a", "port": 80, "protocol": "HTTP", "allowedRoutes": allowed("a")},
        {"name": "b", "port": 81, "protocol": "HTTP", "allowedRoutes": allowed("b")},
    ]));
    let namespaces = ["x", "y"].map(|name| {
        json!({
            "apiVersion": "v1", "kind": "Namespace",
            "metadata": {"name": name, "labels": {"team": "a"}},
        })
    });
    for many in [10, 100] {
        let routes = (0..many).map(|n| {
            let mut one = route(&json!({
                "parentRefs": [{"name": "gw", "namespace": "default"}],
            }));
            let namespace = if n % 2 == 0 { "x" } else { "y" };
            one["metadata"] = json!({"name": format!("r{n}"), "namespace": namespace});
            one
        });
        let objects: Vec<_> = routes.chain(namespaces.clone()).collect();
        let objects: Vec<_> = objects.iter().chain([&gateway]).collect();
        crate::attachment::SELECTORS_ASKED.take();
        judged(&objects);
        assert_eq!(crate::attachment::SELECTORS_ASKED.take(), 4);
    }
}

/// Routes that ask for every port of a Service are not looked at port by port.
#[test]
fn mesh_routes_for_every_port_cost_no_more_for_more_ports() {
    let judged_ports = |kind: &str, ports: usize| {
        let routes = (0..50).map(|n| {
            let parent = json!({"group": "", "kind": "Service", "name": "s"});
            let mut one = route(&json!({"parentRefs": [parent], "rules": [{}]}));
            if kind == "TCPRoute" {
                one["apiVersion"] = json!("gateway.networking.k8s.io/v1alpha2");
                one["spec"]["rules"] = json!([{"backendRefs": [{"name": "s", "port": 1}]}]);
            }
            one["kind"] = json!(kind);
            one["metadata"]["name"] = json!(format!("r{n}"));
            one
        });
        let objects: Vec<_> = routes.chain([service("s", ports)]).collect();
        let objects: Vec<_> = objects.iter().collect();
        crate::attachment::MESH_PORTS_JUDGED.take();
        let found = judged(&objects).into_iter().flatten();
        let rejected = found.filter(|f| f.0 == "ParentReference/accepted").count();
        (crate::attachment::MESH_PORTS_JUDGED.take(), rejected)
    };
    for ports in [20, 200] {
        assert_eq!(judged_ports("HTTPRoute", ports), (1, 0));
        assert_eq!(judged_ports("TCPRoute", ports), (50, 49));
    }
}

/// Of a grant with long lists no more pairs are made than are looked at, whether or not a server takes it.
#[test]
fn a_reference_looks_at_no_more_pairs_of_a_grant_than_it_may_however_long_the_grant_is() {
    let work = |many: usize| {
        let from = (0..many).map(|n| {
            json!({"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "namespace": format!("n{n}")})
        });
        let to =
            (0..many).map(|n| json!({"group": "", "kind": "Service", "name": format!("q{n}")}));
        let grant = json!({
            "apiVersion": "gateway.networking.k8s.io/v1beta1", "kind": "ReferenceGrant",
            "metadata": {"name": "g", "namespace": "far"},
            "spec": {"from": from.collect::<Vec<_>>(), "to": to.collect::<Vec<_>>()},
        });
        let mut subject = route(&json!({"rules": [{"backendRefs": [
            {"name": "s", "namespace": "far", "port": 80},
        ]}]}));
        subject["metadata"]["namespace"] = json!("near");
        let options = validation::ValidationOptions::new(Channel::Standard);
        let members = [grant, subject].map(|object| Member::judge(&object, &options).0);
        PAIRS.take();
        let linted = judge_together(members, &options, LintOptions::default());
        let told = linted
            .met
            .iter()
            .filter(|met| met.bound == "max_candidates");
        (
            PAIRS.take(),
            told.map(|met| (met.most, met.cut_short)).next(),
        )
    };
    let most = NearLimits::default().max_candidates;
    assert_eq!(work(16), (16 * 16, None));
    // One more than is looked at shows that there are more.
    assert_eq!(work(200), (most + 1, Some((most, 1))));
}

/// An object whose lists are longer than they may be is not resolved among the others: that would cost their product.
#[test]
fn what_has_lists_that_are_too_long_is_not_looked_at_beside_others_and_says_so() {
    let subject = |parents: usize| {
        let parents: Vec<_> = (0..parents)
            .map(|n| json!({"name": "gw", "sectionName": format!("l{n}")}))
            .collect();
        route(&json!({"parentRefs": parents, "rules": [{"matches": [{"path": {"value": "bad"}}]}]}))
    };
    let gateway = gateway(&json!([{"name": "web", "port": 80, "protocol": "HTTP"}]));
    for (parents, looked_at) in [(32, 32), (33, 0)] {
        let found = judged(&[&gateway, &subject(parents)]);
        let unknown = found[1]
            .iter()
            .filter(|f| f.0.starts_with("ParentReference/"));
        assert_eq!(unknown.count(), looked_at, "{found:?}");
    }
    let options = validation::ValidationOptions::new(Channel::Standard);
    let report = Member::judge(&subject(33), &options).1;
    let mut too_long = report
        .findings()
        .iter()
        .filter(|f| f.rule() == "schema/max-items");
    let help = too_long.next().and_then(|f| f.help()).unwrap();
    assert!(
        help.ends_with(
            "; how the object goes together with others is looked at when no list is too long"
        ),
        "{help}"
    );
}

/// Matches of one path and header, each by another regular expression: nobody knows whether one takes what another does
/// without comparing them.
#[test]
fn a_match_with_more_neighbours_than_may_be_compared_is_counted_and_not_passed_over_in_silence() {
    let by_header = |name: &str, values: &[String]| {
        let matches = |values: &[String]| -> Vec<Value> {
            let of = |value: &String| json!({"headers": [{"name": "h", "type": "RegularExpression", "value": value}]});
            values.iter().map(of).collect()
        };
        let rules: Vec<_> = values
            .chunks(8)
            .map(|values| json!({"matches": matches(values)}))
            .collect();
        let mut one = route(&json!({"parentRefs": [{"name": "gw"}], "rules": rules}));
        one["metadata"]["name"] = json!(name);
        one
    };
    let others: Vec<_> = (0..100).map(|n| format!("b{n}.*")).collect();
    let objects = [
        gateway(&json!([{"name": "web", "port": 80, "protocol": "HTTP"}])),
        by_header("a", &others),
        by_header("b", &["z.*".to_owned()]),
        by_header("c", &["z.*".to_owned(), "zz.*".to_owned()]),
    ];
    let judge = |max_compared| {
        let options = validation::ValidationOptions::new(Channel::Standard);
        let members = objects
            .iter()
            .map(|object| Member::judge(object, &options).0);
        let looking = LintOptions {
            max_compared,
            ..LintOptions::default()
        };
        let Linted { reports, met } = judge_together(members, &options, looking);
        let dead = reports.values().flat_map(Report::findings);
        let dead = dead
            .filter(|f| f.rule() == "RouteRules/no-dead-match")
            .count();
        (dead, met)
    };
    let (dead, met) = judge(LintOptions::default().max_compared);
    assert_eq!((dead, met), (1, vec![]));
    let (dead, met) = judge(50);
    assert_eq!((dead, met.len()), (0, 1), "{met:?}");
    assert_eq!((met[0].bound, met[0].most), ("max_compared", 50));
    // Those of which the fiftieth and later have more before them.
    assert!((50..=56).contains(&met[0].cut_short), "{met:?}");
}

/// Redirects that go on beyond what is followed are counted.
#[test]
fn redirects_that_are_not_followed_to_their_end_are_counted() {
    let gateway = gateway(&json!([{"name": "web", "port": 80, "protocol": "HTTP"}]));
    let judge = |many: usize| {
        let routes = routes_for_hosts(many, "hN.test", |n| {
            let next = format!("h{}.test", (n + 1) % many);
            json!({"filters": [{"type": "RequestRedirect", "requestRedirect": {"hostname": next}}]})
        });
        let options = validation::ValidationOptions::new(Channel::Standard);
        let members = routes.iter().chain([&gateway]);
        let members = members.map(|object| Member::judge(object, &options).0);
        let Linted { reports, met } = judge_together(members, &options, LintOptions::default());
        let loops = reports.values().flat_map(Report::findings);
        let loops = loops.filter(|f| f.rule() == "HTTPRequestRedirectFilter/no-loop");
        let met = met.iter().map(|met| (met.bound, met.most, met.cut_short));
        (loops.count(), met.collect::<Vec<_>>())
    };
    assert_eq!(judge(9), (9, vec![]));
    assert_eq!(judge(20), (0, vec![("max_hops", 10, 20)]));
}
