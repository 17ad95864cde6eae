//! The object graph: which route attaches to which listener or Service and why, and what follows.
//!
//! [`Effective`] is the configuration that is in force, in a form that no longer needs the objects it
//! came from: what the routing engine compiles, and what a proxy serves.

pub mod effective;

pub use effective::Effective;
