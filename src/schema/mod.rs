//! The structural schema of every kind, made once from the types, and walks over objects with it.
//!
//! A constraint is declared beside its type. This room reads those declarations into a typed tree
//! ([`Schema`]), one a kind, version, release and channel ([`KindVersion`], [`Installation`]). From the
//! tree come the CRDs, the native checks, and what is here: defaults as an API server applies them
//! ([`apply_defaults`], [`ApplyDefaults`], [`Defaulted`]) and fields that a channel does not have ([`unknown_fields`]).
//!
//! ```
//! use gwapi::{meta::Channel, schema};
//! use serde_json::json;
//!
//! let route = json!({
//!     "apiVersion": "gateway.networking.k8s.io/v1",
//!     "kind": "HTTPRoute",
//!     "metadata": { "name": "shop" },
//!     "spec": { "hostname": ["shop.example.com"] },
//! });
//! let unknown = schema::unknown_fields(&route, Channel::Standard);
//! assert_eq!(unknown[0].path(), "spec.hostname");
//! assert_eq!(unknown[0].nearest(), Some("hostnames"));
//! ```

mod default;
mod defaulted;
mod homes;
mod kinds;
mod later;
mod node;
mod object_meta;
mod path;
mod places;
mod read;
mod spelling;
mod unknown;

pub use default::{ApplyDefaults, apply_defaults};
pub(crate) use defaulted::field;
pub use defaulted::{Defaulted, Elements};
pub use homes::FieldHome;
pub use kinds::{History, Installation, KINDS, KindVersion, find, installed, versions_of};
pub(crate) use kinds::{
    counterpart, is_own, is_own_group, most_installations, relatives, successor,
};
pub use later::{LaterVersion, later, later_kind};
pub(crate) use node::Was;
pub use node::{ListType, Schema, TextPattern, ValueType};
pub use object_meta::object_meta;
pub use path::Path;
pub use places::FieldPlace;
pub(crate) use places::{field_in_words, is_other_in_a_relative};
pub use spelling::nearest_name;
pub(crate) use spelling::nearest_own_name;
pub use unknown::{
    MOST_UNKNOWN, UnknownField, fields_of_no_release, unknown_fields, unknown_fields_of,
};
pub(crate) use unknown::{OfEntries, fields_never_there, unknown_paths};
