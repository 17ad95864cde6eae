//! A stream is read as kubectl reads it: what it refuses is refused, and what it passes over without a word is named. The examples are
//! those in which `conformance/judge` found a difference from kubectl's own code.

use super::super::{ReadOptions, read};

/// The values that are read, and the places and beginnings of the errors.
fn read_all(text: &str) -> (Vec<String>, Vec<(usize, usize, String)>) {
    let manifest = read(text.as_bytes(), &ReadOptions::default());
    let values = manifest.entries.iter().map(|entry| entry.value.to_string());
    let errors = manifest.errors.iter();
    let errors = errors.map(|error| (error.line(), error.column(), error.message().to_owned()));
    (values.collect(), errors.collect())
}

#[test]
fn what_kubectl_reads_is_read() {
    for (text, values) in [
        // The colon is no part of the name of an alias.
        (
            "a: &x b\n*x: c\nd: {*x : e}\n",
            vec![r#"{"a":"b","b":"c","d":{"b":"e"}}"#],
        ),
        (
            "a: &x b\nc: *x\n*x:\n  - *x\n",
            vec![r#"{"a":"b","b":["b"],"c":"b"}"#],
        ),
        // A line that begins with three dashes is a separator; the space before the comment may be missing but on the first line.
        (
            "a: 1\n---#x\na: 2\n---\t# y\na: 3\n",
            vec![r#"{"a":1}"#, r#"{"a":2}"#, r#"{"a":3}"#],
        ),
        ("---\n---#x\na: 2\n", vec![r#"{"a":2}"#]),
        // So may it directly after a separator that begins a document itself, and after whatever else.
        (
            "a: 1\n---\n---\n---#x\na: 2\n",
            vec![r#"{"a":1}"#, r#"{"a":2}"#],
        ),
        (
            "a: 1\n---\n\n---#x\na: 2\n---\n# so\n---#y\na: 3\n",
            vec![r#"{"a":1}"#, r#"{"a":2}"#, r#"{"a":3}"#],
        ),
        (
            "a: 1\n---\n--- # so\n%YAML 1.1\n---\na: 2\n",
            vec![r#"{"a":1}"#, r#"{"a":2}"#],
        ),
        ("---\n%YAML 1.1\n---\na: 2\n", vec![r#"{"a":2}"#]),
        (
            "a: 1\n---\n\u{FEFF}a: 2\nb: 3\n",
            vec![r#"{"a":1}"#, r#"{"a":2,"b":3}"#],
        ),
        (
            "a:\tb\nc:\n  - d\t# e\nf: {g:\th}\n",
            vec![r#"{"a":"b","c":["d"],"f":{"g":"h"}}"#],
        ),
        (
            r#"{"a": "\/\ud83d\ude00"}{"a": 1}"#,
            vec![r#"{"a":"/😀"}"#, r#"{"a":1}"#],
        ),
        (
            "{\"a\": 1}\n---\n{\"a\": 2}\n---\na: 3\n",
            vec![r#"{"a":1}"#, r#"{"a":2}"#, r#"{"a":3}"#],
        ),
        (
            "a: 1\n...\n# so\n---\na: 2\n...\n",
            vec![r#"{"a":1}"#, r#"{"a":2}"#],
        ),
    ] {
        let (found, errors) = read_all(text);
        assert_eq!(
            (found, errors),
            (values.iter().map(ToString::to_string).collect(), vec![]),
            "{text}"
        );
    }
}

#[test]
fn what_kubectl_refuses_is_refused_and_what_it_passes_over_is_named() {
    for (text, (line, column), begin) in [
        ("%YAML 1.2\n---\na: 1\n", (1, 1), "a YAML directive"),
        (
            "a: 1\n---\n# so\n%TAG ! x\n---\na: 1\n",
            (4, 1),
            "a YAML directive",
        ),
        ("---#x\na: 1\n", (1, 4), "a space is missing"),
        ("a: 1\n---\n---#x\na: 2\n", (3, 4), "a space is missing"),
        ("a: 1\n---#x\n---#y\na: 2\n", (3, 4), "a space is missing"),
        ("---\n---\n---#x\na: 2\n", (3, 4), "a space is missing"),
        ("# so\n---\n---#x\na: 2\n", (3, 4), "a space is missing"),
        (
            "a: 1\n--- {a: 2}\n",
            (2, 5),
            "a document begins on the line of `---`",
        ),
        (
            "a: 1\n----\n",
            (2, 4),
            "a document begins on the line of `---`",
        ),
        (
            "a: 1\n...\nb: 2\n---\na: 3\n",
            (3, 1),
            "`kubectl` passes over",
        ),
        ("a: 1\n...\n{\"b\": 2}\n", (3, 1), "`kubectl` passes over"),
        (
            "...\n---\na: 3\n",
            (1, 1),
            "a line of `...` ends a document",
        ),
        ("a:\n  \tb: 1\n", (2, 4), "a tab stands in the indentation"),
        ("a:\n-\tb: 1\n", (2, 3), "a tab stands in the indentation"),
        ("a:\n\t- b\n", (2, 2), "a tab stands in the indentation"),
        (
            "a: \"x\\\\y\\/\"\n",
            (1, 4),
            "YAML 1.1, which `kubectl` reads",
        ),
        (
            "---\n{\"a\": \"\\/\"}\n",
            (2, 8),
            "`kubectl` reads what follows on `---`, or on a",
        ),
        (
            "a: 1\n---\n{\"a\": \"\\ud83d\\ude00\"}\n",
            (3, 8),
            "`kubectl` reads what follows on `---`, or on a",
        ),
        (
            "a: 1\nb: \"x\\ud83d\\ude00\"\n",
            (2, 4),
            "YAML 1.1, which `kubectl` reads, has no halves",
        ),
        (
            "\u{FEFF}{\"a\": \"\\/\"}\n",
            (1, 8),
            "`kubectl` reads what follows on `---`, or on a",
        ),
        (
            "---\n\u{FEFF}a: 2\n",
            (2, 1),
            "a byte order mark stands behind",
        ),
        (
            "{\"a\":1}\n{\"a\":2}\n---\n{\"a\":3}\n",
            (3, 1),
            "`kubectl` reads a stream that begins with several",
        ),
        (
            "{\"a\":1}\n{\"a\":2}\n\u{FEFF}{\"a\":3}\n",
            (3, 1),
            "`kubectl` reads a stream that begins with several",
        ),
    ] {
        let (_, errors) = read_all(text);
        let [(at, from, message)] = errors.as_slice() else {
            panic!("{text}: {errors:?}");
        };
        assert!(message.starts_with(begin), "{text}: {message}");
        assert_eq!((*at, *from), (line, column), "{text}: {message}");
    }
}

/// The fields behind an alias that is a key stand where they stand.
#[test]
fn an_alias_that_is_a_key_moves_no_position() {
    let text = "a: &x b\n*x: {c: 1, d: [2]}\ne: 3\n";
    let manifest = read(text.as_bytes(), &ReadOptions::default());
    let positions = &manifest.entries[0].positions;
    let at = |path: &str| positions.find(path).map(|at| (at.line, at.column));
    assert_eq!(at("b.c"), Some((2, 9)));
    assert_eq!(at("b.d[0]"), Some((2, 16)));
    assert_eq!(at("e"), Some((3, 4)));
    // Each alias that is a key costs a reading of the document, of which there are so many and no more.
    let many = format!("a: &x b\n{}", "c: {*x: 1}\n---\na: &x b\n".repeat(3));
    assert_eq!(read_all(&many).1, []);
    let more = format!("a: &x b\nc:\n{}", "- {*x: 1}\n".repeat(65));
    assert_eq!(read_all(&more).1.len(), 1);
}
