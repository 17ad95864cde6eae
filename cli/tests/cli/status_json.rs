//! `status -o json` says what text says: whatever makes the exit code 1, and what would help.

use crate::support::{attachment_sets, gwapi};
use serde_json::Value;
use std::path::PathBuf;

/// The exit code, the text, and the JSON for these files.
fn both(files: &[PathBuf], stdin: &str) -> (Option<i32>, String, Value) {
    let mut arguments = vec!["status".to_owned()];
    for file in files {
        arguments.extend(["-f".to_owned(), file.to_string_lossy().into_owned()]);
    }
    let text: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let json = [&text[..], &["-o", "json"]].concat();
    let (text, json) = (gwapi(&text, stdin), gwapi(&json, stdin));
    assert_eq!(text.status.code(), json.status.code());
    (
        text.status.code(),
        String::from_utf8(text.stdout).unwrap(),
        serde_json::from_slice(&json.stdout).unwrap(),
    )
}

fn list<'j>(json: &'j Value, key: &str) -> &'j [Value] {
    json[key].as_array().map(Vec::as_slice).unwrap()
}

/// The sentences beside the conditions as text shows them: those of warnings, and those that help.
fn sentences(json: &Value) -> (Vec<String>, Vec<String>) {
    let shown = |value: &Value| {
        let text = value.as_str()?;
        Some(text.replace('\r', "\\r").replace('\n', "\\n"))
    };
    let warnings = list(json, "warnings").iter();
    let messages = warnings.clone().map(|one| shown(&one["message"]).unwrap());
    let of_warnings = warnings.filter_map(|one| shown(&one["help"]));
    let help = list(json, "help").iter();
    let help = help.map(|one| shown(&one["message"]).unwrap());
    (messages.collect(), of_warnings.chain(help).collect())
}

/// Whether a condition says that something is not as it ought to be.
fn is_bad(condition: &Value) -> bool {
    let good = match condition["type"].as_str().unwrap() {
        "Conflicted"
        | "PartiallyInvalid"
        | "ListenersNotValid"
        | "InsecureFrontendValidationMode" => "False",
        _ => "True",
    };
    condition["status"] != good || condition["reason"] == "ListenersNotValid"
}

/// The conditions at any depth.
fn conditions<'j>(value: &'j Value, found: &mut Vec<&'j Value>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| conditions(item, found)),
        Value::Object(members) => {
            for (key, member) in members {
                match member.as_array() {
                    Some(list) if key == "conditions" => found.extend(list),
                    _ => conditions(member, found),
                }
            }
        }
        _ => {}
    }
}

/// "Nothing is silent": what is wrong is named in text and in JSON alike.
#[test]
fn json_says_all_that_text_says_and_why_the_exit_code_is_1() {
    let (mut warned, mut helped) = (0, 0);
    for (name, files) in attachment_sets() {
        let (code, text, json) = both(&files, "");
        let (warnings, help) = sentences(&json);
        warned += warnings.len();
        helped += help.len();
        for line in text.lines().map(str::trim_start) {
            // What is left out has its own list.
            if line.starts_with("left out") || line.starts_with("not implemented") {
                break;
            }
            let of = |sentences: &[String]| sentences.iter().any(|one| line.contains(one));
            if line.starts_with("help: ") {
                assert!(of(&help), "{name}: {line}\n{json:#}");
            }
            let heads = [
                "warning: ",
                "not written",
                "no effect",
                "no room for",
                "rejected",
                "target ",
            ];
            let of_conditions =
                line.starts_with("rejected by ") || line.starts_with("rejected at: ");
            if heads.iter().any(|head| line.starts_with(head)) && !of_conditions {
                assert!(of(&warnings), "{name}: {line}\n{json:#}");
            }
        }
        for (place, warning) in list(&json, "warnings").iter().enumerate() {
            let twice = list(&json, "warnings")[..place].contains(warning);
            assert!(!twice, "{name}: {warning}");
        }
        for sentence in warnings.iter().chain(&help) {
            assert!(text.contains(&**sentence), "{name}: {sentence}\n{text}");
        }
        let mut all = Vec::new();
        conditions(&json["items"], &mut all);
        let wrong = all.into_iter().any(is_bad)
            || ["warnings", "ignored", "notImplemented"]
                .iter()
                .any(|key| !list(&json, key).is_empty());
        assert_eq!(code, Some(i32::from(wrong)), "{name}\n{text}\n{json:#}");
    }
    assert!(warned > 20 && helped > 20, "{warned} {helped}");
}

/// A rule without backends, whose requests are answered with 500, has no condition that says so.
#[test]
fn a_warning_names_its_object_its_field_and_what_would_be_right() {
    let objects = format!(
        "{}---\n{}",
        crate::support::SOUND,
        "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: { name: other, namespace: shop }\n\
         spec: { parentRefs: [{ name: front }], hostnames: [b.example], rules: [{}] }\n"
    );
    let (code, _, list) = both(&[PathBuf::from("-")], &objects);
    assert_eq!(code, Some(1));
    assert_eq!(list["ignored"], serde_json::json!([]));
    let message = "the rule has no backend and no redirect: its requests are answered with 500";
    assert_eq!(
        list["warnings"],
        serde_json::json!([{
            "group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "namespace": "shop", "name": "other",
            "path": "spec.rules[0]", "message": message, "help": "add `backendRefs`, or a filter that answers",
        }])
    );
    let yaml = gwapi(&["status", "-f", "-", "-o", "yaml"], &objects);
    let yaml = String::from_utf8(yaml.stdout).unwrap();
    assert!(
        yaml.contains("warnings:") && yaml.contains(message),
        "{yaml}"
    );
}

/// Entries of other controllers stay, and where they leave no room, the own entry is not written.
#[test]
fn what_is_not_written_is_told_to_programs_too() {
    let foreign: Vec<String> = (0..32)
        .map(|n| {
            format!(
                "{{ parentRef: {{ name: f{n} }}, controllerName: other.example/c, conditions: [] }}"
            )
        })
        .collect();
    let objects = crate::support::SOUND.replace(
        "rules: [{ backendRefs: [{ name: cart, port: 80 }] }] }\n",
        &format!(
            "rules: [{{ backendRefs: [{{ name: cart, port: 80 }}] }}] }}\nstatus: {{ parents: [{}] }}\n",
            foreign.join(", ")
        ),
    );
    let (code, text, json) = both(&[PathBuf::from("-")], &objects);
    assert_eq!(code, Some(1), "{text}");
    let (warnings, _) = sentences(&json);
    assert!(
        matches!(warnings.as_slice(), [one] if one.starts_with("not written: a status has room for 32 entries")),
        "{warnings:?}"
    );
    assert!(text.contains(&*warnings[0]), "{text}");
}
