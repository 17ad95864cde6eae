//! What an upgrade to release v1.1.0 of a channel would do to what is installed.
//!
//! [`check`] looks at CRDs, with their `status.storedVersions`, and at objects, as `kubectl get -o yaml`
//! gives them, and says which stored versions block the upgrade, which objects would become invalid or lose
//! fields, and what to do, as commands in their order.
//!
//! The facts that it goes by:
//!
//! - An API server refuses a CRD that leaves out a version in which objects may be stored
//!   (`status.storedVersions`). v1.1.0 has no BackendTLSPolicy `v1alpha2`.
//! - A version that a CRD has without serving it can be stored and cannot be asked for. The standard channel
//!   of v1.1.0 does so with GRPCRoute `v1alpha2` and ReferenceGrant `v1alpha2`; the experimental channel
//!   still serves both.
//! - A field that the schema does not have is dropped whenever an object is read or written, so it is gone
//!   for every client once the CRD is replaced.
//! - A kind that a channel does not have is left alone: its CRD stays as it was installed.
//! - Of later releases it looks at nothing but which kinds and versions they added ([`schema::later`]). What is
//!   written or stored in these is said to be later: an upgrade never leads back.
//! - Release v1.0.0 came with a validating webhook, v1.1.0 has none.

mod crd;
mod object;
mod plan;

#[cfg(test)]
mod tests;

use crate::{
    meta::{Channel, ObjectReference, Release, kept_name},
    schema,
    validation::ValidationOptions,
};
use serde_json::Value;
use std::{collections::BTreeSet, fmt};

/// What an upgrade would do, and how to go about it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UpgradeReport {
    /// The release to which the upgrade leads.
    pub release: Release,
    /// The channel to which the upgrade leads.
    pub channel: Channel,
    /// What would happen, the worst first.
    pub findings: Vec<UpgradeFinding>,
    /// What to do, in this order.
    pub steps: Vec<UpgradeStep>,
}

impl UpgradeReport {
    /// Whether nothing stands in the way: at most notes.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.findings.iter().all(|f| f.impact == Impact::Note)
    }
}

/// How bad something is for what is installed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Impact {
    /// The API server refuses the new CRD.
    Blocks,
    /// The upgrade goes through, and objects or clients stop working.
    Breaks,
    /// The upgrade goes through, and an object loses a field.
    Loses,
    /// Nothing is harmed; good to know.
    Note,
}

impl Impact {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Blocks => "blocks",
            Self::Breaks => "breaks",
            Self::Loses => "loses",
            Self::Note => "note",
        }
    }
}

impl fmt::Display for Impact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One thing that an upgrade would do.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UpgradeFinding {
    /// How bad it is.
    pub impact: Impact,
    /// A stable id: `stored-version-removed`.
    pub rule: &'static str,
    /// The API version of the object.
    pub api_version: String,
    /// The object: a CRD or an object of one of its kinds.
    pub object: ObjectReference,
    /// The field; empty for the whole object.
    pub path: String,
    /// What would happen.
    pub message: String,
    /// What would be right.
    pub help: String,
}

/// One step of an upgrade.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UpgradeStep {
    /// What it does and why.
    pub title: String,
    /// Commands for a shell, in their order. None for what only people can decide.
    pub commands: Vec<String>,
}

/// Says what an upgrade of these CRDs and objects to release v1.1.0 of `channel` would do.
///
/// Objects that have nothing to do with the Gateway API ([`concerns`]) are passed over. Each value is one object; take lists apart first
/// ([`manifest::read`](crate::manifest::read) does).
#[must_use]
pub fn check<'a>(
    installed: impl IntoIterator<Item = &'a Value>,
    channel: Channel,
) -> UpgradeReport {
    let mut found = Findings {
        release: Release::V1_1_0,
        channel,
        list: Vec::new(),
        rules: BTreeSet::new(),
    };
    let (mut crds, mut objects, mut webhooks) = (Vec::new(), Vec::new(), Vec::new());
    for value in installed {
        if let Some(crd) = crd::Crd::read(value) {
            crds.push(crd);
        } else if is_object(value) {
            objects.push(value);
        } else if object::is_webhook(value) {
            webhooks.push(value);
        }
    }
    for crd in &crds {
        crd.check(&mut found);
    }
    object::check_all(&objects, &crds, &mut found);
    for webhook in &webhooks {
        object::check_webhook(webhook, &mut found);
    }
    let steps = plan::steps(&crds, !webhooks.is_empty(), &found);
    let mut findings = found.list;
    findings.sort_by_key(|finding| finding.impact);
    UpgradeReport {
        release: Release::V1_1_0,
        channel,
        findings,
        steps,
    }
}

/// Whether [`check`] looks at an object: whoever reads many can let the others go.
#[must_use]
pub fn concerns(object: &Value) -> bool {
    crd::Crd::read(object).is_some() || is_object(object) || object::is_webhook(object)
}

/// Whether it is an object of the Gateway API, of this release or a later one, or seems to be meant as one.
fn is_object(value: &Value) -> bool {
    super::value::is_own(value)
        || schema::find(text(value, "/apiVersion"), text(value, "/kind")).is_some()
        || object::misnamed(value, &ValidationOptions::default()).is_some()
}

/// The rule of objects that are written in a version which came with a later release.
const LATER_OBJECT: &str = "later-release-object";
/// The rule of CRDs in which objects may be stored in a version which came with a later release.
const LATER_STORED: &str = "later-release-stored";

/// How many findings are kept; of those that come after, the first of each rule, for the verdict and for what
/// to do. Hostile input could have millions.
const MOST_FINDINGS: usize = 100_000;

/// What was found so far, and where the upgrade leads.
struct Findings {
    release: Release,
    channel: Channel,
    list: Vec<UpgradeFinding>,
    /// The rules that have a finding.
    rules: BTreeSet<&'static str>,
}

impl Findings {
    fn add(
        &mut self,
        impact: Impact,
        rule: &'static str,
        object: &Value,
        path: impl Into<String>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        if !self.rules.insert(rule) && self.list.len() >= MOST_FINDINGS {
            return;
        }
        self.list.push(UpgradeFinding {
            impact,
            rule,
            api_version: kept_name(text(object, "/apiVersion")),
            object: super::value::identify(object),
            path: path.into(),
            message: message.into(),
            help: help.into(),
        });
    }
}

fn text<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
}
