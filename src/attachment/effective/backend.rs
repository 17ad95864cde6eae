//! Backends with their references followed, and what is done to the requests for them.

use super::BackendProblem;
use crate::{
    certificate::{CaBundles, CertificateChain, ServerCertificateError, ServerName, TrustStore},
    filters::Filters,
    meta::{GroupKind, NamespacedName, ObjectRef, Transport},
    v1::{Fraction, SessionPersistence, SubjectAltName, SubjectAltNameType},
};
use k8s_openapi::jiff::Timestamp;
use std::{collections::BTreeMap, sync::Arc};

/// A backend of a rule.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct EffectiveBackend {
    /// The object that is named.
    pub reference: ObjectRef,
    /// The port of that object; `None` where none was named.
    pub port: Option<u16>,
    /// The share of requests, in proportion to the sum of the rule's backends.
    pub weight: u32,
    /// Filters for the requests to this backend alone, applied after the rule's own.
    pub filters: EffectiveFilters,
    /// Where requests really go. Where the reference is not valid, its share of requests is answered
    /// with 500 (HTTPRoute `spec.rules[].backendRefs`), or refused below HTTP.
    pub target: Result<Arc<EffectiveBackendPort>, BackendProblem>,
    /// The session persistence that applies: the rule's own, else that of a BackendLBPolicy (GEP-1619).
    pub session_persistence: Option<SessionPersistence>,
}

impl EffectiveBackend {
    /// A backend of weight 1, without filters or sessions, for whoever makes rules without objects: tests and benches of a data
    /// plane.
    #[must_use]
    pub fn new(
        reference: ObjectRef,
        target: Result<Arc<EffectiveBackendPort>, BackendProblem>,
    ) -> Self {
        Self {
            reference,
            port: None,
            weight: 1,
            filters: EffectiveFilters::default(),
            target,
            session_persistence: None,
        }
    }

    /// Why requests to this backend fail, if they do.
    #[must_use]
    pub fn problem(&self) -> Option<&BackendProblem> {
        self.target.as_ref().err()
    }
}

/// One port of a backend, as the traffic of a rule reaches it.
///
/// Its endpoints are no part of it, so that no rule changes when they do: [`Effective::endpoints`](super::Effective::endpoints)
/// has them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EffectiveBackendPort {
    /// The port.
    pub key: BackendPortKey,
    /// The protocol that the backend speaks, from the Service port's `appProtocol` (GEP-1911), as in
    /// `kubernetes.io/h2c`.
    pub app_protocol: Option<String>,
    /// TLS to the backend, from a BackendTLSPolicy (GEP-1897).
    pub tls: Option<Arc<EffectiveBackendTls>>,
}

impl EffectiveBackendPort {
    /// A port in cleartext, of which no protocol is known.
    #[must_use]
    pub fn new(key: BackendPortKey) -> Self {
        Self {
            key,
            app_protocol: None,
            tls: None,
        }
    }
}

/// A port of a Service or ServiceImport, or of a backend of an implementation's own kind.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BackendPortKey {
    /// The kind, where it is an implementation's own ([`Extension`](crate::attachment::Extension)).
    pub own: Option<GroupKind>,
    /// Whether it is one of a ServiceImport.
    pub import: bool,
    /// The Service or ServiceImport, or the object of an implementation's own kind.
    pub name: NamespacedName,
    /// What carries its traffic.
    pub transport: Transport,
    /// Its number; 0 where a reference to an implementation's own kind names none.
    pub port: u16,
}

/// TLS from the data plane to a backend (BackendTLSPolicy).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EffectiveBackendTls {
    /// The policy.
    pub policy: ObjectRef,
    /// The SNI to send, and the name that the certificate must bear unless there are
    /// [`subject_alt_names`](Self::subject_alt_names).
    pub hostname: String,
    /// Names of which the certificate must bear one, instead of the hostname. Empty where the policy names none
    /// (BackendTLSPolicy `spec.validation.subjectAltNames`).
    pub subject_alt_names: Vec<SubjectAltName>,
    /// What implementations define beyond the API (BackendTLSPolicy `spec.options`).
    pub options: BTreeMap<String, String>,
    /// Whom to trust.
    pub authorities: TrustedAuthorities,
}

impl EffectiveBackendTls {
    /// The names of which the certificate of the backend has to bear one: the hostname, unless there are
    /// [`subject_alt_names`](Self::subject_alt_names). A name of a kind that is not known is one that no certificate bears.
    #[must_use]
    pub fn names(&self) -> Vec<ServerName<'_>> {
        if self.subject_alt_names.is_empty() {
            return vec![ServerName::Host(&self.hostname)];
        }
        let names = self.subject_alt_names.iter();
        let names = names.filter_map(|name| match &name.r#type {
            SubjectAltNameType::Hostname => name.hostname.as_deref().map(ServerName::Host),
            SubjectAltNameType::Uri => name.uri.as_deref().map(ServerName::Uri),
            _ => None,
        });
        names.collect()
    }

    /// Whether a backend proves who it is by what it shows in the handshake: an authority that is trusted vouches for it at
    /// that time, and its certificate bears one of the [`names`](Self::names) (BackendTLSPolicy `spec.validation`). `system` are
    /// the authorities that the operating system trusts, which count where the policy says so
    /// (`wellKnownCACertificates: System`).
    ///
    /// Whether the backend has the private key of its certificate is for the TLS library to ask.
    ///
    /// # Errors
    ///
    /// Why it does not.
    pub fn verify(
        &self,
        shown: &CertificateChain,
        system: &TrustStore,
        now: Timestamp,
    ) -> Result<(), ServerCertificateError> {
        let names = self.names();
        match &self.authorities {
            TrustedAuthorities::System => shown.verify_as_server(system, &names, now),
            TrustedAuthorities::Certificates(own) => {
                shown.verify_as_server(own.trusted(), &names, now)
            }
        }
    }
}

/// The authorities to which a backend's certificate must lead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrustedAuthorities {
    /// Those that the data plane's operating system trusts.
    System,
    /// These certificates: the `ca.crt` of each reference.
    Certificates(CaBundles),
}

/// The filters of a rule or of a backend, compiled, and the references of its mirrors followed.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct EffectiveFilters {
    /// What is done to requests and responses. Its own mirrors and extensions are references as they were written.
    pub compiled: Filters,
    /// Where copies of requests go, in the order of the spec. A mirror whose backend is not valid gets none.
    pub mirrors: Vec<EffectiveMirror>,
}

/// A backend that gets copies of requests (HTTPRoute `requestMirror`).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct EffectiveMirror {
    /// Where the copies go.
    pub backend: EffectiveBackend,
    /// The part of the requests that is copied (GEP-3171).
    pub share: Fraction,
}

impl EffectiveMirror {
    /// Whether one request is copied. `draw` returns a number below its argument; nothing is drawn where every request
    /// is copied.
    pub fn takes(&self, draw: &mut dyn FnMut(u64) -> u64) -> bool {
        let of = |part: i32| u64::try_from(part).unwrap_or_default();
        let (numerator, denominator) = (of(self.share.numerator), of(self.share.denominator()));
        numerator >= denominator || draw(denominator) < numerator
    }
}
