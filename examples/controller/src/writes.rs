//! Statuses, finalizers and Events as an API server gets them.

use crate::Settings;
use gwapi::{
    attachment::{DueWrite, Resolver},
    meta::ObjectRef,
};
use k8s_openapi::{apimachinery::pkg::apis::meta::v1::Time, jiff::Timestamp};
use kube::{
    Client,
    core::PartialObjectMeta,
    runtime::events::{Event, EventType, Recorder, Reporter},
};
use std::{
    collections::{BTreeSet, VecDeque},
    sync::Arc,
    time::Duration,
};
use tokio::{
    sync::Semaphore,
    task::{JoinError, JoinSet},
    time::{Instant, error::Elapsed, sleep_until, timeout},
};

/// How many writes are under way at a time.
const AT_ONCE: usize = 16;
/// How long a server has for an answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// When what could not be written is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// Writes what is due, each write in a task of its own: whatever becomes of one keeps nobody else waiting.
pub(crate) struct Writer {
    client: Client,
    recorder: Arc<Recorder>,
    /// What is to be written when there is room.
    queue: VecDeque<DueWrite>,
    under_way: JoinSet<Answered>,
    /// What is written now.
    objects: BTreeSet<ObjectRef>,
    /// Whether one of these was due, too, when it was last asked what is.
    is_due_again: bool,
    /// What could not be written, for a reason that passes, and when it is tried again.
    failed: BTreeSet<ObjectRef>,
    retry: Option<Instant>,
    /// How many more Events can be under way.
    events: Arc<Semaphore>,
}

/// What has become of a write.
struct Answered {
    write: DueWrite,
    answer: Result<kube::Result<PartialObjectMeta>, Elapsed>,
}

/// What a writer has waited for.
pub(crate) struct Turn(Option<Result<Answered, JoinError>>);

impl Writer {
    pub(crate) fn new(client: Client, settings: &Settings) -> Self {
        let reporter = Reporter {
            controller: settings.name.clone(),
            instance: Some(settings.replica.clone()),
        };
        Self {
            recorder: Arc::new(Recorder::new(client.clone(), reporter)),
            client,
            queue: VecDeque::new(),
            under_way: JoinSet::new(),
            objects: BTreeSet::new(),
            is_due_again: false,
            failed: BTreeSet::new(),
            retry: None,
            events: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }

    /// Begins to write what is due. What is under way already comes once it is known what has become of it.
    pub(crate) fn write(&mut self, resolver: &mut Resolver) {
        let mut due = resolver.due_writes(&Time(Timestamp::now()));
        self.is_due_again = due.iter().any(|it| self.objects.contains(it.reference()));
        due.retain(|it| {
            ![&self.objects, &self.failed]
                .iter()
                .any(|not| not.contains(it.reference()))
        });
        self.queue = due.into();
        self.send();
    }

    /// Gives up what is under way and all that was to come, since another replica writes now.
    pub(crate) fn stop(&mut self) {
        self.queue.clear();
        self.under_way = JoinSet::new();
        self.objects.clear();
        self.failed.clear();
        self.retry = None;
    }

    /// Waits for the next answer, or until what could not be written is to be tried again.
    pub(crate) async fn turn(&mut self) -> Turn {
        let retry = self.retry;
        let retry = async {
            match retry {
                Some(retry) => sleep_until(retry).await,
                None => std::future::pending().await,
            }
        };
        let is_idle = self.under_way.is_empty();
        tokio::select! {
            answered = self.under_way.join_next(), if !is_idle => Turn(answered),
            () = retry => Turn(None),
        }
    }

    /// Notes what has come. Whether it has to be asked again what is due.
    pub(crate) fn take(&mut self, turn: Turn, resolver: &mut Resolver) -> bool {
        let Answered { write, answer } = match turn.0 {
            Some(Ok(answered)) => answered,
            Some(Err(error)) => {
                eprintln!("a write has broken off: {error}");
                self.stop();
                return true;
            }
            None => {
                self.failed.clear();
                self.retry = None;
                return true;
            }
        };
        self.objects.remove(write.reference());
        let trouble = match answer {
            Ok(Ok(answer)) => {
                resolver.note_done(&write, &answer.metadata);
                self.tell(&write);
                None
            }
            // A later version comes by the watch.
            Ok(Err(kube::Error::Api(refusal))) if refusal.code == 409 => {
                resolver.note_conflict(&write);
                None
            }
            // It has gone, which the watch tells. If its definition has gone, it is tried again.
            Ok(Err(kube::Error::Api(refusal))) if refusal.code == 404 => Some(None),
            Ok(Err(error)) => Some(Some(error.to_string())),
            Err(late) => Some(Some(late.to_string())),
        };
        if let Some(why) = trouble {
            if let Some(why) = why {
                eprintln!("{} cannot be written: {why}", write.reference());
            }
            self.failed.insert(write.reference().clone());
            self.retry.get_or_insert(Instant::now() + RETRY);
        }
        self.send();
        // What is under way is due all the time: as long as there is more to send, nothing is asked anew.
        self.is_due_again && self.queue.is_empty()
    }

    /// Begins as many writes as there is room for.
    fn send(&mut self) {
        while self.under_way.len() < AT_ONCE
            && let Some(write) = self.queue.pop_front()
        {
            self.objects.insert(write.reference().clone());
            let client = self.client.clone();
            self.under_way.spawn(async move {
                let answer = timeout(PATIENCE, send(&client, &write)).await;
                Answered { write, answer }
            });
        }
    }

    /// Tells people what has become of an object.
    fn tell(&self, write: &DueWrite) {
        let Some(status) = write.status() else { return };
        let regarding = status.object_reference();
        for event in status.events() {
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
            let (recorder, events) = (self.recorder.clone(), self.events.clone());
            let (regarding, reference) = (regarding.clone(), write.reference().clone());
            tokio::spawn(async move {
                let _room = events.acquire().await;
                match timeout(PATIENCE, recorder.publish(&event, &regarding)).await {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => eprintln!("{reference}: no Event: {error}"),
                    Err(late) => eprintln!("{reference}: no Event: {late}"),
                }
            });
        }
    }
}

async fn send(client: &Client, write: &DueWrite) -> kube::Result<PartialObjectMeta> {
    let request = write.request().map_err(kube::Error::HttpError)?;
    client.request(request).await
}
