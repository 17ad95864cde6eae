//! From objects as they were given to those that an API server would have, and those that are left out, by name.
//!
//! An API server takes some objects and refuses others, and of two objects with one name it keeps the one that
//! was applied last. [`admit`] does the same with a list of objects, and [`judge`] with one: what a server
//! would refuse is [`Ignored`], with the reason. [`Admission`] takes objects one after the other, so that nobody has
//! to keep them as JSON.
//!
//! ```
//! use gwapi::{attachment::admit::{self, IgnoredReason}, meta::{Channel, Release}};
//! use serde_json::json;
//!
//! let misspelt = json!({
//!     "apiVersion": "gateway.networking.k8s.io/v1",
//!     "kind": "HttpRoute",
//!     "metadata": { "name": "cart", "namespace": "shop" },
//! });
//! let admitted = admit::admit([&misspelt], Release::V1_1_0, Channel::Standard);
//! assert!(admitted.snapshot.http_routes().is_empty());
//! assert_eq!(admitted.ignored[0].reason, IgnoredReason::UnknownKind);
//! assert_eq!(admitted.ignored[0].help.as_deref(), Some("did you mean `HTTPRoute`?"));
//! ```

mod admission;
mod ignored;
mod judge;
mod meant;
mod named;
#[cfg(test)]
mod tests;

pub(crate) use admission::given_twice;
pub use admission::{Admission, Admitted, Judgement};
pub use ignored::{Ignored, IgnoredReason};
pub(crate) use judge::taken;
pub use judge::{Experimental, Judged, judge};

use crate::meta::{Channel, Release};
use serde_json::Value;

/// Judges objects as an API server with the CRDs of this release and channel does when they are applied one after the
/// other.
#[must_use]
pub fn admit<'a>(
    objects: impl IntoIterator<Item = &'a Value>,
    release: Release,
    channel: Channel,
) -> Admitted {
    let mut admission = Admission::default();
    for value in objects {
        admission.add(Judgement::of(value, release, channel));
    }
    admission.finish()
}
