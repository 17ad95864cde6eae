//! A controller of Gateways on kube and [`gwapi`]: it watches, resolves, serves, and writes statuses.
//!
//! What a Gateway means is [`Resolver`]'s business, and what is done with a request that of the proxy beside this example
//! ([`reverse_proxy`]). What is here joins them to an API server: `watches` brings objects, `lead` says who writes. The guide
//! for authors of controllers is in the documentation of `gwapi::attachment::controllers`.

mod lead;
mod watches;
mod writes;

use gwapi::{
    attachment::{
        Changes, Extension, ExtensionRole, ExtensionVerdict, Extensions, KindVisitor, Options,
        Resolver,
    },
    meta::{FeatureName, NamespacedName, ObjectRef, Transport},
    proxy::BindKey,
    v1::GatewayStatusAddress,
};
use k8s_openapi::{
    apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition,
    jiff::Timestamp,
};
use kube::Client;
use reverse_proxy::Proxy;
use std::{
    collections::{BTreeSet, HashMap},
    io,
    net::IpAddr,
    time::Duration,
};
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
}

/// The name of the Lease of a controller. All but lower-case letters and digits is written as `-` and its number, so that no two
/// controllers share one.
#[must_use]
pub fn lease_name(controller: &str) -> String {
    let characters = controller.bytes().map(|byte| match byte {
        b'a'..=b'z' | b'0'..=b'9' => char::from(byte).to_string(),
        other => format!("-{other:02x}"),
    });
    format!("gateway-controller-{}", characters.collect::<String>())
}

/// How long is waited for more to come once something has.
const BATCH: Duration = Duration::from_millis(50);

/// This controller has no parameters: a class or Gateway that names some asks for what it would not get.
#[derive(Debug)]
struct NoParameters;

impl Extension for NoParameters {
    fn judge(&self, role: ExtensionRole, _: &ObjectRef) -> ExtensionVerdict {
        match role {
            ExtensionRole::Parameters => {
                ExtensionVerdict::Invalid("this controller takes no parameters".to_owned())
            }
            _ => ExtensionVerdict::Unknown,
        }
    }
}

/// Runs a controller. It ends where it cannot go on.
pub async fn run(client: Client, settings: Settings, proxy: Proxy) -> Result<(), Error> {
    let mut options = Options::new(&settings.name).with_features(FEATURES);
    options.now = Some(Timestamp::now());
    options.extensions = Extensions::new(NoParameters);
    let leads = lead::follow(client.clone(), &settings);
    let mut controller = Controller {
        resolver: Resolver::new(options),
        are_definitions_new: false,
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
    /// Whether some definition has come or changed since the resolver was last brought up to date.
    are_definitions_new: bool,
    proxy: Proxy,
    writer: Writer,
    leads: watch::Receiver<bool>,
}

impl Controller {
    async fn follow(&mut self, client: Client) -> Result<(), Error> {
        // Which kinds can be watched, and in which versions, the definitions say.
        let mut definitions = Watches::new(&client);
        definitions.visit::<CustomResourceDefinition>();
        let mut watches = Watches::new(&client);
        let mut watched = BTreeSet::new();
        let mut minutes = interval(Duration::from_secs(60));
        loop {
            let mut turn = None;
            tokio::select! {
                change = definitions.next() => {
                    change(&mut self.resolver);
                    sleep(BATCH).await;
                    definitions.take_all(&mut self.resolver);
                    self.are_definitions_new = true;
                    let before = std::mem::replace(&mut watched, self.resolver.watched());
                    if watched != before {
                        self.resolver.forget_unwatched();
                        watches = Watches::new(&client);
                        self.resolver.visit_watched(&mut watches);
                    }
                }
                change = watches.next() => {
                    change(&mut self.resolver);
                    sleep(BATCH).await;
                    watches.take_all(&mut self.resolver);
                }
                _ = minutes.tick() => self.resolver.set_now(Timestamp::now()),
                changed = self.leads.changed() => changed?,
                come = self.writer.turn() => turn = Some(come),
            }
            let is_news = turn.is_none();
            if let Some(turn) = turn
                && !self.writer.take(turn, &mut self.resolver)
            {
                continue;
            }
            let is_listed = self.resolver.is_listed();
            if is_news
                && let Some(changes) = resolve(&mut self.resolver, &mut self.are_definitions_new)
            {
                self.serve(changes).await;
            }
            let leads = *self.leads.borrow();
            match leads {
                true if is_listed => self.writer.write(&mut self.resolver),
                true => {}
                false => self.writer.stop(),
            }
        }
    }

    /// Brings the proxy up to date, and notes what has become of it. Every replica does so.
    async fn serve(&mut self, changes: Changes) {
        let effective = self.resolver.resolution().effective.clone();
        let failed = match changes.concerns_traffic() {
            true => self.proxy.update(effective.clone()).await.1,
            // Ports that could not be bound before are tried again.
            false => self.proxy.bind_again().await.1,
        };
        let failed: HashMap<BindKey, io::Error> = failed.into_iter().collect();
        let address = GatewayStatusAddress {
            value: self.settings.address.to_string(),
            ..Default::default()
        };
        let refused = |gateway: &NamespacedName, transport: Transport, port: u16| {
            let gateway = gateway.clone();
            let error = failed.get(&BindKey {
                gateway,
                transport,
                port,
            })?;
            Some(format!("port {port} cannot be bound: {error}"))
        };
        self.resolver.set_ports(&effective, &[address], refused);
        // Addresses and reports are of no concern to the proxy.
        self.resolver.update();
    }
}

/// Brings a resolver up to date; not before every first list is there, or routes would be told that their backends do not exist.
fn resolve(resolver: &mut Resolver, are_definitions_new: &mut bool) -> Option<Changes> {
    if !resolver.is_listed() {
        return None;
    }
    if !std::mem::take(are_definitions_new) {
        return Some(resolver.update());
    }
    let installed = resolver.snapshot().installed_crds().values();
    let installed: Vec<_> = installed.map(|crd| (**crd).clone()).collect();
    Some(resolver.set_installed(installed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use gwapi::{
        attachment::WatchedKind,
        crd,
        meta::{Channel, Release},
        v1::{GatewayClass, GatewayClassSpec},
    };

    /// The lists of the kinds, one after the other.
    struct Lists(Vec<fn(&mut Resolver)>);

    impl KindVisitor for Lists {
        fn visit<K: WatchedKind>(&mut self) {
            self.0.push(|resolver| {
                assert!(resolver.replace_watched::<K>(Vec::new()).invalid.is_empty());
            });
        }
    }

    /// Definitions that come before all lists are there, or while those of a new kind are still to come, make nobody resolve half of what
    /// there is.
    #[test]
    fn nothing_is_resolved_before_every_list_is_there() {
        let mut resolver = Resolver::new(Options::new("example.com/controller"));
        let mut are_new = true;
        let definitions = |release| crd::definitions(release, Channel::Standard);
        resolver.replace_all::<CustomResourceDefinition>(definitions(Release::V1_3_0));
        let class = GatewayClassSpec {
            controller_name: "example.com/controller".to_owned(),
            ..Default::default()
        };
        let mut lists = Lists(Vec::new());
        resolver.visit_watched(&mut lists);
        for list in &lists.0 {
            assert!(resolve(&mut resolver, &mut are_new).is_none());
            assert!(are_new);
            list(&mut resolver);
        }
        resolver.insert(GatewayClass::new("ours", class));
        let changes = resolve(&mut resolver, &mut are_new).unwrap();
        assert_eq!(changes.statuses.len(), 1);
        assert_eq!(resolver.options().release, Release::V1_3_0);
        // BackendTLSPolicies come with a later release.
        resolver.replace_all::<CustomResourceDefinition>(definitions(Release::V1_6_1));
        are_new = true;
        assert!(resolve(&mut resolver, &mut are_new).is_none());
        assert_eq!(resolver.options().release, Release::V1_3_0);
        resolver.visit_watched(&mut lists);
        lists.0.iter().for_each(|list| list(&mut resolver));
        assert!(resolve(&mut resolver, &mut are_new).is_some());
        assert_eq!(resolver.options().release, Release::V1_6_1);
        assert!(!are_new);
        assert!(resolve(&mut resolver, &mut are_new).unwrap().is_empty());
    }

    #[test]
    fn controllers_have_leases_of_their_own_whose_names_an_api_server_takes() {
        let names = ["a.b/c", "a-b/c", "a.b/C", "a.b/c_d"].map(lease_name);
        for (index, name) in names.iter().enumerate() {
            assert!(!names[..index].contains(name), "{names:?}");
            let is_allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
            assert!(
                name.bytes().all(|byte| is_allowed(byte) || byte == b'-'),
                "{name}"
            );
            assert!(name.bytes().last().is_some_and(is_allowed), "{name}");
        }
    }
}
