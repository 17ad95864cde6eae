//! What was found out about routes and listeners beside their statuses, for those who explain and lint.

use super::state::Resolver;
use crate::{
    attachment::{
        RouteConflict, RouteId, RouteKind,
        backend::{
            BackendKey, BackendState,
            policy::{Policy, PolicyId, PolicyKind},
        },
        condition_body::join,
        effective::{
            ConnectionRouteRules, EffectiveBackend, EffectiveHostname, GrpcRouteRules,
            HttpRouteRules,
        },
        gateway::{listener::ListenerState, selector::RouteSelector},
        route::{self, Allowed, Fit, Obstacles, ParentTarget, rules::Rules},
    },
    meta::{FeatureName, NamespacedName, ObjectRef},
};
use std::{borrow::Cow, collections::BTreeMap, sync::Arc};

impl Resolver {
    /// The rules of every HTTPRoute, whether it is attached or not.
    pub(crate) fn http_rules(&self) -> impl Iterator<Item = &Arc<HttpRouteRules>> {
        self.routes
            .values()
            .filter_map(|state| match &state.built.rules {
                Rules::Http(rules) => Some(rules),
                _ => None,
            })
    }

    /// The rules of every GRPCRoute, whether it is attached or not.
    pub(crate) fn grpc_rules(&self) -> impl Iterator<Item = &Arc<GrpcRouteRules>> {
        self.routes
            .values()
            .filter_map(|state| match &state.built.rules {
                Rules::Grpc(rules) => Some(rules),
                _ => None,
            })
    }

    /// The rules of an HTTPRoute, whether it is attached or not.
    pub(crate) fn http_rules_of(&self, id: &RouteId) -> Option<&Arc<HttpRouteRules>> {
        match &self.routes.get(id)?.built.rules {
            Rules::Http(rules) => Some(rules),
            _ => None,
        }
    }

    /// The rules of a GRPCRoute, whether it is attached or not.
    pub(crate) fn grpc_rules_of(&self, id: &RouteId) -> Option<&Arc<GrpcRouteRules>> {
        match &self.routes.get(id)?.built.rules {
            Rules::Grpc(rules) => Some(rules),
            _ => None,
        }
    }

    /// The rules of a TLSRoute, a TCPRoute or a UDPRoute, whether it is attached or not: for a TLSRoute those at listeners that
    /// pass TLS through.
    pub(crate) fn connection_rules_of(&self, id: &RouteId) -> Option<&Arc<ConnectionRouteRules>> {
        let state = self.routes.get(id)?;
        match &state.passthrough.as_ref().unwrap_or(&state.built).rules {
            Rules::Connection(rules) => Some(rules),
            _ => None,
        }
    }

    /// The backends of the rule of a TLSRoute, TCPRoute or UDPRoute that takes its connections at Gateways: for a TLSRoute those at
    /// listeners that pass TLS through. Nothing for other kinds, and where there is no rule.
    #[must_use]
    pub fn connection_backends(&self, id: &RouteId) -> Option<&[EffectiveBackend]> {
        Some(&self.connection_rules_of(id)?.rules.first()?.backends)
    }

    /// The listeners of a Gateway that take routes from namespaces with certain labels, each with its place and the selector.
    pub(crate) fn namespace_selectors(
        &self,
        gateway: &NamespacedName,
    ) -> impl Iterator<Item = (usize, &RouteSelector)> {
        let state = self.gateways.get(gateway);
        let listeners = state.into_iter().flat_map(|state| &state.listeners);
        listeners
            .enumerate()
            .filter_map(|(index, listener)| Some((index, listener.selector()?)))
    }

    /// Whether the selector of a listener asks for the name of another namespace, which no label of this one can change.
    pub(crate) fn asks_for_another_name(
        &self,
        gateway: &NamespacedName,
        listener: &str,
        namespace: &str,
    ) -> bool {
        let state = self.gateways.get(gateway);
        let mut listeners = state.into_iter().flat_map(|state| &state.listeners);
        let listener = listeners.find(|one| *one.name == *listener);
        let selector = listener.and_then(ListenerState::selector);
        selector.is_some_and(|selector| {
            let named = BTreeMap::from([(route::NAME_LABEL.to_owned(), namespace.to_owned())]);
            !selector.matches_in(route::NAME_LABEL, &named)
        })
    }

    /// Why a policy is invalid whatever its targets are, if it is.
    pub(crate) fn why_policy_invalid(&self, policy: &ObjectRef) -> Option<String> {
        let mut kinds = [PolicyKind::Tls, PolicyKind::Lb].into_iter();
        let id = PolicyId {
            kind: kinds.find(|kind| kind.as_str() == policy.kind)?,
            name: policy.namespaced_name(),
        };
        let policy = Policy::get(&self.snapshot, &id)?;
        let (_, why) = policy.check(&self.snapshot, &self.options).valid.err()?;
        Some(why)
    }

    /// The labels by which listeners select a namespace.
    pub(crate) fn namespace_labels<'n>(
        &'n self,
        name: &'n str,
    ) -> Cow<'n, BTreeMap<String, String>> {
        route::labels(name, &self.snapshot, &self.options)
    }

    /// Whether a route is rejected for its rules: none of them is valid, or none of its backends can be had.
    pub(crate) fn is_invalid(&self, id: &RouteId) -> bool {
        let state = self.routes.get(id);
        state.is_some_and(|state| state.built.invalid.is_some())
    }

    /// Whether the parent of this index rejects a route for its rules, and for nothing else.
    pub(crate) fn is_rejected_for_rules(&self, id: &RouteId, parent: usize) -> bool {
        let state = self.routes.get(id);
        state.is_some_and(|state| {
            let built = [Some(&state.built), state.mesh.as_ref()];
            let mut invalid = built
                .into_iter()
                .flatten()
                .filter_map(|b| b.invalid.as_ref());
            let parent = state.parents.get(parent);
            parent.is_some_and(|parent| invalid.any(|invalid| *invalid == parent.accepted))
        })
    }

    /// The rules of a route that are invalid while its status does not say so: no parent accepts the route for the others, or rejects it
    /// for its rules. One that rejects it for another cause says nothing of them.
    #[must_use]
    pub fn untold_rules(&self, id: &RouteId) -> &[usize] {
        let attachments = self.resolution.attachments.get(id);
        let attachments = attachments.map_or(&[][..], Vec::as_slice);
        let mut parents = attachments.iter().enumerate();
        let told = parents
            .any(|(index, at)| at.ours && (at.attached || self.is_rejected_for_rules(id, index)));
        if told { &[] } else { self.invalid_rules(id) }
    }

    /// Whether a Service or ServiceImport has an address of its own, by which a mesh knows its traffic.
    pub(crate) fn has_mesh_address(&self, object: &ObjectRef) -> bool {
        let state = BackendKey::of(object).and_then(|key| self.backends.get(&key));
        state.is_some_and(BackendState::has_mesh_address)
    }

    /// Whether a Service takes routes of other namespaces, for the clients there.
    pub(crate) fn takes_consumer_routes(&self) -> bool {
        self.options.supports(&FeatureName::MeshConsumerRoute)
    }

    /// Where other routes leave no place for a route at the parent of this index, and why, if they do.
    pub(crate) fn lost_at(&self, id: &RouteId, parent: usize) -> Option<String> {
        let attachment = self.resolution.attachments.get(id)?.get(parent)?;
        let lost = attachment.lost_at();
        if !lost.is_empty() {
            return Some(join(&lost));
        }
        let ports = &attachment.lost_ports;
        (!ports.is_empty()).then(|| route::lost_ports(ports))
    }

    /// The hostnames of a TLSRoute at a listener whose connections other TLSRoutes take, each with who does and why. The listener
    /// accepts a route that keeps some hostname; one that loses all of them is rejected there
    /// ([`Standing::Conflicted`](crate::attachment::Standing::Conflicted)).
    #[must_use]
    pub fn lost_hostnames(
        &self,
        id: &RouteId,
        gateway: &NamespacedName,
        listener: &str,
    ) -> Vec<RouteConflict> {
        let state = self.gateways.get(gateway);
        let mut listeners = state.into_iter().flat_map(|state| &state.listeners);
        let index = listeners.position(|one| *one.name == *listener);
        let tallies = self.tallies.get(gateway);
        let tally = index.and_then(|index| tallies?.get(index));
        tally.map_or_else(Vec::new, |tally| tally.lost_hostnames(id, &self.options))
    }

    /// What keeps a route from the listeners that the parentRef of this index selects, could they take it.
    pub(crate) fn obstacles(
        &self,
        id: &RouteId,
        parent: usize,
    ) -> impl Iterator<Item = (&str, Obstacles)> {
        let state = self.routes.get(id);
        let parent = state.and_then(|state| state.parents.get(parent));
        let listeners = match parent.map(|parent| &parent.target) {
            Some(ParentTarget::Gateway { listeners, .. }) => listeners.as_slice(),
            _ => &[],
        };
        listeners
            .iter()
            .filter_map(|at| Some((&*at.name, at.fit.obstacles()?)))
    }

    /// What keeps a route from each listener of a Gateway, or from one of them, were they named as its parents and could they take
    /// it; nothing if they would accept it.
    pub(crate) fn fits(
        &self,
        id: &RouteId,
        gateway: &ObjectRef,
        listener: Option<&str>,
    ) -> Vec<(Arc<str>, Option<Obstacles>)> {
        let allowed = Allowed::default();
        let context = self.route_context(&allowed);
        let at = route::at_every_listener(id, gateway, listener, context).into_iter();
        at.filter_map(|at| match at.fit {
            Fit::Accepted { .. } => Some((at.name, None)),
            Fit::Rejected { obstacles, .. } => obstacles.map(|found| (at.name, Some(found))),
        })
        .collect()
    }

    /// Why a listener of a Gateway does not accept a route, or would not if the route named it, in one sentence that begins with the
    /// listener. Nothing if it accepts the route, other routes and the rules of the route aside.
    #[must_use]
    pub fn why_refused(
        &self,
        id: &RouteId,
        gateway: &NamespacedName,
        listener: &str,
    ) -> Option<String> {
        let allowed = Allowed::default();
        let context = self.route_context(&allowed);
        let gateway = ObjectRef::gateway_api("Gateway", gateway);
        route::why_refused(id, &gateway, listener, context)
    }

    /// The listeners of a Gateway that would accept a route, were they named as its parents, each with the hostnames; other routes
    /// aside.
    pub(crate) fn accepting_listeners(
        &self,
        id: &RouteId,
        gateway: &ObjectRef,
    ) -> Vec<(Arc<str>, Arc<[EffectiveHostname]>)> {
        let allowed = Allowed::default();
        let context = self.route_context(&allowed);
        let at = route::at_every_listener(id, gateway, None, context).into_iter();
        at.filter_map(|at| match at.fit {
            Fit::Accepted { hostnames, .. } => Some((at.name, hostnames)),
            Fit::Rejected { .. } => None,
        })
        .collect()
    }

    /// The places of the rules of a route that are invalid.
    pub(crate) fn invalid_rules(&self, id: &RouteId) -> &[usize] {
        let state = self.routes.get(id);
        state.map_or(&[], |state| &state.built.invalid_rules)
    }

    /// The rules of a route that are invalid, each with its place and why.
    pub(crate) fn why_invalid(&self, id: &RouteId) -> impl Iterator<Item = (usize, &str)> {
        let built = self.routes.get(id).map(|state| &state.built);
        built.into_iter().flat_map(|built| {
            let rules = built.invalid_rules.iter().copied();
            rules.zip(built.invalid_because.iter().map(String::as_str))
        })
    }

    /// The rules of a route that take no request, each with its place and why: their matches cannot be read, or an earlier
    /// rule takes everything.
    pub(crate) fn left_out(&self, id: &RouteId) -> &[(usize, String)] {
        let state = self.routes.get(id);
        state.map_or(&[], |state| &state.built.left_out)
    }

    /// The field of a match of a route: that of its rule where the match is the one that a rule without matches has.
    pub(crate) fn match_path(&self, id: &RouteId, (rule, index): (usize, usize)) -> String {
        let written = match id.kind {
            RouteKind::Http => {
                let route = self.snapshot.http_routes().get(&id.name);
                let rule = route.and_then(|route| route.spec.rules.as_ref()?.get(rule));
                rule.is_some_and(|rule| !rule.matches.is_empty())
            }
            RouteKind::Grpc => {
                let route = self.snapshot.grpc_routes().get(&id.name);
                let spec = route.and_then(|route| route.spec.as_ref());
                let rule = spec.and_then(|spec| spec.rules.get(rule));
                rule.is_some_and(|rule| !rule.matches.is_empty())
            }
            _ => false,
        };
        if written {
            format!("spec.rules[{rule}].matches[{index}]")
        } else {
            format!("spec.rules[{rule}]")
        }
    }
}
