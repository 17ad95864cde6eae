//! `gwapi serve`, from outside.

use super::serve_law;
use std::{fs, path::Path};

/// The corpus of the fuzz target `serve_lines`.
#[test]
fn the_corpus_of_the_fuzz_target_gets_its_replies() {
    let folder =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/fuzz-corpus/serve_lines");
    let mut replies = 0;
    for file in fs::read_dir(folder).unwrap() {
        replies += serve_law::one_reply_a_line(&fs::read(file.unwrap().path()).unwrap());
    }
    assert!(replies > 20, "{replies}");
}
