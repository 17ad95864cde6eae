//! Session persistence (GEP-1619): the requests of one client session go to the same endpoint.
//!
//! A session is a token that the client keeps, in a cookie or a header: nothing is stored here. The token is encrypted and
//! authenticated, and bound to one rule at one listener; it says which backend and endpoint, when the session began, and
//! when it was last used. All tokens have the same length, and tell a client nothing.
//!
//! 1. A rule is compiled to [`RuleSessions`] once.
//! 2. [`recall`](RuleSessions::recall) reads the tokens of a request. An established [`Session`] goes before weights: it
//!    outlives a weight of 0.
//! 3. Where there is none, or its endpoint does not serve any more, backend and endpoint are chosen anew, as for any
//!    request.
//! 4. [`issue`](RuleSessions::issue) gives the header for the response: for a new session, for one that moved to another
//!    endpoint, where an idle timeout begins anew, and where a key has been replaced.
//!
//! ```
//! # #[cfg(feature = "sessions")] {
//! use gwapi::{
//!     attachment::effective::{BackendAddress, HttpRouteRules, HttpRule},
//!     backend::{EndpointKey, session::*},
//!     meta::{Behaviour, NamespacedName, Release},
//! };
//! use std::time::{Duration, SystemTime};
//!
//! # fn rules() -> (HttpRouteRules, HttpRule) {
//! #     use gwapi::{attachment::effective::*, meta::*};
//! #     let reference = ObjectRef { group: String::new(), kind: "Service".into(), namespace: "shop".into(), name: "a".into() };
//! #     let problem = BackendProblem::InvalidKind { reference: reference.clone() };
//! #     let mut rule = HttpRule::default();
//! #     rule.matches = vec![Default::default()];
//! #     rule.backends = vec![EffectiveBackend::new(reference, Err(problem))];
//! #     rule.session_persistence = serde_json::from_str(r#"{"sessionName": "SID", "idleTimeout": "10m"}"#).ok();
//! #     let mut route = HttpRouteRules::default();
//! #     route.reference = NamespacedName::new("shop", "r");
//! #     (route, rule)
//! # }
//! let parent = SessionParent::Listener {
//!     gateway: NamespacedName::new("infra", "gw"),
//!     listener: "https".into(),
//! };
//! let (route, rule) = rules(); // sessionPersistence: {sessionName: SID, idleTimeout: 10m}
//! let options = SessionOptions::new(Behaviour::of(Release::V1_1_0));
//! let sessions = RuleSessions::http(&parent, &route, &rule, options)?.ok_or("no sessions")?;
//! let keys = SessionKeys::new(SessionKey::from([7; 16]));
//!
//! // A first request has no token: an endpoint is chosen, and the response brings the cookie.
//! let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
//! let request = http::Request::get("/").body(())?;
//! let recall = sessions.recall(&request, &keys, now);
//! assert_eq!(recall.session(), None);
//! let endpoint = EndpointKey::of(&BackendAddress::new("10.0.0.1", true).at(8080));
//! let served = Served { backend: 0, endpoint, match_index: 0, secure: true };
//! let header = sessions.issue(&recall, &served, &keys, [1; 12]).ok_or("nothing is due")?;
//! assert_eq!(header.due(), Due::New);
//! let cookie = header.value().to_str()?;
//! assert!(cookie.starts_with("SID=") && cookie.ends_with("; HttpOnly; SameSite=Strict; Secure; Path=/"));
//!
//! // The client sends it again, and stays; after ten minutes without a request it does not.
//! let sent = cookie.split(';').next().unwrap_or_default();
//! let request = http::Request::get("/").header("cookie", sent).body(())?;
//! let recall = sessions.recall(&request, &keys, now + Duration::from_secs(600));
//! assert_eq!(recall.session().map(Session::endpoint), Some(endpoint));
//! assert_eq!(sessions.due(&recall, &served), Some(Due::Idle));
//! let recall = sessions.recall(&request, &keys, now + Duration::from_secs(601));
//! assert_eq!((recall.session(), recall.refusal()), (None, Some(TokenRefusal::Idle)));
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What the specification leaves open
//!
//! - The token goes to the backend as it came: "the backend will be presented with session attributes".
//! - A session whose endpoint is gone, or does not serve, ends, and a new one begins with the endpoint that is chosen: "Data
//!   planes MAY fall back to available backends, disregarding the broken session". An endpoint that terminates and still
//!   serves keeps its sessions.
//! - Where policies of a rule's backends ask for sessions, and the rule itself does not, sessions are kept for those backends
//!   alone. Two policies may have the same name: a token names its backend.
//! - A timeout of `0s` is taken at its word: with `absoluteTimeout: 0s` no session is ever established.
//! - A backend that itself sets a cookie or header of the session's name keeps it ([`Applied::OfBackend`]).
//!
//! Tokens need the feature `sessions`. Without it everything else is there, but no [`SessionKeys`] can be made.

#[cfg(feature = "sessions")]
mod cookie;
mod flow;
#[cfg(feature = "sessions")]
mod keys;
mod parent;
mod path;
mod policy;
mod recall;
mod rule;
mod session_key;
#[cfg(test)]
mod tests;
mod token;
#[cfg(not(feature = "sessions"))]
mod without;

#[cfg(feature = "sessions")]
pub use keys::SessionKeys;
pub use parent::SessionParent;
pub use policy::{SessionOrigin, SessionPolicy};
pub use recall::{Applied, Due, Recall, Served, Session, SessionHeader, TokenRefusal};
pub use rule::{RuleSessions, SameSite, SessionOptions};
pub use session_key::SessionKey;
#[cfg(not(feature = "sessions"))]
pub use without::SessionKeys;

/// How many tokens of one name are looked at in a request.
const MOST_TOKENS: usize = 8;
