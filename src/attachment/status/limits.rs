//! How much a status can hold. An API server refuses a status whole that has more.

use super::omitted::{Omitted, StatusPart};
use crate::{
    attachment::Status,
    meta::{Condition, ConditionSet},
    v1::{GatewayClassStatus, GatewayStatus, ListenerStatus, ParentReference, RouteParentStatus},
    v1alpha2::{MAX_ANCESTORS, PolicyAncestorStatus},
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

/// How many conditions a list in a status can have (`maxItems`): of an object, a listener, a parent or an ancestor.
pub const MAX_CONDITIONS: usize = 8;
/// The characters of a condition's message (`maxLength`).
const MESSAGE: usize = 32_768;
/// How many parents the status of a route can name (`maxItems`), those of all controllers together.
pub const MAX_PARENTS: usize = 32;
/// Listeners of a Gateway.
const LISTENERS: usize = 64;
/// Addresses of a Gateway.
pub(super) const ADDRESSES: usize = 16;
/// Kinds of routes that a listener supports.
const KINDS: usize = 8;
/// Features of a GatewayClass.
const FEATURES: usize = 64;

/// Takes out what a status has no room for: the last entries of a list that is too long, the end of a message. Addresses are looked at
/// when the status is written.
pub(in crate::attachment) fn keep_within(status: &mut Status) {
    match status {
        Status::GatewayClass(status) => keep_class(status),
        Status::Gateway(status) => keep_gateway(status),
        Status::Route(status) => {
            status.parents.retain(|entry| !entry.conditions.is_empty());
            status.parents.truncate(MAX_PARENTS);
            for parent in &mut status.parents {
                keep_conditions(&mut parent.conditions);
            }
        }
        Status::Policy(status) => {
            status
                .ancestors
                .retain(|entry| !entry.conditions.is_empty());
            status.ancestors.truncate(MAX_ANCESTORS);
            for ancestor in &mut status.ancestors {
                keep_conditions(&mut ancestor.conditions);
            }
        }
    }
}

/// As [`keep_within`], for a GatewayClass.
pub(super) fn keep_class(status: &mut GatewayClassStatus) {
    keep_conditions(&mut status.conditions);
    status.supported_features.truncate(FEATURES);
}

/// As [`keep_within`], for a Gateway.
pub(super) fn keep_gateway(status: &mut GatewayStatus) {
    keep_conditions(&mut status.conditions);
    status.listeners.truncate(LISTENERS);
    status.listeners.iter_mut().for_each(keep_listener);
}

fn keep_listener(listener: &mut ListenerStatus) {
    keep_conditions(&mut listener.conditions);
    if let Some(kinds) = &mut listener.supported_kinds {
        kinds.truncate(KINDS);
    }
}

fn keep_conditions(conditions: &mut Vec<Condition>) {
    conditions.truncate(MAX_CONDITIONS);
    conditions.iter_mut().for_each(keep_message);
}

fn keep_message(condition: &mut Condition) {
    if condition.message.len() > MESSAGE
        && let Some((end, _)) = condition.message.char_indices().nth(MESSAGE)
    {
        condition.message.truncate(end);
    }
}

/// Sets each wanted condition and leaves those of other types, but for the types that are `ours` and no longer
/// wanted. Conditions of other types go first where there is no room for all, then the wanted ones in their order. With
/// them the types of the wanted ones that found no room.
pub(super) fn conditions(
    present: &[Condition],
    wanted: &[Condition],
    ours: &[&str],
    now: &Time,
) -> (Vec<Condition>, Vec<String>) {
    let is_wanted = |kind: &str| wanted.iter().any(|c| c.type_ == kind);
    let mut next = present.to_vec();
    next.retain(|c| is_wanted(&c.type_) || !ours.contains(&c.type_.as_str()));
    let foreign = next.iter().filter(|c| !is_wanted(&c.type_)).count();
    let room = MAX_CONDITIONS.saturating_sub(foreign);
    let mut omitted = Vec::new();
    for (index, condition) in wanted.iter().enumerate() {
        if index < room {
            let mut condition = condition.clone();
            keep_message(&mut condition);
            next.set_condition(condition, now.clone());
        } else {
            next.retain(|c| c.type_ != condition.type_);
            omitted.push(condition.type_.clone());
        }
    }
    (next, omitted)
}

/// An entry that one controller writes into a list of several.
pub(super) trait StatusEntry: Clone {
    /// How many entries a list can have.
    const MOST: usize;

    /// Whether both are for the same object, by the same controller.
    fn is_for_the_same(&self, other: &Self) -> bool;
    fn controller(&self) -> &str;
    /// The object that the entry is about.
    fn reference(&self) -> &ParentReference;
    fn conditions(&self) -> &[Condition];
    fn set_conditions(&mut self, conditions: Vec<Condition>);
}

macro_rules! entries {
    ($($entry:ident: $most:expr, $reference:ident;)+) => {$(
        impl StatusEntry for $entry {
            const MOST: usize = $most;

            fn is_for_the_same(&self, other: &Self) -> bool {
                (&self.controller_name, &self.$reference)
                    == (&other.controller_name, &other.$reference)
            }

            fn controller(&self) -> &str {
                &self.controller_name
            }

            fn reference(&self) -> &ParentReference {
                &self.$reference
            }

            fn conditions(&self) -> &[Condition] {
                &self.conditions
            }

            fn set_conditions(&mut self, conditions: Vec<Condition>) {
                self.conditions = conditions;
            }
        }
    )+};
}

entries! {
    RouteParentStatus: MAX_PARENTS, parent_ref;
    PolicyAncestorStatus: MAX_ANCESTORS, ancestor_ref;
}

/// The next entries: those of other controllers stay where they are, ours that are no longer wanted go, new ones
/// come last. Others' go first where there is no room for all, then ours that are there, then new ones in their
/// order. With them what of the wanted ones found no room.
pub(super) fn entries<E: StatusEntry>(
    present: &[E],
    wanted: &[E],
    own: impl Fn(&str) -> bool,
    ours: &[&str],
    now: &Time,
) -> (Vec<E>, Vec<Omitted>) {
    let wanted_at = |entry: &E| wanted.iter().position(|w| w.is_for_the_same(entry));
    let is_foreign = |entry: &&E| wanted_at(entry).is_none() && !own(entry.controller());
    let mut room = E::MOST.saturating_sub(present.iter().filter(is_foreign).count());
    let mut left: Vec<Option<&E>> = wanted.iter().map(Some).collect();
    let mut next = Vec::new();
    let mut omitted = Vec::new();
    let mut put = |next: &mut Vec<E>, wanted: &E, present: &[Condition]| {
        if room == 0 {
            omitted.push(Omitted::Entry(wanted.reference().clone()));
            return;
        }
        let (conditions, without_room) = conditions(present, wanted.conditions(), ours, now);
        if !without_room.is_empty() {
            omitted.push(Omitted::Conditions {
                at: StatusPart::Entry(wanted.reference().clone()),
                types: without_room,
            });
        }
        if !conditions.is_empty() {
            let mut entry = wanted.clone();
            entry.set_conditions(conditions);
            next.push(entry);
            room -= 1;
        }
    };
    for entry in present {
        match wanted_at(entry) {
            Some(at) => {
                // A second entry for the same object is nobody's.
                if let Some(wanted) = left.get_mut(at).and_then(Option::take) {
                    put(&mut next, wanted, entry.conditions());
                }
            }
            None if own(entry.controller()) => {}
            None => next.push(entry.clone()),
        }
    }
    for wanted in left.into_iter().flatten() {
        put(&mut next, wanted, &[]);
    }
    (next, omitted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        meta::{Channel, Release},
        schema::{self, Schema},
    };

    #[test]
    fn a_status_holds_what_the_newest_release_takes() {
        let schema = |kind: &str| {
            let version = schema::find("gateway.networking.k8s.io/v1", kind).unwrap();
            let installation = version.installation(Release::newest(), Channel::Experimental);
            installation.unwrap().schema()
        };
        let at = |kind: &str, path: &str| -> &'static Schema {
            path.split('.').fold(schema(kind), |node, step| match step {
                "[]" => node.items.as_deref().unwrap(),
                _ => &node.properties[step],
            })
        };
        for (limit, kind, path) in [
            (MAX_CONDITIONS, "GatewayClass", "status.conditions"),
            (FEATURES, "GatewayClass", "status.supportedFeatures"),
            (MAX_CONDITIONS, "Gateway", "status.conditions"),
            (ADDRESSES, "Gateway", "status.addresses"),
            (LISTENERS, "Gateway", "status.listeners"),
            (KINDS, "Gateway", "status.listeners.[].supportedKinds"),
            (MAX_CONDITIONS, "Gateway", "status.listeners.[].conditions"),
            (MAX_PARENTS, "HTTPRoute", "status.parents"),
            (MAX_CONDITIONS, "HTTPRoute", "status.parents.[].conditions"),
            (MAX_PARENTS, "TLSRoute", "status.parents"),
            (MAX_ANCESTORS, "BackendTLSPolicy", "status.ancestors"),
            (
                MAX_CONDITIONS,
                "BackendTLSPolicy",
                "status.ancestors.[].conditions",
            ),
        ] {
            assert_eq!(
                at(kind, path).max_items,
                Some(limit as u64),
                "{kind} {path}"
            );
        }
        let message = at("Gateway", "status.conditions.[].message");
        assert_eq!(message.max_length, Some(MESSAGE as u64));
    }
}
