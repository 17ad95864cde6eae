//! What was found out about an object, before it is a condition.

use crate::meta::{Condition, ConditionStatus, condition};

/// The content of one condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ConditionBody {
    pub(super) status: ConditionStatus,
    pub(super) reason: &'static str,
    pub(super) message: String,
}

/// The reason of a condition, and what is wrong.
pub(super) type Problem = (&'static str, String);

impl ConditionBody {
    pub(super) fn new(
        status: impl Into<ConditionStatus>,
        reason: &'static str,
        message: impl Into<String>,
    ) -> Self {
        Self {
            status: status.into(),
            reason,
            message: message.into(),
        }
    }

    pub(super) fn holds(&self) -> bool {
        self.status == ConditionStatus::True
    }

    /// The condition of this type, without a time.
    pub(super) fn condition(&self, kind: &str, generation: Option<i64>) -> Condition {
        let message = self.message.as_str();
        condition::new(kind, self.status.clone(), self.reason, message, generation)
    }
}

/// Joins what several parts of an object have to say, and leaves out what would make the text too long
/// to read.
pub(super) fn join(parts: &[String]) -> String {
    const SHOWN: usize = 8;
    let (shown, _) = parts.split_at(parts.len().min(SHOWN));
    let mut text = shown.join("; ");
    if let Some(more) = parts.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        text.push_str(&format!("; and {more} more"));
    }
    text
}

/// Names for people, in backticks; of more than eight the rest are counted.
pub(super) fn names<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let mut text = String::new();
    push_names(&mut text, names);
    text
}

/// As [`names`], at the end of a text.
pub(super) fn push_names<'a>(text: &mut String, mut names: impl Iterator<Item = &'a str>) {
    const SHOWN: usize = 8;
    text.push('`');
    for (index, name) in names.by_ref().take(SHOWN).enumerate() {
        if index > 0 {
            text.push_str("`, `");
        }
        text.push_str(name);
    }
    text.push('`');
    let more = names.count();
    if more > 0 {
        text.push_str(&format!(" and {more} more"));
    }
}
