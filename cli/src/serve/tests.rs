mod members;
mod sockets;

use super::*;
use serde_json::json;

const BOUNDS: Bounds = Bounds {
    max_line: 1 << 20,
    max_values: 10_000,
    max_depth: 120,
    max_reply: 1 << 20,
    max_remarks: 1_000,
};

/// The replies to a whole conversation.
fn said(input: &str, bounds: Bounds) -> Vec<Value> {
    let mut output = Vec::new();
    assert_eq!(
        converse(&mut input.as_bytes(), &mut output, bounds),
        Exit::Clean
    );
    let lines = output.split(|b| *b == b'\n').filter(|l| !l.is_empty());
    lines.map(|l| serde_json::from_slice(l).unwrap()).collect()
}

#[test]
fn what_is_beyond_a_bound_is_refused_by_name_and_the_conversation_goes_on() {
    let bounds = Bounds {
        max_line: 1_000,
        max_values: 200,
        max_depth: 120,
        max_reply: 300,
        max_remarks: 1_000,
    };
    let long = format!("{{\"op\": \"{}\"}}", "x".repeat(1_000));
    let many = format!("{{\"op\": [{}]}}", "0,".repeat(300) + "0");
    let deep = "[".repeat(500);
    let id = format!("{{\"id\": \"{}\", \"op\": \"status\"}}", "i".repeat(300));
    let last = "{\"id\": 1, \"op\": \"status\"}";
    let replies = said(&[&long, &many, &deep, &id, last].join("\n"), bounds);
    let wanted = [
        "`--max-line`",
        "`--max-values`",
        "`--max-depth`",
        "`--max-reply`",
    ];
    for (reply, wanted) in replies.iter().zip(wanted) {
        let message = reply["error"]["message"].as_str().unwrap();
        assert!(message.contains(wanted), "{message}");
    }
    assert_eq!(
        replies[4],
        json!({"id": 1, "ok": true, "items": [], "ignored": [], "warnings": [], "help": []})
    );
}

/// A header map of the crate `http` panics when it is asked to hold more than 24 576 names.
#[test]
fn more_header_names_than_a_request_can_have_are_an_error_and_the_conversation_goes_on() {
    let names = |many: usize| -> Vec<_> { (0..many).map(|n| (format!("x-{n}"), "v")).collect() };
    let bounds = Bounds {
        max_values: 1_000_000,
        ..BOUNDS
    };
    let most = gwapi::sim::Request::MOST_HEADERS;
    let lines = [most, most + 1, 24_576, 24_577].map(|many| {
        let (url, headers) = ("http://a/", names(many));
        let from_client = json!({"op": "request", "request": {"url": url, "headers": headers}});
        let from_backend =
            json!({"op": "request", "request": {"url": url, "backend": {"headers": headers}}});
        format!("{from_client}\n{from_backend}")
    });
    let world = json!({"op": "apply", "objects": [class(), gateway(1)]});
    let replies = said(&format!("{world}\n{}", lines.join("\n")), bounds);
    assert_eq!(replies.len(), 9);
    for answered in &replies[1..3] {
        assert_eq!(answered["ok"], true, "{answered}");
    }
    for refused in &replies[3..] {
        let message = refused["error"]["message"].as_str().unwrap();
        assert!(message.contains("more than 5000 header lines"), "{message}");
    }
}

/// Whoever owns one route cannot keep others from their answers: what a reply says beside its answer has a bound, and the rest
/// is counted.
#[test]
fn what_is_said_beside_an_answer_is_bounded_and_counted() {
    let mut server = Server::new(Bounds {
        max_remarks: 2,
        ..BOUNDS
    });
    let route = |name: &str, parents: &Value| {
        json!({
            "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute",
            "metadata": {"namespace": "shop", "name": name},
            "spec": {"parentRefs": parents, "rules": [{"name": "named"}]},
        })
    };
    let nameless: Vec<Value> = (0..20).map(|_| json!({})).collect();
    let mut objects = vec![class(), gateway(1)];
    for n in 0..5 {
        objects.push(route(&format!("good{n}"), &json!([{"name": "front"}])));
        objects.push(route(&format!("bad{n}"), &json!(nameless)));
    }
    let options = json!({"controllerName": "example.com/ours", "release": "v1.2.0"});
    ask(&mut server, &json!({"op": "configure", "options": options}));
    ask(&mut server, &json!({"op": "apply", "objects": objects}));
    let request = json!({"op": "request", "request": {"url": "http://a.example/"}});
    let answer = &ask(&mut server, &request)["answer"];
    for list in ["losers", "ignored", "experimental"] {
        assert_eq!(
            answer[list].as_array().unwrap().len(),
            2,
            "{list}: {answer}"
        );
    }
    let more = |member: &str| answer[member].as_u64();
    let counted = [
        "losersMore",
        "ignoredMore",
        "experimentalMore",
        "notImplementedMore",
    ];
    assert_eq!(counted.map(more), [Some(2), Some(3), Some(3), None]);
    let refused = &answer["ignored"][0];
    let (told, more) = (&refused["findings"], &refused["findingsMore"]);
    assert_eq!((told.as_array().unwrap().len(), more), (8, &json!(12)));
}

#[test]
fn a_status_whose_reply_was_too_long_is_told_by_the_next() {
    let apply = json!({"op": "apply", "objects": [class(), gateway(1)]}).to_string();
    let quiet = json!({"op": "apply", "objects": []}).to_string();
    let configure = json!({"op": "configure", "options": {"controllerName": "example.com/ours"}});
    // Statuses hold the time: of two servers it is the same only if nobody's clock moves.
    let server = |bounds| Server::with_clock(bounds, || Timestamp::UNIX_EPOCH);
    let mut other = server(BOUNDS);
    let lines = [configure.to_string(), apply.clone()];
    let whole = lines.map(|line| serde_json::to_value(other.answer(line.as_bytes())).unwrap());
    let length = whole[1].to_string().len();

    let bounds = Bounds {
        max_reply: length - 1,
        ..BOUNDS
    };
    let mut server = server(bounds);
    for line in [configure.to_string(), apply] {
        let mut output = Vec::new();
        let reply = server.answer(line.as_bytes());
        if lines::write(&mut output, &reply, bounds.max_reply).is_err() {
            server.untell();
        }
    }
    let reply = serde_json::to_value(server.answer(quiet.as_bytes())).unwrap();
    assert_eq!(reply["changed"], whole[1]["changed"]);
    let reply = serde_json::to_value(server.answer(quiet.as_bytes())).unwrap();
    assert_eq!(reply["changed"], json!([]));
}

fn ask(server: &mut Server, request: &Value) -> Value {
    let reply = server.answer(request.to_string().as_bytes());
    serde_json::to_value(reply).unwrap()
}

fn gateway(generation: u32) -> Value {
    json!({
        "apiVersion": "gateway.networking.k8s.io/v1beta1", "kind": "Gateway",
        "metadata": {"name": "front", "namespace": "shop", "generation": generation},
        "spec": {"gatewayClassName": "ours", "listeners": [{"name": "http", "port": 80, "protocol": "HTTP"}]},
    })
}

fn class() -> Value {
    json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "GatewayClass",
        "metadata": {"name": "ours", "generation": 1},
        "spec": {"controllerName": "example.com/ours"},
    })
}

fn configured() -> Server {
    let mut server = Server::new(BOUNDS);
    let reply = ask(
        &mut server,
        &json!({"id": [1], "op": "configure", "options": {
            "controllerName": "example.com/ours", "addresses": [{"type": "IPAddress", "value": "192.0.2.7"}],
        }}),
    );
    assert_eq!(reply, json!({"id": [1], "ok": true}));
    server
}

#[test]
fn a_changed_status_is_told_until_the_object_carries_it() {
    let mut server = configured();
    let reply = ask(
        &mut server,
        &json!({"op": "apply", "objects": [class(), gateway(2)]}),
    );
    assert_eq!(reply["ok"], true);
    let changed = reply["changed"].as_array().unwrap();
    assert_eq!(changed.len(), 2);
    let front = changed.iter().find(|o| o["kind"] == "Gateway").unwrap();
    assert_eq!(front["apiVersion"], "gateway.networking.k8s.io/v1beta1");
    assert_eq!(
        front["metadata"],
        json!({"namespace": "shop", "name": "front"})
    );
    assert_eq!(front["status"]["addresses"][0]["value"], "192.0.2.7");
    assert_eq!(front["status"]["conditions"][0]["observedGeneration"], 2);

    // Not written: told again as the object comes again.
    let again = ask(
        &mut server,
        &json!({"op": "apply", "objects": [gateway(2)]}),
    );
    assert_eq!(again["changed"].as_array().unwrap().len(), 1);

    let mut written = gateway(2);
    written["status"] = front["status"].clone();
    let quiet = ask(&mut server, &json!({"op": "apply", "objects": [written]}));
    assert_eq!(quiet["changed"], json!([]));
    assert_eq!(quiet["errors"], json!([]));

    let all = ask(&mut server, &json!({"op": "status"}));
    assert_eq!(all["items"].as_array().unwrap().len(), 2);
}

#[test]
fn a_malformed_line_gets_an_error_reply_and_the_conversation_goes_on() {
    let mut server = Server::new(BOUNDS);
    for line in [
        &b"\n"[..],
        b"{\n",
        b"[]\n",
        b"\xff\xfe\n",
        b"{\"op\": \"dance\"}\n",
        b"{\"op\": \"apply\"}\n",
        b"{\"op\": \"apply\", \"objects\": 3}\n",
        b"{\"op\": \"clock\", \"advance\": \"soon\"}\n",
        b"{\"op\": \"configure\", \"options\": {\"channel\": \"beta\"}}\n",
    ] {
        let reply = serde_json::to_value(server.answer(line)).unwrap();
        assert_eq!(reply["ok"], false, "{reply}");
        assert!(
            reply["error"]["message"]
                .as_str()
                .is_some_and(|m| !m.is_empty())
        );
    }
    let reply = ask(&mut server, &json!({"id": "x", "op": "status"}));
    assert_eq!(
        reply,
        json!({"id": "x", "ok": true, "items": [], "ignored": [], "warnings": [], "help": []})
    );
}

#[test]
fn an_object_that_cannot_be_read_hides_no_other() {
    let mut server = configured();
    let mut broken = gateway(1);
    broken["spec"]["listeners"] = json!(7);
    let reply = ask(
        &mut server,
        &json!({"op": "apply", "objects": [broken, class()]}),
    );
    assert_eq!(reply["changed"].as_array().unwrap().len(), 1);
    assert_eq!(reply["errors"][0]["object"]["name"], "front");
    assert_eq!(reply["errors"][0]["findings"][0]["path"], "spec.listeners");
    assert_eq!(reply["ignored"], json!([]), "nothing is named twice");
    let all = ask(&mut server, &json!({"op": "status"}));
    assert_eq!(all["ignored"][0]["name"], "front");
    let reply = ask(&mut server, &json!({"op": "apply", "objects": [7]}));
    assert_eq!(reply["errors"].as_array().map(Vec::len), Some(1));
    assert_eq!(reply["ignored"], json!([]));
}

#[test]
fn deleting_what_is_not_there_is_no_error() {
    let mut server = configured();
    ask(
        &mut server,
        &json!({"op": "apply", "objects": [class(), gateway(1)]}),
    );
    for _ in 0..2 {
        let reply = ask(
            &mut server,
            &json!({"op": "delete", "objects": [{
                "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway",
                "namespace": "shop", "name": "front",
            }]}),
        );
        assert_eq!(
            reply,
            json!({"ok": true, "changed": [], "errors": [], "ignored": [], "notImplemented": [], "warnings": []})
        );
    }
    let all = ask(&mut server, &json!({"op": "status"}));
    assert_eq!(all["items"].as_array().unwrap().len(), 1);
}

#[test]
fn the_clock_moves_only_forward_and_as_far_as_it_is_told() {
    let mut server = Server::new(BOUNDS);
    let read = |reply: Value| -> Timestamp { reply["now"].as_str().unwrap().parse().unwrap() };
    let before = read(ask(&mut server, &json!({"op": "clock"})));
    let after = read(ask(&mut server, &json!({"op": "clock", "advance": "1h"})));
    let moved = after.duration_since(before).as_secs();
    assert!((3600..3660).contains(&moved), "{moved}");
}

#[test]
fn a_request_is_answered_under_what_has_been_applied() {
    let mut server = configured();
    let route = json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute",
        "metadata": {"name": "cart", "namespace": "shop"},
        "spec": {"parentRefs": [{"name": "front"}], "rules": [{"filters": [
            {"type": "RequestRedirect", "requestRedirect": {"hostname": "new.example.com"}},
        ]}]},
    });
    let request = json!({"op": "request", "request": {
        "method": "GET", "url": "http://shop.example.com/cart", "headers": [["x-a", "1"]], "gateway": "shop/front",
    }});
    ask(
        &mut server,
        &json!({"op": "apply", "objects": [class(), gateway(1)]}),
    );
    let before = ask(&mut server, &request);
    assert_eq!(before["answer"]["status"], 404, "{before}");
    ask(&mut server, &json!({"op": "apply", "objects": [route]}));
    let after = ask(&mut server, &request);
    assert_eq!(after["answer"]["outcome"], "redirected", "{after}");
    for bad in [
        json!({"url": "/relative"}),
        json!({"url": "http://a/", "method": "G T"}),
        json!({"url": "http://a/", "gateway": "front"}),
        json!({"url": "http://a/", "headers": [["a b", "c"]]}),
        json!({"url": "http://a/", "backend": {"delay": "soon"}}),
    ] {
        let reply = ask(&mut server, &json!({"op": "request", "request": bad}));
        assert_eq!(reply["ok"], false, "{reply}");
    }
}

#[test]
fn an_object_that_an_api_server_refuses_is_named_and_leaves_what_was_in_force() {
    let mut server = configured();
    ask(
        &mut server,
        &json!({"op": "apply", "objects": [class(), gateway(1)]}),
    );
    let mut refused = gateway(2);
    refused["spec"]["listeners"][0]["prot"] = json!(80);
    let mistyped = json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HttpRoute",
        "metadata": {"name": "cart", "namespace": "shop"}, "spec": {},
    });
    let reply = ask(
        &mut server,
        &json!({"op": "apply", "objects": [refused, mistyped]}),
    );
    assert_eq!(reply["errors"], json!([]));
    let reasons = |reply: &Value| -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let ignored = reply["ignored"].as_array().unwrap().iter();
        ignored
            .map(|object| (text(&object["name"]), text(&object["reason"])))
            .collect()
    };
    let both = [
        ("front".to_owned(), "UnknownField".to_owned()),
        ("cart".to_owned(), "UnknownKind".to_owned()),
    ];
    assert_eq!(reasons(&reply), both);
    let all = ask(&mut server, &json!({"op": "status"}));
    assert_eq!(reasons(&all), both);
    let front = |all: &Value| {
        let items = all["items"].as_array().unwrap();
        let front = items.iter().find(|o| o["kind"] == "Gateway").cloned();
        front.map(|front| front["status"]["conditions"][0]["observedGeneration"].clone())
    };
    assert_eq!(front(&all), Some(json!(1)), "the earlier one is in force");
    let request =
        json!({"op": "request", "request": {"url": "http://a.example/", "gateway": "shop/front"}});
    let answer = ask(&mut server, &request);
    assert_eq!(reasons(&answer["answer"]), both);

    // Given again as it ought to be, or taken out, it is not named any more.
    let gone = json!({"op": "delete", "objects": [{
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HttpRoute", "namespace": "shop", "name": "cart",
    }]});
    ask(&mut server, &gone);
    ask(
        &mut server,
        &json!({"op": "apply", "objects": [gateway(3)]}),
    );
    let all = ask(&mut server, &json!({"op": "status"}));
    assert_eq!(reasons(&all), []);
    assert_eq!(front(&all), Some(json!(3)));
}

#[test]
fn another_channel_judges_what_was_given_anew() {
    let mut server = configured();
    let route = json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute",
        "metadata": {"name": "cart", "namespace": "shop"},
        "spec": {"parentRefs": [{"name": "front"}], "rules": [{"timeouts": {"request": "1s"}, "filters": [
            {"type": "RequestRedirect", "requestRedirect": {"hostname": "new.example.com"}},
        ]}]},
    });
    ask(
        &mut server,
        &json!({"op": "apply", "objects": [class(), gateway(1), route]}),
    );
    let request =
        json!({"op": "request", "request": {"url": "http://a.example/", "gateway": "shop/front"}});
    for (channel, status) in [("standard", 404), ("experimental", 302)] {
        ask(
            &mut server,
            &json!({"op": "configure", "options": {"controllerName": "example.com/ours", "channel": channel}}),
        );
        let answer = ask(&mut server, &request);
        assert_eq!(answer["answer"]["status"], status, "{channel}: {answer}");
        let ignored = answer["answer"]["ignored"].as_array().unwrap();
        assert_eq!(ignored.len(), usize::from(status == 404));
    }
}

/// "Statuses that change because of it are in the next reply": what was deleted has none to write.
#[test]
fn what_was_deleted_is_never_told_again() {
    let mut server = configured();
    ask(
        &mut server,
        &json!({"op": "apply", "objects": [class(), gateway(1)]}),
    );
    // The Gateway's status changes, and is not told before the Gateway goes.
    ask(
        &mut server,
        &json!({"op": "configure", "options": {"controllerName": "example.com/ours"}}),
    );
    let reply = ask(
        &mut server,
        &json!({"op": "delete", "objects": [
            {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "namespace": "shop", "name": "front"},
        ]}),
    );
    let kinds: Vec<_> = reply["changed"]
        .as_array()
        .unwrap()
        .iter()
        .map(|o| &o["kind"])
        .collect();
    assert!(!kinds.contains(&&json!("Gateway")), "{reply}");
    assert!(server.untold.is_empty());
    let again = ask(&mut server, &json!({"op": "apply", "objects": []}));
    assert_eq!(again["changed"], json!([]));
}

/// An object without `namespace` is in `default`, as for `kubectl`.
#[test]
fn an_object_is_deleted_without_its_namespace_where_that_is_default() {
    let mut server = configured();
    let mut in_default = gateway(1);
    in_default["metadata"] = json!({"name": "front"});
    ask(
        &mut server,
        &json!({"op": "apply", "objects": [class(), gateway(1), in_default]}),
    );
    let kinds = |server: &mut Server| -> Vec<String> {
        let all = ask(server, &json!({"op": "status"}));
        let items = all["items"].as_array().unwrap().iter();
        items
            .map(|o| format!("{} {}", o["kind"], o["metadata"]["namespace"]).replace('"', ""))
            .collect()
    };
    assert_eq!(
        kinds(&mut server),
        ["Gateway default", "Gateway shop", "GatewayClass null"]
    );
    let delete = |kind: &str, name: &str| {
        json!({"op": "delete", "objects": [
            {"apiVersion": "gateway.networking.k8s.io/v1", "kind": kind, "name": name},
        ]})
    };
    ask(&mut server, &delete("Gateway", "front"));
    assert_eq!(kinds(&mut server), ["Gateway shop", "GatewayClass null"]);
    ask(&mut server, &delete("GatewayClass", "ours"));
    assert!(kinds(&mut server).is_empty());
}

#[test]
fn options_reach_requests_that_come_after_them() {
    let mut server = configured();
    ask(
        &mut server,
        &json!({"op": "apply", "objects": [class(), gateway(1)]}),
    );
    let request = json!({"op": "request", "request": {"url": "http://192.0.2.9/"}});
    let listener = |server: &mut Server| ask(server, &request)["answer"]["gateway"].clone();
    assert_eq!(listener(&mut server)["name"], "front");
    ask(
        &mut server,
        &json!({"op": "configure", "options": {"controllerName": "example.com/theirs"}}),
    );
    assert_eq!(listener(&mut server), Value::Null);
}

/// A Gateway with a certificate: the Secret, and the Gateway itself.
fn with_certificate() -> (Value, Value) {
    let mut gateway = gateway(1);
    gateway["spec"]["listeners"][0] = json!({
        "name": "https", "port": 443, "protocol": "HTTPS", "tls": {"certificateRefs": [{"name": "cert"}]},
    });
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "cert", "namespace": "shop"},
        "type": "kubernetes.io/tls",
        "stringData": {
            "tls.crt": include_str!("../../../tests/fixtures/certificates/p256.crt"),
            "tls.key": include_str!("../../../tests/fixtures/certificates/p256.key"),
        },
    });
    (secret, gateway)
}

/// The condition `ResolvedRefs` of that Gateway's listener.
fn resolved(server: &mut Server) -> Value {
    let reply = ask(server, &json!({"op": "status"}));
    let items = reply["items"].as_array().unwrap();
    let gateway = items.iter().find(|o| o["kind"] == "Gateway").unwrap();
    let conditions = gateway["status"]["listeners"][0]["conditions"].clone();
    let conditions = conditions.as_array().unwrap().clone();
    let resolved = conditions.into_iter().find(|c| c["type"] == "ResolvedRefs");
    resolved.unwrap()
}

/// Certificates have to be valid at the time of the server's clock.
#[test]
fn a_certificate_expires_by_the_clock() {
    let mut server = configured();
    let (secret, gateway) = with_certificate();
    ask(
        &mut server,
        &json!({"op": "apply", "objects": [class(), secret, gateway]}),
    );
    assert_eq!(resolved(&mut server)["status"], "True");
    // A hundred years.
    for _ in 0..9 {
        ask(&mut server, &json!({"op": "clock", "advance": "99999h"}));
    }
    let expired = resolved(&mut server);
    assert_eq!(expired["status"], "False");
    assert_eq!(expired["reason"], "InvalidCertificateRef");
}

/// A certificate that was made after the server began is valid once it comes, though nobody has asked for the time.
#[test]
fn a_certificate_is_judged_by_the_time_at_which_it_comes() {
    let (secret, gateway) = with_certificate();
    let made_by = [
        // Before the certificate is valid, and after.
        ("1990-01-01T00:00:00Z", "False"),
        ("2030-01-01T00:00:00Z", "True"),
    ];
    for carrier in ["Secret", "List"] {
        let time = std::rc::Rc::new(std::cell::Cell::new(Timestamp::MIN));
        let clock = time.clone();
        let mut server = Server::with_clock(BOUNDS, move || clock.get());
        let mut class = class();
        class["spec"]["controllerName"] = json!(DEFAULT_CONTROLLER);
        ask(
            &mut server,
            &json!({"op": "apply", "objects": [class, gateway]}),
        );
        for (now, wanted) in made_by {
            time.set(now.parse().unwrap());
            let secret = match carrier {
                "List" => json!({"apiVersion": "v1", "kind": "List", "items": [secret]}),
                _ => secret.clone(),
            };
            ask(&mut server, &json!({"op": "apply", "objects": [secret]}));
            assert_eq!(
                resolved(&mut server)["status"],
                wanted,
                "{carrier} at {now}"
            );
        }
    }
}
