//! What comments of a file say to this command: `# gwapi: allow RULE, because …`, and the `# Source: …` of rendered charts.

use super::problem::{Problem, written_forms};
use gwapi::manifest::is_separator;
use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet},
    io::{BufRead, BufReader, Read},
};

/// How a comment begins that is for us: what follows allows a rule to be broken.
const OURS: &str = "gwapi:";
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
            let words = [OURS, "GWAPI:", "Gwapi:", SOURCE].map(str::as_bytes);
            let longest = SOURCE.len() - 1;
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

/// A place where rules may be broken: an object or a line.
#[derive(Clone, Debug, Default)]
struct Place {
    /// The last line.
    last: usize,
    /// The rules, as comments name them.
    rules: BTreeMap<String, Allowed>,
}

/// A rule that may be broken at a place.
#[derive(Clone, Debug, Default)]
struct Allowed {
    /// The lines of the comments.
    comments: Vec<usize>,
    /// Whether something was allowed by them.
    is_used: bool,
}

/// The comments of a file that are for us.
#[derive(Clone, Debug, Default)]
pub(crate) struct Notes {
    /// The places by their first lines; nothing has the first line 0.
    places: BTreeMap<usize, Place>,
    /// The first lines of those that are objects.
    objects: BTreeSet<usize>,
    /// Where parts of the file come from, by the line from which on they do.
    origins: BTreeMap<usize, String>,
}

impl Notes {
    /// Looks for the comments of a file.
    pub(super) fn of(from: impl Read) -> Self {
        let mut notes = Self::default();
        // The rules for the line that comes next, each with the line of its comment; and where the present object begins, if some
        // count for it.
        let mut waiting: Vec<(String, usize)> = Vec::new();
        let mut object = None;
        let mut begins = true;
        let mut number = 0;
        // Whether a document begins here: below a separator, or where the stream begins.
        let mut is_first = true;
        let mut scalar = Scalar::default();
        for line in BufReader::new(from).split(b'\n') {
            let Ok(line) = line else { break };
            number += 1;
            let line = String::from_utf8_lossy(&line);
            let mut line = line.trim_end();
            if is_separator(line.as_bytes()) {
                begins = true;
                is_first = true;
                scalar = Scalar::default();
                notes.origins.insert(number, String::new());
                let object = object.take().and_then(|first| notes.places.get_mut(&first));
                if let Some(place) = object {
                    place.last = number - 1;
                }
                line = line.get(3..).unwrap_or_default();
                if !line.trim_start().starts_with('#') {
                    continue;
                }
            } else if scalar.holds(line) {
                is_first = false;
                continue;
            }
            let is_alone = line.trim_start().starts_with('#');
            let comment = comment(line);
            let words = comment.map(str::trim_start).unwrap_or_default();
            if is_first
                && is_alone
                && let Some(path) = words.strip_prefix(SOURCE)
            {
                let path = path.trim();
                if is_path(path) {
                    notes.origins.insert(number, path.to_owned());
                }
            }
            // Behind the separator itself, a comment is not in a line of its own.
            is_first = false;
            for rule in allowed_by(words) {
                waiting.push((rule.to_owned(), number));
            }
            if !is_alone && !line.trim().is_empty() {
                // Above an object, or behind its first line, all of the object is meant.
                if begins && !waiting.is_empty() {
                    notes.objects.insert(number);
                    object = Some(number);
                }
                let last = if begins { usize::MAX } else { number };
                notes.allow(&mut waiting, (number, last));
                begins = false;
            }
        }
        // Those below all that there is count for nothing.
        notes.allow(&mut waiting, (0, 0));
        notes
    }

    /// What they say of where objects come from, and nothing that allows a rule to be broken.
    pub(super) fn without_rules(self) -> Self {
        Self {
            origins: self.origins,
            ..Self::default()
        }
    }

    fn allow(&mut self, rules: &mut Vec<(String, usize)>, (first, last): (usize, usize)) {
        for (rule, comment) in rules.drain(..) {
            let place = self.places.entry(first).or_default();
            place.last = last;
            place.rules.entry(rule).or_default().comments.push(comment);
        }
    }

    /// The comments by which nothing was allowed: the line of each and its rule.
    pub(super) fn unused(&self) -> impl Iterator<Item = (usize, &str)> {
        let rules = self.places.values().flat_map(|place| &place.rules);
        let unused = rules.filter(|(_, allowed)| !allowed.is_used);
        unused.flat_map(|(rule, allowed)| {
            let comments = allowed.comments.iter();
            comments.map(|line| (*line, rule.as_str()))
        })
    }

    /// Says of a problem where its object was rendered from, and whether a comment allows it, which is then used.
    pub(super) fn take(&mut self, problem: &mut Problem) -> bool {
        if problem.origin.is_none() {
            problem.origin = self.origin(problem.line).map(str::to_owned);
        }
        // At the first line of an object, all of it is meant: also of an item of a list.
        let object = self.objects.range(..=problem.line).next_back().copied();
        let firsts = [Some(problem.line), Some(problem.begins), object];
        let mut is_allowed = false;
        for first in firsts.into_iter().flatten().filter(|first| *first > 0) {
            let place = self.places.get_mut(&first);
            let reaches =
                |place: &&mut Place| first == problem.begins || place.last >= problem.line;
            let Some(place) = place.filter(reaches) else {
                continue;
            };
            for written in written_forms(&problem.rule) {
                if let Some(allowed) = place.rules.get_mut(written.as_ref()) {
                    allowed.is_used = true;
                    is_allowed = true;
                }
            }
        }
        is_allowed
    }

    /// From which file what stands in a line was rendered, if the file says.
    pub(super) fn origin(&self, line: usize) -> Option<&str> {
        let before = self.origins.range(..=line).next_back();
        let path = before.map(|(_, path)| path.as_str());
        path.filter(|path| !path.is_empty())
    }
}

/// Whether a text is the path of a file that a chart is rendered from, and no address and no sentence: a path may have blanks, and
/// the name of a chart has none.
fn is_path(text: &str) -> bool {
    const BLANKS: [char; 2] = [' ', ','];
    let is_template = || {
        let chart = text.split_once('/').map(|(chart, _)| chart);
        let endings = [".yaml", ".yml", ".json", ".tpl"];
        chart.is_some_and(|chart| !chart.contains(BLANKS))
            && endings.iter().any(|ending| text.ends_with(ending))
    };
    !text.starts_with('/') && !text.contains("://") && (!text.contains(BLANKS) || is_template())
}

/// The comment of a line, without its `#`: a `#` within quotes, or behind anything but a blank, begins none.
fn comment(line: &str) -> Option<&str> {
    let mut quote = None;
    let mut before = ' ';
    let mut chars = line.char_indices();
    while let Some((at, c)) = chars.next() {
        match (quote, c) {
            (Some('"'), '\\') => {
                chars.next();
            }
            (Some(open), c) if open == c => quote = None,
            (None, '"' | '\'') if " \t[{,:-".contains(before) => quote = Some(c),
            (None, '#') if [' ', '\t'].contains(&before) => return line.get(at + 1..),
            _ => {}
        }
        before = c;
    }
    None
}

/// The rules that a comment allows; what follows `because`, or is none by its form, is for people. A word that we do not know, and
/// nothing at all, is told like a rule that there is not.
fn allowed_by(comment: &str) -> Vec<&str> {
    let ours = comment
        .get(..OURS.len())
        .filter(|word| word.eq_ignore_ascii_case(OURS));
    let Some(rest) = ours.and_then(|ours| comment.get(ours.len()..)) else {
        return Vec::new();
    };
    let mut words = rest.split([',', ' ', '\t']).filter(|word| !word.is_empty());
    match words.next() {
        Some(word) if word.eq_ignore_ascii_case("allow") => {}
        word => return vec![word.unwrap_or_default()],
    }
    let first = words.next().unwrap_or_default();
    let others = words.take_while(|word| word.contains('/'));
    std::iter::once(first).chain(others).collect()
}

/// A text in lines of its own (`|`, `>`), in which a `#` begins no comment.
#[derive(Debug, Default)]
struct Scalar {
    /// How far what holds it is indented; nothing outside of one.
    holder: Option<usize>,
    /// How far its own lines are, once there was one.
    own: Option<usize>,
}

impl Scalar {
    /// Whether a line belongs to such a text; notes where one begins.
    fn holds(&mut self, line: &str) -> bool {
        let indent = line.len() - line.trim_start_matches(' ').len();
        if let Some(holder) = self.holder {
            if line.trim().is_empty() {
                return true;
            }
            if indent >= self.own.unwrap_or(holder + 1) {
                self.own.get_or_insert(indent);
                return true;
            }
            *self = Self::default();
        }
        let text = match comment(line) {
            Some(comment) => line.get(..line.len() - comment.len() - 1),
            None => Some(line),
        };
        let text = text.unwrap_or_default().trim_end();
        let last = text.rsplit([' ', '\t']).next().unwrap_or_default();
        let begins = last.starts_with(['|', '>'])
            && last.len() <= 3
            && last
                .get(1..)
                .is_some_and(|rest| rest.chars().all(|c| c.is_ascii_digit() || "+-".contains(c)));
        let before = text.strip_suffix(last).unwrap_or_default().trim_end();
        if begins && (before.is_empty() || before.ends_with([':', '-'])) {
            // In `- key: |`, the key holds it.
            let mut holder = indent;
            let mut rest = text.trim_start();
            while let Some(inner) = rest.strip_prefix("- ") {
                let inner_trimmed = inner.trim_start();
                if inner_trimmed.starts_with(['|', '>']) {
                    break;
                }
                holder += rest.len() - inner_trimmed.len();
                rest = inner_trimmed;
            }
            self.holder = Some(holder);
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_count_for_the_object_or_the_line_that_they_stand_at() {
        let text = "---\n# Source: chart/a.yaml\n# gwapi: allow A/b, because it is old\nkind: A\nx:\n  # gwapi: allow C/d E/f\n  y: 1\n  z: 2 # gwapi: allow G/h\n---\n# Source: chart/b.yaml\nkind: B # gwapi: allow I/j\n# gwapi: allow K/l\n";
        let notes = Notes::of(text.as_bytes());
        let places = notes.places.iter().flat_map(|(first, place)| {
            let rules = place.rules.iter();
            rules.map(|(rule, one)| (one.comments[0], rule.as_str(), (*first, place.last)))
        });
        let mut found: Vec<_> = places.collect();
        found.sort_unstable();
        assert_eq!(
            found,
            [
                (3, "A/b", (4, 8)),
                (6, "C/d", (7, 7)),
                (6, "E/f", (7, 7)),
                (8, "G/h", (8, 8)),
                (11, "I/j", (11, usize::MAX)),
                (12, "K/l", (0, 0)),
            ]
        );
        let origins = [1, 4, 9, 11].map(|line| notes.origin(line));
        assert_eq!(
            origins,
            [None, Some("chart/a.yaml"), None, Some("chart/b.yaml")]
        );
        // Only what Helm writes, and for its own document.
        let text = "---\n# Source: a/b.yaml\nkind: A\n---\nkind: B\n---\n# Source: https://example.com/a\nkind: C\n---\nkind: D\n# Source: c.yaml\nx: 1\n";
        let notes = Notes::of(text.as_bytes());
        let origins = [3, 5, 8, 12].map(|line| notes.origin(line));
        assert_eq!(origins, [Some("a/b.yaml"), None, None, None]);
    }

    #[test]
    fn a_source_counts_at_the_beginning_of_a_stream_and_with_blanks_in_its_path() {
        for (text, line, wanted) in [
            ("# Source: a/b.yaml\nkind: A\n", 2, Some("a/b.yaml")),
            ("# Source: a/b.yaml\r\nkind: A\r\n", 2, Some("a/b.yaml")),
            ("# Source: a/b.yaml\n---\nkind: A\n", 3, None),
            ("# x\n# Source: a/b.yaml\nkind: A\n", 3, None),
            (
                "---\n# Source: shop/templates/a b.yaml\nkind: A\n",
                3,
                Some("shop/templates/a b.yaml"),
            ),
            (
                "# Source: shop/templates/a, b.yaml\nkind: A\n",
                2,
                Some("shop/templates/a, b.yaml"),
            ),
            ("# Source: copied from docs/a.yaml\nkind: A\n", 2, None),
            ("# Source: a/b, with changes\nkind: A\n", 2, None),
        ] {
            let notes = Notes::of(text.as_bytes());
            assert_eq!(notes.origin(line), wanted, "{text:?}");
        }
    }

    #[test]
    fn a_comment_is_read_however_it_is_written_and_no_text_is_one() {
        for (text, wanted) in [
            ("#gwapi:allow A/b\r\nkind: A\r\n", &["A/b"][..]),
            (
                "# GWAPI:  Allow A/b, C/*,because x/y\nkind: A\n",
                &["A/b", "C/*"],
            ),
            ("# gwapi: allow A/b, because\nkind: A\n", &["A/b"]),
            (
                "# gwapi: allow A/b the operator makes it\nkind: A\n",
                &["A/b"],
            ),
            ("--- # gwapi: allow A/b\nkind: A\n", &["A/b"]),
            ("kind: A\t# gwapi: allow A/b\n", &["A/b"]),
            ("kind: A\n# gwapi: deny A/b\n", &["deny"]),
            (
                "# gwapi: allow backend-exists\nkind: A\n",
                &["backend-exists"],
            ),
            ("kind: \"x # gwapi: allow A/b\"\n", &[]),
            (
                "x: |\n  # gwapi: allow A/b\n\n  y\n# gwapi: allow C/d\n",
                &["C/d"],
            ),
            (
                "- x: >- # so\n    # gwapi: allow A/b\n  # gwapi: allow C/d\n  y: 1\n",
                &["C/d"],
            ),
        ] {
            let notes = Notes::of(text.as_bytes());
            let rules: Vec<_> = notes.unused().map(|(_, rule)| rule).collect();
            assert_eq!(rules, wanted, "{text:?}");
        }
    }

    #[test]
    fn a_comment_is_noticed_however_the_text_is_read() {
        for (text, wanted) in [
            ("a: b # gwapi: allow X/y\n", true),
            ("# Source: x\n", true),
            ("GWAPI:allow x\n", true),
            ("gwapi denied; Sourc\n", false),
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
