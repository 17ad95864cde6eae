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
//! them to the resolver ([`Resolver::set_installed`]). It says which types can be watched ([`Resolver::serves`]), writes statuses
//! in versions that the server has, and in the form of its release. When the definitions change, begin anew with the watches; the
//! objects stay.
//!
//! [`DeserializeGuard`] keeps one object that cannot be read from hiding all others: it is
//! [left out](Resolver::leave_out), and whoever refers to it is told. `managedFields` are half of an object and of no use here. Of
//! Secrets a field selector asks for those with certificates alone.
//!
//! ```no_run
//! use futures_util::StreamExt;
//! use gwapi::{attachment::{Resolver, SnapshotObject}, k8s_openapi, meta::{NamespacedName, ObjectRef}};
//! use k8s_openapi::{api::core::v1::Secret, apimachinery::pkg::apis::meta::v1::ObjectMeta};
//! use kube::{
//!     Api, Client, Resource,
//!     core::DeserializeGuard,
//!     runtime::{WatchStreamExt, watcher::{self, Event, watcher}},
//! };
//!
//! async fn follow(client: Client, resolver: &mut Resolver) {
//!     let config = watcher::Config::default().fields("type=kubernetes.io/tls");
//!     let secrets = watcher(Api::<DeserializeGuard<Secret>>::all(client), config)
//!         .default_backoff()
//!         .modify(|secret| secret.meta_mut().managed_fields = None);
//!     let mut secrets = std::pin::pin!(secrets);
//!     let reference = |metadata: &ObjectMeta| ObjectRef::core("Secret", &NamespacedName::of(metadata));
//!     let mut list = Vec::new();
//!     while let Some(event) = secrets.next().await {
//!         match event {
//!             Ok(Event::Init) => list.clear(),
//!             Ok(Event::InitApply(secret)) => list.extend(secret.0),
//!             // What has gone while no watch ran is not in the list.
//!             Ok(Event::InitDone) => resolver.replace_all::<Secret>(list.drain(..)),
//!             Ok(Event::Apply(DeserializeGuard(Ok(secret)))) => resolver.insert(secret),
//!             Ok(Event::Apply(DeserializeGuard(Err(unreadable)))) => {
//!                 resolver.remove(&reference(&unreadable.metadata));
//!                 resolver.leave_out(&reference(&unreadable.metadata));
//!             }
//!             Ok(Event::Delete(secret)) => resolver.remove(&reference(secret.meta())),
//!             Err(error) => eprintln!("{error}"),
//!         }
//!     }
//! }
//! ```
//!
//! # Resolve in batches, and not too early
//!
//! Changes come in crowds: a deployment moves all its endpoints, a restart lists everything. Take all that has come, and call
//! [`Resolver::update`] once: it looks only at what the changes touch. Before the first list of every kind is there, call it
//! not at all, or routes would be told that their backends do not exist, and a proxy would drop them.
//!
//! # Program, then report
//!
//! [`Changes::concerns_traffic`] says whether the data plane has to be told. Every replica tells its own; what has not changed is
//! shared with the configuration from before. A Gateway is `Programmed` once the data plane says so
//! ([`Resolver::set_programmed`], [`Resolver::set_listener_programmed`]), of the generation that it was told of, and has the addresses
//! at which it is reached ([`Resolver::set_addresses`]). Neither is invented: a load balancer waits for `Programmed`, and people
//! wait for addresses.
//!
//! # Write what is due
//!
//! One replica writes, the one that has a Lease. It asks [`Resolver::due`] for statuses and [`Resolver::due_finalizers`] for the
//! finalizers of GatewayClasses, and sends each as a merge patch. A patch names the version of the object that was seen, so
//! that nothing of other controllers is lost: where somebody was faster the server refuses it (409), and it is due again once
//! the watch has brought the object. So nothing is remembered, and nothing is written twice:
//!
//! ```no_run
//! use gwapi::{attachment::Resolver, k8s_openapi};
//! use k8s_openapi::{apimachinery::pkg::apis::meta::v1::Time, jiff::Timestamp};
//! use kube::{Api, Client, api::{DynamicObject, Patch, PatchParams}};
//!
//! async fn write(client: &Client, resolver: &mut Resolver) -> kube::Result<()> {
//!     for write in resolver.due(&Time(Timestamp::now())) {
//!         let (name, resource) = (&write.reference.name, write.api_resource());
//!         let api: Api<DynamicObject> = match write.reference.namespace.as_str() {
//!             "" => Api::all_with(client.clone(), &resource),
//!             namespace => Api::namespaced_with(client.clone(), namespace, &resource),
//!         };
//!         let patch = Patch::Merge(write.merge_patch());
//!         match api.patch_status(name, &PatchParams::default(), &patch).await {
//!             Ok(answer) => {
//!                 let version = write.resource_version.as_deref();
//!                 resolver.note_written(&write.reference, version, &answer.metadata);
//!             }
//!             // Changed, or gone: the watch brings it.
//!             Err(kube::Error::Api(refusal)) if matches!(refusal.code, 404 | 409) => {}
//!             Err(error) => return Err(error),
//!         }
//!     }
//!     Ok(())
//! }
//! ```
//!
//! [`StatusWrite::turned`] names the conditions that become others: what to tell people in an Event.
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
