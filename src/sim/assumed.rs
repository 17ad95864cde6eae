//! What of a request is not simulated, and assumed in its place.

use super::{Answer, Backends, Outcome, Protocol, Request};
use crate::{
    attachment::effective::{EffectiveListener, EffectiveTls},
    meta::{Hostname, ObjectRef},
};
use http::StatusCode;

/// The host of a request, where the certificate that its client is shown is for others.
pub(crate) fn not_certified(request: &Request, tls: &EffectiveTls) -> Option<Hostname> {
    let hostname = request.host().parse().ok()?;
    tls.is_for_others(&hostname).then_some(hostname)
}

/// What of a request is not simulated, and what is assumed in its place. `reached` is the backend whose endpoint was reached.
pub(super) fn assumed(
    request: &Request,
    answer: &Answer,
    listener: Option<&EffectiveListener>,
    reached: Option<&ObjectRef>,
    backends: &dyn Backends,
) -> Vec<String> {
    let mut assumed = Vec::new();
    // What a backend decided by itself is no assumption.
    let backend_is_assumed = reached.is_some_and(|backend| backends.is_assumed(backend));
    let over_tls = matches!(request.scheme(), "https" | "tls");
    let sends_http = matches!(request.scheme(), "http" | "https");
    if over_tls && answer.gateway.is_some() && answer.refusal.is_none() {
        let tls = listener.and_then(|listener| listener.tls.as_ref());
        let other = tls.and_then(|tls| not_certified(request, tls));
        let none_named =
            tls.is_some_and(|tls| !tls.passes_through() && tls.certificates.is_empty());
        assumed.push(match other {
            Some(_) => format!(
                "the client accepts the certificate although it is not for `{}`",
                request.host()
            ),
            _ if none_named => "the listener names no certificate: an implementation shows one that it has by `tls.options`, and the \
                 client trusts it"
                .to_owned(),
            _ => "the client trusts the certificate that it is shown".to_owned(),
        });
    }
    if request.client_certificate.is_some() && answer.refusal.is_none() {
        assumed.push("the client has the private key of its certificate".to_owned());
    }
    match answer.outcome {
        Outcome::Forwarded if sends_http && !backend_is_assumed => {}
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
        Outcome::Forwarded => assumed.extend(
            match (request.scheme(), backend_is_assumed) {
                ("udp", true) => Some("the backend takes the datagram"),
                ("udp", false) => None,
                (_, true) => Some(
                    "the backend takes the connection; what is spoken over it is not looked at",
                ),
                (_, false) => Some("what is spoken over the connection is not looked at"),
            }
            .map(str::to_owned),
        ),
        Outcome::Answered if backend_is_assumed && !request.backend.delay.is_zero() => {
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
        assumed.push(match tls.verified {
            true => "the backend has the private key of its certificate".to_owned(),
            false => format!(
                "the backend shows a certificate for `{}` that the authorities of {} vouch for",
                tls.names.join("` or `"),
                tls.policy
            ),
        });
    }
    if answer
        .mirrors
        .iter()
        .any(|mirror| backends.is_assumed(&mirror.backend.reference))
    {
        assumed.push("mirrors take their copies, and what they answer is thrown away".to_owned());
    }
    assumed
}
