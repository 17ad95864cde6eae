//! What releases changed in meaning, and where each change is decided.

use super::*;
use std::collections::BTreeMap;

/// Where a change of meaning is decided.
#[derive(Clone, Copy, Debug)]
enum DecidedBy {
    /// By this field of [`Behaviour`].
    Field(&'static str),
    /// By marks on fields, values and rules: objects have another form, or are refused.
    Marks(&'static str),
    /// Alike for all releases, which all allow it.
    Alike(&'static str),
    /// By nothing: what the release added is not implemented.
    Missing(&'static str),
}
use DecidedBy::{Alike, Field, Marks, Missing};

/// What releases changed in what the same objects mean, in the order of the releases. A row for each change that their texts
/// name.
const CHANGES: &[(Release, &str, DecidedBy)] = &[
    (
        Release::V1_2_0,
        "the form of GatewayClass `status.supportedFeatures`",
        Marks("the schema says which form is written"),
    ),
    (
        Release::V1_2_0,
        "the status code where the Service of an HTTPRoute has no endpoint that is ready",
        Field("no_endpoints"),
    ),
    (
        Release::V1_2_0,
        "a GatewayClass with bad `parametersRef` SHOULD not be accepted (`InvalidParameters`), and since v1.3.0 a Gateway",
        Alike("earlier releases have the reason and demand nothing else"),
    ),
    (
        Release::V1_2_0,
        "BackendTLSPolicy `subjectAltNames`: the hostname is the server name alone",
        Marks("the field is there since then, and means this where it is set"),
    ),
    (
        Release::V1_3_0,
        "a listener of protocol TCP conflicts with HTTP, HTTPS and TLS at its port",
        Alike("earlier releases leave to the implementation what of a port is compatible"),
    ),
    (
        Release::V1_3_0,
        "421 for a request whose host belongs to another listener than the server name",
        Alike(
            "without it clients without a certificate reach what demands one; RFC 9110, section 15.5.20, allows it",
        ),
    ),
    (
        Release::V1_3_0,
        "the condition `OverlappingTLSConfig` of listeners",
        Missing("the condition is not written: no traffic depends on it"),
    ),
    (
        Release::V1_3_0,
        "an address without a value asks for any address of its type",
        Marks("the value is required before"),
    ),
    (
        Release::V1_4_0,
        "what the status of a BackendTLSPolicy says of its references",
        Field("policy_references"),
    ),
    (
        Release::V1_4_0,
        "of BackendTLSPolicies for one target the older holds, then the first by name, and since v1.5.0 by namespace and name",
        Alike("a policy targets its own namespace alone, so that both orders are one"),
    ),
    (
        Release::V1_4_0,
        "an address that cannot be used is named in a condition, and not in `status.addresses`",
        Alike("the condition names it in all releases (`AddressNotUsable`)"),
    ),
    (
        Release::V1_4_1,
        "BackendTLSPolicies with several targets SHOULD not be supported",
        Alike("each target means the same beside others"),
    ),
    (
        Release::V1_5_0,
        "which routes Gateway `status.listeners[].attachedRoutes` counts",
        Field("attached_routes"),
    ),
    (
        Release::V1_5_0,
        "BackendTLSPolicies apply to backends of HTTPRoutes, and since v1.6.0 of all routes and mirrors",
        Alike("what is Extended may be supported before"),
    ),
    (
        Release::V1_5_0,
        "TLSRoutes at listeners that terminate TLS",
        Alike("earlier releases do not forbid it; `Options::features` takes it away"),
    ),
    (
        Release::V1_5_0,
        "a TLS listener has to say its `tls.mode`",
        Marks("a rule of the CRD since then"),
    ),
    (
        Release::V1_5_0,
        "a connection whose TLSRoute has a bad backend is rejected, and never answered with 500",
        Alike("earlier releases leave the choice"),
    ),
    (
        Release::V1_5_0,
        "listeners may leave `supportedKinds` and the condition `Conflicted` out",
        Alike("both are written: what may be left out may be there"),
    ),
    (
        Release::V1_5_0,
        "the conditions `ResolvedRefs` and `InsecureFrontendValidationMode` of Gateways",
        Missing("they are about fields that are not implemented"),
    ),
    (
        Release::V1_6_0,
        "404 and `UNIMPLEMENTED` where no listener matches, 500 for a rule without backends",
        Alike("the texts of earlier releases lead to the same"),
    ),
    (
        Release::V1_6_0,
        "a Gateway whose `infrastructure.parametersRef` leads to nothing valid is not accepted",
        Alike("as of GatewayClasses"),
    ),
    (
        Release::V1_6_2,
        "redirects with 303, 307 and 308 are Extended",
        Marks("the values are there or not; what there is means the same"),
    ),
    (
        Release::V1_7_0,
        "the path of session cookies where none is set",
        Field("session_cookie_path"),
    ),
    (
        Release::V1_7_0,
        "an HTTPRoute and a GRPCRoute for one hostname: one MAY be rejected, where one had to be",
        Alike("`Options::http_grpc_conflict` rejects one unless it is set"),
    ),
    (
        Release::V1_7_0,
        "of routes that a listener narrows to one hostname the one with the more specific hostname goes first",
        Alike("earlier releases leave it open; `HostnameRank` is the choice"),
    ),
    (
        Release::V1_7_0,
        "the condition `AddressesAssigned` of Gateways",
        Missing("the condition is not written: `Programmed` has the reason `AddressNotAssigned`"),
    ),
];

/// What a release says, by the names of the fields.
fn fields(release: Release) -> BTreeMap<String, String> {
    let text = format!("{:?}", Behaviour::of(release));
    let inside = text.split_once('{').unwrap().1;
    let each = inside.trim_end_matches('}').split(',');
    each.map(|field| {
        let (name, value) = field.split_once(':').unwrap();
        (name.trim().to_owned(), value.trim().to_owned())
    })
    .collect()
}

/// Each field of [`Behaviour`] is one change of the list, and has another value from that release on, and from no other.
#[test]
fn each_change_of_meaning_is_decided_somewhere_and_fields_change_with_their_releases() {
    let decided = |release: Option<Release>| {
        let rows = CHANGES.iter();
        let of_release = rows.filter(|row| release.is_none_or(|release| row.0 == release));
        let mut names: Vec<_> = of_release
            .filter_map(|(_, _, decided)| match decided {
                Field(name) => Some((*name).to_owned()),
                Marks(why) | Alike(why) | Missing(why) => {
                    assert!(!why.is_empty());
                    None
                }
            })
            .collect();
        names.sort();
        names
    };
    let names: Vec<_> = fields(Release::default()).into_keys().collect();
    assert_eq!(decided(None), names);
    assert!(CHANGES.is_sorted_by_key(|(release, ..)| *release));
    for (before, after) in Release::ALL.iter().zip(&Release::ALL[1..]) {
        let (old, new) = (fields(*before), fields(*after));
        let changed = names.iter().filter(|name| old[*name] != new[*name]);
        let changed: Vec<_> = changed.cloned().collect();
        assert_eq!(changed, decided(Some(*after)), "{before} {after}");
    }
}

/// Each switch, at the last release before it and the first after it.
#[test]
fn releases_decide_differently() {
    let of = Behaviour::of;
    let policies = |release| of(release).policy_references;
    assert_eq!(policies(Release::V1_3_0), PolicyReferences::Invalid);
    assert_eq!(policies(Release::V1_4_0), PolicyReferences::ResolvedRefs);
    let routes = |release| of(release).attached_routes;
    assert_eq!(routes(Release::V1_4_1), AttachedRoutes::Selected);
    assert_eq!(routes(Release::V1_5_0), AttachedRoutes::Accepted);
    let paths = |release| of(release).session_cookie_path;
    assert_eq!(paths(Release::V1_6_3), SessionCookiePath::Matched);
    assert_eq!(paths(Release::V1_7_0), SessionCookiePath::Root);
    let nobody = |release| of(release).no_endpoints;
    assert_eq!(nobody(Release::V1_1_1), NoEndpoints::InternalServerError);
    assert_eq!(nobody(Release::V1_2_0), NoEndpoints::ServiceUnavailable);
    assert_eq!(of(Release::made_up()), of(Release::newest()));
}
