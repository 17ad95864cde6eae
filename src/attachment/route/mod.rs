//! Routes against their parents: to which listeners and Services each attaches, and why not to others.

mod allowed;
mod at_gateway;
mod at_service;
mod parts;
pub(super) mod rules;
mod state;
mod view;

pub(crate) use allowed::NAME_LABEL;
#[cfg(test)]
pub(crate) use allowed::SELECTORS_ASKED;
pub(super) use allowed::{Allowed, labels};
pub(super) use at_gateway::accepted;
pub(super) use at_service::{governs, lost_all, lost_ports, ports_meant};
pub(super) use parts::{parts, visit_backends, visit_extensions};
pub(crate) use state::Obstacles;
pub(super) use state::{AtOne, Fit, ParentState, ParentTarget, RouteState};
pub(super) use view::RouteContext;

use super::{
    Options, Snapshot,
    backend::BackendKey,
    condition_body::ConditionBody,
    objects::{
        object::MULTICLUSTER_GROUP,
        route_id::{RouteId, RouteKind},
    },
    unimplemented::{is_unimplemented_kind, is_unimplemented_parent},
};
use crate::{
    meta::{Age, FeatureName, GROUP, ObjectRef, condition::route::reason, unexpected_kind},
    v1::ParentReference,
};
use rules::{Built, Common, Context};
use std::collections::BTreeMap;
use view::RouteView;

/// Looks at a route; nothing if it is not there.
pub(super) fn examine(id: &RouteId, world: RouteContext<'_>) -> Option<RouteState> {
    let parts = parts(world.snapshot, id)?;
    let hostnames = parts.readable_hostnames();
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
    let view = RouteView::new(id, &parts, &hostnames, world);
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
                parent.fails = at.fails();
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

/// How a route would stand at every listener of a Gateway, or at one of them, whether it names that or not.
pub(super) fn at_every_listener(
    id: &RouteId,
    gateway: &ObjectRef,
    section: Option<&str>,
    world: RouteContext<'_>,
) -> Vec<AtOne> {
    match at_named(id, gateway, section, world) {
        Some(ParentTarget::Gateway { listeners, .. }) => listeners,
        _ => Vec::new(),
    }
}

/// Why a listener of a Gateway would not accept a route that names it; nothing if it would, or if there is no such listener.
pub(super) fn why_refused(
    id: &RouteId,
    gateway: &ObjectRef,
    listener: &str,
    world: RouteContext<'_>,
) -> Option<String> {
    match at_named(id, gateway, Some(listener), world)? {
        ParentTarget::Gateway { refused, .. } => Some(refused).filter(|why| !why.is_empty()),
        ParentTarget::Service { .. } | ParentTarget::Nothing => None,
    }
}

/// What a parentRef would lead to that names a Gateway, or a listener of it; nothing if the route is not there.
fn at_named(
    id: &RouteId,
    gateway: &ObjectRef,
    section: Option<&str>,
    world: RouteContext<'_>,
) -> Option<ParentTarget> {
    let parts = parts(world.snapshot, id)?;
    let hostnames = parts.readable_hostnames();
    let view = RouteView::new(id, &parts, &hostnames, world);
    let every = ParentReference {
        namespace: Some(gateway.namespace.clone()),
        name: gateway.name.clone(),
        section_name: section.map(str::to_owned),
        ..Default::default()
    };
    Some(view.at_parent(&every, world).target)
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

/// The groups and kinds of parents.
pub(crate) const PARENT_KINDS: &[(&str, &str)] = &[
    (GROUP, "Gateway"),
    ("", "Service"),
    (MULTICLUSTER_GROUP, "ServiceImport"),
];

impl RouteView<'_> {
    fn at_parent(&self, reference: &ParentReference, world: RouteContext<'_>) -> ParentState {
        let place = reference.resolve(&self.id.name.namespace);
        let nothing = |text: String| ParentState {
            reference: reference.clone(),
            target: ParentTarget::Nothing,
            controller: None,
            accepted: ConditionBody::new(false, reason::NO_MATCHING_PARENT, text),
            fails: false,
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
            let kind = place.group_kind();
            if is_unimplemented_parent(&kind) {
                return nothing(format!(
                    "gwapi does not implement {kind} as a parent; your implementation may accept the route"
                ));
            }
            let known = PARENT_KINDS.iter().any(|(_, kind)| *kind == place.kind);
            nothing(if known && reference.group.is_none() {
                format!(
                    "no `group` is written, which means `{}`, and that has no kind {}",
                    place.group, place.kind
                )
            } else {
                let not = if is_unimplemented_kind(&kind) {
                    "is not implemented as a parent"
                } else {
                    "is not supported as a parent"
                };
                unexpected_kind(&place, not, PARENT_KINDS)
            })
        }
    }
}
