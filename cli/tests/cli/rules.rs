//! `gwapi rules`: each example breaks the rule that it is shown for.

use crate::support::{gwapi, run};
use serde_json::Value;
use std::{fs, path::Path};

/// Rules whose examples are no part of an object, and what stands for them: a text that `validate` reads in their place.
const IN_WORDS: [(&str, &str); 3] = [
    (
        "input/placeholder",
        "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: r}\nspec: {hostnames: [\"app.${DOMAIN}\"]}\n",
    ),
    (
        "input/helm-template",
        "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata:\n  name: {{ .Values.name }}\n",
    ),
    (
        "input/unused-allow",
        "apiVersion: gateway.networking.k8s.io/v1\nkind: GatewayClass\nmetadata: {name: c}\nspec: {controllerName: a.b/c}\n---\n\
         # gwapi: allow Route/has-parent, because it is a test\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\n\
         metadata: {name: r}\nspec: {parentRefs: [{name: a}]}\n",
    ),
];

/// Rules whose examples need more than objects to be judged: a folder, a webhook, more than a release allows beside it.
const IN_NEED_OF_MORE: [&str; 9] = [
    "input/absent-resource",
    "RouteRules/names-distinct-of-tls",
    "input/link",
    "object/duplicate-key",
    "object/json",
    "object/too-many-findings",
    "object/type",
    "GatewayClass/release-known",
    "version/deprecated",
];

/// The objects that validation is tested with, of which each says what it breaks.
fn fixtures() -> Vec<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/validation");
    let mut objects = Vec::new();
    for file in fs::read_dir(folder).unwrap() {
        let text = fs::read(file.unwrap().path()).unwrap();
        let read = ::gwapi::manifest::read(&text, &::gwapi::manifest::ReadOptions::default());
        objects.extend(read.entries.into_iter().map(|entry| entry.value));
    }
    objects
}

/// What stands at a path such as `spec.rules[0].matches`.
fn at<'v>(object: &'v Value, path: &str) -> Option<&'v Value> {
    let pointer = path.replace('[', "/").replace(']', "").replace('.', "/");
    object.pointer(&format!("/{pointer}"))
}

/// Whether a fixture that says to break a rule has this at its place.
fn is_of_fixture(fixtures: &[Value], id: &str, path: &str, value: &Value) -> bool {
    fixtures.iter().any(|object| {
        let said = object.pointer("/metadata/annotations");
        said.is_some_and(|said| said.to_string().contains(id)) && at(object, path) == Some(value)
    })
}

/// Whether `validate` finds the rule in a text, by any of the releases and channels.
fn is_found(id: &str, text: &str) -> bool {
    let by: [&[&str]; 4] = [
        &[],
        &["--channel", "experimental"],
        &["--release", "v1.1.0"],
        &["--channel", "experimental", "--release", "v1.4.0"],
    ];
    by.iter().any(|by| {
        let output = gwapi(&[&["validate", "-", "-o", "json"], *by].concat(), text);
        let found: Value = serde_json::from_slice(&output.stdout).unwrap();
        found
            .as_array()
            .unwrap()
            .iter()
            .any(|one| one["rule"] == id)
    })
}

#[test]
fn each_example_breaks_its_rule() {
    let (_, json) = run(&["rules", "-o", "json"], "");
    let rules: Vec<Value> = serde_json::from_str(&json).unwrap();
    let fixtures = fixtures();
    let mut shows_nothing = Vec::new();
    for rule in &rules {
        let (id, example) = (
            rule["id"].as_str().unwrap(),
            rule["example"].as_str().unwrap(),
        );
        // What belongs to tests is no part of an example.
        assert!(!example.contains("gwapi.test"), "{id}: {example}");
        // `validate` names none of these: `gwapi convert` and `gwapi upgrade-check` do.
        if id.starts_with("conversion/") || id.starts_with("upgrade/") {
            continue;
        }
        let text = IN_WORDS.iter().find(|(known, _)| *known == id);
        let text = text
            .map(|(_, text)| *text)
            .or(example.starts_with('{').then_some(example));
        let breaks = match (text, example.split_once(": ")) {
            _ if IN_NEED_OF_MORE.contains(&id)
                || example.contains('…')
                || example.contains("<a ") =>
            {
                true
            }
            (Some(text), _) => is_found(id, text),
            (None, Some((path, value))) => {
                let value = ::gwapi::manifest::read(
                    format!("apiVersion: v1\nkind: Value\nvalue: {value}\n").as_bytes(),
                    &::gwapi::manifest::ReadOptions::default(),
                );
                value
                    .entries
                    .first()
                    .is_some_and(|entry| is_of_fixture(&fixtures, id, path, &entry.value["value"]))
            }
            (None, None) => false,
        };
        if !breaks {
            shows_nothing.push((id, example));
        }
    }
    assert!(shows_nothing.is_empty(), "{shows_nothing:#?}");
    assert!(rules.len() > 200, "{}", rules.len());
}

#[test]
fn rules_of_other_verbs_are_known_and_what_follows_a_group_is_enough() {
    let (code, text) = run(&["rules", "upgrade/kind-replaced"], "");
    assert_eq!(code, Some(0), "{text}");
    assert_eq!(run(&["rules", "kind-replaced"], "").1, text);
    // Nothing that `validate` can be told of.
    assert!(!text.contains("--allow"), "{text}");
    let output = gwapi(&["validate", "-", "--allow", "upgrade/kind-replaced"], "");
    assert_eq!(output.status.code(), Some(2));
    let said = |arguments: &[&str]| String::from_utf8(gwapi(arguments, "").stderr).unwrap();
    let several = said(&["rules", "unknown-field"]);
    assert!(
        several.contains(
            "`conversion/unknown-field`, `schema/unknown-field`, `upgrade/unknown-field`"
        ),
        "{several}"
    );
    // What these verbs print is what is looked up.
    let route = "apiVersion: gateway.networking.k8s.io/v1\nkind: HttpRoute\nmetadata: {name: r}\n";
    for (arguments, known) in [
        (
            &["upgrade-check", "--to", "v1.5.0", "-"][..],
            "upgrade/kind-unknown",
        ),
        (&["convert", "-", "--to", "v1"], "conversion/"),
    ] {
        let output = gwapi(arguments, route);
        let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        let (_, id) = said
            .split_once(&format!("[{}", known.split('/').next().unwrap()))
            .unwrap_or_else(|| panic!("{said}"));
        let id = id.split(']').next().unwrap();
        let id = format!("{}{id}", known.split('/').next().unwrap());
        assert!(id.starts_with(known), "{said}");
        assert_eq!(run(&["rules", &id], "").0, Some(0), "{id}");
    }
}
