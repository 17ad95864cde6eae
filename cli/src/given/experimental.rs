//! What of the input the standard channel does not have, or is not implemented.

use crate::output::{Line, Page, Tone};
use gwapi::{
    attachment::{
        NotImplemented,
        admit::{Admitted, Experimental},
    },
    meta::{Channel, ObjectRef, Release},
    schema,
};
use serde::Serialize;

/// How many fields of the experimental channel are named to people; the others are counted.
const MOST_EXPERIMENTAL: usize = 8;

/// Names what is experimental, each with its field, or with what of the object as a whole it is.
pub(super) fn show(admitted: &Admitted, release: Release, page: &mut Page) {
    let parts = &admitted.experimental;
    if parts.is_empty() {
        return;
    }
    page.gap();
    page.line(
        0,
        &Line::of(Tone::Warn, "experimental")
            .and(" (not in the standard channel, as `--channel standard` shows):"),
    );
    for part in parts.iter().take(MOST_EXPERIMENTAL) {
        let what = match part.path.is_empty() {
            true => whole(&part.object, admitted, release),
            false => part.path.clone(),
        };
        page.line(2, &Line::plain(&part.object).and(": ").and(what));
    }
    if let Some(more) = parts
        .len()
        .checked_sub(MOST_EXPERIMENTAL)
        .filter(|n| *n > 0)
    {
        page.line(2, &Line::plain(format_args!("… and {more} more")));
    }
}

/// What the standard channel does not have of an object as a whole: its kind, or its version.
fn whole(object: &ObjectRef, admitted: &Admitted, release: Release) -> String {
    let standard = schema::KINDS.iter().filter(|known| {
        (known.group, known.kind) == (&*object.group, &*object.kind)
            && known
                .history
                .when_served()
                .contains(release, Channel::Standard)
    });
    let standard: Vec<&str> = standard.map(|known| known.version).collect();
    let version = admitted.versions.get(object);
    let version = version.and_then(|version| Some(version.rsplit_once('/')?.1));
    let is = if standard.len() == 1 { "is" } else { "are" };
    match (standard.as_slice(), version) {
        ([], _) | (_, None) => format!("kind {}", object.kind),
        (standard, Some(version)) => {
            format!("version {version} ({} {is} standard)", standard.join(", "))
        }
    }
}

/// A part of the input that the standard channel does not have; in JSON an element of `experimental`.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct InExperimental {
    #[serde(flatten)]
    object: ObjectRef,
    path: String,
}

impl InExperimental {
    pub(crate) fn of(part: &Experimental) -> Self {
        Self {
            object: part.object.clone(),
            path: part.path.clone(),
        }
    }
}

/// A part of the input that is not implemented; in JSON an element of `notImplemented`.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Unimplemented {
    #[serde(flatten)]
    object: ObjectRef,
    path: String,
    message: String,
}

impl Unimplemented {
    pub(crate) fn of(part: &NotImplemented) -> Self {
        Self {
            object: part.object.clone(),
            path: part.path.clone(),
            message: format!("not implemented: {}", part.why),
        }
    }
}
