//! Whether the installed CRDs are of a release that is supported (GatewayClass, condition `SupportedVersion`).

use crate::{
    attachment::{
        Snapshot,
        condition_body::{ConditionBody, join, names},
        objects::installed::release_of,
    },
    crd::BUNDLE_VERSION_ANNOTATION,
    meta::{Release, condition::gateway_class::reason},
};
use std::collections::BTreeSet;

/// The condition `SupportedVersion`. CRDs of other releases are served as well as can be: the class is accepted
/// all the same, as the specification allows.
pub(super) fn supported(snapshot: &Snapshot, release: Release) -> ConditionBody {
    let installed = || {
        let crds = snapshot.installed_crds().values();
        crds.filter(|crd| crd.is_gateway_api())
    };
    if installed().next().is_none() {
        let text = format!(
            "no CRD of the Gateway API is among the objects: release {release} is assumed, which is supported"
        );
        return ConditionBody::new(true, reason::SUPPORTED_VERSION, text);
    }
    let found: BTreeSet<&str> = installed()
        .filter_map(|crd| crd.bundle_version.as_deref())
        .collect();
    let mut problems = Vec::new();
    let unknown: BTreeSet<&str> = found.iter().copied().filter(|v| !is_supported(v)).collect();
    if !unknown.is_empty() {
        let unknown = names(unknown.into_iter());
        problems.push(format!(
            "the installed CRDs are of release {unknown}, which is not known"
        ));
    }
    let unmarked: BTreeSet<&str> = installed()
        .filter(|crd| crd.bundle_version.is_none())
        .map(|crd| crd.name.as_str())
        .collect();
    if !unmarked.is_empty() {
        let unmarked = names(unmarked.into_iter());
        problems.push(format!(
            "the annotation `{BUNDLE_VERSION_ANNOTATION}` is missing on CRD {unmarked}"
        ));
    }
    if problems.is_empty() {
        let found = names(found.into_iter());
        let text = format!("the installed CRDs are of release {found}, which is supported");
        return ConditionBody::new(true, reason::SUPPORTED_VERSION, text);
    }
    let known = match (Release::ALL.first(), Release::ALL.last()) {
        (Some(first), Some(last)) => format!("`{first}` to `{last}`"),
        _ => String::new(),
    };
    let text = format!(
        "{}; known are {known} and their patches, and objects are judged as of {release}",
        join(&problems),
    );
    ConditionBody::new(false, reason::UNSUPPORTED_VERSION, text)
}

/// Whether a release is known, or a patch of one that is.
fn is_supported(version: &str) -> bool {
    release_of(version).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_releases_and_their_patches_are_supported_and_no_others() {
        for version in ["v1.0.0", "v1.0.1", "v1.1.0", "v1.1.1", "v1.6.9", "v1.7.0"] {
            assert!(is_supported(version), "{version}");
        }
        for version in [
            "v99.0.0",
            "v0.8.1",
            "1.1.0",
            "v1.1",
            "v1.1.0-rc1",
            "v1.1.x",
            "",
            "v1.1.0.1",
            "latest",
        ] {
            assert!(!is_supported(version), "{version}");
        }
    }
}
