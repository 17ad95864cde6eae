//! Writes that settle: a server that drops what its CRDs do not have, and controllers that write to it.

use crate::{
    server::{co_own, merge, prune},
    world,
};
use gwapi::{
    attachment::{
        Effective, ListenerId, Options, Resolver, RouteId, SnapshotObject, StatusWrite,
        effective::{EffectiveListener, IdleListener},
    },
    crd, manifest,
    meta::{Channel, FeatureName, NamespacedName, ObjectRef, Release},
    schema,
    v1::GatewayStatusAddress,
    validation::{ValidationOptions, validate_value},
};
use k8s_openapi::{apimachinery::pkg::apis::meta::v1::Time, jiff::Timestamp};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

pub(crate) const THEIRS: &str = "example.com/theirs";

pub(crate) fn at(second: i64) -> Time {
    Time(Timestamp::from_second(second).unwrap())
}

/// An API server, as far as the kinds with a status go.
pub(crate) struct Server {
    crds: (Release, Channel),
    objects: BTreeMap<ObjectRef, Value>,
    /// Objects of other kinds.
    others: Vec<SnapshotObject>,
    revision: usize,
}

impl Server {
    /// A server to which these objects were applied; kinds that its CRDs do not have are not there.
    pub(crate) fn new(
        crds: (Release, Channel),
        objects: impl IntoIterator<Item = SnapshotObject>,
    ) -> Self {
        let mut server = Self {
            crds,
            objects: BTreeMap::new(),
            others: Vec::new(),
            revision: 0,
        };
        for object in objects {
            let Some(value) = json_of(&object) else {
                server.others.push(object);
                continue;
            };
            server.store(object.reference(), value);
        }
        server
    }

    fn store(&mut self, reference: ObjectRef, mut value: Value) {
        let (release, channel) = self.crds;
        let served = schema::versions_of(&reference.kind, release, channel);
        let stored = served
            .filter(|(kind, installed)| kind.group == reference.group && installed.served)
            .max_by_key(|(_, installed)| installed.stored);
        let Some((kind, installed)) = stored else {
            return;
        };
        // It had another form then, and no server converts it.
        if release == Release::V1_0_0 && kind.kind == "BackendTLSPolicy" {
            return;
        }
        value["apiVersion"] = kind.api_version.into();
        value["kind"] = kind.kind.into();
        prune(&mut value, installed.schema());
        schema::apply_defaults(&mut value, installed.schema());
        self.revision += 1;
        value["metadata"]["resourceVersion"] = self.revision.to_string().into();
        value["metadata"]["uid"] = reference.to_string().into();
        self.objects.insert(reference, value);
    }

    /// Takes a merge patch of a status. A server refuses one for an object that has changed since (409).
    fn patch(&mut self, reference: &ObjectRef, patch: &Value) -> bool {
        let mut value = self.objects[reference].clone();
        let seen = patch.pointer("/metadata/resourceVersion");
        if seen.is_some_and(|seen| *seen != value["metadata"]["resourceVersion"]) {
            return false;
        }
        merge(&mut value["status"], &patch["status"]);
        self.judge(&value);
        self.store(reference.clone(), value);
        true
    }

    /// A server refuses a status that its CRDs do not allow. What they do not have is dropped.
    fn judge(&self, value: &Value) {
        let (release, channel) = self.crds;
        let options = ValidationOptions {
            with_status: true,
            ..ValidationOptions::of(release, channel)
        };
        let report = validate_value(value, &options);
        let refused = report.errors().find(|finding| {
            finding.path().starts_with("status") && finding.rule() != "schema/unknown-field"
        });
        assert!(refused.is_none(), "{release} {refused:?}: {value}");
    }

    pub(crate) fn take(&mut self, writes: &[StatusWrite]) {
        for write in writes {
            assert!(
                self.patch(&write.reference, &write.merge_patch()),
                "{write:?}"
            );
        }
    }

    /// Takes writes by server-side apply where they can be sent so, all that is there being another field manager's as well; by merge
    /// patch where not.
    fn take_applied(&mut self, writes: &[StatusWrite]) {
        for write in writes {
            let Some(applied) = write.apply_patch() else {
                self.take(std::slice::from_ref(write));
                continue;
            };
            let mut value = self.objects[&write.reference].clone();
            assert_eq!(applied["metadata"]["uid"], value["metadata"]["uid"]);
            co_own(&mut value["status"], &applied["status"]);
            self.judge(&value);
            self.store(write.reference.clone(), value);
        }
    }

    /// The objects as a watch delivers them.
    fn watched(&self) -> impl Iterator<Item = SnapshotObject> {
        let decode = |value: &Value| SnapshotObject::from(manifest::decode(value).unwrap());
        let others = self.others.iter().cloned();
        self.objects.values().map(decode).chain(others)
    }

    pub(crate) fn show(&self, resolver: &mut Resolver) {
        for object in self.watched() {
            resolver.insert(object);
        }
        resolver.update();
    }
}

/// An object of a kind with a status, as JSON.
fn json_of(object: &SnapshotObject) -> Option<Value> {
    let value = match object {
        SnapshotObject::GatewayClass(o) => serde_json::to_value(&**o),
        SnapshotObject::Gateway(o) => serde_json::to_value(&**o),
        SnapshotObject::HttpRoute(o) => serde_json::to_value(&**o),
        SnapshotObject::GrpcRoute(o) => serde_json::to_value(&**o),
        SnapshotObject::TlsRoute(o) => serde_json::to_value(&**o),
        SnapshotObject::TcpRoute(o) => serde_json::to_value(&**o),
        SnapshotObject::UdpRoute(o) => serde_json::to_value(&**o),
        SnapshotObject::BackendTlsPolicy(o) => serde_json::to_value(&**o),
        SnapshotObject::BackendLbPolicy(o) => serde_json::to_value(&**o),
        _ => return None,
    };
    Some(value.unwrap())
}

fn crds() -> impl Strategy<Value = (Release, Channel)> {
    let releases = [
        Release::V1_0_0,
        Release::V1_1_0,
        Release::V1_3_0,
        Release::V1_7_0,
    ];
    let release = prop::sample::select(releases.to_vec());
    let channel = prop::sample::select(&[Channel::Standard, Channel::Experimental][..]);
    (release, channel)
}

/// An address as whoever assigns it says it, with a type or without.
fn address() -> impl Strategy<Value = GatewayStatusAddress> {
    let values = ["192.0.2.1", "lb.example.com", "LB.example.com", "a b", ""];
    let types = [None, Some("IPAddress"), Some("Hostname"), Some("pool")];
    let routability = [None, Some("Cluster")];
    let all = (
        prop::sample::select(values.to_vec()),
        prop::sample::select(types.to_vec()),
        prop::sample::select(routability.to_vec()),
    );
    all.prop_map(|(value, kind, routability)| GatewayStatusAddress {
        value: value.to_owned(),
        r#type: kind.map(Into::into),
        routability: routability.map(Into::into),
    })
}

/// Options of a controller, of which some promise much and some little.
fn options(
    controller: &'static str,
    (release, channel): (Release, Channel),
) -> impl Strategy<Value = Options> {
    (any::<bool>(), any::<bool>()).prop_map(move |(much, mesh)| {
        let mut options = match much {
            true => Options::for_simulator(controller),
            false => Options::new(controller),
        };
        options.channel = channel;
        if let (true, Some(features)) = (mesh, &mut options.features) {
            features.insert(FeatureName::Mesh);
            features.insert(FeatureName::GrpcRoute);
        }
        options.with_release(release)
    })
}

/// A set of objects, the CRDs, and the options of: our controller as it was, as it is now, and of another one.
fn scenes() -> impl Strategy<Value = (Vec<SnapshotObject>, (Release, Channel), [Options; 3])> {
    let objects = prop::collection::vec(world::objects(), 1..30);
    (objects, crds()).prop_flat_map(|(objects, crds)| {
        let ours = || options(world::CONTROLLER, crds);
        let all = [
            ours().boxed(),
            ours().boxed(),
            options(THEIRS, crds).boxed(),
        ];
        (Just(objects), Just(crds), all)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    /// From any set and any two controllers, after one round of writes nothing more is due: whatever the CRDs have, and whatever
    /// an earlier controller of the same name has left behind. But it takes two rounds where a list is full of entries that the
    /// controller which comes later takes away (`full_lists`).
    #[test]
    fn after_one_round_of_writes_nothing_more_is_due(
        (objects, crds, [before, ours, theirs]) in scenes(),
        wiped in prop::collection::vec(any::<prop::sample::Index>(), 0..3),
        by_apply in any::<bool>(),
        given in prop::collection::vec(address(), 0..3),
        by_definitions in any::<bool>(),
    ) {
        let classes = [world::class("ours", world::CONTROLLER), world::class("theirs", THEIRS)];
        let objects = classes.map(SnapshotObject::from).into_iter().chain(objects);
        let mut server = Server::new(crds, objects);
        let mut earlier = Resolver::new(before);
        server.show(&mut earlier);
        server.take(&earlier.due(&at(1)));
        for wiped in wiped {
            let references: Vec<ObjectRef> = server.objects.keys().cloned().collect();
            let mut value = server.objects[wiped.get(&references)].clone();
            value.as_object_mut().unwrap().remove("status");
            server.store(wiped.get(&references).clone(), value);
        }
        let mut controllers = [ours, theirs].map(Resolver::new);
        for controller in &mut controllers {
            if by_definitions {
                let mut options = controller.options().clone();
                (options.release, options.channel) = Default::default();
                controller.set_options(options);
                controller.set_installed(crd::definitions(crds.0, crds.1));
            }
            let gateways: Vec<_> = server.objects.keys().filter(|one| one.kind == "Gateway").collect();
            for gateway in gateways {
                controller.set_addresses(&gateway.namespaced_name(), given.iter().cloned());
            }
            server.show(controller);
            let due = controller.due(&at(2));
            if by_apply {
                server.take_applied(&due);
            } else {
                server.take(&due);
            }
        }
        let kept = server.objects.clone();
        for controller in &mut controllers {
            server.show(controller);
            let more = controller.due(&at(3));
            prop_assert!(more.is_empty(), "{:?}", more);
            // Nor after a restart.
            let mut again = Resolver::new(controller.options().clone());
            if by_definitions {
                again.set_installed(crd::definitions(crds.0, crds.1));
            }
            for gateway in controller.snapshot().gateways().keys() {
                again.set_addresses(gateway, given.iter().cloned());
            }
            server.show(&mut again);
            let more = again.due(&at(4));
            prop_assert!(more.is_empty(), "{:?}", more);
        }
        prop_assert_eq!(kept, server.objects);
    }

    /// What other options make different is told at once, and is all that is different; what they leave is what a resolver
    /// with these options from the beginning has.
    #[test]
    fn other_options_tell_what_they_change(
        (objects, _, [before, after, theirs]) in scenes(),
        to_theirs in any::<bool>(),
        late in world::objects(),
    ) {
        let mut resolver = Resolver::new(before);
        resolver.insert(world::class("ours", world::CONTROLLER));
        resolver.extend(objects);
        resolver.update();
        let was = resolver.resolution().clone();
        // Not resolved yet when the options change.
        resolver.insert(late);
        let after = if to_theirs { theirs } else { after };
        let changes = resolver.set_options(after.clone());
        let is = resolver.resolution();
        prop_assert_eq!(is, &gwapi::attachment::resolve(resolver.snapshot(), &after));
        let both: BTreeSet<&ObjectRef> = was.statuses.keys().chain(is.statuses.keys()).collect();
        let differ: BTreeSet<ObjectRef> =
            both.into_iter().filter(|one| was.statuses.get(*one) != is.statuses.get(*one)).cloned().collect();
        prop_assert_eq!(&changes.statuses, &differ);
        let (attached_before, attachments) = (&was.attachments, &is.attachments);
        let (was, is) = (&was.effective, &is.effective);
        for name in was.gateways.keys().chain(is.gateways.keys()) {
            let differs = was.gateways.get(name) != is.gateways.get(name) || was.idle.get(name) != is.idle.get(name);
            prop_assert_eq!(differs, changes.gateways.contains(name));
        }
        for name in was.services.keys().chain(is.services.keys()) {
            prop_assert_eq!(was.services.get(name) != is.services.get(name), changes.services.contains(name));
        }
        for name in was.imports.keys().chain(is.imports.keys()) {
            prop_assert_eq!(was.imports.get(name) != is.imports.get(name), changes.imports.contains(name));
        }
        let listeners: BTreeSet<ListenerId> = [was, is].into_iter().flat_map(listeners).collect();
        let differ = |id: &&ListenerId| listener(was, id) != listener(is, id);
        prop_assert_eq!(&changes.listeners, &listeners.iter().filter(differ).cloned().collect::<BTreeSet<_>>());
        let both: BTreeSet<&RouteId> = attached_before.keys().chain(attachments.keys()).collect();
        for id in both.into_iter().filter(|id| attached_before.get(*id) != attachments.get(*id)) {
            prop_assert!(changes.routes.contains(id), "{:?}", id);
        }
        prop_assert!(resolver.update().is_empty());
    }
}

/// The listeners of a configuration, in force or not.
fn listeners(effective: &Effective) -> BTreeSet<ListenerId> {
    let id = |gateway: &NamespacedName, name: &str| ListenerId {
        gateway: gateway.clone(),
        name: name.to_owned(),
    };
    let mut all = BTreeSet::new();
    for (name, gateway) in &effective.gateways {
        all.extend(gateway.listeners.iter().map(|it| id(name, &it.name)));
    }
    for (name, idle) in &effective.idle {
        all.extend(idle.iter().map(|it| id(name, &it.name)));
    }
    all
}

/// A listener as it is in force, and as it is idle.
fn listener<'e>(
    effective: &'e Effective,
    id: &ListenerId,
) -> (Option<&'e EffectiveListener>, Option<&'e IdleListener>) {
    let gateway = effective.gateways.get(&id.gateway);
    let mut listeners = gateway.into_iter().flat_map(|gateway| &gateway.listeners);
    let idle = effective.idle.get(&id.gateway);
    let mut idle = idle.into_iter().flat_map(|idle| idle.iter());
    (
        listeners.find(|it| it.name == id.name).map(AsRef::as_ref),
        idle.find(|it| it.name == id.name),
    )
}

const SET: &str = include_str!("../fixtures/controller/set.yaml");

/// A server with a small set of objects, and a controller that has written all statuses of it.
fn settled() -> (Server, Resolver) {
    let crds = (Release::V1_1_0, Channel::Standard);
    let (objects, errors) =
        manifest::read(SET.as_bytes(), &manifest::ReadOptions::default()).decode();
    assert!(errors.is_empty(), "{errors:?}");
    let objects = objects.into_iter().map(|decoded| decoded.object.into());
    let mut server = Server::new(crds, objects);
    let mut resolver = Resolver::new(Options::new(world::CONTROLLER));
    server.show(&mut resolver);
    let due = resolver.due(&at(1));
    assert_eq!(due.len(), 3, "{due:?}");
    server.take(&due);
    server.show(&mut resolver);
    assert_eq!(resolver.due(&at(2)), []);
    (server, resolver)
}

fn route() -> ObjectRef {
    ObjectRef::gateway_api(
        "HTTPRoute",
        &gwapi::meta::NamespacedName::new("shop", "cart"),
    )
}

/// A status that was wiped or overwritten is due again, though what is wanted has not changed; and a write that was refused stays
/// due, with what has been written in between.
#[test]
fn what_was_wiped_overwritten_or_refused_is_due_again() {
    let (mut server, mut resolver) = settled();
    let of_another = json!({"status": {"parents": [{
        "parentRef": {"name": "other"}, "controllerName": THEIRS,
        "conditions": [{"type": "Accepted", "status": "True", "reason": "Accepted", "message": "",
            "lastTransitionTime": "2024-01-01T00:00:00Z"}],
    }]}});
    for spoiled in [
        json!({"status": null}),
        json!({"status": {"parents": []}}),
        of_another.clone(),
    ] {
        assert!(server.patch(&route(), &spoiled));
        server.show(&mut resolver);
        assert!(resolver.update().is_empty(), "what is wanted is the same");
        let due = resolver.due(&at(3));
        assert_eq!(due.len(), 1, "{spoiled}");
        assert_eq!(
            (&due[0].reference, due[0].version, due[0].plural),
            (&route(), "v1", "httproutes")
        );
        // Somebody else is faster.
        assert!(server.patch(&route(), &of_another));
        assert!(!server.patch(&route(), &due[0].merge_patch()), "a conflict");
        assert_eq!(resolver.due(&at(3)), due, "still due");
        server.show(&mut resolver);
        let due = resolver.due(&at(4));
        server.take(&due);
        server.show(&mut resolver);
        assert_eq!(resolver.due(&at(5)), []);
        let parents = &server.objects[&route()]["status"]["parents"];
        let controllers: Vec<_> = parents
            .as_array()
            .unwrap()
            .iter()
            .map(|p| &p["controllerName"])
            .collect();
        assert_eq!(controllers, [THEIRS, world::CONTROLLER]);
    }
}

/// Server-side apply with our own part is right where lists are maps: Gateways and GatewayClasses. Conditions of others are no
/// part of it.
#[test]
fn an_applied_status_is_our_own_part_alone() {
    let (mut server, mut resolver) = settled();
    let gateway =
        ObjectRef::gateway_api("Gateway", &gwapi::meta::NamespacedName::new("shop", "edge"));
    let mut value = server.objects[&gateway].clone();
    let foreign = json!({"type": "example.com/Own", "status": "True", "reason": "Own", "message": "",
        "lastTransitionTime": "2024-01-01T00:00:00Z"});
    value["status"]["conditions"]
        .as_array_mut()
        .unwrap()
        .push(foreign.clone());
    value["status"]["listeners"][0]["conditions"] = json!([foreign]);
    server.store(gateway.clone(), value);
    server.patch(&route(), &json!({"status": null}));
    server.show(&mut resolver);
    let due = resolver.due(&at(3));
    assert_eq!(due.len(), 2);
    let of_gateway = due.iter().find(|write| write.reference == gateway).unwrap();
    let applied = of_gateway.apply_patch().unwrap();
    assert_eq!(
        (
            &applied["apiVersion"],
            &applied["kind"],
            &applied["metadata"]
        ),
        (
            &json!("gateway.networking.k8s.io/v1"),
            &json!("Gateway"),
            &json!({"name": "edge", "namespace": "shop", "uid": gateway.to_string()})
        )
    );
    let types = |at: &Value| -> Vec<String> {
        let conditions = at["conditions"].as_array().unwrap().iter();
        conditions
            .map(|condition| condition["type"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(types(&applied["status"]), ["Accepted", "Programmed"]);
    assert_eq!(
        types(&applied["status"]["listeners"][0]),
        ["Accepted", "Conflicted", "ResolvedRefs", "Programmed"]
    );
    let merged = of_gateway.merge_patch();
    assert!(
        merged["status"].get("conditions").is_none(),
        "they have not changed"
    );
    assert_eq!(
        types(&merged["status"]["listeners"][0])[0],
        "example.com/Own"
    );
    let of_route = due.iter().find(|write| write.reference == route()).unwrap();
    assert_eq!(of_route.apply_patch(), None);
}

/// Conditions of ours that are not wanted any more go, those of others stay.
#[test]
fn obsolete_conditions_of_ours_are_removed() {
    let (mut server, mut resolver) = settled();
    let condition = |kind: &str| {
        json!({"type": kind, "status": "True", "reason": "Any", "message": "",
        "lastTransitionTime": "2024-01-01T00:00:00Z"})
    };
    let place = gwapi::meta::NamespacedName::new("shop", "edge");
    let gateway = ObjectRef::gateway_api("Gateway", &place);
    let class = ObjectRef::gateway_api(
        "GatewayClass",
        &gwapi::meta::NamespacedName::new("", "ours"),
    );
    let settled = server.objects.clone();
    let mut add = |reference: &ObjectRef, at: &str, kinds: &[&str]| {
        let mut value = server.objects[reference].clone();
        let list = value.pointer_mut(at).unwrap().as_array_mut().unwrap();
        list.extend(kinds.iter().map(|kind| condition(kind)));
        server.store(reference.clone(), value);
    };
    let of_gateway = [
        "ResolvedRefs",
        "InsecureFrontendValidationMode",
        "ListenersNotValid",
        "Scheduled",
    ];
    add(&gateway, "/status/conditions", &of_gateway[..2]);
    add(&gateway, "/status/listeners/0/conditions", &["Detached"]);
    // Of a controller that has written to experimental CRDs.
    add(&class, "/status/conditions", &["SupportedVersion"]);
    add(
        &route(),
        "/status/parents/0/conditions",
        &["PartiallyInvalid"],
    );
    server.show(&mut resolver);
    let due = resolver.due(&at(3));
    assert_eq!(due.len(), 3);
    server.take(&due);
    for (reference, before) in &settled {
        assert_eq!(
            before["status"], server.objects[reference]["status"],
            "{reference}"
        );
    }
    let mut value = server.objects[&gateway].clone();
    let list = value["status"]["conditions"].as_array_mut().unwrap();
    list.extend(
        of_gateway[2..]
            .iter()
            .chain(&["Ready"])
            .map(|kind| condition(kind)),
    );
    server.store(gateway.clone(), value);
    server.show(&mut resolver);
    server.take(&resolver.due(&at(4)));
    let conditions = server.objects[&gateway]["status"]["conditions"]
        .as_array()
        .unwrap();
    assert_eq!(conditions.last().unwrap()["type"], "Ready");
    assert_eq!(conditions.len(), 3);
}

/// A kind of route that is declined, or a Gateway that goes to another controller, leaves no entry of ours.
#[test]
fn what_is_no_longer_ours_loses_our_entries_and_is_in_force_no_longer() {
    let (mut server, mut resolver) = settled();
    assert_eq!(resolver.resolution().effective.gateways.len(), 1);
    let mut options = resolver.options().clone();
    options.declined = [gwapi::attachment::RouteKind::Http].into();
    let changes = resolver.set_options(options);
    let ids: Vec<_> = changes.routes.iter().map(RouteId::reference).collect();
    assert_eq!(ids, [route()]);
    assert_eq!(changes.listeners.len(), 1);
    server.take(&resolver.due(&at(3)));
    assert_eq!(server.objects[&route()]["status"]["parents"], json!([]));
    let mut theirs = resolver.options().clone();
    theirs.controllers = gwapi::attachment::Controllers::Named([THEIRS.to_owned()].into());
    let changes = resolver.set_options(theirs);
    assert!(resolver.resolution().effective.gateways.is_empty());
    assert_eq!(changes.gateways.len(), 1);
    server.show(&mut resolver);
    assert_eq!(resolver.due(&at(4)), [], "a Gateway is its controller's");
}

/// What spoils a status.
type Spoil = Box<dyn Fn(&mut Value)>;

/// What a controller has written by merge patches belongs to another field manager: an apply leaves there what has to go. So there is
/// none then, and the merge patch does it.
#[test]
fn nothing_is_applied_where_something_has_to_go() {
    let (mut server, mut resolver) = settled();
    let place = NamespacedName::new("shop", "edge");
    let gateway = ObjectRef::gateway_api("Gateway", &place);
    let settled = server.objects[&gateway]["status"].clone();
    let obsolete = json!({"type": "Scheduled", "status": "True", "reason": "Any", "message": "",
        "lastTransitionTime": "2024-01-01T00:00:00Z"});
    let listener =
        json!({"name": "old", "attachedRoutes": 0, "supportedKinds": [], "conditions": []});
    let spoils: [(Spoil, bool); 5] = [
        (
            Box::new(move |status| {
                status["conditions"]
                    .as_array_mut()
                    .unwrap()
                    .push(obsolete.clone());
            }),
            false,
        ),
        (
            Box::new(move |status| {
                status["listeners"]
                    .as_array_mut()
                    .unwrap()
                    .push(listener.clone());
            }),
            false,
        ),
        (
            Box::new(|status| {
                status["addresses"] = json!([{"type": "IPAddress", "value": "1.2.3.4"}]);
            }),
            false,
        ),
        (
            Box::new(|status| status["listeners"][0]["attachedRoutes"] = 7.into()),
            true,
        ),
        (
            Box::new(|status| status["conditions"][0]["status"] = "Unknown".into()),
            true,
        ),
    ];
    for (spoil, is_applied) in spoils {
        let mut value = server.objects[&gateway].clone();
        spoil(&mut value["status"]);
        server.store(gateway.clone(), value);
        server.show(&mut resolver);
        let due = resolver.due(&at(3));
        assert_eq!(due.len(), 1);
        assert_eq!(due[0].apply_patch().is_some(), is_applied, "{due:?}");
        server.take_applied(&due);
        server.show(&mut resolver);
        assert_eq!(resolver.due(&at(4)), []);
        let mut reached = server.objects[&gateway]["status"].clone();
        reached["conditions"][0]["lastTransitionTime"] =
            settled["conditions"][0]["lastTransitionTime"].clone();
        assert_eq!(reached, settled);
    }
}
