//! From a wanted status and the present one to the one to write.

use crate::world;
use gwapi::{
    attachment::{Next, Options, Resolver, Status, next, status},
    meta::{ObjectReference, condition},
    v1::{HttpRoute, HttpRouteSpec, RouteParentStatus, RouteStatus},
    v1alpha2::{MAX_ANCESTORS, PolicyAncestorStatus, PolicyStatus},
};
use k8s_openapi::{apimachinery::pkg::apis::meta::v1::Time, jiff::Timestamp};

fn at(second: i64) -> Time {
    Time(Timestamp::from_second(second).unwrap())
}

fn entry(parent: &str, controller: &str, accepted: bool) -> RouteParentStatus {
    let mut accepted = condition::new("Accepted", accepted, "Accepted", "said", Some(1));
    accepted.last_transition_time = at(1);
    RouteParentStatus {
        parent_ref: world::parent("a", parent),
        controller_name: controller.to_owned(),
        conditions: vec![accepted],
    }
}

fn ours(controller: &str) -> bool {
    controller == world::CONTROLLER
}

#[test]
fn entries_of_other_controllers_stay_as_and_where_they_are() {
    let foreign = entry("x", "example.com/theirs", false);
    let present = RouteStatus {
        parents: vec![
            entry("gone", world::CONTROLLER, true),
            foreign.clone(),
            entry("x", world::CONTROLLER, true),
        ],
    };
    let wanted = RouteStatus {
        parents: vec![
            entry("new", world::CONTROLLER, true),
            entry("x", world::CONTROLLER, false),
        ],
    };
    let next = status::route(Some(&present), &wanted, ours, &at(9));
    let names: Vec<_> = next
        .parents
        .iter()
        .map(|p| (p.parent_ref.name.as_str(), p.controller_name.as_str()))
        .collect();
    assert_eq!(
        names,
        [
            ("x", "example.com/theirs"),
            ("x", world::CONTROLLER),
            ("new", world::CONTROLLER)
        ]
    );
    assert_eq!(next.parents[0], foreign);
}

#[test]
fn last_transition_time_moves_only_with_the_status_and_foreign_conditions_stay() {
    let mut present = RouteStatus {
        parents: vec![entry("x", world::CONTROLLER, true)],
    };
    present.parents[0]
        .conditions
        .push(condition::new("example.com/Own", true, "Own", "", None));
    present.parents[0].conditions.push(condition::new(
        condition::route::PARTIALLY_INVALID,
        true,
        "UnsupportedValue",
        "Dropped Rule: 1",
        Some(1),
    ));
    let same = RouteStatus {
        parents: vec![entry("x", world::CONTROLLER, true)],
    };
    let kept = status::route(Some(&present), &same, ours, &at(9));
    assert_eq!(kept.parents[0].conditions[0].last_transition_time, at(1));
    let types: Vec<_> = kept.parents[0]
        .conditions
        .iter()
        .map(|c| c.type_.as_str())
        .collect();
    // What no longer holds of ours goes, what others say stays.
    assert_eq!(types, ["Accepted", "example.com/Own"]);

    let other = RouteStatus {
        parents: vec![entry("x", world::CONTROLLER, false)],
    };
    let moved = status::route(Some(&present), &other, ours, &at(9));
    assert_eq!(moved.parents[0].conditions[0].last_transition_time, at(9));
}

#[test]
fn a_write_is_needed_exactly_if_something_differs() {
    let wanted = Status::Route(RouteStatus {
        parents: vec![entry("x", world::CONTROLLER, true)],
    });
    let Next { status, write } = next(None, &wanted, ours, &at(2));
    assert!(write);
    assert!(!next(Some(&status), &wanted, ours, &at(3)).write);
    let nothing = Status::Route(RouteStatus::default());
    assert!(!next(None, &nothing, ours, &at(3)).write);
    assert!(next(Some(&status), &nothing, ours, &at(3)).write);
}

#[test]
fn a_policy_has_at_most_16_ancestors_and_those_that_are_there_go_first() {
    let ancestor = |name: String, controller: &str| PolicyAncestorStatus {
        ancestor_ref: world::parent("a", &name),
        controller_name: controller.to_owned(),
        conditions: vec![condition::new(
            "Accepted",
            true,
            "Accepted",
            "said",
            Some(1),
        )],
    };
    let present = PolicyStatus {
        ancestors: (0..10)
            .map(|n| ancestor(format!("theirs-{n}"), "example.com/theirs"))
            .collect(),
    };
    let wanted = PolicyStatus {
        ancestors: (0..10)
            .map(|n| ancestor(format!("ours-{n}"), world::CONTROLLER))
            .collect(),
    };
    let next = status::policy(Some(&present), &wanted, ours, &at(2));
    assert_eq!(next.ancestors.len(), MAX_ANCESTORS);
    assert_eq!(next.ancestors[..10], present.ancestors[..]);
    assert_eq!(next.ancestors[15].ancestor_ref.name, "ours-5");
}

#[test]
fn a_status_that_was_written_is_not_written_again() {
    let route = HttpRoute {
        metadata: world::metadata("a", "route"),
        spec: HttpRouteSpec {
            parent_refs: vec![world::parent("a", "front")],
            ..Default::default()
        },
        status: Some(RouteStatus {
            parents: vec![entry("front", "example.com/theirs", true)],
        }),
    };
    let mut resolver = Resolver::new(Options::new(world::CONTROLLER));
    resolver.insert(world::class("ours", world::CONTROLLER));
    resolver.insert(world::gateway(
        "a",
        "front",
        vec![world::listener("http", 80, "HTTP".into())],
    ));
    resolver.insert(route.clone());
    resolver.update();
    let reference = ObjectReference {
        group: gwapi::meta::GROUP.into(),
        kind: "HTTPRoute".into(),
        namespace: "a".into(),
        name: "route".into(),
    };
    let first = resolver.next_status(&reference, &at(5)).unwrap();
    assert!(first.write);
    let Status::Route(written) = first.status else {
        panic!("a route has the status of one")
    };
    assert_eq!(written.parents.len(), 2);
    resolver.insert(HttpRoute {
        status: Some(written),
        ..route
    });
    assert!(resolver.update().is_empty());
    assert!(!resolver.next_status(&reference, &at(6)).unwrap().write);
}
