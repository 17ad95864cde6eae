//! `gwapi request` as one client: cookies in a file, session headers, backends, and what is not simulated.

use crate::support::{SOUND, gwapi};
use serde_json::Value;
use std::{fs, path::PathBuf};

fn scratch(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
        .join("request_sessions")
        .join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// A route that keeps sessions at a Service of this affinity with three endpoints, and copies requests to `audit`.
fn sticky(kind: &str, affinity: &str) -> String {
    format!(
        "
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {{ name: front, namespace: shop }}
spec: {{ gatewayClassName: any, listeners: [{{ name: http, port: 80, protocol: HTTP }}] }}
---
apiVersion: v1
kind: Service
metadata: {{ name: cart, namespace: shop }}
spec: {{ sessionAffinity: {affinity}, ports: [{{ port: 80 }}] }}
---
apiVersion: v1
kind: Service
metadata: {{ name: audit, namespace: shop }}
spec: {{ ports: [{{ port: 80 }}] }}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {{ name: cart, namespace: shop, labels: {{ kubernetes.io/service-name: cart }} }}
addressType: IPv4
ports: [{{ port: 8080 }}]
endpoints: [{{ addresses: [10.1.0.1] }}, {{ addresses: [10.1.0.2] }}, {{ addresses: [10.1.0.3] }}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {{ name: cart, namespace: shop }}
spec:
  parentRefs: [{{ name: front }}]
  rules:
    - sessionPersistence: {{ sessionName: x-session, type: {kind}, absoluteTimeout: 1h }}
      timeouts: {{ request: 10s, backendRequest: 2s }}
      filters: [{{ type: RequestMirror, requestMirror: {{ backendRef: {{ name: audit, port: 80 }} }} }}]
      backendRefs: [{{ name: cart, port: 80 }}]
"
    )
}

const AT: &str = "2024-05-09T12:00:00Z";

fn ask(objects: &str, arguments: &[&str]) -> (Option<i32>, Value) {
    let always = ["request", "-f", "-", "-o", "json"];
    let output = gwapi(&[&always, arguments].concat(), objects);
    let answer = serde_json::from_slice(&output.stdout);
    (
        output.status.code(),
        answer.unwrap_or_else(|error| panic!("{error}: {output:?}")),
    )
}

#[test]
fn a_cookie_jar_carries_a_session_from_one_call_to_the_next() {
    let folder = scratch("jar");
    let jar = folder.join("cookies.txt");
    let jar = jar.to_str().unwrap();
    let objects = sticky("Cookie", "None");
    let url = "http://a.example/";
    let call = |at: &str, draws: &str| {
        // The keys follow from the seed, so that it stays; a fresh client would be sent elsewhere by its draws.
        ask(
            &objects,
            &["--at", at, "--cookie-jar", jar, "--seed", draws, url],
        )
        .1
    };
    let first = call(AT, "3");
    assert_eq!(first["session"]["state"], "new");
    let text = fs::read_to_string(jar).unwrap();
    assert!(text.starts_with("# Netscape HTTP Cookie File\n"), "{text}");
    assert!(
        text.contains("a.example\tFALSE\t/\tFALSE\t0\tx-session\t"),
        "{text}"
    );
    let next = call("2024-05-09T12:59:59Z", "3");
    assert_eq!(next["session"]["state"], "established");
    assert_eq!(next["endpoint"], first["endpoint"]);
    let late = call("2024-05-09T13:00:00Z", "3");
    assert_eq!(late["session"]["state"], "new");
    assert!(
        late["session"]["refused"]
            .as_str()
            .unwrap()
            .contains("`absoluteTimeout`")
    );
    // Another seed has other keys.
    let other = call("2024-05-09T13:00:01Z", "4");
    assert_eq!(other["session"]["state"], "new");
    assert!(other["session"]["refused"].is_string());

    fs::write(jar, "no cookie\n").unwrap();
    let output = gwapi(&["request", "-f", "-", "--cookie-jar", jar, url], &objects);
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("line 1 is not a cookie"), "{said}");
}

#[test]
fn repeated_requests_send_the_header_of_their_session() {
    let objects = sticky("Header", "None");
    let arguments = [
        "--at",
        AT,
        "--repeat",
        "5",
        "--advance",
        "20m",
        "http://a.example/",
    ];
    let (code, answer) = ask(&objects, &arguments);
    assert_eq!((code, &answer["repeat"]), (Some(0), &5.into()));
    let rows = answer["requests"].as_array().unwrap();
    let states: Vec<_> = rows
        .iter()
        .map(|row| row["session"]["state"].as_str().unwrap())
        .collect();
    assert_eq!(
        states,
        ["new", "established", "established", "new", "established"]
    );
    assert_eq!(rows[1]["endpoint"], rows[0]["endpoint"]);
    assert_eq!(rows[1]["at"], "2024-05-09T12:20:00Z");
    // The same arguments print the same, tokens included.
    assert_eq!(ask(&objects, &arguments).1, answer);

    let output = gwapi(
        &[&["request", "-f", "-"], &arguments[..]].concat(),
        &objects,
    );
    let text = String::from_utf8(output.stdout).unwrap();
    for line in [
        "5 requests of one client, seed 0\n",
        "  2024-05-09T12:20:00Z  200  Service shop/cart:80  10.1.0.",
        "  the session goes on\n",
        "session   header `x-session`: a new session\n",
        "timeouts  request 10s, backendRequest 2s\n",
        "mirror    Service shop/audit:80 gets GET http://a.example/\n",
        "assumed   the backend answers 200 at once\n",
        "          mirrors take their copies, and what they answer is thrown away\n",
    ] {
        assert!(text.contains(line), "{line}{text}");
    }
}

#[test]
fn the_backend_answers_as_it_is_told_and_what_is_assumed_is_said() {
    let objects = sticky("Cookie", "None");
    let (code, answer) = ask(
        &objects,
        &[
            "--backend-status",
            "404",
            "--backend-header",
            "x-by: cart",
            "--backend-delay",
            "1s",
            "http://a.example/",
        ],
    );
    assert_eq!((code, &answer["status"]), (Some(0), &404.into()));
    let headers = answer["response"]["headers"].as_array().unwrap();
    assert!(headers.contains(&serde_json::json!(["x-by", "cart"])));
    assert_eq!(
        answer["notSimulated"][0],
        "the backend answers 404 after 1s"
    );
    assert_eq!(answer["timeouts"]["backendRequest"], "2s");
    let (code, late) = ask(&objects, &["--backend-delay", "3s", "http://a.example/"]);
    assert_eq!((code, &late["status"]), (Some(1), &504.into()));
    assert_eq!(late["notSimulated"][0], "the backend takes 3s");
}

#[test]
fn an_option_that_says_nothing_for_the_scheme_is_an_error() {
    for (option, value, url) in [
        ("--sni", "a.example", "http://a.example/"),
        ("--client-cert", "/dev/null", "http://a.example/"),
        ("--cookie-jar", "/tmp/none", "tcp://a.example:1"),
        ("--protocol", "h2", "udp://a.example:1"),
        ("--backend-status", "500", "tls://a.example:1"),
        ("--backend-delay", "1s", "tcp://a.example:1"),
    ] {
        let output = gwapi(&["request", "-f", "-", option, value, url], SOUND);
        assert_eq!(output.status.code(), Some(2), "{option}: {output:?}");
        assert!(output.stdout.is_empty());
    }
    for arguments in [
        ["--repeat", "2", "--count", "2"],
        ["--cookie-jar", "x", "--count", "2"],
    ] {
        let arguments = [
            &["request", "-f", "-"],
            &arguments[..],
            &["http://a.example/"],
        ]
        .concat();
        assert_eq!(gwapi(&arguments, SOUND).status.code(), Some(2));
    }
}

/// GEP-1619, "Session Affinity in K8S Services": all verbs say so.
#[test]
fn client_ip_affinity_beside_session_persistence_is_said_by_every_verb() {
    let objects = sticky("Cookie", "ClientIP");
    let sentence = "Service `shop/cart` has `sessionAffinity: ClientIP`";
    for verb in [
        &["validate", "--channel", "experimental", "--deny-warnings"][..],
        &["status"],
        &["request"],
    ] {
        let url: &[&str] = if verb[0] == "request" {
            &["http://a.example/"]
        } else {
            &[]
        };
        let run = |objects: &str| {
            let output = gwapi(&[verb, &["-f", "-"], url].concat(), objects);
            (
                output.status.code(),
                String::from_utf8(output.stdout).unwrap(),
            )
        };
        let (code, text) = run(&objects);
        assert!(text.contains(sentence), "{verb:?}: {text}");
        assert_eq!(code, Some(1), "{verb:?}: {text}");
        assert!(
            !run(&sticky("Cookie", "None")).1.contains("sessionAffinity"),
            "{verb:?}"
        );
    }
}
