//! Attempts at endpoints: what follows on one that came to nothing, and how long each may take.

use super::*;
use crate::certificate::ServerCertificateError;

fn begun(table: &Table, content_type: &str) -> Exchange {
    let mut parts = ask("/cart");
    let content_type = content_type.parse().unwrap();
    parts.headers.insert("content-type", content_type);
    match table.begin(parts, CONNECTION, None) {
        Begun::Exchange(exchange) => exchange,
        Begun::Answer(answer) => panic!("{}", answer.why),
    }
}

fn attempt(exchange: &mut Exchange, elapsed: Duration) -> Result<Attempt, Box<LocalAnswer>> {
    let attempted = exchange.attempt(&mut Draws(&mut |_| 0), elapsed);
    attempted.into_result()
}

fn address(attempt: &Attempt) -> String {
    attempt.endpoint.get().unwrap().address.to_owned()
}

/// A table whose rule has these limits, in milliseconds.
fn table_with_limits(request: Option<i64>, backend_request: Option<i64>, ready: &[bool]) -> Table {
    let mut rules = route(none(), vec![backend("a", 1, ready)]);
    let limit = |limit: Option<i64>| limit.map(|ms| format!("{ms}ms").parse().unwrap());
    rules.rules[0].timeouts = Timeouts {
        request: limit(request),
        backend_request: limit(backend_request),
    };
    table_of(rules)
}

#[test]
fn an_attempt_of_which_nothing_was_sent_is_made_again_at_each_endpoint_once() {
    let table = table(none(), vec![backend("a", 1, &[true, false, true])]);
    let mut exchange = begun(&table, "text/plain");
    let first = attempt(&mut exchange, Duration::ZERO).unwrap();
    let next = exchange.failed(&first, Failure::Connect, Duration::ZERO);
    assert!(matches!(next, AfterFailure::Again), "{next:?}");
    let second = attempt(&mut exchange, Duration::ZERO).unwrap();
    assert_eq!(
        [address(&first), address(&second)],
        ["10.0.0.0", "10.0.0.2"]
    );
    let AfterFailure::Answer(answer) = exchange.failed(&second, Failure::Connect, Duration::ZERO)
    else {
        panic!("again, though no endpoint remains")
    };
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(
        answer.why.to_string(),
        "Service shop/a cannot be connected to"
    );
}

#[test]
fn what_was_sent_is_not_sent_again_and_each_failure_has_its_status() {
    let table = table(none(), vec![backend("a", 1, &[true, true])]);
    for (failure, status) in [
        (Failure::Reset, 502),
        (Failure::Malformed, 502),
        (Failure::Timeout, 504),
    ] {
        for (content_type, status, grpc) in [
            ("text/plain", status, None),
            // An HTTPRoute answers a call over HTTP, too.
            ("application/grpc", status, None),
        ] {
            let mut exchange = begun(&table, content_type);
            let first = attempt(&mut exchange, Duration::ZERO).unwrap();
            let why = failure.clone();
            let AfterFailure::Answer(answer) = exchange.failed(&first, why, Duration::ZERO) else {
                panic!("{failure} again")
            };
            assert_eq!((answer.status.as_u16(), answer.grpc), (status, grpc));
        }
    }
    let one = super::table(none(), vec![backend("a", 1, &[true])]);
    let mut exchange = begun(&one, "text/plain");
    let first = attempt(&mut exchange, Duration::ZERO).unwrap();
    let AfterFailure::Answer(answer) = exchange.failed(&first, Failure::Tls, Duration::ZERO) else {
        panic!("again, though no endpoint remains")
    };
    assert_eq!(answer.status, StatusCode::BAD_GATEWAY);
}

/// A connection that was kept may turn out to have ended, and its endpoint to be gone: the request has been taken by then, and
/// an attempt without it would send another one.
#[test]
fn there_is_no_further_attempt_when_the_request_was_taken_to_be_sent() {
    let table = table(none(), vec![backend("a", 1, &[true, true])]);
    for (failure, status) in [
        (Failure::Connect, 503),
        (Failure::Tls, 502),
        (
            Failure::Certificate(ServerCertificateError::Expired.into()),
            502,
        ),
        (Failure::Reset, 502),
        (Failure::Malformed, 502),
        (Failure::Timeout, 504),
    ] {
        let mut exchange = begun(&table, "text/plain");
        let first = attempt(&mut exchange, Duration::ZERO).unwrap();
        assert_eq!(exchange.outgoing(&first).uri, "/cart");
        let given_up = exchange.give_up(&first, failure.clone(), Duration::ZERO);
        let why = failure.clone();
        let AfterFailure::Answer(answer) = exchange.failed(&first, why, Duration::ZERO) else {
            panic!("{failure} again")
        };
        assert_eq!(answer.status, status, "{failure}");
        assert_eq!(given_up.status, answer.status, "{failure}");
        assert_eq!(given_up.why.to_string(), answer.why.to_string());
    }
}

/// HTTPRoute `timeouts`: a backend request may take no longer than what the whole request has left; zero is no limit.
#[test]
fn an_attempt_may_take_the_lesser_of_its_own_limit_and_of_what_is_left() {
    let ms = Duration::from_millis;
    for (request, backend_request, elapsed, limit) in [
        (None, None, 0, None),
        (Some(0), Some(0), 5_000, None),
        (Some(300), None, 100, Some(200)),
        (Some(300), Some(100), 100, Some(100)),
        (Some(300), Some(250), 100, Some(200)),
        (None, Some(250), 5_000, Some(250)),
        (Some(0), Some(250), 5_000, Some(250)),
    ] {
        let table = table_with_limits(request, backend_request, &[true]);
        let mut exchange = begun(&table, "text/plain");
        let attempt = attempt(&mut exchange, ms(elapsed)).unwrap();
        assert_eq!(
            attempt.limit,
            limit.map(ms),
            "{request:?} {backend_request:?}"
        );
    }
}

#[test]
fn there_is_no_further_attempt_when_the_time_of_the_request_is_over() {
    let table = table_with_limits(Some(300), None, &[true, true]);
    let ms = Duration::from_millis;
    let mut exchange = begun(&table, "text/plain");
    let first = attempt(&mut exchange, Duration::ZERO).unwrap();
    let next = exchange.failed(&first, Failure::Connect, ms(299));
    assert!(matches!(next, AfterFailure::Again), "{next:?}");
    let late = attempt(&mut exchange, ms(300)).unwrap_err();
    assert_eq!(late.status, StatusCode::GATEWAY_TIMEOUT);
    let mut exchange = begun(&table, "text/plain");
    let first = attempt(&mut exchange, Duration::ZERO).unwrap();
    let next = exchange.failed(&first, Failure::Connect, ms(300));
    assert!(matches!(next, AfterFailure::Answer(_)), "{next:?}");
}

/// A table whose rule has a mirror, before these backends.
fn mirrored(backends: Vec<EffectiveBackend>) -> Table {
    let filters = mirroring(
        json!([mirror_filter()]),
        vec![mirror(backend("copy", 1, &[true]))],
    );
    table(filters, backends)
}

/// Copies of a request are sent once, however many attempts it takes, and not before an endpoint takes the request.
#[test]
fn copies_go_out_once_when_the_request_is_sent() {
    let table = mirrored(vec![backend("a", 1, &[true, true])]);
    let mut exchange = begun(&table, "text/plain");
    let first = attempt(&mut exchange, Duration::ZERO).unwrap();
    let next = exchange.failed(&first, Failure::Connect, Duration::ZERO);
    assert!(matches!(next, AfterFailure::Again), "{next:?}");
    let second = attempt(&mut exchange, Duration::ZERO).unwrap();
    assert_eq!([exchange.copies().len(), exchange.copies().len()], [1, 0]);
    // What mirrors have was sent: another attempt would send it again.
    let next = exchange.failed(&second, Failure::Connect, Duration::ZERO);
    assert!(matches!(next, AfterFailure::Answer(_)), "{next:?}");
    let mut exchange = begun(&table, "text/plain");
    let first = attempt(&mut exchange, Duration::ZERO).unwrap();
    assert_eq!(exchange.copies().len(), 1);
    let next = exchange.failed(&first, Failure::Connect, Duration::ZERO);
    assert!(matches!(next, AfterFailure::Answer(_)), "{next:?}");
}

/// HTTPRoute `requestMirror`: mirrors get copies of requests that are sent. An error in the place of that sends none.
#[test]
fn a_request_that_no_endpoint_takes_is_answered_without_copies() {
    for failure in [
        Failure::Connect,
        Failure::Tls,
        Failure::Certificate(ServerCertificateError::Expired.into()),
    ] {
        let table = mirrored(vec![backend("a", 1, &[true])]);
        let mut exchange = begun(&table, "text/plain");
        let only = attempt(&mut exchange, Duration::ZERO).unwrap();
        let next = exchange.failed(&only, failure, Duration::ZERO);
        let AfterFailure::Answer(answer) = next else {
            panic!("again, though no endpoint remains")
        };
        assert!(answer.mirrors.is_empty(), "{}", answer.why);
    }
}
