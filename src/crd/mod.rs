//! CustomResourceDefinitions for a release and channel, from the types' schemas and the rules.
//!
//! ```
//! use gwapi::{crd, meta::{Channel, Release}};
//!
//! let crds = crd::definitions(Release::V1_1, Channel::Standard);
//! let names: Vec<_> = crds.iter().map(|crd| crd.spec.names.kind.as_str()).collect();
//! assert_eq!(names, ["GatewayClass", "Gateway", "GRPCRoute", "HTTPRoute", "ReferenceGrant"]);
//! ```

mod names;
mod props;

use crate::{
    meta::{self, Channel, Release},
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
use names::{Facts, facts};
use std::collections::BTreeMap;

pub use props::structural_schema;

/// The annotation with the bundle's version on each CRD.
pub const BUNDLE_VERSION_ANNOTATION: &str = "gateway.networking.k8s.io/bundle-version";
/// The annotation with the bundle's channel on each CRD.
pub const CHANNEL_ANNOTATION: &str = "gateway.networking.k8s.io/channel";
/// The annotation by which a server lets a group under `k8s.io` be defined.
pub const API_APPROVED_ANNOTATION: &str = "api-approved.kubernetes.io";

/// The definitions that a release and channel install, in the order of [`schema::KINDS`].
///
/// Of release v1.0.0 the crate knows the BackendTLSPolicy alone, in the experimental channel.
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
        (API_APPROVED_ANNOTATION, approval(release)),
        (BUNDLE_VERSION_ANNOTATION, release.as_str()),
        (CHANNEL_ANNOTATION, channel.as_str()),
    ];
    let owned = |(key, value): (&str, &str)| (key.to_owned(), value.to_owned());
    Some(CustomResourceDefinition {
        metadata: ObjectMeta {
            name: Some(format!("{}.{}", first.plural, meta::GROUP)),
            annotations: Some(annotations.into_iter().map(owned).collect()),
            labels: facts
                .policy
                .map(|policy| BTreeMap::from([owned((crate::v1alpha2::POLICY_LABEL, policy))])),
            ..ObjectMeta::default()
        },
        spec: CustomResourceDefinitionSpec {
            group: meta::GROUP.to_owned(),
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

/// Where the API's reviewers approved the release's group.
fn approval(release: Release) -> &'static str {
    match release {
        Release::V1_0 => "https://github.com/kubernetes-sigs/gateway-api/pull/2466",
        _ => "https://github.com/kubernetes-sigs/gateway-api/pull/2997",
    }
}

fn version(
    kind: &KindVersion,
    installation: &Installation,
    facts: &Facts,
) -> CustomResourceDefinitionVersion {
    // The deprecated GRPCRoute version was cut to the schema alone.
    let bare = kind.kind == "GRPCRoute" && kind.version == "v1alpha2";
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
        deprecated: kind.deprecation.map(|_| true),
        deprecation_warning: kind.deprecation.map(str::to_owned),
        additional_printer_columns: (!bare).then(|| columns.collect()),
        schema: Some(CustomResourceValidation {
            open_api_v3_schema: Some(structural_schema(installation)),
        }),
        subresources: (!bare).then(|| CustomResourceSubresources {
            status: kind
                .status_subresource
                .then(|| CustomResourceSubresourceStatus(serde_json::json!({}))),
            ..CustomResourceSubresources::default()
        }),
        ..CustomResourceDefinitionVersion::default()
    }
}
