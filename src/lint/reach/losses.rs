//! Why a route gets no request somewhere, for people.

use super::entries::{MatchInTable, MatchPlace};
use crate::{
    attachment::{RouteId, RouteKind, RuleLabel, WonBy},
    lint::near::Near,
    meta::{Age, NamespacedName, Seniority},
    routing::{self, Criterion, Entry, HostPattern, HostnameRank, Precedence},
    rules::set as rules,
};
use std::collections::BTreeSet;

/// A match on the header `Host` that is for another host than those that a route has in one table.
#[derive(Clone, Debug)]
pub(super) struct OtherHost {
    /// Its place among the headers of the match.
    pub(super) header: usize,
    pub(super) asked: String,
    /// The hosts of the route, as far as they were compared.
    pub(super) hosts: BTreeSet<String>,
}

impl OtherHost {
    /// What is asked for, and what there is.
    pub(super) fn shown(&self) -> String {
        const SHOWN: usize = 4;
        let hosts = self.hosts.iter().take(SHOWN);
        let mut hosts: Vec<String> = hosts.map(|host| format!("`{host}`")).collect();
        if self.hosts.len() > SHOWN {
            hosts.push("others".to_owned());
        }
        let (asked, hosts) = (&self.asked, hosts.join(", "));
        format!("the `Host` `{asked}`, and the route has requests for {hosts} alone")
    }
}

/// That no request reaches a route somewhere.
pub(super) struct Loss {
    pub(super) route: RouteId,
    /// Where, and why.
    pub(super) why: String,
    /// The Gateway and the listeners that have its hosts in place of one which has the route; nothing where another route takes
    /// what it would get.
    pub(super) owners: Option<(NamespacedName, Vec<String>)>,
    /// Whether its own matches are the cause.
    pub(super) by_itself: bool,
}

impl Loss {
    /// What it takes for the route to be at the listeners that have its hosts.
    pub(super) fn help(&self, near: &Near<'_>) -> String {
        const SHOWN: usize = 4;
        if self.by_itself {
            return rules::HOST_IS_OF_ROUTE.help.to_owned();
        }
        let Some((gateway, owners)) = &self.owners else {
            return "attach the two routes to different listeners or ports, or remove one of them"
                .to_owned();
        };
        let owners = owners.iter().take(SHOWN);
        let each: Vec<String> = owners
            .map(|owner| near.to_have(&self.route, gateway, owner, "the route"))
            .collect();
        each.join("; ")
    }
}

/// Why no request reaches a match in one table.
#[derive(Clone, Debug)]
pub(super) struct Cause {
    /// The route whose match is before it.
    pub(super) route: RouteId,
    pub(super) place: MatchPlace,
    /// The criterion by which it goes first, as a sentence about it.
    pub(super) by: String,
    /// What would be right, where that depends on the criterion.
    pub(super) help: Option<String>,
}

/// Whether a field is that of a match, and not of a rule without matches.
pub(super) fn is_match(path: &str) -> bool {
    path.contains(".matches[")
}

/// That a match is never reached, because of the match at a field of a route that has so many of them, in the rule `label`.
pub(super) fn never_reached(
    id: &RouteId,
    cause: &Cause,
    (field, label): (&str, RuleLabel<'_>),
    of_winner: usize,
) -> String {
    let Cause { route, by, .. } = cause;
    let shown = label.after(&format!("`{field}`"));
    let first = if route == id {
        shown
    } else if of_winner == 1 && !is_match(field) {
        route.to_string()
    } else {
        format!("{shown} of {route}")
    };
    if matches!(id.kind, RouteKind::Http | RouteKind::Grpc) {
        format!("never reached: {first} takes the same requests and goes first: {by}")
    } else if route == id {
        format!("never reached: {by}")
    } else {
        format!("never reached: {route} takes the same connections and goes first: {by}")
    }
}

/// Why an entry goes before another one that matches all that it does.
pub(super) fn cause(
    entry: &Entry<MatchInTable<'_>>,
    other: &Entry<MatchInTable<'_>>,
    options: &routing::RouterOptions,
) -> Cause {
    let (mine, theirs) = (
        Precedence::of(entry, options),
        Precedence::of(other, options),
    );
    let (loser, route) = (entry.payload.id(), other.payload.id());
    let hostname = |entry: &Entry<MatchInTable<'_>>| {
        let own = entry.own_hostname.clone();
        let own = own.filter(|_| options.hostname_rank() == HostnameRank::Own);
        own.unwrap_or_else(|| entry.hostname.clone())
    };
    let mut help = None;
    let by = match theirs.criterion(&mine) {
        None => String::new(),
        Some(Criterion::Hostname) => {
            let (theirs, mine) = (hostname(other), hostname(entry));
            let enough = match &entry.hostname {
                HostPattern::Any => &theirs,
                hostname => hostname,
            };
            help = Some(format!(
                "give {loser} a hostname that is at least as specific, such as `{enough}`, or remove the rule"
            ));
            let mine = match mine {
                HostPattern::Any => "none".to_owned(),
                hostname => format!("`{hostname}`"),
            };
            format!("its hostname `{theirs}` is more specific than {mine}")
        }
        Some(criterion @ (Criterion::Age | Criterion::Name)) => {
            if criterion == Criterion::Name && entry.rank.age == Age::UNKNOWN {
                help = Some("remove one of the two, or make one more specific".to_owned());
            }
            let place = |entry: &Entry<MatchInTable<'_>>| {
                Seniority::new(entry.rank.age, entry.payload.route.clone())
            };
            let won_by = WonBy::seniority(&place(other), &place(entry));
            won_by.between(&route.name, &loser.name).to_string()
        }
        Some(Criterion::PathKind) => "its kind of path match ranks higher".to_owned(),
        Some(Criterion::PathLength) => "its path match has more characters".to_owned(),
        Some(Criterion::Method) => "its method match is more specific".to_owned(),
        Some(Criterion::MethodLength) => "its method has more characters".to_owned(),
        Some(Criterion::Headers) => "it matches more headers".to_owned(),
        Some(Criterion::QueryParams) => "it matches more query parameters".to_owned(),
        Some(Criterion::Rule) => "it is an earlier rule of the same route".to_owned(),
        Some(Criterion::Match) => "it is an earlier match of the same rule".to_owned(),
    };
    Cause {
        route,
        place: other.payload.place,
        by,
        help,
    }
}
