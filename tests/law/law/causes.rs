//! Whether a condition says that something is wrong, and names why.

use gwapi::meta::{Condition, ConditionStatus};

/// Whether a condition of a route says that something is wrong.
pub(super) fn is_bad(condition: &Condition) -> bool {
    let wrong = match condition.type_.as_str() {
        "Accepted" | "ResolvedRefs" => ConditionStatus::False,
        "PartiallyInvalid" => ConditionStatus::True,
        _ => return false,
    };
    condition.status == wrong.as_str()
}

/// How many causes a message names, before it counts the others.
const MOST_NAMED: usize = 8;

/// Whether the message of a condition names why a rule answered with an error: one thing that is wrong excuses no other, nor
/// does what is wrong with another rule.
pub(super) fn names(message: &str, rule: usize, why: &str) -> bool {
    let message = message.strip_prefix("Dropped Rule: ").unwrap_or(message);
    let parts: Vec<&str> = message.split("; ").collect();
    parts.iter().enumerate().any(|(at, part)| {
        if let Some(more) = part
            .strip_prefix("and ")
            .and_then(|rest| rest.strip_suffix(" more"))
        {
            // Only a full list is cut off, and only at its end. It is as good as named there.
            let count: usize = more.parse().unwrap_or(0);
            return count > 0 && at >= MOST_NAMED && at + 1 == parts.len();
        }
        let text = match of_a_rule(part) {
            Some((number, _)) if number != rule => return false,
            Some((_, text)) => text,
            None => part,
        };
        !text.is_empty() && why.contains(text)
    })
}

/// The rule of which a part of a message speaks, as in `rule 1 takes no requests: …`, and what it says of it.
fn of_a_rule(part: &str) -> Option<(usize, &str)> {
    let rest = part.strip_prefix("rule ")?;
    let (number, rest) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit())?);
    let (_, text) = rest.split_once(": ")?;
    Some((number.parse().ok()?, text))
}

#[test]
fn a_cause_is_named_where_its_rule_and_its_text_are() {
    let why = "Service a/b does not exist";
    let eight = "q; q; q; q; q; q; q; q";
    for (message, rule, named) in [
        ("Service a/b does not exist", 0, true),
        (
            "Service a/c has no port; Service a/b does not exist",
            0,
            true,
        ),
        ("Service a/bc does not exist", 0, false),
        (
            "Dropped Rule: rule 1 takes no requests: Service a/b does not exist",
            1,
            true,
        ),
        ("rule 1: Service a/b does not exist", 1, true),
        // Of another rule, though its number begins in the same way.
        ("rule 10: Service a/b does not exist", 1, false),
        ("rule 1: Service a/b does not exist", 10, false),
        ("", 0, false),
        ("rule 1: ", 1, false),
        ("other; ", 0, false),
        // Causes are counted where eight are named, and at the end.
        (&format!("{eight}; and 2 more"), 0, true),
        (&format!("{eight}; and 0 more"), 0, false),
        (&format!("{eight}; and 2 more; q"), 0, false),
        ("q; and 2 more", 0, false),
        ("and more", 0, false),
    ] {
        assert_eq!(names(message, rule, why), named, "{message:?} {rule}");
    }
}
