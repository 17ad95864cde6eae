//! A reverse proxy of the manifests in a folder: `reverse-proxy [--release RELEASE] FOLDER [ADDRESS] [OFFSET]`.
//!
//! Ports of Gateways are bound at ADDRESS, 127.0.0.1 without one, at their number plus OFFSET. Files are looked at each
//! second, and what changes applies from then on, while requests run.
//!
//! RELEASE says what the objects mean, such as `v1.1.0`. Without it, it is that of the CRDs among the files as the proxy
//! starts; else the newest that has every kind, version, field and value in them.

use gwapi::{
    meta::{Release, Transport},
    proxy::{BindKey, DataPlaneOptions},
};
use reverse_proxy::{
    Error, Network, Proxy,
    follow::{Heard, follow},
    manifests::{self, Manifests},
};
use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
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
    let (named, arguments) = named_release(std::env::args().skip(1))?;
    let mut arguments = arguments.into_iter();
    let folder = PathBuf::from(arguments.next().ok_or(USAGE)?);
    let address = arguments
        .next()
        .map_or(Ok(Ipv4Addr::LOCALHOST.into()), |text| text.parse())?;
    let offset = arguments.next().map_or(Ok(0), |text| text.parse())?;
    PLACE.get_or_init(|| (address, offset));

    let release = match named {
        Some(release) => release,
        None => {
            let choice = manifests::release(&folder)?;
            eprintln!("what the objects mean is that of {choice}; `--release` names another");
            choice.release
        }
    };
    let network = Network {
        bind: place,
        ..Network::local()
    };
    let mut proxy = Proxy::new(network, DataPlaneOptions::for_release(release));
    let manifests = Manifests::new(folder, release);
    follow(manifests, &mut proxy, Duration::from_secs(1), tell).await
}

const USAGE: &str = "expected a folder with manifests: `reverse-proxy [--release RELEASE] FOLDER [ADDRESS] [OFFSET]`";

/// The release that is named among the arguments, if one is, and the others.
fn named_release(
    mut arguments: impl Iterator<Item = String>,
) -> Result<(Option<Release>, Vec<String>), Error> {
    let (mut named, mut others) = (None, Vec::new());
    while let Some(argument) = arguments.next() {
        let value = match argument.as_str() {
            "--release" => arguments.next().ok_or(USAGE)?,
            other => match other.strip_prefix("--release=") {
                Some(value) => value.to_owned(),
                None => {
                    others.push(argument);
                    continue;
                }
            },
        };
        named = Some(value.parse()?);
    }
    Ok((named, others))
}

/// Tells people what has happened.
fn tell(proxy: &Proxy, heard: Heard) {
    let (diff, errors) = match heard {
        Heard::Problem(problem) => return eprintln!("{problem}"),
        Heard::Unreadable(error) => return eprintln!("{error}"),
        Heard::CopiesDropped(dropped) => return eprintln!("{dropped}"),
        Heard::Bound(keys) => {
            for key in &keys {
                eprintln!("listening on {}", named(key));
            }
            return;
        }
        Heard::Changed(diff, errors) => (diff, errors),
    };
    for (key, error) in &errors {
        eprintln!(
            "cannot listen on {}: {error}; it is tried again",
            named(key)
        );
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
