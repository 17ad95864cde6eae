//! What is given and is left out is named by `status` and `request`, with the reason, in text and in JSON, and
//! the exit code is 1.

use crate::support::{SOUND, run};
use serde_json::Value;

/// What `status` and `request` say of these objects beside the sound ones: exit code, text and `ignored` of each.
fn ask(objects: &str) -> [(Option<i32>, String, Vec<Value>); 2] {
    let all = format!("{SOUND}---\n{objects}");
    let verbs: [&[&str]; 2] = [
        &["status", "-f", "-", "--release", "v1.1.0"],
        &[
            "request",
            "-f",
            "-",
            "--release",
            "v1.1.0",
            "http://a.example/",
        ],
    ];
    verbs.map(|verb| {
        let (code, text) = run(verb, &all);
        let (json_code, json) = run(&[verb, &["-o", "json"]].concat(), &all);
        assert_eq!(code, json_code);
        let json: Value = serde_json::from_str(&json).unwrap();
        let ignored = json.get("ignored").and_then(Value::as_array);
        (code, text, ignored.unwrap().clone())
    })
}

#[test]
fn where_all_is_taken_nothing_is_ignored_and_the_exit_code_is_0() {
    for (code, text, ignored) in ask("") {
        assert_eq!(code, Some(0), "{text}");
        assert!(ignored.is_empty());
        assert!(!text.contains("left out"), "{text}");
    }
}

#[test]
fn each_object_that_is_left_out_is_named_with_its_reason() {
    let route = |api_version: &str, kind: &str, spec: &str| {
        format!(
            "apiVersion: {api_version}\nkind: {kind}\nmetadata: {{ name: other, namespace: shop }}\nspec: {spec}\n"
        )
    };
    let own = |version: &str, kind: &str, spec: &str| {
        route(&format!("gateway.networking.k8s.io/{version}"), kind, spec)
    };
    for (object, reason, said) in [
        (
            own("v1", "HttpRoute", "{}"),
            "UnknownKind",
            "did you mean `HTTPRoute`?",
        ),
        (
            own("v1", "TLSRoute", "{}"),
            "UnknownVersion",
            "which came with release v1.5.0",
        ),
        (
            own("v1beta2", "HTTPRoute", "{}"),
            "UnknownVersion",
            "gateway.networking.k8s.io/v1beta2",
        ),
        (
            route("networking.x-k8s.io/v1alpha1", "HTTPRoute", "{}"),
            "UnknownGroup",
            "`networking.x-k8s.io` is the name that the group had",
        ),
        (
            route("gateway.networking.k8s.oi/v1", "HTTPRoute", "{}"),
            "UnknownGroup",
            "did you mean `gateway.networking.k8s.io`?",
        ),
        (
            own("v1", "HTTPRoute", "{ hostname: [a.example] }"),
            "UnknownField",
            "line 25: spec.hostname",
        ),
        (
            own(
                "v1",
                "HTTPRoute",
                "{ rules: [{ filters: [{ type: RequestRedirect, requestRedirect: { scheme: https } }], backendRefs: [{ name: cart, port: 80 }] }] }",
            ),
            "Refused",
            "a rule that redirects must have no backends",
        ),
        (
            route("v1", "ConfigMap", "{}\ndata: 7"),
            "Unreadable",
            "line 26: data",
        ),
    ] {
        for (code, text, ignored) in ask(&object) {
            assert_eq!(code, Some(1), "{text}");
            assert_eq!(ignored.len(), 1, "{ignored:#?}");
            let named = &ignored[0];
            assert_eq!(named["reason"], reason);
            assert_eq!(named["name"], "other");
            assert_eq!(named["file"], "<stdin>");
            assert_eq!(named["line"], 22);
            assert!(text.contains("other (<stdin>:2"), "{text}");
            assert!(text.contains(said), "{said}\n{text}");
            assert!(!text.contains("all as it should be"), "{text}");
        }
    }
}

/// An API server keeps the object that was applied last.
#[test]
fn of_two_objects_of_one_name_the_last_is_in_force_and_the_other_is_named() {
    let again = "apiVersion: gateway.networking.k8s.io/v1beta1\nkind: HTTPRoute\nmetadata: { name: cart, namespace: shop }\n\
                 spec: { parentRefs: [{ name: front }], hostnames: [b.example], rules: [{ backendRefs: [{ name: cart, port: 80 }] }] }\n";
    for (code, text, ignored) in ask(again) {
        assert_eq!(code, Some(1));
        assert_eq!(ignored.len(), 1, "{ignored:#?}");
        assert_eq!(ignored[0]["reason"], "Replaced");
        assert_eq!(ignored[0]["line"], 12);
        assert!(
            text.contains("given again at <stdin>:22: the API server keeps what was applied last"),
            "{text}"
        );
    }
    let (_, answer) = run(
        &["request", "-f", "-", "-o", "json", "http://a.example/"],
        &format!("{SOUND}---\n{again}"),
    );
    let answer: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(answer["status"], 404);
}

#[test]
fn the_channel_decides_and_what_is_experimental_is_named() {
    let objects = format!(
        "{SOUND}---\n{}",
        "apiVersion: gateway.networking.k8s.io/v1alpha2\nkind: TCPRoute\nmetadata: { name: t, namespace: shop }\n\
         spec: { parentRefs: [{ name: front }], rules: [{ backendRefs: [{ name: cart, port: 80 }] }] }\n"
    );
    let url = "http://a.example/";
    let (code, text) = run(&["request", "-f", "-", url], &objects);
    assert_eq!(code, Some(0), "what is experimental is no finding");
    assert!(
        text.contains("experimental") && text.contains("TCPRoute shop/t"),
        "{text}"
    );
    let arguments = [
        "request",
        "-f",
        "-",
        "--channel",
        "standard",
        "-o",
        "json",
        url,
    ];
    let (code, json) = run(&arguments, &objects);
    let answer: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(code, Some(1));
    assert_eq!(answer["outcome"], "forwarded");
    assert_eq!(answer["ignored"][0]["kind"], "TCPRoute");
    assert_eq!(answer["experimental"], serde_json::json!([]));
    let (_, json) = run(&["status", "-f", "-", "-o", "json"], &objects);
    let list: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(list["experimental"][0]["name"], "t");
}

#[test]
fn nothing_that_was_given_moves_the_cursor_or_begins_a_line() {
    let object = "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\n\
                  metadata: { name: \"x\\e[2K\\r\\n9 objects: all is well\\x9b1m\\u202e\", namespace: shop }\n";
    for (code, text, ignored) in ask(object) {
        assert_eq!(code, Some(1));
        assert_eq!(ignored.len(), 1);
        assert!(
            !text.contains(['\u{1b}', '\r', '\u{9b}', '\u{202e}']),
            "{text:?}"
        );
        assert!(!text.contains("\n9 objects"), "{text}");
        assert!(text.contains("x\\u{1b}[2K\\r\\n9 objects"), "{text}");
    }
}

/// `kubectl apply` asks for strict validation of fields. That is said once, however many fields there are.
#[test]
fn why_unknown_fields_count_is_said_once() {
    let object = "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: { name: other, namespace: shop }\n\
                  spec: { hostname: [a.example], rule: [], zzz: 1 }\n";
    for (code, text, ignored) in ask(object) {
        assert_eq!(code, Some(1));
        assert_eq!(ignored[0]["findings"].as_array().map(Vec::len), Some(3));
        let said = "unknown fields: `kubectl apply` validates strictly";
        assert_eq!(text.matches(said).count(), 1, "{text}");
        assert!(
            text.contains("spec.zzz: v1.1.0 (experimental channel) has no field `zzz` here"),
            "{text}"
        );
    }
}

/// A server that validates fields strictly refuses a Service with `prots`, and any other drops the field: all verbs say so. The
/// object takes part, since the field may be one of a newer Kubernetes.
#[test]
fn an_unknown_field_of_a_kind_of_kubernetes_is_named_by_every_verb() {
    for (api_version, kind, rest, path, near) in [
        (
            "v1",
            "Service",
            "spec: { ports: [{ port: 80 }], prots: [{ port: 80 }] }",
            "spec.prots",
            "ports",
        ),
        ("v1", "ConfigMap", "dat: { a: b }", "dat", "data"),
        ("v1", "Secret", "dta: { a: b }", "dta", "data"),
        ("v1", "Endpoints", "subset: []", "subset", "subsets"),
        (
            "discovery.k8s.io/v1",
            "EndpointSlice",
            "addressType: IPv4\nendpionts: []",
            "endpionts",
            "endpoints",
        ),
        (
            "multicluster.x-k8s.io/v1alpha1",
            "ServiceImport",
            "spec: { type: ClusterSetIP, ports: [], prots: 3 }",
            "spec.prots",
            "ports",
        ),
    ] {
        let object = format!(
            "apiVersion: {api_version}\nkind: {kind}\nmetadata: {{ name: other, namespace: shop }}\n{rest}\n"
        );
        let (said, help) = (
            format!("{path}: kind {kind} has no field"),
            format!("did you mean `{near}`?"),
        );
        for (code, text, ignored) in ask(&object) {
            assert_eq!(code, Some(1), "{text}");
            assert_eq!(ignored, [] as [Value; 0]);
            assert!(text.contains(&said) && text.contains(&help), "{text}");
        }
        let all = format!("{SOUND}---\n{object}");
        let (_, json) = run(&["status", "-f", "-", "-o", "json"], &all);
        let list: Value = serde_json::from_str(&json).unwrap();
        assert_eq!(list["warnings"][0]["kind"], kind);
        assert_eq!(list["warnings"][0]["path"], path);
        assert_eq!(list["warnings"][0]["help"], help);
        let arguments = ["request", "-f", "-", "-o", "json", "http://a.example/"];
        let (_, json) = run(&arguments, &all);
        assert!(json.contains(&said) && json.contains(&help), "{json}");
        let (code, json) = run(&["validate", "-f", "-", "-o", "json"], &object);
        let found: Value = serde_json::from_str(&json).unwrap();
        assert_eq!(code, Some(0), "a warning");
        assert_eq!(found[0]["rule"], "schema/unknown-field", "{found:#}");
        assert_eq!(found[0]["severity"], "warning");
        assert_eq!(found[0]["path"], path);
        assert!(found[0]["line"].as_u64() > Some(3), "{found:#}");
        assert_eq!(found[0]["help"], help);
    }
    // A Service with such a field is a backend all the same.
    let objects = SOUND.replace(
        "spec: { ports: [{ port: 80 }] }",
        "spec: { ports: [{ port: 80 }], novel: 1 }",
    );
    assert_ne!(objects, SOUND);
    let arguments = ["request", "-f", "-", "-o", "json", "http://a.example/"];
    let (code, json) = run(&arguments, &objects);
    let answer: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((code, &answer["outcome"]), (Some(1), &"forwarded".into()));
}

/// EndpointSlice `addressType`: "All addresses in this slice must be the same type"; a server refuses any other slice.
#[test]
fn an_endpoint_slice_with_an_address_of_another_type_is_left_out_and_named() {
    for (kind, path) in [
        ("IPv4", "endpoints[0].addresses[0]"),
        ("IPv5", "addressType"),
    ] {
        let object = format!(
            "apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\n\
             metadata: {{ name: cart-1, namespace: shop, labels: {{ kubernetes.io/service-name: cart }} }}\n\
             addressType: {kind}\nendpoints: [{{ addresses: [10.0.0.300] }}]\nports: [{{ port: 80 }}]\n"
        );
        for (code, text, ignored) in ask(&object) {
            assert_eq!(code, Some(1), "{text}");
            assert_eq!(ignored[0]["reason"], "Refused", "{ignored:#?}");
            assert_eq!(ignored[0]["findings"][0]["path"], path);
            assert!(!text.contains("10.0.0.300:"), "{text}");
        }
        let (code, json) = run(&["validate", "-f", "-", "-o", "json"], &object);
        let found: Value = serde_json::from_str(&json).unwrap();
        assert_eq!((code, &found[0]["path"]), (Some(1), &path.into()));
    }
}

/// What is not implemented makes the exit code 1, and then nothing says that all is as it should be.
#[test]
fn the_summary_of_a_status_agrees_with_its_exit_code() {
    let objects = SOUND.replace(
        "rules: [{ backendRefs",
        "rules: [{ retry: { attempts: 2 }, backendRefs",
    );
    assert_ne!(objects, SOUND);
    for objects in [SOUND, &*objects, "{}", ""] {
        let (code, text) = run(&["status", "-f", "-"], objects);
        let all_well = ["all as it should be", "nothing to report"];
        let says_so = all_well.iter().any(|said| text.contains(said));
        assert_eq!(says_so, code == Some(0), "{text}");
    }
}

/// Which kind is meant is one decision: what is listed as left out is not to be created a second time.
#[test]
fn an_object_of_a_misspelt_kind_is_not_said_to_be_missing() {
    let objects = "
apiVersion: gateway.networking.k8s.io/v1
kind: Gatway
metadata: { name: gw, namespace: a }
spec: { gatewayClassName: c, listeners: [{ name: http, port: 80, protocol: HTTP }] }
---
apiVersion: gateway.networking.k8s.io/v1beta1
kind: ReferenceGrants
metadata: { name: g, namespace: b }
spec: { from: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: a }], to: [{ group: '', kind: Service }] }
---
apiVersion: v1
kind: service
metadata: { name: s, namespace: a }
spec: { ports: [{ port: 80 }] }
---
apiVersion: core/v1
kind: Service
metadata: { name: t, namespace: a }
spec: { ports: [{ port: 80 }] }
---
apiVersion: v1
kind: namespace
metadata: { name: c }
---
apiVersion: v1
kind: Service
metadata: { name: u, namespace: b }
spec: { ports: [{ port: 80 }] }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: r, namespace: a }
spec: { parentRefs: [{ name: gw }], rules: [{ backendRefs: [{ name: s, port: 80 }, { name: t, port: 80 }, { name: u, namespace: b, port: 80 }] }] }
";
    let (_, text) = run(&["status", "-f", "-"], objects);
    for said in [
        "Gateway a/gw was given, but is left out",
        "Service a/s was given, but is left out",
        "Service a/t was given, but is left out",
        "ReferenceGrant b/g would allow it, but is left out",
        "  namespace c (",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
    for wrong in ["does not exist", "create a ", "add Gateway"] {
        assert!(!text.contains(wrong), "{wrong}: {text}");
    }
}
