//! What of an object a release no longer has, or refuses.

use super::{Findings, Impact, text};
use crate::{
    conversion::{ConversionError, ConversionRemark, convert_to_release, convert_value},
    meta::Channel,
    schema::{self, KindVersion, UnknownField},
    validation::{self, Finding, ValidationOptions},
};
use serde_json::Value;
use std::collections::BTreeSet;

/// Looks at an object of a kind that the release has, in the version in which the release stores it.
pub(super) fn check(
    object: &Value,
    version: &'static KindVersion,
    wanted: &str,
    found: &mut Findings,
) {
    let (release, channel) = (found.release, found.channel);
    let to = version.api_version.replace(version.version, wanted);
    // What a server makes of the stored object: nothing but the version changes.
    let stored = match to == version.api_version {
        true => Ok(object.clone()),
        false => convert_value(object, &to),
    };
    let stored = match stored {
        Ok(stored) => stored,
        Err(error) => {
            add_unconvertible(&error, object, wanted, found);
            return;
        }
    };
    let Some((kind, installation)) = schema::find(&to, version.kind)
        .and_then(|kind| Some((kind, kind.installation(release, channel)?)))
    else {
        return;
    };
    let unknown: Vec<_> = schema::unknown_fields_of(&stored, kind, installation)
        .into_iter()
        .filter(|field| !is_server_side(field.path()))
        .collect();
    let refused = refused(&stored, release, channel);
    let converted = convert_to_release(object, release, channel).ok();
    let new = converted.filter(|new| !new.remarks.iter().any(ConversionRemark::is_refused));
    if let Some(new) = new.filter(|new| new.object.get("spec") != stored.get("spec")) {
        // Another form says the same.
        let command = found.convert("-f FILE");
        let help = |instead: Option<&str>| match instead {
            Some(instead) => format!("use `{instead}`: `{command}` does"),
            None => format!("write it in the form of {release}: `{command}` does"),
        };
        for field in &unknown {
            add_changed(object, field.path(), help(field.instead()), found);
        }
        let paths: Vec<String> = match (unknown.is_empty(), refused.is_empty()) {
            (true, true) => references(&stored, &new.object),
            (true, false) => refused.iter().map(|f| f.path().to_owned()).collect(),
            _ => Vec::new(),
        };
        for path in paths {
            add_changed(object, &path, help(None), found);
        }
        return;
    }
    for field in &unknown {
        add_unknown(object, field, found);
    }
    for finding in &refused {
        add_refused(object, finding, found);
    }
}

/// What the release refuses in an object as it is stored, the fields that it does not have aside.
fn refused(stored: &Value, release: crate::meta::Release, channel: Channel) -> Vec<Finding> {
    let mut stored = stored.clone();
    if let Some(stored) = stored.as_object_mut() {
        stored.remove("status");
    }
    let options = ValidationOptions::of(release, channel);
    let report = validation::validate_value(&stored, &options);
    let errors = report.errors().filter(|finding| {
        finding.rule() != "schema/unknown-field" && !is_server_side(finding.path())
    });
    errors.cloned().collect()
}

/// An object that cannot become one of a version or a kind.
pub(super) fn add_unconvertible(
    error: &ConversionError,
    object: &Value,
    wanted: &str,
    found: &mut Findings,
) {
    for problem in error.problems() {
        found.add(
            Impact::Breaks,
            "cannot-be-converted",
            object,
            problem.path(),
            format!("the object cannot become `{wanted}` without a loss"),
            problem.kind().to_string(),
        );
    }
}

/// A setting that the release has in another form.
fn add_changed(object: &Value, path: &str, help: String, found: &mut Findings) {
    let (release, channel) = (found.release, found.channel);
    found.add(
        Impact::Loses,
        "form-changed",
        object,
        path,
        format!("the {channel} channel of {release} has this in another form, and drops or refuses this one"),
        help,
    );
}

/// A field that the release does not have.
fn add_unknown(object: &Value, field: &UnknownField, found: &mut Findings) {
    let (release, channel) = (found.release, found.channel);
    let finding = Finding::unknown_field(field, (release, channel));
    let (rule, message) = if field.is_experimental() {
        (
            "experimental-field",
            format!(
                "the {channel} channel of {release} does not have the field: it is gone once the CRD is replaced"
            ),
        )
    } else if field.when().is_some() {
        (
            "field-gone",
            format!(
                "release {release} does not have the field: it is gone once the CRD is replaced"
            ),
        )
    } else {
        (
            "unknown-field",
            format!("release {release} does not have the field: it is dropped"),
        )
    };
    let help = match field.is_experimental() {
        true => "upgrade to the experimental channel, or do without the field".to_owned(),
        false => finding.help().unwrap_or("remove the field").to_owned(),
    };
    found.add(Impact::Loses, rule, object, field.path(), message, help);
}

/// Something that the release refuses; and whether the one before did.
fn add_refused(object: &Value, finding: &Finding, found: &mut Findings) {
    let (release, channel) = (found.release, found.channel);
    let before = found.from.filter(|from| *from != release).map(|from| {
        let accepts = Channel::ALL
            .into_iter()
            .any(|channel| accepts(object, finding, from, channel));
        (from, accepts)
    });
    let (rule, before) = match before {
        Some((from, true)) => ("tightened", format!(", which {from} accepts")),
        Some((from, false)) => ("invalid", format!(", as {from} does")),
        None => ("invalid", String::new()),
    };
    found.add(
        Impact::Breaks,
        rule,
        object,
        finding.path(),
        format!(
            "{} ({}): the {channel} channel of {release} refuses every change to the object{before}",
            finding.message(),
            finding.rule()
        ),
        finding.help().unwrap_or("correct the field"),
    );
}

/// Whether a release has nothing against what another one refuses.
fn accepts(
    object: &Value,
    refused: &Finding,
    release: crate::meta::Release,
    channel: Channel,
) -> bool {
    let version = schema::find(text(object, "/apiVersion"), text(object, "/kind"));
    let served = version
        .and_then(|version| version.installation(release, channel))
        .is_some_and(|installation| installation.served);
    let options = ValidationOptions::of(release, channel);
    served
        && !validation::validate_value(object, &options)
            .errors()
            .any(|finding| finding.path() == refused.path())
}

/// The references that lead to another kind now.
fn references(old: &Value, new: &Value) -> Vec<String> {
    let mut paths = BTreeSet::new();
    differing(old, new, &mut String::new(), &mut paths);
    let kinds = paths.iter().filter(|path| path.ends_with(".kind"));
    let found: Vec<_> = kinds.cloned().collect();
    match found.is_empty() {
        true => paths.into_iter().take(1).collect(),
        false => found,
    }
}

fn differing(old: &Value, new: &Value, path: &mut String, paths: &mut BTreeSet<String>) {
    let length = path.len();
    match (old, new) {
        (Value::Object(old), Value::Object(new)) => {
            for (name, new) in new {
                if old.get(name) == Some(new) || (path.is_empty() && name != "spec") {
                    continue;
                }
                if !path.is_empty() {
                    path.push('.');
                }
                path.push_str(name);
                differing(old.get(name).unwrap_or(&Value::Null), new, path, paths);
                path.truncate(length);
            }
        }
        (Value::Array(old), Value::Array(new)) if old.len() == new.len() => {
            for (index, (old, new)) in old.iter().zip(new).enumerate() {
                if old != new {
                    path.push_str(&format!("[{index}]"));
                    differing(old, new, path, paths);
                    path.truncate(length);
                }
            }
        }
        _ => {
            paths.insert(path.clone());
        }
    }
}

/// Whether a field is the server's: it is neither lost nor anybody's to keep.
fn is_server_side(path: &str) -> bool {
    path == "status" || path.starts_with("status.") || path.starts_with("metadata.")
}
