//! From which namespaces listeners take routes (AllowedRoutes `namespaces`).

use crate::{
    attachment::{
        Options, Snapshot,
        gateway::{GatewayState, listener::ListenerState, selector::RouteSelector},
        map::Map,
    },
    meta::{NamespacedName, ObjectRef},
};
use std::{
    borrow::Cow,
    cell::RefCell,
    collections::{BTreeMap, btree_map::Entry},
    sync::Arc,
};

/// The label that an API server sets on every Namespace.
pub(crate) const NAME_LABEL: &str = "kubernetes.io/metadata.name";

/// What selectors of listeners say of namespaces. Each is asked once for all routes of a namespace: both may be large.
#[derive(Debug, Default)]
pub(in crate::attachment) struct Allowed {
    by_name: RefCell<Map<String, Namespace>>,
}

/// A namespace with routes at listeners that have a selector.
#[derive(Debug)]
struct Namespace {
    labels: BTreeMap<String, String>,
    /// That it does not exist, if so, and what that means for its labels.
    missing: Option<String>,
    /// By Gateway and place of the listener, why it takes no routes from here.
    refused: Map<NamespacedName, BTreeMap<usize, Option<Arc<str>>>>,
}

impl Allowed {
    /// Why a listener takes no routes of a namespace; nothing if it does.
    pub(super) fn refused(
        &self,
        namespace: &str,
        (gateway, index, listener): (&GatewayState, usize, &ListenerState),
        (snapshot, options): (&Snapshot, &Options),
    ) -> Option<Arc<str>> {
        let own = &gateway.name.namespace;
        let name = &listener.name;
        let Some(selector) = listener.selector() else {
            if listener.takes_all_of(own, namespace) {
                return None;
            }
            let from = listener.describe_from(own);
            let text = format!(
                "listener `{name}` takes routes from {from}, and the route is in `{namespace}`"
            );
            return Some(text.into());
        };
        let mut by_name = self.by_name.borrow_mut();
        if !by_name.contains_key(namespace) {
            let new = Namespace::of(namespace, snapshot, options);
            by_name.insert(namespace.to_owned(), new);
        }
        let Namespace {
            labels,
            missing,
            refused,
        } = by_name.get_mut(namespace)?;
        if !refused.contains_key(&gateway.name) {
            refused.insert(gateway.name.clone(), BTreeMap::new());
        }
        let here = refused.get_mut(&gateway.name)?;
        match here.entry(index) {
            Entry::Occupied(present) => present.get().clone(),
            Entry::Vacant(place) => {
                let from = listener.describe_from(own);
                let refused = why_not(selector, labels, missing.as_deref(), namespace);
                let refused = refused
                    .map(|why| format!("listener `{name}` takes routes from {from}{why}").into());
                place.insert(refused).clone()
            }
        }
    }
}

/// Why a selector does not select a namespace, as the end of a sentence.
fn why_not(
    selector: &RouteSelector,
    labels: &BTreeMap<String, String>,
    missing: Option<&str>,
    namespace: &str,
) -> Option<String> {
    #[cfg(test)]
    SELECTORS_ASKED.add(1);
    if selector.matches(labels) {
        return None;
    }
    Some(match missing {
        Some(missing) => format!(": {missing}"),
        None => {
            let labels = selector.describe_labels(labels);
            format!(", and the route is in `{namespace}`, {labels}")
        }
    })
}

/// The labels of a namespace. One that is only named has the label with its name, if that is assumed.
pub(in crate::attachment) fn labels<'s>(
    name: &str,
    snapshot: &'s Snapshot,
    options: &Options,
) -> Cow<'s, BTreeMap<String, String>> {
    let object = snapshot.namespaces().get(&NamespacedName::new("", name));
    let own = object.and_then(|namespace| namespace.metadata.labels.as_ref());
    let mut labels = own.map_or_else(Cow::default, Cow::Borrowed);
    if options.assume.namespaces && !labels.contains_key(NAME_LABEL) {
        let labels = labels.to_mut();
        labels.insert(NAME_LABEL.to_owned(), name.to_owned());
    }
    labels
}

impl Namespace {
    fn of(name: &str, snapshot: &Snapshot, options: &Options) -> Self {
        let is_given = snapshot
            .namespaces()
            .contains_key(&NamespacedName::new("", name));
        Self {
            labels: labels(name, snapshot, options).into_owned(),
            missing: (!is_given).then(|| missing(name, snapshot, options.assume.namespaces)),
            refused: Map::default(),
        }
    }
}

/// Says that a namespace does not exist, and what that means for its labels.
fn missing(name: &str, snapshot: &Snapshot, assumed: bool) -> String {
    let reference = ObjectRef {
        group: String::new(),
        kind: "Namespace".to_owned(),
        namespace: String::new(),
        name: name.to_owned(),
    };
    // In a set of manifests a Namespace that is only named counts as there.
    if assumed && !snapshot.is_left_out(&reference) {
        format!(
            "{reference} is not in the set, so that its labels are not known: it is treated as having no labels"
        )
    } else {
        let absent = snapshot.absent(&reference);
        format!("{absent} and is treated as having no labels")
    }
}

#[cfg(test)]
crate::counter::counter!(
    /// How often a selector is asked for a namespace.
    pub(crate) SELECTORS_ASKED
);
