//! Lines of `serve`: changes and requests in turn.

use super::{gateway_api, http_gateway, lines, route, service};
use gwapi::attachment::DEFAULT_CONTROLLER;
use serde_json::{Value, json};

/// Routes of one Gateway, each for a host of its own, and then so many changes of one with a request after each, as lines
/// for `serve`.
pub(crate) fn changes_in_turn(routes: usize, turns: usize) -> String {
    let for_host = |name: &str, host: &str| {
        route(
            name,
            json!({
                "parentRefs": [{"name": "g"}], "hostnames": [host],
                "rules": [{"backendRefs": [{"name": "s", "port": 80}]}],
            }),
        )
    };
    let routes = (0..routes).map(|n| for_host(&format!("r{n}"), &format!("h{n}.example.com")));
    let mut class = gateway_api(
        "GatewayClass",
        "c",
        json!({"controllerName": DEFAULT_CONTROLLER}),
    );
    class["metadata"] = json!({"name": "c"});
    let objects: Vec<Value> = [class, http_gateway("g"), service("s")]
        .into_iter()
        .chain(routes)
        .collect();
    let turns = (0..turns).flat_map(|n| {
        let host = format!("x{n}.example.com");
        [
            json!({"op": "apply", "objects": [for_host("r0", &host)]}),
            json!({"op": "request", "request": {"url": format!("http://{host}/")}}),
        ]
    });
    lines(
        [json!({"op": "apply", "objects": objects})]
            .into_iter()
            .chain(turns),
    )
}

/// Changes of the configuration in turn, each of which has all objects judged anew, as lines for `serve`.
pub(crate) fn configurations_in_turn(routes: usize, turns: usize) -> String {
    let first = changes_in_turn(routes, 0);
    let turns = (0..turns).map(|n| {
        let channel = ["standard", "experimental"][n % 2];
        json!({"op": "configure", "options": {"channel": channel}})
    });
    first + &lines(turns)
}

/// Requests that no route takes, as lines for `serve`.
pub(crate) fn requests_for_nobody(routes: usize, requests: usize) -> String {
    let first = changes_in_turn(routes, 0);
    let requests = (0..requests).map(
        |n| json!({"op": "request", "request": {"url": format!("http://nobody{n}.example.org/")}}),
    );
    first + &lines(requests)
}

/// Routes that are refused for 100 fields each, and then requests, as lines for `serve`: no answer may name all of it.
pub(crate) fn requests_beside_refused(routes: usize, requests: usize) -> String {
    let first = changes_in_turn(1, 0);
    let parents: Vec<Value> = (0..100).map(|_| json!({})).collect();
    let refused = (0..routes).map(|n| route(&format!("x{n}"), json!({"parentRefs": parents})));
    let refused = json!({"op": "apply", "objects": refused.collect::<Vec<_>>()});
    let requests = (0..requests)
        .map(|_| json!({"op": "request", "request": {"url": "http://h0.example.com/"}}));
    first + &lines([refused].into_iter().chain(requests))
}
