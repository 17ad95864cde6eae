//! `gwapi request` as programs and people meet it: exit codes and the keys of its JSON.

use crate::support::gwapi;
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
    assert_eq!(code, Some(0));
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
        why.contains("rule 0, match 0 did not win: fits, but the winner matches more headers"),
        "{why}"
    );
}

#[test]
fn a_redirect_reaches_no_backend() {
    let (code, answer) = request("storefront", &["http://shop.example/old/a?b=c"]);
    assert_eq!(
        (code, &answer["outcome"], &answer["status"]),
        (Some(0), &"redirected".into(), &301.into())
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
            .contains("HTTPRoute shop/admin is not attached")
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
