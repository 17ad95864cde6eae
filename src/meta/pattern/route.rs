//! The regular expressions of one route, within limits.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Pattern, PatternError, PatternLimits, PatternStore};

/// The verdict on each regular expression of one route, and the patterns of those that are accepted. A clone shares
/// them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RoutePatterns {
    by_text: Arc<BTreeMap<Box<str>, Result<Pattern, PatternError>>>,
}

impl RoutePatterns {
    /// Judges the regular expressions of a route, given in the order in which they stand in it.
    #[must_use]
    pub fn of<'t>(
        texts: impl IntoIterator<Item = &'t str>,
        limits: &PatternLimits,
        store: &PatternStore,
    ) -> Self {
        let mut by_text: BTreeMap<Box<str>, _> = BTreeMap::new();
        let mut used: usize = 0;
        for text in texts {
            if by_text.contains_key(text) {
                continue;
            }
            let verdict = store.get(text, limits.pattern).and_then(|pattern| {
                let size = used.saturating_add(pattern.size());
                if size > limits.route {
                    return Err(PatternError::too_large_together(text, size, limits.route));
                }
                used = size;
                Ok(pattern)
            });
            by_text.insert(text.into(), verdict);
        }
        Self {
            by_text: Arc::new(by_text),
        }
    }

    /// Whether the route has no regular expressions.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_text.is_empty()
    }

    /// The patterns that are accepted.
    pub fn accepted(&self) -> impl Iterator<Item = &Pattern> {
        self.by_text.values().filter_map(|one| one.as_ref().ok())
    }

    /// The size of the accepted patterns together, in bytes.
    #[must_use]
    pub fn size(&self) -> usize {
        let sizes = self.accepted().map(Pattern::size);
        sizes.fold(0, usize::saturating_add)
    }

    /// The verdict on a text; `None` if the route does not have it.
    pub fn get(&self, text: &str) -> Option<Result<&Pattern, &PatternError>> {
        self.by_text.get(text).map(Result::as_ref)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(texts: &[&str], limits: PatternLimits) -> Vec<Option<String>> {
        let patterns = RoutePatterns::of(texts.iter().copied(), &limits, &PatternStore::default());
        let verdict = |text: &&str| patterns.get(text)?.err().map(ToString::to_string);
        texts.iter().map(verdict).collect()
    }

    #[test]
    fn the_distinct_expressions_of_a_route_are_counted_in_order() {
        let one = Pattern::new("a.*").unwrap().size();
        let limits = PatternLimits {
            route: 2 * one,
            ..PatternLimits::default()
        };
        let verdicts = of(&["a.*", "b.*", "a.*", "(", "c.*", "b.*"], limits);
        let refused: Vec<bool> = verdicts.iter().map(Option::is_some).collect();
        assert_eq!(refused, [false, false, false, true, true, false]);
        let text = verdicts[4].as_deref().unwrap();
        assert!(text.starts_with("the regular expression `c.*` is one too many: with those before it in the route, about "), "{text}");
        assert!(
            verdicts[3]
                .as_deref()
                .unwrap()
                .contains("is not a regular expression")
        );
    }

    #[test]
    fn a_route_as_large_as_the_schema_allows_is_judged_without_compiling_anything() {
        // 16 rules of 8 matches of 33 regular expressions.
        let texts = |of: fn(usize) -> String| (0..4_224).map(of).collect::<Vec<_>>();
        let verdicts = |texts: &[String]| {
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            let verdicts = of(&texts, PatternLimits::default());
            verdicts.iter().filter(|verdict| verdict.is_none()).count()
        };
        assert_eq!(
            verdicts(&texts(|n| format!("/users/[0-9]+/orders/{n}/[^/]+"))),
            4_224
        );
        assert_eq!(verdicts(&texts(|n| format!(r"/\w{{1,30}}x{n}"))), 13);
    }
}
