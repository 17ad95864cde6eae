//! Routes against their parents: to which listeners and Services each attaches, and why not to others.

use super::{
    Options, Snapshot,
    backend::{BackendKey, BackendState},
    effective::EffectiveHostname,
    finding::{Finding, join},
    gateway::{GatewayState, why_not_in_force},
    grants::Grants,
    kind::{RouteId, RouteKind},
    listener::ListenerState,
    rules::{self, Built, Common, Context},
};
use crate::{
    meta::{Hostname, NamespacedName, SupportedFeature, condition::route::reason},
    v1::{BackendReference, GrpcRouteFilter, HttpRouteFilter, ParentReference},
};
use k8s_openapi::{apimachinery::pkg::apis::meta::v1::ObjectMeta, jiff::Timestamp};
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

/// A route and what was found out about it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct RouteState {
    pub(super) generation: Option<i64>,
    pub(super) created: Option<Timestamp>,
    /// With Gateways as parents.
    pub(super) built: Built,
    /// With Services as parents, where other rules hold for references.
    pub(super) mesh: Option<Built>,
    pub(super) parents: Vec<ParentState>,
}

/// A route at one of its parents.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ParentState {
    pub(super) reference: ParentReference,
    pub(super) target: ParentTarget,
    /// The controller under whose name the status is written; nothing for parents that are not ours.
    pub(super) controller: Option<String>,
    pub(super) accepted: Finding,
}

/// What a parentRef leads to.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum ParentTarget {
    Gateway {
        name: NamespacedName,
        /// The listeners that the route attaches to by the parentRef and the listener's `allowedRoutes`.
        counted: Vec<usize>,
        /// Those of them that are in force and have hostnames in common with the route.
        attached: Vec<(usize, Arc<[EffectiveHostname]>)>,
    },
    Service {
        name: NamespacedName,
        /// The port that is meant; all of them without one.
        port: Option<u16>,
    },
    /// Not ours, or not there.
    Nothing,
}

impl RouteState {
    /// The rules as they hold at Services.
    pub(super) fn at_services(&self) -> &Built {
        self.mesh.as_ref().unwrap_or(&self.built)
    }

    /// The listeners of a Gateway that this route attaches to, each once.
    pub(super) fn attached_to(
        &self,
        gateway: &NamespacedName,
    ) -> BTreeMap<usize, Arc<[EffectiveHostname]>> {
        let mut listeners = BTreeMap::new();
        for parent in &self.parents {
            if let ParentTarget::Gateway { name, attached, .. } = &parent.target
                && name == gateway
            {
                listeners.extend(attached.iter().cloned());
            }
        }
        listeners
    }

    /// The listeners of a Gateway whose `attachedRoutes` this route counts for, each once.
    pub(super) fn counted_at(&self, gateway: &NamespacedName) -> Vec<usize> {
        let mut listeners: Vec<usize> = self
            .parents
            .iter()
            .filter_map(|parent| match &parent.target {
                ParentTarget::Gateway { name, counted, .. } if name == gateway => Some(counted),
                _ => None,
            })
            .flatten()
            .copied()
            .collect();
        listeners.sort_unstable();
        listeners.dedup();
        listeners
    }

    /// The Gateways that are among the parents and ours.
    pub(super) fn gateways(&self) -> impl Iterator<Item = &NamespacedName> {
        self.parents
            .iter()
            .filter_map(|parent| match &parent.target {
                ParentTarget::Gateway { name, .. } => Some(name),
                _ => None,
            })
    }
}

/// Everything that a route is looked at with.
#[derive(Clone, Copy)]
pub(super) struct World<'a> {
    pub(super) options: &'a Options,
    pub(super) snapshot: &'a Snapshot,
    pub(super) grants: &'a Grants,
    pub(super) gateways: &'a BTreeMap<NamespacedName, GatewayState>,
    pub(super) backends: &'a HashMap<BackendKey, BackendState>,
}

/// The parts of a route of any kind that are needed to know what it depends on.
pub(super) struct Parts<'a> {
    pub(super) metadata: &'a ObjectMeta,
    pub(super) parents: &'a [ParentReference],
    pub(super) hostnames: &'a [String],
}

/// The common parts of a route; nothing if it is not there.
pub(super) fn parts<'a>(snapshot: &'a Snapshot, id: &RouteId) -> Option<Parts<'a>> {
    macro_rules! parts {
        ($routes:ident $(, $hostnames:ident)?) => {{
            let route = snapshot.$routes().get(&id.name)?;
            Parts {
                metadata: &route.metadata,
                parents: &route.spec.parent_refs,
                hostnames: { let names: &[String] = &[]; $( let _ = names; let names = &route.spec.$hostnames[..]; )? names },
            }
        }};
    }
    Some(match id.kind {
        RouteKind::Http => parts!(http_routes, hostnames),
        RouteKind::Grpc => {
            let route = snapshot.grpc_routes().get(&id.name)?;
            let spec = route.spec.as_ref();
            Parts {
                metadata: &route.metadata,
                parents: spec.map(|s| s.parent_refs.as_slice()).unwrap_or_default(),
                hostnames: spec.map(|s| s.hostnames.as_slice()).unwrap_or_default(),
            }
        }
        RouteKind::Tls => parts!(tls_routes, hostnames),
        RouteKind::Tcp => parts!(tcp_routes),
        RouteKind::Udp => parts!(udp_routes),
    })
}

/// Calls `visit` with every reference to a backend or a mirror that a route has.
pub(super) fn visit_backends(
    snapshot: &Snapshot,
    id: &RouteId,
    mut visit: impl FnMut(&dyn BackendReference),
) {
    match id.kind {
        RouteKind::Http => {
            let Some(route) = snapshot.http_routes().get(&id.name) else {
                return;
            };
            for rule in &route.spec.rules {
                let filters = rule.filters.iter();
                for filter in filters.chain(rule.backend_refs.iter().flat_map(|b| b.filters.iter()))
                {
                    if let HttpRouteFilter::RequestMirror(mirror) = filter {
                        visit(&mirror.backend_ref);
                    }
                }
                rule.backend_refs.iter().for_each(|b| visit(b));
            }
        }
        RouteKind::Grpc => {
            let spec = snapshot
                .grpc_routes()
                .get(&id.name)
                .and_then(|route| route.spec.as_ref());
            for rule in spec.iter().flat_map(|spec| &spec.rules) {
                let filters = rule.filters.iter();
                for filter in filters.chain(rule.backend_refs.iter().flat_map(|b| b.filters.iter()))
                {
                    if let GrpcRouteFilter::RequestMirror(mirror) = filter {
                        visit(&mirror.backend_ref);
                    }
                }
                rule.backend_refs.iter().for_each(|b| visit(b));
            }
        }
        RouteKind::Tls => {
            let route = snapshot.tls_routes().get(&id.name);
            let rules = route.iter().flat_map(|r| &r.spec.rules);
            rules.flat_map(|r| &r.backend_refs).for_each(|b| visit(b));
        }
        RouteKind::Tcp => {
            let route = snapshot.tcp_routes().get(&id.name);
            let rules = route.iter().flat_map(|r| &r.spec.rules);
            rules.flat_map(|r| &r.backend_refs).for_each(|b| visit(b));
        }
        RouteKind::Udp => {
            let route = snapshot.udp_routes().get(&id.name);
            let rules = route.iter().flat_map(|r| &r.spec.rules);
            rules.flat_map(|r| &r.backend_refs).for_each(|b| visit(b));
        }
    }
}

/// Looks at a route; nothing if it is not there.
pub(super) fn examine(id: &RouteId, world: World<'_>) -> Option<RouteState> {
    let parts = parts(world.snapshot, id)?;
    let hostnames: Vec<Hostname> = parts
        .hostnames
        .iter()
        .filter_map(|text| text.parse().ok())
        .collect();
    let created = parts.metadata.creation_timestamp.as_ref().map(|t| t.0);
    let common = Common {
        id,
        created,
        hostnames: &hostnames,
    };
    let context = Context {
        options: world.options,
        grants: world.grants,
        backends: world.backends,
        needs_grant: true,
    };
    let built = build(id, context, common, world.snapshot)?;
    let crosses = {
        let mut crosses = false;
        visit_backends(world.snapshot, id, |reference| {
            crosses |= reference
                .explicit_namespace()
                .is_some_and(|namespace| namespace != id.name.namespace);
        });
        crosses
    };
    let no_grant = world.options.mesh_references == super::MeshReferences::NeedNoGrant;
    let mesh = (crosses && no_grant && parts.parents.iter().any(ParentReference::is_service))
        .then(|| {
            let context = Context {
                needs_grant: false,
                ..context
            };
            build(id, context, common, world.snapshot)
        })
        .flatten();
    let invalid = built.invalid.clone();
    let view = View {
        id,
        hostnames: &hostnames,
        named_hostnames: !parts.hostnames.is_empty(),
        labels: labels(&id.name.namespace, world),
    };
    let parents = parts
        .parents
        .iter()
        .map(|reference| {
            let mut parent = view.at_parent(reference, world);
            if let (true, Some(invalid)) = (parent.accepted.holds(), &invalid) {
                parent.accepted = invalid.clone();
                if let ParentTarget::Gateway { attached, .. } = &mut parent.target {
                    attached.clear();
                }
            }
            parent
        })
        .collect();
    Some(RouteState {
        generation: parts.metadata.generation,
        created,
        built,
        mesh,
        parents,
    })
}

fn build(
    id: &RouteId,
    context: Context<'_>,
    common: Common<'_>,
    snapshot: &Snapshot,
) -> Option<Built> {
    let place = &id.name;
    Some(match id.kind {
        RouteKind::Http => rules::http(
            context,
            common,
            &snapshot.http_routes().get(place)?.spec.rules,
        ),
        RouteKind::Grpc => {
            let route = snapshot.grpc_routes().get(place)?;
            let rules = route.spec.as_ref().map(|spec| spec.rules.as_slice());
            rules::grpc(context, common, rules.unwrap_or_default())
        }
        RouteKind::Tls => {
            let route = snapshot.tls_routes().get(place)?;
            let rules = route.spec.rules.iter().map(|r| r.backend_refs.as_slice());
            rules::connections(context, common, rules)
        }
        RouteKind::Tcp => {
            let route = snapshot.tcp_routes().get(place)?;
            let rules = route.spec.rules.iter().map(|r| r.backend_refs.as_slice());
            rules::connections(context, common, rules)
        }
        RouteKind::Udp => {
            let route = snapshot.udp_routes().get(place)?;
            let rules = route.spec.rules.iter().map(|r| r.backend_refs.as_slice());
            rules::connections(context, common, rules)
        }
    })
}

/// The labels of a namespace. One that is only named has the label with its name, if that is assumed.
fn labels(namespace: &str, world: World<'_>) -> BTreeMap<String, String> {
    let place = NamespacedName::new("", namespace);
    match world.snapshot.namespaces().get(&place) {
        Some(found) => {
            let mut labels = found.metadata.labels.clone().unwrap_or_default();
            if world.options.assume.namespaces {
                // An API server sets this label on every Namespace.
                labels
                    .entry(NAME_LABEL.to_owned())
                    .or_insert_with(|| namespace.to_owned());
            }
            labels
        }
        None if world.options.assume.namespaces => {
            BTreeMap::from([(NAME_LABEL.to_owned(), namespace.to_owned())])
        }
        None => BTreeMap::new(),
    }
}

/// The label that an API server sets on every Namespace.
const NAME_LABEL: &str = "kubernetes.io/metadata.name";

/// What of a route its parents look at.
struct View<'a> {
    id: &'a RouteId,
    hostnames: &'a [Hostname],
    /// Whether the route names hostnames at all, readable or not.
    named_hostnames: bool,
    labels: BTreeMap<String, String>,
}

impl View<'_> {
    fn at_parent(&self, reference: &ParentReference, world: World<'_>) -> ParentState {
        let place = reference.resolve(&self.id.name.namespace);
        let nothing = |text: String| ParentState {
            reference: reference.clone(),
            target: ParentTarget::Nothing,
            controller: None,
            accepted: Finding::new(false, reason::NO_MATCHING_PARENT, text),
        };
        if reference.is_gateway() {
            let name = place.namespaced_name();
            match world.gateways.get(&name) {
                Some(gateway) => self.at_gateway(reference, name, gateway, world.options),
                None if world.snapshot.gateways().contains_key(&name) => {
                    nothing(format!("{place} belongs to another controller"))
                }
                None => nothing(format!("{place} does not exist")),
            }
        } else if reference.is_service() {
            if !world.options.supports(&SupportedFeature::Mesh) {
                return nothing(format!(
                    "{place} is for a service mesh, which is not supported"
                ));
            }
            self.at_service(reference, place.namespaced_name(), world)
        } else {
            nothing(format!(
                "a {} is no parent that is known",
                place.group_kind()
            ))
        }
    }

    fn at_gateway(
        &self,
        reference: &ParentReference,
        name: NamespacedName,
        gateway: &GatewayState,
        options: &Options,
    ) -> ParentState {
        let mut counted = Vec::new();
        let mut attached = Vec::new();
        let mut texts = Texts::default();
        let mut stage = Stage::NotNamed;
        let section = reference.section_name.as_deref().filter(|s| !s.is_empty());
        let unsupported_port = reference.port.is_some()
            && !options.supports(&SupportedFeature::HttpRouteParentRefPort)
            && !options.supports(&SupportedFeature::HttpRouteDestinationPortMatching);
        for (index, listener) in gateway.listeners.iter().enumerate() {
            if section.is_some_and(|section| section != listener.name) {
                continue;
            }
            let ports_differ = |port: i32| listener.port.map(i32::from) != Some(port);
            if reference.port.is_some_and(ports_differ) {
                texts.add(|| {
                    format!(
                        "listener `{}` has port {}",
                        listener.name,
                        listener.port.unwrap_or_default()
                    )
                });
                continue;
            }
            match self.at_listener(gateway, listener) {
                Err((reached, text)) => {
                    stage = stage.max(reached);
                    if reached > Stage::NotAllowed {
                        counted.push(index);
                    }
                    texts.add(text);
                }
                Ok(hostnames) => {
                    counted.push(index);
                    if !listener.accepted.holds() || listener.conflicted.holds() {
                        stage = stage.max(Stage::NotAccepted);
                        texts.add(|| {
                            format!(
                                "listener `{}`: {}",
                                listener.name,
                                why_not_in_force(listener)
                            )
                        });
                        continue;
                    }
                    stage = Stage::Attached;
                    if listener.in_force() && gateway.accepted.holds() {
                        attached.push((index, hostnames));
                    }
                }
            }
        }
        let refused = texts.joined();
        let accepted = if unsupported_port {
            counted.clear();
            attached.clear();
            Finding::new(
                false,
                reason::UNSUPPORTED_VALUE,
                "`port` of a parentRef is not supported",
            )
        } else {
            match stage {
                Stage::Attached => Finding::new(
                    true,
                    reason::ACCEPTED,
                    self.describe_attached(gateway, &attached, &refused),
                ),
                Stage::NotNamed => Finding::new(
                    false,
                    reason::NO_MATCHING_PARENT,
                    not_named(&name, gateway, section, reference.port),
                ),
                Stage::NotAllowed => Finding::new(false, reason::NOT_ALLOWED_BY_LISTENERS, refused),
                Stage::NoHostname => {
                    Finding::new(false, reason::NO_MATCHING_LISTENER_HOSTNAME, refused)
                }
                Stage::NotAccepted => Finding::new(false, reason::NO_MATCHING_PARENT, refused),
            }
        };
        ParentState {
            reference: reference.clone(),
            target: ParentTarget::Gateway {
                name,
                counted,
                attached,
            },
            controller: Some(gateway.controller.clone()),
            accepted,
        }
    }

    /// Whether a listener takes the route: for which hostnames, or how far it got and what stopped it.
    #[expect(
        clippy::type_complexity,
        reason = "a text that is only made where it is shown"
    )]
    fn at_listener<'t>(
        &'t self,
        gateway: &'t GatewayState,
        listener: &'t ListenerState,
    ) -> Result<Arc<[EffectiveHostname]>, (Stage, Box<dyn FnOnce() -> String + 't>)> {
        let route_namespace = &self.id.name.namespace;
        let own = &gateway.name.namespace;
        if !listener.kinds.contains(&self.id.kind) {
            let kind = self.id.kind;
            return Err((
                Stage::NotAllowed,
                Box::new(move || {
                    format!(
                        "listener `{}` takes {}, and no {kind}",
                        listener.name,
                        listener.describe_kinds()
                    )
                }),
            ));
        }
        if !listener.allows_namespace(own, route_namespace, &self.labels) {
            return Err((
                Stage::NotAllowed,
                Box::new(move || {
                    format!(
                        "listener `{}` takes routes from {}, and the route is in `{route_namespace}`",
                        listener.name,
                        listener.describe_from(own),
                    )
                }),
            ));
        }
        self.hostnames_at(listener).ok_or_else(|| {
            let text: Box<dyn FnOnce() -> String + 't> = Box::new(move || {
                let names: Vec<&str> = self.hostnames.iter().map(Hostname::as_str).collect();
                format!(
                    "listener `{}` serves `{}`, with which `{}` has no host in common",
                    listener.name,
                    listener.hostname.as_ref().map_or("*", Hostname::as_str),
                    names.join("`, `"),
                )
            });
            (Stage::NoHostname, text)
        })
    }

    /// The hostnames for which the route holds at a listener (HTTPRoute `spec.hostnames`).
    fn hostnames_at(&self, listener: &ListenerState) -> Option<Arc<[EffectiveHostname]>> {
        let has_hostnames = matches!(
            self.id.kind,
            RouteKind::Http | RouteKind::Grpc | RouteKind::Tls
        );
        if !self.named_hostnames || !has_hostnames {
            return Some(listener.all_hostnames.clone());
        }
        let common: Vec<EffectiveHostname> = self
            .hostnames
            .iter()
            .filter_map(|own| {
                let hostname = match &listener.hostname {
                    Some(hostname) => hostname.intersection(own)?,
                    None => own,
                };
                Some(EffectiveHostname {
                    hostname: Some(hostname.clone()),
                    own: Some(own.clone()),
                })
            })
            .collect();
        (!common.is_empty()).then(|| common.into())
    }

    /// The sentence of a route that is attached: where, and for which hosts.
    fn describe_attached(
        &self,
        gateway: &GatewayState,
        attached: &[(usize, Arc<[EffectiveHostname]>)],
        refused: &str,
    ) -> String {
        let mut texts = Texts::default();
        for (index, hostnames) in attached {
            if let Some(listener) = gateway.listeners.get(*index) {
                texts.add(|| {
                    let names: Vec<&str> = hostnames
                        .iter()
                        .map(|h| h.hostname.as_ref().map_or("*", Hostname::as_str))
                        .collect();
                    format!("listener `{}` for `{}`", listener.name, names.join("`, `"))
                });
            }
        }
        let mut text = if attached.is_empty() {
            "attached, though no listener is in force".to_owned()
        } else {
            format!("attached to {}", texts.joined())
        };
        if !refused.is_empty() {
            text.push_str("; not to others: ");
            text.push_str(refused);
        }
        text
    }

    fn at_service(
        &self,
        reference: &ParentReference,
        name: NamespacedName,
        world: World<'_>,
    ) -> ParentState {
        let state = |target, accepted| ParentState {
            reference: reference.clone(),
            target,
            controller: Some(world.options.mesh_controller.clone()),
            accepted,
        };
        let refuse =
            |reason, text: String| state(ParentTarget::Nothing, Finding::new(false, reason, text));
        let Some(service) = world.backends.get(&BackendKey::service(name.clone())) else {
            return refuse(
                reason::NO_MATCHING_PARENT,
                format!("Service {name} does not exist"),
            );
        };
        if service.headless || service.external_name {
            return refuse(
                reason::UNSUPPORTED_VALUE,
                format!(
                    "Service {name} has no address of its own by which a mesh knows its traffic"
                ),
            );
        }
        let consumer = name.namespace != self.id.name.namespace;
        if consumer && !world.options.supports(&SupportedFeature::MeshConsumerRoute) {
            return refuse(
                reason::UNSUPPORTED_VALUE,
                format!(
                    "Service {name} is in another namespace: consumer routes are not supported"
                ),
            );
        }
        let section = reference.section_name.as_deref().filter(|s| !s.is_empty());
        let mut ports = service.ports.iter().filter(|port| {
            section.is_none_or(|section| port.name.as_deref() == Some(section))
                && reference
                    .port
                    .is_none_or(|number| i32::from(port.port) == number)
        });
        let port = if section.is_none() && reference.port.is_none() {
            None
        } else {
            match ports.next() {
                Some(port) => Some(port.port),
                None => {
                    let have: Vec<String> =
                        service.ports.iter().map(|p| p.port.to_string()).collect();
                    return refuse(
                        reason::NO_MATCHING_PARENT,
                        format!(
                            "Service {name} has no such port: it has {}",
                            have.join(", ")
                        ),
                    );
                }
            }
        };
        let scope = if consumer {
            format!(
                "requests of clients in namespace `{}`",
                self.id.name.namespace
            )
        } else {
            "requests of all clients".to_owned()
        };
        let at = port.map_or("every port".to_owned(), |port| format!("port {port}"));
        state(
            ParentTarget::Service { name, port },
            Finding::new(true, reason::ACCEPTED, format!("governs {scope} to {at}")),
        )
    }
}

/// How far a route got at the best of the listeners.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    NotNamed,
    NotAllowed,
    NoHostname,
    NotAccepted,
    Attached,
}

/// Why no listener is meant by a parentRef.
fn not_named(
    name: &NamespacedName,
    gateway: &GatewayState,
    section: Option<&str>,
    port: Option<i32>,
) -> String {
    let have: Vec<String> = gateway
        .listeners
        .iter()
        .take(8)
        .map(|l| format!("`{}` (port {})", l.name, l.port.unwrap_or_default()))
        .collect();
    let asked = match (section, port) {
        (Some(section), Some(port)) => format!("named `{section}` with port {port}"),
        (Some(section), None) => format!("named `{section}`"),
        (None, Some(port)) => format!("with port {port}"),
        (None, None) => "at all".to_owned(),
    };
    format!(
        "Gateway {name} has no listener {asked}: it has {}",
        have.join(", ")
    )
}

/// Sentences about listeners, of which only the first few are made.
#[derive(Default)]
struct Texts {
    shown: Vec<String>,
    more: usize,
}

impl Texts {
    fn add(&mut self, text: impl FnOnce() -> String) {
        if self.shown.len() < 8 {
            self.shown.push(text());
        } else {
            self.more += 1;
        }
    }

    fn joined(&self) -> String {
        let mut text = join(&self.shown);
        if self.more > 0 {
            text.push_str(&format!("; and {} more", self.more));
        }
        text
    }
}
