//! Which release objects are judged by where none is named: that of the CRDs in the input; else the newest that has all that
//! the input uses; else the newest.

use crate::support::{gwapi, newest, with_newest};
use serde_json::Value;

/// An object of each time, which is accepted there: `apiVersion`, kind, and spec.
const LISTENER_SET: [&str; 3] = [
    "gateway.networking.k8s.io/v1",
    "ListenerSet",
    "{parentRef: {name: gw}, listeners: [{name: web, port: 80, protocol: HTTP}]}",
];
const GRPC_ROUTE: [&str; 3] = [
    "gateway.networking.k8s.io/v1alpha2",
    "GRPCRoute",
    "{rules: [{matches: [{method: {service: cart.Cart}}]}]}",
];
const BACKEND_TLS: [&str; 3] = [
    "gateway.networking.k8s.io/v1",
    "Gateway",
    "{gatewayClassName: c, backendTLS: {clientCertificateRef: {name: client}}, \
     listeners: [{name: web, port: 80, protocol: HTTP}]}",
];
const HTTP_ROUTE: [&str; 3] = [
    "gateway.networking.k8s.io/v1",
    "HTTPRoute",
    "{rules: [{matches: [{path: {value: /}}]}]}",
];

fn objects(objects: &[[&str; 3]]) -> String {
    let object = |[api_version, kind, spec]: &[&str; 3]| {
        format!("apiVersion: {api_version}\nkind: {kind}\nmetadata: {{name: a}}\nspec: {spec}\n")
    };
    let objects: Vec<_> = objects.iter().map(object).collect();
    objects.join("---\n")
}

fn crd(version: &str) -> String {
    format!(
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n\
         metadata: {{name: a, annotations: {{gateway.networking.k8s.io/bundle-version: {version}}}}}\n\
         spec: {{group: gateway.networking.k8s.io}}\n"
    )
}

/// The errors that `validate` finds, and the line that says by which release it judged.
fn judged(arguments: &[&str], text: &str) -> (Vec<String>, String) {
    let arguments = [&["validate", "-o", "json"], arguments].concat();
    let output = gwapi(&arguments, text.as_bytes());
    let findings: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    let errors = findings
        .iter()
        .filter(|finding| finding["severity"] == "error")
        .map(|finding| format!("{}: {}", finding["path"], finding["help"]).replace('"', ""))
        .collect();
    (errors, String::from_utf8(output.stderr).unwrap())
}

#[test]
fn the_newest_release_that_has_all_of_the_input_judges() {
    let cases: [(&[[&str; 3]], &str, &str); 5] = [
        (&[], "standard", "NEWEST, the newest release"),
        (&[HTTP_ROUTE], "standard", "NEWEST, the newest release"),
        (
            &[LISTENER_SET, HTTP_ROUTE],
            "standard",
            "NEWEST, the newest release",
        ),
        (
            &[HTTP_ROUTE, GRPC_ROUTE],
            "experimental",
            "v1.1.1, the newest release that has every kind, version, field and value of the input that any release has: GRPCRoute a in \
             `gateway.networking.k8s.io/v1alpha2` is gone since v1.2.0",
        ),
        (
            &[HTTP_ROUTE, BACKEND_TLS, HTTP_ROUTE],
            "experimental",
            "v1.3.0, the newest release that has every kind, version, field and value of the input that any release has: `spec.backendTLS` of Gateway a is \
             gone since v1.4.0",
        ),
    ];
    for (given, channel, chosen) in cases {
        let (errors, said) = judged(&["-f", "-", "--channel", channel], &objects(given));
        assert!(errors.is_empty(), "{given:?}: {errors:?}");
        assert_eq!(
            said,
            with_newest(&format!("judged by the {channel} channel of {chosen}\n"))
        );
    }
}

#[test]
fn where_no_release_has_all_the_newest_judges_and_says_what_it_lacks() {
    let text = objects(&[LISTENER_SET, BACKEND_TLS]);
    let (errors, said) = judged(&["-f", "-", "--channel", "experimental"], &text);
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert!(
        errors[0].starts_with("spec.backendTLS: gone since v1.4.0"),
        "{errors:?}"
    );
    assert_eq!(
        said,
        with_newest(
            "judged by the experimental channel of NEWEST, the newest release: no release has every kind, version, field and value \
         of the input, since `spec.backendTLS` of Gateway a is gone since v1.4.0, and ListenerSet a in \
         `gateway.networking.k8s.io/v1` came with v1.5.0; use `--release` to judge by another\n"
        )
    );
}

#[test]
fn the_release_of_the_crds_in_the_input_judges() {
    // Also where they come last.
    let text = format!("{}---\n{}", objects(&[LISTENER_SET]), crd("v1.4.1"));
    let (errors, said) = judged(&["-f", "-"], &text);
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert!(errors[0].contains("since v1.5.0"), "{errors:?}");
    let why = "judged by the standard channel of v1.4.1, whose CRDs are in the input";
    assert!(said.starts_with(why), "{said}");

    let text = format!("{}---\n{}", crd("v1.6.77"), objects(&[LISTENER_SET]));
    let (errors, said) = judged(&["-f", "-"], &text);
    assert!(errors.is_empty(), "{errors:?}");
    assert_eq!(
        said,
        "judged by the standard channel of v1.6.3, the nearest known release to v1.6.77, whose CRDs are in the input\n"
    );
}

#[test]
fn a_release_that_is_named_judges() {
    let text = objects(&[LISTENER_SET]);
    let (errors, said) = judged(&["-f", "-", "--release", "v1.1.0"], &text);
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert_eq!(said, "");
    let output = gwapi(
        &["validate", "-f", "-", "--release", "v1.7.0"],
        text.as_bytes(),
    );
    let text = String::from_utf8(output.stdout).unwrap();
    let last = text.lines().last();
    assert_eq!(
        last,
        Some("judged by the standard channel of v1.7.0, as `--release` says")
    );
}

/// What was read before it came out that an older release is meant is judged by that release too, each once, and shown
/// with its line: from stdin and from many files.
#[test]
fn all_of_the_input_is_judged_by_one_release() {
    // v1.7.0 refuses the port, and a TLS listener without `tls`; v1.3.0 the port alone.
    let listener = [
        "gateway.networking.k8s.io/v1",
        "Gateway",
        "{gatewayClassName: c, listeners: [{name: web, port: 0, protocol: TLS}]}",
    ];
    let flags = ["--channel", "experimental", "-f"];
    let (errors, _) = judged(&[&flags[..], &["-"]].concat(), &objects(&[listener]));
    assert_eq!(errors.len(), 2, "{errors:?}");
    let all = [listener, listener, BACKEND_TLS, listener];
    let output = gwapi(
        &[&["validate"], &flags[..], &["-"]].concat(),
        objects(&all).as_bytes(),
    );
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(text.matches("error: <stdin>:").count(), 3, "{text}");
    assert_eq!(
        text.matches("spec: {gatewayClassName: c, listeners: [{name: web, port: 0,")
            .count(),
        // An error each, and the warning that TLS needs `tls`.
        6,
        "{text}"
    );
    assert!(text.contains("\n4 objects: 3 errors,"), "{text}");
    assert!(
        text.contains(
            "\njudged by the experimental channel of v1.3.0, the newest release that has"
        ),
        "{text}"
    );

    let scratch = tempfile::tempdir().unwrap();
    for (n, object) in std::iter::repeat_n(listener, 20)
        .chain([BACKEND_TLS])
        .enumerate()
    {
        let path = scratch.path().join(format!("{n:02}.yaml"));
        std::fs::write(path, objects(&[object])).unwrap();
    }
    let folder = scratch.path().to_str().unwrap();
    let (errors, said) = judged(&[&flags[..], &[folder]].concat(), "");
    assert_eq!(errors.len(), 20, "{errors:?}");
    assert!(said.contains("of v1.3.0, the newest"), "{said}");
}

#[test]
fn the_definitions_of_the_newest_release_are_written_unless_one_is_named() {
    let version = |arguments: &[&str]| {
        let output = gwapi(&[&["crds"], arguments].concat(), "");
        let text = String::from_utf8(output.stdout).unwrap();
        let versions = text.lines().filter_map(|line| {
            line.trim()
                .strip_prefix("gateway.networking.k8s.io/bundle-version: ")
        });
        let versions: std::collections::BTreeSet<_> = versions.map(str::to_owned).collect();
        (
            versions.into_iter().collect::<Vec<_>>(),
            String::from_utf8(output.stderr).unwrap(),
        )
    };
    let said = with_newest("definitions of the standard channel of NEWEST, the newest release\n");
    assert_eq!(version(&[]), (vec![newest().to_owned()], said));
    assert_eq!(
        version(&["--release", "v1.2.1"]),
        (vec!["v1.2.1".to_owned()], String::new())
    );
}
