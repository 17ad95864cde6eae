//! Listeners by themselves: protocol, kinds of routes, TLS.

use super::{conflict, pem};
use crate::{
    attachment::{
        Options, Snapshot,
        effective::{Certificate, ClientValidation, EffectiveHostname, EffectiveTls},
        finding::{Finding, join},
        objects::{grants::Grants, route_id::RouteKind, selector},
    },
    meta::{ConditionStatus, Hostname, NamespacedName, ObjectReference, condition, is_port_number},
    v1::{
        FromNamespaces, GatewayTlsConfig, Listener, ProtocolType, RouteGroupKind,
        SecretObjectReference, TlsModeType,
    },
};
use condition::listener::reason;
use k8s_openapi::{
    ByteString,
    api::core::v1::{ConfigMap, Secret},
    apimachinery::pkg::apis::meta::v1::LabelSelector,
};
use std::{collections::BTreeMap, sync::Arc};

/// A listener and what was found out about it.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::attachment) struct ListenerState {
    pub(in crate::attachment) name: Arc<str>,
    pub(in crate::attachment) port: Option<u16>,
    pub(in crate::attachment) protocol: ProtocolType,
    pub(in crate::attachment) hostname: Option<Hostname>,
    /// What holds for routes that name no hostname.
    pub(in crate::attachment) all_hostnames: Arc<[EffectiveHostname]>,
    pub(in crate::attachment) kinds: Vec<RouteKind>,
    pub(in crate::attachment) supported_kinds: Vec<RouteGroupKind>,
    pub(in crate::attachment) from: From,
    pub(in crate::attachment) tls: Option<EffectiveTls>,
    pub(in crate::attachment) accepted: Finding,
    pub(in crate::attachment) conflicted: Finding,
    pub(in crate::attachment) resolved: Finding,
    /// Whether the references leave the listener able to do its work.
    pub(in crate::attachment) usable: bool,
}

/// From which namespaces routes may come.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::attachment) enum From {
    All,
    Same,
    Selector(LabelSelector),
    /// A value that is not known: none.
    Unknown(String),
}

impl ListenerState {
    /// Whether the listener takes traffic, if its Gateway is accepted.
    pub(in crate::attachment) fn in_force(&self) -> bool {
        self.accepted.holds() && !self.conflicted.holds() && self.usable
    }

    /// Whether routes of this namespace may attach.
    pub(in crate::attachment) fn allows_namespace(
        &self,
        gateway_namespace: &str,
        route_namespace: &str,
        labels: &BTreeMap<String, String>,
    ) -> bool {
        match &self.from {
            From::All => true,
            From::Same => gateway_namespace == route_namespace,
            From::Selector(selector) => selector::matches(selector, labels),
            From::Unknown(_) => false,
        }
    }

    /// From where routes may come, for people.
    pub(in crate::attachment) fn describe_from(&self, gateway_namespace: &str) -> String {
        match &self.from {
            From::All => "all namespaces".to_owned(),
            From::Same => format!("namespace `{gateway_namespace}` only"),
            From::Selector(selector) => {
                format!("namespaces labelled `{}`", selector::describe(selector))
            }
            From::Unknown(from) => format!("no namespace: `{from}` is not known"),
        }
    }

    /// Which labels a namespace has of those that the selector asks for, for people; nothing without a
    /// selector.
    pub(in crate::attachment) fn describe_labels(
        &self,
        labels: &BTreeMap<String, String>,
    ) -> String {
        let From::Selector(selector) = &self.from else {
            return String::new();
        };
        let found: Vec<String> = selector::keys(selector)
            .filter_map(|key| labels.get_key_value(key))
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        if found.is_empty() {
            ", which has none of these labels".to_owned()
        } else {
            format!(", which is labelled `{}`", found.join(","))
        }
    }

    /// Which kinds it takes, for people.
    pub(in crate::attachment) fn describe_kinds(&self) -> String {
        match self.kinds.as_slice() {
            [] => "no kind of route".to_owned(),
            kinds => kinds
                .iter()
                .map(|kind| kind.as_str())
                .collect::<Vec<_>>()
                .join(", "),
        }
    }
}

/// Looks at one listener of a Gateway in `namespace`, without regard to the others.
pub(in crate::attachment) fn examine(
    listener: &Listener,
    namespace: &str,
    snapshot: &Snapshot,
    grants: &Grants,
    options: &Options,
) -> ListenerState {
    let mode = listener.tls_mode();
    let (kinds, supported_kinds, bad_kinds) = kinds(listener, mode.as_ref(), options);
    let (hostname, accepted) = accept(listener, mode.as_ref(), options);
    let mut problems = Vec::new();
    let tls = listener
        .tls
        .as_ref()
        .filter(|_| matches!(listener.protocol, ProtocolType::Https | ProtocolType::Tls))
        .map(|tls| {
            Resolver {
                namespace,
                snapshot,
                grants,
                problems: &mut problems,
            }
            .tls(tls)
        });
    let mut usable = problems.is_empty() && (!kinds.is_empty() || bad_kinds.is_empty());
    if !accepted.holds() {
        usable = false;
    }
    if !bad_kinds.is_empty() {
        problems.push((
            reason::INVALID_ROUTE_KINDS,
            format!(
                "`{}` cannot be attached to a listener of protocol {}",
                bad_kinds.join("`, `"),
                listener.protocol
            ),
        ));
    }
    ListenerState {
        name: listener.name.as_str().into(),
        port: u16::try_from(listener.port).ok().filter(|p| *p > 0),
        protocol: listener.protocol.clone(),
        all_hostnames: Arc::new([EffectiveHostname {
            hostname: hostname.clone(),
            own: None,
        }]),
        hostname,
        kinds,
        supported_kinds,
        from: from(listener),
        tls,
        accepted,
        conflicted: conflict::none(),
        resolved: resolved(&problems),
        usable,
    }
}

/// The condition `ResolvedRefs`: the first problem gives the reason, all of them the message.
fn resolved(problems: &[(&'static str, String)]) -> Finding {
    match problems.first() {
        None => Finding::new(true, reason::RESOLVED_REFS, "all references are good"),
        Some((reason, _)) => {
            let texts: Vec<String> = problems.iter().map(|(_, text)| text.clone()).collect();
            Finding::new(false, reason, join(&texts))
        }
    }
}

fn from(listener: &Listener) -> From {
    match listener.routes_from() {
        FromNamespaces::All => From::All,
        FromNamespaces::Same => From::Same,
        FromNamespaces::Selector => {
            let selector = listener
                .allowed_routes
                .as_ref()
                .and_then(|allowed| allowed.namespaces.as_ref())
                .and_then(|namespaces| namespaces.selector.clone());
            match selector {
                Some(selector) => From::Selector(selector),
                None => From::Unknown("Selector without a selector".to_owned()),
            }
        }
        FromNamespaces::Unknown(text) => From::Unknown(text.into()),
    }
}

/// The kinds that the listener takes, in the form of the status too, and those that it cannot take.
fn kinds(
    listener: &Listener,
    mode: Option<&TlsModeType>,
    options: &Options,
) -> (Vec<RouteKind>, Vec<RouteGroupKind>, Vec<String>) {
    let possible = RouteKind::of_protocol(&listener.protocol, mode);
    let fits = |kind: &RouteKind| possible.contains(kind) && kind.supported(options);
    let asked = listener
        .allowed_routes
        .as_ref()
        .map(|allowed| allowed.kinds.as_slice())
        .unwrap_or_default();
    let mut bad = Vec::new();
    let mut kinds: Vec<RouteKind> = Vec::new();
    if asked.is_empty() {
        kinds = possible.iter().copied().filter(fits).collect();
    }
    for ask in asked {
        let kind = (ask.group() == crate::meta::GROUP)
            .then(|| RouteKind::from_kind(&ask.kind))
            .flatten()
            .filter(fits);
        match kind {
            Some(kind) if kinds.contains(&kind) => {}
            Some(kind) => kinds.push(kind),
            None => bad.push(ask.group_kind().to_string()),
        }
    }
    let supported = kinds
        .iter()
        .map(|kind| RouteGroupKind::gateway_api(kind.as_str()))
        .collect();
    (kinds, supported, bad)
}

/// The hostname as it can be matched, and the condition `Accepted`.
fn accept(
    listener: &Listener,
    mode: Option<&TlsModeType>,
    options: &Options,
) -> (Option<Hostname>, Finding) {
    let refuse = |reason, message: String| (None, Finding::new(false, reason, message));
    if !listener.protocol.is_known() {
        return refuse(
            reason::UNSUPPORTED_PROTOCOL,
            format!("protocol `{}` is not supported", listener.protocol),
        );
    }
    if RouteKind::of_protocol(&listener.protocol, mode)
        .iter()
        .all(|kind| !kind.supported(options))
    {
        return refuse(
            reason::UNSUPPORTED_PROTOCOL,
            format!(
                "no kind of route for protocol {} is supported",
                listener.protocol
            ),
        );
    }
    if !is_port_number(listener.port) {
        return refuse(
            reason::PORT_UNAVAILABLE,
            format!("{} is not a port: expected 1 to 65535", listener.port),
        );
    }
    let needs_tls = matches!(listener.protocol, ProtocolType::Https | ProtocolType::Tls);
    match mode {
        None if needs_tls => {
            return refuse(
                reason::INVALID,
                format!("protocol {} needs `tls`", listener.protocol),
            );
        }
        Some(TlsModeType::Passthrough) if listener.protocol == ProtocolType::Https => {
            return refuse(
                reason::INVALID,
                "protocol HTTPS needs `tls.mode` Terminate".to_owned(),
            );
        }
        Some(TlsModeType::Unknown(mode)) if needs_tls => {
            return refuse(reason::INVALID, format!("`tls.mode` `{mode}` is not known"));
        }
        _ => {}
    }
    let has_hostname = !matches!(listener.protocol, ProtocolType::Tcp | ProtocolType::Udp);
    let hostname = match listener
        .hostname
        .as_deref()
        .filter(|h| has_hostname && !h.is_empty())
    {
        None => None,
        Some(text) => match text.parse::<Hostname>() {
            Ok(hostname) => Some(hostname),
            Err(error) => return refuse(reason::INVALID, error.to_string()),
        },
    };
    let accepted = Finding::new(
        ConditionStatus::True,
        reason::ACCEPTED,
        "the listener is valid",
    );
    (hostname, accepted)
}

/// Follows the references of one listener.
struct Resolver<'a> {
    namespace: &'a str,
    snapshot: &'a Snapshot,
    grants: &'a Grants,
    problems: &'a mut Vec<(&'static str, String)>,
}

impl Resolver<'_> {
    fn tls(mut self, tls: &GatewayTlsConfig) -> EffectiveTls {
        let mode = tls.mode();
        let options = tls.options.clone().unwrap_or_default();
        let mut certificates = Vec::new();
        if mode != TlsModeType::Passthrough {
            if tls.certificate_refs.is_empty() && options.is_empty() {
                self.problems.push((
                    reason::INVALID_CERTIFICATE_REF,
                    "`tls.mode` Terminate needs `certificateRefs`".to_owned(),
                ));
            }
            for reference in &tls.certificate_refs {
                certificates.extend(self.certificate(reference));
            }
        }
        let client_validation =
            tls.frontend_validation
                .as_ref()
                .map(|validation| ClientValidation {
                    authorities: validation
                        .ca_certificate_refs
                        .iter()
                        .filter_map(|reference| {
                            let reference = reference.resolve(self.namespace);
                            self.permitted(&reference)
                                .then(|| self.authority(&reference))
                                .flatten()
                        })
                        .collect(),
                });
        EffectiveTls {
            mode,
            certificates,
            client_validation,
            options,
        }
    }

    /// Whether the reference may be followed at all.
    fn permitted(&mut self, reference: &ObjectReference) -> bool {
        let permitted = self.grants.permit("Gateway", self.namespace, reference);
        if !permitted {
            self.problems.push((
                reason::REF_NOT_PERMITTED,
                format!(
                    "no ReferenceGrant in namespace `{}` allows Gateways of namespace `{}` to refer to {reference}",
                    reference.namespace, self.namespace
                ),
            ));
        }
        permitted
    }

    fn invalid(&mut self, message: String) {
        self.problems
            .push((reason::INVALID_CERTIFICATE_REF, message));
    }

    fn certificate(&mut self, reference: &SecretObjectReference) -> Option<Arc<Certificate>> {
        let reference = reference.resolve(self.namespace);
        if !self.permitted(&reference) {
            return None;
        }
        if !(reference.group.is_empty() && reference.kind == "Secret") {
            self.invalid(format!(
                "a {} holds no certificate: expected a Secret",
                reference.group_kind()
            ));
            return None;
        }
        let Some(secret) = self.snapshot.secrets().get(&reference.namespaced_name()) else {
            self.invalid(format!("{reference} does not exist"));
            return None;
        };
        match read_certificate(secret) {
            Ok((chain, key)) => Some(Arc::new(Certificate {
                reference,
                chain,
                key,
            })),
            Err(problem) => {
                self.invalid(format!("{reference}: {problem}"));
                None
            }
        }
    }

    fn authority(&mut self, reference: &ObjectReference) -> Option<String> {
        let result = authority(self.snapshot, reference);
        result.map_err(|problem| self.invalid(problem)).ok()
    }
}

/// What is wrong with the reference to a certificate of a listener in `namespace`, with its reason; nothing if
/// the certificate can be presented.
pub(in crate::attachment) fn certificate_problem(
    reference: &SecretObjectReference,
    namespace: &str,
    snapshot: &Snapshot,
    grants: &Grants,
) -> Option<(&'static str, String)> {
    let mut problems = Vec::new();
    let mut resolver = Resolver {
        namespace,
        snapshot,
        grants,
        problems: &mut problems,
    };
    resolver.certificate(reference);
    problems.pop()
}

/// What is wrong with the reference to a CA certificate, as with [`certificate_problem`].
pub(in crate::attachment) fn authority_problem(
    reference: &ObjectReference,
    namespace: &str,
    snapshot: &Snapshot,
    grants: &Grants,
) -> Option<(&'static str, String)> {
    let mut problems = Vec::new();
    let mut resolver = Resolver {
        namespace,
        snapshot,
        grants,
        problems: &mut problems,
    };
    if resolver.permitted(reference) {
        resolver.authority(reference);
    }
    problems.pop()
}

/// The certificate and key of a Secret of type `kubernetes.io/tls`.
fn read_certificate(secret: &Secret) -> Result<(Vec<u8>, Vec<u8>), String> {
    const TLS: &str = "kubernetes.io/tls";
    let kind = secret.type_.as_deref().unwrap_or("Opaque");
    if kind != TLS {
        return Err(format!("its type is `{kind}`: expected `{TLS}`"));
    }
    let part = |key: &str, content| -> Result<Vec<u8>, String> {
        let data = secret_value(secret, key).ok_or_else(|| format!("it has no `{key}`"))?;
        pem::check(&data, content).map_err(|problem| format!("`{key}` is malformed: {problem}"))?;
        Ok(data)
    };
    Ok((
        part("tls.crt", pem::Content::Certificates)?,
        part("tls.key", pem::Content::PrivateKey)?,
    ))
}

/// A value of a Secret. A manifest may hold it in `stringData`, which an API server moves to `data`.
fn secret_value(secret: &Secret, key: &str) -> Option<Vec<u8>> {
    let plain = secret.string_data.as_ref().and_then(|data| data.get(key));
    plain.map(|text| text.clone().into_bytes()).or_else(|| {
        let data = secret.data.as_ref()?.get(key)?;
        let ByteString(bytes) = data;
        Some(bytes.clone())
    })
}

/// The `ca.crt` of a ConfigMap that a reference names; the reference is allowed.
pub(in crate::attachment) fn authority(
    snapshot: &Snapshot,
    reference: &ObjectReference,
) -> Result<String, String> {
    if !(reference.group.is_empty() && reference.kind == "ConfigMap") {
        return Err(format!(
            "a {} holds no authority: expected a ConfigMap",
            reference.group_kind()
        ));
    }
    let map = snapshot
        .config_maps()
        .get(&NamespacedName::new(
            reference.namespace.clone(),
            reference.name.clone(),
        ))
        .ok_or_else(|| format!("{reference} does not exist"))?;
    let text = config_value(map, "ca.crt").ok_or_else(|| format!("{reference} has no `ca.crt`"))?;
    pem::check(text.as_bytes(), pem::Content::Certificates)
        .map_err(|problem| format!("`ca.crt` of {reference} is malformed: {problem}"))?;
    Ok(text)
}

fn config_value(map: &ConfigMap, key: &str) -> Option<String> {
    let text = map.data.as_ref().and_then(|data| data.get(key).cloned());
    text.or_else(|| {
        let ByteString(bytes) = map.binary_data.as_ref()?.get(key)?;
        String::from_utf8(bytes.clone()).ok()
    })
}
