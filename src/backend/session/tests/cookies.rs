//! What travels: cookies and headers.

use super::*;

#[test]
fn several_cookies_of_one_name_are_each_looked_at() {
    let (sessions, keys) = (
        own(json!({"sessionName": "SID", "absoluteTimeout": "10s"})),
        keys(),
    );
    let first = begun(&sessions, &keys, &served(0, 1), 0);
    let second = begun(&sessions, &keys, &served(1, 2), 5_000);
    let recall = |cookies: &str, millis| {
        let recall = sessions.recall(&sending("cookie", cookies), &keys, at(millis));
        (recall.session().map(Session::backend), recall.refusal())
    };
    // The first valid one counts, and what is wrong with the first that is not is known.
    assert_eq!(
        recall(&format!("{first}; {second}"), 5_000),
        (Some(0), None)
    );
    assert_eq!(
        recall(&format!("{second}; {first}"), 5_000),
        (Some(1), None)
    );
    assert_eq!(
        recall(&format!("{first}; {second}"), 12_000),
        (Some(1), Some(TokenRefusal::Expired))
    );
    assert_eq!(
        recall(&format!("SID; SID=x; {second}"), 5_000),
        (Some(1), Some(TokenRefusal::Malformed))
    );
    assert_eq!(
        recall(&format!("a=b; sid=x; SIDE=y;{second};"), 5_000),
        (Some(1), None)
    );
    let long = "x".repeat(10_000);
    assert_eq!(
        recall(&format!("SID={long}; {second}"), 5_000),
        (Some(1), Some(TokenRefusal::Oversized))
    );
    assert_eq!(recall("a=b", 0), (None, None));
    // Several lines are as one (RFC 9113, section 8.2.3).
    let request = http::Request::get("/")
        .header("cookie", "SID=x")
        .header("cookie", http::HeaderValue::from_bytes(b"b=\xff").unwrap())
        .header("cookie", &second)
        .body(())
        .unwrap();
    let recalled = sessions.recall(&request, &keys, at(5_000));
    assert_eq!(recalled.session().map(Session::backend), Some(1));
    // Not more than eight.
    let seven = "SID=x; ".repeat(7);
    assert_eq!(recall(&format!("{seven}{second}"), 5_000).0, Some(1));
    assert_eq!(recall(&format!("SID=x; {seven}{second}"), 5_000).0, None);
    let many = std::iter::repeat_n(first.as_str(), 9)
        .collect::<Vec<_>>()
        .join("; ");
    assert_eq!(recall(&many, 12_000), (None, Some(TokenRefusal::TooMany)));
}

#[test]
fn a_session_by_header_is_in_that_header_both_ways() {
    let (sessions, keys) = (
        own(json!({"sessionName": "X-Session", "type": "Header", "absoluteTimeout": "1h"})),
        keys(),
    );
    let recall = sessions.recall(&nothing(), &keys, at(0));
    let header = sessions
        .issue(&recall, &served(1, 2), &keys, [9; 12])
        .unwrap();
    assert_eq!(header.name(), "x-session");
    assert!(header.value().is_sensitive());
    let mut response = http::HeaderMap::new();
    let value = header.value().clone();
    assert_eq!(header.apply(&mut response), Applied::Added);
    assert_eq!(response.get("x-session"), Some(&value));
    for sent in [
        value.to_str().unwrap().to_owned(),
        format!(" {}\t", value.to_str().unwrap()),
    ] {
        let recall = sessions.recall(&sending("x-session", sent), &keys, at(0));
        assert_eq!(
            recall.session().map(|s| (s.backend(), s.endpoint())),
            Some((1, endpoint(2)))
        );
    }
    let in_cookie = format!("X-Session={}", value.to_str().unwrap());
    assert_eq!(
        sessions
            .recall(&sending("cookie", in_cookie), &keys, at(0))
            .session(),
        None
    );
}

/// GEP-1619, "Secure, HttpOnly, SameSite", and "Expires / Max-Age".
#[test]
fn attributes_are_as_the_specification_wants_them() {
    let keys = keys();
    let written = |session: Value, options: SessionOptions, secure| {
        let rule = rule(0, Some(session), vec![backend("a", None)]);
        let made = RuleSessions::http(&listener("l"), &route(), &rule, options);
        let sessions = made.unwrap().unwrap();
        let recall = sessions.recall(&nothing(), &keys, at(0));
        let served = Served {
            secure,
            ..served(0, 1)
        };
        let header = sessions.issue(&recall, &served, &keys, [9; 12]).unwrap();
        let value = header.value().to_str().unwrap().to_owned();
        value.split_once("; ").unwrap().1.to_owned()
    };
    assert_eq!(
        written(json!({}), options(), true),
        "HttpOnly; SameSite=Strict; Secure; Path=/"
    );
    // A browser would drop a `Secure` cookie that comes in cleartext.
    assert_eq!(
        written(json!({}), options(), false),
        "HttpOnly; SameSite=Strict; Path=/"
    );
    let lax = SessionOptions {
        same_site: SameSite::Lax,
        http_only: false,
        ..options()
    };
    assert_eq!(
        written(json!({}), lax, true),
        "SameSite=Lax; Secure; Path=/"
    );
    // "Session cookies do not include either of these attributes, while permanent cookies will contain one of them."
    let with_end = json!({"absoluteTimeout": "1h"});
    assert_eq!(
        written(with_end, options(), false),
        "HttpOnly; SameSite=Strict; Path=/"
    );
    let permanent = json!({"absoluteTimeout": "1h", "cookieConfig": {"lifetimeType": "Permanent"}});
    let wanted =
        "HttpOnly; SameSite=Strict; Path=/; Max-Age=3600; Expires=Mon, 12 Jan 1970 14:46:40 GMT";
    assert_eq!(written(permanent, options(), false), wanted);
    let of_v1_7 = SessionOptions::new(Behaviour::of(Release::V1_7_0));
    let with_path = json!({"cookie": {"path": "/shop"}});
    assert_eq!(
        written(with_path, of_v1_7, false),
        "HttpOnly; SameSite=Strict; Path=/shop"
    );
    let host = json!({"sessionName": "__Host-SID", "cookie": {"path": "/shop"}});
    assert_eq!(
        written(host, of_v1_7, true),
        "HttpOnly; SameSite=Strict; Secure; Path=/"
    );
}

/// "If the backend initiates the session, the gateway should allow this and not force persistent connections".
#[test]
fn what_a_backend_sets_itself_stays() {
    let keys = keys();
    let issue = |sessions: &RuleSessions| {
        let recall = sessions.recall(&nothing(), &keys, at(0));
        sessions
            .issue(&recall, &served(0, 1), &keys, [9; 12])
            .unwrap()
    };
    let by_cookie = own(json!({"sessionName": "SID"}));
    let by_header = own(json!({"sessionName": "X-S", "type": "Header"}));
    for (sessions, name, own, applied) in [
        (
            &by_cookie,
            "set-cookie",
            "SID=mine; Path=/",
            Applied::OfBackend,
        ),
        (&by_cookie, "set-cookie", " SID =mine", Applied::OfBackend),
        (&by_cookie, "set-cookie", "sid=mine", Applied::Added),
        (&by_cookie, "set-cookie", "other=SID", Applied::Added),
        (&by_header, "x-s", "mine", Applied::OfBackend),
        (&by_header, "set-cookie", "X-S=mine", Applied::Added),
    ] {
        let mut response = http::HeaderMap::new();
        response.insert(name, own.parse().unwrap());
        assert_eq!(
            issue(sessions).apply(&mut response),
            applied,
            "{name}: {own}"
        );
        let lines = response.len();
        assert_eq!(
            lines,
            if applied == Applied::Added { 2 } else { 1 },
            "{name}: {own}"
        );
        assert_eq!(response.get(name).unwrap(), own);
    }
    let mut full = http::HeaderMap::new();
    for n in 0..100_000 {
        let name: http::HeaderName = format!("x-{n}").parse().unwrap();
        if full
            .try_append(name, http::HeaderValue::from_static(""))
            .is_err()
        {
            break;
        }
    }
    assert_eq!(issue(&by_cookie).apply(&mut full), Applied::NoRoom);
}
