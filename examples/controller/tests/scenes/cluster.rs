//! A cluster that controllers run on: a server in memory, or the one of a kubeconfig.

use crate::{server::Server, tap::Tap};
use controller::{Settings, lease_name, run};
use gwapi::{
    meta::{Channel, NamespacedName, Release},
    proxy::{BindKey, DataPlaneOptions},
};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::{
    Api, Client, Config,
    api::{
        ApiResource, DeleteParams, DynamicObject, GroupVersionKind, Patch, PatchParams, PostParams,
    },
    client::ClientBuilder,
};
use reverse_proxy::{Network, Proxy};
use serde_json::{Value, json};
use std::{net::SocketAddr, time::Duration};
use tokio::{
    task::JoinHandle,
    time::{Instant, sleep},
};

#[derive(Clone)]
pub(crate) enum Cluster {
    InMemory(Server),
    Real(Box<Config>),
}

impl Cluster {
    /// The cluster that `GWAPI_KUBECONFIG` names, or else one in memory for each of these releases.
    pub(crate) async fn all() -> Vec<Self> {
        if let Ok(path) = std::env::var("GWAPI_KUBECONFIG") {
            let file = kube::config::Kubeconfig::read_from(path).unwrap();
            let config = Config::from_custom_kubeconfig(file, &Default::default())
                .await
                .unwrap();
            return vec![Self::Real(Box::new(config))];
        }
        let of = |release, channel| Self::InMemory(Server::new(release, channel));
        vec![
            of(Release::V1_1_0, Channel::Standard),
            of(Release::V1_1_0, Channel::Experimental),
            of(Release::V1_6_1, Channel::Standard),
            of(Release::V1_6_1, Channel::Experimental),
        ]
    }

    fn client(&self, tap: &Tap) -> Client {
        match self {
            Self::InMemory(server) => ClientBuilder::new(server.clone(), "default")
                .with_layer(tap)
                .build(),
            Self::Real(config) => ClientBuilder::try_from((**config).clone())
                .unwrap()
                .with_layer(tap)
                .build(),
        }
    }
}

/// A namespace, a GatewayClass and a controller name of one scene's own. The namespace holds a Gateway `edge`, a route `cart`
/// and its backend.
pub(crate) struct World {
    cluster: Cluster,
    admin: Client,
    pub(crate) name: &'static str,
}

/// A controller that runs until this is dropped.
pub(crate) struct Running {
    pub(crate) tap: Tap,
    task: JoinHandle<()>,
}

impl Running {
    /// Ends it, and waits until it has ended: it begins no write any more.
    pub(crate) async fn stop(mut self) {
        self.task.abort();
        _ = (&mut self.task).await;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

pub(crate) fn any_port(_: &BindKey) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

impl World {
    pub(crate) async fn new(cluster: Cluster, name: &'static str) -> Self {
        let admin = cluster.client(&Tap::new());
        let world = Self {
            cluster,
            admin,
            name,
        };
        world
            .create("v1", "Namespace", json!({ "metadata": { "name": name } }))
            .await;
        world
            .create(
                "v1",
                "Service",
                json!({ "metadata": { "name": "cart" },
            "spec": { "clusterIP": "10.0.0.1", "ports": [{ "port": 80 }] } }),
            )
            .await;
        world.create("discovery.k8s.io/v1", "EndpointSlice", json!({
            "metadata": { "name": "cart-1", "labels": { "kubernetes.io/service-name": "cart" } },
            "addressType": "IPv4", "ports": [{ "port": 8080 }], "endpoints": [{ "addresses": ["10.1.0.1"] }],
        })).await;
        world.class(name, &world.controller()).await;
        world.gateway("edge", name).await;
        world.route("cart", &["edge"]).await;
        world
    }

    pub(crate) fn controller(&self) -> String {
        format!("example.com/{}", self.name)
    }

    pub(crate) async fn class(&self, name: &str, controller: &str) {
        self.create(
            "gateway.networking.k8s.io/v1",
            "GatewayClass",
            json!({
                "metadata": { "name": name }, "spec": { "controllerName": controller },
            }),
        )
        .await;
    }

    pub(crate) async fn gateway(&self, name: &str, class: &str) {
        self.create("gateway.networking.k8s.io/v1", "Gateway", json!({
            "metadata": { "name": name },
            "spec": { "gatewayClassName": class, "listeners": [{ "name": "http", "port": 80, "protocol": "HTTP" }] },
        })).await;
    }

    pub(crate) async fn route(&self, name: &str, gateways: &[&str]) {
        let parents: Vec<Value> = gateways
            .iter()
            .map(|name| json!({ "name": name }))
            .collect();
        self.create("gateway.networking.k8s.io/v1", "HTTPRoute", json!({
            "metadata": { "name": name },
            "spec": { "parentRefs": parents, "rules": [{ "backendRefs": [{ "name": "cart", "port": 80 }] }] },
        })).await;
    }

    /// Runs a replica of the controller of this name.
    pub(crate) fn run(
        &self,
        name: &str,
        replica: &str,
        bind: fn(&BindKey) -> SocketAddr,
    ) -> Running {
        let tap = Tap::new();
        let settings = Settings {
            name: name.to_owned(),
            replica: replica.to_owned(),
            lease: NamespacedName::new(self.name, lease_name(name)),
            lease_duration: Duration::from_secs(5),
            address: [192, 0, 2, 1].into(),
        };
        let proxy = Proxy::new(
            Network {
                bind,
                ..Network::local()
            },
            DataPlaneOptions::default(),
        );
        let client = self.cluster.client(&tap);
        let task = tokio::spawn(async move { run(client, settings, proxy).await.unwrap() });
        Running { tap, task }
    }

    /// Starts the program itself, where it can reach the cluster.
    pub(crate) fn program(&self) -> Option<std::process::Child> {
        let Cluster::Real(_) = self.cluster else {
            return None;
        };
        let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_gateway-controller"));
        program.env("KUBECONFIG", std::env::var("GWAPI_KUBECONFIG").unwrap());
        program.env("CONTROLLER_NAME", self.controller());
        program.env("POD_NAMESPACE", self.name);
        Some(program.spawn().unwrap())
    }

    /// The versions of a kind of the Gateway API that are served.
    pub(crate) async fn versions(&self, plural: &str) -> Vec<String> {
        let crds: Api<CustomResourceDefinition> = Api::all(self.admin.clone());
        let crd = crds
            .get_opt(&format!("{plural}.gateway.networking.k8s.io"))
            .await
            .unwrap();
        let versions = crd.into_iter().flat_map(|crd| crd.spec.versions);
        versions
            .filter(|version| version.served)
            .map(|version| version.name)
            .collect()
    }

    fn api(&self, api_version: &str, kind: &str) -> Api<DynamicObject> {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        let gvk = GroupVersionKind::gvk(group, version, kind);
        let plural = match kind {
            "BackendTLSPolicy" => "backendtlspolicies".to_owned(),
            "GatewayClass" => "gatewayclasses".to_owned(),
            kind => format!("{}s", kind.to_lowercase()),
        };
        let resource = ApiResource::from_gvk_with_plural(&gvk, &plural);
        match kind {
            "GatewayClass" | "Namespace" => Api::all_with(self.admin.clone(), &resource),
            _ => Api::namespaced_with(self.admin.clone(), self.name, &resource),
        }
    }

    fn gateway_api(&self, kind: &str) -> Api<DynamicObject> {
        self.api("gateway.networking.k8s.io/v1", kind)
    }

    pub(crate) async fn create(&self, api_version: &str, kind: &str, mut object: Value) {
        object["apiVersion"] = api_version.into();
        object["kind"] = kind.into();
        let object = serde_json::from_value(object).unwrap();
        self.api(api_version, kind)
            .create(&PostParams::default(), &object)
            .await
            .unwrap();
    }

    pub(crate) async fn delete(&self, kind: &str, name: &str) {
        self.gateway_api(kind)
            .delete(name, &DeleteParams::default())
            .await
            .unwrap();
    }

    /// An object of the Gateway API, or null.
    pub(crate) async fn get(&self, kind: &str, name: &str) -> Value {
        self.get_at("gateway.networking.k8s.io/v1", kind, name)
            .await
    }

    /// The same in a version.
    pub(crate) async fn get_at(&self, api_version: &str, kind: &str, name: &str) -> Value {
        let object = self.api(api_version, kind).get_opt(name).await.unwrap();
        object.map_or(Value::Null, |object| serde_json::to_value(object).unwrap())
    }

    /// Merges into an object of the Gateway API, as somebody else who looks at no version.
    pub(crate) async fn patch(&self, kind: &str, name: &str, patch: Value) {
        let patch = Patch::Merge(patch);
        self.gateway_api(kind)
            .patch(name, &PatchParams::default(), &patch)
            .await
            .unwrap();
    }

    /// The same with the status of one.
    pub(crate) async fn patch_status(&self, kind: &str, name: &str, status: Value) {
        patch_status(self.gateway_api(kind), name.to_owned(), status).await;
    }

    /// Takes a status that is applied, also where another field manager has written it before.
    pub(crate) async fn apply_status(&self, kind: &str, name: &str, applied: Value) {
        let params = PatchParams::apply("gateway-controller").force();
        self.gateway_api(kind)
            .patch_status(name, &params, &Patch::Apply(applied))
            .await
            .unwrap();
    }

    /// The same as `patch_status` later, for whoever calls it.
    pub(crate) fn later(
        &self,
        kind: &str,
        name: &str,
        status: Value,
    ) -> impl Future<Output = ()> + Send + use<> {
        patch_status(self.gateway_api(kind), name.to_owned(), status)
    }

    /// The reasons of the Events in the namespace.
    pub(crate) async fn event_reasons(&self) -> Vec<String> {
        let events = self
            .api("events.k8s.io/v1", "Event")
            .list(&Default::default())
            .await
            .unwrap();
        let reasons = events
            .into_iter()
            .map(|event| event.data["reason"].as_str().unwrap().to_owned());
        reasons.collect()
    }

    /// Waits until an object of the Gateway API is as it is to be.
    pub(crate) async fn until(
        &self,
        kind: &str,
        name: &str,
        is_so: impl Fn(&Value) -> bool,
    ) -> Value {
        let begin = Instant::now();
        loop {
            let object = self.get(kind, name).await;
            if is_so(&object) {
                return object;
            }
            assert!(
                begin.elapsed() < Duration::from_secs(30),
                "{}: {kind} {name}: {object:#}",
                self.name
            );
            sleep(Duration::from_millis(20)).await;
        }
    }
}

async fn patch_status(api: Api<DynamicObject>, name: String, status: Value) {
    let patch = Patch::Merge(json!({ "status": status }));
    api.patch_status(&name, &PatchParams::default(), &patch)
        .await
        .unwrap();
}

/// Waits until a controller writes nothing more. Returns what it has written by then.
pub(crate) async fn quiet(controller: &Running) -> Vec<(String, u16)> {
    let mut before = controller.tap.writes();
    let mut since = Instant::now();
    while since.elapsed() < Duration::from_millis(700) {
        sleep(Duration::from_millis(50)).await;
        let writes = controller.tap.writes();
        if writes != before {
            (before, since) = (writes, Instant::now());
        }
    }
    before
}

/// `Status (Reason)` of a condition in a list.
pub(crate) fn condition(conditions: &Value, kind: &str) -> String {
    let mut all = conditions.as_array().into_iter().flatten();
    let found = all.find(|condition| condition["type"] == kind);
    found.map_or_else(String::new, |found| {
        format!(
            "{} ({})",
            found["status"].as_str().unwrap(),
            found["reason"].as_str().unwrap()
        )
    })
}
