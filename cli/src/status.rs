//! `gwapi status`: the status that every object ought to have, and why a route is attached or not.

use crate::{
    given::{ChannelArgs, Given},
    input::InputArgs,
    output::{Exit, Page, Style, fail, print, print_json},
    resolving,
    statused::{List, Statused},
};
use clap::{Args, ValueEnum};
use gwapi::{
    attachment::{Attachment, Resolver, RouteId, RouteKind, Status},
    meta::{Condition, ObjectReference},
    v1::{GatewayStatus, ListenerStatus, ParentReference},
    v1alpha2::MAX_ANCESTORS,
};
use k8s_openapi::{apimachinery::pkg::apis::meta::v1::Time, jiff::Timestamp};
use std::{collections::BTreeSet, fmt::Write as _};

/// Show the status that every object would get: why is my route not accepted
///
/// Every GatewayClass counts as that of one controller which supports all of the API. A GatewayClass or a
/// Namespace that is only named counts as there.
#[derive(Debug, Args)]
pub(crate) struct StatusArgs {
    #[command(flatten)]
    input: InputArgs,
    #[command(flatten)]
    channel: ChannelArgs,
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
    let Some(input) = args.input.read() else {
        return Exit::Failed;
    };
    let given = Given::of(&input, args.channel.channel);
    let options = resolving::options(args.channel.channel);
    let mut resolver = Resolver::with_snapshot(given.admitted.snapshot.clone(), options);
    resolver.update();

    let style = Style::stdout();
    let report = Report::new(&resolver, style);
    let printed = match args.format {
        StatusFormat::Text => {
            let mut page = Page::new(style);
            given.show(&mut page);
            print(&(report.text.clone() + &page.into_text()))
        }
        StatusFormat::Json => {
            given.say();
            print_json(&list(&resolver, &given))
        }
        StatusFormat::Yaml => {
            given.say();
            match serde_saphyr::to_string(&list(&resolver, &given)) {
                Ok(text) => print(&text),
                Err(error) => fail(format_args!("cannot write the answer as YAML: {error}")),
            }
        }
    };
    let outcome = if report.bad == 0 && given.ignored.is_empty() {
        Exit::Clean
    } else {
        Exit::Findings
    };
    printed.max(outcome)
}

/// All statuses in the API's own form.
fn list(resolver: &Resolver, given: &Given) -> List {
    let seconds = Timestamp::now().as_second();
    let now = Time(Timestamp::from_second(seconds).unwrap_or_default());
    let items = in_order(resolver)
        .into_iter()
        .filter_map(|reference| {
            let next = resolver.next_status(reference, &now)?;
            let version = given.admitted.versions.get(reference);
            let version = version.map_or("", String::as_str);
            Some(Statused::new(reference, version, next.status))
        })
        .collect();
    List::of(items, given.ignored.clone(), given.experimental())
}

/// The objects from the outside to the inside: classes, Gateways, routes, policies.
fn in_order(resolver: &Resolver) -> Vec<&ObjectReference> {
    let rank = |kind: &str| match kind {
        "GatewayClass" => 0,
        "Gateway" => 1,
        kind if RouteKind::from_kind(kind).is_some() => 2,
        _ => 3,
    };
    let mut references: Vec<&ObjectReference> = resolver.resolution().statuses.keys().collect();
    references.sort_by_key(|reference| (rank(&reference.kind), *reference));
    references
}

/// The statuses for people.
struct Report {
    text: String,
    /// How many conditions and attachments are not as one would like them.
    bad: usize,
    objects: usize,
    /// What was said of the present object.
    said: BTreeSet<String>,
    style: Style,
}

impl Report {
    fn new(resolver: &Resolver, style: Style) -> Self {
        let mut report = Self {
            text: String::new(),
            bad: 0,
            objects: 0,
            said: BTreeSet::new(),
            style,
        };
        for reference in in_order(resolver) {
            let Some(status) = resolver.resolution().statuses.get(reference) else {
                continue;
            };
            report.objects += 1;
            match status {
                Status::GatewayClass(class) => {
                    report.object(reference, "");
                    report.conditions("  ", &class.conditions);
                }
                Status::Gateway(gateway) => {
                    report.gateway(reference, gateway);
                    let name = reference.namespaced_name();
                    for (policy, without) in &resolver.resolution().without_room {
                        if without.contains(&name) {
                            report.no_room(&format!("this Gateway in {policy}"));
                        }
                    }
                }
                Status::Route(route) => {
                    report.object(reference, "");
                    let id = RouteKind::from_kind(&reference.kind)
                        .map(|kind| RouteId::new(kind, reference.namespaced_name()));
                    let attachments = id
                        .and_then(|id| resolver.resolution().attachments.get(&id))
                        .map(Vec::as_slice)
                        .unwrap_or_default();
                    if attachments.is_empty() {
                        report.bad += 1;
                        let text = style.bad("attached to nothing").to_string();
                        report.line("  ", &format!("{text}: it names no parent"));
                    }
                    for attachment in attachments {
                        report.attachment(attachment, reference);
                        let conditions = route
                            .parents
                            .iter()
                            .find(|parent| parent.parent_ref == attachment.parent)
                            .map(|parent| parent.conditions.as_slice())
                            .unwrap_or_default();
                        // `Accepted` is what the sentence has said.
                        let others: Vec<Condition> = conditions
                            .iter()
                            .filter(|c| c.type_ != "Accepted")
                            .cloned()
                            .collect();
                        report.conditions("    ", &others);
                    }
                }
                Status::Policy(policy) => {
                    report.object(reference, "");
                    if policy.ancestors.is_empty() {
                        let text = "holds for nothing: no route of a Gateway leads to its targets";
                        report.line("  ", text);
                    }
                    for ancestor in &policy.ancestors {
                        let parent = describe(&ancestor.ancestor_ref, &reference.namespace);
                        report.line("  ", &format!("for {parent}"));
                        report.conditions("    ", &ancestor.conditions);
                    }
                    let without = resolver.resolution().without_room.get(reference);
                    for gateway in without.into_iter().flatten() {
                        report.no_room(&format!("Gateway {gateway}"));
                    }
                }
                _ => {}
            }
        }
        report.summary();
        report
    }

    fn line(&mut self, indent: &str, text: &str) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.text, "{indent}{text}");
    }

    /// A Gateway that has no place among the ancestors of a policy.
    fn no_room(&mut self, what: &str) {
        self.bad += 1;
        let text = self
            .style
            .bad(format_args!("no room for {what}"))
            .to_string();
        let why = format!(
            "a policy has at most {MAX_ANCESTORS} ancestors, and at others no route can refer to its targets"
        );
        self.line("  ", &format!("{text}: {why}"));
    }

    fn object(&mut self, reference: &ObjectReference, more: &str) {
        self.said.clear();
        let name = self.style.strong(reference).to_string();
        self.line("", &format!("{name}{more}"));
    }

    fn gateway(&mut self, reference: &ObjectReference, gateway: &GatewayStatus) {
        let addresses: Vec<&str> = gateway.addresses.iter().map(|a| a.value.as_str()).collect();
        let at = if addresses.is_empty() {
            String::new()
        } else {
            self.style
                .faint(format_args!(", at {}", addresses.join(", ")))
                .to_string()
        };
        self.object(reference, &at);
        self.conditions("  ", &gateway.conditions);
        for listener in &gateway.listeners {
            self.listener(listener);
        }
    }

    fn listener(&mut self, listener: &ListenerStatus) {
        let routes = match listener.attached_routes {
            0 => "no route".to_owned(),
            1 => "1 route".to_owned(),
            n => format!("{n} routes"),
        };
        let kinds: Vec<&str> = listener
            .supported_kinds
            .iter()
            .map(|kind| kind.kind.as_str())
            .collect();
        let takes = if kinds.is_empty() {
            "takes no kind of route".to_owned()
        } else {
            format!("takes {}", kinds.join(", "))
        };
        let takes = self.style.faint(takes).to_string();
        let name = self.style.strong(&listener.name).to_string();
        self.line("  ", &format!("listener {name}: {routes}; {takes}"));
        self.conditions("    ", &listener.conditions);
    }

    fn attachment(&mut self, attachment: &Attachment, route: &ObjectReference) {
        let parent = describe(&attachment.parent, &route.namespace);
        let text = if attachment.attached {
            let text = self.style.good("attached");
            let why = attachment.why.as_str();
            let why = why.strip_prefix("attached to ").unwrap_or(why);
            format!("{text} to {parent}: {why}")
        } else {
            self.bad += 1;
            let text = self.style.bad("not attached");
            format!("{text} to {parent}: {}", attachment.why)
        };
        self.line("  ", &text);
    }

    /// The good conditions in one line, each of the others in one of its own.
    fn conditions(&mut self, indent: &str, conditions: &[Condition]) {
        let good: Vec<String> = conditions
            .iter()
            .filter(|condition| is_good(condition))
            .map(|condition| format!("{} {}", condition.type_, condition.status))
            .collect();
        if !good.is_empty() {
            let text = self.style.faint(good.join(", ")).to_string();
            self.line(indent, &text);
        }
        for condition in conditions.iter().filter(|condition| !is_good(condition)) {
            let what = format!("{} {}", condition.type_, condition.status);
            let what = if condition.status == "Unknown" {
                self.style.warn(what).to_string()
            } else {
                self.style.bad(what).to_string()
            };
            // One cause makes several conditions bad; it is told and counted once an object.
            let message = if self.said.insert(condition.message.clone()) {
                self.bad += 1;
                condition.message.as_str()
            } else {
                "for the same reason"
            };
            self.line(indent, &format!("{what} ({}): {message}", condition.reason));
        }
    }

    fn summary(&mut self) {
        let objects = self.objects;
        if objects == 0 {
            self.line("", "no object here has a status of the Gateway API");
            return;
        }
        let count = if objects == 1 {
            "1 object".to_owned()
        } else {
            format!("{objects} objects")
        };
        let text = match self.bad {
            0 => format!("{count}, all as they should be"),
            1 => format!("{count}, 1 thing to look at"),
            bad => format!("{count}, {bad} things to look at"),
        };
        let _ = writeln!(self.text, "\n{text}");
    }
}

/// Whether a condition says that all is well. Most do where they are `True`; these two the other way round.
fn is_good(condition: &Condition) -> bool {
    match condition.type_.as_str() {
        "Conflicted" | "PartiallyInvalid" => condition.status == "False",
        _ => condition.status == "True",
    }
}

/// A parent as people write it: `Gateway infra/front, listener http, port 80`.
fn describe(parent: &ParentReference, namespace: &str) -> String {
    let mut text = parent.resolve(namespace).to_string();
    if let Some(section) = &parent.section_name {
        let what = if parent.is_gateway() {
            "listener"
        } else {
            "port"
        };
        let _ = write!(text, ", {what} {section}");
    }
    if let Some(port) = parent.port {
        let _ = write!(text, ", port {port}");
    }
    text
}
