//! The form in which a GatewayClass lists features: that of the definition that is installed, whatever options say otherwise.

use crate::world;
use gwapi::{
    attachment::{FeaturesForm, InstalledCrd, Options, Resolver, Status},
    crd,
    meta::{AttachedRoutes, Channel, NamespacedName, ObjectRef, Release, SupportedFeatures},
};

const CLASS: &str = "gatewayclasses.gateway.networking.k8s.io";
const TEXTS: &str = r#"["Gateway","HTTPRoute","ReferenceGrant"]"#;
const OBJECTS: &str = r#"[{"name":"Gateway"},{"name":"HTTPRoute"},{"name":"ReferenceGrant"}]"#;

fn resolver(options: Options) -> Resolver {
    let mut resolver = Resolver::new(options);
    resolver.insert(world::class("ours", world::CONTROLLER));
    resolver.update();
    resolver
}

/// The features as they are written.
fn written(resolver: &Resolver) -> String {
    let class = ObjectRef::gateway_api("GatewayClass", &NamespacedName::new("", "ours"));
    let Some(Status::GatewayClass(status)) = resolver.resolution().statuses.get(&class) else {
        panic!("the class is ours")
    };
    serde_json::to_string(&status.supported_features).unwrap()
}

/// A definition of GatewayClasses that says no more than of which release it is.
fn named(version: &str, channel: &str) -> [InstalledCrd; 1] {
    [InstalledCrd {
        name: CLASS.to_owned(),
        group: gwapi::meta::GROUP.to_owned(),
        bundle_version: Some(version.to_owned()),
        channel: Some(channel.to_owned()),
        ..Default::default()
    }]
}

/// That of a release, under another version.
fn definition(release: Release, channel: Channel, version: &str) -> Vec<InstalledCrd> {
    let all = crd::definitions(release, channel).into_iter();
    let classes = all.map(InstalledCrd::from).filter(|crd| crd.name == CLASS);
    let renamed = classes.map(|crd| InstalledCrd {
        bundle_version: Some(version.to_owned()),
        ..crd
    });
    renamed.collect()
}

/// The schema says it, from a watch and from a manifest alike.
#[test]
fn a_definition_tells_how_features_are_listed() {
    use Channel::{Experimental, Standard};
    use FeaturesForm::{Absent, Listed};
    for (release, channel, expected) in [
        (
            Release::V1_0_0,
            Experimental,
            Listed(SupportedFeatures::Texts),
        ),
        (
            Release::V1_1_0,
            Experimental,
            Listed(SupportedFeatures::Texts),
        ),
        (Release::V1_1_0, Standard, Absent),
        (
            Release::V1_2_0,
            Experimental,
            Listed(SupportedFeatures::Objects),
        ),
        (Release::V1_3_0, Standard, Absent),
        (
            Release::V1_4_0,
            Standard,
            Listed(SupportedFeatures::Objects),
        ),
        (
            Release::V1_7_0,
            Standard,
            Listed(SupportedFeatures::Objects),
        ),
    ] {
        let crds = crd::definitions(release, channel);
        let class = crds
            .iter()
            .find(|crd| crd.metadata.name.as_deref() == Some(CLASS));
        let class = class.unwrap();
        let watched = InstalledCrd::from(class.clone());
        assert_eq!(watched.features, expected, "{release} {channel}");
        let mut value = serde_json::to_value(class).unwrap();
        value["apiVersion"] = "apiextensions.k8s.io/v1".into();
        value["kind"] = "CustomResourceDefinition".into();
        let mut resolver = Resolver::new(Options::new(world::CONTROLLER));
        resolver.insert(gwapi::manifest::decode(&value).unwrap());
        let installed = resolver.snapshot().installed_crds();
        assert_eq!(*installed[&NamespacedName::new("", CLASS)], watched);
    }
}

/// Whatever options there were before, and however they came about.
#[test]
fn features_have_the_form_that_is_installed() {
    let plain = || Options::new(world::CONTROLLER);
    let mut by_hand = plain();
    by_hand.behaviour.attached_routes = AttachedRoutes::Accepted;
    let later = Options {
        release: Release::V1_6_1,
        ..plain()
    };
    let experimental = Options {
        channel: Channel::Experimental,
        ..later.clone()
    };
    assert_eq!(written(&resolver(later.clone())), OBJECTS);
    assert_eq!(written(&resolver(experimental.clone())), OBJECTS);
    for options in [plain(), by_hand, later, experimental] {
        for (version, channel, expected) in [
            ("v1.6.1", "standard", OBJECTS),
            ("v1.1.0", "experimental", TEXTS),
            ("v1.1.0", "standard", "[]"),
            ("v1.8.0", "standard", OBJECTS),
            ("v2.0.0-rc.1", "experimental", OBJECTS),
            ("v1.2.0-rc1", "experimental", OBJECTS),
            ("v1.1.0-rc1", "experimental", TEXTS),
            ("v1.1.9", "experimental", TEXTS),
        ] {
            let mut resolver = resolver(options.clone());
            resolver.set_installed(named(version, channel));
            assert_eq!(written(&resolver), expected, "{version} {channel}");
        }
        // The schema goes before the version.
        let objects = definition(Release::V1_6_1, Channel::Standard, "main-20250101");
        let texts = definition(Release::V1_1_0, Channel::Experimental, "v1.2.0-dev");
        let none = definition(Release::V1_1_0, Channel::Standard, "v9.0.0");
        for (crds, expected) in [(objects, OBJECTS), (texts, TEXTS), (none, "[]")] {
            let mut resolver = resolver(options.clone());
            resolver.set_installed(crds);
            assert_eq!(written(&resolver), expected);
        }
    }
}

/// The first definitions have names for some features, and a server refuses the others.
#[test]
fn only_features_that_the_release_has_names_for_are_listed() {
    let mut resolver = resolver(Options::for_simulator(world::CONTROLLER));
    resolver.set_installed(crd::definitions(Release::V1_0_0, Channel::Experimental));
    let of_first = written(&resolver);
    assert!(of_first.contains(r#""TLSRoute""#) && !of_first.contains("GRPCRoute"));
    resolver.set_installed(crd::definitions(Release::V1_1_0, Channel::Experimental));
    assert!(written(&resolver).contains("GRPCRoute"));
}
