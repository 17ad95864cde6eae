//! The objects that are installed.

use super::{
    before::{self, KindBefore},
    converted::InNewForms,
    crd::{Crd, Versions, stored_in},
    findings::{Impact, ReleaseChannel, UpgradeFindings, replacement, text, with_article},
    form,
};
use crate::{
    conversion::{ConversionError, ConversionProblemKind, ConvertedName, kinds, value},
    meta::Channel,
    schema::{self, KindVersion},
    validation,
};
use serde_json::Value;
use std::collections::BTreeSet;

/// The rule of objects that are written in a version which came with a later release.
pub(super) const LATER_OBJECT: &str = "later-release-object";

/// What the help for one says last where the release has neither its kind nor one in its place.
pub(super) const DO_WITHOUT: &str = "do without the object";

/// The name of what release v1.0.0 installed with its validating webhook.
const WEBHOOK: &str = "gateway-api-admission";

pub(super) fn check_all(objects: &[&Value], crds: &[Crd<'_>], found: &mut UpgradeFindings) {
    let with_crd: BTreeSet<&str> = crds.iter().map(|crd| crd.kind).collect();
    let mut without_crd = BTreeSet::new();
    for object in objects {
        let kind = text(object, "/kind");
        let known = kinds::versions(kind).next().is_some();
        if known && !with_crd.contains(kind) && without_crd.insert(kind) {
            found.add(
                Impact::Note,
                "stored-versions-unknown",
                object,
                "",
                format!("there is no CRD of {kind} among the input: whether its stored versions block the upgrade is not known"),
                "add the CRDs as the server has them: `kubectl get crd -o yaml`",
            );
        }
        check(object, found);
    }
}

fn check(object: &Value, found: &mut UpgradeFindings) {
    let (release, channel) = (found.release, found.channel);
    let (api_version, kind) = (text(object, "/apiVersion"), text(object, "/kind"));
    let target: Vec<_> = schema::versions_of(kind, release, channel).collect();
    let is_later = schema::later(api_version, kind, release).is_some();
    let Some((version, _)) = kinds::find(api_version, kind).filter(|_| !is_later) else {
        check_unknown(object, &target, found);
        return;
    };
    let converted = InNewForms::of(object, found);
    add_same_name(object, &converted, found);
    if target.is_empty() {
        check_absent(object, kind, &converted, found);
        return;
    }
    let wanted = stored_in(&target);
    check_version(object, version, wanted, &converted, found);
    form::check(object, version, wanted, &converted, found);
}

/// An object of a kind that the release does not have in the channel.
fn check_absent(
    object: &Value,
    kind: &str,
    converted: &InNewForms<'_>,
    found: &mut UpgradeFindings,
) {
    let (release, channel) = (found.release, found.channel);
    let has = |kind: &str, channel| schema::versions_of(kind, release, channel).next().is_some();
    if let Some(new) = schema::counterpart(kind).filter(|new| has(new, channel)) {
        let (impact, as_before) = weight(&before::kind(kind, object, found));
        found.add(
            impact,
            "kind-replaced",
            object,
            "kind",
            format!(
                "{release} has no {kind}{as_before}: {}",
                replacement(kind, new)
            ),
            format!(
                "write the object as {}: {}",
                with_article(new),
                converted.by_command(found)
            ),
        );
        if impact != Impact::Note && !converted.is_by_command() {
            found.hold(kind, value::identify(object));
        }
        converted.add_references(found);
        match converted.result() {
            Ok(_) => converted.add_refused(|_| false, found),
            Err(error) => form::add_unconvertible(error, object, (new, None), found),
        }
        return;
    }
    let stays = "the object stays, with a CRD that is not kept up to date";
    let (message, help) = match has(kind, Channel::Experimental) {
        true => (
            format!("the {channel} channel of {release} has no {kind}: {stays}"),
            "upgrade to the experimental channel, or do without the object",
        ),
        false => (
            format!("release {release} has no {kind}: {stays}"),
            "do without the object, or keep the CRD and a controller that knows it",
        ),
    };
    let elsewhere = validation::kind_elsewhere(kind, None, (release, channel));
    let help = format!("{help} ({elsewhere})");
    let (impact, as_before) = weight(&before::kind(kind, object, found));
    let message = message + &as_before;
    found.add(impact, "kind-not-in-channel", object, "", message, help);
}

/// The rule of objects that become one.
pub(super) const SAME_NAME: &str = "same-name";

/// Notes what an object becomes, and names the object before it that becomes the same.
fn add_same_name(object: &Value, converted: &InNewForms<'_>, found: &mut UpgradeFindings) {
    let name = ConvertedName::of(object, converted.part().unwrap_or(object));
    let Some((first, ())) = found.names.add(name.clone(), ()).cloned() else {
        return;
    };
    if !name.was_another_than(&first) {
        found.add(
            Impact::Note,
            SAME_NAME,
            object,
            "metadata.name",
            format!("the input has the object as {first} too: for a server the two are one object"),
            "keep the one that is meant",
        );
        return;
    }
    // One of the two is of the kind that the release has.
    let is_old = |name: &&ConvertedName| name.from != name.to;
    let old = [&name, &first].into_iter().find(is_old).unwrap_or(&name);
    let (impact, _) = weight(&before::kind(&old.from.kind, object, found));
    if impact != Impact::Note {
        found.hold(&old.from.kind, old.from.clone());
    }
    found.add(
        impact,
        SAME_NAME,
        object,
        "metadata.name",
        format!(
            "the object and {first} become one object, {}: the one that is applied last replaces the other",
            name.to
        ),
        format!(
            "give {} another name, and what refers to it, or delete it if the other one stands for both, before anything is converted",
            old.from
        ),
    );
}

/// How bad it is that the release lacks a kind, and the words for that it was lacking before.
fn weight(before: &KindBefore) -> (Impact, String) {
    match before {
        KindBefore::Lacking(place) => (Impact::Note, format!(", as {place} has none")),
        KindBefore::There | KindBefore::Unknown => (Impact::Breaks, String::new()),
    }
}

/// An object in a version that the release does not have, or of a kind that it does not have.
fn check_unknown(object: &Value, target: &Versions, found: &mut UpgradeFindings) {
    let release = found.release;
    let (api_version, kind) = (text(object, "/apiVersion"), text(object, "/kind"));
    if let Some(later) = schema::later(api_version, kind, release) {
        let help = help_for_later(object, target, found);
        found.add(
            Impact::Breaks,
            LATER_OBJECT,
            object,
            "apiVersion",
            format!(
                "{kind} in `{api_version}` came with release {}, which is later than {release}",
                later.since
            ),
            help,
        );
        return;
    }
    let mut options = validation::ValidationOptions::new(found.channel);
    options.release = release;
    if let Some(finding) = value::misnamed(object, &options) {
        found.add(
            Impact::Breaks,
            "group-unknown",
            object,
            "apiVersion",
            finding.message(),
            finding.help().unwrap_or("correct the `apiVersion`"),
        );
        return;
    }
    let what = match kinds::versions(kind).next() {
        Some(_) => "version",
        None => "kind",
    };
    let unknown = found.help_of_unknown_release(kind, what);
    let (rule, help) = if target.is_empty() {
        let known = schema::KINDS.iter().map(|known| known.kind);
        let place = (release, found.channel);
        let elsewhere = validation::kind_elsewhere(kind, Some(api_version), place);
        let help = match (elsewhere.as_str(), schema::nearest_name(kind, known)) {
            ("", Some(near)) => format!("did you mean `{near}`?"),
            ("", None) => "check whether the kind is still used".to_owned(),
            (elsewhere, _) => elsewhere.to_owned(),
        };
        ("kind-unknown", unknown.unwrap_or(help))
    } else {
        let write = || format!("write the object in `{}`", stored_in(target));
        ("version-unknown", unknown.unwrap_or_else(write))
    };
    found.add(
        Impact::Breaks,
        rule,
        object,
        "apiVersion",
        format!("release {release} has no {kind} in `{api_version}`"),
        help,
    );
}

/// What to do with an object of a kind or version that came with a later release.
fn help_for_later(object: &Value, target: &Versions, found: &UpgradeFindings) -> String {
    const STAY: &str = "stay with the later release if it is installed";
    let converted = InNewForms::of(object, found);
    let problems = converted.problems();
    let problems = problems.get(..3).unwrap_or(&problems).join("; ");
    match converted.result() {
        Ok(new) => {
            let (api_version, kind) =
                (text(&new.object, "/apiVersion"), text(&new.object, "/kind"));
            let form = match kind == text(object, "/kind") {
                true => format!(
                    "in `{}`",
                    api_version.rsplit('/').next().unwrap_or_default()
                ),
                false => format!("as {kind} of `{api_version}`"),
            };
            match problems.is_empty() {
                true => format!(
                    "{STAY}, or write the object {form}: {}",
                    converted.by_command(found)
                ),
                false => format!("{STAY}, or write the object {form} and correct it ({problems})"),
            }
        }
        Err(error) if is_without_kind(error) => match in_experimental(object, found) {
            Some(to) => format!(
                "{STAY}, or upgrade to the experimental channel, which has {} in `{}`: write the object so with `{}`",
                to.kind,
                to.api_version,
                found.convert_in(Channel::Experimental, "-f FILE")
            ),
            None => format!("{STAY}, or {DO_WITHOUT}"),
        },
        Err(_) => {
            let wanted = match target.is_empty() {
                true => schema::counterpart(text(object, "/kind")).unwrap_or_default(),
                false => stored_in(target),
            };
            format!("{STAY}; the object cannot become `{wanted}` without a loss ({problems})")
        }
    }
}

/// What the experimental channel of the release has of the kind of an object, or in its place, where the upgrade leads to another
/// channel.
fn in_experimental(object: &Value, found: &UpgradeFindings) -> Option<&'static KindVersion> {
    if found.channel == Channel::Experimental {
        return None;
    }
    let of = schema::find(text(object, "/apiVersion"), text(object, "/kind"))?;
    kinds::in_release(of, found.release, Channel::Experimental)
}

/// Whether an object cannot be converted because the release has neither its kind nor one in its place.
fn is_without_kind(error: &ConversionError) -> bool {
    let mut problems = error.problems().iter();
    problems.any(|problem| matches!(problem.kind(), ConversionProblemKind::NoKind { .. }))
}

/// What becomes of objects that are written in the version in which this one is.
fn check_version(
    object: &Value,
    version: &'static KindVersion,
    wanted: &str,
    converted: &InNewForms<'_>,
    found: &mut UpgradeFindings,
) {
    let (release, channel) = (found.release, found.channel);
    let (kind, old) = (version.kind, version.version);
    let convert = format!(
        "convert the object to `{wanted}`: {}",
        converted.by_command(found)
    );
    let before = before::bundle(object, found);
    // What could not be written before is nothing that the upgrade breaks.
    let impact = match before.is_none_or(|before| before::serves(version, before)) {
        true => Impact::Breaks,
        false => Impact::Note,
    };
    match version.installation(release, channel) {
        None => found.add(
            impact,
            "version-removed",
            object,
            "apiVersion",
            match before.is_none_or(|before| stores(version, before)) {
                true => format!("release {release} has no {kind} of `{old}`: the object must be created anew as `{wanted}`"),
                false => format!("release {release} has no {kind} of `{old}`: this form of the object is refused, and what is stored can be read as `{wanted}`"),
            },
            convert,
        ),
        Some(installation) if !installation.served => found.add(
            impact,
            "version-not-served",
            object,
            "apiVersion",
            format!("the {channel} channel of {release} does not serve {kind} of `{old}`: this form of the object is refused"),
            convert,
        ),
        Some(installation) if installation.deprecation.is_some() => found.add(
            Impact::Note,
            "version-deprecated",
            object,
            "apiVersion",
            {
                let since = version.history.deprecated.and(version.history.installed);
                let since = since.since(channel).unwrap_or(release);
                format!("{kind} of `{old}` is deprecated since {since}")
            },
            convert,
        ),
        Some(_) => {}
    }
}

/// Whether a release and channel store objects in this version.
fn stores(version: &'static KindVersion, (release, channel): ReleaseChannel) -> bool {
    version
        .installation(release, channel)
        .is_some_and(|installation| installation.stored)
}

/// Whether an object belongs to the webhook of release v1.0.0.
pub(super) fn is_webhook(object: &Value) -> bool {
    text(object, "/kind") == "ValidatingWebhookConfiguration"
        && text(object, "/metadata/name") == WEBHOOK
}

pub(super) fn check_webhook(object: &Value, found: &mut UpgradeFindings) {
    found.add(
        Impact::Note,
        "webhook-removed",
        object,
        "",
        format!(
            "release {} has no validating webhook: its rules are in the CRDs",
            found.release
        ),
        "delete the webhook and its server",
    );
}
