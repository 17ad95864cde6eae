//! Whatever manifests and requests there are, all statuses and answers can be given, and are the same when asked again.
#![no_main]

#[path = "../../tests/support/whole_way.rs"]
mod whole_way;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    whole_way::check(bytes);
});
