//! Requests that a route would have taken at another listener, for another host or by another protocol.

use super::super::Near;
use super::host_of;
use crate::{
    attachment::{
        RouteId, RouteKind,
        effective::{EffectiveGateway, EffectiveHostname, EffectiveListener, EffectiveServicePort},
    },
    meta::{Hostname, NamespacedName, ObjectRef, Transport},
    proxy::{Endpoints, Table},
    schema::nearest_name,
    sim::{Answer, Request, speaks},
    v1::ProtocolType,
};
use http::{HeaderValue, header::HOST, request::Parts};
use std::collections::BTreeSet;

/// How many of a kind are named to people.
const SHOWN: usize = 3;

impl Near<'_> {
    /// What takes the request at another listener, port or host, or by another protocol.
    pub(super) fn taken_elsewhere(
        &self,
        request: &Request,
        answer: &Answer,
        hints: &mut Vec<String>,
    ) {
        let gateway = answer.gateway.as_ref().map(ObjectRef::namespaced_name);
        let taken = answer
            .listener
            .as_ref()
            .map(|listener| listener.name.as_str());
        let Ok(port) = request.destination_port() else {
            return;
        };
        let http = matches!(request.scheme(), "http" | "https");
        if let Some(service) = &answer.service {
            self.other_ports_of(service, request, port, hints);
            if http && hints.is_empty() {
                self.nearly_matched(request, answer, hints);
            }
            return;
        }
        if answer.status == Some(421) && answer.route.is_none() {
            // The host is that of another listener, so that nothing is to be said of the routes of this one.
            let gateway = self.effective(gateway.as_ref());
            hints.extend(gateway.and_then(|gateway| by_own_name(request, gateway, port)));
            return;
        }
        self.at_other_listeners(request, answer, hints);
        if let (Some(listener), Some(gateway)) = (taken, self.effective(gateway.as_ref()))
            && hints.is_empty()
        {
            no_connection_route(gateway, listener, hints);
        }
        if request.scheme() == "tls"
            && hints.is_empty()
            && let Some(gateway) = self.effective(gateway.as_ref())
        {
            self.other_names(request, gateway, taken, port, hints);
        }
        if http
            && hints.is_empty()
            && let Some(gateway) = self.effective(gateway.as_ref())
        {
            if taken.is_none() {
                wider_routes(self, request, gateway, port, hints);
            }
            if hints.is_empty() {
                if taken.is_some() {
                    self.nearly_matched(request, answer, hints);
                }
                other_hosts(self, (request, answer), gateway, taken, port, hints);
            }
        }
        if taken.is_none() {
            self.other_protocols(request, gateway.as_ref(), port, hints);
        }
        if request.gateway.is_none() {
            self.other_services(request, hints);
            if http && request.client.is_some() {
                self.outside_the_mesh(request, port, hints);
            }
        }
    }

    /// The route of a Gateway that takes the request of a client outside of the mesh.
    fn outside_the_mesh(&self, request: &Request, port: u16, hints: &mut Vec<String>) {
        let (scheme, host, parts) = (request.scheme(), host_of(request), request.head());
        let gateways = self.resolver.resolution().effective.gateways.values();
        let at = gateways.filter_map(|gateway| {
            let listener = gateway.listener(Transport::Tcp, port, host.as_deref())?;
            speaks(listener, scheme).then_some((gateway, listener))
        });
        for (gateway, listener) in self.first_listeners(at) {
            let endpoints = Endpoints::default();
            let table = Table::for_listener(&gateway.name, listener, &endpoints, self.routing);
            if let Some(target) = table.router().find(&parts) {
                let route = target.rule().route();
                hints.push(format!(
                    "{route} takes the request of a client outside of the mesh, at listener `{}` of Gateway {}: ask without `--from`",
                    listener.name, gateway.name
                ));
                return;
            }
        }
    }

    /// Routes of other listeners of the Gateway that would take what the listener which answered has no route for.
    pub(super) fn at_other_listeners(
        &self,
        request: &Request,
        answer: &Answer,
        hints: &mut Vec<String>,
    ) {
        let gateway = answer.gateway.as_ref().map(ObjectRef::namespaced_name);
        let (Some(taken), Some(gateway), Ok(port)) = (
            &answer.listener,
            self.effective(gateway.as_ref()),
            request.destination_port(),
        ) else {
            return;
        };
        let name = taken.name.as_str();
        let by_sni = listener_of(gateway, name).is_some_and(|l| l.protocol == ProtocolType::Tls);
        if !by_sni && !matches!(request.scheme(), "http" | "https") {
            return;
        }
        self.other_listeners(request, gateway, Some(name), port, hints);
        if hints.is_empty() {
            self.routes_of_other_listeners(request, answer, by_sni, hints);
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
        let Some(taken) = taken.and_then(|taken| listener_of(gateway, taken)) else {
            return;
        };
        let parts = request.head();
        let by_sni = taken.protocol == ProtocolType::Tls;
        let host = request.host();
        let sni = request.sni.as_deref().unwrap_or(&host);
        let takes = if by_sni { "connection" } else { "request" };
        let others =
            on_port(gateway, port).filter(|l| l.name != taken.name && l.protocol == taken.protocol);
        for listener in self.first_listeners(others) {
            let route = if by_sni {
                tls_route(listener, sni)
            } else {
                let endpoints = Endpoints::default();
                let table = Table::for_listener(&gateway.name, listener, &endpoints, self.routing);
                let target = table.router().find(&parts);
                target.map(|target| target.rule().route().clone())
            };
            let Some(route) = route else {
                continue;
            };
            let host = taken.hostname.as_ref().map_or("*", Hostname::as_str);
            hints.push(format!(
                "{route} would take the {takes} at listener `{}`, but {takes}s for this host belong to listener `{}`, whose \
                 hostname `{host}` is more specific: {}{}",
                listener.name,
                taken.name,
                self.correct_first(&route),
                self.to_have(&route, &gateway.name, &taken.name, "the route")
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
                ProtocolType::Tls if request.scheme() == "http" => "https",
                ProtocolType::Tls => "tls",
                ProtocolType::Tcp => "tcp",
                ProtocolType::Udp => "udp",
                _ => continue,
            };
            let host = host_of(request);
            let by_host = !matches!(listener.protocol, ProtocolType::Tcp | ProtocolType::Udp);
            if scheme == request.scheme() {
                continue;
            }
            let own = listener.hostname.as_ref();
            let (host, of_host) = match own.filter(|_| by_host && !listener.serves(host.as_deref()))
            {
                Some(own) => (
                    own.as_str().replacen('*', "any", 1),
                    format!(", and takes hosts of `{own}`"),
                ),
                None => (request.host(), String::new()),
            };
            if scheme == "https" && !answers(listener, scheme, &host) {
                hints.push(format!(
                    "listener `{}` of Gateway {} has port {port}, and protocol {}, and no route for this host: give the Gateway a \
                     listener with `protocol: HTTP` or `protocol: HTTPS`",
                    listener.name, gateway.name, listener.protocol,
                ));
                continue;
            }
            let change = match (request.scheme(), scheme) {
                ("https", "http") => ", or give the listener `protocol: HTTPS` and `tls`",
                ("http", "https") if listener.protocol == ProtocolType::Https => {
                    ", or give the listener `protocol: HTTP` and no `tls`"
                }
                _ => "",
            };
            hints.push(format!(
                "listener `{}` of Gateway {} has port {port}, and protocol {}{of_host}: ask {scheme}://{host}:{port}{change}",
                listener.name, gateway.name, listener.protocol,
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
        // TCP and UDP listeners know no host.
        let by_host = |l: &EffectiveListener| {
            !matches!(l.protocol, ProtocolType::Tcp | ProtocolType::Udp) && l.serves(Some(&host))
        };
        let takes = listeners
            .clone()
            .filter(|(_, l)| by_host(l) && answers(l, scheme, &host));
        for (gateway, listener) in takes.take(SHOWN) {
            hints.push(format!(
                "listener `{}` of Gateway {} takes this host on port {port}: ask {scheme}://{host}:{port}",
                listener.name,
                gateway.name,
                port = listener.port
            ));
        }
        if !hints.is_empty() {
            return;
        }
        let other = match scheme {
            "https" => "http",
            "http" => "https",
            _ => return,
        };
        let takes = listeners
            .clone()
            .filter(|(_, l)| by_host(l) && answers(l, other, &host));
        for (gateway, listener) in takes.take(SHOWN) {
            let needs = match other {
                "http" => "with `protocol: HTTPS` and `tls`",
                _ => "with `protocol: HTTP`",
            };
            hints.push(format!(
                "listener `{}` of Gateway {} takes this host in {} on port {port}: ask {other}://{host}:{port}, or give the Gateway \
                 a listener {needs}",
                listener.name,
                gateway.name,
                listener.protocol,
                port = listener.port
            ));
        }
        if !hints.is_empty() {
            return;
        }
        let mut silent = listeners.filter(|(_, l)| by_host(l) && l.protocol == ProtocolType::Tls);
        if let Some((gateway, _)) = silent.next() {
            hints.push(format!(
                "give Gateway {} a listener with `protocol: HTTP` or `protocol: HTTPS`",
                gateway.name
            ));
        }
    }

    /// The ports of a Service that was asked at one that it does not have.
    fn other_ports_of(
        &self,
        service: &ObjectRef,
        request: &Request,
        port: u16,
        hints: &mut Vec<String>,
    ) {
        let effective = &self.resolver.resolution().effective;
        let is_import = service.kind == "ServiceImport";
        let Some(found) = effective.service(&service.namespaced_name(), is_import) else {
            return;
        };
        let scheme = request.scheme();
        let transport = match scheme {
            "udp" => Transport::Udp,
            _ => Transport::Tcp,
        };
        if found.port_for(transport, port).is_some() {
            return;
        }
        let others = found.ports.iter();
        let others = others.filter(|other| other.transport() == Some(transport));
        for EffectiveServicePort { port, .. } in others.take(SHOWN) {
            let host = request.host();
            hints.push(format!(
                "{service} has port {port}: ask {scheme}://{host}:{port}"
            ));
        }
    }

    /// TLSRoutes that would take a connection with another server name, or on another port of the Gateway.
    fn other_names(
        &self,
        request: &Request,
        gateway: &EffectiveGateway,
        taken: Option<&str>,
        port: u16,
        hints: &mut Vec<String>,
    ) {
        let host = request.host();
        let sni = request.sni.as_deref().unwrap_or(&host);
        let of_tls = |listener: &&EffectiveListener| listener.protocol == ProtocolType::Tls;
        let listeners = gateway.listeners.iter().map(|listener| &**listener);
        let elsewhere = listeners.filter(of_tls).filter(|other| other.port != port);
        for listener in self.first_listeners(elsewhere) {
            if let Some(route) = tls_route(listener, sni) {
                hints.push(format!(
                    "{route} takes the connection at listener `{}` of Gateway {} on port {other}: ask tls://{host}:{other}",
                    listener.name,
                    gateway.name,
                    other = listener.port
                ));
            }
        }
        if !hints.is_empty() {
            return;
        }
        let listener = taken.and_then(|taken| listener_of(gateway, taken));
        let Some(listener) = listener.filter(of_tls) else {
            return;
        };
        let mut found: BTreeSet<(usize, String)> = BTreeSet::new();
        for attached in self.first_candidates(listener.tls_routes.iter()) {
            let route = RouteId::new(RouteKind::Tls, attached.route.reference.clone());
            let names = attached.hostnames.iter();
            for name in names.filter_map(|name| name.hostname.as_ref()) {
                let far = strsim::osa_distance(name.as_str(), sni);
                found.insert((
                    far,
                    format!("{route} would take the connection for host `{name}`"),
                ));
            }
        }
        hints.extend(found.into_iter().take(SHOWN).map(|(_, hint)| hint));
    }

    /// A Service whose name and namespace are nearly the host, or the one of this name in another namespace than that of the client; of a
    /// client outside of the mesh, who has none, the one of this name.
    fn other_services(&self, request: &Request, hints: &mut Vec<String>) {
        let host = request.host();
        let own = request
            .client
            .as_ref()
            .map(|client| client.namespace.as_str());
        let mut labels = host.split('.');
        let (Some(name), written) = (labels.next(), labels.next()) else {
            return;
        };
        let services = self.resolver.snapshot().services();
        let Some(namespace) = written.or(own) else {
            let of_name = services.keys().filter(|place| place.name == name);
            if let Some(place) = self.first_candidates(of_name).next() {
                hints.push(format!(
                    "`{name}` is the host of Service {place} for clients of its namespace: ask as a client in the mesh, with `--from {}`",
                    place.namespace
                ));
            }
            return;
        };
        if !matches!(labels.next(), None | Some("svc")) {
            return;
        }
        let is_there = services
            .keys()
            .any(|place| place.namespace == namespace && place.name == name);
        if is_there {
            return;
        }
        let of_name = services.keys().filter(|place| place.name == name);
        let mut namespaces = self.first_candidates(of_name.map(|place| place.namespace.as_str()));
        let names = services
            .keys()
            .filter(|place| place.namespace == namespace)
            .map(|place| place.name.as_str());
        if written.is_none()
            && let Some(other) = namespaces.next()
        {
            hints.push(format!(
                "there is a Service `{name}` in namespace `{other}`: ask {scheme}://{name}.{other}",
                scheme = request.scheme()
            ));
        } else if let Some(near) = nearest_name(name, self.first_candidates(names)) {
            hints.push(format!(
                "did you mean Service `{near}` in namespace `{namespace}`?"
            ));
        } else if let Some(near) = nearest_name(namespace, namespaces) {
            hints.push(format!(
                "did you mean Service `{name}` in namespace `{near}`?"
            ));
        }
    }
}

/// That a host belongs to a listener for which a client has to connect with another server name, if it does.
fn by_own_name(request: &Request, gateway: &EffectiveGateway, port: u16) -> Option<String> {
    let host = host_of(request)?;
    let sni = request.sni.as_deref().or(request.uri.host())?;
    let by = |name: &str| gateway.listener(Transport::Tcp, port, Some(name));
    let own = by(&host)?;
    // A listener that is not in force keeps its hosts, and no server name leads to it.
    if by(sni).is_some_and(|taken| taken.name == own.name) {
        return None;
    }
    Some(format!(
        "connect with the server name (SNI) `{host}`, by which listener `{}` is found: the host of a request has to belong to the \
         listener of its connection",
        own.name
    ))
}

/// What a listener of connections or datagrams needs to which no route is attached.
fn no_connection_route(gateway: &EffectiveGateway, name: &str, hints: &mut Vec<String>) {
    let Some(listener) = listener_of(gateway, name) else {
        return;
    };
    let kind = match listener.protocol {
        ProtocolType::Tls if listener.tls_routes.is_empty() => "TLSRoute",
        ProtocolType::Tcp if listener.tcp.is_empty() => "TCPRoute",
        ProtocolType::Udp if listener.udp.is_empty() => "UDPRoute",
        _ => return,
    };
    hints.push(format!(
        "attach a {kind} to listener `{name}` of Gateway {}",
        gateway.name
    ));
}

/// Whether a listener speaks what a client of this scheme does, and has something for this host, where its routes are found by the server
/// name alone.
fn answers(listener: &EffectiveListener, scheme: &str, host: &str) -> bool {
    let has_route = || !listener.tcp.is_empty() || tls_route(listener, host).is_some();
    speaks(listener, scheme) && (listener.protocol != ProtocolType::Tls || has_route())
}

/// The listener of this name.
fn listener_of<'g>(gateway: &'g EffectiveGateway, name: &str) -> Option<&'g EffectiveListener> {
    let mut listeners = gateway.listeners.iter();
    listeners
        .find(|listener| listener.name == name)
        .map(|listener| &**listener)
}

/// A TLSRoute of a listener that takes connections for this host.
fn tls_route(listener: &EffectiveListener, host: &str) -> Option<RouteId> {
    let mut routes = listener.tls_routes.iter();
    let serves = |one: &EffectiveHostname| match &one.hostname {
        Some(hostname) => hostname.matches(host),
        None => true,
    };
    let route = routes.find(|route| route.hostnames.iter().any(serves))?;
    Some(RouteId::new(RouteKind::Tls, route.route.reference.clone()))
}

fn on_port(gateway: &EffectiveGateway, port: u16) -> impl Iterator<Item = &EffectiveListener> {
    let listeners = gateway.listeners.iter().map(|listener| &**listener);
    listeners.filter(move |listener| listener.port == port)
}

/// Routes whose own hostnames cover the request's host, where no listener of the port serves it.
fn wider_routes(
    near: &Near<'_>,
    request: &Request,
    gateway: &EffectiveGateway,
    port: u16,
    hints: &mut Vec<String>,
) {
    let Some(host) = host_of(request) else {
        return;
    };
    for listener in near.first_listeners(on_port(gateway, port)) {
        let Some(served) = listener.hostname.as_ref() else {
            continue;
        };
        if served.matches(&host) {
            continue;
        }
        let http = listener.http.iter().map(|attached| {
            let route = &attached.route;
            (RouteKind::Http, &route.reference, &route.hostnames)
        });
        let grpc = listener.grpc.iter().map(|attached| {
            let route = &attached.route;
            (RouteKind::Grpc, &route.reference, &route.hostnames)
        });
        let covering = http.chain(grpc).filter_map(|(kind, name, hostnames)| {
            let own = hostnames.iter().find(|own| own.matches(&host))?;
            Some((RouteId::new(kind, name.clone()), own))
        });
        for (route, own) in covering.take(SHOWN) {
            hints.push(format!(
                "{route} names `{own}`, which covers `{host}`, but listener `{}` takes only hosts of `{served}`: widen the \
                 listener's `hostname`, or add a listener for `{host}`",
                listener.name
            ));
        }
    }
}

/// Routes that would take the request for another host.
fn other_hosts(
    near: &Near<'_>,
    (request, answer): (&Request, &Answer),
    gateway: &EffectiveGateway,
    taken: Option<&str>,
    port: u16,
    hints: &mut Vec<String>,
) {
    let asked_host = request.host();
    let mut found: BTreeSet<(usize, String)> = BTreeSet::new();
    let http =
        |l: &&EffectiveListener| matches!(l.protocol, ProtocolType::Http | ProtocolType::Https);
    let asked = on_port(gateway, port)
        .filter(http)
        .filter(|l| taken.is_none_or(|taken| l.name == taken));
    for listener in near.first_listeners(asked) {
        let table =
            Table::for_listener(&gateway.name, listener, &Endpoints::default(), near.routing);
        let http = listener.http.iter().map(|route| &route.hostnames);
        let grpc = listener.grpc.iter().map(|route| &route.hostnames);
        let hostnames = http.chain(grpc).flat_map(|names| names.iter());
        let names: BTreeSet<&str> = hostnames
            .filter_map(|EffectiveHostname { hostname, .. }| {
                hostname.as_ref().map(Hostname::as_str)
            })
            .collect();
        for name in near.first_candidates(names.into_iter()) {
            let host = name.replacen('*', "any", 1);
            let Some(parts) = with_host(request, &host) else {
                continue;
            };
            if let Some(target) = table.router().find(&parts) {
                let far = strsim::osa_distance(name, &asked_host);
                let route = target.rule().route();
                found.insert((
                    far,
                    format!("{route} would take the request for host `{name}`"),
                ));
            }
        }
    }
    found.extend(near.needed_for_hosts(request, answer));
    hints.extend(found.into_iter().take(SHOWN).map(|(_, hint)| hint));
}

/// The request for another host.
fn with_host(request: &Request, host: &str) -> Option<Parts> {
    let mut parts = request.head();
    let host = HeaderValue::from_str(host).ok()?;
    parts.headers.try_insert(HOST, host).ok()?;
    Some(parts)
}
