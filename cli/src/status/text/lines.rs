//! The lines of objects: what there is to look at, and what would help.

use crate::{
    given::place,
    output::{Line, Page, Style, Tone},
    statused::{Hint, Remarks, Warning},
};
use gwapi::{
    attachment::{Omitted, Resolver},
    meta::ObjectRef,
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
}
