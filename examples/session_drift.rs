//! What sessions do to a canary: 10 000 clients of one rule, over a change of weights, with a virtual clock.
//!
//! `cargo run --release --example session_drift`. At 1 h half of the new sessions go to the canary, at 3 h one of the old
//! version's endpoints is gone, and at 4 h the old version has weight 0. Each line tells which share of the sessions that
//! began was the canary's, which share of all requests was, how far that lags behind the weights, and how many requests of
//! a session went where the one before them did.
#![expect(clippy::print_stdout, reason = "an example")]
#![allow(
    dead_code,
    clippy::indexing_slicing,
    clippy::allow_attributes,
    reason = "the support module is shared"
)]

#[path = "../tests/support/random.rs"]
mod random;

use gwapi::{
    attachment::effective::{
        BackendAddress, BackendPortKey, EffectiveBackend, EffectiveBackendPort, EffectiveFilters,
        EndpointList, HttpRouteRules, HttpRule,
    },
    backend::{
        EndpointKey, EndpointSet, WeightedChoice,
        session::{
            Due, RuleSessions, Served, SessionKey, SessionKeys, SessionOptions, SessionParent,
        },
    },
    meta::{Behaviour, NamespacedName, ObjectRef, Release, Transport},
    v1::HttpRouteMatch,
};
use random::Random;
use std::{
    error::Error,
    sync::Arc,
    time::{Duration, SystemTime},
};

const CLIENTS: usize = 10_000;
/// Minutes between two rounds, in which every second client sends a request.
const ROUND: u64 = 10;

/// The backends: the old version, and the canary.
fn endpoints(backend: usize, numbers: std::ops::Range<u8>) -> EndpointSet {
    let address = |n| BackendAddress::new(format!("10.0.{backend}.{n}"), true);
    EndpointSet::new(EndpointList::at_port(8080, numbers.map(address).collect()))
}

fn sessions() -> Result<RuleSessions, Box<dyn Error>> {
    let backend = |name: &str| EffectiveBackend {
        reference: ObjectRef {
            group: String::new(),
            kind: "Service".into(),
            namespace: "shop".into(),
            name: name.into(),
        },
        port: Some(80),
        weight: 1,
        filters: EffectiveFilters::default(),
        target: Ok(Arc::new(EffectiveBackendPort {
            key: BackendPortKey {
                import: false,
                name: NamespacedName::new("shop", name),
                transport: Transport::Tcp,
                port: 80,
            },
            app_protocol: None,
            tls: None,
        })),
        session_persistence: None,
    };
    let rule = HttpRule {
        matches: vec![HttpRouteMatch::default()],
        backends: ["cart", "cart-canary"].map(backend).into(),
        session_persistence: serde_json::from_str(
            r#"{"sessionName": "SID", "absoluteTimeout": "3h", "idleTimeout": "1h"}"#,
        )?,
        ..Default::default()
    };
    let route = HttpRouteRules {
        reference: NamespacedName::new("shop", "cart"),
        ..Default::default()
    };
    let parent = SessionParent::Listener {
        gateway: NamespacedName::new("infra", "gw"),
        listener: "https".into(),
    };
    let options = SessionOptions::new(Behaviour::of(Release::V1_1_0));
    let sessions = RuleSessions::http(&parent, &route, &rule, options)?;
    sessions.ok_or_else(|| "the rule keeps no sessions".into())
}

/// What is counted in half an hour.
#[derive(Default)]
struct Counts {
    requests: [u32; 2],
    began: [u32; 2],
    moved: u32,
    went_on: u32,
    stuck: u32,
}

fn share([old, canary]: [u32; 2]) -> f64 {
    100.0 * f64::from(canary) / f64::from((old + canary).max(1))
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut random = Random::new(7);
    let keys = SessionKeys::new(SessionKey::from([7; 16]));
    let mut sets = [endpoints(0, 1..4), endpoints(1, 1..3)];
    let sessions = sessions()?;
    let mut weights = [90_u32, 10];
    // The cookie of each client, and where its last request went.
    let mut clients: Vec<(Option<String>, Option<EndpointKey>)> = vec![(None, None); CLIENTS];
    let mut counts = Counts::default();
    println!("  time  weight  new sessions  requests   drift  stick  moved");
    for minute in (0..=8 * 60).step_by(usize::try_from(ROUND)?) {
        match minute {
            60 => weights = [50, 50],
            180 => sets[0] = endpoints(0, 1..3),
            240 => weights = [0, 100],
            _ => {}
        }
        let choice = WeightedChoice::new(weights)?;
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(60 * minute);
        for (cookie, last) in &mut clients {
            if random.chance(50) {
                continue;
            }
            let request =
                http::Request::get("/").header("cookie", cookie.as_deref().unwrap_or_default());
            let recall = sessions.recall(&request.body(())?, &keys, now);
            let mut draw = |below| random.below(usize::try_from(below).unwrap_or_default()) as u64;
            let kept = recall.session().and_then(|session| {
                let set = sets.get(session.backend())?;
                let index = set.find(session.endpoint())?;
                set.serves(index).then_some((session.backend(), index))
            });
            let (backend, index) = match kept {
                Some(kept) => kept,
                None => {
                    let backend = choice.draw(draw(choice.total()))?;
                    let set = &sets[backend];
                    let remaining = u64::try_from(set.remaining(&[]))?;
                    (backend, set.choose(draw(remaining), &[])?)
                }
            };
            let served = Served {
                backend,
                endpoint: sets[backend].key(index).ok_or("no such endpoint")?,
                match_index: 0,
                secure: true,
            };
            counts.requests[backend] += 1;
            if recall.session().is_some() {
                counts.went_on += 1;
                counts.stuck += u32::from(*last == Some(served.endpoint));
            }
            *last = Some(served.endpoint);
            let nonce =
                std::array::from_fn(|_| u8::try_from(random.below(256)).unwrap_or_default());
            if let Some(header) = sessions.issue(&recall, &served, &keys, nonce) {
                match header.due() {
                    Due::New => counts.began[backend] += 1,
                    Due::Moved => counts.moved += 1,
                    _ => {}
                }
                *cookie = header
                    .value()
                    .to_str()?
                    .split(';')
                    .next()
                    .map(str::to_owned);
            }
        }
        if minute % 30 == 20 {
            let weight = share(weights);
            let all = share(counts.requests);
            println!(
                "{:>2}h{:02}  {weight:>5.0} %  {:>9.1} %  {all:>6.1} %  {:>+6.1}  {:>4.1} %  {:>5}",
                minute / 60,
                minute % 60,
                share(counts.began),
                all - weight,
                100.0 * f64::from(counts.stuck) / f64::from(counts.went_on.max(1)),
                counts.moved,
            );
            counts = Counts::default();
        }
    }
    Ok(())
}
