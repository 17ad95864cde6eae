//! `gwapi status` about what is accepted and has no effect, what is left out, and what would help.

use crate::support::{about, gwapi, route, status, two_listeners};

/// GatewayConditionReason `AddressNotUsable`: the Gateway is not programmed, and so are its listeners, and a request
/// to it finds nobody.
#[test]
fn a_gateway_that_does_not_get_its_address_takes_no_traffic() {
    let first = two_listeners(
        "{ name: one, port: 80, protocol: HTTP }",
        "{ name: two, port: 81, protocol: HTTP }",
        "",
    )
    .replace(
        "gatewayClassName: any,",
        "gatewayClassName: any, addresses: [{ value: 203.0.113.9 }],",
    );
    let second = first.replace("name: front", "name: late");
    let objects =
        first + &second + &route("HTTPRoute", "v1", "site", "parentRefs: [{ name: late }]");
    let (text, code) = status(&objects, &[]);
    assert_eq!(code, Some(1));
    assert_eq!(
        about(&text, "Gateway edge/late"),
        "\
Gateway edge/late
  Accepted True (Accepted)
  Programmed False (AddressNotUsable): address `203.0.113.9` belongs to Gateway edge/front: neither has a creationTimestamp, and `edge/front` sorts before `edge/late`; in a cluster the older one goes first
  listener one (HTTP, port 80): not serving; attachedRoutes 1; takes HTTPRoute, GRPCRoute
    Accepted True (Accepted), Conflicted False (NoConflicts), ResolvedRefs True (ResolvedRefs)
    Programmed False (Pending): Gateway edge/late is not programmed
  listener two (HTTP, port 81): not serving; attachedRoutes 1; takes HTTPRoute, GRPCRoute
    Accepted True (Accepted), Conflicted False (NoConflicts), ResolvedRefs True (ResolvedRefs)
    Programmed False (Pending): Gateway edge/late is not programmed
  help: ask for another address in `spec.addresses`, or for none"
    );
    assert_eq!(
        about(&text, "HTTPRoute"),
        "HTTPRoute edge/site\n  accepted by Gateway edge/late, but with no effect\n    listeners one, two are not serving: see \
         Gateway edge/late\n    Accepted True (Accepted), ResolvedRefs True (ResolvedRefs)"
    );
    let asked = [
        "request",
        "-f",
        "-",
        "--gateway",
        "edge/late",
        "http://a.example/",
    ];
    let output = gwapi(&asked, &objects);
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("refused"), "{text}");
    assert!(
        text.contains("Programmed False (AddressNotUsable): address `203.0.113.9` belongs to Gateway edge/front"),
        "{text}"
    );
}

/// Who refers to an object that was given and that the API server would refuse is told so, and not that it is missing.
#[test]
fn a_reference_to_what_is_left_out_says_so_and_to_correct_it_first() {
    let refused = "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: { name: broken, namespace: edge }\n\
                   spec: { gatewayClassName: any, listeners: [] }\n---\n";
    let unreadable = "apiVersion: v1\nkind: Service\nmetadata: { name: odd, namespace: edge }\nspec: { ports: 7 }\n---\n";
    let backend = "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: { name: shop, namespace: edge }\n\
                   spec: { parentRefs: [{ name: front }], rules: [{ backendRefs: [{ name: odd, port: 80 }] }] }\n---\n";
    let objects = refused.to_owned()
        + unreadable
        + backend
        + &two_listeners(
            "{ name: one, port: 80, protocol: HTTP }",
            "{ name: two, port: 81, protocol: HTTP }",
            &route("HTTPRoute", "v1", "site", "parentRefs: [{ name: broken }]"),
        );
    let (text, code) = status(&objects, &[]);
    assert_eq!(code, Some(1));
    assert_eq!(
        about(&text, "HTTPRoute edge/site"),
        "HTTPRoute edge/site\n  no effect: Gateway edge/broken was given, but is left out\n  help: correct Gateway edge/broken \
         first, which is left out: the API server would refuse it"
    );
    // Two parentRefs with one cause have one line.
    let sections = "{ name: broken, sectionName: a }, { name: broken, sectionName: b }";
    let (twice, _) = status(
        &objects.replace("{ name: broken }]", &format!("{sections}]")),
        &[],
    );
    assert_eq!(
        about(&twice, "HTTPRoute edge/site"),
        about(&text, "HTTPRoute edge/site")
    );
    let shop = about(&text, "HTTPRoute edge/shop");
    assert!(
        shop.contains("ResolvedRefs False (BackendNotFound): Service edge/odd was given, but is left out\n  help: correct Service edge/odd first, which is left out: "),
        "{text}"
    );
    assert!(text.contains("\nleft out (hence exit code 1):\n"), "{text}");
    assert!(
        text.ends_with("3 objects with a status: 2 to look at; 2 more objects left out\n"),
        "{text}"
    );
}

/// A GatewayClass that is only named counts as accepted, but not one that the API server would refuse.
#[test]
fn a_gateway_whose_class_is_left_out_waits_for_it() {
    let class = "apiVersion: gateway.networking.k8s.io/v1\nkind: GatewayClass\nmetadata: { name: any }\nspec: {}\n---\n";
    let objects = class.to_owned()
        + &two_listeners(
            "{ name: one, port: 80, protocol: HTTP }",
            "{ name: two, port: 81, protocol: HTTP }",
            "",
        );
    let (text, code) = status(&objects, &[]);
    assert_eq!(code, Some(1));
    let gateway = about(&text, "Gateway edge/front");
    assert!(
        gateway.contains(
            "Accepted Unknown (Pending), Programmed Unknown (Pending): GatewayClass any is not accepted: GatewayClass any was \
             given, but is left out\n"
        ),
        "{text}"
    );
    assert!(
        gateway.ends_with(
            "  help: correct GatewayClass any first, which is left out: the API server would refuse it"
        ),
        "{text}"
    );
}

/// What is accepted and has no effect has no condition that says so: a warning does, and the exit code.
#[test]
fn what_is_accepted_and_has_no_effect_is_a_warning() {
    let redirect = "filters: [{ type: RequestRedirect, requestRedirect: { hostname: c.example } }]";
    let http = |name: &str, hostname: &str, rules: &str| {
        format!(
            "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {{ name: {name}, namespace: edge }}\n\
             spec: {{ parentRefs: [{{ name: front, sectionName: one }}], hostnames: [{hostname}], rules: {rules} }}\n---\n"
        )
    };
    for (routes, object, warned) in [
        (
            http("a", "a.example", &format!("[{{ {redirect} }}]"))
                + &http("b", "a.example", &format!("[{{ {redirect} }}]")),
            "HTTPRoute edge/b",
            "spec.rules[0]: never reached: HTTPRoute edge/a takes the same requests and goes first: neither has",
        ),
        (
            http("a", "b.wide.example", &format!("[{{ {redirect} }}]")),
            "HTTPRoute edge/a",
            "spec.parentRefs: no request reaches the route at listener `one` of Gateway `edge/front`",
        ),
        (
            http("a", "a.example", "[]"),
            "HTTPRoute edge/a",
            "spec: the route has no rules: no request matches it",
        ),
        (
            http("a", "a.example", "[{}]"),
            "HTTPRoute edge/a",
            "spec.rules[0]: the rule has no backend and no redirect: its requests are answered with 500",
        ),
        (
            http("a", "a.example", "[{ backendRefs: [{ name: web, port: 80, weight: 0 }] }]"),
            "HTTPRoute edge/a",
            "spec.rules[0].backendRefs: all weights are 0: no backend receives anything",
        ),
        (
            "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: { name: pass, namespace: edge }\n\
             spec: { gatewayClassName: any, listeners: [{ name: t, port: 443, protocol: TLS, \
             tls: { mode: Passthrough, certificateRefs: [{ name: missing }] } }] }\n"
                .to_owned(),
            "Gateway edge/pass",
            "listener `t`, tls.certificateRefs: `certificateRefs` is ignored, since `mode` is Passthrough",
        ),
    ] {
        let objects = two_listeners(
            "{ name: one, port: 80, protocol: HTTP }",
            "{ name: two, port: 80, protocol: HTTP, hostname: '*.wide.example' }",
            &routes,
        );
        // Later releases refuse a route without rules.
        let (text, code) = status(&objects, &["--release", "v1.1.0"]);
        assert_eq!(code, Some(1), "{text}");
        let about = about(&text, object);
        assert_eq!(
            about.matches(&format!("\n  warning: {warned}")).count(),
            1,
            "{warned}\n{text}"
        );
        assert!(about.contains("\n    help: "), "{text}");
        assert_eq!(text.matches("warning: ").count(), 1, "{text}");
        assert!(text.ends_with(": 1 to look at\n"), "{text}");
    }
}

/// "parametersRef": what the object holds is for the controller to know.
#[test]
fn parameters_that_are_not_looked_into_are_said_not_to_be() {
    let class = |kind: &str| {
        format!(
            "apiVersion: gateway.networking.k8s.io/v1\nkind: GatewayClass\nmetadata: {{ name: any }}\n\
             spec: {{ controllerName: a.example/b, parametersRef: {{ group: {kind}, name: tuning, namespace: edge }} }}\n---\n\
             apiVersion: v1\nkind: ConfigMap\nmetadata: {{ name: tuning, namespace: edge }}\n---\n"
        )
    };
    for (kind, said) in [
        (
            "'', kind: ConfigMap",
            "parameters ConfigMap edge/tuning: only the controller can check an object of this kind",
        ),
        (
            "a.example, kind: Tuning",
            "parameters Tuning edge/tuning: not in the input; only the controller can check an object of this kind",
        ),
    ] {
        let (text, code) = status(&class(kind), &[]);
        assert_eq!(code, Some(0), "{text}");
        assert!(about(&text, "GatewayClass any").contains(said), "{text}");
    }
}

/// A kind that is known, in a group that does not have it: the group is what is wrong.
#[test]
fn a_kind_in_another_group_is_told_by_its_group() {
    let objects = two_listeners(
        "{ name: one, port: 80, protocol: HTTP }",
        "{ name: two, port: 81, protocol: HTTP }",
        &(route(
            "HTTPRoute",
            "v1",
            "a",
            "parentRefs: [{ group: '', name: front }]",
        ) + &route(
            "HTTPRoute",
            "v1",
            "b",
            "parentRefs: [{ kind: Service, name: web }]",
        )),
    );
    let (text, code) = status(&objects, &[]);
    assert_eq!(code, Some(1));
    assert_eq!(
        about(&text, "HTTPRoute edge/a"),
        "HTTPRoute edge/a\n  no effect: kind Gateway is in group `gateway.networking.k8s.io`, not in `\"\"`\n  \
         help: remove `group: \"\"` from `spec.parentRefs[0]`"
    );
    assert_eq!(
        about(&text, "HTTPRoute edge/b"),
        "HTTPRoute edge/b\n  no effect: no `group` is written, which means `gateway.networking.k8s.io`, and that has no kind Service\n  \
         help: write `group: \"\"`"
    );
}

#[test]
fn what_excludes_each_other_has_help_for_it() {
    let conflict = |first: &str, second: &str, routes: &str, object: &str| {
        let (text, code) = status(&two_listeners(first, second, routes), &[]);
        assert_eq!(code, Some(1));
        about(&text, object)
            .lines()
            .last()
            .unwrap_or_default()
            .to_owned()
    };
    let (http, other) = (
        "{ name: a, port: 80, protocol: HTTP }",
        "{ name: b, port: 81, protocol: HTTP }",
    );
    let both = |one: &str, two: &str, version: &str| {
        let parents = "parentRefs: [{ name: front }]";
        route(one, version, "one", parents) + &route(two, version, "two", parents)
    };
    for (help, wanted) in [
        (
            conflict(
                http,
                "{ name: b, port: 80, protocol: HTTPS, tls: { mode: Terminate, options: { a.b/c: d } } }",
                "",
                "Gateway",
            ),
            "  help: move listener `a` (HTTP) or listener `b` (HTTPS) to a port other than 80",
        ),
        (
            conflict(
                "{ name: a, port: 443, protocol: TLS, hostname: a.b, tls: { mode: Passthrough } }",
                "{ name: b, port: 443, protocol: HTTPS, hostname: a.b, tls: { mode: Terminate, options: { a.b/c: d } } }",
                "",
                "Gateway",
            ),
            "  help: give each of listeners `a`, `b` a hostname or port of its own, or keep only one",
        ),
        (
            conflict(
                http,
                other,
                &both("GRPCRoute", "HTTPRoute", "v1"),
                "HTTPRoute edge/two",
            ),
            "  help: attach GRPCRoute edge/one and HTTPRoute edge/two to different listeners by `sectionName`, or give them hostnames that have no host in common",
        ),
        (
            conflict(
                "{ name: a, port: 80, protocol: TCP }",
                other,
                &both("TCPRoute", "TCPRoute", "v1alpha2"),
                "TCPRoute edge/two",
            ),
            "  help: attach TCPRoute edge/one and TCPRoute edge/two to different listeners by `sectionName`, or remove one of them",
        ),
    ] {
        assert_eq!(help, wanted);
    }
}

/// Of a Namespace that is not in the set the labels are not known: that is said, and not that it does not exist or has none.
#[test]
fn a_namespace_that_is_not_given_has_labels_that_are_not_known() {
    let selector = "allowedRoutes: { namespaces: { from: Selector, selector: { matchLabels: { team: shop } } } }";
    let objects = two_listeners(
        &format!("{{ name: one, port: 80, protocol: HTTP, {selector} }}"),
        &format!("{{ name: two, port: 81, protocol: HTTP, {selector} }}"),
        &route(
            "HTTPRoute",
            "v1",
            "site",
            "parentRefs: [{ name: front, sectionName: one }]",
        ),
    );
    let (text, code) = status(&objects, &[]);
    assert_eq!(code, Some(1));
    let site = about(&text, "HTTPRoute");
    assert!(
        site.contains(
            "listener `one` takes routes from namespaces labelled `team=shop`: Namespace edge is not in the set, so \
             that its labels are not known: it is treated as having no labels\n  help: add Namespace `edge` with its labels to the input"
        ),
        "{text}"
    );
    let given =
        "apiVersion: v1\nkind: Namespace\nmetadata: { name: edge, labels: { team: ops } }\n---\n";
    let (text, _) = status(&format!("{given}{objects}"), &[]);
    let site = about(&text, "HTTPRoute");
    assert!(
        site.contains("and the route is in `edge`, which is labelled `team=ops`"),
        "{text}"
    );
}

/// The status of a listener says why it is rejected; a route that it rejects for that says which listener it is.
#[test]
fn listeners_that_are_rejected_themselves_are_named_in_one_line() {
    let selector = "allowedRoutes: { namespaces: { from: Selector } }";
    let objects = two_listeners(
        &format!("{{ name: one, port: 80, protocol: HTTP, {selector} }}"),
        &format!("{{ name: two, port: 81, protocol: HTTP, {selector} }}"),
        &route("HTTPRoute", "v1", "site", "parentRefs: [{ name: front }]"),
    );
    let (text, code) = status(&objects, &[]);
    assert_eq!(code, Some(1));
    assert_eq!(
        about(&text, "HTTPRoute"),
        "HTTPRoute edge/site\n  rejected by Gateway edge/front\n    ResolvedRefs True (ResolvedRefs)\n    Accepted False \
         (NotAllowedByListeners): listeners `one`, `two` are rejected (Invalid): see their own conditions\n  help: correct \
         listener `one` of Gateway edge/front first, which is rejected itself"
    );
}

/// A TCPRoute without backends is not accepted (GEP-1364): two conditions have one cause.
#[test]
fn a_cause_that_is_part_of_another_is_told_once() {
    let objects = two_listeners(
        "{ name: one, port: 80, protocol: TCP }",
        "{ name: two, port: 81, protocol: TCP }",
        "apiVersion: gateway.networking.k8s.io/v1alpha2\nkind: TCPRoute\nmetadata: { name: raw, namespace: edge }\n\
         spec: { parentRefs: [{ name: front, sectionName: one }], rules: [{ backendRefs: [{ name: nowhere, port: 1 }] }] }\n",
    );
    let (text, code) = status(&objects, &[]);
    assert_eq!(code, Some(1));
    assert_eq!(
        text.matches("Service edge/nowhere does not exist").count(),
        1,
        "{text}"
    );
    assert!(
        about(&text, "TCPRoute")
            .contains("Accepted False (BackendNotFound), ResolvedRefs False (BackendNotFound): "),
        "{text}"
    );
}

/// HTTPRoute `hostnames` (GEP-1294) and HTTPHeaderFilter: what is ignored is said, and makes the exit code 1.
#[test]
fn hostnames_in_a_mesh_and_a_header_that_is_named_twice_are_told() {
    let objects = "
apiVersion: v1
kind: Service
metadata: { name: cart, namespace: shop }
spec: { clusterIP: 10.0.0.1, ports: [{ port: 80 }] }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: cart, namespace: shop }
spec:
  parentRefs: [{ group: '', kind: Service, name: cart }]
  hostnames: [cart.example]
  rules:
  - filters: [{ type: RequestHeaderModifier, requestHeaderModifier: { set: [{ name: a, value: x }, { name: A, value: z }], remove: [a] } }]
    backendRefs: [{ name: cart, port: 80 }]
";
    let (text, code) = status(objects, &[]);
    assert_eq!(code, Some(1));
    for said in [
        "warning: spec.hostnames: `hostnames` are ignored at Service `cart`: the route takes requests to every host there",
        "requestHeaderModifier.set[1]: `A` is the header that `set` names already: this entry is passed over",
        "requestHeaderModifier.remove[0]: `a` is the header that `set` names already: `remove` is applied after it",
    ] {
        assert!(text.contains(said), "{said}\n{text}");
    }
}

/// RouteStatus `parents` has at most 32 entries; those of other controllers stay.
#[test]
fn an_entry_for_which_a_status_has_no_room_is_told() {
    let gateway = |n: usize| {
        format!(
            "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {{ name: g{n}, namespace: edge }}\n\
             spec: {{ gatewayClassName: c, listeners: [{{ name: h, port: 80, protocol: HTTP }}] }}\n---\n"
        )
    };
    let gateways: String = (0..32).map(gateway).collect();
    let parents: Vec<String> = (0..32).map(|n| format!("{{ name: g{n} }}")).collect();
    let route = |foreign: &str| {
        format!(
            "{gateways}apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {{ name: r, namespace: edge }}\n\
             spec: {{ parentRefs: [{}], rules: [{{ filters: [{{ type: RequestRedirect, requestRedirect: {{ hostname: a.example }} }}] }}] }}\n\
             status: {{ parents: [{foreign}] }}\n",
            parents.join(", ")
        )
    };
    let (text, code) = status(&route(""), &[]);
    assert!(!text.contains("not written"), "{text}");
    assert_eq!(code, Some(0), "{text}");
    let foreign = "{ parentRef: { name: g0 }, controllerName: example.com/other, conditions: [{ type: Accepted, status: 'True', \
                   reason: Accepted, message: '', lastTransitionTime: '2024-01-01T00:00:00Z' }] }";
    let (text, code) = status(&route(foreign), &[]);
    let said = "  not written: a status has room for 32 entries, and those of other controllers stay; no entry for Gateway edge/g31\n";
    assert!(text.contains(said), "{text}");
    assert_eq!(code, Some(1));
}

/// A list has room for eight conditions (`maxItems`), and those of others are kept: ours that have none are not shown as if
/// they were written.
#[test]
fn a_condition_for_which_a_status_has_no_room_is_told() {
    let others = |count: usize| -> String {
        let one = |n: usize| {
            format!(
                "{{ type: F{n}, status: 'True', reason: X, message: '', lastTransitionTime: '2024-01-01T00:00:00Z' }}"
            )
        };
        (0..count).map(one).collect::<Vec<_>>().join(", ")
    };
    let objects = |count: usize| {
        let others = others(count);
        format!(
            "apiVersion: gateway.networking.k8s.io/v1\nkind: GatewayClass\nmetadata: {{ name: c }}\n\
             spec: {{ controllerName: example.com/c }}\nstatus: {{ conditions: [{others}] }}\n---\n\
             apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {{ name: g, namespace: edge }}\n\
             spec: {{ gatewayClassName: c, listeners: [{{ name: h, port: 80, protocol: HTTP }}] }}\n\
             status: {{ conditions: [{others}], listeners: [{{ name: h, attachedRoutes: 0, supportedKinds: [], conditions: [{others}] }}] }}\n---\n\
             apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {{ name: r, namespace: edge }}\n\
             spec: {{ parentRefs: [{{ name: g }}], rules: [{{ filters: [{{ type: RequestRedirect, requestRedirect: {{ hostname: a.example }} }}] }}] }}\n\
             status: {{ parents: [{{ parentRef: {{ name: g }}, controllerName: example.com/c, conditions: [{others}] }}] }}\n"
        )
    };
    let (text, code) = status(&objects(4), &[]);
    assert!(!text.contains("not written"), "{text}");
    assert_eq!(code, Some(0), "{text}");
    let rest = "; a list has room for 8 conditions, and those of others stay\n";
    for (count, written) in [(8, 0), (7, 1)] {
        let (text, code) = status(&objects(count), &[]);
        assert_eq!(code, Some(1));
        let (json, _) = status(&objects(count), &["-o", "json"]);
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        let warnings = json["warnings"].as_array().unwrap();
        // Of the class, the Gateway, its listener and the route.
        for (indent, ours) in [
            (
                2,
                &[
                    "Accepted True (Accepted)",
                    "SupportedVersion True (SupportedVersion)",
                ][..],
            ),
            (
                2,
                &["Accepted True (Accepted)", "Programmed True (Programmed)"],
            ),
            (
                4,
                &[
                    "Accepted True (Accepted)",
                    "Conflicted False (NoConflicts)",
                    "ResolvedRefs True (ResolvedRefs)",
                    "Programmed True (Programmed)",
                ],
            ),
            (
                4,
                &[
                    "Accepted True (Accepted)",
                    "ResolvedRefs True (ResolvedRefs)",
                ],
            ),
        ] {
            let (shown, missing) = ours.split_at(written);
            let said = format!("not written: {}{rest}", missing.join("; "));
            let line = format!("\n{}{said}", " ".repeat(indent));
            assert!(text.contains(&line), "{line}{text}");
            for shown in shown {
                assert!(
                    text.contains(&format!("\n{}{shown}\n", " ".repeat(indent))),
                    "{text}"
                );
            }
            let told = |warning: &serde_json::Value| warning["message"] == said.trim_end();
            assert!(warnings.iter().any(told), "{json}");
        }
    }
}

/// Help stands beside the cause that is shown, and a route that nobody has shows none of its rules.
#[test]
fn each_cause_that_is_shown_has_its_help_and_no_other() {
    let policy = |name: &str, targets: &str, roots: &str| {
        format!(
            "apiVersion: gateway.networking.k8s.io/v1alpha3\nkind: BackendTLSPolicy\nmetadata: {{ name: {name}, namespace: edge }}\n\
             spec: {{ targetRefs: [{targets}], validation: {{ hostname: a.example, {roots} }} }}\n---\n"
        )
    };
    let service = |name: &str| {
        format!(
            "apiVersion: v1\nkind: Service\nmetadata: {{ name: {name}, namespace: edge }}\nspec: {{ ports: [{{ port: 80 }}] }}\n---\n"
        )
    };
    let to = |name: &str| format!("{{ group: '', kind: Service, name: {name} }}");
    let http = |parents: &str, backend: &str| {
        format!(
            "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {{ name: r, namespace: edge }}\n\
             spec: {{ parentRefs: [{parents}], rules: [{{ backendRefs: [{backend}] }}] }}\n---\n"
        )
    };
    let front = "{ name: front, sectionName: one }";
    let tcp = |rules: &str| {
        format!(
            "apiVersion: gateway.networking.k8s.io/v1alpha2\nkind: TCPRoute\nmetadata: {{ name: raw, namespace: edge }}\n\
             spec: {{ parentRefs: [{{ name: front, sectionName: raw }}], rules: [{rules}] }}\n---\n"
        )
    };
    let rule = |name: &str| format!("{{ backendRefs: [{{ name: {name}, port: 80 }}] }}");
    let system = "wellKnownCACertificates: System";
    let roots = "caCertificateRefs: [{ group: '', kind: ConfigMap, name: nope }]";
    for (objects, object, wanted) in [
        (
            http(
                "{ name: nowhere, namespace: far }",
                "{ name: far, namespace: away, port: 80 }",
            ),
            "HTTPRoute",
            vec![
                "add Gateway far/nowhere to the input, or name another parent in `spec.parentRefs[0]`",
            ],
        ),
        (
            http(front, "{ name: nope, namespace: away, port: 80 }"),
            "HTTPRoute",
            vec![
                "create a ReferenceGrant in namespace `away` with `from: [{group: gateway.networking.k8s.io, kind: HTTPRoute, \
                 namespace: edge}]` and `to: [{group: \"\", kind: Service, name: nope}]`; Service away/nope does not exist \
                 either: create it, too",
            ],
        ),
        (
            http(front, "{ name: a, port: 80 }") + &service("a") + &policy("p", &to("a"), roots),
            "HTTPRoute",
            vec![
                "create ConfigMap edge/nope, with CA certificates under the key `ca.crt`, or remove BackendTLSPolicy edge/p",
            ],
        ),
        (
            http(front, "{ name: a, port: 80 }, { name: b, port: 80 }")
                + &service("a")
                + &service("b")
                + &policy("old", &to("a"), system)
                + &policy("young", &format!("{}, {}", to("a"), to("b")), system),
            "BackendTLSPolicy edge/young",
            vec!["remove Service `a` from the `targetRefs` of `young`"],
        ),
        (
            tcp(&rule("nope")),
            "TCPRoute",
            vec!["create Service edge/nope, or name another backend"],
        ),
        (
            tcp(&format!("{}, {}", rule("a"), rule("a"))) + &service("a"),
            "TCPRoute",
            vec!["remove rule 1, or move its `backendRefs` into rule 0"],
        ),
    ] {
        let objects = two_listeners(
            "{ name: one, port: 80, protocol: HTTP }",
            "{ name: raw, port: 81, protocol: TCP }",
            &objects,
        );
        let (text, code) = status(&objects, &[]);
        assert_eq!(code, Some(1), "{text}");
        let about = about(&text, object);
        let help = about
            .lines()
            .filter_map(|line| line.strip_prefix("  help: "));
        assert_eq!(help.collect::<Vec<_>>(), wanted, "{text}");
    }
    let selector = "allowedRoutes: { namespaces: { from: Selector } }";
    let objects = two_listeners(
        &format!("{{ name: one, port: 80, protocol: HTTP, {selector} }}"),
        &format!("{{ name: two, port: 81, protocol: HTTP, {selector} }}"),
        "",
    );
    let (text, _) = status(&objects, &[]);
    assert!(
        text.contains("\n  help: in `allowedRoutes.namespaces` of listeners `one`, `two`, write a `selector`, or `from: Same` or `from: All`\n"),
        "{text}"
    );
    let class = "apiVersion: gateway.networking.k8s.io/v1\nkind: GatewayClass\nmetadata: { name: any }\n\
                 spec: { controllerName: a.example/b, parametersRef: { group: '', kind: ConfigMap, name: nope, namespace: edge } }\n";
    let (text, _) = status(class, &[]);
    assert!(
        text.contains(
            "\n  help: create ConfigMap edge/nope, or name another object in `spec.parametersRef`\n"
        ),
        "{text}"
    );
}

/// Gateway `spec.listeners`, "listener isolation": a host that belongs to a more specific listener is not served.
#[test]
fn only_hosts_that_are_served_are_listed_at_a_listener() {
    let objects = two_listeners(
        "{ name: one, port: 80, protocol: HTTP }",
        "{ name: two, port: 80, protocol: HTTP, hostname: '*.wide.example' }",
        "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: { name: r, namespace: edge }\n\
         spec: { parentRefs: [{ name: front, sectionName: one }], hostnames: [a.wide.example, b.example], rules: [{ filters: \
         [{ type: RequestRedirect, requestRedirect: { hostname: c.example } }] }] }\n",
    );
    let (text, code) = status(&objects, &[]);
    assert_eq!(code, Some(1));
    assert_eq!(
        about(&text, "HTTPRoute"),
        "HTTPRoute edge/r\n  accepted by Gateway edge/front at listener one for b.example\n    Accepted True (Accepted), \
         ResolvedRefs True (ResolvedRefs)\n  warning: spec.hostnames: no request for `a.wide.example` reaches the route at \
         listener `one` of Gateway `edge/front`: that host belongs to listener `two`\n    help: attach the route to listener \
         `two`, too"
    );
}
