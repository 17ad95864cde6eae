//! What session persistence (GEP-1619) did for a request: for programs, and as sentences.

use crate::{
    backend::session::{Applied, Due, SessionOrigin, SessionPolicy},
    proxy::{Attempt, Exchange, Issued, SessionState},
};
use serde::Serialize;

/// What session persistence did for a request that went to a backend.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SessionAnswer {
    /// How it stands with the session of the client.
    pub state: SessionStanding,
    /// The name of the cookie or header that holds the token; none where the backend keeps no sessions.
    pub name: Option<String>,
    /// Whether the token travels in a cookie, and not in a header of its own.
    pub cookie: bool,
    /// Whether the rule asks for it, and not the policy of its backend.
    pub by_rule: bool,
    /// Whether the response gives the client a token.
    pub issued: bool,
    /// Why a token that came with the request selects nothing.
    pub refused: Option<String>,
}

/// How it stands with the session of a client after a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum SessionStanding {
    /// The client has none.
    None,
    /// It begins with the response.
    New,
    /// It was established before, and chose the endpoint.
    Established,
    /// Its endpoint does not serve any more: another session begins at the endpoint that was chosen in its place.
    Moved,
    /// The data plane has no keys, so that no sessions are kept.
    NotInForce,
}

/// What is to be said of sessions.
#[derive(Debug, Default)]
pub(super) struct Said {
    pub(super) answer: Option<SessionAnswer>,
    pub(super) why: Vec<String>,
}

/// What to say of the session of a request that was sent to a backend. `issued` is the token in the response.
pub(super) fn said(exchange: &Exchange, attempt: &Attempt, issued: Option<Issued>) -> Said {
    let (Some(state), Some(sessions)) = (exchange.session(), exchange.target().rule().sessions())
    else {
        return Said::default();
    };
    let policy = sessions.of_backend(attempt.backend_index);
    let mut why = recalled(exchange);
    if let SessionState::Recalled(recall) = state {
        match (recall.session(), policy) {
            (Some(session), Some(policy)) if attempt.by_session => {
                let age = session.age(recall).as_secs();
                let drained = match attempt.backend.effective().weight {
                    0 => ", although the weight of its backend is 0",
                    _ => "",
                };
                why.push(format!(
                    "the {} belongs to a session that was established {age} s ago: it stays at its endpoint{drained}",
                    carrier(policy)
                ));
            }
            (Some(_), _) => why.push(
                "the endpoint of the client's session does not serve any more: backend and endpoint were chosen anew"
                    .to_owned(),
            ),
            (None, _) => {}
        }
        why.push(match policy {
            None => "session persistence: no policy asks for it at this backend, and the rule does not either".to_owned(),
            Some(policy) => of_response(policy, issued),
        });
    }
    let added = issued.filter(|issued| issued.applied == Applied::Added);
    let standing = match (state, added.map(|issued| issued.due)) {
        (SessionState::NoKeys, _) => SessionStanding::NotInForce,
        _ if attempt.by_session => SessionStanding::Established,
        (_, Some(Due::Moved)) => SessionStanding::Moved,
        (_, Some(_)) => SessionStanding::New,
        (_, None) => SessionStanding::None,
    };
    let refused = match state {
        SessionState::NoKeys => None,
        SessionState::Recalled(recall) => recall.refusal(),
    };
    let answer = SessionAnswer {
        state: standing,
        name: policy.map(|policy| policy.name().to_owned()),
        cookie: policy.is_some_and(SessionPolicy::is_cookie),
        by_rule: policy.is_some_and(|policy| policy.origin() == SessionOrigin::Rule),
        issued: added.is_some(),
        refused: refused.map(|refusal| refusal.to_string()),
    };
    Said {
        answer: Some(answer),
        why,
    }
}

/// What is wrong with the tokens of a request, whatever became of it.
pub(super) fn recalled(exchange: &Exchange) -> Vec<String> {
    match exchange.session() {
        None => Vec::new(),
        Some(SessionState::NoKeys) => {
            vec!["no sessions are kept: the data plane has no session keys".to_owned()]
        }
        Some(SessionState::Recalled(recall)) => {
            let refusal = recall.refusal().into_iter();
            refusal
                .map(|refusal| format!("a session token of the request selects nothing: {refusal}"))
                .collect()
        }
    }
}

/// What the response says of the session.
fn of_response(policy: &SessionPolicy, issued: Option<Issued>) -> String {
    let carrier = carrier(policy);
    let origin = match policy.origin() {
        SessionOrigin::Rule => "of the rule",
        SessionOrigin::Policy => "of the backend's policy",
    };
    let Some(Issued { due, applied }) = issued else {
        let begins = policy
            .absolute_timeout()
            .is_none_or(|timeout| !timeout.is_zero());
        return match begins {
            true => format!("session persistence {origin}: the response brings no new token"),
            false => {
                format!(
                    "session persistence {origin}: `absoluteTimeout` is 0s, so that no session begins"
                )
            }
        };
    };
    match applied {
        Applied::Added => {}
        Applied::OfBackend => {
            return format!(
                "session persistence {origin}: the backend itself sets the {carrier}, which stays, so that no session is established"
            );
        }
        _ => {
            return format!(
                "session persistence {origin}: the response has no room for the {carrier}"
            );
        }
    }
    let meaning = match due {
        Due::New => {
            "with a new session: requests that send it back go to the same endpoint".to_owned()
        }
        Due::Moved => "with a new session at this endpoint".to_owned(),
        Due::Idle => {
            let timeout = policy
                .idle_timeout()
                .map(|timeout| format!(" of {timeout}"));
            format!(
                "again, since the idle timeout{} begins anew",
                timeout.unwrap_or_default()
            )
        }
        _ => "again, since the key of the old one was replaced".to_owned(),
    };
    format!("session persistence {origin}: the response brings the {carrier} {meaning}")
}

/// Where a token travels.
fn carrier(policy: &SessionPolicy) -> String {
    let kind = if policy.is_cookie() {
        "cookie"
    } else {
        "header"
    };
    format!("{kind} `{}`", policy.name())
}
