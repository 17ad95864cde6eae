//! The data plane without I/O: from a connection to the answer that the client gets.
//!
//! It holds no clock and draws no randomness of its own: time and choices are arguments. The simulator drives it in
//! memory, a proxy over sockets. Its rooms, each of which uses those to its left:
//!
//! ```text
//! message         routes              request               connection              plane
//! (what a head    (rules, backends,   (filters, backend,    (a port, the TLS of     (all ports of a
//!  says of        endpoints,          endpoint, session,    its clients, HTTP or    configuration, and
//!  itself)        compiled)           response)             a stream, the mesh)     the next one)
//! ```
//!
//! And the way of a connection through them:
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
//!
//! # The whole way
//!
//! What a proxy does, with its I/O left out: `examples/reverse_proxy` is the same over sockets, `examples/tower_layer.rs` a
//! part of it as a layer. Arrows mark where bytes are read or written. `OBJECTS` are a Gateway, which `gateway` names, a Service
//! and an HTTPRoute. `passed_on` and `connected` are the I/O of the proxy: bytes that go both ways, and a connection to an
//! endpoint.
//!
//! ```
//! # const OBJECTS: &[u8] = br#"
//! #     {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "metadata": {"name": "edge", "namespace": "shop"},
//! #      "spec": {"gatewayClassName": "any", "listeners": [{"name": "web", "port": 80, "protocol": "HTTP"}]}}
//! #     {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "cart", "namespace": "shop"},
//! #      "spec": {"clusterIP": "10.0.0.1", "ports": [{"port": 80}]}}
//! #     {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": {"name": "cart", "namespace": "shop"},
//! #      "spec": {"parentRefs": [{"name": "edge"}], "rules": [{"backendRefs": [{"name": "cart", "port": 80}]}]}}"#;
//! # fn gateway() -> gwapi::meta::ObjectRef {
//! #     gwapi::meta::ObjectRef { group: gwapi::meta::GROUP.into(), kind: "Gateway".into(), namespace: "shop".into(), name: "edge".into() }
//! # }
//! # fn passed_on(stream: &gwapi::proxy::Stream) -> Result<(), Box<dyn std::error::Error>> { _ = stream; Ok(()) }
//! # fn connected(attempt: &gwapi::proxy::Attempt) -> bool { attempt.endpoint.get().is_some() }
//! use gwapi::{
//!     attachment::{Options, Resolver},
//!     backend::session::{SessionKey, SessionKeys},
//!     manifest::{self, ReadOptions},
//!     proxy::{Accepted, Authenticated, ClientHello, DataPlane, DataPlaneOptions, Draws, Failure, Issuing, Recalling, switch},
//! };
//! use http::{Request, Response};
//! use std::time::{Instant, SystemTime};
//!
//! // A configuration: `Resolver` keeps it up to date as objects change.
//! let mut resolver = Resolver::new(Options::for_manifests());
//! let (objects, _errors) = manifest::read(OBJECTS, &ReadOptions::default()).decode();
//! resolver.extend(objects.into_iter().map(|decoded| decoded.object));
//! let plane = DataPlane::new(resolver.effective().clone(), DataPlaneOptions::default());
//! let keys = SessionKeys::new(SessionKey::from([7; 16])); // a secret that all replicas share
//!
//! // Each port is bound: plane.binds(). A connection comes.
//! let session = match plane.binds().next().ok_or("nothing is bound")?.accept() {
//!     Accepted::Session(session) => session,
//!     Accepted::Stream(stream) => return passed_on(&stream), // TCP, UDP
//!     Accepted::Hello(hello) => match hello.client_hello(Some("shop.example")) {
//!         ClientHello::Passthrough(stream) => return passed_on(&stream),
//!         ClientHello::Refuse(why) => return Err(why.into()), // ─▶ alert `unrecognized_name`
//!         // ─▶ the handshake: settings.certificate(), .protocols(), .client_validation(); then what was shown in it, here nothing
//!         ClientHello::Terminate(settings) => match settings.authenticated(None, k8s_openapi::jiff::Timestamp::now())? {
//!             Authenticated::Session(session) => session,
//!             Authenticated::Stream(stream) => return passed_on(&stream),
//!         },
//!     },
//! };
//!
//! // ◀─ A request comes over it. The session goes by the configuration in force, however old it is itself.
//! let (head, content) = Request::get("/cart").header("host", "shop.example").body("")?.into_parts();
//! let (begun_at, recalling) = (Instant::now(), Recalling { keys: &keys, now: SystemTime::now() });
//! // An answer of the data plane itself is an error here: `LocalAnswer::response` is what the client gets.
//! let mut exchange = session.begin(head, Some(recalling)).begun.into_result()?;
//! let attempt = loop {
//!     let attempt = exchange.attempt(&mut Draws(&mut |_below| 0), begun_at.elapsed()).into_result()?;
//!     if connected(&attempt) { // within attempt.limit, and over TLS where attempt.tls() asks for it
//!         break attempt;
//!     }
//!     exchange.failed(&attempt, Failure::Connect, begun_at.elapsed()).into_result()?;
//! };
//! let _mirrored = exchange.copies(); // ─▶ to mirrors, and the request to the endpoint
//! let request = Request::from_parts(exchange.outgoing(&attempt), content);
//! assert_eq!(request.headers()["host"], "shop.example");
//! // ◀─ Its response, and what the client gets of it.
//! let (mut head, content) = Response::new("items").into_parts();
//! let issuing = Issuing { keys: &keys, nonce: &mut || [0; 12] }; // random bytes
//! if let Some(protocol) = exchange.respond(&attempt, &mut head, Some(issuing))?.switched {
//!     switch(&mut head, protocol); // ─▶ and from here on bytes go both ways
//! }
//! assert_eq!((head.status.as_u16(), content), (200, "items"));
//!
//! // An object changes: the next data plane. Connections that do not go on in it are closed; until then new requests get 421.
//! resolver.remove(&gateway());
//! let (plane, diff) = plane.next(resolver.effective().clone());
//! assert!(diff.unbind.len() == 1 && plane.continued(&session).is_none());
//! let late = session.begin(Request::get("/cart").body(())?.into_parts().0, None).begun.into_result();
//! assert_eq!(late.map_err(|answer| answer.status.as_u16()).err(), Some(421));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod connection;
mod failure;
mod keys;
mod message;
mod options;
mod plane;
mod request;
mod routes;
#[cfg(test)]
mod tests;
mod why;

pub use connection::accept::Accepted;
pub use connection::bind::Bind;
pub use connection::handshake::{Authenticated, ClientHello, Hello, TlsSettings};
pub use connection::http_session::{HttpSession, Received};
pub use connection::mesh::MeshPort;
pub use connection::stream::{Connected, MOST_ENDPOINTS, Stream};
pub(crate) use connection::way::Way;
pub use failure::Failure;
pub use keys::{BindKey, ListenerKey, ServiceKey};
pub use message::grpc::GrpcStatus;
pub(crate) use message::grpc::is_grpc;
pub use message::host::BadHost;
pub(crate) use message::host::{JudgedRequest, settle};
pub use message::scheme::{Connection, Scheme};
pub use options::DataPlaneOptions;
pub use plane::{DataPlane, Diff};
pub use request::answer::LocalAnswer;
pub use request::attempt::{Attempt, Mirrored};
pub use request::choose::{Choose, ChosenEndpoint, Draws};
pub use request::exchange::{AfterFailure, Attempted, Begun, Exchange, Responded};
pub use request::outgoing::switch;
pub use request::protocol::EndpointProtocol;
pub use request::session::{Issued, Issuing, Recalling, SessionState};
pub use routes::attached::{MatchError, grpc_entries, http_entries, sni_table};
pub use routes::endpoints::Endpoints;
pub use routes::rule::{Backend, CompiledRule, MadeSessions};
pub use routes::table::{Table, Target};
pub use why::Why;
