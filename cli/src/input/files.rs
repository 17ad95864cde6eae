//! Which files an argument names: a file itself, or the manifests of a folder.

use ignore::{DirEntry, WalkBuilder, overrides::OverrideBuilder};
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// The extensions of manifests in a folder. A file that is named itself is read whatever its name.
const EXTENSIONS: [&str; 4] = ["yaml", "yml", "json", "jsonl"];

/// What a path names.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    /// The files to read, in the order of their names, each once.
    pub(super) files: Vec<FoundFile>,
    /// Links to what is outside the folder. They are not followed.
    pub(super) outside: Vec<PathBuf>,
    /// Links to nothing, or to themselves.
    pub(super) broken: Vec<PathBuf>,
    /// What cannot be read, with the reason.
    pub(super) failed: Vec<(PathBuf, String)>,
}

/// A file to read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct FoundFile {
    pub(super) path: PathBuf,
    /// Its name without links, by which it is known under another name; nothing where it has none, as a pipe.
    pub(super) real: Option<PathBuf>,
    /// Whether it was named itself, and not the folder that it is in.
    pub(super) is_named: bool,
}

impl Found {
    /// Stdin, which is known by this name.
    pub(super) fn stdin() -> Self {
        Self::named(PathBuf::from("-"), Some(PathBuf::from("-")))
    }

    fn named(path: PathBuf, real: Option<PathBuf>) -> Self {
        Self {
            files: vec![FoundFile {
                path,
                real,
                is_named: true,
            }],
            ..Self::default()
        }
    }

    fn failed(path: &Path, why: impl ToString) -> Self {
        Self {
            failed: vec![(path.to_owned(), why.to_string())],
            ..Self::default()
        }
    }

    /// Whether there is nothing to read, and nothing to say of it.
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// The file itself, or all manifests of a folder, but for those that a `.gitignore` or a glob of `exclude` names, and those in hidden
/// folders.
///
/// What a user names is read, be it a link or not. Inside a folder a link is followed if it leads to a place in that
/// folder: whoever may put files there could otherwise have any file of the machine read, and shown.
pub(super) fn find(path: &Path, exclude: &[String]) -> Found {
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => {}
        Ok(_) => return Found::named(path.to_owned(), fs::canonicalize(path).ok()),
        Err(error) => return Found::failed(path, error),
    }
    let root = match fs::canonicalize(path) {
        Ok(root) => root,
        Err(error) => return Found::failed(path, error),
    };
    let mut overrides = OverrideBuilder::new(path);
    for glob in exclude {
        if let Err(error) = overrides.add(&format!("!{glob}")) {
            return Found::failed(path, format_args!("--exclude: {error}"));
        }
    }
    let overrides = match overrides.build() {
        Ok(overrides) => overrides,
        Err(error) => return Found::failed(path, format_args!("--exclude: {error}")),
    };
    let walk = WalkBuilder::new(path)
        .standard_filters(false)
        .parents(true)
        .git_ignore(true)
        .require_git(false)
        .git_exclude(true)
        .overrides(overrides)
        .filter_entry(|entry| !is_hidden_folder(entry))
        .build();
    let mut found = Found::default();
    let mut links = Vec::new();
    // The files themselves, by which a link to one of them is known.
    let mut real = BTreeSet::new();
    for entry in walk {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                found.failed.push((path.to_owned(), error.to_string()));
                continue;
            }
        };
        let Some(kind) = entry.file_type().filter(|_| entry.depth() > 0) else {
            continue;
        };
        let below = entry.path().strip_prefix(path).unwrap_or(entry.path());
        if kind.is_symlink() {
            links.push(entry.into_path());
        } else if kind.is_file() && is_manifest(entry.path()) {
            let real_path = root.join(below);
            real.insert(real_path.clone());
            found.files.push(FoundFile {
                path: entry.into_path(),
                real: Some(real_path),
                is_named: false,
            });
        }
    }
    links.sort();
    for link in links {
        match fs::canonicalize(&link) {
            Ok(target) if target.is_dir() && target.starts_with(&root) => {
                // What is in there is found there.
            }
            Ok(target) if target.is_dir() => found.outside.push(link),
            _ if !is_manifest(&link) => {}
            Ok(target) if !target.starts_with(&root) => found.outside.push(link),
            Ok(target) => {
                if target.is_file() && real.insert(target.clone()) {
                    found.files.push(FoundFile {
                        path: link,
                        real: Some(target),
                        is_named: false,
                    });
                }
            }
            Err(_) => found.broken.push(link),
        }
    }
    found.files.sort();
    found
}

/// Whether an entry of a folder is a folder whose name begins with a dot: `.git`, `.github`.
fn is_hidden_folder(entry: &DirEntry) -> bool {
    entry.depth() > 0
        && entry.file_type().is_some_and(|kind| kind.is_dir())
        && entry.file_name().as_encoded_bytes().starts_with(b".")
}

fn is_manifest(path: &Path) -> bool {
    path.extension()
        .and_then(|extension| extension.to_str())
        .is_some_and(|extension| EXTENSIONS.contains(&extension))
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;
    use std::os::unix::fs::symlink;

    fn names<'f>(paths: impl IntoIterator<Item = &'f PathBuf>, root: &Path) -> Vec<String> {
        paths
            .into_iter()
            .map(|path| path.strip_prefix(root).unwrap().display().to_string())
            .collect()
    }

    fn files(found: &Found, root: &Path) -> Vec<String> {
        names(found.files.iter().map(|file| &file.path), root)
    }

    #[test]
    fn a_link_is_followed_inside_its_folder_and_named_where_it_leads_out() {
        let scratch = Scratch::new("links");
        let folder = scratch.path().join("folder");
        fs::create_dir_all(folder.join("sub")).unwrap();
        for file in [
            "folder/a.yaml",
            "folder/sub/b.json",
            "folder/notes.txt",
            "secret.yaml",
        ] {
            fs::write(scratch.path().join(file), "kind: A\n").unwrap();
        }
        // Like the files of a mounted ConfigMap: a link to a file that has the extension only under its other name.
        fs::create_dir(folder.join("..data")).unwrap();
        fs::write(folder.join("..data/c.yaml"), "kind: B\n").unwrap();
        symlink("..data/c.yaml", folder.join("c.yaml")).unwrap();
        symlink("a.yaml", folder.join("again.yaml")).unwrap();
        symlink("../secret.yaml", folder.join("out.yaml")).unwrap();
        symlink("/etc/passwd", folder.join("passwd")).unwrap();
        symlink(scratch.path(), folder.join("up")).unwrap();
        symlink("sub", folder.join("same")).unwrap();
        symlink("circle.yaml", folder.join("circle.yaml")).unwrap();
        let found = find(&folder, &[]);
        assert_eq!(files(&found, &folder), ["a.yaml", "c.yaml", "sub/b.json"]);
        assert_eq!(names(&found.outside, &folder), ["out.yaml", "up"]);
        assert_eq!(names(&found.broken, &folder), ["circle.yaml"]);
    }

    #[test]
    fn what_git_ignores_hidden_folders_and_what_is_excluded_are_not_read() {
        let scratch = Scratch::new("ignored");
        let folder = scratch.path();
        for sub in [
            ".git",
            ".github/workflows",
            "out",
            "apps/tests",
            "apps/.cache",
        ] {
            fs::create_dir_all(folder.join(sub)).unwrap();
        }
        for file in [
            ".github/workflows/ci.yaml",
            "out/rendered.yaml",
            "apps/a.yaml",
            "apps/.hidden.yaml",
            "apps/secret.yaml",
            "apps/tests/t.yaml",
            "apps/tests/old.yaml",
            "apps/.cache/c.yaml",
        ] {
            fs::write(folder.join(file), "kind: A\n").unwrap();
        }
        fs::write(folder.join(".gitignore"), "/out/\nold.yaml\n").unwrap();
        fs::write(folder.join("apps/.gitignore"), "secret.*\n").unwrap();
        let found = find(folder, &[]);
        let all = ["apps/.hidden.yaml", "apps/a.yaml", "apps/tests/t.yaml"];
        assert_eq!(files(&found, folder), all);
        // Of a folder in a repository, what is said above it counts; one that is named itself is read.
        let found = find(&folder.join("apps/tests"), &[]);
        assert_eq!(files(&found, folder), ["apps/tests/t.yaml"]);
        let found = find(&folder.join("out"), &[]);
        assert_eq!(files(&found, folder), ["out/rendered.yaml"]);
        let found = find(folder, &["tests/".to_owned(), "/apps/a.*".to_owned()]);
        assert_eq!(files(&found, folder), ["apps/.hidden.yaml"]);
        let wrong = find(folder, &["a{".to_owned()]);
        assert!(wrong.failed[0].1.contains("--exclude"), "{wrong:?}");
        // An archive of a repository is read as the repository is.
        fs::remove_dir_all(folder.join(".git")).unwrap();
        assert_eq!(files(&find(folder, &[]), folder), all);
    }

    #[test]
    fn what_a_user_names_is_read_even_if_it_is_a_link() {
        let scratch = Scratch::new("named-link");
        let folder = scratch.path().join("folder");
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("a"), "kind: A\n").unwrap();
        fs::write(folder.join("b.yaml"), "kind: A\n").unwrap();
        let (file, whole) = (scratch.path().join("file"), scratch.path().join("whole"));
        symlink("folder/a", &file).unwrap();
        symlink("folder", &whole).unwrap();
        assert_eq!(find(&file, &[]).files[0].path, file);
        assert_eq!(find(&whole, &[]).files[0].path, whole.join("b.yaml"));
        assert_eq!(find(&scratch.path().join("nothing"), &[]).failed.len(), 1);
    }
}
