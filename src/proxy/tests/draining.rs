//! Connections over a change of the configuration: a listener that demands something else than before serves none of those that
//! were made before, however far they have come, and whatever the driver does about them.

use super::{
    data_plane::{effective, listener, objects, port, tls, web},
    *,
};
use serde_json::Value;

/// The objects with these listeners: authorities of clients, and routes for everyone.
fn all(listeners: Value) -> Vec<Value> {
    let authority = |name: &str, certificate: &str| {
        json!({
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "shop"},
            "data": {"ca.crt": certificate},
        })
    };
    let clients = include_str!("../../../tests/fixtures/certificates/client-ca.crt");
    let others = include_str!("../../../tests/fixtures/certificates/ca-rsa.crt");
    let route = |kind: &str, version: &str| {
        json!({
            "apiVersion": format!("gateway.networking.k8s.io/{version}"), "kind": kind,
            "metadata": {"name": "main", "namespace": "shop"},
            "spec": {"parentRefs": [{"name": "edge"}], "rules": [{"backendRefs": [{"name": "web", "port": 80}]}]},
        })
    };
    let mut tls_route = route("TLSRoute", "v1alpha2");
    tls_route["spec"]["hostnames"] = json!(["a.example.com"]);
    let mut all = objects(listeners);
    all.extend([
        authority("clients", clients),
        authority("others", others),
        route("HTTPRoute", "v1"),
        route("TCPRoute", "v1alpha2"),
        tls_route,
        json!({
            "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
            "metadata": {"name": "web", "namespace": "shop", "labels": {"kubernetes.io/service-name": "web"}},
            "ports": [{"port": 8080}], "endpoints": [{"addresses": ["10.1.0.1"]}],
        }),
    ]);
    all
}

fn plane(listeners: Value) -> DataPlane {
    DataPlane::new(effective(&all(listeners)), DataPlaneOptions::default())
}

/// A listener `tls` that demands a certificate by the authority of this ConfigMap.
fn asking(hostname: &str, authority: &str) -> Value {
    let mut asking = tls(hostname, "one");
    asking["tls"]["frontendValidation"] =
        json!({"caCertificateRefs": [{"group": "", "kind": "ConfigMap", "name": authority}]});
    asking
}

/// A listener with something else in one of its fields.
fn with(mut listener: Value, field: &str, value: Value) -> Value {
    *listener.pointer_mut(field).unwrap() = value;
    listener
}

/// The listener `tls` of protocol TLS.
fn of_protocol_tls(mode: &str) -> Value {
    let mut other = with(tls("*.example.com", "one"), "/protocol", "TLS".into());
    other["tls"]["mode"] = mode.into();
    other
}

fn named(name: &str, listener: Value) -> Value {
    with(listener, "/name", name.into())
}

fn hello(plane: &DataPlane) -> Hello {
    match plane.accept(&port(443)) {
        Some(Accepted::Hello(hello)) => hello,
        other => panic!("{other:?}"),
    }
}

const NAME: &str = "a.example.com";

fn settings(hello: &Hello) -> TlsSettings {
    match hello.client_hello(Some(NAME)) {
        ClientHello::Terminate(settings) => settings,
        other => panic!("{other:?}"),
    }
}

/// The status that a request gets over a connection; nothing if it goes to a backend.
fn status(session: &HttpSession, host: &str) -> Option<(u16, Why)> {
    let head = Request::get("/").header("host", host).body(()).unwrap();
    match session.begin(head.into_parts().0, None).begun {
        Begun::Exchange(_) => None,
        Begun::Answer(answer) => Some((answer.status.as_u16(), answer.why)),
    }
}

fn connects(stream: &Stream) -> Result<(), Why> {
    let connected = stream.connect(&mut Draws(&mut |_| 0));
    connected.map(drop)
}

/// What a client has of a connection at the time of the change: everything.
enum Held {
    Session(HttpSession),
    Stream(Stream),
}

/// A connection over TLS that is past its handshake, and the settings of one that is within it.
fn held(plane: &DataPlane) -> (TlsSettings, Held) {
    let settings = settings(&hello(plane));
    let held = match settings.trusted() {
        Authenticated::Session(session) => Held::Session(session),
        Authenticated::Stream(stream) => Held::Stream(stream),
    };
    (settings, held)
}

impl Held {
    /// Whether something goes to a backend over it.
    fn is_served(&self) -> bool {
        let refused = match self {
            Self::Session(session) => match status(session, NAME) {
                None => return true,
                Some((code, why)) => {
                    assert_eq!(code, 421);
                    why
                }
            },
            Self::Stream(stream) => match connects(stream) {
                Ok(()) => return true,
                Err(why) => why,
            },
        };
        assert_eq!(refused, Why::Drained);
        false
    }
}

/// Gateway `spec.listeners[].tls` and `tls.frontendValidation`: what a listener demands, it demands of everyone.
#[test]
fn what_a_listener_demands_of_clients_it_demands_over_connections_of_before_too() {
    let wild = || tls("*.example.com", "one");
    let asks = |authority| asking("*.example.com", authority);
    let options = |value: &str| {
        let mut listener = wild();
        listener["tls"]["options"] = json!({"shop.example/ciphers": value});
        listener
    };
    for (before, after) in [
        (wild(), json!([asks("clients")])),
        (asks("clients"), json!([wild()])),
        (asks("clients"), json!([asks("others")])),
        (options("few"), json!([options("many")])),
        (options("few"), json!([wild()])),
        (wild(), json!([of_protocol_tls("Terminate")])),
        (of_protocol_tls("Terminate"), json!([wild()])),
        (
            of_protocol_tls("Terminate"),
            json!([of_protocol_tls("Passthrough")]),
        ),
        (wild(), json!([with(wild(), "/hostname", NAME.into())])),
        (wild(), json!([named("renamed", wild())])),
        (wild(), json!([with(wild(), "/port", 8443.into())])),
        (wild(), json!([with(web(443), "/name", "tls".into())])),
        (wild(), json!([web(80)])),
        (
            of_protocol_tls("Terminate"),
            json!([named("other", of_protocol_tls("Terminate"))]),
        ),
        // A listener of the port whose hosts are withheld.
        (
            wild(),
            json!([
                wild(),
                named("secret", asking("secret.example.com", "gone"))
            ]),
        ),
    ] {
        let change = format!("{before}\n{after}");
        let first = plane(json!([before]));
        let (in_handshake, made) = held(&first);
        assert!(made.is_served(), "{change}");
        let (next, diff) = first.next(effective(&all(after)));
        assert_eq!(diff.drain, [listener("tls")], "{change}");
        assert!(!made.is_served(), "{change}");
        match in_handshake.trusted() {
            Authenticated::Session(session) => assert!(!Held::Session(session).is_served()),
            Authenticated::Stream(stream) => assert!(!Held::Stream(stream).is_served()),
        }
        if let Held::Session(session) = &made {
            assert!(next.continued(session).is_none(), "{change}");
        }
        // The same demands as those that it has met.
        let (_again, _) = next.next(first.effective().clone());
        assert!(made.is_served(), "{change}");
    }
}

/// What a client notices nothing of, or what its requests are judged by anew each time.
#[test]
fn connections_go_on_where_their_listener_demands_the_same() {
    let wild = || tls("*.example.com", "one");
    for (before, after) in [
        (wild(), json!([tls("*.example.com", "other")])),
        (wild(), json!([wild(), web(80)])),
        (
            wild(),
            json!([wild(), named("deep", tls("*.deep.example.com", "one"))]),
        ),
        (
            asking("*.example.com", "clients"),
            json!([asking("*.example.com", "clients"), web(80)]),
        ),
        (
            of_protocol_tls("Terminate"),
            json!([of_protocol_tls("Terminate"), web(80)]),
        ),
    ] {
        let change = format!("{before}\n{after}");
        let first = plane(json!([before]));
        let (_, made) = held(&first);
        let (next, diff) = first.next(effective(&all(after)));
        assert_eq!(diff.drain, [], "{change}");
        assert!(made.is_served(), "{change}");
        if let Held::Session(session) = &made {
            assert!(next.continued(session).is_some(), "{change}");
        }
    }
}

/// Gateway `spec.listeners`, "listener isolation": the hosts of a new listener are its own from its first moment, also over
/// connections that another one has taken.
#[test]
fn a_new_listener_takes_its_hosts_from_connections_of_before() {
    let wild = || tls("*.example.com", "one");
    let secret = || named("secret", asking(NAME, "clients"));
    let first = plane(json!([wild()]));
    let (_, made) = held(&first);
    let Held::Session(session) = &made else {
        panic!("no HTTP")
    };
    let (_next, diff) = first.next(effective(&all(json!([wild(), secret()]))));
    assert_eq!(diff.drain, []);
    let (code, why) = status(session, NAME).unwrap();
    assert_eq!(
        (code, why),
        (421, Why::Misdirected(Arc::new(listener("secret"))))
    );
    assert_eq!(status(session, "b.example.com"), None);

    let first = plane(json!([of_protocol_tls("Terminate")]));
    let (_, made) = held(&first);
    let mut secret = of_protocol_tls("Terminate");
    secret["hostname"] = NAME.into();
    let secret = named("secret", secret);
    let (_next, diff) = first.next(effective(&all(json!([
        of_protocol_tls("Terminate"),
        secret
    ]))));
    assert_eq!(diff.drain, []);
    assert!(!made.is_served());
}

/// A client that connects, and says nothing until the configuration is another one.
#[test]
fn a_client_that_waits_with_its_handshake_is_asked_what_everyone_is_asked() {
    let first = plane(json!([tls("*.example.com", "one")]));
    let waits = hello(&first);
    assert!(!settings(&waits).needs_certificate());
    let asks = json!([asking("*.example.com", "clients")]);
    let (next, _) = first.next(effective(&all(asks)));
    let present = settings(&waits);
    assert!(present.needs_certificate());
    let refused = present.authenticated(None, k8s_openapi::jiff::Timestamp::UNIX_EPOCH);
    assert_eq!(refused.unwrap_err(), Why::NoClientCertificate);
    // Both of a listener that passes TLS through, and of a port that is none for TLS.
    let (next, _) = next.next(effective(&all(json!([of_protocol_tls("Passthrough")]))));
    let ClientHello::Passthrough(stream) = waits.client_hello(Some(NAME)) else {
        panic!("TLS ends")
    };
    let refuses = |why: &Why| matches!(waits.client_hello(Some(NAME)), ClientHello::Refuse(said) if said == *why);
    let (next, _) = next.next(effective(&all(json!([web(443)]))));
    assert!(refuses(&Why::Drained));
    assert_eq!(connects(&stream), Err(Why::Drained));
    let (next, _) = next.next(effective(&all(json!([web(80)]))));
    assert!(refuses(&Why::Drained));
    // With nobody in force there is nobody to take it.
    drop((first, next));
    assert!(refuses(&Why::Drained));
}

/// In cleartext nothing is demanded of clients: a connection goes on while the port speaks HTTP.
#[test]
fn a_connection_in_cleartext_goes_by_the_routes_of_today_until_its_port_is_given_up() {
    let first = plane(json!([web(80)]));
    let Some(Accepted::Session(session)) = first.accept(&port(80)) else {
        panic!("no HTTP")
    };
    assert_eq!(status(&session, NAME), None);
    let mut without = all(json!([web(80)]));
    without.retain(|object| object["kind"] != "HTTPRoute");
    let (second, diff) = first.next(effective(&without));
    assert!(diff.drain.is_empty());
    assert_eq!(status(&session, NAME), Some((404, Why::NoRule)));
    let moved = json!({"name": "web", "port": 80, "protocol": "TCP"});
    let (third, _) = second.next(effective(&all(json!([moved]))));
    assert_eq!(status(&session, NAME), Some((421, Why::Drained)));
    let Some(Accepted::Stream(stream)) = third.accept(&port(80)) else {
        panic!("no stream")
    };
    assert_eq!(connects(&stream), Ok(()));
    let (_fourth, diff) = third.next(effective(&all(json!([web(8080)]))));
    assert_eq!(diff.unbind, [port(80)]);
    assert_eq!(status(&session, NAME), Some((421, Why::Drained)));
    assert_eq!(connects(&stream), Err(Why::Drained));
}

/// Whoever makes a data plane and throws it away, or goes back to an earlier one, has that one in force.
#[test]
fn the_data_plane_that_was_made_last_is_in_force() {
    let open = json!([tls("*.example.com", "one")]);
    let first = plane(open.clone());
    let (_, made) = held(&first);
    let asks = json!([asking("*.example.com", "clients")]);
    let (thrown_away, _) = first.next(effective(&all(asks)));
    assert!(!made.is_served());
    let (_, of_other) = held(&thrown_away);
    drop(thrown_away);
    let (_again, diff) = first.next(first.effective().clone());
    assert!(diff.is_empty());
    assert!(made.is_served());
    assert!(!of_other.is_served());
}
