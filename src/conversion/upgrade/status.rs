//! Statuses: what controllers write, and how.

use super::{
    crd::Crd,
    findings::{Impact, UpgradeFindings},
};
use crate::{
    meta::Channel,
    schema::{self, Installation, KindVersion, Path, Schema},
};

/// Compares the status of a kind as the installed release has it with that of the other one.
pub(super) fn check(crd: &Crd<'_>, found: &mut UpgradeFindings) {
    let Some(from) = found.from else {
        return;
    };
    let before = match crd.is_standard() {
        true => Channel::Standard,
        false => Channel::Experimental,
    };
    let (release, channel) = (found.release, found.channel);
    let versions: Vec<_> = schema::versions_of(crd.kind, release, channel).collect();
    for (version, new) in versions {
        let Some(old) = version.installation(from, before) else {
            continue;
        };
        if old.served && new.served {
            subresource(crd, version, (old, new), found);
        }
        if new.stored
            && let (Some(old), Some(new)) = (status(old), status(new))
        {
            shape(crd, version, (old, new), &Path::ROOT.field("status"), found);
        }
    }
}

fn status(installation: &Installation) -> Option<&Schema> {
    installation.schema().properties.get("status")
}

fn subresource(
    crd: &Crd<'_>,
    version: &KindVersion,
    (old, new): (&Installation, &Installation),
    found: &mut UpgradeFindings,
) {
    let (kind, name, release) = (version.kind, version.version, found.release);
    let (message, help) = match (old.status_subresource, new.status_subresource) {
        (true, false) => (
            format!(
                "{release} has no `status` subresource of {kind} `{name}`: who writes statuses there in this version fails"
            ),
            "make sure that controllers write statuses in another version",
        ),
        (false, true) => (
            format!(
                "{release} has a `status` subresource of {kind} `{name}`: a status that is written with the object is dropped"
            ),
            "make sure that controllers write statuses by the subresource",
        ),
        _ => return,
    };
    found.add(
        Impact::Note,
        "status-subresource",
        crd.object,
        "spec.versions",
        message,
        help,
    );
}

/// Names fields of a status that end, and those that have another type.
fn shape(
    crd: &Crd<'_>,
    version: &'static KindVersion,
    (old, new): (&Schema, &Schema),
    at: &Path<'_>,
    found: &mut UpgradeFindings,
) {
    let (kind, release) = (version.kind, found.release);
    let help = format!("bring controllers to a version for {release} together with the CRDs");
    if let (Some(before), Some(after)) = (old.value_type, new.value_type)
        && before != after
    {
        found.add(
            Impact::Breaks,
            "status-changed",
            crd.object,
            "spec.versions",
            format!(
                "`{at}` of {kind} is of the type {} in {release}, and was of the type {}: statuses in the old form are refused",
                after.as_str(),
                before.as_str()
            ),
            help,
        );
        return;
    }
    for (name, before) in &old.properties {
        let at = at.field(name);
        match new.properties.get(name) {
            Some(after) => shape(crd, version, (before, after), &at, found),
            None => found.add(
                Impact::Note,
                "status-field-gone",
                crd.object,
                "spec.versions",
                match before.instead() {
                    Some(instead) => format!("{release} has no `{at}` of {kind}: it has `{instead}` there"),
                    None => format!("{release} has no `{at}` of {kind}: it is dropped when a controller writes it"),
                },
                help.clone(),
            ),
        }
    }
    if let (Some(before), Some(after)) = (&old.items, &new.items) {
        let items = at.key("");
        shape(crd, version, (before, after), &items, found);
    }
}
