//! The references of a Gateway, each with its field.

use crate::{
    attachment::objects::object::{self, class_reference},
    meta::ObjectReference,
    schema::Path,
    v1::Gateway,
};

/// What a Gateway refers to something for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::attachment) enum Role {
    Class,
    /// A certificate of the listener at this place, whether or not its protocol has use for one.
    Certificate(usize),
    /// An authority for the clients of the listener at this place, whether or not it ends their TLS.
    Authority(usize),
    Parameters,
}

/// Calls `visit` with every reference of a Gateway.
pub(in crate::attachment) fn visit(
    gateway: &Gateway,
    mut visit: impl FnMut(&Path<'_>, Role, ObjectReference),
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
