//! A cluster in memory: objects that change, clients, backends, a clock, and what happened.

mod authority;
mod client;
#[cfg(test)]
mod tests;
mod trace;

pub use authority::{CertificateFault, IssuedCertificate, Usage, WorldAuthority};
pub use client::{ClientPlace, Speaks, WorldClient};
pub use trace::{Event, TraceStep};

use super::{
    Answer, BackendBehaviour, Backends, EndpointTls, Outcome, Request, RequestError, SimulatedStep,
    Simulator, Visit, VisitTraffic, backends::tls_of_request, random::Random,
};
use crate::{
    attachment::{Options, Resolver, SnapshotObject},
    certificate::TrustStore,
    meta::{NamespacedName, ObjectRef},
    proxy::{DataPlaneOptions, Failure},
};
use k8s_openapi::jiff::Timestamp;
use std::{
    collections::BTreeMap,
    fmt,
    time::{Duration, SystemTime},
};

/// What a backend does with what comes: how it answers, or why it does not.
pub type Reply = Result<BackendBehaviour, Failure>;

/// What stands behind a Service.
type Handler = Box<dyn FnMut(&Visit<'_>) -> Reply + Send>;

/// A cluster in memory: objects that change, clients, backends, a clock, and what happened.
///
/// Nothing in it is left to chance: the clock moves when it is told to, or by the time that backends take, and all draws,
/// keys and certificates follow from the seed. The same seed and the same calls make the same [trace](Self::trace).
///
/// ```
/// use gwapi::{
///     manifest,
///     proxy::Failure,
///     sim::{BackendBehaviour, world::{World, WorldClient}},
/// };
///
/// let mut world = World::new(7);
/// let objects = [
///     r#"{"apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "metadata": {"name": "edge"},
///         "spec": {"gatewayClassName": "any", "listeners": [{"name": "http", "port": 80, "protocol": "HTTP"}]}}"#,
///     r#"{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": {"ports": [{"port": 80}]}}"#,
///     r#"{"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": {"name": "web"},
///         "spec": {"parentRefs": [{"name": "edge"}], "rules": [{"backendRefs": [{"name": "web", "port": 80}]}]}}"#,
/// ];
/// for object in objects {
///     world.apply(manifest::decode(&serde_json::from_str(object)?)?);
/// }
/// let mut works = true;
/// world.set_backend("default", "web", move |_| {
///     works = !works;
///     if works { Err(Failure::Reset) } else { Ok(BackendBehaviour::default()) }
/// });
/// let mut client = WorldClient::outside("browser");
/// assert_eq!(world.get(&mut client, "http://shop.example/")?.status, Some(200));
/// assert_eq!(world.get(&mut client, "http://shop.example/")?.status, Some(502));
/// println!("{}", world.trace_text());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct World {
    resolver: Resolver,
    simulator: Simulator,
    random: Random,
    backends: BTreeMap<NamespacedName, Handler>,
    tls: BTreeMap<NamespacedName, EndpointTls>,
    trace: Vec<TraceStep>,
    seed: u64,
    /// Whether objects or the time changed since the resolver last looked.
    stale: bool,
}

impl World {
    /// An empty world, whose objects count as [those of manifests](Options::for_manifests) do.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self::with_options(seed, Options::for_manifests())
    }

    /// An empty world whose objects are resolved like this. Certificates are judged by its clock, which begins as that of a
    /// [`Simulator`] does.
    #[must_use]
    pub fn with_options(seed: u64, options: Options) -> Self {
        let data_plane = DataPlaneOptions::for_behaviour(options.behaviour);
        let simulator = Simulator::new(Default::default(), data_plane).with_seed(seed);
        let options = Options {
            now: timestamp(simulator.now()),
            ..options
        };
        Self {
            resolver: Resolver::new(options),
            simulator,
            random: Random::new(seed),
            backends: BTreeMap::new(),
            tls: BTreeMap::new(),
            trace: Vec::new(),
            seed,
            stale: false,
        }
    }

    /// Puts an object in its place. The data plane knows it from the next request on.
    pub fn apply(&mut self, object: impl Into<SnapshotObject>) {
        let object = object.into();
        self.note(Event::Applied(object.reference()));
        self.resolver.insert(object);
        self.stale = true;
    }

    /// Takes an object away.
    pub fn delete(&mut self, object: &ObjectRef) {
        self.note(Event::Deleted(object.clone()));
        self.resolver.remove(object);
        self.stale = true;
    }

    /// Says what stands behind a Service: what its endpoints do with all traffic that comes to them, requests, copies,
    /// connections and datagrams alike. Those of others answer 200 at once, or as the request says.
    pub fn set_backend(
        &mut self,
        namespace: &str,
        name: &str,
        does: impl FnMut(&Visit<'_>) -> Reply + Send + 'static,
    ) {
        let name = NamespacedName::new(namespace, name);
        self.backends.insert(name, Box::new(does));
    }

    /// Says what the endpoints of a Service do in TLS: which certificates they show, or that they speak none. Those of others do
    /// what the request says ([`BackendBehaviour::tls`]).
    pub fn set_backend_tls(&mut self, namespace: &str, name: &str, does: EndpointTls) {
        self.tls.insert(NamespacedName::new(namespace, name), does);
    }

    /// Says which authorities the operating system of the data plane trusts (BackendTLSPolicy `wellKnownCACertificates`). There
    /// are none at first.
    pub fn set_system_authorities<'a>(
        &mut self,
        authorities: impl IntoIterator<Item = &'a WorldAuthority>,
    ) {
        let authorities = authorities.into_iter().map(WorldAuthority::certificate);
        self.simulator
            .set_system_authorities(TrustStore::of_pem(authorities));
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> SystemTime {
        self.simulator.now()
    }

    /// Lets time pass. Certificates end by it, and sessions.
    pub fn advance(&mut self, by: Duration) {
        self.note(Event::Passed(by));
        self.pass(by);
    }

    fn pass(&mut self, by: Duration) {
        if by.is_zero() {
            return;
        }
        self.simulator.advance(by);
        if let Some(now) = timestamp(self.simulator.now()) {
            self.resolver.set_now(now);
            self.stale = true;
        }
    }

    /// A certificate of a server that signs itself, for these names.
    ///
    /// # Errors
    ///
    /// A name that no certificate can bear.
    pub fn self_signed(
        &self,
        names: &[&str],
    ) -> Result<IssuedCertificate, authority::CertificateFault> {
        WorldAuthority::self_signed(self.seed, names, self.now())
    }

    /// An authority for certificates, which follows from the seed and the name.
    ///
    /// # Errors
    ///
    /// A name that no certificate can bear.
    pub fn authority(&self, name: &str) -> Result<WorldAuthority, CertificateFault> {
        WorldAuthority::new(self.seed, name, self.now())
    }

    /// Sends a `GET` of a URL; see [`send`](Self::send).
    ///
    /// # Errors
    ///
    /// As with [`send`](Self::send), and where the text is no URL.
    pub fn get(&mut self, client: &mut WorldClient, url: &str) -> Result<Answer, RequestError> {
        self.send(client, Request::get(url)?)
    }

    /// Sends a request of a client: from its place, in its protocol, with what it keeps from the answers before. Time passes as
    /// long as the backend takes.
    ///
    /// # Errors
    ///
    /// As [`Simulator::request`].
    pub fn send(
        &mut self,
        client: &mut WorldClient,
        mut request: Request,
    ) -> Result<Answer, RequestError> {
        if std::mem::take(&mut self.stale) && self.resolver.update().concerns_traffic() {
            let effective = self.resolver.resolution().effective.clone();
            self.simulator.update(effective);
        }
        let now = self.now();
        client.prepare(&mut request, now, timestamp(now));
        self.note(Event::Sent {
            client: client.name.clone(),
            method: request.method.clone(),
            url: request.uri.clone(),
        });
        let mut reached = WorldBackends {
            request: &request,
            backends: &mut self.backends,
            tls: &self.tls,
            events: Vec::new(),
            took: Duration::ZERO,
        };
        let random = &mut self.random;
        let mut draw = |below| random.below(below);
        let asked = self
            .simulator
            .request_with(&request, &mut draw, &mut reached);
        let WorldBackends { events, took, .. } = reached;
        let answer = asked?;
        for event in events {
            self.note(event);
        }
        self.pass(took);
        let dropped = client.learn(&request, &answer, now);
        self.note(Event::Got {
            client: client.name.clone(),
            outcome: answer.outcome,
            status: answer.status,
            session: answer.session.as_ref().map(|session| session.state),
            why: match answer.outcome {
                Outcome::Answered | Outcome::Refused => answer.why.clone(),
                Outcome::Forwarded | Outcome::Redirected => dropped,
            },
        });
        Ok(answer)
    }

    /// What happened.
    #[must_use]
    pub fn trace(&self) -> &[TraceStep] {
        &self.trace
    }

    /// What happened, a line a step.
    #[must_use]
    pub fn trace_text(&self) -> String {
        let steps = self.trace.iter();
        steps.map(|step| format!("{step}\n")).collect()
    }

    /// Takes what happened since the last time: a long story is read in parts.
    pub fn take_trace(&mut self) -> Vec<TraceStep> {
        std::mem::take(&mut self.trace)
    }

    /// What became of the objects.
    #[must_use]
    pub fn resolver(&self) -> &Resolver {
        &self.resolver
    }

    fn note(&mut self, event: Event) {
        let at = self.now();
        self.trace.push(TraceStep { at, event });
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World")
            .field("seed", &self.seed)
            .field("now", &self.now())
            .field("steps", &self.trace.len())
            .finish_non_exhaustive()
    }
}

/// The backends, while a request is sent.
struct WorldBackends<'w> {
    request: &'w Request,
    backends: &'w mut BTreeMap<NamespacedName, Handler>,
    tls: &'w BTreeMap<NamespacedName, EndpointTls>,
    events: Vec<Event>,
    took: Duration,
}

impl Backends for WorldBackends<'_> {
    fn reply(&mut self, visit: &Visit<'_>) -> Reply {
        let reply = match self.backends.get_mut(&visit.backend.namespaced_name()) {
            Some(handler) => handler(visit),
            None => Ok(self.request.backend.clone()),
        };
        let took = match &reply {
            // Nobody waits for what a mirror does.
            _ if matches!(visit.traffic, VisitTraffic::Copy(_)) => Duration::ZERO,
            Ok(behaviour) => {
                let delay = Duration::from(behaviour.delay);
                visit.limit.map_or(delay, |limit| limit.min(delay))
            }
            Err(Failure::Timeout) => visit.limit.unwrap_or_default(),
            Err(_) => Duration::ZERO,
        };
        self.took = self.took.saturating_add(took);
        let came = reply.as_ref().map_err(Clone::clone);
        self.events.push(Event::of_visit(
            visit,
            came.map(|behaviour| behaviour.status),
        ));
        reply
    }

    fn is_assumed(&self, backend: &ObjectRef) -> bool {
        !self.backends.contains_key(&backend.namespaced_name())
    }

    fn tls(&mut self, visit: &Visit<'_>) -> EndpointTls {
        let known = match self.tls.is_empty() {
            true => None,
            false => self.tls.get(&visit.backend.namespaced_name()),
        };
        known.map_or_else(|| tls_of_request(self.request, visit), Clone::clone)
    }

    fn not_reached(&mut self, visit: &Visit<'_>, failure: &Failure) {
        let event = Event::of_visit(visit, Err(failure.clone()));
        self.events.push(event);
    }

    fn saw(&mut self, step: &SimulatedStep<'_>) {
        self.events.extend(Event::of_step(step));
    }
}

/// The time as certificates have it.
fn timestamp(time: SystemTime) -> Option<Timestamp> {
    Timestamp::try_from(time).ok()
}
