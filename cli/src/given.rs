//! What was given: the objects that an API server would take, and by name those that are left out, with the reason and the line.

pub(crate) mod choices;
mod experimental;
mod foreign;
mod looking;
mod places;
pub(crate) mod release;
pub(crate) mod resolving;
pub(crate) mod statused;

pub(crate) use experimental::{InExperimental, Unimplemented};
pub(crate) use foreign::Foreign;
pub(crate) use looking::{LookingArgs, NearArgs, say_met};
pub(crate) use places::place;

use crate::{
    input::{Entry, Input, InputArgs, Looked, Problem, Problems, Severity, Sifted, beyond},
    output::{self, Exit, Line, Page, Style, Tone},
};
use choices::RankArgs;
use clap::Args;
use gwapi::{
    attachment::{
        Resolver,
        admit::{Admission, Admitted, Ignored, Judged, Judgement},
    },
    lint::near::{self, Near},
    manifest::{Position, RawObject, ReadError},
    meta::{Channel, GROUP, GroupVersionKind, NamespacedName, ObjectRef},
    sim::BackendName,
    validation::{Finding, Uses},
};
use release::{Choosing, Chosen, ReleaseArgs};
use resolving::PatternArgs;
use serde::Serialize;

/// An answer as JSON, and what was given that is left out.
#[derive(Debug, Serialize)]
pub(crate) struct Answered<T: Serialize> {
    #[serde(flatten)]
    pub(crate) answer: T,
    /// What would be right, as sentences.
    pub(crate) help: Vec<String>,
    #[serde(flatten)]
    pub(crate) around: AroundAnswer,
}

/// What every answer as JSON says of the input beside the answer itself.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AroundAnswer {
    pub(crate) ignored: Vec<NotInForce>,
    /// How many there are beside those, if any; the same below.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ignored_more: Option<usize>,
    pub(crate) experimental: Vec<InExperimental>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) experimental_more: Option<usize>,
    pub(crate) not_implemented: Vec<Unimplemented>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) not_implemented_more: Option<usize>,
    /// How many routes there are beside those that the answer names as `losers`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) losers_more: Option<usize>,
    /// The objects that have no part in the Gateway API, by kind.
    pub(crate) foreign: Vec<Foreign>,
    /// How many such objects there are beside those; a thousand kinds are told apart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) foreign_more: Option<usize>,
    /// The release by which the input was judged, as in `v1.1.0`.
    pub(crate) release: &'static str,
    /// The same with the reason why it was taken; nothing where objects come one by one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) release_choice: Option<String>,
    /// Whether something that was named could not be read, so that the answer is about a part of it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) incomplete: bool,
}

/// What is said of an answer where something could not be read.
pub(crate) const INCOMPLETE: &str =
    "not all that was named could be read, and this is about the rest (hence exit code 2)";

/// What follows `left out` where that decides the exit code.
const EXIT_CODE: &str = " (hence exit code 1):";

/// Which API server would take the objects; every verb that resolves objects takes it.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct ChannelArgs {
    /// The release channel of the CRDs that the API server has: `standard` or `experimental`. What such a server
    /// would refuse is left out
    #[arg(long, default_value_t = Channel::Experimental)]
    pub(crate) channel: Channel,
    #[command(flatten)]
    release: ReleaseArgs,
    #[command(flatten)]
    pub(crate) patterns: PatternArgs,
    /// How many objects and documents that are left out are named; all are counted
    #[arg(long, value_name = "NUMBER", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..))]
    max_ignored: u32,
    #[command(flatten)]
    near: NearArgs,
    #[command(flatten)]
    pub(crate) rank: RankArgs,
}

impl ChannelArgs {
    /// What is nearly meant, looked for within the bounds.
    pub(crate) fn near<'n>(self, resolver: &'n Resolver, given: &'n Given) -> Near<'n> {
        Near::new(resolver, &given.admitted.ignored)
            .with_limits(self.near.limits())
            .with_routing(self.rank.routing())
    }
}

/// What the input comes to.
#[derive(Debug)]
pub(crate) struct Given {
    /// The objects that the server would have.
    pub(crate) admitted: Admitted,
    /// What is left out, in the order of the input.
    pub(crate) ignored: Vec<NotInForce>,
    /// The release by which the input was judged.
    pub(crate) chosen: Chosen,
    channel: Channel,
    /// Whether something that was named could not be read at all.
    pub(crate) is_incomplete: bool,
    /// How many warnings of the input have been said, for which nothing is left out.
    pub(crate) warnings: usize,
    /// How much is left out beside that, and is not named.
    more: usize,
    /// How much of a kind is shown to people.
    max_shown: usize,
}

/// Something that was given and is left out; in JSON an element of `ignored`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NotInForce {
    #[serde(flatten)]
    object: ObjectRef,
    api_version: String,
    #[serde(flatten)]
    place: Option<Place>,
    reason: &'static str,
    message: String,
    pub(crate) help: Option<String>,
    pub(crate) findings: Vec<Field>,
    /// How many findings there are beside those, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    findings_more: Option<usize>,
}

/// An object of the input: its file, where it is, and where its fields are for which it is left out.
type Placed = (usize, Position, Vec<Position>);

/// What was read.
enum Read {
    Judged(Box<(Position, Vec<Position>, Judgement)>),
    /// An object that is left out, one more than are named.
    Ignored,
}

impl<T> Sifted<T> {
    /// Says on stderr what there is to warn of in the input, for which nothing is left out; it is no problem any more. Returns how
    /// much that is.
    fn say_warnings(&mut self) -> usize {
        let is_warning = |problem: &mut Problem| problem.severity == Severity::Warning;
        let kept: Vec<Problem> = self.problems.kept.extract_if(.., is_warning).collect();
        let warnings = Problems {
            warnings: self.problems.warnings,
            kept,
            ..Problems::default()
        };
        self.input.print_problems(&warnings);
        std::mem::take(&mut self.problems.warnings)
    }
}

/// Where the fields are for which an object, or its status, is left out.
fn fields(judged: &Judged, entry: &RawObject) -> Vec<Position> {
    let ignored = match judged {
        Judged::Ignored(ignored) => ignored,
        Judged::Admitted {
            status: Some(ignored),
            ..
        } => ignored,
        _ => return Vec::new(),
    };
    // As many as the object has findings, in their order.
    let fields = NotInForce::of_object(ignored).findings;
    let place = |field: &Field| {
        let is_key = field.rule == "schema/unknown-field";
        let key = is_key.then(|| entry.positions.key(&field.path)).flatten();
        key.unwrap_or_else(|| entry.position(&field.path))
    };
    fields.iter().map(place).collect()
}

/// A place in a file.
#[derive(Clone, Debug, Serialize)]
struct Place {
    file: String,
    /// From 1; 0 where no line is to blame.
    line: usize,
    column: usize,
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

impl Given {
    /// Reads the input, and keeps what the objects mean that an API server of the channel would take. Each is judged when
    /// it is read, and then let go.
    ///
    /// `None` where the values of placeholders, or all that was named, could not be read. What else could not be read has been said on stderr,
    /// and the answer is about the rest: see [`Self::is_incomplete`].
    pub(crate) fn read(from: &InputArgs, args: ChannelArgs) -> Option<Self> {
        let most = args.max_ignored as usize;
        let looker = |release| {
            let mut room = most;
            move |_: &str, entry: Entry| {
                let judgement = Judgement::of(&entry.value, release, args.channel);
                let looked = |keep| Looked {
                    keep: Some(keep),
                    problems: Vec::new(),
                    is_withheld: false,
                };
                let is_ignored = matches!(judgement.judged(), Judged::Ignored(_));
                if is_ignored && room == 0 {
                    return looked(Read::Ignored);
                }
                room -= usize::from(is_ignored);
                let place = entry.place.position;
                looked(Read::Judged(Box::new((
                    place,
                    fields(judgement.judged(), &entry),
                    judgement,
                ))))
            }
        };
        let choosing = Choosing::new(args.release, Uses::new(args.channel));
        let (mut sifted, chosen) = release::sift(from, &choosing, most, looker)?;
        if sifted.input.failed && sifted.input.sources.is_empty() {
            // There is no rest that an answer could be about.
            return None;
        }
        let warnings = sifted.say_warnings();
        let mut admission = Admission::default().with_most_ignored(most);
        // Of each object, where it is, and where its fields are for which it is left out.
        let mut objects = Vec::with_capacity(sifted.kept.len());
        for kept in sifted.kept {
            let (position, fields) = match kept.what {
                Read::Ignored => {
                    admission.add_ignored(1);
                    (Position::default(), Vec::new())
                }
                Read::Judged(judged) => {
                    let (position, fields, judgement) = *judged;
                    admission.add(judgement);
                    (position, fields)
                }
            };
            objects.push((kept.source, position, fields));
        }
        let mut admitted = admission.finish();
        let input = &sifted.input;
        let mut ignored: Vec<(usize, NotInForce)> = Vec::new();
        for problem in &sifted.problems.kept {
            let unreadable = NotInForce::of_problem(problem);
            if let Some((_, last)) = ignored.last_mut()
                && last.takes_in(&unreadable)
            {
                continue;
            }
            if !unreadable.object.kind.is_empty() && !unreadable.object.name.is_empty() {
                admitted.snapshot.leave_out(unreadable.object.clone());
            }
            ignored.push((input.order(&problem.file), unreadable));
        }
        for object in &admitted.ignored {
            let source = objects.get(object.index).map_or(0, |(source, ..)| *source);
            ignored.push((source, NotInForce::of_input(object, input, &objects)));
        }
        ignored.sort_by_key(|(source, object)| {
            let place = object.place.as_ref();
            (*source, place.map(|place| (place.line, place.column)))
        });
        let all = ignored.len() + admitted.ignored_more + sifted.problems.more();
        ignored.truncate(most);
        let ignored: Vec<_> = ignored.into_iter().map(|(_, object)| object).collect();
        let given = Self {
            more: all - ignored.len(),
            is_incomplete: sifted.input.failed,
            warnings,
            admitted,
            ignored,
            chosen,
            channel: args.channel,
            max_shown: from.max_shown,
        };
        if given.more > 0 {
            let mut page = Page::new(Style::stderr());
            page.line(
                0,
                &Line::plain(format_args!(
                    "{all} objects and documents are left out, of which {most} are named: `--max-ignored` allows more"
                )),
            );
            output::say(page);
        }
        Some(given)
    }

    /// What is said of the input beside an answer as JSON.
    pub(crate) fn around(&self) -> AroundAnswer {
        let experimental = self.admitted.experimental.iter();
        let unimplemented = self.admitted.not_implemented.iter();
        AroundAnswer {
            ignored: self.ignored.clone(),
            ignored_more: None,
            experimental: experimental.map(InExperimental::of).collect(),
            experimental_more: None,
            not_implemented: unimplemented.map(Unimplemented::of).collect(),
            not_implemented_more: None,
            losers_more: None,
            foreign: Foreign::among(&self.admitted),
            foreign_more: foreign::more(&self.admitted),
            release: self.chosen.release.as_str(),
            release_choice: Some(self.chosen.to_string()),
            incomplete: self.is_incomplete,
        }
    }

    /// Whether everything that was given counts: nothing is left out, and all of it is implemented.
    pub(crate) fn counts(&self) -> bool {
        self.ignored.is_empty() && self.admitted.not_implemented.is_empty()
    }

    /// The CRDs by which the input was judged, and why.
    pub(crate) fn judged_by(&self) -> String {
        self.chosen.crds(self.channel)
    }

    /// Says by which release the input was judged.
    pub(crate) fn show_release(&self, page: &mut Page) {
        page.line(
            0,
            &self
                .chosen
                .judged_by(self.channel, !self.ignored.is_empty()),
        );
    }

    /// How the verb ends: as it would otherwise, unless something that was named could not be read.
    pub(crate) fn exit(&self, otherwise: Exit) -> Exit {
        match self.is_incomplete {
            true => Exit::Failed,
            false => otherwise,
        }
    }

    /// Shows what is left out, and what is experimental.
    pub(crate) fn show(&self, page: &mut Page) {
        if self.is_incomplete {
            page.gap();
            let line = Line::of(Tone::Bad, "incomplete").and(format_args!(": {INCOMPLETE}"));
            page.line(0, &line);
        }
        show((&self.ignored, self.max_shown), EXIT_CODE, page);
        self.show_unimplemented(EXIT_CODE, page);
        experimental::show(&self.admitted, self.chosen.release, page);
        foreign::show(&self.admitted, page);
    }

    /// Says on stderr what is left out, where stdout is for a program.
    pub(crate) fn say(&self) {
        self.say_with(EXIT_CODE);
    }

    /// Says on stderr what is left out, before an error for which the exit code is another one.
    pub(crate) fn say_before_error(&self) {
        self.say_with(":");
    }

    fn say_with(&self, heading: &str) {
        let mut page = Page::new(Style::stderr());
        show((&self.ignored, self.max_shown), heading, &mut page);
        self.show_unimplemented(heading, &mut page);
        output::say(page);
    }

    fn show_unimplemented(&self, heading: &str, page: &mut Page) {
        let parts = &self.admitted.not_implemented;
        if parts.is_empty() {
            return;
        }
        page.gap();
        page.line(0, &Line::of(Tone::Bad, "not implemented").and(heading));
        for part in parts.iter().take(self.max_shown) {
            let mut line = Line::plain(&part.object).and(": ");
            if !part.path.is_empty() {
                line = line.and(self.place(&part.object, &part.path)).and(": ");
            }
            page.line(2, &line.and(part.why));
        }
        if parts.len() > self.max_shown {
            let more = parts.len() - self.max_shown;
            page.line(2, &Line::plain(beyond(more, ", which `-o json` names")));
        }
    }

    /// A field of an object as people find it: a listener by its name, a rule with its name.
    pub(crate) fn place(&self, object: &ObjectRef, path: &str) -> String {
        place(&self.admitted.snapshot, object, path)
    }

    /// The name that a Service gives for the port of its pods, where no endpoint says which number that is.
    pub(crate) fn unknown_port(&self, backend: &BackendName) -> Option<&str> {
        places::unknown_port(&self.admitted.snapshot, backend)
    }

    /// Whether an object of the Gateway API was given and is left out.
    pub(crate) fn leaves_out(&self, kind: &str, name: &NamespacedName) -> bool {
        let wanted = ObjectRef::gateway_api(kind, name);
        let mut ignored = self.ignored.iter();
        ignored.any(|ignored| ignored.object == wanted)
    }
}

/// Shows what is left out, each with its reason, and what would be right last.
fn show((ignored, most): (&[NotInForce], usize), heading: &str, page: &mut Page) {
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
    fn of_input(ignored: &Ignored, input: &Input, objects: &[Placed]) -> Self {
        let mut object = Self::of_object(ignored);
        let Some((source, place, positions)) = objects.get(ignored.index) else {
            return object;
        };
        for (field, position) in object.findings.iter_mut().zip(positions) {
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
        });
        if let Some((source, place, _)) = ignored.replaced_by.and_then(|index| objects.get(index)) {
            let (file, line) = (input.source(*source), place.line);
            object.message =
                format!("given again at {file}:{line}: the API server keeps what was applied last");
        }
        object
    }

    /// A document that cannot be read, or a key that is given twice.
    fn of_problem(problem: &Problem) -> Self {
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
            }),
            reason: if twice { "DuplicateKey" } else { "Unreadable" },
            message,
            help: problem.help.clone(),
            findings: Vec::new(),
            findings_more: None,
        }
    }

    /// Takes in another key that is given twice of the same object, if it is one.
    fn takes_in(&mut self, other: &Self) -> bool {
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
