//! What `-f` names: files, folders and stdin, read into objects with file, line and column.

mod args;
mod files;
pub(crate) mod line;
mod place;
mod problem;
mod shown;
mod sift;
mod source;

pub(crate) use args::InputArgs;
pub(crate) use problem::{Named, Problem, Problems, Severity};
pub(crate) use shown::{Shown, beyond};
pub(crate) use sift::{Kept, Looked, Sifted};
pub(crate) use source::Input;
