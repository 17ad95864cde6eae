//! What became of all documents, and what is said of it.

use crate::{
    input::beyond,
    output::{Line, Page, Style, Tone, say},
};
use gwapi::{conversion::Migrated, meta::ObjectRef};

/// What became of all documents.
#[derive(Debug, Default)]
pub(super) struct Total {
    /// How much of a kind is named.
    pub(super) most: usize,
    pub(super) objects: usize,
    pub(super) converted: usize,
    /// How many objects could not be converted.
    pub(super) errors: usize,
    /// Objects with owner references, the first of them.
    pub(super) owned: Vec<ObjectRef>,
    pub(super) owned_more: usize,
    /// Documents that were written anew, the first of them, each as `file:line`.
    pub(super) anew: Vec<String>,
    pub(super) anew_more: usize,
    /// Comments that have no place any more, the first of them, each with its `file:line`.
    pub(super) left_out: Vec<(String, String)>,
    pub(super) left_out_more: usize,
}

impl Total {
    pub(super) fn new(most: usize) -> Self {
        Self {
            most,
            ..Self::default()
        }
    }

    pub(super) fn add(&mut self, done: &mut Migrated) {
        self.join(Self {
            objects: done.objects,
            converted: done.converted,
            errors: done.errors.len(),
            owned: std::mem::take(&mut done.owned),
            ..Self::new(self.most)
        });
    }

    pub(super) fn join(&mut self, other: Self) {
        self.objects += other.objects;
        self.converted += other.converted;
        self.errors += other.errors;
        let room = self.most.saturating_sub(self.owned.len());
        self.owned_more += other.owned_more + other.owned.len().saturating_sub(room);
        self.owned.extend(other.owned.into_iter().take(room));
    }

    /// Notes a document that was written anew.
    pub(super) fn add_anew(&mut self, file: &str, line: usize) {
        if self.anew.len() < self.most {
            self.anew.push(format!("{file}:{line}"));
        } else {
            self.anew_more += 1;
        }
    }

    /// Notes a comment that has no place any more.
    pub(super) fn add_left_out(&mut self, file: &str, line: usize, comment: String) {
        if self.left_out.len() < self.most {
            self.left_out.push((format!("{file}:{line}"), comment));
        } else {
            self.left_out_more += 1;
        }
    }
}

/// Says on stderr what was done.
pub(super) fn report(total: &Total) {
    let mut page = Page::new(Style::stderr());
    for owned in &total.owned {
        let line = Line::of(Tone::Warn, "warning:")
            .and(" ")
            .with(Tone::Strong, owned);
        page.line(
            0,
            &line.and(
                ": `metadata.ownerReferences` name owners by uid; where an owner is created anew too, correct them first",
            ),
        );
    }
    if total.owned_more > 0 {
        let line = beyond(total.owned_more, " with owner references");
        page.line(0, &Line::plain(line));
    }
    for place in &total.anew {
        let line = Line::of(Tone::Warn, "warning:")
            .and(" ")
            .with(Tone::Strong, place);
        page.line(
            0,
            &line.and(": the document cannot be edited where it stands and is written anew: comments inside it are lost"),
        );
    }
    if total.anew_more > 0 {
        let line = beyond(total.anew_more, " that are written anew");
        page.line(0, &Line::plain(line));
    }
    for (place, comment) in &total.left_out {
        let line = Line::of(Tone::Warn, "warning:")
            .and(" ")
            .with(Tone::Strong, place);
        page.line(
            0,
            &line.and(format_args!(
                ": the comment `{comment}` has no place in the new form and is left out"
            )),
        );
    }
    if total.left_out_more > 0 {
        let line = beyond(total.left_out_more, " comments that are left out");
        page.line(0, &Line::plain(line));
    }
    let objects = if total.objects == 1 {
        "object"
    } else {
        "objects"
    };
    let mut text = format!(
        "converted {} of {} {objects} of the Gateway API",
        total.converted, total.objects
    );
    if total.errors > 0 {
        text += &format!(
            "; {} could not be converted and stay as they were",
            total.errors
        );
    }
    page.line(0, &Line::of(Tone::Faint, text));
    say(page);
}
