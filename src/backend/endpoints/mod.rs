//! The choice among the endpoints of a backend.

mod key;
#[cfg(test)]
mod tests;

pub use key::EndpointKey;

use super::DrawError;
use crate::attachment::effective::{Endpoint, EndpointList, EndpointPlace};
use std::{
    collections::HashMap,
    sync::{Arc, OnceLock},
};

/// The endpoints of one port of a backend, prepared to be chosen from: the cost of a choice does not depend on their number.
///
/// New requests go to the endpoints that are ready. Where none is, they go to those that terminate and still serve, as
/// kube-proxy does it (EndpointSlice `endpoints[].conditions`). One that is neither ready nor about to go gets none, whatever its
/// slice says of serving. Every endpoint has the same chance.
///
/// A set is made when the endpoints change, not for each request. It is the same for a headless Service: endpoints are
/// reached at their own addresses either way.
///
/// ```
/// use gwapi::{
///     attachment::effective::{BackendAddress, EndpointList},
///     backend::{DrawError, EndpointSet},
/// };
///
/// let addresses = [("10.0.0.1", true), ("10.0.0.2", false), ("10.0.0.3", true)];
/// let addresses = addresses.map(|(address, ready)| BackendAddress::new(address, ready));
/// let set = EndpointSet::new(EndpointList::at_port(8080, addresses.into()));
/// // A draw is below the number of endpoints that remain.
/// assert_eq!(set.remaining(&[]), 2);
/// let first = set.choose(0, &[])?;
/// assert_eq!(set.get(first).map(|endpoint| endpoint.address), Some("10.0.0.1"));
/// // Another attempt passes over those that were tried.
/// assert_eq!(set.remaining(&[first]), 1);
/// let second = set.choose(0, &[first])?;
/// assert_eq!(set.get(second).map(|endpoint| endpoint.address), Some("10.0.0.3"));
/// assert_eq!(set.choose(0, &[first, second]), Err(DrawError::Nothing));
/// # Ok::<(), DrawError>(())
/// ```
#[derive(Clone, Debug)]
pub struct EndpointSet {
    list: Arc<EndpointList>,
    /// The ready ones, then those that only serve, then the others; in the order of the list.
    order: Box<[EndpointPlace]>,
    ready: usize,
    /// The ready ones and those that only serve.
    serving: usize,
    /// Where each key is in `order`. Made when the first session asks for it.
    keys: OnceLock<HashMap<EndpointKey, EndpointIndex>>,
}

/// An endpoint of an [`EndpointSet`]; it means nothing in another set, where [`EndpointKey`] still does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EndpointIndex(u32);

impl EndpointIndex {
    fn of(place: usize) -> Option<Self> {
        u32::try_from(place).ok().map(Self)
    }

    fn place(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

/// What can be asked of an endpoint; the best comes first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum EndpointState {
    Ready,
    Serving,
    Gone,
}

impl EndpointState {
    fn of(endpoint: &Endpoint<'_>) -> Self {
        if endpoint.ready {
            Self::Ready
        } else if endpoint.serving && endpoint.terminating {
            Self::Serving
        } else {
            Self::Gone
        }
    }
}

/// An endpoint without its state.
fn identity<'e>(endpoint: &Endpoint<'e>) -> Endpoint<'e> {
    Endpoint {
        ready: false,
        serving: false,
        terminating: false,
        ..*endpoint
    }
}

impl EndpointSet {
    /// Prepares the choice, in time and memory in proportion to the number of endpoints.
    #[must_use]
    pub fn new(list: impl Into<Arc<EndpointList>>) -> Self {
        let list = list.into();
        // While a slice takes over endpoints of another, one of them may be in both, in two states. The better one counts.
        let mut places = list.places();
        places.sort_by(|(_, one), (_, other)| {
            let by_identity = identity(one).cmp(&identity(other));
            by_identity.then(EndpointState::of(one).cmp(&EndpointState::of(other)))
        });
        places.dedup_by(|(_, later), (_, first)| identity(later) == identity(first));
        places.sort_by_key(|(_, endpoint)| EndpointState::of(endpoint));
        let until =
            |state| places.partition_point(|(_, endpoint)| EndpointState::of(endpoint) <= state);
        let (ready, serving) = (until(EndpointState::Ready), until(EndpointState::Serving));
        let order = places.into_iter().map(|(place, _)| place).collect();
        Self {
            order,
            ready,
            serving,
            keys: OnceLock::new(),
            list,
        }
    }

    /// The endpoints as they are listed.
    #[must_use]
    pub fn list(&self) -> &Arc<EndpointList> {
        &self.list
    }

    /// How many endpoints there are, in whatever state.
    #[must_use]
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// How many endpoints take new requests.
    #[must_use]
    pub fn ready(&self) -> usize {
        self.ready
    }

    /// Those from which new requests choose: the ready ones, else those that terminate and still serve.
    fn candidates(&self) -> usize {
        match self.ready {
            0 => self.serving,
            ready => ready,
        }
    }

    /// How many endpoints there are to choose from for a new request that these were tried for. Of endpoints that serve and
    /// are not ready none counts while there is one that is ready, tried or not.
    #[must_use]
    pub fn remaining(&self, tried: &[EndpointIndex]) -> usize {
        self.candidates() - self.tried_below(self.candidates(), tried)
    }

    /// The endpoint for a new request; `draw` is a number below [`remaining`](Self::remaining), with even chances. The cost
    /// depends on how many were tried, not on how many there are.
    ///
    /// # Errors
    ///
    /// [`DrawError::Nothing`] where no endpoint remains: an answer of 500 or 503 (HTTPRoute `spec.rules[].backendRefs`, "no
    /// endpoints"). [`DrawError::OutOfRange`] for another draw: a fault of who draws.
    pub fn choose(&self, draw: u64, tried: &[EndpointIndex]) -> Result<EndpointIndex, DrawError> {
        let total = u64::try_from(self.remaining(tried)).unwrap_or(u64::MAX);
        DrawError::check(draw, total)?;
        let out_of_range = DrawError::OutOfRange { draw, total };
        let drawn = usize::try_from(draw).map_err(|_| out_of_range)?;
        // Each tried endpoint at or before the place moves it on by one, until no further one is passed.
        let mut place = drawn;
        loop {
            let moved = drawn + self.tried_below(place.saturating_add(1), tried);
            if moved == place {
                return EndpointIndex::of(place).ok_or(out_of_range);
            }
            place = moved;
        }
    }

    /// How many of the candidates before a place were tried, each counted once.
    fn tried_below(&self, place: usize, tried: &[EndpointIndex]) -> usize {
        let end = place.min(self.candidates());
        let counts = |(at, index): &(usize, &EndpointIndex)| {
            index.place() < end && tried.iter().take(*at).all(|earlier| earlier != *index)
        };
        tried.iter().enumerate().filter(counts).count()
    }

    /// An endpoint.
    #[must_use]
    pub fn get(&self, index: EndpointIndex) -> Option<Endpoint<'_>> {
        let place = self.order.get(index.place())?;
        self.list.at(*place)
    }

    /// The key of an endpoint.
    #[must_use]
    pub fn key(&self, index: EndpointIndex) -> Option<EndpointKey> {
        self.get(index).map(|endpoint| EndpointKey::of(&endpoint))
    }

    /// The endpoint of a key, in whatever state. The first call looks at every endpoint, and allocates; later ones do
    /// not.
    #[must_use]
    pub fn find(&self, key: EndpointKey) -> Option<EndpointIndex> {
        let keys = self.keys.get_or_init(|| {
            let indices = (0..self.order.len()).filter_map(EndpointIndex::of);
            indices
                .filter_map(|index| Some((self.key(index)?, index)))
                .collect()
        });
        keys.get(&key).copied()
    }

    /// Whether an endpoint still answers, so that a session that is established may stay there: it is ready, or terminates
    /// and still serves.
    #[must_use]
    pub fn serves(&self, index: EndpointIndex) -> bool {
        index.place() < self.serving
    }

    /// The endpoints that there are, with their indices: first the ready ones.
    pub fn iter(&self) -> impl Iterator<Item = (EndpointIndex, Endpoint<'_>)> {
        let indices = (0..self.order.len()).filter_map(EndpointIndex::of);
        indices.filter_map(|index| Some((index, self.get(index)?)))
    }
}
