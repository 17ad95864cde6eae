//! What a listener lacks that is not valid by itself.

use super::{MOST_NAMED, Near};
use crate::{
    attachment::Status,
    meta::{Condition, Hostname, ObjectRef, condition},
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
    /// The protocol is not known.
    Protocol,
    /// The port is none.
    Port,
    /// Among the kinds of routes that it names are some that its protocol does not take.
    RouteKinds,
}

impl Lack {
    /// What a listener with these conditions lacks, beside what its references need.
    pub(super) fn all(listener: &Listener, conditions: &[Condition]) -> Vec<Self> {
        use condition::listener::{ACCEPTED, RESOLVED_REFS, reason};
        let lack = |one: &Condition| match (one.type_.as_str(), one.reason.as_str()) {
            (ACCEPTED, reason::INVALID) => Some(Self::of(listener)),
            (ACCEPTED, reason::UNSUPPORTED_PROTOCOL) => Some(Self::Protocol),
            (ACCEPTED, reason::PORT_UNAVAILABLE) => Some(Self::Port),
            (RESOLVED_REFS, reason::INVALID_ROUTE_KINDS) => Some(Self::RouteKinds),
            _ => None,
        };
        conditions.iter().filter_map(lack).collect()
    }

    /// What a listener lacks that is not valid.
    fn of(listener: &Listener) -> Self {
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
            Self::Hostname(why) => format!(
                "give {whom} a `hostname` that is a DNS name, such as `shop.example.com` or `*.example.com`: {why}"
            ),
            Self::Selector => format!(
                "give {whom} a `selector` in `allowedRoutes.namespaces`, or `from: Same` or `from: All`"
            ),
            Self::SelectorTerms => {
                format!(
                    "write `allowedRoutes.namespaces.selector` of {whom} as for any Kubernetes label selector: `values` for `In` and \
                     `NotIn`, none for `Exists` and `DoesNotExist`, keys and values as labels have them"
                )
            }
            Self::Protocol => {
                format!("give {whom} one of the protocols HTTP, HTTPS, TLS, TCP and UDP")
            }
            Self::Port => format!("give {whom} a port from 1 to 65535"),
            Self::RouteKinds => format!(
                "remove from `allowedRoutes.kinds` of {whom} the kinds that its protocol cannot carry"
            ),
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
            for lack in Lack::all(listener, &said.conditions) {
                let names = lacks.entry(lack).or_default();
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
