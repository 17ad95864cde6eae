//! What would be right by the kind of a problem alone, where nothing nearly fits.

use super::{
    Kind, MOST_NAMED, Near,
    conflict::parent_index,
    obstacles::{carries_transport, none_carries, parent_of, transport},
    quoted_group,
};
use crate::{
    attachment::{
        BACKEND_KINDS, ReferenceProblem, RouteKind, Status, is_config_map, is_secret, secret_remedy,
    },
    meta::{ObjectRef, Release, condition},
    schema::nearest_name,
};
use std::collections::BTreeSet;

impl Near<'_> {
    /// What would be right in place of a reference that fails.
    pub(super) fn remedy(&self, object: &ObjectRef, problem: &ReferenceProblem) -> Option<String> {
        let path = &problem.path;
        let to = problem.to.as_ref()?;
        Some(match problem.kind {
            Kind::BackendNotFound => format!("create {to}, or name another backend"),
            Kind::NoBackendTlsPolicy => format!(
                "create a BackendTLSPolicy for {to}, which says whom to trust, or name another backend in `{path}`"
            ),
            Kind::PortNotFound | Kind::PortMissing => {
                let ports = self.ports(to).into_iter();
                let fit = ports.filter(|(.., protocol)| {
                    let kind = RouteKind::from_kind(&object.kind);
                    kind.is_none_or(|kind| carries_transport(kind, *protocol))
                });
                let ports: Vec<String> = fit
                    .take(MOST_NAMED)
                    .map(|(_, port, _)| port.to_string())
                    .collect();
                match ports.as_slice() {
                    [] => format!("give {to} a port that the route can use"),
                    ports if problem.kind == Kind::PortMissing => {
                        format!("set `{path}` to a port of {to}: {}", ports.join(" or "))
                    }
                    ports => format!("name a port that {to} has, as {}", ports.join(" or ")),
                }
            }
            Kind::BackendUnusable if !is_backend(to) => wrong_kind(to, path, BACKEND_KINDS),
            Kind::BackendUnusable if self.is_of_other_transport(object, problem, to) => {
                let kind = RouteKind::from_kind(&object.kind)?;
                let transport = transport(kind);
                let ports = self.ports(to).into_iter();
                let fit = ports.filter(|(.., protocol)| carries_transport(kind, *protocol));
                let fit: Vec<String> = fit
                    .take(MOST_NAMED)
                    .map(|(_, port, _)| port.to_string())
                    .collect();
                match fit.as_slice() {
                    [] => format!("name a port in `{path}` whose `protocol` is {transport}"),
                    ports => format!(
                        "name a port in `{path}` whose `protocol` is {transport}, as {} of {to}",
                        ports.join(" or ")
                    ),
                }
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
            Kind::CertificateUnusable if !is_secret(to) => wrong_kind(to, path, &[("", "Secret")]),
            Kind::CertificateUnusable => {
                let secrets = self.resolver.snapshot().secrets();
                let secret = secrets.get(&to.namespaced_name());
                secret_remedy(secret.map(|secret| &**secret), to)
            }
            Kind::AuthorityNotFound => {
                format!("create {to}, with CA certificates under the key `ca.crt`")
            }
            Kind::AuthorityUnusable if !is_config_map(to) => {
                wrong_kind(to, path, &[("", "ConfigMap")])
            }
            Kind::AuthorityUnusable => {
                format!("put certificates of authorities into {to}, under `ca.crt`")
            }
            Kind::TargetUnusable if !is_backend(to) => wrong_kind(to, path, BACKEND_KINDS),
            _ => return None,
        })
    }

    /// Whether a backend cannot be used since the port that is named has the other transport: what is above it makes no difference
    /// to routes of connections and datagrams, and HTTP needs TCP.
    fn is_of_other_transport(
        &self,
        object: &ObjectRef,
        problem: &ReferenceProblem,
        to: &ObjectRef,
    ) -> bool {
        let Some(kind) = RouteKind::from_kind(&object.kind) else {
            return false;
        };
        let services = self.resolver.snapshot().services();
        let service = services.get(&to.namespaced_name());
        let spec = service.and_then(|service| service.spec.as_ref());
        let is_alias = spec.is_some_and(|spec| spec.type_.as_deref() == Some("ExternalName"));
        let is_http = matches!(kind, RouteKind::Http | RouteKind::Grpc);
        let ports = self.ports(to);
        let fits = |(.., protocol): &(_, _, Option<&str>)| carries_transport(kind, *protocol);
        let is_another_fault = problem.policy.is_some() || is_alias || ports.is_empty();
        !(is_another_fault || is_http && ports.iter().any(fits))
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
        let others: BTreeSet<String> = target.yields_to.values().map(ToString::to_string).collect();
        let others: Vec<String> = others.into_iter().take(MOST_NAMED).collect();
        Some(match &target.section {
            _ if target.accepted && !target.applies() && !others.is_empty() => format!(
                "remove {to} from the `targetRefs` of {object}, or remove {}",
                others.join(" and ")
            ),
            _ if target.accepted => format!(
                "remove {to} from the `targetRefs` of {object}, or send it traffic of HTTPRoutes, GRPCRoutes or TCPRoutes through a Gateway"
            ),
            Some(_) if self.has_no_named_port(to) => format!(
                "remove `sectionName` from `{}`, or give the port a name: no port of {to} has one",
                problem.path
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
            let port = target.section.as_ref();
            let port = port.map(|port| format!("port `{port}` of "));
            // What a client in a mesh encrypts or not is no business of the policy (GEP-1897).
            let by = match object.kind.as_str() {
                "BackendTLSPolicy" => "a Gateway accepts",
                _ => "a Gateway or a Service accepts",
            };
            let help = format!(
                "refer to {}{} in a route that {by}, or remove the policy",
                port.unwrap_or_default(),
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
            .any(|(.., protocol)| carries_transport(RouteKind::Tcp, *protocol))
    }

    /// Whether no port of a Service or ServiceImport can be named.
    fn has_no_named_port(&self, to: &ObjectRef) -> bool {
        let ports = self.ports(to).into_iter();
        let mut names = ports.filter_map(|(name, ..)| name);
        names.all(str::is_empty)
    }

    /// The ports of a Service or ServiceImport, each with its name, number and protocol.
    pub(super) fn ports(&self, to: &ObjectRef) -> Vec<(Option<&str>, i32, Option<&str>)> {
        let place = &to.namespaced_name();
        let snapshot = self.resolver.snapshot();
        macro_rules! ports {
            ($ports:expr) => {
                $ports
                    .map(|port| (port.name.as_deref(), port.port, port.protocol.as_deref()))
                    .collect()
            };
        }
        if to.kind == "ServiceImport" {
            let import = snapshot.service_imports().get(place);
            return ports!(import.into_iter().flat_map(|import| &import.spec.ports));
        }
        let service = snapshot.services().get(place);
        let ports = service.and_then(|service| service.spec.as_ref()?.ports.as_ref());
        ports!(ports.into_iter().flatten())
    }

    /// What a route needs that a Service or ServiceImport does not take.
    fn not_taken_by_service(
        &self,
        object: &ObjectRef,
        problem: &ReferenceProblem,
        kind: RouteKind,
    ) -> Option<String> {
        let to = problem.to.as_ref()?;
        let at = parent_of(&problem.path);
        if !self.resolver.has_mesh_address(to) {
            return Some(format!(
                "name a Service in `{at}` that has an address of its own"
            ));
        }
        if to.namespace != object.namespace && !self.resolver.takes_consumer_routes() {
            return Some(format!(
                "create the {kind} in namespace `{}`, that of {to}",
                to.namespace
            ));
        }
        match at == problem.path {
            true => Some(none_carries(kind, to, at)),
            false => self.other_part(object, problem),
        }
    }

    /// What a route needs that its parent does not take. Of one that loses to others, or is rejected for its rules, that is said
    /// elsewhere.
    pub(super) fn not_taken(
        &self,
        object: &ObjectRef,
        problem: &ReferenceProblem,
    ) -> Option<String> {
        let attachment = self.attachment(object, problem)?;
        let (route, parent) = parent_index(object, problem)?;
        if attachment.attached
            || !attachment.ours
            || self.resolver.is_rejected_for_rules(&route, parent)
        {
            return None;
        }
        let to = problem.to.as_ref()?;
        if to.kind != "Gateway" {
            return self.not_taken_by_service(object, problem, route.kind);
        }
        self.let_through(object, problem)
            .or_else(|| self.other_listener(object, problem))
    }
}

/// What to write in a reference to a kind that cannot be referred to there: its group, where that alone is wrong, or a kind that can.
fn wrong_kind(to: &ObjectRef, path: &str, kinds: &[(&str, &str)]) -> String {
    if let Some((group, _)) = kinds.iter().find(|(_, kind)| *kind == to.kind) {
        return format!("write `group: {}` in `{path}`", quoted_group(group));
    }
    let names = kinds.iter().map(|(_, kind)| *kind);
    let near = nearest_name(&to.kind, names.clone());
    let near = kinds.iter().find(|(_, kind)| Some(*kind) == near);
    match near {
        Some((group, kind)) if *group == to.group => {
            format!("did you mean `kind: {kind}` in `{path}`?")
        }
        Some((group, kind)) => {
            let group = quoted_group(group);
            format!("did you mean `group: {group}` and `kind: {kind}` in `{path}`?")
        }
        None => {
            let names: Vec<String> = names.map(|kind| format!("a {kind}")).collect();
            format!("name {} in `{path}`", names.join(" or "))
        }
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
