//! Whatever is fed to a kind: nothing panics, and what decodes comes back as the law says.

use crate::{fixtures, law};
use gwapi::manifest::{self, Object, ReadOptions};
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use std::sync::{
    LazyLock,
    atomic::{AtomicUsize, Ordering},
};

static FIXTURES: LazyLock<Vec<Value>> =
    LazyLock::new(|| fixtures::all().into_iter().map(|(_, e)| e.value).collect());

/// Names that fields have, so that arbitrary objects meet real ones now and then.
const NAMES: [&str; 16] = [
    "name",
    "type",
    "spec",
    "status",
    "rules",
    "matches",
    "path",
    "value",
    "filters",
    "backendRefs",
    "port",
    "group",
    "kind",
    "conditions",
    "metadata",
    "requestRedirect",
];

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        prop::sample::select(vec![0_i64, 1, -1, 65_535, 65_536, 2_147_483_648])
            .prop_map(Value::from),
        Just(json!(1e300)),
        ".{0,12}".prop_map(Value::String),
        prop::sample::select(vec![
            "",
            "Exact",
            "URLRewrite",
            "\u{202e}\u{0}é𝄞",
            "1",
            "true"
        ])
        .prop_map(Value::from),
    ]
}

fn json() -> impl Strategy<Value = Value> {
    scalar().prop_recursive(5, 48, 6, |inner| {
        let key = prop_oneof![
            prop::sample::select(NAMES.to_vec()).prop_map(str::to_owned),
            ".{0,6}",
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::Array),
            prop::collection::vec((key, inner), 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

/// One change to an object.
#[derive(Clone, Debug)]
enum Change {
    Drop,
    Replace(Value),
    /// Take the value from another place of the object.
    CopyFrom(prop::sample::Index),
    /// Change places with another value.
    SwapWith(prop::sample::Index),
    Double,
    Rename(String),
    Wrap,
    Add(String, Value),
}

fn change() -> impl Strategy<Value = Change> {
    let name = || {
        prop_oneof![
            prop::sample::select(NAMES.to_vec()).prop_map(str::to_owned),
            "[a-zA-Z.\\[\\]é]{0,8}",
        ]
    };
    prop_oneof![
        3 => Just(Change::Drop),
        3 => scalar().prop_map(Change::Replace),
        1 => json().prop_map(Change::Replace),
        1 => any::<prop::sample::Index>().prop_map(Change::CopyFrom),
        1 => any::<prop::sample::Index>().prop_map(Change::SwapWith),
        1 => Just(Change::Double),
        1 => name().prop_map(Change::Rename),
        1 => Just(Change::Wrap),
        2 => (name(), json()).prop_map(|(name, value)| Change::Add(name, value)),
    ]
}

/// The JSON pointers of all values below the root.
fn pointers(value: &Value, at: &str, all: &mut Vec<String>) {
    let below: Vec<(String, &Value)> = match value {
        Value::Object(members) => members
            .iter()
            .map(|(key, value)| (key.replace('~', "~0").replace('/', "~1"), value))
            .collect(),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .map(|(index, value)| (index.to_string(), value))
            .collect(),
        _ => Vec::new(),
    };
    for (step, value) in below {
        let pointer = format!("{at}/{step}");
        pointers(value, &pointer, all);
        all.push(pointer);
    }
}

fn apply(object: &mut Value, place: prop::sample::Index, change: &Change) {
    let mut all = Vec::new();
    pointers(object, "", &mut all);
    if all.is_empty() {
        return;
    }
    let at = all[place.index(all.len())].clone();
    let (parent, step) = at.rsplit_once('/').unwrap();
    let key = step.replace("~1", "/").replace("~0", "~");
    match change {
        Change::Replace(value) => *object.pointer_mut(&at).unwrap() = value.clone(),
        Change::CopyFrom(other) => {
            let value = object
                .pointer(&all[other.index(all.len())])
                .unwrap()
                .clone();
            *object.pointer_mut(&at).unwrap() = value;
        }
        Change::SwapWith(other) => {
            let other = &all[other.index(all.len())];
            let (one, two) = (
                object.pointer(&at).unwrap().clone(),
                object.pointer(other).unwrap().clone(),
            );
            *object.pointer_mut(&at).unwrap() = two;
            // The other place may have been inside the first one.
            if let Some(place) = object.pointer_mut(other) {
                *place = one;
            }
        }
        Change::Wrap => {
            let value = object.pointer_mut(&at).unwrap();
            *value = json!([value.take()]);
        }
        Change::Add(name, value) => {
            if let Some(members) = object.pointer_mut(&at).and_then(Value::as_object_mut) {
                members.insert(name.clone(), value.clone());
            }
        }
        Change::Drop | Change::Double | Change::Rename(_) => {
            match (object.pointer_mut(parent).unwrap(), change) {
                (Value::Array(items), Change::Drop) => drop(items.remove(key.parse().unwrap())),
                (Value::Array(items), _) => {
                    items.push(items[key.parse::<usize>().unwrap()].clone());
                }
                (Value::Object(members), Change::Drop) => drop(members.remove(&key)),
                (Value::Object(members), Change::Double) => {
                    let value = members[&key].clone();
                    members.insert(format!("{key}s"), value);
                }
                (Value::Object(members), Change::Rename(name)) => {
                    let value = members.remove(&key).unwrap();
                    members.insert(name.clone(), value);
                }
                _ => {}
            }
        }
    }
}

#[test]
fn mutants_of_every_fixture_never_panic_and_what_decodes_comes_back() {
    static DECODED: AtomicUsize = AtomicUsize::new(0);
    static REFUSED: AtomicUsize = AtomicUsize::new(0);
    let changes = prop::collection::vec((any::<prop::sample::Index>(), change()), 1..6);
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: 6_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    runner
        .run(
            &(any::<prop::sample::Index>(), changes),
            |(which, changes)| {
                let mut object = FIXTURES[which.index(FIXTURES.len())].clone();
                for (place, change) in &changes {
                    apply(&mut object, *place, change);
                }
                match law::holds(&object) {
                    Ok(true) => DECODED.fetch_add(1, Ordering::Relaxed),
                    Ok(false) => REFUSED.fetch_add(1, Ordering::Relaxed),
                    Err(why) => return Err(TestCaseError::fail(format!("{why}\n{object}"))),
                };
                Ok(())
            },
        )
        .unwrap_or_else(|e| panic!("{e}"));
    // The property is not empty on either side.
    assert!(DECODED.load(Ordering::Relaxed) > 1_000);
    assert!(REFUSED.load(Ordering::Relaxed) > 1_000);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(600) })]

    #[test]
    fn arbitrary_json_never_panics_in_any_kind_and_what_decodes_comes_back(
        spec in json(), status in json(), metadata in json(), named in any::<bool>(),
    ) {
        for (api_version, kind) in Object::KNOWN {
            let metadata = if named { json!({"name": "a"}) } else { metadata.clone() };
            let object = json!({
                "apiVersion": api_version, "kind": kind,
                "metadata": metadata, "spec": spec, "status": status,
            });
            if api_version.starts_with("gateway.") {
                law::holds(&object).map_err(TestCaseError::fail)?;
            } else {
                // The types of k8s-openapi make no promise beyond that.
                let _ = manifest::decode(&object);
            }
        }
    }

    #[test]
    fn arbitrary_json_text_is_read_as_serde_json_reads_it(value in json(), pretty in any::<bool>()) {
        let object = json!({"kind": "A", "value": value});
        let text = if pretty {
            serde_json::to_string_pretty(&object)
        } else {
            serde_json::to_string(&object)
        }
        .unwrap();
        let expected: Value = serde_json::from_str(&text).unwrap();
        let read = manifest::read(text.as_bytes(), &ReadOptions::default());
        prop_assert!(read.errors.is_empty(), "{:?}", read.errors);
        prop_assert_eq!(&read.entries[0].value, &expected);
    }

    #[test]
    fn broken_text_never_panics_and_positions_lie_inside(
        which in any::<prop::sample::Index>(),
        cuts in prop::collection::vec(
            (any::<prop::sample::Index>(), any::<prop::sample::Index>(), prop::option::of(any::<u8>())), 0..6,
        ),
        as_json in any::<bool>(),
    ) {
        let value = &FIXTURES[which.index(FIXTURES.len())];
        let mut bytes = if as_json {
            serde_json::to_vec_pretty(value).unwrap()
        } else {
            yaml(value, 0).into_bytes()
        };
        for (from, to, byte) in cuts {
            if bytes.is_empty() {
                break;
            }
            let (from, to) = (from.index(bytes.len()), to.index(bytes.len()));
            match byte {
                Some(byte) => bytes[from] = byte,
                None if from < to && to - from < 40 => drop(bytes.drain(from..to)),
                None => bytes.swap(from, to),
            }
        }
        law::readable(&bytes);
    }
}

/// Writes a value as block YAML, its scalars as JSON.
fn yaml(value: &Value, indent: usize) -> String {
    let pad = " ".repeat(indent);
    match value {
        Value::Object(members) if !members.is_empty() => members
            .iter()
            .map(|(key, value)| match value {
                Value::Object(_) | Value::Array(_) => {
                    format!("{pad}{}:\n{}", json!(key), yaml(value, indent + 2))
                }
                scalar => format!("{pad}{}: {scalar}\n", json!(key)),
            })
            .collect(),
        Value::Array(items) if !items.is_empty() => items
            .iter()
            .map(|item| format!("{pad}-\n{}", yaml(item, indent + 2)))
            .collect(),
        scalar => format!("{pad}{scalar}\n"),
    }
}

#[test]
fn block_yaml_and_json_of_an_object_are_read_alike() {
    for value in &*FIXTURES {
        let read = manifest::read(yaml(value, 0).as_bytes(), &ReadOptions::default());
        assert_eq!(read.errors, []);
        assert_eq!(&read.entries[0].value, value);
    }
}

/// Whatever bytes a fuzzer found worth keeping stay worth a look.
#[test]
fn the_corpus_of_the_fuzz_target_is_read_in_bounds() {
    let folder = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/fixtures/fuzz-corpus/read_manifest"
    );
    let mut files = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        law::readable(&std::fs::read(file.unwrap().path()).unwrap());
        files += 1;
    }
    assert!(files > 5);
}
