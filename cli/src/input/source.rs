//! The files that were read, and can be read again.

use super::{place::Place, problem::Problem};
use gwapi::manifest::ReadOptions;
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
    /// How they were read.
    pub(super) options: ReadOptions,
    /// How many problems are shown to people.
    pub(crate) max_shown: usize,
    /// The first file of each name.
    pub(super) by_name: HashMap<String, usize>,
}

/// A file that was read, and can be read again.
#[derive(Debug)]
pub(crate) struct Source {
    /// Its name as it was given.
    pub(crate) name: String,
    pub(super) place: Place,
}

impl Source {
    /// All of it.
    pub(crate) fn text(&self) -> io::Result<Cow<'_, [u8]>> {
        self.place.text()
    }

    /// All of it, from the beginning.
    pub(super) fn open(&self) -> io::Result<Box<dyn Read + '_>> {
        self.place.open()
    }
}

impl Input {
    /// One without files yet, which are read with these options, and of whose problems so many are shown.
    pub(super) fn read_with(options: ReadOptions, max_shown: usize) -> Self {
        Self {
            options,
            max_shown,
            ..Self::default()
        }
    }

    pub(super) fn add_source(&mut self, name: String, place: Place) -> usize {
        let index = self.sources.len();
        self.by_name.entry(name.clone()).or_insert(index);
        self.sources.push(Source { name, place });
        index
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
