//! What the specification leaves to a data plane: an option sets it, and an answer that depends on it says so.

use crate::support::gwapi;
use ::gwapi::{
    attachment::DEFAULT_CONTROLLER,
    manifest::{self, ReadOptions},
};
use serde_json::{Value, json};

const GATEWAY: &str = "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: { name: front, namespace: shop }\n\
     spec: { gatewayClassName: any, listeners: [LISTENERS] }\n---\n\
     apiVersion: v1\nkind: Service\nmetadata: { name: cart, namespace: shop }\nspec: { ports: [{ port: 80 }] }\n";

fn gateway(listeners: &str) -> String {
    GATEWAY.replace("LISTENERS", listeners)
}

fn route(name: &str, spec: &str, matched: &str) -> String {
    format!(
        "---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {{ name: {name}, namespace: shop }}\n\
         spec: {{ parentRefs: [{{ name: front, {spec} }}], HOSTS rules: [{{ matches: [{{ {matched} }}], backendRefs: [{{ name: cart, port: 80 }}] }}] }}\n"
    )
}

fn with_hosts(route: &str, hosts: &str) -> String {
    let hosts = match hosts {
        "" => String::new(),
        hosts => format!("hostnames: ['{hosts}'],"),
    };
    route.replace("HOSTS", &hosts)
}

/// The route that takes a request, and what the answer says of choices.
fn asked(objects: &str, arguments: &[&str]) -> (Option<String>, Vec<String>) {
    let output = gwapi(
        &[&["request", "-", "-o", "json"], arguments].concat(),
        objects,
    );
    let answer: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    let route = answer["route"]["name"].as_str().map(str::to_owned);
    (route, choices(&answer))
}

fn choices(answer: &Value) -> Vec<String> {
    let why = answer["why"].as_array().unwrap().iter();
    let why = why.filter_map(|one| one.as_str()?.strip_prefix("implementation-specific: with "));
    why.map(str::to_owned).collect()
}

/// A request that takes one way with an option and another without it, and says so both times.
struct Case {
    objects: String,
    request: Vec<&'static str>,
    option: [&'static str; 2],
    /// The default of the option.
    default: &'static str,
    /// The route that takes the request by default, and with the option.
    routes: [Option<&'static str>; 2],
}

fn cases() -> Vec<Case> {
    let http = "{ name: http, port: 80, protocol: HTTP }";
    let own = "{ name: http, port: 80, protocol: HTTP, hostname: a.example }";
    let wild = "{ name: wild, port: 80, protocol: HTTP, hostname: '*.example' }";
    let set = |listeners: &str, routes: &[(&str, &str, &str, &str)]| {
        let routes = routes.iter();
        let routes = routes
            .map(|(name, hosts, spec, matched)| with_hosts(&route(name, spec, matched), hosts));
        gateway(listeners) + &routes.collect::<String>()
    };
    let exact = set(
        http,
        &[("exact", "", "", "path: { type: Exact, value: /exact }")],
    );
    vec![
        Case {
            objects: set(
                http,
                &[
                    (
                        "pattern",
                        "",
                        "",
                        "path: { type: RegularExpression, value: '/v[0-9]/.*' }",
                    ),
                    ("prefix", "", "", "path: { value: /v1/long }"),
                ],
            ),
            request: vec!["http://a.example/v1/long"],
            option: ["--regex-rank", "last"],
            default: "after-exact",
            routes: [Some("pattern"), Some("prefix")],
        },
        Case {
            objects: set(
                own,
                &[
                    ("own", "a.example", "", "path: { value: / }"),
                    ("any", "*.example", "", "path: { value: /long }"),
                ],
            ),
            request: vec!["http://a.example/long"],
            option: ["--hostname-rank", "effective"],
            default: "own",
            routes: [Some("own"), Some("any")],
        },
        Case {
            objects: set(
                http,
                &[
                    ("own", "a.example", "", "path: { value: /own }"),
                    ("any", "*.example", "", "path: { value: / }"),
                ],
            ),
            request: vec!["http://a.example/"],
            option: ["--hostname-fallback", "no"],
            default: "yes",
            routes: [Some("any"), None],
        },
        Case {
            objects: set(http, &[("x", "", "", "headers: [{ name: x, value: '1' }]")]),
            request: vec!["-H", "x: 2", "-H", "x: 1", "http://a.example/"],
            option: ["--repeated-header", "any-line"],
            default: "combined",
            routes: [None, Some("x")],
        },
        Case {
            objects: set(
                &format!("{http}, {wild}"),
                &[(
                    "all",
                    "a.example",
                    "sectionName: http",
                    "path: { value: / }",
                )],
            ),
            request: vec!["http://a.example/"],
            option: ["--isolation", "no"],
            default: "yes",
            routes: [None, Some("all")],
        },
        Case {
            objects: exact.clone(),
            request: vec!["http://a.example/x/../exact"],
            option: ["--paths", "normal"],
            default: "as-sent",
            routes: [None, Some("exact")],
        },
        Case {
            objects: exact.clone(),
            request: vec!["http://a.example/%65xact?q=1"],
            option: ["--paths", "normal"],
            default: "as-sent",
            routes: [None, Some("exact")],
        },
        Case {
            objects: exact,
            request: vec!["http://a.example//exact"],
            option: ["--paths", "merged"],
            default: "as-sent",
            routes: [None, Some("exact")],
        },
    ]
}

fn takes(route: Option<&str>) -> String {
    match route {
        Some(route) => format!("HTTPRoute shop/{route}, rule 0 takes the request"),
        None => "no rule takes the request: the answer is 404".to_owned(),
    }
}

#[test]
fn an_answer_that_depends_on_a_choice_names_the_option_that_decides_otherwise() {
    for case in cases() {
        let [option, value] = case.option;
        let [default, other] = case.routes;
        let (route, said) = asked(&case.objects, &case.request);
        assert_eq!(route.as_deref(), default, "{option}");
        let sentence = format!("`{option} {value}`, {}", takes(other));
        assert!(said.contains(&sentence), "{option}: {said:?}");
        let (route, said) = asked(&case.objects, &[&case.option[..], &case.request].concat());
        assert_eq!(route.as_deref(), other, "{option}");
        let sentence = format!("`{option} {}`, {}", case.default, takes(default));
        assert!(said.contains(&sentence), "{option}: {said:?}");
        // No other option is named than the one that matters.
        assert!(
            said.iter()
                .all(|said| said.starts_with(&format!("`{option} "))),
            "{option}: {said:?}"
        );
    }
}

#[test]
fn an_answer_that_depends_on_no_choice_names_none() {
    let objects = gateway("{ name: http, port: 80, protocol: HTTP }")
        + &with_hosts(&route("r", "", "path: { value: / }"), "");
    let request = ["-H", "x: 1", "-H", "x: 2", "http://a.example//b/../c"];
    let (route, said) = asked(&objects, &request);
    assert_eq!((route.as_deref(), said), (Some("r"), Vec::new()));
}

/// The path is sent on in the form in which it is matched.
#[test]
fn a_path_in_its_normal_form_is_sent_on_in_it() {
    let case = cases().swap_remove(6);
    let arguments = ["request", "-", "-o", "json", "--paths", "normal"];
    let output = gwapi(&[&arguments[..], &case.request].concat(), &case.objects);
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer["forwarded"]["path"], "/exact?q=1");
}

#[test]
fn serve_has_the_same_choices_as_options_of_configure() {
    for case in cases() {
        let [option, value] = case.option;
        let (name, _) = case.option[0][2..]
            .split_once('-')
            .unwrap_or((&option[2..], ""));
        let rest = &option[2 + name.len()..];
        let member = match rest.strip_prefix('-') {
            Some(rest) => format!("{name}{}{}", rest[..1].to_uppercase(), &rest[1..]),
            None => name.to_owned(),
        };
        let mut headers = Vec::new();
        for pair in case.request.windows(2) {
            if pair[0] == "-H" {
                headers.push(pair[1].split(": ").collect::<Vec<_>>());
            }
        }
        let request =
            json!({"op": "request", "request": {"url": case.request.last(), "headers": headers}});
        let objects: Vec<Value> = case
            .objects
            .split("---\n")
            .flat_map(|text| {
                let read = manifest::read(text.as_bytes(), &ReadOptions::default());
                read.entries.into_iter().map(|object| object.value)
            })
            .collect();
        let class = json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "GatewayClass", "metadata": {"name": "any"},
            "spec": {"controllerName": DEFAULT_CONTROLLER}});
        let lines = [
            json!({"op": "apply", "objects": objects}),
            json!({"op": "apply", "objects": [class]}),
            request.clone(),
            json!({"op": "configure", "options": {(member.clone()): value}}),
            request,
            json!({"op": "configure", "options": {(member.clone()): "?"}}),
        ];
        let lines = lines.map(|line| format!("{line}\n")).concat();
        let output = gwapi(&["serve", "--stdio"], lines);
        let text = String::from_utf8(output.stdout).unwrap();
        let replies: Vec<Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        for (reply, route) in [(&replies[2], case.routes[0]), (&replies[4], case.routes[1])] {
            assert_eq!(
                reply["answer"]["route"]["name"].as_str(),
                route,
                "{member}: {reply}"
            );
        }
        let said = choices(&replies[2]["answer"]);
        let sentence = format!("`\"{member}\": \"{value}\"`, {}", takes(case.routes[1]));
        assert!(said.contains(&sentence), "{said:?}");
        let error = replies[5]["error"]["message"].as_str().unwrap();
        assert!(
            error.starts_with(&format!("`{member}`: `?` is none of `")),
            "{error}"
        );
    }
}

/// TLSRoutes, too: which one takes a server name is decided when they are attached.
#[test]
fn the_rank_of_hostnames_decides_between_tls_routes() {
    let tls =
        "{ name: tls, port: 443, protocol: TLS, hostname: a.example, tls: { mode: Passthrough } }";
    let tls_route = |name: &str, host: &str, year: u32| {
        format!(
            "---\napiVersion: gateway.networking.k8s.io/v1alpha2\nkind: TLSRoute\n\
             metadata: {{ name: {name}, namespace: shop, creationTimestamp: '{year}-01-01T00:00:00Z' }}\n\
             spec: {{ parentRefs: [{{ name: front }}], hostnames: ['{host}'], rules: [{{ backendRefs: [{{ name: cart, port: 80 }}] }}] }}\n"
        )
    };
    let own = gateway(tls) + &tls_route("own", "a.example", 2024);
    let both = own.clone() + &tls_route("any", "*.example", 2020);
    let request = "tls://a.example";
    for (objects, rank, route, otherwise) in [
        (&own, "own", "own", None),
        (&both, "own", "own", Some(("effective", "any"))),
        (&both, "effective", "any", Some(("own", "own"))),
    ] {
        let (taken, said) = asked(objects, &["--hostname-rank", rank, request]);
        assert_eq!(taken.as_deref(), Some(route), "{rank}");
        let wanted = otherwise.map(|(other, route)| {
            format!("`--hostname-rank {other}`, TLSRoute shop/{route}, rule 0 takes the request")
        });
        assert_eq!(said, wanted.into_iter().collect::<Vec<_>>(), "{rank}");
    }
}

/// Without isolation a route is at all listeners of a port at once, whether it names one or not.
#[test]
fn a_route_at_several_listeners_keeps_the_hosts_of_each_without_isolation() {
    let listeners = [
        ("one", "a.example"),
        ("two", "b.example"),
        ("three", "*.b.example"),
    ];
    let listeners = listeners.map(|(name, host)| {
        format!("{{ name: {name}, port: 80, protocol: HTTP, hostname: '{host}' }}")
    });
    let objects =
        gateway(&listeners.join(", ")) + &with_hosts(&route("all", "", "path: { value: / }"), "");
    for host in ["a.example", "b.example", "x.b.example"] {
        for isolation in ["yes", "no"] {
            let url = format!("http://{host}/");
            let answer = asked(&objects, &["--isolation", isolation, &url]);
            assert_eq!(
                answer,
                (Some("all".to_owned()), Vec::new()),
                "{host} {isolation}"
            );
        }
    }
}

/// `status` and `validate` look for what no request reaches by the same choices.
#[test]
fn what_no_request_reaches_is_looked_for_by_the_same_choices() {
    let objects = gateway("{ name: http, port: 80, protocol: HTTP }")
        + &with_hosts(&route("prefix", "", "path: { value: / }"), "")
        + &with_hosts(
            &route(
                "pattern",
                "",
                "path: { type: RegularExpression, value: '/a.*' }",
            ),
            "",
        );
    for verb in ["status", "validate"] {
        let said = |rank: &str| {
            let output = gwapi(&[verb, "-", "--regex-rank", rank], &objects);
            String::from_utf8(output.stdout).unwrap()
        };
        assert!(!said("after-exact").contains("reached"), "{verb}");
        assert!(said("last").contains("reached"), "{verb}: {}", said("last"));
    }
}
