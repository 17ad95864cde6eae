//! CustomResourceDefinitions for a release and channel, from the types' schemas and the rules.
//!
//! ```
//! use gwapi::{crd, meta::{Channel, Release}};
//!
//! let crds = crd::definitions(Release::V1_1_0, Channel::Standard);
//! let names: Vec<_> = crds.iter().map(|crd| crd.spec.names.kind.as_str()).collect();
//! assert_eq!(names, ["GatewayClass", "Gateway", "GRPCRoute", "HTTPRoute", "ReferenceGrant"]);
//! ```

mod names;
mod props;
mod safe_upgrades;

use crate::{
    meta::{Channel, Release, When, when},
    schema::{self, Installation, KindVersion},
};
use k8s_openapi::{
    apiextensions_apiserver::pkg::apis::apiextensions::v1::{
        CustomResourceColumnDefinition, CustomResourceDefinition, CustomResourceDefinitionNames,
        CustomResourceDefinitionSpec, CustomResourceDefinitionVersion,
        CustomResourceSubresourceStatus, CustomResourceSubresources, CustomResourceValidation,
    },
    apimachinery::pkg::apis::meta::v1::ObjectMeta,
};
use names::{KindFacts, facts};
use std::collections::BTreeMap;

pub use props::structural_schema;
pub use safe_upgrades::{SAFE_UPGRADES, safe_upgrades};

/// The annotation with the bundle's version on each CRD.
pub const BUNDLE_VERSION_ANNOTATION: &str = "gateway.networking.k8s.io/bundle-version";
/// The annotation with the bundle's channel on each CRD.
pub const CHANNEL_ANNOTATION: &str = "gateway.networking.k8s.io/channel";
/// The annotation by which a server lets a group under `k8s.io` be defined.
pub const API_APPROVED_ANNOTATION: &str = "api-approved.kubernetes.io";

/// The releases whose definitions, as upstream publishes them, a client cannot apply by itself: `kubectl apply` keeps what it
/// applied in an annotation, an annotation holds 262 144 bytes at most, and the definition of HTTPRoute is larger. A server can
/// (`kubectl apply --server-side`). The definitions of [`definitions`] have shorter texts and fit.
const TOO_LARGE_FOR_CLIENTS: When = when!("E1.4");

/// Whether upstream's definitions of a release and channel are too large for `kubectl apply` without `--server-side`.
#[must_use]
pub fn is_too_large_for_clients(release: Release, channel: Channel) -> bool {
    TOO_LARGE_FOR_CLIENTS.contains(release, channel)
}

/// The definitions that a release and channel install, in the order of [`schema::KINDS`].
#[must_use]
pub fn definitions(release: Release, channel: Channel) -> Vec<CustomResourceDefinition> {
    let mut kinds: Vec<&str> = Vec::new();
    for (kind, _) in schema::installed(release, channel) {
        if !kinds.contains(&kind.kind) {
            kinds.push(kind.kind);
        }
    }
    kinds
        .into_iter()
        .filter_map(|kind| definition(kind, release, channel))
        .collect()
}

/// The definition of one kind, if the release and channel install it.
#[must_use]
pub fn definition(
    kind: &str,
    release: Release,
    channel: Channel,
) -> Option<CustomResourceDefinition> {
    let versions: Vec<_> = schema::versions_of(kind, release, channel).collect();
    let (first, _) = versions.first()?;
    let facts = facts(kind)?;
    let annotations = [
        (API_APPROVED_ANNOTATION, release.approval()),
        (BUNDLE_VERSION_ANNOTATION, release.as_str()),
        (CHANNEL_ANNOTATION, channel.as_str()),
    ];
    let owned = |(key, value): (&str, &str)| (key.to_owned(), value.to_owned());
    Some(CustomResourceDefinition {
        metadata: ObjectMeta {
            name: Some(format!("{}.{}", first.plural, first.group)),
            annotations: Some(annotations.into_iter().map(owned).collect()),
            labels: facts
                .policy
                .filter(|(_, when)| when.contains(release, channel))
                .map(|(policy, _)| BTreeMap::from([owned((crate::v1::POLICY_LABEL, policy))])),
            ..ObjectMeta::default()
        },
        spec: CustomResourceDefinitionSpec {
            group: first.group.to_owned(),
            names: CustomResourceDefinitionNames {
                categories: Some(vec!["gateway-api".to_owned()]),
                kind: kind.to_owned(),
                list_kind: Some(first.list_kind.to_owned()),
                plural: first.plural.to_owned(),
                short_names: facts.short_name.map(|name| vec![name.to_owned()]),
                singular: Some(kind.to_lowercase()),
            },
            scope: if first.namespaced {
                "Namespaced"
            } else {
                "Cluster"
            }
            .to_owned(),
            versions: versions
                .iter()
                .map(|(kind, installation)| version(kind, installation, facts))
                .collect(),
            ..CustomResourceDefinitionSpec::default()
        },
        ..CustomResourceDefinition::default()
    })
}

fn version(
    kind: &KindVersion,
    installation: &Installation,
    facts: &KindFacts,
) -> CustomResourceDefinitionVersion {
    let is = |when: When| when.contains(installation.release, installation.channel);
    let has_columns = !is(kind.history.without_columns);
    let has_subresources = !is(kind.history.without_status);
    let columns = facts
        .columns
        .iter()
        .map(|column| CustomResourceColumnDefinition {
            name: column.name.to_owned(),
            type_: column.kind.to_owned(),
            json_path: column.path.to_owned(),
            priority: column.wide.then_some(1),
            ..CustomResourceColumnDefinition::default()
        });
    CustomResourceDefinitionVersion {
        name: kind.version.to_owned(),
        served: installation.served,
        storage: installation.stored,
        deprecated: installation.deprecation.as_ref().map(|_| true),
        deprecation_warning: installation.deprecation.clone(),
        additional_printer_columns: has_columns.then(|| columns.collect()),
        schema: Some(CustomResourceValidation {
            open_api_v3_schema: Some(structural_schema(installation)),
        }),
        subresources: has_subresources.then(|| CustomResourceSubresources {
            status: installation
                .status_subresource
                .then(|| CustomResourceSubresourceStatus(serde_json::json!({}))),
            ..CustomResourceSubresources::default()
        }),
        ..CustomResourceDefinitionVersion::default()
    }
}
