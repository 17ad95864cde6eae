//! Which backend, and which of its endpoints, a request goes to.

mod weighted;

pub use weighted::{Share, WeightedChoice, WeightedChoiceError};
