//! Objects that have no part in the Gateway API: all that counts of them is that they are there.

use crate::output::{Line, Page, Tone};
use gwapi::{attachment::admit::Admitted, meta::GroupKind};
use serde::Serialize;
use std::{collections::BTreeMap, fmt};

/// How many kinds without a part in the Gateway API are named to people; the others are counted.
const MOST_FOREIGN: usize = 8;

/// Objects of one kind that have no part in the Gateway API; in JSON an element of `foreign`.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Foreign {
    group: String,
    kind: String,
    count: usize,
}

impl Foreign {
    fn of(kind: &GroupKind, count: usize) -> Self {
        Self {
            group: kind.group.clone(),
            kind: kind.kind.clone(),
            count,
        }
    }

    /// Those among the objects of the input.
    pub(super) fn among(admitted: &Admitted) -> Vec<Self> {
        let kinds = admitted.foreign_kinds.iter();
        kinds.map(|(kind, count)| Self::of(kind, *count)).collect()
    }

    /// How many there are of each of these kinds.
    pub(crate) fn count(kinds: impl Iterator<Item = GroupKind>) -> Vec<Self> {
        let mut counts: BTreeMap<GroupKind, usize> = BTreeMap::new();
        for kind in kinds {
            *counts.entry(kind).or_default() += 1;
        }
        let counts = counts.iter();
        counts.map(|(kind, count)| Self::of(kind, *count)).collect()
    }
}

impl fmt::Display for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { group, kind, count } = self;
        match group.as_str() {
            "" => write!(f, "{count} {kind}"),
            group => write!(f, "{count} {kind} ({group})"),
        }
    }
}

/// Says in one line which objects have no part in the Gateway API: all that counts of them is that they are there.
pub(super) fn show(admitted: &Admitted, page: &mut Page) {
    let all = admitted.foreign;
    if all == 0 {
        return;
    }
    let kinds = Foreign::among(admitted);
    let shown = kinds.iter().take(MOST_FOREIGN).map(ToString::to_string);
    let mut shown: Vec<String> = shown.collect();
    let named: usize = kinds.iter().take(MOST_FOREIGN).map(|kind| kind.count).sum();
    if all > named {
        shown.push(format!("{} more", all - named));
    }
    let line = format!(
        "no part of the Gateway API, and passed over: {}",
        shown.join(", ")
    );
    page.gap();
    page.line(0, &Line::of(Tone::Faint, line));
}

/// How many objects without a part in the Gateway API are of kinds that are not told apart, if any is.
pub(super) fn more(admitted: &Admitted) -> Option<usize> {
    let told: usize = admitted.foreign_kinds.values().sum();
    admitted.foreign.checked_sub(told).filter(|more| *more > 0)
}
