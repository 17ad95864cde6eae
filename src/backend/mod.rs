//! Which backend, and which of its endpoints, a request goes to.
//!
//! | question | answer |
//! | --- | --- |
//! | which backend of a rule (`backendRefs[].weight`) | [`WeightedChoice`], by a draw; [`SmoothWeightedChoice`], in turns |
//! | which endpoint of a backend | [`EndpointSet`] |
//! | where the earlier requests of a client went (GEP-1619) | [`session`] |
//!
//! No I/O, no clock and no randomness: draws, the time and random bytes are arguments.

mod endpoints;
mod fingerprint;
pub mod session;
mod smooth;
mod weighted;

pub use endpoints::{EndpointIndex, EndpointKey, EndpointSet};
pub use smooth::SmoothWeightedChoice;
pub use weighted::{DrawError, Share, WeightedChoice, WeightedChoiceError};
