//! Routes against Gateways: which listeners take them, and why others do not.

use super::{
    state::{AtOne, Fit, Obstacles, ParentState, ParentTarget},
    view::RouteView,
};
use crate::{
    attachment::{
        Options, RouteId, RouteKind,
        condition_body::{ConditionBody, join, names as names_of, push_names},
        effective::EffectiveHostname,
        gateway::{GatewayState, listener::ListenerState, why_not_in_force},
        standing::{Exclusion, lost_at},
    },
    meta::{FeatureName, Hostname, NamespacedName, condition::route::reason},
    v1::ParentReference,
};
use std::{collections::BTreeMap, sync::Arc};

impl RouteView<'_> {
    pub(super) fn at_gateway(
        &self,
        reference: &ParentReference,
        name: NamespacedName,
        gateway: &GatewayState,
        options: &Options,
    ) -> ParentState {
        let mut listeners = Vec::new();
        let mut refused = Refusals::default();
        let mut stage = Stage::NotNamed;
        let section = reference.section_name.as_deref().filter(|s| !s.is_empty());
        let unsupported_port = reference.port.is_some()
            && !options.supports(&FeatureName::HttpRouteParentRefPort)
            && !options.supports(&FeatureName::HttpRouteDestinationPortMatching);
        for (index, listener) in gateway.listeners.iter().enumerate() {
            if section.is_some_and(|section| *section != *listener.name) {
                continue;
            }
            let ports_differ = |port: i32| listener.port.map(i32::from) != Some(port);
            if reference.port.is_some_and(ports_differ) {
                refused.texts.add(|| {
                    format!(
                        "listener `{}` has port {}",
                        listener.name,
                        listener.port.unwrap_or_default()
                    )
                });
                continue;
            }
            let fit = match self.at_listener(gateway, (index, listener), options) {
                Err(refusal) => {
                    let reached = refusal.stage();
                    stage = stage.max(reached);
                    let obstacles = self.obstacles(&refusal, gateway, (index, listener), options);
                    match refusal {
                        RouteRefusal::OtherKind(text) => refused.of_other_kinds.add(text),
                        RouteRefusal::Kind(text)
                        | RouteRefusal::Namespace(text)
                        | RouteRefusal::Hostname(text) => refused.texts.add(text),
                        RouteRefusal::Itself => refused.add_rejected(listener),
                    }
                    Fit::Rejected {
                        reason: reached.reason(),
                        counted: reached > Stage::NotAllowed,
                        obstacles,
                    }
                }
                Ok(_) if !listener.accepted.holds() || listener.conflicted.holds() => {
                    stage = stage.max(Stage::NotAccepted);
                    refused.add_rejected(listener);
                    Fit::Rejected {
                        reason: Stage::NotAccepted.reason(),
                        counted: true,
                        obstacles: None,
                    }
                }
                Ok(hostnames) => {
                    stage = Stage::Attached;
                    Fit::Accepted {
                        hostnames,
                        in_force: listener.in_force() && gateway.serves(),
                    }
                }
            };
            listeners.push(AtOne {
                index,
                name: listener.name.clone(),
                fit,
            });
        }
        let refused = refused.joined(stage == Stage::Attached);
        let accepted = if unsupported_port {
            listeners.clear();
            ConditionBody::new(
                false,
                reason::UNSUPPORTED_VALUE,
                "`port` of a parentRef is not supported",
            )
        } else {
            match stage {
                Stage::Attached => accepted(self.id, gateway, &listeners, &refused, |_| None),
                Stage::NotNamed => ConditionBody::new(
                    false,
                    reason::NO_MATCHING_PARENT,
                    not_named(&name, gateway, section, reference.port),
                ),
                Stage::NotAllowed | Stage::NoHostname | Stage::NotAccepted => {
                    ConditionBody::new(false, stage.reason(), refused.clone())
                }
            }
        };
        ParentState {
            reference: reference.clone(),
            target: ParentTarget::Gateway {
                name,
                listeners,
                refused,
            },
            controller: Some(gateway.controller.clone()),
            accepted,
            fails: false,
        }
    }

    /// Whether a listener takes the route: for which hostnames, or what stopped it.
    fn at_listener<'t>(
        &'t self,
        gateway: &'t GatewayState,
        (index, listener): (usize, &'t ListenerState),
        options: &Options,
    ) -> Result<Arc<[EffectiveHostname]>, RouteRefusal<'t>> {
        let route_namespace = &self.id.name.namespace;
        if !listener.kinds.contains(&self.id.kind) {
            let kind = self.id.kind;
            let text: Text<'t> = Box::new(move || {
                let name = &listener.name;
                let kinds = listener.describe_kinds();
                if listener.kinds.is_empty() {
                    format!("listener `{name}` takes {kinds}")
                } else {
                    format!("listener `{name}` takes {kinds}, and no {kind}")
                }
            });
            let mode = listener.tls.as_ref().map(|tls| &tls.mode);
            let of_protocol = RouteKind::of_protocol(&listener.protocol, mode);
            return Err(match of_protocol.contains(&kind) {
                true => RouteRefusal::Kind(text),
                false => RouteRefusal::OtherKind(text),
            });
        }
        if listener.takes_no_namespace() {
            return Err(RouteRefusal::Itself);
        }
        let asked = (self.snapshot, options);
        let place = (gateway, index, listener);
        if let Some(why) = self.allowed.refused(route_namespace, place, asked) {
            return Err(RouteRefusal::Namespace(Box::new(move || (*why).to_owned())));
        }
        self.hostnames_at(listener).ok_or_else(|| {
            RouteRefusal::Hostname(Box::new(move || {
                if self.hostnames.is_empty() {
                    return format!(
                        "listener `{}`: none of the route's `hostnames` can be read as one",
                        listener.name
                    );
                }
                let names = names_of(self.hostnames.iter().map(Hostname::as_str));
                format!(
                    "listener `{}` serves `{}`, with which {names} has no host in common",
                    listener.name,
                    listener.hostname.as_ref().map_or("*", Hostname::as_str),
                )
            }))
        })
    }

    /// All that keeps the route from a listener, which refused it for the first thing.
    fn obstacles(
        &self,
        refusal: &RouteRefusal<'_>,
        gateway: &GatewayState,
        (index, listener): (usize, &ListenerState),
        options: &Options,
    ) -> Option<Obstacles> {
        if !listener.accepted.holds() || listener.conflicted.holds() {
            return None;
        }
        let is_refused = || {
            let (place, asked) = ((gateway, index, listener), (self.snapshot, options));
            let namespace = &self.id.name.namespace;
            self.allowed.refused(namespace, place, asked).is_some()
        };
        let (kind, namespace) = match refusal {
            RouteRefusal::OtherKind(_) | RouteRefusal::Itself => return None,
            RouteRefusal::Kind(_) => (true, is_refused()),
            RouteRefusal::Namespace(_) => (false, true),
            RouteRefusal::Hostname(_) => (false, false),
        };
        Some(Obstacles {
            kind,
            namespace,
            hostname: self.hostnames_at(listener).is_none(),
        })
    }

    /// The hostnames for which the route is accepted at a listener (HTTPRoute `spec.hostnames`).
    fn hostnames_at(&self, listener: &ListenerState) -> Option<Arc<[EffectiveHostname]>> {
        let has_hostnames = matches!(
            self.id.kind,
            RouteKind::Http | RouteKind::Grpc | RouteKind::Tls
        );
        if !self.named_hostnames || !has_hostnames {
            return Some(listener.all_hostnames.clone());
        }
        let common: Vec<EffectiveHostname> = self
            .hostnames
            .iter()
            .filter_map(|own| {
                let hostname = match &listener.hostname {
                    Some(hostname) => hostname.intersection(own)?,
                    None => own,
                };
                Some(EffectiveHostname {
                    hostname: Some(hostname.clone()),
                    own: Some(own.clone()),
                })
            })
            .collect();
        (!common.is_empty()).then(|| common.into())
    }
}

/// The condition `Accepted` of a route that some listener accepts: where it is attached and for which hosts,
/// where it has no effect, and where it is rejected. `excluded` says of a listener why other routes leave no place
/// for this one there.
pub(in crate::attachment) fn accepted(
    id: &RouteId,
    gateway: &GatewayState,
    listeners: &[AtOne],
    refused: &str,
    excluded: impl Fn(usize) -> Option<Exclusion>,
) -> ConditionBody {
    let (mut attached, mut idle) = (Texts::default(), Texts::default());
    let mut lost = Vec::new();
    let (mut any, mut idle_gateway) = (false, false);
    let mut reason = reason::NO_MATCHING_PARENT;
    for AtOne { index, name, fit } in listeners {
        let Fit::Accepted {
            hostnames,
            in_force,
        } = fit
        else {
            continue;
        };
        if let Some(excluded) = excluded(*index) {
            reason = excluded.reason();
            lost.push((&**name, excluded));
            continue;
        }
        any = true;
        if *in_force {
            attached.add(|| attached_to(id.kind, name, hostnames));
        } else if let Some(listener) = gateway.listeners.get(*index).filter(|l| !l.in_force()) {
            idle.add(|| format!("listener `{name}`: {}", why_not_in_force(listener)));
        } else {
            idle_gateway = true;
        }
    }
    let mut parts = Vec::new();
    if !attached.is_empty() {
        parts.push(format!("accepted at {}", attached.joined()));
    }
    if !idle.is_empty() {
        parts.push(format!(
            "no effect at listeners that are not serving: {}",
            idle.joined()
        ));
    }
    if let Some(obstacle) = gateway.describe_obstacle().filter(|_| idle_gateway) {
        parts.push(format!("no effect: {obstacle}"));
    }
    if !lost.is_empty() {
        let lost = join(&lost_at(lost.into_iter()));
        parts.push(format!("rejected at {lost}"));
    }
    if !refused.is_empty() {
        parts.push(format!("rejected by others: {refused}"));
    }
    let reason = if any { reason::ACCEPTED } else { reason };
    ConditionBody::new(any, reason, parts.join("; "))
}

/// Where a route is attached, and for which hosts.
fn attached_to(kind: RouteKind, listener: &str, hostnames: &[EffectiveHostname]) -> String {
    if matches!(kind, RouteKind::Tcp | RouteKind::Udp) {
        return format!("listener `{listener}`");
    }
    let names = hostnames
        .iter()
        .map(|h| h.hostname.as_ref().map_or("*", Hostname::as_str));
    // One for each listener of each route: written without an intermediate text.
    let mut text = String::with_capacity(64);
    text.extend(["listener `", listener, "` for "]);
    push_names(&mut text, names);
    text
}

/// A text that is only made where it is shown.
type Text<'t> = Box<dyn FnOnce() -> String + 't>;

/// Why a listener does not take a route.
enum RouteRefusal<'t> {
    /// Its protocol carries other kinds of routes: such a listener is of interest only where there is no other.
    OtherKind(Text<'t>),
    /// Its `allowedRoutes.kinds` leave out the kind, which its protocol carries.
    Kind(Text<'t>),
    /// It takes no routes from the namespace of this one.
    Namespace(Text<'t>),
    /// The two have no host in common.
    Hostname(Text<'t>),
    /// It is rejected itself, and says why.
    Itself,
}

impl RouteRefusal<'_> {
    fn stage(&self) -> Stage {
        match self {
            Self::Hostname(_) => Stage::NoHostname,
            _ => Stage::NotAllowed,
        }
    }
}

/// How far a route got at the best of the listeners.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    NotNamed,
    NotAllowed,
    NoHostname,
    NotAccepted,
    Attached,
}

impl Stage {
    /// The reason of a route that no listener accepts, where the best one is this far.
    fn reason(self) -> &'static str {
        match self {
            Self::NotNamed | Self::NotAccepted => reason::NO_MATCHING_PARENT,
            Self::NotAllowed => reason::NOT_ALLOWED_BY_LISTENERS,
            Self::NoHostname => reason::NO_MATCHING_LISTENER_HOSTNAME,
            Self::Attached => reason::ACCEPTED,
        }
    }
}

/// Why no listener is meant by a parentRef.
fn not_named(
    name: &NamespacedName,
    gateway: &GatewayState,
    section: Option<&str>,
    port: Option<i32>,
) -> String {
    let have: Vec<String> = gateway
        .listeners
        .iter()
        .take(8)
        .map(|l| format!("`{}` (port {})", l.name, l.port.unwrap_or_default()))
        .collect();
    let asked = match (section, port) {
        (Some(section), Some(port)) => format!("named `{section}` with port {port}"),
        (Some(section), None) => format!("named `{section}`"),
        (None, Some(port)) => format!("with port {port}"),
        (None, None) => "at all".to_owned(),
    };
    let more = gateway.listeners.len().saturating_sub(have.len());
    let more = match more {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    if have.is_empty() {
        return format!("Gateway {name} has no listener");
    }
    format!(
        "Gateway {name} has no listener {asked}: it has {}{more}",
        have.join(", ")
    )
}

/// Why listeners reject a route.
#[derive(Default)]
struct Refusals<'g> {
    texts: Texts,
    /// Of listeners whose protocol carries other kinds of routes.
    of_other_kinds: Texts,
    /// The listeners that are rejected themselves, by the reason.
    rejected: BTreeMap<&'static str, Vec<&'g str>>,
}

impl<'g> Refusals<'g> {
    /// A listener that is rejected itself: its own status says why.
    fn add_rejected(&mut self, listener: &'g ListenerState) {
        let reason = if listener.accepted.holds() {
            listener.conflicted.reason
        } else {
            listener.accepted.reason
        };
        self.rejected
            .entry(reason)
            .or_default()
            .push(&listener.name);
    }

    /// All of it in one sentence. Listeners for other kinds of routes are named only if there is nothing else to say: they are no
    /// cause where another listener is.
    fn joined(self, attached: bool) -> String {
        let mut parts = Vec::new();
        let alone = self.texts.is_empty() && self.rejected.is_empty() && !attached;
        if !self.texts.is_empty() {
            parts.push(self.texts.joined());
        }
        if alone && !self.of_other_kinds.is_empty() {
            parts.push(self.of_other_kinds.joined());
        }
        for (reason, listeners) in self.rejected {
            let subject = if listeners.len() == 1 {
                "listener"
            } else {
                "listeners"
            };
            let verb = if listeners.len() == 1 { "is" } else { "are" };
            let own = if listeners.len() == 1 { "its" } else { "their" };
            let names = names_of(listeners.into_iter());
            parts.push(format!(
                "{subject} {names} {verb} rejected ({reason}): see {own} own conditions"
            ));
        }
        parts.join("; ")
    }
}

/// Sentences about listeners, of which only the first few are made.
#[derive(Default)]
struct Texts {
    text: String,
    shown: usize,
    more: usize,
}

impl Texts {
    fn is_empty(&self) -> bool {
        self.shown == 0
    }

    fn add(&mut self, text: impl FnOnce() -> String) {
        if self.is_empty() {
            self.text = text();
            self.shown = 1;
        } else if self.shown < 8 {
            self.text.push_str("; ");
            self.text.push_str(&text());
            self.shown += 1;
        } else {
            self.more += 1;
        }
    }

    fn joined(mut self) -> String {
        if self.more > 0 {
            self.text.push_str(&format!("; and {} more", self.more));
        }
        self.text
    }
}
