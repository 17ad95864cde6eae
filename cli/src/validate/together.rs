//! What is wrong with objects that each by itself is right: all of them are judged together.

use super::{
    apart::{Identity, Located, apart},
    around::{Around, left_out},
    worlds::{Family, Worlds},
};
use crate::{
    input::{Entry, Input, Kept, Named, Problem, Severity, numbered, origin},
    output::count,
};
use gwapi::{
    lint::{LintOptions, Member, judge_together, near::Met},
    rules,
    validation::{Finding, Report, ValidationOptions},
};
use std::collections::{BTreeMap, BTreeSet};

/// An object that is judged together with the others.
pub(super) struct Taking {
    pub(super) member: Member,
    pub(super) identity: Identity,
}

/// All objects that are judged together.
pub(super) struct Together {
    /// Of each its file, and its number there.
    places: Vec<(usize, usize)>,
    members: Vec<Member>,
    worlds: Worlds,
}

impl Together {
    /// Those that cannot all be in the namespace of objects that name none are in one that stands for theirs.
    pub(super) fn of(
        input: &Input,
        kept: Vec<Kept<Option<Box<Taking>>>>,
        options: &ValidationOptions,
        around: &mut Around,
    ) -> Self {
        let kept = kept
            .into_iter()
            .filter_map(|kept| Some(((kept.source, kept.ordinal), *kept.what?)));
        let (places, taking): (Vec<_>, Vec<_>) = kept.unzip();
        let located = places.iter().zip(&taking).enumerate();
        let located: Vec<_> = located
            .map(|(index, ((source, _), one))| {
                Located::new(input.source(*source), index, one.identity)
            })
            .collect();
        let worlds = Worlds::of(&located);
        let groups = apart(&located);
        let members = taking.into_iter().map(|one| one.member);
        let mut together = Self {
            places,
            members: members.collect(),
            worlds,
        };
        let mut elsewhere = BTreeMap::new();
        for (number, group) in groups.into_iter().enumerate() {
            let stand_in = numbered(number);
            elsewhere.extend(group.into_iter().map(|index| (index, stand_in.clone())));
            around.set_apart(stand_in);
        }
        together.put(elsewhere, input, options);
        together
    }

    /// Puts objects that name no namespace into these. Each file is read once, however many namespaces its objects get.
    fn put(
        &mut self,
        namespaces: BTreeMap<usize, String>,
        input: &Input,
        options: &ValidationOptions,
    ) {
        let mut by_file: BTreeMap<usize, BTreeMap<usize, (usize, String)>> = BTreeMap::new();
        for (index, namespace) in namespaces {
            if let Some((source, ordinal)) = self.places.get(index) {
                let of_file = by_file.entry(*source).or_default();
                of_file.insert(*ordinal, (index, namespace));
            }
        }
        for (source, wanted) in by_file {
            input.again(source, wanted, |entry, (index, namespace)| {
                if let Some(member) = self.members.get_mut(index) {
                    *member = Member::judge(&entry.in_namespace(&namespace), options).0;
                }
            });
        }
    }

    /// Judges all objects together. What there is to say of one is shown where it stands, for which its file is read again.
    /// Returns the bounds that were met.
    pub(super) fn judge(
        self,
        input: &Input,
        (options, looking): (&ValidationOptions, LintOptions),
        (around, present): (&Around, &BTreeSet<String>),
        found: &mut dyn FnMut(Problem),
    ) -> Vec<Met> {
        let Self {
            places,
            members,
            worlds,
        } = self;
        // They stand in no file, and nothing is said of them.
        let absent = around.referred.absent(present);
        let absent = absent.iter().map(|object| Member::judge(object, options).0);
        let count = members.len();
        let all: Vec<Member> = members.into_iter().chain(absent).collect();
        let judged = worlds.judge(all, count, |members| {
            judge_together(members, options, looking)
        });
        let mut by_file: BTreeMap<usize, BTreeMap<usize, Report>> = BTreeMap::new();
        for (index, report) in judged.reports {
            if let Some((source, ordinal)) = places.get(index) {
                by_file.entry(*source).or_default().insert(*ordinal, report);
            }
        }
        for (source, reports) in by_file {
            let file = input.source(source);
            let gone = input.again(source, reports, |entry, report| {
                for finding in report.findings() {
                    if !around.leaves_open(entry, finding, present) {
                        found(Problem {
                            left_out: left_out(entry, finding),
                            ..problem(file, Some(entry), finding)
                        });
                    }
                }
            });
            for finding in gone.values().flat_map(Report::findings) {
                found(problem(file, None, finding));
            }
        }
        let mut by_file: BTreeMap<usize, BTreeMap<usize, Vec<&Family>>> = BTreeMap::new();
        for family in &worlds.families {
            if let Some((source, ordinal)) = places.get(family.first) {
                let of_file = by_file.entry(*source).or_default();
                of_file.entry(*ordinal).or_default().push(family);
            }
        }
        for (source, families) in by_file {
            let file = input.source(source);
            input.again(source, families, |entry, families| {
                for family in families {
                    found(given_in(file, entry, family));
                }
            });
        }
        judged.met
    }
}

/// That folders give an object differently.
fn given_in(file: &str, entry: &Entry, family: &Family) -> Problem {
    let folders = family.folders.iter().map(|folder| format!("`{folder}`"));
    let folders = folders.collect::<Vec<_>>().join(", ");
    let more = match family.more {
        0 => String::new(),
        more => format!(", and {} like it", count(more, "more object")),
    };
    let message = format!(
        "the folders {folders} give the object with different content{more}: each counts as being for a cluster of its own"
    );
    let (id, position) = (rules::set::GIVEN_ONCE.id, entry.place.position);
    Problem {
        severity: Severity::Warning,
        help: Some(
            "validate each folder by itself, with what it stands on; or keep only one of the objects".to_owned(),
        ),
        ..Problem::of_entry(file, entry, position, id, "", message)
    }
}

/// A finding on an object; its place is not known where the object is no longer there.
pub(super) fn problem(file: &str, entry: Option<&Entry>, finding: &Finding) -> Problem {
    let path = finding.path();
    // Of a field that should not be there, the key is to blame.
    let is_key = finding.rule() == "schema/unknown-field";
    let position = entry.map(|entry| {
        let key = is_key.then(|| entry.positions.key(path)).flatten();
        key.unwrap_or_else(|| entry.position(path))
    });
    Problem {
        severity: match finding.severity() {
            rules::Severity::Error => Severity::Error,
            rules::Severity::Warning => Severity::Warning,
        },
        help: finding.help().map(str::to_owned),
        file: file.to_owned(),
        line: position.map_or(0, |position| position.line),
        column: position.map_or(0, |position| position.column),
        object: entry.map(|entry| Named::of(entry)).unwrap_or_default(),
        rule: finding.rule().to_owned(),
        path: path.to_owned(),
        message: finding.message().to_owned(),
        origin: entry.and_then(|entry| origin(entry)),
        begins: entry.map_or(0, |entry| entry.place.position.line),
        left_out: None,
    }
}
