//! What every verb makes of manifests that are broken, missing or spread over files, folders and stdin.

use crate::support::gwapi;
use serde_json::Value;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

/// An empty folder of this test's own.
fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn route(name: &str, port: &str) -> String {
    format!(
        "---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata:\n  name: {name}\n  \
         namespace: shop\nspec:\n  parentRefs: [{{kind: Service, group: \"\", name: cart}}]\n  rules:\n  \
         - backendRefs:\n    - name: cart\n      port: {port}\n"
    )
}

fn fifty_with_one_broken() -> String {
    (0..50).fold(String::new(), |mut text, number| {
        let port = if number == 16 { "http" } else { "8080" };
        write!(text, "{}", route(&format!("route-{number}"), port)).unwrap();
        text
    })
}

#[test]
fn one_broken_object_of_fifty_is_named_and_the_others_are_judged() {
    let output = gwapi(
        &["validate", "-f", "-", "-o", "json"],
        fifty_with_one_broken(),
    );
    assert_eq!(output.status.code(), Some(1));
    let findings: Value = serde_json::from_slice(&output.stdout).unwrap();
    let errors: Vec<_> = findings
        .as_array()
        .unwrap()
        .iter()
        .filter(|finding| finding["severity"] == "error")
        .collect();
    assert_eq!(errors.len(), 1, "{findings:#}");
    let error = errors[0];
    assert_eq!(error["object"]["name"], "route-16");
    assert_eq!(error["path"], "spec.rules[0].backendRefs[0].port");
    assert_eq!(
        (&error["line"], &error["column"]),
        (&204.into(), &13.into())
    );
}

#[test]
fn one_broken_object_of_fifty_hides_no_other_from_a_request() {
    let services = "---\napiVersion: v1\nkind: Service\nmetadata: {name: cart, namespace: shop}\n\
                    spec: {ports: [{port: 8080}]}\n";
    let stream = fifty_with_one_broken() + services;
    let output = gwapi(
        &["request", "-f", "-", "-o", "json", "http://cart.shop:8080/"],
        &stream,
    );
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer["backend"]["name"], "cart", "{answer:#}");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("route-16"), "{said}");
    assert!(said.contains("<stdin>:204:13"), "{said}");
}

#[test]
fn files_and_folders_are_read_together_and_each_finding_names_its_file() {
    let folder = folder("files-and-folders");
    fs::create_dir(folder.join("below")).unwrap();
    fs::write(folder.join("one.yaml"), route("one", "http")).unwrap();
    fs::write(folder.join("below/two.yml"), route("two", "8080")).unwrap();
    fs::write(
        folder.join("below/three.jsonl"),
        "{\"kind\": \"A\"\n{\"apiVersion\": \"v1\", \"kind\": \"Namespace\", \"metadata\": {\"name\": \"a\"}}\n",
    )
    .unwrap();
    fs::write(folder.join("notes.txt"), "not: [a manifest").unwrap();
    let output = gwapi(
        &["validate", "-f", folder.to_str().unwrap(), "-o", "json"],
        "",
    );
    assert_eq!(output.status.code(), Some(1));
    let findings: Value = serde_json::from_slice(&output.stdout).unwrap();
    let files: Vec<_> = findings
        .as_array()
        .unwrap()
        .iter()
        .filter(|f| f["severity"] == "error")
        .map(|f| f["file"].as_str().unwrap().rsplit('/').next().unwrap())
        .collect();
    assert_eq!(files, ["three.jsonl", "one.yaml"], "{findings:#}");
}

#[test]
fn what_cannot_be_read_at_all_ends_with_2() {
    let empty = folder("empty");
    for path in ["no-such-file.yaml", empty.to_str().unwrap()] {
        let output = gwapi(&["validate", "-f", path], "");
        assert_eq!(output.status.code(), Some(2), "{path}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains(path), "{said}");
    }
    assert_eq!(gwapi(&["validate"], "").status.code(), Some(2));
    assert_eq!(gwapi(&["no-such-verb"], "").status.code(), Some(2));
}

#[test]
fn a_key_given_twice_is_a_finding_shown_in_its_line() {
    let text = route("one", "8080").replace("  name: one\n", "  name: zero\n  name: one\n");
    let output = gwapi(&["validate", "-f", "-"], &text);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert!(
        said.contains("metadata.name") && said.contains("twice"),
        "{said}"
    );
    assert!(!said.contains('\x1b'), "colour is for terminals only");
}
