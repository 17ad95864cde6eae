//! What is found on the way, and what all checks go by.

use crate::{
    conversion::{ConvertedNames, value},
    meta::{Channel, ObjectRef, Release, kept_name},
    schema,
};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

/// How bad something is for what is installed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Impact {
    /// The API server refuses the new CRD.
    Blocks,
    /// The upgrade goes through, and objects or clients stop working.
    Breaks,
    /// The upgrade goes through, and an object loses a field.
    Loses,
    /// Nothing is harmed; good to know.
    Note,
}

impl Impact {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Blocks => "blocks",
            Self::Breaks => "breaks",
            Self::Loses => "loses",
            Self::Note => "note",
        }
    }
}

impl fmt::Display for Impact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One thing that an upgrade would do.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UpgradeFinding {
    /// How bad it is.
    pub impact: Impact,
    /// A stable id: `stored-version-removed`.
    pub rule: &'static str,
    /// The API version of the object.
    pub api_version: String,
    /// The object: a CRD or an object of one of its kinds.
    pub object: ObjectRef,
    /// The field; empty for the whole object.
    pub path: String,
    /// What would happen.
    pub message: String,
    /// What would be right.
    pub help: String,
}

/// A bundle of CRDs: a release and a channel.
pub(super) type ReleaseChannel = (Release, Channel);

/// What was found so far, and where the upgrade leads.
pub(super) struct UpgradeFindings {
    pub(super) from: Option<Release>,
    /// Whether somebody has said that this release is installed.
    pub(super) is_asked: bool,
    /// The kinds whose CRDs are in the input, or taken to be installed.
    pub(super) crds: BTreeSet<String>,
    /// By kind, what the CRDs in the input say of what is installed.
    pub(super) installed: BTreeMap<String, ReleaseChannel>,
    /// By kind, the release of its CRD in the input where that is not known here.
    pub(super) unknown: BTreeMap<String, String>,
    pub(super) release: Release,
    pub(super) channel: Channel,
    pub(super) list: Vec<UpgradeFinding>,
    /// How many are kept, and how many are not.
    pub(super) most: usize,
    pub(super) left_out: usize,
    /// The rules that have a finding.
    pub(super) rules: BTreeSet<&'static str>,
    /// By kind that the release does not have, and that another one has replaced: the objects of that kind, and those that refer
    /// to one, which the command does not bring into the forms of the release. While there are any, the kind has to stay.
    pub(super) held: BTreeMap<String, BTreeSet<ObjectRef>>,
    /// What objects become.
    pub(super) names: ConvertedNames<()>,
}

impl UpgradeFindings {
    /// The command that brings objects into the forms of the release.
    pub(super) fn convert(&self, arguments: &str) -> String {
        self.convert_in(self.channel, arguments)
    }

    /// The same for a channel of the release.
    pub(super) fn convert_in(&self, channel: Channel, arguments: &str) -> String {
        let release = self.release;
        format!("gwapi convert {arguments} --release {release} --channel {channel}")
    }

    /// The release that is installed of a kind, where it is not known here: that of its CRD, or of any CRD where the input has none
    /// of the kind.
    pub(super) fn unknown_release(&self, kind: &str) -> Option<&str> {
        let own = self.unknown.get(kind);
        let any = || {
            let mut all = self.unknown.values();
            all.next().filter(|_| !self.crds.contains(kind))
        };
        own.or_else(any).map(String::as_str)
    }

    /// The help about something of an object of this kind that no known release has, while another one is installed.
    pub(super) fn help_of_unknown_release(&self, kind: &str, what: &str) -> Option<String> {
        let installed = self.unknown_release(kind)?;
        Some(format!(
            "no release known here has it; release {installed} is installed, which is not known here: see whether its CRDs have the {what}"
        ))
    }

    /// Notes an object for which a kind has to stay that another one has replaced.
    pub(super) fn hold(&mut self, kind: &str, object: ObjectRef) {
        let objects = self.held.entry(kind.to_owned()).or_default();
        objects.insert(object);
    }

    pub(super) fn add(
        &mut self,
        impact: Impact,
        rule: &'static str,
        object: &Value,
        path: impl Into<String>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        if !self.rules.insert(rule) && self.list.len() >= self.most {
            self.left_out += 1;
            return;
        }
        self.list.push(UpgradeFinding {
            impact,
            rule,
            api_version: kept_name(text(object, "/apiVersion")),
            object: value::identify(object),
            path: path.into(),
            message: message.into(),
            help: help.into(),
        });
    }
}

/// Which of two kinds has replaced the other: `ListenerSet has replaced it`.
pub(super) fn replacement(kind: &str, new: &str) -> String {
    match schema::successor(kind) == Some(new) {
        true => format!("{new} has replaced it"),
        false => format!("it has {new}, which {kind} replaces in a later release"),
    }
}

/// The text at a place of an object; empty where there is none.
pub(super) fn text<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// A kind with its article: `an XListenerSet`.
pub(super) fn with_article(kind: &str) -> String {
    // What is spelt out begins with a vowel.
    let is_spelt = kind.starts_with("HTTP") || kind.starts_with('X');
    let article = match is_spelt || kind.starts_with(['A', 'E', 'I', 'O']) {
        true => "an",
        false => "a",
    };
    format!("{article} {kind}")
}

/// The rule of a field that a release does not have.
pub(super) const UNKNOWN_FIELD: &str = "schema/unknown-field";

/// Whether a field is the server's: it is neither lost nor anybody's to keep.
pub(super) fn is_server_side(path: &str) -> bool {
    path == "status" || path.starts_with("status.") || path.starts_with("metadata.")
}
