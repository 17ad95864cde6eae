//! Filters of HTTPRoute and GRPCRoute rules and backends, on the types of the `http` crate.
//!
//! A list of filters (`spec.rules[].filters`, `spec.rules[].backendRefs[].filters`) is compiled once into
//! [`Filters`]; what can be wrong with it is found then. Applying is cheap, and holds no clock, no
//! randomness and no I/O.
//!
//! # Order
//!
//! Towards the backend the rule's filters come first, then those of the chosen backend; the answer takes
//! the way back: the backend's first, then the rule's. Within one list the order does not matter: each
//! type may stand in it once, and no two types touch the same part of a message. A mirror gets the request as
//! the other filters of its list leave it, wherever it stands among them, and a mirror of the rule gets nothing of
//! what a backend's filters do, which hold for that backend alone. A redirect answers before a backend is chosen.
//!
//! # Headers that no filter may touch
//!
//! `Host` and `:authority` are changed by `urlRewrite.hostname` alone. Headers that describe one
//! connection or the framing of one message ([`CONNECTION_HEADERS`]) belong to the proxy: a filter that
//! names one is refused when it is compiled, in `set`, `add` and `remove` alike, since a forged
//! `Content-Length` or `Transfer-Encoding` lets one request smuggle in another. [`strip_hop_by_hop`] takes
//! them off a message on its way; call it *before* the filters are applied, or a client could name in
//! `Connection` a header that a filter sets, and have it dropped.
//!
//! # Failures
//!
//! The specification forbids to skip a filter that cannot be honoured: requests that would have passed it
//! must be answered with an error. So a list that does not compile, or that has an
//! [`ExtensionRef`](Filters::extensions) which nobody implements, means status 500 for its requests.
//!
//! ```
//! use gwapi::filters::Filters;
//!
//! let filters = serde_json::from_str::<Vec<gwapi::v1::HttpRouteFilter>>(
//!     r#"[{"type": "URLRewrite", "urlRewrite":
//!         {"path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/v2"}}}]"#,
//! )?;
//! let filters = Filters::compile_http(&filters)?;
//! let (mut request, ()) = http::Request::get("/api/items?page=2").body(())?.into_parts();
//! filters.apply_request(&mut request, Some("/api"))?;
//! assert_eq!(request.uri, "/v2/items?page=2");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod compiled;
mod error;
mod header_modifier;
mod hop_by_hop;
mod path_modifier;
mod redirect;
mod rewrite;

pub use compiled::Filters;
pub use error::{ApplyError, ApplyErrorKind, CompileError, CompileErrorKind};
pub use header_modifier::HeaderModifier;
pub use hop_by_hop::{CONNECTION_HEADERS, strip_hop_by_hop};
pub use path_modifier::PathModifier;
pub use redirect::{Redirect, RedirectContext};
pub use rewrite::Rewrite;
