//! A route that loses a part of what it asks for, and keeps the rest: every verb says so.

use crate::{
    one_story::{BASE, ask, gateway, object, texts, warned},
    support::{about, status},
};

const TWO_PORTS: &str = "---\napiVersion: v1\nkind: Service\nmetadata: { name: two, namespace: shop }\n\
     spec: { clusterIP: 10.0.0.3, ports: [{ name: web, port: 80 }, { name: rpc, port: 81 }] }\n";

/// A route of a kind for the Service, or for one of its ports.
fn in_mesh(kind: &str, name: &str, port: &str) -> String {
    let version = match kind {
        "HTTPRoute" | "GRPCRoute" => "v1",
        _ => "v1alpha2",
    };
    let spec = format!(
        "parentRefs: [{{ group: '', kind: Service, name: two{port} }}], rules: [{{ backendRefs: [{{ name: cart, port: 80 }}] }}]"
    );
    object(version, kind, name, &spec)
}

/// GEP-1426, "Route types": kinds exclude each other port by port. A port that is lost is as much to look at as a listener.
#[test]
fn a_mesh_route_that_loses_a_port_is_told_by_every_verb() {
    for (winner, loser, url) in [
        ("GRPCRoute", "HTTPRoute", "http://two.shop:81/"),
        ("HTTPRoute", "TLSRoute", "tls://two.shop:81"),
        ("TLSRoute", "TCPRoute", "tls://two.shop:81"),
        ("TLSRoute", "TCPRoute", "tcp://two.shop:81"),
    ] {
        let set = BASE.to_owned()
            + TWO_PORTS
            + &in_mesh(winner, "winner", ", port: 81")
            + &in_mesh(loser, "loser", "");
        let lost = format!("port 81: {winner}s take precedence there ({winner} shop/winner)");
        let help = "to different ports of the Service by `port`, or remove one of them";
        let text = warned(&set);
        assert!(
            text.contains(&lost) && text.contains("[ParentReference/accepted]"),
            "{text}"
        );
        assert!(text.contains(help), "{text}");
        let (text, code) = status(&set, &[]);
        assert_eq!(code, Some(1), "{text}");
        let text = about(&text, &format!("{loser} shop/loser"));
        assert!(
            text.contains(&format!("but not {lost}")) && text.contains(help),
            "{text}"
        );
        let (code, answer) = ask(url, &set);
        let said = format!("{loser} shop/loser is rejected at {lost}");
        assert!(
            texts(&answer, "why").contains(&said),
            "{winner} {loser} {url}: {answer:#}"
        );
        // What is to be corrected has help.
        let arrived = answer["outcome"] == "forwarded";
        assert!(
            code == Some(0) && arrived || !texts(&answer, "help").is_empty(),
            "{answer:#}"
        );
        // At the other port nothing is lost.
        let (_, answer) = ask(&url.replace(":81", ":80"), &set);
        assert!(!texts(&answer, "why").contains("is rejected"), "{answer:#}");
    }
}

/// A route for another port of the Service is none for the port that is asked, whatever becomes of it there.
#[test]
fn a_route_that_lost_another_port_is_not_named() {
    let set = BASE.to_owned()
        + TWO_PORTS
        + &in_mesh("TLSRoute", "secure", ", port: 81")
        + &in_mesh("TCPRoute", "all", "")
        + &in_mesh("TCPRoute", "other", ", port: 80")
        + &in_mesh("TCPRoute", "by-name", ", sectionName: web");
    let (code, answer) = ask("tcp://two.shop:81", &set);
    assert_eq!(code, Some(1));
    let why = texts(&answer, "why");
    assert!(
        why.contains("TCPRoute shop/all is rejected at port 81"),
        "{why}"
    );
    assert!(
        !why.contains("shop/other") && !why.contains("shop/by-name"),
        "{why}"
    );
}

fn with_hosts(version: &str, kind: &str, name: &str, section: &str, hosts: &str) -> String {
    let spec = format!(
        "parentRefs: [{{ name: front{section} }}], hostnames: [{hosts}], rules: [{{ backendRefs: [{{ name: cart, port: 80 }}] }}]"
    );
    object(version, kind, name, &spec)
}

/// TLSRoute `spec.hostnames`, HTTPRoute `spec.hostnames`: a host whose traffic another route takes is named, though others are kept.
#[test]
fn a_host_that_a_route_loses_beside_others_is_told() {
    let listeners = "{ name: pass, port: 443, protocol: TLS, tls: { mode: Passthrough } }, { name: http, port: 80, protocol: HTTP }";
    for (version, kind, at, what) in [
        ("v1alpha2", "TLSRoute", "pass", "connection"),
        ("v1", "HTTPRoute", "http", "request"),
        ("v1", "GRPCRoute", "http", "request"),
    ] {
        let section = format!(", sectionName: {at}");
        let route = |name: &str, hosts: &str| with_hosts(version, kind, name, &section, hosts);
        let set = BASE.to_owned()
            + &gateway(listeners)
            + &route("one", "a.test")
            + &route("two", "a.test, b.test");
        let lost = format!(
            "no {what} for `a.test` reaches the route at listener `{at}` of Gateway `shop/front`: {kind} shop/one "
        );
        let by = "and goes first: neither has a creationTimestamp, and `shop/one` sorts before `shop/two`";
        let text = warned(&set);
        assert!(
            text.contains(&format!("{kind} shop/two: spec.hostnames[0]: {lost}")),
            "{text}"
        );
        assert!(
            text.contains(by) && !text.contains("b.test` reaches"),
            "{text}"
        );
        let (text, code) = status(&set, &[]);
        assert_eq!(code, Some(1), "{text}");
        let text = about(&text, &format!("{kind} shop/two"));
        assert!(text.contains(&lost), "{text}");
        // Where all are lost, there is one cause.
        let all = BASE.to_owned()
            + &gateway(listeners)
            + &route("one", "a.test, b.test")
            + &route("two", "a.test, b.test");
        assert!(
            !warned(&all).contains("for `a.test` reaches"),
            "{}",
            warned(&all)
        );
        // A wider hostname loses nothing to a narrower one.
        let wide = BASE.to_owned()
            + &gateway(listeners)
            + &route("one", "a.test")
            + &route("two", "'*.test', b.test");
        assert!(
            !warned(&wide).contains("reaches the route"),
            "{}",
            warned(&wide)
        );
    }
    let section = ", sectionName: pass";
    let set = BASE.to_owned()
        + &gateway(listeners)
        + &with_hosts("v1alpha2", "TLSRoute", "one", section, "a.test")
        + &with_hosts("v1alpha2", "TLSRoute", "two", section, "a.test, b.test");
    let text = about(&status(&set, &[]).0, "TLSRoute shop/two");
    assert!(text.contains("at listener pass for b.test\n"), "{text}");
    let (code, answer) = ask("tls://a.test:443", &set);
    let said = "TLSRoute shop/two gets no connection for this host at listener `pass`: TLSRoute shop/one claims `a.test`, too";
    assert_eq!(code, Some(0));
    assert!(texts(&answer, "why").contains(said), "{answer:#}");
    let (_, answer) = ask("tls://b.test:443", &set);
    assert!(
        !texts(&answer, "why").contains("gets no connection"),
        "{answer:#}"
    );
}

/// HTTPRoute: a host is lost where other routes take every match of the route there, and not before.
#[test]
fn a_host_of_which_a_match_is_left_is_not_lost() {
    let rules = |name: &str, hosts: &str, paths: &[&str]| {
        let matches: Vec<String> = paths
            .iter()
            .map(|path| format!("{{ path: {{ value: {path} }} }}"))
            .collect();
        let spec = format!(
            "parentRefs: [{{ name: front }}], hostnames: [{hosts}], rules: [{{ matches: [{}], backendRefs: [{{ name: cart, port: 80 }}] }}]",
            matches.join(", ")
        );
        object("v1", "HTTPRoute", name, &spec)
    };
    let listener = "{ name: http, port: 80, protocol: HTTP }";
    for (older, lost) in [
        (vec!["/a", "/b"], true),
        (vec!["/a"], false),
        (vec!["/a", "/b/c"], false),
        (vec!["/b", "/a", "/c"], true),
    ] {
        let set = BASE.to_owned()
            + &gateway(listener)
            + &rules("one", "a.test", &older)
            + &rules("two", "a.test, b.test", &["/a", "/b"]);
        let text = warned(&set);
        assert_eq!(
            text.contains("no request for `a.test` reaches"),
            lost,
            "{older:?}: {text}"
        );
    }
    // Two routes together take a host, each a part.
    let set = BASE.to_owned()
        + &gateway(listener)
        + &rules("one", "a.test", &["/a"])
        + &rules("other", "a.test", &["/b"])
        + &rules("two", "a.test, b.test", &["/a", "/b"]);
    let said = "HTTPRoute shop/one, HTTPRoute shop/other take all of them and go first";
    assert!(warned(&set).contains(said), "{}", warned(&set));
}
