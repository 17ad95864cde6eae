//! Reading in steps is reading at once; bounds; what is kept.

use super::super::{Limits, Manifest, ReadOptions, decode, read, stream};
use super::*;
use serde_json::json;
use std::{fs, io, path::Path};

/// Gives a few bytes at a time.
struct Drops<'a>(&'a [u8], usize);

impl Read for Drops<'_> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let length = self.1.min(room.len()).min(self.0.len());
        let (given, rest) = self.0.split_at(length);
        room[..length].copy_from_slice(given);
        self.0 = rest;
        Ok(length)
    }
}

/// All manifests among the fixtures, and then some.
fn texts() -> Vec<Vec<u8>> {
    let mut texts: Vec<Vec<u8>> = [
        "{kind: A}\n---\n{\"kind\": \"B\"} # so\n---   \nkind: C\n",
        "{\"a\": [1,\n 2]}{\"b\": \n\n{\"c\": 1}\n]\n{\"d\": 1}",
        "\u{FEFF}kind: A\n---\n\u{FEFF}kind: B\n...\n",
        "--- # one\nkind: A\n--- {kind: B}\n---\n--- |\n text\n",
        "%YAML 1.2\n---\nkind: A\n",
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")];
    while let Some(folder) = folders.pop() {
        for file in fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if fs::metadata(&path).unwrap().len() < 100_000 {
                texts.push(fs::read(path).unwrap());
            }
        }
    }
    texts
}

#[test]
fn a_stream_in_drops_is_read_like_one_at_once() {
    let options = ReadOptions::default();
    for text in texts() {
        let whole = format!("{:?}", read(&text, &options));
        for step in [1, 7, 1_000] {
            let mut manifest = Manifest::default();
            for next in stream(Drops(&text, step), &options) {
                match next {
                    Ok(entry) => manifest.entries.push(entry),
                    Err(error) => manifest.errors.push(error),
                }
            }
            assert!(
                format!("{manifest:?}") == whole,
                "{}",
                String::from_utf8_lossy(&text)
            );
        }
    }
}

/// Lists, each with the same three items.
const LISTS: [&str; 4] = [
    r#"{"items": [{"metadata": {"name": "a"}, "x": [1, {"z": 2}]}, {"kind": "B"},
        {"kind": "List", "items": [{"kind": "C"}]}], "apiVersion": "v1", "kind": "TeaList"}"#,
    "apiVersion: v1\nitems:\n- metadata: {name: a}\n  x: [1, {z: 2}]\n- kind: B\n- kind: List\n  items:\n  - kind: C\nkind: TeaList\n",
    "# é\nkind: TeaList\napiVersion: v1\nitems:\n  -   metadata:\n        name: a\n      x: # of é\n        - 1\n        - z: 2\n  # next\n  - {kind: B}\n  -\n    kind: List\n    items: [{kind: C}]\nmetadata: {}\n",
    "{kind: TeaList, apiVersion: v1, items: [{metadata: {name: a}, x: [1, {z: 2}]},\n {kind: B}, {kind: List, items: [{kind: C}]}]}",
];

#[test]
fn a_list_item_by_item_is_the_list_as_a_whole() {
    for text in LISTS {
        let apart = read(text.as_bytes(), &ReadOptions::default());
        assert_eq!(apart.errors, [], "{text}");
        let whole = read(text.as_bytes(), &ReadOptions::default().with_whole_lists());
        let [whole] = whole.entries.as_slice() else {
            panic!("{text}");
        };
        let [a, b, c] = apart.entries.as_slice() else {
            panic!("{text}: {apart:?}");
        };
        let common = |kind: &str| json!({"apiVersion": "v1", "kind": kind});
        let mut wanted = common("Tea");
        wanted["metadata"] = json!({"name": "a"});
        wanted["x"] = json!([1, {"z": 2}]);
        assert_eq!((&a.value, &b.value), (&wanted, &common("B")));
        assert_eq!(c.value, json!({"kind": "C"}));
        for (entry, path, inside) in [
            (a, "items[0].x[1].z", "x[1].z"),
            (a, "items[0].metadata.name", "metadata.name"),
            (a, "items[0].x", "x"),
            (b, "items[1].kind", "kind"),
            (c, "items[2].items[0].kind", "kind"),
        ] {
            let positions = (&whole.positions, &entry.positions);
            assert_eq!(
                positions.0.find(path),
                positions.1.find(inside),
                "{text}: {path}"
            );
            assert_eq!(
                positions.0.key(path),
                positions.1.key(inside),
                "{text}: {path}"
            );
            assert!(positions.0.find(path).is_some());
        }
        assert_eq!(a.place.position, whole.positions.find("items[0]").unwrap());
        assert_eq!((a.place.item, b.place.item), (Some(0), Some(1)));
        assert_eq!(a.place.document, 0);
    }
}

/// Line and column of the first place where this stands in a text.
fn place_of(text: &str, what: &str) -> (usize, usize) {
    let before = &text[..text.find(what).unwrap()];
    let line = before.rsplit('\n').next().unwrap();
    (before.matches('\n').count() + 1, line.chars().count() + 1)
}

#[test]
fn an_item_has_its_place_however_the_list_is_written() {
    for text in [
        // In one line.
        "kind: List\nmetadata: {name: é}\nitems: [{kind: A, x0: é}, {kind: B, x1: [é]}, {kind: C, x2: {y: 1}}]\n",
        // An item in brackets over several lines.
        "kind: List\nitems: [{kind: A, x0: 1}, {kind: B,\n  metadata: {name: é}, x1: 1,\ny: 2}, {kind: C,\n\n x2: 1}]\n",
        // Behind dashes.
        "kind: List\nitems:\n  - {kind: A, x0: 1}\n  -   kind: é\n      x1: 1\n  -\n    kind: C\n    x2: 1\n",
        // JSON that a comment makes YAML.
        "# dump é\n{\"kind\":\"List\",\"items\":[{\"kind\":\"A\",\"x0\":1},{\"kind\":\"é\",\"x1\":1},{\"kind\":\"C\",\"x2\":1}]}\n",
        // In one line, though for YAML a carriage return ends one.
        "kind: List\ritems:\r- kind: A\r  x0: 1\r- kind: é\r  x1: 1\r- kind: C\r  x2: 1\r",
        // Items without braces of their own.
        "kind: List\nitems: [{kind: A, x0: 1}, x1: {kind: B}, ? x2\n : C]\n",
    ] {
        let apart = read(text.as_bytes(), &ReadOptions::default());
        assert_eq!(apart.errors, [], "{text}");
        assert_eq!(apart.entries.len(), 3, "{text}");
        let whole = read(text.as_bytes(), &ReadOptions::default().with_whole_lists());
        for (index, entry) in apart.entries.iter().enumerate() {
            let mut key = format!("\"x{index}\"");
            if !text.contains(&key) {
                key = format!("x{index}");
            }
            let found = entry.positions.key(&format!("x{index}")).unwrap();
            assert_eq!((found.line, found.column), place_of(text, &key), "{text}");
            let item = whole.entries[0].positions.value(&format!("items[{index}]"));
            assert_eq!(Some(entry.place.position), item, "{text}");
        }
    }
}

#[cfg(feature = "yaml")]
#[test]
fn what_stands_before_an_item_is_not_read_again_for_it() {
    use crate::manifest::{Position, reader::Reader, yaml};

    const COUNT: usize = 500;
    let start = Position { line: 1, column: 1 };
    let in_braces = vec!["{kind: A, x: {y: 1}}"; COUNT].join(", ");
    let as_json = vec![r#"{"kind":"A"}"#; COUNT].join(",");
    for text in [
        format!("kind: List\nitems: [{in_braces}]\n"),
        format!("# dump\n{{\"kind\":\"List\",\"items\":[{as_json}]}}\n"),
        format!(
            "kind: List\ritems:\r{}",
            "- kind: A\r  x: 1\r".repeat(COUNT)
        ),
        format!(
            "kind: List\nitems:\n{}",
            "          - kind: A\n            x: 1\n".repeat(COUNT)
        ),
    ] {
        let mut reader = Reader::new(Limits::default());
        let list = yaml::list(text.as_bytes(), start, &mut reader).unwrap();
        assert_eq!(list.items.len(), COUNT, "{text}");
        let documents = list.items.iter().map(|item| item.document(text.as_bytes()));
        let read: usize = documents.map(|(document, _)| document.len()).sum();
        // Each item, and each indentation.
        let (length, most) = (text.len(), 2 * text.len());
        assert!(read <= most, "{read} bytes are read of {length}");
    }
}

#[test]
fn an_item_that_cannot_be_read_hides_no_other() {
    for text in [
        r#"{"kind": "List", "metadata": {"a": 1, "a": 2}, "items": [{"kind": "A"}, {"kind": 1e999, "x": [1]}, {"kind": "C"}]}
           {"kind": "D"}"#,
        "items:\n- kind: A\n- kind: .inf\n- kind: C\nkind: List\nmetadata: {a: 1, a: 2}\n---\nkind: D\n",
    ] {
        let manifest = read(text.as_bytes(), &ReadOptions::default());
        let kinds: Vec<_> = manifest.entries.iter().map(RawObject::kind).collect();
        assert_eq!(kinds, ["A", "C", "D"]);
        assert_eq!(manifest.entries[2].place.document, 1);
        let [twice, broken] = manifest.errors.as_slice() else {
            panic!("{:?}", manifest.errors);
        };
        assert_eq!(twice.path(), "metadata.a");
        assert_eq!(broken.place().unwrap().item, Some(1));
    }
}

#[test]
fn a_list_whose_items_share_an_anchor_is_read_as_a_whole() {
    let text = "kind: List\nitems:\n- kind: A\n  x: &x {a: 1}\n- kind: B\n  x: *x\n";
    let manifest = read(text.as_bytes(), &ReadOptions::default());
    assert_eq!(manifest.errors, []);
    assert_eq!(manifest.entries[1].value["x"]["a"], 1);
}

fn limited(text: &str, set: impl FnOnce(&mut Limits)) -> (Vec<String>, Vec<&'static str>) {
    let mut limits = Limits::default();
    set(&mut limits);
    let manifest = read(text.as_bytes(), &ReadOptions::default().with_limits(limits));
    for error in &manifest.errors {
        let Some(name) = error.limit_name() else {
            panic!("{error}");
        };
        assert!(Limits::NAMES.contains(&name));
        assert!(error.message().contains(&format!("`{name}`")), "{error}");
        assert!(Limits::default().set(name, 1));
    }
    (
        manifest
            .entries
            .iter()
            .map(|e| e.kind().to_owned())
            .collect(),
        manifest
            .errors
            .iter()
            .filter_map(ReadError::limit_name)
            .collect(),
    )
}

#[test]
fn a_bound_of_an_object_is_named_and_the_rest_is_read() {
    let long = "x".repeat(200_000);
    let many = "1, ".repeat(1_000);
    let deep = format!("{}{}", "[".repeat(50), "]".repeat(50));
    for (separator, quote) in [("\n", "\""), ("\n---\n", "")] {
        let object = |kind: &str, more: &str| {
            let q = quote;
            format!("{{{q}kind{q}: {q}{kind}{q}, {q}x{q}: {more}}}")
        };
        let text = |more: &str| {
            [object("A", "1"), object("B", more), object("C", "[2]")].join(separator) + "\n"
        };
        let rest = || vec!["A".to_owned(), "C".to_owned()];
        let found = limited(&text(&format!("\"{long}\"")), |l| {
            l.max_document_bytes = 1_000;
        });
        assert_eq!(found, (rest(), vec!["max_document_bytes"]));
        let found = limited(&text(&format!("[{many}1]")), |l| {
            l.max_values = 100;
        });
        assert_eq!(found, (rest(), vec!["max_values"]));
        let found = limited(&text(&deep), |l| {
            l.max_depth = 20;
        });
        assert_eq!(found, (rest(), vec!["max_depth"]));
    }
    let aliases = "kind: A\n---\na: &a [1, 2, 3]\nb: [*a, *a, *a]\n---\nkind: C\n";
    let found = limited(aliases, |l| {
        l.max_alias_bytes = 300;
    });
    assert_eq!(found.1, ["max_alias_bytes"]);
    assert_eq!(found.0, ["A", "C"]);
    // Documents that are each within the bound must not expand to more and more together.
    let bomb = "kind: B\na: &a [x, x, x, x, x, x, x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a]\nc: &c [*b, *b, *b, *b, *b, *b, *b, *b]\nd: [*c, *c, *c, *c, *c, *c, *c, *c]\n---\n";
    let few = "kind: C\na: &a [1]\nb: *a\n";
    let found = limited(&(bomb.repeat(50) + few), |l| {
        l.max_alias_bytes = 250_000;
    });
    assert_eq!((found.0.len(), found.1.len()), (2, 49));
    assert_eq!(found.0.last().map(String::as_str), Some("C"));
    assert!(found.1.iter().all(|limit| *limit == "max_alias_bytes"));
    // Of a list, a bound of an object is one of an item.
    let list = format!(
        "{{\"kind\": \"List\", \"items\": [{{\"kind\": \"A\"}}, {{\"x\": [{many}1]}}, {{\"kind\": \"C\"}}]}}"
    );
    let found = limited(&list, |l| {
        l.max_values = 100;
    });
    assert_eq!(
        found,
        (vec!["A".to_owned(), "C".to_owned()], vec!["max_values"])
    );
}

#[test]
fn a_bound_of_the_stream_is_named_and_ends_it() {
    let lines = "{\"kind\": \"A\"}\n".repeat(5);
    for text in [lines.clone(), lines.replace('\n', "\n---\n")] {
        let found = limited(&text, |l| {
            l.max_objects = 3;
        });
        assert_eq!((found.0.len(), found.1), (3, vec!["max_objects"]));
        assert_eq!(
            limited(&text, |l| {
                l.max_objects = 5;
            })
            .1,
            [] as [&str; 0]
        );
        // A document of which only a part may be read is not read.
        let found = limited(&text, |l| {
            l.max_bytes = 50;
        });
        assert_eq!(
            (found.0.len(), found.1),
            (text[..50].matches('}').count(), vec!["max_bytes"])
        );
        assert_eq!(
            limited(&text, |l| {
                l.max_bytes = text.len();
            })
            .1,
            [] as [&str; 0]
        );
    }
    let broken = "{]\n".repeat(10);
    let limits = Limits {
        max_errors: 3,
        ..Default::default()
    };
    let options = ReadOptions::default().with_limits(limits);
    let manifest = read(broken.as_bytes(), &options);
    assert_eq!(manifest.errors.len(), 4);
    assert_eq!(manifest.errors[3].limit_name(), Some("max_errors"));
    // As many as may be are not too many.
    assert_eq!(read(b"{]\n{]\n{]\n", &options).errors.len(), 3);
}

#[test]
fn what_cannot_be_read_further_is_said_after_what_could() {
    struct Broken<'a>(&'a [u8]);
    impl Read for Broken<'_> {
        fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
            match self.0.read(room) {
                Ok(0) => Err(io::Error::other("the disk is gone")),
                read => read,
            }
        }
    }
    for text in ["{\"kind\": \"A\"}\n{\"kind\": \"B", "kind: A\n---\nkind: B"] {
        let mut stream = stream(Broken(text.as_bytes()), &ReadOptions::default());
        assert_eq!(stream.next().unwrap().unwrap().kind(), "A");
        let error = stream.next().unwrap().unwrap_err();
        assert_eq!(
            error.to_string(),
            "the stream cannot be read further: the disk is gone"
        );
        assert!(stream.next().is_none());
    }
}

#[test]
fn lines_that_lack_their_ends_cost_no_more_than_their_reading() {
    for line in [
        "{\"a\": [\n",
        "{\"items\": [\"x\"\n",
        "{a: 1\n",
        "[1, \n",
        "{\"a\n",
    ] {
        let text = line.repeat(20_000);
        let before = std::time::Instant::now();
        let manifest = read(text.as_bytes(), &ReadOptions::default());
        assert!(!manifest.errors.is_empty());
        assert!(before.elapsed().as_secs() < 20, "{line}");
    }
}

#[test]
fn an_entry_of_a_stream_is_decoded_like_any() {
    let text =
        r#"{"apiVersion": "v1", "kind": "NamespaceList", "items": [{"metadata": {"name": "a"}}]}"#;
    let entry = stream(text.as_bytes(), &ReadOptions::default())
        .next()
        .unwrap()
        .unwrap();
    assert_eq!(entry.decode().unwrap(), decode(&entry.value).unwrap());
}

#[test]
fn a_stream_ends_whatever_format_it_is_said_to_have() {
    for text in texts().into_iter().chain([Vec::new(), b"\n \n".to_vec()]) {
        for format in [Format::Json, Format::Yaml, Format::Auto] {
            let read = read(&text, &ReadOptions::default().with_format(format));
            assert!(read.entries.len() + read.errors.len() <= text.len());
        }
    }
    let yaml = ReadOptions::default().with_format(Format::Yaml);
    let kinds: Vec<_> = read(b"kind: A\n---\n{\"kind\": \"B\"}\n", &yaml)
        .entries
        .iter()
        .map(|entry| entry.kind().to_owned())
        .collect();
    assert_eq!(kinds, ["A", "B"]);
}
