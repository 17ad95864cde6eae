//! The objects that can be backends, and how they are named.

use crate::{
    attachment::objects::object::MULTICLUSTER_GROUP,
    meta::{NamespacedName, ObjectRef},
};

/// What can be a backend.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(in crate::attachment) struct BackendKey {
    /// Whether it is a ServiceImport, else a Service.
    pub(in crate::attachment) import: bool,
    pub(in crate::attachment) name: NamespacedName,
}

impl BackendKey {
    pub(in crate::attachment) fn service(name: NamespacedName) -> Self {
        Self {
            import: false,
            name,
        }
    }

    /// The backend that a reference names; nothing if its kind is none.
    pub(in crate::attachment) fn of(reference: &ObjectRef) -> Option<Self> {
        let import = Self::kind_of(&reference.group, &reference.kind)?;
        Some(Self {
            import,
            name: reference.namespaced_name(),
        })
    }

    /// Whether a kind is that of ServiceImports, else that of Services; nothing if it is neither.
    pub(in crate::attachment) fn kind_of(group: &str, kind: &str) -> Option<bool> {
        match (group, kind) {
            ("", "Service") => Some(false),
            (MULTICLUSTER_GROUP, "ServiceImport") => Some(true),
            _ => None,
        }
    }

    pub(in crate::attachment) fn reference(&self) -> ObjectRef {
        let (group, kind) = if self.import {
            (MULTICLUSTER_GROUP, "ServiceImport")
        } else {
            ("", "Service")
        };
        ObjectRef::at(group, kind, &self.name)
    }
}
