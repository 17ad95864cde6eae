//! `gwapi validate`: what it prints, with which exit code, and that no input makes it run away.

use crate::support::{gwapi, with_newest};
use serde_json::Value;
use std::time::{Duration, Instant};

/// Far more than a debug build needs; what is not bounded takes hours.
const LIMIT: Duration = Duration::from_secs(60);

fn json(arguments: &[&str], stdin: &str) -> (Option<i32>, Vec<Value>) {
    let arguments = [&["validate", "-f", "-", "-o", "json"], arguments].concat();
    let output = gwapi(&arguments, stdin.as_bytes());
    let findings = serde_json::from_slice(&output.stdout).unwrap();
    (output.status.code(), findings)
}

const ROUTE: &str = "\
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: cart, namespace: shop}
spec:
  parentRefs: [{name: edge}]
  rules:
  - matches:
    - path: {type: PathPrefx, value: /cart}
    backendRefs: [{name: cart, port: 8080}]
    timeouts: {request: 10s}
status:
  parents: none
";

#[test]
fn a_finding_is_shown_as_compilers_do() {
    let output = gwapi(
        &["validate", "-f", "-", "--channel", "experimental"],
        ROUTE.as_bytes(),
    );
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        with_newest(
            "error: <stdin>:8:20: HTTPRoute shop/cart: spec.rules[0].matches[0].path.type: \
         `PathPrefx` is not one of the allowed values [schema/enum]\n   \
         |\n 8 |     - path: {type: PathPrefx, value: /cart}\n   \
         |                    ^\n  \
         help: did you mean `PathPrefix`? Allowed: `Exact`, `PathPrefix` or `RegularExpression`\n\n\
         1 object: 1 error, 0 warnings\n\
         judged by the experimental channel of NEWEST, the newest release; use `--release` to judge by another\n"
        )
    );
}

#[test]
fn a_finding_for_programs_has_the_keys_that_were_promised() {
    let (exit, findings) = json(&["--channel", "experimental"], ROUTE);
    assert_eq!(exit, Some(1));
    assert_eq!(
        findings,
        [serde_json::json!({
            "file": "<stdin>", "line": 8, "column": 20,
            "object": {
                "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute",
                "namespace": "shop", "name": "cart",
            },
            "severity": "error", "rule": "schema/enum", "path": "spec.rules[0].matches[0].path.type",
            "message": "`PathPrefx` is not one of the allowed values",
            "help": "did you mean `PathPrefix`? Allowed: `Exact`, `PathPrefix` or `RegularExpression`",
        })]
    );
}

#[test]
fn the_channel_decides_and_status_is_judged_when_asked_for() {
    let text = ROUTE.replace("PathPrefx", "PathPrefix");
    let rules = |arguments: &[&str]| {
        let (exit, findings) = json(arguments, &text);
        let rules: Vec<_> = findings
            .iter()
            .map(|f| {
                format!(
                    "{} {}",
                    f["rule"].as_str().unwrap(),
                    f["path"].as_str().unwrap()
                )
            })
            .collect();
        (exit, rules)
    };
    assert_eq!(rules(&["--channel", "experimental"]), (Some(0), vec![]));
    // The standard channel has the field since v1.2.0.
    assert_eq!(rules(&[]), (Some(0), vec![]));
    let unknown = "schema/unknown-field spec.rules[0].timeouts".to_owned();
    let old = ["--release", "v1.1.0"];
    assert_eq!(rules(&old), (Some(1), vec![unknown]));
    let old_experimental = ["--release", "v1.1.0", "--channel", "experimental"];
    assert_eq!(rules(&old_experimental), (Some(0), vec![]));
    assert_eq!(
        rules(&["--channel", "experimental", "--with-status"]),
        (Some(1), vec!["schema/type status.parents".to_owned()])
    );
}

#[test]
fn an_unknown_field_is_shown_at_its_key() {
    let (_, findings) = json(&[], &ROUTE.replace("  timeouts:", "  timouts:"));
    let unknown = findings
        .iter()
        .find(|f| f["rule"] == "schema/unknown-field")
        .unwrap();
    assert_eq!(
        (&unknown["line"], &unknown["column"]),
        (&10.into(), &5.into())
    );
    assert_eq!(unknown["path"], "spec.rules[0].timouts");
}

#[test]
fn warnings_alone_are_exit_0() {
    let text = "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: a}\n\
                spec: {parentRefs: [{name: c}], rules: [{backendRefs: [{name: b, port: 80, weight: 0}]}]}\n";
    let (exit, findings) = json(&[], text);
    assert_eq!(exit, Some(0));
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert_eq!(findings[0]["severity"], "warning");
    assert_eq!(findings[0]["rule"], "RouteRule/weights-not-all-zero");
}

/// Each input is refused in time, with an error that says where and why, by every verb that judges it.
#[test]
fn hostile_input_is_refused_in_time_with_a_clear_error() {
    let route = |spec: &str| {
        format!(
            "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {{name: a}}\nspec:\n{spec}"
        )
    };
    let bomb = (0..12).fold("a0: &a0 [x]\n".to_owned(), |text, n| {
        let nine = vec![format!("*a{n}"); 9].join(", ");
        text + &format!("a{}: &a{} [{nine}]\n", n + 1, n + 1)
    });
    let unknown: String = (0..50_000).map(|n| format!("  x{n}: 1\n")).collect();
    let same: String = "x: 1\n".repeat(50_000);
    let parents: String = (0..20_000)
        .map(|n| format!("  - {{name: g, sectionName: s{n}}}\n"))
        .collect();
    // As many as a route may have: a server takes them, so they are warned of.
    let expressions: String = (0..16)
        .map(|rule| {
            let matches = (0..8).fold(String::new(), |text, n| {
                text + &format!(
                    "    - path: {{type: RegularExpression, value: '((a{{100}}){{100}}){{100}}{rule}{n}'}}\n"
                )
            });
            format!("  - matches:\n{matches}")
        })
        .collect();
    let broken = route("  rules: [{backendRefs: [{name: a, port: x}]}]\n---\n").repeat(2_000);
    let long = format!(
        "{{\"apiVersion\": \"gateway.networking.k8s.io/v1\", \"kind\": \"HTTPRoute\", \"metadata\": {{\"name\": \"{}\"}}, \
         \"spec\": {{\"hostnames\": [{}1]}}}}",
        "n".repeat(1 << 20),
        "1,".repeat(1 << 18)
    );
    let deep = format!(
        "kind: A\nspec: {}{}\n",
        "[".repeat(1 << 20),
        "]".repeat(1 << 20)
    );
    for (what, input, said) in [
        ("nesting", deep.into_bytes(), "limit"),
        ("aliases", bomb.into_bytes(), "aliases expand to more than"),
        ("not UTF-8", b"kind: \xff\n".to_vec(), "not UTF-8"),
        (
            "keys given twice",
            (route("  {}\n") + &same).into_bytes(),
            "given twice",
        ),
        (
            "unknown fields",
            route(&unknown).into_bytes(),
            "has no field `x0` here",
        ),
        (
            "a long list",
            route(&("  parentRefs:\n".to_owned() + &parents)).into_bytes(),
            "may have at most 32",
        ),
        (
            "expressions",
            route(&("  rules:\n".to_owned() + &expressions)).into_bytes(),
            "is too large: about ",
        ),
        (
            "many broken objects",
            broken.into_bytes(),
            "expected an integer",
        ),
        ("one line of megabytes", long.into_bytes(), "is not a name"),
    ] {
        for verb in ["validate", "convert", "upgrade-check"] {
            let begin = Instant::now();
            let output = gwapi(&[verb, "-f", "-"], &input);
            assert!(
                begin.elapsed() < LIMIT,
                "{verb} {what}: {:?}",
                begin.elapsed()
            );
            assert!(
                matches!(output.status.code(), Some(0 | 1)),
                "{verb} {what}: {output:?}"
            );
            if verb == "validate" {
                let warned = what == "expressions";
                assert_eq!(output.status.code(), Some(i32::from(!warned)), "{what}");
                let text = String::from_utf8_lossy(&output.stdout);
                assert!(text.contains(said), "{what}: {said} in {text:.2000}");
                assert!(text.len() < 4 << 20, "{what}: {} bytes", text.len());
            }
        }
    }
}

#[test]
fn an_upgrade_of_what_cannot_be_read_is_not_said_to_be_clean() {
    let output = gwapi(&["upgrade-check", "-f", "-"], b"a: [\n");
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.starts_with("Not all of the input could be read (1 problem): of the rest, nothing"),
        "{text}"
    );
    let output = gwapi(&["upgrade-check", "-f", "-", "-o", "json"], b"a: [\n");
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&answer["clean"], &answer["problems"]),
        (&false.into(), &1.into())
    );
}

/// An upgrade leads forward, or nowhere.
#[test]
fn an_upgrade_to_the_release_that_is_installed_is_judged_and_one_to_an_earlier_release_is_refused()
{
    for (from, to, judged) in [
        ("v1.4.0", "v1.4.0", true),
        ("v1.3.0", "v1.4.0", true),
        ("v1.4.0", "v1.3.0", false),
    ] {
        let output = gwapi(
            &["upgrade-check", "--from", from, "--to", to, "-f", "-"],
            "",
        );
        assert_eq!(output.status.code() != Some(2), judged, "{from} {to}");
    }
}

/// Text names 1000 findings and counts the others, where there are any.
#[test]
fn findings_of_upgrade_check_that_text_does_not_name_are_counted() {
    let upgrade = |gateways: usize, more: &[&str]| {
        let objects: String = (0..gateways)
            .map(|n| format!(
                "---\napiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {{name: g{n}, namespace: a}}\n\
                 spec: {{gatewayClassName: c, listeners: [{{name: web, port: 80, protocol: HTTP}}], \
                 backendTLS: {{clientCertificateRef: {{name: client}}}}}}\n"
            ))
            .collect();
        let always = [
            "upgrade-check",
            "--from",
            "v1.3.0",
            "--to",
            "v1.4.0",
            "--channel",
            "experimental",
            "-f",
            "-",
        ];
        let output = gwapi(&[&always, more].concat(), objects);
        String::from_utf8(output.stdout).unwrap()
    };
    let few: Value = serde_json::from_str(&upgrade(4, &["-o", "json"])).unwrap();
    let beside = few["findings"].as_array().unwrap().len() - 4;
    let full = 1_000 - beside;
    assert!(!upgrade(full, &[]).contains("more, which"));
    let more = upgrade(full + 1, &[]);
    assert!(
        more.contains("… and 1 more, which `-o json` names"),
        "{more:.2000}"
    );
}
