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
mod bind;
mod choose;
mod exchange;
mod grpc;
mod handshake;
mod host;
mod http_session;
mod keys;
mod mesh;
mod plane;
mod protocol;
mod rule;
mod stream;
mod table;
#[cfg(test)]
mod tests;
mod why;

pub use answer::LocalAnswer;
pub use attached::{MatchError, grpc_entries, http_entries, sni_table};
pub use bind::{Accepted, Bind};
pub use choose::{Choose, ChosenEndpoint, Draws};
pub use exchange::{
    AfterFailure, Attempt, Attempted, Begun, Connection, Exchange, Failure, Mirrored, Scheme,
};
pub use grpc::GrpcStatus;
pub(crate) use grpc::is_grpc;
pub use handshake::{Authenticated, ClientHello, Hello, TlsSettings};
pub use host::BadHost;
pub(crate) use host::settle;
pub use http_session::{HttpSession, Received};
pub use keys::{BindKey, ListenerKey, ServiceKey};
pub use mesh::MeshPort;
pub use plane::{DataPlane, Diff};
pub use protocol::BackendProtocol;
pub use rule::{Backend, CompiledRule};
pub(crate) use stream::Way;
pub use stream::{Connected, Stream};
pub use table::{Table, Target};
pub use why::Why;
