//! `gwapi request`: what happens to a request, and why.

use crate::{
    given::{Answered, ChannelArgs, Given},
    input::InputArgs,
    output::{Exit, Format, OutputArgs, Page, Style, fail, print, print_json},
    resolving,
};
use clap::Args;
use gwapi::{
    attachment::{self, Resolution},
    meta::NamespacedName,
    routing,
    sim::{Answer, BackendName, Client, Outcome, Request, Simulator, Split, SplitRow},
};
use http::{HeaderName, HeaderValue, Method};
use serde::Serialize;
use std::fmt::Write;

/// Ask what happens to a request: which backend it reaches, and why not the others
///
/// With --from the client is a pod of that namespace and the URL names a Service; with --gateway it is
/// someone outside who reaches that Gateway. With neither, a host that names a Service of the set is asked from
/// that Service's own namespace, and any other host at the Gateway whose listener answers for its port and
/// host. `https` means that the client speaks TLS with that host as SNI.
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
    let Some(input) = args.input.read() else {
        return Exit::Failed;
    };
    let given = Given::of(&input, args.channel.channel);
    let options = resolving::options(args.channel.channel);
    let resolution = attachment::resolve(&given.admitted.snapshot, &options);
    let mut simulator = Simulator::new(
        resolution.effective.clone(),
        routing::RouterOptions::default(),
    );
    let mut random = fastrand::Rng::with_seed(args.seed);
    let mut draw = |below: u64| random.u64(..below.max(1));

    let split = match args.count {
        None => simulator.request(&request, &mut draw).map(Asked::Once),
        Some(count) => simulator
            .split(&request, count, &mut draw)
            .map(Asked::Often),
    };
    let mut asked = match split {
        Ok(asked) => asked,
        Err(error) => {
            given.say();
            return fail(error);
        }
    };
    say_unattached(asked.answer_mut(), &resolution);
    let printed = match args.output.format {
        Format::Json => {
            given.say();
            asked.print_json(&given, args.seed)
        }
        Format::Text => {
            let style = Style::stdout();
            let mut page = Page::new(style);
            given.show(&mut page);
            print(&(asked.text(args.seed, style) + "\n" + &page.into_text()))
        }
    };
    let arrived = matches!(
        asked.answer_mut().outcome,
        Outcome::Forwarded | Outcome::Redirected
    );
    let outcome = if arrived && given.ignored.is_empty() {
        Exit::Clean
    } else {
        Exit::Findings
    };
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

    fn print_json(&self, given: &Given, seed: u64) -> Exit {
        let (ignored, experimental) = (given.ignored.clone(), given.experimental());
        match self {
            Self::Once(answer) => print_json(&Answered {
                answer,
                ignored,
                experimental,
            }),
            Self::Often(split) => print_json(&Answered {
                answer: CountedSplit { seed, split },
                ignored,
                experimental,
            }),
        }
    }

    fn text(&self, seed: u64, style: Style) -> String {
        match self {
            Self::Once(answer) => text(answer, style),
            Self::Often(split) => split_text(split, seed, style),
        }
    }
}

fn request(args: &RequestArgs) -> Result<Request, gwapi::sim::RequestError> {
    let mut request = Request::get(&args.url)?;
    request.method = args.method.clone();
    for (name, value) in &args.headers {
        request.headers.append(name, value.clone());
    }
    request.gateway.clone_from(&args.gateway);
    request.client.clone_from(&args.from);
    Ok(request)
}

/// Where no rule took the request, routes that are not attached may be what was expected to: those of the Gateway
/// or Service that was asked, or of any where nobody answers for the host.
fn say_unattached(answer: &mut Answer, resolution: &Resolution) {
    if answer.route.is_some() || answer.outcome == Outcome::Forwarded {
        return;
    }
    let asked = answer.gateway.as_ref().or(answer.service.as_ref()).cloned();
    for (route, attachments) in &resolution.attachments {
        for attachment in attachments.iter().filter(|a| !a.attached) {
            let parent = attachment.parent.resolve(&route.name.namespace);
            if asked.as_ref().is_none_or(|asked| *asked == parent) {
                answer
                    .why
                    .push(format!("{route} is not attached: {}", attachment.why));
            }
        }
    }
}

/// The way of one request, for people.
fn text(answer: &Answer, style: Style) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let line = |out: &mut String, name: &str, value: &str| {
        let _ = writeln!(out, "{} {value}", style.faint(format_args!("{name:>9}")));
    };
    let status = answer
        .status
        .map(|status| status.to_string())
        .unwrap_or_default();
    line(
        &mut out,
        "outcome",
        format!("{} {status}", outcome(answer.outcome, style)).trim_end(),
    );
    if let Some(listener) = &answer.listener {
        line(
            &mut out,
            "listener",
            &format!("{} of {}", listener.name, listener.gateway),
        );
    }
    if let Some(service) = &answer.service {
        line(&mut out, "service", &service.to_string());
    }
    if let Some(route) = &answer.route {
        let place = format!(
            "{}, rule {}, match {}",
            route.route, route.rule, route.match_index
        );
        line(&mut out, "route", &place);
    }
    if let Some(backend) = &answer.backend {
        line(&mut out, "backend", &backend_text(backend));
    }
    if let Some(endpoint) = &answer.endpoint {
        let mut text = format!("{}:{}", endpoint.address, endpoint.port);
        if let Some(target) = &endpoint.target_ref {
            let _ = write!(text, " ({target})");
        }
        line(&mut out, "endpoint", &text);
    }
    for mirror in &answer.mirrors {
        line(&mut out, "mirror", &backend_text(&mirror.backend));
    }
    if let Some(sent) = &answer.forwarded {
        let url = format!(
            "{} {}://{}{}",
            sent.method, sent.scheme, sent.host, sent.path
        );
        line(&mut out, "forwarded", &url);
        for (name, value) in &sent.headers {
            line(&mut out, "", &header_text(name, value));
        }
    }
    if let Some(response) = &answer.response {
        line(&mut out, "response", &response.status.to_string());
        for (name, value) in &response.headers {
            line(&mut out, "", &header_text(name, value));
        }
    }
    for (index, sentence) in answer.why.iter().enumerate() {
        line(&mut out, if index == 0 { "why" } else { "" }, sentence);
    }
    out
}

/// How many requests ended where, for people, and then the way of the first.
fn split_text(split: &Split, seed: u64, style: Style) -> String {
    let mut out = format!("{} requests, seed {seed}\n", style.strong(split.count));
    let name = |row: &SplitRow| match &row.backend {
        Some(backend) => backend_text(backend),
        None => "no backend".to_owned(),
    };
    let width = split
        .split
        .iter()
        .map(|row| name(row).chars().count())
        .max()
        .unwrap_or(0);
    for row in &split.split {
        let status = row
            .status
            .map_or_else(|| "-".to_owned(), |status| status.to_string());
        let _ = writeln!(
            out,
            "  {:width$}  {status:>3}  {:>6} requests  share {}",
            name(row),
            row.count,
            row.share,
        );
    }
    let _ = writeln!(out, "the first of them:");
    out.push_str(&text(&split.first, style));
    out
}

fn outcome(outcome: Outcome, style: Style) -> String {
    match outcome {
        Outcome::Forwarded => style.good("forwarded").to_string(),
        Outcome::Redirected => style.good("redirected").to_string(),
        Outcome::Answered => style.warn("answered by the data plane").to_string(),
        Outcome::Refused => style.bad("refused").to_string(),
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
