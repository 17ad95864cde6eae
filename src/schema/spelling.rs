//! Names that are nearly others.

/// Whether a name is another one but for one or two letters, as a singular is. Of short names nothing is said.
pub(super) fn is_slip(name: &str, known: &str) -> bool {
    const MOST: usize = 2;
    name.len() > 2 * MOST
        && nearest_name(name, std::iter::once(known)).is_some()
        && strsim::osa_distance(&name.to_lowercase(), &known.to_lowercase()) <= MOST
}

/// Of the known names, the one that a misspelt name most likely means; none if none is near.
///
/// Near is a distance of at most a third of the name's length (insertions, deletions, changes and swaps
/// of neighbours, the case of letters counting little).
pub fn nearest_name<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    // Names in the API are short; a long one is no misspelling, and the distance is quadratic.
    if name.len() > 64 {
        return None;
    }
    let lower = name.to_lowercase();
    known
        .map(|candidate| {
            let folded = strsim::osa_distance(&lower, &candidate.to_lowercase());
            (
                folded * 2 + usize::from(candidate != name),
                folded,
                candidate,
            )
        })
        .filter(|(_, folded, candidate)| {
            *folded <= candidate.len().max(name.len()).div_ceil(3).min(4)
        })
        .min()
        .map(|(_, _, candidate)| candidate)
}

/// As [`nearest_name`], among names that people choose. Any two names of one or two letters are near each other, so that a short one
/// counts only where nothing but the case differs.
pub(crate) fn nearest_own_name<'a>(
    name: &str,
    known: impl Iterator<Item = &'a str>,
) -> Option<&'a str> {
    let is_short = |name: &str| name.len() <= 2;
    let known = known
        .filter(|known| known.eq_ignore_ascii_case(name) || !is_short(name) && !is_short(known));
    nearest_name(name, known)
}
