//! Routes against Gateways: which listeners take them, and why others do not.

use super::{ParentState, ParentTarget, View};
use crate::{
    attachment::{
        Options, RouteKind,
        effective::EffectiveHostname,
        finding::{Finding, join},
        gateway::{GatewayState, listener::ListenerState, why_not_in_force},
    },
    meta::{Hostname, NamespacedName, SupportedFeature, condition::route::reason},
    v1::ParentReference,
};
use std::sync::Arc;

impl View<'_> {
    pub(super) fn at_gateway(
        &self,
        reference: &ParentReference,
        name: NamespacedName,
        gateway: &GatewayState,
        options: &Options,
    ) -> ParentState {
        let mut counted = Vec::new();
        let mut attached = Vec::new();
        let mut texts = Texts::default();
        let mut idle = Texts::default();
        let mut stage = Stage::NotNamed;
        let section = reference.section_name.as_deref().filter(|s| !s.is_empty());
        let unsupported_port = reference.port.is_some()
            && !options.supports(&SupportedFeature::HttpRouteParentRefPort)
            && !options.supports(&SupportedFeature::HttpRouteDestinationPortMatching);
        for (index, listener) in gateway.listeners.iter().enumerate() {
            if section.is_some_and(|section| section != listener.name) {
                continue;
            }
            let ports_differ = |port: i32| listener.port.map(i32::from) != Some(port);
            if reference.port.is_some_and(ports_differ) {
                texts.add(|| {
                    format!(
                        "listener `{}` has port {}",
                        listener.name,
                        listener.port.unwrap_or_default()
                    )
                });
                continue;
            }
            match self.at_listener(gateway, listener) {
                Err((reached, text)) => {
                    stage = stage.max(reached);
                    if reached > Stage::NotAllowed {
                        counted.push(index);
                    }
                    texts.add(text);
                }
                Ok(hostnames) => {
                    counted.push(index);
                    if !listener.accepted.holds() || listener.conflicted.holds() {
                        stage = stage.max(Stage::NotAccepted);
                        texts.add(|| {
                            format!(
                                "listener `{}`: {}",
                                listener.name,
                                why_not_in_force(listener)
                            )
                        });
                        continue;
                    }
                    stage = Stage::Attached;
                    if !listener.in_force() {
                        let why = why_not_in_force(listener);
                        idle.add(|| format!("listener `{}`: {why}", listener.name));
                    } else if gateway.accepted.holds() {
                        attached.push((index, hostnames));
                    }
                }
            }
        }
        let refused = texts.joined();
        let accepted = if unsupported_port {
            counted.clear();
            attached.clear();
            Finding::new(
                false,
                reason::UNSUPPORTED_VALUE,
                "`port` of a parentRef is not supported",
            )
        } else {
            match stage {
                Stage::Attached => Finding::new(
                    true,
                    reason::ACCEPTED,
                    self.describe_attached(gateway, &attached, &idle.joined(), &refused),
                ),
                Stage::NotNamed => Finding::new(
                    false,
                    reason::NO_MATCHING_PARENT,
                    not_named(&name, gateway, section, reference.port),
                ),
                Stage::NotAllowed => Finding::new(false, reason::NOT_ALLOWED_BY_LISTENERS, refused),
                Stage::NoHostname => {
                    Finding::new(false, reason::NO_MATCHING_LISTENER_HOSTNAME, refused)
                }
                Stage::NotAccepted => Finding::new(false, reason::NO_MATCHING_PARENT, refused),
            }
        };
        ParentState {
            reference: reference.clone(),
            target: ParentTarget::Gateway {
                name,
                counted,
                attached,
            },
            controller: Some(gateway.controller.clone()),
            accepted,
        }
    }

    /// Whether a listener takes the route: for which hostnames, or how far it got and what stopped it.
    #[expect(
        clippy::type_complexity,
        reason = "a text that is only made where it is shown"
    )]
    fn at_listener<'t>(
        &'t self,
        gateway: &'t GatewayState,
        listener: &'t ListenerState,
    ) -> Result<Arc<[EffectiveHostname]>, (Stage, Box<dyn FnOnce() -> String + 't>)> {
        let route_namespace = &self.id.name.namespace;
        let own = &gateway.name.namespace;
        if !listener.kinds.contains(&self.id.kind) {
            let kind = self.id.kind;
            return Err((
                Stage::NotAllowed,
                Box::new(move || {
                    let name = &listener.name;
                    let kinds = listener.describe_kinds();
                    if listener.kinds.is_empty() {
                        format!("listener `{name}` takes {kinds}")
                    } else {
                        format!("listener `{name}` takes {kinds}, and no {kind}")
                    }
                }),
            ));
        }
        if !listener.allows_namespace(own, route_namespace, &self.labels) {
            return Err((
                Stage::NotAllowed,
                Box::new(move || {
                    format!(
                        "listener `{}` takes routes from {}, and the route is in `{route_namespace}`{}",
                        listener.name,
                        listener.describe_from(own),
                        listener.describe_labels(&self.labels),
                    )
                }),
            ));
        }
        self.hostnames_at(listener).ok_or_else(|| {
            let text: Box<dyn FnOnce() -> String + 't> = Box::new(move || {
                let names: Vec<&str> = self.hostnames.iter().map(Hostname::as_str).collect();
                format!(
                    "listener `{}` serves `{}`, with which `{}` has no host in common",
                    listener.name,
                    listener.hostname.as_ref().map_or("*", Hostname::as_str),
                    names.join("`, `"),
                )
            });
            (Stage::NoHostname, text)
        })
    }

    /// The hostnames for which the route holds at a listener (HTTPRoute `spec.hostnames`).
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

    /// The sentence of a route that is attached: where, and for which hosts.
    fn describe_attached(
        &self,
        gateway: &GatewayState,
        attached: &[(usize, Arc<[EffectiveHostname]>)],
        idle: &str,
        refused: &str,
    ) -> String {
        let mut texts = Texts::default();
        for (index, hostnames) in attached {
            if let Some(listener) = gateway.listeners.get(*index) {
                texts.add(|| {
                    let name = &listener.name;
                    if matches!(self.id.kind, RouteKind::Tcp | RouteKind::Udp) {
                        return format!("listener `{name}`");
                    }
                    let names: Vec<&str> = hostnames
                        .iter()
                        .map(|h| h.hostname.as_ref().map_or("*", Hostname::as_str))
                        .collect();
                    format!("listener `{name}` for `{}`", names.join("`, `"))
                });
            }
        }
        let mut parts = Vec::new();
        if !attached.is_empty() {
            parts.push(format!("attached to {}", texts.joined()));
        }
        if !idle.is_empty() {
            parts.push(format!(
                "without effect at listeners that are not in force: {idle}"
            ));
        }
        if parts.is_empty() {
            parts.push(format!(
                "without effect while the Gateway is not accepted: {}",
                gateway.accepted.message
            ));
        }
        let mut text = parts.join("; ");
        if !refused.is_empty() {
            text.push_str("; not to others: ");
            text.push_str(refused);
        }
        text
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
    format!(
        "Gateway {name} has no listener {asked}: it has {}",
        have.join(", ")
    )
}

/// Sentences about listeners, of which only the first few are made.
#[derive(Default)]
struct Texts {
    shown: Vec<String>,
    more: usize,
}

impl Texts {
    fn add(&mut self, text: impl FnOnce() -> String) {
        if self.shown.len() < 8 {
            self.shown.push(text());
        } else {
            self.more += 1;
        }
    }

    fn joined(&self) -> String {
        let mut text = join(&self.shown);
        if self.more > 0 {
            text.push_str(&format!("; and {} more", self.more));
        }
        text
    }
}
