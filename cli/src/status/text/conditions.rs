//! Conditions for people, and those that are not written, since others leave no room for them.

use super::{
    super::words::{describe, some},
    lines::Lines,
};
use crate::output::{Line, Tone};
use gwapi::{
    attachment::{MAX_CONDITIONS, MAX_PARENTS, Omitted, Status, StatusPart},
    meta::{
        Condition, ObjectRef,
        condition::{self, is_good, is_negative},
    },
    v1alpha2::MAX_ANCESTORS,
};

impl Lines<'_> {
    /// The entries of the status that are not written, since those of other controllers leave no room for them.
    pub(super) fn without_room(&mut self, object: &ObjectRef, wanted: &Status) {
        let missing: Vec<String> = self
            .omitted
            .iter()
            .filter_map(|omitted| match omitted {
                Omitted::Entry(parent) => Some(describe(parent, &object.namespace)),
                _ => None,
            })
            .collect();
        if missing.is_empty() {
            return;
        }
        let most = match wanted {
            Status::Policy(_) => MAX_ANCESTORS,
            _ => MAX_PARENTS,
        };
        let line = Line::of(Tone::Bad, "not written").and(format_args!(
            ": a status has room for {most} entries, and those of other controllers stay; no entry for {}",
            some(&missing, ", ")
        ));
        self.fault(2, object, "status", &line);
    }

    /// Which conditions of a part of the status are not written, since those of others leave no room for them.
    pub(super) fn unwritten(&self, part: &StatusPart) -> Unwritten {
        let mut unwritten = Unwritten::default();
        for omitted in &self.omitted {
            match (omitted, part) {
                (Omitted::Entry(entry), StatusPart::Entry(asked)) => {
                    unwritten.entry |= entry == asked;
                }
                (Omitted::Conditions { at, types }, _) if at == part => {
                    unwritten.types.extend(types.iter().cloned());
                }
                _ => {}
            }
        }
        unwritten
    }

    /// The good conditions in one line; the others with their message, those of one cause together; and those that are not
    /// written, since the conditions of others leave no room.
    pub(super) fn conditions(
        &mut self,
        indent: usize,
        (object, part): (&ObjectRef, &StatusPart),
        conditions: &[Condition],
        message: impl Fn(&Condition) -> String,
    ) {
        let unwritten = self.unwritten(part);
        let (missing, written): (Vec<_>, Vec<_>) =
            conditions.iter().partition(|one| unwritten.has(&one.type_));
        let mut good = Line::default();
        let mut bad: Vec<(Line, String)> = Vec::new();
        for condition in written {
            let what = in_words(condition);
            if is_good(condition) {
                good = good.list(Tone::Faint, what);
                continue;
            }
            let tone = match condition.status.as_str() {
                "Unknown" => Tone::Warn,
                "True" if !is_negative(&condition.type_) => Tone::Warn,
                _ => Tone::Bad,
            };
            let text = message(condition);
            // What is programmed follows from what is accepted: its cause has been told.
            let follows = condition.reason == condition::listener::reason::INVALID
                && condition.type_ == condition::listener::PROGRAMMED
                && !bad.is_empty();
            let same = bad.iter().position(|(_, said)| said.contains(&text));
            match bad.get_mut(same.unwrap_or(if follows { 0 } else { usize::MAX })) {
                Some((line, _)) => *line = std::mem::take(line).list(tone, what),
                None => bad.push((Line::of(tone, what), text)),
            }
        }
        self.bad += bad.len();
        if good != Line::default() {
            self.page.line(indent, &good);
        }
        for (line, text) in bad {
            let line = if text.is_empty() {
                line
            } else {
                line.and(": ").and(text)
            };
            self.page.line(indent, &line);
        }
        if missing.is_empty() {
            return;
        }
        let missing: Vec<String> = missing
            .into_iter()
            .map(|condition| match is_good(condition) {
                true => in_words(condition),
                false => format!("{}: {}", in_words(condition), message(condition)),
            })
            .collect();
        let line = Line::of(Tone::Bad, "not written").and(": ");
        let missing = missing.join("; ");
        if unwritten.entry {
            // Why is told of all entries together.
            self.page.line(indent, &line.and(missing));
        } else {
            let line = line.and(format_args!(
                "{missing}; a list has room for {MAX_CONDITIONS} conditions, and those of others stay"
            ));
            self.fault(indent, object, "status", &line);
        }
    }
}

/// What of a part of a status is not written.
#[derive(Default)]
pub(super) struct Unwritten {
    /// The whole entry.
    entry: bool,
    /// Conditions of these types.
    pub(super) types: Vec<String>,
}

impl Unwritten {
    fn has(&self, kind: &str) -> bool {
        self.entry || self.types.iter().any(|one| one == kind)
    }
}

/// A condition without its message: `Accepted True (Accepted)`.
fn in_words(condition: &Condition) -> String {
    format!(
        "{} {} ({})",
        condition.type_, condition.status, condition.reason
    )
}
