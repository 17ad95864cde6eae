//! Objects that have come, gone or been replaced while something was known of others: what is due at them, and what keeps a class.

use crate::{
    controller::{SET, careful, edge, objects, resolver},
    world,
};
use gwapi::{
    attachment::{
        DataPlaneReport, Options, Resolver, RouteKind, SnapshotObject, Status, StatusWrite,
    },
    kube_core::DeserializeGuard,
    meta::{Channel, NamespacedName, ObjectRef},
    v1::{GATEWAYS_EXIST_FINALIZER, Gateway, GatewayClass, HttpRoute},
    v1alpha2::TcpRoute,
};
use k8s_openapi::{apimachinery::pkg::apis::meta::v1::Time, jiff::Timestamp};
use serde_json::{Value, json};

fn now() -> Time {
    Time(Timestamp::UNIX_EPOCH)
}

fn of_route() -> ObjectRef {
    ObjectRef::gateway_api("HTTPRoute", &NamespacedName::new("shop", "cart"))
}

/// Whatever is due has been written.
fn write_all(resolver: &mut Resolver) {
    for write in resolver.due(&now()) {
        let place = write.reference.namespaced_name();
        match write.status {
            Status::GatewayClass(status) => {
                let mut class: GatewayClass =
                    (*resolver.snapshot().gateway_classes()[&place]).clone();
                class.status = Some(status);
                resolver.insert(class);
            }
            Status::Gateway(status) => {
                let mut gateway: Gateway = (*resolver.snapshot().gateways()[&place]).clone();
                gateway.status = Some(status);
                resolver.insert(gateway);
            }
            Status::Route(status) => {
                let mut route: HttpRoute = (*resolver.snapshot().http_routes()[&place]).clone();
                route.status = Some(status);
                resolver.insert(route);
            }
            other => panic!("{other:?}"),
        }
    }
    resolver.update();
    assert_eq!(resolver.due(&now()), []);
}

fn route(resolver: &Resolver) -> HttpRoute {
    let place = of_route().namespaced_name();
    (*resolver.snapshot().http_routes()[&place]).clone()
}

/// What an object that has come ought to have is not known before the next update. It would lose what we have written to it, or get
/// what was meant for another one.
#[test]
fn nothing_is_due_at_what_is_not_resolved_yet() {
    let mut resolver = resolver(&[SET], careful());
    write_all(&mut resolver);
    let settled = route(&resolver);
    assert_eq!(settled.status.as_ref().unwrap().parents.len(), 1);

    // After a restart: the route comes with our entry.
    let mut anew = crate::controller::resolver(&[], careful());
    assert_eq!(anew.due(&now()), []);
    anew.extend(resolver_objects(&resolver));
    assert_eq!(anew.due(&now()), [], "before the update");
    assert!(anew.next_status(&of_route(), &now()).is_none());
    anew.update();
    assert_eq!(anew.due(&now()), [], "after it");

    // It is deleted, and created anew with another parent: it is another one.
    resolver.remove(&of_route());
    assert_eq!(resolver.due(&now()), []);
    let mut other = settled.clone();
    other.metadata.uid = Some("other".into());
    other.metadata.generation = Some(1);
    other.spec.rules = None;
    other.spec.parent_refs[0].section_name = Some("nothing".into());
    other.status = None;
    resolver.insert(other);
    assert_eq!(
        resolver.due(&now()),
        [],
        "what was wanted of the former one"
    );
    resolver.update();
    let due = resolver.due(&now());
    let uids: Vec<_> = due.iter().map(uid_and_reason).collect();
    assert!(
        uids.contains(&(Some("other".into()), json!("NoMatchingParent"))),
        "{uids:?}"
    );
}

fn uid_and_reason(write: &StatusWrite) -> (Option<String>, Value) {
    let status = json!(write.status);
    let reason = status.pointer("/parents/0/conditions/0/reason");
    (write.uid.clone(), reason.cloned().unwrap_or_default())
}

fn resolver_objects(resolver: &Resolver) -> Vec<SnapshotObject> {
    let snapshot = resolver.snapshot();
    let classes = snapshot.gateway_classes().values().cloned();
    let gateways = snapshot.gateways().values().cloned();
    let routes = snapshot.http_routes().values().cloned();
    let services = snapshot.services().values().cloned();
    let mut all: Vec<SnapshotObject> = classes.map(SnapshotObject::from).collect();
    all.extend(gateways.map(SnapshotObject::from));
    all.extend(routes.map(SnapshotObject::from));
    all.extend(services.map(SnapshotObject::from));
    all
}

/// The same of a class that is another controller's now: neither a status nor a finalizer of ours is due at it.
#[test]
fn a_class_that_is_not_resolved_yet_gets_no_finalizer() {
    let mut resolver = resolver(&[SET], careful());
    assert_eq!(resolver.due_finalizers().len(), 1);
    let class = ObjectRef::gateway_api("GatewayClass", &NamespacedName::new("", "ours"));
    resolver.remove(&class);
    resolver.insert(world::class("ours", "example.com/theirs"));
    assert_eq!(resolver.due_finalizers(), []);
    assert!(resolver.due(&now()).iter().all(|it| it.reference != class));
    resolver.update();
    assert_eq!(resolver.due_writes(&now()), []);
}

fn programmed(resolver: &Resolver) -> String {
    let reference = ObjectRef::gateway_api("Gateway", &edge());
    let Some(Status::Gateway(status)) = resolver.resolution().statuses.get(&reference) else {
        panic!("no status")
    };
    let mut conditions = status.conditions.iter();
    let found = conditions.find(|c| c.type_ == "Programmed").unwrap();
    format!("{} ({})", found.status, found.reason)
}

/// A report that comes late is on the Gateway that the data plane was told of, and not on one that has its name now.
#[test]
fn a_late_report_is_not_on_another_gateway_of_the_name() {
    let of_uid = |uid: &str| {
        let listed = objects(SET).find_map(|object| match object {
            SnapshotObject::Gateway(gateway) => Some((*gateway).clone()),
            _ => None,
        });
        let mut gateway: Gateway = listed.unwrap();
        gateway.metadata.uid = Some(uid.to_owned());
        gateway
    };
    let options = Options {
        addresses: gwapi::attachment::AddressPool::Generated,
        ..careful()
    };
    let mut resolver = resolver(&[SET], options);
    resolver.insert(of_uid("1"));
    resolver.update();
    let told = |resolver: &Resolver| {
        let gateways = &resolver.resolution().effective.gateways;
        gateways.get(&edge()).unwrap().clone()
    };
    let first = told(&resolver);
    assert_eq!(first.uid.as_deref(), Some("1"));
    resolver.remove(&ObjectRef::gateway_api("Gateway", &edge()));
    resolver.update();
    resolver.insert(of_uid("2"));
    resolver.update();
    resolver.set_programmed(&first, DataPlaneReport::Programmed);
    resolver.update();
    assert_eq!(programmed(&resolver), "Unknown (Pending)");
    let second = told(&resolver);
    resolver.set_programmed(&second, DataPlaneReport::Programmed);
    resolver.update();
    assert_eq!(programmed(&resolver), "True (Programmed)");
}

/// GatewayClass: the finalizer is for Gateways. A class that names another one as its parameters does not use it; a Gateway that nobody
/// can read may be of any class.
#[test]
fn gateways_alone_keep_a_class_and_also_one_that_cannot_be_read() {
    let mut resolver = resolver(&[SET], careful());
    let name = NamespacedName::new("", "ours");
    let mut ours: GatewayClass = (*resolver.snapshot().gateway_classes()[&name]).clone();
    ours.metadata.finalizers = Some(vec![GATEWAYS_EXIST_FINALIZER.to_owned()]);
    resolver.insert(ours);
    let mut other = world::class("other", world::CONTROLLER);
    other.spec.parameters_ref = Some(gwapi::v1::ParametersReference {
        group: gwapi::meta::GROUP.to_owned(),
        kind: "GatewayClass".to_owned(),
        name: "ours".to_owned(),
        namespace: None,
    });
    resolver.insert(other);
    resolver.update();
    assert_eq!(resolver.due_finalizers(), []);

    let unreadable = json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway",
        "metadata": { "name": "edge", "namespace": "shop" }, "spec": "none",
    });
    let unreadable: DeserializeGuard<Gateway> = serde_json::from_value(unreadable).unwrap();
    assert!(resolver.insert_watched(unreadable).is_some());
    resolver.update();
    assert_eq!(resolver.due_finalizers(), [], "it may be of the class");
    resolver.remove(&ObjectRef::gateway_api("Gateway", &edge()));
    resolver.update();
    let due = resolver.due_finalizers();
    assert_eq!(due.len(), 1);
    assert!(due[0].finalizers.is_empty());
}

/// A controller that takes TCPRoutes no longer finds its entries in their statuses, though it begins anew.
#[test]
fn entries_at_a_kind_that_is_declined_go() {
    let mut resolver = Resolver::new(careful());
    resolver.set_installed(gwapi::crd::definitions(
        gwapi::meta::Release::V1_1_0,
        Channel::Experimental,
    ));
    assert!(resolver.options().declined.contains(&RouteKind::Tcp));
    let route = json!({
        "apiVersion": "gateway.networking.k8s.io/v1alpha2", "kind": "TCPRoute",
        "metadata": { "name": "db", "namespace": "shop" },
        "spec": { "parentRefs": [{ "name": "edge" }], "rules": [{ "backendRefs": [{ "name": "db", "port": 5432 }] }] },
        "status": { "parents": [{
            "parentRef": { "name": "edge" }, "controllerName": world::CONTROLLER,
            "conditions": [{ "type": "Accepted", "status": "True", "reason": "Accepted", "message": "",
                "lastTransitionTime": "2024-01-01T00:00:00Z" }],
        }] },
    });
    let watched = resolver.watched();
    assert!(watched.iter().any(|kind| kind.kind == "TCPRoute"));
    let route: DeserializeGuard<TcpRoute> = serde_json::from_value(route).unwrap();
    assert!(resolver.replace_watched(vec![route]).invalid.is_empty());
    resolver.update();
    resolver.forget_unwatched();
    let due = resolver.due(&now());
    assert_eq!(due.len(), 1);
    assert_eq!(json!(due[0].status), json!({ "parents": [] }));
}
