//! Hash tables whose copies share what they do not change, and what a path needs in order to be looked up in them.

pub(in crate::routing) mod hashing;
pub(in crate::routing) mod key;
pub(in crate::routing) mod lengths;
pub(in crate::routing) mod table;
pub(in crate::routing) mod texts;
