//! Tokens: time, authenticity, keys.

use super::*;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use proptest::prelude::*;

fn value(cookie: &str) -> &str {
    cookie.split_once('=').unwrap().1
}

fn refused(
    sessions: &RuleSessions,
    keys: &SessionKeys,
    token: &str,
    millis: u64,
) -> Option<TokenRefusal> {
    let recall = sessions.recall(&sending("cookie", format!("SID={token}")), keys, at(millis));
    assert_eq!(
        recall.session().is_none(),
        recall.refusal().is_some(),
        "{recall:?}"
    );
    recall.refusal()
}

/// "Once the AbsoluteTimeout duration has elapsed, the session becomes invalid."
#[test]
fn a_session_sticks_until_the_absolute_timeout_has_elapsed() {
    let (sessions, keys) = (
        own(json!({"sessionName": "SID", "absoluteTimeout": "1h"})),
        keys(),
    );
    let token = begun(&sessions, &keys, &served(1, 3), 0);
    let hour = 3_600_000;
    for (millis, sticks) in [
        (0, true),
        (1, true),
        (hour - 1, true),
        (hour, false),
        (2 * hour, false),
    ] {
        let recall = sessions.recall(&sending("cookie", &token), &keys, at(millis));
        let session = recall.session().map(|s| (s.backend(), s.endpoint()));
        assert_eq!(session, sticks.then(|| (1, endpoint(3))), "{millis}");
        assert_eq!(
            recall.refusal(),
            (!sticks).then_some(TokenRefusal::Expired),
            "{millis}"
        );
        // Nothing is due while it lasts.
        let due = sessions.due(&recall, &served(1, 3));
        assert_eq!(due, (!sticks).then_some(Due::New), "{millis}");
    }
}

/// "Once the session has been idle for more than the specified IdleTimeout duration, the session becomes invalid."
#[test]
fn a_session_ends_when_it_was_idle_for_longer_than_its_idle_timeout() {
    let (sessions, keys) = (
        own(json!({"sessionName": "SID", "idleTimeout": "10s"})),
        keys(),
    );
    let mut token = begun(&sessions, &keys, &served(0, 1), 0);
    // Used every ten seconds it lasts, and each response brings a new token.
    for millis in [10_000, 20_000, 20_001, 30_001] {
        let recall = sessions.recall(&sending("cookie", &token), &keys, at(millis));
        assert_eq!(
            recall.session().map(Session::endpoint),
            Some(endpoint(1)),
            "{millis}"
        );
        let header = sessions
            .issue(&recall, &served(0, 1), &keys, [9; 12])
            .unwrap();
        assert_eq!(header.due(), Due::Idle);
        token = kept(&header);
    }
    // Two requests at one time need no second token.
    let recall = sessions.recall(&sending("cookie", &token), &keys, at(30_001));
    assert_eq!(sessions.due(&recall, &served(0, 1)), None);
    assert_eq!(refused(&sessions, &keys, value(&token), 40_001), None);
    assert_eq!(
        refused(&sessions, &keys, value(&token), 40_002),
        Some(TokenRefusal::Idle)
    );
}

/// The absolute timeout counts from when the session was established, however often it is renewed.
#[test]
fn renewals_do_not_stretch_the_absolute_timeout() {
    let written = json!({
        "sessionName": "SID", "absoluteTimeout": "25s", "idleTimeout": "10s", "cookieConfig": {"lifetimeType": "Permanent"},
    });
    let (sessions, keys) = (own(written), keys());
    let mut token = begun(&sessions, &keys, &served(0, 1), 0);
    for (millis, left) in [(9_000, 16), (18_500, 7), (24_001, 1)] {
        let recall = sessions.recall(&sending("cookie", &token), &keys, at(millis));
        assert_eq!(
            recall.session().unwrap().age(&recall),
            Duration::from_millis(millis)
        );
        let header = sessions
            .issue(&recall, &served(0, 1), &keys, [9; 12])
            .unwrap();
        let cookie = header.value().to_str().unwrap();
        assert!(cookie.contains(&format!("; Max-Age={left};")), "{cookie}");
        assert!(
            cookie.ends_with("; Expires=Mon, 12 Jan 1970 13:47:05 GMT"),
            "{cookie}"
        );
        token = kept(&header);
    }
    assert_eq!(
        refused(&sessions, &keys, value(&token), 25_000),
        Some(TokenRefusal::Expired)
    );
}

#[test]
fn an_absolute_timeout_of_0s_establishes_no_session() {
    let (sessions, keys) = (
        own(json!({"sessionName": "SID", "absoluteTimeout": "0s"})),
        keys(),
    );
    let recall = sessions.recall(&nothing(), &keys, at(0));
    assert_eq!(sessions.due(&recall, &served(0, 1)), None);
    assert_eq!(sessions.issue(&recall, &served(0, 1), &keys, [0; 12]), None);
}

/// Whatever is altered of a token, it selects nothing.
#[test]
fn no_alteration_of_a_token_is_accepted() {
    let (sessions, keys) = (own(json!({"sessionName": "SID"})), keys());
    let token = begun(&sessions, &keys, &served(0, 1), 0);
    let token = value(&token);
    assert_eq!(refused(&sessions, &keys, token, 0), None);
    let bytes = URL_SAFE_NO_PAD.decode(token).unwrap();
    for place in 0..bytes.len() {
        for bit in 0..8 {
            let mut altered = bytes.clone();
            altered[place] ^= 1 << bit;
            let refusal = refused(&sessions, &keys, &URL_SAFE_NO_PAD.encode(&altered), 0);
            let expected = match place {
                0 => TokenRefusal::Malformed,
                1..=3 => TokenRefusal::UnknownKey,
                _ => TokenRefusal::NotAuthentic,
            };
            assert_eq!(refusal, Some(expected), "bit {bit} of byte {place}");
        }
    }
    for place in 0..token.len() {
        for other in ['A', 'B', 'g', 'w', '9', '-', '_', '=', '+', '/', ' ', '"'] {
            let mut altered: Vec<char> = token.chars().collect();
            if altered[place] != other {
                altered[place] = other;
                let text: String = altered.into_iter().collect();
                assert!(
                    refused(&sessions, &keys, &text, 0).is_some(),
                    "{other} at {place}"
                );
            }
        }
    }
    for length in 0..token.len() {
        assert_eq!(
            refused(&sessions, &keys, &token[..length], 0),
            Some(TokenRefusal::Malformed),
            "{length}"
        );
    }
    for more in ["A", "=", "AAAA"] {
        assert_eq!(
            refused(&sessions, &keys, &format!("{token}{more}"), 0),
            Some(TokenRefusal::Oversized)
        );
    }
}

/// "Route rules referencing the same service MUST NOT share persistent sessions", nor do listeners, routes or kinds.
#[test]
fn a_token_is_worth_nothing_at_another_rule_or_listener() {
    let keys = keys();
    let written = || Some(json!({"sessionName": "SID"}));
    let made = |parent: &SessionParent, route: &HttpRouteRules, index| {
        let rule = rule(index, written(), vec![backend("a", None)]);
        RuleSessions::http(parent, route, &rule, options())
            .unwrap()
            .unwrap()
    };
    let service = |kind: &str, port| SessionParent::Service {
        service: ObjectRef {
            group: String::new(),
            kind: kind.into(),
            namespace: "infra".into(),
            name: "gw".into(),
        },
        port,
    };
    let other_route = HttpRouteRules {
        reference: NamespacedName::new("shop", "other"),
        ..route()
    };
    let grpc = {
        let rule = crate::attachment::effective::GrpcRule {
            index: 0,
            name: None,
            matches: Vec::new(),
            filters: EffectiveFilters::default(),
            backends: vec![backend("a", None)],
            session_persistence: written().map(session),
            problem: None,
        };
        let route = crate::attachment::effective::GrpcRouteRules {
            reference: route().reference,
            age: Age::at_second(0),
            hostnames: Vec::new(),
            rules: Vec::new(),
            patterns: RoutePatterns::default(),
        };
        RuleSessions::grpc(&listener("https"), &route, &rule, options())
            .unwrap()
            .unwrap()
    };
    let everywhere = [
        made(&listener("https"), &route(), 0),
        made(&listener("https"), &route(), 1),
        made(&listener("http"), &route(), 0),
        made(&listener("https"), &other_route, 0),
        made(&service("Service", 80), &route(), 0),
        made(&service("Service", 81), &route(), 0),
        made(&service("ServiceImport", 80), &route(), 0),
        grpc,
    ];
    let mut names = std::collections::BTreeSet::new();
    for (here, sessions) in everywhere.iter().enumerate() {
        let token = begun(sessions, &keys, &served(0, 1), 0);
        for (there, other) in everywhere.iter().enumerate() {
            let refusal = (here != there).then_some(TokenRefusal::NotAuthentic);
            assert_eq!(
                refused(other, &keys, value(&token), 0),
                refusal,
                "{here} at {there}"
            );
        }
        // And the names that are made up for them differ.
        names.insert(sessions.binding.generated_name(None));
        names.insert(sessions.binding.generated_name(Some(1)));
        names.insert(sessions.binding.generated_name(Some(2)));
    }
    assert_eq!(names.len(), 3 * everywhere.len());
}

#[test]
fn keys_rotate_without_an_end_of_sessions() {
    let sessions = own(json!({"sessionName": "SID", "absoluteTimeout": "1h"}));
    let mut keys = keys();
    let old = begun(&sessions, &keys, &served(1, 2), 0);
    keys.rotate(SessionKey::from([2; 16]), 1);
    // A token of the key before is opened, and replaced by one of the first key; the session is the same one.
    let recall = sessions.recall(&sending("cookie", &old), &keys, at(1_000));
    let header = sessions
        .issue(&recall, &served(1, 2), &keys, [9; 12])
        .unwrap();
    assert_eq!(header.due(), Due::KeyRotated);
    let renewed = kept(&header);
    let recall = sessions.recall(&sending("cookie", &renewed), &keys, at(2_000));
    assert_eq!(
        recall.session().unwrap().age(&recall),
        Duration::from_secs(2)
    );
    assert_eq!(sessions.due(&recall, &served(1, 2)), None);
    // Once its key is gone, a token selects nothing.
    keys.rotate(SessionKey::from([3; 16]), 1);
    assert_eq!(keys.len(), 2);
    assert_eq!(
        refused(&sessions, &keys, value(&old), 0),
        Some(TokenRefusal::UnknownKey)
    );
    assert_eq!(refused(&sessions, &keys, value(&renewed), 0), None);
    keys.rotate(SessionKey::from([4; 16]), 0);
    assert_eq!(
        refused(&sessions, &keys, value(&renewed), 0),
        Some(TokenRefusal::UnknownKey)
    );
    // A replica that knows the new key, and does not seal with it yet, opens its tokens.
    let ahead = SessionKeys::new(SessionKey::from([1; 16])).and_old(SessionKey::from([5; 16]));
    let new = begun(
        &sessions,
        &SessionKeys::new(SessionKey::from([5; 16])),
        &served(0, 1),
        0,
    );
    assert_eq!(refused(&sessions, &ahead, value(&new), 0), None);
    assert!(!format!("{ahead:?}").contains("cipher"), "{ahead:?}");
}

/// Clocks of replicas differ a little. No token lasts longer for it than that.
#[test]
fn a_token_from_the_future_is_refused() {
    let (sessions, keys) = (
        own(json!({"sessionName": "SID", "absoluteTimeout": "1s", "idleTimeout": "1s"})),
        keys(),
    );
    let token = begun(&sessions, &keys, &served(0, 1), 100_000);
    assert_eq!(refused(&sessions, &keys, value(&token), 40_000), None);
    assert_eq!(
        refused(&sessions, &keys, value(&token), 39_999),
        Some(TokenRefusal::FromTheFuture)
    );
    // The clock that is behind renews nothing.
    let recall = sessions.recall(&sending("cookie", &token), &keys, at(40_000));
    assert_eq!(sessions.due(&recall, &served(0, 1)), None);
    let before = SystemTime::UNIX_EPOCH - Duration::from_secs(1);
    assert!(
        sessions
            .recall(&sending("cookie", &token), &keys, before)
            .session()
            .is_none()
    );
}

/// The form of tokens may not change without another version: replicas of two releases of this library share clients.
#[test]
fn a_token_is_the_same_in_every_release_of_this_library() {
    let sessions = own(json!({"sessionName": "SID"}));
    let token = begun(&sessions, &keys(), &served(1, 2), 0);
    let sealed =
        "AaS_xgkJCQkJCQkJCQkJCQRld7I5ZEPmNovWCHaaM92hFcfB3Bk-zE-TSU2jYBd3Vf564AvjAP50E345IqIp7g";
    assert_eq!(token, format!("SID={sealed}"));
}

/// A token says nothing useful to a client: not which endpoint, nor whether two clients have the same one.
#[test]
fn a_token_tells_a_client_nothing() {
    let (sessions, keys) = (own(json!({"sessionName": "SID"})), keys());
    let made = |served: &Served, nonce: u8, millis| {
        let recall = sessions.recall(&nothing(), &keys, at(millis));
        let header = sessions.issue(&recall, served, &keys, [nonce; 12]).unwrap();
        value(&kept(&header)).to_owned()
    };
    let tokens = [
        made(&served(0, 1), 1, 0),
        made(&served(0, 1), 2, 0),
        made(&served(1, 200), 3, 0),
        made(&served(0, 1), 4, u64::from(u32::MAX)),
    ];
    for token in &tokens {
        assert_eq!(token.len(), keys::TEXT);
    }
    // Beyond version, name of the key and nonce nothing is the same at one place of all four, but for chance.
    let bytes = tokens.map(|token| URL_SAFE_NO_PAD.decode(token).unwrap());
    let same = |place: &usize| bytes.iter().all(|token| token[*place] == bytes[0][*place]);
    assert!((16..64).filter(same).count() < 3, "{bytes:?}");
    // A nonce that comes twice shows that two tokens are the same, and nothing else.
    assert_eq!(made(&served(0, 1), 1, 0), made(&served(0, 1), 1, 0));
    let (one, other) = (made(&served(0, 1), 1, 0), made(&served(0, 2), 1, 0));
    let (one, other) = (
        URL_SAFE_NO_PAD.decode(one).unwrap(),
        URL_SAFE_NO_PAD.decode(other).unwrap(),
    );
    assert!(
        (16..64)
            .filter(|place| one[*place] == other[*place])
            .count()
            < 6
    );
}

proptest! {
    /// No header value makes reading panic, and what nobody sealed selects nothing.
    #[test]
    fn no_header_value_panics_or_selects(
        bytes in prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..300),
            "(SID|sid|x)?=?\"?[A-Za-z0-9_=;, \"-]{0,200}".prop_map(String::into_bytes),
            proptest::collection::vec(any::<u8>(), 64).prop_map(|b| format!("SID={}", URL_SAFE_NO_PAD.encode(b)).into_bytes()),
        ],
        is_header in any::<bool>(),
    ) {
        let kind = if is_header { "Header" } else { "Cookie" };
        let sessions = own(json!({"sessionName": "SID", "type": kind}));
        let name = if is_header { "sid" } else { "cookie" };
        if let Ok(value) = http::HeaderValue::from_bytes(&bytes) {
            let request = http::Request::get("/").header(name, value).body(()).unwrap();
            prop_assert_eq!(sessions.recall(&request, &keys(), at(0)).session(), None);
        }
    }
}
