//! Which files `-f` names: a file itself, or the manifests of a folder.

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
};

/// The extensions of manifests in a folder. A file that is named itself is read whatever its name.
const EXTENSIONS: [&str; 4] = ["yaml", "yml", "json", "jsonl"];

/// What a path names.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    /// The files to read, in the order of their names, each once.
    pub(super) files: Vec<PathBuf>,
    /// Links to what is outside the folder. They are not followed.
    pub(super) outside: Vec<PathBuf>,
    /// Links to nothing, or to themselves.
    pub(super) broken: Vec<PathBuf>,
}

/// The file itself, or all manifests of a folder.
///
/// What a user names is read, be it a link or not. Inside a folder a link is followed if it leads to a place in that
/// folder: whoever may put files there could otherwise have any file of the machine read, and shown.
pub(super) fn find(path: &Path) -> Result<Found, (PathBuf, io::Error)> {
    let at = |path: &Path| {
        let path = path.to_owned();
        move |error| (path, error)
    };
    let mut found = Found::default();
    if !fs::metadata(path).map_err(at(path))?.is_dir() {
        found.files.push(path.to_owned());
        return Ok(found);
    }
    let root = fs::canonicalize(path).map_err(at(path))?;
    let mut links = Vec::new();
    // The files themselves, by which a link to one of them is known.
    let mut real = BTreeSet::new();
    let mut folders = vec![(path.to_owned(), root.clone())];
    while let Some((folder, real_folder)) = folders.pop() {
        for entry in fs::read_dir(&folder).map_err(at(&folder))? {
            let entry = entry.map_err(at(&folder))?;
            let (path, real_path) = (entry.path(), real_folder.join(entry.file_name()));
            let kind = entry.file_type().map_err(at(&path))?;
            if kind.is_dir() {
                folders.push((path, real_path));
            } else if kind.is_symlink() {
                links.push(path);
            } else if kind.is_file() && is_manifest(&path) {
                found.files.push(path);
                real.insert(real_path);
            }
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
                if target.is_file() && real.insert(target) {
                    found.files.push(link);
                }
            }
            Err(_) => found.broken.push(link),
        }
    }
    found.files.sort();
    Ok(found)
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

    fn names(paths: &[PathBuf], root: &Path) -> Vec<String> {
        paths
            .iter()
            .map(|path| path.strip_prefix(root).unwrap().display().to_string())
            .collect()
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
        fs::write(folder.join("data"), "kind: B\n").unwrap();
        symlink("data", folder.join("c.yaml")).unwrap();
        symlink("a.yaml", folder.join("again.yaml")).unwrap();
        symlink("../secret.yaml", folder.join("out.yaml")).unwrap();
        symlink("/etc/passwd", folder.join("passwd")).unwrap();
        symlink(scratch.path(), folder.join("up")).unwrap();
        symlink("sub", folder.join("same")).unwrap();
        symlink("circle.yaml", folder.join("circle.yaml")).unwrap();
        let found = find(&folder).unwrap();
        assert_eq!(
            names(&found.files, &folder),
            ["a.yaml", "c.yaml", "sub/b.json"]
        );
        assert_eq!(names(&found.outside, &folder), ["out.yaml", "up"]);
        assert_eq!(names(&found.broken, &folder), ["circle.yaml"]);
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
        assert_eq!(find(&file).unwrap().files, [file]);
        assert_eq!(find(&whole).unwrap().files, [whole.join("b.yaml")]);
        assert!(find(&scratch.path().join("nothing")).is_err());
    }
}
