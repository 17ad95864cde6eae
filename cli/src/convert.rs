//! `gwapi convert`: a backup in the versions that a release stores.

use crate::{
    input::{Input, InputArgs, Located, Named, Problem, Severity},
    output::{Exit, Style, fail, print_bytes},
};
use clap::{Args, ValueEnum};
use gwapi::{
    conversion::{ConversionError, ConversionProblem, ConversionProblemKind, Migrated, Migration},
    manifest::{self, ReadOptions},
    meta,
    schema::KINDS,
};
use serde_json::Value;
use std::collections::HashMap;

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
    let Some(mut input) = args.input.read() else {
        return Exit::Failed;
    };
    let migration = Migration {
        to: args.to.clone(),
        keep_metadata: args.keep_metadata,
    };
    let mut entries = Entries::new();
    for located in &input.entries {
        let entry = &located.entry;
        let named = (
            located.source,
            entry.kind(),
            entry.namespace(),
            entry.name(),
        );
        entries.entry(named).or_default().push(located);
    }
    let mut out = Output::new(args.format);
    let mut total = Migrated::default();
    let mut problems = Vec::new();
    for (source, file) in input.sources.iter().enumerate() {
        for (first_line, document) in manifest::documents(&file.text) {
            let done = match out.document(document, &migration) {
                Ok(done) => done,
                Err(error) => {
                    return fail(format_args!(
                        "cannot write a document of `{}`: {error}",
                        file.name
                    ));
                }
            };
            for error in &done.errors {
                problems.extend(describe(&input, &entries, (source, first_line), error));
            }
            total.objects += done.objects;
            total.converted += done.converted;
            total.errors.extend(done.errors);
            total.owned.extend(done.owned);
        }
    }
    input.problems.extend(problems);
    input.print_problems();
    report(&total);
    let printed = print_bytes(&out.bytes);
    let findings = if input.problems.is_empty() {
        Exit::Clean
    } else {
        Exit::Findings
    };
    printed.max(findings)
}

/// Objects by their file, kind, namespace and name; those that share them in the order of the file.
type Entries<'a> = HashMap<(usize, &'a str, &'a str, &'a str), Vec<&'a Located>>;

/// Says on stderr what was done.
fn report(total: &Migrated) {
    let style = Style::stderr();
    for owned in &total.owned {
        eprintln!(
            "{} {}: `metadata.ownerReferences` name owners by uid; where an owner is created anew too, correct them first",
            style.warn("warning:"),
            style.strong(owned)
        );
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
    if !total.errors.is_empty() {
        text += &format!(
            "; {} could not be converted and stay as they were",
            total.errors.len()
        );
    }
    eprintln!("{}", style.faint(text));
}

/// The problems of an object that could not be converted, with file and line; from the file and the line
/// where the object's document begins.
fn describe(
    input: &Input,
    entries: &Entries<'_>,
    (source, first_line): (usize, usize),
    error: &ConversionError,
) -> Vec<Problem> {
    let object = error.object();
    let named = (
        source,
        object.kind.as_str(),
        object.namespace.as_str(),
        object.name.as_str(),
    );
    let located = entries.get(&named).and_then(|same| {
        let before = same.partition_point(|l| l.entry.place.position.line < first_line);
        same.get(before)
    });
    let file = input.sources.get(source).map_or("", |file| &file.name);
    let describe = |problem: &ConversionProblem| {
        let position = located.map(|located| located.entry.position(problem.path()));
        Problem {
            file: file.to_owned(),
            line: position.map_or(first_line, |position| position.line),
            column: position.map_or(1, |position| position.column),
            object: Named {
                api_version: located.map_or("", |l| l.entry.api_version()).to_owned(),
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

/// The stream that is written.
struct Output {
    format: Format,
    bytes: Vec<u8>,
}

impl Output {
    fn new(format: Format) -> Self {
        Self {
            format,
            bytes: Vec::new(),
        }
    }

    /// Migrates a document and writes it. One that cannot be read, or has keys twice, is not touched: that
    /// is a problem of the input and has been noted.
    fn document(&mut self, document: &[u8], migration: &Migration) -> Result<Migrated, String> {
        let read = manifest::read(document, &ReadOptions::default().with_whole_lists());
        let sound = read.errors.is_empty() && read.entries.iter().all(|e| e.duplicates.is_empty());
        let mut total = Migrated::default();
        let mut values = Vec::with_capacity(read.entries.len());
        for entry in read.entries {
            if !sound {
                values.push(entry.value);
                continue;
            }
            let done = migration.migrate(entry.value);
            total.changed |= done.changed;
            total.objects += done.objects;
            total.converted += done.converted;
            total.errors.extend(done.errors);
            total.owned.extend(done.owned);
            values.push(done.value);
        }
        match self.format {
            Format::Json => {
                for value in &values {
                    let text = serde_json::to_string_pretty(value).map_err(|e| e.to_string())?;
                    self.bytes.extend_from_slice(text.as_bytes());
                    self.bytes.push(b'\n');
                }
            }
            Format::Yaml if total.changed => self.rewritten(document, &values)?,
            Format::Yaml => self.verbatim(document),
        }
        Ok(total)
    }

    /// A document as it was.
    fn verbatim(&mut self, document: &[u8]) {
        let (head, body) = split_head(document);
        // A marker may share its line with content: `--- {kind: Service}`.
        let marked = body.split(|b| *b == b'\n').next().is_some_and(is_marker);
        self.begin(head, !body.is_empty() && !marked);
        self.bytes.extend_from_slice(document);
        self.end_line();
    }

    /// A document in a new form, after the comments that stood before it.
    fn rewritten(&mut self, document: &[u8], values: &[Value]) -> Result<(), String> {
        let (head, _) = split_head(document);
        self.begin(head, true);
        self.bytes.extend_from_slice(head);
        self.end_line();
        for (index, value) in values.iter().enumerate() {
            if index > 0 {
                self.bytes.extend_from_slice(b"---\n");
            }
            let text = serde_saphyr::to_string(value).map_err(|error| error.to_string())?;
            self.bytes.extend_from_slice(text.as_bytes());
            self.end_line();
        }
        Ok(())
    }

    /// Parts a document from what is written already, where its head does not do so itself.
    fn begin(&mut self, head: &[u8], has_content: bool) {
        let mut lines = head.split(|b| *b == b'\n');
        let directives = head
            .split(|b| *b == b'\n')
            .any(|line| line.starts_with(b"%"));
        if self.bytes.is_empty() {
            return;
        }
        let ended = self
            .bytes
            .trim_ascii_end()
            .rsplit(|b| *b == b'\n')
            .next()
            .is_some_and(|line| line.starts_with(b"..."));
        if directives && !ended {
            self.bytes.extend_from_slice(b"...\n");
        } else if has_content && !ended && !lines.any(is_marker) {
            self.bytes.extend_from_slice(b"---\n");
        }
    }

    fn end_line(&mut self) {
        if self.bytes.last().is_some_and(|last| *last != b'\n') {
            self.bytes.push(b'\n');
        }
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
        let mut out = Output::new(format);
        for (_, document) in manifest::documents(text.as_bytes()) {
            out.document(document, &Migration::default()).unwrap();
        }
        String::from_utf8(out.bytes).unwrap()
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
        let values: Vec<Value> = serde_json::Deserializer::from_str(&pretty)
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
