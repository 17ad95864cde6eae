//! What moves within an object: it takes its lines along, and with them its comments and its layout.

use super::{
    fates::{Fate, fates},
    flow,
    moves::Moves,
    original::{Original, within},
    text::Text,
};
use serde_json::Value;
use std::collections::{BTreeMap, HashMap, HashSet};

/// The members that stand elsewhere in the new object, by their paths there.
#[derive(Default)]
pub(super) struct Carried {
    by_new_path: HashMap<String, Lines>,
    /// The paths above them.
    above: HashSet<String>,
    /// Where each is taken from: by the offset of its key, from the first comment above it to its end.
    taken: HashMap<usize, (usize, usize)>,
    /// The same by where it begins. None of them is in another.
    ranges: BTreeMap<usize, usize>,
}

impl Carried {
    /// Where the lines begin and end that a member takes along; nothing where it takes none.
    pub(super) fn taken(&self, key: usize) -> Option<(usize, usize)> {
        self.taken.get(&key).copied()
    }

    /// Where that begins and ends which is taken from between these offsets.
    pub(super) fn within(&self, from: usize, to: usize) -> impl Iterator<Item = (usize, usize)> {
        let ranges = self.ranges.range(from..to);
        ranges.map(|(from, to)| (*from, *to))
    }

    /// Where the last of that ends.
    pub(super) fn end_within(&self, from: usize, to: usize) -> usize {
        self.within(from, to).last().map_or(0, |(_, end)| end)
    }

    /// Whether something takes along the line that begins here.
    pub(super) fn has(&self, line: usize) -> bool {
        let before = self.ranges.range(..=line).next_back();
        before.is_some_and(|(_, to)| *to > line)
    }

    /// Whether these lines, or a part of them, are taken along by something else.
    fn touches(&self, lines: Lines) -> bool {
        let before = self.ranges.range(..lines.to).next_back();
        before.is_some_and(|(_, to)| *to > lines.from)
    }

    /// Whether something is carried to a place below this path.
    fn reaches_below(&self, path: &str) -> bool {
        self.above.contains(path)
    }

    /// Notes what a member that goes becomes.
    fn add(&mut self, path: String, lines: Lines) {
        let Lines { from, key, to } = lines;
        self.taken.insert(key, (from, to));
        self.ranges.insert(from, to);
        for (at, _) in path.match_indices(['.', '[']) {
            self.above.extend(path.get(..at).map(str::to_owned));
        }
        self.by_new_path.insert(path, lines);
    }
}

/// The lines of a member, and the comments right above them.
#[derive(Clone, Copy, Debug)]
struct Lines {
    /// Where the comments above begin, or the line of the key.
    from: usize,
    key: usize,
    to: usize,
}

/// The members that go, by their paths: those that move, and what is in them. Each may move by itself.
type Gone<'v> = HashMap<String, (&'v Value, Lines)>;

impl Original<'_> {
    /// Which members of an object move, with all that is in them unchanged: from where the conversion took them.
    pub(super) fn find_carried(&self, old: &Value, new: &Value, moves: Moves<'_>) -> Carried {
        let (mut gone, mut added) = (Gone::new(), Vec::new());
        self.collect(
            "",
            (old, new),
            self.text.len(),
            moves,
            &mut gone,
            &mut added,
        );
        let mut carried = Carried::default();
        for (path, value) in added {
            carry(value, path, (moves, &gone), &mut carried);
        }
        carried
    }

    /// The members that go and those that come, wherever they stand: the former by their paths in the old object, the latter by
    /// those in the new one.
    fn collect<'v>(
        &self,
        path: &str,
        (old, new): (&'v Value, &'v Value),
        end: usize,
        moves: Moves<'_>,
        gone: &mut Gone<'v>,
        added: &mut Vec<(String, &'v Value)>,
    ) {
        match (old, new) {
            (Value::Object(before), Value::Object(after)) if old != new => {
                let Some(members) = self.members(path, before) else {
                    return;
                };
                let (fates, come) = fates((path, &members), before, after, moves);
                let here = moves.destination(path);
                added.extend(
                    come.into_iter()
                        .map(|(name, new)| (within(&here, name), new)),
                );
                for (index, (member, fate)) in members.iter().zip(&fates).enumerate() {
                    let next = members.get(index + 1).map_or(end, |next| next.key);
                    let Some(value) = before.get(member.name) else {
                        continue;
                    };
                    let path = within(path, member.name);
                    match fate {
                        Fate::Goes => {
                            self.collect_gone(&path, (Some(member.key), value), next, moves, gone);
                        }
                        Fate::Stays(new) | Fate::Renamed(_, new) | Fate::Wrapped(_, new) => {
                            self.collect(&path, (value, new), next, moves, gone, added);
                        }
                        Fate::Unwrapped(_, new) => {
                            if let Some(item) = value.get(0) {
                                let path = format!("{path}[0]");
                                self.collect(&path, (item, new), next, moves, gone, added);
                            }
                        }
                    }
                }
            }
            (Value::Array(before), Value::Array(after))
                if before.len() == after.len() && old != new =>
            {
                for (index, pair) in before.iter().zip(after).enumerate() {
                    let next = self.begin(&format!("{path}[{}]", index + 1));
                    let path = format!("{path}[{index}]");
                    self.collect(&path, pair, next.unwrap_or(end), moves, gone, added);
                }
            }
            _ => {}
        }
    }

    /// What goes, with the key of a member, and what is in it, as far as something there moves.
    fn collect_gone<'v>(
        &self,
        path: &str,
        (key, value): (Option<usize>, &'v Value),
        end: usize,
        moves: Moves<'_>,
        gone: &mut Gone<'v>,
    ) {
        let moved = moves.takes_along(path);
        if !moved && !moves.any_from(path) {
            return;
        }
        if let Some(lines) = key.filter(|_| moved).and_then(|key| self.lines(key, end)) {
            gone.insert(path.to_owned(), (value, lines));
        }
        match value {
            Value::Object(object) => {
                let members = self.members(path, object).unwrap_or_default();
                for (index, member) in members.iter().enumerate() {
                    let next = members.get(index + 1).map_or(end, |next| next.key);
                    if let Some(value) = object.get(member.name) {
                        let path = within(path, member.name);
                        self.collect_gone(&path, (Some(member.key), value), next, moves, gone);
                    }
                }
            }
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    let next = self.begin(&format!("{path}[{}]", index + 1));
                    let path = format!("{path}[{index}]");
                    self.collect_gone(&path, (None, item), next.unwrap_or(end), moves, gone);
                }
            }
            _ => {}
        }
    }

    /// A member that goes, if it has lines of its own.
    fn lines(&self, key: usize, next: usize) -> Option<Lines> {
        self.text.indent_of_first(key)?;
        // A comment that stands further in than the key is about what the member holds.
        let to = self.text.content_end(key, next, true);
        let from = self.text.comments_above(key);
        Some(Lines { from, key, to })
    }
}

/// Finds what of a value that comes is there already, at the place from which the conversion took it.
fn carry(
    value: &Value,
    path: String,
    (moves, gone): (Moves<'_>, &Gone<'_>),
    carried: &mut Carried,
) {
    let origin = moves.origin(&path);
    let taken = origin.and_then(|origin| gone.get(&origin));
    // What is in something that moves goes with it.
    if let Some((old, lines)) = taken
        && *old == value
        && !carried.touches(*lines)
    {
        carried.add(path, *lines);
        return;
    }
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                carry(value, within(&path, name), (moves, gone), carried);
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                // An item of a list has no key that could take the place of another.
                if let Value::Object(members) = value {
                    for (name, value) in members {
                        let path = within(&format!("{path}[{index}]"), name);
                        carry(value, path, (moves, gone), carried);
                    }
                }
            }
        }
        _ => {}
    }
}

/// A member as lines, as far to the right as `column` says.
pub(super) fn lines(
    text: &Text<'_>,
    carried: &Carried,
    (name, value): (&str, &Value),
    path: &str,
    column: usize,
) -> Option<String> {
    let indent = " ".repeat(column);
    if let Some(lines) = carried.by_new_path.get(path) {
        return moved(text, lines, name, column);
    }
    let newline = text.newline();
    let head = || {
        let key = flow::scalar(&name.into(), flow::Quotes::None);
        format!("{indent}{key}:{newline}")
    };
    match value {
        Value::Object(members) if carried.reaches_below(path) => {
            let mut written = head();
            for (name, value) in members {
                let path = within(path, name);
                written += &lines(text, carried, (name, value), &path, column + 2)?;
            }
            Some(written)
        }
        Value::Array(items) if carried.reaches_below(path) => {
            let mut written = head();
            for (index, item) in items.iter().enumerate() {
                let path = format!("{path}[{index}]");
                let mut members = String::new();
                for (name, value) in item.as_object()? {
                    let path = within(&path, name);
                    members += &lines(text, carried, (name, value), &path, column + 2)?;
                }
                written += &format!("{indent}- {}", members.get(column + 2..)?);
            }
            Some(written)
        }
        _ => {
            let member = serde_json::Map::from_iter([(name.to_owned(), value.clone())]);
            let member = serde_saphyr::to_string(&member).ok()?;
            Some(indented(member.lines(), &indent, newline))
        }
    }
}

/// The lines of a member in a new place, under a new name.
fn moved(text: &Text<'_>, lines: &Lines, name: &str, column: usize) -> Option<String> {
    let key_end = text.key_end(lines.key)?;
    let quotes = flow::Quotes::of(text.get(lines.key, key_end));
    let before = text.column(lines.key);
    let above = text.get(lines.from, text.line_start(lines.key)).lines();
    let behind = text.get(key_end, lines.to);
    let first = format!(
        "{}{}",
        flow::scalar(&name.into(), quotes),
        behind.lines().next()?
    );
    let shifted = |line: &str| {
        let spaces = line.len() - line.trim_start_matches(' ').len();
        line.get(spaces.min(before)..)
            .unwrap_or_default()
            .to_owned()
    };
    let all = above
        .map(|line| line.trim_start().to_owned())
        .chain([first])
        .chain(behind.lines().skip(1).map(shifted));
    let all: Vec<_> = all.collect();
    let indent = " ".repeat(column);
    Some(indented(
        all.iter().map(String::as_str),
        &indent,
        text.newline(),
    ))
}

/// Lines behind an indent; an empty one stays empty.
fn indented<'l>(lines: impl Iterator<Item = &'l str>, indent: &str, newline: &str) -> String {
    let mut written = String::new();
    for line in lines {
        if !line.is_empty() {
            written.push_str(indent);
            written.push_str(line);
        }
        written.push_str(newline);
    }
    written
}
