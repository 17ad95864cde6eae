//! Intervals of releases: since when, and until when, something is part of the API.

use super::list::{Channel, Release, number};
use std::{fmt, str::FromStr};

/// The releases that have something, as one interval for each channel.
///
/// Written as upstream speaks of releases: a channel's letter (`E` experimental, `S` standard), the first release, and
/// the last one behind `..`; without a letter for both channels.
///
/// | mark | means |
/// | --- | --- |
/// | `E1.2 S1.7` | since v1.2.0 in the experimental channel, since v1.7.0 in the standard channel |
/// | `E1.1..1.6.3 S1.4` | in the experimental channel from v1.1.0 to v1.6.3, in the standard channel since v1.4.0 |
/// | `..1.4.1` | until v1.4.1, in both |
/// | `1.5..` or `1.5` | since v1.5.0, in both |
/// | `E..` | always, in the experimental channel only |
/// | `never` | in no release |
///
/// A last release without a patch (`..1.3`) means all patches of it. A mark in the source is parsed when it is
/// compiled, so that a bad one does not compile.
///
/// ```
/// use gwapi::meta::{Channel, Release, When};
///
/// const NAMED_RULES: When = When::new("E1.2 S1.4");
/// assert!(NAMED_RULES.contains(Release::V1_2_0, Channel::Experimental));
/// assert!(!NAMED_RULES.contains(Release::V1_2_0, Channel::Standard));
/// assert_eq!(NAMED_RULES.since(Channel::Standard), Some(Release::V1_4_0));
/// assert_eq!(
///     NAMED_RULES.in_words().to_string(),
///     "since v1.2.0 in the experimental channel, v1.4.0 in the standard channel",
/// );
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct When {
    standard: Span,
    experimental: Span,
}

/// From one version number to another, both included; empty where the first is the greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Span {
    from: u32,
    to: u32,
}

/// Before every release.
const START: u32 = 0;
/// After every release.
const END: u32 = u32::MAX;

impl Span {
    const ALWAYS: Self = Self {
        from: START,
        to: END,
    };
    const NEVER: Self = Self { from: 1, to: 0 };

    const fn is_empty(self) -> bool {
        self.from > self.to
    }
}

/// A text that is no mark of releases.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}: expected marks such as `E1.2 S1.7`, `1.1..1.6.3` or `..1.4`")]
pub struct WhenError(&'static str);

impl When {
    /// Every release, both channels.
    pub const ALWAYS: Self = Self {
        standard: Span::ALWAYS,
        experimental: Span::ALWAYS,
    };
    /// No release.
    pub const NEVER: Self = Self {
        standard: Span::NEVER,
        experimental: Span::NEVER,
    };

    /// Reads a mark in the source.
    ///
    /// # Panics
    ///
    /// On a text that is no mark: in a `const`, where all marks of the crate stand, it does not compile.
    ///
    /// ```compile_fail
    /// const BAD: gwapi::meta::When = gwapi::meta::When::new("E1.x");
    /// ```
    #[must_use]
    #[expect(
        clippy::panic,
        reason = "marks stand in constants: the panic is an error of the compiler"
    )]
    pub const fn new(mark: &str) -> Self {
        match Self::parse(mark) {
            Ok(when) => when,
            Err(WhenError(message)) => panic!("{}", message),
        }
    }

    /// Reads a mark.
    ///
    /// # Errors
    ///
    /// On a text that is no mark.
    pub const fn parse(mark: &str) -> Result<Self, WhenError> {
        let bytes = mark.as_bytes();
        if matches!(bytes, b"never") {
            return Ok(Self::NEVER);
        }
        let mut when = Self::NEVER;
        let mut seen = [false; 2];
        let mut at = 0;
        loop {
            let channels = match at_or_zero(bytes, at) {
                b'S' => [true, false],
                b'E' => [false, true],
                _ => [true, true],
            };
            if !(channels[0] && channels[1]) {
                at += 1;
            }
            if seen[0] && channels[0] || seen[1] && channels[1] {
                return Err(WhenError("a channel is named twice"));
            }
            let (span, after) = match span(bytes, at) {
                Ok(read) => read,
                Err(error) => return Err(error),
            };
            at = after;
            if channels[0] {
                seen[0] = true;
                when.standard = span;
            }
            if channels[1] {
                seen[1] = true;
                when.experimental = span;
            }
            if at == bytes.len() {
                return Ok(when);
            }
            if at_or_zero(bytes, at) != b' ' {
                return Err(WhenError("unexpected text after a release"));
            }
            at += 1;
        }
    }

    const fn span(self, channel: Channel) -> Span {
        match channel {
            Channel::Standard => self.standard,
            Channel::Experimental => self.experimental,
        }
    }

    /// Whether a release has it in a channel.
    #[must_use]
    pub const fn contains(self, release: Release, channel: Channel) -> bool {
        let span = self.span(channel);
        let number = release.number();
        span.from <= number && number <= span.to
    }

    /// The releases for which `has` says yes. Of several intervals in a channel this is the newest.
    pub(crate) fn of(has: impl Fn(Release, Channel) -> bool) -> Self {
        let span = |channel| {
            let mut newest_first = Release::ALL.iter().rev().copied();
            let Some(last) = newest_first.find(|release| has(*release, channel)) else {
                return Span::NEVER;
            };
            let first = newest_first
                .take_while(|release| has(*release, channel))
                .last()
                .unwrap_or(last);
            let bound = |release: Release, end: Option<&Release>, beyond: u32| {
                if end == Some(&release) {
                    beyond
                } else {
                    release.number()
                }
            };
            Span {
                from: bound(first, Release::ALL.first(), START),
                to: bound(last, Release::ALL.last(), END),
            }
        };
        Self {
            standard: span(Channel::Standard),
            experimental: span(Channel::Experimental),
        }
    }

    /// Whether no channel of a known release has it.
    pub(crate) fn is_nowhere(self) -> bool {
        Channel::ALL
            .into_iter()
            .all(|channel| self.since(channel).is_none())
    }

    /// Whether a release from this one on has it, in whichever channel.
    pub(crate) fn lasts_to(self, release: Release) -> bool {
        Channel::ALL.into_iter().any(|channel| {
            let span = self.span(channel);
            !span.is_empty() && release.number() <= span.to
        })
    }

    /// Whether a channel never has it.
    #[must_use]
    pub const fn is_never(self, channel: Channel) -> bool {
        self.span(channel).is_empty()
    }

    /// The first release that has it in a channel; nothing if none has.
    #[must_use]
    pub fn since(self, channel: Channel) -> Option<Release> {
        let all = Release::ALL.iter().copied();
        all.into_iter()
            .find(|release| self.contains(*release, channel))
    }

    /// The first release that has it in a channel, if it comes after this one.
    pub(crate) fn since_after(self, release: Release, channel: Channel) -> Option<Release> {
        self.since(channel).filter(|since| *since > release)
    }

    /// Whether it came with a release after this one: no channel had it before.
    pub(crate) fn comes_after(self, release: Release) -> bool {
        let since = Channel::ALL
            .into_iter()
            .filter_map(|channel| self.since(channel));
        since.min().is_some_and(|since| since > release)
    }

    /// The last release that has it in a channel; nothing if it has not ended, or never was.
    #[must_use]
    pub fn until(self, channel: Channel) -> Option<Release> {
        self.gone_since(channel)?;
        let all = Release::ALL.iter().rev().copied();
        all.into_iter()
            .find(|release| self.contains(*release, channel))
    }

    /// The first release that no longer has it in a channel; nothing if it has not ended, or never was.
    #[must_use]
    pub fn gone_since(self, channel: Channel) -> Option<Release> {
        let span = self.span(channel);
        if span.is_empty() {
            return None;
        }
        let all = Release::ALL.iter().copied();
        all.into_iter().find(|release| release.number() > span.to)
    }

    /// What both have.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let both = |a: Span, b: Span| {
            let span = Span {
                from: a.from.max(b.from),
                to: a.to.min(b.to),
            };
            if span.is_empty() { Span::NEVER } else { span }
        };
        Self {
            standard: both(self.standard, other.standard),
            experimental: both(self.experimental, other.experimental),
        }
    }

    /// For messages: `since v1.2.0 in the experimental channel, v1.4.0 in the standard channel`.
    #[must_use]
    pub fn in_words(self) -> InWords {
        InWords(self)
    }
}

const fn at_or_zero(bytes: &[u8], at: usize) -> u8 {
    if at < bytes.len() {
        #[expect(
            clippy::indexing_slicing,
            reason = "compared with the length just above"
        )]
        bytes[at]
    } else {
        0
    }
}

/// Reads `1.2`, `1.2..`, `..1.2` or `1.1..1.2` from a place on; returns where it ends, too.
const fn span(bytes: &[u8], at: usize) -> Result<(Span, usize), WhenError> {
    let mut span = Span::ALWAYS;
    let mut at = at;
    if at_or_zero(bytes, at) != b'.' {
        let ((major, minor, patch), after) = match version(bytes, at) {
            Ok(read) => read,
            Err(error) => return Err(error),
        };
        let patch = match patch {
            Some(patch) => patch,
            None => 0,
        };
        span.from = number(major, minor, patch);
        at = after;
        if at_or_zero(bytes, at) != b'.' {
            return Ok((span, at));
        }
    }
    if at_or_zero(bytes, at + 1) != b'.' {
        return Err(WhenError("a release has two or three numbers"));
    }
    at += 2;
    if at_or_zero(bytes, at).is_ascii_digit() {
        let ((major, minor, patch), after) = match version(bytes, at) {
            Ok(read) => read,
            Err(error) => return Err(error),
        };
        let patch = match patch {
            Some(patch) => patch,
            None => u8::MAX,
        };
        span.to = number(major, minor, patch);
        at = after;
    }
    if span.is_empty() {
        return Err(WhenError("the interval ends before it begins"));
    }
    Ok((span, at))
}

type Version = (u8, u8, Option<u8>);

const fn version(bytes: &[u8], at: usize) -> Result<(Version, usize), WhenError> {
    let (major, at) = match digits(bytes, at) {
        Ok(read) => read,
        Err(error) => return Err(error),
    };
    if at_or_zero(bytes, at) != b'.' {
        return Err(WhenError("a release has two or three numbers"));
    }
    let (minor, at) = match digits(bytes, at + 1) {
        Ok(read) => read,
        Err(error) => return Err(error),
    };
    if at_or_zero(bytes, at) == b'.' && at_or_zero(bytes, at + 1).is_ascii_digit() {
        let (patch, at) = match digits(bytes, at + 1) {
            Ok(read) => read,
            Err(error) => return Err(error),
        };
        return Ok(((major, minor, Some(patch)), at));
    }
    Ok(((major, minor, None), at))
}

const fn digits(bytes: &[u8], at: usize) -> Result<(u8, usize), WhenError> {
    let mut end = at;
    let mut value: u32 = 0;
    while at_or_zero(bytes, end).is_ascii_digit() {
        value = value * 10 + (at_or_zero(bytes, end) - b'0') as u32;
        if value >= u8::MAX as u32 {
            return Err(WhenError("a number of a release is too large"));
        }
        end += 1;
    }
    if end == at {
        return Err(WhenError("a number of a release is missing"));
    }
    #[expect(clippy::cast_possible_truncation, reason = "less than 255")]
    Ok((value as u8, end))
}

impl FromStr for When {
    type Err = WhenError;

    fn from_str(mark: &str) -> Result<Self, Self::Err> {
        Self::parse(mark)
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = |number: u32, shift: u32| number >> shift & 0xff;
        if self.from != START {
            let from = self.from;
            write!(f, "{}.{}", part(from, 16), part(from, 8))?;
            if part(from, 0) != 0 {
                write!(f, ".{}", part(from, 0))?;
            }
        }
        f.write_str("..")?;
        if self.to != END {
            let to = self.to;
            write!(f, "{}.{}", part(to, 16), part(to, 8))?;
            if part(to, 0) != 0xff {
                write!(f, ".{}", part(to, 0))?;
            }
        }
        Ok(())
    }
}

/// As a mark: `E1.2.. S1.7..`. Reading it again gives the same.
impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.standard == self.experimental {
            return match self.standard.is_empty() {
                true => f.write_str("never"),
                false => self.standard.fmt(f),
            };
        }
        let mut separator = "";
        for (letter, span) in [('E', self.experimental), ('S', self.standard)] {
            if !span.is_empty() {
                write!(f, "{separator}{letter}{span}")?;
                separator = " ";
            }
        }
        Ok(())
    }
}

impl serde::Serialize for When {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// An interval in words, made by [`When::in_words`].
#[derive(Clone, Copy, Debug)]
pub struct InWords(When);

impl fmt::Display for InWords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let When {
            standard,
            experimental,
        } = self.0;
        let words = |channel| {
            let until = self.0.until(channel);
            self.0.since(channel).map(|since| (since, until))
        };
        let standard_words = words(Channel::Standard);
        let experimental_words = words(Channel::Experimental);
        if standard == experimental || standard_words == experimental_words {
            return match standard_words {
                Some((since, until)) => span_in_words(f, "since ", since, until),
                None => f.write_str("in no known release"),
            };
        }
        let mut since_said = "since ";
        let mut separator = "";
        for (channel, words) in [
            (Channel::Experimental, experimental_words),
            (Channel::Standard, standard_words),
        ] {
            if let Some((since, until)) = words {
                f.write_str(separator)?;
                span_in_words(f, since_said, since, until)?;
                write!(f, " in the {channel} channel")?;
                separator = ", ";
                since_said = if until.is_none() { "" } else { since_said };
            }
        }
        Ok(())
    }
}

fn span_in_words(
    f: &mut fmt::Formatter<'_>,
    since_said: &str,
    since: Release,
    until: Option<Release>,
) -> fmt::Result {
    match until {
        Some(until) if until == since => write!(f, "only in {since}"),
        Some(until) => write!(f, "from {since} to {until}"),
        None => write!(f, "{since_said}{since}"),
    }
}

/// A mark of releases in the source: a bad one does not compile.
macro_rules! when {
    ($mark:literal) => {
        const { $crate::meta::When::new($mark) }
    };
}
pub(crate) use when;

/// What the keywords of a schema were in other releases than the newest, for the attribute `x-gwapi-was`: a mark, and
/// the keywords that differ there. `null` stands for a keyword that was absent.
macro_rules! was {
    ($( $mark:literal: { $($keywords:tt)* } ),+ $(,)?) => {{
        $( const _: $crate::meta::When = $crate::meta::When::new($mark); )+
        serde_json::json!([ $( [$mark, { $($keywords)* }] ),+ ])
    }};
}
pub(crate) use was;

/// Notes beside the `enum` of a schema which of its values only some releases have.
pub(crate) fn mark_values(schema: &mut schemars::Schema, values: &[(&str, When)]) {
    if !values.is_empty() {
        let marks: serde_json::Map<_, _> = values
            .iter()
            .map(|(value, when)| ((*value).to_owned(), when.to_string().into()))
            .collect();
        schema.insert("x-gwapi-values".to_owned(), marks.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Channel::{Experimental, Standard};

    #[test]
    fn a_mark_says_the_first_and_the_last_release_of_each_channel() {
        let when = When::new("E1.1..1.6.3 S1.4");
        assert!(!when.contains(Release::V1_0_0, Experimental));
        assert!(when.contains(Release::V1_1_0, Experimental));
        assert!(when.contains(Release::V1_6_3, Experimental));
        assert!(!when.contains(Release::V1_7_0, Experimental));
        assert!(!when.contains(Release::V1_3_0, Standard));
        assert!(when.contains(Release::V1_7_0, Standard));
        assert_eq!(when.until(Experimental), Some(Release::V1_6_3));
        assert_eq!(when.gone_since(Experimental), Some(Release::V1_7_0));
        assert_eq!(when.gone_since(Standard), None);

        let both = When::new("..1.4.1");
        assert!(
            both.contains(Release::V1_0_0, Standard)
                && both.contains(Release::V1_4_1, Experimental)
        );
        assert!(!both.contains(Release::V1_5_0, Experimental));
        let minor = When::new("..1.6");
        assert!(
            minor.contains(Release::V1_6_3, Standard) && !minor.contains(Release::V1_7_0, Standard)
        );
        let one = When::new("E..");
        assert!(one.contains(Release::V1_0_0, Experimental) && one.is_never(Standard));
        assert_eq!(When::new("1.5"), When::new("1.5.."));
        assert_eq!(When::new(".."), When::ALWAYS);
    }

    #[test]
    fn a_text_that_is_no_mark_is_refused() {
        for bad in [
            "",
            "1",
            "1.",
            "1.2.",
            "v1.2",
            "E",
            "X1.2",
            "1.2 ",
            " 1.2",
            "E1.2 E1.3",
            "1.2 S1.3",
            "1.3..1.2",
            "1.300",
            "1.2...",
            "1.2..x",
            "E1.2,S1.3",
            "1.2.3.4",
        ] {
            assert!(When::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_mark_that_is_written_reads_as_the_same() {
        for mark in [
            "E1.2.. S1.7..",
            "E1.1..1.6.3 S1.4..",
            "..1.4.1",
            "1.5..",
            "E..",
            "..",
            "S..1.3",
            "1.4.1..1.5",
            "never",
        ] {
            assert_eq!(When::new(mark).to_string(), mark);
        }
    }

    #[test]
    fn words_name_releases_and_channels() {
        for (mark, words) in [
            (
                "E1.2 S1.4",
                "since v1.2.0 in the experimental channel, v1.4.0 in the standard channel",
            ),
            ("1.5", "since v1.5.0"),
            ("E1.7", "since v1.7.0 in the experimental channel"),
            (
                "E1.1..1.3",
                "from v1.1.0 to v1.3.0 in the experimental channel",
            ),
            ("..1.3", "from v1.0.0 to v1.3.0"),
            (
                "E1.1..1.6 S1.4",
                "from v1.1.0 to v1.6.3 in the experimental channel, since v1.4.0 in the standard channel",
            ),
            ("E1.1..1.1.0", "only in v1.1.0 in the experimental channel"),
            ("9.0", "in no known release"),
        ] {
            assert_eq!(When::new(mark).in_words().to_string(), words, "{mark}");
        }
    }

    #[test]
    fn an_interval_is_told_by_the_releases_that_are_in_it() {
        for mark in [
            "E1.2.. S1.7..",
            "E1.1..1.4 S1.4..1.6",
            "..1.4",
            "1.5..",
            "E..",
            "..",
            "never",
        ] {
            let when = When::new(mark);
            let told = When::of(|release, channel| when.contains(release, channel));
            for release in Release::ALL {
                for channel in Channel::ALL {
                    let is_in = when.contains(*release, channel);
                    assert_eq!(told.contains(*release, channel), is_in, "{mark} {release}");
                }
            }
            assert_eq!(told.in_words().to_string(), when.in_words().to_string());
            assert_eq!(told.is_nowhere(), mark == "never");
        }
        let (early, late) = (When::new("..1.1"), When::new("1.5..1.6"));
        let told = When::of(|release, channel| {
            early.contains(release, channel) || late.contains(release, channel)
        });
        assert_eq!(told.in_words().to_string(), "from v1.5.0 to v1.6.3");
    }

    #[test]
    fn the_common_part_of_two_intervals_is_in_both() {
        let field = When::new("E1.2 S1.4");
        assert_eq!(
            field.and(When::new("..1.5")),
            When::new("E1.2..1.5 S1.4..1.5")
        );
        assert_eq!(field.and(When::new("..1.3")), When::new("E1.2..1.3"));
        assert_eq!(field.and(When::new("..1.1")), When::NEVER);
    }
}
