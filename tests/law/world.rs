//! Sets of objects that are made up, in the form in which people write them: Gateways whose listeners overlap, routes that
//! compete for the same hosts and paths, references to what is not there, filters that cannot be applied.

use crate::random::Random;
use serde_json::{Value, json};

const NAMESPACES: &[&str] = &["a", "b"];
const HOSTS: &[&str] = &["x.test", "*.test", "y.x.test", "*.x.test", "other.org"];

/// A certificate for `*.test` and its key, both made for these tests.
const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\nMIIBgTCCASegAwIBAgIBATAKBggqhkjOPQQDAjAWMRQwEgYDVQQDDAtleGFtcGxl\nLmNvbTAgFw0yNDAxMDEwMDAwMDBaGA8yMTI0MDEwMTAwMDAwMFowFjEUMBIGA1UE\nAwwLZXhhbXBsZS5jb20wWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARPU4IND2eu\nbRtAr1uPJOo17NBxsdtTD4TJBQUGZAl+6UPJnVMP3SbFIhXjPMHhI24duw1EOvgb\nXCAfK01NOky5o2QwYjAzBgNVHREELDAqgg0qLmV4YW1wbGUuY29tggtleGFtcGxl\nLmNvbYIGKi50ZXN0ggR0ZXN0MAwGA1UdEwQFMAMBAf8wHQYDVR0OBBYEFP03HCiB\nOx96HjAbXuhRpShktc1nMAoGCCqGSM49BAMCA0gAMEUCIDwdtwirzYTwIT2JGYkN\nierOVVOE2zzhJppE2XmWwkYgAiEAssB7KTJLmgUXTdM5URGNNFNY84W4Q21Uo5YO\nin1xY4w=\n-----END CERTIFICATE-----\n";
const KEY: &str = "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgUhgZxarvd67AwIpN\nqm1OVlK/7mog/gmpaAuFJ2K9jnahRANCAARPU4IND2eubRtAr1uPJOo17NBxsdtT\nD4TJBQUGZAl+6UPJnVMP3SbFIhXjPMHhI24duw1EOvgbXCAfK01NOky5\n-----END PRIVATE KEY-----\n";

/// The name of a port that no Service has.
pub(crate) const OTHER_PORT: &str = "other";

/// The objects of one set.
pub(crate) fn objects(seed: u64) -> Vec<Value> {
    let random = &mut Random::new(seed);
    let mut objects = surroundings(random);
    if random.chance(30) {
        objects.push(class(random));
    }
    for name in ["gw", "gw2"] {
        if name == "gw" || random.chance(30) {
            objects.push(gateway(random, name));
        }
    }
    for name in 0..random.between(1, 4) {
        objects.push(http_route(random, &format!("h{name}")));
    }
    if random.chance(40) {
        for name in 0..random.between(1, 2) {
            objects.push(grpc_route(random, &format!("g{name}")));
        }
    }
    for kind in ["TLSRoute", "TCPRoute", "UDPRoute"] {
        if random.chance(25) {
            for name in 0..random.between(1, 2) {
                objects.push(connection_route(random, kind, &format!("c{name}")));
            }
        }
    }
    objects
}

fn surroundings(random: &mut Random) -> Vec<Value> {
    let mut objects = Vec::new();
    for namespace in NAMESPACES {
        let mut labels = json!({"team": namespace});
        if random.chance(10) {
            labels = json!({});
        }
        objects.push(
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace, "labels": labels}}),
        );
        if random.chance(30) {
            objects.push(slice(random, namespace));
        }
        if random.chance(20) {
            objects.push(json!({
                "apiVersion": "gateway.networking.k8s.io/v1alpha2", "kind": "BackendLBPolicy",
                "metadata": {"name": "sessions", "namespace": namespace},
                "spec": {
                    "targetRefs": [{"group": "", "kind": "Service", "name": random.pick(&["good", "none"])}],
                    "sessionPersistence": {"sessionName": "s", "type": random.pick(&["Cookie", "Header"])},
                },
            }));
        }
        objects.push(json!({
            "apiVersion": "v1", "kind": "Service", "metadata": {"name": "good", "namespace": namespace},
            "spec": {"clusterIP": format!("10.0.0.{}", objects.len()), "ports": [
                {"name": "main", "port": 80}, {"name": "h2", "port": 81, "appProtocol": "kubernetes.io/h2c"},
                {"name": "dns", "port": 53, "protocol": "UDP"},
            ]},
        }));
    }
    objects.push(json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "alias", "namespace": "a"},
        "spec": {"type": "ExternalName", "externalName": "example.org", "ports": [{"port": 80}]},
    }));
    objects.push(json!({
        "apiVersion": "multicluster.x-k8s.io/v1alpha1", "kind": "ServiceImport",
        "metadata": {"name": "far", "namespace": "a"},
        "spec": {"type": "ClusterSetIP", "ips": ["10.42.0.1"], "ports": [{"name": "main", "port": 80, "protocol": "TCP"}]},
    }));
    objects.push(json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "good", "namespace": "a"},
        "type": "kubernetes.io/tls", "stringData": {"tls.crt": CERTIFICATE, "tls.key": KEY},
    }));
    if random.chance(50) {
        objects.push(json!({
            "apiVersion": "gateway.networking.k8s.io/v1beta1", "kind": "ReferenceGrant",
            "metadata": {"name": "grant", "namespace": "b"},
            "spec": {
                "from": [{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "namespace": "a"}],
                "to": [{"group": "", "kind": "Service"}],
            },
        }));
    }
    if random.chance(30) {
        objects.push(json!({
            "apiVersion": "gateway.networking.k8s.io/v1alpha3", "kind": "BackendTLSPolicy",
            "metadata": {"name": "tls", "namespace": random.pick(NAMESPACES)},
            "spec": {
                "targetRefs": [{"group": "", "kind": "Service", "name": "good"}],
                "validation": if random.chance(50) {
                    json!({"hostname": "good.test", "wellKnownCACertificates": "System"})
                } else {
                    json!({"hostname": "good.test", "caCertificateRefs": [
                        {"group": "", "kind": "ConfigMap", "name": "none"},
                    ]})
                },
            },
        }));
    }
    objects
}

/// The endpoints of a Service: ready or not, and at times of a port that the Service does not have.
fn slice(random: &mut Random, namespace: &str) -> Value {
    let (port, name) = *random.pick(&[(80, "main"), (80, "main"), (81, "h2"), (80, OTHER_PORT)]);
    json!({
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
        "metadata": {"name": "good", "namespace": namespace, "labels": {"kubernetes.io/service-name": "good"}},
        "endpoints": [{"addresses": ["10.1.0.1"], "conditions": {"ready": random.chance(70)}}],
        "ports": [{"name": name, "port": port, "protocol": "TCP"}],
    })
}

/// A class of Gateways, which at times asks for parameters that are not there.
fn class(random: &mut Random) -> Value {
    let mut class = json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "GatewayClass", "metadata": {"name": "any"},
        "spec": {"controllerName": "example.com/controller"},
    });
    if random.chance(20) {
        class["spec"]["parametersRef"] =
            json!({"group": "", "kind": "ConfigMap", "name": "none", "namespace": "a"});
    }
    class
}

/// From where a listener takes routes.
fn namespaces(random: &mut Random) -> Value {
    match random.below(10) {
        0 => {
            json!({"from": "Selector", "selector": {"matchLabels": {"team": random.pick(NAMESPACES)}}})
        }
        1 => json!({"from": "Selector", "selector": {"matchExpressions": [
            {"key": "team", "operator": random.pick(&["Exists", "DoesNotExist"])},
        ]}}),
        2 => json!({"from": "Selector", "selector": {"matchExpressions": [
            {"key": "team", "operator": "NotIn", "values": []},
        ]}}),
        3..6 => json!({"from": "Same"}),
        _ => json!({"from": "All"}),
    }
}

fn gateway(random: &mut Random, name: &str) -> Value {
    let listeners: Vec<Value> = (0..random.between(1, 4))
        .map(|n| listener(random, n))
        .collect();
    json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway",
        "metadata": {"name": name, "namespace": "a"},
        "spec": {"gatewayClassName": "any", "listeners": listeners},
    })
}

fn listener(random: &mut Random, number: usize) -> Value {
    let protocol = *random.pick(&["HTTP", "HTTP", "HTTP", "HTTP", "HTTPS", "TLS", "TCP", "UDP"]);
    let port = match protocol {
        "HTTP" => *random.pick(&[80, 80, 80, 8080]),
        "HTTPS" | "TLS" => 443,
        "TCP" => 5432,
        _ => 53,
    };
    let mut listener = json!({
        "name": format!("l{number}"), "port": port, "protocol": protocol,
        "allowedRoutes": {"namespaces": namespaces(random)},
    });
    if !matches!(protocol, "TCP" | "UDP") && random.chance(60) {
        listener["hostname"] = json!(random.pick(HOSTS));
    }
    match protocol {
        "HTTPS" => {
            let secret = if random.chance(85) { "good" } else { "none" };
            listener["tls"] = json!({"certificateRefs": [{"name": secret}]});
        }
        "TLS" if random.chance(70) => listener["tls"] = json!({"mode": "Passthrough"}),
        "TLS" => listener["tls"] = json!({"certificateRefs": [{"name": "good"}]}),
        _ => {}
    }
    listener
}

fn metadata(random: &mut Random, name: &str) -> Value {
    let mut metadata = json!({"name": name, "namespace": random.pick(NAMESPACES)});
    if random.chance(60) {
        metadata["creationTimestamp"] =
            json!(format!("2024-01-0{}T00:00:00Z", random.between(1, 3)));
    }
    metadata
}

fn parents(random: &mut Random) -> Value {
    if random.chance(5) {
        return json!([{"group": "multicluster.x-k8s.io", "kind": "ServiceImport", "name": "far", "namespace": "a"}]);
    }
    if random.chance(15) {
        let mut parent = json!({"group": "", "kind": "Service", "name": "good", "namespace": random.pick(NAMESPACES)});
        if random.chance(50) {
            parent["port"] = json!(random.pick(&[80, 81, 82]));
        }
        return json!([parent]);
    }
    let mut parent =
        json!({"name": if random.chance(85) { "gw" } else { "gw2" }, "namespace": "a"});
    if random.chance(40) {
        parent["sectionName"] = json!(format!("l{}", random.below(4)));
        if random.chance(40) {
            let mut second = parent.clone();
            second["sectionName"] = json!(format!("l{}", random.below(4)));
            if second != parent {
                return json!([parent, second]);
            }
        }
    } else if random.chance(10) {
        parent["port"] = json!(random.pick(&[80, 8080]));
    }
    json!([parent])
}

fn hostnames(random: &mut Random) -> Vec<&'static str> {
    let mut chosen: Vec<&str> = (0..random.below(3)).map(|_| *random.pick(HOSTS)).collect();
    chosen.sort_unstable();
    chosen.dedup();
    chosen
}

fn backend(random: &mut Random) -> Value {
    let mut backend = json!({"name": random.pick(&["good", "good", "good", "good", "none", "alias"]), "port": 80});
    if random.chance(15) {
        backend["port"] = json!(random.pick(&[81, 82, 53]));
    }
    if random.chance(20) {
        backend["namespace"] = json!(random.pick(NAMESPACES));
    }
    if random.chance(20) {
        backend["weight"] = json!(random.below(3));
    }
    if random.chance(5) {
        backend = json!({"group": "multicluster.x-k8s.io", "kind": "ServiceImport", "name": "far", "port": 80});
    }
    if random.chance(5) {
        backend["kind"] = json!("Bucket");
        backend["group"] = json!("example.com");
    }
    backend
}

fn header_matches(random: &mut Random) -> Value {
    let all = [
        json!({"name": "x", "value": "1"}),
        json!({"name": "X", "value": "2"}),
        json!({"name": "y", "type": "RegularExpression", "value": "[0-9]+"}),
        json!({"name": "y", "value": "7"}),
        json!({"name": "y", "type": "RegularExpression", "value": "\\n"}),
        json!({"name": "Host", "value": "y.x.test"}),
        json!({"name": "host", "value": "other.org:80"}),
    ];
    let first = random.pick(&all).clone();
    if random.chance(30) {
        let second = random.pick(&all).clone();
        if second["name"] != first["name"] {
            return json!([first, second]);
        }
    }
    json!([first])
}

fn http_match(random: &mut Random) -> Value {
    let mut one = json!({});
    if random.chance(80) {
        let (kind, value) = *random.pick(&[
            ("PathPrefix", "/"),
            ("PathPrefix", "/a"),
            ("PathPrefix", "/a/"),
            ("PathPrefix", "/a/b"),
            ("Exact", "/a"),
            ("Exact", "/a/b"),
            ("Exact", "/a/"),
            ("RegularExpression", "/.*"),
            ("RegularExpression", "/a/.*"),
            ("RegularExpression", "/a(/.*)?"),
            ("RegularExpression", "/item/[0-9]+"),
            ("RegularExpression", "(?i)/A.*"),
            ("RegularExpression", "item"),
            ("RegularExpression", "/a b"),
            ("RegularExpression", "^/a"),
            // What cannot be read, and what is too large.
            ("RegularExpression", "(/a"),
            ("RegularExpression", "/\\w{1000}"),
        ]);
        one["path"] = json!({"type": kind, "value": value});
    }
    if random.chance(25) {
        one["method"] = json!(random.pick(&["GET", "POST"]));
    }
    if random.chance(30) {
        one["headers"] = header_matches(random);
    }
    if random.chance(20) {
        one["queryParams"] = random
            .pick(&[
                json!([{"name": "q", "value": "1"}]),
                json!([{"name": "q", "type": "RegularExpression", "value": "[a-z]+"}]),
                json!([{"name": "q", "type": "RegularExpression", "value": "a$b"}]),
            ])
            .clone();
    }
    one
}

fn http_filter(random: &mut Random) -> Value {
    let modifier = |name: &str| json!({"set": [{"name": name, "value": "1"}]});
    match random.below(12) {
        0 => json!({"type": "RequestHeaderModifier", "requestHeaderModifier": modifier("Host")}),
        1 => {
            json!({"type": "RequestHeaderModifier", "requestHeaderModifier": modifier("Connection")})
        }
        2 => json!({"type": "ResponseHeaderModifier", "responseHeaderModifier": modifier("x")}),
        3 | 4 => json!({"type": "RequestRedirect", "requestRedirect": {"hostname": "else.where"}}),
        5 => json!({"type": "RequestRedirect", "requestRedirect": {"scheme": "https"}}),
        6 => json!({"type": "URLRewrite", "urlRewrite": {"hostname": "in.side",
            "path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/new"}}}),
        7 => {
            json!({"type": "URLRewrite", "urlRewrite": {"path": {"type": "ReplaceFullPath", "replaceFullPath": "/full path"}}})
        }
        8 => json!({"type": "RequestMirror", "requestMirror": {"backendRef": backend(random)}}),
        9 => {
            json!({"type": "ExtensionRef", "extensionRef": {"group": "example.com", "kind": "Plugin", "name": "p"}})
        }
        10 => {
            json!({"type": "RequestHeaderModifier", "requestHeaderModifier": {"remove": ["x"], "add": [{"name": "z", "value": "a\tb"}]}})
        }
        _ => json!({"type": "RequestHeaderModifier", "requestHeaderModifier": modifier("x")}),
    }
}

fn http_route(random: &mut Random, name: &str) -> Value {
    let rules: Vec<Value> = (0..random.between(1, 3))
        .map(|_| {
            let mut rule = json!({});
            if random.chance(80) {
                let matches: Vec<_> = (0..random.between(1, 2))
                    .map(|_| http_match(random))
                    .collect();
                rule["matches"] = json!(matches);
            }
            if random.chance(35) {
                rule["filters"] = json!([http_filter(random)]);
                if random.chance(10) {
                    rule["filters"] = json!([http_filter(random), http_filter(random)]);
                }
            }
            let redirects = rule["filters"].to_string().contains("RequestRedirect");
            if !redirects && random.chance(95) {
                let mut backends: Vec<_> =
                    (0..random.between(1, 2)).map(|_| backend(random)).collect();
                if random.chance(10) {
                    backends[0]["filters"] = json!([http_filter(random)]);
                }
                rule["backendRefs"] = json!(backends);
            }
            rule
        })
        .collect();
    let mut route = json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": metadata(random, name),
        "spec": {"parentRefs": parents(random), "hostnames": hostnames(random), "rules": rules},
    });
    // Absent rules are another thing than none.
    if random.chance(4) {
        route["spec"]["rules"] = json!([]);
    } else if random.chance(4) {
        route["spec"].as_object_mut().unwrap().remove("rules");
    }
    route
}

/// One of the filters that a GRPCRoute can have.
fn grpc_filter(random: &mut Random) -> Value {
    let modifier = |name: &str| json!({"set": [{"name": name, "value": "1"}]});
    match random.below(5) {
        0 => json!({"type": "RequestHeaderModifier", "requestHeaderModifier": modifier("x")}),
        1 => {
            json!({"type": "RequestHeaderModifier", "requestHeaderModifier": modifier("Connection")})
        }
        2 => json!({"type": "ResponseHeaderModifier", "responseHeaderModifier": modifier("x")}),
        3 => json!({"type": "RequestMirror", "requestMirror": {"backendRef": backend(random)}}),
        _ => {
            json!({"type": "ExtensionRef", "extensionRef": {"group": "example.com", "kind": "Plugin", "name": "p"}})
        }
    }
}

fn grpc_route(random: &mut Random, name: &str) -> Value {
    let rules: Vec<Value> = (0..random.between(1, 2))
        .map(|_| {
            let mut rule = json!({"backendRefs": [backend(random)]});
            if random.chance(80) {
                let mut one = json!({});
                if random.chance(80) {
                    one["method"] = random
                        .pick(&[
                            json!({"service": "s.S", "method": "M"}),
                            json!({"service": "s.S"}),
                            json!({"method": "M"}),
                            json!({"type": "RegularExpression", "service": "s\\..*", "method": "[A-Z]"}),
                            json!({"type": "RegularExpression", "service": "a/b"}),
                            json!({"type": "RegularExpression", "method": "a$b"}),
                        ])
                        .clone();
                }
                if random.chance(20) {
                    one["headers"] = header_matches(random);
                }
                rule["matches"] = json!([one]);
            }
            if random.chance(20) {
                rule["filters"] = json!([grpc_filter(random)]);
            }
            if random.chance(10) {
                rule["backendRefs"][0]["filters"] = json!([grpc_filter(random)]);
            }
            rule
        })
        .collect();
    json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "GRPCRoute", "metadata": metadata(random, name),
        "spec": {"parentRefs": parents(random), "hostnames": hostnames(random), "rules": rules},
    })
}

fn connection_route(random: &mut Random, kind: &str, name: &str) -> Value {
    let rules: Vec<Value> = (0..random.between(1, 2))
        .map(|_| {
            let mut one = backend(random);
            if kind == "UDPRoute" && one["name"] == "good" {
                one["port"] = json!(53);
            }
            json!({"backendRefs": [one]})
        })
        .collect();
    let mut route = json!({
        "apiVersion": "gateway.networking.k8s.io/v1alpha2", "kind": kind, "metadata": metadata(random, name),
        "spec": {"parentRefs": parents(random), "rules": rules},
    });
    if kind == "TLSRoute" {
        route["spec"]["hostnames"] = json!(hostnames(random));
    }
    route
}
