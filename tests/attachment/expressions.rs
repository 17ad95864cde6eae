//! Validation, attachment and the engine have one verdict on a regular expression.

use crate::world;
use gwapi::{
    attachment::{Options, Snapshot, Status, effective::EffectiveListener, resolve},
    meta::{Channel, NamespacedName, Pattern, PatternLimits},
    proxy::{Endpoints, Table},
    routing,
    v1::{
        HeaderMatchType, HttpHeaderMatch, HttpPathMatch, HttpQueryParamMatch, HttpRoute,
        HttpRouteMatch, HttpRouteRule, HttpRouteSpec, PathMatchType, QueryParamMatchType,
    },
    validation,
};
use proptest::{prelude::*, sample::select};
use std::{collections::BTreeSet, sync::Arc};

/// A rule for each text: as a path, a header or a query parameter in turn.
fn route(name: &str, texts: &[String]) -> HttpRoute {
    let rule = |(index, text): (usize, &String)| {
        let mut one = HttpRouteMatch::default();
        match index % 3 {
            0 => {
                one.path = Some(HttpPathMatch {
                    r#type: Some(PathMatchType::RegularExpression),
                    value: Some(text.clone()),
                });
            }
            1 => one.headers.push(HttpHeaderMatch {
                r#type: Some(HeaderMatchType::RegularExpression),
                name: "x-a".into(),
                value: text.clone(),
            }),
            _ => one.query_params.push(HttpQueryParamMatch {
                r#type: Some(QueryParamMatchType::RegularExpression),
                name: "a".into(),
                value: text.clone(),
            }),
        }
        HttpRouteRule {
            matches: vec![one],
            ..Default::default()
        }
    };
    HttpRoute {
        metadata: world::metadata("a", name),
        spec: HttpRouteSpec {
            parent_refs: vec![world::parent("a", "gateway")],
            rules: Some(texts.iter().enumerate().map(rule).collect()),
            ..Default::default()
        },
        ..Default::default()
    }
}

fn listener(routes: impl IntoIterator<Item = HttpRoute>) -> (Arc<EffectiveListener>, Vec<String>) {
    let mut snapshot = Snapshot::default();
    snapshot.insert(world::class("ours", world::CONTROLLER));
    let listeners = vec![world::listener("http", 80, "HTTP".into())];
    snapshot.insert(world::gateway("a", "gateway", listeners));
    for route in routes {
        snapshot.insert(route);
    }
    let resolution = resolve(&snapshot, &Options::for_simulator(world::CONTROLLER));
    let messages = resolution
        .statuses
        .values()
        .filter_map(|status| match status {
            Status::Route(status) => Some(status.parents.iter().flat_map(|p| &p.conditions)),
            _ => None,
        });
    let messages = messages.flatten().map(|c| c.message.clone()).collect();
    let gateway = resolution.effective.gateways.values().next().unwrap();
    (gateway.listeners[0].clone(), messages)
}

/// The rules that validation reports, with its messages, and those that are not in force, agree; the messages of the
/// status hold those of validation; the engine takes every rule that is in force.
fn agree(texts: &[String]) -> BTreeSet<usize> {
    let route = route("route", texts);
    let report = validation::validate(&route, Channel::Standard);
    let findings: Vec<_> = report
        .findings()
        .iter()
        .filter(|finding| finding.rule() == "RegularExpression/compiles")
        .collect();
    let (listener, messages) = listener([route]);
    let rules = listener.http.first().map(|attached| &attached.route.rules);
    let in_force: BTreeSet<usize> = rules.into_iter().flatten().map(|rule| rule.index).collect();
    let reported: BTreeSet<usize> = (0..texts.len())
        .filter(|index| {
            let rule = format!("spec.rules[{index}].");
            findings.iter().any(|f| f.path().starts_with(&rule))
        })
        .collect();
    let all: BTreeSet<usize> = (0..texts.len()).collect();
    assert_eq!(&all - &in_force, reported, "{texts:?}: {messages:?}");
    for finding in &findings {
        let message = finding.message();
        assert!(
            messages.iter().any(|m| m.contains(message)),
            "{message} in {messages:?}"
        );
    }
    let table = Table::for_listener(
        &NamespacedName::new("default", "gw"),
        &listener,
        &Endpoints::default(),
        routing::RouterOptions::default(),
    );
    assert_eq!(table.problems().count(), 0);
    assert_eq!(table.router().len(), in_force.len());
    reported
}

#[test]
fn a_text_is_a_regular_expression_for_all_or_for_none() {
    for (text, refused) in [
        (r"\w{100}", true),
        (r"\w{30}", false),
        ("(", true),
        ("a(?=b)", true),
        (r"(a)\1", true),
        ("a{1001}{1001}", true),
        ("(?-u:\\xFF)", false),
        (r"[\w--\d]", false),
        (r"\b\pL+\b", false),
        ("(?x) a # remark", false),
        ("", false),
    ] {
        let texts = vec![text.to_owned(), "fine".to_owned()];
        assert_eq!(agree(&texts).contains(&0), refused, "{text}");
        assert_eq!(Pattern::new(text).is_err(), refused, "{text}");
    }
}

#[test]
fn what_exceeds_the_limit_of_a_route_is_named_by_validation_and_status_alike() {
    let size = |text: &str| Pattern::new(text).unwrap().size();
    let large: Vec<String> = (0..16).map(|n| format!(r"/\w{{1,30}}x{n}")).collect();
    let fit = PatternLimits::ROUTE / size(&large[0]);
    let refused: BTreeSet<usize> = (fit..16).collect();
    assert!(fit > 5 && !refused.is_empty());
    assert_eq!(agree(&large), refused);
    // The same text is counted once.
    let mut texts: Vec<String> = vec![large[0].clone(); 15];
    texts.push(large[1].clone());
    assert_eq!(agree(&texts), BTreeSet::new());
}

#[test]
fn one_text_is_compiled_once_for_all_routes() {
    let texts = ["/a/.*".to_owned()];
    let (listener, _) = listener([route("one", &texts), route("two", &texts)]);
    let routes: Vec<_> = listener.http.iter().collect();
    let [one, two] = routes[..] else {
        panic!("{routes:?}");
    };
    let pattern = |rules: &gwapi::attachment::effective::HttpRouteRules| {
        rules.patterns.get("/a/.*").unwrap().unwrap().clone()
    };
    assert!(pattern(&one.route).shares(&pattern(&two.route)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn generated_texts_have_one_verdict(
        texts in prop::collection::vec(
            prop::collection::vec(
                select(&["a", "/", r"\w", r"\d", r"\pL", ".", "*", "+", "?", "|", "(", ")", "[a-z]", "[", "^", "$",
                    r"\b", "{2}", "{9,40}", "{200}", "(?i)", "é", "\\"][..]),
                0..7,
            ).prop_map(|parts| parts.concat()),
            1..8,
        ),
    ) {
        agree(&texts);
    }
}
