//! A controller of Gateways with a proxy as its data plane: `gateway-controller [ADDRESS]`.
//!
//! The cluster is that of the kubeconfig, or of the pod that it runs in. Ports of Gateways are bound at ADDRESS (127.0.0.1
//! without one), which becomes the address of Gateways. The variables `CONTROLLER_NAME`, `POD_NAME` and `POD_NAMESPACE` say who
//! the controller is.

use controller::{Error, Settings, lease_name, run};
use gwapi::{
    meta::NamespacedName,
    proxy::{BindKey, DataPlaneOptions},
};
use kube::Client;
use reverse_proxy::{Network, Proxy};
use std::{
    env,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::OnceLock,
    time::Duration,
};

/// Where ports are bound.
static ADDRESS: OnceLock<IpAddr> = OnceLock::new();

fn address() -> IpAddr {
    ADDRESS.get().copied().unwrap_or(Ipv4Addr::LOCALHOST.into())
}

fn place(key: &BindKey) -> SocketAddr {
    SocketAddr::from((address(), key.port))
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    if let Some(text) = env::args().nth(1) {
        let address = text.parse()?;
        ADDRESS.get_or_init(|| address);
    }
    let variable =
        |name: &str, default: &str| env::var(name).unwrap_or_else(|_| default.to_owned());
    let name = variable("CONTROLLER_NAME", "gwapi.example/controller");
    let lease = lease_name(&name);
    let settings = Settings {
        name,
        replica: variable("POD_NAME", &format!("process-{}", std::process::id())),
        lease: NamespacedName::new(variable("POD_NAMESPACE", "default"), lease),
        lease_duration: Duration::from_secs(15),
        address: address(),
    };
    let network = Network {
        bind: place,
        ..Network::local()
    };
    run(
        Client::try_default().await?,
        settings,
        Proxy::new(network, DataPlaneOptions::default()),
    )
    .await
}
