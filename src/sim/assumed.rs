//! What of a request is not simulated, and assumed in its place.

use super::{Answer, Outcome, Protocol, Request};
use crate::attachment::effective::{EffectiveBackendTls, Timeouts, TrustedAuthorities};
use http::StatusCode;
use serde::Serialize;

/// How long a rule lets a request take (HTTPRoute `spec.rules[].timeouts`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
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
pub struct AnswerTls {
    /// The policy.
    pub policy: crate::meta::ObjectRef,
    /// The server name that is sent.
    pub sni: String,
    /// The names of which the certificate of the backend must bear one.
    pub names: Vec<String>,
    /// How many authorities are trusted; none where those of the system are.
    pub authorities: Option<usize>,
}

impl AnswerTls {
    pub(super) fn of(tls: &EffectiveBackendTls) -> Self {
        let names = tls.subject_alt_names.iter();
        let names: Vec<String> = names
            .filter_map(|name| name.hostname.clone().or_else(|| name.uri.clone()))
            .collect();
        Self {
            policy: tls.policy.clone(),
            sni: tls.hostname.clone(),
            names: match names.is_empty() {
                true => vec![tls.hostname.clone()],
                false => names,
            },
            authorities: match &tls.authorities {
                TrustedAuthorities::System => None,
                TrustedAuthorities::Certificates(list) => Some(list.len()),
            },
        }
    }
}

/// What of a request is not simulated, and what is assumed in its place.
pub(super) fn assumed(request: &Request, answer: &Answer) -> Vec<String> {
    let mut assumed = Vec::new();
    let over_tls = matches!(request.scheme(), "https" | "tls");
    let sends_http = matches!(request.scheme(), "http" | "https");
    if over_tls && answer.gateway.is_some() && answer.refusal.is_none() {
        assumed.push("the client trusts the certificate that it is shown".to_owned());
    }
    if request.client_certificate.is_some() && answer.refusal.is_none() {
        assumed.push("the client has the private key of its certificate".to_owned());
    }
    match answer.outcome {
        Outcome::Forwarded if sends_http => {
            let behaviour = &request.backend;
            let status = behaviour.status;
            let when = match behaviour.delay.is_zero() {
                true => "at once".to_owned(),
                false => format!("after {}", behaviour.delay),
            };
            assumed.push(format!("the backend answers {} {when}", status.as_u16()));
            let switches = status == StatusCode::SWITCHING_PROTOCOLS;
            if request.protocol == Protocol::WebSocket && !switches {
                assumed.push("the backend does not switch protocols".to_owned());
            }
        }
        Outcome::Forwarded => assumed.push(match request.scheme() {
            "udp" => "the backend takes the datagram".to_owned(),
            _ => "the backend takes the connection; what is spoken over it is not looked at"
                .to_owned(),
        }),
        Outcome::Answered if answer.backend.is_some() => {
            let delay = request.backend.delay;
            assumed.push(format!("the backend takes {delay}"));
        }
        Outcome::Redirected => {
            assumed.push("what the client finds there is not looked at".to_owned());
        }
        Outcome::Answered | Outcome::Refused => {}
    }
    if let Some(tls) = &answer.backend_tls
        && answer.outcome == Outcome::Forwarded
    {
        assumed.push(format!(
            "the backend shows a certificate for `{}` that the authorities of {} vouch for",
            tls.names.join("` or `"),
            tls.policy
        ));
    }
    if !answer.mirrors.is_empty() {
        assumed.push("mirrors take their copies, and what they answer is thrown away".to_owned());
    }
    assumed
}
