//! Lists of a status that are full of entries of another controller.

use crate::{
    settling::{Server, THEIRS, at},
    world,
};
use gwapi::{
    attachment::{MAX_PARENTS, Options, Resolver, SnapshotObject},
    meta::{Channel, Release},
    v1::{Gateway, HttpRoute},
};
use serde_json::{Value, json};

/// Gateways of ours to which a route attaches, as many as its status can have entries, which has entries of another controller by now
/// for Gateways that it has not any more.
fn objects(stale: usize) -> impl Iterator<Item = SnapshotObject> {
    let names = || (0..MAX_PARENTS).map(|at| format!("front-{at}"));
    let gateways = names().map(|name| {
        let gateway: Gateway = from(json!({
            "metadata": { "name": name, "namespace": "shop" },
            "spec": {
                "gatewayClassName": "ours",
                "listeners": [{ "name": "http", "port": 80, "protocol": "HTTP" }],
            },
        }));
        SnapshotObject::from(gateway)
    });
    let parents: Vec<Value> = names().map(|name| json!({ "name": name })).collect();
    let entries = (0..stale).map(|at| {
        json!({
            "parentRef": { "name": format!("gone-{at}") }, "controllerName": THEIRS,
            "conditions": [{ "type": "Accepted", "status": "True", "reason": "Accepted", "message": "",
                "lastTransitionTime": "2024-01-01T00:00:00Z" }],
        })
    });
    let route: HttpRoute = from(json!({
        "metadata": { "name": "cart", "namespace": "shop" },
        "spec": { "parentRefs": parents, "rules": [{}] },
        "status": { "parents": entries.collect::<Vec<_>>() },
    }));
    let classes = [
        world::class("ours", world::CONTROLLER),
        world::class("theirs", THEIRS),
    ];
    let classes = classes.map(SnapshotObject::from).into_iter();
    classes.chain(gateways).chain([route.into()])
}

fn from<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

/// How many writes each controller makes in one round after the other.
fn rounds(stale: usize, controllers: [&str; 2]) -> Vec<[usize; 2]> {
    let crds = (Release::V1_1_0, Channel::Standard);
    let mut server = Server::new(crds, objects(stale));
    let mut controllers = controllers.map(|name| Resolver::new(Options::new(name)));
    let rounds = (1..4).map(|round| {
        controllers.each_mut().map(|controller| {
            server.show(controller);
            let due = controller.due(&at(round));
            server.take(&due);
            due.len()
        })
    });
    rounds.collect()
}

/// Nobody takes away the entry of another controller, so that ours have no room before theirs have gone: then there is a second round.
/// Everywhere else there is one: where the other controller comes first, and where there is room for all.
#[test]
fn a_full_list_takes_two_rounds_and_any_other_one() {
    // A class, 32 Gateways and a route, and a class and the route.
    let (ours, theirs) = (MAX_PARENTS + 2, 2);
    let by_us_first = [world::CONTROLLER, THEIRS];
    assert_eq!(rounds(20, by_us_first), [[ours, theirs], [1, 0], [0, 0]]);
    assert_eq!(
        rounds(20, [THEIRS, world::CONTROLLER]),
        [[theirs, ours], [0, 0], [0, 0]]
    );
    assert_eq!(rounds(0, by_us_first), [[ours, theirs - 1], [0, 0], [0, 0]]);
}
