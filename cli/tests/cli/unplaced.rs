//! Objects of which nobody knows in which namespace they are, in the folders of several applications.

use crate::support::Folder;
use serde_json::Value;

const GATEWAY: &str = "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: gw, namespace: net}\nspec:\n  gatewayClassName: x\n  listeners:\n  - {name: a, port: 80, protocol: HTTP, hostname: a.example.com, allowedRoutes: {namespaces: {from: All}}}\n  - {name: b, port: 80, protocol: HTTP, hostname: b.example.com, allowedRoutes: {namespaces: {from: All}}}\n";

/// A Service `web` with a port, and a route to it.
fn app(port: u16, route: &str, section: &str, asked: u16) -> String {
    format!(
        "apiVersion: v1\nkind: Service\nmetadata: {{name: web}}\nspec: {{ports: [{{port: {port}}}]}}\n---\n\
         apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {{name: {route}}}\nspec:\n  \
         parentRefs: [{{name: gw, namespace: net, sectionName: {section}}}]\n  \
         rules: [{{backendRefs: [{{name: web, port: {asked}}}]}}]\n"
    )
}

/// Of each finding on a folder the file and the rule, in order, and all that is printed.
fn found(name: &str, files: &[(&str, &str)]) -> (Vec<String>, String) {
    let folder = Folder::new(&format!("unplaced-{name}"), files);
    let (_, json) = folder.run(&["validate", ".", "-o", "json"]);
    let found: Vec<Value> = serde_json::from_str(&json).unwrap();
    let text = |one: &Value, field: &str| one[field].as_str().unwrap().to_owned();
    let found = found
        .iter()
        .map(|one| format!("{} {}", text(one, "file"), text(one, "rule")));
    (found.collect(), json)
}

const NONE: [&str; 0] = [];

#[test]
fn applications_with_objects_of_one_name_are_told_apart() {
    let (a, b) = (app(80, "to-a", "a", 80), app(8080, "to-b", "b", 8080));
    let files = [("gw.yaml", GATEWAY), ("a/all.yaml", &a), ("b/all.yaml", &b)];
    assert_eq!(found("services", &files).0, NONE);
    // Also where the routes have one name.
    let (a, b) = (app(80, "web", "a", 80), app(8080, "web", "b", 8080));
    let files = [("gw.yaml", GATEWAY), ("a/all.yaml", &a), ("b/all.yaml", &b)];
    assert_eq!(found("routes", &files).0, NONE);
}

#[test]
fn mistakes_are_named_in_each_of_several_objects_of_one_name() {
    let right = app(8080, "web", "b", 8080);
    let wrong = app(80, "web", "nope", 81);
    for (name, a, b) in [("first", &wrong, &right), ("second", &right, &wrong)] {
        let files = [("gw.yaml", GATEWAY), ("a/all.yaml", a), ("b/all.yaml", b)];
        let (found, json) = found(name, &files);
        let file = if name == "first" { "a" } else { "b" };
        let wanted = [
            "ParentReference/listener-exists",
            "BackendReference/port-exists",
        ];
        let wanted = wanted.map(|rule| format!("./{file}/all.yaml {rule}"));
        assert_eq!(found, wanted, "{json}");
        // What stands for their namespaces is not shown.
        assert!(!json.contains("placeholder-"), "{json}");
    }
    // In two files of one folder, and in one file.
    let both = format!("{wrong}---\n{right}");
    for files in [
        &[("gw.yaml", GATEWAY), ("a.yaml", &wrong), ("b.yaml", &right)][..],
        &[("gw.yaml", GATEWAY), ("a.yaml", &both)],
    ] {
        let (found, json) = found("one-folder", files);
        let of_route = "./a.yaml ParentReference/listener-exists".to_owned();
        assert!(found.contains(&of_route), "{json}");
        assert!(
            found.iter().all(|one| one.starts_with("./a.yaml ")),
            "{json}"
        );
    }
}

#[test]
fn an_object_of_default_is_another_one_than_those_whose_namespace_is_not_known() {
    let placed = app(80, "r", "a", 80)
        .replace("{name: web}", "{name: web, namespace: default}")
        .replace("{name: r}", "{name: r, namespace: default}");
    let other = app(8080, "web", "b", 8080);
    let files = [
        ("gw.yaml", GATEWAY),
        ("x.yaml", &placed),
        ("y.yaml", &other),
    ];
    assert_eq!(found("default", &files).0, NONE);
    // What refers to each other in one file is judged together, as `kubectl apply` of the file puts it into one namespace.
    let together = placed.replace("{name: web, namespace: default}", "{name: web}");
    let wrong = together.replace("name: web, port: 80}]", "name: web, port: 81}]");
    let files = [("gw.yaml", GATEWAY), ("x.yaml", &wrong)];
    assert_eq!(
        found("one-file", &files).0,
        ["./x.yaml BackendReference/port-exists"]
    );
}

#[test]
fn what_can_be_in_one_namespace_is_judged_together_across_folders() {
    let service =
        "apiVersion: v1\nkind: Service\nmetadata: {name: api}\nspec: {ports: [{port: 80}]}\n";
    let route =
        app(80, "to-api", "a", 81).replace("[{name: web, port: 81}]", "[{name: api, port: 81}]");
    let files = [
        ("gw.yaml", GATEWAY),
        ("base/api.yaml", service),
        ("route/all.yaml", &route),
    ];
    assert_eq!(
        found("together", &files).0,
        ["./route/all.yaml BackendReference/port-exists"]
    );
    // Where the same names are elsewhere, too, nothing is said of what another folder may have.
    let (a, b) = (app(80, "to-a", "a", 80), app(8080, "to-b", "b", 8080));
    let files = [
        ("gw.yaml", GATEWAY),
        ("a/all.yaml", &a),
        ("b/all.yaml", &b),
        ("base/api.yaml", service),
        (
            "c/all.yaml",
            &route
                .replace(
                    "kind: Service\nmetadata: {name: web}",
                    "kind: Service\nmetadata: {name: c}",
                )
                .replace(
                    "backendRefs: [{name: api, port: 81}]",
                    "matches: [{path: {value: /c}}], backendRefs: [{name: web, port: 8080}]",
                ),
        ),
    ];
    assert_eq!(found("elsewhere", &files).0, NONE);
}

/// What a generator makes is where the objects are that name no namespace, or in the one that it names, or anywhere.
#[test]
fn a_generated_secret_is_in_the_namespace_that_it_is_meant_for() {
    let gateway = |metadata: &str| {
        format!(
            "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {{{metadata}}}\nspec:\n  gatewayClassName: x\n  listeners:\n  \
             - {{name: a, port: 443, protocol: HTTPS, hostname: a.example, tls: {{certificateRefs: [{{name: tls}}]}}}}\n---\n\
             apiVersion: gateway.networking.k8s.io/v1\nkind: GatewayClass\nmetadata: {{name: x}}\nspec: {{controllerName: a.b/c}}\n"
        )
    };
    let (plain, edge) = (gateway("name: g"), gateway("name: g, namespace: edge"));
    let missing = |name: &str, generator: &str, gateway: &str, arguments: &[&str]| {
        let kustomization = format!("resources: [g.yaml]\nsecretGenerator: [{{{generator}}}]\n");
        let files = [
            ("g.yaml", gateway),
            ("kustomization.yaml", kustomization.as_str()),
        ];
        let folder = Folder::new(&format!("generated-{name}"), &files);
        let said = ["validate", "status"].map(|verb| {
            let (_, text) = folder.run(&[&[verb, "."], arguments].concat());
            text.contains("tls` is not in the set") || text.contains("tls does not exist")
        });
        said.contains(&true)
    };
    let tls = "name: tls";
    assert!(!missing("plain", tls, &plain, &[]));
    assert!(!missing("given", tls, &plain, &["-n", "foo"]));
    let target = ["--target-namespace", "foo"];
    assert!(!missing("target", tls, &plain, &target));
    assert!(!missing("anywhere", tls, &edge, &[]));
    assert!(!missing("own", "name: tls, namespace: edge", &edge, &[]));
    // One that is made elsewhere is missing still.
    assert!(missing(
        "elsewhere",
        "name: tls, namespace: other",
        &edge,
        &[]
    ));
    assert!(missing("other-given", tls, &edge, &["-n", "foo"]));
}
