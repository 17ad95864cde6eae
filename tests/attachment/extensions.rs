//! Filters, backends and parameters of an implementation's own kinds.

use crate::world;
use gwapi::{
    attachment::{
        Extension, ExtensionRole, ExtensionVerdict, Extensions, Options, Resolver, RouteId,
        RouteKind, SnapshotObject, Status,
        effective::{BackendProblem, HttpRule, RuleProblem},
        resolve,
    },
    manifest::{self, ReadOptions},
    meta::{FeatureName, GroupKind, NamespacedName, ObjectRef},
};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

const SET: &str = include_str!("../fixtures/controller/set.yaml");

/// What an implementation says of its objects. It knows kinds in one role each.
#[derive(Clone, Debug, Default)]
struct Own(Arc<Mutex<BTreeMap<ObjectRef, ExtensionVerdict>>>);

impl Own {
    fn say(&self, object: &ObjectRef, verdict: ExtensionVerdict) {
        self.0.lock().unwrap().insert(object.clone(), verdict);
    }
}

impl Extension for Own {
    fn judge(&self, role: ExtensionRole, object: &ObjectRef) -> ExtensionVerdict {
        let known = match role {
            ExtensionRole::Filter => "Limit",
            ExtensionRole::Backend => "Bucket",
            _ => "Tuning",
        };
        if object.kind != known {
            return ExtensionVerdict::Unknown;
        }
        let said = self.0.lock().unwrap().get(object).cloned();
        said.unwrap_or(ExtensionVerdict::Missing)
    }
}

struct Scene {
    own: Own,
    resolver: Resolver,
}

impl Scene {
    fn new(text: &str) -> Self {
        let own = Own::default();
        let options = Options {
            extensions: Extensions::new(own.clone()),
            ..Options::for_simulator(world::CONTROLLER)
        };
        let mut resolver = Resolver::new(options);
        let (objects, errors) = manifest::read(text.as_bytes(), &ReadOptions::default()).decode();
        assert!(errors.is_empty(), "{errors:?}");
        resolver.extend(objects.into_iter().map(|decoded| decoded.object));
        resolver.update();
        Self { own, resolver }
    }

    /// The implementation comes to another verdict, and tells the resolver that the object has changed.
    fn say(&mut self, object: &ObjectRef, verdict: ExtensionVerdict) {
        self.own.say(object, verdict);
        self.resolver.insert(SnapshotObject::Other(object.clone()));
        self.resolver.update();
        let full = resolve(self.resolver.snapshot(), self.resolver.options());
        assert_eq!(*self.resolver.resolution(), full);
    }

    fn rule(&self) -> HttpRule {
        let gateway = self
            .resolver
            .resolution()
            .effective
            .gateways
            .values()
            .next()
            .unwrap();
        gateway.listeners[0].http.first().unwrap().route.rules[0].clone()
    }

    /// `Reason: message` of the route's `ResolvedRefs`.
    fn resolved(&self) -> String {
        let id = RouteId::new(RouteKind::Http, NamespacedName::new("shop", "cart"));
        let Status::Route(status) = &self.resolver.resolution().statuses[&id.reference()] else {
            panic!("a route has the status of one")
        };
        let mut conditions = status.parents[0].conditions.iter();
        let found = conditions.find(|c| c.type_ == "ResolvedRefs").unwrap();
        format!("{}: {}", found.reason, found.message)
    }
}

fn own(kind: &str, namespace: &str, name: &str) -> ObjectRef {
    ObjectRef::at("x.example", kind, &NamespacedName::new(namespace, name))
}

/// HTTPRouteFilter `extensionRef`: a filter that cannot be resolved must not be skipped, its requests get an error.
#[test]
fn a_filter_is_what_the_implementation_says() {
    let filter = "filters: [{ type: ExtensionRef, extensionRef: { group: x.example, kind: Limit, name: slow } }], backendRefs";
    let mut scene = Scene::new(&SET.replace("backendRefs", filter));
    let slow = own("Limit", "shop", "slow");
    let failing = |scene: &Scene| {
        matches!(
            scene.rule().problem,
            Some(RuleProblem::UnsupportedFilter { .. })
        )
    };
    assert!(failing(&scene));
    assert!(
        scene
            .resolved()
            .contains("Limit.x.example `slow` does not exist"),
        "{}",
        scene.resolved()
    );
    scene.say(&slow, ExtensionVerdict::Valid);
    assert!(!failing(&scene));
    assert!(scene.resolved().starts_with("ResolvedRefs"));
    assert_eq!(scene.rule().filters.compiled.extensions()[0].name, "slow");
    scene.say(
        &slow,
        ExtensionVerdict::Invalid("its rate is negative".into()),
    );
    assert!(failing(&scene));
    assert!(scene.resolved().contains("`slow`: its rate is negative"));
    let unknown = Scene::new(&SET.replace("backendRefs", &filter.replace("Limit", "Other")));
    assert!(
        unknown
            .resolved()
            .contains("is not a filter that is supported")
    );
    assert!(
        scene.resolver.needs(&slow),
        "the implementation can ask which of its objects matter"
    );
    assert_eq!(scene.resolver.dependents(&slow).len(), 1);
}

/// HTTPBackendRef: a kind that is known is a backend, also across namespaces with a ReferenceGrant.
#[test]
fn a_backend_is_what_the_implementation_says() {
    let reference =
        "backendRefs: [{ group: x.example, kind: Bucket, name: images, namespace: media }]";
    let mut scene = Scene::new(&SET.replace("backendRefs: [{ name: cart, port: 80 }]", reference));
    let bucket = own("Bucket", "media", "images");
    assert!(
        scene.resolved().starts_with("RefNotPermitted"),
        "{}",
        scene.resolved()
    );
    scene.resolver.insert(world::grant(
        "media",
        "all",
        (gwapi::meta::GROUP, "HTTPRoute", "shop"),
        ("x.example", "Bucket", None),
    ));
    scene.resolver.update();
    assert!(scene.resolved().starts_with("BackendNotFound"));
    scene.say(&bucket, ExtensionVerdict::Valid);
    assert!(scene.resolved().starts_with("ResolvedRefs"));
    let rule = scene.rule();
    let target = rule.backends[0].target.as_ref().unwrap();
    assert_eq!(target.key.own, Some(GroupKind::new("x.example", "Bucket")));
    assert_eq!(target.key.name, NamespacedName::new("media", "images"));
    // A Service of the same name and port is another backend.
    scene.resolver.insert(world::service("media", "images", 80));
    scene.resolver.update();
    assert!(
        scene
            .resolver
            .resolution()
            .effective
            .endpoints(&target.key)
            .is_none()
    );
    scene.say(
        &bucket,
        ExtensionVerdict::Invalid("it has no region".into()),
    );
    let rule = scene.rule();
    assert!(matches!(
        rule.backends[0].target,
        Err(BackendProblem::Invalid { .. })
    ));
    assert!(scene.resolved().ends_with("it has no region"));
}

/// GatewayClassReason `InvalidParameters`, and the Gateway's.
#[test]
fn parameters_are_what_the_implementation_says() {
    let reference = |namespace: &str| {
        format!("parametersRef: {{ group: x.example, kind: Tuning, name: fast{namespace} }}")
    };
    let text = SET
        .replace(
            "controllerName: example.com/ours",
            &format!(
                "controllerName: example.com/ours, {}",
                reference(", namespace: shop")
            ),
        )
        .replace(
            "gatewayClassName: ours,",
            &format!(
                "gatewayClassName: ours, infrastructure: {{ {} }},",
                reference("")
            ),
        );
    let mut scene = Scene::new(&text);
    let tuning = own("Tuning", "shop", "fast");
    let accepted = |scene: &Scene| {
        let statuses = &scene.resolver.resolution().statuses;
        let of = |kind: &str, namespace: &str, name: &str| {
            let reference = ObjectRef::gateway_api(kind, &NamespacedName::new(namespace, name));
            let conditions = match &statuses[&reference] {
                Status::GatewayClass(status) => &status.conditions,
                Status::Gateway(status) => &status.conditions,
                _ => panic!("neither has another status"),
            };
            let found = conditions.iter().find(|c| c.type_ == "Accepted").unwrap();
            (found.reason.clone(), found.message.clone())
        };
        [
            of("GatewayClass", "", "ours"),
            of("Gateway", "shop", "edge"),
        ]
    };
    assert_eq!(accepted(&scene)[0].0, "InvalidParameters");
    scene.say(&tuning, ExtensionVerdict::Valid);
    assert_eq!(
        accepted(&scene).map(|(reason, _)| reason),
        ["Accepted", "Accepted"]
    );
    scene.say(&tuning, ExtensionVerdict::Invalid("`workers` is 0".into()));
    assert!(accepted(&scene)[0].1.ends_with("`workers` is 0"));
    // A kind that is not known in this role is judged as without an implementation: there or not.
    let mut other = Scene::new(&text.replace("kind: Tuning", "kind: Limit"));
    assert_eq!(accepted(&other)[0].0, "InvalidParameters");
    other.say(&own("Limit", "shop", "fast"), ExtensionVerdict::Valid);
    assert_eq!(accepted(&other)[0].0, "Accepted");
    assert!(other.resolver.options().supports(&FeatureName::Mesh));
}
