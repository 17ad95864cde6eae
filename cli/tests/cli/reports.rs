//! The reports of `validate` for CI systems: where they point, what their schemas demand, what they say of what could not be read.

use crate::support::{Folder, gwapi, run};
use serde_json::Value;
use std::fs;

const ROUTE: &str = "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: cart, namespace: shop}\n\
     spek: {}\nspec: {}\n";

/// A folder with a route in a folder of its own.
fn folder(name: &str) -> Folder {
    Folder::new(&format!("reports-{name}"), &[("a/route.yaml", ROUTE)])
}

/// The exit code of the command in a folder, and what it prints.
fn run_in(folder: &Folder, arguments: &[&str]) -> (Option<i32>, String) {
    let (output, text) = folder.run(arguments);
    (output.status.code(), text)
}

/// GitHub finds the line of an annotation, and the alert of a SARIF log, by a path from the root of the repository.
#[test]
fn paths_of_reports_do_not_begin_with_a_dot() {
    let folder = folder("dot");
    for named in [".", "./", "./a", ".//a/route.yaml", "././a", "a"] {
        for format in ["github", "sarif", "junit"] {
            let (_, text) = run_in(&folder, &["validate", named, "-o", format]);
            assert!(text.contains("a/route.yaml"), "{named}: {text}");
            assert!(!text.contains("./"), "{named}: {text}");
        }
    }
    let (_, text) = run_in(&folder, &["validate", ".", "-o", "github"]);
    assert!(
        text.starts_with("::error file=a/route.yaml,line=4,col=1,"),
        "{text}"
    );
}

/// The attributes that the schema of Jenkins (junit-10.xsd) has for each element that is written.
const ATTRIBUTES: [(&str, &[&str]); 7] = [
    ("testsuites", &["name", "tests", "failures", "errors"]),
    (
        "testsuite",
        &["name", "tests", "failures", "errors", "skipped"],
    ),
    ("testcase", &["name", "classname"]),
    ("failure", &["type", "message"]),
    ("error", &["type", "message"]),
    ("skipped", &["type", "message"]),
    ("system-out", &[]),
];

/// Checks that a report is made of what the schema has.
fn fits_schema(xml: &str) {
    // XML 1.0, production 2.
    let is_allowed = |character: char| matches!(character, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..);
    assert!(xml.chars().all(is_allowed), "{xml:?}");
    for tag in xml
        .split('<')
        .skip(1)
        .filter(|tag| !tag.starts_with(['/', '?']))
    {
        let (tag, _) = tag.split_once('>').unwrap();
        let name = tag.split([' ', '/']).next().unwrap();
        let known = ATTRIBUTES.iter().find(|(known, _)| *known == name);
        let (_, known) = known.unwrap_or_else(|| panic!("{name}: {xml}"));
        // Quotes in values are written as entities.
        let names = tag.split('"').step_by(2);
        for attribute in
            names.filter_map(|text| text.trim_start_matches(name).trim().strip_suffix('='))
        {
            assert!(known.contains(&attribute), "{name} {attribute}: {xml}");
        }
        if name == "testsuite" {
            for required in ["name", "tests", "failures", "errors"] {
                assert!(tag.contains(&format!(" {required}=\"")), "{tag}");
            }
        }
    }
}

#[test]
fn junit_has_what_its_schema_has_whatever_the_input_holds() {
    let hostile = "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: cart, namespace: shop}\n\
         spec: {\"\\uFFFE\\uFFFF<&]]>\\u0001\\\"'\": 1, parentRefs: [{name: \"\\uFFFF\"}]}\n";
    for (objects, arguments) in [
        (ROUTE, &[][..]),
        (hostile, &[]),
        (hostile, &["--fail-on", "warning"]),
        (crate::support::SOUND, &[]),
        ("", &[]),
    ] {
        let (_, xml) = run(
            &[&["validate", "-", "-o", "junit"], arguments].concat(),
            objects,
        );
        assert!(xml.contains("<testsuite "), "{xml}");
        fits_schema(&xml);
    }
}

/// With a path that cannot be read no report says that all is well.
#[test]
fn reports_say_that_something_could_not_be_read() {
    let folder = folder("unread");
    for paths in [&["nothing.yaml"][..], &["a", "nothing.yaml"]] {
        let report = |format| run_in(&folder, &[&["validate", "-o", format], paths].concat());
        for format in ["text", "json", "github", "sarif", "junit"] {
            assert_eq!(report(format).0, Some(2), "{format}");
        }
        let (_, junit) = report("junit");
        fits_schema(&junit);
        let (_, all) = junit
            .split_once("<testcase name=\"all objects are judged\">")
            .unwrap();
        assert!(all.trim_start().starts_with("<error "), "{junit}");
        let sarif: Value = serde_json::from_str(&report("sarif").1).unwrap();
        assert_eq!(
            sarif["runs"][0]["invocations"][0]["executionSuccessful"],
            false
        );
        assert!(
            report("github")
                .1
                .contains("::error title=gwapi validate::not all that was named could be read\n")
        );
    }
    let (_, text) = run_in(&folder, &["validate", "nothing.yaml"]);
    assert!(
        text.starts_with("0 objects: nothing to complain of in what could be read\n"),
        "{text}"
    );
    let (_, sarif) = run_in(&folder, &["validate", "a", "-o", "sarif"]);
    let sarif: Value = serde_json::from_str(&sarif).unwrap();
    assert_eq!(
        sarif["runs"][0]["invocations"][0]["executionSuccessful"],
        true
    );
    let (_, junit) = run_in(&folder, &["validate", "a", "-o", "junit"]);
    assert!(!junit.contains("<error "), "{junit}");
}

#[test]
fn quiet_leaves_findings_alone_in_every_form() {
    for (format, summary) in [
        ("text", "1 object"),
        ("github", "1 object"),
        ("junit", "1 object"),
    ] {
        let loud = run(&["validate", "-", "-o", format], ROUTE).1;
        assert!(loud.contains(summary), "{format}: {loud}");
        let quiet = run(&["validate", "-", "-o", format, "-q"], ROUTE).1;
        assert!(!quiet.contains(summary), "{format}: {quiet}");
        assert!(quiet.contains("schema/unknown-field"), "{format}: {quiet}");
    }
}

/// One path that cannot be read ends nothing else: the answer is about the rest, says so, and the exit code is 2.
#[test]
fn every_verb_goes_on_without_a_path_that_cannot_be_read() {
    let folder = folder("goes-on");
    fs::write(folder.0.join("a/route.yaml"), crate::support::SOUND).unwrap();
    let upgrade = ["upgrade-check", "--to", "v1.7.0"];
    let incomplete = "incomplete: not all that was named could be read";
    for (verb, answer) in [
        (&["status"][..], "HTTPRoute shop/cart"),
        (&["request", "http://a.example/"], "forwarded to a backend"),
        (&["convert"], "kind: HTTPRoute"),
        (&["defaults"], "kind: HTTPRoute"),
        (&upgrade, "Not all of the input could be read"),
    ] {
        let mut arguments = vec![verb[0], "nothing.yaml", "a/route.yaml"];
        arguments.extend(&verb[1..]);
        let (code, text) = run_in(&folder, &arguments);
        assert_eq!(code, Some(2), "{verb:?}: {text}");
        assert!(text.contains(answer), "{verb:?}: {text}");
        if matches!(verb[0], "status" | "request") {
            assert!(text.contains(incomplete), "{text}");
            let (code, text) = run_in(&folder, &[&arguments[..], &["-o", "json"]].concat());
            assert_eq!(code, Some(2));
            let json: Value = serde_json::from_str(&text).unwrap();
            assert_eq!(json["incomplete"], true);
            // Of whole input nothing is said.
            arguments.remove(1);
            let (code, text) = run_in(&folder, &arguments);
            assert_eq!(code, Some(0), "{text}");
            assert!(!text.contains("incomplete"), "{text}");
        }
        let all = [&[verb[0], "nothing.yaml", "a/route.yaml"], &verb[1..]].concat();
        let (output, _) = folder.run(&all);
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(
            said.contains("cannot read `nothing.yaml`"),
            "{verb:?}: {said}"
        );
    }
}

/// What is read and what is asked for may stand in any order; the URL is the one with a scheme.
#[test]
fn request_takes_plain_arguments_as_all_verbs_do() {
    let folder = folder("plain");
    fs::write(folder.0.join("a/route.yaml"), crate::support::SOUND).unwrap();
    for arguments in [
        &["request", ".", "http://a.example/"][..],
        &["request", "http://a.example/", "a/route.yaml"],
        &["request", "a", "-X", "POST", "http://a.example/"],
        &["request", "-f", "a", "http://a.example/"],
        &["request", "http://a.example/", "-f", "a"],
    ] {
        let (code, text) = run_in(&folder, arguments);
        assert_eq!(code, Some(0), "{arguments:?}: {text}");
    }
    for (arguments, said) in [
        (
            &["request", "http://a.example/"][..],
            "error: nothing is named to read",
        ),
        (&["request", "-f", "a"], "<PATH|URL>"),
        (
            &["request", "-f", "a", "a.example/"],
            "a URL needs a scheme, as in `http://a.example/`",
        ),
    ] {
        let output = gwapi(arguments, "");
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(text.contains(said), "{arguments:?}: {text}");
    }
    let help = String::from_utf8(gwapi(&["request", "--help"], "").stdout).unwrap();
    assert!(
        help.contains("Usage: gwapi request [OPTIONS] [PATH]... <URL>\n"),
        "{help}"
    );
    assert!(!help.contains("--path <"), "{help}");
}

/// A misspelt field is one finding: not another one for what is missing because of it.
#[test]
fn an_effect_of_an_error_is_not_told_beside_it() {
    let rule = |rule: &str| {
        let route = format!(
            "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {{ name: r, namespace: shop }}\n\
             spec: {{ parentRefs: [{{ name: front }}], rules: [{{ {rule} }}] }}\n"
        );
        let found = crate::support::found(&route);
        let rules = found
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["rule"].as_str().unwrap());
        let rules = rules.filter(|rule| *rule != "ParentReference/parent-exists");
        rules.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(
        rule("backendRef: [{ name: cart, port: 80 }]"),
        ["schema/unknown-field"]
    );
    assert_eq!(
        rule("nonsense: 1, matches: [{ path: { value: / } }]"),
        ["HTTPRouteRule/has-answer", "schema/unknown-field"]
    );
}

/// A rendered manifest that is checked in is where its findings are shown, at their lines; what it was rendered from is said.
#[test]
fn findings_on_rendered_files_are_at_their_lines() {
    let rendered = format!("---\n# Source: shop/templates/route.yaml\n{ROUTE}");
    let folder = Folder::new("reports-rendered", &[("out/all.yaml", &rendered)]);
    let (_, github) = run_in(&folder, &["validate", "out", "-o", "github"]);
    let first = github.lines().next().unwrap();
    assert!(
        first.starts_with("::error file=out/all.yaml,line=6,col=1,"),
        "{github}"
    );
    assert!(
        first.contains("%0Arendered from shop/templates/route.yaml%0A"),
        "{github}"
    );
    let (_, sarif) = run_in(&folder, &["validate", "out", "-o", "sarif"]);
    let log: Value = serde_json::from_str(&sarif).unwrap();
    let place = &log["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "out/all.yaml");
    assert_eq!(place["region"]["startLine"], 6);
    let (_, junit) = run_in(&folder, &["validate", "out", "-o", "junit"]);
    assert!(
        junit.contains("name=\"out/all.yaml:6:1: schema/unknown-field\""),
        "{junit}"
    );
    // Where both are there, or what was read is no file, it is what it was rendered from.
    let folder = Folder::new(
        "reports-templates",
        &[
            ("out/all.yaml", &rendered),
            ("shop/templates/route.yaml", ""),
        ],
    );
    let (_, github) = run_in(&folder, &["validate", "out", "-o", "github"]);
    assert!(
        github.starts_with("::error file=shop/templates/route.yaml,title="),
        "{github}"
    );
    let (_, sarif) = run(&["validate", "-", "-o", "sarif"], &rendered);
    assert!(
        sarif.contains("\"uri\": \"shop/templates/route.yaml\""),
        "{sarif}"
    );
}

/// What a rendered stream says of its files is said by every verb, in text and in JSON.
#[test]
fn every_verb_says_from_which_file_an_object_was_rendered() {
    let noted = "---\n# Source: shop/templates/route.yaml\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\n\
                 metadata: {name: r, namespace: shop}\nspec: {parentRefs: [{name: g}], hostname: [a]}\n";
    let annotated = noted
        .replace("# Source: shop/templates/route.yaml\n", "")
        .replace(
            "namespace: shop}",
            "namespace: shop, annotations: {config.kubernetes.io/path: shop/templates/route.yaml}}",
        );
    for set in [noted, annotated.as_str()] {
        for arguments in [
            &["validate", "-"][..],
            &["status", "-"],
            &["request", "-", "http://a.example/"],
            &["upgrade-check", "-", "--to", "v1.5.0"],
        ] {
            let (_, text) = run(arguments, set);
            let rendered = "rendered from shop/templates/route.yaml\n";
            assert!(text.contains(rendered), "{arguments:?}: {text}");
            let (_, json) = run(&[arguments, &["-o", "json"]].concat(), set);
            let origin = "\"origin\": \"shop/templates/route.yaml\"";
            assert!(json.contains(origin), "{arguments:?}: {json}");
        }
        let unknown = set.replace("kind: HTTPRoute", "kind: HttpRoute");
        let output = gwapi(&["convert", "-", "--to", "v1"], unknown);
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(
            said.contains("rendered from shop/templates/route.yaml\n"),
            "{said}"
        );
    }
}
