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
    sticky_at(kind, affinity, &[1, 2, 3])
}

/// The same with these endpoints, by the last number of their addresses.
fn sticky_at(kind: &str, affinity: &str, endpoints: &[u8]) -> String {
    let endpoints: Vec<_> = endpoints
        .iter()
        .map(|number| format!("{{ addresses: [10.1.0.{number}] }}"))
        .collect();
    let endpoints = endpoints.join(", ");
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
endpoints: [{endpoints}]
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
    // The keys follow from the seed, so that it stays.
    let call = |objects: &str, at: &str, seed: &str| {
        let arguments = ["--at", at, "--cookie-jar", jar, "--seed", seed, url];
        ask(objects, &arguments).1
    };
    let first = call(&objects, AT, "3");
    assert_eq!(first["session"]["state"], "new");
    let text = fs::read_to_string(jar).unwrap();
    assert!(text.starts_with("# Netscape HTTP Cookie File\n"), "{text}");
    assert!(
        text.contains("a.example\tFALSE\t/\tFALSE\t0\tx-session\t"),
        "{text}"
    );
    let address = first["endpoint"]["address"].as_str().unwrap();
    let own: u8 = address.rsplit('.').next().unwrap().parse().unwrap();
    // More endpoints: a client without the jar is sent to one of the others by the draws of the same seed.
    let grown: Vec<u8> = (1..=3).chain(11..=40).collect();
    let others = sticky_at("Cookie", "None", &grown);
    let second = "2024-05-09T12:59:59Z";
    let (_, fresh) = ask(&others, &["--at", second, "--seed", "3", url]);
    assert_eq!(fresh["session"]["state"], "new");
    assert_ne!(fresh["endpoint"], first["endpoint"]);
    let next = call(&others, second, "3");
    assert_eq!(next["session"]["state"], "established");
    assert_eq!(next["endpoint"]["address"], format!("10.1.0.{own}"));
    let refused = |answer: &Value| {
        assert_eq!(answer["session"]["state"], "new", "{answer:#}");
        answer["session"]["refused"].as_str().unwrap().to_owned()
    };
    let late = refused(&call(&objects, "2024-05-09T13:00:00Z", "3"));
    assert!(late.contains("`absoluteTimeout`"), "{late}");
    // Another seed has other keys.
    let other = refused(&call(&objects, "2024-05-09T13:00:01Z", "4"));
    assert_eq!(
        other,
        "the token is sealed with a key that is not in use any more"
    );

    fs::write(jar, "no cookie\n").unwrap();
    let output = gwapi(&["request", "-f", "-", "--cookie-jar", jar, url], &objects);
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("line 1 is not a cookie"), "{said}");
}

/// A file or a pipe may be of any length; what is too long is refused before it fills the memory.
#[test]
fn files_of_the_client_are_read_up_to_a_length_and_no_further() {
    let folder = scratch("lengths");
    let most = 16 << 20;
    for (option, url) in [
        ("--cookie-jar", "http://a.example/"),
        ("--client-cert", "https://a.example/"),
    ] {
        let file = folder.join(option);
        let path = file.to_str().unwrap();
        let said = |length: usize| {
            // A comment in both formats.
            fs::write(&file, "#".repeat(length)).unwrap();
            let output = gwapi(&["request", "-f", "-", option, path, url], SOUND);
            String::from_utf8(output.stderr).unwrap()
        };
        let limit = format!("`{path}` is too long: `{option}` reads no more than {most} bytes");
        assert!(!said(most).contains("too long"), "{option}");
        let long = said(most + 1);
        assert!(long.contains(&limit), "{long}");
        // What never ends ends here.
        if cfg!(unix) {
            let output = gwapi(&["request", "-f", "-", option, "/dev/zero", url], SOUND);
            let said = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(2), "{said}");
            assert!(said.contains("`/dev/zero` is too long"), "{said}");
        }
    }
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

/// What a client drops of each answer is one sentence, however often it asks.
#[test]
fn cookies_that_repeated_requests_drop_are_named_once() {
    let arguments = [
        "--backend-header",
        "set-cookie: a=1; Secure",
        "--repeat",
        "3",
        "http://a.example/",
    ];
    let (_, answer) = ask(SOUND, &arguments);
    let said =
        "the client drops the cookie `a`: it is `Secure`, and the response came in cleartext";
    let why = answer["why"].as_array().unwrap().iter();
    assert_eq!(why.filter(|why| *why == said).count(), 1, "{answer:#}");
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
