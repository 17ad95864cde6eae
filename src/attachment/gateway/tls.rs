//! TLS of a listener: its references to certificates and authorities followed.

use crate::{
    attachment::{
        Snapshot,
        condition_body::Problem,
        effective::{Certificate, ClientValidation, EffectiveTls},
        objects::{
            certificates::{Certificates, authorities, is_config_map},
            grants::Grants,
        },
    },
    certificate::CaBundles,
    meta::{ObjectRef, condition::listener::reason},
    v1::{FrontendTlsValidation, ListenerTlsConfig, TlsModeType},
};
use k8s_openapi::jiff::Timestamp;
use std::sync::Arc;

/// What references of a Gateway are followed with.
#[derive(Clone, Copy)]
pub(in crate::attachment) struct References<'a> {
    /// The namespace of the Gateway.
    pub(in crate::attachment) namespace: &'a str,
    pub(in crate::attachment) snapshot: &'a Snapshot,
    pub(in crate::attachment) grants: &'a Grants,
    pub(in crate::attachment) certificates: &'a Certificates,
    pub(in crate::attachment) now: Option<Timestamp>,
}

/// TLS as far as it can be had.
pub(super) struct Followed {
    pub(super) tls: EffectiveTls,
    /// Reasons and texts of what is wrong, for the condition `ResolvedRefs`.
    pub(super) problems: Vec<(&'static str, String)>,
    /// Whether the listener can do its work: one certificate is enough, and one authority where clients need
    /// certificates. Nothing stands in for the last one that is lost.
    pub(super) usable: bool,
    /// Clients need a certificate by the Gateway's `spec.tls.frontend`, and none of its authorities can be used.
    pub(super) without_authority: bool,
}

/// Follows the references of one listener. `shared` is what the Gateway asks clients of its HTTPS listeners for, where the
/// listener has nothing of its own.
pub(super) fn follow(
    tls: &ListenerTlsConfig,
    shared: Option<&FrontendTlsValidation>,
    with: References<'_>,
) -> Followed {
    let mode = tls.mode();
    let options = tls.options.clone().unwrap_or_default();
    let mut problems = Vec::new();
    let mut certificates = Vec::new();
    let mut usable = true;
    if mode != TlsModeType::Passthrough {
        if tls.certificate_refs.is_empty() && options.is_empty() {
            problems.push((
                reason::INVALID_CERTIFICATE_REF,
                "`tls.mode` Terminate needs `certificateRefs`".to_owned(),
            ));
        }
        for reference in &tls.certificate_refs {
            let reference = reference.resolve(with.namespace);
            match with.certificate(reference) {
                Ok(certificate) => certificates.push(certificate),
                Err(problem) => problems.push(problem),
            }
        }
        usable = !certificates.is_empty() || problems.is_empty();
    }
    // Whoever passes TLS through takes no part in the handshake, and so asks clients for nothing.
    let own = tls.frontend_validation.as_ref();
    let mut without_authority = false;
    let validation = own.or(shared).filter(|_| mode != TlsModeType::Passthrough);
    let client_validation = validation.map(|validation| {
        let mut found = Vec::new();
        for reference in &validation.ca_certificate_refs {
            let reference = reference.resolve(with.namespace);
            match with.authorities(&reference) {
                Ok(pem) => found.push(pem),
                Err((kind, text)) if own.is_none() => {
                    problems.push((reason_of_authority(kind, &reference), text));
                }
                Err(problem) => problems.push(problem),
            }
        }
        usable &= !found.is_empty();
        without_authority = own.is_none() && found.is_empty();
        ClientValidation {
            authorities: CaBundles::new(found),
            mode: validation.mode(),
        }
    });
    Followed {
        tls: EffectiveTls {
            mode,
            certificates,
            client_validation,
            options,
        },
        problems,
        usable,
        without_authority,
    }
}

/// The reason that a listener gives for an authority of the Gateway's `spec.tls.frontend`, which has reasons of its own.
fn reason_of_authority(found: &'static str, reference: &ObjectRef) -> &'static str {
    if found == reason::REF_NOT_PERMITTED {
        found
    } else if is_config_map(reference) {
        reason::INVALID_CA_CERTIFICATE_REF
    } else {
        reason::INVALID_CA_CERTIFICATE_KIND
    }
}

impl References<'_> {
    /// Whether the reference may be followed at all.
    fn permit(self, reference: &ObjectRef) -> Result<(), Problem> {
        if self.grants.permit("Gateway", self.namespace, reference) {
            return Ok(());
        }
        Err((
            reason::REF_NOT_PERMITTED,
            format!(
                "no ReferenceGrant in namespace `{}` allows Gateways of namespace `{}` to refer to {reference}",
                reference.namespace, self.namespace
            ),
        ))
    }

    /// The certificate that a listener presents, or why it cannot.
    pub(in crate::attachment) fn certificate(
        self,
        reference: ObjectRef,
    ) -> Result<Arc<Certificate>, Problem> {
        self.permit(&reference)?;
        match self.certificates.get(&reference, self.snapshot, self.now) {
            Ok(pair) => Ok(Arc::new(Certificate { reference, pair })),
            Err(problem) => Err((reason::INVALID_CERTIFICATE_REF, problem)),
        }
    }

    /// The authorities that a listener demands of clients, or why it cannot; PEM.
    pub(in crate::attachment) fn authorities(
        self,
        reference: &ObjectRef,
    ) -> Result<Arc<str>, Problem> {
        self.permit(reference)?;
        match authorities(self.snapshot, reference, self.now) {
            Ok(found) => Ok(found.shared_pem()),
            Err(problem) => Err((reason::INVALID_CERTIFICATE_REF, problem)),
        }
    }
}
