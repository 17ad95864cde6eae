//! Changes a document where it stands: what is not changed keeps its comments, its order and its layout.
//!
//! The edits follow from comparing two values, the one that was read and the one that is wanted, along the positions of
//! the first in the text. Nothing here needs to know all of YAML: the edited text is read again, and counts only if it says
//! exactly what is wanted.

mod carried;
mod comments;
mod fates;
mod flow;
mod in_braces;
mod moves;
mod original;
mod text;

use carried::Carried;
use comments::comment;
pub(super) use comments::left_out;
use fates::{Fate, fates};
use flow::Quotes;
use gwapi::{conversion::FieldMove, manifest::RawObject};
use moves::Moves;
use original::{Member, Original, holds_long, is_long, within};
use serde_json::{Map, Value};
use text::Text;

/// The edits of a document, object by object.
pub(super) struct Edits<'d> {
    text: Text<'d>,
    edits: Vec<Edit>,
    /// Where the lines of comments begin that stay though what they are about goes.
    behind: Vec<usize>,
    /// Whether what moves takes its lines along.
    carries: bool,
}

impl<'d> Edits<'d> {
    /// Of this document; nothing where it is no text.
    pub(super) fn of(document: &'d [u8]) -> Option<Self> {
        Some(Self {
            text: Text::of(std::str::from_utf8(document).ok()?),
            edits: Vec::new(),
            behind: Vec::new(),
            carries: true,
        })
    }

    /// The same, with what moves written anew in its new place: for a document whose lines mean something else there.
    pub(super) fn written_anew_where_moved(self) -> Self {
        Self {
            carries: false,
            ..self
        }
    }

    /// Lets an object of the document become this value, in which what these moves name stood elsewhere. Nothing where that takes
    /// more than edits.
    pub(super) fn add(
        &mut self,
        entry: &RawObject,
        wanted: &Value,
        moves: &[FieldMove],
    ) -> Option<()> {
        let moves = Moves(moves);
        let original = Original {
            text: &self.text,
            positions: &entry.positions,
        };
        let mut editor = Editor {
            original,
            edits: std::mem::take(&mut self.edits),
            behind: std::mem::take(&mut self.behind),
            carried: Carried::default(),
            moves,
        };
        if self.carries {
            editor.carried = original.find_carried(&entry.value, wanted, moves);
        }
        let done = editor.value("", &entry.value, wanted, self.text.len())?;
        self.edits = editor.edits;
        self.behind = editor.behind;
        done.then_some(())
    }

    /// The comments that stay where they were though the fields are gone above or in which they stood, with the numbers of
    /// their lines, from 1.
    pub(super) fn left_behind(&self) -> Vec<(usize, String)> {
        let lines = self.behind.iter();
        lines
            .map(|at| {
                let comment = self.text.get(*at, self.text.line_end(*at)).trim();
                (self.text.line(*at) + 1, comment.to_owned())
            })
            .collect()
    }

    /// The edited document. Whether it says what is wanted is for the caller to see.
    pub(super) fn finish(self) -> Option<String> {
        apply(self.text.as_str(), self.edits)
    }
}

/// A text in the place of a part of the document.
#[derive(Debug)]
struct Edit {
    from: usize,
    to: usize,
    new: String,
}

/// Applies edits, of which none may touch what another one replaces.
fn apply(text: &str, mut edits: Vec<Edit>) -> Option<String> {
    edits.sort_by_key(|edit| (edit.from, edit.to));
    let mut edited = String::with_capacity(text.len());
    let mut at = 0;
    for edit in &edits {
        edited.push_str(text.get(at..edit.from)?);
        edited.push_str(&edit.new);
        at = edit.to.max(at);
    }
    edited.push_str(text.get(at..)?);
    Some(edited)
}

struct Editor<'d> {
    original: Original<'d>,
    edits: Vec<Edit>,
    /// Where the lines of comments begin that stay though what they are about goes.
    behind: Vec<usize>,
    /// What stands in another place of the object than before.
    carried: Carried,
    /// Where the conversion took from what is in the new object.
    moves: Moves<'d>,
}

impl Editor<'_> {
    fn replace(&mut self, from: usize, to: usize, new: impl Into<String>) {
        let new = new.into();
        self.edits.push(Edit { from, to, new });
    }

    /// Changes a value. False where it cannot be changed part by part; nothing where it cannot be changed at all.
    fn value(&mut self, path: &str, old: &Value, new: &Value, end: usize) -> Option<bool> {
        if old == new {
            return Some(true);
        }
        let begin = self.original.begin(path)?;
        if self.original.text.starts_with(begin, &['*']) {
            return None;
        }
        match (old, new) {
            (Value::Object(old), Value::Object(new)) => self.object(path, old, new, end, false),
            (Value::Array(old), Value::Array(new)) if old.len() == new.len() => {
                for (index, (one, other)) in old.iter().zip(new).enumerate() {
                    if one == other {
                        continue;
                    }
                    let next = self
                        .original
                        .positions
                        .value(&format!("{path}[{}]", index + 1));
                    let next = next.and_then(|next| self.original.text.offset(next));
                    let item = format!("{path}[{index}]");
                    if !self.value(&item, one, other, next.unwrap_or(end))? {
                        return Some(false);
                    }
                }
                Some(true)
            }
            (Value::Object(_) | Value::Array(_), _) | (_, Value::Object(_) | Value::Array(_)) => {
                Some(false)
            }
            // A text with lines of its own begins behind the line of its key.
            _ if self.original.text.is_in_block(begin) => Some(false),
            _ => Some(self.scalar(begin, new)),
        }
    }

    /// Notes the lines of comments above and in a member that goes up to `end`, those aside that something takes along.
    fn note_behind(&mut self, key: usize, end: usize) {
        self.note_lines_behind(self.original.text.comments_above(key), end);
    }

    /// The same of the lines between these two.
    fn note_lines_behind(&mut self, from: usize, end: usize) {
        let mut at = from;
        while at < end {
            let next = self.original.text.line_end(at);
            let is_comment = self
                .original
                .text
                .get(at, next)
                .trim_start()
                .starts_with('#');
            if is_comment && !self.carried.has(at) {
                self.behind.push(at);
            }
            at = next.max(at + 1);
        }
    }

    fn scalar(&mut self, begin: usize, new: &Value) -> bool {
        let Some(end) = self.original.text.scalar_end(begin) else {
            return false;
        };
        let quotes = Quotes::of(self.original.text.get(begin, end));
        self.replace(begin, end, flow::scalar(new, quotes));
        true
    }

    /// Changes an object. Where it becomes an item of a list, `dash` says that a dash is to stand before it.
    fn object(
        &mut self,
        path: &str,
        old: &Map<String, Value>,
        new: &Map<String, Value>,
        end: usize,
        dash: bool,
    ) -> Option<bool> {
        let members = self.original.members(path, old)?;
        let (fates, added) = fates((path, &members), old, new, self.moves);
        let is_flow = self
            .original
            .begin(path)
            .is_some_and(|at| self.original.text.starts_with(at, &['{']));
        let stays = |fate: &Fate<'_>| !matches!(fate, Fate::Goes);
        // In braces there would be nothing to put what is new behind.
        if !fates.iter().any(stays) && (is_flow || added.is_empty()) {
            return Some(false);
        }
        for (index, (member, fate)) in members.iter().zip(&fates).enumerate() {
            let next = members.get(index + 1).map(|next| next.key);
            let own = next.unwrap_or(end);
            let path = within(path, member.name);
            let Some(value) = old.get(member.name) else {
                return Some(false);
            };
            let before = (self.edits.len(), self.behind.len());
            let done = match fate {
                Fate::Goes => continue,
                Fate::Stays(new) => self.value(&path, value, new, own)?,
                Fate::Renamed(name, new) => {
                    self.rename(member.key, name)? && self.value(&path, value, new, own)?
                }
                Fate::Wrapped(name, new) => {
                    self.rename(member.key, name)? && self.wrap(&path, member, value, new, own)?
                }
                Fate::Unwrapped(name, new) => {
                    self.rename(member.key, name)? && self.unwrap(&path, member, value, new, own)?
                }
            };
            if !done {
                self.edits.truncate(before.0);
                self.behind.truncate(before.1);
                let (name, new) = match fate {
                    Fate::Stays(new) => (member.name, *new),
                    Fate::Renamed(name, _) | Fate::Wrapped(name, _) | Fate::Unwrapped(name, _) => {
                        (*name, new.get(*name)?)
                    }
                    Fate::Goes => continue,
                };
                self.rewrite((&path, member), (name, new), value, own, is_flow)?;
            }
        }
        if is_flow {
            self.flow_members((path, &members), &fates, &added)
        } else {
            self.block_members((path, &members), &fates, &added, (old, end), dash)
        }
    }

    /// Gives a key another name, in the quotes in which it stands.
    fn rename(&mut self, key: usize, name: &str) -> Option<bool> {
        let end = self.original.text.key_end(key)?;
        let quotes = Quotes::of(self.original.text.get(key, end));
        self.replace(key, end, flow::scalar(&name.into(), quotes));
        Some(true)
    }

    /// Makes the value of a member the one item of a list.
    fn wrap(
        &mut self,
        path: &str,
        member: &Member<'_>,
        old: &Value,
        new: &Value,
        end: usize,
    ) -> Option<bool> {
        let (Value::Object(old), Value::Object(wanted)) = (old, new) else {
            return Some(false);
        };
        if self.original.text.starts_with(member.value, &['{']) {
            let last = self.original.text.flow_end(member.value)?;
            self.replace(member.value, member.value, "[");
            self.replace(last, last, "]");
            return self.object(path, old, wanted, end, false);
        }
        if self.original.text.starts_with(member.value, &['*'])
            || self.original.text.column(member.key) + 2
                > self
                    .original
                    .text
                    .column(self.original.members(path, old)?.first()?.key)
        {
            return Some(false);
        }
        self.object(path, old, wanted, end, true)
    }

    /// Makes the one item of a list the value of its member.
    fn unwrap(
        &mut self,
        path: &str,
        member: &Member<'_>,
        old: &Value,
        new: &Value,
        end: usize,
    ) -> Option<bool> {
        let item_path = format!("{path}[0]");
        let item = self.original.begin(&item_path)?;
        let old = old.get(0)?;
        if self.original.text.starts_with(member.value, &['[']) {
            let (last, item_end) = (
                self.original.text.flow_end(member.value)?,
                self.original.text.flow_end(item)?,
            );
            self.replace(member.value, item, "");
            self.replace(item_end, last, "");
        } else {
            let dash = item.checked_sub(2)?;
            if self.original.text.get(dash, item) != "- " {
                return Some(false);
            }
            self.replace(dash, item, "  ");
        }
        self.value(&item_path, old, new, end)
    }

    /// Writes a member anew. The comments at its key and in lines of their own stay; nothing where that cannot be told.
    fn rewrite(
        &mut self,
        (path, member): (&str, &Member<'_>),
        (name, new): (&str, &Value),
        old: &Value,
        end: usize,
        is_flow: bool,
    ) -> Option<()> {
        let is_block = self.original.text.is_in_block(member.value);
        let in_flow =
            is_flow || !is_block && self.original.text.starts_with(member.value, &['{', '[']);
        let is_long = is_block || is_long(old);
        let last = match in_flow {
            true => self.original.text.flow_end(member.value)?,
            false => self.original.text.content_end(member.key, end, is_long),
        };
        let has_comments = !is_long && self.has_comment_left(member.key, last);
        let key_end = self.original.text.key_end(member.key)?;
        let quotes = Quotes::of(self.original.text.get(member.key, key_end));
        if in_flow {
            let key = flow::scalar(&name.into(), quotes);
            let (from, to, value) = match has_comments {
                true => self.braces_with_comments((path, member), (old, new), quotes)?,
                false => (member.value, last, flow::value(new, quotes)),
            };
            self.replace(member.key, key_end, key);
            self.replace(from, to, value);
            return Some(());
        }
        let mut lines = self.block((name, new), member.key, "")?;
        if has_comments {
            // In a text of several lines a `#` begins no comment.
            if holds_long(old) {
                return None;
            }
            let text = self.original.text;
            let first = text.line_end(member.key).min(last);
            if let Some(comment) = comment(text.get(key_end, first)) {
                let at = lines.find(text.newline())?;
                lines.insert_str(at, &format!(" {comment}"));
            }
            lines += &self.comments_left(member.key, last);
            self.note_lines_behind(first, last);
        }
        self.replace(member.key, last, lines.trim_start());
        Some(())
    }

    /// A member as lines, indented as this key is; `path` is that of the old object which it becomes a part of.
    fn block(&self, (name, value): (&str, &Value), key: usize, path: &str) -> Option<String> {
        let path = within(&self.moves.destination(path), name);
        carried::lines(
            self.original.text,
            &self.carried,
            (name, value),
            &path,
            self.original.text.column(key),
        )
    }

    /// Takes off and adds members of an object that has a line, or several, for each.
    fn block_members(
        &mut self,
        (path, members): (&str, &[Member<'_>]),
        fates: &[Fate<'_>],
        added: &[(&String, &Value)],
        (old, whole_end): (&Map<String, Value>, usize),
        dash: bool,
    ) -> Option<bool> {
        let end_of = |index: usize| -> Option<usize> {
            let member = members.get(index)?;
            let end = members.get(index + 1).map_or(whole_end, |next| next.key);
            let long = old.get(member.name).is_some_and(is_long);
            Some(self.original.text.content_end(member.key, end, long))
        };
        let goes = |index: usize| matches!(fates.get(index), Some(Fate::Goes));
        let last = (0..members.len()).rev().find(|index| !goes(*index));
        let first = members.first()?.key;
        if last.is_none() && (dash || self.original.text.indent_of_first(first).is_none()) {
            return Some(false);
        }
        let mut edits = Vec::new();
        for (index, member) in members.iter().enumerate().filter(|(index, _)| goes(*index)) {
            let end = end_of(index)?;
            if self.original.text.indent_of_first(member.key).is_none() {
                // It shares its line with a dash: the next one takes its place.
                let next = members.get(index + 1).filter(|_| !goes(index + 1))?;
                if self.original.text.has_comment(member.key, next.key) {
                    return None;
                }
                edits.push((member.key, next.key, String::new()));
                continue;
            }
            if let Some((from, to)) = self.carried.taken(member.key) {
                edits.push((from, to, String::new()));
                continue;
            }
            let long = old.get(member.name).is_some_and(is_long);
            let kept = match long {
                true => String::new(),
                false => self.comments_left(member.key, end),
            };
            let end = end.max(self.carried.end_within(member.key, end));
            self.note_behind(member.key, end);
            edits.push((self.original.text.line_start(member.key), end, kept));
        }
        if dash {
            let first = members
                .get((0..members.len()).find(|index| !goes(*index))?)?
                .key;
            let begin = first.checked_sub(2)?;
            if self.original.text.get(begin, first) != "  "
                || self.original.text.indent_of_first(first).is_none()
            {
                return Some(false);
            }
            edits.push((begin, first, "- ".to_owned()));
        }
        if !added.is_empty() {
            // Where nothing stays, what is new stands where the last member was.
            let at = match last {
                Some(last) => end_of(last)?,
                None => edits.iter().map(|(_, to, _)| *to).max()?,
            };
            let beside = members.get(last.unwrap_or(0))?.key;
            let mut lines = String::new();
            if !self.original.text.get(0, at).ends_with('\n') {
                lines.push_str(self.original.text.newline());
            }
            for (name, value) in added {
                lines.push_str(&self.block((name, value), beside, path)?);
            }
            edits.push((at, at, lines));
        }
        for (from, to, new) in edits {
            self.replace(from, to, new);
        }
        Some(true)
    }
}

impl Editor<'_> {
    /// Whether there may be a comment from a key on that nothing takes along.
    fn has_comment_left(&self, key: usize, end: usize) -> bool {
        let mut from = key;
        for (begin, to) in self.carried.within(key, end) {
            if self.original.text.has_comment(from, begin) {
                return true;
            }
            from = from.max(to);
        }
        self.original.text.has_comment(from, end)
    }

    /// The comments in the lines of a member that goes, without those that something takes along.
    fn comments_left(&self, key: usize, end: usize) -> String {
        let mut left = String::new();
        let mut from = self.original.text.line_end(key);
        for (begin, to) in self.carried.within(key, end) {
            left += &self.original.text.comments(key, from, begin);
            from = from.max(to);
        }
        left + &self.original.text.comments(key, from, end)
    }
}

#[cfg(test)]
mod tests;
