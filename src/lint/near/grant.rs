//! A reference to another namespace that no ReferenceGrant allows.

use super::{Near, index::Pair};
use crate::meta::{GROUP, ObjectRef};

impl Near<'_> {
    /// Which ReferenceGrant would allow a reference but for one thing; else the one to write.
    pub(super) fn grant(&self, from: &ObjectRef, to: &ObjectRef) -> String {
        let mut best: Option<(usize, &Pair<'_>, Vec<String>)> = None;
        let pairs = self.index().pairs(&to.namespace, &from.namespace);
        for pair in pairs.take_while(|_| self.may_look()) {
            if !is_near(pair, from, to) {
                continue;
            }
            let wrong = differences(pair, from, to);
            let weight = wrong.len() + usize::from(pair.ignored.is_some());
            if weight <= 1 && best.as_ref().is_none_or(|(least, ..)| weight < *least) {
                best = Some((weight, pair, wrong));
            }
        }
        match best {
            Some((_, pair, wrong)) => {
                let grant = &pair.grant;
                match (pair.ignored, wrong.first()) {
                    (Some(ignored), _) => {
                        let remedy = ignored.help.as_ref();
                        let remedy = remedy.map(|help| format!("; {help}")).unwrap_or_default();
                        format!(
                            "{grant} would allow it, but is left out: {}{remedy}",
                            ignored.message
                        )
                    }
                    (None, Some(wrong)) => format!("{grant} would allow it, but {wrong}"),
                    (None, None) => format!("{grant} allows it"),
                }
            }
            None => format!(
                "create a ReferenceGrant in namespace `{}` with `from: [{{group: {GROUP}, kind: {}, namespace: {}}}]` and \
                 `to: [{{group: {}, kind: {}, name: {}}}]`",
                to.namespace,
                from.kind,
                from.namespace,
                quoted(&to.group),
                to.kind,
                to.name
            ),
        }
    }
}

fn quoted(group: &str) -> &str {
    if group.is_empty() { "\"\"" } else { group }
}

/// Whether all but one thing of a grant's entries fits a reference.
fn is_near(pair: &Pair<'_>, from: &ObjectRef, to: &ObjectRef) -> bool {
    let (own_from, own_to) = (pair.from.1, pair.to.1);
    let name = own_to.name.as_deref().filter(|name| !name.is_empty());
    let wrong = [
        pair.grant.namespace != to.namespace,
        own_from.group != GROUP,
        own_from.kind != from.kind,
        own_from.namespace != from.namespace,
        own_to.group != to.group,
        own_to.kind != to.kind,
        name.is_some_and(|name| name != to.name),
    ];
    wrong.into_iter().filter(|wrong| *wrong).count() <= 1
}

/// What of a grant's entries does not fit a reference, each with what would.
fn differences(pair: &Pair<'_>, from: &ObjectRef, to: &ObjectRef) -> Vec<String> {
    let mut wrong = Vec::new();
    if pair.grant.namespace != to.namespace {
        wrong.push(format!(
            "it is in namespace `{}`: a ReferenceGrant belongs to the namespace of what is referred to, `{}`",
            pair.grant.namespace, to.namespace
        ));
    }
    let (at_from, own_from) = pair.from;
    let (at_to, own_to) = pair.to;
    let mut compare = |field: String, found: &str, wanted: &str| {
        if found != wanted {
            wrong.push(format!(
                "its `{field}` is `{}`: write `{}`",
                quoted(found),
                quoted(wanted)
            ));
        }
    };
    let field = |name| format!("spec.from[{at_from}].{name}");
    compare(field("group"), &own_from.group, GROUP);
    compare(field("kind"), &own_from.kind, &from.kind);
    compare(field("namespace"), &own_from.namespace, &from.namespace);
    let field = |name| format!("spec.to[{at_to}].{name}");
    compare(field("group"), &own_to.group, &to.group);
    compare(field("kind"), &own_to.kind, &to.kind);
    let name = own_to.name.as_deref().filter(|name| !name.is_empty());
    compare(field("name"), name.unwrap_or(&to.name), &to.name);
    wrong
}
