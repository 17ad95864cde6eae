//! To whom the hosts of a port belong.

use super::{
    connection::{
        bind::{BoundListener, Owner, Withheld},
        in_force::BindPlace,
    },
    *,
};
use crate::meta::Hostname;
use proptest::prelude::*;

fn bound(name: usize, hostname: Option<Hostname>) -> Arc<BoundListener> {
    let key = ListenerKey {
        gateway: NamespacedName::new("shop", "edge"),
        name: format!("l{name}"),
    };
    let effective = EffectiveListener {
        name: key.name.clone(),
        hostname,
        ..listener(RouteList::default())
    };
    let options = DataPlaneOptions::default();
    Arc::new(BoundListener::new(
        key,
        Arc::new(effective),
        &Endpoints::default(),
        options,
    ))
}

fn bind(listeners: &[Option<Hostname>], withheld: &[Option<Hostname>]) -> Bind {
    let key = BindKey {
        gateway: NamespacedName::new("shop", "edge"),
        transport: Transport::Tcp,
        port: 80,
    };
    let listeners = listeners.iter().cloned().enumerate();
    let listeners = listeners
        .map(|(at, hostname)| bound(at, hostname))
        .collect();
    let withheld = withheld.iter().cloned().enumerate();
    let withheld = withheld.map(|(at, hostname)| Withheld {
        key: Arc::new(ListenerKey {
            gateway: NamespacedName::new("shop", "edge"),
            name: format!("w{at}"),
        }),
        hostname,
    });
    let place = BindPlace::default();
    Bind::new(key, Vec::new(), listeners, withheld.collect(), place)
}

fn hostnames(most: usize) -> impl Strategy<Value = Vec<Option<Hostname>>> {
    let hostname = prop::option::weighted(
        0.8,
        "(\\*\\.)?[ab](\\.[ab]){0,3}".prop_map(|text| text.parse().unwrap()),
    );
    prop::collection::vec(hostname, 0..most)
}

proptest! {
    /// Gateway `spec.listeners`, "listener isolation": the listener with the most specific hostname of those that cover a host,
    /// as a look at each of them finds it. Of two with the same hostname, one that is withheld goes first.
    #[test]
    fn a_host_belongs_to_the_most_specific_of_all_listeners_that_cover_it(
        listeners in hostnames(8),
        withheld in hostnames(4),
        host in prop::option::of("\\.?[abAB](\\.[abAB]){0,5}"),
    ) {
        let all = withheld.iter().enumerate().map(|(at, hostname)| (format!("w{at}"), hostname));
        let all = all.chain(listeners.iter().enumerate().map(|(at, hostname)| (format!("l{at}"), hostname)));
        let covering = all.filter(|(_, hostname)| match (hostname, &host) {
            (None, _) => true,
            (Some(hostname), Some(host)) => hostname.matches(host),
            (Some(_), None) => false,
        });
        let specificity = |hostname: &Option<Hostname>| hostname.as_ref().map(Hostname::specificity);
        let expected = covering.reduce(|first, other| {
            if specificity(other.1) > specificity(first.1) { other } else { first }
        });
        let bind = bind(&listeners, &withheld);
        let found = match bind.owner(host.as_deref().map(str::as_bytes)) {
            Owner::Listener(listener) => Some(listener.key.name.clone()),
            Owner::Withheld(key) => Some(key.name.clone()),
            Owner::Nobody => None,
        };
        prop_assert_eq!(found, expected.map(|(name, _)| name));
    }
}

/// No hostname is longer than 253 characters; a server name may be.
#[test]
fn of_a_name_that_is_too_long_the_end_is_compared() {
    let hostname = |text: &str| Some(text.parse().unwrap());
    let bind = bind(&[hostname("*.example.com"), hostname("a.example.com")], &[]);
    let owner = |host: &str| match bind.owner(Some(host.as_bytes())) {
        Owner::Listener(listener) => Some(listener.key.name.clone()),
        _ => None,
    };
    let long = |end: &str| format!("{}.{end}", "x".repeat(300));
    assert_eq!(owner(&long("A.example.com")), Some("l0".to_owned()));
    assert_eq!(owner(&long("example.org")), None);
    assert_eq!(owner("a.EXAMPLE.com"), Some("l1".to_owned()));
}

#[test]
fn a_listener_is_found_by_its_name() {
    let bind = bind(&[const { None }; 12], &[]);
    for at in 0..12 {
        let name = format!("l{at}");
        assert_eq!(bind.named(&name).unwrap().key.name, name);
    }
    assert!(bind.named("l12").is_none() && bind.named("").is_none());
}
