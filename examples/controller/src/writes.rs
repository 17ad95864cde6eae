//! Statuses, finalizers and Events as an API server gets them.

use crate::Settings;
use futures_util::{StreamExt, stream};
use gwapi::{
    attachment::{Resolver, StatusPart, StatusWrite},
    meta::{Condition, ObjectRef, condition},
};
use k8s_openapi::{
    apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time},
    jiff::Timestamp,
};
use kube::{
    Api, Client,
    api::{ApiResource, DynamicObject, Patch, PatchParams},
    runtime::events::{Event, EventType, Recorder, Reporter},
};
use std::time::Duration;
use tokio::time::sleep;

/// How many writes are under way at a time.
const AT_ONCE: usize = 16;

/// Writes what is due.
pub(crate) struct Writer {
    client: Client,
    recorder: Recorder,
    /// Whether something could not be written, for a reason that passes.
    failed: bool,
}

impl Writer {
    pub(crate) fn new(client: Client, settings: &Settings) -> Self {
        let reporter = Reporter {
            controller: settings.name.clone(),
            instance: Some(settings.replica.clone()),
        };
        Self {
            recorder: Recorder::new(client.clone(), reporter),
            client,
            failed: false,
        }
    }

    /// Waits until what could not be written is to be tried again.
    pub(crate) async fn pause(&self) {
        match self.failed {
            true => sleep(Duration::from_secs(1)).await,
            false => std::future::pending().await,
        }
    }

    /// Writes what is due. What a server refuses since the object has changed (409) or gone (404) comes by the watch.
    pub(crate) async fn write(&mut self, resolver: &mut Resolver) {
        self.failed = false;
        for write in resolver.due_finalizers() {
            let api = self.api(&write.reference, &write.api_resource());
            let patch = Patch::Merge(write.merge_patch());
            let answer = api
                .patch_metadata(&write.reference.name, &PatchParams::default(), &patch)
                .await;
            let version = write.resource_version.as_deref();
            self.note(
                resolver,
                &write.reference,
                version,
                answer.map(|answer| answer.metadata),
            );
        }
        let due = resolver.due(&Time(Timestamp::now()));
        let sent = stream::iter(due).map(|write| async {
            let api = self.api(&write.reference, &write.api_resource());
            let patch = Patch::Merge(write.merge_patch());
            let answer = api
                .patch_status(&write.reference.name, &PatchParams::default(), &patch)
                .await;
            if answer.is_ok() {
                self.tell(&write).await;
            }
            (write, answer)
        });
        let answers: Vec<_> = sent.buffer_unordered(AT_ONCE).collect().await;
        for (write, answer) in answers {
            let version = write.resource_version.as_deref();
            self.note(
                resolver,
                &write.reference,
                version,
                answer.map(|answer| answer.metadata),
            );
        }
    }

    fn api(&self, reference: &ObjectRef, resource: &ApiResource) -> Api<DynamicObject> {
        match reference.namespace.as_str() {
            "" => Api::all_with(self.client.clone(), resource),
            namespace => Api::namespaced_with(self.client.clone(), namespace, resource),
        }
    }

    fn note(
        &mut self,
        resolver: &mut Resolver,
        reference: &ObjectRef,
        version: Option<&str>,
        answer: kube::Result<ObjectMeta>,
    ) {
        match answer {
            Ok(answer) => resolver.note_written(reference, version, &answer),
            Err(kube::Error::Api(refusal)) if matches!(refusal.code, 404 | 409) => {}
            Err(error) => {
                eprintln!("{reference} cannot be written: {error}");
                self.failed = true;
            }
        }
    }

    /// Tells people what has become of an object.
    async fn tell(&self, write: &StatusWrite) {
        for (part, condition) in write.turned() {
            let is_good = condition::is_good(condition);
            let tells = matches!(condition.type_.as_str(), "Accepted" | "Programmed");
            if is_good && !(tells && part == StatusPart::Object) {
                continue;
            }
            let event = Event {
                type_: if is_good {
                    EventType::Normal
                } else {
                    EventType::Warning
                },
                reason: condition.reason.clone(),
                note: Some(note(&part, condition)),
                action: "Reconcile".to_owned(),
                secondary: None,
            };
            if let Err(error) = self
                .recorder
                .publish(&event, &write.object_reference())
                .await
            {
                eprintln!("{}: no Event: {error}", write.reference);
            }
        }
    }
}

/// What an Event says; at most as much as it may (1 kB).
fn note(part: &StatusPart, condition: &Condition) -> String {
    let of = match part {
        StatusPart::Listener(name) => format!("listener `{name}`: "),
        StatusPart::Entry(parent) => format!("{}: ", parent.name),
        _ => String::new(),
    };
    let text = format!(
        "{of}{} {}: {}",
        condition.type_, condition.status, condition.message
    );
    text.chars().take(250).collect()
}
