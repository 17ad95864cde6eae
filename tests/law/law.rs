//! The law: a route whose status says that it is attached at a listener answers there some request, or its status
//! or lint says why none can reach it; and what answers with an error for its configuration has a status that
//! says so.

mod causes;
mod fall_through;
mod faults;
mod site;

use crate::{requests, requests::Place, world};
use causes::{is_bad, names};
use gwapi::{
    attachment::{
        self, Resolution, Resolver, RouteId, RouteKind, Snapshot, SnapshotObject, Standing, Status,
        effective::{
            AttachedRoute, ClientScope, Effective, EffectiveGateway, EffectiveListener,
            EffectiveService, RouteList, ServiceRoute,
        },
    },
    lint::{self, LintOptions},
    manifest,
    meta::{Channel, NamespacedName, ObjectRef},
    routing::RouterOptions,
    rules::set as rules,
    sim::{Answer, Client, Outcome, Request, Simulator},
    v1::{ParentReference, ProtocolType, RouteParentStatus},
    validation::{self, Report, ValidationOptions},
};
use serde_json::Value;
use site::Site;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

/// How many sets are tried; `GWAPI_LAW_SETS` asks for more.
const SETS: u64 = 250;

/// What is said and what happens for one set of objects.
struct Set {
    objects: Vec<Value>,
    resolution: Resolution,
    /// What validation and lint say of each object.
    reports: BTreeMap<ObjectRef, Report>,
    simulator: Simulator,
}

impl Set {
    /// A set of those objects that an API server would accept.
    fn new(seed: u64) -> Self {
        Self::of(world::objects(seed))
    }

    /// The set of those of these objects that an API server would accept.
    fn of(mut objects: Vec<Value>) -> Self {
        let options = ValidationOptions::new(Channel::Experimental);
        let mut reports = BTreeMap::new();
        let mut snapshot = Snapshot::default();
        objects.retain(|object| {
            let report = validation::validate_value(object, &options);
            let accepted = report.is_accepted();
            if accepted {
                let object = SnapshotObject::from(manifest::decode(object).unwrap());
                reports.insert(object.reference(), report);
                snapshot.insert(object);
            }
            accepted
        });
        let mut resolver = Resolver::with_snapshot(snapshot, attachment::Options::for_manifests());
        resolver.update();
        for (object, report) in lint::lint(&resolver, &LintOptions::default()).reports {
            reports
                .entry(object)
                .or_default()
                .extend(report.into_findings());
        }
        let resolution = resolver.resolution().clone();
        let simulator = Simulator::new(resolution.effective.clone(), RouterOptions::default());
        Self {
            objects,
            resolution,
            reports,
            simulator,
        }
    }

    /// What breaks the law.
    fn violations(&mut self) -> Vec<Violation> {
        let effective = self.resolution.effective.clone();
        let mut look = Look::at(self, &effective);
        look.standings();
        let mut seen = BTreeSet::new();
        let mut violations = look.violations;
        violations.retain(|violation| seen.insert(violation.subject().to_owned()));
        violations
    }

    fn route_status(
        &self,
        id: &RouteId,
        is: impl Fn(&ParentReference) -> bool,
    ) -> Vec<RouteParentStatus> {
        match self.resolution.statuses.get(&id.reference()) {
            Some(Status::Route(status)) => status
                .parents
                .iter()
                .filter(|parent| is(&parent.parent_ref))
                .cloned()
                .collect(),
            _ => Vec::new(),
        }
    }

    fn findings(&self, id: &RouteId) -> impl Iterator<Item = (&str, &str, &str)> {
        let report = self.reports.get(&id.reference());
        let findings = report.into_iter().flat_map(Report::findings);
        findings.map(|finding| (finding.rule(), finding.path(), finding.message()))
    }
}

#[derive(Clone, Debug)]
enum Violation {
    /// A route is attached and no request that should reach it does, for which nobody gives a reason.
    Silent(String),
    /// A route answers with an error, and its status does not say so: what answers, and an example.
    Unsaid(String, String),
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Silent(what) => f.write_str(what),
            Self::Unsaid(what, example) => write!(f, "{what}: {example}"),
        }
    }
}

impl Violation {
    fn subject(&self) -> &str {
        match self {
            Self::Silent(subject) | Self::Unsaid(subject, _) => subject,
        }
    }
}

struct Look<'s> {
    set: &'s mut Set,
    violations: Vec<Violation>,
    /// The requests that were made up.
    asked: Vec<Request>,
}

impl<'s> Look<'s> {
    /// Looks at each route wherever it is attached.
    fn at(set: &'s mut Set, effective: &Effective) -> Self {
        let mut look = Look {
            set,
            violations: Vec::new(),
            asked: Vec::new(),
        };
        for gateway in effective.gateways.values() {
            for listener in &gateway.listeners {
                look.listener(gateway, listener);
            }
        }
        for service in effective
            .services
            .values()
            .chain(effective.imports.values())
        {
            look.service(service);
        }
        look
    }
}

/// The matches of a route, and the requests that are made up for them.
type Asked = (BTreeSet<Place>, Vec<(Place, Request)>);

impl Look<'_> {
    fn listener(&mut self, gateway: &EffectiveGateway, listener: &EffectiveListener) {
        let site = Site::Listener(gateway, listener);
        let scheme = if listener.protocol == ProtocolType::Http {
            "http"
        } else {
            "https"
        };
        let bases = |hostnames: &[_]| -> Vec<String> {
            let hosts = requests::hosts(hostnames);
            hosts
                .iter()
                .map(|host| format!("{scheme}://{host}:{}", listener.port))
                .collect()
        };
        let at = |mut request: Request| {
            request.gateway = Some(gateway.name.clone());
            request
        };
        for AttachedRoute {
            route, hostnames, ..
        } in &listener.http
        {
            let id = RouteId::new(RouteKind::Http, route.reference.clone());
            let made = requests::http(route, &bases(hostnames));
            let places = places(
                route
                    .rules
                    .iter()
                    .map(|rule| (rule.index, rule.matches.len())),
            );
            self.route(
                &id,
                &places,
                made.into_iter()
                    .map(|(place, request)| (place, at(request))),
                site,
            );
        }
        for AttachedRoute {
            route, hostnames, ..
        } in &listener.grpc
        {
            let id = RouteId::new(RouteKind::Grpc, route.reference.clone());
            let made = requests::grpc(route, &bases(hostnames));
            let places = places(
                route
                    .rules
                    .iter()
                    .map(|rule| (rule.index, rule.matches.len())),
            );
            self.route(
                &id,
                &places,
                made.into_iter()
                    .map(|(place, request)| (place, at(request))),
                site,
            );
        }
        for (kind, routes) in [
            (RouteKind::Tls, &listener.tls_routes),
            (RouteKind::Tcp, &listener.tcp),
            (RouteKind::Udp, &listener.udp),
        ] {
            for AttachedRoute {
                route, hostnames, ..
            } in routes
            {
                let id = RouteId::new(kind, route.reference.clone());
                let mut made = requests::connections(kind, hostnames, listener.port);
                if listener.protocol == ProtocolType::Tls && kind == RouteKind::Tcp {
                    made = requests::connections(RouteKind::Tls, hostnames, listener.port);
                }
                let places = places(route.rules.iter().map(|rule| (rule.index, 1)));
                let first = route.rules.first().map_or(0, |rule| rule.index);
                self.route(
                    &id,
                    &places,
                    made.into_iter().map(|request| ((first, 0), at(request))),
                    site,
                );
            }
        }
    }

    fn service(&mut self, service: &EffectiveService) {
        fn each<R>(
            routes: &RouteList<ServiceRoute<R>>,
        ) -> impl Iterator<Item = (&R, Option<u16>, &ClientScope)> {
            routes
                .iter()
                .map(|route| (&*route.route, route.port, &route.clients))
        }
        let site = Site::Service(service);
        let host = match service.import {
            true => format!(
                "{}.{}.svc.clusterset.local",
                service.name.name, service.name.namespace
            ),
            false => format!("{}.{}", service.name.name, service.name.namespace),
        };
        let place = |port: Option<u16>| {
            let ports = service
                .ports
                .iter()
                .filter(|p| p.protocol == "TCP")
                .map(|p| p.port);
            let ports = ports.filter(|p| port.is_none_or(|port| port == *p));
            ports
                .map(|port| format!("http://{host}:{port}"))
                .collect::<Vec<_>>()
        };
        let from = |clients: &ClientScope| Client {
            namespace: match clients {
                ClientScope::Everyone => "zz".to_owned(),
                ClientScope::Namespace(namespace) => namespace.clone(),
            },
            ..Client::default()
        };
        // A route that does not govern all ports is there once for each that it governs.
        let mut all: BTreeMap<RouteId, Asked> = BTreeMap::new();
        let mut add =
            |kind, name: &NamespacedName, places, clients, made: Vec<(Place, Request)>| {
                let id = RouteId::new(kind, name.clone());
                let (_, requests) = all.entry(id).or_insert_with(|| (places, Vec::new()));
                requests.extend(made.into_iter().map(|(place, mut request)| {
                    request.client = Some(from(clients));
                    (place, request)
                }));
            };
        for (route, port, clients) in each(&service.http) {
            let of_rules = route
                .rules
                .iter()
                .map(|rule| (rule.index, rule.matches.len()));
            let made = requests::http(route, &place(port));
            add(
                RouteKind::Http,
                &route.reference,
                places(of_rules),
                clients,
                made,
            );
        }
        for (route, port, clients) in each(&service.grpc) {
            let of_rules = route
                .rules
                .iter()
                .map(|rule| (rule.index, rule.matches.len()));
            let made = requests::grpc(route, &place(port));
            add(
                RouteKind::Grpc,
                &route.reference,
                places(of_rules),
                clients,
                made,
            );
        }
        for (kind, scheme, routes) in [
            (RouteKind::Tls, "tls", &service.tls_routes),
            (RouteKind::Tcp, "tcp", &service.tcp),
            (RouteKind::Udp, "udp", &service.udp),
        ] {
            for (route, port, clients) in each(routes) {
                let transport = if kind == RouteKind::Udp { "UDP" } else { "TCP" };
                let ports = service.ports.iter().filter(|p| p.protocol == transport);
                let ports = ports
                    .map(|p| p.port)
                    .filter(|p| port.is_none_or(|port| port == *p));
                let first = route.rules.first().map_or(0, |rule| rule.index);
                let made = ports.map(|port| {
                    let url = format!("{scheme}://{host}:{port}");
                    ((first, 0), Request::get(&url).unwrap())
                });
                let of_rules = route.rules.iter().map(|rule| (rule.index, 1));
                add(
                    kind,
                    &route.reference,
                    places(of_rules),
                    clients,
                    made.collect(),
                );
            }
        }
        for (id, (places, requests)) in all {
            self.route(&id, &places, requests.into_iter(), site);
        }
    }

    /// A route at one place: some request must reach it, or something must be said; and what it answers must be
    /// what its status says.
    fn route(
        &mut self,
        id: &RouteId,
        places: &BTreeSet<Place>,
        requests: impl Iterator<Item = (Place, Request)>,
        site: Site<'_>,
    ) {
        let mut reached = false;
        let mut elsewhere = false;
        for (_, request) in requests {
            self.asked.push(request.clone());
            let answer = self.ask(&request, 0);
            let own = answer
                .route
                .as_ref()
                .is_some_and(|route| route.route == id.reference());
            let here = match (site, &answer.listener) {
                (Site::Listener(_, listener), Some(name)) => name.name == listener.name,
                (Site::Listener(..), None) => false,
                (Site::Service(_), _) => true,
            };
            if own && here {
                reached = true;
                self.answers(id, &request, site);
            }
            // A more specific listener has its hosts, and the route as well: the request is the route's.
            elsewhere |= own && !here && self.is_left_to(id, site, &answer);
        }
        if reached || elsewhere || self.is_said(id, places, site) {
            return;
        }
        let place = site.shown();
        self.violations.push(Violation::Silent(format!(
            "{id} at {place}: no request reaches it, and nothing says why"
        )));
    }

    /// Whether a listener of the same port that answered for a route is more specific than the one that was asked, by the
    /// hostnames of both as they are written, and the status of the route says that it is in force there.
    fn is_left_to(&self, id: &RouteId, site: Site<'_>, answer: &Answer) -> bool {
        let (Site::Listener(gateway, asked), Some(other)) = (site, &answer.listener) else {
            return false;
        };
        let is_gateway = |object: &&Value| {
            object["kind"] == "Gateway" && object["metadata"]["name"] == *gateway.name.name
        };
        let written = self.set.objects.iter().find(is_gateway).unwrap();
        let listener = |name: &str| {
            let mut listeners = written["spec"]["listeners"].as_array().unwrap().iter();
            listeners
                .find(|listener| listener["name"] == *name)
                .unwrap()
        };
        // Exact names before wildcards, longer ones before shorter ones, and no name last.
        let rank = |listener: &Value| {
            let host = listener["hostname"].as_str();
            host.map(|host| (!host.starts_with('*'), host.len()))
        };
        let (asked, taken) = (listener(&asked.name), listener(&other.name));
        let in_force = self.set.resolution.attachments.get(id);
        let mut in_force = in_force.into_iter().flatten().filter(|attachment| {
            let parent = attachment.parent.resolve(&id.name.namespace);
            parent.namespaced_name() == gateway.name
        });
        other.gateway.namespaced_name() == gateway.name
            && asked["port"] == taken["port"]
            && rank(taken) > rank(asked)
            && in_force.any(|attachment| {
                let mut listeners = attachment.listeners.iter();
                listeners.any(|at| *at.name == *other.name && has_requests(&at.standing))
            })
    }

    fn ask(&mut self, request: &Request, draw: u64) -> Answer {
        self.set
            .simulator
            .request(request, &mut |n| draw % n)
            .unwrap()
    }

    /// Whether lint says that no request reaches the route here.
    fn is_said(&self, id: &RouteId, places: &BTreeSet<Place>, site: Site<'_>) -> bool {
        let shown = site.shown();
        let mut dead = BTreeSet::new();
        for (rule, path, message) in self.set.findings(id) {
            if rule == rules::ROUTE_REACHED.id && message.contains(&shown) {
                return true;
            }
            let of_match = [
                rules::NO_DEAD_MATCH.id,
                rules::PATTERN_TAKES_PATHS.id,
                rules::PATTERN_TAKES_VALUES.id,
                rules::HOST_IS_OF_ROUTE.id,
            ];
            if of_match.contains(&rule) {
                // The field of a match stands for the match.
                let end = path.find(".matches[").and_then(|at| {
                    let after = path.get(at..)?.find(']')?;
                    Some(at + after + 1)
                });
                dead.insert(end.and_then(|end| path.get(..end)).unwrap_or(path));
            }
        }
        let said = |(rule, index): &Place| {
            let of_rule = format!("spec.rules[{rule}]");
            let of_match = format!("{of_rule}.matches[{index}]");
            [of_rule, of_match]
                .iter()
                .any(|path| dead.contains(path.as_str()))
        };
        if places.is_empty() {
            return self
                .set
                .findings(id)
                .any(|(rule, ..)| rule == "Route/has-rules");
        }
        places.iter().all(said)
    }

    /// Whatever a rule answers by itself for its configuration is in the status of the route.
    fn answers(&mut self, id: &RouteId, request: &Request, site: Site<'_>) {
        for draw in 0..6 {
            let answer = self.ask(request, draw);
            let Some(rule) = answer.route.as_ref().map(|route| route.rule) else {
                continue;
            };
            let failed = match answer.outcome {
                Outcome::Answered => true,
                Outcome::Refused => true,
                Outcome::Forwarded | Outcome::Redirected => false,
            };
            if !failed || self.is_without_endpoints(&answer) {
                continue;
            }
            let parents = self
                .set
                .route_status(id, |parent| site.is(parent, &id.name.namespace));
            let why = answer.why.join("; ");
            let conditions = parents.iter().flat_map(|parent| &parent.conditions);
            // A rule that is valid and forwards nothing is named where the route is accepted.
            let said = conditions
                .filter(|condition| is_bad(condition) || condition.type_ == "Accepted")
                .any(|condition| names(&condition.message, rule, &why));
            if !said {
                let what = format!("{id}, rule {rule}, at {}", site.shown());
                let example = format!("{:?} {}: {why}", answer.status, request.uri);
                self.violations.push(Violation::Unsaid(what, example));
                return;
            }
        }
    }

    /// Whether nothing is wrong with the configuration: the Service has no endpoint that could answer at present.
    fn is_without_endpoints(&self, answer: &Answer) -> bool {
        // To a gRPC client it is said in its own terms: 14 is UNAVAILABLE.
        let in_grpc = answer.response.as_ref().is_some_and(|response| {
            let status = response.headers.get("grpc-status");
            status.is_some_and(|status| status == "14")
        });
        // HTTP has 500 for it before v1.2.0, by which the simulator goes unless it is told otherwise.
        let unavailable = matches!(answer.status, Some(500) | None) || in_grpc;
        let why = answer.why.join("; ");
        let of_service = |object: &Value| {
            let service = object.pointer("/metadata/labels/kubernetes.io~1service-name");
            let namespace = object
                .pointer("/metadata/namespace")
                .and_then(Value::as_str);
            let named = service.and_then(Value::as_str).zip(namespace);
            let ready = object.pointer("/endpoints/0/conditions/ready") == Some(&Value::Bool(true));
            let name_of_port = object.pointer("/ports/0/name").and_then(Value::as_str);
            let port = object.pointer("/ports/0/port").and_then(Value::as_u64);
            // A set gives one port of a Service endpoints, and the others none.
            let asked = answer.backend.as_ref().and_then(|backend| backend.port);
            let serves = name_of_port != Some(world::OTHER_PORT)
                && asked.is_some_and(|asked| port == Some(u64::from(asked)));
            named.is_some_and(|(name, namespace)| {
                why.contains(&format!("Service {namespace}/{name}"))
            }) && !(ready && serves)
        };
        unavailable && why.contains("endpoint") && self.set.objects.iter().any(of_service)
    }

    /// What the status says of a route at a listener is what the listener does.
    fn standings(&mut self) {
        let resolution = &self.set.resolution;
        let mut in_force = BTreeSet::new();
        for (id, attachments) in &resolution.attachments {
            for attachment in attachments {
                let place = attachment
                    .parent
                    .resolve(&id.name.namespace)
                    .namespaced_name();
                for at in &attachment.listeners {
                    let here = (place.clone(), at.name.to_string(), id.clone());
                    let idle = resolution
                        .effective
                        .idle
                        .get(&place)
                        .into_iter()
                        .flat_map(|idle| idle.iter());
                    match &at.standing {
                        standing if has_requests(standing) => _ = in_force.insert(here),
                        Standing::Idle { .. } if !idle.into_iter().any(|l| *l.name == *at.name) => {
                            let what = format!("{here:?} is idle, and nothing says why");
                            self.violations.push(Violation::Silent(what));
                        }
                        _ => {}
                    }
                }
            }
        }
        let mut serving = BTreeSet::new();
        for gateway in resolution.effective.gateways.values() {
            for listener in &gateway.listeners {
                for id in resolution
                    .attachments
                    .keys()
                    .filter(|id| has_route(listener, id))
                {
                    serving.insert((gateway.name.clone(), listener.name.clone(), id.clone()));
                }
            }
        }
        for here in in_force.symmetric_difference(&serving) {
            let what =
                format!("{here:?} is in force by its status alone, or by the listener alone");
            self.violations.push(Violation::Silent(what));
        }
    }
}

/// Whether requests come to a route that stands like this.
fn has_requests(standing: &Standing) -> bool {
    matches!(
        standing,
        Standing::InForce { .. } | Standing::Failing { .. }
    )
}

fn places(rules: impl Iterator<Item = (usize, usize)>) -> BTreeSet<Place> {
    rules
        .flat_map(|(rule, matches)| (0..matches).map(move |index| (rule, index)))
        .collect()
}

fn has_route(listener: &EffectiveListener, id: &RouteId) -> bool {
    let is = |name: &NamespacedName| *name == id.name;
    match id.kind {
        RouteKind::Http => listener.http.iter().any(|r| is(&r.route.reference)),
        RouteKind::Grpc => listener.grpc.iter().any(|r| is(&r.route.reference)),
        RouteKind::Tls => listener.tls_routes.iter().any(|r| is(&r.route.reference)),
        RouteKind::Tcp => listener.tcp.iter().any(|r| is(&r.route.reference)),
        RouteKind::Udp => listener.udp.iter().any(|r| is(&r.route.reference)),
    }
}

fn sets() -> u64 {
    std::env::var("GWAPI_LAW_SETS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(SETS)
}

#[test]
fn an_attached_route_answers_or_something_says_why_not_and_errors_are_in_the_status() {
    let mut broken = Vec::new();
    let mut attached = 0;
    let mut parents = BTreeSet::new();
    let sets = sets();
    for seed in 0..sets {
        let mut set = Set::new(seed);
        let all = set.resolution.attachments.values().flatten();
        attached += all.filter(|attachment| attachment.attached).count();
        for (id, attachments) in &set.resolution.attachments {
            let attached = attachments.iter().filter(|one| one.attached);
            parents.extend(attached.map(|one| {
                let parent = one.parent.resolve(&id.name.namespace);
                (id.kind, parent.kind)
            }));
        }
        broken.extend(
            set.violations()
                .into_iter()
                .map(|violation| (seed, violation)),
        );
        if broken.len() > 20 {
            break;
        }
    }
    if let Some((seed, _)) = broken.first() {
        println!("the objects of set {seed}:");
        for object in &Set::new(*seed).objects {
            println!("{object}");
        }
    }
    for (seed, violation) in &broken {
        println!("set {seed}: {violation}");
    }
    assert!(broken.is_empty(), "{} violations", broken.len());
    let enough = usize::try_from(sets).unwrap();
    assert!(
        attached > enough,
        "{attached} attached routes in {sets} sets are too few to show anything"
    );
    // Routes of each kind are attached to each kind of parent; the one ServiceImport has no port for UDP.
    for kind in [
        RouteKind::Http,
        RouteKind::Grpc,
        RouteKind::Tls,
        RouteKind::Tcp,
        RouteKind::Udp,
    ] {
        for parent in ["Gateway", "Service", "ServiceImport"] {
            let is_there = parents.contains(&(kind, parent.to_owned()));
            let can_be = (kind, parent) != (RouteKind::Udp, "ServiceImport");
            assert_eq!(is_there, can_be, "{kind} at a {parent}");
        }
    }
}
