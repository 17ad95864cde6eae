//! What the specification leaves to a data plane, and whether an answer depends on it.

use clap::{
    ArgAction, Args,
    builder::{PossibleValuesParser, TypedValueParser},
};
use gwapi::{
    attachment::{
        Resolver, RouteId, RouteKind,
        effective::{
            AttachedRoute, Effective, EffectiveGateway, EffectiveHostname, EffectiveListener,
            InSeniority, RouteList,
        },
    },
    meta::{Hostname, NamespacedName},
    routing::{HostnameRank, RegexRank, RepeatedHeader, RouterOptions, normalize_path},
    sim::{Answer, Request, Simulator},
    v1::ProtocolType,
};
use http::Uri;
use std::{
    collections::{BTreeSet, HashSet},
    sync::Arc,
};

/// The values of a choice by their names; the first is the default.
type Names<T> = &'static [(&'static str, T)];

const REGEX_RANKS: Names<RegexRank> = &[
    ("after-exact", RegexRank::AfterExact),
    ("first", RegexRank::First),
    ("last", RegexRank::Last),
];
const HOSTNAME_RANKS: Names<HostnameRank> = &[
    ("own", HostnameRank::Own),
    ("effective", HostnameRank::Effective),
];
const FALLBACKS: Names<bool> = &[("yes", true), ("no", false)];
const REPEATED_HEADERS: Names<RepeatedHeader> = &[
    ("combined", RepeatedHeader::Combined),
    ("any-line", RepeatedHeader::AnyLine),
];
const ISOLATIONS: Names<bool> = &[("yes", true), ("no", false)];
const PATHS: Names<Paths> = &[
    ("as-sent", Paths::AsSent),
    ("normal", Paths::Normal),
    ("merged", Paths::Merged),
];

/// Which path of a request is matched, and sent on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Paths {
    /// The one that the client sends.
    #[default]
    AsSent,
    /// Its [normal form](normalize_path).
    Normal,
    /// Its normal form, of which slashes that follow each other are one.
    Merged,
}

impl Paths {
    fn of(self, path: &str) -> String {
        match self {
            Self::AsSent => path.to_owned(),
            Self::Normal => normalize_path(path).into_owned(),
            Self::Merged => {
                let mut merged = String::with_capacity(path.len());
                for character in normalize_path(path).chars() {
                    if character != '/' || !merged.ends_with('/') {
                        merged.push(character);
                    }
                }
                merged
            }
        }
    }
}

/// How routes are ranked where the specification leaves it open; every verb that says which of them takes a request has these.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct RankArgs {
    /// Where regular expressions for paths rank: after Exact and before PathPrefix, before both, or after both
    #[arg(long, value_name = "RANK", value_parser = one_of(REGEX_RANKS), default_value = default_of(REGEX_RANKS))]
    regex_rank: RegexRank,
    /// Which hostname of a route ranks: its own, or what the listener leaves of it
    #[arg(long, value_name = "RANK", value_parser = one_of(HOSTNAME_RANKS), default_value = default_of(HOSTNAME_RANKS))]
    hostname_rank: HostnameRank,
    /// Whether routes of a less specific hostname are tried where none of a more specific one matches
    #[arg(long, value_name = "YES/NO", action = ArgAction::Set, value_parser = one_of(FALLBACKS), default_value = default_of(FALLBACKS))]
    hostname_fallback: bool,
    /// What is matched of a header that a request repeats: all lines as one value, or each line by itself
    #[arg(long, value_name = "HOW", value_parser = one_of(REPEATED_HEADERS), default_value = default_of(REPEATED_HEADERS))]
    repeated_header: RepeatedHeader,
}

impl RankArgs {
    pub(crate) fn routing(self) -> RouterOptions {
        RouterOptions::default()
            .with_regex_rank(self.regex_rank)
            .with_hostname_rank(self.hostname_rank)
            .with_fallback(self.hostname_fallback)
            .with_repeated_header(self.repeated_header)
    }
}

/// What else the specification leaves open for a request.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct TrafficArgs {
    /// Whether the most specific listener of a port takes a request alone (the feature GatewayHTTPListenerIsolation); if not, the
    /// routes of all that cover the host are tried
    #[arg(long, value_name = "YES/NO", action = ArgAction::Set, value_parser = one_of(ISOLATIONS), default_value = default_of(ISOLATIONS))]
    isolation: bool,
    /// Which path is matched and sent on: the one that is sent, its normal form of RFC 3986, or that with repeated slashes merged
    #[arg(long = "paths", value_name = "FORM", value_parser = one_of(PATHS), default_value = default_of(PATHS))]
    path_form: Paths,
}

/// All that the specification leaves to a data plane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Choices {
    pub(crate) routing: RouterOptions,
    isolation: bool,
    paths: Paths,
}

impl Default for Choices {
    fn default() -> Self {
        Self {
            routing: RouterOptions::default(),
            isolation: true,
            paths: Paths::default(),
        }
    }
}

/// How options are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spelling {
    /// `--regex-rank first`.
    Arguments,
    /// `"regexRank": "first"`.
    Members,
}

impl Spelling {
    fn option(self, name: &str, value: &str) -> String {
        match self {
            Self::Arguments => format!("--{name} {value}"),
            Self::Members => format!("\"{}\": \"{value}\"", member(name)),
        }
    }
}

/// The member of an object in JSON that stands for an option: `regexRank`.
pub(crate) fn member(option: &str) -> String {
    let mut words = option.split('-');
    let mut member = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut letters = word.chars();
        member.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        member.push_str(letters.as_str());
    }
    member
}

/// These choices but for one.
struct Other {
    name: &'static str,
    value: &'static str,
    choices: Choices,
}

impl Choices {
    pub(crate) fn new(rank: RankArgs, traffic: TrafficArgs) -> Self {
        Self {
            routing: rank.routing(),
            isolation: traffic.isolation,
            paths: traffic.path_form,
        }
    }

    /// Sets a choice by its name, as an option of the command has it.
    ///
    /// # Errors
    ///
    /// There is no such value; the message names those that there are.
    pub(crate) fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        let routing = self.routing;
        match name {
            "regex-rank" => {
                self.routing = routing.with_regex_rank(named(REGEX_RANKS, value)?);
            }
            "hostname-rank" => {
                self.routing = routing.with_hostname_rank(named(HOSTNAME_RANKS, value)?);
            }
            "hostname-fallback" => self.routing = routing.with_fallback(named(FALLBACKS, value)?),
            "repeated-header" => {
                self.routing = routing.with_repeated_header(named(REPEATED_HEADERS, value)?);
            }
            "isolation" => self.isolation = named(ISOLATIONS, value)?,
            "paths" => self.paths = named(PATHS, value)?,
            _ => return Err(format!("there is no choice `{name}`")),
        }
        Ok(())
    }

    /// The names of all choices, and of their values.
    fn all() -> [(&'static str, Vec<&'static str>); 6] {
        [
            ("regex-rank", names(REGEX_RANKS)),
            ("hostname-rank", names(HOSTNAME_RANKS)),
            ("hostname-fallback", names(FALLBACKS)),
            ("repeated-header", names(REPEATED_HEADERS)),
            ("isolation", names(ISOLATIONS)),
            ("paths", names(PATHS)),
        ]
    }

    /// All choices that differ from these in one.
    fn others(self) -> Vec<Other> {
        let mut others = Vec::new();
        for (name, values) in Self::all() {
            for value in values {
                let mut choices = self;
                if choices.set(name, value).is_ok() && choices != self {
                    others.push(Other {
                        name,
                        value,
                        choices,
                    });
                }
            }
        }
        others
    }

    /// A request as a data plane with these choices takes it.
    pub(crate) fn request(self, request: &Request) -> Request {
        let mut request = request.clone();
        let path = self.paths.of(request.uri.path());
        if path != request.uri.path() {
            let query = request.uri.query().map(|query| format!("?{query}"));
            let mut parts = request.uri.clone().into_parts();
            parts.path_and_query = format!("{path}{}", query.unwrap_or_default()).parse().ok();
            if let Ok(uri) = Uri::from_parts(parts) {
                request.uri = uri;
            }
        }
        request
    }

    /// What a data plane with these choices has in force: without isolation, each listener of a port has the routes of all.
    pub(crate) fn effective(self, effective: Effective) -> Effective {
        match self.isolation {
            true => effective,
            false => without_isolation(effective),
        }
    }

    /// Whether another choice could make a difference at all, so that asking is worth while: each time a table is compiled for it.
    fn may_matter(
        self,
        other: &Other,
        (request, answer): (&Request, &Answer),
        resolver: &Resolver,
        effective: &Effective,
    ) -> bool {
        match other.name {
            // They decide between several that match. Of TLSRoutes no losers are named.
            "hostname-rank" if takes_by_server_name(answer) => {
                several_tls_routes(resolver, (request, answer))
            }
            "regex-rank" | "hostname-rank" => answer.losers.iter().any(|loser| loser.matches),
            "hostname-fallback" => !answer.losers.is_empty() || !self.routing.fallback(),
            "paths" => self.request(request).uri != other.choices.request(request).uri,
            "repeated-header" => {
                let mut names = request.headers.keys();
                names.any(|name| request.headers.get_all(name).iter().nth(1).is_some())
            }
            "isolation" => {
                let mut listeners = effective.gateways.values().flat_map(|at| &at.listeners);
                listeners.any(|listener| listener.is_isolated())
            }
            _ => true,
        }
    }

    /// The choices that would have decided this request otherwise, each by asking a data plane that has made it.
    ///
    /// `request` is as the client sends it, `resolver` has what was resolved, and `simulator` makes what answers from what is in force.
    pub(crate) fn decisive(
        self,
        (request, answer): (&Request, &Answer),
        resolver: &Resolver,
        spelling: Spelling,
        simulator: impl Fn(Effective, RouterOptions) -> Simulator,
    ) -> Vec<String> {
        let asked = asked_of(&resolver.resolution().effective, answer);
        let mut sentences = Vec::new();
        for other in self.others() {
            if !self.may_matter(&other, (request, answer), resolver, &asked) {
                continue;
            }
            let choices = other.choices;
            let asked = match other.name {
                // Which TLSRoute takes a server name is decided when they are attached.
                "hostname-rank" if takes_by_server_name(answer) => {
                    asked_of(&resolved_with(resolver, choices.routing), answer)
                }
                _ => asked.clone(),
            };
            let mut simulator = simulator(choices.effective(asked), choices.routing);
            let Ok(otherwise) = simulator.request(&choices.request(request), &mut |_| 0) else {
                continue;
            };
            if is_decided_alike(answer, &otherwise) {
                continue;
            }
            let option = spelling.option(other.name, other.value);
            sentences.push(format!(
                "implementation-specific: with `{option}`, {}",
                outcome(&otherwise)
            ));
        }
        sentences
    }
}

/// Whether a TLSRoute takes it.
fn takes_by_server_name(answer: &Answer) -> bool {
    let route = answer.route.as_ref();
    route.is_some_and(|at| at.route.kind == "TLSRoute")
}

/// Whether several TLSRoutes have a hostname for the server name, at the listener that answers if one does, accepted or not: one that
/// lost its hostname is rejected.
fn several_tls_routes(resolver: &Resolver, (request, answer): (&Request, &Answer)) -> bool {
    let name = request.sni.as_deref().or(request.uri.host());
    let covers = |hostname: &String| match (hostname.parse::<Hostname>(), name) {
        (Ok(hostname), Some(name)) => hostname.matches(name),
        (_, None) => true,
        (Err(_), _) => false,
    };
    let is_there = |place: &NamespacedName| {
        let Some(asked) = &answer.listener else {
            return true;
        };
        let id = RouteId::new(RouteKind::Tls, place.clone());
        let attachments = resolver.resolution().attachments.get(&id);
        let mut listeners = attachments
            .into_iter()
            .flatten()
            .flat_map(|one| &one.listeners);
        listeners.any(|at| *at.name == *asked.name)
    };
    let routes = resolver.snapshot().tls_routes().iter();
    let mut routes = routes.filter(|(place, route)| {
        let hostnames = &route.spec.hostnames;
        (hostnames.is_empty() || hostnames.iter().any(covers)) && is_there(place)
    });
    routes.nth(1).is_some()
}

/// What is in force where hostnames rank as these options say.
fn resolved_with(resolver: &Resolver, routing: RouterOptions) -> Effective {
    let mut resolver = resolver.clone();
    let mut options = resolver.options().clone();
    options.hostname_rank = routing.hostname_rank();
    resolver.set_options(options);
    resolver.resolution().effective.clone()
}

/// What a request meets: of all Gateways only the one that it came to.
fn asked_of(effective: &Effective, answer: &Answer) -> Effective {
    let mut asked = effective.clone();
    if let Some(gateway) = &answer.gateway {
        let place = gateway.namespaced_name();
        asked.gateways.retain(|name, _| *name == place);
    }
    asked
}

/// Whether two answers come from the same rule, or from none for the same reason.
fn is_decided_alike(one: &Answer, other: &Answer) -> bool {
    match (&one.route, &other.route) {
        (Some(one), Some(other)) => one.route == other.route && one.rule == other.rule,
        (None, None) => one.status == other.status && one.refusal == other.refusal,
        _ => false,
    }
}

/// What becomes of a request, in a few words.
fn outcome(answer: &Answer) -> String {
    match (&answer.route, answer.status, answer.refusal) {
        (Some(at), ..) => format!("{}, {} takes the request", at.route, at.rule_label()),
        (None, Some(status), _) => format!("no rule takes the request: the answer is {status}"),
        (None, None, Some(refusal)) => format!("the request is refused: {refusal}"),
        (None, None, None) => "no rule takes the request".to_owned(),
    }
}

/// Each listener of HTTP with the routes of all of its port that speak the same.
fn without_isolation(mut effective: Effective) -> Effective {
    for gateway in effective.gateways.values_mut() {
        let ports: BTreeSet<u16> = gateway.listeners.iter().map(|one| one.port).collect();
        let mut opened = EffectiveGateway::clone(gateway);
        for port in ports {
            for protocol in [ProtocolType::Http, ProtocolType::Https] {
                let here = |listener: &&Arc<EffectiveListener>| {
                    listener.port == port && listener.protocol == protocol
                };
                let all = || gateway.listeners.iter().filter(here);
                let http = together(all().flat_map(|one| one.http.iter().cloned()));
                let grpc = together(all().flat_map(|one| one.grpc.iter().cloned()));
                for listener in &mut opened.listeners {
                    if here(&&*listener) {
                        let mut open = EffectiveListener::clone(listener);
                        (open.http, open.grpc) = (http.clone(), grpc.clone());
                        *listener = Arc::new(open);
                    }
                }
            }
        }
        *gateway = Arc::new(opened);
    }
    effective
}

/// The routes of several listeners at one: each once, for the hosts that it has at any of them.
fn together<R>(routes: impl Iterator<Item = AttachedRoute<R>>) -> RouteList<AttachedRoute<R>>
where
    AttachedRoute<R>: Clone + InSeniority,
{
    let mut each: Vec<AttachedRoute<R>> = Vec::new();
    for route in &routes.collect::<RouteList<_>>() {
        match each.last_mut() {
            Some(before) if Arc::ptr_eq(&before.route, &route.route) => {
                let known: HashSet<&EffectiveHostname> = before.hostnames.iter().collect();
                let more = route.hostnames.iter().filter(|one| !known.contains(one));
                before.hostnames = before.hostnames.iter().chain(more).cloned().collect();
            }
            _ => each.push(route.clone()),
        }
    }
    each.into_iter().collect()
}

/// A value by its name.
///
/// # Errors
///
/// There is none of the name; the message lists those that there are.
fn named<T: Copy>(all: Names<T>, name: &str) -> Result<T, String> {
    let found = all.iter().find(|(known, _)| *known == name);
    found.map(|(_, value)| *value).ok_or_else(|| {
        let known: Vec<_> = names(all).iter().map(|name| format!("`{name}`")).collect();
        format!("`{name}` is none of {}", known.join(", "))
    })
}

fn names<T>(all: Names<T>) -> Vec<&'static str> {
    all.iter().map(|(name, _)| *name).collect()
}

/// The name of the default.
fn default_of<T>(all: Names<T>) -> &'static str {
    all.first().map_or("", |(name, _)| name)
}

/// Reads one of these values.
fn one_of<T: Copy + Send + Sync + 'static>(all: Names<T>) -> impl TypedValueParser<Value = T> {
    PossibleValuesParser::new(names(all)).try_map(move |name| named(all, &name))
}
