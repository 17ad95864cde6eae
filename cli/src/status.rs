//! `gwapi status`: the status that every object ought to have, and why a route is accepted or rejected.

mod text;
mod words;

use crate::{
    given::{ChannelArgs, Given, LookingArgs, present::PresentArgs, say_met},
    input::InputArgs,
    output::{Exit, Style, print, print_json, print_yaml},
    resolving,
    statused::{List, Remarks, Statused},
};
use clap::{Args, ValueEnum};
use gwapi::{
    attachment::{Resolver, RouteKind},
    lint::{LintOptions, near::Near},
    meta::ObjectRef,
    routing::RouterOptions,
    validation::Finding,
};
use k8s_openapi::{apimachinery::pkg::apis::meta::v1::Time, jiff::Timestamp};
use std::collections::BTreeMap;
use text::StatusText;

/// Show the status that a controller would write to each object: why is my route not accepted
///
/// Each object is shown with its conditions (type, status and reason, as `kubectl describe` has them), the cause of
/// those that are not good, what has no effect, and what would help. The controller is one that supports all
/// that gwapi implements and has every GatewayClass. A GatewayClass that is only named counts as there, a Namespace that is only
/// named as having no labels, and a Service without EndpointSlices as having one ready endpoint.
///
/// The exit code is 1 if there is something to look at, if an object is left out, or if something in it is not
/// implemented here.
#[derive(Debug, Args)]
pub(crate) struct StatusArgs {
    #[command(flatten)]
    input: InputArgs,
    #[command(flatten)]
    channel: ChannelArgs,
    #[command(flatten)]
    present: PresentArgs,
    #[command(flatten)]
    looking: LookingArgs,
    /// The form of the answer: text for people, JSON or YAML for programs, as a `List`
    #[arg(
        short = 'o',
        long = "format",
        value_enum,
        default_value_t,
        value_name = "FORMAT"
    )]
    format: StatusFormat,
}

/// Text for people, or the API's own form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum StatusFormat {
    /// Text for people.
    #[default]
    Text,
    /// A `List` as JSON.
    Json,
    /// A `List` as YAML.
    Yaml,
}

/// Runs the verb.
pub(crate) fn run(args: &StatusArgs) -> Exit {
    let Some(given) = Given::read(&args.input, args.channel, &args.present) else {
        return Exit::Failed;
    };
    let options = resolving::options(
        given.chosen.release,
        args.channel.channel,
        args.channel.patterns,
        args.channel.rank.routing(),
    );
    let mut resolver = Resolver::with_snapshot(given.admitted.snapshot.clone(), options);
    resolver.update();

    let order = in_order(&resolver);
    let near = args.channel.near(&resolver, &given);
    let mut looking = args.looking.options();
    looking.routing = args.channel.rank.routing();
    let text = StatusText::new(
        &resolver,
        &near,
        &given.admitted.warnings,
        &order,
        &looking,
        Style::stdout(),
    );
    say_met(&[&*near.met(), text.met()].concat());
    let clean = text.is_clean() && given.counts();
    let printed = match args.format {
        StatusFormat::Text => print(text.into_page(&given)),
        StatusFormat::Json => {
            given.say();
            print_json(&list(&resolver, &order, text.remarks(), &given))
        }
        StatusFormat::Yaml => {
            given.say();
            print_yaml(&list(&resolver, &order, text.remarks(), &given))
        }
    };
    let outcome = if clean { Exit::Clean } else { Exit::Findings };
    given.exit(printed.max(outcome))
}

/// What there is to say of the objects of a resolver beside the conditions of their statuses; `warnings` is what validation
/// warns of, and `routing` how the data plane decides what the specification leaves open.
pub(crate) fn remarks<'r>(
    resolver: &'r Resolver,
    near: &'r Near<'r>,
    warnings: &'r BTreeMap<ObjectRef, Vec<Finding>>,
    routing: RouterOptions,
) -> Remarks {
    let order = in_order(resolver);
    let mut options = LintOptions::default();
    options.routing = routing;
    let text = StatusText::new(resolver, near, warnings, &order, &options, Style::plain());
    text.remarks().clone()
}

/// All statuses in the API's own form, and what text says beside the conditions.
fn list(resolver: &Resolver, order: &[&ObjectRef], remarks: &Remarks, given: &Given) -> List {
    let seconds = Timestamp::now().as_second();
    let now = Time(Timestamp::from_second(seconds).unwrap_or_default());
    let items = order
        .iter()
        .filter_map(|reference| {
            let next = resolver.next_status(reference, &now)?;
            let version = given.admitted.versions.get(reference);
            let version = version.map_or("", String::as_str);
            Some(Statused::new(reference, version, next.status))
        })
        .collect();
    List::of(items, remarks.clone(), given.around())
}

/// The objects from the outside to the inside: classes, Gateways, routes, policies.
fn in_order(resolver: &Resolver) -> Vec<&ObjectRef> {
    let rank = |kind: &str| match kind {
        "GatewayClass" => 0,
        "Gateway" => 1,
        kind if RouteKind::from_kind(kind).is_some() => 2,
        _ => 3,
    };
    let mut references: Vec<&ObjectRef> = resolver.resolution().statuses.keys().collect();
    references.sort_by_key(|reference| (rank(&reference.kind), *reference));
    references
}
