//! The references of a policy, each with its field.

use super::{Policy, TargetRef};
use crate::{attachment::objects::object, meta::ObjectRef, schema::Path};

/// Something that a policy refers to.
#[derive(Clone, Copy, Debug)]
pub(in crate::attachment) enum Referred<'a> {
    /// A target, with its place in the list.
    Target(usize, &'a TargetRef),
    /// An object with certificates of authorities.
    Authority(&'a ObjectRef),
}

impl Policy<'_> {
    /// Calls `visit` with everything that the policy refers to.
    pub(in crate::attachment) fn visit_references(
        self,
        mut visit: impl FnMut(&Path<'_>, Referred<'_>),
    ) {
        let root = Path::ROOT;
        let spec = root.field("spec");
        let targets = spec.field("targetRefs");
        for (index, target) in self.targets().iter().enumerate() {
            visit(&targets.index(index), Referred::Target(index, target));
        }
        let Self::Tls(policy) = self else { return };
        let at = spec.field("validation");
        let refs = at.field("caCertificateRefs");
        let namespace = object::namespace(&policy.metadata);
        let authorities = policy.spec.validation.ca_certificate_refs.iter();
        for (index, reference) in authorities.enumerate() {
            let to = reference.resolve(namespace);
            visit(&refs.index(index), Referred::Authority(&to));
        }
    }
}
