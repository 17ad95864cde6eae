//! Whole lists in the place of what was there.

use super::state::Resolver;
use crate::{
    attachment::{SnapshotObject, objects::object::place_of},
    meta::{NamespacedName, ObjectRef},
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use std::{cmp::Ordering, sync::Arc};

impl Resolver {
    /// Puts a whole list of a kind in the place of the objects of this kind that are there, as after the first list of a watch or
    /// a later one: what is not in it goes. An object with the `uid` and `resourceVersion` of the one that is there is the same,
    /// and costs no more than finding that out. Takes effect with the next [`update`](Self::update).
    ///
    /// Objects are owned or behind an [`Arc`]. The kind is that of the list, whatever its version: a list of
    /// `v1alpha2::TlsRoute` replaces all TLSRoutes.
    ///
    /// ```
    /// use gwapi::attachment::{Options, Resolver};
    /// use gwapi::v1::{GatewayClass, GatewayClassSpec};
    ///
    /// let class = |name: &str| GatewayClass::new(name, GatewayClassSpec {
    ///     controller_name: "example.com/controller".into(),
    ///     ..Default::default()
    /// });
    /// let mut resolver = Resolver::new(Options::new("example.com/controller"));
    /// resolver.replace_all::<GatewayClass>([class("one"), class("two")]);
    /// resolver.replace_all::<GatewayClass>([class("two")]);
    /// assert_eq!(resolver.snapshot().gateway_classes().len(), 1);
    /// ```
    pub fn replace_all<K>(&mut self, objects: impl IntoIterator<Item = impl Into<Arc<K>>>)
    where
        K: k8s_openapi::Resource + k8s_openapi::Metadata<Ty = ObjectMeta>,
        Arc<K>: Into<SnapshotObject>,
    {
        let mut places = Vec::new();
        for object in objects {
            let object: Arc<K> = object.into();
            let place = place_of(K::GROUP, K::KIND, object.metadata());
            let present = self.snapshot.metadata(K::GROUP, K::KIND, &place);
            if !present.is_some_and(|present| is_same_version(present, object.metadata())) {
                self.insert(object);
            }
            places.push(place);
        }
        places.sort_unstable();
        places.dedup();
        for place in self.absent(K::GROUP, K::KIND, &places) {
            self.remove(&ObjectRef::at(K::GROUP, K::KIND, &place));
        }
    }

    /// The objects of a kind that are there and not among these, which are in order.
    fn absent(&self, group: &str, kind: &str, places: &[NamespacedName]) -> Vec<NamespacedName> {
        let mut listed = places.iter().peekable();
        let present = self.snapshot.places(group, kind);
        let absent = present.filter(|place| {
            while listed.next_if(|listed| *listed < *place).is_some() {}
            listed
                .peek()
                .is_none_or(|listed| (*listed).cmp(place) != Ordering::Equal)
        });
        absent.cloned().collect()
    }
}

/// Whether two objects of one name are the same, as their server says. Objects of a file say nothing of that.
fn is_same_version(one: &ObjectMeta, other: &ObjectMeta) -> bool {
    let version = one.resource_version.as_deref();
    version.is_some_and(|version| !version.is_empty())
        && one.resource_version == other.resource_version
        && one.uid == other.uid
}
