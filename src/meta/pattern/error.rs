//! Why a text is not accepted as a pattern.

use crate::meta::kept_name;

/// Why a text is not accepted as a [`Pattern`](super::Pattern).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.sentence())]
pub struct PatternError {
    text: Box<str>,
    problem: PatternProblem,
}

/// What is wrong with a text.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PatternProblem {
    /// It is not a regular expression; what the parser says.
    Syntax(Box<str>),
    /// It has look-around or backreferences, which this dialect leaves out; what the parser says.
    Unsupported(Box<str>),
    /// It is a regular expression that would be too large when compiled. Both in bytes.
    TooLarge {
        /// Its [`Pattern::size`](super::Pattern::size).
        size: usize,
        /// [`PatternLimits::pattern`](super::PatternLimits::pattern).
        limit: usize,
    },
    /// Together with the regular expressions before it in the route, it would be too large. Both in bytes.
    TooLargeTogether {
        /// The size of all up to this one.
        size: usize,
        /// [`PatternLimits::route`](super::PatternLimits::route).
        limit: usize,
    },
}

impl PatternError {
    pub(super) fn syntax(text: &str, error: &regex_syntax::Error) -> Self {
        use regex_syntax::ast::ErrorKind::{UnsupportedBackreference, UnsupportedLookAround};
        let said = last_line(&error.to_string());
        let problem = match error {
            regex_syntax::Error::Parse(error)
                if matches!(
                    error.kind(),
                    UnsupportedBackreference | UnsupportedLookAround
                ) =>
            {
                PatternProblem::Unsupported(said)
            }
            _ => PatternProblem::Syntax(said),
        };
        Self::new(text, problem)
    }

    pub(super) fn too_large(text: &str, size: usize, limit: usize) -> Self {
        Self::new(text, PatternProblem::TooLarge { size, limit })
    }

    pub(super) fn too_large_together(text: &str, size: usize, limit: usize) -> Self {
        Self::new(text, PatternProblem::TooLargeTogether { size, limit })
    }

    fn new(text: &str, problem: PatternProblem) -> Self {
        let text = kept_name(text).into();
        Self { text, problem }
    }

    /// The text that is not accepted; only the start of one that is longer than 1 024 characters.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What is wrong with it.
    pub fn problem(&self) -> &PatternProblem {
        &self.problem
    }

    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match &self.problem {
            PatternProblem::Syntax(_) => {
                "correct it, with `\\` before each character that is meant as itself, such as `(` or `*`; gwapi goes by the syntax of the `regex` crate"
            }
            PatternProblem::Unsupported(_) => {
                "write it without look-around and backreferences, as RE2 takes it; which dialect counts is up to the implementation, and gwapi goes by the `regex` crate"
            }
            PatternProblem::TooLarge { .. } => {
                "lower its counts, write ASCII classes such as `[0-9A-Za-z_]` for `\\w`, or raise the limit"
            }
            PatternProblem::TooLargeTogether { .. } => {
                "divide the route, write ASCII classes such as `[0-9A-Za-z_]` for `\\w`, or raise the limit"
            }
        }
    }

    fn sentence(&self) -> String {
        let text = &self.text;
        match &self.problem {
            PatternProblem::Syntax(reason) | PatternProblem::Unsupported(reason) => {
                format!("`{text}` is not a regular expression: {reason}")
            }
            PatternProblem::TooLarge { size, limit } => format!(
                "the regular expression `{text}` is too large: about {} when compiled, and the limit is {} (`PatternLimits::pattern`, which `--max-pattern` of the command raises)",
                bytes(*size),
                bytes(*limit)
            ),
            PatternProblem::TooLargeTogether { size, limit } => format!(
                "the regular expression `{text}` is one too many: with those before it in the route, about {} when compiled, and the limit is {} (`PatternLimits::route`, which `--max-route-patterns` of the command raises)",
                bytes(*size),
                bytes(*limit)
            ),
        }
    }
}

/// A number of bytes, for people.
pub(super) fn bytes(count: usize) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    let mut tenths = count.saturating_mul(10);
    let mut unit = "bytes";
    for larger in UNITS {
        if tenths < 10 << 10 {
            break;
        }
        tenths = tenths.div_ceil(1 << 10);
        unit = larger;
    }
    match (tenths / 10, tenths % 10) {
        (whole, 0) => format!("{whole} {unit}"),
        (whole, tenth) => format!("{whole}.{tenth} {unit}"),
    }
}

/// The sentence at the end of a parser's message, which draws the pattern above it.
fn last_line(message: &str) -> Box<str> {
    let line = message.lines().last().unwrap_or(message);
    line.strip_prefix("error: ").unwrap_or(line).into()
}

#[cfg(test)]
mod tests {
    use super::super::Pattern;
    use super::*;

    #[test]
    fn what_is_not_a_regular_expression_and_what_is_too_large_are_told_apart() {
        let of = |source: &str| Pattern::new(source).unwrap_err();
        let error = of("(a");
        assert_eq!(
            error.to_string(),
            "`(a` is not a regular expression: unclosed group"
        );
        assert!(matches!(error.problem(), PatternProblem::Syntax(_)));
        let error = of(r"\w{100}");
        assert_eq!(
            error.to_string(),
            r"the regular expression `\w{100}` is too large: about 2 MiB when compiled, and the limit is 1 MiB (`PatternLimits::pattern`, which `--max-pattern` of the command raises)"
        );
        assert!(matches!(
            error.problem(),
            PatternProblem::TooLarge { limit, .. } if *limit == 1 << 20
        ));
        assert!(Pattern::with_size_limit(r"\w{100}", 4 << 20).is_ok());
    }

    /// What is wrong with an expression decides what is to be done.
    #[test]
    fn the_help_follows_from_what_is_wrong() {
        let help = |source: &str| Pattern::new(source).unwrap_err().help();
        for source in ["(a", "*", "[b-a]", "(?<n"] {
            assert!(help(source).starts_with("correct it, "), "{source}");
        }
        for source in ["(?=a)", "(?<!a)b", r"(a)\1"] {
            let wanted = "write it without look-around and backreferences, ";
            assert!(help(source).starts_with(wanted), "{source}");
        }
        assert!(help(r"\w{100}").starts_with("lower its counts, "));
        let together = PatternError::too_large_together("a", 2, 1);
        assert!(together.help().starts_with("divide the route, "));
        // As the help says.
        assert!(Pattern::new(r"\(a").is_ok() && Pattern::new("[0-9A-Za-z_]{100}").is_ok());
    }

    #[test]
    fn sizes_are_written_in_units_that_people_read() {
        for (count, text) in [
            (0, "0 bytes"),
            (1023, "1023 bytes"),
            (1024, "1 KiB"),
            (1025, "1.1 KiB"),
            (1 << 20, "1 MiB"),
            (5 << 29, "2.5 GiB"),
        ] {
            assert_eq!(bytes(count), text);
        }
    }
}
