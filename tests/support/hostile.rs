//! What must hold of any bytes: shared by the fuzz target `validate_value` and the tests that replay its corpus.
#![allow(
    clippy::allow_attributes,
    clippy::collapsible_if,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "shared by tests, an example and fuzz targets, not all of which need each"
)]

use gwapi::{
    lint, manifest,
    meta::Channel,
    schema,
    validation::{self, Finding, ValidationOptions},
};
use serde_json::Value;

/// Whether a finding of an object alone is the one that it has beside others. Of a list that is too long it says there that
/// the object is not looked at together with them.
fn is_same(alone: &Finding, beside: &Finding) -> bool {
    let help = |finding: &Finding| finding.help().unwrap_or_default().to_owned();
    let parts = |finding: &Finding| {
        let (rule, path) = (finding.rule(), finding.path().to_owned());
        (rule, path, finding.message().to_owned(), finding.severity())
    };
    parts(alone) == parts(beside)
        && match alone.rule() {
            "schema/max-items" => help(beside).starts_with(&help(alone)),
            _ => help(alone) == help(beside),
        }
}

/// Reads the bytes, judges every object in both channels, and checks the laws. Returns how many objects there were.
///
/// - Judging an object again says the same.
/// - Defaults applied twice are defaults applied once.
/// - An object that validation accepts can be decoded, and so it is accepted beside the others.
pub(crate) fn judge(bytes: &[u8]) -> usize {
    let read = manifest::read(bytes, &manifest::ReadOptions::default());
    for channel in Channel::ALL {
        let options = ValidationOptions {
            with_status: true,
            ..ValidationOptions::new(channel)
        };
        let values: Vec<&Value> = read.entries.iter().map(|entry| &entry.value).collect();
        let reports: Vec<_> = lint::judge_set(&values, &options).collect();
        assert_eq!(reports.len(), values.len());
        for (value, report) in values.into_iter().zip(reports) {
            let alone = validation::validate_value(value, &options);
            let beside = report.findings().iter().take(alone.findings().len());
            assert_eq!(beside.len(), alone.findings().len());
            let is_as_alone = alone
                .findings()
                .iter()
                .zip(beside)
                .all(|(one, other)| is_same(one, other));
            assert!(is_as_alone, "{value}");
            let text = |field: &str| value.get(field).and_then(Value::as_str).unwrap_or_default();
            let Some(kind) = schema::find(text("apiVersion"), text("kind")) else {
                continue;
            };
            let Some(installation) = kind.installations().last() else {
                continue;
            };
            let mut once = value.clone();
            schema::apply_defaults(&mut once, installation.schema());
            let mut twice = once.clone();
            schema::apply_defaults(&mut twice, installation.schema());
            assert_eq!(once, twice, "defaults are applied once");
            if alone.is_accepted()
                && let Err(error) = manifest::decode(value)
            {
                panic!("accepted and not decoded: {error}\n{value}");
            }
        }
    }
    read.entries.len()
}
