//! What a controller sends, seen on its way to a server, and what can go wrong on that way.

use bytes::Bytes;
use futures_util::{FutureExt, StreamExt, TryStreamExt, future::BoxFuture};
use http::{Method, Request, Response};
use http_body::{Body as HttpBody, Frame};
use http_body_util::{BodyExt, Full, StreamBody, combinators::UnsyncBoxBody};
use kube::client::Body;
use serde_json::json;
use std::{
    sync::{Arc, Mutex},
    task::{Context, Poll},
};
use tokio::sync::{Mutex as AsyncMutex, RwLock, watch};
use tower_layer::Layer;
use tower_service::Service;

type BoxError = Box<dyn std::error::Error + Send + Sync>;
type Hook = Box<dyn FnOnce() -> BoxFuture<'static, ()> + Send>;

/// The connection of one controller.
#[derive(Clone)]
pub(crate) struct Tap(Arc<Tapped>);

struct Tapped {
    writes: Mutex<Vec<(String, u16)>>,
    before: Mutex<Option<(String, Hook)>>,
    /// Watches end whenever this changes, and none begins while the lock is held for writing.
    cut: watch::Sender<()>,
    held: RwLock<()>,
    gone: Mutex<Option<String>>,
}

impl Tap {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Tapped {
            writes: Mutex::default(),
            before: Mutex::default(),
            cut: watch::channel(()).0,
            held: RwLock::default(),
            gone: Mutex::default(),
        }))
    }

    /// The paths of what was written, with the code of the answer; without Leases and Events.
    pub(crate) fn writes(&self) -> Vec<(String, u16)> {
        self.0.writes.lock().unwrap().clone()
    }

    /// Does something right before the next write to a path that ends so.
    pub(crate) fn before(
        &self,
        end: &str,
        hook: impl FnOnce() -> BoxFuture<'static, ()> + Send + 'static,
    ) {
        *self.0.before.lock().unwrap() = Some((end.to_owned(), Box::new(hook)));
    }

    /// Ends all watches, and lets new ones begin once something is done. The server has forgotten the history of one kind then.
    pub(crate) async fn without_watches(
        &self,
        forgotten: &str,
        meanwhile: impl Future<Output = ()>,
    ) {
        let held = self.0.held.write().await;
        self.0.cut.send_replace(());
        meanwhile.await;
        *self.0.gone.lock().unwrap() = Some(forgotten.to_owned());
        drop(held);
    }
}

impl<S> Layer<S> for Tap {
    type Service = Connection<S>;

    fn layer(&self, inner: S) -> Connection<S> {
        Connection {
            tap: self.clone(),
            inner: Arc::new(AsyncMutex::new(inner)),
        }
    }
}

pub(crate) struct Connection<S> {
    tap: Tap,
    inner: Arc<AsyncMutex<S>>,
}

impl<S, B> Service<Request<Body>> for Connection<S>
where
    S: Service<Request<Body>, Response = Response<B>> + Send + 'static,
    S::Future: Send,
    S::Error: Into<BoxError> + Send,
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response<UnsyncBoxBody<Bytes, BoxError>>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Self::Response, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let (tap, inner) = (self.tap.clone(), Arc::clone(&self.inner));
        async move {
            let path = request.uri().path().to_owned();
            let is_write = request.method() != Method::GET && !path.contains("/leases") && !path.contains("/events");
            let is_watch = request.uri().query().is_some_and(|query| query.contains("watch="));
            let mut cut = tap.0.cut.subscribe();
            if is_watch {
                drop(tap.0.held.read().await);
                if tap.0.gone.lock().unwrap().take_if(|plural| path.ends_with(plural.as_str())).is_some() {
                    let gone = json!({ "type": "ERROR", "object": { "kind": "Status", "apiVersion": "v1", "status": "Failure",
                        "reason": "Expired", "message": "too old resource version", "code": 410 } });
                    let body = Full::new(Bytes::from(format!("{gone}\n")));
                    return Ok(Response::new(body.map_err(|never| match never {}).boxed_unsync()));
                }
            }
            let hook = is_write.then(|| tap.0.before.lock().unwrap().take_if(|(end, _)| path.ends_with(end.as_str())));
            if let Some((_, hook)) = hook.flatten() {
                hook().await;
            }
            let answer = {
                let mut inner = inner.lock().await;
                std::future::poll_fn(|context| inner.poll_ready(context)).await.map_err(Into::into)?;
                inner.call(request)
            };
            let (parts, body) = answer.await.map_err(Into::into)?.into_parts();
            if is_write {
                tap.0.writes.lock().unwrap().push((path, parts.status.as_u16()));
            }
            let body = body.map_err(Into::into);
            let body = match is_watch {
                true => {
                    let frames = body.into_data_stream().map_ok(Frame::data);
                    let until = async move { _ = cut.changed().await };
                    StreamBody::new(frames.take_until(until.boxed())).boxed_unsync()
                }
                false => body.boxed_unsync(),
            };
            Ok(Response::from_parts(parts, body))
        }
        .boxed()
    }
}
