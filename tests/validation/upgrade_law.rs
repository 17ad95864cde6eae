//! The law of upgrades: an object valid in a release stays valid in the next unless that tightens something on its path.

use crate::{releases::distinct, support};
use gwapi::{
    meta::{Channel, Release},
    schema,
    validation::{self, ValidationOptions},
};
use proptest::prelude::*;
use serde_json::Value;
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    sync::LazyLock,
};

/// Where a release refuses what the one before may have accepted.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Tightening {
    release: Release,
    channel: Channel,
    kind: String,
    /// The version; empty for all.
    version: String,
    /// The steps to the field.
    path: Vec<String>,
}

/// As the facts about the releases have them.
static TIGHTENINGS: LazyLock<Vec<Tightening>> = LazyLock::new(|| {
    let text = include_str!("../fixtures/releases/tightenings.tsv");
    let mut lines = text.lines().filter(|line| !line.starts_with('#'));
    assert_eq!(lines.next(), Some("release\tchannel\tkind\tversion\tpath"));
    let read = |line: &str| {
        let columns: Vec<_> = line.split('\t').collect();
        let [release, channel, kind, version, path] = columns[..] else {
            panic!("{line}: expected five columns");
        };
        Tightening {
            release: release.parse().unwrap(),
            channel: channel.parse().unwrap(),
            kind: kind.to_owned(),
            version: version.to_owned(),
            path: plain(path),
        }
    };
    lines.map(read).collect()
});

/// The steps of a path without indexes and keys: `spec.rules[].matches[]`.
fn plain(path: &str) -> Vec<String> {
    let mut steps = Vec::new();
    for step in path.split('.').filter(|step| !step.is_empty()) {
        let (name, rest) = step.split_once('[').unwrap_or((step, ""));
        steps.push(name.to_owned());
        if !rest.is_empty() {
            steps.push("[]".to_owned());
        }
    }
    steps
}

/// What was seen of the law.
#[derive(Debug, Default)]
struct Seen {
    /// How often an object was valid in a release that has one after it.
    valid: usize,
    /// The tightenings for which one of these was refused.
    refused: BTreeSet<&'static Tightening>,
}

/// Holds an object against the law, in every release and channel.
fn judge(object: &Value, seen: &mut Seen) {
    let has_status = object.get("status").is_some();
    for channel in Channel::ALL {
        for with_status in [false, true] {
            if with_status && !has_status {
                continue;
            }
            let mut object = object.clone();
            if !with_status && let Some(fields) = object.as_object_mut() {
                // As a server stores it on creation.
                fields.remove("status");
            }
            let report = |release| {
                let mut options = ValidationOptions::of(release, channel);
                options.with_status = with_status;
                validation::validate_value(&object, &options)
            };
            let mut was_valid = false;
            for release in distinct() {
                let report = report(release);
                if was_valid {
                    seen.valid += 1;
                    for error in report.errors() {
                        let Some(found) = tightening(&object, release, channel, error) else {
                            panic!(
                                "{release} {channel} refuses what the release before accepts: {error}\n{object:#}"
                            );
                        };
                        seen.refused.insert(found);
                    }
                }
                was_valid = report.is_accepted();
            }
        }
    }
}

/// The change of a release on the path of an error.
fn tightening(
    object: &Value,
    release: Release,
    channel: Channel,
    error: &validation::Finding,
) -> Option<&'static Tightening> {
    let path = plain(error.path());
    // A row of the object as a whole is about its version, which is gone, or about `spec`, which has to be there now: it excuses
    // nothing inside.
    let of_whole = match error.rule() {
        "version/not-served" | "kind/not-served" => true,
        "schema/required" => path == ["spec"],
        _ => false,
    };
    let version = object["apiVersion"].as_str().unwrap_or_default();
    let version = version.rsplit('/').next().unwrap_or_default();
    TIGHTENINGS.iter().find(|tightening| {
        (tightening.release, tightening.channel) == (release, channel)
            && object["kind"] == *tightening.kind
            && (tightening.version.is_empty() || tightening.version == version)
            && path.starts_with(&tightening.path)
            && (!tightening.path.is_empty() || of_whole)
    })
}

/// All objects of the Gateway API in a value, at any depth: fixtures are manifests, or tables of cases with objects in them.
fn objects_in(value: Value, found: &mut Vec<Value>) {
    let text = |key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default();
    if schema::find(text("apiVersion"), text("kind")).is_some() {
        found.push(value);
        return;
    }
    match value {
        Value::Array(values) => values
            .into_iter()
            .for_each(|value| objects_in(value, found)),
        Value::Object(fields) => fields
            .into_iter()
            .for_each(|(_, value)| objects_in(value, found)),
        _ => {}
    }
}

/// The files below a folder.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path
            .extension()
            .is_some_and(|it| it == "yaml" || it == "json")
        {
            found.push(path);
        }
    }
}

#[test]
fn a_fixture_valid_in_a_release_stays_valid_in_the_next_unless_that_tightens_its_field() {
    let mut found = Vec::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for folder in ["tests/fixtures", "examples/manifests"] {
        files(&root.join(folder), &mut found);
    }
    let (mut seen, mut objects) = (Seen::default(), 0);
    for file in found {
        // What is not YAML is a fixture for reading.
        let text = fs::read_to_string(&file).unwrap_or_default();
        let Ok(documents) = serde_saphyr::from_multiple::<Value>(&text) else {
            continue;
        };
        let mut of_file = Vec::new();
        documents
            .into_iter()
            .for_each(|value| objects_in(value, &mut of_file));
        objects += of_file.len();
        of_file.iter().for_each(|object| judge(object, &mut seen));
    }
    println!(
        "{objects} objects, {} times valid; refused for {:#?}",
        seen.valid, seen.refused
    );
    assert!(objects > 900, "{objects}");
    assert!(seen.valid > 10 * objects, "{} of {objects}", seen.valid);
    assert!(seen.refused.len() > 10, "{:#?}", seen.refused);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(
        std::env::var("GWAPI_CASES").map_or(400, |n| n.parse().unwrap())
    ))]

    /// The objects of all releases: valid in their own by construction, most of them.
    #[test]
    fn an_object_valid_in_a_release_stays_valid_in_the_next_unless_that_tightens_its_field(
        seed: u64,
        release in proptest::sample::select(Release::ALL),
        channel in proptest::sample::select(&Channel::ALL),
        broken in 0_u64..3,
    ) {
        let object = support::object_of(seed, broken, release, channel);
        judge(&object, &mut Seen::default());
    }
}
