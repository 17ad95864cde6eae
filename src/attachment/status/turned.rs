//! Which conditions of a status are others than before.

use super::StatusPart;
use crate::{attachment::Status, meta::Condition};

/// The conditions of the second status that the first one does not have, or has with another status or reason.
pub(super) fn between<'s>(
    before: Option<&Status>,
    after: &'s Status,
) -> Vec<(StatusPart, &'s Condition)> {
    let before = before.map(lists).unwrap_or_default();
    let mut turned = Vec::new();
    for (part, controller, conditions) in lists(after) {
        let of_part = before
            .iter()
            .find(|list| list.0 == part && list.1 == controller);
        let earlier = of_part.map(|list| list.2).unwrap_or_default();
        let is_same = |condition: &&Condition| {
            earlier.iter().any(|earlier| {
                (&earlier.type_, &earlier.status, &earlier.reason)
                    == (&condition.type_, &condition.status, &condition.reason)
            })
        };
        let differ = conditions.iter().filter(|one| !is_same(one));
        turned.extend(differ.map(|condition| (part.clone(), condition)));
    }
    turned
}

/// The lists of conditions in a status: the part that each is of, and the controller whose entry that is.
fn lists(status: &Status) -> Vec<(StatusPart, &str, &[Condition])> {
    match status {
        Status::GatewayClass(status) => vec![(StatusPart::Object, "", &status.conditions)],
        Status::Gateway(status) => {
            let own: (_, _, &[Condition]) = (StatusPart::Object, "", &status.conditions);
            let of_listeners = status.listeners.iter().map(|listener| {
                let part = StatusPart::Listener(listener.name.clone());
                (part, "", listener.conditions.as_slice())
            });
            std::iter::once(own).chain(of_listeners).collect()
        }
        Status::Route(status) => {
            let entries = status.parents.iter().map(|entry| {
                let part = StatusPart::Entry(entry.parent_ref.clone());
                let controller = entry.controller_name.as_str();
                (part, controller, entry.conditions.as_slice())
            });
            entries.collect()
        }
        Status::Policy(status) => {
            let entries = status.ancestors.iter().map(|entry| {
                let part = StatusPart::Entry(entry.ancestor_ref.clone());
                let controller = entry.controller_name.as_str();
                (part, controller, entry.conditions.as_slice())
            });
            entries.collect()
        }
    }
}
