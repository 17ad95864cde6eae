//! References that lead to nothing, or to something that cannot be used.

use super::*;
use crate::validation::Finding;

#[test]
fn references_of_a_set_are_followed() {
    let gateway = gateway(&json!([
        {"name": "web", "port": 80, "protocol": "HTTP", "hostname": "*.example.com"},
    ]));
    let service = json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "s", "namespace": "other"},
        "spec": {"ports": [{"port": 8080}]},
    });
    let mut grant = json!({
        "apiVersion": "gateway.networking.k8s.io/v1beta1", "kind": "ReferenceGrant",
        "metadata": {"name": "g", "namespace": "other"},
        "spec": {
            "from": [{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "namespace": "default"}],
            "to": [{"group": "", "kind": "Service"}],
        },
    });
    let subject = route(&json!({
        "hostnames": ["example.com"],
        "parentRefs": [{"name": "gw"}, {"name": "gw", "sectionName": "tls"}, {"name": "none"}],
        "rules": [{"backendRefs": [
            {"name": "s", "namespace": "other", "port": 80},
            {"name": "t", "port": 80},
        ]}],
    }));
    let judged = |grant: &Value| rules(&[&gateway, &service, grant, &subject]);
    let mut expected = vec![
        ("Route/hostnames-meet-listener", "spec.hostnames".to_owned()),
        (
            "ParentReference/listener-exists",
            "spec.parentRefs[1].sectionName".to_owned(),
        ),
        (
            "ParentReference/parent-exists",
            "spec.parentRefs[2]".to_owned(),
        ),
        (
            "BackendReference/port-exists",
            "spec.rules[0].backendRefs[0].port".to_owned(),
        ),
        (
            "BackendReference/backend-exists",
            "spec.rules[0].backendRefs[1]".to_owned(),
        ),
    ];
    assert_eq!(judged(&grant), expected);
    grant["metadata"]["namespace"] = json!("default");
    expected.insert(
        3,
        (
            "Reference/granted",
            "spec.rules[0].backendRefs[0].namespace".to_owned(),
        ),
    );
    assert_eq!(judged(&grant), expected);
    // A lone object is not a set.
    assert_eq!(rules(&[&subject]), []);
}

/// In a mesh a route needs no ReferenceGrant (GEP-1426), and lint asks attachment (`needs_grant`).
#[test]
fn a_mesh_route_needs_no_grant() {
    let service = |name: &str, namespace: &str| {
        json!({
            "apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": namespace},
            "spec": {"clusterIP": "10.0.0.1", "ports": [{"port": 80}]},
        })
    };
    let mut mesh = route(&json!({
        "parentRefs": [{"group": "", "kind": "Service", "name": "cart", "port": 80}],
        "rules": [{"backendRefs": [{"name": "other", "namespace": "elsewhere", "port": 80}]}],
    }));
    mesh["metadata"]["namespace"] = json!("shop");
    let (cart, other) = (service("cart", "shop"), service("other", "elsewhere"));
    assert_eq!(rules(&[&cart, &other, &mesh]), []);
}

/// GatewayTLSConfig `mode`: `certificateRefs` "is ignored in this mode" (Passthrough).
#[test]
fn what_passthrough_ignores_is_not_looked_for() {
    let other = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "other"}, "type": "Opaque"});
    let listener = |mode: &str| {
        gateway(&json!([{"name": "t", "port": 443, "protocol": "TLS",
            "tls": {"mode": mode, "certificateRefs": [{"name": "missing"}]}}]))
    };
    let ignored = "GatewayTLSConfig/passthrough-ignores-certificates";
    let refs = "spec.listeners[0].tls.certificateRefs".to_owned();
    assert_eq!(
        rules(&[&listener("Passthrough"), &other]),
        [(ignored, refs)]
    );
    let path = "spec.listeners[0].tls.certificateRefs[0]".to_owned();
    let missing = ("SecretObjectReference/certificate-exists", path);
    assert_eq!(rules(&[&listener("Terminate"), &other]), [missing]);
    let through = gateway(
        &json!([{"name": "t", "port": 443, "protocol": "TLS", "tls": {
            "mode": "Passthrough",
            "frontendValidation": {"caCertificateRefs": [{"group": "", "kind": "ConfigMap", "name": "missing"}]},
        }}]),
    );
    let validation = "spec.listeners[0].tls.frontendValidation".to_owned();
    assert_eq!(rules(&[&through, &other]), [(ignored, validation)]);
}

/// Whatever a route answers with 500 for a reference, validation names: HTTPRoute `backendRefs` and `filters[].type`.
#[test]
fn every_backend_and_filter_that_attachment_refuses_is_named() {
    let gateway = gateway(&json!([{"name": "web", "port": 80, "protocol": "HTTP"}]));
    let import = json!({
        "apiVersion": "multicluster.x-k8s.io/v1alpha1", "kind": "ServiceImport", "metadata": {"name": "si"},
        "spec": {"type": "ClusterSetIP", "ips": ["10.1.2.3"], "ports": [{"port": 80}]},
    });
    let extension = json!([{"type": "ExtensionRef", "extensionRef": {"group": "x.io", "kind": "Limit", "name": "l"}}]);
    let subject = |kind: &str| {
        let at = |path: &str| {
            json!([if kind == "HTTPRoute" {
                json!({"path": {"value": format!("/{path}")}})
            } else {
                json!({"method": {"service": path}})
            }])
        };
        let good = json!({"group": "multicluster.x-k8s.io", "kind": "ServiceImport", "name": "si", "port": 80});
        let mut filtered = good.clone();
        filtered["filters"] = extension.clone();
        json!({
            "apiVersion": "gateway.networking.k8s.io/v1", "kind": kind, "metadata": {"name": "a"},
            "spec": {"parentRefs": [{"name": "gw"}], "rules": [
                {"matches": at("a"), "backendRefs": [good]},
                {"matches": at("b"), "backendRefs": [{"group": "multicluster.x-k8s.io", "kind": "ServiceImport", "name": "si"}]},
                {"matches": at("c"), "backendRefs": [{"group": "x.io", "kind": "Foo", "name": "f"}]},
                {"matches": at("d"), "backendRefs": [filtered]},
                {"matches": at("e"), "backendRefs": [good], "filters": extension},
            ]},
        })
    };
    for kind in ["HTTPRoute", "GRPCRoute"] {
        let found = judged(&[&gateway, &import, &subject(kind)]);
        let of = |rule: &'static str, path: &str, message: &str| {
            (rule, format!("spec.{path}"), message.to_owned())
        };
        let usable = "BackendReference/backend-usable";
        let filter = "LocalObjectReference/filter-supported";
        let why = "the filter `ExtensionRef` cannot be applied: Limit.x.io `l` is not a filter that is supported";
        assert_eq!(
            found[2],
            [
                of(
                    usable,
                    "rules[1].backendRefs[0].port",
                    "no port of ServiceImport default/si is named; it has 80"
                ),
                of(
                    usable,
                    "rules[2].backendRefs[0]",
                    "kind Foo.x.io cannot be a backend: expected Service or ServiceImport"
                ),
                of(
                    filter,
                    "rules[3].backendRefs[0].filters[0].extensionRef",
                    why
                ),
                of(filter, "rules[4].filters[0].extensionRef", why),
            ]
        );
    }
}

/// `status` calls a parent ineffective that is of a kind which cannot be one, whosever kind it is: so does validation, whether the
/// parent is in the set or not.
#[test]
fn a_parent_of_a_kind_that_can_be_none_is_named() {
    let gateway = gateway(&json!([{"name": "web", "port": 80, "protocol": "HTTP"}]));
    let of = |group: &str, kind: &str| {
        let route = json!({
            "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": {"name": "r"},
            "spec": {"parentRefs": [{"group": group, "kind": kind, "name": "gw"}]},
        });
        let found = judged(&[&gateway, &route]).remove(1);
        let mut found = found
            .into_iter()
            .filter(|(_, path, _)| path.starts_with("spec.parentRefs"));
        let first = found.next();
        assert_eq!(found.next(), None);
        first
    };
    let own = "gateway.networking.k8s.io";
    let experiments = "gateway.networking.x-k8s.io";
    // A parent that is right and not implemented is not called wrong.
    let right = |kind: &str| {
        format!(
            "gwapi does not implement {kind} as a parent; your implementation may accept the route"
        )
    };
    let wrong = |kind: &str, what: &str| {
        format!("kind {kind} is not {what} as a parent: expected Gateway, Service or ServiceImport")
    };
    for (group, kind, message) in [
        (own, "ListenerSet", right(&format!("ListenerSet.{own}"))),
        (
            experiments,
            "XListenerSet",
            right(&format!("XListenerSet.{experiments}")),
        ),
        (
            experiments,
            "XMesh",
            wrong(&format!("XMesh.{experiments}"), "implemented"),
        ),
        (own, "Gatway", wrong(&format!("Gatway.{own}"), "supported")),
        ("x.io", "Edge", wrong("Edge.x.io", "supported")),
    ] {
        let path = "spec.parentRefs[0].kind".to_owned();
        assert_eq!(
            of(group, kind),
            Some(("ParentReference/kind-is-parent", path, message))
        );
    }
}

/// A listener without a hostname serves every host.
#[test]
fn a_listener_without_hostname_meets_every_route() {
    let gateway = gateway(&json!([{"name": "web", "port": 80, "protocol": "HTTP"}]));
    let subject = route(&json!({
        "hostnames": ["example.com"], "parentRefs": [{"name": "gw"}],
        "rules": [{"filters": [{"type": "RequestRedirect", "requestRedirect": {"hostname": "elsewhere.org"}}]}],
    }));
    assert_eq!(rules(&[&gateway, &subject]), []);
}

#[test]
fn findings_of_an_older_version_name_the_fields_of_that_version() {
    let policy = json!({
        "apiVersion": "gateway.networking.k8s.io/v1alpha2", "kind": "BackendTLSPolicy", "metadata": {"name": "p"},
        "spec": {
            "targetRef": {"group": "", "kind": "Service", "name": "s"},
            "tls": {"hostname": "a.b", "caCertRefs": [{"group": "", "kind": "ConfigMap", "name": "ca"}]},
        },
    });
    let other = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "n"}});
    let found: Vec<_> = rules(&[&policy, &other])
        .into_iter()
        .filter(|(rule, _)| rule.ends_with("exists"))
        .collect();
    assert_eq!(
        found,
        [
            (
                "PolicyTargetReference/target-exists",
                "spec.targetRef".to_owned()
            ),
            (
                "CACertificateReference/certificate-exists",
                "spec.tls.caCertRefs[0]".to_owned()
            ),
        ]
    );
}

fn policy(name: &str, created: &str, targets: &Value, validation: &Value) -> Value {
    json!({
        "apiVersion": "gateway.networking.k8s.io/v1alpha3", "kind": "BackendTLSPolicy",
        "metadata": {"name": name, "creationTimestamp": created},
        "spec": {"targetRefs": targets, "validation": validation},
    })
}

/// GEP-713, "Conflict Resolution": the older of two valid policies wins. One that is not valid does not compete, so that
/// its age is not named; and a target that no policy can have is not said to be missing.
#[test]
fn a_policy_without_effect_is_told_why() {
    let gateway = gateway(&json!([{"name": "web", "port": 80, "protocol": "HTTP"}]));
    let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"}, "spec": {"ports": [{"port": 80}]}});
    let used = route(
        &json!({"parentRefs": [{"name": "gw"}], "rules": [{"backendRefs": [{"name": "s", "port": 80}]}]}),
    );
    let to_service = json!([{"group": "", "kind": "Service", "name": "s"}]);
    let to_route =
        json!([{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "name": "a"}]);
    let system = json!({"wellKnownCACertificates": "System", "hostname": "s.example"});
    let missing = json!({"caCertificateRefs": [{"group": "", "kind": "ConfigMap", "name": "none"}], "hostname": "s.example"});
    let (old, new) = ("2024-01-01T00:00:00Z", "2024-02-01T00:00:00Z");
    let why = |first: &Value, second: &Value| {
        let found = judged(&[&gateway, &service, &used, first, second]).remove(3);
        let at_target = |(_, path, _): &&(&str, String, String)| path == "spec.targetRefs[0]";
        let said = found.iter().find(at_target);
        said.map(|(rule, _, message)| (*rule, message.clone()))
    };
    let other = policy("b", new, &to_service, &system);
    let says = |text: &str| Some(("PolicyTargetReference/in-force", text.to_owned()));
    assert_eq!(
        why(&policy("a", old, &to_service, &missing), &other),
        says(
            "BackendTLSPolicy default/b applies to Service default/s instead: BackendTLSPolicy default/a is not valid"
        )
    );
    assert_eq!(why(&policy("a", old, &to_service, &system), &other), None);
    // Where both are not valid none applies, whichever is removed.
    assert_eq!(
        why(
            &policy("a", new, &to_service, &missing),
            &policy("b", old, &to_service, &missing)
        ),
        says(
            "BackendTLSPolicy default/b goes first for Service default/s and is not valid either: it is older"
        )
    );
    assert_eq!(
        why(&policy("a", old, &to_route, &system), &other),
        says(
            "kind HTTPRoute.gateway.networking.k8s.io cannot be the target of a BackendTLSPolicy: expected Service or ServiceImport"
        )
    );
}

/// SecretObjectReference: an object of another kind is not missing, it is of no use; and a Secret that an API server cannot
/// read is named itself, not only by those that refer to it.
#[test]
fn an_object_that_cannot_hold_a_certificate_is_told_from_one_that_is_missing() {
    let listener = |reference: &Value| {
        gateway(&json!([
            {"name": "tls", "port": 443, "protocol": "HTTPS", "tls": {"certificateRefs": [reference]}},
        ]))
    };
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "type": "kubernetes.io/tls",
        "data": {"tls.crt": "", "tls.key": "!!"},
    });
    let found = |reference: &Value| judged(&[&listener(reference), &secret]).remove(0);
    let map = found(&json!({"group": "", "kind": "ConfigMap", "name": "s"}));
    let rules: Vec<_> = map.iter().map(|(rule, _, _)| *rule).collect();
    assert_eq!(rules, ["SecretObjectReference/certificate-usable"]);
    assert!(map[0].2.contains("expected Secret"), "{map:?}");
    let missing = found(&json!({"name": "none"}));
    assert_eq!(missing[0].0, "SecretObjectReference/certificate-exists");

    let gateway = listener(&json!({"name": "s"}));
    let options = validation::ValidationOptions::new(Channel::Experimental);
    let objects = [&gateway, &secret];
    let reports: Vec<_> = judge_set(&objects, &options).collect();
    let of_secret: Vec<_> = reports[1]
        .findings()
        .iter()
        .map(|f| (f.rule(), f.path()))
        .collect();
    assert_eq!(of_secret, [("manifest/unreadable", "data[tls.key]")]);
    assert!(!reports[1].is_accepted());
}

/// Whether a regular expression is too large is one verdict, by the limits that were asked for: no rule of which validation
/// warns is in force, so that the one does not stand before the other. That the parent rejects the route follows, and is not
/// said again.
#[test]
fn a_set_is_resolved_by_the_limits_of_the_options() {
    let rule = json!({
        "matches": [{"path": {"type": "RegularExpression", "value": "/[a-z]{50}"}}],
        "filters": [{"type": "RequestRedirect", "requestRedirect": {"hostname": "b.org"}}],
    });
    let subject = route(&json!({"parentRefs": [{"name": "gw"}], "rules": [rule, rule]}));
    let other = gateway(&json!([{"name": "web", "port": 80, "protocol": "HTTP"}]));
    let found = |options: &validation::ValidationOptions| -> Vec<&'static str> {
        let objects = [&subject, &other];
        let report = judge_set(&objects, options).next().unwrap();
        report.findings().iter().map(Finding::rule).collect()
    };
    let mut options = validation::ValidationOptions::new(Channel::Standard);
    assert_eq!(found(&options), ["RouteRules/no-dead-match"]);
    options.patterns.pattern = 1_000;
    assert_eq!(found(&options), ["RegularExpression/compiles"; 2]);
}

/// EndpointSlice: the label `kubernetes.io/service-name` says whose endpoints they are; it has no status that could say that
/// nobody has them.
#[test]
fn endpoints_of_no_service_are_named() {
    let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": {"ports": [{"port": 80}]}});
    let slice = |labels: &Value| {
        json!({
            "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "metadata": {"name": "e", "labels": labels},
            "addressType": "IPv4", "endpoints": [{"addresses": ["10.0.0.1"]}],
        })
    };
    let endpoints = |name: &str| {
        json!({
            "apiVersion": "v1", "kind": "Endpoints", "metadata": {"name": name},
            "subsets": [{"addresses": [{"ip": "10.0.0.1"}]}],
        })
    };
    let (own, import) = (
        "kubernetes.io/service-name",
        "multicluster.kubernetes.io/service-name",
    );
    let found = |object: &Value| {
        let found = judged(&[&service, object]).remove(1);
        let found = found.into_iter().map(|(rule, path, message)| {
            assert_eq!(rule, "EndpointSlice/service-exists");
            (path, message)
        });
        found.collect::<Vec<_>>()
    };
    assert_eq!(found(&slice(&json!({own: "web"}))), []);
    assert_eq!(found(&endpoints("web")), []);
    for (object, path, message) in [
        (
            slice(&json!({own: "webb"})),
            format!("metadata.labels[{own}]"),
            "Service `default/webb` is not in the set: nobody has the endpoints",
        ),
        (
            slice(&json!({import: "web"})),
            format!("metadata.labels[{import}]"),
            "ServiceImport `default/web` is not in the set: nobody has the endpoints",
        ),
        (
            endpoints("webb"),
            "metadata.name".to_owned(),
            "Service `default/webb` is not in the set: nobody has the endpoints",
        ),
        (
            slice(&json!({})),
            "metadata.labels".to_owned(),
            "no label `kubernetes.io/service-name` says whose endpoints these are: no Service has them",
        ),
    ] {
        assert_eq!(found(&object), [(path, message.to_owned())]);
    }
}

/// `kubectl apply` changes nothing where an object is given again as it is: it is in force, and one of the two says nothing.
#[test]
fn an_object_that_is_given_again_is_named_whatever_its_content() {
    let service = |port: u16| json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": {"ports": [{"port": port}]}});
    for (second, said) in [
        (80, "the object is given twice with the same content"),
        (
            81,
            "an object of this kind, namespace and name is given again later: the API server keeps what was applied last",
        ),
    ] {
        let found = judged(&[&service(80), &service(second)]);
        assert_eq!(
            found[0],
            [("Object/given-once", String::new(), said.to_owned())]
        );
        assert_eq!(found[1], []);
    }
    // What is said of it is said once.
    let lost = route(&json!({"parentRefs": [{"name": "gone"}]}));
    let found = rules(&[&lost, &lost]).into_iter();
    let missing = found.filter(|(rule, _)| *rule == "ParentReference/parent-exists");
    assert_eq!(missing.count(), 1);
}

/// HTTPRoute, GRPCRoute, TCPRoute, UDPRoute `spec.rules[].backendRefs`: each protocol has its own way to fail.
#[test]
fn a_backend_without_endpoints_fails_in_the_way_of_each_kind_of_route() {
    let gateway = gateway(&json!([
        {"name": "web", "port": 80, "protocol": "HTTP"},
        {"name": "raw", "port": 5000, "protocol": "TCP"},
        {"name": "dns", "port": 53, "protocol": "UDP"},
    ]));
    let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": {"ports": [
        {"name": "tcp", "port": 80}, {"name": "udp", "port": 53, "protocol": "UDP"},
    ]}});
    let slice = json!({
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
        "metadata": {"name": "web-1", "labels": {"kubernetes.io/service-name": "web"}},
        "endpoints": [{"addresses": ["10.0.0.1"], "conditions": {"ready": false}}],
        "ports": [{"name": "tcp", "port": 80}, {"name": "udp", "port": 53, "protocol": "UDP"}],
    });
    for (kind, version, section, port, fails) in [
        (
            "HTTPRoute",
            "v1",
            "web",
            80,
            "its share of requests is answered with 50",
        ),
        (
            "GRPCRoute",
            "v1",
            "web",
            80,
            "its share of calls fails with `UNAVAILABLE`",
        ),
        (
            "TCPRoute",
            "v1alpha2",
            "raw",
            80,
            "its share of connections is closed",
        ),
        (
            "UDPRoute",
            "v1alpha2",
            "dns",
            53,
            "its share of datagrams is dropped",
        ),
    ] {
        let route = json!({
            "apiVersion": format!("gateway.networking.k8s.io/{version}"), "kind": kind, "metadata": {"name": "a"},
            "spec": {
                "parentRefs": [{"name": "gw", "sectionName": section}],
                "rules": [{"backendRefs": [{"name": "web", "port": port}]}],
            },
        });
        let found = judged(&[&gateway, &service, &slice, &route]).remove(3);
        let [(rule, path, message)] = found.as_slice() else {
            panic!("{kind}: {found:?}");
        };
        assert_eq!(
            (*rule, path.as_str()),
            (
                "BackendReference/has-endpoints",
                "spec.rules[0].backendRefs[0]"
            )
        );
        let begin =
            format!("Service default/web has no endpoint that is ready at port {port}: {fails}");
        assert!(message.starts_with(&begin), "{message}");
    }
}
