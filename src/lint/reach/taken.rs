//! Hosts of a route of which other routes take every request, while the route gets those for others.

use super::{
    entries::MatchInTable,
    losses::{Cause, cause},
};
use crate::{
    attachment::{RouteConflict, RouteId, RouteKind},
    lint::{FindingsByObject, near::Near},
    meta::{Hostname, NamespacedName},
    routing::{Entry, HostPattern, RouterOptions},
    rules::set as rules,
};
use std::{
    collections::{BTreeMap, HashMap},
    fmt::Display,
};

/// How many routes or places a sentence names.
const SHOWN: usize = 4;

/// A host of a route of which other routes take every request at a listener.
#[derive(Debug)]
pub(super) struct HostTaken {
    pub(super) route: RouteId,
    /// The hostname as the route has it.
    own: String,
    /// The listener.
    at: String,
    /// Who takes the requests, and why.
    why: String,
}

impl HostTaken {
    /// A hostname of a TLSRoute whose connections another one takes.
    pub(super) fn of_connections(lost: &RouteConflict, own: &Hostname, at: &impl Display) -> Self {
        Self {
            route: lost.loser.clone(),
            own: own.to_string(),
            at: at.to_string(),
            why: lost.to_string(),
        }
    }
}

/// The hosts of the routes in a table of which the matches of other routes take every request: each match of the route for that host
/// has one that goes before it. `by` says of each entry which other one takes all that it matches, and `is_here` whether the
/// listener has the requests for a host at all.
pub(super) fn in_table(
    (entries, by): (&[Entry<MatchInTable<'_>>], &[Option<usize>]),
    options: &RouterOptions,
    at: &impl Display,
    is_here: impl Fn(&Hostname) -> bool,
) -> Vec<HostTaken> {
    type Key<'k> = (RouteKind, &'k NamespacedName, &'k HostPattern);
    // For each host of a route the entries that others take; nothing where it keeps one.
    let mut hosts: HashMap<Key<'_>, Option<Vec<(usize, usize)>>> = HashMap::new();
    for (index, (entry, by)) in entries.iter().zip(by).enumerate() {
        if names(entry).is_none() {
            continue;
        }
        let other = by.filter(|other| {
            let other = entries.get(*other);
            other.is_some_and(|other| route_of(other) != route_of(entry))
        });
        let lost = other.map(|other| (index, other));
        let (kind, route) = route_of(entry);
        let host = hosts
            .entry((kind, route, &entry.hostname))
            .or_insert_with(|| Some(Vec::new()));
        if let (Some(all), Some(lost)) = (host.as_mut(), lost) {
            all.push(lost);
        } else {
            *host = None;
        }
    }
    let mut found: Vec<(usize, HostTaken)> = Vec::new();
    for lost in hosts.into_values().flatten() {
        let Some((first, other)) = lost.first() else {
            continue;
        };
        let (Some(entry), Some(other)) = (entries.get(*first), entries.get(*other)) else {
            continue;
        };
        let host = entry.hostname.to_string();
        let (Some(own), Ok(host)) = (names(entry), host.parse::<Hostname>()) else {
            continue;
        };
        if !is_here(&host) {
            continue;
        }
        let mut winners: Vec<RouteId> = Vec::new();
        for other in lost.iter().filter_map(|(_, other)| entries.get(*other)) {
            let winner = other.payload.id();
            if !winners.contains(&winner) && winners.len() <= SHOWN {
                winners.push(winner);
            }
        }
        let Cause { route, by, .. } = cause(entry, other, options);
        let why = match winners.as_slice() {
            [_] => format!("{route} takes all of them and goes first: {by}"),
            winners => {
                let shown = winners.iter().take(SHOWN);
                let mut shown: Vec<String> = shown.map(ToString::to_string).collect();
                shown.extend((winners.len() > SHOWN).then(|| "others".to_owned()));
                format!("{} take all of them and go first", shown.join(", "))
            }
        };
        found.push((
            *first,
            HostTaken {
                route: entry.payload.id(),
                own: own.to_string(),
                at: at.to_string(),
                why,
            },
        ));
    }
    found.sort_by_key(|(first, _)| *first);
    found.into_iter().map(|(_, taken)| taken).collect()
}

fn route_of<'e>(entry: &Entry<MatchInTable<'e>>) -> (RouteKind, &'e NamespacedName) {
    (entry.payload.kind, entry.payload.route)
}

/// The hostname of its route that an entry is for, if it is for one.
fn names<'e>(entry: &'e Entry<MatchInTable<'_>>) -> Option<&'e HostPattern> {
    let own = entry.own_hostname.as_ref().unwrap_or(&entry.hostname);
    (*own != HostPattern::Any).then_some(own)
}

/// Warns of each host once, with the listeners at which it is so for the same cause.
pub(super) fn say<'h>(
    taken: impl Iterator<Item = &'h HostTaken>,
    near: &Near<'_>,
    found: &mut FindingsByObject,
) {
    let mut places: BTreeMap<(&RouteId, &str, &str), Vec<&str>> = BTreeMap::new();
    for HostTaken {
        route,
        own,
        at,
        why,
    } in taken
    {
        places.entry((route, own, why)).or_default().push(at);
    }
    for ((route, own, why), at) in places {
        let mut shown: Vec<String> = at.iter().take(SHOWN).map(ToString::to_string).collect();
        if let Some(more) = at.len().checked_sub(SHOWN).filter(|more| *more > 0) {
            shown.push(format!("{more} more"));
        }
        let what = match route.kind {
            RouteKind::Tls => "connection",
            _ => "request",
        };
        let message = format!(
            "no {what} for `{own}` reaches the route at {}: {why}",
            shown.join(", ")
        );
        let help = format!(
            "remove `{own}` from the `hostnames` of one of the routes, or attach them to different listeners by `sectionName`"
        );
        let written = near.hostnames(route).iter();
        let index = written
            .map(|text| text.parse::<Hostname>().ok())
            .position(|name| name.is_some_and(|name| name.to_string() == own));
        let path = match index {
            Some(index) => format!("spec.hostnames[{index}]"),
            None => "spec.hostnames".to_owned(),
        };
        found.push_with_help(
            &route.reference(),
            &rules::ROUTE_REACHED,
            path,
            message,
            help,
        );
    }
}
