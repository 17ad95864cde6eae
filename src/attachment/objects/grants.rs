//! ReferenceGrants: which references may cross the border of a namespace (GEP-709).

use super::snapshot::Snapshot;
use crate::{
    meta::{GROUP, ObjectRef},
    v1::ReferenceGrant,
};
use std::collections::{HashMap, HashSet};

/// One pair of a grant's `from` and `to`. The namespace of the grant itself is the key under which it is
/// kept.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Pair {
    from_group: String,
    from_kind: String,
    from_namespace: String,
    to_group: String,
    to_kind: String,
    /// `None` for every object of the kind.
    to_name: Option<String>,
}

/// All grants, by the namespace that they open.
#[derive(Clone, Debug, Default)]
pub(in crate::attachment) struct Grants {
    pairs: HashMap<String, HashSet<Pair>>,
}

impl Grants {
    /// Reads the grants of one namespace anew.
    pub(in crate::attachment) fn refresh(&mut self, snapshot: &Snapshot, namespace: &str) {
        let pairs: HashSet<Pair> = Snapshot::in_namespace(snapshot.reference_grants(), namespace)
            .flat_map(|(_, grant)| {
                #[cfg(test)]
                work::read();
                pairs_of(grant)
            })
            .collect();
        if pairs.is_empty() {
            self.pairs.remove(namespace);
        } else {
            self.pairs.insert(namespace.to_owned(), pairs);
        }
    }

    /// Whether an object of the Gateway API's kind `from_kind` in `from_namespace` may refer to `to`. In
    /// one namespace everything may; across namespaces a grant beside the referred object must say so.
    pub(in crate::attachment) fn permit(
        &self,
        from_kind: &str,
        from_namespace: &str,
        to: &ObjectRef,
    ) -> bool {
        if to.namespace == from_namespace {
            return true;
        }
        let Some(pairs) = self.pairs.get(&to.namespace) else {
            return false;
        };
        let mut wanted = Pair {
            from_group: GROUP.to_owned(),
            from_kind: from_kind.to_owned(),
            from_namespace: from_namespace.to_owned(),
            to_group: to.group.clone(),
            to_kind: to.kind.clone(),
            to_name: None,
        };
        pairs.contains(&wanted) || {
            wanted.to_name = Some(to.name.clone());
            pairs.contains(&wanted)
        }
    }
}

fn pairs_of(grant: &ReferenceGrant) -> impl Iterator<Item = Pair> {
    grant.spec.iter().flat_map(|spec| {
        spec.from.iter().flat_map(|from| {
            spec.to.iter().map(|to| Pair {
                from_group: from.group.clone(),
                from_kind: from.kind.clone(),
                from_namespace: from.namespace.clone(),
                to_group: to.group.clone(),
                to_kind: to.kind.clone(),
                to_name: to.name.clone().filter(|name| !name.is_empty()),
            })
        })
    })
}

/// How many grants are read. Results do not show that, so it is counted.
#[cfg(test)]
pub(crate) mod work {
    use std::cell::Cell;

    thread_local! {
        static READ: Cell<usize> = const { Cell::new(0) };
    }

    pub(super) fn read() {
        READ.with(|count| count.set(count.get() + 1));
    }

    /// How many grants this thread has read since it was last asked.
    pub(crate) fn grants_read() -> usize {
        READ.with(Cell::take)
    }
}
