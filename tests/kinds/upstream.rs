//! The examples of the API's own release, where a copy of them lies beside this repository.

use crate::law;
use gwapi::manifest::{self, ReadOptions};
use std::{
    fs,
    path::{Path, PathBuf},
};

#[test]
fn every_example_of_the_release_is_read_without_error_and_written_back() {
    let root = std::env::var_os("GWAPI_UPSTREAM").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/upstream"),
        PathBuf::from,
    );
    let examples = root.join("v1.1.0/examples");
    if !examples.is_dir() {
        eprintln!(
            "skipped: no examples of the release beside this repository; GWAPI_UPSTREAM names their folder"
        );
        return;
    }
    let mut files = Vec::new();
    let mut folders = vec![examples];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "yaml") {
                files.push(path);
            }
        }
    }
    assert_eq!(files.len(), 70, "the release has 70 example files");
    let mut objects = 0;
    for file in files {
        let (decoded, errors) =
            manifest::read(&fs::read(&file).unwrap(), &ReadOptions::default()).decode();
        assert_eq!(errors, [], "{}", file.display());
        for object in &decoded {
            assert_eq!(
                law::holds(&object.entry.value),
                Ok(true),
                "{}",
                file.display()
            );
            assert_eq!(object.entry.duplicates, [], "{}", file.display());
        }
        objects += decoded.len();
    }
    assert!(objects > 70);
}
