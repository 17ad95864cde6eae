//! An object with the status that it ought to have, in the API's own form.

use crate::given::AroundAnswer;
use gwapi::{attachment::Status, meta::ObjectRef};
use serde::Serialize;

/// An object with its status.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Statused {
    pub(crate) api_version: String,
    pub(crate) kind: String,
    pub(crate) metadata: Metadata,
    pub(crate) status: Status,
}

/// Its place.
#[derive(Debug, Serialize)]
pub(crate) struct Metadata {
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) namespace: String,
    pub(crate) name: String,
}

impl Statused {
    /// The object in the version in which it was given.
    pub(crate) fn new(reference: &ObjectRef, api_version: &str, status: Status) -> Self {
        Self {
            api_version: api_version.to_owned(),
            kind: reference.kind.clone(),
            metadata: Metadata {
                namespace: reference.namespace.clone(),
                name: reference.name.clone(),
            },
            status,
        }
    }
}

/// What is wrong with an object and has no condition that says so; in JSON an element of `warnings`.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Warning {
    #[serde(flatten)]
    pub(crate) object: ObjectRef,
    /// The field, as an API server writes it; empty for the object as a whole.
    pub(crate) path: String,
    pub(crate) message: String,
    pub(crate) help: Option<String>,
}

/// Objects as a Kubernetes `List`, and what was given that is left out.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct List {
    api_version: &'static str,
    kind: &'static str,
    items: Vec<Statused>,
    warnings: Vec<Warning>,
    #[serde(flatten)]
    around: AroundAnswer,
}

impl List {
    pub(crate) fn of(items: Vec<Statused>, warnings: Vec<Warning>, around: AroundAnswer) -> Self {
        Self {
            api_version: "v1",
            kind: "List",
            items,
            warnings,
            around,
        }
    }
}
