//! What backends do with the requests that they get.

use super::BackendBehaviour;
use crate::proxy::{Attempt, Failure};
use http::request;

/// What backends do with the requests that they get; a closure is one.
pub trait Backends {
    /// What the endpoint of an attempt does with this request.
    ///
    /// # Errors
    ///
    /// Why there is no response: then the data plane tries another endpoint, or answers by itself.
    fn reply(
        &mut self,
        attempt: &Attempt,
        request: &request::Parts,
    ) -> Result<BackendBehaviour, Failure>;
}

impl<F> Backends for F
where
    F: FnMut(&Attempt, &request::Parts) -> Result<BackendBehaviour, Failure>,
{
    fn reply(
        &mut self,
        attempt: &Attempt,
        request: &request::Parts,
    ) -> Result<BackendBehaviour, Failure> {
        self(attempt, request)
    }
}

/// Backends that all do the same.
pub(super) struct AllAlike<'b>(pub(super) &'b BackendBehaviour);

impl Backends for AllAlike<'_> {
    fn reply(&mut self, _: &Attempt, _: &request::Parts) -> Result<BackendBehaviour, Failure> {
        Ok(self.0.clone())
    }
}
