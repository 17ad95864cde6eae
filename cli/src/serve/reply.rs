//! The replies of `gwapi serve`, in the form in which they are written.

use super::sockets::{Bound, Taken};
use crate::{
    given::{Answered, AroundAnswer, Field, NotInForce, Unimplemented},
    statused::{Hint, Remarks, Statused, Warning},
};
use gwapi::{manifest::ReadError, sim::Answer};
use serde::Serialize;
use serde_json::Value;

/// One reply: `ok`, and the members of its kind.
#[derive(Debug, Default, Serialize)]
pub(super) struct Reply {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<Value>,
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ReplyError>,
    #[serde(skip_serializing_if = "Option::is_none")]
    changed: Option<Vec<Statused>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    errors: Option<Vec<Errored>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    items: Option<Vec<Statused>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ignored: Option<Vec<NotInForce>>,
    #[serde(rename = "notImplemented", skip_serializing_if = "Option::is_none")]
    not_implemented: Option<Vec<Unimplemented>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    warnings: Option<Vec<Warning>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<Vec<Hint>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<Box<Answered<Answer>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    now: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    binds: Option<Vec<Bound>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    accepted: Option<Taken>,
}

#[derive(Debug, Serialize)]
struct ReplyError {
    message: String,
}

impl Reply {
    pub(super) fn done() -> Self {
        Self {
            ok: true,
            ..Self::default()
        }
    }

    pub(super) fn error(id: Option<Value>, message: impl Into<String>) -> Self {
        Self {
            id,
            error: Some(ReplyError {
                message: message.into(),
            }),
            ..Self::default()
        }
    }

    pub(super) fn changed(
        changed: Vec<Statused>,
        errors: Vec<Errored>,
        ignored: Vec<NotInForce>,
        not_implemented: Vec<Unimplemented>,
        warnings: Vec<Warning>,
    ) -> Self {
        Self {
            changed: Some(changed),
            errors: Some(errors),
            ignored: Some(ignored),
            not_implemented: Some(not_implemented),
            warnings: Some(warnings),
            ..Self::done()
        }
    }

    pub(super) fn items(items: Vec<Statused>, remarks: Remarks, ignored: Vec<NotInForce>) -> Self {
        Self {
            items: Some(items),
            ignored: Some(ignored),
            warnings: Some(remarks.warnings),
            help: Some(remarks.help),
            ..Self::done()
        }
    }

    pub(super) fn answer(answer: Answer, help: Vec<String>, around: AroundAnswer) -> Self {
        Self {
            answer: Some(Box::new(Answered {
                answer,
                help,
                around,
            })),
            ..Self::done()
        }
    }

    pub(super) fn now(now: String) -> Self {
        Self {
            now: Some(now),
            ..Self::done()
        }
    }

    pub(super) fn binds(binds: Vec<Bound>) -> Self {
        Self {
            binds: Some(binds),
            ..Self::done()
        }
    }

    pub(super) fn accepted(accepted: Taken) -> Self {
        Self {
            accepted: Some(accepted),
            ..Self::done()
        }
    }

    pub(super) fn with_id(self, id: Option<Value>) -> Self {
        Self { id, ..self }
    }

    pub(super) fn into_id(self) -> Option<Value> {
        self.id
    }
}

/// An object that could not be read.
#[derive(Debug, Serialize)]
pub(super) struct Errored {
    object: Named,
    message: String,
    help: Option<String>,
    findings: Vec<Field>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Named {
    api_version: String,
    kind: String,
    namespace: String,
    name: String,
}

impl Errored {
    /// The object that is left out because of this error.
    pub(super) fn new(error: &ReadError, ignored: NotInForce) -> Self {
        let NotInForce { help, findings, .. } = ignored;
        Self {
            help,
            findings,
            object: Named {
                api_version: error.api_version().to_owned(),
                kind: error.kind().to_owned(),
                namespace: error.namespace().to_owned(),
                name: error.name().to_owned(),
            },
            message: error.to_string(),
        }
    }
}
