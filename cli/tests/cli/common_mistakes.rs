//! The mistakes that people make most often, each with the finding and the sentence that lead to what is right.

use crate::support::{gwapi, with_newest};
use serde_json::Value;

/// A Gateway, Services and a route, with places for what a mistake changes.
const SET: &str = r#"apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: envoy }
spec: { controllerName: example.com/envoy }
---
apiVersion: v1
kind: Namespace
metadata: { name: shop, labels: { team: shop } }
---
apiVersion: v1
kind: Namespace
metadata: { name: edge }
---
apiVersion: v1
kind: Service
metadata: { name: cart, namespace: shop }
spec: { ports: [{ port: 80, targetPort: 8080 }] }
---
apiVersion: v1
kind: Service
metadata: { name: till, namespace: till }
spec: { ports: [{ port: 80 }] }
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: front, namespace: edge }
spec:
  gatewayClassName: CLASS
  listeners:
  - { name: http, port: 80, protocol: HTTP, hostname: "*.shop.example", allowedRoutes: { namespaces: { from: FROM } } }
LISTENER
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: cart, namespace: shop }
spec:
  parentRefs: [{ name: front, namespace: edge PARENT }]
  HOSTS
  rules:
RULES
"#;

/// What stands in these places where nothing is wrong.
const RIGHT: [(&str, &str); 6] = [
    ("CLASS", "envoy"),
    ("FROM", "All"),
    ("LISTENER", ""),
    ("PARENT", ""),
    ("HOSTS", "hostnames: [www.shop.example]"),
    ("RULES", "  - backendRefs: [{ name: cart, port: 80 }]"),
];

type Mistake = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
);

/// The place, what is written there, rule and field of the finding, how its message begins, and its help.
const MISTAKES: [Mistake; 30] = [
    // Wrong class.
    (
        "CLASS",
        "envoi",
        "Gateway/class-exists spec.gatewayClassName",
        "GatewayClass `envoi` is not in the set",
        "did you mean GatewayClass `envoy`?",
    ),
    // Wrong section.
    (
        "PARENT",
        ", sectionName: htp",
        "ParentReference/listener-exists spec.parentRefs[0].sectionName",
        "Gateway edge/front has no listener named `htp`: it has `http` (port 80)",
        "did you mean `sectionName: http`?",
    ),
    // Namespace not allowed.
    (
        "FROM",
        "Same",
        "ParentReference/accepted spec.parentRefs[0]",
        "listener `http` takes routes from namespace `edge` only, and the route is in `shop`",
        "to take the route, listener `http` needs `allowedRoutes.namespaces` with `from: All`, or `from:",
    ),
    // Missing grant.
    (
        "RULES",
        "  - backendRefs: [{ name: till, namespace: till, port: 80 }]",
        "Reference/granted spec.rules[0].backendRefs[0].namespace",
        "no ReferenceGrant in namespace `till` allows HTTPRoutes of namespace `shop` to refer to Service",
        "create a ReferenceGrant in namespace `till` with `from: [{group: gateway.networking.k8s.io, kind:",
    ),
    // Hostname mismatch.
    (
        "HOSTS",
        "hostnames: [www.shop.exmple]",
        "Route/hostnames-meet-listener spec.hostnames",
        "listener `http` serves `*.shop.example`, with which `www.shop.exmple` has no host in common",
        "`www.shop.exmple` is nearly within `*.shop.example`, which listener `http` serves",
    ),
    // Port mismatch.
    (
        "RULES",
        "  - backendRefs: [{ name: cart, port: 8080 }]",
        "BackendReference/port-exists spec.rules[0].backendRefs[0].port",
        "Service shop/cart has no port 8080; it has 80",
        "name a port that Service shop/cart has, as 80",
    ),
    // Parent port.
    (
        "PARENT",
        ", port: 8080",
        "ParentReference/listener-exists spec.parentRefs[0].port",
        "Gateway edge/front has no listener with port 8080: it has `http` (port 80)",
        "name the port of a listener of Gateway edge/front in `spec.parentRefs[0].port`: `80`",
    ),
    // Wrong kind of parent.
    (
        "PARENT",
        ", kind: GatewayClass",
        "ParentReference/kind-is-parent spec.parentRefs[0].kind",
        "kind GatewayClass.gateway.networking.k8s.io is not supported as a parent: expected Gateway, Service",
        "name a Gateway in `spec.parentRefs[0]`",
    ),
    // Hostname for hostnames.
    (
        "HOSTS",
        "hostname: www.shop.example",
        "schema/unknown-field spec.hostname",
        "NEWEST (standard channel) has no field `hostname` here",
        "did you mean `hostnames`?",
    ),
    // Host for hostnames.
    (
        "HOSTS",
        "host: www.shop.example",
        "schema/unknown-field spec.host",
        "NEWEST (standard channel) has no field `host` here",
        "did you mean `hostnames`?",
    ),
    // An object in the place of a list.
    (
        "RULES",
        "  - backendRefs: { name: cart, port: 80 }",
        "schema/unknown-field spec.rules[0].backendRefs.name",
        "NEWEST (standard channel) has no field `name` here",
        "a list belongs here: move the field into one of its entries",
    ),
    // A namespace in a name.
    (
        "RULES",
        "  - backendRefs: [{ name: till/till, port: 80 }]",
        "BackendReference/backend-exists spec.rules[0].backendRefs[0]",
        "Service `shop/till/till` is not in the set",
        "no name holds a `/`: write `namespace: till` and `name: till`",
    ),
    // A wildcard in a prefix.
    (
        "RULES",
        "  - matches: [{ path: { type: PathPrefix, value: \"/v1/*\" } }]\n    backendRefs: [{ name: cart, port: 80 }]",
        "HTTPPathMatch/text-without-wildcard spec.rules[0].matches[0].path.value",
        "`/v1/*` is matched as it is written",
        "write the beginning alone, with `type: PathPrefix`, as `/v1`",
    ),
    // A header that is not searched.
    (
        "RULES",
        "  - matches: [{ headers: [{ name: x, type: RegularExpression, value: \"^canary\" }] }]\n    backendRefs: [{ name: cart, port: 80 }]",
        "RegularExpression/takes-whole-path spec.rules[0].matches[0].headers[0].value",
        "`^canary` has to match the whole value: it takes `canary` and not `canary-more`",
        "end it with `.*` for whatever follows",
    ),
    // A text in any case.
    (
        "RULES",
        "  - matches: [{ path: { type: RegularExpression, value: \"(?i)/api\" } }]\n    backendRefs: [{ name: cart, port: 80 }]",
        "RegularExpression/takes-whole-path spec.rules[0].matches[0].path.value",
        "`(?i)/api` has to match the whole path: it takes `/api` and not `/api/more`",
        "end it with `.*` for whatever follows",
    ),
    // The controller of a class.
    (
        "LISTENER",
        "---\napiVersion: gateway.networking.k8s.io/v1\nkind: GatewayClass\nmetadata: { name: other }\nspec: { controller: example.com/other }",
        "schema/unknown-field spec.controller",
        "NEWEST (standard channel) has no field `controller` here",
        "did you mean `controllerName`?",
    ),
    // Prefix rewrite on exact.
    (
        "RULES",
        "  - matches: [{ path: { type: Exact, value: /a } }]\n    filters: [{ type: URLRewrite, urlRewrite: { path: { type: ReplacePrefixMatch, replacePrefixMatch: /b } } }]\n    backendRefs: [{ name: cart, port: 80 }]",
        "HTTPRouteRule/rewrite-prefix-needs-prefix-match spec.rules[0]",
        "a rewrite that replaces the matched prefix needs exactly one match, by prefix",
        "leave one match, of type PathPrefix, in the rule",
    ),
    // Redirect with backends.
    (
        "RULES",
        "  - filters: [{ type: RequestRedirect, requestRedirect: { hostname: new.example } }]\n    backendRefs: [{ name: cart, port: 80 }]",
        "HTTPRouteRule/redirect-without-backends spec.rules[0]",
        "a rule that redirects must have no backends",
        "remove `backendRefs`, or the `RequestRedirect` filter",
    ),
    // Weight 0.
    (
        "RULES",
        "  - backendRefs: [{ name: cart, port: 80, weight: 0 }]",
        "RouteRule/weights-not-all-zero spec.rules[0].backendRefs",
        "all weights are 0: no backend receives anything",
        "give a backend a weight above 0, or leave out `weight` for 1",
    ),
    // Https without certificate.
    (
        "LISTENER",
        "  - { name: https, port: 443, protocol: HTTPS, tls: { mode: Terminate } }",
        "GatewayTLSConfig/terminate-needs-certificate spec.listeners[1].tls",
        "a listener that ends TLS needs a certificate, or options from which one follows",
        "name a Secret in `certificateRefs`",
    ),
    // Policy on wrong target.
    (
        "RULES",
        "  - backendRefs: [{ name: cart, port: 80 }]\n---\napiVersion: gateway.networking.k8s.io/v1\nkind: BackendTLSPolicy\nmetadata: { name: tls, namespace: shop }\nspec: { targetRefs: [{ group: \"\", kind: Service, name: kart }], validation: { hostname: cart.example, wellKnownCACertificates: System } }",
        "PolicyTargetReference/target-exists spec.targetRefs[0]",
        "Service `shop/kart` is not in the set",
        "did you mean Service `cart`?",
    ),
    // Misspelt backend.
    (
        "RULES",
        "  - backendRefs: [{ name: kart, port: 80 }]",
        "BackendReference/backend-exists spec.rules[0].backendRefs[0]",
        "Service `shop/kart` is not in the set",
        "did you mean Service `cart`?",
    ),
    // No port.
    (
        "RULES",
        "  - backendRefs: [{ name: cart }]",
        "BackendReference/service-has-port spec.rules[0].backendRefs[0]",
        "a reference to a Service must name its port",
        "set `port` to one of the Service's own ports, not that of its pods",
    ),
    // Shadowed.
    (
        "RULES",
        "  - matches: [{ path: { value: / } }]\n    backendRefs: [{ name: cart, port: 80 }]\n  - backendRefs: [{ name: cart, port: 80 }]",
        "RouteRules/no-dead-match spec.rules[1]",
        "never reached: `rules[0].matches[0]` takes the same requests and goes first: it is an earlier rule",
        "remove the rule, or give it matches that are more specific",
    ),
    // Redirect loop.
    (
        "RULES",
        "  - filters: [{ type: RequestRedirect, requestRedirect: { path: { type: ReplaceFullPath, replaceFullPath: /x } } }]",
        "HTTPRequestRedirectFilter/no-loop spec.rules[0].filters[0].requestRedirect",
        "a client that asks for `http://www.shop.example/x` is sent there again, and so on without end",
        "let the redirect lead to a URL that the rule does not match",
    ),
    // Wrong version.
    (
        "RULES",
        "  - backendRefs: [{ name: cart, port: 80 }]\n---\napiVersion: gateway.networking.k8s.io/v1beta2\nkind: HTTPRoute\nmetadata: { name: old, namespace: shop }\nspec: {}",
        "version/not-served apiVersion",
        "the standard channel of NEWEST does not serve HTTPRoute in `gateway.networking.k8s.io/v1beta2`",
        "write `apiVersion: gateway.networking.k8s.io/v1` or `gateway.networking.k8s.io/v1beta1`",
    ),
    // Method lower.
    (
        "RULES",
        "  - matches: [{ method: get }]\n    backendRefs: [{ name: cart, port: 80 }]",
        "schema/enum spec.rules[0].matches[0].method",
        "`get` is not one of the allowed values",
        "did you mean `GET`? Allowed: `GET`, `HEAD`, `POST`, `PUT`, `DELETE`, `CONNECT`, `OPTIONS`, `TRACE`",
    ),
    // Service kind wrong group.
    (
        "RULES",
        "  - backendRefs: [{ group: apps, kind: Service, name: cart, port: 80 }]",
        "Reference/group-has-kind spec.rules[0].backendRefs[0].group",
        "kind Service is in group `\"\"`, not in `apps`",
        "remove `group: apps` from `spec.rules[0].backendRefs[0]`",
    ),
    // A regular expression that is not anchored as thought.
    (
        "RULES",
        "  - matches: [{ path: { type: RegularExpression, value: \"^/v1\" } }]\n    backendRefs: [{ name: cart, port: 80 }]",
        "RegularExpression/takes-whole-path spec.rules[0].matches[0].path.value",
        "`^/v1` has to match the whole path: it takes `/v1` and not `/v1/more`",
        "end it with `.*` for whatever follows, or with `$` to say that nothing does",
    ),
    // A regular expression without slash.
    (
        "RULES",
        "  - matches: [{ path: { type: RegularExpression, value: \"v1/.*\" } }]\n    backendRefs: [{ name: cart, port: 80 }]",
        "RegularExpression/takes-paths spec.rules[0].matches[0].path.value",
        "`v1/.*` takes no path: each begins with `/`",
        "begin the expression with `/`: it has to match the whole path",
    ),
];

fn findings(place: &str, text: &str) -> Vec<Value> {
    let with = |set: String, (place, text): (&str, &str)| {
        set.replace(&format!("{place}\n"), &format!("{text}\n"))
            .replace(&format!("{place} }}"), &format!("{text} }}"))
    };
    let mut set = with(SET.to_owned(), (place, text));
    for right in RIGHT {
        set = with(set, right);
    }
    let output = gwapi(&["validate", "-", "-o", "json"], set);
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn nothing_is_wrong_without_a_mistake() {
    assert_eq!(findings("CLASS", "envoy"), [] as [Value; 0]);
}

#[test]
fn each_common_mistake_has_a_sentence_that_leads_to_what_is_right() {
    for (place, text, rule, message, help) in MISTAKES {
        let found = findings(place, text);
        let told = |one: &&Value| {
            let is = |key: &str| one[key].as_str().unwrap_or_default();
            format!("{} {}", is("rule"), is("path")) == rule
                && is("message").starts_with(&with_newest(message))
                && is("help").starts_with(&with_newest(help))
        };
        assert!(found.iter().any(|one| told(&one)), "{text}: {found:#?}");
    }
}
