//! A choice among weighted backendRefs that needs no draws.

use super::{WeightedChoice, WeightedChoiceError};

/// A choice among weighted backends (`backendRefs[].weight`) that spreads them evenly and draws nothing: smooth weighted
/// round robin.
///
/// Each cycle of [`total`](Self::total) choices holds each index exactly as often as its weight says, as an index of weight 5
/// beside one of weight 1 is not chosen five times in a row. [`WeightedChoice`] gives the same shares to independent draws.
///
/// A choice looks at every weight once. The state is the caller's: one value for each worker, or one behind a lock.
///
/// ```
/// use gwapi::backend::SmoothWeightedChoice;
///
/// let mut choice = SmoothWeightedChoice::new([5, 1, 1])?;
/// let chosen: Vec<_> = (0..7).filter_map(|_| choice.choose_next()).collect();
/// assert_eq!(chosen, [0, 0, 1, 0, 2, 0, 0]);
/// # Ok::<(), gwapi::backend::WeightedChoiceError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SmoothWeightedChoice {
    /// Each weight, and how far its index is ahead of its share. What is ahead sums up to 0 between two choices.
    weights: Box<[(i128, i128)]>,
    total: i128,
}

impl SmoothWeightedChoice {
    /// Begins a cycle of the choice among weights, in their order.
    ///
    /// # Errors
    ///
    /// As [`WeightedChoice::new`].
    pub fn new<W: Into<i64>>(
        weights: impl IntoIterator<Item = W>,
    ) -> Result<Self, WeightedChoiceError> {
        WeightedChoice::new(weights).map(|choice| Self::from(&choice))
    }

    /// The sum of all weights, and the length of a cycle. With 0 nothing can be chosen.
    #[must_use]
    pub fn total(&self) -> u64 {
        u64::try_from(self.total).unwrap_or_default()
    }

    /// The next index; nothing where all weights are 0 or there are none.
    pub fn choose_next(&mut self) -> Option<usize> {
        let mut best: Option<(usize, i128)> = None;
        for (index, (weight, ahead)) in self.weights.iter_mut().enumerate() {
            *ahead += *weight;
            if *weight > 0 && best.is_none_or(|(_, most)| *ahead > most) {
                best = Some((index, *ahead));
            }
        }
        let (index, _) = best?;
        if let Some((_, ahead)) = self.weights.get_mut(index) {
            *ahead -= self.total;
        }
        Some(index)
    }
}

impl From<&WeightedChoice> for SmoothWeightedChoice {
    /// The same weights, at the beginning of a cycle.
    fn from(choice: &WeightedChoice) -> Self {
        let weight = |index| (i128::from(choice.weight(index)), 0);
        Self {
            weights: (0..choice.len()).map(weight).collect(),
            total: i128::from(choice.total()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{collection::vec, prelude::*};

    proptest! {
        /// Each cycle holds each index exactly as often as its weight says, and ends in the state in which it began.
        #[test]
        fn each_cycle_gives_exactly_the_weights(weights in vec(prop_oneof![Just(0_u32), 0_u32..30], 0..12)) {
            let mut choice = SmoothWeightedChoice::new(weights.iter().copied()).unwrap();
            let begin = choice.clone();
            for _ in 0..3 {
                let mut counts = vec![0_u32; weights.len()];
                for _ in 0..choice.total() {
                    counts[choice.choose_next().unwrap()] += 1;
                }
                prop_assert_eq!(&counts, &weights);
                prop_assert_eq!(&choice, &begin);
            }
            if choice.total() == 0 {
                prop_assert_eq!(choice.choose_next(), None);
            }
        }

        /// Within a cycle no index is ever a whole choice ahead of its share, and with two weights none is behind by one
        /// either: the choice is smooth.
        #[test]
        fn no_index_runs_ahead_of_its_share(weights in vec(0_i64..1_000, 1..8), steps in 0_u32..200) {
            let mut choice = SmoothWeightedChoice::new(weights.iter().copied()).unwrap();
            prop_assume!(choice.total() > 0);
            let total = i64::try_from(choice.total()).unwrap();
            let mut counts = vec![0_i64; weights.len()];
            for step in 1..=i64::from(steps) {
                counts[choice.choose_next().unwrap()] += 1;
                for (count, weight) in counts.iter().zip(&weights) {
                    prop_assert!(count * total - weight * step < total, "{counts:?} of {weights:?}");
                    if weights.len() == 2 {
                        prop_assert!(weight * step - count * total < total, "{counts:?} of {weights:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn the_largest_weights_do_not_overflow() {
        let mut choice = SmoothWeightedChoice::new([i64::MAX, i64::MAX]).unwrap();
        let chosen: Vec<_> = (0..4).filter_map(|_| choice.choose_next()).collect();
        assert_eq!(chosen, [0, 1, 0, 1]);
        assert!(SmoothWeightedChoice::new([1, -1]).is_err());
    }
}
