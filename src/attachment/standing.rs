//! How routes stand at their parents: which listeners they are in force at, and why not at others.

use super::{RouteId, RouteKind, condition_body::names, effective::EffectiveHostname};
use crate::{
    meta::{Hostname, NamespacedName, TableFull, condition::route::reason},
    v1::ParentReference,
};
use std::{fmt, sync::Arc};

/// A route at one of its parents.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attachment {
    /// The parent, as the route names it.
    pub parent: ParentReference,
    /// Whether the parent accepts the route: the status of its condition `Accepted`.
    pub attached: bool,
    /// Whether the parent is ours; for others no status is written.
    pub ours: bool,
    /// Why, in one sentence: what was compared with what.
    pub why: String,
    /// How the route stands at each listener that the parentRef selects by name and port, in the order of the
    /// Gateway's spec; empty for parents that are no Gateway of ours.
    pub listeners: Vec<AtListener>,
    /// The ports of a Service or ServiceImport that the parentRef selects and that other routes govern.
    pub lost_ports: Vec<LostPort>,
}

impl Attachment {
    /// The listeners at which the route gets traffic. A route can be accepted and get none: see
    /// [`Standing::Idle`].
    pub fn in_force(&self) -> impl Iterator<Item = &AtListener> {
        self.listeners
            .iter()
            .filter(|listener| matches!(listener.standing, Standing::InForce { .. }))
    }

    /// At which listeners other routes leave no place for the route, and why.
    pub(super) fn lost_at(&self) -> Vec<String> {
        let listeners = self.listeners.iter();
        lost_at(listeners.filter_map(|at| Some((&*at.name, at.standing.exclusion()?))))
    }
}

/// A listener that a parentRef selects.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AtListener {
    /// The name of the listener, unique within its Gateway.
    pub name: Arc<str>,
    /// How the route stands there.
    pub standing: Standing,
}

/// How a route stands at a listener.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Standing {
    /// It is accepted and gets the traffic for these hostnames.
    InForce {
        /// What the hostnames of route and listener have in common; never empty.
        hostnames: Arc<[EffectiveHostname]>,
    },
    /// It is accepted, but the listener, or its Gateway, takes no traffic:
    /// [`Effective::idle`](super::Effective::idle) says why.
    Idle {
        /// What the hostnames of route and listener have in common; never empty.
        hostnames: Arc<[EffectiveHostname]>,
    },
    /// It is rejected there for its rules alone, none of which is valid, and keeps its place: requests that match them are
    /// answered with an error, and no other route gets them (HTTPRoute `spec.rules[].filters[].type`).
    Failing {
        /// The reason of the condition `Accepted`.
        reason: &'static str,
        /// What the hostnames of route and listener have in common; never empty.
        hostnames: Arc<[EffectiveHostname]>,
    },
    /// It is rejected there, since another route is accepted that excludes it.
    Conflicted(Arc<RouteConflict>),
    /// It is rejected there, since its regular expressions exceed what older routes leave of the limit of a table.
    TableFull(TableFull),
    /// It is rejected there.
    Rejected {
        /// The reason that the condition `Accepted` has where every listener rejects the route for it, one of
        /// [`condition::route::reason`](crate::meta::condition::route::reason).
        reason: &'static str,
    },
}

/// Why other routes leave no place for a route at a listener. Shown as a part of a sentence.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Exclusion {
    Conflict(Arc<RouteConflict>),
    TableFull(TableFull),
}

impl Exclusion {
    /// The reason of a route that is excluded everywhere.
    pub(super) fn reason(&self) -> &'static str {
        match self {
            Self::Conflict(_) => CONFLICTED,
            Self::TableFull(_) => reason::UNSUPPORTED_VALUE,
        }
    }

    pub(super) fn standing(self) -> Standing {
        match self {
            Self::Conflict(conflict) => Standing::Conflicted(conflict),
            Self::TableFull(full) => Standing::TableFull(full),
        }
    }
}

impl fmt::Display for Exclusion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Conflict(conflict) => conflict.fmt(f),
            Self::TableFull(full) => full.fmt(f),
        }
    }
}

/// At which listeners other routes leave no place for one, and why: those with the same reason together, each reason a part of a
/// sentence.
pub(super) fn lost_at<'n, E: PartialEq + fmt::Display>(
    lost: impl Iterator<Item = (&'n str, E)>,
) -> Vec<String> {
    let mut by_reason: Vec<(E, Vec<&str>)> = Vec::new();
    for (listener, why) in lost {
        match by_reason.iter_mut().find(|(known, _)| *known == why) {
            Some((_, listeners)) => listeners.push(listener),
            None => by_reason.push((why, vec![listener])),
        }
    }
    let sentences = by_reason.into_iter().map(|(why, listeners)| {
        let several = if listeners.len() == 1 { "" } else { "s" };
        format!("listener{several} {}: {why}", names(listeners.into_iter()))
    });
    sentences.collect()
}

impl Standing {
    /// Whether requests come to the route: it is in the tables, and answers them, if only with an error.
    #[must_use]
    pub const fn is_in_tables(&self) -> bool {
        matches!(self, Self::InForce { .. } | Self::Failing { .. })
    }

    /// Why other routes leave no place for the route, as a part of a sentence, if that is so.
    pub fn excluded(&self) -> Option<&dyn fmt::Display> {
        match self {
            Self::Conflicted(conflict) => Some(conflict),
            Self::TableFull(full) => Some(full),
            _ => None,
        }
    }

    /// The same as a value.
    pub(super) fn exclusion(&self) -> Option<Exclusion> {
        match self {
            Self::Conflicted(conflict) => Some(Exclusion::Conflict(conflict.clone())),
            Self::TableFull(full) => Some(Exclusion::TableFull(*full)),
            _ => None,
        }
    }
}

/// A port of a Service that a route asks for and other routes govern.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LostPort {
    /// The port. `None` is every port of the Service, where the route asks for all of more than eight and gets none: then
    /// this is the only entry.
    pub port: Option<u16>,
    /// Who governs it.
    pub to: PortWinner,
}

impl LostPort {
    /// The port or ports, as a part of a sentence.
    #[must_use]
    pub fn describe(&self) -> String {
        self.port
            .map_or("every port".to_owned(), |port| format!("port {port}"))
    }
}

/// Who governs a port of a Service in place of a route. Shown as a part of a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PortWinner {
    /// Routes of a kind that goes before the route's own: GRPCRoute, HTTPRoute, TLSRoute, TCPRoute (GEP-1426).
    Kind {
        /// The kind.
        kind: RouteKind,
        /// The first of these routes, by age and name.
        first: RouteId,
    },
    /// A route that leaves no connection to others of its kind.
    Route {
        /// The route.
        route: RouteId,
        /// The route that does not govern the port.
        loser: RouteId,
        /// What decided.
        won_by: WonBy,
    },
    /// Nobody because of this route: its regular expressions exceed what older routes leave of the limit of a table.
    TableFull(TableFull),
}

impl fmt::Display for PortWinner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kind { kind, first } => {
                write!(f, "{kind}s take precedence there ({first})")
            }
            Self::Route {
                route,
                loser,
                won_by,
            } => {
                let won_by = won_by.between(&route.name, &loser.name);
                let what = match route.kind {
                    RouteKind::Udp => "datagram",
                    _ => "connection",
                };
                write!(f, "{route} takes every {what} and goes first: {won_by}")
            }
            Self::TableFull(full) => full.fmt(f),
        }
    }
}

/// Two routes that cannot both be accepted at a listener. Shown as a part of a sentence about the one that is
/// rejected.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RouteConflict {
    /// The route that is accepted.
    pub winner: RouteId,
    /// The route that is rejected.
    pub loser: RouteId,
    /// The hostname of the accepted route that is concerned, as it is in force at the listener; `None` for every
    /// host.
    pub winner_hostname: Option<Hostname>,
    /// The hostname of the rejected route that is concerned, as it would be in force at the listener; `None` for
    /// every host.
    pub hostname: Option<Hostname>,
    /// What decided.
    pub won_by: WonBy,
    /// Further routes that are accepted at the listener and exclude the rejected one, for the same or for others of its hosts; of
    /// many, the first few.
    pub others: Vec<RouteId>,
}

impl RouteConflict {
    /// How many routes a conflict names.
    pub(super) const MOST_WINNERS: usize = 4;

    /// All routes that are known to exclude the one that is rejected.
    pub fn winners(&self) -> impl Iterator<Item = &RouteId> {
        std::iter::once(&self.winner).chain(&self.others)
    }
}

/// The reason that the condition `Accepted` of a route gives where other routes exclude it everywhere; the
/// specification asks for `False` and names no reason (GRPCRoute `spec.hostnames`).
pub const CONFLICTED: &str = "Conflicted";

/// What decides between two routes that exclude each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WonBy {
    /// The winner was created before the other one.
    Age,
    /// The winner has a creation time and the other one has none.
    KnownAge,
    /// Both were created at the same time, and the winner is the first by `namespace/name`.
    Name,
    /// No creation time is known, and the winner is the first by `namespace/name`.
    NameAlone,
    /// Age and name are the same: an HTTPRoute goes before a GRPCRoute.
    Kind,
    /// The winner's own hostname is more specific.
    Hostname,
    /// The winner is a TLSRoute, which looks at the SNI, and leaves no connection to a TCPRoute.
    Sni,
}

impl WonBy {
    /// What decides between two routes of which the one goes before the other by age and name.
    pub(crate) fn seniority(
        winner: &crate::meta::Seniority<NamespacedName>,
        loser: &crate::meta::Seniority<NamespacedName>,
    ) -> Self {
        match (winner.age.second(), loser.age.second()) {
            (Some(one), Some(other)) if one != other => Self::Age,
            (Some(_), None) => Self::KnownAge,
            _ if winner.name == loser.name => Self::Kind,
            (Some(_), _) => Self::Name,
            (None, _) => Self::NameAlone,
        }
    }

    /// What decided between two objects, as a part of a sentence about the winner.
    pub fn between<'n>(
        self,
        winner: &'n NamespacedName,
        loser: &'n NamespacedName,
    ) -> impl fmt::Display + 'n {
        Decided {
            won_by: self,
            winner,
            loser,
        }
    }
}

/// See [`WonBy::between`].
struct Decided<'n> {
    won_by: WonBy,
    winner: &'n NamespacedName,
    loser: &'n NamespacedName,
}

impl fmt::Display for Decided<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (winner, loser) = (self.winner, self.loser);
        f.write_str(match self.won_by {
            WonBy::Age => "it is older",
            WonBy::KnownAge => "only it has a creationTimestamp",
            WonBy::Name => {
                return write!(
                    f,
                    "both are of the same age, and `{winner}` sorts before `{loser}`"
                );
            }
            WonBy::NameAlone => {
                return write!(
                    f,
                    "neither has a creationTimestamp, and `{winner}` sorts before `{loser}`; in a cluster the older one goes first"
                );
            }
            WonBy::Kind => {
                "both have the same age and name, and an HTTPRoute goes before a GRPCRoute"
            }
            WonBy::Hostname => "its own hostname is more specific",
            WonBy::Sni => "a TLSRoute goes before a TCPRoute, since it selects by SNI",
        })
    }
}

impl fmt::Display for RouteConflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            winner,
            loser,
            winner_hostname,
            hostname,
            won_by,
            others,
        } = self;
        let won_by = won_by.between(&winner.name, &loser.name);
        match winner.kind {
            RouteKind::Tcp => {
                return write!(
                    f,
                    "{winner} takes every connection and goes first: {won_by}"
                );
            }
            RouteKind::Udp => {
                return write!(f, "{winner} takes every datagram and goes first: {won_by}");
            }
            _ => write!(f, "{winner} claims ")?,
        }
        match (winner_hostname, hostname) {
            (None, None) => f.write_str("every host, too")?,
            (None, Some(own)) => write!(f, "every host, `{own}` included")?,
            (Some(name), None) => {
                write!(
                    f,
                    "`{name}`, which is part of what this route claims (every host)"
                )?;
            }
            (Some(name), Some(own)) if name == own => write!(f, "`{name}`, too")?,
            (Some(name), Some(own)) if name.covers(own) => {
                write!(f, "`{name}`, which includes `{own}`")?;
            }
            (Some(name), Some(own)) => write!(f, "`{name}`, which is part of `{own}`")?,
        }
        write!(f, ", and goes first: {won_by}")?;
        let others: Vec<String> = others.iter().map(ToString::to_string).collect();
        match others.as_slice() {
            [] => Ok(()),
            [other] => write!(
                f,
                "; {other} goes first, too, and claims hosts of this route"
            ),
            others => write!(
                f,
                "; {} go first, too, and claim hosts of this route",
                others.join(" and ")
            ),
        }
    }
}
