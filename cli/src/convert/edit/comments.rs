//! Comments, as far as they can be told without reading YAML.

use std::collections::HashMap;

/// The comments of a text that another one does not have, with the numbers of their lines, from 1.
///
/// A `#` in a text that runs over several lines is taken for a comment: it is one in both texts, or in neither.
pub(crate) fn left_out<'t>(before: &'t str, after: &str) -> Vec<(usize, &'t str)> {
    let mut there: HashMap<&str, usize> = HashMap::new();
    for comment in after.lines().filter_map(comment) {
        *there.entry(comment).or_default() += 1;
    }
    let all = before.lines().zip(1..);
    let all = all.filter_map(|(line, number)| Some((number, comment(line)?)));
    all.filter(|(_, comment)| match there.get_mut(comment) {
        Some(count) if *count > 0 => {
            *count -= 1;
            false
        }
        _ => true,
    })
    .collect()
}

/// The comment in a line: from a `#` that begins the line or stands behind a space, outside of quotes.
pub(super) fn comment(line: &str) -> Option<&str> {
    let mut quote = None;
    let mut before = ' ';
    for (at, character) in line.char_indices() {
        match (quote, character) {
            (None, '#') if before.is_whitespace() => {
                let comment = line.get(at..)?.trim_end();
                return (comment.len() > 1).then_some(comment);
            }
            (None, '"' | '\'') if before.is_whitespace() || "{[,:".contains(before) => {
                quote = Some(character);
            }
            (Some(open), _) if open == character && before != '\\' => quote = None,
            _ => {}
        }
        before = character;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_that_are_not_there_any_more_are_told_with_their_lines() {
        let before = "# one\na: '# no' # two\nb: \"x # no\" \nc: d#no # three\n  # one\n#\n";
        assert_eq!(left_out(before, before), []);
        let after = "# one\nb: 1 # three\n";
        assert_eq!(left_out(before, after), [(2, "# two"), (5, "# one")]);
    }
}
