//! One test for each rule of precedence of GRPCRoute, named after it.

use std::time::SystemTime;

use gwapi::routing::{
    GrpcMatch, HostPattern, HttpMatch, PathMatch, Pattern, Rank, ValueMatch, View,
};

use crate::precedence::{Row, entry, found, get, header, ranked, regex, seconds};

fn grpc(service: &str, method: &str) -> GrpcMatch {
    let part = |text: &str| (!text.is_empty()).then(|| ValueMatch::exact(text));
    GrpcMatch {
        service: part(service),
        method: part(method),
        headers: Vec::new(),
    }
}

fn pattern(source: &str) -> Option<ValueMatch> {
    Some(ValueMatch::RegularExpression(Pattern::new(source).unwrap()))
}

fn on(host: &str, matching: GrpcMatch, payload: &'static str) -> Row {
    entry(matching, payload).on(HostPattern::parse(host).unwrap())
}

/// The rank that would win if age counted first.
fn old() -> Rank {
    Rank::new("default/a", 0, 0).created(SystemTime::UNIX_EPOCH)
}

#[test]
fn for_grpc_an_exact_hostname_is_before_a_longer_wildcard() {
    let rows = [
        on("a.b", grpc("", ""), "exact"),
        on("*.b", grpc("pkg.Svc", "Get"), "wildcard"),
    ];
    assert_eq!(found(&rows, &get("a.b", "/pkg.Svc/Get")), Some("exact"));
}

#[test]
fn for_grpc_the_longest_wildcard_hostname_is_before_shorter_ones_and_those_before_none() {
    let rows = [
        on("*.example.com", grpc("pkg.Svc", ""), "short"),
        on("*.a.example.com", grpc("", ""), "long"),
        entry(grpc("pkg.Svc", "Get"), "none"),
    ];
    let at = |host| found(&rows, &get(host, "/pkg.Svc/Get"));
    assert_eq!(at("b.a.example.com"), Some("long"));
    assert_eq!(at("b.c.example.com"), Some("short"));
    assert_eq!(at("example.com"), Some("none"));
}

#[test]
fn for_grpc_most_characters_in_the_service_are_first() {
    let service = |service| GrpcMatch {
        service,
        method: Some(ValueMatch::exact("Get")),
        ..GrpcMatch::default()
    };
    let rows = [
        ranked(service(pattern("pkg.*")), old(), "short"),
        entry(service(pattern("pkg\\.[A-Z][a-z]+")), "long"),
        ranked(service(None), old(), "none"),
    ];
    assert_eq!(found(&rows, &get("", "/pkg.Svc/Get")), Some("long"));
    assert_eq!(found(&rows, &get("", "/pkg.S/Get")), Some("short"));
    assert_eq!(found(&rows, &get("", "/other/Get")), Some("none"));
}

#[test]
fn for_grpc_most_characters_in_the_method_are_first() {
    let method = |method| GrpcMatch {
        service: Some(ValueMatch::exact("pkg.Svc")),
        method,
        ..GrpcMatch::default()
    };
    let rows = [
        ranked(method(pattern("G.*")), old(), "short"),
        entry(method(pattern("Get[A-Z].*")), "long"),
        ranked(method(None), old(), "none"),
    ];
    assert_eq!(found(&rows, &get("", "/pkg.Svc/GetAll")), Some("long"));
    assert_eq!(found(&rows, &get("", "/pkg.Svc/Get")), Some("short"));
    assert_eq!(found(&rows, &get("", "/pkg.Svc/Put")), Some("none"));
}

#[test]
fn for_grpc_the_service_is_before_the_method() {
    let rows = [
        ranked(grpc("", "GetWithAVeryLongName"), old(), "method"),
        entry(grpc("a", ""), "service"),
    ];
    let request = get("", "/a/GetWithAVeryLongName");
    assert_eq!(found(&rows, &request), Some("service"));
}

#[test]
fn for_grpc_the_method_is_before_headers() {
    let mut headers = grpc("pkg.Svc", "");
    headers.headers = vec![header("x-a", "1"), header("x-b", "1")];
    let rows = [
        ranked(headers, old(), "headers"),
        entry(grpc("pkg.Svc", "Get"), "method"),
    ];
    let request = View {
        headers: &[("x-a", b"1"), ("x-b", b"1")],
        ..get("", "/pkg.Svc/Get")
    };
    assert_eq!(found(&rows, &request), Some("method"));
}

#[test]
fn for_grpc_more_headers_are_first() {
    let with = |count: usize| {
        let mut matching = grpc("pkg.Svc", "Get");
        let headers = [header("x-a", "1"), header("x-b", "1")];
        matching.headers = headers.into_iter().take(count).collect();
        matching
    };
    let rows = [
        ranked(with(0), old(), "none"),
        ranked(with(1), old(), "one"),
        entry(with(2), "two"),
    ];
    let request = View {
        headers: &[("x-a", b"1"), ("X-B", b"1")],
        ..get("", "/pkg.Svc/Get")
    };
    assert_eq!(found(&rows, &request), Some("two"));
    assert_eq!(found(&rows[..2], &request), Some("one"));
}

#[test]
fn for_grpc_the_oldest_route_is_first() {
    let at = |name: &str, age| Rank::new(name, 0, 0).created(SystemTime::UNIX_EPOCH + seconds(age));
    let rows = [
        ranked(grpc("pkg.Svc", ""), at("a/a", 2), "young"),
        ranked(grpc("pkg.Svc", ""), at("b/b", 1), "old"),
    ];
    assert_eq!(found(&rows, &get("", "/pkg.Svc/Get")), Some("old"));
}

#[test]
fn for_grpc_of_routes_of_one_age_the_first_by_namespace_and_name_is_first() {
    let rows = [
        ranked(grpc("pkg.Svc", ""), Rank::new("b/a", 0, 0), "b/a"),
        ranked(grpc("pkg.Svc", ""), Rank::new("a/b", 9, 9), "a/b"),
    ];
    assert_eq!(found(&rows, &get("", "/pkg.Svc/Get")), Some("a/b"));
}

#[test]
fn for_grpc_within_a_route_the_first_rule_is_first_and_in_it_the_first_match() {
    let at = |rule, index| Rank::new("default/route", rule, index);
    let rows = [
        ranked(grpc("pkg.Svc", ""), at(1, 0), "1/0"),
        ranked(grpc("pkg.Svc", ""), at(0, 1), "0/1"),
        ranked(grpc("pkg.Svc", ""), at(0, 0), "0/0"),
    ];
    assert_eq!(found(&rows, &get("", "/pkg.Svc/Get")), Some("0/0"));
    assert_eq!(found(&rows[..2], &get("", "/pkg.Svc/Get")), Some("0/1"));
}

/// The specification speaks of rules there; a rule ranks by the match of it that fits the request.
#[test]
fn for_grpc_each_match_ranks_for_itself_and_not_its_rule() {
    let at = |rule, index| Rank::new("default/route", rule, index);
    let rows = [
        ranked(grpc("pkg.Svc", "Get"), at(0, 0), "R1 by A"),
        ranked(grpc("", ""), at(0, 1), "R1 by C"),
        ranked(grpc("pkg.Svc", ""), at(1, 0), "R2 by B"),
    ];
    assert_eq!(found(&rows, &get("", "/pkg.Svc/Put")), Some("R2 by B"));
    assert_eq!(found(&rows, &get("", "/pkg.Svc/Get")), Some("R1 by A"));
    assert_eq!(found(&rows, &get("", "/other/Get")), Some("R1 by C"));
}

/// Attachment keeps the two kinds off each other's hostnames; a table of one's own may have both.
#[test]
fn beside_http_entries_a_grpc_service_ranks_like_a_path_and_none_comes_last() {
    let rows = [
        entry(grpc("pkg.Svc", ""), "service"),
        entry(HttpMatch::path(regex("/pkg.*")), "pattern"),
        entry(HttpMatch::path(PathMatch::prefix("/")), "prefix"),
        entry(grpc("", "Get"), "method"),
    ];
    assert_eq!(found(&rows, &get("", "/pkg.Svc/Get")), Some("service"));
    assert_eq!(found(&rows[1..], &get("", "/pkg.Svc/Get")), Some("pattern"));
    assert_eq!(found(&rows[2..], &get("", "/pkg.Svc/Get")), Some("prefix"));
    assert_eq!(found(&rows[3..], &get("", "/pkg.Svc/Get")), Some("method"));
}

#[test]
fn for_grpc_the_longest_service_is_before_the_method_and_that_before_headers() {
    let mut headers = grpc("", "Get");
    headers.headers = vec![header("x-a", "1")];
    let mut nothing = grpc("", "");
    nothing.headers = vec![header("x-a", "1"), header("x-b", "1")];
    let rows = [
        entry(grpc("pkg.Svc", ""), "service"),
        entry(grpc("", "GetWithALongName"), "method"),
        entry(grpc("pkg.Svc", "Get"), "both"),
        entry(headers, "header"),
        entry(nothing, "two headers"),
        entry(grpc("", ""), "nothing"),
    ];
    let call = |path| View {
        method: "POST",
        path,
        headers: &[("x-a", b"1"), ("x-b", b"1")],
        ..View::default()
    };
    assert_eq!(found(&rows, &call("/pkg.Svc/Get")), Some("both"));
    assert_eq!(
        found(&rows, &call("/pkg.Svc/GetWithALongName")),
        Some("service")
    );
    assert_eq!(
        found(&rows, &call("/other/GetWithALongName")),
        Some("method")
    );
    assert_eq!(found(&rows, &call("/other/Get")), Some("header"));
    assert_eq!(found(&rows, &call("/other/Put")), Some("two headers"));
    assert_eq!(
        found(
            &rows,
            &View {
                method: "POST",
                path: "/other/Put",
                ..View::default()
            }
        ),
        Some("nothing")
    );
    // Neither service nor method: GEP-1016 has the prefix `/` there.
    assert_eq!(found(&rows, &call("/")), Some("two headers"));
}

#[test]
fn for_grpc_the_hostname_is_before_the_service() {
    let host = HostPattern::parse("*.example.com").unwrap();
    let rows = [
        entry(grpc("", ""), "host").on(host),
        entry(grpc("pkg.Svc", "Get"), "service"),
    ];
    assert_eq!(
        found(&rows, &get("a.example.com", "/pkg.Svc/Get")),
        Some("host")
    );
}

#[test]
fn for_grpc_a_pattern_comes_after_an_exact_name_and_before_none() {
    let rows = [
        entry(
            GrpcMatch {
                service: pattern("pkg\\.[A-Za-z]+Service"),
                ..GrpcMatch::default()
            },
            "pattern",
        ),
        entry(grpc("pkg.AService", ""), "exact"),
        entry(
            GrpcMatch {
                method: pattern("G.*"),
                ..GrpcMatch::default()
            },
            "method",
        ),
        entry(grpc("", ""), "none"),
    ];
    assert_eq!(found(&rows, &get("", "/pkg.AService/Get")), Some("exact"));
    assert_eq!(found(&rows, &get("", "/pkg.BService/Get")), Some("pattern"));
    assert_eq!(found(&rows, &get("", "/x/Get")), Some("method"));
    assert_eq!(found(&rows, &get("", "/x/Put")), Some("none"));
}

/// GEP-1016: matches on service and method act as if a match on the path had been used.
#[test]
fn a_match_on_service_and_method_acts_as_the_path_match_of_gep_1016() {
    let regexes = |service: &str, method: &str| GrpcMatch {
        service: Some(service).filter(|s| !s.is_empty()).and_then(pattern),
        method: Some(method).filter(|s| !s.is_empty()).and_then(pattern),
        headers: Vec::new(),
    };
    let paths = [
        "/",
        "",
        "*",
        "/a.B",
        "/a.B/",
        "/a.B/Get",
        "/a.B/Get/",
        "/a.B/x/Get",
        "/a.BC/Get",
        "/Get",
        "//Get",
        "a.B/Get",
        "/other/Put",
    ];
    for (matching, fitting) in [
        // Exact `/a.B/Get`.
        (grpc("a.B", "Get"), &["/a.B/Get"][..]),
        // Prefix `/a.B/`.
        (
            grpc("a.B", ""),
            &["/a.B/", "/a.B/Get", "/a.B/Get/", "/a.B/x/Get"],
        ),
        // Regex `/.+/Get`.
        (grpc("", "Get"), &["/a.B/Get", "/a.B/x/Get", "/a.BC/Get"]),
        // Prefix `/`.
        (grpc("", ""), &paths),
        // Regex `/a[.]B/G.*`, `/a[.]B/.+`, `/.+/G.*`.
        (regexes("a[.]B", "G.*"), &["/a.B/Get", "/a.B/Get/"]),
        (
            regexes("a[.]B", ""),
            &["/a.B/Get", "/a.B/Get/", "/a.B/x/Get"],
        ),
        (regexes("", "G.*"), &["/a.B/Get", "/a.B/x/Get", "/a.BC/Get"]),
        // What cannot be a name.
        (grpc("a.B/x", "Get"), &[]),
        (grpc("a.B", "x/Get"), &[]),
        (grpc("a.B/x", ""), &[]),
    ] {
        let rows = [entry(matching.clone(), "found")];
        let found = paths
            .into_iter()
            .filter(|path| found(&rows, &get("", path)).is_some());
        assert_eq!(found.collect::<Vec<_>>(), fitting, "{matching:?}");
    }
}
