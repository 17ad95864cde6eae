//! Which kinds are to be watched, and objects as watches bring them.

use super::{
    relist::{ListWalk, Relisted},
    state::Resolver,
};
use crate::{
    attachment::{
        ServiceImport, SnapshotObject,
        objects::{installed::EXTENSIONS_GROUP, object::CRD_KIND},
    },
    meta::{GroupVersionKind, NamespacedName, ObjectRef},
    v1, v1alpha2, v1alpha3, v1beta1,
};
use k8s_openapi::{
    api::{
        core::v1::{ConfigMap, Namespace, Secret, Service},
        discovery::v1::EndpointSlice,
    },
    apimachinery::pkg::apis::meta::v1::ObjectMeta,
};
use kube_core::{DeserializeGuard, error_boundary::InvalidObject};
use serde::de::DeserializeOwned;
use std::{collections::BTreeSet, fmt::Debug, sync::Arc};

/// A type of objects that can be watched and put into a [`Resolver`].
///
/// Whatever has what it asks for is one; nobody else has to implement it.
pub trait WatchedKind:
    k8s_openapi::Metadata<Ty = ObjectMeta>
    + kube_core::Resource<DynamicType = ()>
    + Clone
    + Debug
    + DeserializeOwned
    + Send
    + Sync
    + 'static
{
    /// The object as a snapshot holds it.
    fn watched(self: Arc<Self>) -> SnapshotObject;
}

impl<K> WatchedKind for K
where
    K: k8s_openapi::Metadata<Ty = ObjectMeta> + kube_core::Resource<DynamicType = ()>,
    K: Clone + Debug + DeserializeOwned + Send + Sync + 'static,
    Arc<K>: Into<SnapshotObject>,
{
    fn watched(self: Arc<Self>) -> SnapshotObject {
        self.into()
    }
}

/// What is done for each kind that is to be watched: [`Resolver::visit_watched`].
pub trait KindVisitor {
    /// Does it for one kind, in the version of this type.
    fn visit<K: WatchedKind>(&mut self);
}

/// The kinds that definitions add to a cluster, each in its versions, newest first.
macro_rules! defined_kinds {
    ($each:ident) => {
        $each! {
            [v1::GatewayClass, v1beta1::GatewayClass]
            [v1::Gateway, v1beta1::Gateway]
            [v1::HttpRoute, v1beta1::HttpRoute]
            [v1::GrpcRoute, v1alpha2::GrpcRoute]
            [v1::TlsRoute, v1alpha3::TlsRoute, v1alpha2::TlsRoute]
            [v1::TcpRoute, v1alpha2::TcpRoute]
            [v1::UdpRoute, v1alpha2::UdpRoute]
            [v1::ReferenceGrant, v1beta1::ReferenceGrant, v1alpha2::ReferenceGrant]
            [v1::BackendTlsPolicy, v1alpha3::BackendTlsPolicy, v1alpha2::BackendTlsPolicy]
            [v1alpha2::BackendLbPolicy]
            [ServiceImport]
        }
    };
}

/// The kinds that are visited, for whoever compares or counts them.
#[derive(Default)]
struct VisitedKinds(BTreeSet<GroupVersionKind>);

impl KindVisitor for VisitedKinds {
    fn visit<K: WatchedKind>(&mut self) {
        self.0.insert(GroupVersionKind {
            group: K::GROUP.to_owned(),
            version: K::VERSION.to_owned(),
            kind: K::KIND.to_owned(),
        });
    }
}

impl Resolver {
    /// Visits every kind that a controller has to watch so that the resolver knows all that it makes something of: those of the Gateway
    /// API and ServiceImports in the newest version that is served, as the installed definitions say
    /// ([`set_installed`](Self::set_installed)), and the core kinds. Kinds of routes that are not taken are among them, so that entries
    /// of ours in their statuses go; the definitions themselves are not.
    ///
    /// ```
    /// use gwapi::attachment::{KindVisitor, Options, Resolver, WatchedKind};
    ///
    /// struct Names(Vec<&'static str>);
    ///
    /// impl KindVisitor for Names {
    ///     fn visit<K: WatchedKind>(&mut self) {
    ///         self.0.push(K::KIND);
    ///     }
    /// }
    ///
    /// let mut names = Names(Vec::new());
    /// Resolver::new(Options::new("example.com/controller")).visit_watched(&mut names);
    /// // No definition is installed.
    /// assert_eq!(names.0, ["Namespace", "Service", "EndpointSlice", "ConfigMap", "Secret"]);
    /// ```
    pub fn visit_watched(&self, visitor: &mut impl KindVisitor) {
        macro_rules! visit {
            ($([$($kind:ty),+])+) => {$(
                $(if self.serves::<$kind>() {
                    visitor.visit::<$kind>();
                } else)+ {}
            )+};
        }
        defined_kinds!(visit);
        visitor.visit::<Namespace>();
        visitor.visit::<Service>();
        visitor.visit::<EndpointSlice>();
        visitor.visit::<ConfigMap>();
        visitor.visit::<Secret>();
    }

    /// The kinds that are to be watched, each in its version ([`visit_watched`](Self::visit_watched)). Where they are others than
    /// before, watches begin anew; another change of some definition is no reason for that.
    #[must_use]
    pub fn watched(&self) -> BTreeSet<GroupVersionKind> {
        let mut visited = VisitedKinds::default();
        self.visit_watched(&mut visited);
        visited.0
    }

    /// Takes out all objects of kinds that are not watched any more, since no definition of them is served. No watch tells that they
    /// have gone. To be called where [`watched`](Self::watched) has changed.
    pub fn forget_unwatched(&mut self) {
        macro_rules! forget {
            ($([$first:ty $(, $older:ty)*])+) => {$(
                if !(self.serves::<$first>() $(|| self.serves::<$older>())*) {
                    self.forget_all::<$first>();
                }
            )+};
        }
        defined_kinds!(forget);
    }

    fn forget_all<K: k8s_openapi::Resource>(&mut self) {
        let places = self.snapshot.places(K::GROUP, K::KIND);
        let all: Vec<ObjectRef> = places
            .map(|place| ObjectRef::at(K::GROUP, K::KIND, place))
            .chain(self.snapshot.left_out_of(K::GROUP, K::KIND))
            .collect();
        for reference in all {
            self.remove(&reference);
        }
        self.listed.remove(&(K::GROUP, K::KIND));
    }

    /// Whether it is known which definitions are installed ([`set_installed`](Self::set_installed)), and there has been a list
    /// ([`replace_all`](Self::replace_all), [`replace_watched`](Self::replace_watched)) of every kind that is
    /// [watched](Self::watched). Before that there is nothing to resolve: routes would be told that their backends do not exist.
    #[must_use]
    pub fn is_listed(&self) -> bool {
        let mut watched = self.watched();
        watched.insert(GroupVersionKind {
            group: EXTENSIONS_GROUP.to_owned(),
            version: "v1".to_owned(),
            kind: CRD_KIND.to_owned(),
        });
        let mut watched = watched.iter();
        watched.all(|kind| {
            self.listed
                .contains(&(kind.group.as_str(), kind.kind.as_str()))
        })
    }

    /// Puts an object in its place, as a watch with kube-core's `DeserializeGuard` brings it. One that cannot be read is
    /// [left out](Self::leave_out), and in force no longer: its error is returned, for the log. `managedFields`
    /// are dropped.
    pub fn insert_watched<K: WatchedKind>(
        &mut self,
        object: DeserializeGuard<K>,
    ) -> Option<InvalidObject> {
        match object.0 {
            Ok(object) => self.insert(trimmed(object).watched()),
            Err(invalid) => {
                let reference = reference::<K>(&invalid.metadata);
                self.remove(&reference);
                self.leave_out(&reference);
                return Some(invalid);
            }
        }
        None
    }

    /// Puts a whole list in the place of what was there, as [`replace_all`](Self::replace_all) does, and takes no more of it than what is
    /// new or has changed. Objects of it that cannot be read are [left out](Self::leave_out), and their errors returned, for the log.
    ///
    /// What was there already is returned as well, and not freed: of a list after a broken watch that is nearly all, and to free it
    /// takes longer than all else.
    pub fn replace_watched<K: WatchedKind>(
        &mut self,
        mut list: Vec<DeserializeGuard<K>>,
    ) -> Relisted<K> {
        let mut walk = ListWalk::along::<K>(&self.snapshot);
        let differ = list.extract_if(.., |object| match &object.0 {
            Ok(object) => !walk.meets(k8s_openapi::Metadata::metadata(object)),
            Err(_) => true,
        });
        let mut invalid = Vec::new();
        let differ = differ.filter_map(|object| object.0.map_err(|error| invalid.push(error)).ok());
        let differ: Vec<K> = differ.collect();
        let not_met = walk.end();
        let same = self.put_list::<K, K>(differ, not_met, |object| trimmed(object).watched());
        for unreadable in &invalid {
            self.leave_out(&reference::<K>(&unreadable.metadata));
        }
        list.extend(same.into_iter().map(|object| DeserializeGuard(Ok(object))));
        Relisted {
            invalid,
            unchanged: list,
        }
    }

    /// Takes an object of a kind out, of which a watch says that it has gone.
    pub fn remove_watched<K: WatchedKind>(&mut self, metadata: &ObjectMeta) {
        self.remove(&reference::<K>(metadata));
    }
}

/// Without what is half of an object and of no use here.
fn trimmed<K: WatchedKind>(mut object: K) -> Arc<K> {
    k8s_openapi::Metadata::metadata_mut(&mut object).managed_fields = None;
    Arc::new(object)
}

fn reference<K: k8s_openapi::Resource>(metadata: &ObjectMeta) -> ObjectRef {
    ObjectRef::at(K::GROUP, K::KIND, &NamespacedName::of(metadata))
}
