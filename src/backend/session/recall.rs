//! What a request says of its session, and what the response is to say.

use crate::backend::EndpointKey;
use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{Entry, SET_COOKIE},
};
use std::time::{Duration, SystemTime};

/// Milliseconds since the Unix epoch; an earlier time is the epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Millis(pub(super) u64);

impl Millis {
    pub(super) fn of(time: SystemTime) -> Self {
        let since = time.duration_since(SystemTime::UNIX_EPOCH);
        let millis = since.unwrap_or_default().as_millis();
        Self(u64::try_from(millis).unwrap_or(u64::MAX))
    }

    /// How long ago that was, at this time; nothing if it is still to come.
    pub(super) fn until(self, now: Self) -> u64 {
        now.0.saturating_sub(self.0)
    }
}

/// What the tokens of a request amount to. Plain data, made by [`RuleSessions::recall`](super::RuleSessions::recall).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recall {
    /// When the request came.
    pub(super) now: Millis,
    pub(super) session: Option<Session>,
    pub(super) refusal: Option<TokenRefusal>,
}

impl Recall {
    /// The session that the request belongs to. It goes to the endpoint of the session if that still serves, whatever the
    /// weights are; else it is chosen anew.
    #[must_use]
    pub fn session(&self) -> Option<Session> {
        self.session
    }

    /// Why a token that came with the request selects nothing: the first one of several, unless there were
    /// [too many](TokenRefusal::TooMany) to look at each. There may be a session beside it, since a client can send several cookies
    /// of one name.
    #[must_use]
    pub fn refusal(&self) -> Option<TokenRefusal> {
        self.refusal
    }
}

/// A session that is established: a token said so that is authentic, belongs to the rule, and has not ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Session {
    pub(super) backend: usize,
    pub(super) endpoint: EndpointKey,
    pub(super) created: Millis,
    pub(super) last_used: Millis,
    /// Whether the key that sealed the token is not the one that seals new ones.
    pub(super) old_key: bool,
}

impl Session {
    /// The backend, by its place among the rule's `backendRefs`. It may have a weight of 0: "the persistence to a single
    /// backend MUST be maintained across services, even if the weight is set to 0" (GEP-1619, "Traffic Splitting").
    #[must_use]
    pub fn backend(self) -> usize {
        self.backend
    }

    /// The endpoint of that backend.
    #[must_use]
    pub fn endpoint(self) -> EndpointKey {
        self.endpoint
    }

    /// How long ago the session was established when the request came. Renewals do not change when that was.
    #[must_use]
    pub fn age(self, recall: &Recall) -> Duration {
        Duration::from_millis(self.created.until(recall.now))
    }
}

/// Why a token selects nothing. Displayed as a sentence for people who operate the data plane; clients learn nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum TokenRefusal {
    /// It does not have the form of a token of this library: the backend may use a cookie of the same name.
    #[error("the token is malformed")]
    Malformed,
    /// It is longer than a token can be.
    #[error("the token is longer than a token can be")]
    Oversized,
    /// It names none of the keys: the key has been rotated out, or is that of another data plane.
    #[error("the token is sealed with a key that is not in use any more")]
    UnknownKey,
    /// It has been altered or forged, or belongs to another rule or listener.
    #[error("the token is not authentic: it was altered, or belongs to another rule or listener")]
    NotAuthentic,
    /// It says that it was made later than now: the clocks of two replicas differ by more than a minute.
    #[error("the token is from the future: the clocks of two data planes differ")]
    FromTheFuture,
    /// The absolute timeout has elapsed.
    #[error("the session has ended: `absoluteTimeout` has elapsed")]
    Expired,
    /// The session has been idle for longer than the idle timeout.
    #[error("the session has ended: it was idle for longer than `idleTimeout`")]
    Idle,
    /// Its backend is not among those of the rule any more, or keeps its sessions by another name.
    #[error(
        "the session's backend is not one of the rule's any more, or has another session persistence"
    )]
    BackendGone,
    /// More tokens came than are looked at.
    #[error(
        "more than {} tokens of the session came with the request",
        super::MOST_TOKENS
    )]
    TooMany,
}

/// Where a request went, and how its response is to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Served {
    /// The backend, by its place among the rule's `backendRefs`.
    pub backend: usize,
    /// The endpoint that answered.
    pub endpoint: EndpointKey,
    /// The match that led to the rule, by its place: the cookie's `Path` follows from it.
    pub match_index: usize,
    /// Whether the request came over TLS: the cookie is `Secure` then. Over cleartext a client would drop such a cookie.
    pub secure: bool,
}

/// Why a response carries a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Due {
    /// A session begins.
    New,
    /// The endpoint of the session is gone, and another one was chosen: a session begins there.
    Moved,
    /// The session was used, so that its idle timeout begins anew. When it was established does not change.
    Idle,
    /// The session's token is sealed with an older key.
    KeyRotated,
}

/// A header for the response, by which the client gets a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionHeader {
    pub(super) name: HeaderName,
    pub(super) value: HeaderValue,
    pub(super) due: Due,
}

impl SessionHeader {
    /// `Set-Cookie`, or the header of the session.
    #[must_use]
    pub fn name(&self) -> &HeaderName {
        &self.name
    }

    /// Its value. Marked as sensitive: it is not shown in `Debug`.
    #[must_use]
    pub fn value(&self) -> &HeaderValue {
        &self.value
    }

    /// Why it is due.
    #[must_use]
    pub fn due(&self) -> Due {
        self.due
    }

    /// Adds the header to a response, after its filters. A backend that sets a cookie or header of this name itself keeps it:
    /// "If the backend initiates the session, the gateway should allow this" (GEP-1619, "Session Persistence Initiation").
    pub fn apply(self, headers: &mut HeaderMap) -> Applied {
        let Self { name, value, .. } = self;
        let own = cookie_name(value.as_bytes());
        let of_backend = match headers.try_entry(&name) {
            Err(_) => return Applied::NoRoom,
            Ok(Entry::Vacant(_)) => false,
            Ok(Entry::Occupied(there)) if name == SET_COOKIE => there
                .iter()
                .any(|other| cookie_name(other.as_bytes()) == own),
            Ok(Entry::Occupied(_)) => true,
        };
        if of_backend {
            return Applied::OfBackend;
        }
        match headers.try_append(name, value) {
            Ok(_) => Applied::Added,
            Err(_) => Applied::NoRoom,
        }
    }
}

/// The name of the cookie that a `Set-Cookie` line sets.
fn cookie_name(line: &[u8]) -> &[u8] {
    let until = |end: &u8| matches!(end, b'=' | b';');
    line.split(until).next().unwrap_or_default().trim_ascii()
}

/// What became of a header for the response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Applied {
    /// It is in the response.
    Added,
    /// The backend set a cookie or header of the same name, which stays. The session is not established.
    OfBackend,
    /// The response has as many headers as it can hold.
    NoRoom,
}
