//! Patterns by their text, so that each distinct text is compiled once.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::{
    PatternError,
    compiled::{Inner, Pattern},
};

/// Patterns that are in use somewhere, by their text: two routes with one regular expression share what it is
/// compiled to. A pattern that is no longer used is forgotten. Clones share one store.
#[derive(Clone, Default)]
pub struct PatternStore {
    known: Arc<Mutex<Known>>,
}

#[derive(Default)]
struct Known {
    patterns: HashMap<Box<str>, Weak<Inner>>,
    /// The number of patterns at which those that are no longer in use are looked for.
    next_sweep: usize,
}

impl PatternStore {
    /// The fewest patterns for which a sweep is worthwhile.
    const FEW: usize = 64;

    /// The pattern of this text, of at most `limit` bytes (see [`Pattern::with_size_limit`]).
    ///
    /// # Errors
    /// When the text is not a regular expression, or is larger than the limit.
    pub fn get(&self, source: &str, limit: usize) -> Result<Pattern, PatternError> {
        // Nothing that can panic happens while the lock is held.
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(inner) = known.patterns.get(source).and_then(Weak::upgrade) {
            if inner.size > limit {
                return Err(PatternError::too_large(source, inner.size, limit));
            }
            return Ok(Pattern { inner });
        }
        let pattern = Pattern::with_size_limit(source, limit)?;
        let inner = Arc::downgrade(&pattern.inner);
        known.patterns.insert(source.into(), inner);
        if known.patterns.len() > known.next_sweep.max(Self::FEW) {
            known.patterns.retain(|_, inner| inner.strong_count() > 0);
            known.next_sweep = known.patterns.len().saturating_mul(2);
        }
        Ok(pattern)
    }
}

impl fmt::Debug for PatternStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PatternStore").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::super::PatternLimits;
    use super::*;

    #[test]
    fn one_text_is_one_pattern_while_it_is_in_use() {
        let store = PatternStore::default();
        let get = |source: &str| store.clone().get(source, PatternLimits::PATTERN);
        let one = get("/a/.*").unwrap();
        assert!(Arc::ptr_eq(&one.inner, &get("/a/.*").unwrap().inner));
        assert!(!Arc::ptr_eq(&one.inner, &get("/b/.*").unwrap().inner));
        assert!(get("(").is_err());
        assert_eq!(
            store.get("/a/.*", 1).unwrap_err().to_string(),
            Pattern::with_size_limit("/a/.*", 1)
                .unwrap_err()
                .to_string(),
            "the limit is asked whether or not the pattern is known"
        );
    }

    #[test]
    fn what_nobody_uses_is_forgotten() {
        let store = PatternStore::default();
        let kept: Vec<_> = (0..10)
            .map(|n| store.get(&format!("/kept/{n}"), 1 << 20))
            .collect();
        for n in 0..10_000 {
            store.get(&format!("/gone/{n}"), 1 << 20).unwrap();
            let len = store.known.lock().unwrap().patterns.len();
            assert!(len <= PatternStore::FEW + 1, "{len}");
        }
        let again = store.get("/kept/3", 1 << 20).unwrap();
        let before = kept[3].as_ref().unwrap();
        assert!(Arc::ptr_eq(&again.inner, &before.inner));
    }
}
