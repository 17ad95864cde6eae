//! Hosts: the names of listeners and routes, and where a request says that it goes.

pub(crate) mod authority;
mod hostname;

pub use authority::{Authority, AuthorityError, AuthorityErrorKind};
pub use hostname::{Hostname, HostnameError, HostnameRank, Specificity};

pub(crate) use hostname::{is_below, is_dns_subdomain, is_narrower};
