//! Bounds on what is looked for and shown: what is passed over is said, with the option that allows more, whatever the form of
//! the output.

use crate::support::gwapi;

const HEAD: &str = "apiVersion: gateway.networking.k8s.io/v1\nkind:";

/// A Gateway and routes with these specs, called `r0`, `r1` and so on.
fn set(specs: impl IntoIterator<Item = String>) -> String {
    let gateway = format!(
        "{HEAD} Gateway\nmetadata: {{name: g, namespace: shop}}\n\
         spec: {{gatewayClassName: a, listeners: [{{name: http, port: 80, protocol: HTTP}}]}}\n"
    );
    specs.into_iter().enumerate().fold(gateway, |text, (n, spec)| {
        text + &format!(
            "---\n{HEAD} HTTPRoute\nmetadata: {{name: r{n}, namespace: shop}}\nspec:\n  parentRefs: [{{name: g}}]\n  {spec}\n"
        )
    })
}

/// A match that another one hides, behind others of which nobody knows that without comparing them.
fn hidden() -> String {
    let by = |header: &str| {
        format!(
            "rules: [{{matches: [{{headers: [{{name: h, {header}}}]}}], backendRefs: [{{name: s, port: 80}}]}}]"
        )
    };
    let pattern = |value: &str| by(&format!("type: RegularExpression, value: '{value}'"));
    let others = (0..8).map(|n| pattern(&format!("b{n}.*")));
    set(others.chain([pattern("z.*"), by("value: zz")]))
        + "---\napiVersion: v1\nkind: Service\nmetadata: {name: s, namespace: shop}\nspec: {ports: [{port: 80}]}\n"
}

/// Redirects of each host to the next, in a circle.
fn circle(many: usize) -> String {
    set((0..many).map(|n| {
        let next = (n + 1) % many;
        format!(
            "hostnames: [h{n}.test]\n  rules: [{{filters: [{{type: RequestRedirect, requestRedirect: {{hostname: h{next}.test}}}}]}}]"
        )
    }))
}

/// Regular expressions for paths, of which each may take what the next one does.
fn paths() -> String {
    set((0..6).map(|n| {
        format!("rules: [{{matches: [{{path: {{type: RegularExpression, value: '/a.*{n}.*'}}}}]}}]")
    }))
}

/// What a verb says on both of its outputs.
fn said(arguments: &[&str], text: &str) -> (Option<i32>, String, String) {
    let output = gwapi(arguments, text);
    let [out, err] = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
    (output.status.code(), out, err)
}

#[test]
fn what_lint_passes_over_is_said_with_the_option_that_allows_more() {
    for (text, option, few) in [
        (hidden(), "--max-compared", "5"),
        (circle(9), "--max-hops", "3"),
        (paths(), "--max-compared-patterns", "2"),
        (paths(), "--max-table-patterns", "3000"),
    ] {
        let named = format!("`{option}` allows more");
        for verb in ["validate", "status"] {
            for format in ["text", "json"] {
                let arguments = [verb, "-f", "-", "-o", format];
                let (_, _, all) = said(&arguments, &text);
                assert!(!all.contains(&named), "{verb} {format}: {all}");
                let (_, out, err) = said(&[&arguments[..], &[option, few]].concat(), &text);
                assert!(err.contains(&named), "{verb} {format} {option}: {err}");
                assert!(!out.contains(&named), "{verb} {format} {option}: {out}");
            }
        }
    }
}

/// A set of which nobody knows whether it has warnings is not one without.
#[test]
fn what_was_not_looked_for_is_denied_like_warnings() {
    let text = hidden();
    let deny = ["validate", "-f", "-", "--deny-warnings"];
    let (code, out, _) = said(&deny, &text);
    assert_eq!(code, Some(1));
    assert!(out.contains("[RouteRules/no-dead-match]"), "{out}");
    let (code, out, err) = said(&[&deny[..], &["--max-compared", "5"]].concat(), &text);
    assert!(!out.contains("[RouteRules/no-dead-match]"), "{out}");
    assert_eq!(code, Some(1), "{err}");
    let (code, ..) = said(&["validate", "-f", "-", "--max-compared", "5"], &text);
    assert_eq!(code, Some(0));
}

/// Of many grants the nearly right one may be the last that is looked at, or the next after that.
#[test]
fn hints_that_may_be_missing_are_counted_by_reference_and_request() {
    let grant = |n: usize, namespace: &str, service: &str| {
        format!(
            "---\napiVersion: gateway.networking.k8s.io/v1beta1\nkind: ReferenceGrant\n\
             metadata: {{name: g{n}, namespace: far}}\nspec:\n  \
             from: [{{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: {namespace}}}]\n  \
             to: [{{group: '', kind: Service, name: {service}}}]\n"
        )
    };
    let to_far = "rules: [{backendRefs: [{name: s, namespace: far, port: 80}]}]";
    let grants: String = (0..3).map(|n| grant(n, "other", "t")).collect();
    let text = set([to_far.to_owned()]) + &grants + &grant(3, "shopp", "s");
    let near = "ReferenceGrant far/g3 would allow it";
    for verb in ["validate", "status"] {
        let (_, out, err) = said(&[verb, "-f", "-"], &text);
        assert!(out.contains(near), "{verb}: {out}");
        assert!(!err.contains("--max-near-candidates"), "{verb}: {err}");
        let (_, out, err) = said(&[verb, "-f", "-", "--max-near-candidates", "3"], &text);
        assert!(!out.contains(near), "{verb}: {out}");
        assert!(
            err.contains("hints may be missing for 1 reference or request: 3 objects are looked at for each; `--max-near-candidates` allows more"),
            "{verb}: {err}"
        );
    }
    // Each of these is left out, and would take the request.
    let refused = "rules: [{matches: [{path: {value: /a}, colour: red}]}]";
    let text = set([refused, refused, refused].map(str::to_owned));
    let ask = ["request", "-f", "-", "http://x.test/a"];
    let (_, _, err) = said(&ask, &text);
    assert!(!err.contains("--max-near-tried"), "{err}");
    let (_, _, err) = said(&[&ask[..], &["--max-near-tried", "2"]].concat(), &text);
    assert!(
        err.contains("hints may be missing for 1 request: of the routes that are left out, 2 are tried; `--max-near-tried` allows more"),
        "{err}"
    );
}

/// What is not shown is counted, and the option named that shows it.
#[test]
fn every_verb_says_how_more_of_its_text_is_shown() {
    let wrong = "rules: [{matches: [{path: {value: bad}}]}]";
    let refused = set(std::iter::repeat_n(wrong.to_owned(), 5));
    let broken = "kind: [\n---\n".repeat(5);
    for (verb, text) in [
        ("validate", &refused),
        ("status", &refused),
        ("upgrade-check", &refused),
        ("convert", &broken),
    ] {
        let (_, out, err) = said(&[verb, "-f", "-"], text);
        assert!(!(out + &err).contains("--max-shown"), "{verb}");
        let (_, out, err) = said(&[verb, "-f", "-", "--max-shown", "2"], text);
        let all = out + &err;
        assert!(all.contains(" more"), "{verb}: {all}");
        assert!(all.contains("`--max-shown` allows more"), "{verb}: {all}");
    }
}

/// Who meets a bound looks for it in the help.
#[test]
fn help_has_every_bound_with_its_default() {
    let near = [
        ("max-near-objects", "50000"),
        ("max-near-candidates", "1000"),
        ("max-near-listeners", "64"),
        ("max-near-tried", "8"),
    ];
    let looking = [
        ("max-matches", "500000"),
        ("max-namespaces", "1000000"),
        ("max-compared", "1024"),
        ("max-compared-patterns", "4000"),
        ("max-hops", "10"),
    ];
    let shown = [("max-shown", "1000")];
    for (verb, bounds) in [
        ("validate", [&near[..], &looking[..], &shown[..]].concat()),
        ("status", [&near[..], &looking[..], &shown[..]].concat()),
        ("request", [&near[..], &shown[..]].concat()),
        ("convert", shown.to_vec()),
        ("upgrade-check", shown.to_vec()),
    ] {
        let (_, help, _) = said(&[verb, "--help"], "");
        for (option, default) in bounds {
            let at = help.find(&format!("--{option} <NUMBER>"));
            let at = at.unwrap_or_else(|| panic!("{verb}: {option} in {help}"));
            let end = help[at..].find("[default: ").unwrap() + at;
            assert!(
                help[end..].starts_with(&format!("[default: {default}]")),
                "{verb}: {option}"
            );
            assert_eq!(
                help[at + 2..end].matches("<NUMBER>").count(),
                1,
                "{verb}: {option}"
            );
        }
    }
    let (_, help, _) = said(&["request", "--help"], "");
    assert!(help.contains("Send so many requests, 1 to 10000"), "{help}");
}
