//! GatewayClasses that are kept while Gateways use them.

use super::state::Resolver;
use crate::{
    attachment::status,
    meta::{GROUP, NamespacedName, ObjectRef},
};
use kube_core::ApiResource;
use serde_json::{Value, json};

/// A finalizer that has to come to a GatewayClass or go from it now, from [`Resolver::due_finalizers`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FinalizerWrite {
    /// The GatewayClass.
    pub reference: ObjectRef,
    /// The `metadata.resourceVersion` of the object to which the finalizers belong.
    pub resource_version: Option<String>,
    /// The version of the kind under which the object is written, such as `v1`.
    pub version: &'static str,
    /// The name of the kind in URLs: `gatewayclasses`.
    pub plural: &'static str,
    /// All finalizers that the object is to have, those of others included.
    pub finalizers: Vec<String>,
}

impl FinalizerWrite {
    /// The resource under which the object is written, as kube knows it.
    #[must_use]
    pub fn api_resource(&self) -> ApiResource {
        status::api_resource(&self.reference, self.version, self.plural)
    }

    /// A JSON merge patch (RFC 7386) for the object itself. A server refuses it (409) if somebody else has written in between.
    #[must_use]
    pub fn merge_patch(&self) -> Value {
        let finalizers = &self.finalizers;
        match &self.resource_version {
            Some(version) => {
                json!({ "metadata": { "resourceVersion": version, "finalizers": finalizers } })
            }
            None => json!({ "metadata": { "finalizers": finalizers } }),
        }
    }
}

impl Resolver {
    /// The finalizers that have to be written now: a GatewayClass of ours has one while some Gateway uses it
    /// ([`GatewayClass::keep_for_gateways`](crate::v1::GatewayClass::keep_for_gateways)), so that it cannot go before its Gateways.
    /// It stays as long as a Gateway is [left out](Self::leave_out), whose class nobody can read.
    /// As of the last [`update`](Self::update), and due until the class comes back with it, as with [`due`](Self::due).
    ///
    /// ```
    /// use gwapi::attachment::{Options, Resolver};
    /// use gwapi::v1::{Gateway, GatewayClass, GatewayClassSpec, GatewaySpec};
    ///
    /// let controller_name = String::from("example.com/controller");
    /// let mut resolver = Resolver::new(Options::new(&controller_name));
    /// resolver.insert(GatewayClass::new("example", GatewayClassSpec { controller_name, ..Default::default() }));
    /// resolver.update();
    /// assert!(resolver.due_finalizers().is_empty());
    /// let gateway_class_name = String::from("example");
    /// resolver.insert(Gateway::new("edge", GatewaySpec { gateway_class_name, ..Default::default() }));
    /// resolver.update();
    /// assert_eq!(resolver.due_finalizers()[0].reference.name, "example");
    /// ```
    #[must_use]
    pub fn due_finalizers(&self) -> Vec<FinalizerWrite> {
        let classes = self.classes.keys();
        classes.filter_map(|name| self.finalizer_of(name)).collect()
    }

    fn finalizer_of(&self, name: &NamespacedName) -> Option<FinalizerWrite> {
        let mut class = self.snapshot.gateway_classes().get(name)?.as_ref().clone();
        let reference = ObjectRef::gateway_api("GatewayClass", name);
        if self.is_outdated(&reference) || self.is_awaited(&reference) {
            return None;
        }
        let is_used = self.has_gateways(&reference);
        // A Gateway that cannot be read may be one of this class.
        if !is_used && !self.snapshot.left_out_of(GROUP, "Gateway").is_empty() {
            return None;
        }
        if !class.keep_for_gateways(is_used) {
            return None;
        }
        let version = self.version_of(&reference)?;
        Some(FinalizerWrite {
            reference,
            resource_version: class.metadata.resource_version,
            version: version.version,
            plural: version.plural,
            finalizers: class.metadata.finalizers.unwrap_or_default(),
        })
    }
}
