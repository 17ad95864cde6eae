//! What an API server makes of one object.

use super::{ignored::Ignored, named::api_version};
use crate::{
    attachment::{NotImplemented, SnapshotObject, not_implemented},
    manifest::{self, ReadError},
    meta::{Channel, ObjectRef, Release},
    schema,
    validation::{self, Finding, is_status},
};
use serde_json::Value;

/// An object, or a field of one, that only the experimental channel has.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Experimental {
    /// The object.
    pub object: ObjectRef,
    /// The field, as in `spec.rules[0].timeouts`; empty for the object as a whole.
    pub path: String,
}

/// What an API server makes of one object.
#[derive(Clone, Debug)]
pub enum Judged {
    /// It takes the object.
    Admitted {
        /// The object, in the form in which attachment reads it.
        object: SnapshotObject,
        /// What of it the standard channel does not have; empty where it was judged by that channel.
        experimental: Vec<Experimental>,
        /// What of it attachment does not implement.
        not_implemented: Vec<NotImplemented>,
        /// Its `status`, where that cannot be read: the server has the object without it.
        status: Option<Ignored>,
        /// What [`validation`] warns of.
        warnings: Vec<Finding>,
    },
    /// It takes the object, which has nothing to do with the Gateway API: only that it is there counts.
    Foreign(SnapshotObject),
    /// It does not take the object.
    Ignored(Ignored),
}

/// Judges one object as an API server with the CRDs of this release and channel does when it is applied.
///
/// The verdict is that of [`validation`], but for `status`: a server drops it from what is
/// applied, and so it refuses nothing.
#[must_use]
pub fn judge(value: &Value, release: Release, channel: Channel) -> Judged {
    let options = validation::ValidationOptions::of(release, channel);
    let report = validation::validate_value(value, &options);
    let mut judged = taken(value, report.findings());
    if let Judged::Admitted {
        object,
        experimental: in_experimental,
        not_implemented: unimplemented,
        warnings,
        ..
    } = &mut judged
    {
        let reference = object.reference();
        if channel == Channel::Experimental {
            *in_experimental = experimental(value, &reference, release);
        }
        *unimplemented = not_implemented(value, &reference);
        let findings = report.into_findings().into_iter();
        *warnings = findings
            .filter(|finding| !is_status(finding.path()))
            .collect();
    }
    judged
}

/// Whether an API server takes an object of which validation says this when it is applied, and what it has then: the object
/// alone, without what else [`judge`] says of it.
pub(crate) fn taken(value: &Value, findings: &[Finding]) -> Judged {
    let refusing = |finding: &&Finding| {
        finding.severity() == crate::rules::Severity::Error && !is_status(finding.path())
    };
    let refused: Vec<Finding> = findings.iter().filter(refusing).cloned().collect();
    if !refused.is_empty() {
        return Judged::Ignored(Ignored::refused(value, refused));
    }
    let mut status = None;
    let decoded = match manifest::decode(value) {
        Ok(decoded) => decoded,
        Err(error) => match without_status(value, &error) {
            Some(decoded) => {
                status = Some(Ignored::unreadable_status(value, &error));
                decoded
            }
            None => return Judged::Ignored(Ignored::unreadable(value, &error)),
        },
    };
    if decoded.name().is_empty() {
        return Judged::Ignored(Ignored::nameless(value));
    }
    let foreign = matches!(decoded, manifest::Object::Other(_));
    let object = SnapshotObject::from(decoded);
    if foreign && matches!(object, SnapshotObject::Other(_)) {
        return Judged::Foreign(object);
    }
    Judged::Admitted {
        object,
        experimental: Vec::new(),
        not_implemented: Vec::new(),
        status,
        warnings: Vec::new(),
    }
}

/// An object whose status alone cannot be read, as a controller of another release may have written it.
fn without_status(value: &Value, error: &ReadError) -> Option<manifest::Object> {
    if !is_status(error.path()) {
        return None;
    }
    let mut value = value.clone();
    value.as_object_mut()?.remove("status");
    manifest::decode(&value).ok()
}

/// What of an object that the experimental channel takes the standard one does not have.
fn experimental(value: &Value, reference: &ObjectRef, release: Release) -> Vec<Experimental> {
    let of = |path: &str| Experimental {
        object: reference.clone(),
        path: path.to_owned(),
    };
    let Some(kind) = schema::find(api_version(value), &reference.kind) else {
        return Vec::new();
    };
    let standard = kind.installation(release, Channel::Standard);
    let Some(standard) = standard.filter(|installation| installation.served) else {
        return vec![of("")];
    };
    schema::unknown_fields_of(value, kind, standard)
        .iter()
        .filter(|field| field.is_experimental() && !is_status(field.path()))
        .map(|field| of(field.path()))
        .collect()
}
