//! Copies of requests.

use super::*;

#[test]
fn a_mirror_that_leads_nowhere_concerns_nobody_else() {
    let lead = vec![
        mirror(missing("gone", 1)),
        mirror(backend("copy", 1, &[true])),
    ];
    let mirrors = mirroring(json!([mirror_filter(), mirror_filter()]), lead);
    let table = table(mirrors, vec![backend("a", 1, &[true])]);
    let mut parts = ask("/cart");
    let Decision::Forward(forward) = decide(&table, &mut parts, &mut |_| 0) else {
        panic!("answered")
    };
    let names: Vec<_> = forward.mirrors().map(|(name, _)| name).collect();
    assert_eq!(names, ["copy"]);
}

/// HTTPRoute `requestMirror.percent`, `fraction` (GEP-3171): a share of the requests is copied, and each request or not.
#[test]
fn a_mirror_with_a_share_gets_that_share_of_the_requests() {
    let of = |numerator, denominator| EffectiveMirror {
        share: Fraction {
            numerator,
            denominator,
        },
        ..mirror(backend("copy", 1, &[true]))
    };
    for (share, wanted) in [
        (of(100, None), 1_000),
        (of(25, None), 250),
        (of(0, None), 0),
        (of(1, Some(8)), 125),
        (of(3, Some(3)), 1_000),
    ] {
        let shown = share.share;
        let mirrors = mirroring(json!([mirror_filter()]), vec![share]);
        let table = table(mirrors, vec![backend("a", 1, &[true])]);
        let mut copies = 0;
        for turn in 0..1_000 {
            let mut parts = ask("/cart");
            let mut draw = |below: u64| turn % below;
            let Decision::Forward(forward) = decide(&table, &mut parts, &mut draw) else {
                panic!("answered")
            };
            copies += forward.copies.len();
        }
        assert_eq!(copies, wanted, "{shown:?}");
    }
}

#[test]
fn filters_of_a_backend_change_what_is_forwarded_to_it_and_not_what_the_rule_mirrors() {
    let with_mirror = |[request, response]: [serde_json::Value; 2], name| {
        mirroring(
            json!([request, response, mirror_filter()]),
            vec![mirror(backend(name, 1, &[true, true]))],
        )
    };
    let mut canary = backend("canary", 1, &[true]);
    canary.filters = with_mirror(set("x-stage", "canary"), "by-backend");
    let rule = with_mirror(set("x-rule", "yes"), "by-rule");
    let table = table(rule, vec![canary]);
    let mut parts = ask("/cart");
    let Decision::Forward(forward) = decide(&table, &mut parts, &mut |_| 0) else {
        panic!("answered")
    };
    let has =
        |parts: &request::Parts| ["x-rule", "x-stage"].map(|name| parts.headers.contains_key(name));
    let copies: Vec<_> = forward
        .mirrors()
        .map(|(name, copy)| (name, has(copy)))
        .collect();
    assert_eq!(
        copies,
        [("by-rule", [true, false]), ("by-backend", [true, true])]
    );
    assert_eq!(has(&parts), [true, true]);
}

/// HTTPRoute `requestMirror`, and `filters`: "implementations SHOULD implement filters in the order they are specified".
#[test]
fn a_mirror_gets_the_request_as_it_is_at_its_place() {
    let to = |name: &str| mirror(backend(name, 1, &[true]));
    let [set_header, _] = set("x-by", "rule");
    let rewrite = json!({"type": "URLRewrite", "urlRewrite": {
        "path": {"type": "ReplaceFullPath", "replaceFullPath": "/new"}}});
    let list = json!([
        mirror_filter(),
        set_header,
        mirror_filter(),
        rewrite,
        mirror_filter()
    ]);
    let by_rule = mirroring(list, vec![to("first"), to("second"), to("third")]);
    let [set_own, _] = set("x-by", "backend");
    let own = EffectiveBackend {
        filters: mirroring(
            json!([mirror_filter(), set_own, mirror_filter()]),
            vec![to("fourth"), to("fifth")],
        ),
        ..backend("a", 1, &[true])
    };
    let table = table(by_rule, vec![own]);
    let mut parts = ask("/cart");
    let Decision::Forward(forward) = decide(&table, &mut parts, &mut |_| 0) else {
        panic!("answered")
    };
    let copies: Vec<_> = forward
        .mirrors()
        .map(|(name, copy)| {
            let by = copy.headers.get("x-by");
            (name, by.map(|by| by.to_str().unwrap()), copy.uri.path())
        })
        .collect();
    assert_eq!(
        copies,
        [
            ("first", None, "/cart"),
            ("second", Some("rule"), "/cart"),
            ("third", Some("rule"), "/new"),
            ("fourth", Some("rule"), "/new"),
            ("fifth", Some("backend"), "/new"),
        ]
    );
}

/// A redirect ends no other filter: mirrors of its level, and of the rule around a backend, get their copies.
#[test]
fn mirrors_get_copies_of_a_request_that_is_redirected() {
    let redirect = json!({"type": "RequestRedirect", "requestRedirect": {"hostname": "o.example"}});
    let [set_header, _] = set("x-by", "rule");
    let to = |name: &str| mirror(backend(name, 1, &[true]));
    let both_sides = || {
        mirroring(
            json!([mirror_filter(), redirect, set_header, mirror_filter()]),
            vec![to("before"), to("after")],
        )
    };
    let by_rule = || mirroring(json!([mirror_filter()]), vec![to("of-rule")]);
    let own = EffectiveBackend {
        filters: both_sides(),
        ..backend("a", 1, &[true])
    };
    for (table, wanted) in [
        (table(both_sides(), vec![]), &["before", "after"][..]),
        (table(by_rule(), vec![own]), &["of-rule", "before", "after"]),
    ] {
        let mut parts = ask("/cart");
        let Decision::Answer(answer) = decide(&table, &mut parts, &mut |_| 0) else {
            panic!("forwarded")
        };
        let names: Vec<_> = copies(&answer.mirrors).map(|(name, _)| name).collect();
        assert_eq!(names, wanted);
        let last = answer.mirrors.last().unwrap();
        assert_eq!(last.request.headers["x-by"], "rule");
        assert_eq!(answer.headers["location"], "http://o.example/cart");
    }
}

#[test]
fn an_error_sends_no_copies() {
    let mirrors = || {
        mirroring(
            json!([mirror_filter()]),
            vec![mirror(backend("copy", 1, &[true]))],
        )
    };
    for backends in [
        vec![],
        vec![missing("a", 1)],
        vec![backend("a", 1, &[false])],
        vec![backend("a", 0, &[true])],
    ] {
        let table = table(mirrors(), backends);
        let mut parts = ask("/cart");
        let Decision::Answer(answer) = decide(&table, &mut parts, &mut |_| 0) else {
            panic!("forwarded")
        };
        assert!(answer.mirrors.is_empty(), "{}", answer.why);
    }
}
