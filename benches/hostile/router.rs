//! Look-ups of hostile requests in hostile tables.

use crate::measure::{Cost, least};
use gwapi::routing::{
    Entry, HeaderMatch, HostPattern, HttpMatch, Match, PathMatch, Pattern, QueryMatch, Rank,
    Router, RouterOptions, ValueMatch, View,
};

/// A look-up of one request in a table of these matches, at the speed of the fastest of several rounds.
fn look_up(
    matches: Vec<HttpMatch>,
    path: &str,
    query: Option<&str>,
    headers: &[(&str, &[u8])],
    size: usize,
    found: bool,
) -> Option<Cost> {
    let entries = matches.into_iter().zip(0_u32..).map(|(matching, at)| {
        let rank = Rank::new("default/r", at, 0);
        Entry::new(Match::Http(matching), rank, at).on(HostPattern::parse("a.example.com").unwrap())
    });
    let router = Router::from_routes(
        RouterOptions::default(),
        [("default/r".to_owned(), entries.collect::<Vec<_>>())],
    );
    let view = View {
        method: "GET",
        host: b"a.example.com",
        path,
        query,
        headers,
    };
    assert_eq!(router.find(&view).is_some(), found);
    let (time, measured) = least(|| {
        std::hint::black_box(router.find(std::hint::black_box(&view)));
    });
    Some(Cost {
        expected: true,
        size,
        time,
        measured,
        peak: 0,
    })
}

pub(crate) fn header_names(times: usize) -> Option<Cost> {
    let count = times * 10_000;
    let matches = (0..count).map(|n| HttpMatch {
        headers: vec![header(&format!("x-{n}"), "1")],
        ..HttpMatch::path(PathMatch::prefix("/"))
    });
    let last = format!("x-{}", count - 1);
    let headers: [(&str, &[u8]); 3] = [("accept", b"*/*"), (&last, b"1"), ("x-none", b"1")];
    look_up(matches.collect(), "/", None, &headers, count * 10, true)
}

/// A header name an entry, which may take no more than three times as long as one name with as many values: 100 000 at four
/// times the size.
pub(crate) fn names_beside_values(times: usize) -> Option<Cost> {
    let count = times * 25_000;
    let last = format!("x-{}", count - 1);
    let names = (0..count).map(|n| HttpMatch {
        headers: vec![header(&format!("x-{n}"), "1")],
        ..HttpMatch::path(PathMatch::prefix("/"))
    });
    let sent: [(&str, &[u8]); 3] = [("accept", b"*/*"), (&last, b"1"), ("x-none", b"1")];
    let names = look_up(names.collect(), "/", None, &sent, count * 10, true)?;
    let values = (0..count).map(|n| HttpMatch {
        headers: vec![header("x-a", &format!("x-{n}"))],
        ..HttpMatch::path(PathMatch::prefix("/"))
    });
    let sent: [(&str, &[u8]); 3] = [
        ("accept", b"*/*"),
        ("x-a", last.as_bytes()),
        ("x-none", b"1"),
    ];
    let values = look_up(values.collect(), "/", None, &sent, count * 10, true)?;
    let expected = names.time <= 3 * values.time;
    if !expected {
        println!(
            "{count} names take {:?}, and as many values {:?}",
            names.time, values.time
        );
    }
    Some(Cost { expected, ..names })
}

pub(crate) fn parameter_names(times: usize) -> Option<Cost> {
    let count = times * 10_000;
    let matches = (0..count).map(|n| HttpMatch {
        query: vec![parameter(&format!("x-{n}"), ValueMatch::Exact("1".into()))],
        ..HttpMatch::path(PathMatch::prefix("/"))
    });
    let query = format!("a=1&x-{}=1&x-none=1", count - 1);
    look_up(matches.collect(), "/", Some(&query), &[], count * 10, true)
}

fn header(name: &str, value: &str) -> HeaderMatch {
    HeaderMatch {
        name: name.parse().unwrap(),
        value: ValueMatch::Exact(value.into()),
    }
}

fn parameter(name: &str, value: ValueMatch) -> QueryMatch {
    QueryMatch {
        name: name.into(),
        value,
    }
}

fn pattern(source: &str) -> Pattern {
    Pattern::new(source).unwrap()
}

pub(crate) fn slashes(times: usize) -> Option<Cost> {
    let length = times * 512;
    let matches = (0..64).map(|n| {
        let prefix = format!("{}{n}", "/".repeat(length - 3));
        HttpMatch::path(PathMatch::prefix(&prefix))
    });
    look_up(
        matches.collect(),
        &"/".repeat(length),
        None,
        &[],
        length,
        false,
    )
}

/// Prefixes of as many lengths as there are elements; their entries ask for a header that is not sent. Each that is found is
/// compared with the path, which takes the square of its length: the API lets a prefix have 1 024 characters, as here at four
/// times the size.
pub(crate) fn nested_prefixes(times: usize) -> Option<Cost> {
    let length = times * 128;
    let matches = (1..length).map(|n| HttpMatch {
        headers: vec![header("x-none", "1")],
        ..HttpMatch::path(PathMatch::prefix(&"/a".repeat(n)))
    });
    let path = "/a".repeat(length);
    look_up(matches.collect(), &path, None, &[], path.len(), false)
}

/// Patterns that begin and end with many slashes.
pub(crate) fn slash_patterns(times: usize) -> Option<Cost> {
    let length = times * 256;
    let matches = (0..64).map(|n| {
        let slashes = "/".repeat(length - n);
        let source = format!("{slashes}{n}/[a-z]+{slashes}{n}");
        HttpMatch::path(PathMatch::RegularExpression(pattern(&source)))
    });
    look_up(
        matches.collect(),
        &"/".repeat(4 * length),
        None,
        &[],
        length,
        false,
    )
}

/// Entries with 16 parameters each, none of which is sent.
pub(crate) fn long_query(times: usize) -> Option<Cost> {
    let matches = (0..128).map(|n| {
        let value = || ValueMatch::RegularExpression(pattern(&format!("[0-9]x{n}")));
        let query = (0..16).map(|q| parameter(&format!("q{q}"), value()));
        HttpMatch {
            query: query.collect(),
            ..HttpMatch::path(PathMatch::prefix("/"))
        }
    });
    let query = "a=1&".repeat(times * 600);
    look_up(
        matches.collect(),
        "/",
        Some(&query),
        &[],
        query.len(),
        false,
    )
}

/// Entries with 16 parameters each, all of which are sent at the end of the query, and the last of which does not match.
pub(crate) fn known_query(times: usize) -> Option<Cost> {
    let matches = (0..128).map(|n| {
        let exact = |q| parameter(&format!("q{q}"), ValueMatch::Exact("1".into()));
        let last = ValueMatch::RegularExpression(pattern(&format!("[0-9]x{n}")));
        let query = (0..15).map(exact).chain([parameter("z", last)]);
        HttpMatch {
            query: query.collect(),
            ..HttpMatch::path(PathMatch::prefix("/"))
        }
    });
    let asked: String = (0..15).map(|q| format!("q{q}=1&")).collect();
    let query = format!("{}{asked}z=1", "a=1&".repeat(times * 600));
    look_up(
        matches.collect(),
        "/",
        Some(&query),
        &[],
        query.len(),
        false,
    )
}

/// A header of many lines with many commas, of which 64 patterns and 64 texts ask.
pub(crate) fn header_lines(times: usize) -> Option<Cost> {
    let line = "a,".repeat(64);
    let matches = (0..128).map(|n| {
        let value = match n % 2 {
            0 => ValueMatch::RegularExpression(pattern(&format!("(a,)*{n}"))),
            _ => ValueMatch::Exact(format!("{}{n}", line.repeat(times * 32)).into()),
        };
        let name = "x-a".parse().unwrap();
        HttpMatch {
            headers: vec![HeaderMatch { name, value }],
            ..HttpMatch::path(PathMatch::prefix("/"))
        }
    });
    let lines = vec![("x-a", line.as_bytes()); times * 32];
    look_up(
        matches.collect(),
        "/",
        None,
        &lines,
        lines.len() * line.len(),
        false,
    )
}

/// As many cookies, in a line each.
pub(crate) fn cookies(times: usize) -> Option<Cost> {
    let matches = (0..128).map(|n| HttpMatch {
        headers: vec![header("cookie", &format!("a=1; b={n}"))],
        ..HttpMatch::path(PathMatch::prefix("/"))
    });
    let lines = vec![("cookie", &b"a=1"[..]); times * 500];
    look_up(
        matches.collect(),
        "/",
        None,
        &lines,
        lines.len() * 10,
        false,
    )
}
