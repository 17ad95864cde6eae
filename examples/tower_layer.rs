//! A tower layer that routes: `cargo run --example tower_layer`, `cargo test --example tower_layer`.
//!
//! The service inside gets each request as its endpoint is to get it, with the [`Attempt`] among its extensions: the
//! endpoint, what is spoken there, and how long it may take. Redirects, errors and filters never reach it.

use gwapi::{
    attachment::{Options, Snapshot, resolve},
    manifest::{self, ReadOptions},
    proxy::{Accepted, Attempt, Attempted, Begun, DataPlane, Draws, HttpSession, LocalAnswer},
    routing::RouterOptions,
};
use http::{Request, Response};
use std::{
    error::Error,
    future::{Future, ready},
    pin::Pin,
    task::{Context, Poll},
    time::Instant,
};
use tower_layer::Layer;
use tower_service::Service;

/// Routes the requests of one port.
#[derive(Clone, Debug)]
struct RouteLayer {
    session: HttpSession,
    /// A number below the given one.
    draw: fn(u64) -> u64,
}

/// A service whose requests are routed.
#[derive(Clone, Debug)]
struct Routed<S> {
    layer: RouteLayer,
    inner: S,
}

impl<S> Layer<S> for RouteLayer {
    type Service = Routed<S>;

    fn layer(&self, inner: S) -> Routed<S> {
        Routed {
            layer: self.clone(),
            inner,
        }
    }
}

impl<S, B, C> Service<Request<B>> for Routed<S>
where
    S: Service<Request<B>, Response = Response<C>>,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
    C: Default + Send + 'static,
{
    type Response = Response<C>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<C>, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let begun_at = Instant::now();
        let (head, content) = request.into_parts();
        let mut exchange = match self.layer.session.begin(head, None).begun {
            Begun::Exchange(exchange) => exchange,
            Begun::Answer(answer) => return Box::pin(ready(Ok(local(answer)))),
        };
        let chosen = exchange.attempt(&mut Draws(&mut self.layer.draw), begun_at.elapsed());
        let attempt = match chosen {
            Attempted::Attempt(attempt) => attempt,
            Attempted::Answer(answer) => return Box::pin(ready(Ok(local(answer)))),
        };
        let mut request = Request::from_parts(exchange.outgoing(&attempt), content);
        request.extensions_mut().insert(attempt.clone());
        let response = self.inner.call(request);
        Box::pin(async move {
            let (mut head, content) = response.await?.into_parts();
            Ok(match exchange.respond(&attempt, &mut head, None) {
                Ok(_) => Response::from_parts(head, content),
                Err(answer) => local(*answer),
            })
        })
    }
}

/// An answer of the data plane itself.
fn local<C: Default>(answer: LocalAnswer) -> Response<C> {
    answer.into_response().map(|()| C::default())
}

/// Two rules: one with a filter, one that redirects.
const OBJECTS: &str = r#"
    {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "metadata": {"name": "edge", "namespace": "shop"},
     "spec": {"gatewayClassName": "any", "listeners": [{"name": "web", "port": 80, "protocol": "HTTP"}]}}
    {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "cart", "namespace": "shop"},
     "spec": {"clusterIP": "10.0.0.1", "ports": [{"port": 80}]}}
    {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": {"name": "cart", "namespace": "shop"},
     "spec": {"parentRefs": [{"name": "edge"}], "rules": [
        {"matches": [{"path": {"value": "/cart"}}], "backendRefs": [{"name": "cart", "port": 80}], "filters": [
            {"type": "URLRewrite", "urlRewrite": {"path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/"}}},
            {"type": "ResponseHeaderModifier", "responseHeaderModifier": {"set": [{"name": "x-by", "value": "gwapi"}]}}]},
        {"matches": [{"path": {"value": "/old"}}], "filters": [
            {"type": "RequestRedirect", "requestRedirect": {"path": {"type": "ReplaceFullPath", "replaceFullPath": "/cart"}}}]}]}}
"#;

/// The layer of the first port.
fn layer() -> Result<RouteLayer, Box<dyn Error>> {
    let (objects, _) = manifest::read(OBJECTS.as_bytes(), &ReadOptions::default()).decode();
    let snapshot: Snapshot = objects.into_iter().map(|decoded| decoded.object).collect();
    let effective = resolve(&snapshot, &Options::for_manifests()).effective;
    let plane = DataPlane::new(effective, RouterOptions::default());
    let bind = plane.binds().next().ok_or("nothing is bound")?;
    match bind.accept() {
        Accepted::Session(session) => Ok(RouteLayer {
            session,
            draw: |_| 0,
        }),
        Accepted::Hello(_) | Accepted::Stream(_) => {
            Err("the port does not speak cleartext HTTP".into())
        }
    }
}

/// What stands in for a client of HTTP: it says where the request would go.
#[derive(Clone, Copy, Debug)]
struct Say;

impl Service<Request<()>> for Say {
    type Response = Response<String>;
    type Error = Box<dyn Error + Send + Sync>;
    type Future = std::future::Ready<Result<Response<String>, Self::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<()>) -> Self::Future {
        let attempt = request.extensions().get::<Attempt>();
        let endpoint = attempt.and_then(|attempt| attempt.endpoint.get());
        let place = endpoint.map(|endpoint| format!("{}:{}", endpoint.address, endpoint.port));
        let content = format!("{} at {}", request.uri(), place.unwrap_or_default());
        ready(Ok(Response::new(content)))
    }
}

/// Asks for a path.
fn ask(path: &str) -> Result<Response<String>, Box<dyn Error>> {
    let mut service = layer()?.layer(Say);
    let request = Request::get(path).header("host", "shop.example").body(())?;
    let asked = async move {
        std::future::poll_fn(|context| service.poll_ready(context)).await?;
        service.call(request).await
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    Ok(runtime.block_on(asked).map_err(|error| error.to_string())?)
}

fn main() -> Result<(), Box<dyn Error>> {
    for path in ["/cart/items?page=2", "/old", "/elsewhere"] {
        let response = ask(path)?;
        println!(
            "{path}: {} {:?} {}",
            response.status(),
            response.headers(),
            response.body()
        );
    }
    Ok(())
}

#[test]
fn requests_reach_the_service_inside_as_their_endpoint_is_to_get_them() {
    let cart = ask("/cart/items?page=2").unwrap();
    assert_eq!(cart.body(), "/items?page=2 at 10.0.0.1:80");
    assert_eq!(cart.headers()["x-by"], "gwapi");
    let old = ask("/old").unwrap();
    assert_eq!((old.status().as_u16(), old.body().as_str()), (302, ""));
    assert_eq!(old.headers()["location"], "http://shop.example/cart");
    assert_eq!(ask("/elsewhere").unwrap().status(), 404);
}
