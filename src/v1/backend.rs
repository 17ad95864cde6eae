//! References to backends.

use crate::meta::{self, PortNumber, constraint};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What every reference to a backend says, defaults applied.
///
/// One trait for [`BackendObjectReference`], [`BackendRef`], [`HttpBackendRef`](super::HttpBackendRef) and
/// [`GrpcBackendRef`](super::GrpcBackendRef),
/// so that resolving a backend is written once.
pub trait BackendReference {
    /// The API group: the core group by default.
    fn group(&self) -> &str;
    /// The kind: Service by default.
    fn kind(&self) -> &str;
    /// The namespace as it was written.
    fn explicit_namespace(&self) -> Option<&str>;
    /// The name.
    fn name(&self) -> &str;
    /// The port of the backend: required for a Service, and its *service* port, not that of a pod.
    fn port(&self) -> Option<PortNumber>;
    /// The share of requests among the rule's backends: 1 by default. A mirror has no weight and says 1.
    fn weight(&self) -> i32;

    /// Whether the backend is a Service of the core group.
    fn is_service(&self) -> bool {
        self.group().is_empty() && self.kind() == "Service"
    }

    /// The backend with every default applied, as referred to from `route_namespace`.
    fn resolve(&self, route_namespace: &str) -> meta::ObjectRef {
        meta::ObjectRef {
            group: self.group().to_owned(),
            kind: self.kind().to_owned(),
            namespace: self
                .explicit_namespace()
                .unwrap_or(route_namespace)
                .to_owned(),
            name: self.name().to_owned(),
        }
    }
}

/// Declares a reference to a backend: its own members stand before and after `shared`, those that all have.
macro_rules! backend_reference {
    (
        $(#[doc = $doc:literal])+
        $(#[derive($derive:ident)])*
        pub struct $name:ident {
            $( $(#[$before:meta])* pub $first:ident: $first_type:ty, )*
            [shared]
            $( $(#[$after:meta])* pub $last:ident: $last_type:ty, )*
        }
        weight: |$this:ident| $weight:expr
    ) => {
        $(#[doc = $doc])+
        #[derive(Clone, Debug, Default, PartialEq, $($derive,)* Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "camelCase")]
        pub struct $name {
            $( $(#[$before])* pub $first: $first_type, )*
            /// The API group; the core group unless set.
            #[serde(skip_serializing_if = "Option::is_none")]
            #[schemars(with = "Option<constraint::Group>", extend("default" = ""))]
            pub group: Option<String>,
            /// The kind; Service unless set.
            #[serde(skip_serializing_if = "Option::is_none")]
            #[schemars(with = "Option<constraint::KindName>", extend("default" = "Service"))]
            pub kind: Option<String>,
            /// The name.
            #[schemars(with = "constraint::ObjectName")]
            pub name: String,
            /// The namespace; the route's own unless set. A ReferenceGrant must allow another one.
            #[serde(skip_serializing_if = "Option::is_none")]
            #[schemars(with = "Option<constraint::Namespace>")]
            pub namespace: Option<String>,
            /// The port, required for a Service: the Service's own port, not that of its pods.
            #[serde(skip_serializing_if = "Option::is_none")]
            #[schemars(with = "Option<constraint::Port>")]
            pub port: Option<PortNumber>,
            $( $(#[$after])* pub $last: $last_type, )*
        }

        impl $name {
            /// The API group in effect: the core group unless set.
            #[must_use]
            pub fn group(&self) -> &str {
                self.group.as_deref().unwrap_or_default()
            }

            /// The kind in effect: Service unless set.
            #[must_use]
            pub fn kind(&self) -> &str {
                self.kind.as_deref().unwrap_or("Service")
            }

            /// The share of requests in effect: 1 unless set. 0 receives none.
            #[must_use]
            pub fn weight(&self) -> i32 {
                let $this = self;
                $weight
            }
        }

        impl BackendReference for $name {
            fn group(&self) -> &str {
                self.group()
            }

            fn kind(&self) -> &str {
                self.kind()
            }

            fn explicit_namespace(&self) -> Option<&str> {
                self.namespace.as_deref()
            }

            fn name(&self) -> &str {
                &self.name
            }

            fn port(&self) -> Option<PortNumber> {
                self.port
            }

            fn weight(&self) -> i32 {
                self.weight()
            }
        }
    };
}

pub(super) use backend_reference;

backend_reference! {
    /// Names a backend without a weight, as a mirror does.
    #[derive(Eq)]
    #[derive(Hash)]
    pub struct BackendObjectReference { [shared] }
    weight: |_this| 1
}

backend_reference! {
    /// Names a backend and its share of the traffic, in TCPRoute, TLSRoute and UDPRoute rules.
    #[derive(Eq)]
    #[derive(Hash)]
    pub struct BackendRef {
        [shared]
        /// The share of connections, in proportion to the sum of all weights of the rule; 1 unless set.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Option<constraint::Weight>", extend("default" = 1))]
        pub weight: Option<i32>,
    }
    weight: |this| this.weight.unwrap_or(1)
}
