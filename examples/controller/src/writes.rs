//! Statuses, finalizers and Events as an API server gets them.

use crate::Settings;
use futures_util::{StreamExt, stream};
use gwapi::attachment::{DueWrite, Resolver, StatusWrite};
use k8s_openapi::{apimachinery::pkg::apis::meta::v1::Time, jiff::Timestamp};
use kube::{
    Client,
    core::PartialObjectMeta,
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
        let due = resolver.due_writes(&Time(Timestamp::now()));
        let sent = stream::iter(due).map(|write| async {
            let answer = self.send(&write).await;
            if let (Ok(_), Some(status)) = (&answer, write.status()) {
                self.tell(status).await;
            }
            (write, answer)
        });
        let answers: Vec<_> = sent.buffer_unordered(AT_ONCE).collect().await;
        for (write, answer) in answers {
            match answer {
                Ok(answer) => resolver.note_done(&write, &answer.metadata),
                Err(kube::Error::Api(refusal)) if matches!(refusal.code, 404 | 409) => {}
                Err(error) => {
                    eprintln!("{} cannot be written: {error}", write.reference());
                    self.failed = true;
                }
            }
        }
    }

    async fn send(&self, write: &DueWrite) -> kube::Result<PartialObjectMeta> {
        let request = write.request().map_err(kube::Error::HttpError)?;
        self.client.request(request).await
    }

    /// Tells people what has become of an object.
    async fn tell(&self, write: &StatusWrite) {
        for event in write.events() {
            let event = Event {
                type_: match event.is_warning {
                    true => EventType::Warning,
                    false => EventType::Normal,
                },
                reason: event.reason,
                note: Some(event.note),
                action: "Reconcile".to_owned(),
                secondary: None,
            };
            let regarding = write.object_reference();
            if let Err(error) = self.recorder.publish(&event, &regarding).await {
                eprintln!("{}: no Event: {error}", write.reference);
            }
        }
    }
}
