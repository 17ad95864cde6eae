//! The examples of the API's own release, where a copy of them lies beside this repository.

use crate::{law, support::beside};
use gwapi::{
    crd,
    manifest::{self, ReadOptions},
    meta::{Channel, Release},
};
use std::fs;

#[test]
fn every_example_of_the_release_is_read_without_error_and_written_back() {
    let Some(examples) = beside::upstream("v1.1.0/examples") else {
        return;
    };
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

/// kubectl keeps an object that it applies as JSON, with `<`, `>` and `&` escaped, in an annotation of the object.
#[test]
fn the_definitions_that_a_client_cannot_apply_are_those_that_exceed_an_annotation() {
    const MOST: usize = 256 * 1024;
    const KEY: &str = "kubectl.kubernetes.io/last-applied-configuration";
    let Some(root) = beside::upstream(".") else {
        return;
    };
    let mut judged = 0;
    for release in Release::ALL {
        for channel in Channel::ALL {
            let folder = root.join(format!("{release}/crds/{channel}"));
            let Ok(files) = fs::read_dir(&folder) else {
                continue;
            };
            judged += 1;
            let mut largest = 0;
            for file in files {
                let text = fs::read(file.unwrap().path()).unwrap();
                // As JSON it is not twice as long.
                if text.len() < MOST / 2 {
                    continue;
                }
                for entry in manifest::read(&text, &ReadOptions::default()).entries {
                    let json = entry.value.to_string();
                    let escapes = json.matches(['<', '>', '&']).count() * "u003c".len();
                    let others = entry.value["metadata"]["annotations"].as_object();
                    let others = others.into_iter().flatten();
                    let others: usize = others
                        .map(|(key, value)| key.len() + value.as_str().map_or(0, str::len))
                        .sum();
                    largest = largest.max(KEY.len() + json.len() + escapes + others);
                }
            }
            assert_eq!(
                crd::is_too_large_for_clients(*release, channel),
                largest > MOST,
                "{release} {channel}: {largest}"
            );
        }
    }
    assert!(judged > 0, "{}", root.display());
}
