//! What clients ask, and what they remember.

use super::{
    cluster::{Cluster, authority, identity},
    compare,
    error::SubjectError,
    frames,
    scenario::{AskStep, Expected, FieldLines},
    subject::{Ask, Ended, Observed, TestSubject},
};
use crate::{
    meta::NamespacedName,
    sim::{BackendBehaviour, CookieJar, Protocol, Request},
};
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, StatusCode,
    header::{CONTENT_TYPE, COOKIE, TE},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, SystemTime},
};

/// The clients of a scenario, and what is remembered of endpoints.
#[derive(Default)]
pub(super) struct Clients {
    jars: BTreeMap<String, (CookieJar, HeaderMap)>,
    endpoints: BTreeMap<String, String>,
    passed: Duration,
}

/// How many times a request is sent at most to a subject that draws by itself, until it chooses what is expected. There are at most
/// three to choose from, so that a correct subject fails by chance less than once in 10^17 steps.
const CHOSEN: u32 = 100;
/// How many requests of a session are sent to a subject that draws by itself. A subject with two endpoints that keeps no sessions
/// passes by chance less than once in 10^8 steps.
const KEPT: u32 = 30;

/// How often a step asks: once where the subject draws what it is told, or has nothing to draw.
#[derive(Clone, Copy)]
enum Tries {
    Once,
    /// Until what is expected is chosen.
    UntilChosen,
    /// Several times, each with the same end.
    EachTheSame,
}

impl Tries {
    fn of(step: &AskStep, draws_as_told: bool) -> Self {
        let is_chosen = step.draw.is_some() || step.expect.not_as.is_some();
        match step.expect.same_as {
            _ if draws_as_told => Self::Once,
            Some(_) => Self::EachTheSame,
            None if is_chosen => Self::UntilChosen,
            None => Self::Once,
        }
    }

    const fn most(self) -> u32 {
        match self {
            Self::Once => 1,
            Self::UntilChosen => CHOSEN,
            Self::EachTheSame => KEPT,
        }
    }
}

impl Clients {
    pub(super) fn pass(&mut self, by: Duration) {
        self.passed = self.passed.saturating_add(by);
    }

    fn now(&self) -> SystemTime {
        // The time of day does not matter: cookies are kept for as long as they say.
        SystemTime::UNIX_EPOCH + self.passed
    }

    /// Asks what a step asks. Returns what is not as expected.
    pub(super) fn asked(
        &mut self,
        step: &AskStep,
        subject: &mut dyn TestSubject,
        cluster: &Cluster<'_>,
    ) -> Result<Vec<String>, SubjectError> {
        let mut ask = built(step)?;
        if !step.expect.split.is_empty() {
            return split(&step.expect, ask, subject, cluster);
        }
        let now = self.now();
        if let Some(name) = &step.client {
            let (jar, kept) = self.jars.entry(name.clone()).or_default();
            if let Some(cookies) = jar.header(&ask.request.uri, now) {
                ask.request.headers.insert(COOKIE, cookies);
            }
            for name in &step.echo {
                let name = header_name(name)?;
                if let Some(value) = kept.get(&name) {
                    ask.request.headers.insert(name, value.clone());
                }
            }
        }
        let tries = Tries::of(step, subject.draws_as_told());
        let mut left = tries.most();
        // The client of a step that is repeated comes anew each time: it does not send what the answer before gave it.
        let (seen, problems) = loop {
            let seen = subject.send(&ask)?;
            let mut problems = compare::problems(&step.expect, &ask, &seen, cluster);
            problems.extend(self.misplaced(step, &seen, cluster));
            left = left.saturating_sub(1);
            let goes_on = match tries {
                Tries::Once => false,
                Tries::UntilChosen => self.is_other_choice(step, &seen, cluster),
                Tries::EachTheSame => problems.is_empty(),
            };
            if left == 0 || !goes_on {
                break (seen, problems);
            }
        };
        if let (Some(name), Ended::Response(head)) = (&step.client, &seen.ended) {
            let (jar, kept) = self.jars.entry(name.clone()).or_default();
            jar.store(&ask.request.uri, &head.headers, now);
            for (name, value) in &head.headers {
                kept.insert(name.clone(), value.clone());
            }
        }
        if let (Some(name), Some(endpoint)) = (&step.remember, endpoint(step, &seen, cluster)) {
            self.endpoints.insert(name.clone(), endpoint.to_owned());
        }
        Ok(problems)
    }

    /// Whether the subject chose something else than what is expected, which is no fault if it draws as it likes.
    fn is_other_choice(&self, step: &AskStep, seen: &Observed, cluster: &Cluster<'_>) -> bool {
        let excluded = step.expect.not_as.as_ref();
        let excluded = excluded.and_then(|name| self.endpoints.get(name));
        match endpoint(step, seen, cluster) {
            Some(reached) => excluded.is_some_and(|other| other == reached),
            None => step.expect.backend.is_some(),
        }
    }

    /// What is wrong with the endpoint that is reached.
    fn misplaced(&self, step: &AskStep, seen: &Observed, cluster: &Cluster<'_>) -> Vec<String> {
        let mut problems = Vec::new();
        let Some(reached) = endpoint(step, seen, cluster) else {
            return problems;
        };
        let known = |name: &String| self.endpoints.get(name);
        if let Some(other) = step.expect.same_as.as_ref().and_then(known)
            && other != reached
        {
            problems.push(format!("{reached} is reached, not {other} again"));
        }
        if let Some(other) = step.expect.not_as.as_ref().and_then(known)
            && other == reached
        {
            problems.push(format!("{other} is reached again"));
        }
        problems
    }
}

/// Which endpoint of the backend that a step expects is reached.
fn endpoint<'o>(step: &AskStep, seen: &'o Observed, cluster: &Cluster<'_>) -> Option<&'o str> {
    let backend = step.expect.backend.as_ref()?;
    let mut reached = seen.reached.iter();
    let reached = reached.find(|one| cluster.service(&one.endpoint) == *backend)?;
    Some(&reached.endpoint)
}

/// How many times as many requests as the shares sum up to are sent where a subject draws what it is told. Weights that are off by
/// one have another sum, and drift from the shares with each round: after two the numbers are often still right, after five
/// those of no scenario are.
const ROUNDS: u32 = 5;
/// How many requests are sent at least where a subject draws as it likes.
const DRAWN: u32 = 1_000;
/// How many standard deviations a share may be off.
const DEVIATIONS: f64 = 6.0;

/// Sends as many requests as it takes to see the shares.
fn split(
    expected: &Expected,
    mut ask: Ask,
    subject: &mut dyn TestSubject,
    cluster: &Cluster<'_>,
) -> Result<Vec<String>, SubjectError> {
    let total: u32 = expected.split.values().sum();
    let is_exact = subject.draws_as_told();
    let rounds = match is_exact {
        true => ROUNDS,
        false => DRAWN.div_ceil(total.max(1)),
    };
    let count = total * rounds;
    let mut found: BTreeMap<String, u32> = BTreeMap::new();
    for draw in 0..count {
        ask.draw = draw.into();
        let seen = subject.send(&ask)?;
        let reached = seen.reached.iter();
        let reached: Vec<String> = reached.map(|one| cluster.service(&one.endpoint)).collect();
        let end = match (reached.is_empty(), &seen.ended) {
            (true, Ended::Response(head)) => head.status.as_u16().to_string(),
            (true, Ended::Unseen { .. }) => "no backend".to_owned(),
            (false, Ended::Response(_) | Ended::Unseen { .. }) => reached.join(" and "),
            (false, Ended::Passed) if !ask.is_http() => reached.join(" and "),
            (_, Ended::Passed) => "a connection without a response".to_owned(),
            (_, Ended::Refused) => "refused".to_owned(),
        };
        *found.entry(end).or_default() += 1;
    }
    let mut problems = Vec::new();
    let names: BTreeSet<&String> = found.keys().chain(expected.split.keys()).collect();
    for name in names {
        let share = expected.split.get(name).copied().unwrap_or_default();
        let got = found.get(name).copied().unwrap_or_default();
        let wanted = share * rounds;
        let chance = f64::from(share) / f64::from(total.max(1));
        let deviation = (f64::from(count) * chance * (1.0 - chance)).sqrt();
        let most_off = if is_exact {
            0.0
        } else {
            DEVIATIONS * deviation
        };
        if (f64::from(got) - f64::from(wanted)).abs() > most_off {
            problems.push(format!(
                "of {count} requests {got} end at {name}, not {wanted}"
            ));
        }
    }
    Ok(problems)
}

fn header_name(name: &str) -> Result<HeaderName, SubjectError> {
    HeaderName::from_bytes(name.as_bytes()).map_err(SubjectError::new)
}

fn headers(written: &BTreeMap<String, FieldLines>) -> Result<HeaderMap, SubjectError> {
    let mut headers = HeaderMap::new();
    for (name, lines) in written {
        let name = header_name(name)?;
        for line in lines.lines() {
            let value = HeaderValue::from_str(line).map_err(SubjectError::new)?;
            headers.append(name.clone(), value);
        }
    }
    Ok(headers)
}

/// The Gateway that is asked unless a step says another.
fn default_gateway() -> NamespacedName {
    NamespacedName::new("shop", "edge")
}

/// The request of a step.
fn built(step: &AskStep) -> Result<Ask, SubjectError> {
    let mut request = Request::get(&step.url).map_err(SubjectError::new)?;
    request.headers = headers(&step.headers)?;
    if let Some(method) = &step.method {
        request.method = Method::from_bytes(method.as_bytes()).map_err(SubjectError::new)?;
    }
    if let Some(protocol) = &step.protocol {
        request.protocol = protocol.parse().map_err(SubjectError::new)?;
    }
    if step.grpc {
        request.method = Method::POST;
        request.protocol = Protocol::Http2;
        let own = &mut request.headers;
        own.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
        own.insert(TE, HeaderValue::from_static("trailers"));
    }
    let is_outside = step.from.is_none() && step.address.is_none();
    request.gateway = match &step.gateway {
        Some(gateway) => Some(gateway.parse().map_err(SubjectError::new)?),
        None => is_outside.then(default_gateway),
    };
    if let Some(from) = &step.from {
        request.client = Some(from.parse().map_err(SubjectError::new)?);
    }
    request.address = step.address;
    request.port = step.port;
    request.sni.clone_from(&step.sni);
    request.absolute_form = step.absolute_form;
    let answers = &step.backend;
    request.backend = BackendBehaviour {
        headers: headers(&answers.headers)?,
        delay: answers.delay.unwrap_or_default(),
        ..BackendBehaviour::default()
    };
    if let Some(status) = answers.status {
        request.backend.status = StatusCode::from_u16(status).map_err(SubjectError::new)?;
    }
    let shown = step.shows.as_ref();
    let identity = shown.map(|shown| identity(&shown.authority, &shown.names));
    let identity = identity.transpose()?;
    if let Some(identity) = &identity {
        let chain = identity.shown().map_err(SubjectError::new)?;
        request.client_certificate = Some((chain, super::cluster::shown_at()));
    }
    let frames = match request.protocol {
        Protocol::WebSocket => frames::sent(),
        Protocol::Http1 | Protocol::Http2 => Vec::new(),
    };
    Ok(Ask {
        request,
        draw: step.draw.unwrap_or_default(),
        identity,
        trusted: authority("servers")?.certificate().to_owned(),
        frames,
    })
}
