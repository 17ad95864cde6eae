//! Which object it is, and in which state: what a server says of that.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

/// The `uid` and `resourceVersion` of an object. Objects of a file have none.
#[derive(Clone, Copy, Debug)]
pub(in crate::attachment) struct StoredVersion<'o> {
    pub(super) uid: Option<&'o str>,
    pub(super) resource_version: Option<&'o str>,
}

impl<'o> StoredVersion<'o> {
    pub(in crate::attachment) fn of(metadata: &'o ObjectMeta) -> Self {
        Self {
            uid: metadata.uid.as_deref(),
            resource_version: metadata.resource_version.as_deref(),
        }
    }

    /// Whether two objects of one name are the same, as their server says.
    pub(in crate::attachment) fn is_same(self, other: StoredVersion<'_>) -> bool {
        self.resource_version
            .is_some_and(|version| !version.is_empty())
            && self.resource_version == other.resource_version
            && self.uid == other.uid
    }
}
