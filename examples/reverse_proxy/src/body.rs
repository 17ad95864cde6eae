//! Contents of messages: streams of bytes, their limits and their copies.

use crate::Error;
use bytes::Bytes;
use http_body::{Body as _, Frame, SizeHint};
use http_body_util::{
    BodyExt, Empty,
    channel::{Channel, Sender},
    combinators::UnsyncBoxBody,
};
use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};
use tokio::time::{Instant, Sleep};

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

/// The content, and copies of it that come along as the content is read.
pub(crate) fn copies(body: Body, count: usize) -> (Body, Vec<Body>) {
    if count == 0 {
        return (body, Vec::new());
    }
    let channels = (0..count).map(|_| Channel::<Bytes, Error>::new(WAITING));
    let (mirrors, copies) = channels
        .map(|(sender, channel)| (sender, channel.boxed_unsync()))
        .unzip();
    (Copied { body, mirrors }.boxed_unsync(), copies)
}

/// Reads content to its end, for the sake of its copies.
pub(crate) fn drain(mut body: Body) {
    tokio::spawn(async move { while let Some(Ok(_)) = body.frame().await {} });
}

struct Copied {
    body: Body,
    mirrors: Vec<Sender<Bytes, Error>>,
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
            Some(Ok(frame)) => self.mirrors.retain_mut(|mirror| {
                let copy = match (frame.data_ref(), frame.trailers_ref()) {
                    (Some(data), _) => Frame::data(data.clone()),
                    (None, Some(trailers)) => Frame::trailers(trailers.clone()),
                    (None, None) => return true,
                };
                mirror.try_send(copy).is_ok()
            }),
            // Without this the copy would look complete.
            Some(Err(_)) => self.mirrors.drain(..).for_each(|mirror| {
                mirror.abort("the content ends early".into());
            }),
            None => self.mirrors.clear(),
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
