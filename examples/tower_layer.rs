//! A tower layer that routes: `cargo run --example tower_layer`, `cargo test --example tower_layer`.
//!
//! The service inside gets each request as its endpoint is to get it, with the [`Attempt`] among its extensions: the
//! endpoint, what is spoken there, and how long it may take. Redirects, errors and filters never reach it.
//!
//! Copies for mirrors are [`Copies`], among the extensions of the request; where the data plane answers by itself, as with a
//! redirect, among those of the response. They are without content, which is for whoever reads it to copy. A response by which the endpoint
//! switches protocols says so to the client; what the two say then goes by what the server and the client of HTTP keep among the
//! extensions, which the layer passes on.

use gwapi::{
    attachment::{Options, Snapshot, resolve},
    manifest::{self, ReadOptions},
    proxy::{
        Accepted, Attempt, Attempted, Begun, DataPlane, Draws, HttpSession, LocalAnswer, Mirrored,
        switch,
    },
    routing::RouterOptions,
};
use http::{
    HeaderValue, Request, Response, StatusCode,
    header::{CONNECTION, HOST, UPGRADE},
};
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

/// The copies of a request that go to mirrors.
#[derive(Clone, Debug)]
struct Copies(Vec<Mirrored>);

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
        let copies = exchange.copies();
        let mut request = Request::from_parts(exchange.outgoing(&attempt), content);
        request.extensions_mut().insert(attempt.clone());
        request.extensions_mut().insert(Copies(copies));
        let response = self.inner.call(request);
        Box::pin(async move {
            let (mut head, content) = response.await?.into_parts();
            Ok(match exchange.respond(&attempt, &mut head, None) {
                Ok(responded) => {
                    if let Some(protocol) = responded.switched {
                        switch(&mut head, protocol);
                    }
                    Response::from_parts(head, content)
                }
                Err(answer) => local(*answer),
            })
        })
    }
}

/// An answer of the data plane itself.
fn local<C: Default>(mut answer: LocalAnswer) -> Response<C> {
    let copies = Copies(std::mem::take(&mut answer.mirrors));
    let mut response = answer.into_response().map(|()| C::default());
    response.extensions_mut().insert(copies);
    response
}

/// Two rules: one with filters and a mirror, one that redirects and has the same mirror.
const OBJECTS: &str = r#"
    {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "metadata": {"name": "edge", "namespace": "shop"},
     "spec": {"gatewayClassName": "any", "listeners": [{"name": "web", "port": 80, "protocol": "HTTP"}]}}
    {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "cart", "namespace": "shop"},
     "spec": {"clusterIP": "10.0.0.1", "ports": [{"port": 80}]}}
    {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "audit", "namespace": "shop"},
     "spec": {"clusterIP": "10.0.0.2", "ports": [{"port": 80}]}}
    {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": {"name": "cart", "namespace": "shop"},
     "spec": {"parentRefs": [{"name": "edge"}], "rules": [
        {"matches": [{"path": {"value": "/cart"}}], "backendRefs": [{"name": "cart", "port": 80}], "filters": [
            {"type": "RequestMirror", "requestMirror": {"backendRef": {"name": "audit", "port": 80}}},
            {"type": "URLRewrite", "urlRewrite": {"path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/"}}},
            {"type": "ResponseHeaderModifier", "responseHeaderModifier": {"set": [{"name": "x-by", "value": "gwapi"}]}}]},
        {"matches": [{"path": {"value": "/old"}}], "filters": [
            {"type": "RequestMirror", "requestMirror": {"backendRef": {"name": "audit", "port": 80}}},
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
        let copies = request.extensions().get::<Copies>().cloned();
        let mut response = Response::new(content);
        response
            .extensions_mut()
            .insert(copies.unwrap_or(Copies(Vec::new())));
        // A server that takes every switch of protocols.
        if let Some(asked) = request.headers().get(UPGRADE) {
            *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
            let headers = [
                (CONNECTION, HeaderValue::from_static("upgrade")),
                (UPGRADE, asked.clone()),
            ];
            response.headers_mut().extend(headers);
        }
        ready(Ok(response))
    }
}

/// Asks for a path.
fn ask(path: &str) -> Result<Response<String>, Box<dyn Error>> {
    send(Request::get(path).body(())?)
}

fn send(mut request: Request<()>) -> Result<Response<String>, Box<dyn Error>> {
    let mut service = layer()?.layer(Say);
    let host = HeaderValue::from_static("shop.example");
    request.headers_mut().insert(HOST, host);
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
        let copies = response.extensions().get::<Copies>();
        for copy in copies.into_iter().flat_map(|copies| &copies.0) {
            println!(
                "  a copy to {}: {}",
                copy.backend.reference(),
                copy.request.uri
            );
        }
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

#[test]
fn mirrors_and_switches_of_protocols_are_there_for_those_who_carry_them_out() {
    let copied = |response: &Response<String>| {
        let copies = response.extensions().get::<Copies>().unwrap();
        let paths = copies.0.iter();
        let paths = paths.map(|copy| {
            (
                copy.backend.reference().name.clone(),
                copy.request.uri.to_string(),
            )
        });
        paths.collect::<Vec<_>>()
    };
    let to_audit = |path: &str| vec![("audit".to_owned(), path.to_owned())];
    assert_eq!(
        copied(&ask("/cart/items").unwrap()),
        to_audit("/cart/items")
    );
    assert_eq!(copied(&ask("/old").unwrap()), to_audit("/old"));
    assert_eq!(copied(&ask("/elsewhere").unwrap()), []);

    let request = Request::get("/cart")
        .header(CONNECTION, "upgrade")
        .header(UPGRADE, "websocket");
    let response = send(request.body(()).unwrap()).unwrap();
    assert_eq!(response.status(), StatusCode::SWITCHING_PROTOCOLS);
    assert_eq!(response.headers()[UPGRADE], "websocket");
    assert_eq!(response.headers()[CONNECTION], "upgrade");
}
