use super::*;
use crate::routing::{HeaderMatch, HttpMatch, Oracle, Rank};

fn default_effort() -> Effort {
    Effort::new(&LintOptions::default(), &PatternLimits::default())
}

/// Routes that no table takes are linted, too, so that no limit of a table bounds what lint compiles.
#[test]
fn no_more_patterns_are_compiled_than_there_is_effort_for() {
    let patterns: Vec<Pattern> = ["/a.*", "/b.*", "/c.*"]
        .iter()
        .map(|source| Pattern::new(source).unwrap())
        .collect();
    let effort = Effort {
        most_compiled: 2 * patterns[0].size(),
        ..default_effort()
    };
    let allowed = |effort: &Effort| -> Vec<bool> {
        patterns
            .iter()
            .map(|pattern| effort.allows(pattern))
            .collect()
    };
    assert_eq!(allowed(&effort), [true, true, false]);
    assert_eq!(
        allowed(&effort),
        [true, true, false],
        "what is compiled stays allowed"
    );
    let compiled: Vec<bool> = patterns.iter().map(Pattern::is_compiled).collect();
    assert_eq!(compiled, [true, true, false]);
    // What is not compiled is not compared either.
    let entries: Vec<_> = ["/c.*", "/c/d"]
        .iter()
        .map(|source| {
            entry(
                "*",
                PathMatch::RegularExpression(Pattern::new(source).unwrap()),
                &[],
                source,
            )
        })
        .collect();
    let options = routing::RouterOptions::default();
    assert_eq!(by(&entries, &options, &effort), [None, None]);
    assert_eq!(by(&entries, &options, &default_effort()), [None, Some(0)]);
}

fn entry(host: &str, path: PathMatch, headers: &[(&str, &str)], route: &str) -> Entry<usize> {
    let headers = headers
        .iter()
        .map(|(name, value)| HeaderMatch {
            name: name.parse().unwrap(),
            value: ValueMatch::exact(value),
        })
        .collect();
    let host = if host == "*" {
        HostPattern::Any
    } else {
        HostPattern::parse(host).unwrap()
    };
    Entry::new(
        HttpMatch {
            path,
            headers,
            ..HttpMatch::default()
        },
        Rank::new(route, 0, 0),
        0,
    )
    .on(host)
}

fn pattern(source: &str) -> PathMatch {
    PathMatch::RegularExpression(Pattern::new(source).unwrap())
}

fn covered(entries: &[Entry<usize>]) -> Vec<Option<usize>> {
    by(
        entries,
        &routing::RouterOptions::default(),
        &default_effort(),
    )
}

#[test]
fn the_second_route_for_the_same_requests_is_covered() {
    let all = || PathMatch::prefix("/");
    let entries = [
        entry("a.b", all(), &[], "x/b"),
        entry("a.b", all(), &[], "x/a"),
    ];
    assert_eq!(covered(&entries), [Some(1), None]);
}

#[test]
fn a_pattern_for_everything_covers_prefixes_and_not_what_is_exact() {
    let entries = [
        entry("a.b", pattern("(?i)/(.*)"), &[], "x/a"),
        entry("a.b", PathMatch::prefix("/shop"), &[("x", "1")], "x/a"),
        entry("a.b", PathMatch::exact("/shop"), &[], "x/a"),
        entry("a.b", pattern("/shop/[0-9]+"), &[], "x/a"),
    ];
    assert_eq!(covered(&entries), [None, Some(0), None, None]);
}

#[test]
fn a_catch_all_covers_only_what_ranks_below_it() {
    let entries = [
        entry("lab.test", pattern("/item/[0-9]+"), &[], "x/a"),
        entry("lab.test", PathMatch::prefix("/"), &[], "x/a"),
        entry("*.test", PathMatch::prefix("/item"), &[], "x/a"),
        entry("*", PathMatch::exact("/item"), &[], "x/a"),
    ];
    // A wider hostname has other hosts.
    assert_eq!(covered(&entries), [None; 4]);
}

#[test]
fn conditions_cover_where_the_other_has_them_all() {
    let path = || PathMatch::prefix("/a");
    let entries = [
        entry("*", path(), &[("x", "1")], "x/a"),
        entry("*", path(), &[("y", "1")], "x/b"),
        entry("*", path(), &[("x", "1")], "x/c"),
        entry(
            "*",
            PathMatch::prefix("/a/"),
            &[("x", "1"), ("x", "2")],
            "x/d",
        ),
        entry("*", path(), &[("x", "2")], "x/e"),
    ];
    assert_eq!(covered(&entries), [None, None, Some(0), Some(0), None]);
}

/// What is said to be covered never wins, by the oracle; what wins nothing of many requests is mostly found.
#[test]
fn what_is_covered_never_answers() {
    let hosts = ["*", "*.b", "a.b"];
    let paths = ["/", "/a", "/a/b"];
    let mut state = 7_u64;
    let mut below = |n: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        usize::try_from((state >> 33) % n).unwrap()
    };
    let (mut dead, mut found) = (0, 0);
    for _ in 0..300 {
        let entries: Vec<_> = (0..6)
            .map(|at| {
                let path = paths[below(3)];
                let path = match below(5) {
                    0 => PathMatch::exact(path),
                    1 => pattern(&format!("{path}.*")),
                    2 => pattern("/[ab]"),
                    _ => PathMatch::prefix(path),
                };
                let headers = [&[][..], &[("x", "1")], &[("x", "1"), ("y", "1")]][below(3)];
                let mut made = entry(hosts[below(3)], path, headers, &format!("n/{}", below(3)));
                made.rank.rule = u32::try_from(at).unwrap();
                made.payload = at;
                made
            })
            .collect();
        let oracle = Oracle::new(routing::RouterOptions::default(), entries.clone());
        let mut wins = [false; 6];
        for host in ["a.b", "c.b", "c"] {
            for path in ["/", "/a", "/a/b", "/a/b/c", "/b", "/ab"] {
                for headers in [&[][..], &["x"], &["x", "y"], &["y"]] {
                    let mut request = http::Request::get(path).header("host", host);
                    for name in headers {
                        request = request.header(*name, "1");
                    }
                    if let Some(won) = oracle.find(&request.body(()).unwrap()) {
                        wins[*won] = true;
                    }
                }
            }
        }
        for (at, covered) in covered(&entries).into_iter().enumerate() {
            assert!(covered.is_none() || !wins[at], "{at} {entries:#?}");
            dead += usize::from(!wins[at]);
            found += usize::from(covered.is_some());
        }
    }
    assert!(found > 100 && found * 10 >= dead * 9, "{found} of {dead}");
}

/// The number of comparisons is bounded, however many entries have one path.
#[test]
fn the_work_for_many_entries_of_one_path_is_in_proportion_to_them() {
    let compared = |count: usize| {
        let entries: Vec<_> = (0..count)
            .map(|at| {
                let value = at.to_string();
                entry(
                    "a.b",
                    PathMatch::prefix("/a"),
                    &[("x", "1"), ("y", &value)],
                    &format!("n/{at:06}"),
                )
            })
            .collect();
        let index_of = covered(&entries);
        assert_eq!(index_of, vec![None; count]);
        COMPARED.take()
    };
    let (once, twice) = (compared(1_000), compared(2_000));
    assert!(once < 10_000 && twice <= once * 2 + 10, "{once} {twice}");
}
