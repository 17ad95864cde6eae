//! Which backend and which endpoint a request goes to.

use super::*;

#[test]
fn an_invalid_backend_answers_500_for_exactly_its_share() {
    let table = table(none(), vec![backend("a", 3, &[true]), missing("b", 1)]);
    assert_eq!(statuses(&table, 4), [200, 200, 200, 500]);
}

#[test]
fn a_backend_without_ready_endpoints_answers_503_for_its_share() {
    let table = table(
        none(),
        vec![backend("a", 1, &[true]), backend("b", 1, &[false])],
    );
    assert_eq!(statuses(&table, 2), [200, 503]);
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
