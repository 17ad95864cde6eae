//! Members of an object in braces: which go, which come, and the comments around them.

use super::{
    Editor,
    fates::Fate,
    flow::{self, Quotes},
    moves::is_within,
    original::{Member, within},
};
use serde_json::Value;

impl Editor<'_> {
    /// Takes off and adds members of an object in braces.
    pub(super) fn flow_members(
        &mut self,
        (path, members): (&str, &[Member<'_>]),
        fates: &[Fate<'_>],
        added: &[(&String, &Value)],
    ) -> Option<bool> {
        let goes = |index: usize| matches!(fates.get(index), Some(Fate::Goes));
        let Some(last) = (0..members.len()).rev().find(|index| !goes(*index)) else {
            return Some(false);
        };
        // The comments that stand right above what moves, by the path to which it moves.
        let mut along: Vec<(String, String)> = Vec::new();
        let mut index = 0;
        while index < members.len() {
            if !goes(index) {
                index += 1;
                continue;
            }
            let first = index;
            while goes(index) {
                index += 1;
            }
            let mut takes_comments = false;
            for (at, member) in members.iter().enumerate().take(index).skip(first) {
                let comments = self.comments_in_flow(member);
                match self.moves.of(&within(path, member.name)) {
                    Some(to) if !comments.is_empty() => {
                        takes_comments |= at == first;
                        along.push((to.to_owned(), comments));
                    }
                    // Those above the others are taken off with them; those above a line that begins with something else are
                    // about that.
                    _ if at == first
                        && index < members.len()
                        && self.original.text.indent_of_first(member.key).is_some() =>
                    {
                        self.note_behind(member.key, member.key);
                    }
                    _ => {}
                }
            }
            self.take_off(members, first..index, takes_comments)?;
        }
        let last = members.get(last)?;
        let end = self.original.text.flow_end(last.value)?;
        let text = self.original.text;
        let quotes = Quotes::of(text.get(last.key, text.key_end(last.key)?));
        let here = self.moves.destination(path);
        let indent = text.indent_of_first(last.key);
        let members: Vec<String> = added
            .iter()
            .map(|(name, value)| {
                let key = flow::scalar(&name.as_str().into(), quotes);
                let value = flow::value(value, quotes);
                let to = within(&here, name);
                let above = along.iter().filter(|(path, _)| is_within(path, &to));
                let above = above.map(|(_, comments)| comments.as_str());
                match indent {
                    Some(indent) => format!("{}{indent}{key}: {value}", above.collect::<String>()),
                    None => format!("{key}: {value}"),
                }
            })
            .collect();
        if members.is_empty() {
            return Some(true);
        }
        let newline = text.newline();
        let line_end = text.line_end(end);
        let rest = text.get(end, line_end);
        let is_alone = rest.ends_with('\n')
            && (rest.trim_start().is_empty() || rest.trim_start().starts_with('#'));
        match indent {
            // A comment behind the last member is about that.
            Some(_) if is_alone => {
                let lines = members.join(&format!(",{newline}")) + newline;
                self.replace(end, end, ",");
                self.replace(line_end, line_end, lines);
            }
            Some(_) => {
                let lines = members.iter().map(|member| format!(",{newline}{member}"));
                self.replace(end, end, lines.collect::<String>());
            }
            None => self.replace(end, end, format!(", {}", members.join(", "))),
        }
        Some(true)
    }

    /// What becomes of an object in braces that no member stays in: what stands from its first member to its last one, and what
    /// takes its place. The comments around that stay.
    pub(super) fn braces_with_comments(
        &self,
        (path, member): (&str, &Member<'_>),
        (old, new): (&Value, &Value),
        quotes: Quotes,
    ) -> Option<(usize, usize, String)> {
        let (old, new) = (old.as_object()?, new.as_object()?);
        let text = self.original.text;
        if !text.starts_with(member.value, &['{']) {
            return None;
        }
        let members = self.original.members(path, old)?;
        let from = members.first()?.key;
        let end = text.flow_end(members.last()?.value)?;
        let written: Vec<_> = new
            .iter()
            .map(|(name, value)| {
                let name = flow::scalar(&name.as_str().into(), quotes);
                format!("{name}: {}", flow::value(value, quotes))
            })
            .collect();
        // With no member before it, a comma has no place.
        let comma = text.get(end, end + 1) == ",";
        let to = end + usize::from(comma && written.is_empty());
        Some((from, to, written.join(", ")))
    }

    /// The lines of comments right above a member in braces, where it begins its line.
    fn comments_in_flow(&self, member: &Member<'_>) -> String {
        let text = self.original.text;
        match text.indent_of_first(member.key) {
            Some(_) => text.comments(
                member.key,
                text.comments_above(member.key),
                text.line_start(member.key),
            ),
            None => String::new(),
        }
    }

    /// Takes members in braces off, with the comments above them that go along with what moves. Those above the next one stay.
    fn take_off(
        &mut self,
        members: &[Member<'_>],
        gone: std::ops::Range<usize>,
        takes_comments: bool,
    ) -> Option<()> {
        let text = self.original.text;
        let first = members.get(gone.start)?;
        let Some(next) = members.get(gone.end) else {
            // The comma before it goes, too.
            let before = members.get(gone.start.checked_sub(1)?)?;
            let before = text.flow_end(before.value)?;
            let end = text.flow_end(members.last()?.value)?;
            self.replace(before, end, "");
            return Some(());
        };
        let end = text.flow_end(members.get(gone.end - 1)?.value)?;
        let behind = text.line_end(end);
        let rest = text
            .get(end, behind)
            .trim_start()
            .strip_prefix(',')
            .map(str::trim_start);
        let has_lines = rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('#'))
            && behind <= text.line_start(next.key);
        let from = match takes_comments {
            true => text.comments_above(first.key),
            false => text.line_start(first.key),
        };
        match text.indent_of_first(first.key) {
            Some(_) if has_lines => self.replace(from, behind, ""),
            Some(indent) => self.replace(from, next.key, indent),
            None => self.replace(first.key, next.key, ""),
        }
        Some(())
    }
}
