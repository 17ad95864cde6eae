//! The admission policy that keeps CRDs from going back, since v1.5.0.

use super::{
    crd::Crd,
    findings::{Impact, UpgradeFindings, text},
};
use crate::{
    crd::{SAFE_UPGRADES, safe_upgrades},
    meta::Channel,
};
use serde_json::Value;

/// The rule of a policy that refuses the new CRDs.
pub(super) const REFUSES: &str = "admission-policy";

/// Whether an object is the policy.
pub(super) fn is_it(object: &Value) -> bool {
    text(object, "/kind") == "ValidatingAdmissionPolicy"
        && text(object, "/metadata/name") == SAFE_UPGRADES
}

/// Whether the policy is there, as far as is known.
fn is_installed(policy: Option<&Value>, found: &UpgradeFindings) -> bool {
    let comes_with = |from| {
        Channel::ALL
            .into_iter()
            .any(|channel| safe_upgrades(from, channel).is_some())
    };
    policy.is_some() || found.from.is_some_and(comes_with)
}

/// Looks at the policy, the CRDs, those in the input first, and an object that is installed.
pub(super) fn check(
    policy: Option<&Value>,
    (crds, given): (&[Crd<'_>], usize),
    objects: &[&Value],
    found: &mut UpgradeFindings,
) {
    let (release, channel) = (found.release, found.channel);
    let installed = is_installed(policy, found);
    let mut known = crds.iter().take(given);
    let is_known = known.any(|crd| crd.is_standard() || crd.is_experimental());
    if let Some(object) = policy.or(objects.first().copied())
        && installed
        && channel == Channel::Experimental
        && !is_known
    {
        found.add(
            Impact::Note,
            "channel-assumed",
            object,
            "",
            format!(
                "nothing in the input says which channel is installed: where it is the standard one, the admission policy \
                 `{SAFE_UPGRADES}` refuses CRDs of the experimental channel in its place"
            ),
            "add the CRDs as the server has them: `kubectl get crd -o yaml`",
        );
    }
    let standard = crds
        .iter()
        .find(|crd| crd.is_standard() && !crd.target(found).is_empty());
    if let Some(crd) = standard.filter(|_| installed && channel == Channel::Experimental) {
        found.add(
            Impact::Blocks,
            REFUSES,
            policy.unwrap_or(crd.object),
            "",
            format!(
                "CRDs of the standard channel are installed, and the admission policy `{SAFE_UPGRADES}` refuses those of the experimental \
                 channel in their place"
            ),
            "stay with the standard channel, or delete the policy before the upgrade; the release brings it back",
        );
        return;
    }
    if let Some(crd) = crds.first()
        && !installed
        && found.from.is_some()
        && safe_upgrades(release, channel).is_some()
    {
        found.add(
            Impact::Note,
            "admission-policy-new",
            crd.object,
            "",
            format!(
                "{release} comes with the admission policy `{SAFE_UPGRADES}`: from then on CRDs of the experimental channel in place of \
                 those of the standard one, and CRDs of older releases, are refused"
            ),
            "decide on the channel before the upgrade; the policy can be deleted where it is in the way",
        );
    }
}
