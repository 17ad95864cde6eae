//! Manifests made to do harm, each at so many times its size.

use gwapi::attachment::DEFAULT_CONTROLLER;
use serde_json::{Value, json};
use std::{fmt::Write as _, fs, path::Path};

/// Objects, one a line.
pub(crate) fn lines(objects: impl IntoIterator<Item = Value>) -> String {
    objects.into_iter().fold(String::new(), |mut text, object| {
        writeln!(text, "{object}").unwrap();
        text
    })
}

/// An object of the Gateway API in version `v1`.
pub(crate) fn gateway_api(kind: &str, name: &str, spec: Value) -> Value {
    let api_version = match kind {
        "BackendTLSPolicy" => "gateway.networking.k8s.io/v1alpha3",
        "ReferenceGrant" => "gateway.networking.k8s.io/v1beta1",
        _ => "gateway.networking.k8s.io/v1",
    };
    json!({
        "apiVersion": api_version, "kind": kind, "spec": spec,
        "metadata": {"name": name, "namespace": "default", "creationTimestamp": "2024-05-09T12:00:00Z"},
    })
}

fn gateway(name: &str, listeners: Vec<Value>) -> Value {
    let spec = json!({"gatewayClassName": "c", "listeners": listeners});
    gateway_api("Gateway", name, spec)
}

fn http_gateway(name: &str) -> Value {
    gateway(
        name,
        vec![json!({"name": "http", "port": 80, "protocol": "HTTP"})],
    )
}

fn service(name: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Service", "spec": {"ports": [{"port": 80}]},
        "metadata": {"name": name, "namespace": "default"},
    })
}

fn route(name: &str, spec: Value) -> Value {
    gateway_api("HTTPRoute", name, spec)
}

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
    let routes = (0..times * 25).map(|r| {
        let rules: Vec<Value> = (0..16)
            .map(|rule| {
                let matches: Vec<Value> = (0..8)
                    .map(|n| json!({
                        "path": {"type": "PathPrefix", "value": format!("/{}/{rule}/{n}", r % 7)},
                        "headers": [{"name": format!("x-{r}"), "value": "1"}],
                    }))
                    .collect();
                json!({"matches": matches, "backendRefs": [{"name": "s", "port": 80}]})
            })
            .collect();
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

/// Routes in the mesh, for all ports of a Service with many.
pub(crate) fn ports_of_the_mesh(times: usize) -> String {
    let ports = (1..=times * 1_000).map(|n| json!({"name": format!("p{n}"), "port": n}));
    let service = json!({
        "apiVersion": "v1", "kind": "Service", "spec": {"ports": ports.collect::<Vec<_>>()},
        "metadata": {"name": "a", "namespace": "default"},
    });
    let routes = (0..times * 1_000).map(|n| {
        let parent = json!({"group": "", "kind": "Service", "name": "a"});
        route(&format!("r{n}"), json!({"parentRefs": [parent]}))
    });
    lines([service].into_iter().chain(routes))
}

/// As [`ports_of_the_mesh`], for routes of which one leaves nothing to the others.
pub(crate) fn connections_of_the_mesh(times: usize) -> String {
    let ports = (1..=times * 1_000).map(|n| json!({"name": format!("p{n}"), "port": n}));
    let service = json!({
        "apiVersion": "v1", "kind": "Service", "spec": {"ports": ports.collect::<Vec<_>>()},
        "metadata": {"name": "a", "namespace": "default"},
    });
    let routes = (0..times * 1_000).map(|n| {
        let parent = json!({"group": "", "kind": "Service", "name": "a"});
        let backend = json!({"name": "a", "port": 1});
        let spec = json!({"parentRefs": [parent], "rules": [{"backendRefs": [backend]}]});
        let mut route = gateway_api("TCPRoute", &format!("r{n}"), spec);
        route["apiVersion"] = json!("gateway.networking.k8s.io/v1alpha2");
        route
    });
    lines([service].into_iter().chain(routes))
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

/// Routes of one Gateway, each for a host of its own, and then so many changes of one with a request after each, as lines
/// for `serve`.
pub(crate) fn changes_in_turn(routes: usize, turns: usize) -> String {
    let for_host = |name: &str, host: &str| {
        route(
            name,
            json!({
                "parentRefs": [{"name": "g"}], "hostnames": [host],
                "rules": [{"backendRefs": [{"name": "s", "port": 80}]}],
            }),
        )
    };
    let routes = (0..routes).map(|n| for_host(&format!("r{n}"), &format!("h{n}.example.com")));
    let mut class = gateway_api(
        "GatewayClass",
        "c",
        json!({"controllerName": DEFAULT_CONTROLLER}),
    );
    class["metadata"] = json!({"name": "c"});
    let objects: Vec<Value> = [class, http_gateway("g"), service("s")]
        .into_iter()
        .chain(routes)
        .collect();
    let turns = (0..turns).flat_map(|n| {
        let host = format!("x{n}.example.com");
        [
            json!({"op": "apply", "objects": [for_host("r0", &host)]}),
            json!({"op": "request", "request": {"url": format!("http://{host}/")}}),
        ]
    });
    lines(
        [json!({"op": "apply", "objects": objects})]
            .into_iter()
            .chain(turns),
    )
}

/// A ReferenceGrant that an API server refuses for its length, and a route that needs another one.
pub(crate) fn refused_grant(times: usize) -> String {
    let count = times * 1_000;
    let from = (0..count).map(|n| {
        json!({"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "namespace": format!("n{n}")})
    });
    let to = (0..count).map(|n| json!({"group": "", "kind": "Service", "name": format!("s{n}")}));
    let spec = json!({"from": from.collect::<Vec<_>>(), "to": to.collect::<Vec<_>>()});
    let mut grant = gateway_api("ReferenceGrant", "g", spec);
    grant["metadata"]["namespace"] = json!("far");
    let backend = json!({"name": "s", "namespace": "far", "port": 80});
    let spec = json!({"parentRefs": [{"name": "g"}], "rules": [{"backendRefs": [backend]}]});
    lines([grant, http_gateway("g"), route("r", spec)])
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
    let routes = (0..times * 4).map(|r| {
        let rules = (0..16).map(|rule| {
            let matches = (0..8).map(|n| {
                let value = format!("b{}.*", (r * 16 + rule) * 8 + n);
                let header = json!({"name": "h", "type": "RegularExpression", "value": value});
                json!({"path": {"value": "/"}, "headers": [header]})
            });
            json!({"matches": matches.collect::<Vec<_>>(), "backendRefs": [{"name": "s", "port": 80}]})
        });
        let rules: Vec<Value> = rules.collect();
        route(
            &format!("r{r}"),
            json!({"parentRefs": [{"name": "g"}], "rules": rules}),
        )
    });
    lines([http_gateway("g"), service("s")].into_iter().chain(routes))
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

/// A Gateway with more listeners than it may have, and routes for all of them.
pub(crate) fn refused_gateway(times: usize) -> String {
    let listeners = (0..times * 1_000).map(|n| {
        json!({"name": format!("l{n}"), "port": 80, "protocol": "HTTP", "hostname": format!("h{n}.example.com")})
    });
    let routes = (0..times * 300).map(|n| {
        let spec =
            json!({"parentRefs": [{"name": "g"}], "hostnames": [format!("h{n}.example.com")]});
        route(&format!("r{n}"), spec)
    });
    lines(
        [gateway("g", listeners.collect())]
            .into_iter()
            .chain(routes),
    )
}

/// A route with more parents, hosts and matches than it may have.
pub(crate) fn refused_route(times: usize) -> String {
    let count = times * 500;
    let parents = vec![json!({"name": "g", "sectionName": "http"}); count];
    let hostnames: Vec<String> = (0..count).map(|n| format!("h{n}.example.com")).collect();
    let matches = (0..count).map(|n| json!({"path": {"value": format!("/{n}")}}));
    let rule =
        json!({"matches": matches.collect::<Vec<_>>(), "backendRefs": [{"name": "s", "port": 80}]});
    let spec = json!({"parentRefs": parents, "hostnames": hostnames, "rules": [rule]});
    lines([http_gateway("g"), service("s"), route("r", spec)])
}

/// Rules without matches, more than a route may have.
pub(crate) fn empty_rules(times: usize) -> String {
    let spec = json!({"parentRefs": [{"name": "g"}], "rules": vec![json!({}); times * 2_000]});
    lines([route("r", spec)])
}

/// Changes of the configuration in turn, each of which has all objects judged anew, as lines for `serve`.
pub(crate) fn configurations_in_turn(routes: usize, turns: usize) -> String {
    let first = changes_in_turn(routes, 0);
    let turns = (0..turns).map(|n| {
        let channel = ["standard", "experimental"][n % 2];
        json!({"op": "configure", "options": {"channel": channel}})
    });
    first + &lines(turns)
}

/// Requests that no route takes, as lines for `serve`.
pub(crate) fn requests_for_nobody(routes: usize, requests: usize) -> String {
    let first = changes_in_turn(routes, 0);
    let requests = (0..requests).map(
        |n| json!({"op": "request", "request": {"url": format!("http://nobody{n}.example.org/")}}),
    );
    first + &lines(requests)
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

/// Documents of YAML in great number.
pub(crate) fn many_documents(times: usize) -> String {
    (0..times * 2_500).fold(String::new(), |mut text, n| {
        write!(
            text,
            "---\napiVersion: v1\nkind: Service\nmetadata:\n  name: s{n}\nspec:\n  ports:\n  - port: 80\n"
        )
        .unwrap();
        text
    })
}

/// Lists in lists, deeper than may be.
pub(crate) fn deep_nesting(times: usize) -> String {
    "[".repeat(times * 250_000) + "\n---\n" + &lines([service("s")])
}

/// An alias bomb after another.
pub(crate) fn aliases(times: usize) -> String {
    let bomb = |n: usize| {
        let mut text = format!("---\nkind: A{n}\na0: &a0 [x, x, x, x, x, x, x, x]\n");
        for level in 1..9 {
            let before = vec![format!("*a{}", level - 1); 8].join(", ");
            writeln!(text, "a{level}: &a{level} [{before}]").unwrap();
        }
        text
    };
    (0..times).map(bomb).collect::<String>() + "---\n" + &lines([service("s")])
}

/// Keys that are long, in great number.
pub(crate) fn long_keys(times: usize) -> String {
    let mut object = route("r", json!({}));
    let key = "k".repeat(5_000);
    for n in 0..times * 100 {
        object["spec"][format!("{key}{n}")] = json!(n);
    }
    lines([object])
}

/// Fields that the schema does not have.
pub(crate) fn unknown_fields(times: usize) -> String {
    let mut object = route("r", json!({}));
    for n in 0..times * 20_000 {
        object["spec"][format!("hostname{n}")] = json!(n);
    }
    lines([object])
}

/// Many findings in one document.
pub(crate) fn many_findings(times: usize) -> String {
    let backends: Vec<Value> = (0..times * 10_000)
        .map(|n| json!({"name": "_", "port": n, "weight": "x", "wieght": 1}))
        .collect();
    lines([route("r", json!({"rules": [{"backendRefs": backends}]}))])
}

/// Keys that are given twice.
pub(crate) fn duplicate_keys(times: usize) -> String {
    let mut text = "kind: A\napiVersion: a/v1\nmetadata: {name: a}\nspec:\n".to_owned();
    for n in 0..times * 20_000 {
        writeln!(text, "  k{}: 1", n / 2).unwrap();
    }
    text
}

/// One scalar that is long.
pub(crate) fn long_text(times: usize) -> String {
    let text = "x".repeat(times * 1_000_000);
    lines([json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "annotations": {"a": text}}, "data": {"b": text},
    })])
}

/// A document of small maps.
pub(crate) fn small_maps(times: usize) -> String {
    let item = "{\"a\":1},";
    format!(
        "{{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"data\":[{}1]}}\n",
        item.repeat(times * 40_000)
    )
}

/// Objects of an old version, to be converted.
pub(crate) fn old_versions(times: usize) -> String {
    (0..times * 1_000).fold(String::new(), |mut text, n| {
        write!(
            text,
            "---\napiVersion: gateway.networking.k8s.io/v1beta1\nkind: HTTPRoute\nmetadata:\n  name: r{n}\n  \
             ownerReferences:\n  - {{apiVersion: v1, kind: A, name: a, uid: b}}\nspec:\n  hostnames: [a.example.com]\n"
        )
        .unwrap();
        text
    })
}

/// An object a line, none of which says what it is.
pub(crate) fn one_line_objects(times: usize) -> String {
    "{\"kind\":\"A\"}\n".repeat(times * 400_000)
}

/// A list with so many items.
pub(crate) fn list(count: usize, as_json: bool) -> String {
    if as_json {
        let item =
            r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a","labels":{"app":"a"}}}"#;
        let items = vec![item; count].join(",\n");
        return format!("{{\"apiVersion\":\"v1\",\"items\":[{items}],\"kind\":\"List\"}}\n");
    }
    let item = "- apiVersion: v1\n  kind: Pod\n  metadata:\n    name: a\n    labels: {app: a}\n";
    format!("apiVersion: v1\nitems:\n{}kind: List\n", item.repeat(count))
}

/// A repository as people keep it for a cluster, of which a small part concerns the Gateway API. Returns its size.
pub(crate) fn repository(folder: &Path, count: usize) -> usize {
    let mut size = 0;
    for n in 0..count {
        let team = folder.join(format!("team-{}", n % 50));
        fs::create_dir_all(&team).unwrap();
        let mut text = String::new();
        match n % 20 {
            0 => {
                let spec = json!({
                    "parentRefs": [{"name": "g", "namespace": "infra"}], "hostnames": [format!("a{n}.example.com")],
                    "rules": [{"backendRefs": [{"name": format!("s{n}"), "port": 80}]}],
                });
                write!(
                    text,
                    "# The route of a{n}\n{}---\n{}",
                    lines([route(&format!("r{n}"), spec)]),
                    lines([service(&format!("s{n}"))])
                )
                .unwrap();
            }
            1..=4 => {
                write!(
                    text,
                    "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c{n}\n  namespace: team\ndata:\n  dashboard.json: |\n"
                )
                .unwrap();
                for panel in 0..160 {
                    writeln!(
                        text,
                        "    {{\"panel\": {panel}, \"title\": \"requests a second of a{n}\"}},"
                    )
                    .unwrap();
                }
            }
            5..=7 => {
                write!(text, "image:\n  repository: registry.example.com/a{n}\n").unwrap();
                for value in 0..160 {
                    writeln!(
                        text,
                        "value{value}:\n  enabled: true # as in the chart\n  size: {value}"
                    )
                    .unwrap();
                }
            }
            8 => {
                write!(
                    text,
                    "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n- a.yaml\n"
                )
                .unwrap();
            }
            _ => {
                write!(
                    text,
                    "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: d{n}\n  namespace: team\nspec:\n  template:\n    \
                     spec:\n      containers:\n"
                )
                .unwrap();
                for container in 0..100 {
                    writeln!(
                        text,
                        "      - name: c{container}\n        image: registry.example.com/a/b:{n}"
                    )
                    .unwrap();
                }
            }
        }
        size += text.len();
        fs::write(team.join(format!("{n}.yaml")), text).expect("a file");
    }
    let listener = json!({
        "name": "http", "port": 80, "protocol": "HTTP", "allowedRoutes": {"namespaces": {"from": "All"}},
    });
    let mut infra = gateway("g", vec![listener]);
    infra["metadata"]["namespace"] = json!("infra");
    fs::write(folder.join("gateway.yaml"), lines([infra])).expect("a file");
    size
}

/// Files of which none can be read.
pub(crate) fn broken_files(folder: &Path, count: usize) -> usize {
    fs::create_dir_all(folder).unwrap();
    let text = "kind: [\n---\n{\"kind\": }\n---\nkind: A\nkind: B\n";
    for n in 0..count {
        fs::write(folder.join(format!("{n}.yaml")), text).expect("a file");
    }
    count * text.len()
}
