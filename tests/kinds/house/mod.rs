//! How the sources are laid out: rooms of few files, no circle of files, imports that only point to earlier stages, and names
//! that mean one thing; and what the public interface leaves room for.

mod features;
mod public;
mod reader_tests;
mod sources;
mod tokens;

use sources::{House, Module, files};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

/// How many files a folder has at most.
const MOST_FILES: usize = 16;

/// The folders of sources.
const SOURCES: [&str; 2] = ["src", "cli/src"];

/// The stages, from the ground up (ARCHITECTURE, "One way from objects to a decision").
const STAGES: &[&[&str]] = &[
    &["same"],
    &["meta"],
    &["certificate"],
    &["v1", "v1beta1", "v1alpha2", "v1alpha3", "x_v1alpha1"],
    &["filters"],
    &["schema"],
    &["manifest"],
    &["rules"],
    &["crd"],
    &["validation"],
    &["conversion"],
    &["routing"],
    &["attachment"],
    &["backend"],
    &["proxy"],
    &["sim"],
    &["conformance"],
    &["lint"],
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Where a folder holds more than about fifteen files, its parts are rooms of their own.
#[test]
fn folders_have_few_files() {
    let mut folders = BTreeMap::new();
    for source in SOURCES {
        files(&root().join(source), &mut folders);
    }
    assert!(folders.len() > 40, "{}", folders.len());
    for (folder, files) in folders {
        assert!(
            files.len() <= MOST_FILES,
            "{} has {} files: give its parts rooms of their own",
            folder.strip_prefix(root()).unwrap().display(),
            files.len()
        );
    }
}

/// No circle of files.
#[test]
fn no_files_refer_to_each_other_in_a_circle() {
    for (source, least) in SOURCES.into_iter().zip([300, 30]) {
        let house = House::read(&root().join(source));
        let count = house.modules().count();
        assert!(count > least, "{source}: {count}");
        let circles = house.circles();
        for circle in &circles {
            println!("a circle in {source}:\n{}", described(&house, circle));
        }
        assert!(circles.is_empty(), "{source}: {} circles", circles.len());
    }
}

/// Which files of a circle use which others of it. Its members are files, or rooms.
fn described(house: &House, circle: &BTreeSet<Module>) -> String {
    let member = |module: &Module| {
        let around = circle.iter().filter(|member| module.starts_with(member));
        around.max_by_key(|member| member.len())
    };
    let mut lines = Vec::new();
    for (from, to) in house.uses() {
        let others = to
            .iter()
            .filter(|to| member(to).is_some() && member(to) != member(&from));
        let others: Vec<String> = others.map(|to| to.join("::")).collect();
        if member(&from).is_some() && !others.is_empty() {
            lines.push(format!("  {} -> {}", from.join("::"), others.join(", ")));
        }
    }
    lines.join("\n")
}

/// ARCHITECTURE: a stage uses those above it and never one below.
#[test]
fn a_stage_uses_no_later_one() {
    let house = House::read(&root().join("src"));
    for top in house.modules().filter_map(|module| module.first()) {
        let is_known = STAGES.iter().any(|stage| stage.contains(&top.as_str()));
        assert!(is_known, "`{top}` is no stage that is known");
    }
    let (later, used) = house.later_uses(STAGES);
    for (from, to) in &later {
        let [from, to] = [from, to].map(|module| module.join("::"));
        println!("`{from}` uses `{to}`, which is a later stage");
    }
    assert!(later.is_empty(), "{} uses of a later stage", later.len());
    assert!(
        used > 300,
        "{used} uses of other stages are too few to show anything"
    );
}

/// The types of one name that several files declare, and why. Names that a macro or a function declares inside of itself are not
/// looked at.
const SAME_NAMES: &[(&str, &str)] = &[
    ("BackendTlsPolicySpec", VERSIONS),
    ("Cookies", FEATURE),
    ("Inner", "what the type holds that a file is about"),
    ("ServiceImport", FIELDS),
    ("ServiceImportPort", FIELDS),
    ("ServiceImportSpec", FIELDS),
    ("SessionKeys", FEATURE),
    ("TcpRouteSpec", VERSIONS),
    ("TlsRouteSpec", VERSIONS),
    ("UdpRouteSpec", VERSIONS),
    (
        "Walk",
        "what one function takes along on its way through a tree",
    ),
];

const VERSIONS: &str = "two versions of the API have the type in different forms";
const FEATURE: &str = "there with the feature `sessions`, and empty without it";
const FIELDS: &str = "once with all fields, to find unknown ones, and once with those that count";

/// A name means one thing in the whole crate.
#[test]
fn a_name_means_one_thing() {
    let house = House::read(&root().join("src"));
    let repeated = house.repeated_types();
    for (name, modules) in &repeated {
        if !SAME_NAMES.iter().any(|(known, _)| known == name) {
            let modules: Vec<String> = modules.iter().map(|module| module.join("::")).collect();
            println!("`{name}` is declared in {}", modules.join(", "));
        }
    }
    let names: Vec<&str> = repeated.keys().copied().collect();
    let known: Vec<&str> = SAME_NAMES.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, known);
}
