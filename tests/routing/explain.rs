//! `explain` says who won and why the others did not.

use gwapi::routing::{
    Criterion, Entry, GrpcMatch, HeaderMatch, HostPattern, HttpMatch, Match, PathMatch, Pattern,
    QueryMatch, Rank, Reason, Router, ValueMatch, Verdict, View,
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
        "default/shop rule 2 match 0 on *.example.com: does not match: the path must be `/pay`\n\
         default/shop rule 3 match 0 on *.example.com: does not match: the method must be `POST`\n\
         default/shop rule 0 match 0 on *.example.com: wins\n\
         default/shop rule 1 match 0 on *.example.com: matches, but the winner matches more headers\n\
         default/all rule 0 match 0 on *: matches, but the winner's route names a more specific hostname\n"
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
        "hostname": "*", "ownHostname": null, "route": "default/all", "rule": 0, "match": 0,
        "verdict": "won", "criterion": null, "reason": "wins"
    });
    assert_eq!(
        serde_json::to_value(&explanation).unwrap(),
        json!({"winner": winner, "candidates": [winner]})
    );
    let explanation = router.explain(&View {
        host: b"eu.example.com",
        path: "/cart",
        ..View::default()
    });
    let candidates = serde_json::to_value(&explanation).unwrap()["candidates"].take();
    let of = |at: usize| {
        let [verdict, criterion] = ["verdict", "criterion"].map(|key| candidates[at][key].clone());
        (candidates[at]["route"].clone(), verdict, criterion)
    };
    assert_eq!(of(3), ("default/shop".into(), "won".into(), json!(null)));
    assert_eq!(of(2), ("default/shop".into(), "failed".into(), json!(null)));
    assert_eq!(
        of(4),
        ("default/all".into(), "lost".into(), json!("hostname"))
    );
    // What a listener narrowed says what the route itself names.
    let narrowed = |own: &str| {
        let own = HostPattern::parse(own).unwrap_or_default();
        let row = Entry::new(
            HttpMatch::default(),
            Rank::new("default/shop", 0, 0),
            "payload",
        );
        let row = row
            .on(HostPattern::parse("eu.example.com").unwrap())
            .named(own);
        let mut router = Router::default();
        router.insert("default/shop", [row]);
        let explanation = router.explain(&View {
            host: b"eu.example.com",
            ..View::default()
        });
        let own = serde_json::to_value(&explanation).unwrap()["winner"]["ownHostname"].take();
        (own, explanation.to_string())
    };
    assert_eq!(
        narrowed("*.example.com"),
        (
            json!("*.example.com"),
            "default/shop rule 0 match 0 on eu.example.com (the route names *.example.com): wins\n"
                .to_owned()
        )
    );
    assert_eq!(
        narrowed(""),
        (
            json!("*"),
            "default/shop rule 0 match 0 on eu.example.com (the route names no hostname): wins\n"
                .to_owned()
        )
    );
    let empty = Router::<()>::default();
    assert_eq!(
        empty.explain(&View::default()).to_string(),
        "no entry matches\n"
    );
}

#[test]
fn each_test_that_a_request_can_fail_says_what_it_asks_for() {
    let pattern = |source: &str| ValueMatch::RegularExpression(Pattern::new(source).unwrap());
    let header = |value| HeaderMatch {
        name: "x-env".parse().unwrap(),
        value,
    };
    let http = |change: &dyn Fn(&mut HttpMatch)| {
        let mut matching = HttpMatch::default();
        change(&mut matching);
        Match::Http(matching)
    };
    let grpc = |service: Option<&str>, method: Option<&str>| {
        Match::Grpc(GrpcMatch {
            service: service.map(ValueMatch::exact),
            method: method.map(pattern),
            headers: Vec::new(),
        })
    };
    for (matching, sentence) in [
        (
            http(&|m| m.path = PathMatch::exact("/x")),
            "the path must be `/x`",
        ),
        (
            http(&|m| m.path = PathMatch::prefix("/x")),
            "the path must be `/x` or below",
        ),
        (
            http(&|m| m.path = PathMatch::RegularExpression(Pattern::new("/x+").unwrap())),
            "the path must match `/x+`",
        ),
        (
            http(&|m| m.method = Some(http::Method::PUT)),
            "the method must be `PUT`",
        ),
        (
            http(&|m| m.headers = vec![header(ValueMatch::exact("a"))]),
            "the header `x-env` must be `a`",
        ),
        (
            http(&|m| m.headers = vec![header(pattern("a+"))]),
            "the header `x-env` must be a text that matches `a+`",
        ),
        (
            http(&|m| {
                m.query = vec![QueryMatch {
                    name: "q".into(),
                    value: ValueMatch::exact("a b"),
                }];
            }),
            "the query parameter `q` must be `a b`",
        ),
        (grpc(Some("a.B"), None), "the path must begin with `/a.B/`"),
        (
            Match::Grpc(GrpcMatch {
                service: Some(ValueMatch::exact("a.B")),
                method: Some(ValueMatch::exact("Get")),
                headers: Vec::new(),
            }),
            "the path must be `/a.B/Get`",
        ),
        (
            Match::Grpc(GrpcMatch {
                service: None,
                method: Some(ValueMatch::exact("Get")),
                headers: Vec::new(),
            }),
            "the path must be a service followed by `/Get`",
        ),
        (
            grpc(None, Some("Get.*")),
            "the path must be `/service/method` with any service and a method that matches `Get.*`",
        ),
        (
            grpc(Some("a.B"), Some("Get.*")),
            "the path must be `/service/method` with the service `a.B` and a method that matches `Get.*`",
        ),
    ] {
        let mut router = Router::default();
        router.insert("r", [Entry::new(matching, Rank::new("a/r", 0, 0), ())]);
        let explanation = router.explain(&View::default());
        assert_eq!(
            explanation.to_string(),
            format!("no entry matches\na/r rule 0 match 0 on *: does not match: {sentence}\n")
        );
    }
}

/// One sentence for each place of the key in which two entries can differ first.
#[test]
fn each_criterion_is_named_by_which_a_loser_lost() {
    let rank = |route: &str, rule, index| Rank::new(route, rule, index);
    let with = |change: &dyn Fn(&mut HttpMatch)| {
        let mut matching = HttpMatch::path(PathMatch::prefix("/a"));
        change(&mut matching);
        Entry::new(matching, rank("b/b", 1, 1), ())
    };
    let plain = || with(&|_| {});
    let header = HeaderMatch {
        name: "x-env".parse().unwrap(),
        value: ValueMatch::exact("1"),
    };
    let query = QueryMatch {
        name: "q".into(),
        value: ValueMatch::exact("1"),
    };
    let mut older = plain();
    older.rank = older.rank.created(std::time::SystemTime::UNIX_EPOCH);
    let mut other = [plain(), plain(), plain()];
    other[0].rank = rank("a/a", 2, 2);
    other[1].rank = rank("b/b", 0, 2);
    other[2].rank = rank("b/b", 1, 0);
    let [named, earlier_rule, earlier_match] = other;
    for (winner, criterion) in [
        (
            plain().on(HostPattern::parse("a.example.com").unwrap()),
            Criterion::Hostname,
        ),
        (
            with(&|m| m.path = PathMatch::exact("/a/b")),
            Criterion::PathKind,
        ),
        (
            with(&|m| m.path = PathMatch::prefix("/a/b")),
            Criterion::PathLength,
        ),
        (
            with(&|m| m.method = Some(http::Method::GET)),
            Criterion::Method,
        ),
        (
            with(&|m| m.headers = vec![header.clone()]),
            Criterion::Headers,
        ),
        (
            with(&|m| m.query = vec![query.clone()]),
            Criterion::QueryParams,
        ),
        (older, Criterion::Age),
        (named, Criterion::Name),
        (earlier_rule, Criterion::Rule),
        (earlier_match, Criterion::Match),
    ] {
        let mut router = Router::default();
        router.insert("winner", [winner]);
        router.insert("loser", [plain()]);
        let explanation = router.explain(&View {
            host: b"a.example.com",
            path: "/a/b",
            query: Some("q=1"),
            headers: &[("x-env", b"1")],
            ..View::default()
        });
        let verdicts: Vec<_> = explanation
            .candidates()
            .iter()
            .map(|c| &c.verdict)
            .collect();
        assert_eq!(verdicts, [&Verdict::Won, &Verdict::Lost(Some(criterion))]);
    }
}

/// A header that was sent with the value that is asked for, and with another one: it is said that the two are one value.
#[test]
fn lines_of_a_header_that_are_one_value_are_shown_as_one() {
    let request = View {
        host: b"eu.example.com",
        path: "/cart",
        headers: &[("x-env", b"canary"), ("x-env", b"blue")],
        ..View::default()
    };
    let reason = |request: &View<'_>| {
        let router = router();
        let explanation = router.explain(request);
        let mut failed = explanation.candidates().iter();
        let failed = failed.find(|one| *one.entry.payload == "canary");
        failed.unwrap().reason()
    };
    let asked = "does not match: the header `x-env` must be `canary`";
    assert_eq!(
        reason(&request),
        format!("{asked}, and the lines of the request are one value, `canary, blue`")
    );
    let one_line = View {
        headers: &[("x-env", b"blue")],
        ..request
    };
    assert_eq!(reason(&one_line), asked);
}
