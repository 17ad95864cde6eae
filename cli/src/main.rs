//! The `gwapi` command.
fn main() {}
