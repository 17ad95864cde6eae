//! From a request at a listener, or to a Service, to what becomes of it.
//!
//! One pipeline: [`Router::find`](crate::routing::Router::find) names the rule, its filters change the
//! request, a backend is chosen by weight and an endpoint among those that are ready. It does no I/O, holds
//! no clock and draws no randomness of its own: draws are an argument. The simulator drives it in memory, a
//! proxy over sockets.
//!
//! ```text
//! Table::new ──▶ Table::decide ──▶ Decision::Forward ──▶ Forward::response
//!  (once a          (a request)      (send it)              (the answer)
//!   change)
//! ```

mod attached;
mod host;
mod pipeline;
mod rule;
mod table;
#[cfg(test)]
mod tests;

pub use attached::{MatchError, grpc_entries, http_entries, sni_table};
pub(crate) use pipeline::is_grpc;
pub use pipeline::{Connection, Decision, Forward, LocalAnswer, Mirrored, Scheme, ready_endpoint};
pub use rule::{Backend, CompiledRule};
pub use table::{Table, Target};
