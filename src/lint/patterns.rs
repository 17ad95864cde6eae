//! Regular expressions that do not mean what they look like.

use super::{FindingsByObject, covered::Effort, sample};
use crate::{
    attachment::{RouteId, RouteKind, effective::HttpRouteRules},
    routing::{Match, PathMatch, Pattern},
    rules::set as rules,
    v1::PathMatchType,
};

/// Looks at the regular expressions for paths of an HTTPRoute, as far as there is effort left.
pub(super) fn check(route: &HttpRouteRules, effort: &Effort, found: &mut FindingsByObject) {
    for rule in &route.rules {
        for (index, one) in rule.matches.iter().enumerate() {
            if one.path_type() != PathMatchType::RegularExpression {
                continue;
            }
            let Some(Ok(pattern)) = route.patterns.get(one.path_value()) else {
                continue;
            };
            if !effort.allows(pattern) {
                continue;
            }
            let Some((finding, message)) = judge(pattern) else {
                continue;
            };
            let id = RouteId::new(RouteKind::Http, route.reference.clone());
            let path = format!("spec.rules[{}].matches[{index}].path.value", rule.index);
            found.push(&id.reference(), finding, path, message);
        }
    }
}

/// Whether a match is for paths that a regular expression matches, and there are none.
pub(super) fn takes_no_path(matching: &Match, effort: &Effort) -> bool {
    match matching {
        Match::Http(http) => match &http.path {
            PathMatch::RegularExpression(pattern) => {
                effort.allows(pattern) && pattern.never_begins_with(b'/')
            }
            _ => false,
        },
        Match::Grpc(_) => false,
    }
}

fn judge(pattern: &Pattern) -> Option<(&'static crate::rules::Rule, String)> {
    if pattern.never_begins_with(b'/') {
        let message = format!("`{pattern}` takes no path: each begins with `/`");
        return Some((&rules::PATTERN_TAKES_PATHS, message));
    }
    // Who writes `^` thinks of a search; without a `$` the end would then be left open. So it is where nothing but texts is written,
    // for which there is `Exact`: most likely whatever contains one of them is meant, or is below it.
    let source = pattern.as_str();
    let open = source.starts_with('^') && !source.ends_with('$') || is_of_texts(source);
    let taken = open.then(|| sample::text(pattern)).flatten()?;
    let longer = format!("{}/more", taken.trim_end_matches('/'));
    (!pattern.is_match(longer.as_bytes())).then(|| {
        let message = format!(
            "`{pattern}` has to match the whole path: it takes `{taken}` and not `{longer}`"
        );
        (&rules::PATTERN_TAKES_WHOLE, message)
    })
}

/// Whether a regular expression is a text, or a choice between some.
fn is_of_texts(source: &str) -> bool {
    let meaning = ['.', '*', '+', '?', '[', ']', '{', '}', '\\', '^', '$'];
    !source.replace("(?:", "(").contains(meaning)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(source: &str) -> Option<&'static str> {
        judge(&Pattern::new(source).unwrap()).map(|(rule, _)| rule.id)
    }

    #[test]
    fn a_pattern_that_takes_no_path_or_less_than_it_seems_is_named() {
        for source in ["item/[0-9]+", "^item", "[a-z]+", "(?i)shop/.*"] {
            assert_eq!(
                rule(source),
                Some("RegularExpression/takes-paths"),
                "{source}"
            );
        }
        for source in [
            "^/item",
            "^/item/[0-9]+",
            "^/(a|b)/",
            "/item",
            "/(v1|v2)",
            "/(?:v1|v2)/shop",
        ] {
            assert_eq!(
                rule(source),
                Some("RegularExpression/takes-whole-path"),
                "{source}"
            );
        }
        for source in [
            "/item$",
            "/(v1|v2)(/.*)?",
            r"/robots\.txt",
            "/v[12]",
            "^/item$",
            "^/item.*",
            "^/item(/.*)?",
            "/item/[0-9]+",
            ".*",
            "/(.*)",
        ] {
            assert_eq!(rule(source), None, "{source}");
        }
    }
}
