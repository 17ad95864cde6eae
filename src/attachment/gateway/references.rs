//! The references of a Gateway, each with its field.

use crate::{
    attachment::objects::object::{self, class_reference},
    meta::ObjectRef,
    schema::Path,
    v1::{FrontendTlsValidation, Gateway},
};

/// What a Gateway refers to something for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::attachment) enum Role {
    Class,
    /// A certificate of the listener at this place, whether or not its protocol has use for one.
    Certificate(usize),
    /// An authority for the clients of the listener at this place, whether or not it ends their TLS.
    Authority(usize),
    /// An authority for the clients of all HTTPS listeners, or of those of a port.
    SharedAuthority,
    /// The certificate that the Gateway shows to backends.
    Client,
    Parameters,
}

/// Calls `visit` with every reference of a Gateway.
pub(in crate::attachment) fn visit(
    gateway: &Gateway,
    mut visit: impl FnMut(&Path<'_>, Role, ObjectRef),
) {
    let namespace = object::namespace(&gateway.metadata);
    let root = Path::ROOT;
    let spec = root.field("spec");
    let class = class_reference(&gateway.spec.gateway_class_name);
    visit(&spec.field("gatewayClassName"), Role::Class, class);
    if let Some(parameters) = gateway.spec.parameters_ref() {
        let at = spec.field("infrastructure");
        let parameters = parameters.resolve(namespace);
        visit(&at.field("parametersRef"), Role::Parameters, parameters);
    }
    if let Some(client) = gateway.spec.client_certificate_ref() {
        let of_tls = gateway
            .spec
            .tls
            .as_ref()
            .and_then(|tls| tls.backend.as_ref());
        let tls = spec.field("tls");
        let at = match of_tls {
            Some(_) => tls.field("backend"),
            None => spec.field("backendTLS"),
        };
        let at = at.field("clientCertificateRef");
        visit(&at, Role::Client, client.resolve(namespace));
    }
    if let Some(frontend) = gateway
        .spec
        .tls
        .as_ref()
        .and_then(|tls| tls.frontend.as_ref())
    {
        let tls = spec.field("tls");
        let at = tls.field("frontend");
        let mut of = |at: &Path<'_>, validation: Option<&FrontendTlsValidation>| {
            let at = at.field("validation");
            let refs = at.field("caCertificateRefs");
            let authorities = validation.into_iter().flat_map(|v| &v.ca_certificate_refs);
            for (index, reference) in authorities.enumerate() {
                let to = reference.resolve(namespace);
                visit(&refs.index(index), Role::SharedAuthority, to);
            }
        };
        of(&at.field("default"), frontend.default.validation.as_ref());
        let ports = at.field("perPort");
        for (index, port) in frontend.per_port.iter().enumerate() {
            let at = ports.index(index);
            of(&at.field("tls"), port.tls.validation.as_ref());
        }
    }
    let listeners = spec.field("listeners");
    for (listener, written) in gateway.spec.listeners.iter().enumerate() {
        let Some(tls) = &written.tls else { continue };
        let at = listeners.index(listener);
        let at = at.field("tls");
        let refs = at.field("certificateRefs");
        for (index, reference) in tls.certificate_refs.iter().enumerate() {
            let to = reference.resolve(namespace);
            visit(&refs.index(index), Role::Certificate(listener), to);
        }
        let at = at.field("frontendValidation");
        let refs = at.field("caCertificateRefs");
        let validation = tls.frontend_validation.iter();
        let authorities = validation.flat_map(|validation| &validation.ca_certificate_refs);
        for (index, reference) in authorities.enumerate() {
            let to = reference.resolve(namespace);
            visit(&refs.index(index), Role::Authority(listener), to);
        }
    }
}
