//! Sessions, a test a sentence of GEP-1619, and as a whole against a naive map.

mod configured;
mod cookies;
mod laws;
mod tokens;

use super::*;
use crate::{
    attachment::effective::{
        BackendAddress, BackendProblem, EffectiveBackend, EffectiveFilters, HttpRouteRules,
        HttpRule,
    },
    backend::EndpointKey,
    meta::{Age, Behaviour, NamespacedName, ObjectRef, Release, RoutePatterns},
    v1::{HttpRouteMatch, SessionPersistence},
};
use serde_json::{Value, json};
use std::time::{Duration, SystemTime};

fn session(written: Value) -> SessionPersistence {
    serde_json::from_value(written).unwrap()
}

fn backend(name: &str, policy: Option<Value>) -> EffectiveBackend {
    let reference = ObjectRef {
        group: String::new(),
        kind: "Service".into(),
        namespace: "shop".into(),
        name: name.into(),
    };
    // Sessions look at names alone.
    let target = Err(BackendProblem::InvalidKind {
        reference: reference.clone(),
    });
    EffectiveBackend {
        reference,
        port: Some(80),
        weight: 1,
        filters: EffectiveFilters::default(),
        target,
        session_persistence: policy.map(session),
    }
}

fn rule(index: usize, own: Option<Value>, backends: Vec<EffectiveBackend>) -> HttpRule {
    HttpRule {
        index,
        matches: vec![HttpRouteMatch::default()],
        backends,
        session_persistence: own.map(session),
        ..Default::default()
    }
}

fn route() -> HttpRouteRules {
    HttpRouteRules {
        reference: NamespacedName::new("shop", "cart"),
        ..Default::default()
    }
}

fn listener(name: &str) -> SessionParent {
    SessionParent::Listener {
        gateway: NamespacedName::new("infra", "gw"),
        listener: name.into(),
    }
}

fn options() -> SessionOptions {
    SessionOptions::new(Behaviour::of(Release::V1_1_0))
}

fn compiled(rule: &HttpRule) -> RuleSessions {
    let made = RuleSessions::http(&listener("https"), &route(), rule, options());
    made.unwrap().unwrap()
}

/// A rule with a session persistence of its own and two backends.
fn own(written: Value) -> RuleSessions {
    compiled(&rule(
        0,
        Some(written),
        vec![backend("a", None), backend("b", None)],
    ))
}

fn keys() -> SessionKeys {
    SessionKeys::new(SessionKey::from([1; 16]))
}

fn at(millis: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(1_000_000_000 + millis)
}

fn endpoint(n: u8) -> EndpointKey {
    EndpointKey::of(&BackendAddress::new(format!("10.0.0.{n}"), true).at(8080))
}

fn served(backend: usize, n: u8) -> Served {
    Served {
        backend,
        endpoint: endpoint(n),
        match_index: 0,
        secure: true,
    }
}

/// A request with a header.
fn sending(header: &str, value: impl AsRef<[u8]>) -> http::Request<()> {
    let value = http::HeaderValue::from_bytes(value.as_ref()).unwrap();
    http::Request::get("/")
        .header(header, value)
        .body(())
        .unwrap()
}

fn nothing() -> http::Request<()> {
    http::Request::new(())
}

/// What a client sends back of a header that it got: the cookie, or the header's value.
fn kept(header: &SessionHeader) -> String {
    let value = header.value().to_str().unwrap();
    value.split(';').next().unwrap().to_owned()
}

/// A token of a session that begins at a time, as a client sends it.
fn begun(sessions: &RuleSessions, keys: &SessionKeys, served: &Served, millis: u64) -> String {
    let recall = sessions.recall(&nothing(), keys, at(millis));
    kept(&sessions.issue(&recall, served, keys, [9; 12]).unwrap())
}

#[test]
fn without_session_persistence_a_rule_has_no_sessions() {
    let none = rule(0, None, vec![backend("a", None)]);
    assert!(
        RuleSessions::http(&listener("l"), &route(), &none, options())
            .unwrap()
            .is_none()
    );
    let without_backends = rule(0, Some(json!({})), Vec::new());
    assert!(
        RuleSessions::http(&listener("l"), &route(), &without_backends, options())
            .unwrap()
            .is_none()
    );
    let refused = rule(
        0,
        Some(json!({"absoluteTimeout": "soon"})),
        vec![backend("a", None)],
    );
    assert!(RuleSessions::http(&listener("l"), &route(), &refused, options()).is_err());
}
