//! Matches, rules and routes that no request reaches.

use super::{Found, LintOptions, covered, patterns};
use crate::{
    attachment::{
        Resolver, RouteId, RouteKind,
        effective::{
            AttachedRoute, ClientScope, ConnectionRouteRules, EffectiveGateway, EffectiveHostname,
            EffectiveListener, EffectiveService, GrpcRouteRules, HttpRouteRules, RouteRules,
            ServiceRoute,
        },
    },
    meta::{Age, Hostname, NamespacedName},
    proxy::{grpc_entries, http_entries},
    routing::{self, Entry, Precedence},
    rules::set as rules,
};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    fmt,
    sync::Arc,
};

/// Where a match stands: its rule in the route, and its place in the rule.
type Place = (usize, usize);

/// A route's match in a table.
#[derive(Clone, Copy, Debug)]
struct Target<'a> {
    kind: RouteKind,
    route: &'a NamespacedName,
    place: Place,
}

impl Target<'_> {
    fn id(&self) -> RouteId {
        RouteId::new(self.kind, self.route.clone())
    }
}

/// Why no request reaches a match in one table.
#[derive(Clone, Debug)]
struct Cause {
    /// The route whose match is before it.
    route: RouteId,
    place: Place,
    /// The criterion by which it is before it.
    by: String,
    /// Whether another order of creation would change who wins.
    by_name: bool,
}

/// Where a table comes from.
#[derive(Clone, Copy, Debug)]
enum Site<'a> {
    Listener(&'a EffectiveGateway, &'a EffectiveListener),
    /// A Service, and the port if the routes name one.
    Service(&'a NamespacedName, Option<u16>),
    /// A route that is attached nowhere, by itself.
    Alone,
}

impl fmt::Display for Site<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Listener(gateway, listener) => {
                write!(
                    f,
                    "listener `{}` of Gateway `{}`",
                    listener.name, gateway.name
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
struct Fate {
    /// Whether there is a table where it may win.
    lives: bool,
    /// Whether it is a regular expression that takes no path, which is said of it elsewhere.
    pathless: bool,
    cause: Option<Cause>,
}

pub(super) fn check(resolver: &Resolver, options: &LintOptions, found: &mut Found) {
    let mut reach = Reach {
        options,
        effort: covered::Effort::default(),
        fates: BTreeMap::new(),
        lost: Vec::new(),
    };
    let effective = &resolver.resolution().effective;
    for gateway in effective.gateways.values() {
        for listener in &gateway.listeners {
            reach.listener(gateway, listener);
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
        reach.http([(&***rules, EVERY_HOST)].into_iter(), Site::Alone);
    }
    let alone: Vec<_> = grpc
        .iter()
        .filter(|rules| !reach.knows(RouteKind::Grpc, &rules.reference))
        .collect();
    for rules in alone {
        reach.grpc([(&***rules, EVERY_HOST)].into_iter(), Site::Alone);
    }
    let effort = std::mem::take(&mut reach.effort);
    reach.say(resolver, found);
    for rules in http {
        patterns::check(rules, &effort, found);
    }
}

/// What a route has at a place where hosts do not matter.
const EVERY_HOST: &[EffectiveHostname] = &[EffectiveHostname {
    hostname: None,
    own: None,
}];

struct Reach<'o> {
    options: &'o LintOptions,
    effort: covered::Effort,
    fates: BTreeMap<RouteId, BTreeMap<Place, Fate>>,
    /// Routes that no request reaches at some listener or Service, and why.
    lost: Vec<(RouteId, String)>,
}

impl Reach<'_> {
    fn knows(&self, kind: RouteKind, name: &NamespacedName) -> bool {
        self.fates.contains_key(&RouteId::new(kind, name.clone()))
    }

    fn listener(&mut self, gateway: &EffectiveGateway, listener: &EffectiveListener) {
        let site = Site::Listener(gateway, listener);
        let mut entries = http_targets(parts(&listener.http));
        entries.extend(grpc_targets(parts(&listener.grpc)));
        self.table(&entries, site);
        // Which of several routes of these kinds gets the connections is a matter of their status.
        for attached in &listener.tls_routes {
            self.further_rules(RouteKind::Tls, &attached.route);
            let hostnames = attached.hostnames.iter().map(|h| h.hostname.as_ref());
            let owners: Option<BTreeSet<&str>> = hostnames
                .map(|hostname| taken_by(hostname?, site))
                .collect();
            if let Some(owners) = owners {
                let id = RouteId::new(RouteKind::Tls, attached.route.reference.clone());
                self.lose(&id, &BTreeMap::new(), Some(&owners), site);
            }
        }
        for attached in &listener.tcp {
            self.further_rules(RouteKind::Tcp, &attached.route);
        }
        for attached in &listener.udp {
            self.further_rules(RouteKind::Udp, &attached.route);
        }
    }

    fn service(&mut self, service: &EffectiveService) {
        // Routes compete for the requests of the same clients to the same port.
        for (port, clients) in scopes(service) {
            let site = Site::Service(&service.name, port);
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
        site: Site<'a>,
    ) {
        let entries = http_targets(routes);
        self.table(&entries, site);
    }

    fn grpc<'a>(
        &mut self,
        routes: impl Iterator<Item = (&'a GrpcRouteRules, &'a [EffectiveHostname])>,
        site: Site<'a>,
    ) {
        let entries = grpc_targets(routes);
        self.table(&entries, site);
    }

    /// Looks for what never wins in the table of one listener or Service.
    fn table(&mut self, entries: &[Entry<Target<'_>>], site: Site<'_>) {
        let by = covered::by(entries, &self.options.routing, &self.effort);
        let mut here: BTreeMap<RouteId, BTreeMap<Place, Fate>> = BTreeMap::new();
        let mut elsewhere: BTreeMap<RouteId, BTreeSet<&str>> = BTreeMap::new();
        for (entry, by) in entries.iter().zip(by) {
            let target = &entry.payload;
            let fates = here.entry(target.id()).or_default();
            let fate = fates.entry(target.place).or_default();
            if let Some(other) = by.and_then(|other| entries.get(other)) {
                let cause = || cause(entry, other, &self.options.routing);
                fate.cause.get_or_insert_with(cause);
            } else if let Some(owner) = own_hostname(entry).and_then(|name| taken_by(&name, site)) {
                elsewhere.entry(target.id()).or_default().insert(owner);
            } else if patterns::takes_no_path(&entry.matching, &self.effort) {
                fate.pathless = true;
            } else {
                fate.lives = true;
            }
        }
        for (id, fates) in here {
            if !fates.values().any(|fate| fate.lives) {
                self.lose(&id, &fates, elsewhere.get(&id), site);
            }
            let known = self.fates.entry(id).or_default();
            for (place, fate) in fates {
                let known = known.entry(place).or_default();
                known.lives |= fate.lives;
                known.pathless |= fate.pathless;
                known.cause = known.cause.take().or(fate.cause);
            }
        }
    }

    /// Notes that no request reaches a route at one place.
    fn lose(
        &mut self,
        id: &RouteId,
        fates: &BTreeMap<Place, Fate>,
        elsewhere: Option<&BTreeSet<&str>>,
        site: Site<'_>,
    ) {
        let owners = elsewhere.into_iter().flatten();
        // Where its hosts belong to other listeners that have the route as well, nothing is lost.
        let mut without: Vec<&str> = owners.copied().collect();
        if let Site::Listener(gateway, _) = site {
            let has = |name: &&str| {
                let listener = gateway.listeners.iter().find(|l| l.name == **name);
                listener.is_some_and(|listener| is_attached(listener, id))
            };
            without.retain(|name| !has(name));
        }
        let cause = fates.values().find_map(|fate| fate.cause.as_ref());
        let why = match (without.as_slice(), cause) {
            ([], None) => return,
            ([], Some(cause)) => format!("{} takes the same requests and comes first", cause.route),
            (owners, _) => format!(
                "its hosts belong to listener `{}`, which is more specific and does not have the route",
                owners.join("`, `")
            ),
        };
        self.lost.push((id.clone(), format!("{site}: {why}")));
    }

    /// Of routes without hosts and matches the first takes all there is, by the first of its rules.
    fn first_only<'a>(
        &mut self,
        kind: RouteKind,
        routes: impl Iterator<Item = &'a Arc<ConnectionRouteRules>>,
        site: Site<'_>,
    ) {
        let mut first: Option<RouteId> = None;
        for route in routes {
            let id = RouteId::new(kind, route.reference.clone());
            self.further_rules(kind, route);
            match &first {
                None => first = Some(id),
                Some(first) => {
                    let why = format!("{site}: {first} comes first and takes every connection");
                    self.lost.push((id, why));
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
        let fates = self.fates.entry(id.clone()).or_default();
        fates.entry((first.index, 0)).or_default().lives = true;
        for index in &route.dropped {
            fates.entry((*index, 0)).or_insert_with(|| Fate {
                lives: false,
                pathless: false,
                cause: Some(Cause {
                    route: id.clone(),
                    place: (first.index, 0),
                    by: "the first rule takes every connection".to_owned(),
                    by_name: false,
                }),
            });
        }
    }

    fn say(self, resolver: &Resolver, found: &mut Found) {
        let mut dead_routes = HashSet::new();
        for (id, fates) in &self.fates {
            let reference = id.reference();
            let dead = |fate: &Fate| !fate.lives && (fate.pathless || fate.cause.is_some());
            if !fates.is_empty() && fates.values().all(dead) {
                dead_routes.insert(id);
            }
            for (place, fate) in fates {
                let (false, Some(cause)) = (fate.lives, &fate.cause) else {
                    continue;
                };
                let path = resolver.match_path(id, *place);
                let message = never_reached(id, cause);
                if cause.by_name {
                    let help = format!(
                        "remove one of the two, or make one more specific; in a cluster the older route wins, and \
                         neither this one nor {} says when it was created",
                        cause.route
                    );
                    let rule = &rules::NO_DEAD_MATCH;
                    found.push_with_help(&reference, rule, path, message, help);
                } else {
                    found.push(&reference, &rules::NO_DEAD_MATCH, path, message);
                }
            }
        }
        let mut seen: HashMap<&RouteId, Vec<&str>> = HashMap::new();
        for (id, why) in &self.lost {
            // Where no match of it is ever reached, each of them says so.
            if !dead_routes.contains(id) {
                seen.entry(id).or_default().push(why);
            }
        }
        let seen: BTreeMap<_, _> = seen.into_iter().collect();
        for (id, whys) in seen {
            const SHOWN: usize = 4;
            let mut text = whys
                .iter()
                .take(SHOWN)
                .copied()
                .collect::<Vec<_>>()
                .join("; ");
            if let Some(more) = whys.len().checked_sub(SHOWN).filter(|more| *more > 0) {
                text.push_str(&format!("; and at {more} more"));
            }
            let message = format!("no request reaches the route at {text}");
            let path = "spec.parentRefs".to_owned();
            found.push(&id.reference(), &rules::ROUTE_REACHED, path, message);
        }
    }
}

fn never_reached(id: &RouteId, cause: &Cause) -> String {
    let Cause {
        route, place, by, ..
    } = cause;
    let (rule, index) = place;
    let first = if route == id {
        format!("`rules[{rule}].matches[{index}]`")
    } else {
        format!("`rules[{rule}].matches[{index}]` of {route}")
    };
    if matches!(id.kind, RouteKind::Http | RouteKind::Grpc) {
        format!("never reached: {first} takes the same requests and comes first ({by})")
    } else if route == id {
        format!("never reached: {by}")
    } else {
        format!("never reached: {route} takes the same connections and comes first ({by})")
    }
}

fn cause(
    entry: &Entry<Target<'_>>,
    other: &Entry<Target<'_>>,
    options: &routing::RouterOptions,
) -> Cause {
    let (mine, theirs) = (
        Precedence::of(entry, options),
        Precedence::of(other, options),
    );
    let criterion = theirs.criterion(&mine);
    Cause {
        route: other.payload.id(),
        place: other.payload.place,
        by: criterion
            .map(|criterion| criterion.to_string())
            .unwrap_or_default(),
        by_name: criterion == Some(routing::Criterion::Name) && entry.rank.age == Age::UNKNOWN,
    }
}

fn own_hostname(entry: &Entry<Target<'_>>) -> Option<Hostname> {
    entry.hostname.to_string().parse().ok()
}

/// The more specific listener of the port that has all hosts of a hostname, if there is one.
fn taken_by<'a>(hostname: &Hostname, site: Site<'a>) -> Option<&'a str> {
    let Site::Listener(gateway, listener) = site else {
        return None;
    };
    if !listener
        .yields_to
        .iter()
        .any(|other| other.covers(hostname))
    {
        return None;
    }
    // A wildcard is below itself: the listener that has it has all that it stands for.
    let owner = gateway.listener(
        listener.protocol.transport(),
        listener.port,
        Some(hostname.as_str()),
    )?;
    (owner.name != listener.name).then_some(&*owner.name)
}

fn is_attached(listener: &EffectiveListener, id: &RouteId) -> bool {
    fn has<R>(routes: &[AttachedRoute<R>], is: impl Fn(&R) -> bool) -> bool {
        routes.iter().any(|attached| is(&attached.route))
    }
    let connection = |rules: &ConnectionRouteRules| rules.reference == id.name;
    match id.kind {
        RouteKind::Http => has(&listener.http, |rules| rules.reference == id.name),
        RouteKind::Grpc => has(&listener.grpc, |rules| rules.reference == id.name),
        RouteKind::Tls => has(&listener.tls_routes, connection),
        RouteKind::Tcp => has(&listener.tcp, connection),
        RouteKind::Udp => has(&listener.udp, connection),
    }
}

fn parts<R>(routes: &[AttachedRoute<R>]) -> impl Iterator<Item = (&R, &[EffectiveHostname])> {
    routes
        .iter()
        .map(|attached| (&*attached.route, &*attached.hostnames))
}

/// Port and clients of each route of a Service that has a route, each pair once.
fn scopes(service: &EffectiveService) -> Vec<(Option<u16>, &ClientScope)> {
    fn of<R>(routes: &[ServiceRoute<R>]) -> impl Iterator<Item = (Option<u16>, &ClientScope)> {
        routes.iter().map(|route| (route.port, &route.clients))
    }
    let all = of(&service.http)
        .chain(of(&service.grpc))
        .chain(of(&service.tls_routes))
        .chain(of(&service.tcp))
        .chain(of(&service.udp));
    let mut seen = HashSet::new();
    all.filter(|scope| seen.insert(*scope)).collect()
}

/// Whether every request of these clients to this port, or to every port, is under the route as well.
fn is_seen<R>(route: &ServiceRoute<R>, (port, clients): (Option<u16>, &ClientScope)) -> bool {
    (route.port.is_none() || route.port == port) && route.clients == *clients
}

fn seen<'a, R>(
    routes: &'a [ServiceRoute<R>],
    scope: (Option<u16>, &'a ClientScope),
) -> impl Iterator<Item = (&'a R, &'a [EffectiveHostname])> {
    routes
        .iter()
        .filter(move |route| is_seen(route, scope))
        .map(|route| (&*route.route, EVERY_HOST))
}

fn http_targets<'a>(
    routes: impl Iterator<Item = (&'a HttpRouteRules, &'a [EffectiveHostname])>,
) -> Vec<Entry<Target<'a>>> {
    let made = routes.flat_map(|(rules, hostnames)| {
        let (entries, _) = http_entries(rules, hostnames, |rule| {
            let index = rule.index;
            move |at, _: &_| Target {
                kind: RouteKind::Http,
                route: &rules.reference,
                place: (index, at),
            }
        });
        entries
    });
    made.collect()
}

fn grpc_targets<'a>(
    routes: impl Iterator<Item = (&'a GrpcRouteRules, &'a [EffectiveHostname])>,
) -> Vec<Entry<Target<'a>>> {
    let made = routes.flat_map(|(rules, hostnames)| {
        let (entries, _) = grpc_entries(rules, hostnames, |rule| {
            let index = rule.index;
            move |at, _: &_| Target {
                kind: RouteKind::Grpc,
                route: &rules.reference,
                place: (index, at),
            }
        });
        entries
    });
    made.collect()
}
