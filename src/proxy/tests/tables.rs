//! Tables whose routes change.

use super::*;

#[test]
fn routes_of_both_kinds_come_and_go_by_themselves() {
    let mut table = table(none(), vec![backend("a", 1, &[true])]);
    let before = table.clone();
    let bad = GrpcRouteMatch {
        headers: vec![GrpcHeaderMatch {
            name: "x-env".into(),
            value: "(".into(),
            r#type: Some(HeaderMatchType::RegularExpression),
        }],
        ..Default::default()
    };
    let rule = GrpcRule {
        matches: vec![GrpcRouteMatch::default(), bad],
        backends: vec![backend("b", 1, &[true])],
        ..Default::default()
    };
    // A GRPCRoute of the HTTPRoute's name is another route.
    let mut calls = GrpcRouteRules {
        reference: NamespacedName::new("shop", "cart"),
        rules: vec![rule],
        ..Default::default()
    };
    table.insert_grpc(&attached(calls.clone()));
    let find = |table: &Table, path| {
        let target = table.router().find(&ask(path));
        target.map(|target| target.rule().route().kind)
    };
    assert_eq!(find(&table, "/shop.v1.Cart/Add"), Some(RouteKind::Grpc));
    assert_eq!(find(&table, "/cart"), Some(RouteKind::Http));
    let problems = |table: &Table| -> Vec<_> {
        let of = table.problems();
        of.map(|(kind, problem)| (kind, problem.place())).collect()
    };
    assert_eq!(problems(&table), [(RouteKind::Grpc, (0, 1))]);

    let name = |kind| RouteId {
        kind,
        name: NamespacedName::new("shop", "cart"),
    };
    table.insert_http(&attached(route(none(), vec![])));
    assert_eq!(problems(&table).len(), 1, "they are the other route's");
    let with_problem = table.clone();
    calls.rules[0].matches.pop();
    table.insert_grpc(&attached(calls));
    assert!(problems(&table).is_empty(), "those of the earlier form go");
    table = with_problem;
    assert!(table.remove(&name(RouteKind::Grpc)));
    assert!(!table.remove(&name(RouteKind::Grpc)));
    assert!(problems(&table).is_empty());
    assert_eq!(find(&table, "/shop.v1.Cart/Add"), None);
    assert!(table.remove(&name(RouteKind::Http)) && table.is_empty());
    assert_eq!(find(&before, "/cart"), Some(RouteKind::Http));
}
