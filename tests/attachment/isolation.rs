//! Which hosts a listener leaves to more specific ones (Gateway `spec.listeners`).

use crate::world;
use gwapi::{
    attachment::{Options, Snapshot, resolve},
    meta::Transport,
    v1::{Listener, ProtocolType},
};

fn listener(name: &str, port: i32, protocol: ProtocolType, hostname: Option<&str>) -> Listener {
    Listener {
        hostname: hostname.map(str::to_owned),
        ..world::listener(name, port, protocol)
    }
}

#[test]
fn a_listener_yields_to_more_specific_ones_of_its_port_and_tcp_and_udp_share_none() {
    let mut snapshot = Snapshot::default();
    snapshot.insert(world::class("ours", world::CONTROLLER));
    let listeners = vec![
        listener("all", 80, ProtocolType::Http, None),
        listener("wide", 80, ProtocolType::Http, Some("*.example.com")),
        listener("exact", 80, ProtocolType::Http, Some("a.example.com")),
        listener("datagrams", 80, ProtocolType::Udp, Some("b.example.com")),
        listener("elsewhere", 81, ProtocolType::Http, Some("c.example.com")),
    ];
    snapshot.insert(world::gateway("a", "gateway", listeners));
    let resolution = resolve(&snapshot, &Options::for_simulator(world::CONTROLLER));
    let gateway = resolution.effective.gateways.values().next().unwrap();
    let yields = |name: &str| {
        let listener = gateway.listeners.iter().find(|l| l.name == name).unwrap();
        let hostnames = listener.yields_to.iter().map(gwapi::meta::Hostname::as_str);
        (hostnames.collect::<Vec<_>>(), listener.is_isolated())
    };
    assert_eq!(
        yields("all"),
        (vec!["*.example.com", "a.example.com"], true)
    );
    assert_eq!(yields("wide"), (vec!["a.example.com"], true));
    for name in ["exact", "datagrams", "elsewhere"] {
        assert_eq!(yields(name), (vec![], false), "{name}");
    }
    let at = |transport, host| {
        let listener = gateway.listener(transport, 80, Some(host));
        listener.map(|listener| listener.name.as_str())
    };
    assert_eq!(at(Transport::Tcp, "b.example.com"), Some("wide"));
    assert_eq!(at(Transport::Udp, "b.example.com"), Some("datagrams"));
}
