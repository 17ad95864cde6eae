//! What would be right is said beside each cause, by `status`, `request` and `validate`, and stands last.

use crate::support::{SOUND, about, gwapi, route, run, status, two_listeners};
use serde_json::Value;

const CERTIFICATE: &str = include_str!("../../../tests/fixtures/certificates/p256.crt");
const KEY: &str = include_str!("../../../tests/fixtures/certificates/p256.key");
const OTHER_KEY: &str = include_str!("../../../tests/fixtures/certificates/other.key");

fn secret(place: &str, certificate: &str, key: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Secret\nmetadata: {{ {place} }}\ntype: kubernetes.io/tls\n\
         stringData: {{ tls.crt: {certificate:?}, tls.key: {key:?} }}\n---\n"
    )
}

fn https(name: &str, certificates: &str) -> String {
    format!(
        "{{ name: {name}, port: 443, protocol: HTTPS, hostname: {name}.example, tls: {{ certificateRefs: [{certificates}] }} }}"
    )
}

fn helps(text: &str) -> Vec<&str> {
    let lines = text.lines();
    lines
        .filter_map(|line| line.strip_prefix("  help: "))
        .collect()
}

/// SecretObjectReference: a key that is not the certificate's, and a Secret without a certificate. The listeners with them
/// serve nothing, and the route that names all of them is accepted at the one that does.
#[test]
fn a_certificate_that_cannot_be_used_says_what_to_put_in_its_place() {
    let objects = two_listeners(
        &https("good", "{ name: good }"),
        &format!(
            "{}, {}",
            https("mismatch", "{ name: bad }"),
            https("garbage", "{ name: garbage }")
        ),
        &(secret("name: good, namespace: edge", CERTIFICATE, KEY)
            + &secret("name: bad, namespace: edge", CERTIFICATE, OTHER_KEY)
            + &secret("name: garbage, namespace: edge", "none", KEY)
            + &route("HTTPRoute", "v1", "r", "parentRefs: [{ name: front }]")),
    );
    let (text, code) = status(&objects, &[]);
    assert_eq!(code, Some(1));
    let gateway = about(&text, "Gateway");
    assert!(
        gateway.contains(
            "ResolvedRefs False (InvalidCertificateRef), Programmed False (Invalid): Secret edge/bad: `tls.key`: the private \
             key is not that of the certificate"
        ),
        "{text}"
    );
    let put = "put a certificate that is valid, and the private key that belongs to it, into Secret edge/";
    assert_eq!(
        helps(&gateway),
        [format!("{put}bad"), format!("{put}garbage")]
    );
    assert!(
        about(&text, "HTTPRoute").starts_with(
            "HTTPRoute edge/r\n  accepted by Gateway edge/front at listener good for good.example\n    \
             listeners mismatch, garbage are not serving: see Gateway edge/front\n"
        ),
        "{text}"
    );
}

/// GatewayTLSConfig `certificateRefs`: a listener with one good certificate serves with that one; a Secret of another
/// namespace needs a ReferenceGrant.
#[test]
fn of_several_certificates_each_that_fails_has_its_help() {
    let objects = two_listeners(
        &https("some", "{ name: good }, { name: nowhere }"),
        &https("none", "{ name: nowhere }, { name: far, namespace: away }"),
        &(secret("name: good, namespace: edge", CERTIFICATE, KEY)
            + &secret("name: far, namespace: away", CERTIFICATE, KEY)
            + &route("HTTPRoute", "v1", "r", "parentRefs: [{ name: front }]")),
    );
    let (text, code) = status(&objects, &[]);
    assert_eq!(code, Some(1));
    let gateway = about(&text, "Gateway");
    assert!(
        gateway.contains("  listener some (HTTPS, port 443, host some.example): attachedRoutes 1"),
        "{text}"
    );
    assert!(
        gateway.contains("  listener none (HTTPS, port 443, host none.example): not serving"),
        "{text}"
    );
    assert_eq!(
        helps(&gateway),
        [
            "create Secret edge/nowhere, of type `kubernetes.io/tls`, with a certificate and its private key",
            "create a ReferenceGrant in namespace `away` with `from: [{group: gateway.networking.k8s.io, kind: Gateway, \
             namespace: edge}]` and `to: [{group: \"\", kind: Secret, name: far}]`"
        ]
    );
}

/// A route that names a listener alone which serves nothing: its Gateway says what that listener needs.
#[test]
fn a_route_at_a_listener_that_serves_nothing_leads_to_the_gateway_and_its_help() {
    let objects = two_listeners(
        "{ name: http, port: 80, protocol: HTTP }",
        &https("https", "{ name: nowhere }"),
        &route(
            "HTTPRoute",
            "v1",
            "r",
            "parentRefs: [{ name: front, sectionName: https }]",
        ),
    );
    let (text, code) = status(&objects, &[]);
    assert_eq!(code, Some(1));
    let create = "create Secret edge/nowhere, of type `kubernetes.io/tls`, with a certificate and its private key";
    assert_eq!(helps(&about(&text, "Gateway")), [create]);
    let (code, text) = run(&["request", "-f", "-", "https://https.example/"], &objects);
    assert_eq!(code, Some(1));
    assert!(text.contains(&format!("\nhelp      {create}\n")), "{text}");
    // At the other listener the route would have to be attached, too.
    let (code, text) = run(&["request", "-f", "-", "http://https.example/"], &objects);
    assert_eq!(code, Some(1));
    assert!(
        text.contains("HTTPRoute edge/r would take the request, but names listener `https` alone: attach it to listener `http`, too"),
        "{text}"
    );
}

/// HTTPRequestMirrorFilter `percent`, HTTPRouteRule `name` and `retry` came with later releases.
#[test]
fn a_field_of_a_later_release_says_since_when_it_is_there() {
    let late = "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: { name: late, namespace: shop }\n\
                spec: { parentRefs: [{ name: front }], rules: [{ name: first, retry: { attempts: 3 }, filters: [{ type: RequestMirror, \
                requestMirror: { backendRef: { name: cart, port: 80 }, percent: 10 } }], backendRefs: [{ name: cart, port: 80 }] }] }\n";
    let (text, code) = status(&format!("{SOUND}---\n{late}"), &["--release", "v1.1.0"]);
    assert_eq!(code, Some(1));
    for (field, since) in [
        (
            "name",
            "v1.2.0 in the experimental channel, v1.4.0 in the standard channel",
        ),
        (
            "filters[0].requestMirror.percent",
            "v1.2.0 in the experimental channel, v1.3.0 in the standard channel",
        ),
        (
            "retry",
            "v1.2.0 in the experimental channel, v1.7.0 in the standard channel",
        ),
    ] {
        let said = format!("spec.rules[0].{field}: v1.1.0 (experimental channel) has no field ");
        let (_, rest) = text
            .split_once(&said)
            .unwrap_or_else(|| panic!("{said}\n{text}"));
        let help = rest.lines().nth(1).unwrap();
        assert_eq!(
            help.trim_start(),
            format!("help: it is there since {since}")
        );
    }
}

/// HTTPPathModifier: a path is replaced as it is written, whatever a regular expression captures.
#[test]
fn a_rewrite_with_a_capture_group_says_that_nothing_is_filled_in() {
    let rewrite = "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: { name: cart, namespace: shop }\n\
                   spec: { parentRefs: [{ name: front }], rules: [{ matches: [{ path: { type: RegularExpression, value: '(?i)/(.*)' } }], \
                   filters: [{ type: URLRewrite, urlRewrite: { path: { type: ReplaceFullPath, replaceFullPath: '/api/$1' } } }], \
                   backendRefs: [{ name: cart, port: 80 }] }] }\n";
    let (code, found) = run(&["validate", "-f", "-", "-o", "json"], rewrite);
    assert_eq!(code, Some(0));
    let found: Vec<Value> = serde_json::from_str(&found).unwrap();
    let found = found
        .iter()
        .find(|one| one["rule"] == "HTTPPathModifier/no-substitution");
    let found = found.expect("a finding");
    assert!(
        found["path"]
            .as_str()
            .unwrap()
            .starts_with("spec.rules[0].filters[0].urlRewrite.path")
    );
    assert!(!found["help"].as_str().unwrap().is_empty());
    let (_, text) = run(
        &["request", "-f", "-", "http://a.example/api/x"],
        &format!("{SOUND}---\n{rewrite}"),
    );
    assert!(
        text.contains("URLRewrite changes the path from `/api/x` to the literal text `/api/$1`: capture groups of the match are not filled in"),
        "{text}"
    );
}

/// HTTPHeaderFilter: of a header that is named twice only one action counts. `request` says so where it matters.
#[test]
fn what_is_without_effect_of_the_rule_that_takes_a_request_is_told() {
    let twice = |rule: &str| {
        format!(
            "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {{ name: twice, namespace: shop }}\n\
             spec: {{ parentRefs: [{{ name: front }}], hostnames: [b.example], rules: [{rule}] }}\n"
        )
    };
    let backends = "backendRefs: [{ name: cart, port: 80 }]";
    let filter = "filters: [{ type: RequestHeaderModifier, requestHeaderModifier: { set: [{ name: x-a, value: '1' }], remove: [X-A] } }]";
    let here = format!("{{ {filter}, {backends} }}");
    let elsewhere = format!(
        "{{ {backends} }}, {{ matches: [{{ path: {{ value: /x }} }}], {filter}, {backends} }}"
    );
    let ask = |rules: &str| {
        let objects = format!("{SOUND}---\n{}", twice(rules));
        run(&["request", "-f", "-", "http://b.example/"], &objects)
    };
    let (code, text) = ask(&here);
    assert_eq!(code, Some(1), "{text}");
    let path = "HTTPRoute shop/twice: spec.rules[0].filters[0].requestHeaderModifier";
    assert!(text.contains(path), "{text}");
    assert!(
        text.contains(
            "exit code 1: the request was forwarded, but there is something to correct: see help"
        ),
        "{text}"
    );
    assert_eq!(text.matches(path).count(), 2, "why and help\n{text}");
    let (code, text) = ask(&elsewhere);
    assert_eq!(code, Some(0), "{text}");
}

/// An API server keeps the object that was applied last. The first one would have taken the request.
#[test]
fn an_object_that_was_given_again_is_told_where_it_would_have_taken_the_request() {
    let again = "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: { name: cart, namespace: shop }\n\
                 spec: { parentRefs: [{ name: front }], hostnames: [b.example], rules: [{ backendRefs: [{ name: cart, port: 80 }] }] }\n";
    let objects = format!("{SOUND}---\n{again}");
    let (code, text) = run(&["request", "-f", "-", "http://a.example/"], &objects);
    assert_eq!(code, Some(1));
    assert!(
        text.contains(
            "HTTPRoute shop/cart as it was given first would take the request, but it was given again and the API server keeps \
             the last\nhelp      keep only one of the objects called HTTPRoute shop/cart, or give them different names\n"
        ),
        "{text}"
    );
    let (_, text) = run(&["request", "-f", "-", "http://b.example/"], &objects);
    assert!(!text.contains("as it was given first"), "{text}");
    // A Gateway that was given again is there.
    let gateway = SOUND
        .split("---")
        .next()
        .unwrap()
        .replace("port: 80", "port: 81");
    let (_, text) = run(
        &["request", "-f", "-", "http://a.example:81/"],
        &format!(
            "{gateway}---\n{}",
            SOUND.replace("port: 80, protocol", "port: 82, protocol")
        ),
    );
    assert!(!text.contains("correct Gateway"), "{text}");
}

/// A BackendTLSPolicy that is left out has no effect on its backend, and the routes to it are accepted all the same.
#[test]
fn a_route_to_the_backend_of_a_policy_that_is_left_out_has_a_warning() {
    let policy = "apiVersion: gateway.networking.k8s.io/v1\nkind: BackendTLSPolicy\nmetadata: { name: p, namespace: shop }\n\
                  spec: { targetRefs: [{ group: '', kind: Service, name: cart }], validation: { hostname: a.example, wellKnownCACertificates: System } }\n";
    let (text, code) = status(&format!("{SOUND}---\n{policy}"), &["--release", "v1.1.0"]);
    assert_eq!(code, Some(1));
    assert_eq!(
        about(&text, "HTTPRoute"),
        "HTTPRoute shop/cart\n  accepted by Gateway shop/front at listener http for every host\n    Accepted True (Accepted), \
         ResolvedRefs True (ResolvedRefs)\n  warning: BackendTLSPolicy shop/p names Service shop/cart, but is left out and has no effect"
    );
}

/// Help that was not looked for is counted, with the option that allows more.
#[test]
fn help_that_is_cut_off_is_counted_with_the_option_that_allows_more() {
    let far = "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: { name: far, namespace: shop }\n\
               spec: { parentRefs: [{ name: front }], rules: [{ backendRefs: [{ name: s, namespace: away, port: 80 }] }] }\n---\n\
               apiVersion: gateway.networking.k8s.io/v1beta1\nkind: ReferenceGrant\nmetadata: { name: g, namespace: away }\n\
               spec: { from: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: nowhere }], to: [{ group: '', kind: Service }] }\n";
    let objects = format!("{SOUND}---\n{far}");
    for verb in ["validate", "status"] {
        let said = |most: &str| {
            let output = gwapi(&[verb, "-f", "-", "--max-near-objects", most], &objects);
            String::from_utf8(output.stderr).unwrap()
        };
        assert_eq!(
            said("0"),
            "hints may be missing for 1 reference: of objects, 0 are looked at in all; `--max-near-objects` allows more\n",
            "{verb}"
        );
        assert_eq!(said("100"), "", "{verb}");
    }
}

/// HTTPRoute `spec.hostnames`: a certificate is for some of the hosts that a listener serves, and a route serves another.
#[test]
fn a_host_of_a_route_that_no_certificate_is_for_is_told() {
    for hostname in ["hostname: '*.example.com',", ""] {
        let tls = format!(
            "{{ name: s, port: 443, protocol: HTTPS, {hostname} tls: {{ certificateRefs: [{{ name: good }}] }} }}"
        );
        let hosts = "parentRefs: [{ name: front, sectionName: s }], hostnames";
        let set = |hostnames: &str| {
            two_listeners(
                &tls,
                "{ name: http, port: 80, protocol: HTTP }",
                &(secret("name: good, namespace: edge", CERTIFICATE, KEY)
                    + &route("HTTPRoute", "v1", "r", &format!("{hosts}: {hostnames}"))),
            )
        };
        let objects = set("[a.example.com, x.b.example.com, c.example.com, '*.d.example.com']");
        let (text, code) = status(&objects, &[]);
        assert_eq!(code, Some(1), "{text}");
        let why = "no certificate of the listener is for `c.example.com`, a host of HTTPRoute edge/r, nor for `*.d.example.com`, \
                   a host of HTTPRoute edge/r, so that clients refuse the connection";
        let help = "name a certificate that has the hostname among its subject alternative names";
        let said =
            format!("  warning: listener `s`, tls.certificateRefs: {why}\n    help: {help}\n");
        assert!(text.contains(&said), "{text}");
        let (_, text) = run(&["validate", "-f", "-"], &objects);
        assert!(
            text.contains(&format!("{why} [Listener/certificate-covers-hostname]")),
            "{text}"
        );
        for (host, code) in [("a.example.com", 0), ("c.example.com", 1)] {
            let url = format!("https://{host}/");
            let (given, text) = run(&["request", "-f", "-", &url], &objects);
            assert_eq!(given, Some(code), "{text}");
            let refused = "Gateway edge/front: listener `s`, tls.certificateRefs: no certificate of the listener is for \
                           `c.example.com`, so that clients refuse the connection\n";
            assert_eq!(text.contains(refused), code == 1, "{text}");
            assert_eq!(
                text.contains(&format!("listener `s`, tls.certificateRefs: {help}")),
                code == 1,
                "{text}"
            );
        }
        let (text, code) = status(&set("[a.example.com, '*.b.example.com']"), &[]);
        assert_eq!(code, Some(0), "{text}");
    }
}
