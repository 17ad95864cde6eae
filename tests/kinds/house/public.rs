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

/// The modules whose enums come out of the library.
const ENUM_OUTPUTS: [&str; 4] = ["attachment::", "conversion::", "proxy::", "sim::"];

/// The enums in these modules that can be matched without a wildcard arm, and why. All others are `#[non_exhaustive]`: a release can
/// add a variant.
const MATCHED_IN_FULL: &[(&str, &str)] = &[
    ("attachment::Controllers", OPTIONS),
    ("attachment::ExtensionVerdict", GIVEN),
    ("attachment::RouteKind", KEY),
    ("attachment::admit::Judged", TOLD),
    ("attachment::effective::ClientScope", IN_FORCE),
    ("attachment::effective::SessionTransport", IN_FORCE),
    ("attachment::effective::TrustedAuthorities", IN_FORCE),
    ("proxy::Accepted", STEP),
    ("proxy::AfterFailure", STEP),
    ("proxy::Attempted", STEP),
    ("proxy::Authenticated", STEP),
    ("proxy::Begun", STEP),
    ("proxy::ClientHello", STEP),
    ("proxy::Scheme", IN_FORCE),
    ("proxy::SessionState", STEP),
    ("sim::EndpointTls", GIVEN),
    ("sim::Outcome", TOLD),
    ("sim::Protocol", GIVEN),
    ("sim::world::ClientPlace", GIVEN),
    ("sim::world::Speaks", GIVEN),
    ("sim::world::Usage", GIVEN),
];
const IN_FORCE: &str =
    "what a proxy does: with a case that it passes over it would let in whom it must not";
const STEP: &str = "the next step of the data plane, which whoever drives it has to take";
const TOLD: &str =
    "all that can become of it, as machine output has it, and each is told in its own way";

/// A struct that the library alone makes can get a field without breaking anybody.
#[test]
fn what_only_the_library_makes_is_non_exhaustive() {
    let listing = fs::read_to_string(root().join("public-api.txt")).unwrap();
    let names = |beginning| names(&listing, beginning);
    let with_fields: BTreeSet<&str> = names("pub ")
        .filter_map(|line| Some(line.split_once(": ")?.0.rsplit_once("::")?.0))
        .collect();
    let mut open: Vec<&str> = names("pub struct ")
        .map(name)
        .filter(|name| with_fields.contains(name))
        .filter(|name| OUTPUTS.iter().any(|module| name.starts_with(module)))
        .collect();
    let known: Vec<&str> = MADE_BY_USERS.iter().map(|(name, _)| *name).collect();
    open.sort_unstable();
    assert_eq!(open, known);
    assert!(with_fields.len() > 300, "{}", with_fields.len());
}

/// An enum that the library alone makes can get a variant without breaking anybody, unless it is one that nobody may pass over.
#[test]
fn enums_that_come_out_are_non_exhaustive() {
    let listing = fs::read_to_string(root().join("public-api.txt")).unwrap();
    let of_outputs = |beginning| {
        let names = names(&listing, beginning).map(name);
        let of_outputs = names.filter(|name| ENUM_OUTPUTS.iter().any(|it| name.starts_with(it)));
        of_outputs.collect::<BTreeSet<&str>>()
    };
    let known: Vec<&str> = MATCHED_IN_FULL.iter().map(|(name, _)| *name).collect();
    assert_eq!(Vec::from_iter(of_outputs("pub enum ")), known);
    let open = of_outputs("#[non_exhaustive] pub enum ").len();
    assert!(open > 30, "{open}");
}

/// What the lines of a listing that begin so name.
fn names<'l>(listing: &'l str, beginning: &'static str) -> impl Iterator<Item = &'l str> {
    let lines = listing.lines();
    lines.filter_map(move |line| line.strip_prefix(beginning)?.strip_prefix("gwapi::"))
}

/// The name at the beginning of a declaration.
fn name(declaration: &str) -> &str {
    declaration
        .split(['<', '(', ' '])
        .next()
        .unwrap_or_default()
}
