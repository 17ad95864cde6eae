//! Which release the input is meant for: the one that is named, or the one that the input itself shows.

use crate::{
    input::{Entry, InputArgs, Looked, Sifted},
    output::Line,
};
use clap::Args;
use gwapi::{
    meta::{Channel, Release},
    validation::{ReleaseChoice, Uses},
};
use serde_json::Value;
use std::{
    fmt,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

/// The release whose CRDs the API server has; every verb that judges objects takes it.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct ReleaseArgs {
    /// The release of the CRDs that the API server has, such as `v1.6.1`. Unless given, it is that of the CRDs in the input;
    /// else the newest that has every kind, version, field and value of the input; else the newest
    #[arg(long, value_name = "RELEASE")]
    pub(crate) release: Option<Release>,
}

/// A release, and why it was taken.
#[derive(Clone, Debug)]
pub(crate) struct Chosen {
    pub(crate) release: Release,
    /// How it was chosen; nothing where the user named it.
    choice: Option<ReleaseChoice>,
}

impl Chosen {
    fn named(release: Release) -> Self {
        Self {
            release,
            choice: None,
        }
    }

    /// Says by what the input was judged, and how to take another release if something was refused.
    pub(crate) fn judged_by(&self, channel: Channel, refused: bool) -> Line {
        let line = Line::plain(format_args!("judged by {}", self.crds(channel)));
        if refused && !self.is_named() {
            line.and("; use `--release` to judge by another")
        } else {
            line
        }
    }

    /// The CRDs: `the standard channel of v1.7.0, the newest release`.
    pub(crate) fn crds(&self, channel: Channel) -> String {
        format!("the {channel} channel of {self}")
    }

    /// Whether the user named it.
    pub(crate) fn is_named(&self) -> bool {
        self.choice.is_none()
    }
}

impl From<ReleaseChoice> for Chosen {
    fn from(choice: ReleaseChoice) -> Self {
        Self {
            release: choice.release,
            choice: Some(choice),
        }
    }
}

impl fmt::Display for Chosen {
    /// `v1.7.0, the newest release`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.choice {
            Some(choice) => choice.fmt(f),
            None => write!(f, "{}, as `--release` says", self.release),
        }
    }
}

/// Finds out which release the input is meant for, object by object, from several threads.
pub(crate) struct Choosing {
    named: Option<Release>,
    nothing: Uses,
    seen: Mutex<Uses>,
}

impl Choosing {
    /// Nothing was seen yet: `nothing` says for which channel, and whether `status` counts.
    pub(crate) fn new(args: ReleaseArgs, nothing: Uses) -> Self {
        Self {
            named: args.release,
            seen: Mutex::new(nothing.clone()),
            nothing,
        }
    }

    /// Looks at one more object.
    pub(crate) fn see(&self, object: &Value) {
        if self.named.is_none() {
            let mut uses = self.nothing.clone();
            uses.add(object);
            self.seen().append(uses);
        }
    }

    /// The release for which all is meant that was seen so far.
    pub(crate) fn chosen(&self) -> Chosen {
        match self.named {
            Some(release) => Chosen::named(release),
            None => self.seen().choice().into(),
        }
    }

    fn seen(&self) -> MutexGuard<'_, Uses> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Looks at every object as [`InputArgs::sift`] does, by the release that is named, or else by the one for which the input is
/// meant. `looker` is told the release.
///
/// What the input is meant for is known only when all of it was read, and no object is kept that long. So all are looked
/// at by the newest release, for which most inputs are meant, and where another turns out to be meant, they are read a second
/// time.
pub(crate) fn sift<T: Send, L>(
    input: &InputArgs,
    choosing: &Choosing,
    most: usize,
    looker: impl Fn(Release) -> L + Sync,
) -> Option<(Sifted<T>, Chosen)>
where
    L: FnMut(&str, Entry) -> Looked<T>,
{
    let mut sifter = input.sifter(most)?;
    let likely = choosing.chosen().release;
    let all_looked_at = AtomicBool::new(true);
    let sifted = sifter.sift(|| {
        let mut look = looker(likely);
        let all_looked_at = &all_looked_at;
        move |file: &str, entry: Entry| {
            choosing.see(&entry.value);
            if choosing.chosen().release == likely {
                return look(file, entry);
            }
            all_looked_at.store(false, Ordering::Relaxed);
            Looked {
                keep: None,
                problems: Vec::new(),
                is_withheld: false,
            }
        }
    });
    let chosen = choosing.chosen();
    if chosen.release == likely && all_looked_at.into_inner() {
        return Some((sifted, chosen));
    }
    drop(sifted);
    let sifted = sifter.sift(|| looker(chosen.release));
    Some((sifted, chosen))
}
