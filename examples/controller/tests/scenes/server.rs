//! An API server in memory: lists, watches, patches with conflicts, finalizers, and the kinds and versions of a release of the
//! Gateway API.

use crate::rules::{co_own, merge, prune};
use bytes::Bytes;
use futures_util::{future::BoxFuture, stream};
use gwapi::{
    crd,
    meta::{Channel, GROUP, Release},
    schema,
};
use http::{Method, Request, Response};
use http_body::Frame;
use http_body_util::{BodyExt, Full, StreamBody, combinators::UnsyncBoxBody};
use kube::client::Body;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    convert::Infallible,
    sync::{Arc, Mutex},
    task::{Context, Poll},
};
use tokio::sync::watch;
use tower_service::Service;

pub(crate) type Content = UnsyncBoxBody<Bytes, Infallible>;

/// Group, plural, namespace and name.
type Key = (String, String, String, String);

#[derive(Clone)]
pub(crate) struct Server(Arc<Shared>);

struct Shared {
    crds: (Release, Channel),
    state: Mutex<State>,
    revision: watch::Sender<u64>,
}

#[derive(Default)]
struct State {
    revision: u64,
    objects: BTreeMap<Key, Value>,
    log: Vec<(u64, &'static str, Key, Value)>,
}

impl State {
    fn note(&mut self, what: &'static str, key: &Key, mut object: Value) -> Value {
        self.revision += 1;
        object["metadata"]["resourceVersion"] = self.revision.to_string().into();
        match what {
            "DELETED" => _ = self.objects.remove(key),
            _ => _ = self.objects.insert(key.clone(), object.clone()),
        }
        self.log
            .push((self.revision, what, key.clone(), object.clone()));
        object
    }
}

/// What a request is about.
struct Target {
    group: String,
    version: String,
    plural: String,
    namespace: String,
    name: Option<String>,
    is_status: bool,
}

impl Target {
    fn of(path: &str) -> Self {
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let (group, version, rest) = match parts.as_slice() {
            ["api", version, rest @ ..] => ("", *version, rest),
            ["apis", group, version, rest @ ..] => (*group, *version, rest),
            _ => panic!("{path}"),
        };
        let (namespace, rest) = match rest {
            ["namespaces", namespace, rest @ ..] if !rest.is_empty() => (*namespace, rest),
            _ => ("", rest),
        };
        Self {
            group: group.to_owned(),
            version: version.to_owned(),
            plural: rest[0].to_owned(),
            namespace: namespace.to_owned(),
            name: rest.get(1).map(|&name| name.to_owned()),
            is_status: rest.get(2) == Some(&"status"),
        }
    }

    fn key(&self, name: &str) -> Key {
        (
            self.group.clone(),
            self.plural.clone(),
            self.namespace.clone(),
            name.to_owned(),
        )
    }

    /// Whether an object is one of those that are listed.
    fn lists(&self, key: &Key) -> bool {
        key.0 == self.group
            && key.1 == self.plural
            && (self.namespace.is_empty() || key.2 == self.namespace)
    }

    /// An object in the version that was asked for.
    fn show(&self, object: &Value) -> Value {
        let mut object = object.clone();
        let separator = if self.group.is_empty() { "" } else { "/" };
        object["apiVersion"] = format!("{}{separator}{}", self.group, self.version).into();
        object
    }
}

type Refusal = (u16, &'static str);

impl Server {
    pub(crate) fn new(release: Release, channel: Channel) -> Self {
        let server = Self(Arc::new(Shared {
            crds: (release, channel),
            state: Mutex::default(),
            revision: watch::channel(0).0,
        }));
        for definition in crd::definitions(release, channel) {
            let definition = serde_json::to_value(definition).unwrap();
            let target = Target::of("/apis/apiextensions.k8s.io/v1/customresourcedefinitions");
            server.create(&target, definition).unwrap();
        }
        server
    }

    /// What is served under a version of a kind of the Gateway API.
    fn installed(&self, target: &Target) -> Result<Option<&'static schema::Installation>, Refusal> {
        if target.group != GROUP {
            return Ok(None);
        }
        let (release, channel) = self.0.crds;
        let mut installed = schema::installed(release, channel).filter(|(kind, installed)| {
            kind.group == target.group
                && kind.plural == target.plural
                && kind.version == target.version
                && installed.served
        });
        installed
            .next()
            .map(|(_, installed)| Some(installed))
            .ok_or((404, "NotFound"))
    }

    fn create(&self, target: &Target, mut object: Value) -> Result<Value, Refusal> {
        let installed = self.installed(target)?;
        let name = object["metadata"]["name"].as_str().unwrap().to_owned();
        let key = target.key(&name);
        let mut state = self.0.state.lock().unwrap();
        if state.objects.contains_key(&key) {
            return Err((409, "AlreadyExists"));
        }
        if let Some(installed) = installed {
            object.as_object_mut().unwrap().remove("status");
            prune(&mut object, installed.schema());
            schema::apply_defaults(&mut object, installed.schema());
        }
        if !target.namespace.is_empty() {
            object["metadata"]["namespace"] = target.namespace.as_str().into();
        }
        object["metadata"]["uid"] = format!("{key:?}-{}", state.revision).into();
        object["metadata"]["generation"] = 1.into();
        object["metadata"]["creationTimestamp"] = "2024-01-01T00:00:00Z".into();
        object["metadata"]["managedFields"] = json!([{ "manager": "anybody" }]);
        let object = state.note("ADDED", &key, object);
        self.0.revision.send_replace(state.revision);
        Ok(target.show(&object))
    }

    /// Changes an object. Where it names a version, that has to be the present one.
    fn change(
        &self,
        target: &Target,
        seen: &Value,
        change: impl FnOnce(&mut Value),
    ) -> Result<Value, Refusal> {
        let installed = self.installed(target)?;
        let key = target.key(target.name.as_ref().unwrap());
        let mut state = self.0.state.lock().unwrap();
        let before = state.objects.get(&key).cloned().ok_or((404, "NotFound"))?;
        let version = &seen["metadata"]["resourceVersion"];
        if !version.is_null() && *version != before["metadata"]["resourceVersion"] {
            return Err((409, "Conflict"));
        }
        let mut after = before.clone();
        change(&mut after);
        if let Some(installed) = installed {
            let kept = if target.is_status { "spec" } else { "status" };
            after[kept] = before[kept].clone();
            after
                .as_object_mut()
                .unwrap()
                .retain(|_, value| !value.is_null());
            prune(&mut after, installed.schema());
            schema::apply_defaults(&mut after, installed.schema());
        }
        if target.is_status {
            after["metadata"] = before["metadata"].clone();
        }
        after["metadata"]["resourceVersion"] = before["metadata"]["resourceVersion"].clone();
        if after == before {
            return Ok(target.show(&before));
        }
        if after["spec"] != before["spec"] {
            after["metadata"]["generation"] =
                (before["metadata"]["generation"].as_i64().unwrap() + 1).into();
        }
        let is_going = !after["metadata"]["deletionTimestamp"].is_null();
        let what = if is_going && !is_kept(&after) {
            "DELETED"
        } else {
            "MODIFIED"
        };
        let object = state.note(what, &key, after);
        self.0.revision.send_replace(state.revision);
        Ok(target.show(&object))
    }

    fn delete(&self, target: &Target) -> Result<Value, Refusal> {
        let key = target.key(target.name.as_ref().unwrap());
        let mut state = self.0.state.lock().unwrap();
        let mut object = state.objects.get(&key).cloned().ok_or((404, "NotFound"))?;
        object["metadata"]["deletionTimestamp"] = "2024-01-02T00:00:00Z".into();
        let what = if is_kept(&object) {
            "MODIFIED"
        } else {
            "DELETED"
        };
        let object = state.note(what, &key, object);
        self.0.revision.send_replace(state.revision);
        Ok(target.show(&object))
    }

    fn list(&self, target: &Target, selects: impl Fn(&Value) -> bool) -> Result<Value, Refusal> {
        self.installed(target)?;
        let state = self.0.state.lock().unwrap();
        let listed = state
            .objects
            .iter()
            .filter(|(key, object)| target.lists(key) && selects(object));
        let items: Vec<Value> = listed.map(|(_, object)| target.show(object)).collect();
        Ok(json!({ "kind": "List", "apiVersion": "v1", "items": items,
            "metadata": { "resourceVersion": state.revision.to_string() } }))
    }

    fn watch(
        self,
        target: Target,
        since: u64,
        selects: impl Fn(&Value) -> bool + Send + 'static,
    ) -> Content {
        let receiver = self.0.revision.subscribe();
        let events = stream::unfold(
            (self, receiver, since, target, selects),
            |(server, mut receiver, since, target, selects)| async move {
                loop {
                    let (lines, now) = {
                        let state = server.0.state.lock().unwrap();
                        let later = state.log.iter().filter(|(at, _, key, object)| {
                            *at > since && target.lists(key) && selects(object)
                        });
                        let lines: String = later
                            .map(|(_, what, _, object)| {
                                format!(
                                    "{}\n",
                                    json!({ "type": what, "object": target.show(object) })
                                )
                            })
                            .collect();
                        (lines, state.revision)
                    };
                    if !lines.is_empty() {
                        let frame = Ok(Frame::data(Bytes::from(lines)));
                        return Some((frame, (server, receiver, now, target, selects)));
                    }
                    receiver.changed().await.ok()?;
                }
            },
        );
        StreamBody::new(events).boxed_unsync()
    }

    async fn answer(self, request: Request<Body>) -> Response<Content> {
        let (parts, body) = request.into_parts();
        let target = Target::of(parts.uri.path());
        let query: BTreeMap<String, String> = parts
            .uri
            .query()
            .unwrap_or_default()
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .map(|(key, value)| {
                (
                    key.to_owned(),
                    value.replace("%3D", "=").replace("%2F", "/"),
                )
            })
            .collect();
        let field = query
            .get("fieldSelector")
            .map(|selector| selector.split_once('=').unwrap());
        let field = field.map(|(field, value)| (field.to_owned(), value.to_owned()));
        let selects = move |object: &Value| {
            field
                .as_ref()
                .is_none_or(|(field, value)| object[field.as_str()] == *value)
        };
        let body = body.collect().await.unwrap().to_bytes();
        let sent = || serde_json::from_slice::<Value>(&body).unwrap();
        let done = match (&parts.method, &target.name) {
            (&Method::GET, None) if query.contains_key("watch") => {
                if let Err(refusal) = self.installed(&target) {
                    return refused(refusal);
                }
                let since = query["resourceVersion"].parse().unwrap();
                return Response::new(self.watch(target, since, selects));
            }
            (&Method::GET, None) => self.list(&target, selects),
            (&Method::GET, Some(name)) => self.installed(&target).and_then(|_| {
                let state = self.0.state.lock().unwrap();
                let found = state.objects.get(&target.key(name));
                found
                    .map(|object| target.show(object))
                    .ok_or((404, "NotFound"))
            }),
            (&Method::POST, None) => self.create(&target, sent()),
            (&Method::PUT, Some(_)) => {
                let sent = sent();
                self.change(&target, &sent.clone(), move |object| {
                    let kept = object["metadata"]["uid"].clone();
                    *object = sent;
                    object["metadata"]["uid"] = kept;
                })
            }
            (&Method::PATCH, Some(_))
                if parts.headers["content-type"] == "application/merge-patch+json" =>
            {
                let mut sent = sent();
                self.change(&target, &sent.clone(), move |object| {
                    let metadata = sent.get_mut("metadata").and_then(Value::as_object_mut);
                    if let Some(metadata) = metadata {
                        metadata.remove("resourceVersion");
                    }
                    merge(object, &sent);
                })
            }
            (&Method::PATCH, Some(_))
                if parts.headers["content-type"] == "application/apply-patch+yaml" =>
            {
                let applied = json!({ "status": sent()["status"] });
                self.change(&target, &Value::Null, |object| co_own(object, &applied))
            }
            (&Method::DELETE, Some(_)) => self.delete(&target),
            _ => Err((405, "MethodNotAllowed")),
        };
        match done {
            Ok(value) => Response::new(content(&value)),
            Err(refusal) => refused(refusal),
        }
    }
}

/// Whether something keeps an object from going.
fn is_kept(object: &Value) -> bool {
    object["metadata"]["finalizers"]
        .as_array()
        .is_some_and(|finalizers| !finalizers.is_empty())
}

fn content(value: &Value) -> Content {
    Full::new(Bytes::from(value.to_string())).boxed_unsync()
}

fn refused((code, reason): Refusal) -> Response<Content> {
    let status = json!({ "kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": reason, "message": reason, "code": code });
    Response::builder()
        .status(code)
        .body(content(&status))
        .unwrap()
}

impl Service<Request<Body>> for Server {
    type Response = Response<Content>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let server = self.clone();
        Box::pin(async move { Ok(server.answer(request).await) })
    }
}
