//! `explain` says who won and why the others did not.

use gwapi::routing::{
    Criterion, Entry, HeaderMatch, HostPattern, HttpMatch, PathMatch, Rank, Reason, Router,
    ValueMatch, Verdict, View,
};
use serde_json::json;

fn router() -> Router<&'static str> {
    let host = HostPattern::parse("*.example.com").unwrap();
    let canary = HttpMatch {
        path: PathMatch::prefix("/cart"),
        headers: vec![HeaderMatch {
            name: "x-env".parse().unwrap(),
            value: ValueMatch::exact("canary"),
        }],
        ..HttpMatch::default()
    };
    let mut post = HttpMatch::path(PathMatch::prefix("/cart"));
    post.method = Some(http::Method::POST);
    let mut router = Router::default();
    router.insert(
        "shop",
        [
            Entry::new(canary, Rank::new("default/shop", 0, 0), "canary").on(host.clone()),
            Entry::new(
                HttpMatch::path(PathMatch::prefix("/cart")),
                Rank::new("default/shop", 1, 0),
                "cart",
            )
            .on(host.clone()),
            Entry::new(
                HttpMatch::path(PathMatch::exact("/pay")),
                Rank::new("default/shop", 2, 0),
                "pay",
            )
            .on(host.clone()),
            Entry::new(post, Rank::new("default/shop", 3, 0), "post").on(host),
        ],
    );
    router.insert(
        "all",
        [Entry::new(
            HttpMatch::default(),
            Rank::new("default/all", 0, 0),
            "all",
        )],
    );
    router
}

#[test]
fn each_loser_is_named_with_the_one_criterion_that_beat_it_or_the_test_that_it_failed() {
    let router = router();
    let request = View {
        host: b"eu.example.com",
        path: "/cart/1",
        headers: &[("x-env", b"canary")],
        ..View::default()
    };
    let explanation = router.explain(&request);
    assert_eq!(
        explanation.winner().map(|found| *found.payload),
        Some("canary")
    );
    let verdicts: Vec<_> = explanation
        .candidates()
        .iter()
        .map(|candidate| (*candidate.entry.payload, candidate.verdict.clone()))
        .collect();
    assert_eq!(
        verdicts,
        [
            ("pay", Verdict::Failed(Reason::Path)),
            ("post", Verdict::Failed(Reason::Method)),
            ("canary", Verdict::Won),
            ("cart", Verdict::Lost(Some(Criterion::Headers))),
            ("all", Verdict::Lost(Some(Criterion::Hostname))),
        ]
    );
    assert_eq!(explanation.in_the_running().count(), 4);
    assert_eq!(
        explanation.to_string(),
        "default/shop rule 2 match 0 on *.example.com: does not fit: the path must be `/pay`\n\
         default/shop rule 3 match 0 on *.example.com: does not fit: the method must be `POST`\n\
         default/shop rule 0 match 0 on *.example.com: wins\n\
         default/shop rule 1 match 0 on *.example.com: fits, but the winner matches more headers\n\
         default/all rule 0 match 0 on *: fits, but the winner's hostname is more specific\n"
    );
}

#[test]
fn an_explanation_serialises() {
    let router = router();
    let explanation = router.explain(&View {
        host: b"other",
        path: "/cart",
        ..View::default()
    });
    let winner = json!({
        "hostname": "*", "route": "default/all", "rule": 0, "match": 0, "verdict": "won", "reason": "wins"
    });
    assert_eq!(
        serde_json::to_value(&explanation).unwrap(),
        json!({"winner": winner, "candidates": [winner]})
    );
    let empty = Router::<()>::default();
    assert_eq!(
        empty.explain(&View::default()).to_string(),
        "no entry fits\n"
    );
}
