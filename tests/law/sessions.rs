//! Whatever bytes come as a session's header, only a token that was sealed selects an endpoint.

use crate::{random::Random, session_law};
use std::{fs, path::Path};

/// The same function as in `fuzz/fuzz_targets/session_token.rs`.
#[test]
fn the_corpus_of_the_fuzz_target_passes() {
    let folder =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/fuzz-corpus/session_token");
    let files = fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path());
    let selected: Vec<bool> = files
        .map(|file| session_law::check(&fs::read(file).unwrap()))
        .collect();
    assert!(
        selected.contains(&true) && selected.contains(&false),
        "{selected:?}"
    );
}

#[test]
fn only_sealed_tokens_select() {
    const PARTS: &[&str] = &[
        "SID=",
        "SID",
        "sid=",
        ";",
        "; ",
        "=",
        "\"",
        "A",
        "-_",
        " ",
        "/",
        "/a/b",
        "/shop/[a-z]+",
        "(/.*)?",
        ";Secure",
        "%3B",
        "\r",
        "\u{e4}",
        "~",
    ];
    let (mut selected, mut refused) = (0, 0);
    for seed in 0..600 {
        let mut random = Random::new(seed);
        let mut bytes = vec![u8::try_from(random.below(256)).unwrap()];
        for end in ["\n", ""] {
            for _ in 0..random.below(6) {
                bytes.extend(random.pick(PARTS).as_bytes());
            }
            bytes.extend(end.as_bytes());
        }
        if session_law::check(&bytes) {
            selected += 1;
        } else {
            refused += 1;
        }
    }
    assert!(selected > 30 && refused > 30, "{selected} {refused}");
}
