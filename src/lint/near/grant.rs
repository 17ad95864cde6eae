//! A reference to another namespace that no ReferenceGrant allows.

use super::{Near, index::IndexedPair, quoted_group};
use crate::{
    attachment::GrantPair,
    meta::{GROUP, NamespacedName, ObjectRef},
    schema::nearest_name,
};

impl Near<'_> {
    /// What allows a reference, where no ReferenceGrant does; a reference within a namespace needs none.
    pub(super) fn grant_needed(&self, from: &ObjectRef, to: &ObjectRef) -> Option<String> {
        if from.namespace == to.namespace {
            return None;
        }
        let mut there = self.first_candidates(self.index().pairs_in(&to.namespace));
        let is_allowed =
            there.any(|pair| pair.ignored.is_none() && misfits(&pair, from, to).next().is_none());
        (!is_allowed).then(|| self.grant(from, to))
    }

    /// Which ReferenceGrant would allow a reference but for one thing; else the one to write.
    pub(super) fn grant(&self, from: &ObjectRef, to: &ObjectRef) -> String {
        let mut best: Option<((usize, bool), IndexedPair<'_>, Vec<String>)> = None;
        let there = self.first_candidates(self.index().pairs_in(&to.namespace));
        let for_these = self.first_candidates(self.index().pairs_for(&from.namespace));
        for pair in there.chain(for_these).take_while(|_| self.may_look()) {
            if !is_near(&pair, from, to) {
                continue;
            }
            let wrong = differences(&pair, from, to);
            let weight = wrong.len() + usize::from(pair.ignored.is_some());
            // Of two entries the one is meant that is nearly right: the other is for another reference.
            let unlike = misfits(&pair, from, to)
                .any(|(.., found, needed)| nearest_name(found, std::iter::once(needed)).is_none());
            let rank = (weight, unlike);
            if weight <= 1 && best.as_ref().is_none_or(|(least, ..)| rank < *least) {
                best = Some((rank, pair, wrong));
            }
        }
        match best {
            Some((_, pair, wrong)) => {
                let place = NamespacedName::new(pair.namespace, pair.name);
                let grant = ObjectRef::gateway_api("ReferenceGrant", &place);
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
                quoted_group(&to.group),
                to.kind,
                to.name
            ),
        }
    }
}

/// Whether all but one thing of a grant's entries fits a reference.
fn is_near(pair: &IndexedPair<'_>, from: &ObjectRef, to: &ObjectRef) -> bool {
    let elsewhere = usize::from(pair.namespace != to.namespace);
    elsewhere + misfits(pair, from, to).take(2).count() <= 1
}

/// The fields of a grant's entries that do not fit a reference.
fn misfits<'p>(
    pair: &IndexedPair<'p>,
    from: &'p ObjectRef,
    to: &'p ObjectRef,
) -> impl Iterator<Item = (&'static str, &'static str, &'p str, &'p str)> {
    let needed = GrantPair::needed(&from.kind, &from.namespace, to);
    GrantPair::of(pair.from.1, pair.to.1).differences(needed)
}

/// What of a grant's entries does not fit a reference, each with what would.
fn differences(pair: &IndexedPair<'_>, from: &ObjectRef, to: &ObjectRef) -> Vec<String> {
    let mut wrong = Vec::new();
    if pair.namespace != to.namespace {
        wrong.push(match pair.names_namespace {
            true => format!(
                "it is in namespace `{}`: a ReferenceGrant belongs to the namespace of what is referred to, `{}`",
                pair.namespace, to.namespace
            ),
            false => format!(
                "it names no namespace, so that it is read as being in `default`: give it `namespace: {}`",
                to.namespace
            ),
        });
    }
    for (list, field, found, needed) in misfits(pair, from, to) {
        let place = if list == "from" {
            pair.from.0
        } else {
            pair.to.0
        };
        wrong.push(format!(
            "its `spec.{list}[{place}].{field}` is `{}`: write `{}`",
            quoted_group(found),
            quoted_group(needed)
        ));
    }
    wrong
}
