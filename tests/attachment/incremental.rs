//! Laws for every set of objects.

use crate::world;
use gwapi::{
    attachment::{ListenerId, Options, Resolution, Resolver, Snapshot, SnapshotObject, resolve},
    meta::{ObjectRef, Release},
};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

fn options() -> Options {
    Options::for_simulator(world::CONTROLLER)
}

/// A class of ours that is there unless an object of the set takes its place.
fn ours() -> SnapshotObject {
    world::class("ours", world::CONTROLLER).into()
}

fn resolve_all(objects: &[SnapshotObject]) -> Resolution {
    let snapshot: Snapshot = objects.iter().cloned().collect();
    resolve(&snapshot, &options())
}

#[derive(Clone, Debug)]
enum Step {
    Insert(SnapshotObject),
    /// Takes out one of the objects that are there.
    Remove(prop::sample::Index),
    /// Sets the clock, to before or after the certificates become valid.
    Now(&'static str),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        5 => world::objects().prop_map(Step::Insert),
        1 => any::<prop::sample::Index>().prop_map(Step::Remove),
        1 => prop::sample::select(&["2023-01-01T00:00:00Z", "2025-01-01T00:00:00Z"][..])
            .prop_map(Step::Now),
    ];
    prop::collection::vec(step, 1..40)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// However a set of objects came about, one change after the other, the resolution is that of the set.
    /// What a change says has changed is exactly what is different.
    #[test]
    fn an_incremental_change_equals_a_full_resolve(
        steps in steps(),
        together in 1_usize..4,
        few_expressions in any::<bool>(),
        newest in any::<bool>(),
    ) {
        let mut options = options();
        if newest {
            options = options.with_release(Release::V1_7_0);
        }
        if few_expressions {
            options.patterns = world::few_expressions();
        }
        let mut resolver = Resolver::new(options);
        resolver.insert(ours());
        resolver.update();
        let mut before = resolver.resolution().clone();
        let mut there: BTreeSet<ObjectRef> = BTreeSet::from([ours().reference()]);
        for chunk in steps.chunks(together) {
            for step in chunk {
                match step {
                    Step::Insert(object) => {
                        there.insert(object.reference());
                        resolver.insert(object.clone());
                    }
                    Step::Remove(index) => {
                        if !there.is_empty() {
                            let all: Vec<ObjectRef> = there.iter().cloned().collect();
                            let gone = index.get(&all);
                            there.remove(gone);
                            resolver.remove(gone);
                        }
                    }
                    Step::Now(time) => resolver.set_now(time.parse().unwrap()),
                }
            }
            let changes = resolver.update();
            let after = resolver.resolution();
            let full = resolve(resolver.snapshot(), resolver.options());
            prop_assert_eq!(&after.statuses, &full.statuses);
            prop_assert_eq!(&after.attachments, &full.attachments);
            prop_assert_eq!(after, &full);

            let differ: BTreeSet<&ObjectRef> = before
                .statuses
                .keys()
                .chain(after.statuses.keys())
                .filter(|r| before.statuses.get(r) != after.statuses.get(r))
                .collect();
            prop_assert_eq!(changes.statuses.iter().collect::<BTreeSet<_>>(), differ);
            for name in before.effective.gateways.keys().chain(after.effective.gateways.keys()) {
                if before.effective.gateways.get(name) != after.effective.gateways.get(name) {
                    prop_assert!(changes.gateways.contains(name));
                }
                let listeners = |resolution: &Resolution| -> BTreeMap<String, _> {
                    let gateway = resolution.effective.gateways.get(name);
                    let all = gateway.into_iter().flat_map(|gateway| &gateway.listeners);
                    all.map(|listener| (listener.name.clone(), listener.clone())).collect()
                };
                let (before, after) = (listeners(&before), listeners(after));
                for listener in before.keys().chain(after.keys()) {
                    if before.get(listener) != after.get(listener) {
                        let id = ListenerId { gateway: name.clone(), name: listener.clone() };
                        prop_assert!(changes.listeners.contains(&id));
                    }
                }
            }
            for id in before.attachments.keys().chain(after.attachments.keys()) {
                let same = before.attachments.get(id) == after.attachments.get(id);
                prop_assert!(same || changes.routes.contains(id));
            }
            for id in &changes.routes {
                let there = |resolution: &Resolution| resolution.attachments.contains_key(id);
                prop_assert!(there(&before) || there(after));
            }
            for (before, after, changed) in [
                (&before.effective.services, &after.effective.services, &changes.services),
                (&before.effective.imports, &after.effective.imports, &changes.imports),
            ] {
                for name in before.keys().chain(after.keys()) {
                    if before.get(name) != after.get(name) {
                        prop_assert!(changed.contains(name));
                    }
                }
            }
            if before.effective != after.effective {
                prop_assert!(changes.concerns_traffic());
            }
            before = after.clone();
        }
    }

    /// The order in which objects arrive does not matter.
    #[test]
    fn resolving_is_independent_of_the_order_in_which_objects_arrive(
        objects in prop::collection::vec(world::objects(), 1..30).prop_shuffle(),
        seed in any::<prop::sample::Index>(),
    ) {
        // Of two objects with one name the later one counts, so only the first of each is kept.
        let mut seen = BTreeSet::new();
        let mut objects: Vec<SnapshotObject> =
            std::iter::once(ours()).chain(objects).filter(|o| seen.insert(o.reference())).collect();
        let one = resolve_all(&objects);
        let middle = seed.index(objects.len());
        objects.rotate_left(middle);
        objects.reverse();
        let mut resolver = Resolver::new(options());
        for object in objects {
            resolver.insert(object);
        }
        resolver.update();
        prop_assert_eq!(resolver.resolution(), &one);
    }

    /// An object that nothing refers to changes no status but its own.
    #[test]
    fn an_unrelated_object_changes_nothing_else(
        objects in prop::collection::vec(world::objects(), 1..30),
    ) {
        let mut objects: Vec<SnapshotObject> = std::iter::once(ours()).chain(objects).collect();
        let before = resolve_all(&objects);
        let unrelated: Vec<SnapshotObject> = vec![
            world::gateway("elsewhere", "x", vec![world::listener("one", 80, "HTTP".into())]).into(),
            world::service("elsewhere", "x", 80).into(),
            world::secret("elsewhere", "x").into(),
            world::grant("elsewhere", "x", (gwapi::meta::GROUP, "HTTPRoute", "a"), ("", "Service", None)).into(),
            gwapi::v1::HttpRoute {
                metadata: world::metadata("elsewhere", "x"),
                spec: gwapi::v1::HttpRouteSpec {
                    parent_refs: vec![world::parent("elsewhere", "x")],
                    ..Default::default()
                },
                ..Default::default()
            }.into(),
        ];
        objects.extend(unrelated);
        let mut after = resolve_all(&objects);
        after.statuses.retain(|r, _| r.namespace != "elsewhere");
        after.attachments.retain(|r, _| r.name.namespace != "elsewhere");
        after.effective.gateways.retain(|n, _| n.namespace != "elsewhere");
        after.effective.services.retain(|n, _| n.namespace != "elsewhere");
        after.effective.imports.retain(|n, _| n.namespace != "elsewhere");
        after.effective.idle.retain(|n, _| n.namespace != "elsewhere");
        // Addresses are given out by age, so a new Gateway may take the one of a Gateway without a time.
        strip_addresses(&mut after);
        let mut before = before;
        strip_addresses(&mut before);
        prop_assert_eq!(after, before);
    }

    /// Fewer grants never mean more traffic: every backend and certificate that is reached without a grant
    /// was reached with it.
    #[test]
    fn removing_a_grant_never_adds_traffic(
        objects in prop::collection::vec(world::objects(), 1..30),
        grant in world::grants(),
    ) {
        let mut objects: Vec<SnapshotObject> = std::iter::once(ours()).chain(objects).collect();
        objects.retain(|o| o.reference() != SnapshotObject::from(grant.clone()).reference());
        let without = reached(&resolve_all(&objects));
        objects.push(grant.into());
        let with = reached(&resolve_all(&objects));
        let more: Vec<_> = without.difference(&with).collect();
        prop_assert!(more.is_empty(), "{:?}", more);
    }
}

/// The Gateways and the policy of the test below; the older a Gateway, the smaller its number.
fn crowd(numbers: std::ops::Range<i64>, class: &str) -> Vec<SnapshotObject> {
    let gateway = |number: i64| {
        let listeners = vec![world::listener("http", 80, "HTTP".into())];
        let mut gateway = world::gateway("a", &format!("front-{number}"), listeners);
        gateway.spec.gateway_class_name = class.to_owned();
        let created = k8s_openapi::jiff::Timestamp::from_second(number).unwrap();
        gateway.metadata.creation_timestamp = Some(
            k8s_openapi::apimachinery::pkg::apis::meta::v1::Time(created),
        );
        gateway.into()
    };
    numbers.map(gateway).collect()
}

/// A policy that has room for 16 Gateways is shared out alike whatever came first, but for those that have an
/// entry: these keep it.
#[test]
fn the_room_of_a_policy_is_shared_out_as_a_full_resolve_does() {
    let controllers = [world::CONTROLLER, "example.com/second"];
    let options = Options {
        controllers: gwapi::attachment::Controllers::Named(controllers.map(str::to_owned).into()),
        ..options()
    };
    let mut resolver = Resolver::new(options.clone());
    let mut route = gwapi::v1::HttpRoute {
        metadata: world::metadata("a", "route"),
        ..Default::default()
    };
    route.spec.parent_refs = (0..20)
        .map(|n| world::parent("a", &format!("front-{n}")))
        .collect();
    route.spec.rules = Some(vec![gwapi::v1::HttpRouteRule {
        backend_refs: vec![world::http_backend(None, "x", 80)],
        ..Default::default()
    }]);
    let policy = world::tls_policy("a", "policy", "x");
    let reference = SnapshotObject::from(policy.clone()).reference();
    let check = |resolver: &mut Resolver, changed: &str, without_room: &[&str]| {
        resolver.update();
        let full = resolve(resolver.snapshot(), &options);
        assert_eq!(*resolver.resolution(), full, "{changed}");
        let failing: Vec<&str> = full
            .effective
            .gateways
            .values()
            .filter(|gateway| {
                let routes = &gateway.listeners[0].http;
                routes
                    .iter()
                    .any(|r| r.route.rules[0].backends[0].target.is_err())
            })
            .map(|gateway| gateway.name.name.as_str())
            .collect();
        assert_eq!(failing, without_room, "{changed}");
    };
    let put = |resolver: &mut Resolver, objects: Vec<SnapshotObject>| {
        objects
            .into_iter()
            .for_each(|object| resolver.insert(object));
    };
    put(&mut resolver, crowd(1..19, "ours"));
    resolver.insert(ours());
    resolver.insert(world::class("second", controllers[1]));
    resolver.insert(route);
    resolver.insert(world::service("a", "x", 80));
    check(&mut resolver, "no policy", &[]);
    resolver.insert(policy.clone());
    check(&mut resolver, "a policy", &["front-17", "front-18"]);
    put(&mut resolver, crowd(0..1, "ours"));
    check(
        &mut resolver,
        "an older Gateway",
        &["front-16", "front-17", "front-18"],
    );
    let now = k8s_openapi::apimachinery::pkg::apis::meta::v1::Time(
        k8s_openapi::jiff::Timestamp::UNIX_EPOCH,
    );
    let Some(gwapi::attachment::Status::Policy(written)) = resolver
        .next_status(&reference, &now)
        .map(|next| next.status)
    else {
        panic!("a policy has a status of its own kind")
    };
    assert_eq!(written.ancestors.len(), 16);
    resolver.insert(gwapi::v1alpha3::BackendTlsPolicy {
        status: Some(written),
        ..policy
    });
    check(
        &mut resolver,
        "written",
        &["front-16", "front-17", "front-18"],
    );
    let gone = crowd(0..1, "ours");
    resolver.remove(&gone[0].reference());
    check(&mut resolver, "a Gateway gone", &["front-17", "front-18"]);
    put(&mut resolver, gone);
    check(
        &mut resolver,
        "and come again",
        &["front-16", "front-17", "front-18"],
    );
    put(&mut resolver, crowd(3..4, "second"));
    check(
        &mut resolver,
        "under another controller",
        &["front-16", "front-17", "front-18"],
    );
    resolver.remove(&reference);
    check(&mut resolver, "no policy again", &[]);
}

fn strip_addresses(resolution: &mut Resolution) {
    for status in resolution.statuses.values_mut() {
        if let gwapi::attachment::Status::Gateway(gateway) = status {
            gateway.addresses.clear();
        }
    }
    for gateway in resolution.effective.gateways.values_mut() {
        std::sync::Arc::make_mut(gateway).addresses.clear();
    }
}

/// Every way from a kind of route to a backend that is good, and every certificate that is presented. By
/// names alone: which listener a route hangs on may change with the listeners that a grant brings to life.
fn reached(resolution: &Resolution) -> BTreeSet<String> {
    let mut reached = BTreeSet::new();
    for gateway in resolution.effective.gateways.values() {
        for listener in &gateway.listeners {
            for certificate in listener.tls.iter().flat_map(|tls| &tls.certificates) {
                reached.insert(format!("{} {}", gateway.name, certificate.reference));
            }
        }
    }
    for (status, reference) in resolution.statuses.iter().map(|(r, s)| (s, r)) {
        // A route's references are judged whether or not it is in force.
        if let gwapi::attachment::Status::Route(route) = status {
            for parent in &route.parents {
                let good = parent
                    .conditions
                    .iter()
                    .any(|c| c.type_ == "ResolvedRefs" && c.status == "True");
                if good {
                    reached.insert(format!("{reference} at {:?}", parent.parent_ref));
                }
            }
        }
    }
    reached
}
