//! How many requests reach which backend.

use super::{
    Answer, BackendName, Request, RequestError, Simulator,
    answering::{asked::Asked, end::DrawEnd},
    backends::AllAlike,
};
use crate::backend::Share;
use serde::Serialize;

/// What became of many like requests: exactly, by the weights, and in a sample of draws.
#[derive(Clone, Debug, Serialize)]
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
        let first = asked.answer(draw, &mut AllAlike(&request.backend));
        let mut rows = shares(&asked, &first);
        for row in &mut rows {
            if row.backend == first.backend && row.status == first.status {
                row.count = count.min(1);
            }
        }
        for drawn in 1..count {
            let Some(end) = asked.end(draw) else {
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
        same && self.status == end.status
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
        let Some(end) = asked.end(&mut |_| pending.take().unwrap_or(0)) else {
            break;
        };
        match rows.iter_mut().find(|(row, _)| row.is(&end)) {
            Some((_, sum)) => *sum += weight,
            None => {
                let backend = end
                    .backend
                    .map(|backend| BackendName::of(backend.effective()));
                rows.push((row(backend, end.status), weight));
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
