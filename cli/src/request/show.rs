//! What `gwapi request` prints for people.

use crate::{
    given::Given,
    output::{Line, Page, Tone},
};
use gwapi::sim::{
    Answer, AnswerTls, BackendName, Forwarded, Outcome, SessionAnswer, SessionStanding, Split,
    SplitRow,
};
use http::{HeaderName, HeaderValue};

/// What became of one request, for people: the outcome first, then its way, and what would help last.
pub(super) fn show(answer: &Answer, help: &[String], given: &Given, page: &mut Page) {
    let mut field = |name: &str, line: Line| {
        page.line(
            0,
            &Line::of(Tone::Faint, format_args!("{name:<10}")).join(line),
        );
    };
    field("outcome", outcome(answer));
    match (&answer.listener, &answer.gateway) {
        (Some(listener), _) => field(
            "listener",
            Line::plain(format_args!("{} of {}", listener.name, listener.gateway)),
        ),
        (None, Some(gateway)) => field("gateway", Line::plain(gateway)),
        (None, None) => {}
    }
    if let Some(service) = &answer.service {
        field("service", Line::plain(service));
    }
    if let Some(route) = &answer.route {
        let mut place = format!("{}, {}", route.route, route.rule_label());
        // Rules of other kinds have no matches.
        if matches!(route.route.kind.as_str(), "HTTPRoute" | "GRPCRoute") {
            place.push_str(&format!(", match {}", route.match_index));
        }
        field("route", Line::plain(place));
    }
    if let Some(backend) = &answer.backend {
        field("backend", Line::plain(backend_text(backend)));
    }
    if let Some(endpoint) = &answer.endpoint {
        let mut text = format!("{}:{}", endpoint.address, endpoint.port);
        let backend = answer.backend.as_ref();
        if let Some(name) = backend.and_then(|backend| given.unknown_port(backend)) {
            text.push_str(&format!(
                " (the port is assumed: `targetPort` is `{name}`, whose number only the pods know)"
            ));
        }
        if let Some(target) = &endpoint.target_ref {
            text.push_str(&format!(" ({target})"));
        }
        field("endpoint", Line::plain(text));
    }
    if let Some(tls) = &answer.backend_tls {
        field("tls", Line::plain(tls_text(tls)));
    }
    for mirror in &answer.mirrors {
        let copy = &mirror.forwarded;
        let backend = backend_text(&mirror.backend);
        field(
            "mirror",
            Line::plain(format_args!("{backend} gets {}", sent_text(copy))),
        );
        for (name, value) in &copy.headers {
            field("", Line::plain(header_text(name, value)));
        }
    }
    if let Some(sent) = &answer.forwarded {
        field("forwarded", Line::plain(sent_text(sent)));
        for (name, value) in &sent.headers {
            field("", Line::plain(header_text(name, value)));
        }
    }
    if let Some(timeouts) = &answer.timeouts {
        let limits = [
            ("request", &timeouts.request),
            ("backendRequest", &timeouts.backend_request),
        ];
        let limits = limits.iter();
        let limits: Vec<_> = limits
            .filter_map(|(name, limit)| Some(format!("{name} {}", limit.as_ref()?)))
            .collect();
        field("timeouts", Line::plain(limits.join(", ")));
    }
    if let Some(response) = &answer.response {
        field("response", Line::plain(response.status));
        for (name, value) in &response.headers {
            field("", Line::plain(header_text(name, value)));
        }
    }
    if let Some(session) = &answer.session {
        let name = session.name.iter().map(|name| {
            let kind = if session.cookie { "cookie" } else { "header" };
            format!("{kind} `{name}`: ")
        });
        let name: String = name.collect();
        field(
            "session",
            Line::plain(format_args!("{name}{}", session_text(session))),
        );
    }
    field("judged by", Line::plain(given.judged_by()));
    for (name, sentences) in [
        ("assumed", &answer.not_simulated[..]),
        ("why", &answer.why[..]),
        ("help", help),
    ] {
        for (index, sentence) in sentences.iter().enumerate() {
            field(if index == 0 { name } else { "" }, Line::plain(sentence));
        }
    }
}

/// How many requests ended where, for people.
pub(super) fn show_split(split: &Split, seed: u64, page: &mut Page) {
    let line = Line::of(Tone::Strong, split.count).and(format_args!(" requests, seed {seed}"));
    page.line(0, &line);
    let name = |row: &SplitRow| match &row.backend {
        Some(backend) => backend_text(backend),
        None => "no backend".to_owned(),
    };
    let rows = split.split.iter();
    let width = rows.map(|row| name(row).chars().count()).max().unwrap_or(0);
    for row in &split.split {
        let status = row
            .status
            .map_or_else(|| "-".to_owned(), |status| status.to_string());
        page.line(
            2,
            &Line::plain(format_args!(
                "{:width$}  {status:>3}  {:>6} requests  share {}",
                name(row),
                row.count,
                row.share,
            )),
        );
    }
    page.line(0, &Line::plain("the first of them:"));
}

fn outcome(answer: &Answer) -> Line {
    let (tone, text) = match answer.outcome {
        Outcome::Forwarded => (Tone::Good, "forwarded to a backend"),
        Outcome::Redirected => (Tone::Good, "redirected"),
        Outcome::Answered => (Tone::Warn, "answered without a backend"),
        Outcome::Refused => (Tone::Bad, "refused"),
    };
    let line = Line::of(tone, text);
    match (answer.status, answer.refusal) {
        (Some(status), _) => line.and(format_args!(", status {status}")),
        (None, Some(refusal)) => line.and(format_args!(": {refusal}")),
        (None, None) => line,
    }
}

pub(super) fn backend_text(backend: &BackendName) -> String {
    let port = backend
        .port
        .map(|port| format!(":{port}"))
        .unwrap_or_default();
    format!("{}{port}", backend.reference)
}

fn header_text(name: &HeaderName, value: &HeaderValue) -> String {
    format!("{name}: {}", String::from_utf8_lossy(value.as_bytes()))
}

/// A request as a backend gets it.
fn sent_text(sent: &Forwarded) -> String {
    let Forwarded {
        method,
        scheme,
        host,
        path,
        ..
    } = sent;
    format!("{method} {scheme}://{host}{path}")
}

/// What the backend has to prove.
fn tls_text(tls: &AnswerTls) -> String {
    let trusted = match tls.authorities {
        None => "the system trusts".to_owned(),
        Some(1) => "the policy gives (1 certificate)".to_owned(),
        Some(count) => format!("the policy gives ({count} certificates)"),
    };
    let verified = match tls.verified {
        true => "is",
        false => "must be",
    };
    format!(
        "to the backend, with SNI `{}`: its certificate {verified} for `{}`, by an authority that {trusted}",
        tls.sni,
        tls.names.join("` or `")
    )
}

/// How it stands with a session, in a few words.
pub(super) fn session_text(session: &SessionAnswer) -> String {
    let state = match session.state {
        SessionStanding::None => "no session",
        SessionStanding::New => "a new session",
        SessionStanding::Established => "the session goes on",
        SessionStanding::Moved => "a new session, since the endpoint of the old one is gone",
        _ => "no sessions are kept",
    };
    match &session.refused {
        Some(why) => format!("{state} ({why})"),
        None => state.to_owned(),
    }
}
