//! The corpora of fuzz targets that take manifests. Whatever a fuzzer found worth keeping stays worth a look.

use super::{convert_law, whole_way};
use std::{fs, path::Path};

fn sum(target: &str, check: impl Fn(&[u8]) -> usize) -> usize {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    // The manifests of the other fixtures are as good a beginning as any.
    [
        "fuzz-corpus/".to_owned() + target,
        "attachment".to_owned(),
        "routing".to_owned(),
    ]
    .iter()
    .flat_map(|folder| fs::read_dir(root.join(folder)).unwrap())
    .map(|file| file.unwrap().path())
    .filter(|path| path.is_file())
    .map(|path| check(&fs::read(path).unwrap()))
    .sum()
}

#[test]
fn the_corpus_of_the_fuzz_target_is_converted() {
    let converted = sum("convert_object", convert_law::check);
    assert!(converted > 20, "{converted}");
}

#[test]
fn the_corpus_of_the_fuzz_target_goes_the_whole_way() {
    let answered = sum("whole_way", whole_way::check);
    assert!(answered > 5, "{answered}");
}
