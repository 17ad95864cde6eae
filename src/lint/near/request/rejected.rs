//! Routes that are rejected and would take a request that another one took, and conditions of the route that took it.

use super::{
    super::{Near, obstacles::listener_of},
    Around, NotInForce, SHOWN, host_of,
    routes::{carries, exclusions, fate, without_name},
    within,
};
use crate::{
    attachment::{
        Attachment, RouteId, RouteKind, Status,
        effective::{EffectiveHostname, EffectiveListener},
    },
    meta::{
        Condition, Hostname,
        condition::{is_good, route},
    },
    proxy::{Endpoints, Table},
    schema::nearest_name,
    sim::{Answer, Outcome, Request},
};
use std::{cell::LazyCell, collections::BTreeSet, sync::Arc};

/// The routes that were asked for a request, and their listener if it is one.
pub(super) type AskedTable<'t> = Option<(Table, Option<&'t EffectiveListener>)>;

impl Near<'_> {
    /// Routes that are rejected where a request was taken, by a reference to this parent or to one that most likely means it,
    /// and would take it if they were not.
    pub(super) fn rejected(&self, request: &Request, answer: &Answer, around: &mut Around) {
        let Some(asked) = answer.gateway.as_ref().or(answer.service.as_ref()) else {
            return;
        };
        let won = answer.route.as_ref().map(|route| &route.route);
        let taken = answer.listener.as_ref().map(|at| at.name.as_str());
        let table = LazyCell::new(|| self.table_of(request, answer));
        let attachments = self.resolver.resolution().attachments.iter();
        let candidates = attachments.filter_map(|(route, attachments)| {
            if !carries(route, request) || won == Some(&route.reference()) {
                return None;
            }
            // It may have its place here by another reference.
            let has_place = |one: &Attachment| {
                let mut listeners = one.listeners.iter();
                let at_listener =
                    listeners.any(|at| Some(&*at.name) == taken && at.standing.is_in_tables());
                one.parent.resolve(&route.name.namespace) == *asked
                    && (at_listener || one.attached && taken.is_none())
            };
            if attachments.iter().any(has_place) {
                return None;
            }
            let mut attachments = attachments.iter().enumerate();
            let (index, one) = attachments.find(|(_, attachment)| {
                let parent = attachment.parent.resolve(&route.name.namespace);
                !attachment.attached
                    && (*asked == parent || self.nearly_names(&parent, asked))
                    && exclusions(route, attachment, |_| true).next().is_none()
                    && !self.means_other_port(route, attachment, request.destination_port().ok())
                    && self.means_this(attachment, request, answer)
            })?;
            Some((route, index, one))
        });
        let taking = candidates.filter(|(route, ..)| match route.kind {
            RouteKind::Http | RouteKind::Grpc => self.would_win(route, request, &table),
            RouteKind::Tls | RouteKind::Tcp | RouteKind::Udp => {
                self.would_take_connection(route, request, answer)
            }
        });
        let taking: Vec<_> = taking.take(SHOWN).collect();
        let routes = || taking.iter().map(|(route, ..)| *route);
        let first = (taking.len() > 1)
            .then(|| self.first_of(routes(), request, &table))
            .flatten();
        for (route, index, attachment) in taking {
            // Of rules that cannot be read nobody knows which requests they take.
            let is_known = self.resolver.left_out(route).is_empty();
            let is_of_table = matches!(route.kind, RouteKind::Http | RouteKind::Grpc);
            let would = match &first {
                Some(first) if is_known && is_of_table && first != route => {
                    format!("would rank lower than {first}")
                }
                _ if is_known => "would take the request".to_owned(),
                _ => "could take the request".to_owned(),
            };
            let (why, fate) = (&attachment.why, fate(attachment));
            around
                .why
                .push(format!("{route} {fate} and {would}: {why}"));
            self.attach(route, (index, attachment), &mut around.help);
            around.not_in_force.push(NotInForce {
                object: route.reference(),
                why: why.clone(),
            });
            around.amiss = true;
        }
        self.accepted_elsewhere(request, answer, &mut around.why);
    }

    /// Why the listener that took a request refuses a route which its Gateway accepts elsewhere, by the parentRef of this index; and what
    /// to do about it. Nothing where another listener of the same port has the route: that is told of the two listeners.
    pub(super) fn refused_here(
        &self,
        route: &RouteId,
        (index, attachment): (usize, &Attachment),
        answer: &Answer,
    ) -> Option<(String, String)> {
        let at = answer.listener.as_ref()?;
        let parent = attachment.parent.resolve(&route.name.namespace);
        let mut obstacles = self.resolver.obstacles(route, index);
        if parent != at.gateway || !obstacles.any(|(name, _)| *name == *at.name) {
            return None;
        }
        let gateway = at.gateway.namespaced_name();
        let written = self.resolver.snapshot().gateways().get(&gateway)?;
        let port = listener_of(written, &at.name)?.port;
        let mut others = attachment.listeners.iter();
        let is_told = others.any(|other| {
            let written = listener_of(written, &other.name);
            other.standing.is_in_tables() && written.is_some_and(|other| other.port == port)
        });
        if is_told {
            return None;
        }
        let why = self.resolver.why_refused(route, &gateway, &at.name)?;
        let needs = self.to_have(route, &gateway, &at.name, "the route");
        Some((why, format!("{route}: {needs}")))
    }

    /// Routes that are rejected at the listener which took a request, accepted elsewhere by the same parentRef, and would have taken it
    /// here. Such a parentRef names no listener, so that nothing need be wrong with it.
    fn accepted_elsewhere(&self, request: &Request, answer: &Answer, why: &mut Vec<String>) {
        let Some(at) = &answer.listener else {
            return;
        };
        let won = answer.route.as_ref().map(|route| &route.route);
        let host = host_of(request);
        let table = LazyCell::new(|| self.table_of(request, answer));
        let attachments = self.resolver.resolution().attachments.iter();
        let all = attachments.flat_map(|(route, attachments)| {
            let attachments = attachments.iter().enumerate();
            attachments.map(move |(index, one)| (route, index, one))
        });
        let refused = all.filter_map(|(route, index, one)| {
            let is_other = won != Some(&route.reference());
            let has_table = matches!(route.kind, RouteKind::Http | RouteKind::Grpc);
            let may_take = one.attached && is_other && has_table && carries(route, request);
            if !may_take || !self.serves(route, host.as_deref()) {
                return None;
            }
            let (because, _) = self.refused_here(route, (index, one), answer)?;
            self.would_win(route, request, &table).then(|| {
                let gateway = &at.gateway;
                format!(
                    "{route} is rejected by {gateway} here and would take the request: {because}"
                )
            })
        });
        why.extend(refused.take(SHOWN));
    }

    /// Whether the listener that took a request may be the one that a parentRef means, which selects none.
    fn means_this(&self, attachment: &Attachment, request: &Request, answer: &Answer) -> bool {
        let port = attachment.parent.port;
        let asked = request.destination_port().ok().map(i32::from);
        if port.is_some() && port != asked {
            return false;
        }
        let Some(section) = attachment.parent.section_name.as_deref() else {
            return true;
        };
        let Some(listener) = &answer.listener else {
            return true;
        };
        let gateways = &self.resolver.resolution().effective.gateways;
        let gateway = gateways.get(&listener.gateway.namespaced_name());
        let names = gateway.into_iter().flat_map(|gateway| &gateway.listeners);
        let names = names.map(|listener| listener.name.as_str());
        let is_there = names.clone().any(|name| name == section);
        let meant = match is_there {
            true => Some(section),
            false => nearest_name(section, names),
        };
        meant.is_none_or(|meant| *meant == *listener.name)
    }

    /// Whether a route would go before the one that took a request, were it accepted there. Of one with rules that cannot be
    /// read that is not known: it counts as if it would.
    pub(super) fn would_win<'t>(
        &'t self,
        route: &RouteId,
        request: &Request,
        table: &LazyCell<AskedTable<'t>, impl FnOnce() -> AskedTable<'t>>,
    ) -> bool {
        if !self.serves(route, host_of(request).as_deref()) {
            return false;
        }
        if !self.resolver.left_out(route).is_empty() {
            return true;
        }
        let Some((table, listener)) = &**table else {
            return false;
        };
        let mut table = table.clone();
        let hostnames = |own: &[Hostname]| hostnames_at(*listener, own);
        if !self.insert(&mut table, route, hostnames) {
            return false;
        }
        let found = table.router().find(&request.head());
        found.is_some_and(|target| *target.rule().route() == *route)
    }

    /// Which of these HTTPRoutes and GRPCRoutes would take a request, were all of them accepted where it was asked.
    fn first_of<'t, 'r>(
        &'t self,
        routes: impl Iterator<Item = &'r RouteId>,
        request: &Request,
        table: &LazyCell<AskedTable<'t>, impl FnOnce() -> AskedTable<'t>>,
    ) -> Option<RouteId> {
        let (table, listener) = (**table).as_ref()?;
        let mut table = table.clone();
        for route in routes {
            self.insert(&mut table, route, |own| hostnames_at(*listener, own));
        }
        let found = table.router().find(&request.head());
        found.map(|target| target.rule().route().clone())
    }

    /// The routes that were asked for a request, and their listener if it is one.
    pub(super) fn table_of(&self, request: &Request, answer: &Answer) -> AskedTable<'_> {
        let effective = &self.resolver.resolution().effective;
        let endpoints = Endpoints::default();
        if let Some(taken) = &answer.listener {
            let gateway = effective.gateways.get(&taken.gateway.namespaced_name())?;
            let mut listeners = gateway.listeners.iter();
            let listener = listeners.find(|listener| listener.name == taken.name)?;
            let table = Table::for_listener(&gateway.name, listener, &endpoints, self.routing);
            return Some((table, Some(listener)));
        }
        let service = answer.service.as_ref()?;
        let is_import = service.kind == "ServiceImport";
        let found = effective.service(&service.namespaced_name(), is_import)?;
        let port = request.destination_port().ok()?;
        let client = request.client.as_ref();
        let client = client.map_or(&service.namespace, |client| &client.namespace);
        let table = Table::for_service(found, port, client, &endpoints, self.routing);
        Some((table, None))
    }

    /// What conditions say is wrong with the route that took a request, at the parent by which it came, where the request has
    /// been forwarded or redirected all the same. Of another answer `why` says the cause. Returns whether there is something.
    pub(super) fn told_by_conditions(&self, answer: &Answer, around: &mut Around) -> bool {
        if !matches!(answer.outcome, Outcome::Forwarded | Outcome::Redirected) {
            return false;
        }
        let statuses = &self.resolver.resolution().statuses;
        let Some(taken) = &answer.route else {
            return false;
        };
        let Some(Status::Route(status)) = statuses.get(&taken.route) else {
            return false;
        };
        let asked = answer.gateway.as_ref().or(answer.service.as_ref());
        let at = answer
            .listener
            .as_ref()
            .map(|listener| listener.name.as_str());
        let parents = status.parents.iter().filter(|parent| {
            let reference = &parent.parent_ref;
            let section = reference.section_name.as_deref();
            asked.is_some_and(|asked| *asked == reference.resolve(&taken.route.namespace))
                && (at.is_none() || section.is_none() || section == at)
        });
        let mut said = BTreeSet::new();
        let mut kinds = BTreeSet::new();
        for condition in parents.flat_map(|parent| &parent.conditions) {
            if is_good(condition) {
                continue;
            }
            let Condition {
                type_,
                status,
                reason,
                message,
                ..
            } = condition;
            if said.insert((type_, message)) {
                let route = &taken.route;
                around
                    .why
                    .push(format!("{route}: {type_} {status} ({reason}): {message}"));
                kinds.insert(type_.as_str());
            }
        }
        if kinds.is_empty() {
            return false;
        }
        around.amiss = true;
        let Some(kind) = RouteKind::from_kind(&taken.route.kind) else {
            return true;
        };
        let route = RouteId::new(kind, taken.route.namespaced_name());
        let hints = self.object(&taken.route).into_iter();
        let of_rules = hints.filter(|hint| !hint.alone && within(&hint.path, "spec.rules"));
        let mut help: Vec<String> = of_rules
            .map(|hint| format!("{route}: {}", without_name(&hint.message, &route)))
            .collect();
        if kinds.contains(route::PARTIALLY_INVALID) {
            let rules = self.resolver.invalid_rules(&route);
            let rules = rules.get(..SHOWN).unwrap_or(rules);
            let correct = self.correct_rules(&route, rules).into_iter();
            help.extend(correct.map(|(_, correct)| format!("{route}: {correct}")));
        }
        let mut seen = BTreeSet::new();
        help.retain(|sentence| seen.insert(sentence.clone()));
        around.help.extend(help.into_iter().take(SHOWN));
        true
    }
}

/// The hostnames that a route would have at a listener, or at a Service.
pub(super) fn hostnames_at(
    listener: Option<&EffectiveListener>,
    own: &[Hostname],
) -> Arc<[EffectiveHostname]> {
    let Some(listener) = listener else {
        return Arc::from([EffectiveHostname::default()]);
    };
    let served = listener.hostname.as_ref();
    if own.is_empty() {
        return Arc::from([EffectiveHostname {
            hostname: served.cloned(),
            own: None,
        }]);
    }
    let each = own.iter().filter_map(|own| {
        let hostname = match served {
            Some(served) => served.intersection(own)?,
            None => own,
        };
        Some(EffectiveHostname {
            hostname: Some(hostname.clone()),
            own: Some(own.clone()),
        })
    });
    each.collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::{CART, around, object, route};

    fn rejected(name: &str, parent: &str, rules: &str) -> String {
        let spec = format!("{{ parentRefs: [{parent}], {rules} }}");
        object("HTTPRoute", name, &spec)
    }

    const ADMIN: &str = "rules: [{ matches: [{ path: { value: /admin } }], backendRefs: [{ name: cart, port: 80 }] }]";

    #[test]
    fn a_rejected_route_that_would_take_a_request_is_named_where_another_one_takes_it() {
        let rest = route("HTTPRoute", "rest", "");
        for (parent, why) in [
            (
                "{ name: front, sectionName: oen }",
                "has no listener named `oen`",
            ),
            ("{ name: frnt }", "Gateway shop/frnt does not exist"),
            (
                "{ group: '', name: front }",
                "kind Gateway is in group `gateway.networking.k8s.io`",
            ),
        ] {
            let all = rejected("admin", parent, ADMIN) + &rest;
            let found = around(&all, "http://x.example/admin");
            let [said] = found.why.as_slice() else {
                panic!("{found:#?}");
            };
            // As its status says: no Gateway has it where none is meant.
            let fate = match parent.contains("oen") {
                true => "is rejected",
                false => "has no effect",
            };
            let begin = format!("HTTPRoute shop/admin {fate} and would take the request: ");
            assert!(said.starts_with(&begin) && said.contains(why), "{found:#?}");
            assert_eq!(found.help.len(), 1, "{found:#?}");
            assert_eq!(found.not_in_force.len(), 1);
            assert!(found.amiss && found.not_in_force[0].why.contains(why));
            // What the other one takes by right.
            assert!(around(&all, "http://x.example/else").why.is_empty());
        }
        // It means another listener, or another port.
        for parent in [
            "{ name: front, sectionName: twoo }",
            "{ name: front, port: 443 }",
        ] {
            let all = rejected("admin", parent, ADMIN) + &rest;
            let found = around(&all, "http://x.example/admin");
            assert!(found.why.is_empty() && !found.amiss, "{found:#?}");
        }
        // It would rank lower.
        let lower = rejected("lower", "{ name: frnt }", CART);
        let all = route("HTTPRoute", "host", "hostnames: [x.example],") + &lower;
        let found = around(&all, "http://x.example/");
        assert!(found.why.is_empty() && !found.amiss, "{found:#?}");
    }

    /// Several may go before the route that took a request, but only one of them would take it.
    #[test]
    fn of_several_rejected_routes_one_would_take_the_request() {
        let all = rejected("b", "{ name: frnt }", ADMIN)
            + &rejected("a", "{ name: frnt }", ADMIN)
            + &rejected(
                "c",
                "{ name: frnt }",
                "rules: [{ matches: [{ path: { type: Exact, value: /admin } }], backendRefs: [{ name: cart, port: 80 }] }]",
            )
            + &route("HTTPRoute", "rest", "");
        let said = |path: &str| around(&all, &format!("http://x.example{path}")).why;
        let of = |name: &str, would: &str| {
            format!(
                "HTTPRoute shop/{name} has no effect and would {would}: Gateway shop/frnt does not exist"
            )
        };
        let lower = "rank lower than HTTPRoute shop/c";
        assert_eq!(
            said("/admin"),
            [of("a", lower), of("b", lower), of("c", "take the request")]
        );
        let lower = "rank lower than HTTPRoute shop/a";
        assert_eq!(
            said("/admin/x"),
            [of("a", "take the request"), of("b", lower)]
        );
    }

    #[test]
    fn a_route_of_which_no_match_can_be_read_is_named_where_another_one_takes_its_host() {
        let unreadable = "hostnames: [x.example], rules: [{ matches: [{ path: { type: RegularExpression, value: '(' } }] }]";
        let all = rejected("bad", "{ name: front }", unreadable) + &route("HTTPRoute", "rest", "");
        let found = around(&all, "http://x.example/");
        let said =
            "HTTPRoute shop/bad is rejected and could take the request: rule 0 takes no requests: ";
        assert!(found.why[0].starts_with(said), "{found:#?}");
        assert_eq!(found.why.len(), 1);
        assert!(found.amiss && !found.help.is_empty());
        assert!(around(&all, "http://y.example/").why.is_empty());
    }

    #[test]
    fn conditions_of_the_route_that_took_a_request_are_told() {
        let spec = "{ parentRefs: [{ name: front }], rules: [{ backendRefs: [{ name: cart, port: 80 }] }, { matches: [{ path: { value: /gone } }], backendRefs: [{ name: gone, port: 80 }] }] }";
        let found = around(&object("HTTPRoute", "part", spec), "http://x.example/");
        let said = "HTTPRoute shop/part: ResolvedRefs False (BackendNotFound): Service shop/gone does not exist";
        assert_eq!(found.why, [said]);
        assert!(found.amiss && !found.help.is_empty(), "{found:#?}");
        let fine = around(&route("HTTPRoute", "fine", ""), "http://x.example/");
        assert!(!fine.amiss && fine.why.is_empty());
    }
}
