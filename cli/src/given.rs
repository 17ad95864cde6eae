//! What was given: the objects that an API server would take, and by name those that are left out, with the reason and the line.

pub(crate) mod choices;
mod experimental;
mod foreign;
mod ignored;
mod looking;
mod places;
pub(crate) mod present;
pub(crate) mod release;
pub(crate) mod resolving;
pub(crate) mod statused;

pub(crate) use experimental::{InExperimental, Unimplemented};
pub(crate) use foreign::Foreign;
pub(crate) use ignored::{Field, NotInForce, beyond_told};
pub(crate) use looking::{LookingArgs, NearArgs, say_met};
pub(crate) use places::place;

use crate::{
    input::{Entry, InputArgs, Looked, Problem, Problems, Severity, Sifted, beyond},
    output::{self, Exit, Line, Page, Style, Tone},
};
use choices::RankArgs;
use clap::Args;
use gwapi::{
    attachment::{
        Resolver,
        admit::{Admission, Admitted, Judged, Judgement},
    },
    lint::near::Near,
    manifest::Position,
    meta::{Channel, NamespacedName, ObjectRef},
    sim::BackendName,
    validation::Uses,
};
use ignored::{LeftOutAt, Placed, left_out_at};
use present::PresentArgs;
use release::{Choosing, Chosen, ReleaseArgs};
use resolving::PatternArgs;
use serde::Serialize;
use std::sync::{Mutex, PoisonError};

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
    /// The objects that count as there although they are not in the set.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) present: Vec<ObjectRef>,
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
    /// What counts as there although it is not in the set.
    present: Vec<ObjectRef>,
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

/// What was read.
enum Read {
    Judged(Box<(Position, LeftOutAt, Judgement)>),
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

impl Given {
    /// Reads the input, and keeps what the objects mean that an API server of the channel would take. Each is judged when
    /// it is read, and then let go.
    ///
    /// `None` where the values of placeholders, or all that was named, could not be read. What else could not be read has been said on stderr,
    /// and the answer is about the rest: see [`Self::is_incomplete`].
    pub(crate) fn read(from: &InputArgs, args: ChannelArgs, present: &PresentArgs) -> Option<Self> {
        let most = args.max_ignored as usize;
        let referred = Mutex::new(present.nothing());
        let see = |entry: &Entry| {
            referred
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .see(entry);
        };
        let looker = |release| {
            let mut room = most;
            move |_: &str, entry: Entry| {
                see(&entry);
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
                    left_out_at(judgement.judged(), &entry),
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
        // Of each object, where it is, and what is said of it where it is left out.
        let mut objects: Vec<Placed> = Vec::with_capacity(sifted.kept.len());
        for kept in sifted.kept {
            let (position, left_out_at) = match kept.what {
                Read::Ignored => {
                    admission.add_ignored(1);
                    (Position::default(), LeftOutAt::default())
                }
                Read::Judged(judged) => {
                    let (position, left_out_at, judgement) = *judged;
                    admission.add(judgement);
                    (position, left_out_at)
                }
            };
            objects.push((kept.source, position, left_out_at));
        }
        let input = &sifted.input;
        let mut referred = referred
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        referred.add_generated(input);
        let kinds = match present.kinds_made_up(&referred) {
            Ok(kinds) => kinds,
            Err(error) => {
                output::fail(error);
                return None;
            }
        };
        let mut counted = Vec::new();
        for object in referred.absent(&kinds) {
            let judgement = Judgement::of(&object, chosen.release, args.channel);
            if let Judged::Admitted { object, .. } = judgement.judged() {
                counted.push(object.reference());
            }
            admission.add(judgement);
        }
        let mut admitted = admission.finish();
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
            present: counted,
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
            present: self.present.clone(),
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
        ignored::show((&self.ignored, self.max_shown), EXIT_CODE, page);
        self.show_unimplemented(EXIT_CODE, page);
        experimental::show(&self.admitted, self.chosen.release, page);
        present::show(&self.present, page);
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
        ignored::show((&self.ignored, self.max_shown), heading, &mut page);
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
