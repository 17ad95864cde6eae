//! What of an object a release no longer has, or refuses.

use super::{
    before::{self, VerdictBefore},
    converted::InNewForms,
    findings::{Impact, ReleaseChannel, UNKNOWN_FIELD, UpgradeFindings, is_server_side, text},
    status,
};
use crate::{
    conversion::{
        ConversionError, ConversionProblem, ConversionProblemKind, ConversionRemark,
        ReleaseConversion,
        moves::{Moves, is_within},
        release::reference,
        value,
    },
    meta::{Channel, Release},
    schema::{self, KindVersion, UnknownField},
    validation::{self, Finding, ValidationOptions},
};
use serde_json::Value;
use std::{cell::OnceCell, collections::BTreeSet};

/// Looks at an object of a kind that the release has, in the version in which the release stores it.
pub(super) fn check(
    object: &Value,
    version: &'static KindVersion,
    wanted: &str,
    converted: &InNewForms<'_>,
    found: &mut UpgradeFindings,
) {
    let (release, channel) = (found.release, found.channel);
    converted.add_references(found);
    let to = version.api_version.replace(version.version, wanted);
    // What a server makes of the stored object: nothing but the version changes.
    let stored = match to == version.api_version {
        true => Ok(object.clone()),
        false => value::carry(object, &to, &mut Moves::default()),
    };
    let mut judged = JudgedForm {
        object,
        written: version,
        wanted,
        stored: None,
        taken: takes_as_written(object, version, found),
        before: before::bundle(object, found),
        after: (release, channel),
        written_before: OnceCell::new(),
        stored_before: OnceCell::new(),
        allowed: OnceCell::new(),
    };
    let stored = match stored {
        Ok(stored) => stored,
        Err(error) => {
            match judged.taken && judged.is_in_version_before() {
                true => judged.add_refused_in_version(&error, found),
                false => {
                    let taken = judged.taken.then_some(version.version);
                    add_unconvertible(&error, object, (wanted, taken), found);
                }
            }
            return;
        }
    };
    judged.stored = Some(&stored);
    status::check_stored((object, &stored), judged.before, found);
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
    match converted.result() {
        Ok(new) if new.object.get("spec") != stored.get("spec") => {
            judged.add_new_form(new, converted, (&unknown, &refused), found);
        }
        Ok(_) => judged.add_same_form(&unknown, &refused, found),
        Err(error) => judged.add_formless(error, converted, (&unknown, &refused), found),
    }
}

/// An object whose form in the version that stores it is judged.
struct JudgedForm<'o> {
    /// The object as it is written.
    object: &'o Value,
    /// The version in which it is written.
    written: &'static KindVersion,
    /// The version in which the release stores it.
    wanted: &'o str,
    /// The object in that version, where it has a form there.
    stored: Option<&'o Value>,
    /// Whether the release takes it as it is written.
    taken: bool,
    /// What is installed before the upgrade.
    before: Option<ReleaseChannel>,
    /// To what the upgrade leads.
    after: ReleaseChannel,
    /// What is installed before makes of the object as it is written.
    written_before: OnceCell<VerdictBefore>,
    /// What is installed before makes of the object in the version that stores it.
    stored_before: OnceCell<VerdictBefore>,
    /// Which releases take the object as it is written.
    allowed: OnceCell<Option<String>>,
}

/// Whether the release serves the version in which an object is written, and has nothing against the object there.
fn takes_as_written(
    object: &Value,
    version: &'static KindVersion,
    found: &UpgradeFindings,
) -> bool {
    let (release, channel) = (found.release, found.channel);
    let installation = version.installation(release, channel);
    installation.is_some_and(|installation| installation.served)
        && before::said(object, (release, channel))
            .is_some_and(|errors| errors.iter().all(is_not_refused))
}

/// What the release refuses in an object as it is stored, the fields that it does not have aside.
fn refused(stored: &Value, release: Release, channel: Channel) -> Vec<Finding> {
    let mut stored = stored.clone();
    if let Some(stored) = stored.as_object_mut() {
        stored.remove("status");
    }
    let options = ValidationOptions::of(release, channel);
    let report = validation::validate_value(&stored, &options);
    let errors = report.errors().filter(|finding| !is_not_refused(finding));
    errors.cloned().collect()
}

/// Whether an error is about a field that the release does not have, or that a server sets itself.
fn is_not_refused(finding: &Finding) -> bool {
    finding.rule() == UNKNOWN_FIELD || is_server_side(finding.path())
}

/// An object that cannot become one of a version or a kind; and the version in which the release takes it nevertheless.
pub(super) fn add_unconvertible(
    error: &ConversionError,
    object: &Value,
    (wanted, taken): (&str, Option<&str>),
    found: &mut UpgradeFindings,
) {
    let (release, channel) = (found.release, found.channel);
    for problem in error.problems() {
        found.add(
            Impact::Breaks,
            "cannot-be-converted",
            object,
            problem.path(),
            match taken {
                Some(taken) => format!(
                    "the object has no form in `{wanted}`, in which the {channel} channel of {release} stores it: clients that use \
                     `{wanted}` cannot write it, and `{taken}` still takes it"
                ),
                None => format!("the object cannot become `{wanted}` without a loss"),
            },
            problem.kind().to_string(),
        );
    }
}

/// A setting that the release has in another form.
fn add_changed(object: &Value, path: &str, help: String, found: &mut UpgradeFindings) {
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

impl JudgedForm<'_> {
    /// An object whose settings have another form in the release, which says the same.
    fn add_new_form(
        &self,
        new: &ReleaseConversion,
        converted: &InNewForms<'_>,
        (unknown, refused): (&[UnknownField], &[Finding]),
        found: &mut UpgradeFindings,
    ) {
        let (object, release) = (self.object, found.release);
        let stays = |path: &str, rule: &str| {
            let mut errors = converted.errors();
            errors.any(|error| error.path() == path && error.rule() == rule)
        };
        let by_command = converted.by_command(found);
        let help = |instead: Option<&str>| match instead {
            Some(instead) => format!("{}: {by_command}", validation::use_instead(instead)),
            None => format!("write it in the form of {release}: {by_command}"),
        };
        let is_old = |field: &&UnknownField| stays(field.path(), UNKNOWN_FIELD);
        let (unknown, changed): (Vec<_>, Vec<_>) = unknown.iter().partition(is_old);
        let is_old = |finding: &&Finding| stays(finding.path(), finding.rule());
        let (refused, cured): (Vec<_>, Vec<_>) = refused.iter().partition(is_old);
        for field in &changed {
            add_changed(object, field.path(), help(field.instead()), found);
        }
        if changed.is_empty() {
            match self.stored.filter(|_| cured.is_empty()) {
                Some(stored) => add_kept_form(object, stored, &new.object, &help(None), found),
                None => {
                    for finding in cured {
                        add_changed(object, finding.path(), help(None), found);
                    }
                }
            }
        }
        for field in &unknown {
            self.add_unknown(field, found);
        }
        for finding in &refused {
            self.add_refused(finding, found);
        }
        let is_known = |error: &ConversionRemark| {
            let path = error.path();
            unknown.iter().any(|field| field.path() == path)
                || refused.iter().any(|finding| finding.path() == path)
        };
        converted.add_refused(is_known, found);
    }

    /// An object that has one form in both releases.
    fn add_same_form(
        &self,
        unknown: &[UnknownField],
        refused: &[Finding],
        found: &mut UpgradeFindings,
    ) {
        for field in unknown {
            self.add_unknown(field, found);
        }
        for finding in refused {
            self.add_refused(finding, found);
        }
    }

    /// An object with settings that have another form in the release, and cannot be brought into it.
    fn add_formless(
        &self,
        error: &ConversionError,
        converted: &InNewForms<'_>,
        (unknown, refused): (&[UnknownField], &[Finding]),
        found: &mut UpgradeFindings,
    ) {
        let (release, channel) = (found.release, found.channel);
        let is_new = |problem: &ConversionProblem| {
            matches!(problem.kind(), ConversionProblemKind::Collision(_))
        };
        let is_told = |problem: &ConversionProblem| {
            let path = problem.path();
            if is_new(problem) {
                return false;
            }
            // That the release does not have a field is told of the field.
            let is_no_form = matches!(problem.kind(), ConversionProblemKind::NoForm { .. });
            is_no_form && unknown.iter().any(|field| field.path() == path)
                || refused.iter().any(|finding| finding.path() == path)
                || self
                    .before
                    .is_some_and(|before| !self.is_taken_before(path, before))
        };
        let problems = error.problems().iter();
        let problems: Vec<_> = problems.filter(|problem| !is_told(problem)).collect();
        for problem in &problems {
            found.add(
                Impact::Loses,
                "cannot-be-converted",
                self.object,
                problem.path(),
                match is_new(problem) {
                    true => format!(
                        "the form of the {channel} channel of {release} has the field, and the one in which the object is written \
                         never had it: conversion does not let it begin to work"
                    ),
                    false => format!(
                        "the {channel} channel of {release} has this in another form, which this object cannot be brought into: it is \
                         dropped or refused as it is"
                    ),
                },
                problem.kind().to_string(),
            );
        }
        // What conversion would cure, were it not for the problems, is no setting that is gone.
        let left = FieldsLeft::of(converted, found);
        let by_command = converted.by_command(found);
        let in_form = || format!("write it in the form of {release}: {by_command}");
        for field in unknown {
            let is_of = |problem: &&ConversionProblem| {
                let (path, field) = (problem.path(), field.path());
                is_within(path, field) || is_within(field, path)
            };
            if problems.iter().any(|it| !is_new(it) && is_of(it)) {
                continue;
            }
            let is_left = left.has_unknown(field.path());
            match field.instead() {
                Some(instead) if !is_left || !problems.is_empty() => {
                    let help = format!("{}: {by_command}", validation::use_instead(instead));
                    add_changed(self.object, field.path(), help, found);
                }
                None if !is_left => add_changed(self.object, field.path(), in_form(), found),
                _ => self.add_unknown(field, found),
            }
        }
        for finding in refused {
            let path = finding.path();
            let mut of_it = error.problems().iter().filter(|it| it.path() == path);
            match of_it.find(|it| !is_new(it)) {
                // What the release asks for is nothing that could be written before the upgrade.
                Some(problem) => self.add_refused_for(finding, &problem.kind().to_string(), found),
                None if left.has_refused(finding) => self.add_refused(finding, found),
                None if unknown.iter().any(|it| is_within(it.path(), path)) => {}
                None => add_changed(self.object, path, in_form(), found),
            }
        }
    }

    /// Whether what is installed serves the version that stores the object after the upgrade.
    fn is_in_version_before(&self) -> bool {
        let api_version = self
            .written
            .api_version
            .replace(self.written.version, self.wanted);
        let version = schema::find(&api_version, self.written.kind);
        version
            .zip(self.before)
            .is_some_and(|(version, before)| before::serves(version, before))
    }

    /// Whether what is installed has the field at a path and takes what is there, in the version that stores the object after
    /// the upgrade or in that in which it is written.
    fn is_taken_before(&self, path: &str, before: ReleaseChannel) -> bool {
        self.is_so_of_any(before, |verdict| verdict.takes(path))
    }

    /// Whether this is so of what is installed, for the object in either of these versions.
    fn is_so_of_any(&self, before: ReleaseChannel, is: impl Fn(&VerdictBefore) -> bool) -> bool {
        let written = || VerdictBefore::of(self.object, before, self.after);
        self.is_so_of_stored(before, &is) || is(self.written_before.get_or_init(written))
    }

    /// The same in the version that stores the object after the upgrade.
    fn is_so_of_stored(&self, before: ReleaseChannel, is: impl Fn(&VerdictBefore) -> bool) -> bool {
        self.stored.is_some_and(|stored| {
            let verdict = || VerdictBefore::of(stored, before, self.after);
            is(self.stored_before.get_or_init(verdict))
        })
    }

    /// A field that the release does not have.
    fn add_unknown(&self, field: &UnknownField, found: &mut UpgradeFindings) {
        let (release, channel) = (found.release, found.channel);
        if let Some((from, channel)) = self.before
            && !self.is_taken_before(field.path(), (from, channel))
        {
            // A field of another release is no mistake of the object.
            let finding = Finding::unknown_field(field, (release, found.channel));
            let help = help_of_unknown(field, &finding, self.object, found);
            found.add(
                Impact::Note,
                UNKNOWN_BEFORE,
                self.object,
                field.path(),
                match self.is_so_of_any((from, channel), |verdict| verdict.has(field.path())) {
                    true => format!("{release} does not have the field, and the {channel} channel of {from} refuses what is there"),
                    false => format!("{release} does not have the field, and neither does the {channel} channel of {from}"),
                },
                help,
            );
            return;
        }
        let finding = Finding::unknown_field(field, (release, channel));
        let came_later = field.when().is_some_and(|when| when.comes_after(release));
        let (rule, message) = if came_later {
            (
                LATER_FIELD,
                format!(
                    "the field came with a later release than {release}: it is dropped where {release} is installed, or gone once an older CRD is"
                ),
            )
        } else if field.is_experimental() {
            (
                "experimental-field",
                format!(
                    "the {channel} channel of {release} does not have the field: it is gone once the CRD is replaced"
                ),
            )
        } else if field.when().is_none() && field.is_known() {
            (
                "field-elsewhere",
                format!(
                    "release {release} does not have the field in this version or kind: it is dropped"
                ),
            )
        } else if field.is_known() {
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
        let later = field
            .when()
            .and_then(|when| when.since_after(release, channel));
        let help = match (field.is_experimental() && !came_later, later) {
            (true, Some(later)) => format!(
                "upgrade to the experimental channel, or to {later} or later, or do without the field"
            ),
            (true, None) => {
                "upgrade to the experimental channel, or do without the field".to_owned()
            }
            (false, _) if came_later => format!(
                "stay with the later release if it is installed, or do without the field ({})",
                finding.help().unwrap_or_default()
            ),
            (false, _) => help_of_unknown(field, &finding, self.object, found),
        };
        found.add(
            Impact::Loses,
            rule,
            self.object,
            field.path(),
            message,
            help,
        );
    }

    /// Help about the version that stores the object, with the releases that take it in its own.
    fn with_own_version(&self, help: &str) -> String {
        let version = self.written.version;
        if version == self.wanted || help.contains(&format!("allowed in `{version}`")) {
            return help.to_owned();
        }
        let allowed = || before::allowed_as_written(self.object);
        match self.allowed.get_or_init(allowed) {
            Some(allowed) => format!("{help}; {allowed}"),
            None => help.to_owned(),
        }
    }

    /// Something that the release refuses; and whether the one before did.
    fn add_refused(&self, finding: &Finding, found: &mut UpgradeFindings) {
        let help = finding.help().unwrap_or("correct the field");
        self.add_refused_for(finding, help, found);
    }

    /// The same, with what would be right.
    fn add_refused_for(&self, finding: &Finding, help: &str, found: &mut UpgradeFindings) {
        let (release, channel) = (found.release, found.channel);
        let before = self.before.map(|before| {
            let accepts = |verdict: &VerdictBefore| verdict.accepts(finding.path());
            (
                before,
                self.is_so_of_stored(before, accepts),
                self.is_so_of_any(before, accepts),
            )
        });
        let says = format!("{} ({})", finding.message(), finding.rule());
        let ratchets = match is_ratcheted(finding.rule()) {
            true => {
                "; an API server that ratchets validation (by default since Kubernetes 1.30) lets it pass while this part, and \
                 the list that it is in, stays as it is"
            }
            false => "",
        };
        let help = self.with_own_version(help);
        let (impact, rule, message) = match before {
            Some(((from, _), false, _)) if self.taken && self.is_in_version_before() => (
                Impact::Note,
                VERSION_REFUSES,
                format!(
                    "{says}: `{}` refuses the object in {release} as in {from}, and `{}` takes it",
                    self.wanted, self.written.version
                ),
            ),
            before if self.taken => (
                Impact::Breaks,
                if before.is_some() {
                    "tightened"
                } else {
                    "invalid"
                },
                format!(
                    "{says}: `{}`, in which the {channel} channel of {release} stores the object, refuses every change to it; \
                     `{}` still takes it{ratchets}",
                    self.wanted, self.written.version
                ),
            ),
            before => {
                let (impact, rule, before) = match before {
                    Some(((from, of), _, true)) => (
                        Impact::Breaks,
                        "tightened",
                        match of == channel {
                            true => format!(", which {from} accepts"),
                            false => format!(", which the {of} channel of {from} accepts"),
                        },
                    ),
                    Some(((from, _), _, false)) => {
                        (Impact::Note, "invalid", format!(", as {from} does"))
                    }
                    None => (Impact::Breaks, "invalid", String::new()),
                };
                (
                    impact,
                    rule,
                    format!(
                        "{says}: the {channel} channel of {release} refuses every change to the object{before}{ratchets}"
                    ),
                )
            }
        };
        found.add(impact, rule, self.object, finding.path(), message, help);
    }

    /// An object that has no form in the version that stores it, in both releases, and that the version in which it is written
    /// takes.
    fn add_refused_in_version(&self, error: &ConversionError, found: &mut UpgradeFindings) {
        let release = found.release;
        for problem in error.problems() {
            found.add(
                Impact::Note,
                VERSION_REFUSES,
                self.object,
                problem.path(),
                format!(
                    "the object has no form in `{}`, in {release} as before, and `{}` takes it",
                    self.wanted, self.written.version
                ),
                problem.kind().to_string(),
            );
        }
    }
}

/// The help about a field that a release does not have. Of one that no known release has nobody can say more while another one is
/// installed, except which field may be meant.
fn help_of_unknown(
    field: &UnknownField,
    finding: &Finding,
    object: &Value,
    found: &UpgradeFindings,
) -> String {
    let help = finding.help().unwrap_or("remove the field");
    let unknown = found.help_of_unknown_release(text(object, "/kind"), "field");
    let is_near =
        field.nearest().is_some() || field.near_elsewhere().is_some() || !field.homes().is_empty();
    match unknown.filter(|_| !field.is_known()) {
        Some(unknown) if is_near => format!("{unknown}; if they do not: {help}"),
        Some(unknown) => unknown,
        None => help.to_owned(),
    }
}

/// What a release still has against an object that conversion has brought into its forms as far as it could.
struct FieldsLeft {
    unknown: BTreeSet<String>,
    refused: BTreeSet<(String, &'static str)>,
    is_known: bool,
}

impl FieldsLeft {
    fn of(converted: &InNewForms<'_>, found: &UpgradeFindings) -> Self {
        let (release, channel) = (found.release, found.channel);
        let options = ValidationOptions::of(release, channel);
        let report = converted
            .part()
            .map(|part| validation::validate_value(part, &options));
        let errors = || report.iter().flat_map(validation::Report::errors);
        let is_unknown = |finding: &&Finding| finding.rule() == UNKNOWN_FIELD;
        let path = |finding: &Finding| finding.path().to_owned();
        Self {
            unknown: errors().filter(is_unknown).map(path).collect(),
            refused: errors().map(|it| (path(it), it.rule())).collect(),
            is_known: report.is_some(),
        }
    }

    /// Whether the release does not have the field at a path of the object as it was, and conversion leaves it there.
    fn has_unknown(&self, path: &str) -> bool {
        !self.is_known || self.unknown.contains(path)
    }

    /// Whether the release refuses the same in what conversion makes of the object.
    fn has_refused(&self, finding: &Finding) -> bool {
        let known = (finding.path().to_owned(), finding.rule());
        !self.is_known || self.refused.contains(&known)
    }
}

/// Whether an API server with CRD validation ratcheting (KEP-4008; on by default since Kubernetes 1.30) takes an update of an
/// object that leaves alone what breaks a rule: of all that it judges, except which fields there have to be, what a list may
/// hold twice, and alternatives of a schema. Rules that compare with the object before are not among those that are asked here.
fn is_ratcheted(rule: &str) -> bool {
    let always = ["schema/required", "schema/duplicate", "schema/one-of"];
    !always.contains(&rule)
}

/// The rule of a field that came with a later release.
pub(super) const LATER_FIELD: &str = "later-release-field";

/// The rule of what one version of a kind refuses before and after the upgrade, while the one in which the object is written
/// takes it.
const VERSION_REFUSES: &str = "version-refuses";

/// The rule of a field that is unknown before and after the upgrade.
const UNKNOWN_BEFORE: &str = "unknown-before";

/// A setting of which the release has another form, and which it takes as it is. References that lead to another kind now are
/// none: those have findings of their own.
fn add_kept_form(
    object: &Value,
    stored: &Value,
    new: &Value,
    help: &str,
    found: &mut UpgradeFindings,
) {
    let (release, channel) = (found.release, found.channel);
    let mut old = stored.clone();
    reference::follow(&mut old, (release, channel));
    let mut paths = BTreeSet::new();
    differing(&old, new, &mut String::new(), &mut paths);
    if let Some(path) = paths.into_iter().next() {
        found.add(
            Impact::Note,
            "form-preferred",
            object,
            path,
            format!("the {channel} channel of {release} has another form for this, and takes this one as well"),
            help,
        );
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
