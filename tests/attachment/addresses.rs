//! The addresses of Gateways: as a server takes them, as a data plane is asked to listen at them, and which one of a pool it is.

use crate::{
    controller::{SET, careful, edge, objects, resolver},
    world,
};
use gwapi::{
    attachment::{
        AddressPool, DataPlaneReport, Omitted, Options, Resolver, SnapshotObject, Status,
        effective::EffectiveGateway,
    },
    meta::{FeatureName, NamespacedName, ObjectRef},
    v1::{Gateway, GatewayStatusAddress},
};
use k8s_openapi::{apimachinery::pkg::apis::meta::v1::Time, jiff::Timestamp};
use serde_json::json;
use std::sync::Arc;

fn now() -> Time {
    Time(Timestamp::UNIX_EPOCH)
}

fn address(value: &str) -> GatewayStatusAddress {
    GatewayStatusAddress {
        value: value.to_owned(),
        ..Default::default()
    }
}

fn static_addresses() -> Options {
    careful().with_features([
        FeatureName::Gateway,
        FeatureName::HttpRoute,
        FeatureName::GatewayStaticAddresses,
    ])
}

fn of_edge() -> ObjectRef {
    ObjectRef::gateway_api("Gateway", &edge())
}

fn programmed(resolver: &Resolver) -> String {
    let Some(Status::Gateway(status)) = resolver.resolution().statuses.get(&of_edge()) else {
        panic!("no status")
    };
    let mut conditions = status.conditions.iter();
    let found = conditions.find(|c| c.type_ == "Programmed").unwrap();
    format!("{} ({})", found.status, found.reason)
}

fn told(resolver: &Resolver) -> Arc<EffectiveGateway> {
    let gateways = &resolver.resolution().effective.gateways;
    gateways.get(&edge()).unwrap().clone()
}

/// The name of a load balancer is a hostname, though nobody says so. What the schema refuses is left out, and told: it would make the
/// whole status one that cannot be written.
#[test]
fn an_address_without_a_type_has_that_of_its_value_and_a_bad_one_is_left_out() {
    let mut resolver = resolver(&[SET], careful());
    let good = ["lb.example.com", "2001:db8::1"];
    let bad = ["LB.example.com", "a b"];
    resolver.set_addresses(&edge(), good.iter().chain(&bad).map(|value| address(value)));
    resolver.update();
    let due = resolver.due(&now());
    let write = due.iter().find(|write| write.reference == of_edge());
    let write = write.unwrap();
    let written = json!(write.status)["addresses"].clone();
    assert_eq!(
        written,
        json!([
            { "type": "Hostname", "value": "lb.example.com" },
            { "type": "IPAddress", "value": "2001:db8::1" },
        ])
    );
    let omitted = bad.map(|value| {
        Omitted::Address(GatewayStatusAddress {
            r#type: Some("Hostname".into()),
            ..address(value)
        })
    });
    assert_eq!(write.omitted, omitted);
}

/// One that asks for a hostname has it once a hostname is given, with its type or without.
#[test]
fn a_hostname_without_a_type_is_one_that_was_asked_for() {
    let asking = SET.replace(
        "gatewayClassName: ours,",
        "gatewayClassName: ours, addresses: [{ type: Hostname }],",
    );
    let mut resolver = resolver(&[&asking], static_addresses());
    assert_eq!(programmed(&resolver), "False (AddressNotAssigned)");
    resolver.set_addresses(&edge(), [address("lb.example.com")]);
    resolver.update();
    assert_eq!(programmed(&resolver), "Unknown (Pending)");
}

/// A data plane that listens at one address has not been told of another one: what it has said is true of the first.
#[test]
fn another_address_to_listen_at_is_not_programmed_before_it_is_reported() {
    let of_pool = |addresses: &[&str]| Options {
        addresses: AddressPool::Listed(addresses.iter().map(|value| address(value)).collect()),
        ..static_addresses()
    };
    let asking = |addresses: &str| {
        let with = format!("gatewayClassName: ours, addresses: [{addresses}],");
        SET.replace("gatewayClassName: ours,", &with)
    };
    let mut resolver = resolver(&[SET], of_pool(&["192.0.2.1"]));
    let mut after = |change: &dyn Fn(&mut Resolver), expected: &str| {
        let before = told(&resolver);
        change(&mut resolver);
        resolver.update();
        assert_eq!(programmed(&resolver), expected);
        if before != told(&resolver) {
            resolver.set_programmed(&before, DataPlaneReport::Programmed);
            resolver.update();
            assert_eq!(programmed(&resolver), expected, "a late report");
        }
        let now = told(&resolver);
        resolver.set_programmed(&now, DataPlaneReport::Programmed);
        resolver.update();
        assert_eq!(programmed(&resolver), "True (Programmed)");
        now.addresses[0].value.clone()
    };
    let (pending, yes) = ("Unknown (Pending)", "True (Programmed)");
    resolver_is(
        after(&|it| it.set_now(Timestamp::UNIX_EPOCH), pending),
        "192.0.2.1",
    );
    // Another pool, with the address that it has.
    let larger = of_pool(&["192.0.2.1", "192.0.2.0"]);
    let change = |it: &mut Resolver| _ = it.set_options(larger.clone());
    resolver_is(after(&change, yes), "192.0.2.1");
    // And without.
    let moved = of_pool(&["192.0.2.2"]);
    let change = |it: &mut Resolver| _ = it.set_options(moved.clone());
    resolver_is(after(&change, pending), "192.0.2.2");
    // It asks for an address itself, then for another one.
    for (asked, expected) in [("192.0.2.2", yes), ("192.0.2.3", pending)] {
        let text = asking(&format!("{{ value: {asked} }}"));
        let change = |it: &mut Resolver| it.extend(objects(&text));
        resolver_is(after(&change, expected), asked);
    }
    // Others say where it is reached: the data plane is asked for nothing more.
    for reported in ["192.0.2.3", "192.0.2.4", "192.0.2.5"] {
        let change = |it: &mut Resolver| it.set_addresses(&edge(), [address(reported)]);
        let plain = |it: &mut Resolver| {
            it.extend(objects(SET));
            change(it);
        };
        resolver_is(after(&plain, yes), reported);
    }
    // They say nothing any more, and the pool has one for it.
    let change = |it: &mut Resolver| it.set_addresses(&edge(), []);
    resolver_is(after(&change, pending), "192.0.2.2");
}

#[track_caller]
fn resolver_is(has: String, expected: &str) {
    assert_eq!(has, expected);
}

fn gateway(name: &str, uid: &str, created: &str) -> Gateway {
    let listed = objects(SET).find_map(|object| match object {
        SnapshotObject::Gateway(gateway) => Some(Arc::unwrap_or_clone(gateway)),
        _ => None,
    });
    let mut gateway = listed.unwrap();
    gateway.metadata.name = Some(name.to_owned());
    gateway.metadata.uid = Some(uid.to_owned());
    gateway.metadata.creation_timestamp = Some(Time(created.parse().unwrap()));
    gateway
}

/// An address of the pool stays with the Gateway that has it, also before its status is written, and after somebody has wiped it.
#[test]
fn a_gateway_keeps_its_address_of_the_pool_while_its_status_does_not_name_it() {
    let pool = |addresses: &[&str]| Options {
        addresses: AddressPool::Listed(addresses.iter().map(|value| address(value)).collect()),
        ..careful()
    };
    let mut resolver = Resolver::new(pool(&["192.0.2.1", "192.0.2.2"]));
    resolver.insert(world::class("ours", world::CONTROLLER));
    let has = |resolver: &Resolver, name: &str| {
        let gateways = &resolver.resolution().effective.gateways;
        let gateway = gateways.get(&NamespacedName::new("shop", name));
        gateway.map(|gateway| gateway.addresses[0].value.clone())
    };
    let young = gateway("young", "2", "2024-02-01T00:00:00Z");
    resolver.insert(young.clone());
    resolver.update();
    assert_eq!(has(&resolver, "young").unwrap(), "192.0.2.1");
    // An older one, of another class until now, say.
    let old = gateway("old", "1", "2024-01-01T00:00:00Z");
    resolver.insert(old.clone());
    resolver.update();
    let both = |resolver: &Resolver| (has(resolver, "old"), has(resolver, "young"));
    let kept = (Some("192.0.2.2".into()), Some("192.0.2.1".into()));
    assert_eq!(both(&resolver), kept);
    // Other options, and an edit.
    resolver.set_options(Options {
        features: None,
        ..pool(&["192.0.2.2", "192.0.2.1"])
    });
    assert_eq!(both(&resolver), kept);
    let mut edited = young.clone();
    edited.metadata.generation = Some(2);
    resolver.insert(edited);
    resolver.update();
    assert_eq!(both(&resolver), kept);
    // What a status names goes first.
    let mut written = old.clone();
    written.status = Some(gwapi::v1::GatewayStatus {
        addresses: vec![GatewayStatusAddress {
            r#type: Some("IPAddress".into()),
            ..address("192.0.2.1")
        }],
        ..Default::default()
    });
    resolver.insert(written);
    resolver.update();
    assert_eq!(
        both(&resolver),
        (Some("192.0.2.1".into()), Some("192.0.2.2".into()))
    );
    // Another Gateway of the name has no claim to it.
    resolver.insert(gateway("young", "3", "2024-03-01T00:00:00Z"));
    resolver.insert(gateway("middle", "4", "2024-02-15T00:00:00Z"));
    resolver.update();
    assert_eq!(has(&resolver, "middle").unwrap(), "192.0.2.2");
    assert_eq!(has(&resolver, "young"), None);
}
