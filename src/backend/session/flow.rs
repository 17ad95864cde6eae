//! Reading the tokens of requests, and writing those of responses.

use super::{
    MOST_TOKENS, SessionKeys,
    policy::{SessionPolicy, TokenCarrier},
    recall::{Due, Millis, Recall, Served, Session, SessionHeader, TokenRefusal},
    rule::RuleSessions,
    token::{Attributes, SentToken, Token},
};
use crate::{backend::EndpointKey, routing::RequestView};
use http::HeaderValue;
use std::time::SystemTime;

/// By how much the clocks of two replicas may differ, in milliseconds.
const SKEW: u64 = 60_000;

impl RuleSessions {
    /// What the tokens of a request amount to. The request is the one that came: filters may change headers.
    ///
    /// Of several tokens the first counts that is valid, in the order in which they were sent: clients send cookies of longer
    /// paths first (RFC 6265, section 5.4). At most eight of each name are looked at, so that nobody can have a data plane
    /// decrypt at will. Whatever the request holds, a token either belongs to a session of this rule, or selects nothing.
    #[must_use]
    pub fn recall(
        &self,
        request: &impl RequestView,
        keys: &SessionKeys,
        now: SystemTime,
    ) -> Recall {
        let now = Millis::of(now);
        let mut recall = Recall {
            now,
            session: None,
            refusal: None,
        };
        let carriers = self
            .carriers
            .iter()
            .filter_map(|place| self.policies.get(*place));
        for policy in carriers {
            let mut looked_at = 0;
            let mut judge = |text: Result<&[u8], TokenRefusal>| {
                looked_at += 1;
                let judged = match text {
                    _ if looked_at > MOST_TOKENS => Err(TokenRefusal::TooMany),
                    text => text.and_then(|text| self.open(policy, text, keys, now)),
                };
                match judged {
                    Ok(session) => Some(session),
                    Err(TokenRefusal::TooMany) => {
                        recall.refusal = Some(TokenRefusal::TooMany);
                        None
                    }
                    Err(refusal) => {
                        recall.refusal.get_or_insert(refusal);
                        None
                    }
                }
            };
            let mut lines = request.header(policy.request_header());
            let session = lines.find_map(|line| match &policy.carrier {
                TokenCarrier::Header(_) => judge(Ok(line.trim_ascii())),
                TokenCarrier::Cookie { name, .. } => keys.cookies().find(line, name, |sent| {
                    judge(match sent {
                        SentToken::Value(value) => Ok(value.as_bytes()),
                        SentToken::Malformed => Err(TokenRefusal::Malformed),
                    })
                }),
            });
            if session.is_some() {
                recall.session = session;
                break;
            }
        }
        recall
    }

    /// The session that a token stands for.
    fn open(
        &self,
        carrier: &SessionPolicy,
        text: &[u8],
        keys: &SessionKeys,
        now: Millis,
    ) -> Result<Session, TokenRefusal> {
        let (token, old_key) = keys.open(text, &self.binding)?;
        if now.until(token.created.max(token.last_used)) > SKEW {
            return Err(TokenRefusal::FromTheFuture);
        }
        let backend = self.backends.iter().position(|b| b.key == token.backend);
        let backend = backend.ok_or(TokenRefusal::BackendGone)?;
        let policy = self.of_backend(backend).ok_or(TokenRefusal::BackendGone)?;
        if !policy.shares_carrier(carrier) {
            return Err(TokenRefusal::BackendGone);
        }
        // "Once the AbsoluteTimeout duration has elapsed, the session becomes invalid."
        let absolute = policy.absolute_timeout();
        if absolute.is_some_and(|timeout| token.created.until(now) >= timeout.as_millis()) {
            return Err(TokenRefusal::Expired);
        }
        // "Once the session has been idle for more than the specified IdleTimeout duration".
        let idle = policy.idle_timeout();
        if idle.is_some_and(|timeout| token.last_used.until(now) > timeout.as_millis()) {
            return Err(TokenRefusal::Idle);
        }
        Ok(Session {
            backend,
            endpoint: EndpointKey::from_number(token.endpoint),
            created: token.created,
            last_used: token.last_used,
            old_key,
        })
    }

    /// The header by which a client gets the token of its session; nothing where none is [due](Self::due).
    ///
    /// `nonce` is 12 random bytes. If some come twice under one key, it shows whether two tokens are the same, and nothing
    /// else (RFC 8452).
    #[must_use]
    pub fn issue(
        &self,
        recall: &Recall,
        served: &Served,
        keys: &SessionKeys,
        nonce: [u8; 12],
    ) -> Option<SessionHeader> {
        let due = self.due(recall, served)?;
        let backend = self.backends.get(served.backend)?;
        let policy = self.of_backend(served.backend)?;
        let goes_on = recall
            .session
            .filter(|_| !matches!(due, Due::New | Due::Moved));
        let now = recall.now;
        let token = Token {
            created: goes_on.map_or(now, |session| session.created),
            last_used: goes_on.map_or(now, |session| session.last_used.max(now)),
            backend: backend.key,
            endpoint: served.endpoint.number(),
        };
        let text = keys.seal(token, &self.binding, nonce)?;
        let value = match &policy.carrier {
            TokenCarrier::Header(_) => text,
            TokenCarrier::Cookie {
                name, permanent, ..
            } => {
                let timeout = policy.absolute_timeout().filter(|_| *permanent);
                let lasts = timeout.map(|timeout| {
                    let until = token.created.0.saturating_add(timeout.as_millis());
                    (now.until(Millis(until)), until)
                });
                let attributes = Attributes {
                    path: policy.cookie_path(served.match_index),
                    secure: served.secure,
                    http_only: self.options.http_only,
                    same_site: self.options.same_site,
                    lasts,
                };
                keys.cookies().write(name, &text, &attributes)
            }
        };
        let mut value = HeaderValue::try_from(value).ok()?;
        value.set_sensitive(true);
        Some(SessionHeader {
            name: policy.response_header().clone(),
            value,
            due,
        })
    }
}
