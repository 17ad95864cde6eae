//! Runs every file of `tests/fixtures/attachment/`.
//!
//! A file is a stream of objects and one document of kind `Expected`: what their statuses ought to say and
//! what is in force. Conditions are written `Type: "Status Reason"`, the reason may be left out. Every condition
//! must have been observed at the generation of its object. The objects of `base.yaml` are in every set.

use crate::world;
use gwapi::{
    attachment::{
        AtListener, HttpGrpcConflict, MeshReferences, Options, PolicyTarget, Resolution, RouteId,
        RouteKind, Snapshot, Standing, Status,
        effective::{
            ClientScope, Effective, EffectiveBackend, EffectiveFilters, EffectiveMirror,
            ServiceRoute,
        },
        resolve,
    },
    manifest::{self, Object},
    meta::{Condition, FeatureName, NamespacedName, ObjectRef},
    v1::GatewayStatusAddress,
};
use serde::Deserialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

/// What a file expects.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Expected {
    #[serde(rename = "apiVersion")]
    _api_version: String,
    #[serde(rename = "kind")]
    _kind: String,
    /// The rule of the specification that is shown, in our words.
    rule: String,
    #[serde(default)]
    options: Choices,
    /// By `Kind namespace/name`.
    #[serde(default)]
    statuses: BTreeMap<String, Wanted>,
    /// What has no status of ours at all.
    #[serde(default)]
    no_status: Vec<String>,
    /// By `namespace/gateway/listener`: `Kind namespace/name: hostname, hostname` of each route in force.
    #[serde(default)]
    in_force: BTreeMap<String, Vec<String>>,
    /// Listeners that are not in force.
    #[serde(default)]
    not_in_force: Vec<String>,
    /// By `Kind namespace/name`, or `Kind namespace/name at namespace/gateway/listener` (or without the listener)
    /// or `Kind namespace/name in namespace/service` where it matters: the backends of each rule,
    /// `namespace/name:port`, and the reason where its traffic fails.
    #[serde(default)]
    backends: BTreeMap<String, Vec<Vec<String>>>,
    /// As `backends`: the endpoints of each backend of each rule, `address:port` and whether it is not ready.
    #[serde(default)]
    endpoints: BTreeMap<String, Vec<Vec<String>>>,
    /// By `namespace/service` or `ServiceImport namespace/name`: `Kind namespace/name at PORT for CLIENTS`.
    #[serde(default)]
    mesh: BTreeMap<String, Vec<String>>,
    /// By `Kind namespace/name`: for each parentRef, how the route stands at each listener that it selects,
    /// `listener: in force`, `idle`, `rejected Reason` or `excluded by Kind namespace/name (What decided)`.
    #[serde(default)]
    listeners: BTreeMap<String, Vec<Vec<String>>>,
    /// By `Kind namespace/name` of a policy: what became of it at each target, `Kind namespace/name/section Reason
    /// at namespace/gateway, in a mesh`.
    #[serde(default)]
    policies: BTreeMap<String, Vec<String>>,
    /// Parts of why, by policy.
    #[serde(default)]
    policies_say: BTreeMap<String, Vec<String>>,
    /// By `namespace/gateway`: the Secret with the certificate that it shows to backends.
    #[serde(default)]
    client_certificates: BTreeMap<String, Option<String>>,
    /// Parts of a message: by `Kind namespace/name`, texts that its conditions must hold.
    #[serde(default)]
    says: BTreeMap<String, Vec<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Choices {
    /// Features that are not supported.
    #[serde(default)]
    without: Vec<String>,
    #[serde(default)]
    pool: Vec<GatewayStatusAddress>,
    #[serde(default)]
    unusable: Vec<GatewayStatusAddress>,
    #[serde(default)]
    http_and_grpc_both_hold: bool,
    #[serde(default)]
    mesh_needs_grant: bool,
    /// Everything that a set of manifests leaves out is assumed.
    #[serde(default)]
    for_manifests: bool,
    /// The time at which certificates have to be valid.
    now: Option<String>,
    /// The release of the CRDs; v1.1.0 unless set.
    release: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
struct Wanted {
    #[serde(flatten)]
    conditions: Conditions,
    addresses: Option<Vec<String>>,
    listeners: Option<BTreeMap<String, WantedListener>>,
    parents: Option<Vec<Conditions>>,
    ancestors: Option<Vec<WantedAncestor>>,
    features: Option<usize>,
}

#[derive(Debug, Deserialize)]
struct WantedAncestor {
    of: String,
    #[serde(flatten)]
    conditions: Conditions,
}

#[derive(Debug, Default, Deserialize)]
struct WantedListener {
    routes: Option<i32>,
    kinds: Option<Vec<String>>,
    #[serde(flatten)]
    conditions: Conditions,
}

/// Conditions by type, types in upper camel case.
type Conditions = BTreeMap<String, String>;

impl Choices {
    fn options(&self) -> Options {
        let mut options = if self.for_manifests {
            Options::for_manifests()
        } else {
            Options::for_simulator(world::CONTROLLER)
        };
        if let Some(release) = &self.release {
            options = options.with_release(release.parse().unwrap());
        }
        if !self.without.is_empty() {
            for name in &self.without {
                assert!(FeatureName::KNOWN.contains(&name.as_str()), "{name}");
            }
            let left = FeatureName::KNOWN
                .iter()
                .filter(|name| !self.without.iter().any(|w| w == *name));
            options.features = Some(left.map(|name| (*name).into()).collect());
        }
        if !self.pool.is_empty() {
            options.addresses = gwapi::attachment::AddressPool::Listed(self.pool.clone());
        }
        options.unusable_addresses = self
            .unusable
            .iter()
            .map(|a| (a.address_type(), a.value.clone()))
            .collect();
        if self.http_and_grpc_both_hold {
            options.http_grpc_conflict = HttpGrpcConflict::BothAccepted;
        }
        options.now = self.now.as_ref().map(|text| text.parse().unwrap());
        if self.mesh_needs_grant {
            options.mesh_references = MeshReferences::NeedGrant;
        }
        options
    }
}

/// One file, run.
struct Run {
    expected: Expected,
    resolution: Resolution,
    generations: BTreeMap<ObjectRef, Option<i64>>,
}

fn run(path: &Path) -> Run {
    let folder = path.parent().unwrap();
    let mut snapshot = Snapshot::default();
    let mut generations = BTreeMap::new();
    let mut expected = None;
    for file in [&folder.join("base.yaml"), path] {
        let text = fs::read_to_string(file).unwrap();
        let text = text.replace("NEWEST", gwapi::meta::Release::newest().as_str());
        let (objects, errors) =
            manifest::read(text.as_bytes(), &manifest::ReadOptions::default()).decode();
        assert!(errors.is_empty(), "{}: {errors:?}", file.display());
        for decoded in objects {
            if decoded.object.kind() == "Expected" {
                let Object::Other(value) = decoded.object else {
                    unreachable!("it is no kind of the crate")
                };
                assert!(expected.is_none(), "{}: two expectations", path.display());
                let read: Expected = serde_json::from_value(*value)
                    .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
                expected = Some(read);
                continue;
            }
            let generation = decoded.object.metadata().and_then(|m| m.generation);
            let object = gwapi::attachment::SnapshotObject::from(decoded.object);
            generations.insert(object.reference(), generation);
            snapshot.insert(object);
        }
    }
    let expected = expected.unwrap_or_else(|| panic!("{}: no expectation", path.display()));
    let resolution = resolve(&snapshot, &expected.options.options());
    Run {
        expected,
        resolution,
        generations,
    }
}

/// `Kind namespace/name` as a reference.
fn reference(text: &str) -> ObjectRef {
    let (kind, place) = text
        .split_once(' ')
        .unwrap_or_else(|| panic!("`{text}`: expected `Kind namespace/name`"));
    let (namespace, name) = place.split_once('/').unwrap_or(("", place));
    ObjectRef {
        group: match kind {
            "Service" => "",
            _ => gwapi::meta::GROUP,
        }
        .to_owned(),
        kind: kind.to_owned(),
        namespace: namespace.to_owned(),
        name: name.to_owned(),
    }
}

impl Run {
    fn check(&self, file: &str) {
        assert!(!self.expected.rule.is_empty(), "{file}: no rule");
        for (name, wanted) in &self.expected.statuses {
            self.check_status(&format!("{file}: {name}"), &reference(name), wanted);
        }
        for name in &self.expected.no_status {
            let found = self.resolution.statuses.get(&reference(name));
            assert!(found.is_none(), "{file}: {name}: {found:?}");
        }
        for (listener, wanted) in &self.expected.in_force {
            let found = self.in_force(listener);
            assert_eq!(found.as_ref(), Some(wanted), "{file}: {listener}");
        }
        for listener in &self.expected.not_in_force {
            assert_eq!(self.in_force(listener), None, "{file}: {listener}");
        }
        for (route, wanted) in &self.expected.backends {
            assert_eq!(&self.backends(route, describe), wanted, "{file}: {route}");
        }
        for (route, wanted) in &self.expected.endpoints {
            let found = self.backends(route, describe_endpoints);
            assert_eq!(&found, wanted, "{file}: {route}");
        }
        for (service, wanted) in &self.expected.mesh {
            assert_eq!(&self.mesh(service), wanted, "{file}: {service}");
        }
        for (route, wanted) in &self.expected.listeners {
            assert_eq!(&self.listeners(route), wanted, "{file}: {route}");
        }
        for (name, wanted) in &self.expected.policies {
            let found: Vec<String> = self.policy(name).iter().map(describe_target).collect();
            assert_eq!(&found, wanted, "{file}: {name}");
        }
        for (name, texts) in &self.expected.policies_say {
            let found: Vec<&str> = self.policy(name).iter().map(|t| t.why.as_str()).collect();
            for text in texts {
                let said = found.iter().any(|why| why.contains(text.as_str()));
                assert!(said, "{file}: {name}: {text}: {found:?}");
            }
        }
        for (gateway, wanted) in &self.expected.client_certificates {
            let (namespace, name) = gateway.split_once('/').unwrap();
            let name = NamespacedName::new(namespace, name);
            let found = self
                .resolution
                .effective
                .gateways
                .get(&name)
                .unwrap()
                .client_certificate
                .as_ref();
            let found = found.map(|found| found.reference.namespaced_name().to_string());
            assert_eq!(&found, wanted, "{file}: {gateway}");
        }
        for (name, texts) in &self.expected.says {
            let status = &self.resolution.statuses[&reference(name)];
            let json = serde_json::to_string(status).unwrap();
            for text in texts {
                assert!(
                    json.contains(text.as_str()),
                    "{file}: {name}: {text}: {json}"
                );
            }
        }
    }

    fn policy(&self, name: &str) -> &[PolicyTarget] {
        &self.resolution.policies[&reference(name)]
    }

    fn check_status(&self, at: &str, reference: &ObjectRef, wanted: &Wanted) {
        let generation = self.generations.get(reference).copied().flatten();
        let status = self.resolution.statuses.get(reference);
        let check = |at: &str, conditions: &[Condition], wanted: &Conditions| {
            for condition in conditions {
                assert_eq!(condition.observed_generation, generation, "{at}");
                assert!(!condition.message.is_empty(), "{at}: {condition:?}");
            }
            for (kind, text) in wanted {
                if text == "absent" {
                    assert!(conditions.iter().all(|c| c.type_ != *kind), "{at}: {kind}");
                    continue;
                }
                let found = conditions
                    .iter()
                    .find(|c| c.type_ == *kind)
                    .unwrap_or_else(|| panic!("{at}: no condition {kind}: {conditions:?}"));
                let (status, reason) = text.split_once(' ').unwrap_or((text, &found.reason));
                assert_eq!(
                    (found.status.as_str(), found.reason.as_str()),
                    (status, reason),
                    "{at}: {kind}: {}",
                    found.message
                );
            }
        };
        match status {
            Some(Status::GatewayClass(status)) => {
                check(at, &status.conditions, &wanted.conditions);
                if let Some(features) = wanted.features {
                    assert_eq!(status.supported_features.len(), features, "{at}");
                }
                let names = status
                    .supported_features
                    .iter()
                    .map(|feature| feature.name().as_str());
                assert!(names.is_sorted(), "{at}");
            }
            Some(Status::Gateway(status)) => {
                check(at, &status.conditions, &wanted.conditions);
                if let Some(wanted) = &wanted.addresses {
                    let found: Vec<&String> = status.addresses.iter().map(|a| &a.value).collect();
                    assert_eq!(found, wanted.iter().collect::<Vec<_>>(), "{at}");
                }
                for listener in &status.listeners {
                    check(at, &listener.conditions, &Conditions::new());
                }
                for (name, wanted) in wanted.listeners.iter().flatten() {
                    let at = format!("{at}: listener {name}");
                    let found = status
                        .listeners
                        .iter()
                        .find(|l| l.name == *name)
                        .unwrap_or_else(|| panic!("{at}"));
                    check(&at, &found.conditions, &wanted.conditions);
                    if let Some(routes) = wanted.routes {
                        assert_eq!(found.attached_routes, routes, "{at}");
                    }
                    if let Some(kinds) = &wanted.kinds {
                        let found: Vec<&String> =
                            found.supported_kinds().iter().map(|k| &k.kind).collect();
                        assert_eq!(found, kinds.iter().collect::<Vec<_>>(), "{at}");
                    }
                }
            }
            Some(Status::Route(status)) => {
                let parents = wanted.parents.as_ref().unwrap();
                assert_eq!(status.parents.len(), parents.len(), "{at}: {status:?}");
                for (found, wanted) in status.parents.iter().zip(parents) {
                    check(at, &found.conditions, wanted);
                }
            }
            Some(Status::Policy(status)) => {
                let ancestors = wanted.ancestors.as_ref().unwrap();
                let of: Vec<String> = status
                    .ancestors
                    .iter()
                    .map(|a| a.ancestor_ref.resolve(&reference.namespace).to_string())
                    .collect();
                let wanted_of: Vec<String> = ancestors.iter().map(|a| a.of.clone()).collect();
                assert_eq!(of, wanted_of, "{at}");
                for (found, wanted) in status.ancestors.iter().zip(ancestors) {
                    check(at, &found.conditions, &wanted.conditions);
                }
            }
            None => panic!("{at}: no status"),
            Some(other) => panic!("{at}: {other:?}"),
        }
    }

    /// The routes of a listener that is in force, in order.
    fn in_force(&self, listener: &str) -> Option<Vec<String>> {
        let [namespace, gateway, name] = listener.split('/').collect::<Vec<_>>()[..] else {
            panic!("`{listener}`: expected namespace/gateway/listener")
        };
        let place = NamespacedName::new(namespace, gateway);
        let gateway = self.resolution.effective.gateways.get(&place)?;
        let listener = gateway.listeners.iter().find(|l| l.name == name)?;
        let mut routes = Vec::new();
        macro_rules! add {
            ($($field:ident: $kind:literal),+) => {$(
                for route in &listener.$field {
                    let hosts: Vec<&str> = route
                        .hostnames
                        .iter()
                        .map(|h| h.hostname.as_ref().map_or("*", |h| h.as_str()))
                        .collect();
                    routes.push(format!("{} {}: {}", $kind, route.route.reference, hosts.join(", ")));
                }
            )+};
        }
        add!(http: "HTTPRoute", grpc: "GRPCRoute", tls_routes: "TLSRoute", tcp: "TCPRoute", udp: "UDPRoute");
        Some(routes)
    }

    /// The backends of each rule of a route, from wherever it is in force at a Gateway.
    fn backends(&self, route: &str, describe: Describe) -> Vec<Vec<String>> {
        if let Some((route, service)) = route.split_once(" in ") {
            return self.backends_in_mesh(route, service, describe);
        }
        let (route, at) = match route.split_once(" at ") {
            Some((route, at)) => (route, Some(at)),
            None => (route, None),
        };
        let reference = reference(route);
        let place = reference.namespaced_name();
        let effective = &self.resolution.effective;
        let describe = |backend: &EffectiveBackend| describe(effective, backend);
        let gateways = effective.gateways.values();
        for gateway in gateways {
            for listener in &gateway.listeners {
                let own = gateway.name.to_string();
                let here = |at| at == own || at == format!("{own}/{}", listener.name);
                if !at.is_none_or(here) {
                    continue;
                }
                macro_rules! find {
                    ($field:ident, $filters:expr) => {
                        if let Some(found) =
                            listener.$field.iter().find(|r| r.route.reference == place)
                        {
                            let rules = found.route.rules.iter();
                            return rules
                                .map(|rule| {
                                    let filters: EffectiveFilters = $filters(rule);
                                    let mirrors = filters.mirrors.iter().map(mirror);
                                    let backends = rule.backends.iter();
                                    mirrors.chain(backends.map(describe)).collect()
                                })
                                .collect();
                        }
                    };
                }
                type Http = gwapi::attachment::effective::HttpRule;
                type Grpc = gwapi::attachment::effective::GrpcRule;
                type Connection = gwapi::attachment::effective::ConnectionRule;
                match reference.kind.as_str() {
                    "HTTPRoute" => find!(http, |rule: &Http| rule.filters.clone()),
                    "GRPCRoute" => find!(grpc, |rule: &Grpc| rule.filters.clone()),
                    "TLSRoute" => find!(tls_routes, |_: &Connection| EffectiveFilters::default()),
                    "TCPRoute" => find!(tcp, |_: &Connection| EffectiveFilters::default()),
                    _ => find!(udp, |_: &Connection| EffectiveFilters::default()),
                }
            }
        }
        panic!("{route} is in force nowhere")
    }

    /// How a route stands at the listeners of its parents.
    fn listeners(&self, route: &str) -> Vec<Vec<String>> {
        let reference = reference(route);
        let kind = RouteKind::from_kind(&reference.kind).unwrap();
        let attachments =
            &self.resolution.attachments[&RouteId::new(kind, reference.namespaced_name())];
        let say = |at: &AtListener| {
            let standing = match &at.standing {
                Standing::InForce { hostnames } => {
                    assert!(!hostnames.is_empty());
                    "in force".to_owned()
                }
                Standing::Idle { .. } => "idle".to_owned(),
                Standing::Conflicted(conflict) => {
                    format!("excluded by {} ({:?})", conflict.winner, conflict.won_by)
                }
                Standing::Failing { reason, hostnames } => {
                    assert!(!hostnames.is_empty());
                    format!("failing {reason}")
                }
                Standing::Rejected { reason } => format!("rejected {reason}"),
                other => panic!("{other:?}"),
            };
            format!("{}: {standing}", at.name)
        };
        attachments
            .iter()
            .map(|attachment| attachment.listeners.iter().map(say).collect())
            .collect()
    }

    fn backends_in_mesh(&self, route: &str, service: &str, describe: Describe) -> Vec<Vec<String>> {
        let place = reference(route).namespaced_name();
        let service = reference(&format!("Service {service}")).namespaced_name();
        let effective = &self.resolution.effective;
        let routes = &effective.services.get(&service).unwrap().http;
        let found = routes.iter().find(|r| r.route.reference == place).unwrap();
        let rules = found.route.rules.iter();
        rules
            .map(|rule| {
                rule.backends
                    .iter()
                    .map(|b| describe(effective, b))
                    .collect()
            })
            .collect()
    }

    /// The routes that govern a Service.
    fn mesh(&self, service: &str) -> Vec<String> {
        let effective = &self.resolution.effective;
        let (services, place) = match service.strip_prefix("ServiceImport ") {
            Some(place) => (&effective.imports, place),
            None => (&effective.services, service),
        };
        let (namespace, name) = place.split_once('/').unwrap();
        let place = NamespacedName::new(namespace, name);
        let Some(service) = services.get(&place) else {
            panic!("Service {place} is not there")
        };
        let mut routes = Vec::new();
        fn say<R>(kind: &str, name: &NamespacedName, route: &ServiceRoute<R>) -> String {
            let port = route.port.map_or("all".to_owned(), |p| p.to_string());
            let clients = match &route.clients {
                ClientScope::Everyone => "everyone".to_owned(),
                ClientScope::Namespace(namespace) => namespace.clone(),
            };
            format!("{kind} {name} at {port} for {clients}")
        }
        macro_rules! add {
            ($($field:ident: $kind:literal),+) => {$(
                routes.extend(service.$field.iter().map(|r| say($kind, &r.route.reference, r)));
            )+};
        }
        add!(http: "HTTPRoute", grpc: "GRPCRoute", tls_routes: "TLSRoute", tcp: "TCPRoute", udp: "UDPRoute");
        routes
    }
}

/// What is told of a backend.
type Describe = fn(&Effective, &EffectiveBackend) -> String;

fn describe(_: &Effective, backend: &EffectiveBackend) -> String {
    describe_backend(backend)
}

fn describe_backend(backend: &EffectiveBackend) -> String {
    let reference = &backend.reference;
    let port = backend.port.map(|p| format!(":{p}")).unwrap_or_default();
    let mut text = format!("{}/{}{port}", reference.namespace, reference.name);
    if let Some(problem) = backend.problem() {
        text.push(' ');
        text.push_str(problem.reason());
    }
    if let Ok(target) = &backend.target
        && let Some(tls) = &target.tls
    {
        text.push_str(&format!(" by TLS as {}", tls.hostname));
    }
    if let Some(session) = &backend.session_persistence {
        let name = session.session_name.as_deref().unwrap_or_default();
        text.push_str(&format!(" in session {name}"));
    }
    text
}

fn describe_target(target: &PolicyTarget) -> String {
    let section = target.section.as_ref().map(|s| format!("/{s}"));
    let gateways = target.gateways.iter().map(|name| format!("at {name}"));
    let places: Vec<String> = gateways
        .chain(target.mesh.then(|| "in a mesh".to_owned()))
        .collect();
    let mut text = format!(
        "{}{} {}",
        target.target,
        section.unwrap_or_default(),
        target.reason
    );
    if !places.is_empty() {
        text.push_str(&format!(" {}", places.join(", ")));
    }
    assert_eq!(target.accepted, target.reason == "Accepted", "{text}");
    text
}

fn describe_endpoints(effective: &Effective, backend: &EffectiveBackend) -> String {
    let endpoints = match &backend.target {
        Ok(target) => effective.endpoints(&target.key).unwrap(),
        Err(problem) => return problem.reason().to_owned(),
    };
    let one = |endpoint: gwapi::attachment::effective::Endpoint<'_>| {
        let ready = if endpoint.ready { "" } else { " not ready" };
        format!("{}:{}{ready}", endpoint.address, endpoint.port)
    };
    endpoints.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn mirror(mirror: &EffectiveMirror) -> String {
    let share = &mirror.share;
    let share = match (share.numerator, share.denominator()) {
        (100, 100) => String::new(),
        (numerator, denominator) => format!(" {numerator}/{denominator}"),
    };
    format!("mirror{share} {}", describe_backend(&mirror.backend))
}

#[test]
fn every_fixture_holds() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/attachment");
    let mut files: BTreeSet<_> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "yaml"))
        .collect();
    assert!(files.remove(&folder.join("base.yaml")));
    assert!(files.len() >= 25, "{}", files.len());
    let mut failed = Vec::new();
    for file in &files {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let outcome = std::panic::catch_unwind(|| run(file).check(&name));
        if outcome.is_err() {
            failed.push(name);
        }
    }
    assert!(failed.is_empty(), "{failed:?}");
}
