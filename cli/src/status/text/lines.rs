//! The lines of objects: what there is to look at, and what would help.

use super::super::words::{is_good, is_negative};
use crate::{
    given::place,
    output::{Line, Page, Style, Tone},
    statused::{Hint, Remarks, Warning},
};
use gwapi::{
    attachment::{MAX_CONDITIONS, Omitted, Resolver, StatusPart},
    meta::{Condition, ObjectRef, condition},
};

/// The lines so far, and what of them there is to look at.
pub(super) struct Lines<'a> {
    pub(super) resolver: &'a Resolver,
    pub(super) page: Page,
    /// What is said beside the conditions, from which the lines about it are made.
    pub(super) remarks: Remarks,
    /// What of the wanted status of the object at hand is not written, for want of room.
    pub(super) omitted: Vec<Omitted>,
    /// How many things there are to look at, of the object at hand and those before it.
    pub(super) bad: usize,
}

impl<'a> Lines<'a> {
    pub(super) fn new(resolver: &'a Resolver, style: Style) -> Self {
        Self {
            resolver,
            page: Page::new(style),
            remarks: Remarks::default(),
            omitted: Vec::new(),
            bad: 0,
        }
    }

    /// The line of an object.
    pub(super) fn head(&mut self, object: &ObjectRef, more: Line) {
        let line = Line::of(Tone::Strong, object);
        self.page.line(0, &line.join(more));
    }

    /// Warns of something that no condition says, with its place where the message does not say that. What has been said of the
    /// object already is not said again.
    pub(super) fn warn(&mut self, warning: Warning, with_place: bool) {
        let before = self.remarks.warnings.iter().rev();
        let mut of_object = before.take_while(|before| before.object == warning.object);
        if of_object.any(|before| *before == warning) {
            return;
        }
        let line = Line::of(Tone::Warn, "warning").and(": ");
        let at = place(self.resolver.snapshot(), &warning.object, &warning.path);
        let line = match with_place && !at.is_empty() {
            true => line.and(at).and(": "),
            false => line,
        };
        self.page.line(2, &line.and(&warning.message));
        if let Some(help) = &warning.help {
            self.page.line(4, &Line::plain("help: ").and(help));
        }
        self.bad += 1;
        self.remarks.warnings.push(warning);
    }

    /// Says in a line of its own what is wrong and no condition says.
    pub(super) fn fault(&mut self, indent: usize, object: &ObjectRef, path: &str, line: &Line) {
        self.page.line(indent, line);
        self.bad += 1;
        let warning = Warning::new(object, path, line.to_string());
        self.remarks.warnings.push(warning);
    }

    /// Says what would be right, where a condition says what is wrong.
    pub(super) fn hint(&mut self, help: Hint) {
        let line = Line::plain("help: ").and(&help.message);
        self.page.line(2, &line);
        self.remarks.help.push(help);
    }

    /// Which conditions of a part of the status are not written, since those of others leave no room for them.
    pub(super) fn unwritten(&self, part: &StatusPart) -> Unwritten {
        let mut unwritten = Unwritten::default();
        for omitted in &self.omitted {
            match (omitted, part) {
                (Omitted::Entry(entry), StatusPart::Entry(asked)) => {
                    unwritten.entry |= entry == asked
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
    pub(super) entry: bool,
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
