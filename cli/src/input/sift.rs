//! Reading object by object, several files at once. Only what a verb wants is kept, so that memory follows that and the
//! findings, not the input.

use super::{Input, InputArgs, Located, Origin, Problem, Severity, Source};
use crate::output::fail;
use gwapi::manifest::{self, RawObject, ReadOptions};
use std::{
    fs,
    io::{self, Read},
    num::NonZero,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

/// How long a file may be that is not kept.
const MAX_BYTES: usize = 16 << 30;

/// What a verb makes of an object.
pub(crate) struct Looked {
    /// Whether the object is needed once all are read.
    pub(crate) keep: bool,
    /// What there is to complain of already.
    pub(crate) problems: Vec<Problem>,
}

/// Problems, as many as are kept, and how many there were.
#[derive(Debug, Default)]
pub(crate) struct Problems {
    /// In the order of the input.
    pub(crate) kept: Vec<Problem>,
    pub(crate) errors: usize,
    pub(crate) warnings: usize,
}

impl Problems {
    /// Adds one, which is counted, and kept if there is room.
    pub(crate) fn push(&mut self, problem: Problem, most: usize) {
        match problem.severity {
            Severity::Error => self.errors += 1,
            Severity::Warning => self.warnings += 1,
        }
        if self.kept.len() < most {
            self.kept.push(problem);
        }
    }

    fn append(&mut self, mut other: Self, most: usize) {
        self.errors += other.errors;
        self.warnings += other.warnings;
        other.kept.truncate(most.saturating_sub(self.kept.len()));
        self.kept.append(&mut other.kept);
    }

    /// How many are not kept.
    pub(crate) fn more(&self) -> usize {
        self.errors + self.warnings - self.kept.len()
    }
}

/// What was found in one file.
#[derive(Default)]
struct Sifted {
    entries: Vec<RawObject>,
    problems: Problems,
    objects: usize,
    /// All of stdin, which cannot be read again to show a line.
    text: Vec<u8>,
}

impl InputArgs {
    /// Looks at every object once, and keeps those that are wanted; of the problems no more than `most`.
    ///
    /// Nothing comes back where a file could not be read at all: that has been said on stderr.
    pub(crate) fn sift(
        &self,
        most: usize,
        look: &(dyn Fn(&str, &RawObject) -> Looked + Sync),
    ) -> Option<(Input, Problems)> {
        let mut input = Input::default();
        let origins = self.origins(&mut input)?;
        let mut problems = Problems::default();
        for problem in std::mem::take(&mut input.problems) {
            problems.push(problem, most);
        }
        let options = self.options();
        let next = AtomicUsize::new(0);
        let gathered = Mutex::new(Gathered {
            input,
            problems,
            waiting: origins.iter().map(|_| None).collect(),
            merged: 0,
            failed: false,
        });
        let work = || {
            while let Some(origin) = origins.get(next.fetch_add(1, Ordering::Relaxed)) {
                let sifted = read(origin, &options, most, look);
                let mut gathered = gathered.lock().unwrap_or_else(PoisonError::into_inner);
                gathered.take(origin, sifted, &origins, most);
            }
        };
        let threads = thread::available_parallelism().map_or(1, NonZero::get);
        thread::scope(|scope| {
            for _ in 1..threads.min(origins.len()) {
                scope.spawn(work);
            }
            work();
        });
        let gathered = gathered
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        (!gathered.failed).then_some((gathered.input, gathered.problems))
    }

    /// How a file is read of which little is kept.
    fn options(&self) -> ReadOptions {
        let mut limits = self.limits();
        if !self.sets("max_bytes") {
            limits.max_bytes = MAX_BYTES;
        }
        ReadOptions::default().with_limits(limits)
    }
}

/// What came of all files so far, put together in their order.
struct Gathered {
    input: Input,
    problems: Problems,
    /// Files that were read before one that comes before them.
    waiting: Vec<Option<Result<Sifted, String>>>,
    merged: usize,
    failed: bool,
}

impl Gathered {
    fn take(
        &mut self,
        origin: &Origin,
        sifted: Result<Sifted, String>,
        origins: &[Origin],
        most: usize,
    ) {
        if let Some(place) = self.waiting.get_mut(origin.index) {
            *place = Some(sifted);
        }
        while let Some(sifted) = self.waiting.get_mut(self.merged).and_then(Option::take)
            && let Some(origin) = origins.get(self.merged)
        {
            self.merged += 1;
            match sifted {
                Ok(sifted) => self.merge(origin, sifted, most),
                Err(error) => {
                    fail(error);
                    self.failed = true;
                }
            }
        }
    }

    fn merge(&mut self, origin: &Origin, sifted: Sifted, most: usize) {
        let source = self.input.add_source(Source {
            path: origin.path.clone(),
            ..Source::of(origin.name.clone(), sifted.text)
        });
        self.input.objects += sifted.objects;
        self.problems.append(sifted.problems, most);
        let located = |entry| Located { source, entry };
        self.input
            .entries
            .extend(sifted.entries.into_iter().map(located));
    }
}

/// Reads one file.
fn read(
    origin: &Origin,
    options: &ReadOptions,
    most: usize,
    look: &(dyn Fn(&str, &RawObject) -> Looked + Sync),
) -> Result<Sifted, String> {
    let failed = |error: io::Error| format!("cannot read `{}`: {error}", origin.name);
    let mut sifted = Sifted::default();
    match &origin.path {
        Some(path) => {
            let file = fs::File::open(path).map_err(failed)?;
            sifted.all(&origin.name, file, options, most, look);
        }
        None => {
            // One byte more than allowed, so that too much is seen to be.
            let length = options.limits.max_bytes as u64;
            let mut text = Vec::new();
            io::stdin()
                .lock()
                .take(length.saturating_add(1))
                .read_to_end(&mut text)
                .map_err(failed)?;
            sifted.all(&origin.name, text.as_slice(), options, most, look);
            sifted.text = text;
        }
    }
    Ok(sifted)
}

impl Sifted {
    fn all(
        &mut self,
        file: &str,
        from: impl Read,
        options: &ReadOptions,
        most: usize,
        look: &(dyn Fn(&str, &RawObject) -> Looked + Sync),
    ) {
        for next in manifest::stream(from, options) {
            let entry = match next {
                Ok(entry) => entry,
                Err(error) => {
                    self.problems.push(Problem::unreadable(file, &error), most);
                    continue;
                }
            };
            self.objects += 1;
            for problem in Problem::of_duplicates(file, &entry) {
                self.problems.push(problem, most);
            }
            let looked = look(file, &entry);
            for problem in looked.problems {
                self.problems.push(problem, most);
            }
            if looked.keep {
                self.entries.push(entry);
            }
        }
    }
}
