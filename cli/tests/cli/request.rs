//! `gwapi request` as programs and people meet it: exit codes and the keys of its JSON.

use crate::support::{SOUND, gwapi, with_newest};
use serde_json::Value;

fn manifest(name: &str) -> String {
    format!(
        "{}/../examples/manifests/{name}.yaml",
        env!("CARGO_MANIFEST_DIR")
    )
}

fn request(name: &str, arguments: &[&str]) -> (Option<i32>, Value) {
    let manifest = manifest(name);
    let output = gwapi(
        &[&["request", "-f", &manifest, "-o", "json"], arguments].concat(),
        "",
    );
    let answer = serde_json::from_slice(&output.stdout).unwrap();
    (output.status.code(), answer)
}

#[test]
fn every_key_of_an_answer_is_there_whatever_becomes_of_the_request() {
    const KEYS: [&str; 11] = [
        "outcome",
        "status",
        "listener",
        "service",
        "route",
        "backend",
        "endpoint",
        "forwarded",
        "response",
        "mirrors",
        "why",
    ];
    for url in [
        "http://shop.example/cart",
        "http://shop.example/old",
        "http://x/",
        "http://x:1/",
    ] {
        let (_, answer) = request("storefront", &["--gateway", "edge/public", url]);
        for key in KEYS {
            assert!(answer.get(key).is_some(), "{url}: {key}");
        }
    }
}

#[test]
fn a_forwarded_request_names_its_listener_route_backend_and_endpoint() {
    let (code, answer) = request(
        "storefront",
        &[
            "-H",
            "x-preview: yes",
            "-X",
            "POST",
            "http://www.shop.example/cart?item=1",
        ],
    );
    // Another rule of the route has a backend that is missing.
    assert_eq!(code, Some(1));
    let why = answer["why"].to_string();
    assert!(
        why.contains("HTTPRoute shop/storefront: ResolvedRefs False"),
        "{why}"
    );
    assert_eq!(answer["outcome"], "forwarded");
    assert_eq!(answer["status"], 200);
    assert_eq!(answer["listener"]["gateway"]["namespace"], "edge");
    assert_eq!(answer["listener"]["name"], "http");
    assert_eq!(answer["route"]["name"], "storefront");
    assert_eq!(
        (&answer["route"]["rule"], &answer["route"]["match"]),
        (&1.into(), &0.into())
    );
    assert_eq!(answer["backend"]["kind"], "Service");
    assert_eq!(
        (&answer["backend"]["name"], &answer["backend"]["port"]),
        (&"cart-preview".into(), &80.into())
    );
    assert_eq!(answer["forwarded"]["method"], "POST");
    assert_eq!(answer["forwarded"]["host"], "www.shop.example");
    assert_eq!(answer["forwarded"]["path"], "/cart?item=1");
    let headers = answer["forwarded"]["headers"].as_array().unwrap();
    assert!(headers.contains(&serde_json::json!(["x-stage", "preview"])));
    let why = answer["why"].to_string();
    assert!(
        why.contains("rule 0, match 0 matches, but the winner matches more headers"),
        "{why}"
    );
}

/// A port that no connection can have is not ignored: neither in a URL, nor in what the client sends as its host.
#[test]
fn a_port_out_of_range_is_an_error_of_the_url_and_400_in_a_host_header() {
    let (code, answer) = request(
        "storefront",
        &[
            "--header",
            "Host: shop.example:65536",
            "http://shop.example/cart",
        ],
    );
    assert_eq!((code, &answer["status"]), (Some(1), &400.into()));
    let manifest = manifest("storefront");
    let output = gwapi(
        &["request", "-f", &manifest, "http://shop.example:65536/cart"],
        "",
    );
    assert_eq!(output.status.code(), Some(2));
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(
        message.contains("the port must be a number from 1 to 65535"),
        "{message}"
    );
}

#[test]
fn a_redirect_reaches_no_backend() {
    let (code, answer) = request("storefront", &["http://shop.example/old/a?b=c"]);
    assert_eq!(
        (code, &answer["outcome"], &answer["status"]),
        // Nobody listens where the redirect leads.
        (Some(1), &"redirected".into(), &301.into())
    );
    assert!(answer["backend"].is_null() && answer["forwarded"].is_null());
    let location = serde_json::json!(["location", "https://shop.example/new/a?b=c"]);
    assert!(
        answer["response"]["headers"]
            .as_array()
            .unwrap()
            .contains(&location)
    );
}

#[test]
fn a_request_that_no_rule_takes_says_which_routes_are_not_attached() {
    let (code, answer) = request("storefront", &["http://admin.shop.example:8080/"]);
    assert_eq!(
        (code, &answer["outcome"], &answer["status"]),
        (Some(1), &"answered".into(), &404.into())
    );
    assert!(
        answer["why"]
            .to_string()
            .contains("HTTPRoute shop/admin is rejected")
    );
}

#[test]
fn a_port_without_listener_refuses() {
    let (code, answer) = request("storefront", &["--gateway", "edge/public", "http://x:9/"]);
    assert_eq!((code, &answer["outcome"]), (Some(1), &"refused".into()));
    assert!(answer["status"].is_null());
}

#[test]
fn the_canary_is_split_in_halves_and_the_seed_decides_the_draws() {
    let arguments = [
        "--from",
        "shop",
        "--count",
        "1000",
        "--seed",
        "7",
        "http://cart/",
    ];
    let (code, answer) = request("canary", &arguments);
    assert_eq!(code, Some(0));
    assert_eq!(
        (&answer["count"], &answer["seed"]),
        (&1000.into(), &7.into())
    );
    let split = answer["split"].as_array().unwrap();
    assert_eq!(split.len(), 2);
    for (row, name) in split.iter().zip(["cart-v1", "cart-v2"]) {
        assert_eq!(
            (&row["backend"]["name"], &row["share"]),
            (&name.into(), &"1/2".into())
        );
        assert!((400..=600).contains(&row["count"].as_i64().unwrap()));
    }
    assert_eq!(request("canary", &arguments).1, answer);
}

#[test]
fn the_share_of_a_missing_backend_is_answered_with_500() {
    let (_, answer) = request(
        "storefront",
        &["--count", "50", "http://shop.example/api/x"],
    );
    let split = answer["split"].as_array().unwrap();
    let row = |index: usize| {
        (
            split[index]["status"].clone(),
            split[index]["share"].clone(),
        )
    };
    assert_eq!(row(0), (200.into(), "9/10".into()));
    assert_eq!(row(1), (500.into(), "1/10".into()));
    assert!(split[1]["backend"].is_null());
    let counted: i64 = split.iter().map(|row| row["count"].as_i64().unwrap()).sum();
    assert_eq!(counted, 50);
}

#[test]
fn a_mesh_request_that_no_route_governs_goes_to_the_service_itself() {
    let (code, answer) = request("storefront", &["--from", "shop", "http://cart/"]);
    assert_eq!((code, &answer["outcome"]), (Some(0), &"forwarded".into()));
    assert!(answer["route"].is_null());
    assert_eq!(answer["backend"]["name"], "cart");
    assert_eq!(answer["service"]["name"], "cart");
}

#[test]
fn what_cannot_be_tried_ends_with_2() {
    let storefront = manifest("storefront");
    for arguments in [
        &["request", "-f", "no-such-file.yaml", "http://x/"][..],
        &["request", "-f", &storefront, "not a url"],
        &[
            "request",
            "-f",
            &storefront,
            "--gateway",
            "edge/none",
            "http://x/",
        ],
        &[
            "request",
            "-f",
            &storefront,
            "--gateway",
            "edge",
            "http://x/",
        ],
        &["request", "http://x/"],
    ] {
        let output = gwapi(arguments, "");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(!output.stderr.is_empty() && output.stdout.is_empty());
    }
}

/// Two Gateways of one name; the routes of each name a listener that it does not have.
const SAME_NAME: &str = "
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: front, namespace: one }
spec: { gatewayClassName: any, listeners: [{ name: http, port: 80, protocol: HTTP }] }
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: front, namespace: two }
spec: { gatewayClassName: any, listeners: [{ name: odd, port: 443, protocol: HTTP }] }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: cart, namespace: one }
spec: { parentRefs: [{ name: front, sectionName: htttp }], rules: [{}] }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: cart, namespace: two }
spec: { parentRefs: [{ name: front, sectionName: nowhere }], rules: [{}] }
";

#[test]
fn the_text_of_an_answer_ends_with_what_would_help() {
    let output = gwapi(&["request", "-f", "-", "http://a.example/"], SAME_NAME);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        with_newest(
            "\
outcome   answered without a backend, status 404
listener  http of Gateway one/front
response  404
judged by the experimental channel of NEWEST, the newest release
why       listener `http` of Gateway one/front takes the request on port 80: it serves every host
          answered with 404: the listener has no accepted route
          HTTPRoute one/cart is rejected: Gateway one/front has no listener named `htttp`: it has `http` (port 80)
help      HTTPRoute one/cart: did you mean `sectionName: http`?
"
        )
    );
}

#[test]
fn only_routes_of_the_gateway_that_was_asked_are_named_as_not_attached() {
    for (url, own, other) in [
        (
            "http://a.example/",
            "HTTPRoute one/cart",
            "HTTPRoute two/cart",
        ),
        (
            "http://a.example:443/",
            "HTTPRoute two/cart",
            "HTTPRoute one/cart",
        ),
    ] {
        let output = gwapi(&["request", "-f", "-", "-o", "json", url], SAME_NAME);
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        let said = format!("{} {}", answer["why"], answer["help"]);
        assert!(said.contains(own), "{answer:#}");
        assert!(!said.contains(other), "{answer:#}");
    }
}

#[test]
fn a_listener_that_speaks_something_else_than_the_client_is_named() {
    let output = gwapi(
        &["request", "-f", "-", "-o", "json", "https://a.example/"],
        SAME_NAME,
    );
    assert_eq!(output.status.code(), Some(1));
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer["outcome"], "refused");
    assert_eq!(
        answer["help"][0],
        "listener `odd` of Gateway two/front has port 443, and protocol HTTP: ask http://a.example:443, or give the listener \
         `protocol: HTTPS` and `tls`"
    );
}

/// A class that is only named counts as there, and one that is nearly named is a finding all the same.
#[test]
fn a_request_that_arrives_by_a_class_that_nearly_fits_is_exit_1() {
    let class = "apiVersion: gateway.networking.k8s.io/v1\nkind: GatewayClass\nmetadata: { name: nginx }\nspec: { controllerName: a.example/b }\n---";
    let objects =
        class.to_owned() + &SOUND.replace("gatewayClassName: any", "gatewayClassName: ngnix");
    let ask = |objects: &str| {
        let output = gwapi(
            &["request", "-f", "-", "-o", "json", "http://a.example/"],
            objects,
        );
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(answer["outcome"], "forwarded");
        (output.status.code(), answer["help"].clone())
    };
    let (code, help) = ask(&objects);
    assert_eq!(code, Some(1));
    assert!(
        help[0]
            .as_str()
            .unwrap()
            .contains("did you mean GatewayClass `nginx`?"),
        "{help}"
    );
    assert_eq!(
        ask(&objects.replace("ngnix", "nginx")),
        (Some(0), serde_json::json!([]))
    );
}

fn text_of(arguments: &[&str], objects: &str) -> (Option<i32>, String, String) {
    let output = gwapi(&[&["request", "-f", "-"], arguments].concat(), objects);
    (
        output.status.code(),
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

/// Two Gateways with a listener on one port, a backend, and a route of either kind.
const BOTH: &str = "
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: front, namespace: one }
spec: { gatewayClassName: any, listeners: [{ name: http, port: 80, protocol: HTTP }, { name: tcp, port: 5000, protocol: TCP }] }
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: back, namespace: one }
spec: { gatewayClassName: any, listeners: [{ name: http, port: 80, protocol: HTTP }] }
---
apiVersion: v1
kind: Service
metadata: { name: cart, namespace: one }
spec: { ports: [{ port: 80 }] }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: cart, namespace: one }
spec: { parentRefs: [{ name: front }], rules: [{ backendRefs: [{ name: cart, port: 80 }] }] }
---
apiVersion: gateway.networking.k8s.io/v1alpha2
kind: TCPRoute
metadata: { name: raw, namespace: one }
spec: { parentRefs: [{ name: front }], rules: [{ backendRefs: [{ name: cart, port: 80 }] }] }
";

#[test]
fn what_has_to_be_given_besides_is_said_where_a_request_cannot_be_tried() {
    let (code, _, error) = text_of(&["http://a.example/"], BOTH);
    assert_eq!(code, Some(2));
    assert_eq!(
        error,
        "error: several Gateways answer for `a.example` on port 80: `one/back`, `one/front`; name one of them, as in \
         `--gateway one/back`\n"
    );
    let (code, _, error) = text_of(&["a.example/"], BOTH);
    assert_eq!(code, Some(2));
    assert_eq!(
        error,
        "error: `a.example/` cannot be asked for: a URL needs a scheme, as in `http://a.example/`\n"
    );
}

/// A Gateway that is asked for, and is not there, is misspelt or left out.
#[test]
fn a_gateway_that_cannot_be_asked_is_misspelt_or_left_out() {
    let (code, _, error) = text_of(&["--gateway", "one/frnot", "http://a.example/"], BOTH);
    assert_eq!(code, Some(2));
    assert_eq!(
        error,
        "error: there is no Gateway `one/frnot`: did you mean `one/front`?\n"
    );
    let refused = "---\napiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: { name: empty, namespace: one }\nspec: { gatewayClassName: any, listeners: [] }\n";
    let arguments = ["--gateway", "one/empty", "http://a.example/"];
    let (code, _, error) = text_of(&arguments, &format!("{BOTH}{refused}"));
    assert_eq!(code, Some(2));
    assert!(error.starts_with("left out:\n"), "{error}");
    assert!(
        error.ends_with("error: Gateway one/empty was given, but is left out\n"),
        "{error}"
    );
}

/// Rules of TCPRoutes have no matches.
#[test]
fn the_place_of_a_rule_without_matches_is_that_of_the_rule() {
    let (code, text, _) = text_of(&["tcp://a.example:5000"], BOTH);
    assert_eq!(code, Some(0));
    assert!(
        text.contains("\nroute     TCPRoute one/raw, rule 0\n"),
        "{text}"
    );
    let (_, text, _) = text_of(&["--gateway", "one/front", "http://a.example/"], BOTH);
    assert!(
        text.contains("\nroute     HTTPRoute one/cart, rule 0, match 0\n"),
        "{text}"
    );
}

#[test]
fn the_outcome_of_a_refused_request_says_what_the_client_sees() {
    for (url, outcome, refusal) in [
        (
            "https://a.example:80/",
            "refused: the TLS handshake fails",
            "tlsHandshake",
        ),
        (
            "http://a.example:9/",
            "refused: nobody listens there",
            "noListener",
        ),
    ] {
        let arguments = ["--gateway", "one/front", url];
        let (code, text, _) = text_of(&arguments, BOTH);
        assert_eq!(code, Some(1));
        assert!(
            text.starts_with(&format!("outcome   {outcome}\n")),
            "{text}"
        );
        let (_, json, _) = text_of(&[&arguments[..], &["-o", "json"]].concat(), BOTH);
        let answer: Value = serde_json::from_str(&json).unwrap();
        assert_eq!(
            (&answer["outcome"], &answer["refusal"]),
            (&"refused".into(), &refusal.into())
        );
    }
}

/// The exit code is 1 for what is left out, also where the request has nothing to do with it.
#[test]
fn a_request_that_arrives_and_exits_with_1_says_why() {
    let arguments = ["--gateway", "one/front", "http://a.example/"];
    let (code, text, _) = text_of(&arguments, BOTH);
    assert_eq!(code, Some(0));
    assert!(!text.contains("exit code"), "{text}");
    let refused = "---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: { name: a, namespace: one }\nspec: { oops: 1, hostnames: [b.example] }\n";
    let (code, text, _) = text_of(&arguments, &format!("{BOTH}{refused}"));
    assert_eq!(code, Some(1));
    assert!(text.starts_with("outcome   forwarded"), "{text}");
    assert_eq!(text.matches("exit code").count(), 1, "{text}");
    assert!(text.contains("\nleft out (hence exit code 1):\n"), "{text}");
    let class = "---\napiVersion: gateway.networking.k8s.io/v1\nkind: GatewayClass\nmetadata: { name: anny }\nspec: { controllerName: a.example/b }\n";
    let (code, text, _) = text_of(&arguments, &format!("{BOTH}{class}"));
    assert_eq!(code, Some(1));
    let last =
        "\n\nexit code 1: the request was forwarded, but there is something to correct: see help\n";
    assert!(text.ends_with(last), "{text}");
}

#[test]
fn the_first_command_of_readme_prints_what_readme_shows() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    let block = |begin: &str| {
        let (_, rest) = readme.split_once(begin).unwrap();
        rest.split_once("```").unwrap().0
    };
    let command = block("cargo run -q -- ");
    let manifest = root.join("examples/manifests/canary.yaml");
    let arguments: Vec<&str> = command
        .split_whitespace()
        .map(|argument| match argument {
            "examples/manifests/canary.yaml" => manifest.to_str().unwrap(),
            argument => argument,
        })
        .collect();
    let output = gwapi(&arguments, "");
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        block("```text\n")
    );
}
