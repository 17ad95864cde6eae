//! What several test programs share, and the examples and fuzz targets with them: objects that are valid by
//! construction or broken in one place, and routing tables with requests.
#![allow(
    clippy::allow_attributes,
    clippy::collapsible_if,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "shared by tests, an example and fuzz targets, not all of which need each"
)]
#![allow(
    dead_code,
    unreachable_pub,
    reason = "each of those who share it uses its own part"
)]

pub(crate) mod beside;
pub(crate) mod generate;
pub(crate) mod hostile;
pub(crate) mod mutate;
pub(crate) mod random;
pub(crate) mod routing;

use gwapi::meta::{Channel, Release};
use random::Random;
use serde_json::{Value, json};

/// The annotation that holds the path of the place that was broken.
pub(crate) const BROKEN: &str = "gwapi.test/broken";

/// One object of a corpus; two of three are broken in one place.
pub(crate) fn object(seed: u64, index: u64, channel: Channel) -> Value {
    object_of(seed, index, Release::default(), channel)
}

/// One object of the corpus of a release. Of releases other than v1.1.0 not every object is valid before it is broken.
pub(crate) fn object_of(seed: u64, index: u64, release: Release, channel: Channel) -> Value {
    let mut random = Random::new(seed.wrapping_mul(1_000_003).wrapping_add(index));
    let (kind, installation) = generate::kind(&mut random, release, channel);
    let name = format!("{}-{index}", kind.kind.to_lowercase());
    let mut object = generate::object(&mut random, kind, installation, &name);
    if !index.is_multiple_of(3) {
        let path = mutate::mutate(&mut random, &mut object, installation);
        if !path.starts_with("metadata.annotations") {
            if object.pointer("/metadata/annotations").is_none() {
                object["metadata"]["annotations"] = json!({});
            }
            object["metadata"]["annotations"][BROKEN] = json!(path);
        }
    }
    object
}
