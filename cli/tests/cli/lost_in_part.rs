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
            code == Some(0) && arrived || texts(&answer, "help") != "",
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
