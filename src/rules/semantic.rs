//! Rules that no API server can check: they warn.

use super::Rule;

pub(super) const RULES: &[Rule] = &[];
