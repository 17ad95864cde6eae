//! Listeners by themselves: protocol, kinds of routes, TLS.

use super::{
    conflict,
    selector::RouteSelector,
    tls::{self, References},
    validity::{self, Namespaces, check_tls, namespaces},
};
use crate::{
    attachment::{
        Options,
        condition_body::{ConditionBody, join},
        effective::{EffectiveHostname, EffectiveTls},
        objects::route_id::RouteKind,
    },
    meta::{ConditionStatus, GROUP, Hostname, condition, is_port_number},
    v1::{FrontendTlsValidation, Listener, ProtocolType, RouteGroupKind, TlsModeType},
};
use condition::listener::reason;
use std::sync::Arc;

/// A listener and what was found out about it.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::attachment) struct ListenerState {
    pub(in crate::attachment) name: Arc<str>,
    pub(in crate::attachment) port: Option<u16>,
    pub(in crate::attachment) protocol: ProtocolType,
    pub(in crate::attachment) hostname: Option<Hostname>,
    /// The hostnames of a route at this listener that names none itself.
    pub(in crate::attachment) all_hostnames: Arc<[EffectiveHostname]>,
    pub(in crate::attachment) kinds: Vec<RouteKind>,
    pub(in crate::attachment) supported_kinds: Vec<RouteGroupKind>,
    /// From where routes may come; a sentence on why from nowhere.
    from: Result<Namespaces, String>,
    pub(in crate::attachment) tls: Option<EffectiveTls>,
    pub(in crate::attachment) accepted: ConditionBody,
    pub(in crate::attachment) conflicted: ConditionBody,
    pub(in crate::attachment) resolved: ConditionBody,
    /// Whether the references leave the listener able to do its work.
    pub(in crate::attachment) usable: bool,
}

impl ListenerState {
    /// Whether the listener takes traffic, if its Gateway is accepted.
    pub(in crate::attachment) fn in_force(&self) -> bool {
        self.accepted.holds() && !self.conflicted.holds() && self.usable
    }

    /// Whether TLS is between clients and backends.
    pub(in crate::attachment) fn passes_through(&self) -> bool {
        self.tls.as_ref().is_some_and(EffectiveTls::passes_through)
    }

    /// Whether no route may attach, since the field that says from where is wrong.
    pub(in crate::attachment) fn takes_no_namespace(&self) -> bool {
        self.from.is_err()
    }

    /// The selector of the namespaces whose routes may attach, if there is one.
    pub(in crate::attachment) fn selector(&self) -> Option<&RouteSelector> {
        match &self.from {
            Ok(Namespaces::Selector(selector)) => Some(selector),
            _ => None,
        }
    }

    /// Whether routes of a namespace may attach, whatever its labels are.
    pub(in crate::attachment) fn takes_all_of(&self, gateway: &str, namespace: &str) -> bool {
        match &self.from {
            Ok(Namespaces::All) => true,
            Ok(Namespaces::Same) => gateway == namespace,
            Ok(Namespaces::Selector(_)) | Err(_) => false,
        }
    }

    /// From where routes may come, for people.
    pub(in crate::attachment) fn describe_from(&self, gateway_namespace: &str) -> String {
        match &self.from {
            Ok(Namespaces::All) => "all namespaces".to_owned(),
            Ok(Namespaces::Same) => format!("namespace `{gateway_namespace}` only"),
            Ok(Namespaces::Selector(selector)) => {
                format!("namespaces labelled `{}`", selector.shown())
            }
            Err(why) => format!("no namespace: {why}"),
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

/// Looks at one listener of a Gateway, without regard to the others. `shared` is what the Gateway asks clients at the
/// listener's port for.
pub(super) fn examine(
    listener: &Listener,
    shared: Option<&FrontendTlsValidation>,
    references: References<'_>,
    options: &Options,
) -> ListenerState {
    let mode = listener.tls_mode();
    let (kinds, supported_kinds, bad_kinds) = kinds(listener, mode.as_ref(), options);
    let from = namespaces(listener).map_err(|lack| lack.why());
    let (hostname, mut accepted) = accept(listener, mode.as_ref(), options);
    if let (true, Err(why)) = (accepted.holds(), &from) {
        // No route can ever be attached, and the namespaces that the author had in mind are not known. The API
        // has no reason for it; the reference is not what is wrong, so that it is not `ResolvedRefs` that says so.
        let message = format!("the listener can take no route: {why}");
        accepted = ConditionBody::new(false, reason::INVALID, message);
    }
    let followed = listener
        .tls
        .as_ref()
        .filter(|_| matches!(listener.protocol, ProtocolType::Https | ProtocolType::Tls))
        .map(|tls| {
            // The Gateway asks clients of HTTPS listeners alone.
            let shared = shared.filter(|_| listener.protocol == ProtocolType::Https);
            tls::follow(tls, shared, references)
        });
    if accepted.holds() && followed.as_ref().is_some_and(|f| f.without_authority) {
        let message = "the Gateway asks clients for certificates, and none of the authorities in its \
                       `spec.tls.frontend` can be used";
        accepted = ConditionBody::new(false, reason::NO_VALID_CA_CERTIFICATE, message);
    }
    let mut usable = followed.as_ref().is_none_or(|followed| followed.usable)
        && (!kinds.is_empty() || bad_kinds.is_empty());
    if !accepted.holds() {
        usable = false;
    }
    let (tls, mut problems) = match followed {
        Some(followed) => (Some(followed.tls), followed.problems),
        None => (None, Vec::new()),
    };
    if !bad_kinds.is_empty() {
        // With another mode of TLS there may be others.
        let mode = mode
            .filter(|_| listener.protocol == ProtocolType::Tls)
            .map(|mode| format!(" in mode {mode}"));
        problems.push((
            reason::INVALID_ROUTE_KINDS,
            format!(
                "a listener of protocol {}{} cannot take {}",
                listener.protocol,
                mode.unwrap_or_default(),
                bad_kinds.join(", "),
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
        from,
        tls,
        accepted,
        conflicted: conflict::none(),
        resolved: resolved(&problems),
        usable,
    }
}

/// The condition `ResolvedRefs`: the first problem gives the reason, all of them the message.
fn resolved(problems: &[(&'static str, String)]) -> ConditionBody {
    match problems.first() {
        None => ConditionBody::new(true, reason::RESOLVED_REFS, "all references are resolved"),
        Some((reason, _)) => {
            let texts: Vec<String> = problems.iter().map(|(_, text)| text.clone()).collect();
            ConditionBody::new(false, reason, join(&texts))
        }
    }
}

/// The kinds that the listener takes, in the form of the status too, and those that it cannot take.
fn kinds(
    listener: &Listener,
    mode: Option<&TlsModeType>,
    options: &Options,
) -> (Vec<RouteKind>, Vec<RouteGroupKind>, Vec<String>) {
    let possible = RouteKind::of_protocol(&listener.protocol, mode);
    let fits = |kind: &RouteKind| possible.contains(kind) && options.takes(*kind);
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
        let kind = (ask.group() == GROUP)
            .then(|| RouteKind::from_kind(&ask.kind))
            .flatten()
            .filter(fits);
        match kind {
            Some(kind) if kinds.contains(&kind) => {}
            Some(kind) => kinds.push(kind),
            None => bad.push(not_taken(ask)),
        }
    }
    let supported = kinds
        .iter()
        .map(|kind| RouteGroupKind::gateway_api(kind.as_str()))
        .collect();
    (kinds, supported, bad)
}

/// A kind that a listener cannot take, for people: one of the Gateway API in another group is none.
fn not_taken(asked: &RouteGroupKind) -> String {
    let group = asked.group();
    if group != GROUP && RouteKind::from_kind(&asked.kind).is_some() {
        let written = if group.is_empty() { "\"\"" } else { group };
        return format!(
            "`{}` of group `{written}` (it is in group `{GROUP}`)",
            asked.kind
        );
    }
    format!("`{}`", asked.group_kind())
}

/// The hostname as it can be matched, whatever else is wrong with the listener, and the condition `Accepted`.
fn accept(
    listener: &Listener,
    mode: Option<&TlsModeType>,
    options: &Options,
) -> (Option<Hostname>, ConditionBody) {
    let read = validity::hostname(listener);
    let hostname = read.as_ref().ok().cloned().flatten();
    let refuse = |reason, message: String| {
        let refused = ConditionBody::new(false, reason, message);
        (hostname.clone(), refused)
    };
    if !listener.protocol.is_known() {
        return refuse(
            reason::UNSUPPORTED_PROTOCOL,
            format!("protocol `{}` is not supported", listener.protocol),
        );
    }
    if RouteKind::of_protocol(&listener.protocol, mode)
        .iter()
        .all(|kind| !options.takes(*kind))
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
    if let Err(lack) = check_tls(listener).and(read) {
        return refuse(reason::INVALID, lack.why());
    }
    let accepted = ConditionBody::new(
        ConditionStatus::True,
        reason::ACCEPTED,
        "the listener is valid",
    );
    (hostname, accepted)
}
