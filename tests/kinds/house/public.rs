//! The public interface (`public-api.txt`): what may still grow.

use super::root;
use std::{collections::BTreeSet, fs};

/// The modules whose structs come out of the library.
const OUTPUTS: [&str; 3] = ["attachment::", "conversion::", "proxy::"];

/// The structs with public fields in these modules that whoever uses the library makes, and what for. All others are
/// `#[non_exhaustive]`: a release can add a field.
const MADE_BY_USERS: &[(&str, &str)] = &[
    ("attachment::Assumptions", OPTIONS),
    ("attachment::InstalledCrd", GIVEN),
    ("attachment::ListenerId", KEY),
    ("attachment::Options", OPTIONS),
    ("attachment::RouteId", KEY),
    ("attachment::RuleLabel", KEY),
    ("attachment::ServiceImport", GIVEN),
    ("attachment::ServiceImportPort", GIVEN),
    ("attachment::ServiceImportSpec", GIVEN),
    ("attachment::effective::BackendPortKey", KEY),
    ("conversion::Migration", OPTIONS),
    ("proxy::BindKey", KEY),
    ("proxy::Connection", GIVEN),
    ("proxy::DataPlaneOptions", OPTIONS),
    ("proxy::Issuing", GIVEN),
    ("proxy::ListenerKey", KEY),
    ("proxy::Recalling", GIVEN),
    ("proxy::ServiceKey", KEY),
];
const GIVEN: &str = "an argument";
const KEY: &str = "a key, to look up by";
const OPTIONS: &str = "options, of which one sets some";

/// A struct that the library alone makes can get a field without breaking anybody.
#[test]
fn what_only_the_library_makes_is_non_exhaustive() {
    let listing = fs::read_to_string(root().join("public-api.txt")).unwrap();
    let names = |beginning: &'static str| {
        let lines = listing.lines();
        lines.filter_map(move |line| line.strip_prefix(beginning)?.strip_prefix("gwapi::"))
    };
    let with_fields: BTreeSet<&str> = names("pub ")
        .filter_map(|line| Some(line.split_once(": ")?.0.rsplit_once("::")?.0))
        .collect();
    let mut open: Vec<&str> = names("pub struct ")
        .map(|line| line.split(['<', '(', ' ']).next().unwrap_or_default())
        .filter(|name| with_fields.contains(name))
        .filter(|name| OUTPUTS.iter().any(|module| name.starts_with(module)))
        .collect();
    let known: Vec<&str> = MADE_BY_USERS.iter().map(|(name, _)| *name).collect();
    open.sort_unstable();
    assert_eq!(open, known);
    assert!(with_fields.len() > 300, "{}", with_fields.len());
}
