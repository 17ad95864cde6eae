//! What of a request is compared, and how.

use gwapi::routing::{
    Entry, HeaderMatch, HostPattern, HttpMatch, Oracle, PathMatch, Pattern, QueryMatch, Rank,
    RepeatedHeader, RequestView, Router, RouterOptions, ValueMatch, View,
};

fn router(rows: Vec<(&str, HttpMatch)>) -> Router<usize> {
    let entries = rows.into_iter().enumerate().map(|(at, (host, matching))| {
        let host = if host.is_empty() {
            HostPattern::Any
        } else {
            HostPattern::parse(host).unwrap()
        };
        Entry::new(matching, Rank::new("default/route", at as u32, 0), at).on(host)
    });
    let mut router = Router::default();
    router.insert("route", entries.collect::<Vec<_>>());
    router
}

fn any() -> HttpMatch {
    HttpMatch::default()
}

#[test]
fn a_wildcard_fits_one_or_more_labels_and_not_its_own_suffix() {
    let router = router(vec![("*.example.com", any())]);
    for (host, fits) in [
        ("a.example.com", true),
        ("A.B.example.COM:8443", true),
        ("a.example.com.", true),
        ("example.com", false),
        (".example.com", false),
        ("aexample.com", false),
        ("a.example.org", false),
        ("", false),
    ] {
        let view = View {
            host: host.as_bytes(),
            ..View::default()
        };
        assert_eq!(router.find(&view).is_some(), fits, "{host}");
    }
}

#[test]
fn a_port_in_the_host_header_is_ignored_also_after_an_address() {
    let router = router(vec![
        ("example.com", any()),
        ("[::1]", any()),
        ("10.0.0.1", any()),
    ]);
    for (host, found) in [
        ("example.com:8080", Some(0)),
        ("EXAMPLE.com.:8080", Some(0)),
        ("[::1]:8080", Some(1)),
        ("[::1]", Some(1)),
        ("10.0.0.1:80", Some(2)),
        ("example.com:x", None),
    ] {
        assert_eq!(
            router
                .find(&View {
                    host: host.as_bytes(),
                    ..View::default()
                })
                .copied(),
            found,
            "{host}"
        );
    }
}

#[test]
fn the_target_in_absolute_form_and_the_authority_of_connect_name_the_host() {
    let router = router(vec![("a.example.com", any())]);
    let absolute = http::Request::get("http://a.example.com:80/x")
        .header("host", "b.example.com")
        .body(())
        .unwrap();
    assert_eq!(router.find(&absolute), Some(&0));
    let connect = http::Request::connect("a.example.com:443")
        .body(())
        .unwrap();
    assert_eq!(
        (router.find(&connect), RequestView::path(&connect)),
        (Some(&0), "")
    );
    assert_eq!(router.find(&connect.into_parts().0), Some(&0));
}

#[test]
fn the_authority_of_http_2_names_the_host_without_a_host_header() {
    let router = router(vec![("a.example.com", any())]);
    let request = http::Request::get("https://A.example.com:8443/x")
        .version(http::Version::HTTP_2)
        .body(())
        .unwrap();
    assert_eq!(router.find(&request), Some(&0));
}

#[test]
fn the_asterisk_of_options_and_the_nothing_of_connect_fit_the_prefix_slash_and_no_other_path() {
    let mut connect = any();
    connect.method = Some(http::Method::CONNECT);
    let path = |path| HttpMatch::path(path);
    let pattern = |source| PathMatch::RegularExpression(Pattern::new(source).unwrap());
    let router = router(vec![
        ("", path(PathMatch::exact("/"))),
        ("", path(PathMatch::prefix("/a"))),
        ("", path(pattern("/.*"))),
        ("", connect),
        ("", path(PathMatch::prefix("/"))),
    ]);
    let options = http::Request::options("*").body(()).unwrap();
    assert_eq!(RequestView::path(&options), "*");
    assert_eq!(router.find(&options), Some(&4));
    let connect = http::Request::connect("a.example.com:443")
        .body(())
        .unwrap();
    assert_eq!(RequestView::path(&connect), "");
    assert_eq!(router.find(&connect), Some(&3));
}

#[test]
fn paths_are_compared_as_they_are_sent() {
    let router = router(vec![
        ("", HttpMatch::path(PathMatch::prefix("/a/b"))),
        ("", HttpMatch::path(PathMatch::prefix("/caf%C3%A9"))),
        ("", any()),
    ]);
    for (path, found) in [
        ("/a/b", 0),
        ("/a/b/../c", 0),
        ("/a%2Fb", 2),
        ("/a/%62", 2),
        ("/a//b", 2),
        ("/./a/b", 2),
        ("/caf%C3%A9/x", 1),
        ("/caf%c3%a9/x", 2),
    ] {
        let view = View {
            path,
            ..View::default()
        };
        assert_eq!(router.find(&view), Some(&found), "{path}");
        let normal = gwapi::routing::normalize_path(path);
        let view = View {
            path: &normal,
            ..View::default()
        };
        let found = match path {
            "/a/b/../c" => 2,
            "/a/%62" | "/./a/b" => 0,
            "/caf%c3%a9/x" => 1,
            _ => found,
        };
        assert_eq!(router.find(&view), Some(&found), "{path} in normal form");
    }
}

#[test]
fn the_prefix_slash_fits_every_request_even_one_without_a_path() {
    for matching in [any(), HttpMatch::path(PathMatch::prefix("/"))] {
        let router = router(vec![("", matching)]);
        for path in ["", "*", "/", "//", "/a", "a"] {
            assert!(
                router
                    .find(&View {
                        path,
                        ..View::default()
                    })
                    .is_some(),
                "{path}"
            );
        }
    }
}

#[test]
fn a_prefix_fits_element_by_element() {
    let router = router(vec![("", HttpMatch::path(PathMatch::prefix("/abc")))]);
    for (path, fits) in [
        ("/abc", true),
        ("/abc/", true),
        ("/abc/def", true),
        ("/abc//", true),
        ("/abcd", false),
        ("/ab", false),
        ("/ABC", false),
    ] {
        assert_eq!(
            router
                .find(&View {
                    path,
                    ..View::default()
                })
                .is_some(),
            fits,
            "{path}"
        );
    }
}

#[test]
fn an_exact_path_fits_nothing_else() {
    let router = router(vec![("", HttpMatch::path(PathMatch::exact("/abc")))]);
    for (path, fits) in [
        ("/abc", true),
        ("/abc/", false),
        ("/Abc", false),
        ("/abcd", false),
        ("/a%62c", false),
    ] {
        assert_eq!(
            router
                .find(&View {
                    path,
                    ..View::default()
                })
                .is_some(),
            fits,
            "{path}"
        );
    }
}

/// Whether a match on the value of `x-env` (or another header) matches these lines.
fn lines_match(
    options: RouterOptions,
    name: &'static str,
    value: &ValueMatch,
    lines: &[&str],
) -> bool {
    let mut matching = any();
    matching.headers = vec![HeaderMatch {
        name: http::HeaderName::from_static(name),
        value: value.clone(),
    }];
    // Alone, and among so many that the value is looked up.
    let entry = |value: ValueMatch, rule| {
        let mut matching = matching.clone();
        matching.headers[0].value = value;
        Entry::new(matching, Rank::new("default/route", rule, 0), rule)
    };
    let others = (1..40).map(|rule| entry(ValueMatch::exact(&format!("other {rule}")), rule));
    let headers: Vec<(&str, &[u8])> = lines.iter().map(|line| (name, line.as_bytes())).collect();
    let view = View {
        headers: &headers,
        ..View::default()
    };
    let alone = vec![entry(value.clone(), 0)];
    let among: Vec<_> = alone.iter().cloned().chain(others).collect();
    let found = [alone, among].map(|entries| {
        let oracle = Oracle::new(options, entries.clone());
        let router = Router::from_routes(options, [("route", entries)]);
        let found = router.find(&view) == Some(&0);
        assert_eq!(
            found,
            oracle.find(&view) == Some(&0),
            "{value:?} of {lines:?}"
        );
        found
    });
    assert_eq!(found[0], found[1], "{value:?} of {lines:?}");
    found[0]
}

#[test]
fn the_lines_of_a_repeated_header_are_one_value_as_in_rfc_7230_section_3_2_2() {
    let matches = |value: &str, lines: &[&str]| {
        lines_match(
            RouterOptions::default(),
            "x-env",
            &ValueMatch::exact(value),
            lines,
        )
    };
    for value in ["a,b", "a, b"] {
        assert!(matches(value, &["a", "b"]), "{value}");
    }
    let forms: [&[&str]; 6] = [
        &["a", "b"],
        &["a,b"],
        &["a, b"],
        &["a \t,b "],
        &[" a", "b\t"],
        &["a ,  b"],
    ];
    for value in ["a,b", "a, b", "a,  b", " a\t,b"] {
        for lines in forms {
            assert!(matches(value, lines), "{value:?} {lines:?}");
        }
    }
    for value in ["a", "b", "b,a", "a,b,", "a,,b", "a;b", "ab", "a b"] {
        for lines in forms {
            assert!(!matches(value, lines), "{value:?} {lines:?}");
        }
    }
    // White space inside of a part is the part's own, and an empty part is a part.
    assert!(matches("a b", &["a b"]) && !matches("a b", &["a  b"]));
    assert!(matches("a, ", &["a,"]) && matches("a,", &["a", ""]) && !matches("a,", &["a"]));
    assert!(matches("", &[" "]) && matches(",", &["", ""]));
    assert!(matches("a,,b", &["a", "", "b"]));
    assert!(matches("a,b, c", &["a,b", "c"]));
    let pattern = |source: &str, lines: &[&str]| {
        let value = ValueMatch::RegularExpression(Pattern::new(source).unwrap());
        lines_match(RouterOptions::default(), "x-env", &value, lines)
    };
    assert!(pattern("a, ?b", &["a", "b"]));
    assert!(pattern("a,b", &["a", "b"]) && pattern("a, b", &["a", "b"]));
    assert!(pattern(".*b.*", &["a", "b", "c"]));
    assert!(!pattern("a|b", &["a", "b"]));
    // One line is asked for as it was sent, too.
    assert!(pattern("a,  b", &["a,  b"]) && !pattern("a,  b", &["a", " b"]));
    assert!(pattern("a,b", &["a,  b"]) && pattern("a, b", &["a,b"]) && pattern("a", &[" a"]));
    // Cookies have their own separator (RFC 9113, section 8.2.3).
    let cookie = |value: &str| {
        lines_match(
            RouterOptions::default(),
            "cookie",
            &ValueMatch::exact(value),
            &["a=1", "b=2"],
        )
    };
    assert!(cookie("a=1; b=2"));
    assert!(!cookie("a=1, b=2") && !cookie("a=1,b=2"));
    assert!(!cookie("a=1;b=2") && !cookie(" a=1; b=2"));
}

#[test]
fn any_line_of_a_repeated_header_will_do_if_so_chosen() {
    let any_line = RouterOptions::default().with_repeated_header(RepeatedHeader::AnyLine);
    let matches =
        |value: &str| lines_match(any_line, "x-env", &ValueMatch::exact(value), &["a", "b"]);
    assert!(matches("a") && matches("b"));
    assert!(!matches("a,b") && !matches("a, b") && !matches("c"));
    let listed = |value: &str| {
        let lines = ["x", "a, b"];
        lines_match(any_line, "x-env", &ValueMatch::exact(value), &lines)
    };
    assert!(listed("a,b") && listed("a,  b") && listed("x"));
    assert!(!listed("a") && !listed("x,a,b"));
    let pattern = ValueMatch::RegularExpression(Pattern::new("b+").unwrap());
    assert!(lines_match(any_line, "x-env", &pattern, &["a", "b"]));
}

#[test]
fn names_of_headers_have_no_case_and_values_have_it_and_are_whole() {
    let mut matching = any();
    matching.headers = vec![HeaderMatch {
        name: "X-Env".parse().unwrap(),
        value: ValueMatch::exact("canary"),
    }];
    let router = router(vec![("", matching)]);
    let find = |name, value: &str| {
        let headers = [(name, value.as_bytes())];
        let view = View {
            headers: &headers,
            ..View::default()
        };
        router.find(&view).is_some()
    };
    assert!(find("x-env", "canary") && find("X-ENV", "canary"));
    assert!(!find("x-env", "Canary") && !find("x-env", "canary2"));
}

#[test]
fn a_query_parameter_is_decoded_as_forms_are_and_the_first_of_its_name_counts() {
    let mut matching = any();
    matching.query = vec![QueryMatch {
        name: "q".into(),
        value: ValueMatch::exact("a b&c"),
    }];
    let mut pattern = any();
    let value = ValueMatch::RegularExpression(Pattern::new("[a-z ]+").unwrap());
    pattern.query = vec![QueryMatch {
        name: "p".into(),
        value,
    }];
    let router = router(vec![("", matching), ("", pattern)]);
    for (query, found) in [
        ("q=a+b%26c", Some(0)),
        ("x=1&%71=a%20b%26c", Some(0)),
        ("q=1&q=a+b%26c", None),
        ("Q=a+b%26c", None),
        ("p=a%20b", Some(1)),
        ("p=a+B", None),
        ("p=", None),
        ("", None),
    ] {
        assert_eq!(
            router
                .find(&View {
                    query: Some(query),
                    ..View::default()
                })
                .copied(),
            found,
            "{query}"
        );
    }
}

/// A request that counts how often its headers are read.
struct Counted<'a> {
    value: &'a [u8],
    read: std::cell::Cell<usize>,
}

impl RequestView for Counted<'_> {
    fn method(&self) -> &str {
        "GET"
    }

    fn host(&self) -> &[u8] {
        b""
    }

    fn path(&self) -> &str {
        "/"
    }

    fn query(&self) -> Option<&str> {
        None
    }

    fn header<'a>(&'a self, _: &'a http::HeaderName) -> impl Iterator<Item = &'a [u8]> {
        self.read.set(self.read.get() + 1);
        std::iter::once(self.value)
    }

    fn header_named<'a>(&'a self, _: &'a str) -> impl Iterator<Item = &'a [u8]> {
        std::iter::empty()
    }

    fn header_names(&self) -> impl Iterator<Item = &str> {
        std::iter::once("x-tenant")
    }
}

/// The work, not the time: a value is looked up, and not compared with that of each entry.
#[test]
fn the_work_of_a_look_up_does_not_grow_with_the_entries_that_a_value_tells_apart() {
    let read = |entries: usize| {
        let with_header = |at: usize| HttpMatch {
            headers: vec![HeaderMatch {
                name: "x-tenant".parse().unwrap(),
                value: ValueMatch::exact(&format!("tenant {at}")),
            }],
            ..any()
        };
        let router = router((0..entries).map(|at| ("", with_header(at))).collect());
        let last = entries - 1;
        let value = format!("tenant {last}");
        let request = Counted {
            value: value.as_bytes(),
            read: 0.into(),
        };
        assert_eq!(router.find(&request), Some(&last));
        request.read.get()
    };
    assert_eq!((read(100), read(3000)), (1, 1));
}

/// Many entries on one path go through the indexes by method, header and query parameter.
#[test]
fn thousands_of_rules_on_one_path_are_told_apart_by_one_value() {
    let long = "x".repeat(100);
    let with_header = |at: usize| HttpMatch {
        headers: vec![HeaderMatch {
            name: "x-tenant".parse().unwrap(),
            value: ValueMatch::exact(&format!("{long}{at}")),
        }],
        ..any()
    };
    let with_query = |at: usize| HttpMatch {
        query: vec![QueryMatch {
            name: "tenant".into(),
            value: ValueMatch::exact(&format!("{long} {at}")),
        }],
        ..any()
    };
    let mut rows: Vec<_> = (0..1000).map(|at| ("", with_header(at))).collect();
    rows.extend((0..1000).map(|at| ("", with_query(at))));
    rows.push(("", any()));
    let router = router(rows);
    for at in 0..1000 {
        let value = format!("{long}{at}");
        let headers = [("x-other", &b"other"[..]), ("X-Tenant", value.as_bytes())];
        assert_eq!(
            router.find(&View {
                headers: &headers,
                ..View::default()
            }),
            Some(&at)
        );
        for query in [
            format!("tenant={long}+{at}"),
            format!("a=1&te%6eant={long}%20{at}&tenant=2"),
        ] {
            assert_eq!(
                router.find(&View {
                    query: Some(&query),
                    ..View::default()
                }),
                Some(&(1000 + at))
            );
        }
    }
    assert_eq!(
        router.find(&View {
            query: Some("tenant=none"),
            ..View::default()
        }),
        Some(&2000)
    );
}

#[test]
fn a_table_can_be_shared_between_threads() {
    fn check<S: Send + Sync>() {}
    check::<Router<usize>>();
}

/// Time is bounded by the request: a path of many slashes against patterns and prefixes of every depth.
#[test]
fn a_hostile_path_costs_no_more_than_its_length() {
    let deep = |depth: usize| "/a".repeat(depth);
    let mut rows: Vec<_> = (1..400)
        .map(|depth| {
            (
                "",
                HttpMatch::path(PathMatch::prefix(&format!("{}/x", deep(depth)))),
            )
        })
        .collect();
    for source in ["(/a)*(/b)*/c", "/a/(.*)*/c", "(/a+)+$"] {
        rows.push((
            "",
            HttpMatch::path(PathMatch::RegularExpression(Pattern::new(source).unwrap())),
        ));
    }
    let router = router(rows);
    let path = format!("{}b", deep(30_000));
    let start = std::time::Instant::now();
    for _ in 0..20 {
        assert_eq!(
            router.find(&View {
                path: &path,
                ..View::default()
            }),
            None
        );
    }
    assert!(start.elapsed().as_secs() < 5, "{:?}", start.elapsed());
}
