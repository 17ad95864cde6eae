//! The versions of a kind that a server has.

use super::{Finding, ValidationOptions, report};
use crate::schema::{self, KindVersion};

/// The versions of a kind that a server of the channel serves, stored one first.
pub(super) fn served_versions(kind: &str, options: &ValidationOptions) -> Vec<&'static str> {
    let mut served: Vec<_> = schema::versions_of(kind, options.release, options.channel)
        .filter(|(_, installation)| installation.served)
        .collect();
    served.sort_by_key(|(_, installation)| !installation.stored);
    served
        .into_iter()
        .map(|(kind, _)| kind.api_version)
        .collect()
}

pub(super) fn newest(kind: &KindVersion, options: &ValidationOptions) -> &'static str {
    served_versions(kind.kind, options)
        .first()
        .copied()
        .unwrap_or("a served version")
}

/// The kind of the Gateway API, of whatever release, that a kind most likely means.
pub(super) fn nearest_kind(kind: &str) -> Option<&'static str> {
    schema::nearest_name(kind, schema::KINDS.iter().map(|known| known.kind))
}

pub(super) fn not_served(
    api_version: &str,
    kind: &str,
    served: &[&str],
    options: &ValidationOptions,
) -> Finding {
    let ValidationOptions {
        channel, release, ..
    } = *options;
    let later = schema::later(api_version, kind, release);
    let since = later
        .as_ref()
        .map(|later| format!(", which came with release {}", later.since))
        .unwrap_or_default();
    let when = schema::find(api_version, kind).map(|known| known.history.when_served());
    let elsewhere = when.map(|when| report::elsewhere(when, None, (release, channel)));
    if !served.is_empty() {
        let write = format!("write `apiVersion: {}`", served.join("` or `"));
        return Finding::error(
            "version/not-served",
            "apiVersion".to_owned(),
            format!(
                "the {channel} channel of {release} does not serve {kind} in `{api_version}`{since}"
            ),
        )
        // That it came with a later release has been said.
        .with_help(match (later, elsewhere) {
            (Some(later), _) => format!("{write}, or use the CRDs of {} or later", later.since),
            (None, Some(elsewhere)) => format!("{write} (`{api_version}`: {elsewhere})"),
            (None, None) => write,
        });
    }
    let help = report::kind_elsewhere(kind, Some(api_version), (release, channel));
    let finding = Finding::error(
        "kind/not-served",
        "kind".to_owned(),
        format!("the {channel} channel of {release} has no kind `{kind}`{since}"),
    );
    if !help.is_empty() {
        return finding.with_help(help);
    }
    finding.with_help(match nearest_kind(kind) {
        Some(near) if served_versions(near, options).is_empty() => {
            let elsewhere = report::kind_elsewhere(near, None, (release, channel));
            format!("did you mean `{near}`? ({elsewhere})")
        }
        Some(near) => format!("did you mean `{near}`?"),
        None => "see `kubectl api-resources` for the kinds that there are".to_owned(),
    })
}
