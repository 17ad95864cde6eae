//! What a listener lacks that is not valid by itself, where its conditions say `Invalid`.

use super::{MOST_NAMED, Near};
use crate::{
    attachment::Status,
    meta::{Hostname, ObjectRef, condition},
    v1::{FromNamespaces, Listener, ProtocolType, TlsModeType},
};
use std::collections::BTreeMap;

/// What a listener lacks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Lack {
    /// The protocol is HTTPS, and there is no `tls`.
    HttpsCertificate,
    /// The protocol is TLS, and there is no `tls`.
    TlsCertificate,
    /// The protocol is HTTPS, and TLS is passed through.
    Termination,
    /// The mode of TLS is not known.
    TlsMode,
    /// The hostname is none, for this reason.
    Hostname(String),
    /// Namespaces are selected, and there is no selector.
    Selector,
    /// The selector of namespaces cannot be applied.
    SelectorTerms,
}

impl Lack {
    /// What a listener lacks that is not valid.
    pub(super) fn of(listener: &Listener) -> Self {
        match (&listener.protocol, listener.tls_mode()) {
            (ProtocolType::Https, None) => return Self::HttpsCertificate,
            (ProtocolType::Tls, None) => return Self::TlsCertificate,
            (ProtocolType::Https, Some(TlsModeType::Passthrough)) => return Self::Termination,
            (ProtocolType::Https | ProtocolType::Tls, Some(TlsModeType::Unknown(_))) => {
                return Self::TlsMode;
            }
            _ => {}
        }
        let has_hostname = !matches!(listener.protocol, ProtocolType::Tcp | ProtocolType::Udp);
        let hostname = listener.hostname.as_deref();
        let hostname = hostname.filter(|text| has_hostname && !text.is_empty());
        if let Some(Err(error)) = hostname.map(str::parse::<Hostname>) {
            return Self::Hostname(error.to_string());
        }
        let allowed = listener.allowed_routes.as_ref();
        let namespaces = allowed.and_then(|allowed| allowed.namespaces.as_ref());
        let selects = |namespaces: &&crate::v1::RouteNamespaces| {
            namespaces.from == Some(FromNamespaces::Selector) && namespaces.selector.is_none()
        };
        match namespaces.filter(selects) {
            Some(_) => Self::Selector,
            None => Self::SelectorTerms,
        }
    }

    /// What to give the listener or listeners that `whom` names.
    pub(super) fn needed(&self, whom: &str) -> String {
        match self {
            Self::HttpsCertificate => {
                format!("give {whom} a `tls` with `certificateRefs`, or `protocol: HTTP`")
            }
            Self::TlsCertificate => format!(
                "give {whom} a `tls` with `certificateRefs` or `mode: Passthrough`, or `protocol: TCP`"
            ),
            Self::Termination => format!("give {whom} `tls.mode: Terminate`, or `protocol: TLS`"),
            Self::TlsMode => {
                format!("give {whom} `tls.mode: Terminate` or `tls.mode: Passthrough`")
            }
            Self::Hostname(why) => format!("correct `hostname` of {whom}: {why}"),
            Self::Selector => format!(
                "give {whom} a `selector` in `allowedRoutes.namespaces`, or `from: Same` or `from: All`"
            ),
            Self::SelectorTerms => {
                format!("correct `allowedRoutes.namespaces.selector` of {whom}")
            }
        }
    }
}

impl Near<'_> {
    /// What the listeners of a Gateway need that are not valid by themselves; those that lack the same have one help.
    pub(super) fn invalid_listeners(&self, object: &ObjectRef) -> Vec<String> {
        let statuses = &self.resolver.resolution().statuses;
        let gateways = self.resolver.snapshot().gateways();
        let (Some(Status::Gateway(status)), Some(gateway)) = (
            statuses.get(object),
            gateways.get(&object.namespaced_name()),
        ) else {
            return Vec::new();
        };
        let mut lacks: BTreeMap<Lack, Vec<String>> = BTreeMap::new();
        // The listeners of the status are those of the spec, in the same order.
        for (listener, said) in gateway.spec.listeners.iter().zip(&status.listeners) {
            let invalid = said.conditions.iter().any(|one| {
                one.type_ == condition::listener::ACCEPTED
                    && one.reason == condition::listener::reason::INVALID
            });
            if invalid {
                let names = lacks.entry(Lack::of(listener)).or_default();
                names.push(format!("`{}`", listener.name));
            }
        }
        let say = |(lack, mut names): (Lack, Vec<String>)| {
            names.truncate(MOST_NAMED);
            let listeners = match names.len() {
                1 => "listener",
                _ => "listeners",
            };
            lack.needed(&format!("{listeners} {}", names.join(", ")))
        };
        lacks.into_iter().map(say).collect()
    }
}
