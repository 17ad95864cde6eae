//! Objects that no server would find a kind for, though it is clear enough which kind is meant.

use super::{Finding, ValidationOptions};
use crate::{
    manifest,
    meta::{GROUP, GroupVersionKind, MULTICLUSTER_GROUP},
    schema::{self, KINDS, nearest_name},
};

/// The name of the group before it became [`GROUP`].
const FORMER_GROUP: &str = "networking.x-k8s.io";

/// How many letters a misspelt group may be off.
const MOST_LETTERS: usize = 3;

/// Kinds of Kubernetes that attachment looks at, with their `apiVersion`.
fn core_kinds() -> impl Iterator<Item = (&'static str, &'static str)> {
    manifest::Object::KNOWN
        .iter()
        .copied()
        .filter(|(api_version, _)| !schema::is_own_group(api_version))
}

/// What is wrong with the type of an object that is not of the Gateway API's group. Nothing for objects that have
/// nothing to do with it.
pub(super) fn check(api_version: &str, kind: &str, options: &ValidationOptions) -> Option<Finding> {
    own(api_version, kind, options).or_else(|| {
        let gvk = GroupVersionKind::from_api_version(api_version, kind);
        if let Some(finding) = import(&gvk) {
            return Some(finding);
        }
        is_of_kubernetes(&gvk.group)
            .then(|| core(api_version, &gvk))
            .flatten()
    })
}

/// As [`check`], for objects that seem to be meant for the Gateway API itself.
pub(crate) fn own(api_version: &str, kind: &str, options: &ValidationOptions) -> Option<Finding> {
    let gvk = GroupVersionKind::from_api_version(api_version, kind);
    let wrong = |message: String, help: String| {
        Some(Finding::error("group/not-known", "apiVersion".to_owned(), message).with_help(help))
    };
    let in_own_group = || own_version(kind, options);
    if gvk.group.is_empty() && distance(&gvk.version, GROUP) <= MOST_LETTERS {
        return wrong(
            format!("`{api_version}` is a group without a version"),
            in_own_group(),
        );
    }
    if gvk.group == FORMER_GROUP {
        return wrong(
            format!("`{FORMER_GROUP}` is the name that the group had before it became `{GROUP}`"),
            format!("{}; the fields have changed, too", in_own_group()),
        );
    }
    if distance(&gvk.group, GROUP) <= MOST_LETTERS {
        return wrong(
            format!("`{}` is not a group that is known", gvk.group),
            format!("did you mean `{GROUP}`?"),
        );
    }
    if !is_of_kubernetes(&gvk.group) {
        let own = KINDS.iter().find(|known| known.kind == kind)?;
        return match is_meant_for_own(&gvk.group) {
            true => wrong(
                format!("`{}` is not a group that is known", gvk.group),
                format!("did you mean `{}`?", own.group),
            ),
            false => None,
        };
    }
    if let Some(own) = own_kinds().find(|own| own.eq_ignore_ascii_case(kind)) {
        return wrong(
            format!("`{own}` is not a kind of `{api_version}`"),
            own_version(own, options),
        );
    }
    None
}

/// What is wrong with the type of an object that seems to be a ServiceImport of the Multi-Cluster Services API. Others have
/// kinds of that name, too, in groups that are not near.
fn import(gvk: &GroupVersionKind) -> Option<Finding> {
    const KIND: &str = "ServiceImport";
    if gvk.group == MULTICLUSTER_GROUP {
        let kinds = [KIND, "ServiceExport"];
        if kinds.contains(&gvk.kind.as_str()) {
            return None;
        }
        let near = nearest_name(&gvk.kind, kinds.into_iter()).filter(|near| *near == KIND)?;
        let message = format!("`{}` has no kind `{}`", gvk.group, gvk.kind);
        let finding = Finding::error("kind/not-served", "kind".to_owned(), message);
        return Some(finding.with_help(format!("did you mean `{near}`?")));
    }
    let is_near = gvk.kind == KIND && distance(&gvk.group, MULTICLUSTER_GROUP) <= MOST_LETTERS;
    is_near.then(|| {
        let message = format!("`{}` is not a group that is known", gvk.group);
        Finding::error("group/not-known", "apiVersion".to_owned(), message)
            .with_help(format!("did you mean `{MULTICLUSTER_GROUP}`?"))
    })
}

/// What is wrong with the type of an object that seems to be of a kind of Kubernetes that attachment looks at.
fn core(api_version: &str, gvk: &GroupVersionKind) -> Option<Finding> {
    let kind = &gvk.kind;
    if core_kinds().any(|known| known == (api_version, kind)) {
        return None;
    }
    if let Some((right, _)) = core_kinds().find(|(_, known)| known == kind) {
        let rule = if GroupVersionKind::from_api_version(right, kind).group == gvk.group {
            "version/not-served"
        } else {
            "group/not-known"
        };
        let message = format!("`{kind}` is not a kind of `{api_version}` that is known");
        return Some(
            Finding::error(rule, "apiVersion".to_owned(), message)
                .with_help(format!("write `apiVersion: {right}`")),
        );
    }
    let same_version = core_kinds().filter(|(known, _)| *known == api_version);
    let near = nearest_name(kind, same_version.map(|(_, kind)| kind))?;
    (distance(&kind.to_lowercase(), &near.to_lowercase()) <= 2).then(|| {
        let message = format!("`{api_version}` has no kind `{kind}`");
        Finding::error("kind/not-served", "kind".to_owned(), message)
            .with_help(format!("did you mean `{near}`?"))
    })
}

/// The kinds of the Gateway API, of whatever release.
fn own_kinds() -> impl Iterator<Item = &'static str> {
    KINDS.iter().map(|known| known.kind)
}

/// Which `apiVersion` to write: that in which a server stores the kind; where it does not have the kind, the newest of it, and
/// where that is.
fn own_version(kind: &str, options: &ValidationOptions) -> String {
    let Some(kind) = own_kinds().find(|own| own.eq_ignore_ascii_case(kind)) else {
        return format!("write `apiVersion: {GROUP}/VERSION`");
    };
    if let Some(served) = super::served::served_versions(kind, options).first() {
        return format!("write `apiVersion: {served}`");
    }
    let place = (options.release, options.channel);
    let group = KINDS
        .iter()
        .find(|known| known.kind == kind)
        .map_or(GROUP, |known| known.group);
    let elsewhere = super::report::kind_elsewhere(kind, None, place);
    format!(
        "write `apiVersion: {group}/VERSION`, in a release and channel with the kind ({elsewhere})"
    )
}

/// Whether Kubernetes itself gives out the names of a group: others may have kinds of the same name.
fn is_of_kubernetes(group: &str) -> bool {
    !group.contains('.') || group == "k8s.io" || group.ends_with(".k8s.io")
}

/// Whether a group that Kubernetes does not give out has a name that can only be meant for [`GROUP`], with another ending or with
/// labels left out. Products have groups that begin with `gateway`, too, and kinds of the same names in them
/// (`gateway.solo.io` has a Gateway): only what follows tells them apart.
fn is_meant_for_own(group: &str) -> bool {
    if schema::is_own(group) {
        return false;
    }
    let mut own = GROUP.split('.');
    let mut labels = group.split('.');
    let mut is_next = || {
        let near = labels.next().zip(own.next());
        near.is_some_and(|(label, own)| distance(label, own) <= MOST_LETTERS.min(own.len() / 3))
    };
    is_next() && is_next() || group.starts_with("gateway.") && group.ends_with(".x-k8s.io")
}

/// How many letters two short texts differ by. Long ones are far from everything: the distance is quadratic.
fn distance(one: &str, other: &str) -> usize {
    if one.len() > 64 || other.len() > 64 {
        usize::MAX
    } else {
        strsim::osa_distance(one, other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(api_version: &str, kind: &str) -> Option<(&'static str, String)> {
        let finding = check(api_version, kind, &ValidationOptions::default())?;
        Some((
            finding.rule(),
            finding.help().unwrap_or_default().to_owned(),
        ))
    }

    #[test]
    fn a_group_that_is_nearly_that_of_the_gateway_api_is_named() {
        let meant =
            |version: &str| format!("write `apiVersion: gateway.networking.k8s.io/{version}`");
        let did_you_mean = "did you mean `gateway.networking.k8s.io`?".to_owned();
        for (api_version, kind, wanted, help) in [
            (
                "gateway.networking.k8s.oi/v1",
                "HTTPRoute",
                "group/not-known",
                "did you mean `gateway.networking.k8s.io`?".to_owned(),
            ),
            (
                "gateway.networking.k8s.io",
                "HTTPRoute",
                "group/not-known",
                meant("v1"),
            ),
            (
                "networking.x-k8s.io/v1alpha1",
                "HTTPRoute",
                "group/not-known",
                meant("v1") + "; the fields have changed, too",
            ),
            (
                "networking.k8s.io/v1",
                "HTTPRoute",
                "group/not-known",
                meant("v1"),
            ),
            (
                "gateway.networking.io/v1",
                "HTTPRoute",
                "group/not-known",
                did_you_mean.clone(),
            ),
            (
                "gateway.networking/v1",
                "Gateway",
                "group/not-known",
                did_you_mean.clone(),
            ),
            (
                "gateway.networking.kubernetes.io/v1",
                "GatewayClass",
                "group/not-known",
                did_you_mean.clone(),
            ),
            (
                "gateway.network.io/v1",
                "GRPCRoute",
                "group/not-known",
                did_you_mean.clone(),
            ),
            (
                "gateway.x-k8s.io/v1beta1",
                "ReferenceGrant",
                "group/not-known",
                did_you_mean,
            ),
            (
                "gateway.networking.x-k8s/v1alpha1",
                "XMesh",
                "group/not-known",
                "did you mean `gateway.networking.x-k8s.io`?".to_owned(),
            ),
            ("v1", "referencegrant", "group/not-known", meant("v1beta1")),
            (
                "discovery.k8s.io/v1beta1",
                "EndpointSlice",
                "version/not-served",
                "write `apiVersion: discovery.k8s.io/v1`".to_owned(),
            ),
            (
                "apps/v1",
                "Service",
                "group/not-known",
                "write `apiVersion: v1`".to_owned(),
            ),
            (
                "multicluster.k8s.io/v1alpha1",
                "ServiceImport",
                "group/not-known",
                "did you mean `multicluster.x-k8s.io`?".to_owned(),
            ),
            (
                "multicluster.x-k8s.io/v1alpha1",
                "ServiceImprt",
                "kind/not-served",
                "did you mean `ServiceImport`?".to_owned(),
            ),
            (
                "v1",
                "Servcie",
                "kind/not-served",
                "did you mean `Service`?".to_owned(),
            ),
        ] {
            assert_eq!(
                rule(api_version, kind),
                Some((wanted, help)),
                "{api_version} {kind}"
            );
        }
    }

    #[test]
    fn objects_that_have_nothing_to_do_with_the_gateway_api_are_none_of_its_business() {
        for (api_version, kind) in [
            ("apps/v1", "Deployment"),
            ("v1", "Pod"),
            ("v1", "ServiceAccount"),
            ("multicluster.x-k8s.io/v1alpha1", "ServiceImport"),
            ("multicluster.x-k8s.io/v1alpha1", "ServiceExport"),
            ("net.gke.io/v1", "ServiceImport"),
            ("v1", "Service"),
            ("v1", "Event"),
            ("networking.k8s.io/v1", "Ingress"),
            ("networking.istio.io/v1", "Gateway"),
            ("gateway.solo.io/v1", "Gateway"),
            ("gateway.kgateway.dev/v1alpha1", "TrafficPolicy"),
            ("gateway.envoyproxy.io/v1alpha1", "HTTPRouteFilter"),
            ("gateway.envoyproxy.io/v1alpha1", "HTTPRoute"),
            ("gateway.nginx.org/v1alpha1", "Gateway"),
            ("gateway.networking.io/v1", "Policy"),
            ("networking.gke.io/v1", "Gateway"),
            ("egateway.spidernet.io/v1beta1", "Gateway"),
            ("ratelimit.networking.io/v1", "Gateway"),
            ("serving.knative.dev/v1", "Service"),
            ("policy.linkerd.io/v1beta3", "HTTPRoute"),
            ("specs.smi-spec.io/v1alpha4", "TCPRoute"),
            ("multicluster.x-k8s.io/v1alpha1", "ServiceImport"),
            ("apiextensions.k8s.io/v1", "CustomResourceDefinition"),
        ] {
            assert_eq!(rule(api_version, kind), None, "{api_version} {kind}");
        }
        let long = "x".repeat(1 << 20);
        assert_eq!(rule(&long, &long), None);
    }
}
