//! What proxies may do in several ways, and each of them passes; and what nobody may leave unsaid.

use crate::faults::{Fault, Faulty};
use gwapi::{
    conformance::{
        Ask, Ended, Kit, Need, Observed, ScenarioVerdict, Setup, SubjectError, TestSubject,
    },
    meta::FeatureName,
};
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn failed(fault: Fault, is_asked: impl Fn(&str) -> bool) -> BTreeSet<String> {
    let kit = Kit::default().only(|scenario| is_asked(scenario.name()));
    assert!(!kit.scenarios().is_empty());
    let results = kit.run(&mut Faulty::new(fault));
    let failed = results.failed();
    failed.map(|one| one.scenario.name().to_owned()).collect()
}

fn is_redirect(name: &str) -> bool {
    name.contains("redirect")
}

fn with_location(seen: &mut Observed, change: impl Fn(&str) -> String) {
    if let Ended::Response(head) = &mut seen.ended
        && let Some(location) = head.headers.get_mut("location")
    {
        *location = change(location.to_str().unwrap()).parse().unwrap();
    }
}

/// A `Location` may name the port that is its scheme's own, or no scheme and host where they are those of the request.
#[test]
fn a_redirect_may_be_spelled_as_its_proxy_likes() {
    let with_port = Fault::Answered(|_, seen| {
        with_location(seen, |to| {
            let (scheme, rest) = to.split_once("://").unwrap();
            let (host, path) = rest.split_once('/').unwrap();
            let port = if scheme == "https" { 443 } else { 80 };
            match host.contains(':') {
                true => to.to_owned(),
                false => format!("{scheme}://{host}:{port}/{path}"),
            }
        });
    });
    assert_eq!(failed(with_port, is_redirect), BTreeSet::new());
    let relative = Fault::Answered(|ask, seen| {
        let uri = &ask.request.uri;
        let own = format!(
            "{}://{}/",
            uri.scheme_str().unwrap(),
            uri.authority().unwrap()
        );
        with_location(seen, |to| match to.strip_prefix(&own) {
            Some(path) => format!("/{path}"),
            None => to.to_owned(),
        });
    });
    assert_eq!(failed(relative, is_redirect), BTreeSet::new());
    let schemeless = Fault::Answered(|ask, seen| {
        let own = format!("{}:", ask.request.uri.scheme_str().unwrap());
        with_location(seen, |to| to.strip_prefix(&own).unwrap_or(to).to_owned());
    });
    assert_eq!(failed(schemeless, is_redirect), BTreeSet::new());
}

/// A listener without a conflict need not say so, and its Gateway need not be accepted.
#[test]
fn a_gateway_with_a_conflict_may_be_refused() {
    let refused = Fault::Statuses(|object| {
        if let Some(listeners) = object.pointer_mut("/status/listeners") {
            for listener in listeners.as_array_mut().unwrap() {
                let conditions = listener["conditions"].as_array_mut().unwrap();
                conditions.retain(|own| own["type"] != "Conflicted" || own["status"] == "True");
                for own in conditions {
                    if own["type"] == "Accepted" {
                        own["status"] = "False".into();
                    }
                }
            }
        }
        if let Some(conditions) = object.pointer_mut("/status/conditions") {
            for own in conditions.as_array_mut().unwrap() {
                own["status"] = "False".into();
            }
        }
    });
    let found = failed(refused, |name| name == "listeners-that-conflict");
    assert_eq!(found, BTreeSet::new());
}

/// A proxy may say with 408 that a rule's time is over, and with nothing else but that and 504.
#[test]
fn a_timeout_may_be_408() {
    let in_time = |name: &str| name.ends_with("-timeout");
    let answered = |status: u16| match status {
        408 => Fault::Answered(|_, seen| with_status(seen, 504, 408)),
        _ => Fault::Answered(|_, seen| with_status(seen, 504, 500)),
    };
    assert_eq!(failed(answered(408), in_time), BTreeSet::new());
    assert_eq!(failed(answered(500), in_time).len(), 4);
}

fn with_status(seen: &mut Observed, from: u16, to: u16) {
    if let Ended::Response(head) = &mut seen.ended
        && head.status == from
    {
        head.status = to.try_into().unwrap();
    }
}

/// A Gateway may have other addresses beside those that it asks for.
#[test]
fn a_gateway_may_have_further_addresses() {
    let further = Fault::Statuses(|object| {
        let own = object.pointer_mut("/status/addresses");
        if let Some(own) = own.and_then(Value::as_array_mut) {
            own.insert(0, json!({"type": "Hostname", "value": "edge.example"}));
        }
    });
    let of_addresses = |name: &str| name.ends_with("-address") || name.ends_with("-addresses");
    assert_eq!(failed(further, of_addresses), BTreeSet::new());
}

/// A data plane of which something is not known.
struct Deaf {
    plane: Faulty,
    lacks: Vec<Need>,
    forgets: fn(&mut Observed),
}

impl TestSubject for Deaf {
    fn name(&self) -> String {
        self.plane.name()
    }

    fn supports(&self, feature: &FeatureName) -> bool {
        self.plane.supports(feature)
    }

    fn lacks(&self) -> &[Need] {
        &self.lacks
    }

    fn draws_as_told(&self) -> bool {
        true
    }

    fn configure(&mut self, setup: &Setup) -> Result<(), SubjectError> {
        self.plane.configure(setup)
    }

    fn send(&mut self, ask: &Ask) -> Result<Observed, SubjectError> {
        let mut seen = self.plane.send(ask)?;
        (self.forgets)(&mut seen);
        Ok(seen)
    }

    fn statuses(&mut self) -> Vec<Value> {
        self.plane.statuses()
    }
}

/// Each of these scenarios fails where something is not known, and is skipped where that is said; no other one needs it.
fn check_need(need: Need, names: &[&str], forgets: fn(&mut Observed)) {
    let kit = || Kit::default().only(|scenario| names.contains(&scenario.name()));
    let of = |lacks: Vec<Need>| Deaf {
        plane: Faulty::new(Fault::Objects(|_| {})),
        lacks,
        forgets,
    };
    let results = kit().run(&mut of(Vec::new()));
    assert_eq!(results.failed().count(), names.len(), "{results}");
    let results = kit().run(&mut of(vec![need]));
    let skipped = ScenarioVerdict::Skipped(need);
    assert!(
        results.results.iter().all(|one| one.verdict == skipped),
        "{results}"
    );
    let of_kit = Kit::default();
    let needing = of_kit.scenarios().iter();
    let needing = needing.filter(|one| Need::of(one).contains(&need));
    let needing: Vec<&str> = needing.map(|one| one.name()).collect();
    assert_eq!(needing, names);
}

/// What is spoken to a backend is asked of who knows it: no scenario passes because nobody says.
#[test]
fn a_protocol_that_is_not_known_is_no_match() {
    check_need(
        Need::BackendProtocols,
        &[
            "h2c-backend",
            "websocket-backend",
            "websocket-backend-may-decline",
        ],
        |seen| {
            for one in &mut seen.reached {
                if let Some(request) = &mut one.request {
                    request.protocol.clear();
                }
            }
        },
    );
}

/// So is what follows an upgrade.
#[test]
fn what_follows_an_upgrade_is_asked_of_who_sees_it() {
    check_need(Need::Upgrades, &["websocket-backend"], |seen| {
        seen.echoed.clear();
    });
}
