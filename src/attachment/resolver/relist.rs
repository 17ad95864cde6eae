//! Whole lists in the place of what was there.

use super::state::Resolver;
use crate::{
    attachment::{
        SnapshotObject,
        objects::object::{place_of, place_texts},
    },
    meta::{NamespacedName, ObjectRef},
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use std::{borrow::Borrow, cmp::Ordering, sync::Arc};

impl Resolver {
    /// Puts a whole list of a kind in the place of the objects of this kind that are there, as after the first list of a watch or
    /// a later one: what is not in it goes. An object with the `uid` and `resourceVersion` of the one that is there is the same,
    /// and costs no more than finding that out. Takes effect with the next [`update`](Self::update).
    ///
    /// Objects are owned, or behind a [`Box`] or an [`Arc`]. The kind is that of the list, whatever its version: a list of
    /// `v1alpha2::TlsRoute` replaces all TLSRoutes. What was [left out](Self::leave_out) of the kind is forgotten: objects of the
    /// list that cannot be read are left out anew, after this.
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
    pub fn replace_all<K>(
        &mut self,
        objects: impl IntoIterator<Item = impl Into<Arc<K>> + Borrow<K>>,
    ) where
        K: k8s_openapi::Resource + k8s_openapi::Metadata<Ty = ObjectMeta>,
        Arc<K>: Into<SnapshotObject>,
    {
        self.replace_by::<K, _>(objects, Into::into);
    }

    /// The same, by what makes an object one of a snapshot.
    pub(super) fn replace_by<K, O>(
        &mut self,
        objects: impl IntoIterator<Item = O>,
        to_object: impl Fn(Arc<K>) -> SnapshotObject,
    ) where
        K: k8s_openapi::Metadata<Ty = ObjectMeta>,
        O: Into<Arc<K>> + Borrow<K>,
    {
        self.listed.insert((K::GROUP, K::KIND));
        // A server lists objects in the order of their names, as they are kept here: one walk along both finds what differs, and
        // copies nothing of what is the same. An object that is not in order is looked up.
        let mut present = self.snapshot.metadata_of_all(K::GROUP, K::KIND).peekable();
        let mut passed: Vec<(NamespacedName, bool)> = Vec::new();
        let mut others: Vec<Arc<K>> = Vec::new();
        for object in objects {
            let metadata = object.borrow().metadata();
            let (namespace, name) = place_texts(K::GROUP, K::KIND, metadata);
            let mut is_same = false;
            while let Some((place, of_present)) =
                present.next_if(|(place, _)| place.cmp_texts(namespace, name) != Ordering::Greater)
            {
                if place.name == name && place.namespace == namespace {
                    is_same = of_present.is_some_and(|it| is_same_version(it, metadata));
                    break;
                }
                passed.push((place.clone(), false));
            }
            if !is_same {
                others.push(object.into());
            }
        }
        passed.extend(present.map(|(place, _)| (place.clone(), false)));
        for object in others {
            let place = place_of(K::GROUP, K::KIND, object.metadata());
            if let Ok(at) = passed.binary_search_by(|(passed, _)| passed.cmp(&place))
                && let Some((_, is_listed)) = passed.get_mut(at)
            {
                *is_listed = true;
            }
            let present = self.snapshot.metadata(K::GROUP, K::KIND, &place);
            if !present.is_some_and(|present| is_same_version(present, object.metadata())) {
                self.insert(to_object(object));
            }
        }
        let gone = passed.into_iter().filter(|(_, is_listed)| !is_listed);
        let gone = gone.map(|(place, _)| ObjectRef::at(K::GROUP, K::KIND, &place));
        let left_out = self.snapshot.left_out_of(K::GROUP, K::KIND);
        for reference in gone.chain(left_out).collect::<Vec<_>>() {
            self.remove(&reference);
        }
    }
}

/// Whether two objects of one name are the same, as their server says. Objects of a file say nothing of that.
fn is_same_version(one: &ObjectMeta, other: &ObjectMeta) -> bool {
    let version = one.resource_version.as_deref();
    version.is_some_and(|version| !version.is_empty())
        && one.resource_version == other.resource_version
        && one.uid == other.uid
}
