//! Contents of messages: streams of bytes, their limits and their copies.

use crate::Error;
use bytes::Bytes;
use http_body::{Body as _, Frame, SizeHint};
use http_body_util::{BodyExt, Empty, combinators::UnsyncBoxBody};
use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
};
use tokio::{
    sync::{
        mpsc::{self, error::TrySendError},
        oneshot,
    },
    time::{Instant, Sleep},
};

/// The content of a message.
pub(crate) type Body = UnsyncBoxBody<Bytes, Error>;

/// No content.
pub(crate) fn empty() -> Body {
    Empty::new().map_err(|never| match never {}).boxed_unsync()
}

/// The content of a message as hyper reads it.
pub(crate) fn incoming(body: hyper::body::Incoming) -> Body {
    body.map_err(Error::from).boxed_unsync()
}

/// So many pieces of content may wait for a mirror. One that lags further behind gets no more: it must not hold up anybody.
const WAITING: usize = 64;

/// A copy of the content of a message.
pub(crate) struct CopiedBody {
    /// The content. It ends with an error unless all of it was copied.
    pub(crate) content: Body,
    /// How copying ends; closed without a word where the content is not read to its end.
    pub(crate) ended: oneshot::Receiver<CopyEnd>,
}

/// How the copying of a content ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CopyEnd {
    /// All of it was copied.
    Whole,
    /// The mirror lags behind too far.
    TooSlow,
    /// The mirror reads no more.
    Unread,
}

/// The content, and copies of it that come along as the content is read.
pub(crate) fn copies(body: Body, count: usize) -> (Body, Vec<CopiedBody>) {
    if count == 0 {
        return (body, Vec::new());
    }
    let (mut mirrors, mut copies) = (Vec::new(), Vec::new());
    for _ in 0..count {
        let (sender, frames) = mpsc::channel(WAITING);
        let (end, ended) = oneshot::channel();
        let whole = Arc::new(AtomicBool::new(false));
        let copy = CopyFrames {
            frames,
            whole: Some(whole.clone()),
        };
        copies.push(CopiedBody {
            content: copy.boxed_unsync(),
            ended,
        });
        mirrors.push(CopySender {
            frames: sender,
            whole,
            end,
        });
    }
    (Copied { body, mirrors }.boxed_unsync(), copies)
}

/// Reads content to its end, for the sake of its copies.
pub(crate) fn drain(mut body: Body) {
    tokio::spawn(async move { while let Some(Ok(_)) = body.frame().await {} });
}

/// What one mirror gets.
struct CopySender {
    frames: mpsc::Sender<Frame<Bytes>>,
    /// Set before this is dropped, where nothing is missing.
    whole: Arc<AtomicBool>,
    end: oneshot::Sender<CopyEnd>,
}

impl CopySender {
    /// Sends a piece. Nothing is left where the mirror reads no more, or lags behind too far.
    fn copy(self, frame: &Frame<Bytes>) -> Option<Self> {
        let copy = match (frame.data_ref(), frame.trailers_ref()) {
            (Some(data), _) => Frame::data(data.clone()),
            (None, Some(trailers)) => Frame::trailers(trailers.clone()),
            (None, None) => return Some(self),
        };
        match self.frames.try_send(copy) {
            Ok(()) => Some(self),
            Err(error) => {
                let end = match error {
                    TrySendError::Full(_) => CopyEnd::TooSlow,
                    TrySendError::Closed(_) => CopyEnd::Unread,
                };
                _ = self.end.send(end);
                None
            }
        }
    }

    /// Ends the copy, all of which was sent. Dropped otherwise, it leaves a copy that is broken: the mirror must not take it for
    /// a complete one.
    fn finish(self) {
        self.whole.store(true, Ordering::Release);
        _ = self.end.send(CopyEnd::Whole);
    }
}

/// A copy as a mirror's connection reads it.
struct CopyFrames {
    frames: mpsc::Receiver<Frame<Bytes>>,
    /// None once the end was told.
    whole: Option<Arc<AtomicBool>>,
}

impl http_body::Body for CopyFrames {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        if let Some(frame) = ready!(self.frames.poll_recv(context)) {
            return Poll::Ready(Some(Ok(frame)));
        }
        let whole = self.whole.take();
        let cut = whole.is_some_and(|whole| !whole.load(Ordering::Acquire));
        Poll::Ready(cut.then(|| Err("the copy ends early".into())))
    }
}

struct Copied {
    body: Body,
    mirrors: Vec<CopySender>,
}

impl Copied {
    fn finish(&mut self) {
        self.mirrors.drain(..).for_each(CopySender::finish);
    }
}

impl Drop for Copied {
    /// Whoever knows that nothing more comes need not ask for it.
    fn drop(&mut self) {
        if self.body.is_end_stream() {
            self.finish();
        }
    }
}

impl http_body::Body for Copied {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        match &frame {
            Some(Ok(frame)) => {
                let mirrors = std::mem::take(&mut self.mirrors).into_iter();
                self.mirrors = mirrors.filter_map(|mirror| mirror.copy(frame)).collect();
            }
            Some(Err(_)) => self.mirrors.clear(),
            None => self.finish(),
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The content of a response, which has to be there in time, and what is done when it has ended.
pub(crate) struct Limited<E: FnOnce() + Send> {
    body: Body,
    deadline: Option<Pin<Box<Sleep>>>,
    ended: Option<E>,
}

impl<E: FnOnce() + Send + Unpin + 'static> Limited<E> {
    pub(crate) fn boxed(body: Body, deadline: Option<Instant>, ended: E) -> Body {
        let sleep = |deadline| Box::pin(tokio::time::sleep_until(deadline));
        let limited = Self {
            body,
            deadline: deadline.map(sleep),
            ended: Some(ended),
        };
        limited.boxed_unsync()
    }
}

impl<E: FnOnce() + Send> Drop for Limited<E> {
    fn drop(&mut self) {
        if self.body.is_end_stream()
            && let Some(ended) = self.ended.take()
        {
            ended();
        }
    }
}

impl<E: FnOnce() + Send + Unpin> http_body::Body for Limited<E> {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(context) {
            if frame.is_none()
                && let Some(ended) = self.ended.take()
            {
                ended();
            }
            return Poll::Ready(frame);
        }
        match &mut self.deadline {
            Some(deadline) => deadline
                .as_mut()
                .poll(context)
                .map(|()| Some(Err("the response is not there in time".into()))),
            None => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
