//! Kinds whose versions differ in nothing but their name.

use crate::{v1, v1alpha2, v1alpha3, v1beta1};

macro_rules! same {
    ($( $old:ty, $new:ty, { $($field:ident),+ }; )+) => {$(
        impl From<$old> for $new {
            /// The same object in the other version. Nothing is lost.
            fn from(object: $old) -> Self {
                Self { $( $field: object.$field ),+ }
            }
        }

        impl From<$new> for $old {
            /// The same object in the other version. Nothing is lost.
            fn from(object: $new) -> Self {
                Self { $( $field: object.$field ),+ }
            }
        }
    )+};
}

same! {
    v1beta1::GatewayClass, v1::GatewayClass, { metadata, spec, status };
    v1beta1::Gateway, v1::Gateway, { metadata, spec, status };
    v1beta1::HttpRoute, v1::HttpRoute, { metadata, spec, status };
    v1alpha2::GrpcRoute, v1::GrpcRoute, { metadata, spec, status };
    v1alpha2::ReferenceGrant, v1beta1::ReferenceGrant, { metadata, spec };
    v1alpha2::ReferenceGrant, v1::ReferenceGrant, { metadata, spec };
    v1beta1::ReferenceGrant, v1::ReferenceGrant, { metadata, spec };
    v1alpha3::TlsRoute, v1::TlsRoute, { metadata, spec, status };
    v1alpha3::BackendTlsPolicy, v1::BackendTlsPolicy, { metadata, spec, status };
}
