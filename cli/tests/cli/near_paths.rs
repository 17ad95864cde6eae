//! Help for requests that a match would have taken but for a part of it.

use crate::support::{SOUND, gwapi, run};

/// What the route of `SOUND` has in the place of its rule.
const RULE: &str = "hostnames: [a.example], rules: [{ matches: [
    { path: { type: Exact, value: /exact } },
    { path: { type: RegularExpression, value: '/re[0-9]+' } },
    { path: { value: /Case } },
    { path: { value: /post }, method: POST },
    { path: { value: /header }, headers: [{ name: x, value: '1' }] },
    { path: { value: /query }, queryParams: [{ name: q, value: '1' }] },
  ], backendRefs: [{ name: cart, port: 80 }] }]";

fn set() -> String {
    let rule = "rules: [{ backendRefs: [{ name: cart, port: 80 }] }]";
    SOUND.replace(rule, RULE)
}

/// What the answer to a request helps with.
fn help(url: &str) -> Vec<String> {
    help_of(&set(), &[url])
}

/// What the answer to a request by a set helps with.
fn help_of(set: &str, request: &[&str]) -> Vec<String> {
    let arguments = [&["request", "-", "-o", "json"], request].concat();
    let (code, json) = run(&arguments, set);
    assert_eq!(code, Some(1), "{request:?}");
    let answer: serde_json::Value = serde_json::from_str(&json).unwrap();
    let help = answer["help"].as_array().unwrap().iter();
    help.map(|one| one.as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_path_that_is_nearly_taken_says_what_to_ask_or_to_write() {
    let at = |index: usize| format!("HTTPRoute shop/cart, rule 0, match {index}");
    for (path, wanted) in [
        (
            "/exact/",
            format!(
                "{} takes `/exact` alone, and a `/` at the end counts: ask `/exact`, or write `type: PathPrefix`",
                at(0)
            ),
        ),
        (
            "/exact/below",
            format!(
                "{} takes `/exact` alone and nothing below it: write `type: PathPrefix` if it is meant to",
                at(0)
            ),
        ),
        (
            "/EXACT",
            format!(
                "{} asks for other capitals, which count in paths: ask `/exact`",
                at(0)
            ),
        ),
        (
            "/case/x?a=1",
            format!(
                "{} asks for other capitals, which count in paths: ask `/Case/x`",
                at(2)
            ),
        ),
        (
            "/re12x",
            format!(
                "{} has to match the whole path, and `/re[0-9]+` matches a part of it: write `.*` where more may stand",
                at(1)
            ),
        ),
        (
            "/v1/re12",
            format!(
                "{} has to match the whole path, and `/re[0-9]+` matches a part of it: write `.*` where more may stand",
                at(1)
            ),
        ),
        (
            "/Cases",
            format!(
                "{} takes `/Case` and what is below it, by whole segments: ask `/Case/s`, or write a `RegularExpression`",
                at(2)
            ),
        ),
        ("/exct", "did you mean the path `/exact`?".to_owned()),
        (
            "/post",
            format!("{} takes the path, but the method must be `POST`", at(3)),
        ),
        (
            "/header",
            format!("{} takes the path, but the header `x` must be `1`", at(4)),
        ),
        (
            "/query",
            format!(
                "{} takes the path, but the query parameter `q` must be `1`",
                at(5)
            ),
        ),
    ] {
        assert_eq!(help(&format!("http://a.example{path}")), [wanted], "{path}");
    }
    // What is said of a part of the whole, and slashes that are in the way of it.
    let choice = set().replace("/re[0-9]+", "/re|/rex");
    let wanted = format!(
        "{} has to match the whole path, and `/re|/rex` matches a part of it: write `.*` where more may stand, outside brackets \
         around the choice: `(/re|/rex)`",
        at(1)
    );
    assert_eq!(help_of(&choice, &["http://a.example/re/x"]), [wanted]);
    let letters = set().replace("/re[0-9]+", "/re[a-z]+");
    let wanted = format!(
        "{} asks for other capitals, which count in paths: ask `/reab`",
        at(1)
    );
    assert_eq!(help_of(&letters, &["http://a.example/REab"]), [wanted]);
    let letters = set().replace("/re[0-9]+", "/re[A-Z]+");
    let wanted = format!(
        "{} asks for other capitals, which count in paths: write `(?i:/re[A-Z]+)` if they are not meant to",
        at(1)
    );
    assert_eq!(help_of(&letters, &["http://a.example/RE/reab"]), [""; 0]);
    assert_eq!(help_of(&letters, &["http://a.example/reab"]), [wanted]);
    assert_eq!(
        help("http://a.example//re12"),
        ["slashes that follow each other are not one in a path: ask `/re12`"]
    );
    // Nothing is near.
    assert_eq!(help("http://a.example/quite-another/thing"), [""; 0]);
}

/// At a port of a Service the same is said as at a listener.
#[test]
fn a_path_that_is_nearly_taken_at_a_service_says_what_to_ask_or_to_write() {
    let parent = "parentRefs: [{ name: cart, kind: Service, group: '' }]";
    let set = set().replace("parentRefs: [{ name: front }]", parent);
    let takes = "HTTPRoute shop/cart, rule 0, match";
    for (path, wanted) in [
        (
            "/case/x",
            format!("{takes} 2 asks for other capitals, which count in paths: ask `/Case/x`"),
        ),
        (
            "/header",
            format!("{takes} 4 takes the path, but the header `x` must be `1`"),
        ),
        ("/exct", "did you mean the path `/exact`?".to_owned()),
    ] {
        let url = format!("http://cart.shop{path}");
        assert_eq!(help_of(&set, &[&url]), [wanted], "{path}");
    }
    for (request, wanted) in [
        (
            &["http://cart.shop:8080/exact"][..],
            "Service shop/cart has port 80: ask http://cart.shop:80",
        ),
        (
            &["http://cart/exact", "--from", "other"],
            "there is a Service `cart` in namespace `shop`: ask http://cart.shop",
        ),
        (
            &["http://crat.shop/exact", "--from", "other"],
            "did you mean Service `cart` in namespace `shop`?",
        ),
        (
            &["http://cart.shp/exact"],
            "did you mean Service `cart` in namespace `shop`?",
        ),
        (
            &["http://cart.shp/exact", "--from", "other"],
            "did you mean Service `cart` in namespace `shop`?",
        ),
    ] {
        assert_eq!(help_of(&set, request), [wanted], "{request:?}");
    }
}

/// A host of a Service is one within the mesh, and a host of a Gateway one outside of it.
#[test]
fn a_client_at_the_wrong_side_of_the_mesh_is_told_of_the_other_one() {
    let set = set();
    let wanted = "`cart` is the host of Service shop/cart for clients of its namespace: ask as a client in the mesh, with `--from shop`";
    let help = help_of(&set, &["http://cart/nothing-of-it"]);
    assert!(help.contains(&wanted.to_owned()), "{help:#?}");
    let host = "http://a.example/exact";
    let help = help_of(&set, &[host, "--from", "shop"]);
    let wanted =
        "HTTPRoute shop/cart takes the request of a client outside of the mesh, at listener `";
    assert_eq!(help.len(), 1, "{help:#?}");
    assert!(help[0].starts_with(wanted), "{help:#?}");
    let at = "` of Gateway shop/front: ask without `--from`";
    assert!(help[0].ends_with(at), "{help:#?}");
    let help = help_of(&set, &["http://a.example/nothing-of-it", "--from", "shop"]);
    assert!(help.iter().all(|one| !one.contains("--from")), "{help:#?}");
}

/// Of a gRPC call as of a path.
#[test]
fn a_call_that_is_nearly_taken_says_what_to_ask() {
    let of = |matching: &str| {
        let rule = format!(
            "rules: [{{ matches: [{{ {matching}, headers: [{{ name: env, value: prod }}] }}], backendRefs: [{{ name: cart, port: 80 }}] }}]"
        );
        let set = set().replace(RULE, &rule);
        set.replace("kind: HTTPRoute", "kind: GRPCRoute")
    };
    let named = of("method: { service: shop.Cart, method: Add }");
    let takes = "GRPCRoute shop/cart, rule 0, match 0";
    let prod = ["-H", "env: prod"];
    let ask = |set: &str, path: &str, headers: &[&str]| {
        let url = format!("http://a.example{path}");
        help_of(set, &[headers, &[url.as_str()]].concat())
    };
    for (path, headers, wanted) in [
        (
            "/shop.Cart/Add",
            &[][..],
            format!("{takes} takes the path, but the header `env` must be `prod`"),
        ),
        (
            "/shop.Cart/add",
            &prod,
            format!("{takes} asks for other capitals, which count in paths: ask `/shop.Cart/Add`"),
        ),
        (
            "/shop.Cart/Add/",
            &prod,
            format!(
                "{takes} takes `/shop.Cart/Add`, and a `/` at the end counts: ask `/shop.Cart/Add`"
            ),
        ),
        (
            "/shop.Cart/Add/x",
            &prod,
            format!(
                "{takes} takes `/shop.Cart/Add` alone and nothing below it: ask `/shop.Cart/Add`"
            ),
        ),
        (
            "/shop.Carts/Add",
            &prod,
            "did you mean the path `/shop.Cart/Add`?".to_owned(),
        ),
    ] {
        assert_eq!(ask(&named, path, headers), [wanted], "{path}");
    }
    let service = of("method: { service: shop.Cart }");
    let wanted = "did you mean the path `/shop.Cart/Remove`?";
    assert_eq!(ask(&service, "/shop.Crat/Remove", &prod), [wanted]);
    let method = of("method: { type: RegularExpression, service: 'shop[.]C', method: Add }");
    let wanted = "has to match the whole service, and `shop[.]C` matches a part of it: write `.*` where more may stand";
    assert_eq!(
        ask(&method, "/shop.Cart/Add", &prod),
        [format!("{takes} {wanted}")]
    );
}

#[test]
fn a_connection_that_no_tls_route_takes_is_told_of_those_that_would() {
    let set = "
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: front, namespace: shop }
spec:
  gatewayClassName: any
  listeners:
    - { name: web, port: 443, protocol: HTTPS, hostname: '*.a.example', tls: { certificateRefs: [{ name: own }] } }
    - { name: pass, port: 8443, protocol: TLS, hostname: '*.a.example', tls: { mode: Passthrough } }
---
apiVersion: v1
kind: Service
metadata: { name: cart, namespace: shop }
spec: { ports: [{ port: 80 }] }
---
apiVersion: gateway.networking.k8s.io/v1
kind: TLSRoute
metadata: { name: db, namespace: shop }
spec: { parentRefs: [{ name: front, sectionName: pass }], hostnames: [db.a.example], rules: [{ backendRefs: [{ name: cart, port: 80 }] }] }
";
    let here = ["--assume-present", "Secret"];
    let ask = |url: &str| help_of(set, &[&here[..], &[url]].concat());
    assert_eq!(
        ask("tls://dbs.a.example:8443"),
        ["TLSRoute shop/db would take the connection for host `db.a.example`"]
    );
    assert_eq!(
        ask("tls://db.a.example:443"),
        [
            "TLSRoute shop/db takes the connection at listener `pass` of Gateway shop/front on port 8443: ask tls://db.a.example:8443"
        ]
    );
}

#[test]
fn a_scheme_for_which_there_is_no_listener_says_which_there_is() {
    let (code, text) = run(
        &[
            "request",
            "-",
            "--gateway",
            "shop/front",
            "https://a.example/exact",
        ],
        &set(),
    );
    assert_eq!(code, Some(1));
    assert!(
        text.contains(
            "help      listener `http` of Gateway shop/front takes this host in HTTP on port 80: ask http://a.example:80, or give the \
             Gateway a listener with `protocol: HTTPS` and `tls`\n"
        ),
        "{text}"
    );
}

/// An object that names no kind is named by its name, and a route by its name once.
#[test]
fn nothing_is_named_twice_or_by_nothing() {
    let (_, text) = run(&["validate", "-"], "metadata: { name: a }\n");
    assert!(
        text.starts_with("error: <stdin>:1:1: a: apiVersion: "),
        "{text}"
    );
    let set = "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: { name: app }\nspec: { parentRefs: [{ name: front }] }\n";
    let gateway = SOUND.split("---").next().unwrap();
    let output = gwapi(
        &[
            "request",
            "-",
            "--gateway",
            "shop/front",
            "http://a.example/",
        ],
        format!("{gateway}---\n{set}"),
    );
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.contains("HTTPRoute default/app: names no namespace"),
        "{text}"
    );
}
