//! Matches, rules and routes that no request reaches.

mod entries;
mod losses;
mod taken;

use super::{
    FindingsByObject, LintOptions,
    budget::{self, Budget},
    covered,
    further::further_rule,
    near::{Met, Near},
    patterns,
};
use crate::{
    attachment::{
        Resolver, RouteId, RouteKind, Snapshot,
        effective::{
            AttachedRoute, ConnectionRouteRules, EffectiveGateway, EffectiveHostname,
            EffectiveListener, EffectiveService, GrpcRouteRules, HttpRouteRules, RouteList,
            RouteRules,
        },
    },
    meta::{Hostname, NamespacedName},
    routing::Entry,
    rules::set as rules,
};
pub(super) use entries::EVERY_HOST;
use entries::{MatchInTable, MatchPlace, grpc_targets, http_targets, is_seen, parts, scopes, seen};
use losses::{Cause, Loss, OtherHost, cause, is_match, never_reached};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    fmt,
    sync::Arc,
};
use taken::HostTaken;

/// Where a table comes from.
#[derive(Clone, Copy, Debug)]
enum TableOrigin<'a> {
    Listener(&'a Routes<'a>, &'a EffectiveListener),
    /// A Service, and the port if the routes name one.
    Service(&'a NamespacedName, Option<u16>),
    /// A route that is attached nowhere, by itself.
    Alone,
}

impl fmt::Display for TableOrigin<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Listener(routes, listener) => {
                write!(
                    f,
                    "listener `{}` of Gateway `{}`",
                    listener.name, routes.gateway.name
                )
            }
            Self::Service(service, None) => write!(f, "Service `{service}`"),
            Self::Service(service, Some(port)) => write!(f, "port {port} of Service `{service}`"),
            Self::Alone => f.write_str("a listener"),
        }
    }
}

/// What is known of a match in all tables.
#[derive(Clone, Debug, Default)]
struct MatchFate {
    /// Whether there is a table where it may win.
    lives: bool,
    /// Whether a regular expression of it takes nothing, which is said of it elsewhere.
    unmet: bool,
    /// That it asks for a host which is none of those that the route has.
    other_host: Option<OtherHost>,
    cause: Option<Cause>,
}

pub(super) fn check(
    resolver: &Resolver,
    options: &LintOptions,
    budget: &Budget,
    found: &mut FindingsByObject,
) -> Vec<Met> {
    let mut reach = Reach {
        resolver,
        snapshot: resolver.snapshot(),
        options,
        budget,
        passed_over: HashSet::new(),
        effort: covered::Effort::new(options, &resolver.options().patterns),
        fates: BTreeMap::new(),
        lost: Vec::new(),
        hosts_lost: Vec::new(),
        hosts_taken: Vec::new(),
    };
    let effective = &resolver.resolution().effective;
    for gateway in effective.gateways.values() {
        let routes = Routes::of(gateway);
        for listener in &gateway.listeners {
            reach.listener(&routes, listener);
        }
    }
    for service in effective
        .services
        .values()
        .chain(effective.imports.values())
    {
        reach.service(service);
    }
    // In order of seniority: what effort is left for regular expressions goes to the same ones each time.
    let mut http: Vec<_> = resolver.http_rules().collect();
    http.sort_by(|one, other| one.seniority().cmp(&other.seniority()));
    let mut grpc: Vec<_> = resolver.grpc_rules().collect();
    grpc.sort_by(|one, other| one.seniority().cmp(&other.seniority()));
    let alone: Vec<_> = http
        .iter()
        .filter(|rules| !reach.knows(RouteKind::Http, &rules.reference))
        .collect();
    for rules in alone {
        if budget.take(budget::of_http(rules, 1)) {
            reach.http([(&***rules, EVERY_HOST)].into_iter(), TableOrigin::Alone);
        }
    }
    let alone: Vec<_> = grpc
        .iter()
        .filter(|rules| !reach.knows(RouteKind::Grpc, &rules.reference))
        .collect();
    for rules in alone {
        reach.grpc([(&***rules, EVERY_HOST)].into_iter(), TableOrigin::Alone);
    }
    let effort = reach.say(resolver, found);
    for rules in http {
        patterns::check_http(rules, &effort, found);
    }
    for rules in grpc {
        patterns::check_grpc(rules, &effort, found);
    }
    effort.met().collect()
}

struct Reach<'o> {
    resolver: &'o Resolver,
    snapshot: &'o Snapshot,
    options: &'o LintOptions,
    budget: &'o Budget,
    /// Routes that are in a table which is not looked at: what they get there is not known.
    passed_over: HashSet<RouteId>,
    effort: covered::Effort,
    fates: BTreeMap<RouteId, BTreeMap<MatchPlace, MatchFate>>,
    /// Routes that no request reaches at some listener or Service, and why.
    lost: Vec<Loss>,
    /// Routes that get no request for some of their hosts at a listener, and why.
    hosts_lost: Vec<Loss>,
    /// Hosts of routes of which other routes take every request at a listener.
    hosts_taken: Vec<HostTaken>,
}

/// Hosts that belong to another listener, by the name of that.
type Elsewhere<'a> = BTreeMap<&'a str, BTreeSet<String>>;

impl Reach<'_> {
    fn knows(&self, kind: RouteKind, name: &NamespacedName) -> bool {
        let id = RouteId::new(kind, name.clone());
        self.fates.contains_key(&id) || self.passed_over.contains(&id)
    }

    fn listener(&mut self, routes: &Routes<'_>, listener: &EffectiveListener) {
        let site = TableOrigin::Listener(routes, listener);
        if self.budget.take(budget::at_listener(listener)) {
            let mut entries = http_targets(parts(&listener.http));
            entries.extend(grpc_targets(parts(&listener.grpc)));
            self.table(&entries, site);
        } else {
            let http = listener.http.iter().map(|one| &one.route.reference);
            let grpc = listener.grpc.iter().map(|one| &one.route.reference);
            self.pass_over(http, grpc);
        }
        // Which of several routes of these kinds gets all connections is a matter of their status.
        for attached in &listener.tls_routes {
            self.further_rules(RouteKind::Tls, &attached.route);
            let mut elsewhere = Elsewhere::new();
            let mut lives = false;
            for hostname in attached.hostnames.iter().map(|h| h.hostname.as_ref()) {
                match hostname.and_then(|name| Some((name, taken_by(name, site)?))) {
                    Some((name, owner)) => {
                        let hosts = elsewhere.entry(owner).or_default();
                        hosts.insert(name.to_string());
                    }
                    None => lives = true,
                }
            }
            let id = RouteId::new(RouteKind::Tls, attached.route.reference.clone());
            let gateway = &routes.gateway.name;
            for lost in self.resolver.lost_hostnames(&id, gateway, &listener.name) {
                let mut hostnames = attached.hostnames.iter();
                let own = hostnames.find(|name| name.hostname == lost.hostname);
                if let Some(own) = own.and_then(|name| name.own.as_ref()) {
                    let taken = HostTaken::of_connections(&lost, own, &site);
                    self.hosts_taken.push(taken);
                }
            }
            if lives {
                self.lose_hosts(&id, elsewhere, site);
            } else {
                self.lose(&id, &BTreeMap::new(), &elsewhere, site);
            }
        }
        for attached in &listener.tcp {
            self.further_rules(RouteKind::Tcp, &attached.route);
        }
        for attached in &listener.udp {
            self.further_rules(RouteKind::Udp, &attached.route);
        }
    }

    /// Notes routes of a table that is not looked at.
    fn pass_over<'a>(
        &mut self,
        http: impl Iterator<Item = &'a NamespacedName>,
        grpc: impl Iterator<Item = &'a NamespacedName>,
    ) {
        let http = http.map(|name| RouteId::new(RouteKind::Http, name.clone()));
        let grpc = grpc.map(|name| RouteId::new(RouteKind::Grpc, name.clone()));
        self.passed_over.extend(http.chain(grpc));
    }

    fn service(&mut self, service: &EffectiveService) {
        let all = budget::at_service(service);
        // Routes compete for the requests of the same clients to the same port.
        for (port, clients) in scopes(service) {
            // Each scope goes through all routes.
            if !self.budget.take(all) {
                let http = service.http.iter().map(|one| &one.route.reference);
                let grpc = service.grpc.iter().map(|one| &one.route.reference);
                self.pass_over(http, grpc);
                break;
            }
            let site = TableOrigin::Service(&service.name, port);
            let here = (port, clients);
            let is_tcp = |named: u16| {
                let mut ports = service.ports.iter();
                ports.any(|port| port.port == named && port.protocol == "TCP")
            };
            if port.is_none_or(is_tcp) {
                let mut entries = http_targets(seen(&service.http, here));
                entries.extend(grpc_targets(seen(&service.grpc, here)));
                self.table(&entries, site);
            }
            for (kind, routes) in [
                (RouteKind::Tls, &service.tls_routes),
                (RouteKind::Tcp, &service.tcp),
                (RouteKind::Udp, &service.udp),
            ] {
                let routes = routes.iter().filter(|route| is_seen(route, here));
                self.first_only(kind, routes.map(|route| &route.route), site);
            }
        }
    }

    fn http<'a>(
        &mut self,
        routes: impl Iterator<Item = (&'a HttpRouteRules, &'a [EffectiveHostname])>,
        site: TableOrigin<'a>,
    ) {
        let entries = http_targets(routes);
        self.table(&entries, site);
    }

    fn grpc<'a>(
        &mut self,
        routes: impl Iterator<Item = (&'a GrpcRouteRules, &'a [EffectiveHostname])>,
        site: TableOrigin<'a>,
    ) {
        let entries = grpc_targets(routes);
        self.table(&entries, site);
    }

    /// Looks for what never wins in the table of one listener or Service.
    fn table(&mut self, entries: &[Entry<MatchInTable<'_>>], site: TableOrigin<'_>) {
        let by = covered::by(entries, &self.options.routing, &self.effort);
        let is_here = |host: &Hostname| taken_by(host, site).is_none();
        let taken = taken::in_table((entries, &by), &self.options.routing, &site, is_here);
        let mut here: BTreeMap<RouteId, BTreeMap<MatchPlace, MatchFate>> = BTreeMap::new();
        let mut elsewhere: BTreeMap<RouteId, Elsewhere<'_>> = BTreeMap::new();
        for (entry, by) in entries.iter().zip(by) {
            let target = &entry.payload;
            let fates = here.entry(target.id()).or_default();
            let fate = fates.entry(target.place).or_default();
            let name = own_hostname(entry);
            let owner = name.and_then(|name| Some((taken_by(&name, site)?, name)));
            // Whose hosts a request belongs to is decided before routes compete.
            if let Some((owner, name)) = owner {
                let of_route = elsewhere.entry(target.id()).or_default();
                of_route.entry(owner).or_default().insert(name.to_string());
            } else if let Some(other) = by.and_then(|other| entries.get(other)) {
                let cause = || cause(entry, other, &self.options.routing);
                fate.cause.get_or_insert_with(cause);
            } else if fate.lives {
                // A request for another host meets the match: nothing else counts.
            } else if fate.unmet || patterns::is_unmet(&entry.matching, &self.effort) {
                fate.unmet = true;
            } else if let Some((header, asked)) = patterns::other_host(entry, &self.effort) {
                let other = fate.other_host.get_or_insert_with(|| OtherHost {
                    header,
                    asked: asked.to_owned(),
                    hosts: BTreeSet::new(),
                });
                other.hosts.insert(entry.hostname.to_string());
            } else {
                fate.lives = true;
            }
        }
        let lives = |id: &RouteId| {
            let mut fates = here.get(id).into_iter().flat_map(BTreeMap::values);
            fates.any(|fate| fate.lives)
        };
        let taken = taken.into_iter().filter(|host| lives(&host.route));
        self.hosts_taken.extend(taken);
        for (id, fates) in here {
            let elsewhere = elsewhere.remove(&id).unwrap_or_default();
            if fates.values().any(|fate| fate.lives) {
                self.lose_hosts(&id, elsewhere, site);
            } else {
                self.lose(&id, &fates, &elsewhere, site);
            }
            let known = self.fates.entry(id).or_default();
            for (place, fate) in fates {
                let known = known.entry(place).or_default();
                known.lives |= fate.lives;
                known.unmet |= fate.unmet;
                if let Some(other) = fate.other_host {
                    let known = known.other_host.get_or_insert_with(|| other.clone());
                    known.hosts.extend(other.hosts);
                }
                known.cause = known.cause.take().or(fate.cause);
            }
        }
    }

    /// Notes that no request reaches a route at one place.
    fn lose(
        &mut self,
        id: &RouteId,
        fates: &BTreeMap<MatchPlace, MatchFate>,
        elsewhere: &Elsewhere<'_>,
        site: TableOrigin<'_>,
    ) {
        // Where its hosts belong to other listeners that have the route as well, nothing is lost.
        let owners = elsewhere.keys().copied();
        let without: Vec<&str> = owners.filter(|name| !has_route(site, name, id)).collect();
        let cause = fates.values().find_map(|fate| fate.cause.as_ref());
        let other = fates.values().find_map(|fate| fate.other_host.as_ref());
        let why = match (without.as_slice(), cause) {
            ([], None) => match other {
                Some(other) => format!("its matches ask for {}", other.shown()),
                None => return,
            },
            ([], Some(cause)) => format!("{} takes the same requests and goes first", cause.route),
            (owners, _) => format!(
                "its hosts belong to listener `{}`, which is more specific and does not have the route",
                owners.join("`, `")
            ),
        };
        self.lost.push(Loss {
            route: id.clone(),
            why: format!("{site}: {why}"),
            owners: owners_at(site, &without),
            by_itself: without.is_empty() && cause.is_none(),
        });
    }

    /// Notes the hosts of a route that belong to other listeners which do not have the route.
    fn lose_hosts(&mut self, id: &RouteId, elsewhere: Elsewhere<'_>, site: TableOrigin<'_>) {
        const SHOWN: usize = 8;
        for (owner, hosts) in elsewhere {
            if has_route(site, owner, id) {
                continue;
            }
            let shown: Vec<String> = hosts.iter().take(SHOWN).map(|h| format!("`{h}`")).collect();
            let mut shown = shown.join(", ");
            if let Some(more) = hosts.len().checked_sub(SHOWN).filter(|more| *more > 0) {
                shown.push_str(&format!(" and {more} more"));
            }
            let belong = match hosts.len() {
                1 => "that host belongs",
                _ => "these hosts belong",
            };
            self.hosts_lost.push(Loss {
                route: id.clone(),
                why: format!("no request for {shown} reaches the route at {site}: {belong} to listener `{owner}`"),
                owners: owners_at(site, &[owner]),
                by_itself: false,
            });
        }
    }

    /// Of routes without hosts and matches the first takes all there is, by the first of its rules.
    fn first_only<'a>(
        &mut self,
        kind: RouteKind,
        routes: impl Iterator<Item = &'a Arc<ConnectionRouteRules>>,
        site: TableOrigin<'_>,
    ) {
        let mut first: Option<RouteId> = None;
        for route in routes {
            let id = RouteId::new(kind, route.reference.clone());
            self.further_rules(kind, route);
            match &first {
                None => first = Some(id),
                Some(first) => {
                    let why = format!("{site}: {first} goes first and takes every connection");
                    self.lost.push(Loss {
                        route: id,
                        why,
                        owners: None,
                        by_itself: false,
                    });
                }
            }
        }
    }

    /// Rules after the first get nothing: there are no matches by which they could be told apart.
    fn further_rules(&mut self, kind: RouteKind, route: &ConnectionRouteRules) {
        let id = RouteId::new(kind, route.reference.clone());
        let Some(first) = route.rules.first() else {
            return;
        };
        let snapshot = self.snapshot;
        let fates = self.fates.entry(id.clone()).or_default();
        fates.entry((first.index, 0)).or_default().lives = true;
        for index in &route.dropped {
            fates.entry((*index, 0)).or_insert_with(|| MatchFate {
                lives: false,
                unmet: false,
                other_host: None,
                cause: Some(Cause {
                    route: id.clone(),
                    place: (first.index, 0),
                    by: "the first rule takes every connection".to_owned(),
                    help: Some(further_rule(
                        snapshot.rule_label(&id, *index),
                        first.label(),
                    )),
                }),
            });
        }
    }

    /// Says what was found. Returns what effort is left.
    fn say(self, resolver: &Resolver, found: &mut FindingsByObject) -> covered::Effort {
        let mut dead_routes = HashSet::new();
        for (id, fates) in &self.fates {
            if self.passed_over.contains(id) {
                continue;
            }
            let reference = id.reference();
            let dead = |fate: &MatchFate| {
                let is_told = fate.unmet || fate.other_host.is_some() || fate.cause.is_some();
                !fate.lives && is_told
            };
            if !fates.is_empty() && fates.values().all(dead) {
                dead_routes.insert(id);
            }
            for (place, fate) in fates {
                if let (false, None, Some(other)) = (fate.lives, &fate.cause, &fate.other_host) {
                    let at = resolver.match_path(id, *place);
                    let path = format!("{at}.headers[{}].value", other.header);
                    let message = format!(
                        "no request can meet the match: it asks for {}",
                        other.shown()
                    );
                    found.push(&reference, &rules::HOST_IS_OF_ROUTE, path, message);
                }
                let (false, Some(cause)) = (fate.lives, &fate.cause) else {
                    continue;
                };
                let path = resolver.match_path(id, *place);
                let of_winner = self.fates.get(&cause.route).map_or(0, BTreeMap::len);
                let first = resolver.match_path(&cause.route, cause.place);
                let first = first.strip_prefix("spec.").unwrap_or(&first);
                let label = self.snapshot.rule_label(&cause.route, cause.place.0);
                let message = never_reached(id, cause, (first, label), of_winner);
                let rule = &rules::NO_DEAD_MATCH;
                let invalid = resolver.invalid_rules(&cause.route);
                let help = match &cause.help {
                    _ if invalid.contains(&cause.place.0) => Some(format!(
                        "correct {label} of {}, which is invalid and answers these requests with an error, or remove it for this \
                         rule to get them",
                        cause.route
                    )),
                    Some(help) => Some(help.clone()),
                    None if is_match(&path) => None,
                    None => Some(
                        "remove the rule, or give it matches that are more specific".to_owned(),
                    ),
                };
                match help {
                    Some(help) => found.push_with_help(&reference, rule, path, message, help),
                    None => found.push(&reference, rule, path, message),
                }
            }
        }
        let near = Near::new(resolver, &[]);
        for loss in &self.hosts_lost {
            if !dead_routes.contains(&loss.route) {
                let path = "spec.hostnames".to_owned();
                let (rule, message) = (&rules::ROUTE_REACHED, loss.why.clone());
                let reference = loss.route.reference();
                found.push_with_help(&reference, rule, path, message, loss.help(&near));
            }
        }
        let taken = self.hosts_taken.iter();
        taken::say(
            taken.filter(|one| !dead_routes.contains(&one.route)),
            &near,
            found,
        );
        let mut seen: HashMap<&RouteId, Vec<&Loss>> = HashMap::new();
        for loss in &self.lost {
            // Where no match of it is ever reached, each of them says so.
            if !dead_routes.contains(&loss.route) {
                seen.entry(&loss.route).or_default().push(loss);
            }
        }
        let seen: BTreeMap<_, _> = seen.into_iter().collect();
        for (id, losses) in seen {
            const SHOWN: usize = 4;
            let shown = || losses.iter().take(SHOWN);
            let mut text = shown()
                .map(|loss| loss.why.as_str())
                .collect::<Vec<_>>()
                .join("; ");
            let help: BTreeSet<String> = shown().map(|loss| loss.help(&near)).collect();
            let help = help.into_iter().collect::<Vec<_>>().join("; ");
            if let Some(more) = losses.len().checked_sub(SHOWN).filter(|more| *more > 0) {
                text.push_str(&format!("; and at {more} more"));
            }
            let message = format!("no request reaches the route at {text}");
            let (rule, path) = (&rules::ROUTE_REACHED, "spec.parentRefs".to_owned());
            found.push_with_help(&id.reference(), rule, path, message, help);
        }
        self.effort
    }
}

fn own_hostname(entry: &Entry<MatchInTable<'_>>) -> Option<Hostname> {
    entry.hostname.to_string().parse().ok()
}

/// The more specific listener of the port that has all hosts of a hostname, if there is one.
fn taken_by<'a>(hostname: &Hostname, site: TableOrigin<'a>) -> Option<&'a str> {
    let TableOrigin::Listener(routes, listener) = site else {
        return None;
    };
    let owner = routes.gateway.owner(listener, hostname)?;
    Some(&owner.name)
}

/// The Gateway of a table, and listeners of it that have the hosts of a route.
fn owners_at(site: TableOrigin<'_>, owners: &[&str]) -> Option<(NamespacedName, Vec<String>)> {
    let TableOrigin::Listener(routes, _) = site else {
        return None;
    };
    let owners: Vec<String> = owners.iter().map(|&owner| owner.to_owned()).collect();
    (!owners.is_empty()).then(|| (routes.gateway.name.clone(), owners))
}

/// Whether a listener beside the one of a site has a route as well.
fn has_route(site: TableOrigin<'_>, name: &str, id: &RouteId) -> bool {
    let TableOrigin::Listener(routes, _) = site else {
        return false;
    };
    routes.attached.contains(&(name, id.kind, &id.name))
}

/// A Gateway, and which routes each of its listeners has.
#[derive(Debug)]
struct Routes<'a> {
    gateway: &'a EffectiveGateway,
    attached: HashSet<(&'a str, RouteKind, &'a NamespacedName)>,
}

impl<'a> Routes<'a> {
    fn of(gateway: &'a EffectiveGateway) -> Self {
        let listeners = gateway.listeners.iter();
        let attached = listeners.flat_map(|listener| {
            attached(listener).map(|(kind, route)| (listener.name.as_str(), kind, route))
        });
        Self {
            gateway,
            attached: attached.collect(),
        }
    }
}

/// The routes of a listener.
fn attached(listener: &EffectiveListener) -> impl Iterator<Item = (RouteKind, &NamespacedName)> {
    fn of<R: RouteRules>(
        kind: RouteKind,
        routes: &RouteList<AttachedRoute<R>>,
    ) -> impl Iterator<Item = (RouteKind, &NamespacedName)> {
        routes.iter().map(move |attached| {
            #[cfg(test)]
            ROUTES.add(1);
            (kind, attached.route.seniority().name)
        })
    }
    of(RouteKind::Http, &listener.http)
        .chain(of(RouteKind::Grpc, &listener.grpc))
        .chain(of(RouteKind::Tls, &listener.tls_routes))
        .chain(of(RouteKind::Tcp, &listener.tcp))
        .chain(of(RouteKind::Udp, &listener.udp))
}

#[cfg(test)]
crate::counter::counter!(
    /// How many routes of listeners are looked at.
    pub(in crate::lint) ROUTES
);
