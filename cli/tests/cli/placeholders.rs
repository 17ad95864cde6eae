//! Placeholders such as `${DOMAIN}`, with a value and without one, in every verb that reads objects.

use crate::support::{Folder, gwapi, run};
use serde_json::Value;

const OBJECTS: &str = r#"
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: c, annotations: {note: "$${NOT} ${SEEN}"}}
spec: {controllerName: a.b/c}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: ${NAME}, namespace: net}
spec:
  gatewayClassName: c
  listeners:
  - {name: http, port: "${PORT}", protocol: HTTP, hostname: "*.${DOMAIN,,}"}
"#;

const VALUES: [&str; 6] = [
    "--var",
    "NAME=g",
    "--var",
    "DOMAIN=Shop.Example",
    "--var",
    "PORT=80",
];

#[test]
fn verbs_that_cannot_go_on_say_which_variable_needs_a_value() {
    for arguments in [
        &["status", "-"][..],
        &["request", "-f", "-", "http://a.shop.example/"],
        &["upgrade-check", "--to", "v1.5.0", "-"],
    ] {
        let output = gwapi(arguments, OBJECTS);
        let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert_ne!(output.status.code(), Some(0), "{text}");
        assert!(
            text.contains("`${DOMAIN}`, `${NAME}`, `${PORT}` have no value"),
            "{arguments:?}: {text}"
        );
        assert!(text.contains("`--var DOMAIN=VALUE`"), "{text}");
        assert!(!text.contains("placeholder-"), "{text}");
        assert!(!text.contains("schema/"), "{text}");
    }
}

#[test]
fn what_is_escaped_and_what_is_a_note_needs_no_value() {
    let class = OBJECTS.split("---").next().unwrap();
    let (code, text) = run(&["defaults", "-", "-o", "json"], class);
    assert_eq!(code, Some(0));
    let stored: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        stored[0]["metadata"]["annotations"]["note"],
        "${NOT} ${SEEN}"
    );
    let (code, text) = run(&["validate", "-", "-o", "json"], class);
    assert_eq!((code, text.trim()), (Some(0), "[]"));
}

#[test]
fn validate_judges_all_else_and_says_what_it_does_not() {
    let (code, text) = run(&["validate", "-", "-o", "json"], OBJECTS);
    let found: Vec<Value> = serde_json::from_str(&text).unwrap();
    assert_eq!((code, found.len()), (Some(0), 1), "{text}");
    let message = found[0]["message"].as_str().unwrap();
    assert!(
        message.contains("one object has such a field that is no text"),
        "{message}"
    );
    let keys = "
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: c, labels: {\"${KEY}\": x}}
spec: {controllerName: a.b/c, \"${FIELD}\": 1}
";
    let (code, text) = run(&["validate", "-", "-o", "json"], keys);
    let found: Vec<Value> = serde_json::from_str(&text).unwrap();
    assert_eq!((code, found.len()), (Some(0), 1), "{text}");
    assert_eq!(found[0]["rule"], "input/placeholder");
}

#[test]
fn values_are_put_in_as_flux_does() {
    let arguments = [&["status", "-", "-o", "json"][..], &VALUES].concat();
    let (_, text) = run(&arguments, &OBJECTS.replace("\"${PORT}\"", "${PORT:-81}"));
    let list: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(list["ignored"].as_array().map(Vec::len), Some(0), "{text}");
    assert_eq!(list["items"][1]["metadata"]["name"], "g");
}

#[test]
fn convert_leaves_placeholders_and_takes_no_values() {
    let objects = OBJECTS.replace("${NAME}", "\"${NAME}\"");
    let (_, text) = run(&["convert", "-"], &objects);
    assert_eq!(text.trim(), objects.trim());
    let output = gwapi(&["convert", "-", "--var", "A=b"], "");
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn a_target_namespace_counts_for_all_and_a_namespace_for_those_that_name_none() {
    let object = |name: &str, metadata: &str| {
        format!(
            "apiVersion: gateway.networking.k8s.io/v1\nkind: ReferenceGrant\nmetadata: {{name: {name}{metadata}}}\nspec: {{}}\n---\n"
        )
    };
    let objects = object("a", "") + &object("b", ", namespace: own");
    for (option, wanted) in [
        (&["-n", "given"][..], ["given", "own"]),
        (&["--target-namespace", "given"], ["given", "given"]),
    ] {
        let arguments = [&["validate", "-", "-o", "json"][..], option].concat();
        let (_, text) = run(&arguments, &objects);
        let found: Vec<Value> = serde_json::from_str(&text).unwrap();
        for (name, namespace) in ["a", "b"].into_iter().zip(wanted) {
            let mut of = found
                .iter()
                .map(|one| &one["object"])
                .filter(|one| one["name"] == name);
            assert!(
                of.next().is_some_and(|one| one["namespace"] == namespace),
                "{text}"
            );
        }
    }
    let both = ["validate", "-", "-n", "a", "--target-namespace", "b"];
    assert_eq!(gwapi(&both, "").status.code(), Some(2));
}

/// The namespace of a kustomization, with a value and without one.
#[test]
fn a_namespace_of_a_kustomization_may_be_a_placeholder() {
    let route = "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: r}\nspec: {parentRefs: [{name: g}], rules: [{backendRefs: [{name: s, port: 80}]}]}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: s, namespace: shop}\nspec: {ports: [{port: 81}]}\n";
    let folder = Folder::new(
        "open-namespace",
        &[
            (
                "kustomization.yaml",
                "resources: [r.yaml]\nnamespace: ${NS}\n",
            ),
            ("r.yaml", route),
        ],
    );
    let found = |arguments: &[&str]| {
        let (_, json) = folder.run(&[&["validate", ".", "-o", "json"], arguments].concat());
        let found: Vec<Value> = serde_json::from_str(&json).unwrap();
        let rules = found
            .iter()
            .map(|one| format!("{} {}", one["line"], one["rule"].as_str().unwrap()));
        rules.collect::<Vec<_>>()
    };
    assert_eq!(
        found(&["--assume-present", "Gateway"]),
        ["2 input/placeholder"]
    );
    assert_eq!(
        found(&["--assume-present", "Gateway", "--var", "NS=shop"]),
        ["4 BackendReference/port-exists"]
    );
    let (_, text) = folder.run(&["validate", "."]);
    assert!(
        text.contains("./kustomization.yaml:2:12: `${NS}` has no value: in which namespace the objects of the kustomization are is not known"),
        "{text}"
    );
    // Another namespace counts in any case, and where objects stay as they are, none does.
    assert_eq!(
        found(&["--assume-present", "Gateway", "--target-namespace", "shop"]),
        ["4 BackendReference/port-exists"]
    );
    let (output, _) = folder.run(&["upgrade-check", ".", "--to", "v1.5.0"]);
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}

/// A placeholder in a line of its own stands for what nobody can read.
#[test]
fn a_placeholder_that_stands_for_lines_is_one_warning_for_the_file() {
    let text = "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: r}\n${SPEC}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec:\n  type: ClusterIP\n  ${PORTS}\n---\n";
    let (code, found) = run(&["validate", "-"], text);
    assert_eq!(code, Some(0), "{found}");
    let warning = "warning: <stdin>:4:1: `${PORTS}`, `${SPEC}` have no value: a document with such a line is not judged [input/placeholder]\n";
    assert!(found.starts_with(warning), "{found}");
    assert_eq!(found.matches("warning: ").count(), 1, "{found}");
    let values = [
        "--var",
        "SPEC=spec: {}",
        "--var",
        "PORTS=ports: [{port: 80}]",
    ];
    let (_, found) = run(&[&["validate", "-"], &values[..]].concat(), text);
    assert!(found.contains("2 objects"), "{found}");
    let (code, found) = run(&["status", "-"], text);
    assert_eq!(code, Some(1), "{found}");
    assert!(
        found.contains("`${PORTS}`, `${SPEC}` have no value"),
        "{found}"
    );
}

#[test]
fn defaults_leave_placeholders_as_they_are_written() {
    let (code, text) = run(&["defaults", "-"], OBJECTS);
    assert_eq!(code, Some(0), "{text}");
    for line in [
        "  name: ${NAME}\n",
        "    port: ${PORT}\n",
        "    hostname: \"*.${DOMAIN,,}\"\n",
        "        from: Same\n",
    ] {
        assert!(text.contains(line), "{line}{text}");
    }
    let said = String::from_utf8(gwapi(&["defaults", "-"], OBJECTS).stderr).unwrap();
    assert_eq!(said.matches("warning: ").count(), 1, "{said}");
    assert!(
        said.contains("`${DOMAIN}`, `${NAME}`, `${PORT}` have no value"),
        "{said}"
    );
    assert!(!said.contains("no part of the Gateway API"), "{said}");
    // What is wrong besides is.
    let wrong = OBJECTS
        .replace("protocol: HTTP,", "protocol: HTTP, x: 1,")
        .replace("kind: GatewayClass", "kind: GatewayKlass");
    let output = gwapi(&["defaults", "-"], wrong);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("a server would refuse 1 object"), "{said}");
    assert!(
        said.contains("no kind of this release and channel, and left out: 1 object"),
        "{said}"
    );
}

/// The exit code, and the rules of all findings but the warning for the file.
fn found(objects: &str) -> (Option<i32>, Vec<String>) {
    let (code, json) = run(&["validate", "-", "-o", "json"], objects);
    let found: Vec<Value> = serde_json::from_str(&json).unwrap();
    let mut rules = found
        .iter()
        .map(|one| one["rule"].as_str().unwrap().to_owned());
    assert_eq!(rules.next().as_deref(), Some("input/placeholder"), "{json}");
    (code, rules.collect())
}

const NONE: [&str; 0] = [];

const GATEWAY: &str = r#"apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: g, namespace: shop}
spec:
  gatewayClassName: c
  listeners:
  - {name: a, port: 443, protocol: HTTPS, hostname: "${HOST}", tls: {mode: "${MODE}", certificateRefs: [{name: a}]}}
  - {name: b, port: 80, protocol: HTTP, allowedRoutes: {namespaces: {from: "${FROM}", selector: {matchLabels: {a: b}}}}}
  addresses: [{type: "${TYPE}", value: x}]
"#;

const ROUTE: &str = r#"apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: r, namespace: shop}
spec:
  parentRefs: [{name: g}]
  rules:
  - matches: [{path: {type: "${MATCH}", value: /a}}]
    filters: [{type: URLRewrite, urlRewrite: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /x}}}]
    backendRefs: [{name: "${BACKEND}", port: 80}]
  - matches: [{path: {type: "${MATCH}", value: /b}}]
    filters: [{type: RequestRedirect, requestRedirect: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /x}}}]
  - matches: [{path: {value: /c}}]
    filters: [{type: "${FILTER}", requestRedirect: {hostname: a.example}}]
"#;

#[test]
fn what_some_value_makes_right_is_not_judged_by_rules_between_fields() {
    for objects in [GATEWAY, ROUTE] {
        let (code, rules) = found(objects);
        assert_eq!(rules, NONE);
        assert_eq!(code, Some(0));
    }
    let said = String::from_utf8(gwapi(&["defaults", "-"], GATEWAY).stderr).unwrap();
    assert!(!said.contains("refuse"), "{said}");
}

#[test]
fn what_no_value_makes_right_is_named_beside_placeholders() {
    let wrong = GATEWAY.replace("protocol: HTTP,", "protocol: HTTP, tls: {},");
    let (code, rules) = found(&wrong);
    assert_eq!(code, Some(1), "{rules:?}");
    let wanted = [
        "Listeners/no-tls-without-encryption",
        "GatewayTLSConfig/terminate-needs-certificate",
    ];
    assert_eq!(rules, wanted);
    // One rule of the route is wrong, whatever the others are.
    let wrong = ROUTE.replace("type: \"${MATCH}\", value: /b", "type: Exact, value: /b");
    let (code, rules) = found(&wrong);
    assert_eq!(code, Some(1), "{rules:?}");
    assert_eq!(rules, ["HTTPRouteRule/redirect-prefix-needs-prefix-match"]);
}

/// A Gateway and a Service in namespace `shop`, and routes to them in a namespace that is a placeholder.
const ELSEWHERE: &str = r#"apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: g, namespace: shop}
spec: {gatewayClassName: c, listeners: [{name: http, port: 80, protocol: HTTP}]}
---
apiVersion: v1
kind: Service
metadata: {name: s, namespace: shop}
spec: {ports: [{port: 80}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: a, namespace: "${NS}"}
spec: {parentRefs: [{name: g}], rules: [{backendRefs: [{name: s, port: 80}]}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: b, namespace: "${NS}"}
spec:
  parentRefs: [{name: g, namespace: shop}]
  rules: [{matches: [{path: {value: /b}}], backendRefs: [{name: s, namespace: shop, port: 80}]}]
"#;

#[test]
fn a_namespace_that_is_a_placeholder_is_not_known() {
    assert_eq!(found(ELSEWHERE).1, NONE);
    // The other way round, too.
    let swapped = ELSEWHERE
        .replace("namespace: shop}", "namespace: x}")
        .replace("namespace: \"${NS}\"", "namespace: shop")
        .replace("namespace: x}", "namespace: \"${NS}\"}");
    let first = swapped.rsplit_once("---").unwrap().0;
    assert_eq!(found(first).1, NONE);
    // Within the namespace all is judged.
    let within = ELSEWHERE.replace("namespace: shop", "namespace: \"${NS}\"");
    let wrong = within.replacen("name: s, port: 80", "name: s, port: 81", 1);
    assert_eq!(found(&wrong).1, ["BackendReference/port-exists"]);
}

/// Objects whose names, ports or settings are placeholders, and others that refer to them.
const OPEN: &str = r#"apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: c}
spec: {controllerName: "${CONTROLLER}"}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: g, namespace: shop}
spec:
  gatewayClassName: c
  listeners:
  - {name: "${SECTION}", port: 80, protocol: HTTP}
  - {name: tls, port: 443, protocol: HTTPS, tls: {certificateRefs: [{name: cert}]}}
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: {name: x, namespace: shop}
spec: {secretName: "${SECRET}"}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: "${GATEWAY}", namespace: shop}
spec: {gatewayClassName: c, listeners: [{name: http, port: 8080, protocol: HTTP}]}
---
apiVersion: v1
kind: Service
metadata: {name: "${SERVICE}", namespace: shop}
spec: {ports: [{port: 80}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: a, namespace: shop}
spec: {parentRefs: [{name: g, sectionName: http}], rules: [{backendRefs: [{name: s, port: 80}]}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: b, namespace: shop}
spec: {parentRefs: [{name: other}], rules: [{backendRefs: [{name: s, port: 80}]}]}
"#;

#[test]
fn nothing_is_missing_that_a_placeholder_may_name_and_nothing_refused_for_one() {
    assert_eq!(found(OPEN).1, NONE);
    for (placeholder, name, wanted) in [
        (
            "${SECRET}",
            "other",
            "SecretObjectReference/certificate-exists",
        ),
        ("${SECTION}", "other", "ParentReference/listener-exists"),
        ("${GATEWAY}", "another", "ParentReference/parent-exists"),
        ("${SERVICE}", "web", "BackendReference/backend-exists"),
    ] {
        let (_, rules) = found(&OPEN.replace(placeholder, name));
        assert!(!rules.is_empty(), "{placeholder}");
        assert!(rules.iter().all(|rule| rule == wanted), "{rules:?}");
    }
}

#[test]
fn a_gateway_with_a_setting_that_is_a_placeholder_does_not_reject_routes() {
    let gateway = GATEWAY.replace(", certificateRefs: [{name: a}]", "");
    let (_, rules) = found(&format!("{gateway}---\n{ROUTE}"));
    assert_eq!(rules, NONE);
}

/// What a cluster has stored is text.
#[cfg(unix)]
#[test]
fn nothing_is_put_into_the_objects_of_a_cluster() {
    use std::{env, fs, os::unix::fs::PermissionsExt, process::Command};
    let script = "#!/bin/sh\ncase \"$*\" in\n*api-resources*) echo httproutes.gateway.networking.k8s.io ;;\n*'get httproutes'*) cat route.yaml ;;\n*) echo '{\"apiVersion\": \"v1\", \"kind\": \"List\", \"items\": []}' ;;\nesac\n";
    let route = "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: r, namespace: shop}\nspec: {rules: [{matches: [{headers: [{name: x, value: \"a${X}b\"}]}]}]}\n";
    let folder = Folder::new("stored", &[("kubectl", script), ("route.yaml", route)]);
    let kubectl = folder.0.join("kubectl");
    fs::set_permissions(kubectl, fs::Permissions::from_mode(0o755)).unwrap();
    let path = env::var("PATH").unwrap_or_default();
    let path = format!("{}:{path}", folder.0.display());
    for arguments in [
        &["validate"][..],
        &["status"],
        &["defaults", "--var", "X=y"],
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gwapi"));
        let command = command.args(arguments).args(["--context", "prod"]);
        let command = command.current_dir(&folder.0).env("PATH", &path);
        let output = command.output().unwrap();
        let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert!(!text.contains("no value"), "{arguments:?}: {text}");
        assert!(!text.contains("left out"), "{arguments:?}: {text}");
        assert!(
            !arguments.contains(&"defaults") || text.contains("a${X}b"),
            "{text}"
        );
    }
}
