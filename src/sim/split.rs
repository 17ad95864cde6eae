//! A request that is sent many times: what becomes of each, and how many reach which backend.

use super::{
    Answer, BackendName, Backends, Request, RequestError, Simulator,
    answering::{asked::Asked, end::DrawEnd},
    backends::AllAlike,
};
use crate::{backend::Share, proxy::Backend};
use http::{HeaderMap, StatusCode};
use serde::Serialize;
use std::{fmt, sync::Arc};

/// What became of many like requests: exactly, by the weights, and in a sample of draws.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Split {
    /// How many requests were drawn.
    pub count: u64,
    /// The backends, and the errors in their place.
    pub split: Vec<SplitRow>,
    /// What became of the first request.
    #[serde(flatten)]
    pub first: Answer,
}

/// Requests that ended alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SplitRow {
    /// The backend; none where the data plane answered by itself.
    pub backend: Option<BackendName>,
    /// The status code that the client gets.
    pub status: Option<u16>,
    /// The share of requests that the weights promise, as a fraction in lowest terms.
    pub share: String,
    /// How many of the drawn requests ended so.
    pub count: u64,
}

impl Simulator {
    /// Sends the same request `count` times and counts where they end.
    ///
    /// `draw(n)` returns a number below `n`. Shares do not depend on it: they come from the weights.
    ///
    /// # Errors
    ///
    /// As with [`request`](Simulator::request).
    pub fn split(
        &mut self,
        request: &Request,
        count: u64,
        draw: &mut dyn FnMut(u64) -> u64,
    ) -> Result<Split, RequestError> {
        let asked = self.ask(request)?;
        let first = asked.answer(draw, &mut AllAlike(request));
        let mut rows = shares(&asked, &first);
        for row in &mut rows {
            if row.backend == first.backend && row.status == first.status {
                row.count = count.min(1);
            }
        }
        for drawn in 1..count {
            let Some(end) = asked.end(draw, &mut AllAlike(request)) else {
                // Every draw ends as the first one.
                for row in &mut rows {
                    row.count += count - drawn;
                }
                break;
            };
            if let Some(row) = rows.iter_mut().find(|row| row.is(&end)) {
                row.count += 1;
            }
        }
        Ok(Split {
            count,
            split: rows,
            first,
        })
    }
}

impl SplitRow {
    /// Whether this is where a draw ended.
    fn is(&self, end: &DrawEnd) -> bool {
        let same = match (&self.backend, &end.backend) {
            (Some(own), Some(other)) => {
                let other = other.effective();
                own.port == other.port && own.reference == other.reference
            }
            (own, other) => own.is_none() && other.is_none(),
        };
        same && self.status == end.status.map(|status| status.as_u16())
    }
}

/// The exact shares: one draw for each backend, made to fall on it.
fn shares(asked: &Asked<'_>, first: &Answer) -> Vec<SplitRow> {
    let mut rows: Vec<(SplitRow, u64)> = Vec::new();
    let choice = &first.choice;
    let row = |backend, status| SplitRow {
        backend,
        status,
        share: String::new(),
        count: 0,
    };
    let total = choice.total();
    for index in 0..choice.len() {
        let draws = choice.draws(index);
        if draws.is_empty() {
            continue;
        }
        let weight = draws.end - draws.start;
        // The first draw of a request is the one over the sum of the weights.
        let mut pending = Some(draws.start);
        let backends = &mut AllAlike(asked.request);
        let Some(end) = asked.end(&mut |_| pending.take().unwrap_or(0), backends) else {
            break;
        };
        match rows.iter_mut().find(|(row, _)| row.is(&end)) {
            Some((_, sum)) => *sum += weight,
            None => {
                let backend = end
                    .backend
                    .map(|backend| BackendName::of(backend.effective()));
                let status = end.status.map(|status| status.as_u16());
                rows.push((row(backend, status), weight));
            }
        }
    }
    if rows.is_empty() {
        // Where nothing is chosen, all requests end alike.
        rows.push((row(first.backend.clone(), first.status), total.max(1)));
    }
    rows.into_iter()
        .map(|(row, sum)| SplitRow {
            share: Share::new(sum, total.max(1)).to_string(),
            ..row
        })
        .collect()
}

/// A request whose listener or Service is found, to be sent as often as one likes: see [`Simulator::repeated`].
pub struct Repeated<'s> {
    asked: Asked<'s>,
}

/// What became of one request of many.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Sent {
    /// The status code that the client gets; none where it does not get as far as HTTP.
    pub status: Option<StatusCode>,
    /// The headers that the client gets.
    pub headers: HeaderMap,
    /// The backend that got the request; none where the data plane answers by itself.
    pub backend: Option<Arc<Backend>>,
}

impl Simulator {
    /// Finds where a request is answered, so that it can be sent many times: for simulations of millions of requests.
    ///
    /// Each time it takes the same way through the data plane as with [`request_with`](Self::request_with), filters, draws,
    /// attempts, timeouts and sessions included. What is left out are the sentences about why.
    ///
    /// ```
    /// use gwapi::{
    ///     attachment::{Options, Resolver},
    ///     manifest,
    ///     sim::{BackendBehaviour, Request, Simulator},
    /// };
    ///
    /// let mut resolver = Resolver::new(Options::for_manifests());
    /// for object in [
    ///     r#"{"apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "metadata": {"name": "edge"},
    ///         "spec": {"gatewayClassName": "any", "listeners": [{"name": "http", "port": 80, "protocol": "HTTP"}]}}"#,
    ///     r#"{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "old"}, "spec": {"ports": [{"port": 80}]}}"#,
    ///     r#"{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "new"}, "spec": {"ports": [{"port": 80}]}}"#,
    ///     r#"{"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": {"name": "web"},
    ///         "spec": {"parentRefs": [{"name": "edge"}], "rules": [{"backendRefs": [
    ///             {"name": "old", "port": 80, "weight": 9}, {"name": "new", "port": 80, "weight": 1}]}]}}"#,
    /// ] {
    ///     resolver.insert(manifest::decode(&serde_json::from_str(object)?)?);
    /// }
    /// resolver.update();
    /// let effective = resolver.resolution().effective.clone();
    /// let simulator = Simulator::new(effective, gwapi::routing::RouterOptions::default());
    ///
    /// let request = Request::get("http://shop.example/")?;
    /// let repeated = simulator.repeated(&request)?;
    /// let mut canary = 0;
    /// for draw in 0..10 {
    ///     let mut backends = |_: &gwapi::sim::Visit<'_>| Ok(BackendBehaviour::default());
    ///     let sent = repeated.send(&mut |below| draw % below, &mut backends);
    ///     assert_eq!(sent.status, Some(http::StatusCode::OK));
    ///     canary += u32::from(sent.backend.is_some_and(|backend| backend.reference().name == "new"));
    /// }
    /// assert_eq!(canary, 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As with [`request`](Self::request).
    pub fn repeated<'s>(&'s self, request: &'s Request) -> Result<Repeated<'s>, RequestError> {
        let asked = self.ask(request)?;
        Ok(Repeated { asked })
    }
}

impl Repeated<'_> {
    /// Sends the request once. `draw(n)` returns a number below `n`.
    pub fn send(&self, draw: &mut dyn FnMut(u64) -> u64, backends: &mut dyn Backends) -> Sent {
        let DrawEnd {
            backend,
            status,
            headers,
        } = self.asked.sent(draw, backends);
        Sent {
            status,
            headers,
            backend,
        }
    }
}

impl fmt::Debug for Repeated<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Repeated")
            .field("request", &self.asked.request)
            .finish_non_exhaustive()
    }
}
