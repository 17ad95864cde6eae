//! Reading object by object, several files at once. Only what a verb makes of each object is kept, so that memory follows
//! that and the findings, not the input.

use super::{
    args::{InputArgs, Origin, Origins},
    entry::{Entry, Meaning},
    notes::{Notes, Noticing},
    open::{Placeholders, Table},
    place::{CopyError, Place},
    problem::{Problem, Problems, Settings, Severity},
    source::{Input, PassedOver, Source},
};
use crate::output::fail;
use gwapi::manifest::{self, ReadError, ReadOptions};
use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet},
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
    /// Whether it takes no part in what is said of all, since it holds placeholders without value where no text may stand.
    pub(crate) is_withheld: bool,
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
    /// Looks at every object once as it is written, and keeps what is made of it; of the problems no more than `most`.
    ///
    /// `looker` is asked once a file for what looks at the objects of that file, in their order.
    ///
    /// Nothing comes back where values of placeholders could not be read. What else could not be read at all has been said on
    /// stderr, and the verb ends with [`Exit::Failed`](crate::output::Exit::Failed): see [`Input::failed`].
    pub(crate) fn sift<T: Send, L>(
        &self,
        most: usize,
        looker: impl Fn() -> L + Sync,
    ) -> Option<Sifted<T>>
    where
        L: FnMut(&str, Entry) -> Looked<T>,
    {
        let mut sifter = self.sifter_as(most, true)?;
        let sifted = sifter.sift(looker);
        Some(sifted)
    }

    /// What looks at all objects as they are meant, once or more often. Nothing comes back where values of placeholders could not
    /// be read.
    pub(crate) fn sifter(&self, most: usize) -> Option<Sifter> {
        self.sifter_as(most, false)
    }

    fn sifter_as(&self, most: usize, is_literal: bool) -> Option<Sifter> {
        let mut problems = Problems::default();
        let vars = self.vars()?;
        let origins = self.origins((!is_literal).then_some(&vars), |mut problem| {
            if self.settings.settle(&mut problem) {
                problems.push(problem, most);
            } else {
                problems.allowed += 1;
            }
        });
        Some(Sifter {
            origins,
            problems,
            options: self.options(),
            meaning: Meaning {
                namespace: self.namespace().map(str::to_owned),
                target_namespace: self.target_namespace().map(str::to_owned),
                placeholders: self.placeholders,
                vars,
                is_literal,
            },
            settings: self.settings.clone(),
            most,
            max_shown: self.max_shown,
        })
    }
}

/// Looks at all objects of the input, each time that it is asked to. What can be read once only is kept for the next time.
pub(crate) struct Sifter {
    origins: Origins,
    /// What there is to complain of before anything is read.
    problems: Problems,
    options: ReadOptions,
    meaning: Meaning,
    settings: Settings,
    most: usize,
    max_shown: usize,
}

impl Sifter {
    /// Looks at every object once. What cannot be read at all is said on stderr, and all else is looked at
    /// ([`Input::failed`]).
    pub(crate) fn sift<T: Send, L>(&mut self, looker: impl Fn() -> L + Sync) -> Sifted<T>
    where
        L: FnMut(&str, Entry) -> Looked<T>,
    {
        let Self {
            origins,
            problems,
            options,
            meaning,
            settings,
            most,
            max_shown,
        } = &*self;
        let (options, most, max_shown) = (*options, *most, *max_shown);
        let (failed, kustomized) = (origins.failed, origins.kustomized.clone());
        let origins = &origins.all;
        let next = AtomicUsize::new(0);
        let gathered = Mutex::new(Gathered {
            sifted: Sifted {
                input: Input {
                    options,
                    max_shown,
                    failed,
                    kustomized,
                    meaning: meaning.clone(),
                    settings: settings.clone(),
                    ..Input::default()
                },
                kept: Vec::new(),
                problems: problems.clone(),
            },
            waiting: origins.iter().map(|_| None).collect(),
            merged: 0,
        });
        let work = || {
            while let Some(origin) = origins.get(next.fetch_add(1, Ordering::Relaxed)) {
                let of_file = read(origin, (&options, settings), meaning, most, &mut looker());
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
        let sifted = gathered
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner)
            .sifted;
        // What can be read once only is kept; of what could not be read there is no source.
        let mut sources = sifted.input.sources.iter().peekable();
        for origin in &mut self.origins.all {
            if let Some(source) = sources.next_if(|source| source.name == origin.name) {
                origin.place = source.place.clone();
            }
        }
        sifted
    }
}

impl Input {
    /// Reads these objects of a file again, by their numbers in it: for what has come to be known of an object after
    /// it was let go. A number that is there no more is passed over, as in a file that has changed meanwhile.
    pub(crate) fn again<W>(
        &self,
        source: usize,
        mut wanted: BTreeMap<usize, W>,
        mut found: impl FnMut(&Entry, W),
    ) -> BTreeMap<usize, W> {
        let Some(source) = self.sources.get(source) else {
            return wanted;
        };
        let Ok(from) = source.open() else {
            return wanted;
        };
        let open = Table::default();
        let objects = self
            .meaning
            .objects(from, &self.options, &source.layout, &open);
        for (ordinal, entry) in objects.filter_map(Result::ok).enumerate() {
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
struct Gathered<'s, T> {
    sifted: Sifted<T>,
    /// Files that were read before one that comes before them.
    waiting: Vec<Option<Result<OfFile<'s, T>, String>>>,
    merged: usize,
}

impl<'s, T> Gathered<'s, T> {
    fn take(
        &mut self,
        origin: &Origin,
        of_file: Result<OfFile<'s, T>, String>,
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
                    self.sifted.input.failed = true;
                }
            }
        }
    }

    fn merge(&mut self, origin: &Origin, of_file: OfFile<'s, T>, most: usize) {
        let Sifted {
            input,
            kept,
            problems,
        } = &mut self.sifted;
        let source = input.add_source(Source {
            name: origin.name.clone(),
            place: of_file.place,
            layout: origin.layout.clone(),
            passed: of_file.passed.documents + of_file.passed.patches + of_file.passed.templates,
            notes: of_file.notes,
        });
        input.objects += of_file.objects;
        input.of_gateway_api += of_file.of_gateway_api;
        input.passed.documents += of_file.passed.documents;
        input.passed.patches += of_file.passed.patches;
        input.passed.templates += of_file.passed.templates;
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
struct OfFile<'s, T> {
    settings: &'s Settings,
    kept: Vec<(usize, T)>,
    problems: Problems,
    objects: usize,
    of_gateway_api: usize,
    passed: PassedOver,
    /// Where it can be read again.
    place: Place,
    notes: Option<Notes>,
}

/// Reads one file.
fn read<'s, T>(
    origin: &Origin,
    (options, settings): (&ReadOptions, &'s Settings),
    meaning: &Meaning,
    most: usize,
    look: &mut dyn FnMut(&str, Entry) -> Looked<T>,
) -> Result<OfFile<'s, T>, String> {
    let failed = |error: CopyError| format!("cannot read `{}`: {error}", origin.name);
    // One byte more than allowed, so that too much is seen to be.
    let most_bytes = options.limits.max_bytes.saturating_add(1);
    let place = origin.place.repeatable(most_bytes).map_err(failed)?;
    let mut of_file = OfFile {
        settings,
        kept: Vec::new(),
        problems: Problems::default(),
        objects: 0,
        of_gateway_api: 0,
        passed: PassedOver::default(),
        place: place.clone(),
        notes: None,
    };
    let layout = &origin.layout;
    if !layout.is_named && (layout.is_patch || layout.is_chart) {
        of_file.passed.patches = usize::from(!layout.is_chart);
        of_file.passed.templates = usize::from(layout.is_chart);
        return Ok(of_file);
    }
    let from = place.open().map_err(|error| failed(error.into()))?;
    of_file.all(origin, from, (options, meaning), most, look);
    Ok(of_file)
}

impl<T> OfFile<'_, T> {
    fn all(
        &mut self,
        origin: &Origin,
        from: impl Read,
        (options, meaning): (&ReadOptions, &Meaning),
        most: usize,
        look: &mut dyn FnMut(&str, Entry) -> Looked<T>,
    ) {
        let (file, layout) = (origin.name.as_str(), &origin.layout);
        let (table, noticed) = (Table::default(), Cell::new(false));
        let from = Noticing::new(from, &noticed);
        let mut unreadable = Vec::new();
        let mut is_template = false;
        // Placeholders without value, and where the first object is that has one.
        let mut open: BTreeSet<String> = BTreeSet::new();
        let mut first_open = None;
        let mut withheld = 0;
        for (ordinal, next) in
            meaning
                .objects(from, options, layout, &table)
                .scan(0, |readable, next| {
                    let ordinal = *readable;
                    *readable += usize::from(next.is_ok());
                    Some((ordinal, next))
                })
        {
            if noticed.get() {
                self.note(meaning);
            }
            let entry = match next {
                Ok(entry) => entry,
                Err(error) => {
                    unreadable.push(error);
                    continue;
                }
            };
            if !layout.is_named && !entry.is_object() {
                self.passed.documents += 1;
                continue;
            }
            if !meaning.is_literal && entry.is_template() {
                if !is_template {
                    let position = entry.place.position;
                    self.push(
                        Problem::of_template(file, (position.line, position.column)),
                        most,
                    );
                }
                is_template = true;
                continue;
            }
            self.objects += 1;
            self.of_gateway_api += usize::from(entry.is_of_gateway_api());
            let names = entry.open_names();
            if !names.is_empty() && meaning.placeholders == Placeholders::Refused {
                self.push(Problem::of_open_object(file, &entry, &names), most);
                continue;
            }
            if !names.is_empty() {
                open.extend(names);
                first_open.get_or_insert(entry.place.position);
            }
            for problem in Problem::of_duplicates(file, &entry) {
                self.push(problem, most);
            }
            let looked = look(file, entry);
            withheld += usize::from(looked.is_withheld);
            for problem in looked.problems {
                self.push(problem, most);
            }
            if let Some(what) = looked.keep {
                self.kept.push((ordinal, what));
            }
        }
        let is_refused = meaning.placeholders == Placeholders::Refused;
        let severity = match is_refused {
            true => Severity::Error,
            false => Severity::Warning,
        };
        self.unreadable(origin, (&unreadable, &table), (is_template, severity), most);
        if noticed.get() {
            self.note(meaning);
        }
        if let Some(position) = first_open {
            let place = (position.line, position.column);
            self.push(Problem::of_placeholders(file, place, &open, withheld), most);
        }
    }

    /// Looks for comments that are for us, once. Of objects that stay as they are written, nothing is allowed by one.
    fn note(&mut self, meaning: &Meaning) {
        if self.notes.is_some() {
            return;
        }
        let notes = self.place.open().ok().map(Notes::of);
        self.notes = match meaning.is_literal {
            true => notes.map(Notes::without_rules),
            false => notes,
        };
    }

    /// Adds a problem, unless a comment allows it.
    fn push(&mut self, mut problem: Problem, most: usize) {
        let notes = self.notes.as_mut();
        let allowed = notes.is_some_and(|notes| notes.take(&mut problem));
        if allowed || !self.settings.settle(&mut problem) {
            self.problems.allowed += 1;
        } else {
            self.problems.push(problem, most);
        }
    }

    /// What there is to say of documents that cannot be read: of a Helm template one sentence, and nothing of those of a folder that
    /// are no objects.
    fn unreadable(
        &mut self,
        origin: &Origin,
        (errors, table): (&[ReadError], &Table),
        (mut is_template, severity): (bool, Severity),
        most: usize,
    ) {
        let file = &origin.name;
        let is_text = errors.iter().any(|error| error.limit_name().is_none());
        let text = is_text.then(|| self.place.text().map(std::borrow::Cow::into_owned).ok());
        let text = text.flatten().unwrap_or_default();
        let mut documents = manifest::documents(&text).peekable();
        let (mut begins, mut document): (usize, &[u8]) = (0, &[]);
        // Variables without value that stand for whole lines, and the first of these.
        let mut open: Option<(usize, BTreeSet<String>)> = None;
        for error in errors {
            let line = error.place().map_or(0, |place| place.position.line);
            while let Some(next) = documents.next_if(|(first, _)| *first <= line) {
                (begins, document) = next;
            }
            // What was read is known to be none; of what was not, the text says what it was to be.
            let is_none =
                error.is_no_object() && error.place().is_some_and(|place| place.item.is_none());
            let may_be_object = || {
                line == 0
                    || error.limit_name().is_some()
                    || error.is_no_object()
                    || !error.kind().is_empty()
                    || says_type(document)
            };
            if !origin.layout.is_named && (is_none || !may_be_object()) {
                self.passed.documents += 1;
            } else if error.limit_name().is_none()
                && let Some((line, names)) = table.whole_lines(document)
            {
                open.get_or_insert((begins + line, BTreeSet::new()))
                    .1
                    .extend(names);
            } else if !error.is_no_object()
                && error.limit_name().is_none()
                && memchr::memmem::find(document, b"{{").is_some()
            {
                if !is_template {
                    let place = (error.line(), error.column());
                    self.push(Problem::of_template(file, place), most);
                }
                is_template = true;
            } else {
                let mut problem = Problem::unreadable(file, error);
                problem.message = table.written(&problem.message);
                self.push(problem, most);
            }
        }
        if let Some((line, names)) = open {
            self.push(
                Problem::of_open_lines(file, (line, 1), &names, severity),
                most,
            );
        }
    }
}

/// Whether a text that cannot be read has the fields of its own that say the type of an object: in YAML at the beginning of a line, in
/// JSON at the beginning of a line, or among the keys of the outermost object.
fn says_type(document: &[u8]) -> bool {
    let says = |field: &str| {
        let quoted = format!("\"{field}\"");
        document.split(|byte| *byte == b'\n').any(|line| {
            let begins = |line: &[u8], with: &str| {
                let rest = line.strip_prefix(with.as_bytes());
                rest.is_some_and(|rest| rest.trim_ascii_start().starts_with(b":"))
            };
            let inside = line.trim_ascii_start();
            let inside = inside.strip_prefix(b"{").unwrap_or(inside);
            begins(line, field) || begins(inside.trim_ascii_start(), &quoted)
        })
    };
    let fields = ["apiVersion", "kind"];
    fields.into_iter().all(says) || fields.into_iter().all(|field| has_key(document, field))
}

/// Whether the outermost object of a text that is meant as JSON, with comments or without, has a key.
fn has_key(document: &[u8], key: &str) -> bool {
    let mut depth = 0_usize;
    let mut rest = document;
    let behind = |text: &[u8], end: &[u8]| {
        memchr::memmem::find(text, end).map_or(text.len(), |at| at + end.len())
    };
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        match first {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            b'"' => {
                let mut is_escaped = false;
                let end = after.iter().position(|byte| {
                    let is_end = *byte == b'"' && !is_escaped;
                    is_escaped = *byte == b'\\' && !is_escaped;
                    is_end
                });
                let Some((text, behind)) = end.and_then(|end| after.split_at_checked(end)) else {
                    return false;
                };
                rest = behind.strip_prefix(b"\"").unwrap_or(behind);
                let is_key = || rest.trim_ascii_start().starts_with(b":");
                if depth == 1 && text == key.as_bytes() && is_key() {
                    return true;
                }
            }
            b'/' if after.starts_with(b"/") => {
                rest = after.get(behind(after, b"\n")..).unwrap_or_default();
            }
            b'/' if after.starts_with(b"*") => {
                rest = after.get(behind(after, b"*/")..).unwrap_or_default();
            }
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_cannot_be_read_says_its_type_at_the_beginning_of_lines() {
        for (text, wanted) in [
            ("apiVersion: v1\nkind: Service\nmetadata: {", true),
            ("kind : Service\napiVersion:\tv1\n]", true),
            (
                "{\"apiVersion\": \"v1\",\n  \"kind\": \"Service\",\n}",
                true,
            ),
            (
                "{\"apiVersion\":\"v1\",\"kind\":\"Service\" \"metadata\":{}}",
                true,
            ),
            (
                "{\"a\": {}, \"kind\":\"Service\", /* \" */ \"apiVersion\": 1",
                true,
            ),
            (
                "{\"a\": {\"apiVersion\":\"v1\",\"kind\":\"Service\",},}",
                false,
            ),
            (
                "// \"kind\": {\n{\"b\": \"apiVersion\", \"c\\\"kind\": \"kind\",}",
                false,
            ),
            ("x: *undefined\napiVersion-kind: apiVersion kind\n", false),
            ("# apiVersion: v1\n# kind: x\na: [", false),
            ("a:\n  apiVersion: v1\n  kind: Service\n  x: {", false),
            ("kind: Service\nx: {", false),
            (
                "{// kind\n\"matchStrings\": [\"kind: x\", \"apiVersion: y\"],}",
                false,
            ),
        ] {
            assert_eq!(says_type(text.as_bytes()), wanted, "{text}");
        }
    }
}
