//! The statuses for people: of each object what became of it, its conditions, and what would help.
//!
//! The words are those of `kubectl describe`: type, status and reason of a condition. A cause is told once for
//! each object, where it lies, and what would be right comes last.

mod conditions;
mod lines;
mod policy;
mod route;

use super::words::{elsewhere, is_true, some, unexpected};
use crate::{
    given::Given,
    output::{Line, Page, Style, Tone, count},
    statused::{Hint, Remarks, Warning},
};
use gwapi::{
    attachment::{Resolver, RouteId, RouteKind, Standing, Status, StatusPart},
    lint::{self, LintOptions, near::Near},
    meta::{AttachedRoutes, ObjectRef, condition},
    v1::{GatewayStatus, ListenerStatus, ParametersReference},
    validation::{self, Finding},
};
use k8s_openapi::{apimachinery::pkg::apis::meta::v1::Time, jiff::Timestamp};
use lines::Lines;
use std::collections::{BTreeMap, BTreeSet};

/// The statuses for people, and how many objects are not as they ought to be.
pub(super) struct StatusText<'a> {
    resolver: &'a Resolver,
    near: &'a Near<'a>,
    /// What validation warns of.
    warnings: &'a BTreeMap<ObjectRef, Vec<Finding>>,
    /// What no request reaches.
    unreached: lint::Linted<ObjectRef>,
    /// The routes that are in force at each listener.
    in_force: route::ByListener<'a>,
    /// The routes that each listener rejects for the sake of others.
    rejected: route::ByListener<'a>,
    lines: Lines<'a>,
    objects: usize,
    bad_objects: usize,
    /// How many objects there are to look at that have no status.
    bad_without_status: usize,
}

impl<'a> StatusText<'a> {
    pub(super) fn new(
        resolver: &'a Resolver,
        near: &'a Near<'a>,
        warnings: &'a BTreeMap<ObjectRef, Vec<Finding>>,
        objects: &[&ObjectRef],
        options: &LintOptions,
        style: Style,
    ) -> Self {
        // Those that count for `attachedRoutes` are told.
        let counts_all = resolver.options().behaviour.attached_routes == AttachedRoutes::Selected;
        let mut text = Self {
            resolver,
            near,
            warnings,
            unreached: lint::beside_conditions(resolver, options),
            in_force: route::by_listener(resolver, |_, standing| {
                matches!(standing, Standing::InForce { .. })
            }),
            rejected: route::by_listener(resolver, |attachment, standing| {
                (counts_all || attachment.attached) && standing.excluded().is_some()
            }),
            lines: Lines::new(resolver, style),
            objects: 0,
            bad_objects: 0,
            bad_without_status: 0,
        };
        for object in objects {
            if let Some(status) = resolver.resolution().statuses.get(*object) {
                let before = text.lines.bad;
                text.object(object, status);
                text.objects += 1;
                text.bad_objects += usize::from(text.lines.bad > before);
            }
        }
        text.without_status();
        text
    }

    /// The bounds that were met in looking for what is wrong beside the conditions.
    pub(super) fn met(&self) -> &[lint::near::Met] {
        &self.unreached.met
    }

    /// What there is to look at in objects that have no status.
    fn without_status(&mut self) {
        let statuses = &self.resolver.resolution().statuses;
        let warned = self.warnings.iter().filter(|(_, findings)| {
            let mut findings = findings.iter();
            findings.any(lint::is_without_condition)
        });
        let objects = warned.map(|(object, _)| object);
        let objects = objects.chain(self.unreached.reports.keys());
        let objects: BTreeSet<ObjectRef> = objects
            .filter(|object| !statuses.contains_key(object))
            .cloned()
            .collect();
        for object in objects {
            self.lines.head(&object, Line::default());
            self.without_effect(&object);
            self.bad_without_status += 1;
        }
    }

    /// Whether there is an object to look at.
    pub(super) fn is_clean(&self) -> bool {
        self.bad_objects + self.bad_without_status == 0
    }

    /// What there is to look at, and what would help, beside the conditions.
    pub(super) fn remarks(&self) -> &Remarks {
        &self.lines.remarks
    }

    /// The text, with what was given and is left out, and a summary.
    pub(super) fn into_page(mut self, given: &Given) -> Page {
        given.show(&mut self.lines.page);
        self.lines.page.gap();
        given.show_release(&mut self.lines.page);
        let ignored = given.ignored.len();
        let left_out = match (ignored, self.objects) {
            (0, _) => None,
            (n, 0) => Some(format!("{} left out", count(n, "object"))),
            (1, _) => Some("1 more object left out".to_owned()),
            (n, _) => Some(format!("{n} more objects left out")),
        };
        let warnings = given.warnings;
        let warned = (warnings > 0).then(|| count(warnings, "warning"));
        let others = self.bad_without_status;
        let mut line = match (self.bad_objects, self.objects) {
            (0, _) if !given.counts() || others > 0 => Line::default(),
            (0, 0) if warnings > 0 => Line::default(),
            (0, 0) => Line::of(Tone::Good, "nothing to report"),
            (0, _) => Line::of(Tone::Good, "all as it should be"),
            (bad, _) => Line::of(Tone::Bad, format_args!("{bad} to look at")),
        };
        let others = (others > 0).then(|| match self.objects {
            0 => format!("{} to look at", count(others, "object")),
            _ => format!("{} to look at", count(others, "other object")),
        });
        let parts = given.admitted.not_implemented.len();
        let unimplemented =
            (parts > 0).then(|| format!("{} not implemented", count(parts, "part")));
        let also = left_out.into_iter().chain(unimplemented).chain(warned);
        for text in others.into_iter().chain(also) {
            if line != Line::default() {
                line = line.and("; ");
            }
            line = line.with(Tone::Bad, text);
        }
        let objects = match self.objects {
            0 => "no object with a status of the Gateway API".to_owned(),
            n => format!("{} with a status", count(n, "object")),
        };
        self.lines
            .page
            .line(0, &Line::plain(objects).and(": ").join(line));
        self.lines.page
    }

    fn object(&mut self, object: &ObjectRef, status: &Status) {
        let now = Time(Timestamp::default());
        let next = self.resolver.next_status(object, &now);
        self.lines.omitted = next.map_or_else(Vec::new, |next| next.omitted);
        match status {
            Status::GatewayClass(class) => {
                self.lines.head(object, Line::default());
                let whose = (object, &StatusPart::Object);
                self.lines
                    .conditions(2, whose, &class.conditions, |c| c.message.clone());
                let place = object.namespaced_name();
                let given = self.resolver.snapshot().gateway_classes().get(&place);
                let parameters = given.and_then(|class| class.spec.parameters_ref.as_ref());
                self.parameters(
                    parameters.map(ParametersReference::resolve),
                    is_true(&class.conditions, condition::gateway_class::ACCEPTED),
                );
            }
            Status::Gateway(gateway) => self.gateway(object, gateway),
            Status::Route(route) => self.lines.route(object, |parent| {
                let ours = route.parents.iter().find(|p| p.parent_ref == *parent);
                ours.map_or(&[], |parent| &parent.conditions)
            }),
            Status::Policy(policy) => self.lines.policy(object, policy),
            _ => {}
        }
        self.lines.without_room(object, status);
        self.without_effect(object);
        if let Status::Route(route) = status {
            self.untold(object, !route.parents.is_empty());
        }
        self.help(object, status);
    }

    /// What of the object has no effect, or fails every request, and has no condition that says so.
    fn without_effect(&mut self, object: &ObjectRef) {
        let warned = self.warnings.get(object).into_iter().flatten();
        let warned = warned.filter(|finding| lint::is_without_condition(finding));
        let unreached = self.unreached.reports.get(object).into_iter();
        let unreached = unreached.flat_map(validation::Report::findings);
        let warnings = warned
            .chain(unreached)
            .map(|finding| Warning::of(object, finding));
        for warning in warnings.collect::<Vec<_>>() {
            self.lines.warn(warning, true);
        }
    }

    /// What is wrong with the rules of a route and no condition says: of those that cannot be applied, where every parent rejects the
    /// route for another cause, and of their references, where nobody writes a condition.
    fn untold(&mut self, object: &ObjectRef, has_conditions: bool) {
        let mut untold = Vec::new();
        let id = RouteKind::from_kind(&object.kind)
            .map(|kind| RouteId::new(kind, object.namespaced_name()));
        let rules = id.as_ref().map(|id| self.resolver.untold_rules(id));
        let rules = rules.unwrap_or_default();
        let warned = self.warnings.get(object).into_iter().flatten();
        let of_rules = warned.filter(|finding| {
            let rule = lint::invalid_rule(finding);
            rule.is_some_and(|rule| rules.contains(&rule))
        });
        untold.extend(of_rules.map(|finding| Warning::of(object, finding)));
        if !has_conditions {
            let problems = self.near.problems(object).into_iter();
            let of_rules = problems.filter(|(problem, _)| problem.path.starts_with("spec.rules"));
            untold.extend(of_rules.map(|(problem, help)| {
                let mut warning = Warning::new(object, &problem.path, problem.why);
                warning.help = help;
                warning
            }));
        }
        for warning in untold {
            self.lines.warn(warning, true);
        }
    }

    /// That the parameters of an object which is accepted are not looked into.
    fn parameters(&mut self, reference: Option<ObjectRef>, accepted: bool) {
        let Some(reference) = reference.filter(|_| accepted) else {
            return;
        };
        let missing = match self.resolver.snapshot().contains(&reference) {
            true => "",
            false => "not in the input; ",
        };
        let text = format!(
            "parameters {reference}: {missing}only the controller can check an object of this kind"
        );
        self.lines.page.line(2, &Line::of(Tone::Faint, text));
    }

    /// What would help, last.
    fn help(&mut self, object: &ObjectRef, status: &Status) {
        // Of a route that nobody has, no condition is shown: what is wrong with its rules is not told.
        let told = |path: &str| match status {
            Status::Route(route) => !route.parents.is_empty() || !path.starts_with("spec.rules"),
            _ => true,
        };
        let hints = self.near.object(object).into_iter();
        for hint in hints.filter(|hint| hint.alone || told(&hint.path)) {
            if hint.alone {
                let with_place = hint.path.starts_with("spec.listeners[");
                let mut warning = Warning::new(object, &hint.path, hint.message);
                warning.help = hint.help;
                self.lines.warn(warning, with_place);
            } else {
                self.lines.hint(Hint {
                    object: object.clone(),
                    path: hint.path,
                    message: hint.message,
                });
            }
        }
    }

    fn gateway(&mut self, object: &ObjectRef, status: &GatewayStatus) {
        let gateway = self
            .resolver
            .snapshot()
            .gateways()
            .get(&object.namespaced_name());
        let asked = |address: &str| {
            let mut asked = gateway.into_iter().flat_map(|g| &g.spec.addresses);
            asked.any(|asked| asked.value() == Some(address))
        };
        let present = |address: &str| {
            let status = gateway.and_then(|gateway| gateway.status.as_ref());
            let mut present = status.into_iter().flat_map(|status| &status.addresses);
            present.any(|present| present.value == address)
        };
        let addresses: Vec<String> = status
            .addresses
            .iter()
            .map(|address| match address.value.as_str() {
                value if asked(value) => value.to_owned(),
                value if present(value) => format!("{value} (from its present status)"),
                value => format!("{value} (made up, since none is given)"),
            })
            .collect();
        let more = if addresses.is_empty() {
            Line::default()
        } else {
            Line::of(
                Tone::Faint,
                format_args!(", address {}", addresses.join(", ")),
            )
        };
        self.lines.head(object, more);
        let class = gateway.map(|gateway| ObjectRef {
            group: object.group.clone(),
            kind: "GatewayClass".to_owned(),
            namespace: String::new(),
            name: gateway.spec.gateway_class_name.clone(),
        });
        let class = class.filter(|class| self.resolver.resolution().statuses.contains_key(class));
        self.lines.conditions(
            2,
            (object, &StatusPart::Object),
            &status.conditions,
            |condition| {
                elsewhere(condition, status, class.as_ref())
                    .unwrap_or_else(|| condition.message.clone())
            },
        );
        let name = object.namespaced_name();
        let full: Vec<String> = self
            .resolver
            .resolution()
            .without_room
            .iter()
            .filter(|(_, without)| without.contains(&name))
            .map(|(policy, _)| policy.to_string())
            .collect();
        if !full.is_empty() {
            self.lines
                .no_room(object, &format!("this Gateway in {}", some(&full, ", ")));
        }
        let accepted = is_true(&status.conditions, condition::gateway::ACCEPTED);
        let programmed = is_true(&status.conditions, condition::gateway::PROGRAMMED);
        let parameters = gateway.and_then(|gateway| gateway.spec.parameters_ref());
        self.parameters(
            parameters.map(|parameters| parameters.resolve(&object.namespace)),
            accepted,
        );
        let waits_for = match (accepted, programmed) {
            (false, _) => Some(format!("{object} is not accepted")),
            (true, false) => Some(format!("{object} is not programmed")),
            (true, true) => None,
        };
        for listener in &status.listeners {
            let spec = gateway.and_then(|gateway| {
                let listeners = &gateway.spec.listeners;
                listeners.iter().find(|spec| spec.name == listener.name)
            });
            let what = spec.map_or_else(String::new, |spec| {
                let host = spec.hostname.as_deref().filter(|host| !host.is_empty());
                let host = host
                    .map(|host| format!(", host {host}"))
                    .unwrap_or_default();
                format!(" ({}, port {}{host})", spec.protocol, spec.port)
            });
            let here = self.in_force.get(&(name.clone(), listener.name.as_str()));
            self.listener(
                (object, listener),
                &what,
                waits_for.as_deref(),
                here.map_or(0, BTreeSet::len),
            );
            let serves = is_true(&listener.conditions, condition::listener::PROGRAMMED);
            let note = spec.and_then(|spec| unexpected(&spec.protocol, spec.port));
            if let Some(note) = note.filter(|_| serves) {
                let note = Line::of(Tone::Faint, "note").and(": ").and(note);
                self.lines.page.line(4, &note);
            }
        }
    }

    fn listener(
        &mut self,
        (gateway, listener): (&ObjectRef, &ListenerStatus),
        what: &str,
        waits_for: Option<&str>,
        in_force: usize,
    ) {
        let serves = is_true(&listener.conditions, condition::listener::PROGRAMMED);
        // The API counts by parentRef and `allowedRoutes` alone.
        let attached = usize::try_from(listener.attached_routes).unwrap_or_default();
        let place = (gateway.namespaced_name(), listener.name.as_str());
        let rejected = self.rejected.get(&place);
        let without = match (attached.checked_sub(in_force), rejected) {
            (Some(more), Some(rejected)) if rejected.len() == more => {
                let names: Vec<String> = rejected.iter().map(ToString::to_string).collect();
                format!(", {more} of them rejected here ({})", some(&names, ", "))
            }
            (Some(more), _) if more > 0 && serves => {
                format!(", {more} of them without effect here")
            }
            _ => String::new(),
        };
        let routes = format!("attachedRoutes {}{without}", listener.attached_routes);
        let kinds: Vec<&str> = listener
            .supported_kinds()
            .iter()
            .map(|kind| kind.kind.as_str())
            .collect();
        let kinds = if kinds.is_empty() {
            "takes no kind of route".to_owned()
        } else {
            format!("takes {}", kinds.join(", "))
        };
        let mut line = Line::plain("listener ")
            .with(Tone::Strong, &listener.name)
            .and(what)
            .and(": ");
        if !serves {
            line = line.with(Tone::Bad, "not serving").and("; ");
        }
        self.lines.page.line(
            2,
            &line.with(Tone::Faint, format_args!("{routes}; {kinds}")),
        );
        let part = StatusPart::Listener(listener.name.clone());
        self.lines
            .conditions(4, (gateway, &part), &listener.conditions, |condition| {
                let waits = condition.reason == condition::listener::reason::PENDING;
                match waits_for.filter(|_| waits) {
                    Some(text) => text.to_owned(),
                    None => condition.message.clone(),
                }
            });
    }
}
