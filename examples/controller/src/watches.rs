//! Objects as an API server tells of them.

use futures_util::{StreamExt, pin_mut};
use gwapi::{
    attachment::{KindVisitor, Resolver, WatchedKind},
    meta::NamespacedName,
};
use kube::{
    Api, Client, Resource,
    core::{DeserializeGuard, error_boundary::InvalidObject},
    runtime::{
        WatchStreamExt,
        watcher::{self, Event, watcher},
    },
};
use tokio::{
    sync::mpsc,
    task::{JoinSet, spawn_blocking},
};

/// What a watch has brought.
pub(crate) type Change = Box<dyn FnOnce(&mut Resolver) + Send>;

/// Watches of several kinds. They end when this is dropped.
pub(crate) struct Watches {
    client: Client,
    tasks: JoinSet<()>,
    sender: mpsc::UnboundedSender<Change>,
    changes: mpsc::UnboundedReceiver<Change>,
}

impl KindVisitor for Watches {
    fn visit<K: WatchedKind>(&mut self) {
        let config = watcher::Config::default();
        let config = match K::KIND {
            // Nothing else in a Secret is of use to a listener, and what is not needed is better not known.
            "Secret" => config.fields("type=kubernetes.io/tls"),
            _ => config,
        };
        let api = Api::<DeserializeGuard<K>>::all(self.client.clone());
        let sender = self.sender.clone();
        self.tasks.spawn(async move {
            let mut list: Vec<DeserializeGuard<K>> = Vec::new();
            let events = watcher(api, config).default_backoff();
            pin_mut!(events);
            while let Some(event) = events.next().await {
                let change: Change = match event {
                    Ok(Event::Init) => {
                        list.clear();
                        continue;
                    }
                    Ok(Event::InitApply(mut object)) => {
                        object.meta_mut().managed_fields = None;
                        list.push(object);
                        continue;
                    }
                    Ok(Event::InitDone) => {
                        let list = std::mem::take(&mut list);
                        Box::new(|resolver| {
                            let relisted = resolver.replace_watched(list);
                            relisted.invalid.iter().for_each(log::<K>);
                            // To free thousands of objects takes longer than all else, and nobody has to wait for it.
                            spawn_blocking(|| drop(relisted.unchanged));
                        })
                    }
                    Ok(Event::Apply(object)) => Box::new(|resolver| {
                        resolver.insert_watched(object).iter().for_each(log::<K>);
                    }),
                    Ok(Event::Delete(object)) => {
                        Box::new(move |resolver| resolver.remove_watched::<K>(object.meta()))
                    }
                    Err(error) => {
                        eprintln!("{}: {error}", K::KIND);
                        continue;
                    }
                };
                if sender.send(change).is_err() {
                    return;
                }
            }
        });
    }
}

impl Watches {
    pub(crate) fn new(client: &Client) -> Self {
        let (sender, changes) = mpsc::unbounded_channel();
        Self {
            client: client.clone(),
            tasks: JoinSet::new(),
            sender,
            changes,
        }
    }

    /// What comes next. Waits for ever where nothing is watched.
    pub(crate) async fn next(&mut self) -> Change {
        match self.changes.recv().await {
            Some(change) => change,
            None => std::future::pending().await,
        }
    }

    /// Takes over all that has come by now.
    pub(crate) fn take_all(&mut self, resolver: &mut Resolver) {
        while let Ok(change) = self.changes.try_recv() {
            change(resolver);
        }
    }
}

fn log<K: WatchedKind>(invalid: &InvalidObject) {
    let place = NamespacedName::of(&invalid.metadata);
    eprintln!("{} {place} cannot be read: {}", K::KIND, invalid.error);
}
