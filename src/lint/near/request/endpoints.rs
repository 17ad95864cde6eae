//! Endpoints that a backend lacks, and those that may be meant for it.

use super::{super::Near, Around, SHOWN};
use crate::{
    attachment::{RouteId, RouteKind, effective::EffectiveBackend, service_of},
    lint::lost,
    meta::ObjectRef,
    sim::{Answer, RouteMatch},
};

impl Near<'_> {
    /// The endpoints that a backend may lack where it was chosen, or where the rule fails: those that nobody has and that are
    /// most likely meant for it.
    pub(super) fn endpoints(&self, answer: &Answer, around: &mut Around) {
        let Some(route) = &answer.route else {
            let chosen = answer.backend.as_ref().map(|chosen| &chosen.reference);
            if let Some(asked) = chosen.or(answer.service.as_ref()) {
                self.lost_endpoints(asked, around);
            }
            return;
        };
        for backend in self.rule_backends(route) {
            let is_chosen = |chosen: &ObjectRef| *chosen == backend.reference;
            let drawn = answer.backend.as_ref().map(|drawn| &drawn.reference);
            match drawn {
                Some(drawn) if !is_chosen(drawn) => {}
                Some(_) => self.lost_endpoints(&backend.reference, around),
                None if self.is_without_endpoints(backend) => {
                    self.lost_endpoints(&backend.reference, around);
                    around
                        .help
                        .extend(lost::other_port_names(self.resolver, backend));
                }
                None => {}
            }
        }
    }

    /// The backends of the rule that took a request.
    fn rule_backends(&self, route: &RouteMatch) -> &[EffectiveBackend] {
        let Some(kind) = RouteKind::from_kind(&route.route.kind) else {
            return &[];
        };
        let id = RouteId::new(kind, route.route.namespaced_name());
        let found = match kind {
            RouteKind::Http => self.resolver.http_rules_of(&id).and_then(|rules| {
                let mut rules = rules.rules.iter();
                let rule = rules.find(|rule| rule.index == route.rule)?;
                Some(&*rule.backends)
            }),
            RouteKind::Grpc => self.resolver.grpc_rules_of(&id).and_then(|rules| {
                let mut rules = rules.rules.iter();
                let rule = rules.find(|rule| rule.index == route.rule)?;
                Some(&*rule.backends)
            }),
            RouteKind::Tls | RouteKind::Tcp | RouteKind::Udp => {
                self.resolver.connection_backends(&id)
            }
        };
        found.unwrap_or_default()
    }

    /// Whether a backend gets a share of requests and has no endpoint for it.
    fn is_without_endpoints(&self, backend: &EffectiveBackend) -> bool {
        let Ok(target) = &backend.target else {
            return false;
        };
        let endpoints = self.resolver.resolution().effective.endpoints(&target.key);
        let is_without = endpoints.is_some_and(|all| !all.iter().any(|one| one.ready));
        backend.weight > 0 && is_without
    }

    /// The endpoints that nobody has and that are most likely meant for a backend, unless it has some of its own.
    fn lost_endpoints(&self, backend: &ObjectRef, around: &mut Around) {
        // Most requests are for a backend that has endpoints: nothing is looked for.
        if self.has_own_endpoints(backend) {
            return;
        }
        let lost = self.lost();
        let meant = lost.iter().filter_map(|lost| {
            let (meant, help) = lost.meant.as_ref()?;
            (meant == backend).then_some((lost, help))
        });
        for (lost, help) in meant.take(SHOWN) {
            around.why.push(format!(
                "{} may be meant for {backend}: {}",
                lost.object, lost.why
            ));
            around.help.push(format!("{}: {help}", lost.object));
            around.amiss = true;
        }
    }

    /// Whether there are endpoints of a backend, one of them ready.
    fn has_own_endpoints(&self, backend: &ObjectRef) -> bool {
        let place = backend.namespaced_name();
        let effective = &self.resolver.resolution().effective;
        let service = effective.service(&place, backend.kind != "Service");
        let mut ports = service.into_iter().flat_map(|service| &service.ports);
        if !ports.any(|port| port.endpoints.iter().any(|endpoint| endpoint.ready)) {
            return false;
        }
        // They may be assumed.
        let snapshot = self.resolver.snapshot();
        let mut slices = snapshot.endpoint_slices().values();
        backend.kind == "Service"
            && (snapshot.endpoints().contains_key(&place)
                || slices.any(|slice| service_of(slice).is_some_and(|of| of == place)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::Around;
    use super::super::tests::{around, route};

    /// EndpointSlice: the label `kubernetes.io/service-name` says whose endpoints they are.
    #[test]
    fn endpoints_that_nobody_has_are_named_where_their_backend_has_none() {
        let slice = |name: &str, namespace: &str, labels: &str| {
            format!(
                "---\napiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {{ name: {name}, namespace: {namespace}, labels: {{ {labels} }} }}\naddressType: IPv4\nports: [{{ name: web, port: 8080 }}]\nendpoints: [{{ addresses: [10.0.0.1], conditions: {{ ready: true }} }}]\n"
            )
        };
        let endpoints = "---\napiVersion: v1\nkind: Endpoints\nmetadata: { name: catr, namespace: shop }\nsubsets: [{ addresses: [{ ip: 10.0.0.1 }], ports: [{ name: web, port: 80 }] }]\n";
        let label = "kubernetes.io/service-name";
        let good = route("HTTPRoute", "r", "");
        for (lost, why, help) in [
            (
                slice("x", "shop", &format!("{label}: catr")),
                "EndpointSlice shop/x may be meant for Service shop/cart: Service `shop/catr` is not in the set: nobody has the endpoints",
                "EndpointSlice shop/x: did you mean Service `cart`?",
            ),
            (
                slice("x", "else", &format!("{label}: cart")),
                "EndpointSlice else/x may be meant for Service shop/cart: Service `else/cart` is not in the set: nobody has the endpoints",
                "EndpointSlice else/x: Service `cart` is in namespace `shop`: move the EndpointSlice there",
            ),
            (
                slice("cart-7xk", "shop", "app: cart"),
                "EndpointSlice shop/cart-7xk may be meant for Service shop/cart: no label `kubernetes.io/service-name` says whose endpoints these are: no Service has them",
                "EndpointSlice shop/cart-7xk: add the label `kubernetes.io/service-name: cart`",
            ),
            (
                endpoints.to_owned(),
                "Endpoints shop/catr may be meant for Service shop/cart: Service `shop/catr` is not in the set: nobody has the endpoints",
                "Endpoints shop/catr: did you mean Service `cart`?",
            ),
        ] {
            for url in ["http://x.example/", "http://cart.shop/"] {
                let found = around(&(good.clone() + &lost), url);
                assert_eq!(
                    (&*found.why, &*found.help),
                    (&[why.to_owned()][..], &[help.to_owned()][..]),
                    "{url}"
                );
                assert!(found.amiss);
            }
            // It has endpoints of its own.
            let own = slice("own", "shop", &format!("{label}: cart"));
            assert_eq!(
                around(&(good.clone() + &lost + &own), "http://x.example/"),
                Around::default()
            );
            // None of them is ready, or at this port.
            for own in [
                own.replace("ready: true", "ready: false"),
                own.replace("name: web", "name: wbe"),
            ] {
                let found = around(&(good.clone() + &lost + &own), "http://x.example/");
                assert!(
                    found.why.contains(&why.to_owned()) && found.help.contains(&help.to_owned()),
                    "{found:#?}"
                );
            }
        }
        // The one of another Service, and one for which none comes near.
        for lost in [
            slice("cartoon-1", "shop", "a: b"),
            slice("x", "shop", &format!("{label}: payments")),
        ] {
            assert_eq!(
                around(&(good.clone() + &lost), "http://x.example/"),
                Around::default()
            );
        }
        // The name of a port.
        let own = slice("own", "shop", &format!("{label}: cart")).replace("name: web", "name: wbe");
        let found = around(&(good + &own), "http://x.example/");
        assert_eq!(
            found.help,
            [
                "the ports in the EndpointSlices of Service shop/cart are named `wbe`: name this one `web`, as the Service does"
            ]
        );
    }
}
