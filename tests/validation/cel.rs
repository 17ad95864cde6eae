//! The native verdict equals CEL's, rule by rule, over our definitions and over the reference ones.

use crate::support::{self, beside};
use gwapi::{
    crd, manifest,
    meta::{Channel, Release},
    rules::{self, Check},
    schema::{self, Schema},
    validation::{self, ValidationOptions},
};
use kube_cel::{CompiledSchema, Validator, compile_schema};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

/// Findings of one object: rule and path.
pub(crate) type Verdict = BTreeSet<(String, String)>;

/// The rules of ours that say what the reference's rules say, by place, in the order in which the
/// reference lists its rules there. Empty: the schema says it already.
const REFERENCE: &[(&str, &[&str])] = &[
    (
        "HttpRouteRule",
        &[
            "HTTPRouteRule/redirect-without-backends",
            "HTTPRouteRule/redirect-prefix-needs-prefix-match",
            "HTTPRouteRule/rewrite-prefix-needs-prefix-match",
            "HTTPRouteRule/backend-redirect-prefix-needs-prefix-match",
            "HTTPRouteRule/backend-rewrite-prefix-needs-prefix-match",
        ],
    ),
    (
        "HttpRouteRule.filters",
        &[
            "RouteFilters/redirect-or-rewrite",
            "RouteFilters/request-header-modifier-once",
            "RouteFilters/response-header-modifier-once",
            "RouteFilters/request-redirect-once",
            "RouteFilters/url-rewrite-once",
        ],
    ),
    (
        "HttpBackendRef.filters",
        &[
            "RouteFilters/redirect-or-rewrite",
            "RouteFilters/redirect-or-rewrite",
            "RouteFilters/request-header-modifier-once",
            "RouteFilters/response-header-modifier-once",
            "RouteFilters/request-redirect-once",
            "RouteFilters/url-rewrite-once",
        ],
    ),
    ("GrpcRouteRule.filters", GRPC_FILTERS),
    ("GrpcBackendRef.filters", GRPC_FILTERS),
    (
        "HttpRouteFilter",
        &[
            "RouteFilter/request-header-modifier-fits-type",
            "RouteFilter/request-header-modifier-fits-type",
            "RouteFilter/response-header-modifier-fits-type",
            "RouteFilter/response-header-modifier-fits-type",
            "RouteFilter/request-mirror-fits-type",
            "RouteFilter/request-mirror-fits-type",
            "RouteFilter/request-redirect-fits-type",
            "RouteFilter/request-redirect-fits-type",
            "RouteFilter/url-rewrite-fits-type",
            "RouteFilter/url-rewrite-fits-type",
            "RouteFilter/extension-ref-fits-type",
            "RouteFilter/extension-ref-fits-type",
        ],
    ),
    (
        "GrpcRouteFilter",
        &[
            "RouteFilter/request-header-modifier-fits-type",
            "RouteFilter/request-header-modifier-fits-type",
            "RouteFilter/response-header-modifier-fits-type",
            "RouteFilter/response-header-modifier-fits-type",
            "RouteFilter/request-mirror-fits-type",
            "RouteFilter/request-mirror-fits-type",
            "RouteFilter/extension-ref-fits-type",
            "RouteFilter/extension-ref-fits-type",
        ],
    ),
    (
        "HttpPathModifier",
        &[
            "HTTPPathModifier/replace-full-path-fits-type",
            "HTTPPathModifier/replace-full-path-fits-type",
            "HTTPPathModifier/replace-prefix-match-fits-type",
            "HTTPPathModifier/replace-prefix-match-fits-type",
        ],
    ),
    (
        "HttpPathMatch",
        &[
            "HTTPPathMatch/absolute",
            "HTTPPathMatch/no-empty-segment",
            "HTTPPathMatch/no-dot-segment",
            "HTTPPathMatch/no-parent-segment",
            "HTTPPathMatch/no-encoded-slash",
            "HTTPPathMatch/no-encoded-slash",
            "HTTPPathMatch/no-fragment",
            "HTTPPathMatch/no-parent-segment",
            "HTTPPathMatch/no-dot-segment",
            "",
            "HTTPPathMatch/characters",
        ],
    ),
    (
        "HttpRouteTimeouts",
        &["HTTPRouteTimeouts/backend-within-request"],
    ),
    (
        "GrpcMethodMatch",
        &[
            "GRPCMethodMatch/names-service-or-method",
            "GRPCMethodMatch/service-characters",
            "GRPCMethodMatch/method-characters",
        ],
    ),
    (
        "SessionPersistence",
        &["SessionPersistence/permanent-needs-absolute-timeout"],
    ),
    ("HttpBackendRef", SERVICE_PORT),
    ("GrpcBackendRef", SERVICE_PORT),
    ("BackendRef", SERVICE_PORT),
    ("BackendObjectReference", SERVICE_PORT),
    (
        "GatewayClassSpec.controllerName",
        &["GatewayClass/controller-name-immutable"],
    ),
    (
        "GatewaySpec.listeners",
        &[
            "Listeners/no-tls-without-encryption",
            "Listeners/https-terminates-tls",
            "Listeners/no-hostname-for-tcp-and-udp",
            "Listeners/names-distinct",
            "Listeners/port-protocol-hostname-distinct",
        ],
    ),
    (
        "ListenerTlsConfig",
        &["GatewayTLSConfig/terminate-needs-certificate"],
    ),
    (
        "GatewaySpec.addresses",
        &[
            "GatewayAddresses/ip-addresses-distinct",
            "GatewayAddresses/hostnames-distinct",
        ],
    ),
    (
        "GatewaySpecAddress",
        &["GatewayAddress/hostname-characters"],
    ),
    (
        "GatewayStatusAddress",
        &["GatewayAddress/hostname-characters"],
    ),
    (
        "BackendTlsPolicyValidation",
        &[
            "BackendTLSPolicyValidation/one-source-of-authorities",
            "BackendTLSPolicyValidation/some-source-of-authorities",
        ],
    ),
];
const GRPC_FILTERS: &[&str] = &[
    "RouteFilters/request-header-modifier-once",
    "RouteFilters/response-header-modifier-once",
];
const SERVICE_PORT: &[&str] = &["BackendReference/service-has-port"];
const PARENTS: [&[&str]; 2] = [
    &[
        "ParentReference/sections-named-for-same-parent",
        "ParentReference/sections-distinct-for-same-parent",
    ],
    &[
        "ParentReference/sections-or-ports-named-for-same-parent",
        "ParentReference/sections-or-ports-distinct-for-same-parent",
    ],
];

/// Where CEL as kube-cel runs it differs from CEL as an API server runs it, with the reason.
///
/// The API server's own verdict on such objects is asked by `conformance/`.
pub(crate) fn known_difference(
    id: &str,
    report: &validation::Report,
    object: &Value,
) -> Option<&'static str> {
    let misspelt =
        |f: &validation::Finding| f.rule() == "schema/pattern" && f.path().contains(".timeouts.");
    let fraction = object.to_string().contains("\"port\":80.0");
    match id {
        "HTTPRouteTimeouts/backend-within-request" if report.errors().any(misspelt) => {
            Some("kube-cel takes `1s-` and the like for durations, a server does not")
        }
        "BackendReference/service-has-port"
        | "Listeners/port-protocol-hostname-distinct"
        | "ParentReference/sections-or-ports-named-for-same-parent"
        | "ParentReference/sections-or-ports-distinct-for-same-parent"
            if fraction =>
        {
            Some("kube-cel reads `80.0` where an integer is declared, a server's rules fail on it")
        }
        _ => None,
    }
}

/// One definition, ready to run: its rules by expression.
pub(crate) struct Cel {
    compiled: CompiledSchema,
    ids: BTreeMap<String, BTreeSet<String>>,
}

impl Cel {
    pub(crate) fn verdict(&self, object: &Value, old: Option<&Value>) -> Verdict {
        let Err(errors) = Validator::new().validate_compiled(&self.compiled, object, old) else {
            return Verdict::new();
        };
        errors
            .into_vec()
            .into_iter()
            .flat_map(|error| {
                assert!(self.ids.contains_key(&error.rule), "{error:?}");
                let path = error.field_path.clone();
                self.ids[&error.rule]
                    .iter()
                    .map(move |id| (id.clone(), path.clone()))
            })
            .filter(|(id, _)| !id.is_empty())
            .collect()
    }
}

fn ours(kind: &str, version: &str, channel: Channel) -> Cel {
    let (_, installation) = schema::versions_of(kind, Release::V1_1_0, channel)
        .find(|(k, _)| k.version == version)
        .unwrap();
    definition(installation)
}

/// Our definition of an installed version.
pub(crate) fn definition(installation: &schema::Installation) -> Cel {
    let props = serde_json::to_value(crd::structural_schema(installation)).unwrap();
    let ids = rules::all()
        .filter_map(|rule| Some((rule.cel?.to_owned(), BTreeSet::from([rule.id.to_owned()]))))
        .collect();
    Cel {
        compiled: compile_schema(&props),
        ids,
    }
}

/// The same as the reference has it, of which `folder` holds the definitions of the channel.
fn reference(folder: &Path, kind: &str, version: &str, channel: Channel) -> Cel {
    let (found, installation) = schema::versions_of(kind, Release::V1_1_0, channel)
        .find(|(k, _)| k.version == version)
        .unwrap();
    let file = folder.join(format!("gateway.networking.k8s.io_{}.yaml", found.plural));
    let read = manifest::read(
        &std::fs::read(file).unwrap(),
        &manifest::ReadOptions::default(),
    );
    let crd = &read.entries[0].value;
    let versions = crd["spec"]["versions"].as_array().unwrap();
    let version = versions.iter().find(|v| v["name"] == version).unwrap();
    let props = &version["schema"]["openAPIV3Schema"];
    let mut ids = BTreeMap::new();
    pair(installation.schema(), "", props, channel, &mut ids);
    Cel {
        compiled: compile_schema(props),
        ids,
    }
}

/// Walks our tree and a reference schema side by side and notes which rule of ours each expression is.
fn pair(
    ours: &Schema,
    place: &str,
    theirs: &Value,
    channel: Channel,
    ids: &mut BTreeMap<String, BTreeSet<String>>,
) {
    let rules = theirs["x-kubernetes-validations"].as_array();
    if let Some(rules) = rules {
        let places = [place, ours.type_name().unwrap_or_default()];
        let own = if place.ends_with(".parentRefs") {
            PARENTS[usize::from(channel == Channel::Experimental)]
        } else {
            REFERENCE
                .iter()
                .find(|(known, _)| places.contains(known))
                .unwrap_or_else(|| panic!("no rules of ours at {places:?}"))
                .1
        };
        assert_eq!(rules.len(), own.len(), "{places:?}");
        for (rule, id) in rules.iter().zip(own) {
            let expression = rule["rule"].as_str().unwrap().to_owned();
            ids.entry(expression).or_default().insert((*id).to_owned());
        }
    }
    for (name, below) in &ours.properties {
        let place = format!("{}.{name}", ours.type_name().unwrap_or_default());
        pair(below, &place, &theirs["properties"][name], channel, ids);
    }
    if let Some(items) = &ours.items {
        pair(items, "", &theirs["items"], channel, ids);
    }
}

/// What the native check says by rules that have a CEL form; nothing where a server would not run them.
pub(crate) fn native(report: &validation::Report) -> Option<Verdict> {
    const BLOCKING: &[&str] = &[
        "schema/type",
        "schema/enum",
        "schema/required",
        "schema/max-length",
        "schema/max-items",
        "schema/max-properties",
        "object/type-fields",
    ];
    let blocked = report.errors().any(|f| BLOCKING.contains(&f.rule()));
    (!blocked).then(|| {
        report
            .errors()
            .filter(|f| rules::all().any(|rule| rule.id == f.rule() && rule.cel.is_some()))
            .map(|f| (f.rule().to_owned(), f.path().to_owned()))
            .collect()
    })
}

#[test]
fn objects_that_are_valid_by_construction_are_accepted() {
    for channel in Channel::ALL {
        for index in 0..3_000 {
            let object = support::object(7, index * 3, channel);
            let report = validation::validate_value(&object, &ValidationOptions::new(channel));
            let errors: Vec<_> = report.errors().map(ToString::to_string).collect();
            assert!(report.is_accepted(), "{errors:#?}\n{object:#}");
        }
    }
}

#[test]
fn the_native_verdict_is_that_of_cel_rule_by_rule() {
    let count: u64 = std::env::var("GWAPI_CASES").map_or(10_000, |n| n.parse().unwrap());
    for channel in Channel::ALL {
        let folder = beside::upstream(&format!("v1.1.0/crds/{channel}"));
        let mut definitions: BTreeMap<(String, String), (Cel, Option<Cel>)> = BTreeMap::new();
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        let mut differing: BTreeMap<(String, &str), usize> = BTreeMap::new();
        let mut judged = 0;
        for index in 0..count {
            let object = support::object(11, index, channel);
            let report = validation::validate_value(&object, &ValidationOptions::new(channel));
            let Some(native) = native(&report) else {
                continue;
            };
            judged += 1;
            for (id, _) in &native {
                *seen.entry(id.clone()).or_default() += 1;
            }
            let kind = object["kind"].as_str().unwrap().to_owned();
            let version = object["apiVersion"]
                .as_str()
                .unwrap()
                .rsplit('/')
                .next()
                .unwrap()
                .to_owned();
            let (ours, theirs) = definitions
                .entry((kind.clone(), version.clone()))
                .or_insert_with(|| {
                    (
                        ours(&kind, &version, channel),
                        folder
                            .as_deref()
                            .map(|folder| reference(folder, &kind, &version, channel)),
                    )
                });
            // As a server has it when it runs the rules: defaults applied, status dropped.
            let found = schema::find(object["apiVersion"].as_str().unwrap(), &kind).unwrap();
            let mut stored = object.clone();
            if found.has_status {
                stored.as_object_mut().unwrap().remove("status");
            }
            schema::apply_defaults(
                &mut stored,
                found
                    .installation(Release::V1_1_0, channel)
                    .unwrap()
                    .schema(),
            );
            let by_ours = ours.verdict(&stored, None);
            let by_theirs = theirs.as_ref().map(|cel| cel.verdict(&stored, None));
            for (by, verdict) in [
                ("our definition", Some(by_ours)),
                ("the reference", by_theirs),
            ] {
                let Some(verdict) = verdict else { continue };
                for (id, path) in native.symmetric_difference(&verdict) {
                    match known_difference(id, &report, &object) {
                        Some(why) => *differing.entry((id.clone(), why)).or_default() += 1,
                        None => panic!(
                            "{by}: {id} at {path}: native {native:#?} CEL {verdict:#?}\n{object:#}"
                        ),
                    }
                }
            }
        }
        println!(
            "{channel}: {count} objects, {judged} of them judged rule by rule; findings by rule: {seen:#?}"
        );
        for ((id, why), count) in differing {
            println!("  {count} times left to the API server: {id}: {why}");
        }
        if count >= 10_000 {
            let unseen: Vec<_> = rules::all()
                .filter(|r| r.cel.is_some() && r.is_in(Release::V1_1_0, channel))
                .filter(|r| matches!(r.check, Check::Value(_)) && !seen.contains_key(r.id))
                .filter(|r| r.places.iter().any(|place| has_place(place, channel)))
                .map(|r| r.id)
                .collect();
            assert!(unseen.is_empty(), "no object broke {unseen:?}");
        }
    }
}

fn has_place(place: &str, channel: Channel) -> bool {
    let mut found = false;
    for (_, installation) in schema::installed(Release::V1_1_0, channel) {
        installation
            .schema()
            .visit(&mut |_, places| found |= places.iter().any(|p| p == place));
    }
    found
}

#[test]
fn the_rule_on_updates_is_that_of_cel() {
    let class = |controller: &str| {
        serde_json::json!({
            "apiVersion": "gateway.networking.k8s.io/v1", "kind": "GatewayClass",
            "metadata": {"name": "a"}, "spec": {"controllerName": controller},
        })
    };
    for channel in Channel::ALL {
        let folder = beside::upstream(&format!("v1.1.0/crds/{channel}"));
        let theirs = folder.map(|folder| reference(&folder, "GatewayClass", "v1", channel));
        let definitions = [Some(ours("GatewayClass", "v1", channel)), theirs];
        for (new, old) in [("a.b/c", "a.b/c"), ("a.b/c", "a.b/d"), ("a.b/d", "a.b/c")] {
            let (new, old) = (class(new), class(old));
            let native = native(&validation::validate_update(
                &new,
                &old,
                &ValidationOptions::new(channel),
            ))
            .unwrap();
            for cel in definitions.iter().flatten() {
                assert_eq!(cel.verdict(&new, Some(&old)), native);
            }
        }
    }
}
