//! ReferenceGrant: leave for references from other namespaces (GEP-709).

use crate::meta::{constraint, resource};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

resource! {
    /// Allows objects of other namespaces to refer to objects of this one. Without a grant such a
    /// reference is not allowed.
    Namespaced ReferenceGrant = "ReferenceGrant", ReferenceGrantList = "ReferenceGrantList", "referencegrants", "v1";
    spec: optional, required "1.6" ReferenceGrantSpec
}

/// Who may refer to what (`spec`): each of `from` to each of `to`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReferenceGrantSpec {
    /// The kinds and namespaces of the objects that may refer.
    #[schemars(length(min = 1, max = 16))]
    pub from: Vec<ReferenceGrantFrom>,
    /// The kinds of this namespace that may be referred to.
    #[schemars(length(min = 1, max = 16))]
    pub to: Vec<ReferenceGrantTo>,
}

/// Objects that may refer (`spec.from[]`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReferenceGrantFrom {
    /// The API group of the referring object; empty for the core group.
    #[schemars(with = "constraint::Group")]
    pub group: String,
    /// The kind of the referring object.
    #[schemars(with = "constraint::KindName")]
    pub kind: String,
    /// The namespace of the referring object.
    #[schemars(with = "constraint::Namespace")]
    pub namespace: String,
}

/// Objects that may be referred to (`spec.to[]`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReferenceGrantTo {
    /// The API group of the referred object; empty for the core group.
    #[schemars(with = "constraint::Group")]
    pub group: String,
    /// The kind of the referred object.
    #[schemars(with = "constraint::KindName")]
    pub kind: String,
    /// The name of the referred object; all of the kind unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<constraint::ObjectName>")]
    pub name: Option<String>,
}
