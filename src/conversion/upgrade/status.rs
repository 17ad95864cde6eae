//! Statuses: what controllers write, and how.

use super::{
    before::{self, VerdictBefore},
    crd::Crd,
    findings::{Impact, ReleaseChannel, UNKNOWN_FIELD, UpgradeFindings, text},
};
use crate::{
    meta::Channel,
    rules,
    schema::{self, Installation, KindVersion, ListType, Path, Schema},
    validation::{self, Finding, ValidationOptions, is_status},
};
use serde_json::Value;
use std::collections::BTreeSet;

/// The rule of a status that a controller has written and that the release refuses.
pub(super) const REFUSED: &str = "status-refused";

/// Compares the status of a kind as the installed release has it with that of the other one.
pub(super) fn check(crd: &Crd<'_>, found: &mut UpgradeFindings) {
    let of_channel = match crd.is_standard() {
        true => Channel::Standard,
        false => Channel::Experimental,
    };
    let known = found.installed.get(crd.kind).copied();
    let Some(before) = known.or(found.from.map(|from| (from, of_channel))) else {
        return;
    };
    let after = (found.release, found.channel);
    let versions: Vec<_> = schema::versions_of(crd.kind, after.0, after.1).collect();
    for (version, new) in &versions {
        if let Some(old) = version.installation(before.0, before.1)
            && old.served
            && new.served
        {
            subresource(crd, version, (old, new), found);
        }
    }
    // What is stored has one form in all versions.
    let stored =
        |(_, installation): &(&'static KindVersion, &'static Installation)| installation.stored;
    let old = schema::versions_of(crd.kind, before.0, before.1).find(stored);
    if let Some((_, old)) = old
        && let Some((version, new)) = versions.into_iter().find(stored)
        && let (Some(old), Some(new)) = (status(old), status(new))
    {
        let mut compared = Compared {
            crd,
            version,
            places: (before, after),
            found,
        };
        compared.shape((old, new), &[], &Path::ROOT.field("status"));
    }
}

fn status(installation: &Installation) -> Option<&Schema> {
    installation.schema().properties.get("status")
}

fn subresource(
    crd: &Crd<'_>,
    version: &KindVersion,
    (old, new): (&Installation, &Installation),
    found: &mut UpgradeFindings,
) {
    let (kind, name, release) = (version.kind, version.version, found.release);
    let (message, help) = match (old.status_subresource, new.status_subresource) {
        (true, false) => (
            format!(
                "{release} has no `status` subresource of {kind} `{name}`: who writes statuses there in this version fails"
            ),
            "make sure that controllers write statuses in another version",
        ),
        (false, true) => (
            format!(
                "{release} has a `status` subresource of {kind} `{name}`: a status that is written with the object is dropped"
            ),
            "make sure that controllers write statuses by the subresource",
        ),
        _ => return,
    };
    found.add(
        Impact::Note,
        "status-subresource",
        crd.object,
        "spec.versions",
        message,
        help,
    );
}

/// The status of a kind before and after.
struct Compared<'c, 'f> {
    crd: &'c Crd<'c>,
    version: &'static KindVersion,
    places: (ReleaseChannel, ReleaseChannel),
    found: &'f mut UpgradeFindings,
}

impl Compared<'_, '_> {
    fn add(&mut self, impact: Impact, rule: &'static str, message: String) {
        let release = self.found.release;
        let help = match rule {
            CHANGED if impact == Impact::Note => format!(
                "see to it that controllers write what {release} demands before the upgrade; the statuses among the input are judged \
                 each"
            ),
            _ => format!("bring controllers to a version for {release} together with the CRDs"),
        };
        let object = self.crd.object;
        self.found
            .add(impact, rule, object, "spec.versions", message, help);
    }

    /// Names fields of a status that end, those that have another type, and those of which the release asks more. `places` are
    /// those to which rules are attached, without the name of the type.
    fn shape(&mut self, (old, new): (&Schema, &Schema), places: &[String], at: &Path<'_>) {
        let (kind, release) = (self.version.kind, self.found.release);
        if let (Some(before), Some(after)) = (old.value_type, new.value_type)
            && before != after
        {
            let message = format!(
                "`{at}` of {kind} is of the type {} in {release}, and was of the type {}: statuses in the old form are refused",
                after.as_str(),
                before.as_str()
            );
            self.add(Impact::Breaks, CHANGED, message);
            return;
        }
        for demand in self.demands((old, new), places, at) {
            let message = format!(
                "{demand} in {release}, and did not have to before: a status for which that does not hold is refused when a controller \
                 writes it"
            );
            self.add(Impact::Note, CHANGED, message);
        }
        for (name, before) in &old.properties {
            let at = at.field(name);
            match new.properties.get(name) {
                Some(after) => {
                    let owner = new.type_name().map(|owner| format!("{owner}.{name}"));
                    let places: Vec<String> = owner.into_iter().collect();
                    self.shape((before, after), &places, &at);
                }
                None => {
                    let message = match before.instead() {
                        Some(instead) => {
                            format!("{release} has no `{at}` of {kind}: it has `{instead}` there")
                        }
                        None => format!(
                            "{release} has no `{at}` of {kind}: it is dropped when a controller writes it"
                        ),
                    };
                    self.add(Impact::Note, "status-field-gone", message);
                }
            }
        }
        if let (Some(before), Some(after)) = (&old.items, &new.items) {
            self.shape((before, after), &[], &at.key(""));
        }
        if let (Some(before), Some(after)) =
            (&old.additional_properties, &new.additional_properties)
        {
            self.shape((before, after), &[], &at.key(""));
        }
    }

    /// What the release demands of a value beside what was demanded before, for people: ``the name of the field has to be there``.
    fn demands(
        &self,
        (old, new): (&Schema, &Schema),
        places: &[String],
        at: &Path<'_>,
    ) -> Vec<String> {
        let kind = self.version.kind;
        let is_new = |name: &&String| {
            let filled = new
                .properties
                .get(*name)
                .is_some_and(|it| it.default.is_some());
            !old.required.contains(*name) && !filled
        };
        let required = new.required.iter().filter(is_new);
        let mut demands: Vec<String> = required
            .map(|name| format!("`{}` of {kind} has to be there", at.field(name)))
            .collect();
        let more = |what: String| format!("`{at}` of {kind} has to {what}");
        // Where no values are listed any more, all are allowed.
        let gone =
            |value: &&Value| !new.enumeration.is_empty() && !new.enumeration.contains(*value);
        let refused: Vec<_> = old
            .enumeration
            .iter()
            .filter(gone)
            .map(Value::to_string)
            .collect();
        if !refused.is_empty() {
            demands.push(more(format!(
                "be another value than {}",
                refused.join(", ")
            )));
        } else if old.enumeration.is_empty() && !new.enumeration.is_empty() {
            let all: Vec<_> = new.enumeration.iter().map(Value::to_string).collect();
            demands.push(more(format!("be one of {}", all.join(", "))));
        }
        let at_most =
            |old: Option<u64>, new: Option<u64>| new.filter(|new| old.is_none_or(|old| *new < old));
        let at_least =
            |old: Option<u64>, new: Option<u64>| new.filter(|new| *new > old.unwrap_or(0));
        for (limit, words) in [
            (
                at_most(old.max_length, new.max_length),
                "have no more characters than",
            ),
            (
                at_most(old.max_items, new.max_items),
                "have no more elements than",
            ),
            (
                at_most(old.max_properties, new.max_properties),
                "have no more entries than",
            ),
            (
                at_least(old.min_length, new.min_length),
                "have at least so many characters:",
            ),
            (
                at_least(old.min_items, new.min_items),
                "have at least so many elements:",
            ),
            (
                at_least(old.min_properties, new.min_properties),
                "have at least so many entries:",
            ),
        ] {
            demands.extend(limit.map(|limit| more(format!("{words} {limit}"))));
        }
        let greatest = new
            .maximum
            .filter(|new| old.maximum.is_none_or(|old| *new < old));
        demands.extend(greatest.map(|limit| more(format!("be at most {limit}"))));
        let least = new
            .minimum
            .filter(|new| old.minimum.is_none_or(|old| *new > old));
        demands.extend(least.map(|limit| more(format!("be at least {limit}"))));
        let pattern = |schema: &Schema| schema.pattern.as_ref().map(|it| it.as_str().to_owned());
        if let Some(new) = pattern(new).filter(|new| pattern(old).as_ref() != Some(new)) {
            demands.push(more(format!("match `{new}`")));
        }
        if let Some(new) = new
            .format
            .as_ref()
            .filter(|new| old.format.as_ref() != Some(new))
        {
            demands.push(more(format!("be a {new}")));
        }
        if is_told_apart_by_less(old.list_type.as_ref(), new.list_type.as_ref()) {
            demands.push(more("hold nothing twice".to_owned()));
        }
        demands.extend(
            self.rules((old, new), places)
                .into_iter()
                .map(|rule| more(format!("meet `{rule}`"))),
        );
        demands
    }

    /// The rules that a server of the release has for a value, and one of the release before has not.
    fn rules(&self, (old, new): (&Schema, &Schema), places: &[String]) -> Vec<&'static str> {
        let of = |schema: &Schema, (release, channel): ReleaseChannel| -> BTreeSet<&'static str> {
            let mut places = places.to_vec();
            places.extend(schema.type_name().map(str::to_owned));
            let rules = rules::on(&places, release, channel);
            let judged = rules.filter(|rule| rule.cel.is_some());
            judged.map(|rule| rule.id).collect()
        };
        let (before, after) = self.places;
        let before = of(old, before);
        let after = of(new, after).into_iter();
        after.filter(|id| !before.contains(id)).collect()
    }
}

/// Whether elements of a list may be the same for the release that could stand side by side before. A set becomes a map only with
/// another type of elements.
fn is_told_apart_by_less(old: Option<&ListType>, new: Option<&ListType>) -> bool {
    match (old, new) {
        (_, None | Some(ListType::Atomic)) => false,
        (None | Some(ListType::Atomic), _) => true,
        (Some(ListType::Map(old)), Some(ListType::Map(new))) => {
            old.iter().any(|key| !new.contains(key))
        }
        (Some(ListType::Map(_)), Some(ListType::Set)) => true,
        (Some(ListType::Set), _) => false,
    }
}

/// The rule of statuses of which the release asks something else.
const CHANGED: &str = "status-changed";

/// Names what the release refuses in the status that is stored with an object, `stored` in the version that the release stores.
pub(super) fn check_stored(
    (object, stored): (&Value, &Value),
    before: Option<ReleaseChannel>,
    found: &mut UpgradeFindings,
) {
    let after = (found.release, found.channel);
    let refused = refused(stored, after);
    let Some(refused) = refused.filter(|refused| !refused.is_empty()) else {
        return;
    };
    let known = before.and_then(|before| {
        let of =
            |object| Some(VerdictBefore::of_status(object, before)).filter(VerdictBefore::serves);
        Some((before, of(stored).or_else(|| of(object))?))
    });
    let (release, channel) = after;
    for error in refused {
        let says = format!("{} ({})", error.message(), error.rule());
        let refuses = format!(
            "the {channel} channel of {release} refuses each write of a status like this one"
        );
        let (impact, before) = match &known {
            Some(((from, _), verdict)) if !verdict.takes(error.path()) => (
                Impact::Note,
                format!(", and {from} does not take it, either"),
            ),
            Some(((from, _), _)) => (Impact::Breaks, format!(", which {from} accepts")),
            None => (Impact::Breaks, String::new()),
        };
        found.add(
            impact,
            REFUSED,
            object,
            error.path(),
            format!(
                "{says}: {refuses}{before}; while the status is stored, an API server that does not ratchet validation (before \
                 Kubernetes 1.30) refuses changes of the spec as well"
            ),
            match error.help() {
                Some(help) => format!("let the controller that wrote it write it anew: {help}"),
                None => "let the controller that wrote it write it anew, in a version that writes what the release demands".to_owned(),
            },
        );
    }
}

/// What a release and channel refuse in the status of an object. Nothing if they do not have its version.
fn refused(object: &Value, (release, channel): ReleaseChannel) -> Option<Vec<Finding>> {
    let status = object.get("status").filter(|status| !status.is_null());
    let version = schema::find(text(object, "/apiVersion"), text(object, "/kind"))?;
    if status.is_none() || !before::serves(version, (release, channel)) {
        return None;
    }
    let options = ValidationOptions {
        with_status: true,
        ..ValidationOptions::of(release, channel)
    };
    let report = validation::validate_value(object, &options);
    let errors = report
        .errors()
        .filter(|error| is_status(error.path()) && error.rule() != UNKNOWN_FIELD);
    Some(errors.cloned().collect())
}
