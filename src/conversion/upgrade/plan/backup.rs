//! What is copied before anything is changed.

use super::step::{UpgradeStep, full_name, step};
use crate::{
    conversion::upgrade::{
        before::{self, KindBefore},
        crd::Crd,
        findings::{UpgradeFindings, text},
    },
    crd::SAFE_UPGRADES,
    schema,
};
use serde_json::Value;
use std::collections::BTreeSet;

/// Copies what later steps write or delete: the objects of all kinds that are there, their CRDs, and, where later steps delete
/// them, the admission policy and the webhook. Nothing where nothing is known to be there.
pub(super) fn copy(
    crds: &[Crd<'_>],
    objects: &[&Value],
    (policy, webhook): (bool, bool),
    found: &UpgradeFindings,
) -> Option<UpgradeStep> {
    let crds: BTreeSet<&str> = crds.iter().map(|crd| crd.name.as_str()).collect();
    let mut names: BTreeSet<String> = crds.iter().map(ToString::to_string).collect();
    for object in objects {
        let version = schema::find(text(object, "/apiVersion"), text(object, "/kind"));
        // Of a kind that a server does not have it gives nothing, and nothing of the others.
        let is_there =
            |kind: &str| !matches!(before::kind(kind, object, found), KindBefore::Lacking(_));
        if let Some(version) = version
            && let name = full_name(version)
            && !names.contains(&name)
            && is_there(version.kind)
        {
            names.insert(name);
        }
    }
    let mut commands = Vec::new();
    if !names.is_empty() {
        // Whether there is a CRD that the input does not have is not known: all are copied then.
        let those = match names.len() == crds.len() {
            true => format!(" {}", Vec::from_iter(crds).join(" ")),
            false => String::new(),
        };
        let names: Vec<_> = names.into_iter().collect();
        commands.push(format!(
            "kubectl get {} -A -o yaml > gateway-api-objects.yaml",
            names.join(",")
        ));
        commands.push(format!(
            "kubectl get crd{those} -o yaml > gateway-api-crds.yaml"
        ));
    }
    let mut title = "Back up every object of the Gateway API, and the CRDs".to_owned();
    if policy {
        title += ", and the admission policy";
        commands.push(format!(
            "kubectl get validatingadmissionpolicy,validatingadmissionpolicybinding {SAFE_UPGRADES} -o yaml > gateway-api-policy.yaml"
        ));
    }
    if webhook {
        title += ", and the webhook";
        commands.extend([
            "kubectl get validatingwebhookconfiguration gateway-api-admission -o yaml > gateway-api-webhook.yaml".to_owned(),
            "kubectl get deployment,service,job,serviceaccount,role,rolebinding -n gateway-system -o yaml > gateway-api-webhook-server.yaml"
                .to_owned(),
            "kubectl get clusterrole,clusterrolebinding gateway-api-admission -o yaml > gateway-api-webhook-roles.yaml".to_owned(),
        ]);
    }
    (!commands.is_empty()).then(|| step(title, commands))
}
