//! Objects as JSON, each judged by itself and all of them together.

use super::{LintOptions, lint};
use crate::{
    attachment::{self, Resolver, Snapshot, SnapshotObject},
    manifest::{self, ReadError},
    meta::{GROUP, ObjectReference},
    schema,
    validation::{self, Finding, Report, validate_value},
};
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};

/// Judges each object of a set as an API server would, and then all of them together: a report for each object, in
/// order, made when it is asked for.
///
/// An object without a namespace counts as being in `default`, as for `kubectl`. What the set leaves out
/// is reported as missing, as warnings; a lone object is not a set, and its references are not followed. What
/// cannot be decoded takes no part; the report of the object says why. Of several objects with one name the
/// last counts.
pub fn judge_set<'a>(
    objects: &'a [&'a Value],
    options: &'a validation::ValidationOptions,
) -> impl Iterator<Item = Report> + 'a {
    let mut reports = Together::of(objects, options);
    objects.iter().enumerate().map(move |(index, object)| {
        let mut report = validate_value(object, options);
        if let Some(error) = reports.unreadable.remove(&index)
            && report.is_accepted()
        {
            report.push(Finding::unreadable(&error));
        }
        report.extend(reports.take(index, object));
        report
    })
}

/// What there is to say of a set.
struct Together {
    /// The object in whose report each finding belongs.
    names: HashMap<usize, ObjectReference>,
    reports: BTreeMap<ObjectReference, Report>,
    /// The objects of kinds without a schema here, such as Secrets, that cannot be decoded.
    unreadable: HashMap<usize, ReadError>,
}

impl Together {
    fn of(objects: &[&Value], options: &validation::ValidationOptions) -> Self {
        let mut resolving = attachment::Options::for_manifests();
        resolving.channel = options.channel;
        resolving.now = options.now;
        resolving.patterns = options.patterns;
        let mut snapshot = Snapshot::default();
        let mut last: HashMap<ObjectReference, usize> = HashMap::new();
        let mut unreadable = HashMap::new();
        for (index, object) in objects.iter().enumerate() {
            let object = match manifest::decode(object) {
                Ok(object) => SnapshotObject::from(object),
                Err(error) => {
                    let text = |field| object.get(field).and_then(Value::as_str);
                    // Kinds with a schema were judged by it.
                    if let (Some(version), Some(kind)) = (text("apiVersion"), text("kind"))
                        && schema::find(version, kind).is_none()
                    {
                        unreadable.insert(index, error);
                    }
                    continue;
                }
            };
            last.insert(object.reference(), index);
            snapshot.insert(object);
        }
        let mut resolver = Resolver::with_snapshot(snapshot, resolving);
        resolver.update();
        let looking = LintOptions {
            references: objects.len() > 1,
            ..LintOptions::default()
        };
        Self {
            reports: lint(&resolver, &looking),
            names: last
                .into_iter()
                .map(|(name, index)| (index, name))
                .collect(),
            unreadable,
        }
    }

    fn take(&mut self, index: usize, object: &Value) -> Vec<Finding> {
        let report = self
            .names
            .remove(&index)
            .and_then(|name| self.reports.remove(&name));
        let findings = report.map(Report::into_findings).unwrap_or_default();
        let is_old_policy = object
            .get("kind")
            .is_some_and(|kind| kind == "BackendTLSPolicy")
            && object.get("apiVersion") == Some(&format!("{GROUP}/v1alpha2").into());
        if !is_old_policy {
            return findings;
        }
        let written = |finding: Finding| {
            let path = finding.path();
            let path = path
                .replace("spec.targetRefs[0]", "spec.targetRef")
                .replace("spec.validation.caCertificateRefs", "spec.tls.caCertRefs")
                .replace("spec.validation", "spec.tls");
            finding.at(path)
        };
        findings.into_iter().map(written).collect()
    }
}
