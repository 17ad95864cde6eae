//! What arguments name: files, folders and stdin, read into objects with file, line and column.

mod args;
mod cluster;
mod entry;
mod expression;
mod files;
mod kustomize;
pub(crate) mod line;
mod notes;
mod open;
mod place;
mod problem;
mod shown;
mod sift;
mod source;
mod vars;

pub(crate) use args::InputArgs;
pub(crate) use entry::Entry;
pub(crate) use open::{Placeholders, numbered, reopened};
pub(crate) use problem::{Named, Problem, Problems, Settings, Severity, is_rule, origin};
pub(crate) use shown::{Shown, beyond};
pub(crate) use sift::{Kept, Looked, Sifted};
pub(crate) use source::Input;
