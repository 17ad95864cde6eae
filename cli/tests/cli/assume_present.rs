//! What a set leaves out and counts as there.

use crate::support::{Folder, gwapi, run};
use serde_json::Value;

/// A route that needs a Gateway, a Service of another namespace, a grant and a filter of an implementation's own.
fn route(number: usize) -> String {
    format!(
        "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {{name: r{number}, namespace: a}}\nspec:\n  \
         parentRefs: [{{name: g{number}, namespace: net}}]\n  rules:\n  - backendRefs: [{{name: t{number}, port: 80, namespace: other}}]\n  \
         - matches: [{{path: {{value: /x}}}}]\n    filters: [{{type: ExtensionRef, extensionRef: {{group: x.io, kind: Foo, name: f{number}}}}}]\n    \
         backendRefs: [{{name: s{number}, port: 80}}]\n---\n"
    )
}

fn validated(arguments: &[&str], set: &str) -> String {
    run(&[&["validate", "-"], arguments].concat(), set).1
}

fn warnings(text: &str) -> usize {
    text.matches("warning: ").count()
}

#[test]
fn grants_and_own_kinds_that_are_missing_are_one_line_each_and_can_be_assumed() {
    let set: String = (0..4).map(route).collect();
    let text = validated(&[], &set);
    assert_eq!(warnings(&text), 4, "{text}");
    assert!(
        text.contains("; 3 more references need ReferenceGrants, too [Reference/granted]"),
        "{text}"
    );
    assert!(text.contains("; 3 more references to objects of kind Foo lead to nothing [LocalObjectReference/filter-supported]"), "{text}");
    assert_eq!(
        warnings(&validated(
            &["--assume-present", "ReferenceGrant,Foo"],
            &set
        )),
        2
    );
    let text = validated(
        &["--assume-present", "ReferenceGrant,Foo,Gateway,Service"],
        &set,
    );
    assert!(text.contains(": nothing to complain of\n"), "{text}");
    // With the Service there, only the grant is needed.
    let text = validated(&["--assume-present", "Service"], &set);
    assert!(
        text.contains("help: `-o json` names each; `--assume-present ReferenceGrant`"),
        "{text}"
    );
    let text = validated(&["--assume-present", "Service", "--verbose"], &set);
    assert!(
        text.contains("help: create a ReferenceGrant in namespace `other`"),
        "{text}"
    );
    assert!(!text.contains("does not exist"), "{text}");
}

#[test]
fn namespaces_can_be_assumed_where_their_labels_matter() {
    let set = "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: g, namespace: net}\nspec: {gatewayClassName: x, listeners: [{name: h, port: 80, protocol: HTTP, allowedRoutes: {namespaces: {from: Selector, selector: {matchLabels: {a: b}}}}}]}\n---\napiVersion: v1\nkind: Namespace\nmetadata: {name: zz}\n---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: r, namespace: shop}\nspec: {parentRefs: [{name: g, namespace: net}], rules: [{filters: [{type: RequestRedirect, requestRedirect: {hostname: b.example}}]}]}\n";
    let text = validated(&[], set);
    for rule in ["Gateway/selects-a-namespace", "ParentReference/accepted"] {
        assert!(
            text.contains(&format!("[{rule}]")) || rule.starts_with("Gateway"),
            "{text}"
        );
    }
    assert_eq!(warnings(&text), 2, "{text}");
    assert_eq!(
        warnings(&validated(&["--assume-present", "Namespace"], set)),
        0
    );
}

/// One line for each kind, whoever needs the object: routes, EndpointSlices, Endpoints and ReferenceGrants.
#[test]
fn endpoints_grants_and_namespaces_that_the_set_leaves_out_are_one_line_each() {
    let route = |number: usize| {
        format!(
            "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {{name: r{number}, namespace: ns{number}}}\n\
             spec: {{parentRefs: [{{name: g, namespace: net}}], hostnames: [h{number}.example], rules: [{{filters: [{{type: RequestRedirect, requestRedirect: {{hostname: b.example}}}}]}}]}}\n---\n"
        )
    };
    let gateway = "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: g, namespace: net}\nspec: {gatewayClassName: x, listeners: [{name: h, port: 80, protocol: HTTP, allowedRoutes: {namespaces: {from: Selector, selector: {matchLabels: {a: b}}}}}]}\n---\n";
    let set = gateway.to_owned() + &(0..4).map(route).collect::<String>();
    let text = validated(&[], &set);
    assert_eq!(warnings(&text), 1, "{text}");
    assert!(
        text.contains(
            "; 3 more references need the labels of Namespaces, too [ParentReference/accepted]"
        ),
        "{text}"
    );
    assert!(
        text.contains("`--assume-present Namespace` takes"),
        "{text}"
    );
    assert_eq!(
        warnings(&validated(&["--assume-present", "Namespace"], &set)),
        0
    );

    let slice = |number: usize| {
        format!(
            "apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {{name: s{number}, namespace: shop, labels: {{kubernetes.io/service-name: gone{number}}}}}\naddressType: IPv4\nports: [{{port: 80}}]\nendpoints: [{{addresses: [10.0.0.{number}]}}]\n---\n\
             apiVersion: gateway.networking.k8s.io/v1beta1\nkind: ReferenceGrant\nmetadata: {{name: g{number}, namespace: shop}}\nspec: {{from: [{{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: a}}], to: [{{group: '', kind: Service, name: other{number}}}]}}\n---\n"
        )
    };
    let set: String = (1..4).map(slice).collect();
    let text = validated(&[], &set);
    assert_eq!(warnings(&text), 1, "{text}");
    assert!(
        text.contains("; 5 more references to objects of kind Service lead to nothing"),
        "{text}"
    );
    let text = validated(&["--assume-present", "Service"], &set);
    assert_eq!(warnings(&text), 0, "{text}");
    // One without the label says nothing of a Service.
    let nameless = set.replace("labels: {kubernetes.io/service-name: gone1}", "labels: {}");
    let text = validated(&["--assume-present", "Service"], &nameless);
    assert_eq!(warnings(&text), 1, "{text}");
}

/// The parameters of a class are there for all that depends on the class, too.
#[test]
fn parameters_can_be_assumed_for_validate_and_status() {
    let set = "apiVersion: gateway.networking.k8s.io/v1\nkind: GatewayClass\nmetadata: {name: c}\nspec: {controllerName: a.b/c, parametersRef: {group: '', kind: ConfigMap, name: p, namespace: x}}\n---\n\
               apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: g, namespace: net}\nspec: {gatewayClassName: c, listeners: [{name: h, port: 80, protocol: HTTP}]}\n";
    assert_eq!(warnings(&validated(&[], set)), 2);
    let assumed = ["--assume-present", "ConfigMap"];
    let text = validated(&assumed, set);
    assert_eq!(warnings(&text), 0, "{text}");
    let (_, text) = run(&[&["status", "-"], &assumed[..]].concat(), set);
    assert!(
        text.contains("counted as there: ConfigMap x/p") && !text.contains("not accepted"),
        "{text}"
    );
}

#[test]
fn a_kind_is_taken_however_it_is_written_and_one_that_nobody_knows_is_an_error() {
    let set = route(0);
    let class = "apiVersion: gateway.networking.k8s.io/v1\nkind: GatewayClass\nmetadata: {name: c}\nspec: {controllerName: a.b/c}\n";
    let set = set + class;
    let missing = |kinds: &str| warnings(&validated(&["--assume-present", kinds], &set));
    assert_eq!(missing("service"), missing("Service"));
    assert_eq!(missing("foo,SERVICE"), missing("Foo,Service"));
    assert_eq!(missing("foo, SERVICE "), missing("Foo,Service"));
    for verb in ["validate", "status"] {
        let output = gwapi(&[verb, "-", "--assume-present", "Serivce"], &set);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("`--assume-present Serivce`: there is no such kind, and nothing refers to one; did you mean `Service`?"), "{said}");
    }
    // Of a Gateway the listeners would have to be known.
    let output = gwapi(&["status", "-", "--assume-present", "Gateway"], &set);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(
        said.contains(
            "can count as there: ConfigMap, ReferenceGrant, Secret, Service, ServiceImport"
        ),
        "{said}"
    );
}

/// A Gateway with HTTPS, and a route to a Service: both the certificate and the Service are elsewhere.
const ELSEWHERE: &str = "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: g, namespace: net}\nspec: {gatewayClassName: x, listeners: [{name: h, port: 443, protocol: HTTPS, hostname: a.example, tls: {certificateRefs: [{name: tls}]}, allowedRoutes: {namespaces: {from: All}}}]}\n---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: r, namespace: shop}\nspec: {parentRefs: [{name: g, namespace: net}], rules: [{backendRefs: [{name: s, namespace: other, port: 8080}]}]}\n";

#[test]
fn what_is_assumed_counts_for_status_and_requests() {
    let (code, text) = run(&["status", "-"], ELSEWHERE);
    assert_eq!(code, Some(1), "{text}");
    let assumed = ["--assume-present", "Secret,Service,ReferenceGrant"];
    let (code, text) = run(&[&["status", "-"], &assumed[..]].concat(), ELSEWHERE);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("not in the set, and counted as there: Secret net/tls, Service other/s, ReferenceGrant other/assumed-0\n"), "{text}");
    let asked = ["request", "-", "-o", "json", "https://a.example/"];
    let (code, json) = run(&[&asked, &assumed[..]].concat(), ELSEWHERE);
    let answer: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        (code, &answer["outcome"]),
        (Some(0), &"forwarded".into()),
        "{json}"
    );
    assert_eq!(answer["backend"]["port"], 8080, "{json}");
    assert_eq!(answer["present"].as_array().unwrap().len(), 3, "{json}");
}

/// What a Certificate makes is there for every verb, also where nobody knows in which namespace.
#[test]
fn a_secret_that_something_makes_is_there_for_every_verb() {
    let service = "---\napiVersion: v1\nkind: Service\nmetadata: {name: s, namespace: shop}\nspec: {ports: [{port: 8080}]}\n---\n";
    let set = ELSEWHERE.replace(", namespace: other", "") + service;
    for (kind, api_version, spec) in [
        ("Certificate", "cert-manager.io/v1", "{secretName: tls}"),
        (
            "ExternalSecret",
            "external-secrets.io/v1",
            "{target: {name: tls}}",
        ),
        (
            "SealedSecret",
            "bitnami.com/v1alpha1",
            "{template: {metadata: {name: tls}}}",
        ),
    ] {
        for namespace in [", namespace: net", ""] {
            let maker = format!(
                "apiVersion: {api_version}\nkind: {kind}\nmetadata: {{name: m{namespace}}}\nspec: {spec}\n"
            );
            let set = set.clone() + &maker;
            let text = validated(&[], &set);
            assert!(text.contains(": nothing to complain of\n"), "{maker}{text}");
            let (code, text) = run(&["status", "-"], &set);
            assert_eq!(code, Some(0), "{maker}{text}");
            let (code, text) = run(&["request", "-", "https://a.example/"], &set);
            assert_eq!(code, Some(0), "{maker}{text}");
        }
        let elsewhere = format!(
            "apiVersion: {api_version}\nkind: {kind}\nmetadata: {{name: m, namespace: shop}}\nspec: {spec}\n"
        );
        assert_eq!(warnings(&validated(&[], &(set.clone() + &elsewhere))), 1);
    }
    // By a component of two overlays.
    let folder = Folder::new(
        "made-in-two",
        &[
            ("gw.yaml", &set),
            ("tls/kustomization.yaml", "resources: [cert.yaml]\n"),
            (
                "tls/cert.yaml",
                "apiVersion: cert-manager.io/v1\nkind: Certificate\nmetadata: {name: c}\nspec: {secretName: tls}\n",
            ),
            (
                "dev/kustomization.yaml",
                "namespace: dev\ncomponents: [../tls]\n",
            ),
            (
                "prod/kustomization.yaml",
                "namespace: net\ncomponents: [../tls]\n",
            ),
        ],
    );
    let (_, text) = folder.run(&["validate", "."]);
    assert!(text.contains(": nothing to complain of\n"), "{text}");
}
