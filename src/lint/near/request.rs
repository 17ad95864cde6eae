//! Requests that a route would have taken at another listener, for another host or by another protocol.

use super::Near;
use crate::{
    attachment::{
        Attachment, RouteId, SnapshotObject,
        effective::{EffectiveGateway, EffectiveHostname, EffectiveListener},
    },
    meta::{Hostname, NamespacedName, ObjectReference},
    proxy::Table,
    routing,
    schema::nearest_name,
    sim::{Answer, Outcome, Request},
    v1::ProtocolType,
};
use http::{HeaderValue, header::HOST, request::Parts};
use std::collections::BTreeSet;

/// How many of a kind are named to people.
const SHOWN: usize = 3;

/// The routes of how many listeners are asked for a request, at most.
const MOST_LISTENERS: usize = 64;

impl Near<'_> {
    /// What would have to be otherwise for a request to be taken as it is most likely meant, as sentences. Empty
    /// where the request was taken by a route and its backend.
    #[must_use]
    pub fn request(&self, request: &Request, answer: &Answer) -> Vec<String> {
        let mut hints = Vec::new();
        if let Some(route) = &answer.route {
            if answer.status.is_none_or(|status| status >= 500) {
                let hints_of_route = self.object(&route.route);
                hints.extend(hints_of_route.into_iter().map(|hint| hint.message));
            }
        } else if answer.outcome != Outcome::Forwarded {
            self.untaken(request, answer, &mut hints);
        }
        if let Some(backend) = &answer.backend {
            self.policies(&backend.reference, &mut hints);
        }
        hints
    }

    /// The routes that are not attached where a request was asked: at its Gateway or Service, or at any parent where
    /// nobody answers for its host; each with the reason.
    pub fn unattached<'n>(
        &'n self,
        request: &'n Request,
        answer: &Answer,
    ) -> impl Iterator<Item = (&'n RouteId, &'n Attachment)> {
        let asked = answer.gateway.as_ref().or(answer.service.as_ref()).cloned();
        let attachments = self.resolver.resolution().attachments.iter();
        attachments
            .flat_map(|(route, attachments)| attachments.iter().map(move |one| (route, one)))
            .filter(move |(route, attachment)| {
                let parent = attachment.parent.resolve(&route.name.namespace);
                let here = match &asked {
                    Some(asked) => *asked == parent,
                    None => self.serves(route, &request.host()),
                };
                here && !attachment.attached
            })
    }

    /// Whether a route names a host, or none.
    fn serves(&self, route: &RouteId, host: &str) -> bool {
        let snapshot = self.resolver.snapshot();
        macro_rules! hostnames {
            ($routes:ident) => {
                snapshot
                    .$routes()
                    .get(&route.name)
                    .map_or(&[][..], |route| &route.spec.hostnames)
            };
        }
        let names: &[String] = match route.kind.as_str() {
            "HTTPRoute" => hostnames!(http_routes),
            "TLSRoute" => hostnames!(tls_routes),
            "GRPCRoute" => {
                let route = snapshot.grpc_routes().get(&route.name);
                let spec = route.and_then(|route| route.spec.as_ref());
                spec.map_or(&[][..], |spec| &spec.hostnames)
            }
            _ => &[],
        };
        let covers = |name: &String| {
            name.parse::<Hostname>()
                .is_ok_and(|name| name.matches(host))
        };
        names.is_empty() || names.iter().any(covers)
    }

    /// A request that no route took.
    fn untaken(&self, request: &Request, answer: &Answer, hints: &mut Vec<String>) {
        let gateway = answer
            .gateway
            .as_ref()
            .map(ObjectReference::namespaced_name);
        let taken = answer
            .listener
            .as_ref()
            .map(|listener| listener.name.as_str());
        let Ok(port) = request.destination_port() else {
            return;
        };
        if matches!(request.scheme(), "http" | "https") {
            if let Some(gateway) = self.effective(gateway.as_ref()) {
                self.other_listeners(request, gateway, taken, port, hints);
                if hints.is_empty() {
                    other_hosts(request, gateway, taken, port, hints);
                }
            }
            if let Some(service) = &answer.service {
                hints.extend(self.object(service).into_iter().map(|hint| hint.message));
            }
        }
        if taken.is_none() {
            self.other_protocols(request, gateway.as_ref(), port, hints);
            if answer.gateway.is_none() && answer.service.is_none() {
                self.other_services(request, hints);
            }
        }
    }

    fn effective(&self, gateway: Option<&NamespacedName>) -> Option<&EffectiveGateway> {
        let gateways = &self.resolver.resolution().effective.gateways;
        gateways.get(gateway?).map(|gateway| &**gateway)
    }

    /// Routes at listeners of the same port, which leave the request's host to a more specific one.
    fn other_listeners(
        &self,
        request: &Request,
        gateway: &EffectiveGateway,
        taken: Option<&str>,
        port: u16,
        hints: &mut Vec<String>,
    ) {
        let Some(taken) = gateway
            .listeners
            .iter()
            .find(|l| Some(l.name.as_str()) == taken)
        else {
            return;
        };
        let parts = crate::sim::http_parts(request);
        let others =
            on_port(gateway, port).filter(|l| l.name != taken.name && l.protocol == taken.protocol);
        for listener in others.take(MOST_LISTENERS) {
            let table = Table::for_listener(listener, routing::RouterOptions::default());
            let Some(target) = table.router().find(&parts) else {
                continue;
            };
            let route = target.rule().route();
            let host = taken.hostname.as_ref().map_or("*", Hostname::as_str);
            hints.push(format!(
                "{route} would take the request, but at listener `{}` alone: requests for this host belong to listener `{}`, \
                 whose hostname `{host}` is more specific; attach the route there, too",
                listener.name, taken.name
            ));
        }
    }

    /// Listeners of the port that speak something else than the client.
    fn other_protocols(
        &self,
        request: &Request,
        gateway: Option<&NamespacedName>,
        port: u16,
        hints: &mut Vec<String>,
    ) {
        let gateways = self.resolver.resolution().effective.gateways.values();
        let asked = gateways.filter(|g| gateway.is_none_or(|name| *name == g.name));
        let others = asked
            .flat_map(|gateway| on_port(gateway, port).map(move |listener| (gateway, listener)));
        let mut on_this_port = false;
        for (gateway, listener) in others.take(SHOWN) {
            on_this_port = true;
            let scheme = match listener.protocol {
                ProtocolType::Http => "http",
                ProtocolType::Https => "https",
                ProtocolType::Tls => "tls",
                ProtocolType::Tcp => "tcp",
                ProtocolType::Udp => "udp",
                _ => continue,
            };
            if scheme == request.scheme() {
                continue;
            }
            let change = match (request.scheme(), scheme) {
                ("https", "http") => ", or give the listener `protocol: HTTPS` and `tls`",
                ("http", "https") => ", or give the listener `protocol: HTTP` and no `tls`",
                _ => "",
            };
            hints.push(format!(
                "listener `{}` of Gateway {} has port {port}, and protocol {}: ask {scheme}://{}:{port}{change}",
                listener.name,
                gateway.name,
                listener.protocol,
                request.host()
            ));
        }
        if !on_this_port {
            self.other_ports(request, gateway, hints);
        }
    }

    /// Listeners that would take the request on another port.
    fn other_ports(
        &self,
        request: &Request,
        gateway: Option<&NamespacedName>,
        hints: &mut Vec<String>,
    ) {
        let gateways = self.resolver.resolution().effective.gateways.values();
        let asked = gateways.filter(|g| gateway.is_none_or(|name| *name == g.name));
        let listeners = asked.flat_map(|gateway| {
            let listeners = gateway.listeners.iter();
            listeners.map(move |listener| (gateway, listener))
        });
        let (scheme, host) = (request.scheme(), request.host());
        let speaks = |protocol: &ProtocolType| match scheme {
            "http" => *protocol == ProtocolType::Http,
            "https" => *protocol == ProtocolType::Https,
            _ => false,
        };
        let takes = listeners.filter(|(_, l)| speaks(&l.protocol) && l.serves(Some(&host)));
        for (gateway, listener) in takes.take(SHOWN) {
            hints.push(format!(
                "listener `{}` of Gateway {} takes this host on port {port}: ask {scheme}://{host}:{port}",
                listener.name,
                gateway.name,
                port = listener.port
            ));
        }
    }

    /// A Service whose name is nearly the host.
    fn other_services(&self, request: &Request, hints: &mut Vec<String>) {
        let host = request.host();
        let own = request
            .client
            .as_ref()
            .map(|client| client.namespace.as_str());
        let mut labels = host.split('.');
        let (Some(name), namespace) = (labels.next(), labels.next()) else {
            return;
        };
        let Some(namespace) = namespace.or(own) else {
            return;
        };
        if !matches!(labels.next(), None | Some("svc")) {
            return;
        }
        let services = self.resolver.snapshot().services();
        let names = services
            .keys()
            .filter(|place| place.namespace == namespace)
            .map(|place| place.name.as_str());
        if let Some(near) = nearest_name(name, names.take(super::MOST_LOOKED_AT)) {
            hints.push(format!(
                "did you mean Service `{near}` in namespace `{namespace}`?"
            ));
        }
    }

    /// Policies for a backend that were given and are left out.
    fn policies(&self, backend: &ObjectReference, hints: &mut Vec<String>) {
        for ignored in self.ignored.iter().take(super::MOST_LOOKED_AT) {
            let targets: Vec<(&str, &str, &str)> = match &ignored.meant {
                Some(SnapshotObject::BackendTlsPolicy(policy)) => {
                    let targets = policy.spec.target_refs.iter();
                    targets
                        .map(|t| (t.group.as_str(), t.kind.as_str(), t.name.as_str()))
                        .collect()
                }
                Some(SnapshotObject::BackendLbPolicy(policy)) => {
                    let targets = policy.spec.target_refs.iter();
                    targets
                        .map(|t| (t.group.as_str(), t.kind.as_str(), t.name.as_str()))
                        .collect()
                }
                _ => continue,
            };
            let (group, kind, name) = (&*backend.group, &*backend.kind, &*backend.name);
            if ignored.object.namespace == backend.namespace
                && targets.contains(&(group, kind, name))
            {
                hints.push(format!(
                    "{} targets {backend}, but is left out: {}",
                    ignored.object, ignored.message
                ));
            }
        }
    }
}

fn on_port(gateway: &EffectiveGateway, port: u16) -> impl Iterator<Item = &EffectiveListener> {
    let listeners = gateway.listeners.iter().map(|listener| &**listener);
    listeners.filter(move |listener| listener.port == port)
}

/// Routes that would take the request for another host.
fn other_hosts(
    request: &Request,
    gateway: &EffectiveGateway,
    taken: Option<&str>,
    port: u16,
    hints: &mut Vec<String>,
) {
    let asked_host = request.host();
    let mut found: BTreeSet<(usize, String, String)> = BTreeSet::new();
    let http =
        |l: &&EffectiveListener| matches!(l.protocol, ProtocolType::Http | ProtocolType::Https);
    let asked = on_port(gateway, port)
        .filter(http)
        .filter(|l| taken.is_none_or(|taken| l.name == taken));
    for listener in asked.take(MOST_LISTENERS) {
        let table = Table::for_listener(listener, routing::RouterOptions::default());
        let http = listener.http.iter().map(|route| &route.hostnames);
        let grpc = listener.grpc.iter().map(|route| &route.hostnames);
        let hostnames = http.chain(grpc).flat_map(|names| names.iter());
        let names: BTreeSet<&str> = hostnames
            .filter_map(|EffectiveHostname { hostname, .. }| {
                hostname.as_ref().map(Hostname::as_str)
            })
            .collect();
        for name in names.into_iter().take(super::MOST_LOOKED_AT) {
            let host = name.replacen('*', "any", 1);
            let Some(parts) = with_host(request, &host) else {
                continue;
            };
            if let Some(target) = table.router().find(&parts) {
                let far = strsim::osa_distance(name, &asked_host);
                found.insert((far, name.to_owned(), target.rule().route().to_string()));
            }
        }
    }
    for (_, host, route) in found.iter().take(SHOWN) {
        hints.push(format!("{route} would take the request for host `{host}`"));
    }
}

/// The request for another host.
fn with_host(request: &Request, host: &str) -> Option<Parts> {
    let mut parts = crate::sim::http_parts(request);
    parts
        .headers
        .insert(HOST, HeaderValue::from_str(host).ok()?);
    Some(parts)
}
