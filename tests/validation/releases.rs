//! What holds of every release.

use crate::{cel, support};
use gwapi::{
    meta::{Channel, Release},
    rules, schema,
    validation::{self, ValidationOptions},
};
use std::collections::{BTreeMap, BTreeSet};

/// The releases whose CRDs differ from those of the one before.
pub(crate) fn distinct() -> impl Iterator<Item = Release> {
    let all = Release::ALL.iter().copied();
    all.filter(|release| release.crds() == *release)
}

#[test]
fn the_native_verdict_is_that_of_our_definitions_in_every_release() {
    let count: u64 = std::env::var("GWAPI_CASES").map_or(150, |n| n.parse().unwrap());
    let mut judged = 0;
    let mut broken: BTreeMap<String, usize> = BTreeMap::new();
    for release in distinct() {
        for channel in Channel::ALL {
            let mut definitions = BTreeMap::new();
            for index in 0..count {
                let object = support::object_of(13, index, release, channel);
                let options = ValidationOptions::of(release, channel);
                let report = validation::validate_value(&object, &options);
                let Some(native) = cel::native(&report) else {
                    continue;
                };
                judged += 1;
                for (id, _) in &native {
                    *broken.entry(id.clone()).or_default() += 1;
                }
                let text = |key: &str| object[key].as_str().unwrap();
                let kind = schema::find(text("apiVersion"), text("kind")).unwrap();
                let installation = kind.installation(release, channel).unwrap();
                let definition = definitions
                    .entry((kind.kind, kind.api_version))
                    .or_insert_with(|| cel::definition(installation));
                // As a server has it when it runs the rules: defaults applied, status dropped.
                let mut stored = object.clone();
                if installation.status_subresource {
                    stored.as_object_mut().unwrap().remove("status");
                }
                schema::apply_defaults(&mut stored, installation.schema());
                let verdict = definition.verdict(&stored, None);
                let (by_native, by_cel) = (by_expression(&native), by_expression(&verdict));
                for (expression, path) in by_native.symmetric_difference(&by_cel) {
                    let rule = |id: &&String| expression_of(id) == *expression;
                    let mut ids = native.iter().chain(&verdict).map(|(id, _)| id).filter(rule);
                    assert!(
                        ids.any(|id| cel::known_difference(id, &report, &object).is_some()),
                        "{release} {channel}: {expression} at {path}: native {native:#?} CEL {verdict:#?}\n{object:#}"
                    );
                }
            }
        }
    }
    println!("{judged} objects judged rule by rule; findings by rule: {broken:#?}");
    assert!(judged > 500, "{judged}");
}

fn expression_of(id: &str) -> &'static str {
    let rule = rules::all().find(|rule| rule.id == id).unwrap();
    rule.cel.unwrap()
}

/// Several rules have the same expression, each at places of its own.
fn by_expression(verdict: &cel::Verdict) -> BTreeSet<(&'static str, &str)> {
    verdict
        .iter()
        .map(|(id, path)| (expression_of(id), path.as_str()))
        .collect()
}

/// A kind or version that the channel lacks is the one error of an object that the other channel takes: no schema of another
/// release has a word in it.
#[test]
fn a_kind_that_the_channel_lacks_is_the_one_error_of_an_object_that_the_other_channel_takes() {
    let mut kinds = BTreeSet::new();
    for release in distinct() {
        for index in 0..400 {
            let object = support::object_of(17, index, release, Channel::Experimental);
            let judged = |channel| {
                validation::validate_value(&object, &ValidationOptions::of(release, channel))
            };
            let text = |key: &str| object[key].as_str().unwrap();
            let kind = schema::find(text("apiVersion"), text("kind")).unwrap();
            let is_lacking = kind.installation(release, Channel::Standard).is_none();
            if !is_lacking || !judged(Channel::Experimental).is_accepted() {
                continue;
            }
            let report = judged(Channel::Standard);
            let rules: Vec<_> = report.errors().map(validation::Finding::rule).collect();
            assert!(
                ["kind/not-served", "version/not-served"]
                    .map(|rule| vec![rule])
                    .contains(&rules),
                "{release}: {report:#?}\n{object:#}"
            );
            kinds.insert(text("kind").to_owned());
        }
    }
    assert!(kinds.len() > 4, "{kinds:?}");
}
