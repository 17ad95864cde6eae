//! An object with the status that it ought to have, in the API's own form.

use crate::given::AroundAnswer;
use gwapi::{attachment::Status, meta::ObjectRef, validation::Finding};
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

/// What there is to say of objects beside the conditions of their statuses. Text and JSON are both made of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Remarks {
    /// What there is to look at that no condition says. Each makes the exit code 1.
    pub(crate) warnings: Vec<Warning>,
    /// What would be right, where a condition says what is wrong.
    pub(crate) help: Vec<Hint>,
}

/// What is wrong with an object and has no condition that says so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Warning {
    #[serde(flatten)]
    pub(crate) object: ObjectRef,
    /// The field, as an API server writes it; empty for the object as a whole.
    pub(crate) path: String,
    pub(crate) message: String,
    /// What would be right.
    pub(crate) help: Option<String>,
}

impl Warning {
    pub(crate) fn new(object: &ObjectRef, path: &str, message: impl Into<String>) -> Self {
        Self {
            object: object.clone(),
            path: path.to_owned(),
            message: message.into(),
            help: None,
        }
    }

    /// What validation or lint says of an object.
    pub(crate) fn of(object: &ObjectRef, finding: &Finding) -> Self {
        Self {
            help: finding.help().map(str::to_owned),
            ..Self::new(object, finding.path(), finding.message())
        }
    }
}

/// What would be right in an object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Hint {
    #[serde(flatten)]
    pub(crate) object: ObjectRef,
    /// The field, as an API server writes it; empty for the object as a whole.
    pub(crate) path: String,
    pub(crate) message: String,
}

/// Objects as a Kubernetes `List`, and what was given that is left out.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct List {
    api_version: &'static str,
    kind: &'static str,
    items: Vec<Statused>,
    #[serde(flatten)]
    remarks: Remarks,
    #[serde(flatten)]
    around: AroundAnswer,
}

impl List {
    pub(crate) fn of(items: Vec<Statused>, remarks: Remarks, around: AroundAnswer) -> Self {
        Self {
            api_version: "v1",
            kind: "List",
            items,
            remarks,
            around,
        }
    }
}
