//! Objects that were given, are left out, and would have taken a request.

use super::{super::Near, Around};
use crate::{
    attachment::{
        Resolver, SnapshotObject,
        admit::{Ignored, IgnoredReason},
    },
    meta::Hostname,
    sim::{Answer, Request, Simulator},
};
use std::collections::BTreeSet;

impl Near<'_> {
    /// Objects that are left out and would have taken a request that nobody took.
    pub(super) fn ignored(&self, request: &Request, answer: &Answer, around: &mut Around) {
        let mut left_out = Vec::new();
        for (ignored, takes) in self.takers(request, answer) {
            around.why.push(untold(ignored, takes));
            match ignored.reason {
                IgnoredReason::Replaced => around.help.push(correct(ignored)),
                _ => left_out.push(ignored.object.to_string()),
            }
        }
        match left_out.as_slice() {
            [] => {}
            [object] => around.help.push(correct_object(object)),
            objects => around.help.push(format!(
                "correct one of these, which are left out: {}",
                objects.join(", ")
            )),
        }
    }

    /// Objects that are left out and would have taken a request that another route took.
    pub(super) fn instead(&self, request: &Request, answer: &Answer, why: &mut Vec<String>) {
        let takers = self.takers(request, answer).into_iter();
        why.extend(takers.map(|(ignored, takes)| untold(ignored, takes)));
    }

    /// The routes that are left out and match a request, and whether they would take it: each is put among the others
    /// and asked.
    fn takers(&self, request: &Request, answer: &Answer) -> Vec<(&Ignored, Taking)> {
        let host = super::host_of(request);
        let snapshot = self.resolver.snapshot();
        let won = answer.route.as_ref().map(|route| &route.route);
        let candidates = self.ignored.iter().filter_map(|ignored| {
            let meant = ignored.meant.as_ref()?;
            let hostnames = hostnames(meant)?;
            let covers = |name: &String| {
                let name = name.parse::<Hostname>();
                name.is_ok_and(|name| host.as_deref().is_some_and(|host| name.matches(host)))
            };
            let fits = hostnames.is_empty() || hostnames.iter().any(covers);
            // Where the object that the server keeps took the request, nothing tells another one of its name apart from it.
            (fits && won != Some(&meant.reference())).then_some((ignored, meant))
        });
        let mut takers = Vec::new();
        let mut tried = None;
        for (ignored, meant) in self.first_to_try(candidates) {
            let resolver = tried.get_or_insert_with(|| self.resolver.clone());
            let reference = meant.reference();
            resolver.insert(meant.clone());
            resolver.update();
            if let Some(answered) = self.answered(resolver, request, answer) {
                let route = answered.route.as_ref();
                let mut losers = answered.losers.iter();
                let taking = if route.is_some_and(|route| route.route == reference) {
                    Some(Taking::Wins)
                } else if losers.any(|loser| loser.matches && loser.route.route == reference) {
                    Some(Taking::RanksLower)
                } else {
                    let near = Near::new(resolver, &[]).with_routing(self.routing);
                    let rejected = near.would_take_but_for_its_rules(&reference, request, answer);
                    rejected.then_some(Taking::IsRejected)
                };
                takers.extend(taking.map(|taking| (ignored, taking)));
            }
            if snapshot.contains(&reference) {
                // Another object of this name has to be put back.
                tried = None;
            } else {
                resolver.remove(&reference);
            }
        }
        if takers
            .iter()
            .filter(|(_, taking)| *taking == Taking::Wins)
            .nth(1)
            .is_some()
        {
            self.rank(&mut takers, request, answer);
        }
        takers
    }

    /// Of several routes that are left out, each of which would take a request by itself, one does where all of them are in force.
    fn rank(&self, takers: &mut [(&Ignored, Taking)], request: &Request, answer: &Answer) {
        let mut resolver = self.resolver.clone();
        // Where several have one name, only one of them can be given.
        let mut given = BTreeSet::new();
        for (ignored, taking) in takers.iter() {
            let meant = ignored.meant.as_ref();
            if let Some(meant) = meant.filter(|_| *taking == Taking::Wins)
                && given.insert(meant.reference())
            {
                resolver.insert(meant.clone());
            }
        }
        resolver.update();
        let Some(first) = self.answered(&resolver, request, answer) else {
            return;
        };
        let Some(first) = first
            .route
            .map(|route| route.route)
            .filter(|route| given.contains(route))
        else {
            return;
        };
        for (ignored, taking) in takers.iter_mut() {
            let is_first = ignored
                .meant
                .as_ref()
                .is_some_and(|meant| meant.reference() == first);
            if *taking == Taking::Wins && !is_first {
                *taking = Taking::RanksLower;
            }
        }
    }

    /// The answer to a request where objects that are left out are in force.
    fn answered(&self, resolver: &Resolver, request: &Request, answer: &Answer) -> Option<Answer> {
        let effective = resolver.resolution().effective.clone();
        let mut simulator = Simulator::new(effective, self.routing);
        let mut asked = request.clone();
        if let (None, Some(gateway)) = (&asked.gateway, &answer.gateway) {
            asked.gateway = Some(gateway.namespaced_name());
        }
        simulator.request(&asked, &mut |_| 0).ok()
    }
}

/// What a route that is left out would do with a request that it matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Taking {
    /// It would take it.
    Wins,
    /// Another one goes before it.
    RanksLower,
    /// Its parent would reject it as it stands, since none of its rules is valid.
    IsRejected,
}

/// That an object would have taken a request, or would have been in the running.
fn untold(ignored: &Ignored, taking: Taking) -> String {
    let would = match taking {
        Taking::Wins => "would take the request",
        Taking::RanksLower => "matches the request too, and would rank lower",
        Taking::IsRejected => "matches the request too",
    };
    if ignored.reason == IgnoredReason::Replaced {
        return format!(
            "{} as it was given first {would}, but it was given again and the API server keeps the last",
            ignored.object
        );
    }
    let (given, meant) = (ignored.object.to_string(), ignored.reference().to_string());
    let subject = match given == meant {
        true => given,
        false => format!("{given}, read as {meant},"),
    };
    // What the fields are meant to say may well be that the route takes other requests.
    let mut findings = ignored.findings.iter();
    let without = match findings.any(|finding| finding.rule() == "schema/unknown-field") {
        true => " without its unknown fields",
        false => "",
    };
    format!("{subject}{without} {would}, but is left out")
}

/// What to do about an object so that an API server takes it. What is wrong with it stands where what is left out is listed.
pub(super) fn correct(ignored: &Ignored) -> String {
    let object = &ignored.object;
    if ignored.reason == IgnoredReason::Replaced {
        return format!(
            "keep only one of the objects called {object}, or give them different names"
        );
    }
    correct_object(&object.to_string())
}

fn correct_object(object: &str) -> String {
    format!("correct {object}, which is left out")
}

/// The hostnames of a route; nothing for other objects.
fn hostnames(object: &SnapshotObject) -> Option<&[String]> {
    Some(match object {
        SnapshotObject::HttpRoute(route) => &route.spec.hostnames,
        SnapshotObject::GrpcRoute(route) => match &route.spec {
            Some(spec) => &spec.hostnames,
            None => &[],
        },
        SnapshotObject::TlsRoute(route) => &route.spec.hostnames,
        SnapshotObject::TcpRoute(_) | SnapshotObject::UdpRoute(_) => &[],
        _ => return None,
    })
}
