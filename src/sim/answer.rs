//! What became of a request: the machine-readable form that programs rely on.
//!
//! Keys may be added, never renamed.

use super::SessionAnswer;
use crate::{
    attachment::{
        RuleLabel,
        effective::{
            EffectiveBackend, EffectiveBackendTls, Endpoint, Timeouts, TrustedAuthorities,
        },
    },
    backend::WeightedChoice,
    meta::ObjectRef,
    proxy::{ChosenEndpoint, Target},
};
use http::HeaderMap;
use serde::{Serialize, Serializer, ser::SerializeSeq};
use std::fmt;

/// What became of a request, and why.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Answer {
    /// How it ended.
    pub outcome: Outcome,
    /// What the client sees where the outcome is [`Outcome::Refused`].
    pub refusal: Option<Refusal>,
    /// The status code that the client gets; none where no HTTP was spoken.
    pub status: Option<u16>,
    /// The Gateway that was asked, for a request from outside; none where no Gateway answers for it.
    pub gateway: Option<ObjectRef>,
    /// The listener that took the request.
    pub listener: Option<ListenerName>,
    /// The Service that was asked, for a request inside the mesh.
    pub service: Option<ObjectRef>,
    /// The rule and match that won.
    pub route: Option<RouteMatch>,
    /// The backend that was drawn.
    pub backend: Option<BackendName>,
    /// The endpoint of that backend.
    pub endpoint: Option<EndpointName>,
    /// The request as the backend gets it.
    pub forwarded: Option<Forwarded>,
    /// The response as the client gets it.
    pub response: Option<Response>,
    /// What session persistence did for the request, where its rule keeps sessions and it went to a backend.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionAnswer>,
    /// How long the rule lets the request take that goes to a backend, where it sets a limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeouts: Option<AnswerTimeouts>,
    /// TLS to the backend, where a policy asks for it.
    #[serde(rename = "backendTls", skip_serializing_if = "Option::is_none")]
    pub backend_tls: Option<AnswerTls>,
    /// The backends that get a copy.
    pub mirrors: Vec<Mirror>,
    /// What is not simulated, as sentences that say what is assumed in its place.
    #[serde(rename = "notSimulated")]
    pub not_simulated: Vec<String>,
    /// The way of the request as sentences, losers included.
    pub why: Vec<String>,
    /// The matches that were in the running and did not win.
    pub losers: Vec<Loser>,
    /// The choice by which the backend was drawn, in the order of the spec.
    #[serde(skip)]
    pub(super) choice: WeightedChoice,
}

impl Answer {
    /// An answer that says nothing yet but how the request ended.
    pub(super) fn new(outcome: Outcome) -> Self {
        Self {
            outcome,
            refusal: None,
            status: None,
            gateway: None,
            listener: None,
            service: None,
            route: None,
            backend: None,
            endpoint: None,
            forwarded: None,
            response: None,
            session: None,
            timeouts: None,
            backend_tls: None,
            mirrors: Vec::new(),
            not_simulated: Vec::new(),
            why: Vec::new(),
            losers: Vec::new(),
            choice: WeightedChoice::default(),
        }
    }

    /// A request that was refused before HTTP.
    pub(super) fn refused(refusal: Refusal, why: Vec<String>) -> Self {
        Self {
            refusal: Some(refusal),
            why,
            ..Self::new(Outcome::Refused)
        }
    }
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It went to a backend.
    Forwarded,
    /// It was answered with a redirect.
    Redirected,
    /// The data plane answered by itself.
    Answered,
    /// It was refused before HTTP: no listener, no TLS session, or a connection without backend.
    Refused,
}

/// What a client sees that is refused before HTTP. Shown as a part of a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Refusal {
    /// Nobody listens on the port.
    NoListener,
    /// The client speaks TLS, and the listener speaks cleartext, or none of the port is for the server name.
    TlsHandshake,
    /// The client speaks cleartext, and the listener expects TLS.
    TlsExpected,
    /// The listener speaks another protocol.
    OtherProtocol,
    /// The connection is made, and leads to no backend.
    Closed,
    /// The datagram leads to no backend.
    Dropped,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoListener => "nobody listens there",
            Self::TlsHandshake => "the TLS handshake fails",
            Self::TlsExpected => "the listener expects TLS",
            Self::OtherProtocol => "the listener speaks another protocol",
            Self::Closed => "the connection is closed",
            Self::Dropped => "the datagram is dropped",
        })
    }
}

/// A listener.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ListenerName {
    /// The Gateway.
    pub gateway: ObjectRef,
    /// The name of the listener.
    pub name: String,
}

/// A match of a rule of a route.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RouteMatch {
    /// The route.
    #[serde(flatten)]
    pub route: ObjectRef,
    /// The index of the rule in the route.
    pub rule: usize,
    /// The name of the rule, where it has one (GEP-995).
    #[serde(rename = "ruleName", skip_serializing_if = "Option::is_none")]
    pub rule_name: Option<String>,
    /// The index of the match in the rule.
    #[serde(rename = "match")]
    pub match_index: usize,
}

impl RouteMatch {
    pub(super) fn of(target: &Target) -> Self {
        Self {
            route: target.rule().route().reference(),
            rule: target.rule().index(),
            rule_name: target.rule().label().name.map(str::to_owned),
            match_index: target.match_index(),
        }
    }

    /// The rule as people refer to it.
    #[must_use]
    pub fn rule_label(&self) -> RuleLabel<'_> {
        RuleLabel {
            index: self.rule,
            name: self.rule_name.as_deref(),
        }
    }
}

/// A backend.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct BackendName {
    /// The object.
    #[serde(flatten)]
    pub reference: ObjectRef,
    /// Its port.
    pub port: Option<u16>,
}

impl BackendName {
    pub(super) fn of(backend: &EffectiveBackend) -> Self {
        Self {
            reference: backend.reference.clone(),
            port: backend.port,
        }
    }
}

/// An endpoint of a backend.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct EndpointName {
    /// The address.
    pub address: String,
    /// The port.
    pub port: u16,
    /// What stands behind it, mostly a Pod.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_ref: Option<ObjectRef>,
}

impl EndpointName {
    /// That of an endpoint that was chosen.
    pub(super) fn chosen(chosen: &ChosenEndpoint) -> Option<Self> {
        chosen.get().map(Self::of)
    }

    pub(super) fn of(endpoint: Endpoint<'_>) -> Self {
        Self {
            address: endpoint.address.to_owned(),
            port: endpoint.port,
            target_ref: endpoint.target_ref.cloned(),
        }
    }
}

/// A request as a backend gets it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Forwarded {
    /// The method.
    pub method: String,
    /// `http` or `https`.
    pub scheme: &'static str,
    /// The authority, as in the Host header.
    pub host: String,
    /// The path with the query.
    pub path: String,
    /// What is spoken to the backend: `http/1.1`, `h2`, `h2c`, `websocket`.
    pub protocol: &'static str,
    /// The headers but for Host, as pairs of name and value.
    #[serde(serialize_with = "pairs")]
    pub headers: HeaderMap,
}

/// A response as the client gets it.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The headers, as pairs of name and value.
    #[serde(serialize_with = "pairs")]
    pub headers: HeaderMap,
}

/// A backend that gets a copy of the request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Mirror {
    /// The backend.
    #[serde(flatten)]
    pub backend: BackendName,
    /// The endpoint.
    pub endpoint: EndpointName,
    /// The copy as the endpoint gets it.
    pub forwarded: Forwarded,
}

/// A match that was in the running and did not win.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Loser {
    /// The route, the rule and the match.
    #[serde(flatten)]
    pub route: RouteMatch,
    /// The one criterion on which it lost, or what of the request did not match.
    pub criterion: String,
    /// Whether the match fits the request, and another one goes before it.
    #[serde(skip)]
    pub matches: bool,
}

/// How long a rule lets a request take (HTTPRoute `spec.rules[].timeouts`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct AnswerTimeouts {
    /// The whole request, as in `10s`; none where there is no limit.
    pub request: Option<String>,
    /// One request to a backend.
    pub backend_request: Option<String>,
}

impl AnswerTimeouts {
    /// Those of a rule that has any.
    pub(super) fn of(timeouts: Timeouts) -> Option<Self> {
        let limits = [timeouts.request, timeouts.backend_request];
        let texts = limits.map(|limit| {
            let limit = limit.filter(|limit| !limit.is_zero())?;
            Some(limit.to_string())
        });
        let [request, backend_request] = texts;
        (request.is_some() || backend_request.is_some()).then_some(Self {
            request,
            backend_request,
        })
    }
}

/// TLS to a backend (BackendTLSPolicy).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct AnswerTls {
    /// The policy.
    pub policy: ObjectRef,
    /// The server name that is sent.
    pub sni: String,
    /// The names of which the certificate of the backend must bear one.
    pub names: Vec<String>,
    /// How many authorities are trusted; none where those of the system are.
    pub authorities: Option<usize>,
    /// Whether the certificates of the backend were verified; else it is assumed that it shows the right ones, or TLS does not
    /// come about.
    pub verified: bool,
}

impl AnswerTls {
    pub(super) fn of(tls: &EffectiveBackendTls, verified: bool) -> Self {
        let names = tls.names().into_iter();
        Self {
            policy: tls.policy.clone(),
            sni: tls.hostname.clone(),
            names: names.map(|name| name.as_str().to_owned()).collect(),
            verified,
            authorities: match &tls.authorities {
                TrustedAuthorities::System => None,
                TrustedAuthorities::Certificates(own) => Some(own.bundles().len()),
            },
        }
    }
}

/// Writes headers as a list of pairs; bytes that are no text are replaced.
fn pairs<S: Serializer>(headers: &HeaderMap, serializer: S) -> Result<S::Ok, S::Error> {
    let mut list = serializer.serialize_seq(Some(headers.len()))?;
    for (name, value) in headers {
        list.serialize_element(&(name.as_str(), String::from_utf8_lossy(value.as_bytes())))?;
    }
    list.end()
}
