//! What conversion to the release makes of an object: the one judgement for the findings about its form, and for what is said of
//! `gwapi convert`.

use super::{
    before::{self, KindBefore, VerdictBefore},
    findings::{
        Impact, UNKNOWN_FIELD, UpgradeFindings, is_server_side, replacement, text, with_article,
    },
};
use crate::{
    conversion::{
        ConversionError, ConversionProblem, ConversionRemark, ReleaseConversion,
        release::{self, ABSENT_KIND, Unconverted, reference},
        value,
    },
    meta::Channel,
    validation,
};
use serde_json::Value;

/// An object in the forms of the release, or why it has none there.
pub(super) struct InNewForms<'o> {
    object: &'o Value,
    result: Result<ReleaseConversion, Unconverted>,
}

impl<'o> InNewForms<'o> {
    pub(super) fn of(object: &'o Value, found: &UpgradeFindings) -> Self {
        Self {
            object,
            result: release::convert(object, found.release, found.channel),
        }
    }

    pub(super) fn result(&self) -> Result<&ReleaseConversion, &ConversionError> {
        self.result.as_ref().map_err(|it| &it.error)
    }

    /// The object with everything in the forms of the release that has one there; nothing where the release has neither its kind
    /// nor one in its place.
    pub(super) fn part(&self) -> Option<&Value> {
        match &self.result {
            Ok(new) => Some(&new.object),
            Err(unconverted) => unconverted.part.as_ref(),
        }
    }

    /// What is in the way of the command, as far as the converted object says it.
    pub(super) fn errors(&self) -> impl Iterator<Item = &ConversionRemark> {
        let remarks = self.result.iter().flat_map(|new| &new.remarks);
        remarks.filter(|remark| remark.is_error() && !is_server_side(remark.path()))
    }

    /// What is in the way of the command, for people: field by field.
    pub(super) fn problems(&self) -> Vec<String> {
        let problems = self.result().err().map(ConversionError::problems);
        let problems = problems.into_iter().flatten();
        let errors = self.errors();
        problems
            .map(ConversionProblem::to_string)
            .chain(errors.map(|error| format!("{}: {}", error.path(), error.message())))
            .collect()
    }

    /// Whether the command writes the object as the release takes it.
    pub(super) fn is_by_command(&self) -> bool {
        self.result.is_ok() && self.errors().next().is_none()
    }

    /// That the command writes the object, where it does. Otherwise what has to be done first; the findings that say what is in
    /// the way are those of [`add_refused`](Self::add_refused) and `form::check`.
    pub(super) fn by_command(&self, found: &UpgradeFindings) -> String {
        let command = found.convert("-f FILE");
        match self.is_by_command() {
            true => format!("`{command}` does"),
            false => format!(
                "first correct what the other findings about the object name, then use `{command}`"
            ),
        }
    }

    /// What the release refuses in the converted object, unless it is known from the object as it was.
    pub(super) fn add_refused(
        &self,
        is_known: impl Fn(&ConversionRemark) -> bool,
        found: &mut UpgradeFindings,
    ) {
        let Ok(new) = &self.result else { return };
        let mut errors = self.errors().filter(|error| error.is_refused());
        let Some(first) = errors.find(|error| !is_known(error)) else {
            return;
        };
        let before = before::bundle(self.object, found)
            .map(|before| {
                (
                    before,
                    VerdictBefore::of(self.object, before, (found.release, found.channel)),
                )
            })
            .filter(|(_, verdict)| verdict.serves());
        let allowed = before::allowed_as_written(self.object);
        for error in std::iter::once(first).chain(errors.filter(|error| !is_known(error))) {
            let path = error.path();
            let is_same = is_in_same_place(path, self.object, &new.object);
            let accepted = before.as_ref().and_then(|(before, verdict)| {
                let says = verdict.is_valid() || is_same;
                says.then(|| (before, verdict.accepts(path)))
            });
            let (impact, rule, before) = match accepted {
                Some(((from, of), true)) => (
                    Impact::Breaks,
                    "tightened",
                    match *of == found.channel {
                        true => format!(", which {from} accepts"),
                        false => format!(", which the {of} channel of {from} accepts"),
                    },
                ),
                Some(((from, _), false)) => (Impact::Note, "invalid", format!(", as {from} does")),
                None => (Impact::Breaks, "invalid", String::new()),
            };
            let (impact, rule) = match error.rule() {
                // A server drops it.
                UNKNOWN_FIELD => (impact.max(Impact::Loses), "unknown-field"),
                _ => (impact, rule),
            };
            let form = match is_same {
                true => "",
                false => "; the path is that of the new form",
            };
            let message = format!("{} ({}){before}{form}", error.message(), error.rule());
            let unknown = match error.rule() {
                UNKNOWN_FIELD => found.help_of_unknown_release(text(self.object, "/kind"), "field"),
                _ => None,
            };
            let help = unknown.as_deref().unwrap_or(error.help());
            let help = match &allowed {
                Some(allowed) if !help.contains("what is written is allowed") => {
                    format!("{help}; {allowed}")
                }
                _ => help.to_owned(),
            };
            found.add(impact, rule, self.object, path, message, help);
        }
    }

    /// References to kinds that the release has by another name only, and to those that it has by none.
    pub(super) fn add_references(&self, found: &mut UpgradeFindings) {
        let place: (_, Channel) = (found.release, found.channel);
        for replaced in reference::replaced(self.object, place) {
            self.add_replaced(&replaced, found);
        }
        for absent in reference::absent(self.part().unwrap_or(self.object), place) {
            add_absent(self.object, absent, found);
        }
    }

    /// A reference to a kind that the release does not have, and that another one has replaced.
    fn add_replaced(&self, replaced: &reference::ReplacedKind, found: &mut UpgradeFindings) {
        let release = found.release;
        let (before, after) = (replaced.old.kind, replaced.new.kind);
        let (impact, as_before) = match before::kind(before, self.object, found) {
            KindBefore::Lacking(place) => (Impact::Note, format!(", as in {place}")),
            KindBefore::There | KindBefore::Unknown => (Impact::Loses, String::new()),
        };
        if impact != Impact::Note && !self.is_by_command() {
            found.hold(before, value::identify(self.object));
        }
        let by_command = self.by_command(found);
        found.add(
            impact,
            REFERS_TO_REPLACED,
            self.object,
            &replaced.path,
            format!(
                "{release} has no {before}: {}, and the reference leads to nothing once {before} is gone{as_before}",
                replacement(before, after)
            ),
            format!("refer to {}: {by_command}", with_article(after)),
        );
    }
}

/// The rule of a reference to a kind that the release does not have, and that another one has replaced.
pub(super) const REFERS_TO_REPLACED: &str = "reference-to-replaced-kind";

/// Whether what is at a path, or is missing there, is the same before and after the conversion.
fn is_in_same_place(path: &str, old: &Value, new: &Value) -> bool {
    let around = path.rfind(['.', '[']).and_then(|end| path.get(..end));
    let holds = |value| around.is_none_or(|around| value::at(value, around).is_some());
    holds(old) && holds(new) && value::at(old, path) == value::at(new, path)
}

/// A reference to a kind that the release does not have in the channel, nor one in its place.
fn add_absent(object: &Value, absent: reference::AbsentKind, found: &mut UpgradeFindings) {
    let (release, channel) = (found.release, found.channel);
    let kind = absent.kind;
    let lacks = format!("the {channel} channel of {release} has no {kind}");
    let (impact, message) = match before::kind(kind, object, found) {
        KindBefore::There => (
            Impact::Note,
            format!("{lacks}: its CRD stays as it is now, and the reference leads where it led"),
        ),
        KindBefore::Lacking(place) => (
            Impact::Note,
            format!("{lacks}, and neither has {place}: the reference leads to nothing, as before"),
        ),
        KindBefore::Unknown => (
            Impact::Loses,
            format!("{lacks}: the reference leads to nothing unless the CRD is there"),
        ),
    };
    found.add(
        impact,
        ABSENT_KIND,
        object,
        absent.path,
        message,
        validation::kind_elsewhere(kind, None, (release, channel)),
    );
}
