//! Reading object by object, several files at once. Only what a verb makes of each object is kept, so that memory follows
//! that and the findings, not the input.

use super::{
    args::{InputArgs, Origin},
    place::{CopyError, Place},
    problem::{Problem, Problems},
    source::Input,
};
use crate::output::fail;
use gwapi::manifest::{self, RawObject, ReadOptions};
use std::{
    collections::BTreeMap,
    io::Read,
    num::NonZero,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

/// The stack of a thread that reads: documents may nest as deep as [`Limits::MOST_DEPTH`](gwapi::manifest::Limits).
const STACK: usize = 32 << 20;

/// What a verb makes of an object.
pub(crate) struct Looked<T> {
    /// What of it is needed once all are read.
    pub(crate) keep: Option<T>,
    /// What there is to complain of already.
    pub(crate) problems: Vec<Problem>,
}

/// What a verb has made of an object, and where the object stands.
#[derive(Debug)]
pub(crate) struct Kept<T> {
    /// The index of its file in [`Input::sources`].
    pub(crate) source: usize,
    /// The number of the object in its file, from 0.
    pub(crate) ordinal: usize,
    pub(crate) what: T,
}

/// All that was read.
#[derive(Debug)]
pub(crate) struct Sifted<T> {
    pub(crate) input: Input,
    /// What was kept of the objects, in the order of the input.
    pub(crate) kept: Vec<Kept<T>>,
    pub(crate) problems: Problems,
}

impl InputArgs {
    /// Looks at every object once, and keeps what is made of it; of the problems no more than `most`.
    ///
    /// `looker` is asked once a file for what looks at the objects of that file, in their order.
    ///
    /// Nothing comes back where a file could not be read at all: that has been said on stderr, and the verb
    /// ends with [`Exit::Failed`](crate::output::Exit::Failed).
    pub(crate) fn sift<T: Send, L>(
        &self,
        most: usize,
        looker: impl Fn() -> L + Sync,
    ) -> Option<Sifted<T>>
    where
        L: FnMut(&str, RawObject) -> Looked<T>,
    {
        self.sifter(most)?.sift(looker)
    }

    /// What looks at all objects, once or more often.
    pub(crate) fn sifter(&self, most: usize) -> Option<Sifter> {
        let mut problems = Problems::default();
        let origins = self.origins(|problem| problems.push(problem, most))?;
        Some(Sifter {
            origins,
            problems,
            options: self.options(),
            most,
            max_shown: self.max_shown,
        })
    }
}

/// Looks at all objects of the input, each time that it is asked to. What can be read once only is kept for the next time.
pub(crate) struct Sifter {
    origins: Vec<Origin>,
    /// What there is to complain of before anything is read.
    problems: Problems,
    options: ReadOptions,
    most: usize,
    max_shown: usize,
}

impl Sifter {
    /// Looks at every object once, as [`InputArgs::sift`] does.
    pub(crate) fn sift<T: Send, L>(&mut self, looker: impl Fn() -> L + Sync) -> Option<Sifted<T>>
    where
        L: FnMut(&str, RawObject) -> Looked<T>,
    {
        let Self {
            origins,
            problems,
            options,
            most,
            max_shown,
        } = &*self;
        let (options, most, max_shown) = (*options, *most, *max_shown);
        let next = AtomicUsize::new(0);
        let gathered = Mutex::new(Gathered {
            sifted: Sifted {
                input: Input::read_with(options, max_shown),
                kept: Vec::new(),
                problems: problems.clone(),
            },
            waiting: origins.iter().map(|_| None).collect(),
            merged: 0,
            failed: false,
        });
        let work = || {
            while let Some(origin) = origins.get(next.fetch_add(1, Ordering::Relaxed)) {
                let of_file = read(origin, &options, most, &mut looker());
                let mut gathered = gathered.lock().unwrap_or_else(PoisonError::into_inner);
                gathered.take(origin, of_file, origins, most);
            }
        };
        let threads = thread::available_parallelism().map_or(1, NonZero::get);
        thread::scope(|scope| {
            for _ in 1..threads.min(origins.len()) {
                // Where there can be no more threads, those that there are do all.
                let thread = thread::Builder::new().stack_size(STACK);
                if thread.spawn_scoped(scope, work).is_err() {
                    break;
                }
            }
            work();
        });
        let gathered = gathered
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        if gathered.failed {
            return None;
        }
        let sources = gathered.sifted.input.sources.iter();
        for (origin, source) in self.origins.iter_mut().zip(sources) {
            origin.place = source.place.clone();
        }
        Some(gathered.sifted)
    }
}

impl Input {
    /// Reads these objects of a file again, by their numbers in it: for what has come to be known of an object after
    /// it was let go. A number that is there no more is passed over, as in a file that has changed meanwhile.
    pub(crate) fn again<W>(
        &self,
        source: usize,
        mut wanted: BTreeMap<usize, W>,
        mut found: impl FnMut(&RawObject, W),
    ) -> BTreeMap<usize, W> {
        let Some(source) = self.sources.get(source) else {
            return wanted;
        };
        let Ok(from) = source.open() else {
            return wanted;
        };
        let objects = manifest::stream(from, &self.options).filter_map(Result::ok);
        for (ordinal, entry) in objects.enumerate() {
            if let Some(what) = wanted.remove(&ordinal) {
                found(&entry, what);
            }
            if wanted.is_empty() {
                break;
            }
        }
        wanted
    }
}

/// What came of all files so far, put together in their order.
struct Gathered<T> {
    sifted: Sifted<T>,
    /// Files that were read before one that comes before them.
    waiting: Vec<Option<Result<OfFile<T>, String>>>,
    merged: usize,
    failed: bool,
}

impl<T> Gathered<T> {
    fn take(
        &mut self,
        origin: &Origin,
        of_file: Result<OfFile<T>, String>,
        origins: &[Origin],
        most: usize,
    ) {
        if let Some(place) = self.waiting.get_mut(origin.index) {
            *place = Some(of_file);
        }
        while let Some(of_file) = self.waiting.get_mut(self.merged).and_then(Option::take)
            && let Some(origin) = origins.get(self.merged)
        {
            self.merged += 1;
            match of_file {
                Ok(of_file) => self.merge(origin, of_file, most),
                Err(error) => {
                    fail(error);
                    self.failed = true;
                }
            }
        }
    }

    fn merge(&mut self, origin: &Origin, of_file: OfFile<T>, most: usize) {
        let Sifted {
            input,
            kept,
            problems,
        } = &mut self.sifted;
        let source = input.add_source(origin.name.clone(), of_file.place);
        input.objects += of_file.objects;
        problems.append(of_file.problems, most);
        let placed = of_file.kept.into_iter().map(|(ordinal, what)| Kept {
            source,
            ordinal,
            what,
        });
        kept.extend(placed);
    }
}

/// What was found in one file.
struct OfFile<T> {
    kept: Vec<(usize, T)>,
    problems: Problems,
    objects: usize,
    /// Where it can be read again.
    place: Place,
}

/// Reads one file.
fn read<T>(
    origin: &Origin,
    options: &ReadOptions,
    most: usize,
    look: &mut dyn FnMut(&str, RawObject) -> Looked<T>,
) -> Result<OfFile<T>, String> {
    let failed = |error: CopyError| format!("cannot read `{}`: {error}", origin.name);
    // One byte more than allowed, so that too much is seen to be.
    let most_bytes = options.limits.max_bytes.saturating_add(1);
    let place = origin.place.repeatable(most_bytes).map_err(failed)?;
    let mut of_file = OfFile {
        kept: Vec::new(),
        problems: Problems::default(),
        objects: 0,
        place: place.clone(),
    };
    let from = place.open().map_err(|error| failed(error.into()))?;
    of_file.all(&origin.name, from, options, most, look);
    Ok(of_file)
}

impl<T> OfFile<T> {
    fn all(
        &mut self,
        file: &str,
        from: impl Read,
        options: &ReadOptions,
        most: usize,
        look: &mut dyn FnMut(&str, RawObject) -> Looked<T>,
    ) {
        for next in manifest::stream(from, options) {
            let entry = match next {
                Ok(entry) => entry,
                Err(error) => {
                    self.problems.push(Problem::unreadable(file, &error), most);
                    continue;
                }
            };
            let ordinal = self.objects;
            self.objects += 1;
            for problem in Problem::of_duplicates(file, &entry) {
                self.problems.push(problem, most);
            }
            let looked = look(file, entry);
            for problem in looked.problems {
                self.problems.push(problem, most);
            }
            if let Some(what) = looked.keep {
                self.kept.push((ordinal, what));
            }
        }
    }
}
