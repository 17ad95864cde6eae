//! What happens to a controller in a cluster, on a server in memory and, with `GWAPI_KUBECONFIG`, on a real one.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod cluster;
#[path = "../../../../tests/support/server.rs"]
mod rules;
mod server;
mod tap;

use cluster::{Cluster, World, any_port, condition, quiet};
use futures_util::{FutureExt, future::join_all};
use gwapi::{
    attachment::{Options, Resolver},
    v1::{Gateway, GatewayClass},
};
use k8s_openapi::{apimachinery::pkg::apis::meta::v1::Time, jiff::Timestamp};
use serde_json::{Value, json};
use std::{collections::BTreeSet, net::SocketAddr, sync::Mutex, time::Duration};
use tokio::time::sleep;

/// Runs a scene on every cluster.
macro_rules! scenes {
    ($($(#[doc = $doc:literal])+ async fn $name:ident($world:ident: &World) $body:block)+) => {$(
        $(#[doc = $doc])+
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            async fn scene($world: &World) $body
            let clusters = Cluster::all().await.into_iter().enumerate();
            let scenes = clusters.map(|(number, cluster)| async move {
                // No name is that of two clusters, so that what is noted by name is noted by cluster as well.
                let name = stringify!($name).replace('_', "-");
                let name: &'static str = format!("{name}-{number}").leak();
                let world = World::new(cluster, name).await;
                scene(&world).await;
            });
            join_all(scenes).await;
        }
    )+};
}

fn foreign(kind: &str) -> Value {
    json!({ "type": kind, "status": "True", "reason": "Own", "message": "", "lastTransitionTime": "2024-01-01T00:00:00Z" })
}

fn foreign_parent() -> Value {
    json!({ "parents": [{ "parentRef": { "name": "edge" }, "controllerName": "example.com/other", "conditions": [foreign("Accepted")] }] })
}

/// Whether a route is accepted by this controller.
fn accepted(route: &Value, controller: &str) -> bool {
    let mut parents = route["status"]["parents"].as_array().into_iter().flatten();
    parents.any(|parent| {
        parent["controllerName"] == controller
            && condition(&parent["conditions"], "Accepted") == "True (Accepted)"
    })
}

fn programmed(gateway: &Value) -> bool {
    condition(&gateway["status"]["conditions"], "Programmed") == "True (Programmed)"
}

fn writes_to(writes: &[(String, u16)], end: &str) -> Vec<u16> {
    writes
        .iter()
        .filter(|(path, _)| path.ends_with(end))
        .map(|(_, code)| *code)
        .collect()
}

scenes! {
    /// From nothing to all statuses, and not one write more than it takes. Addresses are there once ports are bound.
    async fn statuses_settle(world: &World) {
        let controller = world.run(&world.controller(), "one", any_port);
        let gateway = world.until("Gateway", "edge", programmed).await;
        assert_eq!(gateway["status"]["addresses"][0]["value"], "192.0.2.1");
        let listener = &gateway["status"]["listeners"][0];
        assert_eq!(condition(&listener["conditions"], "Programmed"), "True (Programmed)");
        assert_eq!(listener["attachedRoutes"], 1);
        world.until("HTTPRoute", "cart", |route| accepted(route, &world.controller())).await;
        let is_done = |class: &Value| {
            condition(&class["status"]["conditions"], "Accepted") == "True (Accepted)" && !class["metadata"]["finalizers"].is_null()
        };
        world.until("GatewayClass", world.name, is_done).await;
        let writes = quiet(&controller).await;
        let own: Vec<_> = writes.iter().filter(|(path, _)| path.contains(world.name)).collect();
        assert_eq!(own.len(), 4, "{writes:?}");
        assert!(own.iter().all(|(_, code)| *code == 200), "{writes:?}");
        // What changes nothing of the status is no reason for a write.
        world.patch("HTTPRoute", "cart", json!({ "metadata": { "labels": { "any": "label" } } })).await;
        assert_eq!(quiet(&controller).await, writes);
        assert!(world.event_reasons().await.contains(&"Programmed".to_owned()));
    }

    /// Somebody writes between the moment in which an object was seen and the write: nothing of theirs is lost.
    async fn a_conflict_is_resolved_by_what_has_come(world: &World) {
        let controller = world.run(&world.controller(), "one", any_port);
        let theirs = world.later("HTTPRoute", "cart", foreign_parent());
        controller.tap.before("httproutes/cart/status", || theirs.boxed());
        let route = world.until("HTTPRoute", "cart", |route| accepted(route, &world.controller())).await;
        assert_eq!(route["status"]["parents"][0]["controllerName"], "example.com/other");
        let writes = quiet(&controller).await;
        assert_eq!(writes_to(&writes, "cart/status"), [409, 200]);
    }

    /// The server takes a write and never answers. All else goes on: another Gateway is bound, another route is accepted. In the end the
    /// write is made again.
    async fn a_write_without_an_answer_keeps_nothing_else_waiting(world: &World) {
        let controller = world.run(&world.controller(), "one", any_port);
        controller.tap.before("httproutes/cart/status", || std::future::pending().boxed());
        world.until("Gateway", "edge", programmed).await;
        assert!(!accepted(&world.get("HTTPRoute", "cart").await, &world.controller()));
        let begin = tokio::time::Instant::now();
        world.gateway("second", world.name).await;
        world.route("late", &["second"]).await;
        world.until("Gateway", "second", programmed).await;
        world.until("HTTPRoute", "late", |route| accepted(route, &world.controller())).await;
        world.until("Gateway", "second", |it| it["status"]["listeners"][0]["attachedRoutes"] == 1).await;
        let waited = begin.elapsed();
        assert!(waited < Duration::from_secs(8), "no longer than a write has for its answer: {waited:?}");
        world.until("HTTPRoute", "cart", |route| accepted(route, &world.controller())).await;
    }

    /// A status that is wiped or overwritten comes back.
    async fn a_status_that_was_wiped_is_written_again(world: &World) {
        let controller = world.run(&world.controller(), "one", any_port);
        let is_accepted = |route: &Value| accepted(route, &world.controller());
        world.until("HTTPRoute", "cart", is_accepted).await;
        quiet(&controller).await;
        world.patch_status("HTTPRoute", "cart", Value::Null).await;
        world.until("HTTPRoute", "cart", is_accepted).await;
        world.patch_status("HTTPRoute", "cart", foreign_parent()).await;
        let route = world.until("HTTPRoute", "cart", is_accepted).await;
        assert_eq!(route["status"]["parents"].as_array().unwrap().len(), 2);
        assert_eq!(writes_to(&quiet(&controller).await, "cart/status"), [200, 200, 200]);
    }

    /// A condition of somebody else stays, and is no reason to write.
    async fn a_condition_of_somebody_else_stays(world: &World) {
        let controller = world.run(&world.controller(), "one", any_port);
        let gateway = world.until("Gateway", "edge", programmed).await;
        let writes = quiet(&controller).await;
        let mut conditions = gateway["status"]["conditions"].clone();
        conditions.as_array_mut().unwrap().push(foreign("example.com/Own"));
        world.patch_status("Gateway", "edge", json!({ "conditions": conditions })).await;
        assert_eq!(quiet(&controller).await, writes);
        world.route("late", &["edge"]).await;
        let gateway = world.until("Gateway", "edge", |it| it["status"]["listeners"][0]["attachedRoutes"] == 2).await;
        assert_eq!(condition(&gateway["status"]["conditions"], "example.com/Own"), "True (Own)");
    }

    /// An object goes while no watch runs, and no watch tells of it: the next list does.
    async fn what_a_list_lacks_is_gone(world: &World) {
        let controller = world.run(&world.controller(), "one", any_port);
        world.until("Gateway", "edge", |it| it["status"]["listeners"][0]["attachedRoutes"] == 1).await;
        quiet(&controller).await;
        controller.tap.without_watches("httproutes", world.delete("HTTPRoute", "cart")).await;
        world.until("Gateway", "edge", |it| it["status"]["listeners"][0]["attachedRoutes"] == 0).await;
        quiet(&controller).await;
    }

    /// Two controllers with classes of their own share a route: each writes its own entry, and both come to rest.
    async fn two_controllers_at_once_come_to_rest(world: &World) {
        let other = "example.com/beside";
        let of_other = format!("{}-beside", world.name);
        world.class(&of_other, other).await;
        world.gateway("other", &of_other).await;
        world.route("both", &["edge", "other"]).await;
        let controllers = [world.run(&world.controller(), "one", any_port), world.run(other, "one", any_port)];
        let both = |route: &Value| accepted(route, &world.controller()) && accepted(route, other);
        world.until("HTTPRoute", "both", both).await;
        for controller in &controllers {
            quiet(controller).await;
        }
        let before = world.get("HTTPRoute", "both").await;
        assert_eq!(before["status"]["parents"].as_array().unwrap().len(), 2);
        sleep(Duration::from_millis(500)).await;
        assert_eq!(world.get("HTTPRoute", "both").await, before);
    }

    /// Of two replicas one writes and both serve. When it is gone, the other one writes.
    async fn the_leader_writes_and_all_serve(world: &World) {
        /// Which replica has bound ports of which Gateway.
        static BOUND: Mutex<BTreeSet<(u8, String)>> = Mutex::new(BTreeSet::new());
        fn noted<const REPLICA: u8>(key: &gwapi::proxy::BindKey) -> SocketAddr {
            BOUND.lock().unwrap().insert((REPLICA, key.gateway.to_string()));
            any_port(key)
        }
        let mut replicas = vec![world.run(&world.controller(), "one", noted::<1>), world.run(&world.controller(), "two", noted::<2>)];
        world.until("Gateway", "edge", programmed).await;
        for replica in &replicas {
            quiet(replica).await;
        }
        for replica in [1, 2] {
            let bound = BOUND.lock().unwrap().contains(&(replica, format!("{}/edge", world.name)));
            assert!(bound, "{}: replica {replica} serves", world.name);
        }
        replicas.sort_by_key(|replica| replica.tap.writes().len());
        assert_eq!(replicas[0].tap.writes(), []);
        replicas.pop().unwrap().stop().await;
        world.patch_status("HTTPRoute", "cart", Value::Null).await;
        world.until("HTTPRoute", "cart", |route| accepted(route, &world.controller())).await;
        // A write is noted with its answer, which comes after what it has changed.
        assert!(writes_to(&quiet(&replicas[0]).await, "cart/status").contains(&200));
    }

    /// A class goes after the last of its Gateways.
    async fn a_class_in_use_is_kept(world: &World) {
        let controller = world.run(&world.controller(), "one", any_port);
        world.until("GatewayClass", world.name, |class| !class["metadata"]["finalizers"].is_null()).await;
        world.delete("GatewayClass", world.name).await;
        quiet(&controller).await;
        assert!(!world.get("GatewayClass", world.name).await.is_null());
        world.delete("Gateway", "edge").await;
        world.until("GatewayClass", world.name, Value::is_null).await;
    }

    /// A port that cannot be bound: the Gateway is not programmed, has no address, and says why.
    async fn what_is_not_bound_is_not_programmed(world: &World) {
        fn nowhere(key: &gwapi::proxy::BindKey) -> SocketAddr {
            SocketAddr::from(([203, 0, 113, 1], key.port))
        }
        let controller = world.run(&world.controller(), "one", nowhere);
        let gateway = world.until("Gateway", "edge", |gateway| !gateway["status"]["listeners"].is_null()).await;
        let of = |conditions: &Value| {
            let mut all = conditions.as_array().unwrap().iter();
            let found = all.find(|condition| condition["type"] == "Programmed").unwrap();
            (condition(conditions, "Programmed"), found["message"].as_str().unwrap().to_owned())
        };
        let (is, why) = of(&gateway["status"]["conditions"]);
        assert_eq!(is, "False (NoResources)", "{gateway}");
        assert!(why.starts_with("port 80 cannot be bound: "), "{why}");
        let listener = of(&gateway["status"]["listeners"][0]["conditions"]);
        assert_eq!(listener, ("False (Pending)".to_owned(), why));
        assert!(gateway["status"]["addresses"].as_array().is_none_or(Vec::is_empty));
        quiet(&controller).await;
        assert!(world.event_reasons().await.contains(&"NoResources".to_owned()));
    }

    /// An edit that asks the proxy for nothing new leaves a Gateway programmed, at its new generation; one that does is told once
    /// the proxy has done it.
    async fn an_edit_that_changes_no_traffic_is_programmed(world: &World) {
        let controller = world.run(&world.controller(), "one", any_port);
        world.until("Gateway", "edge", programmed).await;
        quiet(&controller).await;
        let mut listener = json!({ "name": "http", "port": 80, "protocol": "HTTP", "allowedRoutes": { "namespaces": { "from": "All" } } });
        for generation in [2, 3] {
            world.patch("Gateway", "edge", json!({ "spec": { "listeners": [listener] } })).await;
            world.until("Gateway", "edge", |gateway| {
                let mut conditions = gateway["status"]["conditions"].as_array().into_iter().flatten();
                programmed(gateway) && conditions.all(|condition| condition["observedGeneration"] == generation)
            })
            .await;
            quiet(&controller).await;
            assert!(programmed(&world.get("Gateway", "edge").await));
            listener["port"] = 81.into();
        }
    }

    /// Parameters that are there are not said to be missing by a controller that takes none.
    async fn parameters_are_declined(world: &World) {
        let controller = world.run(&world.controller(), "one", any_port);
        world.create("v1", "Secret", json!({ "metadata": { "name": "params" }, "type": "Opaque" })).await;
        world.patch("Gateway", "edge", json!({ "spec": { "infrastructure": { "parametersRef": { "group": "", "kind": "Secret", "name": "params" } } } })).await;
        let conditions = |gateway: &Value| gateway["status"]["conditions"].clone();
        // Without the field nothing is asked for.
        if world.get("Gateway", "edge").await["spec"]["infrastructure"].is_null() {
            return;
        }
        let gateway = world.until("Gateway", "edge", |gateway| condition(&conditions(gateway), "Accepted") == "False (InvalidParameters)").await;
        assert!(gateway["status"].to_string().contains("takes no parameters"), "{gateway:#}");
        quiet(&controller).await;
    }

    /// A policy is watched and written in whatever version the server has.
    async fn each_kind_is_read_and_written_in_a_version_that_is_served(world: &World) {
        let versions = world.versions("backendtlspolicies").await;
        let Some(version) = versions.last() else { return };
        let api_version = format!("gateway.networking.k8s.io/{version}");
        world.create(&api_version, "BackendTLSPolicy", json!({
            "metadata": { "name": "cart" },
            "spec": {
                "targetRefs": [{ "group": "", "kind": "Service", "name": "cart" }],
                "validation": { "hostname": "cart.example", "wellKnownCACertificates": "System" },
            },
        })).await;
        let controller = world.run(&world.controller(), "one", any_port);
        let begin = tokio::time::Instant::now();
        loop {
            let policy = world.get_at(&api_version, "BackendTLSPolicy", "cart").await;
            if policy["status"]["ancestors"][0]["controllerName"] == world.controller() {
                break;
            }
            assert!(begin.elapsed() < Duration::from_secs(30), "{policy:#}");
            sleep(Duration::from_millis(20)).await;
        }
        let writes = quiet(&controller).await;
        assert_eq!(writes_to(&writes, "backendtlspolicies/cart/status"), [200]);
    }

    /// Our own part of a status, sent by server-side apply, is taken as it is, and what others have there stays.
    async fn an_applied_status_is_taken(world: &World) {
        let gateway = world.get("Gateway", "edge").await;
        let mut conditions = gateway["status"]["conditions"].clone();
        conditions.as_array_mut().unwrap().push(foreign("example.com/Own"));
        world.patch_status("Gateway", "edge", json!({ "conditions": conditions })).await;
        let mut resolver = Resolver::new(Options::new(world.controller()));
        let class: GatewayClass = serde_json::from_value(world.get("GatewayClass", world.name).await).unwrap();
        resolver.insert(class);
        let mut show = async || {
            let gateway: Gateway = serde_json::from_value(world.get("Gateway", "edge").await).unwrap();
            resolver.insert(gateway);
            resolver.update();
            let due = resolver.due(&Time(Timestamp::now()));
            due.into_iter().find(|write| write.reference.kind == "Gateway")
        };
        let due = show().await.unwrap();
        world.apply_status("Gateway", "edge", due.apply_patch().unwrap()).await;
        assert_eq!(show().await, None);
        let gateway = world.get("Gateway", "edge").await;
        assert_eq!(condition(&gateway["status"]["conditions"], "Accepted"), "True (Accepted)");
        assert_eq!(condition(&gateway["status"]["conditions"], "example.com/Own"), "True (Own)");
    }

    /// What is wrong is told in an Event.
    async fn events_say_what_is_wrong(world: &World) {
        let controller = world.run(&world.controller(), "one", any_port);
        world.create("gateway.networking.k8s.io/v1", "HTTPRoute", json!({
            "metadata": { "name": "astray" },
            "spec": { "parentRefs": [{ "name": "edge" }], "rules": [{ "backendRefs": [{ "name": "nothing", "port": 80 }] }] },
        })).await;
        world.until("HTTPRoute", "astray", |route| accepted(route, &world.controller())).await;
        quiet(&controller).await;
        assert!(world.event_reasons().await.contains(&"BackendNotFound".to_owned()));
    }

    /// The program finds the cluster by itself. A server in memory has no port at which it could.
    async fn the_program_runs(world: &World) {
        let Some(mut program) = world.program() else { return };
        world.patch("Gateway", "edge", json!({ "spec": { "listeners": [{ "name": "http", "port": 18080, "protocol": "HTTP" }] } })).await;
        let gateway = world.until("Gateway", "edge", |gateway| gateway["metadata"]["generation"] == 2 && programmed(gateway)).await;
        assert_eq!(gateway["status"]["addresses"][0]["value"], "127.0.0.1");
        tokio::net::TcpStream::connect(("127.0.0.1", 18080)).await.unwrap();
        program.kill().unwrap();
        program.wait().unwrap();
    }
}
