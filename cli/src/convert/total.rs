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
    /// Comments that have no place any more.
    pub(super) left_out: Comments,
    /// Comments that stand where they were though the fields are gone that they are about.
    pub(super) left_behind: Comments,
}

/// Comments, the first of them, each with its `file:line`; and how many more there are.
#[derive(Debug, Default)]
pub(super) struct Comments {
    first: Vec<(String, String)>,
    more: usize,
}

impl Comments {
    /// Notes a comment, if no more than `most` are noted then.
    pub(super) fn add(&mut self, most: usize, file: &str, line: usize, comment: String) {
        if self.first.len() < most {
            self.first.push((format!("{file}:{line}"), comment));
        } else {
            self.more += 1;
        }
    }

    /// Names them, with what became of them.
    fn report(&self, page: &mut Page, fate: &str, in_short: &str) {
        for (place, comment) in &self.first {
            let line = Line::of(Tone::Warn, "warning:")
                .and(" ")
                .with(Tone::Strong, place);
            page.line(
                0,
                &line.and(format_args!(": the comment `{comment}` {fate}")),
            );
        }
        if self.more > 0 {
            let line = beyond(self.more, &format!(" comments that {in_short}"));
            page.line(0, &Line::plain(line));
        }
    }
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
    total.left_out.report(
        &mut page,
        "has no place in the new form and is left out",
        "are left out",
    );
    total.left_behind.report(
        &mut page,
        "stays where it stood, and the field that it is about is gone",
        "stay where they stood",
    );
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
