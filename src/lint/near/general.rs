//! What would be right by the kind of a problem alone, where nothing nearly fits.

use super::{Kind, MOST_NAMED, Near, conflict::parent_index};
use crate::{
    attachment::{ReferenceProblem, RouteKind, Standing, Status, is_config_map, is_secret},
    meta::{ObjectRef, Release, condition},
    v1::{Listener, ListenerTlsConfig},
};

impl Near<'_> {
    /// What would be right in place of a reference that fails.
    pub(super) fn remedy(&self, problem: &ReferenceProblem) -> Option<String> {
        let path = &problem.path;
        let to = problem.to.as_ref()?;
        Some(match problem.kind {
            Kind::ListenerNotFound => {
                let part = match to.kind.as_str() {
                    "Gateway" => "listener",
                    _ => "port",
                };
                format!(
                    "name a {part} in `{path}` that {to} has, or leave the field out for all of them"
                )
            }
            Kind::NoCommonHostname => format!(
                "give the route a hostname that a listener of {to} serves, or a listener one that the route names"
            ),
            Kind::BackendNotFound => format!("create {to}, or name another backend"),
            Kind::NoBackendTlsPolicy => format!(
                "create a BackendTLSPolicy for {to}, which says whom to trust, or name another backend in `{path}`"
            ),
            Kind::PortNotFound | Kind::PortMissing => {
                let ports = self.ports(to);
                let ports = ports.iter().take(MOST_NAMED);
                let ports: Vec<String> = ports.map(|(port, _)| port.to_string()).collect();
                match ports.as_slice() {
                    [] => format!("give {to} a port"),
                    ports if problem.kind == Kind::PortMissing => {
                        format!("set `{path}` to a port of {to}: {}", ports.join(" or "))
                    }
                    ports => format!("name a port that {to} has, as {}", ports.join(" or ")),
                }
            }
            Kind::BackendUnusable if !is_backend(to) => {
                format!("name a Service or a ServiceImport in `{path}`")
            }
            Kind::BackendUnusable => format!(
                "name another backend in `{path}`: one with an address of its own that speaks a protocol of the route"
            ),
            Kind::FilterUnsupported => format!(
                "leave the filter out to see the rest of the rule: only the implementation that has kind {} knows what it does",
                to.kind
            ),
            Kind::CertificateNotFound => format!(
                "create {to}, of type `kubernetes.io/tls`, with a certificate and its private key"
            ),
            Kind::CertificateUnusable if !is_secret(to) => {
                format!("name a Secret in `{path}`")
            }
            Kind::CertificateUnusable => format!(
                "put a certificate that is valid, and the private key that belongs to it, into {to}"
            ),
            Kind::AuthorityNotFound => {
                format!("create {to}, with CA certificates under the key `ca.crt`")
            }
            Kind::AuthorityUnusable if !is_config_map(to) => {
                format!("name a ConfigMap in `{path}`")
            }
            Kind::AuthorityUnusable => {
                format!("put certificates of authorities into {to}, under `ca.crt`")
            }
            Kind::TargetUnusable if !is_backend(to) => {
                format!("name a Service or a ServiceImport in `{path}`")
            }
            _ => return None,
        })
    }

    /// What a policy needs that has no effect on a target which can be one.
    pub(super) fn other_target(
        &self,
        object: &ObjectRef,
        problem: &ReferenceProblem,
    ) -> Option<String> {
        let to = problem.to.as_ref().filter(|to| is_backend(to))?;
        let index = problem.path.strip_prefix("spec.targetRefs[")?;
        let index: usize = index.split_once(']')?.0.parse().ok()?;
        let target = self
            .resolver
            .resolution()
            .policies
            .get(object)?
            .get(index)?;
        Some(match &target.section {
            _ if target.accepted => format!(
                "remove {to} from the `targetRefs` of {object}, or send it traffic of HTTPRoutes, GRPCRoutes or TCPRoutes through a Gateway"
            ),
            Some(_) => format!(
                "name a port of {to} by its name in `{}.sectionName`, or leave the field out for all of them",
                problem.path
            ),
            None if !self.has_tcp(to) => format!(
                "name a Service in `{}` that has a port for TCP, or remove {object}",
                problem.path
            ),
            None => return None,
        })
    }

    /// What the targets of a policy need that no accepted route refers to; each with its field.
    pub(super) fn unused_targets(&self, object: &ObjectRef) -> Vec<(String, String)> {
        let targets = self.resolver.resolution().policies.get(object);
        let targets = targets.into_iter().flatten().enumerate();
        let unused = targets.filter(|(_, target)| target.is_unused());
        let help = unused.take(MOST_NAMED).map(|(index, target)| {
            let help = format!(
                "refer to {} in a route that a Gateway accepts, or remove the policy",
                target.target
            );
            (format!("spec.targetRefs[{index}]"), help)
        });
        help.collect()
    }

    /// Whether the status of a GatewayClass says of which release the CRDs are.
    pub(super) fn tells_release(&self, object: &ObjectRef) -> bool {
        let statuses = &self.resolver.resolution().statuses;
        let Some(Status::GatewayClass(status)) = statuses.get(object) else {
            return false;
        };
        let unsupported = condition::gateway_class::reason::UNSUPPORTED_VERSION;
        let mut conditions = status.conditions.iter();
        conditions.any(|one| one.reason == unsupported)
    }

    /// Whether a Service or ServiceImport has a port for TCP, which is the protocol unless another one is named.
    fn has_tcp(&self, to: &ObjectRef) -> bool {
        self.ports(to)
            .iter()
            .any(|(_, protocol)| protocol.is_none_or(|one| one == "TCP"))
    }

    /// The ports of a Service or ServiceImport, each with its protocol.
    fn ports(&self, to: &ObjectRef) -> Vec<(i32, Option<&str>)> {
        let place = &to.namespaced_name();
        let snapshot = self.resolver.snapshot();
        if to.kind == "ServiceImport" {
            let import = snapshot.service_imports().get(place);
            let ports = import.into_iter().flat_map(|import| &import.spec.ports);
            return ports
                .map(|port| (port.port, port.protocol.as_deref()))
                .collect();
        }
        let service = snapshot.services().get(place);
        let ports = service.and_then(|service| service.spec.as_ref()?.ports.as_ref());
        let ports = ports.into_iter().flatten();
        ports
            .map(|port| (port.port, port.protocol.as_deref()))
            .collect()
    }

    /// What a route needs that a Service or ServiceImport does not take; nothing where it is rejected for its rules, which have a
    /// help of their own.
    fn not_taken_by_service(
        &self,
        object: &ObjectRef,
        problem: &ReferenceProblem,
        kind: RouteKind,
    ) -> Option<String> {
        let (route, parent) = parent_index(object, problem)?;
        if self.resolver.is_rejected_for_rules(&route, parent) {
            return None;
        }
        let to = problem.to.as_ref()?;
        let path = &problem.path;
        if !self.resolver.has_mesh_address(to) {
            return Some(format!(
                "name a Service in `{path}` that has an address of its own"
            ));
        }
        if to.namespace != object.namespace && !self.resolver.takes_consumer_routes() {
            return Some(format!(
                "create the {kind} in namespace `{}`, that of {to}",
                to.namespace
            ));
        }
        let protocol = match kind {
            RouteKind::Udp => "UDP",
            _ => "TCP",
        };
        Some(format!(
            "name a Service in `{path}` that has a port for {protocol}"
        ))
    }

    /// What a route needs that the listeners of a Gateway do not take, by its kind or its namespace.
    pub(super) fn not_taken(
        &self,
        object: &ObjectRef,
        problem: &ReferenceProblem,
    ) -> Option<String> {
        use condition::route::reason;
        let attachment = self.attachment(object, problem)?;
        let to = problem.to.as_ref()?;
        let kind = RouteKind::from_kind(&object.kind)?;
        if to.kind != "Gateway" {
            return self.not_taken_by_service(object, problem, kind);
        }
        let gateway = self
            .resolver
            .snapshot()
            .gateways()
            .get(&to.namespaced_name())?;
        let rejected = attachment.listeners.iter().filter(|at| {
            let not_allowed = reason::NOT_ALLOWED_BY_LISTENERS;
            matches!(&at.standing, Standing::Rejected { reason } if *reason == not_allowed)
        });
        // Where a listener that carries the kind rejects the route for another reason, that is the cause.
        let further = attachment.listeners.iter().any(|at| {
            let known = [reason::NOT_ALLOWED_BY_LISTENERS, reason::NO_MATCHING_PARENT];
            matches!(&at.standing, Standing::Rejected { reason } if !known.contains(reason))
        });
        if further {
            return None;
        }
        // One that is rejected itself has its own help, at the Gateway.
        let statuses = &self.resolver.resolution().statuses;
        let is_accepted = |name: &str| match statuses.get(to) {
            Some(Status::Gateway(status)) => {
                let mut listeners = status.listeners.iter();
                let listener = listeners.find(|listener| listener.name == name);
                listener.is_some_and(|listener| {
                    let accepted = condition::listener::ACCEPTED;
                    let mut conditions = listener.conditions.iter();
                    conditions.any(|one| one.type_ == accepted && one.status == "True")
                })
            }
            _ => false,
        };
        let mut written = self
            .first_listeners(rejected)
            .filter(|at| is_accepted(&at.name))
            .filter_map(|at| {
                let mut listeners = gateway.spec.listeners.iter();
                listeners.find(|listener| *listener.name == *at.name)
            });
        let carries = |listener: &Listener| {
            let mode = listener.tls.as_ref().map(ListenerTlsConfig::mode);
            RouteKind::of_protocol(&listener.protocol, mode.as_ref()).contains(&kind)
        };
        let first = written.next()?;
        let protocol = match kind {
            RouteKind::Http | RouteKind::Grpc => "HTTP` or `protocol: HTTPS",
            RouteKind::Tls => "TLS",
            RouteKind::Tcp => "TCP` or `protocol: TLS` with `tls.mode: Terminate",
            RouteKind::Udp => "UDP",
        };
        let Some(listener) = std::iter::once(first)
            .chain(written)
            .find(|one| carries(one))
        else {
            let mut all = self.first_candidates(gateway.spec.listeners.iter());
            let others = "others take no";
            return Some(match all.find(|one| carries(one)) {
                Some(one) => format!(
                    "name listener `{}`, which has `protocol: {}`: {others} {kind}",
                    one.name, one.protocol
                ),
                None => {
                    format!("add a listener with `protocol: {protocol}` to {to}: {others} {kind}")
                }
            });
        };
        let kinds = listener
            .allowed_routes
            .as_ref()
            .map(|allowed| &allowed.kinds);
        let takes = kinds.is_none_or(|kinds| {
            kinds.is_empty() || kinds.iter().any(|allowed| allowed.kind == kind.as_str())
        });
        Some(if takes {
            format!(
                "give Namespace `{}` the labels that listener `{}` asks for, or widen its `allowedRoutes.namespaces`",
                object.namespace, listener.name
            )
        } else {
            format!(
                "add `kind: {kind}` to the `allowedRoutes.kinds` of listener `{}`, or name another listener",
                listener.name
            )
        })
    }
}

/// Which CRDs to install, where those that are installed are of no known release.
pub(super) fn known_release() -> String {
    let (first, last) = (Release::ALL.first(), Release::ALL.last());
    let known = first
        .zip(last)
        .map(|(first, last)| format!(" from {first} to {last}"));
    format!(
        "install the CRDs of one release{}",
        known.unwrap_or_default()
    )
}

/// Whether an object is of a core kind.
fn is_core(object: &ObjectRef, kind: &str) -> bool {
    object.group.is_empty() && object.kind == kind
}

/// Whether an object is of a kind that has endpoints.
fn is_backend(object: &ObjectRef) -> bool {
    is_core(object, "Service") || object.kind == "ServiceImport"
}
