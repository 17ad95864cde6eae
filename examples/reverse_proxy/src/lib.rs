//! A reverse proxy on hyper, tokio and rustls that gets every decision from [`gwapi::proxy`].
//!
//! What is here is I/O: sockets, TLS records, messages of HTTP, and bytes that go from one side to the other. Who takes a
//! connection, where a request goes, what the filters make of it, what is answered when something goes wrong, and what a new
//! configuration changes, is for [`gwapi::proxy::DataPlane`] to say:
//!
//! | file | does | asks |
//! | --- | --- | --- |
//! | `manifests` | reads objects from a folder, and finds for which release they are meant | `manifest::read`, `Resolver`, `validation::Uses` |
//! | `follow` | keeps a proxy to what the files say | |
//! | `proxy` | changes the configuration | `DataPlane::next` |
//! | `ports` | binds ports, and keeps the sockets that the next configuration binds, too | `DataPlane::accept` |
//! | `connection` | takes a connection: cleartext, TLS, anything else | `DataPlane::accept`, `Hello`, `TlsSettings` |
//! | `mesh` | takes what pods of a namespace send to a Service | `DataPlane::service`, `MeshPort` |
//! | `exchange` | takes a request to an endpoint, and the response back | `HttpSession::begin`, `Exchange` |
//! | `mirrors` | takes copies of requests to mirrors, as many and as long as there is room and time | `Mirrored` |
//! | `upstream` | connects to endpoints, and keeps connections | `Attempt` |
//! | `datagrams` | carries datagrams | `Stream` |
//! | `tls` | settings of rustls | `TlsSettings`, `EffectiveBackendTls` |
//! | `body` | contents of messages: their limits, their copies | |
//!
//! Interim responses of a backend (1xx, but for 101) are not passed on, since hyper's server has no way to write them; `100
//! Continue` it writes by itself.

mod body;
mod connection;
mod datagrams;
mod exchange;
pub mod follow;
pub mod manifests;
mod mesh;
mod mirrors;
mod ports;
mod proxy;
mod rewind;
mod tls;
mod upstream;

pub use mesh::MeshKey;
pub use mirrors::DroppedCopies;
pub use proxy::{Clock, Dial, Limits, Network, Proxy};

/// Whatever ends a connection. It concerns those who operate the proxy, and no client.
pub type Error = Box<dyn std::error::Error + Send + Sync>;
