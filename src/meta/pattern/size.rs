//! How large a regular expression is when it is compiled, told from its parsed form: in time that follows its text, not
//! its counts.

use regex_syntax::hir::{Class, Hir, HirKind};
use regex_syntax::utf8::Utf8Sequences;

/// What a pattern takes that does nothing, in bytes.
const LEAST: usize = 512;
/// What a state takes, and a range of bytes in it.
const STATE: usize = 32;
const RANGE: usize = 6;

/// About how many bytes the program of an expression takes. Where classes are large, what the compiler builds is a
/// little smaller, since it shares their ends; it is never more than this by half.
pub(super) fn of(hir: &Hir) -> usize {
    program(hir).saturating_add(LEAST)
}

fn program(hir: &Hir) -> usize {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => STATE,
        HirKind::Literal(text) => text.0.len().saturating_mul(STATE),
        HirKind::Class(class) => ranges(class).saturating_mul(RANGE).saturating_add(STATE),
        HirKind::Capture(capture) => program(&capture.sub),
        HirKind::Repetition(repetition) => {
            let times = repetition.max.unwrap_or(repetition.min).max(1);
            let times = usize::try_from(times).unwrap_or(usize::MAX);
            let one = program(&repetition.sub).saturating_add(STATE);
            one.saturating_mul(times)
        }
        HirKind::Concat(parts) | HirKind::Alternation(parts) => {
            let parts = parts.iter().map(program);
            parts.fold(STATE, usize::saturating_add)
        }
    }
}

/// How many ranges of bytes a class is written with in UTF-8.
fn ranges(class: &Class) -> usize {
    match class {
        Class::Bytes(class) => class.ranges().len(),
        Class::Unicode(class) => class
            .ranges()
            .iter()
            .flat_map(|range| Utf8Sequences::new(range.start(), range.end()))
            .map(|sequence| sequence.len())
            .sum(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::automaton::{compiler, parse};
    use super::*;

    #[test]
    fn the_estimate_is_near_what_the_compiler_builds() {
        for source in [
            "",
            "/users/[0-9]+/posts",
            "[^/]+",
            r"\d{1,100}",
            r"/\w{1,30}x17",
            r"(\w+\.){1,10}\w+",
            r"[\pL\pN._-]{1,63}",
            r"\W",
            "(a{100}){100}",
            "(a|b|c|d){1000}",
            "[^a]{1000}",
            "(?i)straße",
            "(?-u:[^x]{50})",
            "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
            "a|ab|abc|b{0}|(?:)",
        ] {
            let hir = parse(source).unwrap();
            let built = compiler(None).build_from_hir(&hir).unwrap().memory_usage();
            let estimate = of(&hir);
            assert!(built <= estimate * 3 / 2, "{source}: {built} of {estimate}");
            assert!(
                estimate <= built * 3 + LEAST,
                "{source}: {built} of {estimate}"
            );
        }
    }

    #[test]
    fn counts_that_multiply_are_measured_without_being_built() {
        for source in [
            r"((\w{1000}){1000}){1000}",
            "(((a{9999}){9999}){9999}){9999}",
        ] {
            assert!(of(&parse(source).unwrap()) > 1 << 34, "{source}");
        }
    }
}
