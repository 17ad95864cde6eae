//! Nothing is silent: what is accepted and about nothing is told by `status` and `validate`, what a status rejects `validate`
//! complains of, and what has no part in the Gateway API is counted.

use crate::support::{SOUND, attachment_sets, found, gwapi, run};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// What `status` warns of, and what `validate` finds, in these objects beside the sound ones.
fn told(objects: &str) -> (Vec<Value>, Vec<Value>) {
    let all = format!("{SOUND}---\n{objects}");
    let (code, json) = run(&["status", "-f", "-", "-o", "json"], &all);
    let list: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(list["ignored"], json!([]), "{list:#}");
    assert_eq!(code, Some(1), "{list:#}");
    let found = found(&all);
    let list_of = |value: &Value| value.as_array().cloned().unwrap();
    (list_of(&list["warnings"]), list_of(&found))
}

fn route(spec: &str) -> String {
    format!(
        "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {{ name: other, namespace: shop }}\nspec: {spec}\n"
    )
}

const CART: &str = "backendRefs: [{ name: cart, port: 80 }]";

/// An EndpointSlice of the Service `cart`.
fn slice(port: &str, ready: bool) -> String {
    format!(
        "apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\n\
         metadata: {{ name: cart-1, namespace: shop, labels: {{ kubernetes.io/service-name: cart }} }}\n\
         addressType: IPv4\nendpoints: [{{ addresses: [10.0.0.1], conditions: {{ ready: {ready} }} }}]\n\
         ports: [{{ name: '{port}', port: 8080 }}]\n"
    )
}

#[test]
fn what_is_accepted_and_about_nothing_is_told_by_status_and_validate() {
    let gateway = "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: { name: named, namespace: shop }\n\
                   spec: { gatewayClassName: any, listeners: [{ name: http, port: 81, protocol: HTTP, hostname: a.example }] }\n---\n";
    let labelled = "apiVersion: v1\nkind: Namespace\nmetadata: { name: shop, labels: { team: a } }\n---\n\
                    apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: { name: named, namespace: shop }\n\
                    spec: { gatewayClassName: any, listeners: [{ name: http, port: 81, protocol: HTTP, allowedRoutes: { namespaces: { \
                    from: Selector, selector: { matchLabels: { team: b } } } } }] }\n";
    let policy = "apiVersion: gateway.networking.k8s.io/v1alpha2\nkind: BackendLBPolicy\nmetadata: { name: lb, namespace: shop }\n\
                  spec: { targetRefs: [{ group: '', kind: Service, name: web }], sessionPersistence: { sessionName: a } }\n---\n\
                  apiVersion: v1\nkind: Service\nmetadata: { name: web, namespace: shop }\nspec: { ports: [{ port: 80 }] }\n---\n";
    let own_session = "{ parentRefs: [{ name: front }], hostnames: [b.example], rules: [{ sessionPersistence: { sessionName: b }, \
                       backendRefs: [{ name: web, port: 80 }] }] }";
    let redirect = "{ type: RequestRedirect, requestRedirect: { hostname: b.example } }";
    let at_front = |rule: &str| {
        route(&format!(
            "{{ parentRefs: [{{ name: front }}], hostnames: [b.example], rules: [{{ {rule} }}] }}"
        ))
    };
    let tls = "apiVersion: gateway.networking.k8s.io/v1alpha2\nkind: TLSRoute\nmetadata: { name: t, namespace: shop }\n\
               spec: { parentRefs: [{ group: '', kind: Service, name: cart }], hostnames: [b.example], rules: [{ \
               backendRefs: [{ name: cart, port: 80 }] }] }\n";
    let grant = "apiVersion: gateway.networking.k8s.io/v1beta1\nkind: ReferenceGrant\nmetadata: { name: g, namespace: shop }\n\
                 spec: { from: [{ group: gateway.networking.k8s.io, kind: HTTPRout, namespace: away }], to: [{ group: '', kind: Service, \
                 name: gone }] }\n";
    for (objects, kind, path, said) in [
        (
            gateway.to_owned()
                + &route(&format!(
                    "{{ parentRefs: [{{ name: named }}], hostnames: [a.example, a.exmple], rules: [{{ {CART} }}] }}"
                )),
            "HTTPRoute",
            "spec.hostnames[1]",
            "no listener that accepts the route serves `a.exmple`",
        ),
        (
            policy.to_owned() + &route(own_session),
            "BackendLBPolicy",
            "spec.targetRefs[0]",
            "every rule that refers to Service shop/web has a `sessionPersistence` of its own, which overrides the policy",
        ),
        (
            slice("wrong", true),
            "HTTPRoute",
            "spec.rules[0].backendRefs[0]",
            "Service shop/cart has no endpoint at port 80: its share of requests is answered with 503",
        ),
        (
            slice("", false),
            "HTTPRoute",
            "spec.rules[0].backendRefs[0]",
            "Service shop/cart has no endpoint that is ready at port 80",
        ),
        (
            tls.to_owned(),
            "TLSRoute",
            "spec.hostnames",
            "`hostnames` are ignored at Service `cart`",
        ),
        (
            at_front(&format!(
                "filters: [{redirect}], timeouts: {{ request: 1s }}"
            )),
            "HTTPRoute",
            "spec.rules[0].timeouts",
            "the rule redirects its requests: `timeouts` has no effect",
        ),
        (
            at_front(&format!(
                "filters: [{{ type: RequestHeaderModifier, requestHeaderModifier: {{ remove: [a] }} }}, {redirect}]"
            )),
            "HTTPRoute",
            "spec.rules[0].filters[0]",
            "the filter RequestHeaderModifier has no effect",
        ),
        (
            at_front(&format!(
                "filters: [{{ type: URLRewrite, urlRewrite: {{}} }}], {CART}"
            )),
            "HTTPRoute",
            "spec.rules[0].filters[0].urlRewrite",
            "changes nothing",
        ),
        (
            grant.to_owned(),
            "ReferenceGrant",
            "spec.from[0].kind",
            "has no kind `HTTPRout` (did you mean `HTTPRoute`?): the entry allows nothing",
        ),
        (
            grant.to_owned(),
            "ReferenceGrant",
            "spec.to[0].name",
            "Service `shop/gone` is not in the set: the entry allows nothing",
        ),
        (
            labelled.to_owned(),
            "Gateway",
            "spec.listeners[0].allowedRoutes.namespaces.selector",
            "no Namespace that is given has the labels `team=b`: the listener takes no route",
        ),
    ] {
        let (warnings, found) = told(&objects);
        let fits = |message: &Value| message.as_str().unwrap().contains(said);
        let warned = warnings
            .iter()
            .any(|one| one["kind"] == kind && one["path"] == path && fits(&one["message"]));
        assert!(warned, "{kind} {path}: {said}\n{warnings:#?}");
        let complained = found.iter().any(|one| {
            one["object"]["kind"] == kind && one["path"] == path && fits(&one["message"])
        });
        assert!(complained, "{kind} {path}: {said}\n{found:#?}");
    }
}

/// The help names what is there: the ports of the slices, and the hostname that is meant.
#[test]
fn the_help_for_what_is_about_nothing_names_what_is_there() {
    let (warnings, _) = told(&slice("wrong", true));
    assert_eq!(
        warnings[0]["help"],
        "the ports in the EndpointSlices of Service shop/cart are named `wrong`: name this one \"\", as the Service does"
    );
    let request = ["request", "-f", "-", "http://a.example/"];
    let (code, text) = run(&request, &format!("{SOUND}---\n{}", slice("wrong", true)));
    assert_eq!(code, Some(1));
    assert!(
        text.contains("has no endpoint that is ready at the port"),
        "{text}"
    );
}

/// What `request` answers where no endpoint is ready is what `validate` says of the backend, and follows the release: 503 since
/// v1.2.0 (HTTPRoute `spec.rules[].backendRefs`), and 500 before (GEP-1364).
#[test]
fn a_backend_without_endpoints_answers_as_the_release_says() {
    let objects = format!("{SOUND}---\n{}", slice("wrong", true));
    for (release, status) in [
        ("v1.0.0", 500),
        ("v1.1.0", 500),
        ("v1.1.1", 500),
        ("v1.2.0", 503),
        ("v1.4.1", 503),
        ("v1.7.0", 503),
    ] {
        let ask = |verb: &[&str]| {
            let of_release = ["-f", "-", "--release", release];
            run(&[verb, &of_release].concat(), &objects).1
        };
        let answer = ask(&["request", "http://a.example/", "-o", "json"]);
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert_eq!(answer["status"], status, "{release}: {answer:#}");
        let said = format!("its share of requests is answered with {status}");
        let judged = ask(&["validate"]);
        assert!(judged.contains(&said), "{release}: {judged}");
    }
}

/// A policy that is left out and names a Service twice is told of once.
#[test]
fn what_is_said_of_a_request_is_said_once() {
    let policy = "apiVersion: gateway.networking.k8s.io/v1\nkind: BackendTLSPolicy\nmetadata: { name: p, namespace: shop }\n\
                  spec: { targetRefs: [{ group: '', kind: Service, name: cart }, { group: '', kind: Service, name: cart }], \
                  validation: { hostname: a.example, wellKnownCACertificates: System } }\n";
    let all = format!("{SOUND}---\n{policy}");
    let (_, text) = run(&["request", "-f", "-", "http://a.example/"], &all);
    let said = "BackendTLSPolicy shop/p names Service shop/cart, but is left out and has no effect";
    assert_eq!(text.matches(said).count(), 1, "{text}");
}

/// The conditions at any depth of which the status says that something as a whole is rejected.
fn rejects(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().any(rejects),
        Value::Object(members) => {
            let text = |key: &str| members.get(key).and_then(Value::as_str);
            match (text("type"), text("status")) {
                (Some("Accepted" | "Programmed"), Some(status)) => status != "True",
                (Some("Conflicted"), Some(status)) => status == "True",
                _ => members.values().any(rejects),
            }
        }
        _ => false,
    }
}

/// What a status rejects as a whole is named by `validate`, too, in all sets of objects that attachment is tested with: where a
/// Gateway waits for its GatewayClass, the class is.
#[test]
fn what_a_status_rejects_validation_complains_of() {
    let (mut silent, mut seen) = (Vec::new(), 0);
    for (name, files) in attachment_sets() {
        let json = |verb: &[&str]| -> Value {
            let files = files.iter().flat_map(|file| ["-f", file.to_str().unwrap()]);
            let arguments: Vec<&str> = verb.iter().copied().chain(files).collect();
            serde_json::from_slice(&gwapi(&arguments, "").stdout).unwrap()
        };
        let list = json(&["status", "-o", "json"]);
        let found = json(&["validate", "-o", "json", "--channel", "experimental"]);
        let key = |kind: &Value, place: &Value| {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            (text(kind), text(&place["namespace"]), text(&place["name"]))
        };
        let found = found.as_array().unwrap().iter();
        let named: BTreeSet<_> = found
            .map(|one| key(&one["object"]["kind"], &one["object"]))
            .collect();
        for item in list["items"].as_array().unwrap() {
            let object = key(&item["kind"], &item["metadata"]);
            if rejects(&item["status"]) {
                seen += 1;
                let waits = item["status"].to_string().contains("\"Pending\"")
                    && named.iter().any(|(kind, ..)| kind == "GatewayClass");
                if !named.contains(&object) && !waits {
                    silent.push(format!("{name}: {object:?} {}", item["status"]));
                }
            }
        }
    }
    assert!(seen > 50, "{seen}");
    assert!(silent.is_empty(), "{}", silent.join("\n"));
}

/// Objects of other groups are counted by their kind.
#[test]
fn what_has_no_part_in_the_gateway_api_is_counted_in_text_and_json() {
    let ingress =
        "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: { name: i, namespace: shop }\n";
    let all = format!("{SOUND}---\n{ingress}");
    for verb in [&["status"][..], &["request", "http://a.example/"]] {
        let (code, text) = run(&[verb, &["-f", "-"]].concat(), &all);
        assert_eq!(code, Some(0), "{text}");
        let said = "no part of the Gateway API, and passed over: 1 Deployment (apps), 1 Ingress (networking.k8s.io)\n";
        assert!(text.contains(said), "{text}");
        let (_, json) = run(&[verb, &["-f", "-", "-o", "json"]].concat(), &all);
        let answer: Value = serde_json::from_str(&json).unwrap();
        assert_eq!(
            answer["foreign"],
            json!([
                { "group": "apps", "kind": "Deployment", "count": 1 },
                { "group": "networking.k8s.io", "kind": "Ingress", "count": 1 },
            ])
        );
    } // Of more kinds than are told apart, the objects are counted.
    let kinds = (0..1_005).map(|n| {
        format!("---\napiVersion: other.example/v1\nkind: K{n}\nmetadata: {{ name: i, namespace: shop }}\n")
    });
    let many = format!("{SOUND}{}", kinds.collect::<String>());
    let (_, json) = run(&["status", "-f", "-", "-o", "json"], &many);
    let answer: Value = serde_json::from_str(&json).unwrap();
    let told: u64 = answer["foreign"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["count"].as_u64().unwrap())
        .sum();
    let more = answer["foreignMore"].as_u64().unwrap();
    assert_eq!((told, more), (1_000, 6));
}
