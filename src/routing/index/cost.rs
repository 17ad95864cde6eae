//! Tests that a look-up does not do the work that its index saves. Answers do not show that, so work is counted.

use super::work::{self, Work};
use crate::routing::{
    Entry, HeaderMatch, HttpMatch, PathMatch, Pattern, QueryMatch, Rank, Router, ValueMatch, View,
};

/// A table of as many entries, each a route of its own.
fn router(many: usize, matching: impl Fn(usize) -> HttpMatch) -> Router<usize> {
    let mut router = Router::default();
    for at in 0..many {
        let name = format!("n/r{at}");
        let entry = Entry::new(matching(at), Rank::new(name.as_str(), 0, 0), at);
        router.insert(&name, [entry]);
    }
    router
}

/// What is found for a path and headers, and the work of finding it.
fn find(
    router: &Router<usize>,
    (path, query): (&str, Option<&str>),
    headers: &[(&str, &[u8])],
) -> (Option<usize>, Work) {
    let view = View {
        method: "GET",
        host: b"example.com",
        path,
        query,
        headers,
    };
    work::of(|| router.find(&view).copied())
}

#[test]
fn of_many_entries_that_a_header_tells_apart_few_are_tested() {
    let many = 400;
    let router = router(many, |at| HttpMatch {
        headers: vec![HeaderMatch {
            name: http::HeaderName::from_static("x-shard"),
            value: ValueMatch::exact(&at.to_string()),
        }],
        // What is left to test once the header has led to the entry.
        method: (at % 2 == 0).then_some(http::Method::GET),
        ..HttpMatch::default()
    });
    for at in [0, 7, 250, many - 1] {
        let (found, work) = find(
            &router,
            ("/", None),
            &[("x-shard", at.to_string().as_bytes())],
        );
        assert_eq!(found, Some(at));
        assert!(work.entries <= 2, "{work:?}");
    }
    let (found, work) = find(&router, ("/", None), &[("x-shard", b"none")]);
    assert_eq!((found, work.entries), (None, 0));
}

#[test]
fn of_many_entries_that_a_parameter_tells_apart_few_are_tested() {
    let router = router(400, |at| HttpMatch {
        query: vec![QueryMatch {
            name: "shard".into(),
            value: ValueMatch::exact(&at.to_string()),
        }],
        ..HttpMatch::default()
    });
    let (found, work) = find(&router, ("/", Some("a=b&shard=250")), &[]);
    assert_eq!(found, Some(250));
    assert!(work.entries <= 1, "{work:?}");
}

#[test]
fn of_many_patterns_in_one_place_few_are_asked_by_themselves() {
    let many: usize = 256;
    let router = router(many, |at| {
        let source = format!("/a/[0-9]+x{at}");
        HttpMatch::path(PathMatch::RegularExpression(Pattern::new(&source).unwrap()))
    });
    for (path, expected) in [
        ("/a/1x17", Some(17)),
        ("/a/93x255", Some(255)),
        ("/a/x", None),
    ] {
        let (found, work) = find(&router, (path, None), &[]);
        assert_eq!(found, expected);
        assert!(work.patterns <= many / 8, "{path}: {work:?}");
        assert!(work.entries <= 1, "{path}: {work:?}");
    }
}

#[test]
fn a_path_of_a_length_that_no_entry_has_is_not_hashed() {
    let router = router(400, |at| {
        HttpMatch::path(if at % 2 == 0 {
            PathMatch::exact(&format!("/exact{at:04}"))
        } else {
            PathMatch::prefix(&format!("/prefix{at:04}"))
        })
    });
    let hashes = |path: &str| find(&router, (path, None), &[]).1.hashes;
    // A hash for the host, and one for each place where the length of a key ends an element.
    let of_host = hashes("/");
    assert_eq!(hashes("/a/b/c/d/e/f/g/h/i"), of_host);
    assert_eq!(hashes("/exact000"), of_host);
    assert_eq!(hashes("/exact0000"), of_host + 1);
    assert_eq!(hashes("/prefix0001/a/b/c/d"), of_host + 1);
}
