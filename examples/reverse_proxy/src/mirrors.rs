//! Copies of requests on their way to mirrors: how many there are, how long they may take, and which were dropped.

use crate::{
    body::{self, Body, CopiedBody, CopyEnd, Limited},
    exchange::send,
    proxy::{Limits, Shared},
    upstream::Way,
};
use gwapi::proxy::{Failure, Mirrored};
use http::Request;
use http_body_util::BodyExt;
use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::sync::{
    OwnedSemaphorePermit, Semaphore,
    oneshot::{self, error::TryRecvError},
};

/// How many copies of requests mirrors did not get, or did not answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DroppedCopies {
    /// Not sent, since too many were on their way.
    pub too_many: u64,
    /// Cut, since the mirror read more slowly than the client sent. The mirror sees that the request is broken.
    pub cut: u64,
    /// Given up, since the mirror did not answer in time.
    pub late: u64,
    /// Not sent, or cut, since the mirror cannot be connected to, or ended the connection.
    pub failed: u64,
}

impl DroppedCopies {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl fmt::Display for DroppedCopies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = [
            (self.too_many, "not sent, since too many were on their way"),
            (self.cut, "cut, since the mirror reads too slowly"),
            (
                self.late,
                "given up, since the mirror did not answer in time",
            ),
            (
                self.failed,
                "lost, since the mirror cannot be reached or ended the connection",
            ),
        ];
        f.write_str("copies of requests for mirrors: ")?;
        let mut before = "";
        for (count, what) in all.into_iter().filter(|(count, _)| *count > 0) {
            write!(f, "{before}{count} {what}")?;
            before = "; ";
        }
        Ok(())
    }
}

/// What is known of all copies.
pub(crate) struct Mirrors {
    room: Arc<Semaphore>,
    longest: Duration,
    too_many: AtomicU64,
    cut: AtomicU64,
    late: AtomicU64,
    failed: AtomicU64,
}

impl Mirrors {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            room: Arc::new(Semaphore::new(limits.mirrors)),
            longest: limits.mirror,
            too_many: AtomicU64::default(),
            cut: AtomicU64::default(),
            late: AtomicU64::default(),
            failed: AtomicU64::default(),
        }
    }

    pub(crate) fn take_dropped(&self) -> DroppedCopies {
        let take = |count: &AtomicU64| count.swap(0, Ordering::Relaxed);
        DroppedCopies {
            too_many: take(&self.too_many),
            cut: take(&self.cut),
            late: take(&self.late),
            failed: take(&self.failed),
        }
    }

    /// Room for one more copy, if there is any.
    fn room(&self) -> Option<OwnedSemaphorePermit> {
        let room = self.room.clone().try_acquire_owned().ok();
        if room.is_none() {
            self.too_many.fetch_add(1, Ordering::Relaxed);
        }
        room
    }
}

/// Sends copies of a request. What becomes of them concerns nobody but those who operate the proxy.
pub(crate) fn mirror(shared: &Arc<Shared>, mirrors: Vec<Mirrored>, content: Body) -> Body {
    let sent: Vec<_> = mirrors
        .into_iter()
        .filter_map(|mirrored| Some((mirrored, shared.mirrors.room()?)))
        .collect();
    let (content, copies) = body::copies(content, sent.len());
    for ((mirrored, room), copy) in sent.into_iter().zip(copies) {
        let shared = shared.clone();
        tokio::spawn(async move {
            let _room = room;
            let CopiedBody { content, mut ended } = copy;
            let mirrors = &shared.mirrors;
            let mut end = None;
            let late = async {
                // Whichever way the content ends, there is nothing more to come.
                end = Some((&mut ended).await.map_err(|_| ClientGone));
                tokio::time::sleep(mirrors.longest).await;
            };
            let done = tokio::select! {
                done = exchange(&shared, mirrored, content) => Some(done),
                () = late => None,
            };
            let dropped = match done {
                Some(Ok(())) => return,
                None => &mirrors.late,
                // What is told of a copy is why it ended first: an exchange whose content breaks off fails, too.
                Some(Err(_)) => match end.unwrap_or_else(|| told(&mut ended)) {
                    Ok(CopyEnd::TooSlow) => &mirrors.cut,
                    Ok(CopyEnd::Whole | CopyEnd::Unread) => &mirrors.failed,
                    // The client has gone.
                    Err(_) => return,
                },
            };
            dropped.fetch_add(1, Ordering::Relaxed);
        });
    }
    content
}

/// The client did not send all of it.
struct ClientGone;

/// How the content ended, as far as it has: one that goes on is as good as whole.
fn told(ended: &mut oneshot::Receiver<CopyEnd>) -> Result<CopyEnd, ClientGone> {
    match ended.try_recv() {
        Ok(end) => Ok(end),
        Err(TryRecvError::Empty) => Ok(CopyEnd::Whole),
        Err(TryRecvError::Closed) => Err(ClientGone),
    }
}

/// Sends a copy, and reads what the mirror answers.
async fn exchange(shared: &Arc<Shared>, mirrored: Mirrored, content: Body) -> Result<(), Failure> {
    let way = Way::new(shared, &mirrored.endpoint, mirrored.protocol)?;
    let connection = shared.upstream.connect(&way).await?;
    let request = Request::from_parts(mirrored.outgoing(), content);
    let (response, sender) = send(shared, &way, connection, request).await?;
    let upstream = shared.clone();
    let ended = move || {
        if let Some(sender) = sender {
            upstream.upstream.keep(way, sender);
        }
    };
    let mut answered = Limited::boxed(body::incoming(response.into_body()), None, ended);
    while let Some(Ok(_)) = answered.frame().await {}
    Ok(())
}
