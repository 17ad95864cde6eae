//! A controller of Gateways on kube and [`gwapi`]: it watches, resolves, serves, and writes statuses.
//!
//! What a Gateway means is [`Resolver`]'s business, and what is done with a request that of the proxy beside this example
//! ([`reverse_proxy`]). What is here joins them to an API server: `watches` brings objects, `lead` says who writes. The guide
//! for authors of controllers is in the documentation of `gwapi::attachment::controllers`.

mod lead;
mod watches;
mod writes;

use gwapi::{
    attachment::{Changes, DataPlaneReport, ListenerId, Options, Resolver},
    meta::{FeatureName, NamespacedName, condition},
    proxy::BindKey,
    v1::GatewayStatusAddress,
};
use k8s_openapi::{
    apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition,
    jiff::Timestamp,
};
use kube::{Client, runtime::watcher};
use reverse_proxy::Proxy;
use std::{collections::BTreeSet, io, net::IpAddr, time::Duration};
use tokio::{
    sync::watch,
    time::{interval, sleep},
};
use watches::Watches;
use writes::Writer;

/// What ends a controller.
pub type Error = Box<dyn std::error::Error + Send + Sync>;

/// What the proxy of this controller can do beyond the core of Gateway and HTTPRoute.
const FEATURES: [FeatureName; 14] = [
    FeatureName::Gateway,
    FeatureName::HttpRoute,
    FeatureName::GrpcRoute,
    FeatureName::TlsRoute,
    FeatureName::ReferenceGrant,
    FeatureName::HttpRouteMethodMatching,
    FeatureName::HttpRouteQueryParamMatching,
    FeatureName::HttpRouteResponseHeaderModification,
    FeatureName::HttpRouteHostRewrite,
    FeatureName::HttpRoutePathRewrite,
    FeatureName::HttpRoutePathRedirect,
    FeatureName::HttpRoutePortRedirect,
    FeatureName::HttpRouteSchemeRedirect,
    FeatureName::HttpRouteRequestMirror,
];

/// Who a controller is, and how it works.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The `controllerName` of its GatewayClasses.
    pub name: String,
    /// What tells this replica from the others: the name of its pod.
    pub replica: String,
    /// The namespace and name of the Lease of the replica that writes.
    pub lease: NamespacedName,
    /// How long a replica that is gone is waited for.
    pub lease_duration: Duration,
    /// The address at which the proxy is reached.
    pub address: IpAddr,
    /// How long is waited for more to come once something has.
    pub batch: Duration,
}

/// Runs a controller. It ends where it cannot go on.
pub async fn run(client: Client, settings: Settings, proxy: Proxy) -> Result<(), Error> {
    let mut options = Options::new(&settings.name).with_features(FEATURES);
    options.now = Some(Timestamp::now());
    let leads = lead::follow(client.clone(), &settings);
    let mut controller = Controller {
        resolver: Resolver::new(options),
        unsettled: Changes::default(),
        failing: BTreeSet::new(),
        writer: Writer::new(client.clone(), &settings),
        settings,
        proxy,
        leads,
    };
    controller.follow(client).await
}

struct Controller {
    settings: Settings,
    resolver: Resolver,
    /// What has changed and the proxy has not been told yet.
    unsettled: Changes,
    /// The Gateways of which a port could not be bound.
    failing: BTreeSet<NamespacedName>,
    proxy: Proxy,
    writer: Writer,
    leads: watch::Receiver<bool>,
}

impl Controller {
    async fn follow(&mut self, client: Client) -> Result<(), Error> {
        // Which versions can be watched, the definitions say. Their schemas are large and of no use here.
        let mut definitions = Watches::default();
        definitions.add::<CustomResourceDefinition>(&client, watcher::Config::default(), |crd| {
            crd.spec
                .versions
                .iter_mut()
                .for_each(|version| version.schema = None);
        });
        let mut watches = Watches::default();
        let mut minutes = interval(Duration::from_secs(60));
        loop {
            let mut again = false;
            tokio::select! {
                change = definitions.next() => {
                    let before = self.resolver.snapshot().installed_crds().clone();
                    change(&mut self.resolver);
                    sleep(self.settings.batch).await;
                    definitions.take_all(&mut self.resolver);
                    let installed = self.resolver.snapshot().installed_crds().clone();
                    if definitions.are_complete() && installed != before {
                        let installed = installed.values().map(|crd| (**crd).clone());
                        self.unsettled.merge(self.resolver.set_installed(installed));
                        watches = Watches::of_everything(&client, &self.resolver);
                    }
                }
                change = watches.next() => {
                    change(&mut self.resolver);
                    sleep(self.settings.batch).await;
                    watches.take_all(&mut self.resolver);
                }
                _ = minutes.tick() => self.resolver.set_now(Timestamp::now()),
                changed = self.leads.changed() => changed?,
                () = self.writer.pause() => again = true,
            }
            // Before every first list is there, routes would be told that their backends do not exist.
            if definitions.are_complete() && watches.are_complete() {
                if !again {
                    self.serve().await;
                }
                if *self.leads.borrow() {
                    self.writer.write(&mut self.resolver).await;
                }
            }
        }
    }

    /// Brings the proxy up to date, and notes what has become of it. Every replica does so.
    async fn serve(&mut self) {
        let changes = self.resolver.update();
        self.unsettled.merge(changes);
        let changes = std::mem::take(&mut self.unsettled);
        if !changes.concerns_traffic() && self.failing.is_empty() {
            return;
        }
        let effective = self.resolver.resolution().effective.clone();
        // Ports that could not be bound before are tried again.
        let (_, errors) = self.proxy.update(effective).await;
        let failing = errors.iter().map(|(key, _)| key.gateway.clone());
        let failing = std::mem::replace(&mut self.failing, failing.collect());
        for name in changes.gateways.union(&failing) {
            self.report(name, &errors);
        }
        // Addresses and reports are of no concern to the proxy.
        self.resolver.update();
    }

    /// Says of a Gateway and its listeners whether the proxy serves them. It has an address if some port of it is bound.
    fn report(&mut self, name: &NamespacedName, errors: &[(BindKey, io::Error)]) {
        let effective = &self.resolver.resolution().effective;
        let Some(gateway) = effective.gateways.get(name).cloned() else {
            return self.resolver.set_addresses(name, None);
        };
        let object = self.resolver.snapshot().gateways().get(name);
        let generation = object.and_then(|object| object.metadata.generation);
        let mut last = None;
        let mut bound = gateway.listeners.is_empty();
        for listener in &gateway.listeners {
            let key = BindKey {
                gateway: name.clone(),
                transport: listener.protocol.transport(),
                port: listener.port,
            };
            let error = errors.iter().find(|(failed, _)| *failed == key);
            let report = report(error, condition::listener::reason::PENDING);
            let (gateway, name) = (name.clone(), listener.name.clone());
            let listener = ListenerId { gateway, name };
            self.resolver
                .set_listener_programmed(&listener, generation, report);
            bound |= error.is_none();
            last = error.or(last);
        }
        let report = report(
            last.filter(|_| !bound),
            condition::gateway::reason::NO_RESOURCES,
        );
        self.resolver.set_programmed(name, generation, report);
        let address = GatewayStatusAddress {
            value: self.settings.address.to_string(),
            ..Default::default()
        };
        let addresses = bound.then_some(address);
        self.resolver.set_addresses(name, addresses);
    }
}

fn report(error: Option<&(BindKey, io::Error)>, reason: &'static str) -> DataPlaneReport {
    match error {
        None => DataPlaneReport::Programmed,
        Some((key, error)) => DataPlaneReport::Failed {
            reason,
            why: format!("port {} cannot be bound: {error}", key.port),
        },
    }
}
