//! An object that was given and is left out.

use super::{
    meant,
    named::{api_version, reference},
};
use crate::{
    attachment::SnapshotObject,
    manifest::ReadError,
    meta::{ObjectRef, kept_name},
    validation::Finding,
};
use serde_json::Value;
use std::fmt;

/// An object that was given and is left out, and why.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Ignored {
    /// Its place among the objects that were given, from 0; 0 for one that was judged by itself.
    pub index: usize,
    /// What it calls itself.
    pub object: ObjectRef,
    /// Its `apiVersion` as it was given.
    pub api_version: String,
    /// Why it is left out.
    pub reason: IgnoredReason,
    /// The same in a sentence.
    pub message: String,
    /// What would be right, where there is more to say.
    pub help: Option<String>,
    /// The fields for which it is refused; empty where no field is to blame.
    pub findings: Vec<Finding>,
    /// What cannot be read, and where, if [`reason`](Self::reason) is [`IgnoredReason::Unreadable`].
    pub error: Option<ReadError>,
    /// The place of the object with the same name that the server keeps instead.
    pub replaced_by: Option<usize>,
    /// The object that is most likely meant, as far as it can be read.
    pub meant: Option<SnapshotObject>,
}

/// Why an object is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum IgnoredReason {
    /// Its group is not that of the Gateway API, but seems to be meant for it.
    UnknownGroup,
    /// The channel has no such kind.
    UnknownKind,
    /// The channel does not have its kind in this version.
    UnknownVersion,
    /// It has fields that its kind does not have, and would be right otherwise.
    UnknownField,
    /// An API server refuses it for what it holds.
    Refused,
    /// It cannot be read.
    Unreadable,
    /// Another object of the same kind, namespace and name was given after it.
    Replaced,
}

impl IgnoredReason {
    /// The reason as programs read it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UnknownGroup => "UnknownGroup",
            Self::UnknownKind => "UnknownKind",
            Self::UnknownVersion => "UnknownVersion",
            Self::UnknownField => "UnknownField",
            Self::Refused => "Refused",
            Self::Unreadable => "Unreadable",
            Self::Replaced => "Replaced",
        }
    }
}

impl fmt::Display for IgnoredReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Ignored {
    /// The object that is most likely meant, by which others refer to it.
    #[must_use]
    pub fn reference(&self) -> ObjectRef {
        let meant = self.meant.as_ref().map(SnapshotObject::reference);
        meant.unwrap_or_else(|| self.object.clone())
    }

    fn new(value: &Value, reason: IgnoredReason, message: String) -> Self {
        Self {
            index: 0,
            object: reference(value),
            api_version: kept_name(api_version(value)),
            reason,
            message,
            help: None,
            findings: Vec::new(),
            error: None,
            replaced_by: None,
            meant: meant::read(value),
        }
    }

    /// An object that an API server refuses, for at least one error.
    pub(super) fn refused(value: &Value, findings: Vec<Finding>) -> Self {
        let first = findings.first();
        let reason = match first.map_or("", Finding::rule) {
            "group/not-known" => IgnoredReason::UnknownGroup,
            "kind/not-served" => IgnoredReason::UnknownKind,
            "version/not-served" => IgnoredReason::UnknownVersion,
            _ if findings
                .iter()
                .all(|finding| finding.rule() == "schema/unknown-field") =>
            {
                IgnoredReason::UnknownField
            }
            _ => IgnoredReason::Refused,
        };
        let of_type = !matches!(reason, IgnoredReason::UnknownField | IgnoredReason::Refused);
        let said = first.map_or("", Finding::message);
        let message = match reason {
            _ if of_type => said.to_owned(),
            IgnoredReason::UnknownField => match findings.len() {
                1 => "the API server would refuse it: it has an unknown field".to_owned(),
                n => format!("the API server would refuse it: it has {n} unknown fields"),
            },
            _ => "the API server would refuse it".to_owned(),
        };
        let help = first.filter(|_| of_type).and_then(Finding::help);
        Self {
            help: help.map(str::to_owned),
            // Of a kind that is not known, no more can be said than that.
            findings: if of_type { Vec::new() } else { findings },
            ..Self::new(value, reason, message)
        }
    }

    /// An object that an API server may take, and that cannot be read as its kind.
    pub(super) fn unreadable(value: &Value, error: &ReadError) -> Self {
        Self {
            error: Some(error.clone()),
            help: Finding::unreadable(error).help().map(str::to_owned),
            ..Self::new(
                value,
                IgnoredReason::Unreadable,
                "it cannot be read".to_owned(),
            )
        }
    }

    /// The status of an object that the server has without it.
    pub(super) fn unreadable_status(value: &Value, error: &ReadError) -> Self {
        let message = "its `status` cannot be read; the rest of it counts";
        Self {
            message: message.to_owned(),
            ..Self::unreadable(value, error)
        }
    }

    /// An object that leaves its name to the server.
    pub(super) fn nameless(value: &Value) -> Self {
        let message = "it has no `metadata.name`, so that `kubectl apply` would refuse it";
        Self {
            help: Some("give it a name".to_owned()),
            ..Self::new(value, IgnoredReason::Refused, message.to_owned())
        }
    }

    /// An object that another one of the same name replaces.
    pub(super) fn replaced(
        index: usize,
        object: ObjectRef,
        api_version: &str,
        replaced_by: usize,
        meant: Option<SnapshotObject>,
    ) -> Self {
        let message = "given again later: the API server keeps what was applied last".to_owned();
        Self {
            index,
            object,
            api_version: kept_name(api_version),
            help: Some("remove one of the two, or give them different names".to_owned()),
            replaced_by: Some(replaced_by),
            meant,
            ..Self::new(&Value::Null, IgnoredReason::Replaced, message)
        }
    }
}
