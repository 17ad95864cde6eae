//! One test for each rule of precedence, named after it. Those of GRPCRoute are in `precedence_grpc`.

use std::time::{Duration, SystemTime};

use gwapi::routing::{
    Entry, HeaderMatch, HostPattern, HostnameRank, HttpMatch, Match, Matcher, Oracle, PathMatch,
    Pattern, QueryMatch, Rank, RegexRank, Router, RouterOptions, ValueMatch, View,
};

pub(super) type Row = Entry<&'static str>;

fn http(path: PathMatch) -> HttpMatch {
    HttpMatch::path(path)
}

pub(super) fn entry(matching: impl Into<Match>, payload: &'static str) -> Row {
    Entry::new(matching, Rank::new("default/route", 0, 0), payload)
}

pub(super) fn ranked(matching: impl Into<Match>, rank: Rank, payload: &'static str) -> Row {
    Entry::new(matching, rank, payload)
}

fn on(host: &str, path: &str, payload: &'static str) -> Row {
    entry(http(PathMatch::prefix(path)), payload).on(HostPattern::parse(host).unwrap())
}

pub(super) fn header(name: &'static str, value: &str) -> HeaderMatch {
    HeaderMatch {
        name: http::HeaderName::from_static(name),
        value: ValueMatch::exact(value),
    }
}

fn query(name: &str, value: &str) -> QueryMatch {
    QueryMatch {
        name: name.into(),
        value: ValueMatch::exact(value),
    }
}

pub(super) fn regex(source: &str) -> PathMatch {
    PathMatch::RegularExpression(Pattern::new(source).unwrap())
}

/// Engine and oracle, with the rows in both orders.
fn found_with(options: RouterOptions, rows: &[Row], request: &View<'_>) -> Option<&'static str> {
    let in_order = |rows: Vec<Row>| {
        let keyed = rows
            .iter()
            .cloned()
            .enumerate()
            .map(|(at, row)| (at.to_string(), [row]));
        let router = Router::from_routes(options, keyed);
        let oracle = Oracle::new(options, rows);
        let found = Matcher::find(&router, request).copied();
        assert_eq!(
            found,
            Matcher::find(&oracle, request).copied(),
            "engine and oracle agree"
        );
        found
    };
    let found = in_order(rows.to_vec());
    assert_eq!(
        found,
        in_order(rows.iter().rev().cloned().collect()),
        "the order of entries says nothing"
    );
    found
}

pub(super) fn found(rows: &[Row], request: &View<'_>) -> Option<&'static str> {
    found_with(RouterOptions::default(), rows, request)
}

pub(super) fn get<'a>(host: &'a str, path: &'a str) -> View<'a> {
    View {
        host: host.as_bytes(),
        path,
        ..View::default()
    }
}

pub(super) const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn an_exact_hostname_is_before_a_longer_wildcard() {
    let rows = [on("a.b", "/", "exact"), on("*.b", "/long/path", "wildcard")];
    assert_eq!(found(&rows, &get("a.b", "/long/path")), Some("exact"));
}

#[test]
fn the_longest_wildcard_hostname_is_before_shorter_ones_and_those_before_none() {
    let rows = [
        on("*.example.com", "/", "short"),
        on("*.a.example.com", "/", "long"),
        entry(http(PathMatch::exact("/x")), "none"),
    ];
    assert_eq!(found(&rows, &get("b.a.example.com", "/x")), Some("long"));
    assert_eq!(found(&rows, &get("b.c.example.com", "/x")), Some("short"));
    assert_eq!(found(&rows, &get("example.com", "/x")), Some("none"));
}

#[test]
fn a_route_of_several_hostnames_ranks_by_the_one_that_fits() {
    let rows = [
        on("long.name.of.another.example.org", "/", "several"),
        on("*.com", "/long/path", "several"),
        on("*.example.com", "/", "one"),
    ];
    let request = get("a.example.com", "/long/path");
    assert_eq!(found(&rows, &request), Some("one"));
}

#[test]
fn the_hostname_is_before_everything_else() {
    let mut rich = http(PathMatch::exact("/x"));
    rich.method = Some(http::Method::GET);
    rich.headers = vec![header("x-a", "1")];
    let rows = [on("a.example.com", "/", "host"), entry(rich, "rest")];
    let request = View {
        headers: &[("x-a", b"1")],
        ..get("a.example.com", "/x")
    };
    assert_eq!(found(&rows, &request), Some("host"));
}

#[test]
fn a_less_specific_hostname_gets_its_turn_unless_told_otherwise() {
    let rows = [
        on("a.example.com", "/x", "exact"),
        on("*.example.com", "/", "wildcard"),
    ];
    let request = get("a.example.com", "/y");
    assert_eq!(found(&rows, &request), Some("wildcard"));
    assert_eq!(
        found_with(
            RouterOptions::default().with_fallback(false),
            &rows,
            &request
        ),
        None
    );
}

#[test]
fn the_routes_own_hostname_ranks_unless_told_otherwise() {
    let host = |text| HostPattern::parse(text).unwrap();
    let named = on("a.example.com", "/", "named");
    let wide = entry(http(PathMatch::exact("/x")), "wide")
        .on(host("a.example.com"))
        .named(host("*.example.com"));
    let rows = [named, wide];
    let request = get("a.example.com", "/x");
    assert_eq!(found(&rows, &request), Some("named"));
    let effective = RouterOptions::default().with_hostname_rank(HostnameRank::Effective);
    assert_eq!(found_with(effective, &rows, &request), Some("wide"));
}

#[test]
fn a_route_that_names_no_hostname_ranks_below_every_route_that_names_one() {
    let host = |text| HostPattern::parse(text).unwrap();
    let old = || Rank::new("default/a", 0, 0).created(SystemTime::UNIX_EPOCH);
    // All at a listener of `*.example.com`.
    let narrowed = |own| {
        entry(http(PathMatch::prefix("/")), "wide")
            .on(host("*.example.com"))
            .named(own)
    };
    let unnamed = |matching| {
        let unnamed = ranked(matching, old(), "none").on(host("*.example.com"));
        unnamed.named(HostPattern::Any)
    };
    let rows = [
        narrowed(host("*.com")),
        unnamed(http(PathMatch::exact("/x"))),
    ];
    let request = get("a.example.com", "/x");
    assert_eq!(found(&rows, &request), Some("wide"));
    assert_eq!(found(&rows[1..], &request), Some("none"));
    // By the effective hostname both tie, and the next criterion decides.
    let effective = RouterOptions::default().with_hostname_rank(HostnameRank::Effective);
    assert_eq!(found_with(effective, &rows, &request), Some("none"));
    let rows = [
        narrowed(host("*.com")),
        unnamed(http(PathMatch::prefix("/"))),
    ];
    assert_eq!(found(&rows, &request), Some("wide"));
    assert_eq!(
        found_with(effective, &rows, &request),
        Some("none"),
        "the older"
    );
}

#[test]
fn an_exact_path_is_before_a_prefix() {
    let rows = [
        entry(http(PathMatch::exact("/a")), "exact"),
        entry(http(PathMatch::prefix("/a")), "prefix"),
    ];
    assert_eq!(found(&rows, &get("", "/a")), Some("exact"));
    assert_eq!(found(&rows, &get("", "/a/")), Some("prefix"));
}

#[test]
fn the_kind_of_path_is_before_everything_below_it() {
    let mut rich = http(PathMatch::prefix("/a"));
    rich.method = Some(http::Method::GET);
    rich.headers = vec![header("x-a", "1")];
    rich.query = vec![query("a", "1")];
    let old = Rank::new("default/a", 0, 0).created(SystemTime::UNIX_EPOCH);
    let rows = [
        ranked(rich, old, "prefix"),
        entry(http(PathMatch::exact("/a")), "exact"),
    ];
    let request = View {
        query: Some("a=1"),
        headers: &[("x-a", b"1")],
        ..get("", "/a")
    };
    assert_eq!(found(&rows, &request), Some("exact"));
}

#[test]
fn a_regular_expression_is_between_exact_and_prefix_unless_told_otherwise() {
    let rows = [
        entry(http(PathMatch::exact("/a/b")), "exact"),
        entry(http(regex("/a/.*")), "pattern"),
        entry(http(PathMatch::prefix("/a/c")), "prefix"),
    ];
    let rank = |rank| RouterOptions::default().with_regex_rank(rank);
    let both = |options| {
        (
            found_with(options, &rows, &get("", "/a/b")),
            found_with(options, &rows, &get("", "/a/c")),
        )
    };
    assert_eq!(
        both(RouterOptions::default()),
        (Some("exact"), Some("pattern"))
    );
    assert_eq!(
        both(rank(RegexRank::First)),
        (Some("pattern"), Some("pattern"))
    );
    assert_eq!(both(rank(RegexRank::Last)), (Some("exact"), Some("prefix")));
}

#[test]
fn of_two_regular_expressions_the_longer_is_first() {
    let rows = [
        entry(http(regex("/a/.*")), "short"),
        entry(http(regex("/a/[a-z]+")), "long"),
    ];
    assert_eq!(found(&rows, &get("", "/a/b")), Some("long"));
}

#[test]
fn the_longest_prefix_is_first() {
    let mut method = http(PathMatch::prefix("/a"));
    method.method = Some(http::Method::GET);
    let rows = [
        entry(method, "short"),
        entry(http(PathMatch::prefix("/a/b")), "long"),
        entry(HttpMatch::default(), "any"),
    ];
    assert_eq!(found(&rows, &get("", "/a/b/c")), Some("long"));
    assert_eq!(found(&rows, &get("", "/a/bc")), Some("short"));
    assert_eq!(found(&rows, &get("", "/ab")), Some("any"));
}

#[test]
fn a_slash_at_the_end_of_a_prefix_counts_for_nothing() {
    let older = Rank::new("default/old", 0, 0).created(SystemTime::UNIX_EPOCH);
    let rows = [
        ranked(http(PathMatch::prefix("/a")), older, "older"),
        entry(http(PathMatch::prefix("/a/")), "with slash"),
    ];
    assert_eq!(found(&rows, &get("", "/a")), Some("older"));
}

#[test]
fn a_longer_prefix_is_before_a_method_headers_and_query_parameters() {
    let mut rich = http(PathMatch::prefix("/a"));
    rich.method = Some(http::Method::GET);
    rich.headers = vec![header("x-a", "1")];
    rich.query = vec![query("a", "1")];
    let rows = [
        entry(rich, "rich"),
        entry(http(PathMatch::prefix("/a/b")), "longer"),
    ];
    let request = View {
        query: Some("a=1"),
        headers: &[("x-a", b"1")],
        ..get("", "/a/b")
    };
    assert_eq!(found(&rows, &request), Some("longer"));
}

#[test]
fn a_method_is_before_none() {
    let mut method = http(PathMatch::prefix("/"));
    method.method = Some(http::Method::GET);
    let old = Rank::new("default/old", 0, 0).created(SystemTime::UNIX_EPOCH);
    let rows = [
        entry(method, "method"),
        ranked(http(PathMatch::prefix("/")), old, "none"),
    ];
    assert_eq!(found(&rows, &get("", "/")), Some("method"));
    let put = View {
        method: "PUT",
        ..View::default()
    };
    assert_eq!(found(&rows, &put), Some("none"));
}

#[test]
fn more_headers_are_first() {
    let mut one = http(PathMatch::prefix("/"));
    one.headers = vec![header("x-a", "1")];
    let mut two = http(PathMatch::prefix("/"));
    two.headers = vec![header("x-a", "1"), header("x-b", "1")];
    let old = Rank::new("default/old", 0, 0).created(SystemTime::UNIX_EPOCH);
    let rows = [ranked(one, old, "one"), entry(two, "two")];
    let request = View {
        headers: &[("x-a", b"1"), ("x-b", b"1")],
        ..View::default()
    };
    assert_eq!(found(&rows, &request), Some("two"));
}

#[test]
fn a_method_is_before_more_headers() {
    let mut method = http(PathMatch::prefix("/"));
    method.method = Some(http::Method::GET);
    let mut headers = http(PathMatch::prefix("/"));
    headers.headers = vec![header("x-a", "1"), header("x-b", "1")];
    let rows = [entry(method, "method"), entry(headers, "headers")];
    let request = View {
        headers: &[("x-a", b"1"), ("x-b", b"1")],
        ..View::default()
    };
    assert_eq!(found(&rows, &request), Some("method"));
    assert_eq!(
        found(
            &rows,
            &View {
                method: "PUT",
                ..request
            }
        ),
        Some("headers")
    );
}

#[test]
fn more_headers_are_before_more_query_parameters() {
    let mut one = http(PathMatch::prefix("/"));
    one.headers = vec![header("x-a", "1")];
    one.query = vec![query("a", "1"), query("b", "1")];
    let mut two = http(PathMatch::prefix("/"));
    two.headers = vec![header("x-a", "1"), header("x-b", "1")];
    let rows = [entry(one, "one"), entry(two, "two")];
    let request = View {
        query: Some("a=1&b=1"),
        headers: &[("x-a", b"1"), ("x-b", b"1")],
        ..View::default()
    };
    assert_eq!(found(&rows, &request), Some("two"));
}

#[test]
fn of_several_headers_with_equivalent_names_only_the_first_counts() {
    let mut twice = http(PathMatch::prefix("/"));
    twice.headers = vec![header("x-a", "1"), header("x-a", "2")];
    let mut once = http(PathMatch::prefix("/"));
    once.headers = vec![header("x-a", "1")];
    once.query = vec![query("a", "1")];
    let rows = [entry(twice, "twice"), entry(once, "once")];
    let request = View {
        query: Some("a=1"),
        headers: &[("X-A", b"1")],
        ..View::default()
    };
    assert_eq!(
        found(&rows, &request),
        Some("once"),
        "the repeated name is not a second header"
    );
    assert_eq!(
        found(
            &rows,
            &View {
                query: None,
                ..request
            }
        ),
        Some("twice")
    );
}

#[test]
fn more_query_parameters_are_first() {
    let mut one = http(PathMatch::prefix("/"));
    one.query = vec![query("a", "1")];
    let mut two = http(PathMatch::prefix("/"));
    two.query = vec![query("a", "1"), query("b", "1")];
    let old = Rank::new("default/old", 0, 0).created(SystemTime::UNIX_EPOCH);
    let rows = [ranked(one, old, "one"), entry(two, "two")];
    assert_eq!(
        found(
            &rows,
            &View {
                query: Some("b=1&a=1"),
                ..View::default()
            }
        ),
        Some("two")
    );
}

#[test]
fn the_oldest_route_is_first_and_one_of_unknown_age_last() {
    let at = |age| {
        Rank::new(format!("default/z{age}"), 9, 9).created(SystemTime::UNIX_EPOCH + seconds(age))
    };
    let rows = [
        ranked(
            HttpMatch::default(),
            Rank::new("default/a", 0, 0),
            "unknown",
        ),
        ranked(HttpMatch::default(), at(2), "young"),
        ranked(HttpMatch::default(), at(1), "old"),
    ];
    assert_eq!(found(&rows, &View::default()), Some("old"));
    assert_eq!(found(&rows[..2], &View::default()), Some("young"));
}

#[test]
fn age_is_before_the_name() {
    let at = |name: &str, age| Rank::new(name, 0, 0).created(SystemTime::UNIX_EPOCH + seconds(age));
    let rows = [
        ranked(HttpMatch::default(), at("a/a", 2), "first by name"),
        ranked(HttpMatch::default(), at("b/b", 1), "older"),
    ];
    assert_eq!(found(&rows, &View::default()), Some("older"));
}

#[test]
fn of_routes_of_one_age_the_first_by_namespace_and_name_is_first() {
    let of = |name: &str| Rank::new(name, 9, 9).created(SystemTime::UNIX_EPOCH);
    let rows = [
        ranked(HttpMatch::default(), of("b/a"), "b/a"),
        ranked(HttpMatch::default(), of("a/b"), "a/b"),
        ranked(HttpMatch::default(), of("a/ba"), "a/ba"),
    ];
    assert_eq!(found(&rows, &View::default()), Some("a/b"));
}

#[test]
fn the_name_is_before_the_place_in_the_route() {
    let rows = [
        ranked(HttpMatch::default(), Rank::new("b/b", 0, 0), "first rule"),
        ranked(
            HttpMatch::default(),
            Rank::new("a/a", 9, 9),
            "first by name",
        ),
    ];
    assert_eq!(found(&rows, &View::default()), Some("first by name"));
}

#[test]
fn within_a_route_the_first_rule_is_first() {
    let at = |rule, index| Rank::new("default/route", rule, index);
    let rows = [
        ranked(HttpMatch::default(), at(1, 0), "second"),
        ranked(HttpMatch::default(), at(0, 5), "first"),
    ];
    assert_eq!(found(&rows, &View::default()), Some("first"));
}

#[test]
fn within_a_rule_the_first_match_is_first() {
    let at = |rule, index| Rank::new("default/route", rule, index);
    let rows = [
        ranked(HttpMatch::default(), at(0, 1), "second"),
        ranked(HttpMatch::default(), at(0, 0), "first"),
    ];
    assert_eq!(found(&rows, &View::default()), Some("first"));
}

/// Rule R1 has the matches A and C, rule R2 has B, and A is before B before C. A request that fits B and C belongs to
/// R2, although R1 has the best match of all: each match ranks for itself.
#[test]
fn each_match_ranks_for_itself_and_not_its_rule() {
    let at = |rule, index| Rank::new("default/route", rule, index);
    let rows = [
        ranked(http(PathMatch::exact("/a/b/exact")), at(0, 0), "R1 by A"),
        ranked(http(PathMatch::prefix("/a")), at(0, 1), "R1 by C"),
        ranked(http(PathMatch::prefix("/a/b")), at(1, 0), "R2 by B"),
    ];
    assert_eq!(found(&rows, &get("", "/a/b/c")), Some("R2 by B"));
    assert_eq!(found(&rows, &get("", "/a/b/exact")), Some("R1 by A"));
    assert_eq!(found(&rows, &get("", "/a/c")), Some("R1 by C"));
}
