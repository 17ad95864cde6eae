//! Where redirects lead: in circles by filters of backends, or to a listener that does not understand the client.

use super::*;

const LOOP: &str = "HTTPRequestRedirectFilter/no-loop";
const HEARD: &str = "HTTPRequestRedirectFilter/leads-to-listener";

fn http() -> Value {
    gateway(&json!([{"name": "http", "port": 80, "protocol": "HTTP"}]))
}

fn service() -> Value {
    json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"}, "spec": {"ports": [{"port": 80}]}})
}

/// A backend of a rule, with a redirect to a path if there is one.
fn backend(weight: u32, to: Option<&str>) -> Value {
    let redirect = |to| {
        let path = json!({"type": "ReplaceFullPath", "replaceFullPath": to});
        json!({"type": "RequestRedirect", "requestRedirect": {"path": path}})
    };
    let filters: Vec<Value> = to.map(redirect).into_iter().collect();
    json!({"name": "s", "port": 80, "weight": weight, "filters": filters})
}

/// What is found of a route with such rules, each for one path.
fn found(rules: &[(&str, &[Value])]) -> Vec<(&'static str, String, String)> {
    let rules = rules.iter().map(|(path, backends)| {
        json!({"matches": [{"path": {"type": "Exact", "value": path}}], "backendRefs": backends})
    });
    let rules: Vec<Value> = rules.collect();
    let subject =
        route(&json!({"parentRefs": [{"name": "gw"}], "hostnames": ["a.test"], "rules": rules}));
    judged(&[&http(), &service(), &subject]).remove(2)
}

/// HTTPBackendRef `filters`: a redirect there answers the backend's share of requests.
#[test]
fn a_redirect_of_a_backend_that_comes_back_is_a_loop() {
    let at = "spec.rules[0].backendRefs[0].filters[0].requestRedirect";
    let again =
        "a client that asks for `http://a.test/x` is sent there again, and so on without end";
    let one = found(&[("/x", &[backend(1, Some("/x"))])]);
    assert_eq!(one, [(LOOP, at.to_owned(), again.to_owned())]);
    // Whatever backend is drawn.
    let both = found(&[("/x", &[backend(1, Some("/x")), backend(2, Some("/x"))])]);
    assert_eq!(both, one);
    // One without a share of requests has no part in it.
    let idle = found(&[("/x", &[backend(0, None), backend(1, Some("/x"))])]);
    assert_eq!(
        idle[0].1,
        "spec.rules[0].backendRefs[1].filters[0].requestRedirect"
    );
    assert_eq!(idle.len(), 1);
    let circle = found(&[
        ("/x", &[backend(1, Some("/y"))]),
        ("/y", &[backend(1, Some("/x"))]),
    ]);
    assert_eq!(circle.len(), 2);
    assert!(circle.iter().all(|(rule, ..)| *rule == LOOP), "{circle:?}");
}

/// A client that asks again may reach another backend.
#[test]
fn a_redirect_of_some_backends_is_no_loop() {
    let back = || backend(1, Some("/x"));
    for others in [backend(1, None), backend(1, Some("/elsewhere"))] {
        assert_eq!(found(&[("/x", &[back(), others.clone()])]), []);
        assert_eq!(found(&[("/x", &[others, back()])]), []);
    }
}

/// A listener that serves the host on the port, and by another protocol.
#[test]
fn a_redirect_to_a_listener_that_does_not_understand_the_client_is_told() {
    let listeners = json!([
        {"name": "http", "port": 80, "protocol": "HTTP"},
        {"name": "https", "port": 443, "protocol": "HTTPS", "hostname": "a.test", "tls": {"options": {"example.com/x": "y"}}},
        {"name": "clear", "port": 8080, "protocol": "HTTP"},
        {"name": "through", "port": 8443, "protocol": "TLS", "tls": {"mode": "Passthrough"}},
        {"name": "raw", "port": 9000, "protocol": "TCP"},
    ]);
    let tls_route = |hostname: &str| {
        json!({
            "apiVersion": "gateway.networking.k8s.io/v1alpha2", "kind": "TLSRoute", "metadata": {"name": "t"},
            "spec": {"parentRefs": [{"name": "gw", "sectionName": "through"}], "hostnames": [hostname],
                     "rules": [{"backendRefs": [{"name": "s", "port": 80}]}]},
        })
    };
    let told = |redirect: &Value, beside: &Value| {
        let filters = json!([{"type": "RequestRedirect", "requestRedirect": redirect}]);
        let subject = route(&json!({
            "parentRefs": [{"name": "gw", "sectionName": "http"}], "hostnames": ["w.test"], "rules": [{"filters": filters}],
        }));
        let found = judged(&[&gateway(&listeners), &service(), &subject, beside]).remove(2);
        let found = found.into_iter().filter(|(rule, ..)| *rule == HEARD);
        found.map(|(.., message)| message).collect::<Vec<_>>()
    };
    let none = tls_route("z.test");
    for (redirect, ends) in [
        (
            json!({"scheme": "http", "port": 443, "hostname": "a.test"}),
            "listener `https` of Gateway default/gw expects TLS, and the client sends HTTP in cleartext",
        ),
        (
            json!({"scheme": "https", "port": 8080}),
            "listener `clear` of Gateway default/gw speaks cleartext HTTP, and the client begins with TLS",
        ),
        (
            json!({"scheme": "https", "port": 8443}),
            "listener `through` of Gateway default/gw has no TLSRoute for `w.test`",
        ),
        (
            json!({"scheme": "http", "port": 8443}),
            "listener `through` of Gateway default/gw expects TLS, and the client sends HTTP in cleartext",
        ),
        (
            json!({"scheme": "http", "port": 9000}),
            "listener `raw` of Gateway default/gw has no TCPRoute for `w.test`",
        ),
    ] {
        let found = told(&redirect, &none);
        assert_eq!(found.len(), 1, "{redirect}");
        assert!(found[0].ends_with(ends), "{found:?}");
    }
    assert_eq!(
        told(
            &json!({"scheme": "https", "port": 8443}),
            &tls_route("w.test")
        ),
        [""; 0]
    );
    for legal in [
        json!({"scheme": "https", "hostname": "a.test"}),
        // Another host may be anywhere where no listener names it.
        json!({"scheme": "https", "port": 8080, "hostname": "b.test"}),
        json!({"scheme": "http", "port": 443, "hostname": "b.test"}),
    ] {
        assert_eq!(told(&legal, &none), [""; 0], "{legal}");
    }
}

/// GEP-1426: a route of a Service answers what clients ask of that Service; of another namespace it is for the clients there alone.
#[test]
fn a_redirect_in_a_mesh_that_comes_back_is_a_loop() {
    let service = |name: &str| {
        let mut object = service();
        object["metadata"]["name"] = name.into();
        object
    };
    let mesh = |name: &str, namespace: &str, of: &str, redirect: &Value| {
        let parent = json!({"group": "", "kind": "Service", "name": of, "namespace": "default"});
        let filters = json!([{"type": "RequestRedirect", "requestRedirect": redirect}]);
        let mut object = route(&json!({"parentRefs": [parent], "rules": [{"filters": filters}]}));
        object["metadata"] = json!({"name": name, "namespace": namespace});
        object
    };
    let to = |hostname: &str| json!({"hostname": hostname});
    let of = |first: &Value, second: &Value| {
        let found = judged(&[&service("s"), &service("t"), first, second]).split_off(2);
        let found = found.into_iter().flatten();
        found
            .map(|(rule, .., message)| (rule, message))
            .collect::<Vec<_>>()
    };
    let outside = mesh("other", "default", "t", &to("b.test"));
    let same = mesh(
        "a",
        "default",
        "s",
        &json!({"path": {"type": "ReplaceFullPath", "replaceFullPath": "/x"}}),
    );
    let message =
        "a client that asks for `http://s.default/x` is sent there again, and so on without end";
    assert_eq!(of(&same, &outside), [(LOOP, message.to_owned())]);
    let there = mesh("a", "default", "s", &to("t.default"));
    assert_eq!(of(&there, &outside), []);
    let circle = of(
        &there,
        &mesh("b", "default", "t", &to("s.default.svc.cluster.local")),
    );
    assert_eq!(circle.len(), 2, "{circle:?}");
    assert!(circle.iter().all(|(rule, _)| *rule == LOOP), "{circle:?}");
    // The second is for the clients of another namespace: they alone go round.
    let elsewhere = of(
        &there,
        &mesh("b", "elsewhere", "t", &to("s.default.svc.cluster.local")),
    );
    assert_eq!(elsewhere.len(), 1, "{elsewhere:?}");
    // No client has both.
    let one = mesh("a", "elsewhere", "s", &to("t.default"));
    assert_eq!(of(&one, &mesh("b", "third", "t", &to("s.default"))), []);
}

/// Who does what the help says by the letter gets no other finding: the listener that is added is not one more place where the rule
/// redirects, and of a circle that is at another listener it is said how the route stays away from there.
#[test]
fn the_help_for_a_redirect_to_a_listener_names_where_the_route_stays() {
    let http = json!({"name": "z", "port": 80, "protocol": "HTTP"});
    let https = json!({"name": "b", "port": 443, "protocol": "HTTPS", "tls": {"options": {"example.com/x": "y"}}});
    let helps = |listeners: &[&Value], parent: &Value| {
        let to = json!({"type": "RequestRedirect", "requestRedirect": {"scheme": "https"}});
        let subject = route(&json!({
            "parentRefs": [parent], "hostnames": ["a.test"], "rules": [{"filters": [to]}],
        }));
        let options = validation::ValidationOptions::new(Channel::Experimental);
        let gateway = gateway(&json!(listeners));
        let objects = [&gateway, &subject];
        let findings = judge_set(&objects, &options).flat_map(|report| report.findings().to_vec());
        let helps = findings.filter(|finding| [LOOP, HEARD].contains(&finding.rule()));
        let helps = helps.map(|finding| finding.help().unwrap_or_default().to_owned());
        helps.collect::<Vec<_>>()
    };
    let whole = json!({"name": "gw"});
    let of_one = json!({"name": "gw", "sectionName": "z"});
    let add = "add a listener with `protocol: HTTPS` on port 443 to Gateway default/gw";
    let only = "attach HTTPRoute default/a to listener `z` only, by `sectionName`";
    for (parent, wanted) in [
        (&whole, format!("{add}, and {only}; if a load balancer ")),
        (&of_one, format!("{add}; if a load balancer ")),
    ] {
        let added = helps(&[&http], parent);
        assert_eq!(added.len(), 1, "{added:?}");
        assert!(added[0].starts_with(&wanted), "{added:?}");
    }
    // Half of it done, in whatever order the listeners stand.
    for half in [[&http, &https], [&https, &http]] {
        assert_eq!(helps(&half, &whole), [only]);
    }
    assert_eq!(helps(&[&http, &https], &of_one), [""; 0]);
    // There is no other listener to stay at.
    assert_eq!(
        helps(&[&https], &whole),
        ["let the redirect lead to a URL that the rule does not match"]
    );
}

/// HTTPRoute `hostnames`: a route without any is for every host. No host is named that nobody wrote.
#[test]
fn a_redirect_of_a_route_for_every_host_names_none() {
    let message = |redirect: &Value| {
        let filters = json!([{"type": "RequestRedirect", "requestRedirect": redirect}]);
        let subject = route(&json!({
            "parentRefs": [{"name": "gw"}],
            "rules": [{"matches": [{"path": {"type": "Exact", "value": "/x"}}], "filters": filters}],
        }));
        let found = judged(&[&http(), &subject]).remove(1).into_iter();
        let mut found = found.filter(|(rule, ..)| [LOOP, HEARD].contains(rule));
        found.next().map(|(.., message)| message)
    };
    for (redirect, wanted) in [
        (
            json!({"scheme": "https"}),
            "clients are sent to `https` on the host that they asked for, and no Gateway of the set listens on port 443",
        ),
        (
            json!({"scheme": "https", "port": 8443}),
            "clients are sent to `https` on port 8443 of the host that they asked for, and no Gateway of the set listens on port 8443",
        ),
        (
            json!({"path": {"type": "ReplaceFullPath", "replaceFullPath": "/x"}}),
            "a client that asks for `http://*/x` is sent there again, and so on without end",
        ),
    ] {
        assert_eq!(message(&redirect).as_deref(), Some(wanted), "{redirect}");
    }
}
