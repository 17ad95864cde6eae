//! How much work a set takes. Findings do not show that, so it is counted.

use super::*;

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
        crate::attachment::grants_read();
        near::work::looks();
        let reports: Vec<Report> = judge_set(&objects, &options).collect();
        let refused = reports
            .iter()
            .flat_map(Report::findings)
            .filter(|f| f.rule() == "Reference/granted");
        assert_eq!(refused.count(), many);
        assert_eq!(crate::attachment::grants_read(), many);
        near::work::looks()
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
    near::work::judgements();
    let found = rules(&[&subject, &gateway(&json!(listeners))]);
    assert_eq!(near::work::judgements(), 1);
    let mut found = found.iter().map(|(rule, _)| *rule);
    assert!(!found.any(|rule| rule == "ParentReference/accepted"));
}
