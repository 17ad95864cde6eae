//! Objects from the files of a folder, and what they amount to.

use gwapi::{
    attachment::{
        Options, Resolver, SnapshotObject,
        admit::{Ignored, Judged, judge},
        effective::Effective,
    },
    manifest::{self, RawObject, ReadOptions},
    meta::{Channel, ObjectRef, Release},
    validation::{ReleaseChoice, Uses},
};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
    time::SystemTime,
};

/// The objects of a folder, kept up to date as an API server keeps them to which the files are applied: what such a server
/// would refuse is left out, and an object that was there before stays as it was.
pub struct Manifests {
    folder: PathBuf,
    release: Release,
    resolver: Resolver,
    files: BTreeMap<PathBuf, FileRead>,
    objects: BTreeMap<ObjectRef, Taken>,
    left_out: BTreeSet<ObjectRef>,
}

/// What a file held when it was last read.
#[derive(Clone)]
struct FileRead {
    seen: Seen,
    objects: Vec<Taken>,
    /// The objects that are refused: such a one stays as it was, if there was one.
    refused: Vec<ObjectRef>,
}

/// What a file looks like from outside: if nothing of it has changed, it is not read again.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Seen {
    modified: SystemTime,
    length: u64,
}

/// An object that is taken, and as it was written.
#[derive(Clone)]
struct Taken {
    object: SnapshotObject,
    written: Value,
}

impl Manifests {
    /// The objects of a folder, nothing of which is read yet. They mean what they do in this release.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>, release: Release) -> Self {
        Self {
            folder: folder.into(),
            release,
            resolver: Resolver::new(Options::for_manifests().with_release(release)),
            files: BTreeMap::new(),
            objects: BTreeMap::new(),
            left_out: BTreeSet::new(),
        }
    }

    /// Reads the files that have changed. Returns what is in force then, and what is left out and why; nothing if no file has
    /// changed.
    ///
    /// A file that cannot be read, or is empty, may be about to be written: its objects stay as they were. So does an object that
    /// an API server would refuse in its new form.
    ///
    /// # Errors
    ///
    /// When the folder cannot be listed, or a file cannot be opened.
    pub fn read(&mut self) -> io::Result<Option<(Effective, Vec<String>)>> {
        let found = files(&self.folder)?;
        let seen = self.files.iter().map(|(path, file)| (path, &file.seen));
        if found.iter().eq(seen) {
            return Ok(None);
        }
        let mut problems = Vec::new();
        let mut files = BTreeMap::new();
        for (path, seen) in found {
            let before = self.files.get(&path);
            let file = match before.filter(|before| before.seen == seen) {
                Some(same) => same.clone(),
                None => {
                    let bytes = fs::read(&path)?;
                    let (file, said) = self.file(&bytes, seen, before);
                    let said = said.into_iter();
                    problems.extend(said.map(|said| format!("{}: {said}", path.display())));
                    file
                }
            };
            files.insert(path, file);
        }
        self.files = files;
        problems.extend(self.apply());
        Ok(Some((self.resolver.effective().clone(), problems)))
    }

    /// What a file comes to that has changed, and what is wrong with it.
    fn file(&self, bytes: &[u8], seen: Seen, before: Option<&FileRead>) -> (FileRead, Vec<String>) {
        let read = manifest::read(bytes, &ReadOptions::default());
        let mut problems: Vec<String> = read.errors.iter().map(ToString::to_string).collect();
        if bytes.trim_ascii().is_empty() {
            problems.push("the file is empty".to_owned());
        }
        if let Some(before) = before
            && !problems.is_empty()
        {
            problems.push("the objects that were read from the file before stay".to_owned());
            let file = FileRead {
                seen,
                ..before.clone()
            };
            return (file, problems);
        }
        let mut file = FileRead {
            seen,
            objects: Vec::new(),
            refused: Vec::new(),
        };
        for entry in read.entries {
            match self.taken(entry) {
                Ok((taken, said)) => {
                    problems.extend(said);
                    file.objects.push(taken);
                }
                Err((reference, said)) => {
                    let instead = match self.objects.contains_key(&reference) {
                        true => "the object stays as it was",
                        false => "it is left out",
                    };
                    problems.push(format!("{said}; {instead}"));
                    file.refused.push(reference);
                }
            }
        }
        (file, problems)
    }

    /// An object that an API server takes, and what of it counts for nothing; or which one it refuses, and why.
    fn taken(&self, entry: RawObject) -> Result<(Taken, Vec<String>), (ObjectRef, String)> {
        let line = entry.place.position.line;
        let told = |ignored: &Ignored| {
            let help = ignored.help.as_ref();
            let help = help.map(|help| format!(" ({help})")).unwrap_or_default();
            let findings = ignored.findings.iter();
            let findings: String = findings
                .map(|finding| {
                    let line = entry.position(finding.path()).line;
                    format!("; line {line}: {}: {}", finding.path(), finding.message())
                })
                .collect();
            format!(
                "line {line}: {}: {}{findings}{help}",
                ignored.object, ignored.message
            )
        };
        let judged = judge(&entry.value, self.release, Channel::Experimental);
        let (object, said) = match judged {
            Judged::Ignored(ignored) => return Err((ignored.reference(), told(&ignored))),
            // Only that it is there counts.
            Judged::Foreign(object) => {
                let written = entry.value;
                return Ok((Taken { object, written }, Vec::new()));
            }
            Judged::Admitted {
                object,
                not_implemented,
                status,
                ..
            } => {
                let parts = not_implemented.iter();
                let parts = parts.map(|part| format!("line {line}: not implemented: {part}"));
                (object, parts.chain(status.iter().map(told)).collect())
            }
        };
        if let Some(twice) = entry.duplicates.first() {
            let place = twice.position.line;
            let said = format!(
                "line {place}: {}: the key `{}` is given twice",
                object.reference(),
                twice.path
            );
            return Err((object.reference(), said));
        }
        let written = entry.value;
        Ok((Taken { object, written }, said))
    }

    /// Has the resolver know what the files hold. Returns which objects are there twice.
    fn apply(&mut self) -> Vec<String> {
        let mut problems = Vec::new();
        let (mut objects, mut left_out) = (BTreeMap::new(), BTreeSet::new());
        for (path, file) in &self.files {
            for taken in &file.objects {
                let reference = taken.object.reference();
                let before: Option<Taken> = objects.insert(reference.clone(), taken.clone());
                if before.is_some_and(|before| before.written != taken.written) {
                    problems.push(format!(
                        "{}: {reference} replaces an earlier object of the same name",
                        path.display()
                    ));
                }
            }
        }
        for reference in self.files.values().flat_map(|file| &file.refused) {
            if objects.contains_key(reference) {
                continue;
            }
            match self.objects.get(reference) {
                Some(before) => _ = objects.insert(reference.clone(), before.clone()),
                None => _ = left_out.insert(reference.clone()),
            }
        }
        for reference in self.objects.keys().chain(&self.left_out) {
            if !objects.contains_key(reference) && !left_out.contains(reference) {
                self.resolver.remove(reference);
            }
        }
        for (reference, taken) in &objects {
            let before = self.objects.get(reference);
            if before.is_none_or(|before| before.written != taken.written) {
                self.resolver.insert(taken.object.clone());
            }
        }
        for reference in &left_out {
            if self.objects.contains_key(reference) {
                self.resolver.remove(reference);
            }
            self.resolver.leave_out(reference);
        }
        (self.objects, self.left_out) = (objects, left_out);
        problems
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

/// The manifests of a folder and of those below it, and what they look like from outside.
fn files(folder: &Path) -> io::Result<BTreeMap<PathBuf, Seen>> {
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
            let seen = Seen {
                modified: metadata.modified()?,
                length: metadata.len(),
            };
            found.insert(path, seen);
        }
    }
    Ok(found)
}
