//! What is not as it ought to be, and would be but for one thing, is named.

use super::*;
use crate::{
    attachment::{
        Options, Snapshot,
        admit::{self, Admitted},
    },
    manifest::{self, ReadOptions},
    meta::{Channel, NamespacedName, Release},
    routing::{RepeatedHeader, RouterOptions},
    sim::Simulator,
    v1::Gateway,
};
use serde_json::Value;

/// A Gateway, two Services and a namespace beside them.
pub(super) const BASE: &str = "
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: front, namespace: shop }
spec:
  gatewayClassName: any
  listeners:
    - { name: http, port: 80, protocol: HTTP }
    - { name: team, port: 81, protocol: HTTP, allowedRoutes: { namespaces: { from: Selector, selector: { matchLabels: { team: a } } } } }
---
apiVersion: v1
kind: Service
metadata: { name: cart, namespace: shop }
spec: { ports: [{ name: web, port: 80 }] }
---
apiVersion: v1
kind: Service
metadata: { name: far, namespace: away }
spec: { ports: [{ port: 80 }] }
";

/// Everything that nearly fits, by object, and whether it is all that is wrong.
pub(super) fn hints(objects: &str) -> Vec<(String, String, bool)> {
    let (resolver, admitted) = resolve(&format!("{BASE}---\n{objects}"));
    let near = Near::new(&resolver, &admitted.ignored);
    resolver
        .snapshot()
        .references()
        .iter()
        .flat_map(|object| {
            let hints = near.object(object).into_iter();
            hints.map(|hint| (object.to_string(), hint.message, hint.alone))
        })
        .collect()
}

pub(super) fn resolve(text: &str) -> (Resolver, Admitted) {
    let read = manifest::read(text.as_bytes(), &ReadOptions::default());
    assert!(read.errors.is_empty(), "{:?}", read.errors);
    let values: Vec<&Value> = read.entries.iter().map(|entry| &entry.value).collect();
    let admitted = admit::admit(values, Release::default(), Channel::Experimental);
    let mut resolver = Resolver::with_snapshot(admitted.snapshot.clone(), Options::for_manifests());
    resolver.update();
    (resolver, admitted)
}

pub(super) fn route(namespace: &str, spec: &str) -> String {
    format!(
        "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {{ name: r, namespace: {namespace} }}\nspec: {spec}\n"
    )
}

/// The one hint about the route `r` of this namespace.
pub(super) fn of_route(objects: &str, namespace: &str) -> String {
    let mut found: Vec<_> = hints(objects)
        .into_iter()
        .filter(|(object, ..)| *object == format!("HTTPRoute {namespace}/r"))
        .map(|(_, message, _)| message)
        .collect();
    assert_eq!(found.len(), 1, "{found:#?}");
    found.remove(0)
}

#[test]
fn what_fits_has_no_hints() {
    let objects = route(
        "shop",
        "{ parentRefs: [{ name: front, sectionName: http }], rules: [{ backendRefs: [{ name: cart, port: 80 }] }] }",
    );
    assert_eq!(hints(&objects), []);
}

/// A class that is only named counts as there, which must not hide that its name is misspelt.
#[test]
fn a_class_name_that_almost_fits_is_a_finding_though_the_gateway_is_accepted() {
    let class = "apiVersion: gateway.networking.k8s.io/v1\nkind: GatewayClass\nmetadata: { name: anny }\nspec: { controllerName: a.example/b }\n";
    let wanted =
        "GatewayClass `any` is not in the set: did you mean GatewayClass `anny`?".to_owned();
    assert_eq!(
        hints(class),
        [("Gateway shop/front".to_owned(), wanted, true)]
    );
    assert_eq!(hints(&class.replace("anny", "other")), []);
}

#[test]
fn names_that_are_one_letter_off_are_named() {
    let at = |parent: &str, backend: &str| {
        let spec = format!("{{ parentRefs: [{parent}], rules: [{{ backendRefs: [{backend}] }}] }}");
        of_route(&route("shop", &spec), "shop")
    };
    let cart = "{ name: cart, port: 80 }";
    assert_eq!(at("{ name: frnot }", cart), "did you mean Gateway `front`?");
    assert_eq!(
        at("{ name: front, sectionName: htttp }", cart),
        "did you mean `sectionName: http`?"
    );
    assert_eq!(
        at(
            "{ name: front, sectionName: http }",
            "{ name: crat, port: 80 }"
        ),
        "did you mean Service `cart`?"
    );
    assert_eq!(
        at(
            "{ kind: Service, group: '', name: cart, sectionName: wbe }",
            cart
        ),
        "did you mean `sectionName: web`?"
    );
}

#[test]
fn an_object_of_that_name_in_another_namespace_is_named() {
    let spec =
        "{ parentRefs: [{ name: front }], rules: [{ backendRefs: [{ name: far, port: 80 }] }] }";
    assert_eq!(
        of_route(&route("away", spec), "away"),
        "there is a Gateway `front` in namespace `shop`: write `namespace: shop` in the reference; and to take the route, listener \
         `http` needs `allowedRoutes.namespaces` with `from: All`, or `from: Selector` and a selector for namespace `away`"
    );
}

#[test]
fn an_object_without_namespace_is_said_to_be_read_as_default() {
    let unnamed = "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: { name: edge }\n\
                   spec: { gatewayClassName: any, listeners: [{ name: http, port: 80, protocol: HTTP }] }\n---\n";
    let spec = "{ parentRefs: [{ name: edge, namespace: network }], rules: [{ backendRefs: [{ name: cart, port: 80 }] }] }";
    assert_eq!(
        of_route(&(unnamed.to_owned() + &route("shop", spec)), "shop"),
        "there is a Gateway `edge` that names no namespace, so that it is read as being in `default`: give it \
         `namespace: network`"
    );
    let spec = "{ parentRefs: [{ name: nowhere }] }";
    let unnamed = route("default", spec).replace(", namespace: default", "");
    assert_eq!(
        of_route(&unnamed, "default"),
        "HTTPRoute default/r names no namespace, so that it is read as being in `default`: give it its namespace"
    );
}

fn grant(version: &str, namespace: &str, from: &str, to: &str) -> String {
    format!(
        "---\napiVersion: gateway.networking.k8s.io/{version}\nkind: ReferenceGrant\nmetadata: {{ name: g, namespace: {namespace} }}\n\
         spec: {{ from: [{from}], to: [{to}] }}\n"
    )
}

/// GEP-709: a grant stands in the namespace of what is referred to, and names group, kind and namespace of what
/// refers, and group and kind of what is referred to.
#[test]
fn a_grant_that_fits_but_for_one_thing_is_named_with_that_thing() {
    const FROM: &str = "{ group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: shop }";
    const TO: &str = "{ group: '', kind: Service }";
    let spec = "{ parentRefs: [{ name: front, sectionName: http }], rules: [{ backendRefs: [{ name: far, namespace: away, port: 80 }] }] }";
    let with = |grants: &str| of_route(&(route("shop", spec) + grants), "shop");
    let fits =
        |version, namespace, from: &str, to: &str| with(&grant(version, namespace, from, to));
    for (hint, wanted) in [
        (
            fits("v1beta1", "shop", FROM, TO),
            "ReferenceGrant shop/g would allow it, but it is in namespace `shop`: a ReferenceGrant belongs to the \
             namespace of what is referred to, `away`",
        ),
        (
            fits("v1beta1", "away", FROM, "{ group: core, kind: Service }"),
            "ReferenceGrant away/g would allow it, but its `spec.to[0].group` is `core`: write `\"\"`",
        ),
        (
            fits("v1beta1", "away", &FROM.replace("shop", "away"), TO),
            "ReferenceGrant away/g would allow it, but its `spec.from[0].namespace` is `away`: write `shop`",
        ),
        (
            fits("v1beta1", "away", &FROM.replace("HTTPRoute", "Gateway"), TO),
            "ReferenceGrant away/g would allow it, but its `spec.from[0].kind` is `Gateway`: write `HTTPRoute`",
        ),
        (
            fits(
                "v1beta1",
                "away",
                FROM,
                "{ group: '', kind: Service, name: other }",
            ),
            "ReferenceGrant away/g would allow it, but its `spec.to[0].name` is `other`: write `far`",
        ),
        // Of two entries the one that is nearly right is meant: the other is for another reference.
        (
            fits(
                "v1beta1",
                "away",
                FROM,
                "{ group: '', kind: Service, name: other }, { group: '', kind: Service, name: fax }",
            ),
            "ReferenceGrant away/g would allow it, but its `spec.to[1].name` is `fax`: write `far`",
        ),
        (
            fits("v1", "away", FROM, TO),
            "ReferenceGrant away/g would allow it, but is left out: the experimental channel of v1.1.0 does not serve \
             ReferenceGrant in `gateway.networking.k8s.io/v1`, which came with release v1.5.0; write \
             `apiVersion: gateway.networking.k8s.io/v1beta1` or `gateway.networking.k8s.io/v1alpha2`, or use the CRDs of \
             v1.5.0 or later",
        ),
        (
            with(""),
            "create a ReferenceGrant in namespace `away` with `from: [{group: gateway.networking.k8s.io, kind: HTTPRoute, \
             namespace: shop}]` and `to: [{group: \"\", kind: Service, name: far}]`",
        ),
        // Two things are wrong: it was hardly meant for this.
        (
            fits("v1beta1", "shop", &FROM.replace("HTTPRoute", "Gateway"), TO),
            "create a ReferenceGrant in namespace `away` with `from: [{group: gateway.networking.k8s.io, kind: HTTPRoute, \
             namespace: shop}]` and `to: [{group: \"\", kind: Service, name: far}]`",
        ),
    ] {
        assert_eq!(hint, wanted);
    }
    let both = route("shop", spec) + &grant("v1beta1", "away", FROM, TO);
    assert_eq!(hints(&both), []);
}

/// ReferenceGrant "within a namespace": it is for references to other namespaces alone.
#[test]
fn an_object_of_the_own_namespace_needs_no_grant() {
    let to = |backend: &str| {
        format!(
            "{{ parentRefs: [{{ name: front, sectionName: http }}], rules: [{{ backendRefs: [{backend}] }}] }}"
        )
    };
    let own = "there is a Service `cart` in the namespace of HTTPRoute shop/r: leave `namespace` out of the reference";
    let spec = to("{ name: cart, namespace: away, port: 80 }");
    assert_eq!(of_route(&route("shop", &spec), "shop"), own);
    // Of several namespaces the own one is meant; where a grant allows the reference, too.
    let third = "---\napiVersion: v1\nkind: Service\nmetadata: { name: cart, namespace: aaa }\nspec: { ports: [{ port: 80 }] }\n";
    assert_eq!(of_route(&(route("shop", &spec) + third), "shop"), own);
    let from = "{ group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: shop }";
    let allowed = grant("v1beta1", "away", from, "{ group: '', kind: Service }");
    assert_eq!(of_route(&(route("shop", &spec) + &allowed), "shop"), own);
    // What is there is meant.
    let spec = to("{ name: far, namespace: away, port: 80 }");
    let both = route("shop", &spec)
        + "---\napiVersion: v1\nkind: Service\nmetadata: { name: far, namespace: shop }\nspec: { ports: [{ port: 80 }] }\n";
    let hint = of_route(&both, "shop");
    assert!(
        hint.starts_with("create a ReferenceGrant in namespace `away`"),
        "{hint}"
    );
    // A parent needs no grant either, and lets the route in or not.
    let spec = "{ parentRefs: [{ name: front, namespace: away }], rules: [{ backendRefs: [{ name: cart, port: 80 }] }] }";
    assert_eq!(
        of_route(&route("shop", spec), "shop"),
        "there is a Gateway `front` in the namespace of HTTPRoute shop/r: leave `namespace` out of the reference"
    );
}

#[test]
fn a_namespace_that_was_not_given_has_labels_that_are_not_known() {
    let spec = "{ parentRefs: [{ name: front, namespace: shop, sectionName: team }], rules: [{ backendRefs: [{ name: far, port: 80 }] }] }";
    let objects = route("away", spec);
    assert_eq!(
        of_route(&objects, "away"),
        "add Namespace `away` with its labels to the input"
    );
    let given =
        "---\napiVersion: v1\nkind: Namespace\nmetadata: { name: away, labels: { team: b } }\n";
    assert_eq!(
        of_route(&(objects + given), "away"),
        "give Namespace `away` the labels that listener `team` asks for, or widen its `allowedRoutes.namespaces`"
    );
}

#[test]
fn what_a_listener_needs_to_take_a_route_of_another_namespace_is_said() {
    let spec = "{ parentRefs: [{ name: front, namespace: shop, sectionName: http }], rules: [{ backendRefs: [{ name: far, port: 80 }] }] }";
    let hint = of_route(&route("away", spec), "away");
    assert!(
        hint.starts_with(
            "to take the route, listener `http` needs `allowedRoutes.namespaces` with `from: All`"
        ),
        "{hint}"
    );
}

/// AllowedRoutes `namespaces`: help names the listener that would take the route, not the first that refuses its namespace, and
/// listeners for other kinds or hosts are no cause.
#[test]
fn the_listener_that_would_take_a_route_is_the_one_to_open() {
    let gateway = |others: &str| {
        format!(
            "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {{ name: gw, namespace: shop }}\n\
             spec: {{ gatewayClassName: any, listeners: [{others} {{ name: h, port: 8080, protocol: HTTP }}] }}\n---\n"
        )
    };
    let spec = "{ parentRefs: [{ name: gw, namespace: shop }], hostnames: [a.example], rules: [{ backendRefs: [{ name: far, port: 80 }] }] }";
    for others in [
        "",
        "{ name: t, port: 443, protocol: TLS, tls: { mode: Passthrough } },",
        "{ name: b, port: 81, protocol: HTTP, hostname: b.example },",
        "{ name: g, port: 81, protocol: HTTP, allowedRoutes: { kinds: [{ kind: GRPCRoute }] } },",
    ] {
        let objects = gateway(others) + &route("away", spec);
        let hint = of_route(&objects, "away");
        assert!(
            hint.starts_with("to take the route, listener `h` needs `allowedRoutes.namespaces`"),
            "{hint}"
        );
        let (resolver, _) = resolve(&format!("{BASE}---\n{objects}"));
        let statuses =
            serde_json::to_string(&resolver.resolution().statuses.values().collect::<Vec<_>>());
        assert!(!statuses.unwrap().contains("listener `t` takes TLSRoute"));
    }
    let only = "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: { name: gw, namespace: shop }\n\
                spec: { gatewayClassName: any, listeners: [{ name: t, port: 443, protocol: TLS, tls: { mode: Passthrough } }] }\n---\n";
    assert_eq!(
        of_route(&(only.to_owned() + &route("away", spec)), "away"),
        "add a listener with `protocol: HTTP` or `protocol: HTTPS` to Gateway shop/gw: none that it has can take HTTPRoutes"
    );
}

/// ParentReference `sectionName` and `port`: both have to fit. A name that is there is not what is wrong.
#[test]
fn a_port_that_does_not_fit_its_section_is_the_field_to_change() {
    for (parent, said) in [
        (
            "{ name: front, sectionName: http, port: 81 }",
            "`http` has port 80: remove `port` from the parentRef, or write `port: 80`",
        ),
        (
            "{ group: '', kind: Service, name: cart, sectionName: web, port: 81 }",
            "`web` has port 80: remove `port` from the parentRef, or write `port: 80`",
        ),
        (
            "{ name: front, sectionName: htttp }",
            "did you mean `sectionName: http`?",
        ),
    ] {
        let spec = format!(
            "{{ parentRefs: [{parent}], rules: [{{ backendRefs: [{{ name: cart, port: 80 }}] }}] }}"
        );
        assert_eq!(of_route(&route("shop", &spec), "shop"), said);
    }
}

/// HTTPBackendRef `port`, GEP-1911: what is missing is what the help names.
#[test]
fn a_backend_that_lacks_a_port_or_a_policy_is_not_to_be_replaced() {
    let backends = "apiVersion: multicluster.x-k8s.io/v1alpha1\nkind: ServiceImport\nmetadata: { name: far, namespace: shop }\n\
                    spec: { type: ClusterSetIP, ips: [10.0.0.9], ports: [{ port: 80 }] }\n---\n\
                    apiVersion: v1\nkind: Service\nmetadata: { name: safe, namespace: shop }\n\
                    spec: { ports: [{ name: s, port: 443, appProtocol: https }, { name: t, port: 444 }] }\n---\n";
    for (backend, said) in [
        (
            "{ group: multicluster.x-k8s.io, kind: ServiceImport, name: far }",
            "set `spec.rules[0].backendRefs[0].port` to a port of ServiceImport shop/far: 80",
        ),
        (
            "{ name: safe, port: 443 }",
            "create a BackendTLSPolicy for Service shop/safe, which says whom to trust, or name another backend in \
             `spec.rules[0].backendRefs[0]`",
        ),
    ] {
        let spec = format!(
            "{{ parentRefs: [{{ name: front, sectionName: http }}], rules: [{{ backendRefs: [{backend}] }}] }}"
        );
        assert_eq!(
            of_route(&(backends.to_owned() + &route("shop", &spec)), "shop"),
            said
        );
    }
}

/// "PartiallyInvalid": each rule that cannot be applied has its help, as where it is the only one.
#[test]
fn each_invalid_rule_of_a_route_has_help() {
    let rule = |path: &str, name: &str| {
        format!(
            "{{ matches: [{{ path: {{ value: {path} }} }}], filters: [{{ type: RequestHeaderModifier, requestHeaderModifier: \
             {{ set: [{{ name: {name}, value: x }}] }} }}], backendRefs: [{{ name: cart, port: 80 }}] }}"
        )
    };
    let rules = [
        rule("/a", "TE"),
        rule("/b", "x-b"),
        rule("/c", "Connection"),
    ]
    .join(", ");
    let spec =
        format!("{{ parentRefs: [{{ name: front, sectionName: http }}], rules: [{rules}] }}");
    let (resolver, _) = resolve(&format!("{BASE}---\n{}", route("shop", &spec)));
    let object = ObjectRef::gateway_api("HTTPRoute", &NamespacedName::new("shop", "r"));
    let hints = Near::new(&resolver, &[]).object(&object);
    let paths: Vec<&str> = hints.iter().map(|hint| &*hint.path).collect();
    assert_eq!(paths, ["spec.rules[0]", "spec.rules[2]"]);
}

#[test]
fn an_object_that_was_given_and_is_left_out_is_mentioned_where_it_is_missed() {
    let refused = "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: { name: edge, namespace: shop }\n\
                   spec: { gatewayClassName: any, listeners: [] }\n---\n";
    let spec =
        "{ parentRefs: [{ name: edge }], rules: [{ backendRefs: [{ name: cart, port: 80 }] }] }";
    assert_eq!(
        of_route(&(refused.to_owned() + &route("shop", spec)), "shop"),
        "correct Gateway shop/edge first, which is left out: the API server would refuse it"
    );
}

#[test]
fn a_parent_of_a_later_release_is_called_that() {
    let spec = "{ parentRefs: [{ name: more, kind: ListenerSet }] }";
    assert_eq!(
        of_route(&route("shop", spec), "shop"),
        "ListenerSet came with release v1.5.0: name a Gateway instead"
    );
}

/// Gateway `spec.listeners`: nothing tells two UDP listeners of a port apart. A TCP listener of the port is beside them.
#[test]
fn of_two_udp_listeners_of_a_port_one_has_to_be_moved() {
    let listeners = serde_json::json!([
        {"name": "a", "port": 53, "protocol": "UDP"},
        {"name": "c", "port": 53, "protocol": "TCP"},
        {"name": "b", "port": 53, "protocol": "UDP"},
    ]);
    let spec = serde_json::json!({"gatewayClassName": "any", "listeners": listeners});
    let mut gateway = Gateway::new("front", serde_json::from_value(spec).unwrap());
    gateway.metadata.namespace = Some("shop".into());
    let mut snapshot = Snapshot::default();
    snapshot.insert(gateway);
    let mut resolver = Resolver::with_snapshot(snapshot, Options::for_manifests());
    resolver.update();
    let name = NamespacedName::new("shop", "front");
    let hints = Near::new(&resolver, &[]).object(&ObjectRef::gateway_api("Gateway", &name));
    let messages: Vec<&str> = hints.iter().map(|hint| &*hint.message).collect();
    assert_eq!(
        messages,
        ["move listener `a` (UDP) or listener `b` (UDP) to a port other than 53"]
    );
}

/// What a request that no rule took would have needed.
fn asked(objects: &str, url: &str) -> Vec<String> {
    around(objects, url).help
}

pub(super) fn around(objects: &str, url: &str) -> Around {
    let (resolver, admitted) = resolve(objects);
    let effective = resolver.resolution().effective.clone();
    let mut simulator = Simulator::new(effective, RouterOptions::default());
    let request = Request::get(url).unwrap();
    let answer = simulator.request(&request, &mut |_| 0).unwrap();
    Near::new(&resolver, &admitted.ignored).request(&request, &answer)
}

use crate::sim::Request;

const LISTENERS: &str = "
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: front, namespace: shop }
spec:
  gatewayClassName: any
  listeners:
    - { name: all, port: 80, protocol: HTTP }
    - { name: shops, port: 80, protocol: HTTP, hostname: '*.shop.example' }
    - { name: odd, port: 443, protocol: HTTP }
---
apiVersion: v1
kind: Service
metadata: { name: cart, namespace: shop }
spec: { ports: [{ port: 80 }] }
---
";

/// "listener isolation" (Gateway `spec.listeners`): the most specific listener of a port takes the request, and the
/// routes of no other.
#[test]
fn a_route_at_another_listener_of_the_port_is_named() {
    let spec = "{ parentRefs: [{ name: front, sectionName: all }], rules: [{ matches: [{ path: { value: /cart } }], backendRefs: [{ name: cart, port: 80 }] }] }";
    let objects = LISTENERS.to_owned() + &route("shop", spec);
    let hints = asked(&objects, "http://a.shop.example/cart");
    assert_eq!(hints.len(), 1, "{hints:#?}");
    assert!(
        hints[0].starts_with("HTTPRoute shop/r would take the request at listener `all`, but"),
        "{hints:#?}"
    );
    assert!(hints[0].contains("listener `shops`"), "{hints:#?}");
    assert_eq!(asked(&objects, "http://a.shop.example/other"), [""; 0]);
    assert_eq!(asked(&objects, "http://b.example/cart"), [""; 0]);
}

#[test]
fn a_route_for_another_host_is_named() {
    let spec = "{ parentRefs: [{ name: front, sectionName: all }], hostnames: [lab.example, '*.lab.example'], rules: [{ matches: [{ path: { value: /cart } }], backendRefs: [{ name: cart, port: 80 }] }] }";
    let objects = LISTENERS.to_owned() + &route("shop", spec);
    assert_eq!(
        asked(&objects, "http://lab.exmaple/cart"),
        [
            "HTTPRoute shop/r would take the request for host `lab.example`",
            "HTTPRoute shop/r would take the request for host `*.lab.example`",
        ]
    );
    assert_eq!(asked(&objects, "http://lab.exmaple/other"), [""; 0]);
}

#[test]
fn a_listener_of_the_port_that_speaks_something_else_is_named() {
    let spec = "{ parentRefs: [{ name: front, sectionName: odd }], rules: [{ backendRefs: [{ name: cart, port: 80 }] }] }";
    let objects = LISTENERS.to_owned() + &route("shop", spec);
    assert_eq!(
        asked(&objects, "https://a.example/"),
        [
            "listener `odd` of Gateway shop/front has port 443, and protocol HTTP: ask http://a.example:443, or give the \
             listener `protocol: HTTPS` and `tls`"
        ]
    );
    assert_eq!(
        asked(&objects, "http://a.example:8080/"),
        [
            "listener `all` of Gateway shop/front takes this host on port 80: ask http://a.example:80",
            "listener `odd` of Gateway shop/front takes this host on port 443: ask http://a.example:443",
        ]
    );
    // A TLS listener takes a host by SNI, as an HTTPS listener does.
    let passthrough = LISTENERS.replace(
        "    - { name: odd, port: 443, protocol: HTTP }\n",
        "    - { name: sni, port: 8443, protocol: TLS, tls: { mode: Passthrough } }\n",
    );
    let spec =
        "{ parentRefs: [{ name: front }], rules: [{ backendRefs: [{ name: cart, port: 80 }] }] }";
    let tls_route = route("shop", spec).replace("v1\nkind: HTTPRoute", "v1alpha2\nkind: TLSRoute");
    assert_eq!(
        asked(&(passthrough + &tls_route), "https://a.example/"),
        [
            "listener `sni` of Gateway shop/front takes this host on port 8443: ask https://a.example:8443"
        ]
    );
}

#[test]
fn a_policy_that_is_left_out_is_named_where_its_backend_is_reached() {
    let spec = "{ parentRefs: [{ name: front, sectionName: all }], rules: [{ backendRefs: [{ name: cart, port: 80 }] }] }";
    let policy = "---\napiVersion: gateway.networking.k8s.io/v1\nkind: BackendTLSPolicy\nmetadata: { name: p, namespace: shop }\n\
                  spec: { targetRefs: [{ group: '', kind: Service, name: cart }], validation: { hostname: a.example, wellKnownCACertificates: System } }\n";
    let objects = LISTENERS.to_owned() + &route("shop", spec) + policy;
    let hints = around(&objects, "http://b.example/").why;
    let left_out =
        "BackendTLSPolicy shop/p names Service shop/cart, but is left out and has no effect";
    assert_eq!(hints, [left_out]);
    // The status of the route would be good, too.
    let hint = |objects: &str| {
        let (resolver, admitted) = resolve(objects);
        let route = resolver.snapshot().references().into_iter();
        let mut route = route.filter(|object| object.kind == "HTTPRoute");
        Near::new(&resolver, &admitted.ignored).object(&route.next().unwrap())
    };
    let wanted = Hint {
        path: "spec.rules[0].backendRefs".to_owned(),
        message: left_out.to_owned(),
        alone: true,
        help: None,
    };
    assert_eq!(hint(&objects), [wanted]);
    // Not where the policy is for another backend, or where the route gets no requests.
    assert_eq!(
        hint(&objects.replace("Service, name: cart }]", "Service, name: card }]")),
        []
    );
    assert_eq!(
        hint(&objects.replace("sectionName: all", "sectionName: alll"))
            .iter()
            .filter(|hint| hint.alone)
            .count(),
        0
    );
}

/// A data plane may rank routes by other options: what a request would have met elsewhere is decided by them.
#[test]
fn what_is_nearly_meant_is_decided_by_the_options_of_the_data_plane() {
    let options = RouterOptions::default().with_repeated_header(RepeatedHeader::AnyLine);
    let spec = "{ parentRefs: [{ name: front, sectionName: odd }], rules: [{ matches: [{ headers: [{ name: x, value: a }] }] }] }";
    let objects = LISTENERS.to_owned() + &route("shop", spec);
    let (resolver, admitted) = resolve(&objects);
    let mut request = Request::get("http://b.example/").unwrap();
    for value in ["a", "b"] {
        let value = http::HeaderValue::from_static(value);
        request.headers.append("x", value);
    }
    let asked = |options: RouterOptions| {
        let effective = resolver.resolution().effective.clone();
        let mut simulator = Simulator::new(effective, options);
        let answer = simulator.request(&request, &mut |_| 0).unwrap();
        let near = Near::new(&resolver, &admitted.ignored).with_routing(options);
        near.request(&request, &answer).help
    };
    assert_eq!(asked(RouterOptions::default()), [""; 0]);
    assert_eq!(
        asked(options),
        [
            "HTTPRoute shop/r would take the request, but names listener `odd` alone: attach it to listener `all`, too"
        ]
    );
}

/// Bounds that are met are named with what they allow, and how often they were met.
#[test]
fn a_bound_that_cuts_hints_off_is_named_with_how_often_it_did() {
    let spec = "{ parentRefs: [{ name: front, sectionName: all }], rules: [{ backendRefs: [{ name: far, namespace: away, port: 80 }] }] }";
    let grant = "---\napiVersion: gateway.networking.k8s.io/v1beta1\nkind: ReferenceGrant\nmetadata: { name: g, namespace: away }\n\
                 spec: { from: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: nowhere }], to: [{ group: '', kind: Service }] }\n";
    let (resolver, _) = resolve(&(BASE.to_owned() + &route("shop", spec) + grant));
    let mut options = crate::lint::LintOptions::default();
    assert_eq!(crate::lint::lint(&resolver, &options).met, []);
    options.near.max_objects = 0;
    let met = crate::lint::lint(&resolver, &options).met;
    let wanted = Met {
        bound: "max_objects",
        most: 0,
        cut_short: 1,
    };
    assert_eq!(met, [wanted]);
}

#[test]
fn what_a_rule_that_fails_would_need_is_said() {
    let spec = "{ parentRefs: [{ name: front, sectionName: all }], rules: [{ backendRefs: [{ name: crat, port: 80 }] }] }";
    let objects = LISTENERS.to_owned() + &route("shop", spec);
    assert_eq!(
        asked(&objects, "http://b.example/"),
        ["did you mean Service `cart`?"]
    );
}

#[test]
fn routes_that_are_not_attached_are_those_of_the_gateway_that_was_asked() {
    let other = "---\napiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: { name: front, namespace: away }\n\
                 spec: { gatewayClassName: any, listeners: [{ name: http, port: 8080, protocol: HTTP }] }\n---\n";
    let spec = "{ parentRefs: [{ name: front, sectionName: nowhere }], hostnames: [a.example] }";
    let objects = LISTENERS.to_owned() + &route("shop", spec) + other + &route("away", spec);
    let (resolver, _) = resolve(&objects);
    let near = Near::new(&resolver, &[]);
    let effective = resolver.resolution().effective.clone();
    let mut simulator = Simulator::new(effective, RouterOptions::default());
    let mut unattached = |url: &str| -> Vec<String> {
        let request = Request::get(url).unwrap();
        let answer = simulator.request(&request, &mut |_| 0).unwrap();
        let why = near.request(&request, &answer).why.into_iter();
        why.filter_map(|why| Some(why.split_once(" is rejected")?.0.to_owned()))
            .collect()
    };
    assert_eq!(unattached("http://a.example/"), ["HTTPRoute shop/r"]);
    assert_eq!(unattached("http://a.example:8080/"), ["HTTPRoute away/r"]);
    // Where nobody answers, those that name the host.
    assert_eq!(
        unattached("http://a.example:9/"),
        ["HTTPRoute away/r", "HTTPRoute shop/r"]
    );
    assert_eq!(unattached("http://b.example:9/"), [""; 0]);
}

/// GEP-1426: a port without a name is named by its number.
#[test]
fn a_port_without_a_name_is_not_called_by_one() {
    let parent = "group: '', kind: Service, name: far, sectionName: web";
    let rules = "rules: [{ backendRefs: [{ name: far, port: 80 }] }]";
    let spec = format!("{{ parentRefs: [{{ {parent} }}], {rules} }}");
    assert_eq!(
        of_route(&route("away", &spec), "away"),
        "write `port: 80` in place of `sectionName` in `spec.parentRefs[0]`, or give the port a name"
    );
}
