//! Where connections and datagrams go of which no request is looked at.

use crate::{
    attachment::{RouteId, RouteKind},
    proxy::{Backend, CompiledRule},
};
use std::sync::Arc;

/// Where it goes.
#[derive(Clone, Debug)]
pub(crate) enum Way {
    /// Through the first rule of a route: such rules have no matches.
    Route(Arc<CompiledRule>),
    /// No route of the kind takes it; and whether any is attached.
    NoRoute { kind: RouteKind, any: bool },
    /// To a Service itself, which no route governs (GEP-1426).
    Service(Arc<Backend>),
    /// Nowhere: this TLSRoute governs the port of a Service, and the client does not speak TLS. A route replaces what happens to
    /// traffic without one (GEP-1294, "Route presence"), and none of its rules is about this.
    NotTls(Arc<RouteId>),
}
