//! Where one draw ends.

use crate::proxy::Backend;
use http::{HeaderMap, StatusCode};
use std::sync::Arc;

/// Where one draw ends: what a count counts.
#[derive(Clone, Debug, Default)]
pub(in crate::sim) struct DrawEnd {
    pub(in crate::sim) backend: Option<Arc<Backend>>,
    pub(in crate::sim) status: Option<StatusCode>,
    pub(in crate::sim) headers: HeaderMap,
}
