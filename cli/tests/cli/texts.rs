//! What people read: rules by their names, one severity for one fault, and help for every finding.

use crate::support::{SOUND, about, run, status};
use serde_json::Value;

/// An HTTPRoute of SOUND's Gateway.
fn of_front(name: &str, spec: &str) -> String {
    format!(
        "---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {{ name: {name}, namespace: shop }}\n\
         spec: {{ parentRefs: [{{ name: front }}], {spec} }}\n"
    )
}

const CART: &str = "backendRefs: [{ name: cart, port: 80 }]";

fn ask(url: &str, objects: &str) -> (Option<i32>, String) {
    run(&["request", "-f", "-", url], objects)
}

/// HTTPRouteRule `name` (GEP-995): people know a rule by its name.
#[test]
fn a_rule_is_named_by_its_place_and_its_name() {
    let rules = format!(
        "hostnames: [a.example], rules: [\
         {{ name: wide, {CART} }}, \
         {{ name: canary, matches: [{{ path: {{ value: /new }} }}], {CART} }}, \
         {{ name: broken, matches: [{{ path: {{ type: RegularExpression, value: '(' }} }}], {CART} }}, \
         {{ name: again, {CART} }}, \
         {{ {CART} }}]"
    );
    let objects = SOUND.to_owned() + &of_front("named", &rules);
    let (_, text) = ask("http://a.example/new", &objects);
    for line in [
        "route     HTTPRoute shop/named, rule 1 (`canary`), match 0\n",
        "HTTPRoute shop/named, rule 1 (`canary`), match 0 takes the request\n",
        "HTTPRoute shop/named, rule 0 (`wide`), match 0 matches, but the winner's path match has more characters\n",
        "HTTPRoute shop/named: PartiallyInvalid True (UnsupportedValue): Dropped Rule: rule 2 (`broken`) takes no requests: ",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    let json = run(
        &["request", "-f", "-", "-o", "json", "http://a.example/new"],
        &objects,
    );
    let answer: Value = serde_json::from_str(&json.1).unwrap();
    assert_eq!(answer["route"]["rule"], 1);
    assert_eq!(answer["route"]["ruleName"], "canary");
    let losers = answer["losers"].as_array().unwrap();
    let of_rule = |rule: u64| losers.iter().find(|loser| loser["rule"] == rule).unwrap();
    assert_eq!(of_rule(0)["ruleName"], "wide");
    assert_eq!(of_rule(4).get("ruleName"), None, "{json:?}");

    let (text, _) = status(&objects, &[]);
    let route = about(&text, "HTTPRoute shop/named");
    for part in [
        "Dropped Rule: rule 2 (`broken`) takes no requests: ",
        "warning: spec.rules[3] (`again`): never reached: `rules[0]` (`wide`) takes the same requests",
        "warning: spec.rules[4]: never reached: `rules[0]` (`wide`) takes the same requests",
        "help: `spec.rules[2].matches[0].path.value` (`broken`): correct it, with `\\` before",
    ] {
        assert!(route.contains(part), "{part}\n{text}");
    }
    let (code, text) = run(
        &["validate", "-f", "-"],
        &objects.replace("broken", "'Bad name'"),
    );
    assert_eq!(code, Some(1), "{text}");
}

/// TCPRouteRule `name`: the first rule takes every connection.
#[test]
fn a_rule_of_connections_is_named_by_its_name_too() {
    let tcp = "---\napiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: { name: tcp, namespace: shop }\n\
               spec: { gatewayClassName: any, listeners: [{ name: tcp, port: 5000, protocol: TCP }] }\n---\n\
               apiVersion: gateway.networking.k8s.io/v1alpha2\nkind: TCPRoute\nmetadata: { name: two, namespace: shop }\n\
               spec: { parentRefs: [{ name: tcp }], rules: [{ name: one, backendRefs: [{ name: cart, port: 80 }] }, { name: other, backendRefs: [{ name: cart, port: 80 }] }] }\n";
    let objects = SOUND.to_owned() + tcp;
    let (text, code) = status(&objects, &["--release", "v1.4.0"]);
    assert_eq!(code, Some(1));
    for part in [
        "rule 1 (`other`) takes no connections: rule 0 (`one`) takes every connection, since",
        "help: remove rule 1 (`other`), or move its `backendRefs` into rule 0 (`one`)",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    let arguments = ["request", "-f", "-", "--release", "v1.4.0", "tcp://x:5000"];
    let (_, text) = run(&arguments, &objects);
    assert!(
        text.contains("TCPRoute shop/two, rule 0 (`one`) takes the connection\n"),
        "{text}"
    );
}

/// A redirect that leads in a circle or to nobody is a finding wherever it is met, and so is a GatewayClass that is nearly
/// that of the set. `validate` calls both warnings, for which its exit code is 0 unless they are denied.
#[test]
fn a_redirect_that_leads_nowhere_and_a_class_that_nearly_fits_are_findings_everywhere() {
    let redirect = |to: &str| {
        let filter = format!("filters: [{{ type: RequestRedirect, requestRedirect: {{ {to} }} }}]");
        SOUND.to_owned()
            + &of_front(
                "away",
                &format!("hostnames: [a.example], rules: [{{ {filter} }}]"),
            )
    };
    let class = SOUND.replace("gatewayClassName: any", "gatewayClassName: ngnix")
        + "---\napiVersion: gateway.networking.k8s.io/v1\nkind: GatewayClass\nmetadata: { name: nginx }\n\
           spec: { controllerName: example.com/c }\n";
    for (objects, rule) in [
        (
            redirect("scheme: https"),
            "HTTPRequestRedirectFilter/leads-to-listener",
        ),
        (
            redirect("path: { type: ReplaceFullPath, replaceFullPath: /x }"),
            "HTTPRequestRedirectFilter/no-loop",
        ),
        (
            redirect("statusCode: 301"),
            "HTTPRequestRedirectFilter/leads-elsewhere",
        ),
        (class, "Gateway/class-exists"),
    ] {
        let (text, code) = status(&objects, &[]);
        assert_eq!(code, Some(1), "{rule}\n{text}");
        assert!(text.contains("\n  warning: "), "{rule}\n{text}");
        let (code, text) = ask("http://a.example/x", &objects);
        assert_eq!(code, Some(1), "{rule}\n{text}");
        assert!(
            text.contains("\nexit code 1: the request was "),
            "{rule}\n{text}"
        );
        let validate = |arguments: &[&str]| {
            let validate: &[&str] = &["validate", "-f", "-", "-o", "json"];
            run(&[validate, arguments].concat(), &objects)
        };
        let (code, found) = validate(&[]);
        assert_eq!(code, Some(0), "{found}");
        assert!(found.contains(rule), "{rule}\n{found}");
        assert_eq!(validate(&["--deny-warnings"]).0, Some(1));
    }
    assert_eq!(
        run(&["validate", "-f", "-", "--deny-warnings"], SOUND).0,
        Some(0)
    );
}

/// HTTPPathModifier and Hostname: `status` is not silent where `validate` warns.
#[test]
fn what_validation_warns_of_is_told_beside_the_conditions() {
    let rewrite = "filters: [{ type: URLRewrite, urlRewrite: { path: { type: ReplaceFullPath, replaceFullPath: /api/$1 } } }]";
    for (spec, said) in [
        (
            format!("rules: [{{ matches: [{{ path: {{ value: /a }} }}], {rewrite}, {CART} }}]"),
            "warning: spec.rules[0].filters[0].urlRewrite.path: the new path is taken as it stands",
        ),
        (
            format!("hostnames: [10.0.0.1], rules: [{{ {CART} }}]"),
            "warning: spec.hostnames[0]: `10.0.0.1` is an IP address",
        ),
    ] {
        let (text, code) = status(&(SOUND.to_owned() + &of_front("warned", &spec)), &[]);
        assert_eq!(code, Some(1), "{text}");
        let route = about(&text, "HTTPRoute shop/warned");
        assert!(route.contains(said), "{text}");
        assert!(route.contains("\n    help: "), "{text}");
    }
}

/// A route whose only fault is in its rules is told once by `validate`: at the rule.
#[test]
fn a_rule_that_makes_its_route_rejected_is_told_once() {
    let broken = format!(
        "rules: [{{ matches: [{{ path: {{ type: RegularExpression, value: '(' }} }}], {CART} }}]"
    );
    let rules = |objects: &str| -> Vec<String> {
        let (_, found) = run(&["validate", "-f", "-", "-o", "json"], objects);
        let found: Vec<Value> = serde_json::from_str(&found).unwrap();
        found
            .iter()
            .map(|one| one["rule"].as_str().unwrap().to_owned())
            .collect()
    };
    let objects = SOUND.to_owned() + &of_front("broken", &broken);
    assert_eq!(rules(&objects), ["RegularExpression/compiles"]);
    // That no listener takes the route is another cause.
    let other = objects.replace(
        "protocol: HTTP }",
        "protocol: HTTP, allowedRoutes: { kinds: [{ kind: GRPCRoute }] } }",
    );
    assert!(rules(&other).contains(&"ParentReference/accepted".to_owned()));
    // A filter that is only not implemented here is no fault of the rule: it is told at the parent, which rejects the route.
    let cors = format!(
        "rules: [{{ filters: [{{ type: CORS, cors: {{ allowOrigins: ['*'] }} }}], {CART} }}]"
    );
    let objects = SOUND.to_owned() + &of_front("cors", &cors);
    let (_, found) = run(&["validate", "-f", "-", "-o", "json"], &objects);
    assert!(found.contains("CORS"), "{found}");
}

/// A TCPRoute is accepted whose policies let no connection through, and the line that says so says that, too.
#[test]
fn a_route_that_closes_every_connection_is_not_said_to_be_accepted_and_no_more() {
    let tcp = |weight: &str| {
        format!(
            "{SOUND}---\napiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {{ name: tcp, namespace: shop }}\n\
             spec: {{ gatewayClassName: any, listeners: [{{ name: tcp, port: 5000, protocol: TCP }}] }}\n---\n\
             apiVersion: gateway.networking.k8s.io/v1\nkind: TCPRoute\nmetadata: {{ name: c, namespace: shop }}\n\
             spec: {{ parentRefs: [{{ name: tcp }}], rules: [{{ backendRefs: [{{ name: cart, port: 80{weight} }}] }}] }}\n"
        )
    };
    let policy = "---\napiVersion: gateway.networking.k8s.io/v1\nkind: BackendTLSPolicy\nmetadata: { name: p, namespace: shop }\n\
                  spec: { targetRefs: [{ group: '', kind: Service, name: cart }], validation: { hostname: a.example, \
                  caCertificateRefs: [{ group: '', kind: ConfigMap, name: nowhere }] } }\n";
    let accepted = "accepted by Gateway shop/tcp at listener tcp";
    let closed = format!("{accepted}, but every connection is closed\n");
    for objects in [tcp(", weight: 0"), tcp("") + policy] {
        let (text, code) = status(&objects, &[]);
        assert_eq!(code, Some(1), "{text}");
        assert!(about(&text, "TCPRoute").contains(&closed), "{text}");
    }
    let (text, _) = status(&tcp(""), &[]);
    assert!(
        about(&text, "TCPRoute").contains(&format!("{accepted}\n")),
        "{text}"
    );
}

/// ListenerStatus `attachedRoutes` counts by parentRef and `allowedRoutes` alone, whatever becomes of the routes.
#[test]
fn attached_routes_that_have_no_effect_are_counted_apart() {
    let calls = "---\napiVersion: gateway.networking.k8s.io/v1\nkind: GRPCRoute\nmetadata: { name: calls, namespace: shop }\n\
                 spec: { parentRefs: [{ name: front }], rules: [{ backendRefs: [{ name: cart, port: 80 }] }] }\n";
    let second = SOUND.replace(
        "protocol: HTTP }",
        "protocol: HTTP }, { name: web, port: 81, protocol: HTTP, allowedRoutes: { kinds: [{ kind: HTTPRoute }] } }",
    );
    let (text, _) = status(&(second.clone() + calls), &[]);
    assert!(
        text.contains(
            "listener http (HTTP, port 80): attachedRoutes 2, 1 of them rejected here (HTTPRoute shop/cart); takes"
        ),
        "{text}"
    );
    let (text, _) = status(&second, &[]);
    assert!(text.contains("attachedRoutes 1; takes"), "{text}");
}

/// A listener that speaks something else than clients expect at its port is no fault, and is said.
#[test]
fn a_listener_that_speaks_cleartext_on_port_443_is_noted() {
    let (text, code) = status(
        &SOUND.replace("port: 80, protocol", "port: 443, protocol"),
        &[],
    );
    assert_eq!(code, Some(0), "{text}");
    assert!(
        text.contains("note: clients of `https://` URLs speak TLS on port 443"),
        "{text}"
    );
    assert!(!status(SOUND, &[]).0.contains("note:"));
}

/// Without creation times the name decides, which in a cluster the age does.
#[test]
fn a_tie_that_the_name_decides_says_what_decides_in_a_cluster() {
    let rules = format!("rules: [{{ {CART} }}]");
    let objects = SOUND.to_owned() + &of_front("other", &rules);
    let (_, text) = ask("http://a.example/", &objects);
    let tie = "HTTPRoute shop/other, rule 0, match 0 matches, but the namespace/name of the winner's route sorts first; neither has a \
               creationTimestamp, and in a cluster the older one goes first\n";
    assert!(text.contains(tie), "{text}");
    let created = |objects: &str| {
        objects.replace("name: cart, namespace: shop }\nspec: { parent", "name: cart, namespace: shop, creationTimestamp: '2024-01-01T00:00:00Z' }\nspec: { parent")
    };
    let (_, text) = ask("http://a.example/", &created(&objects));
    assert!(
        text.contains("matches, but only the winner's route has a creationTimestamp\n"),
        "{text}"
    );
    let both = created(&objects).replace(
        "name: other, namespace: shop }",
        "name: other, namespace: shop, creationTimestamp: '2024-01-01T00:00:00Z' }",
    );
    let (_, text) = ask("http://a.example/", &both);
    assert!(text.contains("route sorts first\n"), "{text}");
}

/// ServicePort `targetPort`: the number of a port that has a name is known where endpoints are.
#[test]
fn a_port_that_is_assumed_is_said_to_be() {
    let (_, text) = ask("http://a.example/", SOUND);
    let endpoint = "endpoint  cart.shop.svc.cluster.local:80";
    assert!(text.contains(&format!("{endpoint}\n")), "{text}");
    let named = SOUND.replace(
        "ports: [{ port: 80 }]",
        "ports: [{ port: 80, targetPort: web }]",
    );
    let (_, text) = ask("http://a.example/", &named);
    let assumed = format!(
        "{endpoint} (the port is assumed: `targetPort` is `web`, whose number only the pods know)\n"
    );
    assert!(text.contains(&assumed), "{text}");
    let slice = "---\napiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\n\
                 metadata: { name: cart-1, namespace: shop, labels: { kubernetes.io/service-name: cart } }\naddressType: IPv4\n\
                 ports: [{ port: 8080 }]\nendpoints: [{ addresses: [10.0.0.7] }]\n";
    let (_, text) = ask("http://a.example/", &(named + slice));
    assert!(text.contains("endpoint  10.0.0.7:8080\n"), "{text}");
}

/// Every route that is left out and matches the request is named, one that would be rejected for its rules included.
#[test]
fn each_route_that_is_left_out_and_matches_a_request_is_named() {
    let redirect = "{ type: RequestRedirect, requestRedirect: { hostname: b.example } }";
    let refused = of_front(
        "backend",
        &format!("rules: [{{ filters: [{redirect}], {CART} }}]"),
    ) + &of_front(
        "both",
        &format!(
            "rules: [{{ filters: [{redirect}, {{ type: URLRewrite, urlRewrite: {{ hostname: c.example }} }}] }}]"
        ),
    ) + &of_front(
        "misspelt",
        &format!("hostnmaes: [z.example], rules: [{{ {CART} }}]"),
    ) + &of_front(
        "elsewhere",
        &format!("hostnames: [z.example], rules: [{{ filters: [{redirect}], {CART} }}]"),
    );
    let (code, text) = ask("http://a.example/", &(SOUND.to_owned() + &refused));
    assert_eq!(code, Some(1));
    for line in [
        "HTTPRoute shop/backend would take the request, but is left out\n",
        "HTTPRoute shop/both matches the request too, and would rank lower, but is left out\n",
        "HTTPRoute shop/misspelt without its unknown fields matches the request too, and would rank lower, but is left out\n",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    assert!(!text.contains("HTTPRoute shop/elsewhere matches"), "{text}");
}

/// Gateway `spec.listeners[].tls.certificateRefs`: that clients refuse a certificate is a warning of `status`, too.
#[test]
fn a_certificate_for_another_host_is_a_warning() {
    let certificate = include_str!("../../../tests/fixtures/certificates/p256.crt");
    let key = include_str!("../../../tests/fixtures/certificates/p256.key");
    let objects = format!(
        "{}---\napiVersion: v1\nkind: Secret\nmetadata: {{ name: c, namespace: shop }}\ntype: kubernetes.io/tls\n\
         stringData: {{ tls.crt: {certificate:?}, tls.key: {key:?} }}\n",
        SOUND.replace(
            "protocol: HTTP }",
            "protocol: HTTP }, { name: tls, port: 443, protocol: HTTPS, hostname: other.test, tls: { certificateRefs: [{ name: c }] } }"
        )
    );
    let (text, code) = status(&objects, &[]);
    assert_eq!(code, Some(1), "{text}");
    let said = "  warning: listener `tls`, tls.certificateRefs: no certificate of the listener is for `other.test`";
    assert!(about(&text, "Gateway").contains(said), "{text}");
    // It concerns requests that come by the listener.
    let (code, text) = ask("https://other.test/", &objects);
    assert_eq!(code, Some(1), "{text}");
    assert!(
        text.contains("no certificate of the listener is for `other.test`"),
        "{text}"
    );
    assert_eq!(ask("http://other.test/", &objects).0, Some(0));
}

/// What a finding leaves to another object, where it has no help of its own.
const POINTS: &[&str] = &[
    ": see Gateway ",
    "see its own conditions",
    "see their own conditions",
    ": GatewayClass ",
    ": Gateway ",
    "name a Gateway there",
];

/// Every object of the fixtures of attachment that is to be looked at says what would be right, or where that is said.
#[test]
fn every_finding_has_help_or_says_where_it_is() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/attachment");
    let mut without = Vec::new();
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let (_, text) = run(&["status", "-f", "-"], &text);
        let objects = text.split("\nleft out").next().unwrap();
        let heads = objects
            .lines()
            .filter(|line| !line.starts_with(' ') && line.contains(' '));
        for head in heads {
            let object = about(objects, head);
            let is_bad = [
                "warning: ",
                "no effect",
                "rejected",
                " False (",
                " Unknown (",
            ];
            let is_good = ["Conflicted False (NoConflicts)", "PartiallyInvalid False"];
            // Why a listener rejects some of its routes is told at these.
            let lines = object
                .lines()
                .skip(1)
                .filter(|line| !line.contains(": attachedRoutes "));
            let lines = lines.map(|line| {
                is_good
                    .iter()
                    .fold(line.to_owned(), |line, good| line.replace(good, ""))
            });
            let bad = lines
                .filter(|line| is_bad.iter().any(|bad| line.contains(bad)))
                .count();
            if bad == 0 {
                continue;
            }
            seen += 1;
            let helped = object.contains("help: ") || POINTS.iter().any(|to| object.contains(to));
            if !helped {
                without.push(format!("{}: {object}", path.display()));
            }
        }
    }
    assert!(seen > 100, "{seen}");
    assert!(without.is_empty(), "{}", without.join("\n"));
}

/// What makes the exit code 1 is in the machine's form, too: in the conditions, in `ignored`, or in `warnings`.
#[test]
fn a_warning_is_in_the_json_of_a_status_with_its_field_and_help() {
    let rules = format!("hostnames: [10.0.0.1], rules: [{{ {CART} }}]");
    let class = "---\napiVersion: gateway.networking.k8s.io/v1\nkind: GatewayClass\nmetadata: { name: anyy }\n\
                 spec: { controllerName: example.com/c }\n";
    let objects = SOUND.to_owned() + &of_front("warned", &rules) + class;
    let (code, text) = run(&["status", "-f", "-", "-o", "json"], &objects);
    assert_eq!(code, Some(1));
    let list: Value = serde_json::from_str(&text).unwrap();
    let warnings = list["warnings"].as_array().unwrap();
    let of = |kind: &str| {
        let mut of_kind = warnings.iter().filter(|one| one["kind"] == kind);
        of_kind.next().unwrap()
    };
    let route = of("HTTPRoute");
    assert_eq!(
        (&route["namespace"], &route["name"], &route["path"]),
        (
            &"shop".into(),
            &"warned".into(),
            &"spec.hostnames[0]".into()
        )
    );
    assert!(
        route["help"]
            .as_str()
            .unwrap()
            .starts_with("write a DNS name")
    );
    let gateway = of("Gateway");
    assert_eq!(gateway["path"], "spec.gatewayClassName");
    assert!(gateway["message"].as_str().unwrap().contains("`anyy`"));
    let (code, text) = run(&["status", "-f", "-", "-o", "json"], SOUND);
    assert_eq!(code, Some(0));
    let list: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(list["warnings"], serde_json::json!([]));
}

/// BackendTLSPolicy `targetRefs`: a policy that is invalid by its certificates is told to correct these, and not its target.
#[test]
fn a_policy_is_told_to_correct_what_is_wrong_with_it_alone() {
    let policy = |name: &str, roots: &str| {
        format!(
            "---\napiVersion: gateway.networking.k8s.io/v1\nkind: BackendTLSPolicy\nmetadata: {{ name: {name}, namespace: shop }}\n\
             spec: {{ targetRefs: [{{ group: '', kind: Service, name: cart }}], validation: {{ hostname: a.example, {roots} }} }}\n"
        )
    };
    let missing = "caCertificateRefs: [{ group: '', kind: ConfigMap, name: nowhere }]";
    let objects = SOUND.to_owned()
        + &policy("old", missing)
        + &policy("young", "wellKnownCACertificates: System");
    let (text, _) = status(&objects, &[]);
    let old = about(&text, "BackendTLSPolicy shop/old");
    let create = "help: create ConfigMap shop/nowhere, with CA certificates under the key `ca.crt`, or remove BackendTLSPolicy shop/old";
    assert_eq!(old.matches("help: ").count(), 1, "{text}");
    assert!(old.contains(create), "{text}");
    // What rejects several targets is told once.
    let both = policy("both", missing).replace(
        "name: cart }]",
        "name: cart, sectionName: dns }, { group: '', kind: Service, name: cart, sectionName: web }]",
    );
    let ports = "ports: [{ name: dns, port: 53 }, { name: web, port: 80 }]";
    let named = SOUND.replace("ports: [{ port: 80 }]", ports);
    let (text, _) = status(&(named + &both), &[]);
    let both = about(&text, "BackendTLSPolicy shop/both");
    let line = "  targets Service shop/cart, port dns; Service shop/cart, port web are rejected (NoValidCACertificate): ConfigMap shop/nowhere does not exist\n";
    assert!(both.contains(line), "{text}");
    assert_eq!(both.matches("does not exist").count(), 1, "{text}");
    // One for a Service without TCP needs another target.
    let datagrams = SOUND.replace(
        "ports: [{ port: 80 }]",
        "ports: [{ port: 80, protocol: UDP }]",
    );
    let (text, _) = status(
        &(datagrams + &policy("old", "wellKnownCACertificates: System")),
        &[],
    );
    let name = "help: name a Service in `spec.targetRefs[0]` that has a port for TCP, or remove BackendTLSPolicy shop/old";
    assert!(
        about(&text, "BackendTLSPolicy shop/old").contains(name),
        "{text}"
    );
}

/// What a listener takes follows from its protocol and its TLS mode: no list of kinds lets a TCPRoute into TLS that is passed
/// through.
#[test]
fn a_route_that_a_listener_can_never_take_is_sent_to_another_protocol() {
    let objects = "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: { name: front, namespace: shop }\n\
         spec: { gatewayClassName: any, listeners: [{ name: tls, port: 443, protocol: TLS, tls: { mode: Passthrough }, \
         allowedRoutes: { kinds: [{ kind: TLSRoute }] } }] }\n---\n\
         apiVersion: gateway.networking.k8s.io/v1alpha2\nkind: TCPRoute\nmetadata: { name: bytes, namespace: shop }\n\
         spec: { parentRefs: [{ name: front }], rules: [{ backendRefs: [{ name: cart, port: 80 }] }] }\n";
    let (text, _) = status(objects, &[]);
    let route = about(&text, "TCPRoute shop/bytes");
    let help = "help: add a listener with `protocol: TCP` or `protocol: TLS` with `tls.mode: Terminate` to Gateway shop/front: none that it has can take TCPRoutes";
    assert!(route.contains(help), "{route}");
}
