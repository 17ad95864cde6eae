//! Rules on a set of objects: what is wrong although each object is valid. [`lint`](crate::lint) judges them.

use super::{Check, Rule};

const OF_SET: Rule = Rule {
    check: Check::Set,
    ..Rule::SEMANTIC
};

/// A route names no parent.
pub const HAS_PARENT: Rule = Rule {
    id: "Route/has-parent",
    message: "the route names no parent: no listener and no Service has it",
    help: "name a Gateway in `parentRefs`",
    ..OF_SET
};
/// A parentRef names nothing in the set.
pub const PARENT_EXISTS: Rule = Rule {
    id: "ParentReference/parent-exists",
    message: "the parent is not in the set",
    help: "name a Gateway (or, for a mesh, a Service) that exists, with its namespace if it is another",
    ..OF_SET
};
/// A parentRef names a listener that the Gateway does not have.
pub const LISTENER_EXISTS: Rule = Rule {
    id: "ParentReference/listener-exists",
    message: "the Gateway has no such listener",
    help: "name a listener of the Gateway by `sectionName`, or one of their ports by `port`",
    ..OF_SET
};
/// The hostnames of a route and of the listeners that it names have none in common.
pub const HOSTNAMES_MEET: Rule = Rule {
    id: "Route/hostnames-meet-listener",
    message: "no hostname of the route is one that the listener serves",
    help: "use a hostname that the listener covers, or widen the listener's",
    ..OF_SET
};
/// A parent exists and does not accept the route.
pub const PARENT_ACCEPTS: Rule = Rule {
    id: "ParentReference/accepted",
    message: "the parent does not accept the route",
    help: "`gwapi status` shows the conditions of the route and of its parent",
    ..OF_SET
};
/// A reference to a Service names nothing in the set.
pub const BACKEND_EXISTS: Rule = Rule {
    id: "BackendReference/backend-exists",
    message: "the backend is not in the set",
    help: "name a Service that exists, with its namespace if it is another",
    ..OF_SET
};
/// A reference names a port that the Service does not have.
pub const BACKEND_PORT_EXISTS: Rule = Rule {
    id: "BackendReference/port-exists",
    message: "the Service has no such port",
    help: "name one of the Service's own ports, not that of its pods",
    ..OF_SET
};
/// A backend exists and cannot be used.
pub const BACKEND_USABLE: Rule = Rule {
    id: "BackendReference/backend-usable",
    message: "the backend cannot be used: its share of requests is answered with 500",
    help: "name a Service with one of its ports, which has an address of its own and speaks a protocol of the route; if a BackendTLSPolicy is named, correct it; a kind of an implementation's own works there alone",
    ..OF_SET
};
/// A filter of an implementation's own, of which none is known here.
pub const FILTER_SUPPORTED: Rule = Rule {
    id: "LocalObjectReference/filter-supported",
    message: "no filter of an implementation's own is known here: the requests are answered with 500",
    help: "look whether the implementation has such a filter; one that does not must answer the requests with an error",
    ..OF_SET
};
/// A reference to another namespace without a ReferenceGrant there.
pub const GRANTED: Rule = Rule {
    id: "Reference/granted",
    message: "no ReferenceGrant of that namespace allows the reference",
    help: "add a ReferenceGrant in the namespace that is referred to",
    ..OF_SET
};
/// A listener names a certificate that is not in the set.
pub const CERTIFICATE_EXISTS: Rule = Rule {
    id: "SecretObjectReference/certificate-exists",
    message: "the certificate is not in the set",
    help: "name a Secret that exists, with its namespace if it is another",
    ..OF_SET
};
/// A listener names a certificate that cannot be used.
pub const CERTIFICATE_USABLE: Rule = Rule {
    id: "SecretObjectReference/certificate-usable",
    message: "the certificate cannot be used",
    help: "name a Secret of type `kubernetes.io/tls` with a certificate and its key, in PEM",
    ..OF_SET
};
/// No certificate of a listener is for its hostname.
pub const CERTIFICATE_COVERS_HOSTNAME: Rule = Rule {
    id: "Listener/certificate-covers-hostname",
    message: "no certificate of the listener is for its hostname: clients refuse it",
    help: "use a certificate with the hostname among its subject alternative names; clients do not look at the common name",
    ..OF_SET
};
/// A policy, or a listener that asks clients for certificates, names a CA certificate that is not in the
/// set.
pub const CA_CERTIFICATE_EXISTS: Rule = Rule {
    id: "CACertificateReference/certificate-exists",
    message: "the CA certificate is not in the set",
    help: "name a ConfigMap that exists, with the certificate under `ca.crt`",
    ..OF_SET
};
/// A policy, or a listener that asks clients for certificates, names a CA certificate that cannot be used.
pub const CA_CERTIFICATE_USABLE: Rule = Rule {
    id: "CACertificateReference/certificate-usable",
    message: "the CA certificate cannot be used",
    help: "name a ConfigMap with certificates in PEM under `ca.crt`",
    ..OF_SET
};
/// A policy names a target that is not in the set.
pub const TARGET_EXISTS: Rule = Rule {
    id: "PolicyTargetReference/target-exists",
    message: "the target is not in the set",
    help: "name an object of the policy's own namespace",
    ..OF_SET
};
/// A policy has no effect on a target that exists.
pub const TARGET_USABLE: Rule = Rule {
    id: "PolicyTargetReference/in-force",
    message: "the policy has no effect on the target",
    help: "a target is a Service of the policy's own namespace, or one of its ports by name; only one policy applies to each",
    ..OF_SET
};
/// The parameters that a GatewayClass or Gateway names do not exist.
pub const PARAMETERS_EXIST: Rule = Rule {
    id: "ParametersReference/parameters-exist",
    message: "the parameters are not in the set",
    help: "name an object that exists, with its namespace if the class names one",
    ..OF_SET
};
/// A reference names a kind in a group that does not have it.
pub const GROUP_HAS_KIND: Rule = Rule {
    id: "Reference/group-has-kind",
    message: "the group does not have the kind",
    help: "write the group that has the kind; the core group is `group: \"\"`",
    ..OF_SET
};
/// A match that another with the same requests is before.
pub const NO_DEAD_MATCH: Rule = Rule {
    id: "RouteRules/no-dead-match",
    message: "no request reaches the match: another takes all of them",
    help: "remove the match, or make it more specific",
    ..OF_SET
};
/// A route that gets no request at a listener or Service that accepts it.
pub const ROUTE_REACHED: Rule = Rule {
    id: "Route/reached",
    message: "no request reaches the route at a listener that accepts it",
    help: "attach the route to the listener that has its hosts, by `sectionName`, or give it hostnames of its own",
    ..OF_SET
};
/// A redirect that leads back to itself.
pub const NO_REDIRECT_LOOP: Rule = Rule {
    id: "HTTPRequestRedirectFilter/no-loop",
    message: "the redirect leads back to itself",
    help: "attach the route that redirects to one listener by `sectionName`, and the one that answers to the other",
    ..OF_SET
};
/// A redirect to a port of the same host at which nothing in the set listens.
pub const REDIRECT_HEARD: Rule = Rule {
    id: "HTTPRequestRedirectFilter/leads-to-listener",
    message: "no Gateway of the set listens where the redirect leads",
    help: "add a listener there; if a load balancer in front of the Gateway ends TLS, let that redirect: the Gateway sees HTTP \
           alone, and would redirect each request again",
    ..OF_SET
};
/// A regular expression that takes no path.
pub const PATTERN_TAKES_PATHS: Rule = Rule {
    id: "RegularExpression/takes-paths",
    message: "the regular expression takes no path",
    help: "begin the expression with `/`: it has to match the whole path",
    ..OF_SET
};
/// A regular expression that takes no value of a header or a query, or no name of a service or method.
pub const PATTERN_TAKES_VALUES: Rule = Rule {
    id: "RegularExpression/takes-values",
    message: "the regular expression takes no value that a request can have",
    help: "correct the expression: it has to match the whole value",
    ..OF_SET
};
/// A match on the header `Host` that is for none of the hosts of its route.
pub const HOST_IS_OF_ROUTE: Rule = Rule {
    id: "HeaderMatch/host-of-route",
    message: "no request can meet the match: it asks for a `Host` that is none of the hosts of the route",
    help: "name a host of the route, or give the route the host by `hostnames`, and leave the header out",
    ..OF_SET
};
/// A regular expression that is open at its end, which a whole path or value has to match.
pub const PATTERN_TAKES_WHOLE: Rule = Rule {
    id: "RegularExpression/takes-whole-path",
    message: "the regular expression has to match the whole path or value",
    help: "end it with `.*` for whatever follows, or with `$` to say that nothing does",
    ..OF_SET
};

/// A policy that is accepted and applies to no traffic of the set.
pub const POLICY_USED: Rule = Rule {
    id: "PolicyTargetReference/used",
    message: "the policy applies to no traffic: no accepted route refers to the target",
    help: "refer to the target in a route that is accepted, or remove the policy",
    ..OF_SET
};
/// A Gateway asks for a GatewayClass that is not in the set, and one of nearly this name is.
pub const CLASS_EXISTS: Rule = Rule {
    id: "Gateway/class-exists",
    message: "the GatewayClass is not in the set, which has one of nearly this name",
    help: "correct `gatewayClassName`, or add the GatewayClass",
    ..OF_SET
};
/// A hostname of a route that no listener serves, beside one that is served.
pub const HOSTNAME_SERVED: Rule = Rule {
    id: "Route/each-hostname-served",
    message: "no listener that accepts the route serves the hostname",
    help: "correct the hostname, or give the Gateway a listener that covers it",
    ..OF_SET
};
/// A backend has no endpoint that takes requests.
pub const BACKEND_HAS_ENDPOINTS: Rule = Rule {
    id: "BackendReference/has-endpoints",
    message: "the backend has no endpoint that is ready: its share of requests fails",
    help: "look at the pods of the Service and at its EndpointSlices",
    ..OF_SET
};
/// An EndpointSlice or Endpoints are of a Service that does not exist.
pub const SLICE_SERVICE_EXISTS: Rule = Rule {
    id: "EndpointSlice/service-exists",
    message: "the Service whose endpoints these are does not exist",
    help: "correct the name of the Service, or add the Service",
    ..OF_SET
};
/// A ReferenceGrant names an object that does not exist.
pub const GRANT_TARGET_EXISTS: Rule = Rule {
    id: "ReferenceGrant/target-exists",
    message: "the object that the grant names does not exist",
    help: "correct the name, or leave it out for all objects of the kind",
    ..OF_SET
};
/// A selector of namespaces selects none.
pub const NAMESPACE_SELECTED: Rule = Rule {
    id: "RouteNamespaces/selects-a-namespace",
    message: "the selector selects no Namespace that is given",
    help: "give a Namespace the labels, or change the selector",
    ..OF_SET
};
/// Listeners of one Gateway exclude each other.
pub const LISTENERS_DISTINCT: Rule = Rule {
    id: "Listeners/no-conflict",
    message: "the listener conflicts with another, and both are rejected",
    help: "give the listeners different ports or hostnames, and those of one port protocols that can share it",
    ..OF_SET
};
/// A listener asks for a protocol that is not known.
pub const PROTOCOL_SUPPORTED: Rule = Rule {
    id: "Listener/protocol-supported",
    message: "the protocol is not known: the listener is rejected",
    help: "write HTTP, HTTPS, TLS, TCP or UDP",
    ..OF_SET
};
/// A listener allows kinds of routes that it cannot take.
pub const ROUTE_KINDS_SUPPORTED: Rule = Rule {
    id: "AllowedRoutes/kinds-supported",
    message: "the listener cannot take a kind of route that it allows",
    help: "name kinds that the protocol of the listener carries, or leave `kinds` out for all of them",
    ..OF_SET
};
/// A listener has a value that no API server refuses and that it cannot have.
pub const LISTENER_VALID: Rule = Rule {
    id: "Listener/valid",
    message: "the listener is rejected",
    help: "correct the field",
    ..OF_SET
};
/// The CRDs that are installed are of a release that is not known.
pub const RELEASE_KNOWN: Rule = Rule {
    id: "GatewayClass/release-known",
    message: "the installed CRDs are of a release that is not known",
    help: "install the CRDs of one release",
    ..OF_SET
};
/// A Gateway asks for an address that it cannot have.
pub const ADDRESS_USABLE: Rule = Rule {
    id: "GatewayAddress/usable",
    message: "the Gateway cannot have the address",
    help: "ask for another address in `spec.addresses`, or for none",
    ..OF_SET
};
/// A parentRef names a kind that is no parent of routes.
pub const PARENT_KIND: Rule = Rule {
    id: "ParentReference/kind-is-parent",
    message: "the kind cannot be the parent of a route",
    help: "name a Gateway (`kind: Gateway`), or, for a mesh, a Service (`kind: Service`, `group: \"\"`)",
    ..OF_SET
};
/// A Service keeps clients at a pod by their address, and session persistence is to keep their sessions.
pub const ONE_KIND_OF_SESSION: Rule = Rule {
    id: "SessionPersistence/no-client-ip-affinity",
    message: "session persistence is used with a Service that has `sessionAffinity: ClientIP`",
    help: "remove `sessionAffinity: ClientIP` from the Service, or the session persistence",
    ..OF_SET
};
/// The name of a session's cookie asks for TLS, and clients of a listener speak cleartext.
pub const COOKIE_FITS_LISTENER: Rule = Rule {
    id: "SessionPersistence/cookie-needs-tls",
    message: "clients of a cleartext listener drop the cookie of the session: its name begins with `__Secure-` or `__Host-`",
    help: "name the cookie otherwise, or attach the route to listeners of protocol HTTPS alone",
    ..OF_SET
};
/// A Gateway asks for a GatewayClass that is not accepted.
pub const CLASS_ACCEPTED: Rule = Rule {
    id: "Gateway/class-accepted",
    message: "the GatewayClass is not accepted, so that nobody looks after the Gateway",
    help: "correct the GatewayClass, or name another one",
    ..OF_SET
};
/// A rule of a route cannot be applied as it is written, though each of its fields is valid.
pub const RULE_APPLIES: Rule = Rule {
    id: "RouteRules/rule-applies",
    message: "the rule cannot be applied",
    help: "correct what the message names, or remove it from the rule",
    ..OF_SET
};
/// An object is given again later in the set, with other content or the same.
pub const GIVEN_ONCE: Rule = Rule {
    id: "Object/given-once",
    message: "an object of this kind, namespace and name is given again later: the API server keeps what was applied last",
    help: "remove one of the two, or give them different names",
    ..OF_SET
};
/// An object names no namespace, and what it refers to is in another one than `default`.
pub const NAMESPACE_NAMED: Rule = Rule {
    id: "Object/names-namespace",
    message: "the object names no namespace, so that it is read as being in `default`, and refers to objects of another one",
    help: "give it its namespace, or apply it with `-n`",
    ..OF_SET
};

pub(super) const RULES: &[Rule] = &[
    HAS_PARENT,
    PARENT_EXISTS,
    LISTENER_EXISTS,
    HOSTNAMES_MEET,
    PARENT_ACCEPTS,
    BACKEND_EXISTS,
    BACKEND_PORT_EXISTS,
    BACKEND_USABLE,
    FILTER_SUPPORTED,
    GRANTED,
    CERTIFICATE_EXISTS,
    CERTIFICATE_USABLE,
    CERTIFICATE_COVERS_HOSTNAME,
    CA_CERTIFICATE_EXISTS,
    CA_CERTIFICATE_USABLE,
    TARGET_EXISTS,
    TARGET_USABLE,
    POLICY_USED,
    ONE_KIND_OF_SESSION,
    COOKIE_FITS_LISTENER,
    CLASS_EXISTS,
    CLASS_ACCEPTED,
    RULE_APPLIES,
    GIVEN_ONCE,
    NAMESPACE_NAMED,
    HOSTNAME_SERVED,
    BACKEND_HAS_ENDPOINTS,
    SLICE_SERVICE_EXISTS,
    GRANT_TARGET_EXISTS,
    NAMESPACE_SELECTED,
    LISTENERS_DISTINCT,
    PROTOCOL_SUPPORTED,
    ROUTE_KINDS_SUPPORTED,
    LISTENER_VALID,
    RELEASE_KNOWN,
    ADDRESS_USABLE,
    PARENT_KIND,
    PARAMETERS_EXIST,
    GROUP_HAS_KIND,
    NO_DEAD_MATCH,
    ROUTE_REACHED,
    NO_REDIRECT_LOOP,
    REDIRECT_HEARD,
    PATTERN_TAKES_PATHS,
    PATTERN_TAKES_WHOLE,
    PATTERN_TAKES_VALUES,
    HOST_IS_OF_ROUTE,
];
