//! An object as it stands in the text of its document.

use super::text::Text;
use gwapi::manifest::Positions;
use serde_json::{Map, Value};

/// An object as it stands in the text of its document.
#[derive(Clone, Copy)]
pub(super) struct Original<'d> {
    pub(super) text: &'d Text<'d>,
    pub(super) positions: &'d Positions,
}

/// A member of an object, where it stands.
#[derive(Clone, Copy)]
pub(super) struct Member<'m> {
    pub(super) name: &'m str,
    pub(super) key: usize,
    pub(super) value: usize,
}

impl Original<'_> {
    /// Where the value at a path begins, behind its anchor and tag.
    pub(super) fn begin(&self, path: &str) -> Option<usize> {
        let at = self.text.offset(self.positions.value(path)?)?;
        Some(self.text.behind_properties(at))
    }

    /// The members of an object in the order in which they stand.
    pub(super) fn members<'m>(
        &self,
        path: &str,
        object: &'m Map<String, Value>,
    ) -> Option<Vec<Member<'m>>> {
        let mut members = Vec::with_capacity(object.len());
        for name in object.keys() {
            let path = within(path, name);
            members.push(Member {
                name,
                key: self.text.offset(self.positions.key(&path)?)?,
                value: self.begin(&path)?,
            });
        }
        members.sort_by_key(|member| member.key);
        Some(members)
    }
}

/// Whether a value is a text of several lines, in which a `#` begins no comment.
pub(super) fn is_long(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.contains('\n'))
}

/// Whether there is such a text in a value.
pub(super) fn holds_long(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().any(holds_long),
        Value::Object(members) => members.values().any(holds_long),
        _ => is_long(value),
    }
}

/// The path of a member.
pub(super) fn within(path: &str, name: &str) -> String {
    if name.contains(['.', '[', ']', '"']) {
        format!("{path}[{name}]")
    } else if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}
