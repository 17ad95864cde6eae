//! What a pipeline needs of `validate`: what a set leaves out, severities, reports; and the verbs beside it.

use crate::support::{Folder, gwapi, run};
use serde_json::Value;
use std::{env, fs, process::Command};

const ROUTE: &str = "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: NAME, namespace: shop}\nspec:\n  parentRefs: [{name: front}]\n  rules: [{backendRefs: [{name: NAME, port: 80}]}]\n";

fn routes(names: &[&str]) -> String {
    let routes = names.iter().map(|name| ROUTE.replace("NAME", name));
    routes.collect::<Vec<_>>().join("---\n")
}

fn findings(arguments: &[&str], stdin: &str) -> (Option<i32>, Vec<Value>) {
    let (code, json) = run(
        &[&["validate", "-", "-o", "json"], arguments].concat(),
        stdin,
    );
    (code, serde_json::from_str(&json).unwrap())
}

fn rules(findings: &[Value]) -> Vec<&str> {
    findings
        .iter()
        .map(|one| one["rule"].as_str().unwrap())
        .collect()
}

#[test]
fn what_is_no_object_is_passed_over_in_a_folder_and_an_error_if_it_is_named() {
    let route = ROUTE.replace("NAME", "cart");
    let without_kind = route.replace("kind: HTTPRoute\n", "");
    let folder = Folder::new(
        "objects",
        &[
            ("values.yaml", "replicas: 1\n"),
            ("broken.json", "{ // not JSON\n"),
            ("list.yaml", "- op: add\n"),
            ("chart/Chart.yaml", "apiVersion: v2\nname: a\n"),
            ("half.yaml", &without_kind),
        ],
    );
    let (output, text) = folder.run(&["validate", "."]);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("half.yaml"), "{text}");
    assert_eq!(text.matches("error: ").count(), 1, "{text}");
    assert!(
        text.contains("passed over, no Kubernetes objects: 4 documents\n"),
        "{text}"
    );
    // Each is named if asked for, and a file that is named itself is judged.
    let (_, text) = folder.run(&["validate", ".", "--verbose"]);
    assert!(text.contains("\n  ./values.yaml\n"), "{text}");
    for file in [
        "values.yaml",
        "broken.json",
        "list.yaml",
        "chart/Chart.yaml",
    ] {
        let (output, text) = folder.run(&["validate", file]);
        assert_eq!(output.status.code(), Some(1), "{file}: {text}");
        assert!(text.contains(&format!("error: {file}:")), "{text}");
    }
    // Also beside its folder, whichever comes first.
    let (output, text) = folder.run(&["validate", "--exclude", "half.yaml", ".", "values.yaml"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(text.matches("error: ").count(), 1, "{text}");
}

#[test]
fn a_file_is_read_once_and_a_path_that_cannot_be_read_ends_nothing_else() {
    let route = ROUTE.replace("NAME", "cart").replace("spec:", "spek:");
    let folder = Folder::new("once", &[("a.yaml", &route)]);
    let (output, text) = folder.run(&["validate", "a.yaml", "-f", "./a.yaml", ".", "nothing.yaml"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text.contains("1 object: "), "{text}");
    assert!(text.contains("[schema/unknown-field]"), "{text}");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.starts_with("error: cannot read `nothing.yaml`: "),
        "{said}"
    );
}

#[test]
fn what_a_set_leaves_out_is_one_line_for_each_kind() {
    let set = routes(&["basket", "catalog", "search"]);
    let (code, text) = run(&["validate", "-"], &set);
    assert_eq!(code, Some(0));
    assert_eq!(text.matches("warning: ").count(), 2, "{text}");
    assert!(
        text.contains("Service `shop/basket` is not in the set; 2 more references to objects of kind Service lead to nothing"),
        "{text}"
    );
    assert!(text.contains("3 objects: 0 errors, 6 warnings\n"), "{text}");
    let (_, found) = findings(&[], &set);
    assert_eq!(found.len(), 6);
    assert_eq!(
        run(&["validate", "-", "--verbose"], &set)
            .1
            .matches("warning: ")
            .count(),
        6
    );
    // What is nearly meant is a finding of its own.
    let service = "---\napiVersion: v1\nkind: Service\nmetadata: {name: baskt, namespace: shop}\nspec: {ports: [{port: 80}]}\n";
    let (_, text) = run(&["validate", "-"], &(set.clone() + service));
    assert!(
        text.contains("help: did you mean Service `baskt`?"),
        "{text}"
    );
    assert!(
        text.contains("`shop/catalog` is not in the set; 1 more reference"),
        "{text}"
    );
    let (_, found) = findings(&["--assume-present", "Service,Gateway"], &set);
    assert_eq!(found, [] as [Value; 0]);
}

#[test]
fn a_secret_that_something_makes_is_there() {
    let gateway = |annotation: &str| {
        format!(
            "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {{name: g, namespace: net, annotations: {{{annotation}}}}}\nspec:\n  gatewayClassName: c\n  listeners: [{{name: s, port: 443, protocol: HTTPS, tls: {{certificateRefs: [{{name: tls}}]}}}}]\n---\n"
        )
    };
    let made = |version: &str, kind: &str, spec: &str| {
        format!(
            "apiVersion: {version}\nkind: {kind}\nmetadata: {{name: tls, namespace: net}}\nspec: {{{spec}}}\n"
        )
    };
    for (set, missing) in [
        (gateway("") + &made("v1", "Pod", ""), 1),
        (
            gateway("cert-manager.io/cluster-issuer: x") + &made("v1", "Pod", ""),
            0,
        ),
        (
            gateway("") + &made("cert-manager.io/v1", "Certificate", "secretName: tls"),
            0,
        ),
        (
            gateway("") + &made("cert-manager.io/v1", "Certificate", "secretName: other"),
            1,
        ),
        (
            gateway("") + &made("external-secrets.io/v1", "ExternalSecret", ""),
            0,
        ),
        (
            gateway("")
                + &made(
                    "external-secrets.io/v1",
                    "ExternalSecret",
                    "target: {name: other}",
                ),
            1,
        ),
        (
            gateway("")
                + &made(
                    "bitnami.com/v1alpha1",
                    "SealedSecret",
                    "template: {metadata: {name: tls}}",
                ),
            0,
        ),
        // In a namespace of which nobody knows.
        (
            gateway("")
                + &made("cert-manager.io/v1", "Certificate", "secretName: tls")
                    .replace(", namespace: net", ""),
            0,
        ),
    ] {
        let service = "---\napiVersion: v1\nkind: Service\nmetadata: {name: s, namespace: net}\nspec: {ports: [{port: 80}]}\n";
        let (_, found) = findings(&[], &(set.clone() + service));
        let found = rules(&found);
        let missing = vec!["SecretObjectReference/certificate-exists"; missing];
        assert_eq!(found, missing, "{set}");
    }
}

#[test]
fn of_an_object_whose_namespace_is_not_known_nothing_is_said_that_depends_on_it() {
    let set = "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: front, namespace: net}\nspec: {gatewayClassName: c, listeners: [{name: http, port: 80, protocol: HTTP}]}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: cart, namespace: shop}\nspec: {ports: [{port: 80}]}\n---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: cart}\nspec:\n  parentRefs: [{name: front, namespace: net}]\n  rules: [{backendRefs: [{name: cart, port: 80}]}]\n";
    // But that it names none.
    let unnamed = ["Object/names-namespace"];
    assert_eq!(rules(&findings(&[], set).1), unnamed);
    // With a namespace it is judged.
    let (_, found) = findings(&["-n", "shop"], set);
    assert_eq!(rules(&found), ["ParentReference/accepted"]);
    let (_, found) = findings(&["-n", "net"], set);
    assert_eq!(rules(&found), ["BackendReference/backend-exists"]);
    let elsewhere = set.replace(
        "{name: cart, port: 80}",
        "{name: cart, namespace: shop, port: 80}",
    );
    let (_, found) = findings(&["-n", "net"], &elsewhere);
    assert_eq!(rules(&found), ["Reference/granted"]);
    // A namespace that is written is most likely another one than that of the object.
    assert_eq!(rules(&findings(&[], &elsewhere).1), [""; 0]);
    let gateway = "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: g}\nspec: {gatewayClassName: c, listeners: [{name: s, port: 443, protocol: HTTPS, tls: {certificateRefs: [{name: crt, namespace: certs}]}}]}\n---\napiVersion: cert-manager.io/v1\nkind: Certificate\nmetadata: {name: crt, namespace: certs}\nspec: {secretName: crt}\n";
    assert_eq!(rules(&findings(&[], gateway).1), [""; 0]);
}

#[test]
fn placeholders_have_values_or_are_not_judged() {
    let set = "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: g, namespace: net}\nspec:\n  gatewayClassName: ${CLASS}\n  listeners:\n  - name: http\n    port: ${PORT}\n    protocol: HTTP\n    hostname: \"*.${DOMAIN}\"\n---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: r, namespace: net}\nspec:\n  parentRefs: [{name: g}]\n  hostnames: [\"www.${DOMAIN:=a.example}\"]\n  rules: [{filters: [{type: RequestRedirect, requestRedirect: {hostname: b.example}}]}]\n";
    let (code, found) = findings(&[], set);
    assert_eq!((code, rules(&found)), (Some(0), vec!["input/placeholder"]));
    let message = found[0]["message"].as_str().unwrap();
    assert!(
        message.starts_with("`${CLASS}`, `${DOMAIN}`, `${PORT}` have no value"),
        "{message}"
    );
    let values = [
        "--var",
        "CLASS=c",
        "--var",
        "PORT=80",
        "--var",
        "DOMAIN=a.example",
    ];
    assert_eq!(rules(&findings(&values, set).1), [""; 0]);
    // A value is judged as any other.
    let folder = Folder::new(
        "vars",
        &[
            ("vars.env", "CLASS=c\nPORT=80x\nDOMAIN=b.example\n"),
            ("set.yaml", set),
        ],
    );
    let (_, json) = folder.run(&[
        "validate",
        "set.yaml",
        "-o",
        "json",
        "--vars",
        "vars.env",
        "--var",
        "DOMAIN=c.example",
    ]);
    let found: Vec<Value> = serde_json::from_str(&json).unwrap();
    let wrong = found
        .iter()
        .find(|one| one["rule"] == "schema/type")
        .unwrap();
    assert_eq!(
        (&wrong["path"], &wrong["line"]),
        (&"spec.listeners[0].port".into(), &8.into())
    );
    let (output, _) = folder.run(&["validate", "set.yaml", "--vars", "nothing.env"]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn severities_are_set_by_rule_and_decide_the_exit_code() {
    let set = routes(&["cart", "till"]);
    let code = |arguments: &[&str]| findings(arguments, &set).0;
    assert_eq!(code(&[]), Some(0));
    assert_eq!(code(&["--fail-on", "warning"]), Some(1));
    assert_eq!(code(&["--deny-warnings"]), Some(1));
    assert_eq!(
        code(&["--deny", "BackendReference/backend-exists"]),
        Some(1)
    );
    assert_eq!(
        code(&["--deny", "BackendReference/*", "--fail-on", "never"]),
        Some(0)
    );
    let allowed = [
        "--allow",
        "BackendReference/*",
        "--allow",
        "ParentReference/parent-exists",
        "--fail-on",
        "warning",
    ];
    assert_eq!(code(&allowed), Some(0));
    let (_, text) = run(&[&["validate", "-"], &allowed[..]].concat(), &set);
    assert!(
        text.contains("nothing to complain of, 4 findings allowed\n"),
        "{text}"
    );
    // An id counts for more than its group.
    let both = [
        "--allow",
        "BackendReference/*",
        "--deny",
        "BackendReference/backend-exists",
    ];
    assert_eq!(code(&both), Some(1));
    let output = gwapi(&["validate", "-", "--allow", "backend-exists"], "");
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(
        said.contains("did you mean `BackendReference/backend-exists`?"),
        "{said}"
    );
}

#[test]
fn comments_allow_a_rule_at_an_object_or_a_line_and_unused_ones_are_named() {
    let set = "# gwapi: allow BackendReference/backend-exists, because an operator makes it\n"
        .to_owned()
        + &ROUTE.replace("NAME", "cart").replace(
            "front}]",
            "front}] # gwapi: allow ParentReference/parent-exists",
        )
        + "---\n"
        + &ROUTE
            .replace("NAME", "till")
            .replace("  rules", "  # gwapi: allow schema/enum\n  rules");
    let (_, found) = findings(&[], &set);
    let found: Vec<_> = found
        .iter()
        .map(|one| (one["rule"].as_str().unwrap(), one["line"].as_u64().unwrap()))
        .collect();
    assert_eq!(
        found,
        [
            ("ParentReference/parent-exists", 13),
            ("input/unused-allow", 14),
            ("BackendReference/backend-exists", 15),
        ]
    );
}

#[test]
fn comments_count_at_an_item_of_a_list_and_what_they_cannot_mean_is_said() {
    let indented = ROUTE.replace("NAME", "cart").replace('\n', "\n  ");
    let list = format!(
        "apiVersion: v1\nkind: List\nitems:\n# gwapi: allow ParentReference/parent-exists BackendReference/backend-exists\n- {}",
        indented.trim()
    );
    let class = "\n---\napiVersion: gateway.networking.k8s.io/v1\nkind: GatewayClass\nmetadata: {name: c}\nspec: {controllerName: a.b/c}\n";
    let (_, found) = findings(&[], &(list + class));
    assert_eq!(found.len(), 0, "{found:#?}");
    // Of a lone object, nobody knows what its references lead to; a rule that there is not is named all the same.
    let lone = "# gwapi: allow BackendReference/backend-exists\n# gwapi: allow BackendReference/backend-exist\n"
        .to_owned()
        + &ROUTE.replace("NAME", "cart");
    let (_, found) = findings(&[], &lone);
    assert_eq!(rules(&found), ["input/unused-allow"], "{found:#?}");
    let message = found[0]["message"].as_str().unwrap();
    assert!(
        message.contains("did you mean `BackendReference/backend-exists`?"),
        "{message}"
    );
}

#[test]
fn nothing_is_said_across_namespaces_of_an_object_whose_namespace_is_not_known() {
    let route = |name: &str, namespace: &str, backend: &str| {
        format!(
            "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {{name: {name}{namespace}}}\n\
             spec: {{parentRefs: [{{name: g}}], rules: [{{backendRefs: [{backend}]}}]}}\n---\n"
        )
    };
    let set = "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: g}\n\
         spec: {gatewayClassName: any, listeners: [{name: h, port: 80, protocol: HTTP}]}\n---\n\
         apiVersion: v1\nkind: Service\nmetadata: {name: o, namespace: other}\nspec: {ports: [{port: 80}]}\n---\n\
         apiVersion: gateway.networking.k8s.io/v1\nkind: ReferenceGrant\nmetadata: {name: grant}\n\
         spec: {from: [{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: apps}], to: [{group: '', kind: Service}]}\n---\n"
        .to_owned()
        + &route("q", ", namespace: apps", "{name: o, namespace: other, port: 80}")
        + &route("r", "", "{name: o, namespace: other, port: 80}")
        + &route("r", "", "{name: o, namespace: other, port: 80, weight: 2}");
    let (_, found) = findings(&[], &set);
    let found = rules(&found);
    for rule in [
        "given-once",
        "reference-granted",
        "granted",
        "parent-exists",
    ] {
        assert!(!found.iter().any(|one| one.ends_with(rule)), "{found:?}");
    }
}

#[test]
fn findings_are_annotations_of_github_at_their_lines() {
    let set = routes(&["cart"]).replace("port: 80", "port: 0");
    let folder = Folder::new("github", &[("apps/a,b.yaml", &set)]);
    let (output, text) = folder.run(&["validate", "apps", "-o", "github"]);
    assert_eq!(output.status.code(), Some(1));
    let first = text.lines().next().unwrap();
    let begin = "::error file=apps/a%2Cb.yaml,line=6,col=";
    assert!(first.starts_with(begin), "{first}");
    assert!(
        first.contains(
            ",title=schema/minimum::HTTPRoute shop/cart: spec.rules[0].backendRefs[0].port: "
        ),
        "{first}"
    );
    assert!(first.contains("%0Ahelp: "), "{first}");
    assert!(text.contains("\n1 object: 1 error, 0 warnings\n"), "{text}");
}

/// What the schemas of SARIF and JUnit demand is there: the former by types made from its schema.
#[test]
fn sarif_and_junit_have_each_finding_with_rule_level_and_place() {
    let set = routes(&["cart", "till"]).replacen("port: 80", "port: 0", 1);
    let (code, text) = run(&["validate", "-", "-o", "sarif"], &set);
    assert_eq!(code, Some(1));
    let log: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(log["version"], "2.1.0");
    let run_of = &log["runs"][0];
    let ids: Vec<_> = run_of["tool"]["driver"]["rules"]
        .as_array()
        .unwrap()
        .iter()
        .map(|rule| rule["id"].as_str().unwrap())
        .collect();
    let results = run_of["results"].as_array().unwrap();
    assert_eq!(results.len(), 3, "{text}");
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(ids[index], result["ruleId"]);
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "stdin");
        assert!(place["region"]["startLine"].as_u64().unwrap() > 0);
    }
    let error = results
        .iter()
        .find(|result| result["level"] == "error")
        .unwrap();
    assert_eq!(error["ruleId"], "schema/minimum");

    let (code, text) = run(&["validate", "-", "-o", "junit"], &set);
    assert_eq!(code, Some(1));
    assert!(text.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"gwapi validate\" tests=\"4\" failures=\"1\" errors=\"0\">"), "{text}");
    assert_eq!(text.matches("<testcase ").count(), 4);
    assert!(text.contains("<failure message=\""), "{text}");
    let (_, text) = run(
        &["validate", "-", "-o", "junit", "--fail-on", "warning"],
        &set,
    );
    assert_eq!(text.matches("<failure ").count(), 3, "{text}");
}

#[test]
fn findings_on_rendered_objects_name_the_file_that_they_come_from() {
    let broken = ROUTE.replace("NAME", "cart").replace("port: 80", "port: 0");
    let helm = format!("---\n# Source: shop/templates/route.yaml\n{broken}");
    let kustomize = broken.replace("namespace: shop}", "namespace: shop, annotations: {config.kubernetes.io/origin: \"path: base/route.yaml\\n\"}}");
    for (set, origin) in [
        (helm, "shop/templates/route.yaml"),
        (kustomize, "base/route.yaml"),
    ] {
        let (_, found) = findings(&[], &set);
        assert_eq!(found[0]["origin"], origin, "{set}");
        assert!(
            run(&["validate", "-"], &set)
                .1
                .contains(&format!("\n  rendered from {origin}\n"))
        );
        let github = run(&["validate", "-", "-o", "github"], &set).1;
        assert!(
            github.starts_with(&format!("::error file={origin},title=")),
            "{github}"
        );
    }
}

#[test]
fn quiet_says_findings_alone() {
    assert_eq!(
        run(
            &["validate", "-", "-q"],
            "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n"
        ),
        (Some(0), String::new())
    );
}

#[test]
fn a_helm_template_is_one_sentence() {
    let template = "{{- if .Values.x }}\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata:\n  name: {{ .Release.Name }}\n{{- end }}\n---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: \"{{ .Values.a }}\"}\n";
    let (code, found) = findings(&[], template);
    assert_eq!(
        (code, rules(&found)),
        (Some(1), vec!["input/helm-template"])
    );
    assert!(
        found[0]["help"]
            .as_str()
            .unwrap()
            .starts_with("render it first")
    );
}

#[test]
fn a_key_given_twice_is_an_error_in_the_gateway_api_and_a_warning_elsewhere() {
    let object = |version: &str, kind: &str| {
        format!(
            "apiVersion: {version}\nkind: {kind}\nmetadata: {{name: a, labels: {{x: z, x: z}}}}\nspec: {{controllerName: a.b/c}}\n"
        )
    };
    for (object, severity) in [
        (
            object("gateway.networking.k8s.io/v1", "GatewayClass"),
            "error",
        ),
        (object("v1", "ServiceAccount"), "warning"),
    ] {
        let (_, found) = findings(&[], &object);
        assert_eq!(rules(&found), ["manifest/duplicate-key"], "{object}");
        assert_eq!(found[0]["severity"], severity);
    }
    // Those that the Gateway API refers to are of other groups, too.
    for (version, kind) in [
        ("v1", "ConfigMap"),
        ("v1", "Namespace"),
        ("cert-manager.io/v1", "Certificate"),
    ] {
        let object = format!(
            "apiVersion: {version}\nkind: {kind}\nmetadata: {{name: a, labels: {{x: z, x: z}}}}\n"
        );
        let (code, found) = findings(&[], &object);
        assert_eq!(
            (code, rules(&found)),
            (Some(0), vec!["manifest/duplicate-key"])
        );
        assert_eq!(found[0]["severity"], "warning", "{kind}");
    }
}

#[test]
fn every_rule_is_listed_and_explained() {
    let (code, text) = run(&["rules"], "");
    assert_eq!(code, Some(0));
    assert!(text.lines().count() > 150);
    let (_, text) = run(&["rules", "HTTPRouteRule/redirect-without-backends"], "");
    for part in [
        "severity  error",
        "since     in all releases",
        "help      ",
        "example   spec.rules[0]: ",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let (_, json) = run(&["rules", "schema/*", "-o", "json"], "");
    let listed: Vec<Value> = serde_json::from_str(&json).unwrap();
    assert!(
        listed
            .iter()
            .all(|rule| rule["id"].as_str().unwrap().starts_with("schema/"))
    );
    assert_eq!(run(&["rules", "no/such"], "").0, Some(2));
}

#[test]
fn defaults_are_what_the_server_adds() {
    let set = routes(&["cart"]) + "---\napiVersion: v1\nkind: Pod\nmetadata: {name: a}\n";
    let (code, text) = run(&["defaults", "-", "--diff"], &set);
    assert_eq!(code, Some(0));
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines[0], "HTTPRoute shop/cart (<stdin>:1)");
    assert!(
        lines.contains(&"  + spec.rules[0].backendRefs[0].weight: 1"),
        "{text}"
    );
    let (_, text) = run(&["defaults", "-"], &set);
    assert!(
        text.contains("    weight: 1\n") || text.contains("      weight: 1\n"),
        "{text}"
    );
    // What is stored has all of them.
    assert_eq!(
        run(&["defaults", "-", "--diff"], &text),
        (Some(0), String::new())
    );
    let (code, _) = run(&["defaults", "-"], &set.replace("port: 80", "port: 0"));
    assert_eq!(code, Some(1));
}

#[test]
fn shells_and_manuals_know_every_verb() {
    let (code, text) = run(&["completions", "bash"], "");
    assert_eq!(code, Some(0));
    let folder = Folder::new("man", &[("x", "")]);
    let (output, _) = folder.run(&["man", "man1"]);
    assert_eq!(output.status.code(), Some(0));
    let (_, help) = run(&["--help"], "");
    let verbs = help
        .split("Commands:\n")
        .nth(1)
        .unwrap()
        .split("\n\n")
        .next()
        .unwrap();
    let mut count = 0;
    for verb in verbs
        .lines()
        // What goes on in the next line is indented further.
        .filter_map(|line| line.strip_prefix("  ")?.split(' ').next())
        .filter(|verb| !verb.is_empty())
    {
        if verb == "help" {
            continue;
        }
        count += 1;
        assert!(text.contains(&format!("gwapi,{verb}")), "{verb}");
        let page = fs::read_to_string(folder.0.join(format!("man1/gwapi-{verb}.1"))).unwrap();
        let name = format!("gwapi-{verb}").replace('-', "\\-");
        assert!(page.contains(&format!(".SH NAME\n{name} \\- ")), "{page}");
        let synopsis = page.split(".SH SYNOPSIS\n").nth(1).unwrap();
        let synopsis = synopsis.lines().next().unwrap();
        assert!(
            synopsis.starts_with(&format!("\\fBgwapi {}\\fR ", verb.replace('-', "\\-"))),
            "{synopsis}"
        );
        assert!(synopsis.len() < 160, "{synopsis}");
        // The foot of the page: the version, and what the manual is about.
        let version = env!("CARGO_PKG_VERSION");
        let title = page.lines().find(|line| line.starts_with(".TH ")).unwrap();
        assert!(
            title.contains(&format!("\"gwapi {version}\" \"Gateway API\"")),
            "{title}"
        );
    }
    assert!(count > 8, "{help}");
    // Each page that the first one names is there.
    let first = fs::read_to_string(folder.0.join("man1/gwapi.1")).unwrap();
    let named: Vec<_> = first
        .lines()
        .filter_map(|line| line.strip_suffix("(1)"))
        .collect();
    assert_eq!(named.len(), count, "{first}");
    for name in named {
        let file = format!("man1/{}.1", name.replace('\\', ""));
        assert!(folder.0.join(&file).exists(), "{file}");
    }
}

/// kubectl is asked for the kinds that the cluster has, and what it cannot read is said.
#[cfg(unix)]
#[test]
fn a_cluster_is_read_by_running_kubectl() {
    use std::os::unix::fs::PermissionsExt;
    let script = "#!/bin/sh\necho \"$@\" >> asked\ncase \"$*\" in\n*api-resources*) printf 'pods\\nservices\\nsecrets\\nhttproutes.gateway.networking.k8s.io\\n' ;;\n*secrets*) echo 'Error from server (Forbidden)' >&2; exit 1 ;;\n*'get httproutes'*) cat route.yaml ;;\n*) echo '{\"apiVersion\": \"v1\", \"kind\": \"List\", \"items\": []}' ;;\nesac\n";
    let folder = Folder::new(
        "cluster",
        &[
            ("kubectl", script),
            (
                "route.yaml",
                &ROUTE.replace("NAME", "cart").replace("port: 80", "port: 0"),
            ),
        ],
    );
    fs::set_permissions(folder.0.join("kubectl"), fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!(
        "{}:{}",
        folder.0.display(),
        env::var("PATH").unwrap_or_default()
    );
    let mut command = Command::new(env!("CARGO_BIN_EXE_gwapi"));
    let command = command
        .args(["validate", "--context", "prod"])
        .current_dir(&folder.0);
    let output = command.env("PATH", path).output().unwrap();
    let (text, said) = (
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    );
    assert_eq!(output.status.code(), Some(2), "{text}{said}");
    assert!(text.contains("error: <context prod>:"), "{text}");
    assert!(
        said.contains("kubectl get secrets -A -o yaml: Error from server (Forbidden)"),
        "{said}"
    );
    let asked = fs::read_to_string(folder.0.join("asked")).unwrap();
    assert!(asked.contains("--context=prod get customresourcedefinitions httproutes.gateway.networking.k8s.io -o yaml"), "{asked}");
    assert!(!asked.contains("get pods"), "{asked}");
}
