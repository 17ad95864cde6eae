//! The laws of sessions, on generated histories against a naive map: what each client was told last, and when.
//!
//! - A session sticks to its endpoint until a timeout, whatever the weights become.
//! - A request renews the idle timeout; nothing renews the absolute one.
//! - What was altered, or belongs to another rule or listener, selects nothing.
//! - Where the endpoint does not serve any more, one is chosen anew, and the response says so.
//! - A token whose key has been dropped selects nothing.
//! - What a route says overrides the policies of its backends, as a whole: name, type and timeouts.

use super::*;
use crate::{
    attachment::effective::EndpointList,
    backend::{EndpointSet, WeightedChoice},
};
use proptest::{collection::vec, prelude::*};
use std::collections::HashMap;

/// Places where sessions live: two rules at two listeners.
const PLACES: usize = 4;
const BACKENDS: usize = 3;
const ENDPOINTS: usize = 3;

#[derive(Clone, Debug)]
enum Step {
    Wait(u64),
    Request {
        client: u8,
        place: usize,
        sends: Sends,
        draws: (u64, u64),
    },
    /// An endpoint becomes ready, terminates and still serves, or is gone.
    Endpoint {
        backend: usize,
        endpoint: usize,
        state: u8,
    },
    Weight {
        backend: usize,
        weight: u32,
    },
    Rotate {
        keep: usize,
    },
}

/// What a client sends.
#[derive(Clone, Debug)]
enum Sends {
    /// What it got at this place, as a client does.
    Own,
    Nothing,
    /// What it got at this place, altered.
    Altered(usize),
    /// What it got at another place.
    Of(usize),
    /// Something and then what it got.
    After(String),
}

fn step() -> impl Strategy<Value = Step> {
    let sends = prop_oneof![
        8 => Just(Sends::Own),
        1 => Just(Sends::Nothing),
        1 => (0_usize..86).prop_map(Sends::Altered),
        1 => (0..PLACES).prop_map(Sends::Of),
        1 => "[A-Za-z0-9_-]{0,100}".prop_map(Sends::After),
    ];
    prop_oneof![
        3 => prop_oneof![0_u64..12_000, Just(5_000), Just(5_001), Just(20_000)].prop_map(Step::Wait),
        8 => (0_u8..3, 0..PLACES, sends, any::<(u64, u64)>())
            .prop_map(|(client, place, sends, draws)| Step::Request { client, place, sends, draws }),
        2 => (0..BACKENDS, 0..ENDPOINTS, 0_u8..3)
            .prop_map(|(backend, endpoint, state)| Step::Endpoint { backend, endpoint, state }),
        1 => (0..BACKENDS, prop_oneof![Just(0_u32), 1_u32..4])
            .prop_map(|(backend, weight)| Step::Weight { backend, weight }),
        1 => (0_usize..3).prop_map(|keep| Step::Rotate { keep }),
    ]
}

/// What the naive map knows of a session.
#[derive(Clone, Copy, Debug)]
struct Known {
    backend: usize,
    endpoint: usize,
    created: u64,
    last_used: u64,
    /// Which key, counted from the first, sealed the token.
    key: usize,
}

/// Where session persistence is written. The naive map knows one of them: what the route says, else what the policies say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum WrittenIn {
    Route,
    /// In the policies of all backends, which say the same.
    Policies,
    /// In the route, and something else in the policies of these backends, a bit each.
    Both {
        policies: u8,
    },
}

fn written_in() -> impl Strategy<Value = WrittenIn> {
    prop_oneof![
        Just(WrittenIn::Route),
        Just(WrittenIn::Policies),
        (1_u8..8).prop_map(|policies| WrittenIn::Both { policies }),
    ]
}

fn session_type(is_header: bool) -> &'static str {
    if is_header { "Header" } else { "Cookie" }
}

struct World {
    sessions: Vec<RuleSessions>,
    keys: SessionKeys,
    sealed_with: usize,
    kept: usize,
    states: [[u8; ENDPOINTS]; BACKENDS],
    weights: [u32; BACKENDS],
    now: u64,
    absolute: Option<u64>,
    idle: Option<u64>,
    /// The header in which clients send what they hold.
    header: &'static str,
    /// What the clients hold.
    jars: HashMap<(u8, usize), String>,
    known: HashMap<(u8, usize), Known>,
}

fn endpoint_set(backend: usize, states: &[u8; ENDPOINTS]) -> EndpointSet {
    let there = states.iter().enumerate().filter(|(_, state)| **state < 2);
    let address = |(n, state): (usize, &u8)| BackendAddress {
        serving: true,
        terminating: *state == 1,
        ..BackendAddress::new(format!("10.0.{backend}.{n}"), *state == 0)
    };
    EndpointSet::new(EndpointList::at_port(8080, there.map(address).collect()))
}

impl World {
    fn new(
        absolute: Option<u64>,
        idle: Option<u64>,
        is_header: bool,
        written_in: WrittenIn,
    ) -> Self {
        let mut written = json!({"sessionName": "SID", "type": session_type(is_header)});
        let seconds = |millis: u64| json!(format!("{millis}ms"));
        for (field, timeout) in [("absoluteTimeout", absolute), ("idleTimeout", idle)] {
            if let Some(timeout) = timeout {
                written[field] = seconds(timeout);
            }
        }
        let sessions = (0..PLACES).map(|place| {
            let policy = |at: usize| match written_in {
                WrittenIn::Route => None,
                WrittenIn::Policies => Some(written.clone()),
                WrittenIn::Both { policies } => ((policies >> at) & 1 == 1).then(|| {
                    json!({
                        "sessionName": "OTHER", "type": session_type(!is_header),
                        "absoluteTimeout": "7s", "idleTimeout": "1s",
                    })
                }),
            };
            let names = [("a", 0), ("b", 1), ("c", 2)];
            let names = names.map(|(name, at)| backend(name, policy(at)));
            let own = (written_in != WrittenIn::Policies).then(|| written.clone());
            let rule = rule(place % 2, own, names.into());
            let parent = listener(if place < 2 { "http" } else { "https" });
            RuleSessions::http(&parent, &route(), &rule, options())
                .unwrap()
                .unwrap()
        });
        Self {
            sessions: sessions.collect(),
            keys: keys(),
            sealed_with: 0,
            kept: 0,
            states: [[0; ENDPOINTS]; BACKENDS],
            weights: [1; BACKENDS],
            now: 0,
            absolute,
            idle,
            header: if is_header { "sid" } else { "cookie" },
            jars: HashMap::new(),
            known: HashMap::new(),
        }
    }

    /// The session that a client must be in, by the naive map.
    fn expected(&self, client: u8, place: usize) -> Option<Known> {
        let known = self.known.get(&(client, place))?;
        let lasts = self
            .absolute
            .is_none_or(|timeout| self.now - known.created < timeout)
            && self
                .idle
                .is_none_or(|timeout| self.now - known.last_used <= timeout)
            && known.key + self.kept >= self.sealed_with;
        lasts.then_some(*known)
    }

    /// The header that a client sends, and whether its own token is in it.
    fn sent(&self, client: u8, place: usize, sends: &Sends) -> (Option<String>, bool) {
        let jar = |place: usize| self.jars.get(&(client, place)).cloned();
        match sends {
            Sends::Own => (jar(place), true),
            Sends::Nothing => (None, false),
            Sends::Of(other) => (jar(*other), *other == place),
            Sends::Altered(at) => {
                let Some(mut token) = jar(place) else {
                    return (None, false);
                };
                let at = token.len() - 1 - at.min(&85);
                let other = if &token[at..=at] == "A" { "w" } else { "A" };
                token.replace_range(at..=at, other);
                (Some(token), false)
            }
            Sends::After(text) => match jar(place) {
                // By header there is one value, which is then no token.
                Some(token) if token.starts_with("SID=") => {
                    (Some(format!("SID={text}; {token}")), true)
                }
                Some(token) => (Some(format!("{text},{token}")), false),
                None => (Some(text.clone()), false),
            },
        }
    }

    fn request(
        &mut self,
        client: u8,
        place: usize,
        sends: &Sends,
        draws: (u64, u64),
    ) -> Result<(), TestCaseError> {
        let sessions = &self.sessions[place];
        let (sent, own) = self.sent(client, place, sends);
        let request = sent.map_or_else(nothing, |sent| sending(self.header, sent));
        let recall = sessions.recall(&request, &self.keys, at(self.now));
        let expected = self.expected(client, place).filter(|_| own);
        prop_assert_eq!(
            recall.session().map(Session::backend),
            expected.map(|known| known.backend)
        );

        // As a data plane does it: the session's endpoint if it serves, else by the weights.
        let sets: Vec<_> = self
            .states
            .iter()
            .enumerate()
            .map(|(n, states)| endpoint_set(n, states))
            .collect();
        let place_of = |session: Session| {
            let set = &sets[session.backend()];
            let index = set
                .find(session.endpoint())
                .filter(|index| set.serves(*index))?;
            Some((session.backend(), index))
        };
        let stays = recall.session().and_then(place_of);
        let drawn = || {
            let choice = WeightedChoice::new(self.weights).unwrap();
            let backend = choice.choose(draws.0.checked_rem(choice.total())?)?;
            let set = &sets[backend];
            let remaining = u64::try_from(set.remaining(&[])).unwrap();
            Some((
                backend,
                set.choose(draws.1.checked_rem(remaining)?, &[]).ok()?,
            ))
        };
        // The naive map: an established session goes on wherever its endpoint serves, a weight of 0 included.
        let must_stay = expected.filter(|known| self.states[known.backend][known.endpoint] < 2);
        prop_assert_eq!(stays.is_some(), must_stay.is_some());
        let Some((backend, index)) = stays.or_else(drawn) else {
            // An answer of the data plane itself, without a token.
            return Ok(());
        };
        let address = sets[backend].get(index).unwrap().address.to_owned();
        let endpoint: usize = address.rsplit('.').next().unwrap().parse().unwrap();
        if let Some(known) = must_stay {
            prop_assert_eq!((backend, endpoint), (known.backend, known.endpoint));
        }

        let served = Served {
            backend,
            endpoint: sets[backend].key(index).unwrap(),
            match_index: 0,
            secure: false,
        };
        let due = match (expected, must_stay) {
            (None, _) => Some(Due::New),
            (Some(_), None) => Some(Due::Moved),
            (_, Some(known)) if known.key < self.sealed_with => Some(Due::KeyRotated),
            (_, Some(known)) if self.idle.is_some() && known.last_used < self.now => {
                Some(Due::Idle)
            }
            _ => None,
        };
        let nonce = [u8::try_from(self.now % 251).unwrap(); 12];
        let header = sessions.issue(&recall, &served, &self.keys, nonce);
        prop_assert_eq!(header.as_ref().map(SessionHeader::due), due);
        if let Some(header) = header {
            let created = must_stay.map_or(self.now, |known| known.created);
            self.jars.insert((client, place), kept(&header));
            self.known.insert(
                (client, place),
                Known {
                    backend,
                    endpoint,
                    created,
                    last_used: self.now,
                    key: self.sealed_with,
                },
            );
        }
        Ok(())
    }

    fn take(&mut self, step: &Step) -> Result<(), TestCaseError> {
        match step {
            Step::Wait(millis) => self.now += millis,
            Step::Request {
                client,
                place,
                sends,
                draws,
            } => return self.request(*client, *place, sends, *draws),
            Step::Endpoint {
                backend,
                endpoint,
                state,
            } => self.states[*backend][*endpoint] = *state,
            Step::Weight { backend, weight } => self.weights[*backend] = *weight,
            Step::Rotate { keep } => {
                self.sealed_with += 1;
                self.kept = (self.kept + 1).min(*keep);
                let mut key = [1; 16];
                key[..8].copy_from_slice(&(self.sealed_with as u64).to_le_bytes());
                self.keys.rotate(SessionKey::from(key), *keep);
            }
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn sessions_do_what_a_naive_map_says(
        absolute in prop_oneof![Just(None), Just(Some(20_000_u64))],
        idle in prop_oneof![Just(None), Just(Some(5_000_u64))],
        is_header in any::<bool>(),
        written_in in written_in(),
        steps in vec(step(), 1..80),
    ) {
        let mut world = World::new(absolute, idle, is_header, written_in);
        for step in &steps {
            world.take(step)?;
        }
    }
}

/// The generated histories do come to every case of the laws.
#[test]
fn the_histories_meet_every_case() {
    use proptest::{strategy::ValueTree, test_runner::TestRunner};
    let mut runner = TestRunner::deterministic();
    let mut met = std::collections::BTreeMap::new();
    for _ in 0..200 {
        let steps = vec(step(), 80).new_tree(&mut runner).unwrap().current();
        let mut world = World::new(Some(20_000), Some(5_000), false, WrittenIn::Route);
        for step in &steps {
            if let Step::Request {
                client,
                place,
                sends,
                ..
            } = step
            {
                let (sent, _) = world.sent(*client, *place, sends);
                let request = sent.map_or_else(nothing, |sent| sending("cookie", sent));
                let recall = world.sessions[*place].recall(&request, &world.keys, at(world.now));
                let case = match recall.session() {
                    Some(session) if world.weights[session.backend()] == 0 => {
                        "kept at weight 0".to_owned()
                    }
                    Some(_) => "kept".to_owned(),
                    None => format!("{:?}", recall.refusal()),
                };
                *met.entry(case).or_insert(0) += 1;
            }
            world.take(step).unwrap();
        }
    }
    for case in [
        "kept",
        "kept at weight 0",
        "None",
        "Some(Malformed)",
        "Some(UnknownKey)",
        "Some(NotAuthentic)",
        "Some(Expired)",
        "Some(Idle)",
        "Some(Oversized)",
    ] {
        assert!(
            met.get(case).is_some_and(|count| *count > 5),
            "{case}: {met:?}"
        );
    }
}
