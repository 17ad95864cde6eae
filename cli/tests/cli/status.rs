//! `gwapi status` as people meet it.

use crate::support::{about, gwapi, route, status, two_listeners, with_newest};

const BROKEN_CERTIFICATE: &str = "
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: front, namespace: edge }
spec:
  gatewayClassName: any
  listeners: [{ name: https, port: 443, protocol: HTTPS, tls: { certificateRefs: [{ name: nowhere }] } }]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: cart, namespace: edge }
spec: { parentRefs: [{ name: front }], rules: [{ filters: [{ type: RequestRedirect, requestRedirect: { hostname: a.example } }] }] }
";

#[test]
fn a_cause_is_told_and_counted_once_an_object() {
    let (text, code) = status(BROKEN_CERTIFICATE, &[]);
    assert_eq!(code, Some(1));
    assert_eq!(
        text,
        with_newest(
            "\
Gateway edge/front, address 198.18.0.1 (made up, since none is given)
  Accepted False (ListenersNotValid), Programmed False (Invalid): no listener is serving
  listener https (HTTPS, port 443): not serving; attachedRoutes 1; takes HTTPRoute, GRPCRoute
    Accepted True (Accepted), Conflicted False (NoConflicts)
    ResolvedRefs False (InvalidCertificateRef), Programmed False (Invalid): Secret edge/nowhere does not exist
  help: create Secret edge/nowhere, of type `kubernetes.io/tls`, with a certificate and its private key
HTTPRoute edge/cart
  accepted by Gateway edge/front, but with no effect
    listener https is not serving: see Gateway edge/front
    Accepted True (Accepted), ResolvedRefs True (ResolvedRefs)

judged by the experimental channel of NEWEST, the newest release
2 objects with a status: 2 to look at
"
        )
    );
}

#[test]
fn the_list_of_a_program_holds_every_object_in_the_version_in_which_it_was_given() {
    let objects = BROKEN_CERTIFICATE.replace(
        "networking.k8s.io/v1\nkind: HTTPRoute",
        "networking.k8s.io/v1beta1\nkind: HTTPRoute",
    );
    let (json, code) = status(&objects, &["-o", "json"]);
    assert_eq!(code, Some(1));
    let list: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        (&list["apiVersion"], &list["kind"]),
        (&"v1".into(), &"List".into())
    );
    let item = |at: usize| {
        let item = &list["items"][at];
        let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        let name = text(&item["metadata"]["name"]);
        (text(&item["apiVersion"]), text(&item["kind"]), name)
    };
    let of = |group: &str, kind: &str, name: &str| {
        (
            format!("gateway.networking.k8s.io/{group}"),
            kind.to_owned(),
            name.to_owned(),
        )
    };
    assert_eq!(item(0), of("v1", "Gateway", "front"));
    assert_eq!(item(1), of("v1beta1", "HTTPRoute", "cart"));
    let (yaml, _) = status(&objects, &["-o", "yaml"]);
    assert!(
        yaml.starts_with("apiVersion: v1\nkind: List\nitems:\n"),
        "{yaml}"
    );
}

#[test]
fn a_gateway_for_which_a_policy_has_no_room_is_named_at_both() {
    let mut objects = String::from(
        "
apiVersion: v1
kind: Service
metadata: { name: web, namespace: edge }
spec: { ports: [{ port: 80 }] }
---
apiVersion: gateway.networking.k8s.io/v1alpha3
kind: BackendTLSPolicy
metadata: { name: secure, namespace: edge }
spec: { targetRefs: [{ group: '', kind: Service, name: web }], validation: { wellKnownCACertificates: System, hostname: web.example } }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: web, namespace: edge }
spec:
  rules: [{ backendRefs: [{ name: web, port: 80 }] }]
  parentRefs:
",
    );
    for number in 10..27 {
        objects.push_str(&format!("    - {{ name: g{number} }}\n"));
    }
    for number in 10..27 {
        objects.push_str(&format!(
            "---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {{ name: g{number}, namespace: edge }}
spec: {{ gatewayClassName: any, listeners: [{{ name: http, port: 80, protocol: HTTP }}] }}
"
        ));
    }
    let (text, code) = status(&objects, &[]);
    assert_eq!(code, Some(1));
    let why = "a policy has at most 16 ancestors, and at others no route can refer to its targets";
    for said in [
        format!("  no room for this Gateway in BackendTLSPolicy edge/secure: {why}\n"),
        format!("  no room for Gateway edge/g26: {why}\n"),
        "    ResolvedRefs False (PolicyAncestorsFull): no route of Gateway edge/g26 can refer to Service edge/web: its BackendTLSPolicy edge/secure has no room for this Gateway among 16 ancestors\n".to_owned(),
    ] {
        assert_eq!(text.matches(&said).count(), 1, "{said}\n{text}");
    }
}

/// "reason" is what programs and people look up; each condition has it.
#[test]
fn each_condition_is_shown_with_its_type_status_and_reason() {
    let objects = two_listeners(
        "{ name: a, port: 80, protocol: HTTP, hostname: '*.a.example' }",
        "{ name: b, port: 81, protocol: HTTP }",
        &route(
            "HTTPRoute",
            "v1",
            "cart",
            "parentRefs: [{ name: front, sectionName: a }], hostnames: [b.a.example]",
        ),
    );
    let (text, code) = status(&objects, &[]);
    assert_eq!(code, Some(0));
    assert_eq!(
        text,
        with_newest(
            "\
Gateway edge/front, address 198.18.0.1 (made up, since none is given)
  Accepted True (Accepted), Programmed True (Programmed)
  listener a (HTTP, port 80, host *.a.example): attachedRoutes 1; takes HTTPRoute, GRPCRoute
    Accepted True (Accepted), Conflicted False (NoConflicts), ResolvedRefs True (ResolvedRefs), Programmed True (Programmed)
  listener b (HTTP, port 81): attachedRoutes 0; takes HTTPRoute, GRPCRoute
    Accepted True (Accepted), Conflicted False (NoConflicts), ResolvedRefs True (ResolvedRefs), Programmed True (Programmed)
HTTPRoute edge/cart
  accepted by Gateway edge/front at listener a for b.a.example
    Accepted True (Accepted), ResolvedRefs True (ResolvedRefs)

judged by the experimental channel of NEWEST, the newest release
2 objects with a status: all as it should be
"
        )
    );
}

/// "ListenersNotValid" is set on a Gateway that is accepted, too (Gateway `status.conditions`).
#[test]
fn listeners_that_are_not_serving_show_at_a_gateway_that_is_accepted() {
    let objects = two_listeners(
        "{ name: http, port: 80, protocol: HTTP }",
        "{ name: https, port: 443, protocol: HTTPS, tls: { certificateRefs: [{ name: nowhere }] } }",
        &route(
            "HTTPRoute",
            "v1",
            "cart",
            "parentRefs: [{ name: front, sectionName: https }]",
        ),
    );
    let (text, code) = status(&objects, &[]);
    assert_eq!(code, Some(1));
    let gateway = about(&text, "Gateway");
    assert!(
        gateway.contains("(ListenersNotValid): some listeners are not serving"),
        "{text}"
    );
    assert_eq!(
        about(&text, "HTTPRoute"),
        "HTTPRoute edge/cart\n  accepted by Gateway edge/front, but with no effect\n    listener https is not serving: see \
         Gateway edge/front\n    Accepted True (Accepted), ResolvedRefs True (ResolvedRefs)"
    );
}

/// Listeners that conflict are all rejected; of each the cause is told in its own lines, and not by reference to
/// another listener.
#[test]
fn of_listeners_that_conflict_each_has_its_conditions_together() {
    let objects = two_listeners(
        "{ name: tcp, port: 80, protocol: TCP }",
        "{ name: http, port: 80, protocol: HTTP }",
        "",
    );
    let (text, code) = status(&objects, &[]);
    assert_eq!(code, Some(1));
    for listener in ["`http` (HTTP)", "`tcp` (TCP)"] {
        let line = text
            .lines()
            .find(|line| line.contains(&format!("used by listener {listener}")));
        let line = line.unwrap_or_default();
        assert!(
            line.starts_with("    Accepted False (ProtocolConflict), Conflicted True (ProtocolConflict), Programmed False (Invalid): "),
            "{text}"
        );
        assert!(line.ends_with("both listeners are rejected"), "{text}");
    }
}

#[test]
fn a_listener_for_other_kinds_of_routes_is_not_mentioned_at_a_route() {
    let objects = two_listeners(
        "{ name: pass, port: 443, protocol: TLS, tls: { mode: Passthrough } }",
        "{ name: http, port: 80, protocol: HTTP }",
        &(route("HTTPRoute", "v1", "cart", "parentRefs: [{ name: front }]")
            + &route(
                "TLSRoute",
                "v1alpha2",
                "pipe",
                "parentRefs: [{ name: front }], hostnames: [a.example]",
            )),
    );
    let (text, code) = status(&objects, &[]);
    assert_eq!(code, Some(0), "{text}");
    assert_eq!(
        about(&text, "HTTPRoute").lines().nth(1),
        Some("  accepted by Gateway edge/front at listener http for every host")
    );
    assert_eq!(about(&text, "HTTPRoute").lines().count(), 3, "{text}");
    assert_eq!(about(&text, "TLSRoute").lines().count(), 3, "{text}");
}

#[test]
fn a_route_that_is_rejected_at_one_of_its_listeners_is_a_finding() {
    let objects = two_listeners(
        "{ name: one, port: 80, protocol: HTTP }",
        "{ name: two, port: 81, protocol: HTTP }",
        &(route(
            "GRPCRoute",
            "v1",
            "calls",
            "parentRefs: [{ name: front, sectionName: one }], hostnames: [a.example]",
        ) + &route(
            "HTTPRoute",
            "v1",
            "site",
            "parentRefs: [{ name: front }], hostnames: [a.example]",
        )),
    );
    let (text, code) = status(&objects, &[]);
    assert_eq!(code, Some(1));
    let site = about(&text, "HTTPRoute");
    let mut lines = site.lines().skip(1);
    assert_eq!(
        lines.next(),
        Some("  accepted by Gateway edge/front at listener two for a.example")
    );
    let lost = lines.next().unwrap();
    assert!(
        lost.starts_with(
            "    rejected at listener one: GRPCRoute edge/calls claims `a.example`, too, and "
        ),
        "{text}"
    );
}

#[test]
fn a_gateway_whose_class_is_not_accepted_points_there() {
    let class = "apiVersion: gateway.networking.k8s.io/v1\nkind: GatewayClass\nmetadata: { name: any }\n\
                 spec: { controllerName: a.example/b, parametersRef: { group: '', kind: ConfigMap, name: nowhere, namespace: edge } }\n---\n";
    let objects = class.to_owned()
        + &two_listeners(
            "{ name: one, port: 80, protocol: HTTP }",
            "{ name: two, port: 81, protocol: HTTP }",
            &route("HTTPRoute", "v1", "site", "parentRefs: [{ name: front }]"),
        );
    let (text, code) = status(&objects, &[]);
    assert_eq!(code, Some(1));
    assert_eq!(
        text.matches("ConfigMap edge/nowhere does not exist")
            .count(),
        1,
        "{text}"
    );
    let gateway = about(&text, "Gateway edge");
    assert!(
        gateway.contains(
            "  Accepted Unknown (Pending), Programmed Unknown (Pending): GatewayClass any is not accepted"
        ),
        "{text}"
    );
    assert_eq!(
        gateway
            .matches("Programmed False (Pending): Gateway edge/front is not accepted")
            .count(),
        2,
        "{text}"
    );
    assert!(
        about(&text, "HTTPRoute").contains("but with no effect"),
        "{text}"
    );
}

/// "The Addresses … that have been bound to the Gateway" (Gateway `status.addresses`): what a status says already is
/// kept.
#[test]
fn the_address_of_the_present_status_is_kept_and_one_that_is_made_up_is_said_to_be() {
    let objects = two_listeners(
        "{ name: one, port: 80, protocol: HTTP }",
        "{ name: two, port: 81, protocol: HTTP }",
        "",
    );
    let (text, _) = status(&objects, &[]);
    assert!(
        text.starts_with("Gateway edge/front, address 198.18.0.1 (made up, since none is given)\n"),
        "{text}"
    );
    for address in [
        "{ value: 203.0.113.9 }",
        "{ type: Hostname, value: lb.example }",
    ] {
        let with_status = objects.replace(
            "---\napiVersion: v1\nkind: Service",
            &format!("status: {{ addresses: [{address}] }}\n---\napiVersion: v1\nkind: Service"),
        );
        let (text, code) = status(&with_status, &[]);
        assert_eq!(code, Some(0), "{text}");
        let value = address.rsplit(' ').nth(1).unwrap();
        assert!(
            text.starts_with(&format!(
                "Gateway edge/front, address {value} (from its present status)\n"
            )),
            "{text}"
        );
    }
    let asked = objects.replace(
        "gatewayClassName: any,",
        "gatewayClassName: any, addresses: [{ value: 203.0.113.9 }],",
    );
    let (text, code) = status(&asked, &[]);
    assert_eq!(code, Some(0), "{text}");
    assert!(
        text.starts_with("Gateway edge/front, address 203.0.113.9\n"),
        "{text}"
    );
}

#[test]
fn what_nearly_fits_comes_last_and_a_class_that_nearly_fits_is_a_finding() {
    let objects = two_listeners(
        "{ name: one, port: 80, protocol: HTTP }",
        "{ name: two, port: 81, protocol: HTTP }",
        &route(
            "HTTPRoute",
            "v1",
            "site",
            "parentRefs: [{ name: front, sectionName: onne }]",
        ),
    );
    let (text, _) = status(&objects, &[]);
    assert_eq!(
        about(&text, "HTTPRoute").lines().last(),
        Some("  help: did you mean `sectionName: one`?")
    );
    let class = "apiVersion: gateway.networking.k8s.io/v1\nkind: GatewayClass\nmetadata: { name: anny }\nspec: { controllerName: a.example/b }\n---\n";
    let objects = class.to_owned()
        + &two_listeners(
            "{ name: one, port: 80, protocol: HTTP }",
            "{ name: two, port: 81, protocol: HTTP }",
            "",
        );
    let (text, code) = status(&objects, &[]);
    assert_eq!(code, Some(1));
    assert_eq!(
        about(&text, "Gateway edge").lines().last(),
        Some("  warning: GatewayClass `any` is not in the set: did you mean GatewayClass `anny`?")
    );
}

/// A policy names Gateways alone in its status. One that no Gateway applies has none, and is a finding.
#[test]
fn a_policy_without_effect_is_explained_and_is_a_finding() {
    let policy = "apiVersion: gateway.networking.k8s.io/v1alpha3\nkind: BackendTLSPolicy\nmetadata: { name: p, namespace: edge }\n\
                  spec: { targetRefs: [{ group: '', kind: Service, name: web }], validation: { hostname: a.example, wellKnownCACertificates: System } }\n";
    let objects = two_listeners(
        "{ name: one, port: 80, protocol: HTTP }",
        "{ name: two, port: 81, protocol: HTTP }",
        policy,
    );
    let (text, code) = status(&objects, &[]);
    assert_eq!(code, Some(1));
    assert!(
        about(&text, "BackendTLSPolicy")
            .contains("\n  no effect: no accepted route refers to Service edge/web"),
        "{text}"
    );
}

/// `attachedRoutes` counts accepted routes alone from v1.5.0 on: what is said of those that count is about no other route.
#[test]
fn a_route_that_does_not_count_is_none_of_the_attached_ones() {
    let route = |kind: &str, name: &str| {
        format!(
            "---\napiVersion: gateway.networking.k8s.io/v1\nkind: {kind}\nmetadata: {{ name: {name}, namespace: edge }}\n\
             spec: {{ parentRefs: [{{ name: front }}], hostnames: [a.example], rules: [{{ backendRefs: [{{ name: web, port: 80 }}] }}] }}\n"
        )
    };
    let objects = two_listeners(
        "{ name: one, port: 80, protocol: HTTP }",
        "{ name: cert, port: 443, protocol: HTTPS, tls: { certificateRefs: [{ name: gone }] } }",
        &(route("GRPCRoute", "a") + &route("HTTPRoute", "b")),
    );
    let counted = |release: &str| {
        let output = gwapi(&["status", "--release", release, "-f", "-"], &objects);
        let text = String::from_utf8(output.stdout).unwrap();
        let line = text.lines().find(|line| line.contains("listener cert ("));
        line.unwrap().to_owned()
    };
    let before = counted("v1.4.1");
    assert!(before.contains("attachedRoutes 2"), "{before}");
    let now = counted("v1.7.0");
    assert!(now.contains("attachedRoutes 1"), "{now}");
    assert!(!now.contains("HTTPRoute edge/b"), "{now}");
}

#[test]
fn a_warning_about_the_input_is_counted() {
    let objects =
        "apiVersion: v1\nkind: ServiceAccount\nmetadata: { name: a, labels: { app: x, app: x } }\n";
    let (text, code) = status(objects, &[]);
    assert_eq!(code, Some(0));
    assert_eq!(
        text.lines().last(),
        Some("no object with a status of the Gateway API: 1 warning")
    );
}

/// An object whose namespace is no text is in none that is known.
#[test]
fn an_object_whose_namespace_cannot_be_read_is_named_without_one() {
    let (text, code) = status(
        "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: { name: g, namespace: n }\n\
         spec: { gatewayClassName: any, listeners: [{ name: l, port: 80, protocol: HTTP }] }\n",
        &[],
    );
    assert_eq!(code, Some(1));
    assert!(text.contains("  Gateway g (<stdin>:"), "{text}");
}

/// The target of a policy is named also where the policy has but one, and no reason names a cause that there is not.
#[test]
fn a_policy_says_which_target_and_why() {
    let policy = |name: &str, section: &str| {
        format!(
            "apiVersion: gateway.networking.k8s.io/v1\nkind: BackendTLSPolicy\nmetadata: {{ name: {name}, namespace: edge }}\n\
             spec: {{ targetRefs: [{{ group: '', kind: Service, name: secure{section} }}], validation: {{ hostname: a.test, \
             wellKnownCACertificates: System }} }}\n---\n"
        )
    };
    let base = "apiVersion: v1\nkind: Service\nmetadata: { name: secure, namespace: edge }\nspec: { ports: [{ name: main, port: 80 }] }\n---\n";
    let route = route("HTTPRoute", "v1", "r", "parentRefs: [{ name: front }]")
        .replace("name: web, port", "name: secure, port");
    let set = |policies: &str| {
        let all = format!("{route}{base}{policies}");
        let one = "{ name: one, port: 80, protocol: HTTP }";
        let two = "{ name: two, port: 81, protocol: HTTP }";
        status(&two_listeners(one, two, &all), &[]).0
    };
    let text = set(&(policy("a", "") + &policy("b", "")));
    let lost = about(&text, "BackendTLSPolicy edge/b");
    assert!(
        lost.contains("target Service edge/secure is rejected (Conflicted): BackendTLSPolicy edge/a applies to"),
        "{text}"
    );
    let text = set(&(policy("part", ", sectionName: main") + &policy("whole", "")));
    let lost = about(&text, "BackendTLSPolicy edge/whole");
    assert!(
        lost.contains("no effect on Service edge/secure: port `main` has BackendTLSPolicy edge/part, which goes before one for the whole Service"),
        "{text}"
    );
    assert!(
        lost.contains("help: remove Service edge/secure from the `targetRefs` of BackendTLSPolicy edge/whole, or remove BackendTLSPolicy edge/part"),
        "{text}"
    );
}

/// A match that no request can meet is told, whatever it asks for.
#[test]
fn a_match_that_nothing_can_meet_is_told() {
    for (kind, one, told) in [
        (
            "HTTPRoute",
            "{ headers: [{ name: Host, value: other.test }] }",
            "spec.rules[0].matches[0].headers[0].value: no request can meet the match: it asks for the `Host` `other.test`, and the route has requests for `a.test` alone",
        ),
        (
            "HTTPRoute",
            "{ headers: [{ name: x, type: RegularExpression, value: '\\n' }] }",
            "spec.rules[0].matches[0].headers[0].value: `\\n` takes no value of a header",
        ),
        (
            "HTTPRoute",
            "{ queryParams: [{ name: x, type: RegularExpression, value: 'a$b' }] }",
            "spec.rules[0].matches[0].queryParams[0].value: `a$b` takes nothing",
        ),
        (
            "GRPCRoute",
            "{ method: { type: RegularExpression, service: 'a/b' } }",
            "spec.rules[0].matches[0].method.service: `a/b` takes no service",
        ),
        (
            "GRPCRoute",
            "{ method: { type: RegularExpression, method: 'a$b' } }",
            "spec.rules[0].matches[0].method.method: `a$b` takes nothing",
        ),
    ] {
        let spec = "parentRefs: [{ name: front }], hostnames: [a.test]";
        let rule = format!("rules: [{{ matches: [{one}],");
        let route = route(kind, "v1", "r", spec).replace("rules: [{", &rule);
        let listener = "{ name: one, port: 80, protocol: HTTP }";
        let (text, code) = status(
            &two_listeners(listener, "{ name: two, port: 81, protocol: HTTP }", &route),
            &[],
        );
        assert_eq!(code, Some(1), "{text}");
        assert!(text.contains(&format!("warning: {told}")), "{text}");
    }
}
