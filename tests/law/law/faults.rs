//! Faults that are planted in sets: the law notices each.

use super::*;

/// How many violations there are in some sets, once a fault was planted in each.
fn with_fault(plant: impl Fn(&mut Set)) -> (usize, usize) {
    with_fault_in(120, plant)
}

/// The same in so many sets.
fn with_fault_in(sets: u64, plant: impl Fn(&mut Set)) -> (usize, usize) {
    let (mut silent, mut unsaid) = (0, 0);
    for seed in 0..sets {
        let mut set = Set::new(seed);
        plant(&mut set);
        for violation in set.violations() {
            match violation {
                Violation::Silent(_) => silent += 1,
                Violation::Unsaid(..) => unsaid += 1,
            }
        }
    }
    (silent, unsaid)
}

/// Changes the messages of the conditions of routes.
fn each_message(set: &mut Set, change: impl Fn(&mut String)) {
    for status in set.resolution.statuses.values_mut() {
        let Status::Route(route) = status else {
            continue;
        };
        let parents = route.parents.iter_mut();
        let conditions = parents.flat_map(|parent| &mut parent.conditions);
        conditions.for_each(|condition| change(&mut condition.message));
    }
}

#[test]
fn the_law_notices_faults() {
    // Lint says nothing any more.
    let (silent, _) = with_fault(|set| set.reports.clear());
    assert!(silent > 5, "{silent}");

    // The status names a route that the listener does not have.
    let (silent, _) = with_fault(|set| {
        for gateway in set.resolution.effective.gateways.values_mut() {
            let mut changed = EffectiveGateway::clone(gateway);
            for listener in &mut changed.listeners {
                let mut without = EffectiveListener::clone(listener);
                without.http = without.http.iter().rev().skip(1).cloned().collect();
                *listener = without.into();
            }
            *gateway = changed.into();
        }
    });
    assert!(silent > 10, "{silent}");

    // A listener serves less than its configuration says.
    let (silent, _) = with_fault(|set| {
        let mut effective = set.resolution.effective.clone();
        for gateway in effective.gateways.values_mut() {
            let mut changed = EffectiveGateway::clone(gateway);
            for listener in &mut changed.listeners {
                let mut without = EffectiveListener::clone(listener);
                without.http = without.http.iter().rev().skip(1).cloned().collect();
                *listener = without.into();
            }
            *gateway = changed.into();
        }
        set.simulator = Simulator::new(effective, RouterOptions::default());
    });
    assert!(silent > 10, "{silent}");

    // Listeners of one port answer under each other's name: who is asked at the wider one is answered by another one that is not
    // more specific.
    let (silent, _) = with_fault(|set| {
        let mut effective = set.resolution.effective.clone();
        for gateway in effective.gateways.values_mut() {
            let mut changed = EffectiveGateway::clone(gateway);
            let listeners = &mut changed.listeners;
            for at in 1..listeners.len() {
                if listeners[at - 1].port == listeners[at].port {
                    let names = [at, at - 1].map(|at| listeners[at].name.clone());
                    for (at, name) in [at - 1, at].into_iter().zip(names) {
                        let mut renamed = EffectiveListener::clone(&listeners[at]);
                        renamed.name = name;
                        listeners[at] = renamed.into();
                    }
                }
            }
            *gateway = changed.into();
        }
        set.simulator = Simulator::new(effective, RouterOptions::default());
    });
    assert!(silent > 5, "{silent}");

    // The status says that every reference is resolved.
    let (_, unsaid) = with_fault(|set| {
        for status in set.resolution.statuses.values_mut() {
            let Status::Route(route) = status else {
                continue;
            };
            for parent in &mut route.parents {
                parent
                    .conditions
                    .retain(|condition| condition.type_ != "ResolvedRefs");
            }
        }
    });
    assert!(unsaid > 10, "{unsaid}");

    // The status says that something is wrong, and not what; or no more than that there are further causes; or it speaks of
    // another rule.
    for change in [
        |message: &mut String| message.clear(),
        |message: &mut String| *message = "and 3 more".into(),
        |message: &mut String| *message = format!("rule 99: {message}"),
    ] {
        let (_, unsaid) = with_fault_in(40, |set| each_message(set, change));
        assert!(unsaid > 10, "{unsaid}");
    }

    // The status names one cause, and it is another one's.
    let (_, unsaid) = with_fault(|set| {
        each_message(set, |message| {
            *message = "Service a/other does not exist".into();
        });
    });
    assert!(unsaid > 10, "{unsaid}");
}
