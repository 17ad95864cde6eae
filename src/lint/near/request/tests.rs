//! What stands around an answer: who lost and why, what is left out, and the help for the first cause.

use super::Around;
use crate::{
    attachment::{Options, Resolver, Snapshot, admit},
    lint::near::Near,
    manifest::{self, ReadOptions},
    meta::{Channel, NamespacedName, Release},
    routing::RouterOptions,
    sim::{Request, Simulator},
    v1::Gateway,
};
use kube_core::ObjectMeta;
use serde_json::{Value, json};

const BASE: &str = "
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: front, namespace: shop }
spec:
  gatewayClassName: any
  listeners:
    - { name: one, port: 80, protocol: HTTP }
    - { name: two, port: 81, protocol: HTTP }
    - { name: lab, port: 82, protocol: HTTP, hostname: '*.lab.example' }
    - { name: raw, port: 5000, protocol: TCP }
---
apiVersion: v1
kind: Service
metadata: { name: cart, namespace: shop }
spec: { ports: [{ name: web, port: 80 }, { name: alt, port: 81 }] }
";

/// The answer to a request by objects of v1.1.0, with what stands around it.
pub(super) fn around(objects: &str, url: &str) -> Around {
    around_of(Release::default(), objects, url)
}

/// The answer to a request by objects of a release, with what stands around it.
fn around_of(release: Release, objects: &str, url: &str) -> Around {
    around_at("front", release, objects, url)
}

/// The answer to a request at a Gateway, or at a Service of the namespace `shop`.
pub(super) fn around_at(gateway: &str, release: Release, objects: &str, url: &str) -> Around {
    let text = format!("{BASE}---\n{objects}");
    let read = manifest::read(text.as_bytes(), &ReadOptions::default());
    assert!(read.errors.is_empty(), "{:?}", read.errors);
    let values: Vec<&Value> = read.entries.iter().map(|entry| &entry.value).collect();
    let admitted = admit::admit(values, release, Channel::Experimental);
    let mut resolver = Resolver::with_snapshot(admitted.snapshot.clone(), Options::for_manifests());
    resolver.update();
    let effective = resolver.resolution().effective.clone();
    let mut simulator = Simulator::new(effective, RouterOptions::default());
    let mut request = Request::get(url).unwrap();
    if !url.contains(".shop") {
        request.gateway = Some(NamespacedName::new("shop", gateway));
    }
    let answer = simulator.request(&request, &mut |_| 0).unwrap();
    let around = Near::new(&resolver, &admitted.ignored).request(&request, &answer);
    // Who is told that something is wrong is told what to do about it.
    assert!(!around.amiss || !around.help.is_empty(), "{around:#?}");
    around
}

pub(super) fn object(kind: &str, name: &str, spec: &str) -> String {
    let version = match kind {
        "TCPRoute" | "TLSRoute" | "UDPRoute" | "BackendLBPolicy" => "v1alpha2",
        "BackendTLSPolicy" => "v1alpha3",
        _ => "v1",
    };
    format!(
        "---\napiVersion: gateway.networking.k8s.io/{version}\nkind: {kind}\nmetadata: {{ name: {name}, namespace: shop }}\nspec: {spec}\n"
    )
}

pub(super) const CART: &str = "rules: [{ backendRefs: [{ name: cart, port: 80 }] }]";

pub(super) fn route(kind: &str, name: &str, more: &str) -> String {
    object(
        kind,
        name,
        &format!("{{ parentRefs: [{{ name: front }}], {more} {CART} }}"),
    )
}

/// GRPCRoute `spec.hostnames`: HTTPRoutes and GRPCRoutes exclude each other at a listener.
#[test]
fn a_route_that_lost_the_host_of_a_request_is_named_with_the_criterion() {
    let objects = route("HTTPRoute", "a", "") + &route("GRPCRoute", "b", "hostnames: [x.example],");
    let found = around(&objects, "http://x.example/");
    let lost = "GRPCRoute shop/b is rejected at listener `one`: HTTPRoute shop/a claims every host";
    assert_eq!(found.why.len(), 1, "{found:#?}");
    assert!(found.why[0].starts_with(lost), "{found:#?}");
    // It names the host, and would take the request were it accepted.
    let apart = "attach HTTPRoute shop/a and GRPCRoute shop/b to different listeners by `sectionName`, or give them hostnames that have no host in common";
    assert_eq!(found.help, [apart]);
    assert!(found.amiss && found.not_in_force.len() == 1, "{found:#?}");
    assert_eq!(around(&objects, "http://y.example/"), Around::default());
    // Where it names none, it would not take the request either: it is younger.
    let objects = route("HTTPRoute", "a", "") + &route("GRPCRoute", "b", "");
    let found = around(&objects, "http://x.example/");
    assert_eq!(
        (found.why.len(), found.amiss, found.help.len()),
        (1, false, 0)
    );
}

#[test]
fn of_two_tcp_routes_the_one_without_connections_is_named() {
    let objects = route("TCPRoute", "a", "") + &route("TCPRoute", "b", "");
    let found = around(&objects, "tcp://x.example:5000");
    let lost =
        "TCPRoute shop/b is rejected at listener `raw`: TCPRoute shop/a takes every connection";
    assert!(found.why[0].starts_with(lost), "{found:#?}");
    assert_eq!(found.why.len(), 1);
}

/// GEP-1426: kinds of routes exclude each other at a port of a Service.
#[test]
fn a_mesh_route_that_does_not_govern_the_port_is_named() {
    let parent = "{ group: '', kind: Service, name: cart }";
    let mesh = |kind| object(kind, "m", &format!("{{ parentRefs: [{parent}], {CART} }}"));
    let found = around(
        &(mesh("HTTPRoute") + &mesh("GRPCRoute")),
        "http://cart.shop/",
    );
    let lost = "HTTPRoute shop/m is rejected at port 80: GRPCRoutes take precedence there (GRPCRoute shop/m)";
    assert_eq!(found.why, [lost]);
}

#[test]
fn a_rule_that_takes_nothing_is_named_where_its_route_serves_the_host() {
    let spec = "{ parentRefs: [{ name: front }], hostnames: [x.example], rules: [{ matches: [{ path: { type: RegularExpression, value: '(' } }] }, { backendRefs: [{ name: cart, port: 80 }] }] }";
    let objects = object("HTTPRoute", "part", spec);
    let found = around(&objects, "http://x.example/");
    assert_eq!(
        found.why,
        [
            "HTTPRoute shop/part: PartiallyInvalid True (UnsupportedValue): Dropped Rule: rule 0 takes no requests: `(` is not a regular expression: unclosed group"
        ]
    );
    assert_eq!(found.help.len(), 1, "{found:#?}");
    assert!(found.amiss && found.not_in_force.is_empty());
    assert_eq!(around(&objects, "http://y.example/").why, [""; 0]);
    // Another route takes the request.
    let all = objects.clone() + &route("HTTPRoute", "all", "hostnames: ['*.x.example'],");
    let beside = "{ parentRefs: [{ name: front }], hostnames: ['*.example'], rules: [{ matches: [{ path: { type: RegularExpression, value: '(' } }] }, { matches: [{ path: { value: /b } }], backendRefs: [{ name: cart, port: 80 }] }] }";
    let all = all + &object("HTTPRoute", "beside", beside);
    let found = around(&all, "http://y.x.example/");
    let dropped =
        "rule 0 is dropped and takes no request: `(` is not a regular expression: unclosed group";
    assert_eq!(found.why, [format!("HTTPRoute shop/beside, {dropped}")]);
    assert_eq!(found.not_in_force[0].why, dropped);
    assert_eq!(found.not_in_force.len(), 1);
    assert!(found.amiss && found.help[0].starts_with("HTTPRoute shop/beside: "));
    let two = "{ parentRefs: [{ name: front }], rules: [{ backendRefs: [{ name: cart, port: 80 }] }, { backendRefs: [{ name: cart, port: 81 }] }] }";
    let objects = object("TCPRoute", "two", two);
    let found = around(&objects, "tcp://x.example:5000");
    assert!(
        found.why[0].starts_with(
            "TCPRoute shop/two: PartiallyInvalid True (UnsupportedValue): Dropped Rule: rule 1 takes no connections: "
        ),
        "{found:#?}"
    );
    assert_eq!(around(&objects, "tcp://x.example:5001").why, [""; 0]);
}

/// An object that an API server refuses is left out; whether it would have taken the request is found by trying.
#[test]
fn an_object_that_is_left_out_and_would_have_taken_the_request_is_named() {
    let refused = |more: &str| route("HTTPRoute", "new", more);
    let found = around(&refused("hostnmaes: [x.example],"), "http://x.example/");
    assert_eq!(
        found.why,
        ["HTTPRoute shop/new without its unknown fields would take the request, but is left out"]
    );
    assert_eq!(
        found.help,
        ["correct HTTPRoute shop/new, which is left out"]
    );
    let other = "hostnames: [y.example], oops: 1,";
    assert_eq!(around(&refused(other), "http://x.example/").why, [""; 0]);
    let path = "---\napiVersion: gateway.networking.k8s.io/v1\nkind: HttpRoute\nmetadata: { name: new, namespace: shop }\n\
                spec: { parentRefs: [{ name: front }], rules: [{ matches: [{ path: { value: /cart } }] }] }\n";
    let found = around(path, "http://x.example/cart");
    assert!(
        found.why[0].starts_with(
            "HttpRoute shop/new, read as HTTPRoute shop/new, would take the request, but"
        ),
        "{found:#?}"
    );
    assert_eq!(around(path, "http://x.example/other").why, [""; 0]);
    // Beside a route that took the request, only one that goes before it is named.
    let taken = route("HTTPRoute", "old", "") + path;
    let found = around(&taken, "http://x.example/cart");
    assert_eq!((found.why.len(), found.help.len()), (1, 0), "{found:#?}");
    assert_eq!(around(&taken, "http://x.example/other"), Around::default());
}

#[test]
fn help_is_for_the_first_cause_that_stops_the_request() {
    // The rule cannot be read; that its backend is not allowed matters later.
    let spec = "{ parentRefs: [{ name: front }], hostnames: [q.example], rules: [{ matches: [{ path: { type: RegularExpression, value: '(' } }], backendRefs: [{ name: x, namespace: away, port: 80 }] }] }";
    let objects =
        object("HTTPRoute", "all", spec) + &route("HTTPRoute", "other", "hostnames: [p.example],");
    let found = around(&objects, "http://q.example/");
    assert_eq!(
        found.why,
        [
            "HTTPRoute shop/all is rejected by Gateway shop/front: rule 0 takes no requests: `(` is not a regular expression: unclosed group"
        ]
    );
    assert!(
        found.help[0].starts_with(
            "HTTPRoute shop/all: `spec.rules[0].matches[0].path.value`: correct it, with `\\` before"
        ),
        "{found:#?}"
    );
    assert_eq!(found.help.len(), 1);
    // The route lost here, and is attached elsewhere.
    let calls = "{ parentRefs: [{ name: front, sectionName: one }], hostnames: [grpc.lab.example], rules: [{ backendRefs: [{ name: cart, port: 80 }] }] }";
    let objects = object("GRPCRoute", "calls", calls)
        + &route("HTTPRoute", "site", "hostnames: ['*.lab.example'],");
    let found = around(&objects, "http://www.lab.example/");
    assert!(
        found.why[0].starts_with(
            "HTTPRoute shop/site is rejected at listener `one`: GRPCRoute shop/calls claims "
        ),
        "{found:#?}"
    );
    assert_eq!(
        found.help,
        [
            "attach GRPCRoute shop/calls and HTTPRoute shop/site to different listeners by `sectionName`, or give them hostnames that have no host in common"
        ]
    );
    // Of a rule that fails only its own references are named.
    let spec = "{ parentRefs: [{ name: front }], rules: [{ matches: [{ path: { value: /a } }], backendRefs: [{ name: none, port: 80 }] }, { matches: [{ path: { value: /b } }], backendRefs: [{ name: cart, port: 82 }] }, { matches: [{ path: { value: /c } }], backendRefs: [{ name: x, namespace: away, port: 80 }] }] }";
    let objects = object("HTTPRoute", "r", spec);
    assert_eq!(
        around(&objects, "http://x.example/a").help,
        ["create Service shop/none, or name another backend"]
    );
    assert_eq!(
        around(&objects, "http://x.example/b").help,
        ["name a port that Service shop/cart has, as 80 or 81"]
    );
    let found = around(&objects, "http://x.example/c");
    assert!(
        found.help[0].starts_with("create a ReferenceGrant in namespace `away`"),
        "{found:#?}"
    );
}

/// A filter that an API server takes and that is not implemented: nothing in the route is to be corrected.
#[test]
fn a_filter_that_is_not_implemented_is_not_called_wrong() {
    let cors = "{ type: CORS, cors: { allowOrigins: ['*'] } }";
    let spec = format!("{{ parentRefs: [{{ name: front }}], rules: [{{ filters: [{cors}] }}] }}");
    let help = around_of(
        Release::V1_7_0,
        &object("HTTPRoute", "r", &spec),
        "http://a.example/",
    )
    .help;
    assert_eq!(
        help,
        [
            "HTTPRoute shop/r: nothing is wrong with the filter `CORS` of `spec.rules[0]`: it is not implemented here; leave it \
             out to see the rest of the rule"
        ]
    );
}

/// FromNamespaces `None` is for ListenerSets; a listener of a Gateway that has it needs another value, not a selector.
#[test]
fn a_listener_that_takes_routes_from_nowhere_needs_another_source() {
    for from in ["None", "Everywhere"] {
        let front = Gateway::new(
            "front",
            serde_json::from_value(json!({
                "gatewayClassName": "any",
                "listeners": [{"name": "odd", "port": 80, "protocol": "HTTP", "allowedRoutes": {"namespaces": {"from": from}}}],
            }))
            .unwrap(),
        );
        let mut snapshot = Snapshot::default();
        snapshot.insert(Gateway {
            metadata: ObjectMeta {
                namespace: Some("shop".into()),
                ..front.metadata
            },
            ..front
        });
        let mut resolver = Resolver::with_snapshot(snapshot, Options::for_manifests());
        resolver.update();
        let effective = resolver.resolution().effective.clone();
        let mut simulator = Simulator::new(effective, RouterOptions::default());
        let request = Request::get("http://a.example/").unwrap();
        let answer = simulator.request(&request, &mut |_| 0).unwrap();
        assert_eq!(
            Near::new(&resolver, &[]).request(&request, &answer).help,
            [
                "give listener `odd` of Gateway shop/front `from: Same`, `from: All` or `from: Selector` in \
                 `allowedRoutes.namespaces`"
            ]
        );
    }
}

#[test]
fn a_route_whose_hostname_covers_a_host_that_no_listener_serves_is_named_with_the_listener() {
    let spec = "{ parentRefs: [{ name: front, sectionName: lab }], hostnames: ['*.example'], rules: [{ backendRefs: [{ name: cart, port: 80 }] }] }";
    let objects = object("HTTPRoute", "wide", spec);
    assert_eq!(
        around(&objects, "http://a.bar.example:82/").help,
        [
            "HTTPRoute shop/wide names `*.example`, which covers `a.bar.example`, but listener `lab` takes only hosts of `*.lab.example`: widen the listener's `hostname`, or add a listener for `a.bar.example`"
        ]
    );
}

/// What is wrong with a route that would not get the request anyway does not hide what is right.
#[test]
fn the_help_for_a_broken_route_is_for_requests_that_it_would_get() {
    let bad = "{ parentRefs: [{ name: front, kind: Gatway }], rules: [{ backendRefs: [{ name: cart, port: 80 }] }] }";
    let kind = "HTTPRoute shop/bad: did you mean `kind: Gateway`?";
    let objects = object("HTTPRoute", "bad", bad) + &route("HTTPRoute", "all", "");
    let ask = |url: &str| around(&objects, url).help;
    let other_port = ask("http://a.example:83/");
    assert_eq!(
        other_port.first().map(String::as_str),
        Some(
            "listener `one` of Gateway shop/front takes this host on port 80: ask http://a.example:80"
        ),
        "{other_port:#?}"
    );
    assert!(
        !other_port.iter().any(|help| help == kind),
        "{other_port:#?}"
    );
    let in_tls = ask("https://a.example:81/");
    assert!(in_tls[0].contains("ask http://a.example:81"), "{in_tls:#?}");
    assert!(!in_tls.iter().any(|help| help == kind), "{in_tls:#?}");
    // It would get this one, which a route of another listener takes.
    let two = "{ parentRefs: [{ name: front, sectionName: two }], rules: [{ matches: [{ path: { value: /cart } }] }] }";
    let objects = object("HTTPRoute", "bad", bad) + &object("HTTPRoute", "two", two);
    assert_eq!(
        around(&objects, "http://a.example/cart").help,
        [
            kind,
            "HTTPRoute shop/two would take the request, but names listener `two` alone: attach it to listener `one`, too"
        ]
    );
}

#[test]
fn a_route_of_another_listener_of_the_gateway_is_named() {
    let spec = "{ parentRefs: [{ name: front, sectionName: two }], rules: [{ matches: [{ path: { value: /cart } }] }] }";
    let objects = object("HTTPRoute", "r", spec);
    assert_eq!(
        around(&objects, "http://a.example/cart").help,
        [
            "HTTPRoute shop/r would take the request, but names listener `two` alone: attach it to listener `one`, too"
        ]
    );
    assert_eq!(around(&objects, "http://a.example/other").help, [""; 0]);
}

/// GEP-1897: a BackendTLSPolicy is for connections that a Gateway opens by itself; GEP-713: of two the older applies.
#[test]
fn a_policy_for_the_backend_that_does_not_apply_is_named() {
    let policy = |name: &str, hostname: &str, more: &str| {
        let spec = format!(
            "{{ targetRefs: [{{ group: '', kind: Service, name: cart{more} }}], validation: {{ hostname: {hostname}, wellKnownCACertificates: System }} }}"
        );
        object("BackendTLSPolicy", name, &spec)
    };
    let objects =
        route("HTTPRoute", "r", "") + &policy("a", "a.example", "") + &policy("b", "b.example", "");
    let found = around(&objects, "http://x.example/");
    assert_eq!(found.why.len(), 1, "{found:#?}");
    assert!(
        found.why[0].starts_with("BackendTLSPolicy shop/b names Service shop/cart and is not applied: BackendTLSPolicy shop/a applies"),
        "{found:#?}"
    );
    let mesh = object(
        "HTTPRoute",
        "m",
        &format!("{{ parentRefs: [{{ group: '', kind: Service, name: cart }}], {CART} }}"),
    );
    let found = around(&(mesh + &policy("a", "a.example", "")), "http://cart.shop/");
    assert_eq!(
        found.why,
        [
            "BackendTLSPolicy shop/a names Service shop/cart and is not applied: it is for connections that the Gateway opens to a backend itself, not for requests inside a mesh"
        ]
    );
    // One for another port does not concern this request.
    let of_port = policy("a", "a.example", ", sectionName: alt")
        + &policy("b", "b.example", ", sectionName: alt");
    assert_eq!(
        around(
            &(route("HTTPRoute", "r", "") + &of_port),
            "http://x.example/"
        )
        .why,
        [""; 0]
    );
}

#[test]
fn a_parent_that_is_left_out_is_named_with_what_it_needs() {
    let gateway = object(
        "Gateway",
        "none",
        "{ gatewayClassName: any, listeners: [] }",
    );
    let spec = "{ parentRefs: [{ name: none }], rules: [{}] }";
    let objects = gateway + &object("HTTPRoute", "r", spec);
    let text = format!("{BASE}---\n{objects}");
    let read = manifest::read(text.as_bytes(), &ReadOptions::default());
    let values: Vec<&Value> = read.entries.iter().map(|entry| &entry.value).collect();
    let admitted = admit::admit(values, Release::default(), Channel::Experimental);
    let mut resolver = Resolver::with_snapshot(admitted.snapshot.clone(), Options::for_manifests());
    resolver.update();
    let effective = resolver.resolution().effective.clone();
    let mut simulator = Simulator::new(effective, RouterOptions::default());
    let request = Request::get("http://a.example:8080/").unwrap();
    let answer = simulator.request(&request, &mut |_| 0).unwrap();
    let found = Near::new(&resolver, &admitted.ignored).request(&request, &answer);
    assert_eq!(
        found.why,
        ["HTTPRoute shop/r has no effect: Gateway shop/none was given, but is left out"]
    );
    let help = found.help.first().map(String::as_str);
    assert_eq!(help, Some("correct Gateway shop/none, which is left out"));
}

/// A reference to a parent that is not there is told of where the object that it nearly names is asked.
#[test]
fn a_route_whose_parent_nearly_names_the_gateway_is_named() {
    let named = |name: &str, parent: &str| {
        let spec = format!("{{ parentRefs: [{parent}], {CART} }}");
        object("HTTPRoute", name, &spec)
    };
    let found = around(&named("r", "{ name: frnot }"), "http://x.example/");
    assert_eq!(
        found.why,
        ["HTTPRoute shop/r has no effect: Gateway shop/frnot does not exist"]
    );
    assert_eq!(
        found.help,
        ["HTTPRoute shop/r: did you mean Gateway `front`?"]
    );
    // The same name, in another namespace.
    let found = around(
        &named("r", "{ name: front, namespace: away }"),
        "http://x.example/",
    );
    assert_eq!(found.why.len(), 1, "{found:#?}");
    assert_eq!(found.help.len(), 1, "{found:#?}");
    let far = named("r", "{ name: elsewhere, namespace: away }");
    assert_eq!(around(&far, "http://x.example/").why, [""; 0]);
}

/// Of a route with several parents only that which was asked is judged.
#[test]
fn help_is_for_the_parent_that_was_asked() {
    let spec = format!(
        "{{ parentRefs: [{{ name: none, namespace: away }}, {{ name: front, sectionName: oen }}], {CART} }}"
    );
    let found = around(&object("HTTPRoute", "r", &spec), "http://x.example/");
    assert_eq!(
        found.help,
        ["HTTPRoute shop/r: did you mean `sectionName: one`?"],
        "{found:#?}"
    );
}

/// A kind of a later release is no parent here.
#[test]
fn a_parent_of_a_later_release_is_replaced_by_a_gateway() {
    let spec = format!("{{ parentRefs: [{{ kind: ListenerSet, name: front }}], {CART} }}");
    let found = around(&object("HTTPRoute", "r", &spec), "http://x.example/");
    assert_eq!(
        found.help,
        ["HTTPRoute shop/r: name a Gateway in `parentRefs`; ListenerSet needs release v1.5.0"],
        "{found:#?}"
    );
}

/// What attaches to a listener of connections is a route of its kind.
#[test]
fn a_listener_of_connections_without_a_route_is_told_what_to_attach() {
    let found = around("", "tcp://x.example:5000");
    assert_eq!(
        found.help,
        ["attach a TCPRoute to listener `raw` of Gateway shop/front"]
    );
}

/// BackendTLSPolicy: what is sent to a mirror goes to a backend as well.
#[test]
fn a_policy_that_is_not_applied_to_a_mirror_is_named() {
    let mirror = "filters: [{ type: RequestMirror, requestMirror: { backendRef: { name: copy, port: 80 } } }],";
    let mirrored = format!(
        "{{ parentRefs: [{{ name: front }}], rules: [{{ {mirror} backendRefs: [{{ name: cart, port: 80 }}] }}] }}"
    );
    let copy = "---\napiVersion: v1\nkind: Service\nmetadata: { name: copy, namespace: shop }\nspec: { ports: [{ port: 80 }] }\n";
    let base = object("HTTPRoute", "r", &mirrored) + copy;
    let policy = |kind: &str, name: &str| {
        let target = format!("{{ group: '', kind: Service, name: {name} }}");
        let validation = "{ hostname: a.example, wellKnownCACertificates: System }";
        let spec = format!("{{ targetRefs: [{target}], validation: {validation} }}");
        object("BackendTLSPolicy", "p", &spec).replace("BackendTLSPolicy", kind)
    };
    let found = around(
        &(base.clone() + &policy("BackendTlsPolicy", "copy")),
        "http://x.example/",
    );
    let left_out =
        "BackendTlsPolicy shop/p names Service shop/copy, but is left out and has no effect";
    assert_eq!(found.why, [left_out]);
    let found = around(
        &(base.clone() + &policy("BackendTLSPolicy", "coppy")),
        "http://x.example/",
    );
    let meant = "BackendTLSPolicy shop/p may be meant for Service shop/copy and is not applied: ";
    assert!(found.why[0].starts_with(meant), "{found:#?}");
    assert!(found.amiss && !found.help.is_empty(), "{found:#?}");
    let found = around(
        &(base + &policy("BackendTLSPolicy", "copy")),
        "http://x.example/",
    );
    assert_eq!(found, Around::default());
}

/// A ServiceImport and a Gateway have requests of their own: a route for one of them takes none to the Service of that name.
/// Where the one that it names is not there, the Service may be meant.
#[test]
fn a_route_for_an_object_of_another_kind_would_not_take_the_request() {
    let own = "---\napiVersion: v1\nkind: Service\nmetadata: { name: own, namespace: shop }\nspec: { ports: [{ port: 80 }] }\n";
    let import = "---\napiVersion: multicluster.x-k8s.io/v1alpha1\nkind: ServiceImport\nmetadata: { name: own, namespace: shop }\n\
                  spec: { type: ClusterSetIP, ips: [10.0.0.9], ports: [{ port: 80 }] }\n";
    let beside = |parent: &str, more: &str| {
        let spec = format!("{{ parentRefs: [{{ {parent} name: own }}], {CART} }}");
        let route = object("HTTPRoute", "r", &spec);
        around(&(route + own + more), "http://own.shop/")
    };
    let of = |parent: &str| beside(parent, "");
    let is_told = |found: &Around| found.why.iter().any(|why| why.contains("HTTPRoute shop/r"));
    let spec = "{ gatewayClassName: c, listeners: [{ name: g, protocol: HTTP, port: 81, allowedRoutes: { kinds: [{ kind: GRPCRoute }] } }] }";
    let gateway = object("Gateway", "own", spec);
    let imported = "group: multicluster.x-k8s.io, kind: ServiceImport,";
    for found in [beside(imported, import), beside("", &gateway)] {
        assert!(!is_told(&found) && !found.amiss, "{found:#?}");
    }
    let meant = "HTTPRoute shop/r: there is a Service `own` in namespace `shop`: write `group: \"\"` and `kind: Service` in the reference";
    for found in [of(imported), of("")] {
        assert!(is_told(&found) && found.amiss, "{found:#?}");
        assert_eq!(found.help, [meant]);
    }
    // The group of a Service is left out most often.
    let found = of("kind: Service,");
    assert!(is_told(&found) && found.amiss, "{found:#?}");
}

/// `rules: []` is valid up to v1.1.1: the route is accepted, has a host for itself and takes nothing.
#[test]
fn a_route_without_rules_is_named_where_it_has_the_host() {
    let said = "HTTPRoute shop/none is accepted for the host and has no rules: it takes no request";
    let why_of = |host: &str| {
        let spec = format!("{{ parentRefs: [{{ name: front }}], hostnames: [{host}], rules: [] }}");
        around(&object("HTTPRoute", "none", &spec), "http://zero.example/").why
    };
    assert!(
        why_of("zero.example").contains(&said.to_owned()),
        "{:#?}",
        why_of("zero.example")
    );
    assert!(!why_of("other.example").contains(&said.to_owned()));
}

/// Gateway `spec.listeners[].hostname`: 421 tells a client to connect anew. Routes at the listener of the connection have nothing to
/// do with it.
#[test]
fn a_misdirected_request_is_told_which_server_name_to_connect_with() {
    let own = "tls: { certificateRefs: [{ name: own }] }";
    let gateway = object(
        "Gateway",
        "edge",
        &format!(
            "{{ gatewayClassName: any, listeners: [
                {{ name: wild, port: 7443, protocol: HTTPS, hostname: '*.bank.example', {own} }},
                {{ name: secret, port: 7443, protocol: HTTPS, hostname: secret.bank.example, {own} }}] }}"
        ),
    );
    let spec =
        |hostnames: &str| format!("{{ parentRefs: [{{ name: edge }}], {hostnames} {CART} }}");
    let objects = gateway
        + &object("HTTPRoute", "r", &spec(""))
        + &object("HTTPRoute", "v", &spec("hostnames: [secret.bank.example],"));
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls",
        "metadata": {"name": "own", "namespace": "shop"},
        "stringData": {
            "tls.crt": include_str!("../../../../tests/fixtures/certificates/p256.crt"),
            "tls.key": include_str!("../../../../tests/fixtures/certificates/p256.key"),
        },
    });
    let objects = format!("{objects}---\n{secret}\n");
    let text = format!("{BASE}---\n{objects}");
    let read = manifest::read(text.as_bytes(), &ReadOptions::default());
    let (decoded, _) = read.decode();
    let snapshot: Snapshot = decoded.into_iter().map(|one| one.object).collect();
    let mut resolver = Resolver::with_snapshot(snapshot, Options::for_manifests());
    resolver.update();
    let effective = resolver.resolution().effective.clone();
    let mut simulator = Simulator::new(effective, RouterOptions::default());
    let mut help = |sni: Option<&str>, url: &str, host: Option<&str>| {
        let mut request = Request::get(url).unwrap();
        request.gateway = Some(NamespacedName::new("shop", "edge"));
        request.sni = sni.map(str::to_owned);
        if let Some(host) = host {
            request.headers.insert("host", host.parse().unwrap());
        }
        let answer = simulator.request(&request, &mut |_| 0).unwrap();
        assert_eq!(answer.status, Some(421), "{:#?}", answer.why);
        Near::new(&resolver, &[]).request(&request, &answer).help
    };
    let expected = "connect with the server name (SNI) `secret.bank.example`, by which listener `secret` is found: the host of a \
         request has to belong to the listener of its connection";
    let host = "secret.bank.example";
    let url = format!("https://{host}:7443/");
    assert_eq!(help(Some("x.bank.example"), &url, None), [expected]);
    let url = "https://x.bank.example:7443/";
    assert_eq!(help(None, url, Some(host)), [expected]);
}
