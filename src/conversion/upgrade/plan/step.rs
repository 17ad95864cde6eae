//! One step, and the words for what it is about.

use crate::{
    conversion::upgrade::findings::{Impact, UpgradeFinding, UpgradeFindings},
    schema::{self, KindVersion},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

/// One step of an upgrade.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UpgradeStep {
    /// What it does and why.
    pub title: String,
    /// Commands for a shell, in their order. None for what only people can decide.
    pub commands: Vec<String>,
}

/// A step with these commands.
pub(super) fn step(title: impl Into<String>, commands: Vec<String>) -> UpgradeStep {
    UpgradeStep {
        title: title.into(),
        commands,
    }
}

/// The kinds of objects, in the versions in which they are written, that findings of these rules name.
pub(super) fn kinds_of(found: &UpgradeFindings, rules: &[&str]) -> Vec<&'static KindVersion> {
    let mut kinds = BTreeMap::new();
    for finding in &found.list {
        let kind = schema::find(&finding.api_version, &finding.object.kind);
        if let Some(kind) = kind.filter(|_| finding.impact != Impact::Note)
            && rules.contains(&finding.rule)
        {
            kinds.entry(full_name(kind)).or_insert(kind);
        }
    }
    kinds.into_values().collect()
}

/// What kubectl calls the objects of a kind: `httproutes.gateway.networking.k8s.io`.
pub(super) fn full_name(kind: &KindVersion) -> String {
    format!("{}.{}", kind.plural, kind.group)
}

/// The first of these, and how many more there are.
pub(super) fn some(all: &BTreeSet<impl fmt::Display>) -> String {
    const MOST: usize = 5;
    let mut names: Vec<String> = all.iter().take(MOST).map(ToString::to_string).collect();
    if all.len() > MOST {
        names.push(format!("{} more", all.len() - MOST));
    }
    names.join(", ")
}

/// The objects that findings of a rule name, the first of them.
pub(super) fn named(found: &UpgradeFindings, rule: &str) -> String {
    names(found, |f| f.rule == rule)
}

/// The objects that some findings name, the first of them.
pub(super) fn names(found: &UpgradeFindings, is_meant: impl Fn(&UpgradeFinding) -> bool) -> String {
    let weighs = |f: &&UpgradeFinding| f.impact != Impact::Note && is_meant(f);
    let all: BTreeSet<String> = found
        .list
        .iter()
        .filter(weighs)
        .map(|f| f.object.to_string())
        .collect();
    some(&all)
}
