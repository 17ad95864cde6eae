//! Routes that would take a request and that no parent has, or none for its host.

use super::{
    super::{Near, is_near_host, near_host, not_served},
    Around, SHOWN, host_of,
    routes::{carries, rejection},
};
use crate::{
    attachment::{Attachment, ReferenceProblemKind as Kind, RouteId},
    meta::ObjectRef,
    sim::{Answer, Request},
};

/// A route that a Gateway rejects for its hostnames: how far they are from the host of a request, and the place of the parentRef.
type Rejected<'n> = (usize, &'n RouteId, (usize, &'n Attachment));

impl Near<'_> {
    /// Routes that name no parent, and would take the request.
    pub(super) fn without_parent(&self, request: &Request, answer: &Answer, around: &mut Around) {
        if answer.service.is_some() || request.client.is_some() {
            return;
        }
        let attachments = self.resolver.resolution().attachments.iter();
        let without = attachments.filter(|(_, parents)| parents.is_empty());
        let here = self
            .first_candidates(without)
            .filter(|(route, _)| carries(route, request) && self.would_take(route, request));
        for (route, _) in here.take(SHOWN) {
            let problems = self.problems(&route.reference()).into_iter();
            for (problem, help) in problems.filter(|(one, _)| one.kind == Kind::NoParent) {
                around
                    .why
                    .push(format!("{route} has no effect: {}", problem.why));
                around
                    .help
                    .extend(help.map(|help| format!("{route}: {help}")));
            }
        }
    }

    /// Routes that nearly name the host of a request, and would take it if they did: rejected for their hostnames, or accepted for
    /// others.
    pub(super) fn for_near_hosts(&self, request: &Request, answer: &Answer, around: &mut Around) {
        let Some(host) = host_of(request) else {
            return;
        };
        let rejected = self.rejected_for_hosts(request, answer, |own| is_near_host(&host, own));
        for (_, route, (index, attachment)) in rejected.into_iter().take(SHOWN) {
            around.why.push(rejection(route, attachment));
            self.attach(route, (index, attachment), &mut around.help);
        }
        let (Some(asked), Some(listener)) = (&answer.gateway, &answer.listener) else {
            return;
        };
        let gateways = self.resolver.snapshot().gateways();
        let written = gateways.get(&asked.namespaced_name());
        let mut listeners = written.into_iter().flat_map(|one| &one.spec.listeners);
        let taken = listeners.find(|one| one.name == listener.name);
        let Some(served) = taken.and_then(|taken| taken.hostname.as_deref()) else {
            return;
        };
        let is_here = |attachment: &Attachment| {
            let mut at = attachment.listeners.iter();
            attachment.attached && at.any(|at| *at.name == *listener.name)
        };
        let accepted = self
            .of_parent(asked)
            .filter(|(route, one)| carries(route, request) && is_here(one));
        for (route, _) in self.first_candidates(accepted).take(SHOWN) {
            let mut own = self.hostnames(route).iter();
            let near = own.find(|own| is_near_host(&host, own) && is_near_host(own, served));
            if let Some(near) = near.filter(|_| self.would_take_for_a_host(route, request)) {
                let whose = format!("listener `{}`", listener.name);
                around.why.push(format!("{route}: {}", not_served(near)));
                around
                    .help
                    .push(format!("{route}: {}", near_host(near, served, &whose)));
            }
        }
    }

    /// What routes need that the Gateway which was asked rejects for their hostnames, and that would take the request for a host that
    /// they name; each with how far that is from its own.
    pub(super) fn needed_for_hosts(
        &self,
        request: &Request,
        answer: &Answer,
    ) -> Vec<(usize, String)> {
        let rejected = self.rejected_for_hosts(request, answer, |_| true);
        let needed = rejected.into_iter().take(SHOWN);
        needed
            .flat_map(|(far, route, at)| {
                let mut help = Vec::new();
                self.attach(route, at, &mut help);
                help.into_iter().map(move |help| (far, help))
            })
            .collect()
    }

    /// Routes that the Gateway which was asked rejects for their hostnames alone, and that would take the request for one of them which
    /// `counts`: the nearest first.
    fn rejected_for_hosts(
        &self,
        request: &Request,
        answer: &Answer,
        counts: impl Fn(&str) -> bool,
    ) -> Vec<Rejected<'_>> {
        let (Some(asked), Some(host)) = (&answer.gateway, host_of(request)) else {
            return Vec::new();
        };
        let attachments = self.resolver.resolution().attachments.iter();
        let all = attachments.flat_map(|(route, attachments)| {
            let attachments = attachments.iter().enumerate();
            attachments.map(move |(index, one)| (route, (index, one)))
        });
        let rejected = all.filter(|(route, (_, one))| {
            !one.attached
                && one.parent.resolve(&route.name.namespace) == *asked
                && carries(route, request)
                && !self.serves(route, Some(&host))
        });
        let mut found: Vec<Rejected<'_>> = self
            .first_candidates(rejected)
            .filter_map(|(route, at)| {
                let own = self.hostnames(route).iter().filter(|own| counts(own));
                let far = own.map(|own| strsim::osa_distance(own, &host)).min()?;
                let is_it = self.is_rejected_for_hosts(route, at.1, asked)
                    && self.would_get(route, at.1, request, answer)
                    && self.would_take_for_a_host(route, request);
                is_it.then_some((far, route, at))
            })
            .collect();
        found.sort_by_key(|(far, ..)| *far);
        found
    }

    /// Whether a route has no hostname that the listeners serve which a parentRef selects.
    fn is_rejected_for_hosts(
        &self,
        route: &RouteId,
        attachment: &Attachment,
        gateway: &ObjectRef,
    ) -> bool {
        let problems = self.resolver.reference_problems(&route.reference());
        problems.iter().any(|problem| {
            problem.kind == Kind::NoCommonHostname
                && problem.why == attachment.why
                && problem.to.as_ref() == Some(gateway)
        })
    }
}
