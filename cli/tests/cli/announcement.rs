//! What the announcement of v1.1.0 promises, shown by `gwapi request` on the files of `examples/announcement`.

use crate::support::gwapi;
use serde_json::Value;
use std::path::Path;

const AT: [&str; 2] = ["--at", "2024-05-09T12:00:00Z"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn request(name: &str, arguments: &[&str]) -> (Option<i32>, Value) {
    let file = root().join(format!("examples/announcement/{name}.yaml"));
    let file = file.to_str().unwrap();
    let always = ["request", "-f", file, "-o", "json"];
    let output = gwapi(&[&always, &AT[..], arguments].concat(), "");
    let answer = serde_json::from_slice(&output.stdout);
    (
        output.status.code(),
        answer.unwrap_or_else(|error| panic!("{error}: {output:?}")),
    )
}

/// "Do a canary deployment of a workload deep in an application's call graph": by header, and by weight.
#[test]
fn a_canary_on_a_mesh_service_is_chosen_by_header_and_by_weight() {
    for from in ["faces", "elsewhere"] {
        let url = "http://palette.faces/";
        let canary = [
            "--from",
            from,
            "-H",
            "x-canary: always",
            "--count",
            "50",
            url,
        ];
        let (code, answer) = request("mesh-canary", &canary);
        assert_eq!(
            (code, answer["split"].as_array().unwrap().len()),
            (Some(0), 1)
        );
        assert_eq!(answer["split"][0]["backend"]["name"], "palette-next");
        assert_eq!(answer["route"]["rule"], 0);

        let (code, answer) = request("mesh-canary", &["--from", from, "--count", "1000", url]);
        assert_eq!((code, &answer["route"]["rule"]), (Some(0), &1.into()));
        let split = answer["split"].as_array().unwrap();
        let names: Vec<_> = split.iter().map(|row| &row["backend"]["name"]).collect();
        assert_eq!(names, ["palette", "palette-next"]);
        for row in split {
            assert_eq!(row["share"], "1/2");
            assert!(
                (430..=570).contains(&row["count"].as_i64().unwrap()),
                "{row}"
            );
        }
    }
}

/// "Validate the certificate that a client shows": with one, without, with a wrong one.
#[test]
fn a_gateway_lets_in_clients_with_a_certificate_of_its_authority_and_no_others() {
    let with = |certificate: Option<&str>| {
        let file =
            certificate.map(|name| root().join(format!("tests/fixtures/certificates/{name}.crt")));
        let mut arguments = vec!["https://a.example.com/orders"];
        if let Some(file) = &file {
            arguments.extend(["--client-cert", file.to_str().unwrap()]);
        }
        let (code, answer) = request("client-certificates", &arguments);
        let why = answer["why"].to_string();
        (
            code,
            answer["outcome"].as_str().unwrap().to_owned(),
            answer["refusal"].clone(),
            why,
        )
    };
    let (code, outcome, _, why) = with(Some("client"));
    assert_eq!((code, outcome.as_str()), (Some(0), "forwarded"), "{why}");
    assert!(
        why.contains("the certificate of the client is valid"),
        "{why}"
    );
    for (certificate, reason) in [
        (
            None,
            "demands a certificate of its clients, and there is none",
        ),
        (
            Some("client-by-rsa"),
            "is by no authority that the listener trusts",
        ),
        (
            Some("client-ca-forged"),
            "the certificate of the client is not valid: CaUsedAsEndEntity",
        ),
        (
            Some("client-expired"),
            "the certificate of the client has expired",
        ),
        (
            Some("client-early"),
            "the certificate of the client is not valid yet",
        ),
        (Some("client-server"), "is not one for clients"),
    ] {
        let (code, outcome, refusal, why) = with(certificate);
        assert_eq!(
            (code, outcome.as_str()),
            (Some(1), "refused"),
            "{certificate:?}: {why}"
        );
        assert_eq!(refusal, "tlsHandshake");
        assert!(why.contains(reason), "{certificate:?}: {why}");
    }
}

/// Certificates are judged by the time of each request, and a request that does not arrive shows in the exit code.
#[test]
fn certificates_begin_and_end_between_the_requests_of_one_client() {
    let fixture = |name: &str| root().join(format!("tests/fixtures/certificates/{name}.crt"));
    let file = root().join("examples/announcement/client-certificates.yaml");
    let text = std::fs::read_to_string(file).unwrap();
    let (before, rest) = text.split_once("        frontendValidation:").unwrap();
    let (_, after) = rest.split_once("---").unwrap();
    let of_everyone = format!("{before}---{after}");
    let url = "https://a.example.com/orders";
    // The certificate of the client `early` is valid from the last day of 2099 on; that of the listener ends with 2123.
    for (objects, certificate, at, outcomes, said) in [
        (
            &text,
            Some("client-early"),
            "2099-12-30T12:00:00Z",
            ["refused", "forwarded", "forwarded"],
            "exit code 1: 1 request did not arrive\n",
        ),
        (
            &of_everyone,
            None,
            "2123-12-30T12:00:00Z",
            ["forwarded", "forwarded", "refused"],
            "exit code 1: 1 request did not arrive\n",
        ),
    ] {
        let file = certificate.map(fixture);
        let shown = file
            .as_ref()
            .map(|file| ["--client-cert", file.to_str().unwrap()]);
        let shown = shown.as_ref().map_or(&[][..], |shown| &shown[..]);
        let repeat = [
            "request",
            "-f",
            "-",
            "--at",
            at,
            "--repeat",
            "3",
            "--advance",
            "24h",
            url,
        ];
        let asked = |more: &[&str]| gwapi(&[&repeat[..], shown, more].concat(), objects);
        let json = asked(&["-o", "json"]);
        let answer: Value = serde_json::from_slice(&json.stdout).unwrap();
        let rows = answer["requests"].as_array().unwrap().iter();
        let got: Vec<_> = rows.map(|row| row["outcome"].as_str().unwrap()).collect();
        assert_eq!(got, outcomes, "{certificate:?}");
        let text = asked(&[]);
        assert_eq!([json.status.code(), text.status.code()], [Some(1); 2]);
        let text = String::from_utf8(text.stdout).unwrap();
        assert!(text.contains(said), "{text}");
    }
}

/// The addresses that the requests of one client reached, and what became of its session.
fn sessions(arguments: &[&str]) -> Vec<(String, String, Option<String>)> {
    let (code, answer) = request(
        "session-persistence",
        &[arguments, &["http://shop.example/cart"]].concat(),
    );
    assert_eq!(code, Some(0), "{answer:#}");
    let requests = answer["requests"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    requests
        .map(|row| {
            (
                text(&row["endpoint"]["address"]).unwrap(),
                text(&row["session"]["state"]).unwrap(),
                text(&row["session"]["refused"]),
            )
        })
        .collect()
}

/// "Session persistence … directed to the same backend": for as long as it is used, and no longer than the absolute timeout.
#[test]
fn a_backend_lb_policy_keeps_a_client_at_a_pod_until_one_of_the_timeouts() {
    // Used every 20 minutes: the idle timeout of 30 minutes begins anew, and the absolute one ends it after an hour.
    let used = sessions(&["--repeat", "7", "--advance", "20m"]);
    for hour in used.chunks(3) {
        let (first, rest) = hour.split_first().unwrap();
        assert_eq!(first.1, "new");
        for next in rest {
            assert_eq!((&next.0, next.1.as_str()), (&first.0, "established"));
        }
    }
    // The client's cookie is permanent and ends with the session, so that the client itself does not send it any more.
    assert_eq!(used[3].2, None);
    // Half an hour without a request is in time, and a second more is not.
    let idle = sessions(&["--repeat", "2", "--advance", "30m"]);
    assert_eq!(
        (&idle[1].0, idle[1].1.as_str()),
        (&idle[0].0, "established")
    );
    let idle = sessions(&["--repeat", "2", "--advance", "30m1s"]);
    assert_eq!(idle[1].1, "new");
    assert!(idle[1].2.as_ref().unwrap().contains("`idleTimeout`"));
    // Each seed begins elsewhere, and clients are spread over all pods.
    let begun: std::collections::BTreeSet<_> = (0..30)
        .map(|seed| {
            sessions(&["--seed", &seed.to_string(), "--repeat", "2"])
                .remove(1)
                .0
        })
        .collect();
    assert_eq!(begun.len(), 5, "{begun:?}");
}

#[test]
fn the_cookie_of_a_policy_is_permanent_without_a_path_and_ends_with_the_absolute_timeout() {
    let (_, answer) = request("session-persistence", &["http://shop.example/cart"]);
    let headers = answer["response"]["headers"].as_array().unwrap();
    let cookie = headers
        .iter()
        .find(|header| header[0] == "set-cookie")
        .unwrap();
    let cookie = cookie[1].as_str().unwrap();
    let (token, attributes) = cookie.split_once(';').unwrap();
    assert!(token.starts_with("cart-session="));
    assert!(attributes.contains("Max-Age=3600"), "{cookie}");
    assert!(
        attributes.contains("Expires=Thu, 09 May 2024 13:00:00 GMT"),
        "{cookie}"
    );
    assert!(
        attributes.contains("HttpOnly") && attributes.contains("SameSite=Strict"),
        "{cookie}"
    );
    assert!(
        !attributes.contains("Path") && !attributes.contains("Secure"),
        "{cookie}"
    );
    // `request` keeps nothing back: what the answer says of the session is what the response has.
    assert_eq!(answer["session"]["issued"], true);
    assert_eq!(answer["session"]["byRule"], false);
}
