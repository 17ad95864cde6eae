//! Writing files: never through a link in their place, and never half.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    process,
};

/// Why a file cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write `{}`: {why}", .path.display())]
pub(crate) struct WriteError {
    path: PathBuf,
    why: Why,
}

#[derive(Debug, thiserror::Error)]
enum Why {
    #[error("it is a link, and what a link leads to is not overwritten; remove the link first")]
    Link,
    #[error("it is no regular file")]
    Special,
    #[error("{0}")]
    Io(#[from] io::Error),
}

/// Writes files into a folder, which is made where it is missing. A regular file of the same name is replaced: that is
/// how files that a program makes are renewed. A link or anything else in its place is refused, before the first file
/// is written. The folder itself may be a link: whoever names it chooses where it leads.
///
/// Each file is written beside its place and then moved there, so that a reader sees the old file or the new one, and a
/// link that someone puts there meanwhile is replaced, not followed.
pub(crate) fn files(folder: &Path, files: &[(String, String)]) -> Result<(), WriteError> {
    let failed = |path: &Path, why: Why| WriteError {
        path: path.to_owned(),
        why,
    };
    fs::create_dir_all(folder).map_err(|error| failed(folder, error.into()))?;
    for (name, _) in files {
        let path = folder.join(name);
        refuse_special(&path).map_err(|why| failed(&path, why))?;
    }
    for (name, text) in files {
        let path = folder.join(name);
        let beside = folder.join(format!(".{name}.{}", process::id()));
        let written = replace(&beside, &path, text);
        if written.is_err() {
            // What is left of it is of no use; that the file is missing has been said.
            let _ = fs::remove_file(&beside);
        }
        written.map_err(|error| failed(&path, error.into()))?;
    }
    Ok(())
}

fn refuse_special(path: &Path) -> Result<(), Why> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_symlink() => Err(Why::Link),
        Ok(found) if !found.is_file() => Err(Why::Special),
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn replace(beside: &Path, path: &Path, text: &str) -> io::Result<()> {
    // `create_new` follows no link either.
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(beside)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    drop(file);
    fs::rename(beside, path)
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;
    use std::os::unix::fs::symlink;

    fn file(name: &str) -> (String, String) {
        (name.to_owned(), format!("new {name}"))
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_regular_file_is_replaced_and_nothing_else_is_left() {
        let scratch = Scratch::new("write");
        let folder = scratch.path().join("made/here");
        files(&folder, &[file("a.yaml")]).unwrap();
        fs::write(folder.join("a.yaml"), "old, and longer than what is new").unwrap();
        files(&folder, &[file("a.yaml"), file("b.yaml")]).unwrap();
        assert_eq!(
            fs::read_to_string(folder.join("a.yaml")).unwrap(),
            "new a.yaml"
        );
        assert_eq!(names(&folder), ["a.yaml", "b.yaml"]);
    }

    #[test]
    fn nothing_is_written_through_a_link() {
        let scratch = Scratch::new("write-link");
        let (folder, precious) = (scratch.path().join("out"), scratch.path().join("precious"));
        fs::create_dir(&folder).unwrap();
        fs::write(&precious, "old").unwrap();
        for target in [precious.as_path(), Path::new("nowhere")] {
            symlink(target, folder.join("b.yaml")).unwrap();
            let error = files(&folder, &[file("a.yaml"), file("b.yaml")]).unwrap_err();
            assert!(error.to_string().contains("it is a link"), "{error}");
            // Not even the file before it.
            assert_eq!(names(&folder), ["b.yaml"]);
            fs::remove_file(folder.join("b.yaml")).unwrap();
        }
        assert_eq!(fs::read_to_string(&precious).unwrap(), "old");
        fs::create_dir(folder.join("b.yaml")).unwrap();
        let error = files(&folder, &[file("b.yaml")]).unwrap_err();
        assert!(error.to_string().contains("no regular file"), "{error}");
    }

    #[test]
    fn a_link_that_is_named_as_the_folder_is_followed() {
        let scratch = Scratch::new("write-linked-folder");
        let (folder, linked) = (scratch.path().join("out"), scratch.path().join("linked"));
        let precious = scratch.path().join("precious");
        fs::create_dir(&folder).unwrap();
        fs::write(&precious, "old").unwrap();
        symlink(&folder, &linked).unwrap();
        files(&linked, &[file("a.yaml")]).unwrap();
        assert_eq!(names(&folder), ["a.yaml"]);
        assert!(fs::symlink_metadata(&linked).unwrap().is_symlink());
        // A link in the place of a file is not, there either.
        symlink(&precious, folder.join("b.yaml")).unwrap();
        let error = files(&linked, &[file("b.yaml")]).unwrap_err();
        assert!(error.to_string().contains("it is a link"), "{error}");
        assert_eq!(fs::read_to_string(&precious).unwrap(), "old");
    }
}
