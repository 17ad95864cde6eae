//! Whole lists in the place of what was there.

use super::state::Resolver;
use crate::{
    attachment::{
        Snapshot, SnapshotObject,
        objects::{
            object::{is_cluster_wide, place_of, place_texts},
            stored::StoredVersion,
        },
    },
    meta::{NamespacedName, ObjectRef},
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube_core::{DeserializeGuard, error_boundary::InvalidObject};
use std::{borrow::Borrow, cmp::Ordering, fmt, sync::Arc, vec};

/// What is left of a list that was put in the place of what was there ([`Resolver::replace_watched`]). `Debug` shows no more than how
/// many there are.
#[must_use = "what could not be read is for the log"]
#[non_exhaustive]
pub struct Relisted<K> {
    /// The errors of the objects that could not be read, in the order of the list.
    pub invalid: Vec<InvalidObject>,
    /// The objects that were there already, as they were given: nothing of them was taken.
    ///
    /// To free thousands of objects takes longer than to find out that they have not changed. Where something else waits, let another
    /// thread do that.
    pub unchanged: Vec<DeserializeGuard<K>>,
}

impl<K> fmt::Debug for Relisted<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Neither Secrets nor what the metadata of any object may repeat of them.
        f.debug_struct("Relisted")
            .field("invalid", &self.invalid.len())
            .field("unchanged", &self.unchanged.len())
            .finish()
    }
}

/// What is there of a kind, beside a list of this kind.
///
/// A server lists objects in the order of their names, as they are kept here: one walk along both finds what differs, and copies
/// nothing of what is the same. An object that is not in order is not met on this walk.
pub(super) struct ListWalk<'s> {
    is_cluster_wide: bool,
    present: vec::IntoIter<(&'s NamespacedName, StoredVersion<'s>)>,
    /// The places that the list has passed.
    passed: Vec<&'s NamespacedName>,
}

impl<'s> ListWalk<'s> {
    pub(super) fn along<K: k8s_openapi::Resource>(snapshot: &'s Snapshot) -> Self {
        Self {
            is_cluster_wide: is_cluster_wide(K::GROUP, K::KIND),
            present: snapshot.stored_of_kind(K::GROUP, K::KIND).into_iter(),
            passed: Vec::new(),
        }
    }

    /// Goes on to the next object of the list. Whether it is there, and the same.
    pub(super) fn meets(&mut self, listed: &ObjectMeta) -> bool {
        let (namespace, name) = place_texts(self.is_cluster_wide, listed);
        while let Some(&(place, present)) = self.present.as_slice().first() {
            let order = place.cmp_texts(namespace, name);
            if order == Ordering::Greater {
                break;
            }
            self.present.next();
            if order == Ordering::Equal {
                return present.is_same(StoredVersion::of(listed));
            }
            self.passed.push(place);
        }
        false
    }

    /// The end of the list. What it has not met.
    pub(super) fn end(self) -> NotMet {
        let rest = self.present.map(|(place, _)| place);
        let places = self.passed.into_iter().chain(rest);
        NotMet(places.map(|place| (place.clone(), false)).collect())
    }
}

/// The places that a [`ListWalk`] has not met, in order, and whether the list has them nevertheless.
pub(super) struct NotMet(Vec<(NamespacedName, bool)>);

impl NotMet {
    fn note_listed(&mut self, place: &NamespacedName) {
        let at = self.0.binary_search_by(|(one, _)| one.cmp(place));
        if let Some((_, is_listed)) = at.ok().and_then(|at| self.0.get_mut(at)) {
            *is_listed = true;
        }
    }

    fn not_listed(self) -> impl Iterator<Item = NamespacedName> {
        let places = self.0.into_iter().filter(|(_, is_listed)| !is_listed);
        places.map(|(place, _)| place)
    }
}

impl Resolver {
    /// Puts a whole list of a kind in the place of the objects of this kind that are there, as after the first list of a watch or
    /// a later one: what is not in it goes. An object with the `uid` and `resourceVersion` of the one that is there is the same,
    /// and costs no more than finding that out. Takes effect with the next [`update`](Self::update).
    ///
    /// Objects are owned, or behind a [`Box`] or an [`Arc`]; [`replace_listed`](Self::replace_listed) is for those that are lent. The
    /// kind is that of the list, whatever its version: a list of `v1alpha2::TlsRoute` replaces all TLSRoutes. What was
    /// [left out](Self::leave_out) of the kind is forgotten: objects of the list that cannot be read are left out anew, after this.
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
        self.replace_by::<K, _>(objects, |object| {
            let object: Arc<K> = object.into();
            object.into()
        });
    }

    /// Puts a whole list in the place of what was there, as [`replace_all`](Self::replace_all) does, and clones only the objects that
    /// are new or have changed. The list stays with the caller, who frees it whenever there is time.
    pub fn replace_listed<'o, K>(&mut self, objects: impl IntoIterator<Item = &'o K>)
    where
        K: k8s_openapi::Resource + k8s_openapi::Metadata<Ty = ObjectMeta> + Clone + 'o,
        Arc<K>: Into<SnapshotObject>,
    {
        self.replace_by::<K, _>(objects, |object: &K| Arc::new(object.clone()).into());
    }

    /// The same, by what makes an object one of a snapshot.
    fn replace_by<K, O: Borrow<K>>(
        &mut self,
        objects: impl IntoIterator<Item = O>,
        to_object: impl Fn(O) -> SnapshotObject,
    ) where
        K: k8s_openapi::Metadata<Ty = ObjectMeta>,
    {
        let mut walk = ListWalk::along::<K>(&self.snapshot);
        let objects = objects.into_iter();
        let differ = objects.filter(|object| !walk.meets(Borrow::<K>::borrow(object).metadata()));
        let differ: Vec<O> = differ.collect();
        let not_met = walk.end();
        self.put_list::<K, O>(differ, not_met, to_object);
    }

    /// Puts the objects of a list that were not met as they are in their places, and takes out what the list does not have. Gives
    /// back those that are there nevertheless.
    pub(super) fn put_list<K, O: Borrow<K>>(
        &mut self,
        differ: Vec<O>,
        mut not_met: NotMet,
        to_object: impl Fn(O) -> SnapshotObject,
    ) -> Vec<O>
    where
        K: k8s_openapi::Metadata<Ty = ObjectMeta>,
    {
        self.listed.insert((K::GROUP, K::KIND));
        let mut unchanged = Vec::new();
        for object in differ {
            let metadata = Borrow::<K>::borrow(&object).metadata();
            let place = place_of(K::GROUP, K::KIND, metadata);
            not_met.note_listed(&place);
            let present = self.snapshot.stored(K::GROUP, K::KIND, &place);
            match present.is_some_and(|it| it.is_same(StoredVersion::of(metadata))) {
                true => unchanged.push(object),
                false => self.insert(to_object(object)),
            }
        }
        let gone = not_met.not_listed();
        let gone = gone.map(|place| ObjectRef::at(K::GROUP, K::KIND, &place));
        let left_out = self.snapshot.left_out_of(K::GROUP, K::KIND);
        for reference in gone.chain(left_out).collect::<Vec<_>>() {
            self.remove(&reference);
        }
        unchanged
    }
}
