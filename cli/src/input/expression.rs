//! What is between the braces of a placeholder, as Flux reads it (its fork of drone/envsubst): a name, and perhaps what is to become of
//! the value.

use globset::GlobBuilder;
use std::collections::BTreeMap;

/// What a placeholder stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Meant {
    /// Nothing: it is text, such as `${{ github.ref }}`.
    Text,
    Value(String),
    /// The value of the variable with this name, which nobody gives.
    Open(String),
}

pub(super) fn is_name(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with(|c: char| c.is_ascii_digit())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// What the placeholder with this text between its braces stands for.
pub(super) fn meant(inside: &str, values: &BTreeMap<String, String>) -> Meant {
    let (is_length, rest) = match inside.strip_prefix('#') {
        Some(rest) => (true, rest),
        None => (false, inside),
    };
    let end = rest
        .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
        .unwrap_or(rest.len());
    let (name, operation) = rest.split_at_checked(end).unwrap_or((rest, ""));
    if !is_name(name) || is_length && !operation.is_empty() {
        return Meant::Text;
    }
    let given = values.get(name);
    let open = || Meant::Open(name.to_owned());
    if is_length {
        return given.map_or_else(open, |given| Meant::Value(given.len().to_string()));
    }
    for sign in [":-", ":=", "-", "="] {
        let Some(default) = operation.strip_prefix(sign) else {
            continue;
        };
        let counts = |given: &&String| !(given.is_empty() && sign.starts_with(':'));
        return match given.filter(counts) {
            Some(given) => Meant::Value(given.clone()),
            None => with_values(default, values),
        };
    }
    match given.and_then(|given| changed(given, operation)) {
        Some(value) => Meant::Value(value),
        None => open(),
    }
}

/// How long a placeholder is that begins here, if it ends in this line; one may stand in another.
pub(super) fn length(text: &[u8]) -> Option<usize> {
    let (mut depth, mut at) = (0_usize, 0);
    while let Some(byte) = text.get(at) {
        match byte {
            b'\n' => return None,
            b'$' if text.get(at + 1) == Some(&b'{') => {
                depth += 1;
                at += 1;
            }
            b'}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
        at += 1;
    }
    None
}

/// A default with values in the places of the placeholders in it.
fn with_values(text: &str, values: &BTreeMap<String, String>) -> Meant {
    let mut done = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        let (before, from) = rest.split_at_checked(at).unwrap_or((rest, ""));
        done.push_str(before);
        let whole = length(from.as_bytes()).and_then(|length| from.split_at_checked(length));
        let Some((whole, after)) = whole else {
            rest = from;
            break;
        };
        let inside = whole
            .strip_prefix("${")
            .and_then(|rest| rest.strip_suffix('}'));
        match meant(inside.unwrap_or_default(), values) {
            Meant::Text => done.push_str(whole),
            Meant::Value(value) => done.push_str(&value),
            open @ Meant::Open(_) => return open,
        }
        rest = after;
    }
    done.push_str(rest);
    Meant::Value(done)
}

/// A value after what is to become of it; nothing where Flux does not know that (`:?`, `:+`).
fn changed(given: &str, operation: &str) -> Option<String> {
    let first = |change: fn(&str) -> String| {
        let length = given.chars().next().map_or(0, char::len_utf8);
        let (first, rest) = given.split_at_checked(length).unwrap_or((given, ""));
        change(first) + rest
    };
    match operation {
        "" => return Some(given.to_owned()),
        "^^" => return Some(given.to_uppercase()),
        ",," => return Some(given.to_lowercase()),
        "^" => return Some(first(str::to_uppercase)),
        "," => return Some(first(str::to_lowercase)),
        _ => {}
    }
    if [":?", ":+"].iter().any(|sign| operation.starts_with(sign)) {
        return None;
    }
    if let Some(range) = operation.strip_prefix(':') {
        return Some(part(given, range));
    }
    if let Some(replacing) = operation.strip_prefix('/') {
        return replaced(given, replacing);
    }
    for (sign, is_start, is_longest) in [
        ("##", true, true),
        ("#", true, false),
        ("%%", false, true),
        ("%", false, false),
    ] {
        if let Some(pattern) = operation.strip_prefix(sign) {
            return Some(without(given, pattern, is_start, is_longest));
        }
    }
    None
}

/// The part of a value from an offset on, of some length, both in bytes; all of it where these are no numbers.
fn part(given: &str, range: &str) -> String {
    let (offset, length) = match range.split_once(':') {
        Some((offset, length)) => (offset, Some(length)),
        None => (range, None),
    };
    let all = given.len() as i64;
    let Ok(offset) = offset.parse::<i64>() else {
        return given.to_owned();
    };
    let offset = if offset < 0 { all + offset } else { offset }.clamp(0, all);
    let end = match length.map(str::parse::<i64>) {
        None => all,
        Some(Ok(length)) => offset.saturating_add(length).clamp(offset, all),
        Some(Err(_)) => return given.to_owned(),
    };
    let bytes = given
        .as_bytes()
        .get(offset as usize..end as usize)
        .unwrap_or_default();
    String::from_utf8_lossy(bytes).into_owned()
}

/// A value with one text in the place of another: `x/y`, `/x/y` for all, `#x/y` at the start, `%x/y` at the end.
fn replaced(given: &str, replacing: &str) -> Option<String> {
    let mode = replacing.chars().next().filter(|c| "/#%".contains(*c));
    let texts = match mode {
        Some(_) => replacing.get(1..)?,
        None => replacing,
    };
    let (mut from, mut to) = (String::new(), String::new());
    let mut is_second = false;
    let mut chars = texts.chars().peekable();
    while let Some(c) = chars.next() {
        let escaped = chars.peek().copied().filter(|next| "/\\".contains(*next));
        let target = if is_second { &mut to } else { &mut from };
        match (c, escaped) {
            ('\\', Some(next)) => {
                target.push(next);
                chars.next();
            }
            ('/', _) if !is_second => is_second = true,
            _ => target.push(c),
        }
    }
    if !is_second {
        return None;
    }
    let (from, to) = (from.as_str(), to.as_str());
    Some(match mode {
        Some('/') => given.replace(from, to),
        Some('#') => match given.strip_prefix(from) {
            Some(rest) => format!("{to}{rest}"),
            None => given.to_owned(),
        },
        Some('%') => match given.strip_suffix(from) {
            Some(rest) => format!("{rest}{to}"),
            None => given.to_owned(),
        },
        _ => given.replacen(from, to, 1),
    })
}

/// A value without what a glob matches at its start or its end.
fn without(given: &str, pattern: &str, is_start: bool, is_longest: bool) -> String {
    let Ok(glob) = GlobBuilder::new(pattern).literal_separator(false).build() else {
        return given.to_owned();
    };
    let glob = glob.compile_matcher();
    let cuts: Vec<usize> = given.char_indices().map(|(at, _)| at).collect();
    let split = |at: usize| given.split_at_checked(at).unwrap_or((given, ""));
    // From the shortest part that is not empty to the longest.
    let mut fit: Vec<usize> = match is_start {
        true => {
            let ends = cuts.iter().skip(1).copied().chain([given.len()]);
            ends.filter(|at| glob.is_match(split(*at).0)).collect()
        }
        false => {
            let starts = cuts.iter().rev().copied();
            starts.filter(|at| glob.is_match(split(*at).1)).collect()
        }
    };
    if is_longest {
        fit.reverse();
    }
    match (fit.first(), is_start) {
        (None, _) => given.to_owned(),
        (Some(at), true) => split(*at).1.to_owned(),
        (Some(at), false) => split(*at).0.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_between_braces_means_what_flux_makes_of_it() {
        let values = [("A", "aBc.Example"), ("E", ""), ("P", "a/b/a")];
        let values = values.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let values = BTreeMap::from(values);
        for (inside, wanted) in [
            ("A", "aBc.Example"),
            ("#A", "11"),
            ("A,,", "abc.example"),
            ("A^^", "ABC.EXAMPLE"),
            ("A^", "ABc.Example"),
            ("E,", ""),
            ("A:-x", "aBc.Example"),
            ("E:-x", "x"),
            ("E-x", ""),
            ("N=x z", "x z"),
            ("N:=${A:0:3}-${M:-m}", "aBc-m"),
            ("A:4", "Example"),
            ("A:0:3", "aBc"),
            ("A:20", ""),
            ("A:x", "aBc.Example"),
            ("P/a/x", "x/b/a"),
            ("P//a/x", "x/b/x"),
            ("P/#a/x", "x/b/a"),
            ("P/%a/x", "a/b/x"),
            ("P/\\//-", "a-b/a"),
            ("P/a/", "/b/a"),
            ("P#*/", "b/a"),
            ("P##*/", "a"),
            ("P%/*", "a/b"),
            ("P%%/*", "a"),
            ("A#x", "aBc.Example"),
        ] {
            let wanted = Meant::Value(wanted.to_owned());
            assert_eq!(meant(inside, &values), wanted, "{inside}");
        }
        for (inside, name) in [("N", "N"), ("N,,", "N"), ("N:-${M}", "M"), ("A:?no", "A")] {
            assert_eq!(
                meant(inside, &values),
                Meant::Open(name.to_owned()),
                "{inside}"
            );
        }
        for inside in ["{ github.ref ", "1A", "", "#A,,", "# "] {
            assert_eq!(meant(inside, &values), Meant::Text, "{inside}");
        }
        assert_eq!(length(b"${A:-${B}}x}"), Some(10));
        assert_eq!(length(b"${A\n}"), None);
    }
}
