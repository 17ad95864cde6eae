//! What data planes report, and the addresses that Gateways are given.

use crate::{
    controller::{SET, careful, edge, objects, resolver},
    world,
};
use gwapi::{
    attachment::{
        AddressPool, DataPlaneReport, Options, Resolver, SnapshotObject, Status,
        effective::EffectiveGateway,
    },
    meta::{Condition, FeatureName, NamespacedName, ObjectRef},
    v1::{Gateway, GatewayStatusAddress},
};
use std::{collections::BTreeSet, sync::Arc};

/// `Status (Reason)` of the condition `Programmed` of the Gateway, and of its first listener.
fn programmed(resolver: &Resolver) -> [String; 2] {
    let reference = ObjectRef::gateway_api("Gateway", &edge());
    let Some(Status::Gateway(status)) = resolver.resolution().statuses.get(&reference) else {
        return Default::default();
    };
    let of = |conditions: &[Condition]| {
        let found = conditions.iter().find(|c| c.type_ == "Programmed").unwrap();
        format!("{} ({})", found.status, found.reason)
    };
    [of(&status.conditions), of(&status.listeners[0].conditions)]
}

/// The Gateway as a data plane is given it.
fn told(resolver: &Resolver) -> Arc<EffectiveGateway> {
    resolver
        .resolution()
        .effective
        .gateways
        .get(&edge())
        .unwrap()
        .clone()
}

fn address(value: &str) -> GatewayStatusAddress {
    GatewayStatusAddress {
        value: value.to_owned(),
        ..Default::default()
    }
}

fn second_generation(text: &str) -> String {
    text.replace(
        "namespace: shop, generation: 1 }\nspec: { gatewayClassName",
        "namespace: shop, generation: 2 }\nspec: { gatewayClassName",
    )
}

/// GatewayConditionType `Programmed`: the configuration has been sent to the data plane. Only the data plane knows.
#[test]
fn programmed_is_not_true_before_the_data_plane_says_so() {
    let mut resolver = resolver(&[SET], careful());
    // It is in force at once: the data plane has to get it before it can say anything.
    assert!(
        resolver
            .resolution()
            .effective
            .gateways
            .contains_key(&edge())
    );
    assert_eq!(
        programmed(&resolver),
        ["False (AddressNotAssigned)", "False (Pending)"]
    );
    resolver.set_addresses(&edge(), [address("192.0.2.7")]);
    let changes = resolver.update();
    assert_eq!(changes.gateways, BTreeSet::from([edge()]));
    assert!(changes.listeners.is_empty() && changes.routes.is_empty());
    assert_eq!(
        programmed(&resolver),
        ["Unknown (Pending)", "Unknown (Pending)"]
    );
    let mut report = |report: DataPlaneReport| {
        let told = told(&resolver);
        resolver.set_programmed(&told, report);
        let changes = resolver.update();
        assert!(!changes.concerns_traffic());
        programmed(&resolver)
    };
    let failed = DataPlaneReport::Failed {
        reason: "NoResources",
        why: "no port is free".into(),
    };
    assert_eq!(
        report(DataPlaneReport::Programmed),
        ["True (Programmed)", "True (Programmed)"]
    );
    assert_eq!(
        report(DataPlaneReport::Pending("soon".into()))[0],
        "Unknown (Pending)"
    );
    assert_eq!(report(failed), ["False (NoResources)", "False (Pending)"]);
    assert_eq!(report(DataPlaneReport::Programmed)[0], "True (Programmed)");
    // Another generation that asks for the same is programmed as well, one that asks for something else is not.
    let same = second_generation(SET);
    resolver.extend(objects(&same));
    resolver.update();
    assert_eq!(programmed(&resolver)[0], "True (Programmed)");
    let first = told(&resolver);
    let other = SET
        .replace(
            "generation: 1 }\nspec: { gatewayClassName",
            "generation: 3 }\nspec: { gatewayClassName",
        )
        .replace("port: 80, protocol", "port: 81, protocol");
    resolver.extend(objects(&other));
    resolver.update();
    assert_eq!(programmed(&resolver)[0], "Unknown (Pending)");
    resolver.set_programmed(&first, DataPlaneReport::Programmed);
    resolver.update();
    assert_eq!(
        programmed(&resolver)[0],
        "Unknown (Pending)",
        "a late report on what it was"
    );
    let second = told(&resolver);
    resolver.set_programmed(&second, DataPlaneReport::Programmed);
    resolver.update();
    assert_eq!(programmed(&resolver)[0], "True (Programmed)");
    // Other options leave it as it is.
    let options = careful().with_features([FeatureName::Gateway, FeatureName::HttpRoute]);
    let changes = resolver.set_options(options);
    assert_eq!(programmed(&resolver)[0], "True (Programmed)");
    assert!(!changes.gateways.contains(&edge()));
    // A Gateway that comes again begins anew.
    let reference = ObjectRef::gateway_api("Gateway", &edge());
    resolver.remove(&reference);
    resolver.update();
    resolver.extend(objects(&other));
    resolver.update();
    assert_eq!(programmed(&resolver)[0], "False (AddressNotAssigned)");
}

/// What an edit changes for a data plane is what makes `Programmed` pending, and nothing else: an edit of whom the listener
/// takes routes from changes nothing for it, a Secret that comes does, though the Gateway has the same generation.
#[test]
fn programmed_follows_what_the_data_plane_is_asked_for() {
    let text = "
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge, namespace: shop, generation: GENERATION }
spec:
  gatewayClassName: ours
  listeners:
  - { name: web, port: 80, protocol: HTTP, allowedRoutes: ALLOWED }
  - { name: tls, port: 443, protocol: HTTPS, tls: { certificateRefs: [{ name: cert }] } }
";
    let gateway = |generation: &str, allowed: &str| {
        text.replace("GENERATION", generation)
            .replace("ALLOWED", allowed)
    };
    let mut resolver = resolver(&[SET, &gateway("1", "{}")], careful());
    let mut after = |change: &dyn Fn(&mut Resolver), reports: bool| {
        change(&mut resolver);
        let changes = resolver.update();
        if reports {
            let effective = resolver.resolution().effective.clone();
            resolver.set_ports(&effective, &[address("192.0.2.7")], |_, _, _| None);
            resolver.update();
        }
        (programmed(&resolver)[0].clone(), changes.concerns_traffic())
    };
    let (yes, pending) = ("True (Programmed)", "Unknown (Pending)");
    assert_eq!(after(&|_| (), true).0, yes);
    // None of these is reported on.
    let edits = [
        "{ namespaces: { from: All } }",
        "{ kinds: [{ kind: HTTPRoute }] }",
        "{ kinds: [{ kind: HTTPRoute }, { kind: UDPRoute }] }",
        "{ namespaces: { from: Selector, selector: { matchLabels: { any: label } } } }",
    ];
    for (generation, allowed) in ["2", "3", "4", "5"].into_iter().zip(edits) {
        let edited = gateway(generation, allowed);
        let (is, _) = after(&|it| it.extend(objects(&edited)), false);
        assert_eq!(is, yes, "{allowed}");
    }
    // The second listener comes into force, and takes another certificate.
    for name in ["cert", "other"] {
        let mut secret = world::secret("shop", "cert");
        secret.metadata.uid = Some(name.to_owned());
        if name == "other" {
            let data = secret.data.as_mut().unwrap();
            data.get_mut("tls.crt").unwrap().0.push(b'\n');
        }
        let comes = |it: &mut Resolver| it.insert(secret.clone());
        assert_eq!(after(&comes, false), (pending.to_owned(), true), "{name}");
        assert_eq!(after(&|_| (), true).0, yes);
    }
    // It is in force no longer for a while: the data plane may have given it up by then.
    let gone = ObjectRef::gateway_api("GatewayClass", &NamespacedName::new("", "ours"));
    after(&|it| it.remove(&gone), false);
    let back = |it: &mut Resolver| it.insert(world::class("ours", world::CONTROLLER));
    assert_eq!(after(&back, false), (pending.to_owned(), true));
}

/// A Gateway that was deleted and created anew under its name is another one, also where nobody saw it go: nothing was
/// reported of it. It is told as changed, whatever it asks for.
#[test]
fn a_gateway_with_another_uid_is_another_gateway() {
    let of_uid = |uid: &str| {
        let listed = objects(SET).find_map(|object| match object {
            SnapshotObject::Gateway(gateway) => Some(Arc::unwrap_or_clone(gateway)),
            _ => None,
        });
        let mut gateway = listed.unwrap();
        gateway.metadata.uid = Some(uid.to_owned());
        gateway.metadata.resource_version = Some(uid.to_owned());
        gateway
    };
    let list =
        |resolver: &mut Resolver, gateway: Gateway| resolver.replace_all::<Gateway>([gateway]);
    let event = |resolver: &mut Resolver, gateway: Gateway| resolver.insert(gateway);
    let pool = Options {
        addresses: AddressPool::Listed(vec![address("192.0.2.7")]),
        ..careful()
    };
    for bring in [list, event] {
        let mut resolver = resolver(&[SET], pool.clone());
        bring(&mut resolver, of_uid("1"));
        resolver.update();
        let first = told(&resolver);
        resolver.set_programmed(&first, DataPlaneReport::Programmed);
        resolver.update();
        assert_eq!(programmed(&resolver)[0], "True (Programmed)");
        bring(&mut resolver, of_uid("2"));
        resolver.set_programmed(&first, DataPlaneReport::Programmed);
        let changes = resolver.update();
        assert_eq!(programmed(&resolver)[0], "Unknown (Pending)");
        assert_eq!(changes.gateways, BTreeSet::from([edge()]));
        // Others than a data plane have given it an address.
        resolver.set_addresses(&edge(), [address("192.0.2.8")]);
        resolver.update();
        bring(&mut resolver, of_uid("3"));
        // Not lost by other options that come before it is resolved.
        let changes = resolver.set_options(Options {
            features: None,
            ..pool.clone()
        });
        assert!(changes.gateways.contains(&edge()));
        assert_eq!(told(&resolver).addresses[0].value, "192.0.2.7");
    }
}

/// One call for all ports. Why the data plane cannot take traffic goes before that there is no address, which follows from it.
#[test]
fn what_has_become_of_ports_is_told_by_one_call() {
    let two = SET.replace(
        "[{ name: web, port: 80, protocol: HTTP }]",
        "[{ name: web, port: 80, protocol: HTTP }, { name: alt, port: 81, protocol: HTTP }]",
    );
    let mut resolver = resolver(&[&two], careful());
    let effective = resolver.resolution().effective.clone();
    let mut with = |refused: &[u16]| {
        resolver.set_ports(&effective, &[address("192.0.2.7")], |gateway, _, port| {
            refused
                .contains(&port)
                .then(|| format!("{gateway}: port {port} is taken"))
        });
        resolver.update();
        let reference = ObjectRef::gateway_api("Gateway", &edge());
        let Status::Gateway(status) = &resolver.resolution().statuses[&reference] else {
            unreachable!()
        };
        let of = |conditions: &[Condition]| {
            let found = conditions.iter().find(|c| c.type_ == "Programmed").unwrap();
            format!("{} {}: {}", found.status, found.reason, found.message)
        };
        let listeners = status.listeners.iter().map(|it| of(&it.conditions));
        let all: Vec<String> = std::iter::once(of(&status.conditions))
            .chain(listeners)
            .collect();
        (all, status.addresses.len())
    };
    let yes = "True Programmed: the Gateway takes traffic";
    let listener = "True Programmed: the listener takes traffic";
    let taken = |port: u16| format!("False Pending: shop/edge: port {port} is taken");
    assert_eq!(
        with(&[]),
        (vec![yes.into(), listener.into(), listener.into()], 1)
    );
    assert_eq!(
        with(&[81]),
        (vec![yes.into(), listener.into(), taken(81)], 1)
    );
    let none = "False NoResources: shop/edge: port 80 is taken; shop/edge: port 81 is taken";
    assert_eq!(
        with(&[80, 81]),
        (vec![none.into(), taken(80), taken(81)], 0)
    );
    assert_eq!(
        with(&[80]),
        (vec![yes.into(), taken(80), listener.into()], 1)
    );
}

/// GatewayStatus `addresses`: those that the Gateway really has. One that asks for addresses is programmed once it has them all.
#[test]
fn addresses_come_from_outside_one_gateway_at_a_time() {
    let asking = SET.replace(
        "gatewayClassName: ours,",
        "gatewayClassName: ours, addresses: [{ value: 192.0.2.7 }, { type: Hostname }],",
    );
    let core = [
        FeatureName::Gateway,
        FeatureName::HttpRoute,
        FeatureName::GatewayStaticAddresses,
    ];
    let mut resolver = resolver(&[&asking], careful().with_features(core));
    let mut given = |addresses: &[GatewayStatusAddress]| {
        resolver.set_addresses(&edge(), addresses.iter().cloned());
        resolver.update();
        let told = told(&resolver);
        resolver.set_programmed(&told, DataPlaneReport::Programmed);
        resolver.update();
        let reference = ObjectRef::gateway_api("Gateway", &edge());
        let Status::Gateway(status) = &resolver.resolution().statuses[&reference] else {
            unreachable!()
        };
        assert_eq!(status.addresses, addresses);
        let found = status
            .conditions
            .iter()
            .find(|c| c.type_ == "Programmed")
            .unwrap();
        (found.reason.clone(), found.message.clone())
    };
    let waiting = |text: &str| ("AddressNotAssigned".to_owned(), text.to_owned());
    assert_eq!(
        given(&[]),
        waiting("not assigned yet: address `192.0.2.7`; an address of type `Hostname`")
    );
    assert_eq!(
        given(&[address("192.0.2.7")]),
        waiting("not assigned yet: an address of type `Hostname`")
    );
    let hostname = GatewayStatusAddress {
        r#type: Some("Hostname".into()),
        ..address("lb.example")
    };
    assert_eq!(
        given(std::slice::from_ref(&hostname)),
        waiting("not assigned yet: address `192.0.2.7`")
    );
    assert_eq!(given(&[hostname, address("192.0.2.7")]).0, "Programmed");
}
