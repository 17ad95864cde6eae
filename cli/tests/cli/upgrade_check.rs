//! `gwapi upgrade-check`: what stands in the way of an upgrade, and from which release to which it leads.

use crate::convert::fixture;
use crate::support::{gwapi, newest, with_newest};
use serde_json::Value;

#[test]
fn an_upgrade_names_what_blocks_breaks_and_loses() {
    let check = |channel: &str| -> (Option<i32>, Value) {
        let installed = fixture("installed.yaml");
        let output = gwapi(
            &[
                "upgrade-check",
                "-f",
                &installed,
                "--to",
                "v1.1.0",
                "--channel",
                channel,
                "-o",
                "json",
            ],
            b"",
        );
        (
            output.status.code(),
            serde_json::from_slice(&output.stdout).unwrap(),
        )
    };
    let rules = |answer: &Value| -> Vec<String> {
        let findings = answer["findings"].as_array().unwrap().iter();
        findings
            .filter(|f| f["impact"] != "note")
            .map(|f| {
                format!(
                    "{} {} {}",
                    f["impact"].as_str().unwrap(),
                    f["rule"].as_str().unwrap(),
                    f["line"]
                )
            })
            .collect()
    };
    let (exit, standard) = check("standard");
    assert_eq!(exit, Some(1));
    assert_eq!(
        rules(&standard),
        [
            "breaks stored-version-not-served 15",
            "breaks kind-not-in-channel 57",
            "loses experimental-field 53",
        ]
    );
    let (exit, experimental) = check("experimental");
    assert_eq!(exit, Some(1));
    assert_eq!(
        rules(&experimental),
        [
            "blocks stored-version-removed 30",
            "breaks version-removed 57",
            "breaks cannot-be-converted 61",
        ]
    );
    assert_eq!(
        standard["findings"][0]["object"]["name"],
        "grpcroutes.gateway.networking.k8s.io"
    );
    assert!(experimental["steps"][0]["commands"][0].is_string());
}

#[test]
fn nothing_in_the_way_is_exit_0() {
    let output = gwapi(
        &["upgrade-check", "-f", "-"],
        b"apiVersion: v1\nkind: Service\n",
    );
    assert_eq!(output.status.code(), Some(0));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.starts_with(&with_newest(
            "Nothing stands in the way of NEWEST, standard channel."
        )),
        "{text}"
    );
}

/// The newest release unless another is named; from the release that is named, or that of the CRDs in the input.
#[test]
fn an_upgrade_leads_from_one_release_to_another() {
    let gateway = "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: a}\nspec:\n  gatewayClassName: c\n  \
        listeners:\n  - {name: a, port: 80, protocol: HTTP}\n  backendTLS: {clientCertificateRef: {name: d}}\n";
    let arguments = [
        "upgrade-check",
        "-f",
        "-",
        "--from",
        "v1.3.0",
        "--to",
        "v1.4.0",
        "--channel",
        "experimental",
    ];
    let output = gwapi(&arguments, gateway);
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stdout).unwrap();
    for part in [
        "loses: <stdin>:8:15: Gateway a: spec.backendTLS: the experimental channel of v1.4.0 has this in another form, and drops or \
         refuses this one [upgrade/form-changed]\n  help: use `spec.tls.backend`: `gwapi convert -f FILE --release v1.4.0 --channel experimental` does\n",
        // The CRD that is assumed stands nowhere in the input.
        "note: CustomResourceDefinition gateways.gateway.networking.k8s.io: status.storedVersions: ",
        "Not ready for v1.4.0, experimental channel: 0 blocking, 0 breaking, 1 losing a field.\nJudged as an upgrade from v1.3.0, as was asked.\n",
    ] {
        assert!(text.contains(part), "{part}\nin\n{text}");
    }
    let json = gwapi(&[arguments.as_slice(), &["-o", "json"]].concat(), gateway);
    let answer: Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(
        (&answer["from"], &answer["release"]),
        (&"v1.3.0".into(), &"v1.4.0".into())
    );
    let newer = gwapi(
        &[
            "upgrade-check",
            "-f",
            &fixture("installed.yaml"),
            "-o",
            "json",
        ],
        "",
    );
    let answer: Value = serde_json::from_slice(&newer.stdout).unwrap();
    assert_eq!(
        (&answer["from"], &answer["release"]),
        (&"v1.0.0".into(), &newest().into())
    );
    let back = gwapi(
        &[
            "upgrade-check",
            "-f",
            "-",
            "--from",
            "v1.4.0",
            "--to",
            "v1.1.0",
        ],
        gateway,
    );
    assert_eq!(back.status.code(), Some(2));
    let said = String::from_utf8(back.stderr).unwrap();
    assert_eq!(
        said,
        "error: `--from v1.4.0` is later than `--to v1.1.0`: an upgrade leads forward, give a later `--to`\n"
    );
}

/// All objects of `28-newer-kinds` are of known releases: none is called removed, and nobody is told to go back.
#[test]
fn objects_of_the_newest_releases_stand_in_nobodys_way() {
    let objects = "apiVersion: gateway.networking.k8s.io/v1\nkind: ListenerSet\nmetadata: {name: a, namespace: b}\n\
        spec: {parentRef: {name: gw}, listeners: [{name: z, port: 80, protocol: HTTP}]}\n---\n\
        apiVersion: gateway.networking.k8s.io/v1\nkind: ReferenceGrant\nmetadata: {name: a, namespace: b}\n\
        spec: {from: [{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: x}], to: [{group: \"\", kind: Service}]}\n";
    let output = gwapi(&["upgrade-check", "-f", "-"], objects);
    assert_eq!(output.status.code(), Some(0));
}

/// "The summary says which it was, and why", in text and in JSON.
#[test]
fn the_release_from_which_an_upgrade_leads_is_said_with_the_reason() {
    let set = "apiVersion: gateway.networking.x-k8s.io/v1alpha1\nkind: XListenerSet\nmetadata: {name: a}\n";
    let policy = "---\napiVersion: gateway.networking.k8s.io/v1alpha2\nkind: BackendLBPolicy\nmetadata: {name: a}\n";
    let check = |text: &str| {
        let output = gwapi(&["upgrade-check", "-f", "-"], text);
        let json = gwapi(&["upgrade-check", "-f", "-", "-o", "json"], text);
        let json: Value = serde_json::from_slice(&json.stdout).unwrap();
        (String::from_utf8(output.stdout).unwrap(), json)
    };
    let (text, json) = check(set);
    let reason = json["from_reason"].as_str().unwrap();
    assert_eq!(json["from"], "v1.4.1");
    assert!(
        reason.starts_with("v1.4.1, the newest release before ")
            && reason.contains("XListenerSet a"),
        "{reason}"
    );
    assert!(
        text.contains(&format!("\nJudged as an upgrade from {reason}.\n")),
        "{text}"
    );
    let (text, json) = check(&format!("{set}{policy}"));
    let reason = json["from_reason"].as_str().unwrap();
    assert_eq!(json["from"], Value::Null);
    assert!(reason.starts_with("no release up to "), "{reason}");
    assert!(
        text.contains(&format!(
            "\nJudged without a release from which the upgrade leads: {reason}; `--from` names"
        )),
        "{text}"
    );
}
