//! What must hold of any bytes as the headers of a session: shared by the fuzz target `session_token` and the test that
//! replays its corpus.
#![allow(
    clippy::allow_attributes,
    clippy::expect_used,
    reason = "shared by tests and a fuzz target"
)]

use gwapi::{
    attachment::effective::{
        BackendAddress, BackendProblem, EffectiveBackend, HttpRouteRules, HttpRule,
    },
    backend::{
        EndpointKey,
        session::{RuleSessions, Served, SessionKey, SessionKeys, SessionOptions, SessionParent},
    },
    meta::{Behaviour, NamespacedName, ObjectRef, Release},
    v1::{
        HttpPathMatch, HttpRouteMatch, PathMatchType, SessionPersistence, SessionPersistenceType,
    },
};
use http::{HeaderMap, HeaderValue, Request, header};
use std::time::{Duration, SystemTime};

/// Reads the bytes as choices, a path up to a line end, and a header value. Returns whether the value selected an endpoint.
///
/// - Whatever the header value is, what selects an endpoint is a token that was sealed, byte for byte.
/// - Whatever the path of the rule is, a cookie has the attributes that it should, and no other.
/// - Whatever a backend sets, nothing panics, and the backend's own lines stay.
pub(crate) fn check(bytes: &[u8]) -> bool {
    let [choices, rest @ ..] = bytes else {
        return false;
    };
    let end = rest.iter().position(|byte| *byte == b'\n');
    let (path, value) = rest.split_at(end.unwrap_or(rest.len()));
    let value = value.get(1..).unwrap_or_default();
    let by_header = choices & 1 != 0;
    let path_type = match choices >> 1 & 3 {
        0 => PathMatchType::Exact,
        1 => PathMatchType::PathPrefix,
        _ => PathMatchType::RegularExpression,
    };
    let sessions = sessions(by_header, path_type, &String::from_utf8_lossy(path));
    let keys = SessionKeys::new(SessionKey::from([7; 16]));
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
    let served = Served {
        backend: 0,
        endpoint: EndpointKey::of(&BackendAddress::new("10.0.0.1", true).at(8080)),
        match_index: 0,
        secure: true,
    };
    let recall = sessions.recall(&Request::new(()), &keys, now);
    let issued = sessions
        .issue(&recall, &served, &keys, [3; 12])
        .expect("a session begins");
    let written = issued
        .value()
        .to_str()
        .expect("a token is ASCII")
        .to_owned();
    if !by_header {
        attributes(&written);
    }
    let token = written
        .split([';', '='])
        .nth(usize::from(!by_header))
        .expect("a token")
        .to_owned();

    let altered = altered(&token, choices >> 3, by_header, value);
    if let Ok(line) = HeaderValue::from_bytes(value) {
        let mut response = HeaderMap::new();
        response.insert(issued.name(), line.clone());
        let name = issued.name().clone();
        issued.apply(&mut response);
        assert_eq!(response.get(&name), Some(&line), "the backend's own line");
    }
    let Ok(line) = HeaderValue::from_bytes(&altered) else {
        return false;
    };
    let name = if by_header {
        "sid".parse().expect("a name")
    } else {
        header::COOKIE
    };
    let mut request = Request::new(());
    request.headers_mut().insert(name, line);
    let recall = sessions.recall(&request, &keys, now);
    let selected = recall.session().is_some();
    if selected {
        let sent = altered
            .windows(token.len())
            .any(|part| part == token.as_bytes());
        assert!(
            sent,
            "what was not sealed selects an endpoint: {}",
            altered.escape_ascii()
        );
    }
    selected
}

/// The header value: as the bytes say, or a token that the bytes alter.
fn altered(token: &str, how: u8, by_header: bool, bytes: &[u8]) -> Vec<u8> {
    let name = if by_header { "" } else { "SID=" };
    match how & 3 {
        0 => bytes.to_vec(),
        1 => [name.as_bytes(), bytes].concat(),
        2 => [bytes, b"; ", name.as_bytes(), token.as_bytes()].concat(),
        _ => {
            // Pairs of a place and a character.
            let mut token = token.as_bytes().to_vec();
            for pair in bytes.chunks_exact(2) {
                if let [place, byte] = *pair {
                    let length = token.len();
                    if let Some(at) = token.get_mut(usize::from(place) % length) {
                        *at = byte;
                    }
                }
            }
            [name.as_bytes(), &token].concat()
        }
    }
}

/// The cookie has each attribute once that it should have, and no other.
fn attributes(cookie: &str) {
    let names: Vec<&str> = cookie
        .split("; ")
        .skip(1)
        .map(|attribute| attribute.split('=').next().unwrap_or_default())
        .collect();
    assert_eq!(
        names,
        ["HttpOnly", "SameSite", "Secure", "Path"],
        "{cookie}"
    );
    assert_eq!(cookie.matches(';').count(), 4, "{cookie}");
    let path = cookie.rsplit("; Path=").next().unwrap_or_default();
    assert!(path.starts_with('/'), "{cookie}");
}

fn sessions(by_header: bool, path_type: PathMatchType, path: &str) -> RuleSessions {
    let reference = ObjectRef {
        group: String::new(),
        kind: "Service".into(),
        namespace: "shop".into(),
        name: "cart".into(),
    };
    let persistence = SessionPersistence {
        session_name: Some("SID".into()),
        r#type: by_header.then_some(SessionPersistenceType::Header),
        ..SessionPersistence::default()
    };
    let problem = BackendProblem::InvalidKind {
        reference: reference.clone(),
    };
    let mut rule = HttpRule::default();
    rule.matches = vec![HttpRouteMatch {
        path: Some(HttpPathMatch {
            r#type: Some(path_type),
            value: Some(path.to_owned()),
        }),
        ..HttpRouteMatch::default()
    }];
    rule.backends = vec![EffectiveBackend::new(reference, Err(problem))];
    rule.session_persistence = Some(persistence);
    let mut route = HttpRouteRules::default();
    route.reference = NamespacedName::new("shop", "cart");
    let parent = SessionParent::Listener {
        gateway: NamespacedName::new("infra", "gateway"),
        listener: "https".into(),
    };
    let options = SessionOptions::new(Behaviour::of(Release::V1_1_0));
    RuleSessions::http(&parent, &route, &rule, options)
        .expect("the settings can be in force")
        .expect("the rule has sessions")
}
