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

/// How many parts are always shown.
const SHOWN: usize = 8;

/// Joins what several parts of an object have to say, and leaves out what would make the text too long
/// to read.
pub(super) fn join(parts: &[String]) -> String {
    join_first(parts, SHOWN)
}

/// Joins what there is to say of the rules of a route, so that each is named unless the text would be very long: a route has few.
pub(super) fn join_rules(parts: &[String]) -> String {
    const MOST_BYTES: usize = 8 * 1024;
    let mut length = 0;
    let fits = parts.iter().take_while(|part| {
        length += part.len();
        length <= MOST_BYTES
    });
    join_first(parts, fits.count().max(SHOWN))
}

fn join_first(parts: &[String], shown: usize) -> String {
    let (first, more) = parts.split_at(parts.len().min(shown));
    let mut text = first.join("; ");
    if !more.is_empty() {
        text.push_str(&format!("; and {} more", more.len()));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rules_of_a_route_are_all_named_unless_the_text_would_be_very_long() {
        let parts = |count: usize, length: usize| -> Vec<String> {
            (0..count).map(|at| format!("{at:0length$}")).collect()
        };
        for (count, length, more) in [
            (8, 9, 0),
            (16, 100, 0),
            (64, 100, 0),
            (200, 100, 119),
            (9, 9_000, 1),
        ] {
            let text = join_rules(&parts(count, length));
            let shown = text.split("; ").count() - usize::from(more > 0);
            assert_eq!(shown, count - more, "{count} {length}");
            assert_eq!(text.ends_with(&format!("; and {more} more")), more > 0);
        }
        assert!(join(&parts(9, 1)).ends_with("; and 1 more"));
    }
}
