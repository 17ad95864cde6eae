//! What to do, in which order.

mod backup;
mod decide;
mod replaced;
mod step;

use super::{
    crd::{Crd, LATER_STORED, Waypoint, stored_in},
    findings::{ReleaseChannel, UpgradeFinding, UpgradeFindings, text},
    form,
    object::{DO_WITHOUT, LATER_OBJECT},
    policy, status,
};
use crate::{
    crd::SAFE_UPGRADES,
    meta::{Channel, Release},
    schema::{self, KindVersion},
};
use replaced::NewForms;
use serde_json::Value;
use std::collections::BTreeSet;
use step::{full_name, kinds_of, named, names, step};

pub use step::UpgradeStep;

pub(super) fn steps(
    crds: &[Crd<'_>],
    objects: &[&Value],
    webhook: bool,
    found: &UpgradeFindings,
) -> Vec<UpgradeStep> {
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
            .filter(|crd| named.contains(text(crd.object, "/metadata/name")))
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
    let mut later = later_objects(found);
    if !later.is_empty() {
        // The rest of the way depends on what these become.
        later.extend(decide::steps(found));
        return later;
    }
    let is_there = |crd: &Crd<'_>, version: &str| {
        let target = crd.target(found);
        target.iter().any(|(there, _)| there.version == version)
    };
    let mut rewritten: Vec<&Crd<'_>> = Vec::new();
    let mut reinstalled: Vec<&Crd<'_>> = Vec::new();
    // Those whose objects get to a version of the release by way of another CRD.
    let mut led: Vec<Led<'_>> = Vec::new();
    for crd in of("stored-version-removed") {
        let gone = crd.stored.iter().find(|stored| !is_there(crd, stored));
        if crd.storage.is_some_and(|storage| is_there(crd, storage)) {
            rewritten.push(crd);
        } else if let Some(waypoint) = gone.and_then(|gone| crd.waypoint(gone, found)) {
            led.push(Led { crd, waypoint });
        } else {
            reinstalled.push(crd);
        }
    }
    let mut stale: Vec<&Crd<'_>> = Vec::new();
    for crd in of("stored-version-not-served") {
        let wanted = stored_in(&crd.target(found));
        if crd.storage == Some(wanted) {
            stale.push(crd);
        } else {
            // The experimental channel of the release itself serves it.
            let storage = wanted;
            let waypoint = crd.storage.and_then(|old| crd.waypoint(old, found));
            let waypoint = waypoint.unwrap_or(Waypoint {
                release: found.release,
                storage,
            });
            led.push(Led { crd, waypoint });
        }
    }
    let old = of("stored-version-old");

    let refuses = has(policy::REFUSES)
        || found
            .from
            .is_some_and(|from| crate::crd::safe_upgrades(from, Channel::Standard).is_some())
            && led.iter().any(|led| led.crd.is_standard());
    steps.extend(backup::copy(crds, objects, (refuses, webhook), found));
    steps.extend(decide::steps(found));
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
                    "{} > {file}-new.yaml && kubectl delete crd {}",
                    found.convert(&format!("-f {file}.yaml")),
                    crd.name
                ),
            ],
        ));
    }
    if refuses {
        steps.push(step(
            "Delete the admission policy, which would refuse the new CRDs",
            vec![
                format!("kubectl delete validatingadmissionpolicybinding {SAFE_UPGRADES}"),
                format!("kubectl delete validatingadmissionpolicy {SAFE_UPGRADES}"),
            ],
        ));
    }
    if !led.is_empty() {
        steps.extend(by_way(&led));
    }
    let unserved: Vec<String> = of("version-not-served")
        .iter()
        .map(|crd| (crd, stored_in(&crd.target(found))))
        .filter(|(crd, wanted)| {
            crd.serves(wanted) && !led.iter().any(|led| led.crd.kind == crd.kind)
        })
        .map(|(crd, wanted)| format!("{} `{wanted}`", crd.kind))
        .chain(
            without_crd("version-not-served", crds, found)
                .into_iter()
                .map(|kind| {
                    let target = schema::versions_of(kind.kind, found.release, found.channel);
                    format!("{} `{}`", kind.kind, stored_in(&target.collect()))
                }),
        )
        .collect();
    if !unserved.is_empty() {
        let kinds = unserved.join(" and ");
        steps.push(step(
            format!("Bring every controller and client to a version that uses {kinds}: what they used before is not served any more"),
            Vec::new(),
        ));
    }
    let anew = without_crd("version-removed", crds, found);
    for kind in &anew {
        let file = kind.plural;
        let names = of_kind(found, "version-removed", kind.kind);
        steps.push(step(
            format!(
                "Convert each {} to a version that {} has, from a backup: {names}",
                kind.kind, found.release
            ),
            vec![
                format!("kubectl get {} -A -o yaml > {file}.yaml", full_name(kind)),
                format!(
                    "{} > {file}-new.yaml",
                    found.convert(&format!("-f {file}.yaml"))
                ),
            ],
        ));
    }
    let forms = NewForms::of(found);
    steps.extend(forms.convert(found));
    steps.push(step(
        format!("Install the {} channel of {}", found.channel, found.release),
        vec![install(found.release, found.channel)],
    ));
    steps.extend(forms.apply());
    if has("status-changed")
        || has("status-field-gone")
        || has(status::REFUSED)
        || !forms.replaced.is_empty()
    {
        steps.push(step(
            format!(
                "Bring every controller to a version for {}: kinds or statuses have another form",
                found.release
            ),
            Vec::new(),
        ));
    }
    steps.extend(forms.refer(found));
    steps.extend(crds.iter().filter_map(|crd| replaced::delete(crd, found)));
    for crd in &reinstalled {
        let file = &crd.plural;
        steps.push(step(
            format!("Create each {} again", crd.kind),
            vec![format!("kubectl apply -f {file}-new.yaml")],
        ));
    }
    for kind in &anew {
        steps.push(step(
            format!("Create each {} anew", kind.kind),
            vec![format!("kubectl apply -f {}-new.yaml", kind.plural)],
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
    let versions = [
        "version-not-served",
        "version-removed",
        "version-deprecated",
    ];
    let command = found.convert("-f FILE");
    let converts = |f: &UpgradeFinding| f.help.contains(&command);
    if !forms.is_empty() || versions.into_iter().any(has) || found.list.iter().any(converts) {
        steps.push(step(
            "Convert the manifests in your own files and charts",
            vec![command],
        ));
    }
    steps
}

/// What to do about objects, and fields of objects, of a later release: to each what its finding says.
fn later_objects(found: &UpgradeFindings) -> Vec<UpgradeStep> {
    let command = found.convert("-f FILE");
    let is_object = |f: &UpgradeFinding| f.rule == LATER_OBJECT;
    let converts = |f: &UpgradeFinding| is_object(f) && f.help.contains(&command);
    let experimental = found.convert_in(Channel::Experimental, "-f FILE");
    let in_experimental =
        |f: &UpgradeFinding| is_object(f) && !converts(f) && f.help.contains(&experimental);
    let is_left_out = |f: &UpgradeFinding| is_object(f) && f.help.ends_with(DO_WITHOUT);
    let all = [
        (
            names(found, converts),
            format!("`{command}` writes them in versions that it has; check again then"),
        ),
        (
            names(found, in_experimental),
            format!(
                "take the experimental channel, which has their kinds or others in their place: `{experimental}` writes them in \
                 versions that it has; check again with that channel then, or do without them"
            ),
        ),
        (
            names(found, is_left_out),
            "do without them: it has neither their kind nor one in its place".to_owned(),
        ),
        (
            names(found, |f| {
                is_object(f) && !converts(f) && !in_experimental(f) && !is_left_out(f)
            }),
            "correct them as their findings say, and check again: no command does it alone"
                .to_owned(),
        ),
        (
            named(found, form::LATER_FIELD),
            "do without the fields that it does not have, and check again".to_owned(),
        ),
    ];
    let there = all.iter().filter(|(names, _)| !names.is_empty());
    there
        .map(|(names, otherwise)| {
            step(
                format!(
                    "Some objects are of a later release than {}: stay with that release if it is installed. Else {otherwise}: {names}",
                    found.release
                ),
                Vec::new(),
            )
        })
        .collect()
}

/// The kinds of objects that findings of a rule name, without those whose CRD is known: that has steps of its own.
fn without_crd(rule: &str, crds: &[Crd<'_>], found: &UpgradeFindings) -> Vec<&'static KindVersion> {
    let mut kinds = kinds_of(found, &[rule]);
    kinds.retain(|kind| crds.iter().all(|crd| crd.kind != kind.kind));
    kinds
}

/// The objects of one kind that findings of a rule name, the first of them.
fn of_kind(found: &UpgradeFindings, rule: &str, kind: &str) -> String {
    names(found, |f| f.rule == rule && f.object.kind == kind)
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
    let file = format!(
        "https://github.com/kubernetes-sigs/gateway-api/releases/download/{release}/{channel}-install.yaml"
    );
    apply((release, channel), &file)
}

/// Installs one CRD of the experimental channel.
fn install_one(release: Release, crd: &Crd<'_>) -> String {
    let (group, plural) = (crd.group, &crd.plural);
    let file = format!(
        "https://raw.githubusercontent.com/kubernetes-sigs/gateway-api/{release}/config/crd/experimental/{group}_{plural}.yaml"
    );
    apply((release, Channel::Experimental), &file)
}

/// The command that applies CRDs of a release and channel.
fn apply((release, channel): ReleaseChannel, file: &str) -> String {
    match crate::crd::is_too_large_for_clients(release, channel) {
        true => format!("kubectl apply --server-side -f {file}"),
        false => format!("kubectl apply -f {file}"),
    }
}

/// A CRD whose objects get to a version of the release by way of another CRD.
struct Led<'c> {
    crd: &'c Crd<'c>,
    waypoint: Waypoint,
}

/// By way of CRDs that serve the old version and the new one.
fn by_way(led: &[Led<'_>]) -> Vec<UpgradeStep> {
    let kinds: Vec<_> = led.iter().map(|led| led.crd.kind).collect();
    let install = led
        .iter()
        .map(|led| install_one(led.waypoint.release, led.crd));
    let uses = led
        .iter()
        .map(|led| format!("{} `{}`", led.crd.kind, led.waypoint.storage));
    let mut steps = vec![
        step(
            format!(
                "Install the experimental channel's CRD of {} first: it serves the old version and the new one",
                kinds.join(" and ")
            ),
            install.collect(),
        ),
        step(
            format!(
                "Bring every controller to a version that uses {}",
                uses.collect::<Vec<_>>().join(" and ")
            ),
            Vec::new(),
        ),
    ];
    steps.extend(led.iter().map(|led| {
        rewrite(
            led.crd,
            led.waypoint.storage,
            "no object depends on the old version then",
        )
    }));
    steps
}
