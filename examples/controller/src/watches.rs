//! Objects as an API server tells of them.

use futures_util::{StreamExt, pin_mut};
use gwapi::{
    attachment::{Resolver, SnapshotObject},
    meta::{NamespacedName, ObjectRef},
    v1, v1alpha2, v1alpha3, v1beta1,
};
use k8s_openapi::{
    api::{
        core::v1::{ConfigMap, Namespace, Secret, Service},
        discovery::v1::EndpointSlice,
    },
    apimachinery::pkg::apis::meta::v1::ObjectMeta,
};
use kube::{
    Api, Client, Resource,
    core::DeserializeGuard,
    runtime::{
        WatchStreamExt,
        watcher::{self, Event, watcher},
    },
};
use serde::de::DeserializeOwned;
use std::{collections::BTreeSet, fmt::Debug, sync::Arc};
use tokio::{sync::mpsc, task::JoinSet};

/// What a watch has brought.
pub(crate) type Change = Box<dyn FnOnce(&mut Resolver) + Send>;

/// An object, or the metadata of one that cannot be read.
type Read<K> = Result<K, Box<ObjectMeta>>;

/// Watches of several kinds. They end when this is dropped.
pub(crate) struct Watches {
    tasks: JoinSet<()>,
    sender: mpsc::UnboundedSender<(Change, Option<&'static str>)>,
    changes: mpsc::UnboundedReceiver<(Change, Option<&'static str>)>,
    /// The kinds of which the first list is not there yet.
    awaited: BTreeSet<&'static str>,
}

impl Default for Watches {
    fn default() -> Self {
        let (sender, changes) = mpsc::unbounded_channel();
        Self {
            tasks: JoinSet::new(),
            sender,
            changes,
            awaited: BTreeSet::new(),
        }
    }
}

impl Watches {
    /// Watches whatever the resolver makes something of, each kind in the first of these versions that is served.
    pub(crate) fn of_everything(client: &Client, resolver: &Resolver) -> Self {
        let mut watches = Self::default();
        macro_rules! first_served {
            ($([$($kind:ty),+])+) => {$(
                $(if resolver.serves::<$kind>() {
                    watches.add::<$kind>(client, watcher::Config::default(), |_| ());
                } else)+ {}
            )+};
        }
        first_served! {
            [v1::GatewayClass, v1beta1::GatewayClass]
            [v1::Gateway, v1beta1::Gateway]
            [v1::HttpRoute, v1beta1::HttpRoute]
            [v1::GrpcRoute, v1alpha2::GrpcRoute]
            [v1::TlsRoute, v1alpha3::TlsRoute, v1alpha2::TlsRoute]
            [v1::UdpRoute, v1alpha2::UdpRoute]
            [v1::ReferenceGrant, v1beta1::ReferenceGrant, v1alpha2::ReferenceGrant]
            [v1::BackendTlsPolicy, v1alpha3::BackendTlsPolicy, v1alpha2::BackendTlsPolicy]
            [v1alpha2::BackendLbPolicy]
        }
        let all = watcher::Config::default;
        watches.add::<Namespace>(client, all(), |_| ());
        watches.add::<Service>(client, all(), |_| ());
        watches.add::<EndpointSlice>(client, all(), |_| ());
        watches.add::<ConfigMap>(client, all(), |_| ());
        // Nothing else in a Secret is of use to a listener, and what is not needed is better not known.
        watches.add::<Secret>(client, all().fields("type=kubernetes.io/tls"), |_| ());
        watches
    }

    /// Watches one kind. `trim` takes out of an object what nobody needs.
    pub(crate) fn add<K>(&mut self, client: &Client, config: watcher::Config, trim: fn(&mut K))
    where
        K: Resource<DynamicType = ()> + k8s_openapi::Metadata<Ty = ObjectMeta>,
        K: Clone + Debug + DeserializeOwned + Send + Sync + 'static,
        Arc<K>: Into<SnapshotObject>,
    {
        self.awaited.insert(K::KIND);
        let sender = self.sender.clone();
        let events = watcher(Api::<DeserializeGuard<K>>::all(client.clone()), config)
            .default_backoff()
            .modify(move |object| {
                object.meta_mut().managed_fields = None;
                object.0.iter_mut().for_each(trim);
            });
        self.tasks.spawn(async move {
            let mut list: Vec<Read<K>> = Vec::new();
            pin_mut!(events);
            while let Some(event) = events.next().await {
                let (change, listed): (Change, _) = match event {
                    Ok(Event::Init) => {
                        list.clear();
                        continue;
                    }
                    Ok(Event::InitApply(object)) => {
                        list.push(read(object));
                        continue;
                    }
                    Ok(Event::InitDone) => {
                        let list = std::mem::take(&mut list);
                        (Box::new(|resolver| replace(resolver, list)), Some(K::KIND))
                    }
                    Ok(Event::Apply(object)) => {
                        let object = read(object);
                        (Box::new(|resolver| put(resolver, object)), None)
                    }
                    Ok(Event::Delete(object)) => {
                        let gone = reference::<K>(object.meta());
                        (Box::new(move |resolver| resolver.remove(&gone)), None)
                    }
                    Err(error) => {
                        eprintln!("{}: {error}", K::KIND);
                        continue;
                    }
                };
                if sender.send((change, listed)).is_err() {
                    return;
                }
            }
        });
    }

    /// What comes next. Waits for ever where nothing is watched.
    pub(crate) async fn next(&mut self) -> Change {
        match self.changes.recv().await {
            Some(brought) => self.noted(brought),
            None => std::future::pending().await,
        }
    }

    /// Takes over all that has come by now.
    pub(crate) fn take_all(&mut self, resolver: &mut Resolver) {
        while let Ok(brought) = self.changes.try_recv() {
            self.noted(brought)(resolver);
        }
    }

    fn noted(&mut self, (change, listed): (Change, Option<&'static str>)) -> Change {
        if let Some(kind) = listed {
            self.awaited.remove(kind);
        }
        change
    }

    /// Whether the first list of every kind is there.
    pub(crate) fn are_complete(&self) -> bool {
        !self.tasks.is_empty() && self.awaited.is_empty()
    }
}

fn read<K: Resource>(object: DeserializeGuard<K>) -> Read<K> {
    object.0.map_err(|invalid| {
        eprintln!(
            "{:?} cannot be read: {}",
            invalid.metadata.name, invalid.error
        );
        Box::new(invalid.metadata)
    })
}

fn reference<K: k8s_openapi::Resource>(metadata: &ObjectMeta) -> ObjectRef {
    ObjectRef::at(K::GROUP, K::KIND, &NamespacedName::of(metadata))
}

/// Puts an object in its place. One that cannot be read is there, and in force no longer.
fn put<K>(resolver: &mut Resolver, object: Read<K>)
where
    K: k8s_openapi::Metadata<Ty = ObjectMeta>,
    Arc<K>: Into<SnapshotObject>,
{
    match object {
        Ok(object) => resolver.insert(Arc::new(object)),
        Err(metadata) => {
            resolver.remove(&reference::<K>(&metadata));
            resolver.leave_out(&reference::<K>(&metadata));
        }
    }
}

/// Puts a list in the place of what was there.
fn replace<K>(resolver: &mut Resolver, list: Vec<Read<K>>)
where
    K: k8s_openapi::Metadata<Ty = ObjectMeta>,
    Arc<K>: Into<SnapshotObject>,
{
    let (objects, unreadable): (Vec<_>, Vec<_>) = list.into_iter().partition(Result::is_ok);
    resolver.replace_all::<K>(objects.into_iter().flatten());
    for metadata in unreadable.into_iter().filter_map(Result::err) {
        resolver.leave_out(&reference::<K>(&metadata));
    }
}
