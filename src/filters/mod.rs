//! Filters of HTTPRoute and GRPCRoute rules and backends, on the types of the `http` crate.
//!
//! The filters of a rule and of its backends (`spec.rules[].filters`, `spec.rules[].backendRefs[].filters`) are compiled
//! once into [`RuleFilters`], a single list into [`Filters`]; what can be wrong with them is found then. Applying is
//! cheap, and holds no clock, no randomness and no I/O.
//!
//! # Order
//!
//! Towards the backend the rule's filters come first, then those of the chosen backend; the answer takes
//! the way back: the backend's first, then the rule's. Within one list filters are applied in its order
//! ([`Filters::steps`]): a mirror gets the request as it is at the mirror's place, and a redirect sees it as it is at the
//! redirect's. A mirror of the rule gets nothing of what a backend's filters do, since these concern that backend alone.
//! A redirect of a rule answers before a backend is chosen. It ends no other filter: mirrors get their copies on whichever
//! side of it they stand, and the changes to the response apply to the redirect.
//!
//! # What header modifiers cannot change
//!
//! The API lets a header modifier name any header. A filter that asks for one of these is refused when it is compiled,
//! and never skipped or half applied:
//!
//! | header | `set` | `add` | `remove` |
//! | --- | --- | --- | --- |
//! | `Host` of a request | rewrites the authority; the value must be a host, perhaps with a port | refused: two `Host` lines make a request invalid (RFC 9112, section 3.2) | refused: so does its absence |
//! | `Connection`, `Keep-Alive`, `Proxy-Connection`, `TE`, `Trailer`, `Transfer-Encoding`, `Upgrade` ([`CONNECTION_HEADERS`]) | refused: they describe one connection, and the proxy writes them for each of its own (RFC 9110, section 7.6.1) | refused | applied: the proxy removes them anyway |
//! | `Content-Length` | refused: the proxy frames messages, and a forged length lets one request smuggle in another | refused | refused |
//!
//! A session that travels in a header can have none of these either, nor one to which HTTP or gRPC give a meaning, such as `Cookie`
//! or `grpc-status` ([`SessionSettingsError::HeaderMeaning`](crate::attachment::effective::SessionSettingsError::HeaderMeaning)).
//!
//! In a response `Host` means nothing, and is a header like any other. Without `Upgrade` or `Connection` a request cannot
//! ask for another protocol, such as WebSocket: see [`Filters::passes_upgrade`].
//!
//! [`strip_hop_by_hop`] takes the headers of the connection off a message on its way; call it *before* the filters are
//! applied, or a client could name in `Connection` a header that a filter sets, and have it dropped.
//!
//! # What excludes each other
//!
//! In one list: two filters of one type (but for mirrors and extensions), a redirect and a rewrite, and
//! `urlRewrite.hostname` with a `Host` that is set. Between a rule and its backends, whose filters follow the
//! rule's: a redirect after a change of host or path, and `replacePrefixMatch` after a change of the path, since the prefix
//! is no longer there. Otherwise the backend's filters apply last: what they set overrides what the rule sets.
//!
//! # Failures
//!
//! The specification forbids to skip a filter that cannot be applied: requests that would have passed it
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
mod rule;

pub(crate) use compiled::missing;
pub use compiled::{Filters, Step};
pub use error::{ApplyError, ApplyErrorKind, CompileError, CompileErrorKind};
pub use header_modifier::HeaderModifier;
pub(crate) use header_modifier::check_new_header;
pub(crate) use hop_by_hop::tokens;
pub use hop_by_hop::{CONNECTION_HEADERS, strip_hop_by_hop};
pub use path_modifier::PathModifier;
pub(crate) use path_modifier::SentOtherwise;
pub use redirect::{Redirect, RedirectContext};
pub use rewrite::Rewrite;
pub use rule::RuleFilters;
