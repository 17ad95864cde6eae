//! The text of a document: where things in it begin and end.

use gwapi::manifest::Position;
use std::{cell::RefCell, collections::HashMap};

pub(super) struct Text<'t> {
    text: &'t str,
    /// Where each line begins.
    lines: Vec<usize>,
    newline: &'static str,
    /// Of lines that are not all ASCII: the offset of every hundredth character.
    marks: RefCell<HashMap<usize, Vec<usize>>>,
}

/// Every how many characters of a line an offset is noted.
const STEP: usize = 100;

impl<'t> Text<'t> {
    pub(super) fn of(text: &'t str) -> Self {
        let ends = text.match_indices('\n').map(|(at, _)| at + 1);
        let lines: Vec<_> = std::iter::once(0).chain(ends).collect();
        let first = lines.get(1).and_then(|end| text.get(..*end));
        let newline = match first.is_some_and(|line| line.ends_with("\r\n")) {
            true => "\r\n",
            false => "\n",
        };
        Self {
            text,
            lines,
            newline,
            marks: RefCell::default(),
        }
    }

    pub(super) fn as_str(&self) -> &'t str {
        self.text
    }

    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    /// How lines end.
    pub(super) fn newline(&self) -> &'static str {
        self.newline
    }

    pub(super) fn get(&self, from: usize, to: usize) -> &'t str {
        self.text.get(from..to).unwrap_or_default()
    }

    fn rest(&self, from: usize) -> &'t str {
        self.text.get(from..).unwrap_or_default()
    }

    /// Whether one of these characters stands here.
    pub(super) fn starts_with(&self, at: usize, any: &[char]) -> bool {
        self.rest(at).starts_with(any)
    }

    /// The offset of a position.
    pub(super) fn offset(&self, position: Position) -> Option<usize> {
        let number = position.line.checked_sub(1)?;
        let start = *self.lines.get(number)?;
        let end = self
            .lines
            .get(number + 1)
            .copied()
            .unwrap_or(self.text.len());
        // A byte order mark stands in no column.
        let start = match self.text.starts_with(MARK) && start == 0 {
            true => MARK.len_utf8(),
            false => start,
        };
        let line = self.text.get(start..end)?;
        let column = position.column.checked_sub(1)?;
        let mut marks = self.marks.borrow_mut();
        let marks = marks
            .entry(number)
            .or_insert_with(|| match line.is_ascii() {
                true => Vec::new(),
                false => line
                    .char_indices()
                    .step_by(STEP)
                    .map(|(at, _)| at)
                    .collect(),
            });
        if marks.is_empty() {
            return (column <= line.len()).then_some(start + column);
        }
        let from = *marks.get(column / STEP)?;
        let mut after = line.get(from..)?.char_indices().map(|(at, _)| at);
        let within = after.nth(column % STEP).unwrap_or(line.len() - from);
        Some(start + from + within)
    }

    /// The number of the line in which an offset is, from 0.
    pub(super) fn line(&self, at: usize) -> usize {
        self.lines
            .partition_point(|start| *start <= at)
            .saturating_sub(1)
    }

    pub(super) fn line_start(&self, at: usize) -> usize {
        self.lines.get(self.line(at)).copied().unwrap_or_default()
    }

    /// Where the line ends in which an offset is, behind its end.
    pub(super) fn line_end(&self, at: usize) -> usize {
        let next = self.lines.get(self.line(at) + 1).copied();
        next.unwrap_or(self.text.len())
    }

    /// What stands before this in its line.
    fn before(&self, at: usize) -> &'t str {
        self.get(self.line_start(at), at).trim_start_matches(MARK)
    }

    /// How many characters stand before this one in its line.
    pub(super) fn column(&self, at: usize) -> usize {
        self.before(at).chars().count()
    }

    /// Whether fewer characters than this stand before this one in its line. Of a long line no more than that is looked at.
    fn is_left_of(&self, at: usize, column: usize) -> bool {
        self.before(at).chars().take(column).count() < column
    }

    /// The spaces before the first thing in a line; nothing where this is not the first.
    pub(super) fn indent_of_first(&self, at: usize) -> Option<&'t str> {
        let before = self.before(at);
        // From its end: many things may stand in one line, far in.
        before
            .trim_end_matches([' ', '\t'])
            .is_empty()
            .then_some(before)
    }

    /// The offset behind an anchor and a tag.
    pub(super) fn behind_properties(&self, mut at: usize) -> usize {
        while self.starts_with(at, &['&', '!']) {
            let rest = self.rest(at);
            let word = rest.find(char::is_whitespace).unwrap_or(rest.len());
            let after = rest.get(word..).unwrap_or_default();
            let spaces = after.len() - after.trim_start_matches(' ').len();
            at += word + spaces;
            if spaces == 0 {
                break;
            }
        }
        at
    }

    /// Where a key ends.
    pub(super) fn key_end(&self, key: usize) -> Option<usize> {
        match self.rest(key).chars().next()? {
            quote @ ('"' | '\'') => self.quoted_end(key, quote),
            _ => {
                let length = self.rest(key).find(':')?;
                let name = self.get(key, key + length).trim_end();
                (!name.contains('\n')).then_some(key + name.len())
            }
        }
    }

    /// Where a scalar ends; nothing where it has lines of its own, or is no scalar.
    pub(super) fn scalar_end(&self, begin: usize) -> Option<usize> {
        match self.rest(begin).chars().next()? {
            quote @ ('"' | '\'') => self.quoted_end(begin, quote),
            '|' | '>' | '*' | '&' | '!' => None,
            _ => Some(self.plain_end(begin)),
        }
    }

    /// Whether a text begins here whose lines stand below a `|` or a `>`.
    pub(super) fn is_in_block(&self, begin: usize) -> bool {
        if self.indent_of_first(begin).is_none() {
            return false;
        }
        let above = self.get(0, self.line_start(begin)).trim_end();
        let line = above.rsplit('\n').next().unwrap_or_default();
        let line = match line.find(" #") {
            Some(comment) => line.get(..comment).unwrap_or_default().trim_end(),
            None => line,
        };
        let head = line.trim_end_matches(|c: char| c == '-' || c == '+' || c.is_ascii_digit());
        head.ends_with(['|', '>'])
    }

    fn quoted_end(&self, begin: usize, quote: char) -> Option<usize> {
        let mut characters = self.rest(begin).char_indices().skip(1).peekable();
        while let Some((at, character)) = characters.next() {
            if quote == '"' && character == '\\' {
                characters.next();
            } else if character == quote {
                let doubled = characters.peek().is_some_and(|(_, next)| *next == '\'');
                if quote == '\'' && doubled {
                    characters.next();
                } else {
                    return Some(begin + at + 1);
                }
            }
        }
        None
    }

    /// Where a scalar without quotes ends. A comma or a bracket ends one in braces only: a text that holds one is taken for
    /// too short, which is noticed when the edited text is read.
    fn plain_end(&self, begin: usize) -> usize {
        // The bracket first, since it is near: a line may hold many scalars, and no comment.
        let line = self.get(begin, self.line_end(begin));
        let end = line.find([',', '}', ']']).unwrap_or(line.len());
        let line = line.get(..end).unwrap_or_default();
        let comment = line.find(" #").unwrap_or(line.len());
        begin + line.get(..comment).unwrap_or_default().trim_end().len()
    }

    /// Where a value in braces ends.
    pub(super) fn flow_end(&self, begin: usize) -> Option<usize> {
        if !self.starts_with(begin, &['{', '[']) {
            // One in braces may be an alias.
            return match self.starts_with(begin, &['*']) {
                true => Some(self.plain_end(begin)),
                false => self.scalar_end(begin),
            };
        }
        let (mut depth, mut at) = (0_usize, begin);
        while let Some(character) = self.rest(at).chars().next() {
            match character {
                '{' | '[' => depth += 1,
                '}' | ']' => depth = depth.checked_sub(1)?,
                quote @ ('"' | '\'') if self.begins_text(at) => {
                    at = self.quoted_end(at, quote)?;
                    continue;
                }
                '#' if self.get(0, at).ends_with(char::is_whitespace) => {
                    at = self.line_end(at);
                    continue;
                }
                _ => {}
            }
            at += character.len_utf8();
            if depth == 0 {
                return Some(at);
            }
        }
        None
    }

    /// Whether a quote begins a text: inside of one without quotes it is a character like others.
    fn begins_text(&self, at: usize) -> bool {
        let before = self.get(0, at).chars().next_back();
        before.is_none_or(|before| before.is_whitespace() || "{[,:".contains(before))
    }

    /// Where what belongs to a member ends that begins at `key`, where the next thing begins at `next`: without blank lines,
    /// comments, markers and a dash before that.
    pub(super) fn content_end(&self, key: usize, next: usize, is_long: bool) -> usize {
        let mut end = match next >= self.text.len() {
            true => self.text.len(),
            false => self.line_start(next),
        };
        while end > key {
            let start = self.line_start(end - 1);
            let line = self.get(start, end);
            let bare = line.trim();
            let indent = line.len() - line.trim_start().len();
            // Lines of a text that belong to it stand further in than its key.
            let is_comment = bare.starts_with('#') && (!is_long || !self.is_left_of(key, indent));
            let passes = bare.is_empty() || is_comment || bare == "-" || line.starts_with("...");
            if !passes || start <= key {
                break;
            }
            end = start;
        }
        end
    }

    /// Where the comments begin that stand right above the line of a key, or that line.
    pub(super) fn comments_above(&self, key: usize) -> usize {
        let mut from = self.line_start(key);
        while from > 0 {
            let above = self.line_start(from - 1);
            let line = self.get(above, from);
            let bare = line.trim_start();
            // What stands further in is about what is above.
            if !bare.starts_with('#') || self.is_left_of(key, line.len() - bare.len()) {
                break;
            }
            from = above;
        }
        from
    }

    /// Whether there may be a comment.
    pub(super) fn has_comment(&self, from: usize, to: usize) -> bool {
        let text = self.get(from, to);
        text.match_indices('#').any(|(at, _)| {
            let before = text.get(..at).unwrap_or_default();
            before.is_empty() || before.ends_with(char::is_whitespace)
        })
    }

    /// The lines of comments in these lines, indented as a key is.
    pub(super) fn comments(&self, key: usize, from: usize, to: usize) -> String {
        let indent = " ".repeat(self.column(key));
        let lines = self.get(from, to).lines().map(str::trim);
        lines
            .filter(|line| line.starts_with('#'))
            .map(|line| format!("{indent}{line}{}", self.newline))
            .collect()
    }
}

/// The mark of the order of bytes, which may begin a file.
const MARK: char = '\u{feff}';
