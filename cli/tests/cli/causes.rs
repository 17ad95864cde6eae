//! Each cause is told once, counted once, and where a reader looks for it.

use crate::support::{SOUND, about, gwapi, run, status};

/// A document whose keys are all given twice is one object that is left out, and no value of it counts.
#[test]
fn an_object_whose_keys_are_given_twice_is_left_out_once() {
    let twice = "---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: { name: other, namespace: shop }\nspec: {}\n\
                 kind: HTTPRoute\nmetadata: { name: other, namespace: shop }\nspec: {}\n";
    let (text, code) = status(&format!("{SOUND}{twice}"), &[]);
    assert_eq!(code, Some(1));
    assert!(
        text.contains("; 1 more object left out\n") || text.contains(": 1 more object left out\n"),
        "{text}"
    );
    assert!(!text.contains("the last value counts"), "{text}");
    let left_out = text.split("left out (").nth(1).unwrap();
    assert_eq!(
        left_out.matches("HTTPRoute shop/other").count(),
        1,
        "{text}"
    );
    for key in ["kind", "metadata", "spec"] {
        let said = format!(": {key}: the key is given twice, first in line ");
        assert_eq!(left_out.matches(&said).count(), 1, "{text}");
    }
    assert_eq!(
        left_out.matches("help: give each key once").count(),
        1,
        "{text}"
    );
}

/// kubectl takes the last of several equal keys of other kinds without a word: so does the command, with one.
#[test]
fn a_key_of_a_service_that_is_given_twice_is_a_warning() {
    let last = SOUND.replace(
        "spec: { ports: [{ port: 80 }] }",
        "spec: { ports: [{ port: 81 }] }\nspec: { ports: [{ port: 80 }] }",
    );
    let output = gwapi(&["status", "-f", "-"], &last);
    assert_eq!(output.status.code(), Some(0));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.starts_with("warning: <stdin>:"), "{said}");
    assert!(
        said.contains("Service shop/cart: spec: the key is given twice, first in line "),
        "{said}"
    );
}

/// PolicyStatus `ancestors`: the Gateways for which there is no room are not among those where the policy applies, and are told
/// in one line.
#[test]
fn gateways_without_room_are_told_together_and_nowhere_else() {
    let mut objects = "apiVersion: gateway.networking.k8s.io/v1\nkind: BackendTLSPolicy\nmetadata: { name: p, namespace: shop }\n\
                       spec: { targetRefs: [{ group: '', kind: Service, name: web }], validation: { hostname: a.example, \
                       wellKnownCACertificates: System } }\n---\n\
                       apiVersion: v1\nkind: Service\nmetadata: { name: web, namespace: shop }\nspec: { ports: [{ port: 80 }] }\n---\n\
                       apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: { name: r, namespace: shop }\n\
                       spec: { rules: [{ backendRefs: [{ name: web, port: 80 }] }], parentRefs: ["
        .to_owned();
    let parents: Vec<String> = (10..30).map(|n| format!("{{ name: g{n} }}")).collect();
    objects.push_str(&format!("{}] }}\n", parents.join(", ")));
    for n in 10..30 {
        objects.push_str(&format!(
            "---\napiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {{ name: g{n}, namespace: shop }}\n\
             spec: {{ gatewayClassName: any, listeners: [{{ name: http, port: 80, protocol: HTTP }}] }}\n"
        ));
    }
    let (text, code) = status(&objects, &[]);
    assert_eq!(code, Some(1));
    let policy = about(&text, "BackendTLSPolicy");
    let applies = policy
        .lines()
        .find(|line| line.contains("applies to"))
        .unwrap();
    assert!(applies.ends_with(" and 8 more"), "{applies}");
    let without = "  no room for Gateways shop/g26, shop/g27, shop/g28, shop/g29: ";
    assert_eq!(policy.matches(without).count(), 1, "{policy}");
    assert_eq!(policy.matches("no room for").count(), 1, "{policy}");
}

/// A GatewayClass that is not accepted concerns the Gateways that ask for it: `validate` names them, too.
#[test]
fn a_gateway_of_a_class_that_is_not_accepted_is_named_by_validate() {
    let class = "apiVersion: gateway.networking.k8s.io/v1\nkind: GatewayClass\nmetadata: { name: any }\n\
                 spec: { controllerName: example.com/c, parametersRef: { group: '', kind: ConfigMap, name: nowhere, namespace: shop } }\n---\n";
    let (_, text) = run(&["validate", "-f", "-"], &format!("{class}{SOUND}"));
    let said = "Gateway shop/front: spec.gatewayClassName: GatewayClass any is not accepted: ";
    assert_eq!(text.matches(said).count(), 1, "{text}");
    let (_, text) = run(&["validate", "-f", "-"], SOUND);
    assert!(!text.contains("Gateway/class-accepted"), "{text}");
}

/// "PartiallyInvalid": a rule that a route cannot apply is named by `validate`, also where no field of it is refused.
#[test]
fn a_rule_that_cannot_be_applied_is_named_by_validate() {
    let session = |name: &str| {
        SOUND.replace(
            "rules: [{ backendRefs: [{ name: cart, port: 80 }] }]",
            &format!(
                "rules: [{{ matches: [{{ path: {{ value: /a }} }}], sessionPersistence: {{ sessionName: {name} }}, backendRefs: \
                 [{{ name: cart, port: 80 }}] }}, {{ matches: [{{ path: {{ value: /b }} }}], backendRefs: [{{ name: cart, port: 80 }}] }}]"
            ),
        )
    };
    let arguments = ["validate", "-f", "-", "--channel", "experimental"];
    let (_, text) = run(&arguments, &session("'a b'"));
    let said = "HTTPRoute shop/cart: spec.rules[0]: the rule cannot be applied: ";
    assert_eq!(text.matches(said).count(), 1, "{text}");
    let (_, text) = run(&arguments, &session("ab"));
    assert!(!text.contains("RouteRules/rule-applies"), "{text}");
}

/// Objects that have no part in the Gateway API are counted by `validate`.
#[test]
fn validate_counts_what_it_passes_over() {
    let (code, text) = run(&["validate", "-f", "-"], SOUND);
    assert_eq!(code, Some(0), "{text}");
    assert!(
        text.starts_with("4 objects, 2 of the Gateway API: nothing to complain of\n"),
        "{text}"
    );
}

/// HTTPRequestRedirectFilter: a redirect that leads to its own rule, at its own listener, is not to be attached elsewhere.
#[test]
fn a_redirect_to_its_own_rule_is_to_lead_elsewhere() {
    let redirect = |filter: &str| {
        SOUND.replace(
            "rules: [{ backendRefs: [{ name: cart, port: 80 }] }]",
            &format!(
                "rules: [{{ matches: [{{ path: {{ value: /h }} }}], filters: [{{ type: RequestRedirect, requestRedirect: {filter} }}] }}]"
            ),
        )
    };
    let prefix = "{ path: { type: ReplacePrefixMatch, replacePrefixMatch: /h/x } }";
    let (_, text) = run(&["validate", "-f", "-"], &redirect(prefix));
    assert!(
        text.contains("[HTTPRequestRedirectFilter/no-loop]"),
        "{text}"
    );
    assert!(
        text.contains("help: let the redirect lead to a URL that the rule does not match"),
        "{text}"
    );
}

/// GatewaySpecAddress `value` may be empty: the address is named by its place then.
#[test]
fn an_address_without_a_value_is_named_by_its_place() {
    let objects = SOUND.replace(
        "gatewayClassName: any,",
        "gatewayClassName: any, addresses: [{ type: NamedAddress }],",
    );
    let (text, _) = status(&objects, &[]);
    assert!(
        text.contains("`spec.addresses[0]` is of type `NamedAddress`"),
        "{text}"
    );
    assert!(!text.contains("``"), "{text}");
}

/// A kind that is nearly meant and that the release does not have is named with the release that has it.
#[test]
fn a_kind_that_is_nearly_meant_says_since_when_it_is_there() {
    let policy = "apiVersion: gateway.networking.x-k8s.io/v1alpha1\nkind: XBackendTraficPolicy\nmetadata: { name: p, namespace: shop }\n";
    let arguments = [
        "validate",
        "-f",
        "-",
        "--channel",
        "experimental",
        "--release",
        "v1.1.0",
    ];
    let (_, text) = run(&arguments, policy);
    assert!(
        text.contains("did you mean `XBackendTrafficPolicy`?"),
        "{text}"
    );
    assert!(text.contains("since v1.3.0"), "{text}");
}

/// The help that `status` and `validate` print for objects.
fn helps(verb: &str, objects: &str) -> Vec<String> {
    let output = gwapi(&[verb, "-f", "-", "--channel", "experimental"], objects);
    let text = String::from_utf8(output.stdout).unwrap();
    let helps = text
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix("help: "));
    let mut helps: Vec<String> = helps.map(str::to_owned).collect();
    helps.sort();
    helps.dedup();
    helps
}

/// One cause has one help, whichever verb is asked and however many fields of the object show it.
#[test]
fn status_and_validate_give_one_help_for_one_cause() {
    const WITHOUT_SELECTOR: &str = "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: { name: g, namespace: infra }\n\
         spec: { gatewayClassName: any, listeners: [{ name: http, port: 80, protocol: HTTP, allowedRoutes: { namespaces: { from: Selector } } }] }\n";
    let add = "write a `selector`, or `from: Same` or `from: All`";
    let at = format!("in `allowedRoutes.namespaces` of listener `http`, {add}");
    assert_eq!(helps("validate", WITHOUT_SELECTOR), [add.to_owned()]);
    assert_eq!(helps("status", WITHOUT_SELECTOR), [at]);

    const GATEWAY: &str = "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: { name: g, namespace: apps }\n\
         spec: { gatewayClassName: any, listeners: [{ name: http, port: 80, protocol: HTTP }] }\n";
    const SERVICE: &str = "---\napiVersion: v1\nkind: Service\nmetadata: { name: a, namespace: apps }\nspec: { ports: [{ port: 80 }] }\n";
    let route = |backend: &str| {
        format!(
            "---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {{ name: r, namespace: apps }}\n\
             spec: {{ parentRefs: [{{ name: g }}], rules: [{{ backendRefs: [{{ port: 80, {backend} }}] }}] }}\n"
        )
    };
    let policy = |name: &str, trusted: &str| {
        format!(
            "---\napiVersion: gateway.networking.k8s.io/v1\nkind: BackendTLSPolicy\nmetadata: {{ name: {name}, namespace: apps }}\n\
             spec: {{ targetRefs: [{{ group: '', kind: Service, name: a }}], validation: {{ hostname: a.example, {trusted} }} }}\n"
        )
    };
    let invalid = policy(
        "old",
        "caCertificateRefs: [{ group: '', kind: ConfigMap, name: nope }]",
    );
    let valid = policy("new", "wellKnownCACertificates: System");
    let objects = format!("{GATEWAY}{SERVICE}{}{invalid}{valid}", route("name: a"));
    let create = "create ConfigMap apps/nope, with CA certificates under the key `ca.crt`, or remove BackendTLSPolicy apps/old";
    assert_eq!(helps("validate", &objects), [create]);
    assert_eq!(helps("status", &objects), [create]);

    let objects = format!("{GATEWAY}{}", route("name: nope, namespace: other"));
    let found = helps("validate", &objects);
    assert_eq!(found, helps("status", &objects));
    assert!(
        matches!(&found[..], [one] if one.ends_with("Service other/nope does not exist either: create it, too")),
        "{found:#?}"
    );
}

/// What is accepted and gets nothing says so in the line that says it is accepted.
#[test]
fn a_route_that_no_request_reaches_says_so_where_it_is_accepted() {
    let objects = "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: { name: g, namespace: apps }\n\
         spec: { gatewayClassName: any, listeners: [{ name: all, port: 80, protocol: HTTP }, { name: own, port: 80, protocol: HTTP, hostname: '*.a.example' }] }\n\
         ---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: { name: r, namespace: apps }\n\
         spec: { parentRefs: [{ name: g, sectionName: all }], hostnames: [b.a.example], rules: [{ filters: [{ type: RequestRedirect, requestRedirect: { hostname: c.example } }] }] }\n";
    let output = gwapi(&["status", "-f", "-"], objects);
    let text = String::from_utf8(output.stdout).unwrap();
    let line = "\n  accepted by Gateway apps/g at listener all, where no request reaches it\n";
    assert!(text.contains(line), "{text}");
    let reached = objects.replace("b.a.example", "b.example");
    let output = gwapi(&["status", "-f", "-"], &reached);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(!text.contains("where no request reaches it"), "{text}");
}

#[test]
fn a_group_without_a_version_is_said_to_be_one() {
    let object = "apiVersion: gateway.networking.k8s.io\nkind: HTTPRoute\nmetadata: { name: r, namespace: apps }\nspec: {}\n";
    for verb in ["status", "validate"] {
        let output = gwapi(&[verb, "-f", "-"], object);
        let text = String::from_utf8(output.stdout).unwrap();
        for said in [
            "`gateway.networking.k8s.io` is a group without a version",
            "help: write `apiVersion: gateway.networking.k8s.io/v1`",
        ] {
            assert!(text.contains(said), "{verb}: {text}");
        }
    }
}
