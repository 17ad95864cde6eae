//! What an upgrade of the CRDs from one release to another would do to what is installed.
//!
//! [`check`] looks at CRDs, with their `status.storedVersions`, and at objects, as `kubectl get -o yaml`
//! gives them, and says which stored versions block the upgrade, which objects would become invalid or lose
//! fields, which kinds, versions and forms of a status end, and what to do, as commands in their order.
//!
//! What each release has comes from the same marks as its CRDs ([`schema`]), and what it refuses from its
//! [`validation`](crate::validation). The facts that it goes by beside them:
//!
//! - An API server refuses a CRD that leaves out a version in which objects may be stored
//!   (`status.storedVersions`). v1.1.0 has no BackendTLSPolicy `v1alpha2`.
//! - A version that a CRD has without serving it can be stored and cannot be asked for. The standard channel
//!   of v1.1.0 does so with GRPCRoute `v1alpha2` and ReferenceGrant `v1alpha2`; the experimental channel
//!   still serves both.
//! - A field that the schema does not have is dropped whenever an object is read or written, so it is gone
//!   for every client once the CRD is replaced.
//! - A kind that a channel does not have is left alone: its CRD stays as it was installed.
//! - What is written or stored in a version of a release after the one that is asked for is said to be later: an upgrade
//!   never leads back. Of releases that are not known nothing is said.
//! - Release v1.0.0 came with a validating webhook, v1.1.0 has none. Since v1.5.0 releases come with an admission policy
//!   that keeps CRDs from going back ([`crd::safe_upgrades`](crate::crd::safe_upgrades)).

mod before;
mod converted;
mod crd;
mod findings;
mod form;
mod object;
mod plan;
mod policy;
mod status;

#[cfg(test)]
mod advice_tests;
#[cfg(test)]
mod before_tests;
#[cfg(test)]
mod converted_tests;
#[cfg(test)]
mod release_tests;
#[cfg(test)]
mod status_tests;
#[cfg(test)]
mod tests;

use crate::{
    conversion::ConvertedNames,
    meta::{Channel, Release, kept_name},
    schema,
    validation::{ALL_OF_INPUT, ChoiceReason, Uses, ValidationOptions},
};
use findings::{UpgradeFindings, text};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

pub use findings::{Impact, UpgradeFinding};
pub use plan::UpgradeStep;

/// What an upgrade would do, and how to go about it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UpgradeReport {
    /// The release from which the upgrade leads: the one that was named, that of the CRDs, or the newest before the other
    /// that has all that the objects use. Nothing if none is known.
    pub from: Option<Release>,
    /// Why it is that one, or why none is known, for people: `v1.3.0, whose CRDs are in the input`.
    pub from_reason: String,
    /// The release to which the upgrade leads.
    pub release: Release,
    /// The channel to which the upgrade leads.
    pub channel: Channel,
    /// What would happen, the worst first.
    pub findings: Vec<UpgradeFinding>,
    /// How many findings more there are than [`UpgradeOptions::max_findings`] allows, none of them of a rule that has no other.
    pub left_out: usize,
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

/// From which release an upgrade leads to which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UpgradeOptions {
    /// The release that is installed. Unless set, or where none of the CRDs among the objects is of it, it is that of these
    /// CRDs, and of kinds without a CRD nothing is assumed; with it, these are taken to be installed as the release does it: in the channel that takes the
    /// objects, or else serves their versions, or else has their kinds.
    pub from: Option<Release>,
    /// The release to which the upgrade leads.
    pub to: Release,
    /// The channel to which the upgrade leads.
    pub channel: Channel,
    /// How many findings are kept: 100 000 by default. Of those that come after, the first of each rule is, too, for the
    /// verdict and for what to do; [`UpgradeReport::left_out`] counts the others.
    pub max_findings: usize,
}

impl UpgradeOptions {
    /// To a release and channel.
    #[must_use]
    pub fn to(release: Release, channel: Channel) -> Self {
        Self {
            from: None,
            to: release,
            channel,
            max_findings: MOST_FINDINGS,
        }
    }

    /// The same, from a release.
    #[must_use]
    pub fn from(self, release: Release) -> Self {
        Self {
            from: Some(release),
            ..self
        }
    }
}

/// To the standard channel of the newest release.
impl Default for UpgradeOptions {
    fn default() -> Self {
        let newest = Release::newest();
        Self::to(newest, Channel::Standard)
    }
}

/// Says what an upgrade of these CRDs and objects would do.
///
/// Objects that have nothing to do with the Gateway API ([`concerns`]) are passed over. Each value is one object; take lists apart first
/// ([`manifest::read`](crate::manifest::read) does).
///
/// ```
/// use gwapi::{conversion::upgrade::{self, UpgradeOptions}, meta::{Channel, Release}};
/// use serde_json::json;
///
/// let gateway = json!({
///     "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "metadata": { "name": "edge" },
///     "spec": {
///         "gatewayClassName": "example",
///         "listeners": [{ "name": "web", "port": 80, "protocol": "HTTP" }],
///         "backendTLS": { "clientCertificateRef": { "name": "client" } },
///     },
/// });
/// let options = UpgradeOptions::to(Release::V1_4_0, Channel::Experimental).from(Release::V1_3_0);
/// let report = upgrade::check([&gateway], options);
/// assert_eq!(report.findings[0].path, "spec.backendTLS");
/// assert_eq!(report.findings[0].rule, "form-changed");
/// ```
#[must_use]
pub fn check<'a>(
    installed: impl IntoIterator<Item = &'a Value>,
    options: UpgradeOptions,
) -> UpgradeReport {
    let installed: Vec<&Value> = installed.into_iter().collect();
    let UpgradeOptions { to, channel, .. } = options;
    let (mut crds, mut objects, mut webhooks) = (Vec::new(), Vec::new(), Vec::new());
    let mut policy = None;
    for &value in &installed {
        if let Some(crd) = crd::Crd::read(value) {
            crds.push(crd);
        } else if is_object(value) {
            objects.push(value);
        } else if object::is_webhook(value) {
            webhooks.push(value);
        } else if policy::is_it(value) {
            policy = Some(value);
        }
    }
    // CRDs say what is installed: what is said of it beside them is left out where they say something else.
    let contradicted = options.from.filter(|from| crd::contradict(&crds, *from));
    let (from, from_reason) = match contradicted {
        None => from((&installed, &crds), options),
        Some(asked) => {
            let (from, why) = from(
                (&installed, &crds),
                UpgradeOptions {
                    from: None,
                    ..options
                },
            );
            (from, format!("{why}, and not {asked}, as was asked"))
        }
    };
    let mut found = UpgradeFindings {
        from,
        is_asked: options.from.is_some() && contradicted.is_none(),
        crds: BTreeSet::new(),
        installed: before::installed(&crds),
        unknown: before::unknown(&crds),
        release: to,
        channel,
        list: Vec::new(),
        most: options.max_findings,
        left_out: 0,
        rules: BTreeSet::new(),
        held: BTreeMap::new(),
        names: ConvertedNames::default(),
    };
    if let Some(from) = options.from {
        for crd in &crds {
            crd.check_release(from, &mut found);
        }
    }
    let assumed = match options.from.filter(|_| contradicted.is_none()) {
        Some(from) => before::assumed((from, channel), &objects, &crds),
        None => Vec::new(),
    };
    let given = crds.len();
    crds.extend(assumed.iter().filter_map(crd::Crd::read_assumed));
    found.crds = crds.iter().map(|crd| crd.kind.to_owned()).collect();
    for crd in &crds {
        crd.check(&mut found);
        status::check(crd, &mut found);
    }
    policy::check(policy, (&crds, given), &objects, &mut found);
    object::check_all(&objects, &crds, &mut found);
    for webhook in &webhooks {
        object::check_webhook(webhook, &mut found);
    }
    let steps = plan::steps(&crds, &objects, !webhooks.is_empty(), &found);
    let mut findings = found.list;
    findings.sort_by_key(|finding| finding.impact);
    UpgradeReport {
        from: found.from,
        from_reason,
        release: to,
        channel,
        findings,
        left_out: found.left_out,
        steps,
    }
}

/// The release that is installed, as far as it is known, and why it is that one.
fn from(
    (installed, crds): (&[&Value], &[crd::Crd<'_>]),
    options: UpgradeOptions,
) -> (Option<Release>, String) {
    if let Some(from) = options.from {
        return (Some(from), format!("{from}, as was asked"));
    }
    let to = options.to;
    let mut uses = Uses::new(Channel::Experimental);
    for object in installed {
        uses.add(object);
    }
    let choice = uses.choice();
    match &choice.reason {
        ChoiceReason::Installed => return (Some(choice.release), choice.to_string()),
        ChoiceReason::Nearest(bundle) => return (None, of_unknown(bundle)),
        _ => {}
    }
    // One that is no version, such as `main`, chooses no release.
    if let Some(bundle) = crds.iter().find_map(crd::Crd::unknown_release) {
        return (None, of_unknown(bundle));
    }
    let narrowed = &choice.narrowed;
    let mut newest_first = Release::ALL.iter().rev().copied();
    match newest_first.find(|release| *release <= to && uses.fit(*release)) {
        Some(from) if from == to => {
            let why = format!(
                "{from} itself: its experimental channel has {ALL_OF_INPUT} that any release has, which does not say what is installed"
            );
            (Some(from), why)
        }
        Some(from) => {
            let why = narrowed.gone_in_words();
            let newest = format!(
                "the newest release before {to} that has {ALL_OF_INPUT} that any release has"
            );
            (Some(from), format!("{from}, {newest}{why}"))
        }
        None => {
            let why = narrowed.unmet_in_words(to);
            (
                None,
                format!("no release up to {to} has {ALL_OF_INPUT}{why}"),
            )
        }
    }
}

/// Why no release is known from which an upgrade leads, though CRDs name one.
fn of_unknown(bundle: &str) -> String {
    let bundle = kept_name(bundle);
    format!("the CRDs in the input are of {bundle}, which is not known here")
}

/// Whether [`check`] looks at an object: whoever reads many can let the others go.
#[must_use]
pub fn concerns(object: &Value) -> bool {
    crd::Crd::read(object).is_some()
        || is_object(object)
        || object::is_webhook(object)
        || policy::is_it(object)
}

/// Whether it is an object of the Gateway API, of this release or a later one, or seems to be meant as one.
fn is_object(value: &Value) -> bool {
    super::value::is_own(value)
        || schema::find(text(value, "/apiVersion"), text(value, "/kind")).is_some()
        || super::value::misnamed(value, &ValidationOptions::default()).is_some()
}

/// How many findings are kept unless said otherwise: hostile input could have millions.
const MOST_FINDINGS: usize = 100_000;
