//! What a change of one object costs, counted in allocations. A program of its own: they are counted where memory is
//! allocated.
#![expect(clippy::unwrap_used, reason = "tests")]

use gwapi::{
    attachment::{Options, Resolver, SnapshotObject},
    kube_core::DeserializeGuard,
    v1::{Gateway, GatewayClass, HttpRoute},
};
use serde_json::{from_value, json};

/// A Gateway of so many listeners, with a route at the first one and one at each of the others.
fn resolver(listeners: usize) -> Resolver {
    let class = json!({
        "metadata": {"name": "ours"}, "spec": {"controllerName": "example.com/controller"},
    });
    let of_gateway: Vec<_> = (0..listeners)
        .map(|at| {
            let hostname = format!("zone-{at}.example.com");
            json!({"name": format!("zone-{at}"), "port": 80, "protocol": "HTTP", "hostname": hostname})
        })
        .collect();
    let gateway = json!({
        "metadata": {"name": "front", "namespace": "apps"},
        "spec": {"gatewayClassName": "ours", "listeners": of_gateway},
    });
    let mut resolver = Resolver::new(Options::for_simulator("example.com/controller"));
    resolver.insert(from_value::<GatewayClass>(class).unwrap());
    resolver.insert(from_value::<Gateway>(gateway).unwrap());
    for at in 0..listeners {
        resolver.insert(route(&format!("app-{at}"), &format!("zone-{at}")));
    }
    resolver.insert(route("moving", "zone-0"));
    resolver.update();
    resolver
}

fn route(name: &str, listener: &str) -> SnapshotObject {
    let route = json!({
        "metadata": {"name": name, "namespace": "apps"},
        "spec": {"parentRefs": [{"name": "front", "sectionName": listener}], "rules": [{}]},
    });
    from_value::<HttpRoute>(route).unwrap().into()
}

/// How many allocations it takes to move a route from one listener to another.
fn moving_a_route(listeners: usize) -> u64 {
    let mut resolver = resolver(listeners);
    let mut put = |listener: &str| {
        let route = route("moving", listener);
        let counted = allocation_counter::measure(|| {
            resolver.insert(route);
            let changes = resolver.update();
            // Its own status, and the numbers of the Gateway.
            assert_eq!((changes.statuses.len(), changes.gateways.len()), (2, 1));
        });
        counted.count_total
    };
    // The first time lists grow.
    put("zone-1");
    put("zone-0");
    put("zone-1")
}

#[test]
fn moving_a_route_costs_the_same_however_many_other_listeners_there_are() {
    let (few, many) = (moving_a_route(4), moving_a_route(64));
    // Maps of other sizes have their nodes elsewhere.
    assert!(
        many <= few + 8,
        "{few} allocations at 4 listeners, {many} at 64"
    );
}

/// Routes as a list of a server has them; in the order in which it lists, or not.
fn listed(routes: usize, backwards: bool) -> Vec<HttpRoute> {
    let route = |at: usize| {
        from_value(json!({
            "metadata": {
                "name": format!("app-{at:04}"), "namespace": "apps", "resourceVersion": "7",
                "uid": format!("uid-{at}"),
            },
            "spec": {"parentRefs": [{"name": "front"}], "rules": [{}]},
        }))
        .unwrap()
    };
    let mut listed: Vec<HttpRoute> = (0..routes).map(route).collect();
    if backwards {
        listed.reverse();
    }
    listed
}

/// How many allocations it takes to hear of a list that nothing of it has changed.
fn relisting<L, R>(list: L, replace: impl Fn(&mut Resolver, L) -> R) -> u64
where
    L: Clone,
{
    let mut resolver = resolver(1);
    drop(replace(&mut resolver, list.clone()));
    resolver.update();
    let counted = allocation_counter::measure(|| {
        drop(replace(&mut resolver, list));
        assert!(resolver.update().is_empty());
    });
    counted.count_total
}

#[test]
fn a_list_of_what_has_not_changed_is_walked_along_without_a_copy() {
    let all = |list| {
        relisting(list, |resolver, list: Vec<HttpRoute>| {
            resolver.replace_all::<HttpRoute>(list);
        })
    };
    let lent = |list| {
        relisting(list, |resolver, list: Vec<HttpRoute>| {
            resolver.replace_listed(&list);
        })
    };
    let watched = |list: Vec<HttpRoute>| {
        let list: Vec<_> = list
            .into_iter()
            .map(|it| DeserializeGuard(Ok(it)))
            .collect();
        relisting(list, |resolver, list: Vec<DeserializeGuard<HttpRoute>>| {
            resolver.replace_watched(list)
        })
    };
    type Relist<'f> = &'f dyn Fn(Vec<HttpRoute>) -> u64;
    let ways = [
        ("all", &all as Relist<'_>),
        ("lent", &lent),
        ("watched", &watched),
    ];
    for (name, relist) in ways {
        let (few, many) = (relist(listed(10, false)), relist(listed(1000, false)));
        assert_eq!(few, many, "{name}: of what is the same nothing is copied");
        assert!(many < 32, "{name}: {many}");
        // Out of order, each object is looked up: by a name, whose texts are copied.
        let backwards = relist(listed(1000, true));
        assert!(backwards < 1000 * 8, "{name}: {backwards}");
    }
}
