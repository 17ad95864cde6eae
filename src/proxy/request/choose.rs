//! Choices: which backend, which endpoint, whether a mirror gets a copy. Who drives the data plane makes them.

use crate::{
    attachment::effective::{EffectiveBackendPort, EffectiveMirror, Endpoint},
    backend::{DrawError, EndpointIndex, EndpointKey, EndpointSet},
    proxy::{Backend, CompiledRule, Why},
};
use std::sync::Arc;

/// Makes the choices that the data plane leaves to whoever drives it.
///
/// A source of numbers is enough: backends are then chosen by their weights, exactly if all numbers are equally likely, and
/// endpoints with even chances. Who balances the load in another way overrides [`backend`](Self::backend) and
/// [`endpoint`](Self::endpoint), and sees which backends and endpoints there are and which were tried.
pub trait Choose {
    /// A number below `below`, which is at least 1.
    fn draw(&mut self, below: u64) -> u64;

    /// The index of a backend among those of the rule. `rule.choice()` has the weights; a backend of weight 0 must not be
    /// chosen, and one that is not valid must be, as its weight says: its share of requests is answered with an error.
    ///
    /// `tried` are those of these backends at whose endpoints attempts for the request came to nothing: that of a session whose
    /// endpoint failed, and none otherwise, since other requests stay at their backend. Unless this is overridden, weights
    /// alone count.
    ///
    /// # Errors
    ///
    /// A draw that is not below the sum of the weights.
    fn backend(&mut self, rule: &CompiledRule, tried: &[usize]) -> Result<usize, DrawError> {
        _ = tried;
        let choice = rule.choice();
        choice.draw(self.draw(choice.total()))
    }

    /// One of the endpoints that were not tried, none if no such one remains. Nothing is drawn where there is no choice.
    ///
    /// # Errors
    ///
    /// A draw that is not below the number of these endpoints.
    fn endpoint(
        &mut self,
        among: &EndpointSet,
        tried: &[EndpointIndex],
    ) -> Result<Option<EndpointIndex>, DrawError> {
        match among.remaining(tried) {
            0 => Ok(None),
            1 => among.choose(0, tried).map(Some),
            count => {
                let drawn = self.draw(u64::try_from(count).unwrap_or(u64::MAX));
                among.choose(drawn, tried).map(Some)
            }
        }
    }
}

impl CompiledRule {
    /// Chooses a backend, by its place.
    pub(in crate::proxy) fn choose(
        &self,
        chooser: &mut dyn Choose,
        tried: &[usize],
    ) -> Result<usize, Why> {
        if let Some(problem) = self.problem() {
            return Err(problem.clone());
        }
        if self.choice().total() == 0 {
            return Err(match self.backends().is_empty() {
                true => Why::NoBackend,
                false => Why::NoWeight,
            });
        }
        Ok(chooser.backend(self, tried)?)
    }
}

/// Chooses by a source of numbers.
///
/// ```
/// use gwapi::proxy::{Choose, Draws};
///
/// let mut always_last = |below: u64| below - 1;
/// assert_eq!(Draws(&mut always_last).draw(6), 5);
/// ```
pub struct Draws<'d>(pub &'d mut dyn FnMut(u64) -> u64);

impl Choose for Draws<'_> {
    fn draw(&mut self, below: u64) -> u64 {
        (self.0)(below)
    }
}

/// An endpoint that was chosen.
#[derive(Clone, Debug)]
pub struct ChosenEndpoint {
    port: Arc<EffectiveBackendPort>,
    set: Arc<EndpointSet>,
    index: EndpointIndex,
}

impl ChosenEndpoint {
    /// This one.
    pub(super) fn new(
        port: &Arc<EffectiveBackendPort>,
        set: Arc<EndpointSet>,
        index: EndpointIndex,
    ) -> Self {
        Self {
            port: port.clone(),
            set,
            index,
        }
    }

    /// Chooses one. None if none remains.
    pub(in crate::proxy) fn among(
        (port, set): (&Arc<EffectiveBackendPort>, Arc<EndpointSet>),
        tried: &[EndpointIndex],
        chooser: &mut dyn Choose,
    ) -> Result<Option<Self>, DrawError> {
        let index = chooser.endpoint(&set, tried)?;
        Ok(index.map(|index| Self::new(port, set, index)))
    }

    /// The endpoint. None if the chooser named one that is not there.
    #[must_use]
    pub fn get(&self) -> Option<Endpoint<'_>> {
        self.set.get(self.index)
    }

    /// A name of the endpoint that other sets know, too.
    #[must_use]
    pub fn key(&self) -> Option<EndpointKey> {
        self.set.key(self.index)
    }

    /// Its place in the set.
    #[must_use]
    pub fn index(&self) -> EndpointIndex {
        self.index
    }

    /// All endpoints of the backend.
    #[must_use]
    pub fn set(&self) -> &Arc<EndpointSet> {
        &self.set
    }

    /// The port of the backend.
    #[must_use]
    pub fn port(&self) -> &Arc<EffectiveBackendPort> {
        &self.port
    }
}

/// Where a copy goes. None where the mirror leads nowhere, or has no share in this request.
pub(super) fn mirror(
    mirror: &EffectiveMirror,
    backend: &Backend,
    chooser: &mut dyn Choose,
) -> Result<Option<ChosenEndpoint>, DrawError> {
    let Ok(reached) = backend.reached() else {
        return Ok(None);
    };
    let mut fault = None;
    let taken = mirror.takes(&mut |total| {
        let draw = chooser.draw(total);
        if draw >= total {
            fault = Some(DrawError::OutOfRange { draw, total });
        }
        draw
    });
    match fault {
        Some(error) => Err(error),
        None if taken => ChosenEndpoint::among(reached, &[], chooser),
        None => Ok(None),
    }
}
