//! Reading manifests: objects from YAML and JSON, each with its place, none hidden by a broken neighbour.
//!
//! Two halves, each of use alone:
//!
//! - [`read`] turns bytes into [`Entry`]s: the raw JSON value of each object, where it stands, where each of
//!   its fields stands, and which keys were given twice. It reads JSON, JSON lines, YAML with many documents
//!   (feature `yaml`), and takes `List`s apart. What cannot be read becomes a [`ReadError`]; the rest is
//!   delivered.
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
mod entry;
mod error;
mod json;
mod list;
mod object;
mod options;
mod position;
mod reader;
mod value;
#[cfg(feature = "yaml")]
mod yaml;
#[cfg(feature = "yaml")]
mod yaml_scalar;

pub use decode::{decode, decode_as, unread_fields};
pub use entry::{Decoded, Entry, Manifest};
pub use error::ReadError;
pub use object::Object;
pub use options::{Format, Limits, ReadOptions};
pub use position::{Duplicate, Place, Position, Positions};
#[cfg(feature = "yaml")]
pub use yaml::documents;

/// Reads a stream of objects.
///
/// Never fails as a whole: what cannot be read is in [`Manifest::errors`], each error with its place, and
/// all other objects are in [`Manifest::entries`], in their order. Time and memory are bounded by
/// [`ReadOptions::limits`], whatever the input.
#[must_use]
pub fn read(bytes: &[u8], options: &ReadOptions) -> Manifest {
    let mut manifest = Manifest::default();
    let mut reader = reader::Reader::new(options);
    let (bytes, format) = match options.start(bytes) {
        Ok(start) => start,
        Err(error) => {
            manifest.errors.push(error);
            return manifest;
        }
    };
    match format {
        #[cfg(feature = "yaml")]
        Format::Yaml => yaml::read(bytes, &mut reader, &mut manifest),
        #[cfg(feature = "yaml")]
        Format::Auto => read_either(bytes, options, &mut reader, &mut manifest),
        _ => json::read(bytes, &mut reader, &mut manifest),
    }
    manifest
}

/// Reads a stream that begins like JSON; a YAML flow mapping begins so too.
#[cfg(feature = "yaml")]
fn read_either(
    bytes: &[u8],
    options: &ReadOptions,
    reader: &mut reader::Reader,
    manifest: &mut Manifest,
) {
    json::read(bytes, reader, manifest);
    if !manifest.errors.is_empty() {
        let mut as_yaml = Manifest::default();
        let mut again = reader::Reader::new(options);
        yaml::read(bytes, &mut again, &mut as_yaml);
        if as_yaml.errors.is_empty() {
            *manifest = as_yaml;
        }
    }
}

#[cfg(test)]
mod tests;
