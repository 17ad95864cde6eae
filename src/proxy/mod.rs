//! The data plane without I/O: from a connection to the answer that the client gets.
//!
//! It holds no clock and draws no randomness of its own: time and choices are arguments. The simulator drives it in
//! memory, a proxy over sockets. Each stage is a file:
//!
//! ```text
//! plane ──▶ bind ──▶ handshake ──▶ http_session ──▶ exchange
//! (ports)   (whose    (TLS with     (whose           (rule, filters, backend, endpoint,
//!            host)     the client)   request)         response)
//!             └──▶ stream (TLS passed through, TCP, UDP)
//! mesh ─────────────────────────────▶ (a port of a Service)
//! ```
//!
//! [`DataPlane`] is where to begin. Who has a matcher of requests alone begins at [`Table::begin`].

mod answer;
mod attached;
mod bind;
mod choose;
mod exchange;
mod filtering;
mod grpc;
mod handshake;
mod host;
mod http_session;
mod keys;
mod mesh;
mod options;
mod outgoing;
mod plane;
mod protocol;
mod rule;
mod session;
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
    AfterFailure, Attempt, Attempted, Begun, Connection, Exchange, Failure, Mirrored, Responded,
    Scheme,
};
pub use grpc::GrpcStatus;
pub(crate) use grpc::is_grpc;
pub use handshake::{Authenticated, ClientHello, Hello, TlsSettings};
pub use host::BadHost;
pub(crate) use host::settle;
pub use http_session::{HttpSession, Received};
pub use keys::{BindKey, ListenerKey, ServiceKey};
pub use mesh::MeshPort;
pub use options::DataPlaneOptions;
pub use outgoing::switch;
pub use plane::{DataPlane, Diff};
pub use protocol::BackendProtocol;
pub use rule::{Backend, CompiledRule, MadeSessions};
pub use session::{Issued, Issuing, Recalling, SessionState};
pub(crate) use stream::Way;
pub use stream::{Connected, Stream};
pub use table::{Table, Target};
pub use why::Why;
