//! `gwapi convert` and `gwapi upgrade-check` on a backup: what comes out, and with which exit code.

use crate::support::gwapi;
use serde_json::Value;

fn fixture(name: &str) -> String {
    format!(
        "{}/../tests/fixtures/conversion/{name}",
        env!("CARGO_MANIFEST_DIR")
    )
}

#[test]
fn a_backup_comes_out_as_written_down_and_names_what_stayed_behind() {
    let output = gwapi(&["convert", "-f", &fixture("backup.yaml")], b"");
    let expected = std::fs::read_to_string(fixture("backup.expected.yaml")).unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    for part in [
        "backup.yaml:44:18: BackendTLSPolicy shop/bank: spec.targetRef.namespace: ",
        "[conversion/other-namespace]",
        "converted 2 of 3 objects",
    ] {
        assert!(said.contains(part), "{part} in {said}");
    }
}

#[test]
fn converting_again_changes_nothing() {
    let expected = std::fs::read(fixture("backup.expected.yaml")).unwrap();
    let output = gwapi(&["convert", "-f", "-"], &expected);
    assert_eq!(output.stdout, expected);
}

#[test]
fn there_and_back_is_the_backup_with_its_metadata_kept() {
    let policy =
        br#"{"apiVersion": "gateway.networking.k8s.io/v1alpha2", "kind": "BackendTLSPolicy",
        "metadata": {"name": "a", "namespace": "b", "uid": "1"},
        "spec": {"targetRef": {"group": "", "kind": "Service", "name": "c"},
            "tls": {"hostname": "c.example", "wellKnownCACerts": "System"}},
        "status": {"ancestors": []}}"#;
    let there = gwapi(
        &["convert", "-f", "-", "--keep-metadata", "-o", "json"],
        policy,
    );
    assert_eq!(there.status.code(), Some(0));
    let new: Value = serde_json::from_slice(&there.stdout).unwrap();
    assert_eq!(new["apiVersion"], "gateway.networking.k8s.io/v1alpha3");
    let back = [
        "convert",
        "-f",
        "-",
        "--keep-metadata",
        "--to",
        "v1alpha2",
        "-o",
        "json",
    ];
    let back = gwapi(&back, &there.stdout);
    let old: Value = serde_json::from_slice(&back.stdout).unwrap();
    assert_eq!(old, serde_json::from_slice::<Value>(policy).unwrap());
}

#[test]
fn a_document_that_cannot_be_read_passes_through_and_is_a_finding() {
    let text = b"a: [\n---\napiVersion: gateway.networking.k8s.io/v1alpha2\nkind: GRPCRoute\nmetadata:\n  name: b\n";
    let output = gwapi(&["convert", "-f", "-"], text);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        "a: [\n---\napiVersion: gateway.networking.k8s.io/v1\nkind: GRPCRoute\nmetadata:\n  name: b\n"
    );
}

#[test]
fn a_broken_object_is_named_though_its_version_stays_and_the_others_are_converted() {
    let text = b"apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\n\
        metadata: {name: sound, uid: 1-2}\nspec: {}\n---\n\
        apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata:   {name: broken, uid: 3-4}\n\
        spec:\n  rules:\n  - backendRefs: [{name: a, port: http}]\n---\n\
        apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {ports: 7}\n";
    let output = gwapi(&["convert", "-f", "-"], text);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.starts_with(
            "error: <stdin>:11:35: HTTPRoute broken: spec.rules[0].backendRefs[0].port: expected an integer, \
             found the text `http` [conversion/unreadable]\n"
        ),
        "{said}"
    );
    assert!(
        said.contains("1 could not be converted and stay as they were"),
        "{said}"
    );
    // The sound one loses what the server had set; the broken one and the Service keep every byte.
    let (_, kept) = std::str::from_utf8(text)
        .unwrap()
        .split_once("---")
        .unwrap();
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        format!(
            "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata:\n  name: sound\nspec: {{}}\n---{kept}"
        )
    );
}

#[test]
fn a_version_that_no_kind_has_and_a_file_that_is_not_there_are_failures() {
    let unknown = gwapi(
        &["convert", "-f", &fixture("backup.yaml"), "--to", "v7"],
        b"",
    );
    assert_eq!(unknown.status.code(), Some(2));
    let missing = gwapi(&["convert", "-f", "no/such/file.yaml"], b"");
    assert_eq!(missing.status.code(), Some(2));
    let missing = gwapi(&["upgrade-check", "-f", "no/such/file.yaml"], b"");
    assert_eq!(missing.status.code(), Some(2));
}

#[test]
fn an_upgrade_names_what_blocks_breaks_and_loses() {
    let check = |channel: &str| -> (Option<i32>, Value) {
        let installed = fixture("installed.yaml");
        let output = gwapi(
            &[
                "upgrade-check",
                "-f",
                &installed,
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
    assert!(text.starts_with("Nothing stands in the way of v1.1.0, standard channel."));
}
