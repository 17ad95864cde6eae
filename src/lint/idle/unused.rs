//! What is valid and in force, and is about nothing: policies that every rule overrides, grants for objects that are not
//! there, selectors that select no Namespace.

use crate::{
    attachment::{MULTICLUSTER_GROUP, NAME_LABEL, Resolver},
    lint::{budget::Budget, found::FindingsByObject, sessions},
    meta::{CORE_TARGETS, ObjectRef},
    rules::set as rules,
};
use std::collections::{BTreeSet, HashMap};

pub(super) fn check(resolver: &Resolver, budget: &Budget, found: &mut FindingsByObject) {
    policies(resolver, found);
    grants(resolver, found);
    selectors(resolver, budget, found);
}

/// BackendLBPolicies that every rule overrides.
fn policies(resolver: &Resolver, found: &mut FindingsByObject) {
    for (policy, index, target) in sessions::overridden(resolver) {
        let path = format!("spec.targetRefs[{index}]");
        let (message, help) = sessions::overridden_texts(&target.target);
        found.push_with_help(policy, &rules::POLICY_USED, path, message, help);
    }
}

/// ReferenceGrants that name an object which is not there.
fn grants(resolver: &Resolver, found: &mut FindingsByObject) {
    let snapshot = resolver.snapshot();
    for (place, grant) in snapshot.reference_grants() {
        let to = grant.spec.iter().flat_map(|spec| &spec.to);
        for (index, to) in to.enumerate() {
            let is_known = match to.group.as_str() {
                "" => CORE_TARGETS.contains(&to.kind.as_str()),
                MULTICLUSTER_GROUP => to.kind == "ServiceImport",
                _ => false,
            };
            let Some(name) = to.name.as_deref().filter(|_| is_known) else {
                continue;
            };
            let named = ObjectRef {
                group: to.group.clone(),
                kind: to.kind.clone(),
                namespace: place.namespace.clone(),
                name: name.to_owned(),
            };
            if !snapshot.contains(&named) {
                let grant = ObjectRef::gateway_api("ReferenceGrant", place);
                let absent = snapshot.absent(&named).of_set();
                let message = format!("{absent}: the entry allows nothing");
                let path = format!("spec.to[{index}].name");
                found.push(&grant, &rules::GRANT_TARGET_EXISTS, path, message);
            }
        }
    }
}

/// Listeners that take routes from selected namespaces, and select none of those that are given or have a route. Where no
/// Namespace is given at all, the set leaves them out. Nothing is said of selectors beyond the budget.
fn selectors(resolver: &Resolver, budget: &Budget, found: &mut FindingsByObject) {
    let snapshot = resolver.snapshot();
    if snapshot.namespaces().is_empty() {
        return;
    }
    let given = snapshot.namespaces().keys().map(|place| &*place.name);
    let routes = resolver.resolution().attachments.keys();
    let named = routes.map(|route| &*route.name.namespace);
    let names: BTreeSet<&str> = given.chain(named).collect();
    let labels: Vec<_> = names
        .into_iter()
        .map(|name| resolver.namespace_labels(name))
        .collect();
    // Many listeners have one selector.
    let mut verdicts: HashMap<String, bool> = HashMap::new();
    for place in snapshot.gateways().keys() {
        for (index, selector) in resolver.namespace_selectors(place) {
            // A Namespace that is only named has this label, too.
            if selector.looks_at(NAME_LABEL) {
                continue;
            }
            let selects = *verdicts.entry(selector.text()).or_insert_with(|| {
                !budget.take(labels.len()) || labels.iter().any(|labels| selector.matches(labels))
            });
            if selects {
                continue;
            }
            let gateway = ObjectRef::gateway_api("Gateway", place);
            let message = format!(
                "no Namespace that is given has the labels `{}`: the listener takes no route",
                selector.shown()
            );
            let path = format!("spec.listeners[{index}].allowedRoutes.namespaces.selector");
            found.push(&gateway, &rules::NAMESPACE_SELECTED, path, message);
        }
    }
}
