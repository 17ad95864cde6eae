//! `gwapi request`: what happens to a request, and why.

mod client;
mod repeat;
mod show;

use crate::{
    given::{
        self, Answered, ChannelArgs, Given, NotInForce,
        choices::{Choices, Spelling, TrafficArgs},
        present::PresentArgs,
        say_met,
    },
    input::InputArgs,
    output::{Exit, Format, Line, OutputArgs, Page, Style, fail, print, print_json},
    resolving,
};
use clap::Args;
use client::{BackendArgs, ClientArgs, ClientArgsError};
use gwapi::{
    attachment::{Resolver, Snapshot},
    lint::{self, near::Near},
    meta::{EXPERIMENTS_GROUP, GROUP, NamespacedName, ObjectRef},
    sim::{self, Answer, Client, ClientMemory, Outcome, Request, RequestError, Simulator, Split},
    validation::Finding,
};
use http::{HeaderName, HeaderValue, Method};
use k8s_openapi::jiff::Timestamp;
use repeat::{Plan, Repeated, ask_as};
use serde::Serialize;
use show::{show, show_split};
use std::collections::BTreeMap;

/// Ask what happens to a request: which backend it reaches, and why not the others
///
/// With --from the client is a pod of that namespace and the URL names a Service; with --gateway it is
/// someone outside who reaches that Gateway. With neither, a host that names a Service of the set is asked from
/// that Service's own namespace, and any other host at the Gateway whose listener answers for its port and
/// host. `https` means that the client speaks TLS with that host as SNI.
///
/// Nothing is sent: backends count as answering as --backend-status and its like say, and a Service without EndpointSlices as
/// having one endpoint; `assumed` in the answer (`notSimulated` in JSON) says what was not looked at. Rules and matches are counted from 0, as in field
/// paths.
///
/// Sessions (sessionPersistence) are kept with keys that follow from --seed: with --repeat and --cookie-jar a client goes on with
/// the session that it got.
///
/// The exit code is 1 if the request did not arrive, if something of the input is left out or not implemented, or if something is
/// wrong that concerns the request: with what took it, or with a route that is not accepted and would have taken it.
#[derive(Debug, Args)]
// Of what stands by itself, the URL is one.
#[command(
    override_usage = "gwapi request [OPTIONS] [PATH]... <URL>",
    mut_group("FromArgs", |from| from.required(false)),
    mut_arg("paths", |paths| paths.value_name("PATH|URL").required(true).help(PATHS_AND_URL)),
)]
pub(crate) struct RequestArgs {
    #[command(flatten)]
    input: InputArgs,
    #[command(flatten)]
    channel: ChannelArgs,
    #[command(flatten)]
    present: PresentArgs,
    #[command(flatten)]
    traffic: TrafficArgs,
    /// The method
    #[arg(short = 'X', long = "method", default_value = "GET", value_parser = method)]
    method: Method,
    /// A header, as in 'x-canary: yes'; may be given several times
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE", value_parser = client::header)]
    headers: Vec<(HeaderName, HeaderValue)>,
    /// The Gateway to which the client connects
    #[arg(long, value_name = "NS/NAME", value_parser = place, conflicts_with = "from")]
    gateway: Option<NamespacedName>,
    /// The pod that asks: its namespace, and perhaps labels as in shop/app=cart,tier=web
    #[arg(long, value_name = "NS[/LABELS]")]
    from: Option<Client>,
    /// Send so many requests, and show how they are split over the backends
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    count: Option<u64>,
    /// Where the draws begin; the same seed gives the same draws
    #[arg(long, value_name = "S", default_value_t = 0)]
    seed: u64,
    #[command(flatten)]
    client: ClientArgs,
    #[command(flatten)]
    backend: BackendArgs,
    #[command(flatten)]
    output: OutputArgs,
}

/// What the plain arguments of `request` are.
const PATHS_AND_URL: &str = "What is read, as with -f, and last what is asked for: http://host[:port]/path, https://…, or tls://, \
     tcp://, udp:// with host and port";

fn method(text: &str) -> Result<Method, String> {
    Method::from_bytes(text.as_bytes()).map_err(|_| format!("`{text}` is not an HTTP method"))
}

fn place(text: &str) -> Result<NamespacedName, String> {
    match text.split_once('/') {
        Some((namespace, name)) if !namespace.is_empty() && !name.is_empty() => {
            Ok(NamespacedName::new(namespace, name))
        }
        _ => Err(format!("expected NAMESPACE/NAME, not `{text}`")),
    }
}

/// The split as JSON: the answer to the first request, and how all ended.
#[derive(Serialize)]
struct CountedSplit<'s> {
    seed: u64,
    #[serde(flatten)]
    split: &'s Split,
}

/// Runs the verb.
pub(crate) fn run(args: &RequestArgs) -> Exit {
    let now = args.client.at.unwrap_or_else(Timestamp::now);
    let (input, url) = args.input.clone().with_url();
    let (as_written, mut memory) = match request(args, &url, now) {
        Ok(made) => made,
        Err(error) => return fail(error),
    };
    if input.is_empty() {
        return fail(format_args!(
            "nothing is named to read: give a file, a folder or - before the URL, as in `gwapi request . {url}`"
        ));
    }
    let Some(given) = Given::read(&input, args.channel, &args.present) else {
        return Exit::Failed;
    };
    let choices = Choices::new(args.channel.rank, args.traffic);
    let request = choices.request(&as_written);
    let mut options = resolving::options(
        given.chosen.release,
        args.channel.channel,
        args.channel.patterns,
        args.channel.rank.routing(),
    );
    options.now = Some(now);
    let mut resolver = Resolver::with_snapshot(given.admitted.snapshot.clone(), options);
    resolver.update();
    let effective = resolver.resolution().effective.clone();
    if let Some(service) = args.backend.missing(&effective) {
        given.say_before_error();
        return fail(format!(
            "`--backend-cert` names Service {service}, which is not there"
        ));
    }
    let simulator = |effective, routing| {
        let data_plane = resolving::data_plane(given.chosen.release, routing);
        let mut simulator = Simulator::new(effective, data_plane).with_seed(args.seed);
        simulator.set_now(now.into());
        args.backend.trust(&mut simulator);
        simulator
    };
    // What a client sends first, with what it keeps.
    let mut sent = as_written;
    if args.count.is_none() {
        memory.prepare(&mut sent, now.into());
    }
    let in_force = choices.effective(effective.clone());
    let mut answering = simulator(in_force, choices.routing);
    let mut random = fastrand::Rng::with_seed(args.seed);
    let mut draw = |below: u64| random.u64(..below.max(1));

    let asked = match (args.count, args.client.repeat) {
        (None, None) => {
            let mut request = request.clone();
            ask_as(&mut memory, &mut request, &mut answering, &mut draw).map(
                |(mut answer, dropped)| {
                    answer.why.extend(dropped);
                    Asked::Once(Box::new(answer))
                },
            )
        }
        (Some(count), _) => answering
            .split(&request, count, &mut draw)
            .map(|split| Asked::Often(Box::new(split))),
        (None, Some(count)) => {
            let plan = Plan {
                request: &request,
                count,
                advance: args.client.advance,
                seed: args.seed,
                now,
                choices,
            };
            plan.run(&mut answering, &mut resolver, &mut memory, &mut draw)
                .map(|repeated| Asked::Repeatedly(Box::new(repeated)))
        }
    };
    let mut asked = match asked {
        Ok(asked) => asked,
        Err(error) => {
            given.say_before_error();
            return match &error {
                RequestError::SeveralGateways { gateways, .. } => match gateways.first() {
                    Some(gateway) => fail(format!("{error}, as in `--gateway {gateway}`")),
                    None => fail(error),
                },
                RequestError::NoSuchGateway { gateway, .. }
                    if given.leaves_out("Gateway", gateway) =>
                {
                    fail(format!("Gateway {gateway} was given, but is left out"))
                }
                _ => fail(error),
            };
        }
    };
    if let Err(error) = args.client.keep(&memory) {
        return fail(error);
    }
    let near = args.channel.near(&resolver, &given);
    let failed = asked.failed();
    let answer = asked.answer_mut();
    let help = around(answer, &request, &near, &given);
    let otherwise = choices.decisive((&sent, answer), &resolver, Spelling::Arguments, simulator);
    answer.why.extend(otherwise);
    say_met(&near.met());
    let (outcome, reason) = exit_code(answer.outcome, failed, &given, &help);
    let printed = match args.output.format {
        Format::Json => {
            given.say();
            asked.print_json(&given, help, args.seed)
        }
        Format::Text => {
            let mut page = Page::new(Style::stdout());
            asked.show(args.seed, &help.sentences, &given, &mut page);
            given.show(&mut page);
            if let Some(reason) = reason {
                page.gap();
                page.line(0, &Line::plain(reason));
            }
            print(page)
        }
    };
    given.exit(printed.max(outcome))
}

/// What became of one request or of many.
enum Asked {
    Once(Box<Answer>),
    Often(Box<Split>),
    Repeatedly(Box<Repeated>),
}

impl Asked {
    /// The answer to the first request.
    fn answer_mut(&mut self) -> &mut Answer {
        match self {
            Self::Once(answer) => answer,
            Self::Often(split) => &mut split.first,
            Self::Repeatedly(repeated) => &mut repeated.first,
        }
    }

    /// How many of repeated requests did not arrive.
    fn failed(&self) -> usize {
        match self {
            Self::Once(_) | Self::Often(_) => 0,
            Self::Repeatedly(repeated) => repeated.failed(),
        }
    }

    fn print_json(&self, given: &Given, help: Help, seed: u64) -> Exit {
        let mut around = given.around();
        around.ignored.extend(help.not_in_force);
        let help = help.sentences;
        match self {
            Self::Once(answer) => print_json(&Answered {
                answer,
                help,
                around,
            }),
            Self::Often(split) => print_json(&Answered {
                answer: CountedSplit { seed, split },
                help,
                around,
            }),
            Self::Repeatedly(repeated) => print_json(&Answered {
                answer: repeated,
                help,
                around,
            }),
        }
    }

    fn show(&self, seed: u64, help: &[String], given: &Given, page: &mut Page) {
        match self {
            Self::Once(answer) => show(answer, help, given, page),
            Self::Often(split) => {
                show_split(split, seed, page);
                show(&split.first, help, given, page);
            }
            Self::Repeatedly(repeated) => {
                repeated.show(page);
                show(&repeated.first, help, given, page);
            }
        }
    }
}

/// The request, and what its client has from those before.
fn request(
    args: &RequestArgs,
    url: &str,
    now: Timestamp,
) -> Result<(Request, ClientMemory), ClientArgsError> {
    let mut request = Request::get(url)?;
    request.method = args.method.clone();
    request.headers = Request::header_lines(args.headers.iter().cloned())?;
    request.gateway.clone_from(&args.gateway);
    request.client.clone_from(&args.from);
    args.client.apply(&mut request, now)?;
    args.backend.apply(&mut request)?;
    Ok((request, args.client.memory()?))
}

/// What would be right.
struct Help {
    sentences: Vec<String>,
    /// Whether something is wrong that concerns the request although it arrived: with what took it, or with a route or rule that
    /// would have taken it and is not accepted. A route that would have lost anyway is no such thing.
    finding: bool,
    /// What is not in force and would have taken the request.
    not_in_force: Vec<NotInForce>,
}

/// Adds to the answer what stands around it. Returns what the request would have needed, and what is wrong with the rule
/// that took it and the Gateway that was asked although both are accepted.
fn around(answer: &mut Answer, request: &Request, near: &Near<'_>, given: &Given) -> Help {
    let mut around = near.request(request, answer);
    answer.why.append(&mut around.why);
    let mut sentences = around.help;
    let (warned, snapshot) = (&given.admitted.warnings, &given.admitted.snapshot);
    let mut finding = add_warnings(answer, &mut sentences, warned, snapshot);
    finding |= around.amiss;
    if let Some(gateway) = &answer.gateway {
        let taken = answer.listener.as_ref().and_then(|at| {
            let index = listener_index(snapshot, gateway, &at.name)?;
            Some(format!("spec.listeners[{index}]."))
        });
        let concerns = |path: &str| {
            !path.starts_with("spec.listeners[")
                || taken.as_ref().is_some_and(|taken| path.starts_with(taken))
        };
        let hints = near.object(gateway).into_iter();
        for hint in hints.filter(|hint| hint.alone && concerns(&hint.path)) {
            finding = true;
            let path = given.place(gateway, &hint.path);
            let message = format!("{gateway}: {path}: {}", hint.message);
            match hint.help {
                Some(help) => {
                    answer.why.push(message);
                    sentences.push(format!("{gateway}: {path}: {help}"));
                }
                None => sentences.push(message),
            }
        }
    }
    let not_in_force = around.not_in_force.iter().map(NotInForce::rejected);
    Help {
        sentences,
        finding,
        not_in_force: not_in_force.collect(),
    }
}

/// What validation warns of in each object.
type Warned = BTreeMap<ObjectRef, Vec<Finding>>;

/// Adds to the answer, and to the sentences that help, what validation warns of in what took the request. Returns whether there
/// is something.
pub(crate) fn add_warnings(
    answer: &mut Answer,
    sentences: &mut Vec<String>,
    warned: &Warned,
    snapshot: &Snapshot,
) -> bool {
    let warnings = warnings(answer, warned, snapshot);
    for (object, warning) in &warnings {
        let path = given::place(snapshot, object, warning.path());
        let message = warning.message();
        // What the rewriting of this request shows is told once.
        let is_shown = warning.rule() == LITERAL_PATH
            && answer
                .why
                .iter()
                .any(|why| why.ends_with(sim::GROUPS_NOT_FILLED_IN));
        if !is_shown {
            answer.why.push(format!("{object}: {path}: {message}"));
        }
        let help = warning.help().into_iter();
        sentences.extend(help.map(|help| format!("{object}: {path}: {help}")));
    }
    !warnings.is_empty()
}

/// The rule on paths that are meant to hold what a regular expression took.
const LITERAL_PATH: &str = "HTTPPathModifier/no-substitution";

/// The groups of which only what took the request is looked at.
const OWN_GROUPS: [&str; 2] = [GROUP, EXPERIMENTS_GROUP];

/// What has no effect of the rule that took a request, of the listener that it came by and of its Gateway as a whole, and of all objects that are not of
/// the Gateway API: a Service or an EndpointSlice may have a part in any request.
fn warnings<'w>(
    answer: &Answer,
    warned: &'w Warned,
    snapshot: &Snapshot,
) -> Vec<(ObjectRef, &'w Finding)> {
    let of = |object: &ObjectRef| {
        let warned = warned.get(object).into_iter().flatten();
        warned.filter(|finding| lint::is_without_condition(finding))
    };
    let mut found = Vec::new();
    if let Some(taken) = &answer.route {
        let rule = format!("spec.rules[{}]", taken.rule);
        let concerns = |finding: &&Finding| match finding.path().strip_prefix(&*rule) {
            Some(rest) => rest.is_empty() || rest.starts_with('.'),
            None => !finding.path().starts_with("spec.rules["),
        };
        let of_rule = of(&taken.route).filter(concerns);
        found.extend(of_rule.map(|finding| (taken.route.clone(), finding)));
    }
    if let (Some(taken), Some(gateway)) = (&answer.listener, &answer.gateway)
        && let Some(index) = listener_index(snapshot, gateway, &taken.name)
    {
        let listener = format!("spec.listeners[{index}].");
        let concerns = |one: &&Finding| {
            one.path().starts_with(&listener) || !one.path().starts_with("spec.listeners[")
        };
        let of_gateway = of(gateway).filter(concerns);
        found.extend(of_gateway.map(|finding| (gateway.clone(), finding)));
    }
    for object in warned
        .keys()
        .filter(|object| !OWN_GROUPS.contains(&&*object.group))
    {
        found.extend(of(object).map(|finding| (object.clone(), finding)));
    }
    found
}

/// The place of a listener in the spec of its Gateway.
fn listener_index(snapshot: &Snapshot, gateway: &ObjectRef, name: &str) -> Option<usize> {
    let written = snapshot.gateways().get(&gateway.namespaced_name())?;
    let mut listeners = written.spec.listeners.iter();
    listeners.position(|one| one.name == name)
}

/// The exit code, and why it is 1 where nothing else that is printed says so. It is 1 if a request did not arrive, if something of
/// the input is left out or not implemented, or if something is wrong that concerns the request: see [`Help::finding`].
fn exit_code(
    outcome: Outcome,
    failed: usize,
    given: &Given,
    help: &Help,
) -> (Exit, Option<String>) {
    if failed > 0 {
        let requests = if failed == 1 { "request" } else { "requests" };
        let reason = format!("exit code 1: {failed} {requests} did not arrive");
        return (Exit::Findings, Some(reason));
    }
    let arrived = match outcome {
        Outcome::Forwarded => "the request was forwarded",
        Outcome::Redirected => "the request was redirected",
        Outcome::Answered | Outcome::Refused => return (Exit::Findings, None),
    };
    if help.finding {
        let see = if help.sentences.is_empty() {
            "why"
        } else {
            "help"
        };
        let reason =
            format!("exit code 1: {arrived}, but there is something to correct: see {see}");
        return (Exit::Findings, Some(reason));
    }
    match given.counts() {
        true => (Exit::Clean, None),
        // The list of what is left out says so.
        false => (Exit::Findings, None),
    }
}
