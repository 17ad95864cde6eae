//! What a listener says of TLS, hostname and namespaces, or what it lacks to be valid by itself.

use super::selector::RouteSelector;
use crate::{
    meta::{Hostname, parse_selector},
    v1::{FromNamespaces, Listener, ProtocolType, TlsModeType},
};

/// What a listener lacks to be valid by itself, other than a protocol and port that can be had.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ListenerLack {
    /// The protocol is HTTPS, and there is no `tls`.
    HttpsCertificate,
    /// The protocol is TLS, and there is no `tls`.
    TlsCertificate,
    /// The protocol is HTTPS, and TLS is passed through.
    Termination,
    /// This mode of TLS is not known.
    TlsMode(String),
    /// The hostname is none, for this reason.
    Hostname(String),
    /// Namespaces are selected, and there is no selector.
    Selector,
    /// The selector of namespaces cannot be applied: the field, and why.
    SelectorTerms(String),
    /// Routes come from this, which is not known or means no namespace.
    Namespaces(String),
}

use ListenerLack as Lack;

impl ListenerLack {
    /// The first thing that a listener lacks.
    pub(crate) fn of(listener: &Listener) -> Option<Self> {
        let tls = check_tls(listener).err();
        tls.or_else(|| hostname(listener).err())
            .or_else(|| namespaces(listener).err())
    }

    /// The field to blame, where no API server refuses it and validation has no warning of its own: the schema takes an IP address
    /// for a hostname.
    pub(in crate::attachment) fn untold_field(&self) -> Option<&'static str> {
        match self {
            Self::Hostname(_) => Some("hostname"),
            Self::Namespaces(_) => Some("allowedRoutes.namespaces.from"),
            Self::HttpsCertificate
            | Self::TlsCertificate
            | Self::Termination
            | Self::TlsMode(_)
            | Self::Selector
            | Self::SelectorTerms(_) => None,
        }
    }

    /// What is wrong, as a sentence.
    pub(super) fn why(&self) -> String {
        match self {
            Self::HttpsCertificate => "protocol HTTPS needs `tls`".to_owned(),
            Self::TlsCertificate => "protocol TLS needs `tls`".to_owned(),
            Self::Termination => "protocol HTTPS needs `tls.mode` Terminate".to_owned(),
            Self::TlsMode(mode) => format!("`tls.mode` `{mode}` is not known"),
            Self::Hostname(why) | Self::SelectorTerms(why) => why.clone(),
            Self::Selector => {
                "`allowedRoutes.namespaces.from` is `Selector`, and there is no `selector`"
                    .to_owned()
            }
            Self::Namespaces(from) => format!(
                "`allowedRoutes.namespaces.from` is `{from}`: expected `All`, `Same` or `Selector`"
            ),
        }
    }
}

/// Whether the protocol of a listener goes with its `tls`.
pub(super) fn check_tls(listener: &Listener) -> Result<(), Lack> {
    match (&listener.protocol, listener.tls_mode()) {
        (ProtocolType::Https, None) => Err(Lack::HttpsCertificate),
        (ProtocolType::Tls, None) => Err(Lack::TlsCertificate),
        (ProtocolType::Https, Some(TlsModeType::Passthrough)) => Err(Lack::Termination),
        (ProtocolType::Https | ProtocolType::Tls, Some(TlsModeType::Unknown(mode))) => {
            Err(Lack::TlsMode(mode.into()))
        }
        _ => Ok(()),
    }
}

/// The hostname by which a listener is told from others of its port, if it has one.
pub(super) fn hostname(listener: &Listener) -> Result<Option<Hostname>, Lack> {
    let has_hostname = !matches!(listener.protocol, ProtocolType::Tcp | ProtocolType::Udp);
    let hostname = listener.hostname.as_deref();
    let hostname = hostname.filter(|text| has_hostname && !text.is_empty());
    let hostname = hostname.map(str::parse::<Hostname>).transpose();
    hostname.map_err(|error| Lack::Hostname(error.to_string()))
}

/// From which namespaces routes may come.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Namespaces {
    All,
    Same,
    Selector(RouteSelector),
}

/// From which namespaces a listener takes routes.
pub(super) fn namespaces(listener: &Listener) -> Result<Namespaces, Lack> {
    match listener.routes_from() {
        FromNamespaces::All => Ok(Namespaces::All),
        FromNamespaces::Same => Ok(Namespaces::Same),
        FromNamespaces::Selector => {
            let allowed = listener.allowed_routes.as_ref();
            let namespaces = allowed.and_then(|allowed| allowed.namespaces.as_ref());
            let selector = namespaces.and_then(|namespaces| namespaces.selector.as_ref());
            let selector = parse_selector(selector.ok_or(Lack::Selector)?);
            let selector = selector.map(RouteSelector::new);
            selector.map(Namespaces::Selector).map_err(|error| {
                let field = error.place();
                Lack::SelectorTerms(format!(
                    "`allowedRoutes.namespaces.selector.{field}`: {error}"
                ))
            })
        }
        other @ (FromNamespaces::None | FromNamespaces::Unknown(_)) => {
            Err(Lack::Namespaces(other.to_string()))
        }
    }
}
