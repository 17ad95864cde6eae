//! The routing engine: which entry of a table answers a request, and why not the others.
//!
//! [`Router`] is a compiled table of [`Entry`]s: a hostname, a match (an [`HttpMatch`] or a [`GrpcMatch`]), a
//! [`Rank`] and a payload of any type. No Kubernetes type occurs in it, so it serves anyone with rules of their
//! own. [`SniTable`] and [`PortTable`] are its small siblings for TLSRoute, TCPRoute and UDPRoute.
//!
//! Who wins is one documented key, [`Precedence`]; what the specification leaves open is in [`RouterOptions`].
//! [`Oracle`] is the same function written to be read, and the engine must agree with it on every request.
//!
//! [`proxy`](crate::proxy) makes tables of what an attachment resolution says of a listener or a Service.
//!
//! ```
//! use gwapi::routing::{Entry, HostPattern, HttpMatch, PathMatch, Rank, Router};
//!
//! let entry = |rule, path| Entry::new(HttpMatch::path(path), Rank::new("default/shop", rule, 0), rule);
//! let host = HostPattern::parse("*.example.com")?;
//! let mut router = Router::default();
//! router.insert("default/shop", [
//!     entry(0, PathMatch::prefix("/")).on(host.clone()),
//!     entry(1, PathMatch::exact("/cart")).on(host),
//! ]);
//! let request = http::Request::get("https://eu.example.com/cart?id=1").body(())?;
//! assert_eq!(router.find(&request), Some(&1));
//! println!("{}", router.explain(&request));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod explain;
mod index;
mod matching;
mod options;
mod oracle;
mod port;
mod request;
mod router;
mod sni;

pub use explain::{Candidate, Explanation, Reason, Verdict};
pub(crate) use matching::covers::bare;
pub use matching::matches::{
    Entry, GrpcMatch, HeaderMatch, HttpMatch, Match, PathMatch, QueryMatch, ValueMatch,
};
pub use matching::precedence::{Criterion, Precedence};
pub use matching::rank::Rank;
pub use options::{HostnameRank, RegexRank, RepeatedHeader, RouterOptions};
pub use oracle::Oracle;
pub use port::PortTable;
pub use request::headers::{HeaderLines, WithHeaders};
pub use request::host::{HostPattern, HostPatternError};
pub use request::path::normalize_path;
pub use request::view::{RequestView, View};
pub use router::{Found, Router};
pub use sni::SniTable;

pub use crate::meta::{Pattern, PatternError};

/// Anything that answers requests from a table: the engine, and the oracle that it is tested against.
pub trait Matcher<T> {
    /// The payload that answers a request.
    fn find<R: RequestView>(&self, request: &R) -> Option<&T>;
}

impl<T> Matcher<T> for Router<T> {
    fn find<R: RequestView>(&self, request: &R) -> Option<&T> {
        Router::find(self, request)
    }
}

impl<T> Matcher<T> for Oracle<T> {
    fn find<R: RequestView>(&self, request: &R) -> Option<&T> {
        Oracle::find(self, request)
    }
}
