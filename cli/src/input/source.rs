//! The files that were read, and can be read again.

use super::{
    entry::Meaning,
    kustomize::{Kustomized, Layout},
    notes::Notes,
    place::Place,
    problem::{Problem, Problems, Settings, origin},
};
use crate::output::Exit;
use gwapi::{
    manifest::{RawObject, ReadOptions},
    meta::ObjectRef,
};
use std::{
    borrow::Cow,
    collections::HashMap,
    io::{self, Read},
};

/// The files that were read.
#[derive(Debug, Default)]
pub(crate) struct Input {
    /// The files, in the order of reading.
    pub(crate) sources: Vec<Source>,
    /// How many objects there were.
    pub(crate) objects: usize,
    /// How many of them are of the Gateway API.
    pub(crate) of_gateway_api: usize,
    /// What was passed over.
    pub(crate) passed: PassedOver,
    /// What kustomizations say.
    pub(super) kustomized: Kustomized,
    /// Whether something could not be read at all, which has been said on stderr.
    pub(crate) failed: bool,
    /// Which rules count otherwise.
    pub(super) settings: Settings,
    /// How they were read.
    pub(super) options: ReadOptions,
    /// What their objects mean beyond what is written.
    pub(super) meaning: Meaning,
    /// How many problems are shown to people.
    pub(crate) max_shown: usize,
    /// The first file of each name.
    pub(super) by_name: HashMap<String, usize>,
}

/// What is no object and was passed over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct PassedOver {
    /// Documents of folders that are no Kubernetes objects.
    pub(crate) documents: usize,
    /// Files that are patches of a kustomization.
    pub(crate) patches: usize,
    /// Files that are templates of Helm charts.
    pub(crate) templates: usize,
}

/// A file that was read, and can be read again.
#[derive(Debug, Default)]
pub(crate) struct Source {
    /// Its name as it was given.
    pub(crate) name: String,
    pub(super) place: Place,
    pub(super) layout: Layout,
    /// How much of it was passed over.
    pub(crate) passed: usize,
    /// What its comments say to us; nothing where it has none that does.
    pub(crate) notes: Option<Notes>,
}

impl Source {
    /// All of it.
    pub(crate) fn text(&self) -> io::Result<Cow<'_, [u8]>> {
        self.place.text()
    }

    /// From which file an object was rendered that stands at a line, if the object or a comment says.
    pub(crate) fn origin(&self, line: usize, object: Option<&RawObject>) -> Option<String> {
        let noted = || self.notes.as_ref()?.origin(line).map(str::to_owned);
        object.and_then(origin).or_else(noted)
    }

    /// All of it, from the beginning.
    pub(super) fn open(&self) -> io::Result<Box<dyn Read + '_>> {
        self.place.open()
    }
}

impl Input {
    pub(super) fn add_source(&mut self, source: Source) -> usize {
        let index = self.sources.len();
        self.by_name.entry(source.name.clone()).or_insert(index);
        self.sources.push(source);
        index
    }

    /// Secrets and ConfigMaps that kustomizations make, in the namespaces where they are meant: without one where nobody knows it.
    pub(crate) fn generated(&self) -> impl Iterator<Item = ObjectRef> {
        let Meaning {
            namespace,
            target_namespace,
            ..
        } = &self.meaning;
        self.kustomized.generated.iter().map(move |made| {
            let own = Some(&made.namespace).filter(|own| !own.is_empty());
            let meant = target_namespace.as_ref().or(own).or(namespace.as_ref());
            ObjectRef {
                namespace: meant.cloned().unwrap_or_default(),
                ..made.clone()
            }
        })
    }

    /// Those that they make in more namespaces than anybody looks through, or in some of which nobody knows: kind and name.
    pub(crate) fn generated_anywhere(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let anywhere = self.kustomized.generated_anywhere.iter();
        anywhere.map(|(kind, name)| (*kind, name.as_str()))
    }

    /// Adds what was found once all was read, as what is found while reading.
    pub(crate) fn push(&mut self, mut problem: Problem, problems: &mut Problems, most: usize) {
        let source = self.by_name.get(&problem.file);
        let source = source.and_then(|index| self.sources.get_mut(*index));
        let allowed = match source.and_then(|source| source.notes.as_mut()) {
            Some(notes) => notes.take(&mut problem),
            None => false,
        };
        if allowed || !self.settings.settle(&mut problem) {
            problems.allowed += 1;
        } else {
            problems.push(problem, most);
        }
    }

    /// The comments that allow what is not there: the file, the line and the rule.
    pub(crate) fn unused(&self) -> Vec<(String, usize, String)> {
        let notes = self.sources.iter().filter_map(|source| {
            let notes = source.notes.as_ref()?;
            Some((&source.name, notes))
        });
        notes
            .flat_map(|(file, notes)| {
                let unused = notes.unused();
                unused.map(move |(line, rule)| (file.clone(), line, rule.to_owned()))
            })
            .collect()
    }

    /// How the verb ends: as it would otherwise, unless something that was named could not be read.
    pub(crate) fn exit(&self, otherwise: Exit) -> Exit {
        match self.failed {
            true => Exit::Failed,
            false => otherwise,
        }
    }

    /// From which file what stands at a line of the file with this index was rendered, if a comment says.
    pub(crate) fn origin(&self, source: usize, line: usize) -> Option<String> {
        self.sources.get(source)?.origin(line, None)
    }

    /// The name of the file with this index.
    pub(crate) fn source(&self, index: usize) -> &str {
        self.sources.get(index).map_or("", |source| &source.name)
    }

    /// The place of a file among those that were read.
    pub(crate) fn order(&self, file: &str) -> usize {
        self.by_name.get(file).copied().unwrap_or_default()
    }

    /// Brings problems into the order of the input.
    pub(crate) fn sort(&self, problems: &mut [Problem]) {
        problems.sort_by_cached_key(|p| (self.by_name.get(&p.file), p.line, p.column));
    }
}
