//! Durations in the text form of GEP-2257.

use std::{fmt, str::FromStr, time};

const MS_PER_SECOND: u64 = 1_000;
const MS_PER_MINUTE: u64 = 60 * MS_PER_SECOND;
const MS_PER_HOUR: u64 = 60 * MS_PER_MINUTE;

/// A duration as the API writes it (GEP-2257): one to four components of at most five digits and a
/// unit of `h`, `m`, `s` or `ms`, summed up.
///
/// Whole milliseconds, at most [`Duration::MAX`]. Displayed in the standard form: descending units,
/// none repeated, the largest possible, and `0s` for zero.
///
/// ```
/// use gwapi::meta::Duration;
///
/// let duration: Duration = "90m500ms".parse()?;
/// assert_eq!(duration.to_string(), "1h30m500ms");
/// assert_eq!(std::time::Duration::from(duration).as_millis(), 5_400_500);
/// # Ok::<(), gwapi::meta::DurationError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Duration {
    milliseconds: u64,
}

impl Duration {
    /// No time at all: `0s`. In the API's timeouts it means "no limit".
    pub const ZERO: Self = Self { milliseconds: 0 };

    /// The longest duration that the standard form can write: `99999h59m59s999ms`.
    pub const MAX: Self = Self {
        milliseconds: 99_999 * MS_PER_HOUR + MS_PER_HOUR - 1,
    };

    /// Whether it is zero.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.milliseconds == 0
    }

    /// The whole duration in milliseconds.
    #[must_use]
    pub const fn as_millis(self) -> u64 {
        self.milliseconds
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_zero() {
            return f.write_str("0s");
        }
        let mut rest = self.milliseconds;
        for (size, unit) in [
            (MS_PER_HOUR, "h"),
            (MS_PER_MINUTE, "m"),
            (MS_PER_SECOND, "s"),
            (1, "ms"),
        ] {
            let count = rest / size;
            rest %= size;
            if count > 0 {
                write!(f, "{count}{unit}")?;
            }
        }
        Ok(())
    }
}

impl From<Duration> for time::Duration {
    fn from(duration: Duration) -> Self {
        Self::from_millis(duration.milliseconds)
    }
}

impl TryFrom<time::Duration> for Duration {
    type Error = DurationError;

    /// Fails for fractions of a millisecond and for more than [`Duration::MAX`]: neither can be written.
    fn try_from(duration: time::Duration) -> Result<Self, Self::Error> {
        let refuse = |problem| {
            Err(DurationError {
                text: format!("{duration:?}"),
                problem,
            })
        };
        if !duration.subsec_nanos().is_multiple_of(1_000_000) {
            return refuse(DurationProblem::Fraction);
        }
        match u64::try_from(duration.as_millis()) {
            Ok(milliseconds) if milliseconds <= Self::MAX.milliseconds => Ok(Self { milliseconds }),
            _ => refuse(DurationProblem::TooLong),
        }
    }
}

impl FromStr for Duration {
    type Err = DurationError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refuse = |problem| DurationError {
            text: text.to_owned(),
            problem,
        };
        check_grammar(text).map_err(refuse)?;
        // The grammar is a subset of humantime's, so only the sum is left to it.
        let sum =
            humantime::parse_duration(text).map_err(|_| refuse(DurationProblem::Component))?;
        Self::try_from(sum).map_err(|error| refuse(error.problem))
    }
}

/// Checks what GEP-2257 asks of the text: one to four times one to five digits and a unit.
fn check_grammar(text: &str) -> Result<(), DurationProblem> {
    if text.is_empty() {
        return Err(DurationProblem::Empty);
    }
    let mut rest = text;
    for _ in 0..4 {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, after) = rest
            .split_at_checked(digits)
            .ok_or(DurationProblem::Component)?;
        if number.is_empty() {
            return Err(DurationProblem::Component);
        }
        if digits > 5 {
            return Err(DurationProblem::Digits);
        }
        rest = ["ms", "h", "m", "s"]
            .iter()
            .find_map(|unit| after.strip_prefix(unit))
            .ok_or(DurationProblem::Unit)?;
        if rest.is_empty() {
            return Ok(());
        }
    }
    Err(DurationProblem::Components)
}

/// A text or a length of time that is not a duration of the API.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a duration: {problem}")]
pub struct DurationError {
    text: String,
    problem: DurationProblem,
}

impl DurationError {
    /// The refused text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum DurationProblem {
    Empty,
    Component,
    Digits,
    Unit,
    Components,
    Fraction,
    TooLong,
}

impl fmt::Display for DurationProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "it is empty; zero is written `0s`",
            Self::Component => "expected digits followed by a unit, as in `1h30m`",
            Self::Digits => "a number may have at most five digits",
            Self::Unit => "expected one of the units `h`, `m`, `s`, `ms` after the number",
            Self::Components => "at most four numbers with units may follow each other",
            Self::Fraction => "the smallest unit is the millisecond",
            Self::TooLong => "the longest is `99999h59m59s999ms`",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_sum_of_the_components_counts() {
        for (text, millis) in [
            ("0s", 0),
            ("0h", 0),
            ("1h", 3_600_000),
            ("60m", 3_600_000),
            ("00060m", 3_600_000),
            ("1s500ms", 1_500),
            ("1h2h20m10m", 12_600_000),
            ("1h500ms", 3_600_500),
            ("99999h59m59s999ms", Duration::MAX.as_millis()),
        ] {
            assert_eq!(
                text.parse::<Duration>().unwrap().as_millis(),
                millis,
                "{text}"
            );
        }
    }

    #[test]
    fn texts_outside_the_grammar_are_refused_with_the_reason() {
        for (text, problem) in [
            ("", DurationProblem::Empty),
            ("0", DurationProblem::Unit),
            ("1.5h", DurationProblem::Unit),
            ("-1h", DurationProblem::Component),
            ("1d", DurationProblem::Unit),
            ("1us", DurationProblem::Unit),
            ("h", DurationProblem::Component),
            ("100000s", DurationProblem::Digits),
            ("1h1m1s1ms1ms", DurationProblem::Components),
            ("1h 1m", DurationProblem::Component),
            ("1H", DurationProblem::Unit),
            ("99999h60m", DurationProblem::TooLong),
            ("1h\u{661}m", DurationProblem::Component),
        ] {
            assert_eq!(
                text.parse::<Duration>().unwrap_err().problem,
                problem,
                "{text}"
            );
        }
    }

    #[test]
    fn the_standard_form_has_descending_units_and_none_twice() {
        for (text, standard) in [
            ("30m1800s", "1h"),
            ("90m", "1h30m"),
            ("0ms", "0s"),
            ("30m1h", "1h30m"),
        ] {
            assert_eq!(text.parse::<Duration>().unwrap().to_string(), standard);
        }
    }

    #[test]
    fn what_cannot_be_written_cannot_be_made() {
        assert!(Duration::try_from(time::Duration::from_micros(1)).is_err());
        assert!(Duration::try_from(time::Duration::from_secs(u64::MAX)).is_err());
        let max = time::Duration::from(Duration::MAX);
        assert_eq!(Duration::try_from(max), Ok(Duration::MAX));
        assert!(Duration::try_from(max + time::Duration::from_millis(1)).is_err());
    }

    proptest! {
        /// Writing and reading any duration gives it back.
        #[test]
        fn the_standard_form_reads_back(milliseconds in 0..=Duration::MAX.milliseconds) {
            let duration = Duration { milliseconds };
            prop_assert_eq!(duration.to_string().parse(), Ok(duration));
        }

        /// No text makes the parser panic, and what it accepts matches the API's pattern.
        #[test]
        fn only_the_grammar_is_accepted(text in "([0-9]{0,6}(h|m|s|ms|d|)){0,5}") {
            let pattern = regex::Regex::new("^([0-9]{1,5}(h|m|s|ms)){1,4}$").unwrap();
            if text.parse::<Duration>().is_ok() {
                prop_assert!(pattern.is_match(&text));
            } else if pattern.is_match(&text) {
                // Only the upper bound is stricter than the pattern.
                prop_assert_eq!(text.parse::<Duration>().unwrap_err().problem, DurationProblem::TooLong);
            }
        }
    }
}
