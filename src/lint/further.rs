//! Rules after the first, where rules have no matches.

use crate::attachment::RuleLabel;

/// What to do about a rule that no connection reaches, since the first one takes them all.
pub(super) fn further_rule(rule: RuleLabel<'_>, first: RuleLabel<'_>) -> String {
    format!("remove {rule}, or move its `backendRefs` into {first}")
}
