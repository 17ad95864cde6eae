//! Help about listeners that are not serving, and about routes that others exclude.

use super::{
    Around,
    tests::{CART, around, object, route},
};

/// Listeners that are not serving go before everything else that a request would have met.
#[test]
fn what_a_listener_needs_to_serve_is_said() {
    let gateway = "---\napiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: { name: back, namespace: shop }\nspec:\n  gatewayClassName: any\n  listeners:\n";
    let ask = |listeners: &str, port: u16| {
        let objects = format!("{gateway}{listeners}");
        let found = around(
            &objects.replace("name: back", "name: front"),
            &format!("https://a.example:{port}/"),
        );
        found.help
    };
    let secret = "    - { name: tls, port: 443, protocol: HTTPS, tls: { certificateRefs: [{ name: none }] } }\n";
    let create = "create Secret shop/none, of type `kubernetes.io/tls`, with a certificate and its private key";
    assert_eq!(ask(secret, 443), [create]);
    let conflict = "    - { name: a, port: 443, protocol: HTTPS, tls: { certificateRefs: [{ name: none }] } }\n    - { name: b, port: 443, protocol: TLS, tls: { mode: Passthrough } }\n";
    assert_eq!(
        ask(conflict, 443),
        [
            "give each of the listeners `a`, `b` of Gateway shop/front a hostname or a port of its own",
            create
        ]
    );
    let mixed = "    - { name: a, port: 443, protocol: HTTPS, tls: { certificateRefs: [{ name: none }] } }\n    - { name: b, port: 443, protocol: HTTP }\n";
    assert_eq!(
        ask(mixed, 443),
        [
            "move listener `b` (HTTP) of Gateway shop/front to a port other than 443",
            create
        ]
    );
    let datagrams = "    - { name: a, port: 443, protocol: HTTPS, tls: { certificateRefs: [{ name: none }] } }\n    - { name: b, port: 443, protocol: TCP }\n    - { name: c, port: 443, protocol: UDP }\n";
    assert_eq!(
        ask(datagrams, 443),
        [
            "move listener `b` (TCP) of Gateway shop/front to a port other than 443",
            create
        ]
    );
    for (listener, needed) in [
        (
            "protocol: HTTPS",
            "give listener `odd` of Gateway shop/front a `tls` with `certificateRefs`, or `protocol: HTTP`",
        ),
        (
            "protocol: HTTPS, tls: { certificateRefs: [{ name: none }] }, allowedRoutes: { namespaces: { from: Selector } }",
            "in `allowedRoutes.namespaces` of listener `odd` of Gateway shop/front, write a `selector`, or `from: Same` or `from: All`",
        ),
    ] {
        let help = ask(
            &format!("    - {{ name: odd, port: 443, {listener} }}\n"),
            443,
        );
        assert_eq!(help.first().map(String::as_str), Some(needed), "{help:#?}");
    }
    let odd = "    - { name: odd, port: 443, protocol: example.com/odd }\n";
    assert_eq!(
        ask(odd, 443),
        [
            "give listener `odd` of Gateway shop/front one of the protocols HTTP, HTTPS, TLS, TCP and UDP"
        ]
    );
}

/// What is wrong with a listener besides a conflict is in `why`, and so is what to do about it in `help`.
#[test]
fn a_listener_that_conflicts_needs_what_else_is_wrong_with_it() {
    let ask = |listeners: &str, port: u16| {
        let gateway = format!(
            "---\napiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {{ name: front, namespace: shop }}\n\
             spec: {{ gatewayClassName: any, listeners: [{listeners}] }}\n"
        );
        around(&gateway, &format!("https://a.example:{port}/")).help
    };
    let http = "{ name: h, port: 450, protocol: HTTP }";
    assert_eq!(
        ask(
            &format!("{{ name: s, port: 450, protocol: HTTPS }}, {http}"),
            450
        ),
        [
            "move listener `h` (HTTP) of Gateway shop/front to a port other than 450",
            "give listener `s` of Gateway shop/front a `tls` with `certificateRefs`, or `protocol: HTTP`"
        ]
    );
    let odd = ask(
        &format!("{{ name: odd, port: 450, protocol: example.com/odd }}, {http}"),
        450,
    );
    let protocol = "give listener `odd` of Gateway shop/front one of the protocols HTTP, HTTPS, TLS, TCP and UDP";
    assert!(odd.iter().any(|help| help == protocol), "{odd:#?}");
}

/// Gateway `spec.addresses`: one cause has one sentence, whoever says it.
#[test]
fn an_address_that_is_not_supported_has_the_help_of_the_status() {
    let gateway = "---\napiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: { name: front, namespace: shop }\n\
         spec: { gatewayClassName: any, addresses: [{ type: NamedAddress, value: a }], listeners: [\
         { name: a, port: 80, protocol: HTTP }, { name: b, port: 80, protocol: HTTPS, tls: { options: { example.com/x: any } } }] }\n";
    let help = around(gateway, "http://a.example/").help;
    let address = "Gateway shop/front: ask for addresses of type IPAddress or Hostname in `spec.addresses`, or for none";
    let about = help.iter().filter(|help| help.contains("spec.addresses"));
    assert_eq!(Vec::from_iter(about), [address], "{help:#?}");
    assert!(help[0].contains("to a port other than 80"), "{help:#?}");
}

/// TCPRoute `rules`: the rules have no matches. One cause has one help, whoever names it.
#[test]
fn a_rule_of_connections_that_is_dropped_has_one_help() {
    let rule = "{ backendRefs: [{ name: cart, port: 80 }] }";
    let spec = format!("{{ parentRefs: [{{ name: front }}], rules: [{rule}, {rule}, {rule}] }}");
    let found = around(&object("TCPRoute", "r", &spec), "tcp://a.example:5000");
    let help = |index: usize| {
        format!("TCPRoute shop/r: remove rule {index}, or move its `backendRefs` into rule 0")
    };
    assert_eq!(found.help, [help(1), help(2)], "{found:#?}");
}

/// What a route needs at another Gateway than the one that is asked has nothing to do with the request.
#[test]
fn a_rival_is_helped_at_the_gateway_that_is_asked() {
    let other = "---\napiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: { name: closed, namespace: other }\n\
         spec: { gatewayClassName: any, listeners: [{ name: http, port: 80, protocol: HTTP }] }\n";
    let parents =
        "{ parentRefs: [{ name: front, sectionName: one }, { name: closed, namespace: other }],";
    let young = object("HTTPRoute", "young", &format!("{parents} {CART} }}"));
    let Around { why, help, .. } = around(
        &(other.to_owned() + &young + &route("GRPCRoute", "calls", "")),
        "http://x.example/",
    );
    let lost = "HTTPRoute shop/young is rejected at listener `one`: ";
    assert!(why.iter().any(|why| why.starts_with(lost)), "{why:#?}");
    assert_eq!(help.len(), 1, "{help:#?}");
    assert!(help[0].starts_with("attach GRPCRoute shop/calls and HTTPRoute shop/young to"));
}
