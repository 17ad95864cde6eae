//! Help for requests that a route would have taken but for its hostname or its parent: the sentences that `status` has.

use crate::support::{gwapi, run};
use serde_json::Value;

/// A Gateway for `*.example.com`, a Service and a route with these parents and hostnames.
fn set(parents: &str, hosts: &str) -> String {
    format!(
        "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {{name: gw, namespace: net}}\nspec:\n  \
         gatewayClassName: x\n  listeners: [{{name: http, port: 80, protocol: HTTP, hostname: '*.example.com', \
         allowedRoutes: {{namespaces: {{from: All}}}}}}]\n---\napiVersion: v1\nkind: Service\nmetadata: {{name: s, namespace: shop}}\n\
         spec: {{ports: [{{port: 80}}]}}\n---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\n\
         metadata: {{name: r, namespace: shop}}\nspec: {{parentRefs: [{parents}], hostnames: [{hosts}], \
         rules: [{{backendRefs: [{{name: s, port: 80}}]}}]}}\n"
    )
}

/// What the answer to a request helps with, and why it is so.
fn asked(set: &str) -> (Vec<String>, String) {
    let url = "http://shop.example.com/";
    let (code, json) = run(&["request", "-", "-o", "json", url], set);
    assert_eq!(code, Some(1), "{json}");
    let answer: Value = serde_json::from_str(&json).unwrap();
    let texts = |field: &str| -> Vec<String> {
        let texts = answer[field].as_array().unwrap().iter();
        texts.map(|one| one.as_str().unwrap().to_owned()).collect()
    };
    (texts("help"), texts("why").join("\n"))
}

/// What `status` helps with.
fn said_by_status(set: &str) -> String {
    String::from_utf8(gwapi(&["status", "-"], set).stdout).unwrap()
}

const PARENT: &str = "{name: gw, namespace: net}";

#[test]
fn a_route_that_is_rejected_for_its_hostname_is_named_with_the_help_of_status() {
    for (hosts, help) in [
        (
            "shop.exmaple.com",
            "`shop.exmaple.com` is nearly within `*.example.com`, which listener `http` serves",
        ),
        (
            "shop.example.org",
            "give the route a hostname within `*.example.com`, which listener `http` serves, or give the listener one that the route names",
        ),
    ] {
        let set = set(PARENT, hosts);
        let (found, why) = asked(&set);
        assert_eq!(found, [format!("HTTPRoute shop/r: {help}")], "{why}");
        assert!(said_by_status(&set).contains(help));
    }
    // Nearly the host that is asked for: why it is not taken is said, too.
    let (_, why) = asked(&set(PARENT, "shop.exmaple.com"));
    let rejected =
        "HTTPRoute shop/r is rejected by Gateway net/gw: listener `http` serves `*.example.com`";
    assert!(why.contains(rejected), "{why}");
    // Beside a hostname that is served.
    let (found, why) = asked(&set(PARENT, "a.example.com, shop.exmaple.com"));
    let near = "HTTPRoute shop/r: `shop.exmaple.com` is nearly within `*.example.com`, which listener `http` serves";
    assert_eq!(found, [near], "{why}");
    // Of several, those first that are nearest.
    let far =
        set(PARENT, "shop.example.org").replace("metadata: {name: r,", "metadata: {name: far,");
    let both = far
        + "---\n"
        + &set(PARENT, "shop.exmaple.com")
            .split("---\n")
            .skip(2)
            .collect::<String>();
    let (found, why) = asked(&both);
    assert_eq!(found.len(), 1, "{why}");
    assert!(found[0].starts_with("HTTPRoute shop/r: "), "{found:?}");
}

#[test]
fn a_route_that_names_no_parent_or_one_of_another_kind_is_named() {
    let none = set("", "shop.example.com");
    let (found, why) = asked(&none);
    assert_eq!(found, ["HTTPRoute shop/r: name a Gateway in `parentRefs`"]);
    let said = "the route names no parent: no listener and no Service has it";
    assert!(
        why.contains(&format!("HTTPRoute shop/r has no effect: {said}")),
        "{why}"
    );
    let status = said_by_status(&none);
    assert!(
        status.contains(said) && status.contains("help: name a Gateway in `parentRefs`"),
        "{status}"
    );

    let service = set(
        "{name: gw, namespace: net, kind: Service, group: ''}",
        "shop.example.com",
    );
    let help =
        "there is a Gateway `gw` in namespace `net`: leave `kind` and `group` out of the reference";
    let (found, why) = asked(&service);
    assert_eq!(found, [format!("HTTPRoute shop/r: {help}")], "{why}");
    assert!(said_by_status(&service).contains(help));
    let (_, found) = run(&["validate", "-"], &service);
    assert!(found.contains(&format!("help: {help}\n")), "{found}");

    // The other way round, in a mesh.
    let gateway = set("{name: s}", "");
    let help = "there is a Service `s` in namespace `shop`: write `group: \"\"` and `kind: Service` in the reference";
    assert!(
        said_by_status(&gateway).contains(help),
        "{}",
        said_by_status(&gateway)
    );
}
