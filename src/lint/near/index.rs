//! The objects of a set by what a reference may have got wrong.

use crate::{
    attachment::{Snapshot, SnapshotObject, admit::Ignored},
    meta::{GROUP, NamespacedName, ObjectRef},
    v1::{ReferenceGrant, ReferenceGrantFrom, ReferenceGrantTo},
};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The objects of a set by what a reference may have got wrong.
#[derive(Debug)]
pub(super) struct NearIndex<'a> {
    /// The places of objects, by kind and name.
    named: HashMap<&'static str, HashMap<&'a str, Vec<&'a NamespacedName>>>,
    /// What is left out, by the object that is meant, or else by what it calls itself.
    ignored: BTreeMap<ObjectRef, &'a Ignored>,
    /// The policies that are left out, by their targets.
    policies: BTreeMap<ObjectRef, Vec<&'a Ignored>>,
    pairs: Vec<IndexedPair<'a>>,
    /// The pairs of grants, by the namespace of the grant and by that of the objects that may refer.
    by_namespace: HashMap<&'a str, Vec<usize>>,
    by_from: HashMap<&'a str, Vec<usize>>,
}

/// One entry of a grant's `from` with one of its `to`.
#[derive(Debug)]
pub(super) struct IndexedPair<'a> {
    pub(super) grant: ObjectRef,
    /// Why the grant is left out, if it is.
    pub(super) ignored: Option<&'a Ignored>,
    pub(super) from: (usize, &'a ReferenceGrantFrom),
    pub(super) to: (usize, &'a ReferenceGrantTo),
}

impl<'a> NearIndex<'a> {
    pub(super) fn new(snapshot: &'a Snapshot, ignored: &'a [Ignored]) -> Self {
        let mut named: HashMap<&str, HashMap<&str, Vec<_>>> = HashMap::new();
        macro_rules! name {
            ($($objects:ident $kind:literal),+) => {$(
                let of_kind = named.entry($kind).or_default();
                for place in snapshot.$objects().keys() {
                    of_kind.entry(place.name.as_str()).or_default().push(place);
                }
            )+};
        }
        name!(
            gateways "Gateway", services "Service", secrets "Secret", config_maps "ConfigMap",
            service_imports "ServiceImport"
        );
        let mut index = Self {
            named,
            ignored: BTreeMap::new(),
            policies: BTreeMap::new(),
            pairs: Vec::new(),
            by_namespace: HashMap::new(),
            by_from: HashMap::new(),
        };
        for one in ignored {
            let reference = one.reference();
            // One that was given again is there.
            if !snapshot.contains(&reference) {
                index.ignored.entry(reference).or_insert(one);
            }
            for target in targets(one) {
                index.policies.entry(target).or_default().push(one);
            }
            if let Some(SnapshotObject::ReferenceGrant(grant)) = &one.meant {
                index.add(grant, Some(one));
            }
        }
        for grant in snapshot.reference_grants().values() {
            index.add(grant, None);
        }
        for (at, pair) in index.pairs.iter().enumerate() {
            let from = pair.from.1.namespace.as_str();
            index.by_from.entry(from).or_default().push(at);
        }
        index
    }

    fn add(&mut self, grant: &'a ReferenceGrant, ignored: Option<&'a Ignored>) {
        let namespace = match grant.metadata.namespace.as_deref() {
            None | Some("") => "default",
            Some(namespace) => namespace,
        };
        let spec = grant.spec.as_ref();
        for from in spec.iter().flat_map(|spec| spec.from.iter().enumerate()) {
            for to in spec.iter().flat_map(|spec| spec.to.iter().enumerate()) {
                self.by_namespace
                    .entry(namespace)
                    .or_default()
                    .push(self.pairs.len());
                self.pairs.push(IndexedPair {
                    grant: ObjectRef {
                        group: GROUP.to_owned(),
                        kind: "ReferenceGrant".to_owned(),
                        namespace: namespace.to_owned(),
                        name: grant.metadata.name.clone().unwrap_or_default(),
                    },
                    ignored,
                    from,
                    to,
                });
            }
        }
    }

    /// The places of objects of a kind that have this name, in whatever namespace.
    pub(super) fn places(&self, kind: &str, name: &str) -> &[&'a NamespacedName] {
        let of_kind = self.named.get(kind);
        of_kind
            .and_then(|of_kind| of_kind.get(name))
            .map_or(&[], Vec::as_slice)
    }

    /// What was given as this object and is left out.
    pub(super) fn ignored(&self, reference: &ObjectRef) -> Option<&'a Ignored> {
        self.ignored.get(reference).copied()
    }

    /// The policies that are left out and have an object as their target.
    pub(super) fn policies(&self, target: &ObjectRef) -> &[&'a Ignored] {
        self.policies.get(target).map_or(&[], Vec::as_slice)
    }

    /// The pairs of the grants in a namespace, and of those for objects of another one.
    pub(super) fn pairs<'i>(
        &'i self,
        namespace: &str,
        from: &str,
    ) -> impl Iterator<Item = &'i IndexedPair<'a>> {
        let of = |places: Option<&'i Vec<usize>>| {
            places
                .into_iter()
                .flatten()
                .take(super::limits::MOST_LOOKED_AT)
        };
        let places = of(self.by_namespace.get(namespace)).chain(of(self.by_from.get(from)));
        places.filter_map(|place| self.pairs.get(*place))
    }
}

/// The targets of a policy, each once.
fn targets(ignored: &Ignored) -> BTreeSet<ObjectRef> {
    let reference = |group: &str, kind: &str, name: &str| ObjectRef {
        group: group.to_owned(),
        kind: kind.to_owned(),
        namespace: ignored.object.namespace.clone(),
        name: name.to_owned(),
    };
    match &ignored.meant {
        Some(SnapshotObject::BackendTlsPolicy(policy)) => {
            let targets = policy.spec.target_refs.iter();
            targets
                .map(|t| reference(&t.group, &t.kind, &t.name))
                .collect()
        }
        Some(SnapshotObject::BackendLbPolicy(policy)) => {
            let targets = policy.spec.target_refs.iter();
            targets
                .map(|t| reference(&t.group, &t.kind, &t.name))
                .collect()
        }
        _ => BTreeSet::new(),
    }
}
