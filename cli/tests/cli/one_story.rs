//! `validate`, `status` and `request` tell one story of a set.

use crate::support::{about, run, status};
use serde_json::Value;

pub(crate) const BASE: &str = "apiVersion: v1
kind: Service
metadata: { name: cart, namespace: shop }
spec: { clusterIP: 10.0.0.1, ports: [{ name: web, port: 80 }] }
---
apiVersion: v1
kind: Service
metadata: { name: till, namespace: shop }
spec: { clusterIP: 10.0.0.2, ports: [{ name: web, port: 80 }] }
";

pub(crate) fn gateway(listeners: &str) -> String {
    format!(
        "---\napiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {{ name: front, namespace: shop }}\n\
         spec: {{ gatewayClassName: any, listeners: [{listeners}] }}\n"
    )
}

pub(crate) const HTTP: &str = "{ name: http, port: 80, protocol: HTTP }";
pub(crate) const FRONT: &str = "parentRefs: [{ name: front, sectionName: http }],";
pub(crate) const CART: &str = "rules: [{ backendRefs: [{ name: cart, port: 80 }] }]";
pub(crate) const TILL: &str = "rules: [{ backendRefs: [{ name: till, port: 80 }] }]";

pub(crate) fn object(version: &str, kind: &str, name: &str, spec: &str) -> String {
    format!(
        "---\napiVersion: gateway.networking.k8s.io/{version}\nkind: {kind}\nmetadata: {{ name: {name}, namespace: shop }}\nspec: {{ {spec} }}\n"
    )
}

fn redirect(name: &str, host: &str, to: &str) -> String {
    let spec = format!(
        "{FRONT} hostnames: [{host}], rules: [{{ filters: [{{ type: RequestRedirect, requestRedirect: {{ {to} }} }}] }}]"
    );
    object("v1", "HTTPRoute", name, &spec)
}

/// The exit code of a request, and its answer.
pub(crate) fn ask(url: &str, objects: &str) -> (Option<i32>, Value) {
    let (code, json) = run(&["request", "-f", "-", "-o", "json", url], objects);
    (code, serde_json::from_str(&json).unwrap())
}

pub(crate) fn texts(answer: &Value, field: &str) -> String {
    let texts = answer[field].as_array().unwrap().iter();
    let texts: Vec<&str> = texts.map(|text| text.as_str().unwrap()).collect();
    texts.join("\n")
}

pub(crate) fn warned(objects: &str) -> String {
    run(
        &["validate", "-f", "-", "--channel", "experimental"],
        objects,
    )
    .1
}

/// HTTPRequestRedirectFilter `hostname`: a circle over two hosts is one for whoever asks.
#[test]
fn a_circle_of_redirects_over_several_hosts_is_one_for_every_verb() {
    let set = |back: &str| {
        BASE.to_owned()
            + &gateway(HTTP)
            + &redirect("one", "b.test", "hostname: c.test")
            + &redirect("two", "c.test", back)
    };
    let circle = set("hostname: b.test");
    assert!(
        warned(&circle)
            .contains("clients are sent in circles: `http://b.test/`, `http://c.test/`, and back")
    );
    assert!(
        about(&status(&circle, &[]).0, "HTTPRoute shop/one")
            .contains("clients are sent in circles")
    );
    let (code, answer) = ask("http://b.test/", &circle);
    assert_eq!((code, &answer["outcome"]), (Some(1), &"redirected".into()));
    let said = "the redirect is a loop: the client is led to http://b.test/ again and again";
    assert!(texts(&answer, "why").contains(said), "{answer:#}");
    let help = "let one of these redirects lead elsewhere: `spec.rules[0]` of HTTPRoute shop/one, `spec.rules[0]` of HTTPRoute shop/two";
    assert_eq!(texts(&answer, "help"), help);
    // Elsewhere nobody knows.
    let away = set("hostname: d.test");
    assert!(!warned(&away).contains("no-loop"));
    assert_eq!(ask("http://b.test/", &away).0, Some(0));
    // A path that grows with each redirect.
    let deeper = BASE.to_owned()
        + &gateway(HTTP)
        + &redirect(
            "one",
            "b.test",
            "path: { type: ReplacePrefixMatch, replacePrefixMatch: /a }",
        );
    assert!(warned(&deeper).contains("the rule redirects to itself without end"));
    let (code, answer) = ask("http://b.test/", &deeper);
    assert_eq!(code, Some(1));
    assert!(
        texts(&answer, "why").contains("the rule redirects to itself without end"),
        "{answer:#}"
    );
}

/// "See Other" (303): the client asks with GET, which may have another answer; after 307 it asks as before.
#[test]
fn a_redirect_after_a_form_that_was_sent_leads_to_the_answer_of_get() {
    let set = |status: u16, method: &str| {
        let rules = format!(
            "{FRONT} rules: [{{ matches: [{{ method: {method} }}], filters: [{{ type: RequestRedirect, requestRedirect: {{ statusCode: {status} }} }}] }}, \
             {{ matches: [{{ path: {{ value: /other }} }}], backendRefs: [{{ name: cart, port: 80 }}] }}, \
             {{ matches: [{{ method: GET }}], backendRefs: [{{ name: cart, port: 80 }}] }}]"
        );
        BASE.to_owned() + &gateway(HTTP) + &object("v1", "HTTPRoute", "form", &rules)
    };
    let posted = |objects: &str| {
        let arguments = ["request", "-f", "-", "-X", "POST", "http://a.test/"];
        run(&arguments, objects)
    };
    let other = set(303, "POST");
    assert!(!warned(&other).contains("circles"), "{}", warned(&other));
    assert!(!status(&other, &[]).0.contains("circles"));
    let (code, text) = posted(&other);
    assert_eq!(code, Some(0), "{text}");
    for (status, method, said) in [
        (307, "POST", "circles"),
        (302, "POST", "circles"),
        (303, "HEAD", "no-loop"),
        (303, "GET", "no-loop"),
    ] {
        let warned = warned(&set(status, method));
        assert!(warned.contains(said), "{status} {method}: {warned}");
    }
    let (code, text) = posted(&set(307, "POST"));
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("the redirect is a loop"), "{text}");
}

/// A listener that is there and does not serve is what a redirect to it needs, and no second one.
#[test]
fn a_redirect_to_a_listener_that_does_not_serve_asks_for_that_listener() {
    let listeners = format!(
        "{HTTP}, {{ name: tls, port: 443, protocol: HTTPS, tls: {{ certificateRefs: [{{ name: none }}] }} }}"
    );
    let set = BASE.to_owned() + &gateway(&listeners) + &redirect("one", "a.test", "scheme: https");
    let serves_not =
        "listener `tls` of Gateway shop/front, which would answer there, is not serving";
    let said = "listener `tls` of Gateway shop/front, which would answer there, is not serving: ResolvedRefs False (InvalidCertificateRef): Secret shop/none does not exist";
    // What a set leaves out is one line of `validate`, and nothing that follows from it.
    let missing = "Secret `shop/none` is not in the set";
    let text = warned(&set);
    assert!(
        text.contains(missing) && !text.contains(serves_not),
        "{text}"
    );
    let empty = "---\napiVersion: v1\nkind: Secret\nmetadata: { name: none, namespace: shop }\ntype: Opaque\n";
    let text = warned(&(set.clone() + empty));
    assert!(text.contains(serves_not), "{text}");
    assert!(about(&status(&set, &[]).0, "HTTPRoute").contains(said));
    let (code, answer) = ask("http://a.test/", &set);
    assert_eq!(code, Some(1));
    let help = texts(&answer, "help");
    assert!(
        help.starts_with("create Secret shop/none, of type `kubernetes.io/tls`"),
        "{help}"
    );
    assert!(!help.contains("add a listener"), "{help}");
    assert!(texts(&answer, "why").contains("listener `tls` of Gateway shop/front is not serving"));
    // For another host there is none.
    let other = set.replace("port: 443, ", "port: 443, hostname: b.test, ");
    assert!(!warned(&other).contains("which would answer there"));
}

/// GEP-1294, "Route presence": a route replaces what happens to traffic without it. A TLSRoute has no rule for a connection without TLS,
/// so that it gets nowhere.
#[test]
fn a_connection_without_tls_gets_nowhere_where_a_tlsroute_governs_the_port() {
    let parent = "parentRefs: [{ group: '', kind: Service, name: cart }],";
    let tls = object("v1alpha2", "TLSRoute", "t", &format!("{parent} {TILL}"));
    let set = BASE.to_owned() + &tls;
    let text = about(&status(&set, &[]).0, "TLSRoute");
    let governs = "governs connections over TLS of all clients to every port, except from namespaces with routes of their own: those without TLS are closed there";
    assert!(text.contains(governs), "{text}");
    for url in ["http://cart.shop/", "tcp://cart.shop:80"] {
        let (code, answer) = ask(url, &set);
        assert_eq!(
            (code, &answer["outcome"]),
            (Some(1), &"refused".into()),
            "{url}"
        );
        let said = "TLSRoute shop/t governs the port and takes connections over TLS alone";
        assert!(texts(&answer, "why").contains(said), "{answer:#}");
        let help = "let the client speak TLS, or attach an HTTPRoute or a TCPRoute to the port in place of TLSRoute shop/t";
        assert_eq!(texts(&answer, "help"), help);
    }
    let (code, answer) = ask("tls://cart.shop:80", &set);
    assert_eq!((code, &answer["route"]["name"]), (Some(0), &"t".into()));
    // A TCPRoute takes both, and a consumer's own route takes the place of the producer's.
    let tcp = object("v1alpha2", "TCPRoute", "t", &format!("{parent} {TILL}"));
    let (code, answer) = ask("http://cart.shop/", &(BASE.to_owned() + &tcp));
    assert_eq!(
        (code, &answer["route"]["kind"]),
        (Some(0), &"TCPRoute".into())
    );
}

/// BackendTLSPolicy `targetRefs`: a target that is misspelt leaves cleartext where TLS is meant, and `request` says so.
#[test]
fn a_policy_whose_target_is_misspelt_is_named_where_it_seems_to_be_meant() {
    let policy = |target: &str| {
        let spec = format!(
            "targetRefs: [{{ {target} }}], validation: {{ hostname: a.test, wellKnownCACertificates: System }}"
        );
        object("v1", "BackendTLSPolicy", "p", &spec)
    };
    let route = object("v1", "HTTPRoute", "r", &format!("{FRONT} {CART}"));
    let set = |target: &str| BASE.to_owned() + &gateway(HTTP) + &route + &policy(target);
    let nearly = [
        (
            "group: '', kind: Service, name: cart, sectionName: wbe",
            "Service shop/cart has no port named `wbe`",
        ),
        (
            "group: core, kind: Service, name: cart",
            "kind Service is in group `\"\"`, not in `core`",
        ),
        (
            "group: '', kind: service, name: cart",
            "kind service cannot be the target",
        ),
        (
            "group: '', kind: Service, name: catr",
            "Service shop/catr does not exist",
        ),
    ];
    for (target, why) in nearly {
        let (code, answer) = ask("http://a.test/", &set(target));
        assert_eq!(
            (code, &answer["status"]),
            (Some(1), &200.into()),
            "{target}"
        );
        let said = format!(
            "BackendTLSPolicy shop/p may be meant for Service shop/cart and is not applied: {why}"
        );
        assert!(texts(&answer, "why").contains(&said), "{answer:#}");
        assert!(
            texts(&answer, "help").contains("BackendTLSPolicy shop/p: "),
            "{answer:#}"
        );
    }
    for other in [
        "group: '', kind: Service, name: till",
        "group: '', kind: Service, name: elsewhere",
    ] {
        let (code, answer) = ask("http://a.test/", &set(other));
        assert_eq!(code, Some(0), "{answer:#}");
        assert!(
            !texts(&answer, "why").contains("BackendTLSPolicy"),
            "{answer:#}"
        );
    }
}

/// What is wrong with a policy and what is wrong with its target are two causes, and both are told.
#[test]
fn a_policy_that_is_invalid_names_what_is_wrong_with_its_target_too() {
    let policy = |target: &str| {
        let spec = format!(
            "targetRefs: [{{ {target} }}], validation: {{ hostname: a.test, caCertificateRefs: [{{ group: '', kind: ConfigMap, name: none }}] }}"
        );
        BASE.to_owned() + &object("v1", "BackendTLSPolicy", "p", &spec)
    };
    for (target, why) in [
        (
            "group: gateway.networking.k8s.io, kind: Gateway, name: front",
            "kind Gateway.gateway.networking.k8s.io cannot be the target of a BackendTLSPolicy",
        ),
        (
            "group: core, kind: Service, name: cart",
            "kind Service is in group `\"\"`, not in `core`",
        ),
        (
            "group: '', kind: Service, name: gone",
            "Service shop/gone does not exist",
        ),
    ] {
        let text = about(&status(&policy(target), &[]).0, "BackendTLSPolicy");
        assert!(
            text.contains("ConfigMap shop/none does not exist; ") && text.contains(why),
            "{text}"
        );
        assert!(!text.contains("Service shop/cart does not exist"), "{text}");
    }
}

/// GRPCRoute `spec.hostnames`: a route that is rejected for another one, and would take the request, is what `status` calls rejected.
#[test]
fn a_route_that_lost_and_would_take_the_request_makes_the_exit_code_1() {
    let rule = |at: &str| {
        let matching = match at {
            "" => String::new(),
            path => format!("matches: [{{ path: {{ value: {path} }} }}], "),
        };
        format!("rules: [{{ {matching}backendRefs: [{{ name: till, port: 80 }}] }}]")
    };
    let grpc = object("v1", "GRPCRoute", "a", &format!("{FRONT} {CART}"));
    let http = |at: &str| object("v1", "HTTPRoute", "b", &format!("{FRONT} {}", rule(at)));
    let set = |at: &str| BASE.to_owned() + &gateway(HTTP) + &grpc + &http(at);
    let lost =
        "HTTPRoute shop/b is rejected at listener `http`: GRPCRoute shop/a claims every host, too";
    for (path, code) in [("/admin", Some(1)), ("/other", Some(0))] {
        let (exit, answer) = ask("http://a.test/admin/x", &set(path));
        assert_eq!(exit, code, "{path}: {answer:#}");
        assert!(texts(&answer, "why").contains(lost), "{answer:#}");
        let named = answer["ignored"].as_array().unwrap().iter();
        let named: Vec<_> = named.map(|one| one["reason"].as_str().unwrap()).collect();
        assert_eq!(
            named,
            if code == Some(1) {
                vec!["Rejected"]
            } else {
                vec![]
            }
        );
    }
}

/// A listener that passes TLS through takes TLSRoutes; one that ends it takes TCPRoutes, too.
#[test]
fn what_a_listener_cannot_take_is_said_with_its_mode() {
    let listener = |mode: &str| {
        format!(
            "{{ name: tls, port: 443, protocol: TLS, tls: {{ {mode} }}, allowedRoutes: {{ kinds: [{{ kind: TCPRoute }}] }} }}"
        )
    };
    let passing = BASE.to_owned() + &gateway(&listener("mode: Passthrough"));
    let said = "a listener of protocol TLS in mode Passthrough cannot take `TCPRoute.gateway.networking.k8s.io`";
    assert!(warned(&passing).contains(said));
    assert!(status(&passing, &[]).0.contains(said));
    let route = object(
        "v1alpha2",
        "TCPRoute",
        "r",
        &format!("parentRefs: [{{ name: front }}], {CART}"),
    );
    let only = BASE.to_owned()
        + &gateway("{ name: tls, port: 443, protocol: TLS, tls: { mode: Passthrough } }")
        + &route;
    let text = about(&status(&only, &[]).0, "TCPRoute");
    assert!(
        text.contains(
            "add a listener with `protocol: TCP` or `protocol: TLS` with `tls.mode: Terminate` to"
        ),
        "{text}"
    );
    let ending = BASE.to_owned() + &gateway(&listener("certificateRefs: [{ name: none }]"));
    assert!(!warned(&ending).contains("cannot take"));
}

/// What an API server refuses in an object of Kubernetes is named, and nothing stands on it.
#[test]
fn a_service_that_a_server_refuses_is_left_out() {
    let route = object(
        "v1",
        "HTTPRoute",
        "r",
        &format!("{FRONT} {}", CART.replace("cart", "twice")),
    );
    let service = "---\napiVersion: v1\nkind: Service\nmetadata: { name: twice, namespace: shop }\n\
                   spec: { ports: [{ port: 80 }, { port: 81 }], type: ClusterIPP, clusterIP: hello }\n";
    let set = BASE.to_owned() + &gateway(HTTP) + &route + service;
    let (code, text) = run(&["validate", "-f", "-"], &set);
    assert_eq!(code, Some(1), "{text}");
    for said in [
        "spec.type",
        "spec.clusterIP",
        "spec.ports[0].name",
        "spec.ports[1].name",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
    let (code, answer) = ask("http://a.test/", &set);
    assert_eq!((code, &answer["status"]), (Some(1), &500.into()));
    assert_eq!(answer["ignored"][0]["name"], "twice");
    let (text, code) = status(&set, &[]);
    assert_eq!(code, Some(1));
    assert!(
        text.contains("Service shop/twice was given, but is left out"),
        "{text}"
    );
}
