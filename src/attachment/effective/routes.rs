//! Lists of routes in order of seniority, whose copies share what they have in common.

use super::chunks::{Chunks, ChunksIter, Difference};
use crate::meta::{NamespacedName, Seniority};
use std::{fmt, iter::FusedIterator};

/// What is in a [`RouteList`]: a route at one of its parents.
pub trait InSeniority {
    /// The place of the route among others.
    fn seniority(&self) -> Seniority<&NamespacedName>;
}

/// Routes at a parent, oldest first, then by `namespace/name`.
///
/// A list that costs nothing to clone. A [`Resolver`](crate::attachment::Resolver) that changes one route of 10 000 copies a
/// part of the list and shares the rest with the list from before, so that a data plane finds what has changed without a look
/// at the others.
///
/// ```
/// use gwapi::attachment::effective::{AttachedRoute, HttpRouteRules, RouteList};
///
/// let routes: RouteList<AttachedRoute<HttpRouteRules>> = [].into_iter().collect();
/// assert!(routes.is_empty());
/// for attached in &routes {
///     println!("{} for {} hosts", attached.route.reference, attached.hostnames.len());
/// }
/// ```
pub struct RouteList<T> {
    routes: Chunks<T>,
}

impl<T> RouteList<T> {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.routes.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The oldest one.
    #[must_use]
    pub fn first(&self) -> Option<&T> {
        self.iter().next()
    }

    /// All of them, in order.
    pub fn iter(&self) -> RouteIter<'_, T> {
        RouteIter {
            routes: self.routes.iter(),
        }
    }
}

impl<T: InSeniority> RouteList<T> {
    /// Where this list differs from an earlier one. `same` tells whether two at the same place in the order are the same.
    pub(crate) fn changes<'l>(
        &'l self,
        before: &'l Self,
        same: impl Fn(&T, &T) -> bool,
    ) -> impl Iterator<Item = Difference<'l, T>> {
        let mut cursors = self.routes.changes(&before.routes);
        let order = |one: &T, other: &T| one.seniority().cmp(&other.seniority());
        std::iter::from_fn(move || cursors.next(order, &same))
    }
}

impl<T: InSeniority + Clone> RouteList<T> {
    /// Puts routes in, which have one place in the order: behind others that have it, too.
    pub(in crate::attachment) fn insert(&mut self, routes: impl IntoIterator<Item = T>) {
        for route in routes {
            let before = |other: &T| other.seniority() <= route.seniority();
            let at = self.routes.partition_point(before);
            self.routes.insert(at, route);
        }
    }

    /// Puts a route in, in place of the one that has its place in the order.
    pub(in crate::attachment) fn replace(&mut self, route: T) {
        let seniority = route.seniority();
        let at = self
            .routes
            .partition_point(|other| other.seniority() < seniority);
        let there = self.routes.get(at);
        if there.is_some_and(|there| there.seniority() == seniority) {
            if let Some(place) = self.routes.get_mut(at) {
                *place = route;
            }
        } else {
            self.routes.insert(at, route);
        }
    }

    /// Takes out those that have a place in the order.
    pub(in crate::attachment) fn remove(&mut self, place: Seniority<&NamespacedName>) {
        let at = self
            .routes
            .partition_point(|other| other.seniority() < place);
        while self
            .routes
            .get(at)
            .is_some_and(|route| route.seniority() == place)
        {
            self.routes.remove(at);
        }
    }
}

impl<T> Clone for RouteList<T> {
    fn clone(&self) -> Self {
        Self {
            routes: self.routes.clone(),
        }
    }
}

impl<T> Default for RouteList<T> {
    fn default() -> Self {
        Self {
            routes: Chunks::default(),
        }
    }
}

impl<T: fmt::Debug> fmt::Debug for RouteList<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self).finish()
    }
}

impl<T: PartialEq> PartialEq for RouteList<T> {
    fn eq(&self, other: &Self) -> bool {
        self.routes == other.routes
    }
}

/// Puts them in order.
impl<T: InSeniority> FromIterator<T> for RouteList<T> {
    fn from_iter<I: IntoIterator<Item = T>>(routes: I) -> Self {
        let mut routes: Vec<T> = routes.into_iter().collect();
        routes.sort_by(|one, other| one.seniority().cmp(&other.seniority()));
        Self {
            routes: Chunks::of_ordered(routes),
        }
    }
}

impl<'l, T> IntoIterator for &'l RouteList<T> {
    type Item = &'l T;
    type IntoIter = RouteIter<'l, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// The routes of a [`RouteList`], in order.
#[derive(Debug)]
pub struct RouteIter<'l, T> {
    routes: ChunksIter<'l, T>,
}

impl<T> Clone for RouteIter<'_, T> {
    fn clone(&self) -> Self {
        Self {
            routes: self.routes.clone(),
        }
    }
}

impl<'l, T> Iterator for RouteIter<'l, T> {
    type Item = &'l T;

    fn next(&mut self) -> Option<Self::Item> {
        self.routes.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.routes.size_hint()
    }
}

impl<T> DoubleEndedIterator for RouteIter<'_, T> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.routes.next_back()
    }
}

impl<T> ExactSizeIterator for RouteIter<'_, T> {}

impl<T> FusedIterator for RouteIter<'_, T> {}
