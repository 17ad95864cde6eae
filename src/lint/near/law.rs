//! Law: help follows from the very cause that is named. Whoever does what it says by the letter is rid of that cause, and where it
//! is about the parent of a route, the parent accepts the route then.
//!
//! The worlds are all combinations of a few listeners, references and hostnames. What can be done by the letter is done to the
//! objects ([`follow`]); sentences that leave a choice to people are passed over.

use super::{tests::resolve, *};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// An object, as a manifest writes it.
fn object(kind: &str, (namespace, name): (&str, &str), spec: Value) -> Value {
    let version = match kind {
        "Namespace" | "Service" | "Secret" | "ConfigMap" => "v1".to_owned(),
        "TCPRoute" | "UDPRoute" | "TLSRoute" => format!("{GROUP}/v1alpha2"),
        "ReferenceGrant" => format!("{GROUP}/v1beta1"),
        _ => format!("{GROUP}/v1"),
    };
    json!({
        "apiVersion": version, "kind": kind, "metadata": {"namespace": namespace, "name": name}, "spec": spec,
    })
}

fn service(namespace: &str, name: &str, ports: Value) -> Value {
    object("Service", (namespace, name), json!({"ports": ports}))
}

fn namespace(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
}

/// The objects beside the route.
fn around_route(listeners: &Value) -> Vec<Value> {
    vec![
        object(
            "Gateway",
            ("shop", "front"),
            json!({"gatewayClassName": "any", "listeners": listeners}),
        ),
        namespace("shop"),
        namespace("away"),
        service(
            "shop",
            "cart",
            json!([{"name": "web", "port": 80}, {"name": "dns", "port": 53, "protocol": "UDP"}]),
        ),
        service("away", "far", json!([{"port": 80}])),
    ]
}

/// The objects that are there, as a stream.
fn stream(objects: &[Value]) -> String {
    let each: Vec<String> = objects.iter().map(Value::to_string).collect();
    each.join("\n---\n")
}

/// The object of this kind and name.
fn find<'o>(objects: &'o mut [Value], kind: &str, namespace: &str, name: &str) -> &'o mut Value {
    let found = objects.iter_mut().find(|object| {
        object["kind"] == kind
            && object["metadata"]["name"] == name
            && (kind == "Namespace" || object["metadata"]["namespace"] == namespace)
    });
    found.unwrap()
}

/// A field of an object: `spec.parentRefs[0].port`.
fn at<'o>(object: &'o mut Value, path: &str) -> &'o mut Value {
    let mut place = object;
    for step in path.split('.') {
        let (field, index) = match step.split_once('[') {
            Some((field, index)) => (field, Some(index.trim_end_matches(']'))),
            None => (step, None),
        };
        place = &mut place[field];
        if let Some(index) = index {
            place = &mut place[index.parse::<usize>().unwrap()];
        }
    }
    place
}

/// What stands in backticks in a sentence, in order.
fn quoted(sentence: &str) -> Vec<&str> {
    sentence.split('`').skip(1).step_by(2).collect()
}

/// Writes `field: value` into an object.
fn write(object: &mut Value, assignment: &str) {
    let (field, value) = assignment.split_once(": ").unwrap();
    let value = value.trim_matches('"');
    object[field] = match value.parse::<u16>() {
        Ok(number) if field == "port" => json!(number),
        _ => json!(value),
    };
}

/// The object that refers.
fn own<'o>(objects: &'o mut [Value], from: &ObjectRef) -> &'o mut Value {
    find(objects, &from.kind, &from.namespace, &from.name)
}

/// A listener of the one Gateway.
fn listener<'o>(objects: &'o mut [Value], name: &str) -> &'o mut Value {
    let gateway = find(objects, "Gateway", "shop", "front");
    let listeners = gateway["spec"]["listeners"].as_array_mut().unwrap();
    listeners.iter_mut().find(|l| l["name"] == name).unwrap()
}

/// A name that lies within a hostname.
fn within_host(host: &str) -> String {
    host.replacen('*', "any", 1)
}

/// Does what a sentence says. Returns the sort of sentence; nothing of one that leaves a choice.
fn follow(
    objects: &mut Vec<Value>,
    from: &ObjectRef,
    problem: &ReferenceProblem,
    sentence: &str,
) -> Option<&'static str> {
    let to = problem.to.as_ref()?;
    let path = problem.path.as_str();
    let reference = match path.rsplit_once('.') {
        Some((reference, field)) if !field.ends_with(']') => reference,
        _ => path,
    };
    let parts = quoted(sentence);
    let starts = |begin: &str| sentence.starts_with(begin);
    Some(match parts.as_slice() {
        [_, "port", write_port] if sentence.contains("` has port ") => {
            write(at(own(objects, from), reference), write_port);
            "section has port"
        }
        [near, _, instead] if starts("did you mean") && sentence.contains("in place of") => {
            let hostnames = own(objects, from)["spec"]["hostnames"]
                .as_array_mut()
                .unwrap();
            let place = hostnames.iter_mut().find(|host| *host == instead).unwrap();
            *place = json!(near);
            "near hostname"
        }
        [assignment, ..] if starts("did you mean `") => {
            for part in parts.iter().filter(|part| part.contains(": ")) {
                write(at(own(objects, from), reference), part);
            }
            assert!(assignment.contains(": "), "{sentence}");
            "near field"
        }
        [name, ..] if starts("did you mean") => {
            at(own(objects, from), reference)["name"] = json!(name);
            "near name"
        }
        [field, value, rest @ ..]
            if starts("name a listener of")
                || starts("name the port of")
                || starts("name a port of") =>
        {
            let (_, name) = field.rsplit_once('.').unwrap();
            let value = match value.parse::<u16>() {
                Ok(number) => json!(number),
                Err(_) => json!(value),
            };
            at(own(objects, from), reference)[name] = value;
            if let [port, ..] = rest
                && port.starts_with("port: ")
            {
                write(at(own(objects, from), reference), port);
            }
            "one of those that there are"
        }
        [name, field, rest @ ..] if starts("name listener `") => {
            let reference = at(own(objects, from), field);
            reference["sectionName"] = json!(name);
            if let [port] = rest {
                write(reference, port);
            }
            "listener that can take"
        }
        [value, field]
            if starts("write `") && sentence.contains("` in `") && !value.contains(": ") =>
        {
            let (_, name) = field.rsplit_once('.').unwrap();
            let value = match value.parse::<u16>() {
                Ok(number) => json!(number),
                Err(_) => json!(value),
            };
            at(own(objects, from), reference)[name] = value;
            "part that needs more"
        }
        [group, ..] if starts("write `group: ") => {
            write(at(own(objects, from), reference), group);
            "write group"
        }
        [_, field] if starts("remove `group: ") => {
            let reference = at(own(objects, from), field).as_object_mut().unwrap();
            reference.remove("group");
            "remove group"
        }
        [.., assignment] if sentence.ends_with("in the reference") => {
            write(at(own(objects, from), reference), assignment);
            "write namespace"
        }
        [kind, _, name] if starts("add `kind: ") => {
            let kinds = &mut listener(objects, name)["allowedRoutes"]["kinds"];
            let (_, kind) = kind.split_once(": ").unwrap();
            kinds.as_array_mut().unwrap().push(json!({"kind": kind}));
            "add kind"
        }
        [name, ..] if starts("to take the route, listener") => {
            let allowed = &mut listener(objects, name)["allowedRoutes"];
            allowed["namespaces"] = json!({"from": "All"});
            "take from all namespaces"
        }
        [name, ..] if starts("let the selector of listener") => {
            let allowed = &mut listener(objects, name)["allowedRoutes"];
            allowed["namespaces"] = json!({"from": "All"});
            "widen a selector"
        }
        [place, name, _] if starts("give Namespace") => {
            let selector = &listener(objects, name)["allowedRoutes"]["namespaces"]["selector"];
            let labels = selector["matchLabels"].clone();
            find(objects, "Namespace", "", place)["metadata"]["labels"] = labels;
            "label a namespace"
        }
        [served, _] if starts("give the route a hostname within") => {
            own(objects, from)["spec"]["hostnames"] = json!([within_host(served)]);
            "hostname within"
        }
        [_, _] if starts("write DNS names in `spec.hostnames`, or leave the field out") => {
            let spec = own(objects, from)["spec"].as_object_mut().unwrap();
            spec.remove("hostnames");
            "no hostnames"
        }
        [] if starts("name a port that") => {
            let (_, ports) = sentence.rsplit_once(", as ").unwrap();
            let port = ports.split(" or ").next().unwrap();
            *at(own(objects, from), path) = json!(port.parse::<u16>().unwrap());
            "port of a backend"
        }
        [protocol, ..] if starts("add a listener with `protocol: ") => {
            let gateway = find(objects, "Gateway", "shop", "front");
            let mut new = json!({"name": "added", "port": 9000, "allowedRoutes": {"namespaces": {"from": "All"}}});
            write(&mut new, protocol);
            if *protocol == "protocol: TLS" {
                new["tls"] = json!({"mode": "Passthrough"});
            }
            gateway["spec"]["listeners"]
                .as_array_mut()
                .unwrap()
                .push(new);
            "add a listener"
        }
        [field] if starts("name that one in `") => {
            let parent = at(own(objects, from), super::obstacles::parent_of(field));
            parent["sectionName"] = json!("added");
            parent.as_object_mut().unwrap().remove("port");
            "name the listener that was added"
        }
        [] if starts("create Service ") => {
            let (_, name) = sentence.split_once('/').unwrap();
            let (name, _) = name.split_once(',').unwrap();
            let ports =
                json!([{"name": "t", "port": 80}, {"name": "u", "port": 53, "protocol": "UDP"}]);
            objects.push(service(&to.namespace, name, ports));
            "create a Service"
        }
        [place, from_list, to_list] if starts("create a ReferenceGrant in namespace") => {
            // Its entries are written as YAML.
            let spec = format!("{{ {from_list}, {to_list} }}");
            let text = format!(
                "apiVersion: {GROUP}/v1beta1\nkind: ReferenceGrant\nmetadata: {{ name: new, namespace: {place} }}\nspec: {spec}\n"
            );
            let read =
                crate::manifest::read(text.as_bytes(), &crate::manifest::ReadOptions::default());
            objects.push(read.entries[0].value.clone());
            "create a grant"
        }
        _ => return None,
    })
}

/// How often each sort of sentence was followed.
type Followed = BTreeMap<&'static str, usize>;

/// Follows the help for each reference of each object that fails, one at a time.
fn follow_all(objects: &[Value], followed: &mut Followed) {
    let text = stream(objects);
    let (resolver, admitted) = resolve(&text);
    let near = Near::new(&resolver, &admitted.ignored);
    for object in resolver.snapshot().references() {
        for (problem, help) in near.problems(&object) {
            let Some(help) = help else { continue };
            let mut changed = objects.to_vec();
            let sentences = help.replace("? If so, ", "?; and ");
            let sentences = sentences.replace("? And ", "?; and ");
            let done: Option<Vec<&'static str>> = sentences
                .split("; and ")
                .map(|sentence| follow(&mut changed, &object, &problem, sentence))
                .collect();
            let Some(done) = done else { continue };
            for sort in done {
                *followed.entry(sort).or_default() += 1;
            }
            let (resolver, admitted) = resolve(&stream(&changed));
            let told = || format!("{}\n{object}: {problem:?}\n{help}", stream(&changed));
            assert_eq!(
                admitted.ignored.len(),
                0,
                "{} {:?}",
                told(),
                admitted.ignored
            );
            let left = resolver.reference_problems(&object);
            let is_same = |one: &ReferenceProblem| {
                one.kind == problem.kind && one.path == problem.path && one.why == problem.why
            };
            assert!(!left.iter().any(is_same), "{}", told());
            let of_parent = matches!(
                problem.kind,
                Kind::ListenerNotFound | Kind::NoCommonHostname | Kind::NotAttached
            );
            if of_parent {
                // That no backend can be reached is a cause of its own, and that no hostname is one.
                let parents = |one: &&ReferenceProblem| {
                    (one.path.starts_with("spec.parentRefs") || one.path == "spec.hostnames")
                        && !one.why.starts_with("no backend of the ")
                        && !one
                            .why
                            .contains("listener `added`: none of the route's `hostnames`")
                };
                let left: Vec<_> = left.iter().filter(parents).collect();
                assert!(left.is_empty(), "{}\n{left:#?}", told());
            }
        }
    }
}

/// Listeners that refuse routes in different ways.
fn listeners() -> Vec<Value> {
    let all = json!({"namespaces": {"from": "All"}});
    let selector = |labels: Value| json!({"namespaces": {"from": "Selector", "selector": {"matchLabels": labels}}});
    let grpc = |mut allowed: Value| {
        allowed["kinds"] = json!([{"kind": "GRPCRoute"}]);
        allowed
    };
    vec![
        json!([{"name": "http", "port": 80, "protocol": "HTTP"}]),
        // The listener of the host takes another kind, and one with nearly that host takes all.
        json!([
            {"name": "one", "port": 80, "protocol": "HTTP", "hostname": "a.test", "allowedRoutes": grpc(all.clone())},
            {"name": "two", "port": 80, "protocol": "HTTP", "hostname": "b.test", "allowedRoutes": all},
            {"name": "http", "port": 81, "protocol": "HTTP"},
        ]),
        json!([
            {"name": "http", "port": 80, "protocol": "HTTP", "allowedRoutes": selector(json!({"team": "a"}))},
            {"name": "sni", "port": 443, "protocol": "TLS", "tls": {"mode": "Passthrough"}, "allowedRoutes": all},
        ]),
        json!([
            {"name": "http", "port": 80, "protocol": "HTTP", "allowedRoutes": selector(json!({"kubernetes.io/metadata.name": "else"}))},
            {"name": "udp", "port": 80, "protocol": "UDP"},
        ]),
        json!([
            {"name": "both", "port": 80, "protocol": "HTTP", "hostname": "*.shop.example",
             "allowedRoutes": grpc(json!({"namespaces": {"from": "Same"}}))},
            {"name": "tcp", "port": 53, "protocol": "TCP", "allowedRoutes": all},
        ]),
        json!([{"name": "udp", "port": 53, "protocol": "UDP", "allowedRoutes": all}]),
    ]
}

#[test]
fn who_does_what_the_help_for_a_parent_says_has_the_route_accepted() {
    let mut parents = vec![
        json!({"name": "front", "namespace": "shop"}),
        json!({"name": "front"}),
        json!({"name": "frnot", "namespace": "shop"}),
        json!({"name": "front", "namespace": "shop", "kind": "Gatewway"}),
        json!({"name": "front", "namespace": "shop", "group": "gateway.networking.x-k8s.io"}),
    ];
    for (section, port) in [
        (Some("http"), None),
        (Some("htpp"), None),
        (Some("htpp"), Some(81)),
        (Some("http"), Some(53)),
        (Some("nowhere"), None),
        (Some("udp"), None),
        (None, Some(80)),
        (None, Some(8080)),
    ] {
        let mut parent = json!({"name": "front", "namespace": "shop"});
        if let Some(section) = section {
            parent["sectionName"] = json!(section);
        }
        if let Some(port) = port {
            parent["port"] = json!(port);
        }
        parents.push(parent);
    }
    let mut followed = Followed::new();
    for listeners in listeners() {
        for (kind, hostnames) in [
            ("HTTPRoute", json!([])),
            ("HTTPRoute", json!(["a.test"])),
            ("HTTPRoute", json!(["x.shop.exmaple"])),
            ("HTTPRoute", json!(["1.2.3.4"])),
            ("GRPCRoute", json!(["c.test"])),
            ("TLSRoute", json!(["a.test"])),
            ("UDPRoute", Value::Null),
        ] {
            for namespace in ["shop", "away"] {
                for parent in &parents {
                    let mut spec = json!({"parentRefs": [parent], "rules": [{}]});
                    let (backend, port) = match (namespace, kind) {
                        ("shop", "UDPRoute") => ("cart", 53),
                        ("shop", _) => ("cart", 80),
                        _ => ("far", 80),
                    };
                    spec["rules"][0]["backendRefs"] = json!([{"name": backend, "port": port}]);
                    if !hostnames.is_null() {
                        spec["hostnames"] = hostnames.clone();
                    }
                    let mut objects = around_route(&listeners);
                    objects.push(object(kind, (namespace, "r"), spec));
                    follow_all(&objects, &mut followed);
                }
            }
        }
    }
    for sort in [
        "add a listener",
        "add kind",
        "hostname within",
        "label a namespace",
        "listener that can take",
        "name the listener that was added",
        "near field",
        "near hostname",
        "near name",
        "no hostnames",
        "one of those that there are",
        "part that needs more",
        "remove group",
        "section has port",
        "take from all namespaces",
        "widen a selector",
        "write namespace",
    ] {
        assert!(followed.contains_key(sort), "{sort}: {followed:#?}");
    }
}

#[test]
fn who_does_what_the_help_for_a_service_as_parent_or_backend_says_is_rid_of_the_cause() {
    let core = |more: Value| {
        let mut reference = json!({"group": "", "kind": "Service", "name": "cart"});
        for (field, value) in more.as_object().unwrap() {
            reference[field] = value.clone();
        }
        reference
    };
    let parents = [
        core(json!({})),
        core(json!({"port": 53})),
        core(json!({"port": 80})),
        core(json!({"port": 99})),
        core(json!({"sectionName": "dns"})),
        core(json!({"sectionName": "web"})),
        core(json!({"sectionName": "wbe"})),
        core(json!({"sectionName": "wbe", "port": 53})),
        core(json!({"sectionName": "web", "port": 53})),
        core(json!({"group": "core"})),
        core(json!({"kind": "service"})),
    ];
    let backends = [
        json!({"name": "cart", "port": 80}),
        json!({"name": "cart", "port": 99}),
        json!({"name": "crat", "port": 80}),
        json!({"name": "gone", "port": 80}),
        json!({"name": "far", "port": 80}),
        json!({"name": "far", "namespace": "away", "port": 80}),
        json!({"name": "cart", "kind": "service", "port": 80}),
        json!({"name": "cart", "group": "core", "port": 80}),
    ];
    let mut followed = Followed::new();
    let http = json!([{"name": "http", "port": 80, "protocol": "HTTP"}]);
    for kind in ["HTTPRoute", "TCPRoute", "UDPRoute"] {
        for parent in &parents {
            for backend in &backends {
                let rules = json!([{"backendRefs": [backend]}]);
                let spec = json!({"parentRefs": [parent], "rules": rules});
                let mut objects = around_route(&http);
                objects.push(object(kind, ("shop", "r"), spec));
                follow_all(&objects, &mut followed);
            }
        }
    }
    for sort in [
        "create a grant",
        "create a Service",
        "near field",
        "near name",
        "one of those that there are",
        "port of a backend",
        "section has port",
        "write group",
        "write namespace",
    ] {
        assert!(followed.contains_key(sort), "{sort}: {followed:#?}");
    }
}
