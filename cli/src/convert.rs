//! `gwapi convert`: a backup in the versions that a release stores.

use crate::{
    input::{InputArgs, Looked, MOST_SHOWN, Named, Problem, Severity},
    output::{Exit, Line, Page, Style, Tone, escaped, fail, say},
};
use clap::{Args, ValueEnum};
use gwapi::{
    conversion::{ConversionError, ConversionProblem, ConversionProblemKind, Migrated, Migration},
    manifest::{self, RawObject, ReadOptions},
    meta::{self, Channel, ObjectReference, Release},
    schema::KINDS,
};
use std::io::{self, IsTerminal, Write};

/// Migrate a backup (`kubectl get -o yaml`) to other versions, ready to be applied again
///
/// Objects of the Gateway API are converted, and what the server had set is taken off them: status, uid,
/// resourceVersion, managedFields and the like. All else passes through as it is, byte for byte, and the
/// order stays. Comments inside a converted document are lost, those before it are kept. What cannot be
/// carried is an error that names the object and the field; such an object stands in the output as it was.
#[derive(Debug, Args)]
pub(crate) struct ConvertArgs {
    #[command(flatten)]
    input: InputArgs,
    /// The version to convert to, such as `v1` or `gateway.networking.k8s.io/v1`; kinds without it stay in
    /// theirs. Unless given, each kind goes to the version that release v1.1.0 stores
    #[arg(long, value_name = "API_VERSION", value_parser = api_version)]
    to: Option<String>,
    /// The release to whose forms objects are converted, such as `v1.6.1`: versions, kinds that others have replaced, and
    /// fields that have moved. What the release refuses in a converted object is named
    #[arg(long, conflicts_with = "to")]
    release: Option<Release>,
    /// With `--release`: its channel, `standard` or `experimental`; the experimental one has all that the other has
    #[arg(long, default_value_t = Channel::Experimental, requires = "release")]
    channel: Channel,
    /// Keep what the server has set, `status` included
    #[arg(long)]
    keep_metadata: bool,
    /// The form of the manifests
    #[arg(
        short = 'o',
        long = "format",
        value_enum,
        default_value_t,
        value_name = "FORMAT"
    )]
    format: Format,
}

/// The form of the manifests that are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A YAML stream.
    #[default]
    #[value(alias = "text")]
    Yaml,
    /// JSON values, one after the other, as kubectl reads them too.
    Json,
}

/// The API version that a text names, its group left out or not.
fn api_version(text: &str) -> Result<String, String> {
    let whole = if text.contains('/') {
        text.to_owned()
    } else {
        format!("{}/{text}", meta::GROUP)
    };
    if KINDS.iter().any(|kind| kind.api_version == whole) {
        return Ok(whole);
    }
    let mut known: Vec<_> = KINDS.iter().map(|kind| kind.version).collect();
    known.sort_unstable();
    known.dedup();
    Err(format!(
        "no kind of the Gateway API has this version: expected one of {}",
        known.join(", ")
    ))
}

pub(crate) fn run(args: &ConvertArgs) -> Exit {
    // Everything is read once before anything is written: half a backup is worth nothing.
    let looker = || {
        |_: &str, _: RawObject| Looked::<()> {
            keep: None,
            problems: Vec::new(),
        }
    };
    let Some(read) = args.input.sift(MOST_PROBLEMS, looker) else {
        return Exit::Failed;
    };
    let (input, mut problems) = (read.input, read.problems);
    let migration = Migration {
        to: args.to.clone(),
        release: args.release.map(|release| (release, args.channel)),
        keep_metadata: args.keep_metadata,
    };
    let stdout = io::BufWriter::new(io::stdout().lock());
    // What passes through as it was, byte for byte, may hold anything.
    let writer: Box<dyn Write> = if io::stdout().is_terminal() {
        Box::new(escaped::Visible::new(stdout))
    } else {
        Box::new(stdout)
    };
    let mut out = Output::new(args.format, args.input.options_of_backups(), writer);
    let mut total = Total::default();
    let mut printed = Exit::Clean;
    for file in &input.sources {
        let written = file.text().map_err(Unwritten::from).and_then(|text| {
            out.file(&text, &migration, &mut total, &mut |line, error, entry| {
                for problem in describe(&file.name, line, error, entry) {
                    problems.push(problem, MOST_PROBLEMS);
                }
            })
        });
        match written {
            Ok(()) => {}
            // A reader that has gone away is no failure.
            Err(Unwritten::Io(error)) if error.kind() == io::ErrorKind::BrokenPipe => break,
            Err(error) => {
                printed = fail(format_args!("cannot write `{}`: {error}", file.name));
                break;
            }
        }
    }
    if let Err(error) = out.writer.flush()
        && error.kind() != io::ErrorKind::BrokenPipe
    {
        printed = fail(format_args!("cannot write the answer: {error}"));
    }
    input.sort(&mut problems.kept);
    input.print_problems(&problems);
    report(&total);
    let findings = if problems.all() == 0 {
        Exit::Clean
    } else {
        Exit::Findings
    };
    printed.max(findings)
}

/// How many problems are kept.
const MOST_PROBLEMS: usize = 10_000;

/// What became of all documents.
#[derive(Debug, Default)]
struct Total {
    objects: usize,
    converted: usize,
    /// How many objects could not be converted.
    errors: usize,
    /// Objects with owner references, the first of them.
    owned: Vec<ObjectReference>,
    owned_more: usize,
}

impl Total {
    fn add(&mut self, done: &mut Migrated) {
        self.join(Self {
            objects: done.objects,
            converted: done.converted,
            errors: done.errors.len(),
            owned: std::mem::take(&mut done.owned),
            owned_more: 0,
        });
    }

    fn join(&mut self, other: Self) {
        self.objects += other.objects;
        self.converted += other.converted;
        self.errors += other.errors;
        let room = MOST_SHOWN.saturating_sub(self.owned.len());
        self.owned_more += other.owned_more + other.owned.len().saturating_sub(room);
        self.owned.extend(other.owned.into_iter().take(room));
    }
}

/// Says on stderr what was done.
fn report(total: &Total) {
    let mut page = Page::new(Style::stderr());
    for owned in &total.owned {
        let line = Line::of(Tone::Warn, "warning:")
            .and(" ")
            .with(Tone::Strong, owned);
        page.line(
            0,
            &line.and(
                ": `metadata.ownerReferences` name owners by uid; where an owner is created anew too, correct them first",
            ),
        );
    }
    if total.owned_more > 0 {
        let line = format!("… and {} more with owner references", total.owned_more);
        page.line(0, &Line::plain(line));
    }
    let objects = if total.objects == 1 {
        "object"
    } else {
        "objects"
    };
    let mut text = format!(
        "converted {} of {} {objects} of the Gateway API",
        total.converted, total.objects
    );
    if total.errors > 0 {
        text += &format!(
            "; {} could not be converted and stay as they were",
            total.errors
        );
    }
    page.line(0, &Line::of(Tone::Faint, text));
    say(page);
}

/// The problems of an object that could not be converted, with file and line; from the line where the object's document
/// begins, and the object where it stands in that document.
fn describe(
    file: &str,
    first_line: usize,
    error: &ConversionError,
    entry: Option<&RawObject>,
) -> Vec<Problem> {
    let object = error.object();
    let describe = |problem: &ConversionProblem| {
        let position = entry.map(|entry| entry.position(problem.path()));
        Problem {
            file: file.to_owned(),
            line: position.map_or(first_line, |position| first_line - 1 + position.line),
            column: position.map_or(1, |position| position.column),
            object: Named {
                api_version: entry.map_or("", RawObject::api_version).to_owned(),
                kind: object.kind.clone(),
                namespace: object.namespace.clone(),
                name: object.name.clone(),
            },
            severity: Severity::Error,
            rule: format!("conversion/{}", problem.kind().rule()),
            path: problem.path().to_owned(),
            message: problem.kind().to_string(),
            help: match problem.kind() {
                ConversionProblemKind::Unreadable(_) => None,
                _ => Some(format!("wanted version: {}", error.to())),
            },
        }
    };
    error.problems().iter().map(describe).collect()
}

/// Why something was not written.
#[derive(Debug, thiserror::Error)]
enum Unwritten {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("it cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
    #[error("it cannot be written as YAML: {0}")]
    Yaml(String),
}

/// Who is told of what could not be converted: with the line where the document begins, and the object as it stands in
/// the document.
type Tell<'t> = dyn FnMut(usize, &ConversionError, Option<&RawObject>) + 't;

/// The stream that is written.
struct Output<W> {
    format: Format,
    /// How documents are read.
    options: ReadOptions,
    writer: W,
    /// Whether anything has been written.
    begun: bool,
    /// Whether what was written last ends its document, by a line of `...`.
    ended: bool,
}

impl<W: Write> Output<W> {
    fn new(format: Format, options: ReadOptions, writer: W) -> Self {
        Self {
            format,
            options,
            writer,
            begun: false,
            ended: false,
        }
    }

    /// Migrates the documents of a file, and writes each when it is done.
    fn file(
        &mut self,
        text: &[u8],
        migration: &Migration,
        total: &mut Total,
        tell: &mut Tell<'_>,
    ) -> Result<(), Unwritten> {
        for (first_line, document) in manifest::documents(text) {
            self.document((first_line, document), migration, total, tell)?;
        }
        Ok(())
    }

    /// Migrates a document and writes it. One that cannot be read, or has keys twice, is not touched: that
    /// is a problem of the input and has been noted.
    fn document(
        &mut self,
        (first_line, document): (usize, &[u8]),
        migration: &Migration,
        total: &mut Total,
        tell: &mut Tell<'_>,
    ) -> Result<(), Unwritten> {
        let values = || manifest::stream(document, &self.options.with_whole_lists());
        let (mut sound, mut changed) = (true, false);
        let (mut here, mut errors) = (Total::default(), Vec::new());
        for value in values() {
            let Some(entry) = value.ok().filter(|entry| entry.duplicates.is_empty()) else {
                sound = false;
                break;
            };
            let mut done = migration.migrate(entry.value);
            changed |= done.changed;
            here.add(&mut done);
            errors.append(&mut done.errors);
        }
        if sound {
            total.join(here);
        } else {
            (changed, errors) = (false, Vec::new());
        }
        // What a document becomes is made anew and gathered as text: as values it would take many times as much room.
        let mut written = Vec::new();
        let rewrite = changed || self.format == Format::Json;
        for entry in values().flatten().take_while(|_| rewrite) {
            let value = match sound {
                true => migration.migrate(entry.value).value,
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
        tell_errors((first_line, document), &errors, &self.options, tell);
        match self.format {
            Format::Json => self.writer.write_all(&written)?,
            Format::Yaml if changed => self.rewritten(document, &written)?,
            Format::Yaml => self.verbatim(document)?,
        }
        Ok(())
    }

    /// A document as it was.
    fn verbatim(&mut self, document: &[u8]) -> io::Result<()> {
        let (head, body) = split_head(document);
        // A marker may share its line with content: `--- {kind: Service}`.
        let marked = body.split(|b| *b == b'\n').next().is_some_and(is_marker);
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
        } else if has_content && !lines.any(is_marker) {
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

/// Tells of the objects of a document that could not be converted, each with its place: for that the document is read
/// again, lists taken apart.
fn tell_errors(
    (first_line, document): (usize, &[u8]),
    errors: &[ConversionError],
    options: &ReadOptions,
    tell: &mut Tell<'_>,
) {
    let mut errors = errors.iter().peekable();
    for entry in manifest::stream(document, options).flatten() {
        // The errors are in the order of the objects.
        let Some(error) = errors.peek() else {
            return;
        };
        let object = error.object();
        let same = (entry.kind(), entry.namespace(), entry.name())
            == (&object.kind, &object.namespace, &object.name);
        if same {
            tell(first_line, error, Some(&entry));
            errors.next();
        }
    }
    for error in errors {
        tell(first_line, error, None);
    }
}

fn is_marker(line: &[u8]) -> bool {
    line.strip_prefix(b"---")
        .is_some_and(|rest| matches!(rest.first(), None | Some(b' ' | b'\t' | b'\r')))
}

/// Cuts a document after the blank lines, comments, directives and marker that stand before its content.
fn split_head(document: &[u8]) -> (&[u8], &[u8]) {
    let mut at = 0;
    for line in document.split_inclusive(|b| *b == b'\n') {
        let text = line.trim_ascii();
        let marker = is_marker(text) && {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn convert(format: Format, text: &str) -> String {
        let mut out = Output::new(format, ReadOptions::default(), Vec::new());
        let (migration, mut total) = (Migration::default(), Total::default());
        out.file(text.as_bytes(), &migration, &mut total, &mut |_, _, _| {})
            .unwrap();
        String::from_utf8(out.writer).unwrap()
    }

    const OLD: &str =
        "apiVersion: gateway.networking.k8s.io/v1alpha2\nkind: GRPCRoute\nmetadata:\n  name: a\n";
    const NEW: &str =
        "apiVersion: gateway.networking.k8s.io/v1\nkind: GRPCRoute\nmetadata:\n  name: a\n";

    #[test]
    fn unrelated_documents_pass_through_byte_for_byte() {
        for text in [
            "# c\napiVersion: v1 # d\nkind:   Service\n",
            "kind: A\n---\n# only a comment\n---\nkind: 'B'\n...\n%YAML 1.1\n---\nkind: C\n",
            "--- {kind: A}\n--- {kind: B}\n",
            "broken: [\n---\nkind: A\n",
            "kind: A\nkind: B\n",
            "",
            "# nothing\n",
        ] {
            assert_eq!(convert(Format::Yaml, text), text);
        }
        assert_eq!(convert(Format::Yaml, "kind: A"), "kind: A\n");
    }

    #[test]
    fn converted_documents_stand_in_their_place_with_the_comments_before_them() {
        let text = format!(
            "# head\n\n---\n# first\n{OLD}# inside\n---\nkind:  A\n--- # second\n{OLD}...\n%YAML 1.1\n---\nkind: B\n"
        );
        assert_eq!(
            convert(Format::Yaml, &text),
            format!(
                "# head\n\n---\n# first\n{NEW}---\nkind:  A\n--- # second\n{NEW}...\n%YAML 1.1\n---\nkind: B\n"
            )
        );
    }

    #[test]
    fn several_values_in_one_place_become_documents() {
        let json = "{\"apiVersion\":\"gateway.networking.k8s.io/v1alpha2\",\"kind\":\"GRPCRoute\",\"metadata\":{\"name\":\"a\"}}\n{\"kind\":\"A\"}\n";
        assert_eq!(convert(Format::Yaml, json), format!("{NEW}---\nkind: A\n"));
        let pretty = convert(Format::Json, json);
        let values: Vec<serde_json::Value> = serde_json::Deserializer::from_str(&pretty)
            .into_iter()
            .map(Result::unwrap)
            .collect();
        assert_eq!(values.len(), 2);
        assert_eq!(values[1], serde_json::json!({"kind": "A"}));
    }

    #[test]
    fn texts_that_look_like_something_else_stay_texts() {
        let hostile = serde_json::json!({
            "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway",
            "metadata": {"name": "yes", "annotations": {
                "on": "no", "1": "0644", "a: b": "~", "null": "1e3", "n": "1_000", "<<": "2024-01-01",
                "long": "word ".repeat(60), "lines": "a\n  b\n\nc\n\n", "end": "x ", "odd": "\u{0}\u{85}\u{2028}☕\t",
                "marker": "---\na", "hash": "a #b", "empty": "", "quote": "'\"\\", "crlf": "\r\n", "dash": "- a",
            }},
            "spec": {"n": 18_446_744_073_709_551_615_u64, "f": 1.5, "deep": [[[]], {}, [{"a": [null]}]]},
        });
        let yaml = serde_saphyr::to_string(&hostile).unwrap();
        let read = manifest::read(yaml.as_bytes(), &ReadOptions::default());
        assert!(read.errors.is_empty(), "{:?}\n{yaml}", read.errors);
        assert_eq!(read.entries[0].value, hostile, "{yaml}");
    }

    #[test]
    fn a_version_may_leave_out_its_group() {
        assert_eq!(
            api_version("v1").unwrap(),
            api_version("gateway.networking.k8s.io/v1").unwrap()
        );
        for bad in ["v2", "apps/v1", "", "V1"] {
            assert!(api_version(bad).is_err(), "{bad}");
        }
    }
}
