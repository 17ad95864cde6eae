//! What every verb makes of manifests that are broken, missing or spread over files, folders and stdin.

use crate::support::gwapi;
use serde_json::Value;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

/// An empty folder of this test's own.
fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn route(name: &str, port: &str) -> String {
    format!(
        "---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata:\n  name: {name}\n  \
         namespace: shop\nspec:\n  parentRefs: [{{kind: Service, group: \"\", name: cart}}]\n  rules:\n  \
         - backendRefs:\n    - name: cart\n      port: {port}\n"
    )
}

fn fifty_with_one_broken() -> String {
    (0..50).fold(String::new(), |mut text, number| {
        let port = if number == 16 { "http" } else { "8080" };
        write!(text, "{}", route(&format!("route-{number}"), port)).unwrap();
        text
    })
}

#[test]
fn one_broken_object_of_fifty_is_named_and_the_others_are_judged() {
    let output = gwapi(
        &["validate", "-f", "-", "-o", "json"],
        fifty_with_one_broken(),
    );
    assert_eq!(output.status.code(), Some(1));
    let findings: Value = serde_json::from_slice(&output.stdout).unwrap();
    let errors: Vec<_> = findings
        .as_array()
        .unwrap()
        .iter()
        .filter(|finding| finding["severity"] == "error")
        .collect();
    assert_eq!(errors.len(), 1, "{findings:#}");
    let error = errors[0];
    assert_eq!(error["object"]["name"], "route-16");
    assert_eq!(error["path"], "spec.rules[0].backendRefs[0].port");
    assert_eq!(
        (&error["line"], &error["column"]),
        (&204.into(), &13.into())
    );
}

#[test]
fn one_broken_object_of_fifty_hides_no_other_from_a_request() {
    let services = "---\napiVersion: v1\nkind: Service\nmetadata: {name: cart, namespace: shop}\n\
                    spec: {ports: [{port: 8080}]}\n";
    let stream = fifty_with_one_broken() + services;
    let output = gwapi(
        &["request", "-f", "-", "-o", "json", "http://cart.shop:8080/"],
        &stream,
    );
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer["backend"]["name"], "cart", "{answer:#}");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("route-16"), "{said}");
    assert!(said.contains("<stdin>:204:13"), "{said}");
}

#[test]
fn files_and_folders_are_read_together_and_each_finding_names_its_file() {
    let folder = folder("files-and-folders");
    fs::create_dir(folder.join("below")).unwrap();
    fs::write(folder.join("one.yaml"), route("one", "http")).unwrap();
    fs::write(folder.join("below/two.yml"), route("two", "8080")).unwrap();
    fs::write(
        folder.join("below/three.jsonl"),
        "{\"kind\": \"A\"\n{\"apiVersion\": \"v1\", \"kind\": \"Namespace\", \"metadata\": {\"name\": \"a\"}}\n",
    )
    .unwrap();
    fs::write(folder.join("notes.txt"), "not: [a manifest").unwrap();
    let output = gwapi(
        &["validate", "-f", folder.to_str().unwrap(), "-o", "json"],
        "",
    );
    assert_eq!(output.status.code(), Some(1));
    let findings: Value = serde_json::from_slice(&output.stdout).unwrap();
    let files: Vec<_> = findings
        .as_array()
        .unwrap()
        .iter()
        .filter(|f| f["severity"] == "error")
        .map(|f| f["file"].as_str().unwrap().rsplit('/').next().unwrap())
        .collect();
    assert_eq!(files, ["three.jsonl", "one.yaml"], "{findings:#}");
}

#[test]
fn what_cannot_be_read_at_all_ends_with_2() {
    let empty = folder("empty");
    for path in ["no-such-file.yaml", empty.to_str().unwrap()] {
        let output = gwapi(&["validate", "-f", path], "");
        assert_eq!(output.status.code(), Some(2), "{path}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains(path), "{said}");
    }
    assert_eq!(gwapi(&["validate"], "").status.code(), Some(2));
    assert_eq!(gwapi(&["no-such-verb"], "").status.code(), Some(2));
}

#[test]
fn a_key_given_twice_is_a_finding_shown_in_its_line() {
    let text = route("one", "8080").replace("  name: one\n", "  name: zero\n  name: one\n");
    let output = gwapi(&["validate", "-f", "-"], &text);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert!(
        said.contains("metadata.name") && said.contains("twice"),
        "{said}"
    );
    assert!(!said.contains('\x1b'), "colour is for terminals only");
}

#[test]
fn findings_come_in_the_order_of_the_arguments_however_the_files_are_read() {
    let folder = folder("order");
    // The first one takes longest.
    let mut wanted = Vec::new();
    for number in 0..40 {
        let text = format!(
            "# {}\nkind: A\nkind: B\n",
            "x".repeat((40 - number) * 5_000)
        );
        let path = folder.join(format!("{number:02}.yaml"));
        fs::write(&path, text).unwrap();
        wanted.push(path.display().to_string());
    }
    wanted.reverse();
    let arguments = wanted.iter().flat_map(|path| ["-f", path]);
    let arguments: Vec<&str> = ["validate", "-o", "json"]
        .into_iter()
        .chain(arguments)
        .collect();
    let output = gwapi(&arguments, "");
    let found: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    let mut files: Vec<&str> = found.iter().map(|f| f["file"].as_str().unwrap()).collect();
    files.dedup();
    assert_eq!(files, wanted);
    // A line of a file that was not kept is shown.
    let shown = gwapi(&["validate", "-f", &wanted[0]], "");
    let shown = String::from_utf8(shown.stdout).unwrap();
    assert!(shown.contains(" 3 | kind: B"), "{shown}");
}

#[test]
fn of_more_findings_than_are_kept_all_are_counted() {
    let text = "{\"kind\": \"A\"}\n".repeat(50);
    let arguments = ["validate", "-o", "json", "--max-findings", "20", "-f", "-"];
    let output = gwapi(&arguments, &text);
    let found: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found.len(), 20);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("50 findings, of which 20 are named"),
        "{said}"
    );
    let output = gwapi(&["validate", "--max-findings", "20", "-f", "-"], &text);
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(
        shown.contains("50 objects, 0 of the Gateway API: 50 errors, 0 warnings"),
        "{shown}"
    );
}

#[test]
fn a_limit_is_named_with_how_to_raise_it_and_the_rest_is_judged() {
    let text = "kind: A\nx: [[[[1]]]]\n---\nkind: B\nkind: C\n";
    let limited = ["validate", "--limit", "max-depth=3", "-f", "-"];
    let shown = String::from_utf8(gwapi(&limited, text).stdout).unwrap();
    assert!(shown.contains("the limit of 3 (`max-depth`)"), "{shown}");
    assert!(
        shown.contains("`--limit max-depth=…` allows more"),
        "{shown}"
    );
    assert!(shown.contains("the key is given twice"), "{shown}");
    for (wrong, wanted) in [
        ("depth=3", "max-depth"),
        ("max-depth", "NAME=NUMBER"),
        ("max-depth=x", "a number"),
        ("max-depth=1001", "at most 1000 levels"),
    ] {
        let output = gwapi(&["validate", "--limit", wrong, "-f", "-"], "");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(
            output.status.code() == Some(2) && said.contains(wanted),
            "{said}"
        );
    }
}

/// What is not in force is named up to a number, and all of it is counted.
#[test]
fn of_more_that_is_not_in_force_than_is_named_all_is_counted() {
    let text = "{\"kind\": \"A\"}\n".repeat(50) + "{\"kind\": }\n";
    for verb in [
        &["status"][..],
        &["request", "http://a.example.com/"],
        &["request", "-o", "json", "http://a.example.com/"],
    ] {
        let arguments = [verb, &["--max-ignored", "20", "-f", "-"]].concat();
        let output = gwapi(&arguments, &text);
        assert_eq!(output.status.code(), Some(1));
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(
            said.contains(
                "51 objects and documents are left out, of which 20 are named: `--max-ignored` allows more"
            ),
            "{said}"
        );
        let shown = String::from_utf8(output.stdout).unwrap();
        match serde_json::from_str::<Value>(&shown) {
            Ok(answer) => assert_eq!(answer["ignored"].as_array().unwrap().len(), 20),
            Err(_) => assert_eq!(shown.matches("<stdin>:").count(), 20, "{shown}"),
        }
    }
    let none = gwapi(&["status", "--max-ignored", "0", "-f", "-"], &text);
    assert_eq!(none.status.code(), Some(2));
}

/// What is said of objects together is shown where each stands, although none of them is kept.
#[test]
fn what_a_set_means_is_shown_where_it_stands_in_its_file() {
    let folder = folder("set");
    let away = |n: usize| {
        (0..n).fold(String::new(), |text, n| {
            text + &format!("---\nkind: ConfigMap\napiVersion: v1\nmetadata: {{name: c{n}}}\n")
        })
    };
    for (file, before) in [("a.yaml", 3), ("b.yaml", 0), ("c.yaml", 7)] {
        let name = file.replace('.', "-");
        let text = format!(
            "# {file}\n{}---\nkind: Broken\n{}{}",
            away(before),
            route(&name, "8080"),
            away(2)
        );
        fs::write(folder.join(file), text).unwrap();
    }
    let read = |arguments: &[&str], input: &[u8]| -> Vec<(String, u64, String)> {
        let output = gwapi(&[&["validate", "-o", "json"], arguments].concat(), input);
        let found: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        found
            .iter()
            .filter(|finding| finding["severity"] == "warning")
            .map(|f| {
                (
                    text(&f["object"]["name"]),
                    f["line"].as_u64().unwrap(),
                    text(&f["path"]),
                )
            })
            .collect()
    };
    let path = folder.to_str().unwrap();
    let warnings = read(&["-f", path], b"");
    let line = |before: u64| 1 + before * 4 + 2 + 8;
    for (name, before) in [("a-yaml", 3), ("b-yaml", 0), ("c-yaml", 7)] {
        let of_route: Vec<_> = warnings.iter().filter(|(n, ..)| n == name).collect();
        assert!(!of_route.is_empty(), "{warnings:?}");
        let parent = of_route
            .iter()
            .find(|(_, _, path)| path.starts_with("spec.parentRefs"));
        assert_eq!(parent.unwrap().1, line(before), "{warnings:?}");
    }
    // A pipe cannot be read again, and says the same.
    let text = fs::read(folder.join("c.yaml")).unwrap();
    let alone = read(&["-f", folder.join("c.yaml").to_str().unwrap()], b"");
    assert_eq!(read(&["-f", "-"], &text), alone);
    assert_eq!(read(&["-f", "/dev/stdin"], &text), alone);
}

/// Every bound on what reading may cost: what is beyond it is one error that names it and says how to raise it, what can be
/// read is judged, and with the bound raised there is no such error.
#[test]
fn every_limit_is_named_with_how_to_raise_it() {
    let rest = "---\nkind: A\nkind: B\n";
    let deep = format!("a: {}1{}\n", "[".repeat(900), "]".repeat(900));
    let values = format!("kind: A\nx: [{}1]\n", "1, ".repeat(2_000));
    let cases = [
        (
            "max-bytes",
            "100",
            format!("kind: A\nx: {}\n", "x".repeat(200)),
            "",
            "1000",
        ),
        (
            "max-document-bytes",
            "100",
            format!("kind: A\nx: {}\n", "x".repeat(200)),
            rest,
            "1000",
        ),
        (
            "max-objects",
            "2",
            "kind: A\n---\nkind: B\n---\nkind: C\n".to_owned(),
            "",
            "3",
        ),
        ("max-depth", "128", deep, rest, "1000"),
        ("max-values", "1000", values, rest, "5000"),
        (
            "max-alias-bytes",
            "1000",
            "a: &a [1, 2, 3, 4, 5]\nb: [*a, *a, *a, *a, *a, *a, *a]\n".to_owned(),
            rest,
            "10000",
        ),
        ("max-errors", "2", "kind: [\n---\n".repeat(4), "", "10"),
    ];
    for (name, low, text, rest, high) in &cases {
        let raise = format!("`--limit {name}=…` allows more");
        let text = format!("{text}{rest}");
        for verb in ["validate", "status", "upgrade-check", "convert"] {
            let run = |limit: &str| {
                let limit = format!("{name}={limit}");
                let output = gwapi(&[verb, "--limit", &limit, "-f", "-"], &text);
                let all = [output.stdout, output.stderr].concat();
                (output.status.code(), String::from_utf8(all).unwrap())
            };
            let (code, said) = run(low);
            let of_limit = said.matches(&raise).count();
            assert!(code == Some(1) && of_limit == 1, "{verb} {name}: {said}");
            let named = format!("(`{name}`)");
            assert!(said.contains(&named), "{verb} {name}: {said}");
            assert!(
                rest.is_empty() || said.contains("given twice"),
                "{verb} {name}: {said}"
            );
            let (_, said) = run(high);
            assert!(!said.contains(&raise), "{verb} {name}: {said}");
        }
    }
}

/// As deep as can be allowed, in a file beside others, which is read on a thread of its own.
#[test]
fn the_deepest_document_is_read_on_any_thread() {
    let folder = folder("deep");
    for n in 0..8 {
        let (open, close) = ("[".repeat(990), "]".repeat(990));
        fs::write(
            folder.join(format!("{n}.yaml")),
            format!("kind: A\na: {open}{close}\n"),
        )
        .unwrap();
        fs::write(
            folder.join(format!("{n}.json")),
            format!("{{\"kind\": \"A\", \"a\": {open}{close}}}\n"),
        )
        .unwrap();
    }
    let path = folder.to_str().unwrap();
    for verb in ["validate", "status", "upgrade-check", "convert"] {
        let output = gwapi(&[verb, "--limit", "max-depth=1000", "-f", path], "");
        assert!(
            matches!(output.status.code(), Some(0 | 1)),
            "{verb}: {output:?}"
        );
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!said.contains("nest deeper"), "{verb}: {said}");
    }
}

/// What is nearly meant is looked for within bounds, and where one was met, that is said.
#[test]
fn bounds_of_hints_are_named_where_they_are_met() {
    let gateways = (0..20).fold(String::new(), |text, n| {
        text + &format!(
            "---\napiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {{name: front-{n}, namespace: shop}}\n\
             spec: {{gatewayClassName: a, listeners: [{{name: http, port: 80, protocol: HTTP, hostname: h{n}.example.com}}]}}\n"
        )
    });
    let text = gateways
        + &route("lost", "8080").replace("kind: Service, group: \"\", name: cart", "name: frnot-1");
    let said = |more: &[&str]| {
        let output = gwapi(&[&["status", "-f", "-"], more].concat(), &text);
        String::from_utf8(output.stderr).unwrap()
    };
    assert_eq!(said(&[]), "");
    let few = said(&["--max-near-objects", "3"]);
    assert!(few.contains("`--max-near-objects` allows more"), "{few}");
    let listeners: Vec<String> = (0..5)
        .map(|n| format!("{{name: l{n}, port: 80, protocol: HTTP, hostname: h{n}.example.com}}"))
        .collect();
    let gateway = format!(
        "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {{name: front, namespace: shop}}\n\
         spec: {{gatewayClassName: a, listeners: [{}]}}\n",
        listeners.join(", ")
    );
    let asked = |more: &[&str]| {
        let arguments = ["request", "-f", "-", "http://x.example.com/"];
        let output = gwapi(&[&arguments, more].concat(), &gateway);
        String::from_utf8(output.stderr).unwrap()
    };
    assert_eq!(asked(&["--gateway", "shop/front"]), "");
    let few = asked(&["--gateway", "shop/front", "--max-near-listeners", "2"]);
    assert!(few.contains("`--max-near-listeners` allows more"), "{few}");
}

/// Selectors that are passed over are counted, by both verbs that judge a set.
#[test]
fn selectors_that_are_passed_over_are_counted_and_the_option_is_named() {
    let text = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {team: a}}\n---\n\
        apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: front, namespace: shop}\n\
        spec: {gatewayClassName: a, listeners: [{name: http, port: 80, protocol: HTTP, \
        allowedRoutes: {namespaces: {from: Selector, selector: {matchLabels: {team: b}}}}}]}\n";
    let none = "no Namespace that is given has the labels";
    for verb in ["validate", "status"] {
        let said = |more: &[&str]| {
            let output = gwapi(&[&[verb, "-f", "-"], more].concat(), text);
            let [out, err] = [output.stdout, output.stderr];
            (
                String::from_utf8(out).unwrap(),
                String::from_utf8(err).unwrap(),
            )
        };
        let (out, err) = said(&[]);
        assert!(format!("{out}{err}").contains(none), "{verb}: {out}{err}");
        assert!(!err.contains("--max-namespaces"), "{verb}: {err}");
        let (out, err) = said(&["--max-namespaces", "0"]);
        assert!(!format!("{out}{err}").contains(none), "{verb}: {out}{err}");
        let counted = "may be missing for 1 selector: 0 Namespaces are looked at in all; `--max-namespaces` allows more";
        assert!(err.contains(counted), "{verb}: {err}");
    }
}

/// Who meets a limit looks for it in the help.
#[test]
fn help_has_every_limit_with_its_default() {
    for verb in ["validate", "status", "request", "convert", "upgrade-check"] {
        let help = String::from_utf8(gwapi(&[verb, "--help"], "").stdout).unwrap();
        let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
        for limit in [
            "max-bytes (1073741824;",
            "TMPDIR",
            "max-document-bytes (134217728)",
            "max-objects (2000000)",
            "max-depth (128,",
            "max-values (500000 in an object, and 5000000 in a list",
            "max-alias-bytes (8388608)",
            "max-errors (1000)",
        ] {
            assert!(help.contains(limit), "{verb}: {limit} in {help}");
        }
    }
}

/// What is too long as a whole has no line to blame, and the limit is called as the option calls it.
#[test]
fn a_stream_that_is_too_long_names_the_option_and_no_line() {
    for verb in ["validate", "status"] {
        let output = gwapi(
            &[verb, "--limit", "max-bytes=10", "-f", "-"],
            "kind: A\n# long\n",
        );
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8(said).unwrap();
        assert!(said.contains("<stdin>: "), "{said}");
        assert!(said.contains("the limit of 10 (`max-bytes`)"), "{said}");
        assert!(said.contains("`--limit max-bytes=…` allows more"), "{said}");
    }
}

/// The limits on regular expressions are options of the verbs that judge them, and messages name these.
#[test]
fn limits_on_regular_expressions_can_be_raised_and_lowered() {
    let with_routes = |routes: &[&[&str]]| {
        let mut text = "
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: g, namespace: default }
spec: { gatewayClassName: c, listeners: [{ name: http, port: 80, protocol: HTTP }] }
"
        .to_owned();
        for (at, paths) in routes.iter().enumerate() {
            let matches = paths
                .iter()
                .map(|path| format!("{{ path: {{ type: RegularExpression, value: '{path}' }} }}"));
            let matches = matches.collect::<Vec<_>>().join(", ");
            text += &format!(
                "---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {{ name: r{at}, namespace: default }}\n\
                 spec: {{ parentRefs: [{{ name: g }}], rules: [{{ matches: [{matches}] }}] }}\n"
            );
        }
        text
    };
    let small: [&[&str]; 2] = [&["/a/[0-9]+", "/b/[0-9]+"], &["/c/[0-9]+"]];
    for (option, routes, [refused, allowed], said_by) in [
        // More than the limit without an option, and less than it.
        (
            "--max-pattern",
            with_routes(&[&["/\\w{60}"]]),
            [None, Some("4000000")],
            &["validate", "status"][..],
        ),
        (
            "--max-pattern",
            with_routes(&small),
            [Some("10"), None],
            &["validate", "status"],
        ),
        (
            "--max-route-patterns",
            with_routes(&small),
            [Some("10"), None],
            &["validate", "status"],
        ),
        (
            "--max-table-patterns",
            with_routes(&small),
            [Some("10"), None],
            &["validate", "status"],
        ),
    ] {
        for verb in said_by {
            let said = |most: Option<&str>| {
                let given = most.map(|most| [option, most]);
                let given = given.as_ref().map_or(&[][..], |given| &given[..]);
                let output = gwapi(&[&[verb, "-f", "-"], given].concat(), &routes);
                String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
            };
            let named = format!("`{option}` of the command raises");
            let out = said(refused);
            assert!(out.contains(&named), "{verb} {option}: {out}");
            let others = [
                "--max-pattern`",
                "--max-route-patterns`",
                "--max-table-patterns`",
            ];
            let named = others.iter().filter(|other| out.contains(**other));
            assert_eq!(named.count(), 1, "{verb} {option}: {out}");
            let out = said(allowed);
            assert!(
                !out.contains("of the command raises"),
                "{verb} {option}: {out}"
            );
        }
    }
}

/// What `upgrade-check` finds beyond its limit is counted, and the option is named.
#[test]
fn findings_of_upgrade_check_beyond_the_limit_name_the_option() {
    let gateways = (0..4).fold(String::new(), |text, n| {
        text + &format!(
            "---\napiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {{name: g{n}, namespace: a}}\n\
             spec: {{gatewayClassName: c, listeners: [{{name: web, port: 80, protocol: HTTP}}], \
             backendTLS: {{clientCertificateRef: {{name: client}}}}}}\n"
        )
    });
    let said = |more: &[&str]| {
        let upgrade: &[&str] = &["upgrade-check", "--from", "v1.3.0", "--to", "v1.4.0"];
        let output = gwapi(
            &[upgrade, &["--channel", "experimental", "-f", "-"], more].concat(),
            &gateways,
        );
        (
            output.status.code(),
            String::from_utf8(output.stderr).unwrap(),
        )
    };
    assert_eq!(said(&[]), (Some(1), String::new()));
    let (code, few) = said(&["--max-findings", "2"]);
    assert_eq!(code, Some(1));
    assert!(few.contains("`--max-findings` allows more"), "{few}");
}
