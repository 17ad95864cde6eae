//! A guide for authors of controllers: from an empty crate to statuses that settle.
//!
//! `examples/controller` of the repository is all of this put together, with a proxy as its data plane: some hundred lines a
//! file. Its scenes (conflicts, wiped statuses, lost objects, two controllers at once, newer definitions) run on a server in memory,
//! and on the API server's own code (`conformance/run controller`).
//!
//! # Versions that fit
//!
//! The types implement the traits of `k8s-openapi` and `kube-core`. Cargo builds several versions of a crate beside each other, and
//! a trait of another version is another trait, so these have to be the ones that this crate has:
//!
//! | gwapi | kube, kube-core | k8s-openapi |
//! | --- | --- | --- |
//! | 0.1 | 5 | 0.29 |
//!
//! ```toml
//! [dependencies]
//! gwapi = { version = "0.1", default-features = false, features = ["attachment"] }
//! k8s-openapi = { version = "0.29", features = ["v1_33"] }
//! kube = { version = "5", features = ["client", "runtime", "rustls-tls"] }
//! ```
//!
//! The application chooses the version of Kubernetes, by one feature of k8s-openapi: the oldest that it is to run on. Whoever
//! names neither crate can use [`gwapi::k8s_openapi`](crate::k8s_openapi) and [`gwapi::kube_core`](crate::kube_core), which fit by themselves. With
//! `proxy` among the features there is the data plane as well ([`DataPlane`](crate::proxy)).
//!
//! # Watch what is served
//!
//! A server may have a kind in another version than the newest, or not at all. The definitions say so: watch these first, and give
//! them to the resolver, which says what can be watched: [`Resolver::visit_watched`] visits the type of each
//! kind, and [`Resolver::watched`] tells whether these are others than before, so that the watches begin anew. The
//! objects stay; those of a kind that is served no longer go by [`Resolver::forget_unwatched`]. Statuses are written in versions that the
//! server has, and in the form of its release.
//!
//! [`DeserializeGuard`] keeps one object that cannot be read from hiding all others: it is
//! [left out](Resolver::leave_out), and whoever refers to it is told. `managedFields` are half of an object and of no use here. Of
//! Secrets a field selector asks for those with certificates alone.
//!
//! ```no_run
//! use futures_util::StreamExt;
//! use gwapi::attachment::{KindVisitor, Resolver, WatchedKind};
//! use kube::{
//!     Api, Client, Resource,
//!     core::DeserializeGuard,
//!     runtime::{WatchStreamExt, watcher::{self, Event, watcher}},
//! };
//! use tokio::sync::mpsc::UnboundedSender;
//!
//! type Change = Box<dyn FnOnce(&mut Resolver) + Send>;
//!
//! /// Sends what each watch brings to whoever has the resolver.
//! struct Watch(Client, UnboundedSender<Change>);
//!
//! impl KindVisitor for Watch {
//!     fn visit<K: WatchedKind>(&mut self) {
//!         let (client, sender) = (self.0.clone(), self.1.clone());
//!         let all = watcher::Config::default();
//!         let config = if K::KIND == "Secret" { all.fields("type=kubernetes.io/tls") } else { all };
//!         tokio::spawn(async move {
//!             let events = watcher(Api::<DeserializeGuard<K>>::all(client), config).default_backoff();
//!             let mut events = std::pin::pin!(events);
//!             let mut list = Vec::new();
//!             while let Some(event) = events.next().await {
//!                 let change: Change = match event {
//!                     Ok(Event::Init) => { list.clear(); continue }
//!                     Ok(Event::InitApply(object)) => { list.push(object); continue }
//!                     // What has gone while no watch ran is not in the list.
//!                     Ok(Event::InitDone) => {
//!                         let list = std::mem::take(&mut list);
//!                         Box::new(|resolver| {
//!                             let relisted = resolver.replace_watched(list);
//!                             for error in &relisted.invalid {
//!                                 eprintln!("{}: {error}", K::KIND);
//!                             }
//!                             // Thousands of objects take a while to free, for which nobody has to wait.
//!                             tokio::task::spawn_blocking(|| drop(relisted.unchanged));
//!                         })
//!                     }
//!                     Ok(Event::Apply(object)) => Box::new(|resolver| _ = resolver.insert_watched(object)),
//!                     Ok(Event::Delete(object)) => Box::new(move |resolver| resolver.remove_watched::<K>(object.meta())),
//!                     Err(error) => { eprintln!("{}: {error}", K::KIND); continue }
//!                 };
//!                 if sender.send(change).is_err() {
//!                     return;
//!                 }
//!             }
//!         });
//!     }
//! }
//! ```
//!
//! # Resolve in batches, and not too early
//!
//! Changes come in crowds: a deployment moves all its endpoints, a restart lists everything. Take all that has come, and call
//! [`Resolver::update`] once: it looks only at what the changes touch. Before the first list of every kind is there
//! ([`Resolver::is_listed`]), call it not at all, or routes would be told that their backends do not exist, and a proxy would drop them.
//!
//! [`Resolver::set_installed`] resolves as well, since another release may change every status. So definitions that come while lists are
//! still to come are put in their place as any other object is ([`Resolver::replace_watched`], [`Resolver::insert_watched`]), from which
//! [`Resolver::watched`] follows, and told by `set_installed` once all lists are there.
//!
//! # Program, then report
//!
//! [`Changes::concerns_traffic`] says whether the data plane has to be told. Every replica tells its own; what has not changed is
//! shared with the configuration from before. A Gateway is `Programmed` once the data plane says so of what it was told, and has the
//! addresses at which it is reached. Neither is invented: a load balancer waits for `Programmed`, and people wait for addresses.
//!
//! A data plane that listens at the ports itself reports by one call, [`Resolver::set_ports`], whenever it has been told or has tried a
//! port again.
//! One that is far away reports on one Gateway at a time ([`Resolver::set_programmed`], [`Resolver::set_listener_programmed`]), and
//! whatever assigns addresses gives them by [`Resolver::set_addresses`].
//!
//! # Write what is due
//!
//! One replica writes, the one that has a Lease. It asks [`Resolver::due_writes`] for the statuses, and the finalizers of
//! GatewayClasses, and sends each as the merge patch that it is. A patch names the version of the object that was seen, so
//! that nothing of other controllers is lost: where somebody was faster the server refuses it (409), and it is due again once
//! the watch has brought the object. So nothing is remembered, and nothing is written twice:
//!
//! ```no_run
//! use gwapi::{attachment::Resolver, k8s_openapi};
//! use k8s_openapi::{apimachinery::pkg::apis::meta::v1::Time, jiff::Timestamp};
//! use kube::{Client, core::PartialObjectMeta};
//!
//! async fn write(client: &Client, resolver: &mut Resolver) -> kube::Result<()> {
//!     for write in resolver.due_writes(&Time(Timestamp::now())) {
//!         let request = write.request().map_err(kube::Error::HttpError)?;
//!         match client.request::<PartialObjectMeta>(request).await {
//!             Ok(answer) => resolver.note_done(&write, &answer.metadata),
//!             // Changed, or gone: the watch brings it.
//!             Err(kube::Error::Api(refusal)) if matches!(refusal.code, 404 | 409) => {}
//!             Err(error) => return Err(error),
//!         }
//!     }
//!     Ok(())
//! }
//! ```
//!
//! A server may take a request and never answer. A controller with a data plane does not wait for it in its loop: each write
//! is a task of its own with a limited time, and answers come back to the loop as what watches bring does, [`Resolver::note_conflict`]
//! for a 409. `examples/controller` does so.
//!
//! [`StatusWrite::events`] is what to tell people in Events.
//!
//! # What a controller may do
//!
//! `get`, `list` and `watch` for the kinds that it watches; `patch` for the endpoint `status` of Gateway API kinds, and for
//! GatewayClasses themselves (the finalizer); `get`, `create` and `update` for its Lease; `create` and `patch` for Events of the group
//! `events.k8s.io`.
//!
//! [`DeserializeGuard`]: https://docs.rs/kube/5/kube/core/struct.DeserializeGuard.html

#[expect(unused_imports, reason = "for the links of the guide")]
use super::{Changes, Resolver, StatusWrite};
