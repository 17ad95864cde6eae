//! Whether a TLSRoute, a TCPRoute or a UDPRoute would take a connection in the place of the route that took it.

use super::{super::Near, Around, rejected::hostnames_at};
use crate::{
    attachment::{
        RouteId, RouteKind,
        effective::{AttachedRoute, ConnectionRouteRules, EffectiveListener, RouteRules},
        mesh_order,
    },
    lint::certificates::{NAME_CERTIFICATE, refused},
    proxy::sni_table,
    sim::{Answer, Request, listener_host, not_certified},
};
use std::{cmp::Ordering, sync::Arc};

impl Near<'_> {
    /// That the client of a request which a route took is shown a certificate for other hosts. Where it is not for the hostname of
    /// the listener, something is wrong with the Gateway whatever is asked for, which is told there.
    pub(super) fn other_certificate(
        &self,
        request: &Request,
        answer: &Answer,
        around: &mut Around,
    ) {
        let over_tls = matches!(request.scheme(), "https" | "tls");
        let Some(at) = answer.listener.as_ref().filter(|_| over_tls) else {
            return;
        };
        if answer.route.is_none() || answer.refusal.is_some() {
            return;
        }
        let gateways = &self.resolver.resolution().effective.gateways;
        let gateway = gateways.get(&at.gateway.namespaced_name());
        let mut listeners = gateway.into_iter().flat_map(|gateway| &gateway.listeners);
        let Some(listener) = listeners.find(|listener| listener.name == at.name) else {
            return;
        };
        let Some(tls) = &listener.tls else { return };
        let own = listener.hostname.as_ref();
        if own.is_some_and(|own| tls.is_for_others(own)) {
            return;
        }
        if let Some(host) = not_certified(request, tls) {
            let place = format!(
                "{}: listener `{}`, tls.certificateRefs",
                at.gateway, at.name
            );
            let why = refused(&tls.covers_not(&host));
            around.why.push(format!("{place}: {why}"));
            around.help.push(format!("{place}: {NAME_CERTIFICATE}"));
            around.amiss = true;
        }
    }

    /// Whether a route whose rules have no matches would go before the one that took a connection, were it accepted there.
    pub(super) fn would_take_connection(
        &self,
        route: &RouteId,
        request: &Request,
        answer: &Answer,
    ) -> bool {
        let Some(candidate) = self.resolver.connection_rules_of(route) else {
            return false;
        };
        let taken = answer.route.as_ref().and_then(|taken| {
            let kind = RouteKind::from_kind(&taken.route.kind)?;
            Some(RouteId::new(kind, taken.route.namespaced_name()))
        });
        let effective = &self.resolver.resolution().effective;
        let is_senior = |taken: &RouteId| {
            let winner = self.resolver.connection_rules_of(taken);
            winner.is_some_and(|winner| candidate.seniority() < winner.seniority())
        };
        if let Some(at) = &answer.listener {
            let gateway = effective.gateways.get(&at.gateway.namespaced_name());
            let mut listeners = gateway.into_iter().flat_map(|gateway| &gateway.listeners);
            let listener = listeners.find(|listener| listener.name == at.name);
            let is_of_streams =
                |taken: &RouteId| !matches!(taken.kind, RouteKind::Http | RouteKind::Grpc);
            return match route.kind {
                RouteKind::Tls => {
                    taken.as_ref().is_some_and(is_of_streams)
                        && listener.is_some_and(|listener| {
                            self.is_first_by_name(listener, candidate, request)
                        })
                }
                kind => taken.is_some_and(|taken| taken.kind == kind && is_senior(&taken)),
            };
        }
        // At a Service hostnames mean nothing, and routes of the client's own namespace go before all others.
        let Some(service) = answer.service.as_ref() else {
            return false;
        };
        let client = request.client.as_ref();
        let client = client.map_or(&service.namespace, |client| &client.namespace);
        let is_producer = |id: &RouteId| id.name.namespace != *client;
        let is_for_client = !is_producer(route) || route.name.namespace == service.namespace;
        let place = |id: &RouteId| (is_producer(id), mesh_order(id.kind));
        is_for_client
            && taken.is_none_or(|taken| match place(route).cmp(&place(&taken)) {
                Ordering::Equal => is_senior(&taken),
                before => before.is_lt(),
            })
    }

    /// Whether a TLSRoute would be the first one for the server name of a connection, were it among those of a listener.
    fn is_first_by_name(
        &self,
        listener: &EffectiveListener,
        candidate: &Arc<ConnectionRouteRules>,
        request: &Request,
    ) -> bool {
        let candidate = AttachedRoute {
            route: candidate.clone(),
            hostnames: hostnames_at(Some(listener), &candidate.hostnames),
        };
        let routes = listener.tls_routes.iter().chain([&candidate]);
        let rank = self.routing.hostname_rank();
        let table = sni_table(routes, rank, |route| &route.reference);
        let first = table.find(listener_host(request).as_deref());
        first.is_some_and(|first| **first == candidate.route.reference)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{CART, around, around_at, object, route};
    use crate::{lint::near::Around, meta::Release};

    /// Routes whose rules have no matches: the older one would take the connection, were it accepted.
    #[test]
    fn a_rejected_route_that_would_take_a_connection_is_named_where_another_one_takes_it() {
        let of_kind = |kind: &str, name: &str, age: u8, parent: &str, more: &str| {
            let cart = "name: cart, port: 80";
            let backend = if kind == "UDPRoute" {
                "name: dns, port: 53"
            } else {
                cart
            };
            let rules = CART.replace(cart, backend);
            let spec = format!("{{ parentRefs: [{parent}], {more} {rules} }}");
            let metadata =
                format!("namespace: shop, creationTimestamp: '2024-05-0{age}T12:00:00Z' }}");
            object(kind, name, &spec).replace("namespace: shop }", &metadata)
        };
        let listeners = "---\napiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: { name: edge, namespace: shop }\nspec:\n  gatewayClassName: any\n  listeners: [{ name: pass, port: 443, protocol: TLS, tls: { mode: Passthrough } }, { name: dns, port: 53, protocol: UDP }]\n";
        let dns = "---\napiVersion: v1\nkind: Service\nmetadata: { name: dns, namespace: shop }\nspec: { ports: [{ port: 53, protocol: UDP }] }\n";
        let named = |objects: &str, url: &str| {
            let found = around_at(
                "edge",
                Release::default(),
                &(objects.to_owned() + listeners + dns),
                url,
            );
            assert_eq!(found.amiss, !found.not_in_force.is_empty(), "{found:#?}");
            assert_eq!(found.amiss, !found.help.is_empty(), "{found:#?}");
            let named = found.not_in_force.into_iter();
            named.map(|one| one.object.to_string()).collect::<Vec<_>>()
        };
        let hosts = |host: &str| format!("hostnames: ['{host}'],");
        for (kind, port, url) in [
            ("TLSRoute", "pass", "tls://x.example"),
            ("UDPRoute", "dns", "udp://x.example:53"),
        ] {
            let more = if kind == "TLSRoute" {
                hosts("x.example")
            } else {
                String::new()
            };
            let good = of_kind(kind, "good", 5, "{ name: edge }", &more);
            let misspelt = format!("{{ name: edge, sectionName: {port}x }}");
            for parent in [misspelt.as_str(), "{ name: egde }"] {
                let older = good.clone() + &of_kind(kind, "bad", 4, parent, &more);
                assert_eq!(named(&older, url), [format!("{kind} shop/bad")], "{parent}");
                let younger = good.clone() + &of_kind(kind, "bad", 6, parent, &more);
                assert_eq!(named(&younger, url), [""; 0], "{parent}");
            }
        }
        // By the server name: the more specific hostname goes first, whatever the age.
        let tls = |name: &str, age, parent: &str, host: &str| {
            of_kind("TLSRoute", name, age, parent, &hosts(host))
        };
        let wide = tls("wide", 4, "{ name: edge }", "*.example");
        let misspelt = "{ name: edge, sectionName: passs }";
        let narrow = wide.clone() + &tls("narrow", 6, misspelt, "x.example");
        assert_eq!(named(&narrow, "tls://x.example"), ["TLSRoute shop/narrow"]);
        assert_eq!(named(&narrow, "tls://y.example"), [""; 0]);
        let wider =
            tls("good", 6, "{ name: edge }", "x.example") + &tls("wider", 4, misspelt, "*.example");
        assert_eq!(named(&wider, "tls://x.example"), [""; 0]);
        // Of TCPRoutes, too.
        let tcp = |name: &str, age, parent: &str| of_kind("TCPRoute", name, age, parent, "");
        for (age, rejected) in [(4, 1), (6, 0)] {
            let both = tcp("good", 5, "{ name: front, sectionName: raw }")
                + &tcp("bad", age, "{ name: front, sectionName: row }");
            let found = around(&both, "tcp://x.example:5000");
            assert_eq!(found.not_in_force.len(), rejected, "{found:#?}");
            // An HTTPRoute on another listener is not concerned.
            let http = route("HTTPRoute", "web", "") + &both;
            assert_eq!(around(&http, "http://x.example/"), Around::default());
        }
        // In a mesh a TLSRoute goes before a TCPRoute, and an HTTPRoute before both.
        let service = |name: &str| format!("{{ group: '', kind: Service, name: {name} }}");
        let (cart, carts) = (service("cart"), service("carts"));
        let url = "tls://cart.shop:80";
        let tcp_good = tcp("good", 5, &cart);
        for (rejected, expected) in [
            (tcp("bad", 4, &carts), 1),
            (tcp("bad", 6, &carts), 0),
            (tls("bad", 6, &carts, "x.example"), 1),
        ] {
            let found = around(&(tcp_good.clone() + &rejected), url);
            assert_eq!(found.not_in_force.len(), expected, "{found:#?}");
            // Nothing governs the Service.
            let alone = around(&rejected, url);
            assert_eq!(alone.not_in_force.len(), 1, "{alone:#?}");
        }
        let tls_good = tls("good", 5, &cart, "x.example");
        let found = around(&(tls_good + &tcp("bad", 4, &carts)), url);
        assert_eq!(found.not_in_force.len(), 0, "{found:#?}");
    }
}
