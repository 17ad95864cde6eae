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

mod answer;
mod attached;
mod draw;
mod grpc;
mod host;
mod pipeline;
mod protocol;
mod rule;
mod table;
#[cfg(test)]
mod tests;
mod why;

pub use answer::LocalAnswer;
pub use attached::{MatchError, grpc_entries, http_entries, sni_table};
pub use draw::DrawError;
pub use grpc::GrpcStatus;
pub(crate) use grpc::is_grpc;
pub use host::BadHost;
pub(crate) use host::settle;
pub use pipeline::{Connection, Decision, Forward, Mirrored, Scheme, ready_endpoint};
pub use protocol::BackendProtocol;
pub use rule::{Backend, CompiledRule};
pub use table::{Table, Target};
pub use why::Why;
