//! Building and asking a table out of arbitrary text: nothing panics, whatever the text is, and engine and oracle read
//! it alike.

use std::collections::BTreeMap;

use gwapi::routing::{
    Entry, GrpcMatch, HeaderMatch, HostPattern, HttpMatch, Match, Oracle, PathMatch, Pattern,
    QueryMatch, Rank, Router, RouterOptions, ValueMatch, View, normalize_path,
};

/// Takes lines as hostnames, paths, patterns, names and values in turn, makes routes of them, some in the place of
/// earlier ones, and asks for the same texts as requests.
pub fn check(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let lines: Vec<&str> = text.split('\n').take(64).collect();
    let line = |at: usize| lines[at % lines.len()];
    let value = |text: &str| match Pattern::with_size_limit(text, 1 << 16) {
        Ok(pattern) if text.len().is_multiple_of(2) => ValueMatch::RegularExpression(pattern),
        _ => ValueMatch::exact(text),
    };
    let mut router = Router::default();
    let mut entries = BTreeMap::new();
    for at in 0..lines.len() {
        let path = match at % 4 {
            0 => PathMatch::exact(line(at + 1)),
            1 => PathMatch::prefix(line(at + 1)),
            2 => Pattern::with_size_limit(line(at + 1), 1 << 16)
                .map_or(PathMatch::Any, PathMatch::RegularExpression),
            _ => PathMatch::Any,
        };
        let headers: Vec<_> = line(at + 2)
            .parse()
            .map(|name| HeaderMatch {
                name,
                value: value(line(at + 3)),
            })
            .into_iter()
            .collect();
        let matching = if at % 5 == 4 {
            Match::Grpc(GrpcMatch {
                service: Some(value(line(at + 1))),
                method: Some(value(line(at + 2))),
                headers,
            })
        } else {
            let query = vec![QueryMatch {
                name: line(at + 2).into(),
                value: value(line(at + 4)),
            }];
            let method = line(at + 5).parse().ok().filter(|_| at % 3 == 0);
            Match::Http(HttpMatch {
                path,
                method,
                headers,
                query: if at % 2 == 0 { query } else { Vec::new() },
            })
        };
        let rank = Rank::new(line(at), u32::try_from(at).unwrap_or(0), 0);
        let hostname = HostPattern::parse(line(at)).unwrap_or_default();
        let entry = Entry::new(matching, rank, at).on(hostname);
        router.insert(format!("{}", at % 16), [entry.clone()]);
        entries.insert(at % 16, entry);
    }
    let oracle = Oracle::new(RouterOptions::default(), entries.into_values());
    for at in 0..lines.len() {
        let headers = [
            (line(at + 2), line(at + 3).as_bytes()),
            ("x", line(at).as_bytes()),
        ];
        let view = View {
            method: line(at + 5),
            host: line(at).as_bytes(),
            path: line(at + 1),
            query: Some(line(at + 4)),
            headers: &headers,
        };
        let explanation = router.explain(&view);
        assert_eq!(
            explanation.winner().map(|found| *found.payload),
            router.find(&view).copied()
        );
        assert_eq!(router.find(&view), oracle.find(&view), "{view:?}");
        _ = explanation.to_string();
        let normal = normalize_path(line(at)).into_owned();
        assert_eq!(
            normalize_path(&normal),
            normal,
            "the normal form is its own"
        );
    }
}
