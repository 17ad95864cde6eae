//! Reading manifests: objects from YAML and JSON, each with its place, none hidden by a broken neighbour.
//!
//! Two halves, each of use alone:
//!
//! - [`stream`] turns bytes into [`RawObject`]s, one after the other: the raw JSON value of each object, where it
//!   stands, where each of its fields stands, and which keys were given twice. It reads JSON, JSON lines, YAML
//!   with many documents (feature `yaml`), and takes `List`s apart. What cannot be read becomes a
//!   [`ReadError`]; the rest is delivered. [`read`] gathers all of them.
//! - [`decode`] turns the value of one object into an [`Object`], the typed resource; [`decode_as`] does so
//!   for one type. It is pure and needs no file.
//!
//! ```
//! use gwapi::manifest::{self, Object, ReadOptions};
//!
//! let json = br#"
//!     {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}
//!     {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute",
//!      "metadata": {"name": "cart", "namespace": "shop"},
//!      "spec": {"rules": [{"backendRefs": [{"name": "cart", "port": "http"}]}]}}
//!     {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute",
//!      "metadata": {"name": "till", "namespace": "shop"}, "spec": {}}
//! "#;
//! let (objects, errors) = manifest::read(json, &ReadOptions::default()).decode();
//!
//! assert_eq!(objects.len(), 2);
//! assert!(matches!(&objects[1].object, Object::HttpRoute(route) if route.metadata.name.as_deref() == Some("till")));
//! let error = &errors[0];
//! assert_eq!(error.path(), "spec.rules[0].backendRefs[0].port");
//! assert_eq!((error.kind(), error.name()), ("HTTPRoute", "cart"));
//! assert_eq!(error.line(), 5);
//! ```
//!
//! # How YAML is read
//!
//! As the tools around an API server read it, which is YAML 1.1 in places: plain `yes`, `no`, `on`, `off`,
//! `y` and `n` are booleans; `0644` is octal, `0x1f` hexadecimal, and `1_000` a number; `~` is null;
//! dates stay text; a number such as `1e3` that is whole is an integer. Quoted scalars are text. Keys that
//! are numbers or booleans become text. Anchors, aliases and merge keys (`<<`) are expanded within a budget.
//!
//! # Times
//!
//! A Kubernetes time is written in whole seconds UTC, as the API's own type writes it, so that
//! `2024-05-09T12:00:00.5+02:00` comes back as `2024-05-09T10:00:00Z`. All else is written as it was read.

mod decode;
mod error;
mod feed;
mod json;
mod list;
mod object;
mod options;
mod outline;
mod position;
mod raw_object;
mod reader;
mod stream;
mod typed;
mod value;
#[cfg(feature = "yaml")]
mod yaml;

pub(crate) use decode::unread;
pub use decode::{decode, decode_as, unread_fields};
#[cfg(feature = "conformance")]
pub(crate) use decode::{decode_custom, refused_field};
pub use error::ReadError;
pub use list::into_objects;
pub use object::Object;
pub use options::{Format, Limits, ReadOptions};
pub use position::{Duplicate, Place, Position, Positions};
pub use raw_object::{Decoded, Manifest, RawObject};
pub use stream::ObjectStream;
pub(crate) use typed::unread_of_custom;
pub(crate) use value::UnreadField;
#[cfg(feature = "yaml")]
pub use yaml::{documents, is_separator};

/// Reads a stream of objects, and keeps them all.
///
/// Never fails as a whole: what cannot be read is in [`Manifest::errors`], each error with its place, and
/// all other objects are in [`Manifest::entries`], in their order. Time and memory are bounded by
/// [`ReadOptions::limits`], whatever the input. [`stream`] reads object by object and keeps none.
#[must_use]
pub fn read(bytes: &[u8], options: &ReadOptions) -> Manifest {
    let mut manifest = Manifest::default();
    for next in stream(bytes, options) {
        match next {
            Ok(entry) => manifest.entries.push(entry),
            Err(error) => manifest.errors.push(error),
        }
    }
    manifest
}

/// Reads a stream of objects one after the other: from a file, a socket, or a slice of bytes. No buffer is needed around
/// the reader.
///
/// ```
/// use gwapi::manifest::{self, ReadOptions};
///
/// let lines = "{\"kind\": \"A\"}\n".repeat(1_000) + "{\"kind\": }\n" + "{\"kind\": \"B\"}\n";
/// let (mut objects, mut errors) = (0, Vec::new());
/// for next in manifest::stream(lines.as_bytes(), &ReadOptions::default()) {
///     match next {
///         Ok(entry) => objects += 1,
///         Err(error) => errors.push(error.to_string()),
///     }
/// }
/// assert_eq!(objects, 1_001);
/// assert_eq!(errors, ["document 1001, line 1001, column 10: expected a value, found `}`"]);
/// ```
#[must_use]
pub fn stream<R: std::io::Read>(from: R, options: &ReadOptions) -> ObjectStream<R> {
    ObjectStream::new(from, options)
}

#[cfg(test)]
mod tests;
