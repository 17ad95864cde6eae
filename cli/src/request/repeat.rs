//! `gwapi request --repeat`: requests of one client, one after the other.

use super::show::{backend_text, session_text};
use crate::{
    given::choices::Choices,
    output::{Line, Page},
};
use gwapi::{
    attachment::Resolver,
    meta::Duration,
    sim::{
        Answer, BackendName, ClientMemory, EndpointName, Outcome, Request, RequestError,
        SessionAnswer, Simulator,
    },
};
use k8s_openapi::jiff::Timestamp;
use serde::Serialize;

/// What became of the requests of one client.
#[derive(Debug, Serialize)]
pub(super) struct Repeated {
    /// How many there were.
    repeat: u64,
    seed: u64,
    /// What became of the first one.
    #[serde(flatten)]
    pub(super) first: Answer,
    requests: Vec<Row>,
}

/// What became of one of them.
#[derive(Debug, Serialize)]
struct Row {
    at: String,
    outcome: Outcome,
    status: Option<u16>,
    backend: Option<BackendName>,
    endpoint: Option<EndpointName>,
    session: Option<SessionAnswer>,
}

/// How often a client asks, and how.
pub(super) struct Plan<'p> {
    pub(super) request: &'p Request,
    pub(super) count: u64,
    pub(super) advance: Option<Duration>,
    pub(super) seed: u64,
    pub(super) now: Timestamp,
    pub(super) choices: Choices,
}

impl Plan<'_> {
    /// Sends the requests. Between two of them the clock moves on, by which certificates end, too.
    pub(super) fn run(
        &self,
        simulator: &mut Simulator,
        resolver: &mut Resolver,
        memory: &mut ClientMemory,
        draw: &mut dyn FnMut(u64) -> u64,
    ) -> Result<Repeated, RequestError> {
        let mut now = self.now;
        let (mut first, dropped, row) = self.ask(simulator, memory, now, draw)?;
        first.why.extend(dropped);
        let mut requests = vec![row];
        for _ in 1..self.count {
            if let Some(advance) = self.advance {
                now = now
                    .checked_add(std::time::Duration::from(advance))
                    .unwrap_or(Timestamp::MAX);
                simulator.set_now(now.into());
                resolver.set_now(now);
                if resolver.update().concerns_traffic() {
                    let effective = resolver.resolution().effective.clone();
                    simulator.update(self.choices.effective(effective));
                }
            }
            let (_, dropped, row) = self.ask(simulator, memory, now, draw)?;
            // What the client does not take is said once.
            for dropped in dropped {
                if !first.why.contains(&dropped) {
                    first.why.push(dropped);
                }
            }
            requests.push(row);
        }
        Ok(Repeated {
            repeat: self.count,
            seed: self.seed,
            first,
            requests,
        })
    }

    /// The answer to one request, what of it the client does not take, and its row.
    fn ask(
        &self,
        simulator: &mut Simulator,
        memory: &mut ClientMemory,
        now: Timestamp,
        draw: &mut dyn FnMut(u64) -> u64,
    ) -> Result<(Answer, Vec<String>, Row), RequestError> {
        let mut request = self.request.clone();
        if let Some((_, at)) = &mut request.client_certificate {
            *at = now;
        }
        let (answer, dropped) = ask_as(memory, &mut request, simulator, draw)?;
        let row = Row {
            at: now.to_string(),
            outcome: answer.outcome,
            status: answer.status,
            backend: answer.backend.clone(),
            endpoint: answer.endpoint.clone(),
            session: answer.session.clone(),
        };
        Ok((answer, dropped, row))
    }
}

/// Sends one request of a client, with what it keeps. Beside the answer, why the client does not take cookies of it.
pub(super) fn ask_as(
    memory: &mut ClientMemory,
    request: &mut Request,
    simulator: &mut Simulator,
    draw: &mut dyn FnMut(u64) -> u64,
) -> Result<(Answer, Vec<String>), RequestError> {
    memory.prepare(request, simulator.now());
    let answer = simulator.request(request, draw)?;
    let dropped = memory.learn(request, &answer, simulator.now());
    Ok((answer, dropped.iter().map(ToString::to_string).collect()))
}

impl Repeated {
    /// How many of the requests reached neither a backend nor a redirect.
    pub(super) fn failed(&self) -> usize {
        let failed = |row: &&Row| matches!(row.outcome, Outcome::Answered | Outcome::Refused);
        self.requests.iter().filter(failed).count()
    }

    /// A line for each request.
    pub(super) fn show(&self, page: &mut Page) {
        page.line(
            0,
            &Line::plain(format_args!(
                "{} requests of one client, seed {}",
                self.repeat, self.seed
            )),
        );
        let backend = |row: &Row| match &row.backend {
            Some(backend) => backend_text(backend),
            None => "no backend".to_owned(),
        };
        let endpoint = |row: &Row| match &row.endpoint {
            Some(endpoint) => format!("{}:{}", endpoint.address, endpoint.port),
            None => "-".to_owned(),
        };
        let rows: Vec<_> = self
            .requests
            .iter()
            .map(|row| (row, backend(row), endpoint(row)))
            .collect();
        let width = |of: &dyn Fn(&(&Row, String, String)) -> usize| {
            rows.iter().map(of).max().unwrap_or_default()
        };
        let backends = width(&|(_, backend, _)| backend.chars().count());
        let endpoints = width(&|(_, _, endpoint)| endpoint.chars().count());
        for (row, backend, endpoint) in &rows {
            let status = row
                .status
                .map_or_else(|| "-".to_owned(), |status| status.to_string());
            let session = row.session.as_ref().map(session_text).unwrap_or_default();
            let line = format!(
                "{}  {status:>3}  {backend:backends$}  {endpoint:endpoints$}  {session}",
                row.at
            );
            page.line(2, &Line::plain(line.trim_end()));
        }
        page.line(0, &Line::plain("the first of them:"));
    }
}
