//! Sets of objects that an API server takes.

use super::{gateway, gateway_api, http_gateway, lines, route, service};
use serde_json::{Value, json};

/// A valid route with as many patterns as one may have: 16 rules of 8 matches at four times the size, each with 33.
pub(crate) fn regular_expressions(times: usize) -> String {
    let mut number = 0;
    let mut pattern = |separator: &str| {
        number += 1;
        format!("{separator}\\w{{1,30}}x{number}")
    };
    let rules: Vec<Value> = (0..4 * times)
        .map(|_| {
            let matches: Vec<Value> = (0..8)
                .map(|_| {
                    let mut named = |kind: &str| -> Vec<Value> {
                        (0..16)
                            .map(|n| json!({"type": "RegularExpression", "name": format!("{kind}{n}"), "value": pattern("")}))
                            .collect()
                    };
                    let (headers, query) = (named("h"), named("q"));
                    json!({
                        "path": {"type": "RegularExpression", "value": pattern("/")},
                        "headers": headers, "queryParams": query,
                    })
                })
                .collect();
            json!({"matches": matches})
        })
        .collect();
    lines([
        http_gateway("g"),
        route("r", json!({"parentRefs": [{"name": "g"}], "rules": rules})),
    ])
}

/// As many ports as endpoints.
pub(crate) fn ports_and_endpoints(times: usize) -> String {
    let count = times * 500;
    let meta = json!({"name": "s", "labels": {"kubernetes.io/service-name": "s"}});
    let ports = |named: &str| -> Vec<Value> {
        let port = |n: usize| json!({"name": format!("p{n}"), named: n});
        (1..=count).map(port).collect()
    };
    let endpoints: Vec<Value> = (0..count)
        .map(|n| json!({"addresses": [format!("10.0.{}.{}", n / 250, n % 250)]}))
        .collect();
    lines([
        json!({"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": {"ports": ports("port")}}),
        json!({
            "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4", "metadata": meta,
            "ports": ports("port"), "endpoints": endpoints,
        }),
        http_gateway("g"),
        route(
            "r",
            json!({"parentRefs": [{"name": "g"}], "rules": [{"backendRefs": [{"name": "s", "port": 1}]}]}),
        ),
    ])
}

/// Listeners that all want the same port and host, more than a Gateway may have.
pub(crate) fn conflicting_listeners(times: usize) -> String {
    let listeners: Vec<Value> = (0..times * 1_000)
        .map(|n| json!({"name": format!("l{n}"), "port": 80, "protocol": "HTTP", "hostname": "a.example.com"}))
        .collect();
    lines([gateway("g", listeners)])
}

/// Gateways with as many listeners as each may have, all in conflict.
pub(crate) fn many_listeners(times: usize) -> String {
    lines((0..times * 100).map(|g| {
        let listener = |n: usize| json!({"name": format!("l{n}"), "port": 80, "protocol": "HTTP", "hostname": "a.example.com"});
        gateway(&format!("g{g}"), (0..64).map(listener).collect())
    }))
}

/// Routes that each name as many parents as they may, some of them there.
pub(crate) fn many_parents(times: usize) -> String {
    let gateways = (0..32).map(|n| http_gateway(&format!("g{n}")));
    let routes = (0..times * 250).map(|r| {
        let parents: Vec<Value> = (0..32)
            .map(|n| json!({"name": format!("g{}", n + r % 8)}))
            .collect();
        route(&format!("r{r}"), json!({"parentRefs": parents}))
    });
    lines(gateways.chain(routes))
}

/// Routes with as many matches as each may have, on the same host.
pub(crate) fn many_matches(times: usize) -> String {
    routes_of_all_matches(times * 25, |r, rule, n| {
        json!({
            "path": {"type": "PathPrefix", "value": format!("/{}/{rule}/{n}", r % 7)},
            "headers": [{"name": format!("x-{r}"), "value": "1"}],
        })
    })
}

/// Routes with as many rules as each may have, and of each rule eight matches.
fn routes_of_all_matches(routes: usize, matching: impl Fn(usize, usize, usize) -> Value) -> String {
    let routes = (0..routes).map(|r| {
        let rules = (0..16).map(|rule| {
            let matches: Vec<Value> = (0..8).map(|n| matching(r, rule, n)).collect();
            json!({"matches": matches, "backendRefs": [{"name": "s", "port": 80}]})
        });
        let rules: Vec<Value> = rules.collect();
        route(
            &format!("r{r}"),
            json!({"parentRefs": [{"name": "g"}], "rules": rules}),
        )
    });
    lines([http_gateway("g"), service("s")].into_iter().chain(routes))
}

/// Routes with as many hostnames as each may have.
pub(crate) fn many_hostnames(times: usize) -> String {
    let routes = (0..times * 500).map(|r| {
        let hostnames: Vec<String> = (0..16).map(|n| format!("h{n}.r{r}.example.com")).collect();
        route(
            &format!("r{r}"),
            json!({"parentRefs": [{"name": "g"}], "hostnames": hostnames}),
        )
    });
    lines([http_gateway("g")].into_iter().chain(routes))
}

/// Policies that all are for one Service.
pub(crate) fn many_policies(times: usize) -> String {
    let policies = (0..times * 1_000).map(|n| {
        let target = json!({"group": "", "kind": "Service", "name": "s"});
        let validation = json!({"hostname": "s.example.com", "wellKnownCACertificates": "System"});
        let spec = json!({"targetRefs": [target], "validation": validation});
        gateway_api("BackendTLSPolicy", &format!("p{n}"), spec)
    });
    let objects = [
        http_gateway("g"),
        service("s"),
        route(
            "r",
            json!({"parentRefs": [{"name": "g"}], "rules": [{"backendRefs": [{"name": "s", "port": 80}]}]}),
        ),
    ];
    lines(objects.into_iter().chain(policies))
}

/// Routes of 2 048 matches that are attached to as many listeners.
pub(crate) fn routes_at_many_listeners(times: usize) -> String {
    let gateways = (0..32).map(|n| {
        let listeners = (0..64)
            .map(|at| json!({"name": format!("l{at}"), "port": 1_000 + at, "protocol": "HTTP"}));
        gateway(&format!("g{n}"), listeners.collect())
    });
    let parents: Vec<Value> = (0..32).map(|n| json!({"name": format!("g{n}")})).collect();
    let routes = (0..times).map(|n| {
        let hostnames: Vec<_> = (0..16).map(|at| format!("h{at}.r{n}.example.com")).collect();
        let rules: Vec<Value> = (0..16)
            .map(|rule| {
                let paths = (0..8).map(|at| json!({"path": {"value": format!("/{rule}/{at}")}}));
                json!({"matches": paths.collect::<Vec<_>>(), "backendRefs": [{"name": "s", "port": 80}]})
            })
            .collect();
        let spec = json!({"parentRefs": parents, "hostnames": hostnames, "rules": rules});
        route(&format!("r{n}"), spec)
    });
    lines(gateways.chain([service("s")]).chain(routes))
}

/// Redirects of each host to the next.
pub(crate) fn redirects_to_other_hosts(times: usize) -> String {
    let count = times * 1_000;
    let routes = (0..count).map(|n| {
        let redirect = json!({"hostname": format!("h{}.example.com", (n + 1) % count)});
        let filter = json!({"type": "RequestRedirect", "requestRedirect": redirect});
        let spec = json!({
            "parentRefs": [{"name": "g"}], "hostnames": [format!("h{n}.example.com")],
            "rules": [{"filters": [filter]}],
        });
        route(&format!("r{n}"), spec)
    });
    lines([http_gateway("g")].into_iter().chain(routes))
}

/// Routes whose hosts belong to another listener, which has as many routes of its own.
pub(crate) fn hosts_of_another_listener(times: usize) -> String {
    let listener = |name: &str, hostname: &str| json!({"name": name, "port": 80, "protocol": "HTTP", "hostname": hostname});
    let listeners = vec![listener("a", "*.com"), listener("b", "*.x.com")];
    let at = |section: &str, n: usize, hostnames: Value| {
        let spec =
            json!({"parentRefs": [{"name": "g", "sectionName": section}], "hostnames": hostnames});
        route(&format!("{section}{n}"), spec)
    };
    let lost = (0..times * 1_000).map(|n| {
        at(
            "a",
            n,
            json!([format!("h{n}.x.com"), format!("h{n}.y.com")]),
        )
    });
    let others = (0..times * 1_000).map(|n| at("b", n, json!([format!("k{n}.x.com")])));
    lines(
        [gateway("g", listeners)]
            .into_iter()
            .chain(lost)
            .chain(others),
    )
}

/// Policies for one Service, whose routes are at many Gateways.
pub(crate) fn policies_and_gateways(times: usize) -> String {
    let gateways = times * 500;
    let routes = (0..gateways / 32).map(|n| {
        let parents = (0..32).map(|at| json!({"name": format!("g{}", n * 32 + at)}));
        route(
            &format!("r{n}"),
            json!({"parentRefs": parents.collect::<Vec<_>>(), "rules": [{"backendRefs": [{"name": "s", "port": 80}]}]}),
        )
    });
    let policies = (0..times * 100).map(|n| {
        let target = json!({"group": "", "kind": "Service", "name": "s"});
        let validation = json!({"hostname": "s.example.com", "wellKnownCACertificates": "System"});
        let spec = json!({"targetRefs": [target], "validation": validation});
        gateway_api("BackendTLSPolicy", &format!("p{n}"), spec)
    });
    let gateways = (0..gateways).map(|n| http_gateway(&format!("g{n}")));
    lines(gateways.chain([service("s")]).chain(routes).chain(policies))
}

/// Policies for 16 Services, all of which each route names.
pub(crate) fn policies_of_many_routes(times: usize) -> String {
    let services = (0..16).map(|n| service(&format!("s{n}")));
    let backends: Vec<Value> = (0..16)
        .map(|n| json!({"name": format!("s{n}"), "port": 80}))
        .collect();
    let routes = (0..times * 50).map(|n| {
        route(
            &format!("r{n}"),
            json!({"parentRefs": [{"name": "g"}], "rules": [{"backendRefs": backends}]}),
        )
    });
    let targets: Vec<Value> = (0..16)
        .map(|n| json!({"group": "", "kind": "Service", "name": format!("s{n}")}))
        .collect();
    let policies = (0..times * 500).map(|n| {
        let validation = json!({"hostname": "s.example.com", "wellKnownCACertificates": "System"});
        let spec = json!({"targetRefs": targets, "validation": validation});
        gateway_api("BackendTLSPolicy", &format!("p{n}"), spec)
    });
    let objects = services.chain([http_gateway("g")]);
    lines(objects.chain(routes).chain(policies))
}

/// A selector that asks for all of the many labels of a Namespace, and many routes of that.
pub(crate) fn labels_of_a_selector(times: usize) -> String {
    let labels = (0..times * 2_000).map(|n| (format!("k{n}"), json!("x")));
    let labels = Value::Object(labels.collect());
    let namespace = json!({
        "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default", "labels": labels},
    });
    let from = json!({"namespaces": {"from": "Selector", "selector": {"matchLabels": labels}}});
    let listener = json!({"name": "http", "port": 80, "protocol": "HTTP", "allowedRoutes": from});
    let routes =
        (0..times * 1_000).map(|n| route(&format!("r{n}"), json!({"parentRefs": [{"name": "g"}]})));
    lines(
        [gateway("g", vec![listener]), namespace]
            .into_iter()
            .chain(routes),
    )
}

/// A Service with so many ports.
fn service_with_ports(count: usize) -> Value {
    let ports = (1..=count).map(|n| json!({"name": format!("p{n}"), "port": n}));
    json!({
        "apiVersion": "v1", "kind": "Service", "spec": {"ports": ports.collect::<Vec<_>>()},
        "metadata": {"name": "a", "namespace": "default"},
    })
}

/// Routes in the mesh, for all ports of a Service with many.
pub(crate) fn ports_of_the_mesh(times: usize) -> String {
    let routes = (0..times * 1_000).map(|n| {
        let parent = json!({"group": "", "kind": "Service", "name": "a"});
        route(&format!("r{n}"), json!({"parentRefs": [parent]}))
    });
    lines(
        [service_with_ports(times * 1_000)]
            .into_iter()
            .chain(routes),
    )
}

/// As [`ports_of_the_mesh`], for routes of which one leaves nothing to the others.
pub(crate) fn connections_of_the_mesh(times: usize) -> String {
    let routes = (0..times * 1_000).map(|n| {
        let parent = json!({"group": "", "kind": "Service", "name": "a"});
        let backend = json!({"name": "a", "port": 1});
        let spec = json!({"parentRefs": [parent], "rules": [{"backendRefs": [backend]}]});
        let mut route = gateway_api("TCPRoute", &format!("r{n}"), spec);
        route["apiVersion"] = json!("gateway.networking.k8s.io/v1alpha2");
        route
    });
    lines(
        [service_with_ports(times * 1_000)]
            .into_iter()
            .chain(routes),
    )
}

/// Grants of as many pairs as one may have, and routes that need them.
pub(crate) fn grants(times: usize) -> String {
    let grants = (0..times * 300).map(|n| {
        let from = (0..16).map(|at| {
            json!({"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "namespace": format!("n{}", n * 16 + at)})
        });
        let to = (0..16).map(|at| json!({"group": "", "kind": "Service", "name": format!("s{at}")}));
        let spec = json!({"from": from.collect::<Vec<_>>(), "to": to.collect::<Vec<_>>()});
        let mut grant = gateway_api("ReferenceGrant", &format!("g{n}"), spec);
        grant["metadata"]["namespace"] = json!("far");
        grant
    });
    let backends: Vec<Value> = (0..16)
        .map(|n| json!({"name": format!("s{n}"), "namespace": "far", "port": 80}))
        .collect();
    let routes = (0..times * 300).map(|n| {
        let spec = json!({"parentRefs": [{"name": "g"}], "rules": [{"backendRefs": backends}]});
        let mut route = route(&format!("r{n}"), spec);
        route["metadata"]["namespace"] = json!(format!("n{n}"));
        route
    });
    lines([http_gateway("g")].into_iter().chain(grants).chain(routes))
}

/// The certificate of an authority, valid from 2020 to 2119.
const AUTHORITY: &str = "-----BEGIN CERTIFICATE-----\n\
MIIBSTCB8aADAgECAgEBMAoGCCqGSM49BAMCMBQxEjAQBgNVBAMMCWF1dGhvcml0\n\
eTAgFw0yMDAxMDEwMDAwMDBaGA8yMTIwMDEwMTAwMDAwMFowFDESMBAGA1UEAwwJ\n\
YXV0aG9yaXR5MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEOANft5j4U0lEJdU5\n\
42GjFfJw+lVaocO0ixyl6qOcKJUtc4kTu2Vt4k7JGtxyG2lSlNoQkFomqUCw4170\n\
ZLbcPaMyMDAwDwYDVR0TAQH/BAUwAwEB/zAdBgNVHQ4EFgQU5x48UgWWrnSQq/Uk\n\
5eCoB0/A3qswCgYIKoZIzj0EAwIDRwAwRAIgK9dVvfcjVO9FEkowG+DTkCq1xt50\n\
45gdifDYRjE1AQQCIGVvNQZPoRhqiWNLWUIFJXwQYYUXiACduJwUtx0r3g/h\n\
-----END CERTIFICATE-----\n";

/// A ConfigMap with many times the same authority, and its reference.
fn bundle(certificates: usize) -> (Value, Value) {
    let map = json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "ca", "namespace": "default"},
        "data": {"ca.crt": AUTHORITY.repeat(certificates)},
    });
    (map, json!({"group": "", "kind": "ConfigMap", "name": "ca"}))
}

/// Policies that all trust the same bundle of certificates.
pub(crate) fn policies_of_one_bundle(times: usize) -> String {
    let count = times * 100;
    let (map, reference) = bundle(count);
    let objects = (0..count).flat_map(|n| {
        let name = format!("s{n}");
        let backend = json!({"name": name, "port": 80});
        let target = json!({"group": "", "kind": "Service", "name": name});
        let validation = json!({"hostname": "s.example.com", "caCertificateRefs": [reference]});
        [
            service(&name),
            route(
                &format!("r{n}"),
                json!({"parentRefs": [{"name": "g"}], "rules": [{"backendRefs": [backend]}]}),
            ),
            gateway_api(
                "BackendTLSPolicy",
                &format!("p{n}"),
                json!({"targetRefs": [target], "validation": validation}),
            ),
        ]
    });
    lines([map, http_gateway("g")].into_iter().chain(objects))
}

/// Gateways whose clients need a certificate by the same bundle, each of which names it several times.
pub(crate) fn gateways_of_one_bundle(times: usize) -> String {
    let count = times * 100;
    let (map, reference) = bundle(count);
    let references = vec![reference; 8];
    let gateways = (0..count).map(|n| {
        // Options stand in for certificates.
        let tls = json!({"mode": "Terminate", "options": {"example.com/certificate": "own"}});
        let listener = json!({
            "name": "https", "port": 443, "protocol": "HTTPS", "hostname": format!("h{n}.example.com"), "tls": tls,
        });
        let mut one = gateway(&format!("g{n}"), vec![listener]);
        one["spec"]["tls"] = json!({"frontend": {"default": {"validation": {"caCertificateRefs": references}}}});
        one
    });
    lines([map].into_iter().chain(gateways))
}

/// A filter that changes more headers than it may.
pub(crate) fn header_names(times: usize) -> String {
    let count = times * 5_000;
    let headers = |prefix: &str| -> Vec<Value> {
        let header = |n: usize| json!({"name": format!("{prefix}{n}"), "value": "1"});
        (0..count).map(header).collect()
    };
    let remove: Vec<String> = (0..count).map(|n| format!("r{n}")).collect();
    let modifier = json!({"set": headers("s"), "add": headers("a"), "remove": remove});
    let filter = json!({"type": "RequestHeaderModifier", "requestHeaderModifier": modifier});
    let rule = json!({"filters": [filter], "backendRefs": [{"name": "s", "port": 80}]});
    lines([
        http_gateway("g"),
        service("s"),
        route("r", json!({"parentRefs": [{"name": "g"}], "rules": [rule]})),
    ])
}

/// Matches of one path and header, each by another regular expression.
pub(crate) fn patterns_of_one_header(times: usize) -> String {
    routes_of_all_matches(times * 4, |r, rule, n| {
        let value = format!("b{}.*", (r * 16 + rule) * 8 + n);
        let header = json!({"name": "h", "type": "RegularExpression", "value": value});
        json!({"path": {"value": "/"}, "headers": [header]})
    })
}

/// References to another namespace, with many grants there that allow others.
pub(crate) fn grants_for_others(times: usize) -> String {
    let grants = (0..times * 50).map(|n| {
        let from = (0..16).map(|at| {
            json!({"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "namespace": format!("n{at}")})
        });
        let to = (0..16).map(|at| json!({"group": "", "kind": "Service", "name": format!("q{at}")}));
        let spec = json!({"from": from.collect::<Vec<_>>(), "to": to.collect::<Vec<_>>()});
        let mut grant = gateway_api("ReferenceGrant", &format!("g{n}"), spec);
        grant["metadata"]["namespace"] = json!("far");
        grant
    });
    let routes = (0..times * 50).map(|n| {
        let backend = json!({"name": format!("s{n}"), "namespace": "far", "port": 80});
        let spec = json!({"parentRefs": [{"name": "g"}], "rules": [{"backendRefs": [backend]}]});
        route(&format!("r{n}"), spec)
    });
    lines([http_gateway("g")].into_iter().chain(grants).chain(routes))
}

/// References that lead to nothing, each nearly the name of many objects.
pub(crate) fn near_misses(times: usize) -> String {
    let gateways = (0..times * 250).map(|n| http_gateway(&format!("gateway-{n}")));
    let routes = (0..times * 250).map(|n| {
        route(
            &format!("r{n}"),
            json!({"parentRefs": [{"name": format!("gatewya-{n}")}]}),
        )
    });
    let gateways = gateways.collect::<Vec<_>>();
    lines(gateways.into_iter().chain(routes))
}

/// Routes of one name, of which the last one counts.
pub(crate) fn one_name(times: usize) -> String {
    lines(
        (0..times * 2_500).map(|n| route("r", json!({"hostnames": [format!("h{n}.example.com")]}))),
    )
}
