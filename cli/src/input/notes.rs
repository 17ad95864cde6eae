//! What comments of a file say to this command: `# gwapi: allow RULE, because …`, and the `# Source: …` of rendered charts.

use super::problem::{Problem, is_rule};
use gwapi::manifest::is_separator;
use std::{
    cell::Cell,
    collections::BTreeMap,
    io::{BufRead, BufReader, Read},
};

/// How a comment begins that allows a rule to be broken.
const ALLOW: &str = "gwapi: allow ";
/// How a comment begins that says from which file what follows was rendered.
const SOURCE: &str = "Source: ";

/// Notices in a text that goes by whether it has a comment for us, so that the comments of most files need not be looked for.
pub(super) struct Noticing<'n, R> {
    from: R,
    noticed: &'n Cell<bool>,
    /// The end of what went by before.
    before: Vec<u8>,
}

impl<'n, R> Noticing<'n, R> {
    pub(super) fn new(from: R, noticed: &'n Cell<bool>) -> Self {
        Self {
            from,
            noticed,
            before: Vec::new(),
        }
    }
}

impl<R: Read> Read for Noticing<'_, R> {
    fn read(&mut self, room: &mut [u8]) -> std::io::Result<usize> {
        let read = self.from.read(room)?;
        if !self.noticed.get() {
            let new = room.get(..read).unwrap_or_default();
            let words = [ALLOW.as_bytes(), SOURCE.as_bytes()];
            let longest = ALLOW.len() - 1;
            self.before.extend(new.iter().take(longest));
            let has = |text: &[u8]| {
                let mut words = words.iter();
                words.any(|word| memchr::memmem::find(text, word).is_some())
            };
            let found = has(&self.before) || has(new);
            self.noticed.set(found);
            let kept = new.len().saturating_sub(longest);
            if new.len() >= longest {
                self.before = new.get(kept..).unwrap_or_default().to_vec();
            } else {
                let cut = self.before.len().saturating_sub(longest);
                self.before.drain(..cut);
            }
        }
        Ok(read)
    }
}

/// A rule that may be broken at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Allowed {
    /// The line of the comment.
    pub(crate) line: usize,
    /// The rule.
    pub(crate) rule: String,
    /// The first line for which it counts, and the last.
    lines: (usize, usize),
    /// Whether something was allowed by it.
    pub(crate) is_used: bool,
}

/// The comments of a file that are for us.
#[derive(Clone, Debug, Default)]
pub(crate) struct Notes {
    pub(crate) allowed: Vec<Allowed>,
    /// Where parts of the file come from, by the line from which on they do.
    origins: BTreeMap<usize, String>,
}

impl Notes {
    /// Looks for the comments of a file.
    pub(super) fn of(from: impl Read) -> Self {
        let mut notes = Self::default();
        // Those for the line that comes next, and where those are that count for the present document.
        let mut waiting: Vec<Allowed> = Vec::new();
        let mut of_document: Vec<usize> = Vec::new();
        let mut begins = true;
        let mut number = 0;
        for line in BufReader::new(from).split(b'\n') {
            let Ok(line) = line else { break };
            number += 1;
            let line = String::from_utf8_lossy(&line);
            if is_separator(line.as_bytes()) {
                begins = true;
                for index in of_document.drain(..) {
                    if let Some(allowed) = notes.allowed.get_mut(index) {
                        allowed.lines.1 = number - 1;
                    }
                }
                continue;
            }
            let is_alone = line.trim_start().starts_with('#');
            let comment = match is_alone {
                true => line.trim_start().get(1..),
                false => line.rsplit_once(" #").map(|(_, comment)| comment),
            };
            let comment = comment.map(str::trim_start).unwrap_or_default();
            if is_alone && let Some(path) = comment.strip_prefix(SOURCE) {
                notes.origins.insert(number, path.trim().to_owned());
            }
            if let Some(allowed) = comment.strip_prefix(ALLOW) {
                // What follows is for people.
                let rules = allowed.split(" because ").next().unwrap_or(allowed);
                let rules = rules.split([',', ' ']).filter(|rule| !rule.is_empty());
                waiting.extend(rules.map(|rule| Allowed {
                    line: number,
                    rule: rule.to_owned(),
                    lines: (1, 0),
                    is_used: false,
                }));
            }
            if !is_alone && !line.trim().is_empty() {
                // Above an object, or behind its first line, all of the object is meant.
                for mut allowed in waiting.drain(..) {
                    allowed.lines = (number, if begins { usize::MAX } else { number });
                    if begins {
                        of_document.push(notes.allowed.len());
                    }
                    notes.allowed.push(allowed);
                }
                begins = false;
            }
        }
        // Those below all that there is count for nothing.
        notes.allowed.append(&mut waiting);
        notes
    }

    /// Says of a problem where its object was rendered from, and whether a comment allows it, which is then used.
    pub(super) fn take(&mut self, problem: &mut Problem) -> bool {
        if problem.origin.is_none() {
            problem.origin = self.origin(problem.line).map(str::to_owned);
        }
        let mut is_allowed = false;
        for allowed in &mut self.allowed {
            let (first, last) = allowed.lines;
            let is_here = (first..=last).contains(&problem.line);
            if is_here && is_rule(&allowed.rule, &problem.rule) {
                allowed.is_used = true;
                is_allowed = true;
            }
        }
        is_allowed
    }

    /// From which file what stands in a line was rendered, if the file says.
    fn origin(&self, line: usize) -> Option<&str> {
        let before = self.origins.range(..=line).next_back();
        before.map(|(_, path)| path.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_count_for_the_object_or_the_line_that_they_stand_at() {
        let text = "---\n# Source: chart/a.yaml\n# gwapi: allow A/b, because it is old\nkind: A\nx:\n  # gwapi: allow C/d E/f\n  y: 1\n  z: 2 # gwapi: allow G/h\n---\n# Source: chart/b.yaml\nkind: B # gwapi: allow I/j\n# gwapi: allow K/l\n";
        let notes = Notes::of(text.as_bytes());
        let found: Vec<_> = notes
            .allowed
            .iter()
            .map(|one| (one.line, one.rule.as_str(), one.lines))
            .collect();
        assert_eq!(
            found,
            [
                (3, "A/b", (4, 8)),
                (6, "C/d", (7, 7)),
                (6, "E/f", (7, 7)),
                (8, "G/h", (8, 8)),
                (11, "I/j", (11, usize::MAX)),
                (12, "K/l", (1, 0)),
            ]
        );
        let origins = [1, 4, 9, 11].map(|line| notes.origin(line));
        assert_eq!(
            origins,
            [
                None,
                Some("chart/a.yaml"),
                Some("chart/a.yaml"),
                Some("chart/b.yaml")
            ]
        );
    }

    #[test]
    fn a_comment_is_noticed_however_the_text_is_read() {
        for (text, wanted) in [
            ("a: b # gwapi: allow X/y\n", true),
            ("# Source: x\n", true),
            ("gwapi: denied; Sourc\n", false),
        ] {
            for step in [1, 2, 5, 1_000] {
                let noticed = Cell::new(false);
                let mut from = Noticing::new(text.as_bytes(), &noticed);
                let mut room = vec![0; step];
                while from.read(&mut room).unwrap() > 0 {}
                assert_eq!(noticed.get(), wanted, "{text} {step}");
            }
        }
    }
}
