//! What to do, in which order.

use super::{
    Findings, Impact, LATER_OBJECT, LATER_STORED, UpgradeStep,
    crd::{Crd, stored_in},
};
use crate::meta::{Channel, GROUP, Release};
use std::collections::BTreeSet;

pub(super) fn steps(crds: &[Crd<'_>], webhook: bool, found: &Findings) -> Vec<UpgradeStep> {
    let mut steps = Vec::new();
    let has = |rule: &str| found.list.iter().any(|finding| finding.rule == rule);
    let of = |rule: &str| -> Vec<&Crd<'_>> {
        let named: BTreeSet<&str> = found
            .list
            .iter()
            .filter(|f| f.rule == rule && f.object.kind == "CustomResourceDefinition")
            .map(|f| f.object.name.as_str())
            .collect();
        crds.iter()
            .filter(|crd| named.contains(super::text(crd.object, "/metadata/name")))
            .collect()
    };
    if has("newer-release") {
        return vec![step(
            format!(
                "A newer release than {} is installed: do not go back",
                found.release
            ),
            Vec::new(),
        )];
    }
    if has(LATER_STORED) || has("later-release-served") {
        return vec![step(
            format!(
                "Versions of a later release than {} are installed: do not go back",
                found.release
            ),
            Vec::new(),
        )];
    }
    if has(LATER_OBJECT) {
        return vec![step(
            format!(
                "Some objects are of a later release than {release}: stay with that release if it is installed. Else write \
                 them in versions that {release} has, and check again",
                release = found.release
            ),
            Vec::new(),
        )];
    }
    let removed = of("stored-version-removed");
    let (rewritten, reinstalled): (Vec<&Crd<'_>>, Vec<_>) = removed.into_iter().partition(|crd| {
        let target = crd.target(found);
        crd.storage
            .is_some_and(|storage| target.iter().any(|(v, _)| v.version == storage))
    });
    let (unserved, stale): (Vec<&Crd<'_>>, Vec<_>) = of("stored-version-not-served")
        .into_iter()
        .partition(|crd| crd.storage != Some(stored_in(&crd.target(found))));
    let old = of("stored-version-old");

    if !crds.is_empty() {
        let names: Vec<_> = crds.iter().map(|crd| crd.name.as_str()).collect();
        steps.push(step(
            "Back up every object of the Gateway API, and the CRDs",
            vec![
                format!(
                    "kubectl get {} -A -o yaml > gateway-api-objects.yaml",
                    names.join(",")
                ),
                format!(
                    "kubectl get crd {} -o yaml > gateway-api-crds.yaml",
                    names.join(" ")
                ),
            ],
        ));
    }
    let decide = [
        (
            "experimental-field",
            "Decide on the fields that the channel does not have: edit the objects, or take the experimental channel",
        ),
        (
            "kind-not-in-channel",
            "Decide on the kinds that the channel does not have: they stay as they are, unless you take the experimental channel",
        ),
        ("unknown-field", "Remove the fields that no channel has"),
        (
            "invalid",
            "Correct the objects that the new CRDs find invalid: until then they cannot be written any more",
        ),
        (
            "cannot-be-converted",
            "Correct the objects that cannot be converted without a loss",
        ),
    ];
    for (rule, title) in decide {
        let weighs = |f: &super::UpgradeFinding| f.rule == rule && f.impact != Impact::Note;
        if found.list.iter().any(weighs) {
            steps.push(step(title, Vec::new()));
        }
    }
    for crd in stale {
        steps.push(rewrite(
            crd,
            crd.storage.unwrap_or_default(),
            "the old version can be asked for until the upgrade only",
        ));
    }
    for crd in &rewritten {
        steps.push(rewrite(
            crd,
            crd.storage.unwrap_or_default(),
            "the new CRD is refused otherwise",
        ));
    }
    for crd in &reinstalled {
        let file = &crd.plural;
        steps.push(step(
            format!(
                "Convert each {} and delete its CRD, and the objects with it: they do not work until they are created again",
                crd.kind
            ),
            vec![
                format!("kubectl get {} -A -o yaml > {file}.yaml", crd.name),
                // Not one policy is deleted unless all could be converted.
                format!(
                    "gwapi convert -f {file}.yaml > {file}-new.yaml && kubectl delete crd {}",
                    crd.name
                ),
            ],
        ));
    }
    if !unserved.is_empty() {
        let kinds: Vec<_> = unserved.iter().map(|crd| crd.kind).collect();
        steps.push(step(
            format!(
                "Install the experimental channel's CRD of {} first: it serves the old version and the new one",
                kinds.join(" and ")
            ),
            unserved
                .iter()
                .map(|crd| install_one(found.release, &crd.plural))
                .collect(),
        ));
        steps.push(step(
            format!(
                "Bring every controller to a version that uses {}",
                unserved
                    .iter()
                    .map(|crd| format!("{} `{}`", crd.kind, stored_in(&crd.target(found))))
                    .collect::<Vec<_>>()
                    .join(" and ")
            ),
            Vec::new(),
        ));
        for crd in &unserved {
            steps.push(rewrite(
                crd,
                stored_in(&crd.target(found)),
                "no object depends on the old version then",
            ));
        }
    }
    steps.push(step(
        format!("Install the {} channel of {}", found.channel, found.release),
        vec![install(found.release, found.channel)],
    ));
    for crd in &reinstalled {
        let file = &crd.plural;
        steps.push(step(
            format!("Create each {} again", crd.kind),
            vec![format!("kubectl apply -f {file}-new.yaml")],
        ));
    }
    for crd in old {
        steps.push(rewrite(
            crd,
            stored_in(&crd.target(found)),
            "a later release can then leave the old version out",
        ));
    }
    if webhook {
        steps.push(step(
            "Delete the validating webhook of release v1.0.0",
            vec![
                "kubectl delete validatingwebhookconfiguration gateway-api-admission".to_owned(),
                "kubectl delete -n gateway-system deployment,service gateway-api-admission-server".to_owned(),
                "kubectl delete -n gateway-system job gateway-api-admission gateway-api-admission-patch --ignore-not-found".to_owned(),
                "kubectl delete -n gateway-system serviceaccount,role,rolebinding gateway-api-admission".to_owned(),
                "kubectl delete clusterrole,clusterrolebinding gateway-api-admission".to_owned(),
            ],
        ));
    }
    if has("version-not-served") || has("version-removed") || has("version-deprecated") {
        steps.push(step(
            "Convert the manifests in your own files and charts",
            vec!["gwapi convert -f FILE".to_owned()],
        ));
    }
    steps
}

fn step(title: impl Into<String>, commands: Vec<String>) -> UpgradeStep {
    UpgradeStep {
        title: title.into(),
        commands,
    }
}

/// Writes each object anew, which stores it in the storage version, and says so in the CRD's status.
fn rewrite(crd: &Crd<'_>, version: &str, why: &str) -> UpgradeStep {
    step(
        format!(
            "Store each {} as `{version}`, by writing it back as it is: {why}",
            crd.kind
        ),
        vec![
            format!("kubectl get {} -A -o json | kubectl replace -f -", crd.name),
            format!(
                "kubectl patch crd {} --subresource=status --type=merge -p '{{\"status\":{{\"storedVersions\":[\"{version}\"]}}}}'",
                crd.name
            ),
        ],
    )
}

fn install(release: Release, channel: Channel) -> String {
    format!(
        "kubectl apply -f https://github.com/kubernetes-sigs/gateway-api/releases/download/{release}/{channel}-install.yaml"
    )
}

/// Installs one CRD of the experimental channel.
fn install_one(release: Release, plural: &str) -> String {
    format!(
        "kubectl apply -f https://raw.githubusercontent.com/kubernetes-sigs/gateway-api/{release}/config/crd/experimental/{GROUP}_{plural}.yaml"
    )
}
