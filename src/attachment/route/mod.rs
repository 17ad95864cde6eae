//! Routes against their parents: to which listeners and Services each attaches, and why not to others.

mod at_gateway;
mod at_service;
mod parts;
pub(super) mod rules;

pub(super) use at_gateway::{AtOne, Fit, accepted};
pub(super) use at_service::governs;
pub(super) use parts::{parts, visit_backends, visit_extensions};

use super::{
    Options, Snapshot,
    backend::{BackendKey, BackendState},
    effective::EffectiveHostname,
    finding::Finding,
    gateway::GatewayState,
    map::Map,
    objects::{
        grants::Grants,
        object::MULTICLUSTER_GROUP,
        route_id::{RouteId, RouteKind},
    },
    unimplemented::is_unimplemented_kind,
};
use crate::{
    meta::{
        Age, FeatureName, GROUP, Hostname, NamespacedName, ObjectRef, PatternStore,
        condition::route::reason, unexpected_kind,
    },
    v1::ParentReference,
};
use k8s_openapi::api::core::v1::Namespace;
use rules::{Built, Common, Context};
use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// A route and what was found out about it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct RouteState {
    pub(super) generation: Option<i64>,
    pub(super) age: Age,
    /// With Gateways as parents.
    pub(super) built: Built,
    /// With Services as parents, where that makes a difference.
    pub(super) mesh: Option<Built>,
    /// At listeners that pass TLS through, where that makes a difference.
    pub(super) passthrough: Option<Built>,
    /// With Gateways as parents for which a policy of a backend has no room.
    pub(super) without_room: BTreeMap<NamespacedName, Built>,
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
        /// The listeners that the parentRef selects by name and port.
        listeners: Vec<AtOne>,
        /// Why other listeners do not accept the route, for people.
        refused: String,
    },
    Service {
        key: BackendKey,
        /// The port that is meant; all of them without one.
        port: Option<u16>,
    },
    /// Not ours, or not there.
    Nothing,
}

impl RouteState {
    /// The rules at a listener of a Gateway, which passes TLS through or does not.
    pub(super) fn at_listener(&self, gateway: &NamespacedName, passes_through: bool) -> &Built {
        match &self.passthrough {
            Some(built) if passes_through => built,
            _ => self.without_room.get(gateway).unwrap_or(&self.built),
        }
    }

    /// The rules at Services.
    pub(super) fn at_services(&self) -> &Built {
        self.mesh.as_ref().unwrap_or(&self.built)
    }

    /// The listeners of a Gateway that accept this route, as far as other routes do not exclude it; each once,
    /// in force or not; in the order of the Gateway's spec.
    pub(super) fn accepted_at(
        &self,
        gateway: &NamespacedName,
    ) -> Vec<(usize, &Arc<[EffectiveHostname]>)> {
        let accepted = self
            .at(gateway)
            .filter(|(parent, _)| parent.accepted.holds())
            .flat_map(|(_, listeners)| listeners);
        let mut accepted: Vec<(usize, &Arc<[EffectiveHostname]>)> = accepted
            .filter_map(|listener| match &listener.fit {
                Fit::Accepted { hostnames, .. } => Some((listener.index, hostnames)),
                Fit::Rejected { .. } => None,
            })
            .collect();
        accepted.sort_by_key(|(index, _)| *index);
        accepted.dedup_by_key(|(index, _)| *index);
        accepted
    }

    /// The listeners of a Gateway that select this route by one of these parents, each once: their `attachedRoutes` counts
    /// it.
    pub(super) fn counted_at(
        &self,
        gateway: &NamespacedName,
        by: impl Fn(&ParentState) -> bool,
    ) -> Vec<usize> {
        let mut listeners: Vec<usize> = self
            .at(gateway)
            .filter(|(parent, _)| by(parent))
            .flat_map(|(_, listeners)| listeners)
            .filter(|listener| !matches!(listener.fit, Fit::Rejected { counted: false, .. }))
            .map(|listener| listener.index)
            .collect();
        listeners.sort_unstable();
        listeners.dedup();
        listeners
    }

    /// The parents that are this Gateway, and its listeners that they select.
    fn at<'a>(
        &'a self,
        gateway: &NamespacedName,
    ) -> impl Iterator<Item = (&'a ParentState, &'a [AtOne])> {
        self.parents
            .iter()
            .filter_map(move |parent| match &parent.target {
                ParentTarget::Gateway {
                    name, listeners, ..
                } if name == gateway => Some((parent, listeners.as_slice())),
                _ => None,
            })
    }

    /// The Services and ServiceImports that are among the parents.
    pub(super) fn services(&self) -> impl Iterator<Item = &BackendKey> {
        self.parents
            .iter()
            .filter_map(|parent| match &parent.target {
                ParentTarget::Service { key, .. } => Some(key),
                _ => None,
            })
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
    pub(super) backends: &'a Map<BackendKey, BackendState>,
    pub(super) patterns: &'a PatternStore,
    /// By Gateway, the policies that have no room for it.
    pub(super) without_room: &'a Map<NamespacedName, BTreeSet<ObjectRef>>,
}

/// Looks at a route; nothing if it is not there.
pub(super) fn examine(id: &RouteId, world: World<'_>) -> Option<RouteState> {
    let parts = parts(world.snapshot, id)?;
    let hostnames: Vec<Hostname> = parts
        .hostnames
        .iter()
        .filter_map(|text| text.parse().ok())
        .collect();
    let age = Age::of(parts.metadata);
    let common = Common {
        id,
        age,
        hostnames: &hostnames,
    };
    let context = Context {
        options: world.options,
        snapshot: world.snapshot,
        grants: world.grants,
        backends: world.backends,
        patterns: world.patterns,
        needs_grant: true,
        originates: true,
        without_room: None,
    };
    let built = build(id, context, common, world.snapshot)?;
    let other =
        |context| build(id, context, common, world.snapshot).filter(|other| *other != built);
    let needs_grant = !mesh_needs_no_grant(world.options);
    let in_mesh =
        |parent: &ParentReference| BackendKey::kind_of(parent.group(), parent.kind()).is_some();
    let mesh = parts.parents.iter().any(in_mesh).then(|| {
        other(Context {
            needs_grant,
            originates: false,
            ..context
        })
    });
    let passthrough = (id.kind == RouteKind::Tls).then(|| {
        other(Context {
            originates: false,
            ..context
        })
    });
    let namespace = NamespacedName::new("", &id.name.namespace);
    let namespace = world.snapshot.namespaces().get(&namespace);
    let view = View {
        id,
        hostnames: &hostnames,
        named_hostnames: !parts.hostnames.is_empty(),
        labels: labels(&id.name.namespace, namespace, world.options),
        namespace_exists: namespace.is_some(),
        assumes_namespaces: world.options.assume.namespaces,
        snapshot: world.snapshot,
    };
    let parents = parts
        .parents
        .iter()
        .map(|reference| {
            let mut parent = view.at_parent(reference, world);
            let at = match &parent.target {
                ParentTarget::Service { .. } => {
                    mesh.as_ref().and_then(Option::as_ref).unwrap_or(&built)
                }
                ParentTarget::Gateway { .. } | ParentTarget::Nothing => &built,
            };
            if let (true, Some(invalid)) = (parent.accepted.holds(), &at.invalid) {
                parent.accepted = invalid.clone();
            }
            if built.without_rules && parent.accepted.holds() {
                let message = &mut parent.accepted.message;
                message.push_str("; it has no rules, so that no request matches it");
            }
            parent
        })
        .collect();
    let mut state = RouteState {
        generation: parts.metadata.generation,
        age,
        mesh: mesh.flatten(),
        passthrough: passthrough.flatten(),
        built,
        without_room: BTreeMap::new(),
        parents,
    };
    if !world.without_room.is_empty() {
        let others = state.gateways().filter_map(|gateway| {
            let full = world.without_room.get(gateway)?;
            let context = Context {
                without_room: Some((gateway, full)),
                ..context
            };
            let built = build(id, context, common, world.snapshot)?;
            (built != state.built).then(|| (gateway.clone(), built))
        });
        state.without_room = others.collect();
    }
    Some(state)
}

/// Whether a route with Services as its parents needs no ReferenceGrant (GEP-1426).
pub(super) fn mesh_needs_no_grant(options: &Options) -> bool {
    options.mesh_references == super::MeshReferences::NeedNoGrant
}

fn build(
    id: &RouteId,
    context: Context<'_>,
    common: Common<'_>,
    snapshot: &Snapshot,
) -> Option<Built> {
    let place = &id.name;
    Some(match id.kind {
        RouteKind::Http => rules::http(context, common, &snapshot.http_routes().get(place)?.spec),
        RouteKind::Grpc => {
            let route = snapshot.grpc_routes().get(place)?;
            let rules = route.spec.as_ref().map(|spec| spec.rules.as_slice());
            rules::grpc(context, common, rules.unwrap_or_default())
        }
        RouteKind::Tls => {
            let route = snapshot.tls_routes().get(place)?;
            let rules = route.spec.rules.iter();
            let rules = rules.map(|r| (r.name.as_ref(), r.backend_refs.as_slice()));
            rules::connections(context, common, rules)
        }
        RouteKind::Tcp => {
            let route = snapshot.tcp_routes().get(place)?;
            let rules = route.spec.rules.iter();
            let rules = rules.map(|r| (r.name.as_ref(), r.backend_refs.as_slice()));
            rules::connections(context, common, rules)
        }
        RouteKind::Udp => {
            let route = snapshot.udp_routes().get(place)?;
            let rules = route.spec.rules.iter();
            let rules = rules.map(|r| (r.name.as_ref(), r.backend_refs.as_slice()));
            rules::connections(context, common, rules)
        }
    })
}

/// The labels of a namespace. One that is only named has the label with its name, if that is assumed.
fn labels<'a>(
    name: &str,
    namespace: Option<&'a Arc<Namespace>>,
    options: &Options,
) -> Cow<'a, BTreeMap<String, String>> {
    let own = namespace.and_then(|namespace| namespace.metadata.labels.as_ref());
    let mut labels = own.map_or_else(Cow::default, Cow::Borrowed);
    if options.assume.namespaces && !labels.contains_key(NAME_LABEL) {
        // An API server sets this label on every Namespace.
        let labels = labels.to_mut();
        labels.insert(NAME_LABEL.to_owned(), name.to_owned());
    }
    labels
}

/// The label that an API server sets on every Namespace.
const NAME_LABEL: &str = "kubernetes.io/metadata.name";

/// The groups and kinds of parents.
pub(super) const PARENT_KINDS: &[(&str, &str)] = &[
    (GROUP, "Gateway"),
    ("", "Service"),
    (MULTICLUSTER_GROUP, "ServiceImport"),
];

/// What of a route its parents look at.
struct View<'a> {
    id: &'a RouteId,
    hostnames: &'a [Hostname],
    /// Whether the route names hostnames at all, readable or not.
    named_hostnames: bool,
    labels: Cow<'a, BTreeMap<String, String>>,
    /// Whether the route's namespace is there, so that its labels are known.
    namespace_exists: bool,
    /// Whether one that is only named counts as there.
    assumes_namespaces: bool,
    snapshot: &'a Snapshot,
}

impl View<'_> {
    /// Says that the namespace of the route does not exist, if so, and what that means for its labels.
    fn missing_namespace(&self) -> Option<String> {
        if self.namespace_exists {
            return None;
        }
        let reference = ObjectRef {
            group: String::new(),
            kind: "Namespace".to_owned(),
            namespace: String::new(),
            name: self.id.name.namespace.clone(),
        };
        // In a set of manifests a Namespace that is only named counts as there.
        Some(
            if self.assumes_namespaces && !self.snapshot.is_left_out(&reference) {
                format!(
                    "{reference} is not given, so that its labels are not known: it counts as having none of these"
                )
            } else {
                let absent = self.snapshot.absent(&reference);
                format!("{absent} and counts as having none of these labels")
            },
        )
    }

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
                None => nothing(world.snapshot.absent(&place).to_string()),
            }
        } else if let Some(key) = BackendKey::of(&place) {
            if !world.options.supports(&FeatureName::Mesh) {
                return nothing(format!(
                    "{place} is for a service mesh, which is not supported"
                ));
            }
            self.at_service(reference, key, world)
        } else {
            let known = PARENT_KINDS.iter().any(|(_, kind)| *kind == place.kind);
            nothing(if known && reference.group.is_none() {
                format!(
                    "no `group` is written, which means `{}`, and that has no kind {}",
                    place.group, place.kind
                )
            } else {
                let not = if is_unimplemented_kind(&place.group_kind()) {
                    "is not implemented as a parent"
                } else {
                    "is not supported as a parent"
                };
                unexpected_kind(&place, not, PARENT_KINDS)
            })
        }
    }
}
