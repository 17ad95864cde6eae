//! From a wanted status and the present one to the one to write.

use crate::world;
use gwapi::{
    attachment::{Next, Omitted, Options, Resolver, Status, StatusPart, next, status},
    meta::{Channel, Condition, ObjectRef, condition},
    v1::{
        GatewayClassStatus, GatewayStatus, GatewayStatusAddress, HttpRoute, HttpRouteSpec,
        ListenerStatus, RouteGroupKind, RouteParentStatus, RouteStatus, SupportedFeature,
    },
    v1alpha2::{MAX_ANCESTORS, PolicyAncestorStatus, PolicyStatus},
    v1alpha3::BackendTlsPolicy,
    validation,
};
use k8s_openapi::{apimachinery::pkg::apis::meta::v1::Time, jiff::Timestamp};
use proptest::prelude::*;
use std::collections::BTreeSet;

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
    let Next { status, write, .. } = next(None, &wanted, ours, &at(2));
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
    let mut resolver = Resolver::new(Options::for_simulator(world::CONTROLLER));
    resolver.insert(world::class("ours", world::CONTROLLER));
    resolver.insert(world::gateway(
        "a",
        "front",
        vec![world::listener("http", 80, "HTTP".into())],
    ));
    resolver.insert(route.clone());
    resolver.update();
    let reference = ObjectRef {
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

/// Conditions of types that are not ours, and perhaps some that are.
fn conditions(most: usize) -> impl Strategy<Value = Vec<Condition>> {
    let types = [
        "Accepted",
        "ResolvedRefs",
        "Programmed",
        "PartiallyInvalid",
        "ListenersNotValid",
        "a.example/A",
        "a.example/B",
        "a.example/C",
        "a.example/D",
        "a.example/E",
        "a.example/F",
        "a.example/G",
        "a.example/H",
    ];
    let message = prop_oneof![9 => Just(3_usize), 1 => Just(33_000_usize)];
    let one =
        (any::<bool>(), message).prop_map(|(status, length)| (status, "\u{e4}".repeat(length)));
    prop::sample::subsequence(types.to_vec(), 1..=most)
        .prop_shuffle()
        .prop_flat_map(move |types| {
            let ones = prop::collection::vec(one.clone(), types.len());
            ones.prop_map(move |ones| {
                let said = types.iter().zip(ones);
                said.map(|(kind, (status, message))| {
                    condition::new(kind, status, "Said", message, Some(1))
                })
                .collect()
            })
        })
}

/// Those that an API server could hold.
fn stored() -> impl Strategy<Value = Vec<Condition>> {
    conditions(8).prop_map(|mut conditions| {
        for condition in &mut conditions {
            condition.message = condition.message.chars().take(32_768).collect();
        }
        conditions
    })
}

/// Entries for parents `p0` and so on, at most one for each and each controller.
fn entries(
    conditions: impl Strategy<Value = Vec<Condition>>,
    controllers: &'static [&'static str],
    most: usize,
) -> impl Strategy<Value = Vec<(String, String, Vec<Condition>)>> {
    let entry = (0..40, prop::sample::select(controllers), conditions);
    prop::collection::vec(entry, 0..=most).prop_map(|entries| {
        let mut seen = BTreeSet::new();
        entries
            .into_iter()
            .map(|(parent, controller, conditions)| {
                (format!("p{parent}"), controller.to_owned(), conditions)
            })
            .filter(|(parent, controller, _)| seen.insert((parent.clone(), controller.clone())))
            .collect()
    })
}

const THEIRS: &str = "example.com/theirs";

/// What an API server says of the status of an object.
fn refused(object: &impl serde::Serialize) -> Vec<String> {
    let value = serde_json::to_value(object).unwrap();
    let options = validation::ValidationOptions {
        with_status: true,
        ..validation::ValidationOptions::new(Channel::Experimental)
    };
    let report = validation::validate_value(&value, &options);
    report
        .errors()
        .filter(|finding| finding.path().starts_with("status"))
        .map(|finding| format!("{}: {}", finding.path(), finding.message()))
        .collect()
}

/// The conditions of other types than these.
fn others<'a>(conditions: &'a [Condition], wanted: &[Condition]) -> Vec<&'a Condition> {
    let types: Vec<&str> = wanted.iter().map(|c| c.type_.as_str()).collect();
    conditions
        .iter()
        .filter(|c| !types.contains(&c.type_.as_str()) && c.type_.contains('/'))
        .collect()
}

/// The types of the conditions that are said to have no room in a part of a status.
fn without_room(omitted: &[Omitted], part: &StatusPart) -> Vec<String> {
    let of_part = omitted.iter().filter_map(|omitted| match omitted {
        Omitted::Conditions { at, types } if at == part => Some(types.clone()),
        _ => None,
    });
    of_part.flatten().collect()
}

/// The types of the wanted conditions that are not written.
fn missing_of(wanted: &[Condition], written: &[Condition]) -> Vec<String> {
    let is_written = |one: &Condition| {
        let mut written = written.iter();
        written.any(|there| (&there.type_, &there.reason) == (&one.type_, &one.reason))
    };
    let missing = wanted.iter().filter(|one| !is_written(one));
    missing.map(|one| one.type_.clone()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Whatever others wrote and whatever is wanted, the status to write is one that an API server stores, and
    /// what others wrote is in it.
    #[test]
    fn a_status_to_write_is_within_the_limits_of_the_api(
        present in entries(stored(), &[THEIRS, THEIRS, world::CONTROLLER], 32),
        wanted in entries(conditions(8), &[world::CONTROLLER], 40),
    ) {
        let parents = |entries: &[(String, String, Vec<Condition>)]| RouteStatus {
            parents: entries
                .iter()
                .map(|(parent, controller, conditions)| RouteParentStatus {
                    parent_ref: world::parent("a", parent),
                    controller_name: controller.clone(),
                    conditions: conditions.clone(),
                })
                .collect(),
        };
        let (before, wanted_route) = (parents(&present), parents(&wanted));
        let foreign: Vec<&RouteParentStatus> =
            before.parents.iter().filter(|p| p.controller_name == THEIRS).collect();
        let Next { status, omitted, .. } = next(
            Some(&Status::Route(before.clone())),
            &Status::Route(wanted_route.clone()),
            ours,
            &at(9),
        );
        let Status::Route(status) = status else { panic!("a route has the status of one") };
        let kept: Vec<&RouteParentStatus> =
            status.parents.iter().filter(|p| p.controller_name == THEIRS).collect();
        prop_assert_eq!(kept, foreign.clone());
        let entries = omitted.iter().filter(|omitted| matches!(omitted, Omitted::Entry(_)));
        let entries: Vec<&Omitted> = entries.collect();
        prop_assert_eq!(entries.len(), (foreign.len() + wanted.len()).saturating_sub(32));
        prop_assert_eq!(status.parents.len() + entries.len(), foreign.len() + wanted.len());
        for wants in &wanted_route.parents {
            // What is wanted is either written or said not to be.
            let of_entry = StatusPart::Entry(wants.parent_ref.clone());
            let omitted = without_room(&omitted, &of_entry);
            let mut written = status.parents.iter().filter(|p| ours(&p.controller_name));
            let written = written.find(|p| p.parent_ref == wants.parent_ref);
            let written = written.map_or(&[][..], |written| &written.conditions);
            let missing = missing_of(&wants.conditions, written);
            if entries.contains(&&Omitted::Entry(wants.parent_ref.clone())) {
                prop_assert_eq!(missing.len(), wants.conditions.len());
            } else {
                prop_assert_eq!(missing, omitted);
            }
        }
        for own in status.parents.iter().filter(|p| ours(&p.controller_name)) {
            let same = |p: &&RouteParentStatus| {
                ours(&p.controller_name) && p.parent_ref == own.parent_ref
            };
            let was = before.parents.iter().find(same).map(|p| p.conditions.as_slice());
            let wants = wanted_route.parents.iter().find(same).unwrap();
            for condition in others(was.unwrap_or_default(), &wants.conditions) {
                prop_assert!(own.conditions.contains(condition));
            }
        }
        let route = HttpRoute { status: Some(status), ..HttpRoute::new("r", HttpRouteSpec::default()) };
        prop_assert_eq!(refused(&route), Vec::<String>::new());

        let ancestors = |entries: &[(String, String, Vec<Condition>)], most: usize| PolicyStatus {
            ancestors: entries
                .iter()
                .take(most)
                .map(|(parent, controller, conditions)| PolicyAncestorStatus {
                    ancestor_ref: world::parent("a", parent),
                    controller_name: controller.clone(),
                    conditions: conditions.clone(),
                })
                .collect(),
        };
        let present = ancestors(&present, MAX_ANCESTORS);
        let next = status::policy(Some(&present), &ancestors(&wanted, 40), ours, &at(9));
        let kept = next.ancestors.iter().filter(|a| a.controller_name == THEIRS);
        let foreign = present.ancestors.iter().filter(|a| a.controller_name == THEIRS);
        prop_assert!(kept.eq(foreign));
        let policy = BackendTlsPolicy {
            status: Some(next),
            ..world::tls_policy("a", "policy", "x")
        };
        prop_assert_eq!(refused(&policy), Vec::<String>::new());
    }

    /// As above, for a status with one writer.
    #[test]
    fn the_status_of_a_class_and_a_gateway_is_within_the_limits_of_the_api(
        present in stored(), wanted in conditions(8), listeners in 0_usize..70, addresses in 0_usize..20,
    ) {
        let class = status::gateway_class(
            Some(&GatewayClassStatus { conditions: present.clone(), ..Default::default() }),
            &GatewayClassStatus {
                conditions: wanted.clone(),
                supported_features: (0..70).map(|n| SupportedFeature::Text(format!("Feature{n}").as_str().into())).collect(),
            },
            &at(9),
        );
        let mut object = world::class("ours", world::CONTROLLER);
        object.status = Some(class);
        prop_assert_eq!(refused(&object), Vec::<String>::new());

        let of = |conditions: &[Condition], listeners: usize| GatewayStatus {
            attached_listener_sets: None,
            addresses: (0..addresses)
                .map(|n| GatewayStatusAddress { value: format!("192.0.2.{n}"), ..Default::default() })
                .collect(),
            conditions: conditions.to_vec(),
            listeners: (0..listeners)
                .map(|n| ListenerStatus {
                    name: format!("l{n}"),
                    supported_kinds: Some((0..10)
                        .map(|n| RouteGroupKind::gateway_api(format!("Kind{n}")))
                        .collect()),
                    attached_routes: 0,
                    conditions: conditions.to_vec(),
                })
                .collect(),
        };
        let before = of(&present, listeners.min(64));
        let wanted_status = Status::Gateway(of(&wanted, listeners));
        let next = next(Some(&Status::Gateway(before)), &wanted_status, ours, &at(9));
        let Next { status: Status::Gateway(next), omitted, .. } = next else {
            panic!("a Gateway has the status of one")
        };
        let of_object = without_room(&omitted, &StatusPart::Object);
        prop_assert_eq!(missing_of(&wanted, &next.conditions), of_object);
        for listener in &next.listeners {
            let of_listener = without_room(&omitted, &StatusPart::Listener(listener.name.clone()));
            prop_assert_eq!(missing_of(&wanted, &listener.conditions), of_listener);
        }
        for condition in others(&present, &wanted) {
            prop_assert!(next.conditions.contains(condition));
        }
        let mut object = world::gateway("a", "front", Vec::new());
        object.status = Some(next);
        prop_assert_eq!(refused(&object), Vec::<String>::new());
    }

    /// What is wanted is within the limits by itself.
    #[test]
    fn every_wanted_status_is_within_the_limits_of_the_api(
        objects in prop::collection::vec(world::objects(), 1..30),
    ) {
        let mut resolver = Resolver::new(Options::for_simulator(world::CONTROLLER));
        resolver.insert(world::class("ours", world::CONTROLLER));
        for object in objects {
            resolver.insert(object);
        }
        resolver.update();
        for (reference, status) in &resolver.resolution().statuses {
            let object = serde_json::json!({
                "apiVersion": format!("{}/{}", gwapi::meta::GROUP, version(&reference.kind)),
                "kind": reference.kind,
                "metadata": { "name": reference.name },
                "status": status,
            });
            prop_assert_eq!(refused(&object), Vec::<String>::new(), "{}", reference);
        }
    }
}

fn version(kind: &str) -> &'static str {
    match kind {
        "GatewayClass" | "Gateway" | "HTTPRoute" | "GRPCRoute" => "v1",
        "BackendTLSPolicy" => "v1alpha3",
        _ => "v1alpha2",
    }
}
