//! All scenarios: the files beside this room, each a stream of documents.

use super::scenario::Scenario;
use crate::manifest::{self, Format, ReadError, ReadOptions};
use serde_json::Value;
use std::sync::LazyLock;

/// The files.
const FILES: &[(&str, &str)] = &[
    ("gateway.yaml", include_str!("../scenarios/gateway.yaml")),
    (
        "http-filters.yaml",
        include_str!("../scenarios/http-filters.yaml"),
    ),
    (
        "http-matching.yaml",
        include_str!("../scenarios/http-matching.yaml"),
    ),
    (
        "http-hosts.yaml",
        include_str!("../scenarios/http-hosts.yaml"),
    ),
    (
        "http-backends.yaml",
        include_str!("../scenarios/http-backends.yaml"),
    ),
    (
        "http-precedence.yaml",
        include_str!("../scenarios/http-precedence.yaml"),
    ),
    ("accepted.yaml", include_str!("../scenarios/accepted.yaml")),
    (
        "accepted-extended.yaml",
        include_str!("../scenarios/accepted-extended.yaml"),
    ),
    ("headers.yaml", include_str!("../scenarios/headers.yaml")),
    ("grpc.yaml", include_str!("../scenarios/grpc.yaml")),
    (
        "grpc-precedence.yaml",
        include_str!("../scenarios/grpc-precedence.yaml"),
    ),
    ("kinds.yaml", include_str!("../scenarios/kinds.yaml")),
    ("mesh.yaml", include_str!("../scenarios/mesh.yaml")),
    (
        "mesh-extended.yaml",
        include_str!("../scenarios/mesh-extended.yaml"),
    ),
    (
        "references.yaml",
        include_str!("../scenarios/references.yaml"),
    ),
    ("sessions.yaml", include_str!("../scenarios/sessions.yaml")),
    ("statuses.yaml", include_str!("../scenarios/statuses.yaml")),
    ("tls.yaml", include_str!("../scenarios/tls.yaml")),
];

/// The objects that every scenario has.
const BASE: &str = include_str!("../scenarios/base.yaml");

/// The version of the form of scenarios.
const VERSION: &str = "conformance.gwapi/v1";

/// Why a text is no scenario.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {why}")]
pub struct CatalogueError {
    file: String,
    why: ReadError,
}

/// All scenarios, in the order of their files.
///
/// ```
/// let scenarios = gwapi::conformance::catalogue();
/// let named = scenarios.iter().find(|scenario| scenario.name() == "prefix-goes-by-elements");
/// assert!(named.is_some_and(|scenario| scenario.at().contains("PathPrefix")));
/// ```
pub fn catalogue() -> &'static [Scenario] {
    static ALL: LazyLock<Vec<Scenario>> = LazyLock::new(|| {
        let read = FILES
            .iter()
            .filter_map(|(file, text)| read(file, text).ok());
        read.flatten().collect()
    });
    &ALL
}

/// The objects that every scenario has.
pub(super) fn base() -> &'static [Value] {
    static BASE_OBJECTS: LazyLock<Vec<Value>> = LazyLock::new(|| {
        let manifest = manifest::read(BASE.as_bytes(), &options());
        manifest
            .entries
            .into_iter()
            .map(|entry| entry.value)
            .collect()
    });
    &BASE_OBJECTS
}

fn options() -> ReadOptions {
    ReadOptions::default().with_format(Format::Yaml)
}

/// The scenarios of a file.
fn read(file: &str, text: &str) -> Result<Vec<Scenario>, CatalogueError> {
    let refused = |why| CatalogueError {
        file: file.to_owned(),
        why,
    };
    let manifest = manifest::read(text.as_bytes(), &options());
    if let Some(error) = manifest.errors.into_iter().next() {
        return Err(refused(error));
    }
    let entries = manifest.entries.iter();
    let scenarios = entries.map(|entry| entry.decode_custom::<Scenario>().map_err(refused));
    scenarios.collect()
}

impl Scenario {
    /// Reads scenarios of one's own, in the form of the kit's: YAML, a document each.
    ///
    /// # Errors
    ///
    /// What cannot be read, with its line and field.
    pub fn read(file: &str, text: &str) -> Result<Vec<Self>, CatalogueError> {
        read(file, text)
    }

    /// Whether it says of itself what a scenario says.
    #[must_use]
    pub fn is_one(&self) -> bool {
        self.api() == (VERSION, Self::KIND)
    }
}
