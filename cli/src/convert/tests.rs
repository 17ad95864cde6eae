//! What becomes of documents.

use super::{stream::Output, *};
use gwapi::manifest::{self, ReadOptions};

fn convert(format: Format, text: &str) -> String {
    let mut out = Output::new(format, ReadOptions::default(), true, Vec::new());
    let (migration, mut total) = (Migration::default(), Total::new(10));
    out.file(
        "a.yaml",
        text.as_bytes(),
        &migration,
        &mut total,
        &mut |_, _, _| {},
    )
    .unwrap();
    String::from_utf8(out.writer).unwrap()
}

const OLD: &str =
    "apiVersion: gateway.networking.k8s.io/v1alpha2\nkind: GRPCRoute\nmetadata:\n  name: a\n";
const NEW: &str =
    "apiVersion: gateway.networking.k8s.io/v1\nkind: GRPCRoute\nmetadata:\n  name: a\n";

#[test]
fn unrelated_documents_pass_through_byte_for_byte() {
    for text in [
        "# c\napiVersion: v1 # d\nkind:   Service\n",
        "kind: A\n---\n# only a comment\n---\nkind: 'B'\n...\n%YAML 1.1\n---\nkind: C\n",
        "--- {kind: A}\n--- {kind: B}\n",
        "kind: A\n---#x\nkind: B\n---#\n# c\nkind: C\n",
        "broken: [\n---\nkind: A\n",
        "kind: A\nkind: B\n",
        "",
        "# nothing\n",
    ] {
        assert_eq!(convert(Format::Yaml, text), text);
    }
    assert_eq!(convert(Format::Yaml, "kind: A"), "kind: A\n");
}

#[test]
fn converted_documents_stand_in_their_place_with_all_comments() {
    let text = format!(
        "# head\n\n---\n# first\n{OLD}# inside\n---\nkind:  A\n--- # second\n{OLD}...\n%YAML 1.1\n---\nkind: B\n"
    );
    assert_eq!(
        convert(Format::Yaml, &text),
        format!(
            "# head\n\n---\n# first\n{NEW}# inside\n---\nkind:  A\n--- # second\n{NEW}...\n%YAML 1.1\n---\nkind: B\n"
        )
    );
}

#[test]
fn a_comment_right_behind_the_separator_makes_no_other_separator() {
    let text = format!("{OLD}---#x\n{OLD}---#y\n# so\n{OLD}--- \n---\t#z\n{OLD}");
    let new = text.replace(OLD, NEW);
    assert_eq!(convert(Format::Yaml, &text), new);
    assert_eq!(convert(Format::Yaml, &new), new);
    // What cannot be edited is written anew behind the separator.
    let alias = OLD.replace("name: a", "name: &n a\n  labels: {a: *n}");
    let anew = convert(Format::Yaml, &format!("kind: A\n---#x\n{alias}"));
    assert_eq!(anew.matches("---").count(), 1, "{anew}");
    // Where all before it is left out, it does not become the first line, which kubectl takes for a text.
    let migration = Migration {
        only_converted: true,
        ..Migration::default()
    };
    let mut out = Output::new(Format::Yaml, ReadOptions::default(), true, Vec::new());
    let left = format!("kind: A\n---#x\n{OLD}---#y\n{OLD}");
    out.file(
        "a.yaml",
        left.as_bytes(),
        &migration,
        &mut Total::new(10),
        &mut |_, _, _| {},
    )
    .unwrap();
    assert_eq!(
        String::from_utf8(out.writer).unwrap(),
        format!("---\n---#x\n{NEW}---#y\n{NEW}")
    );
}

/// What kubectl refuses for what stands before it is no object to anybody: it stays as it was, and so does all around it that is read.
#[test]
fn a_document_that_kubectl_does_not_read_where_it_stands_stays_as_it_was() {
    for text in [
        "---#x\nREFUSED---\nREAD",
        "READ---\n---#x\nREFUSED---\nREAD",
        "READ---#x\n---#y\nREFUSED---#z\nREAD",
        "# so\n---\n---#x\nREFUSED---\nREAD",
        "---\n---#x\nREAD---\nREAD",
        "...\nREFUSED---\nREAD",
        "READ---\n...\nREFUSED---\nREAD",
        "READ...\nREFUSED# so\n---\nREAD",
        "READ...\n# so\n---\nREAD",
        "---\n\u{FEFF}REFUSED---\nREAD",
    ] {
        let of = |read: &str| text.replace("READ", read).replace("REFUSED", OLD);
        let before = of(OLD);
        assert_eq!(convert(Format::Yaml, &before), of(NEW), "{text}");
        let read = manifest::read(before.as_bytes(), &ReadOptions::default());
        assert_eq!(read.errors.is_empty(), !text.contains("REFUSED"), "{text}");
    }
    // Behind other documents kubectl passes over a byte order mark.
    let marked = convert(Format::Yaml, &format!("{OLD}---\n\u{FEFF}{OLD}"));
    assert_eq!(marked.matches("/v1\n").count(), 2, "{marked}");
}

#[test]
fn several_values_in_one_place_stay_there_and_what_cannot_be_edited_is_written_anew() {
    let json = "{\"apiVersion\":\"gateway.networking.k8s.io/v1alpha2\",\"kind\":\"GRPCRoute\",\"metadata\":{\"name\":\"a\"}}\n{\"kind\":\"A\"}\n";
    assert_eq!(convert(Format::Yaml, json), json.replace("v1alpha2", "v1"));
    // One that cannot be edited becomes documents.
    let alias = json.replace("{\"kind\":\"A\"}", "").replace(
        "{\"name\":\"a\"}",
        "&m {\"name\":\"a\", \"uid\": \"1\"}, \"x\": *m",
    );
    assert_eq!(
        convert(Format::Yaml, &alias),
        format!("{NEW}x:\n  name: a\n  uid: \"1\"\n")
    );
    let pretty = convert(Format::Json, json);
    let values: Vec<serde_json::Value> = serde_json::Deserializer::from_str(&pretty)
        .into_iter()
        .map(Result::unwrap)
        .collect();
    assert_eq!(values.len(), 2);
    assert_eq!(values[1], serde_json::json!({"kind": "A"}));
}

#[test]
fn texts_that_look_like_something_else_stay_texts() {
    let hostile = serde_json::json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway",
        "metadata": {"name": "yes", "annotations": {
            "on": "no", "1": "0644", "a: b": "~", "null": "1e3", "n": "1_000", "<<": "2024-01-01",
            "long": "word ".repeat(60), "lines": "a\n  b\n\nc\n\n", "end": "x ", "odd": "\u{0}\u{85}\u{2028}☕\t",
            "marker": "---\na", "hash": "a #b", "empty": "", "quote": "'\"\\", "crlf": "\r\n", "dash": "- a",
        }},
        "spec": {"n": 18_446_744_073_709_551_615_u64, "f": 1.5, "deep": [[[]], {}, [{"a": [null]}]]},
    });
    let yaml = serde_saphyr::to_string(&hostile).unwrap();
    let read = manifest::read(yaml.as_bytes(), &ReadOptions::default());
    assert!(read.errors.is_empty(), "{:?}\n{yaml}", read.errors);
    assert_eq!(read.entries[0].value, hostile, "{yaml}");
}

#[test]
fn a_version_may_leave_out_its_group() {
    assert_eq!(
        api_version("v1").unwrap(),
        api_version("gateway.networking.k8s.io/v1").unwrap()
    );
    for bad in ["v2", "apps/v1", "", "V1"] {
        assert!(api_version(bad).is_err(), "{bad}");
    }
}
