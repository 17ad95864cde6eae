//! The choice among weighted backendRefs.

use std::{fmt, ops::Range};

/// An exact choice among weighted backends (`backendRefs[].weight`).
///
/// The draw is an argument: a number below [`total`](Self::total). Each index is chosen by exactly as many
/// draws as its weight says, so a uniform draw gives exactly the shares that the specification asks for.
/// A weight of 0 receives nothing.
///
/// ```
/// use gwapi::backend::WeightedChoice;
///
/// let choice = WeightedChoice::new([9, 0, 1])?;
/// let chosen: Vec<_> = (0..choice.total()).filter_map(|draw| choice.choose(draw)).collect();
/// assert_eq!(chosen, [0, 0, 0, 0, 0, 0, 0, 0, 0, 2]);
/// assert_eq!(choice.share(0).to_string(), "9/10");
/// # Ok::<(), gwapi::backend::WeightedChoiceError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WeightedChoice {
    /// Where the draws of each index end; growing, of the same length as the weights.
    ends: Box<[u64]>,
}

impl WeightedChoice {
    /// Prepares the choice among weights, in their order.
    ///
    /// Weights are those of the API, 0 to 1 000 000; any other number that is not negative works as well.
    ///
    /// # Errors
    ///
    /// A negative weight, which the API does not allow.
    pub fn new<W: Into<i64>>(
        weights: impl IntoIterator<Item = W>,
    ) -> Result<Self, WeightedChoiceError> {
        let mut total = 0_u64;
        let mut ends = Vec::new();
        for (index, weight) in weights.into_iter().enumerate() {
            let weight = weight.into();
            total = u64::try_from(weight)
                .ok()
                .and_then(|weight| total.checked_add(weight))
                .ok_or(WeightedChoiceError { index, weight })?;
            ends.push(total);
        }
        Ok(Self { ends: ends.into() })
    }

    /// The sum of all weights: draws are below it. With 0 nothing can be chosen, and the specification
    /// wants requests to be answered with 500.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.ends.last().copied().unwrap_or_default()
    }

    /// How many weights there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are no weights.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The index that a draw chooses; nothing for a draw that is not below the total. [`draw`](Self::draw) says
    /// why. Takes a binary search and no memory.
    #[must_use]
    pub fn choose(&self, draw: u64) -> Option<usize> {
        self.draw(draw).ok()
    }

    /// The index that a draw chooses.
    ///
    /// ```
    /// use gwapi::backend::{DrawError, WeightedChoice};
    ///
    /// let choice = WeightedChoice::new([3, 1])?;
    /// assert_eq!(choice.draw(3), Ok(1));
    /// assert_eq!(choice.draw(4), Err(DrawError::OutOfRange { draw: 4, total: 4 }));
    /// assert_eq!(WeightedChoice::new([0, 0])?.draw(0), Err(DrawError::Nothing));
    /// # Ok::<(), gwapi::backend::WeightedChoiceError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`DrawError::Nothing`] where all weights are 0 or there are none, whatever the draw: an answer of 500 (HTTPRoute
    /// `spec.rules[].backendRefs[].weight`). [`DrawError::OutOfRange`] for a draw that is not below the total: a fault of
    /// who draws.
    pub fn draw(&self, draw: u64) -> Result<usize, DrawError> {
        DrawError::check(draw, self.total())?;
        Ok(self.ends.partition_point(|&end| end <= draw))
    }

    /// The draws that choose an index; none where there is no such index, or its weight is 0.
    #[must_use]
    pub fn draws(&self, index: usize) -> Range<u64> {
        let end = |index: usize| self.ends.get(index).copied();
        let start = index.checked_sub(1).and_then(end).unwrap_or_default();
        end(index).map_or(0..0, |end| start..end)
    }

    /// The weight of an index; 0 where there is none.
    #[must_use]
    pub fn weight(&self, index: usize) -> u64 {
        let draws = self.draws(index);
        draws.end - draws.start
    }

    /// The share of requests that an index receives.
    #[must_use]
    pub fn share(&self, index: usize) -> Share {
        Share::new(self.weight(index), self.total())
    }
}

/// A part of all requests, as a reduced fraction: `1/2`; nothing is `0/1`, all is `1/1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Share {
    part: u64,
    whole: u64,
}

impl Share {
    /// The share that `part` is of `whole`; nothing where there is no whole.
    #[must_use]
    pub const fn new(part: u64, whole: u64) -> Self {
        let (mut a, mut b) = (part, whole);
        while b != 0 {
            (a, b) = (b, a % b);
        }
        if a == 0 || whole == 0 {
            return Self { part: 0, whole: 1 };
        }
        Self {
            part: part / a,
            whole: whole / a,
        }
    }

    /// The numerator.
    #[must_use]
    pub const fn part(self) -> u64 {
        self.part
    }

    /// The denominator, at least 1.
    #[must_use]
    pub const fn whole(self) -> u64 {
        self.whole
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.part, self.whole)
    }
}

/// Why a draw chooses nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum DrawError {
    /// There is nothing to choose from.
    #[error("there is nothing to choose from")]
    Nothing,
    /// The draw is not below the number of chances.
    #[error("the draw `{draw}` is out of range: expected a number below {total}")]
    OutOfRange {
        /// What was drawn.
        draw: u64,
        /// How many chances there are.
        total: u64,
    },
}

impl DrawError {
    /// Checks that a draw is below the number of chances.
    pub(super) fn check(draw: u64, total: u64) -> Result<(), Self> {
        match total {
            0 => Err(Self::Nothing),
            _ if draw < total => Ok(()),
            _ => Err(Self::OutOfRange { draw, total }),
        }
    }
}

/// A weight that the API does not allow, or that makes the sum of all too large.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("backendRefs[{index}].weight: `{weight}` is not a weight: expected 0 to 1000000")]
pub struct WeightedChoiceError {
    index: usize,
    weight: i64,
}

impl WeightedChoiceError {
    /// The index of the weight.
    #[must_use]
    pub fn index(&self) -> usize {
        self.index
    }

    /// The weight.
    #[must_use]
    pub fn weight(&self) -> i64 {
        self.weight
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{collection::vec, prelude::*};

    proptest! {
        /// Enumerating all draws gives exactly the weights.
        #[test]
        fn all_draws_together_give_exactly_the_weights(weights in vec(prop_oneof![Just(0_u32), 0_u32..50], 0..20)) {
            let choice = WeightedChoice::new(weights.iter().copied()).unwrap();
            let mut counts = vec![0_u32; weights.len()];
            for draw in 0..choice.total() {
                counts[choice.choose(draw).unwrap()] += 1;
            }
            prop_assert_eq!(&counts, &weights);
            let total = choice.total();
            prop_assert_eq!(choice.choose(total), None);
            let wanted = match total {
                0 => DrawError::Nothing,
                _ => DrawError::OutOfRange { draw: total, total },
            };
            prop_assert_eq!(choice.draw(total), Err(wanted));
        }

        /// At any size a draw falls into the interval of the index that it chooses.
        #[test]
        fn a_draw_chooses_the_interval_it_falls_into(weights in vec(0_i32..=1_000_000, 1..16), draw in any::<u64>()) {
            let choice = WeightedChoice::new(weights.iter().copied()).unwrap();
            prop_assume!(choice.total() > 0);
            let draw = draw % choice.total();
            let index = choice.choose(draw).unwrap();
            let before: u64 = (0..index).map(|i| choice.weight(i)).sum();
            prop_assert!(before <= draw && draw < before + choice.weight(index));
            prop_assert_eq!(choice.weight(index), u64::try_from(weights[index]).unwrap());
        }

        /// A share is the reduced form of weight over total.
        #[test]
        fn a_share_is_a_reduced_fraction(part in 0_u64..1_000_000, more in 0_u64..1_000_000) {
            let whole = part + more;
            let share = Share::new(part, whole);
            prop_assert_eq!(u128::from(share.part()) * u128::from(whole.max(1)), u128::from(part) * u128::from(share.whole()));
            let reduced = (2..=share.part().min(1000)).all(|n| !share.part().is_multiple_of(n) || !share.whole().is_multiple_of(n));
            prop_assert!(reduced);
        }
    }

    #[test]
    fn weight_0_receives_nothing_and_without_weights_nothing_is_chosen() {
        for none in [&[][..], &[0], &[0, 0, 0]] {
            let choice = WeightedChoice::new(none.iter().copied()).unwrap();
            assert_eq!(choice.total(), 0);
            assert_eq!(choice.choose(0), None);
            assert_eq!(choice.share(0).to_string(), "0/1");
        }
        let one = WeightedChoice::new([0, 3, 0]).unwrap();
        assert_eq!(
            (0..3).filter_map(|d| one.choose(d)).collect::<Vec<_>>(),
            [1, 1, 1]
        );
        assert_eq!(one.share(1).to_string(), "1/1");
        assert_eq!(one.len(), 3);
        assert!(!one.is_empty());
    }

    #[test]
    fn shares_are_in_proportion_to_the_sum_of_all_weights() {
        let choice = WeightedChoice::new([50, 25, 25]).unwrap();
        let shares: Vec<_> = (0..4).map(|i| choice.share(i).to_string()).collect();
        assert_eq!(shares, ["1/2", "1/4", "1/4", "0/1"]);
        for (part, whole, text) in [(1, 1, "1/1"), (9, 10, "9/10"), (4, 6, "2/3"), (3, 0, "0/1")] {
            assert_eq!(Share::new(part, whole).to_string(), text);
        }
    }

    #[test]
    fn a_negative_weight_and_an_overflow_are_errors() {
        let error = WeightedChoice::new([1, -1]).unwrap_err();
        assert_eq!((error.index(), error.weight()), (1, -1));
        assert!(WeightedChoice::new([i64::MAX, i64::MAX, i64::MAX]).is_err());
    }
}
