//! Since when, and until when, what a release refuses is allowed: told by judging the object by the other releases.
//!
//! Asked of objects alone with something wrong in a place that differs from release to release.

use super::{
    Finding, plan,
    report::Findings,
    structure::{self, Fields},
};
use crate::{
    meta::{Channel, PatternLimits, Release, When},
    schema::{self, Installation, KindVersion, Path},
};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What is judged, and how.
#[derive(Clone, Copy)]
pub(super) struct Case<'a> {
    pub(super) object: &'a Value,
    pub(super) old: Option<&'a Value>,
    pub(super) kind: &'static KindVersion,
    pub(super) installation: &'static Installation,
    /// Whether the installation declares all fields of the object.
    pub(super) fields: Fields,
    pub(super) with_status: bool,
    pub(super) patterns: &'a PatternLimits,
}

/// Adds to each finding of a place that differs from release to release where what is written there is allowed, if it is
/// anywhere: in the other releases of the object's version, or else in other versions of its kind and in the kind that has replaced
/// it or that it has replaced.
pub(super) fn name(findings: &mut Findings, case: Case<'_>) {
    #[cfg(test)]
    JUDGED_BY_ALL.add(1);
    let mut here = Errors::of(findings.kept().iter());
    if case.fields == Fields::Unknown {
        here.add_unknown(case.object, case.kind, case.installation);
    }
    let elsewhere = known_elsewhere(case, &here);
    let mut left = findings.take_varied();
    for kind in std::iter::once(case.kind).chain(schema::relatives(case.kind)) {
        if left.is_empty() {
            return;
        }
        let verdicts = verdicts(kind, case, &here, &elsewhere);
        left.retain(|index| {
            let Some(finding) = findings.get_mut(*index) else {
                return false;
            };
            let when = When::of(|release, channel| {
                let verdict = verdicts.get(&(release.crds(), channel));
                verdict.is_some_and(|verdict| verdict.allows(finding))
            });
            if !when.is_nowhere() {
                finding.add_help(&words(when, kind, case.kind));
            }
            when.is_nowhere()
        });
    }
}

fn words(when: When, kind: &KindVersion, own: &KindVersion) -> String {
    let when = when.in_words();
    match kind.kind == own.kind {
        _ if std::ptr::eq(kind, own) => format!("what is written is allowed {when}"),
        true => format!("what is written is allowed in `{}` {when}", kind.version),
        false => format!("what is written is allowed in {} {when}", kind.kind),
    }
}

const UNKNOWN_FIELD: &str = "schema/unknown-field";
/// Stands for errors of which nobody knows where they are.
const UNSEEN: &str = "object/too-many-findings";

/// The errors of one object: the rules that are broken at each path.
#[derive(Default)]
struct Errors(BTreeMap<String, BTreeSet<&'static str>>);

impl Errors {
    fn of<'f>(findings: impl Iterator<Item = &'f Finding>) -> Self {
        let mut errors = Self::default();
        for finding in findings {
            errors.add(finding.path(), finding.rule());
        }
        errors
    }

    fn add(&mut self, path: &str, rule: &'static str) {
        match self.0.get_mut(path) {
            Some(rules) => drop(rules.insert(rule)),
            None => drop(self.0.insert(path.to_owned(), BTreeSet::from([rule]))),
        }
    }

    fn add_unknown(
        &mut self,
        object: &Value,
        kind: &'static KindVersion,
        installation: &'static Installation,
    ) {
        for path in schema::unknown_paths(object, kind, installation) {
            self.add(&path, UNKNOWN_FIELD);
        }
    }

    /// Where a rule is broken.
    fn paths(&self, rule: &'static str) -> impl Iterator<Item = &str> {
        let broken = self.0.iter().filter(move |(_, rules)| rules.contains(rule));
        broken.map(|(path, _)| path.as_str())
    }

    fn has(&self, path: &str, rule: &str) -> bool {
        self.0.get(path).is_some_and(|rules| rules.contains(rule))
    }
}

/// What another release makes of the object.
struct OtherRelease {
    errors: Errors,
    /// The paths of errors that the release in question does not have, with those of fields that neither has and a third one has;
    /// and whether nothing below is looked at for them.
    new: BTreeMap<String, bool>,
}

impl OtherRelease {
    /// Whether what a finding is about is allowed: neither refused for the same nor for anything else that is refused here alone.
    fn allows(&self, finding: &Finding) -> bool {
        let path = finding.path();
        // What a schema asks of a value concerns nothing around it, a rule or the absence of a field may.
        let concerns_value =
            finding.rule().starts_with("schema/") && finding.rule() != "schema/required";
        let mut above = path
            .char_indices()
            .filter(|(_, c)| matches!(c, '.' | '['))
            .filter_map(|(end, _)| path.get(..end))
            .chain([""]);
        let mut below = ['.', '['].into_iter().map(|next| format!("{path}{next}"));
        !self.errors.has(path, finding.rule())
            && !self.new.contains_key(path)
            && !above.any(|above| {
                let new = self.new.get(above);
                new.is_some_and(|is_unseen| *is_unseen || !concerns_value)
            })
            && !below.any(|below| {
                let mut from = self.new.range(below.clone()..);
                from.next().is_some_and(|(new, _)| new.starts_with(&below))
            })
    }
}

/// The fields that are unknown here and that some release has, in the version of the object or in one that is related to it: whoever
/// lacks them does not allow what they are a part of.
fn known_elsewhere(case: Case<'_>, here: &Errors) -> BTreeSet<String> {
    let mut left: BTreeSet<&str> = here.paths(UNKNOWN_FIELD).collect();
    let mut known = BTreeSet::new();
    for kind in std::iter::once(case.kind).chain(schema::relatives(case.kind)) {
        if left.is_empty() {
            break;
        }
        let never = schema::fields_never_there(case.object, kind);
        let never: BTreeSet<&str> = never.iter().map(schema::UnknownField::path).collect();
        let is_found = |path: &&str| !never.contains(path);
        known.extend(left.iter().copied().filter(is_found).map(str::to_owned));
        left.retain(|path| !is_found(path));
    }
    known
}

/// What each release and channel that serves a version makes of an object, in their order.
fn verdicts(
    kind: &'static KindVersion,
    case: Case<'_>,
    here: &Errors,
    elsewhere: &BTreeSet<String>,
) -> BTreeMap<(Release, Channel), OtherRelease> {
    let installations = kind.installations().iter().filter(|it| it.served);
    let is_new = |path: &str, rule: &str| {
        !here.has(path, rule) || rule == UNKNOWN_FIELD && elsewhere.contains(path)
    };
    let hides = |rules: &BTreeSet<&str>| {
        let hiding = ["schema/type", UNKNOWN_FIELD, UNSEEN];
        rules.iter().any(|rule| hiding.contains(rule))
    };
    let news = |errors: &Errors| {
        let new = errors.0.iter().filter(|(path, rules)| {
            let mut rules = rules.iter();
            rules.any(|rule| is_new(path, rule))
        });
        new.map(|(path, rules)| (path.clone(), hides(rules)))
            .collect()
    };
    installations
        .map(|installation| {
            let errors = errors(kind, installation, case);
            let new = news(&errors);
            let place = (installation.release, installation.channel);
            (place, OtherRelease { errors, new })
        })
        .collect()
}

fn errors(
    kind: &'static KindVersion,
    installation: &'static Installation,
    case: Case<'_>,
) -> Errors {
    let mut findings = Findings::default();
    let mut fields = Fields::Declared;
    let with_status = case.with_status || !installation.status_subresource;
    if let Some(plan) = plan::of(installation, with_status) {
        fields = structure::check(
            case.object,
            case.old,
            plan,
            &Path::ROOT,
            case.patterns,
            &mut findings,
        );
    }
    let full = findings.is_full();
    let mut errors = Errors::of(findings.kept().iter());
    if fields == Fields::Unknown {
        errors.add_unknown(case.object, kind, installation);
    }
    if full {
        // There is more, and nobody knows where.
        errors.add("", UNSEEN);
    }
    errors
}

#[cfg(test)]
crate::counter::counter!(
    /// How many objects are judged by all releases.
    pub(crate) JUDGED_BY_ALL
);
