//! Objects from the files of a folder, and what they amount to.

use gwapi::{
    attachment::{Options, Resolver, SnapshotObject, effective::Effective},
    manifest::{self, Object, ReadOptions},
    meta::{Channel, ObjectRef, Release},
    validation::{ReleaseChoice, Uses},
};
use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    time::SystemTime,
};

/// The objects of a folder, kept up to date.
pub struct Manifests {
    folder: PathBuf,
    resolver: Resolver,
    objects: BTreeMap<ObjectRef, Object>,
    seen: BTreeMap<PathBuf, SystemTime>,
}

impl Manifests {
    /// The objects of a folder, nothing of which is read yet. They mean what they do in this release.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>, release: Release) -> Self {
        Self {
            folder: folder.into(),
            resolver: Resolver::new(Options::for_manifests().with_release(release)),
            objects: BTreeMap::new(),
            seen: BTreeMap::new(),
        }
    }

    /// Reads the files again if one of them has changed. Returns what is in force then, and what could not be read; nothing
    /// if no file has changed.
    ///
    /// # Errors
    ///
    /// When the folder cannot be listed, or a file cannot be opened.
    pub fn read(&mut self) -> io::Result<Option<(Effective, Vec<String>)>> {
        let found = files(&self.folder)?;
        if found == self.seen {
            return Ok(None);
        }
        let mut problems = Vec::new();
        let mut objects = BTreeMap::new();
        for path in found.keys() {
            let (read, errors) = manifest::read(&fs::read(path)?, &ReadOptions::default()).decode();
            let said = errors
                .iter()
                .map(|error| format!("{}: {error}", path.display()));
            problems.extend(said);
            for object in read {
                let reference = SnapshotObject::from(object.object.clone()).reference();
                objects.insert(reference, object.object);
            }
        }
        for reference in self.objects.keys() {
            if !objects.contains_key(reference) {
                self.resolver.remove(reference);
            }
        }
        for (reference, object) in &objects {
            if self.objects.get(reference) != Some(object) {
                self.resolver.insert(object.clone());
            }
        }
        (self.objects, self.seen) = (objects, found);
        Ok(Some((self.resolver.effective().clone(), problems)))
    }
}

/// The release for which the objects of a folder are meant: that of the CRDs among them, else the newest that has all they use.
/// What cannot be read counts for nothing.
///
/// # Errors
///
/// When the folder cannot be listed, or a file cannot be opened.
pub fn release(folder: &Path) -> io::Result<ReleaseChoice> {
    // The experimental channel holds the standard one.
    let mut uses = Uses::new(Channel::Experimental);
    for path in files(folder)?.keys() {
        let read = manifest::read(&fs::read(path)?, &ReadOptions::default());
        read.entries.iter().for_each(|entry| uses.add(&entry.value));
    }
    Ok(uses.choice())
}

/// The manifests of a folder and of those below it, with the time of their last change.
fn files(folder: &Path) -> io::Result<BTreeMap<PathBuf, SystemTime>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let (path, metadata) = (entry.path(), entry.metadata()?);
        if metadata.is_dir() {
            found.append(&mut files(&path)?);
        } else if matches!(
            path.extension().and_then(|extension| extension.to_str()),
            Some("yaml" | "yml" | "json")
        ) {
            found.insert(path, metadata.modified()?);
        }
    }
    Ok(found)
}
