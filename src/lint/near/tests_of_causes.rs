//! Help is for the cause that is named: the same listener, field, protocol and policy.

use super::tests::{BASE, around, hints, of_route, resolve, route};

/// The messages about objects of a kind.
fn of_kind(objects: &str, kind: &str) -> Vec<String> {
    let found = hints(objects).into_iter();
    let of_kind = found.filter(|(object, ..)| object.starts_with(kind));
    of_kind.map(|(_, message, _)| message).collect()
}

/// A Gateway `gw` with these listeners.
fn gateway(listeners: &str) -> String {
    format!(
        "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {{ name: gw, namespace: shop }}\n\
         spec: {{ gatewayClassName: any, listeners: [{listeners}] }}\n---\n"
    )
}

fn policy(name: &str, spec: &str) -> String {
    format!(
        "---\napiVersion: gateway.networking.k8s.io/v1alpha3\nkind: BackendTLSPolicy\nmetadata: {{ name: {name}, namespace: shop }}\n\
         spec: {spec}\n"
    )
}

/// BackendTLSPolicy "Accepted": the policy that the cause names is the one to correct, and what makes it invalid.
#[test]
fn a_backend_fails_for_what_makes_its_own_policy_invalid() {
    let to_cart = "{ parentRefs: [{ name: front, sectionName: http }], rules: [{ backendRefs: [{ name: cart, port: 80 }] }] }";
    let invalid = |targets: &str, authority: &str| {
        format!(
            "{{ targetRefs: [{targets}], validation: {{ hostname: a.test, caCertificateRefs: [{{ group: '', kind: ConfigMap, name: {authority} }}] }} }}"
        )
    };
    let cart = "{ group: '', kind: Service, name: cart }";
    let gone = "{ group: '', kind: Service, name: gone }";
    let wanted = "create ConfigMap shop/ca, with CA certificates under the key `ca.crt`, or remove BackendTLSPolicy shop/p2";
    let objects =
        route("shop", to_cart) + &policy("p2", &invalid(&format!("{gone}, {cart}"), "ca"));
    assert_eq!(of_route(&objects, "shop"), wanted);
    // Another policy of the backend, which is for another port, is no cause.
    let other = invalid(
        "{ group: '', kind: Service, name: cart, sectionName: dns }",
        "none",
    );
    let both = objects.clone() + &policy("p1", &other);
    assert_eq!(of_route(&both, "shop"), wanted);
    let asked = around(&format!("{BASE}---\n{objects}"), "http://a.test/");
    assert_eq!(asked.help, [wanted]);
}

/// BackendTLSPolicy `spec.targetRefs[].sectionName`: a policy for a port goes before one for the whole Service.
#[test]
fn a_policy_that_yields_to_those_of_the_ports_names_them() {
    let to_cart = "{ parentRefs: [{ name: front, sectionName: http }], rules: [{ backendRefs: [{ name: cart, port: 80 }] }] }";
    let target = |section: &str| {
        format!(
            "{{ targetRefs: [{{ group: '', kind: Service, name: cart{section} }}], validation: {{ hostname: a.test, \
             wellKnownCACertificates: System }} }}"
        )
    };
    let objects = route("shop", to_cart)
        + &policy("port", &target(", sectionName: web"))
        + &policy("whole", &target(""));
    let told = of_kind(&objects, "BackendTLSPolicy shop/whole");
    assert_eq!(
        told,
        [
            "remove Service shop/cart from the `targetRefs` of BackendTLSPolicy shop/whole, or remove BackendTLSPolicy shop/port"
        ]
    );
    let (resolver, _) = resolve(&format!("{BASE}---\n{objects}"));
    let mut targets = resolver.resolution().policies.iter();
    let (_, whole) = targets.find(|(policy, _)| policy.name == "whole").unwrap();
    assert_eq!(
        whole[0].why,
        "port `web` has BackendTLSPolicy shop/port, which goes before one for the whole Service; routes send traffic to no other \
         port"
    );
    // A port that no route asks for, beside one that has traffic.
    let second = "---\napiVersion: v1\nkind: Service\nmetadata: { name: cart, namespace: shop }\nspec: { ports: [{ name: web, port: 80 }, { name: alt, port: 81 }] }\n";
    let objects = route("shop", to_cart) + &policy("port", &target(", sectionName: alt")) + second;
    let (resolver, _) = resolve(&format!("{BASE}---\n{objects}"));
    let mut targets = resolver.resolution().policies.values().flatten();
    let port = targets.next().unwrap();
    assert_eq!(
        port.why,
        "no accepted route refers to port `alt` of Service shop/cart"
    );
    assert!(port.is_unused());
}

/// `protocol` of the ports of a Service: UDPRoutes need UDP, all others TCP.
#[test]
fn a_port_of_the_other_transport_is_to_be_replaced_by_one_of_the_right_one() {
    let route = |kind: &str| {
        format!(
            "---\napiVersion: gateway.networking.k8s.io/v1alpha2\nkind: {kind}\nmetadata: {{ name: r, namespace: shop }}\n\
             spec: {{ parentRefs: [{{ name: gw }}], rules: [{{ backendRefs: [{{ name: dns, port: 53 }}] }}] }}\n"
        )
    };
    let service = |ports: &str| {
        format!(
            "---\napiVersion: v1\nkind: Service\nmetadata: {{ name: dns, namespace: shop }}\nspec: {{ ports: [{ports}] }}\n"
        )
    };
    let listeners =
        gateway("{ name: u, port: 53, protocol: UDP }, { name: t, port: 53, protocol: TCP }");
    let told = |kind: &str, ports: &str| {
        of_kind(&(listeners.clone() + &route(kind) + &service(ports)), kind)
    };
    assert_eq!(
        told("UDPRoute", "{ port: 53 }"),
        ["name a port in `spec.rules[0].backendRefs[0]` whose `protocol` is UDP"]
    );
    assert_eq!(
        told(
            "TCPRoute",
            "{ name: a, port: 53, protocol: UDP }, { name: b, port: 80 }"
        ),
        [
            "name a port in `spec.rules[0].backendRefs[0]` whose `protocol` is TCP, as 80 of Service shop/dns"
        ]
    );
}

/// One remedy for several listeners is told once, whatever is wrong with each.
#[test]
fn listeners_with_one_remedy_are_named_together() {
    let listener = |name: &str, port: u16, operator: &str| {
        format!(
            "{{ name: {name}, port: {port}, protocol: HTTP, allowedRoutes: {{ namespaces: {{ from: Selector, selector: \
             {{ matchExpressions: [{{ key: a, {operator} }}] }} }} }} }}"
        )
    };
    let three = [
        listener("one", 80, "operator: Exists, values: [x]"),
        listener("two", 81, "operator: In"),
        listener("three", 82, "operator: Equals, values: [x]"),
    ];
    let told = of_kind(&gateway(&three.join(", ")), "Gateway shop/gw");
    assert_eq!(told.len(), 1, "{told:#?}");
    let whom = "in `allowedRoutes.namespaces` of listeners `one`, `two`, `three`, write `selector`";
    assert!(told[0].starts_with(whom), "{told:#?}");
}

/// GRPCRoute `spec.hostnames`: each of the routes that exclude one has to go for it to be accepted.
#[test]
fn all_routes_that_exclude_one_are_named() {
    let route = |kind: &str, name: &str, more: &str| {
        format!(
            "---\napiVersion: gateway.networking.k8s.io/v1\nkind: {kind}\nmetadata: {{ name: {name}, namespace: shop }}\n\
             spec: {{ {more}, rules: [{{ backendRefs: [{{ name: cart, port: 80 }}] }}] }}\n"
        )
    };
    let parent = |section: &str| format!("parentRefs: [{{ name: gw, sectionName: {section} }}]");
    // At one listener.
    let calls = route(
        "GRPCRoute",
        "a",
        &format!("{}, hostnames: [a.test]", parent("one")),
    ) + &route(
        "GRPCRoute",
        "b",
        &format!("{}, hostnames: [b.test]", parent("one")),
    );
    let site = route(
        "HTTPRoute",
        "site",
        "parentRefs: [{ name: gw, sectionName: one }], hostnames: [a.test, b.test]",
    );
    let listeners =
        gateway("{ name: one, port: 80, protocol: HTTP }, { name: two, port: 81, protocol: HTTP }");
    let wanted = "attach HTTPRoute shop/site to other listeners than GRPCRoute shop/a and GRPCRoute shop/b by `sectionName`, or \
                  give it hostnames that have no host in common with theirs";
    let objects = listeners.clone() + &calls + &site;
    assert_eq!(of_kind(&objects, "HTTPRoute"), [wanted]);
    let (resolver, _) = resolve(&format!("{BASE}---\n{objects}"));
    let mut attachments = resolver.resolution().attachments.values().flatten();
    let site_at = attachments.find(|one| !one.attached).unwrap();
    assert!(
        site_at
            .why
            .ends_with("; GRPCRoute shop/b goes first, too, and claims hosts of this route"),
        "{}",
        site_at.why
    );
    // One at each of two listeners.
    let calls = route("GRPCRoute", "a", &parent("one")) + &route("GRPCRoute", "b", &parent("two"));
    let site = route(
        "HTTPRoute",
        "site",
        "parentRefs: [{ name: gw }], hostnames: [a.test]",
    );
    assert_eq!(
        of_kind(&(listeners + &calls + &site), "HTTPRoute"),
        [wanted]
    );
}

/// HTTPRoute `spec.rules[].filters[].type`, "a filter is never skipped": each cause in a rule has its help.
#[test]
fn each_cause_in_one_rule_has_help() {
    let rule = |filters: &str| {
        format!(
            "{{ matches: [{{ path: {{ type: RegularExpression, value: '/(' }} }}, {{ path: {{ value: /x }}, headers: [{{ name: a, type: \
             RegularExpression, value: '[' }}] }}, {{ path: {{ type: RegularExpression, value: '/(' }} }}], filters: [{filters}], \
             backendRefs: [{{ name: cart, port: 80 }}] }}"
        )
    };
    let connection = "{ type: RequestHeaderModifier, requestHeaderModifier: { set: [{ name: Connection, value: x }] } }";
    let spec = |rules: &str| {
        format!("{{ parentRefs: [{{ name: front, sectionName: http }}], rules: [{rules}] }}")
    };
    let fields = |rules: &str| -> Vec<String> {
        let helps = of_kind(&route("shop", &spec(rules)), "HTTPRoute").into_iter();
        helps
            .map(|help| {
                let (field, _) = help.split_once(": ").unwrap();
                field.to_owned()
            })
            .collect()
    };
    let wanted = [
        "`spec.rules[0].matches[0].path.value` and 1 more like it",
        "`spec.rules[0].matches[1].headers[0].value`",
        "`spec.rules[0].filters[0].requestHeaderModifier.set[0].name`",
    ];
    let mut found = fields(&rule(connection));
    found.sort_by_key(|field| wanted.iter().position(|wanted| wanted == field));
    assert_eq!(found, wanted);
    let beside = format!(
        "{}, {{ backendRefs: [{{ name: cart, port: 80 }}] }}",
        rule(connection)
    );
    assert_eq!(fields(&beside).len(), wanted.len());
}

/// GEP-1619 `sessionPersistence`: cause and help name the field.
#[test]
fn a_session_that_cannot_be_in_force_is_corrected_at_its_field() {
    for (session, field, said) in [
        (
            "type: Header, sessionName: Host",
            "sessionName",
            "name of a header",
        ),
        ("sessionName: 'a b'", "sessionName", "name of letters"),
    ] {
        let rule = format!(
            "{{ backendRefs: [{{ name: cart, port: 80 }}], sessionPersistence: {{ absoluteTimeout: 1h, {session} }} }}"
        );
        let spec =
            format!("{{ parentRefs: [{{ name: front, sectionName: http }}], rules: [{rule}] }}");
        let objects = route("shop", &spec);
        let help = of_route(&objects, "shop");
        let begin = format!("`spec.rules[0].sessionPersistence.{field}`: ");
        assert!(help.starts_with(&begin) && help.contains(said), "{help}");
        let (resolver, _) = super::tests::resolve(&format!("{BASE}---\n{objects}"));
        let statuses: Vec<_> = resolver.resolution().statuses.values().collect();
        let statuses = serde_json::to_string(&statuses).unwrap();
        let cause = format!("500: sessionPersistence.{field}: ");
        assert!(statuses.contains(&cause), "{statuses}");
    }
}

/// "NoMatchingListenerHostname": the listener of the route's own host is the one to open, not another host to take.
#[test]
fn a_listener_of_the_host_that_leaves_out_the_kind_is_the_one_to_open() {
    let listeners = "{ name: h1, port: 80, protocol: HTTP, hostname: a.test, allowedRoutes: { namespaces: { from: All }, kinds: [{ kind: GRPCRoute }] } }, \
                     { name: h2, port: 80, protocol: HTTP, hostname: b.test, allowedRoutes: { namespaces: { from: All } } }";
    let at = |host: &str| {
        let spec = format!(
            "{{ parentRefs: [{{ name: gw, namespace: shop }}], hostnames: [{host}], rules: [{{ backendRefs: [{{ name: far, port: 80 }}] }}] }}"
        );
        of_route(&(gateway(listeners) + &route("away", &spec)), "away")
    };
    assert_eq!(
        at("a.test"),
        "add `kind: HTTPRoute` to the `allowedRoutes.kinds` of listener `h1`"
    );
    assert_eq!(
        at("c.test"),
        "did you mean `b.test`, which listener `h2` serves, in place of `c.test`?"
    );
}

/// Gateway `spec.listeners`, isolation: a listener that has the hosts of a route and rejects it is to be opened; to attach the
/// route there leads to a second rejection.
#[test]
fn a_more_specific_listener_that_rejects_the_route_is_the_one_to_open() {
    let listeners = "{ name: h, port: 8090, protocol: HTTP, hostname: '*.a.test' }, \
                     { name: h3, port: 8090, protocol: HTTP, hostname: '*.x.a.test', allowedRoutes: { namespaces: { from: Selector, selector: { matchLabels: { q: z } } } } }";
    let spec = "{ parentRefs: [{ name: gw }], hostnames: ['*.x.a.test'], rules: [{ backendRefs: [{ name: cart, port: 80 }] }] }";
    let namespace = "apiVersion: v1\nkind: Namespace\nmetadata: { name: shop }\n---\n";
    let objects = format!(
        "{BASE}---\n{namespace}{}{}",
        gateway(listeners),
        route("shop", spec)
    );
    let wanted = "give Namespace `shop` the labels that listener `h3` asks for, or widen its `allowedRoutes.namespaces`";
    let (resolver, _) = super::tests::resolve(&objects);
    let linted = crate::lint::lint(&resolver, &crate::lint::LintOptions::default());
    let findings = linted
        .reports
        .values()
        .flat_map(crate::validation::Report::findings);
    let reached = findings.filter(|finding| finding.rule() == "Route/reached");
    let helps: Vec<_> = reached.map(crate::validation::Finding::help).collect();
    assert_eq!(helps, [Some(wanted)]);
    let help = around(&objects, "http://y.x.a.test:8090/").help;
    assert!(
        help.iter()
            .any(|help| help.ends_with(&format!("is more specific: {wanted}"))),
        "{help:#?}"
    );
    // Where the route is not meant to be there, it is attached.
    let spec = spec.replace("name: gw", "name: gw, sectionName: h");
    let objects = objects.replace("q: z", "kubernetes.io/metadata.name: shop");
    let at_one = objects.replace(
        "{ parentRefs: [{ name: gw }]",
        &spec[..spec.find(", hostnames").unwrap()],
    );
    let help = around(&at_one, "http://y.x.a.test:8090/").help;
    assert!(
        help.iter()
            .any(|help| help.ends_with("attach the route to listener `h3`, too")),
        "{help:#?}"
    );
}

/// GEP-1426, ParentReference `port`: a port that is there and does not carry the route is not missing.
#[test]
fn a_port_of_the_wrong_protocol_is_replaced_by_one_of_the_right_one() {
    let service = "apiVersion: v1\nkind: Service\nmetadata: { name: d, namespace: shop }\n\
                   spec: { ports: [{ name: t, port: 53 }, { name: u, port: 54, protocol: UDP }] }\n---\n";
    let of = |parent: &str, udp: bool| {
        let port = if udp { 54 } else { 53 };
        let spec = format!(
            "{{ parentRefs: [{{ group: '', kind: Service, {parent} }}], rules: [{{ backendRefs: [{{ name: d, port: {port} }}] }}] }}"
        );
        let mut written = route("shop", &spec);
        let mut kind = "HTTPRoute";
        if udp {
            kind = "UDPRoute";
            written = written.replace("v1\nkind: HTTPRoute", "v1alpha2\nkind: UDPRoute");
        }
        let helps = of_kind(&(service.to_owned() + &written), kind);
        assert_eq!(helps.len(), 1, "{helps:?}");
        helps[0].clone()
    };
    assert_eq!(
        of("name: d, port: 54", false),
        "name a port of Service shop/d in `spec.parentRefs[0].port`: `53`"
    );
    assert_eq!(
        of("name: d, sectionName: u", false),
        "name a port of Service shop/d in `spec.parentRefs[0].sectionName`: `t`"
    );
    assert_eq!(
        of("name: d, port: 53", true),
        "name a port of Service shop/d in `spec.parentRefs[0].port`: `54`"
    );
    assert_eq!(
        of("name: far, port: 80", true),
        of("name: far, port: 80", false)
    );
    let udp = service.replace("{ name: t, port: 53 }, ", "");
    let spec = "{ parentRefs: [{ group: '', kind: Service, name: d, port: 54 }], rules: [{ backendRefs: [{ name: cart, port: 80 }] }] }";
    assert_eq!(
        of_route(&(udp + &route("shop", spec)), "shop"),
        "name a Service in `spec.parentRefs[0]` that has a port for TCP"
    );
}

/// SecretObjectReference: a Secret of another type has to be created anew, since its type cannot be changed; a kind or group that is
/// nearly right is corrected.
#[test]
fn what_is_wrong_with_a_reference_to_a_certificate_is_what_help_is_for() {
    let secret = |kind: &str| {
        format!(
            "apiVersion: v1\nkind: Secret\nmetadata: {{ name: crt, namespace: shop }}\ntype: {kind}\nstringData: {{ tls.crt: b, tls.key: b }}\n---\n"
        )
    };
    let of = |reference: &str| {
        let listener = format!(
            "{{ name: s, port: 443, protocol: HTTPS, tls: {{ certificateRefs: [{{ name: crt{reference} }}] }} }}"
        );
        let helps = of_kind(
            &(secret("Opaque") + gateway(&listener).trim_end_matches("---\n")),
            "Gateway shop/gw",
        );
        assert_eq!(helps.len(), 1, "{helps:?}");
        helps[0].clone()
    };
    assert_eq!(
        of(""),
        "delete Secret shop/crt and create it anew with `type: kubernetes.io/tls`, a certificate under `tls.crt` and its private key \
         under `tls.key`"
    );
    let at = "`spec.listeners[0].tls.certificateRefs[0]`";
    assert_eq!(of(", group: core"), format!("write `group: \"\"` in {at}"));
    assert_eq!(
        of(", kind: secret"),
        format!("did you mean `kind: Secret` in {at}?")
    );
    assert_eq!(of(", kind: ConfigMap"), format!("name a Secret in {at}"));
    let listener =
        "{ name: s, port: 443, protocol: HTTPS, tls: { certificateRefs: [{ name: crt }] } }";
    let tls = secret("kubernetes.io/tls") + gateway(listener).trim_end_matches("---\n");
    let helps = of_kind(&tls, "Gateway shop/gw");
    assert!(
        helps[0].starts_with("put a certificate that is valid"),
        "{helps:?}"
    );
}

/// The API server sets the label `kubernetes.io/metadata.name`: no other namespace can have it.
#[test]
fn a_selector_for_another_namespace_is_to_be_widened() {
    let listener = |labels: &str| {
        format!(
            "{{ name: h5, port: 80, protocol: HTTP, allowedRoutes: {{ namespaces: {{ from: Selector, selector: {labels} }} }} }}"
        )
    };
    let spec =
        "{ parentRefs: [{ name: gw }], rules: [{ backendRefs: [{ name: cart, port: 80 }] }] }";
    let namespace = "apiVersion: v1\nkind: Namespace\nmetadata: { name: shop }\n---\n";
    let of = |labels: &str| {
        let objects = namespace.to_owned() + &gateway(&listener(labels)) + &route("shop", spec);
        of_route(&objects, "shop")
    };
    let widen = of("{ matchLabels: { kubernetes.io/metadata.name: ns3 } }");
    assert!(
        widen.starts_with("let the selector of listener `h5` take namespace `shop`, too"),
        "{widen}"
    );
    assert_eq!(
        of("{ matchLabels: { kubernetes.io/metadata.name: ns3, a: b } }"),
        widen
    );
    let label = "give Namespace `shop` the labels that listener `h5` asks for, or widen its `allowedRoutes.namespaces`";
    assert_eq!(
        of("{ matchLabels: { kubernetes.io/metadata.name: shop, a: b } }"),
        label
    );
    // A value that is empty is shown.
    for (labels, shown) in [
        ("{ matchLabels: { a: '' } }", "a=\\\"\\\""),
        (
            "{ matchExpressions: [{ key: a, operator: In, values: ['', b] }] }",
            "a in (\\\"\\\",b)",
        ),
        (
            "{ matchExpressions: [{ key: a, operator: Exists }, { key: b, operator: NotIn, values: [c] }] }",
            "a,b notin (c)",
        ),
    ] {
        let objects = namespace.to_owned() + &gateway(&listener(labels)) + &route("shop", spec);
        assert_eq!(of_route(&objects, "shop"), label);
        let (resolver, _) = super::tests::resolve(&format!("{BASE}---\n{objects}"));
        let statuses: Vec<_> = resolver.resolution().statuses.values().collect();
        let statuses = serde_json::to_string(&statuses).unwrap();
        assert!(
            statuses.contains(&format!("namespaces labelled `{shown}`")),
            "{statuses}"
        );
    }
}

/// GEP-1426: routes of several kinds that govern the ports of a Service are all named.
#[test]
fn a_route_that_loses_each_port_to_another_kind_is_told_of_both() {
    let service = "apiVersion: v1\nkind: Service\nmetadata: { name: m, namespace: shop }\n\
                   spec: { ports: [{ name: a, port: 80 }, { name: b, port: 81 }] }\n---\n";
    let with = |kind: &str, port: &str| {
        let spec = format!(
            "{{ parentRefs: [{{ group: '', kind: Service, name: m{port} }}], rules: [{{ backendRefs: [{{ name: cart, port: 80 }}] }}] }}"
        );
        let written = route("shop", &spec).replace("kind: HTTPRoute", &format!("kind: {kind}"));
        written.replace("name: r,", &format!("name: {},", kind.to_lowercase()))
    };
    let tcp = with("TCPRoute", "").replace("io/v1\n", "io/v1alpha2\n");
    let objects = format!(
        "{service}{}---\n{}---\n{tcp}",
        with("HTTPRoute", ", port: 80"),
        with("GRPCRoute", ", port: 81")
    );
    let helps = of_kind(&objects, "TCPRoute");
    assert_eq!(helps.len(), 1, "{helps:?}");
    for kind in ["HTTPRoute", "GRPCRoute"] {
        assert!(helps[0].contains(kind), "{helps:?}");
    }
}

/// A redirect to a listener that is not there: a route that names its listener does not come to the new one.
#[test]
fn a_route_that_names_its_listener_is_not_to_be_attached_to_it() {
    let redirect = |parent: &str| {
        let spec = format!(
            "{{ parentRefs: [{{ name: gw{parent} }}], rules: [{{ filters: [{{ type: RequestRedirect, requestRedirect: {{ scheme: https }} }}] }}] }}"
        );
        let objects = format!(
            "{BASE}---\n{}{}",
            gateway("{ name: h, port: 8080, protocol: HTTP, hostname: a.test }"),
            route("shop", &spec)
        );
        around(
            &objects.replace("scheme: https", "scheme: https, port: 443"),
            "http://a.test:8080/",
        )
        .help
    };
    let add = "add a listener with `protocol: HTTPS` on port 443 to Gateway shop/gw";
    assert_eq!(
        redirect(", sectionName: h").first().map(String::as_str),
        Some(add)
    );
    assert_eq!(
        redirect(", port: 8080").first().map(String::as_str),
        Some(add)
    );
    let both = redirect("");
    assert!(
        both[0].starts_with(&format!(
            "{add}, and attach HTTPRoute shop/r to listener `h` only"
        )),
        "{both:?}"
    );
}

/// An object without `namespace` is read as one of `default`. Where its references show which namespace is meant, that is
/// what is said, and neither to let it in where it stands nor to move what it refers to.
#[test]
fn the_namespace_that_is_meant_is_named_in_place_of_other_help() {
    let said = |objects: &str, of: &str| -> Vec<String> {
        let hints = hints(objects).into_iter();
        let of_object = hints.filter(|(object, ..)| object == of);
        of_object.map(|(_, message, _)| message).collect()
    };
    let unnamed = |spec: &str| route("default", spec).replace(", namespace: default", "");
    let give = |object: &str, namespace: &str| {
        vec![format!(
            "{object} names no namespace, so that it is read as being in `default`: give it `namespace: {namespace}`"
        )]
    };
    let of_route = |spec: &str| said(&unnamed(spec), "HTTPRoute default/r");
    let to = |parent: &str, backend: &str| {
        format!(
            "{{ parentRefs: [{{ name: front, sectionName: http{parent} }}], rules: [{{ backendRefs: [{{ port: 80, {backend} }}] }}] }}"
        )
    };
    let given = give("HTTPRoute default/r", "shop");
    // Neither is there; one is and refuses the namespace.
    assert_eq!(of_route(&to("", "name: cart")), given);
    assert_eq!(of_route(&to(", namespace: shop", "name: cart")), given);
    // Who writes a namespace most likely means another one than that of the object.
    let granted = to(", namespace: shop", "name: cart, namespace: shop");
    let its = "HTTPRoute default/r names no namespace, so that it is read as being in `default`: give it its namespace";
    assert_eq!(of_route(&granted), [its]);
    // A backend shows the namespace rather than a parent, which may be elsewhere.
    let elsewhere = of_route(&to("", "name: far"));
    assert!(
        elsewhere.contains(&give("HTTPRoute default/r", "away")[0]),
        "{elsewhere:#?}"
    );
    assert!(
        elsewhere
            .iter()
            .any(|one| one.contains("write `namespace: shop` in the reference")),
        "{elsewhere:#?}"
    );
    // One that has its backend in `default` is meant to be there.
    let at_home = "apiVersion: v1\nkind: Service\nmetadata: { name: own }\nspec: { ports: [{ port: 80 }] }\n---\n";
    let at_home = said(
        &(at_home.to_owned() + &unnamed(&to(", namespace: shop", "name: own"))),
        "HTTPRoute default/r",
    );
    assert!(
        at_home[0].starts_with("to take the route, listener `http` needs"),
        "{at_home:#?}"
    );
    // One that says that it is in `default` is.
    let named = said(
        &route("default", &to("", "name: cart")),
        "HTTPRoute default/r",
    );
    assert!(
        named.iter().all(|one| !one.contains("names no namespace")),
        "{named:#?}"
    );

    let policy = "apiVersion: gateway.networking.k8s.io/v1alpha3\nkind: BackendTLSPolicy\nmetadata: { name: p }\n\
                  spec: { targetRefs: [{ group: '', kind: Service, name: cart }], validation: { hostname: a.example, wellKnownCACertificates: System } }\n";
    assert_eq!(
        said(policy, "BackendTLSPolicy default/p"),
        give("BackendTLSPolicy default/p", "shop")
    );
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: { name: cert, namespace: shop }\n---\n";
    let gateway = "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: { name: edge }\n\
                   spec: { gatewayClassName: any, listeners: [{ name: tls, port: 443, protocol: HTTPS, tls: { certificateRefs: [{ name: cert }] } }] }\n";
    assert_eq!(
        said(&(secret.to_owned() + gateway), "Gateway default/edge"),
        give("Gateway default/edge", "shop")
    );
}

#[test]
fn a_grant_without_namespace_is_said_to_be_read_as_default() {
    let spec = "{ parentRefs: [{ name: front, sectionName: http }], rules: [{ backendRefs: [{ name: far, namespace: away, port: 80 }] }] }";
    let grant = "---\napiVersion: gateway.networking.k8s.io/v1beta1\nkind: ReferenceGrant\nmetadata: { name: g }\n\
                 spec: { from: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: shop }], to: [{ group: '', kind: Service }] }\n";
    assert_eq!(
        of_route(&(route("shop", spec) + grant), "shop"),
        "ReferenceGrant default/g would allow it, but it names no namespace, so that it is read as being in `default`: give it \
         `namespace: away`"
    );
}

/// The names of classes are short, and a class that is only named counts as there.
#[test]
fn a_class_that_differs_in_case_or_goes_on_is_meant() {
    let class = |name: &str, wanted: &str| {
        let class = format!(
            "apiVersion: gateway.networking.k8s.io/v1\nkind: GatewayClass\nmetadata: {{ name: {name} }}\nspec: {{ controllerName: a.example/b }}\n---\n\
             apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {{ name: other, namespace: shop }}\n\
             spec: {{ gatewayClassName: {wanted}, listeners: [{{ name: http, port: 80, protocol: HTTP }}] }}\n"
        );
        let hints = hints(&class).into_iter();
        let mut hints = hints.filter(|(object, ..)| object == "Gateway shop/other");
        hints.next().map(|(_, message, _)| message)
    };
    let says = |wanted: &str, meant: &str| {
        Some(format!(
            "GatewayClass `{wanted}` is not in the set: did you mean GatewayClass `{meant}`"
        ))
    };
    let near = |name: &str, wanted: &str| says(wanted, name).map(|text| text + "?");
    let only =
        |name: &str, wanted: &str| says(wanted, name).map(|text| text + ", the only one there is?");
    assert_eq!(class("gc", "GC"), near("gc", "GC"));
    assert_eq!(class("gc", "gd"), None);
    assert_eq!(
        class("nginx-gateway", "nginx"),
        only("nginx-gateway", "nginx")
    );
    assert_eq!(
        class("nginx", "nginx-gateway"),
        only("nginx", "nginx-gateway")
    );
    assert_eq!(class("nginxgatewayofmine", "nginx"), None);
}

/// A question ends its sentence; what it takes besides is a sentence of its own.
#[test]
fn nothing_is_joined_to_a_question() {
    let spec = "{ parentRefs: [{ name: front, sectionName: htttp }], rules: [{ backendRefs: [{ name: cart, port: 80 }] }] }";
    let elsewhere = super::tests::route(
        "away",
        &spec.replace("name: front,", "name: front, namespace: shop,"),
    );
    let found = super::tests::of_route(&elsewhere.replace("cart", "far"), "away");
    assert_eq!(
        found,
        "did you mean `sectionName: http`? If so, to take the route, listener `http` needs `allowedRoutes.namespaces` with `from: All`, \
         or `from: Selector` and a selector for namespace `away`"
    );
    let texts = |texts: &[&str]| {
        let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
        super::all_of(&texts)
    };
    assert_eq!(texts(&[]), None);
    assert_eq!(texts(&["a", "b"]).as_deref(), Some("a; and b"));
    assert_eq!(
        texts(&["is it a?", "is it b?", "c"]).as_deref(),
        Some("is it a? And is it b? And c")
    );
}

/// Listeners of several Gateways may have one name.
#[test]
fn a_listener_is_named_with_its_gateway_where_a_route_names_several() {
    let other = "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: { name: back, namespace: shop }\nspec: { gatewayClassName: any, listeners: [{ name: http, port: 80, protocol: HTTP, allowedRoutes: { namespaces: { from: All } } }] }\n---\n";
    let spec = "{ parentRefs: [{ name: back, namespace: shop }, { name: front, namespace: shop, sectionName: http }], rules: [{ backendRefs: [{ name: far, port: 80 }] }] }";
    let found = super::tests::of_route(
        &(other.to_owned() + &super::tests::route("away", spec)),
        "away",
    );
    assert!(
        found.starts_with("to take the route, listener `http` of Gateway shop/front needs"),
        "{found}"
    );
}
