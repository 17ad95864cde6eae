//! Sessions in an exchange (GEP-1619): which endpoint, and what is due.

use super::*;
use crate::backend::session::{Applied, Due, Recall, SessionKey, SessionKeys};
use std::time::SystemTime;

const NOW: Duration = Duration::from_secs(1_000_000);

fn keys() -> SessionKeys {
    SessionKeys::new(SessionKey::from([7; 16]))
}

/// A table whose rule keeps sessions in the cookie `SID`.
fn keeping(backends: Vec<EffectiveBackend>) -> Table {
    let mut rules = route(none(), backends);
    let written = json!({"sessionName": "SID"});
    rules.rules[0].session_persistence = serde_json::from_value(written).unwrap();
    table_of(rules)
}

fn two(weights: [u32; 2]) -> Table {
    let [a, b] = weights;
    keeping(vec![
        backend("a", a, &[true, true]),
        backend("b", b, &[true, true]),
    ])
}

fn begun(table: &Table, cookie: Option<&str>, keys: Option<&SessionKeys>) -> Exchange {
    let mut parts = ask("/cart");
    if let Some(cookie) = cookie {
        parts.headers.insert("cookie", cookie.parse().unwrap());
    }
    let now = SystemTime::UNIX_EPOCH + NOW;
    let recalling = keys.map(|keys| Recalling { keys, now });
    match table.begin(parts, CONNECTION, recalling) {
        Begun::Exchange(exchange) => exchange,
        Begun::Answer(answer) => panic!("{}", answer.why),
    }
}

fn attempt(exchange: &mut Exchange, draw: u64) -> Result<Attempt, Box<LocalAnswer>> {
    let mut draw = |below| draw % below;
    match exchange.attempt(&mut Draws(&mut draw), Duration::ZERO) {
        Attempted::Attempt(attempt) => Ok(attempt),
        Attempted::Answer(answer) => Err(Box::new(answer)),
    }
}

/// The cookie of the response, as the client sends it back, and what was issued.
fn respond(
    exchange: &Exchange,
    attempt: &Attempt,
    keys: &SessionKeys,
) -> (Option<String>, Option<Issued>) {
    let (mut response, ()) = http::Response::new(()).into_parts();
    let nonce = &mut || [1; 12];
    let responded = exchange.respond(attempt, &mut response, Some(Issuing { keys, nonce }));
    let cookie = response.headers.get("set-cookie").map(|cookie| {
        let cookie = cookie.to_str().unwrap();
        cookie.split(';').next().unwrap().to_owned()
    });
    (cookie, responded.unwrap().issued)
}

fn place(attempt: &Attempt) -> (usize, String) {
    let address = attempt.endpoint.get().unwrap().address.to_owned();
    (attempt.backend_index, address)
}

/// The cookie of a session that this draw begins, and where it is.
fn established(table: &Table, draw: u64) -> (String, (usize, String)) {
    let keys = keys();
    let mut exchange = begun(table, None, Some(&keys));
    let first = attempt(&mut exchange, draw).unwrap();
    let (cookie, issued) = respond(&exchange, &first, &keys);
    let new = Issued {
        due: Due::New,
        applied: Applied::Added,
    };
    assert_eq!(issued, Some(new));
    (cookie.unwrap(), place(&first))
}

#[test]
fn the_endpoint_of_a_session_is_taken_whatever_is_drawn() {
    let table = two([1, 1]);
    for draw in 0..4 {
        let (cookie, there) = established(&table, draw);
        for other in 0..4 {
            let keys = keys();
            let mut exchange = begun(&table, Some(&cookie), Some(&keys));
            let next = attempt(&mut exchange, other).unwrap();
            assert_eq!((place(&next), next.by_session), (there.clone(), true));
            assert_eq!(exchange.due(&next), None);
            assert_eq!(respond(&exchange, &next, &keys), (None, None));
        }
    }
}

#[test]
fn without_keys_nothing_is_kept_and_the_exchange_says_so() {
    let table = two([1, 1]);
    let (cookie, _) = established(&table, 0);
    let mut exchange = begun(&table, Some(&cookie), None);
    assert_eq!(exchange.session(), Some(&SessionState::NoKeys));
    let next = attempt(&mut exchange, 1).unwrap();
    assert!(!next.by_session);
    assert_eq!(respond(&exchange, &next, &keys()), (None, None));
    // A rule that keeps no sessions says nothing of them.
    let plain = super::table(none(), vec![backend("a", 1, &[true])]);
    assert_eq!(begun(&plain, Some(&cookie), Some(&keys())).session(), None);
    assert_eq!(begun(&plain, Some(&cookie), None).session(), None);
}

/// GEP-1619: "Data planes MAY fall back to available backends, disregarding the broken session".
#[test]
fn a_session_whose_endpoint_cannot_be_reached_is_chosen_anew_among_the_backends_with_a_weight() {
    let (cookie, there) = established(&two([1, 0]), 0);
    assert_eq!(there, (0, "10.0.0.0".to_owned()));
    let keys = keys();
    for (weights, wanted) in [([0, 1], (1, "10.0.0.0")), ([1, 0], (0, "10.0.0.1"))] {
        let table = two(weights);
        let mut exchange = begun(&table, Some(&cookie), Some(&keys));
        let first = attempt(&mut exchange, 0).unwrap();
        assert_eq!((place(&first), first.by_session), (there.clone(), true));
        let next = exchange.failed(&first, Failure::Connect, Duration::ZERO);
        assert!(matches!(next, AfterFailure::Again), "{next:?}");
        let second = attempt(&mut exchange, 0).unwrap();
        assert_eq!(place(&second), (wanted.0, wanted.1.to_owned()));
        assert!(!second.by_session);
        assert_eq!(exchange.due(&second), Some(Due::Moved));
        let (_, issued) = respond(&exchange, &second, &keys);
        assert_eq!(issued.map(|issued| issued.due), Some(Due::Moved));
        // From here on the endpoints of that backend are tried, as without a session.
        let next = exchange.failed(&second, Failure::Connect, Duration::ZERO);
        let again = weights == [0, 1];
        assert_eq!(matches!(next, AfterFailure::Again), again, "{next:?}");
    }
}

#[test]
fn a_session_that_fails_at_the_only_endpoint_ends_with_why_that_failed() {
    let table = keeping(vec![backend("a", 1, &[true])]);
    let (cookie, _) = established(&table, 0);
    let keys = keys();
    let mut exchange = begun(&table, Some(&cookie), Some(&keys));
    let first = attempt(&mut exchange, 0).unwrap();
    let next = exchange.failed(&first, Failure::Tls, Duration::ZERO);
    assert!(matches!(next, AfterFailure::Again), "{next:?}");
    let answer = attempt(&mut exchange, 0).unwrap_err();
    assert_eq!(answer.status, StatusCode::BAD_GATEWAY);
    assert_eq!(
        answer.why.to_string(),
        "Service shop/a cannot be reached over TLS"
    );
    // What was sent is not sent again, for a session either.
    let mut exchange = begun(&table, Some(&cookie), Some(&keys));
    let first = attempt(&mut exchange, 0).unwrap();
    let next = exchange.failed(&first, Failure::Reset, Duration::ZERO);
    assert!(matches!(next, AfterFailure::Answer(_)), "{next:?}");
}

/// The request passes the filters of the backend that it goes to, and those of no other; those of the rule once.
#[test]
fn a_request_that_moves_to_another_backend_passes_the_filters_of_that_one_alone() {
    let adding = |value: &str| {
        let add = json!({"add": [{"name": "x-way", "value": value}]});
        json!({"type": "RequestHeaderModifier", "requestHeaderModifier": add})
    };
    let with = |name: &str, weight| EffectiveBackend {
        filters: mirroring(
            json!([mirror_filter(), adding(name)]),
            vec![mirror(backend(&format!("copy-{name}"), 1, &[true]))],
        ),
        ..backend(name, weight, &[true])
    };
    let table = |weights: [u32; 2]| {
        let [a, b] = weights;
        let mut rules = route(
            mirroring(
                json!([mirror_filter(), adding("rule")]),
                vec![mirror(backend("copy", 1, &[true]))],
            ),
            vec![with("a", a), with("b", b)],
        );
        let written = json!({"sessionName": "SID"});
        rules.rules[0].session_persistence = serde_json::from_value(written).unwrap();
        table_of(rules)
    };
    let (cookie, _) = established(&table([1, 0]), 0);
    let keys = keys();
    let mut exchange = begun(&table([0, 1]), Some(&cookie), Some(&keys));
    let way = |exchange: &Exchange| {
        let lines = exchange.head().headers.get_all("x-way").iter();
        let lines: Vec<_> = lines
            .map(|line| line.to_str().unwrap().to_owned())
            .collect();
        lines.join(" ")
    };
    let first = attempt(&mut exchange, 0).unwrap();
    assert_eq!(way(&exchange), "rule a");
    let next = exchange.failed(&first, Failure::Connect, Duration::ZERO);
    assert!(matches!(next, AfterFailure::Again), "{next:?}");
    attempt(&mut exchange, 0).unwrap();
    assert_eq!(way(&exchange), "rule b");
    // The mirrors of the first backend would get a copy of what that backend never got.
    let sent = exchange.copies();
    let names: Vec<_> = copies(&sent).map(|(name, _)| name).collect();
    assert_eq!(names, ["copy", "copy-b"]);
}

/// The backend to which it moves may have no filters, and so no mirrors of its own.
#[test]
fn a_request_that_moves_to_a_backend_without_filters_leaves_the_mirrors_of_the_first_one() {
    let table = |weights: [u32; 2]| {
        let [a, b] = weights;
        let first = EffectiveBackend {
            filters: mirroring(
                json!([mirror_filter()]),
                vec![mirror(backend("copy-a", 1, &[true]))],
            ),
            ..backend("a", a, &[true])
        };
        keeping(vec![first, backend("b", b, &[true])])
    };
    let (cookie, _) = established(&table([1, 0]), 0);
    let mut exchange = begun(&table([0, 1]), Some(&cookie), Some(&keys()));
    let first = attempt(&mut exchange, 0).unwrap();
    let next = exchange.failed(&first, Failure::Connect, Duration::ZERO);
    assert!(matches!(next, AfterFailure::Again), "{next:?}");
    assert_eq!(attempt(&mut exchange, 0).unwrap().backend_index, 1);
    assert_eq!(exchange.copies().len(), 0);
}

/// Whoever chooses sees which backends were tried: those of a request whose session has lost its endpoint.
#[test]
fn a_chooser_can_keep_away_from_the_backend_at_which_an_attempt_came_to_nothing() {
    struct Elsewhere(Vec<Vec<usize>>);
    impl Choose for Elsewhere {
        fn draw(&mut self, _: u64) -> u64 {
            0
        }

        fn backend(&mut self, rule: &CompiledRule, tried: &[usize]) -> Result<usize, DrawError> {
            self.0.push(tried.to_vec());
            let mut all = 0..rule.backends().len();
            Ok(all.find(|index| !tried.contains(index)).unwrap_or(0))
        }
    }
    let table = two([1, 1]);
    let (cookie, (home, _)) = established(&table, 0);
    assert_eq!(home, 0);
    let mut chooser = Elsewhere(Vec::new());
    let mut exchange = begun(&table, Some(&cookie), Some(&keys()));
    let mut attempt = |exchange: &mut Exchange| {
        let attempted = exchange.attempt(&mut chooser, Duration::ZERO);
        attempted.into_result().unwrap()
    };
    let first = attempt(&mut exchange);
    assert_eq!((first.backend_index, first.by_session), (0, true));
    let next = exchange.failed(&first, Failure::Connect, Duration::ZERO);
    assert!(matches!(next, AfterFailure::Again), "{next:?}");
    let second = attempt(&mut exchange);
    assert_eq!((second.backend_index, second.by_session), (1, false));
    let mut other = begun(&table, None, Some(&keys()));
    attempt(&mut other);
    assert_eq!(chooser.0, [vec![0], vec![]]);
}

/// A cookie of the backend's own stays (GEP-1619, "Session Persistence Initiation").
#[test]
fn the_token_comes_after_the_response_filters_and_gives_way_to_the_backend() {
    let [_, removing] = set("set-cookie", "of=filter");
    let mut rules = route(filters(json!([removing])), vec![backend("a", 1, &[true])]);
    let written = json!({"sessionName": "SID"});
    rules.rules[0].session_persistence = serde_json::from_value(written).unwrap();
    let table = table_of(rules);
    let keys = keys();
    let mut exchange = begun(&table, None, Some(&keys));
    let first = attempt(&mut exchange, 0).unwrap();
    let (mut response, ()) = http::Response::new(()).into_parts();
    let nonce = &mut || [1; 12];
    let issuing = Issuing { keys: &keys, nonce };
    exchange
        .respond(&first, &mut response, Some(issuing))
        .unwrap();
    let lines: Vec<_> = response.headers.get_all("set-cookie").iter().collect();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert_eq!(lines[0], "of=filter");

    let table = keeping(vec![backend("a", 1, &[true])]);
    let mut exchange = begun(&table, None, Some(&keys));
    let first = attempt(&mut exchange, 0).unwrap();
    let (mut response, ()) = http::Response::new(()).into_parts();
    response
        .headers
        .insert("set-cookie", "SID=own".parse().unwrap());
    let nonce = &mut || [1; 12];
    let issuing = Issuing { keys: &keys, nonce };
    let responded = exchange
        .respond(&first, &mut response, Some(issuing))
        .unwrap();
    assert_eq!(
        responded.issued.map(|issued| issued.applied),
        Some(Applied::OfBackend)
    );
    assert_eq!(response.headers.get_all("set-cookie").iter().count(), 1);
}

/// A rule that was put together by hand may ask for sessions that cannot be kept: attachment would refuse it.
#[test]
fn a_rule_whose_session_persistence_cannot_be_in_force_answers_500() {
    let mut rules = route(none(), vec![backend("a", 1, &[true])]);
    let written = json!({"sessionName": "no cookie"});
    rules.rules[0].session_persistence = serde_json::from_value(written).unwrap();
    let mut exchange = begun(&table_of(rules), None, Some(&keys()));
    let answer = attempt(&mut exchange, 0).unwrap_err();
    assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(
        answer.why.to_string().contains("`no cookie`"),
        "{}",
        answer.why
    );
}

#[test]
fn what_an_exchange_recalls_is_plain_data() {
    let table = two([1, 1]);
    let (cookie, _) = established(&table, 0);
    let keys = keys();
    let exchange = begun(&table, Some(&cookie), Some(&keys));
    let Some(SessionState::Recalled(recall)) = exchange.session() else {
        panic!("{:?}", exchange.session())
    };
    let recall: Recall = *recall;
    assert_eq!(recall.refusal(), None);
    assert_eq!(recall.session().unwrap().age(&recall), Duration::ZERO);
}
