//! What a line may say, and what is said of what was taken.

use super::{ask, class, configured, gateway};
use serde_json::{Value, json};

/// What a client writes and the server does not know changes nothing, and is named with what is most likely meant.
#[test]
fn an_unknown_member_or_value_is_an_error_of_its_line() {
    let mut server = configured();
    for (line, said) in [
        (
            json!({"op": "configure", "options": {"controlerName": "example.com/a"}}),
            "there is no member `options.controlerName`: did you mean `controllerName`?",
        ),
        (
            json!({"op": "request", "request": {"url": "http://a.example/", "headrs": []}}),
            "there is no member `request.headrs`: did you mean `headers`?",
        ),
        (
            json!({"op": "request", "request": {"url": "http://a.example/", "backend": {"stats": 1}}}),
            "there is no member `request.backend.stats`: did you mean `status`?",
        ),
        (
            json!({"op": "clock", "advanc": "1h"}),
            "there is no member `advanc`: did you mean `advance`?",
        ),
        (
            json!({"op": "status", "all": true}),
            "there is no member `all`",
        ),
        (
            json!({"op": "apply", "objects": [], "object": []}),
            "there is no member `object`: did you mean `objects`?",
        ),
        (
            json!({"op": "delete", "objects": [{"apiVersion": "v1", "kind": "Service", "nmespace": "a", "name": "b"}]}),
            "there is no member `objects[0].nmespace`: did you mean `namespace`?",
        ),
        (
            json!({"op": "statu"}),
            "there is no `op` `statu`: did you mean `status`?",
        ),
        (
            json!({"op": "configure", "options": {"features": ["Gatewy"]}}),
            "`features`: there is no feature `Gatewy`: did you mean `Gateway`?",
        ),
        (
            json!({"op": "configure", "options": {"addresses": [{"value": "10.0.0.300"}]}}),
            "`addresses[0]`: `10.0.0.300` is not an IP address",
        ),
        (
            json!({"op": "configure", "options": {"unusableAddresses": [{"type": "Hostnam", "value": "a.example"}]}}),
            "`unusableAddresses[0]`: there is no type of address `Hostnam`: did you mean `Hostname`?",
        ),
        (
            json!({"op": "configure", "options": {"addresses": [{"type": "Hostname", "value": "a b"}]}}),
            "`addresses[0]`: `a b` is not a hostname",
        ),
        (
            json!({"op": "configure", "options": {"addresses": [{"typ": "Hostname", "value": "a.example"}]}}),
            "there is no member `options.addresses[0].typ`: did you mean `type`?",
        ),
    ] {
        let mut line = line;
        line["id"] = json!(7);
        let reply = ask(&mut server, &line);
        assert_eq!((&reply["ok"], &reply["id"]), (&json!(false), &json!(7)));
        let message = reply["error"]["message"].as_str().unwrap();
        assert!(message.ends_with(said), "{message}\n{said}");
    }
    let controllers = &server.resolver.options().controllers;
    assert!(controllers.include("example.com/ours"), "{controllers:?}");
    // All that is known is taken.
    for line in [
        json!({"op": "configure", "id": null, "options": {
            "controllerName": "example.com/ours", "features": ["Gateway"], "channel": "standard", "release": "v1.1.0",
            "addresses": [{"type": "IPAddress", "value": "2001:db8::1"}, {"type": "example.com/pool", "value": "x"}],
            "unusableAddresses": [{"type": "NamedAddress", "value": "x"}, {"type": "Hostname", "value": "a.example"}],
        }}),
        json!({"op": "apply", "objects": [class(), gateway(1)]}),
        json!({"op": "request", "request": {
            "method": "GET", "url": "http://a.example/", "headers": [["a", "b"]], "gateway": "shop/front", "port": 80,
            "address": "2001:db8::1", "from": null, "sni": "a.example", "protocol": "http/1.1",
            "backend": {"status": 200, "headers": [], "delay": "1s"},
        }}),
        json!({"op": "clock", "advance": "1s"}),
        json!({"op": "status"}),
        json!({"op": "delete", "objects": [{"apiVersion": "v1", "kind": "Service", "namespace": "a", "name": "b"}]}),
    ] {
        let reply = ask(&mut server, &line);
        assert_eq!(reply["ok"], true, "{reply}");
    }
}

/// What is taken and works otherwise than it looks is said with the objects, and with the statuses.
#[test]
fn warnings_are_in_the_replies() {
    let mut server = configured();
    let route = json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": {"name": "r", "namespace": "shop"},
        "spec": {"parentRefs": [{"name": "front"}], "rules": [{}]},
    });
    let service = json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "s", "namespace": "shop"}, "spec": {"ports": [{"port": 80}], "prots": []},
    });
    let paths = |reply: &Value| -> Vec<Value> {
        let warnings = reply["warnings"].as_array().unwrap();
        warnings.iter().map(|one| one["path"].clone()).collect()
    };
    let reply = ask(
        &mut server,
        &json!({"op": "apply", "objects": [class(), gateway(1), route, service]}),
    );
    let said = paths(&reply);
    for path in ["spec.rules[0]", "spec.prots"] {
        assert!(said.contains(&json!(path)), "{reply:#}");
        let all = ask(&mut server, &json!({"op": "status"}));
        assert!(paths(&all).contains(&json!(path)), "{all:#}");
    }
    let request = json!({"url": "http://a.example/", "gateway": "shop/front"});
    let answer = ask(&mut server, &json!({"op": "request", "request": request}));
    let why = answer["answer"]["why"].to_string();
    let help = answer["answer"]["help"].to_string();
    assert!(
        why.contains("HTTPRoute shop/r: spec.rules[0]: the rule has no backend"),
        "{answer:#}"
    );
    assert!(
        help.contains("Service shop/s: spec.prots: did you mean `ports`?"),
        "{answer:#}"
    );
    ask(
        &mut server,
        &json!({"op": "delete", "objects": [{"apiVersion": "v1", "kind": "Service", "namespace": "shop", "name": "s"}]}),
    );
    let all = ask(&mut server, &json!({"op": "status"}));
    assert!(!paths(&all).contains(&json!("spec.prots")), "{all:#}");
}
