//! Objects as JSON, each judged by itself and all of them together.

use super::{LintOptions, Linted, lint};
use crate::{
    attachment::{self, Resolver, Snapshot, SnapshotObject},
    manifest::{self, ReadError},
    meta::{GROUP, ObjectRef},
    rules::set::GIVEN_ONCE,
    schema,
    validation::{self, Finding, Report, validate_value},
};
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};

/// Judges each object of a set as an API server would, and then all of them together: a report for each object, in
/// order, made when it is asked for. [`Member`] and [`judge_together`] do so in two steps, between which the objects
/// need not be kept.
///
/// An object without a namespace counts as being in `default`, as for `kubectl`. What the set leaves out
/// is reported as missing, as warnings; a lone object is not a set, and its references are not followed. What
/// cannot be decoded takes no part; the report of the object says why. Of several objects with one name the
/// last counts, and the others have a finding that says so. Where very many references fail, the last ones have no help:
/// [`judge_together`] says so, and takes the bounds.
pub fn judge_set<'a>(
    objects: &'a [&'a Value],
    options: &'a validation::ValidationOptions,
) -> impl Iterator<Item = Report> + 'a {
    let mut unreadable = HashMap::new();
    let members = objects.iter().enumerate().map(|(index, object)| {
        let (member, error) = Member::of(object);
        if let Some(error) = error {
            unreadable.insert(index, error);
        }
        member
    });
    let looking = LintOptions::default();
    let mut together = judge_together(members, options, looking).reports;
    objects.iter().enumerate().map(move |(index, object)| {
        let mut report = alone(object, unreadable.remove(&index), options);
        let findings = together.remove(&index).map(Report::into_findings);
        report.extend(findings.unwrap_or_default());
        report
    })
}

/// What there is to say of an object by itself.
fn alone(
    object: &Value,
    unreadable: Option<ReadError>,
    options: &validation::ValidationOptions,
) -> Report {
    let mut report = validate_value(object, options);
    if let Some(error) = unreadable
        && report.is_accepted()
    {
        report.push(Finding::unreadable(&error));
    }
    report
}

/// An object of a set that is to be judged together: what it means, not its JSON.
#[derive(Clone, Debug)]
pub struct Member {
    /// Nothing where it cannot be decoded.
    object: Option<SnapshotObject>,
    /// Whether it is a BackendTLSPolicy `v1alpha2`, which writes its fields in other places.
    is_old_policy: bool,
}

impl Member {
    /// Judges an object by itself: the report, and what [`judge_together`] needs.
    #[must_use]
    pub fn judge(object: &Value, options: &validation::ValidationOptions) -> (Self, Report) {
        let (member, unreadable) = Self::of(object);
        (member, alone(object, unreadable, options))
    }

    /// Decodes an object. The error is that of a kind without a schema here, such as a Secret: other kinds are judged
    /// by theirs.
    fn of(object: &Value) -> (Self, Option<ReadError>) {
        let text = |field| {
            object
                .get(field)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        let (api_version, kind) = (text("apiVersion"), text("kind"));
        let (object, error) = match manifest::decode(object) {
            Ok(object) => (Some(SnapshotObject::from(object)), None),
            Err(error) => {
                let named = !api_version.is_empty() && !kind.is_empty();
                let judged = schema::find(api_version, kind).is_some();
                (None, Some(error).filter(|_| named && !judged))
            }
        };
        let version = api_version
            .strip_prefix(GROUP)
            .and_then(|rest| rest.strip_prefix('/'));
        let is_old_policy = kind == "BackendTLSPolicy" && version == Some("v1alpha2");
        let member = Self {
            object,
            is_old_policy,
        };
        (member, error)
    }
}

/// What there is to say of the objects of a set beyond what each by itself is: a report for each of which there is
/// something, by its place in the set.
#[must_use]
pub fn judge_together(
    members: impl IntoIterator<Item = Member>,
    options: &validation::ValidationOptions,
    looking: LintOptions,
) -> Linted<usize> {
    let mut resolving = attachment::Options::for_manifests().with_release(options.release);
    resolving.channel = options.channel;
    resolving.now = options.now;
    resolving.patterns = options.patterns;
    let mut snapshot = Snapshot::default();
    // Of each name the last object, and whether it is an old policy.
    let mut last: HashMap<ObjectRef, (usize, bool)> = HashMap::new();
    let mut replaced: BTreeMap<usize, Report> = BTreeMap::new();
    let mut count = 0;
    for (index, member) in members.into_iter().enumerate() {
        count += 1;
        if let Some(object) = member.object {
            let reference = object.reference();
            let is_named = !reference.name.is_empty();
            let earlier = last.insert(reference, (index, member.is_old_policy));
            if let Some((earlier, _)) = earlier.filter(|_| is_named) {
                let finding = Finding::of(&GIVEN_ONCE, String::new());
                replaced.insert(earlier, Report::from(vec![finding]));
            }
            snapshot.insert(object);
        }
    }
    let mut resolver = Resolver::with_snapshot(snapshot, resolving);
    resolver.update();
    let looking = LintOptions {
        references: looking.references && count > 1,
        ..looking
    };
    let Linted { reports, met } = lint(&resolver, &looking);
    let mut together: BTreeMap<usize, Report> = reports
        .into_iter()
        .filter_map(|(name, report)| {
            let (index, is_old_policy) = last.remove(&name)?;
            Some((
                index,
                if is_old_policy {
                    as_old(report)
                } else {
                    report
                },
            ))
        })
        .collect();
    // Of what is replaced there is nothing else to say.
    together.append(&mut replaced);
    Linted {
        reports: together,
        met,
    }
}

/// The findings on a BackendTLSPolicy, with the fields as `v1alpha2` has them.
fn as_old(report: Report) -> Report {
    let written = |finding: Finding| {
        let path = finding.path();
        let path = path
            .replace("spec.targetRefs[0]", "spec.targetRef")
            .replace("spec.validation.caCertificateRefs", "spec.tls.caCertRefs")
            .replace("spec.validation", "spec.tls");
        finding.at(path)
    };
    let findings: Vec<Finding> = report.into_findings().into_iter().map(written).collect();
    Report::from(findings)
}
