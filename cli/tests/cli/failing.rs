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
            "; rejected at port 80: GRPCRoutes take precedence there (GRPCRoute shop/a); port 81: GRPCRoutes",
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

/// A route that a listener rejects for its namespace is told of its rules all the same, of which no condition says anything.
#[test]
fn the_rules_of_a_route_are_told_where_it_is_rejected_for_another_cause() {
    let elsewhere = failing("b", "{ name: front, namespace: shop }")
        .replace("namespace: shop }\nspec", "namespace: away }\nspec");
    let objects = set(HTTP, &[elsewhere]);
    let told = about(&status(&objects, &[]).0, "HTTPRoute away/b");
    assert!(told.contains("(NotAllowedByListeners)"), "{told}");
    assert!(
        told.contains("help: to take the route, listener `http` needs"),
        "{told}"
    );
    let warning = "  warning: spec.rules[0].filters[0].requestHeaderModifier.set[0].name: `TE` describes a single connection";
    assert!(told.contains(warning), "{told}");
    let help = "    help: change or remove the filter";
    assert_eq!(told.matches(help).count(), 1, "{told}");
}

/// HTTPRoute `spec.rules[].filters[].type`: where a rule that is hidden has an invalid one before it, that one is to be corrected.
#[test]
fn a_rule_that_hides_another_and_is_invalid_is_to_be_corrected() {
    let good = route("HTTPRoute", "good", GATEWAY, "");
    let help = "help: correct rule 0 of HTTPRoute shop/bad, which is invalid";
    let told = said(&set(HTTP, &[failing("bad", GATEWAY), good.clone()]), "good");
    assert!(
        told.contains("never reached: HTTPRoute shop/bad") && told.contains(help),
        "{told}"
    );
    assert!(!told.contains("more specific"), "{told}");
    let valid = route("HTTPRoute", "bad", GATEWAY, "");
    let told = said(&set(HTTP, &[valid, good]), "good");
    assert!(
        told.contains("make one more specific") && !told.contains(help),
        "{told}"
    );
}

/// The text for a request, from `why` on.
fn asked(objects: &str, url: &str) -> String {
    let (_, text) = run(&["request", "-f", "-", url], objects);
    let from = text.find("\nwhy ").unwrap();
    text[from..].to_owned()
}

/// A request that no route takes: the help is for the cause that is named, and a route that names another listener is not rejected
/// at this one.
#[test]
fn the_help_for_a_request_is_for_the_cause_that_is_named() {
    let elsewhere = failing("b", "{ name: front, namespace: shop }")
        .replace("namespace: shop }\nspec", "namespace: away }\nspec");
    let told = asked(&set(HTTP, &[elsewhere]), "http://x.example/");
    assert!(
        told.contains("takes routes from namespace `shop` only"),
        "{told}"
    );
    assert!(
        told.contains("listener `http` needs `allowedRoutes.namespaces`"),
        "{told}"
    );
    assert!(!told.contains("change or remove the filter"), "{told}");

    let hosted = "{ name: hosted, port: 80, protocol: HTTP, hostname: x.example }";
    let both = format!("{HTTP}, {hosted}");
    let objects = set(&both, &[failing("b", "{ name: front, sectionName: http }")]);
    let told = asked(&objects, "http://x.example/");
    assert!(!told.contains("is rejected"), "{told}");
    assert!(
        told.contains("HTTPRoute shop/b would take the request at listener `http`")
            && told.contains(
                ": correct its rules, none of which is valid, and attach the route to listener `hosted`, too"
            ),
        "{told}"
    );
    let told = asked(&objects, "http://y.example/");
    assert!(
        told.contains("answered with 500: the rule is invalid") && told.contains(&HELP[6..]),
        "{told}"
    );

    // Excluded, and invalid: both are to be corrected.
    let routes = [
        route(
            "GRPCRoute",
            "a",
            GATEWAY,
            "matches: [{ method: { service: s } }],",
        ),
        failing("b", GATEWAY),
    ];
    let told = asked(&set(HTTP, &routes), "http://x.example/");
    assert!(
        told.contains("HTTPRoute shop/b is rejected at listener `http`: GRPCRoute shop/a claims"),
        "{told}"
    );
    assert!(
        told.contains("attach GRPCRoute shop/a and HTTPRoute shop/b") && told.contains(&HELP[6..]),
        "{told}"
    );
}

/// A TLSRoute at a less specific listener of the port is named, as an HTTPRoute is.
#[test]
fn a_tls_route_at_another_listener_is_a_near_miss() {
    let listener = |name: &str, hostname: &str| {
        format!(
            "{{ name: {name}, port: 443, protocol: TLS, hostname: '{hostname}', tls: {{ mode: Passthrough }} }}"
        )
    };
    let near = "TLSRoute shop/t would take the connection at listener `wide`, but connections for this host belong to listener \
                `exact`, whose hostname `x.a.example` is more specific: attach the route to listener `exact`, too";
    let neither = "attach a TLSRoute to listener `exact` of Gateway shop/front";
    let listeners = [
        listener("wide", "*.a.example"),
        listener("exact", "x.a.example"),
    ]
    .join(", ");
    for (hostnames, expected, other) in [
        ("x.a.example", near, neither),
        ("'*.a.example'", near, neither),
        ("y.a.example", neither, near),
    ] {
        let tls = route("TLSRoute", "t", "{ name: front, sectionName: wide }", "")
            .replace("rules:", &format!("hostnames: [{hostnames}], rules:"));
        for url in ["tls://x.a.example:443", "https://x.a.example/"] {
            let told = asked(&set(&listeners, std::slice::from_ref(&tls)), url);
            assert!(told.contains(expected) && !told.contains(other), "{told}");
        }
    }
    // It names a listener of another port.
    let moved = listeners.replacen("443", "8443", 1);
    let tls = route("TLSRoute", "t", "{ name: front, sectionName: wide }", "")
        .replace("rules:", "hostnames: [x.a.example], rules:");
    let told = asked(&set(&moved, &[tls]), "tls://x.a.example:443");
    assert!(
        told.contains("TLSRoute shop/t would take the connection, but names listener `wide` alone: attach it to listener `exact`, too"),
        "{told}"
    );
}
