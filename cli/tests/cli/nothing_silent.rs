//! What was given and has no effect, or another one than it looks, is named by every verb.

use crate::{
    one_story::{BASE, CART, HTTP, ask, gateway, object, texts, warned},
    support::{about, run, status},
};

/// A Gateway of any name.
fn other_gateway(name: &str, spec: &str) -> String {
    object(
        "v1",
        "Gateway",
        name,
        &format!("gatewayClassName: any, {spec}"),
    )
}

fn attached(name: &str, parent: &str, more: &str) -> String {
    object(
        "v1",
        "HTTPRoute",
        name,
        &format!("parentRefs: [{{ name: {parent} }}], {more}"),
    )
}

/// Gateways of one port and host: where the client names none, the one that is not in force may be the one that is meant.
#[test]
fn a_gateway_for_the_same_port_and_host_that_does_not_serve_is_named() {
    let route = attached("r", "front", CART);
    let broken = "addresses: [{ type: example.com/pool, value: blue }], listeners";
    let set = |listeners: &str| {
        let back = other_gateway("back", &format!("{broken}: [{listeners}]"));
        BASE.to_owned() + &gateway(HTTP) + &route + &back
    };
    let same = set(HTTP);
    let (code, answer) = ask("http://a.test/", &same);
    assert_eq!((code, &answer["outcome"]), (Some(1), &"forwarded".into()));
    let said = "the port and the host are those of another Gateway as well, but listener `http` of Gateway shop/back is not serving: ";
    assert!(texts(&answer, "why").contains(said), "{answer:#}");
    assert!(
        texts(&answer, "help").contains("spec.addresses"),
        "{answer:#}"
    );
    assert_eq!(answer["ignored"][0]["name"], "back");
    // Who names a Gateway means that one.
    let arguments = [
        "request",
        "-f",
        "-",
        "--gateway",
        "shop/front",
        "http://a.test/",
    ];
    let (code, text) = run(&arguments, &same);
    assert_eq!(code, Some(0), "{text}");
    for other in [
        "{ name: http, port: 81, protocol: HTTP }",
        "{ name: http, port: 80, protocol: HTTP, hostname: b.test }",
    ] {
        let (code, answer) = ask("http://a.test/", &set(other));
        assert_eq!(code, Some(0), "{answer:#}");
    }
}

/// HTTPPathModifier: a new path is percent-encoded, so that it makes no query.
#[test]
fn a_path_that_is_sent_otherwise_than_written_is_named() {
    let rewriting = |path: &str| {
        let filter = format!(
            "{{ type: URLRewrite, urlRewrite: {{ path: {{ type: ReplaceFullPath, replaceFullPath: '{path}' }} }} }}"
        );
        let rules = format!(
            "rules: [{{ filters: [{filter}], backendRefs: [{{ name: cart, port: 80 }}] }}]"
        );
        BASE.to_owned() + &gateway(HTTP) + &attached("r", "front", &rules)
    };
    for (path, said) in [
        (
            "/a?b=c#d",
            "`?` is sent as `%3F`, `#` is sent as `%23`: a path modifier makes no query",
        ),
        (
            "x y",
            "a `/` is put before it: a path begins with one; ` ` is sent as `%20`: what cannot stand in a path is percent-encoded",
        ),
        ("/%zz", "`%` is sent as `%25`"),
    ] {
        let set = rewriting(path);
        assert!(warned(&set).contains(said), "{}", warned(&set));
        assert!(about(&status(&set, &[]).0, "HTTPRoute").contains(said));
        let (code, answer) = ask("http://a.test/", &set);
        assert_eq!(code, Some(1));
        assert!(texts(&answer, "why").contains(said), "{answer:#}");
    }
    assert_eq!(ask("http://a.test/", &rewriting("/a%20b")).0, Some(0));
}

/// `kubectl apply` keeps what was applied last: of two objects with equal content one says nothing.
#[test]
fn an_object_that_is_given_twice_with_the_same_content_is_named() {
    let once = BASE.to_owned() + &gateway(HTTP) + &attached("r", "front", CART);
    let said = "the object is given twice with the same content";
    for again in [attached("r", "front", CART), format!("---\n{BASE}")] {
        let twice = once.clone() + &again;
        let (code, text) = run(&["validate", "-f", "-"], &twice);
        assert_eq!(code, Some(0), "{text}");
        assert!(
            text.contains(said) && text.contains("[Object/given-once]"),
            "{text}"
        );
        let (text, code) = status(&twice, &[]);
        assert_eq!(code, Some(1), "{text}");
        assert!(text.contains(said), "{text}");
        let (code, answer) = ask("http://a.test/", &twice);
        assert_eq!(code, Some(1));
        assert!(texts(&answer, "why").contains(said), "{answer:#}");
    }
    assert!(!warned(&once).contains(said) && ask("http://a.test/", &once).0 == Some(0));
}

/// An object without a namespace is read as one of `default`: where it refers to objects of another one, that is what is wrong.
#[test]
fn an_object_without_a_namespace_is_named_once_where_its_references_lead_elsewhere() {
    let route = attached("r", "front", CART).replace(", namespace: shop", "");
    let set = BASE.to_owned() + &gateway(HTTP) + &route;
    let (code, text) = run(&["validate", "-f", "-"], &set);
    assert_eq!(code, Some(0), "{text}");
    let said = "the object names no namespace, so that it is read as being in `default`, and refers to objects of namespace `shop`";
    assert_eq!(text.matches(said).count(), 1, "{text}");
    assert!(text.contains("1 warning"), "{text}");
    // Where nothing has a namespace, a name that is nearly right is what is wrong.
    let nowhere = |text: String| text.replace(", namespace: shop", "");
    let set = nowhere(BASE.to_owned() + &gateway(HTTP) + &attached("r", "frontt", CART));
    for text in [warned(&set), status(&set, &[]).0] {
        assert!(text.contains("did you mean Gateway `front`"), "{text}");
        assert!(!text.contains("names no namespace"), "{text}");
    }
    let set = set
        .replace("{ name: front }", "{ name: gw }")
        .replace("frontt", "gww");
    for text in [warned(&set), status(&set, &[]).0] {
        assert!(text.contains("did you mean Gateway `gw`"), "{text}");
        assert!(!text.contains("names no namespace"), "{text}");
    }
}

/// Each rule that is invalid is named, with what to do about it, however many there are.
#[test]
fn every_rule_that_cannot_be_applied_is_named() {
    let rule = |at: usize| {
        format!(
            "{{ matches: [{{ path: {{ value: /{at} }} }}], filters: [{{ type: RequestHeaderModifier, requestHeaderModifier: {{ remove: [Host] }} }}], \
             backendRefs: [{{ name: cart, port: 80 }}] }}"
        )
    };
    for more in ["", ", { backendRefs: [{ name: cart, port: 80 }] }"] {
        let rules: Vec<String> = (0..12).map(rule).collect();
        let rules = format!("rules: [{}{more}]", rules.join(", "));
        let set = BASE.to_owned() + &gateway(HTTP) + &attached("r", "front", &rules);
        let text = about(&status(&set, &[]).0, "HTTPRoute");
        for at in 0..12 {
            assert!(text.contains(&format!("rule {at} answers")), "{at}: {text}");
            assert!(
                text.contains(&format!("`spec.rules[{at}].filters[0]")),
                "{at}: {text}"
            );
        }
    }
}

/// A rule that redirects lets no backend wait.
#[test]
fn timeouts_of_a_rule_that_redirects_are_not_shown() {
    let redirects = "rules: [{ timeouts: { request: 1s }, filters: [{ type: RequestRedirect, requestRedirect: { hostname: b.test } }] }]";
    let forwards = CART.replace("backendRefs", "timeouts: { request: 1s }, backendRefs");
    for (rules, shown) in [(redirects, false), (&forwards, true)] {
        let set = BASE.to_owned() + &gateway(HTTP) + &attached("r", "front", rules);
        let (_, text) = run(&["request", "-f", "-", "http://a.test/"], &set);
        assert_eq!(text.contains("timeouts "), shown, "{text}");
    }
}

/// Messages name what is written and what there is: the group of a kind, the names of ports.
#[test]
fn what_is_written_is_shown_as_it_is_to_be_corrected() {
    let listener = "{ name: http, port: 80, protocol: HTTP, allowedRoutes: { kinds: [{ group: '', kind: HTTPRoute }] } }";
    let set = BASE.to_owned() + &gateway(listener);
    let said = "a listener of protocol HTTP cannot take `HTTPRoute` of group `\"\"` (it is in group `gateway.networking.k8s.io`)";
    assert!(warned(&set).contains(said), "{}", warned(&set));
    let parent = "parentRefs: [{ group: '', kind: Service, name: cart, sectionName: wbe }],";
    let set = BASE.to_owned() + &object("v1", "HTTPRoute", "r", &format!("{parent} {CART}"));
    let said = "Service shop/cart has no port named `wbe`: it has `web` (port 80)";
    assert!(warned(&set).contains(said), "{}", warned(&set));
}

/// Gateway `spec.tls.frontend`: it is for HTTPS listeners.
#[test]
fn a_setting_for_clients_of_listeners_that_are_not_there_is_named() {
    let frontend =
        "tls: { frontend: { default: {}, perPort: [{ port: 9999, tls: {} }] } }, listeners";
    let set = BASE.to_owned()
        + &gateway(HTTP).replace("listeners", frontend)
        + &attached("r", "front", CART);
    let said = "no HTTPS listener has port 9999: the entry has no effect; the Gateway has no HTTPS listener";
    assert!(warned(&set).contains(said), "{}", warned(&set));
    let (text, code) = status(&set, &[]);
    assert_eq!(code, Some(1));
    assert!(about(&text, "Gateway").contains(said), "{text}");
    let (code, answer) = ask("http://a.test/", &set);
    assert_eq!(code, Some(1));
    assert!(texts(&answer, "why").contains(said), "{answer:#}");
}
