//! Which session persistence is in force for a backend.

use super::*;

/// "the `sessionPersistence` configuration inline to `RouteX` route rule MUST take precedence over `BackendLBPolicy`".
#[test]
fn the_rule_overrides_the_policy_of_its_backends() {
    let policy = || Some(json!({"sessionName": "of-policy", "type": "Header"}));
    let backends = || vec![backend("a", policy()), backend("b", None)];
    let with_own = compiled(&rule(
        0,
        Some(json!({"sessionName": "of-rule"})),
        backends(),
    ));
    assert_eq!(with_own.policies().len(), 1);
    for place in [0, 1] {
        let policy = with_own.of_backend(place).unwrap();
        assert_eq!(
            (policy.name(), policy.is_cookie(), policy.origin()),
            ("of-rule", true, SessionOrigin::Rule)
        );
    }
    assert!(with_own.of_backend(2).is_none());
    let without = compiled(&rule(0, None, backends()));
    let policy = without.of_backend(0).unwrap();
    assert_eq!(
        (policy.name(), policy.is_cookie(), policy.origin()),
        ("of-policy", false, SessionOrigin::Policy)
    );
}

/// GEP-1619, "Traffic Splitting": "or apply session persistence only for the backends with it configured".
#[test]
fn a_policy_of_one_backend_is_for_that_backend_alone() {
    let keys = keys();
    let sessions = compiled(&rule(
        0,
        None,
        vec![
            backend("a", Some(json!({"sessionName": "SID"}))),
            backend("b", None),
        ],
    ));
    assert!(sessions.of_backend(1).is_none());
    let recall = sessions.recall(&nothing(), &keys, at(0));
    assert_eq!(sessions.due(&recall, &served(1, 1)), None);
    assert_eq!(sessions.issue(&recall, &served(1, 1), &keys, [0; 12]), None);
    assert_eq!(sessions.due(&recall, &served(0, 1)), Some(Due::New));
}

/// "Session Naming Collision": both sessions work, since a token names its backend, and each ends by its own timeout.
#[test]
fn two_policies_may_have_one_name() {
    let keys = keys();
    let policy = |timeout: &str| Some(json!({"sessionName": "SID", "absoluteTimeout": timeout}));
    let sessions = compiled(&rule(
        0,
        None,
        vec![backend("a", policy("10s")), backend("b", policy("20s"))],
    ));
    assert_eq!(sessions.policies().len(), 2);
    for (place, ends) in [(0, 10_000), (1, 20_000)] {
        let token = begun(&sessions, &keys, &served(place, 1), 0);
        let recalled = |millis| sessions.recall(&sending("cookie", &token), &keys, at(millis));
        assert_eq!(
            recalled(ends - 1).session().map(Session::backend),
            Some(place)
        );
        assert_eq!(recalled(ends).refusal(), Some(TokenRefusal::Expired));
    }
    // Equal ones are one.
    let same = compiled(&rule(
        0,
        None,
        vec![backend("a", policy("10s")), backend("b", policy("10s"))],
    ));
    assert_eq!(same.policies().len(), 1);
}

/// A token is looked for wherever one of the backends has it.
#[test]
fn policies_of_different_types_stand_side_by_side() {
    let keys = keys();
    let policies = || {
        vec![
            backend("a", Some(json!({"sessionName": "SID"}))),
            backend("b", Some(json!({"sessionName": "X-S", "type": "Header"}))),
        ]
    };
    let sessions = compiled(&rule(0, None, policies()));
    let by_cookie = begun(&sessions, &keys, &served(0, 1), 0);
    let by_header = begun(&sessions, &keys, &served(1, 2), 0);
    let recalled = |name: &str, value: &str| sessions.recall(&sending(name, value), &keys, at(0));
    assert_eq!(
        recalled("cookie", &by_cookie)
            .session()
            .map(Session::backend),
        Some(0)
    );
    assert_eq!(
        recalled("x-s", &by_header).session().map(Session::backend),
        Some(1)
    );
    // In the other's place it is none of that backend's sessions.
    let swapped = recalled("cookie", &format!("SID={by_header}"));
    assert_eq!(
        (swapped.session(), swapped.refusal()),
        (None, Some(TokenRefusal::BackendGone))
    );
}

/// A session follows its backend when the list of backends or their weights change, and ends when the backend is gone.
#[test]
fn a_session_follows_its_backend() {
    let keys = keys();
    let own = || Some(json!({"sessionName": "SID"}));
    let before = compiled(&rule(
        0,
        own(),
        vec![backend("a", None), backend("b", None)],
    ));
    let token = begun(&before, &keys, &served(1, 2), 0);
    let recalled = |backends| {
        let sessions = compiled(&rule(0, own(), backends));
        let recall = sessions.recall(&sending("cookie", &token), &keys, at(0));
        (recall.session().map(Session::backend), recall.refusal())
    };
    let without_weight = EffectiveBackend {
        weight: 0,
        ..backend("b", None)
    };
    assert_eq!(
        recalled(vec![without_weight, backend("a", None)]),
        (Some(0), None)
    );
    assert_eq!(
        recalled(vec![backend("a", None)]),
        (None, Some(TokenRefusal::BackendGone))
    );
    let other_port = EffectiveBackend {
        port: Some(81),
        ..backend("b", None)
    };
    assert_eq!(
        recalled(vec![other_port]),
        (None, Some(TokenRefusal::BackendGone))
    );
    // Two references to one Service are two backends.
    let twice = compiled(&rule(
        0,
        own(),
        vec![backend("b", None), backend("b", None)],
    ));
    let second = begun(&twice, &keys, &served(1, 2), 0);
    let recall = twice.recall(&sending("cookie", &second), &keys, at(0));
    assert_eq!(recall.session().map(Session::backend), Some(1));
}

/// The rule's cookie has the path of its match, and that of a policy has none: "This is because multiple routes can target a
/// single service." Since v1.7.0 it is `/`.
#[test]
fn the_path_of_the_cookie_depends_on_where_the_session_is_configured() {
    let matching = |value: &str| serde_json::from_value(json!({"path": {"value": value}})).unwrap();
    let of = |own: Option<Value>, policy: Option<Value>, release| {
        let mut rule = rule(0, own, vec![backend("a", policy)]);
        rule.matches = vec![matching("/a"), matching("/b/")];
        let options = SessionOptions::new(Behaviour::of(release));
        let sessions = RuleSessions::http(&listener("l"), &route(), &rule, options)
            .unwrap()
            .unwrap();
        let policy = sessions.of_backend(0).unwrap();
        [0, 1].map(|place| policy.cookie_path(place).map(str::to_owned))
    };
    let some = |path: &str| Some(path.to_owned());
    let cookie = || Some(json!({}));
    assert_eq!(
        of(cookie(), None, Release::V1_1_0),
        [some("/a"), some("/b")]
    );
    assert_eq!(of(None, cookie(), Release::V1_1_0), [None, None]);
    assert_eq!(of(cookie(), None, Release::V1_7_0), [some("/"), some("/")]);
    assert_eq!(of(None, cookie(), Release::V1_7_0), [some("/"), some("/")]);
    let by_header = Some(json!({"type": "Header"}));
    assert_eq!(of(by_header, None, Release::V1_1_0), [None, None]);
}

/// "If `SessionName` is not specified, then a unique cookie name should be generated." The values may never change: clients
/// hold the cookies.
#[test]
fn a_name_is_made_up_where_none_is_set() {
    let name = |rule: &HttpRule, backend| {
        compiled(rule)
            .of_backend(backend)
            .unwrap()
            .name()
            .to_owned()
    };
    let own = rule(
        0,
        Some(json!({})),
        vec![backend("a", None), backend("b", None)],
    );
    assert_eq!(name(&own, 0), "gwapi-session-d5acd25a1346ab08");
    assert_eq!(name(&own, 1), name(&own, 0));
    let of_policies = rule(
        0,
        None,
        vec![backend("a", Some(json!({}))), backend("b", Some(json!({})))],
    );
    assert_eq!(name(&of_policies, 0), "gwapi-session-4c48af97cdcc433f");
    assert_ne!(name(&of_policies, 1), name(&of_policies, 0));
    let by_header = rule(0, Some(json!({"type": "Header"})), vec![backend("a", None)]);
    assert_eq!(name(&by_header, 0), name(&own, 0));
}
