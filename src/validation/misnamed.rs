//! Objects that no server would find a kind for, though it is clear enough which kind is meant.

use super::{Finding, ValidationOptions, served::nearest_kind};
use crate::{
    manifest,
    meta::{GROUP, GroupVersionKind, MULTICLUSTER_GROUP, Release},
    schema::{self, KINDS, nearest_name},
};

/// The name of the group before it became [`GROUP`].
const FORMER_GROUP: &str = "networking.x-k8s.io";

/// The kind of the Multi-Cluster Services API that attachment looks at, and its `apiVersion`.
const IMPORT: &str = "ServiceImport";
const IMPORT_VERSION: &str = "multicluster.x-k8s.io/v1alpha1";

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

/// The type that an object most likely means, as `apiVersion` and kind, in a version that is known of it: the one that a finding
/// about its type names. Nothing for an object that has nothing to do with the Gateway API, and for a kind of Kubernetes that is
/// named right.
pub(crate) fn meant(api_version: &str, kind: &str) -> Option<(&'static str, &'static str)> {
    let own = if schema::is_own_group(api_version) {
        nearest_kind(kind)
    } else if own(api_version, kind, &ValidationOptions::default()).is_some() {
        own_kind(kind)
    } else {
        let gvk = GroupVersionKind::from_api_version(api_version, kind);
        if import(&gvk).is_some() {
            return Some((IMPORT_VERSION, IMPORT));
        }
        return is_of_kubernetes(&gvk.group)
            .then(|| meant_of_kubernetes(api_version, kind))
            .flatten();
    };
    let own = own?;
    let version = match schema::find(api_version, own) {
        Some(found) => found.api_version,
        None => stored(own)?,
    };
    Some((version, own))
}

/// The `apiVersion` in which the newest release that is known stores a kind.
fn stored(kind: &str) -> Option<&'static str> {
    let newest = *Release::ALL.last()?;
    KINDS
        .iter()
        .filter(|known| known.kind == kind)
        .find(|known| {
            known
                .installations()
                .iter()
                .any(|installation| installation.release == newest.crds() && installation.stored)
        })
        .map(|known| known.api_version)
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
    if let Some(own) = own_kind(kind) {
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
    if gvk.group == MULTICLUSTER_GROUP {
        let kinds = [IMPORT, "ServiceExport"];
        if kinds.contains(&gvk.kind.as_str()) {
            return None;
        }
        let near = nearest_name(&gvk.kind, kinds.into_iter()).filter(|near| *near == IMPORT)?;
        let message = format!("`{}` has no kind `{}`", gvk.group, gvk.kind);
        let finding = Finding::error("kind/not-served", "kind".to_owned(), message);
        return Some(finding.with_help(format!("did you mean `{near}`?")));
    }
    let is_near = gvk.kind == IMPORT && distance(&gvk.group, MULTICLUSTER_GROUP) <= MOST_LETTERS;
    is_near.then(|| {
        let message = format!("`{}` is not a group that is known", gvk.group);
        Finding::error("group/not-known", "apiVersion".to_owned(), message)
            .with_help(format!("did you mean `{MULTICLUSTER_GROUP}`?"))
    })
}

/// What is wrong with the type of an object that seems to be of a kind of Kubernetes that attachment looks at.
fn core(api_version: &str, gvk: &GroupVersionKind) -> Option<Finding> {
    let kind = gvk.kind.as_str();
    let (right, meant) = meant_of_kubernetes(api_version, kind)?;
    if meant == kind {
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
    let message = format!("`{api_version}` has no kind `{kind}`");
    Some(
        Finding::error("kind/not-served", "kind".to_owned(), message)
            .with_help(format!("did you mean `{meant}`?")),
    )
}

/// The kind of Kubernetes that attachment looks at and that a type most likely means, with its `apiVersion`: the one of this name,
/// or the one of nearly this name in this version. Nothing where it is named right.
fn meant_of_kubernetes(api_version: &str, kind: &str) -> Option<(&'static str, &'static str)> {
    let is_right = |(version, known): (&str, &str)| version == api_version && known == kind;
    if core_kinds().any(is_right) {
        return None;
    }
    if let Some(of_name) = core_kinds().find(|(_, known)| *known == kind) {
        return Some(of_name);
    }
    let same_version = || core_kinds().filter(move |(version, _)| *version == api_version);
    let near = nearest_name(kind, same_version().map(|(_, known)| known))?;
    let is_near = distance(&kind.to_lowercase(), &near.to_lowercase()) <= 2;
    same_version().find(|(_, known)| is_near && *known == near)
}

/// The kinds of the Gateway API, of whatever release.
fn own_kinds() -> impl Iterator<Item = &'static str> {
    KINDS.iter().map(|known| known.kind)
}

/// The kind of the Gateway API of this name, whatever the case of its letters.
fn own_kind(kind: &str) -> Option<&'static str> {
    own_kinds().find(|own| own.eq_ignore_ascii_case(kind))
}

/// Which `apiVersion` to write: that in which a server stores the kind; where it does not have the kind, the newest of it, and
/// where that is.
fn own_version(kind: &str, options: &ValidationOptions) -> String {
    let Some(kind) = own_kind(kind) else {
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

    /// What a finding says of a type and what is read in its place are one decision.
    #[test]
    fn the_type_that_is_meant_is_the_one_that_a_finding_names() {
        let grant = "gateway.networking.k8s.io/v1beta1";
        for (api_version, kind, right) in [
            (grant, "ReferenceGrants", (grant, "ReferenceGrant")),
            (
                "gateway.networking.k8s.io/v1",
                "Gatway",
                ("gateway.networking.k8s.io/v1", "Gateway"),
            ),
            ("v1", "service", ("v1", "Service")),
            ("core/v1", "Service", ("v1", "Service")),
            ("v1", "namespace", ("v1", "Namespace")),
            (
                "discovery.k8s.io/v1beta1",
                "EndpointSlice",
                ("discovery.k8s.io/v1", "EndpointSlice"),
            ),
            (
                "multicluster.k8s.io/v1alpha1",
                "ServiceImport",
                (IMPORT_VERSION, IMPORT),
            ),
        ] {
            assert_eq!(
                meant(api_version, kind),
                Some(right),
                "{api_version} {kind}"
            );
        }
        for (api_version, kind) in [
            ("v1", "Service"),
            ("v1", "ServiceAccount"),
            ("apps/v1", "Deployment"),
            ("gateway.solo.io/v1", "Gateway"),
            ("networking.x-k8s.io/v1alpha1", "BackendPolicy"),
        ] {
            assert_eq!(meant(api_version, kind), None, "{api_version} {kind}");
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
