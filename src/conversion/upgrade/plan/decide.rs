//! What people have to decide or correct, for which there is no command.

use super::{
    super::{
        converted::REFERS_TO_REPLACED,
        findings::{Impact, UpgradeFinding, UpgradeFindings},
        form,
        object::{self, LATER_OBJECT},
        policy, status,
    },
    step::{UpgradeStep, named, names, step},
};
use crate::{conversion::release::ABSENT_KIND, schema};
use std::collections::BTreeMap;

/// The rules of what the release refuses in an object.
const REFUSALS: [&str; 2] = ["tightened", "invalid"];

/// The rules of what no known release has.
const OF_NO_RELEASE: [&str; 3] = ["unknown-field", "version-unknown", "kind-unknown"];

/// The rules of which the plan takes care with steps of their own.
const WITH_OWN_STEPS: &[&str] = &[
    "stored-version-removed",
    "stored-version-not-served",
    "version-not-served",
    "version-removed",
    "kind-replaced",
    "form-changed",
    "status-changed",
    REFERS_TO_REPLACED,
    policy::REFUSES,
    LATER_OBJECT,
    form::LATER_FIELD,
];

/// A step for each rule with findings, except those that have steps of their own.
pub(super) fn steps(found: &UpgradeFindings) -> Vec<UpgradeStep> {
    let decide = [
        (
            "experimental-field",
            "Decide on the fields that the channel does not have: edit the objects, or take the experimental channel",
        ),
        (
            "kind-not-in-channel",
            "Decide on the kinds that the channel does not have: they stay as they are, unless you take the experimental channel",
        ),
        (
            "field-gone",
            "Decide on the fields that the release does not have: what they do has to be done in another way",
        ),
        (
            "field-elsewhere",
            "Decide on the fields that other versions or kinds have: they are dropped where they are",
        ),
        (
            "unknown-field",
            "Correct the names of the fields that no release known here has, remove them, or move them to the part of the object that \
             they belong to",
        ),
        (
            "tightened",
            "Correct the objects that the release before accepts and the new CRDs refuse: until then changes to them are refused",
        ),
        (
            "invalid",
            "Correct the objects that the new CRDs find invalid: until then changes to them are refused",
        ),
        (
            status::REFUSED,
            "Let controllers write anew the statuses that the new CRDs refuse, before the upgrade where the installed CRDs take what \
             they write then: until then writes of these statuses are refused",
        ),
        (
            object::SAME_NAME,
            "Give other names to objects that become one, and to what refers to them, or delete those that nobody needs",
        ),
        (
            "cannot-be-converted",
            "Correct the objects that cannot be converted without a loss, and check again",
        ),
        (
            "version-unknown",
            "Write the objects whose version nobody knows in one that the release has: no command does it",
        ),
        (
            "kind-unknown",
            "Decide on the objects whose kind the release does not have: correct the kind, or keep to what has it",
        ),
        (
            "group-unknown",
            "Correct the `apiVersion` of the objects whose group is not known",
        ),
        (
            ABSENT_KIND,
            "Decide on the references to kinds that the release does not have: they lead to nothing",
        ),
    ];
    let mut steps = Vec::new();
    let mut left: BTreeMap<&str, &UpgradeFinding> = BTreeMap::new();
    for finding in found.list.iter().filter(|f| f.impact != Impact::Note) {
        left.entry(finding.rule).or_insert(finding);
    }
    for (rule, title) in decide {
        if left.remove(rule).is_none() {
            continue;
        }
        // What no known release has may be of the one that is installed.
        let is_installed = |f: &UpgradeFinding| {
            OF_NO_RELEASE.contains(&rule) && found.unknown_release(&f.object.kind).is_some()
        };
        let unknown = names(found, |f| f.rule == rule && is_installed(f));
        if !unknown.is_empty() {
            steps.push(step(
                format!(
                    "See whether the release that is installed, which is not known here, has what no release known here has, and \
                     decide what becomes of it: {unknown}"
                ),
                Vec::new(),
            ));
        }
        // Of a kind that the release lacks nothing is judged but what takes its place.
        let is_lacking = |f: &UpgradeFinding| {
            REFUSALS.contains(&rule)
                && schema::versions_of(&f.object.kind, found.release, found.channel)
                    .next()
                    .is_none()
        };
        let kept = names(found, |f| {
            f.rule == rule && !is_lacking(f) && !is_installed(f)
        });
        if !kept.is_empty() {
            steps.push(step(format!("{title}: {kept}"), Vec::new()));
        }
        let replaced = names(found, |f| f.rule == rule && is_lacking(f));
        if !replaced.is_empty() {
            let title = "Correct the objects that the kinds which take their place refuse: until then they cannot be created as such";
            steps.push(step(format!("{title}: {replaced}"), Vec::new()));
        }
    }
    // What has a step below.
    left.retain(|rule, _| !WITH_OWN_STEPS.contains(rule));
    for (rule, finding) in left {
        let names = named(found, rule);
        steps.push(step(
            format!("Decide on {names}: {}", finding.help),
            Vec::new(),
        ));
    }
    steps
}
