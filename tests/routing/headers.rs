//! Headers in maps of other crates: found as those of `http` are.

use gwapi::routing::{
    Entry, HeaderLines, HeaderMatch, HostPattern, HttpMatch, Pattern, Rank, RepeatedHeader,
    RequestView, Router, RouterOptions, ValueMatch, WithHeaders,
};
use http::HeaderMap;
use std::collections::HashMap;

/// A map that keeps names as they were sent, and values by name in lower case, as proxies do that forward names unchanged.
#[derive(Default)]
struct AsSent {
    names: Vec<String>,
    values: HashMap<String, Vec<Vec<u8>>>,
}

impl AsSent {
    fn new(lines: &[(&str, &str)]) -> Self {
        let mut sent = Self::default();
        for (name, value) in lines {
            sent.names.push((*name).to_owned());
            let values = sent.values.entry(name.to_ascii_lowercase()).or_default();
            values.push(value.as_bytes().to_vec());
        }
        sent
    }
}

impl HeaderLines for AsSent {
    fn lines<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        let values = self.values.get(&name.to_ascii_lowercase());
        values.into_iter().flatten().map(Vec::as_slice)
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }
}

/// So many entries by names of headers that they are indexed, some with patterns, and some by `host`.
fn router(repeated: RepeatedHeader) -> Router<usize> {
    let entry = |at: usize| {
        let (name, value) = match at {
            0 => ("x-env".to_owned(), ValueMatch::exact("a,b")),
            1 => {
                let pattern = Pattern::new("v[0-9]+").unwrap();
                (
                    "x-version".to_owned(),
                    ValueMatch::RegularExpression(pattern),
                )
            }
            2 => ("host".to_owned(), ValueMatch::exact("b.example")),
            _ => (format!("x-{at}"), ValueMatch::exact("1")),
        };
        let mut matching = HttpMatch::default();
        matching.headers.push(HeaderMatch {
            name: name.parse().unwrap(),
            value,
        });
        let rank = Rank::new("default/route", u32::try_from(at).unwrap(), 0);
        Entry::new(matching, rank, at).on(HostPattern::Any)
    };
    let options = RouterOptions::default().with_repeated_header(repeated);
    Router::from_routes(options, [("route", (0..100).map(entry))])
}

#[test]
fn a_map_of_another_crate_is_asked_as_the_one_of_http_is() {
    let mut met = Vec::new();
    for repeated in [RepeatedHeader::Combined, RepeatedHeader::AnyLine] {
        let router = router(repeated);
        for (host, lines) in [
            ("a.example", &[][..]),
            ("a.example", &[("X-Env", "a"), ("x-env", "b")]),
            ("a.example", &[("X-ENV", "a,b")]),
            ("a.example", &[("Accept", "*/*"), ("X-Version", "v17")]),
            ("a.example", &[("X-Version", "none"), ("X-77", "1")]),
            // The host counts as a header where there is none.
            ("b.example", &[]),
            ("b.example", &[("Host", "a.example")]),
            ("a.example", &[("HOST", "b.example")]),
            ("", &[]),
        ] {
            let mut request = http::Request::get("/x?y=1");
            if !host.is_empty() {
                request = http::Request::get(format!("http://{host}/x?y=1"));
            }
            for (name, value) in lines {
                request = request.header(*name, *value);
            }
            let request = request.body(()).unwrap();
            let expected = router.find(&request).copied();
            met.push(expected);
            fn of<'a, H: HeaderLines>(host: &'a str, headers: &'a H) -> WithHeaders<'a, H> {
                WithHeaders {
                    method: "GET",
                    host: host.as_bytes(),
                    path: "/x",
                    query: Some("y=1"),
                    headers,
                }
            }
            let foreign = AsSent::new(lines);
            let foreign = of(host, &foreign);
            let own: &HeaderMap = request.headers();
            assert_eq!(router.find(&foreign).copied(), expected, "{host} {lines:?}");
            assert_eq!(
                router.find(&of(host, own)).copied(),
                expected,
                "{host} {lines:?}"
            );
            let names = |view: &dyn Fn() -> Vec<String>| {
                let mut names: Vec<String> =
                    view().iter().map(|n| n.to_ascii_lowercase()).collect();
                names.sort();
                names.dedup();
                names
            };
            assert_eq!(
                names(&|| foreign.header_names().map(str::to_owned).collect()),
                names(&|| request.header_names().map(str::to_owned).collect()),
                "{host} {lines:?}"
            );
        }
    }
    for found in [Some(0), Some(1), Some(2), Some(77), None] {
        assert!(met.contains(&found), "{met:?}");
    }
}
