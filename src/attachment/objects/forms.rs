//! Which form the statuses of a kind have.

use crate::{
    meta::{Channel, Release},
    schema::{self, Schema},
};

/// What the definition of a kind says of a field of its status, by the names that lead there; nothing where a release and channel do not
/// have the field. The elements of a list are looked into.
pub(in crate::attachment) fn status_field(
    kind: &str,
    path: &[&str],
    (release, channel): (Release, Channel),
) -> Option<&'static Schema> {
    let kind = schema::find("gateway.networking.k8s.io/v1", kind)?;
    let schema = kind.installation(release, channel)?.schema();
    let status = schema.properties.get("status")?;
    path.iter().try_fold(status, |schema, field| {
        let schema = schema.items.as_deref().unwrap_or(schema);
        schema.properties.get(*field)
    })
}
