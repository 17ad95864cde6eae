//! Listeners that would have taken a request, did they serve.

use super::{Request, destination};
use crate::{
    attachment::effective::{Effective, EffectiveListener, IdleListener},
    meta::{NamespacedName, is_narrower},
    v1::ProtocolType,
};

/// How many are named at most.
const SHOWN: usize = 8;

/// Says which listeners would have taken a request that reached no rule, and why they do not. `taken` is the
/// listener that took it after all: only one that is more specific would have gone before it.
pub(super) fn say(
    effective: &Effective,
    request: &Request,
    taken: Option<(&NamespacedName, &EffectiveListener)>,
    why: &mut Vec<String>,
) {
    let found = found(effective, request, taken);
    for (gateway, listener) in found.iter().take(SHOWN) {
        why.push(not_serving(gateway, listener));
    }
    if let Some(more) = found.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        why.push(match more {
            1 => "1 more listener is not serving".to_owned(),
            more => format!("{more} more listeners are not serving"),
        });
    }
}

/// That a listener is not serving, and why.
pub(crate) fn not_serving(gateway: &NamespacedName, listener: &IdleListener) -> String {
    let IdleListener { name, why, .. } = listener;
    format!("listener `{name}` of Gateway {gateway} is not serving: {why}")
}

/// The listeners of other Gateways than the one that took a request which would answer for its port and host, too, did they serve.
pub(crate) fn found_elsewhere<'e>(
    effective: &'e Effective,
    request: &Request,
    taken: &NamespacedName,
) -> Vec<(&'e NamespacedName, &'e IdleListener)> {
    let Ok(port) = request.destination_port() else {
        return Vec::new();
    };
    let host = destination::listener_host(request);
    let others = effective.idle.iter().filter(|(other, _)| *other != taken);
    others
        .flat_map(|(gateway, listeners)| listeners.iter().map(move |listener| (gateway, listener)))
        .filter(|(_, listener)| {
            listener.port == Some(port) && answers_for(listener, host.as_deref(), request)
        })
        .collect()
}

/// Whether a listener is for a host and understands what a client speaks. Of a protocol that is not known nobody can tell.
fn answers_for(listener: &IdleListener, host: Option<&str>, request: &Request) -> bool {
    let covers = match (&listener.hostname, host) {
        (None, _) => true,
        (Some(hostname), Some(host)) => hostname.matches(host),
        (Some(_), None) => false,
    };
    covers
        && (!listener.protocol.is_known()
            || destination::understands(&listener.protocol, true, request.scheme()))
}

/// The listeners that are not serving and would have taken a request, each with its Gateway.
pub(crate) fn found<'e>(
    effective: &'e Effective,
    request: &Request,
    taken: Option<(&NamespacedName, &EffectiveListener)>,
) -> Vec<(&'e NamespacedName, &'e IdleListener)> {
    let Ok(port) = request.destination_port() else {
        return Vec::new();
    };
    let asked = taken
        .map(|(gateway, _)| gateway)
        .or(request.gateway.as_ref());
    let host = destination::listener_host(request);
    let would_take = |listener: &IdleListener| {
        listener.port.is_none_or(|own| own == port)
            && answers_for(listener, host.as_deref(), request)
            && taken.is_none_or(|(_, taken)| {
                is_narrower(listener.hostname.as_ref(), taken.hostname.as_ref())
            })
    };
    let of_asked = effective
        .idle
        .iter()
        .filter(|(gateway, _)| asked.is_none_or(|asked| asked == *gateway))
        .flat_map(|(gateway, listeners)| listeners.iter().map(move |listener| (gateway, listener)));
    let mut found: Vec<_> = of_asked
        .clone()
        .filter(|(_, listener)| would_take(listener))
        .collect();
    // A TCP listener takes whatever is sent; one for what the client speaks is more likely meant.
    let is_tcp = |listener: &IdleListener| listener.protocol == ProtocolType::Tcp;
    if request.scheme() != "tcp" && found.iter().any(|(_, listener)| !is_tcp(listener)) {
        found.retain(|(_, listener)| !is_tcp(listener));
    }
    if found.is_empty() && asked.is_some_and(|asked| !effective.gateways.contains_key(asked)) {
        // Nothing of the Gateway serves, whatever was asked of it.
        return of_asked.collect();
    }
    found
}

#[cfg(test)]
mod tests {
    use crate::{
        attachment::{Options, Snapshot, resolve},
        manifest, routing,
        sim::{Answer, Request, Simulator},
    };

    const OBJECTS: &str = "
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: partly, namespace: edge }
spec:
  gatewayClassName: any
  listeners:
    - { name: all, port: 80, protocol: HTTP }
    - { name: one, port: 80, protocol: HTTP, hostname: a.example }
    - { name: two, port: 80, protocol: HTTP, hostname: a.example }
    - { name: exact, port: 81, protocol: HTTP, hostname: shop.example }
    - { name: below, port: 81, protocol: HTTP, hostname: '*.shop.example' }
    - { name: wide, port: 81, protocol: HTTP, hostname: '*.example' }
    - { name: wide-too, port: 81, protocol: HTTP, hostname: '*.example' }
    - { name: none, port: 81, protocol: HTTP }
    - { name: none-too, port: 81, protocol: HTTP }
    # A port that is none: it may have been meant for any.
    - { name: no-port, port: 70000, protocol: HTTP, hostname: no-port.example }
    - { name: https, port: 443, protocol: HTTPS, hostname: a.example, tls: { certificateRefs: [{ name: nowhere }] } }
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: not-at-all, namespace: edge }
spec:
  gatewayClassName: any
  addresses: [{ type: example.com/pool, value: blue }]
  listeners: [{ name: http, port: 8080, protocol: HTTP }]
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: many, namespace: edge }
spec:
  gatewayClassName: any
  listeners: LISTENERS
";

    fn ask(url: &str, gateway: Option<&str>) -> Answer {
        ask_many(url, gateway, 0)
    }

    /// The same, where the Gateway `many` has a listener that serves, and so many for another port that conflict.
    fn ask_many(url: &str, gateway: Option<&str>, many: usize) -> Answer {
        let listener = |n| format!("{{ name: l{n}, port: 90, protocol: HTTP }}");
        let served = "{ name: served, port: 89, protocol: HTTP }".to_owned();
        let listeners: Vec<_> = (0..many).map(listener).chain([served]).collect();
        let text = OBJECTS.replace("LISTENERS", &format!("[{}]", listeners.join(", ")));
        let (objects, errors) =
            manifest::read(text.as_bytes(), &manifest::ReadOptions::default()).decode();
        assert!(errors.is_empty(), "{errors:?}");
        let snapshot: Snapshot = objects.into_iter().map(|decoded| decoded.object).collect();
        let resolution = resolve(&snapshot, &Options::for_manifests());
        let mut simulator = Simulator::new(resolution.effective, routing::RouterOptions::default());
        let mut request = Request::get(url).unwrap();
        request.gateway = gateway.map(|name| crate::meta::NamespacedName::new("edge", name));
        simulator.request(&request, &mut |_| 0).unwrap()
    }

    fn says(answer: &Answer, text: &str) -> bool {
        answer.why.iter().any(|sentence| sentence.starts_with(text))
    }

    #[test]
    fn a_request_that_finds_nobody_names_the_listener_it_would_have_found_and_the_condition() {
        for gateway in [None, Some("partly")] {
            let answer = ask("https://a.example/", gateway);
            let wanted = "listener `https` of Gateway edge/partly is not serving: ResolvedRefs False (InvalidCertificateRef): Secret edge/nowhere does not exist";
            assert!(says(&answer, wanted), "{:?}", answer.why);
        }
    }

    #[test]
    fn eight_listeners_that_do_not_serve_are_named_and_the_others_counted() {
        for (many, more) in [
            (8, None),
            (9, Some("1 more listener is not serving")),
            (10, Some("2 more listeners are not serving")),
        ] {
            let answer = ask_many("http://a.example:90/", Some("many"), many);
            let why = answer.why.iter();
            let idle: Vec<_> = why.filter(|why| why.contains("not serving")).collect();
            let named = idle.iter().filter(|why| why.starts_with("listener `"));
            assert_eq!(named.count(), 8, "{idle:#?}");
            assert_eq!(idle.get(8).map(|why| why.as_str()), more, "{idle:#?}");
        }
    }

    #[test]
    fn a_listener_whose_port_is_none_is_named_at_any_port() {
        for (host, named) in [("no-port.example", true), ("other.example", false)] {
            let answer = ask(&format!("http://{host}:9/"), Some("partly"));
            let wanted = "listener `no-port` of Gateway edge/partly is not serving: ";
            assert_eq!(says(&answer, wanted), named, "{:?}", answer.why);
        }
    }

    #[test]
    fn a_404_of_a_less_specific_listener_names_the_conflicted_ones_that_go_before_it() {
        let answer = ask("http://a.example/", Some("partly"));
        assert_eq!(answer.status, Some(404));
        for name in ["one", "two"] {
            let wanted = format!(
                "listener `{name}` of Gateway edge/partly is not serving: Conflicted True (HostnameConflict): "
            );
            assert!(says(&answer, &wanted), "{:?}", answer.why);
        }
        let other = ask("http://b.example/", Some("partly"));
        assert_eq!(other.status, Some(404));
        assert!(
            !other.why.join("\n").contains("not serving"),
            "{:?}",
            other.why
        );
    }

    #[test]
    fn a_404_of_a_more_specific_listener_does_not_name_those_that_go_after_it() {
        for url in ["http://b.shop.example:81/", "http://shop.example:81/"] {
            let answer = ask(url, Some("partly"));
            assert_eq!(answer.status, Some(404));
            let idle: Vec<_> = answer
                .why
                .iter()
                .filter(|why| why.contains("not serving"))
                .collect();
            assert!(idle.is_empty(), "{idle:?}");
        }
    }

    #[test]
    fn a_gateway_that_is_not_accepted_refuses_and_says_why() {
        for (url, gateway) in [
            ("http://a.example:8080/", None),
            ("http://a.example:9/", Some("not-at-all")),
        ] {
            let answer = ask(url, gateway);
            assert_eq!(answer.status, None);
            let wanted = "listener `http` of Gateway edge/not-at-all is not serving: its Gateway: Accepted False (UnsupportedAddress): ";
            assert!(says(&answer, wanted), "{:?}", answer.why);
        }
    }
}
