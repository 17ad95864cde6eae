//! A resolution that is kept up to date as objects change.

mod depends;
mod due;
mod finalizers;
mod interest;
mod looked;
mod pending;
mod problems;
mod reconfigure;
mod relist;
mod reported;
mod state;
mod update;
mod watched;
#[cfg(test)]
mod work;
mod writes;

pub use finalizers::FinalizerWrite;
pub use problems::{ReferenceProblem, ReferenceProblemKind};
pub use relist::Relisted;
pub use state::Resolver;
pub use watched::{KindVisitor, WatchedKind};
pub use writes::DueWrite;

use super::{Options, Resolution, Snapshot};

/// Resolves a set of objects: the status that each of them ought to have, and the configuration in force.
///
/// A pure function: the same objects and options yield the same result, in whatever order they came.
///
/// ```
/// use gwapi::attachment::{Options, Snapshot, resolve};
///
/// let resolution = resolve(&Snapshot::default(), &Options::for_manifests());
/// assert!(resolution.statuses.is_empty());
/// ```
#[must_use]
pub fn resolve(snapshot: &Snapshot, options: &Options) -> Resolution {
    let mut resolver = Resolver::with_snapshot(snapshot.clone(), options.clone());
    resolver.update_untold();
    resolver.resolution
}
