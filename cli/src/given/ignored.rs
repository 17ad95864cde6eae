//! An object that was given and is left out, with the reason and the line.

use crate::{
    input::{Input, Problem, beyond, origin},
    output::{Line, Page, Tone},
};
use gwapi::{
    attachment::admit::{Ignored, Judged},
    lint::near,
    manifest::{Position, RawObject, ReadError},
    meta::{GROUP, GroupVersionKind, ObjectRef},
    validation::Finding,
};
use serde::Serialize;

/// Something that was given and is left out; in JSON an element of `ignored`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NotInForce {
    #[serde(flatten)]
    pub(super) object: ObjectRef,
    api_version: String,
    #[serde(flatten)]
    pub(super) place: Option<Place>,
    reason: &'static str,
    message: String,
    pub(crate) help: Option<String>,
    pub(crate) findings: Vec<Field>,
    /// How many findings there are beside those, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    findings_more: Option<usize>,
}

/// An object of the input: its file, where it is, and what is said of it where it is left out.
pub(super) type Placed = (usize, Position, LeftOutAt);

/// Of an object that is left out, or whose status is.
#[derive(Clone, Debug, Default)]
pub(super) struct LeftOutAt {
    /// Where the fields are for which it is.
    fields: Vec<Position>,
    /// The file from which it was rendered, if it says.
    origin: Option<String>,
}

/// What is to be known of an object, or its status, if it is left out.
pub(super) fn left_out_at(judged: &Judged, entry: &RawObject) -> LeftOutAt {
    let ignored = match judged {
        Judged::Ignored(ignored) => ignored,
        Judged::Admitted {
            status: Some(ignored),
            ..
        } => ignored,
        _ => return LeftOutAt::default(),
    };
    // As many as the object has findings, in their order.
    let fields = NotInForce::of_object(ignored).findings;
    let place = |field: &Field| {
        let is_key = field.rule == "schema/unknown-field";
        let key = is_key.then(|| entry.positions.key(&field.path)).flatten();
        key.unwrap_or_else(|| entry.position(&field.path))
    };
    LeftOutAt {
        fields: fields.iter().map(place).collect(),
        origin: origin(entry),
    }
}

/// A place in a file.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Place {
    file: String,
    /// From 1; 0 where no line is to blame.
    pub(super) line: usize,
    pub(super) column: usize,
    /// The file from which the object was rendered, if the input says.
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<String>,
}

/// A field for which an object is refused.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Field {
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<usize>,
    rule: &'static str,
    message: String,
    help: Option<String>,
}

/// Shows what is left out, each with its reason, and what would be right last.
pub(super) fn show((ignored, most): (&[NotInForce], usize), heading: &str, page: &mut Page) {
    if ignored.is_empty() {
        return;
    }
    page.gap();
    page.line(0, &Line::of(Tone::Bad, "left out").and(heading));
    for object in ignored.iter().take(most) {
        object.show(page);
    }
    if ignored.len() > most {
        let more = ignored.len() - most;
        page.line(2, &Line::plain(beyond(more, ", which `-o json` names")));
    }
    let mut fields = ignored.iter().flat_map(|object| &object.findings);
    if fields.any(|field| field.rule == "schema/unknown-field") {
        page.line(
            2,
            &Line::of(
                Tone::Faint,
                "unknown fields: `kubectl apply` validates strictly, so that the server refuses the object; with `--validate=false` it drops the fields",
            ),
        );
    }
}

/// How many elements there are beyond those that are told, if any.
pub(crate) fn beyond_told(all: usize, most: usize) -> Option<usize> {
    all.checked_sub(most).filter(|more| *more > 0)
}

/// How many findings of an object that is left out are told beside an answer to something else.
const MOST_FINDINGS: usize = 8;

impl NotInForce {
    /// An object that was judged by itself, and stands in no file.
    pub(crate) fn of_object(ignored: &Ignored) -> Self {
        Self::with_findings(ignored, usize::MAX)
    }

    /// The same, with the first findings alone: for a reply that is about something else.
    pub(crate) fn in_short(ignored: &Ignored) -> Self {
        Self::with_findings(ignored, MOST_FINDINGS)
    }

    fn with_findings(ignored: &Ignored, most: usize) -> Self {
        let fields = ignored.findings.iter().map(Field::of);
        let fields = fields.chain(ignored.error.as_ref().map(Field::unreadable));
        let all = ignored.findings.len() + usize::from(ignored.error.is_some());
        Self {
            object: ignored.object.clone(),
            api_version: ignored.api_version.clone(),
            place: None,
            reason: ignored.reason.as_str(),
            message: ignored.message.clone(),
            help: ignored.help.clone(),
            findings: fields.take(most).collect(),
            findings_more: beyond_told(all, most),
        }
    }

    /// A route that is there, and that or a rule of which is not in force.
    pub(crate) fn rejected(rejected: &near::NotInForce) -> Self {
        Self {
            object: rejected.object.clone(),
            api_version: format!("{GROUP}/v1"),
            place: None,
            reason: "Rejected",
            message: rejected.why.clone(),
            help: None,
            findings: Vec::new(),
            findings_more: None,
        }
    }

    /// An object of the input.
    pub(super) fn of_input(ignored: &Ignored, input: &Input, objects: &[Placed]) -> Self {
        let mut object = Self::of_object(ignored);
        let Some((source, place, at)) = objects.get(ignored.index) else {
            return object;
        };
        for (field, position) in object.findings.iter_mut().zip(&at.fields) {
            field.line = Some(position.line);
            field.column = Some(position.column);
        }
        object
            .findings
            .sort_by_key(|field| (field.line, field.column));
        object.place = Some(Place {
            file: input.source(*source).to_owned(),
            line: place.line,
            column: place.column,
            origin: (at.origin.clone()).or_else(|| input.origin(*source, place.line)),
        });
        if let Some((source, place, _)) = ignored.replaced_by.and_then(|index| objects.get(index)) {
            let (file, line) = (input.source(*source), place.line);
            object.message =
                format!("given again at {file}:{line}: the API server keeps what was applied last");
        }
        object
    }

    /// A document that cannot be read, or a key that is given twice.
    pub(super) fn of_problem(problem: &Problem) -> Self {
        let named = &problem.object;
        let twice = problem.rule == "manifest/duplicate-key";
        let message = if twice {
            format!("{}: {}", problem.path, problem.message)
        } else {
            problem.message.clone()
        };
        Self {
            object: ObjectRef {
                group: GroupVersionKind::from_api_version(&named.api_version, &named.kind).group,
                kind: named.kind.clone(),
                namespace: named.namespace.clone(),
                name: named.name.clone(),
            },
            api_version: named.api_version.clone(),
            place: Some(Place {
                file: problem.file.clone(),
                line: problem.line,
                column: problem.column,
                origin: problem.origin.clone(),
            }),
            reason: if twice { "DuplicateKey" } else { "Unreadable" },
            message,
            help: problem.help.clone(),
            findings: Vec::new(),
            findings_more: None,
        }
    }

    /// Takes in another key that is given twice of the same object, if it is one.
    pub(super) fn takes_in(&mut self, other: &Self) -> bool {
        let file = |of: &Self| of.place.as_ref().map(|place| place.file.clone());
        let twice = "DuplicateKey";
        let same = (self.reason, other.reason) == (twice, twice)
            && (&self.object, file(self)) == (&other.object, file(other));
        if !same {
            return false;
        }
        if self.findings.is_empty() {
            self.findings.push(Field::twice(self));
            "keys are given twice".clone_into(&mut self.message);
            self.help = Some("give each key once".to_owned());
        }
        self.findings.push(Field::twice(other));
        true
    }

    fn show(&self, page: &mut Page) {
        let mut line = Line::default();
        let named = !self.object.kind.is_empty();
        if named {
            line = line.with(Tone::Strong, &self.object);
        }
        if let Some(place) = &self.place {
            // The first field to blame, for editors that go where a text points.
            let first = self.findings.first();
            let line_number = first.and_then(|field| field.line).unwrap_or(place.line);
            let column = first.and_then(|field| field.column).unwrap_or(place.column);
            // Of a file that is too long as a whole no line is to blame.
            let at = match line_number {
                0 => place.file.clone(),
                line => format!("{}:{line}:{column}", place.file),
            };
            line = match named {
                true => line.and(" (").and(at).and(")"),
                false => line.and(at),
            };
        }
        page.line(2, &line.and(": ").and(&self.message));
        for field in &self.findings {
            let mut line = Line::default();
            if let Some(number) = field.line {
                line = line.with(Tone::Faint, format_args!("line {number}: "));
            }
            if !field.path.is_empty() {
                line = line.and(&field.path).and(": ");
            }
            page.line(4, &line.and(&field.message));
            if let Some(help) = &field.help {
                page.line(6, &Line::plain("help: ").and(help));
            }
        }
        if let Some(origin) = self.place.as_ref().and_then(|place| place.origin.as_ref()) {
            page.line(4, &Line::plain("rendered from ").and(origin));
        }
        if let Some(help) = &self.help {
            page.line(4, &Line::plain("help: ").and(help));
        }
    }
}

impl Field {
    fn of(finding: &Finding) -> Self {
        Self {
            path: finding.path().to_owned(),
            line: None,
            column: None,
            rule: finding.rule(),
            message: finding.message().to_owned(),
            help: finding.help().map(str::to_owned),
        }
    }

    /// A key that is given twice: the message names its field.
    fn twice(object: &NotInForce) -> Self {
        let (path, message) = object
            .message
            .split_once(": ")
            .unwrap_or(("", &object.message));
        Self {
            path: path.to_owned(),
            line: object.place.as_ref().map(|place| place.line),
            column: object.place.as_ref().map(|place| place.column),
            rule: "manifest/duplicate-key",
            message: message.to_owned(),
            help: None,
        }
    }

    /// The field that cannot be read.
    fn unreadable(error: &ReadError) -> Self {
        Self {
            path: error.path().to_owned(),
            line: None,
            column: None,
            rule: "manifest/unreadable",
            message: error.message().to_owned(),
            help: None,
        }
    }
}
