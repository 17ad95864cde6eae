//! Matches that no request can meet, and regular expressions that do not mean what they look like.

use super::{FindingsByObject, covered::Effort, sample};
use crate::{
    attachment::{
        RouteId, RouteKind,
        effective::{GrpcRouteRules, HttpRouteRules},
    },
    meta::{Authority, RoutePatterns, TakenTexts},
    routing::{Entry, HeaderMatch, HostPattern, Match, Pattern, ValueMatch},
    rules::{Rule, set as rules},
    v1::{
        GrpcMethodMatchType, GrpcRouteMatch, HeaderMatchType, HttpRouteMatch, PathMatchType,
        QueryParamMatchType,
    },
};
use http::header::HOST;

/// What of a request a regular expression is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum MatchPart {
    Path,
    Header,
    Query,
    Service,
    Method,
    /// The method of a service that is asked for as well.
    MethodOfService,
}

impl MatchPart {
    /// A method, beside a service that is asked for as well or alone.
    fn of_method(beside_service: bool) -> Self {
        match beside_service {
            true => Self::MethodOfService,
            false => Self::Method,
        }
    }

    fn texts(self) -> TakenTexts {
        match self {
            Self::Path => TakenTexts::Paths,
            Self::Header => TakenTexts::HeaderValues,
            Self::Query => TakenTexts::All,
            Self::Service | Self::Method => TakenTexts::Segments,
            Self::MethodOfService => TakenTexts::PartsOfPaths,
        }
    }
}

/// A regular expression of a match: its field in the match, its text, and what it is asked for.
type AskedPattern<'a> = (String, &'a str, MatchPart);

/// Looks at the regular expressions of an HTTPRoute, as far as there is effort left.
pub(super) fn check_http(route: &HttpRouteRules, effort: &Effort, found: &mut FindingsByObject) {
    let id = RouteId::new(RouteKind::Http, route.reference.clone());
    let rules = route.rules.iter();
    let matches = rules.map(|rule| (rule.index, rule.matches.iter().map(of_http)));
    check_rules(&id, matches, &route.patterns, effort, found);
}

/// As [`check_http`], for a GRPCRoute.
pub(super) fn check_grpc(route: &GrpcRouteRules, effort: &Effort, found: &mut FindingsByObject) {
    let id = RouteId::new(RouteKind::Grpc, route.reference.clone());
    let rules = route.rules.iter();
    let matches = rules.map(|rule| (rule.index, rule.matches.iter().map(of_grpc)));
    check_rules(&id, matches, &route.patterns, effort, found);
}

/// Looks at the regular expressions of rules: of each its place in the route, and what each of its matches asks for.
fn check_rules<'r>(
    id: &RouteId,
    rules: impl Iterator<Item = (usize, impl Iterator<Item = Vec<AskedPattern<'r>>>)>,
    patterns: &RoutePatterns,
    effort: &Effort,
    found: &mut FindingsByObject,
) {
    for (rule, matches) in rules {
        for (index, asked) in matches.enumerate() {
            let at = format!("spec.rules[{rule}].matches[{index}]");
            check((id, &at), asked, patterns, effort, found);
        }
    }
}

fn of_http(one: &HttpRouteMatch) -> Vec<AskedPattern<'_>> {
    let mut all = Vec::new();
    if one.path_type() == PathMatchType::RegularExpression {
        all.push(("path.value".to_owned(), one.path_value(), MatchPart::Path));
    }
    let headers = one.headers.iter();
    all.extend(of_headers(
        headers.map(|header| (header.match_type(), header.value.as_str())),
    ));
    for (index, parameter) in one.query_params.iter().enumerate() {
        if parameter.match_type() == QueryParamMatchType::RegularExpression {
            let field = format!("queryParams[{index}].value");
            all.push((field, &parameter.value, MatchPart::Query));
        }
    }
    all
}

fn of_grpc(one: &GrpcRouteMatch) -> Vec<AskedPattern<'_>> {
    let mut all = Vec::new();
    let call = one.method.as_ref();
    let call = call.filter(|call| call.match_type() == GrpcMethodMatchType::RegularExpression);
    if let Some(call) = call {
        let is_asked = |text: &&String| !text.is_empty();
        let service = call.service.as_ref().filter(is_asked);
        let method = call.method.as_ref().filter(is_asked);
        let of_method = MatchPart::of_method(service.is_some());
        let parts = [
            ("method.service", service, MatchPart::Service),
            ("method.method", method, of_method),
        ];
        let asked = parts.into_iter();
        all.extend(
            asked.filter_map(|(field, text, part)| Some((field.to_owned(), text?.as_str(), part))),
        );
    }
    let headers = one.headers.iter();
    all.extend(of_headers(
        headers.map(|header| (header.match_type(), header.value.as_str())),
    ));
    all
}

/// The regular expressions among header matches, each with its type and value, in the order of the match.
fn of_headers<'r>(
    headers: impl Iterator<Item = (HeaderMatchType, &'r str)>,
) -> impl Iterator<Item = AskedPattern<'r>> {
    let asked = headers.enumerate();
    let asked = asked.filter(|(_, (kind, _))| *kind == HeaderMatchType::RegularExpression);
    asked.map(|(index, (_, text))| (format!("headers[{index}].value"), text, MatchPart::Header))
}

fn check(
    (id, at): (&RouteId, &str),
    asked: Vec<AskedPattern<'_>>,
    patterns: &RoutePatterns,
    effort: &Effort,
    found: &mut FindingsByObject,
) {
    for (field, text, part) in asked {
        let Some(Ok(pattern)) = patterns.get(text) else {
            continue;
        };
        if !effort.allows(pattern) {
            continue;
        }
        let Some(fault) = judge(pattern, part) else {
            continue;
        };
        let (rule, object, path) = (fault.rule, id.reference(), format!("{at}.{field}"));
        match fault.help {
            Some(help) => {
                found.push_with_help(&object, rule, path, fault.message, help.to_owned());
            }
            None => found.push(&object, rule, path, fault.message),
        }
    }
}

/// Whether a match asks for something that matches a regular expression, and there is nothing that does.
pub(super) fn is_unmet(matching: &Match, effort: &Effort) -> bool {
    let is_unmet = |pattern: Option<&Pattern>, part: MatchPart| {
        pattern.is_some_and(|one| effort.allows(one) && one.takes_none_of(part.texts()))
    };
    let value = |value: &ValueMatch, part| is_unmet(value.pattern(), part);
    let of_kind = match matching {
        Match::Http(http) => {
            let mut query = http.query.iter();
            is_unmet(http.path.pattern(), MatchPart::Path)
                || query.any(|parameter| value(&parameter.value, MatchPart::Query))
        }
        Match::Grpc(grpc) => {
            let of_method = MatchPart::of_method(grpc.service.is_some());
            let mut service = grpc.service.iter();
            service.any(|one| value(one, MatchPart::Service))
                || grpc.method.iter().any(|one| value(one, of_method))
        }
    };
    let mut headers = headers(matching).iter();
    of_kind || headers.any(|header| value(&header.value, MatchPart::Header))
}

fn headers(matching: &Match) -> &[HeaderMatch] {
    match matching {
        Match::Http(http) => &http.headers,
        Match::Grpc(grpc) => &grpc.headers,
    }
}

/// The header match of an entry that asks for a `Host` which is none of those that the entry answers to, and its place in the match.
pub(super) fn other_host<'e, T>(entry: &'e Entry<T>, effort: &Effort) -> Option<(usize, &'e str)> {
    let mut headers = headers(&entry.matching).iter().enumerate();
    let (index, header) = headers.find(|(_, header)| header.name == HOST)?;
    let is_none = match (&header.value, &entry.hostname) {
        (_, HostPattern::Any) => false,
        (ValueMatch::Exact(value), hostname) => match value.parse::<Authority>() {
            Ok(asked) => !hostname.covers(&HostPattern::Exact(asked.host().into())),
            Err(_) => true,
        },
        (ValueMatch::RegularExpression(pattern), HostPattern::Exact(host)) => {
            effort.allows(pattern) && pattern.takes_no_host(host)
        }
        (ValueMatch::RegularExpression(pattern), HostPattern::Wildcard(domain)) => {
            effort.allows(pattern) && pattern.takes_no_host_below(domain)
        }
    };
    let asked = match &header.value {
        ValueMatch::Exact(value) => value,
        ValueMatch::RegularExpression(pattern) => pattern.as_str(),
    };
    is_none.then_some((index, asked))
}

/// What is wrong with a regular expression.
struct Fault {
    rule: &'static Rule,
    message: String,
    /// What would be right, where the rule does not say it.
    help: Option<&'static str>,
}

fn judge(pattern: &Pattern, part: MatchPart) -> Option<Fault> {
    if pattern.takes_none_of(part.texts()) {
        return Some(takes_none(pattern, part));
    }
    let (whole, more) = match part {
        MatchPart::Path => ("path", "/more"),
        MatchPart::Header | MatchPart::Query => ("value", "-more"),
        _ => return None,
    };
    // Who writes `^` thinks of a search; without a `$` the end would then be left open. So it is in a path where nothing but texts is
    // written, for which there is `Exact`: most likely whatever contains one of them is meant, or is below it. Of a choice each text is
    // written for itself, and what stands at the end belongs to the last one.
    let branches = pattern.branches();
    let is_open = |source: &&str| {
        let source = without_flags(source);
        source.starts_with('^') && !source.ends_with('$')
            || part == MatchPart::Path && is_of_texts(source)
    };
    branches.iter().copied().filter(is_open).find_map(|branch| {
        let taken = sample::text(&Pattern::new(branch).ok()?)?;
        let longer = format!("{}{more}", taken.trim_end_matches('/'));
        let is_closed = pattern.is_match(taken.as_bytes()) && !pattern.is_match(longer.as_bytes());
        is_closed.then(|| Fault {
            rule: &rules::PATTERN_TAKES_WHOLE,
            message: format!(
                "`{pattern}` has to match the whole {whole}: it takes `{taken}` and not `{longer}`"
            ),
            help: (branches.len() > 1).then_some(
                "put brackets around the choice, since what stands at the end belongs to its last text alone: `(/a|/b).*` takes whatever follows, and `(/a|/b)$` nothing",
            ),
        })
    })
}

/// What is wrong with a regular expression that takes none of the texts for which it is asked.
fn takes_none(pattern: &Pattern, part: MatchPart) -> Fault {
    const OF_PATHS: &str = "there is no space, `?`, `#` or character beyond ASCII in";
    let rule = match part {
        MatchPart::Path => &rules::PATTERN_TAKES_PATHS,
        _ => &rules::PATTERN_TAKES_VALUES,
    };
    let (message, help) = if pattern.takes_none_of(TakenTexts::All) {
        (
            format!("`{pattern}` takes nothing: there is no text that matches it"),
            Some(
                "correct the expression: one part of it excludes another, as `$` does with text after it",
            ),
        )
    } else {
        match part {
            MatchPart::Path if pattern.takes_none_of(TakenTexts::Rooted) => (
                format!("`{pattern}` takes no path: each begins with `/`"),
                None,
            ),
            MatchPart::Path => (
                format!(
                    "`{pattern}` takes no path: {OF_PATHS} one, and the query is no part of it"
                ),
                Some(
                    "write such characters as they are sent, as `%20` for a space, and match the query by `queryParams`",
                ),
            ),
            // A query may hold any text, so that only a header gets here.
            MatchPart::Header | MatchPart::Query => (
                format!(
                    "`{pattern}` takes no value of a header: there is no control character in one but the tab"
                ),
                None,
            ),
            MatchPart::Service => (
                format!(
                    "`{pattern}` takes no service: there is no `/` in its name, and {OF_PATHS} it"
                ),
                Some(
                    "write a regular expression for the service alone, and one for the method in `method.method`",
                ),
            ),
            MatchPart::Method => (
                format!(
                    "`{pattern}` takes no method: there is no `/` in its name, and {OF_PATHS} it"
                ),
                Some(
                    "write a regular expression for the method alone, and one for the service in `method.service`",
                ),
            ),
            MatchPart::MethodOfService => (
                format!("`{pattern}` takes no method: {OF_PATHS} its name"),
                None,
            ),
        }
    };
    Fault {
        rule,
        message,
        help,
    }
}

/// A regular expression without the flags that it begins with, as in `(?i)/shop`.
fn without_flags(source: &str) -> &str {
    let flags = source.strip_prefix("(?");
    let split = flags.and_then(|flags| flags.split_once(')'));
    let is_flag = |c: char| c.is_ascii_alphabetic() || c == '-';
    match split {
        Some((flags, rest)) if flags.chars().all(is_flag) => rest,
        _ => source,
    }
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
        judge(&Pattern::new(source).unwrap(), MatchPart::Path).map(|fault| fault.rule.id)
    }

    /// What is said of a regular expression, and what would be right.
    fn said(source: &str, part: MatchPart) -> Option<(String, &'static str)> {
        let fault = judge(&Pattern::new(source).unwrap(), part)?;
        Some((fault.message, fault.help.unwrap_or(fault.rule.help)))
    }

    #[test]
    fn a_pattern_that_takes_no_path_is_told_why() {
        for (source, why, help) in [
            ("item", "each begins with `/`", "begin the expression"),
            ("item a", "each begins with `/`", "begin the expression"),
            ("/a b", "there is no space", "write such characters"),
            ("/a[?]b=c", "there is no space", "write such characters"),
            ("/ü", "there is no space", "write such characters"),
            ("/a#b", "there is no space", "write such characters"),
            ("/a$b", "there is no text", "correct the expression"),
            (
                r"/a[^\x00-\x{10FFFF}]",
                "there is no text",
                "correct the expression",
            ),
        ] {
            let (message, advice) = said(source, MatchPart::Path).unwrap();
            assert!(message.contains(why), "{source}: {message}");
            assert!(advice.starts_with(help), "{source}: {advice}");
        }
    }

    #[test]
    fn a_pattern_that_takes_no_value_of_its_place_is_named() {
        use MatchPart::{Header, Method, MethodOfService, Query, Service};
        for (source, parts) in [
            (r"\n", &[Header, Service, Method, MethodOfService][..]),
            ("a b", &[Service, Method, MethodOfService]),
            ("a/b", &[Service, Method]),
            ("ü", &[Service, Method, MethodOfService]),
            ("a$b", &[Header, Query, Service, Method, MethodOfService]),
            ("[a-z]+", &[]),
            (".*", &[]),
        ] {
            for part in [Header, Query, Service, Method, MethodOfService] {
                let said = said(source, part);
                assert_eq!(said.is_some(), parts.contains(&part), "{source}: {said:?}");
            }
        }
    }

    #[test]
    fn a_value_that_is_thought_to_be_searched_is_named() {
        for part in [MatchPart::Header, MatchPart::Query] {
            for source in ["^canary", "^(a|b)", "(?i)^canary"] {
                let (message, help) = said(source, part).unwrap();
                let wanted = format!("`{source}` has to match the whole value: it takes `");
                assert!(message.starts_with(&wanted), "{message}");
                assert!(help.starts_with("end it with `.*`"), "{help}");
            }
            for source in ["canary", "canary|beta", "^canary$", "^canary.*", ".*canary"] {
                assert_eq!(said(source, part), None, "{source}");
            }
        }
        assert_eq!(said("^canary", MatchPart::Method), None);
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
            "(?i)/shop",
            "(?i)^/shop",
            "(?i-s)/(v1|v2)",
        ] {
            assert_eq!(
                rule(source),
                Some("RegularExpression/takes-whole-path"),
                "{source}"
            );
        }
        for source in ["/a|/b", "/a|/b.*", "/a|/b$", "^/a|^/b$"] {
            let (message, help) = said(source, MatchPart::Path).unwrap();
            let wanted = "has to match the whole path: it takes `/a` and not `/a/more`";
            assert_eq!(message, format!("`{source}` {wanted}"));
            assert!(help.starts_with("put brackets around the choice"), "{help}");
        }
        for source in [
            "/item$",
            "(/a|/b).*",
            "(/a|/b)$",
            "/a$|/b$",
            "/a|/a/.*",
            "/(v1|v2)(/.*)?",
            r"/robots\.txt",
            "/v[12]",
            "^/item$",
            "(?i)/shop.*",
            "(?i)/shop$",
            "(?i:/shop).*",
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
