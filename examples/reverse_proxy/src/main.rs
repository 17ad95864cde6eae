//! A reverse proxy of the manifests in a folder: `reverse-proxy FOLDER [ADDRESS] [OFFSET]`.
//!
//! Ports of Gateways are bound at ADDRESS, 127.0.0.1 without one, at their number plus OFFSET. Files are looked at each
//! second, and what changes applies from then on, while requests run.

use gwapi::{meta::Transport, proxy::BindKey};
use reverse_proxy::{
    Error, Network, Proxy,
    follow::{Heard, follow},
    manifests::Manifests,
};
use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::OnceLock,
    time::Duration,
};

/// Where ports are bound: the address, and what is added to their numbers.
static PLACE: OnceLock<(IpAddr, u16)> = OnceLock::new();

fn place(key: &BindKey) -> SocketAddr {
    let (address, offset) = PLACE
        .get()
        .copied()
        .unwrap_or((Ipv4Addr::LOCALHOST.into(), 0));
    SocketAddr::from((address, key.port.saturating_add(offset)))
}

/// A port of a Gateway, for people.
fn named(key: &BindKey) -> String {
    let BindKey {
        gateway,
        transport,
        port,
    } = key;
    let transport = match transport {
        Transport::Tcp => "TCP",
        Transport::Udp => "UDP",
    };
    format!(
        "{transport} port {port} of Gateway {gateway}, at {}",
        place(key)
    )
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments
        .next()
        .ok_or("expected a folder with manifests: `reverse-proxy FOLDER [ADDRESS] [OFFSET]`")?;
    let address = arguments
        .next()
        .map_or(Ok(Ipv4Addr::LOCALHOST.into()), |text| text.parse())?;
    let offset = arguments.next().map_or(Ok(0), |text| text.parse())?;
    PLACE.get_or_init(|| (address, offset));

    let mut proxy = Proxy::new(Network {
        bind: place,
        ..Network::local()
    });
    let manifests = Manifests::new(folder);
    follow(manifests, &mut proxy, Duration::from_secs(1), tell).await
}

/// Tells people what has happened.
fn tell(proxy: &Proxy, heard: Heard) {
    let (diff, errors) = match heard {
        Heard::Problem(problem) => return eprintln!("{problem}"),
        Heard::Unreadable(error) => return eprintln!("{error}"),
        Heard::Changed(diff, errors) => (diff, errors),
    };
    for (key, error) in &errors {
        eprintln!("cannot listen on {}: {error}", named(key));
    }
    for key in &diff.unbind {
        eprintln!("stopped listening on {}", named(key));
    }
    let bound = |key: &&BindKey| proxy.address(key).is_some();
    for key in diff.bind.iter().filter(bound) {
        eprintln!("listening on {}", named(key));
    }
    eprintln!("new requests are answered as the files say now");
}
