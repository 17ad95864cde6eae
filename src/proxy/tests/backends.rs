//! Which backend and which endpoint a request goes to.

use super::*;

#[test]
fn an_invalid_backend_answers_500_for_exactly_its_share() {
    let table = table(none(), vec![backend("a", 3, &[true]), missing("b", 1)]);
    assert_eq!(statuses(&table, 4), [200, 200, 200, 500]);
}

/// GEP-1364 at v1.1.0, "Partial validity and Conditions": 500 where a Service has no endpoints. HTTPRoute
/// `spec.rules[].backendRefs` since v1.2.0: SHOULD be 503, for the same share. The rule of a call that an HTTPRoute takes is
/// the same, and one that a GRPCRoute takes gets `UNAVAILABLE` in every release.
#[test]
fn a_backend_without_ready_endpoints_answers_500_or_503_by_release_for_its_share() {
    for release in Release::ALL {
        let status = if *release < Release::V1_2_0 { 500 } else { 503 };
        let backends = || vec![backend("a", 1, &[true]), backend("b", 1, &[false])];
        let options = DataPlaneOptions::for_release(*release);
        let mut table = table_under(route(none(), backends()), options);
        assert_eq!(statuses(&table, 2), [200, status], "{release}");
        table.insert_grpc(&attached(GrpcRouteRules {
            reference: NamespacedName::new("shop", "calls"),
            rules: vec![GrpcRule {
                matches: vec![GrpcRouteMatch::default()],
                backends: backends(),
                ..Default::default()
            }],
            ..Default::default()
        }));
        for (path, content_type, status, grpc) in [
            ("/cart", "application/grpc", status, None),
            (
                "/shop.Cart/Add",
                "application/grpc",
                200,
                Some(GrpcStatus::Unavailable),
            ),
            ("/shop.Cart/Add", "text/plain", 503, None),
        ] {
            let mut parts = ask(path);
            let content_type = content_type.parse().unwrap();
            parts.headers.insert("content-type", content_type);
            let mut last = Some(1);
            let decision = decide(&table, &mut parts, &mut |_| last.take().unwrap_or(0));
            let Decision::Answer(answer) = decision else {
                panic!("forwarded")
            };
            assert!(matches!(answer.why, Why::NoEndpoint(_)), "{}", answer.why);
            let got = (answer.status.as_u16(), answer.grpc);
            assert_eq!(got, (status, grpc), "{release} {path}");
        }
    }
}

#[test]
fn a_rule_without_backends_or_with_all_weights_zero_answers_500() {
    assert_eq!(statuses(&table(none(), vec![]), 1), [500]);
    assert_eq!(
        statuses(&table(none(), vec![backend("a", 0, &[true])]), 1),
        [500]
    );
}

#[test]
fn only_endpoints_that_are_ready_are_drawn() {
    let table = table(none(), vec![backend("a", 1, &[false, true, false, true])]);
    let mut seen = Vec::new();
    for second in 0..2 {
        let mut draws = [0, second].into_iter();
        let mut asked = Vec::new();
        let mut parts = ask("/cart");
        let decision = decide(&table, &mut parts, &mut |n| {
            asked.push(n);
            draws.next().unwrap()
        });
        let Decision::Forward(forward) = decision else {
            panic!("answered")
        };
        seen.push(forward.attempt.endpoint.get().unwrap().address.to_owned());
        assert_eq!(asked, [1, 2]);
    }
    assert_eq!(seen, ["10.0.0.1", "10.0.0.3"]);
}

#[test]
fn nothing_is_drawn_where_there_is_no_choice() {
    let table = table(none(), vec![backend("a", 1, &[false, true])]);
    let mut asked = Vec::new();
    let mut parts = ask("/cart");
    let decision = decide(&table, &mut parts, &mut |n| {
        asked.push(n);
        0
    });
    assert!(matches!(decision, Decision::Forward(_)));
    assert_eq!(asked, [1], "the draw over the weights alone");
}

#[test]
fn a_draw_that_is_not_below_what_was_asked_is_an_error_of_its_own() {
    let two = || backend("a", 3, &[true, true]);
    let half = EffectiveMirror {
        share: Fraction {
            numerator: 1,
            denominator: Some(2),
        },
        ..mirror(two())
    };
    let mirrors = mirroring(json!([mirror_filter()]), vec![half]);
    let table = table(mirrors, vec![two()]);
    // The draws over the weights, the endpoints, the share of the mirror and its endpoints.
    let fine = [2, 1, 0, 1];
    for bad in 0..=fine.len() {
        let mut draws = fine;
        let below = [3, 2, 2, 2];
        if let Some(draw) = draws.get_mut(bad) {
            *draw = below[bad];
        }
        let mut draws = draws.into_iter();
        let mut parts = ask("/cart");
        match decide(&table, &mut parts, &mut |_| draws.next().unwrap()) {
            Decision::Forward(_) => assert_eq!(bad, fine.len()),
            Decision::Answer(answer) => {
                let Why::Draw(error) = answer.why else {
                    panic!("{}", answer.why)
                };
                let (draw, total) = (below[bad], below[bad]);
                assert_eq!(error, DrawError::OutOfRange { draw, total });
                assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
            }
        }
    }
}
