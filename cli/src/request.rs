//! `gwapi request`: what happens to a request, and why.

use crate::{
    given::{self, Answered, ChannelArgs, Given, say_met},
    input::InputArgs,
    output::{Exit, Format, Line, OutputArgs, Page, Style, Tone, fail, print, print_json},
    resolving,
};
use clap::Args;
use gwapi::{
    attachment::{Resolver, Snapshot},
    lint::{self, near::Near},
    meta::{EXPERIMENTS_GROUP, GROUP, NamespacedName, ObjectRef},
    sim::{
        Answer, BackendName, Client, Outcome, Request, RequestError, Simulator, Split, SplitRow,
    },
    validation::Finding,
};
use http::{HeaderName, HeaderValue, Method};
use serde::Serialize;
use std::collections::BTreeMap;

/// Ask what happens to a request: which backend it reaches, and why not the others
///
/// With --from the client is a pod of that namespace and the URL names a Service; with --gateway it is
/// someone outside who reaches that Gateway. With neither, a host that names a Service of the set is asked from
/// that Service's own namespace, and any other host at the Gateway whose listener answers for its port and
/// host. `https` means that the client speaks TLS with that host as SNI.
///
/// Nothing is sent: backends count as answering 200, and a Service without EndpointSlices as having one endpoint.
/// Rules and matches are counted from 0, as in field paths.
#[derive(Debug, Args)]
pub(crate) struct RequestArgs {
    #[command(flatten)]
    input: InputArgs,
    #[command(flatten)]
    channel: ChannelArgs,
    /// The method
    #[arg(short = 'X', long = "method", default_value = "GET", value_parser = method)]
    method: Method,
    /// A header, as in 'x-canary: yes'; may be given several times
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE", value_parser = header)]
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
    output: OutputArgs,
    /// What is asked for: http://host[:port]/path, https://…, or tls://, tcp://, udp:// with host and port
    url: String,
}

fn method(text: &str) -> Result<Method, String> {
    Method::from_bytes(text.as_bytes()).map_err(|_| format!("`{text}` is not an HTTP method"))
}

fn header(text: &str) -> Result<(HeaderName, HeaderValue), String> {
    let (name, value) = text
        .split_once(':')
        .ok_or_else(|| format!("expected `name: value`, not `{text}`"))?;
    let name = HeaderName::from_bytes(name.trim().as_bytes())
        .map_err(|_| format!("`{name}` is not a header name"))?;
    let value = HeaderValue::from_str(value.trim())
        .map_err(|_| format!("`{}` is not a header value", value.trim()))?;
    Ok((name, value))
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
    let request = match request(args) {
        Ok(request) => request,
        Err(error) => return fail(error),
    };
    let Some(given) = Given::read(&args.input, args.channel) else {
        return Exit::Failed;
    };
    let options = resolving::options(
        given.chosen.release,
        args.channel.channel,
        args.channel.patterns,
    );
    let mut resolver = Resolver::with_snapshot(given.admitted.snapshot.clone(), options);
    resolver.update();
    let effective = resolver.resolution().effective.clone();
    let data_plane = resolving::data_plane(given.chosen.release);
    let mut simulator = Simulator::new(effective, data_plane).with_seed(args.seed);
    let mut random = fastrand::Rng::with_seed(args.seed);
    let mut draw = |below: u64| random.u64(..below.max(1));

    let asked = match args.count {
        None => simulator.request(&request, &mut draw).map(Asked::Once),
        Some(count) => simulator
            .split(&request, count, &mut draw)
            .map(Asked::Often),
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
                    fail(format!(
                        "Gateway {gateway} was given, but is left out, see above"
                    ))
                }
                _ => fail(error),
            };
        }
    };
    let near = args.channel.near(&resolver, &given);
    let answer = asked.answer_mut();
    let help = around(answer, &request, &near, &given);
    say_met(&near.met());
    let arrived = matches!(answer.outcome, Outcome::Forwarded | Outcome::Redirected);
    let clean = arrived && given.counts() && !help.finding;
    let reason = exit_reason(answer.outcome, &help);
    let printed = match args.output.format {
        Format::Json => {
            given.say();
            asked.print_json(&given, help.sentences, args.seed)
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
    let outcome = if clean { Exit::Clean } else { Exit::Findings };
    printed.max(outcome)
}

/// What became of one request or of many.
enum Asked {
    Once(Answer),
    Often(Split),
}

impl Asked {
    /// The answer to the first request.
    fn answer_mut(&mut self) -> &mut Answer {
        match self {
            Self::Once(answer) => answer,
            Self::Often(split) => &mut split.first,
        }
    }

    fn print_json(&self, given: &Given, help: Vec<String>, seed: u64) -> Exit {
        let around = given.around();
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
        }
    }

    fn show(&self, seed: u64, help: &[String], given: &Given, page: &mut Page) {
        match self {
            Self::Once(answer) => show(answer, help, given, page),
            Self::Often(split) => {
                show_split(split, seed, page);
                show(&split.first, help, given, page);
            }
        }
    }
}

fn request(args: &RequestArgs) -> Result<Request, RequestError> {
    let mut request = Request::get(&args.url)?;
    request.method = args.method.clone();
    request.headers = Request::header_lines(args.headers.iter().cloned())?;
    request.gateway.clone_from(&args.gateway);
    request.client.clone_from(&args.from);
    Ok(request)
}

/// What would be right.
struct Help {
    sentences: Vec<String>,
    /// Whether one of them is about something that is wrong although the request was answered.
    finding: bool,
}

/// Adds to the answer what stands around it. Returns what the request would have needed, and what is wrong with the rule
/// that took it and the Gateway that was asked although both are accepted.
fn around(answer: &mut Answer, request: &Request, near: &Near<'_>, given: &Given) -> Help {
    let mut around = near.request(request, answer);
    answer.why.append(&mut around.why);
    let mut sentences = around.help;
    let (warned, snapshot) = (&given.admitted.warnings, &given.admitted.snapshot);
    let mut finding = add_warnings(answer, &mut sentences, warned, snapshot);
    finding |= around.leads_nowhere;
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
            sentences.push(format!("{gateway}: {path}: {}", hint.message));
        }
    }
    Help { sentences, finding }
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
        answer.why.push(format!("{object}: {path}: {message}"));
        let help = warning.help().into_iter();
        sentences.extend(help.map(|help| format!("{object}: {path}: {help}")));
    }
    !warnings.is_empty()
}

/// The groups of which only what took the request is looked at.
const OWN_GROUPS: [&str; 2] = [GROUP, EXPERIMENTS_GROUP];

/// What has no effect of the rule that took a request and of the listener that it came by, and of all objects that are not of
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
        let of_listener = of(gateway).filter(|one| one.path().starts_with(&listener));
        found.extend(of_listener.map(|finding| (gateway.clone(), finding)));
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

/// Why the exit code is 1 although the request arrived, if it is so for what the help names. For what is left out, its list
/// says so.
fn exit_reason(outcome: Outcome, help: &Help) -> Option<String> {
    let arrived = match outcome {
        Outcome::Forwarded => "the request was forwarded",
        Outcome::Redirected => "the request was redirected",
        Outcome::Answered | Outcome::Refused => return None,
    };
    help.finding
        .then(|| format!("exit code 1: {arrived}, but there is something to correct: see help"))
}

/// What became of one request, for people: the outcome first, then its way, and what would help last.
fn show(answer: &Answer, help: &[String], given: &Given, page: &mut Page) {
    let mut field = |name: &str, line: Line| {
        page.line(
            0,
            &Line::of(Tone::Faint, format_args!("{name:<10}")).join(line),
        );
    };
    field("outcome", outcome(answer));
    match (&answer.listener, &answer.gateway) {
        (Some(listener), _) => field(
            "listener",
            Line::plain(format_args!("{} of {}", listener.name, listener.gateway)),
        ),
        (None, Some(gateway)) => field("gateway", Line::plain(gateway)),
        (None, None) => {}
    }
    if let Some(service) = &answer.service {
        field("service", Line::plain(service));
    }
    if let Some(route) = &answer.route {
        let mut place = format!("{}, {}", route.route, route.rule_label());
        // Rules of other kinds have no matches.
        if matches!(route.route.kind.as_str(), "HTTPRoute" | "GRPCRoute") {
            place.push_str(&format!(", match {}", route.match_index));
        }
        field("route", Line::plain(place));
    }
    if let Some(backend) = &answer.backend {
        field("backend", Line::plain(backend_text(backend)));
    }
    if let Some(endpoint) = &answer.endpoint {
        let mut text = format!("{}:{}", endpoint.address, endpoint.port);
        let backend = answer.backend.as_ref();
        if let Some(name) = backend.and_then(|backend| given.unknown_port(backend)) {
            text.push_str(&format!(
                " (the port is assumed: `targetPort` is `{name}`, whose number only the pods know)"
            ));
        }
        if let Some(target) = &endpoint.target_ref {
            text.push_str(&format!(" ({target})"));
        }
        field("endpoint", Line::plain(text));
    }
    for mirror in &answer.mirrors {
        field("mirror", Line::plain(backend_text(&mirror.backend)));
    }
    if let Some(sent) = &answer.forwarded {
        let url = format!(
            "{} {}://{}{}",
            sent.method, sent.scheme, sent.host, sent.path
        );
        field("forwarded", Line::plain(url));
        for (name, value) in &sent.headers {
            field("", Line::plain(header_text(name, value)));
        }
    }
    if let Some(response) = &answer.response {
        field("response", Line::plain(response.status));
        for (name, value) in &response.headers {
            field("", Line::plain(header_text(name, value)));
        }
    }
    field("judged by", Line::plain(given.judged_by()));
    for (name, sentences) in [("why", &answer.why[..]), ("help", help)] {
        for (index, sentence) in sentences.iter().enumerate() {
            field(if index == 0 { name } else { "" }, Line::plain(sentence));
        }
    }
}

/// How many requests ended where, for people.
fn show_split(split: &Split, seed: u64, page: &mut Page) {
    let line = Line::of(Tone::Strong, split.count).and(format_args!(" requests, seed {seed}"));
    page.line(0, &line);
    let name = |row: &SplitRow| match &row.backend {
        Some(backend) => backend_text(backend),
        None => "no backend".to_owned(),
    };
    let rows = split.split.iter();
    let width = rows.map(|row| name(row).chars().count()).max().unwrap_or(0);
    for row in &split.split {
        let status = row
            .status
            .map_or_else(|| "-".to_owned(), |status| status.to_string());
        page.line(
            2,
            &Line::plain(format_args!(
                "{:width$}  {status:>3}  {:>6} requests  share {}",
                name(row),
                row.count,
                row.share,
            )),
        );
    }
    page.line(0, &Line::plain("the first of them:"));
}

fn outcome(answer: &Answer) -> Line {
    let (tone, text) = match answer.outcome {
        Outcome::Forwarded => (Tone::Good, "forwarded to a backend"),
        Outcome::Redirected => (Tone::Good, "redirected"),
        Outcome::Answered => (Tone::Warn, "answered without a backend"),
        Outcome::Refused => (Tone::Bad, "refused"),
    };
    let line = Line::of(tone, text);
    match (answer.status, answer.refusal) {
        (Some(status), _) => line.and(format_args!(", status {status}")),
        (None, Some(refusal)) => line.and(format_args!(": {refusal}")),
        (None, None) => line,
    }
}

fn backend_text(backend: &BackendName) -> String {
    let port = backend
        .port
        .map(|port| format!(":{port}"))
        .unwrap_or_default();
    format!("{}{port}", backend.reference)
}

fn header_text(name: &HeaderName, value: &HeaderValue) -> String {
    format!("{name}: {}", String::from_utf8_lossy(value.as_bytes()))
}
