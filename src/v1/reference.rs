//! References to other objects.

use crate::meta::{self, PortNumber, constraint, when};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Names the parent to which a route wants to attach: a Gateway or one of its listeners, or a Service
/// for mesh traffic (`spec.parentRefs[]`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ParentReference {
    /// The API group of the parent; the Gateway API's own unless set, empty for the core group.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<constraint::Group>", extend("default" = meta::GROUP))]
    pub group: Option<String>,
    /// The kind of the parent; Gateway unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<constraint::KindName>", extend("default" = "Gateway"))]
    pub kind: Option<String>,
    /// The name of the parent.
    #[schemars(with = "constraint::ObjectName")]
    pub name: String,
    /// The namespace of the parent; the route's own unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<constraint::Namespace>")]
    pub namespace: Option<String>,
    /// The port of the parent: that of a Gateway's listeners, or of a Service. All of them unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<constraint::Port>", extend("x-gwapi-when" = when!("E.. S1.1")))]
    pub port: Option<PortNumber>,
    /// The section of the parent: a Gateway's listener, a Service's port name. All of them unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<constraint::SectionName>")]
    pub section_name: Option<String>,
}

impl ParentReference {
    /// A Gateway in the route's own namespace, with all its listeners. What else is asked for is set beside it.
    ///
    /// ```
    /// use gwapi::v1::ParentReference;
    ///
    /// let https = ParentReference {
    ///     namespace: Some("infra".to_owned()),
    ///     section_name: Some("https".to_owned()),
    ///     ..ParentReference::gateway("web")
    /// };
    /// assert!(https.is_gateway());
    /// assert_eq!(https.resolve("shop").to_string(), "Gateway infra/web");
    /// ```
    #[must_use]
    pub fn gateway(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            ..Self::default()
        }
    }

    /// A Service in the route's own namespace, with all its ports, for mesh traffic (GEP-1426).
    ///
    /// ```
    /// use gwapi::v1::ParentReference;
    ///
    /// let cart = ParentReference::service("cart");
    /// assert!(cart.is_service());
    /// assert_eq!(cart.resolve("shop").to_string(), "Service shop/cart");
    /// ```
    #[must_use]
    pub fn service(name: impl Into<String>) -> Self {
        Self {
            group: Some(String::new()),
            kind: Some("Service".to_owned()),
            name: name.into(),
            ..Self::default()
        }
    }

    /// The API group in effect: the Gateway API's own unless set.
    #[must_use]
    pub fn group(&self) -> &str {
        self.group.as_deref().unwrap_or(meta::GROUP)
    }

    /// The kind in effect: Gateway unless set.
    #[must_use]
    pub fn kind(&self) -> &str {
        self.kind.as_deref().unwrap_or("Gateway")
    }

    /// The namespace in effect for a route in `route_namespace`.
    #[must_use]
    pub fn namespace<'a>(&'a self, route_namespace: &'a str) -> &'a str {
        self.namespace.as_deref().unwrap_or(route_namespace)
    }

    /// Whether the parent is a Gateway of the Gateway API.
    #[must_use]
    pub fn is_gateway(&self) -> bool {
        self.group() == meta::GROUP && self.kind() == "Gateway"
    }

    /// Whether the parent is a Service of the core group, as for mesh routes.
    #[must_use]
    pub fn is_service(&self) -> bool {
        self.group().is_empty() && self.kind() == "Service"
    }

    /// The parent with every default applied, for a route in `route_namespace`.
    #[must_use]
    pub fn resolve(&self, route_namespace: &str) -> meta::ObjectRef {
        meta::ObjectRef {
            group: self.group().to_owned(),
            kind: self.kind().to_owned(),
            namespace: self.namespace(route_namespace).to_owned(),
            name: self.name.clone(),
        }
    }
}

/// Names an object of any kind in the same namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LocalObjectReference {
    /// The API group; empty for the core group.
    #[schemars(with = "constraint::Group")]
    pub group: String,
    /// The kind.
    #[schemars(with = "constraint::KindName")]
    pub kind: String,
    /// The name.
    #[schemars(with = "constraint::ObjectName")]
    pub name: String,
}

impl LocalObjectReference {
    /// The object, as referred to from `own_namespace`.
    #[must_use]
    pub fn resolve(&self, own_namespace: &str) -> meta::ObjectRef {
        meta::ObjectRef {
            group: self.group.clone(),
            kind: self.kind.clone(),
            namespace: own_namespace.to_owned(),
            name: self.name.clone(),
        }
    }
}

/// Names an object of any kind, possibly in another namespace; a ReferenceGrant there must allow it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ObjectReference {
    /// The API group; empty for the core group.
    #[schemars(with = "constraint::Group")]
    pub group: String,
    /// The kind.
    #[schemars(with = "constraint::KindName")]
    pub kind: String,
    /// The name.
    #[schemars(with = "constraint::ObjectName")]
    pub name: String,
    /// The namespace; the referring object's own unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<constraint::Namespace>")]
    pub namespace: Option<String>,
}

impl ObjectReference {
    /// Names an object of a kind of Kubernetes or of the Gateway API, with its namespace if it has one.
    ///
    /// ```
    /// use gwapi::v1::ObjectReference;
    /// use k8s_openapi::api::core::v1::ConfigMap;
    ///
    /// let mut authorities = ConfigMap::default();
    /// authorities.metadata.name = Some("ca".to_owned());
    /// authorities.metadata.namespace = Some("infra".to_owned());
    /// let reference = ObjectReference::of(&authorities);
    /// assert_eq!((reference.group.as_str(), reference.kind.as_str()), ("", "ConfigMap"));
    /// assert_eq!(reference.resolve("shop").to_string(), "ConfigMap infra/ca");
    /// ```
    #[must_use]
    pub fn of<K>(object: &K) -> Self
    where
        K: k8s_openapi::Metadata<Ty = ObjectMeta>,
    {
        let meta::ObjectRef {
            group,
            kind,
            namespace,
            name,
        } = meta::ObjectRef::of(object);
        Self {
            group,
            kind,
            name,
            namespace: (!namespace.is_empty()).then_some(namespace),
        }
    }

    /// The object with every default applied, as referred to from `own_namespace`.
    #[must_use]
    pub fn resolve(&self, own_namespace: &str) -> meta::ObjectRef {
        meta::ObjectRef {
            group: self.group.clone(),
            kind: self.kind.clone(),
            namespace: self
                .namespace
                .as_deref()
                .unwrap_or(own_namespace)
                .to_owned(),
            name: self.name.clone(),
        }
    }
}

/// Names a Secret, or whatever a controller supports in its place, possibly in another namespace; a
/// ReferenceGrant there must allow it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SecretObjectReference {
    /// The API group; the core group unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<constraint::Group>", extend("default" = ""))]
    pub group: Option<String>,
    /// The kind; Secret unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<constraint::KindName>", extend("default" = "Secret"))]
    pub kind: Option<String>,
    /// The name.
    #[schemars(with = "constraint::ObjectName")]
    pub name: String,
    /// The namespace; the referring object's own unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<constraint::Namespace>")]
    pub namespace: Option<String>,
}

impl SecretObjectReference {
    /// The API group in effect: the core group unless set.
    #[must_use]
    pub fn group(&self) -> &str {
        self.group.as_deref().unwrap_or_default()
    }

    /// The kind in effect: Secret unless set.
    #[must_use]
    pub fn kind(&self) -> &str {
        self.kind.as_deref().unwrap_or("Secret")
    }

    /// The object with every default applied, as referred to from `own_namespace`.
    #[must_use]
    pub fn resolve(&self, own_namespace: &str) -> meta::ObjectRef {
        meta::ObjectRef {
            group: self.group().to_owned(),
            kind: self.kind().to_owned(),
            namespace: self
                .namespace
                .as_deref()
                .unwrap_or(own_namespace)
                .to_owned(),
            name: self.name.clone(),
        }
    }
}
