//! The objects of a set by what a reference may have got wrong.

use crate::{
    attachment::{Snapshot, SnapshotObject, admit::Ignored},
    meta::{NamespacedName, ObjectRef},
    v1::{ReferenceGrant, ReferenceGrantFrom, ReferenceGrantSpec, ReferenceGrantTo},
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
    /// The grants, by their namespaces.
    by_namespace: HashMap<&'a str, Vec<Grant<'a>>>,
    /// The entries of `from` of the grants, by the namespace of the objects that may refer.
    by_from: HashMap<&'a str, Vec<(Grant<'a>, FromEntry<'a>)>>,
}

/// An entry of a grant's `from`, with its place in the list.
type FromEntry<'a> = (usize, &'a ReferenceGrantFrom);

/// A grant that was given.
#[derive(Clone, Copy, Debug)]
struct Grant<'a> {
    namespace: &'a str,
    names_namespace: bool,
    name: &'a str,
    spec: &'a ReferenceGrantSpec,
    ignored: Option<&'a Ignored>,
}

impl<'a> Grant<'a> {
    /// One entry of `from` with each of `to`. Pairs are made as they are looked at: there are as many as the product of the two
    /// lists.
    fn pairs_of(self, from: FromEntry<'a>) -> impl Iterator<Item = IndexedPair<'a>> {
        let to = self.spec.to.iter().enumerate();
        to.map(move |to| {
            #[cfg(test)]
            PAIRS.add(1);
            IndexedPair {
                namespace: self.namespace,
                names_namespace: self.names_namespace,
                name: self.name,
                ignored: self.ignored,
                from,
                to,
            }
        })
    }
}

/// One entry of a grant's `from` with one of its `to`.
#[derive(Clone, Copy, Debug)]
pub(super) struct IndexedPair<'a> {
    /// The namespace of the grant.
    pub(super) namespace: &'a str,
    /// Whether the grant says so itself.
    pub(super) names_namespace: bool,
    /// The name of the grant.
    pub(super) name: &'a str,
    /// Why the grant is left out, if it is.
    pub(super) ignored: Option<&'a Ignored>,
    pub(super) from: FromEntry<'a>,
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
        index
    }

    fn add(&mut self, grant: &'a ReferenceGrant, ignored: Option<&'a Ignored>) {
        let written = grant.metadata.namespace.as_deref();
        let written = written.filter(|namespace| !namespace.is_empty());
        let namespace = written.unwrap_or("default");
        let Some(spec) = &grant.spec else { return };
        let grant = Grant {
            namespace,
            names_namespace: written.is_some(),
            name: grant.metadata.name.as_deref().unwrap_or_default(),
            spec,
            ignored,
        };
        self.by_namespace.entry(namespace).or_default().push(grant);
        for from in spec.from.iter().enumerate() {
            let entries = self.by_from.entry(&from.1.namespace).or_default();
            entries.push((grant, from));
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

    /// What to do first about what was given as this object and is left out.
    pub(super) fn left_out(&self, reference: &ObjectRef) -> Option<String> {
        let ignored = self.ignored(reference)?;
        let (object, message) = (&ignored.object, &ignored.message);
        Some(format!(
            "correct {object} first, which is left out: {message}"
        ))
    }

    /// The names of the objects of the same kind and namespace that are left out.
    pub(super) fn ignored_beside(&self, reference: &ObjectRef) -> impl Iterator<Item = &'a str> {
        let first = ObjectRef {
            name: String::new(),
            ..reference.clone()
        };
        let from = self.ignored.range(first.clone()..);
        let beside = from.take_while(move |(other, _)| {
            (&other.group, &other.kind, &other.namespace)
                == (&first.group, &first.kind, &first.namespace)
        });
        beside.map(|(_, ignored)| ignored.object.name.as_str())
    }

    /// The policies that are left out and have an object as their target.
    pub(super) fn policies(&self, target: &ObjectRef) -> &[&'a Ignored] {
        self.policies.get(target).map_or(&[], Vec::as_slice)
    }

    /// The pairs of the grants in a namespace.
    pub(super) fn pairs_in<'i>(
        &'i self,
        namespace: &str,
    ) -> impl Iterator<Item = IndexedPair<'a>> + use<'i, 'a> {
        let grants = self.by_namespace.get(namespace).into_iter().flatten();
        grants.flat_map(|grant| {
            let from = grant.spec.from.iter().enumerate();
            from.flat_map(|from| grant.pairs_of(from))
        })
    }

    /// The pairs of all grants for objects of a namespace.
    pub(super) fn pairs_for<'i>(
        &'i self,
        namespace: &str,
    ) -> impl Iterator<Item = IndexedPair<'a>> + use<'i, 'a> {
        let entries = self.by_from.get(namespace).into_iter().flatten();
        entries.flat_map(|(grant, from)| grant.pairs_of(*from))
    }
}

#[cfg(test)]
crate::counter::counter!(
    /// How many pairs of entries of grants are made.
    pub(in crate::lint) PAIRS
);

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
