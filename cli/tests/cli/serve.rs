//! `gwapi serve`, from outside.

use super::serve_law;
use std::{fs, path::Path};

#[test]
fn an_input_is_written_out() {
    for (short, long) in [
        ("a\x013\x02[\x04],\x03b", "a[0],[1],[2],b"),
        ("\x010\x02x\x03", ""),
        ("\x01x\x02y\x03", "\x01x\x02y\x03"),
        ("\x012\x02y", "\x012\x02y"),
        ("\x012\x03y\x02", "\x012\x03y\x02"),
    ] {
        assert_eq!(serve_law::written_out(short.as_bytes()), long.as_bytes());
    }
    let long = serve_law::written_out(b"\x014000000000\x02abc\x03").len();
    assert!((2 << 20..3 << 20).contains(&long), "{long}");
}

/// The corpus of the fuzz target `serve_lines`.
#[test]
fn the_corpus_of_the_fuzz_target_gets_its_replies() {
    let folder =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/fuzz-corpus/serve_lines");
    let mut replies = 0;
    for file in fs::read_dir(folder).unwrap() {
        let input = fs::read(file.unwrap().path()).unwrap();
        replies += serve_law::one_reply_a_line(&serve_law::written_out(&input));
    }
    assert!(replies > 20, "{replies}");
}
