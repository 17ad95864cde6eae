//! Help for requests that a match would have taken but for a part of it.

use crate::support::{SOUND, gwapi, run};

/// What the route of `SOUND` has in the place of its rule.
const RULE: &str = "hostnames: [a.example], rules: [{ matches: [
    { path: { type: Exact, value: /exact } },
    { path: { type: RegularExpression, value: '/re[0-9]+' } },
    { path: { value: /Case } },
    { path: { value: /post }, method: POST },
    { path: { value: /header }, headers: [{ name: x, value: '1' }] },
    { path: { value: /query }, queryParams: [{ name: q, value: '1' }] },
  ], backendRefs: [{ name: cart, port: 80 }] }]";

fn set() -> String {
    let rule = "rules: [{ backendRefs: [{ name: cart, port: 80 }] }]";
    SOUND.replace(rule, RULE)
}

/// What the answer to a request helps with.
fn help(url: &str) -> Vec<String> {
    let (code, json) = run(&["request", "-", "-o", "json", url], &set());
    assert_eq!(code, Some(1), "{url}");
    let answer: serde_json::Value = serde_json::from_str(&json).unwrap();
    let help = answer["help"].as_array().unwrap().iter();
    help.map(|one| one.as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_path_that_is_nearly_taken_says_what_to_ask_or_to_write() {
    let at = |index: usize| format!("HTTPRoute shop/cart, rule 0, match {index}");
    for (path, wanted) in [
        (
            "/exact/",
            format!(
                "{} takes `/exact` alone, and a `/` at the end counts: ask `/exact`, or write `type: PathPrefix`",
                at(0)
            ),
        ),
        (
            "/exact/below",
            format!(
                "{} takes `/exact` alone and nothing below it: write `type: PathPrefix` if it is meant to",
                at(0)
            ),
        ),
        (
            "/EXACT",
            format!(
                "{} asks for other capitals, which count in paths: ask `/exact`",
                at(0)
            ),
        ),
        (
            "/case/x?a=1",
            format!(
                "{} asks for other capitals, which count in paths: ask `/Case/x`",
                at(2)
            ),
        ),
        (
            "/re12x",
            format!(
                "{} has to match the whole path, and `/re[0-9]+` matches a part of it: write `.*` where more may stand",
                at(1)
            ),
        ),
        (
            "/v1/re12",
            format!(
                "{} has to match the whole path, and `/re[0-9]+` matches a part of it: write `.*` where more may stand",
                at(1)
            ),
        ),
        (
            "/Cases",
            format!(
                "{} takes `/Case` and what is below it, by whole segments: ask `/Case/s`, or write a `RegularExpression`",
                at(2)
            ),
        ),
        ("/exct", "did you mean the path `/exact`?".to_owned()),
        (
            "/post",
            format!("{} takes the path, but the method must be `POST`", at(3)),
        ),
        (
            "/header",
            format!("{} takes the path, but the header `x` must be `1`", at(4)),
        ),
        (
            "/query",
            format!(
                "{} takes the path, but the query parameter `q` must be `1`",
                at(5)
            ),
        ),
    ] {
        assert_eq!(help(&format!("http://a.example{path}")), [wanted], "{path}");
    }
    // Nothing is near.
    assert_eq!(help("http://a.example/quite-another/thing"), [""; 0]);
}

#[test]
fn a_scheme_for_which_there_is_no_listener_says_which_there_is() {
    let (code, text) = run(
        &[
            "request",
            "-",
            "--gateway",
            "shop/front",
            "https://a.example/exact",
        ],
        &set(),
    );
    assert_eq!(code, Some(1));
    assert!(
        text.contains(
            "help      listener `http` of Gateway shop/front takes this host in HTTP on port 80: ask http://a.example:80, or give the \
             Gateway a listener with `protocol: HTTPS` and `tls`\n"
        ),
        "{text}"
    );
}

/// An object that names no kind is named by its name, and a route by its name once.
#[test]
fn nothing_is_named_twice_or_by_nothing() {
    let (_, text) = run(&["validate", "-"], "metadata: { name: a }\n");
    assert!(
        text.starts_with("error: <stdin>:1:1: a: apiVersion: "),
        "{text}"
    );
    let set = "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: { name: app }\nspec: { parentRefs: [{ name: front }] }\n";
    let gateway = SOUND.split("---").next().unwrap();
    let output = gwapi(
        &[
            "request",
            "-",
            "--gateway",
            "shop/front",
            "http://a.example/",
        ],
        format!("{gateway}---\n{set}"),
    );
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.contains("HTTPRoute default/app: names no namespace"),
        "{text}"
    );
}
