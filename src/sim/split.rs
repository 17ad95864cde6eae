//! How many requests reach which backend.

use super::{Answer, BackendName, Request, RequestError, Simulator};
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
        let first = self.request(request, draw)?;
        let mut rows = self.shares(request)?;
        let mut counted = |answer: &Answer| {
            let row = rows
                .iter_mut()
                .find(|row| row.backend == answer.backend && row.status == answer.status);
            if let Some(row) = row {
                row.count += 1;
            }
        };
        if count > 0 {
            counted(&first);
        }
        for _ in 1..count {
            counted(&self.request(request, draw)?);
        }
        Ok(Split {
            count,
            split: rows,
            first,
        })
    }

    /// The exact shares: one request for each backend, its draw made to fall on it.
    fn shares(&mut self, request: &Request) -> Result<Vec<SplitRow>, RequestError> {
        let mut rows: Vec<(SplitRow, u64)> = Vec::new();
        let choice = self.request(request, &mut |_| 0)?.choice;
        // Where nothing is chosen, all requests end alike.
        let all = std::iter::once(0..1).filter(|_| choice.total() == 0);
        let total = choice.total().max(1);
        let draws = (0..choice.len())
            .map(|index| choice.draws(index))
            .chain(all);
        for draws in draws.filter(|draws| !draws.is_empty()) {
            let weight = draws.end - draws.start;
            // The first draw of a request is the one over the sum of the weights.
            let mut pending = Some(draws.start);
            let answer = self.request(request, &mut |_| pending.take().unwrap_or(0))?;
            let same = rows
                .iter_mut()
                .find(|(row, _)| row.backend == answer.backend && row.status == answer.status);
            match same {
                Some((_, sum)) => *sum += weight,
                None => rows.push((
                    SplitRow {
                        backend: answer.backend,
                        status: answer.status,
                        share: String::new(),
                        count: 0,
                    },
                    weight,
                )),
            }
        }
        Ok(rows
            .into_iter()
            .map(|(row, sum)| SplitRow {
                share: Share::new(sum, total).to_string(),
                ..row
            })
            .collect())
    }
}
