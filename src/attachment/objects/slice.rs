//! Which backend an EndpointSlice is of.

use super::object;
use crate::meta::NamespacedName;
use k8s_openapi::api::discovery::v1::EndpointSlice;

/// The Service whose endpoints an EndpointSlice holds, as its label `kubernetes.io/service-name` says.
#[must_use]
pub fn service_of(slice: &EndpointSlice) -> Option<NamespacedName> {
    by_label(slice, "kubernetes.io/service-name")
}

/// The ServiceImport whose endpoints an EndpointSlice holds (GEP-1748): by a label of its own.
pub(crate) fn import_of(slice: &EndpointSlice) -> Option<NamespacedName> {
    by_label(slice, "multicluster.kubernetes.io/service-name")
}

fn by_label(slice: &EndpointSlice, label: &str) -> Option<NamespacedName> {
    let name = slice.metadata.labels.as_ref()?.get(label)?;
    Some(NamespacedName::new(
        object::namespace(&slice.metadata),
        name.clone(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// Each label is for its own kind: a slice of a ServiceImport is none of the Service with the same name.
    #[test]
    fn a_slice_is_of_what_its_labels_name_in_its_own_namespace() {
        let of = |labels| {
            let slice = json!({"metadata": {"name": "x", "namespace": "shop", "labels": labels}});
            let slice: EndpointSlice = serde_json::from_value(slice).unwrap();
            (service_of(&slice), import_of(&slice))
        };
        let place = |name: &str| Some(NamespacedName::new("shop", name));
        let (local, imported) = (
            "kubernetes.io/service-name",
            "multicluster.kubernetes.io/service-name",
        );
        assert_eq!(of(json!({})), (None, None));
        assert_eq!(of(json!({local: "cart"})), (place("cart"), None));
        assert_eq!(of(json!({imported: "cart"})), (None, place("cart")));
        let both = of(json!({local: "a", imported: "b"}));
        assert_eq!(both, (place("a"), place("b")));
    }
}
