//! Each stage is a feature of its name (Cargo.toml), and a feature enables the stages that its own uses, and no others.

use super::{
    root,
    sources::{House, Module},
};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
};

/// Uses that no import shows: a stage asks for what another implements.
const IMPLEMENTED: &[(&str, &str, &str)] = &[(
    "attachment",
    "conversion",
    "`From` between the versions of a kind",
)];

/// Features that are a part of a stage, the stage that needs the part, and what for.
const PARTS: &[(&str, &str, &str)] = &[
    (
        "world",
        "conformance",
        "certificates that are made on the fly",
    ),
    ("sessions", "conformance", "what `world` stands on"),
    ("tls", "conformance", "what `world` stands on"),
    ("yaml", "conformance", "the files of the scenarios"),
];

/// The feature without which a module is not there: a stage that is not always there has its own, and so have patterns.
fn feature(module: &Module, features: &BTreeMap<String, BTreeSet<String>>) -> Option<String> {
    let names: Vec<&str> = module.iter().map(String::as_str).collect();
    let name = match names.as_slice() {
        ["meta", "pattern", ..] => "pattern",
        [stage, ..] => stage,
        [] => return None,
    };
    features.contains_key(name).then(|| name.to_owned())
}

/// The features of the library, each with those that it names.
fn declared() -> BTreeMap<String, BTreeSet<String>> {
    let mut cargo = Command::new(env!("CARGO"));
    let manifest = root().join("Cargo.toml");
    cargo.args([
        "metadata",
        "--no-deps",
        "--offline",
        "--format-version",
        "1",
    ]);
    let output = cargo.arg("--manifest-path").arg(manifest).output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let all: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = all["packages"].as_array().unwrap();
    let library = packages.iter().find(|package| package["name"] == "gwapi");
    let features = library.unwrap()["features"].as_object().unwrap();
    let named = |names: &Value| {
        let names = names.as_array().unwrap().iter();
        names
            .map(|name| name.as_str().unwrap().to_owned())
            .collect()
    };
    features
        .iter()
        .map(|(name, names)| (name.clone(), named(names)))
        .collect()
}

/// All features that one leads to, itself among them; of other names nothing.
fn enabled(name: &str, edges: &BTreeMap<String, BTreeSet<String>>) -> BTreeSet<String> {
    let (mut found, mut next) = (BTreeSet::new(), vec![name]);
    while let Some(name) = next.pop() {
        if let Some(further) = edges.get(name)
            && found.insert(name.to_owned())
        {
            next.extend(further.iter().map(String::as_str));
        }
    }
    found
}

#[test]
fn a_feature_enables_the_stages_that_its_own_uses_and_no_others() {
    let features = declared();
    let mut used: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let house = House::read(&root().join("src"));
    for (from, to) in house.uses() {
        let to = to.iter().filter_map(|to| feature(to, &features));
        match feature(&from, &features) {
            Some(own) => used.entry(own).or_default().extend(to),
            None => {
                // The root declares the stages, each with its feature, and so does `meta` with patterns.
                if from.len() > 1 && from.first().is_some_and(|top| top != "lib") {
                    let needed: Vec<String> = to.collect();
                    assert!(needed.is_empty(), "{from:?} is always there: {needed:?}");
                }
            }
        }
    }
    for (stage, other, _) in IMPLEMENTED {
        let by_import = used.entry((*stage).to_owned()).or_default();
        assert!(
            by_import.insert((*other).to_owned()),
            "{stage} imports {other}"
        );
    }
    assert!(used.len() > 12, "{used:?}");
    // What is no stage of its own, and a stage needs all the same.
    for (name, _, _) in PARTS {
        let own = features.get(*name).cloned().unwrap_or_default();
        used.insert((*name).to_owned(), own);
    }
    for (name, stage, _) in PARTS {
        let by_import = used.entry((*stage).to_owned()).or_default();
        by_import.insert((*name).to_owned());
    }
    for stage in used.keys() {
        assert_eq!(
            enabled(stage, &features),
            enabled(stage, &used),
            "left: what the feature `{stage}` enables; right: what its stage uses"
        );
    }
}

/// By default all stages are there; what is left out is heavy, or for few.
#[test]
fn every_stage_is_there_by_default() {
    let features = declared();
    let by_default = enabled("default", &features);
    let others: Vec<&str> = (features.keys().map(String::as_str))
        .filter(|name| !by_default.contains(*name))
        .collect();
    assert_eq!(
        others,
        [
            "admission",
            "conformance",
            "sessions",
            "tls",
            "world",
            "yaml"
        ]
    );
}
