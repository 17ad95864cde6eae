//! Which matches take all the requests of others.

use super::matches::{GrpcMatch, HeaderMatch, HttpMatch, Match, PathMatch, QueryMatch, ValueMatch};
use crate::{
    meta::is_below,
    routing::{
        HostPattern,
        request::lines::{canonical_text, takes_value},
    },
};

impl HostPattern {
    /// Whether every host that matches `other` matches this, too.
    ///
    /// ```
    /// use gwapi::routing::HostPattern;
    /// let wide = HostPattern::parse("*.example.com")?;
    /// assert!(wide.covers(&HostPattern::parse("*.eu.example.com")?));
    /// assert!(!wide.covers(&HostPattern::parse("example.com")?));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Any, _) => true,
            (Self::Wildcard(mine), Self::Wildcard(theirs)) => {
                mine == theirs || is_below(theirs, mine)
            }
            (Self::Wildcard(mine), Self::Exact(theirs)) => is_below(theirs, mine),
            (Self::Exact(mine), Self::Exact(theirs)) => mine == theirs,
            (_, Self::Any) | (Self::Exact(_), Self::Wildcard(_)) => false,
        }
    }
}

impl Match {
    /// Whether every request with a path that matches `other` is certain to match this, too.
    ///
    /// `true` is a proof, `false` only says that there is none: regular expressions for headers are not compared,
    /// for example, and those for paths are only as far as they are small. The asterisk of `OPTIONS *` is no path.
    ///
    /// ```
    /// use gwapi::routing::{HttpMatch, Match, PathMatch};
    /// let of = |path| Match::from(HttpMatch::path(path));
    /// assert!(of(PathMatch::prefix("/a")).covers(&of(PathMatch::exact("/a/b"))));
    /// assert!(!of(PathMatch::prefix("/a")).covers(&of(PathMatch::exact("/ab"))));
    /// ```
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Http(mine), Self::Http(theirs)) => mine.covers(theirs),
            (Self::Grpc(mine), Self::Grpc(theirs)) => mine.covers(theirs),
            (Self::Http(mine), Self::Grpc(_)) => {
                mine.path.covers(&PathMatch::Any)
                    && mine.method.is_none()
                    && mine.headers.is_empty()
                    && mine.query.is_empty()
            }
            (Self::Grpc(_), Self::Http(_)) => false,
        }
    }
}

impl HttpMatch {
    fn covers(&self, other: &Self) -> bool {
        self.path.covers(&other.path)
            && (self.method.is_none() || self.method == other.method)
            && headers_cover(&self.headers, &other.headers)
            && first_of_each(&self.query, |parameter| &*parameter.name).all(|mine| {
                let named = |theirs: &&QueryMatch| theirs.name == mine.name;
                let theirs = other.query.iter().find(named);
                theirs.is_some_and(|theirs| mine.value.covers(&theirs.value))
            })
    }
}

impl GrpcMatch {
    fn covers(&self, other: &Self) -> bool {
        self.calls_cover(other) && headers_cover(&self.headers, &other.headers)
    }

    /// Whether the paths that service and method ask for are certain to include those of another match.
    fn calls_cover(&self, other: &Self) -> bool {
        use ValueMatch::Exact;
        match (&self.service, &self.method) {
            (None, None) => true,
            (service, method) if (service, method) == (&other.service, &other.method) => true,
            // The method is what follows the last slash here, and what follows the second slash there: for exact
            // names it is the same.
            (None, Some(mine)) => match (&other.service, &other.method) {
                (None, Some(theirs)) => mine.covers(theirs),
                (Some(Exact(_)), Some(theirs @ Exact(_))) => mine.covers(theirs),
                _ => false,
            },
            (Some(mine), None) => match (&other.service, &other.method) {
                (Some(theirs), _) if matches!(mine, Exact(_)) => mine.covers(theirs),
                // A pattern wants at least one character after the service.
                (Some(theirs), Some(Exact(_))) => mine.covers(theirs),
                _ => false,
            },
            (Some(service), Some(method)) => match (&other.service, &other.method) {
                (Some(theirs), Some(their_method)) => {
                    service.covers(theirs) && method.covers(their_method)
                }
                _ => false,
            },
        }
    }
}

/// Of several conditions with one name the first counts.
fn first_of_each<T, N: PartialEq + ?Sized>(
    list: &[T],
    name: impl Fn(&T) -> &N + Copy,
) -> impl Iterator<Item = &T> {
    list.iter().enumerate().filter_map(move |(at, one)| {
        let before = list.get(..at).unwrap_or_default();
        (!before.iter().any(|earlier| name(earlier) == name(one))).then_some(one)
    })
}

fn headers_cover(mine: &[HeaderMatch], theirs: &[HeaderMatch]) -> bool {
    first_of_each(mine, |header| &header.name).all(|mine| {
        let named = |theirs: &&HeaderMatch| theirs.name == mine.name;
        let theirs = theirs.iter().find(named);
        theirs.is_some_and(|theirs| mine.covers(theirs))
    })
}

impl HeaderMatch {
    /// Whether every value of a header of this name that another match takes is certain to match, too.
    fn covers(&self, other: &Self) -> bool {
        use ValueMatch::{Exact, RegularExpression};
        let name = self.name.as_str();
        match (&self.value, &other.value) {
            (Exact(mine), Exact(theirs)) => {
                canonical_text(name, mine) == canonical_text(name, theirs)
            }
            (RegularExpression(mine), Exact(theirs)) => takes_value(mine, name, theirs),
            (mine, theirs) => mine.covers(theirs),
        }
    }
}

impl ValueMatch {
    fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Exact(mine), Self::Exact(theirs)) => mine == theirs,
            (Self::RegularExpression(mine), Self::Exact(theirs)) => {
                mine.is_match(theirs.as_bytes())
            }
            (Self::RegularExpression(mine), Self::RegularExpression(theirs)) => mine == theirs,
            (Self::Exact(_), Self::RegularExpression(_)) => false,
        }
    }
}

/// A prefix as it is compared: one slash at its end does not count.
pub(crate) fn bare(prefix: &str) -> &str {
    prefix.strip_suffix('/').unwrap_or(prefix)
}

impl PathMatch {
    /// Whether every path that matches `other` is certain to match this, too.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Any, _) => true,
            (Self::Exact(mine), Self::Exact(theirs)) => mine == theirs,
            (Self::Exact(mine), Self::RegularExpression(theirs)) => theirs.takes_only(mine),
            (Self::Exact(_), _) => false,
            (Self::Prefix(mine), _) if bare(mine).is_empty() => true,
            (Self::Prefix(mine), Self::Exact(theirs)) => below(bare(mine), theirs),
            (Self::Prefix(mine), Self::Prefix(theirs)) => below(bare(mine), bare(theirs)),
            (Self::Prefix(_), Self::Any) => false,
            (Self::Prefix(mine), Self::RegularExpression(theirs)) => theirs.stays_below(bare(mine)),
            (Self::RegularExpression(mine), Self::RegularExpression(theirs)) => {
                mine.takes_all_of(theirs)
            }
            (Self::RegularExpression(mine), Self::Exact(theirs)) => {
                mine.is_match(theirs.as_bytes())
            }
            (Self::RegularExpression(mine), Self::Prefix(theirs)) => mine.takes_below(bare(theirs)),
            // Every path begins with a slash, so `/.*` takes all that the prefix `/` does.
            (Self::RegularExpression(mine), Self::Any) => mine.takes_below(""),
        }
    }

    /// Whether [`covers`](Self::covers) may be true, by a look that costs next to nothing.
    pub(crate) fn may_cover(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::RegularExpression(mine), Self::RegularExpression(theirs)) => {
                mine.may_take_all_of(theirs)
            }
            (Self::RegularExpression(mine), Self::Prefix(theirs)) => {
                mine.may_take_below(bare(theirs))
            }
            (Self::RegularExpression(mine), Self::Any) => mine.may_take_below(""),
            _ => true,
        }
    }
}

/// Whether a path is this one or one below it.
fn below(whole: &str, path: &str) -> bool {
    path.strip_prefix(whole)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routing::{Entry, Matcher, Oracle, Pattern, Rank};

    fn regex(source: &str) -> PathMatch {
        PathMatch::RegularExpression(Pattern::new(source).unwrap())
    }

    fn paths() -> Vec<PathMatch> {
        let texts = ["/", "/a", "/a/", "/a/b", "/ab", "/a/b/", "/A", "/a//"];
        let patterns = [
            "/.*",
            ".*",
            "/a.*",
            "/a/.*",
            "/a(/.*)?",
            "/a",
            "/[ab]",
            "/a/b.*",
            "(?i)/a",
            "^/a/b$",
            "/a/[a-z]+",
            "",
        ];
        let exact = texts.iter().map(|text| PathMatch::exact(text));
        let prefix = texts.iter().map(|text| PathMatch::prefix(text));
        let regex = patterns.iter().map(|text| regex(text));
        [PathMatch::Any]
            .into_iter()
            .chain(exact)
            .chain(prefix)
            .chain(regex)
            .collect()
    }

    fn headers() -> Vec<Vec<HeaderMatch>> {
        let header = |name: &'static str, value: ValueMatch| HeaderMatch {
            name: http::HeaderName::from_static(name),
            value,
        };
        let pattern = |text| ValueMatch::RegularExpression(Pattern::new(text).unwrap());
        vec![
            vec![],
            vec![header("x", ValueMatch::exact("1"))],
            vec![header("x", ValueMatch::exact("2"))],
            vec![header("x", pattern("[0-9]"))],
            vec![
                header("x", ValueMatch::exact("1")),
                header("y", ValueMatch::exact("1")),
            ],
            vec![
                header("x", ValueMatch::exact("1")),
                header("x", ValueMatch::exact("2")),
            ],
        ]
    }

    /// Whether an entry alone answers a request, by the oracle.
    fn fits(matching: &Match, request: &http::Request<()>) -> bool {
        let entry = Entry::new(matching.clone(), Rank::new("a/b", 0, 0), ());
        Matcher::find(
            &Oracle::new(crate::routing::RouterOptions::default(), [entry]),
            request,
        )
        .is_some()
    }

    /// Where a match covers another, every request that matches the other matches it; and the relation is not empty.
    #[test]
    fn what_a_match_covers_it_answers() {
        let mut matches: Vec<Match> = Vec::new();
        for path in paths() {
            for headers in headers() {
                for method in [None, Some(http::Method::GET)] {
                    let path = path.clone();
                    let headers = headers.clone();
                    matches.push(
                        HttpMatch {
                            path,
                            method,
                            headers,
                            query: vec![],
                        }
                        .into(),
                    );
                }
            }
        }
        let name = |source| Some(ValueMatch::RegularExpression(Pattern::new(source).unwrap()));
        for service in [None, Some(ValueMatch::exact("a")), name("[ab]"), name("a*")] {
            for method in [
                None,
                Some(ValueMatch::exact("b")),
                name("b(/c)?"),
                name(".*"),
            ] {
                let (service, headers) = (service.clone(), vec![]);
                matches.push(
                    GrpcMatch {
                        service,
                        method,
                        headers,
                    }
                    .into(),
                );
            }
        }
        let mut requests = Vec::new();
        for path in [
            "/", "/a", "/a/", "/a/b", "/ab", "/a/b/c", "/A", "/a//", "//", "/b", "/a/b/",
        ] {
            for method in ["GET", "POST"] {
                for values in [
                    &[][..],
                    &[("x", "1")],
                    &[("x", "2")],
                    &[("x", "1"), ("y", "1")],
                ] {
                    let mut request = http::Request::builder().method(method).uri(path);
                    for (name, value) in values {
                        request = request.header(*name, *value);
                    }
                    let request = request.header("content-type", "application/grpc");
                    requests.push(request.body(()).unwrap());
                }
            }
        }
        let answers: Vec<Vec<bool>> = matches
            .iter()
            .map(|one| requests.iter().map(|request| fits(one, request)).collect())
            .collect();
        let mut covered = 0;
        for (a, mine) in matches.iter().zip(&answers) {
            assert!(a.covers(a), "{a:?}");
            for (b, theirs) in matches.iter().zip(&answers) {
                if a.covers(b) {
                    covered += 1;
                    let lost = mine
                        .iter()
                        .zip(theirs)
                        .position(|(mine, theirs)| *theirs && !*mine);
                    assert!(
                        lost.is_none(),
                        "{a:?} {b:?} {:?}",
                        lost.map(|at| &requests[at])
                    );
                }
            }
        }
        assert!(covered > 3_000, "{covered}");
    }

    /// The value of a header is a list, however its parts are spaced.
    #[test]
    fn header_values_of_the_same_parts_cover_each_other() {
        let of = |name: &'static str, value: ValueMatch| {
            Match::from(HttpMatch {
                headers: vec![HeaderMatch {
                    name: http::HeaderName::from_static(name),
                    value,
                }],
                ..HttpMatch::path(PathMatch::Any)
            })
        };
        let exact = |value| of("x", ValueMatch::exact(value));
        let pattern = |source| {
            of(
                "x",
                ValueMatch::RegularExpression(Pattern::new(source).unwrap()),
            )
        };
        for value in ["a,b", "a, b", " a ,\tb"] {
            assert!(exact("a,b").covers(&exact(value)) && exact(value).covers(&exact("a, b")));
            assert!(pattern("a, b").covers(&exact(value)) && pattern("a,b").covers(&exact(value)));
            // A line with two spaces would be one of these values.
            assert!(!pattern("a,  b").covers(&exact(value)));
        }
        assert!(!exact("a").covers(&exact("a,")) && !exact("a b").covers(&exact("a,b")));
        let cookie = |value| of("cookie", ValueMatch::exact(value));
        assert!(!cookie("a,b").covers(&cookie("a, b")));
    }

    #[test]
    fn hosts_cover_what_is_below_them() {
        let host = |text: &str| match text {
            "*" => HostPattern::Any,
            text => HostPattern::parse(text).unwrap(),
        };
        for (wide, narrow) in [
            ("*", "*"),
            ("*", "a.example.com"),
            ("*.example.com", "*.example.com"),
            ("*.example.com", "*.a.example.com"),
            ("*.example.com", "a.b.example.com"),
            ("a.example.com", "a.example.com"),
        ] {
            assert!(host(wide).covers(&host(narrow)), "{wide} {narrow}");
            assert_eq!(
                host(narrow).covers(&host(wide)),
                wide == narrow,
                "{wide} {narrow}"
            );
        }
        for (a, b) in [
            ("*.example.com", "example.com"),
            ("*.b.com", "ab.com"),
            ("a.com", "b.com"),
            ("*.com", "*.org"),
        ] {
            assert!(!host(a).covers(&host(b)), "{a} {b}");
        }
    }
}
