//! Data planes that draw as they like: what is right passes, and what is wrong is found as where draws are told.

use crate::faults::{Fault, Faulty};
use crate::found;
use gwapi::{
    conformance::{Ask, Kit, Observed, Scenario, Setup, SubjectError, TestSubject},
    meta::FeatureName,
};
use serde_json::Value;
use std::{collections::BTreeSet, time::Duration};

/// A data plane that draws by itself: the same numbers each time that it is made.
struct Drawing {
    plane: Faulty,
    seed: u64,
}

impl Drawing {
    fn new(fault: Fault, seed: u64) -> Self {
        let plane = Faulty::new(fault);
        Self { plane, seed }
    }

    /// The next number of the sequence (splitmix64).
    fn draw(&mut self) -> u64 {
        self.seed = self.seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.seed ^ (self.seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

impl TestSubject for Drawing {
    fn name(&self) -> String {
        "a data plane that draws by itself".to_owned()
    }

    fn supports(&self, feature: &FeatureName) -> bool {
        self.plane.supports(feature)
    }

    fn configure(&mut self, setup: &Setup) -> Result<(), SubjectError> {
        self.plane.configure(setup)
    }

    fn send(&mut self, ask: &Ask) -> Result<Observed, SubjectError> {
        let mut ask = ask.clone();
        ask.draw = self.draw();
        self.plane.send(&ask)
    }

    fn statuses(&mut self) -> Vec<Value> {
        self.plane.statuses()
    }

    fn advance(&mut self, by: Duration) {
        self.plane.advance(by);
    }
}

/// The scenarios in which something is drawn.
fn drawn(scenario: &Scenario) -> bool {
    let asks = scenario.steps().iter().filter_map(|step| step.ask.as_ref());
    let mut asks = asks.map(|ask| (ask.draw, &ask.expect));
    asks.any(|(draw, expect)| {
        draw.is_some()
            || !expect.split.is_empty()
            || expect.same_as.is_some()
            || expect.not_as.is_some()
    })
}

/// No fault at all: it changes nothing.
fn none() -> Fault {
    Fault::Objects(|_| {})
}

#[test]
fn who_draws_as_it_likes_passes() {
    let results = Kit::default().run(&mut Drawing::new(none(), 0));
    assert!(results.is_clean(), "{results}");
    assert_eq!(results.passed(), results.results.len(), "{results}");
    let kit = Kit::default().only(drawn);
    assert!(kit.scenarios().len() >= 17);
    for seed in 1..8 {
        let results = kit.run(&mut Drawing::new(none(), seed));
        assert!(results.is_clean(), "seed {seed}\n{results}");
    }
}

/// Where weights are wrong by much, and for sessions and filters, chance hides nothing.
#[test]
fn the_faults_of_who_draws_as_it_likes_are_found() {
    let hidden_by_nothing = [
        "weights do not count",
        "an invalid backend gives its share to the others",
        "filters of backends are ignored",
        "sessions are not kept",
        "`add` replaces",
    ];
    let mut count = 0;
    for (name, fault, expected) in found::faults() {
        if !hidden_by_nothing.contains(&name) {
            continue;
        }
        count += 1;
        let kit = Kit::default().only(|scenario| fault.concerns(scenario));
        let results = kit.run(&mut Drawing::new(fault, 7));
        let found: BTreeSet<&str> = results.failed().map(|one| one.scenario.name()).collect();
        let expected: BTreeSet<&str> = expected.iter().copied().collect();
        assert_eq!(found, expected, "{name}");
    }
    assert_eq!(count, hidden_by_nothing.len());
}

/// A share is held to what chance allows, and to no more.
#[test]
fn shares_are_held_to_what_chance_allows() {
    let kit = || Kit::default().only(|scenario| scenario.name() == "shares-follow-weights");
    // Of 1000 draws 300 go to the second backend, and 87 more or less are six standard deviations. With this weight 125 do.
    let seven_and_one = Fault::Objects(|objects| {
        for object in objects {
            let weight = object.pointer_mut("/spec/rules/0/backendRefs/1/weight");
            if let Some(weight) = weight {
                *weight = 1.into();
            }
        }
    });
    let results = kit().run(&mut Drawing::new(seven_and_one, 3));
    assert_eq!(results.failed().count(), 1, "{results}");
    let text = results.to_string();
    assert!(text.contains("of 1000 requests"), "{text}");
}
