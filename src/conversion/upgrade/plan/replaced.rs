//! Objects whose form changes, kinds that another one has replaced, and the references to these.

use super::step::{UpgradeStep, full_name, kinds_of, some, step};
use crate::{
    conversion::upgrade::{
        converted::REFERS_TO_REPLACED,
        crd::Crd,
        findings::{UpgradeFindings, with_article},
    },
    schema::{self, KindVersion},
};

/// The files between which the objects are converted whose form changes.
const OLD_FORMS: &str = "gateway-api-old-forms.yaml";
const NEW_FORMS: &str = "gateway-api-new-forms.yaml";

/// Those between which the objects are converted that only refer to what has another kind now.
const OLD_REFERENCES: &str = "gateway-api-old-references.yaml";
const NEW_REFERENCES: &str = "gateway-api-new-references.yaml";

/// The kinds of objects that get another form.
pub(super) struct NewForms {
    /// Those that another kind has replaced.
    pub(super) replaced: Vec<&'static KindVersion>,
    /// The others with settings of another form.
    changed: Vec<&'static KindVersion>,
    /// The others with references to what has another kind: these can wait until that is there.
    referring: Vec<&'static KindVersion>,
}

impl NewForms {
    pub(super) fn of(found: &UpgradeFindings) -> Self {
        let replaced = kinds_of(found, &["kind-replaced"]);
        let mut changed = kinds_of(found, &["form-changed"]);
        let mut referring = kinds_of(found, &[REFERS_TO_REPLACED]);
        let is_in = |kinds: &[&KindVersion], kind: &KindVersion| {
            kinds
                .iter()
                .any(|other| full_name(other) == full_name(kind))
        };
        changed.retain(|kind| !is_in(&replaced, kind));
        referring.retain(|kind| !is_in(&replaced, kind) && !is_in(&changed, kind));
        Self {
            replaced,
            changed,
            referring,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.at_once().next().is_none() && self.referring.is_empty()
    }

    /// What has to be converted before the upgrade. What has another kind comes first: others may refer to it.
    fn at_once(&self) -> impl Iterator<Item = &'static KindVersion> {
        self.replaced.iter().chain(&self.changed).copied()
    }

    /// Converts what loses its old form by the upgrade.
    pub(super) fn convert(&self, found: &UpgradeFindings) -> Option<UpgradeStep> {
        let kinds: Vec<_> = self.at_once().map(full_name).collect();
        (!kinds.is_empty()).then(|| {
            step(
                format!(
                    "Convert the objects to the forms of {}, as they are now: their old forms are dropped with the old CRDs",
                    found.release
                ),
                // What has been corrected since the backup is there.
                between(&kinds, (OLD_FORMS, NEW_FORMS), found).into(),
            )
        })
    }

    /// Writes it in its new form.
    pub(super) fn apply(&self) -> Option<UpgradeStep> {
        let apply = || vec![apply(NEW_FORMS)];
        self.at_once()
            .next()
            .map(|_| step("Apply the objects in their new forms at once", apply()))
    }

    /// Lets what refers to kinds that are replaced refer to the others, when these are there and controllers know them.
    pub(super) fn refer(&self, found: &UpgradeFindings) -> Option<UpgradeStep> {
        let kinds: Vec<_> = self.referring.iter().map(|kind| full_name(kind)).collect();
        (!kinds.is_empty()).then(|| {
            let mut commands = Vec::from(between(&kinds, (OLD_REFERENCES, NEW_REFERENCES), found));
            commands.push(apply(NEW_REFERENCES));
            step(
                "Apply the objects that refer to what has another kind now, with references to that, when it is there",
                commands,
            )
        })
    }
}

/// The commands that read objects of these kinds, and convert them from one file to another.
fn between(kinds: &[String], (old, new): (&str, &str), found: &UpgradeFindings) -> [String; 2] {
    let convert = found.convert(&format!("-f {old} --only-converted"));
    [
        format!("kubectl get {} -A -o yaml > {old}", kinds.join(",")),
        format!("{convert} > {new}"),
    ]
}

fn apply(file: &str) -> String {
    format!("kubectl apply -f {file}")
}

/// Deletes the CRD of a kind that another one has replaced, and the objects with it: unless an object of the kind, or one that
/// refers to it, is not converted by then.
pub(super) fn delete(crd: &Crd<'_>, found: &UpgradeFindings) -> Option<UpgradeStep> {
    let has = |kind: &&str| {
        let mut versions = schema::versions_of(kind, found.release, found.channel);
        versions.next().is_some()
    };
    let new = schema::counterpart(crd.kind).filter(has)?;
    if !crd.target(found).is_empty() {
        return None;
    }
    let (kind, article) = (crd.kind, with_article(new));
    Some(match found.held.get(kind) {
        Some(objects) => step(
            format!(
                "Keep the CRD of {kind}, and the objects with it, while these are not converted: {}. The findings say what is in the \
                 way: correct it, convert them, and check again",
                some(objects)
            ),
            Vec::new(),
        ),
        None => step(
            format!(
                "When each {kind} has been created as {article}, everything that referred to {} refers to {article}, and every \
                 controller uses that, delete the CRD of {kind}, and the objects with it",
                with_article(kind)
            ),
            vec![format!("kubectl delete crd {}", crd.name)],
        ),
    })
}
