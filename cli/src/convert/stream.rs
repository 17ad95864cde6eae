//! Documents in, documents out: each as it was, edited where it stands, or written anew.

use super::{
    edit::{Edits, left_out},
    total::Total,
};
use crate::output::escaped;
use clap::ValueEnum;
use gwapi::{
    conversion::{
        ConversionError, ConversionRemark, ConvertedName, ConvertedNames, Migrated, Migration,
    },
    manifest::{self, RawObject, ReadOptions, is_separator},
};
use std::{
    collections::BTreeSet,
    io::{self, Write},
    rc::Rc,
};

/// The form of the manifests that are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// A YAML stream.
    #[default]
    #[value(alias = "text")]
    Yaml,
    /// JSON values, one after the other, as kubectl reads them too.
    Json,
}

/// Why something was not written.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unwritten {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("it cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
    #[error("it cannot be written as YAML: {0}")]
    Yaml(String),
}

/// What there is to say of an object.
pub(super) enum Said<'s> {
    /// It could not be converted.
    Error(&'s ConversionError),
    /// It was converted, and this is to be known.
    Remark(&'s ConversionRemark),
    /// It is the same object now as another one before it.
    SameName(&'s SameName),
}

/// Two objects that become one.
pub(super) struct SameName {
    /// The one that came later.
    pub(super) name: ConvertedName,
    /// The first one, and the line of its file where its document begins.
    pub(super) first: ConvertedName,
    pub(super) place: String,
}

impl Said<'_> {
    fn is_about(&self, entry: &RawObject) -> bool {
        let object = match self {
            Self::Error(error) => error.object(),
            Self::Remark(remark) => remark.object(),
            Self::SameName(same) => &same.name.from,
        };
        (entry.kind(), entry.namespace(), entry.name())
            == (&object.kind, &object.namespace, &object.name)
    }
}

/// Who is told of it: with the line where the document begins, and the object as it stands in the document.
type Tell<'t> = dyn FnMut(usize, &Said<'_>, Option<&RawObject>) + 't;

/// How a document was written.
enum Done {
    /// As it was, or as JSON, which has no comments.
    AsItWas,
    /// Edited where it stands.
    Edited {
        /// The comments that are not there any more, each with its line.
        left_out: Vec<(usize, String)>,
        /// Those that stand where they were though the fields are gone that they are about.
        left_behind: Vec<(usize, String)>,
    },
    /// Anew, though it is YAML.
    Anew,
}

/// The stream that is written.
pub(super) struct Output<W> {
    format: Format,
    /// How documents are read.
    options: ReadOptions,
    /// Whether something of the input cannot be read.
    has_errors: bool,
    pub(super) writer: W,
    /// Whether anything has been written.
    begun: bool,
    /// Whether what was written last ends its document, by a line of `...`.
    ended: bool,
    /// What the objects so far became, each with its file and the line where its document begins.
    names: ConvertedNames<(Rc<str>, usize)>,
}

impl<W: Write> Output<W> {
    pub(super) fn new(format: Format, options: ReadOptions, has_errors: bool, writer: W) -> Self {
        Self {
            format,
            options,
            has_errors,
            writer,
            begun: false,
            ended: false,
            names: ConvertedNames::default(),
        }
    }

    /// Migrates the documents of a file, and writes each when it is done.
    pub(super) fn file(
        &mut self,
        name: &str,
        text: &[u8],
        migration: &Migration,
        total: &mut Total,
        tell: &mut Tell<'_>,
    ) -> Result<(), Unwritten> {
        let file: Rc<str> = name.into();
        // What stands before a document may make it one that nobody reads.
        let mut unread = BTreeSet::new();
        if self.has_errors {
            let errors = manifest::stream(text, &self.options).filter_map(Result::err);
            unread.extend(errors.map(|error| error.line()));
        }
        for (first_line, document) in manifest::documents(text) {
            let lines = document.split_inclusive(|byte| *byte == b'\n').count();
            let mut errors = unread.range(first_line..first_line + lines);
            let read = errors.next().is_none();
            let document = (first_line, document, read);
            match self.document(&file, document, migration, total, tell)? {
                Done::AsItWas => {}
                Done::Anew => total.add_anew(name, first_line),
                Done::Edited {
                    left_out,
                    left_behind,
                } => {
                    for (line, comment) in left_out {
                        total.left_out.add(total.most, name, line, comment);
                    }
                    for (line, comment) in left_behind {
                        total.left_behind.add(total.most, name, line, comment);
                    }
                }
            }
        }
        Ok(())
    }

    /// Migrates a document and writes it. One that is not `read`, alone or where it stands, or has keys twice, is not touched:
    /// that is a problem of the input and has been noted.
    fn document(
        &mut self,
        file: &Rc<str>,
        (first_line, document, read): (usize, &[u8], bool),
        migration: &Migration,
        total: &mut Total,
        tell: &mut Tell<'_>,
    ) -> Result<Done, Unwritten> {
        let options = self.options.with_whole_lists().with_part(first_line > 1);
        let values = || manifest::stream(document, &options);
        let only = migration.only_converted;
        let (mut sound, mut changed, mut partial) = (read, false, false);
        let (mut here, mut errors, mut remarks) = (Total::new(total.most), Vec::new(), Vec::new());
        let mut names = Vec::new();
        // The outline of a document is made where something changes: most documents are left as they are.
        let mut edits = None;
        for value in values().take_while(|_| read) {
            let Some(entry) = value.ok().filter(|entry| entry.duplicates.is_empty()) else {
                sound = false;
                break;
            };
            if !migration.concerns(&entry.value) {
                partial |= only;
                continue;
            }
            let mut done = migration.migrate(entry.value.clone());
            partial |= only && done.converted == 0;
            if done.changed {
                let before = match self.format {
                    Format::Yaml if !changed => Edits::of(document),
                    Format::Yaml => edits,
                    Format::Json => None,
                };
                changed = true;
                edits = before.and_then(|mut edits| {
                    edits.add(&entry, &done.value, &done.moves).map(|()| edits)
                });
            }
            here.add(&mut done);
            errors.append(&mut done.errors);
            remarks.append(&mut done.remarks);
            names.append(&mut done.names);
        }
        let mut same = Vec::new();
        if sound {
            total.join(here);
            for name in names {
                let place = (Rc::clone(file), first_line);
                if let Some((first, (file, line))) = self.names.add(name.clone(), place) {
                    same.push(SameName {
                        name,
                        first: first.clone(),
                        place: format!("{file}:{line}"),
                    });
                }
            }
        } else {
            changed = false;
            errors.clear();
            remarks.clear();
        }
        tell_all(
            (first_line, document),
            (&errors, &remarks, &same),
            &self.options,
            tell,
        );
        let is_left_out = |migrated: &Migrated| only && migrated.converted == 0;
        if only
            && sound
            && !values()
                .flatten()
                .any(|entry| migration.migrate(entry.value).converted > 0)
        {
            return Ok(Done::AsItWas);
        }
        if self.format == Format::Yaml {
            self.open_stream(first_line, document)?;
        }
        if self.format == Format::Yaml && !changed {
            self.verbatim(document)?;
            return Ok(Done::AsItWas);
        }
        let is_as_wanted = |edited: &String| {
            // What counts is that a reader finds in it what is wanted.
            let mut new = manifest::stream(edited.as_bytes(), &options);
            let as_wanted = values().flatten().all(|entry| {
                let wanted = migration.migrate(entry.value).value;
                let found = new.next().and_then(Result::ok);
                found.is_some_and(|found| found.duplicates.is_empty() && found.value == wanted)
            });
            as_wanted && new.next().is_none()
        };
        let finish = |edits: Edits<'_>| {
            let left_behind = edits.left_behind();
            let edited = edits.finish().filter(is_as_wanted)?;
            Some((edited, left_behind))
        };
        let again = || {
            let mut edits = Edits::of(document)?.written_anew_where_moved();
            for entry in values().flatten() {
                let done = migration.migrate(entry.value.clone());
                if done.changed {
                    edits.add(&entry, &done.value, &done.moves)?;
                }
            }
            finish(edits)
        };
        let edited = edits.and_then(finish);
        let edited = match self.format {
            Format::Yaml if !partial => edited.or_else(again),
            _ => None,
        };
        if let Some((edited, left_behind)) = edited {
            self.verbatim(edited.as_bytes())?;
            let before = std::str::from_utf8(document).unwrap_or_default();
            let left_out = left_out(before, &edited).into_iter();
            let of_file = |line: usize| first_line - 1 + line;
            return Ok(Done::Edited {
                left_out: left_out
                    .map(|(line, comment)| (of_file(line), comment.to_owned()))
                    .collect(),
                left_behind: left_behind
                    .into_iter()
                    .map(|(line, comment)| (of_file(line), comment))
                    .collect(),
            });
        }
        // What a document becomes is made anew and gathered as text: as values it would take many times as much room.
        let mut written = Vec::new();
        for entry in values().flatten() {
            let value = match sound {
                true => {
                    let migrated = migration.migrate(entry.value);
                    if is_left_out(&migrated) {
                        continue;
                    }
                    migrated.value
                }
                false => entry.value,
            };
            match self.format {
                Format::Json => {
                    escaped::pretty(&mut written, &value)?;
                    written.push(b'\n');
                }
                Format::Yaml => {
                    if !written.is_empty() {
                        written.extend_from_slice(b"---\n");
                    }
                    let text = escaped::yaml(&value).map_err(Unwritten::Yaml)?;
                    written.extend_from_slice(text.as_bytes());
                    end_line(&mut written);
                }
            }
        }
        match self.format {
            Format::Json => self.writer.write_all(&written)?,
            Format::Yaml => self.rewritten(document, &written)?,
        }
        let has_comments =
            std::str::from_utf8(document).is_ok_and(|text| !left_out(text, "").is_empty());
        Ok(match self.format {
            // Where nothing but what was asked to be left out is.
            Format::Yaml if !only || has_comments => Done::Anew,
            _ => Done::AsItWas,
        })
    }

    /// Begins the stream with a line of `---` where everything before the document was left out, and the document begins
    /// with `---#`: on its first line kubectl takes that for a text.
    fn open_stream(&mut self, first_line: usize, document: &[u8]) -> io::Result<()> {
        if !self.begun && first_line > 1 && document.starts_with(b"---#") {
            self.write(b"---\n")?;
        }
        Ok(())
    }

    /// A document as it was.
    fn verbatim(&mut self, document: &[u8]) -> io::Result<()> {
        let (head, body) = split_head(document);
        // A marker may share its line with content: `--- {kind: Service}`.
        let marked = body.split(|b| *b == b'\n').next().is_some_and(is_separator);
        self.begin(head, !body.is_empty() && !marked)?;
        self.write(document)
    }

    /// A document in a new form, after the comments that stood before it.
    fn rewritten(&mut self, document: &[u8], written: &[u8]) -> io::Result<()> {
        let (head, _) = split_head(document);
        self.begin(head, true)?;
        self.write(head)?;
        self.write(written)
    }

    /// Parts a document from what is written already, where its head does not do so itself.
    fn begin(&mut self, head: &[u8], has_content: bool) -> io::Result<()> {
        let mut lines = head.split(|b| *b == b'\n');
        let directives = head
            .split(|b| *b == b'\n')
            .any(|line| line.starts_with(b"%"));
        if !self.begun || self.ended {
            return Ok(());
        }
        if directives {
            self.write(b"...\n")?;
        } else if has_content && !lines.any(is_separator) {
            self.write(b"---\n")?;
        }
        Ok(())
    }

    /// Writes whole lines.
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        self.writer.write_all(bytes)?;
        if !bytes.ends_with(b"\n") {
            self.writer.write_all(b"\n")?;
        }
        self.begun = true;
        // Blank lines after it change nothing.
        if let Some(last) = bytes
            .trim_ascii_end()
            .rsplit(|b| *b == b'\n')
            .next()
            .filter(|last| !last.is_empty())
        {
            self.ended = last.starts_with(b"...");
        }
        Ok(())
    }
}

fn end_line(bytes: &mut Vec<u8>) {
    if bytes.last().is_some_and(|last| *last != b'\n') {
        bytes.push(b'\n');
    }
}

/// Tells of the objects of a document, each with its place: for that the document is read again, lists taken apart.
fn tell_all(
    (first_line, document): (usize, &[u8]),
    (errors, remarks, same): (&[ConversionError], &[ConversionRemark], &[SameName]),
    options: &ReadOptions,
    tell: &mut Tell<'_>,
) {
    // All are in the order of the objects.
    let mut errors = errors.iter().map(Said::Error).peekable();
    let mut remarks = remarks.iter().map(Said::Remark).peekable();
    let mut same = same.iter().map(Said::SameName).peekable();
    for entry in manifest::stream(document, options).flatten() {
        if errors.peek().is_none() && remarks.peek().is_none() && same.peek().is_none() {
            return;
        }
        if let Some(said) = same.next_if(|said| said.is_about(&entry)) {
            tell(first_line, &said, Some(&entry));
        }
        if let Some(error) = errors.next_if(|said| said.is_about(&entry)) {
            tell(first_line, &error, Some(&entry));
        }
        while let Some(remark) = remarks.next_if(|said| said.is_about(&entry)) {
            tell(first_line, &remark, Some(&entry));
        }
    }
    for said in errors.chain(remarks).chain(same) {
        tell(first_line, &said, None);
    }
}

/// Cuts a document after the blank lines, comments, directives and marker that stand before its content.
fn split_head(document: &[u8]) -> (&[u8], &[u8]) {
    let mut at = 0;
    for line in document.split_inclusive(|b| *b == b'\n') {
        let text = line.trim_ascii();
        let marker = is_separator(line) && {
            let rest = text.get(3..).unwrap_or_default().trim_ascii();
            rest.is_empty() || rest.starts_with(b"#")
        };
        let passes = text.is_empty() || text.starts_with(b"#") || line.starts_with(b"%") || marker;
        if !passes {
            break;
        }
        at += line.len();
    }
    document.split_at_checked(at).unwrap_or((document, &[]))
}
