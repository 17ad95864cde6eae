//! Look-ups of hostile requests in hostile tables.

use crate::measure::{Cost, timed};
use gwapi::routing::{
    Entry, HeaderMatch, HostPattern, HttpMatch, Match, PathMatch, QueryMatch, Rank, Router,
    RouterOptions, ValueMatch, View,
};

/// Many look-ups of one request in a table of these matches.
fn look_up(
    matches: Vec<HttpMatch>,
    path: &str,
    query: Option<&str>,
    headers: &[(&str, &[u8])],
    size: usize,
    found: bool,
) -> Option<Cost> {
    const TIMES: u32 = 200;
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
    let time = timed(|| {
        for _ in 0..TIMES {
            std::hint::black_box(router.find(std::hint::black_box(&view)));
        }
    });
    Some(Cost {
        size,
        time,
        peak: 0,
    })
}

pub(crate) fn header_names(times: usize) -> Option<Cost> {
    let count = times * 10_000;
    let matches = (0..count).map(|n| HttpMatch {
        headers: vec![HeaderMatch {
            name: format!("x-{n}").parse().unwrap(),
            value: ValueMatch::Exact("1".into()),
        }],
        ..HttpMatch::path(PathMatch::prefix("/"))
    });
    look_up(
        matches.collect(),
        "/",
        None,
        &[("x-7", b"1"), ("x-none", b"1")],
        count * 10,
        true,
    )
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

pub(crate) fn long_query(times: usize) -> Option<Cost> {
    let matches = (0..128).map(|n| {
        let query = (0..16).map(|q| QueryMatch {
            name: format!("q{q}").into(),
            value: ValueMatch::Exact(format!("{n}").into()),
        });
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
