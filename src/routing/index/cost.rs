//! Tests that a look-up does not do the work that its index saves. Answers do not show that, so work is counted.

use super::parameters::LongQuery;
use super::work::{self, Work};
use crate::routing::{
    Entry, HeaderMatch, HttpMatch, PathMatch, Pattern, QueryMatch, Rank, Router, ValueMatch, View,
};

fn header(name: &str, value: &str) -> HeaderMatch {
    HeaderMatch {
        name: name.parse().unwrap(),
        value: ValueMatch::exact(value),
    }
}

fn parameter(name: &str, value: &str) -> QueryMatch {
    QueryMatch {
        name: name.into(),
        value: ValueMatch::exact(value),
    }
}

fn headers(headers: Vec<HeaderMatch>) -> HttpMatch {
    HttpMatch {
        headers,
        ..HttpMatch::default()
    }
}

fn parameters(query: Vec<QueryMatch>) -> HttpMatch {
    HttpMatch {
        query,
        ..HttpMatch::default()
    }
}

fn pattern(source: &str) -> ValueMatch {
    ValueMatch::RegularExpression(Pattern::new(source).unwrap())
}

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

/// What a request carries is looked up, and not what the table knows: with ten times as many names in the table, the same
/// request takes the same work.
#[test]
fn the_work_does_not_grow_with_the_names_that_the_table_knows() {
    let sent: Vec<(String, Vec<u8>)> = (0..20)
        .map(|at| (format!("X-Name-{}", at * 3), b"1".to_vec()))
        .collect();
    let sent: Vec<(&str, &[u8])> = sent.iter().map(|(n, v)| (n.as_str(), &v[..])).collect();
    let query: Vec<String> = (0..20).map(|at| format!("name%2D{}=1", at * 3)).collect();
    let query = query.join("&");
    type Kind = (&'static str, fn(usize) -> HttpMatch, usize);
    let kinds: [Kind; 7] = [
        (
            "a header each",
            |at| headers(vec![header(&format!("x-name-{at}"), "1")]),
            20,
        ),
        (
            "a parameter each",
            |at| parameters(vec![parameter(&format!("name-{at}"), "1")]),
            20,
        ),
        (
            "a pattern for a header each",
            |at| {
                let name = format!("x-name-{at}").parse().unwrap();
                headers(vec![HeaderMatch {
                    name,
                    value: pattern("[0-9]"),
                }])
            },
            20,
        ),
        (
            "a header that all have and one of its own",
            |at| {
                headers(vec![
                    header("x-name-0", "1"),
                    header(&format!("x-name-{at}"), "1"),
                ])
            },
            20,
        ),
        // The first entries are told apart by one name, the next ones by another, and so on: an index for each would
        // go through all of them.
        (
            "ten values of a name each",
            |at| {
                headers(vec![header(
                    &format!("x-name-{}", at / 10),
                    &format!("{}", at % 10),
                )])
            },
            20,
        ),
        (
            "a value of one name, then names",
            |at| {
                let (name, value) = if at < 50 { (60, at) } else { (at, 1) };
                headers(vec![header(&format!("x-name-{name}"), &value.to_string())])
            },
            20,
        ),
        (
            "a method of its own, then names",
            |at| HttpMatch {
                method: (at < 9).then(|| format!("M{at}").parse().unwrap()),
                headers: vec![header(&format!("x-name-{at}"), "1")],
                ..HttpMatch::default()
            },
            20,
        ),
    ];
    for (what, matching, most) in kinds {
        let work = [400, 4_000].map(|many| {
            let router = router(many, matching);
            find(&router, ("/", Some(&query)), &sent).1
        });
        let [fewer, more] = work;
        assert!(
            fewer.entries <= most && more.entries <= most,
            "{what}: {work:?}"
        );
        assert!(more.names <= 80 && more.searches <= 30, "{what}: {work:?}");
        assert!(more.hashes <= fewer.hashes + 10, "{what}: {work:?}");
    }
}

/// A name of the request is looked at once, however many lines or parameters it has.
#[test]
fn lines_and_parameters_of_one_name_are_looked_at_once() {
    let with_header = router(100, |at| HttpMatch {
        headers: vec![HeaderMatch {
            name: format!("x-{at}").parse().unwrap(),
            value: pattern("1(, ?1)*"),
        }],
        ..HttpMatch::default()
    });
    let lines = [("x-7", &b"1"[..]); 100];
    let (found, work) = find(&with_header, ("/", None), &lines);
    assert_eq!((found, work.entries), (Some(7), 1));
    let with_query = router(100, |at| HttpMatch {
        query: vec![QueryMatch {
            name: format!("p{at}").into(),
            value: pattern("1"),
        }],
        ..HttpMatch::default()
    });
    for query in ["p7=1&".repeat(200), "p7=1&".repeat(5)] {
        let (found, work) = find(&with_query, ("/", Some(&query)), &[]);
        assert_eq!((found, work.entries), (Some(7), 1));
    }
}

/// As many bytes are hashed for each byte of the path, however long it and the prefixes and patterns are.
#[test]
fn the_work_is_linear_in_the_length_of_the_path() {
    type Kind = (&'static str, fn(usize, usize) -> PathMatch);
    let kinds: [Kind; 4] = [
        ("prefixes of one length", |length, at| {
            PathMatch::prefix(&format!("{}{at:02}", "/".repeat(length - 2)))
        }),
        ("prefixes of all lengths", |length, at| {
            PathMatch::prefix(&format!("{}{at:02}", "/".repeat(length * (at + 1) / 64)))
        }),
        ("patterns with a long front", |length, at| {
            let front = "/".repeat(length * (at + 1) / 65);
            PathMatch::RegularExpression(Pattern::new(&format!("{front}{at}/[a-z]+x")).unwrap())
        }),
        ("patterns with a long back", |length, at| {
            let back = "/".repeat(length * (at + 1) / 65);
            PathMatch::RegularExpression(Pattern::new(&format!("/[a-z]+{back}{at}")).unwrap())
        }),
    ];
    for (what, path) in kinds {
        for length in [512, 1024, 2048, 4096] {
            let router = router(64, |at| HttpMatch::path(path(length, at)));
            let (found, work) = find(&router, (&"/".repeat(length), None), &[]);
            assert_eq!((found, work.entries), (None, 0), "{what}");
            // Half a block for each place where a key may end, and each block twice.
            assert!(work.bytes <= 36 * length, "{what} {length}: {work:?}");
        }
    }
}

/// A long query is searched a few times and not once for each parameter of each entry.
#[test]
fn a_long_query_is_searched_a_few_times_whatever_is_asked_for() {
    // The entries differ in a pattern alone, so that no index tells them apart.
    let router = router(128, |at| {
        let mut query: Vec<_> = (0..15).map(|n| parameter(&format!("q{n}"), "1")).collect();
        let value = pattern(&format!("[0-9]x{at}"));
        query.push(QueryMatch {
            name: "z".into(),
            value,
        });
        HttpMatch {
            query,
            ..HttpMatch::default()
        }
    });
    let all: Vec<String> = (0..15).map(|n| format!("q{n}=1")).collect();
    let query = format!("{}{}&z=1x", "a=1&".repeat(100), all.join("&"));
    for (last, expected) in [("", None), ("127", Some(127))] {
        let (found, work) = find(&router, ("/", Some(&format!("{query}{last}"))), &[]);
        assert_eq!(found, expected);
        assert!(expected.is_some() || work.entries == 128, "{work:?}");
        assert!(work.searches <= LongQuery::SEARCHES + 1, "{work:?}");
    }
}
