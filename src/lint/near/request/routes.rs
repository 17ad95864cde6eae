//! Routes that would have taken a request and are not in force where it was asked, or not as they are written.

use super::{
    super::{
        Near,
        conflict::{apart, apart_at_ports},
        obstacles,
    },
    Around, NotInForce, SHOWN, host_of, within,
};
use crate::{
    attachment::{
        Attachment, PARENT_KINDS, RouteId, RouteKind, Snapshot,
        effective::{AttachedRoute, EffectiveHostname},
    },
    meta::{GROUP, Hostname, ObjectRef},
    proxy::Table,
    schema::{self, nearest_name},
    sim::{Answer, Request, listener_host, understands},
    v1::{Listener, ListenerTlsConfig, ProtocolType, TlsModeType},
};
use std::{cell::LazyCell, fmt, sync::Arc};

/// What is said of an object, without its name in front.
pub(super) fn without_name(said: &str, object: &impl fmt::Display) -> String {
    let rest = said.strip_prefix(&format!("{object} "));
    rest.unwrap_or(said).to_owned()
}

impl Near<'_> {
    /// Routes that are rejected where a request was taken, for the sake of others, and serve its host. Something is wrong where one
    /// would take the request but for that; where it would not take it anyway, it is only named.
    pub(super) fn rivals(&self, request: &Request, answer: &Answer, around: &mut Around) {
        let Some(asked) = answer.gateway.as_ref().or(answer.service.as_ref()) else {
            return;
        };
        let port = request.destination_port().ok();
        let here = self.of_parent(asked).filter(|(route, _)| {
            carries(route, request) && self.serves(route, host_of(request).as_deref())
        });
        let taken = answer.listener.as_ref().map(|at| at.name.as_str());
        let table = LazyCell::new(|| self.table_of(request, answer));
        let mut shown = 0;
        for (route, attachment) in here {
            if let Some(of_host) = self.lost_host((route, attachment), request, answer) {
                around.why.push(of_host);
                shown += 1;
            }
            if shown >= SHOWN {
                return;
            }
            let lost = exclusions(route, attachment, |at| match at {
                At::Listener(listener) => Some(listener) == taken,
                At::Port(lost) => is_port(lost, port),
            });
            let lost: Vec<String> = lost.take(SHOWN - shown).collect();
            let Some(first) = lost.first() else {
                continue;
            };
            shown += lost.len();
            if self.would_win(route, request, &table) {
                let reference = route.reference();
                around.amiss = true;
                around.not_in_force.push(NotInForce {
                    why: without_name(first, route),
                    object: reference.clone(),
                });
                // What it needs at its other parents is no concern of a request to this one.
                let attachments = self.resolver.resolution().attachments.get(route);
                let own = attachments.and_then(|all| all.iter().position(|one| one == attachment));
                let own = own.map(|index| format!("spec.parentRefs[{index}]"));
                let problems = self.problems(&reference).into_iter();
                let at_this = problems
                    .filter(|(problem, _)| own.iter().any(|own| within(&problem.path, own)));
                around.help.extend(at_this.filter_map(|(_, help)| help));
            }
            around.why.extend(lost);
            if shown >= SHOWN {
                return;
            }
        }
    }

    /// That the TLSRoute which took a connection takes those for a hostname of another one, which keeps other hostnames.
    fn lost_host(
        &self,
        (route, attachment): (&RouteId, &Attachment),
        request: &Request,
        answer: &Answer,
    ) -> Option<String> {
        let (taken, at) = (answer.route.as_ref()?, answer.listener.as_ref()?);
        let mut listeners = attachment.listeners.iter();
        // Where it has lost all of them, it is rejected.
        let is_here = listeners.any(|one| *one.name == *at.name && one.standing.is_in_tables());
        if route.kind != RouteKind::Tls || !is_here || taken.route == route.reference() {
            return None;
        }
        let (host, gateway) = (listener_host(request), at.gateway.namespaced_name());
        let lost = self.resolver.lost_hostnames(route, &gateway, &at.name);
        let lost = lost.into_iter().find(|lost| {
            let covers = |name: &Hostname| host.as_deref().is_some_and(|host| name.matches(host));
            lost.winner.reference() == taken.route && lost.hostname.as_ref().is_none_or(covers)
        })?;
        let listener = &at.name;
        Some(format!(
            "{route} gets no connection for this host at listener `{listener}`: {lost}"
        ))
    }

    /// Routes that are not in force where no route took a request, and would have taken it.
    pub(super) fn unattached(&self, request: &Request, answer: &Answer, around: &mut Around) {
        let asked = answer.gateway.as_ref().or(answer.service.as_ref());
        let taken = answer.listener.as_ref().map(|at| at.name.as_str());
        let port = request.destination_port().ok();
        let attachments = self.resolver.resolution().attachments.iter();
        let all = attachments.flat_map(|(route, attachments)| {
            let attachments = attachments.iter().enumerate();
            attachments.map(move |(index, one)| (route, index, one))
        });
        let here = all.filter(|(route, _, attachment)| {
            let parent = attachment.parent.resolve(&route.name.namespace);
            asked.is_none_or(|asked| *asked == parent || self.nearly_names(&parent, asked))
                && carries(route, request)
                && !has_place_elsewhere(attachment, taken)
                && !self.means_other_port(route, attachment, port)
                && self.would_take(route, request)
        });
        for (route, index, attachment) in here.take(SHOWN) {
            let mut excluded: Vec<String> = exclusions(route, attachment, |at| match at {
                At::Listener(listener) => Some(listener) == taken,
                At::Port(lost) => is_port(lost, port),
            })
            .take(SHOWN)
            .collect();
            if !attachment.attached && excluded.is_empty() {
                excluded = exclusions(route, attachment, |_| true)
                    .take(SHOWN)
                    .collect();
            }
            if !attachment.attached && excluded.is_empty() {
                around.why.push(rejection(route, attachment));
            }
            if !attachment.attached {
                if self.would_get(route, attachment, request, answer) {
                    self.attach(route, (index, attachment), &mut around.help);
                }
            } else if !excluded.is_empty() {
                let at = attachment.listeners.iter();
                let here = at.filter(|at| Some(&*at.name) == taken);
                around
                    .help
                    .extend(apart(route, here.map(|at| &at.standing)));
                let lost = attachment.lost_ports.iter();
                let lost: Vec<_> = lost.filter(|lost| is_port(lost.port, port)).collect();
                around.help.extend(apart_at_ports(route, &lost));
            }
            if attachment.attached
                && excluded.is_empty()
                && let Some((why, help)) = self.refused_here(route, (index, attachment), answer)
            {
                let parent = attachment.parent.resolve(&route.name.namespace);
                around
                    .why
                    .push(format!("{route} is rejected by {parent}: {why}"));
                around.help.push(help);
            }
            around.why.extend(excluded);
        }
    }

    /// Whether what a client sends comes to a route once it is attached where it is most likely meant to be: some listener there has the
    /// port, carries the kind and understands the scheme. Where nothing is there that may be meant, it counts as if it did.
    pub(super) fn would_get(
        &self,
        route: &RouteId,
        attachment: &Attachment,
        request: &Request,
        answer: &Answer,
    ) -> bool {
        if answer.service.is_some() {
            return true;
        }
        let parent = attachment.parent.resolve(&route.name.namespace);
        let gateways = self.resolver.snapshot().gateways().iter();
        let mut meant = self.first_candidates(gateways).filter(|(place, _)| {
            let gateway = ObjectRef::gateway_api("Gateway", place);
            let may_be_asked = answer
                .gateway
                .as_ref()
                .is_none_or(|asked| *asked == gateway);
            may_be_asked && (gateway == parent || self.nearly_names(&parent, &gateway))
        });
        let Some(first) = meant.next() else {
            let is_service = matches!(parent.kind.as_str(), "Service" | "ServiceImport");
            return !is_service || request.host().split('.').next() == Some(&parent.name);
        };
        let Ok(port) = request.destination_port() else {
            return false;
        };
        let reference = &attachment.parent;
        let section = reference.section_name.as_deref();
        let section = section.filter(|section| !section.is_empty());
        let is_named = |listener: &Listener| {
            section.is_none_or(|section| listener.name == section)
                && reference.port.is_none_or(|port| listener.port == port)
        };
        std::iter::once(first).chain(meant).any(|(_, gateway)| {
            let listeners = || gateway.spec.listeners.iter();
            // A name that no listener has is most likely one of them.
            let names_any = listeners().any(is_named);
            self.first_listeners(listeners()).any(|listener| {
                (!names_any || is_named(listener))
                    && listener.port == i32::from(port)
                    && obstacles::carries(route.kind, listener)
                    && hears(listener, request.scheme())
            })
        })
    }

    /// Whether a reference to a parent that is not there most likely means another object: one of the same name, one of
    /// nearly the same name in its namespace, or the only Gateway there.
    pub(super) fn nearly_names(&self, parent: &ObjectRef, meant: &ObjectRef) -> bool {
        let snapshot = self.resolver.snapshot();
        if snapshot.contains(parent) || self.index().ignored(parent).is_some() {
            return false;
        }
        // A Gateway, a Service and a ServiceImport of one name are three objects, of which only one in the same place may be meant for
        // another; a kind that is none of these is misspelt.
        let is_of_kind = |one: &ObjectRef| {
            let kind = (one.group.as_str(), one.kind.as_str());
            PARENT_KINDS.iter().find(|known| **known == kind)
        };
        if is_of_kind(parent).is_some_and(|kind| Some(kind) != is_of_kind(meant)) {
            return parent.namespaced_name() == meant.namespaced_name();
        }
        let same_namespace = parent.namespace == meant.namespace;
        let is_near = || {
            let name = std::iter::once(meant.name.as_str());
            parent.name.len() > 2 && nearest_name(&parent.name, name).is_some()
        };
        let is_only = || {
            let is_gateway = parent.kind == "Gateway" && meant.kind == "Gateway";
            let gateways = snapshot.gateways();
            is_gateway
                && Snapshot::in_namespace(gateways, &meant.namespace)
                    .nth(1)
                    .is_none()
        };
        parent.name == meant.name || same_namespace && (is_near() || is_only())
    }

    /// What to do first with a route that another listener is to have, too; nothing where its rules are valid.
    pub(super) fn correct_first(&self, route: &RouteId) -> &'static str {
        match self.resolver.is_invalid(route) {
            true => "correct its rules, none of which is valid, and ",
            false => "",
        }
    }

    /// Routes that are attached to other listeners of the Gateway alone, and would take a request, or a connection of which the
    /// listener sees the SNI alone.
    pub(super) fn routes_of_other_listeners(
        &self,
        request: &Request,
        answer: &Answer,
        by_sni: bool,
        hints: &mut Vec<String>,
    ) {
        let Some(taken) = &answer.listener else {
            return;
        };
        let of_listener = |route: &RouteId| (route.kind == RouteKind::Tls) == by_sni;
        let others = self
            .of_parent(&taken.gateway)
            .filter(|(route, attachment)| {
                let mut names = attachment.listeners.iter().map(|at| &*at.name);
                (attachment.attached || has_place_elsewhere(attachment, Some(&taken.name)))
                    && of_listener(route)
                    && carries(route, request)
                    && !names.any(|name| name == taken.name)
                    && self.would_take(route, request)
            });
        let takes = match by_sni {
            true => "connection",
            false => "request",
        };
        for (route, attachment) in others.take(SHOWN) {
            let names: Vec<String> = attachment
                .listeners
                .iter()
                .take(SHOWN)
                .map(|at| format!("`{}`", at.name))
                .collect();
            hints.push(format!(
                "{route} would take the {takes}, but names listener {} alone: {}{}",
                names.join(", "),
                self.correct_first(route),
                self.to_have(route, &taken.gateway.namespaced_name(), &taken.name, "it")
            ));
        }
    }

    /// Rules that are left out of routes that serve the host of a request where it was asked; `told` if those of the route
    /// that took it are named already.
    pub(super) fn dropped(
        &self,
        request: &Request,
        answer: &Answer,
        told: bool,
        around: &mut Around,
    ) {
        let Some(asked) = answer.gateway.as_ref().or(answer.service.as_ref()) else {
            return;
        };
        if answer.service.is_none() && answer.listener.is_none() {
            return;
        }
        let host = host_of(request);
        let listener = answer.listener.as_ref().map(|listener| &listener.name);
        let won = answer.route.as_ref().map(|route| &route.route);
        let here = self.of_parent(asked).filter(|(route, attachment)| {
            let in_force = |name: &String| {
                let mut at = attachment.listeners.iter();
                at.any(|at| *at.name == **name && at.standing.is_in_tables())
            };
            !(told && won == Some(&route.reference()))
                && (attachment.attached || listener.is_some())
                && carries(route, request)
                && self.serves(route, host.as_deref())
                && listener.is_none_or(in_force)
        });
        let rules = here.flat_map(|(route, _)| {
            let rules = self.resolver.left_out(route).iter();
            rules.map(move |(rule, why)| (route, rule, why))
        });
        let takes = match request.scheme() {
            "udp" => "no datagram",
            "tcp" | "tls" => "no connection",
            _ => "no request",
        };
        for (route, rule, why) in rules.take(SHOWN) {
            let label = self.resolver.snapshot().rule_label(route, *rule);
            let told = format!("{label} is dropped and takes {takes}: {why}");
            around.why.push(format!("{route}, {told}"));
            if answer.route.is_some() {
                around.amiss = true;
                around.not_in_force.push(NotInForce {
                    object: route.reference(),
                    why: told,
                });
            }
            let correct = self.correct_rules(route, &[*rule]).into_iter();
            let help = correct.map(|(_, correct)| format!("{route}: {correct}"));
            around.help.extend(help);
        }
    }

    /// The routes with this parent, in order.
    pub(super) fn of_parent<'n>(
        &'n self,
        parent: &'n ObjectRef,
    ) -> impl Iterator<Item = (&'n RouteId, &'n Attachment)> {
        let attachments = self.resolver.resolution().attachments.iter();
        attachments
            .flat_map(|(route, attachments)| attachments.iter().map(move |one| (route, one)))
            .filter(move |(route, attachment)| {
                attachment.parent.resolve(&route.name.namespace) == *parent
            })
    }

    /// Routes that are accepted where a request was asked, serve its host and have no rules, so that they take nothing.
    pub(super) fn without_rules(&self, request: &Request, answer: &Answer, why: &mut Vec<String>) {
        let Some(asked) = answer.gateway.as_ref().or(answer.service.as_ref()) else {
            return;
        };
        let (host, snapshot) = (host_of(request), self.resolver.snapshot());
        let has_none = |route: &RouteId| match route.kind {
            RouteKind::Http => {
                let route = snapshot.http_routes().get(&route.name);
                let rules = route.and_then(|route| route.spec.rules.as_ref());
                rules.is_some_and(Vec::is_empty)
            }
            RouteKind::Grpc => {
                let route = snapshot.grpc_routes().get(&route.name);
                let spec = route.and_then(|route| route.spec.as_ref());
                route.is_some() && spec.is_none_or(|spec| spec.rules.is_empty())
            }
            RouteKind::Tls | RouteKind::Tcp | RouteKind::Udp => false,
        };
        let taken = answer.listener.as_ref().map(|at| at.name.as_str());
        let is_at = |at: &Attachment| {
            let mut listeners = at.listeners.iter();
            at.attached
                && (at.listeners.is_empty()
                    || taken.is_none_or(|taken| listeners.any(|at| *at.name == *taken)))
        };
        let here = self.of_parent(asked).filter(|(route, at)| {
            is_at(at)
                && carries(route, request)
                && has_none(route)
                && self.serves(route, host.as_deref())
        });
        for (route, _) in here.take(SHOWN) {
            let sentence =
                format!("{route} is accepted for the host and has no rules: it takes no request");
            if !why.contains(&sentence) {
                why.push(sentence);
            }
        }
    }

    /// Whether a route names a host, or none.
    pub(super) fn serves(&self, route: &RouteId, host: Option<&str>) -> bool {
        let names = self.hostnames(route);
        let covers = |name: &String| {
            let name = name.parse::<Hostname>();
            name.is_ok_and(|name| host.is_some_and(|host| name.matches(host)))
        };
        names.is_empty() || names.iter().any(covers)
    }

    /// The hostnames of a route as it is written.
    pub(in crate::lint) fn hostnames(&self, route: &RouteId) -> &[String] {
        let snapshot = self.resolver.snapshot();
        let name = &route.name;
        let names = match route.kind {
            RouteKind::Http => snapshot.http_routes().get(name).map(|r| &r.spec.hostnames),
            RouteKind::Tls => snapshot.tls_routes().get(name).map(|r| &r.spec.hostnames),
            RouteKind::Grpc => {
                let route = snapshot.grpc_routes().get(name);
                let spec = route.and_then(|route| route.spec.as_ref());
                spec.map(|spec| &spec.hostnames)
            }
            RouteKind::Tcp | RouteKind::Udp => None,
        };
        names.map_or(&[], Vec::as_slice)
    }

    /// Whether a route would take a request where it was asked, were not all of its rules invalid.
    pub(super) fn would_take_but_for_its_rules(
        &self,
        route: &ObjectRef,
        request: &Request,
        answer: &Answer,
    ) -> bool {
        let Some(kind) = RouteKind::from_kind(&route.kind) else {
            return false;
        };
        let id = RouteId::new(kind, route.namespaced_name());
        let asked = answer.gateway.as_ref().or(answer.service.as_ref());
        let attachments = self.resolver.resolution().attachments.get(&id);
        let mut attachments = attachments.into_iter().flatten().enumerate();
        let rejected = attachments.any(|(index, attachment)| {
            let parent = attachment.parent.resolve(&id.name.namespace);
            asked.is_some_and(|asked| *asked == parent)
                && self.resolver.is_rejected_for_rules(&id, index)
        });
        rejected && carries(&id, request) && self.would_take(&id, request)
    }

    /// Whether a route would take a request, were it in force. Of one whose rules cannot be read that is not known: it
    /// counts as if it would.
    pub(super) fn would_take(&self, route: &RouteId, request: &Request) -> bool {
        self.serves(route, host_of(request).as_deref())
            && self.would_take_for_a_host(route, request)
    }

    /// The same, were it for a host of the route.
    pub(super) fn would_take_for_a_host(&self, route: &RouteId, request: &Request) -> bool {
        if matches!(route.kind, RouteKind::Tls | RouteKind::Tcp | RouteKind::Udp) {
            return true;
        }
        let mut table = Table::of_no_parent(self.routing);
        let every = |_: &[Hostname]| Arc::from([EffectiveHostname::default()]);
        self.insert(&mut table, route, every)
            && (table.router().find(&request.head()).is_some()
                || !self.resolver.left_out(route).is_empty())
    }

    /// Puts an HTTPRoute or a GRPCRoute into a table, with the hostnames that follow from its own. Whether there is one of that
    /// name.
    pub(super) fn insert(
        &self,
        table: &mut Table,
        route: &RouteId,
        hostnames: impl FnOnce(&[Hostname]) -> Arc<[EffectiveHostname]>,
    ) -> bool {
        match route.kind {
            RouteKind::Http => self.resolver.http_rules_of(route).map(|rules| {
                table.insert_http(&AttachedRoute {
                    route: rules.clone(),
                    hostnames: hostnames(&rules.hostnames),
                });
            }),
            RouteKind::Grpc => self.resolver.grpc_rules_of(route).map(|rules| {
                table.insert_grpc(&AttachedRoute {
                    route: rules.clone(),
                    hostnames: hostnames(&rules.hostnames),
                });
            }),
            RouteKind::Tls | RouteKind::Tcp | RouteKind::Udp => None,
        }
        .is_some()
    }

    /// Whether a parentRef means a port of a Service that is not the one that was asked.
    pub(super) fn means_other_port(
        &self,
        route: &RouteId,
        attachment: &Attachment,
        asked: Option<u16>,
    ) -> bool {
        let reference = &attachment.parent;
        let parent = reference.resolve(&route.name.namespace);
        let is_import = parent.kind == "ServiceImport";
        if !is_import && parent.kind != "Service" {
            return false;
        }
        let section = reference.section_name.as_deref();
        let section = section.filter(|section| !section.is_empty());
        let effective = &self.resolver.resolution().effective;
        let service = effective.service(&parent.namespaced_name(), is_import);
        let ports = service.into_iter().flat_map(|service| &service.ports);
        let mut meant = ports.filter(|port| {
            section.is_none_or(|section| port.name.as_deref() == Some(section))
                && reference
                    .port
                    .is_none_or(|number| i32::from(port.port) == number)
        });
        // A port that the Service does not have may be meant to be the one that was asked.
        let first = meant.next();
        first.is_some_and(|first| {
            Some(first.port) != asked && meant.all(|port| Some(port.port) != asked)
        }) && asked.is_some()
    }

    /// What a route needs to be attached to the parent of this index.
    pub(super) fn attach(
        &self,
        route: &RouteId,
        (index, attachment): (usize, &Attachment),
        help: &mut Vec<String>,
    ) {
        let parent = attachment.parent.resolve(&route.name.namespace);
        let release = self.resolver.options().release;
        if let Some(later) = schema::later_kind(&parent.group, &parent.kind, release) {
            help.push(format!(
                "{route}: name a Gateway in `parentRefs`; {} needs release {}",
                later.kind, later.since
            ));
            return;
        }
        if let Some(ignored) = self.index().ignored(&parent) {
            help.push(super::ignored::correct(ignored));
            return;
        }
        let standings = attachment.listeners.iter().map(|at| &at.standing);
        let conflict = apart(route, standings);
        // What is wrong with its rules is the cause only where nothing else is.
        let invalid = self.resolver.is_rejected_for_rules(route, index);
        if let Some(conflict) = conflict {
            help.push(conflict);
            if !invalid {
                return;
            }
        }
        let rules = self.resolver.invalid_rules(route);
        if invalid && !rules.is_empty() {
            let shown = rules.get(..SHOWN).unwrap_or(rules);
            let correct = self.correct_rules(route, shown).into_iter();
            help.extend(correct.map(|(_, correct)| format!("{route}: {correct}")));
            return;
        }
        let object = ObjectRef {
            group: GROUP.to_owned(),
            kind: route.kind.as_str().to_owned(),
            namespace: route.name.namespace.clone(),
            name: route.name.name.clone(),
        };
        let problems = self.resolver.reference_problems(&object);
        let own = format!("spec.parentRefs[{index}]");
        let of_parent = problems.iter().filter(|problem| {
            let of_parents = problem.path.starts_with("spec.parentRefs");
            let of_hosts = within(&problem.path, "spec.hostnames");
            within(&problem.path, &own)
                || of_hosts && problem.to.as_ref().is_none_or(|to| *to == parent)
                || invalid && !of_parents
        });
        let known = help.len();
        let needed = of_parent.filter_map(|problem| self.help(&object, problem));
        help.extend(needed.map(|needed| format!("{route}: {}", without_name(&needed, route))));
        if invalid && help.len() == known {
            let remedies = problems
                .iter()
                .filter_map(|problem| self.remedy(&object, problem));
            help.extend(
                remedies.map(|remedy| format!("{route}: {}", without_name(&remedy, route))),
            );
        }
    }
}

/// Whether a port that a route lost is the one that was asked; `None` is every port of the Service.
fn is_port(lost: Option<u16>, asked: Option<u16>) -> bool {
    asked.is_some() && (lost.is_none() || lost == asked)
}

/// What has become of a route where a parentRef says that it is to be: one that is nobody's is rejected by nobody.
pub(super) fn fate(attachment: &Attachment) -> &'static str {
    match attachment.ours {
        true => "is rejected",
        false => "has no effect",
    }
}

/// That a route is not attached where a parentRef says, and why.
pub(super) fn rejection(route: &RouteId, attachment: &Attachment) -> String {
    let (why, fate) = (&attachment.why, fate(attachment));
    if !attachment.ours {
        return format!("{route} {fate}: {why}");
    }
    let parent = attachment.parent.resolve(&route.name.namespace).to_string();
    // The Gateway is named once.
    match why.contains(&parent) {
        true => format!("{route} {fate}: {why}"),
        false => format!("{route} {fate} by {parent}: {why}"),
    }
}

/// Whether a parentRef means other listeners than this one alone, and the route gets requests there.
fn has_place_elsewhere(attachment: &Attachment, listener: Option<&str>) -> bool {
    let mut at = attachment.listeners.iter();
    let mut others = attachment.listeners.iter();
    listener.is_some_and(|listener| at.all(|at| *at.name != *listener))
        && others.any(|at| at.standing.is_in_tables())
}

/// Whether a listener has something for clients of a scheme, were it in force. What a connection to a TCP listener carries is not
/// looked at.
fn hears(listener: &Listener, scheme: &str) -> bool {
    let mode = listener.tls.as_ref().map(ListenerTlsConfig::mode);
    let terminates = mode.is_none_or(|mode| mode != TlsModeType::Passthrough);
    match listener.protocol {
        ProtocolType::Tcp => scheme != "udp",
        _ => understands(&listener.protocol, terminates, scheme),
    }
}

/// Whether routes of a kind take requests of this scheme.
pub(super) fn carries(route: &RouteId, request: &Request) -> bool {
    match (route.kind, request.scheme()) {
        (RouteKind::Http | RouteKind::Grpc, scheme) => matches!(scheme, "http" | "https"),
        (RouteKind::Tls, scheme) => matches!(scheme, "tls" | "https"),
        (RouteKind::Tcp, scheme) => scheme != "udp",
        (RouteKind::Udp, scheme) => scheme == "udp",
    }
}

/// Where other routes exclude one.
pub(super) enum At<'a> {
    Listener(&'a str),
    /// A port of a Service; `None` is every port.
    Port(Option<u16>),
}

/// That other routes exclude a route at some of the listeners or ports of a parent, each in a sentence.
pub(super) fn exclusions<'a>(
    route: &'a RouteId,
    attachment: &'a Attachment,
    is_asked: impl Fn(At<'_>) -> bool + Copy + 'a,
) -> impl Iterator<Item = String> + 'a {
    let at_listeners = attachment.listeners.iter().filter_map(move |at| {
        let excluded = at.standing.excluded()?;
        is_asked(At::Listener(&at.name))
            .then(|| format!("{route} is rejected at listener `{}`: {excluded}", at.name))
    });
    let lost = attachment.lost_ports.iter();
    let lost = lost.filter(move |lost| is_asked(At::Port(lost.port)));
    let at_ports =
        lost.map(move |lost| format!("{route} is rejected at {}: {}", lost.describe(), lost.to));
    at_listeners.chain(at_ports)
}
