//! Routes that are rejected for their rules: what the verbs say of them, and what there is to do.

use crate::support::{about, run, status};

const FILTER: &str =
    "{ type: RequestHeaderModifier, requestHeaderModifier: { set: [{ name: TE, value: x }] } }";
const GATEWAY: &str = "{ name: front }";
const SERVICE: &str = "{ group: '', kind: Service, name: cart }";
const HELP: &str = "help: `spec.rules[0].filters[0].requestHeaderModifier.set[0].name`: change or remove the filter";

/// A Gateway with these listeners, a Service, and routes.
fn set(listeners: &str, routes: &[String]) -> String {
    let base = format!(
        "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {{ name: front, namespace: shop }}\n\
         spec: {{ gatewayClassName: any, listeners: [{listeners}] }}\n---\n\
         apiVersion: v1\nkind: Service\nmetadata: {{ name: cart, namespace: shop }}\nspec: {{ ports: [{{ name: web, port: 80 }}, {{ name: two, port: 81 }}] }}\n"
    );
    let all: Vec<String> = std::iter::once(base)
        .chain(routes.iter().cloned())
        .collect();
    all.join("---\n")
}

const HTTP: &str = "{ name: http, port: 80, protocol: HTTP }";

fn route(kind: &str, name: &str, parents: &str, rule: &str) -> String {
    format!(
        "apiVersion: gateway.networking.k8s.io/v1\nkind: {kind}\nmetadata: {{ name: {name}, namespace: shop }}\n\
         spec: {{ parentRefs: [{parents}], rules: [{{ {rule} backendRefs: [{{ name: cart, port: 80 }}] }}] }}\n"
    )
}

/// A route of which the only rule has a filter that cannot be applied.
fn failing(name: &str, parents: &str) -> String {
    route("HTTPRoute", name, parents, &format!("filters: [{FILTER}],"))
}

/// What is said of a route in `status`, each line by itself.
fn said(objects: &str, name: &str) -> String {
    about(&status(objects, &[]).0, &format!("HTTPRoute shop/{name}"))
}

/// GRPCRoute `spec.hostnames`: of a route that is rejected for its rules and whose place another one has, both are told, with what to
/// do about each.
#[test]
fn a_route_that_is_invalid_and_excluded_names_both_causes() {
    for (parent, lost, apart) in [
        (
            GATEWAY,
            "; rejected at listener `http`: GRPCRoute shop/a claims every host, too, and goes first: ",
            "help: attach GRPCRoute shop/a and HTTPRoute shop/b to different listeners",
        ),
        (
            SERVICE,
            "; rejected at port 80: GRPCRoutes take precedence there; port 81: GRPCRoutes",
            "help: attach HTTPRoute shop/b and the GRPCRoutes of the port to different ports",
        ),
    ] {
        let winner = route("GRPCRoute", "a", parent, "");
        let objects = set(HTTP, &[winner, failing("b", parent)]);
        let told = said(&objects, "b");
        assert!(
            told.contains("(UnsupportedValue): rule 0 is invalid: filters[0].")
                && told.contains(lost),
            "{told}"
        );
        assert!(told.contains(apart) && told.contains(HELP), "{told}");
        assert_eq!(told.matches("help: ").count(), 2, "{told}");
        assert!(!told.contains("answers"), "{told}");
        let (code, text) = run(&["validate", "-f", "-"], &objects);
        assert_eq!(code, Some(0), "{text}");
        let lost = lost.trim_start_matches("; ");
        for said in [lost, apart, "help: change or remove the filter"] {
            assert_eq!(text.matches(said).count(), 1, "{said}: {text}");
        }
        // By itself it answers.
        let alone = said_alone(parent);
        assert!(
            alone.contains("rule 0 answers its requests with 500: filters[0].")
                && alone.contains(HELP),
            "{alone}"
        );
        assert_eq!(alone.matches("help: ").count(), 1, "{alone}");
    }
    // At one listener of two it answers, at the other one it does not.
    let two = format!("{HTTP}, {{ name: two, port: 81, protocol: HTTP }}");
    let winner = route("GRPCRoute", "a", "{ name: front, sectionName: two }", "");
    let told = said(&set(&two, &[winner, failing("b", GATEWAY)]), "b");
    assert!(
        told.contains("rule 0 answers its requests with 500: filters[0].")
            && told.contains("; rejected at listener `two`: GRPCRoute shop/a claims"),
        "{told}"
    );
}

fn said_alone(parent: &str) -> String {
    said(&set(HTTP, &[failing("b", parent)]), "b")
}

/// Two listeners at which a route loses for one reason are named together.
#[test]
fn one_reason_is_told_once_for_all_listeners() {
    let two = format!("{HTTP}, {{ name: two, port: 81, protocol: HTTP }}");
    for rule in [String::new(), format!("filters: [{FILTER}],")] {
        let routes = [
            route("GRPCRoute", "a", GATEWAY, ""),
            route("HTTPRoute", "b", GATEWAY, &rule),
        ];
        let told = said(&set(&two, &routes), "b");
        assert!(
            told.contains("rejected at listeners `http`, `two`: GRPCRoute shop/a claims"),
            "{told}"
        );
        assert_eq!(told.matches("claims every host").count(), 1, "{told}");
    }
}

/// A route that a Service rejects is told what is wrong with it there, and nothing of the Service where that is sound.
#[test]
fn what_a_service_needs_is_told_where_it_is_the_cause() {
    let unreadable = "matches: [{ path: { type: RegularExpression, value: '/(' } }],";
    for (objects, help) in [
        (failing("b", SERVICE), HELP),
        (
            failing("b", "{ group: '', kind: Service, name: cart, port: 80 }"),
            HELP,
        ),
        (
            route("HTTPRoute", "b", SERVICE, unreadable),
            "help: `spec.rules[0].matches[0].path.value`: ",
        ),
    ] {
        let told = said(&set(HTTP, &[objects]), "b");
        assert!(
            told.contains(help) && !told.contains("name a Service"),
            "{told}"
        );
    }
    let service = "spec: { ports: [{ name: web, port: 80 }, { name: two, port: 81 }] }";
    for (spec, help) in [
        (
            "spec: { clusterIP: None, ports: [{ port: 80 }] }",
            "help: name a Service in `spec.parentRefs[0]` that has an address of its own",
        ),
        (
            "spec: { ports: [{ port: 80, protocol: UDP }] }",
            "help: name a Service in `spec.parentRefs[0]` that has a port for TCP",
        ),
    ] {
        let objects = set(HTTP, &[route("HTTPRoute", "b", SERVICE, "")]).replace(service, spec);
        let told = said(&objects, "b");
        let helps: Vec<&str> = told.lines().map(str::trim).collect();
        assert!(helps.contains(&help), "{told}");
    }
}

/// A route that a listener rejects for its namespace is not told of its rules, of which the Gateway says nothing.
#[test]
fn the_rules_of_a_route_are_told_where_it_is_rejected_for_them() {
    let elsewhere = failing("b", "{ name: front, namespace: shop }")
        .replace("namespace: shop }\nspec", "namespace: away }\nspec");
    let objects = set(HTTP, &[elsewhere]);
    let told = about(&status(&objects, &[]).0, "HTTPRoute away/b");
    assert!(told.contains("(NotAllowedByListeners)"), "{told}");
    assert!(
        told.contains("help: to take the route, listener `http` needs"),
        "{told}"
    );
    assert!(!told.contains("change or remove the filter"), "{told}");
}
