//! The admission policy that comes with the CRDs since v1.5.0: it refuses CRDs over which objects could be lost.

use super::{BUNDLE_VERSION_ANNOTATION, CHANNEL_ANNOTATION};
use crate::meta::{Channel, Release, When, when};
use k8s_openapi::{
    api::admissionregistration::v1::{
        MatchResources, NamedRuleWithOperations, ValidatingAdmissionPolicy,
        ValidatingAdmissionPolicyBinding, ValidatingAdmissionPolicyBindingSpec,
        ValidatingAdmissionPolicySpec, Validation,
    },
    apimachinery::pkg::apis::meta::v1::ObjectMeta,
};

/// The name of the policy and of its binding.
pub const SAFE_UPGRADES: &str = "safe-upgrades.gateway.networking.k8s.io";

/// The releases that come with the policy.
const INSTALLED: When = when!("1.5");

/// The admission policy that a release and channel install beside their CRDs, and its binding; nothing before v1.5.0.
///
/// It refuses to put CRDs of the experimental channel over those of the standard one, and CRDs of an older release over
/// newer ones.
#[must_use]
pub fn safe_upgrades(
    release: Release,
    channel: Channel,
) -> Option<(ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding)> {
    if !INSTALLED.contains(release, channel) {
        return None;
    }
    let metadata = ObjectMeta {
        name: Some(SAFE_UPGRADES.to_owned()),
        annotations: Some(
            [
                (BUNDLE_VERSION_ANNOTATION, bundle_version(release)),
                (CHANNEL_ANNOTATION, channel.as_str()),
            ]
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .collect(),
        ),
        ..ObjectMeta::default()
    };
    let crds = |resources: &str| MatchResources {
        resource_rules: Some(vec![NamedRuleWithOperations {
            api_groups: Some(vec!["apiextensions.k8s.io".to_owned()]),
            api_versions: Some(vec!["v1".to_owned()]),
            operations: Some(vec!["CREATE".to_owned(), "UPDATE".to_owned()]),
            resources: Some(vec![resources.to_owned()]),
            ..NamedRuleWithOperations::default()
        }]),
        ..MatchResources::default()
    };
    let validation = |(expression, message): (String, String)| Validation {
        expression: format!("{OTHER_GROUP} || {expression}"),
        message: Some(message),
        reason: Some("Invalid".to_owned()),
        ..Validation::default()
    };
    let policy = ValidatingAdmissionPolicy {
        metadata: metadata.clone(),
        spec: Some(ValidatingAdmissionPolicySpec {
            failure_policy: Some("Fail".to_owned()),
            match_constraints: Some(crds("*")),
            validations: Some(
                [same_channel(), not_older(release, channel)]
                    .map(validation)
                    .to_vec(),
            ),
            ..ValidatingAdmissionPolicySpec::default()
        }),
        ..ValidatingAdmissionPolicy::default()
    };
    let binding = ValidatingAdmissionPolicyBinding {
        metadata,
        spec: Some(ValidatingAdmissionPolicyBindingSpec {
            policy_name: Some(SAFE_UPGRADES.to_owned()),
            validation_actions: Some(vec!["Deny".to_owned()]),
            match_resources: Some(crds("customresourcedefinitions")),
            ..ValidatingAdmissionPolicyBindingSpec::default()
        }),
    };
    Some((policy, binding))
}

/// The version in the annotation: releases v1.5.0 and v1.5.1 forgot to state theirs.
fn bundle_version(release: Release) -> &'static str {
    const UNSTATED: When = When::new("1.5..1.5");
    if UNSTATED.contains(release, Channel::Standard) {
        "v1.5.0-dev"
    } else {
        release.as_str()
    }
}

const OTHER_GROUP: &str = "object.spec.group != 'gateway.networking.k8s.io'";

/// The CEL expression of whether an annotation is there.
fn has_annotation(object: &str, key: &str) -> String {
    format!("has({object}.metadata.annotations) && '{key}' in {object}.metadata.annotations")
}

/// The CEL expression of an annotation's text; empty where it is not there.
fn annotation(object: &str, key: &str) -> String {
    let there = has_annotation(object, key);
    format!("({there} ? {object}.metadata.annotations['{key}'] : '')")
}

/// The experimental channel does not come over the standard one.
fn same_channel() -> (String, String) {
    let new = annotation("object", CHANNEL_ANNOTATION);
    let old = annotation("oldObject", CHANNEL_ANNOTATION);
    (
        format!("oldObject == null || {new} == 'standard' || {old} == 'experimental'"),
        format!(
            "CRDs of the experimental channel would take the place of CRDs of the standard channel; delete the ValidatingAdmissionPolicy {SAFE_UPGRADES} if this is meant"
        ),
    )
}

/// Which bundles may be installed, by release and channel.
fn not_older(release: Release, channel: Channel) -> (String, String) {
    let is = |when: When| when.contains(release, channel);
    let version = annotation("object", BUNDLE_VERSION_ANNOTATION);
    // An empty one is one, and no older release's.
    let there = has_annotation("object", BUNDLE_VERSION_ANNOTATION);
    let (expression, oldest) = if is(when!("E1.6")) {
        (
            format!(
                "({version} == 'v0.0.0-dev' || {version}.startsWith('v1.') && !{version}.matches('^v1[.][0-4]([.]|$)'))"
            ),
            "v1.5.0".to_owned(),
        )
    } else {
        let minor = release.minor();
        let before = minor.saturating_sub(1);
        let (minors, oldest) = (format!("[0-{before}]"), format!("v1.{minor}.0"));
        let candidates = match is(when!("1.6..1.6")) {
            true => format!("{version}.contains('-rc') || "),
            false => String::new(),
        };
        (
            format!(
                "{there} && ({candidates}!{version}.matches('v1[.]{minors}[.][0-9]+') && !{version}.matches('v0'))"
            ),
            oldest,
        )
    };
    (
        expression,
        format!(
            "CRDs of a release before {oldest} must not be installed; delete the ValidatingAdmissionPolicy {SAFE_UPGRADES} if this is meant"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What upstream asks is whether the annotation is there, not whether it says something.
    #[test]
    fn a_bundle_version_may_be_empty_in_the_releases_whose_policy_takes_it() {
        let there =
            "'gateway.networking.k8s.io/bundle-version' in object.metadata.annotations && (";
        for (release, channel) in [
            (Release::V1_5_0, Channel::Standard),
            (Release::V1_6_1, Channel::Standard),
            (Release::V1_7_0, Channel::Standard),
        ] {
            let (policy, _) = safe_upgrades(release, channel).unwrap();
            let validations = policy.spec.unwrap().validations.unwrap();
            let expression = &validations[1].expression;
            assert!(expression.contains(there), "{expression}");
            assert!(!expression.contains("!= ''"), "{expression}");
        }
    }

    #[test]
    fn the_policy_comes_with_the_crds_since_v1_5_0() {
        for release in Release::ALL {
            for channel in Channel::ALL {
                let made = safe_upgrades(*release, channel);
                assert_eq!(made.is_some(), *release >= Release::V1_5_0, "{release}");
                let Some((policy, binding)) = made else {
                    continue;
                };
                assert_eq!(policy.metadata, binding.metadata);
                assert_eq!(policy.spec.unwrap().validations.unwrap().len(), 2);
            }
        }
        assert_eq!(
            safe_upgrades(Release::made_up(), Channel::Standard).map(|(policy, _)| policy.spec),
            safe_upgrades(Release::newest(), Channel::Standard).map(|(policy, _)| policy.spec),
        );
    }
}
