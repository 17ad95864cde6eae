//! Objects that are not there under the name by which they are referred to.

use super::{Kind, Near, and_also, conflict::parent_index, obstacles::listener_of, quoted_group};
use crate::{
    attachment::{BACKEND_KINDS, PARENT_KINDS, ReferenceProblem, Snapshot},
    meta::{GROUP, ObjectRef},
    schema::nearest_own_name,
    v1::{FromNamespaces, Listener},
};
use std::{cmp::Reverse, collections::BTreeMap};

impl Near<'_> {
    /// What may be meant by a reference to an object that is not there.
    pub(super) fn missing(&self, from: &ObjectRef, to: &ObjectRef, kind: Kind) -> Option<String> {
        let of_other_kind = || self.of_other_kind(from, to, kind);
        // Who writes a kind means it, or takes it for another one.
        let is_written = default_kind(kind).is_some_and(|default| *default != to.kind);
        if let Some(help) = name_with_namespace(from, to, kind) {
            return Some(help);
        }
        self.index()
            .left_out(to)
            .or_else(|| is_written.then(of_other_kind).flatten())
            .or_else(|| self.elsewhere(from, to, kind))
            .or_else(|| self.misspelt(to))
            .or_else(of_other_kind)
            .or_else(|| self.only_gateway(to))
            .or_else(|| {
                let snapshot = self.resolver.snapshot();
                let own = to.namespace == from.namespace && names_no_namespace(snapshot, from);
                own.then(|| give_namespace(from, "its namespace"))
            })
    }

    /// That an object names no namespace, where a reference of it fails for that and would lead to something from the
    /// namespace that is most likely meant; or where nothing says which one is, and the reference is refused from `default`.
    pub(super) fn name_namespace(
        &self,
        from: &ObjectRef,
        problem: &ReferenceProblem,
    ) -> Option<String> {
        let Some(namespace) = self.namespace_meant(from) else {
            let is_it = names_its_namespace(problem)
                && names_no_namespace(self.resolver.snapshot(), from)
                && !self.resolver.has_neighbor(from)
                && !self.namespaces_for(from, problem).is_empty();
            return is_it.then(|| give_namespace(from, "its namespace"));
        };
        let mut fit = self.namespaces_for(from, problem).into_iter();
        fit.any(|one| one == namespace)
            .then(|| give_namespace(from, &format!("`namespace: {namespace}`")))
    }

    /// The namespace from which most references would lead to something that fail for an object which names none; of backends
    /// rather than of parents, which may well be elsewhere. Nothing if one leads to an object in `default`, and of objects that name
    /// their namespace. A reference that names a namespace says nothing: who writes it most likely means another one than that of the
    /// object.
    pub(in crate::lint) fn namespace_meant(&self, object: &ObjectRef) -> Option<String> {
        if !names_no_namespace(self.resolver.snapshot(), object) {
            return None;
        }
        let mut last = self.meant.borrow_mut();
        if let Some((_, meant)) = last.as_ref().filter(|(known, _)| known == object) {
            return meant.clone();
        }
        let mut votes: BTreeMap<String, (usize, usize)> = BTreeMap::new();
        if !self.resolver.has_neighbor(object) {
            let problems = self.resolver.reference_problems(object).into_iter();
            for problem in problems.filter(|one| !names_its_namespace(one)) {
                let of_parent = problem.path.starts_with("spec.parentRefs");
                for namespace in self.namespaces_for(object, &problem) {
                    let (all, others) = votes.entry(namespace).or_default();
                    *all += 1;
                    *others += usize::from(!of_parent);
                }
            }
        }
        let best = votes
            .into_iter()
            .max_by_key(|(name, count)| (*count, Reverse(name.clone())));
        let meant = best.map(|(namespace, _)| namespace);
        *last = Some((object.clone(), meant.clone()));
        meant
    }

    /// The namespaces from which a reference would not fail that fails from `default`.
    fn namespaces_for(&self, from: &ObjectRef, problem: &ReferenceProblem) -> Vec<String> {
        let Some(to) = &problem.to else {
            return Vec::new();
        };
        let own = to.namespace == from.namespace;
        match problem.kind {
            Kind::NotPermitted if !own => vec![to.namespace.clone()],
            Kind::NotAttached if !own && self.is_for_own_namespace(from, problem) => {
                vec![to.namespace.clone()]
            }
            Kind::ParentNotFound
            | Kind::BackendNotFound
            | Kind::CertificateNotFound
            | Kind::AuthorityNotFound
            | Kind::TargetNotFound
                if own && self.index().ignored(to).is_none() =>
            {
                let places = self.index().places(&to.kind, &to.name).iter();
                let places =
                    self.first_candidates(places.filter(|at| at.namespace != to.namespace));
                places.map(|place| place.namespace.clone()).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Whether a listener that a parentRef selects would take a route but for its namespace: it takes those of its own.
    fn is_for_own_namespace(&self, route: &ObjectRef, problem: &ReferenceProblem) -> bool {
        let parent = problem.to.as_ref().zip(parent_index(route, problem));
        let Some((to, (id, index))) = parent else {
            return false;
        };
        let gateways = self.resolver.snapshot().gateways();
        let Some(gateway) = gateways.get(&to.namespaced_name()) else {
            return false;
        };
        let mut found = self.first_listeners(self.resolver.obstacles(&id, index));
        found.any(|(name, found)| {
            let listener = listener_of(gateway, name);
            let from = listener.map(Listener::routes_from);
            found.namespace && found.count() == 1 && from == Some(FromNamespaces::Same)
        })
    }

    /// The one GatewayClass there is, where a part of its name is asked for, or more than it.
    pub(super) fn only_class(&self, to: &ObjectRef) -> Option<String> {
        let mut classes = self.resolver.snapshot().gateway_classes().keys();
        let only = classes.next().filter(|_| classes.next().is_none())?;
        let (short, long) = match only.name.len() < to.name.len() {
            true => (&only.name, &to.name),
            false => (&to.name, &only.name),
        };
        let rest = long.strip_prefix(short.as_str())?;
        rest.starts_with(['-', '.']).then(|| {
            format!(
                "did you mean GatewayClass `{}`, the only one there is?",
                only.name
            )
        })
    }

    /// The one Gateway of a namespace, where another one is asked for.
    fn only_gateway(&self, to: &ObjectRef) -> Option<String> {
        if to.group != GROUP || to.kind != "Gateway" {
            return None;
        }
        let gateways = self.resolver.snapshot().gateways();
        let mut there = Snapshot::in_namespace(gateways, &to.namespace);
        let (place, _) = there.next()?;
        there.next().is_none().then(|| {
            format!(
                "did you mean Gateway `{}`, the only one in namespace `{}`?",
                place.name, to.namespace
            )
        })
    }

    /// That an object refers to another namespace for something that is not there, and is in its own: the reference has to name no
    /// namespace, and needs no grant.
    pub(super) fn in_own_namespace(&self, from: &ObjectRef, to: &ObjectRef) -> Option<String> {
        let snapshot = self.resolver.snapshot();
        let own = ObjectRef {
            namespace: from.namespace.clone(),
            ..to.clone()
        };
        let is_meant = from.namespace != to.namespace
            && snapshot.contains(&own)
            && !snapshot.contains(to)
            && self.index().ignored(to).is_none()
            && !names_no_namespace(snapshot, &own);
        is_meant.then(|| {
            let (kind, name) = (&to.kind, &to.name);
            format!(
                "there is a {kind} `{name}` in the namespace of {from}: leave `namespace` out of the reference"
            )
        })
    }

    /// An object of another kind under the name to which a reference leads, where the reference can lead to either.
    fn of_other_kind(&self, from: &ObjectRef, to: &ObjectRef, kind: Kind) -> Option<String> {
        let default = default_kind(kind)?;
        let kinds = match kind {
            Kind::ParentNotFound => PARENT_KINDS,
            _ => BACKEND_KINDS,
        };
        let others = kinds.iter().map(|(group, kind)| ObjectRef {
            group: (*group).to_owned(),
            kind: (*kind).to_owned(),
            ..to.clone()
        });
        let snapshot = self.resolver.snapshot();
        let there = others
            .filter(|other| other != to)
            .find(|other| snapshot.contains(other))?;
        let (name, namespace) = (&there.name, &there.namespace);
        let write = match there.kind == default {
            true => "leave `kind` and `group` out of the reference".to_owned(),
            false => format!(
                "write `group: {}` and `kind: {}` in the reference",
                quoted_group(&there.group),
                there.kind
            ),
        };
        let first = format!(
            "there is a {} `{name}` in namespace `{namespace}`: {write}",
            there.kind
        );
        let more = match kind {
            Kind::ParentNotFound => self.let_in(from, &there),
            _ => self.grant_needed(from, &there),
        };
        Some(match more {
            Some(more) => and_also(&first, &more),
            None => first,
        })
    }

    /// An object of the same name in another namespace.
    fn elsewhere(&self, from: &ObjectRef, to: &ObjectRef, kind: Kind) -> Option<String> {
        if let Some(own) = self.in_own_namespace(from, to) {
            let there = ObjectRef {
                namespace: from.namespace.clone(),
                ..to.clone()
            };
            let more = (kind == Kind::ParentNotFound).then(|| self.let_in(from, &there));
            return Some(match more.flatten() {
                Some(more) => and_also(&own, &more),
                None => own,
            });
        }
        let places = self.index().places(&to.kind, &to.name);
        let place = places
            .iter()
            .find(|place| place.namespace != to.namespace)?;
        let (kind_name, name) = (&to.kind, &to.name);
        let namespace = &place.namespace;
        let there = ObjectRef {
            namespace: namespace.clone(),
            ..to.clone()
        };
        if names_no_namespace(self.resolver.snapshot(), &there) {
            return Some(format!(
                "there is a {kind_name} `{name}` that names no namespace, so that it is read as being in `default`: \
                 give it `namespace: {}`",
                to.namespace
            ));
        }
        Some(match kind {
            Kind::TargetNotFound => {
                format!("{kind_name} `{name}` is in namespace `{namespace}`: move the policy there")
            }
            Kind::AuthorityNotFound if from.kind != "Gateway" => format!(
                "there is a {kind_name} `{name}` in namespace `{namespace}`, and a policy refers to objects of its own namespace"
            ),
            _ => {
                let write = format!(
                    "there is a {kind_name} `{name}` in namespace `{namespace}`: write `namespace: {namespace}` in the reference"
                );
                let more = match kind {
                    Kind::ParentNotFound => self.let_in(from, &there),
                    _ => self.grant_needed(from, &there),
                };
                match more {
                    Some(more) => and_also(&write, &more),
                    None => write,
                }
            }
        })
    }

    /// An object of the same kind and namespace whose name is nearly the same.
    pub(super) fn misspelt(&self, to: &ObjectRef) -> Option<String> {
        let snapshot = self.resolver.snapshot();
        macro_rules! near {
            ($objects:ident) => {{
                let places = Snapshot::in_namespace(snapshot.$objects(), &to.namespace);
                let names = places.map(|(place, _)| place.name.as_str());
                let names = names.chain(self.index().ignored_beside(to));
                let names = self.first_candidates(names);
                nearest_own_name(&to.name, names.take_while(|_| self.may_look()))
            }};
        }
        let near = match (to.group.as_str(), to.kind.as_str()) {
            (GROUP, "Gateway") => near!(gateways),
            (GROUP, "GatewayClass") => near!(gateway_classes),
            ("", "Service") => near!(services),
            ("", "Secret") => near!(secrets),
            ("", "ConfigMap") => near!(config_maps),
            _ => None,
        }?;
        Some(format!("did you mean {} `{near}`?", to.kind))
    }
}

/// The kind that a reference means which names none, where it can lead to objects of several kinds.
fn default_kind(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::ParentNotFound => Some("Gateway"),
        Kind::BackendNotFound => Some("Service"),
        _ => None,
    }
}

/// That an object names no namespace, and what to give it.
/// Whether a reference that fails names a namespace, which is another one than that of the object.
fn names_its_namespace(problem: &ReferenceProblem) -> bool {
    matches!(problem.kind, Kind::NotPermitted | Kind::NotAttached)
}

fn give_namespace(object: &ObjectRef, what: &str) -> String {
    format!("{object} names no namespace, so that it is read as being in `default`: give it {what}")
}

/// Whether an object of the Gateway API, or a Service, says nothing of its namespace.
pub(super) fn names_no_namespace(snapshot: &Snapshot, object: &ObjectRef) -> bool {
    if object.namespace != "default" {
        return false;
    }
    let place = &object.namespaced_name();
    macro_rules! unnamed {
        ($objects:ident) => {
            snapshot.$objects().get(place).is_some_and(|object| {
                object
                    .metadata
                    .namespace
                    .as_deref()
                    .is_none_or(str::is_empty)
            })
        };
    }
    match object.kind.as_str() {
        "Gateway" => unnamed!(gateways),
        "HTTPRoute" => unnamed!(http_routes),
        "GRPCRoute" => unnamed!(grpc_routes),
        "TLSRoute" => unnamed!(tls_routes),
        "TCPRoute" => unnamed!(tcp_routes),
        "UDPRoute" => unnamed!(udp_routes),
        "BackendTLSPolicy" => unnamed!(backend_tls_policies),
        "BackendLBPolicy" => unnamed!(backend_lb_policies),
        "Service" => unnamed!(services),
        "Secret" => unnamed!(secrets),
        "ConfigMap" => unnamed!(config_maps),
        _ => false,
    }
}

/// What to write in a reference whose name holds the namespace, too, where it can name one: no name of an object holds a `/`.
fn name_with_namespace(from: &ObjectRef, to: &ObjectRef, kind: Kind) -> Option<String> {
    let names_namespace = matches!(
        kind,
        Kind::ParentNotFound | Kind::BackendNotFound | Kind::CertificateNotFound
    );
    let (namespace, name) = to.name.split_once('/').filter(|_| names_namespace)?;
    let is_name = |part: &str| !part.is_empty() && !part.contains('/');
    if !is_name(namespace) || !is_name(name) {
        return None;
    }
    Some(match namespace == from.namespace {
        true => format!("no name holds a `/`: write `name: {name}`"),
        false => {
            format!("no name holds a `/`: write `namespace: {namespace}` and `name: {name}`")
        }
    })
}
