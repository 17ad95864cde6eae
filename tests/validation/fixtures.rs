//! Validation of objects that were written by hand: the fixtures, and the reference's own examples.

use crate::support::beside;
use gwapi::{
    lint::judge_set,
    manifest,
    meta::Channel,
    rules::{self, Severity},
    schema,
    validation::{self, Report, ValidationOptions},
};
use serde_json::Value;
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// Findings that come from the schema and from metadata, beside those of the table of rules.
const STRUCTURAL: &[&str] = &[
    "kind/not-served",
    "metadata/annotations",
    "metadata/finalizers",
    "metadata/labels",
    "metadata/name",
    "metadata/namespace",
    "metadata/owner-references",
    "metadata/type",
    "schema/duplicate",
    "schema/enum",
    "schema/format",
    "schema/max-items",
    "schema/max-length",
    "schema/max-properties",
    "schema/maximum",
    "schema/min-items",
    "schema/min-length",
    "schema/min-properties",
    "schema/minimum",
    "schema/one-of",
    "schema/pattern",
    "schema/required",
    "schema/type",
    "schema/unknown-field",
    "version/deprecated",
    "version/not-served",
];

/// Rules that the reference has and no object breaks: a list that may hold one rule has no two of one name.
const NEVER_BROKEN: &[&str] = &["RouteRules/names-distinct-of-tls"];

fn objects(file: &Path) -> Vec<Value> {
    let read = manifest::read(&fs::read(file).unwrap(), &manifest::ReadOptions::default());
    assert_eq!(read.errors, [], "{}", file.display());
    read.entries.into_iter().map(|entry| entry.value).collect()
}

fn annotation<'a>(object: &'a Value, name: &str) -> Option<&'a str> {
    object
        .pointer(&format!("/metadata/annotations/gwapi.test~1{name}"))
        .and_then(Value::as_str)
}

fn options(object: &Value) -> ValidationOptions {
    let text = annotation(object, "channel").unwrap_or("standard");
    let (release, channel) = text.split_once(' ').unwrap_or(("v1.1.0", text));
    let mut options = ValidationOptions::new(channel.parse().unwrap());
    options.release = release.parse().unwrap();
    options
}

/// Each object of the fixtures has the findings that its annotations announce, at that path, and no other
/// error; each rule has an object that passes and one that fails.
#[test]
fn fixtures_have_the_findings_that_they_announce() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/validation");
    let (mut passed, mut failed) = (BTreeSet::new(), BTreeSet::new());
    let mut count = 0;
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|f| f.unwrap().path())
        .collect();
    files.sort();
    for file in files {
        let objects = objects(&file);
        let set: Vec<&Value> = objects.iter().collect();
        for (index, object) in objects.iter().enumerate() {
            let shown = format!(
                "{}: {}",
                file.display(),
                object.pointer("/metadata/name").unwrap_or(&Value::Null)
            );
            let options = options(object);
            let report = match annotation(object, "replaces") {
                Some(name) => {
                    let named = |o: &&Value| o.pointer("/metadata/name") == Some(&name.into());
                    let old = objects.iter().find(named).unwrap();
                    validation::validate_update(object, old, &options)
                }
                None => judge_set(&set, &options).nth(index).unwrap(),
            };
            count += 1;
            let split = |name| {
                annotation(object, name)
                    .into_iter()
                    .flat_map(|text| text.split(", "))
            };
            for rule in split("passes") {
                let found: Vec<_> = report
                    .findings()
                    .iter()
                    .filter(|f| f.rule() == rule)
                    .collect();
                assert!(found.is_empty(), "{shown}: {found:?}");
                passed.insert(rule.to_owned());
            }
            let mut announced = BTreeSet::new();
            for expected in split("fails") {
                let (rule, path) = expected.split_once(' ').unwrap();
                announced.insert((rule, path));
                failed.insert(rule.to_owned());
                let found = report
                    .findings()
                    .iter()
                    .any(|f| f.rule() == rule && f.path() == path);
                assert!(
                    found,
                    "{shown}: {expected} is missing in {:#?}",
                    report.findings()
                );
            }
            for error in report.errors() {
                assert!(
                    announced.contains(&(error.rule(), error.path())),
                    "{shown}: not announced: {error}"
                );
            }
        }
    }
    println!("{count} fixtures");
    let all: BTreeSet<String> = rules::all()
        .map(|rule| rule.id)
        .chain(STRUCTURAL.iter().copied())
        .map(str::to_owned)
        .collect();
    assert_eq!(
        all.difference(&passed).collect::<Vec<_>>(),
        [] as [&String; 0],
        "never pass"
    );
    let unbroken = all.difference(&failed).map(String::as_str);
    assert_eq!(unbroken.collect::<Vec<_>>(), NEVER_BROKEN, "never fail");
    assert_eq!(
        failed.difference(&all).collect::<Vec<_>>(),
        [] as [&String; 0],
        "unheard of"
    );
}

/// What each of the reference's invalid examples announces by its name: rule and path of a finding.
const ANNOUNCED: &[(&str, &str, &str)] = &[
    (
        "experimental/grpcroute/invalid-filter-duplicate-header",
        "schema/duplicate",
        "spec.rules[0].filters[0].requestHeaderModifier.remove[1]",
    ),
    (
        "experimental/grpcroute/invalid-method",
        "GRPCMethodMatch/method-characters",
        "spec.rules[0].matches[0].method",
    ),
    (
        "experimental/grpcroute/invalid-service",
        "GRPCMethodMatch/service-characters",
        "spec.rules[0].matches[0].method",
    ),
    (
        "experimental/referencegrant/missing-from",
        "schema/required",
        "spec.from",
    ),
    (
        "experimental/referencegrant/missing-ns",
        "schema/required",
        "spec.from[0].namespace",
    ),
    (
        "experimental/referencegrant/missing-to",
        "schema/required",
        "spec.to",
    ),
    (
        "experimental/tlsroute/invalid-hostname",
        "schema/pattern",
        "spec.hostnames[0]",
    ),
    (
        "standard/gateway/duplicate-listeners",
        "schema/duplicate",
        "spec.listeners[1]",
    ),
    (
        "standard/gateway/hostname-tcp",
        "Listeners/no-hostname-for-tcp-and-udp",
        "spec.listeners",
    ),
    (
        "standard/gateway/hostname-udp",
        "Listeners/no-hostname-for-tcp-and-udp",
        "spec.listeners",
    ),
    (
        "standard/gateway/invalid-addresses",
        "schema/one-of",
        "spec.addresses[0].value",
    ),
    (
        "standard/gateway/invalid-listener-name",
        "schema/pattern",
        "spec.listeners[0].name",
    ),
    (
        "standard/gateway/invalid-listener-port",
        "schema/maximum",
        "spec.listeners[0].port",
    ),
    (
        "standard/gateway/invalid-tls-mode",
        "Listeners/https-terminates-tls",
        "spec.listeners",
    ),
    (
        "standard/gateway/tlsconfig-tcp",
        "Listeners/no-tls-without-encryption",
        "spec.listeners",
    ),
    (
        "standard/gatewayclass/invalid-controller",
        "schema/pattern",
        "spec.controllerName",
    ),
    (
        "standard/httproute/duplicate-header-match",
        "schema/duplicate",
        "spec.rules[0].matches[0].headers[1]",
    ),
    (
        "standard/httproute/duplicate-query-match",
        "schema/duplicate",
        "spec.rules[0].matches[0].queryParams[1]",
    ),
    (
        "standard/httproute/httproute-portless-backend",
        "BackendReference/service-has-port",
        "spec.rules[0].backendRefs[0]",
    ),
    (
        "standard/httproute/httproute-portless-service",
        "BackendReference/service-has-port",
        "spec.rules[0].backendRefs[0]",
    ),
    (
        "standard/httproute/invalid-backend-group",
        "schema/pattern",
        "spec.rules[0].backendRefs[0].group",
    ),
    (
        "standard/httproute/invalid-backend-kind",
        "schema/pattern",
        "spec.rules[0].backendRefs[0].kind",
    ),
    (
        "standard/httproute/invalid-backend-port",
        "schema/maximum",
        "spec.rules[0].backendRefs[0].port",
    ),
    (
        "standard/httproute/invalid-filter-duplicate-header",
        "schema/duplicate",
        "spec.rules[0].filters[0].requestHeaderModifier.remove[1]",
    ),
    (
        "standard/httproute/invalid-filter-duplicate",
        "RouteFilters/request-header-modifier-once",
        "spec.rules[0].filters",
    ),
    (
        "standard/httproute/invalid-filter-empty",
        "RouteFilter/request-header-modifier-fits-type",
        "spec.rules[0].filters[0]",
    ),
    (
        "standard/httproute/invalid-filter-wrong-field",
        "RouteFilter/request-redirect-fits-type",
        "spec.rules[0].filters[0]",
    ),
    (
        "standard/httproute/invalid-header-name",
        "schema/pattern",
        "spec.rules[0].matches[0].headers[0].name",
    ),
    (
        "standard/httproute/invalid-hostname",
        "schema/pattern",
        "spec.hostnames[0]",
    ),
    (
        "standard/httproute/invalid-httredirect-hostname",
        "schema/pattern",
        "spec.rules[0].filters[0].requestRedirect.hostname",
    ),
    (
        "standard/httproute/invalid-method",
        "schema/enum",
        "spec.rules[0].matches[0].method",
    ),
    (
        "standard/httproute/invalid-path-alphanum-specialchars-mix",
        "HTTPPathMatch/characters",
        "spec.rules[0].matches[0].path",
    ),
    (
        "standard/httproute/invalid-path-specialchars",
        "HTTPPathMatch/characters",
        "spec.rules[0].matches[0].path",
    ),
    (
        "standard/httproute/invalid-request-redirect-with-backendref",
        "HTTPRouteRule/redirect-without-backends",
        "spec.rules[0]",
    ),
    (
        "standard/referencegrant/missing-from",
        "schema/required",
        "spec.from",
    ),
    (
        "standard/referencegrant/missing-ns",
        "schema/required",
        "spec.from[0].namespace",
    ),
    (
        "standard/referencegrant/missing-to",
        "schema/required",
        "spec.to",
    ),
];

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_below(&path));
        } else if path.extension().is_some_and(|e| e == "yaml") {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn judge(object: &Value, channel: Channel) -> Report {
    validation::validate_value(object, &ValidationOptions::new(channel))
}

#[test]
fn every_invalid_example_is_refused_with_what_its_name_announces() {
    let Some(folder) = beside::upstream("v1.1.0/invalid-examples") else {
        return;
    };
    let files = files_below(&folder);
    assert_eq!(files.len(), ANNOUNCED.len());
    for file in files {
        let name = file.strip_prefix(&folder).unwrap().with_extension("");
        let name = name.to_str().unwrap();
        let (_, rule, path) = ANNOUNCED
            .iter()
            .find(|(known, ..)| *known == name)
            .unwrap_or_else(|| panic!("nothing is announced for {name}"));
        let channel = name.split('/').next().unwrap().parse().unwrap();
        let reports: Vec<_> = objects(&file).iter().map(|o| judge(o, channel)).collect();
        let found = reports
            .iter()
            .flat_map(Report::errors)
            .any(|f| f.rule() == *rule && f.path() == *path);
        assert!(found, "{name}: {rule} at {path} is missing in {reports:#?}");
    }
    println!("{} invalid examples refused", ANNOUNCED.len());
}

#[test]
fn every_example_is_accepted_where_its_version_and_fields_are_served() {
    let Some(folder) = beside::upstream("v1.1.0/examples") else {
        return;
    };
    let mut count = 0;
    for file in files_below(&folder) {
        let experimental = file
            .strip_prefix(&folder)
            .unwrap()
            .starts_with("experimental");
        for object in objects(&file) {
            count += 1;
            let report = judge(&object, Channel::Experimental);
            assert!(report.is_accepted(), "{}: {report:#?}", file.display());
            // What a server of the standard channel lacks is the only reason to refuse there.
            let report = judge(&object, Channel::Standard);
            assert!(
                experimental || report.is_accepted(),
                "{}: {report:#?}",
                file.display()
            );
            for error in report.errors() {
                assert!(
                    matches!(
                        error.rule(),
                        "schema/unknown-field" | "version/not-served" | "kind/not-served"
                    ),
                    "{}: {error}",
                    file.display()
                );
                assert_eq!(error.severity(), Severity::Error);
            }
        }
    }
    println!("{count} example objects judged in both channels");
}

/// The walk of validation notices a field that is not declared, and that of `schema` names it.
#[test]
fn an_unknown_field_is_found_wherever_it_stands() {
    let kinds = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/kinds");
    let mut tried = 0;
    for folder in fs::read_dir(kinds).unwrap() {
        for file in fs::read_dir(folder.unwrap().path()).unwrap() {
            for object in objects(&file.unwrap().path()) {
                for place in places(&object) {
                    let mut odd = object.clone();
                    let fields = odd.pointer_mut(&place).unwrap().as_object_mut().unwrap();
                    fields.insert("unheardOf".to_owned(), Value::Bool(true));
                    for with_status in [false, true] {
                        let options = ValidationOptions {
                            with_status,
                            ..ValidationOptions::new(Channel::Experimental)
                        };
                        let report = validation::validate_value(&odd, &options);
                        let found: Vec<_> = report
                            .findings()
                            .iter()
                            .filter(|finding| finding.rule() == "schema/unknown-field")
                            .map(|finding| finding.path().to_owned())
                            .collect();
                        let named: Vec<_> = schema::unknown_fields(&odd, Channel::Experimental)
                            .iter()
                            .map(|unknown| unknown.path().to_owned())
                            .collect();
                        assert_eq!(found, named, "{place} of {object}");
                        tried += named.len();
                    }
                }
            }
        }
    }
    assert!(tried > 300, "{tried}");
}

/// The place of every object within an object, as a JSON pointer.
fn places(value: &Value) -> Vec<String> {
    let below: Vec<_> = match value {
        Value::Object(fields) => fields
            .iter()
            .map(|(name, field)| (name.replace('~', "~0").replace('/', "~1"), field))
            .collect(),
        Value::Array(elements) => elements
            .iter()
            .enumerate()
            .map(|(index, element)| (index.to_string(), element))
            .collect(),
        _ => Vec::new(),
    };
    let mut all: Vec<_> = below
        .into_iter()
        .flat_map(|(step, value)| {
            let inner = places(value).into_iter();
            inner.map(move |place| format!("/{step}{place}"))
        })
        .collect();
    all.extend(value.is_object().then(String::new));
    all
}
