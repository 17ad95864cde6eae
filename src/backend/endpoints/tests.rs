//! A set against a plain list.

use super::*;
use crate::{
    attachment::effective::{BackendAddress, EndpointList},
    meta::ObjectRef,
};
use proptest::{collection::vec, prelude::*};

fn set(addresses: Vec<BackendAddress>) -> EndpointSet {
    EndpointSet::new(EndpointList::at_port(8080, addresses))
}

fn address(n: usize, ready: bool, serving: bool) -> BackendAddress {
    with_state(n, (ready, serving, serving && !ready))
}

fn with_state(n: usize, (ready, serving, terminating): (bool, bool, bool)) -> BackendAddress {
    BackendAddress {
        serving,
        terminating,
        ..BackendAddress::new(format!("10.0.{}.{}", n / 256, n % 256), ready)
    }
}

fn pod(name: &str, address: BackendAddress) -> BackendAddress {
    let reference = ObjectRef {
        group: String::new(),
        kind: "Pod".into(),
        namespace: "shop".into(),
        name: name.into(),
    };
    BackendAddress {
        target_ref: Some(reference),
        ..address
    }
}

proptest! {
    /// All draws together give each endpoint once that may be chosen and was not tried: the ready ones, else those that
    /// terminate and still serve.
    #[test]
    fn all_draws_together_give_each_remaining_endpoint_once(
        states in vec((any::<bool>(), any::<bool>(), any::<bool>()), 0..12),
        tried in vec(0_u32..14, 0..8),
    ) {
        let list: Vec<_> = states.iter().enumerate().map(|(n, state)| with_state(n, *state)).collect();
        let set = set(list.clone());
        let tried: Vec<_> = tried.into_iter().map(EndpointIndex).collect();
        let was_tried = |a: &&BackendAddress| {
            tried.iter().any(|i| set.get(*i).is_some_and(|e| e.address == a.address))
        };
        let any_ready = list.iter().any(|a| a.ready);
        let may_be_chosen = |a: &&BackendAddress| match any_ready {
            true => a.ready,
            false => a.serving && a.terminating,
        };
        let mut wanted: Vec<&str> = list.iter().filter(may_be_chosen).filter(|a| !was_tried(a)).map(|a| a.address.as_str()).collect();
        wanted.sort_unstable();
        let total = set.remaining(&tried);
        prop_assert_eq!(total, wanted.len());
        let mut chosen = Vec::new();
        for draw in 0..u64::try_from(total).unwrap() {
            let index = set.choose(draw, &tried).unwrap();
            prop_assert!(set.serves(index));
            chosen.push(set.get(index).unwrap().address);
        }
        chosen.sort_unstable();
        prop_assert_eq!(chosen, wanted);
        let beyond = u64::try_from(total).unwrap();
        let error = match beyond {
            0 => DrawError::Nothing,
            total => DrawError::OutOfRange { draw: total, total },
        };
        prop_assert_eq!(set.choose(beyond, &tried), Err(error));
    }

    /// A key finds its endpoint again in any set that has it, and in no other.
    #[test]
    fn a_key_finds_its_endpoint_in_any_set(here in vec(any::<bool>(), 1..40), there in vec(any::<bool>(), 40)) {
        let made = |present: &[bool]| {
            let of = |(n, present): (usize, &bool)| present.then(|| address(n, n % 3 != 0, n % 2 == 0));
            set(present.iter().enumerate().filter_map(of).collect())
        };
        let (one, other) = (made(&here), made(&there));
        for (index, endpoint) in one.iter() {
            let key = one.key(index).unwrap();
            prop_assert_eq!(one.find(key), Some(index));
            prop_assert_eq!(one.serves(index), endpoint.ready || endpoint.serving);
            let found = other.find(key).and_then(|index| other.get(index));
            let wanted = other.iter().map(|(_, e)| e).find(|e| e.address == endpoint.address);
            prop_assert_eq!(found, wanted);
        }
    }
}

/// Kubernetes writes an endpoint into two slices while it moves between them.
#[test]
fn an_endpoint_in_two_states_counts_once_in_the_better_one() {
    let of = |ready, serving| pod("a", address(1, ready, serving));
    let set = set(vec![of(false, false), of(true, true), of(false, true)]);
    assert_eq!((set.len(), set.ready()), (1, 1));
    let index = set.choose(0, &[]).unwrap();
    assert_eq!(set.find(set.key(index).unwrap()), Some(index));
}

/// GEP-1619: an address that another Pod got is not the same endpoint.
#[test]
fn a_reused_address_is_another_endpoint() {
    let before = set(vec![pod("a", address(1, true, true))]);
    let after = set(vec![pod("b", address(1, true, true))]);
    let key = before.key(EndpointIndex(0)).unwrap();
    assert_eq!(before.find(key), Some(EndpointIndex(0)));
    assert_eq!(after.find(key), None);
    // The state is no part of it.
    let draining = set(vec![pod("a", address(1, false, true))]);
    assert_eq!(draining.find(key), Some(EndpointIndex(0)));
    assert_eq!(key.to_string().len(), 16);
}

/// The values may never change: tokens name endpoints by them.
#[test]
fn keys_are_the_same_everywhere() {
    let set = set(vec![
        address(1, true, true),
        pod("a", address(2, true, true)),
    ]);
    let keys: Vec<_> = set
        .iter()
        .map(|(_, e)| EndpointKey::of(&e).to_string())
        .collect();
    assert_eq!(keys, ["b9a7c6ad9cb72b25", "0072d0b2bd859be8"]);
}
