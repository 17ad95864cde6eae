//! ReferenceGrants: which references may cross the border of a namespace (GEP-709).

use super::snapshot::Snapshot;
use crate::{
    attachment::map::Map,
    meta::{GROUP, ObjectRef},
    v1::{ReferenceGrantFrom, ReferenceGrantTo},
};
use foldhash::fast::RandomState;
use std::{
    collections::{HashMap, HashSet},
    hash::Hash,
};

/// One entry of a grant's `from` with one of its `to`, each with the fields that decide: what such a pair allows is decided
/// by comparing it with the pair that a reference needs. The namespace of the grant itself is not a part: it is that of
/// what is referred to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Pair<T> {
    from_group: T,
    from_kind: T,
    from_namespace: T,
    to_group: T,
    to_kind: T,
    /// `None` for every object of the kind.
    to_name: Option<T>,
}

impl<'a> Pair<&'a str> {
    pub(crate) fn of(from: &'a ReferenceGrantFrom, to: &'a ReferenceGrantTo) -> Self {
        Self {
            from_group: &from.group,
            from_kind: &from.kind,
            from_namespace: &from.namespace,
            to_group: &to.group,
            to_kind: &to.kind,
            to_name: to.name.as_deref().filter(|name| !name.is_empty()),
        }
    }

    /// What an object of the Gateway API's kind `from_kind` in `from_namespace` needs to refer to `to`.
    pub(crate) fn needed(from_kind: &'a str, from_namespace: &'a str, to: &'a ObjectRef) -> Self {
        Self {
            from_group: GROUP,
            from_kind,
            from_namespace,
            to_group: &to.group,
            to_kind: &to.kind,
            to_name: Some(&to.name),
        }
    }

    /// Where this does not allow what is needed: the list of the grant, the field, what it has, and what it would need.
    pub(crate) fn differences(
        self,
        needed: Self,
    ) -> impl Iterator<Item = (&'static str, &'static str, &'a str, &'a str)> {
        let name = self
            .to_name
            .map(|name| (name, needed.to_name.unwrap_or(name)));
        let (name, needed_name) = name.unwrap_or_default();
        [
            ("from", "group", self.from_group, needed.from_group),
            ("from", "kind", self.from_kind, needed.from_kind),
            (
                "from",
                "namespace",
                self.from_namespace,
                needed.from_namespace,
            ),
            ("to", "group", self.to_group, needed.to_group),
            ("to", "kind", self.to_kind, needed.to_kind),
            ("to", "name", name, needed_name),
        ]
        .into_iter()
        .filter(|(_, _, found, needed)| found != needed)
    }

    /// Who refers.
    fn from(self) -> From {
        [self.from_group, self.from_kind, self.from_namespace].map(str::to_owned)
    }

    /// What is referred to.
    fn to(self) -> PairHalf {
        let [group, kind] = [self.to_group, self.to_kind].map(str::to_owned);
        (group, kind, self.to_name.map(str::to_owned))
    }
}

/// One half of a pair, and the other.
type From = [String; 3];
type PairHalf = (String, String, Option<String>);

/// The grants of one namespace. Each of a grant's `from` goes with each of its `to`, which are many pairs: each half is kept
/// once, and has a number.
#[derive(Clone, Debug, Default)]
struct Granted {
    from: Map<From, usize>,
    to: Map<PairHalf, usize>,
    pairs: HashSet<(usize, usize), RandomState>,
}

impl Granted {
    fn add(&mut self, from: &[ReferenceGrantFrom], to: &[ReferenceGrantTo]) {
        let (Some(first_from), Some(first_to)) = (from.first(), to.first()) else {
            return;
        };
        let numbers = to.iter().map(|to| Pair::of(first_from, to).to());
        let numbers: Vec<usize> = numbers.map(|to| number(&mut self.to, to)).collect();
        for from in from {
            let from = number(&mut self.from, Pair::of(from, first_to).from());
            self.pairs.extend(numbers.iter().map(|to| (from, *to)));
        }
    }

    fn contains(&self, pair: Pair<&str>) -> bool {
        let (from, to) = (self.from.get(&pair.from()), self.to.get(&pair.to()));
        from.zip(to)
            .is_some_and(|(from, to)| self.pairs.contains(&(*from, *to)))
    }
}

/// The number of a value, which is the next one if it has none yet.
fn number<T: Eq + Hash>(numbers: &mut Map<T, usize>, value: T) -> usize {
    let next = numbers.len();
    *numbers.entry(value).or_insert(next)
}

/// All grants, by the namespace that they open.
#[derive(Clone, Debug, Default)]
pub(in crate::attachment) struct Grants {
    granted: HashMap<String, Granted>,
}

impl Grants {
    /// Reads the grants of one namespace anew.
    pub(in crate::attachment) fn refresh(&mut self, snapshot: &Snapshot, namespace: &str) {
        let mut granted = Granted::default();
        for (_, grant) in Snapshot::in_namespace(snapshot.reference_grants(), namespace) {
            #[cfg(test)]
            GRANTS_READ.add(1);
            if let Some(spec) = &grant.spec {
                granted.add(&spec.from, &spec.to);
            }
        }
        if granted.pairs.is_empty() {
            self.granted.remove(namespace);
        } else {
            self.granted.insert(namespace.to_owned(), granted);
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
        let Some(granted) = self.granted.get(&to.namespace) else {
            return false;
        };
        let named = Pair::needed(from_kind, from_namespace, to);
        let any = Pair {
            to_name: None,
            ..named
        };
        // These are the two pairs without a difference to what is needed.
        [any, named].into_iter().any(|pair| granted.contains(pair))
    }
}

#[cfg(test)]
crate::counter::counter!(
    /// How many grants are read.
    pub(crate) GRANTS_READ
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        meta::NamespacedName,
        v1::{ReferenceGrant, ReferenceGrantSpec},
    };
    use serde_json::json;

    /// ReferenceGrant `spec.from`, `spec.to`: a reference is allowed by a pair in which nothing differs, and by no other.
    /// What differs is what people are told.
    #[test]
    fn a_grant_allows_what_nothing_of_it_differs_from() {
        let to = |name: &str| ObjectRef {
            group: String::new(),
            kind: "Service".into(),
            ..ObjectRef::gateway_api("", &NamespacedName::new("b", name))
        };
        let fits = [
            "gateway.networking.k8s.io",
            "HTTPRoute",
            "a",
            "",
            "Service",
            "s",
        ];
        for different in [
            None,
            Some(0),
            Some(1),
            Some(2),
            Some(3),
            Some(4),
            Some(5),
            Some(6),
        ] {
            let field = |place: usize| match different {
                Some(other) if other == place => "other".to_owned(),
                _ => fits.get(place).copied().unwrap_or_default().to_owned(),
            };
            let from = ReferenceGrantFrom {
                group: field(0),
                kind: field(1),
                namespace: field(2),
            };
            let entry = ReferenceGrantTo {
                group: field(3),
                kind: field(4),
                // The last round is about a grant that names none.
                name: Some(field(5)).filter(|_| different != Some(6)),
            };
            let service = to("s");
            let needed = Pair::needed("HTTPRoute", "a", &service);
            let differences: Vec<_> = Pair::of(&from, &entry).differences(needed).collect();
            let differs = different.is_some_and(|place| place < 6);
            assert_eq!(differences.len(), usize::from(differs), "{differences:?}");
            let mut grant = ReferenceGrant::new(
                "g",
                ReferenceGrantSpec {
                    from: vec![from],
                    to: vec![entry],
                },
            );
            grant.metadata.namespace = Some("b".into());
            let mut snapshot = Snapshot::default();
            snapshot.insert(grant);
            let mut grants = Grants::default();
            grants.refresh(&snapshot, "b");
            assert_eq!(grants.permit("HTTPRoute", "a", &service), !differs);
            // A grant that names an object is not for others.
            assert_eq!(
                grants.permit("HTTPRoute", "a", &to("t")),
                different == Some(6)
            );
        }
    }

    /// What a grant names is kept once, and not once for each pair.
    #[test]
    fn each_from_goes_with_each_to_and_is_kept_once() {
        let items = |named: &str, item: fn(String) -> serde_json::Value| {
            let all = (0..16).map(|n| item(format!("{named}{n}")));
            all.collect::<Vec<_>>()
        };
        let mut snapshot = Snapshot::default();
        for name in ["a", "b"] {
            let from = items(
                "n",
                |namespace| json!({"group": GROUP, "kind": "HTTPRoute", "namespace": namespace}),
            );
            let to = items(
                name,
                |name| json!({"group": "", "kind": "Service", "name": name}),
            );
            let grant: ReferenceGrant = serde_json::from_value(json!({
                "metadata": {"name": name, "namespace": "far"}, "spec": {"from": from, "to": to},
            }))
            .unwrap();
            snapshot.insert(grant);
        }
        let mut grants = Grants::default();
        grants.refresh(&snapshot, "far");
        let granted = &grants.granted["far"];
        let sizes = (granted.from.len(), granted.to.len(), granted.pairs.len());
        assert_eq!(sizes, (16, 32, 512));
        let service = |name: &str| ObjectRef::at("", "Service", &NamespacedName::new("far", name));
        assert!(grants.permit("HTTPRoute", "n15", &service("b0")));
        for (kind, namespace, name) in [
            ("HTTPRoute", "n16", "b0"),
            ("GRPCRoute", "n1", "b0"),
            ("HTTPRoute", "n1", "b16"),
        ] {
            assert!(!grants.permit(kind, namespace, &service(name)));
        }
    }
}
