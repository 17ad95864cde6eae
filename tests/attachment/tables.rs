//! What the regular expressions of one routing table may take, and who goes without.

use crate::world;
use gwapi::{
    attachment::{Options, Resolver, Snapshot, Standing, Status},
    meta::{NamespacedName, Pattern, PatternLimits},
    proxy::{Endpoints, Table},
    routing,
    v1::{
        HttpPathMatch, HttpRoute, HttpRouteMatch, HttpRouteRule, HttpRouteSpec, ParentReference,
        PathMatchType,
    },
};
use k8s_openapi::{apimachinery::pkg::apis::meta::v1::Time, jiff::Timestamp};

/// A route with these regular expressions, created at this second.
fn route(name: &str, created: i64, texts: &[&str]) -> HttpRoute {
    let one = |text: &&str| HttpRouteMatch {
        path: Some(HttpPathMatch {
            r#type: Some(PathMatchType::RegularExpression),
            value: Some((*text).to_owned()),
        }),
        ..Default::default()
    };
    let mut metadata = world::metadata("a", name);
    metadata.creation_timestamp = Some(Time(Timestamp::from_second(created).unwrap()));
    HttpRoute {
        metadata,
        spec: HttpRouteSpec {
            parent_refs: vec![
                world::parent("a", "gateway"),
                ParentReference {
                    group: Some(String::new()),
                    kind: Some("Service".to_owned()),
                    ..world::parent("a", "mesh")
                },
            ],
            rules: Some(vec![HttpRouteRule {
                matches: texts.iter().map(one).collect(),
                ..Default::default()
            }]),
            ..Default::default()
        },
        ..Default::default()
    }
}

/// A table that takes three expressions of this size.
fn resolver(routes: impl IntoIterator<Item = HttpRoute>) -> Resolver {
    let mut snapshot = Snapshot::default();
    snapshot.insert(world::class("ours", world::CONTROLLER));
    let listeners = vec![world::listener("http", 80, "HTTP".into())];
    snapshot.insert(world::gateway("a", "gateway", listeners));
    snapshot.insert(world::service("a", "mesh", 80));
    for route in routes {
        snapshot.insert(route);
    }
    let mut options = Options::for_simulator(world::CONTROLLER);
    options.patterns = PatternLimits {
        table: 3 * Pattern::new("/a.*").unwrap().size(),
        ..PatternLimits::default()
    };
    let mut resolver = Resolver::with_snapshot(snapshot, options);
    resolver.update();
    resolver
}

/// The routes that are in force at the listener and in the mesh, which must be the same.
fn in_force(resolver: &Resolver) -> Vec<String> {
    let effective = &resolver.resolution().effective;
    let gateway = effective.gateways.values().next().unwrap();
    let listener = &gateway.listeners[0];
    let table = Table::for_listener(
        &gateway.name,
        listener,
        &Endpoints::new(effective),
        routing::RouterOptions::default(),
    );
    assert_eq!(table.problems().count(), 0);
    let names = |name: &NamespacedName| name.name.clone();
    let here: Vec<String> = listener
        .http
        .iter()
        .map(|r| names(&r.route.reference))
        .collect();
    let service = effective.services.values().next().unwrap();
    let mesh = service
        .http_routes(80, "a")
        .map(|route| names(&route.reference));
    assert_eq!(here, mesh.collect::<Vec<_>>());
    here
}

#[test]
fn routes_have_a_place_in_order_of_age_until_the_table_is_full() {
    let mut resolver = resolver([
        route("old", 1, &["/a.*", "/b.*"]),
        route("large", 2, &["/b.*", "/c.*", "/d.*"]),
        route("small", 3, &["/e.*"]),
        route("last", 4, &["/f.*"]),
        route("same", 5, &["/a.*", "/e.*"]),
        route("plain", 6, &[]),
    ]);
    assert_eq!(in_force(&resolver), ["old", "small", "same", "plain"]);
    // The status, what is said of the attachment and what lint asks for name the route and the limit alike.
    let large = route("large", 2, &[]);
    let reference = gwapi::attachment::SnapshotObject::from(large).reference();
    let Some(Status::Route(status)) = resolver.resolution().statuses.get(&reference) else {
        panic!("no status")
    };
    assert_eq!(status.parents.len(), 2);
    for parent in &status.parents {
        let accepted = &parent.conditions[0];
        assert_eq!(
            (accepted.status.as_str(), accepted.reason.as_str()),
            ("False", "UnsupportedValue")
        );
        let said = "older routes leave";
        assert!(
            accepted.message.contains(said) && accepted.message.contains("PatternLimits::table"),
            "{}",
            accepted.message
        );
    }
    let attachments = resolver.resolution().attachments.iter();
    let full = attachments.filter(|(_, at)| {
        let mut listeners = at.iter().flat_map(|at| &at.listeners);
        listeners.any(|at| matches!(at.standing, Standing::TableFull(_)))
    });
    let mut full: Vec<String> = full.map(|(id, _)| id.name.name.clone()).collect();
    full.sort_unstable();
    assert_eq!(full, ["large", "last"]);
    let problems = resolver.reference_problems(&reference);
    let whys: Vec<&str> = problems
        .iter()
        .map(|problem| problem.why.as_str())
        .collect();
    assert_eq!(whys.len(), 2, "{whys:?}");
    assert!(
        whys.iter().all(|why| why.contains("PatternLimits::table")),
        "{whys:?}"
    );
    // When the oldest goes, there is room.
    let old = gwapi::attachment::SnapshotObject::from(route("old", 1, &[])).reference();
    resolver.remove(&old);
    let changes = resolver.update();
    assert_eq!(in_force(&resolver), ["large", "plain"]);
    assert!(changes.statuses.contains(&reference));
}
