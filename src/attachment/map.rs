//! Maps that are asked often, by keys of several texts.

use foldhash::fast::RandomState;
use std::collections::HashMap;

/// A hash map whose seed is drawn at random, as the standard one's is, and whose hash function takes a fraction of
/// the time: names are hashed for each reference that is followed.
pub(super) type Map<K, V> = HashMap<K, V, RandomState>;
