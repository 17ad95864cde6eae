//! What sessions do to a canary: 10 000 clients of one rule in a world, over a change of weights.
//!
//! `cargo run --release --example session_drift`. After 1 h half of the new sessions go to the canary, after 3 h one of the old
//! version's endpoints is gone, and after 4 h the old version has weight 0. Each line tells which share of the sessions that
//! began was the canary's, which share of all requests was, how far that lags behind the weights (the drift), and how many
//! requests of a session went where the one before them did (the stickiness).
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
    manifest,
    sim::{
        Outcome, SessionStanding,
        world::{World, WorldClient},
    },
};
use random::Random;
use serde_json::{Value, json};
use std::{error::Error, time::Duration};

const CLIENTS: usize = 10_000;
/// Minutes between two rounds, in which every second client sends a request. No limit of a session is a multiple of it, so
/// that none ends just when a request comes.
const ROUND: u64 = 7;
/// Minutes until nothing happens any more.
const END: u64 = 8 * 60;
/// Minutes that a session may last, and minutes that it may rest.
const ABSOLUTE: u64 = 3 * 60;
const IDLE: u64 = 60;

fn service(name: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": "shop"},
        "spec": {"ports": [{"port": 80}]},
    })
}

fn endpoints(service: &str, addresses: &[&str]) -> Value {
    let endpoints: Vec<Value> = addresses
        .iter()
        .map(|one| json!({"addresses": [one]}))
        .collect();
    json!({
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
        "metadata": {"name": service, "namespace": "shop", "labels": {"kubernetes.io/service-name": service}},
        "ports": [{"port": 8080}], "endpoints": endpoints,
    })
}

fn route([old, canary]: [u32; 2]) -> Value {
    let rule = json!({
        "sessionPersistence": {
            "sessionName": "SID", "absoluteTimeout": format!("{ABSOLUTE}m"), "idleTimeout": format!("{IDLE}m"),
        },
        "backendRefs": [
            {"name": "cart", "port": 80, "weight": old}, {"name": "cart-canary", "port": 80, "weight": canary},
        ],
    });
    json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute",
        "metadata": {"name": "cart", "namespace": "shop"},
        "spec": {"parentRefs": [{"name": "edge"}], "rules": [rule]},
    })
}

/// What is counted in half an hour or so.
#[derive(Clone, Debug, Default)]
struct Counts {
    /// In minutes, the end.
    at: u64,
    /// Of the old version and of the canary.
    weights: [u32; 2],
    requests: [u32; 2],
    began: [u32; 2],
    moved: u32,
    went_on: u32,
    stuck: u32,
}

fn share([old, canary]: [u32; 2]) -> f64 {
    100.0 * f64::from(canary) / f64::from((old + canary).max(1))
}

impl Counts {
    /// How far the canary's share of requests is ahead of the weights, in points.
    fn drift(&self) -> f64 {
        share(self.requests) - share(self.weights)
    }

    /// Which part of the requests of a session went where the one before them did.
    fn stickiness(&self) -> f64 {
        100.0 * f64::from(self.stuck) / f64::from(self.went_on.max(1))
    }
}

/// A client, and what it remembers of its session beside the cookie.
struct Client {
    client: WorldClient,
    last: Option<Last>,
}

/// The last request of a client.
#[derive(Clone)]
struct Last {
    endpoint: String,
    at: u64,
    began: u64,
}

/// A request of a client as a test wants to know it: when it was, the one before it, and what became of it.
struct Seen<'s> {
    at: u64,
    before: Option<&'s Last>,
    endpoint: &'s str,
    standing: SessionStanding,
}

/// Lets so many clients ask for eight hours.
fn simulate(
    clients: usize,
    seed: u64,
    seen: &mut dyn FnMut(&Seen<'_>),
) -> Result<Vec<Counts>, Box<dyn Error>> {
    let mut random = Random::new(seed);
    let mut world = World::new(seed);
    let gateway = json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway",
        "metadata": {"name": "edge", "namespace": "shop"},
        "spec": {"gatewayClassName": "any", "listeners": [{"name": "http", "port": 80, "protocol": "HTTP"}]},
    });
    let mut weights = [90, 10];
    for object in [
        gateway,
        service("cart"),
        service("cart-canary"),
        endpoints("cart", &["10.0.0.1", "10.0.0.2", "10.0.0.3"]),
        endpoints("cart-canary", &["10.0.1.1", "10.0.1.2"]),
        route(weights),
    ] {
        world.apply(manifest::decode(&object)?);
    }
    let mut changes = [
        (60, Some([50, 50]), route([50, 50])),
        (180, None, endpoints("cart", &["10.0.0.1", "10.0.0.2"])),
        (240, Some([0, 100]), route([0, 100])),
    ]
    .into_iter()
    .peekable();
    let mut clients: Vec<Client> = (0..clients)
        .map(|number| Client {
            client: WorldClient::outside(number.to_string()),
            last: None,
        })
        .collect();
    let (mut counts, mut all) = (Counts::default(), Vec::new());
    for minute in (0..END).step_by(usize::try_from(ROUND)?) {
        while let Some((_, changed, object)) = changes.next_if(|(at, ..)| *at <= minute) {
            world.apply(manifest::decode(&object)?);
            weights = changed.unwrap_or(weights);
        }
        for Client { client, last } in &mut clients {
            if random.chance(50) {
                continue;
            }
            let answer = world.get(client, "http://shop.example/cart")?;
            if answer.outcome != Outcome::Forwarded {
                return Err(answer.why.join("; ").into());
            }
            let endpoint = answer.endpoint.ok_or("no endpoint")?.address;
            let standing = answer.session.ok_or("no session")?.state;
            seen(&Seen {
                at: minute,
                before: last.as_ref(),
                endpoint: &endpoint,
                standing,
            });
            let of = usize::from(endpoint.starts_with("10.0.1."));
            counts.requests[of] += 1;
            let mut began = minute;
            match standing {
                SessionStanding::New => counts.began[of] += 1,
                SessionStanding::Moved => counts.moved += 1,
                _ => {
                    counts.went_on += 1;
                    let before = last.as_ref().ok_or("a session without a beginning")?;
                    counts.stuck += u32::from(before.endpoint == endpoint);
                    began = before.began;
                }
            }
            *last = Some(Last {
                endpoint,
                at: minute,
                began,
            });
        }
        if minute % (5 * ROUND) == 4 * ROUND {
            (counts.at, counts.weights) = (minute, weights);
            all.push(std::mem::take(&mut counts));
        }
        // Nobody reads the trace of so many requests.
        world.take_trace();
        world.advance(Duration::from_secs(60 * ROUND));
    }
    Ok(all)
}

fn main() -> Result<(), Box<dyn Error>> {
    println!("  time  weight  new sessions  requests   drift  stick  moved");
    for counts in simulate(CLIENTS, 7, &mut |_| {})? {
        println!(
            "{:>2}h{:02}  {:>5.0} %  {:>9.1} %  {:>6.1} %  {:>+6.1}  {:>4.1} %  {:>5}",
            counts.at / 60,
            counts.at % 60,
            share(counts.weights),
            share(counts.began),
            share(counts.requests),
            counts.drift(),
            counts.stickiness(),
            counts.moved,
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// GEP-1619: a session sticks to its endpoint until a timeout, idle times are renewed by each request and the absolute one
    /// by none, an endpoint that is gone has its sessions go elsewhere, and weights are for new sessions alone.
    #[test]
    fn sessions_stick_until_a_limit_and_weights_are_for_new_ones() {
        let (mut requests, mut old_without_weight) = (0, 0);
        let all = simulate(300, 7, &mut |seen: &Seen<'_>| {
            requests += 1;
            let gone = |endpoint: &str| endpoint == "10.0.0.3" && seen.at >= 180;
            let expected = match seen.before {
                None => SessionStanding::New,
                Some(last) if seen.at - last.at > IDLE => SessionStanding::New,
                Some(last) if seen.at - last.began > ABSOLUTE => SessionStanding::New,
                Some(last) if gone(&last.endpoint) => SessionStanding::Moved,
                Some(_) => SessionStanding::Established,
            };
            assert_eq!(seen.standing, expected, "at minute {}", seen.at);
            assert!(!gone(seen.endpoint));
            if expected == SessionStanding::Established {
                assert_eq!(seen.before.map(|last| &*last.endpoint), Some(seen.endpoint));
            }
            if seen.at >= 240 && seen.endpoint.starts_with("10.0.0.") {
                assert_eq!(
                    expected,
                    SessionStanding::Established,
                    "weight 0 takes no new session"
                );
                old_without_weight += 1;
            }
        })
        .unwrap();
        assert!(requests > 300 * 30, "{requests}");
        assert!(old_without_weight > 100, "{old_without_weight}");
        for counts in &all {
            assert_eq!(counts.stuck, counts.went_on, "{counts:?}");
            assert!(counts.drift() <= 10.0, "{counts:?}");
            let began = counts.began[0] + counts.began[1];
            let off = share(counts.began) - share(counts.weights);
            // Four times the deviation of so many draws.
            let most = 200.0 / f64::from(began.max(1)).sqrt();
            assert!(began < 30 || off.abs() <= most, "{counts:?}");
        }
        // The canary lags behind its weights, and three hours after the last change there is nothing left to follow.
        let behind = all.iter().map(Counts::drift).fold(0.0, f64::min);
        assert!(behind < -20.0, "{behind}");
        let last = all.last().unwrap();
        assert_eq!((last.at, last.requests[0]), (448, 0), "{last:?}");
        assert_eq!(last.drift(), 0.0);
    }
}
