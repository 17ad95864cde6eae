//! Objects as JSON, each judged by itself and all of them together.

use super::{LintOptions, Linted, lint_beside, near::Met};
use crate::{
    attachment::{
        self, Resolver, Snapshot, SnapshotObject,
        admit::{Admission, Ignored, Judged, Judgement, given_twice, taken},
    },
    meta::{GROUP, ObjectRef},
    rules::set::GIVEN_ONCE,
    schema,
    validation::{self, Finding, Report, validate_value},
};
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};

/// Judges each object of a set as an API server would when it is applied, and then all of them together: a report for each
/// object, in order, made when it is asked for. [`Member`] and [`judge_together`] do so in two steps, between which the
/// objects need not be kept.
///
/// An object without a namespace counts as being in `default`, as for `kubectl`. What the set leaves out
/// is reported as missing, as warnings. A lone object is not a set: nothing is missing from it, and only what is wrong with it whatever
/// others there are is told. Of several objects
/// with one name the last counts, and the others have a finding that says so. What is refused or cannot be read takes no
/// part, as in [`attachment::admit`]: those that refer to it are told that it was given. Where very many references fail,
/// the last ones have no help: [`judge_together`] says so, and takes the bounds.
pub fn judge_set<'a>(
    objects: &'a [&'a Value],
    options: &'a validation::ValidationOptions,
) -> impl Iterator<Item = Report> + 'a {
    // Of most objects there is nothing to say, which is all that is kept of them.
    let mut silent = Vec::with_capacity(objects.len());
    let members = objects.iter().map(|object| {
        let (member, report) = Member::judge(object, options);
        silent.push(report.is_empty());
        member
    });
    let looking = LintOptions::default();
    let mut together = judge_together(members, options, looking).reports;
    objects
        .iter()
        .zip(silent)
        .enumerate()
        .map(move |(index, (object, silent))| {
            let mut report = match silent {
                true => Report::default(),
                false => Member::judge(object, options).1,
            };
            let findings = together.remove(&index).map(Report::into_findings);
            report.extend(findings.unwrap_or_default());
            report
        })
}

/// An object of a set that is to be judged together: what it means, not its JSON.
#[derive(Clone, Debug)]
pub struct Member {
    judgement: Judgement,
    /// The object as it is meant, where it can be read and an API server refuses it for what it holds.
    draft: Option<SnapshotObject>,
    /// Whether it is a BackendTLSPolicy `v1alpha2`, which writes its fields in other places.
    is_old_policy: bool,
}

impl Member {
    /// Judges an object by itself, as `kubectl apply` does: the report, and what [`judge_together`] needs.
    #[must_use]
    pub fn judge(object: &Value, options: &validation::ValidationOptions) -> (Self, Report) {
        let mut report = validate_value(object, options);
        let mut member = Self::of(object, report.findings());
        // What would be wrong with it if it were corrected would cost the product of its lists, and it could not be corrected
        // without changing them.
        if member.draft.is_some() && report.has_lists_without_bound() {
            member.draft = None;
            report.say_lists_hide_others();
        }
        if let Judged::Ignored(ignored) = member.judgement.judged()
            && report.is_accepted()
        {
            report.push(refusal(ignored));
        }
        (member, report)
    }

    /// Whether the object has nothing to do with the Gateway API, so that the others mean the same without it.
    #[must_use]
    pub fn is_foreign(&self) -> bool {
        matches!(self.judgement.judged(), Judged::Foreign(_))
    }

    /// Whether the object means something to others, if only that it was given and is left out: it has a part in the Gateway API
    /// and a name.
    #[must_use]
    pub fn takes_part(&self) -> bool {
        match self.judgement.judged() {
            Judged::Foreign(_) => false,
            Judged::Ignored(ignored) => !ignored.object.name.is_empty(),
            Judged::Admitted { .. } => true,
        }
    }

    /// What tells the content of the object from that of others, for as long as the process runs.
    #[must_use]
    pub fn digest(&self) -> u64 {
        self.judgement.digest()
    }

    /// An object of which validation says this.
    fn of(object: &Value, findings: &[Finding]) -> Self {
        let text = |field| {
            object
                .get(field)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        let (api_version, kind) = (text("apiVersion"), text("kind"));
        let mut judged = taken(object, findings);
        let mut draft = None;
        if let Judged::Ignored(ignored) = &mut judged {
            // The report has them.
            ignored.findings = Vec::new();
            let is_known = schema::find(api_version, kind).is_some();
            draft = ignored.meant.clone().filter(|_| is_known);
        }
        let version = api_version
            .strip_prefix(GROUP)
            .and_then(|rest| rest.strip_prefix('/'));
        Self {
            judgement: Judgement::new(object, judged),
            draft,
            is_old_policy: kind == "BackendTLSPolicy" && version == Some("v1alpha2"),
        }
    }
}

/// Why an object is not taken in which validation finds nothing wrong: it cannot be read, or it has no name.
fn refusal(ignored: &Ignored) -> Finding {
    match &ignored.error {
        Some(error) => Finding::unreadable(error),
        None => {
            let finding = Finding::nameless(ignored.message.clone());
            match &ignored.help {
                Some(help) => finding.with_help(help.clone()),
                None => finding,
            }
        }
    }
}

/// What there is to say of the objects of a set beyond what each by itself is: a report for each of which there is
/// something, by its place in the set.
///
/// What is wrong with an object that a server takes is what is wrong among those that it takes. Of one that is refused it is
/// what would be wrong if it were corrected, and all others that are refused with it.
#[must_use]
pub fn judge_together(
    members: impl IntoIterator<Item = Member>,
    options: &validation::ValidationOptions,
    looking: LintOptions,
) -> Linted<usize> {
    let mut admission = Admission::default();
    let (mut taken, mut drafts) = (ObjectPlaces::default(), ObjectPlaces::default());
    let mut drafted = Vec::new();
    let mut count = 0;
    for (index, member) in members.into_iter().enumerate() {
        count += usize::from(!member.is_foreign());
        let place = (index, member.is_old_policy);
        if let Judged::Admitted { object, .. } = member.judgement.judged() {
            taken.add(object.reference(), place, member.judgement.digest());
        }
        if let Some(draft) = member.draft {
            drafts.add(draft.reference(), place, member.judgement.digest());
            drafted.push(draft);
        }
        admission.add(member.judgement);
    }
    let admitted = admission.finish();
    let looking = LintOptions {
        references: looking.references && count > 1,
        ..looking
    };
    let judge = |snapshot: Snapshot, places: ObjectPlaces| {
        let mut resolving = attachment::Options::for_manifests().with_release(options.release);
        resolving.channel = options.channel;
        resolving.now = options.now;
        resolving.patterns = options.patterns;
        let mut resolver = Resolver::with_snapshot(snapshot, resolving);
        resolver.update();
        let linted = lint_beside(&resolver, &admitted.ignored, &looking);
        (places.reports(linted.reports), linted.met)
    };
    let corrected = (!drafted.is_empty()).then(|| admitted.snapshot.clone());
    let (mut reports, mut met) = judge(admitted.snapshot, taken);
    if let Some(mut corrected) = corrected {
        corrected.extend(drafted);
        let (of_drafts, met_there) = judge(corrected, drafts);
        reports.extend(of_drafts);
        let is_new = |one: &Met| met.iter().all(|met| met.bound != one.bound);
        let met_there: Vec<Met> = met_there.into_iter().filter(is_new).collect();
        met.extend(met_there);
    }
    Linted { reports, met }
}

/// Where the objects of a set are.
#[derive(Default)]
struct ObjectPlaces {
    /// Of each name the last object, whether it is an old policy, and the digest of what it says.
    last: HashMap<ObjectRef, (usize, bool, u64)>,
    /// The objects that are given again later.
    replaced: BTreeMap<usize, Report>,
}

impl ObjectPlaces {
    fn add(&mut self, reference: ObjectRef, (place, is_old_policy): (usize, bool), digest: u64) {
        let now = (place, is_old_policy, digest);
        if let Some((earlier, _, before)) = self.last.insert(reference, now) {
            let finding = match before == digest {
                true => given_twice(),
                false => Finding::of(&GIVEN_ONCE, String::new()),
            };
            self.replaced.insert(earlier, Report::from(vec![finding]));
        }
    }

    /// The reports by the places of their objects.
    fn reports(mut self, by_name: BTreeMap<ObjectRef, Report>) -> BTreeMap<usize, Report> {
        let mut reports: BTreeMap<usize, Report> = BTreeMap::new();
        for (name, report) in by_name {
            if let Some((index, is_old_policy, _)) = self.last.remove(&name) {
                let report = if is_old_policy {
                    as_old(report)
                } else {
                    report
                };
                reports.insert(index, report);
            }
        }
        // Of what is replaced there is nothing else to say.
        reports.append(&mut self.replaced);
        reports
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
