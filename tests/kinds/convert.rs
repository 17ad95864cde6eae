//! Conversion of every version of every kind, and to the forms of every release: cases that are data, and laws.

use crate::{fixtures, support};
use gwapi::{
    conversion::{
        ConversionProblem, ConversionRemark, convert_to_release, convert_value,
        upgrade::{self, Impact, UpgradeOptions},
        versions,
    },
    crd, manifest,
    meta::{Channel, Release},
    schema,
    validation::{self, Finding, ValidationOptions},
};
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// A case of `tests/fixtures/conversion/releases.yaml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Case {
    /// What it shows.
    sentence: String,
    release: String,
    #[serde(default = "experimental")]
    channel: String,
    from: Value,
    /// What becomes of the object; nothing where it cannot be converted.
    to: Option<Value>,
    /// The fields that cannot be carried, each with a part of what is said.
    #[serde(default)]
    errors: BTreeMap<String, String>,
    /// The fields that the release refuses in the converted object, each with a part of what is said.
    #[serde(default)]
    refused: BTreeMap<String, String>,
    /// The rules of what is good to know.
    #[serde(default)]
    notes: BTreeSet<String>,
    /// A release in whose forms the converted object is the given one again.
    back: Option<String>,
}

fn experimental() -> String {
    "experimental".to_owned()
}

#[test]
fn objects_take_the_forms_of_releases() {
    let text = include_str!("../fixtures/conversion/releases.yaml");
    let cases: Vec<Case> = serde_saphyr::from_str(text).unwrap();
    assert!(cases.len() > 20);
    for case in cases {
        let name = &case.sentence;
        let channel = case.channel.parse().unwrap();
        let release = case.release.parse().unwrap();
        match convert_to_release(&case.from, release, channel) {
            Ok(done) => {
                assert_eq!(Some(&done.object), case.to.as_ref(), "{name}");
                let (refused, notes): (Vec<_>, Vec<_>) =
                    done.remarks.iter().partition(|remark| remark.is_refused());
                compare(
                    name,
                    refused
                        .iter()
                        .map(|r| (r.path(), format!("{}: {}", r.message(), r.help()))),
                    &case.refused,
                );
                let notes: BTreeSet<_> = notes.iter().map(|r| r.rule().to_owned()).collect();
                assert_eq!(notes, case.notes, "{name}");
                if let Some(back) = &case.back {
                    let back = convert_to_release(&done.object, back.parse().unwrap(), channel);
                    assert_eq!(back.unwrap().object, case.from, "{name}: back");
                }
            }
            Err(error) => {
                assert!(case.to.is_none(), "{name}: {error}");
                let said = error
                    .problems()
                    .iter()
                    .map(|p| (p.path(), p.kind().to_string()));
                compare(name, said, &case.errors);
            }
        }
    }
}

fn compare<'a>(
    name: &str,
    said: impl Iterator<Item = (&'a str, String)>,
    expected: &BTreeMap<String, String>,
) {
    let said: BTreeMap<_, _> = said.collect();
    let paths: Vec<_> = said.keys().copied().collect();
    let wanted: Vec<_> = expected.keys().map(String::as_str).collect();
    assert_eq!(paths, wanted, "{name}: {said:#?}");
    for (path, text) in &said {
        let part = &expected[*path];
        assert!(text.contains(part), "{name}: {path}: {part} in {text}");
    }
}

/// Each version of each kind converts to each other one: some object of the fixtures does, and is then one of that version. What
/// that version never had, in any release, is named.
#[test]
fn every_version_of_every_kind_converts_to_every_other() {
    let entries = fixtures::all();
    let later: Value = serde_saphyr::from_str(
        "{apiVersion: gateway.networking.k8s.io/v1, kind: GRPCRoute, metadata: {name: later}, spec: {useDefaultGateways: All, \
         rules: [{name: one, filters: [{type: RequestMirror, requestMirror: {backendRef: {name: m}, fraction: {numerator: 1}}}], \
         sessionPersistence: {type: Header, header: {name: x}}}]}}",
    )
    .unwrap();
    let objects: Vec<&Value> = entries
        .iter()
        .map(|(_, entry)| &entry.value)
        .chain([&later])
        .collect();
    let (mut pairs, mut refused) = (0, 0);
    for from in schema::KINDS {
        for to in versions(from.kind) {
            pairs += 1;
            let of_kind = objects.iter().filter(|object| {
                object["apiVersion"] == from.api_version && object["kind"] == from.kind
            });
            let kind = schema::find(to, from.kind).unwrap();
            // The old policy has a form of its own.
            let is_reshaped = from.kind == "BackendTLSPolicy"
                && (from.version == "v1alpha2" || kind.version == "v1alpha2");
            let mut converted = 0;
            for object in of_kind {
                let mut object = Value::clone(object);
                // The one normal form: a policy does not name its own namespace.
                if let Some(target) = object.pointer_mut("/spec/targetRef") {
                    target.as_object_mut().unwrap().remove("namespace");
                }
                let unknown = never_there(&object, from);
                let is_unknown =
                    |path: &String| unknown.iter().any(|unknown| is_within(path, unknown));
                let mut lacking = never_there(&object, kind);
                lacking.retain(|path| !is_reshaped && !is_unknown(path));
                let new = match convert_value(&object, to) {
                    Ok(new) => {
                        assert!(lacking.is_empty(), "{to} {}: {lacking:?}", from.kind);
                        new
                    }
                    Err(error) => {
                        for problem in error.problems() {
                            match lacking.remove(problem.path()) {
                                true => {
                                    refused += 1;
                                    assert!(cut(&mut object, problem.path()));
                                }
                                false => leave_out(&mut object, problem.path()),
                            }
                        }
                        assert!(lacking.is_empty(), "{error}: {lacking:?}");
                        convert_value(&object, to).unwrap()
                    }
                };
                converted += 1;
                let mut left = never_there(&new, kind);
                left.retain(|path| !is_reshaped && !is_unknown(path));
                assert!(left.is_empty(), "{to} {}: {left:?}", from.kind);
                assert_eq!(
                    schema::fields_of_no_release(&new, kind),
                    [],
                    "{to} {}",
                    from.kind
                );
                manifest::decode(&new).unwrap();
                assert_eq!(convert_value(&new, from.api_version).unwrap(), object);
            }
            assert!(converted > 0, "{} {}", from.api_version, from.kind);
        }
    }
    assert!(pairs > schema::KINDS.len());
    assert!(refused >= 4, "{refused}");
}

/// The paths of the fields of `spec` that each release which serves a version of a kind lacks, or lacks what they are in.
fn never_there(object: &Value, kind: &'static schema::KindVersion) -> BTreeSet<String> {
    let served = kind.installations().iter().filter(|it| it.served);
    let unknown: Vec<BTreeSet<String>> = served
        .map(|installation| {
            schema::unknown_fields_of(object, kind, installation)
                .iter()
                .map(|field| field.path().to_owned())
                .filter(|path| path.starts_with("spec."))
                .collect()
        })
        .collect();
    let lack = |path: &&String| {
        let lacks = |paths: &BTreeSet<String>| paths.iter().any(|other| is_within(path, other));
        unknown.iter().all(lacks)
    };
    unknown.iter().flatten().filter(lack).cloned().collect()
}

/// Leaves out what stands in the way of a conversion: of several rules or targets all but the first, and any other field.
fn leave_out(object: &mut Value, path: &str) {
    let spec = object["spec"].as_object_mut().unwrap();
    match path {
        "spec.rules" | "spec.targetRefs" => {
            let list = spec[path.trim_start_matches("spec.")]
                .as_array_mut()
                .unwrap();
            list.truncate(1);
        }
        "spec.hostnames" => {
            spec.insert("hostnames".to_owned(), serde_json::json!(["a.example"]));
        }
        "spec.targetRef.namespace" => {
            spec["targetRef"]
                .as_object_mut()
                .unwrap()
                .remove("namespace");
        }
        "spec.options" => drop(spec.remove("options")),
        "spec.validation.subjectAltNames" => {
            spec["validation"]
                .as_object_mut()
                .unwrap()
                .remove("subjectAltNames");
        }
        other => panic!("{other}: {object}"),
    }
}

/// From each release to the next and back, in both channels: what has no form is named, nothing else is lost, and what a
/// release takes is refused by its neighbour only where that is said.
#[test]
fn between_adjacent_releases_nothing_is_lost_in_silence() {
    let (mut carried, mut stopped) = (0, 0);
    for (name, entry) in fixtures::all() {
        for pair in Release::ALL.windows(2) {
            let &[older, newer] = pair else { continue };
            for channel in Channel::ALL {
                for (from, to) in [(older, newer), (newer, older)] {
                    let mut object = entry.value.clone();
                    object.as_object_mut().unwrap().remove("status");
                    let Ok(first) = convert_to_release(&object, from, channel) else {
                        continue;
                    };
                    match convert_to_release(&first.object, to, channel) {
                        Ok(second) => {
                            carried += 1;
                            let lost: Vec<_> = leaves(&first.object["spec"])
                                .difference(&leaves(&second.object))
                                .cloned()
                                .collect();
                            assert_eq!(lost, Vec::<String>::new(), "{name}: {from} to {to}");
                            let options = ValidationOptions::of(to, channel);
                            let report = validation::validate_value(&second.object, &options);
                            let refused = second.remarks.iter().any(ConversionRemark::is_refused);
                            assert_eq!(report.is_accepted(), !refused, "{name}: {from} to {to}");
                            // What is in the release's forms stays as it is.
                            let again = convert_to_release(&second.object, to, channel).unwrap();
                            assert_eq!(again.object, second.object, "{name}: {to}");
                        }
                        Err(error) => {
                            stopped += 1;
                            let paths = error.problems().iter().map(ConversionProblem::path);
                            for path in paths.filter(|path| !path.is_empty()) {
                                let pointer = format!(
                                    "/{}",
                                    path.replace('[', ".").replace(']', "").replace('.', "/")
                                );
                                assert!(
                                    first.object.pointer(&pointer).is_some(),
                                    "{name}: {from} to {to}: {error}"
                                );
                            }
                        }
                    }
                }
            }
        }
    }
    assert!(carried > 500 && stopped > 20, "{carried} {stopped}");
}

/// Between any two releases, both ways and in both channels: an object that is converted converts back to an equal one, or what is
/// said names all that differs; and without the fields that an error names, the object converts. Objects are those of the release
/// that they come from, made anew for each pair.
#[test]
fn between_any_two_releases_an_object_comes_back_or_what_is_lost_is_named() {
    let (mut returned, mut changed, mut stopped) = (0, 0, 0);
    let distinct = Release::ALL.iter().copied().filter(|r| r.crds() == *r);
    let distinct: Vec<_> = distinct.collect();
    let (mut seed, mut failures) = (0, Vec::new());
    for from in &distinct {
        for to in distinct.iter().filter(|to| *to != from) {
            for channel in Channel::ALL {
                seed += 1;
                for index in 0..OBJECTS {
                    // Every third one is valid by construction.
                    let mut object = support::object_of(seed, index * 3, *from, channel);
                    object.as_object_mut().unwrap().remove("status");
                    // The one normal form: a policy does not name its own namespace.
                    let own = object["metadata"].get("namespace").cloned();
                    if let Some(target) = object.pointer_mut("/spec/targetRef")
                        && target.get("namespace") == own.as_ref()
                    {
                        target.as_object_mut().unwrap().remove("namespace");
                    }
                    let Ok(first) = convert_to_release(&object, *from, channel) else {
                        continue;
                    };
                    let what = format!("{from} to {to} {channel}");
                    match there_and_back(&first.object, (*from, *to), channel) {
                        Ok(Journey::Returned) => returned += 1,
                        Ok(Journey::Changed) => changed += 1,
                        Ok(Journey::Stopped) => stopped += 1,
                        Err(broken) => {
                            failures.push(format!("{what}: {broken}\n{}", first.object));
                        }
                    }
                }
            }
        }
    }
    println!("{returned} came back, {changed} changed as was said, {stopped} stopped");
    let (broken, first) = (failures.len(), failures.iter().take(10));
    let first: Vec<_> = first.map(String::as_str).collect();
    assert!(failures.is_empty(), "{broken}: {}", first.join("\n"));
    assert!(
        returned > 400 && stopped > 50,
        "{returned} {changed} {stopped}"
    );
}

/// How many objects of a release are converted to another one.
const OBJECTS: u64 = 4;

/// First the form, then what the release's rules say of it.
const STAGES: usize = 2;

/// What became of an object that was to be converted to another release and back.
enum Journey {
    Returned,
    Changed,
    Stopped,
}

fn there_and_back(
    object: &Value,
    (from, to): (Release, Release),
    channel: Channel,
) -> Result<Journey, String> {
    let there = match convert_to_release(object, to, channel) {
        Ok(there) => there,
        Err(error) => {
            // Nothing is written. What is named is all that stands in the way of the form; and then, of the object's being valid.
            let mut rest = object.clone();
            let mut error = error;
            for _ in 0..STAGES {
                let paths: Vec<_> = error
                    .problems()
                    .iter()
                    .map(ConversionProblem::path)
                    .collect();
                if paths == [""] {
                    return Ok(Journey::Stopped);
                }
                for path in &paths {
                    match *path {
                        // What the version demands, or holds one of.
                        "spec.hostnames" | "spec.rules" | "spec.targetRefs" => {
                            leave_out(&mut rest, path);
                        }
                        path if cut(&mut rest, path) => {}
                        path => return Err(format!("there is no {path}: {error}")),
                    }
                }
                drop_cut_entries(&mut rest);
                error = match convert_to_release(&rest, to, channel) {
                    Ok(_) => return Ok(Journey::Stopped),
                    Err(next) => next,
                };
            }
            return Err(format!("still after {STAGES} stages: {error}"));
        }
    };
    let lost: Vec<_> = leaves(&object["spec"])
        .difference(&leaves(&there.object))
        .cloned()
        .collect();
    if !lost.is_empty() {
        return Err(format!("lost {lost:?}: {}", there.object));
    }
    let back = convert_to_release(&there.object, from, channel)
        .map_err(|error| format!("back: {error}: {}", there.object))?;
    // A version that is served there and comes later than the one that is stored stays.
    let version = object["apiVersion"].as_str().unwrap();
    let own = convert_value(&back.object, version).map_err(|error| error.to_string())?;
    if own == *object {
        return Ok(Journey::Returned);
    }
    // Each place that differs is in a field of which something is said, or has one in it.
    let mut differing = Vec::new();
    differences(object, &own, "", &mut differing);
    let remarks = there.remarks.iter().chain(&back.remarks);
    let named: Vec<_> = remarks.map(ConversionRemark::path).collect();
    let is_named = |path: &String| {
        let mut named = named.iter().copied();
        named.any(|other| is_within(path, other) || is_within(other, path))
    };
    match differing.iter().find(|path| !is_named(path)) {
        None => Ok(Journey::Changed),
        Some(path) => Err(format!("{path} comes back as another one: {named:?} {own}")),
    }
}

/// Whether a path is another one, or leads to something in it.
fn is_within(path: &str, other: &str) -> bool {
    let rest = path.strip_prefix(other);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

/// The paths at which two values differ.
fn differences(one: &Value, other: &Value, path: &str, found: &mut Vec<String>) {
    match (one, other) {
        (Value::Object(a), Value::Object(b)) => {
            for name in a.keys().chain(b.keys()).collect::<BTreeSet<_>>() {
                let below = format!("{path}.{name}");
                let (a, b) = (a.get(name), b.get(name));
                let none = Value::Null;
                let (a, b) = (a.unwrap_or(&none), b.unwrap_or(&none));
                differences(a, b, below.trim_start_matches('.'), found);
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (index, (a, b)) in a.iter().zip(b).enumerate() {
                differences(a, b, &format!("{path}[{index}]"), found);
            }
        }
        _ if one == other => {}
        _ => found.push(path.to_owned()),
    }
}

/// Takes a field or an entry of a list out of an object; false where it is not there.
fn cut(object: &mut Value, path: &str) -> bool {
    let pointer = path.replace('[', ".").replace(']', "").replace('.', "/");
    let (above, last) = pointer.rsplit_once('/').unwrap_or(("", &pointer));
    let above = match above {
        "" => String::new(),
        above => format!("/{above}"),
    };
    match object.pointer_mut(&above) {
        Some(Value::Object(fields)) => fields.remove(last).is_some(),
        // The entries after it keep their numbers until all is cut.
        Some(Value::Array(entries)) => last
            .parse::<usize>()
            .ok()
            .and_then(|index| entries.get_mut(index))
            .map(|entry| *entry = Value::Null)
            .is_some(),
        _ => false,
    }
}

fn drop_cut_entries(value: &mut Value) {
    match value {
        Value::Array(entries) => {
            entries.retain(|entry| !entry.is_null());
            entries.iter_mut().for_each(drop_cut_entries);
        }
        Value::Object(fields) => fields.values_mut().for_each(drop_cut_entries),
        _ => {}
    }
}

/// All scalars of a value, but for the names of kinds that others replace.
fn leaves(value: &Value) -> BTreeSet<String> {
    fn walk(value: &Value, leaves: &mut BTreeSet<String>) {
        match value {
            Value::Object(fields) => fields.values().for_each(|value| walk(value, leaves)),
            Value::Array(elements) => elements.iter().for_each(|value| walk(value, leaves)),
            Value::Null => {}
            scalar => {
                leaves.insert(scalar.to_string());
            }
        }
    }
    let mut found = BTreeSet::new();
    walk(value, &mut found);
    for kind in ["ListenerSet", "XListenerSet"] {
        found.remove(&format!("\"{kind}\""));
    }
    for group in [gwapi::meta::GROUP, gwapi::meta::EXPERIMENTS_GROUP] {
        found.remove(&format!("\"{group}\""));
    }
    found
}

/// Of every release and the next, both channels: what the older takes and the newer does not is a finding on the object, and
/// what both take is none; from a release to itself nothing stands in the way. Statuses included, of which a server drops the
/// fields that the newer release does not have.
#[test]
fn an_upgrade_to_the_next_release_names_what_it_no_longer_takes() {
    let objects: Vec<Value> = fixtures::all()
        .into_iter()
        .map(|(_, entry)| entry.value)
        .collect();
    let judge = |object: &Value, release, channel| {
        let mut options = ValidationOptions::of(release, channel);
        options.with_status = true;
        validation::validate_value(object, &options)
    };
    let takes_stored = |object: &Value, release, channel| {
        let report = judge(object, release, channel);
        let is_dropped =
            |f: &Finding| f.rule() == "schema/unknown-field" && f.path().starts_with("status.");
        report.errors().all(is_dropped)
    };
    let (mut fine, mut named) = (0, 0);
    for channel in Channel::ALL {
        for (index, from) in Release::ALL.iter().enumerate() {
            let crds = crd::definitions(*from, channel);
            let crds: Vec<_> = crds
                .iter()
                .map(|crd| serde_json::to_value(crd).unwrap())
                .collect();
            let taken: Vec<_> = objects
                .iter()
                .filter(|o| judge(o, *from, channel).is_accepted())
                .collect();
            let targets = [Some(from), Release::ALL.get(index + 1)];
            for to in targets.into_iter().flatten() {
                for object in &taken {
                    let kind = object["kind"].as_str().unwrap();
                    let own = crds
                        .iter()
                        .filter(|crd| crd["spec"]["names"]["kind"] == kind);
                    let options = UpgradeOptions::to(*to, channel).from(*from);
                    let report = upgrade::check(own.chain([*object]), options);
                    let on_object = report
                        .findings
                        .iter()
                        .filter(|f| f.object.kind == kind && f.impact != Impact::Note);
                    let any = on_object.count() > 0;
                    assert_eq!(
                        any,
                        !takes_stored(object, *to, channel),
                        "{from} to {to} {channel}: {object}\n{report:#?}"
                    );
                    fine += usize::from(!any);
                    named += usize::from(any);
                    assert!(from != to || !any);
                    assert!(report.steps.len() > 1, "{report:#?}");
                }
            }
        }
    }
    assert!(fine > 200 && named > 5, "{fine} {named}");
}
