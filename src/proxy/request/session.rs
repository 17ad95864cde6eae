//! Sessions of clients (GEP-1619) in an exchange: what the request says of one, and what the response is to say.

use super::choose::ChosenEndpoint;
use crate::{
    backend::session::{Applied, Due, Recall, SessionKeys},
    proxy::CompiledRule,
};
use http::request;
use std::time::SystemTime;

/// What it takes to read the session of a request: the keys, and the time.
#[derive(Clone, Copy, Debug)]
pub struct Recalling<'k> {
    /// The keys with which tokens are opened.
    pub keys: &'k SessionKeys,
    /// When the request came.
    pub now: SystemTime,
}

/// What it takes to write a token into a response: the keys, and what makes each token another one.
pub struct Issuing<'k> {
    /// The keys, of which the first one seals tokens.
    pub keys: &'k SessionKeys,
    /// Makes 12 random bytes. It is asked only where a token is due.
    pub nonce: &'k mut dyn FnMut() -> [u8; 12],
}

/// What session persistence means for a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionState {
    /// The rule keeps sessions, and the data plane has no keys: its session persistence is not in force.
    NoKeys,
    /// What the tokens of the request amount to.
    Recalled(Recall),
}

/// A token that was due with a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Issued {
    /// Why.
    pub due: Due,
    /// Whether the response carries it.
    pub applied: Applied,
}

impl SessionState {
    /// Reads the tokens of a request as it came. Nothing if its rule keeps no sessions.
    pub(super) fn of(
        rule: &CompiledRule,
        request: &request::Parts,
        recalling: Option<Recalling<'_>>,
    ) -> Option<Self> {
        let sessions = rule.sessions()?;
        Some(match recalling {
            None => Self::NoKeys,
            Some(Recalling { keys, now }) => Self::Recalled(sessions.recall(request, keys, now)),
        })
    }

    pub(super) fn recall(&self) -> Option<&Recall> {
        match self {
            Self::NoKeys => None,
            Self::Recalled(recall) => Some(recall),
        }
    }

    /// Where the session of the request is, if its endpoint still serves: the place of the backend in the rule, and the
    /// endpoint. Weights do not count ("the persistence to a single backend MUST be maintained across services, even
    /// if the weight is set to 0", GEP-1619).
    pub(super) fn place(&self, rule: &CompiledRule) -> Option<(usize, ChosenEndpoint)> {
        let session = self.recall()?.session()?;
        let backend = rule.backends().get(session.backend())?;
        let (port, set) = backend.reached().ok()?;
        let index = set.find(session.endpoint())?;
        let serves = set.serves(index);
        let endpoint = serves.then(|| ChosenEndpoint::new(port, set, index))?;
        Some((session.backend(), endpoint))
    }
}
